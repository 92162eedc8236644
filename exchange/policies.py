"""Policies that a user brings from outside: the shapes that they must have, and the registry that rules name them by.

A policy is a pure function of integers: the same arguments give the same result, on every machine and in every process,
or a replay is none. A rule that says "custom:NAME" is answered by the function registered under NAME.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from exchange.errors import ConfigError

CUSTOM: Final = "custom:"


class DeleveragingScore(Protocol):
    """Ranks one position for auto-deleveraging: the greatest score is closed first, ties by the lowest account id."""

    def __call__(
        self,
        size_lots: int,
        cost: int,
        value: int,
        balance: int,
        equity: int,
        maintenance: int,
        leg_equity: int,
        leverage: int,
        /,
    ) -> int:
        """Return the score, within 62 bits (beyond, it is cut off).

        size_lots, cost, value: the position's signed lots, what was paid for them, what they are worth at mark.
        balance, equity, maintenance: the account's money, with unrealized profit, and maintenance margin of all legs.
        leg_equity: the position's share of equity, in proportion to maintenance. leverage: the one the account chose.
        """


class Policies:
    """The functions that rules may name."""

    def __init__(self, deleveraging_scores: Mapping[str, DeleveragingScore] | None = None) -> None:
        """Register functions by name."""
        self.deleveraging_scores: dict[str, DeleveragingScore] = dict(deleveraging_scores or {})

    def deleveraging_score(self, rule: str) -> DeleveragingScore:
        """Return the function that a rule 'custom:NAME' names. Raises ConfigError where there is none."""
        name = rule.removeprefix(CUSTOM)
        if name not in self.deleveraging_scores:
            known = sorted(self.deleveraging_scores)
            raise ConfigError(
                f"rules.deleveraging.score: expected a registered function out of {known}, found {name!r}"
            )
        return self.deleveraging_scores[name]
