"""Prices and rates that changed."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import InstrumentId, Word


class MarkPriceUpdated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The mark price has a new value."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


PriceEvent: TypeAlias = MarkPriceUpdated

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.MARK_PRICE_UPDATED: MarkPriceUpdated,
}
