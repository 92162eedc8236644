"""Structs to records and back, for those who ask: `apply`, subscribers, tapes, JSON. Records stay bytes otherwise.

Every function raises DataError for a value that does not fit its field, or a record that no Struct describes.
"""

import struct
from collections.abc import Callable, Container, Iterator
from enum import IntEnum
from operator import attrgetter
from typing import Any, Final, cast

import msgspec

from exchange.commands import Command
from exchange.errors import DataError
from exchange.events import Event
from exchange.layout import UNIT_WORDS, Layout, Place, command_layouts, event_layouts
from exchange.wire import I32, I64, U8, U16

RECORD_BYTES: Final = 8 * UNIT_WORDS  # of one unit
_CODES: Final = {U8: "B", U16: "H", I32: "i", I64: "q"}


class RecordForm:
    """One layout made ready: Structs to bytes and back in one call of `struct` each."""

    def __init__(self, layout: Layout) -> None:
        """Turn the places into a `struct` format, in the order of their bytes."""
        self.layout = layout
        places = sorted(layout.places, key=_byte_of)
        text, end = "<BB", 2
        for place in places:
            text += "x" * (_byte_of(place) - end) + _CODES[place.width]
            end = _byte_of(place) + place.bits // 8
        self.size = 8 * layout.words
        self.packer = struct.Struct(text + "x" * (self.size - end))
        names = [place.name for place in places]
        self.values_of = attrgetter(*names) if len(names) > 1 else _only(names[0])
        self.kinds = tuple(place.kind for place in places)
        position = {place.name: index + 2 for index, place in enumerate(places)}
        self.fields = [(position[place.name], _members_of(place)) for place in layout.places]

    def encode(self, value: msgspec.Struct) -> bytes:
        """Return the record of a Struct of this layout."""
        found = self.values_of(value)
        if tuple(map(type, found)) == self.kinds:
            try:
                return self.packer.pack(self.layout.type_id, self.layout.units, *found)
            except struct.error:
                pass  # A number out of range, or an unsigned id: below, with its name.
        return self._encode_carefully(value)

    def decode(self, records: bytes, offset: int, *first: int) -> Any:
        """Return the Struct whose record starts at a byte offset; `first` are its fields that are not stored."""
        found = self.packer.unpack_from(records, offset)
        try:
            values = [found[at] if members is None else members[found[at]] for at, members in self.fields]
        except KeyError:
            raise DataError(self._unknown_member(found, offset)) from None
        return self.layout.struct(*first, *values)

    def _unknown_member(self, found: tuple[int, ...], offset: int) -> str:
        """Return what is wrong with the first field whose number means nothing."""
        for place, (at, members) in zip(self.layout.places, self.fields, strict=True):
            if members is not None and found[at] not in members:
                where = f"{self.layout.struct.__name__} at byte {offset}, {place.name}"
                return f"{where}: expected one of {list(members.values())}, found {found[at]}"
        return f"expected a record of {self.layout.struct.__name__} at byte {offset}"

    def _encode_carefully(self, value: msgspec.Struct) -> bytes:
        """Encode field by field, so that an error names the field and what it expected."""
        words = [0] * self.layout.words
        words[0] = self.layout.type_id | self.layout.units << 8
        for place in self.layout.places:
            found = getattr(value, place.name)
            lowest = -(1 << (place.bits - 1)) if place.is_signed else 0
            highest = (1 << (place.bits - 1)) - 1 if place.is_signed else (1 << place.bits) - 1
            if place.name.endswith("order_id"):
                highest = (1 << 64) - 1  # any 64-bit pattern: an unsigned id is stored as the signed one of its bits
            is_number = isinstance(found, int) and (place.kind is not int or not isinstance(found, bool))
            where = f"{type(value).__name__}.{place.name}"
            if not is_number or not lowest <= found <= highest:
                raise DataError(f"{where}: expected an integer in {lowest}..{highest}, found {found!r}")
            members = _members_of(place)
            if members is not None and found not in members:
                raise DataError(f"{where}: expected one of {list(members.values())}, found {found!r}")
            words[place.word] |= (found & ((1 << place.bits) - 1)) << place.shift
        return struct.pack(f"<{len(words)}Q", *words)


def _only(name: str) -> Callable[[msgspec.Struct], tuple[Any, ...]]:
    """Return what `attrgetter` returns for several names: a tuple."""
    return lambda value: (getattr(value, name),)


def _byte_of(place: Place) -> int:
    return 8 * place.word + place.shift // 8


def _members_of(place: Place) -> dict[int, Any] | None:
    """Return what each stored number means, or None where it is just a number."""
    if place.kind is int:
        return None
    if place.kind is bool:
        return {0: False, 1: True}
    return {int(member): member for member in cast("type[IntEnum]", place.kind)}


_COMMANDS_BY_TYPE: Final = {layout.type_id: RecordForm(layout) for layout in command_layouts()}
_EVENTS_BY_TYPE: Final = {layout.type_id: RecordForm(layout) for layout in event_layouts()}
_COMMANDS_BY_STRUCT: Final = {form.layout.struct: form for form in _COMMANDS_BY_TYPE.values()}
_EVENTS_BY_STRUCT: Final = {form.layout.struct: form for form in _EVENTS_BY_TYPE.values()}


def encode_command(command: Command) -> bytes:
    """Return the record of a command."""
    form = _COMMANDS_BY_STRUCT.get(type(command))
    if form is None:
        raise DataError(f"expected a command, found {command!r}")
    return form.encode(command)


def encode_event(event: Event) -> bytes:
    """Return the record of an event; its seq is not in it."""
    form = _EVENTS_BY_STRUCT.get(type(event))
    if form is None:
        raise DataError(f"expected an event, found {event!r}")
    return form.encode(event)


def decode_command(records: bytes, offset: int = 0) -> Command:
    """Return the command whose record starts at byte `offset`."""
    return cast(Command, _form_at(_COMMANDS_BY_TYPE, records, offset, "command").decode(records, offset))


def decode_commands(records: bytes) -> Iterator[Command]:
    """Yield the commands of a buffer of records."""
    offset = 0
    while offset < len(records):
        form = _form_at(_COMMANDS_BY_TYPE, records, offset, "command")
        yield cast(Command, form.decode(records, offset))
        offset += form.size


def decode_events(records: bytes, first_seq: int) -> list[Event]:
    """Return the events of a buffer of records, the first of which is event `first_seq` of its venue."""
    events: list[Event] = []
    offset = 0
    while offset < len(records):
        form = _form_at(_EVENTS_BY_TYPE, records, offset, "event")
        events.append(cast(Event, form.decode(records, offset, first_seq + len(events))))
        offset += form.size
    return events


def decode_events_of(records: bytes, first_seq: int, types: Container[int]) -> Iterator[Event]:
    """Yield the events of some types from a buffer of records; of the others no object is made.

    types: EventType numbers. What an observer of a run needs: most events do not concern it.
    """
    offset, seq = 0, first_seq
    while offset < len(records):
        form = _form_at(_EVENTS_BY_TYPE, records, offset, "event")
        if records[offset] in types:
            yield cast(Event, form.decode(records, offset, seq))
        offset, seq = offset + form.size, seq + 1


def _form_at(table: dict[int, RecordForm], records: bytes, offset: int, what: str) -> RecordForm:
    if offset + RECORD_BYTES > len(records):
        raise DataError(f"expected a whole {what} record at byte {offset}, found {len(records) - offset} bytes")
    form = table.get(records[offset])
    if form is None or records[offset + 1] != form.layout.units or offset + form.size > len(records):
        raise DataError(f"expected a {what} record at byte {offset}, found type {records[offset]}")
    return form
