"""Icebergs: orders of which the book shows a part at a time.

OPEN is the part that is shown, and all that matching and a level's total see; HIDDEN is the rest. What is filled or
taken off is told by the whole of both.
"""

from typing import Final

from mypy_extensions import i64

from exchange.book.book import Book
from exchange.book.level_index import LOTS, TAIL
from exchange.book.order_pool import FILLED, FLAGS, HIDDEN, ICEBERG_BIT, LEVEL, OPEN, SIDE_MASK, TOP_BIT
from exchange.enums import BUY

GONE: Final = 0  # nothing is left of the order
SHOWN: Final = 1  # it shows what it showed before, less what was filled
REFRESHED: Final = 2  # it shows anew, at the back of its level


def whole_open(book: Book, order: i64) -> i64:
    """Return all lots that an order has open, hidden ones included."""
    words = book.orders.words
    if words[order + FLAGS] & ICEBERG_BIT:
        return words[order + OPEN] + words[order + HIDDEN]
    return words[order + OPEN]


def submerge(book: Book, order: i64, lots: i64, display: i64) -> None:
    """Let an order that is in no level have `lots` open and show at most `display` of them."""
    words = book.orders.words
    if words[order + FLAGS] & ICEBERG_BIT:
        book.hidden_lots -= words[order + HIDDEN]
    shown = min(display, lots)
    words[order + FLAGS] |= ICEBERG_BIT
    words[order + OPEN] = shown
    words[order + HIDDEN] = lots - shown
    book.hidden_lots += lots - shown


def fill_iceberg(book: Book, order: i64, lots: i64, display: i64, least_shown: i64) -> i64:
    """Trade lots of the shown part; return GONE, SHOWN or REFRESHED.

    It shows anew, at the back, when less than `least_shown` (at least 1) is left of the shown part and lots are hidden.
    """
    words = book.orders.words
    shown = words[order + OPEN] - lots
    hidden = words[order + HIDDEN]
    if shown == 0 and hidden == 0:
        book.fill(order, lots)
        return GONE
    words[order + FILLED] += lots
    if hidden == 0 or shown >= least_shown:
        book.reduce(order, lots)
        return SHOWN
    more = min(display - shown, hidden)
    side = book.bids if words[order + FLAGS] & SIDE_MASK == BUY else book.asks
    if side.levels[words[order + LEVEL] + TAIL] == order:  # it is the youngest already: its level stays
        side.levels[words[order + LEVEL] + LOTS] += more - lots
        words[order + OPEN] = shown + more
    else:
        book.unlink(order)
        words[order + OPEN] = shown + more
        book.link(order)
    words[order + FLAGS] &= ~TOP_BIT
    words[order + HIDDEN] = hidden - more
    book.hidden_lots -= more
    return REFRESHED


def reduce_iceberg(book: Book, order: i64, lots: i64) -> None:
    """Take lots off, fewer than it has in all; the hidden ones go first, and it keeps its place."""
    words = book.orders.words
    cut = min(lots, words[order + HIDDEN])
    words[order + HIDDEN] -= cut
    book.hidden_lots -= cut
    _note_change(book, order)
    if cut < lots:
        book.reduce(order, lots - cut)


def grow_hidden(book: Book, order: i64, lots: i64) -> None:
    """Add lots to the hidden part; it keeps its place."""
    book.orders.words[order + HIDDEN] += lots
    book.hidden_lots += lots
    _note_change(book, order)


def _note_change(book: Book, order: i64) -> None:
    """Let whoever watches the best levels look again: lots count that are not shown."""
    side = book.bids if book.orders.words[order + FLAGS] & SIDE_MASK == BUY else book.asks
    side.is_changed = True
