"""Margin tiers: the requirement against a sum over tiers, its inverses against a search round their answers."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.instrument import Instrument, MarginTier
from exchange.margin.schedule import MarginSchedule, initial_margin
from exchange.units import PPM

MARKS = st.lists(st.one_of(st.integers(1, 300), st.integers(1, (1 << 60) - 1)), max_size=5, unique=True).map(sorted)


@st.composite
def tiers(draw: st.DrawFn) -> list[tuple[int, int]]:
    """(up_to, ppm) of each tier; rates that never fall."""
    ends = [*draw(MARKS), 0]
    rates = sorted(draw(st.lists(st.integers(0, PPM - 1), min_size=len(ends), max_size=len(ends))))
    return list(zip(ends, rates, strict=True))


def schedule(parts: list[tuple[int, int]]) -> MarginSchedule:
    """The schedule of an instrument with these tiers."""
    margin_tiers = tuple(MarginTier(maintenance_ppm=rate, up_to=end) for end, rate in parts)
    return MarginSchedule(Instrument(instrument_id=1, symbol="X", margin_tiers=margin_tiers))


def exact(parts: list[tuple[int, int]], notional: int) -> Fraction:
    """The sum over tiers of the part of the notional in the tier times its rate."""
    total, start = Fraction(0), 0
    for end, rate in parts:
        part = max(0, (notional if end == 0 else min(notional, end)) - start)
        total += Fraction(part * rate, PPM)
        start = end
    return total


def around(parts: list[tuple[int, int]]) -> list[int]:
    """The notionals at which something changes."""
    return sorted({max(0, end + step) for end, _ in parts for step in (-1, 0, 1)})


@given(tiers(), st.integers(0, 1 << 70))
def test_maintenance_is_the_sum_over_tiers_rounded_up(parts: list[tuple[int, int]], notional: int) -> None:
    """At every boundary too."""
    margin = schedule(parts)
    for amount in [*around(parts), notional]:
        assert margin.maintenance(amount) == exact(parts, amount).__ceil__()


@given(tiers(), st.one_of(st.integers(-300, 300), st.integers(-(1 << 63), 1 << 63)))
@settings(max_examples=300)
def test_least_notional_is_where_a_long_starts_to_be_safe(parts: list[tuple[int, int]], excess: int) -> None:
    """n - maintenance(n) >= excess at the result, and not one below; 0 where it holds from the start."""
    least = schedule(parts).least_notional(excess)
    assert least >= 0
    assert least - exact(parts, least) >= excess
    if least > 0:
        assert (least - 1) - exact(parts, least - 1) < excess


@given(tiers(), st.one_of(st.integers(-300, 300), st.integers(-(1 << 63), 1 << 63)))
@settings(max_examples=300)
def test_most_notional_is_where_a_short_ceases_to_be_safe(parts: list[tuple[int, int]], excess: int) -> None:
    """-n - maintenance(n) >= excess at the result, and not one above; negative where no n has it."""
    most = schedule(parts).most_notional(excess)
    if most < 0:
        assert excess > 0
        return
    assert -most - exact(parts, most) >= excess
    assert -(most + 1) - exact(parts, most + 1) < excess


@pytest.mark.parametrize(
    ("notional", "maintenance"),
    [
        (0, 0),
        (1, 1),  # 0.004, up
        (1_000, 4),
        (1_001, 5),  # 4 + 0.01, up
        (2_000, 14),  # 4 + 1,000 at 1 %
        (5_000, 44),
        (5_001, 45),  # 44 + 0.05, up
        (7_000, 144),  # 4 + 40 + 2,000 at 5 %
    ],
)
def test_three_tiers_by_hand(notional: int, maintenance: int) -> None:
    """0.4 % up to 1,000, 1 % up to 5,000, 5 % above: the requirement does not jump at a boundary."""
    assert schedule([(1_000, 4_000), (5_000, 10_000), (0, 50_000)]).maintenance(notional) == maintenance


@pytest.mark.parametrize(
    ("position", "bought", "sold", "leverage", "margin"),
    [
        (0, 0, 0, 10, 0),
        (100, 0, 0, 10, 10),
        (-100, 0, 0, 10, 10),
        (100, 50, 0, 10, 15),
        (100, 0, 150, 10, 10),  # sold out and 50 short: less than the 100 long
        (100, 0, 250, 10, 15),  # 150 short
        (-100, 250, 0, 10, 15),
        (0, 70, 90, 10, 9),  # the worse side, not both
        (1, 0, 0, 1_000, 1),  # rounded up
        (101, 0, 0, 10, 11),
    ],
)
def test_initial_margin_by_hand(position: int, bought: int, sold: int, leverage: int, margin: int) -> None:
    """ceil(max(|N + B|, |N - S|) / leverage)."""
    assert initial_margin(position, bought, sold, leverage) == margin
