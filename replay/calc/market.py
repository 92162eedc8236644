"""One market of a venue as the calculators see it: its rules, and exact decimal text in and out of its units."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from exchange.enums import Side
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.rules import Rules
from exchange.units import Lots, Money, Ticks
from replay.sentences import Teller
from replay.sources.cells import format_count, parse_integer, parse_money, parse_price, parse_quantity
from replay.venues import load_venue
from replay.wording import shown

_RATE: Final = re.compile(r"(-?\d{1,9}(?:\.\d{1,18})?)\s*(%?)", re.ASCII)
SIDES: Final = {"long": Side.BUY, "short": Side.SELL}


class Market:
    """One instrument and the rules it trades under. Text goes in as people write it; integers come out, and back."""

    def __init__(self, rules: Rules, instrument: Instrument) -> None:
        """Look at one instrument of a venue. Raises ConfigError for a venue without margin."""
        if rules.clearing != "margin":
            raise ConfigError(f"{rules.name}: expected a venue with clearing 'margin', found {rules.clearing!r}")
        self.rules = rules
        self.instrument = instrument
        self.valuation = Valuation(instrument)
        self.teller = Teller([instrument])

    @property
    def symbol(self) -> str:
        """What is traded."""
        return self.instrument.symbol

    # --- in ----------------------------------------------------------------------------------------------------

    def ticks(self, text: str, where: str) -> Ticks:
        """Return a price within the instrument's range. Raises DataError opening with `where`."""
        fact = self.instrument
        ticks = parse_price(text, fact.tick_size, where)
        if not fact.min_price_ticks <= ticks <= fact.max_price_ticks:
            lowest, highest = (
                format_count(end, fact.tick_size) for end in (fact.min_price_ticks, fact.max_price_ticks)
            )
            raise DataError(f"{where}: expected a price in {lowest}..{highest}, found {shown(text)}")
        return ticks

    def lots(self, text: str, where: str) -> Lots:
        """Return a quantity > 0."""
        return parse_quantity(text, self.instrument.lot_size, where)

    def amount(self, text: str, where: str) -> Money:
        """Return money > 0."""
        amount = parse_money(text, self.instrument.money_unit, where)
        if amount <= 0:
            raise DataError(f"{where}: expected money > 0, found {shown(text)}")
        return amount

    def leverage(self, text: str | None, where: str) -> int:
        """Return a leverage that the venue allows; None is the instrument's default."""
        if text is None:
            return self.instrument.default_leverage
        return parse_integer(text.removesuffix("x"), where, 1, self.instrument.max_leverage)

    # --- out ---------------------------------------------------------------------------------------------------

    def price_text(self, ticks: Ticks) -> str:
        """Return a price as plain decimal text."""
        return format_count(ticks, self.instrument.tick_size)

    def size_text(self, lots: Lots) -> str:
        """Return a size as plain decimal text."""
        return format_count(lots, self.instrument.lot_size)

    def money_text(self, amount: Money) -> str:
        """Return money as plain decimal text."""
        return format_count(amount, self.instrument.money_unit)

    def price(self, ticks: Ticks) -> str:
        """Return a price for people."""
        return self.teller.price(self.instrument.instrument_id, ticks)

    def size(self, lots: Lots) -> str:
        """Return a size for people."""
        return f"{self.teller.size(self.instrument.instrument_id, abs(lots))} {self.symbol}"

    def money(self, amount: Money) -> str:
        """Return money for people."""
        return self.teller.money(amount)

    def change(self, ticks: Ticks, from_ticks: Ticks) -> str:
        """Return by how much a price differs from another, in percent to two digits, for people."""
        if from_ticks == 0:
            return ""
        hundredths = Fraction(10_000 * (ticks - from_ticks), abs(from_ticks))
        return f"{Decimal(round(hundredths)) / 100:+} %"


def open_market(venue: str | Path, symbol: str | None, where: str = "--instrument") -> Market:
    """Return a market of a venue file or preset: the one of that symbol or number, or the only one.

    Raises ConfigError for a venue that has none of that name, or several where none was named.
    """
    rules, instruments = load_venue(venue)
    if not instruments:
        raise ConfigError(f"{venue}: expected at least one [[instruments]] table, found none")
    if symbol is None and len(instruments) == 1:
        return Market(rules, instruments[0])
    for fact in instruments:
        if symbol in (fact.symbol, str(fact.instrument_id)):
            return Market(rules, fact)
    known = ", ".join(fact.symbol for fact in instruments)
    raise ConfigError(f"{where}: expected one of {known}, found {'none' if symbol is None else shown(symbol)}")


def parse_rate(text: str, where: str) -> Fraction:
    """Return a share given as `1.5%` or `0.015`, exactly."""
    matched = _RATE.fullmatch(text.strip())
    if matched is None:
        raise DataError(f"{where}: expected a share such as 1.5% or 0.015, found {shown(text)}")
    number = Fraction(matched[1])
    return number / 100 if matched[2] else number


def marked_by_hand(instrument: Instrument) -> Instrument:
    """Return an instrument whose mark is set from outside, whatever its venue derives it from."""
    return msgspec.structs.replace(instrument, mark_source="external")
