"""Tapes: command records on disk, in blocks that can be checked one by one and found by time.

A tape is written in time order and appears under its name only when it is whole. A reader holds one block in memory,
whatever the tape's length, and checks everything it hands out: checksum, whole records, time order, known instruments.
A tape without its index and footer is truncated: an error, unless the reader was asked to salvage what precedes it.
Known limit: salvage is by whole blocks, because a block's checksum says nothing about a part of it.
"""

import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

import msgspec

from exchange.codec import RECORD_BYTES, decode_commands, encode_command
from exchange.commands import Command
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.instrument import Instrument
from replay.atomic_file import atomic_file
from replay.instruments import check_instruments
from replay.tape_format import (
    BLOCK_HEADER,
    BLOCK_MAGIC,
    BLOCK_RECORDS,
    CHECKSUM_BYTES,
    FOOTER,
    FOOTER_MAGIC,
    INDEX_ENTRY,
    INDEX_HEAD,
    INDEX_MAGIC,
    MAGIC,
    MAX_BLOCK_RECORDS,
    MAX_HEADER_BYTES,
    PREAMBLE,
    UNITS,
    VERSION,
    BlockHeader,
    Compression,
    Footer,
    TapeError,
    TapeHeader,
    checksum,
    compress,
    decompress,
    find_disorder,
    find_fault,
    layout_fingerprints,
    record_heads,
    record_ts_ns,
)
from replay.wording import os_errors_of

__all__ = ["TapeError", "TapeHeader", "TapeReader", "TapeWriter"]

DEFAULT_LEVEL: Final = 3


class TapeWriter:
    """Writes a tape inside a `with` block; the file takes its name when the block ends without an error."""

    def __init__(
        self,
        path: str | Path,
        instruments: Sequence[Instrument],
        *,
        source: str = "",
        metadata: Mapping[str, str] | None = None,
        compression: Compression = "none",
        level: int = DEFAULT_LEVEL,
        block_records: int = BLOCK_RECORDS,
        is_journal: bool = False,
    ) -> None:
        """Name the file and its header; nothing is opened yet. level: of zstd. Raises ConfigError.

        is_journal: commands may name instruments that are not given, as a participant's may; the venue refuses them.
        """
        self.path = Path(path)
        check_instruments(instruments, self.path)
        if not 1 <= block_records <= MAX_BLOCK_RECORDS:
            raise ConfigError(f"{self.path}: expected block_records in 1..{MAX_BLOCK_RECORDS}, found {block_records}")
        compress(b"", compression, level)  # Asks for the library before there is anything to lose.
        self.header = TapeHeader(
            instruments=tuple(instruments),
            layouts=layout_fingerprints(),
            source=source,
            metadata=dict(metadata or {}),
            compression=compression,
            is_journal=is_journal,
        )
        self.record_count = 0
        self.last_ts_ns: int | None = None
        self._level = level
        self._block_bytes = block_records * RECORD_BYTES
        self._heads = record_heads(instruments, is_journal)
        self._pending = bytearray()
        self._index: list[_Entry] = []
        self._end = 0
        self._closing = ExitStack()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open the file under its temporary name and write the header."""
        text = msgspec.json.encode(self.header)
        unsealed = PREAMBLE.pack(MAGIC, VERSION, len(text), 0)[:-CHECKSUM_BYTES]
        with ExitStack() as closing:
            self._file = closing.enter_context(atomic_file(self.path))
            self._append(self._file, unsealed + checksum(unsealed, text) + text)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rest, the index and the footer; or, after an error, leave nothing behind."""
        file, self._file = self._file, None
        with self._closing:
            if error is not None:
                raise error  # Into the atomic file, which then removes what was written.
            if file is not None:
                self._finish(file)

    def write(self, command: Command) -> None:
        """Append a command. Raises SequenceError where time goes back, DataError for an instrument not on the tape."""
        self.write_records(encode_command(command))

    def write_records(self, records: bytes) -> None:
        """Append a buffer of whole records, all or none of it. Errors as in `write`."""
        if self._file is None:
            raise ValueError(f"{self.path}: expected a tape opened by `with`, found one that is not open")
        if not records:
            return
        where = f"{self.path}: after {self.record_count} commands"
        if fault := find_fault(records, self._heads):
            raise DataError(f"{where}: expected {fault.expected}, found {fault.found}")
        if fault := find_disorder(records, self.last_ts_ns):
            raise SequenceError(f"{where}: expected {fault.expected}, found {fault.found}")
        # From here on the records are taken.
        count = len(records) // RECORD_BYTES
        self.record_count += count
        self.last_ts_ns = record_ts_ns(records, count - 1)
        self._pending += records
        while len(self._pending) >= self._block_bytes:
            self._write_block(self._file, bytes(self._pending[: self._block_bytes]))
            del self._pending[: self._block_bytes]

    def _write_block(self, file: IO[bytes], raw: bytes) -> None:
        stored = compress(raw, self.header.compression, self._level)
        records = len(raw) // RECORD_BYTES
        header = BlockHeader(
            number=len(self._index),
            records=records,
            stored_bytes=len(stored),
            raw_bytes=len(raw),
            first_command=self._index[-1].next_command if self._index else 1,
            first_ts_ns=record_ts_ns(raw, 0),
            last_ts_ns=record_ts_ns(raw, records - 1),
        )
        packed = header.pack(stored)
        self._index.append(_Entry(self._end, header, packed))
        self._append(file, packed + stored)

    def _finish(self, file: IO[bytes]) -> None:
        if self._pending:
            self._write_block(file, bytes(self._pending))
        index = INDEX_HEAD.pack(INDEX_MAGIC, len(self._index))
        index += b"".join(INDEX_ENTRY.pack(entry.offset, entry.packed) for entry in self._index)
        footer = _footer_of(self._index, self._end)
        self._append(file, index + footer.pack(index))

    def _append(self, file: IO[bytes], data: bytes) -> None:
        file.write(data)
        self._end += len(data)


class TapeReader:
    """Reads a tape; a source like any other (`replay.sources.Source`), with blocks of records for those who are fast.

    damage: with salvage, what ended the reading early; None as long as nothing did.
    """

    def __init__(self, path: str | Path, *, salvage: bool = False) -> None:
        """Read header and index. Raises TapeError; with salvage only where the header itself is unreadable.

        Without a readable index the whole tape is read and checked here, block by block.
        """
        self.path = Path(path)
        self.damage: TapeError | None = None
        self.position_bytes = 0
        self._salvage = salvage
        with self._opened() as file:
            self.size_bytes = os.fstat(file.fileno()).st_size
            self.header, self._blocks_offset = self._read_header(file)
            self._heads = record_heads(self.header.instruments, self.header.is_journal)
            try:
                self._index = self._read_index(file)
            except TapeError as unreadable:
                self._index, damage = self._walk(file, unreadable)
                if not salvage:
                    raise damage from None
                self.damage = damage

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments that the records refer to."""
        return self.header.instruments

    @property
    def description(self) -> str:
        """Where the records come from, in words."""
        return self.header.source

    @property
    def record_count(self) -> int:
        """How many commands the tape holds."""
        return self._index[-1].next_command - 1 if self._index else 0

    @property
    def first_ts_ns(self) -> int:
        """Time of the first command, 0 in an empty tape."""
        return self._index[0].header.first_ts_ns if self._index else 0

    @property
    def last_ts_ns(self) -> int:
        """Time of the last command, 0 in an empty tape."""
        return self._index[-1].header.last_ts_ns if self._index else 0

    def commands(self, start_ns: int | None = None, until_ns: int | None = None) -> Iterator[Command]:
        """Yield the commands with start_ns <= ts_ns < until_ns. Each call starts over. Raises as `blocks` does."""
        for records in self.blocks(start_ns, until_ns):
            yield from decode_commands(records)

    def blocks(self, start_ns: int | None = None, until_ns: int | None = None) -> Iterator[bytes]:
        """Yield runs of records with start_ns <= ts_ns < until_ns, O(log blocks) to find the first.

        Raises TapeError at a damaged block; with salvage, keeps it in `damage` and ends.
        """
        first = 0 if start_ns is None else bisect_left(self._index, start_ns, key=lambda entry: entry.header.last_ts_ns)
        last = len(self._index)
        if until_ns is not None:
            last = bisect_left(self._index, until_ns, key=lambda entry: entry.header.first_ts_ns)
        self.position_bytes = 0
        with self._opened() as file:
            for entry in self._index[first:last]:
                try:
                    found, raw = self._read_block(file, entry.offset, entry.header.number)
                    if found != entry:
                        raise self._block_error(entry, f"the block of the index, {entry.header}", str(found.header))
                except TapeError as damage:
                    if not self._salvage:
                        raise
                    self.damage = damage
                    return
                self.position_bytes = entry.end
                if cut := _cut(raw, start_ns, until_ns):
                    yield cut
        self.position_bytes = self.size_bytes

    def _opened(self) -> IO[bytes]:
        with os_errors_of(self.path):
            return self.path.open("rb")

    def _read_header(self, file: IO[bytes]) -> tuple[TapeHeader, int]:
        preamble = file.read(PREAMBLE.size)
        if preamble[: len(MAGIC)] != MAGIC:
            raise self._error(0, "a tape", f"a file that starts with {preamble[: len(MAGIC)]!r}")
        if len(preamble) < PREAMBLE.size:
            raise self._error(0, f"a preamble of {PREAMBLE.size} bytes", f"{len(preamble)} bytes")
        _, version, header_bytes, _ = PREAMBLE.unpack(preamble)
        if version != VERSION:
            advice = " (a newer one: update this library)" if version > VERSION else ""
            raise self._error(len(MAGIC), f"tape version {VERSION}", f"version {version}{advice}")
        if header_bytes > MAX_HEADER_BYTES:
            raise self._error(len(MAGIC) + 4, f"a header of at most {MAX_HEADER_BYTES} bytes", f"{header_bytes} bytes")
        text = file.read(header_bytes)
        if len(text) < header_bytes:
            raise self._error(PREAMBLE.size, f"a header of {header_bytes} bytes", f"{len(text)} bytes")
        if checksum(preamble[:-CHECKSUM_BYTES], text) != preamble[-CHECKSUM_BYTES:]:
            raise self._error(PREAMBLE.size, "the header's checksum", "another one")
        return self._parse_header(text), PREAMBLE.size + header_bytes

    def _parse_header(self, text: bytes) -> TapeHeader:
        try:
            header = msgspec.json.decode(text, type=TapeHeader)
            check_instruments(header.instruments, "header")
        except (msgspec.MsgspecError, ConfigError, RecursionError) as error:
            raise self._error(PREAMBLE.size, "a readable header", str(error)) from error
        if header.units != UNITS:
            raise self._error(PREAMBLE.size, f"units {UNITS}", str(header.units))
        known = layout_fingerprints()
        for name, fingerprint in header.layouts.items():
            if known.get(name) != fingerprint:
                expected = f"{name} records laid out as here ({known.get(name, 'no such command')})"
                advice = f"{fingerprint}: written by another version, convert the tape again from its source"
                raise self._error(PREAMBLE.size, expected, advice)
        return header

    def _read_index(self, file: IO[bytes]) -> "list[_Entry]":
        footer_offset = self.size_bytes - FOOTER.size
        if footer_offset < self._blocks_offset:
            raise self._error(self.size_bytes, f"a footer of {FOOTER.size} bytes", "the end of the file")
        file.seek(footer_offset)
        sealed = file.read(FOOTER.size)
        footer = Footer.unpack(sealed)
        if not sealed.startswith(FOOTER_MAGIC):
            raise self._error(footer_offset, f"the footer, {FOOTER_MAGIC!r}", repr(sealed[: len(FOOTER_MAGIC)]))
        index_bytes = INDEX_HEAD.size + INDEX_ENTRY.size * footer.blocks
        if footer.index_offset + index_bytes != footer_offset:
            raise self._error(footer_offset, f"an index of {index_bytes} bytes ahead of the footer", str(footer))
        file.seek(footer.index_offset)
        data = file.read(index_bytes)
        if checksum(data, sealed[:-CHECKSUM_BYTES]) != sealed[-CHECKSUM_BYTES:]:
            raise self._error(footer.index_offset, "the checksum of index and footer", "another one")
        if data[: INDEX_HEAD.size] != INDEX_HEAD.pack(INDEX_MAGIC, footer.blocks):
            raise self._error(footer.index_offset, f"an index of {footer.blocks} blocks", repr(data[: INDEX_HEAD.size]))
        index = [_Entry.of(offset, packed) for offset, packed in INDEX_ENTRY.iter_unpack(data[INDEX_HEAD.size :])]
        for position, entry in enumerate(index):
            self._check_follows(index[position - 1] if position else None, entry)
        if footer != _footer_of(index, footer.index_offset):
            raise self._error(footer_offset, f"{_footer_of(index, footer.index_offset)} by the index", str(footer))
        return index

    def _walk(self, file: IO[bytes], unreadable: TapeError) -> "tuple[list[_Entry], TapeError]":
        """Return the sound blocks from the start of a tape whose index is `unreadable`, and where the damage begins."""
        index: list[_Entry] = []
        while True:
            offset = index[-1].end if index else self._blocks_offset
            file.seek(offset)
            head = file.read(INDEX_HEAD.size)
            if head.startswith(INDEX_MAGIC) and len(head) == INDEX_HEAD.size:
                return index, self._damage_behind_blocks(offset, head, unreadable)
            try:
                entry, _ = self._read_block(file, offset, len(index))
                self._check_follows(index[-1] if index else None, entry)
            except TapeError as damage:
                return index, damage
            index.append(entry)

    def _damage_behind_blocks(self, offset: int, head: bytes, unreadable: TapeError) -> TapeError:
        blocks = INDEX_HEAD.unpack(head)[1]
        end = offset + INDEX_HEAD.size + INDEX_ENTRY.size * blocks + FOOTER.size
        if self.size_bytes < end:
            return self._error(self.size_bytes, f"index and footer up to byte {end}", "the end of the file")
        if self.size_bytes > end:
            return self._error(end, "the end of the file", f"{self.size_bytes - end} more bytes")
        return unreadable

    def _read_block(self, file: IO[bytes], offset: int, number: int) -> "tuple[_Entry, bytes]":
        """Return the block at `offset` and its records, having checked what can be checked within it."""

        def error(expected: str, found: str) -> TapeError:
            return TapeError(self.path, number, offset, expected, found)

        file.seek(offset)
        packed = file.read(BLOCK_HEADER.size)
        if len(packed) < BLOCK_HEADER.size:
            found = f"{len(packed)} bytes, then the end of the file" if packed else "the end of the file"
            raise error("a block or the index", found)
        if not packed.startswith(BLOCK_MAGIC):
            raise error(f"a block, {BLOCK_MAGIC!r}", repr(packed[: len(BLOCK_MAGIC)]))
        entry = _Entry.of(offset, packed)
        header = entry.header
        if entry.end > self.size_bytes:
            left = self.size_bytes - offset - BLOCK_HEADER.size
            raise error(f"{header.stored_bytes} stored bytes", f"{left} bytes, then the end of the file")
        stored = file.read(header.stored_bytes)
        if checksum(packed[:-CHECKSUM_BYTES], stored) != packed[-CHECKSUM_BYTES:]:
            raise error("the block's checksum", "another one")
        if header.number != number:
            raise error(f"block number {number}", str(header.number))
        if not 1 <= header.records <= MAX_BLOCK_RECORDS or header.raw_bytes != header.records * RECORD_BYTES:
            raise error(f"1..{MAX_BLOCK_RECORDS} records of {RECORD_BYTES} bytes", str(header))
        try:
            raw = decompress(stored, self.header.compression, header.raw_bytes)
        except ValueError as cause:
            raise error(f"{header.raw_bytes} bytes of records", str(cause)) from cause
        if fault := find_fault(raw, self._heads) or find_disorder(raw, None):
            raise error(fault.expected, fault.found)
        times = (record_ts_ns(raw, 0), record_ts_ns(raw, header.records - 1))
        if times != (header.first_ts_ns, header.last_ts_ns):
            raise error(f"records from ts_ns {header.first_ts_ns} to {header.last_ts_ns}", f"{times[0]} to {times[1]}")
        return entry, raw

    def _check_follows(self, previous: "_Entry | None", entry: "_Entry") -> None:
        """Raise TapeError unless a block takes up where the one ahead of it ends: in the file, in number, in time."""
        header = entry.header
        if previous is None:
            expected = (self._blocks_offset, 0, 1, header.first_ts_ns)
        else:
            ahead = previous.header
            earliest_ts_ns = max(ahead.last_ts_ns, header.first_ts_ns)
            expected = (previous.end, ahead.number + 1, previous.next_command, earliest_ts_ns)
        found = (entry.offset, header.number, header.first_command, header.first_ts_ns)
        names = ("offset", "number", "first command", "first ts_ns")
        for name, wanted, value in zip(names, expected, found, strict=True):
            if wanted != value:
                raise self._block_error(entry, f"{name} {wanted} after the block ahead", str(value))

    def _block_error(self, entry: "_Entry", expected: str, found: str) -> TapeError:
        return TapeError(self.path, entry.header.number, entry.offset, expected, found)

    def _error(self, offset: int, expected: str, found: str) -> TapeError:
        return TapeError(self.path, None, offset, expected, found)


class _Entry(NamedTuple):
    """A block's place in the file, and its header."""

    offset: int
    header: BlockHeader
    packed: bytes

    @classmethod
    def of(cls, offset: int, packed: bytes) -> Self:
        return cls(offset, BlockHeader.unpack(packed), packed)

    @property
    def end(self) -> int:
        return self.offset + BLOCK_HEADER.size + self.header.stored_bytes

    @property
    def next_command(self) -> int:
        return self.header.first_command + self.header.records


def _footer_of(index: Sequence[_Entry], index_offset: int) -> Footer:
    if not index:
        return Footer(index_offset, 0, 0, 0, 0)
    first, last = index[0], index[-1]
    return Footer(index_offset, len(index), last.next_command - 1, first.header.first_ts_ns, last.header.last_ts_ns)


def _cut(records: bytes, start_ns: int | None, until_ns: int | None) -> bytes:
    """Return the records with start_ns <= ts_ns < until_ns of a run in time order."""
    numbers = range(len(records) // RECORD_BYTES)
    first, last = 0, len(numbers)
    if start_ns is not None:
        first = bisect_left(numbers, start_ns, key=lambda record: record_ts_ns(records, record))
    if until_ns is not None:
        last = bisect_left(numbers, until_ns, key=lambda record: record_ts_ns(records, record))
    return records[first * RECORD_BYTES : last * RECORD_BYTES]
