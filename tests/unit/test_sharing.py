"""Who pays how much of a loss: shares, levies, rates, and what an emergency settlement pays."""

from random import Random

import pytest

from exchange.risk.debt import interest_on, repayment
from exchange.risk.sharing import (
    clawback_rate,
    drawdown_ratio,
    drawdown_room,
    fund_claim,
    is_drawn_down,
    is_gated,
    lender_cut,
    lender_cut_rate,
    lender_cuts,
    levy_or_share,
    open_interest_rate,
    open_interest_shares,
    share_collected,
    share_out,
)
from exchange.units import PPB


@pytest.mark.parametrize(
    ("remainder", "shares"),
    [("last", [3, 3, 4]), ("first", [4, 3, 3]), ("largest", [4, 3, 3]), ("venue", [3, 3, 3])],
)
def test_who_takes_the_remainder(remainder: str, shares: list[int]) -> None:
    """10 over three equals."""
    assert share_out(10, [5, 5, 5], remainder) == shares


def test_the_largest_takes_the_remainder_wherever_it_stands() -> None:
    """And the first of two that are equal."""
    assert share_out(10, [5, 20, 5], "largest") == [1, 8, 1]
    assert share_out(5, [2, 2, 1], "largest") == [2, 2, 1]


def test_no_share_exceeds_its_weight() -> None:
    """A thousand random losses: together what is shared (less than the number of payers, where the venue rounds)."""
    random = Random(7)
    for _ in range(1_000):
        weights = [random.randrange(0, 50) for _ in range(random.randrange(1, 8))] + [1]
        total = random.randrange(0, sum(weights) + 1)
        for remainder in ("last", "first", "largest", "venue"):
            shares = share_out(total, weights, remainder)
            assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))
            assert sum(shares) == total or (remainder == "venue" and total - len(weights) < sum(shares) <= total)


def test_a_fund_pays_within_all_its_caps() -> None:
    """-1 is no cap; 0 is."""
    assert fund_claim(100, 80, -1, -1, -1) == 80
    assert fund_claim(100, 80, 70, 60, 50) == 50
    assert fund_claim(100, 80, -1, 0, -1) == 0
    assert fund_claim(100, -5, -1, -1, -1) == 0


def test_winners_share_what_was_collected() -> None:
    """Floors, the remainder to the last; all of it where it is enough."""
    assert share_collected(5_080, [80, 8_000], "last") == [50, 5_030]
    assert share_collected(8_080, [80, 8_000], "last") == [80, 8_000]


def test_a_levy_where_it_is_enough() -> None:
    """1 % of 1,000 is 10: enough for 9, not for 10 (equal is not more); and never above the profits."""
    assert levy_or_share(9, [600, 400], 10_000, "last") == [6, 4]
    assert levy_or_share(10, [600, 400], 10_000, "last") == [6, 4]
    assert levy_or_share(11, [600, 400], 10_000, "last") == [6, 5]
    assert levy_or_share(5_000, [600, 400], 10_000, "last") == [600, 400]
    assert levy_or_share(5, [0, 0], 10_000, "last") == [0, 0]


def test_open_interest_is_rounded_up_and_limited() -> None:
    """ceil(100 / 7) = 15 a lot; nobody pays beyond its limit."""
    assert open_interest_rate(100, 7) == 15
    assert open_interest_rate(100, 0) == 0
    assert open_interest_shares(100, [3, 4], [1_000, 50]) == [45, 50]
    assert open_interest_shares(100, [3, 4], [1_000, -1]) == [45, 0]


def test_rates_of_clawbacks_and_cuts() -> None:
    """Down for the one that others pay, up for the lender's; never more than all."""
    assert clawback_rate(1, 3) == 333_333_333
    assert clawback_rate(5, 3) == PPB
    assert clawback_rate(5, 0) == 0
    assert lender_cut_rate(1, 3) == 333_333_334
    assert lender_cut_rate(9, 3) == PPB
    assert lender_cut_rate(9, 0) == 0
    assert lender_cut(10, 333_333_334) == 4
    assert lender_cut(1, PPB) == 1
    assert lender_cuts(10, [1, 20, 9]) == [1, 7, 4]
    assert lender_cuts(99, [1, 2]) == [1, 2]


def test_the_gate_opens_at_its_end() -> None:
    """Closed while less than the length has passed."""
    assert is_gated(149, 100, 50)
    assert not is_gated(150, 100, 50)


def test_drawdown_starts_below_the_trigger_and_stops_above_the_stop() -> None:
    """Exactly at the trigger it has not started; exactly at the stop it goes on; an empty pool is drawn down."""
    assert not is_drawn_down(-300, 1_000, 300_000, 250_000, False)
    assert is_drawn_down(-301, 1_000, 300_000, 250_000, False)
    assert is_drawn_down(-250, 1_000, 300_000, 250_000, True)
    assert not is_drawn_down(-249, 1_000, 300_000, 250_000, True)
    assert is_drawn_down(0, 0, 300_000, 250_000, False)
    assert drawdown_ratio(-1, 3) == -333_334
    assert drawdown_ratio(5, 0) == -1_000_000
    assert (drawdown_room(-100, 1_000, 300_000), drawdown_room(-350, 1_000, 300_000)) == (200, -50)


def test_repayments() -> None:
    """The fund first, then accounts, then the venue; or all of them in proportion. Never more than is owed."""
    assert repayment(150, 50, [80, 120], 50, False) == (50, [40, 60], 0)
    assert repayment(270, 50, [80, 120], 50, False) == (50, [80, 120], 20)
    assert repayment(150, 50, [80, 120], 50, True) == (25, [40, 60], 25)
    assert repayment(999, 50, [], 50, False) == (50, [], 50)
    assert repayment(0, 50, [1], 50, True) == (0, [0], 0)
    assert interest_on(101, 10_000_000) == 2  # 1.01, rounded up
