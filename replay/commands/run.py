"""`cascade run`: replays a source or a tape through a venue."""

import argparse
from pathlib import Path
from typing import Final

import msgspec

from exchange import Exchange
from exchange.errors import ConfigError
from exchange.units import MAX_ACCOUNT, MAX_TS_NS
from replay.commands.exit_codes import INTERRUPTED, OK
from replay.commands.shared import add_source, say, scenario_of, warn_of_damage, warn_of_interpreter
from replay.explain import Explainer, story_of
from replay.interrupt import asks_to_stop
from replay.player import play
from replay.progress import shown_progress
from replay.report.opening import opened, page_path
from replay.report.page import About, write_page
from replay.report.payload import run_payload
from replay.report.recorder import Recorder
from replay.scenario import DEMO
from replay.sentences import who
from replay.sources.cells import parse_integer, parse_time, parse_ts_ns
from replay.summary import RunSummary, story
from replay.venues import preset_names

SUMMARY: Final = "replay a source or a tape through a venue"
MORE: Final = """\
examples:
  cascade run demo
  cascade run day.tape --venue generic_linear --until 2012-06-21T15:00:00Z
  cascade run day.csv --venue my.toml --accounts longs.csv --check
  cascade run AMZN_2012-06-21_34200000_57600000_message_1.csv --option instrument_id=7 --json
  cascade run day.tape --venue my.toml --population crowd.toml --out runs/1
  cascade run runs/1/commands.tape      the same run again, with the same digest
  cascade run demo --open               a page that plays the run, in a browser
  cascade run demo --explain 17         the story of account 17, in plain words

--json prints one object, as the last line: commands, events, trades, liquidations, fund_start, fund_end,
socialized_loss, low, high, refused_by_reason, damage, warnings, digest, seconds and more. Prices are in ticks, money in
units of money_unit.

--explain tells what an account did, what was done to it and who paid for it. With --json it is one object before the
last line: account, story (a list of objects with ts_ns, event, text).

exit codes: 0 done, 1 a check failed, 2 something about the input is wrong, 130 interrupted by ctrl-C or SIGTERM (what
ran until then is reported, and with --out it is on disk, whole).
"""
_LONGEST_TIME: Final = 80  # characters


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    add_source(parser)
    parser.add_argument(
        "--venue", metavar="FILE_OR_NAME", help=f"rules as TOML, or one of: {', '.join(preset_names())}"
    )
    parser.add_argument("--accounts", metavar="FILE", help="positions to inject, as CSV or TOML (docs/formats.md)")
    parser.add_argument("--population", metavar="FILE", help="TOML from which positions are drawn by a seed")
    parser.add_argument(
        "--until", metavar="WHEN", help="stop at an ISO time, at 5.0 (s) or 5ns since 1970, or at events:N"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check the venue after every command: each looks at all accounts and orders, for short runs",
    )
    parser.add_argument(
        "--out", metavar="DIR", help="new folder for the event log, the commands as a tape, the summary"
    )
    parser.add_argument("--explain", metavar="ACCOUNT", help="tell the story of one account in plain words")
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        nargs="?",
        const="",
        help="write a page that plays the run (default report.html)",
    )
    parser.add_argument("--open", action="store_true", help="write the page, and open it in a browser")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the story")


def act(given: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    until_ns, until_events = _until(given.until)
    explainer = None if given.explain is None else Explainer(parse_integer(given.explain, "--explain", 1, MAX_ACCOUNT))
    scenario = scenario_of(given, accounts=given.accounts, population=given.population)
    exchange = scenario.open_exchange()
    if explainer is not None:
        exchange.add_sink(explainer)
    page = page_path(given.report or "", "report") if given.report is not None or given.open else None
    recorder = Recorder()
    if page is not None:
        exchange.add_sink(recorder.attach(exchange))
    with asks_to_stop() as should_stop, shown_progress(Path(given.source).name) as progress:
        summary = play(
            scenario.sources,
            exchange,
            until_ns=until_ns,
            until_events=until_events,
            check=given.check,
            out=given.out,
            progress=progress,
            should_stop=should_stop,
        )
    if not given.json:
        warn_of_interpreter()
    warn_of_damage(scenario.sources[0])
    for warning in summary.warnings:
        say(f"warning: {warning}")
    if explainer is not None:
        _explain(explainer, exchange, given.json)
    if page is not None:
        recorder.finish()
        _write_page(page, given.source, recorder, summary)
    print(summary.json() if given.json else story(summary))
    if page is not None and not given.json:
        print(f"\n{opened(page) if given.open else f'page in {page}'}")
    return INTERRUPTED if summary.stopped == "interrupt" else OK


def _write_page(path: Path, source: str, recorder: Recorder, summary: RunSummary) -> None:
    payload = run_payload(
        recorder.film(),
        recorder.rows(),
        label="A",
        name=source,
        what_if={},
        venue=summary.venue,
        digest=summary.digest,
    )
    is_demo = source == DEMO
    title = "The demonstration: a thin market and a selling shock" if is_demo else Path(source).name
    notes = ("It was interrupted: what ran until then is shown.",) if summary.stopped == "interrupt" else ()
    write_page(path, About(title, "", "synthetic" if is_demo else "your data", notes=notes), [payload])


def _explain(explainer: Explainer, exchange: Exchange, is_json: bool) -> None:
    explainer.write(exchange.open_block(), exchange.open_block_first_seq())
    lines = explainer.lines(exchange)
    if not lines:
        raise ConfigError(
            f"--explain: expected an account of this run, found {explainer.account}, which no event names"
        )
    if is_json:
        print(msgspec.json.encode({"account": explainer.account, "story": [line._asdict() for line in lines]}).decode())
    else:
        print(f"{who(explainer.account)}\n\n{story_of(lines)}\n")


def _until(text: str | None) -> tuple[int | None, int | None]:
    """Return (ns, events), of which at most one is not None."""
    if text is None:
        return None, None
    if len(text) > _LONGEST_TIME:
        raise ConfigError(f"--until: expected a time or events:NUMBER, found {len(text):,} characters")
    if text.startswith("events:"):
        return None, parse_integer(text.removeprefix("events:"), "--until: events", 0, MAX_TS_NS)
    if text.endswith("ns"):
        return parse_ts_ns(text.removesuffix("ns"), "--until"), None
    if text.isdecimal():
        forms = f"{text}ns for nanoseconds or {text}.0 for seconds since 1970"
        raise ConfigError(f"--until: expected {forms}, found {text!r}, which could be either")
    return parse_time(text, "--until"), None
