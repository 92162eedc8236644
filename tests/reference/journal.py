"""The list of events that the twin writes: it numbers them and stamps the command that caused them."""

from collections.abc import Callable
from typing import Any

from exchange.events import Event


class Journal:
    """Events of the current command, and the counters of the whole venue."""

    def __init__(self) -> None:
        self.seq = 0
        self.command_seq = 0
        self.ts_ns = 0
        self.events: list[Event] = []

    def start_command(self, ts_ns: int) -> None:
        """Begin the next command: every event from here on carries its number and its time."""
        self.command_seq += 1
        self.ts_ns = ts_ns
        self.events = []

    def write(self, event: Callable[..., Event], **fields: Any) -> None:
        """Append one event."""
        self.seq += 1
        self.events.append(event(seq=self.seq, command_seq=self.command_seq, ts_ns=self.ts_ns, **fields))
