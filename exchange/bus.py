"""Who hears an event, and when: after a command has run to completion, in the order of subscription.

Handlers see events decoded, and may submit commands; these run after the command whose events they saw, at its time. A
handler that raises does not stop the others.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from exchange.codec import decode_events, encode_command
from exchange.commands import Command
from exchange.errors import ConfigError, DataError
from exchange.events import EVENTS, Event, EventType

TS_NS_AT: Final = 8  # of every command record: the word after the header
Handler = Callable[[Event], None]


class Subscription(NamedTuple):
    """One handler and what it wants. An empty set of instruments means all, events without one included."""

    handler: Handler
    event_types: frozenset[int]
    instruments: frozenset[int]


class EventBus:
    """Subscribers of one venue."""

    def __init__(self, instruments: Mapping[str, int]) -> None:
        """Start with nobody listening. `instruments`: the id of each symbol."""
        self._ids = dict(instruments)
        self._subscriptions: list[Subscription] = []
        self._submitted: deque[bytes] = deque()  # records
        self.causes: list[Exception] = []  # what handlers raised since the exchange last looked
        self.wanted_types = 0  # bit k set: somebody wants event type k

    def subscribe(
        self,
        handler: Handler,
        event_types: Collection[type[msgspec.Struct]] = (),
        instruments: Collection[int | str] = (),
    ) -> Subscription:
        """Have `handler(event)` called for events of these Struct types and instruments; empty means all.

        Instruments are ids or symbols. Returns a token for `unsubscribe`. Raises ConfigError for what is not a
        handler, an event type or an instrument of the venue.
        """
        if not callable(handler):
            raise ConfigError(f"expected a handler that can be called, found {handler!r}")
        ids = frozenset(self._ids.get(known, known) if isinstance(known, str) else known for known in instruments)
        if not ids <= set(self._ids.values()):
            raise ConfigError(f"expected instruments out of {self._ids}, found {list(instruments)}")
        numbers = {struct: int(number) for number, struct in EVENTS.items()}
        for struct in event_types:
            if struct not in numbers:
                raise ConfigError(f"expected event types out of {[s.__name__ for s in numbers]}, found {struct!r}")
        wanted = frozenset(numbers[struct] for struct in event_types) or frozenset(numbers.values())
        subscription = Subscription(handler, wanted, frozenset(int(known) for known in ids))
        self._subscriptions.append(subscription)
        self._recount()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop calling a handler. Raises ConfigError if it is not subscribed."""
        if subscription not in self._subscriptions:
            raise ConfigError("expected a subscription of this bus that is still active")
        self._subscriptions.remove(subscription)
        self._recount()

    def submit(self, command: Command) -> None:
        """Queue a command, from a handler, to run after the present one, at its time (its own ts_ns is replaced).

        Outside a handler it waits for the next command to run.

        Raises DataError for what is no command, and for a value that its field cannot hold; nothing is queued then.
        """
        if not isinstance(command, msgspec.Struct):
            raise DataError(f"expected a command, found {command!r}")
        self._submitted.append(encode_command(msgspec.structs.replace(command, ts_ns=0)))

    def deliver(self, record: bytes, seq: int) -> None:
        """Call the handlers that want one event."""
        event = decode_events(record, seq)[0]
        number = record[0]
        instrument = getattr(event, "instrument", 0)
        for subscription in tuple(self._subscriptions):
            if number not in subscription.event_types:
                continue
            if subscription.instruments and instrument not in subscription.instruments:
                continue
            try:
                subscription.handler(event)
            except Exception as error:  # noqa: BLE001 - a handler is a stranger's code; HandlerError reports it
                self.causes.append(error)

    def take_submitted(self, ts_ns: int) -> bytes | None:
        """Return the record of the next submitted command, dated `ts_ns`, or None."""
        if not self._submitted:
            return None
        record = self._submitted.popleft()
        return record[:TS_NS_AT] + ts_ns.to_bytes(8, "little") + record[TS_NS_AT + 8 :]

    def _recount(self) -> None:
        self.wanted_types = 0
        for subscription in self._subscriptions:
            for number in subscription.event_types:
                self.wanted_types |= 1 << EventType(number)
