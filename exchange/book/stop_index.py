"""The pending stops of one book, by trigger price and then arrival.

Triggers are looked up in order but change far less often than levels, so they stand in two `SortedDict`s; what every
trade needs, the nearest trigger of each side, is kept beside them as an integer. The stops of one trigger are chained
through their rows in the order pool.
"""

from typing import Final, final

from mypy_extensions import i64
from sortedcontainers import SortedDict

from exchange.book.order_pool import FLAGS, LEVEL, NEXT, PREV, SIDE_MASK, TRIGGER, OrderPool
from exchange.enums import BUY

NEVER_BUY: Final = 1 << 62  # above every price
NEVER_SELL: Final = -(1 << 62)  # below every price


@final
class StopIndex:
    """Buy stops wait above the market, sell stops below it."""

    def __init__(self, orders: OrderPool) -> None:
        """Chain stops through the rows of `orders`."""
        self.orders = orders
        self.buys: SortedDict[int, list[int]] = SortedDict()  # trigger -> [oldest, youngest]
        self.sells: SortedDict[int, list[int]] = SortedDict()
        self.lowest_buy: i64 = NEVER_BUY
        self.highest_sell: i64 = NEVER_SELL
        self.count: i64 = 0

    def add(self, order: i64) -> None:
        """Queue a stop behind the others of its trigger."""
        words = self.orders.words
        trigger = words[order + TRIGGER]
        is_buy = words[order + FLAGS] & SIDE_MASK == BUY
        queues = self.buys if is_buy else self.sells
        words[order + LEVEL] = 0
        words[order + NEXT] = 0
        queue = queues.get(trigger)
        if queue is None:
            words[order + PREV] = 0
            queues[trigger] = [order, order]
            self._look_again(is_buy)
        else:
            youngest: i64 = queue[1]
            words[order + PREV] = youngest
            words[youngest + NEXT] = order
            queue[1] = order
        self.count += 1

    def remove(self, order: i64) -> None:
        """Take a stop out of its queue."""
        words = self.orders.words
        trigger = words[order + TRIGGER]
        is_buy = words[order + FLAGS] & SIDE_MASK == BUY
        queues = self.buys if is_buy else self.sells
        older = words[order + PREV]
        younger = words[order + NEXT]
        if older == 0 and younger == 0:
            del queues[trigger]
            self._look_again(is_buy)
        else:
            queue = queues[trigger]
            if older == 0:
                queue[0] = younger
            else:
                words[older + NEXT] = younger
            if younger == 0:
                queue[1] = older
            else:
                words[younger + PREV] = older
        self.count -= 1

    def next_buy(self) -> i64:
        """Return the oldest stop of the lowest buy trigger. There must be one."""
        order: i64 = self.buys.peekitem(0)[1][0]
        return order

    def next_sell(self) -> i64:
        """Return the oldest stop of the highest sell trigger. There must be one."""
        order: i64 = self.sells.peekitem(-1)[1][0]
        return order

    def _look_again(self, is_buy: bool) -> None:
        if is_buy:
            self.lowest_buy = self.buys.peekitem(0)[0] if self.buys else NEVER_BUY
        else:
            self.highest_sell = self.sells.peekitem(-1)[0] if self.sells else NEVER_SELL
