"""Packed columns of 64-bit integers: the one module that touches `librt.vecs`.

Compiled, a column is a `vec[i64]`; interpreted, a plain list, which is the faster of the two there. Both index alike.
A `vec` raises IndexError past its end, but -1 silently means the last element: keep index 0 for 'none', never -1.
Growing returns the column to use from then on. Evidence: docs/decisions/0001-compiled-by-mypyc.md.
"""

import struct
from bisect import bisect_left
from typing import Any, Final, cast

from librt.vecs import extend, vec
from mypy_extensions import i64

COMPILED: Final = not __file__.endswith(".py")


def new_column(size: i64) -> "vec[i64]":
    """Return a column of `size` zeros."""
    if COMPILED:
        return vec[i64]([0] * size)
    return cast("vec[i64]", [0] * size)


def grown(column: "vec[i64]", size: i64) -> "vec[i64]":
    """Return the column lengthened with zeros to `size`, which must not be below its present length."""
    missing: i64 = size - len(column)
    if COMPILED:
        return extend(column, vec[i64]([0] * missing))
    cast("list[int]", column).extend([0] * missing)
    return column


def doubled(column: "vec[i64]") -> "vec[i64]":
    """Return the column lengthened with zeros to twice its length."""
    return grown(column, 2 * len(column))


def lower_bound(column: "vec[i64]", count: i64, word: i64) -> i64:
    """Return how many of the first `count` words, which ascend, are below `word`. O(log count)."""
    if not COMPILED:
        words: Any = column
        below: i64 = bisect_left(words, word, 0, count)
        return below
    low: i64 = 0
    high = count
    while low < high:
        middle = (low + high) >> 1
        if column[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low


def move_up(column: "vec[i64]", at: i64, count: i64) -> None:
    """Move words at .. count - 1 up by one index; the column must be longer than `count`. O(count - at)."""
    if not COMPILED:
        words: Any = column
        words[at + 1 : count + 1] = words[at:count]
        return
    index = count
    while index > at:
        column[index] = column[index - 1]
        index -= 1


def highest_bit(bits: i64) -> i64:
    """Return the position of the highest set bit. 0 < bits < 2**32."""
    if not COMPILED:
        word: Any = bits
        highest: i64 = word.bit_length() - 1
        return highest
    position: i64 = 0
    if bits >= 0x10000:
        position = 16
        bits >>= 16
    if bits >= 0x100:
        position += 8
        bits >>= 8
    if bits >= 0x10:
        position += 4
        bits >>= 4
    if bits >= 0x4:
        position += 2
        bits >>= 2
    if bits >= 0x2:
        position += 1
    return position


def column_bytes(column: "vec[i64]", start: i64, end: i64) -> bytes:
    """Return words start .. end - 1 as little-endian bytes."""
    if COMPILED:
        return memoryview(column)[start:end].tobytes()
    words = cast("list[int]", column)[start:end]
    return struct.pack(f"<{len(words)}q", *words)
