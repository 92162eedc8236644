"""The trader classes one by one, and their parameters as a scenario states them."""

from pathlib import Path
from typing import Any

import pytest

from exchange import Exchange, Instrument
from exchange.commands import Command, Deposit, MassCancel, OpenPosition, PlaceOrder, ReportTrade
from exchange.enums import OrderKind, Side
from exchange.errors import ConfigError
from replay.flows import open_flow
from replay.flows.setting import Setting
from replay.flows.traders import Desk, Draws, Fundamental, MarketMaker, Momentum, SmallTrader

PERP = Instrument(1, "PERP", mark_source="last", default_leverage=10)
ACCOUNT = 7


def venue_at(price_ticks: int, size_lots: int = 0) -> Exchange:
    """A venue whose last trade is at a price, with the trader's position."""
    venue = Exchange([PERP])
    venue.apply(Deposit(1, ACCOUNT, 10**9))
    venue.apply(ReportTrade(1, 1, Side.BUY, price_ticks, 1))
    if size_lots:
        venue.apply(OpenPosition(1, 1, ACCOUNT, size_lots, price_ticks))
    return venue


def desk() -> Desk:
    """The trader's."""
    return Desk(PERP, ACCOUNT, 1_000, seed=3)


def told(commands: list[Command]) -> list[tuple[Side, int, int]]:
    """Side, lots and price of the orders."""
    return [(c.side, c.qty_lots, c.price_ticks) for c in commands if isinstance(c, PlaceOrder)]


@pytest.mark.parametrize(
    ("size_lots", "expected"),
    [
        (0, [(Side.BUY, 10, 999), (Side.SELL, 10, 1_001), (Side.BUY, 10, 997), (Side.SELL, 10, 1_003)]),
        (25, [(Side.SELL, 10, 997), (Side.SELL, 10, 999)]),
        (-25, [(Side.BUY, 10, 1_003), (Side.BUY, 10, 1_001)]),
    ],
)
def test_market_maker(size_lots: int, expected: list[tuple[Side, int, int]]) -> None:
    """It leans against its inventory, and at the limit of 25 it quotes one side only."""
    rule = MarketMaker(half_spread_ticks=1, step_ticks=2, levels=2, lots=10, limit_lots=25, skew_ticks=4)
    own = desk()
    sent = rule.orders(own.see(venue_at(1_000, size_lots), 5, 900), own)
    assert isinstance(sent[0], MassCancel)
    assert told(sent) == expected
    bought = sum(lots for side, lots, _ in told(sent) if side == Side.BUY)
    sold = sum(lots for side, lots, _ in told(sent) if side == Side.SELL)
    assert size_lots + bought <= 25
    assert size_lots - sold >= -25


def test_fundamental_waits_at_its_own_value() -> None:
    """Wherever the market is."""
    own = desk()
    sent = Fundamental(value_ticks=1_000, edge_ticks=50, lots=4).orders(own.see(venue_at(800), 5, 900), own)
    assert told(sent) == [(Side.BUY, 4, 950), (Side.SELL, 4, 1_050)]


@pytest.mark.parametrize(("price", "expected"), [(1_004, []), (1_010, [(Side.BUY, 3, 0)]), (990, [(Side.SELL, 3, 0)])])
def test_momentum_follows_beyond_its_threshold(price: int, expected: list[tuple[Side, int, int]]) -> None:
    """Half a percent within the window; what it saw before that is forgotten."""
    rule = Momentum(window_ns=100, threshold_ppm=5_000, lots=3, limit_lots=5)
    own = desk()
    assert rule.orders(own.see(venue_at(1_000), 50, 900), own) == []
    assert told(rule.orders(own.see(venue_at(price), 150, 900), own)) == expected
    assert rule.orders(own.see(venue_at(price), 251, 900), own) == []


def test_momentum_stops_at_its_limit() -> None:
    """A long of 4 buys one more, and no more then."""
    rule = Momentum(window_ns=100, threshold_ppm=5_000, lots=3, limit_lots=5)
    own = desk()
    rule.orders(own.see(venue_at(1_000), 50, 900), own)
    assert told(rule.orders(own.see(venue_at(1_010, 4), 60, 900), own)) == [(Side.BUY, 1, 0)]
    assert rule.orders(own.see(venue_at(1_010, 5), 70, 900), own) == []


def test_small_trader_goes_home() -> None:
    """Beyond its limit it only trades towards zero; its orders are of 1 to 2 x mean - 1 lots."""
    rule = SmallTrader(lots=5, limit_lots=10, resting_ppm=0, near_ticks=3)
    own = desk()
    seen = [order for _ in range(200) for order in rule.orders(own.see(venue_at(1_000, 11), 5, 900), own)]
    assert {order.side for order in seen if isinstance(order, PlaceOrder)} == {Side.SELL}
    assert {order.kind for order in seen if isinstance(order, PlaceOrder)} == {OrderKind.MARKET}
    assert {lots for _, lots, _ in told(seen)} == set(range(1, 10))


def test_draws_depend_on_seed_and_account_only() -> None:
    """Neighbours share no stream."""
    streams = [[Draws(seed, account).below(1 << 40) for _ in range(3)] for seed in range(4) for account in range(4)]
    assert len({stream[0] for stream in streams}) == 16
    assert Draws(1, 2).below(10**12) == Draws(1, 2).below(10**12)


def setting() -> Setting:
    """Of a scenario."""
    return Setting({"PERP": PERP}, path=Path("x.toml"), key_path="flow[0]", number=1, seed=5, start_ns=10**18)


TRADERS: dict[str, Any] = {
    "value": "1000",
    "first_account": 10,
    "deposit": "1000000",
    "makers": [{"count": 2, "every": "1 s", "lots": 5, "limit_lots": 20}],
    "small": [{"count": 3, "every": "500 ms", "lots": 5}],
}


def test_a_scenario_opens_them() -> None:
    """Deposits and a first price, then turns in time order, each of one trader."""
    flow = open_flow("traders", TRADERS, setting())
    venue = Exchange([PERP])
    opening = flow.act(venue)
    assert [type(command) for command in opening] == [Deposit] * 5 + [ReportTrade]
    for command in opening:
        venue.apply(command)
    times = []
    for _ in range(50):
        ts_ns = flow.next_ts_ns()
        assert ts_ns is not None
        times.append(ts_ns)
        for command in flow.act(venue):
            assert command.ts_ns == ts_ns
            venue.apply(command)
    assert times == sorted(times)
    venue.check()


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"small": [{"count": 3, "every": "0 s", "lots": 5}]}, "small: every: expected a duration above 0"),
        ({"small": [{"count": 3, "every": "1 s", "lots": 0}]}, "small: lots: expected at least 1, found 0"),
        ({"small": [{"count": -1, "every": "1 s", "lots": 1}]}, "small: count: expected at least 0, found -1"),
        ({"first_account": 0}, "first_account: expected valid accounts"),
        ({"makers": [], "small": []}, r"count: expected 1\.\.10000 traders, found 0"),
    ],
)
def test_parameters_that_are_none(table: dict[str, Any], found: str) -> None:
    """Are refused with file, table and key."""
    with pytest.raises(ConfigError, match=r"x\.toml: flow\[0\]\." + found):
        open_flow("traders", TRADERS | table, setting())


def test_traders_who_leave_take_their_orders_along() -> None:
    """At `until`, once; those who stay leave theirs in the book."""
    venue = Exchange([PERP])
    flow = open_flow("traders", TRADERS | {"until": "1000000010.0", "leaves": True}, setting())
    while (ts_ns := flow.next_ts_ns()) is not None:
        for command in flow.act(venue):
            assert command.ts_ns == ts_ns
            venue.apply(command)
    assert venue.book(1).depth() == ([], [])
    with pytest.raises(ConfigError, match="leaves: expected a time in until beside it"):
        open_flow("traders", TRADERS | {"leaves": True}, setting())
