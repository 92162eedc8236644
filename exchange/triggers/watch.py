"""One price that pending stops watch, other than the last trade's: mark, index, best ask, best bid."""

from typing import final

from mypy_extensions import i64

from exchange.book.order_pool import FLAGS, TRIGGER, OrderPool
from exchange.book.stop_index import ASK_SERIES, BID_SERIES, NEVER_FALLING, NEVER_RISING, StopIndex, is_rising


@final
class Watch:
    """The stops that watch a price, and what it was when they were last looked at.

    A price that is not there touches nothing, but for a best price of an empty side where the rules let that fire: asks
    are then infinitely high, bids infinitely low.
    """

    def __init__(self, series: i64, orders: OrderPool) -> None:
        """Begin without a price."""
        self.series: i64 = series
        self.stops = StopIndex(orders)
        self.is_there: bool = False  # the price, as last seen
        self.price: i64 = 0
        self.is_moved: bool = False  # and not every stop that it touches has been elected since
        self.has_risen: bool = True  # in its last move; a first price counts as one
        self.fires_empty: bool = False

    def see(self, is_there: bool, price: i64) -> None:
        """Take note of what the price is now."""
        if is_there == self.is_there and (price == self.price or not is_there):
            return
        self.is_moved = True
        if is_there and self.is_there:
            self.has_risen = price > self.price
        elif is_there:
            self.has_risen = True
        else:
            self.has_risen = self.series == ASK_SERIES
        self.is_there = is_there
        self.price = price

    def low(self) -> i64:
        """Return the price that falling stops see."""
        if self.is_there:
            return self.price
        return NEVER_FALLING + 1 if self.fires_empty and self.series == BID_SERIES else NEVER_RISING

    def high(self) -> i64:
        """Return the price that rising stops see."""
        if self.is_there:
            return self.price
        return NEVER_RISING - 1 if self.fires_empty and self.series == ASK_SERIES else NEVER_FALLING

    def touches(self, order: i64) -> bool:
        """Return whether the price as last seen touches a stop."""
        words = self.stops.orders.words
        trigger = words[order + TRIGGER]
        return trigger <= self.high() if is_rising(words[order + FLAGS]) else trigger >= self.low()

    def next_touched(self) -> i64:
        """Return the stop that is elected next, 0 for none."""
        if not self.is_moved and not self.stops.has_come_touched:
            return 0
        if self.stops.lowest_rising > self.high() and self.stops.highest_falling < self.low():
            self.is_moved = False  # whatever came touched is elected by itself
        order = self.stops.next_touched(self.is_moved, self.low(), self.high(), self.has_risen)
        if order == 0:
            self.is_moved = False
        return order
