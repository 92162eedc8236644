"""Where each field of a command or an event stands in its record.

One rule lays out every record, so that nothing is placed by hand. A record is made of 64-bit little-endian words, whole
units of eight. Word 0 is the header: type (bits 0-7), units (8-15), the first u16 field (16-31, the instrument), the
first i32 field (32-63, the account). The 64-bit fields follow in declaration order, one word each, and then the
remaining small fields share words: i32 first, then u8. Unused bits are zero.
"""

import typing
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final, NamedTuple

import msgspec

from exchange.commands import COMMANDS
from exchange.events import EVENTS
from exchange.wire import I32, I64, U8, U16

UNIT_WORDS: Final = 8
NOT_STORED: Final = frozenset({"seq"})  # an event's place in the log is its seq
_BITS: Final = {U8: 8, U16: 16, I32: 32, I64: 64}


class Place(NamedTuple):
    """Where one field stands: `bits` bits of word `word`, from bit `shift`. kind: int, bool, or the enum class."""

    name: str
    word: int
    shift: int
    width: str
    kind: type[int]

    @property
    def is_signed(self) -> bool:
        """Whether the stored bits are a two's-complement number."""
        return self.width in (I32, I64)

    @property
    def bits(self) -> int:
        """How many bits the field takes."""
        return _BITS[self.width]


class Layout(NamedTuple):
    """The record of one Struct: its number on the wire, its places in declaration order, its length in words."""

    type_id: int
    struct: type[msgspec.Struct]
    places: tuple[Place, ...]
    words: int

    @property
    def units(self) -> int:
        """Length in units of 64 bytes."""
        return self.words // UNIT_WORDS


def layout_of(type_id: int, struct: type[msgspec.Struct]) -> Layout:
    """Return the layout of a Struct by the rule in the module docstring."""
    fields = [
        (name, *_width_and_kind(annotation)) for name, annotation in _annotations(struct) if name not in NOT_STORED
    ]
    spots: dict[str, tuple[int, int]] = {}
    for width, shift in ((U16, 16), (I32, 32)):
        first = next((name for name, found, _ in fields if found == width), None)
        if first is not None:
            spots[first] = (0, shift)
    word = 1
    for name, width, _ in fields:
        if width == I64:
            spots[name] = (word, 0)
            word += 1
    shift = 0
    for wanted in (I32, U16, U8):
        for name, width, _ in fields:
            if width != wanted or name in spots:
                continue
            if shift + _BITS[width] > 64:
                word, shift = word + 1, 0
            spots[name] = (word, shift)
            shift += _BITS[width]
    if shift > 0:
        word += 1
    words = -(-word // UNIT_WORDS) * UNIT_WORDS
    places = tuple(Place(name, *spots[name], width, kind) for name, width, kind in fields)
    return Layout(type_id, struct, places, words)


def command_layouts() -> list[Layout]:
    """Return the layout of every command, by its number."""
    return [layout_of(int(number), struct) for number, struct in COMMANDS.items()]


def event_layouts() -> list[Layout]:
    """Return the layout of every event, by its number."""
    return [layout_of(int(number), struct) for number, struct in EVENTS.items()]


def _annotations(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Any]]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return ((name, hints[name]) for name in struct.__struct_fields__)


def _width_and_kind(annotation: Any) -> tuple[str, type[int]]:
    if isinstance(annotation, type) and issubclass(annotation, IntEnum):
        return U8, annotation
    kind, width = typing.get_args(annotation)
    return width, kind
