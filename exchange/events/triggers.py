"""What happened to orders that follow a price, or each other."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import AccountId, Count, Flag, InstrumentId, Word


class TrailingStopSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The order accepted just before follows a price. Fields as in `PlaceTrailingStop`."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    distance: Word
    activation_ticks: Word
    step_ticks: Count
    limit_offset_ticks: Count
    is_ppm: Flag


class StopTrailed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A trailing stop has a new trigger, or its first one. reference_ticks: the price that it followed.

    price_ticks: its new limit; 0 where it has none.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    trigger_ticks: Word
    reference_ticks: Word
    price_ticks: Word


class OrdersLinked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One of two orders cancels the other from now on."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    other_order_id: Word


class BracketAttached(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An entry order filled, and its take-profit and stop-loss come to life: the orders accepted next.

    Of a side that it lacks the id is 0. Two of them are linked. qty_lots: theirs; more fills raise it (`OrderAmended`).
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    take_profit_order_id: Word
    stop_loss_order_id: Word
    qty_lots: Word


TriggerEvent: TypeAlias = TrailingStopSet | StopTrailed | OrdersLinked | BracketAttached

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.BRACKET_ATTACHED: BracketAttached,
    EventType.ORDERS_LINKED: OrdersLinked,
    EventType.STOP_TRAILED: StopTrailed,
    EventType.TRAILING_STOP_SET: TrailingStopSet,
}
