"""What is done about an account below maintenance: cancel its orders, sell its legs into the book, settle the rest.

Work is queued as internal commands, first in first out, and each runs to completion before the next: a cascade is a
queue that drains. A command is a slot (start) or a slot and a leg (one attempt). Rules: docs/semantics.md, section 5.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import (
    ATTEMPTS,
    FILL_SLOT,
    FUND_SLOT,
    LIQUIDATING,
    MARKET,
    NEXT_LEG,
    OWNER_SLOT,
    SCHEDULE,
    SIZE,
    Ledger,
)
from exchange.desks.matching import Matcher
from exchange.desks.order_desk import OrderDesk
from exchange.enums import BUY, LIMIT, SELL
from exchange.enums import MARKET as MARKET_ORDER
from exchange.event_log import EventLog
from exchange.margin.prices import bankruptcy_quote, gains_with_value, value_before_fee
from exchange.market import Market
from exchange.records import (
    CANCEL_LIQUIDATION,
    MARK_EXTERNAL,
    OUTCOME_CURED,
    OUTCOME_EVEN,
    OUTCOME_SURPLUS,
    write_liquidation_ended,
    write_liquidation_order_placed,
    write_liquidation_started,
    write_position_taken_over,
    write_surplus_paid,
)
from exchange.risk.monitor import Monitor
from exchange.risk.waterfall import Waterfall
from exchange.rules import Rules

BOTH_SIDES: Final = 2


@final
class Liquidator:
    """Runs liquidations, one internal command at a time."""

    def __init__(
        self,
        rules: Rules,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        markets: list[Market],
        desk: OrderDesk,
        matcher: Matcher,
        monitor: Monitor,
    ) -> None:
        """Copy the rules; share the venue's parts."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.desk = desk
        self.matcher = matcher
        self.monitor = monitor
        self.waterfall = Waterfall(rules, log, ledger, clearing)
        self.is_market_first: bool = rules.liquidation.order == "market"
        self.max_attempts: i64 = rules.liquidation.max_attempts
        self.rechecks: bool = rules.liquidation.recheck
        self.fund_keeps_surplus: bool = rules.liquidation.surplus == "fund"
        self.queue: deque[tuple[int, int, int]] = deque()  # slot, leg (0: start), liquidation
        self.count: i64 = 0  # liquidations so far; the newest one's id
        self.next_order_id: i64 = -1
        self.settled_step: i64 = 0  # the newest step that the venue settled after

    def queue_start(self, slot: i64) -> None:
        """Queue the liquidation of an account that was found below maintenance."""
        self.queue.append((slot, 0, 0))

    def queue_retries(self) -> None:
        """Queue the waiting legs of every instrument with a trade or a mark update since the venue last settled."""
        for market in self.markets:
            if len(market.waiting) == 0 or market.active_step <= self.settled_step:
                continue
            for waiting in market.waiting:
                leg: i64 = waiting
                slot = self.ledger.legs[leg + OWNER_SLOT]
                self.queue.append((slot, leg, self.ledger.liquidations[slot]))
            market.waiting = []

    def run_next(self) -> bool:
        """Run the first internal command; return whether there was one."""
        if not self.queue:
            return False
        slot, leg, number = self.queue.popleft()
        if leg == 0:
            self._start(slot)
        elif self.ledger.states[slot] == LIQUIDATING and self.ledger.liquidations[slot] == number:
            self._attempt(slot, leg, number)
        return True

    def _start(self, slot: i64) -> None:
        ledger = self.ledger
        if not self.monitor.is_below_maintenance(slot):
            self.monitor.release(slot)
            return
        self.count += 1
        number = self.count
        ledger.states[slot] = LIQUIDATING
        ledger.liquidations[slot] = number
        self._write_started(slot, number)
        for market in self.markets:
            self.desk.mass_cancel(market, slot, BOTH_SIDES, CANCEL_LIQUIDATION, number)
        has_position = False
        leg = ledger.first_legs[slot]
        while leg != 0:
            ledger.legs[leg + ATTEMPTS] = 0
            if ledger.legs[leg + SIZE] != 0:
                has_position = True
                self.queue.append((slot, leg, number))
            leg = ledger.legs[leg + NEXT_LEG]
        if not has_position:
            self._finish(slot, number)

    def _write_started(self, slot: i64, number: i64) -> None:
        """Write the start, with the leg that has the largest maintenance margin, the lowest instrument id on a tie."""
        ledger = self.ledger
        largest: int = -1
        instrument: i64 = 0
        mark: i64 = 0
        trigger: i64 = 0
        leg = ledger.first_legs[slot]
        while leg != 0:
            maintenance = self.clearing.leg_maintenance(leg)
            if ledger.legs[leg + SIZE] != 0 and maintenance > largest:
                largest = maintenance
                market = self.markets[ledger.legs[leg + MARKET]]
                instrument = market.instrument
                mark = market.mark
                is_moved = market.mark_source != MARK_EXTERNAL and market.mover_step == self.log.step
                trigger = market.mover if is_moved else 0
            leg = ledger.legs[leg + NEXT_LEG]
        write_liquidation_started(
            self.log,
            instrument,
            ledger.account_ids[slot],
            number,
            self.clearing.equity(slot),
            self.clearing.maintenance(slot),
            mark,
            trigger,
        )

    def _attempt(self, slot: i64, leg: i64, number: i64) -> None:
        """Send one order for a leg; take over or wait for what it leaves."""
        legs = self.ledger.legs
        size = legs[leg + SIZE]
        if size == 0:
            self._finish_if_flat(slot, number)  # its instrument was settled for good
            return
        if self.rechecks and legs[leg + ATTEMPTS] > 0 and not self.monitor.is_below_maintenance(slot):
            self._end(slot, number, OUTCOME_CURED)
            return
        market = self.markets[legs[leg + MARKET]]
        is_market = self.is_market_first or legs[leg + ATTEMPTS] >= self.max_attempts
        legs[leg + ATTEMPTS] += 1
        side: i64 = SELL if size > 0 else BUY
        lots = size if size > 0 else -size
        price: i64 = 0 if is_market else self._bankruptcy_price(market, slot, leg)
        order_id = self._take_order_id(market)
        account = self.ledger.account_ids[slot]
        kind: i64 = MARKET_ORDER if is_market else LIMIT
        attempt = legs[leg + ATTEMPTS]
        write_liquidation_order_placed(
            self.log, market.instrument, account, number, order_id, price, lots, attempt, side, kind
        )
        owner = legs[leg + FILL_SLOT] << 32 | account
        left = self.matcher.liquidate(market, owner, order_id, side, is_market, price, lots, number)
        if left > 0 and is_market:
            self._take_over(market, slot, leg, number)
        elif left > 0:
            market.waiting.append(leg)
        if left == 0 or is_market:
            self._finish_if_flat(slot, number)

    def _bankruptcy_price(self, market: Market, slot: i64, leg: i64) -> i64:
        """Return the price at which closing a leg uses up its share of the account's equity.

        Equity is shared over the legs in proportion to maintenance margin, rounded down.
        """
        equity = self.clearing.equity(slot)
        total = self.clearing.maintenance(slot)
        own = self.clearing.leg_maintenance(leg)
        size: int = self.ledger.legs[leg + SIZE]
        quote = bankruptcy_quote(size, -size, -self.clearing.leg_value(leg), equity, own, total)
        fee_ppm = market.schedules[self.ledger.legs[leg + SCHEDULE]].closing_fee_ppm
        if fee_ppm != 0:
            quote = value_before_fee(quote, gains_with_value(market.valuation, size), fee_ppm)
        highest: int = market.max_price
        lowest: int = market.min_price
        price = market.valuation.price_for_value(size, quote, highest)
        return min(max(price, lowest), highest)

    def _take_over(self, market: Market, slot: i64, leg: i64, number: i64) -> None:
        """Move what the book had no bid for to the insurance fund, at mark."""
        size: int = self.ledger.legs[leg + SIZE]
        value = self.clearing.leg_value(leg)
        price = market.mark if market.has_mark else market.last
        fill_slot = self.ledger.legs[leg + FILL_SLOT]
        realized = self.clearing.change_position(market, fill_slot, -size, -value)
        fund_realized = self.clearing.change_position(market, FUND_SLOT, size, value)
        write_position_taken_over(
            self.log, market.instrument, self.ledger.account_ids[slot], number, size, price, value
        )
        self.clearing.write_position(market, fill_slot, realized, 0)
        self.clearing.write_position(market, FUND_SLOT, fund_realized, 0)

    def _finish_if_flat(self, slot: i64, number: i64) -> None:
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if self.ledger.legs[leg + SIZE] != 0:
                return
            leg = self.ledger.legs[leg + NEXT_LEG]
        self._finish(slot, number)

    def _finish(self, slot: i64, number: i64) -> None:
        """Settle an account that has no position left."""
        ledger = self.ledger
        balance: int = ledger.balances[slot]
        if balance > 0:
            if self.fund_keeps_surplus:
                ledger.post(slot, -balance)
                ledger.post(FUND_SLOT, balance)
                account = ledger.account_ids[slot]
                write_surplus_paid(self.log, account, number, balance, ledger.balances[FUND_SLOT])
            self._end(slot, number, OUTCOME_SURPLUS)
        elif balance == 0:
            self._end(slot, number, OUTCOME_EVEN)
        else:
            self._end(slot, number, self.waterfall.cover(slot, number))

    def _end(self, slot: i64, number: i64, outcome: i64) -> None:
        ledger = self.ledger
        leg = ledger.first_legs[slot]
        while leg != 0:
            waiting = self.markets[ledger.legs[leg + MARKET]].waiting
            if leg in waiting:
                waiting.remove(leg)
            leg = ledger.legs[leg + NEXT_LEG]
        ledger.liquidations[slot] = 0
        self.monitor.release(slot)
        write_liquidation_ended(self.log, ledger.account_ids[slot], number, ledger.balances[slot], outcome)

    def _take_order_id(self, market: Market) -> i64:
        while market.book.find(self.next_order_id) != 0:
            self.next_order_id -= 1
        order_id = self.next_order_id
        self.next_order_id = order_id - 1
        return order_id
