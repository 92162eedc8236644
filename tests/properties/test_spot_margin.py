"""Spot margin at random: cash told from the events alone, no account overlooked, no cash account in debt, conservation.

`check()` after every command compares the accounts found below maintenance with a scan of all of them, and the sums of
money and of each asset with what came in and went out.
"""

from collections import Counter
from random import Random
from typing import Any

import pytest

from exchange import Exchange
from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    DepositAsset,
    OpenPosition,
    SetInterestRate,
    SetLeverage,
    SetMarkPrice,
    Withdraw,
    WithdrawAsset,
)
from exchange.enums import OrderKind, TimeInForce
from exchange.events import (
    AssetDeposited,
    AssetWithdrawn,
    Deposited,
    Event,
    FundPaid,
    InterestCharged,
    LiquidationStarted,
    LoanChanged,
    LossSocialized,
    OrderRejected,
    PositionChanged,
    PositionOpened,
    PositionTakenOver,
    RequestRejected,
    SurplusPaid,
    Trade,
    VenueLossBooked,
    Withdrawn,
)
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import BorrowRules, FundRules, LevelRules, LiquidationRules, RateTier, Rules, SpotTerms
from tests.helpers import BUY, SELL, order

RUNS = 120
COMMANDS = 250
ACCOUNTS = 6
CENTRE = 1_000
HOUR = 3_600 * 10**9
BTC, ETH, PERP = 1, 2, 3


def instruments(random: Random) -> list[Instrument]:
    """Two assets and a perpetual on one money."""
    weights = random.choice(
        [
            (RateTier(1_000_000),),
            (RateTier(900_000),),
            (RateTier(950_000, 40_000), RateTier(500_000, 150_000), RateTier(0)),
        ]
    )
    fees = FeeSchedule(
        maker_ppm=random.choice([0, -100, 200]), taker_ppm=500, liquidation_ppm=random.choice([0, 1_000])
    )
    tiers = random.choice([(MarginTier(50_000),), (MarginTier(50_000, 50_000), MarginTier(120_000))])
    spot: dict[str, Any] = {"kind": "spot", "margin_tiers": tiers, "max_leverage": 10, "fees": fees}
    terms = SpotTerms(
        collateral_weights=weights,
        rate_ppb=random.choice([0, 10_000]),
        open_fee_ppm=random.choice([0, 200]),
        limit_lots=random.choice([0, 300]),
    )
    return [
        Instrument(instrument_id=BTC, symbol="BTC", spot=terms, default_leverage=3, **spot),
        Instrument(
            instrument_id=ETH,
            symbol="ETH",
            tick_value_divisor=7,
            spot=SpotTerms(may_borrow=random.random() < 0.7, initial_tiers=random.choice([(), (RateTier(300_000),)])),
            **spot,
        ),
        Instrument(instrument_id=PERP, symbol="PERP", default_leverage=10, fees=fees),
    ]


def rules(random: Random) -> Rules:
    """Rules of loans, drawn at random; a third of the venues lend nothing."""
    borrow = BorrowRules(
        may_borrow=random.random() < 0.7,
        withdraw=random.choice(["own", "borrowed"]),
        leverage=random.choice([2, 3, 10]),
        maintenance_tiers=random.choice([(RateTier(100_000),), (RateTier(20_000, 50_000), RateTier(100_000))]),
        limit=random.choice([0, 0, 100_000]),
        borrow_above_ppm=random.choice([0, 0, 1_500_000]),
        withdraw_above_ppm=random.choice([0, 0, 2_000_000]),
        rate_ppb=random.choice([0, 5_000, 1_000_000]),
        open_fee_ppm=random.choice([0, 300]),
        charge_hours=random.choice([1, 4]),
        clock=random.choice(["hours_touched", "hours_ended", "seconds"]),
        capitalize=random.random() < 0.5,
        income=random.choice(["fees", "fund"]),
    )
    liquidation = LiquidationRules(
        order=random.choice(["ioc_at_bankruptcy", "market"]), surplus=random.choice(["fund", "trader"])
    )
    levels = random.choice(
        [
            LevelRules(),
            LevelRules(notice_ppm=1_500_000, restriction_ppm=1_200_000),
            LevelRules(notice_ppm=2_000_000, is_equal_liquidated=True),
            LevelRules(is_equal_liquidated=True),
        ]
    )
    return Rules(
        borrow=borrow, levels=levels, liquidation=liquidation, fund=FundRules(opening=random.choice([0, 10**6]))
    )


def random_command(random: Random, now: int, number: int, marks: dict[int, int]) -> Command:
    """Return any command about money, assets, orders and prices."""
    account, instrument = random.randint(1, ACCOUNTS), random.choice([BTC, BTC, ETH, PERP])
    lots = random.choice([1, 5, 20, 60, 150, 300])
    roll = random.random()
    if roll < 0.08:
        return Deposit(now, account, random.choice([100, 10_000, 50_000]))
    if roll < 0.14:
        return Withdraw(now, account, random.choice([1, 5_000, 40_000]))
    if roll < 0.20:
        return DepositAsset(now, instrument, account, lots)
    if roll < 0.26:
        return WithdrawAsset(now, instrument, account, lots)
    if roll < 0.28:
        return SetInterestRate(now, random.choice([0, BTC, ETH]), random.randint(0, 200_000))
    if roll < 0.30:
        return SetLeverage(now, instrument, account, random.randint(1, 10))
    if roll < 0.32:
        return OpenPosition(now, instrument, account, random.choice([-40, 20, 80]), CENTRE)
    if roll < 0.50:
        drift = random.choice([1.0, 1.0, random.gauss(1, 0.01), random.gauss(1, 0.25)])
        marks[instrument] = max(1, round(marks[instrument] * drift))
        return SetMarkPrice(now, instrument, marks[instrument])
    if roll < 0.56:
        return CancelOrder(now, instrument, account, random.randint(1, number))
    if roll < 0.62:
        return AmendOrder(
            now, instrument, account, random.randint(max(1, number - 20), number), lots, marks[instrument]
        )
    side = random.choice([BUY, SELL])
    if roll < 0.72:
        return order(account, number, side, lots, 0, now, instrument)
    if roll < 0.76:
        trigger = max(1, round(marks[instrument] * random.gauss(1, 0.03)))
        return order(account, number, side, lots, 0, now, instrument, kind=OrderKind.STOP, trigger_ticks=trigger)
    price = max(1, round(marks[instrument] * random.gauss(1, 0.02)))
    return order(
        account, number, side, lots, price, now, instrument, time_in_force=random.choice(list(TimeInForce)[:2])
    )


def told_by(event: Event, venue: Exchange, cash: Counter[int], debts: dict[tuple[int, int], int]) -> None:
    """Do to a book of cash, and to one of loans, what an event says."""
    if isinstance(event, Deposited):
        cash[event.account] += event.amount
    elif isinstance(event, Withdrawn):
        cash[event.account] -= event.amount
    elif isinstance(event, Trade) and event.instrument != PERP:
        index = event.instrument - 1
        value = venue.markets[index].valuation.value(event.qty_lots, event.price_ticks)
        paid = value if event.side == BUY else -value
        if event.taker_account != event.maker_account:
            cash[event.taker_account] -= paid
            cash[event.maker_account] += paid
    elif isinstance(event, PositionOpened) and event.instrument != PERP:
        cash[event.account] -= event.cost
    elif isinstance(event, PositionTakenOver) and event.instrument != PERP:
        cash[event.account] += event.value
    elif isinstance(event, PositionChanged):
        cash[event.account] -= event.fee
        if event.instrument == PERP:
            cash[event.account] += event.realized
    elif isinstance(event, InterestCharged | SurplusPaid):
        cash[event.account] -= event.amount
    elif isinstance(event, FundPaid):
        cash[event.account] += event.amount
    elif isinstance(event, LossSocialized):
        cash[event.account] += event.charged
    elif isinstance(event, VenueLossBooked):
        cash[event.account] += event.amount
    elif isinstance(event, LoanChanged):
        assert debts.get((event.account, event.instrument), 0) == event.debt_before
        debts[event.account, event.instrument] = event.debt


@pytest.mark.slow
def test_cash_and_loans_are_what_the_events_say() -> None:
    """Buying and selling moves cash by exactly the value and the fee, whatever becomes of cost and profit."""
    seen: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for seed in range(RUNS):
        random = Random(seed)
        venue = Exchange(instruments(random), rules(random))
        marks = {BTC: CENTRE, ETH: CENTRE, PERP: CENTRE}
        cash: Counter[int] = Counter()
        debts: dict[tuple[int, int], int] = {}
        commands: list[Command] = [SetMarkPrice(0, number, CENTRE) for number in marks]
        commands += [Deposit(0, account, 20_000) for account in range(1, ACCOUNTS + 1)]
        now = 0
        for number in range(COMMANDS):
            now += random.choice([0, 1, HOUR // 7, HOUR])
            events: list[Event] = []
            for command in [*commands, random_command(random, now, number + 1, marks)]:
                events += venue.apply(command)
                venue.check()
            commands = []
            for event in events:
                seen[type(event).__name__] += 1
                if isinstance(event, OrderRejected | RequestRejected):
                    reasons[event.reason.name] += 1
                told_by(event, venue, cash, debts)
            check_accounts(venue, cash, debts, f"seed {seed}, command {number}")
    for kind in (AssetDeposited, AssetWithdrawn, LoanChanged, InterestCharged, LiquidationStarted, PositionTakenOver):
        assert seen[kind.__name__] > 50, kind
    for reason in ("INSUFFICIENT_BALANCE", "NOT_BORROWABLE", "BORROW_LIMIT", "MARGIN_LEVEL_TOO_LOW"):
        assert reasons[reason] > 20, reason


def check_accounts(venue: Exchange, cash: Counter[int], debts: dict[tuple[int, int], int], where: str) -> None:
    """Compare every account with what the events said of it."""
    for account in venue.accounts():
        view = venue.account(account)
        sizes = {held.instrument: held.size_lots for held in view.positions()}
        assert view.cash == cash[account], where
        assert debts.get((account, 0), 0) == max(0, -view.cash), where
        for number in (BTC, ETH):
            assert debts.get((account, number), 0) == max(0, -sizes.get(number, 0)), where
        if all(number != PERP and size > 0 for number, size in sizes.items()) and view.cash >= 0:
            assert view.maintenance == 0 <= view.equity, where  # so that no liquidation of it can start
