"""Stops that a price has touched: elected one by one, each run to completion before the next is looked at.

Rules: docs/semantics.md, section 5, and docs/semantics/triggers.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT
from exchange.accounts.pockets import Pockets
from exchange.book.order_pool import (
    FLAGS,
    KIND_MASK,
    KIND_SHIFT,
    LINKED_BIT,
    OPEN,
    ORDER_ID,
    OWNER,
    PRICE,
    SIDE_MASK,
    SOURCE_MASK,
    SOURCE_SHIFT,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
)
from exchange.book.stop_index import series_of
from exchange.desks.matching import Matcher
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import BUY, LIMIT, MARKET, PARTICIPANT, STOP_LIMIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_NOTHING_TO_REDUCE,
    CANCEL_STOP_REFUSED,
    REJECT_NONE,
    TRANSFER_ORDER,
    write_order_amended,
    write_stop_triggered,
)
from exchange.triggers.links import Links
from exchange.triggers.trailing import TrailingDesk
from exchange.triggers.watches import Watches


@final
class StopDesk:
    """Elects stops."""

    def __init__(
        self,
        log: EventLog,
        clearing: Clearing,
        has_clearing: bool,
        matcher: Matcher,
        pockets: Pockets,
        watches: Watches,
        links: Links,
        trailing: TrailingDesk,
    ) -> None:
        """Share the log, the clearing, the matcher, what stops watch and follow, and who is linked."""
        self.log = log
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.matcher = matcher
        self.pockets = pockets
        self.watches = watches
        self.links = links
        self.trailing = trailing

    def elect(self, market: Market) -> bool:
        """Run the next stop that a price has touched to completion; return whether there was one.

        Those that watch the last trade go first, then mark, index, best ask and best bid.
        """
        if not market.is_continuous:
            return False  # In a call the touched stops wait for its end.
        stops = market.book.stops
        is_touched = market.is_touched
        has_rising = is_touched and stops.lowest_rising <= market.high
        has_falling = is_touched and stops.highest_falling >= market.low
        is_rising_first = market.last_side == BUY
        if stops.has_come_touched:
            if not has_rising and not has_falling:
                is_touched = market.is_touched = False  # what came touched is elected by itself: the range is done
            order = stops.next_touched(is_touched, market.low, market.high, is_rising_first)
        elif has_rising and (not has_falling or is_rising_first):
            order = stops.next_rising()
        elif has_falling:
            order = stops.next_falling()
        else:
            market.is_touched = False
            if not market.must_look:
                return False
            order = self.watches.next_touched(market)
            if order == 0:
                self.trailing.follow(market)
                return False
        has_guards = self.matcher.has_guards
        if has_guards:
            self.matcher.guard.begin_election(market)
        self.matcher.collar.begin_election(market.book.orders.words[order + TRIGGER])
        self._run_stop(market, order)
        self.matcher.collar.end_election()
        if has_guards:
            self.matcher.guard.end_election(market)
        return True

    def _run_stop(self, market: Market, order: i64) -> None:
        words = market.book.orders.words
        order_id = words[order + ORDER_ID]
        owner = words[order + OWNER]
        flags = words[order + FLAGS]
        side = flags & SIDE_MASK
        kind = LIMIT if (flags >> KIND_SHIFT) & KIND_MASK == STOP_LIMIT else MARKET
        time_in_force = (flags >> TIF_SHIFT) & TIF_MASK
        open_lots = words[order + OPEN]
        lots = open_lots
        slot = owner >> 32
        is_linked = flags & LINKED_BIT != 0
        is_reducing = is_linked and self.links.reduces(market, order_id)
        if is_reducing:
            room = self.links.reducers.room(market, slot, side)
            lots = room if self.links.closes_position(market, order_id) else min(lots, room)
        price = words[order + PRICE]
        trigger = words[order + TRIGGER]
        source: i64 = flags >> SOURCE_SHIFT & SOURCE_MASK
        if source != 0:
            source += 1  # TriggerSource; the last trade's is 0, VENUE
        seen = self.watches.price_of(market, series_of(flags))
        account = owner & ACCOUNT_MASK
        write_stop_triggered(self.log, market.instrument, account, order_id, trigger, seen, lots, side, source)
        if is_linked:
            self.links.elected(market, order_id)
        terms = market.book.terms_of(order)
        market.book.stops_of(order).remove(order)
        market.book.forget(order)
        reason: i64 = REJECT_NONE
        if is_reducing and lots == 0:
            self.matcher.write_canceled(market, owner, order_id, price, open_lots, 0, side, CANCEL_NOTHING_TO_REDUCE)
            self.links.taken_out(market, order_id)
            return
        if not is_reducing and self.has_clearing and slot >= FIRST_SLOT:
            notional = self.matcher.order_notional(market, kind, lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, notional, 0)
            if reason == REJECT_NONE and market.has_hedges:
                reason = self.pockets.closing_refusal(market, slot, side, lots, 0)
        limit = price
        if kind == LIMIT and self.matcher.has_guards and reason == REJECT_NONE:
            reason = self.matcher.guard.band_refusal(market, owner, side, price, True)
            limit = self.matcher.guard.price_within(market, owner, side, price)
        if reason == REJECT_NONE and is_reducing:
            reason = self.matcher.reduce_refusal(market, owner, side, kind, time_in_force, lots, limit, terms)
        elif reason == REJECT_NONE:
            reason = self.matcher.entry_refusal(
                market, owner, side, kind, time_in_force, lots, limit, PARTICIPANT, terms
            )
        if reason != REJECT_NONE:
            self.matcher.write_canceled(market, owner, order_id, price, lots, 0, side, CANCEL_STOP_REFUSED)
            if is_linked:
                self.links.taken_out(market, order_id)
            return
        if limit != price:
            write_order_amended(self.log, market.instrument, account, order_id, limit, lots, 0, side, 0)
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, slot, TRANSFER_ORDER)
        self.matcher.enter(market, owner, order_id, side, kind, time_in_force, 0, lots, limit, 0, PARTICIPANT, terms)
        if is_linked:
            self.links.entered(market, order_id)
