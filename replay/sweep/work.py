"""One run of a sweep, in whatever process: plain values in, plain values out.

What a worker imports and calls; nothing here knows of executors but the two that prepare a worker of the pool.
"""

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.synchronize import Event
from typing import Final, NamedTuple, Protocol

from exchange.errors import BrokenError, ExchangeError, InvariantError
from replay.crash.load import load_crash
from replay.crash.metrics import NUMBERS
from replay.crash.run import Query, run
from replay.sweep.plan import Point, program_digest

_ENDED: Final = 1


class Outcome(NamedTuple):
    """What came of a run. numbers: in the order of `NUMBERS`. steps: tick_size, lot_size, money_unit, currency.

    error: why there are none. is_stopped: the run was interrupted and says nothing. program: of the worker.
    """

    number: int
    program: str
    numbers: tuple[int | None, ...] = ()
    steps: tuple[str, ...] = ()
    digest: str = ""
    error: str = ""
    is_stopped: bool = False


class _Flag(Protocol):
    def is_set(self) -> bool:
        """Return whether it was set."""


class _Worker(threading.local):
    """What the thread that runs was told when it began: that of a process of the pool, or the one of this process."""

    stop: _Flag | None = None


_WORKER: Final = _Worker()


def run_point(point: Point) -> Outcome:
    """Run one point of a plan. What the input is to blame for becomes the outcome's `error`; a fault of ours raises."""
    program = program_digest()
    try:
        loaded = load_crash(point.crash)
        found = run(
            loaded,
            dict(point.settings),
            [Query(name) for name in NUMBERS],
            venue=point.venue or None,
            data=point.data or None,
            should_stop=_should_stop,
        )
    except (InvariantError, BrokenError):
        raise
    except ExchangeError as error:
        return Outcome(point.number, program, error=str(error))
    if found.summary.stopped == "interrupt":
        return Outcome(point.number, program, is_stopped=True)
    first = found.instruments[0]
    steps = (first.tick_size, first.lot_size, first.money_unit, first.currency)
    return Outcome(point.number, program, found.values, steps, found.summary.digest)


def prepare_worker(stop: Event) -> None:
    """Make a process of the pool leave ctrl-C to whoever started it, stop when told, and end when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _WORKER.stop = stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def prepare_thread(stop: threading.Event) -> None:
    """Make the runs of this thread stop when told."""
    _WORKER.stop = stop


def _should_stop() -> bool:
    return _WORKER.stop is not None and _WORKER.stop.is_set()


def _end_with_parent() -> None:
    """End this process when its parent has gone without a word, as by SIGKILL: the pool would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(_ENDED)
