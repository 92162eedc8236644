"""The auction's price against an oracle that tries every candidate, and the auction of a venue against the oracle."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import Exchange
from exchange.book.auction import NO_AUCTION, AuctionPrice, auction_price
from exchange.commands import PlaceOrder, SetPhase, SetReferencePrice
from exchange.enums import OrderKind, Phase, Side
from exchange.events import AuctionUncrossed, IndicativePriceUpdated, Trade
from exchange.instrument import Instrument
from exchange.rules import PhaseRules, Rules

LIMITS = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 9)), max_size=8)
MARKETS = st.integers(0, 20)
REFERENCES = st.none() | st.integers(1, 25)


def oracle(bids, asks, market_bids, market_asks, reference, prefers_highest):
    """Every candidate, judged by the definition."""
    limits = {price for price, _ in [*bids, *asks]}
    candidates = set(limits)
    if reference is not None and (not prefers_highest or not limits):
        candidates.add(reference)
    judged = []
    for price in candidates:
        bought = market_bids + sum(lots for limit, lots in bids if limit >= price)
        sold = market_asks + sum(lots for limit, lots in asks if limit <= price)
        nearness = 0 if prefers_highest or reference is None else -abs(price - reference)
        judged.append((min(bought, sold), -abs(bought - sold), nearness, price, bought - sold))
    if not judged or max(judged)[0] == 0:
        return NO_AUCTION
    volume, _, _, price, surplus = max(judged)
    return AuctionPrice(price, volume, surplus)


@given(LIMITS, LIMITS, MARKETS, MARKETS, REFERENCES, st.booleans())
@settings(max_examples=500, deadline=None)
def test_the_price_is_the_best_of_all_candidates(bids, asks, market_bids, market_asks, reference, prefers_highest):
    """Most volume, then least surplus, then nearest the reference, then highest."""
    arguments = (bids, asks, market_bids, market_asks, reference, prefers_highest)
    assert auction_price(*arguments) == oracle(*arguments)


@given(LIMITS, LIMITS, MARKETS, MARKETS, REFERENCES, st.booleans())
@settings(max_examples=200, deadline=None)
def test_an_auction_does_what_the_oracle_says_and_leaves_no_crossed_book(
    bids, asks, market_bids, market_asks, reference, prefers_highest
):
    """The book shows the auction only the levels that matter; the trades are the volume, all at the price."""
    rules = PhaseRules(initial="opening_auction", auction_price="highest" if prefers_highest else "nearest_reference")
    venue = Exchange([Instrument(1, "A", phases=rules)], Rules(clearing="none"))
    if reference is not None:
        venue.apply(SetReferencePrice(0, 1, reference))
    shown = NO_AUCTION
    number = 0
    for side, limits, market in ((Side.BUY, bids, market_bids), (Side.SELL, asks, market_asks)):
        orders = [(price, lots, OrderKind.LIMIT) for price, lots in limits]
        if market:
            orders.append((0, market, OrderKind.MARKET))
        for price, lots, kind in orders:
            number += 1
            for event in venue.apply(PlaceOrder(0, 1, number, number, side, lots, price, kind)):
                if isinstance(event, IndicativePriceUpdated):
                    shown = AuctionPrice(event.price_ticks, event.qty_lots, event.surplus_lots)
            venue.check()
    expected = oracle(bids, asks, market_bids, market_asks, reference, prefers_highest)
    assert shown == expected
    events = venue.apply(SetPhase(0, 1, Phase.CONTINUOUS))
    ended = next(event for event in events if isinstance(event, AuctionUncrossed))
    assert (ended.price_ticks, ended.qty_lots, ended.surplus_lots) == expected
    trades = [event for event in events if isinstance(event, Trade)]
    assert sum(trade.qty_lots for trade in trades) == expected.qty_lots
    assert {trade.price_ticks for trade in trades} <= {expected.price_ticks}
    venue.check()  # not crossed
