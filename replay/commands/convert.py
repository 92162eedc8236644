"""`cascade convert`: writes a source in another format."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from exchange.commands import Command
from replay.commands.exit_codes import OK
from replay.commands.shared import add_source, options_of, scenario_of, warn_of_damage
from replay.convert import check_target, result_format
from replay.journal import journal_metadata
from replay.player import Progress
from replay.progress import shown_progress
from replay.scenario import DEMO, Scenario
from replay.schedule import blocks_of
from replay.sources import Source
from replay.sources.csv_commands import write_csv
from replay.sources.json_lines import write_jsonl
from replay.tape import TapeWriter

SUMMARY: Final = "write a source in another format"
MORE: Final = """\
examples:
  cascade convert day.dbn.zst day.tape
  cascade convert day.csv.gz day.tape --compression zstd
  cascade convert demo demo.csv

The result's name decides its format: .tape, .csv, .jsonl. Text is compressed where the name goes on with
.gz, .zst, .xz or .bz2. With --venue a tape keeps the rules, and `cascade run` on it needs no other.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    add_source(parser)
    parser.add_argument("destination", metavar="RESULT", help="file to write: .tape, .csv, .jsonl, .csv.gz and so on")
    parser.add_argument("--venue", metavar="FILE_OR_NAME", help="rules and instruments to write into the result")
    parser.add_argument("--compression", choices=("none", "zstd"), default="none", help="of a tape")
    parser.add_argument("--force", action="store_true", help="replace RESULT where it exists")


def act(given: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    destination = Path(given.destination)
    format_name = result_format(destination, given.compression)
    options, _ = options_of(given)
    check_target(destination, (given.source, given.venue, *options.values()), is_forced=given.force)
    scenario = scenario_of(given)
    source, instruments = scenario.sources[0], scenario.instruments
    if format_name == "tape":
        metadata = journal_metadata(scenario.rules) if given.venue or given.source == DEMO else {}
        count = _write_tape(scenario, destination, given.compression, metadata)
    else:
        write = write_csv if format_name == "csv" else write_jsonl
        count = write(_shown(source), instruments, destination, source.description)
    warn_of_damage(source)
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
