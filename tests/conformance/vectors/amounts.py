"""Exact decimal text as integers of a common scale, and back: what every adapter needs before it calls the engine.

No float comes in and none goes out. A value that the scale cannot hold raises InexactError; it is never rounded. That
is no ValueError on purpose: the runner takes a ValueError for a refusal by the engine, which a slip here is not.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, NamedTuple

Number = str | int | Fraction | Decimal

PPM: Final = 1_000_000
PPB: Final = 1_000_000_000
_MOST_DIGITS: Final = 400  # of a number, and of its exponent: enough for any vector, too little to stall a run


class InexactError(ArithmeticError):
    """A value that is no exact number, or that needs more decimals than it is given."""


def exact(value: Number) -> Fraction:
    """Return the exact value of decimal text or an integer. Raises InexactError for anything else, floats included."""
    if isinstance(value, bool) or not isinstance(value, str | int | Fraction | Decimal):
        raise InexactError(f"expected decimal text or an integer, found {value!r}")
    if isinstance(value, str):
        if len(value) > _MOST_DIGITS:
            raise InexactError(f"expected at most {_MOST_DIGITS} digits, found {len(value)}")
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise InexactError(f"expected decimal text, found {value!r}") from None
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS):
        raise InexactError(f"expected a finite number of ordinary size, found {value}")
    return Fraction(value)


def decimals(values: Iterable[Number]) -> int:
    """Return how many decimals the value with the most of them has. Trailing zeros do not count."""
    most = 0
    for value in values:
        most = max(most, _decimals_of(exact(value)))
    return most


def _decimals_of(value: Fraction) -> int:
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        raise InexactError(f"expected a finite decimal, found {value}")
    return max(twos, fives)


def integer(value: Number, places: int = 0) -> int:
    """Return value x 10^places, which must be whole. Raises InexactError where it is not."""
    scaled = exact(value) * 10**places
    if scaled.denominator != 1:
        raise InexactError(f"expected at most {places} decimals, found {value}")
    return scaled.numerator


def ppm(rate: Number) -> int:
    """Return a rate in parts per million. Raises InexactError where that is not whole."""
    return integer(rate, 6)


def ppb(rate: Number) -> int:
    """Return a rate in parts per billion. Raises InexactError where that is not whole."""
    return integer(rate, 9)


def text(value: Fraction | int, places: int = 0) -> str:
    """Return value / 10^places as decimal text: exact where it ends, else to 20 decimals with `...` behind."""
    number = Fraction(value) / 10**places
    try:
        digits = _decimals_of(number)
    except InexactError:
        return f"{_decimal_text(int(number * 10**20), 20)}..."
    return _decimal_text(integer(number, digits), digits)


def _decimal_text(units: int, places: int) -> str:
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


class Scaled(NamedTuple):
    """How many decimals the integers of one vector carry: of its prices, its sizes and its money.

    For a linear instrument value = ticks x lots x tick_value, with `tick_value` whole: money has at least the decimals
    of a price and a size together, so that no product is rounded. `Scaled.of(prices=..., sizes=..., money=...)` chooses
    the fewest decimals that hold the values; `extra` adds some to money for results that are divided.
    """

    price_decimals: int = 0
    size_decimals: int = 0
    money_decimals: int = 0

    @classmethod
    def of(
        cls,
        prices: Iterable[Number] = (),
        sizes: Iterable[Number] = (),
        money: Iterable[Number] = (),
        extra: int = 0,
    ) -> "Scaled":
        """Return the smallest scale that holds these values, and their products."""
        price_decimals, size_decimals = decimals(prices), decimals(sizes)
        return cls(price_decimals, size_decimals, max(decimals(money), price_decimals + size_decimals) + extra)

    @property
    def tick_value(self) -> int:
        """Money units of one tick of one lot of a linear instrument whose multiplier is 1."""
        return 10 ** (self.money_decimals - self.price_decimals - self.size_decimals)

    def ticks(self, price: Number) -> int:
        """Return a price in ticks."""
        return integer(price, self.price_decimals)

    def lots(self, size: Number) -> int:
        """Return a size in lots."""
        return integer(size, self.size_decimals)

    def money(self, amount: Number) -> int:
        """Return an amount in money units."""
        return integer(amount, self.money_decimals)

    def price_text(self, ticks: int | Fraction) -> str:
        """Return a price in ticks as decimal text."""
        return text(ticks, self.price_decimals)

    def size_text(self, lots: int | Fraction) -> str:
        """Return a size in lots as decimal text."""
        return text(lots, self.size_decimals)

    def money_text(self, units: int | Fraction) -> str:
        """Return money units as decimal text."""
        return text(units, self.money_decimals)


def numbers_in(value: Any) -> list[Fraction]:
    """Return every number of a nest of dicts and lists, text that is a number included, in order."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, list | tuple):
        return [number for item in value for number in numbers_in(item)]
    try:
        return [exact(value)]
    except InexactError:
        return []
