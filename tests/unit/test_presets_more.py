"""Venue presets: each loads, names its sources, and does in a shock what its venue is known for."""

from collections.abc import Callable
from functools import cache

import pytest

from replay.shock import Outcome, Shock, run_shock
from replay.venues import describe, load_venue

# What sets a venue apart, as a statement about the outcome of one and the same shock.
CHARACTER: dict[str, tuple[str, Callable[[Outcome], bool]]] = {
    "dydx_v4": (
        "the fund gets fees of surpluses, nobody is haircut, who is insolvent is closed against the other side",
        lambda o: o.deleveraged > 0 and o.haircut == 0 and o.taken_over == 0 and o.fund_surplus == 0 and o.kept > 0,
    ),
    "vega": (
        "the network takes every distressed position over, with all its margin, and the round's winners are haircut",
        lambda o: o.taken_over == o.liquidated and o.kept == 0 and o.fund_surplus > 0 and o.haircut > 0,
    ),
    "ftx": (
        "backstop providers, then the largest opposing positions, and the fund earns the third on the way to mark",
        lambda o: o.backstopped > 0 and o.deleveraged > 0 and o.fund_end > o.fund_start and o.haircut == 0,
    ),
    "bybit_inverse": (
        "the fund takes over what the book did not take, deleveraging starts before it is empty, it keeps surpluses",
        lambda o: o.taken_over > 0 and o.deleveraged > 0 and o.fund_end > 0 and o.fund_surplus > 0 and o.kept == 0,
    ),
    "deribit": (
        "positions go to the market alone, the empty fund leaves the rest to the session's winners",
        lambda o: o.taken_over == o.deleveraged == 0 and o.fund_paid > o.fund_start and o.haircut > 0,
    ),
    "spot_margin_binance": (
        "at three times leverage the fund earns fees and pays nothing, borrowers keep the rest",
        lambda o: o.taken_over == o.deleveraged == 0 and o.fund_paid == 0 and o.kept > 0 and o.fund_end > o.fund_start,
    ),
}
PRESETS = list(CHARACTER)


@cache
def outcome(name: str) -> Outcome:
    """Return what the shock makes of a preset."""
    return run_shock(*load_venue(name), Shock(steps=30))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_stands_on(name):
    """Title, time and sources are there, and what the sources leave open is said."""
    about = describe(name)
    assert about.title
    assert about.as_of
    assert about.sources
    assert about.open_questions


@pytest.mark.parametrize("name", PRESETS)
def test_the_shock_ends_in_character(name):
    """The venue does what it is known for, and refuses nothing of the story."""
    found = outcome(name)
    assert found.refused == 0
    assert found.liquidated > 0
    says, holds = CHARACTER[name]
    assert holds(found), f"{says}: {found}"


def test_no_two_presets_end_alike():
    """The same crowd meets another end at every venue."""
    ends = [outcome(name)._replace(venue="", digest="", events=0) for name in PRESETS]
    assert all(end not in ends[:place] for place, end in enumerate(ends))


def test_a_preset_replays_bit_for_bit():
    """Draws are seeded: the same digest again."""
    again = run_shock(*load_venue("ftx"), Shock(steps=30))
    assert again.digest == outcome("ftx").digest
