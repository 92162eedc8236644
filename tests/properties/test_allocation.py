"""Pro-rata shares against an oracle that hands out lot by lot, with fractions for what is in proportion."""

from fractions import Fraction
from itertools import cycle

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.book.allocation import BY_SIZE, BY_TIME, ONE_LOT, allocate

OPEN = st.lists(st.integers(1, 12), min_size=1, max_size=6)


def shares_by_hand(open_lots: list[int], lots: int, has_top: bool, minimum: int, leftovers: int) -> list[int]:
    """What the rule says, one lot after the other."""
    hands = [0] * len(open_lots)
    lots = min(lots, sum(open_lots))
    sharing = list(range(len(open_lots)))
    if has_top:
        while lots > 0 and hands[0] < open_lots[0]:
            hands[0] += 1
            lots -= 1
        sharing = sharing[1:]
    if sharing:
        whole = Fraction(sum(open_lots[at] for at in sharing))
        exact = {at: lots * open_lots[at] / whole for at in sharing}
        for at in sharing:
            share = int(exact[at])
            if share >= minimum or lots == whole:
                hands[at] += share
        lots -= sum(hands[at] for at in sharing)
    turns = list(range(len(open_lots)))
    if leftovers == BY_SIZE:
        turns = sorted(turns, key=lambda at: (open_lots[at], -at), reverse=True)
    for at in cycle(turns):
        if lots == 0:
            return hands
        room = open_lots[at] - hands[at]
        for _ in range(min(room, 1) if leftovers == ONE_LOT else room):
            if lots > 0:
                hands[at] += 1
                lots -= 1
    return hands


@given(OPEN, st.integers(1, 60), st.booleans(), st.integers(0, 4), st.sampled_from([BY_TIME, ONE_LOT, BY_SIZE]))
@settings(max_examples=500)
@example([6, 3, 1], 5, False, 0, BY_TIME)
@example([1], 1, True, 2, ONE_LOT)
def test_agrees_with_lots_dealt_by_hand(
    open_lots: list[int], lots: int, has_top: bool, minimum: int, leftovers: int
) -> None:
    """Nobody gets more than is open; all together get what there is."""
    found = allocate(open_lots, lots, has_top, minimum, leftovers)
    assert found == shares_by_hand(open_lots, lots, has_top, minimum, leftovers)
    assert sum(found) == min(lots, sum(open_lots))
    assert all(0 <= share <= there for share, there in zip(found, open_lots, strict=True))


def test_the_rules_differ() -> None:
    """10 over 7, 7 and 3: shares of 4, 4 and 1; the lot that is left goes as the rule says."""
    assert allocate([7, 7, 3], 10) == [5, 4, 1]
    assert allocate([3, 7, 7], 10, leftovers=BY_SIZE) == [1, 5, 4]
    assert allocate([3, 7, 7], 10, leftovers=ONE_LOT) == [2, 4, 4]
    assert allocate([7, 7, 3], 10, has_top=True) == [7, 3, 0]  # 3 over 7 and 3: 2 and 0, and 1 by time
    assert allocate([7, 7, 3], 10, minimum=2) == [6, 4, 0]


def test_large_numbers_are_exact() -> None:
    """Products beyond 64 bits: just under a half each, rounded down, and the two lots that leaves to the oldest."""
    much = 1 << 60
    assert allocate([much, much, 1], much) == [much // 2 + 1, much // 2 - 1, 0]
