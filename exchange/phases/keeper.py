"""The phase of one instrument: who changes it when, what a breaker plans, what is shown.

Rules: docs/semantics/phases.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.agenda import Agenda
from exchange.book.auction import NO_AUCTION, AuctionPrice
from exchange.book.level_index import NOT_WATCHED, RANK
from exchange.clock import NEVER, Clock, TimedTask, first_multiple
from exchange.desks.order_expiry import OrderExpiry
from exchange.enums import BUY, SELL, Phase
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.phases.auctioneer import Auctioneer
from exchange.phases.bands import Bands
from exchange.records import (
    BREAKER_LIMIT_UP_DOWN,
    CAUSE_BREAKER,
    CAUSE_BREAKER_OVER,
    CAUSE_EXTENSION,
    CAUSE_TIMETABLE,
    LIMIT_STATE_DOWN,
    LIMIT_STATE_NONE,
    LIMIT_STATE_UP,
    PHASE_CLOSED,
    PHASE_CLOSING_AUCTION,
    PHASE_CONTINUOUS,
    PHASE_HALT,
    PHASE_OPENING_AUCTION,
    PHASE_REOPENING_AUCTION,
    write_band_moved,
    write_breaker_tripped,
    write_indicative_price_updated,
    write_limit_state_changed,
    write_phase_changed,
)
from exchange.risk.disposal import Disposer
from exchange.units import PPM


def is_auction(phase: i64) -> bool:
    """Return whether a phase is a call that shows its price."""
    return phase == PHASE_OPENING_AUCTION or phase == PHASE_REOPENING_AUCTION or phase == PHASE_CLOSING_AUCTION


def phase_number(name: str) -> int:
    """Return the number of a phase by its name in the rules."""
    return int(Phase[name.upper()])


@final
class PhaseKeeper(TimedTask):
    """The phases and breakers of one instrument. A task of the clock where its rules know of a time."""

    def __init__(
        self,
        market: Market,
        facts: Instrument,
        log: EventLog,
        agenda: Agenda,
        clock: Clock,
        auctioneer: Auctioneer,
        disposer: Disposer,
        order_expiry: OrderExpiry,
    ) -> None:
        """Begin with the first phase of the rules, which has no event."""
        super().__init__()
        self.market = market
        self.instrument = market.instrument
        self.log = log
        self.agenda = agenda
        self.clock = clock
        self.auctioneer = auctioneer
        self.disposer = disposer
        self.order_expiry = order_expiry
        self.rules = facts.phases
        self.breakers = facts.breakers
        self.bands = Bands(market, facts)
        self.times: list[int] = [row.at_ns for row in facts.phases.timetable]
        self.phases: list[int] = [phase_number(row.phase) for row in facts.phases.timetable]
        self.period_ns: int = facts.phases.period_ns
        self.next_row: int = 0  # of the timetable ...
        self.next_ns: i64 = NEVER  # ... and its time
        self.steps: list[tuple[int, int]] = []  # what a breaker has planned: time and phase, the next one first
        self.tripped_reference: int = 0
        self.extensions: int = 0
        self.limit_state: i64 = LIMIT_STATE_NONE
        self.limit_until_ns: i64 = NEVER
        self.shown: AuctionPrice = NO_AUCTION
        self.has_looked: bool = False  # since the call began ...
        self.looked_reference: int | None = None  # ... with this reference
        self.is_timed: bool = len(self.times) > 0 or self.bands.has_any
        self.market.set_phase(phase_number(facts.phases.initial))
        if self.is_timed:
            clock.add(self)

    def watches(self) -> bool:
        """Return whether something has to be looked at whenever the venue settles."""
        return is_auction(self.market.phase) or self.bands.has_limits

    def takes_market_orders(self) -> bool:
        """Return whether a market order may be queued now."""
        phase = self.market.phase
        is_call = phase != PHASE_CONTINUOUS and phase != PHASE_CLOSED
        return is_call and self.rules.auction_market_orders == "queue"

    def reference(self) -> int | None:
        """Return what an auction's price is near to: the last trade, the given reference, the mark; or None."""
        market = self.market
        if market.has_last:
            return market.last
        if self.bands.has_given:
            return self.bands.given
        return market.mark if market.has_mark else None

    # --- changing ----------------------------------------------------------------------------------------------

    def change(self, phase: i64, cause: i64, until_ns: i64) -> None:
        """Begin a phase; a call that ends with it trades first. until_ns: when a breaker ends it, 0 for never."""
        market = self.market
        previous = market.phase
        ends_call = is_auction(previous) and (phase == PHASE_CONTINUOUS or phase == PHASE_CLOSED)
        if ends_call or (phase == PHASE_CONTINUOUS and previous != PHASE_CONTINUOUS and self._has_call_orders()):
            found = self.auctioneer.uncross(market, self.rules, self.reference())
            if found.qty_lots > 0:
                self.bands.has_given = True
                self.bands.given = found.price_ticks
        self.shown = NO_AUCTION
        self._forget_call()
        self.limit_state = LIMIT_STATE_NONE
        self.limit_until_ns = NEVER
        market.set_phase(phase)
        write_phase_changed(self.log, market.instrument, until_ns, phase, previous, cause)
        if market.can_trade:
            market.active_step = self.log.step  # liquidations that waited go on
        self.disposer.note_state()
        if self.watches():
            self.agenda.watches = True
        if phase == PHASE_CLOSED:
            self.order_expiry.expire_day(market)
        if phase == PHASE_CONTINUOUS or self.agenda.watches:
            self.agenda.has_touched = True  # stops that were touched meanwhile

    def _forget_call(self) -> None:
        """Watch the book no more; a call looks anew."""
        self.has_looked = False
        self.market.book.bids.watched = NOT_WATCHED
        self.market.book.asks.watched = NOT_WATCHED

    def command(self, phase: i64, cause: i64) -> None:
        """Begin a phase by the will of the operator or the timetable: what a breaker had planned is off."""
        self.steps = []
        self.change(phase, cause, 0)
        self.sleep()

    def interrupt(self, breaker: i64, reference: i64) -> None:
        """Stop trading because of a breaker: a halt where it has one, then a call, then on."""
        bands = self.bands
        self.tripped_reference = reference
        self.extensions = 0
        now: int = self.log.ts_ns
        reopens = now + bands.halt_ns[breaker]
        ends = reopens + bands.auction_ns[breaker]
        self.steps = [(ends, PHASE_CONTINUOUS)]
        if reopens > now:
            self.steps.insert(0, (reopens, PHASE_REOPENING_AUCTION))
            self.change(PHASE_HALT, CAUSE_BREAKER, reopens)
        else:
            self.change(PHASE_REOPENING_AUCTION, CAUSE_BREAKER, ends)
        self.sleep()

    def _has_call_orders(self) -> bool:
        """Return whether something waits for an auction: market orders, or a book that is crossed."""
        book = self.market.book
        if book.queue.count > 0:
            return True
        bids, asks = book.bids, book.asks
        if bids.best == 0 or asks.best == 0:
            return False
        return bids.levels[bids.best + RANK] >= -asks.levels[asks.best + RANK]

    # --- time --------------------------------------------------------------------------------------------------

    def start(self, ts_ns: i64) -> None:
        """Take the timetable up at its first time that is not before the venue's first command."""
        self._look_up(ts_ns)
        self.sleep()

    def run(self) -> None:
        """Do the first of what is due: the end of a limit state, a breaker's next step, the timetable's."""
        now = self.log.ts_ns
        if self.limit_until_ns <= now:
            self._pause_at_limit()
        elif len(self.steps) > 0 and self.steps[0][0] <= now:
            self._take_step()
        elif self.next_ns <= now:
            phase: i64 = self.phases[self.next_row]
            self._look_up(now + 1)
            self.command(phase, CAUSE_TIMETABLE)
        self.sleep()

    def sleep(self) -> None:
        """Have the clock wake this for what comes next."""
        if not self.is_timed or self.market.is_settled:
            return
        due: i64 = min(self.next_ns, self.limit_until_ns)
        if len(self.steps) > 0:
            due = min(due, self.steps[0][0])
        self.clock.set_due(self, due)

    def _look_up(self, ts_ns: i64) -> None:
        self.next_ns = NEVER
        for row, at_ns in enumerate(self.times):
            due: i64 = at_ns
            if self.period_ns > 0:
                due = first_multiple(ts_ns, self.period_ns, at_ns)
            if ts_ns <= due < self.next_ns:
                self.next_ns = due
                self.next_row = row

    def _take_step(self) -> None:
        phase = self.steps[0][1]
        if phase == PHASE_CONTINUOUS and self._is_extended():
            self.extensions += 1
            until: int = self.log.ts_ns + self.breakers.extension_ns
            self.steps = [(until, PHASE_CONTINUOUS)]
            write_phase_changed(self.log, self.instrument, until, self.market.phase, self.market.phase, CAUSE_EXTENSION)
            return
        self.steps = self.steps[1:]
        ends = self.steps[0][0] if len(self.steps) > 0 else 0
        self.change(phase, CAUSE_BREAKER_OVER, ends)

    def _is_extended(self) -> bool:
        """Return whether the auction goes on because its price would be too far from the breaker's reference."""
        rules = self.breakers
        if self.extensions >= rules.most_extensions or rules.extension_ns == 0:
            return False
        found = self.auctioneer.price(self.market, self.rules, self.reference())
        away = abs(found.price_ticks - self.tripped_reference)
        return found.qty_lots > 0 and away * PPM > rules.extension_ppm * abs(self.tripped_reference)

    def _pause_at_limit(self) -> None:
        bands = self.bands
        side: i64 = BUY if self.limit_state == LIMIT_STATE_UP else SELL
        reference: i64 = bands.reference_now(BREAKER_LIMIT_UP_DOWN)
        limit = bands.edge(BREAKER_LIMIT_UP_DOWN, reference, side)
        write_breaker_tripped(self.log, self.instrument, 0, 0, reference, limit, limit, BREAKER_LIMIT_UP_DOWN, side)
        self.interrupt(BREAKER_LIMIT_UP_DOWN, reference)

    # --- after settling ----------------------------------------------------------------------------------------

    def after_settling(self) -> None:
        """Show what the call would trade at; or move the limits, and see whether the market stands at one."""
        market = self.market
        if market.is_settled:
            return
        if is_auction(market.phase):
            self._show()
        elif market.is_continuous and self.bands.has_limits:
            if self.limit_state == LIMIT_STATE_NONE:
                self._move_limits()
            self._watch_limits()

    def _show(self) -> None:
        """Show what the call would trade at, where that changed. O(1) where nothing changed that it depends on."""
        book = self.market.book
        reference = self.reference()
        is_same = not (book.bids.is_changed or book.asks.is_changed or book.queue.is_changed)
        if is_same and self.has_looked and reference == self.looked_reference:
            return
        self.has_looked = True
        self.looked_reference = reference
        book.bids.is_changed = False
        book.asks.is_changed = False
        book.queue.is_changed = False
        found = self.auctioneer.price(self.market, self.rules, reference)
        if found == self.shown:
            return
        self.shown = found
        write_indicative_price_updated(self.log, self.instrument, found.price_ticks, found.qty_lots, found.surplus_lots)

    def _move_limits(self) -> None:
        """Take on the mean of the trades in the window, where it has moved far enough."""
        bands = self.bands
        mean = self.market.feed.averaged.vwap(self.log.ts_ns)
        if mean is None:
            return
        before: int = bands.mean
        change = abs(mean - before)
        least_ppm: int = self.breakers.limit_up_down.update_ppm
        if bands.has_mean and (change == 0 or change * PPM < least_ppm * abs(before)):
            return
        bands.has_mean = True
        bands.mean = mean
        write_band_moved(
            self.log,
            self.instrument,
            mean,
            bands.edge(BREAKER_LIMIT_UP_DOWN, mean, SELL),
            bands.edge(BREAKER_LIMIT_UP_DOWN, mean, BUY),
        )

    def _watch_limits(self) -> None:
        bands = self.bands
        if not bands.has_mean and not bands.has_given:
            return
        reference: i64 = bands.reference_now(BREAKER_LIMIT_UP_DOWN)
        upper = bands.edge(BREAKER_LIMIT_UP_DOWN, reference, BUY)
        lower = bands.edge(BREAKER_LIMIT_UP_DOWN, reference, SELL)
        bids, asks = self.market.book.bids, self.market.book.asks
        state: i64 = LIMIT_STATE_NONE
        if bids.best != 0 and bids.levels[bids.best + RANK] >= upper:
            state = LIMIT_STATE_UP
        elif asks.best != 0 and -asks.levels[asks.best + RANK] <= lower:
            state = LIMIT_STATE_DOWN
        if state == self.limit_state:
            return
        is_up = state == LIMIT_STATE_UP or (self.limit_state == LIMIT_STATE_UP and state == LIMIT_STATE_NONE)
        self.limit_state = state
        limit = upper if is_up else lower
        until: i64 = 0
        self.limit_until_ns = NEVER
        if state != LIMIT_STATE_NONE:
            until = self.log.ts_ns + self.breakers.limit_up_down.limit_state_ns
            self.limit_until_ns = until
        write_limit_state_changed(self.log, self.instrument, reference, limit, until, state)
        self.sleep()
