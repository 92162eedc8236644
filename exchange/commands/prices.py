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


class SetIndexPrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The next value of an instrument's index, or of one of the legs that its index is made of.

    leg: 0 is the index itself; 1, 2, ... the legs whose weights `IndexRules` states.
    """

    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    leg: Word = 0


class SetFundingRate(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The rate of an instrument's next funding payment: ppb of the notional, paid by longs where it is positive."""

    ts_ns: Word
    instrument: InstrumentId
    rate_ppb: Word


class AdvanceTime(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Nothing but time passes: what is due by then happens."""

    ts_ns: Word


class SettleInstrument(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator settles an instrument for good: orders are cancelled, positions closed at the price."""

    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


PriceCommand: TypeAlias = SetMarkPrice | SetIndexPrice | SetFundingRate | AdvanceTime | SettleInstrument

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.SET_MARK_PRICE: SetMarkPrice,
    CommandType.SET_INDEX_PRICE: SetIndexPrice,
    CommandType.SET_FUNDING_RATE: SetFundingRate,
    CommandType.ADVANCE_TIME: AdvanceTime,
    CommandType.SETTLE_INSTRUMENT: SettleInstrument,
}
