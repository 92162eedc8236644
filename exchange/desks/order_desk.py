"""What participants ask about orders: refused, or entered, amended and cancelled.

The desk checks a request against the rules before anything changes and hands what may trade to the matcher. What it
does, rule by rule: docs/semantics.md, section 2.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, LIQUIDATING, Ledger
from exchange.accounts.pockets import Pockets
from exchange.book.iceberg import grow_hidden, reduce_iceberg, submerge
from exchange.book.level_index import RANK
from exchange.book.order_pool import (
    ASLEEP_BIT,
    FILLED,
    FLAGS,
    HIDDEN,
    ICEBERG_BIT,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    LINKED_BIT,
    OPEN,
    ORDER_ID,
    OWNER,
    OWNER_NEXT,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    TRIGGER,
    order_flags,
)
from exchange.desks.matching import Matcher
from exchange.desks.order_checks import OrderChecks
from exchange.desks.order_guard import OrderGuard
from exchange.desks.reach import ACCOUNT_MASK, post_only_price
from exchange.enums import BUY, BY_VENUE, GTC, LIMIT, MARKET, STOP
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    AMEND_ORDER,
    CANCEL_AMENDED_BELOW_FILLED,
    CANCEL_ORDER,
    CANCEL_REDUCED_TO_ZERO,
    CANCEL_REQUESTED,
    MARKET_PAUSED,
    PLACE_ORDER,
    REDUCE_ORDER,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_BELOW_FILLED,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_INVALID_TRIGGER,
    REJECT_MARKET_PAUSED,
    REJECT_NONE,
    REJECT_NOT_ORDER_OWNER,
    REJECT_NOTHING_TO_REDUCE,
    REJECT_POST_ONLY_WOULD_TAKE,
    REJECT_TOO_MANY_PARTS,
    REJECT_UNKNOWN_ORDER,
    TRANSFER_ORDER,
    write_order_accepted,
    write_order_amended,
    write_order_rejected,
)
from exchange.rules import OrderRules
from exchange.triggers.links import NOTHING_LEFT, Links
from exchange.triggers.watches import Watches
from exchange.units import MAX_LIVE_ORDERS, MAX_QTY_LOTS


@final
class OrderDesk:
    """Applies the order requests of participants. An owner word is slot << 32 | account id."""

    def __init__(
        self,
        rules: OrderRules,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        has_clearing: bool,
        matcher: Matcher,
        pockets: Pockets,
        watches: Watches,
        links: Links,
    ) -> None:
        """Copy the rules; share the log, the books of account, the matcher, what stops watch and who is linked."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.matcher = matcher
        self.keeps_priority: bool = rules.amend_qty_down == "keep_priority"
        self.cancels_below_filled: bool = rules.amend_below_filled == "cancel"
        self.pockets = pockets
        self.watches = watches
        self.links = links
        self.checks = OrderChecks(rules, ledger, clearing, has_clearing, matcher, pockets)
        self.has_guards: bool = False  # as in the matcher
        self.guard = OrderGuard()
        self.iceberg_max_parts: i64 = rules.iceberg_max_parts
        self.grows_hidden: bool = rules.iceberg_amend_up == "keep_priority"
        self.day_ends_ns: i64 = rules.day_ends_ns

    # --- place -------------------------------------------------------------------------------------------------

    def place(
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
    ) -> None:
        """Enter an order of a known account, or refuse it."""
        is_plain = kind == LIMIT and time_in_force == GTC and post_only == 0 and trigger == 0
        if not (is_plain and self._passes_at_once(market, order_id, lots, price)):
            combination = self.watches.source_refusal(BY_VENUE) if kind >= STOP else REJECT_NONE
            reason = self.checks.refusal(
                market,
                owner,
                order_id,
                side,
                kind,
                time_in_force,
                post_only,
                lots,
                price,
                trigger,
                origin,
                combination,
                None,
            )
            if reason != REJECT_NONE:
                write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, PLACE_ORDER, reason)
                return
            price = self.checks.price
        # From here on the command succeeds.
        write_order_accepted(
            self.log,
            market.instrument,
            owner & ACCOUNT_MASK,
            order_id,
            price,
            lots,
            trigger,
            side,
            kind,
            time_in_force,
            post_only,
            origin,
            0,
            0,
            0,
        )
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, owner >> 32, TRANSFER_ORDER)
        if kind >= STOP:
            flags = order_flags(side, kind, time_in_force, 0) | self.watches.source_bits(BY_VENUE)
            self.watches.add(market, market.book.enter(order_id, owner, flags, price, lots, 0, trigger))
            return
        self.matcher.enter(market, owner, order_id, side, kind, time_in_force, post_only, lots, price, 0, origin, None)

    def _passes_at_once(self, market: Market, order_id: i64, lots: i64, price: i64) -> bool:
        """Return whether a plain limit order passes all that a venue that only matches checks of it.

        Most of its orders do: the whole sequence then need not be asked. It says what is wrong with the others.
        """
        if self.has_clearing or self.matcher.has_guards:
            return False
        if lots < 1 or lots > MAX_QTY_LOTS or price < market.min_price or price > market.max_price:
            return False
        return market.book.ids.find(order_id) == 0 and market.book.orders.count < MAX_LIVE_ORDERS

    # --- cancel, reduce, amend ---------------------------------------------------------------------------------

    def cancel(self, market: Market, owner: i64, order_id: i64) -> None:
        """Cancel a live order at its owner's request, or refuse."""
        if self.has_guards and self._is_cancel_refused(market, owner, order_id, CANCEL_ORDER):
            return
        order = market.book.ids.find(order_id)
        if order != 0 and (market.book.orders.words[order + OWNER] ^ owner) & ACCOUNT_MASK == 0:
            if order_id < 0 and self.is_liquidation_order(market.book.orders.words[order + OWNER]):
                account = owner & ACCOUNT_MASK
                reason = REJECT_ACCOUNT_IN_LIQUIDATION
                write_order_rejected(self.log, market.instrument, account, order_id, CANCEL_ORDER, reason)
                return
            self.matcher.take_out(market, order, CANCEL_REQUESTED, 0)
        else:
            self._refuse_stranger(market, owner, order_id, order, CANCEL_ORDER)

    def reduce(self, market: Market, owner: i64, order_id: i64, lots: i64) -> None:
        """Take lots off a live order at its owner's request, or refuse."""
        if self.has_guards and self._is_cancel_refused(market, owner, order_id, REDUCE_ORDER):
            return
        order = market.book.ids.find(order_id)
        if order == 0 or (market.book.orders.words[order + OWNER] ^ owner) & ACCOUNT_MASK != 0:
            self._refuse_stranger(market, owner, order_id, order, REDUCE_ORDER)
            return
        reason: i64 = REJECT_NONE
        if order_id < 0 and self.is_liquidation_order(market.book.orders.words[order + OWNER]):
            reason = REJECT_ACCOUNT_IN_LIQUIDATION
        elif lots < 1 or lots > MAX_QTY_LOTS:
            reason = REJECT_INVALID_QUANTITY
        if reason != REJECT_NONE:
            account = owner & ACCOUNT_MASK
            write_order_rejected(self.log, market.instrument, account, order_id, REDUCE_ORDER, reason)
            return
        self.reduce_live(market, order, lots)

    def is_liquidation_order(self, owner: i64) -> bool:
        """Return whether a live order of an account is the engine's: in liquidation it has no others."""
        return self.has_clearing and self.ledger.states[self.ledger.homes[owner >> 32]] == LIQUIDATING

    def reduce_live(self, market: Market, order: i64, lots: i64) -> None:
        """Take lots off a live order; it goes when nothing is left."""
        words = market.book.orders.words
        is_open = words[order + OPEN]
        if words[order + FLAGS] & ICEBERG_BIT != 0:
            is_open += words[order + HIDDEN]
        if lots >= is_open:
            self.matcher.take_out(market, order, CANCEL_REDUCED_TO_ZERO, 0)
        else:
            self.matcher.reduce(market, order, lots)

    def mass_cancel(self, market: Market, slot: i64, side_filter: i64, reason: i64, liquidation: i64) -> None:
        """Cancel a slot's live orders in a market, oldest entry first, and then those of the short side of its pair.

        side_filter: BUY, SELL, or 2 for both.
        """
        words = market.book.orders.words
        order = market.book.oldest_of(slot)
        while order != 0:
            younger = words[order + OWNER_NEXT]
            flags = words[order + FLAGS]
            if side_filter == 2 or flags & SIDE_MASK == side_filter:
                if flags & LINKED_BIT != 0 and self.links.partner_of(market, words[order + ORDER_ID]) == younger:
                    younger = words[younger + OWNER_NEXT]  # the one that it takes along
                self.matcher.take_out(market, order, reason, liquidation)
            order = younger
        if market.has_hedges and slot in market.aliases:
            self.mass_cancel(market, market.aliases[slot], side_filter, reason, liquidation)

    def amend(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        lots: i64,
        price: i64,
        trigger: i64,
        is_total: bool,
        origin: i64,
    ) -> None:
        """Give a live order a new price, quantity or trigger, or refuse."""
        order = market.book.ids.find(order_id)
        reason: i64 = REJECT_NONE
        if self.has_guards:
            reason = self.guard.request_refusal(market, owner, LIMIT, GTC, 0, False)
        if reason == REJECT_NONE:
            is_linked = order != 0 and market.book.orders.words[order + FLAGS] & LINKED_BIT != 0
            if is_linked and 0 < lots <= MAX_QTY_LOTS:
                lots = self.links.amended_lots(market, order, order_id, lots, is_total)
            reason = self._amend_refusal(market, owner, order, lots, price, trigger, is_total, origin)
        if reason == REJECT_BELOW_FILLED and self.cancels_below_filled:
            self.matcher.take_out(market, order, CANCEL_AMENDED_BELOW_FILLED, 0)
            return
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, AMEND_ORDER, reason)
            return
        # From here on the command succeeds.
        words = market.book.orders.words
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, words[order + OWNER] >> 32, TRANSFER_ORDER)
        if is_total:
            lots -= words[order + FILLED]
        if price == 0:
            price = words[order + PRICE]
        if words[order + LEVEL] == 0:
            self._amend_stop(market, order, lots, price, trigger)
        else:
            self._amend_resting(market, order, lots, price, origin)

    def _amend_refusal(
        self,
        market: Market,
        owner: i64,
        order: i64,
        lots: i64,
        price: i64,
        trigger: i64,
        is_total: bool,
        origin: i64,
    ) -> i64:
        reason = self.checks.live_refusal(market, owner, order)
        if reason != REJECT_NONE:
            return reason
        words = market.book.orders.words
        slot = words[order + OWNER] >> 32
        flags = words[order + FLAGS]
        is_linked = flags & LINKED_BIT != 0
        if is_linked and self.links.closes_position(market, words[order + ORDER_ID]):
            if lots != 0 or is_total:
                return REJECT_INVALID_QUANTITY  # It has no quantity of its own.
        elif lots == NOTHING_LEFT:
            return REJECT_NOTHING_TO_REDUCE
        elif lots < 1 or lots > MAX_QTY_LOTS:
            return REJECT_INVALID_QUANTITY
        side = flags & SIDE_MASK
        is_pending = words[order + LEVEL] == 0
        price_asked = price
        kind = (flags >> KIND_SHIFT) & KIND_MASK
        if kind == MARKET:
            return REJECT_INVALID_COMBINATION  # It waits for an auction, and can only be cancelled or reduced.
        if price == 0:
            price = words[order + PRICE]
        elif price < market.min_price or price > market.max_price or kind == STOP:
            return REJECT_INVALID_PRICE
        if is_linked and (price_asked != 0 or trigger != 0) and self.links.follows(market, words[order + ORDER_ID]):
            return REJECT_INVALID_PRICE if price_asked != 0 else REJECT_INVALID_TRIGGER
        if trigger != 0 and (not is_pending or trigger < market.min_price or trigger > market.max_price):
            return REJECT_INVALID_TRIGGER
        is_open = words[order + OPEN]
        if flags & ICEBERG_BIT != 0:
            is_open += words[order + HIDDEN]
        is_below_filled = is_total and lots <= words[order + FILLED]
        if is_total and not is_below_filled:
            lots -= words[order + FILLED]
        needs_margin = self.has_clearing and slot >= FIRST_SLOT and not is_pending
        is_reducing = needs_margin and is_linked and self.links.reduces(market, words[order + ORDER_ID])
        if is_reducing:
            needs_margin = False
        old: int = 0
        new: int = 0
        if needs_margin:
            old = market.valuation.notional(is_open, words[order + PRICE])
            new = market.valuation.notional(lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, new, is_open)
            if reason == REJECT_NONE and market.has_hedges:
                reason = self.pockets.closing_refusal(market, slot, side, lots, is_open)
            if reason != REJECT_NONE:
                return reason
        if is_below_filled:
            return REJECT_BELOW_FILLED
        if lots > is_open and (is_pending or flags & ICEBERG_BIT != 0):
            terms = market.book.terms_of(order)
            if terms is not None and terms.display != 0 and terms.parts(lots) > self.iceberg_max_parts:
                return REJECT_TOO_MANY_PARTS
        if self.has_guards:
            # A trailing stop that sleeps has no limit yet.
            guarded = STOP if flags & ASLEEP_BIT != 0 else kind
            reason = self.guard.order_refusal(market, words[order + OWNER], side, guarded, lots, price, False)
            if reason != REJECT_NONE:
                return reason
        if flags & POST_ONLY_BIT and not is_pending and post_only_price(market, side, price) != price:
            return REJECT_POST_ONLY_WOULD_TAKE
        if is_reducing and market.state == MARKET_PAUSED and (lots > is_open or price != words[order + PRICE]):
            return REJECT_MARKET_PAUSED
        if needs_margin and self.clearing.has_limits and (lots > is_open or price != words[order + PRICE]):
            reason = self.clearing.limit_refusal(market, slot, side, lots, is_open)
            if reason != REJECT_NONE:
                return reason
        if needs_margin and market.is_spot:
            return self.matcher.borrowing.order_refusal(market, slot, side, lots - is_open, new - old)
        if needs_margin:
            return self.clearing.margin_refusal(market, slot, side, new - old, lots - is_open)
        return REJECT_NONE

    def _amend_resting(self, market: Market, order: i64, lots: i64, price: i64, origin: i64) -> None:
        book = market.book
        words = book.orders.words
        order_id = words[order + ORDER_ID]
        owner = words[order + OWNER]
        flags = words[order + FLAGS]
        side = flags & SIDE_MASK
        old_open = words[order + OPEN]
        old_price = words[order + PRICE]
        is_iceberg = flags & ICEBERG_BIT != 0
        if is_iceberg:
            old_open += words[order + HIDDEN]
        keeps = self.keeps_priority if lots <= old_open else self.grows_hidden and is_iceberg
        keeps = keeps and price == old_price
        account = owner & ACCOUNT_MASK
        write_order_amended(self.log, market.instrument, account, order_id, price, lots, 0, side, 1 if keeps else 0)
        slot = owner >> 32
        has_reserve = self.has_clearing and slot >= FIRST_SLOT
        if keeps:
            if lots != old_open:
                if lots > old_open and flags & LINKED_BIT != 0:
                    self.links.growing(market, order_id, lots)
                if has_reserve:
                    self.clearing.reserve(market, slot, side, price, old_open, lots, flags)
                if is_iceberg:
                    self._resize_iceberg(market, order, lots - old_open)
                else:
                    book.reduce(order, old_open - lots)
            return
        filled = words[order + FILLED]
        if has_reserve:
            self.clearing.reserve(market, slot, side, old_price, old_open, 0, flags)
        opposite = book.asks if side == BUY else book.bids
        limit = price * opposite.sign
        book.unlink(order)
        if opposite.best == 0 or opposite.levels[opposite.best + RANK] < limit or not market.is_continuous:
            # Nothing to trade with: the row moves to its new place as it is.
            words[order + OPEN] = lots
            words[order + PRICE] = price
            if is_iceberg:
                submerge(book, order, lots, book.terms[order].display)
                self.matcher.write_refreshed(market, order, 0)
            book.requeue(order)
            book.link(order)
            if market.has_top_order:
                self.matcher.note_top(market, order)
            if flags & LINKED_BIT != 0:
                self.links.requeued(market, order_id)
            if has_reserve:
                self.clearing.reserve(market, slot, side, price, 0, lots, flags)
            return
        terms = book.terms_of(order)
        book.forget(order)
        post_only = 1 if flags & POST_ONLY_BIT else 0
        self.matcher.enter(market, owner, order_id, side, LIMIT, GTC, post_only, lots, price, filled, origin, terms)
        if flags & LINKED_BIT != 0:
            self.links.entered(market, order_id)

    def _resize_iceberg(self, market: Market, order: i64, more: i64) -> None:
        """Give an iceberg more lots, or fewer (negative), in its place: the hidden part first."""
        if more > 0:
            grow_hidden(market.book, order, more)
        else:
            reduce_iceberg(market.book, order, -more)
        self.matcher.write_refreshed(market, order, 1)

    def _amend_stop(self, market: Market, order: i64, lots: i64, price: i64, trigger: i64) -> None:
        book = market.book
        words = book.orders.words
        old_trigger = words[order + TRIGGER]
        if trigger == 0:
            trigger = old_trigger
        side = words[order + FLAGS] & SIDE_MASK
        keeps = trigger == old_trigger and lots <= words[order + OPEN]
        account = words[order + OWNER] & ACCOUNT_MASK
        order_id = words[order + ORDER_ID]
        kept = 1 if keeps else 0
        write_order_amended(self.log, market.instrument, account, order_id, price, lots, trigger, side, kept)
        words[order + PRICE] = price
        if keeps:
            words[order + OPEN] = lots
            self.watches.look_again(market, order)
            return
        book.stops_of(order).remove(order)
        words[order + OPEN] = lots
        words[order + TRIGGER] = trigger
        book.requeue(order)
        self.watches.add(market, order)
        if words[order + FLAGS] & LINKED_BIT != 0:
            self.links.requeued(market, order_id)

    def _is_cancel_refused(self, market: Market, owner: i64, order_id: i64, request: i64) -> bool:
        """Refuse a cancel or a reduction that is one request too many; return whether it was."""
        reason = self.guard.cancel_refusal(owner)
        if reason == REJECT_NONE:
            return False
        write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, request, reason)
        return True

    def _refuse_stranger(self, market: Market, owner: i64, order_id: i64, order: i64, request: i64) -> None:
        """Write that an order is not live (0), or is somebody else's."""
        reason = REJECT_UNKNOWN_ORDER if order == 0 else REJECT_NOT_ORDER_OWNER
        write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, request, reason)
