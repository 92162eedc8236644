"""What a loan costs: pure functions of integers. Everything is rounded up: against the borrower."""

from typing import Final

from exchange.units import PPB, PPM, div_ceil, div_floor

HOUR_NS: Final = 3_600_000_000_000


def interest_of_periods(debt: int, rate_ppb: int, rate_hours: int, hours: int) -> int:
    """Return the interest of a debt for whole hours, rounded up. rate_ppb: per `rate_hours`."""
    return div_ceil(debt * rate_ppb * hours, PPB * rate_hours)


def interest_accrued(debt_ns_ppb: int, rate_hours: int) -> int:
    """Return the interest of a sum of debt x nanoseconds x rate, rounded up once."""
    return div_ceil(debt_ns_ppb, PPB * HOUR_NS * rate_hours)


def open_fee(borrowed: int, fee_ppm: int) -> int:
    """Return the fee on what is newly borrowed, rounded up."""
    return div_ceil(borrowed * fee_ppm, PPM)


def period_of(ts_ns: int, charge_hours: int) -> int:
    """Return the number of the charging period that a time is in, counted from 1970.

    A loan is charged for every period that it touches (Binance: 13:20 to 14:15 are two hours, SPOT-01).
    """
    return div_floor(ts_ns, HOUR_NS * charge_hours)


def period_start(period: int, charge_hours: int) -> int:
    """Return the time at which a charging period starts."""
    return period * HOUR_NS * charge_hours
