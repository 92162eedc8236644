"""`cascade sweep`: a crash over a grid of what-ifs, on all cores or on a cluster, as one table."""

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from replay.crash.command import data_folder
from replay.crash.load import load_crash
from replay.crash.settings import OWN, parse_settings
from replay.interrupt import asks_to_stop
from replay.parquet import FORMATS, Table, write_table
from replay.progress import shown_count
from replay.sweep.plan import Plan, parse_axis, parse_seeds
from replay.sweep.pools import Pool, cores, dask_pool, local_pool
from replay.sweep.run import SweepStoppedError, sweep
from replay.sweep.told import check_shown, lines_of

SUMMARY: Final = "run a crash over a grid of what-ifs, on all cores or on a cluster, as one table"
MORE: Final = """\
examples:
  cascade sweep bitmex-2020-03 --over fund.opening=0,500000000000,3550800000000
  cascade sweep gdax-2017 --over flow.book.thickness_ppm=500000:2000000:4 --seeds 1..10 --out sweeps/gdax
  cascade sweep bitmex-2020-03 --venue own --venue deribit --seeds 1..5 --show low,liquidations,fund_change
  cascade sweep luna-2022 --seeds 1..200 --dask tcp://10.0.0.5:8786 --out sweeps/luna

--over takes what `cascade crash --set` takes: NAME=A,B,C, or NAME=FROM:TO:COUNT for evenly spaced numbers. Several make
a grid: every value of each with every value of the others.

--out DIR has runs/ (a file for each run, as it ends), plan.json and, at the end, table.parquet (table.csv where the
library pyarrow is missing; extra `lab`). The same command goes on where an earlier one was stopped; another plan needs
another folder. The table is the same bytes on one process, on many, or on a cluster (docs/sweep.md).

exit codes: 0 done, 1 some runs failed (the table says why), 2 something about the input is wrong, 130 interrupted (what
ran until then is kept in DIR).
"""
_LIBRARY_LOST: Final = "a process that ran them died, as where memory ran out"


def add_sweep(parser: argparse.ArgumentParser) -> None:
    """Give `cascade sweep` its arguments."""
    parser.add_argument("name", metavar="NAME", help="of `cascade crash --list`, or a folder with a crash.toml")
    parser.add_argument("--over", action="append", default=[], metavar="NAME=VALUES", help="a setting and its values")
    parser.add_argument("--seeds", metavar="LIST", help="such as 1..10 or 1,2,5: draws the crowd anew")
    parser.add_argument(
        "--venue", action="append", default=[], metavar="FILE_OR_NAME", help=f"rules to try; `{OWN}`: the scenario's"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a what-if of all runs")
    parser.add_argument("--out", metavar="DIR", help="where runs and the table are kept")
    parser.add_argument("--format", choices=FORMATS, help="of the table (default: parquet where it can be written)")
    parser.add_argument("--show", metavar="NAMES", help="numbers to print, such as low,fund_paid")
    parser.add_argument("--jobs", metavar="N", type=int, help="processes (default: one per core); 1: this one")
    parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler to run on instead")
    parser.add_argument("--data", metavar="DIR", help="where the recordings are (default: ../shared/data)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def play_sweep(given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    """Run the command, hand its text to `say`, and return the exit code. Raises ConfigError for wrong input."""
    plan = plan_of(given)
    chosen = check_shown(given.show.split(",")) if given.show else ()
    started = time.monotonic()
    try:
        table = _table(plan, given)
    except SweepStoppedError as stopped:
        say(f"{stopped}{_goes_on(given)}")
        return 130
    except BrokenExecutor:
        say(f"the runs stopped: {_LIBRARY_LOST}{_goes_on(given)}")
        return 1
    seconds = time.monotonic() - started
    path = None if given.out is None else write_table(table, Path(given.out) / "table", given.format)
    failed = sum(1 for text in table.column("error") if text)
    if given.json:
        say(_json(table, path, failed, seconds))
    else:
        about = load_crash(plan.crash).crash.about
        say(f"{about.title} ({about.kind}), {plan.count:,} run{'' if plan.count == 1 else 's'} in {seconds:,.1f} s\n")
        say("\n".join(lines_of(table, plan, chosen)))
        if path is not None:
            say(f"\n{path}: {len(table.rows):,} rows, {len(table.columns)} columns")
        if failed:
            say(f"{failed:,} of {plan.count:,} runs failed")
    return 1 if failed else 0


def _table(plan: Plan, given: argparse.Namespace) -> Table:
    with (
        asks_to_stop() as should_stop,
        _pool(plan, given) as pool,
        shown_count(load_crash(plan.crash).name, "runs") as progress,
    ):
        return sweep(
            plan,
            pool.executor,
            folder=given.out,
            progress=progress,
            should_stop=should_stop,
            stop=pool.stop,
        )


@contextmanager
def _pool(plan: Plan, given: argparse.Namespace) -> Iterator[Pool]:
    if given.dask is not None:
        if given.jobs is not None:
            raise ConfigError("sweep: expected --jobs or --dask, found both")
        with dask_pool(given.dask) as pool:
            yield pool
        return
    jobs = cores() if given.jobs is None else given.jobs
    if not 1 <= jobs <= 1_000:
        raise ConfigError(f"--jobs: expected a number of processes in 1..1,000, found {jobs}")
    with local_pool(min(jobs, plan.count)) as pool:
        yield pool


def plan_of(given: argparse.Namespace) -> Plan:
    """Return the sweep that was asked for. Raises ConfigError for wrong input."""
    data = data_folder(given)
    folder = Path(given.name)
    return Plan(
        str(folder.resolve()) if len(folder.parts) > 1 or folder.is_dir() else given.name,
        tuple(map(parse_axis, given.over)),
        parse_seeds(given.seeds) if given.seeds else (),
        tuple(given.venue),
        tuple(parse_settings(given.set).items()),
        "" if data is None else str(data.resolve()),
    )


def _goes_on(given: argparse.Namespace) -> str:
    if given.out is None:
        return "; nothing is kept without --out DIR"
    return f"; what ended is in {given.out}, and the same command goes on from there"


def _json(table: Table, path: Path | None, failed: int, seconds: float) -> str:
    return msgspec.json.encode(
        {
            "runs": len(table.rows),
            "failed": failed,
            "seconds": round(seconds, 3),
            "table": None if path is None else str(path),
            "rows": [] if path is not None else [dict(zip(table.names, row, strict=True)) for row in table.rows],
        }
    ).decode()
