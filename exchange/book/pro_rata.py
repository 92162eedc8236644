"""Pro-rata at one price: whom an order meets there, and how many lots are whose, fixed when a round begins.

What trades in a round may cut others, or end them (links, positions that shrink): such an order trades what it still
shows of its share, and the round goes on. Rows are used again, so an order is known by its row and its id together.
Rules: docs/semantics/orders.md, section 6.
"""

from typing import final

from mypy_extensions import i64

from exchange.book.allocation import allocate
from exchange.book.book import Book
from exchange.book.order_pool import FLAGS, LEVEL, NEXT, OPEN, ORDER_ID, OWNER, TOP_BIT


@final
class Round:
    """The orders of one level, oldest first, as a taker finds them."""

    def __init__(self, book: Book, oldest: i64, owner: i64, own_mask: i64, passes_recorded: bool) -> None:
        """Look at a level from its oldest order on.

        own_mask: the bits of the owner words in which the taker's own orders agree with it; 0: none is kept apart.
        passes_recorded: the recorded orders, whose owner word is 0, are left out.
        """
        self.book = book
        self.others: list[int] = []  # whom it may trade with
        self.other_ids: list[int] = []
        self.own: list[int] = []  # whom the self-trade rule is about
        self.own_ids: list[int] = []
        self.shares: list[int] = []  # of the others
        words = book.orders.words
        order = oldest
        while order != 0:
            if own_mask != 0 and (words[order + OWNER] ^ owner) & own_mask == 0:
                self.own.append(order)
                self.own_ids.append(words[order + ORDER_ID])
            elif not passes_recorded or words[order + OWNER] != 0:
                self.others.append(order)
                self.other_ids.append(words[order + ORDER_ID])
            order = words[order + NEXT]

    def share_out(self, lots: i64, has_top_order: bool, minimum: i64, leftovers: i64) -> None:
        """Fix what each of the others gets of so many lots: of `AllocationRules` the top order, minimum, leftovers."""
        words = self.book.orders.words
        shown: list[int] = []
        has_top = False
        for order in self.others:
            row: i64 = order
            if len(shown) == 0 and has_top_order:
                has_top = words[row + FLAGS] & TOP_BIT != 0
            shown.append(words[row + OPEN])
        self.shares = allocate(shown, lots, has_top, minimum, leftovers)

    def share_of(self, at: i64) -> i64:
        """Return how many lots one of the others trades now: its share, or what it still shows; 0 if it is gone."""
        share: i64 = self.shares[at]
        order: i64 = self.others[at]
        if share == 0 or not self._still_rests(order, self.other_ids[at]):
            return 0
        return min(share, self.book.orders.words[order + OPEN])

    def own_at(self, at: i64) -> i64:
        """Return one of the taker's own orders, or 0 if it is gone."""
        order: i64 = self.own[at]
        return order if self._still_rests(order, self.own_ids[at]) else 0

    def _still_rests(self, order: i64, order_id: i64) -> bool:
        """Return whether a row is still that of the order; nothing comes to rest while another order is matched."""
        return self.book.find(order_id) == order and self.book.orders.words[order + LEVEL] != 0
