"""Our CSV, the cells it is made of, compressed text, and the table that opens a source."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.codec import encode_command
from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    ExecuteRecorded,
    FundDeposit,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
    SetLeverage,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import OrderKind, Origin, Side, SideFilter, TimeInForce
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.instrument import Instrument
from exchange.units import MAX_PRICE_TICKS
from replay.sources import FORMATS, Source, format_of, open_source
from replay.sources.cells import format_count, parse_money, parse_price, parse_quantity, parse_size, parse_time
from replay.sources.csv_commands import CsvSource, write_csv
from replay.sources.text import TextFile
from replay.tape import TapeReader, TapeWriter

BTC = Instrument(instrument_id=1, symbol="BTC-PERP", tick_size="0.1", lot_size="0.001", money_unit="0.01")
ETH = Instrument(instrument_id=7, symbol="ETH, inverse", kind="inverse", tick_size="5", lot_size="1", money_unit="0.01")

ONE_OF_EACH: list[Command] = [
    Deposit(100, 5, 1_000),
    FundDeposit(100, 1),
    SetLeverage(100, 1, 5, 20),
    OpenPosition(100, 1, 5, -250, 350_001),
    SetMarkPrice(101, 1, 350_000),
    PlaceOrder(101, 1, 5, -3, Side.BUY, 12, 349_999, post_only=True),
    PlaceOrder(101, 7, 0, 2**64 - 1, Side.SELL, 1, 10, origin=Origin.RECORDED, is_continued=True),
    PlaceOrder(102, 1, 5, 9, Side.SELL, 3, 0, OrderKind.STOP, TimeInForce.IOC, trigger_ticks=300_000),
    AmendOrder(103, 1, 5, -3, 10, is_total_qty=True),
    ReduceOrder(103, 1, 5, -3, 1),
    CancelOrder(104, 1, 5, -3),
    MassCancel(105, 0, 5),
    MassCancel(105, 7, 5, SideFilter.SELL),
    ReportTrade(106, 1, Side.BUY, 350_000, 2),
    ExecuteRecorded(107, 7, 4, Side.SELL, 10, 1),
    Withdraw(108, 5, 250),
]

HEADER = "ts_ns,type,instrument,account,order_id,side,qty,price\n"


@pytest.fixture
def venue(tmp_path) -> Path:
    path = tmp_path / "venue.toml"
    path.write_text(
        '[[instruments]]\ninstrument_id = 1\nsymbol = "BTC-PERP"\n'
        "tick_size = 0.1\nlot_size = 0.001\nmoney_unit = 0.01\n"
    )
    return path


def read(path: Path, text: str, venue: Path) -> list[Command]:
    path.write_text(text)
    return list(CsvSource(path, instruments=venue).commands())


def test_one_of_each_command_survives(tmp_path):
    """What is written comes back, with its instruments, as often as it is asked for."""
    path = tmp_path / "day.csv"
    assert write_csv(ONE_OF_EACH, (BTC, ETH), path, "made by hand") == len(ONE_OF_EACH)
    source = CsvSource(path)
    assert list(source.commands()) == ONE_OF_EACH
    assert list(source.commands()) == ONE_OF_EACH
    assert source.instruments == (BTC, ETH)
    assert source.description == "made by hand"
    assert source.position_bytes == source.size_bytes == path.stat().st_size
    assert isinstance(source, Source)


def test_people_write_it_by_hand(tmp_path, venue):
    """Columns in any order, words in any case, symbol or id, decimal seconds or ISO 8601, quotes and blanks."""
    text = (
        "type, time ,instrument,account,order_id,side,qty,price,kind\n"
        "place_order,1970-01-01T00:00:01.5Z,BTC-PERP,5,1,Buy,0.012,35000.10,\n"
        "\n"
        'PlaceOrder,1.6,1,5,2,S,1e-3,"35000.2",limit\n'
        "PLACEORDER,1970-01-01 01:00:02+01:00,1,5,3,b,.001,,MARKET\n"
    )
    assert read(tmp_path / "hand.csv", text, venue) == [
        PlaceOrder(1_500_000_000, 1, 5, 1, Side.BUY, 12, 350_001),
        PlaceOrder(1_600_000_000, 1, 5, 2, Side.SELL, 1, 350_002),
        PlaceOrder(2_000_000_000, 1, 5, 3, Side.BUY, 1, 0, OrderKind.MARKET),
    ]


def test_the_examples_of_the_documentation_are_what_it_says(tmp_path, venue):
    """The first is refused, the second is a day."""
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    refused, day = [block for block in page.split("```\n") if block.startswith("type,time,")]
    with pytest.raises(DataError, match=":2: amount: expected a value, found a blank cell"):
        read(tmp_path / "refused.csv", refused, venue)
    assert [type(command) for command in read(tmp_path / "day.csv", day, venue)] == [Deposit, PlaceOrder, CancelOrder]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ts_ns,type,quantity\n", ":1: expected a known column, found 'quantity'; nearest: 'qty'"),
        ("ts_ns,type,type\n", ":1: expected each column once, found 'type' twice"),
        ("", ": expected lines of text, found an empty file"),
        (HEADER + "1,PlaceOrder,1,5\n", ":2: expected 8 cells, found 4"),
        (HEADER + '1,PlaceOrder,1,5,1,buy,1,"5\n', ":2: expected well-quoted cells"),
        (HEADER + "1,Place,1,5,1,buy,1,5\n", ":2: type: expected one of PlaceOrder, .*, found 'Place'"),
        (HEADER + "1,PlaceOrder,XRP,5,1,buy,1,5\n", r":2: instrument: expected a symbol \(BTC-PERP\) .* found 'XRP'"),
        (HEADER + "1,PlaceOrder,all,5,1,buy,1,5\n", ":2: instrument: expected a symbol"),
        (HEADER + "1,PlaceOrder,1,,1,buy,1,5\n", ":2: account: expected a value, found a blank cell"),
        (HEADER + "1,PlaceOrder,1,5.0,1,buy,1,5\n", ":2: account: expected an integer in .*, found '5.0'"),
        (HEADER + f"1,PlaceOrder,1,5,{2**64},buy,1,5\n", ":2: order_id: expected an integer in"),
        (HEADER + "1,PlaceOrder,1,5,1,long,1,5\n", ":2: side: expected one of buy, sell, b, s, found 'long'"),
        (
            HEADER + "1,PlaceOrder,1,5,1,b,0.0005,5\n",
            ":2: qty: expected a multiple of 0.001 .lot_size., found '0.0005'",
        ),
        (HEADER + "1,PlaceOrder,1,5,1,buy,-1,5\n", ":2: qty: expected a quantity > 0, found '-1'"),
        (
            HEADER + "1,PlaceOrder,1,5,1,b,1,5.05\n",
            ":2: price: expected a multiple of 0.1 .tick_size., found '5.05'",
        ),
        (HEADER + "1,PlaceOrder,1,5,1,buy,1,1e99\n", ":2: price: expected at most 109951162777.5, found '1e99'"),
        (HEADER + "1,PlaceOrder,1,5,1,buy,1,nan\n", ":2: price: expected a decimal number, found 'nan'"),
        (HEADER + "1,CancelOrder,1,5,1,,,5\n", ":2: price: expected a blank cell in a CancelOrder, found '5'"),
        (HEADER + ",CancelOrder,1,5,1,,,\n", ":2: ts_ns: expected a value, found a blank cell"),
        (HEADER + "-1,CancelOrder,1,5,1,,,\n", ":2: ts_ns: expected an integer in 0"),
        ("ts_ns,time,type,account,amount\n1,1,Deposit,1,1\n", ":2: time: expected ts_ns or time, found both"),
    ],
)
def test_an_error_names_line_column_value_and_what_was_expected(tmp_path, venue, text, message):
    """So that the person with the file can mend it."""
    with pytest.raises(DataError, match=r"bad\.csv" + message):
        read(tmp_path / "bad.csv", text, venue)


def test_time_going_back_is_an_error_with_its_line(tmp_path, venue):
    """The venue would refuse it later, without knowing the line."""
    text = HEADER + "7,CancelOrder,1,5,1,,,\n7,CancelOrder,1,5,1,,,\n6,CancelOrder,1,5,1,,,\n"
    with pytest.raises(SequenceError, match=r"bad\.csv:4: expected ts_ns >= 7, found 6"):
        read(tmp_path / "bad.csv", text, venue)


def test_instruments_come_from_exactly_one_place(tmp_path, venue):
    """From the header line or from the option, not from both, not from neither."""
    path = tmp_path / "day.csv"
    write_csv([], (BTC,), path)
    with pytest.raises(ConfigError, match="found both"):
        CsvSource(path, instruments=venue)
    path.write_text(HEADER)
    with pytest.raises(ConfigError, match="found none of them"):
        CsvSource(path)


def test_writing_refuses_an_instrument_that_is_not_given_and_leaves_no_file(tmp_path):
    """A row without its instrument could not be read."""
    with pytest.raises(DataError, match=r"expected one of the instruments \[1\]"):
        write_csv([SetMarkPrice(1, 7, 5)], (BTC,), tmp_path / "day.csv")
    assert list(tmp_path.iterdir()) == []


@given(
    count=st.integers(-MAX_PRICE_TICKS, MAX_PRICE_TICKS), step=st.sampled_from(["1", "0.1", "0.05", "2.5e-8", "1e3"])
)
def test_a_price_on_the_grid_survives_its_text(count, step):
    """Integers to text to integers."""
    text = format_count(count, step)
    assert "e" not in text.lower()
    assert parse_price(text, step) == count


@pytest.mark.parametrize(
    ("text", "step", "count"),
    [("1e-08", "0.00000001", 1), ("-37.63", "0.01", -3763), ("0", "0.05", 0), ("+1.0", "0.25", 4), ("0e40", "1", 0)],
)
def test_decimal_text_becomes_whole_steps(text, step, count):
    """Exponents, signs and needless zeros are all exact."""
    assert parse_price(text, step) == parse_size(text, step) == parse_money(text, step) == count


@pytest.mark.parametrize(
    "text", ["", "1_000", "1,5", "0x10", "inf", "NaN", "1e99999", "٣", "1.5.", " 1", "0.015", "1e-400", "1e400"]
)
def test_what_is_not_a_number_on_the_grid_is_refused(text):
    """Never rounded, never guessed; no exponent makes it slow."""
    for parse in (parse_price, parse_quantity, parse_size, parse_money):
        with pytest.raises(DataError):
            parse(text, "0.01")


@pytest.mark.parametrize(
    ("text", "ts_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-10-10T21:15:03.127000001Z", 1_760_130_903_127_000_001),
        ("2025-10-10 23:15:03.1270000010000+02:00", 1_760_130_903_127_000_001),
        ("1760130903.127000001", 1_760_130_903_127_000_001),
        ("1.5e3", 1_500_000_000_000),
    ],
)
def test_times_are_exact_to_the_nanosecond(text, ts_ns):
    """ISO 8601 with an offset, or decimal seconds."""
    assert parse_time(text) == ts_ns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2025-10-10T21:15:03", "expected Z or an offset"),
        ("2025-10-10T21:15:03.0000000001Z", "expected whole nanoseconds"),
        ("1.0000000001", "expected a multiple of 0.000000001"),
        ("2025-02-30T00:00:00Z", "expected a time of the calendar"),
        ("1969-12-31T23:59:59Z", "expected a time from 1970 to 2116"),
        ("-1", "expected a time from 1970 to 2116"),
        ("yesterday", "expected a time like"),
    ],
)
def test_times_that_are_not_exact_are_refused(text, message):
    """A time without an offset could mean any of two dozen."""
    with pytest.raises(DataError, match=message):
        parse_time(text)


LINES = "".join(f"line {number} é\n" for number in range(1, 2_000))


def compressed(name: str) -> bytes:
    if name == "zst":
        zstandard = pytest.importorskip("zstandard")
        half = len(LINES) // 2  # Two frames in one file, as parallel compressors write.
        return b"".join(zstandard.ZstdCompressor().compress(part.encode()) for part in (LINES[:half], LINES[half:]))
    data = LINES.encode()
    return {"plain": data, "gz": gzip.compress(data), "xz": lzma.compress(data), "bz2": bz2.compress(data)}[name]


@pytest.mark.parametrize("name", ["plain", "gz", "xz", "bz2", "zst"])
def test_text_is_read_through_any_compression_and_whatever_its_name(tmp_path, name):
    """The first bytes say how a file is compressed."""
    path = tmp_path / "text"
    path.write_bytes(compressed(name))
    text = TextFile(path)
    assert list(text.lines()) == list(enumerate(LINES.splitlines(), start=1))
    assert text.position_bytes == text.size_bytes


@pytest.mark.parametrize("name", ["gz", "xz", "bz2", "zst"])
def test_truncated_and_damaged_compressed_text_is_an_error(tmp_path, name):
    """A download that stopped early must not pass for a short day."""
    path = tmp_path / "text"
    data = compressed(name)
    path.write_bytes(data[:-5])
    with pytest.raises(DataError, match=r"text: after line \d+: expected whole compressed text"):
        list(TextFile(path).lines())


def test_text_that_is_not_utf8_is_an_error_with_its_line(tmp_path):
    """Line ends of either kind and a byte-order mark are taken off."""
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\xff\n")
    lines = TextFile(path).lines()
    assert [next(lines), next(lines)] == [(1, "one"), (2, "two")]
    with pytest.raises(DataError, match=r"text:3: expected UTF-8 text, found byte 0xff"):
        next(lines)


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("a.tape", "tape"),
        ("a.dbn.zst", "dbn"),
        ("AAPL_2012-06-21_34200000_57600000_message_10.csv", "lobster"),
        ("a.csv.gz", "csv"),
        ("A.CSV", "csv"),
        ("a.jsonl", "jsonl"),
        ("a.ndjson.xz", "jsonl"),
    ],
)
def test_a_name_suggests_its_format(name, format_name):
    """Whatever it is compressed with."""
    assert format_of(Path("some") / name) == format_name
    assert format_name in FORMATS


def test_open_source_finds_the_reader_by_name_or_by_format(tmp_path, venue):
    """Tape, CSV and JSON lines have one face."""
    with TapeWriter(tmp_path / "day.tape", (BTC, ETH)) as tape:
        for command in ONE_OF_EACH:
            tape.write(command)
    tape_source = open_source(tmp_path / "day.tape")
    assert isinstance(tape_source, TapeReader)
    assert isinstance(tape_source, Source)
    write_csv(tape_source.commands(), tape_source.instruments, tmp_path / "day.txt")
    again = open_source(tmp_path / "day.txt", format_name="csv")
    assert list(map(encode_command, again.commands())) == list(map(encode_command, ONE_OF_EACH))
    (tmp_path / "bare.csv").write_text("type,ts_ns,account,amount\nDeposit,1,5,0.25\n")
    assert list(open_source(tmp_path / "bare.csv", {"instruments": venue}).commands()) == [Deposit(1, 5, 25)]


def test_open_source_names_what_it_knows(tmp_path):
    """An unknown suffix, format or option."""
    with pytest.raises(ConfigError, match=r"expected a name like \*\.tape"):
        open_source("day.parquet")
    with pytest.raises(ConfigError, match="found 'jsonlines'; nearest: 'jsonl'"):
        open_source("day.parquet", format_name="jsonlines")
    with pytest.raises(ConfigError, match=r"expected options \['instruments'\] of format 'csv', found 'instrument'"):
        open_source("day.csv", {"instrument": 1})
