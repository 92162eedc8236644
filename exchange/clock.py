"""What is due when: funding, interest, retries after a pause, everything that event time alone sets off.

The venue has no clock of its own. A task that is due at T runs before the first command with ts_ns >= T, at time T, and
the venue settles after it; its events carry the number of that command. Tasks due at one time run in the order in which
they were added.
"""

from typing import Final

from mypy_extensions import i64

from exchange.errors import ConfigError
from exchange.units import MAX_TS_NS

NEVER: Final = MAX_TS_NS + 1


def first_multiple(ts_ns: i64, period_ns: i64, offset_ns: i64) -> i64:
    """Return the first of offset + k x period, k >= 0, that is not before a time. period_ns > 0, offset_ns >= 0."""
    if ts_ns <= offset_ns:
        return offset_ns
    late = (ts_ns - offset_ns) % period_ns
    return ts_ns if late == 0 else ts_ns - late + period_ns


class TimedTask:
    """Something that is done at a time. Subclasses set `due_ns` anew in `run`, later than it was."""

    def __init__(self) -> None:
        """Start with nothing due."""
        self.due_ns: i64 = NEVER
        self.instrument: i64 = 0  # that the task is about, 0 for none

    def start(self, ts_ns: i64) -> None:
        """Be told the time of the venue's first command, before which nothing periodic is due."""

    def stop_for(self, instrument: i64) -> None:
        """Be told that an instrument was settled for good: nothing is due for it any more."""
        if self.instrument == instrument:
            self.due_ns = NEVER

    def run(self) -> None:
        """Do what is due; the log stands at `due_ns`."""
        raise NotImplementedError


class Clock:
    """The tasks of one venue, few and long-lived: looking for the next one is linear."""

    def __init__(self) -> None:
        """Start without tasks."""
        self.tasks: list[TimedTask] = []
        self.next_due_ns: i64 = NEVER
        self.is_started: bool = False
        self.until_ns: i64 = 0  # the time of the newest command before which something was due
        self.longest_gap_ns: i64 = MAX_TS_NS  # from what is due next to a command ...
        self.shortest_field: str = ""  # ... by the rule with the shortest period

    def limit_gaps(self, period_ns: int, field: str, steps: int) -> None:
        """Let a command come no later after what is due than so many steps of a period, of a rule's field."""
        longest: int = self.longest_gap_ns  # as an int: the product may not fit 64 bits
        if period_ns * steps < longest:
            self.longest_gap_ns = period_ns * steps
            self.shortest_field = field

    def check_gap(self, ts_ns: i64, command_seq: i64) -> None:
        """Raise ConfigError where what is due before a command would run for ever."""
        if ts_ns - self.next_due_ns > self.longest_gap_ns:
            raise ConfigError(
                f"{self.shortest_field}: expected a longer one, or a command (AdvanceTime) until"
                f" {self.next_due_ns + self.longest_gap_ns}, found ts_ns {ts_ns} (command seq {command_seq})"
            )

    def add(self, task: TimedTask) -> None:
        """Have a task run when it is due."""
        self.tasks.append(task)
        if not self.is_started:
            self.next_due_ns = 0  # the first command starts the clock, whatever its time
        elif task.due_ns < self.next_due_ns:
            self.next_due_ns = task.due_ns

    def start(self, ts_ns: i64) -> None:
        """Tell every task the time of the venue's first command."""
        self.is_started = True
        for task in self.tasks:
            task.start(ts_ns)
        self.refresh()

    def set_due(self, task: TimedTask, due_ns: i64) -> None:
        """Have a task run at another time; NEVER for not at all. Never in the past of the log."""
        task.due_ns = due_ns
        if self.is_started:
            self.refresh()

    def stop_for(self, instrument: i64) -> None:
        """Let no task of an instrument be due any more."""
        for task in self.tasks:
            task.stop_for(instrument)
        if self.is_started:
            self.refresh()

    def refresh(self) -> None:
        """Look anew for what is due next."""
        earliest: i64 = NEVER
        for task in self.tasks:
            if task.due_ns < earliest:
                earliest = task.due_ns
        self.next_due_ns = earliest

    def next_task(self) -> TimedTask:
        """Return the first task that is due at `next_due_ns`."""
        for task in self.tasks:
            if task.due_ns == self.next_due_ns:
                return task
        raise LookupError(f"expected a task due at {self.next_due_ns}, found none")
