"""Whole columns of a published table."""

from decimal import Decimal
from pathlib import Path

from exchange.errors import DataError
from replay.sources.cells import Cell, parse_decimal
from replay.sources.text import TextFile


class Columns:
    """A comma-separated file with a header row and no quotes, by columns. Raises DataError with file and line."""

    def __init__(self, path: Path) -> None:
        """Read all of it."""
        self.path = path
        lines = TextFile(path).lines()
        number, first = next(lines, (1, ""))
        self._names = first.split(",")
        self._rows: list[tuple[int, list[str]]] = []
        for number, line in lines:
            cells = line.split(",")
            if len(cells) != len(self._names):
                raise DataError(f"{path}:{number}: expected {len(self._names)} cells, found {len(cells)}")
            self._rows.append((number, cells))

    def texts(self, column: str) -> list[str]:
        """Return one column as it stands."""
        if column not in self._names:
            raise DataError(f"{self.path}:1: expected a column {column!r}, found {','.join(self._names)[:200]!r}")
        place = self._names.index(column)
        return [cells[place] for _, cells in self._rows]

    def numbers(self, column: str) -> list[Decimal]:
        """Return one column as decimals, exactly."""
        lines = (number for number, _ in self._rows)
        texts = zip(lines, self.texts(column), strict=True)
        return [parse_decimal(text, Cell(self.path, number, column)) for number, text in texts]
