"""One crash with and without protections: the low with nothing is below the low with each, in every seed.

A thin book, sell stops below the market, leveraged longs, and one who sells too much at once. Buyers who think it too
cheap come by the second: what a protection does is to let them come in time. The commands are written in advance from
a seed and are the same for every venue. `--update-golden` rewrites the table in docs/protection-story.md.
"""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import SetReferencePrice
from exchange.enums import BUY, MARKET, SELL, STOP, Phase
from exchange.events import Event, LiquidationStarted, PhaseChanged, Trade
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import BandRules, BreakerRules, FundRules, Rules, StopLogicRules
from exchange.units import random_below
from replay.packing import deposit, open_position, place_order, set_leverage

PAGE: Final = Path(__file__).parents[2] / "docs" / "protection-story.md"
BEGIN, END = "<!-- table: made by tests/simulation/test_protection_story.py -->\n", "<!-- end of table -->\n"

SECOND: Final = 10**9
PRICE: Final = 10_000
SEEDS: Final = range(50)
FEW: Final = range(8)  # of every run; all of them are slow
RICH: Final = 1 << 40
MAKER, SELLER, STOPPED, BUYERS = 1, 2, 3, 4
CROWD: Final = range(100, 220)  # the leveraged

NOTHING: Final = "nothing"
BREAKERS: Final = {
    NOTHING: BreakerRules(),
    "a stop-logic pause of 5 s": BreakerRules(stop_logic=StopLogicRules(max_move_ticks=200, pause_ns=5 * SECOND)),
    "a band of 10 %": BreakerRules(static_band=BandRules(width_ppm=100_000)),
    "a halt of 20 s and an auction of 30 s": BreakerRules(
        static_band=BandRules(width_ppm=100_000, action="halt", halt_ns=20 * SECOND, auction_ns=30 * SECOND)
    ),
}
PROTECTIONS: Final = tuple(name for name in BREAKERS if name != NOTHING)


class Outcome(NamedTuple):
    """What a crash came to."""

    low: int
    liquidations: int
    interruptions: int


class Story:
    """The commands of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.draws = 0
        self.order_id = 0
        self.records: list[bytes] = []

    def draw(self, bound: int) -> int:
        """A number below a bound."""
        self.draws += 1
        return random_below(self.seed, self.draws, bound)

    def place(self, ts_ns: int, account: int, side: int, lots: int, price: int = 0, trigger: int = 0) -> None:
        """An order: a stop where there is a trigger, a market order where there is no price."""
        self.order_id += 1
        kind = STOP if trigger else 0 if price else MARKET
        self.records.append(
            place_order(ts_ns, 1, account, self.order_id, side, lots, price, kind, trigger_ticks=trigger)
        )

    def told(self) -> bytes:
        """Everybody's commands, in the order of time."""
        self.records.append(encode_command(SetReferencePrice(0, 1, PRICE)))
        for account in (MAKER, SELLER, STOPPED, BUYERS):
            self.records.append(deposit(0, account, RICH))
        # Thin: 15 lots or so every 10 ticks near the price, and further down a bid every 380 ticks.
        for level in range(1, 40):
            self.place(0, MAKER, BUY, 5 + self.draw(20), PRICE - 10 * level)
            self.place(0, MAKER, SELL, 5 + self.draw(20), PRICE + 10 * level)
        for level in range(1, 25):
            self.place(0, MAKER, BUY, 40 + self.draw(100), PRICE - 400 - 380 * level)
        for _ in range(60):
            self.place(0, STOPPED, SELL, 5 + self.draw(20), trigger=PRICE - 100 - self.draw(2_500))
        for account in CROWD:
            leverage = 4 + self.draw(12)
            lots = 2 + self.draw(12)
            self.records.append(deposit(0, account, lots * PRICE // leverage + 1))
            self.records.append(set_leverage(0, 1, account, leverage))
            self.records.append(open_position(0, 1, account, lots, PRICE))
        self.place(0, MAKER, SELL, 1, PRICE)
        self.place(0, BUYERS, BUY, 1, PRICE)
        # The seller asks nobody.
        self.place(SECOND, SELLER, SELL, 900 + self.draw(300))
        for second in range(2, 121):
            for _ in range(3):
                self.place(second * SECOND, BUYERS, BUY, 20 + self.draw(60), PRICE * (88 + self.draw(10)) // 100)
            self.place(second * SECOND, SELLER, SELL, 1)
        return b"".join(self.records)


@cache
def outcome(name: str, seed: int) -> Outcome:
    """Play a seed on a venue with a protection."""
    facts = Instrument(
        1,
        "CRASH",
        default_leverage=10,
        mark_source="last",
        fees=FeeSchedule(liquidation_ppm=5_000),
        margin_tiers=(MarginTier(maintenance_ppm=20_000),),
        breakers=BREAKERS[name],
    )
    venue = Exchange([facts], Rules(fund=FundRules(opening=RICH)))
    seen: list[Event] = []
    venue.bus.subscribe(seen.append, [Trade, LiquidationStarted, PhaseChanged])
    venue.run(Story(seed).told())
    venue.check()
    prices = [event.price_ticks for event in seen if isinstance(event, Trade)]
    liquidations = sum(isinstance(event, LiquidationStarted) for event in seen)
    stops = sum(isinstance(event, PhaseChanged) and event.previous == Phase.CONTINUOUS for event in seen)
    return Outcome(min(prices), liquidations, stops)


def assert_protected(seed: int) -> None:
    """The low with nothing is below the low with each protection."""
    low = outcome(NOTHING, seed).low
    for name in PROTECTIONS:
        assert low < outcome(name, seed).low, name


@pytest.mark.parametrize("seed", FEW)
def test_each_protection_lifts_the_low(seed: int) -> None:
    """In the first few seeds."""
    assert_protected(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_each_protection_lifts_the_low_in_every_seed(seed: int) -> None:
    """In all of them."""
    assert_protected(seed)


def row(name: str) -> str:
    """What became of all seeds under one protection, in the words of the table."""
    told = [outcome(name, seed) for seed in SEEDS]
    lows = sorted(one.low for one in told)
    middle = len(told) // 2
    liquidations = sum(one.liquidations for one in told) // len(told)
    stops = sum(one.interruptions for one in told)
    spread = f"{lows[0]:,} | {lows[middle]:,} | {lows[-1]:,}"
    return f"| {name} | {spread} | {liquidations} | {stops / len(told):.1f} |\n"


@pytest.mark.slow
def test_the_table_is_what_the_story_gives(request: pytest.FixtureRequest) -> None:
    """`--update-golden` rewrites it."""
    head = "| with | lowest low | median low | highest low | liquidations, mean | interruptions, mean |\n"
    table = head + "|---|--:|--:|--:|--:|--:|\n" + "".join(row(name) for name in BREAKERS)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    found, after = rest.split(END)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8", newline="\n")
        return
    assert found == table
