"""A change of a price in percent, in words that do not round it to nothing or to all."""

from decimal import Decimal
from typing import Final

_MOST_PLACES: Final = 9


def percent_change(first: int, now: int) -> str:
    """Return "-18.0 %": how far a price went from a positive one, to a tenth of a percent.

    A fall that is not the whole price gets the decimals that show that there was something left: "-99.97 %".
    """
    change = Decimal(100 * (now - first)) / first
    text = f"{change:+.1f}"
    for places in range(2, _MOST_PLACES + 1):
        if now == 0 or Decimal(text) != -100:
            break
        text = f"{change:+.{places}f}"
    return f"{text} %"
