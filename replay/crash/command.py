"""`cascade crash`: runs a named crash and tells its story, lists them, or checks what they must reproduce."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from exchange.units import MAX_ACCOUNT
from replay.crash.check import Check, check_crash, checks_of, queries_of
from replay.crash.load import Loaded, crash_names, load_crash
from replay.crash.metrics import METRICS, NUMBERS
from replay.crash.observed import OBSERVERS, observed
from replay.crash.reporting import add_report, payload_of, wanted_page, write_report
from replay.crash.run import CrashRun, Query, run
from replay.crash.settings import MAX_SEED, parse_settings
from replay.crash.story import description, list_of, story_of_run, table_of
from replay.crash.tables import account_table, liquidation_table
from replay.flows.setting import MissingRecordingError
from replay.interrupt import asks_to_stop
from replay.progress import shown_progress
from replay.report.figures import write_figures
from replay.report.opening import opened
from replay.report.recorder import Recorder
from replay.sources.cells import parse_integer
from replay.wording import shown

SUMMARY: Final = "replay a named crash: what happened, who paid, and what other rules would have changed"
_MORE: Final = """\
examples:
  cascade crash --list                              the crashes that ship, and what each stands on
  cascade crash okex-2018                           one of them
  cascade crash okex-2018 --about                   its story, its sources, and what they contradict
  cascade crash okex-2018 --check                   what it must reproduce, beside what it does
  cascade crash --check-all
  cascade crash okex-2018 --set timeline.injection=off
  cascade crash bitmex-2020-03 --set fund.opening=500000000000 --out runs/thin
  cascade crash gdax-2017 --variant collar
  cascade crash gdax-2017 --open                    a page that plays it; --report FILE writes it somewhere
  cascade crash my/crash                            the crash.toml of a folder of yours
  cascade crash gdax-2017 --variant thick --tree --attribution 10   which liquidation set off which, and its price

what --set may change: a rule (`fund.opening=0`, in money units as in a venue file), a fact of the markets
(`instrument.mark_source=last`, `instrument.XBTUSD.max_leverage=25`), a parameter of a flow
(`flow.book.thickness_ppm=2000000`), an outside event (`timeline.NAME=off`, `timeline.NAME.price=7850`).

--check prints per number what the source says, ours, the tolerance, and on what it stands: an input states it, or it
follows from inputs by arithmetic ("given"), inputs were chosen so that it comes out ("fitted"), or the engine decides
it and nothing was chosen for it ("predicted").

numbers that a scenario may name:
METRICS

--attribution, --tree and --accounts say more than the story: docs/crashes.md defines cause and chain.

--json prints one object: name, kind, numbers, checks, summary, sheet (where all money is), report (where the page is),
and with --attribution liquidations, with --accounts accounts, all of them. Numbers are in ticks, money units, lots, ppm
and ns.

With --set, --variant, --venue or --seed --check runs that what-if in place of each run, says so, and names no basis.

exit codes: 0 done, 1 a number is outside of its tolerance, 2 something about the input is wrong, 130 interrupted.
"""
_ROWS: Final = "20"
_OF_A_RUN: Final = ("name", "set", "variant", "venue", "seed", "data", "json")
_MODES: Final = {"list": (), "check_all": ("data", "json"), "about": ("name",), "check": _OF_A_RUN}
_TABLES: Final = {
    "--attribution": "after the story a table of liquidations: cause, prices, depth, who paid",
    "--tree": "which liquidation set off which",
    "--accounts": "a table of what became of the accounts",
}
_SHARED: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def more() -> str:
    """Return what `--help` says after the options, with every number."""
    lines = [f"  {name:<22}{metric.what} ({metric.unit})" for name, metric in METRICS.items()]
    return _MORE.replace("METRICS", "\n".join(lines))


def add_crash(parser: argparse.ArgumentParser) -> None:
    """Give `cascade crash` its arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="of `--list`, or a folder with a crash.toml")
    parser.add_argument("--list", action="store_true", help="list the crashes that ship")
    parser.add_argument("--about", action="store_true", help="print the story and the sources; run nothing")
    parser.add_argument("--check", action="store_true", help="compare with what is known; exit 1 on a miss")
    parser.add_argument("--check-all", action="store_true", help="the same for every crash that ships")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a what-if, see below")
    parser.add_argument("--variant", metavar="NAME", help="a what-if that ships with the crash (--about)")
    parser.add_argument("--venue", metavar="FILE_OR_NAME", help="the rules, fees and margins of another venue")
    parser.add_argument("--seed", metavar="N", help="draws the crowd anew")
    parser.add_argument("--data", metavar="DIR", help="where the recordings are (default: ../shared/data)")
    parser.add_argument(
        "--out", metavar="DIR", help="new folder for the event log, the commands as a tape, the summary"
    )
    add_report(parser)
    for option, what in _TABLES.items():
        parser.add_argument(option, nargs="?", const=_ROWS, metavar="N", help=f"{what}, at most N lines ({_ROWS})")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the story")


def play_crash(given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    """Run the command, hand its text to `say`, and return the exit code.

    Raises ConfigError or DataError for what the user got wrong, KeyboardInterrupt where a check was interrupted.
    """
    _check_options(given)
    if given.list:
        say(list_of([load_crash(name) for name in crash_names()]))
        return 0
    if given.check_all:
        return _check_all(given, say)
    if given.name is None:
        raise ConfigError(f"crash: expected a NAME, --list or --check-all, found none; one is {crash_names()[0]!r}")
    loaded = load_crash(given.name)
    if given.about:
        say(description(loaded))
        return 0
    return _check(loaded, given, say) if given.check else _run(loaded, given, say)


def _run(loaded: Loaded, given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    settings = _settings(given, loaded)
    _check_tables(given)
    known = queries_of(loaded)
    queries = [*known, *map(Query, NUMBERS)]
    page = wanted_page(given, loaded.name)
    recorder = Recorder()
    is_recorded = page is not None or given.png is not None
    with asks_to_stop(is_prompt=True) as should_stop, shown_progress(loaded.name) as progress:
        found = run(
            loaded,
            settings,
            queries,
            venue=given.venue,
            data=data_folder(given),
            out=given.out,
            progress=progress,
            should_stop=should_stop,
            extra_sinks=[*OBSERVERS, *([recorder.attach] if is_recorded else [])],
        )
    is_whole = found.summary.stopped != "interrupt"
    is_plain = not settings and given.venue is None and is_whole
    checks = checks_of(found._replace(values=found.values[: len(known)]), known) if is_plain else []
    what_if = _what_if(given, settings)
    if not is_whole:
        page = None  # A page of a part would look like one of the whole.
    if is_recorded and is_whole:
        payload = payload_of(recorder, found.summary, what_if, title=_title(given, loaded))
        if page is not None:
            write_report(page, loaded, [payload], checks)
        if given.png is not None:
            write_figures(Path(given.png), payload)
    if given.json:
        numbers = dict(zip(NUMBERS, found.values[len(known) :], strict=True))
        say(_json(found, numbers, checks, given, page))
    else:
        title, changed = _title(given, loaded), _listed(what_if)
        say(story_of_run(found, checks, f"{title} ({changed})" if title else changed))
        for text in _more_of(found, given):
            say(f"\n{text}")
        if page is not None:
            say(f"\n{opened(page) if given.open else f'page in {page}'}")
    return 0 if is_whole else 130


def _check_options(given: argparse.Namespace) -> None:
    """Refuse an option that would do nothing beside another."""
    mode = next((name for name in _MODES if getattr(given, name)), None)
    if mode is None:
        return
    for name, value in vars(given).items():
        if name in (mode, "act", *_MODES[mode]) or value in (None, False, []):
            continue
        word = "a NAME" if name == "name" else f"--{name.replace('_', '-')}"
        raise ConfigError(
            f"crash --{mode.replace('_', '-')}: expected no {word.removeprefix('a ')} beside it, found one"
        )


def _title(given: argparse.Namespace, loaded: Loaded) -> str:
    """Return the name of the variant that was asked for, and what it says of itself."""
    return f"{given.variant}: {loaded.crash.variant[given.variant].title}" if given.variant else ""


def _check_tables(given: argparse.Namespace) -> None:
    """Refuse a number of lines that is none."""
    for option in _TABLES:
        text = getattr(given, option[2:])
        if text is not None:
            parse_integer(text, option, 1, MAX_ACCOUNT)


def _more_of(found: CrashRun, given: argparse.Namespace) -> Iterator[str]:
    """Yield the tables that were asked for."""
    seen = observed(found)
    if given.attribution is not None:
        rows = liquidation_table(seen.liquidations, found.instruments, int(given.attribution))
        yield "\n".join(rows) if seen.liquidations else "no liquidations"
    if given.tree is not None:
        lines = seen.attribution.tree_lines(seen.liquidations, int(given.tree))
        title = "liquidations under the one that set them off, the most notional first"
        yield "\n".join([title, *(f"  {line}" for line in lines)]) if lines else "no liquidations: no tree"
    if given.accounts is not None:
        yield "\n".join(account_table(seen.accounts, found.instruments, int(given.accounts)))


def _json(
    found: CrashRun,
    numbers: Mapping[str, int | None],
    checks: Sequence[Check],
    given: argparse.Namespace,
    page: Path | None,
) -> str:
    seen = observed(found)
    told: dict[str, Any] = {
        "name": found.loaded.name,
        "kind": found.loaded.crash.about.kind,
        "numbers": numbers,
        "checks": [_plain(check) for check in checks],
        "summary": found.summary,
        "sheet": seen.sheet._asdict(),
        "report": None if page is None else str(page),
    }
    if given.attribution is not None:
        told["liquidations"] = [row._asdict() for row in seen.liquidations]
    if given.accounts is not None:
        told["accounts"] = [row._asdict() for row in seen.accounts]
    return msgspec.json.encode(told).decode()


def _plain(check: Check) -> dict[str, object]:
    expected = check.expected
    return {
        "name": expected.name,
        "expected": check.theirs,
        "ours": check.ours,
        "tolerance": check.tolerance,
        "basis": expected.basis,
        "source": expected.source,
        "variant": expected.variant,
        "is_inside": check.is_inside,
    }


def _check(loaded: Loaded, given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    settings = _settings(given, loaded)
    with asks_to_stop(is_prompt=True) as should_stop:
        checks = check_crash(
            loaded, venue=given.venue, data=data_folder(given), settings=settings, should_stop=should_stop
        )
    say(_checked(loaded, checks, given.json, _what_if(given, settings)))
    return 0 if all(check.is_inside for check in checks) else 1


def _check_all(given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    """Check every crash that ships; those whose recordings are not here are named and left out."""
    missed = inside = 0
    skipped: list[str] = []
    for name in crash_names():
        loaded = load_crash(name)
        try:
            with asks_to_stop(is_prompt=True) as should_stop:
                checks = check_crash(loaded, data=data_folder(given), should_stop=should_stop)
        except MissingRecordingError as error:
            skipped.append(f"{name}: left out: {error}")
            continue
        say(_checked(loaded, checks, given.json))
        inside += sum(check.is_inside for check in checks)
        missed += sum(not check.is_inside for check in checks)
    if not given.json:
        for line in skipped:
            say(line)
        say(f"{inside:,} numbers inside, {missed:,} outside, {len(skipped):,} crashes left out")
    return 0 if missed == 0 else 1


def _checked(loaded: Loaded, checks: Sequence[Check], is_json: bool, what_if: Mapping[str, Any] | None = None) -> str:
    kind = loaded.crash.about.kind
    if is_json:
        found = {"name": loaded.name, "kind": kind, "what_if": what_if or {}, "checks": [_plain(c) for c in checks]}
        return msgspec.json.encode(found).decode()
    return table_of(f"{loaded.name} ({kind})", checks, _listed(what_if or {}))


def _what_if(given: argparse.Namespace, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a run another than the scenario's."""
    return {**({"venue": given.venue} if given.venue else {}), **settings}


def _listed(what_if: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in what_if.items())


def _settings(given: argparse.Namespace, loaded: Loaded) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if given.variant is not None:
        if given.variant not in loaded.crash.variant:
            known = ", ".join(loaded.crash.variant) or "none"
            raise ConfigError(f"--variant: expected one of {known}, found {shown(given.variant)}")
        settings |= loaded.crash.variant[given.variant].set
    settings |= parse_settings(given.set)
    if given.seed is not None:
        settings["seed"] = str(parse_integer(given.seed, "--seed", 0, MAX_SEED))
    return settings


def data_folder(given: argparse.Namespace) -> Path | None:
    """Return where the recordings are: what the user names, or beside the project, or nowhere."""
    if given.data is not None:
        if not Path(given.data).is_dir():
            raise ConfigError(f"--data: expected a folder, found {given.data}")
        return Path(given.data)
    return _SHARED if _SHARED.is_dir() else None
