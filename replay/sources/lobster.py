"""LOBSTER (NASDAQ): a message file and its orderbook file as commands, so that the book follows the recorded one.

A row of the orderbook file shows the best `levels` prices of each side after the message in the same row: the
recording tells those levels, and the whole side where it shows fewer. The source keeps a model of the book, and after
every message the model equals the row there:

- What rested before the first message is unknown. The first row, with its message undone, is entered as one stand-in
  order per level, at the first message's time.
- A reduction, deletion or execution is taken from its own order as far as the model has it, and the rest from the same
  level, stand-ins first, oldest first.
- Where the levels told then differ from the row, they are corrected (origin CORRECTION): what is missing is added as a
  stand-in at the back; what is too much is taken off the newest stand-ins, then off the newest orders.

Stand-ins have the ids 2**62 + 1, 2**62 + 2, ...; every recorded id is lower. Levels that are no longer shown stay as
they were last seen, until the recording shows them again or shows that they are gone.

Executions of hidden orders and crosses are reported trades. Halts are counted and passed over: the venue has no phases.
Known limit: each message is a step of its own, although one taker's executions are several messages of one time.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple, final

import msgspec

from exchange.commands import CancelOrder, Command, ExecuteRecorded, PlaceOrder, ReduceOrder, ReportTrade
from exchange.enums import RECORDED_MARKET, Origin, Side
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from replay.sources.level_book import BookSide
from replay.sources.lobster_files import (
    DELETED,
    EXECUTED,
    HALT,
    MAX_ORDER_ID,
    NEW,
    Levels,
    LobsterFiles,
    LobsterMessage,
    Row,
)
from replay.wording import shown

_FILE_NAME: Final = re.compile(r"(?P<symbol>[^_]+)_(?P<day>\d{4}-\d{2}-\d{2})_.*message")
_PRICE_UNIT: Final = Decimal("0.0001")
_KINDS: Final = ("", "new", "reduced", "deleted", "executed", "hidden execution", "cross", "halt")


class LobsterStep(NamedTuple):
    """One message, the recorded book after it, and the commands that bring the book there.

    The initial book is a step without a message; its row is the first one with its message undone.
    """

    message: LobsterMessage | None
    row: Row
    commands: tuple[Command, ...]


class LobsterSource:
    """The recorded orders of one stock and day.

    book_path: by default beside the message file, `orderbook` in its name for `message`. day (also as text), symbol: by
    default from the name. units_per_tick: of 0.0001 USD; by default a cent, or the part of a cent that the prices
    need, which takes a pass over both files. counts, corrections: what the last iteration found and corrected, by kind.
    """

    def __init__(
        self,
        path: str | Path,
        book_path: str | Path | None = None,
        *,
        day: date | str | None = None,
        symbol: str | None = None,
        instrument_id: int = 1,
        units_per_tick: int | None = None,
    ) -> None:
        """Find the second file, the day and the tick.

        Raises ConfigError where a name does not tell what is not passed, DataError for files that cannot be read.
        """
        self.path = Path(path)
        found_day, found_symbol = self._named(day, symbol)
        self.files = LobsterFiles(self.path, Path(book_path) if book_path else None, found_day, units_per_tick)
        self.levels = self.files.levels
        self.counts: Counter[str] = Counter()
        self.corrections: Counter[str] = Counter()
        tick_size = format((self.files.units_per_tick * _PRICE_UNIT).normalize(), "f")
        self.instruments = (
            Instrument(
                instrument_id=instrument_id,
                symbol=found_symbol,
                tick_value=self.files.units_per_tick,
                tick_size=tick_size,
                money_unit=str(_PRICE_UNIT),
            ),
        )
        self.description = (
            f"{self.path.name}: {found_symbol} on {found_day}, LOBSTER of depth {self.levels}; "
            f"tick {tick_size} ({'as given' if units_per_tick else 'from the data'}), lot 1"
        )

    @property
    def size_bytes(self) -> int:
        """Bytes of the message file."""
        return self.files.size_bytes

    @property
    def position_bytes(self) -> int:
        """Bytes of the message file read so far."""
        return self.files.position_bytes

    def commands(self) -> Iterator[Command]:
        """Yield the commands of all steps. Raises DataError, or SequenceError where time goes back."""
        for step in self.steps():
            yield from step.commands

    def steps(self) -> Iterator[LobsterStep]:
        """Yield the initial book, then each message, and count anew. Errors as in `commands`."""
        flow = _Flow(self.instruments[0].instrument_id, self.levels)
        self.counts, self.corrections = flow.counts, flow.corrections
        is_first = True
        for message, row in self.files.rows():
            if is_first:
                yield flow.initial_book(message, row)
                is_first = False
            yield flow.step(message, row)

    def _named(self, day: date | str | None, symbol: str | None) -> tuple[date, str]:
        name = _FILE_NAME.match(self.path.name)
        found_day = day if day is not None else name and name["day"]
        found_symbol = symbol if symbol is not None else name and name["symbol"]
        if found_day is None or found_symbol is None:
            raise ConfigError(f"{self.path}: expected a name SYMBOL_YYYY-MM-DD_..._message_N.csv, or day and symbol")
        try:
            return found_day if isinstance(found_day, date) else date.fromisoformat(found_day), found_symbol
        except ValueError as error:
            raise ConfigError(f"{self.path}: expected day as YYYY-MM-DD, found {shown(found_day)}") from error


@final
class _Flow:
    """The model of one iteration, and the commands of the message at hand."""

    def __init__(self, instrument: int, levels: int) -> None:
        self.counts: Counter[str] = Counter()
        self.corrections: Counter[str] = Counter()
        self._instrument = instrument
        self._levels = levels
        self._sides = (BookSide(Side.BUY), BookSide(Side.SELL))
        self._places_by_id: dict[int, tuple[Side, int]] = {}  # side and price of every order in the model
        self._last_stand_in = MAX_ORDER_ID + 1
        self._ts_ns = 0
        self._commands: list[Command] = []

    def initial_book(self, message: LobsterMessage, row: Row) -> LobsterStep:
        """Return the step that enters the book before the first message."""
        self._ts_ns = message.ts_ns
        before = _undo(message, row)
        for side in Side:
            for price_ticks, qty_lots in before[side]:
                self._add_stand_in(side, price_ticks, qty_lots, Origin.RECORDED)
        self.counts["initial orders"] = len(self._commands)
        return LobsterStep(None, before, self._end())

    def step(self, message: LobsterMessage, row: Row) -> LobsterStep:
        """Return the commands of one message."""
        self._ts_ns = message.ts_ns
        self.counts[_KINDS[message.kind]] += 1
        if message.kind == NEW:
            self._enter(message)
        elif message.kind <= EXECUTED:
            self._take_out(message)
        elif message.kind != HALT and message.qty_lots > 0:
            self._report(message, message.qty_lots)
        corrections = self.corrections.total()
        for side in Side:
            self._correct(side, row[side])
        self.counts["rows corrected"] += self.corrections.total() > corrections
        return LobsterStep(message, row, self._end())

    def _end(self) -> tuple[Command, ...]:
        commands, self._commands = self._commands, []
        if commands:
            commands[-1] = msgspec.structs.replace(commands[-1], is_continued=False)
        return tuple(commands)

    def _enter(self, message: LobsterMessage) -> None:
        former = self._places_by_id.get(message.order_id)
        if former is not None:
            self.counts["order id already live"] += 1
            side, price_ticks = former
            self._take(side, price_ticks, message.order_id, None, Origin.RECORDED)
        self._add(message.order_id, message.side, message.price_ticks, message.qty_lots, Origin.RECORDED)

    def _take_out(self, message: LobsterMessage) -> None:
        """Apply a reduction, deletion or execution to its order, then to those that may stand for it."""
        left_lots = message.qty_lots
        for order_id, open_lots in self._bearers(message):
            if left_lots == 0:
                break
            taken_lots = min(open_lots, left_lots)
            left_lots -= taken_lots
            if message.kind == EXECUTED:
                self._execute(message, order_id, taken_lots)
            elif message.kind == DELETED and order_id == message.order_id:
                self.counts["deleted with more in the model"] += open_lots > taken_lots
                self._take(message.side, message.price_ticks, order_id, None, Origin.RECORDED)
            else:
                self._take(message.side, message.price_ticks, order_id, taken_lots, Origin.RECORDED)
        if left_lots > 0:
            self.counts["lots without an order"] += left_lots
            if message.kind == EXECUTED:
                self._report(message, left_lots)

    def _bearers(self, message: LobsterMessage) -> list[tuple[int, int]]:
        """Return id and open quantity of the orders that a message may be about, the likeliest first."""
        level = self._sides[message.side].level(message.price_ticks)
        if message.order_id not in level:
            self.counts["unknown order"] += 1
        return sorted(level.items(), key=lambda order: (order[0] != message.order_id, order[0] <= MAX_ORDER_ID))

    def _correct(self, side: Side, shown: Levels) -> None:
        """Make the model's side equal to what the recording tells of it."""
        book = self._sides[side]
        lots_by_price = dict(shown)
        worst_ticks = shown[-1][0] if len(shown) == self._levels else None
        for price_ticks in list(book.prices(worst_ticks)):
            surplus_lots = book.total_lots(price_ticks) - lots_by_price.get(price_ticks, 0)
            if surplus_lots > 0:
                self._trim(side, price_ticks, surplus_lots)
        for price_ticks, qty_lots in shown:
            missing_lots = qty_lots - book.total_lots(price_ticks)
            if missing_lots > 0:
                self.corrections["add"] += 1
                self._add_stand_in(side, price_ticks, missing_lots, Origin.CORRECTION)

    def _trim(self, side: Side, price_ticks: int, surplus_lots: int) -> None:
        """Take quantity off a level, from the newest stand-ins, then from the newest orders."""
        newest_first = list(self._sides[side].level(price_ticks).items())[::-1]
        for order_id, open_lots in sorted(newest_first, key=lambda order: order[0] <= MAX_ORDER_ID):
            taken_lots = min(open_lots, surplus_lots)
            surplus_lots -= taken_lots
            self.corrections["cancel" if taken_lots == open_lots else "reduce"] += 1
            self._take(side, price_ticks, order_id, taken_lots, Origin.CORRECTION)
            if surplus_lots == 0:
                return

    def _add_stand_in(self, side: Side, price_ticks: int, qty_lots: int, origin: Origin) -> None:
        self._last_stand_in += 1
        self._add(self._last_stand_in, side, price_ticks, qty_lots, origin)

    def _add(self, order_id: int, side: Side, price_ticks: int, qty_lots: int, origin: Origin) -> None:
        self._sides[side].add(order_id, price_ticks, qty_lots)
        self._places_by_id[order_id] = (side, price_ticks)
        self._commands.append(
            PlaceOrder(
                self._ts_ns,
                self._instrument,
                RECORDED_MARKET,
                order_id,
                side,
                qty_lots,
                price_ticks,
                origin=origin,
                is_continued=True,
            )
        )

    def _take(self, side: Side, price_ticks: int, order_id: int, qty_lots: int | None, origin: Origin) -> None:
        """Take quantity off an order in the model, None for all that it has."""
        open_lots = self._sides[side].level(price_ticks)[order_id]
        taken_lots = open_lots if qty_lots is None else qty_lots
        self._forget(side, price_ticks, order_id, taken_lots)
        where = (self._ts_ns, self._instrument, RECORDED_MARKET, order_id)
        if taken_lots == open_lots:
            self._commands.append(CancelOrder(*where, origin=origin, is_continued=True))
        else:
            self._commands.append(ReduceOrder(*where, taken_lots, origin=origin, is_continued=True))

    def _execute(self, message: LobsterMessage, order_id: int, qty_lots: int) -> None:
        self._forget(message.side, message.price_ticks, order_id, qty_lots)
        self._commands.append(
            ExecuteRecorded(
                self._ts_ns,
                self._instrument,
                order_id,
                message.side,
                message.price_ticks,
                qty_lots,
                is_continued=True,
            )
        )

    def _forget(self, side: Side, price_ticks: int, order_id: int, qty_lots: int) -> None:
        if self._sides[side].take(order_id, price_ticks, qty_lots):
            del self._places_by_id[order_id]

    def _report(self, message: LobsterMessage, qty_lots: int) -> None:
        taker_side = Side.SELL if message.side is Side.BUY else Side.BUY
        self._commands.append(
            ReportTrade(self._ts_ns, self._instrument, taker_side, message.price_ticks, qty_lots, is_continued=True)
        )


def _undo(message: LobsterMessage, row: Row) -> Row:
    """Return the levels before a message, as far as the row after it tells."""
    if message.kind > EXECUTED:
        return row
    lots_by_price = dict(row[message.side])
    added_lots = message.qty_lots if message.kind == NEW else -message.qty_lots
    lots_by_price[message.price_ticks] = lots_by_price.get(message.price_ticks, 0) - added_lots
    levels = ((price_ticks, lots) for price_ticks, lots in lots_by_price.items() if lots > 0)
    side = tuple(sorted(levels, reverse=message.side is Side.BUY))
    return (side, row[Side.SELL]) if message.side is Side.BUY else (row[Side.BUY], side)
