"""Thinning: fewer points, the same picture, the same sums."""

from array import array
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.instrument import Instrument
from replay.report.cascade import Leaf, readable_tree
from replay.report.depth import Snapshot
from replay.report.film import Film
from replay.report.page import About, write_page
from replay.report.payload import run_payload
from replay.report.thin import group_marks, keep_extremes, keep_for_both
from replay.report.tracks import Track


def walk(seed: int, count: int) -> tuple[list[int], list[int]]:
    """A path with a spike that one point alone makes, and times that come in bursts."""
    draw = Random(seed)
    places, values, place, value = [], [], 0, 0
    for _ in range(count):
        place += draw.choice([0, 0, 0, 1, 1_000])
        value += draw.randint(-5, 5)
        places.append(place)
        values.append(value)
    values[draw.randrange(count)] = -1_000_000
    values[draw.randrange(count)] = 1_000_000
    return places, values


@pytest.mark.parametrize("seed", range(20))
def test_no_low_and_no_high_is_lost(seed: int) -> None:
    """Of the whole, and of every column; first and last stay, and at most four points are left per column."""
    places, values = walk(seed, 20_000)
    columns = 100
    kept = keep_extremes(places, values, columns)
    assert len(kept) <= 4 * columns
    assert kept == sorted(set(kept))
    assert {0, len(values) - 1} <= set(kept)
    left = [values[index] for index in kept]
    assert (min(left), max(left)) == (min(values), max(values)) == (-1_000_000, 1_000_000)
    span = places[-1] - places[0] + 1

    def extremes(indices: list[int]) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for index in indices:
            column = (places[index] - places[0]) * columns // span
            low, high = found.get(column, (values[index], values[index]))
            found[column] = min(low, values[index]), max(high, values[index])
        return found

    assert extremes(kept) == extremes(list(range(len(values))))


def test_few_points_are_all_kept() -> None:
    """Nothing is done where nothing is gained."""
    assert keep_extremes([1, 2, 3], [5, 5, 5], 1000) == [0, 1, 2]
    assert keep_for_both([], [], []) == []


def test_both_axes_get_what_they_need() -> None:
    """A burst is one column by the clock and most of the picture step by step."""
    steps = list(range(10_000))
    times = [0] * 100 + [10**9] * 9_800 + [10**12] * 100
    values = [Random(1).randint(0, 9)] * 10_000
    kept = keep_for_both(steps, times, values, 50)
    assert set(keep_extremes(steps, values, 50)) <= set(kept)
    assert set(keep_extremes(times, values, 50)) <= set(kept)


@given(st.lists(st.integers(0, 1_000), max_size=300), st.integers(1, 40), st.integers(1, 20))
def test_marks_keep_their_sums(sizes: list[int], most: int, groups: int) -> None:
    """Every mark is in one group; the largest stand alone; sides are not mixed."""
    found = group_marks(sizes, most, groups, key=lambda index: index % 2)
    members = [index for group in found for index in group.members]
    assert sorted(members) == list(range(len(sizes)))
    assert len(found) <= most + groups + 2
    assert all(len({index % 2 for index in group.members}) == 1 for group in found)
    alone = [sizes[group.members[0]] for group in found if len(group.members) == 1]
    together = [sizes[index] for group in found if len(group.members) > 1 for index in group.members]
    if together:
        assert sorted(alone, reverse=True)[:most][-1] >= max(together)


@given(st.lists(st.integers(0, 10_000), max_size=200), st.integers(0, 2**32), st.integers(1, 30))
def test_tree_keeps_its_sums(sizes: list[int], seed: int, most: int) -> None:
    """Whatever is left out is counted under the node that it belongs to; parents come before their children."""
    draw = Random(seed)
    leaves = [Leaf(number, draw.randrange(number), size) for number, size in enumerate(sizes, start=1)]
    nodes = readable_tree(leaves, most)
    assert sum(node.times for node in nodes) == len(leaves)
    assert sum(node.size for node in nodes) == sum(sizes)
    seen = {0}
    for node in nodes:
        assert node.parent in seen
        if node.number > 0:
            seen.add(node.number)
    assert sum(node.number > 0 for node in nodes) == min(most, len(leaves))


def test_tree_shows_the_branches_with_most_behind_them() -> None:
    """A small one that set off a large one is drawn before a middling one that set off nothing."""
    nodes = readable_tree([Leaf(1, 0, 1), Leaf(2, 1, 100), Leaf(3, 0, 50), Leaf(4, 0, 2)], 2)
    assert [(node.number, node.parent, node.times, node.size) for node in nodes] == [
        (1, 0, 1, 1),
        (2, 1, 1, 100),
        (-3, 0, 2, 52),
    ]


def test_a_track_of_millions_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its bound it keeps its extremes, and goes on."""
    monkeypatch.setattr("replay.report.tracks._MOST_POINTS", 1_000)
    monkeypatch.setattr("replay.report.tracks._LEFT_OVER", 200)
    track = Track()
    for step in range(10_000):
        track.note(step, step, -step if step == 777 else step % 7)
    assert len(track) <= 1_000
    assert min(track.values) == -777
    assert track.last == 9_999 % 7
    assert list(track.steps) == sorted(track.steps)


def test_the_largest_page_stays_small(tmp_path: Path) -> None:
    """Four markets, every track full of noise, a wide book at every look, thousands of liquidations: under 8 MB."""
    draw = Random(7)
    instruments = [Instrument(instrument_id=number, symbol=f"M{number}", default_leverage=10) for number in range(1, 5)]
    film = Film(instruments, 10**12)
    film.step, film.start_ns, film.end_ns = 10**7, 10**18, 10**18 + 10**14
    tracks = [
        film.fund,
        film.haircuts,
        film.deleveraged_notional,
        film.deleveraged_count,
        film.liquidations,
        film.stops,
    ]
    tracks += film.paid.values()
    for market in film.markets.values():
        tracks += [market.trades, market.marks, market.indices]
        levels = array("q", range(60_000, 60_600))
        for look in range(300):
            lots = array("q", [draw.randint(1, 10**9) for _ in levels])
            none = array("q")
            market.looks.append(Snapshot(look * 33_000, film.start_ns + look * 10**11, levels, lots, none, none))
    for track in tracks:
        for point in range(20_000):
            track.note(
                point * 500 + draw.randint(0, 499), film.start_ns + point * 5 * 10**9, draw.randint(60_000, 10**12)
            )
    for market in film.markets.values():
        market.trades.values = array("q", [60_000 + value % 600 for value in market.trades.values])
    payload = run_payload(film, [], label="A", name="", what_if={}, venue="", digest="")
    size = write_page(tmp_path / "x.html", About("t", "d", "recorded"), [payload])
    assert 3_000_000 < size < 8_000_000
