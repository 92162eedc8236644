"""Options of a format as they are typed: `name=value`, with the value in the type that the format's reader asks for."""

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from exchange.errors import ConfigError
from replay.sources import FORMATS
from replay.wording import shown

_FLAGS: Final = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def parse_options(pairs: Sequence[str], format_name: str) -> dict[str, Any]:
    """Return the options in `name=value` texts. Raises ConfigError for another text, or a value of another type."""
    types = _types(format_name)
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ConfigError(f"expected an option as name=value, found {shown(pair)}")
        options[name] = _converted(name, text, types.get(name, "str"))
    return options


def _types(format_name: str) -> dict[str, str]:
    """Return the annotation of each option of a format; none for one that is not known, which opening will report."""
    if format_name not in FORMATS:
        return {}
    module, _, name = FORMATS[format_name].factory.partition(":")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
    return {parameter.name: inspect.formatannotation(parameter.annotation) for parameter in parameters}


def _converted(name: str, text: str, annotation: str) -> Any:
    wanted = annotation.strip("'\"").split(" | ")[0]
    if wanted == "bool":
        if text.lower() not in _FLAGS:
            raise ConfigError(f"option {name}: expected true or false, found {shown(text)}")
        return _FLAGS[text.lower()]
    if wanted == "int":
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"option {name}: expected an integer, found {shown(text)}") from None
    return text
