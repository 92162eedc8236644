"""`cascade shock`: one shock, one population, every preset, as a table or as JSON lines."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from replay.shock.outcome import Outcome
from replay.shock.run import run_shock
from replay.shock.story import Shock
from replay.text_table import table_lines
from replay.venues import load_venue, preset_names
from replay.wording import shown

SUMMARY: Final = "play one shock at many venues, and compare who pays"
MORE: Final = """\
examples:
  cascade shock                                     every preset
  cascade shock --venue bitmex_2020 --venue okex_2018
  cascade shock --venue my.toml --option fund=1000000 --option gap_ppm=50000
  cascade shock --json > outcomes.jsonl

The same crowd (400 accounts, half of them long, 10,000 to 100,000 dollars each at 2x to 50x) meets the same fall at
every venue: 20 % in a minute, 20 % of the rest at once, then a rise of 15 % within an hour. All of it is stated in
dollars and put into the venue's own contracts, coins and loans; a venue that offers less leverage gives its most.
Nothing but the crowd is random, and --option seed=2 draws another.

what --option may set, and its default:
OPTIONS

columns, in accounts and dollars: liquidated (of these still open at the end); the lowest trade; the insurance fund,
what it got of liquidated accounts, the deficits it paid, and what is left with the positions that it took over, at
mark; accounts taken over by the fund or a backstop account; accounts of the other side that were deleveraged; profits
that others lost to a shared loss (how many did); debts (how many owe); what was forgiven; what nobody paid; what
liquidated accounts kept. Coins count at the price before the shock.

--json prints one object per venue with these figures, the counts of how liquidations ended, and the digest of all
events, which is the same on every machine.
"""

_TEXTS: Final = {
    "seed": "draws the crowd",
    "accounts": "how many hold a position",
    "long_ppm": "share of them that is long",
    "price": "before the shock",
    "notional": "the largest position; the smallest has a tenth",
    "fall_ppm": "first fall, in `steps` seconds",
    "gap_ppm": "second fall, at once",
    "recovery_ppm": "rise afterwards, in `steps` minutes",
    "steps": "of the fall, and of the recovery",
    "depth": "dollars at each of 20 quotes, 0.1 % apart",
    "fund": "dollars in the insurance fund",
    "backstop": "dollars of each backstop account",
}
_HEADINGS: Final = (
    "venue",
    "liquidated",
    "lowest",
    "fund",
    "got",
    "paid",
    "left",
    "taken over",
    "deleveraged",
    "haircut",
    "owed",
    "forgiven",
    "lost",
    "kept",
    "digest",
)


def more() -> str:
    """Return what `--help` says after the options, with every option of a shock and its default."""
    names = msgspec.structs.fields(Shock)
    lines = [f"  {f'{field.name}={field.default}':<22} {_TEXTS[field.name]}" for field in names]
    return MORE.replace("OPTIONS", "\n".join(lines))


def add_shock(parser: argparse.ArgumentParser) -> None:
    """Give `cascade shock` its arguments."""
    names = ", ".join(preset_names())
    parser.add_argument(
        "--venue",
        action="append",
        default=[],
        metavar="FILE_OR_NAME",
        help=f"may be repeated; default: every preset ({names})",
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="what the shock is like, see below"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per venue instead of the table")


def shock_of(pairs: Sequence[str]) -> Shock:
    """Return the shock that `NAME=VALUE` texts describe. Raises ConfigError for another text, name or value."""
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ConfigError(f"--option: expected NAME=VALUE, found {shown(pair)}")
        if name not in _TEXTS:
            nearest = get_close_matches(name, _TEXTS, 1, 0.0)[0]
            raise ConfigError(f"--option: expected a field of the shock, found {shown(name)}; nearest: {nearest!r}")
        given[name] = text
    try:
        return msgspec.convert(given, Shock, strict=False)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        raise (cause if isinstance(cause, ConfigError) else ConfigError(f"--option: {_told(error)}")) from error


def outcomes(venues: Sequence[str], shock: Shock) -> Iterator[Outcome]:
    """Yield what the shock makes of each venue, of every preset where none is named."""
    for name in venues or preset_names():
        yield run_shock(*load_venue(name), shock)


def play_shock(given: argparse.Namespace, say: Callable[[str], Any]) -> None:
    """Run the command, and hand its lines to `say` as they are ready."""
    found = outcomes(given.venue, shock_of(given.option))
    if given.json:
        for outcome in found:
            say(msgspec.json.encode({name: _plain(value) for name, value in outcome._asdict().items()}).decode())
        return
    counted = list(found)
    say(table(counted))
    for remark in remarks(counted):
        say(remark)


def table(found: Sequence[Outcome]) -> str:
    """Return the outcomes side by side: counts of accounts, and whole dollars."""
    rows = [_HEADINGS, *(_row(outcome) for outcome in found)]
    return "\n".join(table_lines(rows, left=(0, len(_HEADINGS) - 1), indent=""))


def remarks(found: Sequence[Outcome]) -> list[str]:
    """Return what the table does not show: where not everybody of the crowd stands as elsewhere."""
    return [
        f"note: {outcome.venue} refused {outcome.refused:,} orders and requests of the story: it is another one there"
        for outcome in found
        if outcome.refused
    ]


def _row(outcome: Outcome) -> tuple[str, ...]:
    taken = outcome.taken_over + outcome.backstopped
    return (
        outcome.venue,
        f"{outcome.liquidated:,}" + (f" ({outcome.unfinished:,} open)" if outcome.unfinished else ""),
        _dollars(outcome.lowest),
        _dollars(outcome.fund_start),
        _dollars(outcome.fund_surplus),
        _dollars(outcome.fund_paid),
        _dollars(outcome.fund_end + outcome.fund_unrealized),
        f"{taken:,}" if taken else "",
        f"{outcome.deleveraged:,}" if outcome.deleveraged else "",
        _shared(outcome.haircut, outcome.haircut_accounts),
        _shared(outcome.owed, outcome.owing),
        _dollars(outcome.forgiven),
        _dollars(outcome.venue_loss),
        _dollars(outcome.kept),
        outcome.digest[:8],
    )


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount else ""


def _shared(amount: Decimal, accounts: int) -> str:
    return f"{amount:,.0f} ({accounts:,})" if accounts else ""


def _told(error: msgspec.ValidationError) -> str:
    text, _, where = str(error).partition(" - at `$.")
    return f"{where.removesuffix('`')}: expected a number, found other text" if where else text


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value
