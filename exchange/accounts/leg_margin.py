"""The margin of one leg, or of a hedged pair of legs, where it is more than tiers at mark and orders over leverage.

Reads the ledger and a market; changes nothing. `Clearing` asks here for what its short way does not cover.
"""

from typing import Final

from mypy_extensions import i64

from exchange.accounts.ledger import (
    BUY_LOTS,
    BUY_NOTIONAL,
    BUY_REDUCING,
    COST,
    FILL_SLOT,
    LEVERAGE,
    OWNER_SLOT,
    PAIR,
    SCHEDULE,
    SELL_LOTS,
    SELL_NOTIONAL,
    SELL_REDUCING,
    SIZE,
    Ledger,
)
from exchange.margin.requirements import netted
from exchange.margin.schedule import MarginSchedule
from exchange.market import Market
from exchange.units import div_ceil

SUM: Final = 0
LARGER: Final = 1
NET: Final = 2
HEDGE_MARGINS: Final = ("sum", "larger", "net")


def value_of(market: Market, size: int, cost: int) -> int:
    """Return the money a size is worth at mark; its cost while there is no mark."""
    if size == 0:
        return 0
    return market.valuation.value(size, market.mark) if market.has_mark else cost


def leverage_of(ledger: Ledger, market: Market, leg: i64) -> int:
    """Return the leverage that a leg's initial margin is computed with."""
    chosen: int = ledger.legs[leg + LEVERAGE]
    default: int = market.default_leverage
    return chosen if chosen != 0 else default


def open_interest_value(market: Market) -> int:
    """Return the open interest at mark, money; 0 without a mark."""
    return market.valuation.notional(market.open_interest, market.mark) if market.has_mark else 0


def counts_orders(ledger: Ledger, market: Market, leg: i64) -> bool:
    """Return whether a leg's resting orders are part of its maintenance margin: by rule, and never in a pocket."""
    legs = ledger.legs
    return market.schedules[legs[leg + SCHEDULE]].counts_orders and ledger.parents[legs[leg + OWNER_SLOT]] == 0


def moves_with_mark(ledger: Ledger, market: Market, leg: i64) -> bool:
    """Return whether a mark can change what a leg is worth or requires."""
    legs = ledger.legs
    if legs[leg + SIZE] != 0:
        return True
    return legs[leg + BUY_LOTS] + legs[leg + SELL_LOTS] != 0 and counts_orders(ledger, market, leg)


def has_special_schedule(market: Market) -> bool:
    """Return whether a market has several schedules, or one that is not marginal tiers and orders over leverage."""
    first = market.schedules[0]
    return len(market.schedules) > 1 or not first.is_plain or not first.is_initial_plain


def is_plain_leg(ledger: Ledger, market: Market, leg: i64) -> bool:
    """Return whether a leg's requirement is by marginal tiers of its own notional at mark and nothing else."""
    legs = ledger.legs
    return market.schedules[legs[leg + SCHEDULE]].is_plain and legs[leg + PAIR] == 0 and legs[leg + SIZE] != 0


def has_simple_range(ledger: Ledger, market: Market, leg: i64, hedge_margin: int) -> bool:
    """Return whether a leg's maintenance margin depends on its own position alone, so that bands can be computed."""
    legs = ledger.legs
    pair = legs[leg + PAIR]
    if pair != 0 and hedge_margin != SUM and legs[pair + SIZE] != 0:
        return False
    return legs[leg + BUY_LOTS] + legs[leg + SELL_LOTS] == 0 or not counts_orders(ledger, market, leg)


def leg_maintenance(ledger: Ledger, market: Market, leg: i64, hedge_margin: int) -> int:
    """Return the maintenance margin of a leg, its part of the pair's where there is one.

    Of a pair that requires the larger side, that side bears it, the leg of the home slot where they are equal; of one
    that is netted, the larger position bears the requirement of the net.
    """
    legs = ledger.legs
    pair = legs[leg + PAIR]
    if pair == 0 or hedge_margin == SUM or legs[pair + SIZE] == 0:
        return _own_maintenance(ledger, market, leg)
    if hedge_margin == LARGER:
        own = _own_maintenance(ledger, market, leg)
        other = _own_maintenance(ledger, market, pair)
        is_home = legs[leg + FILL_SLOT] == legs[leg + OWNER_SLOT]
        return own if own > other or (own == other and is_home) else 0
    size: int = legs[leg + SIZE]
    cost: int = legs[leg + COST]
    other_size: int = legs[pair + SIZE]
    if abs(size) <= abs(other_size):
        return 0
    net = netted(abs(size), abs(other_size))
    if size < 0:
        net = -net
    entry = div_ceil(abs(cost) * abs(net), abs(size))
    notional = abs(value_of(market, net, entry))
    schedule = market.schedules[legs[leg + SCHEDULE]]
    return schedule.position_maintenance(net, notional, entry, leverage_of(ledger, market, leg), 0, 0)


def _own_maintenance(ledger: Ledger, market: Market, leg: i64) -> int:
    legs = ledger.legs
    size: int = legs[leg + SIZE]
    cost: int = legs[leg + COST]
    bought: int = 0
    sold: int = 0
    if counts_orders(ledger, market, leg):
        bought = legs[leg + BUY_NOTIONAL]
        sold = legs[leg + SELL_NOTIONAL]
        if market.has_mark:
            bought = market.valuation.notional(legs[leg + BUY_LOTS] - legs[leg + BUY_REDUCING], market.mark)
            sold = market.valuation.notional(legs[leg + SELL_LOTS] - legs[leg + SELL_REDUCING], market.mark)
    schedule = market.schedules[legs[leg + SCHEDULE]]
    notional = abs(value_of(market, size, cost))
    return schedule.position_maintenance(size, notional, abs(cost), leverage_of(ledger, market, leg), bought, sold)


class Added:
    """What a new order would add to a leg: lots and notional of either side, all >= 0 for an order that is new."""

    def __init__(self) -> None:
        """Nothing."""
        self.bought: int = 0
        self.sold: int = 0
        self.bought_lots: int = 0
        self.sold_lots: int = 0


def initial_margin_of(
    ledger: Ledger,
    market: Market,
    schedule: MarginSchedule,
    leg: i64,
    hedge_margin: int,
    leverage: int,
    added: Added,
) -> int:
    """Return the initial margin of a leg, or of its whole pair where the pair does not simply add up, with an order."""
    pair = ledger.legs[leg + PAIR]
    own = _exposed_leg(ledger, market, schedule, leg)
    own.add_order(added)
    if pair == 0 or hedge_margin == SUM:
        return own.initial(market, schedule, leverage)
    other = _exposed_leg(ledger, market, schedule, pair)
    if hedge_margin == LARGER:
        other_leverage = leverage_of(ledger, market, pair)
        return max(own.initial(market, schedule, leverage), other.initial(market, schedule, other_leverage))
    own.notional += other.notional
    own.lots += other.lots
    own.bought += other.bought
    own.sold += other.sold
    own.bought_lots += other.bought_lots
    own.sold_lots += other.sold_lots
    return own.initial(market, schedule, leverage)


def first_initial_margin(market: Market, schedule: MarginSchedule, leverage: int, added: Added) -> int:
    """Return the initial margin of the first order of an account that has no leg yet."""
    own = _Exposed(0)
    own.add_order(added)
    return own.initial(market, schedule, leverage)


def exposure_of(ledger: Ledger, market: Market, schedule: MarginSchedule, leg: i64, added: Added) -> int:
    """Return the notional of a leg (0: none yet) with its orders and a new one, as its tier is looked up."""
    own = _exposed_leg(ledger, market, schedule, leg)
    return schedule.exposure(own.notional, own.bought + added.bought, own.sold + added.sold)


class _Exposed:
    """Position and resting orders of a leg, signed where they have a side."""

    def __init__(self, notional: int) -> None:
        self.notional: int = notional
        self.lots: int = 0
        self.bought: int = 0
        self.sold: int = 0
        self.bought_lots: int = 0
        self.sold_lots: int = 0

    def add_order(self, added: Added) -> None:
        self.bought += added.bought
        self.sold += added.sold
        self.bought_lots += added.bought_lots
        self.sold_lots += added.sold_lots

    def initial(self, market: Market, schedule: MarginSchedule, leverage: int) -> int:
        required = schedule.initial(
            self.notional,
            self.bought,
            self.sold,
            self.lots,
            self.bought_lots,
            self.sold_lots,
            leverage,
            open_interest_value(market),
        )
        bought, sold = self.bought, self.sold
        if market.has_mark:
            bought = market.valuation.notional(self.bought_lots, market.mark)
            sold = market.valuation.notional(self.sold_lots, market.mark)
        return max(required, schedule.risk_initial(self.lots, abs(self.notional), bought, sold))


def _exposed_leg(ledger: Ledger, market: Market, schedule: MarginSchedule, leg: i64) -> _Exposed:
    """Return what a leg has; nothing where there is none (0)."""
    if leg == 0:
        return _Exposed(0)
    legs = ledger.legs
    size: int = legs[leg + SIZE]
    cost: int = legs[leg + COST]
    notional = schedule.based(abs(value_of(market, size, cost)), abs(cost))
    exposed = _Exposed(-notional if size < 0 else notional)
    exposed.lots = size
    exposed.bought = legs[leg + BUY_NOTIONAL]
    exposed.sold = legs[leg + SELL_NOTIONAL]
    exposed.bought_lots = legs[leg + BUY_LOTS] - legs[leg + BUY_REDUCING]
    exposed.sold_lots = legs[leg + SELL_LOTS] - legs[leg + SELL_REDUCING]
    return exposed
