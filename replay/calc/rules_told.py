"""Which rules of a venue an answer stands on, as its file has them."""

from typing import Any

from replay.calc.market import Market


def header(market: Market, name: str) -> dict[str, Any]:
    """Return what every answer begins with."""
    return {"calculator": name, "venue": market.rules.name, "instrument": market.symbol}


def margin_rules(market: Market) -> tuple[str, ...]:
    """Return the rules that maintenance follows from, as the venue file has them."""
    fact = market.instrument
    told = []
    previous = 0
    for tier in fact.margin_tiers:
        span = f"above {market.money(previous)}" if previous else "from 0"
        upper = f" up to {market.money(tier.up_to)}" if tier.up_to else ""
        told.append(f"margin_tiers: maintenance_ppm = {tier.maintenance_ppm} of the notional {span}{upper}")
        previous = tier.up_to
    if fact.kind == "spot":
        told.append("(margin_tiers are of a loan of coins, on its value)")
        for haircut in fact.spot.collateral_weights:
            told.append(f"spot.collateral_weights: ppm = {haircut.ppm} of the coins' value counts")
        for tier_of_debt in market.rules.borrow.maintenance_tiers:
            told.append(f"borrow.maintenance_tiers: ppm = {tier_of_debt.ppm} of borrowed money")
    return tuple(told)


def liquidation_rules(market: Market) -> tuple[str, ...]:
    """Return the rules that say how accounts are liquidated and who pays for them."""
    rules = market.rules
    return (
        f"liquidation.order = {rules.liquidation.order}, surplus = {rules.liquidation.surplus}",
        f"waterfall = {', '.join(rules.waterfall) or 'nothing'}: who pays what an account cannot, in this order",
        f"fund.opening = {market.money(rules.fund.opening)}, mark_source = {market.instrument.mark_source}",
    )
