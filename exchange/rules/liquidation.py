"""Conventions of liquidation: when, how much, by which orders, and who keeps what is left."""

from typing import Literal

import msgspec

from exchange.validation import expect


class LiquidationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the positions of an account below maintenance are sold.

    order: an IOC at the leg's bankruptcy price, or a market order at once.
    max_attempts: IOC orders sent for a leg before the remainder goes as a market order; what that leaves unfilled is
        taken over by the fund at mark.
    recheck: an account that is back at or above maintenance before a retry is released.
    surplus: who keeps the equity left when the position is closed.
    """

    order: Literal["ioc_at_bankruptcy", "market"] = "ioc_at_bankruptcy"
    max_attempts: int = 3
    recheck: bool = True
    surplus: Literal["fund", "trader"] = "fund"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation"
        expect(1 <= self.max_attempts <= 1_000_000, where, "max_attempts in 1..1,000,000", self.max_attempts)
