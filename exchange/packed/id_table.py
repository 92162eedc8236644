"""A map from 64-bit keys to positive 64-bit values: open addressing over one packed column.

Used for order id -> order and account id -> slot. Linear probing at a load of at most one half; a removal shifts the
rest of its run back, so that there are no tombstones and a run of adds and cancels never slows down.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.packed.columns import new_column

# Fibonacci hashing, 2**62 / golden ratio made odd: below 2**62, so that compiled code holds it as a literal and not as
# an object. The middle bits of the product, which place a key, are the same whether or not 64-bit arithmetic wraps.
MULTIPLIER: Final = 0x278DDE6E5FD29F05


@final
class IdTable:
    """`find`, `put` and `remove` in O(1) on average. A value of 0 means 'none' and cannot be stored."""

    entries: "vec[i64]"  # key, value, key, value, ...; value 0 marks a free place

    def __init__(self, bits: i64 = 10) -> None:
        """Start with 2**bits places; the table doubles when half of them are taken."""
        places: i64 = 2**bits
        self.mask: i64 = 2 * places - 2  # turns a hash into the index of a place's key
        self.count: i64 = 0
        self.entries = new_column(2 * places)

    def find(self, key: i64) -> i64:
        """Return the value under `key`, or 0."""
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 31) & mask
        while True:
            value = entries[at + 1]
            if value == 0 or entries[at] == key:
                return value
            at = (at + 2) & mask

    def put(self, key: i64, value: i64) -> None:
        """Store `value` (> 0) under a key that is not in the table."""
        if 4 * self.count > self.mask:
            self._double()
        self.count += 1
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 31) & mask
        while entries[at + 1] != 0:
            at = (at + 2) & mask
        entries[at] = key
        entries[at + 1] = value

    def remove(self, key: i64) -> None:
        """Forget a key that is in the table."""
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 31) & mask
        while entries[at] != key or entries[at + 1] == 0:
            at = (at + 2) & mask
        self.count -= 1
        # Close the gap: move back every later entry of the run that its own hash allows to stand there.
        gap = at
        while True:
            at = (at + 2) & mask
            value = entries[at + 1]
            if value == 0:
                break
            key = entries[at]
            home: i64 = ((key * MULTIPLIER) >> 31) & mask
            if ((at - home) & mask) >= ((at - gap) & mask):
                entries[gap] = key
                entries[gap + 1] = value
                gap = at
        entries[gap + 1] = 0

    def _double(self) -> None:
        old = self.entries
        size: i64 = self.mask + 2
        self.mask = 2 * size - 2
        self.count = 0
        self.entries = new_column(2 * size)
        at: i64 = 0
        while at < size:
            if old[at + 1] != 0:
                self.put(old[at], old[at + 1])
            at += 2
