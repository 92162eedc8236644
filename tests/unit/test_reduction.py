"""How much of a position an order closes: each rule at its edges."""

import pytest

from exchange.risk.reduction import (
    buffered_shortage,
    fraction_first,
    fraction_of,
    lots_to_cover,
    lots_to_lower_tier,
    lots_to_lowest_tier,
    lots_within,
    notional_bounds,
    ramped_fee_ppm,
    ramped_ppm,
    ramped_shortage,
    share_cap,
    volume_cap,
    with_dust,
)

ENDS = [1_000, 5_000, 0]


@pytest.mark.parametrize(("lots", "ppm", "closed"), [(8, 125_000, 1), (9, 125_000, 2), (1, 1, 1), (7, 1_000_000, 7)])
def test_a_fraction_is_rounded_up(lots: int, ppm: int, closed: int) -> None:
    """At least a lot, at most all."""
    assert fraction_of(lots, ppm) == closed


@pytest.mark.parametrize(
    ("lots", "notional", "tiers", "closed"),
    [
        (100, 10_000, 1, 50),  # to 5,000
        (100, 10_000, 2, 90),  # to 1,000
        (100, 10_000, 3, 100),  # from the lowest three: all
        (100, 5_000, 1, 80),
        (3, 5_001, 1, 1),  # keeps 2.9 -> 2 lots
        (100, 1_000, 1, 100),
    ],
)
def test_tiers_are_stepped_down(lots: int, notional: int, tiers: int, closed: int) -> None:
    """What is kept lies inside the tier."""
    assert lots_to_lower_tier(lots, notional, ENDS, tiers) == closed
    kept = lots - closed
    assert kept * notional <= lots * 5_000


def test_straight_to_the_lowest_tier() -> None:
    """From the second tier and from the third alike; from the first, all."""
    assert lots_to_lowest_tier(100, 10_000, ENDS) == 90
    assert lots_to_lowest_tier(100, 2_000, ENDS) == 50
    assert lots_to_lowest_tier(100, 1_000, ENDS) == 100


@pytest.mark.parametrize(
    ("notional", "since", "closed"),
    [(1_001, -1, 20), (1_000, -1, 100), (5_000, 0, 100), (5_000, 29, 100), (5_000, 30, 20)],
)
def test_a_fraction_first_then_the_whole(notional: int, since: int, closed: int) -> None:
    """Above the threshold strictly; the cooldown ends at its end."""
    assert fraction_first(100, notional, 1_000, 200_000, since, 30) == closed


def test_a_shortage_with_its_buffer() -> None:
    """The buffer is rounded up, and counts on losses where it is told to."""
    assert buffered_shortage(90, 97, 1_940, 0, 20_000) == 46
    assert buffered_shortage(90, 97, 1_940, 60, 20_000) == 47
    assert buffered_shortage(97, 97, 1_940, 0, 0) == 0
    assert buffered_shortage(-5, 0, 0, 0, 20_000) == 5


@pytest.mark.parametrize(
    ("shortage", "freed", "closed"), [(46, 135, 7), (45, 45, 20), (46, 45, 20), (1, 0, 20), (0, 9, 0)]
)
def test_covering_a_shortage(shortage: int, freed: int, closed: int) -> None:
    """Rounded up; all of it where the whole does not free enough."""
    assert lots_to_cover(20, shortage, freed) == closed


def test_the_share_of_a_ramp() -> None:
    """It starts at its initial share, lies on its grid, and ends at the whole."""
    assert ramped_ppm(0, 150, 100_000, 100) == 100_000
    assert ramped_ppm(100, 150, 100_000, 100) == 766_600
    assert ramped_ppm(149, 150, 100_000, 1) == 1_000_000
    assert ramped_ppm(150, 150, 0, 1) == ramped_ppm(0, 0, 0, 1) == 1_000_000


def test_what_a_ramp_allows() -> None:
    """Nothing while more than the share was freed; a part of what is short otherwise."""
    assert ramped_shortage(90, 70, 100_000, 1) == 0
    assert ramped_shortage(100, 0, 600_000, 1) == 60
    assert ramped_shortage(100, 50, 600_000, 1) == 40
    assert ramped_shortage(0, 50, 1_000_000, 1) == 0


def test_a_fee_that_grows() -> None:
    """After the grace it counts from the start; up to its most."""
    assert ramped_fee_ppm(99, 100, 20_000, 50_000, 10, 7) == 20_000
    assert ramped_fee_ppm(100, 100, 20_000, 50_000, 10, 7) == 20_070
    assert ramped_fee_ppm(10**9, 100, 20_000, 50_000, 10, 7) == 50_000


@pytest.mark.parametrize(
    ("least", "most", "portion", "bounds"),
    [
        (100, 0, 1_000_000, (100, 5_000)),
        (100, 0, 10_000, (100, 100)),
        (0, 700, 500_000, (0, 700)),
        (900, 700, 1, (900, 900)),
    ],
)
def test_bounds_of_notional(least: int, most: int, portion: int, bounds: tuple[int, int]) -> None:
    """The least wins over the most."""
    assert notional_bounds(5_000, least, most, portion) == bounds


def test_lots_between_bounds() -> None:
    """The most is rounded down, the least up; never more than are held; without a value there are no bounds."""
    assert lots_within(10, 10, 1_000, 0, 350) == 3
    assert lots_within(10, 1, 1_000, 350, 1_000) == 4
    assert lots_within(10, 1, 1_000, 10**9, 10**9) == 10
    assert lots_within(10, 7, 0, 5, 5) == 7


def test_dust_goes_along() -> None:
    """Strictly below the limit; no limit, no dust."""
    assert with_dust(10, 4, 1_000, 601) == 10
    assert with_dust(10, 4, 1_000, 600) == 4
    assert with_dust(10, 9, 1_000, 0) == 9


def test_shares_of_volumes() -> None:
    """Of the book rounded up, of what was traded down."""
    assert (share_cap(1, 500_000), share_cap(0, 500_000)) == (1, 0)
    assert (volume_cap(1, 500_000), volume_cap(3, 500_000)) == (0, 1)
