"""Who trades how many lots among the resting orders at one price. Pure: knows open quantities by age, nothing else."""

from collections.abc import Sequence
from typing import Final

LEFTOVERS: Final = ("time", "one_lot", "largest")
BY_TIME: Final = 0
ONE_LOT: Final = 1
BY_SIZE: Final = 2


def allocate(
    open_lots: Sequence[int], lots: int, has_top: bool = False, minimum: int = 0, leftovers: int = BY_TIME
) -> list[int]:
    """Return what each of some orders, oldest first, trades of `lots`; all together min(lots, sum of open_lots).

    has_top: the oldest is filled first, in full. Then each gets floor(lots x open / sum of open) of what is left, or
    nothing where that is less than `minimum`. What then remains is given out as `leftovers` says.
    """
    whole = sum(open_lots)
    if lots >= whole:
        return list(open_lots)
    given = [0] * len(open_lots)
    if has_top:
        given[0] = min(lots, open_lots[0])
    first = 1 if has_top else 0
    lots -= sum(given)
    base = sum(open_lots[first:])
    left = lots
    for at in range(first, len(open_lots)):
        share = lots * open_lots[at] // base
        if share >= minimum:
            given[at] = share
            left -= share
    if leftovers == ONE_LOT:
        _give_one_by_one(open_lots, given, left)
    else:
        _give_in_turn(open_lots, given, left, leftovers == BY_SIZE)
    return given


def _give_in_turn(open_lots: Sequence[int], given: list[int], left: int, by_size: bool) -> None:
    """Give each order as many lots as it still has room for, the oldest or the largest first."""
    turns = list(range(len(open_lots)))
    if by_size:
        turns.sort(key=lambda at: (-open_lots[at], at))
    for at in turns:
        more = min(left, open_lots[at] - given[at])
        given[at] += more
        left -= more


def _give_one_by_one(open_lots: Sequence[int], given: list[int], left: int) -> None:
    """Give one lot to each order that has room, the oldest first, and round again; whole rounds at once."""
    while left > 0:
        with_room = [at for at in range(len(open_lots)) if given[at] < open_lots[at]]
        least_room = min(open_lots[at] - given[at] for at in with_room)
        rounds = min(left // len(with_room), least_room)
        for at in with_room:
            more = rounds if rounds > 0 else min(1, left)
            given[at] += more
            left -= more
