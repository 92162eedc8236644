"""Packed columns of 64-bit integers: the one module that touches `librt.vecs`.

Compiled, a column is a `vec[i64]`; interpreted, a plain list, which is the faster of the two there. Both index alike.
A `vec` raises IndexError past its end, but -1 silently means the last element: keep index 0 for 'none', never -1.
Growing returns the column to use from then on. Evidence: docs/decisions/0001-compiled-by-mypyc.md.
"""

import struct
from bisect import bisect_left
from typing import Final, cast

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
        return bisect_left(cast("list[int]", column), word, 0, count)
    low: i64 = 0
    high = count
    while low < high:
        middle = (low + high) >> 1
        if column[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low


def insert_word(column: "vec[i64]", count: i64, at: i64, word: i64) -> None:
    """Put a word before index `at`, moving words at .. count - 1 up by one; the column must be longer than `count`."""
    if COMPILED:
        index = count
        while index > at:
            column[index] = column[index - 1]
            index -= 1
    else:
        words = cast("list[int]", column)
        words[at + 1 : count + 1] = words[at:count]
    column[at] = word


def column_bytes(column: "vec[i64]", start: i64, end: i64) -> bytes:
    """Return words start .. end - 1 as little-endian bytes."""
    if COMPILED:
        return memoryview(column)[start:end].tobytes()
    words = cast("list[int]", column)[start:end]
    return struct.pack(f"<{len(words)}q", *words)
