"""What is done about an account below maintenance: cancel its orders, sell its legs into the book, settle the rest.

Work is queued as internal commands, first in first out, and each runs to completion before the next: a cascade is a
queue that drains. A command is a slot (start) or one turn of a leg. What waits, waits for its market (a trade or a mark
update) or for a time; a turn that is over makes what was queued for it void, so that nothing is searched for when a
liquidation ends. Rules: docs/semantics.md, section 5, and docs/semantics/liquidation.md.
"""

from collections import deque
from heapq import heappop, heappush
from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.interest import Interest
from exchange.accounts.ledger import FILL_SLOT, FUND_SLOT, LIQUIDATING, MARKET, NEXT_LEG, SIZE, Ledger
from exchange.clock import NEVER, Clock, TimedTask
from exchange.desks.matching import Matcher
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_ids import OwnOrderIds
from exchange.desks.reach import ACCOUNT_MASK, fillable
from exchange.enums import BUY, LIMIT, SELL
from exchange.enums import MARKET as MARKET_ORDER
from exchange.errors import InvariantError
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_IOC_REMAINDER,
    CANCEL_LIQUIDATION,
    LEVEL_BACKSTOP,
    MARK_EXTERNAL,
    OUTCOME_CURED,
    OUTCOME_DELEVERAGED,
    OUTCOME_EVEN,
    OUTCOME_SURPLUS,
    write_liquidation_ended,
    write_liquidation_order_placed,
    write_liquidation_started,
    write_margin_transferred,
    write_surplus_paid,
)
from exchange.risk.budgets import Budgets
from exchange.risk.deleveraging import Deleverager
from exchange.risk.disposal import Disposer
from exchange.risk.leg_work import LegWork, Liquidation
from exchange.risk.monitor import Monitor
from exchange.risk.order_fee import OrderFees
from exchange.risk.pacing import distance_key, is_drawn, random_key
from exchange.risk.quoting import BANKRUPTCY, OrderPricer
from exchange.risk.remainder import Takeovers
from exchange.risk.sizing import OrderSizer
from exchange.risk.surplus import fund_share
from exchange.risk.takeover import lots_below_backstop
from exchange.risk.waterfall import Waterfall
from exchange.rules import Rules
from exchange.units import PPM

BOTH_SIDES: Final = 2

IOC_ORDER: Final = 0
FOK_ORDER: Final = 1
RESTING_ORDER: Final = 2
_ORDERS: Final = {"ioc_at_bankruptcy": IOC_ORDER, "ioc": IOC_ORDER, "fok": FOK_ORDER, "limit": RESTING_ORDER}

BY_SHORTFALL: Final = 0
BY_ACCOUNT: Final = 1
BY_DISTANCE: Final = 2
BY_CHANCE: Final = 3
_QUEUE_ORDERS: Final = ("shortfall", "account", "distance", "random")


@final
class RetryTimer(TimedTask):
    """Queues the legs whose time has come."""

    def __init__(self, liquidator: "Liquidator") -> None:
        """Start with nothing due."""
        super().__init__()
        self.liquidator = liquidator

    def run(self) -> None:
        """Queue what is due."""
        self.liquidator.queue_due()


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
        clock: Clock,
        deleverager: Deleverager,
        waterfall: Waterfall,
        order_ids: OwnOrderIds,
    ) -> None:
        """Copy the rules; share the venue's parts."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.desk = desk
        self.matcher = matcher
        self.monitor = monitor
        self.waterfall = waterfall
        self.fund = waterfall.fund
        self.clock = clock
        self.interest: Interest | None = None  # what charges the accounts that borrow, set by the exchange
        liquidation, pacing = rules.liquidation, rules.liquidation.pacing
        self.order_ids = order_ids
        self.budgets = Budgets(pacing, log)
        self.pricer = OrderPricer(liquidation.price, ledger, clearing)
        if liquidation.order == "ioc_at_bankruptcy":
            self.pricer.kind = BANKRUPTCY
        self.sizer = OrderSizer(rules, log, ledger, clearing, markets, monitor, self.budgets)
        self.disposer = Disposer(liquidation.disposal, log, ledger, markets, matcher, clock, self.order_ids)
        self.takeovers = Takeovers(rules, log, ledger, clearing, markets, self.pricer, self.disposer, self.fund)
        self.fees = OrderFees(liquidation, log, ledger, clearing, self.pricer, self.budgets, self.fund)
        self.deleverager = deleverager
        self.is_market_first: bool = liquidation.order == "market"
        self.sends_nothing: bool = liquidation.order == "none"
        self.order_kind: i64 = _ORDERS.get(liquidation.order, IOC_ORDER)
        self.max_attempts: i64 = liquidation.max_attempts
        self.rechecks: bool = liquidation.recheck
        self.lifetime_ns: i64 = liquidation.lifetime_ns
        self.remainder: list[str] = list(liquidation.remainder)
        self.after_market: list[str] = [step for step in liquidation.remainder if step != "market"]
        self.takes_position: bool = liquidation.remainder_takes == "position"
        self.is_proportional: bool = liquidation.takeover.is_proportional
        self.acts_in_parts: bool = not self.sizer.is_plain or self.is_proportional
        self.backstop_takes_margin: bool = liquidation.takeover.backstop_takes_margin
        self.surplus_fund_ppm: int = {"fund": PPM, "trader": 0, "split": liquidation.surplus_fund_ppm}[
            liquidation.surplus
        ]
        self.interval_ns: i64 = pacing.interval_ns
        self.chance_ppm: int = pacing.chance_ppm
        self.seed: int = pacing.seed
        self.draws: int = 0  # random numbers used so far
        self.queue_order: i64 = _QUEUE_ORDERS.index(pacing.queue_order)
        clearing.charges_makers = self.order_kind == RESTING_ORDER and liquidation.order == "limit"
        clearing.fund_pays_fees = liquidation.disposal.pays_fees
        monitor.reviews_liquidated = clearing.charges_makers
        # Slot, its leg (None: start), ticket; of a start the liquidation that set it off.
        self.queue: deque[tuple[int, LegWork | None, int]] = deque()
        self.waiting: list[list[tuple[LegWork, int]]] = [[] for _ in markets]  # by market, the oldest attempt first
        self.timed: list[tuple[int, int, int, LegWork]] = []  # heap of due time, order of entry, ticket, leg
        self.timed_count: int = 0
        self.timer = RetryTimer(self)
        clock.add(self.timer)
        self.running: dict[int, Liquidation] = {}  # by slot
        self.count: i64 = 0  # liquidations so far; the newest one's id
        self.settled_step: i64 = 0  # the newest step that the venue settled after

    # --- the queue ---------------------------------------------------------------------------------------------

    def queue_starts(self, slots: list[int]) -> None:
        """Queue the liquidations of accounts that were found below maintenance, in the order of the rules."""
        if self.queue_order != BY_SHORTFALL and len(slots) > 1:
            slots = self._in_order(slots)
        for slot in slots:
            self.queue.append((slot, None, self._trigger_of(slot)))

    def queue_retries(self) -> None:
        """Queue the waiting legs of every instrument with a trade or a mark update since the venue last settled."""
        for market in self.markets:
            if len(self.waiting[market.index]) == 0 or market.active_step <= self.settled_step:
                continue
            for work, ticket in self.waiting[market.index]:
                if work.ticket == ticket and not work.liquidation.has_ended:
                    self._queue_turn(work)
            self.waiting[market.index] = []

    def queue_due(self) -> None:
        """Queue the legs whose time has come: by due time, then in the order in which they began to wait."""
        now: int = self.log.ts_ns
        while len(self.timed) > 0 and self.timed[0][0] <= now:
            _, _, ticket, work = heappop(self.timed)
            if work.ticket == ticket and not work.liquidation.has_ended:
                self._queue_turn(work)
        self._sleep()

    def _sleep(self) -> None:
        """Wake for the first leg that still waits: without one nothing is due, and the venue does not settle."""
        while len(self.timed) > 0:
            due_ns, _, ticket, work = self.timed[0]
            if work.ticket == ticket and not work.liquidation.has_ended:
                self.clock.set_due(self.timer, due_ns)
                return
            heappop(self.timed)
        self.clock.set_due(self.timer, NEVER)

    def review_filled(self) -> None:
        """Queue the legs whose resting order was filled meanwhile, in the order in which their accounts changed."""
        changed = self.monitor.liquidated_dirty
        self.monitor.liquidated_dirty = []
        for slot in changed:
            liquidation = self.running.get(slot)
            if liquidation is None:
                continue
            for work in liquidation.works:
                if work.order_id != 0 and self._market_of(work).book.find(work.order_id) == 0:
                    work.order_id = 0
                    self._queue_turn(work)
                    self._sleep()

    def run_next(self) -> bool:
        """Run the first internal command; return whether there was one."""
        if not self.queue:
            return False
        slot, work, ticket = self.queue.popleft()
        if work is None:
            self._start(slot, ticket)
        elif work.ticket == ticket and not work.liquidation.has_ended:
            self._take_turn(work)
        return True

    def _queue_turn(self, work: LegWork) -> None:
        work.ticket += 1
        self.queue.append((work.liquidation.slot, work, work.ticket))

    def _in_order(self, slots: list[int]) -> list[int]:
        """Sort accounts found at once by another key than their shortfall; ties by account id."""
        keyed: list[tuple[int, int, int, int]] = []
        for found in slots:
            slot: i64 = found
            first: int = 0
            second: int = 0
            if self.queue_order == BY_CHANCE:
                first = random_key(self.seed, self.draws)
                self.draws += 1
            elif self.queue_order == BY_DISTANCE:
                leg = self._largest_leg(slot)
                if leg != 0:
                    market = self.markets[self.ledger.legs[leg + MARKET]]
                    price = self.pricer.price(market, slot, leg)
                    first, second = distance_key(price, market.mark, abs(self.clearing.leg_value(leg)))
            keyed.append((first, second, self.ledger.account_ids[slot], slot))
        keyed.sort()
        return [slot for _, _, _, slot in keyed]

    # --- start -------------------------------------------------------------------------------------------------

    def _trigger_of(self, slot: i64) -> i64:
        """Return the liquidation whose order last traded in this step where an account has its largest leg, or 0.

        Asked when the breach is found: what trades between that and the start has not caused it.
        """
        leg = self._largest_leg(slot)
        if leg == 0:
            return 0
        market = self.markets[self.ledger.legs[leg + MARKET]]
        is_moved = market.mark_source != MARK_EXTERNAL and market.mover_step == self.log.step
        return market.mover if is_moved else 0

    def _start(self, slot: i64, trigger: i64) -> None:
        ledger = self.ledger
        if not self.monitor.is_below_maintenance(slot):
            self.monitor.release(slot)
            return
        self.count += 1
        number = self.count
        self.monitor.note_liquidated(slot)
        ledger.states[slot] = LIQUIDATING
        ledger.liquidations[slot] = number
        liquidation = Liquidation(number, slot, self.log.ts_ns)
        self.running[slot] = liquidation
        self._write_started(slot, number, trigger)
        if self.interest is not None:
            self.clearing.mark_dirty(slot)  # its loans are looked at in the order in which accounts changed
        short = self.sizer.shortage(slot) if self.sizer.follows_shortage else 0
        for market in self.markets:
            self.desk.mass_cancel(market, slot, BOTH_SIDES, CANCEL_LIQUIDATION, number)
        has_netted = self.clearing.net_pairs(slot, number)
        if (has_netted or self.clearing.counts_orders) and not self.monitor.is_below_maintenance(slot):
            self._end(liquidation, OUTCOME_CURED)  # Without its orders, or its pairs, it has enough.
            return
        if self.sizer.follows_shortage:
            liquidation.freed += max(0, short - self.sizer.shortage(slot))
        leg = ledger.first_legs[slot]
        while leg != 0:
            if ledger.legs[leg + SIZE] != 0:
                work = LegWork(liquidation, leg)
                work.traded_before = self._market_of(work).traded_lots
                liquidation.works.append(work)
                self._queue_turn(work)
            leg = ledger.legs[leg + NEXT_LEG]
        if len(liquidation.works) == 0:
            self._finish(liquidation)

    def _largest_leg(self, slot: i64) -> i64:
        """Return the leg with the largest maintenance margin, the lowest instrument id on a tie; 0 if there is none."""
        largest: int = -1
        found: i64 = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            maintenance = self.clearing.leg_maintenance(leg)
            if self.ledger.legs[leg + SIZE] != 0 and maintenance > largest:
                largest = maintenance
                found = leg
            leg = self.ledger.legs[leg + NEXT_LEG]
        return found

    def _write_started(self, slot: i64, number: i64, trigger: i64) -> None:
        """Write the start, with the largest leg's instrument, its mark and who moved it before the breach."""
        instrument: i64 = 0
        mark: i64 = 0
        cause: i64 = -1
        leg = self._largest_leg(slot)
        if leg != 0:
            market = self.markets[self.ledger.legs[leg + MARKET]]
            cause = market.index
            instrument = market.instrument
            mark = market.mark
        write_liquidation_started(
            self.log,
            instrument,
            self.ledger.account_ids[slot],
            number,
            self.clearing.equity(slot),
            self.clearing.maintenance(slot),
            mark,
            trigger,
        )
        self.waterfall.note_start(slot, number, cause, self.clearing.equity(slot))

    # --- one turn of a leg -------------------------------------------------------------------------------------

    def _take_turn(self, work: LegWork) -> None:
        """Send one order for a leg, or hand it on to who takes the rest; then wait, go on, or finish."""
        liquidation = work.liquidation
        slot = liquidation.slot
        market = self._market_of(work)
        self._withdraw(work, market)
        size = self.ledger.legs[work.leg + SIZE]
        if size == 0:
            self._finish_if_flat(liquidation)  # its instrument may have been settled for good
            return
        # Where whole legs go, each of them gets one order, even if the ones before it have cured the account.
        is_retry = work.has_had_turn or (self.acts_in_parts and liquidation.has_acted)
        work.has_had_turn = True
        if self.rechecks and is_retry and not self.monitor.is_below_maintenance(slot):
            self._end(liquidation, OUTCOME_CURED)
            return
        if _is_stopped(market):
            self.waiting[market.index].append((work, work.ticket))
            return
        is_at_backstop = self.monitor.has_backstop and self.monitor.note_liquidated(slot) == LEVEL_BACKSTOP
        if is_at_backstop and len(self.after_market) > 0:  # else nobody takes over, and orders go on
            self._hand_over(work, market, self._lots_below_backstop(work), self.after_market)
            return
        if not self._is_drawn():
            self._wait(work, market)
            return
        lots = self.sizer.lots(work, market)
        if (
            lots > 0
            and work.was_stopped
            and self.matcher.guard.is_out_of_reach(market, self._owner(work), self._side(work))
        ):
            self._wait(work, market)  # It would only interrupt trading again, at every reopening.
            return
        if lots > 0:
            self.sizer.note_sent(work, market, lots)
        if lots == 0:
            self._wait_for_pace(work, market)
        elif self.sends_nothing or (not self.is_market_first and work.failures >= self.max_attempts):
            if not self.sends_nothing:
                lots = self._remaining(work, lots)
            self._hand_over(work, market, lots, self.remainder)
        elif self.is_market_first:
            left = self._send_at_market(work, market, lots)
            if left == 0:
                self._go_on(work, market)
            elif _is_stopped(market):
                self._wait(work, market)
            else:
                self._hand_over(work, market, self._remaining(work, left), self.after_market)
        else:
            self._send(work, market, lots)

    def _send(self, work: LegWork, market: Market, lots: i64) -> None:
        """Send an order at a limit."""
        slot = work.liquidation.slot
        price = self.pricer.price(market, slot, work.leg)
        side = self._side(work)
        order_id = self._write_order(work, market, side, LIMIT, price, lots)
        owner = self._owner(work)
        if self.order_kind == RESTING_ORDER:
            left = self.matcher.rest_liquidation(market, owner, order_id, side, price, lots, work.liquidation.number)
            work.was_stopped = _is_stopped(market)
            if left > 0:
                work.order_id = order_id
                self._wait_until(work, self.log.ts_ns + self.lifetime_ns)
        else:
            left = self._match(work, market, owner, order_id, side, False, price, lots)
            if left > 0:
                if not _is_stopped(market):  # else its order tripped a breaker, which is not the order's failure
                    work.failures += 1
                self._wait(work, market)
        work.traded_before = market.traded_lots
        if left == 0:
            self._go_on(work, market)

    def _send_at_market(self, work: LegWork, market: Market, lots: i64) -> i64:
        """Send a market order without collar; return what is left of it."""
        side = self._side(work)
        order_id = self._write_order(work, market, side, MARKET_ORDER, 0, lots)
        left = self._match(work, market, self._owner(work), order_id, side, True, 0, lots)
        work.traded_before = market.traded_lots
        return left

    def _write_order(self, work: LegWork, market: Market, side: i64, kind: i64, price: i64, lots: i64) -> i64:
        """Count and write the next order of a leg, and return its id."""
        work.attempts += 1
        work.liquidation.has_acted = True
        order_id = self.order_ids.take(market)
        account = self.ledger.account_ids[work.liquidation.slot]
        number = work.liquidation.number
        write_liquidation_order_placed(
            self.log, market.instrument, account, number, order_id, price, lots, work.attempts, side, kind
        )
        return order_id

    def _match(
        self,
        work: LegWork,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        is_market: bool,
        price: i64,
        lots: i64,
    ) -> i64:
        """Run an order that does not rest, with its fee and what it frees; return what is left of it."""
        slot, number = work.liquidation.slot, work.liquidation.number
        matcher = self.matcher
        if not is_market and self.order_kind == FOK_ORDER:
            opposite = market.book.asks if side == BUY else market.book.bids
            rank: i64 = price * opposite.sign
            if matcher.has_guards:
                rank = matcher.guard.limit_within(market, owner, side, rank)
            if fillable(market, matcher.self_trade, owner, side, rank, lots) < lots:
                work.was_stopped = False
                matcher.write_canceled(market, owner, order_id, price, lots, number, side, CANCEL_IOC_REMAINDER)
                return lots
        follows = self.sizer.follows_shortage
        short = self.sizer.shortage(slot) if follows else 0
        self.fees.begin(work, market)
        wanted = self.fees.affordable(market, side == SELL, is_market, price, lots)
        left = lots
        if wanted == lots:
            left = matcher.liquidate(market, owner, order_id, side, is_market, price, lots, number)
        else:
            if wanted > 0:
                left -= wanted - matcher.liquidate(market, owner, order_id, side, is_market, price, wanted, number)
            matcher.write_canceled(market, owner, order_id, price, left, number, side, CANCEL_IOC_REMAINDER)
        work.was_stopped = _is_stopped(market)
        self.fees.end(work, market, lots - left)
        if follows:
            work.liquidation.freed += max(0, short - self.sizer.shortage(slot))
        return left

    def _hand_over(self, work: LegWork, market: Market, lots: i64, steps: list[str]) -> None:
        """Give lots that no order could sell to the next in line, in order; then go on or wait."""
        slot, leg = work.liquidation.slot, work.leg
        work.liquidation.has_acted = True
        left = lots
        for step in steps:
            if left == 0:
                break
            if step == "market":
                left = self._send_at_market(work, market, left)
                if _is_stopped(market):
                    break
            elif step == "fund":
                if not self.fund.declines(market.index):
                    left = self.takeovers.by_fund(market, work, left)
            elif step == "backstop":
                left = self.takeovers.by_backstop(market, work, left)
            else:
                price = self.pricer.bankruptcy_price(market, slot, leg)
                wanted = left
                left = self.deleverager.offset(market, slot, leg, work.liquidation.number, left, price)
                if left < wanted:
                    work.liquidation.is_deleveraged = True
        if left == 0:
            self._go_on(work, market)
            return
        if left == lots:
            work.failures = 0  # Nobody took any of it: the book may have recovered by the next turn.
        self._wait(work, market)

    def _go_on(self, work: LegWork, market: Market) -> None:
        """After an order that filled, or a takeover: finish, or take the next turn at once or after the interval."""
        if self.ledger.legs[work.leg + SIZE] == 0:
            self._finish_if_flat(work.liquidation)
        elif self.interval_ns > 0:
            self._wait_until(work, self.log.ts_ns + self.interval_ns)
        else:
            self._queue_turn(work)

    def _remaining(self, work: LegWork, left: i64) -> i64:
        size = self.ledger.legs[work.leg + SIZE]
        whole = size if size > 0 else -size
        return whole if self.takes_position else left

    def _lots_below_backstop(self, work: LegWork) -> i64:
        """Return how much of a leg is taken over at a time below the backstop level."""
        size: int = self.ledger.legs[work.leg + SIZE]
        if not self.is_proportional:
            return abs(size)
        slot = work.liquidation.slot
        return lots_below_backstop(abs(size), self.clearing.equity(slot), self.monitor.backstop_requirement(slot))

    def _is_drawn(self) -> bool:
        if self.chance_ppm >= PPM:
            return True
        self.draws += 1
        return is_drawn(self.seed, self.draws - 1, self.chance_ppm)

    # --- waiting -----------------------------------------------------------------------------------------------

    def _wait(self, work: LegWork, market: Market) -> None:
        """Let a leg wait for its interval, or for its market where the rules have none."""
        if self.interval_ns > 0:
            self._wait_until(work, self.log.ts_ns + self.interval_ns)
        else:
            self.waiting[market.index].append((work, work.ticket))

    def _wait_for_pace(self, work: LegWork, market: Market) -> None:
        """Let a leg wait whose order may not be sent now: for the end of the window that holds it, where one does."""
        reopens: i64 = self.budgets.reopens_ns(work.liquidation.slot, market, work.sent_ns)
        if reopens > self.log.ts_ns and self.interval_ns == 0:
            self._wait_until(work, reopens)
        else:
            self._wait(work, market)

    def _wait_until(self, work: LegWork, due_ns: i64) -> None:
        self.timed_count += 1
        heappush(self.timed, (due_ns, self.timed_count, work.ticket, work))
        if due_ns < self.timer.due_ns:
            self.clock.set_due(self.timer, due_ns)

    def _withdraw(self, work: LegWork, market: Market) -> None:
        """Take a leg's resting order out; it failed, since it was not filled in full."""
        if work.order_id == 0:
            return
        order = market.book.find(work.order_id)
        work.order_id = 0
        if order != 0:
            work.failures += 1
            self.matcher.take_out(market, order, CANCEL_LIQUIDATION, work.liquidation.number)

    # --- the end -----------------------------------------------------------------------------------------------

    def _finish_if_flat(self, liquidation: Liquidation) -> None:
        leg = self.ledger.first_legs[liquidation.slot]
        while leg != 0:
            if self.ledger.legs[leg + SIZE] != 0:
                return
            leg = self.ledger.legs[leg + NEXT_LEG]
        self._finish(liquidation)

    def _finish(self, liquidation: Liquidation) -> None:
        """Settle an account that has no position left."""
        ledger = self.ledger
        slot, number = liquidation.slot, liquidation.number
        if self.interest is not None:
            self.interest.close(slot)
        balance: int = ledger.balances[slot]
        if balance > 0:
            account = ledger.account_ids[slot]
            if self.backstop_takes_margin and liquidation.taker != 0:
                taker = liquidation.taker
                ledger.post(slot, -balance)
                ledger.post(taker, balance)
                self.clearing.mark_dirty(taker)
                taker_account = ledger.account_ids[taker]
                write_margin_transferred(self.log, account, number, balance, ledger.balances[taker], taker_account)
            elif self.surplus_fund_ppm > 0:
                kept = fund_share(balance, self.surplus_fund_ppm)
                self.waterfall.keep_surplus(slot, kept)
                write_surplus_paid(self.log, account, number, kept, ledger.balances[FUND_SLOT])
            self._end(liquidation, OUTCOME_SURPLUS)
        elif balance == 0:
            self._end(liquidation, OUTCOME_DELEVERAGED if liquidation.is_deleveraged else OUTCOME_EVEN)
        else:
            self._end(liquidation, self.waterfall.cover(slot, number))

    def _end(self, liquidation: Liquidation, outcome: i64) -> None:
        """Let an account trade again; what its legs have queued or wait for is void."""
        ledger = self.ledger
        slot = liquidation.slot
        for work in liquidation.works:
            self._withdraw(work, self._market_of(work))
        liquidation.has_ended = True
        if len(self.timed) > 0:
            self._sleep()
        del self.running[slot]
        ledger.liquidations[slot] = 0
        self.waterfall.forget(slot)
        self.monitor.release(slot)
        account, number = ledger.account_ids[slot], liquidation.number
        write_liquidation_ended(self.log, account, number, ledger.balances[slot], outcome)

    def check(self) -> None:
        """Raise InvariantError where a liquidation would never go on: after a settling each leg waits for something.

        O(accounts + legs in liquidation).
        """
        if len(self.queue) > 0:
            raise InvariantError(f"expected no internal command after a settling, found {len(self.queue)}")
        pending: set[int] = set()
        for waiting in self.waiting:
            for work, ticket in waiting:
                if work.ticket == ticket:
                    pending.add(work.leg)
        for _, _, ticket, work in self.timed:
            if work.ticket == ticket:
                pending.add(work.leg)
        for slot, liquidation in self.running.items():
            where = f"liquidation {liquidation.number} of account {self.ledger.account_ids[slot]}"
            if self.ledger.states[slot] != LIQUIDATING or liquidation.has_ended:
                raise InvariantError(f"{where}: expected an account in liquidation, found none")
            has_turn = False
            for work in liquidation.works:
                is_pending = work.order_id != 0 or work.leg in pending
                has_turn = has_turn or is_pending
                if not is_pending and self.ledger.legs[work.leg + SIZE] != 0:
                    raise InvariantError(f"{where}: expected a position that waits for its next turn, found none")
            if not has_turn:
                raise InvariantError(f"{where}: expected an end, or a next turn, found neither")
        slot_at: i64 = 0
        while slot_at < self.ledger.slot_count:
            if self.ledger.states[slot_at] == LIQUIDATING and slot_at not in self.running:
                raise InvariantError(f"account {self.ledger.account_ids[slot_at]}: expected a liquidation, found none")
            slot_at += 1

    def _market_of(self, work: LegWork) -> Market:
        return self.markets[self.ledger.legs[work.leg + MARKET]]

    def _side(self, work: LegWork) -> i64:
        return SELL if self.ledger.legs[work.leg + SIZE] > 0 else BUY

    def _owner(self, work: LegWork) -> i64:
        slot = self.ledger.legs[work.leg + FILL_SLOT]
        return slot << 32 | (self.ledger.account_ids[slot] & ACCOUNT_MASK)


def _is_stopped(market: Market) -> bool:
    """Return whether liquidations wait for a market. Asked anew after an order, which may have tripped a breaker."""
    return not market.can_trade
