"""What a sweep came to, for a terminal: its settings and those numbers that they moved."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from exchange.errors import ConfigError
from replay.crash.metrics import METRICS, NUMBERS, told
from replay.parquet import Cell, Table
from replay.sweep.plan import Plan
from replay.sweep.table import STEPS
from replay.text_table import table_lines
from replay.wording import shown

_SHOWN_FIRST: Final = (
    "low", "fall", "liquidated_accounts", "beyond_margins", "unfinished", "negative_equity", "stops", "fund_change",
    "fund_paid", "fund_position_loss", "backstop_loss", "deleveraged_accounts", "socialized", "venue_loss", "mark_low",
    "trades",
)  # fmt: skip
_NUMBERS_MOST: Final = 5
_ROWS_MOST: Final = 24
_TEXT_MOST: Final = 60


class _Steps(NamedTuple):
    tick_size: str
    lot_size: str
    money_unit: str
    currency: str


def check_shown(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of numbers. Raises ConfigError for one that a sweep does not have."""
    for name in names:
        if name not in NUMBERS:
            raise ConfigError(f"--show: expected numbers such as low,fund_paid, found {shown(name)}")
    return tuple(names)


def lines_of(table: Table, plan: Plan, chosen: Sequence[str] = ()) -> list[str]:
    """Return the rows with settings and numbers as words, the first 24. chosen: which numbers; else those that vary."""
    settings = [*(["venue"] if plan.venues else []), *(axis.name for axis in plan.axes)]
    settings += ["seed"] if plan.seeds else []
    numbers = list(chosen) or _moved(table)
    head = ["run", *settings, *(name.replace("_", " ") for name in numbers)]
    rows = [_texts(table, row, settings, numbers) for row in table.rows[:_ROWS_MOST]]
    found = table_lines([head, *rows], left=(), indent="")
    errors = table.column("error")
    found += [f"run {place}: {text}" for place, text in enumerate(errors, start=1) if text][:_ROWS_MOST]
    if len(table.rows) > _ROWS_MOST:
        found.append(f"and {len(table.rows) - _ROWS_MOST:,} more rows")
    if not chosen and len(table.rows) > 1 and not any(_varies(table, name) for name in numbers):
        found.append("none of the usual numbers moved; --show NAME,NAME chooses others")
    return found


def _moved(table: Table) -> list[str]:
    """Return the numbers that vary, of those most asked for; the first of those that there are, where none does."""
    there = [name for name in _SHOWN_FIRST if any(cell is not None for cell in table.column(name))]
    varying = [name for name in there if _varies(table, name)]
    return varying[:_NUMBERS_MOST] or there[:_NUMBERS_MOST]


def _varies(table: Table, name: str) -> bool:
    return len({cell for cell in table.column(name) if cell is not None}) > 1


def _texts(table: Table, row: tuple[Cell, ...], settings: Sequence[str], numbers: Sequence[str]) -> list[str]:
    cells = dict(zip(table.names, row, strict=True))
    found = [str(cells["run"]), *(_cut(str(cells[name])) for name in settings)]
    if cells["error"]:
        return [*found, *("failed" for _ in numbers)]
    steps = _Steps(*(str(cells[name]) for name in STEPS))
    for name in numbers:
        value = cells[name]
        found.append(told(METRICS[name], steps, value if isinstance(value, int) else None))
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MOST else f"{text[: _TEXT_MOST - 3]}..."
