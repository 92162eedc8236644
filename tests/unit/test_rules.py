"""Every way in which rules can be wrong, and what the error says."""

from typing import Any

import msgspec
import pytest

import exchange.rules
from exchange.errors import ConfigError
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import (
    DisposalRules,
    FundRules,
    LevelRules,
    LiquidationRules,
    OrderRules,
    PacingRules,
    PriceRules,
    ReductionRules,
    Rules,
    TakeoverRules,
    load_rules,
)
from exchange.units import MAX_MONEY, MAX_PRICE_TICKS

RULE_CLASSES = [
    kind for kind in vars(exchange.rules).values() if isinstance(kind, type) and hasattr(kind, "__post_init__")
]


def test_defaults_are_valid_and_load_from_nothing() -> None:
    """Every rule has a default."""
    assert load_rules({}) == Rules()
    assert load_rules(msgspec.to_builtins(Rules())) == Rules()


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"orders": {"protection_amount": -1}}, "orders: expected protection_amount"),
        ({"orders": {"protection_amount": MAX_PRICE_TICKS + 1}}, "orders: expected protection_amount"),
        (
            {"orders": {"market_protection": "ppm", "protection_amount": 1_000_000}},
            "orders: expected protection_amount",
        ),
        ({"waterfall": ["fund", "debt", "socialize"]}, "rules: expected waterfall with nothing behind"),
        ({"waterfall": ["session", "write_off"]}, "rules: expected waterfall with nothing behind"),
        ({"liquidation": {"max_attempts": 0}}, "liquidation: expected max_attempts"),
        ({"liquidation": {"max_attempts": 1_000_001}}, "liquidation: expected max_attempts"),
        ({"liquidation": {"lifetime_ns": -1}}, "liquidation: expected lifetime_ns"),
        ({"liquidation": {"order": "limit"}}, "liquidation: expected lifetime_ns > 0"),
        (
            {"liquidation": {"order": "limit", "lifetime_ns": 1, "fee": "capped_by_surplus"}},
            "liquidation: expected fee",
        ),
        ({"liquidation": {"order": "none", "remainder": []}}, "liquidation: expected a remainder"),
        ({"liquidation": {"remainder": ["fund", "fund"]}}, "liquidation: expected remainder without"),
        ({"liquidation": {"remainder": ["backstop"]}}, "liquidation: expected takeover.backstop_accounts"),
        ({"liquidation": {"surplus_fund_ppm": 1_000_001}}, "liquidation: expected surplus_fund_ppm"),
        ({"liquidation": {"fee_most_ppm": -1}}, "liquidation: expected fee_most_ppm"),
        ({"liquidation": {"fee_step_ns": 0}}, "liquidation: expected fee_step_ns"),
        ({"liquidation": {"fee_grace_ns": -1}}, "liquidation: expected fee_grace_ns"),
        ({"liquidation": {"recheck": False, "reduction": {"kind": "ramp"}}}, "liquidation: expected recheck"),
        ({"liquidation": {"pacing": {"is_fund_guarded": True}}}, "liquidation: expected fee"),
        ({"liquidation": {"pacing": {"fund_loss": 5}}}, "liquidation: expected fee"),
        ({"liquidation": {"reduction": {"tiers": 0}}}, "reduction: expected tiers"),
        ({"liquidation": {"reduction": {"fraction_ppm": 0}}}, "reduction: expected fraction_ppm"),
        ({"liquidation": {"reduction": {"buffer_ppm": -1}}}, "reduction: expected buffer_ppm"),
        ({"liquidation": {"reduction": {"threshold": MAX_MONEY + 1}}}, "reduction: expected threshold"),
        ({"liquidation": {"reduction": {"ramp_ns": -1}}}, "reduction: expected ramp_ns"),
        ({"liquidation": {"price": {"offset_ppm": 1_000_000}}}, "price: expected offset_ppm"),
        ({"liquidation": {"price": {"spread_ppm": 1_000_001}}}, "price: expected spread_ppm"),
        ({"liquidation": {"price": {"bankruptcy_adjustment_ppm": -1}}}, "price: expected bankruptcy_adjustment_ppm"),
        ({"liquidation": {"pacing": {"interval_ns": -1}}}, "pacing: expected interval_ns"),
        ({"liquidation": {"pacing": {"account_notional": -1}}}, "pacing: expected account_notional"),
        ({"liquidation": {"pacing": {"chance_ppm": 0}}}, "pacing: expected chance_ppm"),
        ({"liquidation": {"pacing": {"seed": -1}}}, "pacing: expected seed"),
        ({"liquidation": {"takeover": {"mark_share_ppm": 1_000_001}}}, "takeover: expected mark_share_ppm"),
        ({"liquidation": {"takeover": {"fund_cap_ppm": -1}}}, "takeover: expected fund_cap_ppm"),
        ({"liquidation": {"takeover": {"backstop_accounts": [0]}}}, "takeover: expected backstop_accounts"),
        ({"liquidation": {"takeover": {"backstop_accounts": [3, 3]}}}, "takeover: expected backstop_accounts"),
        ({"liquidation": {"disposal": {"step_ns": -1}}}, "disposal: expected step_ns"),
        ({"liquidation": {"disposal": {"fraction_ppm": 0}}}, "disposal: expected fraction_ppm"),
        ({"liquidation": {"disposal": {"full_lots": -1}}}, "disposal: expected full_lots"),
        ({"liquidation": {"disposal": {"slippage_ppm": 1_000_000}}}, "disposal: expected slippage_ppm"),
        ({"levels": {"notice_ppm": -1}}, "levels: expected notice_ppm"),
        ({"levels": {"liquidation_ppm": 0}}, "levels: expected liquidation_ppm"),
        ({"levels": {"notice_ppm": 1_000_000}}, "levels: expected levels that fall"),
        ({"levels": {"notice_ppm": 1_100_000, "restriction_ppm": 1_200_000}}, "levels: expected levels that fall"),
        ({"levels": {"backstop_ppm": 1_000_001}}, "levels: expected levels that fall"),
        ({"fund": {"opening": -1}}, "fund: expected opening"),
        ({"fund": {"opening": MAX_MONEY + 1}}, "fund: expected opening"),
        ({"fund": {"floor": -1}}, "fund: expected floor"),
        ({"fund": {"floor": MAX_MONEY + 1}}, "fund: expected floor"),
        ({"waterfall": ["fund", "fund"]}, "expected waterfall"),
    ],
)
def test_values_out_of_range(mapping: dict[str, Any], field: str) -> None:
    """The message names the field and shows what was found."""
    with pytest.raises(ConfigError, match=field) as caught:
        load_rules(mapping)
    assert "expected" in str(caught.value)
    assert "found" in str(caught.value)


@pytest.mark.parametrize(
    "mapping",
    [
        {"clearing": "both"},
        {"name": 5},
        {"nonsense": 1},
        {"orders": {"nonsense": 1}},
        {"liquidation": {"nonsense": 1}},
        {"orders": 5},
        *({"orders": {name: "nonsense"}} for name in OrderRules.__struct_fields__),
        *({"liquidation": {name: "nonsense"}} for name in LiquidationRules.__struct_fields__),
        *(
            {"liquidation": {part: {name: "nonsense"}}}
            for part, struct in (
                ("reduction", ReductionRules),
                ("price", PriceRules),
                ("pacing", PacingRules),
                ("takeover", TakeoverRules),
                ("disposal", DisposalRules),
            )
            for name in struct.__struct_fields__
        ),
        *({"levels": {name: "nonsense"}} for name in LevelRules.__struct_fields__),
        *({"fund": {name: "nonsense"}} for name in FundRules.__struct_fields__),
        {"fund": {"opening": 1.5}},
        {"liquidation": {"recheck": 1}},
        {"waterfall": ["venue"]},
    ],
    ids=str,
)
def test_unknown_names_and_wrong_types(mapping: dict[str, Any]) -> None:
    """msgspec's error comes as a ConfigError, with the path."""
    with pytest.raises(ConfigError, match="rules: "):
        load_rules(mapping)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(orders=OrderRules(market_protection="ppm", protection_amount=999_999)),
        Rules(orders=OrderRules(market_protection="ticks", protection_amount=MAX_PRICE_TICKS)),
        Rules(liquidation=LiquidationRules(max_attempts=1_000_000), waterfall=()),
        Rules(fund=FundRules(opening=MAX_MONEY, floor=MAX_MONEY)),
        Rules(waterfall=("socialize", "fund")),
        Rules(clearing="none"),
    ],
    ids=lambda rules: str(msgspec.to_builtins(rules)),
)
def test_values_at_their_limits_load(rules: Rules) -> None:
    """The other side of each limit; and a round trip through plain values."""
    assert load_rules(msgspec.to_builtins(rules)) == rules


def test_rules_are_frozen() -> None:
    """Components copy what they need; a change would not reach them."""
    with pytest.raises(AttributeError):
        Rules().clearing = "none"  # type: ignore[misc]


def test_the_openings_of_all_parts_of_the_fund_are_money() -> None:
    """Together they are at most what may enter at all."""
    facts = [Instrument(instrument_id=number, symbol=str(number)) for number in (1, 2)]
    rules = Rules(fund=FundRules(scope="per_instrument", opening=MAX_MONEY // 2))
    Exchange(facts, rules).check()
    with pytest.raises(ConfigError, match=r"rules\.fund\.opening"):
        Exchange([*facts, Instrument(instrument_id=3, symbol="3")], rules)
    Exchange([*facts, Instrument(instrument_id=3, symbol="3")], Rules(fund=FundRules(opening=MAX_MONEY))).check()


@pytest.mark.parametrize("kind", RULE_CLASSES, ids=lambda kind: kind.__name__)
def test_a_field_of_the_wrong_type_is_no_type_error(kind: type[msgspec.Struct]) -> None:
    """Also where a caller makes the rules, and not a file."""
    for field in kind.__struct_fields__:
        with pytest.raises(ConfigError, match=field):
            kind(**{field: object()})
