"""Run a scenario on the engine and on the twin, find where they differ, shorten it, and print it as Python code."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest
from typing import Any

import msgspec

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import Command
from exchange.errors import SequenceError
from tests.reference.scenarios import Scenario
from tests.reference.venue import ReferenceVenue


@dataclass
class Difference:
    """The first command on which the two disagree: `index` counts from 0, and is the length for the batch run."""

    index: int
    engine: list[str]
    twin: list[str]

    @property
    def kind(self) -> tuple[str, str]:
        """What is unlike: the names of the first two events that are, so that shortening keeps to one cause."""
        for found, expected in zip_longest(self.engine, self.twin, fillvalue="nothing"):
            if found != expected:
                return kind_of(found), kind_of(expected)
        return "", ""


def first_difference(scenario: Scenario, *, every: int = 1) -> Difference | None:
    """Return where engine and twin part, None where they agree on everything.

    After every command (or every so many, and the last) both check themselves. At the end the engine does it all again
    as one batch: same digest.
    """
    last = len(scenario.commands) - 1
    engine = Exchange(scenario.instruments, scenario.rules, with_digest=True)
    twin = ReferenceVenue(scenario.instruments, scenario.rules)
    applied = []
    for index, command in enumerate(scenario.commands):
        is_checked = index % every == 0 or index == last
        found = outcome(engine.apply, engine.check if is_checked else do_nothing, command)
        expected = outcome(twin.apply, twin.check if is_checked else do_nothing, command)
        if found != expected:
            return Difference(index, [in_words(event) for event in found], [in_words(event) for event in expected])
        if found != ["SequenceError"]:
            applied.append(command)
    batch = Exchange(scenario.instruments, scenario.rules, with_digest=True)
    try:
        batch.run(b"".join(encode_command(command) for command in applied))
        in_batch = batch.digest()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a difference
        in_batch = repr(error)
    if in_batch != engine.digest():
        return Difference(len(scenario.commands), [f"in a batch {in_batch}"], [f"one by one {engine.digest()}"])
    return None


def do_nothing() -> None:
    """Check nothing."""


def outcome(apply: Callable[[Any], list[Any]], check: Callable[[], None], command: Command) -> list[Any]:
    """Return the events of a command; or what was raised instead, in words."""
    try:
        events = apply(command)
        check()
    except SequenceError:
        return ["SequenceError"]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a difference
        return [f"raised {error!r}"]
    return list(events)


def in_words(event: Any) -> str:
    """Return an event as code; what was raised is in words already."""
    return event if isinstance(event, str) else code(event)


def kind_of(event: str) -> str:
    """Return an event's name with its reason, outcome or kind; what was raised without its numbers."""
    if event.startswith("raised"):
        return event.partition("(")[0]
    return event.partition("(")[0] + "".join(re.findall(r"(?:reason|outcome|kind)=[A-Za-z]+\.([A-Z_]+)", event))


def report(scenario: Scenario, difference: Difference) -> str:
    """Return the scenario as code that can be pasted into a test, and both lists of events."""
    at_end = difference.index >= len(scenario.commands)
    where = (
        "the batch run" if at_end else f"command {difference.index + 1}: {code(scenario.commands[difference.index])}"
    )
    lines = [
        f"engine and twin differ at {where}",
        f"rules = {code(scenario.rules)}",
        f"instruments = {code(scenario.instruments)}",
        "commands = [",
        *(f"    {code(command)}," for command in scenario.commands[: difference.index + 1]),
        "]",
        "engine:",
        *mark_unlike(difference.engine, difference.twin),
        "twin:",
        *mark_unlike(difference.twin, difference.engine),
    ]
    return "\n".join(lines)


def mark_unlike(events: Sequence[str], others: Sequence[str]) -> list[str]:
    """Put an arrow before the first event that is not in both lists at its place."""
    same = 0
    while same < min(len(events), len(others)) and events[same] == others[same]:
        same += 1
    return [("--> " if place == same else "    ") + event for place, event in enumerate(events)] or ["    nothing"]


def code(value: Any) -> str:
    """Return a value as Python code; of a Struct only the fields that are not at their defaults."""
    if isinstance(value, IntEnum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{code(item)}, " for item in value).rstrip() + ")"
    if not isinstance(value, msgspec.Struct):
        return repr(value)
    arguments = [
        f"{info.name}={code(getattr(value, info.name))}"
        for info in msgspec.structs.fields(value)
        if info.default is msgspec.NODEFAULT or getattr(value, info.name) != info.default
    ]
    return f"{type(value).__name__}({', '.join(arguments)})"


def shortened(
    scenario: Scenario, differs: Callable[[Scenario], Difference | None] = first_difference
) -> tuple[Scenario, Difference]:
    """Return the shortest failing prefix, without the commands that it does not need to fail.

    Raises ValueError if the scenario does not fail.
    """
    difference = differs(scenario)
    if difference is None:
        raise ValueError("expected a scenario that fails")
    scenario = with_commands(scenario, scenario.commands[: difference.index + 1])
    step = len(scenario.commands)
    while step >= 1:
        start = 0
        while start < len(scenario.commands):
            fewer = with_commands(scenario, scenario.commands[:start] + scenario.commands[start + step :])
            found = differs(fewer)
            if found is None or found.kind != difference.kind:
                start += step
            else:
                difference = found
                scenario = with_commands(fewer, fewer.commands[: found.index + 1])
        step //= 2
    return scenario, difference


def with_commands(scenario: Scenario, commands: tuple[Command, ...]) -> Scenario:
    """Return the same venue, asked something else."""
    return msgspec.structs.replace(scenario, commands=commands)
