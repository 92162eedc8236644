"""The price levels of one side of a book, best first.

Prices become *ranks* (the price for bids, its negative for asks), so that on both sides a greater rank is better and
one class serves both. Ranks are grouped into pages of 32 neighbours; a page has a word with a bit for each of its
levels. The pages stand in one array in ascending order, the best last. A level is found by a search over pages (few,
since prices cluster) and one index; the next best by the highest bit of a word. A page that loses its last level stays
for the next order near its price; empty pages go when the best end is reached through them, or when they are many.
Adding or removing a level costs O(log pages), and O(pages) moves of words where a page comes.

A level and a page are each named by the index of its first word, handle 0 being 'none'.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.packed.columns import doubled, highest_bit, lower_bound, move_up, new_column

LEVEL_ROW: Final = 8
RANK: Final = 0
HEAD: Final = 1  # oldest order
TAIL: Final = 2  # youngest order
LOTS: Final = 3  # sum of the open quantities
ORDERS: Final = 4  # how many orders
PAGE: Final = 5  # the page it stands in

MOST_EMPTY_PAGES: Final = 64  # beyond this, and half of all pages, the empty ones go
PAGE_RANKS: Final = 32
NOT_WATCHED: Final = 1 << 61  # better than every rank ...
ALL_WATCHED: Final = -(1 << 61)  # ... and worse
PAGE_ROW: Final = 40
KEY: Final = 0  # rank >> 5 of all its levels
BITS: Final = 1  # bit k set: rank (key << 5) + k has a level
LEVELS: Final = 8  # PAGE_RANKS level handles


@final
class LevelIndex:
    """One side's levels; `best` is the handle of the best one, 0 when the side is empty."""

    levels: "vec[i64]"
    pages: "vec[i64]"
    order_of_keys: "vec[i64]"
    order_of_pages: "vec[i64]"

    def __init__(self, sign: i64) -> None:
        """`sign` turns a price into a rank and back: 1 for bids, -1 for asks."""
        self.sign: i64 = sign
        # mypyc 2.4.1 shifts a literal as a 32-bit C int, and bit 31 becomes its sign; an attribute is 64 bits wide.
        self.one: i64 = 1
        self.best: i64 = 0
        # Whoever computes something from the best levels asks whether one of them has changed since: `watched` is the
        # worst rank that matters, and the book sets `is_changed`.
        self.watched: i64 = NOT_WATCHED
        self.is_changed: bool = False
        self.level_count: i64 = 0
        self.levels = new_column(64 * LEVEL_ROW)
        self.unused_level: i64 = LEVEL_ROW
        self.freed_level: i64 = 0  # chained by HEAD
        self.pages = new_column(16 * PAGE_ROW)
        self.unused_page: i64 = PAGE_ROW
        self.freed_page: i64 = 0  # chained by KEY
        self.order_of_keys = new_column(16)  # ascending, the best last
        self.order_of_pages = new_column(16)
        self.page_count: i64 = 0
        self.empty_pages: i64 = 0
        self.recent_key: i64 = 0  # the page found last: the next price is often near
        self.recent_page: i64 = 0

    def find(self, price: i64) -> i64:
        """Return the level at a price, or 0."""
        rank = price * self.sign
        key = rank >> 5
        at = lower_bound(self.order_of_keys, self.page_count, key)
        if at == self.page_count or self.order_of_keys[at] != key:
            return 0
        return self.pages[self.order_of_pages[at] + LEVELS + (rank & 31)]

    def find_or_add(self, price: i64) -> i64:
        """Return the level at a price, adding an empty one if there is none. May move `levels`: read them again."""
        rank = price * self.sign
        key = rank >> 5
        page = self.recent_page
        if page == 0 or self.recent_key != key:
            at = lower_bound(self.order_of_keys, self.page_count, key)
            if at < self.page_count and self.order_of_keys[at] == key:
                page = self.order_of_pages[at]
            else:
                page = self._insert_page(at, key)
            self.recent_key = key
            self.recent_page = page
        place: i64 = page + LEVELS + (rank & 31)
        level = self.pages[place]
        if level != 0:
            return level
        level = self.freed_level
        if level != 0:
            self.freed_level = self.levels[level + HEAD]
        else:
            level = self._new_level()
        levels = self.levels
        levels[level + RANK] = rank
        levels[level + HEAD] = 0  # The rest of the row is as the last order left it: no tail, no lots, no orders.
        levels[level + PAGE] = page
        pages = self.pages
        pages[place] = level
        bits = pages[page + BITS]
        if bits == 0:
            self.empty_pages -= 1
        pages[page + BITS] = bits | (self.one << (rank & 31))
        if self.best == 0 or rank > levels[self.best + RANK]:
            self.best = level
        self.level_count += 1
        return level

    def remove(self, level: i64) -> None:
        """Take out a level that has no orders left: no tail, no lots."""
        levels = self.levels
        pages = self.pages
        rank = levels[level + RANK]
        page = levels[level + PAGE]
        pages[page + LEVELS + (rank & 31)] = 0
        bits = pages[page + BITS] & ~(self.one << (rank & 31))
        pages[page + BITS] = bits
        levels[level + HEAD] = self.freed_level
        self.freed_level = level
        self.level_count -= 1
        if bits == 0:
            self.empty_pages += 1
            if self.empty_pages > MOST_EMPTY_PAGES and 2 * self.empty_pages > self.page_count:
                self._drop_empty_pages()
            if self.best == level:
                self.best = self._best_level()
        elif self.best == level:
            self.best = pages[page + LEVELS + highest_bit(bits)]

    def next_worse(self, level: i64) -> i64:
        """Return the level after this one, best to worst, or 0. O(log pages)."""
        rank = self.levels[level + RANK]
        page = self.levels[level + PAGE]
        below: i64 = self.pages[page + BITS] & ((self.one << (rank & 31)) - 1)
        if below != 0:
            return self.pages[page + LEVELS + highest_bit(below)]
        at = lower_bound(self.order_of_keys, self.page_count, rank >> 5)
        while at > 0:
            at -= 1
            page = self.order_of_pages[at]
            bits = self.pages[page + BITS]
            if bits != 0:
                return self.pages[page + LEVELS + highest_bit(bits)]
        return 0

    def _best_level(self) -> i64:
        """Return the best level, dropping the empty pages that stand before it."""
        while self.page_count > 0:
            page = self.order_of_pages[self.page_count - 1]
            bits = self.pages[page + BITS]
            if bits != 0:
                return self.pages[page + LEVELS + highest_bit(bits)]
            self.page_count -= 1
            self._free_page(page)
        return 0

    def _insert_page(self, at: i64, key: i64) -> i64:
        """Add an empty page before position `at` and return it."""
        page = self.freed_page
        if page != 0:
            self.freed_page = self.pages[page + KEY]
        else:
            page = self._new_page()
        self.pages[page + KEY] = key
        self.pages[page + BITS] = 0
        self.empty_pages += 1
        if self.page_count == len(self.order_of_keys):
            self.order_of_keys = doubled(self.order_of_keys)
            self.order_of_pages = doubled(self.order_of_pages)
        if at < self.page_count:
            move_up(self.order_of_keys, at, self.page_count)
            move_up(self.order_of_pages, at, self.page_count)
        self.order_of_keys[at] = key
        self.order_of_pages[at] = page
        self.page_count += 1
        return page

    def _drop_empty_pages(self) -> None:
        keys = self.order_of_keys
        handles = self.order_of_pages
        kept: i64 = 0
        at: i64 = 0
        while at < self.page_count:
            page = handles[at]
            if self.pages[page + BITS] != 0:
                keys[kept] = keys[at]
                handles[kept] = page
                kept += 1
            else:
                self._free_page(page)
            at += 1
        self.page_count = kept

    def _free_page(self, page: i64) -> None:
        self.empty_pages -= 1
        self.pages[page + KEY] = self.freed_page
        self.freed_page = page
        if self.recent_page == page:
            self.recent_page = 0

    def _new_level(self) -> i64:
        """Return a level's row that was never used."""
        level = self.unused_level
        if level == len(self.levels):
            self.levels = doubled(self.levels)
        self.unused_level = level + LEVEL_ROW
        return level

    def _new_page(self) -> i64:
        """Return a page that was never used."""
        page = self.unused_page
        if page == len(self.pages):
            self.pages = doubled(self.pages)
        self.unused_page = page + PAGE_ROW
        return page
