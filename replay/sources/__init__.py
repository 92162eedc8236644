"""Where commands come from: one module per data format, all with one face, and the table that finds the right one."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from exchange.commands import Command
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from replay.wording import shown

COMPRESSED_SUFFIXES: Final = (".gz", ".zst", ".xz", ".bz2")


@runtime_checkable
class Source(Protocol):
    """Recorded or written commands in time order."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments that the commands refer to."""

    @property
    def description(self) -> str:
        """Where the commands come from, in words."""

    @property
    def size_bytes(self) -> int:
        """Bytes to read in all, for showing progress; 0 where unknown."""

    @property
    def position_bytes(self) -> int:
        """Bytes read so far by the latest `commands()`."""

    def commands(self) -> Iterator[Command]:
        """Yield the commands. Each call starts over. Raises DataError, or SequenceError where time goes back."""


class Format(NamedTuple):
    """One way to read a file. factory: `module:callable`, imported only when used; called with the path and options.

    patterns: of file names, without a compression suffix; the first format of the table that matches is taken.
    """

    factory: str
    patterns: tuple[str, ...]


FORMATS: Final[dict[str, Format]] = {
    "tape": Format("replay.tape:TapeReader", ("*.tape",)),
    "dbn": Format("replay.sources.dbn:DbnSource", ("*.dbn",)),
    "tardis": Format("replay.sources.tardis:TardisSource", ("*_trades_*.csv",)),
    "binance-aggtrades": Format("replay.sources.binance:BinanceAggTradesSource", ("*-aggtrades-*",)),
    "binance-trades": Format("replay.sources.binance:BinanceTradesSource", ("*-trades-*",)),
    "lobster": Format("replay.sources.lobster:LobsterSource", ("*_message_*.csv",)),
    "jsonl": Format("replay.sources.json_lines:JsonLinesSource", ("*.jsonl", "*.ndjson")),
    "csv": Format("replay.sources.csv_commands:CsvSource", ("*.csv",)),
}


def format_of(path: str | Path) -> str:
    """Return the name of the format that a file's name suggests. Raises ConfigError where none does."""
    name = Path(path).name.lower()
    for suffix in (*COMPRESSED_SUFFIXES, ".zip"):
        name = name.removesuffix(suffix)
    for format_name, known in FORMATS.items():
        if any(fnmatch(name, pattern) for pattern in known.patterns):
            return format_name
    patterns = ", ".join(pattern for known in FORMATS.values() for pattern in known.patterns)
    raise ConfigError(f"{path}: expected a name like {patterns}, or a format ({', '.join(FORMATS)})")


def open_source(
    path: str | Path, options: Mapping[str, Any] | None = None, *, format_name: str | None = None
) -> Source:
    """Return the source that reads a file, in the format named or else suggested by its name.

    options: of the format, such as `instruments` for text. Raises ConfigError for a format or an option not known.
    """
    chosen = format_name or format_of(path)
    if chosen not in FORMATS:
        nearest = get_close_matches(chosen, FORMATS, 1, 0.0)[0]
        raise ConfigError(f"expected a format ({', '.join(FORMATS)}), found {shown(chosen)}; nearest: {shown(nearest)}")
    module, _, name = FORMATS[chosen].factory.partition(":")
    factory: Callable[..., Source] = getattr(import_module(module), name)
    given = dict(options or {})
    known = [parameter for parameter in inspect.signature(factory).parameters if parameter != "path"]
    for option in given:
        if option not in known:
            raise ConfigError(f"{path}: expected options {known} of format {chosen!r}, found {shown(option)}")
    return factory(path, **given)
