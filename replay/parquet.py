"""Tables of integers and texts on disk: Parquet, or CSV where the library `pyarrow` is missing (extra `lab`).

The same table gives the same file, byte for byte, with one version of the library: no time is stored. A file appears
whole or not at all.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from exchange.errors import ConfigError
from replay.atomic_file import atomic_file
from replay.wording import shown

Kind = Literal["integer", "text"]
Cell = int | str | None
FORMATS: Final = ("parquet", "csv")
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


class Column(NamedTuple):
    """One column. note: what it is and in which unit; kept in the Parquet file as `note` of the field."""

    name: str
    kind: Kind = "integer"
    note: str = ""


class Table(NamedTuple):
    """Rows of as many cells as there are columns; None where there is no such number. notes: kept with the file."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> list[Cell]:
        """Return the cells of one column. Raises ConfigError for a name that none has."""
        if name not in self.names:
            raise ConfigError(f"expected one of the columns {', '.join(self.names)}, found {shown(name)}")
        place = self.names.index(name)
        return [row[place] for row in self.rows]


def table_of(columns: Sequence[Column], rows: Sequence[Mapping[str, Cell]], notes: Mapping[str, str]) -> Table:
    """Return the rows as a table; a name that a row does not have is None there."""
    names = [column.name for column in columns]
    return Table(tuple(columns), tuple(tuple(row.get(name) for name in names) for row in rows), tuple(notes.items()))


def has_parquet() -> bool:
    """Return whether Parquet can be written and read here."""
    try:
        import pyarrow.parquet  # noqa: F401 - whether it is there is the question
    except ImportError:
        return False
    return True


def write_table(table: Table, stem: str | Path, file_format: str | None = None) -> Path:
    """Write STEM.parquet, or STEM.csv where that is asked for or pyarrow is missing; return the file's path.

    A column of integers that 64 bits do not hold becomes one of 38 decimal digits. Raises ConfigError where Parquet is
    asked for and cannot be written, or the disk refuses.
    """
    if file_format == "parquet" and not has_parquet():
        raise ConfigError("expected the library pyarrow for Parquet (pip install cascade-exchange[lab]), found none")
    is_parquet = has_parquet() if file_format is None else file_format == "parquet"
    path = Path(f"{stem}.{'parquet' if is_parquet else 'csv'}")
    stored = _parquet_bytes(table) if is_parquet else _csv_bytes(table)
    with atomic_file(path) as file:
        file.write(stored)
    return path


def _csv_bytes(table: Table) -> bytes:
    """Return the table as CSV; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(table.rows)
    return text.getvalue().encode()


def _parquet_bytes(table: Table) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    fields: list[Any] = []
    arrays: list[Any] = []
    for place, column in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        kind = _arrow_type(pa, column, cells)
        fields.append(pa.field(column.name, kind, metadata={"note": column.note} if column.note else None))
        arrays.append(pa.array(cells, type=kind))
    schema = pa.schema(fields, metadata=dict(table.notes))
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    stored: bytes = sink.getvalue().to_pybytes()
    return stored


def _arrow_type(pa: Any, column: Column, cells: Sequence[Cell]) -> Any:
    if column.kind == "text":
        return pa.string()
    fits = all(_LEAST <= cell <= _MOST for cell in cells if isinstance(cell, int))
    return pa.int64() if fits else pa.decimal128(38, 0)
