"""A debt grows by interest to the limit of money and no further."""

from exchange.commands import AdvanceTime, Deposit, DepositAsset, OpenPosition, SetMarkPrice
from exchange.rules import BorrowRules, DebtRules, LiquidationRules, Rules
from exchange.units import MAX_MONEY
from tests.helpers import BUY, SELL, A, margin_venue, order, run_all

DAY_NS = 86_400 * 10**9


def test_interest_stops_at_the_limit_of_money():
    """One per cent an hour for a year is far beyond 64 bits."""
    rules = Rules(
        liquidation=LiquidationRules(order="market"), waterfall=("debt",), debt=DebtRules(interest_ppb=10_000_000)
    )
    venue = margin_venue(rules=rules)
    venue.apply(Deposit(0, 7, 1_000))
    venue.apply(OpenPosition(0, A, 7, 100, 100))
    venue.apply(SetMarkPrice(0, A, 50))
    for day in range(1, 366):
        venue.apply(AdvanceTime(day * DAY_NS))
    assert venue.account(7).debt == MAX_MONEY
    venue.check()
    assert venue.digest()


def test_the_interest_on_a_loan_stops_there_too() -> None:
    """Nobody buys what the borrower holds: its debt grows by one per cent an hour, for two years."""
    rules = Rules(
        liquidation=LiquidationRules(remainder=("market",)),
        borrow=BorrowRules(may_borrow=True, rate_ppb=10_000_000, leverage=5),
    )
    venue = margin_venue(rules=rules, kind="spot")
    run_all(
        venue,
        Deposit(1, 8, 10_000),
        Deposit(1, 9, 1_000_000),
        DepositAsset(1, A, 9, 1_000),
        SetMarkPrice(2, A, 1_000),
        order(9, 1, SELL, 40, 1_000, ts=3),
        order(8, 2, BUY, 40, 1_000, ts=3),
    )
    for quarter in range(1, 9):
        run_all(venue, AdvanceTime(quarter * 91 * DAY_NS))
    assert venue.account(8).balance == 40_000 - MAX_MONEY
