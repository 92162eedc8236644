"""Runs a plan on any executor of `concurrent.futures`, and makes one table of it.

    with local_pool(jobs=4) as pool:
        table = sweep(plan, pool.executor, folder="sweeps/fund", stop=pool.stop)

The table is a function of the plan: which executor, how many workers, which of them died and how often the sweep was
interrupted change nothing.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from pathlib import Path
from typing import Any, Final

from exchange.errors import ConfigError, ExchangeError
from replay.crash.load import load_crash
from replay.crash.run import check_run
from replay.parquet import Table
from replay.sweep.folder import SweepFolder
from replay.sweep.plan import Plan, Point, program_digest
from replay.sweep.table import table_of_sweep
from replay.sweep.work import Outcome, run_point

_ASKS_EVERY_S: Final = 0.2
_ATTEMPTS: Final = 3


class SweepStoppedError(ExchangeError):
    """A sweep was asked to stop; `ended` of `count` runs have ended, and with a folder they are kept there."""

    def __init__(self, ended: int, count: int) -> None:
        """Say how far it came."""
        super().__init__(f"interrupted after {ended:,} of {count:,} runs")
        self.ended = ended
        self.count = count


def sweep(
    plan: Plan,
    executor: Executor,
    *,
    folder: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    stop: Callable[[], None] = lambda: None,
) -> Table:
    """Run all points of a plan and return their table, one row per point in the order of the grid.

    executor: anything with `submit`; it is left open. folder: where runs are kept as they end, and found again.
    progress: called with (ended, all). should_stop: asked several times a second; stop: then called, to have the
    workers leave what they are at.

    A run that its input does not allow becomes a row with `error`. A run whose worker was lost is run again, three
    times at most. Raises ConfigError before anything runs where a value of the plan fits no run, SweepStoppedError
    where it was stopped, and what the executor raised where that is broken; with a folder nothing is lost by either.
    """
    if not check_plan(plan, should_stop):
        raise SweepStoppedError(0, plan.count)
    kept = None if folder is None else SweepFolder(folder, plan)
    points = {point.number: point for point in plan.points()}
    outcomes = {} if kept is None else kept.ended(points)
    waiting = [point for point in points.values() if point.number not in outcomes]

    def take(outcome: Outcome) -> None:
        outcomes[outcome.number] = outcome
        if kept is not None:
            kept.keep(outcome)
        if progress is not None:
            progress(len(outcomes), len(points))

    if progress is not None:
        progress(len(outcomes), len(points))
    if not _run_all(waiting, executor, take, should_stop, stop):
        raise SweepStoppedError(len(outcomes), len(points))
    return table_of_sweep(plan, outcomes)


def check_plan(plan: Plan, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Raise ConfigError for a value of the plan that does not fit; return False where it was stopped.

    Each value is tried once, beside one of each other list: what only two of them together make wrong is found by the
    run that has both.
    """
    loaded = load_crash(plan.crash)
    for point in plan.samples():
        if should_stop():
            return False
        check_run(loaded, dict(point.settings), venue=point.venue or None, data=point.data or None)
    return True


def _run_all(
    points: list[Point],
    executor: Executor,
    take: Callable[[Outcome], None],
    should_stop: Callable[[], bool],
    stop: Callable[[], None],
) -> bool:
    """Run points and hand over their outcomes as they come; return whether all ran. Nothing is left running."""
    attempts = dict.fromkeys(points, 1)
    running: dict[Future[Outcome], Point] = {}
    try:
        for point in points:
            running[executor.submit(run_point, point)] = point
            if should_stop():
                return False
        while running:
            ended, _ = wait(running, timeout=_ASKS_EVERY_S, return_when=FIRST_COMPLETED)
            for future in ended:
                point = running.pop(future)
                lost = _lost(future)
                if lost is not None:
                    if should_stop() or attempts[point] == _ATTEMPTS:
                        raise lost
                    attempts[point] += 1
                    running[executor.submit(run_point, point)] = point
                    continue
                outcome = future.result()
                if outcome.is_stopped:
                    return False
                _check_program(outcome)
                take(outcome)
            if running and should_stop():
                return False
    finally:
        if running:
            stop()
            for future in running:
                future.cancel()
    return True


def _lost(future: Future[Any]) -> BaseException | None:
    """Return why a run never came back; None where it did. Raises what means that no further one will, or a fault."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        return cancelled
    if error is None:
        return None
    if isinstance(error, BrokenExecutor | ExchangeError):
        raise error
    return error


def _check_program(outcome: Outcome) -> None:
    if outcome.program != program_digest():
        raise ConfigError("sweep: expected workers with this version of the program, found one with another")
