"""What every flow can do."""

from typing import Protocol

from exchange import Exchange
from exchange.commands import Command


class Flow(Protocol):
    """A part of the market that acts at times of its own.

    is_reactive: whether what it does depends on the venue, which then has run everything that comes before.
    """

    is_reactive: bool

    def next_ts_ns(self) -> int | None:
        """Return when it acts next, not before it last did; None: never again."""

    def act(self, venue: Exchange) -> list[Command]:
        """Return what it does at that time, every command dated so. Not called when there is no such time."""
