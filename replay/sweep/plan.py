"""What a sweep runs: a crash, and the grid of its what-ifs. A plan is data, and says by a digest whether two are one.

The grid is the cartesian product of the venues, the axes in their order and the seeds; the last changes fastest. A run
is known by its place in the grid.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.build import build_info
from exchange.errors import ConfigError
from exchange.units import div_floor
from replay.crash.load import load_crash
from replay.crash.settings import OWN
from replay.venues import venue_path
from replay.wording import os_errors_of, shown

MOST_RUNS: Final = 1_000_000
_SAMPLES_MOST: Final = 64
_RANGE: Final = re.compile(r"(-?\d+(?:\.\d+)?):(-?\d+(?:\.\d+)?):(\d{1,30})")
_SEEDS: Final = re.compile(r"(\d{1,18})(?:\.\.(\d{1,18}))?")
_OPENING, _CLOSING, _QUOTES = "[{(", "]})", "\"'"


class Axis(msgspec.Struct, frozen=True):
    """One setting of `--set` and the texts it takes in turn."""

    name: str
    values: tuple[str, ...]


class Point(msgspec.Struct, frozen=True):
    """One run of a plan, as plain values. number: its place in the grid, from 1. venue: "" for the scenario's own."""

    number: int
    crash: str
    venue: str
    settings: tuple[tuple[str, str], ...]
    data: str = ""


class Plan(msgspec.Struct, frozen=True):
    """A sweep. settings: the same in all runs. venues: names or files, `own` for the scenario's. data: recordings."""

    crash: str
    axes: tuple[Axis, ...] = ()
    seeds: tuple[int, ...] = ()
    venues: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    data: str = ""

    def __post_init__(self) -> None:
        """Refuse a grid without a point, with one point twice, or with more than a million. Raises ConfigError."""
        names = [axis.name for axis in self.axes]
        fixed = [name for name, _ in self.settings]
        for name in names:
            if names.count(name) > 1 or name in fixed or (name == "seed" and self.seeds):
                raise ConfigError(f"sweep: expected each name once, found {shown(name)} twice")
        lists = [(axis.name, axis.values) for axis in self.axes]
        for name, values in [*lists, ("--seeds", self.seeds), ("--venue", self.venues)]:
            twice = [value for value in values if values.count(value) > 1]
            if twice:
                raise ConfigError(f"sweep: {name}: expected each value once, found {shown(twice[0])} twice")
        if self.count > MOST_RUNS:
            raise ConfigError(f"sweep: expected at most {MOST_RUNS:,} runs, found {self.count:,}")

    @property
    def count(self) -> int:
        """Return the number of runs."""
        return prod(len(values) for values in self._lists())

    def points(self) -> list[Point]:
        """Return the runs, in the order of the grid."""
        return [self._point(number, *chosen) for number, chosen in enumerate(product(*self._lists()), start=1)]

    def samples(self) -> list[Point]:
        """Return runs that together have each value of each list but the seeds: what is checked before any begins.

        At most 64: of longer lists as many values, evenly spaced, both ends among them.
        """
        lists = [_thinned(values) for values in self._lists()]
        lists[-1] = lists[-1][:1]
        longest = max(len(values) for values in lists)
        return [
            self._point(number, *(values[min(number, len(values) - 1)] for values in lists))
            for number in range(longest)
        ]

    def key(self) -> dict[str, Any]:
        """Return what decides the table: the plan, and the digests of the program and of the files that it names."""
        loaded = load_crash(self.crash)
        files = sorted(path for path in loaded.folder.iterdir() if path.is_file())
        presets = [loaded.crash.venue.preset] if loaded.crash.venue.preset else []
        files += [venue_path(venue) for venue in [*presets, *self.venues] if venue != OWN]
        return {
            "crash": loaded.name,
            "axes": {axis.name: list(axis.values) for axis in self.axes},
            "seeds": list(self.seeds),
            "venues": list(self.venues),
            "settings": dict(self.settings),
            "data": self.data,
            "scenario": _digest_of(files),
            "program": program_digest(),
        }

    def _lists(self) -> list[Sequence[Any]]:
        return [self.venues or (OWN,), *(axis.values for axis in self.axes), self.seeds or (None,)]

    def _point(self, number: int, venue: str, *values: Any) -> Point:
        named = [(axis.name, value) for axis, value in zip(self.axes, values[:-1], strict=True)]
        seeded = [] if values[-1] is None else [("seed", str(values[-1]))]
        return Point(number, self.crash, "" if venue == OWN else venue, (*self.settings, *named, *seeded), self.data)


def parse_axis(text: str) -> Axis:
    """Return NAME=A,B,C or NAME=FROM:TO:COUNT as an axis. A comma inside brackets or quotes belongs to the value.

    A range has COUNT evenly spaced numbers, both ends among them, with as many decimals as the ends have; rounded to
    nearest. Raises ConfigError.
    """
    name, equals, values = text.partition("=")
    if not name or not equals or not values:
        raise ConfigError(f"--over: expected NAME=A,B,C or NAME=FROM:TO:COUNT, found {shown(text)}")
    matched = _RANGE.fullmatch(values)
    if matched:
        return Axis(name, _spaced(matched[1], matched[2], int(matched[3]), f"--over {name}"))
    parts = _split(values)
    if not all(parts):
        raise ConfigError(f"--over {name}: expected a value between the commas, found {shown(values)}")
    return Axis(name, tuple(parts))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return 1..10, or 3, or 1..5,9 as seeds. Raises ConfigError."""
    found: list[int] = []
    for part in text.split(","):
        matched = _SEEDS.fullmatch(part.strip())
        if not matched:
            raise ConfigError(f"--seeds: expected such as 1..10 or 1,2,5, found {shown(text)}")
        first, last = int(matched[1]), int(matched[2] or matched[1])
        if last < first or last - first >= MOST_RUNS:
            raise ConfigError(f"--seeds: expected the smaller first and at most {MOST_RUNS:,}, found {shown(text)}")
        found.extend(range(first, last + 1))
    return tuple(found)


@cache
def program_digest() -> str:
    """Return the digest of the engine's and of this package's source: rows of two programs never share a table."""
    package = Path(__file__).parents[1]
    files = sorted(path for path in package.rglob("*.py") if path.is_file())
    return sha256(f"{build_info().source_hash} {_digest_of(files)}".encode()).hexdigest()


def _thinned(values: Sequence[Any]) -> Sequence[Any]:
    last = len(values) - 1
    return (
        values
        if last < _SAMPLES_MOST
        else [values[place * last // (_SAMPLES_MOST - 1)] for place in range(_SAMPLES_MOST)]
    )


def _digest_of(files: Iterable[Path]) -> str:
    total = sha256()
    for path in files:
        with os_errors_of(path):
            stored = path.read_bytes()
        total.update(f"{path.name} {len(stored)} ".encode())
        total.update(stored)
    return total.hexdigest()


def _spaced(first: str, last: str, count: int, where: str) -> tuple[str, ...]:
    if not 2 <= count <= MOST_RUNS:
        raise ConfigError(f"{where}: expected FROM:TO:COUNT with a COUNT in 2..{MOST_RUNS:,}, found {count:,}")
    decimals = max(len(text.partition(".")[2]) for text in (first, last))
    start, end = (int(Decimal(text).scaleb(decimals)) for text in (first, last))
    found = []
    for step in range(count):
        exact = start + Fraction((end - start) * step, count - 1)
        nearest = div_floor(2 * exact.numerator + exact.denominator, 2 * exact.denominator)
        found.append(f"{Decimal(nearest).scaleb(-decimals):f}")
    return tuple(found)


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no brackets and no quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += letter
    return [part.strip() for part in parts]
