"""Writes `exchange/records.py` from the Structs: `python -m exchange.records_generator`.

With --check it only compares, and exits 1 when the file is stale.
"""

import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.commands import COMMANDS
from exchange.enums import (
    AccountLevel,
    Breaker,
    CancelReason,
    DeficitSource,
    DeleveragingOrder,
    DeleveragingScore,
    FundLimit,
    InterestKind,
    LimitState,
    LiquidationOutcome,
    MarginTransferReason,
    MarketState,
    MarkSource,
    Phase,
    PhaseCause,
    RecordedKind,
    RejectReason,
    SocializationBase,
)
from exchange.errors import ConfigError
from exchange.event_log import RECORD_WORDS_MAX
from exchange.events import EVENTS
from exchange.layout import Layout, Place, event_layouts, layout_of
from exchange.wire import I32, I64

_HEADER: Final = '''"""The records of commands and events: offsets, and a writer per event. GENERATED.

A command is read in place: byte offset of each 64-bit field, offset and shift of each small one. An event is appended
to the log by its writer. `python -m exchange.records_generator` writes this file by the rule of `exchange/layout.py`; a
test fails when it is stale.
"""

from typing import Final

from mypy_extensions import i64

from exchange.event_log import EventLog

UNIT_WORDS: Final = 8
UNIT_BYTES: Final = 64
'''


# Compiled code compares with these: a member of an enum is a Python object, a Final integer is a literal.
_ENUM_CONSTANTS: Final[dict[str, type[IntEnum]]] = {
    "REJECT": RejectReason,
    "CANCEL": CancelReason,
    "CLIPPED": RecordedKind,
    "OUTCOME": LiquidationOutcome,
    "MARK": MarkSource,
    "TRANSFER": MarginTransferReason,
    "LEVEL": AccountLevel,
    "MARKET": MarketState,
    "INTEREST": InterestKind,
    "DELEVERAGE_BY": DeleveragingOrder,
    "SCORE": DeleveragingScore,
    "BASE": SocializationBase,
    "LIMIT": FundLimit,
    "SOURCE": DeficitSource,
    "PHASE": Phase,
    "CAUSE": PhaseCause,
    "BREAKER": Breaker,
    "LIMIT_STATE": LimitState,
}


def generate() -> str:
    """Return the text of `records.py`."""
    lines = [_HEADER]
    lines += ["# Commands: the number of each, then the byte offset (and shift) of what is not in the header."]
    lines += [*_constants(COMMANDS), ""]
    lines += ["# Events: the same."]
    lines += _constants(EVENTS, "EVENT_")
    for prefix, members in _ENUM_CONSTANTS.items():
        lines += ["", *(f"{prefix}_{member.name}: Final = {int(member)}" for member in members)]
    for layout in event_layouts():
        lines += _writer(layout)
    return "\n".join(lines) + "\n"


def _constants(table: Mapping[Any, type[msgspec.Struct]], prefix: str = "") -> list[str]:
    lines = [f"{prefix}{number.name}: Final = {int(number)}" for number in table]
    for number, struct in table.items():
        lines.append("")
        layout = layout_of(int(number), struct)
        for place in layout.places:
            if place.word == 0:
                continue
            constant = f"{prefix}{number.name}_{place.name.upper()}"
            lines.append(f"{constant}: Final = {8 * place.word}")
            if place.width != I64:
                lines.append(f"{constant}_SHIFT: Final = {place.shift}")
    return lines


def _writer(layout: Layout) -> list[str]:
    if layout.words > RECORD_WORDS_MAX:
        raise ConfigError(f"{layout.struct.__name__}: expected at most {RECORD_WORDS_MAX} words, found {layout.words}")
    name = "write_" + "".join("_" + c.lower() if c.isupper() else c for c in layout.struct.__name__).lstrip("_")
    given = [place for place in layout.places if place.name not in ("command_seq", "ts_ns")]
    by_word: dict[int, list[Place]] = {}
    for place in layout.places:
        by_word.setdefault(place.word, []).append(place)
    arguments = ", ".join(f"{place.name}: i64" for place in given)
    signature = f"def {name}(log: EventLog, {arguments}) -> None:"
    if len(signature) > 120:
        signature = "\n".join(
            [f"def {name}(", "    log: EventLog,", *(f"    {p.name}: i64," for p in given), ") -> None:"]
        )
    header = [str(layout.type_id | layout.units << 8), *(_shifted(place) for place in by_word.pop(0, []))]
    body = [
        f'    """Append a {layout.struct.__name__} record."""',
        "    if log.left == 0:",
        "        log.close_block()",
        "    log.left -= 1",
        "    at = log.end",
        f"    log.end = at + {layout.words}",
        "    words = log.words",
        f"    words[at] = {' | '.join(header)}",
    ]
    for word in range(1, layout.words):
        places = by_word.get(word, [])
        value = " | ".join(_shifted(place) for place in places) if places else "0"
        value = {"command_seq": "log.command_seq", "ts_ns": "log.ts_ns"}.get(value, value)
        body.append(f"    words[at + {word}] = {value}")
    return ["", "", signature, *body]


def _shifted(place: Place) -> str:
    # A signed field below the top of its word must not spill its sign into the fields above it.
    if place.width == I64 or (place.width == I32 and place.shift == 32):
        return f"{place.name} << {place.shift}" if place.shift else place.name
    text = f"({place.name} & {(1 << place.bits) - 1:#x})" if place.is_signed else place.name
    return f"{text} << {place.shift}" if place.shift else text


def main(arguments: list[str], write: Callable[[str], Any] = sys.stdout.write) -> int:
    """Write `records.py`, or with --check compare it. Return the exit code."""
    path = Path(__file__).with_name("records.py")
    text = generate()
    if "--check" in arguments:
        is_current = path.exists() and path.read_text(encoding="utf-8") == text
        write(
            "records.py is current\n"
            if is_current
            else "records.py is stale: run python -m exchange.records_generator\n"
        )
        return 0 if is_current else 1
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
