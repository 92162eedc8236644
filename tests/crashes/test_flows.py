"""Flows by themselves: what they send, when, and what an outage or a look at the venue does to it."""

from pathlib import Path
from typing import Any

import pytest

from exchange import Exchange, FundRules, Instrument, Rules
from exchange.commands import AdvanceTime, Deposit, PlaceOrder, SetMarkPrice
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.errors import ConfigError, DataError
from replay.flows import open_flow
from replay.flows.conductor import Conductor, FixedFlow, Look, Outage
from replay.flows.flow import Flow
from replay.flows.path import Points
from replay.flows.setting import Setting, parse_duration
from replay.player import play

PERP = Instrument(instrument_id=1, symbol="PERP", default_leverage=10)
SECOND = 1_000_000_000


def setting(number: int = 1) -> Setting:
    """The surroundings of a flow whose times begin at 1970."""
    return Setting({"PERP": PERP}, path=Path("x.toml"), key_path="flow[0]", number=number, seed=1, start_ns=0)


def flow(name: str, number: int = 1, **table: Any) -> Flow:
    """Open a flow."""
    return open_flow(name, table, setting(number))


def at(second: int) -> str:
    """Return a time as text."""
    return f"1970-01-01T00:{second // 60:02d}:{second % 60:02d}Z"


def venue() -> Exchange:
    """A venue with one market."""
    return Exchange([PERP], Rules(fund=FundRules(opening=0)), with_digest=True)


def market(ts_ns: int, order_id: int, side: Side, lots: int, account: int = 9) -> PlaceOrder:
    """Return a market order."""
    return PlaceOrder(ts_ns, 1, account, order_id, side, lots, 0, OrderKind.MARKET, TimeInForce.IOC)


BOOK: dict[str, Any] = {"bands": [{"side": "buy", "first": 100, "last": 98, "step": 1, "quantity": 10}]}


def test_depth_stands_refills_and_is_taken_away() -> None:
    """Half of what a level lacks comes back each second, rounded up."""
    book = flow("depth", **BOOK, refill_ppm=500_000, refill_every="1 s", until=at(4))
    sale = FixedFlow([SetMarkPrice(1, 1, 100), Deposit(1, 9, 10_000), market(2, 1, Side.SELL, 15)])
    exchange = venue()
    seen: list[list[int]] = []

    def look(found: Exchange) -> None:
        seen.append([level.qty_lots for level in found.book(1).depth()[0]])

    looks = [Look(ts_ns, look) for ts_ns in (1, 3, SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND)]
    play([Conductor([book, sale], exchange, "test", looks=looks, end_ns=10 * SECOND)], exchange)
    assert seen == [[10, 10, 10], [5, 10], [5, 8, 10], [8, 9, 10], [9, 10, 10], []]


def test_thickness_scales_every_level() -> None:
    """And rounds down; a book of nothing is refused."""
    exchange = venue()
    play([Conductor([flow("depth", **BOOK, thickness_ppm=250_000)], exchange, "test")], exchange)
    assert [level.qty_lots for level in exchange.book(1).depth()[0]] == [2, 2, 2]
    with pytest.raises(ConfigError, match=r"bands: expected 1..20,000 levels, found 0"):
        flow("depth", **BOOK, thickness_ppm=50_000)


def test_an_order_of_stated_worth_ends_at_the_level_where_the_money_does() -> None:
    """10 x 100 + 5 x 99 = 1,495; one lot more where the money is not reached."""
    exchange = venue()
    sale = flow("single_order", 2, account=9, side="sell", at=at(1), money=1_495)
    deposit = FixedFlow([SetMarkPrice(0, 1, 100), Deposit(0, 9, 100_000)])
    play([Conductor([flow("depth", **BOOK), deposit, sale], exchange, "test")], exchange)
    assert [level.qty_lots for level in exchange.book(1).depth()[0]] == [5, 10]
    assert exchange.account(9).positions()[0].size_lots == -15


def test_a_path_is_a_line_between_its_points() -> None:
    """Rounded down; the first and the last value outside of it."""
    points = Points([(10, 100), (20, 105), (30, 95)])
    assert [points.value(ts_ns) for ts_ns in (0, 10, 11, 13, 20, 25, 40)] == [100, 100, 100, 101, 105, 100, 95]


def test_quotes_follow_the_path_and_leave_nothing_behind() -> None:
    """At the end two levels stand on each side of the last price."""
    exchange = venue()
    quotes = flow(
        "quotes", points=[[at(1), 1_000], [at(9), 900]], money=[[at(1), 9_000]], every="1 s", levels=2,
        spread_ppm=2_000, spacing_ppm=10_000,
    )  # fmt: skip
    play([Conductor([quotes], exchange, "test")], exchange)
    bids, asks = exchange.book(1).depth()
    assert [level.price_ticks for level in bids] == [899, 890]
    assert [level.price_ticks for level in asks] == [901, 910]


def test_an_outage_holds_back_in_order_and_the_operator_gets_through() -> None:
    """What was sent from 2 s on arrives at 5 s; the operator's command of that time comes before it."""
    exchange = venue()
    sent = FixedFlow([Deposit(second * SECOND, 9, second) for second in range(1, 7)])
    operator = FixedFlow([AdvanceTime(3 * SECOND), AdvanceTime(5 * SECOND)])
    conductor = Conductor([sent], exchange, "test", operator=operator, outages=[Outage(2 * SECOND, 5 * SECOND)])
    came = [
        (command.ts_ns // SECOND, type(command).__name__, getattr(command, "amount", 0))
        for command in conductor.commands()
    ]
    assert came == [
        (1, "Deposit", 1), (3, "AdvanceTime", 0), (5, "AdvanceTime", 0), (5, "Deposit", 2), (5, "Deposit", 3),
        (5, "Deposit", 4), (5, "Deposit", 5), (6, "Deposit", 6),
    ]  # fmt: skip


def test_a_flow_that_passes_is_not_held_back() -> None:
    """Such as an index that comes another way."""
    exchange = venue()
    flows = [FixedFlow([Deposit(2, 9, 1)]), FixedFlow([Deposit(2, 8, 1)])]
    conductor = Conductor(flows, exchange, "test", outages=[Outage(1, 5, frozenset({1}))])
    assert [(command.ts_ns, command.account) for command in conductor.commands()] == [(2, 8), (5, 9)]  # type: ignore[union-attr]


SELLER: dict[str, Any] = {
    "account": 8,
    "side": "sell",
    "quantity": 30,
    "share_ppm": 100_000,
    "every": "1 s",
    "window": "1 s",
    "at": at(1),
}


def test_a_share_seller_trades_its_share_of_the_volume_until_all_is_sold() -> None:
    """A tenth of what was traded in the last second; its own trades count as well."""
    exchange = venue()
    bands = [{"side": "buy", "first": 100, "last": 100, "quantity": 100_000}]
    others = [market(second * SECOND + 5, second + 1, Side.SELL, 100) for second in range(5)]
    seller = flow("share_seller", 3, **SELLER, until=at(20))
    accounts = FixedFlow([SetMarkPrice(0, 1, 100), Deposit(0, 9, 10_000_000), Deposit(0, 8, 10_000_000)])
    sizes: list[int] = []

    def look(found: Exchange) -> None:
        sizes.append(sum(held.size_lots for held in found.account(8).positions()))

    looks = [Look(second * SECOND + 1, look) for second in range(1, 6)]
    flows = [accounts, flow("depth", 2, bands=bands), FixedFlow(others), seller]
    play([Conductor(flows, exchange, "test", looks=looks, end_ns=10 * SECOND)], exchange)
    assert sizes == [0, -10, -21, -30, -30]


def test_a_share_seller_whom_nobody_meets_gives_up() -> None:
    """Nothing trades, so that its share is nothing: it ends at its time, also where the run has no end of its own."""
    exchange = venue()
    accounts = FixedFlow([SetMarkPrice(0, 1, 100), Deposit(0, 8, 10_000_000)])
    play([Conductor([accounts, flow("share_seller", 2, **SELLER, until=at(20))], exchange, "test")], exchange)
    assert exchange.account(8).positions() == []


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ({"until": at(1)}, "until: expected a time after at"),
        ({"until": "2020-01-01T00:00:00Z"}, "of at most 1,000,000 orders"),
        ({}, "missing required field `until`"),
    ],
)
def test_a_share_seller_says_when_it_ends(until: dict[str, Any], expected: str) -> None:
    """Whoever waits for volume may wait for ever."""
    with pytest.raises(ConfigError, match=expected):
        flow("share_seller", **(SELLER | until))


def test_stops_own_what_they_sell_and_crowds_have_their_margin() -> None:
    """The same seed gives the same orders; another one others."""
    table: dict[str, Any] = {
        "first_account": 100,
        "count": 20,
        "triggers": [90, 80],
        "quantities": [[1, 9, 1]],
        "entry": 100,
        "margin": 500,
    }
    exchange = venue()
    first = flow("stops", **table).act(exchange)
    assert first == flow("stops", **table).act(exchange)
    assert first != flow("stops", **table, seed=1).act(exchange)
    stops = [command for command in first if isinstance(command, PlaceOrder)]
    assert len(stops) == 20
    assert all(80 <= stop.trigger_ticks <= 90 and 1 <= stop.qty_lots <= 9 for stop in stops)


@pytest.mark.parametrize(
    ("text", "ns"), [("250 ms", 250_000_000), ("1 h 30 min", 5_400 * SECOND), ("7ns", 7), ("2 d", 172_800 * SECOND)]
)
def test_durations(text: str, ns: int) -> None:
    """Amounts with units, added up."""
    assert parse_duration(text, "x") == ns


@pytest.mark.parametrize("text", ["", "5", "5 weeks", "s", "-5 s", "1.5 s"])
def test_other_durations_are_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(DataError, match="expected a duration such as '250 ms'"):
        parse_duration(text, "x")


def test_a_flow_without_money_and_quantity_is_refused() -> None:
    """The error names the keys."""
    with pytest.raises(ConfigError, match=r"quantity: expected one of money, quantity, closes, found none of them"):
        flow("single_order", account=9, side="sell", at=at(1))
