"""Files that no editor writes: too long, too deep, empty. One error each, with the place, that fits a line."""

from pathlib import Path

import pytest

from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from replay.sources.cells import parse_money, parse_quantity
from replay.sources.csv_commands import CsvSource
from replay.sources.json_lines import JsonLinesSource
from replay.toml_file import read_toml
from replay.venues import load_venue

DIGITS = "9" * 5_000
VENUE = '[[instruments]]\ninstrument_id = 1\nsymbol = "BTC"\ntick_size = 0.1\nlot_size = 0.001\nmoney_unit = 0.01\n'


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    """A venue file of one market."""
    path = tmp_path / "venue.toml"
    path.write_text(VENUE)
    return path


def test_toml_may_start_with_a_byte_order_mark(venue: Path) -> None:
    """As CSV and JSON lines may; and lines may end as on Windows."""
    venue.write_bytes(b"\xef\xbb\xbf" + VENUE.replace("\n", "\r\n").encode())
    assert load_venue(venue)[1][0].symbol == "BTC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + "[" * 5_000, r"venue\.toml: expected TOML, found tables or lists nested too deeply"),
        (f"a = 1\nb = {DIGITS}\n", r"venue\.toml:2: expected an integer of at most 64 bits, found a longer one"),
        (
            f"a = [1, 0x{'f' * 5_000}]",
            r"venue\.toml: a\[1\]: expected an integer of at most 64 bits, found one of 20000",
        ),
        (VENUE.replace("0.1", "1e-400000"), "tick_size as positive decimal text of at most 40 digits"),
        (VENUE.replace("0.1", "0." + "0" * 50 + "1"), "tick_size as positive decimal text of at most 40 digits"),
    ],
)
def test_unusual_toml_is_one_error(venue: Path, text: str, expected: str) -> None:
    """Never the parser's own trouble, and never the digits."""
    venue.write_text(text)
    with pytest.raises(ConfigError, match=expected) as raised:
        load_venue(venue)
    assert len(str(raised.value)) < 1_000


def test_step_at_its_limits_is_taken() -> None:
    """40 characters, of any size up to 10**40."""
    for step in ("0." + "0" * 37 + "1", "1" + "0" * 39, "1e-40", "1e40"):
        assert Instrument(instrument_id=1, symbol="X", tick_size=step).tick_size == step


@pytest.mark.parametrize("line", ["[" * 100_000, f'{{"type":"Deposit","ts_ns":1,"account":5,"amount":{DIGITS}}}'])
def test_unusual_json_names_its_line(tmp_path: Path, venue: Path, line: str) -> None:
    """Too deep, or an integer that is too long; in the first line and in a later one."""
    path = tmp_path / "x.jsonl"
    for number in (1, 3):
        path.write_text("\n" * (number - 1) + line + "\n")
        with pytest.raises(DataError, match=rf"x\.jsonl:{number}: expected a JSON object, found ") as raised:
            list(JsonLinesSource(path, instruments=venue).commands())
        assert len(str(raised.value)) < 400


def test_number_of_thousands_of_digits_is_out_of_range(tmp_path: Path, venue: Path) -> None:
    """It is a multiple of every unit, so the error must not say otherwise; and the text is cut."""
    with pytest.raises(DataError, match=r"amount: expected at most 11529215046068469\.75, found '999") as raised:
        parse_money(DIGITS, "0.01")
    assert len(str(raised.value)) < 200
    with pytest.raises(DataError, match="expected a multiple of"):
        parse_money("0." + "0" * 5_000 + "1", "0.01")
    path = tmp_path / "x.csv"
    path.write_text(f"type,ts_ns,account,amount\nDeposit,{DIGITS},5,1\n")
    with pytest.raises(DataError, match=r"x\.csv:2: ts_ns: expected an integer in 0\.\.") as raised:
        list(CsvSource(path, instruments=venue).commands())
    assert len(str(raised.value)) < 400


def test_line_of_zeros_is_cut(tmp_path: Path, venue: Path) -> None:
    """In the header row, where it is one long name of a column."""
    path = tmp_path / "x.csv"
    path.write_bytes(bytes(100_000))
    with pytest.raises(DataError, match=r"x\.csv:1: expected a known column, found ") as raised:
        list(CsvSource(path, instruments=venue).commands())
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("text", ["0", "-0.012", "-1"])
def test_quantity_is_positive(text: str) -> None:
    """Nothing to trade is no quantity."""
    with pytest.raises(DataError, match=f"expected a quantity > 0, found '{text}'"):
        parse_quantity(text, "0.001")


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", " \n\n"])
def test_empty_file_is_an_error(tmp_path: Path, venue: Path, text: str) -> None:
    """With and without instruments beside it."""
    for reader in (CsvSource, JsonLinesSource):
        path = tmp_path / "x"
        path.write_text(text)
        for instruments in (venue, None):
            with pytest.raises(DataError, match=r"x: expected lines of text, found an empty file"):
                list(reader(path, instruments=instruments).commands())


def test_header_alone_is_no_empty_file(tmp_path: Path) -> None:
    """A CSV needs its header row, too; JSON lines may end there."""
    header = '{"type":"Header","instruments":[{"instrument_id":1,"symbol":"BTC"}]}'
    path = tmp_path / "x"
    path.write_text(f"{header}\n")
    assert list(JsonLinesSource(path).commands()) == []
    path.write_text(f"#{header}\n")
    with pytest.raises(DataError, match="x: expected a header row, found none"):
        list(CsvSource(path).commands())


def test_missing_instruments_are_asked_for_in_every_way(tmp_path: Path) -> None:
    """In the file, as an option, or with a venue."""
    path = tmp_path / "x.csv"
    path.write_text("type,ts_ns\n")
    with pytest.raises(ConfigError, match=r"a header, or the option instruments=FILE\.toml, or a venue \(--venue\)"):
        CsvSource(path)


def test_text_that_is_not_utf8_is_named(venue: Path) -> None:
    """As before."""
    venue.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="expected TOML"):
        read_toml(venue)
