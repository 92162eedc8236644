"""Margins of the venue presets against figures that the venues print."""

import pytest

from exchange.margin.schedule import MarginSchedule
from replay.venues import load_venue

BTC = 100_000_000  # of the inverse venues' money
USD = 1_000_000  # of the linear venues' money


def schedule(preset: str, place: int = 0) -> MarginSchedule:
    """Return the margin schedule of a preset's instrument."""
    return MarginSchedule(load_venue(preset)[1][place])


def maintenance(preset: str, lots: int, notional: int) -> int:
    """Return the maintenance margin of a position at its entry price, without orders."""
    return schedule(preset).position_maintenance(lots, notional, notional, 1, 0, 0)


@pytest.mark.parametrize(
    ("btc", "expected"),
    [
        # The API's deduction of the second risk limit is 0.75 BTC; closing costs 0.055 % more.
        (100, 50_000_000 + 5_500_000),
        (300, 3 * BTC - 75_000_000 + 16_500_000),
    ],
)
def test_risk_limits_of_bybit(btc, expected):
    """Rate of the tier x value - deduction, and the fee of closing."""
    assert maintenance("bybit_inverse", 1, btc * BTC) == expected


def test_risk_limits_of_bybit_bound_leverage():
    """100x to 150 BTC, 66.67x to 300."""
    limits = schedule("bybit_inverse")
    assert [limits.max_leverage(btc * BTC) for btc in (150, 151, 300, 1_500)] == [100, 66, 66, 18]


@pytest.mark.parametrize(("btc", "initial", "expected"), [(25, 53_125_000, 28_125_000), (350, 1_312_500_000, None)])
def test_size_of_deribit(btc, initial, expected):
    """The percentages of its example (2.125 % and 1.125 % of 25 BTC, 3.75 % of 350), at the price they stand for."""
    lots, notional = btc * 5_000, btc * BTC
    assert schedule("deribit").initial(notional, 0, 0, lots, 0, 0, 50, 0) == initial
    assert expected is None or maintenance("deribit", lots, notional) == expected


@pytest.mark.parametrize(
    ("open_interest", "initial"), [(0, 100_000), (20_000_000, 100_000), (35_000_000, 550_000), (50_000_000, 1_000_000)]
)
def test_open_interest_of_dydx(open_interest, initial):
    """The Small-Cap tier asks 10 % of 1,000,000 USDC, and all of it when 50,000,000 are open."""
    small = schedule("dydx_v4", 1)
    notional = 1_000_000 * USD
    assert small.initial(notional, 0, 0, 1, 0, 0, 10, open_interest * USD) == initial * USD
    assert small.position_maintenance(1, notional, notional, 10, 0, 0) == 50_000 * USD


@pytest.mark.parametrize(("btc", "maintenance_ppm", "initial_ppm"), [(625, 30_000, 50_000), (2_500, 60_000, 100_000)])
def test_size_of_ftx(btc, maintenance_ppm, initial_ppm):
    """Maintenance 0.0012 x sqrt(BTC), initial 0.002 x sqrt(BTC), from 3 % and 5 % on, at 20,000 USD."""
    notional = btc * 20_000 * USD
    lots = btc * 10_000
    assert maintenance("ftx", lots, notional) * 1_000_000 == pytest.approx(notional * maintenance_ppm, rel=1e-4)
    found = schedule("ftx").initial(notional, 0, 0, lots, 0, 0, 20, 0)
    assert found * 1_000_000 == pytest.approx(notional * initial_ppm, rel=1e-4)


def test_risk_factors_of_vega():
    """Slippage and the factor of the side; initial margin is 1.2 times that."""
    assert maintenance("vega", 1, 1_000_000 * USD) == 15_373_847_000
    assert maintenance("vega", -1, 1_000_000 * USD) == 15_575_096_000
    assert schedule("vega").risk_initial(1, 1_000_000 * USD, 0, 0) == 18_448_616_400
