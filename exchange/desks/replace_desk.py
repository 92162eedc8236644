"""One order put in the place of another, under an id of its own, in one step. Rules: docs/semantics/orders.md."""

from typing import final

from mypy_extensions import i64

from exchange.accounts.ledger import FIRST_SLOT
from exchange.book.iceberg import whole_open
from exchange.book.live_terms import LiveTerms
from exchange.book.order_pool import (
    FLAGS,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    LINKED_BIT,
    ORDER_ID,
    OWNER,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    SOURCE_MASK,
    SOURCE_SHIFT,
    TAKE_PROFIT_BIT,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
)
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_request import OrderRequest
from exchange.desks.reach import ACCOUNT_MASK
from exchange.desks.special_desk import SpecialDesk
from exchange.desks.terms_desk import Terms
from exchange.enums import BY_LAST, GTC, LIMIT, MARKET, STOP, TAKE_PROFIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_REPLACED,
    REJECT_INVALID_COMBINATION,
    REJECT_NONE,
    REPLACE_ORDER,
    write_order_rejected,
)


@final
class ReplaceDesk:
    """Replaces orders."""

    def __init__(self, log: EventLog, desk: OrderDesk, special_desk: SpecialDesk) -> None:
        """Share the log and the desks that check and enter orders."""
        self.log = log
        self.desk = desk
        self.special_desk = special_desk

    def replace(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        new_id: i64,
        lots: i64,
        price: i64,
        trigger: i64,
        terms: Terms | None,
    ) -> None:
        """Cancel a live order and enter another in its place, or refuse. terms: those that wait for the new one."""
        order = market.book.ids.find(order_id)
        reason: i64 = REJECT_NONE
        if self.desk.has_guards:
            reason = self.desk.guard.request_refusal(market, owner, LIMIT, GTC, 0, False)
        if reason == REJECT_NONE:
            reason = self.desk.checks.live_refusal(market, owner, order)
        if reason == REJECT_NONE and self._is_tied(market, order):
            reason = REJECT_INVALID_COMBINATION
        if reason == REJECT_NONE:
            request = self._request(market, order, new_id, lots, price, trigger, terms)
            self._count_reserve(market, order, False)
            reason = self.special_desk.refusal(market, request)
            self._count_reserve(market, order, True)
            if reason == REJECT_NONE:
                # From here on the command succeeds.
                self.desk.matcher.take_out(market, order, CANCEL_REPLACED, 0)
                self.special_desk.accept(market, request)
                return
        write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, REPLACE_ORDER, reason)

    def _request(
        self, market: Market, order: i64, new_id: i64, lots: i64, price: i64, trigger: i64, terms: Terms | None
    ) -> OrderRequest:
        """Return what is asked for: an order like the live one, but for what is said otherwise."""
        words = market.book.orders.words
        flags = words[order + FLAGS]
        request = OrderRequest(words[order + OWNER], new_id)
        request.is_replacing = True
        request.replaced_id = words[order + ORDER_ID]
        request.side = flags & SIDE_MASK
        request.kind = (flags >> KIND_SHIFT) & KIND_MASK
        request.time_in_force = (flags >> TIF_SHIFT) & TIF_MASK
        request.post_only = 1 if flags & POST_ONLY_BIT != 0 else 0
        request.lots = lots
        request.price = price if price != 0 else words[order + PRICE]
        request.trigger = trigger
        if trigger == 0 and words[order + LEVEL] == 0:
            request.trigger = words[order + TRIGGER]
        if flags & TAKE_PROFIT_BIT != 0:
            request.kind += TAKE_PROFIT - STOP
        is_pending = words[order + LEVEL] == 0
        source: i64 = (flags >> SOURCE_SHIFT & SOURCE_MASK) + BY_LAST
        if is_pending and source != self.desk.watches.default_source:
            request.trigger_source = source
        if flags & LINKED_BIT != 0:
            request.effect = market.plans[words[order + ORDER_ID]].effect
        request.terms = terms
        old = market.book.terms_of(order)
        if old is not None:
            if old.time_in_force != 0:
                request.time_in_force = old.time_in_force
            request.live = _kept(old, terms is None)
        self.special_desk.read_terms(request)
        return request

    def _is_tied(self, market: Market, order: i64) -> bool:
        """Return whether an order is not replaced: others live and die with it, it follows a price, or it is queued."""
        words = market.book.orders.words
        if (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK == MARKET:
            return True
        if words[order + FLAGS] & LINKED_BIT == 0:
            return False
        plan = market.plans[words[order + ORDER_ID]]
        return plan.partner is not None or plan.bracket is not None or plan.trail is not None

    def _count_reserve(self, market: Market, order: i64, counts: bool) -> None:
        """Let what a resting order reserves count again, or not for as long as another is checked in its place."""
        words = market.book.orders.words
        slot = words[order + OWNER] >> 32
        if not self.desk.has_clearing or slot < FIRST_SLOT or words[order + LEVEL] == 0:
            return
        clearing = self.desk.clearing
        watches = clearing.watches_orders
        clearing.watches_orders = False  # In the end nothing has changed.
        lots = whole_open(market.book, order)
        flags = words[order + FLAGS]
        if counts:
            clearing.reserve(market, slot, flags & SIDE_MASK, words[order + PRICE], 0, lots, flags)
        else:
            clearing.reserve(market, slot, flags & SIDE_MASK, words[order + PRICE], lots, 0, flags)
        clearing.watches_orders = watches


def _kept(old: LiveTerms, keeps_all: bool) -> LiveTerms:
    """Return the terms that a new order has from the old one: all of them, or only until when it lives."""
    kept = LiveTerms()
    kept.expires_ns = old.expires_ns
    if keeps_all:
        kept.display = old.display
        kept.min_display = old.min_display
        kept.min_qty = old.min_qty
        kept.budget = old.budget
    return kept
