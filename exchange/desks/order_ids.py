"""The ids of the venue's own orders: -1, -2, ..., passing by any that is live."""

from typing import final

from mypy_extensions import i64

from exchange.market import Market


@final
class OwnOrderIds:
    """Counts down."""

    def __init__(self) -> None:
        """Begin at -1."""
        self.next_id: i64 = -1

    def take(self, market: Market) -> i64:
        """Return the next id that is not live in a market's book."""
        while market.book.find(self.next_id) != 0:
            self.next_id -= 1
        order_id = self.next_id
        self.next_id = order_id - 1
        return order_id
