"""Several sources as one flow in the order (ts_ns, priority, place in the source), with one block of each in memory.

What is merged are runs of records and not single commands: a run is as long as no other source has something to say
in between, so that a tape alone, or a tape with a few accounts, passes through in whole blocks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol, final, runtime_checkable

from exchange.codec import RECORD_BYTES, encode_command
from exchange.commands import Command
from replay.sources import Source
from replay.tape_format import record_ts_ns

PACKED_COMMANDS: Final = 1_024  # in a block of a source that yields commands one by one


class Run(NamedTuple):
    """Whole records of one source, in a row. source: its place in the list. first_command counts from 1 in it."""

    source: int
    first_command: int
    records: bytes

    @property
    def record_count(self) -> int:
        """How many commands it holds."""
        return len(self.records) // RECORD_BYTES


@runtime_checkable
class HasBlocks(Protocol):
    """A source that has its commands as records already."""

    def blocks(self) -> Iterator[bytes]:
        """Yield runs of whole records in time order."""


def packed(commands: Iterable[Command]) -> Iterator[bytes]:
    """Yield commands as blocks of records."""
    left = iter(commands)
    while block := b"".join(map(encode_command, islice(left, PACKED_COMMANDS))):
        yield block


def blocks_of(source: Source) -> Iterator[bytes]:
    """Yield the commands of a source as blocks of records."""
    return source.blocks() if isinstance(source, HasBlocks) else packed(source.commands())


def merge(sources: Sequence[Iterable[bytes]]) -> Iterator[Run]:
    """Yield the records of all sources in order; at equal times, those of the earlier source in the list first.

    A source whose time goes back is passed on as it is: the venue refuses that command.
    """
    cursors = [_Cursor(place, iter(blocks)) for place, blocks in enumerate(sources)]
    while cursors := [cursor for cursor in cursors if cursor.is_ready()]:
        first = min(cursors, key=_Cursor.head)
        others = [cursor.head() for cursor in cursors if cursor is not first]
        yield first.take(min(others)) if others else first.take_block()


@final
class _Cursor:
    """The place that the merge has reached in one source."""

    def __init__(self, place: int, blocks: Iterator[bytes]) -> None:
        self._place = place
        self._blocks = blocks
        self._records = b""  # of the block at hand
        self._at = 0  # how many of them were taken
        self._first_command = 1

    def is_ready(self) -> bool:
        """Return whether there is a record to take, having read the next block where this one is used up."""
        if self._at * RECORD_BYTES == len(self._records):
            self._records = next(filter(None, self._blocks), b"")
            self._at = 0
        return len(self._records) > 0

    def head(self) -> tuple[int, int]:
        """Return what decides who comes next: time and place of the first record not taken."""
        return record_ts_ns(self._records, self._at), self._place

    def take_block(self) -> Run:
        """Take what is left of the block."""
        return self._take(len(self._records) // RECORD_BYTES)

    def take(self, rival: tuple[int, int]) -> Run:
        """Take the records of the block that come before another source's head."""
        ts_ns, place = rival
        numbers = range(len(self._records) // RECORD_BYTES)
        find = bisect_right if self._place < place else bisect_left
        return self._take(find(numbers, ts_ns, self._at, key=lambda record: record_ts_ns(self._records, record)))

    def _take(self, end: int) -> Run:
        records = self._records[self._at * RECORD_BYTES : end * RECORD_BYTES]
        run = Run(self._place, self._first_command, records)
        self._first_command += run.record_count
        self._at = end
        return run
