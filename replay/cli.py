"""The command line. What a user gets wrong ends in one line on stderr and exit code 2; no digest is decided here."""

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange import Exchange, __version__
from exchange.build import REBUILD_COMMAND, build_info
from exchange.commands import Command
from exchange.errors import ConfigError, DataError, ExchangeError, InvariantError
from exchange.units import MAX_ACCOUNT, MAX_TS_NS
from replay.bench import measurements
from replay.calc.command import MORE as CALC_MORE
from replay.calc.command import SUMMARY as CALC_SUMMARY
from replay.calc.command import add_calculators, calculate
from replay.contents import contents_text, event_log_contents, is_event_log, source_contents
from replay.convert import check_target, result_format
from replay.crash.command import SUMMARY as CRASH_SUMMARY
from replay.crash.command import add_crash, play_crash
from replay.crash.command import more as more_on_crash
from replay.crash.compare_command import MORE as COMPARE_MORE
from replay.crash.compare_command import SUMMARY as COMPARE_SUMMARY
from replay.crash.compare_command import add_compare, play_compare
from replay.explain import Explainer, story_of
from replay.interrupt import asks_to_stop, sigterm_interrupts
from replay.journal import journal_metadata
from replay.paper.command import MORE as PAPER_MORE
from replay.paper.command import SUMMARY as PAPER_SUMMARY
from replay.paper.command import add_paper, play_paper
from replay.player import Progress, play
from replay.progress import shown_progress
from replay.report.opening import opened, page_path
from replay.report.page import About, write_page
from replay.report.payload import run_payload
from replay.report.recorder import Recorder
from replay.scenario import DEMO, Scenario, open_input, open_scenario
from replay.schedule import blocks_of
from replay.sentences import who
from replay.shock.command import SUMMARY as SHOCK_SUMMARY
from replay.shock.command import add_shock, play_shock
from replay.shock.command import more as more_on_shock
from replay.sources import FORMATS, Source, format_of
from replay.sources.cells import parse_integer, parse_time, parse_ts_ns
from replay.sources.csv_commands import write_csv
from replay.sources.json_lines import write_jsonl
from replay.sources.options import parse_options
from replay.summary import RunSummary, story
from replay.sweep.command import MORE as SWEEP_MORE
from replay.sweep.command import SUMMARY as SWEEP_SUMMARY
from replay.sweep.command import add_sweep, play_sweep
from replay.tape import TapeReader, TapeWriter
from replay.venues import preset_names, states_nothing
from replay.verify import shows_its_book, verify_commands, verify_source
from replay.verify.findings import Findings, VerifyReport
from replay.wording import os_error_text
from replay.workloads import SIZES

OK: Final = 0
FAULTY: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

_LONGEST_TIME: Final = 80  # characters
_ANOTHER_SCHEMA: Final = "expected schema mbo"  # as DbnSource says it of a sound file that it does not read

_OVERVIEW: Final = """\
Replay recorded markets through an exchange: orders meet in a book, leveraged accounts are liquidated into it,
and what they cannot pay is paid by the insurance fund and then by others.

examples:
  cascade run demo                      a thin market, 2,000 leveraged accounts and a selling shock
  cascade run day.csv --venue my.toml --accounts longs.csv
                                        your data, your rules, your accounts
  cascade convert day.dbn.zst day.tape  a vendor's file as a tape, which replays fastest
  cascade verify day.dbn.zst            is the recording sound, and does the venue's book follow it?
  cascade info day.tape                 what a file holds
  cascade info                          what is installed, and whether it runs compiled
  cascade bench                         how fast it is here
  cascade crash okex-2018               a historical crash: what happened, who paid, what other rules change
  cascade compare okex-2018 --variant no-injection
                                        the same under other rules, account by account: who is better off?
  cascade sweep gdax-2017 --seeds 1..10 the same crash over a grid of what-ifs, as a table
  cascade paper --list                  tables of publications, ours beside theirs
  cascade shock                         one shock at every venue: who pays?
  cascade calc liquidation --help       liquidation prices, margin, sizes, cascades and debts

`cascade COMMAND --help` says more about each.
"""

_RUN: Final = """\
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

_CONVERT: Final = """\
examples:
  cascade convert day.dbn.zst day.tape
  cascade convert day.csv.gz day.tape --compression zstd
  cascade convert demo demo.csv

The result's name decides its format: .tape, .csv, .jsonl. Text is compressed where the name goes on with
.gz, .zst, .xz or .bz2. With --venue a tape keeps the rules, and `cascade run` on it needs no other.
"""

_VERIFY: Final = """\
examples:
  cascade verify day.dbn.zst
  cascade verify day.csv --venue my.toml
  cascade verify runs/1/events.log

LOBSTER and DBN files: the recorded book is rebuilt and compared with the venue's after every step. Tapes, CSV and JSON
lines, and recordings with --venue: everything is read and run on the venue that `cascade run` would open, which checks
itself. Event logs: every block and the digest.

exit codes: 0 sound, 1 any fault, 2 the file could not be opened.
"""

_BENCH: Final = """\
examples:
  cascade bench --size tiny
  cascade bench --rounds 10
  cascade bench --json > here.json
"""

_INFO: Final = """\
examples:
  cascade info                          versions, presets, formats, compiled or not
  cascade info day.tape
  cascade info AMZN_2012-06-21_34200000_57600000_message_1.csv --json
  cascade info damaged.tape --option salvage=true
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # A file's name may be no text of the terminal's encoding.
    given = _parser().parse_args(arguments)
    try:
        with sigterm_interrupts():
            code: int = given.act(given)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has gone; without this the interpreter complains about it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        is_writing = given.act is _convert or getattr(given, "out", None) is not None
        return _fail("interrupted; nothing was written" if is_writing else "interrupted", INTERRUPTED)
    except InvariantError as error:
        return _fail(f"the venue disagrees with itself, which is a fault of this program: {error}", FAULTY)
    except RecursionError:
        return _fail(f"{given.source}, or a file beside it: expected values nested less deeply", USAGE)
    except OSError as error:
        return _fail(os_error_text(error), USAGE)
    except (ExchangeError, UnicodeError) as error:
        return _fail(str(error), USAGE)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "cascade", description=_OVERVIEW, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"cascade {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    run = _command(commands, "run", _run, "replay a source or a tape through a venue", _RUN)
    _add_source(run)
    run.add_argument("--venue", metavar="FILE_OR_NAME", help=f"rules as TOML, or one of: {', '.join(preset_names())}")
    run.add_argument("--accounts", metavar="FILE", help="positions to inject, as CSV or TOML (docs/formats.md)")
    run.add_argument("--population", metavar="FILE", help="TOML from which positions are drawn by a seed")
    run.add_argument(
        "--until", metavar="WHEN", help="stop at an ISO time, at 5.0 (s) or 5ns since 1970, or at events:N"
    )
    run.add_argument(
        "--check",
        action="store_true",
        help="check the venue after every command: each looks at all accounts and orders, for short runs",
    )
    run.add_argument("--out", metavar="DIR", help="new folder for the event log, the commands as a tape, the summary")
    run.add_argument("--explain", metavar="ACCOUNT", help="tell the story of one account in plain words")
    run.add_argument(
        "--report",
        metavar="FILE.html",
        nargs="?",
        const="",
        help="write a page that plays the run (default report.html)",
    )
    run.add_argument("--open", action="store_true", help="write the page, and open it in a browser")
    run.add_argument("--json", action="store_true", help="print one JSON object instead of the story")

    convert = _command(commands, "convert", _convert, "write a source in another format", _CONVERT)
    _add_source(convert)
    convert.add_argument("destination", metavar="RESULT", help="file to write: .tape, .csv, .jsonl, .csv.gz and so on")
    convert.add_argument("--venue", metavar="FILE_OR_NAME", help="rules and instruments to write into the result")
    convert.add_argument("--compression", choices=("none", "zstd"), default="none", help="of a tape")
    convert.add_argument("--force", action="store_true", help="replace RESULT where it exists")

    verify = _command(commands, "verify", _verify, "check a recording, a tape or an event log", _VERIFY)
    _add_source(verify)
    verify.add_argument("--venue", metavar="FILE_OR_NAME", help="run it on this venue, as `cascade run` would")
    verify.add_argument("--json", action="store_true", help="print one JSON object")

    bench = _command(commands, "bench", _bench, "measure the venue on this machine", _BENCH)
    bench.add_argument("--size", choices=SIZES, default="full", help="tiny takes a second, full up to a few minutes")
    bench.add_argument("--rounds", type=int, default=5, metavar="N", help="the fastest of N counts (default 5)")
    bench.add_argument("--json", action="store_true", help="print one JSON object")

    add_calculators(_command(commands, "calc", _calc, CALC_SUMMARY, CALC_MORE))

    add_shock(_command(commands, "shock", _shock, SHOCK_SUMMARY, more_on_shock()))

    add_crash(_command(commands, "crash", _crash, CRASH_SUMMARY, more_on_crash()))

    add_compare(_command(commands, "compare", _compare, COMPARE_SUMMARY, COMPARE_MORE))
    add_sweep(_command(commands, "sweep", _sweep, SWEEP_SUMMARY, SWEEP_MORE))

    add_paper(_command(commands, "paper", _paper, PAPER_SUMMARY, PAPER_MORE))

    info = _command(commands, "info", _info, "say what a file holds, or what is installed", _INFO)
    _add_source(info, is_optional=True)
    info.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _command(commands: Any, name: str, act: Any, summary: str, more: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(act=act)
    return parser


def _add_source(parser: argparse.ArgumentParser, is_optional: bool = False) -> None:
    parser.add_argument(
        "source", metavar="SOURCE", nargs="?" if is_optional else None, help=f"file to read, or `{DEMO}`"
    )
    parser.add_argument("--format", choices=sorted(FORMATS), help="of the file; by default its name tells")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the format's reader, such as instruments=my.toml or, for a damaged tape, salvage=true",
    )


# --- the commands ------------------------------------------------------------------------------------------------


def _run(given: argparse.Namespace) -> int:
    until_ns, until_events = _until(given.until)
    explainer = None if given.explain is None else Explainer(parse_integer(given.explain, "--explain", 1, MAX_ACCOUNT))
    scenario = _scenario(given, accounts=given.accounts, population=given.population)
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
        _warn_of_interpreter()
    _warn_of_damage(scenario.sources[0])
    for warning in summary.warnings:
        _say(f"warning: {warning}")
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


def _shock(given: argparse.Namespace) -> int:
    play_shock(given, print)
    return OK


def _crash(given: argparse.Namespace) -> int:
    if not (given.json or given.list or given.about):
        _warn_of_interpreter()
    return play_crash(given, lambda text: print(text, flush=True))


def _compare(given: argparse.Namespace) -> int:
    if not given.json:
        _warn_of_interpreter()
    return play_compare(given, lambda text: print(text, flush=True))


def _sweep(given: argparse.Namespace) -> int:
    if not given.json:
        _warn_of_interpreter()
    return play_sweep(given, lambda text: print(text, flush=True))


def _paper(given: argparse.Namespace) -> int:
    return play_paper(given, lambda text: print(text, flush=True))


def _convert(given: argparse.Namespace) -> int:
    destination = Path(given.destination)
    format_name = result_format(destination, given.compression)
    options, _ = _options(given)
    check_target(destination, (given.source, given.venue, *options.values()), is_forced=given.force)
    scenario = _scenario(given)
    source, instruments = scenario.sources[0], scenario.instruments
    if format_name == "tape":
        metadata = journal_metadata(scenario.rules) if given.venue or given.source == DEMO else {}
        count = _write_tape(scenario, destination, given.compression, metadata)
    else:
        write = write_csv if format_name == "csv" else write_jsonl
        count = write(_shown(source), instruments, destination, source.description)
    _warn_of_damage(source)
    print(f"{count:,} commands in {destination}")
    return OK


def _write_tape(scenario: Scenario, path: Path, compression: Any, metadata: dict[str, str]) -> int:
    source = scenario.sources[0]
    tape = TapeWriter(path, scenario.instruments, source=source.description, compression=compression, metadata=metadata)
    with tape, shown_progress(path.name) as progress:
        for block in blocks_of(source):
            tape.write_records(block)
            if progress is not None:
                progress(Progress(source.position_bytes, source.size_bytes, tape.record_count, 0))
    return tape.record_count


def _shown(source: Source) -> Iterator[Command]:
    with shown_progress(source.description) as progress:
        for count, command in enumerate(source.commands(), start=1):
            yield command
            if progress is not None and count % 4_096 == 0:
                progress(Progress(source.position_bytes, source.size_bytes, count, 0))


def _verify(given: argparse.Namespace) -> int:
    try:
        report = _report(given)
    except DataError as error:
        if _ANOTHER_SCHEMA in str(error):
            raise  # Nothing is wrong with the file; it holds something else.
        findings = Findings(given.source)
        findings.add("the file", str(error))
        report = findings.report()
    print(msgspec.json.encode(report).decode() if given.json else report.text())
    return OK if report.is_sound else FAULTY


def _report(given: argparse.Namespace) -> VerifyReport:
    if is_event_log(given.source):
        if given.venue is not None:
            raise ConfigError(f"{given.source}: expected no --venue beside an event log, found {given.venue}")
        contents = event_log_contents(given.source)
        findings = Findings(contents["source"])
        findings.counts.update(contents["types"])
        findings.notes.append(f"venue {contents['venue']}")
        findings.notes.append(f"digest {contents['digest']}")
        return findings.report()
    scenario = _scenario(given)
    report = verify_source(scenario.sources[0], scenario.rules, scenario.instruments)
    if given.venue is None or not shows_its_book(scenario.sources[0]):
        return report
    return report.joined(verify_commands(scenario.sources[0], scenario.rules, scenario.instruments))


def _bench(given: argparse.Namespace) -> int:
    if given.rounds < 1:
        raise ConfigError(f"--rounds: expected at least 1, found {given.rounds}")
    rates: dict[str, int] = {}
    if not given.json:
        _warn_of_interpreter()
        print(build_info())
    for found in measurements(given.size, given.rounds):
        rates[found.name] = round(found.per_second)
        if not given.json:
            print(f"{found.name:<16}{found.per_second:>12,.0f} commands/s  {found.what}", flush=True)
    if given.json:
        print(msgspec.json.encode({"engine": str(build_info()), "commands_per_second": rates}).decode())
    return OK


def _calc(given: argparse.Namespace) -> int:
    print(calculate(given))
    return OK


def _info(given: argparse.Namespace) -> int:
    if given.source is None:
        if given.option or given.format:
            raise ConfigError("info: expected --option and --format beside a file, found no file")
        contents = _installed()
    elif is_event_log(given.source):
        contents = event_log_contents(given.source)
    else:
        source = _source(given)
        contents = source_contents(source)
        _warn_of_damage(source)
    print(msgspec.json.encode(contents).decode() if given.json else contents_text(contents))
    return OK


def _installed() -> dict[str, Any]:
    build = build_info()
    contents: dict[str, Any] = {
        "cascade": __version__,
        "engine": str(build),
        "compiled": "yes" if build.compiled else "no",
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    names = (
        "librt",
        "msgspec",
        "mypy_extensions",
        "sortedcontainers",
        "rich",
        "zstandard",
        "databento-dbn",
        "pyarrow",
        "matplotlib",
        "distributed",
    )
    for name in names:
        try:
            contents[name] = version(name)
        except PackageNotFoundError:
            contents[name] = "not installed"
    contents["presets"] = ", ".join(preset_names())
    contents["formats"] = ", ".join(FORMATS)
    return contents


# --- what they share ---------------------------------------------------------------------------------------------


def _scenario(given: argparse.Namespace, **injected: Any) -> Scenario:
    options, name = _options(given)
    if given.venue is not None and states_nothing(given.venue):
        _say(f"{given.venue}: states nothing, so every rule is at its default")
    return open_scenario(given.source, options, format_name=name, venue=given.venue, **injected)


def _source(given: argparse.Namespace) -> Source:
    options, name = _options(given)
    return open_input(given.source, options, format_name=name)


def _options(given: argparse.Namespace) -> tuple[dict[str, Any], str | None]:
    is_demo = given.source == DEMO and given.format is None
    return parse_options(given.option, DEMO if is_demo else given.format or format_of(given.source)), given.format


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


def _warn_of_interpreter() -> None:
    if not build_info().compiled:
        _say(f"the engine runs interpreted, several times slower than compiled; to compile it: {REBUILD_COMMAND}")


def _warn_of_damage(source: Source) -> None:
    if isinstance(source, TapeReader) and source.damage is not None:
        _say(f"only what precedes the damage was used: {source.damage}")


def _fail(message: str, code: int) -> int:
    _say(message)
    return code


def _say(message: str) -> None:
    if sys.stderr is None:  # It was closed before the start; `print` would turn to stdout.
        return
    print(f"cascade: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
