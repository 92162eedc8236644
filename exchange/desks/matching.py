"""Orders that meet: one order at a time against the other side of a book, to completion.

The matcher knows price-time priority, the self-trade rule, the market collar and what becomes of a remainder; it
writes trades and cancels, and with clearing reports each fill before the next match. Rules: section 2 of
docs/semantics.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.borrowing import Borrowing
from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, FUND_SLOT
from exchange.book.level_index import HEAD, LOTS, RANK, LevelIndex
from exchange.book.order_pool import (
    FLAGS,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    TRIGGER,
)
from exchange.desks.order_guard import OrderGuard
from exchange.enums import BUY, FOK, GTC, LIMIT, MARKET, PARTICIPANT, STOP
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    CANCEL_IOC_REMAINDER,
    CANCEL_MARKET_REMAINDER,
    CANCEL_PROTECTION,
    CANCEL_SELF_TRADE,
    REJECT_FOK_CANNOT_FILL,
    REJECT_NO_MARK_PRICE,
    REJECT_NONE,
    write_order_amended,
    write_order_canceled,
    write_trade,
)
from exchange.rules import OrderRules
from exchange.units import PPM, mul_div

ACCOUNT_MASK: Final = 0xFFFFFFFF  # of an owner word
ANY_RANK: Final = -(1 << 62)  # the limit of a market order: every price is good enough

ALLOW: Final = 0
CANCEL_TAKER: Final = 1
CANCEL_MAKER: Final = 2
CANCEL_BOTH: Final = 3
DECREMENT_BOTH: Final = 4
_SELF_TRADE: Final = ("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both")


@final
class Matcher:
    """Enters orders that may trade. An owner word is slot << 32 | account id."""

    def __init__(self, rules: OrderRules, log: EventLog, clearing: Clearing, has_clearing: bool) -> None:
        """Copy the rules; share the log and the clearing."""
        self.log = log
        self.clearing = clearing
        self.borrowing = Borrowing(clearing)
        self.has_clearing: bool = has_clearing
        self.rests_market_remainder: bool = rules.market_remainder == "limit_at_last_fill"
        self.protection_ticks: i64 = rules.protection_amount if rules.market_protection == "ticks" else -1
        self.protection_ppm: i64 = rules.protection_amount if rules.market_protection == "ppm" else -1
        self.protects_from_last: bool = rules.protection_reference == "last"
        self.self_trade: i64 = _SELF_TRADE.index(rules.self_trade)
        self.last_fill: i64 = 0  # price of the newest fill of the order being matched
        self.taker_filled: i64 = (
            0  # lots that the order being matched has traded; a self-trade rule's lots do not count
        )
        self.has_guards: bool = False  # phases, breakers or protections are in use: ask `guard`
        self.guard = OrderGuard()
        self.taker_price: i64 = 0  # limit of the order being matched, for its events
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
        if time_in_force == FOK:
            opposite = market.book.asks if side == BUY else market.book.bids
            limit = price * opposite.sign if kind == LIMIT else self._market_limit(market, side)
            if self.has_guards:
                limit = self.guard.limit_within(market, owner, side, limit)
            if self.fillable(market, owner, side, limit, lots) < lots:
                return REJECT_FOK_CANNOT_FILL
        if needs_margin:
            notional = self.order_notional(market, kind, lots, price)
            if market.is_spot:
                if kind == MARKET and side == BUY:
                    notional = max(notional, self._cost_to_buy(market, owner, lots))
                return self.borrowing.order_refusal(market, owner >> 32, side, lots, notional)
            return self.clearing.margin_refusal(market, owner >> 32, side, notional, lots)
        return REJECT_NONE

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
    ) -> None:
        """Match an order and rest or cancel what is left of it."""
        opposite = market.book.asks if side == BUY else market.book.bids
        limit = price * opposite.sign if kind == LIMIT else self._market_limit(market, side)
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
        elif self.rests_market_remainder and self.taker_filled > 0 and time_in_force == GTC:
            flags = side
            price = self.last_fill
        else:
            if self.has_guards and self.guard.queue_market_order(
                market, owner, order_id, side, time_in_force, left, filled
            ):
                return
            reason = CANCEL_MARKET_REMAINDER if opposite.best == 0 else CANCEL_PROTECTION
            self.write_canceled(market, owner, order_id, 0, left, 0, side, reason)
            return
        book = market.book
        book.link(book.enter(order_id, owner, flags, price, left, filled, 0))
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            self.clearing.reserve(market, slot, side, price, 0, left)

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
        self.taker_filled = 0
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
            if maker_slot >= FIRST_SLOT:
                self.clearing.reserve(market, maker_slot, 1 - side, price, maker_open, maker_open - traded)
            self.clearing.settle(market, maker_slot, owner >> 32, side, price, traded, liquidation != 0)
            if liquidation != 0 and market.feed.counts_liquidations:
                market.note_mover(liquidation, self.log.step)
        market.book.fill(maker, traded)
        return traded

    def _prevent_self_trade(self, market: Market, owner: i64, order_id: i64, side: i64, maker: i64, lots: i64) -> i64:
        """Apply the self-trade rule to a taker and its own resting order; return what is left of the taker."""
        words = market.book.orders.words
        maker_open = words[maker + OPEN]
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

    def fillable(self, market: Market, owner: i64, side: i64, limit: i64, wanted: i64) -> i64:
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
                    if (words[maker + OWNER] ^ owner) & ACCOUNT_MASK != 0:
                        total += words[maker + OPEN]
                    elif self.self_trade != CANCEL_MAKER:
                        return total
                    maker = words[maker + NEXT]
            level = opposite.next_worse(level)
        return total

    def _cost_to_buy(self, market: Market, owner: i64, wanted: i64) -> int:
        """Return what a market order would pay for what it can buy at once. O(what it counts).

        Within its collar; an account's own orders are passed by, whatever the self-trade rule: that costs no less.
        """
        limit = self._market_limit(market, BUY)
        asks = market.book.asks
        words = market.book.orders.words
        cost: int = 0
        level = asks.best
        while level != 0 and wanted > 0 and asks.levels[level + RANK] >= limit:
            price = asks.levels[level + RANK] * asks.sign
            maker = asks.levels[level + HEAD]
            while maker != 0 and wanted > 0:
                if words[maker + OWNER] != owner:
                    lots = min(wanted, words[maker + OPEN])
                    cost += market.valuation.notional(lots, price)
                    wanted -= lots
                maker = words[maker + NEXT]
            level = asks.next_worse(level)
        return cost

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
            width = mul_div(size, self.protection_ppm, PPM)
        if side == BUY:
            return (reference + width) * opposite.sign
        lowest = reference - width
        return max(market.min_price, lowest)

    def post_only_price(self, market: Market, side: i64, price: i64) -> i64:
        """Return the price at which a post-only order takes nothing: its own, or one tick behind the opposite best."""
        opposite = market.book.asks if side == BUY else market.book.bids
        if opposite.best == 0 or opposite.levels[opposite.best + RANK] < price * opposite.sign:
            return price
        return (opposite.levels[opposite.best + RANK] + 1) * opposite.sign

    # --- taking out --------------------------------------------------------------------------------------------

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
            if (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK == MARKET:
                market.book.queue.remove(order)
                self._release_queued(market, order, lots, 0)
            else:
                market.book.stops.remove(order)
        else:
            market.book.unlink(order)
            slot = owner >> 32
            if self.has_clearing and slot >= FIRST_SLOT:
                self.clearing.reserve(market, slot, side, price, lots, 0)
        market.book.forget(order)

    def reduce(self, market: Market, order: i64, lots: i64) -> None:
        """Take fewer lots off an order than it has; it keeps its place."""
        words = market.book.orders.words
        owner = words[order + OWNER]
        side = words[order + FLAGS] & SIDE_MASK
        price = words[order + PRICE]
        left = words[order + OPEN] - lots
        order_id = words[order + ORDER_ID]
        trigger = words[order + TRIGGER]
        is_queued = words[order + LEVEL] == 0 and (words[order + FLAGS] >> KIND_SHIFT) & KIND_MASK == MARKET
        if is_queued:
            trigger = 0
            self._release_queued(market, order, left + lots, left)
        write_order_amended(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, price, left, trigger, side, 1)
        slot = owner >> 32
        if self.has_clearing and slot >= FIRST_SLOT and words[order + LEVEL] != 0:
            self.clearing.reserve(market, slot, side, price, left + lots, left)
        market.book.reduce(order, lots)

    def _release_queued(self, market: Market, order: i64, before: i64, after: i64) -> None:
        """Let an order that waits for an auction reserve margin for fewer lots."""
        words = market.book.orders.words
        slot = words[order + OWNER] >> 32
        if self.has_clearing and slot >= FIRST_SLOT:
            side = words[order + FLAGS] & SIDE_MASK
            self.clearing.reserve(market, slot, side, words[order + TRIGGER], before, after)

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
            book.link(book.enter(order_id, owner, side, price, left, self.taker_filled, 0))
            self.clearing.reserve(market, owner >> 32, side, price, 0, left)
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
