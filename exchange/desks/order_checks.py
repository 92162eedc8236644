"""Why a new order is refused: one sequence of checks for plain orders, special ones and trailing stops.

The order of the checks is that of docs/semantics.md, section 2, and docs/semantics/orders.md, section 2. Nothing here
changes anything.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, LIQUIDATING, Ledger
from exchange.accounts.pockets import Pockets
from exchange.book.order_pool import OWNER
from exchange.desks.matching import Matcher
from exchange.desks.order_request import OrderRequest
from exchange.desks.reach import ACCOUNT_MASK, post_only_price
from exchange.enums import (
    ANY,
    DAY,
    FOK,
    GTC,
    GTD,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    PARTICIPANT,
    STOP,
    STOP_LIMIT,
    TAKE_PROFIT,
)
from exchange.market import Market
from exchange.records import (
    REJECT_ACCOUNT_IN_DEBT,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_BOOK_FULL,
    REJECT_DUPLICATE_ORDER_ID,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_EXPIRY,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_INVALID_TERMS,
    REJECT_INVALID_TRIGGER,
    REJECT_NONE,
    REJECT_NOT_IN_THIS_PHASE,
    REJECT_NOT_ORDER_OWNER,
    REJECT_NOTHING_TO_REDUCE,
    REJECT_POST_ONLY_WOULD_TAKE,
    REJECT_TOO_MANY_PARTS,
    REJECT_UNKNOWN_ORDER,
)
from exchange.rules import OrderRules
from exchange.triggers.brackets import is_sound
from exchange.units import MAX_LIVE_ORDERS, MAX_QTY_LOTS


@final
class OrderChecks:
    """Asked by every desk that enters orders of accounts. An owner word is slot << 32 | account id."""

    def __init__(
        self,
        rules: OrderRules,
        ledger: Ledger,
        clearing: Clearing,
        has_clearing: bool,
        matcher: Matcher,
        pockets: Pockets,
    ) -> None:
        """Copy the rules; share the books of account and the matcher, who knows what an order could do."""
        self.ledger = ledger
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.matcher = matcher
        self.pockets = pockets
        self.reprices_post_only: bool = rules.post_only_cross == "reprice"
        self.iceberg_max_parts: i64 = rules.iceberg_max_parts
        self.price: i64 = 0  # the limit of the newest order that was let pass: its own, or one moved by the rules

    # --- who asks ----------------------------------------------------------------------------------------------

    def account_refusal(self, owner: i64) -> i64:
        """Return why an account may neither enter nor change orders, or 0."""
        if self.has_clearing and self.ledger.states[self.ledger.homes[owner >> 32]] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        if self.ledger.frozen_count != 0 and self.ledger.debts[self.ledger.main_of(owner >> 32)] != 0:
            return REJECT_ACCOUNT_IN_DEBT
        return REJECT_NONE

    def live_refusal(self, market: Market, owner: i64, order: i64) -> i64:
        """Return why an account may not change an order, live or 0; or 0."""
        reason = self.account_refusal(owner)
        if reason != REJECT_NONE:
            return reason
        if order == 0:
            return REJECT_UNKNOWN_ORDER
        if (market.book.orders.words[order + OWNER] ^ owner) & ACCOUNT_MASK != 0:
            return REJECT_NOT_ORDER_OWNER
        return REJECT_NONE

    # --- new orders --------------------------------------------------------------------------------------------

    def refusal(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        post_only: i64,
        lots: i64,
        price: i64,
        trigger: i64,
        origin: i64,
        combination: i64,
        request: OrderRequest | None,
    ) -> i64:
        """Return why a new order is refused, or 0; `price` is then the limit that it gets.

        kind, time_in_force: as the matcher knows them. combination: a reason found already, that stands where
        combinations are checked. request: what else there is to a special order; None: nothing.
        """
        if self.matcher.has_guards:
            reason = self._request_refusal(market, owner, kind, time_in_force, post_only, request)
            if reason != REJECT_NONE:
                return reason
        reason = self.account_refusal(owner)
        if reason != REJECT_NONE:
            return reason
        if lots < 1 or lots > MAX_QTY_LOTS:
            return REJECT_INVALID_QUANTITY
        if kind == LIMIT or kind == STOP_LIMIT:
            if price < market.min_price or price > market.max_price:
                return REJECT_INVALID_PRICE
        elif price != 0:
            return REJECT_INVALID_PRICE
        if kind >= STOP:
            if trigger < market.min_price or trigger > market.max_price:
                return REJECT_INVALID_TRIGGER
        elif trigger != 0:
            return REJECT_INVALID_TRIGGER
        if combination != REJECT_NONE:
            return combination
        is_plain = kind == LIMIT and time_in_force == GTC
        if post_only != 0 and not (is_plain and origin == PARTICIPANT):
            return REJECT_INVALID_COMBINATION
        if origin != PARTICIPANT and not is_plain:
            return REJECT_INVALID_COMBINATION
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT and kind < STOP:
            notional = self.matcher.order_notional(market, kind, lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, notional, 0)
            if reason == REJECT_NONE and market.has_hedges:
                reason = self.pockets.closing_refusal(market, slot, side, lots, 0)
            if reason != REJECT_NONE:
                return reason
        # An order that replaces another takes its room, and may take its id.
        is_replacing = request is not None and request.is_replacing
        if market.book.ids.find(order_id) != 0 and not (is_replacing and order_id == _replaced_id(request)):
            return REJECT_DUPLICATE_ORDER_ID
        if market.book.orders.count >= MAX_LIVE_ORDERS and not is_replacing:
            return REJECT_BOOK_FULL
        return self._entering_refusal(market, owner, side, kind, time_in_force, post_only, lots, price, origin, request)

    def _entering_refusal(
        self,
        market: Market,
        owner: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        post_only: i64,
        lots: i64,
        price: i64,
        origin: i64,
        request: OrderRequest | None,
    ) -> i64:
        """Return why a sound order may not have its terms, its size or its price, or not act as it should now; or 0."""
        if request is not None:
            reason = self._terms_refusal(request, lots)
            if reason != REJECT_NONE:
                return reason
            lots = request.lots
            if request.effect != ANY and kind < STOP and lots == 0:
                return REJECT_NOTHING_TO_REDUCE
        if self.matcher.has_guards:
            guard = self.matcher.guard
            reason = guard.order_refusal(market, owner, side, kind, lots, price, True)
            if reason != REJECT_NONE:
                return reason
            if kind == LIMIT:
                price = guard.price_within(market, owner, side, price)
        if post_only != 0:
            repriced = post_only_price(market, side, price)
            may_reprice = self.reprices_post_only and market.min_price <= repriced <= market.max_price
            if repriced != price and not may_reprice:
                return REJECT_POST_ONLY_WOULD_TAKE
            price = repriced
        self.price = price
        if request is not None and request.effect != ANY:
            return self.matcher.reduce_refusal(market, owner, side, kind, time_in_force, lots, price, request.live)
        if not self.has_clearing and time_in_force != FOK and request is None:
            return REJECT_NONE
        live = None if request is None else request.live
        return self.matcher.entry_refusal(market, owner, side, kind, time_in_force, lots, price, origin, live)

    def _request_refusal(
        self, market: Market, owner: i64, kind: i64, time_in_force: i64, post_only: i64, request: OrderRequest | None
    ) -> i64:
        """Return why an order is not looked at at all, or 0. One that replaces another was counted before."""
        guard = self.matcher.guard
        if request is None:
            return guard.request_refusal(market, owner, kind, time_in_force, post_only, True)
        if request.is_replacing:
            reason = guard.phase_refusal(market, owner, kind, time_in_force, post_only, True)
        else:
            reason = guard.request_refusal(market, owner, kind, time_in_force, post_only, True)
        is_at_once = request.kind == MARKET_TO_LIMIT or request.live.min_qty != 0
        if reason == REJECT_NONE and is_at_once and owner != 0 and not market.is_continuous:
            return REJECT_NOT_IN_THIS_PHASE
        return reason

    def _terms_refusal(self, request: OrderRequest, lots: i64) -> i64:
        """Return why an order may not have its terms, or 0."""
        live, terms = request.live, request.terms
        rests = plain_time_in_force(request.time_in_force) == GTC
        has_limit = request.kind not in (MARKET, STOP, TAKE_PROFIT)
        is_wrong = live.display != 0 and not (rests and has_limit)
        is_wrong = is_wrong or live.min_qty > lots or (live.min_qty != 0 and request.post_only != 0)
        is_wrong = is_wrong or (live.budget != 0 and request.time_in_force != FOK)
        if terms is not None:
            is_wrong = is_wrong or (terms.expires_ns != 0 and request.time_in_force != GTD)
            is_wrong = is_wrong or (terms.has_bracket() and not is_sound(terms, request.side))
        if is_wrong:
            return REJECT_INVALID_TERMS
        if request.time_in_force == GTD and live.expires_ns <= self.matcher.log.ts_ns:
            return REJECT_INVALID_EXPIRY
        if live.display != 0 and live.parts(lots) > self.iceberg_max_parts:
            return REJECT_TOO_MANY_PARTS
        return REJECT_NONE


def _replaced_id(request: OrderRequest | None) -> i64:
    """Return the id of the order that another replaces."""
    return 0 if request is None else request.replaced_id


def plain_time_in_force(time_in_force: i64) -> i64:
    """Return GTC for what rests until its time comes, else the same."""
    return GTC if time_in_force in (DAY, GTD) else time_in_force
