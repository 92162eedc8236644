"""Units, limits and exact arithmetic of the venue.

Owns: the aliases in which every amount is stated, the limits that are enforced where values enter, the only divisions
that the core may use, and the one random generator. Everything is an integer.

The limits keep compiled 64-bit arithmetic from wrapping. A price or a quantity fits 40 bits, so that a level of
`MAX_LIVE_ORDERS` orders of `MAX_QTY_LOTS` each still fits 62 bits. Money that enters stays below 2**60. What a
participant may hold in an instrument is bounded by what it would be worth at the worst price that the instrument
allows, so that no mark, trade or recording makes an amount that does not fit; an account may hold 32 instruments to
that limit. Products are formed with unbounded integers.
"""

from typing import Final

Ticks = int  # a price: whole ticks of its instrument
Lots = int  # a quantity (> 0) or a signed size: whole lots of its instrument
Money = int  # minor units of the settlement asset
Nanos = int  # nanoseconds, UTC, since 1970-01-01
Ppm = int  # a ratio in parts per million

PPM: Final = 1_000_000
PPB: Final = 1_000_000_000

MAX_PRICE_TICKS: Final = (1 << 40) - 1
MAX_QTY_LOTS: Final = (1 << 40) - 1
MAX_SIZE_LOTS: Final = (1 << 46) - 1  # of one position, either sign
DEFAULT_MAX_PRICE_TICKS: Final = (1 << 31) - 1  # of an instrument that does not state its own
MAX_MONEY: Final = (1 << 60) - 1  # that may enter: a deposit, all deposits together, the fund's opening
MAX_EXPOSURE: Final = (1 << 56) - 1  # that a position with its open orders may be worth at the worst price
MAX_STORED_MONEY: Final = (1 << 62) - 1  # of one balance or cost, either sign, whatever it won or lost
MAX_TS_NS: Final = (1 << 62) - 1  # year 2116
MAX_ACCOUNT: Final = (1 << 31) - 1
MAX_INSTRUMENT: Final = (1 << 16) - 1
MAX_LIVE_ORDERS: Final = 1 << 22  # of one instrument, stops included
MAX_LEVERAGE: Final = 1_000
MAX_FEE_PPM: Final = PPM  # a fee above the notional is a mistake in the rules


def div_floor(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded towards minus infinity. denominator > 0."""
    if denominator <= 0:
        raise ValueError(f"expected denominator > 0, found {denominator}")
    return numerator // denominator


def div_ceil(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded towards plus infinity. denominator > 0."""
    if denominator <= 0:
        raise ValueError(f"expected denominator > 0, found {denominator}")
    return -(-numerator // denominator)


def div_nearest(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded to the nearest integer, a tie to the even one. denominator > 0."""
    if denominator <= 0:
        raise ValueError(f"expected denominator > 0, found {denominator}")
    quotient = numerator // denominator
    twice_remainder = 2 * (numerator - quotient * denominator)
    if twice_remainder > denominator or (twice_remainder == denominator and quotient % 2 != 0):
        return quotient + 1
    return quotient


def mul_div(a: int, b: int, denominator: int) -> int:
    """Return a * b / denominator rounded towards minus infinity, exact however large the product. denominator > 0."""
    return div_floor(a * b, denominator)


def split_exact(total: int, weights: list[int]) -> list[int]:
    """Return integer shares of `total` in proportion to `weights`, whose sum is exactly `total`.

    Every share is rounded down; the last positive weight takes the remainder. A share never exceeds its weight while
    `total` does not exceed their sum, except that the remainder-taker may: callers cap `total` at the sum of weights,
    and then the overflow of the last share is passed back to earlier ones, the latest first.

    total >= 0; every weight >= 0 and at least one > 0. Raises ValueError otherwise.
    """
    weight_total = sum(weights)
    if total < 0 or weight_total <= 0 or min(weights) < 0:
        raise ValueError(f"expected total >= 0 and weights >= 0 with a positive sum, found {total} over {weight_total}")
    shares = [total * weight // weight_total for weight in weights]
    remainder = total - sum(shares)
    index = len(weights) - 1
    while remainder > 0 and index >= 0:
        room = remainder if total > weight_total else weights[index] - shares[index]
        if weights[index] > 0 and room > 0:
            given = min(room, remainder)
            shares[index] += given
            remainder -= given
        index -= 1
    return shares


_MASK64: Final = (1 << 64) - 1


def random_bits(seed: int, counter: int) -> int:
    """Return 64 bits that depend on nothing but `seed` and `counter` (SplitMix64 at position `counter`).

    A counter-based generator: a stream can be read from any position, so a replay may branch without saving a state.
    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    z = (seed * 0xD1342543DE82EF95 + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    return z ^ (z >> 31)


def random_below(seed: int, counter: int, bound: int) -> int:
    """Return an integer in [0, bound) from `random_bits` by the multiply-and-shift map. 0 < bound <= 2**32.

    The bias is below bound / 2**64, which no run of this engine can show.
    """
    if bound <= 0:
        raise ValueError(f"expected bound > 0, found {bound}")
    return (random_bits(seed, counter) * bound) >> 64
