"""Who hears of fills and ends of orders that concern something else. A venue without such orders never calls."""

from mypy_extensions import i64

from exchange.market import Market
from exchange.triggers.plan import Plan


class FillWatcher:
    """Hears nothing; `Links` does."""

    def after_fill(self, market: Market, flags: i64, order_id: i64, taker_id: i64, traded: i64) -> bool:
        """Hear of a fill of a resting order; return whether the book may have changed otherwise since."""
        return False

    def after_last_fill(self, market: Market, plan: Plan, other_id: i64, traded: i64) -> None:
        """Hear of a fill of an order that was taken out since, so that its plan is known no more."""

    def taken_out(self, market: Market, order_id: i64) -> None:
        """Hear that an order was cancelled; its row is gone."""
