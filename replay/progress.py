"""A bar on the terminal while something long runs: rate and remaining time; nothing where nobody is looking."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from replay.player import Progress

_TITLE_LENGTH: Final = 20  # so that a terminal of 80 columns has room for the rest


@contextmanager
def shown_count(title: str, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what to call with (done, all) as things of a known number are done; None as in `shown_progress`."""
    bars = _bars()
    if bars is None:
        yield None
        return
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=12),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.fields[what]},"),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    from rich.console import Console

    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_short(title), total=1, what=what)
        yield lambda done, count: bar.update(task, completed=done, total=count)


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what to call with each Progress; None where stderr is no terminal or the library `rich` is missing."""
    bars = _bars()
    if bars is None:
        yield None
        return
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=12),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[told]}"),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_short(title), total=None, told="")

        def show(now: Progress) -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            rate = f", {now.commands / elapsed:,.0f}/s" if elapsed > 0 else ""
            total = now.size_bytes or None
            bar.update(task, completed=now.position_bytes, total=total, told=f"{now.commands:,} commands{rate}")

        yield show


def _bars() -> Any:
    """Return the library's module; None where nobody would see them."""
    if sys.stderr is None or not sys.stderr.isatty():  # None where it was closed before the start
        return None
    try:
        from rich import progress
    except ImportError:
        return None
    return progress


def _short(title: str) -> str:
    return title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 1]}…"
