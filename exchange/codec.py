"""Structs to records and back, for those who ask: `apply`, subscribers, tapes, JSON. Records stay bytes otherwise.

Every function raises DataError for a value that does not fit its field, or a record that no Struct describes.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec

from exchange.commands import Command
from exchange.errors import DataError
from exchange.events import Event
from exchange.layout import UNIT_WORDS, Layout, Place, command_layouts, event_layouts

RECORD_BYTES: Final = 8 * UNIT_WORDS  # of one unit
_WORDS_MAX: Final = 4 * UNIT_WORDS

_COMMANDS_BY_TYPE: Final = {layout.type_id: layout for layout in command_layouts()}
_EVENTS_BY_TYPE: Final = {layout.type_id: layout for layout in event_layouts()}
_COMMANDS_BY_STRUCT: Final = {layout.struct: layout for layout in command_layouts()}
_EVENTS_BY_STRUCT: Final = {layout.struct: layout for layout in event_layouts()}
_WORD_FORMATS: Final = {count: struct.Struct(f"<{count}Q") for count in range(UNIT_WORDS, _WORDS_MAX + 1, UNIT_WORDS)}


def encode_command(command: Command) -> bytes:
    """Return the record of a command."""
    layout = _COMMANDS_BY_STRUCT.get(type(command))
    if layout is None:
        raise DataError(f"expected a command, found {command!r}")
    return _encode(layout, command)


def encode_event(event: Event) -> bytes:
    """Return the record of an event; its seq is not in it."""
    layout = _EVENTS_BY_STRUCT.get(type(event))
    if layout is None:
        raise DataError(f"expected an event, found {event!r}")
    return _encode(layout, event)


def decode_command(records: bytes, offset: int = 0) -> Command:
    """Return the command whose record starts at byte `offset`."""
    layout, words = _record(_COMMANDS_BY_TYPE, records, offset, "command")
    return cast(Command, layout.struct(*(_read(place, words) for place in layout.places)))


def decode_commands(records: bytes) -> Iterator[Command]:
    """Yield the commands of a buffer of records."""
    offset = 0
    while offset < len(records):
        layout, words = _record(_COMMANDS_BY_TYPE, records, offset, "command")
        yield cast(Command, layout.struct(*(_read(place, words) for place in layout.places)))
        offset += 8 * layout.words


def decode_events(records: bytes, first_seq: int) -> list[Event]:
    """Return the events of a buffer of records, the first of which is event `first_seq` of its venue."""
    events: list[Event] = []
    offset = 0
    while offset < len(records):
        layout, words = _record(_EVENTS_BY_TYPE, records, offset, "event")
        seq = first_seq + len(events)
        events.append(cast(Event, layout.struct(seq, *(_read(place, words) for place in layout.places))))
        offset += 8 * layout.words
    return events


def _encode(layout: Layout, value: msgspec.Struct) -> bytes:
    words = [0] * layout.words
    words[0] = layout.type_id | layout.units << 8
    for place in layout.places:
        found = getattr(value, place.name)
        lowest = -(1 << (place.bits - 1)) if place.is_signed else 0
        highest = (1 << (place.bits - 1)) - 1 if place.is_signed else (1 << place.bits) - 1
        if place.name.endswith("order_id"):
            highest = (1 << 64) - 1  # any 64-bit pattern: an unsigned id is stored as the signed one of its bits
        is_number = isinstance(found, int) and (place.kind is not int or not isinstance(found, bool))
        if not is_number or not lowest <= found <= highest:
            where = f"{type(value).__name__}.{place.name}"
            raise DataError(f"{where}: expected an integer in {lowest}..{highest}, found {found!r}")
        if place.kind is not int and place.kind is not bool:
            _member(place, found)
        words[place.word] |= (found & ((1 << place.bits) - 1)) << place.shift
    return _WORD_FORMATS[layout.words].pack(*words)


def _record(table: dict[int, Layout], records: bytes, offset: int, what: str) -> tuple[Layout, tuple[int, ...]]:
    if offset + RECORD_BYTES > len(records):
        raise DataError(f"expected a whole {what} record at byte {offset}, found {len(records) - offset} bytes")
    layout = table.get(records[offset])
    if layout is None or records[offset + 1] != layout.units or offset + 8 * layout.words > len(records):
        raise DataError(f"expected a {what} record at byte {offset}, found type {records[offset]}")
    return layout, _WORD_FORMATS[layout.words].unpack_from(records, offset)


def _read(place: Place, words: tuple[int, ...]) -> Any:
    value = words[place.word] >> place.shift & ((1 << place.bits) - 1)
    if place.is_signed and value >> (place.bits - 1):
        value -= 1 << place.bits
    return value if place.kind is int else _member(place, value)


def _member(place: Place, value: int) -> Any:
    try:
        return place.kind(value)
    except ValueError:
        raise DataError(f"{place.name}: expected one of {list(place.kind)}, found {value}") from None  # type: ignore[call-overload]
