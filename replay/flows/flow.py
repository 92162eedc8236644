"""What every flow can do, and a flow that notes whom it acts for."""

from typing import Protocol, final

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


@final
class GroupedFlow:
    """A flow that notes in a table by which flow each account was first acted for."""

    def __init__(self, flow: Flow, name: str, groups: dict[int, str]) -> None:
        """Take a flow that nobody else asks."""
        self.is_reactive: bool = flow.is_reactive
        self._flow = flow
        self._name = name
        self._groups = groups

    def next_ts_ns(self) -> int | None:
        """Return when it acts next."""
        return self._flow.next_ts_ns()

    def act(self, venue: Exchange) -> list[Command]:
        """Return what it does, once it has been noted for whom."""
        commands = self._flow.act(venue)
        for command in commands:
            account = getattr(command, "account", 0)
            if account > 0 and account not in self._groups:
                self._groups[account] = self._name
        return commands
