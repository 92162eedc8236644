"""Compares what a scenario's runs came to with what its sources say."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from exchange.units import PPM
from replay.crash.format import Expected, Relation
from replay.crash.load import Loaded
from replay.crash.metrics import METRICS, Metric, step_of, told
from replay.crash.run import CrashRun, Query, query_of, run
from replay.flows.setting import parse_duration
from replay.sources.cells import parse_time
from replay.wording import shown

_HOLDS: Final[dict[Relation, Callable[[Decimal, Decimal, Decimal], bool]]] = {
    "=": lambda ours, theirs, tolerance: abs(ours - theirs) <= tolerance,
    "<": lambda ours, theirs, tolerance: ours < theirs + tolerance,
    "<=": lambda ours, theirs, tolerance: ours <= theirs + tolerance,
    ">": lambda ours, theirs, tolerance: ours > theirs - tolerance,
    ">=": lambda ours, theirs, tolerance: ours >= theirs - tolerance,
    "!=": lambda ours, theirs, tolerance: abs(ours - theirs) > tolerance,
}


class Check(NamedTuple):
    """One expected number beside ours, in words. is_inside: ours stands in the stated relation to it."""

    expected: Expected
    theirs: str
    ours: str
    tolerance: str
    is_inside: bool


def check_crash(
    loaded: Loaded,
    *,
    venue: str | Path | None = None,
    data: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Check]:
    """Run the scenario, and each of its variants that an expected number names; compare all of them.

    Raises as `run` does, and ConfigError for an expected value that is no number of its metric's unit.
    """
    asked: dict[str, list[Query]] = {}
    for expected in loaded.crash.expected:
        for variant in (expected.variant, *([] if expected.of_variant is None else [expected.of_variant])):
            queries = asked.setdefault(variant, [])
            if query_of(expected) not in queries:
                queries.append(query_of(expected))
    answers: dict[tuple[str, Query], int | None] = {}
    instruments: tuple[Instrument, ...] = ()
    for variant, queries in asked.items():
        changes = {**(loaded.crash.variant[variant].set if variant else {}), **(settings or {})}
        found = run(loaded, changes, queries, venue=venue, data=data, should_stop=should_stop)
        if found.summary.stopped == "interrupt":
            raise KeyboardInterrupt
        instruments = found.instruments
        answers |= {(variant, query): value for query, value in zip(queries, found.values, strict=True)}
    return [compare(expected, answers, instruments, loaded) for expected in loaded.crash.expected]


def queries_of(loaded: Loaded) -> list[Query]:
    """Return what the plain run is asked for its expected numbers."""
    return [query_of(expected) for expected in loaded.crash.expected if not expected.variant]


def checks_of(run_: CrashRun, queries: list[Query]) -> list[Check]:
    """Return the checks of a plain run that compare with nothing but numbers."""
    answers = {("", query): value for query, value in zip(queries, run_.values, strict=True)}
    plain = [found for found in run_.loaded.crash.expected if not found.variant and found.of_variant is None]
    return [compare(expected, answers, run_.instruments, run_.loaded) for expected in plain]


def compare(
    expected: Expected,
    answers: Mapping[tuple[str, Query], int | None],
    instruments: tuple[Instrument, ...],
    loaded: Loaded,
) -> Check:
    """Return one number beside what it should be."""
    metric = METRICS[expected.metric]
    instrument = next((fact for fact in instruments if fact.symbol == expected.instrument), instruments[0])
    query = query_of(expected)
    ours = answers[expected.variant, query]
    where = f"{loaded.path}: expected {expected.name!r}"
    if expected.of_variant is not None:
        other = answers[expected.of_variant, query]
        named = expected.of_variant or "the plain run"
        theirs = None if other is None else Decimal(other)
        text = f"{told(metric, instrument, other)} of {named}"
    else:
        theirs = _counted(str(expected.value), metric, instrument, where)
        text = str(expected.value)
    tolerance = _counted(str(expected.tolerance), metric, instrument, where)
    if theirs is not None and expected.tolerance_ppm:
        tolerance = max(tolerance, abs(theirs) * expected.tolerance_ppm / PPM)
    is_inside = False
    if ours is not None and theirs is not None:
        is_inside = _HOLDS[expected.relation](Decimal(ours), theirs, tolerance)
    relation = "" if expected.relation == "=" else f"{expected.relation} "
    return Check(expected, relation + text, told(metric, instrument, ours), _tolerance(expected), is_inside)


def _tolerance(expected: Expected) -> str:
    if expected.tolerance_ppm:
        return f"{Decimal(expected.tolerance_ppm) / 10_000:f} %"
    if str(expected.tolerance) != "0":
        return str(expected.tolerance)
    return "exact" if expected.relation == "=" else ""


def _counted(text: str, metric: Metric, instrument: Instrument, where: str) -> Decimal:
    """Return a text in the units of a number: ticks, minor units, lots, ppm, ns. Not rounded to whole ones."""
    try:
        if metric.unit == "ns":
            return Decimal(_nanoseconds(text, where))
        if metric.unit == "ppm" and text.endswith("%"):
            return Decimal(text.removesuffix("%").strip()) * 10_000
        return Decimal(text) / Decimal(step_of(metric, instrument))
    except InvalidOperation as error:
        raise ConfigError(f"{where}: expected a number, found {shown(text)}") from error


def _nanoseconds(text: str, where: str) -> int:
    if text == "0":
        return 0
    try:
        return parse_time(text, where)
    except DataError:
        return parse_duration(text, where)
