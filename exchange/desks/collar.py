"""The collar of market orders: the worst price at which one may trade, and where what it leaves may rest.

Rules: `market_protection` and the fields after it (docs/semantics.md, section 2).
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.book.level_index import RANK
from exchange.enums import BUY
from exchange.market import Market
from exchange.rules import OrderRules
from exchange.units import PPM, mul_div

ANY_RANK: Final = -(1 << 62)  # the limit of a market order: every price is good enough


@final
class Collar:
    """How far from a reference market orders may trade."""

    def __init__(self, rules: OrderRules) -> None:
        """Copy the rules."""
        self.rests: bool = rules.market_remainder == "limit_at_collar"
        self._ticks: i64 = rules.protection_amount if rules.market_protection == "ticks" else -1
        self._ppm: i64 = rules.protection_amount if rules.market_protection == "ppm" else -1
        self._is_at_last: bool = rules.protection_reference == "last"
        self._is_at_trigger: bool = rules.stop_protection_reference == "trigger"
        self._is_electing: bool = False
        self._trigger: i64 = 0

    def begin_election(self, trigger: i64) -> None:
        """Be told that a stop is elected: its collar may be measured from its trigger, until `end_election`."""
        self._is_electing = self._is_at_trigger
        self._trigger = trigger

    def end_election(self) -> None:
        """Be told that an elected stop has run."""
        self._is_electing = False

    def limit(self, market: Market, side: i64) -> i64:
        """Return the worst rank of the opposite side that a market order may trade at; ANY_RANK without a collar."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if self._ticks < 0 and self._ppm < 0:
            return ANY_RANK
        if self._is_electing:
            reference = self._trigger
        elif self._is_at_last:
            if not market.has_last:
                return ANY_RANK
            reference = market.last
        else:
            if opposite.best == 0:
                return ANY_RANK
            reference = opposite.levels[opposite.best + RANK] * opposite.sign
        width = self._ticks
        if width < 0:
            size: int = reference if reference >= 0 else -reference
            width = mul_div(size, self._ppm, PPM)
        if side == BUY:
            return (reference + width) * opposite.sign
        lowest = reference - width
        return max(market.min_price, lowest)
