"""How much of a position that it took over the fund sells at a time, and how far from mid. Pure functions of integers.

Source: Vega, liquidation strategy of the network party.
"""

from exchange.risk.reduction import fraction_of, share_cap
from exchange.units import PPM, div_ceil, div_floor


def disposal_lots(held: int, fraction_ppm: int, full_lots: int, book_lots: int, book_share_ppm: int) -> int:
    """Return the lots of the next order: a fraction, all at `full_lots` or less, at most a share of the book.

    held: unsigned. book_lots: on the other side, within the band. Both roundings are up; 0 only if the book is empty.
    """
    wanted = held if held <= full_lots else fraction_of(held, fraction_ppm)
    return min(wanted, share_cap(book_lots, book_share_ppm))


def mid_twice(bid: int, ask: int) -> int:
    """Return bid + ask: twice the mid price, which has no half ticks lost."""
    return bid + ask


def band_limit(twice_mid: int, slippage_ppm: int, is_sale: bool) -> int:
    """Return the worst price within a share of the mid price: rounded up for a sale, down for a purchase."""
    width = abs(twice_mid) * slippage_ppm
    if is_sale:
        return div_ceil(twice_mid * PPM - width, 2 * PPM)
    return div_floor(twice_mid * PPM + width, 2 * PPM)


def is_step_due(now_ns: int, last_ns: int, step_ns: int, is_open: bool) -> bool:
    """Return whether the next order is due: a step after the last one, or the takeover; never in a closed market."""
    return is_open and now_ns - last_ns >= step_ns
