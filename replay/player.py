"""Sources into a venue, and what happens there into a folder: the loop that every run goes through.

The venue's own state decides nothing here: the same sources and rules give the same digest however the flow is cut.
Known limit: the folder of a run must be new; nothing is ever overwritten.
"""

import os
import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple, final

from exchange import Exchange
from exchange.codec import RECORD_BYTES
from exchange.errors import (
    BatchError,
    ConfigError,
    DataError,
    ExchangeError,
    HandlerError,
    InvariantError,
    SequenceError,
)
from exchange.statistics import Statistics
from replay.journal import CommandJournal, EventLogWriter, journal_metadata
from replay.schedule import Run, blocks_of, merge
from replay.sources import Source
from replay.summary import RunSummary, summarize
from replay.tape import TapeWriter
from replay.tape_format import record_ts_ns
from replay.wording import os_errors_of

EVENTS_NAME: Final = "events.log"
COMMANDS_NAME: Final = "commands.tape"
SUMMARY_NAME: Final = "summary.json"

_SLICE_RECORDS: Final = 8_192  # between two looks at the clock and at should_stop


class Progress(NamedTuple):
    """How far a run is. position_bytes, size_bytes: of the sources together; size 0 where unknown."""

    position_bytes: int
    size_bytes: int
    commands: int
    events: int


def play(
    sources: Sequence[Source],
    exchange: Exchange,
    *,
    until_ns: int | None = None,
    until_events: int | None = None,
    check: bool = False,
    out: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunSummary:
    """Run the sources' commands, merged by time, on a new venue that was opened with its digest; return the sums.

    At equal times the earlier source of the list comes first. until_ns: commands from this time on are not run.
    until_events: the run ends with the command that brings this many events. check: `Exchange.check` after every
    command. out: a folder that does not exist, for the event log, the commands as a tape and the summary; it appears
    when the run is over, and not at all after an error. should_stop: asked every few thousand commands.

    Raises ConfigError for a venue that has run or a folder that exists; DataError, or SequenceError where time goes
    back, for a bad command, naming its source and number; InvariantError naming the command after which a check failed.
    """
    if exchange.command_seq != 0:
        raise ConfigError(f"expected a venue that has not run, found one after {exchange.command_seq} commands")
    statistics = Statistics(exchange.instruments)
    exchange.add_sink(statistics)
    description = "; ".join(source.description for source in sources)
    loop = _Loop(sources, exchange, until_ns, until_events, check, progress, should_stop)
    with ExitStack() as outputs:
        folder = outputs.enter_context(_new_folder(Path(out))) if out is not None else None
        if folder is None:
            return loop.run(statistics, description)
        log = EventLogWriter(folder / EVENTS_NAME, exchange.instruments, exchange.rules, description)
        metadata = journal_metadata(exchange.rules)
        tape = TapeWriter(
            folder / COMMANDS_NAME, exchange.instruments, source=description, metadata=metadata, is_journal=True
        )
        outputs.enter_context(tape)
        exchange.add_sink(outputs.enter_context(log))
        journal = CommandJournal(tape)
        exchange.add_command_sink(journal)
        summary = loop.run(statistics, description)
        journal.flush()
        log.finish(
            exchange.open_block(),
            exchange.open_block_first_seq(),
            exchange.seq,
            exchange.command_seq,
            summary.digest,
        )
        (folder / SUMMARY_NAME).write_text(summary.json() + "\n", encoding="utf-8")
        return summary


@final
class _Loop:
    """One run."""

    def __init__(
        self,
        sources: Sequence[Source],
        exchange: Exchange,
        until_ns: int | None,
        until_events: int | None,
        check: bool,
        progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self._sources = sources
        self._exchange = exchange
        self._until_ns = until_ns
        self._until_events = until_events
        self._checks = check
        self._progress = progress
        self._should_stop = should_stop

    def run(self, statistics: Statistics, description: str) -> RunSummary:
        """Run to the end, and return the sums."""
        exchange = self._exchange
        fund_start = exchange.fund.balance
        began = perf_counter()
        stopped = self._feed()
        seconds = perf_counter() - began
        statistics.write(exchange.open_block(), exchange.open_block_first_seq())
        corrections: Counter[str] = Counter()
        for source in self._sources:
            corrections.update(getattr(source, "corrections", {}))
        damages = [str(damage) for source in self._sources if (damage := getattr(source, "damage", None)) is not None]
        return summarize(
            exchange,
            statistics,
            description,
            dict(corrections),
            fund_start,
            seconds,
            stopped,
            damage="; ".join(damages) or None,
        )

    def _feed(self) -> str:
        """Feed the venue until there is a reason to stop, and return it."""
        flow = merge([blocks_of(source) for source in self._sources])
        is_stepped = self._checks or self._until_events is not None
        for run in flow:
            for part in _slices(run, 1 if is_stepped else _SLICE_RECORDS):
                if self._should_stop():
                    return "interrupt"
                if self._until_events is not None and self._exchange.seq >= self._until_events:
                    return "until"
                wanted = self._before_until(part)
                self._run(wanted)
                if wanted.record_count < part.record_count:
                    return "until"
            self._report()
        return "end"

    def _before_until(self, run: Run) -> Run:
        if self._until_ns is None or record_ts_ns(run.records, run.record_count - 1) < self._until_ns:
            return run
        end = bisect_left(range(run.record_count), self._until_ns, key=lambda record: record_ts_ns(run.records, record))
        return run._replace(records=run.records[: end * RECORD_BYTES])

    def _run(self, run: Run) -> None:
        try:
            self._exchange.run(run.records)
        except BatchError as error:
            number = run.first_command + error.index
            where = f"{self._sources[run.source].description}: command {number}"
            cause = error.__cause__
            if isinstance(cause, SequenceError):
                raise SequenceError(f"{where}: {cause}") from error
            if isinstance(cause, HandlerError):
                raise
            if isinstance(cause, InvariantError):
                raise InvariantError(f"{where}: {cause}") from error
            if cause is not None and not isinstance(cause, ExchangeError):
                cause.add_note(where)  # a fault of the program: its traceback is wanted
                raise cause from error
            raise DataError(f"{where}: {cause}") from error
        if self._checks and run.records:
            try:
                self._exchange.check()
            except InvariantError as error:
                where = f"{self._sources[run.source].description}: after command {run.first_command}"
                raise InvariantError(f"{where}: {error}") from error

    def _report(self) -> None:
        if self._progress is not None:
            position = sum(source.position_bytes for source in self._sources)
            size = sum(source.size_bytes for source in self._sources)
            self._progress(Progress(position, size, self._exchange.command_seq, self._exchange.seq))


def _slices(run: Run, records: int) -> Iterator[Run]:
    """Cut a run into parts of at most so many records."""
    if run.record_count <= records:
        yield run
        return
    for start in range(0, run.record_count, records):
        part = run.records[start * RECORD_BYTES : (start + records) * RECORD_BYTES]
        yield Run(run.source, run.first_command + start, part)


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """Make a folder under a temporary name; it takes its own when the block ends without an error, or is removed."""
    if path.exists():
        raise ConfigError(f"{path}: expected a folder that does not exist yet, found one: choose another, or remove it")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    made = [parent for parent in path.parents if not parent.exists()]  # the innermost first
    try:
        with os_errors_of(path, is_written=True):
            partial.mkdir(parents=True)
        yield partial
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):  # Whoever has put something there in the meantime keeps it.
            for parent in made:
                parent.rmdir()
        raise
