"""Venue files: rules and instruments from TOML, with errors that name the key."""

from pathlib import Path

import pytest

from exchange.errors import ConfigError
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import (
    AllocationRules,
    BandRules,
    BorrowRules,
    BreakerRules,
    DisposalRules,
    DynamicBandRules,
    FundingRules,
    FundRules,
    IndexRules,
    LevelRules,
    LimitRules,
    LiquidationRules,
    MarginRules,
    MarkRules,
    OrderRules,
    PacingRules,
    PhaseRules,
    PriceRules,
    ProtectionRules,
    RateTier,
    ReductionRules,
    Rules,
    ScheduleRules,
    SettlementRules,
    SpotTerms,
    StopLogicRules,
    TakeoverRules,
)
from exchange.rules.margin import RiskFactors, SizeLinear
from replay import venues
from replay.venues import load_instruments, load_venue, preset_names

MARKET = '[[instruments]]\ninstrument_id = 1\nsymbol = "BTC-PERP"\n'


def load(tmp_path, text: str):
    path = tmp_path / "venue.toml"
    path.write_text(text)
    return load_venue(path)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_by_name(name):
    """A preset is a file like any other, and bears its own name."""
    rules, instruments = load_venue(name)
    assert rules.name == name
    assert instruments


def test_the_generic_preset_spells_out_every_field():
    """It doubles as the reference: nothing may be missing from it, and every rule stands at its default."""
    rules, _ = load_venue("generic_linear")
    assert rules == Rules(name="generic_linear")
    lines = Path(venues.__file__).with_name("generic_linear.toml").read_text().splitlines()
    pricing = (MarkRules, IndexRules, FundingRules, SettlementRules)
    liquidation = (LiquidationRules, ReductionRules, PriceRules, PacingRules, TakeoverRules, DisposalRules)
    phases = (PhaseRules, BreakerRules, BandRules, DynamicBandRules, LimitRules, StopLogicRules)
    margin = (MarginTier, MarginRules, ScheduleRules, SizeLinear, RiskFactors)
    for struct in (
        Rules,
        OrderRules,
        AllocationRules,
        ProtectionRules,
        *phases,
        *liquidation,
        LevelRules,
        BorrowRules,
        RateTier,
        SpotTerms,
        LiquidationRules,
        FundRules,
        Instrument,
        FeeSchedule,
        *margin,
        *pricing,
    ):
        for field in struct.__struct_fields__:
            folders = ("rules", "rules.liquidation", "instruments", "instruments.margin", "instruments.breakers")
            tables = tuple(f"{bracket}{folder}.{field}]" for folder in folders for bracket in ("[", "[["))
            assert any(
                line.startswith((f"{field} = ", *tables)) or f"{{ {field} = " in line or f", {field} = " in line
                for line in lines
            ), field


def test_rules_and_instruments_are_read(tmp_path):
    """Tables become Structs; numbers with a point may stand without quotes and stay exact."""
    rules, (instrument,) = load(
        tmp_path,
        '[rules]\nname = "mine"\nwaterfall = ["socialize"]\n[rules.liquidation]\nmax_attempts = 5\n'
        + MARKET
        + "tick_size = 0.10\n[[instruments.margin_tiers]]\nmaintenance_ppm = 7\n",
    )
    assert rules == Rules(name="mine", waterfall=("socialize",), liquidation=LiquidationRules(max_attempts=5))
    assert instrument.tick_size == "0.10"
    assert instrument.margin_tiers[0].maintenance_ppm == 7


def test_an_empty_file_is_the_default_venue_without_instruments(tmp_path):
    """Every rule has a default; a reader that needs instruments says so."""
    assert load(tmp_path, "") == (Rules(), ())
    with pytest.raises(ConfigError, match=r"venue\.toml: instruments: expected at least one"):
        load_instruments(tmp_path / "venue.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rule]\n", ": rule: expected a known key, found 'rule'; nearest: 'rules'"),
        ("[rules.liquidation]\nmax_atempts = 1\n", ": rules.liquidation.max_atempts: .* nearest: 'max_attempts'"),
        (MARKET + "tik_size = 1\n", r": instruments\[0\].tik_size: .* nearest: 'tick_size'"),
        (
            MARKET + "[[instruments.margin_tiers]]\nmaintenance_ppm = 1\nupto = 1\n",
            r": instruments\[0\].margin_tiers\[0\].upto: .* nearest: 'up_to'",
        ),
        (
            "[rules.liquidation]\nmax_attempts = 1.5\n",
            ": rules.liquidation.max_attempts: Expected `int`, got `str`, found '1.5'",
        ),
        (
            '[rules.orders]\nself_trade = "ok"\n',
            ": rules.orders.self_trade: Invalid enum value .ok., found .ok.; expected one of .allow., ",
        ),
        (
            "[rules.liquidation]\norder = 5\n",
            ": rules.liquidation.order: .*, found 5; expected one of 'ioc_at_bank",
        ),
        (
            '[rules]\nwaterfall = "fund"\n',
            ": rules.waterfall: Expected `array`.*; expected a list out of 'own_collateral', ",
        ),
        (MARKET + 'mark = { sources = ["lst"] }\n', r": .*sources\[0\]: Invalid .*; expected one of 'last', "),
        ("[rules.liquidation]\nmax_attempts = 0\n", ": rules.liquidation: expected max_attempts in 1"),
        ('[rules]\nwaterfall = ["fund", "gods"]\n', r": rules.waterfall\[1\]: Invalid .*, found 'gods'"),
        ('[[instruments]]\nsymbol = "X"\n', r": instruments\[0\]: .*missing required field `instrument_id`"),
        (MARKET + "max_leverage = 0\n", ": instrument 'BTC-PERP': expected max_leverage in 1"),
        (MARKET + MARKET, r": instruments\[1\].instrument_id: expected a value of its own, found 1"),
        ("rules = 5\n", ": rules: Expected `object`, got `int`, found 5"),
        ("[rules]\nname = \n", r": expected TOML, found: .*line 2"),
    ],
)
def test_an_error_names_the_file_the_key_and_what_was_expected(tmp_path, text, message):
    """An unknown key is a rule that would silently not apply, so it is refused."""
    with pytest.raises(ConfigError, match=r"venue\.toml" + message):
        load(tmp_path, text)


def test_an_unknown_preset_or_an_absent_file_is_refused(tmp_path):
    """The nearest preset is named."""
    with pytest.raises(ConfigError, match="found 'generic_liner'; nearest: 'generic_linear'"):
        load_venue("generic_liner")
    with pytest.raises(ConfigError, match=r"absent\.toml: expected a readable file, found none"):
        load_venue(tmp_path / "absent.toml")
