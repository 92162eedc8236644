"""Whether what was found is what a vector expects: exactly, or within the tolerance that the vector states.

Numbers are decimal text, integers or Fractions and are compared as exact fractions, so "8.50" is 8.5 and never nearly
8.5; a float is no number here. Only the keys that are expected count, in nested objects too, but an object that is
expected to be empty has to be empty. Lists have to have the same length and are compared in order. `null` equals only
`null`; true and false are no numbers; other text equals itself.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from tests.conformance.vectors.amounts import InexactError, exact, text

MISSING: Final = "(missing)"


class Difference(NamedTuple):
    """One value that is not as expected. key: its way down the nested outputs, such as `haircut.party2`."""

    key: str
    expected: Any
    found: Any


class Tolerance(NamedTuple):
    """By how much a number may differ: absolutely, or relative to the expected number, whichever allows more.

    applies_to: the keys of `then` meant; empty for all of them. other: the absolute tolerance of the remaining keys.
    """

    absolute: Fraction = Fraction(0)
    relative: Fraction = Fraction(0)
    applies_to: tuple[str, ...] = ()
    other: Fraction = Fraction(0)

    def allowed(self, key: str, expected: Fraction) -> Fraction:
        """Return the largest difference allowed for a number under `key`, the names on its way joined by dots."""
        if self.applies_to and not any(name in self.applies_to for name in (key, *key.split("."))):
            return self.other
        return max(self.absolute, self.relative * abs(expected))


def tolerance_of(vector: dict[str, Any]) -> Tolerance:
    """Return a vector's tolerance. Raises ValueError for one that is not in the schema."""
    stated = vector.get("tolerance") or {}
    unknown = set(stated) - {"abs", "rel", "applies_to", "other"}
    if unknown:
        raise ValueError(f"tolerance: expected abs, rel, applies_to and other, found {sorted(unknown)}")
    found = Tolerance(
        exact(stated.get("abs", 0)),
        exact(stated.get("rel", 0)),
        tuple(stated.get("applies_to", ())),
        exact(stated.get("other", 0)),
    )
    if min(found.absolute, found.relative, found.other) < 0:
        raise ValueError(f"tolerance: expected no negative number, found {stated}")
    return found


EXACTLY: Final = Tolerance()


def differences(expected: Any, found: Any, tolerance: Tolerance = EXACTLY, key: str = "") -> Iterator[Difference]:
    """Yield where `found` is not what is expected."""
    if isinstance(expected, dict):
        if not isinstance(found, dict) or (not expected and found):
            yield Difference(key, expected, found)
            return
        for name, value in expected.items():
            below = f"{key}.{name}" if key else name
            if name in found:
                yield from differences(value, found[name], tolerance, below)
            else:
                yield Difference(below, value, MISSING)
    elif isinstance(expected, list):
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            yield Difference(key, expected, found)
            return
        for index, value in enumerate(expected):
            yield from differences(value, found[index], tolerance, f"{key}[{index}]")
    elif not is_equal(expected, found, tolerance, key.replace("[", ".[")):
        yield Difference(key, expected, found)


def is_equal(expected: Any, found: Any, tolerance: Tolerance, key: str) -> bool:
    """Return whether one value is the expected one."""
    wanted, got = _number(expected), _number(found)
    if wanted is not None and got is not None:
        return abs(wanted - got) <= tolerance.allowed(key, wanted)
    return isinstance(found, bool) == isinstance(expected, bool) and bool(expected == found)


def shown(value: Any) -> Any:
    """Return a value as JSON can hold it: fractions as decimal text, exceptions and whatever else as their repr."""
    if isinstance(value, dict):
        return {str(name): shown(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if isinstance(value, Fraction):
        return text(value)
    return value if value is None or isinstance(value, bool | int | str) else repr(value)


def _number(value: Any) -> Fraction | None:
    try:
        return exact(value)
    except InexactError:
        return None
