"""How large a liquidation order is under the venue's rules: the reduction, its bounds, and what the pace allows."""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import NEXT_LEG, SCHEDULE, SIZE, Ledger
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.risk.budgets import Budgets
from exchange.risk.depth import lots_in_band
from exchange.risk.leg_work import LegWork
from exchange.risk.monitor import Monitor
from exchange.risk.reduction import (
    buffered_shortage,
    fraction_first,
    fraction_of,
    lots_to_cover,
    lots_to_lower_tier,
    lots_to_lowest_tier,
    lots_within,
    notional_bounds,
    ramped_ppm,
    ramped_shortage,
    share_cap,
    volume_cap,
    with_dust,
)
from exchange.rules import Rules
from exchange.units import PPM, div_ceil, div_floor

_KINDS: Final = ("whole", "tiers", "lowest_tier", "fraction", "fraction_first", "shortage", "ramp")
WHOLE: Final = 0
TIERS: Final = 1
LOWEST_TIER: Final = 2
FRACTION: Final = 3
FRACTION_FIRST: Final = 4
SHORTAGE: Final = 5
RAMP: Final = 6


@final
class OrderSizer:
    """Decides how many lots of a leg the next order closes."""

    def __init__(
        self,
        rules: Rules,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        markets: list[Market],
        monitor: Monitor,
        budgets: Budgets,
    ) -> None:
        """Copy the rules."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.monitor = monitor
        self.budgets = budgets
        reduction = rules.liquidation.reduction
        self.kind: i64 = _KINDS.index(reduction.kind)
        self.tiers: int = reduction.tiers
        self.fraction_ppm: int = reduction.fraction_ppm
        self.threshold: int = reduction.threshold
        self.cooldown_ns: int = reduction.cooldown_ns
        self.buffer_ppm: int = reduction.buffer_ppm
        self.buffers_losses: bool = reduction.buffers_losses
        self.ramp_initial_ppm: int = reduction.ramp_initial_ppm
        self.ramp_ns: int = reduction.ramp_ns
        self.ramp_step_ppm: int = reduction.ramp_step_ppm
        self.from_notional: int = reduction.from_notional
        self.min_notional: int = reduction.min_notional
        self.max_notional: int = reduction.max_notional
        self.max_portion_ppm: int = reduction.max_portion_ppm
        self.dust_notional: int = reduction.dust_notional
        self.book_share_ppm: int = reduction.book_share_ppm
        self.book_band_ppm: int = reduction.book_band_ppm
        self.volume_share_ppm: int = reduction.volume_share_ppm
        self.charges_on_fills: bool = rules.liquidation.fee == "on_fills"
        # Whether every order closes all that is held, so that nothing has to be computed.
        self.is_plain: bool = reduction == type(reduction)() and not budgets.has_caps
        self.partial_ns: dict[int, int] = {}  # by leg: when its last fraction-first order was sent

    def lots(self, work: LegWork, market: Market) -> i64:
        """Return the lots to close now; 0: nothing yet. O(legs of the account), and the levels of a band."""
        size: int = self.ledger.legs[work.leg + SIZE]
        held = abs(size)
        if self.is_plain:
            return held
        notional = abs(self.clearing.leg_value(work.leg))
        if notional == 0:
            return held
        if self.budgets.is_tried(work.sent_ns):
            return 0
        wanted = held
        if notional >= self.from_notional:
            wanted = self._reduction(work, market, held, notional)
            if wanted == 0:
                return 0
            least, most = notional_bounds(notional, self.min_notional, self.max_notional, self.max_portion_ppm)
            wanted = lots_within(held, wanted, notional, least, most)
        wanted = with_dust(held, wanted, notional, self.dust_notional)
        if self.book_share_ppm > 0:
            volume = lots_in_band(market, size > 0, self.book_band_ppm)
            wanted = min(wanted, share_cap(volume, self.book_share_ppm))
        if self.volume_share_ppm > 0:
            traded: int = market.traded_lots
            wanted = min(wanted, volume_cap(traded - work.traded_before, self.volume_share_ppm))
        left = self.budgets.notional_left(work.liquidation.slot, market)
        if left >= 0:
            wanted = min(wanted, div_floor(held * left, notional))
        return wanted

    def note_sent(self, work: LegWork, market: Market, lots: int) -> None:
        """Take note of an order of so many lots: it counts at mark, whether it fills or not.

        What the remainder rules dispose of beyond it counts for no cap.
        """
        work.sent_ns = self.log.ts_ns
        if self.is_plain:
            return
        size: int = self.ledger.legs[work.leg + SIZE]
        if self.kind == FRACTION_FIRST and lots < abs(size):
            self.partial_ns[work.leg] = self.log.ts_ns
        notional = abs(self.clearing.leg_value(work.leg))
        self.budgets.use_notional(work.liquidation.slot, market, div_floor(notional * lots, max(abs(size), 1)))

    def shortage(self, slot: i64) -> int:
        """Return what an account's equity lacks to its requirement with the rule's buffer."""
        notional: int = 0
        if self.buffer_ppm > 0:
            leg = self.ledger.first_legs[slot]
            while leg != 0:
                if self.ledger.legs[leg + SIZE] != 0:
                    notional += abs(self.clearing.leg_value(leg))
                leg = self.ledger.legs[leg + NEXT_LEG]
        loss = max(0, -self.clearing.unrealized(slot)) if self.buffers_losses else 0
        requirement = self.monitor.requirement(slot)
        return buffered_shortage(self.clearing.equity(slot), requirement, notional, loss, self.buffer_ppm)

    @property
    def follows_shortage(self) -> bool:
        """Return whether the size depends on what was freed before."""
        return self.kind >= SHORTAGE

    def _tier_ends(self, work: LegWork, market: Market) -> list[int]:
        return market.schedules[self.ledger.legs[work.leg + SCHEDULE]].ends

    def _reduction(self, work: LegWork, market: Market, held: int, notional: int) -> int:
        kind = self.kind
        if kind == TIERS:
            return lots_to_lower_tier(held, notional, self._tier_ends(work, market), self.tiers)
        if kind == LOWEST_TIER:
            return lots_to_lowest_tier(held, notional, self._tier_ends(work, market))
        if kind == FRACTION:
            return fraction_of(held, self.fraction_ppm)
        if kind == FRACTION_FIRST:
            now: int = self.log.ts_ns
            last = self.partial_ns.get(work.leg, -1)
            since = now - last if last >= 0 else -1
            return fraction_first(held, notional, self.threshold, self.fraction_ppm, since, self.cooldown_ns)
        if kind == SHORTAGE or kind == RAMP:
            shortage = self.shortage(work.liquidation.slot)
            if kind == RAMP:
                now = self.log.ts_ns
                elapsed = now - work.liquidation.started_ns
                share = ramped_ppm(elapsed, self.ramp_ns, self.ramp_initial_ppm, self.ramp_step_ppm)
                shortage = ramped_shortage(shortage, work.liquidation.freed, share, self.ramp_step_ppm)
            if shortage <= 0:
                return 0
            return lots_to_cover(held, shortage, self._freed_by_whole(work, market, notional))
        return held

    def _freed_by_whole(self, work: LegWork, market: Market, notional: int) -> int:
        """Return what closing a leg at mark would free: its requirement and buffer, less its fees."""
        fee_ppm = market.taker_ppm
        if self.charges_on_fills:
            fee_ppm += market.liquidation_ppm
        own = self.monitor.scaled(self.clearing.leg_burden(work.leg))
        return own + div_floor(notional * self.buffer_ppm, PPM) - div_ceil(notional * fee_ppm, PPM)
