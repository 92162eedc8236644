"""What a size is worth at a price, for linear and inverse instruments, and the price at which it is worth an amount.

Pure functions of integers, exact however large the products. Linear: size x price x tick_value / divisor. Inverse:
-size x tick_value / (divisor x price), so that for both kinds a position's profit is value(mark) - value(entry).
"""

from typing import final

from exchange.instrument import Instrument
from exchange.units import div_ceil, div_floor, div_nearest


@final
class Valuation:
    """The money of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        """Copy the facts of the instrument that money depends on."""
        self.is_inverse: bool = instrument.kind == "inverse"
        self.tick_value: int = instrument.tick_value
        self.divisor: int = instrument.tick_value_divisor

    def value(self, size_lots: int, price_ticks: int) -> int:
        """Return the money that a signed size is worth at a price, rounded to nearest, a tie to even."""
        if self.is_inverse:
            return div_nearest(-size_lots * self.tick_value, self.divisor * price_ticks)
        worth = size_lots * price_ticks * self.tick_value
        if self.divisor == 1:
            return worth
        return div_nearest(worth, self.divisor)

    def notional(self, lots: int, price_ticks: int) -> int:
        """Return |value|."""
        return abs(self.value(lots, price_ticks))

    def price_for_value(self, size_lots: int, value: int, highest: int) -> int:
        """Return the price at which a position is worth `value`: rounded up for a long, down for a short.

        Rounded so that a close at the result leaves the holder no worse than `value`. A long whose value no price
        below `highest` reaches, and an inverse short, get `highest`; size_lots must not be 0.
        """
        if self.is_inverse:
            # -size x tick_value / (divisor x price) = value; a long's value is negative, a short's positive.
            if (size_lots > 0 and value >= 0) or (size_lots < 0 and value <= 0):
                return highest
            numerator, denominator = abs(size_lots) * self.tick_value, self.divisor * abs(value)
        elif size_lots > 0:
            numerator, denominator = value * self.divisor, size_lots * self.tick_value
        else:
            numerator, denominator = -value * self.divisor, -size_lots * self.tick_value
        return div_ceil(numerator, denominator) if size_lots > 0 else div_floor(numerator, denominator)

    def lowest_price_with(self, lots: int, notional: int) -> int:
        """Return the lowest price at which `lots` are worth at least (linear) or at most (inverse) a notional > 0."""
        if self.is_inverse:
            return div_ceil(lots * self.tick_value, self.divisor * notional)
        return div_ceil(notional * self.divisor, lots * self.tick_value)

    def highest_price_with(self, lots: int, notional: int) -> int:
        """Return the highest price at which `lots` are worth at most (linear) or at least (inverse) a notional > 0."""
        if self.is_inverse:
            return div_floor(lots * self.tick_value, self.divisor * notional)
        return div_floor(notional * self.divisor, lots * self.tick_value)
