"""TOML files into Structs: every key must be known, and every complaint names the file, the key path and the value."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from exchange.errors import ConfigError
from replay.wording import os_errors_of, shown

_PATH_OF_ERROR: Final = re.compile(r" - at `\$\.?(.*)`")
_LONG_DIGITS: Final = re.compile(r"[0-9_]{4000}")
_MOST_BITS: Final = 64
_STEP: Final = re.compile(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]")

Table = TypeVar("Table", bound=msgspec.Struct)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the tables of a file; a number with a decimal point comes as text. Raises ConfigError with the line."""
    with os_errors_of(path):
        stored = Path(path).read_bytes()
    text = ""
    try:
        text = stored.decode("utf-8-sig").replace("\r\n", "\n")
        tables = tomllib.loads(text, parse_float=str)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML, found: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: expected TOML, found tables or lists nested too deeply") from error
    except ValueError as error:  # What Python says of an integer with thousands of digits.
        line = next((number for number, line in enumerate(text.split("\n"), 1) if _LONG_DIGITS.search(line)), 1)
        raise ConfigError(f"{path}:{line}: expected an integer of at most 64 bits, found a longer one") from error
    _check_integers(tables, path, "")
    return tables


def convert_table(table: dict[str, Any], struct: type[Table], path: str | Path, key_path: str = "") -> Table:
    """Return a table of the file as a Struct. Raises ConfigError for an unknown key, a wrong type, a value refused."""
    check_keys(table, struct, path, key_path)
    try:
        return msgspec.convert(table, struct)
    except msgspec.ValidationError as error:
        matched = _PATH_OF_ERROR.search(str(error))
        at = _joined(key_path, matched[1]) if matched else key_path
        found = f", found {shown(_value_at(table, matched[1]))}" if matched else ""
        one_of = _choices_at(struct, matched[1]) if matched else ""
        raise ConfigError(f"{path}: {at or 'file'}: {_PATH_OF_ERROR.sub('', str(error))}{found}{one_of}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def check_keys(value: Any, expected: Any, path: str | Path, key_path: str) -> None:
    """Raise ConfigError at the first key, at any depth, that no field of the Structs in `expected` has."""
    if isinstance(value, list) and get_origin(expected) is tuple:
        for position, item in enumerate(value):
            check_keys(item, get_args(expected)[0], path, f"{key_path}[{position}]")
    if isinstance(value, dict) and get_origin(expected) is dict:
        for key, item in value.items():
            check_keys(item, get_args(expected)[1], path, _joined(key_path, key))
    if not (isinstance(value, dict) and isinstance(expected, type) and issubclass(expected, msgspec.Struct)):
        return
    types = {field.name: field.type for field in msgspec.structs.fields(expected)}
    for key, item in value.items():
        if key not in types:
            nearest = get_close_matches(key, types, 1, 0.0)[0]
            raise ConfigError(
                f"{path}: {_joined(key_path, key)}: expected a known key, found {shown(key)}; nearest: {nearest!r}"
            )
        check_keys(item, types[key], path, _joined(key_path, key))


def _check_integers(value: Any, path: str | Path, key_path: str) -> None:
    """Raise ConfigError at the first integer, at any depth, of more than the 64 bits that TOML grants."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_integers(item, path, _joined(key_path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check_integers(item, path, f"{key_path}[{position}]")
    elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
        found = f"one of {value.bit_length()}"
        raise ConfigError(f"{path}: {key_path}: expected an integer of at most {_MOST_BITS} bits, found {found}")


def _value_at(table: Any, key_path: str) -> Any:
    """Return the value at a path such as `instruments[0].fees`; keys that have dots in them do not get here."""
    for key, position in _STEP.findall(key_path):
        table = table[key] if key else table[int(position)]
    return table


def _choices_at(expected: Any, key_path: str) -> str:
    """Return the values that the field at a path may have, in words; "" where they cannot be listed."""
    for key, _ in _STEP.findall(key_path):
        if key:
            if not (isinstance(expected, type) and issubclass(expected, msgspec.Struct)):
                return ""
            expected = next((field.type for field in msgspec.structs.fields(expected) if field.name == key), None)
        elif get_origin(expected) is tuple:
            expected = get_args(expected)[0]
    prefix = "; expected one of "
    if get_origin(expected) is tuple:
        expected, prefix = get_args(expected)[0], "; expected a list out of "
    if get_origin(expected) is not Literal:
        return ""
    return prefix + ", ".join(f"'{choice}'" for choice in get_args(expected))


def _joined(key_path: str, key: str) -> str:
    if not key_path or not key:
        return key_path or key
    return f"{key_path}{key}" if key.startswith("[") else f"{key_path}.{key}"
