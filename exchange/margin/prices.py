"""At which price a position is liquidated, bankrupt, or closed for its share of an account's equity.

Pure functions of integers; a price that need not be a whole tick is a fraction (numerator, denominator > 0) in ticks,
so that nothing is rounded before `price_in_ticks`: up for a long, down for a short, so that a close at the result never
needs the insurance fund. Everything is solved in notional n first: a linear long and an inverse short are worth n, a
linear short and an inverse long -n; equity = balance + value - cost.
"""

from exchange.margin.valuation import Valuation
from exchange.units import PPB, PPM, div_ceil, div_floor


def breaking_notional(
    gains_with_value: bool, excess: int, rate: int, constant: int, denominator: int
) -> tuple[int, int]:
    """Return the notional n at which value - requirement = excess, as a fraction; it may be negative.

    value: n or, not gains_with_value, -n. requirement: (rate x n + constant) / denominator.
    Raises ValueError where the requirement grows with n as fast as the value, or faster.
    """
    needed = excess * denominator + constant
    if gains_with_value and rate >= denominator:
        raise ValueError(f"expected a rate below 100 %, found {rate} / {denominator}")
    return (needed, denominator - rate) if gains_with_value else (-needed, denominator + rate)


def price_of_notional(valuation: Valuation, lots: int, numerator: int, denominator: int) -> tuple[int, int]:
    """Return the price at which `lots` > 0 are worth a notional (a fraction, denominator > 0), as a fraction in ticks.

    Raises ValueError for an inverse instrument and a notional <= 0: no price gives it.
    """
    per_tick, divisor = valuation.tick_value, valuation.divisor
    if not valuation.is_inverse:
        return numerator * divisor, lots * per_tick * denominator
    if numerator <= 0:
        raise ValueError(f"expected a notional > 0 of an inverse position, found {numerator} / {denominator}")
    return lots * per_tick * denominator, numerator * divisor


def price_in_ticks(numerator: int, denominator: int, size_lots: int, step_ticks: int = 1) -> int:
    """Return a price as a multiple of `step_ticks`: up for a long, down for a short.

    Source: Bybit, inverse contracts.
    """
    round_safely = div_ceil if size_lots > 0 else div_floor
    return round_safely(numerator, denominator * step_ticks) * step_ticks


def gains_with_value(valuation: Valuation, size_lots: int) -> bool:
    """Return whether a position's value is its notional (linear long, inverse short), and not minus it."""
    return (size_lots > 0) != valuation.is_inverse


def liquidation_price(
    valuation: Valuation, size_lots: int, cost: int, balance: int, rate_ppb: int, constant: int
) -> tuple[int, int]:
    """Return the price at which balance + value - cost = rate x notional + constant, as a fraction in ticks.

    The maintenance margin of one tier on the current notional: its rate, and minus its deduction. Of the entry
    notional: rate 0, and the requirement. A closing fee charged on an amount that is known adds to the constant. For
    isolated margin the balance is the position's own, for cross what the account has beside it.
    Raises ValueError if size_lots is 0, or where no price of an inverse instrument has it.
    """
    if size_lots == 0:
        raise ValueError("expected a position, found size_lots=0")
    is_gaining = gains_with_value(valuation, size_lots)
    numerator, denominator = breaking_notional(is_gaining, cost - balance, rate_ppb, constant * PPB, PPB)
    return price_of_notional(valuation, abs(size_lots), numerator, denominator)


def bankruptcy_price(valuation: Valuation, size_lots: int, cost: int, balance: int, fee_ppm: int) -> tuple[int, int]:
    """Return the price at which closing the whole position, its fee included, leaves equity 0; a fraction in ticks.

    balance + value - cost - fee x notional = 0. Raises ValueError as `liquidation_price`.
    """
    return liquidation_price(valuation, size_lots, cost, balance, fee_ppm * (PPB // PPM), 0)


def share_of_equity(equity: int, own_maintenance: int, total_maintenance: int) -> int:
    """Return the share of an account's equity that goes with a maintenance margin, rounded down.

    All of it where the account has no other requirement. Source: dYdX v4, FTX (partial zero price).
    """
    if total_maintenance <= 0 or own_maintenance == total_maintenance:
        return equity
    return div_floor(equity * own_maintenance, total_maintenance)


def bankruptcy_value(
    size_lots: int, change_lots: int, change_of_value: int, equity: int, freed_maintenance: int, total_maintenance: int
) -> int:
    """Return the money that closing a part of a position must bring, so that it takes its share of the equity along.

    Positive: must be received at least; negative: may be paid at most. -(change of value) - equity x |change of
    maintenance| / total maintenance, rounded up: against the trader.

    change_lots: signed, against the size; change_of_value: of the account's positions at mark by the change.
    Raises ValueError for a change that does not shrink the position. Source: dYdX v4, liquidations keeper.
    """
    is_shrinking = (size_lots > 0 > change_lots >= -size_lots) or (size_lots < 0 < change_lots <= -size_lots)
    if not is_shrinking:
        raise ValueError(f"expected a change that closes a part of {size_lots} lots, found {change_lots}")
    return -change_of_value - share_of_equity(equity, freed_maintenance, total_maintenance)


def value_before_fee(quote: int, is_gaining: bool, fee_ppm: int) -> int:
    """Return the value that a close must have so that `quote` is left when its fee is paid, rounded up.

    quote, and the result: signed like the value of the position, n or, not gaining, -n.
    Source: Bybit, inverse contracts.
    """
    return div_ceil(quote * PPM, PPM - fee_ppm if is_gaining else PPM + fee_ppm)


def assisted_price(size_lots: int, numerator: int, denominator: int, improvement_ppm: int) -> tuple[int, int]:
    """Return a bankruptcy price moved against the position by what the fund adds to the order; a fraction in ticks.

    A long's is lowered, a short's raised, by `improvement_ppm` of it. Source: BTSE, insurance fund.
    """
    moved = PPM - improvement_ppm if size_lots > 0 else PPM + improvement_ppm
    return numerator * moved, denominator * PPM
