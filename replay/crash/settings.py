"""`NAME=VALUE` of a what-if, applied to the tables of a scenario and of a venue file before either is converted.

NAME is `fund.opening` (a field of the rules), `instrument.FIELD` (of all markets), `instrument.SYMBOL.FIELD`,
`flow.NAME.PARAMETER`, `timeline.NAME.FIELD`, `flow.NAME=off`, `timeline.NAME=on`, or `seed`. VALUE is a TOML value, or
text.
"""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from exchange.errors import ConfigError
from exchange.rules import Rules
from replay.wording import shown

OWN: Final = "own"  # as a venue of a comparison or a sweep: the one of the scenario
_SWITCH: Final = {"on": True, "off": False}
_PARTS_MOST: Final = 16
MAX_SEED: Final = (1 << 62) - 1


def parse_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Return NAME=VALUE texts as a mapping. Raises ConfigError for another text, or a name given twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set: expected NAME=VALUE, found {shown(pair)}")
        if name in found:
            raise ConfigError(f"--set: expected each name once, found {shown(name)} twice")
        found[name] = text
    return found


def value_of(text: str) -> Any:
    """Return what a text stands for: a TOML value, numbers with a decimal point as text; or the text itself."""
    try:
        return tomllib.loads(f"value = {text}", parse_float=str)["value"]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return text


class Tables:
    """The tables of a venue file and of a scenario, to be changed."""

    def __init__(
        self, venue: dict[str, Any], flows: list[dict[str, Any]], timeline: list[dict[str, Any]], seed: int
    ) -> None:
        """Take tables that nobody else holds."""
        self.venue = venue
        self.flows = flows
        self.timeline = timeline
        self.seed = seed

    def flows_on(self) -> list[dict[str, Any]]:
        """Return the flows that are not switched off."""
        return [table for table in self.flows if table.get("enabled", True)]

    def timeline_on(self) -> list[dict[str, Any]]:
        """Return the outside events that are not switched off."""
        return [table for table in self.timeline if table.get("enabled", True)]

    def change(self, settings: Mapping[str, Any], where: str) -> None:
        """Apply settings in their order. Raises ConfigError, opening with `where`, for a name that nothing has."""
        for name, value in settings.items():
            self._set(name, value_of(value) if isinstance(value, str) else value, f"{where} {name}")

    def _set(self, name: str, value: Any, where: str) -> None:
        parts = name.split(".")
        if not all(parts) or len(parts) > _PARTS_MOST:
            raise ConfigError(f"{where}: expected names with single dots between them, found {shown(name)}")
        first, rest = parts[0], parts[1:]
        if name == "seed":
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
                raise ConfigError(f"{where}: expected an integer in 0..2**62 - 1, found {shown(value)}")
            self.seed = value
        elif first == "instrument" and rest:
            for table, path in self._instruments(rest, where):
                _put(table, path, value, where)
        elif first in ("flow", "timeline") and rest:
            table = _named(self.flows if first == "flow" else self.timeline, rest[0], first, where)
            if len(rest) > 1:
                _put(table, rest[1:], value, where)
            elif value in _SWITCH:
                table["enabled"] = _SWITCH[value]
            else:
                raise ConfigError(f"{where}: expected 'on' or 'off', found {shown(value)}")
        else:
            fields = parts[1:] if first == "rules" else parts
            if not fields or fields[0] not in Rules.__struct_fields__:
                known = [*Rules.__struct_fields__, "instrument", "flow", "timeline", "seed"]
                nearest = get_close_matches(fields[0] if fields else first, known, 1, 0.0)[0]
                raise ConfigError(f"{where}: expected a rule, found {shown(name)}; nearest: {nearest!r}")
            _put(self.venue.setdefault("rules", {}), fields, value, where)

    def _instruments(self, rest: list[str], where: str) -> list[tuple[dict[str, Any], list[str]]]:
        tables: list[dict[str, Any]] = self.venue.get("instruments", [])
        named = [table for table in tables if table.get("symbol") == rest[0]]
        if named:
            if len(rest) == 1:
                raise ConfigError(f"{where}: expected a field of {rest[0]}, found none")
            return [(table, rest[1:]) for table in named]
        return [(table, rest) for table in tables]


def _named(tables: list[dict[str, Any]], name: str, what: str, where: str) -> dict[str, Any]:
    for table in tables:
        if table.get("name") == name:
            return table
    known = [table["name"] for table in tables if "name" in table]
    nearest = get_close_matches(name, known, 1, 0.0)
    hint = f"; nearest: {nearest[0]!r}" if nearest else ""
    raise ConfigError(f"{where}: expected the name of a {what}, found {shown(name)}{hint}")


def _put(table: dict[str, Any], path: list[str], value: Any, where: str) -> None:
    """Set the value at a path; a number in the path is a place in a list."""
    at: Any = table
    for position, key in enumerate(path):
        is_last = position == len(path) - 1
        if isinstance(at, list):
            if not key.isdecimal() or int(key) >= len(at):
                raise ConfigError(f"{where}: expected a place in 0..{len(at) - 1}, found {shown(key)}")
            if is_last:
                at[int(key)] = value
            else:
                at = at[int(key)]
        elif isinstance(at, dict):
            if is_last:
                at[key] = value
            else:
                at = at.setdefault(key, {})
        else:
            raise ConfigError(f"{where}: expected a table at {'.'.join(path[:position])!r}, found {shown(at)}")
