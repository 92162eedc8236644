"""`cascade compare`: one crash under several rules, side by side: who is better off, who is worse off, and why."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from exchange.units import MAX_ACCOUNT
from replay.crash.command import data_folder
from replay.crash.compare import Side, SideSpec, check_sides, difference, run_side
from replay.crash.compare_text import account_text, comparison_tables, comparison_text, names_of
from replay.crash.format import Variant
from replay.crash.load import Loaded, load_crash
from replay.crash.reporting import add_report, payload_of, wanted_page, write_report
from replay.crash.settings import MAX_SEED, OWN, parse_settings
from replay.interrupt import asks_to_stop
from replay.progress import shown_progress
from replay.report.figures import write_figures
from replay.report.opening import opened
from replay.report.recorder import Recorder
from replay.sources.cells import parse_integer
from replay.wording import shown

SUMMARY: Final = "one crash under several rules, side by side: who is better and worse off, and why"
MORE: Final = """\
examples:
  cascade compare gdax-2017 --variant collar               the scenario's own rules (A) beside a what-if of its own (B)
  cascade compare okex-2018 --set fund.opening=500000000000
  cascade compare bitmex-2020-03 --venue bitmex_2020 --venue deribit
  cascade compare gdax-2017 --side "thick: flow.book.thickness_ppm=3000000" --side "no stops: flow.stops=off"
  cascade compare gdax-2017 --variant thick --open         a page that plays both beside each other
  cascade compare okex-2018 --variant no-injection --account 11     the story of one account on both sides

sides: the scenario as it ships, and one for each --venue, --variant and --side; with two or more --venue the scenario's
own rules are left out. The first is A, and the others are compared with it. --set alone is a side of its own, else it
changes every side. --side takes "NAME: rule=value, rule=value", and venue=FILE_OR_NAME and variant=NAME among them.
What may be changed: `cascade crash --help`.

An account stands better where it gained more, less what it owes at the end: gained is equity and what it withdrew,
less what it deposited, positions at the last mark. Why: liquidated on one side only, or at another price; paid for
others' losses; deleveraged; owes; had its deficit paid; the rest by prices and costs. Of these, three at
most are told, none under a hundredth of the difference; the others are summed up. All sides must be in one money.

--json prints one object: name, kind, sides (name, title, settings, venue, numbers, sheet,
beyond_margins, accounts, liquidations, digest) and
differences (side, accounts by the size of the difference with their reasons). Money is in money units, prices in ticks.

exit codes: 0 done, 2 something about the input is wrong, 130 interrupted.
"""
_SIDES_MOST: Final = 8
PAGE_SIDES_MOST: Final = 4
_PAGE_ACCOUNTS: Final = 40
_NEXT_SETTING: Final = re.compile(r",\s*(?=[A-Za-z_][\w.\-]*=)")


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Give `cascade compare` its arguments."""
    parser.add_argument("name", metavar="NAME", help="of `cascade crash --list`, or a folder with a crash.toml")
    parser.add_argument(
        "--venue",
        action="append",
        default=[],
        metavar="FILE_OR_NAME",
        help=f"a side with its rules; `{OWN}`: the scenario's",
    )
    parser.add_argument("--variant", action="append", default=[], metavar="NAME", help="a side: a what-if that ships")
    parser.add_argument("--side", action="append", default=[], metavar="TEXT", help='a side: "NAME: rule=value, ..."')
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a what-if, see below")
    parser.add_argument("--seed", metavar="N", help="draws the crowd of every side anew")
    parser.add_argument("--account", metavar="N", help="tell the story of one account on every side")
    parser.add_argument("--most", metavar="N", default="10", help="accounts told of each side (default 10)")
    parser.add_argument("--data", metavar="DIR", help="where the recordings are (default: ../shared/data)")
    add_report(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def play_compare(given: argparse.Namespace, say: Callable[[str], Any]) -> int:
    """Run the command, hand its text to `say`, and return the exit code.

    Raises ConfigError or DataError for what the user got wrong, KeyboardInterrupt where it was interrupted.
    """
    loaded = load_crash(given.name)
    most = parse_integer(given.most, "--most", 0, MAX_ACCOUNT)
    account = None if given.account is None else parse_integer(given.account, "--account", 1, MAX_ACCOUNT)
    specs = _specs(given, loaded)
    sides: list[Side] = []
    page = wanted_page(given, f"{loaded.name}-compared")
    if page is not None and len(specs) > PAGE_SIDES_MOST:
        raise ConfigError(f"--report: expected at most {PAGE_SIDES_MOST} sides on a page, found {len(specs)}")
    recorders = [Recorder() for _ in specs]
    data = data_folder(given)
    check_sides(loaded, specs, data)
    with asks_to_stop(is_prompt=True) as should_stop:
        for letter, spec, recorder in zip(names_of(len(specs)), specs, recorders, strict=True):
            sinks = [recorder.attach] if page is not None or given.png is not None else []
            with shown_progress(f"{letter} {loaded.name}") as progress:
                sides.append(
                    run_side(
                        loaded,
                        spec,
                        data=data,
                        account=account,
                        extra_sinks=sinks,
                        progress=progress,
                        should_stop=should_stop,
                    )
                )
    if account is not None and not any(side.story for side in sides):
        raise ConfigError(f"--account: expected an account of this crash, found {account}, which no event names")
    if page is not None or given.png is not None:
        payloads = [
            payload_of(recorder, side.summary, side.spec.settings, letter, side.spec.told, runs=len(sides))
            for letter, side, recorder in zip(names_of(len(sides)), sides, recorders, strict=True)
        ]
        tables = comparison_tables(sides, _PAGE_ACCOUNTS)
        if page is not None:
            write_report(page, loaded, payloads, tables=tables)
        for payload in payloads if given.png is not None else ():
            write_figures(Path(given.png) / payload["label"].lower(), payload)
    if given.json:
        say(_json(loaded, sides, account))
    elif account is not None:
        say(account_text(sides, account))
    else:
        say(comparison_text(loaded, sides, most))
    if page is not None and not given.json:
        say(f"\n{opened(page) if given.open else f'page in {page}'}")
    return 0


def _specs(given: argparse.Namespace, loaded: Loaded) -> list[SideSpec]:
    """Return what is to be compared. Raises ConfigError for less than two sides, too many, or one name twice."""
    changes = parse_settings(given.set)
    specs = [SideSpec("as it ships") if venue == OWN else SideSpec(venue, {}, venue) for venue in given.venue]
    specs += [
        SideSpec(name, _variant(name, loaded, "--variant").set, title=_variant(name, loaded, "--variant").title)
        for name in given.variant
    ]
    specs += [_side(text, loaded) for text in given.side]
    own = SideSpec("as it ships")
    if not specs:
        if not changes:
            raise ConfigError("compare: expected --set, --variant, --venue or --side, found none: what is to differ?")
        specs = [own, SideSpec(", ".join(f"{name} = {value}" for name, value in changes.items()), changes)]
        changes = {}
    elif len(given.venue) < 2 and own not in specs:
        specs.insert(0, own)
    if len(specs) < 2:
        raise ConfigError("compare: expected two sides or more, found the scenario's own rules only")
    if len(specs) > _SIDES_MOST:
        raise ConfigError(f"compare: expected at most {_SIDES_MOST} sides, found {len(specs)}")
    for place, spec in enumerate(specs):
        if any(spec.name == other.name for other in specs[:place]):
            raise ConfigError(f"compare: expected a name for each side, found {shown(spec.name)} twice")
    seed = {} if given.seed is None else {"seed": str(parse_integer(given.seed, "--seed", 0, MAX_SEED))}
    also = ", ".join(f"{name} = {value}" for name, value in {**changes, **seed}.items())
    return [
        spec._replace(
            settings={**spec.settings, **changes, **seed},
            title=", ".join(text for text in (spec.title, also and f"with {also}") if text),
        )
        for spec in specs
    ]


def _side(text: str, loaded: Loaded) -> SideSpec:
    """Return what "NAME: rule=value, rule=value" says."""
    name, colon, rest = text.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f'--side: expected "NAME: rule=value, ...", found {shown(text)}')
    settings: dict[str, Any] = parse_settings([part.strip() for part in _NEXT_SETTING.split(rest) if part.strip()])
    venue = settings.pop("venue", None)
    title = ""
    if "variant" in settings:
        variant = _variant(settings.pop("variant"), loaded, f"--side {name}")
        settings, title = {**variant.set, **settings}, variant.title
    return SideSpec(name.strip(), settings, venue, title)


def _variant(name: str, loaded: Loaded, where: str) -> Variant:
    if name not in loaded.crash.variant:
        known = ", ".join(loaded.crash.variant) or "none"
        raise ConfigError(f"{where}: expected one of {known}, found {shown(name)}")
    return loaded.crash.variant[name]


def _json(loaded: Loaded, sides: Sequence[Side], account: int | None) -> str:
    return msgspec.json.encode(
        {
            "name": loaded.name,
            "kind": loaded.crash.about.kind,
            "sides": [_plain_side(side, account) for side in sides],
            "differences": [_plain_difference(sides[0], side, account) for side in sides[1:]],
        }
    ).decode()


def _plain_side(side: Side, account: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": side.spec.name,
        "title": side.spec.title,
        "settings": dict(side.spec.settings),
        "venue": side.spec.venue,
        "numbers": dict(side.values),
        "sheet": side.sheet._asdict(),
        "beyond_margins": side.losses.shares,
        "digest": side.summary.digest,
    }
    if account is not None:
        row = side.accounts.get(account)
        return {**told, "account": row and row._asdict(), "story": [line._asdict() for line in side.story]}
    accounts = [row._asdict() for row in side.accounts.values()]
    return {**told, "accounts": accounts, "liquidations": [row._asdict() for row in side.liquidations]}


def _plain_difference(here: Side, there: Side, account: int | None) -> dict[str, Any]:
    found = difference(here, there)
    changes = [change for change in found.changes if account in (None, change.account)]
    return {
        "side": there.spec.name,
        "same": found.same,
        "only_here": found.only_here,
        "only_there": found.only_there,
        "accounts": [
            {
                "account": change.account,
                "group": change.group,
                "worth": change.worth,
                "reasons": [reason._asdict() for reason in change.reasons],
            }
            for change in changes
        ],
    }
