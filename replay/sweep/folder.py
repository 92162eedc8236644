"""The folder of a sweep: which plan it belongs to, and a file for each run that has ended.

`plan.json` is written first; `runs/N.json` as run N ends; `table.parquet` or `table.csv` when all have. Every file is
whole or not there, so whatever interrupts a sweep leaves what had ended, and the same plan goes on from it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.errors import ConfigError
from replay.atomic_file import atomic_file
from replay.crash.metrics import NUMBERS
from replay.sweep.plan import Plan
from replay.sweep.work import Outcome
from replay.wording import os_errors_of, shown

_PLAN: Final = "plan.json"
_RUNS: Final = "runs"
_WHAT: Final = {"program": "another version of the program", "scenario": "another text of the scenario or venue files"}


class SweepFolder:
    """What has ended of a plan, on disk."""

    def __init__(self, path: str | Path, plan: Plan) -> None:
        """Open a folder, new or of the same plan. Raises ConfigError for one that holds something else."""
        self.path = Path(path)
        self._runs = self.path / _RUNS
        key = plan.key()
        with os_errors_of(self.path, is_written=True):
            names = sorted(found.name for found in self.path.iterdir()) if self.path.exists() else []
        if _PLAN in names:
            _check_same(self.path, _read(self.path / _PLAN), key)
        elif any(not name.startswith(".") for name in names):
            raise ConfigError(f"{self.path}: expected a new folder or one of a sweep, found {shown(names[0])} in it")
        with os_errors_of(self.path, is_written=True):
            self._runs.mkdir(parents=True, exist_ok=True)
        _write(self.path / _PLAN, key)

    def ended(self, wanted: Iterable[int]) -> dict[int, Outcome]:
        """Return the outcomes of those runs that have ended here, by number."""
        found: dict[int, Outcome] = {}
        for number in wanted:
            path = self._file(number)
            if not path.is_file():
                continue
            try:
                outcome = msgspec.json.decode(path.read_bytes(), type=Outcome)
            except (msgspec.DecodeError, OSError):
                continue  # Not a whole one of ours: it is run again.
            if outcome.number == number and len(outcome.numbers) == len(NUMBERS) and not outcome.error:
                found[number] = outcome
        return found

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome. One with an error is not kept: the next call tries again."""
        if not outcome.error:
            _write(self._file(outcome.number), outcome)

    def _file(self, number: int) -> Path:
        return self._runs / f"{number:07}.json"


def _check_same(folder: Path, held: Any, key: dict[str, Any]) -> None:
    held = held if isinstance(held, dict) else {}
    for name, value in key.items():
        if held.get(name) == value:
            continue
        found = _WHAT.get(name) or f"{name} {shown(value)} where it has {shown(held.get(name))}"
        raise ConfigError(f"{folder}: expected the plan that began this sweep, found {found}; take a new folder")


def _read(path: Path) -> Any:
    with os_errors_of(path):
        stored = path.read_bytes()
    try:
        return msgspec.json.decode(stored)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: expected the plan of a sweep, found no JSON") from error


def _write(path: Path, value: Any) -> None:
    with atomic_file(path) as file:
        file.write(msgspec.json.encode(value))
