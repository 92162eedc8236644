"""What stands between orders and the book, all of it: phases, then protections, then breakers."""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, FUND_SLOT
from exchange.agenda import Agenda
from exchange.book.level_index import RANK
from exchange.book.live_terms import LiveTerms
from exchange.book.order_pool import order_flags
from exchange.desks.matching import Matcher
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_guard import OrderGuard
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import BUY, FOK, GTC, INSURANCE_FUND, IOC, LIMIT, MARKET, STOP
from exchange.market import Market
from exchange.phases.bands import AUCTION, HALT, REFUSE, REPRICE
from exchange.phases.keeper import PhaseKeeper
from exchange.phases.protector import Protector
from exchange.records import (
    CANCEL_PRICE_BAND,
    PHASE_CLOSED,
    PHASE_CONTINUOUS,
    PHASE_HALT,
    REJECT_MARKET_CLOSED,
    REJECT_MARKET_HALTED,
    REJECT_NONE,
    REJECT_NOT_IN_THIS_PHASE,
    REJECT_PRICE_OUTSIDE_BAND,
    write_breaker_tripped,
)


@final
class Guard(OrderGuard):
    """Asked by the desks and the matcher once anything here is in use."""

    def __init__(
        self,
        keepers: list[PhaseKeeper],
        protector: Protector,
        desk: OrderDesk,
        matcher: Matcher,
        clearing: Clearing,
        agenda: Agenda,
    ) -> None:
        """`keepers` stand in the order of the markets. Nothing is asked where the rules know none of it."""
        super().__init__()
        self.keepers = keepers
        self.protector = protector
        self.desk = desk
        self.matcher = matcher
        self.clearing = clearing
        self.agenda = agenda
        desk.guard = self
        matcher.guard = self
        is_used = protector.is_used
        for keeper in keepers:
            if keeper.is_timed or not keeper.market.is_continuous:
                is_used = True
        if is_used:
            self.turn_on()

    def turn_on(self) -> None:
        """Be asked from now on."""
        self.desk.has_guards = True
        self.matcher.has_guards = True
        self.watch()

    def watch(self) -> None:
        """Look whether something is to be looked at whenever the venue settles."""
        self.agenda.watches = False
        for keeper in self.keepers:
            if keeper.watches():
                self.agenda.watches = True
        if self.agenda.watches:
            self.agenda.has_touched = True  # without clearing, the venue settles only where this is set

    def after_settling(self) -> None:
        """Let every instrument show its call and watch its limits."""
        for keeper in self.keepers:
            keeper.after_settling()
        self.watch()

    # --- refusals ----------------------------------------------------------------------------------------------

    def request_refusal(
        self, market: Market, owner: i64, kind: i64, time_in_force: i64, post_only: i64, is_new: bool
    ) -> i64:
        """Return why an account's order, or an amend of one, is not looked at at all, or 0."""
        reason = self.protector.request_refusal(owner) if owner != 0 else REJECT_NONE
        if reason != REJECT_NONE:
            return reason
        return self.phase_refusal(market, owner, kind, time_in_force, post_only, is_new)

    def phase_refusal(
        self, market: Market, owner: i64, kind: i64, time_in_force: i64, post_only: i64, is_new: bool
    ) -> i64:
        """Return why the phase of a market takes no such order, or no amend, or 0."""
        phase = market.phase
        if owner == 0 or phase == PHASE_CONTINUOUS:
            return REJECT_NONE
        if phase == PHASE_CLOSED:
            return REJECT_MARKET_CLOSED
        if phase == PHASE_HALT:
            return REJECT_MARKET_HALTED
        if not is_new:
            return REJECT_NONE
        keeper = self.keepers[market.index]
        is_immediate = kind < STOP and (time_in_force == IOC or time_in_force == FOK)
        is_market_refused = kind == MARKET and not self._takes_market_orders(market)
        is_stop_refused = kind >= STOP and keeper.rules.auction_stops == "refuse"
        if is_immediate or post_only != 0 or is_market_refused or is_stop_refused:
            return REJECT_NOT_IN_THIS_PHASE
        return REJECT_NONE

    def _takes_market_orders(self, market: Market) -> bool:
        """Return whether a market order may be queued in a market now."""
        # What it would cost is not known in a call, so nobody trades coins by one where money is kept.
        is_blind = market.is_spot and self.matcher.has_clearing
        return not is_blind and self.keepers[market.index].takes_market_orders()

    def cancel_refusal(self, owner: i64) -> i64:
        """Return why a cancel or a reduction is not looked at, or 0."""
        return self.protector.cancel_refusal(owner) if owner != 0 else REJECT_NONE

    def side_refusal(self, account: i64) -> i64:
        """Return why an account may not say something about its orders, such as terms and links, or 0."""
        return self.protector.side_refusal(account)

    def order_refusal(
        self, market: Market, owner: i64, side: i64, kind: i64, lots: i64, price: i64, is_new: bool
    ) -> i64:
        """Return why a sound order may not be as large, or have such a price, or 0."""
        if owner == 0:
            return REJECT_NONE
        if self.protector.is_used:
            reason = self.protector.order_refusal(market, side, kind, lots, price)
            if reason != REJECT_NONE:
                return reason
        return self.band_refusal(market, owner, side, price, is_new) if kind == LIMIT else REJECT_NONE

    def band_refusal(self, market: Market, owner: i64, side: i64, price: i64, is_new: bool) -> i64:
        """Return why an order may not have its limit price now, or 0. An amend is not moved to a band, but refused."""
        bands = self.keepers[market.index].bands
        if owner == 0 or not bands.has_any or not market.is_continuous:
            return REJECT_NONE
        is_beyond = bands.beyond(side, price, REFUSE) or (not is_new and bands.beyond(side, price, REPRICE))
        return REJECT_PRICE_OUTSIDE_BAND if is_beyond else REJECT_NONE

    def price_within(self, market: Market, owner: i64, side: i64, price: i64) -> i64:
        """Return the limit price that an accepted order gets: its own, or a band's."""
        bands = self.keepers[market.index].bands
        if owner == 0 or not bands.has_any or not market.is_continuous:
            return price
        return bands.repriced(side, price)

    # --- matching ----------------------------------------------------------------------------------------------

    def limit_within(self, market: Market, owner: i64, side: i64, limit: i64) -> i64:
        """Return the worst rank of the other side that an order may trade at now."""
        bands = self.keepers[market.index].bands
        if owner == 0 or not bands.has_any or not bands.find(side):
            return limit
        sign: i64 = -1 if side == BUY else 1
        return max(limit, bands.limit * sign)

    def is_out_of_reach(self, market: Market, owner: i64, side: i64) -> bool:
        """Return whether the best order of the other side is beyond what an order may trade at now."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if opposite.best == 0:
            return False
        best = opposite.levels[opposite.best + RANK]
        return self.limit_within(market, owner, side, best) > best

    def match(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        limit: i64,
        lots: i64,
        passes_recorded: bool,
        liquidation: i64,
    ) -> i64:
        """Match as `Matcher.match` does, within what is allowed now; return what is left, 0 if that is disposed of."""
        matcher = self.matcher
        if not market.is_continuous:
            matcher.is_taker_canceled = False
            matcher.taker_filled = 0
            return lots
        rank = self.limit_within(market, owner, side, limit)
        left = matcher.match(market, owner, order_id, side, rank, lots, passes_recorded, liquidation)
        if rank == limit or left == 0 or matcher.is_taker_canceled:
            return left
        opposite = market.book.asks if side == BUY else market.book.bids
        if opposite.best == 0 or opposite.levels[opposite.best + RANK] < limit:
            return left
        # A breaker stopped it. What it found before the match still holds: the attributes are of `find`.
        keeper = self.keepers[market.index]
        bands = keeper.bands
        action = bands.actions[bands.breaker]
        price = opposite.levels[opposite.best + RANK] * opposite.sign
        breaker, reference = bands.breaker, bands.reference
        account: i64 = INSURANCE_FUND if owner >> 32 == FUND_SLOT else owner & ACCOUNT_MASK
        write_breaker_tripped(
            matcher.log, market.instrument, account, order_id, reference, bands.limit, price, breaker, side
        )
        if action == AUCTION or action == HALT:
            keeper.interrupt(breaker, reference)
            return left
        if liquidation != 0 or owner >> 32 < FIRST_SLOT:
            return left  # Who sent it decides what becomes of the rest.
        matcher.write_canceled(market, owner, order_id, matcher.taker_price, left, 0, side, CANCEL_PRICE_BAND)
        matcher.is_taker_canceled = True
        return 0

    def queue_market_order(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        time_in_force: i64,
        lots: i64,
        filled: i64,
        terms: LiveTerms | None,
    ) -> bool:
        """Queue a market order, or what is left of one, for an auction; return whether there is one that takes it."""
        is_immediate = time_in_force == IOC or time_in_force == FOK
        if market.is_continuous or is_immediate or not self._takes_market_orders(market):
            return False
        book = market.book
        slot = owner >> 32
        needs_margin = self.matcher.has_clearing and slot >= FIRST_SLOT
        if needs_margin and not market.has_mark:
            return False  # Nobody knows what it would count for.
        reserved_at: i64 = market.mark if needs_margin else 0
        order = book.enter(order_id, owner, order_flags(side, MARKET, GTC, 0), 0, lots, filled, reserved_at)
        if terms is not None and terms.time_in_force != 0:
            book.attach(order, terms)  # A time may end it.
        book.queue.add(order)
        if needs_margin:
            self.clearing.reserve(market, slot, side, reserved_at, 0, lots, 0)
        return True

    def begin_election(self, market: Market) -> None:
        """Be told that a stop is elected: what trades until `end_election` is its doing."""
        bands = self.keepers[market.index].bands
        if bands.has_stop_logic:
            if bands.cascade_step != self.matcher.log.step and market.has_last:
                bands.cascade_step = self.matcher.log.step
                bands.cascade_base = market.last
            bands.is_electing = market.has_last

    def end_election(self, market: Market) -> None:
        """Be told that an elected stop has run."""
        self.keepers[market.index].bands.is_electing = False
