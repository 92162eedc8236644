"""Commands as comma-separated values, in the decimal text that people and other programs write.

`docs/formats.md` has the columns. A first line that starts with `#` may hold the header of JSON lines, and with it the
instruments. Known limit: a price, quantity or amount that no venue could accept is refused here, where JSON lines let
the venue refuse it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec

from exchange.commands import COMMANDS, Command, MassCancel, SetInterestRate
from exchange.enums import MarginMode, OrderKind, Origin, PositionSide, Side, SideFilter, TimeInForce
from exchange.errors import DataError
from exchange.instrument import Instrument
from exchange.layout import command_layouts
from replay.atomic_file import atomic_text_file
from replay.sources.cells import (
    Cell,
    format_count,
    parse_choice,
    parse_flag,
    parse_integer,
    parse_money,
    parse_price,
    parse_quantity,
    parse_size,
    parse_time,
    parse_ts_ns,
)
from replay.sources.csv_rows import check_all_taken, csv_rows, take
from replay.sources.json_lines import check_order, encode_header, instruments_and_source, parse_header
from replay.sources.text import TextFile
from replay.wording import shown

# A field that is not here has a column of its own name.
_COLUMN_OF_FIELD: Final = {
    "ts_ns": "ts_ns",
    "instrument": "instrument",
    "account": "account",
    "order_id": "order_id",
    "side": "side",
    "qty_lots": "qty",
    "price_ticks": "price",
    "kind": "kind",
    "time_in_force": "time_in_force",
    "trigger_ticks": "trigger",
    "post_only": "post_only",
    "size_lots": "size",
    "leverage": "leverage",
    "amount": "amount",
    "is_total_qty": "is_total_qty",
    "origin": "origin",
    "is_continued": "is_continued",
    "position": "position",
    "mode": "mode",
    "is_hedge": "is_hedge",
    "schedule": "schedule",
    "is_for_new_only": "is_for_new_only",
}
# What stands for no instrument, by command.
WORD_OF_NO_INSTRUMENT: Final = {MassCancel: "all", SetInterestRate: "money"}


def _words(members: type[IntEnum]) -> dict[str, Any]:
    return {member.name.lower(): member for member in members}


_SIDES: Final = {**_words(Side), "b": Side.BUY, "s": Side.SELL}
_WORDS: Final[dict[type, dict[str, Any]]] = {
    Side: _SIDES,
    SideFilter: {"b": SideFilter.BUY, "s": SideFilter.SELL, **_words(SideFilter)},
    OrderKind: _words(OrderKind),
    TimeInForce: _words(TimeInForce),
    Origin: _words(Origin),
    PositionSide: _words(PositionSide),
    MarginMode: _words(MarginMode),
}


class _Field(NamedTuple):
    """One field of a command: its column, what it holds, and its default (or NODEFAULT)."""

    name: str
    column: str
    kind: type[int]
    bits: int
    default: Any


def _fields_of_commands() -> dict[type[msgspec.Struct], list[_Field]]:
    found = {}
    for layout in command_layouts():
        defaults = {field.name: field.default for field in msgspec.structs.fields(layout.struct)}
        found[layout.struct] = [
            _Field(
                place.name, _COLUMN_OF_FIELD.get(place.name, place.name), place.kind, place.bits, defaults[place.name]
            )
            for place in layout.places
        ]
    return found


_FIELDS: Final = _fields_of_commands()
_OTHERS: Final = dict.fromkeys(field.column for fields in _FIELDS.values() for field in fields)
COLUMNS: Final = tuple(dict.fromkeys(("type", "time", *_COLUMN_OF_FIELD.values(), *_OTHERS)))
_TYPES: Final = {struct.__name__.lower(): struct for struct in COMMANDS.values()}


class CsvSource:
    """Commands in comma-separated values."""

    def __init__(self, path: str | Path, *, instruments: str | Path | None = None) -> None:
        """Read the header line; or, where there is none, a TOML file with `[[instruments]]`."""
        self._text = TextFile(path)
        first = self._text.first_line()
        header = parse_header(first[1:], self._text.path, 1) if first.startswith("#") else None
        self._first_line = 2 if first.startswith("#") else 1
        self.instruments, self.description = instruments_and_source(header, instruments, self._text.path)
        self._reader = CommandReader(self._text.path, self.instruments)

    @property
    def size_bytes(self) -> int:
        """Size of the file on disk."""
        return self._text.size_bytes

    @property
    def position_bytes(self) -> int:
        """Bytes of it read so far."""
        return self._text.position_bytes

    def commands(self) -> Iterator[Command]:
        """Yield the commands. Errors name file, line, column and value."""
        lines = (numbered for numbered in self._text.lines() if numbered[0] >= self._first_line)
        earliest_ts_ns = 0
        for line, cells in csv_rows(lines, COLUMNS, self._text.path):
            command = self._reader.command(line, cells)
            check_order(command, earliest_ts_ns, f"{self._text.path}:{line}")
            earliest_ts_ns = command.ts_ns
            yield command


class CommandReader:
    """Cells of decimal text to commands, wherever the cells come from."""

    def __init__(self, path: Path, instruments: Sequence[Instrument]) -> None:
        """Keep the instruments that the cells may name, and the file that errors name."""
        self._path = path
        self._instruments = instruments
        self._money_units = sorted({instrument.money_unit for instrument in instruments})
        self._instruments_by_name = {str(instrument.instrument_id): instrument for instrument in instruments}
        self._instruments_by_name |= {instrument.symbol: instrument for instrument in instruments}

    def command(self, line: int | str, cells: dict[str, str]) -> Command:
        """Return the command in a row; all cells are used up. Raises DataError naming file, line, column and value."""
        path = self._path
        at_type = Cell(path, line, "type")
        word = take(cells, at_type)
        struct = _TYPES.get(word.lower().replace("_", ""))
        if struct is None:
            names = ", ".join(struct.__name__ for struct in COMMANDS.values())
            raise DataError(f"{at_type}: expected one of {names}, found {shown(word)}")
        values: dict[str, Any] = {"ts_ns": self._ts_ns(line, cells)}
        instrument: Instrument | None = None
        for field in _FIELDS[struct]:
            cell = Cell(path, line, field.column)
            if field.name == "ts_ns" or (field.column not in cells and field.default is not msgspec.NODEFAULT):
                continue
            text = take(cells, cell)
            if field.name == "instrument":  # Declared ahead of every price and quantity.
                instrument = self._instrument(text, struct, cell)
                values["instrument"] = instrument.instrument_id if instrument else 0
            else:
                values[field.name] = self._value(field, text, instrument, cell)
        check_all_taken(cells, f"a {struct.__name__}", path, line)
        return cast(Command, struct(**values))

    def _ts_ns(self, line: int | str, cells: dict[str, str]) -> int:
        has_time = "time" in cells
        if has_time and "ts_ns" in cells:
            where = Cell(self._path, line, "time")
            raise DataError(
                f"{where}: expected ts_ns or time, found both, {shown(cells['ts_ns'])} and {shown(cells['time'])}"
            )
        cell = Cell(self._path, line, "time" if has_time else "ts_ns")
        return (parse_time if has_time else parse_ts_ns)(take(cells, cell), cell)

    def _instrument(self, text: str, struct: type[msgspec.Struct], cell: Cell) -> Instrument | None:
        instrument = self._instruments_by_name.get(text)
        if instrument is None and text.lower() != WORD_OF_NO_INSTRUMENT.get(struct):
            known = ", ".join(instrument.symbol for instrument in self._instruments)
            raise DataError(f"{cell}: expected a symbol ({known}) or an instrument id, found {shown(text)}")
        return instrument

    def _value(self, field: _Field, text: str, instrument: Instrument | None, cell: Cell) -> Any:
        if field.kind is bool:
            return parse_flag(text, cell)
        if issubclass(field.kind, IntEnum):
            return parse_choice(text, _WORDS.get(field.kind) or _words(field.kind), cell)
        if field.name == "amount":
            return parse_money(text, self._money_unit(cell), cell)
        if instrument is not None:
            match field.name:
                case "price_ticks" | "trigger_ticks":
                    return parse_price(text, instrument.tick_size, cell)
                case "qty_lots":
                    return parse_quantity(text, instrument.lot_size, cell)
                case "size_lots":
                    return parse_size(text, instrument.lot_size, cell)
        # An order id is any 64-bit pattern, signed or not.
        highest = (1 << 64) - 1 if field.name == "order_id" else (1 << field.bits - 1) - 1
        return parse_integer(text, cell, -(1 << field.bits - 1), highest)

    def _money_unit(self, cell: Cell) -> str:
        if len(self._money_units) != 1:
            raise DataError(f"{cell}: expected instruments of one money_unit, found {', '.join(self._money_units)}")
        return self._money_units[0]


def write_csv(
    commands: Iterable[Command], instruments: Sequence[Instrument], path: str | Path, source: str = ""
) -> int:
    """Write the header line and one row per command, defaults left blank; return how many.

    The file appears when it is whole, compressed where its name says so. Raises DataError for an instrument that is
    not given.
    """
    instruments_by_id = {instrument.instrument_id: instrument for instrument in instruments}
    money_units = {instrument.money_unit for instrument in instruments}
    columns = [column for column in COLUMNS if column != "time"]
    count = 0
    with atomic_text_file(Path(path)) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        text.write(f"#{encode_header(instruments, source).decode()}\n")
        rows = csv.DictWriter(text, columns, lineterminator="\n")
        rows.writeheader()
        for command in commands:
            rows.writerow(_cells(command, instruments_by_id, money_units))
            count += 1
        text.flush()
        text.detach()  # The file itself is closed by its owner.
    return count


def _cells(command: Command, instruments_by_id: dict[int, Instrument], money_units: set[str]) -> dict[str, str]:
    cells = {"type": type(command).__name__}
    number = getattr(command, "instrument", 0)
    instrument = instruments_by_id.get(number)
    if instrument is None and number != 0:
        raise DataError(f"expected one of the instruments {list(instruments_by_id)}, found {command}")
    for field in _FIELDS[type(command)]:
        value = getattr(command, field.name)
        if value == field.default:
            continue
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, IntEnum):
            text = value.name.lower()
        elif field.name == "instrument":
            text = instrument.symbol if instrument else WORD_OF_NO_INSTRUMENT.get(type(command), "0")
        elif field.name == "amount":
            if len(money_units) != 1:
                raise DataError(f"expected instruments of one money_unit, found {sorted(money_units)} for {command}")
            text = format_count(value, next(iter(money_units)))
        elif instrument is not None and field.name.endswith("_ticks"):
            text = format_count(value, instrument.tick_size)
        elif instrument is not None and field.name.endswith("_lots"):
            text = format_count(value, instrument.lot_size)
        else:
            text = str(value)
        cells[field.column] = text
    return cells
