"""Phases of an instrument, their timetable, what a breaker planned (docs/semantics/phases.md, sections 1, 2, 4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange.commands import CommandType, SetPhase, SetReferencePrice
from exchange.enums import CancelReason, OrderKind, Origin, Phase, PhaseCause, RejectReason, TimeInForce
from exchange.events import PhaseChanged, ReferencePriceSet, RequestRejected
from exchange.rules import Rules
from tests.reference.auctions import AUCTIONS, Auctions
from tests.reference.book import Book, Order
from tests.reference.checks import Checks
from tests.reference.clearing import PPM, Clearing
from tests.reference.clock import Due, Rank, first_due
from tests.reference.journal import Journal
from tests.reference.levels import Levels

NONE = RejectReason.NONE
CALLS = (Phase.PRE_OPEN, *AUCTIONS)


@dataclass(eq=False)
class Plan:
    """What a breaker planned for its instrument: when the phase that it began ends, and how."""

    reference: int
    ends_ns: int
    auction_ns: int
    extensions: int = 0


class Phases:
    """Begins phases; who began one says why. The phase itself is kept by the book."""

    def __init__(
        self,
        rules: Rules,
        books: dict[int, Book],
        clearing: Clearing,
        checks: Checks,
        levels: Levels,
        auctions: Auctions,
        journal: Journal,
    ) -> None:
        self.has_money = rules.clearing == "margin"
        self.books = books
        self.clearing = clearing
        self.checks = checks
        self.levels = levels
        self.auctions = auctions
        self.journal = journal
        self.plans: dict[int, Plan] = {}  # by instrument
        self.rows_from_ns: dict[int, int] = {}  # by instrument: rows of the timetable before that are over
        self.forget_limit_state: Callable[[int], None] = lambda instrument_id: None
        self.handlers: dict[type, Callable[[Any], None]] = {
            SetPhase: self.set_phase,
            SetReferencePrice: self.set_reference_price,
        }

    # A phase begins (section 1).

    def begin(self, book: Book, phase: Phase, cause: PhaseCause, until_ns: int = 0) -> None:
        """Let trade what an auction leaves to trade, then change the phase."""
        previous = book.phase
        ends_auction = previous in AUCTIONS and phase in (Phase.CONTINUOUS, Phase.CLOSED)
        opens = phase == Phase.CONTINUOUS and previous != Phase.CONTINUOUS
        if ends_auction or (opens and self.auctions.has_to_uncross(book)):
            self.auctions.uncross(book)
        self.forget_limit_state(book.instrument_id)
        book.phase = phase
        if phase in AUCTIONS and cause != PhaseCause.EXTENSION:
            self.auctions.shown.pop(book.instrument_id, None)
        self.journal.write(
            PhaseChanged,
            instrument=book.instrument_id,
            until_ns=until_ns,
            phase=phase,
            previous=previous,
            cause=cause,
        )
        if phase == Phase.CLOSED:
            for order in sorted(book.live, key=lambda order: order.accepted):
                if order.asked_time == TimeInForce.DAY and book.is_live(order):
                    book.cancel(order, CancelReason.EXPIRED)
        if phase == Phase.CONTINUOUS and not self.levels.is_paused(book.instrument_id):
            self.levels.reopened.add(book.instrument_id)
            self.levels.opened_ns[book.instrument_id] = self.journal.ts_ns

    def interrupt(self, book: Book, action: str, halt_ns: int, auction_ns: int, reference: int) -> None:
        """A breaker stops trading, at once."""
        is_halt = action == "halt" and halt_ns > 0
        until_ns = self.journal.ts_ns + (halt_ns if is_halt else auction_ns)
        self.plans[book.instrument_id] = Plan(reference, until_ns, auction_ns)
        phase = Phase.HALT if is_halt else Phase.REOPENING_AUCTION
        self.begin(book, phase, PhaseCause.BREAKER, until_ns)

    # Commands.

    def set_phase(self, command: SetPhase) -> None:
        """The operator begins a phase."""
        reason = self.checks.instrument(command.instrument)
        if not reason and command.phase not in tuple(Phase):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_PHASE, command.instrument, int(command.phase), reason)
            return
        self.plans.pop(command.instrument, None)
        self.begin(self.books[command.instrument], command.phase, PhaseCause.OPERATOR)

    def set_reference_price(self, command: SetReferencePrice) -> None:
        """The operator gives the reference."""
        instrument_id, price = command.instrument, command.price_ticks
        reason = self.checks.instrument(instrument_id) or self.checks.price(instrument_id, price)
        if reason:
            self.reject(CommandType.SET_REFERENCE_PRICE, instrument_id, price, reason)
            return
        self.auctions.given[instrument_id] = price
        self.journal.write(ReferencePriceSet, instrument=instrument_id, price_ticks=price)

    def reject(self, request: CommandType, instrument_id: int, amount: int, reason: RejectReason) -> None:
        """Refuse a command of the operator."""
        self.journal.write(
            RequestRejected, instrument=instrument_id, account=0, amount=amount, request=request, reason=reason
        )

    # Time: the plan's next step, and the timetable's next row.

    def start(self, start_ns: int) -> None:
        """The venue's first command: what came before it is over."""
        self.rows_from_ns = dict.fromkeys(self.books, start_ns)

    def next_row(self, book: Book) -> tuple[int, Phase] | None:
        """Return when the timetable begins which phase next."""
        rules, start_ns = book.instrument.phases, self.rows_from_ns[book.instrument_id]
        rows = []
        for row in rules.timetable:
            at_ns = first_due(row.at_ns, rules.period_ns, start_ns) if rules.period_ns > 0 else row.at_ns
            if at_ns >= start_ns:
                rows.append((at_ns, Phase[row.phase.upper()]))
        return min(rows, default=None)

    def end_step(self, book: Book) -> None:
        """The time of a halt or an auction of a breaker is up."""
        plan, now = self.plans[book.instrument_id], self.journal.ts_ns
        if book.phase == Phase.HALT:
            plan.ends_ns = now + plan.auction_ns
            self.begin(book, Phase.REOPENING_AUCTION, PhaseCause.BREAKER_OVER, plan.ends_ns)
            return
        rules, outcome = book.instrument.breakers, self.auctions.outcome(book)
        is_far = abs(outcome.price - plan.reference) * PPM > rules.extension_ppm * abs(plan.reference)
        may_extend = rules.extension_ns > 0 and plan.extensions < rules.most_extensions
        if outcome.volume > 0 and is_far and may_extend:
            plan.extensions += 1
            plan.ends_ns = now + rules.extension_ns
            self.begin(book, book.phase, PhaseCause.EXTENSION, plan.ends_ns)
            return
        del self.plans[book.instrument_id]
        self.begin(book, Phase.CONTINUOUS, PhaseCause.BREAKER_OVER)

    def run_row(self, book: Book) -> None:
        """The timetable begins a phase."""
        row = self.next_row(book)
        assert row is not None
        self.rows_from_ns[book.instrument_id] = row[0] + 1
        self.plans.pop(book.instrument_id, None)
        self.begin(book, row[1], PhaseCause.TIMETABLE)

    # Orders (section 2).

    def check_amend(self, book: Book, origin: Origin) -> RejectReason:
        """The phase takes an amend."""
        if origin == Origin.PARTICIPANT and book.phase == Phase.CLOSED:
            return RejectReason.MARKET_CLOSED
        if origin == Origin.PARTICIPANT and book.phase == Phase.HALT:
            return RejectReason.MARKET_HALTED
        return NONE

    def check_new(self, book: Book, order: Order) -> RejectReason:
        """The phase takes such an order."""
        if order.origin != Origin.PARTICIPANT or book.phase == Phase.CONTINUOUS:
            return NONE
        return self.check_amend(book, order.origin) or (
            NONE if self.fits_call(book, order) else RejectReason.NOT_IN_THIS_PHASE
        )

    def fits_call(self, book: Book, order: Order) -> bool:
        """Whether a call takes the order; what has to trade at once it does not."""
        if order.post_only or order.is_to_limit or order.min_qty != 0:
            return False
        if order.kind in (OrderKind.LIMIT, OrderKind.MARKET):
            if order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
                return False
            return order.kind == OrderKind.LIMIT or self.queues_market_orders(book.instrument_id)
        return book.instrument.phases.auction_stops == "wait"

    def queues_market_orders(self, instrument_id: int) -> bool:
        """Whether market orders wait for an auction there."""
        instrument = self.books[instrument_id].instrument
        is_money_spent = instrument.kind == "spot" and self.has_money
        return instrument.phases.auction_market_orders == "queue" and not is_money_spent

    def queue(self, book: Book, order: Order) -> None:
        """Let a market order wait for the auction; its margin is that at the mark of now."""
        order.is_queued = True
        order.mark_at_arrival = self.clearing.marks.get(book.instrument_id, 0)
        book.enter(order)


class PhaseClock:
    """What is due in each instrument: the end of a limit state, of a breaker's step, or the timetable's next row."""

    def __init__(self, phases: Phases, limit_ends: dict[int, int], end_limit_state: Callable[[Book], None]) -> None:
        self.phases = phases
        self.limit_ends = limit_ends  # by instrument
        self.end_limit_state = end_limit_state

    def due(self, book: Book) -> list[tuple[int, Callable[[Book], None]]]:
        """Return everything that is to come, in the order in which it is done at one time."""
        found: list[tuple[int, Callable[[Book], None]]] = []
        if book.instrument_id in self.limit_ends:
            found.append((self.limit_ends[book.instrument_id], self.end_limit_state))
        if book.instrument_id in self.phases.plans:
            found.append((self.phases.plans[book.instrument_id].ends_ns, self.phases.end_step))
        row = self.phases.next_row(book)
        if row is not None:
            found.append((row[0], self.phases.run_row))
        return found

    def tasks(self) -> list[Due]:
        """Return the first of it for every instrument that is not settled for good."""
        settled, books = self.phases.clearing.settled, self.phases.books
        dues = {i: self.due(book) for i, book in books.items() if i not in settled}
        return [Due(min(at_ns for at_ns, _ in due), Rank.PHASES, i) for i, due in dues.items() if due]

    def run_task(self, task: Due) -> None:
        """Do one thing that is due."""
        book = self.phases.books[task.task_id]
        work = next(work for at_ns, work in self.due(book) if at_ns == task.due_ns)
        work(book)
