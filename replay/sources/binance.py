"""Trades and aggregate trades as Binance publishes them (data.binance.vision): CSV, with a header or without.

| file | market | columns |
|---|---|---|
| aggTrades | spot | id, price, quantity, first id, last id, time, is buyer maker, is best match |
| aggTrades | um, cm | id, price, quantity, first id, last id, time, is buyer maker |
| trades | spot | id, price, quantity, quote quantity, time, is buyer maker, is best match |
| trades | um, cm | id, price, quantity, quote (um) or base (cm) quantity, time, is buyer maker |

Times are milliseconds, or microseconds (spot from 2025-01-01): as many digits as they have say which. In the files of
COIN-M (cm) the quantity counts contracts, of 100 USD for BTC and of 10 USD for all others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from replay.sources.cells import Cell, parse_choice
from replay.sources.text import TextFile
from replay.sources.trades import Contract, Role, TradeFlow, TradeOptions, TradeRow, TradeSource
from replay.wording import shown

Market = Literal["spot", "um", "cm"]

_NS_BY_DIGITS: Final = {13: 1_000_000, 16: 1_000}  # 2001 to 2286 in ms and in us
_FLAGS: Final = {"true": True, "false": False}
_QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "USD")


class _Layout(NamedTuple):
    """Where the cells of a row stand. widths: cells of a row on spot and on a futures market."""

    name: str
    in_names: str
    time: int
    is_buyer_maker: int
    widths: tuple[int, int]


_AGGREGATED: Final = _Layout("aggTrades", "-aggtrades", 5, 6, (8, 7))
_SINGLE: Final = _Layout("trades", "-trades", 4, 5, (7, 6))


class BinanceTradesSource(TradeSource):
    """The trades of one file.

    market: spot, um or cm; by default a row's width and the symbol tell: BTCUSD_PERP and BTCUSD_251226 are cm.
    symbol: by default the file's name up to its first '-'. Grid, role and the rest: `replay.sources.trades`.
    """

    _layout: _Layout = _SINGLE

    def __init__(
        self,
        path: str | Path,
        *,
        instrument_id: int = 1,
        symbol: str | None = None,
        market: Market | None = None,
        tick_size: str | None = None,
        lot_size: str | None = None,
        contract_value: str | None = None,
        money_unit: str | None = None,
        role: Role = "trades",
        leg: int = 0,
        since: str | None = None,
        until: str | None = None,
        round_quantities: bool = False,
    ) -> None:
        """Read the file once where its grid is not given.

        Raises ConfigError for an option that does not fit, DataError for a file that is no such CSV.
        """
        if market is not None and market not in get_args(Market):
            raise ConfigError(f"{path}: expected market as one of {get_args(Market)}, found {shown(market)}")
        reader = BinanceRows(path, self._layout)
        name = symbol or _symbol_of(reader.path, self._layout)
        chosen: Market = market or ("spot" if reader.is_spot() else "cm" if "USD_" in name else "um")
        value = ("100" if name.startswith("BTCUSD") else "10") if chosen == "cm" else None
        options = TradeOptions(
            instrument_id, tick_size, lot_size, contract_value, money_unit, role, leg, since, until, round_quantities
        )
        flow = TradeFlow(reader, Contract(name, value, _currency(name, chosen)), options)
        super().__init__(reader.file, flow, f"Binance {self._layout.name}, {chosen}")


class BinanceAggTradesSource(BinanceTradesSource):
    """The same of a file of aggregate trades: the fills of one taker at one price are one row."""

    _layout = _AGGREGATED


class BinanceRows:
    """The rows of one file."""

    price_column: str = "price"
    qty_column: str = "quantity"

    def __init__(self, path: str | Path, layout: _Layout) -> None:
        """Look at the file's size only."""
        self.path = Path(path)
        self.file = TextFile(self.path)
        self._layout = layout

    def is_spot(self) -> bool:
        """Return whether the first row is as wide as those of the spot market."""
        first = next((line for _, line in self.file.lines() if line.strip()), None)
        if first is None:
            raise DataError(f"{self.path}: expected trades, found an empty file")
        width = first.count(",") + 1
        if width not in self._layout.widths:
            spot, futures = self._layout.widths
            expected = f"{spot} cells (spot) or {futures} (futures) of {self._layout.name}"
            raise DataError(f"{self.path}:1: expected {expected}, found {width}")
        return width == self._layout.widths[0]

    def rows(self) -> Iterator[TradeRow]:
        """Yield the rows in the order of the file. Raises SequenceError where time goes back."""
        width = 0
        digits = 0
        unit_ns = 0
        last_ns = 0
        for number, line in self.file.lines():
            cells = line.split(",")
            if width == 0 or len(cells) != width:
                if not line.strip():
                    continue
                if width == 0:
                    width = len(cells)
                    if not cells[0].isdecimal():
                        self._check_header(cells)
                        continue
                else:
                    raise DataError(f"{self.path}:{number}: expected {width} cells, found {len(cells)}")
            time = cells[self._layout.time]
            if len(time) != digits or not time.isdecimal():
                digits, unit_ns = self._unit(time, number, digits)
            ts_ns = int(time) * unit_ns
            if ts_ns < last_ns:
                raise SequenceError(f"{Cell(self.path, number, 'time')}: expected at least {last_ns} ns, found {ts_ns}")
            last_ns = ts_ns
            flag = cells[self._layout.is_buyer_maker]
            is_buyer_maker = flag in ("True", "true")
            if not is_buyer_maker and flag not in ("False", "false"):
                is_buyer_maker = parse_choice(flag.strip(), _FLAGS, Cell(self.path, number, "is_buyer_maker"))
            yield TradeRow(number, ts_ns, ts_ns, Side.SELL if is_buyer_maker else Side.BUY, cells[1], cells[2])

    def _unit(self, text: str, line: int, digits: int) -> tuple[int, int]:
        unit_ns = _NS_BY_DIGITS.get(len(text)) if text.isdecimal() else None
        if unit_ns is None or digits not in (0, len(text)):
            expected = f"{digits} digits as before" if digits else "milliseconds (13 digits) or microseconds (16)"
            raise DataError(f"{Cell(self.path, line, 'time')}: expected {expected}, found {shown(text)}")
        return len(text), unit_ns

    def _check_header(self, names: list[str]) -> None:
        """Refuse a header of something else: its time and its side would be looked for in other columns."""
        time, maker = names[self._layout.time], names[self._layout.is_buyer_maker]
        if time.strip() not in ("time", "transact_time", "timestamp") or maker.strip() not in (
            "is_buyer_maker",
            "isBuyerMaker",
        ):
            raise DataError(
                f"{self.path}:1: expected the header of {self._layout.name}, found {shown(','.join(names))}"
            )


def _symbol_of(path: Path, layout: _Layout) -> str:
    symbol, found, _ = path.name.partition("-")
    if not found or layout.in_names not in path.name.lower():
        raise ConfigError(f"{path}: expected a name like BTCUSDT{layout.in_names}-2025-10-04, or the option symbol")
    return symbol


def _currency(symbol: str, market: Market) -> str:
    if market == "cm":
        return symbol.partition("USD")[0] or symbol
    return next((quote for quote in _QUOTES if symbol.endswith(quote)), "USD")
