"""Fewer points that draw the same picture: what is kept of a large run, and what is summed up.

Lines: the axis is cut into columns, about as many as a wide screen has pixels, and each keeps its first, lowest,
highest and last point where they are. So no low and no high is lost, and the drawn line is the one of all points.
(Jugel et al. 2014, "M4: a visualization-oriented time series data aggregation".)

Marks: the largest are kept one by one; the others are summed up, neighbours with neighbours, with their count. The sums
of sizes and counts are those of all.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

COLUMNS: Final = 1_000
MARKS: Final = 150
GROUPS: Final = 60


def keep_extremes(positions: Sequence[int], values: Sequence[int], columns: int = COLUMNS) -> list[int]:
    """Return the indices of the points that are kept, in their order; all where there are few.

    positions: of the points on the axis, never falling. At most 4 points remain per column.
    """
    count = len(positions)
    if count <= 4 * columns:
        return list(range(count))
    first = positions[0]
    span = positions[-1] - first + 1
    kept: set[int] = set()
    begin = 0
    while begin < count:
        column = (positions[begin] - first) * columns // span
        end = low = high = begin
        while end < count and (positions[end] - first) * columns // span == column:
            if values[end] < values[low]:
                low = end
            if values[end] > values[high]:
                high = end
            end += 1
        kept |= {begin, low, high, end - 1}
        begin = end
    return sorted(kept)


def keep_for_both(
    steps: Sequence[int], times_ns: Sequence[int], values: Sequence[int], columns: int = COLUMNS
) -> list[int]:
    """Return what either of two axes needs: the page can show a run by the clock and event by event."""
    if len(values) <= 4 * columns:
        return list(range(len(values)))
    return sorted({*keep_extremes(steps, values, columns), *keep_extremes(times_ns, values, columns)})


class Group(NamedTuple):
    """Marks drawn as one: `members` are indices, in their order, of which the first says where it stands."""

    members: tuple[int, ...]


def group_marks(
    sizes: Sequence[int], most: int = MARKS, groups: int = GROUPS, *, key: Callable[[int], object] = lambda index: 0
) -> list[Group]:
    """Return the marks to draw, by their first member: the `most` largest alone, the others in at most `groups`.

    Ties keep the earlier mark. key: of an index; marks of different keys are not summed up together (each key with a
    mark among the small ones may cost one group more).
    """
    if len(sizes) <= most:
        return [Group((index,)) for index in range(len(sizes))]
    by_size = sorted(range(len(sizes)), key=lambda index: (-sizes[index], index))
    alone = [Group((index,)) for index in by_size[:most]]
    small = sorted(by_size[most:])
    each = -(-len(small) // groups)
    summed: list[Group] = []
    for found in dict.fromkeys(key(index) for index in small):
        alike = [index for index in small if key(index) == found]
        summed += [Group(tuple(alike[at : at + each])) for at in range(0, len(alike), each)]
    return sorted([*alone, *summed], key=lambda group: group.members[0])
