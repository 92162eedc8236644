"""The modelled book around recorded trades: prices as recorded, and what accounts take stays taken until the refill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange import Exchange, Instrument, Rules
from exchange.commands import Command, Deposit, PlaceOrder
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.events import Event, OrderRejected, RecordedClipped, RequestRejected
from exchange.events import Trade as TradeEvent
from replay.flows.trades_only import QuoteLevel, Thickness, TradesOnlySource, TradesOnlySpec
from replay.player import play
from replay.sources.command_list import CommandList
from replay.sources.trades import Trade

SECOND = 1_000_000_000
INSTRUMENT = Instrument(1, "PERP", mark_source="last", default_leverage=10, max_leverage=100)
LEVELS = (QuoteLevel(1_000, 100), QuoteLevel(5_000, 400), QuoteLevel(20_000, 1_000))
NO_REFILL = TradesOnlySpec(LEVELS, refill_every_ns=0)
DEPTH = sum(level.qty_lots for level in LEVELS)


class Recorded:
    """Trades in memory."""

    description = "trades"
    size_bytes = 0
    position_bytes = 0

    def __init__(self, *trades: tuple[int, Side, int, int]) -> None:
        self.instruments: tuple[Instrument, ...] = (INSTRUMENT,)
        self._trades = [Trade(ts_ns, ts_ns, side, price, lots) for ts_ns, side, price, lots in trades]

    def trades(self) -> Iterator[Trade]:
        """Yield them."""
        return iter(self._trades)


def walk(count: int) -> Recorded:
    """A price that falls by a quarter and comes back, with trades of both sides."""
    prices = [10_000 - 50 * min(i, 2 * (count // 3) - i) if i < 2 * (count // 3) else 10_000 for i in range(count)]
    return Recorded(
        *((SECOND * i // 3, Side(i % 2), price, 1 + i % 7) for i, price in enumerate(prices, start=1)),
    )


def ran(recorded: Recorded, spec: TradesOnlySpec, *injected: Command) -> tuple[Exchange, list[Event]]:
    """Run trades with commands of injected accounts; the latter come after the trades of their time."""
    venue = Exchange([INSTRUMENT], Rules(), with_digest=True)
    events: list[Event] = []
    venue.bus.subscribe(events.append)
    play([TradesOnlySource(recorded, spec), CommandList(injected, (INSTRUMENT,), "accounts")], venue, check=True)
    return venue, events


def trades_of(events: list[Event]) -> list[tuple[int, int, int]]:
    """Time, price and lots of the trades."""
    return [(e.ts_ns, e.price_ticks, e.qty_lots) for e in events if isinstance(e, TradeEvent)]


def bids(venue: Exchange) -> dict[int, int]:
    """Lots of each bid by price."""
    return {level.price_ticks: level.qty_lots for level in venue.book(1).depth()[0]}


def market_sell(ts_ns: int, lots: int, order_id: int = 1) -> PlaceOrder:
    """An injected account sells at any price."""
    return PlaceOrder(ts_ns, 1, 7, order_id, Side.SELL, lots, kind=OrderKind.MARKET, time_in_force=TimeInForce.IOC)


def test_without_accounts_the_trades_are_the_recorded_ones() -> None:
    """Each at its price and quantity, none clipped, nothing refused."""
    recorded = walk(300)
    venue, events = ran(recorded, TradesOnlySpec(LEVELS, refill_every_ns=SECOND))
    assert trades_of(events) == [(t.ts_ns, t.price_ticks, t.qty_lots) for t in recorded.trades()]
    assert not any(isinstance(event, RecordedClipped | OrderRejected | RequestRejected) for event in events)
    assert venue.book(1).last_trade == 10_000


def test_profile_stands_around_the_price() -> None:
    """Rounded away from the price: 0.1 %, 0.5 % and 2 % of 10,010."""
    venue, _ = ran(Recorded((1, Side.BUY, 10_010, 5)), NO_REFILL)
    assert bids(venue) == {9_999: 100, 9_959: 400, 9_809: 1_000}
    assert [(level.price_ticks, level.qty_lots) for level in venue.book(1).depth()[1]] == [
        (10_021, 100),
        (10_061, 400),
        (10_211, 1_000),
    ]


def test_quotes_follow_only_beyond_the_limit_or_a_crossing() -> None:
    """A price within follow_ppm and between the quotes leaves them where they are."""
    still = [(1, Side.BUY, 10_000, 1), (2, Side.SELL, 9_996, 1)]
    assert 9_990 in bids(ran(Recorded(*still), NO_REFILL)[0])
    assert 9_980 in bids(ran(Recorded(*still, (3, Side.SELL, 9_990, 1)), NO_REFILL)[0])


def test_what_an_account_takes_stays_taken_while_the_quotes_move() -> None:
    """And the last price is the recorded one again with the next trade."""
    recorded = Recorded((1, Side.BUY, 10_000, 5), (20, Side.SELL, 9_000, 5), (30, Side.BUY, 11_000, 5))
    venue, events = ran(recorded, NO_REFILL, Deposit(2, 7, 10_000_000), market_sell(10, 130))
    assert trades_of(events)[1:-2] == [(10, 9_990, 25)] * 4 + [(10, 9_950, 30)]
    assert trades_of(events)[-2:] == [(20, 9_000, 5), (30, 11_000, 5)]
    assert bids(venue) == {10_945: 370, 10_780: 1_000}
    assert sum(1 for event in events if isinstance(event, RecordedClipped)) == 2 * 4  # orders that are gone, twice


def test_refill_brings_it_back_in_equal_parts() -> None:
    """One part of every level at a time, at the price where the quotes stand."""
    spec = TradesOnlySpec(LEVELS, refill_every_ns=SECOND)
    found = []
    for seconds in range(1, 6):
        recorded = Recorded((1, Side.BUY, 10_000, 5), (seconds * SECOND, Side.BUY, 10_000, 1))
        venue, _ = ran(recorded, spec, Deposit(2, 7, 10_000_000), market_sell(10, 500))
        found.append(sum(bids(venue).values()))
    assert found == [DEPTH - 500, DEPTH - 375, DEPTH - 250, DEPTH - 125, DEPTH]


def test_an_account_in_the_way_trades_first() -> None:
    """Its bid is better than the recorded price: it gets the recorded seller's lots at its own price."""
    bid = PlaceOrder(5, 1, 7, 1, Side.BUY, 3, 9_997)
    recorded = Recorded((1, Side.BUY, 10_000, 5), (10, Side.SELL, 9_996, 5))
    venue, events = ran(recorded, NO_REFILL, Deposit(2, 7, 10_000_000), bid)
    assert trades_of(events)[1:] == [(10, 9_997, 3), (10, 9_996, 2)]
    assert [(held.instrument, held.size_lots) for held in venue.account(7).positions()] == [(1, 3)]


def test_thickness_takes_off_and_refills_bring_back() -> None:
    """A tenth of the bids and half of the asks for a while; what was taken counts as part of what goes."""
    steps = (Thickness("1970-01-01T00:00:05Z", 100_000, 500_000), Thickness("1970-01-01T00:00:10.5Z", 1_000_000, 0))
    spec = TradesOnlySpec(LEVELS, refill_every_ns=4 * SECOND, refill_parts=2, thickness=steps)
    found = []
    for seconds in (1, 6, 9, 11, 12, 16):
        recorded = Recorded((SECOND, Side.BUY, 10_000, 5), (seconds * SECOND + 1, Side.BUY, 10_000, 1))
        venue, events = ran(recorded, spec, Deposit(SECOND, 7, 10_000_000), market_sell(SECOND, 100))
        assert not any(isinstance(event, OrderRejected | RequestRejected) for event in events)
        found.append(tuple(sum(level.qty_lots for level in side) for side in venue.book(1).depth()))
    # After 5 s the first level is gone: it was taken. Refills at 5 s (with the new thickness) and 9 s.
    assert found[0] == (DEPTH - 100, DEPTH)
    assert found[1] == (145, 750)
    assert found[2] == (150, 750)
    assert found[3] == (150, 0)
    assert found[4] == (150, 0)
    assert found[5] == (75 + 750, 0)


def test_commands_are_the_blocks(tmp_path: Path) -> None:
    """Whichever way a player reads; and twice the same."""
    source = TradesOnlySource(walk(100), TradesOnlySpec(LEVELS))
    assert b"".join(source.blocks()) == b"".join(source.blocks())
    assert len(list(source.commands())) * 64 == len(b"".join(source.blocks()))


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"levels": ()}, "at least one of levels"),
        ({"levels": LEVELS[::-1]}, "levels by ascending distance_ppm"),
        ({"levels": (QuoteLevel(0, 3),)}, "qty_lots of at least one lot"),
        ({"refill_parts": 0}, "refill_parts in"),
        ({"follow_ppm": -1}, "follow_ppm in"),
        ({"thickness": (Thickness("1970-01-01T00:00:05Z", -1, 0),)}, "bid_ppm and ask_ppm in"),
    ],
)
def test_what_is_no_book_is_refused(fields: dict[str, object], found: str) -> None:
    """With the field's name."""
    with pytest.raises(ConfigError, match=found):
        TradesOnlySpec(**({"levels": LEVELS} | fields))  # type: ignore[arg-type]
