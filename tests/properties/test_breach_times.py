"""The twin, which looks at every account on every tick, agrees on who is liquidated, when, and how deep."""

from collections.abc import Callable
from random import Random

import pytest

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetLeverage, SetMarkPrice
from exchange.enums import Origin, Side
from exchange.events import Event, LiquidationStarted
from exchange.instrument import Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, Rules
from tests.reference.venue import ReferenceVenue

RUNS = 200
MANY_LEGS_RUNS = 500
TICKS = 20
CENTRE = 10_000


@pytest.mark.slow
def test_accounts_breach_when_the_twin_says() -> None:
    """In 200 random populations the same accounts start liquidation at the same command, with the same numbers."""
    assert compared(RUNS, population) > RUNS * 10, "expected populations that breach"


@pytest.mark.slow
def test_accounts_with_many_legs_breach_when_the_twin_says() -> None:
    """The same over 3 to 10 instruments, in all of which most accounts hold something: bands of many legs at once."""
    found = compared(MANY_LEGS_RUNS, lambda random: population(random, random.randint(3, 10), random.randint(3, 12)))
    assert found > MANY_LEGS_RUNS * 2, "expected populations that breach"


def compared(runs: int, make: Callable[[Random], tuple[list[Instrument], Rules, list[Command]]]) -> int:
    """Run populations on engine and twin, and return how many breaches they agreed on."""
    breaches = 0
    for seed in range(runs):
        instruments, rules, commands = make(Random(seed))
        engine, twin = Exchange(instruments, rules), ReferenceVenue(instruments, rules)
        for command in commands:
            found, expected = starts(engine.apply(command)), starts(twin.apply(command))
            assert found == expected, f"seed {seed}, command {command}:\nengine {found}\ntwin   {expected}"
            breaches += len(found)
        engine.check()
        twin.check()
    return breaches


def starts(events: list[Event]) -> list[tuple[int, int, int, int, int, int]]:
    """Return who started liquidation, at which command, with which numbers, in order."""
    return [
        (e.account, e.command_seq, e.equity, e.maintenance, e.instrument, e.mark_ticks)
        for e in events
        if isinstance(e, LiquidationStarted)
    ]


def population(random: Random, markets: int = 0, accounts: int = 0) -> tuple[list[Instrument], Rules, list[Command]]:
    """Return a venue, accounts with positions of random leverage, and a random walk of marks with jumps.

    markets: how many instruments; 0 draws 1 to 3. accounts: 0 draws 20 to 200. With given markets an account skips few.
    """
    is_dense = markets > 0
    markets = markets or random.randint(1, 3)
    instruments = [make_instrument(random, instrument_id) for instrument_id in range(1, markets + 1)]
    rules = Rules(
        liquidation=LiquidationRules(
            order=random.choice(["ioc_at_bankruptcy", "market"]),
            max_attempts=random.randint(1, 3),
            recheck=random.random() < 0.5,
        ),
        fund=FundRules(opening=random.choice([0, 10**6])),
    )
    commands: list[Command] = [SetMarkPrice(0, i.instrument_id, CENTRE) for i in instruments]
    now = 0
    for account in range(1, (accounts or round(20 * 10 ** random.random())) + 1):
        share = 0.8 if is_dense else 0.5
        legs = [i for i in instruments if i is instruments[0] or random.random() < share]
        sizes = {i.instrument_id: random.choice([-1, 1, 1]) * random.randint(1, 500) for i in legs}
        notional = sum(abs(size) * lot_value(i) for i in legs for size in [sizes[i.instrument_id]])
        commands.append(Deposit(now, account, int(notional / random.choice([1.5, 3, 5, 10, 20, 40, 80])) + 1))
        for i in legs:
            price = CENTRE + random.randint(-50, 50)
            commands.append(OpenPosition(now, i.instrument_id, account, sizes[i.instrument_id], price))
        if random.random() < 0.2:
            commands.append(SetLeverage(now, instruments[0].instrument_id, account, random.randint(1, 100)))
    marks = {i.instrument_id: CENTRE for i in instruments}
    for tick in range(TICKS):
        now += 1
        instrument_id = random.choice(list(marks))
        move = random.choice([0.0, random.gauss(0, 0.004), random.gauss(0, 0.004), random.gauss(0, 0.08)])
        marks[instrument_id] = max(1, round(marks[instrument_id] * (1 + move)))
        if random.random() < 0.4:
            commands.append(recorded_bid(random, now, instrument_id, tick, marks[instrument_id]))
        commands.append(SetMarkPrice(now, instrument_id, marks[instrument_id]))
    return instruments, rules, commands


def make_instrument(random: Random, instrument_id: int) -> Instrument:
    """Return an instrument whose lot is worth about 10,000 at the centre price."""
    kind = random.choice(["linear", "linear", "inverse"])
    tiers = random.choice(
        [
            (MarginTier(5_000),),
            (MarginTier(10_000, 200_000), MarginTier(25_000, 1_000_000), MarginTier(100_000)),
        ]
    )
    return Instrument(
        instrument_id=instrument_id,
        symbol=f"I{instrument_id}",
        kind=kind,  # type: ignore[arg-type]
        tick_value=random.choice([1, 3]) if kind == "linear" else 10**8,
        tick_value_divisor=random.choice([1, 7]),
        margin_tiers=tiers,
    )


def lot_value(instrument: Instrument) -> int:
    """Return what one lot is worth at the centre price, roughly."""
    if instrument.kind == "linear":
        return CENTRE * instrument.tick_value // instrument.tick_value_divisor
    return instrument.tick_value // (instrument.tick_value_divisor * CENTRE)


def recorded_bid(random: Random, now: int, instrument_id: int, tick: int, mark: int) -> Command:
    """Return an order of the recorded market near the mark, so that some liquidation orders fill."""
    side = random.choice([Side.BUY, Side.SELL])
    offset = random.randint(1, 100) if side == Side.SELL else -random.randint(1, 100)
    return PlaceOrder(
        ts_ns=now,
        instrument=instrument_id,
        account=0,
        order_id=tick + 1,
        side=side,
        qty_lots=random.randint(1, 2_000),
        price_ticks=max(1, mark + offset),
        origin=Origin.RECORDED,
    )
