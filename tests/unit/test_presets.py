"""Venue presets: each names where it was read, loads, plays one shock, and ends in character."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Final

import pytest

from replay.shock import Outcome, Shock, run_shock
from replay.venues import describe, load_venue, preset_names

ILLUSTRATIONS: Final = {"generic_linear", "demo_thin"}  # of no one venue
VENUES: Final = [name for name in preset_names() if name not in ILLUSTRATIONS]

# What is true of a venue whatever the shock: each row a sentence, and what it means in figures.
CHARACTER: Final[dict[str, dict[str, Callable[[Outcome], bool]]]] = {
    "bitmex_2020": {
        "the fund keeps what a liquidation leaves": lambda told: told.fund_surplus > 0 and told.kept == 0,
        "the fund takes positions over, and where it may not, others are deleveraged": lambda told: (
            told.taken_over > 0 and told.deleveraged > 0
        ),
        "nobody shares a loss, nobody owes": lambda told: told.haircut == 0 and told.owed == 0 and told.venue_loss == 0,
    },
    "binance_usdm": {
        "the fund takes over within its own size, then others are deleveraged": lambda told: (
            0 < told.taken_over < told.deleveraged
        ),
        "nobody shares a loss, nobody owes": lambda told: told.haircut == 0 and told.owed == 0 and told.venue_loss == 0,
    },
    "okex_2018": {
        "the fund is emptied first": lambda told: told.fund_paid > 0 and told.fund_end == 0,
        "the week's winners pay what it could not": lambda told: (
            told.haircut > 0 and told.outcomes.get("deferred", 0) > 0 and told.venue_loss == 0
        ),
        "nobody is deleveraged, nobody owes": lambda told: told.deleveraged == 0 and told.owed == 0,
    },
    "hyperliquid": {
        "what a liquidation leaves stays with the trader": lambda told: told.kept > 0 and told.fund_surplus == 0,
        "the vault takes over, and of negative accounts nobody": lambda told: (
            told.backstopped > 0 and told.deleveraged > 0
        ),
        "who has no position never pays": lambda told: told.haircut == 0 and told.fund_paid == 0 and told.owed == 0,
    },
    "cme_globex_2010": {
        "a clearing member stands for what the account lacks": lambda told: told.owing > 0 and told.owed > 0,
        "nobody else pays": lambda told: told.haircut == 0 and told.fund_paid == 0 and told.deleveraged == 0,
    },
    "gdax_2017": {
        "the exchange forgives what it lost": lambda told: told.forgiven > 0,
        "trades stand: nobody is charged, and nobody owes": lambda told: (
            told.haircut == 0 and told.owed == 0 and told.deleveraged == 0
        ),
    },
    "spot_margin_kraken": {
        "somebody owes more than the account had": lambda told: told.owing > 0 and told.owed > 0,
        "nobody else pays": lambda told: told.haircut == 0 and told.fund_paid == 0 and told.forgiven == 0,
        "what a liquidation leaves stays with the trader": lambda told: told.kept > 0,
    },
    "dydx_v4": {
        "who is insolvent is closed against the other side": lambda told: told.deleveraged > 0,
        "the fund lives on fees of surpluses, and takes nothing over": lambda told: (
            told.fund_surplus == 0 and told.fund_end > 0 and told.taken_over == 0
        ),
        "nobody shares a loss, nobody owes": lambda told: told.haircut == 0 and told.owed == 0 and told.venue_loss == 0,
        "what a liquidation leaves stays with the trader": lambda told: told.kept > 0,
    },
    "vega": {
        "the network takes over whoever is distressed": lambda told: told.taken_over == told.liquidated,
        "with all the margin that is left": lambda told: told.fund_surplus > 0 and told.kept == 0,
        "the winners of the round are paid less": lambda told: told.haircut > 0,
        "nobody is deleveraged, nobody owes": lambda told: told.deleveraged == 0 and told.owed == 0,
    },
    "ftx": {
        "backstop providers take over, then the largest opposing positions": lambda told: (
            told.backstopped > 0 and told.deleveraged > 0
        ),
        "the fund earns a third of the way to mark": lambda told: told.fund_end > told.fund_start,
        "nobody is clawed back, nobody owes": lambda told: told.haircut == 0 and told.owed == 0,
    },
    "bybit_inverse": {
        "the fund takes over at the bankruptcy price and keeps surpluses": lambda told: (
            told.taken_over > 0 and told.fund_surplus > 0 and told.kept == 0
        ),
        "deleveraging starts before the fund is empty": lambda told: told.deleveraged > 0 and told.fund_end > 0,
        "nobody shares a loss, nobody owes": lambda told: told.haircut == 0 and told.owed == 0,
    },
    "deribit": {
        "positions go to the market and nowhere else": lambda told: told.taken_over == 0 and told.deleveraged == 0,
        "fees feed the fund, and it pays all of it": lambda told: told.fund_paid > told.fund_start,
        "the winners of the session pay the rest": lambda told: told.haircut > 0 and told.outcomes["deferred"] > 0,
    },
    "spot_margin_binance": {
        "assets are sold at market": lambda told: told.taken_over == 0 and told.deleveraged == 0,
        "the venue bears what is beyond the collateral": lambda told: told.haircut == 0 and told.owed == 0,
        "fees feed the risk fund": lambda told: told.fund_paid + told.fund_end > told.fund_start,
    },
}


@cache
def outcome(name: str) -> Outcome:
    """What the default shock makes of a preset; it checks the conservation of everything."""
    return run_shock(*load_venue(name), Shock())


@pytest.mark.parametrize("name", VENUES)
def test_a_preset_says_where_it_was_read_and_what_is_open(name: str) -> None:
    """Rules of a venue without a source are made up."""
    about = describe(name)
    assert about.title
    assert about.as_of
    assert about.sources
    assert about.open_questions


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_plays_the_shock(name: str) -> None:
    """The crowd, its backstop and its operator are refused nothing, and there is something to compare."""
    told = outcome(name)
    assert told.venue == name
    assert told.refused == 0
    assert told.liquidated > 0
    assert told.fund_end >= 0 or told.taken_over > 0


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize(
    "shock",
    [
        Shock(seed=2, accounts=40, steps=10, gap_ppm=600_000),
        Shock(seed=3, accounts=40, steps=10, fall_ppm=0, gap_ppm=0, recovery_ppm=900_000),
        Shock(seed=4, accounts=40, steps=10, long_ppm=0, price=Decimal(317), depth=Decimal(100)),
    ],
    ids=["deep", "upwards", "thin"],
)
def test_a_preset_keeps_its_books_in_other_shocks(name: str, shock: Shock) -> None:
    """A deeper gap, a rise, an empty book: nothing is refused, and the venue's own check holds."""
    told = run_shock(*load_venue(name), shock)
    assert told.refused == 0
    assert told.owed >= 0
    assert told.haircut >= 0


@pytest.mark.parametrize(("name", "sentence"), [(name, text) for name, rows in CHARACTER.items() for text in rows])
def test_a_preset_is_in_character(name: str, sentence: str) -> None:
    """What everybody knows of the venue comes out."""
    assert CHARACTER[name][sentence](outcome(name)), outcome(name)


def test_every_venue_has_its_character() -> None:
    """A new preset comes with a row of what it is known for."""
    assert [name for name in VENUES if name not in CHARACTER] == []


def test_every_two_presets_differ_in_an_outcome() -> None:
    """Other names and other digests are not enough: somebody else pays, or another amount."""
    alike = [
        (one, other)
        for one, other in combinations(preset_names(), 2)
        if outcome(one)._replace(venue="", events=0, digest="")
        == outcome(other)._replace(venue="", events=0, digest="")
    ]
    assert alike == []
