"""Prices that a book shows: best, mid, and what a notional would trade at.

None where the book lacks them, or in a call, when it may be crossed.
"""

from exchange.book.level_index import LOTS, RANK, LevelIndex
from exchange.market import Market
from exchange.pricing.marks import impact_price, mid


def best_bid(market: Market) -> int | None:
    """Return the best bid price."""
    bids = market.book.bids
    return bids.levels[bids.best + RANK] if bids.best != 0 and market.is_continuous else None


def best_ask(market: Market) -> int | None:
    """Return the best ask price."""
    asks = market.book.asks
    return -asks.levels[asks.best + RANK] if asks.best != 0 and market.is_continuous else None


def book_mid(market: Market) -> int | None:
    """Return the mid of best bid and best ask, rounded down."""
    bid, ask = best_bid(market), best_ask(market)
    return None if bid is None or ask is None else mid(bid, ask)


def impact_bid(market: Market, notional: int) -> int | None:
    """Return the average price at which a notional could be sold. O(levels it reaches)."""
    return _impact(market, market.book.bids, notional, False)


def impact_ask(market: Market, notional: int) -> int | None:
    """Return the average price at which a notional could be bought. O(levels it reaches)."""
    return _impact(market, market.book.asks, notional, True)


def impact_mid(market: Market, notional: int) -> int | None:
    """Return the mid of the two, rounded down."""
    bid, ask = impact_bid(market, notional), impact_ask(market, notional)
    return None if bid is None or ask is None else mid(bid, ask)


def _impact(market: Market, side: LevelIndex, notional: int, is_buy: bool) -> int | None:
    prices: list[int] = []
    lots: list[int] = []
    worth: int = 0
    if not market.is_continuous:
        return None
    level = side.best
    while level != 0 and worth < notional:
        price: int = side.levels[level + RANK] * side.sign
        there: int = side.levels[level + LOTS]
        if price <= 0:
            return None
        prices.append(price)
        lots.append(there)
        worth += market.valuation.notional(there, price)
        level = side.next_worse(level)
    return impact_price(prices, lots, notional, market.valuation, is_buy)
