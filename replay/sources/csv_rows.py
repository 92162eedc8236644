"""Rows of a comma-separated file with a header row: cells by column, with the line they stand on."""

import csv
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from exchange.errors import DataError
from replay.sources.cells import Cell
from replay.wording import shown


def csv_rows(
    lines: Iterable[tuple[int, str]], columns: Collection[str], path: Path
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, cells by column), blank cells left out. Empty lines are skipped.

    Raises DataError for no header row, a column not in `columns` or named twice, a row of another width, or broken
    quoting.
    """
    numbered = iter(lines)
    first = next(((number, line) for number, line in numbered if line.strip()), None)
    if first is None:
        raise DataError(f"{path}: expected a header row, found none")
    number, line = first
    header = [name.strip() for name in _split(line, f"{path}:{number}")]
    for name in header:
        if name not in columns:
            nearest = get_close_matches(name, columns, 1, 0.0)[0]
            raise DataError(f"{path}:{number}: expected a known column, found {shown(name)}; nearest: {shown(nearest)}")
        if header.count(name) > 1:
            raise DataError(f"{path}:{number}: expected each column once, found {shown(name)} twice")
    for number, line in numbered:
        if not line.strip():
            continue
        cells = _split(line, f"{path}:{number}")
        if len(cells) != len(header):
            raise DataError(f"{path}:{number}: expected {len(header)} cells, found {len(cells)}")
        yield number, {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}


def take(cells: dict[str, str], cell: Cell) -> str:
    """Remove a column's text from a row and return it. Raises DataError where it is blank."""
    text = cells.pop(cell.column, None)
    if text is None:
        raise DataError(f"{cell}: expected a value, found a blank cell")
    return text


def check_all_taken(cells: dict[str, str], what: str, path: Path, line: int | str) -> None:
    """Raise DataError for a cell that nobody asked for."""
    for column, text in cells.items():
        raise DataError(f"{Cell(path, line, column)}: expected a blank cell in {what}, found {shown(text)}")


def _split(line: str, where: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return list(chain.from_iterable(csv.reader([line], strict=True)))
    except csv.Error as error:
        raise DataError(f"{where}: expected well-quoted cells, found {shown(line)} ({error})") from error
