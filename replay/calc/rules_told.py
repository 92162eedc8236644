"""Which rules of a venue an answer stands on, as its file has them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from replay.calc.market import Market


def header(market: Market, name: str) -> dict[str, Any]:
    """Return what every answer begins with."""
    return {"calculator": name, "venue": market.rules.name, "instrument": market.symbol}


def margin_rules(market: Market) -> tuple[str, ...]:
    """Return the rules that maintenance follows from: the tiers, and what else is not at its default."""
    fact = market.instrument
    told = []
    previous = 0
    for tier in fact.margin_tiers:
        span = f"above {market.money(previous)}" if previous else "from 0"
        upper = f" up to {market.money(tier.up_to)}" if tier.up_to else ""
        told.append(f"margin_tiers: maintenance_ppm = {tier.maintenance_ppm} of the notional {span}{upper}")
        previous = tier.up_to
    schedule = getattr(fact, "margin", None)
    if schedule is not None:
        told += changed("margin", schedule)
    if fact.kind == "spot":
        told.append("(margin_tiers are of a loan of coins, on its value)")
        for haircut in fact.spot.collateral_weights:
            told.append(f"spot.collateral_weights: ppm = {haircut.ppm} of the coins' value counts")
        for tier_of_debt in market.rules.borrow.maintenance_tiers:
            told.append(f"borrow.maintenance_tiers: ppm = {tier_of_debt.ppm} of borrowed money")
    return (*told, *changed("levels", market.rules.levels))


def liquidation_rules(market: Market) -> tuple[str, ...]:
    """Return the rules that say how accounts are liquidated and who pays for them."""
    rules = market.rules
    told = [
        f"liquidation.order = {rules.liquidation.order}, surplus = {rules.liquidation.surplus}",
        f"waterfall = {', '.join(rules.waterfall) or 'nothing'}: who pays what an account cannot, in this order",
        f"fund.opening = {market.money(rules.fund.opening)}, mark_source = {market.instrument.mark_source}",
    ]
    parts = ["levels", "liquidation", "deleveraging", "socialization", "debt", "guards"]
    if market.instrument.kind == "spot":
        parts.append("borrow")
    for name in parts:
        told += changed(name, getattr(rules, name))
    return tuple(told)


def changed(name: str, rules: msgspec.Struct) -> Iterator[str]:
    """Yield the fields of a part of the rules that are not at their defaults, as a venue file writes them."""
    for field, default in zip(rules.__struct_fields__, _defaults(type(rules)), strict=True):
        value = getattr(rules, field)
        if value != default:
            yield f"{name}.{field} = {_written(value)}"


def _defaults(kind: type[msgspec.Struct]) -> tuple[Any, ...]:
    plain = kind()
    return tuple(getattr(plain, field) for field in kind.__struct_fields__)


def _written(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return msgspec.json.encode(plain).decode().replace('"', "'")
