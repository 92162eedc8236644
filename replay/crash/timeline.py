"""Outside events at stated times: any command in the words of the CSV format, and outages of the way to the venue."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange.commands import Command
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from replay.flows.conductor import Outage
from replay.sources.cells import Cell, parse_time
from replay.sources.csv_commands import COLUMNS, CommandReader
from replay.wording import shown

_OUTAGE: Final = "outage"
_ROLLBACK: Final = "rollback"
_OF_ROLLBACK: Final = ("at", "to", "type", "name", "source", "enabled")
_OF_OUTAGE: Final = ("at", "until", "type", "name", "source", "enabled", "passes")


class Rollback(NamedTuple):
    """At `at_ns` everything from `to_ns` on is undone: the venue opens again as it was just before."""

    at_ns: int
    to_ns: int


class Timeline(NamedTuple):
    """What happens from outside: commands by time, outages, and at most one rollback."""

    commands: list[Command]
    outages: list[Outage]
    rollback: Rollback | None


def read_timeline(
    rows: Sequence[dict[str, Any]], instruments: Sequence[Instrument], path: Path, places: Mapping[str, int]
) -> Timeline:
    """Return the events of `[[timeline]]` tables.

    Each has `at` and `type`: a command with its columns; "outage" with `until` and, in `passes`, the names of flows
    that get through; or "rollback" with `to`. places: of flows by their names. Raises DataError or ConfigError naming
    file, table and key.
    """
    reader = CommandReader(path, instruments)
    commands: list[Command] = []
    outages: list[Outage] = []
    rollbacks: list[Rollback] = []
    for position, row in enumerate(rows):
        line = f"timeline[{position}]"
        if row.get("type") == _OUTAGE:
            outages.append(_outage(row, path, line, places))
        elif row.get("type") == _ROLLBACK:
            at_ns, to_ns = _times(row, path, line, _OF_ROLLBACK, ("at", "to"))
            if to_ns > at_ns or rollbacks:
                found = "a second one" if rollbacks else shown(row["to"])
                raise ConfigError(f"{path}: {line}.to: expected one rollback, to a time before it, found {found}")
            rollbacks.append(Rollback(at_ns, to_ns))
        else:
            commands.append(reader.command(line, _cells(row, path, line)))
    return Timeline(sorted(commands, key=lambda command: command.ts_ns), outages, next(iter(rollbacks), None))


def _cells(row: Mapping[str, Any], path: Path, line: str) -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in row.items():
        if key in ("name", "source", "enabled"):
            continue
        column = "time" if key == "at" else key
        if column not in COLUMNS or column == "ts_ns" or key == "time":
            raise DataError(
                f"{Cell(path, line, key)}: expected at, type, name, source or a column of CSV, found {shown(key)}"
            )
        if not isinstance(value, str | int):
            raise DataError(f"{Cell(path, line, key)}: expected a number or text in quotes, found {shown(value)}")
        cells[column] = str(value).lower() if isinstance(value, bool) else str(value)
    return cells


def _times(
    row: Mapping[str, Any], path: Path, line: str, keys: Sequence[str], times: tuple[str, str]
) -> tuple[int, int]:
    """Return two times of a table that may have those keys."""
    for key in row:
        if key not in keys:
            raise ConfigError(f"{path}: {line}.{key}: expected one of {', '.join(keys)}, found {shown(key)}")
    first, second = (parse_time(str(row.get(key, "")), Cell(path, line, key)) for key in times)
    return first, second


def _outage(row: Mapping[str, Any], path: Path, line: str, places: Mapping[str, int]) -> Outage:
    from_ns, until_ns = _times(row, path, line, _OF_OUTAGE, ("at", "until"))
    if until_ns <= from_ns:
        raise ConfigError(f"{path}: {line}.until: expected a time after {row['at']}, found {shown(row['until'])}")
    passes = row.get("passes", [])
    for name in passes:
        if name not in places:
            raise ConfigError(f"{path}: {line}.passes: expected names of flows, found {shown(name)}")
    return Outage(from_ns, until_ns, frozenset(places[name] for name in passes))
