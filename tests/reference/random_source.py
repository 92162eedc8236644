"""Where random choices come from: Hypothesis, or a seed."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Source(Protocol):
    """Where the choices come from. 0 should be the simplest choice: Hypothesis shrinks towards it."""

    def below(self, bound: int) -> int:
        """Return an integer in 0 .. bound - 1."""


class SeededSource:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def below(self, bound: int) -> int:
        return self.random.randrange(bound)


class DrawnSource:
    """Choices that Hypothesis makes and can shrink."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw

    def below(self, bound: int) -> int:
        drawn: int = self.draw(st.integers(0, bound - 1))
        return drawn


def pick(source: Source, choices: Sequence[T]) -> T:
    """Return one of the choices."""
    return choices[source.below(len(choices))]


def between(source: Source, low: int, high: int) -> int:
    """Return an integer in low .. high."""
    return low + source.below(high - low + 1)


def one_in(source: Source, n: int) -> bool:
    """Return True once in n times."""
    return source.below(n) == n - 1
