"""What a check of a recording found: counts, notes and faults."""

from collections import Counter
from typing import Final, final

import msgspec

MAX_FAULTS_KEPT: Final = 100


class Fault(msgspec.Struct, frozen=True):
    """where: `line 12` of the message file, or `record 7`."""

    where: str
    text: str


class VerifyReport(msgspec.Struct, frozen=True):
    """What was checked and what was found. faults: the first ones; fault_count: of all."""

    description: str
    counts: dict[str, int]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]
    fault_count: int

    @property
    def is_sound(self) -> bool:
        """Whether no fault was found."""
        return self.fault_count == 0

    def joined(self, other: "VerifyReport") -> "VerifyReport":
        """Return both checks of one file as one report."""
        return VerifyReport(
            self.description,
            self.counts | {f"on the venue: {name}": count for name, count in other.counts.items()},
            self.notes + other.notes,
            (self.faults + other.faults)[:MAX_FAULTS_KEPT],
            self.fault_count + other.fault_count,
        )

    def text(self) -> str:
        """Return the report as lines to print."""
        width = max(map(len, self.counts), default=0)
        lines = [self.description]
        lines += [f"  {name:<{width}}  {count:>15,}" for name, count in self.counts.items()]
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  fault at {fault.where}: {fault.text}" for fault in self.faults]
        if self.fault_count > len(self.faults):
            lines.append(f"  and {self.fault_count - len(self.faults):,} more")
        lines.append("sound: no faults" if self.is_sound else f"NOT SOUND: {self.fault_count:,} fault(s)")
        return "\n".join(lines)


@final
class Findings:
    """What a check has counted and faulted so far."""

    def __init__(self, description: str) -> None:
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self._description = description
        self._faults: list[Fault] = []
        self._fault_count = 0

    def add(self, where: str, text: str) -> None:
        """Note a fault."""
        self._fault_count += 1
        if len(self._faults) < MAX_FAULTS_KEPT:
            self._faults.append(Fault(where, text))

    def report(self) -> VerifyReport:
        """Return the report."""
        return VerifyReport(
            self._description, dict(self.counts), tuple(self.notes), tuple(self._faults), self._fault_count
        )
