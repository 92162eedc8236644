"""The market orders that wait for an auction: no price, so no level; oldest first on each side.

Chained through their rows in the order pool, like the orders of a level. Their TRIGGER word holds the price at which
their owner's margin is reserved.
"""

from typing import final

from mypy_extensions import i64

from exchange.book.order_pool import FLAGS, LEVEL, NEXT, OPEN, PREV, SIDE_MASK, OrderPool
from exchange.enums import BUY


@final
class MarketQueue:
    """Two queues, one for each side."""

    def __init__(self, orders: OrderPool) -> None:
        """Chain orders through the rows of `orders`."""
        self.orders = orders
        self.count: i64 = 0
        self.bought: int = 0  # lots of all that buy
        self.sold: int = 0
        self.is_changed: bool = False  # since somebody who watches it said that it was not
        self.oldest_buy: i64 = 0
        self.youngest_buy: i64 = 0
        self.oldest_sell: i64 = 0
        self.youngest_sell: i64 = 0

    def add(self, order: i64) -> None:
        """Queue an order behind the others of its side."""
        words = self.orders.words
        words[order + LEVEL] = 0
        words[order + NEXT] = 0
        if words[order + FLAGS] & SIDE_MASK == BUY:
            older = self.youngest_buy
            self.youngest_buy = order
            if older == 0:
                self.oldest_buy = order
        else:
            older = self.youngest_sell
            self.youngest_sell = order
            if older == 0:
                self.oldest_sell = order
        words[order + PREV] = older
        if older != 0:
            words[older + NEXT] = order
        self.count += 1
        self.count_lots(words[order + FLAGS] & SIDE_MASK, words[order + OPEN])

    def remove(self, order: i64) -> None:
        """Take an order out of its queue."""
        words = self.orders.words
        older = words[order + PREV]
        younger = words[order + NEXT]
        if older != 0:
            words[older + NEXT] = younger
        if younger != 0:
            words[younger + PREV] = older
        if words[order + FLAGS] & SIDE_MASK == BUY:
            if older == 0:
                self.oldest_buy = younger
            if younger == 0:
                self.youngest_buy = older
        else:
            if older == 0:
                self.oldest_sell = younger
            if younger == 0:
                self.youngest_sell = older
        self.count -= 1
        self.count_lots(words[order + FLAGS] & SIDE_MASK, -words[order + OPEN])

    def oldest(self, side: i64) -> i64:
        """Return the first order of a side, or 0; NEXT leads on."""
        return self.oldest_buy if side == BUY else self.oldest_sell

    def count_lots(self, side: i64, lots: i64) -> None:
        """Count so many lots more on a side; fewer where negative."""
        if side == BUY:
            self.bought += lots
        else:
            self.sold += lots
        self.is_changed = True

    def lots(self, side: i64) -> int:
        """Return the open quantity of a side."""
        return self.bought if side == BUY else self.sold
