"""Draws which liquidation set off which as lines for a terminal: one line each, indented under its cause.

Where one set off just one other, that stands below it with an arrow and is not indented further, so that a long chain
stays readable.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

_DEEPEST: Final = 12  # steps of indentation; what lies deeper stands there


class Caused(Protocol):
    """What has a number and a cause: the number of one before it, or 0."""

    @property
    def number(self) -> int:
        """Which it is, from 1."""

    @property
    def cause(self) -> int:
        """What set it off."""

    @property
    def notional(self) -> int:
        """How much it was."""


Row = TypeVar("Row", bound=Caused)


def tree_lines(rows: Sequence[Row], most: int, told: Callable[[Row], str]) -> list[str]:
    """Return at most so many lines: the causes that led to the most notional first, then by number.

    A cause stands above what it set off; rows come in the order of their numbers. Where there is no room the last line
    says how many are left out.
    """
    effects: dict[int, list[Row]] = {}
    for row in rows:
        effects.setdefault(row.cause, []).append(row)
    weights, counts = _totals(rows)
    lines: list[str] = []
    waiting = [(row, 0, "") for row in _ordered(effects.get(0, []), weights)]
    while waiting and len(lines) < most:
        row, depth, sign = waiting.pop()
        stem = "  " * (min(depth, _DEEPEST) - 1) + sign
        led_to = f" -> {counts[row.number]:,} more" if counts[row.number] else ""
        lines.append(f"{stem}{told(row)}{led_to}")
        caused = effects.get(row.number, [])
        is_chain = depth > 0 and len(caused) == 1
        waiting += [(one, depth + (not is_chain), "`-> " if is_chain else "|-- ") for one in _ordered(caused, weights)]
    if len(lines) < len(rows):
        lines[-1:] = [f"... and {len(rows) - len(lines) + 1:,} more liquidations"]
    return lines


def _totals(rows: Sequence[Row]) -> tuple[dict[int, int], dict[int, int]]:
    """Return of each the notional of itself and all that it led to, and how many these are."""
    weights = {row.number: row.notional for row in rows}
    counts = dict.fromkeys(weights, 0)
    for row in reversed(rows):  # A cause is older than what it causes.
        if row.cause:
            weights[row.cause] += weights[row.number]
            counts[row.cause] += counts[row.number] + 1
    return weights, counts


def _ordered(rows: Sequence[Row], weights: dict[int, int]) -> list[Row]:
    """Return rows, the weightiest last: it is drawn next."""
    return sorted(rows, key=lambda row: (weights[row.number], -row.number))
