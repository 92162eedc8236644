"""How much stands in a book near its mid price."""

from exchange.book.level_index import LOTS, RANK
from exchange.market import Market
from exchange.pricing.book_prices import best_ask, best_bid
from exchange.risk.disposal_size import band_limit, mid_twice


def twice_mid_of(market: Market) -> int:
    """Return best bid + best ask; twice the one there is where a side is empty; 0 for an empty book."""
    bid, ask = best_bid(market), best_ask(market)
    if bid is None:
        return 0 if ask is None else mid_twice(ask, ask)
    return mid_twice(bid, bid if ask is None else ask)


def lots_in_band(market: Market, is_sale: bool, band_ppm: int) -> int:
    """Return the resting lots that a sale (bids) or a purchase (asks) would meet within a band of mid. O(levels)."""
    side = market.book.bids if is_sale else market.book.asks
    if side.best == 0:
        return 0
    sign: int = side.sign
    limit = band_limit(twice_mid_of(market), band_ppm, is_sale) * sign
    total: int = 0
    level = side.best
    while level != 0:
        rank: int = side.levels[level + RANK]
        if rank < limit:
            break
        lots: int = side.levels[level + LOTS]
        total += lots
        level = side.next_worse(level)
    return total
