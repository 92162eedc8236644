"""Who is liquidated, and how (section 5, steps 3 to 5)."""

from dataclasses import dataclass, field

from exchange.enums import CancelReason, LiquidationOutcome, OrderKind, Side, TimeInForce
from exchange.errors import InvariantError
from exchange.events import (
    LiquidationEnded,
    LiquidationOrderPlaced,
    LiquidationStarted,
    PositionTakenOver,
    SurplusPaid,
)
from exchange.rules import Rules
from tests.reference.book import Book, Order
from tests.reference.clearing import Account, Clearing
from tests.reference.deleveraging import Deleveraging
from tests.reference.journal import Journal
from tests.reference.orders import OrderDesk
from tests.reference.waterfall import Waterfall


@dataclass(eq=False)
class LegToSell:
    """One position of a liquidation: how often it was tried, when last, and whether it waits for another try."""

    attempts: int = 0
    failures: int = 0  # limit orders sent since the start, or since nobody took any of it
    last_attempt: int = 0  # a count over the venue's attempts
    is_waiting: bool = False


@dataclass(eq=False)
class Liquidation:
    """One account between LiquidationStarted and LiquidationEnded."""

    liquidation_id: int
    account: Account
    legs: dict[int, LegToSell] = field(default_factory=dict)  # by instrument, those not yet closed
    has_ended: bool = False
    cause: int = 0  # the instrument of its LiquidationStarted
    is_deleveraged: bool = False


@dataclass(eq=False)
class Start:
    """Internal command: look at an account that was found in breach."""

    account: Account


@dataclass(eq=False)
class Attempt:
    """Internal command: try to close one leg."""

    liquidation: Liquidation
    instrument_id: int


class Liquidator:
    """The queue of internal commands, and every liquidation under way."""

    def __init__(
        self, rules: Rules, books: dict[int, Book], clearing: Clearing, desk: OrderDesk, journal: Journal
    ) -> None:
        self.rules = rules.liquidation
        self.waterfall = Waterfall(rules, clearing, desk.checks, journal)
        self.deleveraging = Deleveraging(rules, clearing, books, journal)
        self.books = books
        self.clearing = clearing
        self.desk = desk
        self.journal = journal
        self.queue: list[Start | Attempt] = []
        self.under_way: list[Liquidation] = []
        self.started = 0
        self.attempts = 0
        self.next_order_id = -1
        self.sellers: dict[int, set[int]] = {}  # by instrument: liquidations that traded there in this command

    def check(self) -> None:
        """Raise InvariantError where the venue has settled and someone is left who should have been liquidated."""
        for account in self.clearing.participants.values():
            if account.is_in_liquidation:
                continue
            if self.clearing.shortfall(account) > 0:
                raise InvariantError(f"expected account {account.account_id} at or above maintenance")
            if account.balance < 0 and not any(leg.size for leg in account.legs.values()):
                raise InvariantError(f"expected a balance of account {account.account_id}, found {account.balance}")

    # What is queued.

    def queue_breaches(self) -> None:
        """Queue everyone who is below maintenance, the worst first."""
        queued = [internal.account for internal in self.queue if isinstance(internal, Start)]
        breached = []
        for account in self.clearing.participants.values():
            shortfall = self.clearing.shortfall(account)
            if shortfall > 0 and not account.is_in_liquidation and account not in queued:
                breached.append((-shortfall, account.account_id, account))
        for _, _, account in sorted(breached, key=lambda breach: breach[:2]):
            self.queue.append(Start(account))

    def queue_retries(self, moved: set[int]) -> None:
        """Queue the waiting legs of instruments with a trade or a new mark, by instrument, oldest attempt first."""
        waiting = [
            (instrument_id, leg.last_attempt, liquidation)
            for liquidation in self.under_way
            for instrument_id, leg in liquidation.legs.items()
            if leg.is_waiting and instrument_id in moved
        ]
        for instrument_id, _, liquidation in sorted(waiting, key=lambda retry: retry[:2]):
            self.queue.append(Attempt(liquidation, instrument_id))

    def run_first(self) -> None:
        """Run the first internal command of the queue."""
        internal = self.queue.pop(0)
        if isinstance(internal, Start):
            self.start(internal.account)
        elif not internal.liquidation.has_ended:
            self.attempt(internal.liquidation, internal.instrument_id)

    # Start.

    def start(self, account: Account) -> None:
        """Begin a liquidation, unless the account has recovered while it was queued."""
        if self.clearing.shortfall(account) <= 0:
            return
        self.started += 1
        liquidation = Liquidation(self.started, account)
        self.under_way.append(liquidation)
        legs = sorted(instrument_id for instrument_id, leg in account.legs.items() if leg.size != 0)
        # max returns the first of equals, which is the lowest id.
        shown_by = max(legs, key=lambda i: self.clearing.leg_maintenance(account, i), default=0)
        self.journal.write(
            LiquidationStarted,
            instrument=shown_by,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            equity=self.clearing.equity(account),
            maintenance=self.clearing.maintenance(account),
            mark_ticks=self.clearing.marks.get(shown_by, 0),
            triggered_by=self.cause_of(shown_by),
        )
        self.waterfall.see_negative(account, liquidation.liquidation_id, self.clearing.equity(account))
        liquidation.cause = shown_by
        account.is_in_liquidation = True
        for _, book in sorted(self.books.items()):
            for order in book.live_of(account.account_id):
                book.cancel(order, CancelReason.LIQUIDATION, liquidation.liquidation_id)
        for instrument_id in legs:
            liquidation.legs[instrument_id] = LegToSell()
            self.queue.append(Attempt(liquidation, instrument_id))
        if not legs:
            self.finish(liquidation)

    def cause_of(self, instrument_id: int) -> int:
        """Return the newest liquidation whose trades may have moved the instrument's mark in this command, or 0."""
        if instrument_id == 0:
            return 0
        instrument = self.clearing.instruments[instrument_id]
        if instrument.mark_source == "external" or not instrument.mark.moved_by_liquidations:
            return 0
        return max(self.sellers.get(instrument_id, set()), default=0)

    # Attempt.

    def attempt(self, liquidation: Liquidation, instrument_id: int) -> None:
        """Send one order for a leg, and decide what happens to what it leaves."""
        account, leg = liquidation.account, liquidation.legs[instrument_id]
        if self.clearing.leg(account, instrument_id).size == 0:  # settled for good
            self.close_leg(liquidation, instrument_id)
            return
        if leg.attempts > 0 and self.rules.recheck and self.clearing.shortfall(account) <= 0:
            self.end(liquidation, LiquidationOutcome.CURED)
            return
        is_limit = self.rules.order == "ioc_at_bankruptcy" and leg.failures < self.rules.max_attempts
        self.attempts += 1
        leg.last_attempt = self.attempts
        leg.is_waiting = False
        if is_limit:
            leg.failures += 1
            self.send_order(liquidation, instrument_id, is_limit=True)
        elif self.rules.order == "market":
            self.send_order(liquidation, instrument_id, is_limit=False)
            self.hand_over(liquidation, instrument_id, [step for step in self.rules.remainder if step != "market"])
        else:
            self.hand_over(liquidation, instrument_id, list(self.rules.remainder))
        if self.clearing.leg(account, instrument_id).size != 0:
            leg.is_waiting = True
            return
        del liquidation.legs[instrument_id]
        if not liquidation.legs:
            self.finish(liquidation)

    def hand_over(self, liquidation: Liquidation, instrument_id: int, steps: list[str]) -> None:
        """What orders could not sell goes through the remainder steps, each given what the last one left."""
        account, number = liquidation.account, liquidation.liquidation_id
        given = abs(self.clearing.leg(account, instrument_id).size)
        for step in steps:
            lots = abs(self.clearing.leg(account, instrument_id).size)
            if lots == 0:
                return
            if step == "market":
                self.send_order(liquidation, instrument_id, is_limit=False)
            elif step == "fund" and self.waterfall.fund.may_take_over(instrument_id):
                self.take_over(liquidation, instrument_id)
            elif step == "deleverage":
                price = self.clearing.bankruptcy_price(account, instrument_id)
                if self.deleveraging.run(account, instrument_id, lots, price, number) > 0:
                    liquidation.is_deleveraged = True
        if abs(self.clearing.leg(account, instrument_id).size) == given:
            liquidation.legs[instrument_id].failures = 0

    def send_order(self, liquidation: Liquidation, instrument_id: int, *, is_limit: bool) -> None:
        """Send one order for a leg."""
        account, leg, book = liquidation.account, liquidation.legs[instrument_id], self.books[instrument_id]
        leg.attempts += 1
        size = self.clearing.leg(account, instrument_id).size
        order = Order(
            order_id=self.take_order_id(book),
            account=account.account_id,
            side=Side.SELL if size > 0 else Side.BUY,
            kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
            time_in_force=TimeInForce.IOC,
            price=self.clearing.bankruptcy_price(account, instrument_id) if is_limit else 0,
            trigger=0,
            open_qty=abs(size),
            is_liquidation=True,
        )
        self.journal.write(
            LiquidationOrderPlaced,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=order.open_qty,
            attempt=leg.attempts,
            side=order.side,
            kind=order.kind,
        )
        for fill in book.match(order, order.price if is_limit else None):
            self.desk.book_fill(book, fill, liquidation.liquidation_id)
            self.sellers.setdefault(instrument_id, set()).add(liquidation.liquidation_id)
        if order.open_qty > 0:
            reason = CancelReason.IOC_REMAINDER if is_limit else CancelReason.MARKET_REMAINDER
            book.cancel(order, reason, liquidation.liquidation_id)

    def close_leg(self, liquidation: Liquidation, instrument_id: int) -> None:
        """A leg is gone; with the last one the liquidation is finished."""
        del liquidation.legs[instrument_id]
        if not liquidation.legs:
            self.finish(liquidation)

    def take_order_id(self, book: Book) -> int:
        """Return the venue's next own order id that is not live in the book."""
        while book.find(self.next_order_id) is not None:
            self.next_order_id -= 1
        order_id = self.next_order_id
        self.next_order_id -= 1
        return order_id

    def take_over(self, liquidation: Liquidation, instrument_id: int) -> None:
        """The fund takes what the book had no order for, at mark. Without one: at cost, and the last trade's price."""
        account = liquidation.account
        leg = self.clearing.leg(account, instrument_id)
        size = leg.size
        price = self.clearing.marks.get(instrument_id, self.books[instrument_id].last_price or 0)
        value = self.clearing.leg_value(account, instrument_id)
        account_realized = self.clearing.move_position(account, instrument_id, -size, price, -value)
        fund_realized = self.clearing.move_position(self.clearing.fund, instrument_id, size, price, value)
        self.journal.write(
            PositionTakenOver,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation.liquidation_id,
            size_lots=size,
            price_ticks=price,
            value=value,
        )
        self.clearing.write_position(account, instrument_id, account_realized, fee=0)
        self.clearing.write_position(self.clearing.fund, instrument_id, fund_realized, fee=0)

    # The end.

    def finish(self, liquidation: Liquidation) -> None:
        """No position is left: what remains is a surplus, nothing, or a deficit that somebody pays."""
        account, fund = liquidation.account, self.clearing.fund
        if account.balance < 0:
            self.end(liquidation, self.waterfall.pay_deficit(account, liquidation.liquidation_id, liquidation.cause))
        elif account.balance == 0:
            even = LiquidationOutcome.DELEVERAGED if liquidation.is_deleveraged else LiquidationOutcome.EVEN
            self.end(liquidation, even)
        else:
            if self.rules.surplus == "fund":
                amount = account.balance
                account.balance = 0
                self.clearing.credit_fund(liquidation.cause, amount)
                self.journal.write(
                    SurplusPaid,
                    account=account.account_id,
                    liquidation_id=liquidation.liquidation_id,
                    amount=amount,
                    fund_balance=fund.balance,
                )
            self.end(liquidation, LiquidationOutcome.SURPLUS)

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
