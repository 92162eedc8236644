"""The order book of one instrument: resting orders by price and time, pending stops, market orders that
wait for an auction, and who is live under which id.

Owns: the rows of live orders and every way to reach them. Carries an opaque owner word and compares it; knows no
balance, writes no event, decides no rule. Invariants, as `check` states them: every live order is in the id table once,
in exactly one level or trigger queue, and in its owner's list; a level's totals equal its orders; no empty level.
"""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.book.level_index import HEAD, LOTS, ORDERS, RANK, TAIL, LevelIndex
from exchange.book.live_terms import Expiries, LiveTerms
from exchange.book.market_queue import MarketQueue
from exchange.book.order_pool import (
    FILLED,
    FLAGS,
    HIDDEN,
    ICEBERG_BIT,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER,
    OWNER_NEXT,
    OWNER_PREV,
    PREV,
    PRICE,
    SIDE_MASK,
    TERMS_BIT,
    TRIGGER,
    OrderPool,
)
from exchange.book.stop_index import LAST_SERIES, StopIndex, series_of
from exchange.enums import BUY, MARKET
from exchange.errors import InvariantError
from exchange.packed.columns import doubled, new_column
from exchange.packed.id_table import IdTable


@final
class Book:
    """Orders come by `enter` and go by `fill` or `forget`."""

    owner_lists: "vec[i64]"

    def __init__(self) -> None:
        """Start empty."""
        self.orders = OrderPool()
        self.ids = IdTable()
        self.bids = LevelIndex(1)
        self.asks = LevelIndex(-1)
        self.stops = StopIndex(self.orders)  # those that watch the last trade's price
        self.other_stops: dict[int, StopIndex] = {}  # those that watch other prices, by series
        self.queue = MarketQueue(self.orders)
        self.owner_lists = new_column(64)  # oldest, youngest of each owner slot
        self.index: i64 = 0  # of its market in the venue
        self.terms: dict[int, LiveTerms] = {}  # by order, of those with TERMS_BIT
        self.expiries = Expiries()  # of the venue: its books share one
        self.hidden_lots: i64 = 0  # of all icebergs

    def find(self, order_id: i64) -> i64:
        """Return the live order under an id, resting or pending, or 0."""
        return self.ids.find(order_id)

    def enter(
        self, order_id: i64, owner: i64, flags: i64, price: i64, open_lots: i64, filled: i64, trigger: i64
    ) -> i64:
        """Begin an order's life and return it; `link` or `stops.add` then gives it its place."""
        pool = self.orders
        pool.count += 1
        order = pool.freed
        if order != 0:
            pool.freed = pool.words[order + NEXT]
        else:
            order = pool.new_row()
        words = pool.words
        words[order + ORDER_ID] = order_id
        words[order + OWNER] = owner
        words[order + FLAGS] = flags
        words[order + PRICE] = price
        words[order + OPEN] = open_lots
        words[order + FILLED] = filled
        words[order + TRIGGER] = trigger
        self.ids.put(order_id, order)
        self._join_owner(order)
        return order

    def stops_of(self, order: i64) -> StopIndex:
        """Return the stops among which a pending one waits, those that watch the same price."""
        series = series_of(self.orders.words[order + FLAGS])
        return self.stops if series == LAST_SERIES else self.other_stops[series]

    def link(self, order: i64) -> None:
        """Put an order that is in no level at the back of the level of its price."""
        words = self.orders.words
        side = self.bids if words[order + FLAGS] & SIDE_MASK == BUY else self.asks
        level = side.find_or_add(words[order + PRICE])
        levels = side.levels
        youngest = levels[level + TAIL]
        words[order + LEVEL] = level
        words[order + PREV] = youngest
        words[order + NEXT] = 0
        if youngest == 0:
            levels[level + HEAD] = order
        else:
            words[youngest + NEXT] = order
        levels[level + TAIL] = order
        levels[level + LOTS] += words[order + OPEN]
        levels[level + ORDERS] += 1
        if levels[level + RANK] >= side.watched:
            side.is_changed = True

    def unlink(self, order: i64) -> None:
        """Take a resting order out of its level; it stays live until `forget` or `link`."""
        words = self.orders.words
        side = self.bids if words[order + FLAGS] & SIDE_MASK == BUY else self.asks
        levels = side.levels
        level = words[order + LEVEL]
        older = words[order + PREV]
        younger = words[order + NEXT]
        if older == 0:
            levels[level + HEAD] = younger
        else:
            words[older + NEXT] = younger
        if younger == 0:
            levels[level + TAIL] = older
        else:
            words[younger + PREV] = older
        levels[level + LOTS] -= words[order + OPEN]
        levels[level + ORDERS] -= 1
        if levels[level + RANK] >= side.watched:
            side.is_changed = True
        if levels[level + HEAD] == 0:
            side.remove(level)

    def forget(self, order: i64) -> None:
        """End the life of an order that is in no level and no trigger queue."""
        pool = self.orders
        if pool.words[order + FLAGS] & TERMS_BIT != 0:
            self._drop_terms(order)
        self.ids.remove(pool.words[order + ORDER_ID])
        self._leave_owner(order)
        pool.count -= 1
        pool.words[order + NEXT] = pool.freed
        pool.freed = order

    def attach(self, order: i64, terms: LiveTerms) -> None:
        """Remember what a new order has beyond its row, until `forget`."""
        self.orders.words[order + FLAGS] |= TERMS_BIT
        self.terms[order] = terms
        if terms.expires_ns != 0:
            self.expiries.add(self.index, order, terms)

    def terms_of(self, order: i64) -> LiveTerms | None:
        """Return what an order has beyond its row, or None."""
        if self.orders.words[order + FLAGS] & TERMS_BIT == 0:
            return None
        return self.terms[order]

    def _drop_terms(self, order: i64) -> None:
        terms = self.terms.pop(order)
        if terms.expires_ns != 0:
            self.expiries.remove(terms)
        words = self.orders.words
        if words[order + FLAGS] & ICEBERG_BIT != 0:
            self.hidden_lots -= words[order + HIDDEN]

    def reduce(self, order: i64, lots: i64) -> None:
        """Take lots off a live order, fewer than it has open; it keeps its place."""
        words = self.orders.words
        words[order + OPEN] -= lots
        level = words[order + LEVEL]
        if level != 0:
            side = self.bids if words[order + FLAGS] & SIDE_MASK == BUY else self.asks
            side.levels[level + LOTS] -= lots
            if side.levels[level + RANK] >= side.watched:
                side.is_changed = True
        elif (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK == MARKET:
            self.queue.count_lots(words[order + FLAGS] & SIDE_MASK, -lots)

    def fill(self, order: i64, lots: i64) -> None:
        """Trade lots of a resting order, at most what it has open; it is gone when nothing is left."""
        words = self.orders.words
        if lots == words[order + OPEN]:
            self.unlink(order)
            self.forget(order)
        else:
            words[order + FILLED] += lots
            self.reduce(order, lots)

    def fill_queued(self, order: i64, lots: i64) -> None:
        """Trade lots of a market order that waits for an auction; it is gone when nothing is left."""
        words = self.orders.words
        if lots == words[order + OPEN]:
            self.queue.remove(order)
            self.forget(order)
        else:
            words[order + FILLED] += lots
            self.reduce(order, lots)

    def requeue(self, order: i64) -> None:
        """Let an order count as entered now in its owner's list."""
        self._leave_owner(order)
        self._join_owner(order)

    def oldest_of(self, slot: i64) -> i64:
        """Return the order of an owner slot that entered first, or 0; OWNER_NEXT leads on."""
        if 2 * slot >= len(self.owner_lists):
            return 0
        return self.owner_lists[2 * slot]

    def _join_owner(self, order: i64) -> None:
        words = self.orders.words
        at: i64 = 2 * (words[order + OWNER] >> 32)
        while at >= len(self.owner_lists):
            self.owner_lists = doubled(self.owner_lists)
        lists = self.owner_lists
        youngest = lists[at + 1]
        words[order + OWNER_PREV] = youngest
        words[order + OWNER_NEXT] = 0
        if youngest == 0:
            lists[at] = order
        else:
            words[youngest + OWNER_NEXT] = order
        lists[at + 1] = order

    def _leave_owner(self, order: i64) -> None:
        words = self.orders.words
        at: i64 = 2 * (words[order + OWNER] >> 32)
        older = words[order + OWNER_PREV]
        younger = words[order + OWNER_NEXT]
        if older == 0:
            self.owner_lists[at] = younger
        else:
            words[older + OWNER_NEXT] = younger
        if younger == 0:
            self.owner_lists[at + 1] = older
        else:
            words[younger + OWNER_PREV] = older

    def check(self) -> None:
        """Raise InvariantError where the book disagrees with itself. O(orders)."""
        resting = self._check_side(self.bids) + self._check_side(self.asks)
        pending: i64 = 0
        expected = self.stops.count
        for stops in [self.stops, *self.other_stops.values()]:
            for queues in (stops.rising, stops.falling):
                for trigger, queue in queues.items():
                    pending += self._check_stops(trigger, queue[0], queue[1])
        for stops in self.other_stops.values():
            expected += stops.count
        for stops in [self.stops, *self.other_stops.values()]:
            pending += len(stops.asleep)
        if pending != expected:
            raise InvariantError(f"expected {expected} pending stops, found {pending}")
        pending += self._check_queue(BUY) + self._check_queue(1 - BUY)
        if resting + pending != self.orders.count or self.orders.count != self.ids.count:
            raise InvariantError(
                f"expected resting {resting} + pending {pending} = rows {self.orders.count} = ids {self.ids.count}"
            )
        owned: i64 = 0
        at: i64 = 0
        while at < len(self.owner_lists):
            order = self.owner_lists[at]
            while order != 0:
                if 2 * (self.orders.words[order + OWNER] >> 32) != at:
                    raise InvariantError(f"expected an order of owner slot {at // 2} in its list")
                owned += 1
                order = self.orders.words[order + OWNER_NEXT]
            at += 2
        if owned != self.orders.count:
            raise InvariantError(f"expected every one of {self.orders.count} orders in an owner's list, found {owned}")
        self._check_terms()

    def _check_terms(self) -> None:
        words = self.orders.words
        hidden: i64 = 0
        for order, terms in self.terms.items():
            row: i64 = order
            is_live = self.ids.find(words[row + ORDER_ID]) == row and words[row + FLAGS] & TERMS_BIT != 0
            is_due = (terms.expires_ns, terms.entry) in self.expiries.orders
            if not is_live or is_due != (terms.expires_ns != 0):
                raise InvariantError(f"order {words[row + ORDER_ID]}: its terms are not where its row says")
            if words[row + FLAGS] & ICEBERG_BIT != 0:
                part = words[row + HIDDEN]
                if part < 0 or words[row + LEVEL] == 0 or words[row + OPEN] > terms.display:
                    raise InvariantError(f"order {words[row + ORDER_ID]} shows more than it should, or hides {part}")
                hidden += part
        if hidden != self.hidden_lots:
            raise InvariantError(f"expected {self.hidden_lots} hidden lots, found {hidden}")

    def _check_side(self, side: LevelIndex) -> i64:
        words = self.orders.words
        found: i64 = 0
        level_count: i64 = 0
        level = side.best
        while level != 0:
            rank = side.levels[level + RANK]
            lots: i64 = 0
            orders: i64 = 0
            older: i64 = 0
            order = side.levels[level + HEAD]
            while order != 0:
                is_bid = words[order + FLAGS] & SIDE_MASK == BUY
                placed = words[order + LEVEL] == level and words[order + PREV] == older
                if not placed or words[order + PRICE] * side.sign != rank or is_bid != (side.sign == 1):
                    raise InvariantError(f"order {words[order + ORDER_ID]} is not where its level says")
                if words[order + OPEN] <= 0 or self.ids.find(words[order + ORDER_ID]) != order:
                    raise InvariantError(f"order {words[order + ORDER_ID]} is empty or not under its id")
                lots += words[order + OPEN]
                orders += 1
                older = order
                order = words[order + NEXT]
            totals = (side.levels[level + LOTS], side.levels[level + ORDERS], side.levels[level + TAIL])
            if orders == 0 or totals != (lots, orders, older):
                raise InvariantError(f"level at rank {rank}: expected lots, orders {lots}, {orders}, found {totals}")
            found += orders
            level_count += 1
            worse = side.next_worse(level)
            if worse != 0 and side.levels[worse + RANK] >= rank:
                raise InvariantError(f"levels out of order at rank {rank}")
            level = worse
        if level_count != side.level_count:
            raise InvariantError(f"expected {side.level_count} levels, found {level_count}")
        return found

    def _check_queue(self, side: i64) -> i64:
        words = self.orders.words
        count: i64 = 0
        lots: int = 0
        older: i64 = 0
        order = self.queue.oldest(side)
        while order != 0:
            is_placed = words[order + LEVEL] == 0 and words[order + PREV] == older
            if not is_placed or words[order + FLAGS] & SIDE_MASK != side or words[order + OPEN] <= 0:
                raise InvariantError(f"market order {words[order + ORDER_ID]} is not where its queue says")
            count += 1
            lots += words[order + OPEN]
            older = order
            order = words[order + NEXT]
        if lots != self.queue.lots(side):
            raise InvariantError(f"expected {self.queue.lots(side)} lots of queued market orders, found {lots}")
        return count

    def _check_stops(self, trigger: i64, oldest: i64, youngest: i64) -> i64:
        words = self.orders.words
        count: i64 = 0
        older: i64 = 0
        order = oldest
        while order != 0:
            if words[order + TRIGGER] != trigger or words[order + PREV] != older or words[order + LEVEL] != 0:
                raise InvariantError(f"stop {words[order + ORDER_ID]} is not where its trigger says")
            count += 1
            older = order
            order = words[order + NEXT]
        if older != youngest or count == 0:
            raise InvariantError(f"the queue of trigger {trigger} does not end at its youngest stop")
        return count
