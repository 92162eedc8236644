"""Who is liquidated, and how: section 5 of docs/semantics.md, and docs/semantics/liquidation.md."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exchange.enums import AccountLevel, CancelReason, LiquidationOutcome, OrderKind, Side, TimeInForce
from exchange.errors import InvariantError
from exchange.events import (
    LiquidationEnded,
    LiquidationFeeCharged,
    LiquidationOrderPlaced,
    LiquidationStarted,
    MarginTransferred,
    SurplusPaid,
)
from exchange.rules import ReductionRules, Rules
from exchange.units import random_below, random_bits
from tests.reference import order_prices
from tests.reference.book import Book, Order
from tests.reference.clearing import PPM, Account, Clearing, ceil_div, sign
from tests.reference.clock import Due, Rank
from tests.reference.deleveraging import Deleveraging
from tests.reference.disposal import Disposal
from tests.reference.journal import Journal
from tests.reference.orders import OrderDesk
from tests.reference.pacing import Window, Windows
from tests.reference.reduction import LegInTurn, Reduction
from tests.reference.takeover import Takeover
from tests.reference.waterfall import Waterfall


@dataclass(eq=False)
class LegToSell:
    """One position of a liquidation: what was done about it, and whether it waits for another turn."""

    turns: int = 0  # also the ticket: a queued turn of an earlier ticket is void
    orders: int = 0
    failures: int = 0  # orders that did not fill, since a hand-over that nobody took any of
    wait: int = 0  # a count over the venue's waits
    is_waiting: bool = False
    due_ns: int | None = None
    last_order_ns: int | None = None  # a turn came to lots, sent or handed over
    lots_seen: int = 0  # traded in the instrument when its last order ran, or at the start
    was_interrupted: bool = False  # a breaker stopped trading in its last order


@dataclass(eq=False)
class Liquidation:
    """One account between LiquidationStarted and LiquidationEnded."""

    liquidation_id: int
    account: Account
    started_ns: int
    legs: dict[int, LegToSell] = field(default_factory=dict)  # by instrument, those not yet closed
    has_ended: bool = False
    has_acted: bool = False  # an order was sent, or lots were handed over
    cause: int = 0  # the instrument of its LiquidationStarted
    is_deleveraged: bool = False
    freed: int = 0
    backstop: Account | None = None  # who took over last


@dataclass(eq=False)
class Start:
    """Internal command: look at an account that was found in breach. cause: the liquidation that set it off, or 0."""

    account: Account
    cause: int


@dataclass(eq=False)
class Turn:
    """Internal command: do something about one leg."""

    liquidation: Liquidation
    instrument_id: int
    ticket: int


class Liquidator:
    """The queue of internal commands, and every liquidation under way."""

    def __init__(
        self, rules: Rules, books: dict[int, Book], clearing: Clearing, desk: OrderDesk, journal: Journal
    ) -> None:
        self.rules = rules.liquidation
        self.books = books
        self.clearing = clearing
        self.desk = desk
        self.levels = desk.levels
        self.journal = journal
        self.all_rules = rules
        self.waterfall = Waterfall(rules, clearing, desk.checks, journal)
        self.takeover = Takeover(rules, clearing, desk, self.waterfall.fund, self.levels, journal)
        self.deleveraging = Deleveraging(rules, clearing, books, journal)
        self.reduction = Reduction(rules, clearing, self.levels)
        self.disposal = Disposal(rules, books, clearing, desk, self.levels, journal, self.take_order_id)
        self.windows = Windows(rules.liquidation.pacing, journal)
        self.queue: list[Start | Turn] = []
        self.under_way: list[Liquidation] = []
        self.started = 0
        self.waits = 0
        self.draws = 0  # of the random stream
        self.next_order_id = -1
        self.last_seller = desk.last_seller  # by instrument: the liquidation that traded there last in this command
        self.last_parts: dict[tuple[int, int], int] = {}  # by account, instrument: when less than the position was sold

    def check(self) -> None:
        """Raise InvariantError where the venue has settled and someone is left who should have been liquidated."""
        for account in self.clearing.participants.values():
            if account.is_in_liquidation:
                continue
            if self.levels.shortfall(account) > 0:
                raise InvariantError(f"expected account {account.account_id} at or above maintenance")
            if account.balance < 0 and not any(leg.size for leg in account.legs.values()):
                raise InvariantError(f"expected a balance of account {account.account_id}, found {account.balance}")

    # What is queued.

    def queue_breaches(self) -> None:
        """Note the levels of those above liquidation; queue everyone who is below, the worst first."""
        queued = self.queued_accounts()
        free = [a for a in self.clearing.participants.values() if not a.is_in_liquidation and a not in queued]
        self.levels.look(free)
        breached = []
        for account in free:
            shortfall = self.levels.shortfall(account)
            if shortfall > 0:
                breached.append((-shortfall, account.account_id, account))
        breached.sort(key=lambda breach: breach[:2])
        if self.rules.pacing.queue_order == "account":
            breached.sort(key=lambda breach: breach[1])
        if self.rules.pacing.queue_order == "random" and len(breached) > 1:
            breached = [(self.draw_bits(), account_id, account) for _, account_id, account in breached]
            breached.sort(key=lambda breach: breach[:2])
        if self.rules.pacing.queue_order == "distance":
            breached.sort(key=lambda breach: (self.distance(breach[2]), breach[1]))
        for _, _, account in breached:
            self.queue.append(Start(account, self.cause_of(self.largest_leg(account))))

    def distance(self, account: Account) -> tuple[int, int]:
        """Return a key by which those go first whose first order is furthest from mark, then the largest."""
        instrument_id = self.largest_leg(account)
        if instrument_id == 0:
            return 0, 0
        price = order_prices.limit_price(self.all_rules, self.clearing, account, instrument_id)
        mark = self.clearing.marks.get(instrument_id, 0)
        notional = abs(self.clearing.leg_value(account, instrument_id))
        return -(abs(price - mark) * 2**64 // max(1, abs(mark))), -notional

    def largest_leg(self, account: Account) -> int:
        """Return the instrument of the leg with the largest maintenance, the lowest of equals; 0 without a leg."""
        legs = sorted(instrument_id for instrument_id, leg in account.legs.items() if leg.size != 0)
        return max(legs, key=lambda i: self.clearing.leg_maintenance(account, i), default=0)

    def queued_accounts(self) -> list[Account]:
        """Return the accounts whose liquidation has not started yet."""
        return [internal.account for internal in self.queue if isinstance(internal, Start)]

    def queue_retries(self, moved: set[int]) -> None:
        """Queue the waiting legs of instruments with a trade or a new mark, by instrument, oldest wait first."""
        waiting = [
            (instrument_id, leg.wait, liquidation)
            for liquidation in self.under_way
            for instrument_id, leg in liquidation.legs.items()
            if leg.is_waiting and instrument_id in moved
        ]
        for instrument_id, _, liquidation in sorted(waiting, key=lambda retry: retry[:2]):
            self.queue_turn(liquidation, instrument_id)

    def tasks(self) -> list[Due]:
        """Return when the next turns by time are due."""
        legs = [leg for liquidation in self.under_way for leg in liquidation.legs.values()]
        return [Due(leg.due_ns, Rank.RETRIES, 0) for leg in legs if leg.due_ns is not None]

    def queue_due_turns(self, task: Due) -> None:
        """Queue every turn that is due now, in the order in which they began to wait."""
        due = [
            (leg.wait, liquidation, instrument_id)
            for liquidation in self.under_way
            for instrument_id, leg in liquidation.legs.items()
            if leg.due_ns is not None and leg.due_ns <= self.journal.ts_ns
        ]
        for turn in sorted(due, key=lambda turn: turn[0]):
            _, liquidation, instrument_id = turn
            liquidation.legs[instrument_id].due_ns = None
            self.queue_turn(liquidation, instrument_id)

    def draw_bits(self) -> int:
        """Return the next bits of the venue's stream."""
        self.draws += 1
        return random_bits(self.rules.pacing.seed, self.draws - 1)

    def is_due_by_chance(self) -> bool:
        """Whether an order that is due is sent."""
        pacing = self.rules.pacing
        if pacing.chance_ppm == PPM:
            return True
        self.draws += 1
        return random_below(pacing.seed, self.draws - 1, PPM) < pacing.chance_ppm

    def wait_for_pace(self, leg: LegToSell, windows: list[Window]) -> None:
        """No lots now: the next turn when the last window that may hold the leg is over, or as after any failure."""
        pacing = self.rules.pacing
        ends = [window.start_ns + pacing.window_ns for window in windows]
        if self.is_held(leg) and leg.last_order_ns is not None:
            ends.append(leg.last_order_ns + pacing.window_ns)
        if pacing.interval_ns > 0 or max(ends, default=0) <= self.journal.ts_ns:
            self.wait(leg)
            return
        self.waits += 1
        leg.wait = self.waits
        leg.due_ns = max(ends)

    def is_held(self, leg: LegToSell) -> bool:
        """Whether the leg has had its one order of this window."""
        pacing, last, now = self.rules.pacing, leg.last_order_ns, self.journal.ts_ns
        if not pacing.once_per_window or last is None:
            return False
        return now == last if pacing.window_ns == 0 else now < last + pacing.window_ns

    def queue_turn(self, liquidation: Liquidation, instrument_id: int) -> None:
        """Queue a leg's next turn, at the end."""
        self.queue.append(Turn(liquidation, instrument_id, liquidation.legs[instrument_id].turns))

    def run_first(self) -> None:
        """Run the first internal command of the queue."""
        internal = self.queue.pop(0)
        if isinstance(internal, Start):
            self.start(internal.account, internal.cause)
            return
        liquidation = internal.liquidation
        if liquidation.has_ended or internal.instrument_id not in liquidation.legs:
            return
        if liquidation.legs[internal.instrument_id].turns == internal.ticket:
            self.turn(liquidation, internal.instrument_id)

    # Start.

    def start(self, account: Account, cause: int) -> None:
        """Begin a liquidation, unless the account has recovered while it was queued."""
        if self.levels.shortfall(account) <= 0:
            return
        self.levels.look_in_liquidation(account)
        self.started += 1
        liquidation = Liquidation(self.started, account, self.journal.ts_ns)
        self.under_way.append(liquidation)
        legs = sorted(instrument_id for instrument_id, leg in account.legs.items() if leg.size != 0)
        shown_by = self.largest_leg(account)
        self.journal.write(
            LiquidationStarted,
            instrument=shown_by,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            equity=self.clearing.equity(account),
            maintenance=self.clearing.maintenance(account),
            mark_ticks=self.clearing.marks.get(shown_by, 0),
            triggered_by=cause,
        )
        self.waterfall.see_negative(account, liquidation.liquidation_id, self.clearing.equity(account))
        liquidation.cause = shown_by
        account.is_in_liquidation = True
        shortage = self.reduction.shortage(account)
        for _, book in sorted(self.books.items()):
            book.cancel_all(account.account_id, CancelReason.LIQUIDATION, liquidation.liquidation_id)
        liquidation.freed += max(0, shortage - self.reduction.shortage(account))
        if self.clearing.may_orders_count and self.levels.shortfall(account) <= 0:
            self.end(liquidation, LiquidationOutcome.CURED)
            return
        for instrument_id in legs:
            liquidation.legs[instrument_id] = LegToSell(lots_seen=self.books[instrument_id].traded_lots)
            self.queue_turn(liquidation, instrument_id)
        if not legs:
            self.finish(liquidation)

    def cause_of(self, instrument_id: int) -> int:
        """Return the liquidation whose trades were the last to move the instrument's mark in this command, or 0."""
        if instrument_id == 0:
            return 0
        instrument = self.clearing.instruments[instrument_id]
        if instrument.mark_source == "external" or not instrument.mark.moved_by_liquidations:
            return 0
        return self.last_seller.get(instrument_id, 0)

    # Turn of a leg.

    def turn(self, liquidation: Liquidation, instrument_id: int) -> None:
        """Do what the rules say about a leg now: release, wait, sell, or hand over."""
        account, leg = liquidation.account, liquidation.legs[instrument_id]
        leg.turns += 1
        leg.is_waiting = False
        leg.due_ns = None
        size = self.clearing.leg(account, instrument_id).size
        if size == 0:
            self.go_on(liquidation, instrument_id)
            return
        if self.is_rechecked(liquidation, leg) and self.levels.shortfall(account) <= 0:
            self.end(liquidation, LiquidationOutcome.CURED)
            return
        if not self.levels.may_trade(instrument_id):
            self.wait_for_market(leg)
            return
        without_market = [step for step in self.rules.remainder if step != "market"]
        is_backstop_used = self.levels.rules.backstop_ppm > 0
        is_below = is_backstop_used and self.levels.look_in_liquidation(account) == AccountLevel.BACKSTOP
        if is_below and without_market:
            lots = self.takeover.lots_below_backstop(account, instrument_id)
            self.hand_over(liquidation, instrument_id, lots, without_market)
            return
        if not self.is_due_by_chance():
            self.wait(leg)
            return
        lots = self.reduction.lots(self.in_turn(liquidation, instrument_id))
        if lots == 0:
            self.wait_for_pace(leg, self.windows.of(account, instrument_id))
            return
        side = Side.SELL if size > 0 else Side.BUY
        if leg.was_interrupted and self.desk.bands.is_out_of_reach(self.books[instrument_id], side):
            self.wait(leg)
            return
        leg.last_order_ns = self.journal.ts_ns
        self.windows.use(
            account, instrument_id, abs(self.clearing.leg_value(account, instrument_id)) * lots // abs(size)
        )
        if lots < abs(size):
            self.last_parts[account.account_id, instrument_id] = self.journal.ts_ns
        is_exhausted = self.rules.order != "market" and leg.failures >= self.rules.max_attempts
        if self.rules.order == "none" or is_exhausted:
            takes_lots = self.rules.order == "none" or self.rules.remainder_takes == "order"
            self.hand_over(liquidation, instrument_id, lots if takes_lots else abs(size), self.rules.remainder)
            return
        left = self.send(liquidation, instrument_id, lots, is_market=self.rules.order == "market")
        if left == 0:
            self.go_on(liquidation, instrument_id)
        elif leg.was_interrupted:
            self.wait(leg)
        elif self.rules.order == "market":
            if self.rules.remainder_takes == "position":
                left = abs(self.clearing.leg(account, instrument_id).size)
            self.hand_over(liquidation, instrument_id, left, without_market)
        else:
            leg.failures += 1
            self.wait(leg)

    def is_rechecked(self, liquidation: Liquidation, leg: LegToSell) -> bool:
        """Whether an account that has recovered is released in this turn."""
        acts_in_parts = (
            self.rules.reduction != ReductionRules()
            or self.windows.are_used
            or self.rules.pacing.once_per_window
            or self.rules.takeover.is_proportional
        )
        return self.rules.recheck and (leg.turns > 1 or (acts_in_parts and liquidation.has_acted))

    def in_turn(self, liquidation: Liquidation, instrument_id: int) -> LegInTurn:
        """Return what the size of an order may depend on."""
        last_part = self.last_parts.get((liquidation.account.account_id, instrument_id))
        return LegInTurn(
            account=liquidation.account,
            instrument_id=instrument_id,
            elapsed_ns=self.journal.ts_ns - liquidation.started_ns,
            since_last_part_ns=None if last_part is None else self.journal.ts_ns - last_part,
            freed=liquidation.freed,
            traded_lots=self.books[instrument_id].traded_lots - liquidation.legs[instrument_id].lots_seen,
            is_held=self.is_held(liquidation.legs[instrument_id]),
            left=self.windows.left(liquidation.account, instrument_id),
        )

    def wait(self, leg: LegToSell) -> None:
        """The leg has its next turn after the interval, or else when its market moves."""
        if self.rules.pacing.interval_ns == 0:
            self.wait_for_market(leg)
            return
        self.waits += 1
        leg.wait = self.waits
        leg.due_ns = self.journal.ts_ns + self.rules.pacing.interval_ns

    def wait_for_market(self, leg: LegToSell) -> None:
        """The leg has its next turn when its market moves."""
        self.waits += 1
        leg.wait = self.waits
        leg.is_waiting = True

    def go_on(self, liquidation: Liquidation, instrument_id: int) -> None:
        """After an order that filled, or a hand-over that left nothing: the leg's next turn, or the end."""
        leg = liquidation.legs[instrument_id]
        if self.clearing.leg(liquidation.account, instrument_id).size == 0:
            del liquidation.legs[instrument_id]
            # One that waits for its time may be flat already: its market was settled for good.
            if all(leg.size == 0 for leg in liquidation.account.legs.values()):
                self.finish(liquidation)
        elif self.rules.pacing.interval_ns > 0:
            self.wait(leg)
        else:
            self.queue_turn(liquidation, instrument_id)

    # Orders.

    def send(self, liquidation: Liquidation, instrument_id: int, lots: int, *, is_market: bool) -> int:
        """Send one order for a leg; returns the lots that it left."""
        account, leg, book = liquidation.account, liquidation.legs[instrument_id], self.books[instrument_id]
        size = self.clearing.leg(account, instrument_id).size
        leg.orders += 1
        liquidation.has_acted = True
        shortage = self.reduction.shortage(account)
        value, part = self.clearing.leg_value(account, instrument_id), self.share_of_equity(account, instrument_id)
        fee_ppm = self.fee_ppm(liquidation, instrument_id)
        order = Order(
            order_id=self.take_order_id(book),
            account=account.account_id,
            side=Side.SELL if size > 0 else Side.BUY,
            kind=OrderKind.MARKET if is_market else OrderKind.LIMIT,
            time_in_force=TimeInForce.IOC,
            price=0 if is_market else order_prices.limit_price(self.all_rules, self.clearing, account, instrument_id),
            trigger=0,
            open_qty=lots,
            liquidation_id=liquidation.liquidation_id,
            fund_fee_ppm=fee_ppm if self.rules.fee == "on_fills" else 0,
        )
        self.journal.write(
            LiquidationOrderPlaced,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=order.open_qty,
            attempt=leg.orders,
            side=order.side,
            kind=order.kind,
        )
        received = 0
        may_match = self.rules.order != "fok" or is_market or book.fillable(order) >= order.open_qty
        for fill in book.match(order, None if is_market else order.price) if may_match else ():
            self.desk.book_fill(book, fill)
            received += sign(size) * self.clearing.value(instrument_id, fill.qty, fill.price)
        action = self.desk.bands.trip(book, order, None if is_market else order.price) if may_match else ""
        leg.was_interrupted = action in ("auction", "halt")
        left = order.open_qty
        if left > 0:
            reason = CancelReason.MARKET_REMAINDER if is_market else CancelReason.IOC_REMAINDER
            book.cancel(order, reason, liquidation.liquidation_id)
        if lots > left and self.rules.fee == "capped_by_surplus":
            needed = ceil_div((value - part) * (lots - left), abs(size))
            self.charge_surplus(liquidation, instrument_id, received, received - needed, fee_ppm)
        leg.lots_seen = book.traded_lots
        liquidation.freed += max(0, shortage - self.reduction.shortage(account))
        return left

    def share_of_equity(self, account: Account, instrument_id: int) -> int:
        """Return the leg's part of the equity by maintenance margin."""
        maintenance = self.clearing.leg_burden(account, instrument_id)
        return order_prices.share(self.clearing.equity(account), maintenance, self.clearing.maintenance(account))

    def fee_ppm(self, liquidation: Liquidation, instrument_id: int) -> int:
        """Return the rate of the liquidation fee, which may grow with time."""
        rate = self.clearing.instruments[instrument_id].fees.liquidation_ppm
        elapsed = self.journal.ts_ns - liquidation.started_ns
        if self.rules.fee_most_ppm == 0 or elapsed < self.rules.fee_grace_ns:
            return rate
        grown = rate + elapsed // self.rules.fee_step_ns * self.rules.fee_step_ppm
        return min(max(self.rules.fee_most_ppm, rate), grown)

    def charge_surplus(
        self, liquidation: Liquidation, instrument_id: int, received: int, surplus: int, fee_ppm: int
    ) -> None:
        """The fund gets the fee out of what an order brought above the bankruptcy price, or pays what is missing."""
        account = liquidation.account
        uncapped = ceil_div(abs(received) * fee_ppm, PPM)
        charged = min(uncapped, surplus)
        if surplus < 0:
            paid, _ = self.waterfall.fund.claim(liquidation.liquidation_id, instrument_id, -surplus)
            charged = -paid
        else:
            self.clearing.credit_fund(instrument_id, charged)
        account.balance -= charged
        self.journal.write(
            LiquidationFeeCharged,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            uncapped=uncapped,
            surplus=surplus,
            charged=charged,
            balance=account.balance,
        )

    def take_order_id(self, book: Book) -> int:
        """Return the venue's next own order id that is not live in the book."""
        while book.find(self.next_order_id) is not None:
            self.next_order_id -= 1
        order_id = self.next_order_id
        self.next_order_id -= 1
        return order_id

    # Hand-over.

    def hand_over(self, liquidation: Liquidation, instrument_id: int, lots: int, steps: Sequence[str]) -> None:
        """Offer lots to each step what the last one left; what nobody takes waits."""
        left = lots
        for step in steps:
            if left > 0:
                left -= self.take(liquidation, instrument_id, left, step)
            if step == "market" and liquidation.legs[instrument_id].was_interrupted:
                break  # the leg waits until trading goes on
        if left == lots:
            liquidation.legs[instrument_id].failures = 0
        if left > 0:
            self.wait(liquidation.legs[instrument_id])
        else:
            self.go_on(liquidation, instrument_id)

    def take(self, liquidation: Liquidation, instrument_id: int, lots: int, step: str) -> int:
        """Apply one step of the remainder rules; returns how many lots it took."""
        account, liquidation_id = liquidation.account, liquidation.liquidation_id
        if step == "market":
            return lots - self.send(liquidation, instrument_id, lots, is_market=True)
        taken = 0
        if step == "fund":
            if self.waterfall.fund.may_take_over(instrument_id):
                taken = self.takeover.by_fund(account, instrument_id, lots, liquidation_id)
                if taken > 0:
                    self.disposal.note_taken(instrument_id)
        elif step == "deleverage":
            price = order_prices.bankruptcy(self.clearing, account, instrument_id)
            taken = self.deleveraging.run(account, instrument_id, lots, price, liquidation_id)
            liquidation.is_deleveraged = liquidation.is_deleveraged or taken > 0
        else:
            queued = self.queued_accounts()
            takers = self.takeover.by_backstop(account, instrument_id, lots, liquidation_id, queued)
            taken = sum(part for _, part in takers)
            if takers:
                liquidation.backstop = takers[-1][0]
        liquidation.has_acted = liquidation.has_acted or taken > 0
        return taken

    # The end.

    def finish(self, liquidation: Liquidation) -> None:
        """No position is left: what remains is a surplus, nothing, or a deficit that somebody pays."""
        account = liquidation.account
        self.clearing.interest.charge_finished(account)
        if account.balance < 0:
            self.end(liquidation, self.waterfall.pay_deficit(account, liquidation.liquidation_id, liquidation.cause))
        elif account.balance == 0:
            even = LiquidationOutcome.DELEVERAGED if liquidation.is_deleveraged else LiquidationOutcome.EVEN
            self.end(liquidation, even)
        else:
            self.pay_surplus(liquidation)
            self.end(liquidation, LiquidationOutcome.SURPLUS)

    def pay_surplus(self, liquidation: Liquidation) -> None:
        """What is left goes to the backstop account that took over last, or in part to the fund."""
        account, fund, taker = liquidation.account, self.clearing.fund, liquidation.backstop
        if self.rules.takeover.backstop_takes_margin and taker is not None:
            amount = account.balance
            account.balance = 0
            taker.balance += amount
            self.journal.write(
                MarginTransferred,
                account=account.account_id,
                liquidation_id=liquidation.liquidation_id,
                amount=amount,
                taker_balance=taker.balance,
                taker=taker.account_id,
            )
            return
        shares = {"fund": PPM, "trader": 0, "split": self.rules.surplus_fund_ppm}
        amount = ceil_div(account.balance * shares[self.rules.surplus], PPM)
        if amount == 0:
            return
        account.balance -= amount
        self.clearing.credit_fund(liquidation.cause, amount)
        self.journal.write(
            SurplusPaid,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            amount=amount,
            fund_balance=fund.balance,
        )

    def end(self, liquidation: Liquidation, outcome: LiquidationOutcome) -> None:
        """Let the account trade again."""
        liquidation.has_ended = True
        liquidation.account.is_in_liquidation = False
        self.under_way = [other for other in self.under_way if other is not liquidation]
        self.journal.write(
            LiquidationEnded,
            account=liquidation.account.account_id,
            liquidation_id=liquidation.liquidation_id,
            balance=liquidation.account.balance,
            outcome=outcome,
        )
