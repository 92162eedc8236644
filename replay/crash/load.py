"""Finds scenarios and reads them: `crash.toml` of a folder into tables, with every complaint in one line."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange.errors import ConfigError
from replay.crash.format import Crash
from replay.crash.metrics import METRICS
from replay.sources.cells import parse_time
from replay.toml_file import convert_table, read_toml
from replay.wording import shown

FILE_NAME: Final = "crash.toml"
_SHIPPED: Final = Path(__file__).parent.parent / "crashes"
_ALIKE: Final = 0.5  # of two names: another that is less alike was not meant
_ANNOTATIONS: Final = ("account", "flow", "timeline")  # tables that may name a source


class Loaded(NamedTuple):
    """A scenario and where it was read."""

    name: str
    path: Path
    crash: Crash

    @property
    def folder(self) -> Path:
        """Where its other files are."""
        return self.path.parent


def crash_names() -> list[str]:
    """Return the names of the scenarios that ship, sorted."""
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{FILE_NAME}"))


def load_crash(name_or_folder: str | Path) -> Loaded:
    """Return a scenario that ships, by its name, or the one in a folder.

    Raises ConfigError naming file, key and value: an unknown name or key (with the nearest), a source that is not
    cited, a metric or variant that does not exist.
    """
    path = _found(Path(name_or_folder))
    crash = convert_table(read_toml(path), Crash, path)
    _check_sources(crash, path)
    _check_names(crash, path)
    _check_about(crash, path)
    for position, expected in enumerate(crash.expected):
        where = f"{path}: expected[{position}]"
        if expected.metric not in METRICS:
            raise ConfigError(f"{where}.metric: {_unknown('a metric', expected.metric, METRICS)}")
        for key in (expected.variant, expected.of_variant):
            if key and key not in crash.variant:
                raise ConfigError(f"{where}.variant: {_unknown('a variant', key, crash.variant)}")
        unit = METRICS[expected.metric].needs
        if "account" in unit and expected.account is None:
            raise ConfigError(f"{where}.account: expected an account beside {expected.metric!r}, found none")
    return Loaded(path.parent.name, path, crash)


def _found(path: Path) -> Path:
    if len(path.parts) > 1 or path.is_dir():
        return path / FILE_NAME
    names = crash_names()
    if path.name not in names:
        raise ConfigError(_unknown("a scenario of `cascade crash --list` or a folder", str(path), names, _ALIKE))
    return _SHIPPED / path.name / FILE_NAME


def _check_about(crash: Crash, path: Path) -> None:
    """Refuse a run that ends before it begins, text for the terminal's controls, and a recording that is none."""
    about = crash.about
    start_ns, end_ns = (
        parse_time(text, f"{path}: about.{key}") for key, text in (("start", about.start), ("end", about.end))
    )
    if end_ns <= start_ns:
        raise ConfigError(f"{path}: about.end: expected a time after about.start, found {shown(about.end)}")
    texts = [about.title, about.date, about.story, *about.notes, *crash.sources.values(), crash.venue.why]
    texts += [*crash.sources, *crash.variant, *(variant.title for variant in crash.variant.values())]
    texts += [text for number in crash.expected for text in (number.name, number.note)]
    for text in texts:
        if not all(letter.isprintable() or letter == "\n" for letter in text):
            raise ConfigError(f"{path}: expected text without control characters, found {shown(text)}")
    flows = crash.flow
    if about.kind == "recorded" and not any("recorded" in row or "file" in row for row in flows):
        raise ConfigError(f'{path}: about.kind: expected a flow with a recording where it is "recorded", found none')


def _check_sources(crash: Crash, path: Path) -> None:
    for position, expected in enumerate(crash.expected):
        _check_source(expected.source, crash, f"{path}: expected[{position}].source")
    for table in _ANNOTATIONS:
        rows: tuple[dict[str, Any], ...] = getattr(crash, table)
        for position, row in enumerate(rows):
            if "source" in row:
                _check_source(row["source"], crash, f"{path}: {table}[{position}].source")


def _check_source(text: Any, crash: Crash, where: str) -> None:
    """Check one or several keys, with commas between them."""
    for key in str(text).split(","):
        if key.strip() not in crash.sources:
            raise ConfigError(f"{where}: {_unknown('a key of [sources]', key.strip(), crash.sources)}")


def _check_names(crash: Crash, path: Path) -> None:
    """Refuse two of one name among the flows, the events of the timeline and the expected numbers."""
    for table in ("flow", "timeline"):
        rows: tuple[dict[str, Any], ...] = getattr(crash, table)
        names = [row["name"] for row in rows if "name" in row]
        for position, row in enumerate(rows):
            if not isinstance(row.get("name", ""), str) or names.count(row.get("name")) > 1:
                raise ConfigError(
                    f"{path}: {table}[{position}].name: expected a name of its own, found {shown(row['name'])}"
                )
    names = [expected.name for expected in crash.expected]
    for position, name in enumerate(names):
        if names.count(name) > 1:
            raise ConfigError(
                f"{path}: expected[{position}].name: expected a name of its own, found {shown(name)} twice"
            )


def _unknown(what: str, found: str, known: Any, alike: float = 0.0) -> str:
    nearest = get_close_matches(found, list(known), 1, alike)
    return f"expected {what}, found {shown(found)}" + (f"; nearest: {nearest[0]!r}" if nearest else "")
