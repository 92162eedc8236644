"""Commands that are in memory already, as a source like any other."""

from collections.abc import Iterator, Sequence

from exchange.commands import Command
from exchange.instrument import Instrument


class CommandList:
    """Commands in time order, such as those that open the accounts of a scenario."""

    def __init__(self, commands: Sequence[Command], instruments: Sequence[Instrument], description: str) -> None:
        """Keep the commands."""
        self.instruments = tuple(instruments)
        self.description = description
        self.size_bytes = 0
        self.position_bytes = 0
        self._commands = commands

    def commands(self) -> Iterator[Command]:
        """Yield the commands. Each call starts over."""
        return iter(self._commands)
