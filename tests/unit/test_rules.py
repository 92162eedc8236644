"""Every way in which rules can be wrong, and what the error says."""

from typing import Any

import msgspec
import pytest

from exchange.errors import ConfigError
from exchange.rules import OrderRules, RiskRules, Rules, load_rules
from exchange.units import MAX_MONEY, MAX_PRICE_TICKS


def test_defaults_are_valid_and_load_from_nothing() -> None:
    """Every rule has a default."""
    assert load_rules({}) == Rules()
    assert load_rules(msgspec.to_builtins(Rules())) == Rules()


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"orders": {"protection_amount": -1}}, "orders.protection_amount"),
        ({"orders": {"protection_amount": MAX_PRICE_TICKS + 1}}, "orders.protection_amount"),
        ({"orders": {"market_protection": "ppm", "protection_amount": 1_000_000}}, "orders.protection_amount"),
        ({"risk": {"max_attempts": 0}}, "risk.max_attempts"),
        ({"risk": {"max_attempts": 1_000_001}}, "risk.max_attempts"),
        ({"risk": {"fund_opening": -1}}, "risk.fund_opening"),
        ({"risk": {"fund_opening": MAX_MONEY + 1}}, "risk.fund_opening"),
        ({"risk": {"fund_floor": -1}}, "risk.fund_floor"),
        ({"risk": {"fund_floor": MAX_MONEY + 1}}, "risk.fund_floor"),
        ({"risk": {"waterfall": ["fund", "fund"]}}, "risk.waterfall"),
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
        {"risk": {"nonsense": 1}},
        {"orders": 5},
        *({"orders": {name: "nonsense"}} for name in OrderRules.__struct_fields__),
        *({"risk": {name: "nonsense"}} for name in RiskRules.__struct_fields__),
        {"risk": {"fund_opening": 1.5}},
        {"risk": {"recheck": 1}},
        {"risk": {"waterfall": ["venue"]}},
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
        Rules(risk=RiskRules(max_attempts=1_000_000, fund_opening=MAX_MONEY, fund_floor=MAX_MONEY, waterfall=())),
        Rules(risk=RiskRules(waterfall=("socialize", "fund"))),
        Rules(clearing="none"),
    ],
    ids=lambda rules: str(msgspec.to_builtins(rules.risk)),
)
def test_values_at_their_limits_load(rules: Rules) -> None:
    """The other side of each limit; and a round trip through plain values."""
    assert load_rules(msgspec.to_builtins(rules)) == rules


def test_rules_are_frozen() -> None:
    """Components copy what they need; a change would not reach them."""
    with pytest.raises(AttributeError):
        Rules().clearing = "none"  # type: ignore[misc]
