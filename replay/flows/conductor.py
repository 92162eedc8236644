"""Many flows as one source: whose turn it is, what an outage holds back, and when the venue is looked at.

Flows act by (time, place in the list), the operator of the venue first. The venue has run everything before a reactive
flow acts, and before a moment at which it is looked at: the source hands out no more than that at a time, and goes on
when it is asked for more.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, final

import msgspec

from exchange import Exchange
from exchange.codec import decode_commands, encode_command
from exchange.commands import AdvanceTime, Command
from exchange.instrument import Instrument
from replay.flows.flow import Flow

_BLOCK_COMMANDS: Final = 1_024
_OPERATOR: Final = -2  # before the end of an outage at the same time, as it is the operator who ends it
_RELEASE: Final = -1


class Outage(NamedTuple):
    """From `from_ns` until just before `until_ns` what flows send waits; then it arrives, in its order, all at once.

    passes: places of flows that get through, such as prices that do not come by the same way.
    """

    from_ns: int
    until_ns: int
    passes: frozenset[int] = frozenset()


class Look(NamedTuple):
    """A moment at which the venue is looked at: after everything dated up to `ts_ns`."""

    ts_ns: int
    take: Callable[[Exchange], None]


@final
class FixedFlow:
    """Commands that are known in advance, as a flow."""

    is_reactive = False

    def __init__(self, commands: Sequence[Command]) -> None:
        """Keep commands in time order."""
        self._commands = commands
        self._at = 0

    def next_ts_ns(self) -> int | None:
        """Return the time of the next command."""
        return self._commands[self._at].ts_ns if self._at < len(self._commands) else None

    def act(self, venue: Exchange) -> list[Command]:
        """Return all commands of that time."""
        start, ts_ns = self._at, self._commands[self._at].ts_ns
        while self._at < len(self._commands) and self._commands[self._at].ts_ns == ts_ns:
            self._at += 1
        return list(self._commands[start : self._at])


@final
class StreamFlow:
    """Commands of a source, read as they are needed, as a flow."""

    is_reactive = False

    def __init__(self, commands: Iterator[Command]) -> None:
        """Read the first."""
        self._commands = commands
        self._next = next(commands, None)

    def next_ts_ns(self) -> int | None:
        """Return the time of the next command."""
        return None if self._next is None else self._next.ts_ns

    def act(self, venue: Exchange) -> list[Command]:
        """Return all commands of that time."""
        acted: list[Command] = []
        ts_ns = self.next_ts_ns()
        while self._next is not None and self._next.ts_ns == ts_ns:
            acted.append(self._next)
            self._next = next(self._commands, None)
        return acted


@final
class Conductor:
    """A source of what flows do. It can be run once, on the venue it was given."""

    def __init__(
        self,
        flows: Sequence[Flow],
        venue: Exchange,
        description: str,
        *,
        operator: Flow | None = None,
        outages: Sequence[Outage] = (),
        looks: Sequence[Look] = (),
        end_ns: int = 0,
    ) -> None:
        """Keep the flows. operator: what no outage holds back.

        end_ns: what is due later does not happen, and time goes on until then; 0: until no flow has anything left.
        Set `until_ns` to have it end before that time; `resume` then goes on from there.
        """
        self.instruments: tuple[Instrument, ...] = venue.instruments
        self.description = description
        self.size_bytes = 0
        self.position_bytes = 0
        self.venue = venue
        self._flows = dict(enumerate(flows))
        if operator is not None:
            self._flows[_OPERATOR] = operator
        self._outages = sorted(outages)
        self._looks = sorted(looks, key=lambda look: look.ts_ns)
        self.until_ns: int | None = None
        self._end_ns = end_ns
        self._held: list[Command] = []
        self._release_ns = 0
        self._prefix = b""
        self._after_prefix: Callable[[Exchange], None] | None = None

    def resume(self, venue: Exchange, records: bytes, then: Callable[[Exchange], None]) -> None:
        """Go on at another venue, which first runs records, and is looked at after them."""
        self.venue = venue
        self.until_ns = None
        self._prefix = records
        self._after_prefix = then

    def add_look(self, look: Look) -> None:
        """Look at the venue once more."""
        self._looks = sorted([*self._looks, look], key=lambda known: known.ts_ns)

    def commands(self) -> Iterator[Command]:
        """Yield the commands one by one, each when the one before has run."""
        for block in self.blocks():
            yield from decode_commands(block)

    def blocks(self) -> Iterator[bytes]:
        """Yield records, no more at a time than nobody needs to see the venue in between."""
        if self._after_prefix is not None:
            yield self._prefix
            self._after_prefix(self.venue)
        pending: list[bytes] = []
        latest_ns = 0
        while (turn := self._next_turn()) is not None:
            ts_ns, place = turn
            is_over = self._end_ns > 0 and ts_ns > self._end_ns
            if is_over or (self.until_ns is not None and ts_ns >= self.until_ns):
                break
            if self._looks and self._looks[0].ts_ns < ts_ns:
                if pending:
                    yield b"".join(pending)
                    pending = []
                self._look(ts_ns)
            is_release = place == _RELEASE
            if not is_release and self._flows[place].is_reactive and pending:
                yield b"".join(pending)
                pending = []
            for command in self._released() if is_release else self._act(ts_ns, place):
                pending.append(encode_command(command))
                latest_ns = command.ts_ns
            if len(pending) >= _BLOCK_COMMANDS:
                yield b"".join(pending)
                pending = []
        if pending:
            yield b"".join(pending)
        if self.until_ns is None and latest_ns < self._end_ns:
            yield encode_command(AdvanceTime(self._end_ns))
        self._look(self.until_ns)

    def _next_turn(self) -> tuple[int, int] | None:
        """Return (time, place of the flow) of who acts next; _RELEASE for the end of an outage."""
        turns = [(ts_ns, place) for place, flow in self._flows.items() if (ts_ns := flow.next_ts_ns()) is not None]
        if self._held:
            turns.append((self._release_ns, _RELEASE))
        return min(turns, default=None)

    def _act(self, ts_ns: int, place: int) -> list[Command]:
        commands = self._flows[place].act(self.venue)
        for outage in self._outages if place != _OPERATOR else ():
            if outage.from_ns <= ts_ns < outage.until_ns and place not in outage.passes:
                self._held += [msgspec.structs.replace(command, ts_ns=outage.until_ns) for command in commands]
                self._release_ns = outage.until_ns
                return []
        return commands

    def _released(self) -> list[Command]:
        released, self._held = self._held, []
        return released

    def _look(self, before_ns: int | None) -> None:
        while self._looks and (before_ns is None or self._looks[0].ts_ns < before_ns):
            self._looks.pop(0).take(self.venue)
