"""What is due by the clock (docs/semantics/pricing.md, section 1): whoever does things at a time is asked for them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from tests.reference.journal import Journal


class Rank(IntEnum):
    """Which task comes first of those of one time."""

    ORDERS = -1
    DEBTS = 0
    SESSION = 1
    MARKS = 2
    FUNDING = 3
    EXPIRY = 4
    DISPOSAL = 5
    RETRIES = 6
    INTEREST = 7
    PHASES = 8


@dataclass(order=True)
class Due:
    """Something to do at a time; among tasks of one rank the lower id is first."""

    due_ns: int
    rank: Rank
    task_id: int


class Clock:
    """Asks everyone what is due, and runs the first of it, until nothing is."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.is_started = False
        self.until_ns = 0  # the time of the newest command
        self.before_task: Callable[[], None] = lambda: None  # every task is a step of its own
        self.starters: list[Callable[[int], None]] = []  # told the time of the venue's first command
        self.workers: list[tuple[Callable[[], list[Due]], Callable[[Due], None]]] = []  # what is due next; do it

    def run_due(self, ts_ns: int, settle: Callable[[], None]) -> None:
        """Run what is due by `ts_ns`, each at its own time, as a step of its own, and let the venue settle after it."""
        if not self.is_started:
            self.is_started = True
            for start in self.starters:
                start(ts_ns)
        self.until_ns = ts_ns
        while True:
            due = [(task, work) for tasks, work in self.workers for task in tasks() if task.due_ns <= ts_ns]
            if not due:
                break
            task, work = min(due, key=lambda task_and_work: task_and_work[0])
            self.journal.ts_ns = task.due_ns
            self.before_task()
            work(task)
            settle()
        self.journal.ts_ns = ts_ns


def first_due(offset_ns: int, period_ns: int, start_ns: int) -> int:
    """Return the first of the times offset + k x period, k >= 0, that is not before `start_ns`."""
    return offset_ns + max(0, -((offset_ns - start_ns) // period_ns)) * period_ns
