"""Prices, fee and surplus, takeover, pace, disposal and levels of liquidation: the pure rules at their edges."""

import pytest

from exchange.errors import InvariantError
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.margin.prices import share_of_equity
from exchange.margin.valuation import Valuation
from exchange.risk.budgets import Budgets, Window
from exchange.risk.disposal_size import band_limit, disposal_lots, is_step_due, mid_twice
from exchange.risk.levels import cure, level_of, threshold
from exchange.risk.order_price import (
    fillable_price,
    needed_for_part,
    offset_price,
    price_at_share,
    spread_given_up,
    worse_price,
)
from exchange.risk.pacing import budget_left, distance_key, is_drawn, is_window_over, leg_budget, random_key
from exchange.risk.sharing import NO_CAP
from exchange.risk.surplus import fund_delta, fund_share, is_fund_able, uncapped_fee
from exchange.risk.takeover import is_declined, lots_below_backstop, lots_within_capacity, taker_value
from exchange.rules import PacingRules

LINEAR = Valuation(Instrument(instrument_id=1, symbol="A"))
MOST = 10**6


# --- prices ------------------------------------------------------------------------------------------------------


def test_a_share_of_equity() -> None:
    """Rounded down, also below zero; all of it for the only leg, or without weights."""
    assert share_of_equity(100, 1, 3) == 33
    assert share_of_equity(-100, 1, 3) == -34
    assert share_of_equity(100, 3, 3) == share_of_equity(100, 0, 0) == 100


@pytest.mark.parametrize(
    ("size", "value", "share", "price"),
    [(8, 744, 28, 90), (-8, -744, 28, 96), (10, 1_000, 2_000, 1), (-10, -1_000, 10**9, MOST)],
)
def test_price_at_share(size: int, value: int, share: int, price: int) -> None:
    """Up for a long, down for a short, held to the range of prices."""
    assert price_at_share(LINEAR, size, value, share, 1, MOST) == price


def test_the_spread_grows_with_distress() -> None:
    """Nothing at the requirement, all of it where equity is gone, and never more; rounded down."""
    assert spread_given_up(100, 100, 100, 1_000_000, 100_000) == 0
    assert spread_given_up(50, 100, 100, 1_000_000, 100_000) == 5
    assert spread_given_up(51, 100, 100, 1_000_000, 100_000) == 4
    assert spread_given_up(0, 100, 100, 1_000_000, 100_000) == 10
    assert spread_given_up(-900, 100, 100, 1_000_000, 100_000) == 10
    assert spread_given_up(150, 100, 100, 1_000_000, 100_000) == spread_given_up(0, 0, 0, 1_000_000, 100_000) == 0
    assert fillable_price(LINEAR, 10, 1_000, 0, 100, 100, 1_000_000, 500_000, 1, MOST) == 95
    assert fillable_price(LINEAR, -10, -1_000, 0, 100, 100, 1_000_000, 500_000, 1, MOST) == 105


def test_prices_off_a_reference() -> None:
    """Below for a sale, above for a purchase; the width is rounded down."""
    assert offset_price(199, 10_000, True, 1, MOST) == 198
    assert offset_price(199, 10_000, False, 1, MOST) == 200
    assert offset_price(100, 999_999, True, 50, MOST) == 50
    assert worse_price(85, 88, True) == 85
    assert worse_price(85, 80, True) == 80
    assert worse_price(85, 88, False) == 88


def test_what_a_part_must_bring() -> None:
    """In proportion to the lots, rounded up: against the account."""
    assert needed_for_part(10, 3, 850) == 255
    assert needed_for_part(3, 1, 1_000) == 334
    assert needed_for_part(3, 1, -1_000) == -333


# --- fee and surplus ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brought", "needed", "ppm", "delta"),
    [
        (930, 850, 5_000, 5),
        (855, 850, 10_000, 5),
        (850, 850, 10_000, 0),
        (800, 850, 10_000, -50),
        (-930, -1_000, 5_000, 5),
    ],
)
def test_the_funds_part_of_a_fill(brought: int, needed: int, ppm: int, delta: int) -> None:
    """The fee up to the surplus; a shortfall in full."""
    assert fund_delta(10, brought, needed, ppm) == delta


def test_fees_shares_and_what_the_fund_can_bear() -> None:
    """Fee and share are rounded up; a gain is always borne; a fill of nothing is a mistake."""
    assert uncapped_fee(-930, 5_000) == 5
    assert (fund_share(100, 333_333), fund_share(1, 1), fund_share(7, 1_000_000), fund_share(7, 0)) == (34, 1, 7, 0)
    assert is_fund_able(0, 100, 0)
    assert is_fund_able(150, 100, -50)
    assert not is_fund_able(150, 100, -51)
    with pytest.raises(ValueError, match="lots > 0"):
        fund_delta(0, 5, 5, 5)


# --- takeover ----------------------------------------------------------------------------------------------------


def test_a_taker_pays_part_of_the_way_to_mark() -> None:
    """Rounded up, for longs and shorts, also where the account's price is beyond mark."""
    assert taker_value(19_800, 20_000, 333_333) == 19_867
    assert taker_value(-20_200, -20_000, 333_333) == -20_133
    assert taker_value(20_100, 20_000, 333_333) == 20_067
    assert taker_value(19_800, 20_000, 0) == 19_800


def test_the_part_below_the_backstop() -> None:
    """1 - equity / requirement, rounded up; all without equity."""
    assert lots_below_backstop(100, 700, 987) == 30
    assert lots_below_backstop(100, 986, 987) == 1
    assert lots_below_backstop(100, 0, 987) == lots_below_backstop(100, -1, 0) == 100


@pytest.mark.parametrize(
    ("held", "size", "allowed", "taken"),
    [
        (0, 10, 500, 5),
        (0, 10, 509, 5),
        (0, 10, 10**6, 10),
        (5, 10, 500, 0),
        (-4, 10, 500, 9),
        (-4, 10, 0, 4),
        (4, -10, 0, 4),
    ],
)
def test_capacity(held: int, size: int, allowed: int, taken: int) -> None:
    """What reduces the taker's own position is always allowed. Ten lots are worth 1,000."""
    assert lots_within_capacity(held, size, 1_000, allowed) == taken
    assert lots_within_capacity(held, size, 0, allowed) == 10


def test_who_acts_first() -> None:
    """A backstop may decline who is insolvent."""
    assert is_declined(-1, True)
    assert not is_declined(-1, False)
    assert not is_declined(0, True)


# --- pace --------------------------------------------------------------------------------------------------------


def test_windows() -> None:
    """They empty at once; without a length they last a moment."""
    assert not is_window_over(10, 19, 10)
    assert is_window_over(10, 20, 10)
    assert not is_window_over(10, 10, 0)
    assert is_window_over(10, 11, 0)
    window = Window()
    assert window.left(100, 0, 10) == 100
    window.use(100, 0, 10)
    assert window.left(100, 6, 10) == 0
    assert window.left(100, 11, 10) == 100
    window.use(50, 11, 10)
    assert window.left(100, 20, 10) == 50


def test_budgets() -> None:
    """More than a cap is never used; a leg has one turn."""
    assert budget_left(100, 100) == 0
    assert leg_budget(False, 100, 60) == 40
    with pytest.raises(InvariantError, match="at most 50 used in a window, found 100"):
        budget_left(50, 100)
    with pytest.raises(ValueError, match="not tried"):
        leg_budget(True, 100, 0)
    assert Budgets(PacingRules(), EventLog()).loss_left() == NO_CAP


def test_chance_and_order() -> None:
    """Draws repeat themselves; the one furthest from mark comes first, then the largest."""
    drawn = [is_drawn(7, counter, 166_667) for counter in range(6_000)]
    assert drawn == [is_drawn(7, counter, 166_667) for counter in range(6_000)]
    assert 900 < sum(drawn) < 1_100
    assert is_drawn(7, 0, 1_000_000)
    assert distance_key(99, 100, 5) < distance_key(100, 100, 9)
    assert distance_key(102, 100, 5) < distance_key(99, 100, 9)
    assert distance_key(99, 100, 9) < distance_key(101, 100, 5)
    assert random_key(1, 2) != random_key(1, 3)


# --- disposal ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "book", "lots"), [(50, 1_000, 5), (51, 1_000, 6), (10, 1_000, 10), (10, 0, 0), (50, 11, 3), (50, 1, 1)]
)
def test_disposal_sizes(held: int, book: int, lots: int) -> None:
    """A tenth, all at ten or less, at most a fifth of the book."""
    assert disposal_lots(held, 100_000, 10, book, 200_000) == lots


def test_the_band_and_the_step() -> None:
    """The limit stands inside the band; a step is due when its time is over and the market open."""
    assert mid_twice(126, 151) == 277
    assert (band_limit(277, 100_000, True), band_limit(277, 100_000, False)) == (125, 152)
    assert band_limit(-20, 100_000, True) == -11
    assert is_step_due(15, 10, 5, True)
    assert not is_step_due(14, 10, 5, True)
    assert not is_step_due(15, 10, 5, False)


# --- levels ------------------------------------------------------------------------------------------------------

SCALES = [1_500_000, 0, 1_000_000, 666_667]


@pytest.mark.parametrize(
    ("equity", "level", "level_if_equal"),
    [(151, 0, 0), (150, 0, 1), (149, 1, 1), (100, 1, 3), (99, 3, 3), (67, 3, 3), (66, 4, 4), (-1, 4, 4)],
)
def test_levels(equity: int, level: int, level_if_equal: int) -> None:
    """Below is strict, unless equal counts; a level that is not used is passed by. 66.67 has no equal."""
    assert level_of(equity, 100, SCALES, False) == level
    assert level_of(equity, 100, SCALES, True) == level_if_equal


def test_an_account_without_requirement() -> None:
    """Zero equity is at no level, whatever equal means; less than nothing is at the lowest."""
    for is_equal_below in (False, True):
        assert level_of(0, 0, SCALES, is_equal_below) == 0
        assert level_of(-1, 0, SCALES, is_equal_below) == 4
    assert threshold(3, 500_000, False) == 2
    assert threshold(3, 500_000, True) == 2
    assert threshold(4, 500_000, True) == 3


def test_what_cures() -> None:
    """The money up to the highest level's threshold."""
    assert cure(90, 100, SCALES, False) == 60
    assert cure(90, 100, SCALES, True) == 61
    assert cure(150, 100, SCALES, False) == 0
