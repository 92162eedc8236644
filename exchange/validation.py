"""What every configuration checks of itself, whether it was read from a file or made by a caller."""

from functools import cache

import msgspec

from exchange.errors import ConfigError


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a Struct; msgspec works them out anew each time."""
    return msgspec.structs.fields(kind)


def check_types(value: msgspec.Struct, where: str) -> None:
    """Raise ConfigError unless every field is of its type: msgspec checks what it reads, not what a caller makes."""
    for field in fields_of(type(value)):
        found = getattr(value, field.name)
        if isinstance(found, msgspec.Struct):
            check_types(found, f"{where}.{field.name}")
            continue
        try:
            msgspec.convert(msgspec.to_builtins(found), field.type)
        except (msgspec.ValidationError, TypeError) as error:
            raise ConfigError(f"{where}.{field.name}: {error}, found {found!r}") from None


def expect(condition: bool, where: str, expected: str, found: object) -> None:
    """Raise ConfigError, saying where, what was expected and what was found, unless the condition holds."""
    if not condition:
        raise ConfigError(f"{where}: expected {expected}, found {found!r}")
