"""Files of trades: Tardis and Binance, their grids, roles and errors."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.commands import ReportTrade, SetIndexPrice, SetMarkPrice
from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from replay.sources import format_of, open_source
from replay.sources.binance import BinanceAggTradesSource, BinanceTradesSource
from replay.sources.tardis import HEADER, TardisSource

ROWS = (
    "binance-delivery,AVAXUSD_PERP,1760054401433000,1760054401437753,54966950,buy,28.41,105",
    "binance-delivery,AVAXUSD_PERP,1760054401432000,1760054401437755,54966951,sell,28.4,1",
)
FIRST_NS = 1_760_054_401_437_753_000


def tardis(folder: Path, *rows: str, name: str = "x_trades_y.csv") -> Path:
    """Write a file in the layout of Tardis."""
    path = folder / name
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def test_tardis_rows_become_reported_trades(tmp_path: Path) -> None:
    """By local time, with the taker's side, on a grid of the file's own; the contract is inverse, of 10 USD."""
    source = TardisSource(tardis(tmp_path, *ROWS))
    instrument = source.instruments[0]
    assert (instrument.symbol, instrument.kind, instrument.currency) == ("AVAXUSD_PERP", "inverse", "AVAX")
    assert (instrument.tick_size, instrument.lot_size, instrument.money_unit) == ("0.01", "1", "0.00000001")
    assert (instrument.tick_value, instrument.tick_value_divisor) == (10 * 100 * 10**8, 1)
    assert list(source.commands()) == [
        ReportTrade(FIRST_NS, 1, Side.BUY, 2841, 105),
        ReportTrade(FIRST_NS + 2_000, 1, Side.SELL, 2840, 1),
    ]


def test_clock_timestamp_sorts_by_the_venue_s_time(tmp_path: Path) -> None:
    """Rows of the same time keep the order of the file."""
    third = ROWS[1].replace("401437755", "401437756").replace(",1\n", ",7")
    source = TardisSource(tardis(tmp_path, *ROWS, third), clock="timestamp")
    assert [trade.ts_ns % 10**9 for trade in source.trades()] == [432_000_000, 432_000_000, 433_000_000]


@pytest.mark.parametrize(
    ("role", "command"),
    [("mark", SetMarkPrice(FIRST_NS, 4, 28_410)), ("index", SetIndexPrice(FIRST_NS, 4, 28_410, 2))],
)
def test_roles(tmp_path: Path, role: str, command: object) -> None:
    """A trade may be a mark or a leg of an index, on the grid of another instrument; then quantities are not read."""
    rows = [row.replace(",105", ",0.123456789012") for row in ROWS]
    options = {"role": role, "instrument_id": 4, "leg": 2, "tick_size": "0.001"}
    assert next(iter(open_source(tardis(tmp_path, *rows), options).commands())) == command


def test_exponents_and_closing_zeros(tmp_path: Path) -> None:
    """1e-08 is a quantity, and 28.4000 needs one decimal."""
    rows = [row.replace("binance-delivery", "coinbase") for row in ROWS]
    source = TardisSource(tardis(tmp_path, rows[0].replace("28.41,105", "28.4000,1e-08"), rows[1]))
    assert (source.instruments[0].tick_size, source.instruments[0].lot_size) == ("0.1", "0.00000001")
    assert [(trade.price_ticks, trade.qty_lots) for trade in source.trades()] == [(284, 1), (284, 10**8)]


def test_since_and_until(tmp_path: Path) -> None:
    """From a time, up to but without another."""
    path = tardis(tmp_path, *ROWS)
    assert len(list(TardisSource(path, since="2025-10-10T00:00:01.437754Z").trades())) == 1
    assert len(list(TardisSource(path, until="2025-10-10T00:00:01.437755Z").trades())) == 1


def test_a_window_leaves_the_grid_as_it_is(tmp_path: Path) -> None:
    """Where the file decides on tick and lot, all of it does; and by either clock the same rows lie in the window."""
    path = tardis(tmp_path, *ROWS)
    whole = TardisSource(path)
    narrowed = TardisSource(path, since="2025-10-10T00:00:01.437754Z")
    assert narrowed.instruments == whole.instruments
    assert list(narrowed.trades()) == list(whole.trades())[1:]


def test_quantities_beyond_the_limits_are_rounded_on_request_only(tmp_path: Path) -> None:
    """The error names the line, the lot that fits and the option; rounded ones are counted."""
    row = "gemini,PEPEUSD,1760054401433000,1760054401437753,5,buy,0.00000927,1671205339.852802"
    path = tardis(tmp_path, row, row)
    with pytest.raises(ConfigError, match=r"x_trades_y\.csv:2: amount: .* choose lot_size=0\.01 with round_quant"):
        TardisSource(path)
    source = TardisSource(path, lot_size="0.01", round_quantities=True)
    assert [trade.qty_lots for trade in source.trades()] == [167_120_533_985] * 2
    assert dict(source.corrections) == {"quantity rounded to lots": 2}


@pytest.mark.parametrize(
    ("spoil", "options", "found"),
    [
        (lambda row: row.replace("28.4,", "28.415,"), {"tick_size": "0.01"}, r":3: price: expected a multiple of 0.01"),
        (lambda row: row.replace("28.4,1", "28.4,1.5"), {"lot_size": "1"}, r":3: amount: expected a multiple of 1 "),
        (lambda row: row.replace("28.4,", "abc,"), {}, r":3: price: expected a decimal number, found 'abc'"),
        (lambda row: row.replace("sell", "sold"), {}, r":3: side: expected one of buy, sell, found 'sold'"),
        (lambda row: row.replace("AVAX", "DOGE"), {}, r":3: symbol: expected one symbol"),
        (lambda row: row + ",1", {}, r":3: expected 8 cells, found 9"),
        (lambda row: row.replace("1760054401432000", "soon"), {}, r":3: timestamp: expected an integer"),
        (lambda row: row.replace("1760054401437755", "1760054401437752"), {}, r":3: local_timestamp: expected at"),
    ],
)
def test_errors_name_file_line_and_column(
    tmp_path: Path, spoil: Callable[[str], str], options: dict[str, str], found: str
) -> None:
    """Each wrong cell."""
    path = tardis(tmp_path, ROWS[0], spoil(ROWS[1]))
    with pytest.raises((DataError, SequenceError), match=r"x_trades_y\.csv" + found):
        list(open_source(path, options).commands())


@pytest.mark.parametrize(("option", "value"), [("role", "tape"), ("clock", "noon")])
def test_unknown_choice_of_an_option(tmp_path: Path, option: str, value: str) -> None:
    """Is refused with the choices."""
    with pytest.raises(ConfigError, match=f"expected {option} as one of"):
        open_source(tardis(tmp_path, *ROWS), {option: value})


def test_another_header_is_refused(tmp_path: Path) -> None:
    """Another schema of the same vendor has other columns."""
    path = tmp_path / "x_trades_y.csv"
    path.write_text("exchange,symbol,timestamp\n")
    with pytest.raises(DataError, match=":1: expected the header exchange,symbol"):
        TardisSource(path)


CM_ROW = "1,28.41,105,2,3,1760054401433,true"
BINANCE = {
    "BTCUSDT-trades-2025-10-10.csv": ("1,28.41,0.105,2.98,1760054401433000,True,True", "spot", "linear", 3),
    "BTCUSDT-aggTrades-2024-10-10.csv": ("1,28.41,0.105,2,3,1760054401433,True,True", "spot", "linear", 3),
    "ETHUSDT-trades-2025-10-11.csv": (
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,28.41,0.105,2.98,1760054401433,true",
        "um",
        "linear",
        3,
    ),
    "AVAXUSD_PERP-aggTrades-2025-10-10.csv": (
        f"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n{CM_ROW}",
        "cm",
        "inverse",
        0,
    ),
    "BTCUSD_251226-trades-2020-10-10.csv": ("1,28.41,105,3.69,1760054401433,true", "cm", "inverse", 0),
}


@pytest.mark.parametrize("name", BINANCE)
def test_binance_files(tmp_path: Path, name: str) -> None:
    """Spot and futures, with a header or without, in ms or us; a buyer who made means a seller who took."""
    text, market, kind, decimals = BINANCE[name]
    (tmp_path / name).write_text(text + "\n")
    source = open_source(tmp_path / name)
    assert isinstance(source, BinanceTradesSource)
    assert isinstance(source, BinanceAggTradesSource) == ("aggTrades" in name)
    assert source.instruments[0].kind == kind
    assert f", {market}" in source.description
    assert list(source.commands()) == [ReportTrade(1_760_054_401_433_000_000, 1, Side.SELL, 2841, 105)]
    assert source.instruments[0].lot_size == ("1" if decimals == 0 else "0.001")


def test_binance_contract_values(tmp_path: Path) -> None:
    """100 USD for BTC, 10 USD for all others."""
    for symbol, value in (("BTCUSD_PERP", 100), ("ETHUSD_PERP", 10)):
        path = tmp_path / f"{symbol}-trades-2025-10-10.csv"
        path.write_text("1,28.41,105,3.69,1760054401433,true\n")
        assert open_source(path).instruments[0].tick_value == value * 100 * 10**8


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,28.41,0.105,2.98,176005440,True,True", r":1: time: expected milliseconds"),
        ("1,2,3,4,1760054401433,True,True\n1,2,3,4,1760054401433000,True,True", r":2: time: expected 13 digits"),
        ("1,2,3,4,1760054401433,True,True\n1,2,3,4,1760054401432,True,True", r":2: time: expected at least"),
        ("1,2,3,4,1760054401433,perhaps,True", r":1: is_buyer_maker: expected one of true, false"),
        ("1,2,3", r":1: expected 7 cells \(spot\) or 6"),
        ("open_time,open,high,low,close,volume,count\n", r":1: expected the header of trades"),
    ],
)
def test_binance_errors(tmp_path: Path, text: str, found: str) -> None:
    """Name file, line and column."""
    path = tmp_path / "BTCUSDT-trades-2025-10-10.csv"
    path.write_text(text + "\n")
    with pytest.raises((DataError, SequenceError), match=found):
        list(open_source(path).commands())


def test_zip_and_gzip(tmp_path: Path) -> None:
    """Told by their first bytes; an archive of two files is refused."""
    row = "1,28.41,0.105,2.98,1760054401433,True,True\n"
    packed = tmp_path / "BTCUSDT-trades-2025-10-10.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("BTCUSDT-trades-2025-10-10.csv", row)
    other = tmp_path / "BTCUSDT-trades-2025-10-11.csv.gz"
    other.write_bytes(gzip.compress(row.encode()))
    assert list(open_source(packed).commands()) == list(open_source(other).commands())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("second.csv", row)
    with pytest.raises(DataError, match="a zip archive of 2 files"):
        open_source(packed)


def test_names_tell_the_format() -> None:
    """And our own CSV stays what it was."""
    assert format_of("binance-delivery_trades_2025-10-10_AVAXUSD_PERP.csv.gz") == "tardis"
    assert format_of("BTCUSDC-aggTrades-2025-10-04.zip") == "binance-aggtrades"
    assert format_of("BTCUSDT-trades-2025-10-04.csv") == "binance-trades"
    assert format_of("AMZN_2012-06-21_message_1.csv") == "lobster"
    assert format_of("day.csv.gz") == "csv"
