"""The book's rows against lists: queues, ids, owners' lists, growth of the pool."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exchange.book.book import Book
from exchange.book.level_index import HEAD, LOTS, RANK
from exchange.book.order_pool import (
    FILLED,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER_NEXT,
    POST_ONLY_BIT,
    ROW,
    SIDE_MASK,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
    order_flags,
)
from exchange.errors import InvariantError
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS

PRICES = st.sampled_from([1, 2, 3, 31, 32, 33, 1_000, MAX_PRICE_TICKS, -5, 0, -MAX_PRICE_TICKS])
LOTS_ = st.sampled_from([1, 2, 7, MAX_QTY_LOTS])


def rest(book: Book, order_id: int, owner: int, side: int, price: int, lots: int) -> int:
    """Put an order at the back of its level."""
    order = book.enter(order_id, owner, order_flags(side, 0, 0, 0), price, lots, 0, 0)
    book.link(order)
    return order


def add_stop(book: Book, order_id: int, owner: int, side: int, lots: int, trigger: int) -> int:
    """Put a stop at the back of its trigger's queue."""
    order = book.enter(order_id, owner, order_flags(side, 2, 0, 0), 0, lots, 0, trigger)
    book.stops.add(order)
    return order


def remove(book: Book, order: int) -> None:
    """Take an order out of its place and out of the book."""
    if book.orders.words[order + LEVEL] == 0:
        book.stops.remove(order)
    else:
        book.unlink(order)
    book.forget(order)


class BookMachine(RuleBasedStateMachine):
    """A book and its model: live orders by entry, each [id, slot, side, price, lots, filled, trigger, is resting]."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.live: list[list[int]] = []  # level or trigger queues are this list, filtered
        self.entered: list[list[int]] = []  # the same orders, by entry into the owner's list
        self.next_id = 1

    @rule(slot=st.integers(0, 3), side=st.integers(0, 1), price=PRICES, lots=LOTS_)
    def rest(self, slot: int, side: int, price: int, lots: int) -> None:
        rest(self.book, self.next_id, slot << 32 | 5, side, price, lots)
        self._enter([self.next_id, slot, side, price, lots, 0, 0, 1])

    @rule(slot=st.integers(0, 3), side=st.integers(0, 1), trigger=PRICES, lots=LOTS_)
    def add_stop(self, slot: int, side: int, trigger: int, lots: int) -> None:
        add_stop(self.book, self.next_id, slot << 32 | 5, side, lots, trigger)
        self._enter([self.next_id, slot, side, 0, lots, 0, trigger, 0])

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.live))
        remove(self.book, self.book.find(order[0]))
        self._leave(order)

    @precondition(lambda self: any(order[7] for order in self.live))
    @rule(data=st.data(), part=st.integers(1, 3))
    def fill(self, data: st.DataObject, part: int) -> None:
        order = data.draw(st.sampled_from([order for order in self.live if order[7]]))
        lots = min(part, order[4]) if part < 3 else order[4]
        self.book.fill(self.book.find(order[0]), lots)
        order[4] -= lots
        order[5] += lots
        if order[4] == 0:
            self._leave(order)

    @precondition(lambda self: any(order[4] > 1 for order in self.live))
    @rule(data=st.data())
    def reduce(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from([order for order in self.live if order[4] > 1]))
        self.book.reduce(self.book.find(order[0]), 1)
        order[4] -= 1

    @precondition(lambda self: any(order[7] for order in self.live))
    @rule(data=st.data())
    def relink(self, data: st.DataObject) -> None:
        """An amend at the back of the same level."""
        order = data.draw(st.sampled_from([order for order in self.live if order[7]]))
        row = self.book.find(order[0])
        self.book.unlink(row)
        self.book.requeue(row)
        self.book.link(row)
        for queue in (self.live, self.entered):
            queue.remove(order)
            queue.append(order)

    def _enter(self, order: list[int]) -> None:
        self.next_id += 1
        self.live.append(order)
        self.entered.append(order)

    def _leave(self, order: list[int]) -> None:
        self.live.remove(order)
        self.entered.remove(order)

    @invariant()
    def agrees(self) -> None:
        book = self.book
        book.check()
        words = book.orders.words
        for side, index in ((0, book.bids), (1, book.asks)):
            resting = [order for order in self.live if order[7] and order[2] == side]
            levels = sorted({order[3] for order in resting}, reverse=side == 0)
            found = []
            level = index.best
            while level != 0:
                price = index.levels[level + RANK] * index.sign
                queue = [order for order in resting if order[3] == price]
                assert index.levels[level + LOTS] == sum(order[4] for order in queue)
                assert chain(words, index.levels[level + HEAD], NEXT) == [order[0] for order in queue]
                found.append(price)
                level = index.next_worse(level)
            assert found == levels
            queues = book.stops.rising if side == 0 else book.stops.falling
            pending = [order for order in self.live if not order[7] and order[2] == side]
            assert {trigger: chain(words, queue[0], NEXT) for trigger, queue in queues.items()} == {
                order[6]: [other[0] for other in pending if other[6] == order[6]] for order in pending
            }
        for slot in range(4):
            expected = [order[0] for order in self.entered if order[1] == slot]
            assert chain(words, book.oldest_of(slot), OWNER_NEXT) == expected
        for order in self.live:
            row = book.find(order[0])
            assert [words[row + OPEN], words[row + FILLED], words[row + TRIGGER]] == [order[4], order[5], order[6]]
        assert book.orders.count == len(self.live)


def chain(words: Any, order: int, link: int) -> list[int]:
    """The ids along a chain of rows."""
    found = []
    while order != 0:
        found.append(words[order + ORDER_ID])
        order = words[order + link]
    return found


BookMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestBookAgreesWithLists = BookMachine.TestCase


def test_flags_keep_four_facts_apart() -> None:
    """Every combination comes back."""
    for side in (0, 1):
        for kind in range(4):
            for time_in_force in range(3):
                for post_only in (0, 1):
                    flags = order_flags(side, kind, time_in_force, post_only)
                    assert flags & SIDE_MASK == side
                    assert flags >> KIND_SHIFT & KIND_MASK == kind
                    assert flags >> TIF_SHIFT & TIF_MASK == time_in_force
                    assert bool(flags & POST_ONLY_BIT) == bool(post_only)


def test_the_pool_grows_and_uses_rows_again() -> None:
    """More orders than the first capacity of 1,023; freed rows come back, the newest first."""
    book = Book()
    rows = [rest(book, number, 0, 0, 5, 1) for number in range(5_000)]
    assert len(set(rows)) == 5_000
    assert 0 not in rows
    assert all(row % ROW == 0 and row + ROW <= len(book.orders.words) for row in rows)
    for row in rows[:10]:
        remove(book, row)
    size = len(book.orders.words)
    assert [rest(book, 10_000 + number, 0, 0, 5, 1) for number in range(10)] == rows[9::-1]
    assert (book.orders.count, len(book.orders.words)) == (5_000, size)
    book.check()


def test_a_new_order_shows_nothing_of_the_last_one_of_its_row() -> None:
    """Trigger and filled quantity start anew."""
    book = Book()
    first = add_stop(book, 1, 0, 0, 5, 77)
    remove(book, first)
    second = rest(book, 2, 0, 1, 9, 5)
    assert first == second
    words = book.orders.words
    assert [words[second + word] for word in (TRIGGER, FILLED, OPEN)] == [0, 0, 5]
    book.check()


def test_thousands_of_owners_and_orders() -> None:
    """The owners' lists grow with their slots."""
    book = Book()
    for number in range(20_000):
        rest(book, number, (number % 5_000) << 32, number & 1, 1 + number % 997, 1)
    book.check()
    assert chain(book.orders.words, book.oldest_of(4_999), OWNER_NEXT) == [4_999, 9_999, 14_999, 19_999]
    assert book.oldest_of(5_001) == 0
    assert book.oldest_of(1 << 20) == 0
    for number in range(20_000):
        remove(book, book.find(number))
    book.check()
    assert (book.orders.count, book.bids.best, book.asks.best) == (0, 0, 0)


@pytest.mark.parametrize("word", [OPEN, ORDER_ID])
def test_check_finds_a_row_that_was_changed_behind_the_books_back(word: int) -> None:
    """A total or an id that does not agree is an InvariantError."""
    book = Book()
    order = rest(book, 1, 0, 0, 5, 5)
    book.check()
    book.orders.words[order + word] += 1
    with pytest.raises(InvariantError):
        book.check()
