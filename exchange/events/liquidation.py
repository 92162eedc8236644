"""What was done about accounts below maintenance."""

from typing import TypeAlias

import msgspec

from exchange.enums import LiquidationOutcome, OrderKind, Side
from exchange.events.types import EventType
from exchange.wire import AccountId, Count, InstrumentId, Word


class LiquidationStarted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's equity fell below its maintenance margin; its orders are cancelled and its position will be sold.

    instrument, mark_ticks: the mark that showed it. triggered_by: the liquidation whose trades moved the price in the
    command that led here, 0 if none.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    equity: Word
    maintenance: Word
    mark_ticks: Word
    triggered_by: Word


class LiquidationOrderPlaced(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The engine sends an order for a leg of a liquidated account. price_ticks: 0 for a market order."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    attempt: Count
    side: Side
    kind: OrderKind


class PositionTakenOver(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The fund took over at mark what the book had no bid for. size_lots: signed, as the account held it."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    size_lots: Word
    price_ticks: Word
    value: Word


class SurplusPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What a liquidated account had left went to the insurance fund."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    fund_balance: Word


class LiquidationEnded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A liquidation is over and the account may trade again. balance: what the account has now."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    balance: Word
    outcome: LiquidationOutcome


LiquidationEvent: TypeAlias = (
    LiquidationStarted | LiquidationOrderPlaced | PositionTakenOver | SurplusPaid | LiquidationEnded
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.LIQUIDATION_STARTED: LiquidationStarted,
    EventType.LIQUIDATION_ORDER_PLACED: LiquidationOrderPlaced,
    EventType.POSITION_TAKEN_OVER: PositionTakenOver,
    EventType.SURPLUS_PAID: SurplusPaid,
    EventType.LIQUIDATION_ENDED: LiquidationEnded,
}
