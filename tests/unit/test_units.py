"""Rounding, exact division and the generator, against fractions and published values."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.units import (
    MAX_EXPOSURE,
    MAX_LIVE_ORDERS,
    MAX_MONEY,
    MAX_PRICE_TICKS,
    MAX_QTY_LOTS,
    MAX_STORED_MONEY,
    div_ceil,
    div_floor,
    div_nearest,
    mul_div,
    random_below,
    random_bits,
    split_exact,
)

NUMBERS = st.one_of(st.integers(-20, 20), st.integers(-(1 << 130), 1 << 130))
DIVISORS = st.one_of(st.integers(1, 20), st.integers(1, 1 << 130))


def test_limits_leave_room_in_62_bits() -> None:
    """A level of the most orders of the largest quantity still fits, which is why the limits are what they are."""
    assert MAX_LIVE_ORDERS * MAX_QTY_LOTS <= MAX_STORED_MONEY == (1 << 62) - 1
    assert MAX_PRICE_TICKS < 1 << 40
    # All that was deposited, and 32 positions won or lost at their limit, still fit one balance.
    assert MAX_MONEY + 32 * MAX_EXPOSURE < MAX_STORED_MONEY


@pytest.mark.parametrize(
    ("numerator", "denominator", "floor", "ceil", "nearest"),
    [
        (0, 7, 0, 0, 0),
        (6, 3, 2, 2, 2),
        (7, 3, 2, 3, 2),
        (8, 3, 2, 3, 3),
        (-7, 3, -3, -2, -2),
        (-8, 3, -3, -2, -3),
        (5, 2, 2, 3, 2),  # 2.5: a tie, to the even 2
        (7, 2, 3, 4, 4),  # 3.5: to the even 4
        (-5, 2, -3, -2, -2),
        (-7, 2, -4, -3, -4),
        (1, 2, 0, 1, 0),
        (-1, 2, -1, 0, 0),
        (1, 1 << 200, 0, 1, 0),
    ],
)
def test_divisions_round_as_their_names_say(
    numerator: int, denominator: int, floor: int, ceil: int, nearest: int
) -> None:
    """Floor towards minus infinity, ceil towards plus infinity, nearest with ties to even."""
    assert div_floor(numerator, denominator) == floor
    assert div_ceil(numerator, denominator) == ceil
    assert div_nearest(numerator, denominator) == nearest


@given(NUMBERS, DIVISORS)
def test_divisions_agree_with_fractions(numerator: int, denominator: int) -> None:
    """The oracle is exact rational arithmetic; Python's round() of a fraction takes ties to even."""
    exact = Fraction(numerator, denominator)
    assert div_floor(numerator, denominator) == exact.__floor__()
    assert div_ceil(numerator, denominator) == exact.__ceil__()
    assert div_nearest(numerator, denominator) == round(exact)


@given(NUMBERS, NUMBERS, DIVISORS)
def test_mul_div_is_exact_however_large_the_product(a: int, b: int, denominator: int) -> None:
    """Products of 260 bits lose nothing."""
    assert mul_div(a, b, denominator) == (Fraction(a) * b / denominator).__floor__()


@pytest.mark.parametrize("divide", [div_floor, div_ceil, div_nearest])
@pytest.mark.parametrize("denominator", [0, -1])
def test_denominators_are_positive(divide, denominator: int) -> None:
    """A negative one would turn the rounding round without saying so."""
    with pytest.raises(ValueError, match=f"found {denominator}"):
        divide(1, denominator)
    with pytest.raises(ValueError, match=f"found {denominator}"):
        mul_div(1, 1, denominator)


WEIGHTS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 1 << 80)), min_size=1, max_size=12).filter(any)


@given(st.one_of(st.integers(0, 50), st.integers(0, 1 << 90)), WEIGHTS)
def test_split_shares_sum_to_the_total(total: int, weights: list[int]) -> None:
    """Nothing vanishes; no share is below its rounded-down part; who has no weight gets nothing."""
    shares = split_exact(total, weights)
    assert sum(shares) == total
    base = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert share >= total * weight // base
        if weight == 0:
            assert share == 0
        if total <= base:
            assert share <= weight  # nobody pays more than his profit


@given(st.integers(0, 1 << 90), WEIGHTS)
def test_split_gives_the_remainder_to_the_last(total: int, weights: list[int]) -> None:
    """Where the last positive weight has room for it, every other share is its rounded-down part."""
    shares = split_exact(total, weights)
    base = sum(weights)
    floors = [total * weight // base for weight in weights]
    last = max(index for index, weight in enumerate(weights) if weight)
    remainder = total - sum(floors)
    if total > base or floors[last] + remainder <= weights[last]:
        floors[last] += remainder
        assert shares == floors


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (0, [1, 2], [0, 0]),
        (10, [1, 1, 1], [3, 3, 4]),
        (10, [1, 1, 1, 0], [3, 3, 4, 0]),
        (2, [1, 1, 1], [0, 1, 1]),  # the last has room for 1 of the 2; the one before it takes the other
        (3, [1, 1, 1], [1, 1, 1]),
        (101, [50, 30, 21], [50, 30, 21]),
        (7, [5, 3, 2], [3, 2, 2]),  # 3.5, 2.1, 1.4
        (100, [1], [100]),
        (5, [2, 1], [3, 2]),  # past the sum of weights: 3.33, 1.67
    ],
)
def test_split_examples(total: int, weights: list[int], shares: list[int]) -> None:
    """Computed by hand."""
    assert split_exact(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0]), (1, [0, 0]), (-1, [1]), (1, [2, -1]), (0, [])])
def test_split_refuses_what_has_no_answer(total: int, weights: list[int]) -> None:
    """No weight, a negative weight, a negative total."""
    with pytest.raises(ValueError, match="expected total"):
        split_exact(total, weights)


def test_random_bits_are_splitmix64() -> None:
    """With seed 0 the stream is SplitMix64's published one for state 0."""
    assert [random_bits(0, counter) for counter in range(4)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
        0xF88BB8A8724C81EC,
    ]


def test_random_bits_depend_on_seed_and_counter_alone() -> None:
    """Each position can be read by itself, and streams of different seeds differ."""
    stream = [random_bits(7, counter) for counter in range(1_000)]
    assert stream == [random_bits(7, counter) for counter in range(1_000)]
    assert len(set(stream)) == len(stream)
    assert not set(stream) & {random_bits(8, counter) for counter in range(1_000)}
    assert all(0 <= bits < 1 << 64 for bits in stream)
    assert random_bits(1 << 70, 1 << 70) == random_bits(0, 0)  # both count modulo 2**64


@given(st.integers(0, 1 << 64), st.integers(0, 1 << 64), st.integers(1, 1 << 32))
def test_random_below_stays_below(seed: int, counter: int, bound: int) -> None:
    """0 .. bound - 1, by multiply and shift."""
    assert random_below(seed, counter, bound) == random_bits(seed, counter) * bound // (1 << 64) < bound


def test_random_below_is_even_enough() -> None:
    """6,000 throws of a die: each face 1,000 times, give or take four standard deviations (sqrt(833) = 29)."""
    counts = [0] * 6
    for counter in range(6_000):
        counts[random_below(3, counter, 6)] += 1
    assert all(abs(count - 1_000) < 116 for count in counts), counts


@pytest.mark.parametrize("bound", [0, -1])
def test_random_below_refuses_an_empty_range(bound: int) -> None:
    """There is no integer below 1 and not below 0."""
    with pytest.raises(ValueError, match="bound"):
        random_below(0, 0, bound)
