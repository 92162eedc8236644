"""Requests about orders, and the recorded flow."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import OrderEffect, OrderKind, Origin, PositionSide, Side, SideFilter, TimeInForce, TriggerSource
from exchange.wire import AccountId, Flag, InstrumentId, Word


class PlaceOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Enter an order.

    order_id: any 64-bit pattern not live in the instrument. price_ticks: limit price (limit, stop-limit), else 0.
    trigger_ticks: of stops, else 0. origin: RECORDED and CORRECTION orders belong to account 0 and rest without
    matching other recorded orders. is_continued: more commands of the same recorded event follow; stops, marks and
    the risk engine act after the last one. position: in hedge mode LONG or SHORT, which the order opens or closes.
    trigger_source: of stops and take-profits. What there is no room for here comes before it, as `OrderTerms`.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    side: Side
    qty_lots: Word
    price_ticks: Word = 0
    kind: OrderKind = OrderKind.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: Flag = False
    trigger_ticks: Word = 0
    origin: Origin = Origin.PARTICIPANT
    is_continued: Flag = False
    position: PositionSide = PositionSide.NET
    trigger_source: TriggerSource = TriggerSource.VENUE
    effect: OrderEffect = OrderEffect.ANY


class CancelOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take out a live order, resting or stop."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    origin: Origin = Origin.PARTICIPANT
    is_continued: Flag = False


class AmendOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give a live order a new price and quantity.

    price_ticks: the new limit price; 0 keeps it. qty_lots: the new open quantity, or, with is_total_qty, the new total
    that includes what is filled already. trigger_ticks: a stop's new trigger; 0 keeps it. A smaller quantity at the
    same price keeps the queue place (a rule); anything else loses it, and may trade.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    qty_lots: Word
    price_ticks: Word = 0
    trigger_ticks: Word = 0
    is_total_qty: Flag = False
    origin: Origin = Origin.PARTICIPANT
    is_continued: Flag = False


class ReduceOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take `qty_lots` off a live order's open quantity; it keeps its place, and is gone when nothing is left."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    qty_lots: Word
    origin: Origin = Origin.PARTICIPANT
    is_continued: Flag = False


class MassCancel(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cancel all live orders of an account, in one instrument or in all (0), on one side or on both."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    side: SideFilter = SideFilter.BOTH


class ReplaceOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cancel a live order and enter another like it under `new_order_id`, in one step.

    The new one has the old one's side, kind, time in force, flags and terms (those that wait for its id count instead),
    and nothing filled. It is checked as if the old one were gone; where it is refused, the old one stays.
    price_ticks, trigger_ticks: 0 keeps the old one's.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    new_order_id: Word
    qty_lots: Word
    price_ticks: Word = 0
    trigger_ticks: Word = 0


class ReportTrade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded trade outside the visible book (hidden order, cross): it moves the last price, and nobody's position.

    side: the taker's.
    """

    ts_ns: Word
    instrument: InstrumentId
    side: Side
    price_ticks: Word
    qty_lots: Word
    is_continued: Flag = False


class ExecuteRecorded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded execution of the resting recorded order `order_id`, replayed as its taker's IOC at `price_ticks`.

    side: of the resting order. Injected orders with priority over it fill first; other recorded orders are passed by;
    the named order fills what is left and keeps the rest.
    """

    ts_ns: Word
    instrument: InstrumentId
    order_id: Word
    side: Side
    price_ticks: Word
    qty_lots: Word
    is_continued: Flag = False


OrderCommand: TypeAlias = (
    PlaceOrder | CancelOrder | AmendOrder | ReduceOrder | ReplaceOrder | MassCancel | ReportTrade | ExecuteRecorded
)

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.PLACE_ORDER: PlaceOrder,
    CommandType.CANCEL_ORDER: CancelOrder,
    CommandType.AMEND_ORDER: AmendOrder,
    CommandType.REDUCE_ORDER: ReduceOrder,
    CommandType.REPLACE_ORDER: ReplaceOrder,
    CommandType.MASS_CANCEL: MassCancel,
    CommandType.REPORT_TRADE: ReportTrade,
    CommandType.EXECUTE_RECORDED: ExecuteRecorded,
}
