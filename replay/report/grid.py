"""The book over time as cells: columns of an axis, rows of prices, lots in each."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from replay.report.depth import Snapshot

GRID_COLUMNS: Final = 160
GRID_ROWS: Final = 60
_MARGIN: Final = 12  # the prices shown reach a twelfth of the run's range beyond it


class Cells(NamedTuple):
    """A column holds (row, lots) after each other, asks as negative lots; None: it is as the one before.

    best: of each column the highest bid and the lowest ask in ticks, wherever they lie; None where nobody is left.
    """

    columns: list[list[int] | None]
    best: list[tuple[int | None, int | None]]


class Rows(NamedTuple):
    """Prices from `first_ticks` up, `step_ticks` each; a level belongs to the row that it lies in."""

    first_ticks: int
    step_ticks: int
    rows: int


def rows_between(low_ticks: int, high_ticks: int) -> Rows:
    """Return the rows for a run whose prices lay between two."""
    margin = max((high_ticks - low_ticks) // _MARGIN, 1)
    first = max(low_ticks - margin, 0)
    step = max(-(-(high_ticks + margin + 1 - first) // GRID_ROWS), 1)
    return Rows(first, step, -(-(high_ticks + margin + 1 - first) // step))


def cells(looks: Sequence[Snapshot], rows: Rows, position: Callable[[Snapshot], int], end: int) -> Cells:
    """Return the book at the end of each column of an axis from 0 to `end`; columns before the first look are empty."""
    places = [position(look) for look in looks]
    columns: list[list[int] | None] = []
    best: list[tuple[int | None, int | None]] = []
    last = -1
    for column in range(GRID_COLUMNS):
        found = bisect_right(places, end * (column + 1) // GRID_COLUMNS) - 1
        if found == last:
            columns.append(None if columns else [])
            best.append(best[-1] if best else (None, None))
            continue
        last = found
        columns.append(_column(looks[found], rows))
        best.append((max(looks[found].bid_ticks, default=None), min(looks[found].ask_ticks, default=None)))
    return Cells(columns, best)


def depth_of(
    looks: Sequence[Snapshot], low_ticks: int, high_ticks: int, *, start_ns: int, end_ns: int, steps: int
) -> dict[str, Any]:
    """Return what the page draws of a book by the clock and step by step; prices between two were seen in the run."""
    rows = rows_between(low_ticks, high_ticks)
    by_time = cells(looks, rows, lambda look: look.ts_ns - start_ns, end_ns - start_ns)
    by_step = cells(looks, rows, lambda look: look.step, steps)
    return {
        "first": rows.first_ticks,
        "step": rows.step_ticks,
        "rows": rows.rows,
        "by_time": by_time.columns,
        "by_step": by_step.columns,
        "best_by_time": by_time.best,
        "best_by_step": by_step.best,
    }


def _column(look: Snapshot, rows: Rows) -> list[int]:
    lots: dict[tuple[int, int], int] = {}
    for sign, ticks, sizes in ((1, look.bid_ticks, look.bid_lots), (-1, look.ask_ticks, look.ask_lots)):
        for price, size in zip(ticks, sizes, strict=True):
            row = (price - rows.first_ticks) // rows.step_ticks
            if 0 <= row < rows.rows:
                lots[row, sign] = lots.get((row, sign), 0) + size
    return [number for (row, sign), size in sorted(lots.items()) for number in (row, sign * size)]
