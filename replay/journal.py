"""What a run leaves on disk: the event log, and its commands as a tape, from which it can be run again.

The event log holds the event records block by block, as the venue hands them to its sinks, and ends with the digest
of all of them. `docs/formats.md` has the bytes. A reader holds one block in memory, and checks what it hands out.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

import msgspec

from exchange.codec import decode_events
from exchange.digest import EventDigest
from exchange.errors import DataError
from exchange.event_log import BLOCK_RECORDS
from exchange.events import Event
from exchange.instrument import Instrument
from exchange.layout import event_layouts
from exchange.rules import Rules
from replay.atomic_file import atomic_file
from replay.tape import TapeWriter
from replay.tape_format import (
    BLOCK_MAGIC,
    CHECKSUM_BYTES,
    MAX_HEADER_BYTES,
    PREAMBLE,
    checksum,
    layout_fingerprints,
)

MAGIC: Final = b"\x89EVTS\r\n\x1a"
VERSION: Final = 1
FOOTER_MAGIC: Final = b"EVTS.END"
BLOCK_HEADER: Final = struct.Struct("<4sIIIQI")  # magic, number, records, bytes, number of the first event, checksum
FOOTER: Final = struct.Struct("<8sIQQ32sI")  # magic, blocks, events, commands, digest, checksum

_RULES: Final = "rules"  # the key in a journal's metadata
_BUFFERED_RECORDS: Final = 1_024


class EventLogHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an event log says about itself, stored as JSON.

    layouts: the fingerprint of each event's record. source: where the commands came from, in words.
    """

    instruments: tuple[Instrument, ...]
    rules: Rules
    layouts: dict[str, str]
    source: str = ""


class EventLogFooter(NamedTuple):
    """What the whole log holds. digest: of all events, as `Exchange.digest` gives it."""

    blocks: int
    events: int
    commands: int
    digest: str


class EventLogWriter:
    """A sink of event blocks inside a `with`; the file takes its name after `finish`, when no error occurred."""

    def __init__(self, path: str | Path, instruments: Sequence[Instrument], rules: Rules, source: str = "") -> None:
        """Name the file and its header; nothing is opened yet."""
        self.path = Path(path)
        self.header = EventLogHeader(tuple(instruments), rules, layout_fingerprints(event_layouts()), source)
        self._file: IO[bytes] | None = None
        self._closing = ExitStack()
        self._blocks = 0
        self._is_finished = False

    def __enter__(self) -> Self:
        """Open the file under its temporary name and write the header."""
        text = msgspec.json.encode(self.header)
        unsealed = PREAMBLE.pack(MAGIC, VERSION, len(text), 0)[:-CHECKSUM_BYTES]
        with ExitStack() as closing:
            self._file = closing.enter_context(atomic_file(self.path))
            self._file.write(unsealed + checksum(unsealed, text) + text)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Name the file; or, after an error, leave nothing behind."""
        self._file = None
        with self._closing:
            if error is not None:
                raise error  # Into the atomic file, which then removes what was written.
            if not self._is_finished:
                raise ValueError(f"{self.path}: expected finish() before the end of the log")

    def write(self, block: bytes, first_seq: int) -> None:
        """Append a full block."""
        self._append(block, first_seq, BLOCK_RECORDS)

    def finish(self, open_block: bytes, first_seq: int, events: int, commands: int, digest: str) -> None:
        """Append the last block, which need not be full, and the footer."""
        if open_block:
            self._append(open_block, first_seq, events - first_seq + 1)
        footer = FOOTER.pack(FOOTER_MAGIC, self._blocks, events, commands, bytes.fromhex(digest), 0)
        unsealed = footer[:-CHECKSUM_BYTES]
        self._open_file().write(unsealed + checksum(unsealed))
        self._is_finished = True

    def _append(self, block: bytes, first_seq: int, records: int) -> None:
        header = BLOCK_HEADER.pack(BLOCK_MAGIC, self._blocks, records, len(block), first_seq, 0)[:-CHECKSUM_BYTES]
        self._open_file().write(header + checksum(header, block) + block)
        self._blocks += 1

    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            raise ValueError(f"{self.path}: expected a log opened by `with`, found one that is not open")
        return self._file


class EventLogReader:
    """Reads an event log."""

    def __init__(self, path: str | Path) -> None:
        """Read header and footer. Raises DataError for a file that is no event log, or that was cut."""
        self.path = Path(path)
        with self.path.open("rb") as file:
            self.size_bytes = os.fstat(file.fileno()).st_size
            self.header = self._read_header(file)
            self._blocks_offset = file.tell()
            self.footer = self._read_footer(file)

    def blocks(self) -> Iterator[tuple[bytes, int]]:
        """Yield (records, number of the first event) of each block. Raises DataError at a damaged one."""
        with self.path.open("rb") as file:
            file.seek(self._blocks_offset)
            next_seq = 1
            for number in range(self.footer.blocks):
                offset = file.tell()
                packed = file.read(BLOCK_HEADER.size)
                if len(packed) < BLOCK_HEADER.size or not packed.startswith(BLOCK_MAGIC):
                    raise self._error(offset, f"block {number}", repr(packed[: len(BLOCK_MAGIC)]))
                _, found_number, records, size, first_seq, _ = BLOCK_HEADER.unpack(packed)
                if offset + BLOCK_HEADER.size + size > self.size_bytes:
                    raise self._error(offset, f"{size} bytes of block {number}", "the end of the file")
                block = file.read(size)
                if checksum(packed[:-CHECKSUM_BYTES], block) != packed[-CHECKSUM_BYTES:]:
                    raise self._error(offset, f"the checksum of block {number}", "another one")
                if (found_number, first_seq) != (number, next_seq):
                    found = f"block {found_number} from event {first_seq}"
                    raise self._error(offset, f"block {number} from event {next_seq}", found)
                next_seq += records
                yield block, first_seq
            if next_seq != self.footer.events + 1:
                raise self._error(file.tell(), f"{self.footer.events} events by the footer", str(next_seq - 1))

    def events(self) -> Iterator[Event]:
        """Yield the events. Raises as `blocks` does."""
        for block, first_seq in self.blocks():
            yield from decode_events(block, first_seq)

    def check(self) -> None:
        """Read all of it. Raises DataError unless every block is sound and the digest is that of the events."""
        digest = EventDigest()
        last = b""
        for block, first_seq in self.blocks():
            if first_seq + BLOCK_RECORDS - 1 <= self.footer.events:
                digest.write(block, first_seq)
            else:
                last = block
        if digest.read(last) != self.footer.digest:
            raise self._error(self.size_bytes, f"the digest {self.footer.digest}", digest.read(last))

    def _read_header(self, file: IO[bytes]) -> EventLogHeader:
        preamble = file.read(PREAMBLE.size)
        if not preamble.startswith(MAGIC) or len(preamble) < PREAMBLE.size:
            raise self._error(0, "an event log", f"a file that starts with {preamble[: len(MAGIC)]!r}")
        _, version, header_bytes, _ = PREAMBLE.unpack(preamble)
        if version != VERSION:
            raise self._error(len(MAGIC), f"event log version {VERSION}", f"version {version}")
        text = file.read(min(header_bytes, MAX_HEADER_BYTES))
        if checksum(preamble[:-CHECKSUM_BYTES], text) != preamble[-CHECKSUM_BYTES:]:
            raise self._error(PREAMBLE.size, "the header's checksum", "another one")
        try:
            header = msgspec.json.decode(text, type=EventLogHeader)
        except msgspec.MsgspecError as error:
            raise self._error(PREAMBLE.size, "a readable header", str(error)) from error
        if header.layouts != layout_fingerprints(event_layouts()):
            raise self._error(PREAMBLE.size, "event records laid out as here", "those of another version")
        return header

    def _read_footer(self, file: IO[bytes]) -> EventLogFooter:
        offset = self.size_bytes - FOOTER.size
        file.seek(max(offset, 0))
        sealed = file.read()
        if offset < self._blocks_offset or not sealed.startswith(FOOTER_MAGIC):
            raise self._error(max(offset, 0), "the footer of an event log", "none: the file was cut")
        if checksum(sealed[:-CHECKSUM_BYTES]) != sealed[-CHECKSUM_BYTES:]:
            raise self._error(offset, "the footer's checksum", "another one")
        _, blocks, events, commands, digest, _ = FOOTER.unpack(sealed)
        return EventLogFooter(blocks, events, commands, digest.hex())

    def _error(self, offset: int, expected: str, found: str) -> DataError:
        return DataError(f"{self.path}: byte {offset}: expected {expected}, found {found}")


class CommandJournal:
    """A sink of command records that writes them to a tape, a buffer at a time; `flush` at the end."""

    def __init__(self, tape: TapeWriter) -> None:
        """Write to a tape that is open."""
        self._tape = tape
        self._records: list[bytes] = []

    def write(self, record: bytes) -> None:
        """Take a command that ran."""
        self._records.append(record)
        if len(self._records) == _BUFFERED_RECORDS:
            self.flush()

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._tape.write_records(b"".join(self._records))
        self._records.clear()


def journal_metadata(rules: Rules) -> dict[str, str]:
    """Return what a journal's tape must say so that it can be run again: the venue's rules."""
    return {_RULES: msgspec.json.encode(rules).decode()}


def journal_rules(metadata: dict[str, str]) -> Rules | None:
    """Return the rules under which a tape was journaled, None for a tape that is no journal. Raises DataError."""
    if _RULES not in metadata:
        return None
    try:
        return msgspec.json.decode(metadata[_RULES], type=Rules)
    except msgspec.MsgspecError as error:
        raise DataError(f"expected the rules of a venue in the tape's header, found {error}") from error
