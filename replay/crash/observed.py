"""The observers that a story, a table or a comparison of a crash needs, and what they saw in a run."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from exchange import Exchange
from replay.crash.run import CrashRun, SinkFactory
from replay.observers.attribution import Attribution, LiquidationRow
from replay.observers.outcomes import AccountRow, Outcomes, Sheet

Sink = TypeVar("Sink")


class Observed(NamedTuple):
    """What the observers of a run saw."""

    attribution: Attribution
    liquidations: list[LiquidationRow]
    accounts: list[AccountRow]
    sheet: Sheet


def _attribution(venue: Exchange) -> Attribution:
    return Attribution(venue.instruments)


def _outcomes(venue: Exchange) -> Outcomes:
    return Outcomes(venue.instruments, venue.fund.balance)


OBSERVERS: Final[Sequence[SinkFactory]] = (_attribution, _outcomes)


def observed(found: CrashRun) -> Observed:
    """Return what a run's `OBSERVERS` saw. Raises ValueError for a run without them."""
    attribution, outcomes = sink_of(found, Attribution), sink_of(found, Outcomes)
    accounts = outcomes.rows(found.exchange, found.groups)
    return Observed(attribution, attribution.rows(), accounts, outcomes.sheet(found.exchange))


def sink_of(found: CrashRun, kind: type[Sink]) -> Sink:
    """Return the first sink of a kind that a run had. Raises ValueError where it had none."""
    for sink in found.sinks:
        if isinstance(sink, kind):
            return sink
    raise ValueError(f"expected a run with {kind.__name__} among its extra_sinks, found {len(found.sinks)} others")
