"""Records: every field in its own bits, Structs to bytes and back, and the engine reads what the codec writes."""

import contextlib
import struct
import typing
from enum import IntEnum

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange import records_generator
from exchange.codec import (
    decode_command,
    decode_commands,
    decode_events,
    encode_command,
    encode_event,
)
from exchange.commands import COMMANDS, Command, Deposit, MassCancel, SetMarkPrice
from exchange.enums import OrderKind, Origin, Side, TimeInForce
from exchange.errors import BatchError, DataError
from exchange.event_log import EventLog
from exchange.events import EVENTS, Event
from exchange.exchange import Exchange
from exchange.layout import UNIT_WORDS, Layout, Place, command_layouts, event_layouts
from exchange.wire import I32, I64, U8, U16
from tests.helpers import BUY, A, bare_venue, margin_venue, order, recorded, run_all, state_of

LAYOUTS = command_layouts() + event_layouts()
NAMES = [layout.struct.__name__ for layout in LAYOUTS]
EDGES = {
    I64: [0, 1, -1, (1 << 63) - 1, -(1 << 63), 1 << 62],
    I32: [0, 1, -1, (1 << 31) - 1, -(1 << 31)],
    U16: [0, 1, (1 << 16) - 1],
    U8: [0, 1, 255],
}


def values(place: Place) -> st.SearchStrategy[int]:
    """What a field can hold, its edges often."""
    if issubclass(place.kind, IntEnum):
        return st.sampled_from(list(place.kind))
    if place.kind is bool:
        return st.booleans()
    low, high = min(EDGES[place.width]), max(EDGES[place.width])
    return st.one_of(st.sampled_from(EDGES[place.width]), st.integers(low, high))


def structs(layouts: list[Layout], **fixed: typing.Any) -> st.SearchStrategy[typing.Any]:
    """Any Struct of these layouts."""
    return st.one_of(
        *(
            st.builds(layout.struct, **fixed, **{place.name: values(place) for place in layout.places})
            for layout in layouts
        )
    )


def coders(layout: Layout) -> tuple[typing.Any, typing.Any]:
    """The functions that write and read the records of a Struct."""
    if layout.struct in EVENTS.values():
        return encode_event, lambda record: decode_events(record, 0)[0]
    return encode_command, decode_command


def test_generated_file_is_current() -> None:
    """`python -m exchange.records_generator` has been run since the Structs changed."""
    said: list[str] = []
    assert records_generator.main(["--check"], said.append) == 0, said


def test_generated_file_is_found_stale(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check would notice; without --check it writes what it wants."""
    monkeypatch.setattr(records_generator, "__file__", str(tmp_path / "records_generator.py"))
    said: list[str] = []
    assert records_generator.main(["--check"], said.append) == 1
    assert "stale" in said[0]
    assert records_generator.main([]) == 0
    assert records_generator.main(["--check"], said.append) == 0
    assert (tmp_path / "records.py").read_text(encoding="utf-8") == records_generator.generate()


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_every_field_has_its_own_bits(layout: Layout) -> None:
    """No two fields overlap, none reaches past its word, and the header's first 16 bits are the record's own."""
    taken = [0] * layout.words
    taken[0] = 0xFFFF
    assert layout.words % UNIT_WORDS == 0
    stored = [name for name in layout.struct.__struct_fields__ if name != "seq"]
    assert [place.name for place in layout.places] == stored
    for place in layout.places:
        assert place.shift + place.bits <= 64, place
        bits = ((1 << place.bits) - 1) << place.shift
        assert not taken[place.word] & bits, place
        taken[place.word] |= bits
        if issubclass(place.kind, IntEnum):
            assert max(place.kind) < 1 << place.bits
    # Whole units, and not one more than is needed.
    assert any(taken[-UNIT_WORDS:])


def test_numbers_on_the_wire_fit_a_byte_and_are_distinct() -> None:
    """Commands and events each have numbers of their own, ascending; each area has a range, with room in it."""
    for table in (COMMANDS, EVENTS):
        numbers = [int(number) for number in table]
        assert numbers == sorted(set(numbers))
        assert 1 <= numbers[0] <= numbers[-1] <= 255
        assert len(set(table.values())) == len(table)


def test_commands_are_one_unit() -> None:
    """The engine steps through a buffer of commands by one unit."""
    assert {layout.units for layout in command_layouts()} == {1}


@given(structs(command_layouts()))
@settings(max_examples=300)
def test_commands_come_back_as_they_were(command: Command) -> None:
    """decode(encode(x)) == x, each field with its type, and the bytes are whole units."""
    record = encode_command(command)
    assert len(record) == 64
    back = decode_command(record)
    assert back == command
    assert type(back) is type(command)
    assert encode_command(back) == record
    assert list(decode_commands(record + record)) == [command, command]


@given(structs(event_layouts(), seq=st.just(5)))
@settings(max_examples=300)
def test_events_come_back_as_they_were(event: Event) -> None:
    """The same for events; seq is their place."""
    record = encode_event(event)
    assert len(record) % 64 == 0
    (back,) = decode_events(record, 5)
    assert back == event
    two = decode_events(record + record, 5)
    assert [found.seq for found in two] == [5, 6]


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_every_edge_of_every_field(layout: Layout) -> None:
    """Each edge value by itself, beside fields that are all zero and fields that are all ones."""
    encode, decode = coders(layout)
    seq = {"seq": 0} if "seq" in layout.struct.__struct_fields__ else {}
    for fill in (0, -1):
        base = {place.name: first_of(place) if fill == 0 else last_of(place) for place in layout.places}
        for place in layout.places:
            edges = list(place.kind) if issubclass(place.kind, IntEnum) else EDGES[place.width]
            for edge in edges if place.kind is not bool else (False, True):
                value = layout.struct(**seq, **{**base, place.name: edge})
                assert decode(encode(value)) == value


def first_of(place: Place) -> int:
    """Zero, or the first member of an enum."""
    return next(iter(place.kind)) if issubclass(place.kind, IntEnum) else place.kind(0)


def last_of(place: Place) -> int:
    """All bits of a field set, as far as its type allows."""
    if issubclass(place.kind, IntEnum):
        return max(place.kind)
    if place.kind is bool:
        return True
    return -1 if place.is_signed else (1 << place.bits) - 1


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_values_past_a_field_are_data_errors(layout: Layout) -> None:
    """One past either end of every field names the field; so does a value that is no integer."""
    encode, _ = coders(layout)
    seq = {"seq": 0} if "seq" in layout.struct.__struct_fields__ else {}
    base = {place.name: first_of(place) for place in layout.places}
    for place in layout.places:
        if place.is_signed:
            bad: list[object] = [
                -(1 << (place.bits - 1)) - 1,
                1 << (64 if place.name.endswith("order_id") else place.bits - 1),
            ]
        else:
            bad = [-1, 1 << place.bits]
        for value in [*bad, 1.0, "1", None]:
            with pytest.raises(DataError, match=f"{layout.struct.__name__}.{place.name}: expected an integer"):
                encode(layout.struct(**seq, **{**base, place.name: value}))


@pytest.mark.parametrize("value", [None, 5, "Deposit", Side.BUY, object()])
def test_what_is_no_command_or_event_is_a_data_error(value: typing.Any) -> None:
    """A command is no event, and the other way round."""
    for encode in (encode_command, encode_event):
        with pytest.raises(DataError, match="expected a"):
            encode(value)
    with pytest.raises(DataError):
        encode_event(Deposit(0, 1, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 8, 63])
def test_truncated_records_are_data_errors(size: int) -> None:
    """A record is whole units; where it stops short says at which byte."""
    record = encode_command(Deposit(0, 1, 1))
    with pytest.raises(DataError, match="at byte 0"):
        decode_command(record[:size])
    with pytest.raises(DataError, match="at byte 64"):
        list(decode_commands(record + record[: size or 1]))
    if size:
        with pytest.raises(DataError, match="at byte 0"):
            decode_events(record[:size], 1)


def test_an_event_of_another_length_is_a_data_error() -> None:
    """The length in the header is checked: an event is not read from two units where its Struct has one."""
    layout = event_layouts()[0]
    record = encode_event(typing.cast(Event, layout.struct(0, *(first_of(place) for place in layout.places))))
    with pytest.raises(DataError, match="at byte 0"):
        decode_events(record[:1] + b"\2" + record[2:] + record, 1)


@pytest.mark.parametrize("first_bytes", [b"\0\1", b"\x7f\1", b"\xff\1", b"\x09\0", b"\x09\2"])
def test_unknown_types_and_lengths_are_data_errors(first_bytes: bytes) -> None:
    """For the codec and for the engine, which changes nothing."""
    record = first_bytes + encode_command(Deposit(0, 1, 1))[2:]
    with pytest.raises(DataError, match="at byte 0"):
        decode_command(record)
    venue = margin_venue()
    with pytest.raises(BatchError) as caught:
        venue.run(record)
    assert isinstance(caught.value.__cause__, DataError)
    assert (venue.seq, venue.command_seq) == (0, 0)


def test_enums_out_of_range_are_data_errors() -> None:
    """A number that no member has is named with its field."""
    record = bytearray(encode_command(MassCancel(0, 1, 1)))
    record[16] = 3
    with pytest.raises(DataError, match="side: expected one of"):
        decode_command(bytes(record))


# --- the engine reads records in place -------------------------------------------------------------------------------


def twin(command: Command, prepare: typing.Callable[[], Exchange]) -> None:
    """A command given as a Struct and as a record has the same events and the same effect."""
    one, two = prepare(), prepare()
    seq = two.seq
    events = one.apply(command)
    assert two.run(encode_command(command)) == 1
    assert two.seq == seq + len(events)
    assert decode_events(two.open_block(), 1)[seq:] == events
    assert state_of(one) == state_of(two)
    assert one.digest() == two.digest()


def prepared() -> Exchange:
    """A venue with orders, a stop, money, a position and a mark."""
    venue = margin_venue(max_leverage=100, default_leverage=10)
    run_all(
        venue,
        SetMarkPrice(1, A, 100),
        *(Deposit(1, account, 1_000_000) for account in (1, 2)),
        recorded(7, BUY, 50, 99, 1),
        recorded(8, Side.SELL, 50, 103, 1),
        order(1, 1, BUY, 10, 98, 1),
        order(1, 2, Side.SELL, 10, 104, 1),
        order(1, 3, BUY, 5, 1, kind=OrderKind.STOP_LIMIT, trigger_ticks=120, ts=1),
        order(2, 4, Side.SELL, 5, 99, 1),
    )
    return venue


SMALL = st.one_of(st.integers(0, 5), st.integers(95, 125), st.sampled_from([-1, 1 << 40, (1 << 63) - 1, -(1 << 63)]))


def likely(layout: Layout) -> st.SearchStrategy[typing.Any]:
    """Commands of one type that often mean something to `prepared`."""
    fields: dict[str, st.SearchStrategy[typing.Any]] = {}
    for place in layout.places:
        fields[place.name] = values(place) if issubclass(place.kind, IntEnum) or place.kind is bool else SMALL
        if place.width == I32:
            fields[place.name] = st.sampled_from([0, 1, 3, 100, -1])
    fields["ts_ns"] = st.sampled_from([1, 2, 10])
    if "instrument" in fields:
        fields["instrument"] = st.sampled_from([A, A, A, 0, 2])
    if "account" in fields:
        fields["account"] = st.sampled_from([1, 2, 0, 3, -1])
    return st.builds(layout.struct, **fields)


@pytest.mark.parametrize("layout", command_layouts(), ids=NAMES[: len(COMMANDS)])
def test_the_engine_reads_what_the_codec_writes(layout: Layout) -> None:
    """apply(x) == run(encode(x)), for every command type with values that act and values that are refused."""

    @given(likely(layout))
    @settings(max_examples=40)
    def check(command: Command) -> None:
        twin(command, prepared)

    check()


def test_the_engine_reads_every_flag() -> None:
    """Each flag of an order by itself shows in OrderAccepted, or in a refusal that names it."""
    for kind in OrderKind:
        for time_in_force in TimeInForce:
            for post_only in (False, True):
                for origin in Origin:
                    for is_continued in (False, True):
                        command = order(
                            1 if origin == 0 else 0,
                            50,
                            BUY,
                            3,
                            0 if kind in (OrderKind.MARKET, OrderKind.STOP) else 90,
                            1,
                            kind=kind,
                            time_in_force=time_in_force,
                            post_only=post_only,
                            trigger_ticks=115 if kind >= OrderKind.STOP else 0,
                            origin=origin,
                            is_continued=is_continued,
                        )
                        twin(command, prepared)


@pytest.mark.parametrize(
    ("word", "bits"),
    [
        (6, 2),
        (6, 7 << 8),
        (6, 5 << 16),
        (6, 2 << 24),
        (6, 3 << 32),
        (6, 2 << 40),
        (6, 3 << 48),
        (6, 4 << 48),
        (6, 5 << 56),
        (6, 1 << 63),
        (7, 3),
        (7, 1 << 63),
    ],
)
def test_bits_that_no_flag_has_are_data_errors(word: int, bits: int) -> None:
    """An order whose small fields hold what no writer writes is refused before anything runs."""
    words = list(struct.unpack("<8Q", encode_command(order(1, 50, BUY, 3, 90, 1))))
    words[word] |= bits
    venue = prepared()
    before = state_of(venue), venue.seq, venue.command_seq
    with pytest.raises(BatchError) as caught:
        venue.run(struct.pack("<8Q", *words))
    assert isinstance(caught.value.__cause__, DataError)
    assert (state_of(venue), venue.seq, venue.command_seq) == before


def test_a_batch_stops_at_its_first_bad_record() -> None:
    """Those before it stand, and its index is told."""
    good = encode_command(Deposit(0, 1, 5))
    for bad in (b"\xff" * 64 + good, good[:63], encode_command(Deposit(-1, 1, 1)) + good):
        venue = margin_venue()
        with pytest.raises(BatchError, match="record 2 of the batch") as caught:
            venue.run(good + good + bad)
        assert caught.value.index == 2
        assert (venue.command_seq, venue.account(1).balance) == (2, 10)
        venue.check()


@given(st.binary(min_size=64, max_size=64))
@example(b"\1\1" + b"\0" * 62)
@settings(max_examples=300)
def test_no_bytes_bring_the_engine_down(noise: bytes) -> None:
    """A record of noise is refused or runs; the venue agrees with itself either way."""
    for venue in (margin_venue(), bare_venue()):
        for kind in range(1, 14):
            record = bytes([kind, 1, 1, 0]) + noise[4:8] + (0).to_bytes(8, "little") + noise[16:]
            with contextlib.suppress(BatchError):
                venue.run(record)
            venue.check()


# --- the writers of events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", event_layouts(), ids=[layout.struct.__name__ for layout in event_layouts()])
def test_writers_write_what_the_codec_reads(layout: Layout) -> None:
    """Every generated writer, with every field all ones, then with each field alone."""
    from exchange import records

    snake = "".join("_" + c.lower() if c.isupper() else c for c in layout.struct.__name__)
    write = getattr(records, "write" + snake)
    given_places = [place for place in layout.places if place.name not in ("command_seq", "ts_ns")]
    samples = [{place.name: last_of(place) for place in given_places}]
    for alone in given_places:
        samples.append({place.name: last_of(place) if place is alone else first_of(place) for place in given_places})
    for sample in samples:
        log = EventLog()
        log.command_seq, log.ts_ns = 11, 12
        write(log, **{name: int(value) for name, value in sample.items()})
        (event,) = decode_events(log.bytes_from(0), 1)
        assert msgspec.structs.asdict(event) == {"seq": 1, "command_seq": 11, "ts_ns": 12, **sample}
