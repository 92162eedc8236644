"""Venues as TOML: `[about]` with the sources, `[rules]` with the conventions, `[[instruments]]` with the markets.

The presets stand beside this.

`generic_linear.toml` explains every field.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Final

import msgspec

from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.instruments import check_instruments
from replay.toml_file import convert_table, read_toml

_PRESETS: Final = Path(__file__).parent


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the rules of a venue file stand on.

    title: venue and product, in words. as_of: the time whose rules these are. sources: where each was read.
    open_questions: what the sources leave open, or what these rules do otherwise than the venue.
    """

    title: str = ""
    as_of: str = ""
    sources: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()


class Venue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a venue file holds."""

    about: About = About()
    rules: Rules = Rules()
    instruments: tuple[Instrument, ...] = ()


def load_venue(path_or_name: str | Path) -> tuple[Rules, tuple[Instrument, ...]]:
    """Return rules and instruments of a TOML file, or of the preset of that name (without `.toml`).

    Raises ConfigError naming file, key path and, for an unknown key, the nearest known one.
    """
    venue = _load(_resolved(path_or_name))
    return venue.rules, venue.instruments


def describe(path_or_name: str | Path) -> About:
    """Return what a venue file or preset says of its sources. Errors as in `load_venue`."""
    return _load(_resolved(path_or_name)).about


def states_nothing(path_or_name: str | Path) -> bool:
    """Return whether a venue file leaves all at its default and lists no instrument. Errors as in `load_venue`."""
    return _load(_resolved(path_or_name)) == Venue()


def load_instruments(path_or_name: str | Path) -> tuple[Instrument, ...]:
    """Return the instruments of a venue file, which must name at least one. Errors as in `load_venue`."""
    path = _resolved(path_or_name)
    instruments = _load(path).instruments
    if not instruments:
        raise ConfigError(f"{path}: instruments: expected at least one [[instruments]] table, found none")
    return instruments


def preset_names() -> list[str]:
    """Return the names of the presets that ship with the library."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def venue_path(path_or_name: str | Path) -> Path:
    """Return the file of a path, or of the preset of that name. Raises ConfigError with the nearest preset."""
    return _resolved(path_or_name)


def check_venue(venue: Venue, path: Path) -> None:
    """Refuse two instruments of one id or symbol. Raises ConfigError naming the file."""
    check_instruments(venue.instruments, path)


def _resolved(path_or_name: str | Path) -> Path:
    path = Path(path_or_name)
    if path.suffix or len(path.parts) > 1:
        return path
    presets = preset_names()
    if path.name not in presets:
        nearest = get_close_matches(path.name, presets, 1, 0.0)
        raise ConfigError(f"expected a .toml file or a preset, found {path.name!r}; nearest: {nearest[0]!r}")
    return _PRESETS / f"{path.name}.toml"


def _load(path: Path) -> Venue:
    venue = convert_table(read_toml(path), Venue, path)
    check_instruments(venue.instruments, path)
    return venue
