"""A bar on the terminal while something long runs: rate and remaining time; nothing where nobody is looking."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from replay.player import Progress

_TITLE_LENGTH: Final = 20  # so that a terminal of 80 columns has room for the rest


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what to call with each Progress; None where stderr is no terminal or the library `rich` is missing."""
    if sys.stderr is None or not sys.stderr.isatty():  # None where it was closed before the start
        yield None
        return
    try:
        from rich import progress as bars
        from rich.console import Console
    except ImportError:
        yield None
        return
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=12),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[told]}"),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(
            title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 1]}…", total=None, told=""
        )

        def show(now: Progress) -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            rate = f", {now.commands / elapsed:,.0f}/s" if elapsed > 0 else ""
            total = now.size_bytes or None
            bar.update(task, completed=now.position_bytes, total=total, told=f"{now.commands:,} commands{rate}")

        yield show
