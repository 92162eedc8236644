"""The book of a recording as its source knows it: one side's levels, each with its orders, oldest first.

A source keeps it to compare with what the recording shows; nothing matches here. Every level has at least one order,
and every order at least one lot.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import Final, final

from exchange.enums import Side


@final
class BookSide:
    """One side of a recorded book."""

    def __init__(self, side: Side) -> None:
        self._worse: Final = -1 if side is Side.BUY else 1
        self._ranks: list[int] = []  # price_ticks * _worse of the levels, ascending: best first
        self._levels_by_price: dict[int, dict[int, int]] = {}
        self._totals_by_price: dict[int, int] = {}

    def add(self, order_id: int, price_ticks: int, qty_lots: int) -> None:
        """Put a new order at the back of its level."""
        if price_ticks not in self._levels_by_price:
            insort(self._ranks, price_ticks * self._worse)
            self._levels_by_price[price_ticks] = {}
            self._totals_by_price[price_ticks] = 0
        self._levels_by_price[price_ticks][order_id] = qty_lots
        self._totals_by_price[price_ticks] += qty_lots

    def take(self, order_id: int, price_ticks: int, qty_lots: int) -> bool:
        """Take quantity off an order that has as much; return whether the order is gone."""
        level = self._levels_by_price[price_ticks]
        level[order_id] -= qty_lots
        self._totals_by_price[price_ticks] -= qty_lots
        if level[order_id] > 0:
            return False
        del level[order_id]
        if not level:
            rank = price_ticks * self._worse
            del self._ranks[bisect_left(self._ranks, rank)]
            del self._levels_by_price[price_ticks]
            del self._totals_by_price[price_ticks]
        return True

    def level(self, price_ticks: int) -> Mapping[int, int]:
        """Return the open quantity of each order at a price by id, oldest first; empty where there is no level."""
        return self._levels_by_price.get(price_ticks, {})

    def total_lots(self, price_ticks: int) -> int:
        """Return the quantity at a price."""
        return self._totals_by_price.get(price_ticks, 0)

    def prices(self, worst_ticks: int | None = None) -> Iterator[int]:
        """Yield the prices of the levels, best first, up to and including `worst_ticks`; all where it is None."""
        for rank in self._ranks:
            if worst_ticks is not None and rank > worst_ticks * self._worse:
                return
            yield rank * self._worse
