"""Trailing stops of one market that follow one price, by the price at which the trigger of each moves next.

Cost: a price that moves no trigger O(1); each trigger that moves O(log trailing stops).
"""

from typing import final

from mypy_extensions import i64
from sortedcontainers import SortedDict

from exchange.enums import BUY
from exchange.units import PPM, mul_div


@final
class Trail:
    """How one stop follows. A sell stop follows a price that rises, a buy stop one that falls."""

    def __init__(self, side: i64, distance: i64, is_ppm: bool, step: i64, limit_offset: i64, activation: i64) -> None:
        """As in PlaceTrailingStop."""
        self.side: i64 = side
        self.distance: i64 = distance
        self.is_ppm: bool = is_ppm
        self.step: i64 = max(1, step)
        self.limit_offset: i64 = limit_offset
        self.activation: i64 = activation
        self.series: i64 = 0  # which price it follows
        self.is_queued: bool = False
        self.next_price: i64 = 0  # at which its trigger moves
        self.entry: i64 = 0  # by which stops of one such price go

    def trigger_at(self, price: i64, lowest: i64, highest: i64) -> i64:
        """Return the trigger that belongs to a price: so far away, at least a tick, within the market's prices.

        A distance in ppm is rounded down.
        """
        away = self.distance
        if self.is_ppm:
            size: int = price if price >= 0 else -price
            away = max(1, mul_div(size, self.distance, PPM))
        return min(highest, price + away) if self.side == BUY else max(lowest, price - away)

    def move_after(self, price: i64, lowest: i64, highest: i64) -> bool:
        """Set `next_price` to the nearest price whose trigger is a step further; return False where there is none."""
        is_buy = self.side == BUY
        sign: i64 = -1 if is_buy else 1
        target = sign * self.trigger_at(price, lowest, highest) + self.step
        # The trigger never moves against the price, so that half of what is left can be ruled out each time.
        near = sign * price
        far: i64 = -lowest if is_buy else highest
        if sign * self.trigger_at(sign * far, lowest, highest) < target:
            return False
        while far - near > 1:
            middle = near + (far - near >> 1)
            if sign * self.trigger_at(sign * middle, lowest, highest) >= target:
                far = middle
            else:
                near = middle
        self.next_price = sign * far
        return True


@final
class TrailIndex:
    """Order ids by next price."""

    def __init__(self, series: i64) -> None:
        """Begin without stops. series: which price they follow, as of `StopIndex`."""
        self.series: i64 = series
        self.rising: SortedDict[tuple[int, int], int] = SortedDict()  # of sell stops: next price, entry -> order id
        self.falling: SortedDict[tuple[int, int], int] = SortedDict()  # of buy stops: the price with its sign turned

    def add(self, trail: Trail, order_id: i64) -> None:
        """Queue a stop under its `next_price`."""
        queue = self.falling if trail.side == BUY else self.rising
        queue[self._key(trail)] = order_id
        trail.is_queued = True

    def remove(self, trail: Trail) -> None:
        """Take a stop out, if it is queued."""
        if trail.is_queued:
            queue = self.falling if trail.side == BUY else self.rising
            del queue[self._key(trail)]
            trail.is_queued = False

    def has_due(self, side: i64, price: i64) -> bool:
        """Return whether a price moves the trigger of a stop of a side."""
        queue = self.falling if side == BUY else self.rising
        if not queue:
            return False
        nearest: i64 = queue.peekitem(0)[0][0]
        return nearest <= (-price if side == BUY else price)

    def first(self, side: i64) -> i64:
        """Return the id of the stop of a side whose trigger moves first. There must be one."""
        queue = self.falling if side == BUY else self.rising
        order_id: i64 = queue.peekitem(0)[1]
        return order_id

    def _key(self, trail: Trail) -> tuple[int, int]:
        price: int = -trail.next_price if trail.side == BUY else trail.next_price
        entry: int = trail.entry
        return (price, entry)
