"""Pending stops against sorted lists: nearest trigger, arrival within a trigger, removal from anywhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.book.order_pool import FLAGS, ORDER_ID, TRIGGER, OrderPool, order_flags
from exchange.book.stop_index import NEVER_FALLING, NEVER_RISING, StopIndex
from exchange.units import MAX_PRICE_TICKS

TRIGGERS = st.sampled_from([1, 2, 3, 50, MAX_PRICE_TICKS, 0, -7, -MAX_PRICE_TICKS])


def add(index: StopIndex, order_id: int, side: int, trigger: int) -> int:
    """Put a stop in, and return its row."""
    row = index.orders.new_row()
    words = index.orders.words
    words[row + ORDER_ID], words[row + FLAGS], words[row + TRIGGER] = order_id, order_flags(side, 2, 0, 0), trigger
    index.add(row)
    return row


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), TRIGGERS), max_size=50))
@settings(max_examples=200)
def test_agrees_with_sorted_lists(steps: list[tuple[int, int, int]]) -> None:
    """The next to be elected on each side is the first of the sorted model."""
    index = StopIndex(OrderPool())
    model: dict[int, list[tuple[int, int, int]]] = {0: [], 1: []}  # (trigger towards the market, arrival, row)
    for number, (action, side, trigger) in enumerate(steps):
        if action:
            model[side].append((trigger if side == 0 else -trigger, number, add(index, number, side, trigger)))
        elif model[side]:
            stop = model[side].pop(trigger % len(model[side]))
            index.remove(stop[2])
        assert index.count == len(model[0]) + len(model[1])
        buys, sells = sorted(model[0]), sorted(model[1])
        assert index.lowest_rising == (buys[0][0] if buys else NEVER_RISING)
        assert index.highest_falling == (-sells[0][0] if sells else NEVER_FALLING)
        if buys:
            assert index.next_rising() == buys[0][2]
        if sells:
            assert index.next_falling() == sells[0][2]


def test_stops_of_one_trigger_leave_by_arrival() -> None:
    """First in, first out, also after one from the middle has gone."""
    index = StopIndex(OrderPool())
    rows = [add(index, number, 0, 100) for number in range(5)]
    index.remove(rows[2])
    left = []
    while index.lowest_rising != NEVER_RISING:
        row = index.next_rising()
        left.append(index.orders.words[row + ORDER_ID])
        index.remove(row)
    assert left == [0, 1, 3, 4]
    assert index.count == 0


def test_never_is_beyond_every_price() -> None:
    """No trade touches a side without stops."""
    assert NEVER_FALLING < -MAX_PRICE_TICKS < MAX_PRICE_TICKS < NEVER_RISING
