"""Compares what a scenario's runs came to with what its sources say."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
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

_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
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
    is_what_if = bool(settings) or venue is not None
    return [compare(found, answers, instruments, loaded, is_what_if=is_what_if) for found in loaded.crash.expected]


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
    *,
    is_what_if: bool = False,
) -> Check:
    """Return one number beside what it should be. is_what_if: the runs are not those that the scenario describes."""
    metric = METRICS[expected.metric]
    instrument = next((fact for fact in instruments if fact.symbol == expected.instrument), instruments[0])
    query = query_of(expected)
    ours = answers[expected.variant, query]
    where = f"{loaded.path}: expected {expected.name!r}"
    if expected.of_variant is not None:
        other = answers[expected.of_variant, query]
        named = expected.of_variant or ("this what-if" if is_what_if else "the plain run")
        theirs = None if other is None else Decimal(other)
        text = f"{_worded(metric, instrument, other)} of {named}"
    else:
        theirs = _counted(str(expected.value), metric, instrument, where)
        text = _stated(str(expected.value), theirs, metric, instrument)
    tolerance = _counted(str(expected.tolerance), metric, instrument, where)
    if tolerance < 0:
        raise ConfigError(f"{where}: expected a tolerance of at least 0, found {shown(expected.tolerance)}")
    allowed = _tolerance(expected, tolerance, metric, instrument)
    if theirs is not None and expected.tolerance_ppm:
        tolerance = max(tolerance, abs(theirs) * expected.tolerance_ppm / PPM)
    is_inside = False
    if ours is not None and theirs is not None:
        is_inside = _HOLDS[expected.relation](Decimal(ours), theirs, tolerance)
    relation = "" if expected.relation == "=" else f"{expected.relation} "
    return Check(expected, relation + text, _worded(metric, instrument, ours), allowed, is_inside)


def _tolerance(expected: Expected, tolerance: Decimal, metric: Metric, instrument: Instrument) -> str:
    if expected.tolerance_ppm:
        return f"{Decimal(expected.tolerance_ppm) / 10_000:f} %"
    if tolerance:
        return _stated(str(expected.tolerance), tolerance, metric, instrument)
    return "exact" if expected.relation == "=" else ""


def _worded(metric: Metric, instrument: Instrument, value: int | None) -> str:
    """Return a number with its unit: a quantity's is its market."""
    found = told(metric, instrument, value)
    return f"{found} {instrument.symbol}" if metric.unit == "quantity" and value is not None else found


def _stated(text: str, value: Decimal, metric: Metric, instrument: Instrument) -> str:
    """Return what a scenario states as our own numbers are told; as it stands there where it is finer than a unit."""
    if value != value.to_integral_value() or (metric.unit == "ppm" and text.endswith("%")):
        return text
    return _worded(metric, instrument, int(value))


def _counted(text: str, metric: Metric, instrument: Instrument, where: str) -> Decimal:
    """Return a text in the units of a number: ticks, minor units, lots, ppm, ns. Not rounded to whole ones."""
    if metric.unit == "ns":
        return Decimal(_nanoseconds(text, where))
    is_percent = metric.unit == "ppm" and text.endswith("%")
    digits = text.removesuffix("%").strip() if is_percent else text
    if not _NUMBER.fullmatch(digits):
        raise ConfigError(f"{where}: expected a number such as -12.5, found {shown(text)}")
    return Decimal(digits) * 10_000 if is_percent else Decimal(digits) / Decimal(step_of(metric, instrument))


def _nanoseconds(text: str, where: str) -> int:
    if text == "0":
        return 0
    try:
        return parse_time(text, where)
    except DataError:
        return parse_duration(text, where)
