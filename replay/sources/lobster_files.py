"""Rows of a LOBSTER message file and its orderbook file, checked and in ticks; what they mean is `lobster.py`'s matter.

Both may start with a header row, and may be compressed. Times are seconds after midnight in New York, with up to nine
decimals; prices are in units of 0.0001 USD. Row k of the orderbook file belongs to row k of the message file.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import zip_longest
from math import gcd
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS
from replay.sources.cells import Cell, parse_integer, parse_time
from replay.sources.text import TextFile
from replay.wording import shown

NEW: Final = 1
REDUCED: Final = 2
DELETED: Final = 3
EXECUTED: Final = 4
HIDDEN: Final = 5
CROSS: Final = 6
HALT: Final = 7

MAX_ORDER_ID: Final = (1 << 62) - 1

_COLUMNS: Final = ("Time", "Type", "OrderId", "Size", "Price", "Direction")
_UNITS_PER_CENT: Final = 100
_EMPTY_LEVEL: Final = 9_999_999_999  # an ask price without an order; with a minus a bid's
_DAY_NS: Final = 86_400 * 1_000_000_000

Levels = tuple[tuple[int, int], ...]  # (price_ticks, qty_lots), best first
Row = tuple[Levels, Levels]  # bids and asks: indexed by Side


class LobsterMessage(NamedTuple):
    """One row of a message file. side: of the resting order. line: in the file, the first being 1.

    price_ticks of a halt is its code: -1 halt, 0 quotes resume, 1 trading resumes.
    """

    line: int
    ts_ns: int
    kind: int
    order_id: int
    qty_lots: int
    price_ticks: int
    side: Side


class LobsterFiles:
    """The two files of one stock and day.

    levels: how deep the orderbook file shows each side. units_per_tick: as passed, or else a cent where every price of
    both files is a multiple of it, or else the greatest divisor of a cent that divides them all: hidden orders trade
    at half cents. Finding it takes one pass over the files.
    """

    def __init__(self, path: Path, book_path: Path | None, day: date, units_per_tick: int | None) -> None:
        """Find the second file by the first one's name where it is not passed. Raises ConfigError, DataError."""
        found_path = book_path or path.with_name(path.name.replace("message", "orderbook"))
        if found_path == path or not found_path.is_file():
            raise ConfigError(f"{path}: expected its orderbook file as {found_path.name}, or book_path")
        if units_per_tick is not None and units_per_tick < 1:
            raise ConfigError(f"{path}: expected units_per_tick >= 1, found {units_per_tick}")
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("America/New_York"))
        self._midnight_ns = int(midnight.timestamp()) * 1_000_000_000
        self._messages = TextFile(path)
        self._book = TextFile(found_path)
        self.levels = self._levels_shown()
        self.units_per_tick = 1
        self.units_per_tick = units_per_tick or self._units_in_data()

    @property
    def size_bytes(self) -> int:
        """Bytes of the message file, on disk."""
        return self._messages.size_bytes

    @property
    def position_bytes(self) -> int:
        """Bytes of the message file that the latest `rows` has read."""
        return self._messages.position_bytes

    def rows(self) -> Iterator[tuple[LobsterMessage, Row]]:
        """Yield each message with the book after it.

        Raises DataError, with file, line and column, for what cannot be read or a row that only one file has, and
        SequenceError where time goes back.
        """
        last_ts_ns = 0
        lines = zip_longest(self._message_lines(), self._book_lines())
        for count, (of_message, of_book) in enumerate(lines):
            if of_message is None or of_book is None:
                shorter, longer = self._messages.path, self._book.path
                if of_book is None:
                    shorter, longer = longer, shorter
                raise DataError(f"{shorter}: expected as many rows as {longer.name} has, found the end after {count}")
            message = self._message(*of_message)
            if message.ts_ns < last_ts_ns:
                where = Cell(self._messages.path, message.line, _COLUMNS[0])
                raise SequenceError(f"{where}: expected ts_ns >= {last_ts_ns}, found {message.ts_ns}")
            last_ts_ns = message.ts_ns
            yield message, self._row(*of_book)

    def _message_lines(self) -> Iterator[tuple[int, str]]:
        expected = ",".join(_COLUMNS).lower()
        for line, text in self._messages.lines():
            if line == 1 and text[:1].isalpha():
                if text.replace("_", "").replace(" ", "").lower() != expected:
                    raise DataError(
                        f"{self._messages.path}:1: expected the header {','.join(_COLUMNS)}, found {shown(text)}"
                    )
            elif text:
                yield line, text

    def _book_lines(self) -> Iterator[tuple[int, str]]:
        for line, text in self._book.lines():
            if line == 1 and text[:1].isalpha():
                names = text.lower().split(",")
                if len(names) < 4 or "ask" not in names[0] or "bid" not in names[2]:
                    raise DataError(
                        f"{self._book.path}:1: expected ask, size, bid, size per level, found {shown(text)}"
                    )
            elif text:
                yield line, text

    def _levels_shown(self) -> int:
        line, text = next(self._book_lines(), (0, ""))
        columns = len(text.split(","))
        if columns % 4 != 0:
            raise DataError(
                f"{self._book.path}:{line}: expected four columns per level, found {columns} in {shown(text)}"
            )
        return columns // 4

    def _units_in_data(self) -> int:
        units = _UNITS_PER_CENT
        for message, row in self.rows():
            price = message.price_ticks if message.kind != HALT else 0
            units = gcd(units, price, *(price for levels in row for price, _ in levels))
        return units

    def _message(self, line: int, text: str) -> LobsterMessage:
        path = self._messages.path
        cells = text.split(",")
        if len(cells) != len(_COLUMNS):
            raise DataError(f"{path}:{line}: expected {len(_COLUMNS)} columns, found {len(cells)} in {shown(text)}")
        time, kind, order_id, size, price, direction = (
            (cell, Cell(path, line, column)) for cell, column in zip(cells, _COLUMNS, strict=True)
        )
        since_midnight_ns = parse_time(*time)
        if since_midnight_ns >= _DAY_NS:
            raise DataError(f"{time[1]}: expected seconds after midnight below 86400, found {shown(time[0])}")
        found_kind = parse_integer(*kind, NEW, HALT)
        sign = parse_integer(*direction, -1, 1)
        if sign == 0 and found_kind != HALT:
            raise DataError(f"{direction[1]}: expected 1 or -1, found {shown(direction[0])}")
        return LobsterMessage(
            line,
            self._midnight_ns + since_midnight_ns,
            found_kind,
            parse_integer(*order_id, 0 if found_kind <= EXECUTED else -1, MAX_ORDER_ID),
            parse_integer(*size, 1 if found_kind <= HIDDEN else 0, MAX_QTY_LOTS),
            parse_integer(*price, -1, 1) if found_kind == HALT else self._ticks(*price),
            Side.BUY if sign > 0 else Side.SELL,
        )

    def _row(self, line: int, text: str) -> Row:
        """Return the levels of one orderbook row: ask price, ask size, bid price, bid size, and again."""
        cells = text.split(",")
        if len(cells) != 4 * self.levels:
            raise DataError(
                f"{self._book.path}:{line}: expected {4 * self.levels} columns, found {len(cells)} in {shown(text)}"
            )
        return self._side(line, cells, Side.BUY), self._side(line, cells, Side.SELL)

    def _side(self, line: int, cells: list[str], side: Side) -> Levels:
        first, worse, name = (2, -1, "BidPrice") if side is Side.BUY else (0, 1, "AskPrice")
        levels: list[tuple[int, int]] = []
        for depth, column in enumerate(range(first, len(cells), 4), start=1):
            price, size = cells[column], cells[column + 1]
            if size == "0" and price == str(worse * _EMPTY_LEVEL):
                continue
            where = Cell(self._book.path, line, f"{name}{depth}")
            price_ticks = self._ticks(price, where)
            if levels and (price_ticks - levels[-1][0]) * worse <= 0:
                raise DataError(f"{where}: expected a price worse than the level before it, found {shown(price)}")
            levels.append(
                (price_ticks, parse_integer(size, where._replace(column=f"{name[:3]}Size{depth}"), 1, MAX_QTY_LOTS))
            )
        return tuple(levels)

    def _ticks(self, text: str, where: Cell) -> int:
        price_ticks, remainder = divmod(parse_integer(text, where, 0, MAX_PRICE_TICKS), self.units_per_tick)
        if remainder != 0 or price_ticks == 0:
            raise DataError(f"{where}: expected a positive multiple of {self.units_per_tick}, found {shown(text)}")
        return price_ticks
