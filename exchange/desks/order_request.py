"""A PlaceOrder that is not plain, on its way through the checks."""

from typing import final

from mypy_extensions import i64

from exchange.book.live_terms import LiveTerms
from exchange.desks.terms_desk import Terms


@final
class OrderRequest:
    """A PlaceOrder that is not plain. Units as in the command."""

    def __init__(self, owner: i64, order_id: i64) -> None:
        """Ask for a limit order to buy; the rest is filled in."""
        self.owner: i64 = owner
        self.order_id: i64 = order_id
        self.side: i64 = 0
        self.kind: i64 = 0
        self.time_in_force: i64 = 0
        self.post_only: i64 = 0
        self.lots: i64 = 0
        self.price: i64 = 0
        self.trigger: i64 = 0
        self.origin: i64 = 0
        self.trigger_source: i64 = 0
        self.effect: i64 = 0
        self.terms: Terms | None = None
        self.live = LiveTerms()  # what it keeps of its terms and its time in force
        self.is_replacing: bool = False
        self.replaced_id: i64 = 0
