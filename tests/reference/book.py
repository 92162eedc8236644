"""One instrument's orders, in one list. The place in the list is the only priority there is.

`live` holds every live order, resting and stop, in the order in which they were entered into the book. Whatever needs
another order sorts that list, and Python's sort is stable: equal prices and equal triggers stay in order of entry.
Section numbers are those of docs/semantics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.commands import OrderTerms
from exchange.enums import (
    INSURANCE_FUND,
    Breaker,
    CancelReason,
    OrderEffect,
    OrderKind,
    Origin,
    Phase,
    Side,
    TimeInForce,
    TriggerSource,
)
from exchange.errors import InvariantError
from exchange.events import OrderAmended, OrderCanceled, Trade
from exchange.instrument import Instrument
from exchange.rules import OrderRules
from tests.reference import icebergs, pro_rata
from tests.reference.journal import Journal
from tests.reference.watches import FAR, Price, Watches

if TYPE_CHECKING:
    from tests.reference.linked import Bracket, Links
    from tests.reference.trailing import Trail

PPM = 1_000_000


@dataclass(eq=False)
class Order:
    """One order; `open_qty` falls to 0 when it is gone. A stop becomes a MARKET or LIMIT order when it is elected.

    MARKET_TO_LIMIT is a MARKET order with `is_to_limit`, DAY and GTD are GTC with an end.
    """

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
    elected_at: int = 0  # its trigger
    rests_at: int | None = None  # of a market order that may rest at its collar: the price
    asked_time: TimeInForce = TimeInForce.GTC  # DAY and GTD, too
    is_to_limit: bool = False
    terms: OrderTerms | None = None
    hidden: int = 0  # of an iceberg that rests
    expires_ns: int = 0  # 0: no time ends it
    accepted: int = 0  # number among all that were accepted
    place: int = 0  # in the queue of its price or trigger: a number that grows
    entry: int = 0  # when it entered the book, for the order in which reduce-only orders are cut
    effect: OrderEffect = OrderEffect.ANY
    source: TriggerSource = TriggerSource.VENUE
    watches: Price = Price.LAST  # of a trigger order
    came_touched: bool = False
    trail: Trail | None = None
    link: Order | None = None
    bracket: Bracket | None = None
    is_child: bool = False  # of a bracket

    @property
    def is_stop(self) -> bool:
        """Whether the order still waits for its trigger."""
        return OrderKind.STOP <= self.kind <= OrderKind.TAKE_PROFIT_LIMIT

    @property
    def has_limit(self) -> bool:
        """Whether it has, or will have, a limit price of its own."""
        return self.kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT)

    @property
    def is_take_profit(self) -> bool:
        """Whether it watches the other way."""
        return self.kind in (OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT)

    @property
    def is_rising(self) -> bool:
        """Whether a price at or above the trigger touches it."""
        return (self.side == Side.BUY) != self.is_take_profit

    @property
    def shown(self) -> int:
        """Return what trades in its turn."""
        return self.open_qty - self.hidden

    @property
    def display(self) -> int:
        """Return what an iceberg shows at a time, 0 of another order."""
        return 0 if self.terms is None else self.terms.display_lots

    @property
    def min_qty(self) -> int:
        """Return what has to trade at once, or nothing does."""
        return 0 if self.terms is None else self.terms.min_qty_lots

    @property
    def budget(self) -> int:
        """Return what a fill-or-kill order may cost or must bring in."""
        return 0 if self.terms is None else self.terms.budget_quote

    def is_touched_by(self, low: int, high: int) -> bool:
        """Section 5.1: a buy stop by any trade at or above its trigger, a sell stop by any at or below it."""
        if self.trail is not None and not self.trail.is_awake:
            return False
        return self.trigger <= high if self.is_rising else self.trigger >= low


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
        self.places = 0
        self.top: dict[Side, Order | None] = dict.fromkeys(Side)  # pro-rata: who made the price the best
        self.watches = Watches(self)
        self.links: Links  # set by the venue

    # Looking.

    def find(self, order_id: int) -> Order | None:
        """Return the live order of that id."""
        return next((order for order in self.live if order.order_id == order_id), None)

    def resting(self, side: Side) -> list[Order]:
        """Return the resting orders of a side, best price first, then oldest first."""
        orders = [o for o in self.live if o.side == side and not o.is_stop and not o.is_queued]
        return sorted(orders, key=lambda order: (-order.price if side == Side.BUY else order.price, order.place))

    def is_live(self, order: Order) -> bool:
        """Whether the order is in the book."""
        return any(order is live for live in self.live)

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
        limit = self.collar_of(order)
        best = self.best(other(order.side))
        if order.is_to_limit and self.rules.market_to_limit == "best_price" and best is not None:
            # Where the collar is nearer than the best price there is nothing to trade with.
            limits = [best] if limit is None else [best, limit]
            return min(limits) if order.side == Side.BUY else max(limits)
        return limit

    def collar_of(self, order: Order) -> int | None:
        """Return the limit of a market order, None for any price."""
        if self.rules.market_protection == "none":
            return None
        reference = self.best(other(order.side)) if self.rules.protection_reference == "best" else self.last_price
        if order.is_elected and self.rules.stop_protection_reference == "trigger":
            reference = order.elected_at
        if reference is None:
            return None
        amount = self.rules.protection_amount
        if self.rules.market_protection == "ppm":
            amount = abs(reference) * amount // PPM
        limit = reference + amount if order.side == Side.BUY else reference - amount
        return max(limit, self.instrument.min_price_ticks)

    def collar_price(self, order: Order, limit: int | None) -> int | None:
        """Return where what a market order leaves rests by `limit_at_collar`, None where it does not."""
        is_called = self.phase != Phase.CONTINUOUS or self.rules.market_remainder != "limit_at_collar"
        if is_called or order.time_in_force != TimeInForce.GTC or order.kind != OrderKind.MARKET or limit is None:
            return None
        stop = self.stop_of(order)
        if stop is not None:
            limit = min(limit, stop.limit) if order.side == Side.BUY else max(limit, stop.limit)
        return min(limit, self.instrument.max_price_ticks)

    def fillable(self, taker: Order) -> int:
        """Return how much an order could trade at once, given what the self-trade rule does to own makers.

        Level by level: what is shown, oldest first, then what is hidden at the price.
        """
        total = 0
        makers = self.allowed(self.within(taker.side, self.limit_of(taker)), self.stop_of(taker))
        makers = [m for m in makers if not (taker.account == m.account == 0)]
        for price in dict.fromkeys(maker.price for maker in makers):
            level = [maker for maker in makers if maker.price == price]
            others = [m for m in level if not self.is_prevented(taker, m)]
            if len(others) == len(level) or self.rules.self_trade == "cancel_maker":
                total += sum(maker.open_qty for maker in others)
                continue
            if self.instrument.allocation.method == "pro_rata":
                return total + sum(maker.open_qty for maker in others)
            for maker in level:
                if self.is_prevented(taker, maker):
                    return total
                total += maker.shown
        return total

    def is_prevented(self, taker: Order, maker: Order) -> bool:
        """Whether the self-trade rule keeps two orders from trading."""
        return is_self_trade(taker, maker) and self.rules.self_trade != "allow"

    # Entering and leaving.

    def next_place(self) -> int:
        """Return the place behind all others."""
        self.places += 1
        return self.places

    def enter(self, order: Order) -> None:
        """Put an order at the back of the book."""
        order.place = order.entry = self.next_place()
        if order.is_stop:
            self.live.append(order)
            self.watches.note(order)
            return
        if order.effect == OrderEffect.CLOSE_POSITION:
            order.effect = OrderEffect.REDUCE_ONLY  # it has a quantity now
        if order.is_queued:
            self.live.append(order)
            return
        resting = self.resting(order.side)
        if all(order.price > o.price if order.side == Side.BUY else order.price < o.price for o in resting):
            self.top[order.side] = order
        self.live.append(order)
        if order.display > 0:
            icebergs.show(self, order, kept_priority=False)

    def remove(self, order: Order) -> None:
        """Take a live order out, without an event."""
        self.live = [live for live in self.live if live is not order]
        if self.top[order.side] is order:
            self.top[order.side] = None

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
        was_live = self.is_live(order)
        order.open_qty = order.hidden = 0
        self.remove(order)
        if was_live:
            self.links.ended(self, order)

    def cancel_all(self, account: int, reason: CancelReason, liquidation_id: int = 0) -> None:
        """Take out all live orders of an account; one may take another with it."""
        while orders := self.live_of(account):
            self.cancel(orders[0], reason, liquidation_id)

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
        """Trade an incoming order against the other side; yields each fill right after its Trade event."""
        self.stopped_by = self.stop_of(taker)
        while taker.open_qty > 0:
            # recorded flow never trades with itself on arrival
            makers = self.allowed(self.within(taker.side, limit), self.stopped_by)
            makers = [m for m in makers if not (taker.account == m.account == 0)]
            if not makers:
                return
            if self.instrument.allocation.method == "pro_rata":
                level = [maker for maker in makers if maker.price == makers[0].price]
                yield from pro_rata.trade_round(self, taker, level)
            elif self.is_prevented(taker, makers[0]):
                self.prevent_self_trade(taker, makers[0])
            else:
                yield from self.fill(taker, makers[0], min(taker.open_qty, makers[0].shown))

    def allowed(self, makers: list[Order], stop: Stop | None) -> list[Order]:
        """Return the makers that a breaker lets trade."""
        return makers if stop is None else [maker for maker in makers if not stop.is_beyond(maker.price)]

    def fill(self, taker: Order, maker: Order, qty: int) -> Iterator[Fill]:
        """Trade so much; what follows from it comes after the money side was told."""
        yield self.trade(taker, maker, qty)
        icebergs.after_fill(self, maker)
        self.links.after_fill(self, maker, taker, qty)

    def fill_in_auction(self, taker: Order, maker: Order, qty: int, price: int) -> Iterator[Fill]:
        """Trade so much at an auction's price: both orders rest or are queued, so what follows a maker follows both."""
        yield self.trade(taker, maker, qty, price)
        icebergs.after_fill(self, maker)
        icebergs.after_fill(self, taker)
        self.links.after_fill(self, maker, taker, qty)
        self.links.after_fill(self, taker, maker, qty)

    def trade(self, taker: Order, maker: Order, qty: int, price: int | None = None) -> Fill:
        """Trade so much, at the maker's price; in an auction at its price."""
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
                icebergs.take_off(self, order, smaller)

    def execute(self, taker: Order, order_id: int, side: Side, price: int) -> Iterator[Fill]:
        """Section 3, ExecuteRecorded: participants ahead of the named recorded order, then it.

        At better prices icebergs trade to the end, at the price itself only what is shown ahead of the named order.
        """
        named = next((o for o in self.resting(side) if o.order_id == order_id and o.account == 0), None)
        last_place = named.place if named is not None and named.price == price else FAR
        while taker.open_qty > 0:
            makers = [maker for maker in self.within(taker.side, price) if maker.account != 0]
            ahead = [maker for maker in makers if maker.price != price or maker.place <= last_place]
            if not ahead:
                break
            yield from self.fill(taker, ahead[0], min(taker.open_qty, ahead[0].shown))
        if taker.open_qty > 0 and named is not None and self.is_live(named):
            yield from self.fill(taker, named, min(taker.open_qty, named.shown))

    # Stops (section 5.1).

    def forget_range(self) -> None:
        """No stop is touched any more: only trades from here on count."""
        self.low = self.high = None

    def check(self) -> None:
        """Raise InvariantError where the book disagrees with itself."""
        ids = [order.order_id for order in self.live]
        if len(ids) != len(set(ids)):
            raise InvariantError(f"expected distinct order ids, found {ids}")
        waits_to_close = [o for o in self.live if o.is_stop and o.effect == OrderEffect.CLOSE_POSITION]
        if any(order.open_qty <= 0 and order not in waits_to_close for order in self.live):
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
