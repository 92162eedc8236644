"""`cascade verify`: checks a recording, a tape or an event log."""

import argparse
from typing import Final

import msgspec

from exchange.errors import ConfigError, DataError
from replay.commands.exit_codes import FAULTY, OK
from replay.commands.shared import add_source, scenario_of
from replay.contents import event_log_contents, is_event_log
from replay.verify import shows_its_book, verify_commands, verify_source
from replay.verify.findings import Findings, VerifyReport

SUMMARY: Final = "check a recording, a tape or an event log"
MORE: Final = """\
examples:
  cascade verify day.dbn.zst
  cascade verify day.csv --venue my.toml
  cascade verify runs/1/events.log

LOBSTER and DBN files: the recorded book is rebuilt and compared with the venue's after every step. Tapes, CSV and JSON
lines, and recordings with --venue: everything is read and run on the venue that `cascade run` would open, which checks
itself. Event logs: every block and the digest.

exit codes: 0 sound, 1 any fault, 2 the file could not be opened.
"""
_ANOTHER_SCHEMA: Final = "expected schema mbo"  # as DbnSource says it of a sound file that it does not read


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    add_source(parser)
    parser.add_argument("--venue", metavar="FILE_OR_NAME", help="run it on this venue, as `cascade run` would")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def act(given: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
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
    scenario = scenario_of(given)
    report = verify_source(scenario.sources[0], scenario.rules, scenario.instruments)
    if given.venue is None or not shows_its_book(scenario.sources[0]):
        return report
    return report.joined(verify_commands(scenario.sources[0], scenario.rules, scenario.instruments))
