"""Levels of accounts with several legs: the bands find what a scan of all accounts finds, every time."""

from fractions import Fraction
from random import Random

import pytest

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, SetMarkPrice
from exchange.enums import AccountLevel
from exchange.events import LevelCrossed, LiquidationEnded, LiquidationStarted
from exchange.instrument import Instrument
from exchange.rules import FundRules, LevelRules, LiquidationRules, Rules
from tests.properties.test_breach_times import CENTRE, lot_value, make_instrument

RUNS = 150
TICKS = 40


@pytest.mark.slow
def test_crossings_are_those_of_a_scan() -> None:
    """In 150 random runs over 1 to 6 instruments: every crossing at its command, once, from the level it was at."""
    crossings = 0
    for seed in range(RUNS):
        random = Random(seed)
        instruments, rules, commands = population(random)
        venue = Exchange(instruments, rules)
        noted: dict[int, AccountLevel] = {}
        for command in commands:
            started: set[int] = set()
            for event in venue.apply(command):
                if isinstance(event, LevelCrossed):
                    where = f"seed {seed}, command {command}"
                    assert event.previous == noted.get(event.account, AccountLevel.NORMAL), where
                    assert event.level != event.previous, where
                    noted[event.account] = event.level
                    crossings += 1
                elif isinstance(event, LiquidationStarted):
                    started.add(event.account)
                    assert noted[event.account] >= AccountLevel.LIQUIDATION
                elif isinstance(event, LiquidationEnded):
                    started.discard(event.account)
            assert not started, "expected liquidations that are over at once"
            venue.check()
            for account in venue.accounts():
                assert noted.get(account, AccountLevel.NORMAL) == scanned(venue, account), f"seed {seed}, {command}"
    assert crossings > RUNS * 20, "expected populations that cross"


def scanned(venue: Exchange, account: int) -> AccountLevel:
    """The level by the words of the rules, in fractions."""
    rules, view = venue.rules.levels, venue.account(account)
    equity, maintenance = view.equity, view.maintenance
    found = AccountLevel.NORMAL
    for level, scale in zip(
        list(AccountLevel)[1:],
        (rules.notice_ppm, rules.restriction_ppm, rules.liquidation_ppm, rules.backstop_ppm),
        strict=True,
    ):
        edge = Fraction(maintenance * scale, 1_000_000)
        is_below = equity < edge or (rules.is_equal_liquidated and maintenance > 0 and equity == edge)
        if scale > 0 and is_below:
            found = level
    return found


def population(random: Random) -> tuple[list[Instrument], Rules, list[Command]]:
    """A venue of random levels whose fund takes over at once, accounts of several legs, marks that jump."""
    instruments = [make_instrument(random, number) for number in range(1, random.randint(1, 6) + 1)]
    levels = LevelRules(
        notice_ppm=random.choice([0, 1_100_000, 1_500_001, 3_000_000, 30_000_000]),
        restriction_ppm=random.choice([0, 1_050_000, 1_099_999]),
        liquidation_ppm=random.choice([1_000_000, 1_000_000, 800_000, 1_040_000]),
        backstop_ppm=random.choice([0, 666_667, 1]),
        is_equal_liquidated=random.random() < 0.3,
    )
    rules = Rules(
        levels=levels,
        liquidation=LiquidationRules(order="none", remainder=("fund",), surplus=random.choice(["fund", "trader"])),
        fund=FundRules(opening=10**9),
    )
    commands: list[Command] = [SetMarkPrice(0, i.instrument_id, CENTRE) for i in instruments]
    for account in range(1, random.randint(3, 25)):
        legs = [i for i in instruments if i is instruments[0] or random.random() < 0.5]
        sizes = {i.instrument_id: random.choice([-1, 1, 1]) * random.randint(1, 500) for i in legs}
        notional = sum(abs(sizes[i.instrument_id]) * lot_value(i) for i in legs)
        commands.append(Deposit(0, account, int(notional / random.choice([3, 5, 10, 20, 40, 80])) + 1))
        commands += [OpenPosition(0, i.instrument_id, account, sizes[i.instrument_id], CENTRE) for i in legs]
    marks = {i.instrument_id: CENTRE for i in instruments}
    for now in range(1, TICKS):
        number = random.choice(list(marks))
        move = random.choice([0.0, random.gauss(0, 0.001), random.gauss(0, 0.01), random.gauss(0, 0.08)])
        marks[number] = max(1, round(marks[number] * (1 + move)))
        commands.append(SetMarkPrice(now, number, marks[number]))
        if random.random() < 0.1:
            commands.append(Deposit(now, random.randint(1, 5), random.randint(1, 10**6)))
    return instruments, rules, commands
