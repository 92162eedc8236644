"""What the presets' venues do with orders, as the sources in them say."""

import msgspec
import pytest

from exchange.commands import AdvanceTime, Deposit, ReportTrade, SetIndexPrice, SetMarkPrice
from exchange.enums import RejectReason, Side
from exchange.events import Event, OrderAccepted, OrderRejected, Trade
from exchange.exchange import Exchange
from exchange.rules import FundingRules, MarkRules
from replay.venues import load_venue
from tests.helpers import BUY, SELL, A, order, recorded, run_all

PRICE = 100_000  # ticks: the mark, the index and the last trade
SECOND = 1_000_000_000


def venue_of(preset: str) -> Exchange:
    """A preset's first market, at one price, with two rich accounts; each command is a second after the one before."""
    rules, instruments = load_venue(preset)
    given = {"mark_source": "external", "mark": MarkRules(), "funding": FundingRules(), "expiry_ns": 0}
    venue = Exchange([msgspec.structs.replace(instruments[0], **given)], rules)
    run_all(venue, Deposit(0, 1, 10**15), Deposit(0, 2, 10**15))
    run_all(venue, SetMarkPrice(0, A, PRICE), SetIndexPrice(0, A, PRICE))
    run_all(venue, ReportTrade(0, A, BUY, PRICE, 1))
    return venue


def later(venue: Exchange) -> int:
    """Let a second pass, so that no rate limits an order, and return the time."""
    run_all(venue, AdvanceTime(venue.ts_ns + SECOND))
    return venue.ts_ns


def answer(
    venue: Exchange, account: int, order_id: int, side: Side, qty: int, price: int = 0, *, post_only: bool = False
) -> list[Event]:
    """Place an order a second later; without a price a market order."""
    return run_all(venue, order(account, order_id, side, qty, price, later(venue), post_only=post_only))


def is_live(venue: Exchange, order_id: int) -> bool:
    """Whether an order rests."""
    return venue.book(A).order(order_id) is not None


@pytest.mark.parametrize(
    ("preset", "trades", "resting", "taking"),
    [
        ("binance_usdm", True, False, False),
        ("bybit_inverse", True, False, False),
        ("cme_globex_2010", False, False, True),
        ("dydx_v4", False, False, True),
        ("gdax_2017", False, False, False),
        ("hyperliquid", False, False, True),
        ("spot_margin_binance", False, False, True),
        ("spot_margin_kraken", False, True, False),
        ("vega", False, True, False),
    ],
)
def test_two_orders_of_one_account_meet(preset: str, trades: bool, resting: bool, taking: bool) -> None:
    """Whether they trade, and which of the two is left."""
    venue = venue_of(preset)
    answer(venue, 1, 1, SELL, 10, PRICE)
    events = answer(venue, 1, 2, BUY, 10, PRICE)
    assert any(isinstance(event, Trade) for event in events) == trades
    assert (is_live(venue, 1), is_live(venue, 2)) == (resting, taking)


@pytest.mark.parametrize(("preset", "price"), [("deribit", PRICE - 1), ("bitmex_2020", 0), ("ftx", 0), ("vega", 0)])
def test_a_post_only_order_would_take(preset: str, price: int) -> None:
    """Deribit moves it just below the spread, the others refuse it."""
    venue = venue_of(preset)
    run_all(venue, recorded(103, SELL, 10, PRICE))
    (event, *_) = answer(venue, 1, 1, BUY, 10, PRICE, post_only=True)
    if price:
        assert isinstance(event, OrderAccepted)
        assert event.price_ticks == price
    else:
        assert isinstance(event, OrderRejected)
        assert event.reason == RejectReason.POST_ONLY_WOULD_TAKE


@pytest.mark.parametrize(
    ("preset", "ppm", "reason"),
    [
        ("binance_usdm", 50_000, RejectReason.PRICE_OUTSIDE_BAND),
        ("bybit_inverse", 50_000, RejectReason.PRICE_OUTSIDE_COLLAR),
        ("deribit", 15_000, RejectReason.PRICE_OUTSIDE_BAND),
        ("ftx", 100_000, RejectReason.PRICE_OUTSIDE_COLLAR),
        ("hyperliquid", 800_000, RejectReason.PRICE_OUTSIDE_COLLAR),
        ("okex_2018", 250_000, RejectReason.PRICE_OUTSIDE_BAND),
    ],
)
def test_the_furthest_price_of_an_order(preset: str, ppm: int, reason: RejectReason) -> None:
    """One tick more is refused, on both sides; and the other way an order may be as far as it likes."""
    venue = venue_of(preset)
    width = PRICE * ppm // 1_000_000
    for place, side, away in ((1, BUY, width), (3, SELL, -width)):
        (inside, *_) = answer(venue, 1, place, side, 10, PRICE + away)
        assert isinstance(inside, OrderAccepted), inside
        (beyond, *_) = answer(venue, 2, place + 1, side, 10, PRICE + away + (1 if away > 0 else -1))
        assert isinstance(beyond, OrderRejected), beyond
        assert beyond.reason == reason
        venue = venue_of(preset)
    (far, *_) = answer(venue, 1, 1, BUY, 10, PRICE // 2)
    assert isinstance(far, OrderAccepted)


@pytest.mark.parametrize(
    ("preset", "ppm"),
    [
        ("binance_usdm", 50_000),
        ("bybit_inverse", 50_000),
        ("deribit", 15_000),
        ("ftx", 20_000),
        ("hyperliquid", 100_000),
    ],
)
def test_how_far_a_market_order_goes(preset: str, ppm: int) -> None:
    """It takes what is at its last price, and nothing a tick further; what is left is cancelled."""
    venue = venue_of(preset)
    last = PRICE * (1_000_000 + ppm) // 1_000_000
    run_all(venue, *(recorded(103 + place, SELL, 10, price) for place, price in enumerate((PRICE, last, last + 1))))
    events = answer(venue, 1, 1, BUY, 30)
    assert [event.price_ticks for event in events if isinstance(event, Trade)] == [PRICE, last]
    assert not is_live(venue, 1)


def test_orders_at_ftx_in_a_fifth_of_a_second() -> None:
    """Two, and the third is one too many."""
    venue = venue_of("ftx")
    ts = later(venue)
    placed = [run_all(venue, order(1, place, BUY, 10, PRICE - 100, ts=ts))[0] for place in (1, 2, 3)]
    assert [isinstance(event, OrderAccepted) for event in placed] == [True, True, False]
    assert isinstance(placed[2], OrderRejected)
    assert placed[2].reason == RejectReason.TOO_MANY_REQUESTS


def test_market_orders_of_cme_rest_at_their_protection_points() -> None:
    """3.00 index points from the best offer; and a stop's are counted from its trigger."""
    venue = venue_of("cme_globex_2010")
    run_all(venue, *(recorded(103 + place, SELL, 10, PRICE + away) for place, away in enumerate((0, 12, 13))))
    events = answer(venue, 1, 1, BUY, 30)
    assert [event.price_ticks for event in events if isinstance(event, Trade)] == [PRICE, PRICE + 12]
    resting = venue.book(A).order(1)
    assert resting is not None
    assert (resting.price_ticks, resting.open_lots) == (PRICE + 12, 10)
