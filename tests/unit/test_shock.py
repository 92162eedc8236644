"""`cascade shock`: one story in any venue's units, and the command that compares."""

import json
from decimal import Decimal

import msgspec
import pytest

from exchange.commands import EndSession, SetIndexPrice, SettleInstrument
from exchange.errors import ConfigError
from exchange.instrument import Instrument, MarginTier
from exchange.rules import LiquidationRules, Rules, TakeoverRules
from replay.cli import main
from replay.shock import Shock, Units, commands, path, run_shock
from replay.shock.command import remarks, shock_of
from replay.venues import load_venue

SMALL = ("--option", "accounts=20", "--option", "steps=5")


def test_the_path_falls_gaps_and_recovers() -> None:
    """In ppm of the price before each."""
    prices = [price for _, price in path(Shock(steps=2))]
    assert prices == [10_000, 9_000, 8_000, 6_400, 6_880, 7_360]


def test_units_of_linear_and_inverse_instruments() -> None:
    """10,000 dollars at 10,000 are one coin: 1,000 lots of a thousandth, or 10,000 contracts of a dollar."""
    linear = Units(Instrument(1, "L", tick_value=100, tick_size="0.1", lot_size="0.001", money_unit="0.000001"))
    inverse = Units(Instrument(1, "I", kind="inverse", tick_value=2 * 10**8, tick_size="0.5", money_unit="0.00000001"))
    price = Decimal(10_000)
    assert (linear.ticks(price), linear.lots(price, price), linear.money(price, price)) == (100_000, 1_000, 10**10)
    assert (inverse.ticks(price), inverse.lots(price, price), inverse.money(price, price)) == (20_000, 10_000, 10**8)
    assert inverse.dollars(10**8, price) == linear.dollars(10**10, price) == 10_000


def test_a_dated_future_is_settled_and_its_session_ends() -> None:
    """In this order, so that the losses of the settlement are those that the session's winners share."""
    rules, instruments = load_venue("okex_2018")
    story = list(commands(Shock(accounts=1, steps=1), rules, instruments[0]))
    assert isinstance(story[-2], SettleInstrument)
    assert isinstance(story[-1], EndSession)
    assert any(isinstance(command, SetIndexPrice) for command in story)


def test_a_backstop_account_cannot_be_one_of_the_crowd() -> None:
    """Its money would be counted twice."""
    takeover = TakeoverRules(backstop_accounts=(7,))
    rules = Rules(liquidation=LiquidationRules(takeover=takeover))
    _, instruments = load_venue("generic_linear")
    with pytest.raises(ConfigError, match="expected backstop accounts above 20, found 7"):
        run_shock(rules, instruments, Shock(accounts=20))


def test_a_venue_without_clearing_has_nobody_to_liquidate() -> None:
    """And one without instruments nothing to trade."""
    _, instruments = load_venue("generic_linear")
    with pytest.raises(ConfigError, match="expected a venue with clearing"):
        run_shock(Rules(clearing="none"), instruments, Shock())
    with pytest.raises(ConfigError, match=r"expected at least one \[\[instruments\]\] table"):
        run_shock(Rules(), [], Shock())


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("seed", "expected NAME=VALUE, found 'seed'"),
        ("sed=2", "expected a field of the shock, found 'sed'; nearest: 'seed'"),
        ("seed=x", "seed: expected a number"),
        ("steps=0", "expected steps in 1..100,000, found 0"),
        ("fund=0", "expected fund above 0"),
        ("gap_ppm=1000000", "expected gap_ppm in 0..999,999"),
    ],
)
def test_an_option_that_makes_no_shock_is_refused(pair: str, message: str) -> None:
    """It says which option, what was expected and what was found."""
    with pytest.raises(ConfigError, match=message):
        shock_of([pair])


def test_the_table_has_a_row_per_venue(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order in which they were named."""
    assert main(["shock", "--venue", "okex_2018", "--venue", "generic_linear", *SMALL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["venue", "okex_2018", "generic_linear"]


def test_an_unknown_venue_is_an_error_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere on the command line."""
    assert main(["shock", "--venue", "okex_2019"]) == 2
    assert "nearest: 'okex_2018'" in capsys.readouterr().err


def test_json_is_an_object_per_venue_with_exact_money(capsys: pytest.CaptureFixture[str]) -> None:
    """Decimal text, because dollars of satoshi have more digits than a float."""
    assert main(["shock", "--venue", "bitmex_2020", "--venue", "okex_2018", "--json", *SMALL]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [outcome["venue"] for outcome in told] == ["bitmex_2020", "okex_2018"]
    assert Decimal(told[0]["fund_start"]) == 50_000
    assert len(told[0]["digest"]) == 64


def test_a_shock_to_no_price_is_refused() -> None:
    """A gap of all but a millionth is less than a tick."""
    rules, instruments = load_venue("generic_linear")
    with pytest.raises(ConfigError, match=r"expected prices from 0\.1 .*gap_ppm"):
        run_shock(rules, instruments, Shock(accounts=1, steps=1, gap_ppm=999_999))
    floored = msgspec.structs.replace(instruments[0], min_price_ticks=80_000)
    with pytest.raises(ConfigError, match=r"expected prices from 8,000\.0"):
        run_shock(rules, [floored], Shock(accounts=1, steps=1))


def test_a_crowd_that_may_not_come_in_is_no_shock(capsys: pytest.CaptureFixture[str]) -> None:
    """Positions too large for the instrument: nobody stands there, and no table says that all went well."""
    assert main(["shock", "--venue", "generic_linear", "--option", "price=1", *SMALL]) == 2
    assert "position too large" in capsys.readouterr().err


def test_a_remark_says_that_some_were_refused() -> None:
    """The others are what the table counts."""
    rules, instruments = load_venue("generic_linear")
    tiers = (MarginTier(5_000, max_leverage=20),)
    tight = msgspec.structs.replace(instruments[0], margin_tiers=tiers)
    outcomes = [run_shock(rules, [listed], Shock(accounts=20, steps=5)) for listed in (instruments[0], tight)]
    assert outcomes[0].refused == 0 < outcomes[1].refused
    assert remarks(outcomes)[0].startswith(f"note: generic_linear refused {outcomes[1].refused} ")
    assert len(remarks(outcomes)) == 1
