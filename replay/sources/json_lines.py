"""JSON lines: one command per line, its Struct's field names, integers. `docs/formats.md` has the format in full.

The first line may be a header with the instruments: `{"type":"Header","instruments":[...]}`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec

from exchange.codec import encode_command
from exchange.commands import COMMANDS, Command
from exchange.errors import ConfigError, DataError, SequenceError
from exchange.instrument import Instrument
from replay.atomic_file import atomic_text_file
from replay.instruments import check_instruments
from replay.sources.text import TextFile
from replay.venues import load_instruments
from replay.wording import shown

_COMMANDS_BY_NAME: Final = {struct.__name__: struct for struct in COMMANDS.values()}
_FIELD_OF_ERROR: Final = re.compile(r"`\$\.(\w+)")


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand ahead of the commands: their instruments, and where they come from, in words."""

    instruments: tuple[Instrument, ...]
    type: Literal["Header"] = "Header"
    source: str = ""


class JsonLinesSource:
    """Commands in JSON lines."""

    def __init__(self, path: str | Path, *, instruments: str | Path | None = None) -> None:
        """Read the header; or, where there is none, a TOML file with `[[instruments]]`."""
        self._text = TextFile(path)
        first = self._text.first_line()
        header = parse_header(first, self._text.path, 1)
        self._first_line = 1 if header is None else 2
        self.instruments, self.description = instruments_and_source(header, instruments, self._text.path)

    @property
    def size_bytes(self) -> int:
        """Size of the file on disk."""
        return self._text.size_bytes

    @property
    def position_bytes(self) -> int:
        """Bytes of it read so far."""
        return self._text.position_bytes

    def commands(self) -> Iterator[Command]:
        """Yield the commands; empty lines are skipped. Errors name file, line, key and value."""
        earliest_ts_ns = 0
        for number, line in self._text.lines():
            if number < self._first_line or not line.strip():
                continue
            command = _parse_command(line, f"{self._text.path}:{number}")
            check_order(command, earliest_ts_ns, f"{self._text.path}:{number}")
            earliest_ts_ns = command.ts_ns
            yield command


def write_jsonl(
    commands: Iterable[Command], instruments: Sequence[Instrument], path: str | Path, source: str = ""
) -> int:
    """Write a header and the commands; return how many. The file appears when it is whole.

    A name that ends in .gz, .zst, .xz or .bz2 has it compressed.
    """
    count = 0
    encoder = msgspec.json.Encoder()
    with atomic_text_file(Path(path)) as file:
        file.write(encode_header(instruments, source) + b"\n")
        for command in commands:
            file.write(encoder.encode(command) + b"\n")
            count += 1
    return count


def encode_header(instruments: Sequence[Instrument], source: str) -> bytes:
    """Return the JSON of a header."""
    return msgspec.json.encode(Header(instruments=tuple(instruments), source=source))


def parse_header(line: str, path: Path, number: int) -> Header | None:
    """Return the header in a line, None where the line holds something else. Raises DataError for a bad header."""
    try:
        mapping = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None  # Not a header; the reading of commands will say what is wrong with it.
    if not isinstance(mapping, dict) or mapping.get("type") != "Header":
        return None
    try:
        header = msgspec.convert(mapping, Header)
        check_instruments(header.instruments, "header")
    except (msgspec.ValidationError, ConfigError) as error:
        raise DataError(f"{path}:{number}: expected a header with instruments, found {error}") from error
    return header


def instruments_and_source(
    header: Header | None, instruments: str | Path | None, path: Path
) -> tuple[tuple[Instrument, ...], str]:
    """Return the instruments, of the header or of the file named beside it, and the description of the source."""
    if header is None and instruments is None:
        raise ConfigError(
            f"{path}: expected a header, or the option instruments=FILE.toml, or a venue (--venue), found none of them"
        )
    if header is not None and instruments is not None:
        raise ConfigError(f"{path}: expected a header or the option instruments, found both")
    loaded = header.instruments if header is not None else load_instruments(cast(str | Path, instruments))
    return loaded, (header.source if header is not None else "") or str(path.name)


def check_order(command: Command, earliest_ts_ns: int, where: object) -> None:
    """Raise SequenceError where a command's time lies before that of the one ahead of it."""
    if command.ts_ns < earliest_ts_ns:
        raise SequenceError(f"{where}: expected ts_ns >= {earliest_ts_ns}, found {command.ts_ns}")


def _parse_command(line: str, where: str) -> Command:
    try:
        mapping = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise DataError(f"{where}: expected a JSON object, found {shown(line)} ({error})") from error
    except RecursionError as error:
        raise DataError(f"{where}: expected a JSON object, found lists or objects nested too deeply") from error
    if not isinstance(mapping, dict):
        raise DataError(f"{where}: expected a JSON object, found {shown(line)}")
    name = mapping.get("type")
    struct = _COMMANDS_BY_NAME.get(name) if isinstance(name, str) else None
    if struct is None:
        raise DataError(f"{where}: type: expected one of {', '.join(_COMMANDS_BY_NAME)}, found {shown(name)}")
    fields = struct.__struct_fields__
    for key in mapping:
        if key != "type" and key not in fields:
            nearest = get_close_matches(key, fields, 1, 0.0)[0]
            raise DataError(f"{where}: expected a key of {name}, found {shown(key)}; nearest: {shown(nearest)}")
    try:
        command = cast(Command, msgspec.convert(mapping, struct))
        encode_command(command)  # Checks that every value fits its field.
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {_explained(mapping, error)}") from error
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    return command


def _explained(mapping: dict[str, Any], error: msgspec.ValidationError) -> str:
    field = _FIELD_OF_ERROR.search(str(error))
    return f"{field[1]}: {error}, found {shown(mapping.get(field[1]))}" if field else str(error)
