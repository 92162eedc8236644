"""The log of event records: what the bus is made of.

Owns: the words of the events that no sink has taken yet. `seq` counts all events of the venue; record k of the log is
event k, so the number itself is not stored. Full blocks of `BLOCK_RECORDS` records leave as bytes when the venue is
between two commands, so that memory does not grow with a run.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.packed.columns import column_bytes, doubled, new_column

BLOCK_RECORDS: Final = 65_536
RECORD_WORDS_MAX: Final = 8  # of the longest event record there is; the generator of the writers checks it


@final
class EventLog:
    """An append-only run of event records; `records.py` has the writers."""

    words: "vec[i64]"

    def __init__(self) -> None:
        """Start empty, at seq 0 and before the first command."""
        self.words = new_column(BLOCK_RECORDS * RECORD_WORDS_MAX)
        self.end: i64 = 0  # words in use
        self.left: i64 = BLOCK_RECORDS  # records that the open block still has room for
        self.closed: i64 = 0  # records in closed blocks, dropped ones included
        self.first_seq: i64 = 1  # of the record at word 0
        self.command_seq: i64 = 0
        self.step: i64 = 0  # commands and timed tasks so far: what happens in one step happens at once
        self.ts_ns: i64 = 0
        self.block_ends: list[int] = []  # word offsets at which full blocks end

    @property
    def seq(self) -> i64:
        """Number of the newest event."""
        return self.closed + BLOCK_RECORDS - self.left

    def begin_command(self, ts_ns: i64) -> None:
        """Have the events from here on carry the next command's number and its time."""
        self.ts_ns = ts_ns
        self.command_seq += 1
        self.step += 1

    def begin_task(self, ts_ns: i64) -> None:
        """Have the events until `end_task` carry the next command's number and the time at which a task is due."""
        self.begin_command(ts_ns)

    def end_task(self) -> None:
        """Let the next command have its number."""
        self.command_seq -= 1

    def close_block(self) -> None:
        """Start a new block, with room for all its records: what a writer does when `left` is 0."""
        self.block_ends.append(self.end)
        self.closed += BLOCK_RECORDS
        self.left = BLOCK_RECORDS
        if self.end + BLOCK_RECORDS * RECORD_WORDS_MAX > len(self.words):
            self.words = doubled(self.words)

    def bytes_from(self, word: i64) -> bytes:
        """Return the records from a word offset (a record's first word) to the end."""
        return column_bytes(self.words, word, self.end)

    def bytes_between(self, start: i64, end: i64) -> bytes:
        """Return the words start .. end - 1."""
        return column_bytes(self.words, start, end)

    def take_blocks(self, wanted: bool) -> list[bytes]:
        """Drop the full blocks and return them, oldest first; an empty list where nobody wants them."""
        blocks: list[bytes] = []
        start: i64 = 0
        for boundary in self.block_ends:
            block_end: i64 = boundary
            if wanted:
                blocks.append(column_bytes(self.words, start, block_end))
            self.first_seq += BLOCK_RECORDS
            start = block_end
        words = self.words
        kept: i64 = self.end - start
        index: i64 = 0
        while index < kept:
            words[index] = words[start + index]
            index += 1
        self.end = kept
        self.block_ends = []
        return blocks
