"""Orders that only reduce a position (docs/semantics/triggers.md, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.enums import CancelReason, OrderEffect, OrderKind, Side, TimeInForce
from tests.reference import icebergs

if TYPE_CHECKING:
    from tests.reference.book import Book, Order
    from tests.reference.clearing import Clearing


class Reducers:
    """How much orders may reduce, and which are cut when the position shrinks."""

    def __init__(self, clearing: Clearing, books: dict[int, Book]) -> None:
        self.clearing = clearing
        self.books = books
        self.cuts = 0  # of orders, by what became of others

    def room(self, book: Book, account_id: int, side: Side) -> int:
        """Return the lots that orders of a side would reduce."""
        if account_id not in self.clearing.participants:
            return 0
        size = self.clearing.leg(self.clearing.participants[account_id], book.instrument_id).size
        return abs(size) if size != 0 and (size < 0) == (side == Side.BUY) else 0

    def offered(self, book: Book, account_id: int, side: Side, leaving_out: Order | None = None) -> int:
        """Return the open lots of resting reduce-only orders."""
        orders = [o for o in book.resting_of(account_id, side) if o.effect != OrderEffect.ANY and o is not leaving_out]
        return sum(order.open_qty for order in orders)

    def cap(self, book: Book, order: Order, replaced: Order | None = None) -> int:
        """Return how many lots an order may enter with."""
        room = self.room(book, order.account, order.side)
        may_rest = (order.kind == OrderKind.LIMIT or order.is_to_limit) and order.time_in_force == TimeInForce.GTC
        if may_rest and book.rules.reduce_only_cut != "each":
            room -= self.offered(book, order.account, order.side, replaced)
        return max(0, room)

    def cut_quantity(self, book: Book, order: Order, replaced: Order | None = None) -> int:
        """Return the quantity with which an order that acts at once enters, 0 for none."""
        if order.effect == OrderEffect.CLOSE_POSITION and replaced is None:
            return self.room(book, order.account, order.side)
        cap = self.cap(book, order, replaced)
        if book.rules.reduce_only_excess == "reject":
            return order.open_qty if order.open_qty <= cap else 0
        return min(order.open_qty, cap)

    def sweep(self, book: Book, account_id: int) -> None:
        """Cut what would reduce more than there is."""
        if account_id < 1 or account_id not in self.clearing.participants:
            return
        for side in Side:
            orders = [o for o in book.live_of(account_id) if o.side == side and o.effect != OrderEffect.ANY]
            orders = sorted((o for o in orders if self.is_swept(book, o)), key=lambda order: order.entry)
            if book.rules.reduce_only_cut == "newest":
                orders.reverse()
            for order in orders:
                if book.is_live(order):
                    self.cut(book, order)

    def is_swept(self, book: Book, order: Order) -> bool:
        """Whether a position that shrinks concerns an order: of those that wait, few."""
        goes_along = book.rules.close_position_after == "cancel" and order.effect == OrderEffect.CLOSE_POSITION
        return not order.is_stop or order.is_child or goes_along

    def cut(self, book: Book, order: Order) -> None:
        """Cut one order, or take it out."""
        room = self.room(book, order.account, order.side)
        if order.is_stop:
            if room == 0:
                self.cuts += 1
                book.cancel(order, CancelReason.NOTHING_TO_REDUCE)
            return
        offered = self.offered(book, order.account, order.side)
        excess = (order.open_qty if book.rules.reduce_only_cut == "each" else offered) - room
        if excess > 0:
            self.cuts += 1
        if excess >= order.open_qty:
            book.cancel(order, CancelReason.NOTHING_TO_REDUCE)
        elif excess > 0:
            icebergs.take_off(book, order, excess)

    def sweep_moved(self) -> None:
        """Look at the legs that changed otherwise than by a match."""
        moved, self.clearing.moved = list(dict.fromkeys(self.clearing.moved)), []
        for account_id, instrument_id in moved:
            self.sweep(self.books[instrument_id], account_id)
