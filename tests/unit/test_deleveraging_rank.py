"""Auto-deleveraging, the pure part: scores, order, lots and prices."""

import pytest

from exchange.risk.deleveraging_rank import (
    MAX_SCORE,
    can_close_at,
    fill_in_order,
    fill_pro_rata,
    first_place,
    largest,
    lights,
    may_close_at_oracle,
    profit_leverage_score,
    profit_score,
    ramp_lots,
    rank,
    ratio_score,
    return_leverage_score,
    split_price,
    value_ratio_score,
    wallet_ratio_score,
    wallet_return,
)
from exchange.units import PPB


def test_a_ratio_is_rounded_down_and_cut_off() -> None:
    """Towards minus infinity; without a positive denominator it is the greatest score there is."""
    assert ratio_score(2, 3) == 666_666_666
    assert ratio_score(-2, 3) == -666_666_667
    assert ratio_score(1, 0) == ratio_score(1, -5) == MAX_SCORE
    assert ratio_score(1 << 80, 1) == MAX_SCORE
    assert ratio_score(-(1 << 80), 1) == -MAX_SCORE


def test_profit_scores() -> None:
    """Long of cost 1,000 worth 1,100 and short of -1,000 worth -900 gain the same; so does an inverse one."""
    assert profit_score(10, 1_000, 1_100) == profit_score(-10, -1_000, -900) == PPB // 10
    assert return_leverage_score(1_000, 1_100, 20) == 2 * PPB
    # 10 % x 1,100 / 220: leverage 5. A loss of 10 % is divided by it: -10 % x 180 / 900.
    assert profit_leverage_score(1_000, 1_100, 220) == PPB // 2
    assert profit_leverage_score(1_000, 900, 180) == -PPB // 50
    assert profit_leverage_score(1_000, 1_100, 0) == MAX_SCORE
    assert profit_leverage_score(1_000, 900, -1) == 0


def test_wallet_ratio_counts_no_loss_and_no_empty_account() -> None:
    """50 / 100 x 30 / 150 = 0.1; a loss, or nothing left, is 0; a wallet below one unit counts as one."""
    assert wallet_ratio_score(50, 100, 30) == PPB // 10
    assert wallet_ratio_score(-50, 100, 30) == wallet_ratio_score(50, -50, 30) == 0
    assert wallet_return(50, -3) == 50 * PPB


def test_value_ratio_rewards_the_winner_of_either_side() -> None:
    """Long 1,000 -> 1,250: 1.25 x 1,250 / 500. Short 1,000 -> 800: 1.25 x 800 / 500."""
    assert value_ratio_score(1_000, 1_250, 500) == 3_125_000_000
    assert value_ratio_score(-1_000, -800, 500) == 2 * PPB
    assert value_ratio_score(1_000, 1_250, 0) == MAX_SCORE
    assert value_ratio_score(-5, 5, 100) == MAX_SCORE  # haircuts aside, whoever was paid to hold it


def test_bankruptcy_prices_that_overlap() -> None:
    """The share of equity must cover what closing at the price costs, exactly or more."""
    assert can_close_at(100, 90, 10)
    assert not can_close_at(100, 90, 9)
    assert may_close_at_oracle(0, 0)
    assert not may_close_at_oracle(0, -1)
    assert not may_close_at_oracle(-1, 0)


def test_every_order_is_total() -> None:
    """Ties go to the lowest account id."""
    assert rank([7, 3, 5], [1, 1, 2]) == [2, 1, 0]
    assert largest([7, 3, 5], [4, 4, 9], 2) == [2, 1]
    assert largest([7], [4], 10) == [0]


def test_a_drawn_start_is_within_the_candidates_and_repeats() -> None:
    """The same seed and counter, the same place; every place occurs."""
    assert first_place(0, 1, 1) == first_place(1, 1, 1) == 0
    draws = [first_place(3, 9, counter) for counter in range(60)]
    assert set(draws) == {0, 1, 2}
    assert draws == [first_place(3, 9, counter) for counter in range(60)]


def test_lights_are_fifths_of_all_lots() -> None:
    """Cumulated 10, 30, 60, 70, 80, 100 of 100."""
    assert lights([10, 20, 30, 10, 10, 20]) == [1, 2, 3, 4, 4, 5]
    assert lights([]) == []
    assert lights([0]) == [5]


def test_only_the_last_is_closed_in_part() -> None:
    """In order; more than there is closes all."""
    assert fill_in_order(25, [10, 10, 10]) == [10, 10, 5]
    assert fill_in_order(99, [10, 10]) == [10, 10]


@pytest.mark.parametrize(
    ("wanted", "lots", "shares"),
    [
        (10, [4, 8], [3, 7]),
        (10, [1, 1, 1], [1, 1, 1]),
        (1, [5, 5], [1, 0]),
        (0, [5], [0]),
        (7, [3, 3, 3], [3, 2, 2]),
    ],
)
def test_pro_rata_with_the_largest_fractions(wanted: int, lots: list[int], shares: list[int]) -> None:
    """Whole lots, together what is wanted or all there is; nobody gives more than it has."""
    assert fill_pro_rata(wanted, lots) == shares


def test_the_ramp_closes_more_as_equity_falls() -> None:
    """Threshold 1.5 %: nothing there, a third at 1 % (rounded up), all at zero."""
    assert ramp_lots(100, 150, 10_000, 15_000) == 0
    assert ramp_lots(100, 100, 10_000, 15_000) == 34
    assert ramp_lots(100, 0, 10_000, 15_000) == ramp_lots(100, -1, 10_000, 15_000) == 100


def test_a_split_price_lies_between_and_is_against_the_other_side() -> None:
    """Up for a liquidated long, down for a short; the bankruptcy price itself where mark is beyond it."""
    assert split_price(90, 100, 333_333, True) == 94
    assert split_price(110, 100, 333_333, False) == 106
    assert split_price(90, 80, 333_333, True) == 90
