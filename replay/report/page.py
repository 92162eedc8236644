"""Assembles report.html: one file with everything in it, which asks nothing of any network.

Whatever comes from a scenario or a file is text: escaped where it stands in HTML, and no `<` is left in the data. A
policy in the page's head lets it run its own scripts, by their hashes, and load nothing. The same run gives the same
bytes.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from replay.atomic_file import atomic_file
from replay.report.thin import COLUMNS, GROUPS, MARKS
from replay.report.words import KINDS, capital, lead, tile_rows

_SCRIPTS: Final = ("format.js", "charts.js", "player.js")
_LONG_TEXT: Final = 24  # letters; a column of such cells does not stand beside others on a phone
_LICENCES: Final = ("echarts-NOTICE.txt", "echarts-LICENSE.txt", "echarts-LICENSE-d3.txt")


class About(NamedTuple):
    """What the page says beside the run. checks: rows of name, expected, ours, tolerance, basis, source, verdict.

    unchecked: known numbers that are not among them, in a sentence.
    """

    title: str
    date: str
    kind: str
    story: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: Mapping[str, str] = {}
    checks: Sequence[Sequence[str]] = ()
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]] = ()
    unchecked: str = ""


def write_page(path: Path, about: About, runs: Sequence[Mapping[str, Any]]) -> int:
    """Write the page of one run, or of two to compare; return its size in bytes. It appears whole or not at all."""
    text = page(about, runs).encode()
    with atomic_file(path) as file:
        file.write(text)
    return len(text)


def page(about: About, runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the page. runs: of `run_payload`."""
    library, script, style = _asset("echarts.min.js"), "".join(map(_asset, _SCRIPTS)), _asset("report.css")
    early = _asset("early.js")
    policy = (
        "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(_hash(text) for text in (early, library, script))}"
    )
    parts = {
        "POLICY": policy,
        "TITLE": escape(about.title),
        "STYLE": style,
        "EARLY": early,
        "KIND": escape(about.kind),
        "KIND_NAME": escape(capital(about.kind)),
        "KIND_TEXT": escape(_kind_text(about.kind)),
        "DATE": escape(about.date),
        "LEAD": _leads(runs),
        "TILES": _tiles(runs),
        "STORY": _story(about),
        "CHECKS": _checks(about.checks, about.unchecked),
        "TABLES": "".join(_table(title, rows) for title, rows in about.tables),
        "FACTS": _facts(runs),
        "RULES": _rules(COLUMNS // len(runs)),
        "DATA": in_script(runs),
        "LICENCES": "\n\n".join(_asset(name) for name in _LICENCES).replace("</", "<\\/"),
        "LIBRARY": library,
        "SCRIPT": script,
    }
    pieces = _asset("report.html").split("@@")
    return "".join(piece if place % 2 == 0 else parts[piece] for place, piece in enumerate(pieces))


def in_script(value: object) -> str:
    """Return JSON that can stand in a script tag: what could end the tag or begin a comment is escaped."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def _asset(name: str) -> str:
    return (files("replay.report") / "assets" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


# --- parts that need no script ---------------------------------------------------------------------------------------


def _leads(runs: Sequence[Mapping[str, Any]]) -> str:
    if len(runs) == 1:
        what_if = ", ".join(f"{name} = {value}" for name, value in runs[0]["what_if"])
        what_if = f"{runs[0]['title']} ({what_if})" if runs[0]["title"] else what_if
        changed = f'<p class="whatif"><strong>What if:</strong> {escape(what_if)}</p>' if what_if else ""
        return f'<p class="lead">{escape(lead(runs[0]))}</p>{changed}'
    return "".join(
        f'<p class="lead">{_tag(runs, place)}<strong>{escape(run["name"])}.</strong> {escape(lead(run))}</p>'
        for place, run in enumerate(runs)
    )


def _tiles(runs: Sequence[Mapping[str, Any]]) -> str:
    found = []
    for row in tile_rows(runs):
        values = "".join(
            f'<p class="value">{_tag(runs, place)}{escape(tile.value)}</p><p class="more">{escape(tile.more)}</p>'
            for place, tile in enumerate(row)
        )
        found.append(f'<li class="tile"><h2>{escape(row[0].name)}</h2>{values}</li>')
    return "".join(found)


def _tag(runs: Sequence[Mapping[str, Any]], place: int) -> str:
    if len(runs) == 1:
        return ""
    return f'<span class="run run-{place}">{escape(runs[place]["label"])}</span> '


def _kind_text(kind: str) -> str:
    """Return what a kind means, as a sentence; nothing for one that is not known."""
    return f"{capital(KINDS[kind])}." if kind in KINDS else ""


def _story(about: About) -> str:
    found = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in about.story)
    if about.notes:
        found += "<h3>What to know about it</h3><ul>" + "".join(f"<li>{escape(note)}</li>" for note in about.notes)
        found += "</ul>"
    if about.sources:
        rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in about.sources.items())
        found += f"<h3>Sources</h3><dl>{rows}</dl>"
    return f'<section class="card text"><h2>The story</h2>{found}</section>' if found else ""


def _checks(checks: Sequence[Sequence[str]], unchecked: str) -> str:
    if not checks:
        return ""
    header = ("Number", "Source says", "This run", "Tolerance", "Basis", "Source", "Verdict")
    intro = (
        "Given: an input states the number, or it follows from inputs by arithmetic. Fitted: inputs were chosen so "
        "that it comes out. Predicted: the engine decides it, and nothing was chosen for it."
    )
    return _table("Checked against what is known", [header, *checks], f"{intro} {unchecked}".rstrip())


def _table(title: str, rows: Sequence[Sequence[str]], intro: str = "") -> str:
    head, *body = rows
    is_told = any(len(row[-1]) > _LONG_TEXT for row in body)
    cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(f"<tr>{_cells(head, row, is_told=is_told)}</tr>" for row in body)
    said = f"<p>{escape(intro)}</p>" if intro else ""
    text = f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"
    if is_told:  # it is laid out otherwise on a phone, and stays a table for who hears it
        text = text.replace("<table>", '<table class="told" role="table">').replace("<tr>", '<tr role="row">')
        text = text.replace("<thead>", '<thead role="rowgroup">').replace("<tbody>", '<tbody role="rowgroup">')
        text = text.replace('<th scope="col">', '<th scope="col" role="columnheader">')
    return (
        f'<section class="card text"><h2>{escape(title)}</h2>{said}<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(title)}">{text}</div></section>'
    )


def _cells(head: Sequence[str], row: Sequence[str], *, is_told: bool) -> str:
    """Return the cells of a row. is_told: each with the name of its column, and what it is."""
    found = []
    for place, (name, cell) in enumerate(zip(head, row, strict=True)):
        tag, more = ("th", ' scope="row"') if place == 0 else ("td", "")
        if is_told:
            more += f' role="{"cell" if place else "rowheader"}" data-name="{escape(name)}"'
        found.append(f"<{tag}{more}>{escape(cell)}</{tag}>")
    return "".join(found)


def _facts(runs: Sequence[Mapping[str, Any]]) -> str:
    found = []
    for place, run in enumerate(runs):
        text = f"venue {run['venue'] or 'unnamed'}; {run['trade_count']:,} trades, {run['steps']:,} steps; digest"
        found.append(f"<p>{_tag(runs, place)}{escape(text)} <code>{escape(run['digest'])}</code></p>")
    return "".join(found)


def _rules(columns: int) -> str:
    return escape(
        f"Large runs are thinned. Every line keeps its first, lowest, highest and last point in each of {columns:,} "
        "columns, by the clock and step by step, so no low and no high is lost. The largest liquidations, "
        f"{MARKS:,} of them, are drawn one by one, the others in at most about {GROUPS:,} groups with their count and "
        "sum. Tables hold what is drawn. A step is one trade, price, stop, liquidation or payment. A position counts "
        "at the mark when its liquidation began, but not beyond the price at which its account had nothing left."
    )
