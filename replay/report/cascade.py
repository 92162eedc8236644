"""The tree of liquidations cut down to what can be read: the branches with most behind them, and the rest counted."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final, NamedTuple

NODES: Final = 32


class Leaf(NamedTuple):
    """One liquidation as the tree needs it. cause: the number of another one, 0 for the market. size: money."""

    number: int
    cause: int
    size: int


class Node(NamedTuple):
    """What the page draws. parent: the number of another node, 0 for the market.

    number: of the liquidation; of several together the negative one of the first. times: how many. size: of them
    together. behind, behind_size: what they set off, directly or not.
    """

    number: int
    parent: int
    times: int
    size: int
    behind: int
    behind_size: int


def readable_tree(leaves: Sequence[Leaf], most: int = NODES) -> list[Node]:
    """Return at most about `most` nodes, parents first: the largest by all that is behind them, and others summed up.

    A node whose children are not all drawn has one node more, which stands for the others and all behind them; the
    numbers and sizes of all nodes together are those of all liquidations. Causes come before what they set off.
    """
    sizes = {leaf.number: leaf.size for leaf in leaves}
    children: dict[int, list[int]] = {}
    counts: dict[int, int] = {}
    totals: dict[int, int] = {}
    for leaf in leaves:
        children.setdefault(leaf.cause if leaf.cause in sizes else 0, []).append(leaf.number)
    for leaf in reversed(leaves):
        below = children.get(leaf.number, [])
        counts[leaf.number] = 1 + sum(counts[number] for number in below)
        totals[leaf.number] = leaf.size + sum(totals[number] for number in below)
    drawn: dict[int, int] = {}  # number to parent
    queue: list[tuple[int, int, int]] = []

    def offer(parent: int) -> None:
        for number in children.get(parent, []):
            heappush(queue, (-totals[number], number, parent))

    offer(0)
    while queue and len(drawn) < most:
        _, number, parent = heappop(queue)
        drawn[number] = parent
        offer(number)
    nodes = [
        Node(number, parent, 1, sizes[number], counts[number] - 1, totals[number] - sizes[number])
        for number, parent in drawn.items()
    ]
    for parent in [0, *drawn]:
        left = [number for number in children.get(parent, []) if number not in drawn]
        if left:
            count, size = sum(counts[number] for number in left), sum(totals[number] for number in left)
            nodes.append(Node(-left[0], parent, count, size, 0, 0))
    return nodes
