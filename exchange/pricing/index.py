"""The index: one price out of several outside ones, with a rule about those that stand apart. Pure functions."""

from typing import Final

from exchange.pricing.marks import median, weighted_mean, weighted_median
from exchange.units import PPM, div_floor

KEEP_OUTLIERS: Final = 0
DROP_OUTLIERS: Final = 1
CLAMP_OUTLIERS: Final = 2

WEIGHTED: Final = 0
MEDIAN: Final = 1
WEIGHTED_MEDIAN: Final = 2
FIRST: Final = 3


def combined_price(prices: list[int], weights: list[int], combiner: int) -> int:
    """Return one price out of several: their weighted mean, median or weighted median, or the first of them.

    Raises ValueError where there is none, or (weighted) the weights are all 0.
    """
    if combiner == WEIGHTED:
        return weighted_mean(prices, weights)
    if combiner == WEIGHTED_MEDIAN:
        return weighted_median(prices, weights)
    if combiner == MEDIAN:
        return median(prices)
    if len(prices) == 0:
        raise ValueError("expected at least one price, found none")
    return prices[0]


def without_outliers(
    prices: list[int], weights: list[int], rule: int, outlier_ppm: int
) -> tuple[list[int], list[int], int]:
    """Return prices and weights after the outlier rule, and how many legs it changed.

    A leg is an outlier where |price - median| > |median| x outlier_ppm, exactly. Dropped, its weight goes with it;
    clamped, it counts at median +- floor(|median| x outlier_ppm). Where two legs disagree both may be dropped.
    """
    if rule == KEEP_OUTLIERS or len(prices) == 0:
        return prices, weights, 0
    middle = median(prices)
    allowed = abs(middle) * outlier_ppm
    most = div_floor(allowed, PPM)
    kept: list[int] = []
    kept_weights: list[int] = []
    changed = 0
    for price, weight in zip(prices, weights, strict=True):
        if abs(price - middle) * PPM <= allowed:
            kept.append(price)
        elif rule == CLAMP_OUTLIERS:
            changed += 1
            kept.append(middle + most if price > middle else middle - most)
        else:
            changed += 1
            continue
        kept_weights.append(weight)
    return kept, kept_weights, changed
