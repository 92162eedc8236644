"""The table of a sweep: one row per run, in the order of the grid whatever the order in which the runs ended."""

from collections.abc import Mapping
from typing import Final

import msgspec

from replay.crash.load import load_crash
from replay.crash.metrics import METRICS, NUMBERS
from replay.crash.settings import OWN
from replay.parquet import Cell, Column, Table, table_of
from replay.sweep.plan import Plan, Point
from replay.sweep.work import Outcome

STEPS: Final = ("tick_size", "lot_size", "money_unit", "currency")
_UNITS: Final = {"price": "ticks", "money": "money units", "quantity": "lots"}


def table_of_sweep(plan: Plan, outcomes: Mapping[int, Outcome]) -> Table:
    """Return the rows of all points of a plan: settings, numbers, digest, and the reason where there are none.

    A setting all of whose values are integers is a column of integers, any other one of text. Prices are in ticks,
    quantities in lots and money in money units, whose sizes stand in columns of their own: of the run's first market.
    """
    points = plan.points()
    columns = [Column("run", note="place in the grid")]
    if plan.venues:
        columns.append(Column("venue", "text", f"whose rules; {OWN}: those of the scenario"))
    names = [name for name, _ in points[0].settings]
    settings = {name: [dict(point.settings)[name] for point in points] for name in names}
    for name, texts in settings.items():
        columns.append(Column(name, "integer" if all(map(_is_integer, texts)) else "text", "setting"))
    for name in NUMBERS:
        metric = METRICS[name]
        columns.append(Column(name, note=f"{metric.what} ({_UNITS.get(metric.unit, metric.unit)})"))
    columns += [Column(name, "text", "of the first market") for name in STEPS]
    columns += [Column("digest", "text", "of the run's events"), Column("error", "text", "why there are no numbers")]
    kinds = {column.name: column.kind for column in columns}
    rows = [_row(point, outcomes[point.number], kinds) for point in points]
    return table_of(columns, rows, _notes(plan))


def _row(point: Point, outcome: Outcome, kinds: Mapping[str, str]) -> dict[str, Cell]:
    row: dict[str, Cell] = {"run": point.number, "venue": point.venue or OWN}
    row |= {name: int(text) if kinds[name] == "integer" else text for name, text in point.settings}
    if outcome.error:
        return {**row, "error": outcome.error}
    row |= zip(NUMBERS, outcome.numbers, strict=True)
    row |= zip(STEPS, outcome.steps, strict=True)
    return {**row, "digest": outcome.digest}


def _notes(plan: Plan) -> dict[str, str]:
    about = load_crash(plan.crash).crash.about
    key = {name: value for name, value in plan.key().items() if name != "data"}
    return {"title": about.title, "kind": about.kind, "plan": msgspec.json.encode(key).decode()}


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 19
