"""Commands about prices, and what becomes due by the clock (docs/semantics/pricing.md, sections 1 and 2)."""

from collections.abc import Callable
from typing import Any

from exchange.commands import AdvanceTime, CommandType, SetFundingRate, SetIndexPrice, SetMarkPrice, SettleInstrument
from exchange.enums import RejectReason
from exchange.events import IndexPriceUpdated, RequestRejected
from tests.reference.book import Book
from tests.reference.checks import Checks
from tests.reference.clearing import Clearing
from tests.reference.clock import Clock, Due, Rank, first_due
from tests.reference.delivery import Delivery
from tests.reference.funding import Funding
from tests.reference.journal import Journal
from tests.reference.pricing import PPB, Prices


class PriceDesk:
    """Every instrument's prices and funding, and the list of what is due."""

    def __init__(
        self,
        books: dict[int, Book],
        clearing: Clearing,
        checks: Checks,
        journal: Journal,
        clock: Clock,
        write_mark: Callable[[int, int], None],
    ) -> None:
        self.clock = clock
        self.clearing = clearing
        self.checks = checks
        self.journal = journal
        self.write_mark = write_mark
        self.prices = {instrument_id: Prices(book, journal) for instrument_id, book in books.items()}
        self.funding = {i: Funding(prices, clearing, journal) for i, prices in self.prices.items()}
        self.delivery = Delivery(clearing, journal)
        self.next: dict[tuple[Rank, int], int] = {}  # by kind of task and instrument: when it is due
        self.handlers: dict[type, Callable[[Any], None]] = {
            SetIndexPrice: self.set_index_price,
            SetFundingRate: self.set_funding_rate,
            AdvanceTime: lambda command: None,
            SettleInstrument: self.settle_instrument,
        }
        if checks.has_money:
            clock.starters.append(self.start)
            clock.workers.append((self.tasks, self.run_task))

    # Time (section 1).

    def start(self, start_ns: int) -> None:
        """Find the first time of everything that will be due."""
        for instrument_id, prices in self.prices.items():
            instrument = prices.instrument
            if instrument.mark_source == "model" and (every := instrument.mark.every_ns) > 0:
                self.next[Rank.MARKS, instrument_id] = first_due(0, every, start_ns)
            if (interval := instrument.funding.interval_ns) > 0:
                prices.next_payment_ns = first_due(instrument.funding.offset_ns, interval, start_ns)
                self.next[Rank.FUNDING, instrument_id] = self.next_funding(prices, start_ns)
            if instrument.expiry_ns > 0:
                self.next[Rank.EXPIRY, instrument_id] = instrument.expiry_ns

    def next_funding(self, prices: Prices, from_ns: int) -> int:
        """Return the time of the next sample or payment."""
        rules = prices.instrument.funding
        if rules.sample_ns == 0:
            return prices.next_payment_ns
        return min(prices.next_payment_ns, first_due(rules.offset_ns, rules.sample_ns, from_ns))

    def tasks(self) -> list[Due]:
        """Return the next time of everything; nothing is due for a settled instrument."""
        settled = self.clearing.settled
        return [Due(due_ns, rank, i) for (rank, i), due_ns in self.next.items() if i not in settled]

    def run_task(self, task: Due) -> None:
        """Do what is due, and find out when it is due again."""
        prices = self.prices[task.task_id]
        del self.next[task.rank, task.task_id]
        if task.rank == Rank.MARKS:
            self.update_mark(task.task_id)
            self.next[task.rank, task.task_id] = task.due_ns + prices.instrument.mark.every_ns
        elif task.rank == Rank.FUNDING:
            self.run_funding(prices, task.due_ns)
            self.next[task.rank, task.task_id] = self.next_funding(prices, task.due_ns + 1)
        else:
            price = self.delivery.delivery_price(prices)
            if price is not None:
                self.delivery.settle(prices, price, is_commanded=False)
            else:
                self.next[task.rank, task.task_id] = self.clock.until_ns + 1

    def run_funding(self, prices: Prices, now: int) -> None:
        """Take a sample, pay, or both."""
        rules, funding = prices.instrument.funding, self.funding[prices.instrument.instrument_id]
        if rules.sample_ns > 0 and (now - rules.offset_ns) % rules.sample_ns == 0:
            funding.take_sample()
        if now == prices.next_payment_ns:
            prices.next_payment_ns += rules.interval_ns
            funding.pay_due()

    def index_price(self, instrument_id: int) -> int | None:
        """Return an instrument's index, None where it has none yet."""
        index = self.prices[instrument_id].index
        return None if index is None else index[0]

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
        if not reason and self.clearing.spot.is_spot(command.instrument):
            reason = RejectReason.INVALID_COMBINATION
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
