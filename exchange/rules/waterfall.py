"""Conventions of the loss waterfall: who pays a deficit, and in which order."""

from typing import Literal

import msgspec

from exchange.units import MAX_MONEY
from exchange.validation import expect

WaterfallStep = Literal["fund", "socialize"]


class FundRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The insurance fund.

    opening: money in it at the start. floor: what it never pays below.
    """

    opening: int = 0
    floor: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        expect(0 <= self.opening <= MAX_MONEY, "rules.fund", "opening in 0..2**60 - 1", self.opening)
        expect(0 <= self.floor <= MAX_MONEY, "rules.fund", "floor in 0..2**60 - 1", self.floor)
