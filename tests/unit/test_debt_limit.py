"""A debt grows by interest to the limit of money and no further."""

from exchange.commands import AdvanceTime, Deposit, OpenPosition, SetMarkPrice
from exchange.rules import DebtRules, LiquidationRules, Rules
from exchange.units import MAX_MONEY
from tests.helpers import A, margin_venue

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
