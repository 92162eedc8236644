"""Price levels against a sorted list: pages that come and go, both signs, edges of the price range."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.book.level_index import HEAD, LEVEL_ROW, ORDERS, PAGE_ROW, RANK, LevelIndex
from exchange.packed.columns import highest_bit, lower_bound, new_column
from exchange.units import MAX_PRICE_TICKS

SIGNS = pytest.mark.parametrize("sign", [1, -1], ids=["bids", "asks"])
PRICES = st.one_of(
    st.integers(-70, 70),
    st.sampled_from([MAX_PRICE_TICKS, MAX_PRICE_TICKS - 1, -MAX_PRICE_TICKS, 31, 32, 33, -31, -32, -33, 1 << 31]),
    st.integers(0, 40).map(lambda page: page * 32 + 31),
)


def prices_of(index: LevelIndex) -> list[int]:
    """The levels as they are walked, best first."""
    found = []
    level = index.best
    while level != 0:
        found.append(index.levels[level + RANK] * index.sign)
        level = index.next_worse(level)
    return found


def agree(index: LevelIndex, model: set[int]) -> None:
    """The walk is the sorted model, and every price is found, or not, where it should be."""
    expected = sorted(model, reverse=index.sign == 1)
    assert prices_of(index) == expected
    assert index.level_count == len(model)
    for price in expected:
        level = index.find(price)
        assert level != 0
        assert index.levels[level + RANK] == price * index.sign
    for price in expected:
        for beside in (price - 1, price + 1, price - 32, price + 32):
            assert (index.find(beside) != 0) == (beside in model)


@SIGNS
def test_agrees_with_a_sorted_list(sign: int) -> None:
    """Any order of adding and removing."""

    @given(st.lists(st.tuples(st.booleans(), PRICES), max_size=50))
    @settings(max_examples=200)
    def check(steps: list[tuple[bool, int]]) -> None:
        index, model = LevelIndex(sign), set()
        for is_add, price in steps:
            if is_add:
                level = index.find_or_add(price)
                assert index.find_or_add(price) == level == index.find(price)
                model.add(price)
            elif price in model:
                index.remove(index.find(price))
                model.remove(price)
            agree(index, model)

    check()


@SIGNS
def test_an_empty_side(sign: int) -> None:
    """Nothing is best and nothing is found."""
    index = LevelIndex(sign)
    assert (index.best, index.level_count, index.find(0), index.find(1)) == (0, 0, 0, 0)


@SIGNS
@pytest.mark.parametrize("stride", [1, 31, 32, 33, 1_000_003])
def test_tens_of_thousands_of_levels(sign: int, stride: int) -> None:
    """Dense and sparse ladders beyond the first capacity of levels and pages; then every third level goes."""
    index = LevelIndex(sign)
    count = 30_000 if stride == 1 else 4_000
    prices = [1 + number * stride for number in range(count)]
    # Out of order: the multiplier has no factor in common with the counts.
    for number in range(count):
        index.find_or_add(prices[number * 7_919 % count])
    assert prices_of(index) == sorted(prices, reverse=sign == 1)
    for price in prices[::3]:
        index.remove(index.find(price))
    left = [price for number, price in enumerate(prices) if number % 3]
    assert prices_of(index) == sorted(left, reverse=sign == 1)
    for price in left:
        index.remove(index.find(price))
    assert (index.best, index.level_count) == (0, 0)


@SIGNS
def test_rows_and_pages_are_used_again(sign: int) -> None:
    """A market that moves for long does not grow the columns."""
    index = LevelIndex(sign)
    for step in range(20_000):
        index.find_or_add(step * 40)
        if step >= 8:
            index.remove(index.find((step - 8) * 40))
    assert index.level_count == 8
    assert len(index.levels) == 64 * LEVEL_ROW
    assert len(index.pages) <= 128 * PAGE_ROW  # some pages stay a while after their last level
    assert index.page_count < 128


@SIGNS
def test_a_level_that_comes_back_is_empty(sign: int) -> None:
    """A freed row is chained by its head; the level that gets it next has none."""
    index = LevelIndex(sign)
    first, level = index.find_or_add(4), index.find_or_add(5)
    index.remove(first)
    index.remove(level)
    level = index.find_or_add(9)
    assert [index.levels[level + word] for word in (HEAD, ORDERS)] == [0, 0]


@SIGNS
def test_the_page_found_last_may_be_gone(sign: int) -> None:
    """Its memory does not outlive it, nor mislead when its row serves another price."""
    index = LevelIndex(sign)
    index.remove(index.find_or_add(5))
    index.find_or_add(500)
    index.find_or_add(5)
    index.find_or_add(501)
    index.remove(index.find(500))
    index.remove(index.find(501))
    agree(index, {5})
    index.find_or_add(5)
    agree(index, {5})


@given(st.integers(1, (1 << 32) - 1))
def testhighest_bit(bits: int) -> None:
    """The word of a page has 32 bits, the 31st included."""
    assert highest_bit(bits) == bits.bit_length() - 1


@given(st.lists(st.integers(-50, 50), unique=True, max_size=40).map(sorted), st.integers(-60, 60))
def test_lower_bound(keys: list[int], key: int) -> None:
    """How many of the first `count` ascending keys are smaller; what stands behind them does not matter."""
    column = new_column(48)
    for at, value in enumerate([*keys, *[-99] * (48 - len(keys))]):
        column[at] = value
    assert lower_bound(column, len(keys), key) == sum(value < key for value in keys)
