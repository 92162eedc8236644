"""Mark prices: pure functions from prices, weights and times to a price.

Prices are ticks of any sign. A smoothed basis is in millionths of a tick, so that a slow average is not lost to
rounding. Nothing here knows a book or a clock. Sources: docs/semantics/pricing.md names the venue of each form.
"""

from exchange.margin.valuation import Valuation
from exchange.units import PPM, div_ceil, div_floor, div_nearest

MICRO = PPM  # parts of a tick in which a basis is kept


def trade_vwap(value: int, lots: int) -> int:
    """Return the volume-weighted average price of trades, rounded down: value = sum of price x lots, lots > 0.

    Raises ValueError where lots is not positive. Source: Vega, 0009-MRKP.
    """
    return div_floor(value, lots)


def mid(bid: int, ask: int) -> int:
    """Return (bid + ask) / 2, rounded down."""
    return div_floor(bid + ask, 2)


def impact_price(prices: list[int], lots: list[int], notional: int, valuation: Valuation, is_buy: bool) -> int | None:
    """Return the average price at which `notional` money trades against levels, best first; None where they lack it.

    The last level counts with the lots that the rest of the notional needs, rounded up. Weighted by lots for a linear
    instrument, harmonically for an inverse one, whose money is lots / price. Rounded against the taker: up when buying,
    down when selling. Every price must be positive. Source: BitMEX and Binance impact bid and ask, Vega book price.
    """
    taken: int = 0
    worth: int = 0  # sum of price x lots, or of notional where inverse
    rest = notional
    at = 0
    while rest > 0:
        if at == len(prices):
            return None
        price = prices[at]
        level = lots[at]
        value = valuation.notional(level, price)
        if value > rest:
            level = div_ceil(rest * level, value)
            value = rest
        taken += level
        worth += valuation.notional(level, price) if valuation.is_inverse else price * level
        rest -= value
        at += 1
    if not valuation.is_inverse:
        return div_ceil(worth, taken) if is_buy else div_floor(worth, taken)
    numerator, denominator = taken * valuation.tick_value, valuation.divisor * worth
    if denominator == 0:
        return None
    return div_ceil(numerator, denominator) if is_buy else div_floor(numerator, denominator)


def median(prices: list[int]) -> int:
    """Return the median; of an even number the mean of the two in the middle, rounded down.

    Raises ValueError for none.
    """
    count = len(prices)
    if count == 0:
        raise ValueError("expected at least one price, found none")
    ordered = sorted(prices)
    middle = count // 2
    if count % 2 != 0:
        return ordered[middle]
    return div_floor(ordered[middle - 1] + ordered[middle], 2)


def weighted_mean(prices: list[int], weights: list[int]) -> int:
    """Return sum(weight x price) / sum(weights), rounded down. A source that is left out renormalises the others.

    weights >= 0. Raises ValueError where their sum is 0. Source: Vega, composite mark price.
    """
    total: int = 0
    weight_total: int = 0
    for price, weight in zip(prices, weights, strict=True):
        total += price * weight
        weight_total += weight
    return div_floor(total, weight_total)


def weighted_median(prices: list[int], weights: list[int]) -> int:
    """Return the lowest price such that it and the lower ones have at least half of all weight.

    weights >= 0. Raises ValueError where their sum is not positive. Source: Hyperliquid, robust price indices.
    """
    weight_total: int = 0
    for weight in weights:
        weight_total += weight
    if weight_total <= 0:
        raise ValueError(f"expected weights with a positive sum, found {weights}")
    reached: int = 0
    ordered = sorted(zip(prices, weights, strict=True))
    for price, weight in ordered:
        reached += weight
        if 2 * reached >= weight_total:
            return price
    return ordered[len(ordered) - 1][0]


def fair_price(index: int, rate_ppb: int, left_ns: int, interval_ns: int) -> int:
    """Return index x (1 + rate x time left / interval), rounded to nearest, a tie to even.

    rate_ppb: of the next funding, signed. interval_ns > 0. Source: BitMEX fair price marking, Binance price 1.
    """
    whole = 1_000_000_000 * interval_ns
    return div_nearest(index * (whole + rate_ppb * left_ns), whole)


def ema_step(average: int, sample: int, elapsed_ns: int, window_ns: int) -> int:
    """Return a moving average after `elapsed_ns` in which the sample held: average + (sample - average) x t / (t + W).

    The rational form of an exponential average of time constant W (exact for small t), so that event time needs no
    exponential. Units of the arguments, rounded to nearest, a tie to even. elapsed_ns >= 0, window_ns > 0.
    """
    return average + div_nearest((sample - average) * elapsed_ns, elapsed_ns + window_ns)


def mean(total: int, count: int) -> int:
    """Return total / count, rounded to nearest, a tie to even. count > 0."""
    return div_nearest(total, count)


def with_basis(index: int, basis_micro: int) -> int:
    """Return index + basis, the basis in millionths of a tick; rounded to nearest, a tie to even."""
    return index + div_nearest(basis_micro, MICRO)


def clamp_step(previous: int, price: int, clamp_ppm: int) -> int:
    """Return a price no further from the previous one than floor(|previous| x ppm), though always one tick.

    Source: Hyperliquid HIP-3, 1 % per update.
    """
    most = max(1, div_floor(abs(previous) * clamp_ppm, PPM))
    return min(max(price, previous - most), previous + most)


def clamp_to_band(index: int, price: int, band_ppm: int) -> int:
    """Return a price no further from the index than floor(|index| x ppm). Source: Deribit."""
    most = div_floor(abs(index) * band_ppm, PPM)
    return min(max(price, index - most), index + most)
