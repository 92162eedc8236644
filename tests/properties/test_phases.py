"""Venues whose phases change and whose breakers trip, at random: always in agreement with themselves.

Each session has its own rules. After every command: the venue's own checks, money conserved (among those checks), no
trade beyond a band that stops trades, no participant's order matched outside continuous trading, and the same events
in one batch.
"""

from random import Random
from typing import Any

import pytest

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    ExecuteRecorded,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
    SetKillSwitch,
    SetMarketState,
    SetMarkPrice,
    SetPhase,
    SetReferencePrice,
    SettleInstrument,
)
from exchange.enums import MarketState, OrderKind, Origin, Phase, Side, SideFilter, TimeInForce
from exchange.events import AuctionUncrossed, Event, OrderAccepted, PhaseChanged, Trade
from exchange.instrument import FeeSchedule, Instrument
from exchange.rules import (
    BandRules,
    BreakerRules,
    DynamicBandRules,
    FundRules,
    LimitRules,
    LiquidationRules,
    OrderRules,
    PhaseRules,
    PhaseTime,
    ProtectionRules,
    Rules,
    StopLogicRules,
)

SECOND = 10**9
NAMES: list[Any] = [phase.name.lower() for phase in Phase]
ACCOUNTS = 6


def band(kind: type[Any], draw: Random) -> Any:
    """Any band, or none."""
    if draw.random() < 0.4:
        return kind()
    width = {"width_ticks": draw.randint(1, 15)} if draw.random() < 0.5 else {"width_ppm": draw.randint(1, 200_000)}
    return kind(
        reference=draw.choice(["given", "last", "mark"]),
        action=draw.choice(["refuse", "reprice", "cancel", "auction", "halt"]),
        auction_ns=draw.randint(1, 5) * SECOND,
        halt_ns=draw.randint(0, 5) * SECOND,
        **width,
    )


def venue_of(draw: Random) -> Exchange:
    """A venue with rules of its own."""
    times = sorted(draw.sample(range(60), draw.randint(0, 4)))
    breakers = BreakerRules(
        static_band=band(BandRules, draw),
        dynamic_band=band(DynamicBandRules, draw),
        limit_up_down=LimitRules(
            width_ppm=draw.choice([0, 0, 30_000, 100_000]),
            window_ns=draw.randint(1, 20) * SECOND,
            limit_state_ns=draw.randint(0, 3) * SECOND,
            halt_ns=draw.randint(0, 3) * SECOND,
            auction_ns=draw.randint(1, 3) * SECOND,
        ),
        stop_logic=StopLogicRules(draw.choice([0, 2, 8]), draw.randint(1, 5) * SECOND),
        extension_ns=draw.choice([0, SECOND]),
        extension_ppm=draw.choice([0, 50_000]),
        most_extensions=draw.randint(0, 2),
    )
    phases = PhaseRules(
        initial=draw.choice(["continuous", "pre_open", "opening_auction"]),
        timetable=tuple(PhaseTime(at * SECOND, draw.choice(NAMES)) for at in times),
        period_ns=draw.choice([0, 60 * SECOND]),
        auction_price=draw.choice(["nearest_reference", "highest"]),
        auction_fees=draw.choice(["maker", "taker", "split"]),
        auction_market_orders=draw.choice(["queue", "queue", "refuse"]),
        auction_stops=draw.choice(["wait", "wait", "refuse"]),
    )
    instruments = [
        Instrument(
            number,
            f"I{number}",
            default_leverage=5,
            fees=FeeSchedule(maker_ppm=100, taker_ppm=500, liquidation_ppm=1_000),
            mark_source=draw.choice(["external", "last", "mid"]),
            phases=phases,
            breakers=breakers,
        )
        for number in (1, 2)
    ]
    rules = Rules(
        clearing=draw.choice(["margin", "margin", "none"]),
        fund=FundRules(opening=1_000_000),
        liquidation=LiquidationRules(
            order=draw.choice(["ioc_at_bankruptcy", "market", "ioc", "fok", "limit"]), lifetime_ns=SECOND
        ),
        orders=OrderRules(
            self_trade=draw.choice(["allow", "cancel_taker", "cancel_maker", "decrement_both"]),
            market_remainder=draw.choice(["cancel", "limit_at_last_fill", "limit_at_collar"]),
            market_protection=draw.choice(["none", "ticks"]),
            protection_amount=6,
            stop_protection_reference=draw.choice(["market", "trigger"]),
        ),
        protections=ProtectionRules(
            max_order_lots=draw.choice([0, 0, 15]),
            collar_ticks=draw.choice([0, 0, 12]),
            rate_limit=draw.choice([0, 0, 4]),
            rate_counts_cancels=draw.random() < 0.5,
        ),
    )
    return Exchange(instruments, rules, with_digest=True)


def order_of(draw: Random, ts_ns: int, order_id: int, price: int) -> PlaceOrder:
    """Any order."""
    kind = draw.choice([OrderKind.LIMIT] * 4 + [OrderKind.MARKET, OrderKind.STOP, OrderKind.STOP_LIMIT])
    is_recorded = kind == OrderKind.LIMIT and draw.random() < 0.15
    is_priced = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
    time_in_force = TimeInForce.GTC if is_recorded else draw.choice([TimeInForce.GTC] * 5 + list(TimeInForce)[1:3])
    return PlaceOrder(
        ts_ns,
        draw.randint(1, 2),
        0 if is_recorded else draw.randint(1, ACCOUNTS),
        order_id,
        draw.choice(list(Side)),
        draw.randint(1, 20),
        price if is_priced else 0,
        kind,
        time_in_force,
        not is_recorded and kind == OrderKind.LIMIT and time_in_force == TimeInForce.GTC and draw.random() < 0.1,
        price + draw.randint(-5, 5) if kind >= OrderKind.STOP else 0,
        Origin.RECORDED if is_recorded else Origin.PARTICIPANT,
        draw.random() < 0.1,
    )


def command_of(draw: Random, ts_ns: int, count: int) -> Command:
    """Any command."""
    price = draw.randint(85, 115)
    instrument, account = draw.randint(1, 2), draw.randint(1, ACCOUNTS)
    order_id = draw.randint(1, count)
    roll = draw.random()
    if roll < 0.6:
        return order_of(draw, ts_ns, count, price)
    if roll < 0.7:
        return CancelOrder(ts_ns, instrument, account, order_id)
    if roll < 0.76:
        return AmendOrder(ts_ns, instrument, account, order_id, draw.randint(1, 20), price)
    if roll < 0.8:
        return SetPhase(ts_ns, instrument, draw.choice([Phase.CONTINUOUS, *Phase]))
    return draw.choice(
        [
            ReduceOrder(ts_ns, instrument, account, order_id, draw.randint(1, 9)),
            MassCancel(ts_ns, instrument, account, draw.choice(list(SideFilter))),
            SetMarkPrice(ts_ns, instrument, price),
            SetMarkPrice(ts_ns, instrument, price),
            SetReferencePrice(ts_ns, instrument, price),
            ReportTrade(ts_ns, instrument, draw.choice(list(Side)), price, 1),
            ExecuteRecorded(ts_ns, instrument, order_id, draw.choice(list(Side)), price, draw.randint(1, 9)),
            SetKillSwitch(ts_ns, account, draw.random() < 0.4),
            SetMarketState(ts_ns, instrument, draw.choice([MarketState.OPEN, *MarketState])),
            AdvanceTime(ts_ns),
            OpenPosition(ts_ns, instrument, account + ACCOUNTS, draw.choice([-9, 9, 20]), price),
            Deposit(ts_ns, account + ACCOUNTS, 50),
            SettleInstrument(ts_ns, 2, price) if draw.random() < 0.02 else AdvanceTime(ts_ns),
        ]
    )


def check_trades(venue: Exchange, events: list[Event], phases: dict[int, Phase]) -> None:
    """Outside continuous trading nothing trades but auctions; the phase of an event is that of the one before it."""
    left: dict[int, int] = {}
    for event in events:
        if isinstance(event, PhaseChanged):
            assert event.previous == phases[event.instrument]
            assert left.get(event.instrument, 0) == 0
            phases[event.instrument] = event.phase
        elif isinstance(event, AuctionUncrossed):
            assert event.phase == phases[event.instrument]
            left[event.instrument] = event.qty_lots
        elif isinstance(event, Trade) and left.get(event.instrument, 0) > 0:
            left[event.instrument] -= event.qty_lots
        elif isinstance(event, Trade):
            assert phases[event.instrument] == Phase.CONTINUOUS
        elif isinstance(event, OrderAccepted) and event.account != 0:
            assert phases[event.instrument] not in (Phase.HALT, Phase.CLOSED)
    assert phases == {book: venue.book(book).phase for book in phases}


@pytest.mark.parametrize("seed", range(120))
def test_phases_and_breakers_agree_with_themselves(seed: int) -> None:
    """A failure names its seed; the commands before it are the story."""
    draw = Random(seed)
    venue = venue_of(draw)
    phases = {book: venue.book(book).phase for book in (1, 2)}
    commands: list[Command] = []
    if venue.has_clearing:
        commands += [Deposit(0, account, draw.choice([300, 3_000, 30_000])) for account in range(1, 2 * ACCOUNTS + 1)]
        commands += [SetMarkPrice(0, book, 100) for book in (1, 2)]
        commands += [
            OpenPosition(0, book, account, draw.choice([-30, 40, 60]), 100)
            for account in range(ACCOUNTS + 1, 2 * ACCOUNTS + 1)
            for book in (1, 2)
        ]
    ts_ns = 0
    for count in range(1, 161):
        ts_ns += draw.choice([0, 0, 1, SECOND // 4, SECOND, 2 * SECOND])
        commands.append(command_of(draw, ts_ns, count))
    for command in commands:
        check_trades(venue, venue.apply(command), phases)
        venue.check()
    again = Exchange(venue.instruments, venue.rules, with_digest=True)
    again.run(b"".join(encode_command(command) for command in commands))
    assert again.digest() == venue.digest()
