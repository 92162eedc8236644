"""What it costs to hold a position over a time at a price that does not move: funding and interest.

The position is held on a real venue (`owe`), whose clock charges what its rules say, when they say it.
"""

from typing import NamedTuple

from exchange.errors import ConfigError
from exchange.units import Lots, Money, Ticks, div_ceil
from replay.calc.market import Market
from replay.calc.owe import what_is_owed, without_fees
from replay.calc.plan import Outcome, Plan


class HoldingCost(NamedTuple):
    """What was paid; negative amounts were received. deposit: what stood behind the position."""

    notional: Money
    deposit: Money
    interest: Money
    funding: Money
    outcome: Outcome


def holding_cost(
    market: Market, size_lots: Lots, price: Ticks, leverage: int, hours: int, funding_ppb: int | None
) -> HoldingCost:
    """Return what a position of a signed size costs over whole hours, without trading fees.

    funding_ppb: rate of each payment, where the market has funding; None: as the rules make it of a mark and an index
    that agree. A spot position is held with notional / leverage of own money, or coins. Raises ConfigError where the
    venue refuses the position, or liquidates it for what it costs.
    """
    market = without_fees(market)
    fact = market.instrument
    if funding_ppb is not None and fact.funding.interval_ns == 0:
        raise ConfigError(f"--funding-rate: expected none, since {fact.symbol} has no funding, found one")
    notional = market.valuation.notional(size_lots, price)
    is_spot = fact.kind == "spot"
    # Behind a perp stands as much as it needs to live through what it pays, so that only the cost is told.
    deposit = max(1, div_ceil(notional, leverage)) if is_spot else 4 * notional + 1_000_000
    plan = Plan(
        product="spot" if is_spot else "perp",
        is_long=size_lots > 0,
        deposit=deposit,
        leverage=leverage,
        entry=price,
        exit=price,
        steps=hours,
        hours=hours,
        lots=abs(size_lots),
        funding_ppb=funding_ppb,
    )
    found = what_is_owed(market, plan)
    if found.liquidations:
        raise ConfigError(
            f"--hours: expected a time that {market.money(deposit)} last, found one in which they do not: "
            f"interest {market.money(found.costs.interest)}"
        )
    return HoldingCost(notional, deposit, found.costs.interest, found.costs.funding, found)
