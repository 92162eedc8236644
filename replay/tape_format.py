"""The bytes of a tape: preamble, header, blocks, index, footer. `docs/formats.md` shows them one by one.

Everything is little-endian. Every byte of a tape is under a checksum: preamble and header under one, each block with
its header under one, index and footer under one.
"""

import hashlib
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self, TypeAlias

import msgspec

from exchange.codec import RECORD_BYTES
from exchange.commands import FundDeposit, MassCancel, SetInterestRate
from exchange.errors import DataError
from exchange.instrument import Instrument
from exchange.layout import Layout, command_layouts
from replay.zstd import zstandard_for

Compression: TypeAlias = Literal["none", "zstd"]

MAGIC: Final = b"\x89TAPE\r\n\x1a"  # As in PNG: a transfer that rewrites line ends or drops the high bit shows at once.
VERSION: Final = 1
BLOCK_MAGIC: Final = b"BLCK"
INDEX_MAGIC: Final = b"INDX"
FOOTER_MAGIC: Final = b"TAPE.END"

BLOCK_RECORDS: Final = 65_536  # 4 MiB: large enough to compress well, small enough to seek by
MAX_BLOCK_RECORDS: Final = 1 << 20  # bounds what a damaged length can make a reader allocate
MAX_HEADER_BYTES: Final = 1 << 26

PREAMBLE: Final = struct.Struct("<8sIII")  # magic, version, header bytes, checksum
BLOCK_HEADER: Final = struct.Struct("<4sIIIIQqqI")  # magic, the fields of BlockHeader, checksum
INDEX_HEAD: Final = struct.Struct("<4sI")  # magic, blocks
INDEX_ENTRY: Final = struct.Struct(f"<Q{BLOCK_HEADER.size}s")  # offset of the block, its header verbatim
FOOTER: Final = struct.Struct("<8sQIQqqI")  # magic, the fields of Footer, checksum
CHECKSUM_BYTES: Final = 4

UNITS: Final = {
    "price": "ticks of the instrument's tick_size",
    "quantity": "lots of the instrument's lot_size",
    "money": "the instrument's money_unit",
    "time": "ns, UTC, since 1970-01-01",
}


class TapeError(DataError):
    """A tape that cannot be read. block: the block it shows in, or None outside of the blocks. offset: in the file."""

    def __init__(self, path: Path, block: int | None, offset: int, expected: str, found: str) -> None:
        """Say where, what was expected, and what was found."""
        place = f"byte {offset}" if block is None else f"block {block} at byte {offset}"
        super().__init__(f"{path}: {place}: expected {expected}, found {found}")
        self.path = path
        self.block = block
        self.offset = offset
        self.expected = expected
        self.found = found


class TapeHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tape says about itself, stored as JSON.

    layouts: the fingerprint of each command's record. source: where the records come from, in words. is_journal: it
    holds what a venue was asked, commands on instruments that the venue does not have included.
    """

    instruments: tuple[Instrument, ...]
    layouts: dict[str, str]
    source: str = ""
    metadata: dict[str, str] = {}
    compression: Compression = "none"
    is_journal: bool = False
    units: dict[str, str] = msgspec.field(default_factory=lambda: dict(UNITS))


class BlockHeader(NamedTuple):
    """What a block says about itself. first_command counts the commands of the tape from 1."""

    number: int
    records: int
    stored_bytes: int
    raw_bytes: int
    first_command: int
    first_ts_ns: int
    last_ts_ns: int

    def pack(self, stored: bytes) -> bytes:
        """Return the header's bytes, with the checksum over itself and the stored block."""
        unsealed = BLOCK_HEADER.pack(BLOCK_MAGIC, *self, 0)[:-CHECKSUM_BYTES]
        return unsealed + checksum(unsealed, stored)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the header in `data`; the caller checks magic and checksum."""
        return cls(*BLOCK_HEADER.unpack(data)[1:-1])


class Footer(NamedTuple):
    """Where the index stands, and the sums over all blocks; the times are 0 in an empty tape."""

    index_offset: int
    blocks: int
    records: int
    first_ts_ns: int
    last_ts_ns: int

    def pack(self, index: bytes) -> bytes:
        """Return the footer's bytes, with the checksum over the index and itself."""
        unsealed = FOOTER.pack(FOOTER_MAGIC, *self, 0)[:-CHECKSUM_BYTES]
        return unsealed + checksum(index, unsealed)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the footer in `data`; the caller checks magic and checksum."""
        return cls(*FOOTER.unpack(data)[1:-1])


class Fault(NamedTuple):
    """What is wrong with a run of records. record: its place in the run, from 0."""

    record: int
    expected: str
    found: str


def checksum(*parts: bytes) -> bytes:
    """Return the CRC-32 of the parts.

    It finds every error within 32 bits, in 0.8 ms per block of 4 MiB where BLAKE2b takes 4; without a key neither stops
    a deliberate edit, which the digest of a run shows instead.
    """
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value.to_bytes(CHECKSUM_BYTES, "little")


def compress(raw: bytes, compression: Compression, level: int) -> bytes:
    """Return the stored form of a block."""
    if compression == "none":
        return raw
    stored: bytes = zstandard_for("a tape compressed with zstd").ZstdCompressor(level=level).compress(raw)
    return stored


def decompress(stored: bytes, compression: Compression, raw_bytes: int) -> bytes:
    """Return the records of a stored block. Raises ValueError where they are not `raw_bytes` long."""
    if compression == "none":
        raw = stored
    else:
        zstandard = zstandard_for("a tape compressed with zstd")
        try:
            promised = zstandard.frame_content_size(stored)
            if promised != raw_bytes:  # Before anything is allocated for it.
                raise ValueError(f"a frame of {promised} bytes")
            raw = zstandard.ZstdDecompressor().decompress(stored, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
    if len(raw) != raw_bytes:
        raise ValueError(f"{len(raw)} bytes")
    return raw


def layout_fingerprints(layouts: Sequence[Layout] | None = None) -> dict[str, str]:
    """Return a hash of each record layout, of commands unless others are given: number, places, meaning of the enums.

    One per command, so that a tape stays readable when later versions only add commands.
    """
    return {
        layout.struct.__name__: hashlib.blake2b(_described(layout).encode(), digest_size=8).hexdigest()
        for layout in layouts or command_layouts()
    }


class RecordHeads(NamedTuple):
    """What the first 32 bits of a record may be, after `mask`."""

    mask: int
    allowed: frozenset[int]


# Commands whose instrument may be 0: all of them, the shared fund, or money.
MAY_NAME_NONE: Final = (MassCancel, FundDeposit, SetInterestRate)


def record_heads(instruments: Iterable[Instrument], is_journal: bool = False) -> RecordHeads:
    """Return every value that the first 32 bits of a record may have: type, units, and an instrument of the tape.

    Some commands may name instrument 0 (a mass cancel: all of them); a command without an instrument has 0 there. In a
    journal any instrument may stand.
    """
    if is_journal:
        return RecordHeads(0xFFFF, frozenset(layout.type_id | layout.units << 8 for layout in command_layouts()))
    ids = [instrument.instrument_id for instrument in instruments]
    heads: set[int] = set()
    for layout in command_layouts():
        has_instrument = any(place.name == "instrument" for place in layout.places)
        named = [*ids, 0] if layout.struct in MAY_NAME_NONE else ids
        heads.update(layout.type_id | layout.units << 8 | id_ << 16 for id_ in (named if has_instrument else [0]))
    return RecordHeads(0xFFFF_FFFF, frozenset(heads))


def record_ts_ns(records: bytes, record: int) -> int:
    """Return the time of a record: every command is one unit, and its word 1 is ts_ns."""
    at = record * RECORD_BYTES + 8
    return int.from_bytes(records[at : at + 8], "little", signed=True)


def find_fault(records: bytes, heads: RecordHeads) -> Fault | None:
    """Return the first record that is not whole or not a command on an instrument of the tape."""
    whole = len(records) // RECORD_BYTES
    if len(records) % RECORD_BYTES != 0:
        return Fault(whole, f"whole records of {RECORD_BYTES} bytes", f"{len(records) % RECORD_BYTES} bytes left over")
    found = _column(records, "I", 0)
    if heads.allowed.issuperset({head & heads.mask for head in set(found)}):  # A block has few different heads.
        return None
    record = next(index for index, head in enumerate(found) if head & heads.mask not in heads.allowed)
    head = found[record]
    described = f"type {head & 0xFF} of {head >> 8 & 0xFF} units on instrument {head >> 16} (record {record})"
    return Fault(record, "a command on an instrument of the tape", described)


def find_disorder(records: bytes, earliest_ts_ns: int | None) -> Fault | None:
    """Return the first record whose time lies before that of the record ahead of it."""
    times = _column(records, "q", 1)
    if earliest_ts_ns is not None:
        times.insert(0, earliest_ts_ns)
    if times == sorted(times):  # One run for the sort: it only compares neighbours, and faster than a loop.
        return None
    position = next(index for index in range(1, len(times)) if times[index] < times[index - 1])
    record = position if earliest_ts_ns is None else position - 1
    return Fault(record, f"ts_ns >= {times[position - 1]}", f"{times[position]} (record {record})")


def _column(records: bytes, code: Literal["I", "q"], word: int) -> list[int]:
    """Return word `word` of each record, or with code I its lower half."""
    numbers = memoryview(records).cast(code)
    if sys.byteorder == "big":
        swapped = array(code, records)
        swapped.byteswap()
        numbers = memoryview(swapped)
    words_per_item = 8 // numbers.itemsize
    return numbers[word * words_per_item :: RECORD_BYTES // numbers.itemsize].tolist()


def _described(layout: Layout) -> str:
    places = [
        (place.name, place.word, place.shift, place.width, place.kind.__name__, _members(place.kind))
        for place in layout.places
    ]
    return repr((layout.type_id, layout.words, places))


def _members(kind: type[int]) -> list[tuple[str, int]]:
    members = getattr(kind, "__members__", {})
    return [(name, int(member)) for name, member in members.items()]
