"""The book through a run: levels rebuilt from the events, and looked at on a grid that follows the length of the run.

From the events alone, so that a look may fall within one command: a crash may be nothing else. At the end of every
command the levels are those of the venue (tested). Market orders that wait for an auction have no price and stand in no
level.
"""

from array import array
from collections.abc import Callable
from typing import Any, Final, NamedTuple, final

from exchange.enums import OrderKind, Side
from exchange.events import (
    LiquidationOrderPlaced,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderRefreshed,
    StopTriggered,
    Trade,
)

LOOKS: Final = 256  # on either axis at least half of them, once the run has as many steps
_STOPS: Final = frozenset({OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT})
_AT_LAST_FILL: Final = frozenset({OrderKind.MARKET, OrderKind.MARKET_TO_LIMIT})  # what is left of them, if it rests
_BECOME_LIMIT: Final = frozenset({OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT})


@final
class _Order:
    """An order that is live. shown: of its open lots; the rest is an iceberg's."""

    __slots__ = ("kind", "lots", "price_ticks", "shown", "side")

    def __init__(self, side: Side, kind: OrderKind, price_ticks: int, lots: int) -> None:
        """Show all of it."""
        self.side = side
        self.kind = kind
        self.price_ticks = price_ticks
        self.lots = lots
        self.shown = lots


@final
class Levels:
    """The levels of one book, as its events tell them.

    An order that arrives stands in no level while it trades: `arriving` until the next event that is not its trade.
    """

    def __init__(self) -> None:
        """Begin with an empty book."""
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self._resting: dict[int, _Order] = {}
        self._asleep: dict[int, _Order] = {}
        self._arriving: _Order | None = None
        self._arriving_id = 0
        self._arriving_in = 0  # command

    def take(self, event: Any) -> None:
        """Follow one event about this book."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def settle(self) -> None:
        """Let the order that arrived rest: nothing more of its arrival follows."""
        order = self._arriving
        if order is not None:
            self._arriving = None
            if order.lots > 0 and order.price_ticks > 0:
                order.kind = OrderKind.LIMIT
                self._resting[self._arriving_id] = order
                self._change(order, order.shown)

    # --- one kind of event each --------------------------------------------------------------------------------------

    def accepted(self, event: OrderAccepted) -> None:
        """An order arrives, or waits for its trigger."""
        self.settle()
        order = _Order(event.side, event.kind, event.price_ticks, event.qty_lots)
        if event.kind in _STOPS:
            self._asleep[event.order_id] = order
        else:
            self._arrives(event.order_id, order, event.command_seq)

    def liquidation_order(self, event: LiquidationOrderPlaced) -> None:
        """An order of the engine arrives."""
        self.settle()
        self._arrives(
            event.order_id, _Order(event.side, event.kind, event.price_ticks, event.qty_lots), event.command_seq
        )

    def triggered(self, event: StopTriggered) -> None:
        """A stop acts."""
        self.settle()
        order = self._asleep.pop(event.order_id, None)
        if order is not None:
            order.lots = order.shown = event.qty_lots
            order.kind = OrderKind.LIMIT if order.kind in _BECOME_LIMIT else OrderKind.MARKET
            if order.kind == OrderKind.MARKET:
                order.price_ticks = 0
            self._arrives(event.order_id, order, event.command_seq)

    def trade(self, event: Trade) -> None:
        """Both orders have so much less, and the arriving one stands in no level yet."""
        taker = self._arriving
        if taker is None or self._arriving_id != event.taker_order_id:
            self.settle()
            self._fill(event.taker_order_id, event.qty_lots)  # of an auction, whose orders all rest
        else:
            taker.lots -= event.qty_lots
            taker.shown = min(taker.shown, taker.lots)
            if taker.kind in _AT_LAST_FILL:
                taker.price_ticks = event.price_ticks
        self._fill(event.maker_order_id, event.qty_lots)

    def canceled(self, event: OrderCanceled) -> None:
        """An order, or what was left of it, is out; also one that its own account met with the order that arrives."""
        if self._arriving is not None and self._arriving_id == event.order_id:
            self._arriving.lots -= event.qty_lots
            self._arriving.shown = min(self._arriving.shown, self._arriving.lots)
            return
        if self._asleep.pop(event.order_id, None) is None:
            order = self._resting.get(event.order_id)
            if order is not None:
                self._leave(event.order_id, order)
                order.lots -= event.qty_lots
                order.shown = min(order.shown, order.lots)
                if order.lots > 0:
                    self._resting[event.order_id] = order
                    self._change(order, order.shown)

    def amended(self, event: OrderAmended) -> None:
        """An order has another price or quantity, and may trade as if it were new; or it met its own account's."""
        taker = self._arriving
        if taker is not None and (self._arriving_id, self._arriving_in) == (event.order_id, event.command_seq):
            taker.lots = taker.shown = event.qty_lots
            if taker.kind in _AT_LAST_FILL and event.price_ticks != 0:  # what is left of it rests at its collar
                taker.price_ticks = event.price_ticks
            return
        self.settle()
        asleep = self._asleep.get(event.order_id)
        if asleep is not None:
            asleep.price_ticks, asleep.lots = event.price_ticks, event.qty_lots
            return
        order = self._resting.get(event.order_id)
        if order is None:
            return
        hidden = order.lots - order.shown
        self._leave(event.order_id, order)
        order.price_ticks, order.lots = event.price_ticks, event.qty_lots
        order.shown = event.qty_lots if hidden == 0 else min(order.shown, order.lots)
        self._arrives(event.order_id, order, event.command_seq)
        if event.kept_priority:
            self.settle()

    def refreshed(self, event: OrderRefreshed) -> None:
        """An iceberg shows another part."""
        if self._arriving_id == event.order_id:
            self.settle()
        order = self._resting.get(event.order_id)
        if order is not None:
            self._change(order, event.shown_lots - order.shown)
            order.shown = event.shown_lots
            order.lots = event.shown_lots + event.hidden_lots

    # --- levels ------------------------------------------------------------------------------------------------------

    def _arrives(self, order_id: int, order: _Order, command_seq: int) -> None:
        self._arriving, self._arriving_id, self._arriving_in = order, order_id, command_seq

    def _fill(self, order_id: int, lots: int) -> None:
        order = self._resting.get(order_id)
        if order is not None:
            self._change(order, -min(lots, order.shown))
            order.lots -= lots
            order.shown = max(order.shown - lots, 0)
            if order.lots <= 0:
                del self._resting[order_id]

    def _leave(self, order_id: int, order: _Order) -> None:
        del self._resting[order_id]
        self._change(order, -order.shown)

    def _change(self, order: _Order, lots: int) -> None:
        levels = self.bids if order.side == Side.BUY else self.asks
        total = levels.get(order.price_ticks, 0) + lots
        if total > 0:
            levels[order.price_ticks] = total
        else:
            levels.pop(order.price_ticks, None)


_HANDLERS: Final[dict[type[Any], Callable[[Levels, Any], None]]] = {
    OrderAccepted: Levels.accepted,
    LiquidationOrderPlaced: Levels.liquidation_order,
    StopTriggered: Levels.triggered,
    Trade: Levels.trade,
    OrderCanceled: Levels.canceled,
    OrderAmended: Levels.amended,
    OrderRefreshed: Levels.refreshed,
}
BOOK_EVENTS: Final = frozenset(_HANDLERS)


class Snapshot(NamedTuple):
    """A book at a moment: prices and lots of its levels, in no order."""

    step: int
    ts_ns: int
    bid_ticks: "array[int]"
    bid_lots: "array[int]"
    ask_ticks: "array[int]"
    ask_lots: "array[int]"


@final
class _Beat:
    """Regular moments on an axis of unknown length: between LOOKS and 2 x LOOKS of them, on multiples of a stride."""

    def __init__(self, stride: int) -> None:
        """Begin with a stride, which doubles."""
        self.due = 0
        self.stride = stride
        self.kept: list[tuple[int, Snapshot]] = []

    def add(self, position: int, snapshot: Snapshot) -> None:
        """Keep what was seen when a position came due."""
        self.kept.append((position, snapshot))
        if len(self.kept) >= 2 * LOOKS:
            self.stride *= 2
            last = None
            kept: list[tuple[int, Snapshot]] = []
            for place, seen in self.kept:
                if place // self.stride != last:
                    kept.append((place, seen))
                    last = place // self.stride
            self.kept = kept
        self.due = (position // self.stride + 1) * self.stride


@final
class DepthGrid:
    """Looks at one book at regular steps and at regular times."""

    def __init__(self, levels: Levels) -> None:
        """Look at nothing yet."""
        self._levels = levels
        self._by_step = _Beat(1)
        self._by_time = _Beat(1_000_000)
        self._start_ns: int | None = None
        self._last = (0, 0)  # step and time of the newest event, from which on the levels are what they are

    def before(self, step: int, ts_ns: int) -> None:
        """Look, if it is time, before an event of that step and time changes the book."""
        if self._start_ns is None:
            self._start_ns = ts_ns
            self._last = (step, ts_ns)
        at_ns = ts_ns - self._start_ns
        if step >= self._by_step.due or at_ns >= self._by_time.due:
            seen = self._look(*self._last)
            if step >= self._by_step.due:
                self._by_step.add(step, seen)
            if at_ns >= self._by_time.due:
                self._by_time.add(at_ns, seen)
        self._last = (step, ts_ns)

    def end(self, step: int, ts_ns: int) -> list[Snapshot]:
        """Look a last time; return all looks in their order."""
        self._levels.settle()
        last = self._look(step, ts_ns)
        seen = {id(found): found for _, found in [*self._by_step.kept, *self._by_time.kept]}
        return [*sorted(seen.values(), key=lambda found: (found.step, found.ts_ns)), last]

    def _look(self, step: int, ts_ns: int) -> Snapshot:
        bids, asks = self._levels.bids, self._levels.asks
        return Snapshot(
            step,
            ts_ns,
            array("q", bids.keys()),
            array("q", bids.values()),
            array("q", asks.keys()),
            array("q", asks.values()),
        )
