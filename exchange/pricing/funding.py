"""Funding: the rate that a premium and an interest make, and what a position pays. Pure functions.

Rates are in ppb (1e-9) of the notional for one payment; a positive rate is paid by longs to shorts. Where a rate is
not a whole number of ppb it is a fraction, numerator over denominator, and nothing is rounded before the payment.
"""

from exchange.margin.valuation import Valuation
from exchange.units import PPB, PPM, div_ceil, div_floor, div_nearest

DAY_NS = 86_400_000_000_000
YEAR_NS = 365 * DAY_NS


def premium(price: int, index: int) -> int:
    """Return (price - index) / index in ppb, rounded to nearest, a tie to even. index > 0."""
    return div_nearest((price - index) * PPB, index)


def impact_premium(impact_bid: int, impact_ask: int, index: int) -> int:
    """Return (max(0, impact bid - index) - max(0, index - impact ask)) / index in ppb, rounded to nearest.

    index > 0. Source: BitMEX and Binance premium index.
    """
    return div_nearest((max(0, impact_bid - index) - max(0, index - impact_ask)) * PPB, index)


def average(total: int, count: int) -> int:
    """Return the average of samples taken at equal distances, rounded to nearest, a tie to even. count > 0."""
    return div_nearest(total, count)


def interest_rate(quote_ppb: int, base_ppb: int, interval_ns: int) -> int:
    """Return (quote - base) x interval / day in ppb, for interest rates per day, rounded to nearest.

    BitMEX writes it as (quote - base) / intervals per day. Source: BitMEX, perpetual contracts guide.
    """
    return div_nearest((quote_ppb - base_ppb) * interval_ns, DAY_NS)


def premium_rate(premium_ppb: int, interest_ppb: int, clamp_ppb: int) -> int:
    """Return premium + clamp(interest - premium, -clamp, +clamp) in ppb; exact.

    Source: BitMEX, Binance, Hyperliquid.
    """
    return premium_ppb + min(max(interest_ppb - premium_ppb, -clamp_ppb), clamp_ppb)


def scaled_rate(rate_ppb: int, scaling_ppm: int) -> int:
    """Return rate x scaling in ppb, rounded to nearest: an eighth where a rate for 8 hours is paid hourly."""
    return div_nearest(rate_ppb * scaling_ppm, PPM)


def bounded_rate(rate_ppb: int, floor_ppb: int, cap_ppb: int) -> int:
    """Return the rate within floor .. cap; 0 and 0 stand for no bounds."""
    if floor_ppb == 0 and cap_ppb == 0:
        return rate_ppb
    return min(max(rate_ppb, floor_ppb), cap_ppb)


def interest_of_time(annual_ppb: int, elapsed_ns: int) -> int:
    """Return annual interest x elapsed / 365 days in ppb, rounded to nearest."""
    return div_nearest(annual_ppb * elapsed_ns, YEAR_NS)


def twap_rate(
    internal: int,
    external: int,
    interest_ppb: int,
    clamp_low_ppb: int,
    clamp_high_ppb: int,
    scaling_ppm: int,
    floor_ppb: int,
    cap_ppb: int,
) -> tuple[int, int]:
    """Return a funding rate as a fraction of the external price, exactly: (numerator, denominator > 0).

    payment per unit = internal - external + clamp((1 + interest) x external - internal, low x external,
    high x external); times scaling; then rate = payment / external within floor .. cap (0 and 0: no bounds).
    internal, external: average prices over the interval, ticks; external > 0. interest_ppb: for the time since the last
    payment. clamp_low_ppb = clamp_high_ppb = 0: no interest term. Source: Vega, 0053-PERP.
    """
    if external <= 0:
        raise ValueError(f"expected an external price > 0, found {external}")
    with_interest = (PPB + interest_ppb) * external - PPB * internal
    clamped = min(max(with_interest, clamp_low_ppb * external), clamp_high_ppb * external)
    payment = ((internal - external) * PPB + clamped) * scaling_ppm
    if floor_ppb != 0 or cap_ppb != 0:
        payment = min(max(payment, floor_ppb * external * PPM), cap_ppb * external * PPM)
    return payment, PPB * PPM * external


def rounded_rate(numerator: int, denominator: int) -> int:
    """Return a rate in ppb, rounded to nearest: for events; payments use the fraction."""
    return div_nearest(numerator * PPB, denominator)


def lot_worth(price: int, valuation: Valuation) -> tuple[int, int]:
    """Return |the money that a lot is worth| at a price, exactly: (numerator, denominator > 0)."""
    if valuation.is_inverse:
        return valuation.tick_value, valuation.divisor * abs(price)
    return abs(price) * valuation.tick_value, valuation.divisor


def funding_amount(size_lots: int, worth: int, numerator: int, denominator: int) -> int:
    """Return the money that a position receives (> 0) or pays (< 0): worth x numerator / denominator.

    worth >= 0: of the whole position at the funding price; numerator carries the sign of the rate. What worth leaves
    out of the exact money (the denominator of `lot_worth`) belongs into the denominator, so that nothing is rounded
    before. Longs pay a positive rate, shorts a negative one. What is paid is rounded up and what is received down, so
    that payments never make money; the caller says who keeps the remainder. denominator > 0.
    """
    if size_lots == 0:
        return 0
    if (size_lots > 0) == (numerator > 0):
        return -div_ceil(worth * abs(numerator), denominator)
    return div_floor(worth * abs(numerator), denominator)
