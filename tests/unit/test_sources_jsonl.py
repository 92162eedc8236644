"""JSON lines: commands as their fields, one per line."""

import json
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commands import COMMANDS, Command, Deposit, PlaceOrder, SetMarkPrice
from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.instrument import Instrument
from exchange.layout import Layout, Place, command_layouts
from replay.sources import Source
from replay.sources.json_lines import JsonLinesSource, write_jsonl
from replay.tape import TapeReader, TapeWriter

BTC = Instrument(instrument_id=1, symbol="BTC-PERP", tick_size="0.1", lot_size="0.001")
HEADER = '{"type":"Header","instruments":[{"instrument_id":1,"symbol":"BTC-PERP"}]}\n'
PLACE = {"type": "PlaceOrder", "ts_ns": 1, "instrument": 1, "account": 5, "order_id": 1, "side": 0, "qty_lots": 1}


def read(path: Path, text: str) -> list[Command]:
    path.write_text(text)
    return list(JsonLinesSource(path).commands())


def values(place: Place) -> st.SearchStrategy:
    if place.name == "ts_ns":
        return st.just(7)
    if place.name == "instrument":
        return st.just(1)
    if place.kind is bool:
        return st.booleans()
    if issubclass(place.kind, IntEnum):
        return st.sampled_from(list(place.kind))
    half = 1 << place.bits - 1
    return st.integers(-half, half - 1)


def commands_of(layout: Layout) -> st.SearchStrategy:
    return st.builds(layout.struct, **{place.name: values(place) for place in layout.places})


ANY_COMMAND = st.one_of(*map(commands_of, command_layouts()))


@given(commands=st.lists(ANY_COMMAND, max_size=20))
def test_any_command_survives_json_lines_and_a_tape(tmp_path_factory, commands):
    """Every type, every field, at every value that its record can hold."""
    folder = tmp_path_factory.mktemp("jsonl")
    assert write_jsonl(commands, (BTC,), folder / "day.jsonl") == len(commands)
    source = JsonLinesSource(folder / "day.jsonl")
    with TapeWriter(folder / "day.tape", source.instruments, block_records=3) as tape:
        for command in source.commands():
            tape.write(command)
    assert list(source.commands()) == commands
    assert list(TapeReader(folder / "day.tape").commands()) == commands


def test_a_source_of_json_lines_says_what_it_holds(tmp_path):
    """Instruments and description come from the header; reading starts over and shows its progress."""
    path = tmp_path / "day.jsonl"
    write_jsonl([SetMarkPrice(1, 1, 5)], (BTC,), path, "made by hand")
    source = JsonLinesSource(path)
    assert isinstance(source, Source)
    assert (source.instruments, source.description) == ((BTC,), "made by hand")
    assert list(source.commands()) == list(source.commands()) == [SetMarkPrice(1, 1, 5)]
    assert source.position_bytes == source.size_bytes


def test_every_command_type_can_be_named(tmp_path):
    """The type is the Struct's name; fields with defaults may be left out."""
    assert read(tmp_path / "day.jsonl", HEADER + json.dumps(PLACE) + "\n\n") == [PlaceOrder(1, 1, 5, 1, Side.BUY, 1)]
    with pytest.raises(DataError) as raised:
        read(tmp_path / "day.jsonl", HEADER + '{"type":"Teleport"}')
    assert all(struct.__name__ in str(raised.value) for struct in COMMANDS.values())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"expected a JSON object, found '\{' \("),
        ("[1]", r"expected a JSON object, found '\[1\]'"),
        ('{"ts_ns":1}', "type: expected one of PlaceOrder, .*, found None"),
        ('{"type":["PlaceOrder"]}', r"type: expected one of PlaceOrder, .*, found \['PlaceOrder'\]"),
        (json.dumps({**PLACE, "price": 5}), "expected a key of PlaceOrder, found 'price'; nearest: 'price_ticks'"),
        (json.dumps({**PLACE, "qty_lots": "5"}), "qty_lots: Expected `int`, got `str`.*, found '5'"),
        (json.dumps({**PLACE, "qty_lots": 1.5}), "qty_lots: Expected `int`, got `float`.*, found 1.5"),
        (json.dumps({**PLACE, "side": 2}), "side: Invalid enum value 2.*, found 2"),
        (json.dumps({key: PLACE[key] for key in PLACE if key != "account"}), "Object missing required field `account`"),
        (json.dumps({**PLACE, "qty_lots": 1 << 63}), "PlaceOrder.qty_lots: expected an integer in .*, found 92233"),
        (HEADER.strip(), "type: expected one of PlaceOrder, .*, found 'Header'"),
    ],
)
def test_an_error_names_line_key_value_and_what_was_expected(tmp_path, line, message):
    """So that the person with the file can mend it."""
    with pytest.raises(DataError, match=r"bad\.jsonl:3: " + message):
        read(tmp_path / "bad.jsonl", HEADER + json.dumps(PLACE) + "\n" + line + "\n")


def test_time_going_back_is_an_error_with_its_line(tmp_path):
    """The venue would refuse it later, without knowing the line."""
    lines = "".join(json.dumps({**PLACE, "ts_ns": ts_ns}) + "\n" for ts_ns in (5, 5, 4))
    with pytest.raises(SequenceError, match=r"bad\.jsonl:4: expected ts_ns >= 5, found 4"):
        read(tmp_path / "bad.jsonl", HEADER + lines)


def test_instruments_may_come_from_a_file_instead(tmp_path):
    """Exactly one place names them."""
    (tmp_path / "venue.toml").write_text('[[instruments]]\ninstrument_id = 1\nsymbol = "BTC-PERP"\n')
    path = tmp_path / "bare.jsonl"
    path.write_text('{"type":"Deposit","ts_ns":1,"account":5,"amount":25}\n')
    source = JsonLinesSource(path, instruments=tmp_path / "venue.toml")
    assert list(source.commands()) == [Deposit(1, 5, 25)]
    assert [instrument.symbol for instrument in source.instruments] == ["BTC-PERP"]
    with pytest.raises(ConfigError, match="found none of them"):
        JsonLinesSource(path)
    path.write_text(HEADER)
    with pytest.raises(ConfigError, match="found both"):
        JsonLinesSource(path, instruments=tmp_path / "venue.toml")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('{"type":"Header"}', "missing required field `instruments`"),
        ('{"type":"Header","instruments":[{"instrument_id":0,"symbol":"X"}]}', "expected instrument_id in 1"),
        ('{"type":"Header","instruments":[],"colour":1}', "unknown field `colour`"),
        (HEADER.replace("[", '[{"instrument_id":1,"symbol":"X"},').strip(), "expected a value of its own, found 1"),
    ],
)
def test_a_bad_header_is_an_error(tmp_path, header, message):
    """Nothing after it could be trusted."""
    with pytest.raises(DataError, match=r"bad\.jsonl:1: expected a header with instruments, found .*" + message):
        read(tmp_path / "bad.jsonl", header)


def test_a_failed_write_leaves_no_file(tmp_path):
    """A half-written day must not pass for a whole one."""

    def failing():
        yield SetMarkPrice(1, 1, 5)
        raise DataError("the source broke")

    with pytest.raises(DataError, match="the source broke"):
        write_jsonl(failing(), (BTC,), tmp_path / "day.jsonl")
    assert list(tmp_path.iterdir()) == []
