"""The orders of one account and side that go with its position, in the order in which they entered.

Cost: an order that joins or leaves O(log orders); who is cut next O(log orders), whatever number is left alone.
"""

from typing import final

from mypy_extensions import i64
from sortedcontainers import SortedDict

from exchange.triggers.plan import Plan


@final
class Reducing:
    """Those that rest or are queued, and those that wait for a trigger. A plan is in one of the two."""

    def __init__(self) -> None:
        """Begin with none."""
        self.resting: SortedDict[int, Plan] = SortedDict()  # by entry
        self.waiting: SortedDict[int, Plan] = SortedDict()  # by entry
        # Where orders are cut one by one: by most lots and entry. What is filled is found out when it is looked at.
        self.by_size: SortedDict[tuple[int, int], Plan] = SortedDict()

    def is_empty(self) -> bool:
        """Return whether there is no order left."""
        return len(self.resting) == 0 and len(self.waiting) == 0

    def remove(self, plan: Plan) -> None:
        """Forget an order."""
        entry: int = plan.entry
        if entry in self.waiting:
            del self.waiting[entry]
        else:
            del self.resting[entry]
            self.by_size.pop(self._size_key(plan), None)
        plan.entry = 0

    def set_size(self, plan: Plan, lots: i64) -> None:
        """Remember that a resting order has at most so many lots."""
        self.by_size.pop(self._size_key(plan), None)
        plan.most_lots = lots
        self.by_size[self._size_key(plan)] = plan

    def larger_than(self, lots: i64) -> list[Plan]:
        """Return the resting orders that may have more lots."""
        least: int = lots
        return [self.by_size[key] for key in self.by_size.irange((least + 1, 0))]

    def after(self, entry: i64, newest_first: bool) -> Plan | None:
        """Return the resting order whose turn is behind an entry, 0 for the first of all; None behind the last."""
        of_turn: int = entry
        count = len(self.resting)
        if newest_first:
            at = count if of_turn == 0 else self.resting.bisect_left(of_turn)
            at -= 1
        else:
            at = self.resting.bisect_right(of_turn)
        if at < 0 or at >= count:
            return None
        plan: Plan = self.resting.peekitem(at)[1]
        return plan

    def _size_key(self, plan: Plan) -> tuple[int, int]:
        lots: int = plan.most_lots
        entry: int = plan.entry
        return (lots, entry)
