"""One instrument's orders, in one list. The place in the list is the only priority there is.

`live` holds every live order, resting and stop, in the order in which they were entered into the book. Whatever needs
another order sorts that list, and Python's sort is stable: equal prices and equal triggers stay in order of entry.
Section numbers are those of docs/semantics.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exchange.enums import INSURANCE_FUND, Breaker, CancelReason, OrderKind, Origin, Phase, Side, TimeInForce
from exchange.errors import InvariantError
from exchange.events import OrderAmended, OrderCanceled, Trade
from exchange.instrument import Instrument
from exchange.rules import OrderRules
from tests.reference.journal import Journal

PPM = 1_000_000


@dataclass(eq=False)
class Order:
    """One order; `open_qty` falls to 0 when it is gone. A stop becomes a MARKET or LIMIT order when it is elected."""

    order_id: int
    account: int
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    price: int
    trigger: int
    open_qty: int
    post_only: bool = False
    origin: Origin = Origin.PARTICIPANT
    filled: int = 0
    liquidation_id: int = 0  # of a liquidation order
    fund_fee_ppm: int = 0  # of a liquidation order: what its fills pay to the fund
    is_queued: bool = False  # a market order that waits for an auction
    mark_at_arrival: int = 0  # of a queued order
    is_elected: bool = False  # a stop that acts now
    came_touched: bool = False  # a stop that the last trade touched when it came or was amended, and none since

    @property
    def is_stop(self) -> bool:
        """Whether the order still waits for its trigger."""
        return self.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)

    def is_touched_by(self, low: int, high: int) -> bool:
        """Section 5.1: a buy stop by any trade at or above its trigger, a sell stop by any at or below it."""
        return self.trigger <= high if self.side == Side.BUY else self.trigger >= low


@dataclass(frozen=True)
class Stop:
    """How far a breaker lets a side trade, and what it does to who would go further (phases.md, section 4)."""

    breaker: Breaker
    side: Side
    reference: int
    limit: int
    action: str
    halt_ns: int
    auction_ns: int

    def is_beyond(self, price: int) -> bool:
        """Whether nothing of the side may trade at the price."""
        return price > self.limit if self.side == Side.BUY else price < self.limit


@dataclass(eq=False)
class Fill:
    """One trade as the money side needs it; `side` is the taker's."""

    maker: Order
    taker: Order
    price: int
    qty: int


class Book:
    """The orders of one instrument, its last trade, and the range of trade prices since the last settling."""

    def __init__(self, instrument: Instrument, rules: OrderRules, journal: Journal) -> None:
        self.instrument = instrument
        self.instrument_id = instrument.instrument_id
        self.rules = rules
        self.journal = journal
        self.live: list[Order] = []
        self.last_price: int | None = None
        self.last_taker_side = Side.BUY
        self.trades: list[tuple[int, int, int, bool]] = []  # time, price, quantity, whether a liquidation's
        self.low: int | None = None
        self.high: int | None = None
        self.traded_lots = 0  # of all trades and reported trades
        self.phase = Phase[instrument.phases.initial.upper()]
        self.stop_of: Callable[[Order], Stop | None] = lambda order: None  # the tightest breaker for an order
        self.stopped_by: Stop | None = None  # that of the last order that matched, as it stood at first

    # Looking.

    def find(self, order_id: int) -> Order | None:
        """Return the live order of that id."""
        return next((order for order in self.live if order.order_id == order_id), None)

    def resting(self, side: Side) -> list[Order]:
        """Return the resting orders of a side, best price first, then oldest first."""
        orders = [o for o in self.live if o.side == side and not o.is_stop and not o.is_queued]
        return sorted(orders, key=lambda order: order.price, reverse=side == Side.BUY)

    def queued(self, side: Side | None = None) -> list[Order]:
        """Return the market orders that wait for an auction, oldest first."""
        return [order for order in self.live if order.is_queued and side in (None, order.side)]

    def live_of(self, account: int) -> list[Order]:
        """Return an account's live orders, resting and stops, in order of entry."""
        return [order for order in self.live if order.account == account]

    def resting_of(self, account: int, side: Side) -> list[Order]:
        """Return an account's resting and queued orders on a side."""
        return [order for order in self.live_of(account) if order.side == side and not order.is_stop]

    def best(self, side: Side) -> int | None:
        """Return the best price of a side, None if nothing rests there."""
        orders = self.resting(side)
        return orders[0].price if orders else None

    def within(self, side: Side, limit: int | None) -> list[Order]:
        """Return the orders that a taker on `side` may meet: opposite, best first, while the price is within limit."""
        makers = self.resting(other(side))
        if limit is None:
            return makers
        return [maker for maker in makers if (maker.price <= limit if side == Side.BUY else maker.price >= limit)]

    def limit_of(self, order: Order) -> int | None:
        """Return the worst price at which the order may trade: its own, or a market order's collar, None for any."""
        if order.kind == OrderKind.LIMIT:
            return order.price
        if self.rules.market_protection == "none":
            return None
        reference = self.best(other(order.side)) if self.rules.protection_reference == "best" else self.last_price
        if reference is None:
            return None
        amount = self.rules.protection_amount
        if self.rules.market_protection == "ppm":
            amount = abs(reference) * amount // PPM
        limit = reference + amount if order.side == Side.BUY else reference - amount
        return max(limit, self.instrument.min_price_ticks)

    def fillable(self, taker: Order) -> int:
        """Return how much a fill-or-kill order could trade, given what the self-trade rule does to own makers."""
        total = 0
        for maker in self.allowed(self.within(taker.side, self.limit_of(taker)), self.stop_of(taker)):
            if is_self_trade(taker, maker) and self.rules.self_trade == "cancel_maker":
                continue
            if is_self_trade(taker, maker) and self.rules.self_trade != "allow":
                break
            total += maker.open_qty
        return total

    # Entering and leaving.

    def enter(self, order: Order) -> None:
        """Put an order at the back of the book."""
        if order.is_stop:
            last = self.last_price
            order.came_touched = last is not None and order.is_touched_by(last, last)
        self.live.append(order)

    def put_in_place_of(self, order: Order, changed: Order) -> None:
        """Give a live order new terms without moving it."""
        place = next(place for place, live in enumerate(self.live) if live is order)
        self.enter(changed)
        self.live[place] = self.live.pop()

    def remove(self, order: Order) -> None:
        """Take a live order out, without an event."""
        self.live = [live for live in self.live if live is not order]

    def cancel(self, order: Order, reason: CancelReason, liquidation_id: int = 0) -> None:
        """Take out an order, live or still on its way in, and say how much of it will now not trade."""
        self.journal.write(
            OrderCanceled,
            instrument=self.instrument_id,
            account=order.account,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=order.open_qty,
            liquidation_id=liquidation_id,
            side=order.side,
            reason=reason,
        )
        order.open_qty = 0
        self.remove(order)

    def write_amended(self, order: Order, *, kept_priority: bool) -> None:
        """Write what an order looks like now."""
        self.journal.write(
            OrderAmended,
            instrument=self.instrument_id,
            account=order.account,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=order.open_qty,
            trigger_ticks=order.trigger,
            side=order.side,
            kept_priority=kept_priority,
        )

    # Trading (section 2, Matching).

    def match(self, taker: Order, limit: int | None) -> Iterator[Fill]:
        """Trade an incoming order against the other side; yields each fill right after its Trade event.

        Nobody else can enter meanwhile, so one list of makers, made at the start, is good until the end.
        """
        self.stopped_by = self.stop_of(taker)
        for maker in self.allowed(self.within(taker.side, limit), self.stopped_by):
            if taker.open_qty == 0:
                return
            if taker.account == 0 and maker.account == 0:
                continue  # recorded flow never trades with itself on arrival
            if is_self_trade(taker, maker) and self.rules.self_trade != "allow":
                self.prevent_self_trade(taker, maker)
            else:
                yield self.trade(taker, maker)

    def allowed(self, makers: list[Order], stop: Stop | None) -> list[Order]:
        """Return the makers that a breaker lets trade."""
        return makers if stop is None else [maker for maker in makers if not stop.is_beyond(maker.price)]

    def trade(self, taker: Order, maker: Order, price: int | None = None, most: int | None = None) -> Fill:
        """Trade as much as both have, at the maker's price; in an auction at its price, and no more than `most`."""
        qty = min(taker.open_qty, maker.open_qty, taker.open_qty if most is None else most)
        price = maker.price if price is None else price
        for order in (taker, maker):
            order.open_qty -= qty
            order.filled += qty
            if order.open_qty == 0:
                self.remove(order)
        self.journal.write(
            Trade,
            instrument=self.instrument_id,
            maker_account=maker.account,
            maker_order_id=maker.order_id,
            taker_order_id=taker.order_id,
            price_ticks=price,
            qty_lots=qty,
            taker_account=taker.account,
            side=taker.side,
        )
        self.note_trade(price, taker.side, qty, is_liquidation=is_own_order(taker))
        return Fill(maker, taker, price, qty)

    def note_trade(self, price: int, taker_side: Side, qty: int, *, is_liquidation: bool = False) -> None:
        """Remember a trade or a reported trade: last price, range, and the stops that waited for a later one."""
        self.trades.append((self.journal.ts_ns, price, qty, is_liquidation))
        self.last_price = price
        self.traded_lots += qty
        self.last_taker_side = taker_side
        self.widen_range(price)
        for order in self.live:
            if order.is_stop and order.is_touched_by(price, price):
                order.came_touched = False

    def widen_range(self, price: int) -> None:
        """Let the stops see a price when the venue settles."""
        self.low = price if self.low is None else min(self.low, price)
        self.high = price if self.high is None else max(self.high, price)

    def prevent_self_trade(self, taker: Order, maker: Order) -> None:
        """Apply the self-trade rule to two orders of one participant; the maker's event comes first."""
        rule = self.rules.self_trade
        if rule == "decrement_both":
            self.decrement(maker, taker)
            return
        if rule in ("cancel_maker", "cancel_both"):
            self.cancel(maker, CancelReason.SELF_TRADE)
        if rule in ("cancel_taker", "cancel_both"):
            self.cancel(taker, CancelReason.SELF_TRADE)

    def decrement(self, maker: Order, taker: Order) -> None:
        """Take the smaller open quantity off both, without a trade."""
        smaller = min(maker.open_qty, taker.open_qty)
        for order in (maker, taker):
            if order.open_qty == smaller:
                self.cancel(order, CancelReason.SELF_TRADE)
            else:
                order.open_qty -= smaller
                self.write_amended(order, kept_priority=True)

    def recorded_makers(self, order_id: int, side: Side, price: int) -> list[Order]:
        """Section 3, ExecuteRecorded: who fills, in order: participants ahead of the named recorded order, then it."""
        named = next((o for o in self.resting(side) if o.order_id == order_id and o.account == 0), None)
        makers = []
        for maker in self.within(other(side), price):  # sorted: better prices first, then `price` itself
            if maker is named and maker.price == price:
                break
            if maker.account != 0:
                makers.append(maker)
        return makers if named is None else [*makers, named]

    # Stops (section 5.1).

    def is_touched(self, stop: Order) -> bool:
        """Whether the stop may be elected now. One that came touched is elected at once or waits: a rule."""
        if stop.came_touched and self.rules.stop_already_touched == "elect":
            return True
        return self.low is not None and self.high is not None and stop.is_touched_by(self.low, self.high)

    def next_touched_stop(self) -> Order | None:
        """Return the stop that is elected next, None if none is touched or all wait for the phase."""
        if self.phase != Phase.CONTINUOUS:
            return None
        touched = [order for order in self.live if order.is_stop and self.is_touched(order)]
        for side in (self.last_taker_side, other(self.last_taker_side)):
            stops = [order for order in touched if order.side == side]
            if stops:  # min and max return the first of equals, which is the oldest
                choose = min if side == Side.BUY else max
                return choose(stops, key=lambda order: order.trigger)
        return None

    def forget_range(self) -> None:
        """No stop is touched any more: only trades from here on count."""
        if self.phase == Phase.CONTINUOUS:
            self.low = self.high = None

    def check(self) -> None:
        """Raise InvariantError where the book disagrees with itself."""
        ids = [order.order_id for order in self.live]
        if len(ids) != len(set(ids)):
            raise InvariantError(f"expected distinct order ids, found {ids}")
        if any(order.open_qty <= 0 for order in self.live):
            raise InvariantError("expected every live order to have an open quantity")
        for bid in self.resting(Side.BUY) if self.phase == Phase.CONTINUOUS else ():
            for ask in self.resting(Side.SELL):
                if bid.price >= ask.price and (bid.account != 0 or ask.account != 0):
                    raise InvariantError(f"expected no crossed book, found {bid} and {ask}")


def other(side: Side) -> Side:
    """Return the opposite side."""
    return Side.SELL if side == Side.BUY else Side.BUY


def is_self_trade(taker: Order, maker: Order) -> bool:
    """Whether both orders are of one participant; the recorded market is none."""
    return taker.account == maker.account and taker.account >= 1


def is_own_order(order: Order) -> bool:
    """Whether the venue sent the order: for a liquidation, or for the fund."""
    return order.liquidation_id != 0 or order.account == INSURANCE_FUND
