"""One scenario under several rules: who is better and worse off, account by account, and why.

Each side is a run of its own; the first is what the others are compared with. Money is exact, in the scenario's units;
what an account is worth is what it gained less what it owes. Nothing here prints.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from exchange.errors import ConfigError
from exchange.instrument import Instrument
from replay.crash.load import Loaded
from replay.crash.metrics import NUMBERS
from replay.crash.observed import OBSERVERS, observed, sink_of
from replay.crash.run import Query, SinkFactory, check_run, run
from replay.explain import Explainer, Line
from replay.observers.attribution import LiquidationRow
from replay.observers.losses import Losses
from replay.observers.outcomes import AccountRow, Sheet
from replay.player import Progress
from replay.summary import RunSummary

Why = Literal[
    "liquidated only here",
    "liquidated only there",
    "liquidated elsewhere",
    "haircut",
    "deleveraged",
    "owes",
    "covered",
    "costs",
    "price",
]


class SideSpec(NamedTuple):
    """What a side is to be: a name for people, the changes to the scenario, and another venue's rules, if any.

    title: what a variant that ships says of itself.
    """

    name: str
    settings: Mapping[str, Any] = {}
    venue: str | None = None
    title: str = ""

    @property
    def told(self) -> str:
        """The name, and what a variant says of itself."""
        return f"{self.name}: {self.title}" if self.title else self.name


class Side(NamedTuple):
    """A side that has run. values: every number that is about the whole run. story: of the account asked about."""

    spec: SideSpec
    instruments: tuple[Instrument, ...]
    summary: RunSummary
    values: Mapping[str, int | None]
    accounts: Mapping[int, AccountRow]
    liquidations: Sequence[LiquidationRow]
    sheet: Sheet
    losses: Losses
    story: Sequence[Line]


class Reason(NamedTuple):
    """Why an account stands otherwise. amount: what that comes to in money units, where it is an amount."""

    why: Why
    amount: int = 0


class Change(NamedTuple):
    """One account on two sides. worth: gain less debt there, less the same here; reasons: the most telling first."""

    account: int
    group: str
    here: AccountRow
    there: AccountRow
    worth: int
    reasons: tuple[Reason, ...]


class Difference(NamedTuple):
    """A side against the first. changes: accounts that stand otherwise, the largest first, ties by account.

    same: how many stand as they did. only_here, only_there: accounts that the other side does not have.
    """

    changes: tuple[Change, ...]
    same: int
    only_here: int
    only_there: int


def run_side(
    loaded: Loaded,
    spec: SideSpec,
    *,
    data: Path | None = None,
    account: int | None = None,
    extra_sinks: Sequence[SinkFactory] = (),
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Side:
    """Run one side. Raises as `replay.crash.run.run`, naming the side, and KeyboardInterrupt where it was stopped."""
    factories: list[SinkFactory] = [*OBSERVERS, *extra_sinks]
    if account is not None:
        factories.append(lambda venue: Explainer(account))
    found = run(
        loaded,
        spec.settings,
        [Query(name) for name in NUMBERS],
        venue=spec.venue,
        data=data,
        progress=progress,
        should_stop=should_stop,
        extra_sinks=factories,
    )
    if found.summary.stopped == "interrupt":
        raise KeyboardInterrupt
    seen = observed(found)
    return Side(
        spec,
        found.instruments,
        found.summary,
        dict(zip(NUMBERS, found.values, strict=True)),
        {row.account: row for row in seen.accounts},
        seen.liquidations,
        seen.sheet,
        found.losses,
        [] if account is None else sink_of(found, Explainer).lines(found.exchange),
    )


def check_sides(loaded: Loaded, specs: Sequence[SideSpec], data: Path | None = None) -> None:
    """Raise ConfigError, without running, for a side that could not run or that counts in another money."""
    first = ""
    for spec in specs:
        try:
            fact = check_run(loaded, spec.settings, venue=spec.venue, data=data)[0]
        except ConfigError as error:
            raise ConfigError(f"{spec.name}: {error}") from error
        money = f"{fact.currency} in units of {fact.money_unit}"
        first = first or money
        if money != first:
            raise ConfigError(
                f"compare: expected all sides in one money, found {first} ({specs[0].name}) and {money} ({spec.name})"
            )


def difference(here: Side, there: Side) -> Difference:
    """Return how the accounts of a side stand against those of the first."""
    changes: list[Change] = []
    same = 0
    for account, mine in here.accounts.items():
        theirs = there.accounts.get(account)
        if theirs is None:
            continue
        worth = worth_of(theirs) - worth_of(mine)
        reasons = _reasons(mine, theirs, worth)
        if worth == 0 and not reasons:
            same += 1
            continue
        changes.append(Change(account, theirs.group or mine.group, mine, theirs, worth, reasons))
    changes.sort(key=lambda change: (-abs(change.worth), change.account))
    only_here = len(here.accounts.keys() - there.accounts.keys())
    return Difference(tuple(changes), same, only_here, len(there.accounts.keys() - here.accounts.keys()))


def worth_of(row: AccountRow) -> int:
    """Return what an account gained, less what it owes."""
    return row.gain - row.debt


_COSTS: Final = ("fees", "interest", "liquidation_fees", "surplus")


def _reasons(here: AccountRow, there: AccountRow, worth: int) -> tuple[Reason, ...]:
    """Return why an account stands otherwise: what was done to it first, then what prices and costs did."""
    found: list[Reason] = []
    if here.liquidated and not there.liquidated:
        found.append(Reason("liquidated only here"))
    elif there.liquidated and not here.liquidated:
        found.append(Reason("liquidated only there"))
    elif here.liquidated and (_end(here) != _end(there)):
        found.append(Reason("liquidated elsewhere"))
    amounts: list[tuple[Why, int]] = [
        ("haircut", here.haircut - there.haircut),
        ("owes", here.debt - there.debt),
        ("covered", there.covered - here.covered),
    ]
    found += sorted((Reason(why, amount) for why, amount in amounts if amount), key=lambda reason: -abs(reason.amount))
    if here.deleveraged_lots != there.deleveraged_lots:
        found.append(Reason("deleveraged"))
    costs = sum(getattr(here, name) - getattr(there, name) for name in _COSTS)
    costs += there.funding - here.funding
    rest = worth - sum(reason.amount for reason in found) - costs
    found += [Reason("price", rest)] if rest else []
    found += [Reason("costs", costs)] if costs else []
    return tuple(found)


def _end(row: AccountRow) -> tuple[int, int, int, int]:
    """Return how an account was liquidated: how often, how much at which average, what was taken over."""
    return row.liquidated, row.liquidation_lots, row.average_liquidation_ticks, row.taken_lots
