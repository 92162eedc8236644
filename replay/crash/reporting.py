"""A run of a scenario as a page: `--report`, `--open`."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replay.crash.check import Check
from replay.crash.load import Loaded
from replay.report.figures import require_matplotlib
from replay.report.opening import page_path
from replay.report.page import About, write_page
from replay.report.payload import run_payload
from replay.report.recorder import Recorder
from replay.report.thin import COLUMNS
from replay.summary import RunSummary


def add_report(parser: argparse.ArgumentParser) -> None:
    """Give a command the arguments of a page."""
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        nargs="?",
        const="",
        help="write a page that plays the run: one file that opens offline (default NAME.html)",
    )
    parser.add_argument("--png", metavar="DIR", help="write the charts as PNG files for a paper; needs the extra lab")
    parser.add_argument("--open", action="store_true", help="write the page, and open it in a browser")


def wanted_page(given: argparse.Namespace, name: str) -> Path | None:
    """Return where the page is to go, or None. Raises ConfigError, also for pictures that could not be drawn."""
    if given.png is not None:
        require_matplotlib()
    if given.report is None and not given.open:
        return None
    return page_path(given.report or "", name)


def write_report(
    path: Path,
    loaded: Loaded,
    runs: Sequence[Mapping[str, Any]],
    checks: Sequence[Check] = (),
    *,
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]] = (),
) -> int:
    """Write the page of a scenario's run, or of several to compare; return its size in bytes.

    tables: more of them, each a title and its rows, the head first.
    """
    about = loaded.crash.about
    notes = about.notes
    if any(run["is_undone"] for run in runs):
        notes = ("The venue rolled back what this page shows; the summary on the terminal is of what stands.", *notes)
    found = About(
        title=about.title,
        date=about.date,
        kind=about.kind,
        story=tuple(" ".join(part.split()) for part in about.story.strip().split("\n\n")),
        notes=notes,
        sources=loaded.crash.sources,
        checks=[_row(check) for check in checks],
        unchecked=_unchecked(loaded) if checks else "",
        tables=tables,
    )
    return write_page(path, found, runs)


def payload_of(
    recorder: Recorder,
    summary: RunSummary,
    what_if: Mapping[str, Any],
    label: str = "A",
    name: str = "as it ships",
    *,
    title: str = "",
    runs: int = 1,
) -> dict[str, Any]:
    """Return what the page draws of a run that a recorder was attached to.

    title: of the what-if, if it has one. runs: on the page, which share its size.
    """
    return run_payload(
        recorder.film(),
        recorder.rows(),
        label=label,
        name=name,
        what_if=what_if,
        title=title,
        venue=summary.venue,
        digest=summary.digest,
        columns=COLUMNS // runs,
        is_undone=recorder.was_rolled_back,
    )


def _unchecked(loaded: Loaded) -> str:
    """Say how many known numbers a plain run cannot be checked against: those of variants."""
    count = sum(bool(known.variant) or known.of_variant is not None for known in loaded.crash.expected)
    if count == 0:
        return ""
    numbers = "number is" if count == 1 else "numbers are"
    return (
        f"{count:,} more {numbers} about what-if runs, which are not on this page: cascade crash {loaded.name} --check "
        "runs them."
    )


def _row(check: Check) -> tuple[str, ...]:
    expected = check.expected
    verdict = "inside" if check.is_inside else "MISSED"
    return (expected.name, check.theirs, check.ours, check.tolerance, expected.basis, expected.source, verdict)
