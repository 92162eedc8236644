"""What happened to orders, and the recorded flow."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import (
    CancelReason,
    OrderEffect,
    OrderKind,
    Origin,
    RecordedKind,
    RejectReason,
    Side,
    TimeInForce,
    TriggerSource,
)
from exchange.events.types import EventType
from exchange.wire import AccountId, Flag, InstrumentId, Word


class OrderAccepted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order was entered. A trade, a rest or a cancel of the remainder follows from it.

    has_terms: it used up the account's waiting terms for it.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    trigger_ticks: Word
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    post_only: Flag
    origin: Origin
    trigger_source: TriggerSource = TriggerSource.VENUE
    effect: OrderEffect = OrderEffect.ANY
    has_terms: Flag = False


class OrderRejected(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A request about an order was refused and changed nothing. request: the command's type."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    request: CommandType
    reason: RejectReason


class Trade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One match, at the maker's price. side: the taker's."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    maker_account: AccountId
    maker_order_id: Word
    taker_order_id: Word
    price_ticks: Word
    qty_lots: Word
    taker_account: AccountId
    side: Side


class OrderCanceled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order, or what was left of it, was taken out. qty_lots: the quantity that will now not trade."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    liquidation_id: Word
    side: Side
    reason: CancelReason


class OrderAmended(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order has a new price, open quantity or trigger. Without kept_priority it went to the back, and may trade."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    trigger_ticks: Word
    side: Side
    kept_priority: Flag


class OrderRefreshed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What an iceberg shows from now on, and what it hides: it came to rest, or shows anew, or was amended.

    Fills take lots off the shown part without another word. Without kept_priority it is at the back of its level.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    shown_lots: Word
    hidden_lots: Word
    side: Side
    kept_priority: Flag


class StopTriggered(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A stop was elected because a price touched its trigger; it acts at once, as market or limit order.

    last_ticks: that price, of a book's side that was empty 0. source: VENUE where it was the last trade's.
    qty_lots: what it acts with.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    trigger_ticks: Word
    last_ticks: Word
    qty_lots: Word
    side: Side
    source: TriggerSource = TriggerSource.VENUE


class TradeReported(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded trade outside the visible book was taken note of."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    qty_lots: Word
    side: Side


class RecordedClipped(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded message could be applied only in part, or not at all. qty_lots: the part that could not."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    order_id: Word
    qty_lots: Word
    kind: RecordedKind
    origin: Origin


OrderEvent: TypeAlias = (
    OrderAccepted
    | OrderRejected
    | Trade
    | OrderCanceled
    | OrderAmended
    | OrderRefreshed
    | StopTriggered
    | TradeReported
    | RecordedClipped
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.ORDER_ACCEPTED: OrderAccepted,
    EventType.ORDER_REJECTED: OrderRejected,
    EventType.TRADE: Trade,
    EventType.ORDER_CANCELED: OrderCanceled,
    EventType.ORDER_AMENDED: OrderAmended,
    EventType.ORDER_REFRESHED: OrderRefreshed,
    EventType.STOP_TRIGGERED: StopTriggered,
    EventType.TRADE_REPORTED: TradeReported,
    EventType.RECORDED_CLIPPED: RecordedClipped,
}
