"""The live orders of one book, as rows of one packed column.

An order is named by its row's first index, its *handle*; handle 0 is 'none' and its row is never used. A row's first
eight words (one cache line) are what matching touches; the rest is needed when an order enters, leaves or is amended.
Freed rows are used again, the newest first.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.enums import MARKET
from exchange.packed.columns import doubled, new_column

ROW: Final = 16

ORDER_ID: Final = 0
OWNER: Final = 1  # opaque: compared, never read; the exchange packs the account's slot and id into it
PRICE: Final = 2  # ticks; 0 for a stop that becomes a market order
OPEN: Final = 3  # lots
NEXT: Final = 4  # younger order of the level or trigger
PREV: Final = 5  # older one
LEVEL: Final = 6  # handle of its level while resting; 0 while a stop is pending
FLAGS: Final = 7  # side, kind, time in force, post-only, and what else there is to know of it

FILLED: Final = 8  # lots, over the order's life
TRIGGER: Final = 9  # ticks, of a pending stop
OWNER_NEXT: Final = 10  # the owner's orders of this book, in the order in which they entered
OWNER_PREV: Final = 11
HIDDEN: Final = 12  # lots of an iceberg that are not shown; says nothing without ICEBERG_BIT

SIDE_MASK: Final = 1
KIND_SHIFT: Final = 1
KIND_MASK: Final = 3
TIF_SHIFT: Final = 3
TIF_MASK: Final = 3
POST_ONLY_BIT: Final = 1 << 5
ICEBERG_BIT: Final = 1 << 6  # resting: OPEN is what it shows, HIDDEN the rest
TERMS_BIT: Final = 1 << 11  # `Book.terms` has more about it
TOP_BIT: Final = 1 << 12  # pro-rata with a top order: it made its price the best, and still is the first there
LINKED_BIT: Final = 1 << 7  # its fills and its end concern something else: `Market.plans` says what
TAKE_PROFIT_SHIFT: Final = 8
TAKE_PROFIT_BIT: Final = 1 << 8  # a stop that waits for the other direction
SOURCE_SHIFT: Final = 9  # of a stop: which price it watches, TriggerSource - 1
SOURCE_MASK: Final = 3
ASLEEP_BIT: Final = 1 << 15  # a pending trailing stop that has no trigger yet
REDUCES_BIT: Final = 1 << 16  # rests, or is queued, and may only reduce a position: it asks for no margin
CAME_TOUCHED_BIT: Final = 1 << 14  # a pending stop that is elected in this settling, whatever its source does


def order_flags(side: i64, kind: i64, time_in_force: i64, post_only: i64) -> i64:
    """Return the four small facts of an order in one word."""
    return side | kind << KIND_SHIFT | time_in_force << TIF_SHIFT | post_only << 5


def is_waiting(words: "vec[i64]", order: i64) -> bool:
    """Return whether a live order waits for its trigger: it neither rests nor is queued for an auction."""
    return words[order + LEVEL] == 0 and (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK != MARKET


@final
class OrderPool:
    """Rows for orders. The book takes `freed` ones first, and puts back what it no longer needs."""

    words: "vec[i64]"

    def __init__(self) -> None:
        """Start with room for 1,023 orders; the pool doubles when it is full."""
        self.words = new_column(1024 * ROW)
        self.unused: i64 = ROW  # first row that was never used
        self.freed: i64 = 0  # newest freed row; they are chained by NEXT
        self.count: i64 = 0  # rows in use

    def new_row(self) -> i64:
        """Return a row that was never used. May move `words`: read them again."""
        order = self.unused
        if order == len(self.words):
            self.words = doubled(self.words)
        self.unused = order + ROW
        return order
