"""What the commands share: the arguments that name a source, and what they say on stderr."""

import argparse
import sys
from typing import Any

from exchange.build import REBUILD_COMMAND, build_info
from replay.scenario import DEMO, Scenario, open_input, open_scenario
from replay.sources import FORMATS, Source, format_of
from replay.sources.options import parse_options
from replay.tape import TapeReader
from replay.venues import states_nothing


def add_source(parser: argparse.ArgumentParser, is_optional: bool = False) -> None:
    """Give a command the arguments that name a source."""
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


def scenario_of(given: argparse.Namespace, **injected: Any) -> Scenario:
    """Open the source that was named, with the venue that belongs to it."""
    options, name = options_of(given)
    if given.venue is not None and states_nothing(given.venue):
        say(f"{given.venue}: states nothing, so every rule is at its default")
    return open_scenario(given.source, options, format_name=name, venue=given.venue, **injected)


def source_of(given: argparse.Namespace) -> Source:
    """Open the source that was named."""
    options, name = options_of(given)
    return open_input(given.source, options, format_name=name)


def options_of(given: argparse.Namespace) -> tuple[dict[str, Any], str | None]:
    """Return the options of the source's reader, and the format where one was named."""
    is_demo = given.source == DEMO and given.format is None
    return parse_options(given.option, DEMO if is_demo else given.format or format_of(given.source)), given.format


def warn_of_interpreter() -> None:
    """Say so where the engine is not compiled."""
    if not build_info().compiled:
        say(f"the engine runs interpreted, several times slower than compiled; to compile it: {REBUILD_COMMAND}")


def warn_of_damage(source: Source) -> None:
    """Say so where a damaged tape was read up to the damage."""
    if isinstance(source, TapeReader) and source.damage is not None:
        say(f"only what precedes the damage was used: {source.damage}")


def say(message: str) -> None:
    """Print a line on stderr."""
    if sys.stderr is None:  # It was closed before the start; `print` would turn to stdout.
        return
    print(f"cascade: {message}", file=sys.stderr)
