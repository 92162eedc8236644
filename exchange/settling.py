"""What the venue does after a command until nothing is left to do: stops, marks, breaches, liquidations; and what time
sets off before one. Rules: section 5 of docs/semantics.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.interest import Interest
from exchange.accounts.ledger import FUND_SLOT
from exchange.accounts.pockets import Pockets
from exchange.agenda import Agenda
from exchange.book.level_index import RANK
from exchange.clock import Clock
from exchange.desks.stop_desk import StopDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.phases.guard import Guard
from exchange.pricing.mark_model import MarkModel
from exchange.records import MARK_LAST, MARK_MID, MARK_MODEL, write_mark_price_updated
from exchange.risk.liquidation import Liquidator
from exchange.risk.monitor import Monitor


@final
class Settler:
    """Brings the venue to rest."""

    def __init__(
        self,
        has_clearing: bool,
        log: EventLog,
        agenda: Agenda,
        clock: Clock,
        markets: list[Market],
        pockets: Pockets,
        mark_models: list[MarkModel],
        stop_desk: StopDesk,
        monitor: Monitor,
        liquidator: Liquidator,
        interest: Interest,
        guard: Guard,
    ) -> None:
        """Share the venue's parts."""
        self.has_clearing: bool = has_clearing
        self.log = log
        self.agenda = agenda
        self.clock = clock
        self.markets = markets
        self.pockets = pockets
        self.mark_models = mark_models  # of each market; used where its mark source says so
        self.stop_desk = stop_desk
        self.monitor = monitor
        self.liquidator = liquidator
        self.interest = interest
        self.guard = guard
        self.ledger = liquidator.ledger
        self.has_loans: bool = interest.is_used
        # Whether a mark may change without a trade, so that every settling looks.
        self.has_book_marks: bool = any(market.mark_source in (MARK_MID, MARK_MODEL) for market in markets)

    def run_due(self, ts_ns: i64) -> None:
        """Run what is due until `ts_ns`, each task at its own time; the events carry the next command's number.

        Raises ConfigError where that would be more than `periods.MAX_STEPS` steps of a rule; nothing has changed then.
        """
        log, clock = self.log, self.clock
        if clock.is_started:
            clock.check_gap(ts_ns, log.command_seq + 1)
        else:
            clock.start(ts_ns)
        clock.until_ns = ts_ns
        while clock.next_due_ns <= ts_ns:
            task = clock.next_task()
            log.begin_task(task.due_ns)
            task.run()
            clock.refresh()
            self.settle()
            log.end_task()

    def settle(self) -> None:
        """Elect stops, update marks and run liquidations until nothing is left to do; show calls."""
        self._elect_stops()
        if not self.has_clearing:
            if self.agenda.watches:
                self.guard.after_settling()
            return
        are_retries_due = True
        while True:
            self._update_marks()
            while self.agenda.has_watches and self._elect_stops():
                self._update_marks()
            if len(self.pockets.clearing.touched_pockets) > 0:
                self.pockets.return_excess()
            if self.monitor.has_work():
                if self.has_loans:
                    self.interest.note_changes()
                self.liquidator.queue_starts(self.monitor.find_breaches())
                if len(self.monitor.liquidated_dirty) > 0:
                    self.liquidator.review_filled()
            if are_retries_due:
                are_retries_due = False
                self.liquidator.queue_retries()
            if not self.liquidator.run_next():
                if self.ledger.balances[FUND_SLOT] >= 0:
                    break
                self.liquidator.waterfall.cover_fund()
            self._elect_stops()
        self.liquidator.settled_step = self.log.step
        if self.agenda.watches:
            self.guard.after_settling()
        if self.liquidator.waterfall.observes:
            self.liquidator.waterfall.observe()

    def is_unsettled(self) -> bool:
        """Return whether the newest command was continued, so that the venue has not settled since."""
        is_touched = self.agenda.has_touched
        if self.agenda.watches:  # then the agenda's flag stays set
            is_touched = any(market.is_touched and market.is_continuous for market in self.markets)
        return is_touched or self.monitor.has_work()

    def _elect_stops(self) -> bool:
        """Elect what prices touch until none is touched any more; return whether any was."""
        if self.agenda.has_moved_slots:
            self.stop_desk.links.cut_moved(self.markets)
        has_elected = False
        is_due = self.agenda.has_touched or self.agenda.has_watches
        while is_due:
            self.agenda.has_touched = False
            for market in self.markets:
                while self.stop_desk.elect(market):
                    has_elected = True
            is_due = self.agenda.has_touched
        return has_elected

    def _update_marks(self) -> None:
        if not self.agenda.has_traded and not self.has_book_marks:
            return
        self.agenda.has_traded = False
        for market in self.markets:
            if market.is_settled:
                continue
            if market.mark_source == MARK_LAST:
                has_last, last = market.has_last, market.last
                if market.feed.watches_trades:  # those of liquidations do not count
                    has_last, last = market.feed.trades.has_last, market.feed.trades.last
                if has_last and (not market.has_mark or market.mark != last):
                    self._set_mark(market, last)
            elif market.mark_source == MARK_MODEL:
                model = self.mark_models[market.index]
                if model.every_ns == 0:
                    model.update()
            elif market.mark_source == MARK_MID and market.is_continuous:
                bids, asks = market.book.bids, market.book.asks
                if bids.best != 0 and asks.best != 0:
                    middle = (bids.levels[bids.best + RANK] - asks.levels[asks.best + RANK]) >> 1
                    if not market.has_mark or market.mark != middle:
                        self._set_mark(market, middle)

    def _set_mark(self, market: Market, price: i64) -> None:
        market.set_mark(price, self.log.step)
        write_mark_price_updated(self.log, market.instrument, price)
