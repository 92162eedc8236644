"""What only a programmer or bad data can cause. A participant's mistake is an event with a RejectReason instead."""

from typing import Any


class ExchangeError(Exception):
    """Base of every error that this library raises on purpose."""


class ConfigError(ExchangeError):
    """An instrument, a set of rules or a scenario that cannot be used; says which field, and what was expected."""


class SequenceError(ExchangeError):
    """Time or a sequence number went back."""


class DataError(ExchangeError):
    """Recorded data, or a command record, that cannot be read; says where (file, line, column or record, value)."""


class InvariantError(ExchangeError):
    """The engine's state disagrees with itself. Never caught inside: stop and report it."""


class HandlerError(ExchangeError):
    """One or more event handlers raised; `causes` holds their exceptions. The engine's state is complete.

    `events` holds the events of the command from `apply`; in a batch it is empty, since none were decoded.
    """

    def __init__(self, events: list[Any], causes: list[Exception]) -> None:
        """Keep the events of the command and the handlers' exceptions, in the order in which they were raised."""
        super().__init__(f"{len(causes)} event handler(s) raised, first: {causes[0]!r}")
        self.events = events
        self.causes = causes


class SinkError(ExchangeError):
    """A sink of events or commands raised earlier: what it keeps has a gap, and the venue takes no more commands."""


class PolicyError(ExchangeError):
    """A policy from outside raised, or returned what is no answer; says which. `__cause__` is what it raised."""

    def __init__(self, text: str, cause: Exception | None = None) -> None:
        """Keep what the policy raised, if it did."""
        super().__init__(text)
        self.__cause__ = cause  # mypyc 2.4.1 forgets the cause of `raise ... from`.


class BrokenError(ExchangeError):
    """A command stopped in its middle earlier, by an exception: the venue's state is half changed, and it takes no more
    commands.
    """


class BatchError(ExchangeError):
    """A batch stopped at record `index`; `__cause__` says why, `ran` how many of its records ran to completion.

    A bad record changed nothing: `ran` is `index`. A subscriber that raised did so after its command was complete:
    `ran` is `index` + 1. Go on from record `ran`. By any other cause but ConfigError, DataError, SequenceError and
    HandlerError the record stopped in its middle, and the venue refuses every further one: BrokenError.
    """

    def __init__(self, index: int, ran: int, cause: Exception) -> None:
        """`index` counts the records of the buffer from 0."""
        super().__init__(f"record {index} of the batch: {cause}")
        self.index = index
        self.ran = ran
        self.__cause__ = cause  # mypyc 2.4.1 forgets the cause of `raise ... from`.
