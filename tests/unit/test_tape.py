"""Tapes: what is written comes back, and whatever is damaged is found and named."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.codec import RECORD_BYTES, encode_command
from exchange.commands import CancelOrder, Command, Deposit, MassCancel, PlaceOrder, SetMarkPrice
from exchange.enums import Side
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.layout import command_layouts
from replay.tape import TapeError, TapeReader, TapeWriter
from replay.tape_format import BLOCK_HEADER, FOOTER, MAGIC, PREAMBLE, layout_fingerprints

BTC = Instrument(
    instrument_id=1,
    symbol="BTC-PERP",
    tick_size="0.1",
    lot_size="0.001",
    fees=FeeSchedule(maker_ppm=-20, taker_ppm=500),
    margin_tiers=(MarginTier(maintenance_ppm=4_000, up_to=1_000_000), MarginTier(maintenance_ppm=10_000)),
)
ETH = Instrument(instrument_id=7, symbol="ETH-PERP", kind="inverse")

COMMANDS: list[Command] = [
    Deposit(100, 5, 1_000),
    SetMarkPrice(100, 1, 350_000),
    PlaceOrder(101, 1, 5, -3, Side.BUY, 12, 349_999),
    PlaceOrder(101, 7, 5, 4, Side.SELL, 1, 10),
    MassCancel(103, 0, 5),
    CancelOrder(110, 1, 5, -3),
    SetMarkPrice(120, 7, 11),
]


def write_tape(path: Path, commands: Iterable[Command] = COMMANDS, **options) -> bytes:
    with TapeWriter(path, (BTC, ETH), **options) as tape:
        for command in commands:
            tape.write(command)
    return path.read_bytes()


def read_all(path: Path) -> list[Command]:
    return list(TapeReader(path).commands())


def reseal(data: bytes, offset: int, size: int, end: int) -> bytes:
    """Return the file with the checksum at the end of its structure [offset, offset + size) made right again."""
    at = offset + size - 4
    value = zlib.crc32(data[offset:at] + data[offset + size : end])
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def test_every_command_is_one_unit_with_its_time_in_word_one():
    """The tape reads times and heads in place, at fixed strides."""
    for layout in command_layouts():
        assert layout.units == 1
        assert next(place.word for place in layout.places if place.name == "ts_ns") == 1


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_tape_gives_back_what_was_written(tmp_path, compression):
    """Commands, header, counts and times survive, whatever the compression."""
    if compression == "zstd":
        pytest.importorskip("zstandard")
    path = tmp_path / "day.tape"
    write_tape(path, block_records=3, compression=compression, source="made by hand", metadata={"day": "one"})
    tape = TapeReader(path)
    assert list(tape.commands()) == COMMANDS
    assert list(tape.commands()) == COMMANDS  # Each call starts over.
    assert tape.instruments == (BTC, ETH)
    assert (tape.description, tape.header.metadata) == ("made by hand", {"day": "one"})
    assert (tape.record_count, tape.first_ts_ns, tape.last_ts_ns) == (7, 100, 120)
    assert tape.position_bytes == tape.size_bytes == path.stat().st_size
    assert [len(block) // RECORD_BYTES for block in tape.blocks()] == [3, 3, 1]


def test_an_empty_tape_is_a_tape(tmp_path):
    """No commands: no blocks, and times 0."""
    write_tape(tmp_path / "empty.tape", [])
    tape = TapeReader(tmp_path / "empty.tape")
    assert list(tape.commands()) == []
    assert (tape.record_count, tape.first_ts_ns, tape.last_ts_ns) == (0, 0, 0)


def test_the_same_commands_give_the_same_bytes(tmp_path):
    """A tape depends on its content only, not on how it was handed over."""
    one_by_one = write_tape(tmp_path / "a.tape", block_records=2)
    with TapeWriter(tmp_path / "b.tape", (BTC, ETH), block_records=2) as tape:
        tape.write_records(b"".join(map(encode_command, COMMANDS)))
    assert (tmp_path / "b.tape").read_bytes() == one_by_one


@pytest.mark.parametrize("compression", ["none", "zstd"])
@given(
    gaps=st.lists(st.integers(0, 3), max_size=40),
    block_records=st.integers(1, 9),
    window=st.tuples(st.integers(95, 200), st.integers(95, 200)),
)
def test_records_survive_and_a_time_window_equals_a_filter(tmp_path_factory, compression, gaps, block_records, window):
    """Records to tape to records, and seeking by time gives what filtering by time gives."""
    if compression == "zstd":
        pytest.importorskip("zstandard")
    path = tmp_path_factory.mktemp("tape") / "random.tape"
    times = [100 + sum(gaps[: index + 1]) for index in range(len(gaps))]
    commands = [PlaceOrder(ts_ns, 1, 5, 2**63 - index, Side.SELL, index + 1) for index, ts_ns in enumerate(times)]
    write_tape(path, commands, block_records=block_records, compression=compression)
    assert b"".join(TapeReader(path).blocks()) == b"".join(map(encode_command, commands))
    start_ns, until_ns = window
    wanted = [encode_command(command) for command in commands if start_ns <= command.ts_ns < until_ns]
    assert b"".join(TapeReader(path).blocks(start_ns, until_ns)) == b"".join(wanted)


def test_seeking_reads_only_the_blocks_of_the_window(tmp_path):
    """A damaged block outside of the window is not touched."""
    path = tmp_path / "day.tape"
    data = bytearray(write_tape(path, block_records=1))
    data[data.index(b"BLCK") + 60] ^= 1
    path.write_bytes(data)
    assert [command.ts_ns for command in TapeReader(path).commands(start_ns=103)] == [103, 110, 120]
    with pytest.raises(TapeError, match="block 0 at byte"):
        read_all(path)


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_any_flipped_byte_is_found(tmp_path, compression):
    """No byte of a tape can change without an error."""
    if compression == "zstd":
        pytest.importorskip("zstandard")
    path = tmp_path / "day.tape"
    data = write_tape(path, COMMANDS[:3], block_records=2, compression=compression)
    for position in range(len(data)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(data)
            damaged[position] ^= mask
            path.write_bytes(damaged)
            with pytest.raises(TapeError):
                read_all(path)


def test_any_truncation_is_found_and_what_precedes_it_is_salvaged(tmp_path):
    """Cut anywhere, a tape is refused; salvage gives the whole blocks before the cut and says where the damage is."""
    path = tmp_path / "day.tape"
    data = write_tape(path, COMMANDS, block_records=2)
    block_ends = [entry.end for entry in TapeReader(path)._index]
    header_end = TapeReader(path)._blocks_offset
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(TapeError):
            TapeReader(path)
        if size < header_end:
            continue
        tape = TapeReader(path, salvage=True)
        whole = sum(end <= size for end in block_ends)
        assert list(tape.commands()) == COMMANDS[: 2 * whole]
        assert tape.record_count == len(COMMANDS[: 2 * whole])
        assert tape.damage is not None
        assert str(path) in str(tape.damage)
        assert tape.damage.block == (whole if size < block_ends[-1] + 8 else None)


def test_salvage_stops_at_a_damaged_block(tmp_path):
    """What precedes the damage comes out; the damage is kept with its block and offset."""
    path = tmp_path / "day.tape"
    data = bytearray(write_tape(path, block_records=2))
    third = TapeReader(path)._index[2].offset
    data[third + BLOCK_HEADER.size] ^= 1
    path.write_bytes(data)
    tape = TapeReader(path, salvage=True)
    assert list(tape.commands()) == COMMANDS[:4]
    assert tape.damage is not None
    assert (tape.damage.block, tape.damage.offset) == (2, third)
    assert str(tape.damage) == (f"{path}: block 2 at byte {third}: expected the block's checksum, found another one")


def test_salvage_of_a_sound_tape_finds_no_damage(tmp_path):
    """Asking for salvage changes nothing where nothing is wrong."""
    write_tape(tmp_path / "day.tape")
    tape = TapeReader(tmp_path / "day.tape", salvage=True)
    assert list(tape.commands()) == COMMANDS
    assert tape.damage is None


@pytest.mark.parametrize("garbage", [b"x", b"x" * FOOTER.size, b"x" * 1000])
def test_trailing_garbage_is_refused(tmp_path, garbage):
    """A tape ends where its footer ends."""
    path = tmp_path / "day.tape"
    data = write_tape(path)
    path.write_bytes(data + garbage)
    with pytest.raises(TapeError, match=f"byte {len(data)}: expected the end of the file, found {len(garbage)} more"):
        TapeReader(path)


def test_two_tapes_in_one_file_are_refused(tmp_path):
    """The second footer cannot pass for the first's."""
    data = write_tape(tmp_path / "day.tape")
    (tmp_path / "day.tape").write_bytes(data + data)
    with pytest.raises(TapeError):
        TapeReader(tmp_path / "day.tape")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "expected a tape, found a file that starts with b''"),
        (b"PK\x03\x04 and more bytes than a preamble", "expected a tape"),
        (MAGIC, "expected a preamble of 20 bytes, found 8 bytes"),
        (PREAMBLE.pack(MAGIC, 2, 0, 0), "expected tape version 1, found version 2 .a newer one"),
        (PREAMBLE.pack(MAGIC, 0, 0, 0), "expected tape version 1, found version 0$"),
        (PREAMBLE.pack(MAGIC, 1, 1 << 31, 0), "expected a header of at most"),
    ],
)
def test_what_is_not_a_tape_of_this_version_is_refused_even_by_salvage(tmp_path, start, message):
    """The message says what the file is instead."""
    (tmp_path / "other.tape").write_bytes(start)
    for salvage in (False, True):
        with pytest.raises(TapeError, match=message):
            TapeReader(tmp_path / "other.tape", salvage=salvage)


def rewrite_header(path: Path, change) -> None:
    data = path.read_bytes()
    size = PREAMBLE.unpack(data[: PREAMBLE.size])[2]
    fields = msgspec.json.decode(data[PREAMBLE.size : PREAMBLE.size + size])
    change(fields)
    text = msgspec.json.encode(fields)
    unsealed = PREAMBLE.pack(MAGIC, 1, len(text), 0)[:-4]
    path.write_bytes(unsealed + struct.pack("<I", zlib.crc32(unsealed + text)) + text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header["layouts"].update(PlaceOrder="0" * 16), "expected PlaceOrder records laid out as here"),
        (lambda header: header["layouts"].update(Teleport="0" * 16), "no such command"),
        (lambda header: header.update(color="red"), "unknown field `color`"),
        (lambda header: header.update(compression="lz4"), "Invalid enum value 'lz4'"),
        (lambda header: header.update(units={}), "expected units"),
        (lambda header: header["instruments"][1].update(instrument_id=1), "expected a value of its own, found 1"),
        (lambda header: header["instruments"][1].update(tick_value=0), "expected tick_value > 0"),
    ],
)
def test_a_header_that_cannot_be_trusted_is_refused(tmp_path, change, message):
    """Another layout, an unknown field, an impossible instrument: each is named."""
    path = tmp_path / "day.tape"
    write_tape(path)
    rewrite_header(path, change)
    with pytest.raises(TapeError, match=message):
        TapeReader(path)


def test_a_tape_of_a_version_with_fewer_commands_stays_readable(tmp_path):
    """Layouts are compared command by command, so adding one does not orphan old tapes."""
    fewer = {name: value for name, value in layout_fingerprints().items() if name != "FundDeposit"}
    assert len(fewer) < len(layout_fingerprints())
    path = tmp_path / "day.tape"
    write_tape(path, [])
    rewrite_header(path, lambda header: header.update(layouts=fewer))
    assert TapeReader(path, salvage=True).header.layouts == fewer


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ((0, b"\x63"), "expected a command on an instrument of the tape, found type 99 of 1 units on instrument 1"),
        ((1, b"\x02"), "found type 6 of 2 units"),
        ((2, b"\x09"), "found type 6 of 1 units on instrument 9"),
        ((2, b"\x00"), "found type 6 of 1 units on instrument 0"),
        ((8, b"\xff"), "expected ts_ns >= 255, found 2 "),
    ],
)
def test_a_block_with_impossible_records_is_refused_though_its_checksum_is_right(tmp_path, patch, message):
    """Tapes of other writers are checked for what they mean, too."""
    path = tmp_path / "day.tape"
    data = write_tape(path, [SetMarkPrice(1, 1, 5), SetMarkPrice(2, 1, 5)])
    block = TapeReader(path)._blocks_offset
    at = block + BLOCK_HEADER.size + patch[0]
    data = data[:at] + patch[1] + data[at + 1 :]
    path.write_bytes(
        reseal(data, block, BLOCK_HEADER.size, block + BLOCK_HEADER.size + 2 * RECORD_BYTES)[: -FOOTER.size]
    )
    with pytest.raises(TapeError, match=message):
        TapeReader(path)


def test_writing_refuses_time_going_back(tmp_path):
    """Within a buffer and between two; nothing of the refused buffer is kept."""
    path = tmp_path / "day.tape"
    with TapeWriter(path, (BTC,)) as tape:
        tape.write(SetMarkPrice(10, 1, 5))
        with pytest.raises(SequenceError, match=r"after 1 commands: expected ts_ns >= 10, found 9 \(record 0\)"):
            tape.write(SetMarkPrice(9, 1, 5))
        with pytest.raises(SequenceError, match=r"expected ts_ns >= 12, found 11 \(record 1\)"):
            tape.write_records(encode_command(SetMarkPrice(12, 1, 5)) + encode_command(SetMarkPrice(11, 1, 5)))
        tape.write(SetMarkPrice(10, 1, 6))
    assert read_all(path) == [SetMarkPrice(10, 1, 5), SetMarkPrice(10, 1, 6)]


def test_writing_refuses_what_no_reader_would_accept(tmp_path):
    """A cut record, an unknown instrument, instrument 0 where no command may have it."""
    with TapeWriter(tmp_path / "day.tape", (BTC,)) as tape:
        with pytest.raises(DataError, match="whole records of 64 bytes, found 63 bytes left over"):
            tape.write_records(encode_command(SetMarkPrice(1, 1, 5))[:-1])
        with pytest.raises(DataError, match="on instrument 7"):
            tape.write(SetMarkPrice(1, 7, 5))
        with pytest.raises(DataError, match="on instrument 0"):
            tape.write(SetMarkPrice(1, 0, 5))
    assert tape.record_count == 0


def test_an_interrupted_writer_leaves_what_was_there(tmp_path):
    """The name changes hands only when the new tape is whole."""
    path = tmp_path / "day.tape"
    before = write_tape(path)

    def interrupted() -> Iterator[Command]:
        yield SetMarkPrice(1, 1, 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tape(path, interrupted(), block_records=1)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_writes_only_within_its_block(tmp_path):
    """A command written before or after would be lost without a word."""
    tape = TapeWriter(tmp_path / "day.tape", (BTC,))
    with pytest.raises(ValueError, match="opened by `with`"):
        tape.write(SetMarkPrice(1, 1, 5))
    with tape:
        pass
    with pytest.raises(ValueError, match="opened by `with`"):
        tape.write(SetMarkPrice(1, 1, 5))


@pytest.mark.parametrize(
    ("instruments", "options", "message"),
    [
        ((BTC, BTC), {}, r"instruments\[1\].instrument_id"),
        ((BTC, Instrument(instrument_id=2, symbol="BTC-PERP")), {}, r"instruments\[1\].symbol"),
        ((BTC,), {"block_records": 0}, "expected block_records in 1"),
    ],
)
def test_a_writer_refuses_a_header_it_could_not_read(tmp_path, instruments, options, message):
    """Before anything is on disk."""
    with pytest.raises(ConfigError, match=message):
        TapeWriter(tmp_path / "day.tape", instruments, **options)
    assert list(tmp_path.iterdir()) == []
