"""What the matcher counts as traded."""

from exchange.commands import AmendOrder
from exchange.events import OrderAmended
from exchange.exchange import Exchange
from exchange.rules import OrderRules, Rules
from tests.helpers import BUY, LINEAR, SELL, A, order, run_all


def test_lots_lost_to_a_self_trade_rule_are_not_filled() -> None:
    """decrement_both takes 4 of 10 without a trade and 1 trades: a new total of 8 leaves 7 open, not 3."""
    venue = Exchange([LINEAR], Rules(clearing="none", orders=OrderRules(self_trade="decrement_both")))
    run_all(venue, order(1, 1, SELL, 4, 100), order(2, 2, SELL, 1, 100), order(1, 3, BUY, 10, 100))
    resting = venue.book(A).order(3)
    assert resting is not None
    assert (resting.open_lots, resting.filled_lots) == (5, 1)
    (amended,) = venue.apply(AmendOrder(0, A, 1, 3, 8, is_total_qty=True))
    assert isinstance(amended, OrderAmended)
    assert amended.qty_lots == 7
