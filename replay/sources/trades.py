"""What all files of trades share: rows to trades on a grid, the grid chosen from the data, trades to commands.

A file of trades shows no book. Its source therefore yields each trade as one of three commands, as `role` says: a
trade that moves the last price (ReportTrade), a value of the mark price (SetMarkPrice), or of the index or one leg of
it (SetIndexPrice). `replay.flows.trades_only` puts a book around the trades instead.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol, get_args, runtime_checkable

from exchange.commands import Command, ReportTrade, SetIndexPrice, SetMarkPrice
from exchange.enums import Side
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from exchange.units import MAX_MONEY, MAX_QTY_LOTS
from replay.sources.cells import Cell, format_count, parse_decimal, parse_price, parse_quantity, parse_time
from replay.sources.text import TextFile
from replay.wording import shown

Role = Literal["trades", "mark", "index"]

_CACHED: Final = 1 << 14  # texts of prices and quantities, which repeat


class TradeRow(NamedTuple):
    """One row as it stands. line: from 1. ts_ns: of the clock chosen; event_ts_ns: when the venue says it traded."""

    line: int
    ts_ns: int
    event_ts_ns: int
    side: Side
    price: str
    qty: str


class Trade(NamedTuple):
    """One trade on the grid. side: the taker's. event_ts_ns: when the venue says it traded."""

    ts_ns: int
    event_ts_ns: int
    side: Side
    price_ticks: int
    qty_lots: int


@runtime_checkable
class HasTrades(Protocol):
    """A source that knows its trades as such, on the grid of its one instrument."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The one instrument."""

    @property
    def description(self) -> str:
        """Where the trades come from, in words."""

    @property
    def size_bytes(self) -> int:
        """Bytes to read in all; 0 where unknown."""

    @property
    def position_bytes(self) -> int:
        """Bytes read so far."""

    def trades(self) -> Iterator[Trade]:
        """Yield the trades in time order. Each call starts over."""


class Contract(NamedTuple):
    """What one unit of the quantity column is. value: quote money per contract where inverse, else None."""

    symbol: str
    inverse_value: str | None
    currency: str


class RowReader(Protocol):
    """A file of trades in one vendor's layout."""

    path: Path
    price_column: str
    qty_column: str

    def rows(self) -> Iterator[TradeRow]:
        """Yield the rows in order. Raises DataError with file and line."""


class Grid(NamedTuple):
    """What a first pass over a file found. size: the most decimals of prices and quantities; limits of both."""

    rows: int
    price_decimals: int
    qty_decimals: int
    highest_qty: Decimal
    highest_qty_line: int


class TradeOptions(NamedTuple):
    """Options that every file of trades takes. Decimal texts; None where the data decide."""

    instrument_id: int
    tick_size: str | None
    lot_size: str | None
    contract_value: str | None
    money_unit: str | None
    role: Role
    leg: int
    since: str | None
    until: str | None
    round_quantities: bool


class TradeFlow:
    """Trades of one file on the grid of one instrument: what the sources of all vendors are made of."""

    def __init__(self, reader: RowReader, contract: Contract, options: TradeOptions) -> None:
        """Read the file once where the grid has to be found. Raises ConfigError or DataError where none fits."""
        if options.role not in get_args(Role):
            raise ConfigError(f"{reader.path}: expected role as one of {get_args(Role)}, found {shown(options.role)}")
        self.path = reader.path
        self.corrections: Counter[str] = Counter()
        self._reader = reader
        self._options = options
        self._since_ns = _bound(options.since, "since", 0)
        self._until_ns = _bound(options.until, "until", 1 << 62)
        tick_size, lot_size = options.tick_size, options.lot_size
        reads_quantities = options.role == "trades"
        if tick_size is None or (lot_size is None and reads_quantities):
            grid = grid_of(reader)
            tick_size = tick_size or _power(grid.price_decimals)
            if lot_size is None and reads_quantities:
                lot_size = _lot_size(reader.path, reader.qty_column, grid)
        self.instrument = _instrument(self.path, contract, options, tick_size, lot_size or "1")

    def trades(self) -> Iterator[Trade]:
        """Yield the trades. Raises DataError for a price or a quantity off the grid, with file, line and column."""
        self.corrections.clear()
        price_of = lru_cache(_CACHED)(self._price)
        qty_of = lru_cache(_CACHED)(self._qty)
        reads_quantities = self._options.role == "trades"
        since_ns, until_ns = self._since_ns, self._until_ns
        for row in self._reader.rows():
            if row.ts_ns < since_ns:
                continue
            if row.ts_ns >= until_ns:
                return
            price_ticks, qty_lots = price_of(row.price), qty_of(row.qty) if reads_quantities else 1
            if isinstance(qty_lots, _Rounded):
                self.corrections["quantity rounded to lots"] += 1
                qty_lots = qty_lots.lots
            if isinstance(price_ticks, str):
                raise DataError(f"{Cell(self.path, row.line, self._reader.price_column)}{price_ticks}")
            if isinstance(qty_lots, str):
                raise DataError(f"{Cell(self.path, row.line, self._reader.qty_column)}{qty_lots}")
            yield Trade(row.ts_ns, row.event_ts_ns, row.side, price_ticks, qty_lots)

    def commands(self) -> Iterator[Command]:
        """Yield a command for each trade, as the role says."""
        number, leg = self.instrument.instrument_id, self._options.leg
        if self._options.role == "mark":
            return (SetMarkPrice(trade.ts_ns, number, trade.price_ticks) for trade in self.trades())
        if self._options.role == "index":
            return (SetIndexPrice(trade.ts_ns, number, trade.price_ticks, leg) for trade in self.trades())
        return (
            ReportTrade(trade.ts_ns, number, trade.side, trade.price_ticks, trade.qty_lots) for trade in self.trades()
        )

    def description(self, layout: str) -> str:
        """Return where the commands come from, in words."""
        roles = {"trades": "trades", "mark": "trades as mark price", "index": "trades as index price"}
        fact = self.instrument
        grid = f"tick {fact.tick_size}, lot {fact.lot_size}"
        return f"{self.path.name}: {fact.symbol}, {roles[self._options.role]} ({layout}); {grid}"

    def _price(self, text: str) -> int | str:
        """Return ticks, or what is wrong: a cache keeps no exception, and the line is not known here."""
        try:
            return parse_price(text, self.instrument.tick_size, "")
        except DataError as error:
            return str(error)

    def _qty(self, text: str) -> "int | str | _Rounded":
        try:
            return parse_quantity(text, self.instrument.lot_size, "")
        except DataError as error:
            if not self._options.round_quantities:
                return str(error)
        try:
            lots = int((Decimal(text) / Decimal(self.instrument.lot_size)).to_integral_value())
            text = format_count(max(lots, 1), self.instrument.lot_size)
            return _Rounded(parse_quantity(text, self.instrument.lot_size, ""))
        except (DataError, ArithmeticError) as error:
            return str(error)


class TradeSource:
    """The trades of one file as a source: what those of all vendors share."""

    def __init__(self, file: TextFile, flow: TradeFlow, what: str) -> None:
        """Show a flow. file: what its rows are read from. what: the vendor and the sort of file, in words."""
        self._file = file
        self._flow = flow
        self.path = flow.path
        self.instruments = (flow.instrument,)
        self.description = flow.description(what)
        self.size_bytes = file.size_bytes
        self.corrections = flow.corrections

    @property
    def position_bytes(self) -> int:
        """Bytes read so far."""
        return self._file.position_bytes

    def trades(self) -> Iterator[Trade]:
        """Yield the trades on the instrument's grid. Raises DataError with file, line and column."""
        return self._flow.trades()

    def commands(self) -> Iterator[Command]:
        """Yield a command for each trade, as `role` says."""
        return self._flow.commands()


class _Rounded(NamedTuple):
    """A quantity that stood between two lots."""

    lots: int


def grid_of(reader: RowReader) -> Grid:
    """Read a whole file and return the decimals that its prices and quantities need."""
    rows = price_decimals = qty_decimals = highest_line = 0
    highest = Decimal(0)
    decimals_of = lru_cache(_CACHED)(_decimals_of)
    for row in reader.rows():
        rows += 1
        price, qty = decimals_of(row.price), decimals_of(row.qty)
        if price is None or qty is None:
            column = reader.price_column if price is None else reader.qty_column
            parse_decimal(row.price if price is None else row.qty, Cell(reader.path, row.line, column))
            continue
        price_decimals = max(price_decimals, price[0])
        qty_decimals = max(qty_decimals, qty[0])
        if qty[1] > highest:
            highest, highest_line = qty[1], row.line
    if rows == 0:
        raise DataError(f"{reader.path}: expected trades, found none")
    return Grid(rows, price_decimals, qty_decimals, highest, highest_line)


def _decimals_of(text: str) -> tuple[int, Decimal] | None:
    """Return how many decimals a text needs, and its value; None for what is no number. Exponents are no decimals."""
    try:
        value = parse_decimal(text, "")
    except DataError:
        return None
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0, value


def _power(decimals: int) -> str:
    return "1" if decimals == 0 else f"0.{'0' * (decimals - 1)}1"


def _lot_size(path: Path, column: str, grid: Grid) -> str:
    """Return the coarsest power of ten on which all quantities stand. Raises ConfigError where they would not fit."""
    lot_size = _power(grid.qty_decimals)
    if grid.highest_qty <= MAX_QTY_LOTS * Decimal(lot_size):
        return lot_size
    fitting = next(_power(d) for d in range(grid.qty_decimals, -1, -1) if grid.highest_qty <= MAX_QTY_LOTS * _step(d))
    where = Cell(path, grid.highest_qty_line, column)
    raise ConfigError(
        f"{where}: expected at most {MAX_QTY_LOTS} lots, found {grid.highest_qty} in lots of {lot_size}, which others "
        f"need; choose lot_size={fitting} with round_quantities=true"
    )


def _step(decimals: int) -> Decimal:
    return Decimal(_power(decimals))


def _instrument(path: Path, contract: Contract, options: TradeOptions, tick_size: str, lot_size: str) -> Instrument:
    """Return the instrument: linear with one unit of money per tick and lot, or inverse in 1e-8 of the base."""
    value = options.contract_value or contract.inverse_value
    if value is None:
        money_unit = options.money_unit or str(Decimal(tick_size) * Decimal(lot_size))
        per_tick = Decimal(tick_size) * Decimal(lot_size) / Decimal(money_unit)
    else:
        money_unit = options.money_unit or "0.00000001"
        per_tick = Decimal(value) * Decimal(lot_size) / (Decimal(tick_size) * Decimal(money_unit))
    numerator, divisor = per_tick.as_integer_ratio()
    if not 0 < numerator <= MAX_MONEY or divisor > MAX_MONEY:
        raise ConfigError(f"{path}: expected a value of a lot that fits 60 bits, found {per_tick} x {money_unit}")
    return Instrument(
        instrument_id=options.instrument_id,
        symbol=contract.symbol,
        kind="linear" if value is None else "inverse",
        tick_value=numerator,
        tick_value_divisor=divisor,
        tick_size=tick_size,
        lot_size=lot_size,
        money_unit=money_unit,
        currency=contract.currency,
        mark_source="external" if options.role == "mark" else "last",
    )


def _bound(text: str | None, name: str, default: int) -> int:
    return default if text is None else parse_time(text, name)
