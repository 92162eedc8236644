"""Trades as Tardis.dev sells them: a CSV file with a header, times in microseconds, the side of the taker.

    exchange,symbol,timestamp,local_timestamp,id,side,price,amount

`timestamp` is the venue's, `local_timestamp` the recorder's, which never goes back within a file. On inverse venues
`amount` counts contracts.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, get_args

from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.units import div_ceil
from replay.sources.cells import Cell, parse_choice, parse_integer, parse_time
from replay.sources.text import TextFile
from replay.sources.trades import Contract, Role, TradeFlow, TradeOptions, TradeRow, TradeSource
from replay.wording import shown

Clock = Literal["local_timestamp", "timestamp"]

HEADER: Final = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"

_NS_PER_US: Final = 1_000
_MOST_US: Final = (1 << 62) // _NS_PER_US
_US_DIGITS: Final = 16
_COLUMNS: Final = HEADER.count(",") + 1
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


class TardisSource(TradeSource):
    """The trades of one file.

    clock: which time orders the flow; where `timestamp` goes back between rows, the file is sorted in memory, rows of
    one time in the order of the file. Grid, role and the rest: `replay.sources.trades`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        instrument_id: int = 1,
        symbol: str | None = None,
        tick_size: str | None = None,
        lot_size: str | None = None,
        contract_value: str | None = None,
        money_unit: str | None = None,
        clock: Clock = "local_timestamp",
        role: Role = "trades",
        leg: int = 0,
        since: str | None = None,
        until: str | None = None,
        round_quantities: bool = False,
    ) -> None:
        """Read the file once where its grid is not given.

        Raises ConfigError for an option that does not fit, DataError for a file that is no such CSV.
        """
        if clock not in get_args(Clock):
            raise ConfigError(f"{path}: expected clock as one of {get_args(Clock)}, found {shown(clock)}")
        reader = TardisRows(path, clock)
        contract = reader.contract()
        options = TradeOptions(
            instrument_id, tick_size, lot_size, contract_value, money_unit, role, leg, since, until, round_quantities
        )
        flow = TradeFlow(reader, contract._replace(symbol=symbol or contract.symbol), options)
        reader.narrow(since, until)  # Not before: a grid that is not given is that of the whole file.
        super().__init__(reader.file, flow, f"Tardis, by {clock}")


class TardisRows:
    """The rows of one file."""

    price_column: str = "price"
    qty_column: str = "amount"

    def __init__(self, path: str | Path, clock: Clock) -> None:
        """Look at the file's size only."""
        self.path = Path(path)
        self.file = TextFile(self.path)
        self._clock = clock
        self._since_us = ""
        self._until_us = ""

    def narrow(self, since: str | None, until: str | None) -> None:
        """Leave out, unchecked, rows whose clock is before `since`, or not before `until`: most of a day's file.

        Their microseconds are compared as text, which for as many digits is the order of the numbers.
        """
        self._since_us = "" if since is None else f"{parse_time(since, 'since') // _NS_PER_US:016d}"
        self._until_us = "" if until is None else f"{div_ceil(parse_time(until, 'until'), _NS_PER_US):016d}"

    def contract(self) -> Contract:
        """Return what the first row says of the instrument."""
        lines = self.file.lines()
        self._check_header(next(lines, (1, "")))
        found = next((line for _, line in lines if line.strip()), None)
        if found is None:
            raise DataError(f"{self.path}: expected trades, found none")
        exchange, _, rest = found.partition(",")
        symbol = rest.partition(",")[0]
        return Contract(symbol, _inverse_value(exchange, symbol), _currency(exchange, symbol))

    def rows(self) -> Iterator[TradeRow]:
        """Yield the rows by the clock."""
        if self._clock == "local_timestamp":
            yield from self._in_file_order()
            return
        last_ns = 0
        held: list[TradeRow] = []
        is_sorted = True
        for row in self._in_file_order():
            is_sorted = is_sorted and row.ts_ns >= last_ns
            last_ns = row.ts_ns
            held.append(row)
        yield from held if is_sorted else sorted(held, key=lambda row: row.ts_ns)  # stable: then by the file's order

    def _in_file_order(self) -> Iterator[TradeRow]:
        lines = self.file.lines()
        self._check_header(next(lines, (1, "")))
        is_local = self._clock == "local_timestamp"
        since_us, until_us = self._since_us, self._until_us
        instrument = ""
        last_us = 0
        for number, line in lines:
            cells = line.split(",")
            if len(cells) != _COLUMNS:
                if not line.strip():
                    continue
                raise DataError(f"{self.path}:{number}: expected {_COLUMNS} cells, found {len(cells)}")
            _, symbol, event, local, _, side, price, amount = cells
            clock = local if is_local else event
            if len(clock) == _US_DIGITS and (clock < since_us or clock >= until_us > ""):
                continue
            if symbol != instrument:
                if instrument:
                    where = Cell(self.path, number, "symbol")
                    raise DataError(f"{where}: expected one symbol, {shown(instrument)}, found {shown(symbol)}")
                instrument = symbol
            event_us = self._microseconds(event, number, "timestamp")
            local_us = self._microseconds(local, number, "local_timestamp")
            if local_us < last_us:
                where = Cell(self.path, number, "local_timestamp")
                raise SequenceError(f"{where}: expected at least {last_us}, found {local_us}")
            last_us = local_us
            taker = _SIDES.get(side)
            if taker is None:
                taker = parse_choice(side, _SIDES, Cell(self.path, number, "side"))
            ts_us = local_us if is_local else event_us
            yield TradeRow(number, ts_us * _NS_PER_US, event_us * _NS_PER_US, taker, price, amount)

    def _microseconds(self, text: str, line: int, column: str) -> int:
        if text.isdecimal() and len(text) == _US_DIGITS:
            return int(text)
        return parse_integer(text, Cell(self.path, line, column), 0, _MOST_US)

    def _check_header(self, first: tuple[int, str]) -> None:
        number, line = first
        if line.strip() != HEADER:
            raise DataError(f"{self.path}:{number}: expected the header {HEADER}, found {shown(line)}")


def _inverse_value(exchange: str, symbol: str) -> str | None:
    """Return what a contract is worth in quote money where the venue's contracts are inverse, else None.

    binance-delivery: 100 USD for BTC, 10 USD for others (the venue's contract specifications). bitmex: 1 USD for
    XBTUSD and the dated XBT contracts.
    """
    if exchange == "binance-delivery":
        return "100" if symbol.startswith("BTCUSD") else "10"
    return "1" if exchange == "bitmex" and symbol.startswith("XBT") and not symbol.startswith("XBTUSDT") else None


def _currency(exchange: str, symbol: str) -> str:
    if _inverse_value(exchange, symbol) is not None:
        return symbol.partition("USD")[0]
    return next((quote for quote in ("USDT", "USDC") if symbol.endswith(quote)), "USD")
