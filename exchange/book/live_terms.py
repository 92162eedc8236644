"""What a live order has beyond its row: an iceberg's display, a time to end at, and what a pending stop still asks.

Few orders have any. They stand beside the rows, by handle, and `Expiries` has those of the whole venue that end by
themselves in the order in which they do.
"""

from typing import final

from mypy_extensions import i64
from sortedcontainers import SortedDict

from exchange.clock import NEVER, Clock, TimedTask


@final
class LiveTerms:
    """Terms of one order, from its acceptance to its end. 0: nothing of the kind. Units as in `OrderTerms`."""

    def __init__(self) -> None:
        """Ask for nothing."""
        self.display: i64 = 0
        self.min_display: i64 = 0
        self.min_qty: i64 = 0
        self.budget: i64 = 0
        self.time_in_force: i64 = 0  # DAY or GTD where the row says that it rests
        self.expires_ns: i64 = 0  # event time; 0 for an order that no time ends
        self.entry: i64 = 0  # which of the venue's orders with terms this was, counted from 1
        self.is_market_to_limit: bool = False

    def parts(self, lots: i64) -> i64:
        """Return in how many parts an iceberg of so many lots is shown, the last one maybe smaller."""
        return (lots + self.display - 1) // self.display

    def lasts(self) -> bool:
        """Return whether anything matters after the order has met the book for the first time."""
        return self.display != 0 or self.time_in_force != 0


@final
class Expiries:
    """The live orders of a venue that end at a time, by time and then by entry."""

    def __init__(self) -> None:
        """Start with none, and nobody to tell."""
        self.orders: SortedDict[tuple[int, int], tuple[int, int]] = SortedDict()  # -> market index, order
        self.clock: Clock | None = None
        self.task: TimedTask | None = None  # to be run when the first of them ends

    def add(self, market_index: i64, order: i64, terms: LiveTerms) -> None:
        """Have an order end at its time."""
        self.orders[terms.expires_ns, terms.entry] = (market_index, order)
        self._set_due()

    def remove(self, terms: LiveTerms) -> None:
        """Take out an order that is gone."""
        del self.orders[terms.expires_ns, terms.entry]
        self._set_due()

    def first_due(self) -> i64:
        """Return the time at which the next order ends, or NEVER."""
        if not self.orders:
            return NEVER
        due: i64 = self.orders.peekitem(0)[0][0]
        return due

    def _set_due(self) -> None:
        """Let the clock know of another first order: a task without anything to do would settle for nothing."""
        task, clock = self.task, self.clock
        if task is not None and clock is not None:
            due = self.first_due()
            if due != task.due_ns:
                clock.set_due(task, due)
