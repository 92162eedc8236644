"""The recorded market's own messages, replayed order by order into a book that injected accounts trade in too.

A recorded order never fills another recorded order. What a recorded message asks for and the book no longer has, since
injected orders took it, is clipped and said so; so is what trades there while nothing trades here. Rules:
docs/semantics.md, section 3.
"""

from typing import final

from mypy_extensions import i64

from exchange.book.level_index import HEAD, RANK
from exchange.book.order_pool import FLAGS, ICEBERG_BIT, LEVEL, NEXT, OPEN, ORDER_ID, OWNER, SIDE_MASK
from exchange.desks.matching import Matcher
from exchange.desks.order_desk import OrderDesk
from exchange.enums import BUY, RECORDED
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_REQUESTED,
    CLIPPED_AMEND,
    CLIPPED_CANCEL,
    CLIPPED_EXECUTE,
    CLIPPED_REDUCE,
    write_recorded_clipped,
)
from exchange.units import MAX_QTY_LOTS


@final
class RecordedDesk:
    """Applies recorded cancels, reductions, amends and executions."""

    def __init__(self, log: EventLog, desk: OrderDesk, matcher: Matcher) -> None:
        """Share the log, the desk that amends orders and the matcher that trades them."""
        self.log = log
        self.desk = desk
        self.matcher = matcher

    def cancel(self, market: Market, order_id: i64, origin: i64) -> None:
        """Cancel a recorded order."""
        order = self._recorded_order(market, order_id)
        if order == 0:
            write_recorded_clipped(self.log, market.instrument, order_id, 0, CLIPPED_CANCEL, origin)
            return
        self.matcher.take_out(market, order, CANCEL_REQUESTED, 0)

    def reduce(self, market: Market, order_id: i64, lots: i64, origin: i64) -> None:
        """Take lots off a recorded order, as many as it has left."""
        order = self._recorded_order(market, order_id)
        if order == 0:
            write_recorded_clipped(self.log, market.instrument, order_id, lots, CLIPPED_REDUCE, origin)
            return
        if lots < 1 or lots > MAX_QTY_LOTS:
            self.desk.reduce(market, 0, order_id, lots)  # refuses it
            return
        missing = lots - market.book.orders.words[order + OPEN]
        self.desk.reduce_live(market, order, lots)
        if missing > 0:
            write_recorded_clipped(self.log, market.instrument, order_id, missing, CLIPPED_REDUCE, origin)

    def amend(
        self, market: Market, order_id: i64, lots: i64, price: i64, trigger: i64, is_total: bool, origin: i64
    ) -> None:
        """Give a recorded order a new price and quantity."""
        if self._recorded_order(market, order_id) == 0:
            write_recorded_clipped(self.log, market.instrument, order_id, lots, CLIPPED_AMEND, origin)
            return
        self.desk.amend(market, 0, order_id, lots, price, trigger, is_total, origin)

    def execute(self, market: Market, order_id: i64, side: i64, price: i64, lots: i64) -> None:
        """Replay an execution of a resting recorded order; injected orders with priority over it fill first."""
        if not market.is_continuous:  # here nothing trades now, whatever did there
            write_recorded_clipped(self.log, market.instrument, order_id, lots, CLIPPED_EXECUTE, RECORDED)
            return
        book = market.book
        words = book.orders.words
        resting = book.bids if side == BUY else book.asks
        taker_side = 1 - side
        named = self._recorded_order(market, order_id)
        if named != 0 and (words[named + LEVEL] == 0 or words[named + FLAGS] & SIDE_MASK != side):
            named = 0
        limit = price * resting.sign
        level = resting.best
        while lots > 0 and level != 0 and resting.levels[level + RANK] >= limit:
            worse = resting.next_worse(level)
            is_at_limit = resting.levels[level + RANK] == limit
            maker = resting.levels[level + HEAD]
            while lots > 0 and maker != 0 and not (is_at_limit and maker == named):
                younger = words[maker + NEXT]
                if words[maker + OWNER] != 0:
                    order_id_there = words[maker + ORDER_ID]
                    is_iceberg = words[maker + FLAGS] & ICEBERG_BIT != 0
                    self.matcher.has_cut = False
                    lots -= self.matcher.fill(market, 0, 0, taker_side, maker, lots, 0)
                    if self.matcher.has_cut:  # the next one may be gone: from the best again
                        worse = resting.best
                        break
                    if younger == 0 and is_iceberg and book.find(order_id_there) == maker:
                        younger = maker  # it shows anew, and is the last one still
                maker = younger
            level = worse
        if lots > 0 and named != 0:
            lots -= self.matcher.fill(market, 0, 0, taker_side, named, lots, 0)
        if lots > 0:
            write_recorded_clipped(self.log, market.instrument, order_id, lots, CLIPPED_EXECUTE, RECORDED)

    def _recorded_order(self, market: Market, order_id: i64) -> i64:
        """Return the live order under an id if it is the recorded market's, or 0."""
        order = market.book.find(order_id)
        if order != 0 and market.book.orders.words[order + OWNER] == 0:
            return order
        return 0
