"""Which prices trigger orders watch, and which order is elected next (docs/semantics/triggers.md, section 1)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from exchange.enums import Phase, Side, TriggerSource

if TYPE_CHECKING:
    from tests.reference.book import Book, Order

FAR = 10**30  # what an empty side counts as


class Price(IntEnum):
    """What a trigger order watches; the first is looked at first."""

    LAST = 0
    MARK = 1
    INDEX = 2
    ASK = 3
    BID = 4

    @property
    def source(self) -> TriggerSource:
        """Return how events name it."""
        names = (TriggerSource.VENUE, TriggerSource.MARK, TriggerSource.INDEX)
        return names[self] if self <= Price.INDEX else TriggerSource.OPPOSITE_BEST


RULE = {
    "last": TriggerSource.LAST,
    "mark": TriggerSource.MARK,
    "index": TriggerSource.INDEX,
    "opposite_best": TriggerSource.OPPOSITE_BEST,
}


class Watches:
    """The prices of one instrument as they were last looked at."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.outside: dict[Price, Callable[[], int | None]] = {}  # mark and index, set by the venue
        self.seen: dict[Price, int | None] = {}  # of those that are watched
        self.fresh: set[Price] = set()  # those whose value may touch orders
        self.rose: dict[Price, bool] = {}

    def price_of(self, source: TriggerSource, side: Side) -> Price:
        """Return the price that a source means for an order of a side."""
        if source == TriggerSource.VENUE:
            source = RULE[self.book.rules.stop_trigger_source]
        if source == TriggerSource.OPPOSITE_BEST:
            return Price.ASK if side == Side.BUY else Price.BID
        return Price(int(source) - 1)

    def source_to_keep(self, order: Order) -> TriggerSource:
        """Return how the source of an order is written down: VENUE where it is what the rule says."""
        is_rule = order.source == RULE[self.book.rules.stop_trigger_source]
        return TriggerSource.VENUE if is_rule else order.source

    def value(self, price: Price) -> int | None:
        """Return a price as it is now, None where it is not there."""
        if price == Price.LAST:
            return self.book.last_price
        if price in (Price.ASK, Price.BID):
            best = self.book.best(Side.SELL if price == Price.ASK else Side.BUY)
            if best is None and self.book.rules.trigger_when_side_empty == "fire":
                return FAR if price == Price.ASK else -FAR
            return best
        return self.outside[price]() if price in self.outside else None

    def start(self, price: Price) -> None:
        """Watch a price from now on."""
        if price != Price.LAST and price not in self.seen:
            self.seen[price] = self.value(price)

    def last_seen(self, price: Price) -> int | None:
        """Return a price as last looked at."""
        return self.book.last_price if price == Price.LAST else self.seen.get(price)

    def note(self, order: Order) -> None:
        """An order enters, or was amended: it may come touched."""
        order.watches = self.price_of(order.source, order.side)
        self.start(order.watches)
        seen = self.last_seen(order.watches)
        is_new_trail = order.trail is not None and not order.trail.has_entered
        elects = self.book.rules.stop_already_touched == "elect"
        order.came_touched = elects and not is_new_trail and seen is not None and order.is_touched_by(seen, seen)

    def look_at(self, price: Price) -> None:
        """Look at a price, if it is watched."""
        if price not in self.seen:
            return
        seen, now = self.seen[price], self.value(price)
        if now == seen:
            return
        self.seen[price] = now
        self.fresh.discard(price)
        if now is None:
            self.rose[price] = price == Price.ASK
        else:
            self.fresh.add(price)
            self.rose[price] = seen is None or abs(seen) == FAR or now > seen

    def is_touched(self, order: Order) -> bool:
        """Whether the order may be elected now."""
        return order.came_touched or self.is_touched_now(order)

    def is_touched_now(self, order: Order) -> bool:
        """Whether a price touches the order, however it came."""
        if order.watches == Price.LAST:
            low, high = self.book.low, self.book.high
            return low is not None and high is not None and order.is_touched_by(low, high)
        seen = self.seen[order.watches]
        return order.watches in self.fresh and seen is not None and order.is_touched_by(seen, seen)

    def next_order(self) -> Order | None:
        """Return the trigger order that is elected next, None if none is touched.

        A price is looked at when its turn comes, and ceases to touch when none of its orders is touched. Outside
        CONTINUOUS all of that waits.
        """
        if self.book.phase != Phase.CONTINUOUS:
            return None
        stops = [order for order in self.book.live if order.is_stop]
        for price in Price:
            if price != Price.LAST and price not in self.seen:
                continue  # nobody ever watched it
            self.look_at(price)
            waiting = [order for order in stops if order.watches == price]
            if not any(self.is_touched_now(order) for order in waiting):
                self.forget(price)
            orders = [order for order in waiting if self.is_touched(order)]
            if not orders:
                continue
            rising = [order for order in orders if order.is_rising]
            falling = [order for order in orders if not order.is_rising]
            rose = self.rose.get(price, True)
            if price == Price.LAST:
                rose = self.book.last_taker_side == Side.BUY
            if rising and (rose or not falling):
                return min(rising, key=lambda order: (order.trigger, order.place))
            return min(falling, key=lambda order: (-order.trigger, order.place))
        return None

    def forget(self, price: Price) -> None:
        """No order is touched by a price any more: only what happens to it from here on counts."""
        if price == Price.LAST:
            self.book.forget_range()
        self.fresh.discard(price)

    def shown_price(self, price: Price) -> int:
        """Return the price as `StopTriggered` shows it."""
        seen = self.last_seen(price)
        return 0 if seen is None or abs(seen) == FAR else seen
