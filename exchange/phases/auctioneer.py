"""Calls and their end: what would trade at one price, and the trades when it does. Rules: docs/semantics/phases.md."""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, FUND_SLOT, LIQUIDATING
from exchange.book.auction import NO_AUCTION, AuctionPrice, auction_price
from exchange.book.book import Book
from exchange.book.iceberg import whole_open
from exchange.book.level_index import ALL_WATCHED, HEAD, LOTS, RANK, LevelIndex
from exchange.book.order_pool import FLAGS, ICEBERG_BIT, LEVEL, LINKED_BIT, NEXT, OPEN, ORDER_ID, OWNER, PRICE, TRIGGER
from exchange.desks.matching import Matcher
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import BUY, SELL
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import CANCEL_MARKET_REMAINDER, write_auction_uncrossed, write_trade
from exchange.rules import PhaseRules


@final
class Auctioneer:
    """Ends the calls of every instrument."""

    def __init__(self, log: EventLog, clearing: Clearing, has_clearing: bool, matcher: Matcher) -> None:
        """Share the venue's parts."""
        self.log = log
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.matcher = matcher

    def price(self, market: Market, rules: PhaseRules, reference: int | None) -> AuctionPrice:
        """Return what would trade if the call ended now. O(levels that cross).

        Watches the part of the book that it depends on: as long as neither that nor the reference changes, nor the
        market orders, it stays the same.
        """
        book = market.book
        market_bids, market_asks = book.queue.lots(BUY), book.queue.lots(SELL)
        book.bids.watched = _reach(book.bids, book.asks)
        book.asks.watched = _reach(book.asks, book.bids)
        if (market_bids == 0 and book.bids.best == 0) or (market_asks == 0 and book.asks.best == 0):
            return NO_AUCTION
        if market_bids == 0 and market_asks == 0 and not _is_crossed(market):
            return NO_AUCTION
        bids = _needed(book, book.bids, book.asks, market_bids, market_asks, reference)
        asks = _needed(book, book.asks, book.bids, market_asks, market_bids, reference)
        prefers_highest = rules.auction_price == "highest"
        return auction_price(bids, asks, market_bids, market_asks, reference, prefers_highest)

    def uncross(self, market: Market, rules: PhaseRules, reference: int | None) -> AuctionPrice:
        """End the call: trade at one price, then cancel the market orders that are left. Returns what it was.

        A trade may cut or cancel orders that were counted, such as linked ones. Where that leaves lots that nobody
        sells or buys at the price, and others would at another one, there is a second price: no book stays crossed.
        """
        found = self.price(market, rules, reference)
        while self._uncross_at(market, rules, reference, found) > 0:
            reference = market.last
            again = self.price(market, rules, reference)
            if again.qty_lots == 0:
                break
            found = again
        for side in (BUY, SELL):
            while market.book.queue.oldest(side) != 0:
                self.matcher.take_out(market, market.book.queue.oldest(side), CANCEL_MARKET_REMAINDER, 0)
        return found

    def _uncross_at(self, market: Market, rules: PhaseRules, reference: int | None, found: AuctionPrice) -> i64:
        """Trade at one price; return the lots that were counted and did not."""
        has_reference = 1 if reference is not None else 0
        write_auction_uncrossed(
            self.log,
            market.instrument,
            found.price_ticks,
            found.qty_lots,
            found.surplus_lots,
            reference if reference is not None else 0,
            market.phase,
            has_reference,
        )
        maker_ppm, taker_ppm = market.maker_ppm, market.taker_ppm
        if rules.auction_fees == "maker":
            market.taker_ppm = maker_ppm
        elif rules.auction_fees == "taker":
            market.maker_ppm = taker_ppm
        left = self._trade_all(market, found)
        market.maker_ppm, market.taker_ppm = maker_ppm, taker_ppm
        return left

    def _trade_all(self, market: Market, found: AuctionPrice) -> i64:
        book = market.book
        taker_side: i64 = BUY if found.surplus_lots >= 0 else SELL
        price: i64 = found.price_ticks
        left: i64 = found.qty_lots
        while left > 0:
            bid = _first(book.bids, book.queue.oldest_buy)
            ask = _first(book.asks, book.queue.oldest_sell)
            words = book.orders.words
            if not _may_trade(words, bid, BUY, price) or not _may_trade(words, ask, SELL, price):
                break  # A trade cut or cancelled orders that were counted, such as reduce-only ones.
            lots = min(words[bid + OPEN], words[ask + OPEN], left)
            left -= lots
            if taker_side == BUY:
                self._trade(market, ask, bid, BUY, price, lots)
            else:
                self._trade(market, bid, ask, SELL, price, lots)
        return left

    def _trade(self, market: Market, maker: i64, taker: i64, side: i64, price: i64, lots: i64) -> None:
        """Trade two orders with each other. side: the taker's."""
        words = market.book.orders.words
        maker_owner, taker_owner = words[maker + OWNER], words[taker + OWNER]
        maker_id, taker_id = words[maker + ORDER_ID], words[taker + ORDER_ID]
        maker_flags, taker_flags = words[maker + FLAGS], words[taker + FLAGS]
        write_trade(
            self.log,
            market.instrument,
            maker_owner & ACCOUNT_MASK,
            maker_id,
            taker_id,
            price,
            lots,
            taker_owner & ACCOUNT_MASK,
            side,
        )
        market.note_trade(price, side, self.log.step)
        if market.watches_trades:
            is_fund = maker_owner >> 32 == FUND_SLOT or taker_owner >> 32 == FUND_SLOT
            market.feed.note_trade(self.log.ts_ns, price, lots, is_fund)
        market.traded_lots += lots
        if self.has_clearing:
            self._release(market, maker, 1 - side, lots)
            self._release(market, taker, side, lots)
            taker_slot = taker_owner >> 32
            # The engine's orders that rest pay their fee, whichever side they are.
            clearing, ledger = self.clearing, self.clearing.ledger
            is_liquidation = clearing.charges_makers and ledger.states[ledger.homes[taker_slot]] == LIQUIDATING
            clearing.settle(market, maker_owner >> 32, taker_slot, side, price, lots, is_liquidation)
        self._fill(market, maker, lots)
        self._fill(market, taker, lots)
        watcher = self.matcher.watcher
        taker_plan = market.plans.get(taker_id) if taker_flags & LINKED_BIT != 0 else None
        if maker_flags & LINKED_BIT != 0 or market.has_reducers:
            watcher.after_fill(market, maker_flags, maker_id, taker_id, lots)
        if taker_plan is None:
            return
        if market.plans.get(taker_id) is taker_plan:
            watcher.after_fill(market, taker_flags, taker_id, maker_id, lots)
        else:
            watcher.after_last_fill(market, taker_plan, maker_id, lots)  # The maker took it along.

    def _release(self, market: Market, order: i64, side: i64, lots: i64) -> None:
        words = market.book.orders.words
        slot = words[order + OWNER] >> 32
        if slot >= FIRST_SLOT:
            reserved_at = words[order + PRICE] if words[order + LEVEL] != 0 else words[order + TRIGGER]
            before = whole_open(market.book, order)
            self.clearing.reserve(market, slot, side, reserved_at, before, before - lots, words[order + FLAGS])

    def _fill(self, market: Market, order: i64, lots: i64) -> None:
        words = market.book.orders.words
        if words[order + FLAGS] & ICEBERG_BIT != 0:
            self.matcher.fill_shown(market, order, lots)
        elif words[order + LEVEL] != 0:
            market.book.fill(order, lots)
        else:
            market.book.fill_queued(order, lots)


def _first(side: LevelIndex, queued: i64) -> i64:
    """Return the order of a side that trades first: market orders by time, then limits by price and time."""
    return queued if queued != 0 else side.levels[side.best + HEAD]


def _may_trade(words: "vec[i64]", order: i64, side: i64, price: i64) -> bool:
    """Return whether there is an order (0: none) and it may trade at the auction's price."""
    if order == 0:
        return False
    if words[order + LEVEL] == 0:
        return True
    return words[order + PRICE] >= price if side == BUY else words[order + PRICE] <= price


def _lots_at(book: Book, side: LevelIndex, level: i64) -> int:
    """Return all lots of a level, what icebergs hide included."""
    if book.hidden_lots == 0:
        return side.levels[level + LOTS]
    lots: int = 0
    order = side.levels[level + HEAD]
    while order != 0:
        lots += whole_open(book, order)
        order = book.orders.words[order + NEXT]
    return lots


def _is_crossed(market: Market) -> bool:
    bids, asks = market.book.bids, market.book.asks
    return bids.levels[bids.best + RANK] >= -asks.levels[asks.best + RANK]


def _needed(
    book: Book, side: LevelIndex, other: LevelIndex, own_market: int, other_market: int, reference: int | None
) -> list[tuple[int, int]]:
    """Return (price, lots) of the levels of a side that an auction's price can depend on, best first; watch them.

    The best; those that cross or reach the reference; and the further ones until this side has as much as the other
    side could trade with its best.
    """
    reference_rank: int | None = None if reference is None else reference * side.sign
    other_lots = other_market
    if side.best != 0:
        best = side.levels[side.best + RANK] * side.sign * other.sign
        level = other.best
        while level != 0 and other.levels[level + RANK] >= best:
            other_lots += _lots_at(book, other, level)
            level = other.next_worse(level)
    found: list[tuple[int, int]] = []
    own_lots = own_market
    level = side.best
    while level != 0:
        rank = side.levels[level + RANK]
        is_crossing = other.best != 0 and rank * side.sign * other.sign <= other.levels[other.best + RANK]
        is_reaching = reference_rank is not None and rank >= reference_rank
        if len(found) > 0 and not is_crossing and not is_reaching and own_lots >= other_lots:
            break
        lots = _lots_at(book, side, level)
        price: int = rank * side.sign
        found.append((price, lots))
        own_lots += lots
        side.watched = min(side.watched, rank)
        level = side.next_worse(level)
    if reference_rank is not None:
        side.watched = min(side.watched, reference_rank)
    if own_lots < other_lots:
        side.watched = ALL_WATCHED
    return found


def _reach(side: LevelIndex, other: LevelIndex) -> i64:
    """Return the worst rank from which a change can make a side cross the other one, or not, or its best another."""
    if side.best == 0:
        return ALL_WATCHED
    if other.best == 0:
        return side.levels[side.best + RANK]  # it will cross or not by what comes to the other side
    return min(side.levels[side.best + RANK], other.levels[other.best + RANK] * other.sign * side.sign)
