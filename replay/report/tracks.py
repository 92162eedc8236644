"""Columns of integers that grow with a run, and stay bounded: what a chart is drawn from."""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple, final

from replay.report.thin import keep_extremes

_MOST_POINTS: Final = 1 << 20  # 24 MB; beyond it every stretch of a track keeps its extremes
_LEFT_OVER: Final = 1 << 18


class Point(NamedTuple):
    """A value from one step of the film on. ts_ns: when."""

    step: int
    ts_ns: int
    value: int


@final
class Track:
    """One value through a run, exact at every step until it has too many points (see `keep_extremes`)."""

    def __init__(self) -> None:
        """Begin without a point."""
        self.steps = array("q")
        self.times_ns = array("q")
        self.values = array("q")

    def __len__(self) -> int:
        """Return how many points there are."""
        return len(self.values)

    def __iter__(self) -> Iterator[Point]:
        """Yield the points in their order."""
        return map(Point, self.steps, self.times_ns, self.values)

    @property
    def last(self) -> int:
        """The newest value; 0 before the first."""
        return self.values[-1] if self.values else 0

    def note(self, step: int, ts_ns: int, value: int) -> None:
        """Add a point, whether or not the value changed."""
        if len(self.values) >= _MOST_POINTS:
            self._keep(keep_extremes(self.steps, self.values, _LEFT_OVER // 4))
        self.steps.append(step)
        self.times_ns.append(ts_ns)
        self.values.append(value)

    def set(self, step: int, ts_ns: int, value: int) -> None:
        """Say the value from a step on; what was said for the same step before does not count."""
        if self.values and self.steps[-1] == step and self.times_ns[-1] == ts_ns:
            self.values[-1] = value
        elif not self.values or self.values[-1] != value:
            self.note(step, ts_ns, value)

    def add(self, step: int, ts_ns: int, amount: int) -> None:
        """Let the value grow."""
        self.set(step, ts_ns, self.last + amount)

    def _keep(self, indices: list[int]) -> None:
        for name in ("steps", "times_ns", "values"):
            column: array[int] = getattr(self, name)
            setattr(self, name, array("q", [column[index] for index in indices]))
