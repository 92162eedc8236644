"""What assets are worth as collateral and what debts require: examples, edges, and sums over tiers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.margin.collateral import (
    NO_AMOUNT,
    NO_DEBT,
    RateSchedule,
    attributed,
    debt_initial_margin,
    exposure_after,
    haircut_schedule,
    level_band,
    margin_level_ppm,
    short_initial_margin,
    spot_initial_margin,
)
from exchange.margin.interest import interest_accrued, interest_of_periods, open_fee, period_of, period_start
from exchange.rules import BorrowRules, RateTier, SpotTerms
from exchange.units import PPM

NOTHING = RateSchedule([], [])
HOUR = 3_600 * 10**9


@st.composite
def tiers(draw: st.DrawFn) -> list[tuple[int, int]]:
    """(up_to, ppm) of each tier; rates that never fall, up to 100 %."""
    ends = [*sorted(draw(st.lists(st.integers(1, 1 << 60), max_size=4, unique=True))), 0]
    rates = sorted(draw(st.lists(st.integers(0, PPM), min_size=len(ends), max_size=len(ends))))
    return list(zip(ends, rates, strict=True))


def exact(parts: list[tuple[int, int]], amount: int) -> Fraction:
    """The sum over tiers of the part of an amount in the tier times its rate."""
    total, start = Fraction(0), 0
    for end, rate in parts:
        total += Fraction(max(0, (amount if end == 0 else min(amount, end)) - start) * rate, PPM)
        start = end
    return total


@given(tiers(), st.integers(0, 1 << 62))
def test_required_is_the_sum_over_tiers_rounded_up(parts: list[tuple[int, int]], amount: int) -> None:
    """At every boundary too, and with a tier of 100 %."""
    schedule = RateSchedule([rate for _, rate in parts], [end for end, _ in parts])
    for tried in [amount, *(end for end, _ in parts), *(end + 1 for end, _ in parts)]:
        assert schedule.required(tried) == exact(parts, tried).__ceil__()


@given(tiers(), st.integers(-300, 1 << 62))
def test_least_amount_is_where_an_asset_starts_to_be_safe(parts: list[tuple[int, int]], excess: int) -> None:
    """a - required(a) >= excess there and not one below; no amount is enough where a tier of 100 % stops it."""
    least = RateSchedule([rate for _, rate in parts], [end for end, _ in parts]).least_amount(excess)
    if least >= NO_AMOUNT:
        assert parts[-1][1] == PPM
        last_end = parts[-2][0] if len(parts) > 1 else 0
        assert last_end - exact(parts, last_end) < excess
        return
    assert least - exact(parts, least) >= excess
    assert least == 0 or least - 1 - exact(parts, least - 1) < excess


def test_a_weight_is_what_counts_the_haircut_what_does_not() -> None:
    """90 % of the first 1,000 and 50 % beyond: 1,500 count for 1,150; 11 at 95 % count for 10."""
    assert haircut_schedule([900_000, 500_000], [1_000, 0]).required(1_500) == 350
    assert haircut_schedule([950_000], [0]).required(11) == 1
    assert haircut_schedule([PPM], [0]).required(1 << 60) == 0


def test_leverage_doubles_own_money_or_multiplies_it() -> None:
    """2x: a debt of 5,000 asks for 5,000. 10x: 9,000 ask for 1,000. Tiers may ask for more."""
    assert debt_initial_margin(5_000, 2, NOTHING) == 5_000
    assert debt_initial_margin(9_000, 10, NOTHING) == 1_000
    assert debt_initial_margin(9_001, 10, NOTHING) == 1_001
    assert debt_initial_margin(9_000, 10, RateSchedule([200_000], [0])) == 1_800
    assert short_initial_margin(13_040, 5, NOTHING) == 2_608
    assert short_initial_margin(13_040, 5, RateSchedule([500_000], [0])) == 6_520


def test_resting_orders_count_by_lots() -> None:
    """10 lots worth 100: 5 more for 50 are 150; 10 sold for 400 are no debt; 15 sold for 600 owe 5 of them, 200."""
    assert exposure_after(10, 100, 5, 50) == 150
    assert exposure_after(-10, 100, 10, 400) == 0
    assert exposure_after(-10, 100, 15, 600) == 200
    assert exposure_after(-2, 20, 3, 100) == 34
    assert exposure_after(0, 0, 0, 0) == 0


def test_a_leg_requires_the_worse_of_what_it_may_hold_and_owe() -> None:
    """A haircut of 10 % on 150, or a fifth of 300."""
    haircut = haircut_schedule([900_000], [0])
    assert spot_initial_margin(150, 0, 5, haircut, NOTHING) == 15
    assert spot_initial_margin(150, 300, 5, haircut, NOTHING) == 60


def test_margin_levels() -> None:
    """Assets over debts; rounded down, and no number where nothing is owed."""
    assert margin_level_ppm(100, 200) == 1_500_000
    assert margin_level_ppm(100, 300) == 1_333_333
    assert margin_level_ppm(-300, 300) == 0
    assert margin_level_ppm(100, 0) == NO_DEBT


def test_a_level_equal_to_a_bound_is_not_above_it() -> None:
    """Binance's bounds: 2 and 1.5; 1.1 itself is liquidated."""
    bounds = [2_000_000, 1_500_000, 1_300_000, 1_100_000]
    found = [level_band(level, bounds) for level in (2_000_001, 2_000_000, 1_400_000, 1_300_000, 1_100_000, 0)]
    assert found == [0, 1, 2, 3, 4, 4]


def test_a_debt_is_borne_by_notional() -> None:
    """Rounded down; the only leg bears it whole."""
    assert attributed(10, 500, 500) == 10
    assert attributed(10, 100, 300) == 3
    assert attributed(10, 0, 0) == 0


def test_interest_is_rounded_up() -> None:
    """0.02 % a day on 1,000.000000 is 0.008334 an hour; a second of a year's rate is one unit."""
    assert interest_of_periods(1_000_000_000, 200_000, 24, 1) == 8_334
    assert interest_of_periods(1_000_000_000, 10_000, 1, 2) == 20_000
    assert interest_of_periods(0, 10_000, 1, 1) == 0
    assert interest_accrued(1_000_000_000 * 10_000 * HOUR // 2, 1) == 5_000
    assert interest_accrued(1, 8_784) == 1
    assert open_fee(1_000_001, 200) == 201


def test_periods_are_of_the_clock() -> None:
    """13:20 is in hour 13, and in the period of four hours that begins at 12:00."""
    moment = (13 * 60 + 20) * 60 * 10**9
    assert (period_of(moment, 1), period_of(moment, 4)) == (13, 3)
    assert period_start(3, 4) == 12 * HOUR


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpotTerms(collateral_weights=()), "at least one collateral weight"),
        (lambda: SpotTerms(collateral_weights=(RateTier(5, 10), RateTier(6))), r"collateral_weights\[1\].ppm .* above"),
        (lambda: SpotTerms(collateral_weights=(RateTier(1_000_001),)), r"collateral_weights\[0\].ppm"),
        (lambda: SpotTerms(initial_tiers=(RateTier(6, 10), RateTier(5))), r"initial_tiers\[1\].ppm .* below"),
        (lambda: SpotTerms(initial_tiers=(RateTier(6), RateTier(7))), r"initial_tiers\[0\].up_to 0 in the last"),
        (lambda: SpotTerms(initial_tiers=(RateTier(6, 9), RateTier(7, 9), RateTier(7))), r"\[1\].up_to above"),
        (lambda: SpotTerms(limit_lots=-1), "limit_lots"),
        (lambda: SpotTerms(rate_ppb=-1), "rate_ppb"),
        (lambda: SpotTerms(open_fee_ppm=1_000_001), "open_fee_ppm"),
        (lambda: BorrowRules(leverage=1), "leverage in 2"),
        (lambda: BorrowRules(maintenance_tiers=()), "at least one maintenance tier"),
        (lambda: BorrowRules(limit=-1), "limit"),
        (lambda: BorrowRules(borrow_above_ppm=-1), "borrow_above_ppm"),
        (lambda: BorrowRules(withdraw_above_ppm=-1), "withdraw_above_ppm"),
        (lambda: BorrowRules(rate_hours=0), "rate_hours"),
        (lambda: BorrowRules(charge_hours=8_785), "charge_hours"),
        (lambda: Instrument(1, "X", kind="spot", min_price_ticks=0), "min_price_ticks >= 1"),
    ],
)
def test_terms_that_could_not_be_applied_are_refused(make: object, message: str) -> None:
    """The field is named."""
    with pytest.raises(ConfigError, match=message):
        make()  # type: ignore[operator]
