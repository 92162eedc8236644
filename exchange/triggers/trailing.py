"""Stops that follow a price: entered, and moved when the venue settles. Rules: docs/semantics/triggers.md."""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.book.order_pool import (
    ASLEEP_BIT,
    FLAGS,
    LINKED_BIT,
    PRICE,
    TRIGGER,
    order_flags,
)
from exchange.book.stop_index import series_of
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_request import OrderRequest
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import ANY, BUY, CLOSE_POSITION, GTC, PARTICIPANT, SELL, STOP, STOP_LIMIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    PLACE_TRAILING_STOP,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_TRIGGER,
    REJECT_NONE,
    write_order_accepted,
    write_order_rejected,
    write_stop_trailed,
    write_trailing_stop_set,
)
from exchange.triggers.plan import Plan
from exchange.triggers.trail import Trail, TrailIndex
from exchange.triggers.watches import Watches
from exchange.units import MAX_PRICE_TICKS, PPM

MAX_COUNT: Final = (1 << 31) - 1  # what a 32-bit field of a command can say


@final
class TrailingDesk:
    """Enters trailing stops, and lets them follow."""

    def __init__(self, log: EventLog, clearing: Clearing, has_clearing: bool, desk: OrderDesk) -> None:
        """Share the log, the clearing and the desk of plain orders."""
        self.log = log
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.desk = desk
        self.watches: Watches = desk.watches
        self.entries: i64 = 0

    def place(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        trail: Trail,
        lots: i64,
        source: i64,
        effect: i64,
    ) -> None:
        """Enter a trailing stop of a known account, or refuse it. source: TriggerSource."""
        reason = self._refusal(market, owner, order_id, trail, lots, source, effect)
        account = owner & ACCOUNT_MASK
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, account, order_id, PLACE_TRAILING_STOP, reason)
            return
        # From here on the command succeeds.
        kind: i64 = STOP_LIMIT if trail.limit_offset != 0 else STOP
        side = trail.side
        write_order_accepted(
            self.log,
            market.instrument,
            account,
            order_id,
            0,
            lots,
            0,
            side,
            kind,
            GTC,
            0,
            PARTICIPANT,
            source,
            effect,
            0,
        )
        is_ppm = 1 if trail.is_ppm else 0
        write_trailing_stop_set(
            self.log,
            market.instrument,
            account,
            order_id,
            trail.distance,
            trail.activation,
            trail.step,
            trail.limit_offset,
            is_ppm,
        )
        self.entries += 1
        trail.entry = self.entries
        plan = Plan(order_id, owner, effect)
        plan.side = side
        plan.trail = trail
        market.plans[order_id] = plan
        flags = order_flags(side, kind, GTC, 0) | self.watches.source_bits(source) | LINKED_BIT | ASLEEP_BIT
        order = market.book.enter(order_id, owner, flags, 0, lots, 0, 0)
        self.watches.add(market, order)
        self.desk.links.waits(market, order_id)
        trail.series = series_of(flags)
        index = self._index(market, trail.series)
        has_price = self.watches.has_price(market, index.series)
        price = self.watches.price_of(market, index.series) if has_price else 0
        trail.next_price = trail.activation
        if trail.activation == 0:
            # At once: from the first price on that there is.
            trail.next_price = price if has_price else (market.max_price if side == BUY else market.min_price)
        is_due = price >= trail.next_price if side != BUY else price <= trail.next_price
        if has_price and is_due:
            self._move(market, index, plan, price)
        else:
            index.add(trail, order_id)

    def _refusal(
        self, market: Market, owner: i64, order_id: i64, trail: Trail, lots: i64, source: i64, effect: i64
    ) -> i64:
        activation = trail.activation
        has_positions = self.has_clearing and not market.is_spot
        most = PPM - 1 if trail.is_ppm else MAX_PRICE_TICKS
        combination: i64 = REJECT_NONE
        if (
            (activation == 0 and market.has_zero_price)
            or (activation != 0 and (activation < market.min_price or activation > market.max_price))
            or trail.distance < 1
            or trail.distance > most
            or trail.step > MAX_COUNT
            or trail.limit_offset > MAX_COUNT
        ):
            combination = REJECT_INVALID_TRIGGER
        elif self.watches.source_refusal(source) != REJECT_NONE or (effect != ANY and not has_positions):
            combination = REJECT_INVALID_COMBINATION
        request = OrderRequest(owner, order_id)
        request.side, request.kind, request.lots, request.effect = trail.side, STOP, lots, effect
        wanted = lots
        if effect == CLOSE_POSITION:
            wanted = 1 if lots == 0 else 0
        valid = market.min_price  # it has no trigger yet
        return self.desk.checks.refusal(
            market, owner, order_id, trail.side, STOP, GTC, 0, wanted, 0, valid, PARTICIPANT, combination, request
        )

    def follow(self, market: Market) -> None:
        """Move the triggers that prices have left behind: by series, sell stops first, by the price that moves them."""
        for index in market.trails:
            if not self.watches.has_price(market, index.series):
                continue
            price = self.watches.price_of(market, index.series)
            for side in (SELL, BUY):
                while index.has_due(side, price):
                    plan = market.plans[index.first(side)]
                    trail = plan.trail
                    if trail is None:
                        raise KeyError(plan.order_id)
                    index.remove(trail)
                    self._move(market, index, plan, price)

    def _move(self, market: Market, index: TrailIndex, plan: Plan, price: i64) -> None:
        """Give a trailing stop the trigger that belongs to a price, and wait for the next."""
        trail = plan.trail
        if trail is None:
            return
        book = market.book
        words = book.orders.words
        order = book.find(plan.order_id)
        stops = book.stops_of(order)
        stops.remove(order)
        words[order + FLAGS] &= ~ASLEEP_BIT
        trigger = trail.trigger_at(price, market.min_price, market.max_price)
        words[order + TRIGGER] = trigger
        if trail.limit_offset != 0:
            limit = trigger + trail.limit_offset if trail.side == BUY else trigger - trail.limit_offset
            words[order + PRICE] = min(max(limit, market.min_price), market.max_price)
        stops.add(order)
        account = plan.owner & ACCOUNT_MASK
        write_stop_trailed(self.log, market.instrument, account, plan.order_id, trigger, price, words[order + PRICE])
        if trail.move_after(price, market.min_price, market.max_price):
            index.add(trail, plan.order_id)

    def _index(self, market: Market, series: i64) -> TrailIndex:
        place: i64 = 0
        for index in market.trails:
            if index.series == series:
                return index
            if index.series < series:
                place += 1
        index = TrailIndex(series)
        market.trails.insert(place, index)
        market.must_look = True
        return index
