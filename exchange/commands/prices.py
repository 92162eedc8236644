"""Prices and rates that come from outside the book."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.wire import InstrumentId, Word


class SetMarkPrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The next value of an instrument's external mark price series."""

    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


PriceCommand: TypeAlias = SetMarkPrice

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.SET_MARK_PRICE: SetMarkPrice,
}
