"""A map from 64-bit keys to positive 64-bit values: open addressing over one packed column.

Used for order id -> order and account id -> slot. Linear probing at a load of at most one half; a removal shifts the
rest of its run back, so that there are no tombstones and a run of adds and cancels never slows down.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.columns import new_column

# Fibonacci hashing, 2**62 / golden ratio made odd: below 2**62, so that compiled code holds it as a literal and not as
# an object. The middle bits of the product, which place a key, are the same whether or not 64-bit arithmetic wraps.
MULTIPLIER: Final = 0x278DDE6E5FD29F05


@final
class IdTable:
    """`find`, `put` and `remove` in O(1) on average. A value of 0 means 'none' and cannot be stored."""

    entries: "vec[i64]"  # key, value, key, value, ...; value 0 marks a free place

    def __init__(self, bits: i64 = 10) -> None:
        """Start with 2**bits places; the table doubles when half of them are taken."""
        self.mask: i64 = (1 << bits) - 1
        self.count: i64 = 0
        self.entries = new_column(2 << bits)

    def find(self, key: i64) -> i64:
        """Return the value under `key`, or 0."""
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 32) & mask
        while True:
            value = entries[2 * at + 1]
            if value == 0 or entries[2 * at] == key:
                return value
            at = (at + 1) & mask

    def put(self, key: i64, value: i64) -> None:
        """Store `value` (> 0) under a key that is not in the table."""
        if 2 * self.count > self.mask:
            self._double()
        self.count += 1
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 32) & mask
        while entries[2 * at + 1] != 0:
            at = (at + 1) & mask
        entries[2 * at] = key
        entries[2 * at + 1] = value

    def remove(self, key: i64) -> None:
        """Forget a key that is in the table."""
        entries = self.entries
        mask = self.mask
        at: i64 = ((key * MULTIPLIER) >> 32) & mask
        while entries[2 * at] != key or entries[2 * at + 1] == 0:
            at = (at + 1) & mask
        self.count -= 1
        # Close the gap: move back every later entry of the run that its own hash allows to stand there.
        gap = at
        while True:
            at = (at + 1) & mask
            value = entries[2 * at + 1]
            if value == 0:
                break
            key = entries[2 * at]
            home: i64 = ((key * MULTIPLIER) >> 32) & mask
            if ((at - home) & mask) >= ((at - gap) & mask):
                entries[2 * gap] = key
                entries[2 * gap + 1] = value
                gap = at
        entries[2 * gap + 1] = 0

    def _double(self) -> None:
        old = self.entries
        places: i64 = self.mask + 1
        self.mask = 2 * places - 1
        self.count = 0
        self.entries = new_column(4 * places)
        at: i64 = 0
        while at < places:
            if old[2 * at + 1] != 0:
                self.put(old[2 * at], old[2 * at + 1])
            at += 1
