"""The command line. What a user gets wrong ends in one line on stderr and exit code 2; no digest is decided here."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Any, Final, NamedTuple

from exchange import __version__
from exchange.errors import ExchangeError, InvariantError
from replay.calc import command as calc
from replay.commands import bench, convert, info, run, verify
from replay.commands.exit_codes import BROKEN_PIPE, FAULTY, INTERRUPTED, OK, USAGE
from replay.commands.shared import say, warn_of_interpreter
from replay.crash import command as crash
from replay.crash import compare_command as compare
from replay.interrupt import sigterm_interrupts
from replay.paper import command as paper
from replay.shock import command as shock
from replay.sweep import command as sweep
from replay.wording import os_error_text

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


class Command(NamedTuple):
    """A command: its name, what `--help` says, its arguments, and what it does: (given) -> exit code."""

    name: str
    summary: str
    more: str
    add: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]


def _commands() -> tuple[Command, ...]:
    return (
        Command("run", run.SUMMARY, run.MORE, run.add, run.act),
        Command("convert", convert.SUMMARY, convert.MORE, convert.add, convert.act),
        Command("verify", verify.SUMMARY, verify.MORE, verify.add, verify.act),
        Command("bench", bench.SUMMARY, bench.MORE, bench.add, bench.act),
        Command("calc", calc.SUMMARY, calc.MORE, calc.add_calculators, _calc),
        Command("shock", shock.SUMMARY, shock.more(), shock.add_shock, _shock),
        Command("crash", crash.SUMMARY, crash.more(), crash.add_crash, _laboratory(crash.play_crash)),
        Command("compare", compare.SUMMARY, compare.MORE, compare.add_compare, _laboratory(compare.play_compare)),
        Command("sweep", sweep.SUMMARY, sweep.MORE, sweep.add_sweep, _laboratory(sweep.play_sweep)),
        Command("paper", paper.SUMMARY, paper.MORE, paper.add_paper, _laboratory(paper.play_paper)),
        Command("info", info.SUMMARY, info.MORE, info.add, info.act),
    )


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
        is_writing = given.act is convert.act or getattr(given, "out", None) is not None
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
    for command in _commands():
        own = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=command.more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(act=command.act)
        command.add(own)
    return parser


def _calc(given: argparse.Namespace) -> int:
    print(calc.calculate(given))
    return OK


def _shock(given: argparse.Namespace) -> int:
    shock.play_shock(given, print)
    return OK


def _laboratory(play: Callable[[argparse.Namespace, Callable[[str], Any]], int]) -> Callable[[argparse.Namespace], int]:
    """Return what a command of the crash laboratory does: it says at first where its runs will be slow."""

    def act(given: argparse.Namespace) -> int:
        if not any(getattr(given, name, False) for name in ("json", "list", "about")):
            warn_of_interpreter()
        return play(given, lambda text: print(text, flush=True))

    return act


def _fail(message: str, code: int) -> int:
    say(message)
    return code


if __name__ == "__main__":
    sys.exit(main())
