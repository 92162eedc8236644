"""Breakers: bands, limit up and limit down, stop logic (docs/semantics/phases.md, section 4)."""

from collections.abc import Callable
from functools import partial

from exchange.enums import Breaker, LimitState, OrderKind, Phase, RejectReason, Side
from exchange.events import BandMoved, BreakerTripped, LimitStateChanged
from exchange.rules.phases import BandRules
from tests.reference.auctions import AUCTIONS, Auctions
from tests.reference.book import Book, Order, Stop, other
from tests.reference.clearing import PPM, Clearing
from tests.reference.journal import Journal
from tests.reference.phases import Phases

NONE = RejectReason.NONE


class Bands:
    """Which breakers an instrument has at the moment, and what happens when one trips."""

    def __init__(
        self, books: dict[int, Book], clearing: Clearing, auctions: Auctions, phases: Phases, journal: Journal
    ) -> None:
        self.books = books
        self.clearing = clearing
        self.auctions = auctions
        self.phases = phases
        self.journal = journal
        self.index_of: Callable[[int], int | None] = lambda instrument_id: None
        self.before_stops: dict[int, int] = {}  # by instrument: last trade before this step's first elected stop
        self.means: dict[int, int] = {}  # by instrument: reference of limit up, limit down
        self.limit_states: dict[int, LimitState] = {}  # by instrument; NONE where there is none
        self.limit_ends: dict[int, int] = {}  # by instrument in a limit state: when it halts
        phases.forget_limit_state = self.forget_limit_state
        for book in books.values():
            book.stop_of = partial(self.stop_of, book)

    # Limits.

    def stops(self, book: Book, side: Side, *, is_elected: bool = False) -> list[Stop]:
        """Return how far each breaker lets a side trade now, by number."""
        breakers, instrument_id = book.instrument.breakers, book.instrument_id
        if book.phase != Phase.CONTINUOUS:
            return []
        found = []
        for breaker, band in (
            (Breaker.STATIC_BAND, breakers.static_band),
            (Breaker.DYNAMIC_BAND, breakers.dynamic_band),
        ):
            reference = self.band_reference(book, band)
            if reference is None or (band.width_ticks == 0 and band.width_ppm == 0):
                continue
            width = band.width_ticks or abs(reference) * band.width_ppm // PPM
            found.append(stop(book, side, breaker, reference, width, band.action, band.halt_ns, band.auction_ns))
        limits, reference = breakers.limit_up_down, self.limit_reference(book)
        if limits.width_ppm > 0 and reference is not None:
            width = abs(reference) * limits.width_ppm // PPM
            found.append(
                stop(book, side, Breaker.LIMIT_UP_DOWN, reference, width, "reprice", limits.halt_ns, limits.auction_ns)
            )
        logic = breakers.stop_logic
        if logic.max_move_ticks > 0 and is_elected and instrument_id in self.before_stops:
            reference, width = self.before_stops[instrument_id], logic.max_move_ticks
            found.append(stop(book, side, Breaker.STOP_LOGIC, reference, width, "auction", 0, logic.pause_ns))
        return found

    def band_reference(self, book: Book, band: BandRules) -> int | None:
        """Return the price around which a band lies now."""
        if band.reference == "given":
            return self.auctions.given.get(book.instrument_id)
        if band.reference == "last":
            return book.last_price
        if band.reference == "mark":
            return self.clearing.marks.get(book.instrument_id)
        return self.index_of(book.instrument_id)

    def limit_reference(self, book: Book) -> int | None:
        """Return the price around which limit up and limit down lie now."""
        return self.means.get(book.instrument_id, self.auctions.given.get(book.instrument_id))

    def stop_of(self, book: Book, order: Order) -> Stop | None:
        """Return the tightest limit of an order, the first of equals."""
        if order.account == 0:
            return None
        stops = self.stops(book, order.side, is_elected=order.is_elected)
        return min(stops, key=lambda s: s.limit if order.side == Side.BUY else -s.limit, default=None)

    # On arrival.

    def check_new(self, book: Book, order: Order) -> RejectReason:
        """A limit order beyond a band is refused or gets the band's limit as its price."""
        if order.kind != OrderKind.LIMIT or order.account == 0:
            return NONE
        beyond = [s for s in self.stops(book, order.side) if s.is_beyond(order.price)]
        if any(s.action == "refuse" for s in beyond):
            return RejectReason.PRICE_OUTSIDE_BAND
        for s in beyond:
            if s.action == "reprice" and s.is_beyond(order.price):
                order.price = s.limit
        return NONE

    def check_amended(self, book: Book, order: Order) -> RejectReason:
        """An amend never goes beyond a band that refuses or reprices."""
        if order.kind != OrderKind.LIMIT or order.is_queued or order.account == 0:
            return NONE
        beyond = [s for s in self.stops(book, order.side) if s.is_beyond(order.price)]
        is_outside = any(s.action in ("refuse", "reprice") for s in beyond)
        return RejectReason.PRICE_OUTSIDE_BAND if is_outside else NONE

    def is_out_of_reach(self, book: Book, side: Side) -> bool:
        """Whether the best order that the venue's own order could meet is beyond the tightest limit."""
        best = book.best(other(side))
        return best is not None and any(s.is_beyond(best) for s in self.stops(book, side))

    # After matching.

    def trip(self, book: Book, order: Order, own_limit: int | None) -> str:
        """Return the action of the breaker that kept an order from its next trade, having begun it; '' for none."""
        stopped, best = book.stopped_by, book.best(other(order.side))
        if stopped is None or best is None or order.open_qty == 0 or not stopped.is_beyond(best):
            return ""
        if own_limit is not None and best not in [maker.price for maker in book.within(order.side, own_limit)]:
            return ""
        self.write_trip(book, stopped, order.account, order.order_id, best)
        if stopped.action in ("auction", "halt"):
            self.phases.interrupt(book, stopped.action, stopped.halt_ns, stopped.auction_ns, stopped.reference)
        return stopped.action

    def write_trip(self, book: Book, stopped: Stop, account: int, order_id: int, price: int) -> None:
        """Say which breaker tripped."""
        self.journal.write(
            BreakerTripped,
            instrument=book.instrument_id,
            account=account,
            order_id=order_id,
            reference_ticks=stopped.reference,
            limit_ticks=stopped.limit,
            price_ticks=price,
            breaker=stopped.breaker,
            side=stopped.side,
        )

    # After settling: limit up, limit down, and what auctions show.

    def after_settling(self) -> None:
        """Look at every instrument once."""
        for instrument_id, book in sorted(self.books.items()):
            if instrument_id in self.clearing.settled:
                continue
            if book.phase in AUCTIONS:
                self.auctions.show(book)
            elif book.phase == Phase.CONTINUOUS and book.instrument.breakers.limit_up_down.width_ppm > 0:
                if instrument_id not in self.limit_states:
                    self.move_mean(book)
                self.look_at_limits(book)

    def move_mean(self, book: Book) -> None:
        """The reference follows the mean of the window's trades, where that moved enough."""
        rules, before = book.instrument.breakers.limit_up_down, self.means.get(book.instrument_id)
        prices = [price for ts_ns, price, _, _ in book.trades if ts_ns > self.journal.ts_ns - rules.window_ns]
        if not prices:
            return
        mean = sum(prices) // len(prices)
        if before is not None and (mean == before or abs(mean - before) * PPM < rules.update_ppm * abs(before)):
            return
        self.means[book.instrument_id] = mean
        self.journal.write(
            BandMoved,
            instrument=book.instrument_id,
            reference_ticks=mean,
            lower_ticks=self.up_down(book, Side.SELL).limit,
            upper_ticks=self.up_down(book, Side.BUY).limit,
        )

    def up_down(self, book: Book, side: Side) -> Stop:
        """Return the limit of a side."""
        return next(s for s in self.stops(book, side) if s.breaker == Breaker.LIMIT_UP_DOWN)

    def look_at_limits(self, book: Book) -> None:
        """Note whether the market stands at a limit."""
        if self.limit_reference(book) is None:
            return
        instrument_id, rules = book.instrument_id, book.instrument.breakers.limit_up_down
        upper, lower = self.up_down(book, Side.BUY), self.up_down(book, Side.SELL)
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        before, state = self.limit_states.get(instrument_id, LimitState.NONE), LimitState.NONE
        if bid is not None and bid >= upper.limit:
            state = LimitState.UP
        elif ask is not None and ask <= lower.limit:
            state = LimitState.DOWN
        if state == before:
            return
        self.forget_limit_state(instrument_id)
        until_ns = 0
        if state != LimitState.NONE:
            until_ns = self.journal.ts_ns + rules.limit_state_ns
            self.limit_states[instrument_id] = state
            self.limit_ends[instrument_id] = until_ns
        at = upper if LimitState.UP in ((state,) if state else (before,)) else lower
        self.journal.write(
            LimitStateChanged,
            instrument=instrument_id,
            reference_ticks=at.reference,
            limit_ticks=at.limit,
            until_ns=until_ns,
            state=state,
        )

    def forget_limit_state(self, instrument_id: int) -> None:
        """The market does not stand at a limit."""
        self.limit_states.pop(instrument_id, None)
        self.limit_ends.pop(instrument_id, None)

    def end_limit_state(self, book: Book) -> None:
        """The market stood at its limit for too long."""
        side = Side.BUY if self.limit_states[book.instrument_id] == LimitState.UP else Side.SELL
        at = self.up_down(book, side)
        self.write_trip(book, at, 0, 0, at.limit)
        self.phases.interrupt(book, "halt", at.halt_ns, at.auction_ns, at.reference)


def stop(
    book: Book, side: Side, breaker: Breaker, reference: int, width: int, action: str, halt_ns: int, auction_ns: int
) -> Stop:
    """Return how far a breaker lets a side trade."""
    instrument = book.instrument
    limit = (
        min(reference + width, instrument.max_price_ticks)
        if side == Side.BUY
        else max(reference - width, instrument.min_price_ticks)
    )
    return Stop(breaker, side, reference, limit, action, halt_ns, auction_ns)
