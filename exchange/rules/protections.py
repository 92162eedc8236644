"""What keeps an account's mistakes out of the book: limits on its orders, checked before anything else of theirs."""

from typing import Literal

import msgspec

from exchange.units import MAX_EXPOSURE, MAX_PRICE_TICKS, MAX_QTY_LOTS, MAX_TS_NS, PPM
from exchange.validation import check_types, expect


class ProtectionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on the orders of every participant; 0 is no limit.

    max_order_lots, max_order_notional: of one order; the notional at its limit price, else at mark.
    collar_ticks, collar_ppm: a limit price may be so far beyond the reference (a buy above it, a sell below it); one of
        the two. collar_reference: 'last' trade or 'mark'; without one there is no collar.
    rate_limit: orders, amends and replacements of an account in each interval of `rate_interval_ns`, counted from time
        0; with rate_counts_cancels its cancels, reductions, terms and links too.
    """

    max_order_lots: int = 0
    max_order_notional: int = 0
    collar_ticks: int = 0
    collar_ppm: int = 0
    collar_reference: Literal["last", "mark"] = "last"
    rate_limit: int = 0
    rate_interval_ns: int = 1_000_000_000
    rate_counts_cancels: bool = False

    def __post_init__(self) -> None:
        """Refuse limits that could not be applied. Raises ConfigError naming the field."""
        where = "rules.protections"
        check_types(self, where)
        expect(0 <= self.max_order_lots <= MAX_QTY_LOTS, where, "max_order_lots >= 0", self.max_order_lots)
        expect(0 <= self.max_order_notional <= MAX_EXPOSURE, where, "max_order_notional >= 0", self.max_order_notional)
        expect(0 <= self.collar_ticks <= MAX_PRICE_TICKS, where, "collar_ticks >= 0", self.collar_ticks)
        expect(0 <= self.collar_ppm <= 1_000 * PPM, where, "collar_ppm >= 0", self.collar_ppm)
        expect(self.collar_ticks == 0 or self.collar_ppm == 0, where, "collar_ticks or collar_ppm", self.collar_ppm)
        expect(0 <= self.rate_limit <= MAX_QTY_LOTS, where, "rate_limit >= 0", self.rate_limit)
        expect(1 <= self.rate_interval_ns <= MAX_TS_NS, where, "rate_interval_ns >= 1", self.rate_interval_ns)
