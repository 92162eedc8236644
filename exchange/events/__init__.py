"""What happened. Frozen Structs: the public face of the event records, and the table they are generated from.

`seq` counts the events of a venue from 1 without a gap; it is an event's place in the log and is not stored in its
record. `command_seq` is the command that caused it, counted from 1. `liquidation_id` names the liquidation that an
event belongs to, 0 for none. Money is in minor units of the settlement asset.
"""

from typing import TypeAlias

import msgspec

from exchange.events import accounts, liquidation, margin, orders, prices, waterfall
from exchange.events.accounts import (
    AccountEvent,
    Deposited,
    FundDeposited,
    LeverageSet,
    PositionChanged,
    PositionOpened,
    RequestRejected,
    Withdrawn,
)
from exchange.events.liquidation import (
    LiquidationEnded,
    LiquidationEvent,
    LiquidationOrderPlaced,
    LiquidationStarted,
    PositionTakenOver,
    SurplusPaid,
)
from exchange.events.margin import (
    MarginEvent,
    MarginModeSet,
    MarginScheduleSet,
    MarginTransferred,
    PositionModeSet,
)
from exchange.events.orders import (
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderEvent,
    OrderRejected,
    RecordedClipped,
    StopTriggered,
    Trade,
    TradeReported,
)
from exchange.events.prices import (
    FundingPaid,
    FundingRateSet,
    FundingSettled,
    IndexPriceUpdated,
    InstrumentSettled,
    MarkPriceUpdated,
    PositionSettled,
    PriceEvent,
)
from exchange.events.types import EventType
from exchange.events.waterfall import (
    DeleveragingStarted,
    FundPaid,
    HaircutCharged,
    LossSocialized,
    PositionDeleveraged,
    VenueLossBooked,
    WaterfallEvent,
)

Event: TypeAlias = OrderEvent | PriceEvent | AccountEvent | LiquidationEvent | WaterfallEvent | MarginEvent

_ALL = {
    **orders.EVENTS,
    **prices.EVENTS,
    **accounts.EVENTS,
    **liquidation.EVENTS,
    **waterfall.EVENTS,
    **margin.EVENTS,
}
EVENTS: dict[EventType, type[msgspec.Struct]] = dict(sorted(_ALL.items()))

__all__ = [
    "EVENTS",
    "DeleveragingStarted",
    "Deposited",
    "Event",
    "EventType",
    "FundDeposited",
    "FundPaid",
    "FundingPaid",
    "FundingRateSet",
    "FundingSettled",
    "HaircutCharged",
    "IndexPriceUpdated",
    "InstrumentSettled",
    "LeverageSet",
    "LiquidationEnded",
    "LiquidationOrderPlaced",
    "LiquidationStarted",
    "LossSocialized",
    "MarginModeSet",
    "MarginScheduleSet",
    "MarginTransferred",
    "MarkPriceUpdated",
    "OrderAccepted",
    "OrderAmended",
    "OrderCanceled",
    "OrderRejected",
    "PositionChanged",
    "PositionDeleveraged",
    "PositionModeSet",
    "PositionOpened",
    "PositionSettled",
    "PositionTakenOver",
    "RecordedClipped",
    "RequestRejected",
    "StopTriggered",
    "SurplusPaid",
    "Trade",
    "TradeReported",
    "VenueLossBooked",
    "Withdrawn",
]
