"""What order-matching scenarios need of a venue: features that it has or lacks, and rules for each convention."""

from collections.abc import Iterator
from typing import Any, Final

from exchange.rules import AllocationRules, OrderRules, PhaseRules, Rules

# What a scenario may require. False is what the venue lacks; a name that is not listed counts as lacking, too.
FEATURES: Final = {
    "limit": True,
    "market": True,
    "market_to_limit": True,
    "stop": True,
    "stop_limit": True,
    "trigger_direction": True,
    "ioc": True,
    "fok": True,
    "fok_budget": True,
    "iceberg": True,
    "min_display": True,
    "post_only": True,
    "reduce_only": True,
    "amend": True,
    "amend_total_qty": True,
    "replace": True,
    "cancel": True,
    "mass_cancel": True,
    "auction": True,
    "owner_check": True,
    "id_reuse": True,
}

# The values of a convention that the venue can follow, each with the order rules that make it do so.
CONVENTIONS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "stop_trigger": {
        "last_trade": {"stop_trigger_source": "last"},
        "opposite_best": {"stop_trigger_source": "opposite_best"},
    },
    "stop_trigger_when_side_empty": {
        "wait": {"trigger_when_side_empty": "wait"},
        "fire": {"trigger_when_side_empty": "fire"},
    },
    "reduce_only_excess": {"cap_on_entry": {"reduce_only_excess": "cap"}},
    "stop_order": {"trigger_price_then_time": {}},
    "amend_qty_down": {
        "keep_priority": {"amend_qty_down": "keep_priority"},
        "lose_priority": {"amend_qty_down": "lose_priority"},
    },
    "amend_qty_up": {"lose_priority": {}},
    "amend_price": {"lose_priority_and_match": {}},
    "amend_below_filled": {
        "cancel": {"amend_below_filled": "cancel"},
        "reject": {"amend_below_filled": "reject"},
    },
    "stp": {
        "none": {"self_trade": "allow"},
        "cancel_maker": {"self_trade": "cancel_maker"},
        "cancel_taker": {"self_trade": "cancel_taker"},
    },
    "iceberg_refresh": {
        "when_empty_to_back": {"iceberg_refresh": "when_gone"},
        "when_below_min_display_to_back": {"iceberg_refresh": "below_min_display"},
    },
    "iceberg_amend_up": {
        "keep_priority": {"iceberg_amend_up": "keep_priority"},
        "lose_priority": {"iceberg_amend_up": "lose_priority"},
    },
    "allocation": {"fifo": {}, "pro_rata": {}},  # a rule of the instrument: ALLOCATIONS
    "auction_price": {"max_volume_then_min_surplus_then_max_price": {}},
}
# And with the phase rules.
PHASE_CONVENTIONS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "auction_price": {"max_volume_then_min_surplus_then_max_price": {"auction_price": "highest"}},
}

ALLOCATIONS: Final = {
    "fifo": AllocationRules(),
    "pro_rata": AllocationRules(method="pro_rata", leftovers="time"),
}

DEFAULT_CONVENTIONS: Final = {
    "stop_trigger": "last_trade",
    "stop_trigger_when_side_empty": "wait",
    "stop_order": "trigger_price_then_time",
    "amend_qty_down": "keep_priority",
    "amend_qty_up": "lose_priority",
    "amend_price": "lose_priority_and_match",
    "stp": "none",
    "iceberg_refresh": "when_empty_to_back",
    "iceberg_amend_up": "lose_priority",
    "allocation": "fifo",
}

# Not among the schema's conventions, but told by its scenarios: the remainder of a market order is dropped, a market
# order has no collar, a post-only order that would take is refused, a stop that is touched already is elected at once.
SCHEMA_RULES: Final = {
    "market_remainder": "cancel",
    "market_protection": "none",
    "post_only_cross": "reject",
    "stop_already_touched": "elect",
}

# The features that an operation uses by its form, whether or not the scenario lists them.
OP_FEATURES: Final = {
    "new": "limit",
    "cancel": "cancel",
    "mass_cancel": "mass_cancel",
    "amend": "amend",
    "replace": "replace",
    "auction_begin": "auction",
    "uncross": "auction",
}
FIELD_FEATURES: Final = {
    "display": "iceberg",
    "min_display": "min_display",
    "post_only": "post_only",
    "reduce_only": "reduce_only",
    "budget": "fok_budget",
    "total_qty": "amend_total_qty",
}
PLAIN_FIELDS: Final = {
    "new": {"op", "id", "side", "type", "qty", "price", "tif", "owner", "trigger"},
    "cancel": {"op", "id", "owner"},
    "mass_cancel": {"op", "owner", "side"},
    "amend": {"op", "id", "price", "open_qty", "owner"},
    "replace": {"op", "id", "new_id", "price", "qty", "owner"},
}
COMPARE_MODES: Final = {"exact", "coalesced", "per_order"}
NATURAL_DIRECTIONS: Final = {"buy": "up", "sell": "down"}


def missing_feature(scenario: dict[str, Any]) -> str:
    """Return the first thing a scenario needs that the venue lacks, or an empty string."""
    for feature in scenario.get("requires") or []:
        if not FEATURES.get(feature, False):
            return str(feature)
    for name, value in (scenario.get("conventions") or {}).items():
        if value not in CONVENTIONS.get(name, {}):
            return f"{name}={value}"
    for feature in used_features(scenario["ops"]):
        if not FEATURES.get(feature, False):
            return feature
    compare = scenario.get("compare") or "exact"
    return "" if compare in COMPARE_MODES else f"compare={compare}"


def used_features(ops: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what operations need by their form; a field that is not in the schema's tables is yielded by its name."""
    for op in ops:
        yield OP_FEATURES.get(op["op"], op["op"])
        for field, value in op.items():
            if field in FIELD_FEATURES:
                if value not in (None, False):
                    yield FIELD_FEATURES[field]
            elif field not in PLAIN_FIELDS.get(op["op"], {"op"}):
                yield field
        if op["op"] == "new":
            if op["type"] != "limit":
                yield op["type"]
            if op.get("tif") not in (None, "GTC"):
                yield op["tif"].lower()


def rules_of(scenario: dict[str, Any]) -> Rules:
    """Return the venue's rules under a scenario's conventions."""
    orders = dict(SCHEMA_RULES)
    for name, value in {
        **DEFAULT_CONVENTIONS,
        **(scenario.get("conventions") or {}),
    }.items():
        orders.update(CONVENTIONS[name][value])
    clearing = "margin" if needs_positions(scenario) else "none"
    return Rules(name=scenario["id"], clearing=clearing, orders=OrderRules(**orders))  # type: ignore[arg-type]


def needs_positions(scenario: dict[str, Any]) -> bool:
    """Return whether the venue has to know what its accounts hold."""
    return "reduce_only" in used_features(scenario["ops"])


def phases_of(scenario: dict[str, Any]) -> PhaseRules:
    """Return the instrument's phase rules under a scenario's conventions."""
    phases: dict[str, Any] = {}
    for name, value in (scenario.get("conventions") or {}).items():
        phases.update(PHASE_CONVENTIONS.get(name, {}).get(value, {}))
    return PhaseRules(**phases)


def allocation_of(scenario: dict[str, Any]) -> AllocationRules:
    """Return how the instrument shares out what is taken at one price under a scenario's conventions."""
    return ALLOCATIONS[(scenario.get("conventions") or {}).get("allocation", "fifo")]
