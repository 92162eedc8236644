"""What a fill costs."""

from exchange.units import PPM, div_ceil


def trading_fee(notional: int, fee_ppm: int) -> int:
    """Return the fee of a fill's notional, rounded up: the venue keeps the remainder. A negative rate is a rebate.

    It is taken before anything else is paid out of the balance, so that fees are senior to winners. Source: Vega.
    """
    return div_ceil(notional * fee_ppm, PPM)
