"""What a position is worth when its instrument is settled for good. Pure functions."""

from exchange.margin.valuation import Valuation
from exchange.units import div_floor


def delivery_value(size_lots: int, price: int, valuation: Valuation) -> int:
    """Return the money that a signed size is worth at the delivery price, rounded down for every holder.

    Sizes sum to zero, so the values sum to zero or less: the venue's holder of remainders gets what is missing.
    """
    if valuation.is_inverse:
        return div_floor(-size_lots * valuation.tick_value, valuation.divisor * price)
    return div_floor(size_lots * price * valuation.tick_value, valuation.divisor)
