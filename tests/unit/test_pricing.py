"""Prices as pure functions: marks, index, funding, delivery, and what is remembered for them over time."""

from fractions import Fraction
from random import Random

import pytest

from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.pricing import funding, marks
from exchange.pricing.delivery import delivery_value
from exchange.pricing.funding import DAY_NS, YEAR_NS
from exchange.pricing.index import (
    CLAMP_OUTLIERS,
    DROP_OUTLIERS,
    FIRST,
    KEEP_OUTLIERS,
    MEDIAN,
    WEIGHTED,
    WEIGHTED_MEDIAN,
    combined_price,
    without_outliers,
)
from exchange.pricing.marks import MICRO
from exchange.pricing.windows import EMA, MOVING_AVERAGE, NO_SMOOTHING, BasisAverage, TimeAverage, TradeWindow
from exchange.units import PPB

LINEAR = Valuation(Instrument(1, "L", tick_value=10))
INVERSE = Valuation(Instrument(1, "I", kind="inverse", tick_value=10**8))


# --- marks -------------------------------------------------------------------------------------------------------


def test_averages_round_down_below_zero_too() -> None:
    """Towards minus infinity, so that no price is special."""
    assert marks.trade_vwap(-7, 2) == -4
    assert marks.mid(-1, 0) == -1
    assert marks.median([3, -2]) == 0
    assert marks.weighted_mean([-1, 0], [1, 1]) == -1


def test_median_of_odd_and_even_numbers() -> None:
    """The one in the middle, or the mean of the two; none has none."""
    assert marks.median([5]) == 5
    assert marks.median([9, 1, 5]) == 5
    assert marks.median([9, 1, 5, 4]) == 4
    with pytest.raises(ValueError, match="at least one price"):
        marks.median([])


@pytest.mark.parametrize(
    ("weights", "expected"), [([1, 1, 1], 20), ([3, 1, 1], 10), ([1, 1, 2], 20), ([1, 1, 3], 30), ([0, 0, 1], 30)]
)
def test_weighted_median_is_the_lowest_with_half_of_the_weight(weights: list[int], expected: int) -> None:
    """Exactly half is enough."""
    assert marks.weighted_median([10, 20, 30], weights) == expected


def test_weights_of_nothing_are_refused() -> None:
    """No sources, or none that counts."""
    with pytest.raises(ValueError, match="denominator > 0"):
        marks.weighted_mean([1], [0])
    with pytest.raises(ValueError, match="positive sum"):
        marks.weighted_median([1], [0])
    with pytest.raises(ValueError, match="at least one"):
        combined_price([], [], FIRST)


def test_fair_price_decays_to_the_index() -> None:
    """Half of the time left, half of the rate; a negative rate lies below."""
    assert [marks.fair_price(10_000, rate, 4, 8) for rate in (600_000, -600_000, 0)] == [10_003, 9_997, 10_000]


def test_ema_goes_half_of_the_way_in_its_time_constant() -> None:
    """t / (t + W); not at all in no time."""
    assert marks.ema_step(0, 100, 0, 10) == 0
    assert marks.ema_step(0, 100, 10, 10) == 50
    assert marks.ema_step(100, 0, 30, 10) == 25


def test_clamps_leave_at_least_one_tick() -> None:
    """A clamp below a tick would freeze the mark for good; the band of the index may be nothing."""
    assert marks.clamp_step(1_000, 1_200, 10_000) == 1_010
    assert marks.clamp_step(1_000, 0, 10_000) == 990
    assert marks.clamp_step(10, 20, 10_000) == 11
    assert marks.clamp_step(-1_000, 0, 10_000) == -990
    assert marks.clamp_to_band(1_000, 1_200, 50_000) == 1_050
    assert marks.clamp_to_band(10, 20, 50_000) == 10


def test_impact_price_takes_part_of_the_last_level() -> None:
    """3 lots at 100 and 2 of the 5 at 110 for 5,200 of money at 10 a tick: (300 + 220) / 5, exact."""
    levels = [100, 110], [3, 5]
    assert marks.impact_price(*levels, 5_200, LINEAR, True) == 104
    # 5,201 needs a third lot, since a lot is the least there is: (300 + 330) / 6.
    assert marks.impact_price(*levels, 5_201, LINEAR, True) == 105
    assert marks.impact_price(*levels, 8_500, LINEAR, False) == 106  # all: 850 / 8, rounded down
    assert marks.impact_price(*levels, 8_500, LINEAR, True) == 107
    assert marks.impact_price(*levels, 8_501, LINEAR, True) is None
    assert marks.impact_price([], [], 1, LINEAR, True) is None


def test_impact_price_of_an_inverse_instrument_is_harmonic() -> None:
    """Two lots of 1 coin-dollar at 100 and 2 at 50: 4 lots for 0.06 of a coin, 66.67 each."""
    both = 6 * 10**6
    assert marks.impact_price([100, 50], [2, 2], both, INVERSE, False) == 66
    assert marks.impact_price([100, 50], [2, 2], both, INVERSE, True) == 67


# --- index -------------------------------------------------------------------------------------------------------


def test_combiners() -> None:
    """One list of prices, four answers."""
    prices, weights = [10, 40, 13], [1, 5, 1]
    found = [combined_price(prices, weights, how) for how in (WEIGHTED, MEDIAN, WEIGHTED_MEDIAN, FIRST)]
    assert found == [31, 13, 40, 10]


def test_outliers_are_kept_dropped_or_clamped() -> None:
    """5 % of 100 is 5: 105 stays, 106 does not."""
    prices, weights = [100, 105, 94, 100, 106], [1, 2, 3, 4, 5]
    assert without_outliers(prices, weights, KEEP_OUTLIERS, 50_000) == (prices, weights, 0)
    assert without_outliers(prices, weights, DROP_OUTLIERS, 50_000) == ([100, 105, 100], [1, 2, 4], 2)
    assert without_outliers(prices, weights, CLAMP_OUTLIERS, 50_000) == ([100, 105, 95, 100, 105], weights, 2)
    assert without_outliers([100, 200], [1, 1], DROP_OUTLIERS, 50_000) == ([], [], 2)
    assert without_outliers([], [], DROP_OUTLIERS, 50_000) == ([], [], 0)


# --- funding -----------------------------------------------------------------------------------------------------


def test_premium_rates() -> None:
    """Interest pulls within the clamp; scaling and bounds come after."""
    assert funding.premium(1_010, 1_000) == 10_000_000
    assert funding.premium_rate(10_000_000, 100_000, 500_000) == 9_500_000
    assert funding.premium_rate(-100_000, 100_000, 500_000) == 100_000
    assert funding.premium_rate(-10_000_000, 100_000, 500_000) == -9_500_000
    assert funding.scaled_rate(9_500_001, 125_000) == 1_187_500
    assert funding.bounded_rate(-7, 0, 0) == -7
    assert funding.bounded_rate(-7, 0, 5) == 0
    assert funding.bounded_rate(7, -5, 5) == 5


def test_impact_premium_is_nothing_inside_the_spread() -> None:
    """Only a bid above the index or an ask below it is a premium."""
    assert funding.impact_premium(999, 1_001, 1_000) == 0
    assert funding.impact_premium(1_002, 1_004, 1_000) == 2_000_000
    assert funding.impact_premium(995, 997, 1_000) == -3_000_000


def test_interest_rates() -> None:
    """Per day for an interval of it; per year for any time."""
    assert funding.interest_rate(10_000_000, 2_500_000, DAY_NS // 3) == 2_500_000
    assert funding.interest_of_time(50_000_000, YEAR_NS // 2) == 25_000_000


def test_twap_rate_is_a_fraction_of_the_external_price() -> None:
    """Its payment per unit is exact; an external price that is no price is refused."""
    numerator, denominator = funding.twap_rate(990, 1_000, 0, 0, 0, 2_500_000, 0, 0)
    assert Fraction(numerator, denominator) * 1_000 == -25
    numerator, denominator = funding.twap_rate(990, 1_000, 0, 0, 0, 1_000_000, -5_000_000, 5_000_000)
    assert Fraction(numerator, denominator) == Fraction(-5, 1_000)
    # The interest term is (1.025 x 1,000 - 990) = 35, clamped to 1 % of 1,000.
    numerator, denominator = funding.twap_rate(990, 1_000, 25_000_000, -10_000_000, 10_000_000, 1_000_000, 0, 0)
    assert Fraction(numerator, denominator) * 1_000 == -10 + 10
    with pytest.raises(ValueError, match="external price > 0"):
        funding.twap_rate(1, 0, 0, 0, 0, 1, 0, 0)


def test_funding_is_rounded_against_whoever_it_concerns() -> None:
    """Up when paid, down when received; nothing at a rate of 0 or for no position."""
    assert funding.funding_amount(3, 1_001, 1_000_000, PPB) == -2
    assert funding.funding_amount(-3, 1_001, 1_000_000, PPB) == 1
    assert funding.funding_amount(3, 1_001, -1_000_000, PPB) == 1
    assert funding.funding_amount(-3, 1_001, -1_000_000, PPB) == -2
    assert funding.funding_amount(-3, 1_001, 0, PPB) == 0
    assert funding.funding_amount(3, 1_001, 0, PPB) == 0
    assert funding.funding_amount(0, 0, 5, PPB) == 0


@pytest.mark.parametrize(
    "valuation", [LINEAR, INVERSE, Valuation(Instrument(1, "T", tick_value=1, tick_value_divisor=3))]
)
def test_no_payment_makes_money(valuation: Valuation) -> None:
    """Over sizes that sum to zero: what is paid covers what is received, but for a unit per position of remainder."""
    source = Random(7)
    for _ in range(200):
        sizes = [source.randrange(-50, 51) for _ in range(source.randrange(1, 9))]
        sizes.append(-sum(sizes))
        price = source.randrange(1, 400)
        values = [delivery_value(size, price, valuation) for size in sizes]
        assert -len(sizes) < sum(values) <= 0
        rate = source.randrange(-10_000_000, 10_000_001)
        worth, unit = funding.lot_worth(price, valuation)
        amounts = [funding.funding_amount(size, abs(size) * worth, rate, PPB * unit) for size in sizes]
        assert -len(sizes) < sum(amounts) <= 0


# --- over time ---------------------------------------------------------------------------------------------------


def test_trades_leave_the_window() -> None:
    """Like a scan of all trades; with many of them, so that the columns grow and are moved down."""
    source = Random(3)
    window = TradeWindow(100)
    trades: list[tuple[int, int, int]] = []
    now = 0
    for step in range(2_000):
        now += source.randrange(0, 12 if step % 500 < 400 else 2)
        if source.randrange(3):
            trade = now, source.randrange(-5, 50), source.randrange(1, 9)
            trades.append(trade)
            window.note(*trade)
        there = [(price, lots) for when, price, lots in trades if when > now - 100]
        total = sum(lots for _, lots in there)
        assert window.vwap(now) == (sum(price * lots for price, lots in there) // total if total else None)
    assert (window.has_last, window.last, window.last_ns) == (True, trades[-1][1], trades[-1][0])


def test_without_a_window_only_the_last_trade_is_kept() -> None:
    """And there is no average."""
    window = TradeWindow(0)
    window.note(5, 100, 3)
    assert (window.last, window.last_ns, window.vwap(5)) == (100, 5, None)


def test_average_basis_is_weighted_by_time() -> None:
    """Like a sum over every nanosecond, however often one looks."""
    source = Random(4)
    basis = BasisAverage(MOVING_AVERAGE, 50)
    held: list[int] = []  # the sample that held during each nanosecond
    current = 0
    for _ in range(3_000):
        step = source.randrange(0, 9)
        held += [current] * step
        current = source.randrange(-20, 21) if source.randrange(3) else current
        if not basis.has_sample:
            held = []
        basis.note(len(held), current)
        recent = held[-50:]
        expected = marks.mean(sum(recent) * MICRO, len(recent)) if recent else current * MICRO
        assert basis.value == expected
        assert len(basis.samples) < 250


def test_smoothed_basis_takes_the_newest_sample_of_a_time() -> None:
    """A second look at one time replaces the first; the first sample is the average."""
    for smoothing in (NO_SMOOTHING, EMA, MOVING_AVERAGE):
        once, twice = BasisAverage(smoothing, 10), BasisAverage(smoothing, 10)
        for when, samples in ((0, (7, 5)), (10, (100, 25)), (10, (25,)), (30, (9, 40))):
            for sample in samples:
                twice.note(when, sample)
            once.note(when, samples[-1])
            assert once.value == twice.value
    ema = BasisAverage(EMA, 10)
    ema.note(3, 20)
    assert ema.value == 20 * MICRO
    ema.note(13, 0)
    assert ema.value == 10 * MICRO


def test_time_average_counts_from_start_to_end() -> None:
    """What came before counts from the start on; without a price there is none; where it came late, the rest."""
    average = TimeAverage(100, 200)
    assert average.average() is None
    average.note(50, 10)
    average.note(150, 20)
    assert average.average() == 15
    average.note(500, 99)
    assert average.average() == 15
    late = TimeAverage(100, 200)
    late.note(175, 7)
    assert late.average() == 7
