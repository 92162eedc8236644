"""The legs that wait for a mark price, ordered so that a mark tick costs what it reaches and not what exists.

A binary heap over packed columns, with each leg's position kept, so that a leg is moved or removed in O(log legs) and
the nearest threshold is read in O(1). Thresholds become ranks (the price for legs that wait for a fall, its negative
for legs that wait for a rise): a leg is reached when its rank is at least the rank of the mark.
"""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.packed.columns import doubled, new_column


@final
class ThresholdHeap:
    """Legs (numbers >= 1) under ranks; the greatest rank on top."""

    ranks: "vec[i64]"
    legs: "vec[i64]"
    position_of: "vec[i64]"

    def __init__(self, sign: i64) -> None:
        """`sign`: 1 for thresholds below the mark, -1 for thresholds above it."""
        self.sign: i64 = sign
        self.count: i64 = 0
        self.ranks = new_column(64)  # heap positions start at 1; 0 is 'not in the heap'
        self.legs = new_column(64)
        self.position_of = new_column(64)

    def is_reached(self, mark: i64) -> bool:
        """Return whether the mark has reached the nearest threshold."""
        return self.count > 0 and self.ranks[1] >= mark * self.sign

    def pop(self) -> i64:
        """Take out the leg of the nearest threshold and return it. There must be one."""
        leg = self.legs[1]
        self.remove(leg)
        return leg

    def put(self, leg: i64, threshold: i64) -> None:
        """Set the price at which a leg is reached, adding the leg or moving it."""
        while leg >= len(self.position_of):
            self.position_of = doubled(self.position_of)
        rank = threshold * self.sign
        at = self.position_of[leg]
        if at == 0:
            self.count += 1
            at = self.count
            if at >= len(self.ranks):
                self.ranks = doubled(self.ranks)
                self.legs = doubled(self.legs)
        elif self.ranks[at] == rank:
            return
        self._settle(at, rank, leg)

    def remove(self, leg: i64) -> None:
        """Take out a leg, if it is there."""
        if leg >= len(self.position_of):
            return
        at = self.position_of[leg]
        if at == 0:
            return
        self.position_of[leg] = 0
        last = self.count
        self.count -= 1
        if at != last:
            self._settle(at, self.ranks[last], self.legs[last])

    def _settle(self, at: i64, rank: i64, leg: i64) -> None:
        """Place a leg whose heap position is free at `at` where its rank belongs."""
        ranks = self.ranks
        legs = self.legs
        position_of = self.position_of
        while at > 1 and ranks[at >> 1] < rank:
            above = at >> 1
            ranks[at] = ranks[above]
            legs[at] = legs[above]
            position_of[legs[at]] = at
            at = above
        count = self.count
        below = at << 1
        while below <= count:
            if below < count and ranks[below + 1] > ranks[below]:
                below += 1
            if ranks[below] <= rank:
                break
            ranks[at] = ranks[below]
            legs[at] = legs[below]
            position_of[legs[at]] = at
            at = below
            below = at << 1
        ranks[at] = rank
        legs[at] = leg
        position_of[leg] = at
