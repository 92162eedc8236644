"""Commands about prices, and what becomes due by the clock (docs/semantics/pricing.md, sections 1 and 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange.commands import AdvanceTime, CommandType, SetFundingRate, SetIndexPrice, SetMarkPrice, SettleInstrument
from exchange.enums import RejectReason
from exchange.events import IndexPriceUpdated, RequestRejected
from tests.reference.book import Book
from tests.reference.checks import Checks
from tests.reference.clearing import Clearing
from tests.reference.delivery import Delivery
from tests.reference.funding import Funding
from tests.reference.journal import Journal
from tests.reference.pricing import PPB, Prices

MARKS, FUNDING, EXPIRY = range(3)  # tasks of one time, in their order


@dataclass(eq=False)
class Task:
    """Something that happens at a time, and again after every period; 0: only once."""

    kind: int
    instrument_id: int
    due_ns: int
    period_ns: int
    run: Callable[["Task"], None]


class PriceDesk:
    """Every instrument's prices and funding, and the list of what is due."""

    def __init__(
        self,
        books: dict[int, Book],
        clearing: Clearing,
        checks: Checks,
        journal: Journal,
        write_mark: Callable[[int, int], None],
    ) -> None:
        self.clearing = clearing
        self.checks = checks
        self.journal = journal
        self.write_mark = write_mark
        self.prices = {instrument_id: Prices(book, journal) for instrument_id, book in books.items()}
        self.funding = {i: Funding(prices, clearing, journal) for i, prices in self.prices.items()}
        self.delivery = Delivery(clearing, journal)
        self.tasks: list[Task] | None = None  # from the first command on
        self.handlers: dict[type, Callable[[Any], None]] = {
            SetIndexPrice: self.set_index_price,
            SetFundingRate: self.set_funding_rate,
            AdvanceTime: lambda command: None,
            SettleInstrument: self.settle_instrument,
        }

    # Time (section 1); what comes at one time with the turns of liquidations comes before them.

    next_turns_ns: Callable[[], int | None] = staticmethod(lambda: None)
    queue_turns: Callable[[], None] = staticmethod(lambda: None)

    def run_due(self, ts_ns: int, settle: Callable[[], None]) -> None:
        """Run what is due by `ts_ns`, each at its own time, and let the venue settle after it."""
        if self.tasks is None:
            self.tasks = self.first_tasks(ts_ns)
        while True:
            due = [task for task in self.tasks if task.due_ns <= ts_ns]
            turns_ns = self.next_turns_ns()
            if turns_ns is not None and turns_ns <= ts_ns and all(turns_ns < task.due_ns for task in due):
                self.journal.ts_ns = turns_ns
                self.queue_turns()
                settle()
                continue
            if not due:
                break
            task = min(due, key=lambda task: (task.due_ns, task.kind, task.instrument_id))
            if task.instrument_id in self.clearing.settled:
                self.tasks.remove(task)
                continue
            self.journal.ts_ns = task.due_ns
            task.run(task)
            if task.period_ns == 0:
                self.tasks.remove(task)
            settle()
        self.journal.ts_ns = ts_ns

    def first_tasks(self, start_ns: int) -> list[Task]:
        """Return everything that will be due, with its first time."""
        tasks = []
        for instrument_id, prices in self.prices.items():
            instrument = prices.instrument
            if not self.checks.has_money:
                continue
            if instrument.mark_source == "model" and (every := instrument.mark.every_ns) > 0:
                tasks.append(Task(MARKS, instrument_id, first_due(0, every, start_ns), every, self.run_marks))
            if (interval := instrument.funding.interval_ns) > 0:
                first = first_due(instrument.funding.offset_ns, interval, start_ns)
                prices.next_payment_ns = first
                if (period := instrument.funding.sample_ns) > 0:
                    first = min(first, first_due(instrument.funding.offset_ns, period, start_ns))
                tasks.append(Task(FUNDING, instrument_id, first, interval, self.run_funding))
            if instrument.expiry_ns > 0:
                tasks.append(Task(EXPIRY, instrument_id, instrument.expiry_ns, 0, self.run_expiry))
        return tasks

    def run_marks(self, task: Task) -> None:
        """Make the mark anew."""
        self.update_mark(task.instrument_id)
        task.due_ns += task.period_ns

    def run_funding(self, task: Task) -> None:
        """Take a sample, pay, or both."""
        now, prices, funding = task.due_ns, self.prices[task.instrument_id], self.funding[task.instrument_id]
        rules = funding.rules
        if rules.sample_ns > 0 and (now - rules.offset_ns) % rules.sample_ns == 0:
            funding.take_sample()
        if now == prices.next_payment_ns:
            prices.next_payment_ns += rules.interval_ns
            funding.pay_due()
        next_sample = (
            first_due(rules.offset_ns, rules.sample_ns, now + 1) if rules.sample_ns else prices.next_payment_ns
        )
        task.due_ns = min(next_sample, prices.next_payment_ns)

    def run_expiry(self, task: Task) -> None:
        """Settle an instrument that expires, if there is any price."""
        prices = self.prices[task.instrument_id]
        price = self.delivery.delivery_price(prices)
        if price is not None:
            self.delivery.settle(prices, price, is_commanded=False)

    # Marks.

    def update_model_mark(self, instrument_id: int) -> None:
        """The marks step of a settling."""
        rules = self.prices[instrument_id].instrument.mark
        if rules.every_ns == 0:
            self.update_mark(instrument_id)

    def update_mark(self, instrument_id: int) -> None:
        """Make a mark anew, and say so where it changed."""
        mark = self.clearing.marks.get(instrument_id)
        price = self.prices[instrument_id].model_mark(mark)
        if price is not None and price != mark:
            self.write_mark(instrument_id, price)

    def take_outside_mark(self, command: SetMarkPrice) -> bool:
        """Take in a mark price that is one of several sources; returns whether it is."""
        prices = self.prices[command.instrument]
        if prices.instrument.mark_source != "model" or "external" not in prices.instrument.mark.sources:
            return False
        prices.outside = (command.price_ticks, command.ts_ns)
        return True

    # Commands (section 2).

    def set_index_price(self, command: SetIndexPrice) -> None:
        """The next value of the index or of one of its legs."""
        reason = self.request(command.instrument) or self.checks.price(command.instrument, command.price_ticks)
        if not reason and not self.prices[command.instrument].accepts_leg(command.leg):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_INDEX_PRICE, command.instrument, command.price_ticks, reason)
            return
        prices = self.prices[command.instrument]
        legs_used, outliers = prices.take_index(command.leg, command.price_ticks)
        self.journal.write(
            IndexPriceUpdated,
            instrument=command.instrument,
            price_ticks=0 if prices.index is None else prices.index[0],
            leg_price_ticks=command.price_ticks,
            leg=command.leg,
            legs_used=legs_used,
            outliers=outliers,
        )

    def set_funding_rate(self, command: SetFundingRate) -> None:
        """The rate of the next payment."""
        reason = self.request(command.instrument)
        if not reason and abs(command.rate_ppb) > PPB:
            reason = RejectReason.INVALID_AMOUNT
        if not reason and self.prices[command.instrument].instrument.funding.interval_ns == 0:
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_FUNDING_RATE, command.instrument, command.rate_ppb, reason)
            return
        self.funding[command.instrument].give_rate(command.rate_ppb)

    def settle_instrument(self, command: SettleInstrument) -> None:
        """The operator closes a market."""
        reason = self.request(command.instrument) or self.checks.price(command.instrument, command.price_ticks)
        if reason:
            self.reject(CommandType.SETTLE_INSTRUMENT, command.instrument, command.price_ticks, reason)
            return
        self.delivery.settle(self.prices[command.instrument], command.price_ticks, is_commanded=True)

    def request(self, instrument_id: int) -> RejectReason:
        """The instrument is there, and the venue has money."""
        reason = self.checks.instrument(instrument_id)
        if not reason and not self.checks.has_money:
            reason = RejectReason.INVALID_COMBINATION
        return reason

    def reject(self, request: CommandType, instrument_id: int, amount: int, reason: RejectReason) -> None:
        """Refuse a command that no account sends."""
        self.journal.write(
            RequestRejected, instrument=instrument_id, account=0, amount=amount, request=request, reason=reason
        )


def first_due(offset_ns: int, period_ns: int, start_ns: int) -> int:
    """Return the first of the times offset + k x period, k >= 0, that is not before `start_ns`."""
    return offset_ns + max(0, -((offset_ns - start_ns) // period_ns)) * period_ns
