"""What happened. Frozen Structs: the public face of the event records, and the table they are generated from.

`seq` counts the events of a venue from 1 without a gap; it is an event's place in the log and is not stored in its
record. `command_seq` is the command that caused it, counted from 1. `liquidation_id` names the liquidation that an
event belongs to, 0 for none. Money is in minor units of the settlement asset.
"""

from typing import TypeAlias

import msgspec

from exchange.events import accounts, assets, liquidation, margin, orders, phases, prices, terms, triggers, waterfall
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
from exchange.events.assets import (
    AssetDeposited,
    AssetEvent,
    AssetWithdrawn,
    InterestCharged,
    InterestRateSet,
    LoanChanged,
)
from exchange.events.liquidation import (
    AccountRestricted,
    BackstopMissing,
    DisposalOrderPlaced,
    LevelCrossed,
    LiquidationEnded,
    LiquidationEvent,
    LiquidationFeeCharged,
    LiquidationOrderPlaced,
    LiquidationStarted,
    MarginTransferred,
    MarketStateSet,
    PositionTakenOver,
    PositionTransferred,
    SurplusPaid,
)
from exchange.events.margin import (
    IsolatedMarginTransferred,
    MarginEvent,
    MarginModeSet,
    MarginScheduleSet,
    PairNetted,
    PositionModeSet,
)
from exchange.events.orders import (
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderEvent,
    OrderRefreshed,
    OrderRejected,
    RecordedClipped,
    StopTriggered,
    Trade,
    TradeReported,
)
from exchange.events.phases import (
    AuctionUncrossed,
    BandMoved,
    BreakerTripped,
    IndicativePriceUpdated,
    KillSwitchSet,
    LimitStateChanged,
    PhaseChanged,
    PhaseEvent,
    ReferencePriceSet,
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
from exchange.events.terms import BracketTermsSet, OrderBudgetSet, OrderTermsSet, TermsEvent
from exchange.events.triggers import BracketAttached, OrdersLinked, StopTrailed, TrailingStopSet, TriggerEvent
from exchange.events.types import EventType
from exchange.events.waterfall import (
    DebtBooked,
    DebtRepaid,
    DeficitPaid,
    DeleveragingStarted,
    FundDrawdownChanged,
    FundPaid,
    HaircutCharged,
    LenderCut,
    LossDeferred,
    LossSocialized,
    LossWrittenOff,
    PositionDeleveraged,
    ProfitClawedBack,
    SessionEnded,
    VenueLossBooked,
    WaterfallEvent,
    WithdrawalsGated,
)

Event: TypeAlias = (
    OrderEvent
    | TermsEvent
    | TriggerEvent
    | PriceEvent
    | AccountEvent
    | AssetEvent
    | LiquidationEvent
    | WaterfallEvent
    | MarginEvent
    | PhaseEvent
)

_ALL = {
    **orders.EVENTS,
    **prices.EVENTS,
    **accounts.EVENTS,
    **assets.EVENTS,
    **liquidation.EVENTS,
    **waterfall.EVENTS,
    **margin.EVENTS,
    **phases.EVENTS,
    **terms.EVENTS,
    **triggers.EVENTS,
}
EVENTS: dict[EventType, type[msgspec.Struct]] = dict(sorted(_ALL.items()))

__all__ = [
    "EVENTS",
    "AccountRestricted",
    "AssetDeposited",
    "AssetWithdrawn",
    "AuctionUncrossed",
    "BackstopMissing",
    "BandMoved",
    "BracketAttached",
    "BracketTermsSet",
    "BreakerTripped",
    "DebtBooked",
    "DebtRepaid",
    "DeficitPaid",
    "DeleveragingStarted",
    "Deposited",
    "DisposalOrderPlaced",
    "Event",
    "EventType",
    "FundDeposited",
    "FundDrawdownChanged",
    "FundPaid",
    "FundingPaid",
    "FundingRateSet",
    "FundingSettled",
    "HaircutCharged",
    "IndexPriceUpdated",
    "IndicativePriceUpdated",
    "InstrumentSettled",
    "InterestCharged",
    "InterestRateSet",
    "IsolatedMarginTransferred",
    "KillSwitchSet",
    "LenderCut",
    "LevelCrossed",
    "LeverageSet",
    "LimitStateChanged",
    "LiquidationEnded",
    "LiquidationFeeCharged",
    "LiquidationOrderPlaced",
    "LiquidationStarted",
    "LoanChanged",
    "LossDeferred",
    "LossSocialized",
    "LossWrittenOff",
    "MarginModeSet",
    "MarginScheduleSet",
    "MarginTransferred",
    "MarkPriceUpdated",
    "MarketStateSet",
    "OrderAccepted",
    "OrderAmended",
    "OrderBudgetSet",
    "OrderCanceled",
    "OrderRefreshed",
    "OrderRejected",
    "OrderTermsSet",
    "OrdersLinked",
    "PairNetted",
    "PhaseChanged",
    "PositionChanged",
    "PositionDeleveraged",
    "PositionModeSet",
    "PositionOpened",
    "PositionSettled",
    "PositionTakenOver",
    "PositionTransferred",
    "ProfitClawedBack",
    "RecordedClipped",
    "ReferencePriceSet",
    "RequestRejected",
    "SessionEnded",
    "StopTrailed",
    "StopTriggered",
    "SurplusPaid",
    "Trade",
    "TradeReported",
    "TrailingStopSet",
    "VenueLossBooked",
    "WithdrawalsGated",
    "Withdrawn",
]
