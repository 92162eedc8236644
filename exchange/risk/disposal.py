"""The fund works off in the book what it took over: one order per step and market, sized by what the book can bear.

The fund has no orders that rest, so it never trades with itself. Rules: docs/semantics/liquidation.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.ledger import FUND_SLOT, SIZE, Ledger
from exchange.clock import NEVER, Clock, TimedTask
from exchange.desks.matching import Matcher
from exchange.desks.order_ids import OwnOrderIds
from exchange.enums import BUY, INSURANCE_FUND, SELL
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import CANCEL_IOC_REMAINDER, write_disposal_order_placed, write_order_canceled
from exchange.risk.depth import lots_in_band, twice_mid_of
from exchange.risk.disposal_size import band_limit, disposal_lots, is_step_due
from exchange.rules import DisposalRules

FUND_OWNER: Final = FUND_SLOT << 32 | 0xFFFFFFFF  # the owner word of account -1


@final
class Disposer(TimedTask):
    """The fund's timer. It wakes for the market that is due first."""

    def __init__(
        self,
        rules: DisposalRules,
        log: EventLog,
        ledger: Ledger,
        markets: list[Market],
        matcher: Matcher,
        clock: Clock,
        order_ids: OwnOrderIds,
    ) -> None:
        """Copy the rules, and sleep."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.markets = markets
        self.matcher = matcher
        self.clock = clock
        self.order_ids = order_ids
        self.step_ns: i64 = rules.step_ns
        self.fraction_ppm: int = rules.fraction_ppm
        self.full_lots: int = rules.full_lots
        self.book_share_ppm: int = rules.book_share_ppm
        self.slippage_ppm: int = rules.slippage_ppm
        self.last_ns: list[int] = [-1] * len(
            markets
        )  # by market: its last step, or the takeover; -1 without a position
        clock.add(self)

    def note_taken(self, market: Market) -> None:
        """Begin the steps of a market; more of the same does not begin them anew."""
        if self.step_ns > 0 and self.last_ns[market.index] < 0:
            self.last_ns[market.index] = self.log.ts_ns
            self._sleep()

    def note_state(self) -> None:
        """Look again: in a paused market nothing is due; in one that was opened a step may be due already."""
        if self.step_ns > 0:
            self._sleep()

    def stop_for(self, instrument: i64) -> None:
        """Have no step in a market that was settled for good."""
        if self.step_ns > 0:
            for market in self.markets:
                if market.instrument == instrument:
                    self.last_ns[market.index] = -1
            self._sleep()

    def run(self) -> None:
        """Take the steps that are due, in ascending order of instrument."""
        now: int = self.log.ts_ns
        for market in self.markets:
            last = self.last_ns[market.index]
            if last >= 0 and is_step_due(now, last, self.step_ns, market.can_trade):
                self._step(market)
        self._sleep()

    def _step(self, market: Market) -> None:
        leg = market.leg(FUND_SLOT)
        size: int = self.ledger.legs[leg + SIZE] if leg != 0 else 0
        if size == 0:
            self.last_ns[market.index] = -1
            return
        self.last_ns[market.index] = self.log.ts_ns
        is_sale = size > 0
        book_lots = lots_in_band(market, is_sale, self.slippage_ppm)
        lots = disposal_lots(abs(size), self.fraction_ppm, self.full_lots, book_lots, self.book_share_ppm)
        if lots == 0:
            return
        side: i64 = SELL if is_sale else BUY
        limit = band_limit(twice_mid_of(market), self.slippage_ppm, is_sale)
        price = min(max(limit, market.min_price), market.max_price)
        order_id = self.order_ids.take(market)
        write_disposal_order_placed(self.log, market.instrument, INSURANCE_FUND, order_id, price, lots, size, book_lots)
        opposite = market.book.asks if side == BUY else market.book.bids
        rank: i64 = price * opposite.sign
        left = self.matcher.match_own(market, FUND_OWNER, order_id, side, rank, lots, 0)
        if left > 0:
            write_order_canceled(
                self.log, market.instrument, INSURANCE_FUND, order_id, price, left, 0, side, CANCEL_IOC_REMAINDER
            )
        if self.ledger.legs[leg + SIZE] == 0:
            self.last_ns[market.index] = -1

    def _sleep(self) -> None:
        earliest: i64 = NEVER
        for market in self.markets:
            last = self.last_ns[market.index]
            if last >= 0 and market.can_trade:
                due = max(last + self.step_ns, self.log.ts_ns)
                if due < earliest:
                    earliest = due
        self.clock.set_due(self, earliest)
