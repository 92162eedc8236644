"""`cascade paper`: the tables of a publication, ours beside theirs."""

import argparse
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from replay.crash.command import data_folder
from replay.paper.gao import falls_table, relation_rows, run_all
from replay.paper.haircuts import haircut_rows, shock_rows
from replay.paper.plot import check_plot, write_png
from replay.paper.rows import Paper, Row
from replay.paper.waves import table_rows
from replay.paper.worked import worked_rows
from replay.parquet import Cell, Column, table_of, write_table
from replay.progress import shown_count
from replay.sweep.plan import parse_seeds
from replay.sweep.pools import cores, local_pool
from replay.text_table import table_lines
from replay.wording import os_errors_of, shown

SUMMARY: Final = "the tables of a publication, ours beside theirs"
MORE: Final = """\
examples:
  cascade paper --list
  cascade paper 2512.01112
  cascade paper 2602.15182 --data ../shared/data
  cascade paper gao-2024 --seeds 1..7 --png amplitude.png --out papers/gao

A number is "recomputed" from the paper's own published data by its own formula, comes from the "engine" (a run of the
venue, or the functions with which it decides), or stands "beside" it, where there is nothing to agree with. A miss is
printed with its reason where the paper contradicts itself or its data.

exit codes: 0 done, 1 a number is outside of its tolerance and nobody knows why, 2 something about the input is wrong.
"""
_FOLDER: Final = "hyperliquid-adl-2025-10-10"
_GAO: Final = "gao-2024"
PAPERS: Final = (
    Paper(
        "2512.01112",
        "Autodeleveraging: Impossibilities and Optimization",
        "T. Chitra, arXiv 2512.01112v1, November 2025: worked examples of sections 2 and A, data of section 9",
        _FOLDER,
        shock_rows,
        lambda: [*worked_rows(), *haircut_rows()],
        (
            "A.4: a liquidation fee on the notional at mark; the venue's is on what is filled",
            "2.4: scores of the two queues; the paper states formulas and no numbers",
            "9.2: its controllers other than the queue; they need the winners of each shock, which are not published",
        ),
    ),
    Paper(
        "2602.15182",
        "Autodeleveraging as Online Learning",
        "T. Chitra, N. Thogiti, M. J. P. Trujillo Ramirez, V. Xu, arXiv 2602.15182v1, February 2026: tables 1 and 2",
        _FOLDER,
        table_rows,
        None,
        (
            "inversion and rank stability of the queue (11.4 %, 0.34): they need each winner's burden, not published",
            "regret as a share of its bound (50.0 %): the bound is calibrated to quantities that are not published",
        ),
    ),
    Paper(
        _GAO,
        "High-Frequency Financial Market Simulation and Flash Crash Scenarios Analysis",
        "K. Gao, P. Vytelingum, S. Weston, W. Luk, C. Guo, JASSS 27(2) 8, 2024, arXiv 2208.13654: signs of relations",
        "",
        None,
        None,
        ("their calibrated model and its sizes; ours is another market, and only the sign of a relation is compared",),
    ),
)


def add_paper(parser: argparse.ArgumentParser) -> None:
    """Give `cascade paper` its arguments."""
    parser.add_argument("name", metavar="ID", nargs="?", help="of `--list`, such as 2512.01112")
    parser.add_argument("--list", action="store_true", help="list the publications")
    parser.add_argument("--data", metavar="DIR", help="where the recordings are (default: ../shared/data)")
    parser.add_argument("--out", metavar="DIR", help="folder for the table, as Parquet or CSV")
    parser.add_argument("--png", metavar="FILE", help=f"of {_GAO}: the picture")
    parser.add_argument("--seeds", metavar="LIST", help=f"of {_GAO}: such as 1..7 (default)")
    parser.add_argument("--jobs", metavar="N", type=int, help=f"of {_GAO}: processes (default: one per core)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def play_paper(given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    """Run the command, hand its text to `say`, and return the exit code. Raises ConfigError for wrong input."""
    if given.list:
        say("\n".join(f"{paper.name:<12}{paper.title}\n{'':12}{paper.citation}" for paper in PAPERS))
        return 0
    paper = _paper(given.name)
    if paper.name != _GAO and (given.png or given.seeds or given.jobs):
        raise ConfigError(f"paper {paper.name}: expected --png, --seeds and --jobs beside {_GAO} only")
    skipped = ""
    if paper.name == _GAO:
        rows = _falls(given, say)
    else:
        rows, skipped = _rows(paper, data_folder(given))
    if given.out is not None and paper.name != _GAO:
        with os_errors_of(given.out, is_written=True):
            Path(given.out).mkdir(parents=True, exist_ok=True)
        path = write_table(_stored(rows), Path(given.out) / paper.name)
        if not given.json:
            say(f"{path}: {len(rows):,} rows\n")
    say(_json(paper, rows, skipped) if given.json else _told(paper, rows, skipped))
    return 1 if any(row.reach == "outside" for row in rows) else 0


def _paper(name: str | None) -> Paper:
    wanted = (name or "").lower().removeprefix("arxiv").lstrip(": ").removesuffix("v1")
    for paper in PAPERS:
        if paper.name == wanted:
            return paper
    known = ", ".join(paper.name for paper in PAPERS)
    raise ConfigError(f"paper: expected one of {known}, found {shown(name) if name else 'none'}")


def _rows(paper: Paper, data: Path | None) -> tuple[list[Row], str]:
    """Return the rows that can be had here, and why there are no more."""
    found = list(paper.held()) if paper.held is not None else []
    if paper.rows is None:
        return found, ""
    if data is None or not (data / paper.needs).is_dir():
        return found, f"left out: the numbers from {paper.needs}, a folder that is not in {data or 'any --data DIR'}"
    return [*found, *paper.rows(data)], ""


def _falls(given: argparse.Namespace, say: Callable[[str], Any]) -> list[Row]:
    if given.png is not None:
        check_plot()
    seeds = parse_seeds(given.seeds or "1..7")
    jobs = cores() if given.jobs is None else given.jobs
    if not 1 <= jobs <= 1_000:
        raise ConfigError(f"--jobs: expected a number of processes in 1..1,000, found {jobs}")
    with local_pool(jobs) as pool, shown_count(_GAO, "runs") as progress:
        falls = run_all(seeds, pool.executor, progress)
    paths = []
    if given.out is not None:
        with os_errors_of(given.out, is_written=True):
            Path(given.out).mkdir(parents=True, exist_ok=True)
        paths.append(write_table(falls_table(falls), Path(given.out) / _GAO))
    if given.png is not None:
        paths.append(write_png(falls, given.png))
    if paths and not given.json:
        say("\n".join(map(str, paths)) + "\n")
    return relation_rows(falls)


# --- told ---------------------------------------------------------------------------------------------------------

_REACH: Final = {"inside": "as printed", "explained": "differs, see below", "outside": "OUTSIDE", "beside": ""}


def _told(paper: Paper, rows: Sequence[Row], skipped: str) -> str:
    lines = [paper.title, paper.citation, ""]
    head = ("", "theirs", "ours", "within", "", "", "where")
    cells = [head, *(_cells(row) for row in rows)]
    lines += table_lines(cells, left=(0, 4, 5, 6), indent="")
    explained = [row for row in rows if row.miss and row.reach in ("explained", "beside")]
    reasons = list(dict.fromkeys(row.miss for row in explained))
    for reason in reasons:
        names = ", ".join(row.name for row in explained if row.miss == reason)
        lines += ["", f"{names}: {reason}."]
    if paper.missing:
        lines += ["", "not reproduced:", *(f"  {text}" for text in paper.missing)]
    if skipped:
        lines += ["", skipped]
    counts = {reach: sum(1 for row in rows if row.reach == reach) for reach in _REACH}
    agreed = f"{counts['inside']:,} as printed, {counts['explained']:,} differ for a known reason"
    lines += ["", f"{agreed}, {counts['outside']:,} outside, {counts['beside']:,} beside"]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, str, str, str, str, str, str]:
    places = _places(row)
    theirs = "" if row.theirs is None else _number(row.theirs, places)
    tolerance = "" if row.kind == "beside" else (f"{row.tolerance.normalize():f}" if row.tolerance else "exact")
    return (row.name, theirs, _number(row.ours, places), tolerance, row.kind, _REACH[row.reach], row.source)


def _places(row: Row) -> int:
    """Return the decimals that both are shown with: one more than the tolerance has, at most 6."""
    exponent = row.tolerance.normalize().as_tuple().exponent
    if row.tolerance and isinstance(exponent, int):
        return min(6, max(0, -exponent))
    if row.unit in ("USD", "%"):
        return 2
    return 0 if row.ours == row.ours.to_integral_value() else 6


def _number(value: Decimal, places: int) -> str:
    return f"{value:,.{places}f}"


def _stored(rows: Sequence[Row]) -> Any:
    names = ("name", "source", "theirs", "ours", "tolerance", "unit", "kind", "reach", "miss")
    stored: list[dict[str, Cell]] = [_plain(row) for row in rows]
    return table_of([Column(name, "text") for name in names], stored, {})


def _plain(row: Row) -> dict[str, Cell]:
    return {
        "name": row.name,
        "source": row.source,
        "theirs": None if row.theirs is None else f"{row.theirs:f}",
        "ours": f"{row.ours:f}",
        "tolerance": f"{row.tolerance:f}",
        "unit": row.unit,
        "kind": row.kind,
        "reach": row.reach,
        "miss": row.miss or None,
    }


def _json(paper: Paper, rows: Sequence[Row], skipped: str) -> str:
    found = {"paper": paper.name, "title": paper.title, "rows": [_plain(row) for row in rows], "skipped": skipped}
    return msgspec.json.encode(found).decode()
