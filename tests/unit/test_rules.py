"""Every way in which rules can be wrong, and what the error says."""

from typing import Any

import msgspec
import pytest

from exchange.errors import ConfigError
from exchange.rules import FundRules, LiquidationRules, OrderRules, Rules, load_rules
from exchange.units import MAX_MONEY, MAX_PRICE_TICKS


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
        ({"liquidation": {"max_attempts": 0}}, "liquidation: expected max_attempts"),
        ({"liquidation": {"max_attempts": 1_000_001}}, "liquidation: expected max_attempts"),
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
