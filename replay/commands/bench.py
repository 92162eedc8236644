"""`cascade bench`: measures the venue on this machine."""

import argparse
from typing import Final

import msgspec

from exchange.build import build_info
from exchange.errors import ConfigError
from replay.bench import measurements
from replay.commands.exit_codes import OK
from replay.commands.shared import warn_of_interpreter
from replay.workloads import SIZES

SUMMARY: Final = "measure the venue on this machine"
MORE: Final = """\
examples:
  cascade bench --size tiny
  cascade bench --rounds 10
  cascade bench --json > here.json
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument("--size", choices=SIZES, default="full", help="tiny takes a second, full up to a few minutes")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="the fastest of N counts (default 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def act(given: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if given.rounds < 1:
        raise ConfigError(f"--rounds: expected at least 1, found {given.rounds}")
    rates: dict[str, int] = {}
    if not given.json:
        warn_of_interpreter()
        print(build_info())
    for found in measurements(given.size, given.rounds):
        rates[found.name] = round(found.per_second)
        if not given.json:
            print(f"{found.name:<16}{found.per_second:>12,.0f} commands/s  {found.what}", flush=True)
    if given.json:
        print(msgspec.json.encode({"engine": str(build_info()), "commands_per_second": rates}).decode())
    return OK
