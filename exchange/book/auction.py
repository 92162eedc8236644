"""The price of an auction, as a pure function of what each side would trade at. Rules: docs/semantics/phases.md.

The volume at a price is the lesser of what is bid there or above and what is offered there or below, market orders at
every price; the surplus is the first less the second.
"""

from typing import Final, NamedTuple


class AuctionPrice(NamedTuple):
    """What an auction does. surplus_lots: left on the buy side, negative: on the sell side. No lots: nothing trades."""

    price_ticks: int
    qty_lots: int
    surplus_lots: int


NO_AUCTION: Final = AuctionPrice(0, 0, 0)


def auction_price(
    bids: list[tuple[int, int]],
    asks: list[tuple[int, int]],
    market_bids: int,
    market_asks: int,
    reference: int | None,
    prefers_highest: bool,
) -> AuctionPrice:
    """Return the price with the most volume, then the least surplus, then nearest the reference, or the highest.

    bids, asks: (price, lots) of each limit, in any order. market_bids, market_asks: lots of market orders.
    Candidates are the limits and the reference (with prefers_highest the reference only where there is no limit at
    all). Where a tie is left, or there is no reference: the highest price. O(limits x log limits).
    """
    prices = {price for price, _ in bids} | {price for price, _ in asks}
    if reference is not None and not (prefers_highest and prices):
        prices.add(reference)
    falling = sorted(bids)
    rising = sorted(asks)
    bought = market_bids + sum(lots for _, lots in bids)  # at the lowest price: every bid
    sold = market_asks
    next_bid = 0
    next_ask = 0
    best = NO_AUCTION
    best_distance = 0
    for price in sorted(prices):
        while next_bid < len(falling) and falling[next_bid][0] < price:
            bought -= falling[next_bid][1]
            next_bid += 1
        while next_ask < len(rising) and rising[next_ask][0] <= price:
            sold += rising[next_ask][1]
            next_ask += 1
        volume = min(bought, sold)
        surplus = bought - sold
        distance = 0 if prefers_highest or reference is None else abs(price - reference)
        if volume == 0 or volume < best.qty_lots:
            continue
        least = abs(best.surplus_lots)
        is_better = volume > best.qty_lots or abs(surplus) < least
        if is_better or (abs(surplus) == least and distance <= best_distance):
            best = AuctionPrice(price, volume, surplus)
            best_distance = distance
    return best
