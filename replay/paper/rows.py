"""One number of a published table beside ours: what both are, how far apart they may be, and why where they are not."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["recomputed", "engine", "beside"]
"""Where ours comes from and what it is for.

recomputed: from the paper's own published data, by its own formula: whether the data and the text agree.
engine: from a run of the venue, or from the functions with which it decides.
beside: what the engine does where the paper has something else; nothing to agree with.
"""

Reach = Literal["inside", "explained", "outside", "beside"]


class Row(NamedTuple):
    """One number. theirs: as printed, in `unit`. tolerance: how far ours may be; half of the last digit printed.
    None: the paper has no such number.

    miss: why ours is another number, where the paper contradicts itself or its data; empty where it must agree.
    """

    name: str
    source: str
    theirs: Decimal | None
    ours: Decimal
    kind: Kind
    tolerance: Decimal = Decimal(0)
    unit: str = ""
    miss: str = ""

    @property
    def reach(self) -> Reach:
        """Return whether ours is theirs; "explained" where it is not and the reason is known."""
        if self.kind == "beside" or self.theirs is None:
            return "beside"
        if abs(self.ours - self.theirs) <= self.tolerance:
            return "inside"
        return "explained" if self.miss else "outside"


class Paper(NamedTuple):
    """A publication. rows: computes its numbers; given the folder of recordings, or None. needs: what it reads there.

    held: rows that need no recording. missing: what of the paper is not reproduced, and why.
    """

    name: str
    title: str
    citation: str
    needs: str
    rows: Callable[[Path], Sequence[Row]] | None
    held: Callable[[], Sequence[Row]] | None
    missing: Sequence[str] = ()
