"""Requests about orders that follow a price, or each other."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import OrderEffect, PositionSide, Side, TriggerSource
from exchange.wire import AccountId, Count, Flag, InstrumentId, Word


class PlaceTrailingStop(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Enter a stop whose trigger follows a price at a distance: a sell stop as it rises, a buy stop as it falls.

    distance: ticks, or parts per million of that price. step_ticks: the trigger moves only by so much or more; 0 is 1.
    activation_ticks: it follows from the time on at which the price reaches this, a sell from below; 0: at once.
    limit_offset_ticks: its limit is so far beyond the trigger; 0: it becomes a market order. Good till cancelled.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    side: Side
    qty_lots: Word
    distance: Word
    activation_ticks: Word = 0
    step_ticks: Count = 0
    limit_offset_ticks: Count = 0
    is_ppm: Flag = False
    position: PositionSide = PositionSide.NET
    trigger_source: TriggerSource = TriggerSource.VENUE
    effect: OrderEffect = OrderEffect.ANY


class LinkOrders(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let one of two live orders of an account cancel the other when it is cancelled or fills; a rule says how far."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    other_order_id: Word


TriggerCommand: TypeAlias = PlaceTrailingStop | LinkOrders

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.PLACE_TRAILING_STOP: PlaceTrailingStop,
    CommandType.LINK_ORDERS: LinkOrders,
}
