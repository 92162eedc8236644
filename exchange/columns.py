"""Packed columns of 64-bit integers: the one module that touches `librt.vecs`.

Compiled, a column is a `vec[i64]`; interpreted, a plain list, which is the faster of the two there. Both index alike.
A `vec` raises IndexError past its end, but -1 silently means the last element: keep index 0 for 'none', never -1.
Growing returns the column to use from then on. Evidence: docs/decisions/0001-compiled-by-mypyc.md.
"""

import struct
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


def column_bytes(column: "vec[i64]", start: i64, end: i64) -> bytes:
    """Return words start .. end - 1 as little-endian bytes."""
    if COMPILED:
        return memoryview(column)[start:end].tobytes()
    words = cast("list[int]", column)[start:end]
    return struct.pack(f"<{len(words)}q", *words)
