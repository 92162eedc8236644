"""The fund works off in the book what it took over (docs/semantics/liquidation.md, section 8)."""

from collections.abc import Callable

from exchange.enums import INSURANCE_FUND, CancelReason, OrderKind, Side, TimeInForce
from exchange.events import DisposalOrderPlaced
from exchange.rules import Rules
from tests.reference.book import Book, Order
from tests.reference.clearing import PPM, Clearing, ceil_div
from tests.reference.clock import Due, Rank
from tests.reference.journal import Journal
from tests.reference.levels import Levels
from tests.reference.orders import OrderDesk
from tests.reference.reduction import band_limit, lots_in_band


class Disposal:
    """The timers of the markets in which the fund has something to work off."""

    def __init__(
        self,
        rules: Rules,
        books: dict[int, Book],
        clearing: Clearing,
        desk: OrderDesk,
        levels: Levels,
        journal: Journal,
        take_order_id: Callable[[Book], int],
    ) -> None:
        self.rules = rules.liquidation.disposal
        self.books = books
        self.clearing = clearing
        self.desk = desk
        self.levels = levels
        self.journal = journal
        self.take_order_id = take_order_id
        self.interrupted: set[int] = set()  # instruments in which a breaker stopped trading in the last order
        self.last_ns: dict[int, int] = {}  # by instrument whose timer runs: the last step, or the takeover

    def note_taken(self, instrument_id: int) -> None:
        """The fund took something over."""
        if self.rules.step_ns > 0:
            self.last_ns.setdefault(instrument_id, self.journal.ts_ns)

    def due_ns(self, instrument_id: int) -> int:
        """Return when the next step of a market is due: not before it was opened."""
        return max(self.last_ns[instrument_id] + self.rules.step_ns, self.levels.opened_ns.get(instrument_id, 0))

    def open_markets(self) -> list[int]:
        """Return the instruments whose timers may end."""
        settled = self.clearing.settled
        return [i for i in sorted(self.last_ns) if self.levels.may_trade(i) and i not in settled]

    def tasks(self) -> list[Due]:
        """Return when the next step is due."""
        due = [self.due_ns(instrument_id) for instrument_id in self.open_markets()]
        return [Due(min(due), Rank.DISPOSAL, 0)] if due else []

    def run_task(self, _: Due) -> None:
        """Take every step that is due."""
        for instrument_id in self.open_markets():
            if self.due_ns(instrument_id) <= self.journal.ts_ns:
                self.step(instrument_id)

    def step(self, instrument_id: int) -> None:
        """Send an order, or stop the timer where nothing is left."""
        book, leg = self.books[instrument_id], self.clearing.leg(self.clearing.fund, instrument_id)
        size = leg.size
        if size == 0:
            del self.last_ns[instrument_id]
            return
        self.last_ns[instrument_id] = self.journal.ts_ns
        side, held = (Side.SELL if size > 0 else Side.BUY), abs(size)
        in_book = lots_in_band(book, side, self.rules.slippage_ppm)
        part = held if held <= self.rules.full_lots else ceil_div(held * self.rules.fraction_ppm, PPM)
        lots = min(part, ceil_div(in_book * self.rules.book_share_ppm, PPM))
        limit = band_limit(book, side, self.rules.slippage_ppm)
        if lots == 0 or limit is None:
            return
        if instrument_id in self.interrupted and self.desk.bands.is_out_of_reach(book, side):
            return
        order = Order(
            order_id=self.take_order_id(book),
            account=INSURANCE_FUND,
            side=side,
            kind=OrderKind.LIMIT,
            time_in_force=TimeInForce.IOC,
            price=min(max(limit, book.instrument.min_price_ticks), book.instrument.max_price_ticks),
            trigger=0,
            open_qty=lots,
        )
        self.journal.write(
            DisposalOrderPlaced,
            instrument=instrument_id,
            account=INSURANCE_FUND,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=lots,
            size_lots=size,
            book_lots=in_book,
        )
        for fill in book.match(order, order.price):
            self.desk.book_fill(book, fill)
        action = self.desk.bands.trip(book, order, order.price)
        self.interrupted.discard(instrument_id)
        if action in ("auction", "halt"):
            self.interrupted.add(instrument_id)
        if order.open_qty > 0:
            book.cancel(order, CancelReason.IOC_REMAINDER)
        if self.clearing.leg(self.clearing.fund, instrument_id).size == 0:
            del self.last_ns[instrument_id]
