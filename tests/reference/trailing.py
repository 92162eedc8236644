"""Stops that follow a price (docs/semantics/triggers.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.enums import Phase, Side
from exchange.events import StopTrailed
from exchange.instrument import Instrument
from tests.reference.watches import FAR, Price

if TYPE_CHECKING:
    from tests.reference.book import Book, Order

PPM = 1_000_000


@dataclass(eq=False)
class Trail:
    """How a stop follows its price; it sleeps until its activation."""

    distance: int
    is_ppm: bool
    step: int
    activation: int
    offset: int
    is_awake: bool = False
    has_entered: bool = False

    def trigger(self, instrument: Instrument, side: Side, price: int) -> int:
        """Return the trigger that belongs to a price."""
        distance = max(1, abs(price) * self.distance // PPM) if self.is_ppm else self.distance
        if side == Side.SELL:
            return max(instrument.min_price_ticks, price - distance)
        return min(instrument.max_price_ticks, price + distance)

    def limit(self, instrument: Instrument, side: Side, trigger: int) -> int:
        """Return the limit that belongs to a trigger, 0 for a market order."""
        if self.offset == 0:
            return 0
        limit = trigger - self.offset if side == Side.SELL else trigger + self.offset
        return min(max(limit, instrument.min_price_ticks), instrument.max_price_ticks)

    def moves_at(self, instrument: Instrument, order: Order, price: int) -> bool:
        """Whether a price wakes or moves the order."""
        is_sell = order.side == Side.SELL
        if not self.is_awake:
            return self.activation == 0 or (price >= self.activation if is_sell else price <= self.activation)
        trigger = self.trigger(instrument, order.side, price)
        return trigger >= order.trigger + self.step if is_sell else trigger <= order.trigger - self.step

    def moving_price(self, instrument: Instrument, order: Order, price: int) -> int:
        """Return the nearest price that moves the order; `price` does."""
        low, high = instrument.min_price_ticks, instrument.max_price_ticks
        is_sell = order.side == Side.SELL
        if not self.is_awake:
            return self.activation or (low if is_sell else high)
        near, far = (min(low, price) - 1, price) if is_sell else (max(high, price) + 1, price)
        while abs(far - near) > 1:  # near does not move it, far does
            middle = (near + far) // 2
            if self.moves_at(instrument, order, middle):
                far = middle
            else:
                near = middle
        return far


def move(book: Book, order: Order, price: int) -> None:
    """Give a stop the trigger that belongs to a price; it is the youngest of that trigger."""
    trail = order.trail
    assert trail is not None
    trail.is_awake = True
    order.trigger = trail.trigger(book.instrument, order.side, price)
    order.price = trail.limit(book.instrument, order.side, order.trigger)
    order.place = book.next_place()
    book.journal.write(
        StopTrailed,
        instrument=book.instrument_id,
        account=order.account,
        order_id=order.order_id,
        trigger_ticks=order.trigger,
        reference_ticks=price,
        price_ticks=order.price,
    )


def price_for(book: Book, price: Price) -> int | None:
    """Return a price that may be followed, as last looked at."""
    seen = book.watches.last_seen(price)
    return None if seen is None or abs(seen) == FAR else seen


def move_on_acceptance(book: Book, order: Order) -> None:
    """Wake a new order, if its price is there and far enough."""
    order.watches = book.watches.price_of(order.source, order.side)
    book.watches.start(order.watches)
    price = price_for(book, order.watches)
    if price is not None and order.trail is not None and order.trail.moves_at(book.instrument, order, price):
        move(book, order, price)


def move_all(book: Book) -> bool:
    """Move what the prices move, where the venue looks at them; returns whether anything moved."""
    has_moved = False
    if book.phase != Phase.CONTINUOUS:
        return False
    for watched in Price:
        price = price_for(book, watched)
        if price is None:
            continue
        for side in (Side.SELL, Side.BUY):
            moving = []
            for order in book.live:
                trail = order.trail
                if trail is None or not order.is_stop or order.watches != watched or order.side != side:
                    continue
                if trail.moves_at(book.instrument, order, price):
                    at = trail.moving_price(book.instrument, order, price)
                    moving.append((at if side == Side.SELL else -at, order.accepted, order))
            for _, _, order in sorted(moving, key=lambda item: item[:2]):
                move(book, order, price)
                has_moved = True
    return has_moved
