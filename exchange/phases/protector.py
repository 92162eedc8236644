"""Limits on what one account may send: the kill switch, rates, sizes, and the collar. Rules:
docs/semantics/protections.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.desks.matching import Matcher
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import BUY, LIMIT, STOP_LIMIT
from exchange.market import Market
from exchange.records import (
    REJECT_KILL_SWITCH_ON,
    REJECT_NONE,
    REJECT_ORDER_TOO_LARGE,
    REJECT_PRICE_OUTSIDE_COLLAR,
    REJECT_TOO_MANY_REQUESTS,
)
from exchange.rules import ProtectionRules
from exchange.units import PPM, mul_div

_NONE: Final = ProtectionRules()


@final
class Protector:
    """The protections of every account."""

    def __init__(self, rules: ProtectionRules, matcher: Matcher) -> None:
        """Copy the rules."""
        self.matcher = matcher
        self.log = matcher.log
        self.is_used: bool = rules != _NONE
        self.max_lots: int = rules.max_order_lots
        self.max_notional: int = rules.max_order_notional
        self.collar_ticks: int = rules.collar_ticks
        self.collar_ppm: int = rules.collar_ppm
        self.is_collar_at_last: bool = rules.collar_reference == "last"
        self.rate_limit: int = rules.rate_limit
        self.rate_interval_ns: int = rules.rate_interval_ns
        self.counts_cancels: bool = rules.rate_counts_cancels
        self.killed: set[int] = set()  # account ids
        self.interval: int = -1  # the number of the interval that is counted
        self.counts: dict[int, int] = {}  # requests in it by account id

    def request_refusal(self, owner: i64) -> i64:
        """Return why an account may not enter or change orders now, or 0; count the request."""
        account: int = owner & ACCOUNT_MASK
        return REJECT_KILL_SWITCH_ON if account in self.killed else self._count(account)

    def side_refusal(self, account: int) -> i64:
        """The same for terms and links, which count where cancels do."""
        if account in self.killed:
            return REJECT_KILL_SWITCH_ON
        return self._count(account) if self.counts_cancels else REJECT_NONE

    def cancel_refusal(self, owner: i64) -> i64:
        """The same for a cancel or a reduction, which the kill switch never stops."""
        return self._count(owner & ACCOUNT_MASK) if self.counts_cancels else REJECT_NONE

    def _count(self, account: int) -> i64:
        """Count a request of an account, or refuse it as one too many of its interval."""
        if self.rate_limit == 0:
            return REJECT_NONE
        now: int = self.log.ts_ns
        interval = now // self.rate_interval_ns
        if interval != self.interval:
            self.interval = interval
            self.counts = {}
        count = self.counts.get(account, 0)
        if count >= self.rate_limit:
            return REJECT_TOO_MANY_REQUESTS
        self.counts[account] = count + 1
        return REJECT_NONE

    def order_refusal(self, market: Market, side: i64, kind: i64, lots: int, price: int) -> i64:
        """Return why an order is too large or its price looks like a mistake, or 0."""
        if 0 < self.max_lots < lots:
            return REJECT_ORDER_TOO_LARGE
        if self.max_notional > 0:
            counted: i64 = LIMIT if kind == LIMIT or kind == STOP_LIMIT else kind
            if self.matcher.order_notional(market, counted, lots, price) > self.max_notional:
                return REJECT_ORDER_TOO_LARGE
        if kind == LIMIT and (self.collar_ticks > 0 or self.collar_ppm > 0) and self._is_outside(market, side, price):
            return REJECT_PRICE_OUTSIDE_COLLAR
        return REJECT_NONE

    def _is_outside(self, market: Market, side: i64, price: int) -> bool:
        if not (market.has_last if self.is_collar_at_last else market.has_mark):
            return False
        reference: int = market.last if self.is_collar_at_last else market.mark
        width = self.collar_ticks
        if self.collar_ppm > 0:
            width = mul_div(abs(reference), self.collar_ppm, PPM)
        return price > reference + width if side == BUY else price < reference - width
