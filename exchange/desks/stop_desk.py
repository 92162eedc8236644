"""Stops that a trade has touched: elected one by one, each run to completion before the next is looked at.

Rules: docs/semantics.md, section 5.
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
    OPEN,
    ORDER_ID,
    OWNER,
    PRICE,
    SIDE_MASK,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
)
from exchange.desks.matching import ACCOUNT_MASK, Matcher
from exchange.enums import BUY, LIMIT, MARKET, PARTICIPANT, STOP_LIMIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import CANCEL_STOP_REFUSED, REJECT_NONE, TRANSFER_ORDER, write_stop_triggered


@final
class StopDesk:
    """Elects stops."""

    def __init__(
        self, log: EventLog, clearing: Clearing, has_clearing: bool, matcher: Matcher, pockets: Pockets
    ) -> None:
        """Share the log, the clearing and the matcher."""
        self.log = log
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.matcher = matcher
        self.pockets = pockets

    def elect(self, market: Market) -> bool:
        """Run the next stop that the trades have touched to completion; return whether there was one."""
        if not market.is_touched:
            return False
        stops = market.book.stops
        has_buy = stops.lowest_buy <= market.high
        has_sell = stops.highest_sell >= market.low
        if not has_buy and not has_sell:
            market.is_touched = False
            return False
        if has_buy and (not has_sell or market.last_side == BUY):
            order = stops.next_buy()
        else:
            order = stops.next_sell()
        self._run_stop(market, order)
        return True

    def _run_stop(self, market: Market, order: i64) -> None:
        words = market.book.orders.words
        order_id = words[order + ORDER_ID]
        owner = words[order + OWNER]
        flags = words[order + FLAGS]
        side = flags & SIDE_MASK
        kind = LIMIT if (flags >> KIND_SHIFT) & KIND_MASK == STOP_LIMIT else MARKET
        time_in_force = (flags >> TIF_SHIFT) & TIF_MASK
        lots = words[order + OPEN]
        price = words[order + PRICE]
        trigger = words[order + TRIGGER]
        write_stop_triggered(
            self.log, market.instrument, owner & ACCOUNT_MASK, order_id, trigger, market.last, lots, side
        )
        terms = market.book.terms_of(order)
        market.book.stops.remove(order)
        market.book.forget(order)
        reason: i64 = REJECT_NONE
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            notional = self.matcher.order_notional(market, kind, lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, notional, 0)
            if reason == REJECT_NONE and market.has_hedges:
                reason = self.pockets.closing_refusal(market, slot, side, lots, 0)
        if reason == REJECT_NONE:
            reason = self.matcher.entry_refusal(
                market, owner, side, kind, time_in_force, lots, price, PARTICIPANT, terms
            )
        if reason != REJECT_NONE:
            self.matcher.write_canceled(market, owner, order_id, price, lots, 0, side, CANCEL_STOP_REFUSED)
            return
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, slot, TRANSFER_ORDER)
        self.matcher.enter(market, owner, order_id, side, kind, time_in_force, 0, lots, price, 0, PARTICIPANT, terms)
