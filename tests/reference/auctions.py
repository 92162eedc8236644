"""Auctions: at which price most trades, what is shown of it, and the trades (docs/semantics/phases.md, section 3)."""

from collections.abc import Callable
from dataclasses import dataclass

from exchange.enums import CancelReason, Phase, Side
from exchange.events import AuctionUncrossed, IndicativePriceUpdated
from tests.reference.book import Book, Fill, Order
from tests.reference.clearing import Clearing
from tests.reference.journal import Journal

AUCTIONS = (Phase.OPENING_AUCTION, Phase.REOPENING_AUCTION, Phase.CLOSING_AUCTION)


@dataclass(frozen=True)
class Outcome:
    """What an auction would trade: nothing, at no price, where the volume is 0."""

    price: int = 0
    volume: int = 0
    surplus: int = 0


class Auctions:
    """Prices are tried one by one. `book_fill` books a trade with the rates of maker and taker."""

    def __init__(
        self,
        clearing: Clearing,
        journal: Journal,
        book_fill: Callable[[Book, Fill, tuple[int, int]], None],
    ) -> None:
        self.clearing = clearing
        self.journal = journal
        self.book_fill = book_fill
        self.given: dict[int, int] = {}  # by instrument: the given reference
        self.shown: dict[int, Outcome] = {}  # by instrument in an auction: what it last showed

    # The price.

    def reference(self, book: Book) -> int | None:
        """Return the price to which an auction holds among equals."""
        if book.last_price is not None:
            return book.last_price
        return self.given.get(book.instrument_id, self.clearing.marks.get(book.instrument_id))

    def outcome(self, book: Book) -> Outcome:
        """Return what would trade now, by trying every price there is."""
        limits = {order.price for side in Side for order in book.resting(side)}
        reference, is_near = self.reference(book), book.instrument.phases.auction_price == "nearest_reference"
        if reference is not None and (is_near or not limits):
            limits.add(reference)
        best, best_key = Outcome(), None
        for price in limits:
            bought = sum(o.open_qty for o in buyers(book) if o.is_queued or o.price >= price)
            sold = sum(o.open_qty for o in sellers(book) if o.is_queued or o.price <= price)
            distance = abs(price - reference) if is_near and reference is not None else 0
            key = (-min(bought, sold), abs(bought - sold), distance, -price)
            if best_key is None or key < best_key:
                best, best_key = Outcome(price, min(bought, sold), bought - sold), key
        return best if best.volume > 0 else Outcome()

    def show(self, book: Book) -> None:
        """Write the indicative price, where it changed."""
        outcome = self.outcome(book)
        if self.shown.get(book.instrument_id, Outcome()) == outcome:
            return
        self.shown[book.instrument_id] = outcome
        self.journal.write(
            IndicativePriceUpdated,
            instrument=book.instrument_id,
            price_ticks=outcome.price,
            qty_lots=outcome.volume,
            surplus_lots=outcome.surplus,
        )

    # The end.

    def has_to_uncross(self, book: Book) -> bool:
        """Whether something would trade, or wait for nothing, if orders matched from now on."""
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        return bool(book.queued()) or (bid is not None and ask is not None and bid >= ask)

    def uncross(self, book: Book) -> None:
        """Trade everything that can be traded, then cancel the market orders that are left.

        At one price; at another one, too, where a trade cut or cancelled what was counted.
        """
        while self.uncross_at_one_price(book) > 0 and self.outcome(book).volume > 0:
            pass
        for order in [o for side in (Side.BUY, Side.SELL) for o in book.queued(side)]:
            if book.is_live(order):
                book.cancel(order, CancelReason.MARKET_REMAINDER)

    def uncross_at_one_price(self, book: Book) -> int:
        """Trade everything that can be traded at one price; returns what was counted and did not trade."""
        outcome, reference = self.outcome(book), self.reference(book)
        self.journal.write(
            AuctionUncrossed,
            instrument=book.instrument_id,
            price_ticks=outcome.price,
            qty_lots=outcome.volume,
            surplus_lots=outcome.surplus,
            reference_ticks=0 if reference is None else reference,
            phase=book.phase,
            has_reference=reference is not None,
        )
        left, rates = outcome.volume, self.rates(book)
        while left > 0:
            buys = [o for o in buyers(book) if o.is_queued or o.price >= outcome.price]
            sells = [o for o in sellers(book) if o.is_queued or o.price <= outcome.price]
            if not buys or not sells:
                break
            taker, maker = (sells[0], buys[0]) if outcome.surplus < 0 else (buys[0], sells[0])
            qty = min(taker.shown, maker.shown, left)
            left -= qty
            for fill in book.fill_in_auction(taker, maker, qty, outcome.price):
                self.book_fill(book, fill, rates)
        if outcome.volume > 0:
            self.given[book.instrument_id] = outcome.price
        return left

    def rates(self, book: Book) -> tuple[int, int]:
        """Return the fee rates of maker and taker."""
        fees, rule = book.instrument.fees, book.instrument.phases.auction_fees
        maker = fees.taker_ppm if rule == "taker" else fees.maker_ppm
        taker = fees.maker_ppm if rule == "maker" else fees.taker_ppm
        return maker, taker


def buyers(book: Book) -> list[Order]:
    """Return who buys in an auction, who trades first before others."""
    return book.queued(Side.BUY) + book.resting(Side.BUY)


def sellers(book: Book) -> list[Order]:
    """Return who sells in an auction, who trades first before others."""
    return book.queued(Side.SELL) + book.resting(Side.SELL)
