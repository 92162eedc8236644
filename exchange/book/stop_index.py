"""Pending stops that watch one price, by trigger and then arrival.

Triggers are looked up in order but change far less often than levels, so they stand in two `SortedDict`s; what every
trade needs, the nearest trigger of each direction, is kept beside them as an integer. The stops of one trigger are
chained through their rows in the order pool.

Cost: a stop that joins or leaves a trigger where others wait O(1), else O(log triggers); looking for the next O(1).
Of those that came touched there is a count for each trigger, at O(log of these).
"""

from typing import Final, final

from mypy_extensions import i64
from sortedcontainers import SortedDict

from exchange.book.order_pool import (
    ASLEEP_BIT,
    CAME_TOUCHED_BIT,
    FLAGS,
    LEVEL,
    NEXT,
    PREV,
    SIDE_MASK,
    SOURCE_MASK,
    SOURCE_SHIFT,
    TAKE_PROFIT_SHIFT,
    TRIGGER,
    OrderPool,
)
from exchange.enums import BUY

LAST_SERIES: Final = 0
MARK_SERIES: Final = 1
INDEX_SERIES: Final = 2
ASK_SERIES: Final = 3  # the opposite best of buys
BID_SERIES: Final = 4  # of sells

NEVER_RISING: Final = 1 << 62  # above every price
NEVER_FALLING: Final = -(1 << 62)  # below every price


def series_of(flags: i64) -> i64:
    """Return which price a stop with these flags watches."""
    series: i64 = flags >> SOURCE_SHIFT & SOURCE_MASK
    return series + 1 if series == ASK_SERIES and flags & 1 != BUY else series


def is_rising(flags: i64) -> bool:
    """Return whether a stop waits for a price that rises to its trigger: a buy stop, or a sell take-profit."""
    return (flags ^ flags >> TAKE_PROFIT_SHIFT) & SIDE_MASK == BUY


@final
class StopIndex:
    """The rising wait for a price at or above their trigger, the falling for one at or below it."""

    def __init__(self, orders: OrderPool) -> None:
        """Chain stops through the rows of `orders`."""
        self.orders = orders
        self.rising: SortedDict[int, list[int]] = SortedDict()  # trigger -> [oldest, youngest]
        self.falling: SortedDict[int, list[int]] = SortedDict()
        self.lowest_rising: i64 = NEVER_RISING
        self.highest_falling: i64 = NEVER_FALLING
        self.count: i64 = 0
        self.asleep: dict[int, None] = {}  # trailing stops without a trigger, by entry
        self.has_come_touched: bool = False
        self.came_rising: SortedDict[int, int] = SortedDict()  # trigger -> how many there have CAME_TOUCHED_BIT
        self.came_falling: SortedDict[int, int] = SortedDict()

    def add(self, order: i64) -> None:
        """Queue a stop behind the others of its trigger."""
        words = self.orders.words
        trigger = words[order + TRIGGER]
        rises = is_rising(words[order + FLAGS])
        queues = self.rising if rises else self.falling
        words[order + LEVEL] = 0
        words[order + NEXT] = 0
        if words[order + FLAGS] & ASLEEP_BIT != 0:
            self.asleep[order] = None
            self.count += 1
            return
        queue = queues.get(trigger)
        if queue is None:
            words[order + PREV] = 0
            queues[trigger] = [order, order]
            if rises:
                self.lowest_rising = min(self.lowest_rising, trigger)
            else:
                self.highest_falling = max(self.highest_falling, trigger)
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
        rises = is_rising(words[order + FLAGS])
        queues = self.rising if rises else self.falling
        if words[order + FLAGS] & ASLEEP_BIT != 0:
            del self.asleep[order]
            self.count -= 1
            return
        older = words[order + PREV]
        younger = words[order + NEXT]
        if older == 0 and younger == 0:
            del queues[trigger]
            if rises:
                self.lowest_rising = self.rising.peekitem(0)[0] if self.rising else NEVER_RISING
            else:
                self.highest_falling = self.falling.peekitem(-1)[0] if self.falling else NEVER_FALLING
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
        if self.has_come_touched:
            self.set_came_touched(order, False)

    def next_rising(self) -> i64:
        """Return the oldest stop of the lowest trigger of those that rise. There must be one."""
        order: i64 = self.rising.peekitem(0)[1][0]
        return order

    def next_falling(self) -> i64:
        """Return the oldest stop of the highest trigger of those that fall. There must be one."""
        order: i64 = self.falling.peekitem(-1)[1][0]
        return order

    def set_came_touched(self, order: i64, is_touched: bool) -> None:
        """Say whether a stop that came or was amended just now is to be elected in this settling by itself."""
        words = self.orders.words
        trigger: int = words[order + TRIGGER]
        counts = self.came_rising if is_rising(words[order + FLAGS]) else self.came_falling
        if (words[order + FLAGS] & CAME_TOUCHED_BIT != 0) == is_touched:
            return
        count = counts.get(trigger, 0) + (1 if is_touched else -1)
        if count == 0:
            del counts[trigger]
        else:
            counts[trigger] = count
        words[order + FLAGS] ^= CAME_TOUCHED_BIT
        self.has_come_touched = len(self.came_rising) + len(self.came_falling) > 0

    def next_touched(self, is_moved: bool, low: i64, high: i64, is_rising_first: bool) -> i64:
        """Return the stop that is elected next, 0 for none.

        Touched are, where the price has moved, those that low .. high reach, and in any case those that came touched.
        By direction, then trigger: the lowest of those that rise, the highest of those that fall; then arrival.
        """
        rising: i64 = 0
        falling: i64 = 0
        if is_moved and self.lowest_rising <= high:
            rising = self.next_rising()
        if is_moved and self.highest_falling >= low:
            falling = self.next_falling()
        if self.has_come_touched:
            # One that the range reaches has no trigger behind it: it is the nearest of all.
            if rising == 0 and self.came_rising:
                rising = self._first_that_came(self.rising[self.came_rising.peekitem(0)[0]])
            if falling == 0 and self.came_falling:
                falling = self._first_that_came(self.falling[self.came_falling.peekitem(-1)[0]])
        if rising != 0 and (falling == 0 or is_rising_first):
            return rising
        return falling

    def _first_that_came(self, queue: list[int]) -> i64:
        """Return the oldest stop of a trigger that came touched; at least one did.

        Older ones that did not are few: the price that touched this one has touched them, too, and elects them first.
        """
        words = self.orders.words
        order: i64 = queue[0]
        while words[order + FLAGS] & CAME_TOUCHED_BIT == 0:
            order = words[order + NEXT]
        return order
