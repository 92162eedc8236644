"""How much stands in a book near its mid price."""

from exchange.book.level_index import LOTS, RANK
from exchange.market import Market
from exchange.risk.disposal_size import band_limit, mid_twice


def twice_mid_of(market: Market) -> int:
    """Return best bid + best ask; twice the one there is where a side is empty; 0 for an empty book."""
    bids, asks = market.book.bids, market.book.asks
    if bids.best == 0 and asks.best == 0:
        return 0
    bid: int = 0
    ask: int = 0
    if bids.best != 0:
        bid = bids.levels[bids.best + RANK]
    if asks.best != 0:
        ask = asks.levels[asks.best + RANK] * asks.sign
    if bids.best == 0:
        bid = ask
    elif asks.best == 0:
        ask = bid
    return mid_twice(bid, ask)


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
