"""Random venues with every kind of schedule, isolated and hedged accounts, orders, and changes of schedule in a run.

After every command `Exchange.check` scans all accounts: none may be below maintenance that the bands did not find;
money and sizes add up; the accounts' reserves are those of the book. The same commands in one batch: the same events.
"""

import os
from random import Random
from typing import Any

import pytest

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import (
    CancelOrder,
    Command,
    Deposit,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    SetLeverage,
    SetMarginMode,
    SetMarginSchedule,
    SetMarkPrice,
    SetPositionMode,
    TransferMargin,
    Withdraw,
)
from exchange.enums import MarginMode, OrderKind, PositionSide, Side, TimeInForce
from exchange.events import IsolatedMarginTransferred, LiquidationStarted, OrderRejected, RequestRejected, Trade
from exchange.instrument import FeeSchedule, Instrument, MarginTier, ScheduleRules
from exchange.rules import FundRules, LevelRules, LiquidationRules, MarginRules, ReductionRules, Rules
from exchange.rules.margin import RiskFactors, SizeLinear

RUNS = int(os.environ.get("CASCADE_EXAMPLES", "150"))
CENTRE = 10_000
ACCOUNTS = 8


def tiers(random: Random, is_whole: bool, is_derived: bool) -> tuple[MarginTier, ...]:
    """One to four tiers; of the kind 'whole' their rates may fall."""
    count = random.randint(1, 4)
    ends = [*sorted(random.sample(range(1_000, 3_000_000, 1_000), count - 1)), 0]
    rates = [random.randint(1_000, 200_000) for _ in ends]
    initials = [random.choice([0, random.randint(5_000, 500_000)]) for _ in ends]
    leverages = sorted((random.randint(2, 100) for _ in ends), reverse=True)
    if not is_whole:
        rates.sort()
        initials.sort()
    return tuple(
        MarginTier(
            maintenance_ppm=0 if is_derived else rate,
            up_to=end,
            initial_ppm=initial,
            max_leverage=leverage if is_derived or random.random() < 0.3 else 0,
            deduction=random.randint(0, 2_000) if is_whole and random.random() < 0.5 else 0,
        )
        for end, rate, initial, leverage in zip(ends, rates, initials, leverages, strict=True)
    )


def schedule(random: Random) -> ScheduleRules:
    """Any schedule that an instrument may have."""
    kind = random.choice(["tiers", "tiers", "size_linear", "risk_factor"])
    is_whole, is_derived = random.random() < 0.4, random.random() < 0.2
    facts: dict[str, Any] = {
        "schedule": kind,
        "tiers": tiers(random, is_whole, is_derived),
        "tier_kind": "whole" if is_whole else "marginal",
        "tier_rate": "half_of_initial" if is_derived else "stated",
        "rate_of": random.choice(["notional", "notional", "used_margin"]),
        "base": random.choice(["current", "entry", "worse"]),
        "floor": random.choice([0, 0, 500]),
        "closing_fee_ppm": random.choice([0, 0, 750]),
        "initial_ppm": random.choice([0, 0, 100_000]),
        "open_interest_upper": random.choice([0, 5_000_000]),
        "order_margin": random.choice(["worse_side", "sum", "none"]),
        "orders_in_maintenance": kind == "risk_factor" and random.random() < 0.5,
    }
    if kind == "size_linear":
        slope = random.choice([0, 100_000, 10_000_000])
        facts["size_linear"] = SizeLinear(10_000_000, 20_000_000, slope, random.choice([1, 7]))
    if kind == "risk_factor":
        slope = random.choice([0, 1_000_000])
        facts["risk_factor"] = RiskFactors(50_000_000, 70_000_000, 100_000_000, slope, 1, random.choice([0, 1_200_000]))
    return ScheduleRules(**facts)


def venue_of(random: Random) -> tuple[list[Instrument], Rules]:
    """One to three instruments, each with one to three schedules."""
    instruments = []
    for number in range(1, random.randint(1, 3) + 1):
        kind = random.choice(["linear", "linear", "inverse"])
        instruments.append(
            Instrument(
                instrument_id=number,
                symbol=f"I{number}",
                kind=kind,  # type: ignore[arg-type]
                tick_value=random.choice([1, 3]) if kind == "linear" else 10**8,
                tick_value_divisor=random.choice([1, 7]),
                default_leverage=random.choice([5, 20, 100]),
                fees=FeeSchedule(maker_ppm=100, taker_ppm=300, liquidation_ppm=random.choice([0, 1_000])),
                margin=schedule(random),
                margin_schedules=tuple(schedule(random) for _ in range(random.randint(0, 2))),
            )
        )
    rules = Rules(
        margin=MarginRules(
            isolated_return=random.choice(["excess", "flat"]),
            hedge_margin=random.choice(["sum", "larger", "net"]),
        ),
        liquidation=LiquidationRules(
            order=random.choice(["ioc_at_bankruptcy", "market", "fok", "limit", "none"]),
            lifetime_ns=3,
            remainder=random.choice([("market", "fund"), ("deleverage", "fund"), ("market", "deleverage", "fund")]),
            reduction=ReductionRules(kind=random.choice(["whole", "tiers", "shortage"])),
            surplus=random.choice(["fund", "trader"]),
        ),
        levels=random.choice([LevelRules(), LevelRules(notice_ppm=1_500_000, restriction_ppm=1_200_000)]),
        waterfall=random.choice([("fund", "socialize"), ("own_collateral", "fund", "debt"), ("session",)]),
        fund=FundRules(opening=random.choice([0, 10**6])),
    )
    return instruments, rules


def command(random: Random, now: int, marks: dict[int, int]) -> Command:
    """Anything that an account or the operator may ask."""
    instrument, account = random.choice(list(marks)), random.randint(1, ACCOUNTS)
    mark = marks[instrument]
    drawn = random.random()
    if drawn < 0.35:
        move = random.choice([random.gauss(0, 0.005), random.gauss(0, 0.02), random.gauss(0, 0.1)])
        marks[instrument] = max(50, round(mark * (1 + move)))
        return SetMarkPrice(now, instrument, marks[instrument])
    if drawn < 0.75:
        is_market = random.random() < 0.1
        is_stop = random.random() < 0.1
        offset = random.randint(-60, 60)
        kind = OrderKind((2 if is_stop else 0) + (1 if is_market != is_stop else 0))
        return PlaceOrder(
            now,
            instrument,
            account,
            now,
            random.choice(list(Side)),
            random.randint(1, 40),
            0 if kind in (OrderKind.MARKET, OrderKind.STOP) else mark + offset,
            kind,
            random.choice([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC]),
            trigger_ticks=mark + offset if kind >= OrderKind.STOP else 0,
            position=random.choice([PositionSide.NET, PositionSide.NET, PositionSide.LONG, PositionSide.SHORT]),
        )
    if drawn < 0.82:
        return CancelOrder(now, instrument, account, random.randint(1, now))
    if drawn < 0.84:
        return MassCancel(now, random.choice([0, instrument]), account)
    if drawn < 0.88:
        return SetMarginMode(now, instrument, account, random.choice(list(MarginMode)))
    if drawn < 0.91:
        return SetPositionMode(now, instrument, account, random.random() < 0.6)
    if drawn < 0.95:
        return TransferMargin(now, instrument, account, random.choice([-1, 1]) * random.randint(1, 50_000))
    if drawn < 0.97:
        return SetMarginSchedule(now, instrument, random.randint(0, 2), random.random() < 0.5)
    if drawn < 0.98:
        return Withdraw(now, account, random.randint(1, 100_000))
    if drawn < 0.99:
        return SetLeverage(now, instrument, account, random.randint(1, 100))
    return Deposit(now, account, random.randint(1, 100_000))


@pytest.mark.slow
def test_no_breach_is_missed_and_money_adds_up() -> None:
    """The venue agrees with itself after every command of every run, and enough happens in them."""
    seen: dict[str, int] = {}
    for seed in range(RUNS):
        random = Random(seed)
        instruments, rules = venue_of(random)
        venue = Exchange(instruments, rules)
        marks = {instrument.instrument_id: CENTRE for instrument in instruments}
        commands: list[Command] = [SetMarkPrice(0, number, CENTRE) for number in marks]
        for account in range(1, ACCOUNTS + 1):
            commands.append(Deposit(0, account, random.randint(10_000, 2_000_000)))
            if random.random() < 0.4:
                commands.append(SetMarginMode(0, random.choice(list(marks)), account, MarginMode.ISOLATED))
            if random.random() < 0.4:
                commands.append(SetPositionMode(0, random.choice(list(marks)), account, True))
            for number in marks:
                if random.random() < 0.5:
                    size = random.choice([-1, 1]) * random.randint(1, 200)
                    commands.append(OpenPosition(0, number, account, size, CENTRE))
        commands += [command(random, now, marks) for now in range(1, 120)]
        for index, asked in enumerate(commands):
            try:
                events = venue.apply(asked)
                venue.check()
            except Exception as error:
                raise AssertionError(f"seed {seed}, command {index}: {asked}") from error
            for event in events:
                name = type(event).__name__
                if isinstance(event, OrderRejected | RequestRejected):
                    name = event.reason.name
                seen[name] = seen.get(name, 0) + 1
        again = Exchange(instruments, rules)
        again.run(b"".join(encode_command(asked) for asked in commands))
        assert again.digest() == venue.digest()
    wanted = [kind.__name__ for kind in (LiquidationStarted, IsolatedMarginTransferred, Trade)]
    wanted += ["LEVERAGE_ABOVE_TIER", "NOTHING_TO_CLOSE", "WRONG_POSITION_SIDE", "POSITION_OPEN", "ORDERS_OPEN"]
    wanted += ["WRONG_MARGIN_MODE", "INSUFFICIENT_MARGIN", "MarginScheduleSet"]
    assert {name: seen.get(name, 0) for name in wanted if seen.get(name, 0) < RUNS // 5} == {}
