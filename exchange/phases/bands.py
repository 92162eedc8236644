"""The limits within which one instrument trades, as its breakers have them now. Rules: docs/semantics/phases.md."""

from typing import Final, final

from mypy_extensions import i64

from exchange.enums import BUY
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.records import BREAKER_LIMIT_UP_DOWN, BREAKER_STOP_LOGIC
from exchange.units import PPM, mul_div

GIVEN: Final = 0
LAST: Final = 1
MARK: Final = 2
INDEX: Final = 3
_REFERENCES: Final = ("given", "last", "mark", "index")

REFUSE: Final = 0
REPRICE: Final = 1
CANCEL: Final = 2
AUCTION: Final = 3
HALT: Final = 4
_ACTIONS: Final = ("refuse", "reprice", "cancel", "auction", "halt")

NO_BREAKER: Final = -1
BREAKERS: Final = 4


@final
class Bands:
    """The breakers of one instrument; `find` leaves what it found in the attributes."""

    def __init__(self, market: Market, facts: Instrument) -> None:
        """Copy the rules."""
        rules = facts.breakers
        static, dynamic, limits, logic = (
            rules.static_band,
            rules.dynamic_band,
            rules.limit_up_down,
            rules.stop_logic,
        )
        self.market = market
        self.width_ticks: list[int] = [static.width_ticks, dynamic.width_ticks, 0, logic.max_move_ticks]
        self.width_ppm: list[int] = [static.width_ppm, dynamic.width_ppm, limits.width_ppm, 0]
        self.references: list[int] = [_REFERENCES.index(static.reference), _REFERENCES.index(dynamic.reference)]
        self.actions: list[int] = [_ACTIONS.index(static.action), _ACTIONS.index(dynamic.action), REPRICE, AUCTION]
        self.auction_ns: list[int] = [static.auction_ns, dynamic.auction_ns, limits.auction_ns, logic.pause_ns]
        self.halt_ns: list[int] = [
            static.halt_ns if static.action == "halt" else 0,
            dynamic.halt_ns if dynamic.action == "halt" else 0,
            limits.halt_ns,
            0,
        ]
        self.has_any: bool = any(self.width_ticks) or any(self.width_ppm)
        self.has_limits: bool = limits.width_ppm > 0
        self.has_stop_logic: bool = logic.max_move_ticks > 0

        self.has_given: bool = False  # SetReferencePrice, or the price of the last auction
        self.given: i64 = 0
        self.has_mean: bool = False  # limit up, limit down has a reference of its own
        self.mean: i64 = 0
        self.is_electing: bool = False  # what trades now is an elected stop
        self.cascade_step: i64 = -1
        self.cascade_base: i64 = 0  # the last trade before the step's first election

        self.breaker: i64 = NO_BREAKER  # of the tightest limit that `find` found ...
        self.reference: i64 = 0  # ... and its reference
        self.limit: i64 = 0  # ... and its price

    def find(self, side: i64) -> bool:
        """Look for the tightest limit of a side; return whether there is one."""
        self.breaker = NO_BREAKER
        breaker: i64 = 0
        while breaker < BREAKERS:
            if self._refers(breaker):
                limit = self.edge(breaker, self.reference_now(breaker), side)
                is_tighter = limit < self.limit if side == BUY else limit > self.limit
                if self.breaker == NO_BREAKER or is_tighter:
                    self.breaker = breaker
                    self.limit = limit
            breaker += 1
        if self.breaker == NO_BREAKER:
            return False
        self.reference = self.reference_now(self.breaker)
        return True

    def beyond(self, side: i64, price: i64, action: i64) -> bool:
        """Return whether a price is beyond the limit of a breaker with an action."""
        breaker: i64 = 0
        while breaker < BREAKERS:
            if self.actions[breaker] == action and self._refers(breaker):
                limit = self.edge(breaker, self.reference_now(breaker), side)
                if (price > limit) if side == BUY else (price < limit):
                    return True
            breaker += 1
        return False

    def repriced(self, side: i64, price: i64) -> i64:
        """Return a price moved to the limits that reprice."""
        breaker: i64 = 0
        while breaker < BREAKERS:
            if self.actions[breaker] == REPRICE and self._refers(breaker):
                limit = self.edge(breaker, self.reference_now(breaker), side)
                price = min(price, limit) if side == BUY else max(price, limit)
            breaker += 1
        return price

    def edge(self, breaker: i64, reference: int, side: i64) -> i64:
        """Return a breaker's limit for a side: the highest price a buy may pay, the lowest a sell may get."""
        width = self.width_ticks[breaker]
        if self.width_ppm[breaker] > 0:
            width = mul_div(abs(reference), self.width_ppm[breaker], PPM)
        if side == BUY:
            return min(reference + width, self.market.max_price)
        return max(reference - width, self.market.min_price)

    def reference_now(self, breaker: i64) -> int:
        """Return what a breaker that refers to something refers to."""
        market = self.market
        if breaker == BREAKER_STOP_LOGIC:
            return self.cascade_base
        if breaker == BREAKER_LIMIT_UP_DOWN:
            return self.mean if self.has_mean else self.given
        kind = self.references[breaker]
        if kind == GIVEN:
            return self.given
        if kind == LAST:
            return market.last
        return market.mark if kind == MARK else market.feed.index

    def _refers(self, breaker: i64) -> bool:
        """Return whether a breaker is in use and has something to refer to."""
        if self.width_ticks[breaker] == 0 and self.width_ppm[breaker] == 0:
            return False
        if breaker == BREAKER_STOP_LOGIC:
            return self.is_electing
        if breaker == BREAKER_LIMIT_UP_DOWN:
            return self.has_mean or self.has_given
        kind = self.references[breaker]
        if kind == GIVEN:
            return self.has_given
        if kind == LAST:
            return self.market.has_last
        return self.market.has_mark if kind == MARK else self.market.feed.has_index
