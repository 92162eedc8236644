"""What `pytest benchmarks/` measures, for a user: the same workloads on this machine, as a table."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.codec import decode_commands
from exchange.commands import Command
from replay.tape import TapeReader, TapeWriter
from replay.workloads import WORKLOADS, Workload, build, open_venue

_ONE_BY_ONE: Final = "apply"  # the workload that goes through Exchange.apply, a Struct at a time
_FROM_TAPE: Final = "replay"  # the workload that is also read from a tape


class Measurement(NamedTuple):
    """The fastest of several rounds, each on a venue of its own."""

    name: str
    what: str
    commands: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Commands per second."""
        return self.commands / self.seconds


def measurements(size: str, rounds: int) -> Iterator[Measurement]:
    """Measure every workload in turn; size: 'tiny' or 'full'. The opening of the venue is not timed."""
    for name, (make, _) in WORKLOADS.items():
        workload = build(name, size)
        what = (make.__doc__ or "").partition("\n")[0]
        run = _applied(workload) if name == _ONE_BY_ONE else _batched(workload)
        yield Measurement(name, what, workload.command_count, min(_timed(workload, run) for _ in range(rounds)))
        if name == _FROM_TAPE:
            with TemporaryDirectory() as folder:
                run = _taped(workload, Path(folder) / "flow.tape")
                seconds = min(_timed(workload, run) for _ in range(rounds))
            yield Measurement(f"{name}_tape", "The same flow, read from a tape.", workload.command_count, seconds)


def _batched(workload: Workload) -> Callable[[Exchange], None]:
    def run(venue: Exchange) -> None:
        venue.run(workload.commands)

    return run


def _taped(workload: Workload, path: Path) -> Callable[[Exchange], None]:
    with TapeWriter(path, [workload.instrument]) as tape:
        tape.write_records(workload.commands)

    def run(venue: Exchange) -> None:
        for block in TapeReader(path).blocks():
            venue.run(block)

    return run


def _applied(workload: Workload) -> Callable[[Exchange], None]:
    commands: list[Command] = list(decode_commands(workload.commands))

    def run(venue: Exchange) -> None:
        for command in commands:
            venue.apply(command)

    return run


def _timed(workload: Workload, run: Callable[[Exchange], None]) -> float:
    venue = open_venue(workload)
    began = perf_counter()
    run(venue)
    return perf_counter() - began
