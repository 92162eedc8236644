"""What a size is worth, against fractions; and the inverse, against a search round its answer."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS

HIGHEST = MAX_PRICE_TICKS
FRACTIONS = [(1, 1), (100, 1), (1, 3), (7, 10), (1, 10**8), (10**10, 1), (3, 7)]


def valuation(kind: str, tick_value: int = 1, divisor: int = 1) -> Valuation:
    """The money of an instrument of a kind."""
    facts = {"kind": kind, "tick_value": tick_value, "tick_value_divisor": divisor}
    return Valuation(Instrument(instrument_id=1, symbol="X", **facts))  # type: ignore[arg-type]


def exact(kind: str, size: int, price: int, tick_value: int, divisor: int) -> Fraction:
    """docs/semantics.md, section 4, without rounding."""
    if kind == "linear":
        return Fraction(size * price * tick_value, divisor)
    return Fraction(-size * tick_value, divisor * price)


KINDS = pytest.mark.parametrize("kind", ["linear", "inverse"])
SIZES = st.one_of(st.integers(1, 20), st.integers(1, MAX_QTY_LOTS))
PRICES = st.one_of(st.integers(1, 50), st.integers(1, HIGHEST))


@KINDS
def test_value_is_the_fraction_to_the_nearest(kind: str) -> None:
    """Ties to even; a long and a short of one size are worth the same with opposite sign."""

    @given(SIZES, PRICES, st.sampled_from(FRACTIONS))
    def check(size: int, price: int, fraction: tuple[int, int]) -> None:
        money = valuation(kind, *fraction)
        assert money.value(size, price) == round(exact(kind, size, price, *fraction))
        assert money.value(-size, price) == -money.value(size, price)
        assert money.notional(size, price) == money.notional(-size, price) == abs(money.value(size, price))

    check()


@pytest.mark.parametrize(
    ("kind", "fraction", "size", "price", "value"),
    [
        ("linear", (1, 1), 3, 100, 300),
        ("linear", (1, 1), -3, 100, -300),
        ("linear", (1, 1), 3, -37, -111),  # a market with negative prices
        ("linear", (1, 1), 3, 0, 0),
        ("linear", (1, 2), 1, 5, 2),  # 2.5, to the even 2
        ("linear", (1, 2), 1, 7, 4),  # 3.5, to the even 4
        ("linear", (1, 2), -1, 5, -2),
        ("inverse", (1_000, 1), 1, 3, -333),
        ("inverse", (1_000, 1), -1, 3, 333),
        ("inverse", (10, 1), 1, 4, -2),  # -2.5, to the even -2
        ("inverse", (30, 2), 1, 2, -8),  # -7.5, to the even -8
        ("inverse", (1, 1), 1, 3, 0),
    ],
)
def test_values_by_hand(kind: str, fraction: tuple[int, int], size: int, price: int, value: int) -> None:
    """Examples."""
    assert valuation(kind, *fraction).value(size, price) == value


@KINDS
def test_price_for_value_is_the_nearest_that_does_no_harm(kind: str) -> None:
    """A long's result is the lowest price, a short's the highest, at which the size is worth at least the value."""

    @given(
        SIZES,
        PRICES,
        st.sampled_from(FRACTIONS),
        st.booleans(),
        st.one_of(st.integers(-50, 50), st.integers(-(1 << 62), 1 << 62)),
    )
    @settings(max_examples=400)
    def check(size: int, price: int, fraction: tuple[int, int], is_short: bool, shift: int) -> None:
        size = -size if is_short else size
        money = valuation(kind, *fraction)
        target = round(exact(kind, size, price, *fraction)) + shift
        found = money.price_for_value(size, target, HIGHEST)
        lowest = 1 if kind == "inverse" else -(1 << 200)

        def is_worth_it(at: int) -> bool:
            return exact(kind, size, at, *fraction) >= target

        if kind == "inverse" and (target >= 0 if size > 0 else target <= 0):
            # A long inverse is never worth 0; a short always is worth more.
            assert found == HIGHEST
            assert is_worth_it(HIGHEST) == (size < 0)
            return
        # Down, a long gets worse; up, a short does. A result below the lowest price is clamped by the caller.
        if found >= lowest:
            assert is_worth_it(found)
        beyond = found + (-1 if size > 0 else 1)
        if beyond >= lowest:
            assert not is_worth_it(beyond)

    check()


@pytest.mark.parametrize(
    ("kind", "size", "value", "price"),
    [
        ("linear", 10, 905, 91),  # 90.5 up
        ("linear", -10, -905, 90),  # 90.5 down
        ("linear", 10, -5, 0),  # -0.5 up
        ("linear", 10, -15, -1),
        ("inverse", 10, -3, 4),  # 10 / p <= 3: p >= 3.33
        ("inverse", -10, 3, 3),  # 10 / p >= 3
        ("inverse", 10, 0, HIGHEST),
        ("inverse", 10, 5, HIGHEST),
        ("inverse", -10, 0, HIGHEST),
        ("inverse", -10, -5, HIGHEST),
        ("inverse", -10, 11, 0),  # no price: below 1
    ],
)
def test_prices_by_hand(kind: str, size: int, value: int, price: int) -> None:
    """Examples, with a tick value of 1."""
    assert valuation(kind).price_for_value(size, value, HIGHEST) == price


@KINDS
def test_prices_with_a_notional_bound_it_exactly(kind: str) -> None:
    """The lowest and the highest price on the right side of a notional; their neighbours are on the wrong one."""

    @given(SIZES, st.sampled_from(FRACTIONS), st.one_of(st.integers(1, 300), st.integers(1, 1 << 80)))
    def check(lots: int, fraction: tuple[int, int], notional: int) -> None:
        money = valuation(kind, *fraction)
        lowest = money.lowest_price_with(lots, notional)
        highest = money.highest_price_with(lots, notional)

        def worth(at: int) -> Fraction:
            return abs(exact(kind, lots, at, *fraction))

        if kind == "linear":
            assert worth(lowest) >= notional >= worth(highest)
            assert worth(lowest - 1) < notional < worth(highest + 1)
            return
        assert worth(lowest) <= notional
        assert lowest == 1 or worth(lowest - 1) > notional
        assert highest == 0 or worth(highest) >= notional
        assert worth(highest + 1) < notional

    check()


@given(SIZES, PRICES, PRICES, st.sampled_from(FRACTIONS))
def test_a_round_trip_at_one_price_is_worth_nothing(
    size: int, price: int, other: int, fraction: tuple[int, int]
) -> None:
    """Profit is value(mark) - value(entry): 0 at the entry, and of opposite sign for the two sides elsewhere."""
    assume(price != other)
    for kind in ("linear", "inverse"):
        money = valuation(kind, *fraction)
        profit = money.value(size, other) - money.value(size, price)
        assert (profit >= 0) == (other > price) or profit == 0
        assert money.value(-size, other) - money.value(-size, price) == -profit
