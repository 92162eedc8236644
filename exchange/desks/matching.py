"""Orders that meet: one order at a time against the other side of a book, to completion.

The matcher knows price-time and pro-rata priority, the self-trade rule, the market collar, icebergs and what becomes of
a remainder; it writes trades and cancels, and with clearing reports each fill before the next match. Rules: section 2
of docs/semantics.md, and docs/semantics/orders.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.borrowing import Borrowing
from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, FUND_SLOT
from exchange.book.iceberg import REFRESHED, fill_iceberg, reduce_iceberg, submerge, whole_open
from exchange.book.level_index import HEAD, RANK, LevelIndex
from exchange.book.live_terms import LiveTerms
from exchange.book.order_pool import (
    FLAGS,
    HIDDEN,
    ICEBERG_BIT,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    LINKED_BIT,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    TOP_BIT,
    TRIGGER,
)
from exchange.book.pro_rata import Round
from exchange.desks.collar import ANY_RANK, Collar
from exchange.desks.order_guard import OrderGuard
from exchange.desks.reach import (
    ACCOUNT_MASK,
    ALLOW,
    CANCEL_MAKER,
    CANCEL_TAKER,
    DECREMENT_BOTH,
    SELF_TRADE,
    cost_of,
    fillable,
)
from exchange.enums import BUY, FOK, GTC, LIMIT, MARKET, PARTICIPANT, STOP
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_IOC_REMAINDER,
    CANCEL_MARKET_REMAINDER,
    CANCEL_PROTECTION,
    CANCEL_SELF_TRADE,
    MARKET_PAUSED,
    REJECT_FOK_CANNOT_FILL,
    REJECT_MARKET_PAUSED,
    REJECT_MIN_QTY_CANNOT_FILL,
    REJECT_NO_MARK_PRICE,
    REJECT_NONE,
    write_order_amended,
    write_order_canceled,
    write_order_refreshed,
    write_trade,
)
from exchange.rules import OrderRules
from exchange.triggers.hooks import FillWatcher


@final
class Matcher:
    """Enters orders that may trade. An owner word is slot << 32 | account id."""

    def __init__(self, rules: OrderRules, log: EventLog, clearing: Clearing, has_clearing: bool) -> None:
        """Copy the rules; share the log and the clearing."""
        self.log = log
        self.clearing = clearing
        self.borrowing = Borrowing(clearing)
        self.has_clearing: bool = has_clearing
        self.rests_at_last_fill: bool = rules.market_remainder == "limit_at_last_fill"
        self.collar = Collar(rules)
        self.self_trade: i64 = SELF_TRADE.index(rules.self_trade)
        self.refreshes_early: bool = rules.iceberg_refresh == "below_min_display"
        self.takes_best_only: bool = rules.market_to_limit == "best_price"
        self.last_fill: i64 = 0  # price of the newest fill of the order being matched
        self.taker_filled: i64 = (
            0  # lots that the order being matched has traded; a self-trade rule's lots do not count
        )
        self.has_guards: bool = False  # phases, breakers or protections are in use: ask `guard`
        self.guard = OrderGuard()
        self.taker_price: i64 = 0  # limit of the order being matched, for its events
        self.watcher = FillWatcher()  # of orders that concern something else
        self.cuts: i64 = 0  # of orders by what became of others
        self.has_cut: bool = False  # a fill changed other orders than the two that met
        self.is_taker_canceled: bool = False  # the self-trade rule took the taker out while it was matching

    # --- entering ----------------------------------------------------------------------------------------------

    def entry_refusal(
        self,
        market: Market,
        owner: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        lots: i64,
        price: i64,
        origin: i64,
        terms: LiveTerms | None,
    ) -> i64:
        """Return why an order could not act as it should now: no mark, FOK, margin; or 0. Stops are asked later."""
        if kind >= STOP:
            return REJECT_NONE
        needs_margin = self.has_clearing and origin == PARTICIPANT
        if needs_margin and kind == MARKET and not market.has_mark:
            return REJECT_NO_MARK_PRICE
        if needs_margin and self.clearing.has_limits:
            reason = self.clearing.limit_refusal(market, owner >> 32, side, lots, 0)
            if reason != REJECT_NONE:
                return reason
        if time_in_force == FOK or terms is not None:
            reason = self._fill_refusal(market, owner, side, kind, time_in_force, lots, price, terms)
            if reason != REJECT_NONE:
                return reason
        if needs_margin:
            notional = self.order_notional(market, kind, lots, price)
            if kind == MARKET and (self.collar.rests or market.is_spot):
                limit = self._limit(market, side, kind, price, terms)
                if self._rests_at_collar(market, time_in_force, limit):
                    worst = self._collar_price(market, owner, side, limit)
                    notional = max(notional, market.valuation.notional(lots, worst))
                if market.is_spot and side == BUY:
                    notional = max(notional, cost_of(market, owner, side, limit, lots))
            if market.is_spot:
                return self.borrowing.order_refusal(market, owner >> 32, side, lots, notional)
            return self.clearing.margin_refusal(market, owner >> 32, side, notional, lots)
        return REJECT_NONE

    def reduce_refusal(
        self,
        market: Market,
        owner: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        lots: i64,
        price: i64,
        terms: LiveTerms | None,
    ) -> i64:
        """Return why a reduce-only order could not act as it should now, or 0. It asks for no margin."""
        if kind >= STOP:
            return REJECT_NONE
        if kind == MARKET and not market.is_continuous and not market.has_mark:
            return REJECT_NO_MARK_PRICE  # What it would count for while it is queued is not known.
        if market.state == MARKET_PAUSED:
            return REJECT_MARKET_PAUSED
        if time_in_force == FOK or terms is not None:
            return self._fill_refusal(market, owner, side, kind, time_in_force, lots, price, terms)
        return REJECT_NONE

    def _fill_refusal(
        self,
        market: Market,
        owner: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        lots: i64,
        price: i64,
        terms: LiveTerms | None,
    ) -> i64:
        """Return why an order that must trade at once cannot: all of it, for its budget, or its minimum; or 0."""
        limit = self._limit(market, side, kind, price, terms)
        if self.has_guards:
            limit = self.guard.limit_within(market, owner, side, limit)
        if time_in_force == FOK and fillable(market, self.self_trade, owner, side, limit, lots) < lots:
            return REJECT_FOK_CANNOT_FILL
        if terms is None:
            return REJECT_NONE
        if terms.budget != 0:
            budget: int = terms.budget
            cost = cost_of(market, owner, side, limit, lots, self.self_trade == ALLOW)
            if (cost > budget) if side == BUY else (cost < budget):
                return REJECT_FOK_CANNOT_FILL
        least = min(terms.min_qty, lots)  # a stop may have fewer left when it is elected
        if least != 0 and fillable(market, self.self_trade, owner, side, limit, least) < least:
            return REJECT_MIN_QTY_CANNOT_FILL
        return REJECT_NONE

    def _limit(self, market: Market, side: i64, kind: i64, price: i64, terms: LiveTerms | None) -> i64:
        """Return the worst rank of the opposite side that an order may trade at."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if kind == LIMIT:
            return price * opposite.sign
        limit = self.collar.limit(market, side)
        if self.takes_best_only and terms is not None and terms.is_market_to_limit and opposite.best != 0:
            limit = max(limit, opposite.levels[opposite.best + RANK])
        return limit

    def enter(
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
        terms: LiveTerms | None,
    ) -> None:
        """Match an order and rest or cancel what is left of it."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = price * opposite.sign if kind == LIMIT else self._limit(market, side, kind, price, terms)
        left = lots
        self.taker_filled = 0
        if opposite.best != 0 and opposite.levels[opposite.best + RANK] >= limit:
            self.taker_price = price
            if self.has_guards:
                left = self.guard.match(market, owner, order_id, side, limit, lots, origin != PARTICIPANT, 0)
            else:
                left = self.match(market, owner, order_id, side, limit, lots, origin != PARTICIPANT, 0)
            if left == 0 or self.is_taker_canceled:
                return
            filled += self.taker_filled
        if kind == LIMIT and time_in_force == GTC:
            flags = side if post_only == 0 else side | POST_ONLY_BIT  # LIMIT and GTC are 0
        elif kind == LIMIT:
            self.write_canceled(market, owner, order_id, price, left, 0, side, CANCEL_IOC_REMAINDER)
            return
        elif self.taker_filled > 0 and time_in_force == GTC and self._rests_at_last_fill(terms):
            flags = side
            price = self.last_fill
        elif self._rests_at_collar(market, time_in_force, limit):
            flags = side
            price = self._collar_price(market, owner, side, limit)
            account = owner & ACCOUNT_MASK
            write_order_amended(self.log, market.instrument, account, order_id, price, left, 0, side, 0)
        else:
            if self.has_guards and self.guard.queue_market_order(
                market, owner, order_id, side, time_in_force, left, filled, terms
            ):
                return
            reason = CANCEL_MARKET_REMAINDER if opposite.best == 0 else CANCEL_PROTECTION
            self.write_canceled(market, owner, order_id, 0, left, 0, side, reason)
            return
        book = market.book
        order = book.enter(order_id, owner, flags, price, left, filled, 0)
        if terms is not None:
            self._attach(market, order, terms)
        book.link(order)
        if market.has_top_order:
            self.note_top(market, order)
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            self.clearing.reserve(market, slot, side, price, 0, left, flags)

    def _rests_at_last_fill(self, terms: LiveTerms | None) -> bool:
        """Return whether what a market order leaves rests at its last fill's price."""
        return self.rests_at_last_fill or (terms is not None and terms.is_market_to_limit)

    def _rests_at_collar(self, market: Market, time_in_force: i64, limit: i64) -> bool:
        """Return whether what a market order with a limit rank leaves rests at its collar."""
        return self.collar.rests and time_in_force == GTC and limit != ANY_RANK and market.is_continuous

    def _collar_price(self, market: Market, owner: i64, side: i64, limit: i64) -> i64:
        """Return where what a market order leaves rests: at its collar, or at the limit of a band that is nearer."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = self.guard.limit_within(market, owner, side, limit)
        return min(limit * opposite.sign, market.max_price)

    def _attach(self, market: Market, order: i64, terms: LiveTerms) -> None:
        """Give an order that is about to rest what it has beyond its row."""
        terms.min_qty = 0  # met, as a budget was
        terms.budget = 0
        if not terms.lasts():
            return
        market.book.attach(order, terms)
        if terms.display != 0:
            submerge(market.book, order, market.book.orders.words[order + OPEN], terms.display)
            self.write_refreshed(market, order, 0)

    def write_refreshed(self, market: Market, order: i64, kept_priority: i64) -> None:
        """Write what an iceberg shows and hides."""
        words = market.book.orders.words
        write_order_refreshed(
            self.log,
            market.instrument,
            words[order + OWNER] & ACCOUNT_MASK,
            words[order + ORDER_ID],
            words[order + PRICE],
            words[order + OPEN],
            words[order + HIDDEN],
            words[order + FLAGS] & SIDE_MASK,
            kept_priority,
        )

    def note_top(self, market: Market, order: i64) -> None:
        """Let an order that has come to rest be the top order where it made its price the best one of its side."""
        words = market.book.orders.words
        side = market.book.bids if words[order + FLAGS] & SIDE_MASK == BUY else market.book.asks
        level = words[order + LEVEL]
        words[order + FLAGS] &= ~TOP_BIT
        if level != side.best or side.levels[level + HEAD] != order:
            return
        worse = side.next_worse(level)
        if worse != 0:
            words[side.levels[worse + HEAD] + FLAGS] &= ~TOP_BIT
        words[order + FLAGS] |= TOP_BIT

    # --- matching ----------------------------------------------------------------------------------------------

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

        Sets `is_taker_canceled`, `taker_filled` and `last_fill`. passes_recorded: a recorded order fills no other.
        """
        self.is_taker_canceled = False
        self.has_cut = False
        self.taker_filled = 0
        if market.is_pro_rata:
            return self._match_pro_rata(market, owner, order_id, side, limit, lots, passes_recorded, liquidation)
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
            if self.self_trade != ALLOW and (pool.words[maker + OWNER] ^ owner) & ACCOUNT_MASK == 0 and owner != 0:
                lots = self._prevent_self_trade(market, owner, order_id, side, maker, lots)
                if self.is_taker_canceled:
                    return 0
            else:
                lots -= self.fill(market, owner, order_id, side, maker, lots, liquidation)
            # A level that is gone leaves its row to the next one: go on from the best, or past the recorded orders.
            if not passes_recorded:
                level = opposite.best
            elif self.has_cut:
                self.has_cut = False
                level = opposite.best
            elif not _is_live(opposite, level):
                level = worse
        return lots

    def _match_pro_rata(
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
        """Do what `match` does, a level at a time, in rounds: what is taken of it is shared out over its orders.

        Icebergs that show anew have their turn in the next round, and what an order cut meanwhile does not trade is
        shared out then; the taker's own orders are met last.
        """
        opposite = market.book.asks if side == BUY else market.book.bids
        own_mask: i64 = ACCOUNT_MASK if self.self_trade != ALLOW and owner != 0 else 0
        level = opposite.best
        while lots > 0 and level != 0 and opposite.levels[level + RANK] >= limit:
            worse = opposite.next_worse(level)
            meeting = Round(market.book, opposite.levels[level + HEAD], owner, own_mask, passes_recorded)
            others: i64 = len(meeting.others)
            if self.self_trade == CANCEL_MAKER:
                lots = self._meet_own(market, owner, order_id, side, meeting, lots)
            meeting.share_out(lots, market.has_top_order, market.least_share, market.leftovers)
            self.has_cut = False
            at: i64 = 0
            while at < others:
                share = meeting.share_of(at)
                if share > 0:
                    maker: i64 = meeting.others[at]
                    lots -= self.fill(market, owner, order_id, side, maker, share, liquidation)
                at += 1
            if others == 0:
                lots = self._meet_own(market, owner, order_id, side, meeting, lots)
                if self.is_taker_canceled:
                    return 0
            if not passes_recorded or self.has_cut:
                level = opposite.best
            elif others == 0 or not _is_live(opposite, level):
                level = worse
        return lots

    def _meet_own(self, market: Market, owner: i64, order_id: i64, side: i64, meeting: Round, lots: i64) -> i64:
        """Apply the self-trade rule to a taker and its own orders at one price; return what is left of the taker."""
        at: i64 = 0
        while at < len(meeting.own) and lots > 0 and not self.is_taker_canceled:
            order = meeting.own_at(at)
            if order != 0:
                lots = self._prevent_self_trade(market, owner, order_id, side, order, lots)
            at += 1
        return lots

    def fill(
        self, market: Market, owner: i64, order_id: i64, side: i64, maker: i64, lots: i64, liquidation: i64
    ) -> i64:
        """Trade a taker with one maker, at the maker's price; return the lots traded."""
        words = market.book.orders.words
        maker_open = words[maker + OPEN]
        maker_owner = words[maker + OWNER]
        price = words[maker + PRICE]
        flags = words[maker + FLAGS]
        maker_id = words[maker + ORDER_ID]
        is_iceberg = flags & ICEBERG_BIT != 0
        traded = min(maker_open, lots)
        write_trade(
            self.log,
            market.instrument,
            maker_owner & ACCOUNT_MASK,
            maker_id,
            order_id,
            price,
            traded,
            owner & ACCOUNT_MASK,
            side,
        )
        market.note_trade(price, side, self.log.step)
        if market.watches_trades:
            # The fund trades only to work off what it took over.
            is_liquidation = liquidation != 0 or owner >> 32 == FUND_SLOT
            market.feed.note_trade(self.log.ts_ns, price, traded, is_liquidation)
        market.traded_lots += traded
        self.taker_filled += traded
        self.last_fill = price
        if self.has_clearing:
            maker_slot = maker_owner >> 32
            if is_iceberg:
                maker_open += words[maker + HIDDEN]
            if maker_slot >= FIRST_SLOT:
                self.clearing.reserve(market, maker_slot, 1 - side, price, maker_open, maker_open - traded, flags)
            self.clearing.settle(market, maker_slot, owner >> 32, side, price, traded, liquidation != 0)
            if liquidation != 0 and market.feed.counts_liquidations:
                market.note_mover(liquidation, self.log.step)
        if is_iceberg:
            self.fill_shown(market, maker, traded)
        else:
            market.book.fill(maker, traded)
        if flags & LINKED_BIT != 0 or market.has_reducers:
            self.has_cut = self.watcher.after_fill(market, flags, maker_id, order_id, traded) or self.has_cut
        return traded

    def fill_shown(self, market: Market, maker: i64, traded: i64) -> None:
        """Take traded lots off an iceberg, which may show anew."""
        terms = market.book.terms[maker]
        least_shown = max(1, terms.min_display) if self.refreshes_early else 1
        if fill_iceberg(market.book, maker, traded, terms.display, least_shown) == REFRESHED:
            self.write_refreshed(market, maker, 0)

    def _prevent_self_trade(self, market: Market, owner: i64, order_id: i64, side: i64, maker: i64, lots: i64) -> i64:
        """Apply the self-trade rule to a taker and its own resting order; return what is left of the taker."""
        maker_open = whole_open(market.book, maker)
        if self.self_trade == DECREMENT_BOTH:
            if maker_open > lots:
                self.reduce(market, maker, lots)
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
        self.write_canceled(market, owner, order_id, self.taker_price, lots, 0, side, CANCEL_SELF_TRADE)
        self.is_taker_canceled = True
        return 0

    def order_notional(self, market: Market, kind: i64, lots: i64, price: i64) -> int:
        """Return what an order counts for: at its limit, or at mark for a market order; 0 without a mark."""
        if kind == LIMIT:
            return market.valuation.notional(lots, price)
        return market.valuation.notional(lots, market.mark) if market.has_mark else 0

    # --- taking out --------------------------------------------------------------------------------------------

    def take_out(self, market: Market, order: i64, reason: i64, liquidation: i64) -> None:
        """Remove a live order, resting or pending, and write why."""
        words = market.book.orders.words
        owner = words[order + OWNER]
        flags = words[order + FLAGS]
        side = flags & SIDE_MASK
        price = words[order + PRICE]
        lots = words[order + OPEN]
        if flags & ICEBERG_BIT != 0:
            lots += words[order + HIDDEN]
        order_id = words[order + ORDER_ID]
        account = owner & ACCOUNT_MASK
        write_order_canceled(self.log, market.instrument, account, order_id, price, lots, liquidation, side, reason)
        if words[order + LEVEL] == 0:
            if (flags >> KIND_SHIFT) & KIND_MASK == MARKET:
                market.book.queue.remove(order)
                self._release_queued(market, order, lots, 0)
            else:
                market.book.stops_of(order).remove(order)
        else:
            market.book.unlink(order)
            slot = owner >> 32
            if self.has_clearing and slot >= FIRST_SLOT:
                self.clearing.reserve(market, slot, side, price, lots, 0, flags)
        market.book.forget(order)
        if flags & LINKED_BIT != 0:
            self.watcher.taken_out(market, order_id)

    def reduce(self, market: Market, order: i64, lots: i64) -> None:
        """Take fewer lots off an order than it has; it keeps its place."""
        words = market.book.orders.words
        owner = words[order + OWNER]
        side = words[order + FLAGS] & SIDE_MASK
        price = words[order + PRICE]
        left = words[order + OPEN] - lots
        if words[order + FLAGS] & ICEBERG_BIT != 0:
            left += words[order + HIDDEN]
        order_id = words[order + ORDER_ID]
        trigger = words[order + TRIGGER]
        is_queued = words[order + LEVEL] == 0 and (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK == MARKET
        if is_queued:
            trigger = 0
            self._release_queued(market, order, left + lots, left)
        write_order_amended(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, price, left, trigger, side, 1)
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT and words[order + LEVEL] != 0:
            self.clearing.reserve(market, slot, side, price, left + lots, left, words[order + FLAGS])
        if words[order + FLAGS] & ICEBERG_BIT != 0:
            reduce_iceberg(market.book, order, lots)
            self.write_refreshed(market, order, 1)
        else:
            market.book.reduce(order, lots)

    def _release_queued(self, market: Market, order: i64, before: i64, after: i64) -> None:
        """Let an order that waits for an auction reserve margin for fewer lots."""
        words = market.book.orders.words
        slot = words[order + OWNER] >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            flags = words[order + FLAGS]
            self.clearing.reserve(market, slot, flags & SIDE_MASK, words[order + TRIGGER], before, after, flags)

    def match_own(
        self, market: Market, owner: i64, order_id: i64, side: i64, limit: i64, lots: i64, liquidation: i64
    ) -> i64:
        """Match an order of the venue's own, which nothing refuses, but breakers stop; return what is left."""
        if self.has_guards:
            return self.guard.match(market, owner, order_id, side, limit, lots, False, liquidation)
        return self.match(market, owner, order_id, side, limit, lots, False, liquidation)

    def liquidate(
        self, market: Market, owner: i64, order_id: i64, side: i64, is_market: bool, price: i64, lots: i64, number: i64
    ) -> i64:
        """Run a liquidation order, IOC at a price or at market without collar; return what is left of it."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = ANY_RANK if is_market else price * opposite.sign
        self.taker_price = price
        left = self.match_own(market, owner, order_id, side, limit, lots, number)
        if left > 0:
            reason = CANCEL_MARKET_REMAINDER if is_market else CANCEL_IOC_REMAINDER
            self.write_canceled(market, owner, order_id, price, left, number, side, reason)
        return left

    def rest_liquidation(
        self, market: Market, owner: i64, order_id: i64, side: i64, price: i64, lots: i64, number: i64
    ) -> i64:
        """Run a liquidation order at a limit and let what is left of it rest; return what rests."""
        opposite = market.book.asks if side == BUY else market.book.bids
        self.taker_price = price
        left = self.match_own(market, owner, order_id, side, price * opposite.sign, lots, number)
        is_stopped = opposite.best != 0 and opposite.levels[opposite.best + RANK] >= price * opposite.sign
        if left > 0 and is_stopped and market.is_continuous:
            # A band stopped it, and trading goes on: it rests there, so as not to cross.
            price = self.guard.limit_within(market, owner, side, price * opposite.sign) * opposite.sign
        if left > 0:
            book = market.book
            order = book.enter(order_id, owner, side, price, left, self.taker_filled, 0)
            book.link(order)
            if market.has_top_order:
                self.note_top(market, order)
            self.clearing.reserve(market, owner >> 32, side, price, 0, left, 0)
        return left

    def write_canceled(
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
        """Write that an order, or what is left of it, is gone and why."""
        account = owner & ACCOUNT_MASK
        write_order_canceled(self.log, market.instrument, account, order_id, price, lots, liquidation, side, reason)


def _is_live(side: LevelIndex, level: i64) -> bool:
    """Return whether a level row is still the level it was before a fill that may have emptied it."""
    return side.find(side.levels[level + RANK] * side.sign) == level
