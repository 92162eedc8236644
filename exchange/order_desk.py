"""Orders of every kind: refused, entered, matched, amended, cancelled, elected.

The desk applies the venue's order rules to the books and writes what happened; with clearing it asks for margin before
an order enters and reports each fill before the next match. What it does, rule by rule: docs/semantics.md, section 2.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, LIQUIDATING, Ledger
from exchange.book.level_index import HEAD, LOTS, RANK, LevelIndex
from exchange.book.order_pool import (
    FILLED,
    FLAGS,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER,
    OWNER_NEXT,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
    order_flags,
)
from exchange.enums import BUY, FOK, GTC, LIMIT, MARKET, PARTICIPANT, STOP, STOP_LIMIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    AMEND_ORDER,
    CANCEL_AMENDED_BELOW_FILLED,
    CANCEL_IOC_REMAINDER,
    CANCEL_MARKET_REMAINDER,
    CANCEL_ORDER,
    CANCEL_PROTECTION,
    CANCEL_REDUCED_TO_ZERO,
    CANCEL_REQUESTED,
    CANCEL_SELF_TRADE,
    CANCEL_STOP_REFUSED,
    PLACE_ORDER,
    REDUCE_ORDER,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_BELOW_FILLED,
    REJECT_BOOK_FULL,
    REJECT_DUPLICATE_ORDER_ID,
    REJECT_FOK_CANNOT_FILL,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_INVALID_TRIGGER,
    REJECT_NO_MARK_PRICE,
    REJECT_NONE,
    REJECT_NOT_ORDER_OWNER,
    REJECT_POST_ONLY_WOULD_TAKE,
    REJECT_UNKNOWN_ORDER,
    write_order_accepted,
    write_order_amended,
    write_order_canceled,
    write_order_rejected,
    write_stop_triggered,
    write_trade,
)
from exchange.rules import OrderRules
from exchange.units import MAX_LIVE_ORDERS, MAX_QTY_LOTS, PPM

ACCOUNT_MASK: Final = 0xFFFFFFFF  # of an owner word
ANY_RANK: Final = -(1 << 62)  # the limit of a market order: every price is good enough

ALLOW: Final = 0
CANCEL_TAKER: Final = 1
CANCEL_MAKER: Final = 2
CANCEL_BOTH: Final = 3
DECREMENT_BOTH: Final = 4
_SELF_TRADE: Final = ("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both")


@final
class OrderDesk:
    """The one place where orders meet. An owner word is slot << 32 | account id."""

    def __init__(
        self, rules: OrderRules, log: EventLog, ledger: Ledger, clearing: Clearing, has_clearing: bool
    ) -> None:
        """Copy the rules; share the log and the books of account."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.keeps_priority: bool = rules.amend_qty_down == "keep_priority"
        self.cancels_below_filled: bool = rules.amend_below_filled == "cancel"
        self.rests_market_remainder: bool = rules.market_remainder == "limit_at_last_fill"
        self.protection_ticks: i64 = rules.protection_amount if rules.market_protection == "ticks" else -1
        self.protection_ppm: i64 = rules.protection_amount if rules.market_protection == "ppm" else -1
        self.protects_from_last: bool = rules.protection_reference == "last"
        self.reprices_post_only: bool = rules.post_only_cross == "reprice"
        self.self_trade: i64 = _SELF_TRADE.index(rules.self_trade)
        self.elects_touched: bool = rules.stop_already_touched == "elect"
        self.last_fill: i64 = 0  # price of the newest fill of the order being matched
        self.has_filled: bool = False
        self.taker_price: i64 = 0  # limit of the order being matched, for its events
        self.is_taker_canceled: bool = False  # the self-trade rule took the taker out while it was matching

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
        reason = self._place_refusal(
            market, owner, order_id, side, kind, time_in_force, post_only, lots, price, trigger, origin
        )
        if reason == REJECT_NONE and post_only != 0:
            repriced = self._post_only_price(market, side, price)
            if repriced == price or (self.reprices_post_only and market.min_price <= repriced <= market.max_price):
                price = repriced
            else:
                reason = REJECT_POST_ONLY_WOULD_TAKE
        if reason == REJECT_NONE and (self.has_clearing or time_in_force == FOK):
            reason = self._entry_refusal(market, owner, side, kind, time_in_force, lots, price, origin)
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, PLACE_ORDER, reason)
            return
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
        )
        if kind >= STOP:
            flags = order_flags(side, kind, time_in_force, 0)
            market.book.stops.add(market.book.enter(order_id, owner, flags, price, lots, 0, trigger))
            self._touch_if_elected(market, side, trigger)
            return
        self._enter(market, owner, order_id, side, kind, time_in_force, post_only, lots, price, 0, origin)

    def _place_refusal(
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
    ) -> i64:
        """Return the first reason that does not depend on what the order would do, or 0."""
        if self.has_clearing and self.ledger.states[owner >> 32] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
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
        is_plain = kind == LIMIT and time_in_force == GTC
        if post_only != 0 and not (is_plain and origin == PARTICIPANT):
            return REJECT_INVALID_COMBINATION
        if origin != PARTICIPANT and not is_plain:
            return REJECT_INVALID_COMBINATION
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT and kind < STOP:
            notional = self._order_notional(market, kind, lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, notional, 0)
            if reason != REJECT_NONE:
                return reason
        if market.book.ids.find(order_id) != 0:
            return REJECT_DUPLICATE_ORDER_ID
        if market.book.orders.count >= MAX_LIVE_ORDERS:
            return REJECT_BOOK_FULL
        return REJECT_NONE

    def _entry_refusal(
        self,
        market: Market,
        owner: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        lots: i64,
        price: i64,
        origin: i64,
    ) -> i64:
        """Return why an order could not act as it should now: no mark, FOK, margin; or 0. Stops are asked later."""
        if kind >= STOP:
            return REJECT_NONE
        needs_margin = self.has_clearing and origin == PARTICIPANT
        if needs_margin and kind == MARKET and not market.has_mark:
            return REJECT_NO_MARK_PRICE
        if time_in_force == FOK:
            opposite = market.book.asks if side == BUY else market.book.bids
            limit = price * opposite.sign if kind == LIMIT else self._market_limit(market, side)
            if self._fillable(market, owner, side, limit, lots) < lots:
                return REJECT_FOK_CANNOT_FILL
        if needs_margin:
            notional = self._order_notional(market, kind, lots, price)
            return self.clearing.margin_refusal(market, owner >> 32, side, notional)
        return REJECT_NONE

    def _enter(
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
        filled: i64,
        origin: i64,
    ) -> None:
        """Match an order and rest or cancel what is left of it."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = price * opposite.sign if kind == LIMIT else self._market_limit(market, side)
        left = lots
        self.has_filled = False
        if opposite.best != 0 and opposite.levels[opposite.best + RANK] >= limit:
            self.taker_price = price
            left = self.match(market, owner, order_id, side, limit, lots, origin != PARTICIPANT, 0)
            if left == 0 or self.is_taker_canceled:
                return
            filled += lots - left
        if kind == LIMIT and time_in_force == GTC:
            flags = order_flags(side, LIMIT, GTC, post_only)
        elif kind == LIMIT:
            self._write_canceled(market, owner, order_id, price, left, 0, side, CANCEL_IOC_REMAINDER)
            return
        elif self.rests_market_remainder and self.has_filled and time_in_force == GTC:
            flags = order_flags(side, LIMIT, GTC, 0)
            price = self.last_fill
        else:
            reason = CANCEL_MARKET_REMAINDER if opposite.best == 0 else CANCEL_PROTECTION
            self._write_canceled(market, owner, order_id, 0, left, 0, side, reason)
            return
        book = market.book
        book.link(book.enter(order_id, owner, flags, price, left, filled, 0))
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            self.clearing.reserve(market, slot, side, price, 0, left)

    # --- match -------------------------------------------------------------------------------------------------

    def match(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        limit: i64,
        lots: i64,
        passes_recorded: bool,
        liquidation: i64,
    ) -> i64:
        """Trade up to `lots` against the other side within a limit rank; return what is left.

        Sets `is_taker_canceled`, `has_filled` and `last_fill`. passes_recorded: a recorded order fills no recorded one.
        """
        self.is_taker_canceled = False
        self.has_filled = False
        opposite = market.book.asks if side == BUY else market.book.bids
        pool = market.book.orders
        level = opposite.best
        while lots > 0 and level != 0 and opposite.levels[level + RANK] >= limit:
            maker = opposite.levels[level + HEAD]
            worse: i64 = 0
            if passes_recorded:
                worse = opposite.next_worse(level)
                while maker != 0 and pool.words[maker + OWNER] == 0:
                    maker = pool.words[maker + NEXT]
                if maker == 0:
                    level = worse
                    continue
            if self.self_trade != ALLOW and pool.words[maker + OWNER] == owner and owner != 0:
                lots = self._prevent_self_trade(market, owner, order_id, side, maker, lots)
                if self.is_taker_canceled:
                    return 0
            else:
                lots -= self.fill(market, owner, order_id, side, maker, lots, liquidation)
            # A level that is gone leaves its row to the next one: go on from the best, or past the recorded orders.
            if not passes_recorded:
                level = opposite.best
            elif not _is_live(opposite, level):
                level = worse
        return lots

    def fill(
        self, market: Market, owner: i64, order_id: i64, side: i64, maker: i64, lots: i64, liquidation: i64
    ) -> i64:
        """Trade a taker with one maker, at the maker's price; return the lots traded."""
        words = market.book.orders.words
        maker_open = words[maker + OPEN]
        maker_owner = words[maker + OWNER]
        price = words[maker + PRICE]
        traded = min(maker_open, lots)
        write_trade(
            self.log,
            market.instrument,
            maker_owner & ACCOUNT_MASK,
            words[maker + ORDER_ID],
            order_id,
            price,
            traded,
            owner & ACCOUNT_MASK,
            side,
        )
        market.note_trade(price, side, self.log.command_seq)
        self.has_filled = True
        self.last_fill = price
        if self.has_clearing:
            maker_slot = maker_owner >> 32
            if maker_slot >= FIRST_SLOT:
                self.clearing.reserve(market, maker_slot, 1 - side, price, maker_open, maker_open - traded)
            self.clearing.settle(market, maker_slot, owner >> 32, side, price, traded, liquidation != 0)
            if liquidation != 0:
                market.note_mover(liquidation, self.log.command_seq)
        market.book.fill(maker, traded)
        return traded

    def _prevent_self_trade(self, market: Market, owner: i64, order_id: i64, side: i64, maker: i64, lots: i64) -> i64:
        """Apply the self-trade rule to a taker and its own resting order; return what is left of the taker."""
        words = market.book.orders.words
        maker_open = words[maker + OPEN]
        if self.self_trade == DECREMENT_BOTH:
            if maker_open > lots:
                self._reduce(market, maker, lots)
            else:
                self.take_out(market, maker, CANCEL_SELF_TRADE, 0)
            if lots > maker_open:
                left = lots - maker_open
                account, price = owner & ACCOUNT_MASK, self.taker_price
                write_order_amended(self.log, market.instrument, account, order_id, price, left, 0, side, 1)
                return left
        elif self.self_trade != CANCEL_TAKER:
            self.take_out(market, maker, CANCEL_SELF_TRADE, 0)
            if self.self_trade == CANCEL_MAKER:
                return lots
        self._write_canceled(market, owner, order_id, self.taker_price, lots, 0, side, CANCEL_SELF_TRADE)
        self.is_taker_canceled = True
        return 0

    def _order_notional(self, market: Market, kind: i64, lots: i64, price: i64) -> int:
        """Return what an order counts for: at its limit, or at mark for a market order; 0 without a mark."""
        if kind == LIMIT:
            return market.valuation.notional(lots, price)
        return market.valuation.notional(lots, market.mark) if market.has_mark else 0

    def _fillable(self, market: Market, owner: i64, side: i64, limit: i64, wanted: i64) -> i64:
        """Return how much of `wanted` lots could trade at once: at least `wanted` if all of it. O(what it counts)."""
        opposite = market.book.asks if side == BUY else market.book.bids
        words = market.book.orders.words
        total: i64 = 0
        level = opposite.best
        while level != 0 and total < wanted and opposite.levels[level + RANK] >= limit:
            if self.self_trade == ALLOW:
                total += opposite.levels[level + LOTS]
            else:
                maker = opposite.levels[level + HEAD]
                while maker != 0 and total < wanted:
                    if words[maker + OWNER] != owner:
                        total += words[maker + OPEN]
                    elif self.self_trade != CANCEL_MAKER:
                        return total
                    maker = words[maker + NEXT]
            level = opposite.next_worse(level)
        return total

    def _market_limit(self, market: Market, side: i64) -> i64:
        """Return the worst rank of the opposite side that a market order may trade at: its collar, if it has one."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if self.protection_ticks < 0 and self.protection_ppm < 0:
            return ANY_RANK
        if self.protects_from_last:
            if not market.has_last:
                return ANY_RANK
            reference = market.last
        else:
            if opposite.best == 0:
                return ANY_RANK
            reference = opposite.levels[opposite.best + RANK] * opposite.sign
        width = self.protection_ticks
        if width < 0:
            size: int = reference if reference >= 0 else -reference
            width = size * self.protection_ppm // PPM
        if side == BUY:
            return (reference + width) * opposite.sign
        lowest = reference - width
        return max(market.min_price, lowest)

    def _post_only_price(self, market: Market, side: i64, price: i64) -> i64:
        """Return the price at which a post-only order takes nothing: its own, or one tick behind the opposite best."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if opposite.best == 0 or opposite.levels[opposite.best + RANK] < price * opposite.sign:
            return price
        return (opposite.levels[opposite.best + RANK] + 1) * opposite.sign

    # --- cancel, reduce, amend ---------------------------------------------------------------------------------

    def cancel(self, market: Market, owner: i64, order_id: i64) -> None:
        """Cancel a live order at its owner's request, or refuse."""
        order = self._own_order(market, owner, order_id, CANCEL_ORDER)
        if order != 0:
            self.take_out(market, order, CANCEL_REQUESTED, 0)

    def reduce(self, market: Market, owner: i64, order_id: i64, lots: i64) -> None:
        """Take lots off a live order at its owner's request, or refuse."""
        order = self._own_order(market, owner, order_id, REDUCE_ORDER)
        if order == 0:
            return
        if lots < 1 or lots > MAX_QTY_LOTS:
            account = owner & ACCOUNT_MASK
            write_order_rejected(self.log, market.instrument, account, order_id, REDUCE_ORDER, REJECT_INVALID_QUANTITY)
            return
        self.reduce_live(market, order, lots)

    def reduce_live(self, market: Market, order: i64, lots: i64) -> None:
        """Take lots off a live order; it goes when nothing is left."""
        if lots >= market.book.orders.words[order + OPEN]:
            self.take_out(market, order, CANCEL_REDUCED_TO_ZERO, 0)
        else:
            self._reduce(market, order, lots)

    def mass_cancel(self, market: Market, slot: i64, side_filter: i64, reason: i64, liquidation: i64) -> None:
        """Cancel an account's live orders in a market, oldest entry first. side_filter: BUY, SELL, or 2 for both."""
        words = market.book.orders.words
        order = market.book.oldest_of(slot)
        while order != 0:
            younger = words[order + OWNER_NEXT]
            if side_filter == 2 or words[order + FLAGS] & SIDE_MASK == side_filter:
                self.take_out(market, order, reason, liquidation)
            order = younger

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
        reason = self._amend_refusal(market, owner, order, lots, price, trigger, is_total, origin)
        if reason == REJECT_BELOW_FILLED and self.cancels_below_filled:
            self.take_out(market, order, CANCEL_AMENDED_BELOW_FILLED, 0)
            return
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, AMEND_ORDER, reason)
            return
        # From here on the command succeeds.
        words = market.book.orders.words
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
        slot = owner >> 32
        if self.has_clearing and self.ledger.states[slot] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        if order == 0:
            return REJECT_UNKNOWN_ORDER
        words = market.book.orders.words
        if words[order + OWNER] != owner:
            return REJECT_NOT_ORDER_OWNER
        if lots < 1 or lots > MAX_QTY_LOTS:
            return REJECT_INVALID_QUANTITY
        flags = words[order + FLAGS]
        side = flags & SIDE_MASK
        is_pending = words[order + LEVEL] == 0
        if price == 0:
            price = words[order + PRICE]
        elif price < market.min_price or price > market.max_price or (flags >> KIND_SHIFT) & KIND_MASK == STOP:
            return REJECT_INVALID_PRICE
        if trigger != 0 and (not is_pending or trigger < market.min_price or trigger > market.max_price):
            return REJECT_INVALID_TRIGGER
        is_open = words[order + OPEN]
        is_below_filled = is_total and lots <= words[order + FILLED]
        if is_total and not is_below_filled:
            lots -= words[order + FILLED]
        needs_margin = self.has_clearing and slot >= FIRST_SLOT and not is_pending
        old: int = 0
        new: int = 0
        if needs_margin:
            old = market.valuation.notional(is_open, words[order + PRICE])
            new = market.valuation.notional(lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, new, is_open)
            if reason != REJECT_NONE:
                return reason
        if is_below_filled:
            return REJECT_BELOW_FILLED
        if flags & POST_ONLY_BIT and not is_pending and self._post_only_price(market, side, price) != price:
            return REJECT_POST_ONLY_WOULD_TAKE
        if needs_margin:
            return self.clearing.margin_refusal(market, slot, side, new - old)
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
        keeps = self.keeps_priority and price == old_price and lots <= old_open
        account = owner & ACCOUNT_MASK
        write_order_amended(self.log, market.instrument, account, order_id, price, lots, 0, side, 1 if keeps else 0)
        slot = owner >> 32
        has_reserve = self.has_clearing and slot >= FIRST_SLOT
        if keeps:
            if lots < old_open:
                if has_reserve:
                    self.clearing.reserve(market, slot, side, price, old_open, lots)
                book.reduce(order, old_open - lots)
            return
        filled = words[order + FILLED]
        if has_reserve:
            self.clearing.reserve(market, slot, side, old_price, old_open, 0)
        opposite = book.asks if side == BUY else book.bids
        limit = price * opposite.sign
        book.unlink(order)
        if opposite.best == 0 or opposite.levels[opposite.best + RANK] < limit:
            # Nothing to trade with: the row moves to its new place as it is.
            words[order + OPEN] = lots
            words[order + PRICE] = price
            book.requeue(order)
            book.link(order)
            if has_reserve:
                self.clearing.reserve(market, slot, side, price, 0, lots)
            return
        book.forget(order)
        post_only = 1 if flags & POST_ONLY_BIT else 0
        self._enter(market, owner, order_id, side, LIMIT, GTC, post_only, lots, price, filled, origin)

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
            return
        book.stops.remove(order)
        words[order + OPEN] = lots
        words[order + TRIGGER] = trigger
        book.requeue(order)
        book.stops.add(order)
        self._touch_if_elected(market, side, trigger)

    def take_out(self, market: Market, order: i64, reason: i64, liquidation: i64) -> None:
        """Remove a live order, resting or pending, and write why."""
        words = market.book.orders.words
        owner = words[order + OWNER]
        side = words[order + FLAGS] & SIDE_MASK
        price = words[order + PRICE]
        lots = words[order + OPEN]
        order_id = words[order + ORDER_ID]
        account = owner & ACCOUNT_MASK
        write_order_canceled(self.log, market.instrument, account, order_id, price, lots, liquidation, side, reason)
        if words[order + LEVEL] == 0:
            market.book.stops.remove(order)
        else:
            market.book.unlink(order)
            slot = owner >> 32
            if self.has_clearing and slot >= FIRST_SLOT:
                self.clearing.reserve(market, slot, side, price, lots, 0)
        market.book.forget(order)

    def _reduce(self, market: Market, order: i64, lots: i64) -> None:
        """Take fewer lots off an order than it has; it keeps its place."""
        words = market.book.orders.words
        owner = words[order + OWNER]
        side = words[order + FLAGS] & SIDE_MASK
        price = words[order + PRICE]
        left = words[order + OPEN] - lots
        order_id = words[order + ORDER_ID]
        trigger = words[order + TRIGGER]
        write_order_amended(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, price, left, trigger, side, 1)
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT and words[order + LEVEL] != 0:
            self.clearing.reserve(market, slot, side, price, left + lots, left)
        market.book.reduce(order, lots)

    def _own_order(self, market: Market, owner: i64, order_id: i64, request: i64) -> i64:
        """Return a live order of this owner; or write the refusal and return 0."""
        order = market.book.ids.find(order_id)
        if order != 0 and market.book.orders.words[order + OWNER] == owner:
            return order
        reason = REJECT_UNKNOWN_ORDER if order == 0 else REJECT_NOT_ORDER_OWNER
        write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, request, reason)
        return 0

    # --- stops -------------------------------------------------------------------------------------------------

    def _touch_if_elected(self, market: Market, side: i64, trigger: i64) -> None:
        """Let a stop that the last trade has touched already be elected in this settling, where the rule says so."""
        if not self.elects_touched or not market.has_last:
            return
        if (side == BUY and trigger <= market.last) or (side != BUY and trigger >= market.last):
            market.touch(market.last)

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
        market.book.stops.remove(order)
        market.book.forget(order)
        reason: i64 = REJECT_NONE
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            notional = self._order_notional(market, kind, lots, price)
            reason = self.clearing.size_refusal(market, slot, lots, notional, 0)
        if reason == REJECT_NONE:
            reason = self._entry_refusal(market, owner, side, kind, time_in_force, lots, price, PARTICIPANT)
        if reason != REJECT_NONE:
            self._write_canceled(market, owner, order_id, price, lots, 0, side, CANCEL_STOP_REFUSED)
            return
        self._enter(market, owner, order_id, side, kind, time_in_force, 0, lots, price, 0, PARTICIPANT)

    # --- liquidation orders ------------------------------------------------------------------------------------

    def liquidate(
        self, market: Market, owner: i64, order_id: i64, side: i64, is_market: bool, price: i64, lots: i64, number: i64
    ) -> i64:
        """Run a liquidation order, IOC at a price or at market without collar; return what is left of it."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = ANY_RANK if is_market else price * opposite.sign
        self.taker_price = price
        left = self.match(market, owner, order_id, side, limit, lots, False, number)
        if left > 0:
            reason = CANCEL_MARKET_REMAINDER if is_market else CANCEL_IOC_REMAINDER
            self._write_canceled(market, owner, order_id, price, left, number, side, reason)
        return left

    def _write_canceled(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        price: i64,
        lots: i64,
        liquidation: i64,
        side: i64,
        reason: i64,
    ) -> None:
        account = owner & ACCOUNT_MASK
        write_order_canceled(self.log, market.instrument, account, order_id, price, lots, liquidation, side, reason)


def _is_live(side: LevelIndex, level: i64) -> bool:
    """Return whether a level row is still the level it was before a fill that may have emptied it."""
    return side.find(side.levels[level + RANK] * side.sign) == level
