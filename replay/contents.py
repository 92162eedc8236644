"""What a file holds, in words and numbers, without running it."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exchange.codec import RECORD_BYTES
from exchange.commands import COMMANDS, CommandType
from exchange.events import EVENTS, EventType
from exchange.instrument import Instrument
from replay.journal import MAGIC as EVENT_LOG_MAGIC
from replay.journal import EventLogReader
from replay.schedule import blocks_of
from replay.sources import Source
from replay.tape import TapeReader
from replay.tape_format import record_ts_ns


def is_event_log(path: str | Path) -> bool:
    """Return whether a file starts like an event log."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(len(EVENT_LOG_MAGIC)) == EVENT_LOG_MAGIC


def source_contents(source: Source) -> dict[str, Any]:
    """Return what a source holds, having read all of it. Raises as its `commands` does."""
    counts: Counter[int] = Counter()
    first_ts_ns: int | None = None
    last_ts_ns: int | None = None
    for block in blocks_of(source):
        counts.update(block[::RECORD_BYTES])
        if first_ts_ns is None:
            first_ts_ns = record_ts_ns(block, 0)
        last_ts_ns = record_ts_ns(block, len(block) // RECORD_BYTES - 1)
    contents: dict[str, Any] = {"holds": "commands", "source": source.description}
    if isinstance(source, TapeReader):
        contents["compression"] = source.header.compression
        contents.update({f"metadata.{name}": text for name, text in source.header.metadata.items()})
    contents["commands"] = counts.total()
    contents |= _time("first", first_ts_ns) | _time("last", last_ts_ns)
    contents["instruments"] = [_instrument(instrument) for instrument in source.instruments]
    contents["types"] = {COMMANDS[CommandType(number)].__name__: counts[number] for number in sorted(counts)}
    return contents


def event_log_contents(path: str | Path) -> dict[str, Any]:
    """Return what an event log holds, having read and checked all of it. Raises DataError where it is not sound."""
    log = EventLogReader(path)
    log.check()
    counts: Counter[int] = Counter()
    for block, _ in log.blocks():
        offset = 0
        while offset < len(block):
            counts[block[offset]] += 1
            offset += RECORD_BYTES * block[offset + 1]
    return {
        "holds": "events",
        "source": log.header.source,
        "venue": log.header.rules.name,
        "commands": log.footer.commands,
        "events": log.footer.events,
        "digest": log.footer.digest,
        "instruments": [_instrument(instrument) for instrument in log.header.instruments],
        "types": {EVENTS[EventType(number)].__name__: counts[number] for number in sorted(counts)},
    }


def contents_text(contents: dict[str, Any]) -> str:
    """Return contents as lines for a person."""
    lines: list[str] = []
    for name, value in contents.items():
        if isinstance(value, dict):
            lines.append(name)
            lines += [f"  {key:<24}{count:>14,}" for key, count in value.items()]
        elif isinstance(value, list):
            lines += [f"{name:<19} {item}" for item in value]
        else:
            lines.append(f"{name:<19} {value:,}" if isinstance(value, int) else f"{name:<19} {value}")
    return "\n".join(lines)


def _time(name: str, ts_ns: int | None) -> dict[str, str]:
    if ts_ns is None:
        return {}
    seconds, nanoseconds = divmod(ts_ns, 1_000_000_000)
    return {name: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09}Z"}


def _instrument(instrument: Instrument) -> str:
    return (
        f"{instrument.symbol} (instrument_id {instrument.instrument_id}, {instrument.kind}, "
        f"tick {instrument.tick_size}, lot {instrument.lot_size}, money {instrument.money_unit} {instrument.currency})"
    )
