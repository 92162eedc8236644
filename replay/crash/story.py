"""A run told in at most twenty lines, and the table of expected numbers."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from replay.crash.check import Check
from replay.crash.load import Loaded
from replay.crash.observed import observed
from replay.crash.run import CrashRun
from replay.crash.telling import tell
from replay.report.words import KINDS
from replay.text_table import table_lines

_WIDTH: Final = 110
_MOST_LINES: Final = 20
_MOST_SAID: Final = 13  # leaves room for two known numbers


def story_of_run(found: CrashRun, checks: Sequence[Check], warning: str = "") -> str:
    """Return what happened, who paid, and how that compares with what is known; at most twenty lines.

    found: a run with `replay.crash.observed.OBSERVERS`. Where there is no room, known numbers give way.
    """
    about, summary = found.loaded.crash.about, found.summary
    lines = [f"{about.title}, {about.date}", f"  kind        {about.kind}: {KINDS[about.kind]}"]
    if warning:
        lines.append(_line("WHAT IF", warning))
    last = ""
    for subject, text in tell(found, observed(found))[:_MOST_SAID]:
        lines.append(_line("" if subject == last else subject, text))
        last = subject
    engine = "compiled" if summary.compiled else "interpreted"
    refused = f", {summary.rejected:,} refused" if summary.rejected else ""
    trades = f"{summary.trades:,} trade{'' if summary.trades == 1 else 's'}"
    counts = f"{summary.commands:,} commands{refused}, {summary.events:,} events, {trades}"
    end = [_line("run", f"{counts} in {summary.seconds:.2f} s, {engine}"), _line("digest", summary.digest)]
    if summary.stopped == "interrupt":
        end.append(_line("", "INTERRUPTED: the figures are those of the commands that ran"))
    room = _MOST_LINES - len(lines) - len(end)
    told = [_line("" if place else "known", _told(check)) for place, check in enumerate(checks)]
    if len(told) > room:
        left = len(told) - room + 1
        told[room - 1 :] = [_line("", f"and {left} more: cascade crash {found.loaded.name} --check")]
    return "\n".join([*lines, *told, *end])


def description(loaded: Loaded) -> str:
    """Return the scenario's own words: story, notes, sources."""
    crash = loaded.crash
    lines = [f"{crash.about.title}, {crash.about.date}", f"{crash.about.kind}: {KINDS[crash.about.kind]}", ""]
    for paragraph in crash.about.story.strip().split("\n\n"):
        lines += [*wrap(" ".join(paragraph.split()), _WIDTH), ""]
    lines += [f"note: {line}" for note in crash.about.notes for line in wrap(note, _WIDTH)]
    lines += [f"{key}: {text}" for key, text in crash.sources.items()]
    if crash.variant:
        lines.append("")
    lines += [f"variant {name}: {variant.title}" for name, variant in crash.variant.items()]
    return "\n".join(lines)


def list_of(scenarios: Sequence[Loaded]) -> str:
    """Return the scenarios, one line each, with their kind."""
    width = max((len(loaded.name) for loaded in scenarios), default=0)
    kinds = max((len(loaded.crash.about.kind) for loaded in scenarios), default=0)
    return "\n".join(
        f"{loaded.name:<{width}}  {loaded.crash.about.kind:<{kinds}}  {loaded.crash.about.date}  "
        f"{loaded.crash.about.title}"
        for loaded in scenarios
    )


def table_of(name: str, checks: Sequence[Check], warning: str = "") -> str:
    """Return the expected numbers beside ours; a note follows where one is outside.

    warning: the what-if, under which nothing is given, fitted or predicted.
    """
    rows = [("", "number", "expected", "ours", "tolerance", "basis", "source")]
    for check in checks:
        verdict = "ok" if check.is_inside else "MISS"
        expected = check.expected
        basis = "" if warning else expected.basis
        rows.append((verdict, expected.name, check.theirs, check.ours, check.tolerance, basis, expected.source))
    lines = [name]
    if warning:
        lines.append(f"  WHAT IF {warning}: what is expected is of the run as it ships")
    lines += table_lines(rows, left=range(len(rows[0])))
    lines += [
        f"  {check.expected.name}: {check.expected.note}"
        for check in checks
        if check.expected.note and not check.is_inside
    ]
    return "\n".join(lines)


def _told(check: Check) -> str:
    verdict = "as expected" if check.is_inside else "MISSED"
    return f"{check.expected.name}: {check.ours} for {check.theirs}, {check.expected.basis}, {verdict}"


def _line(subject: str, text: str) -> str:
    return f"  {subject:<12}{text}"
