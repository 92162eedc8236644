"""What positions and orders require, one rule a function: tiers, rates that grow with size or open interest, netting.

Pure functions of integers. Notionals and requirements are money >= 0; rates are ppb (1e-9) or ppm of the notional.
Requirements are rounded up, against the account; a multiple of a requirement is rounded down, from the rounded value.
"""

from exchange.units import PPB, PPM, div_ceil, div_floor


def tier_deductions(ends: list[int], rates: list[int]) -> list[int]:
    """Return what each tier takes off rate x notional so that the requirement does not jump at a boundary.

    ends: inclusive end of each tier in money, ascending; the last one is not read. rates: one for each tier.
    deduction[n] = deduction[n - 1] + end[n - 1] x (rate[n] - rate[n - 1]), in money x the unit of the rates: exact.
    """
    deductions: list[int] = []
    deduction, boundary, previous_rate = 0, 0, 0
    for end, rate in zip(ends, rates, strict=True):
        deduction += (rate - previous_rate) * boundary
        deductions.append(deduction)
        boundary, previous_rate = end, rate
    return deductions


def half_of_initial_ppb(max_leverage: int) -> int:
    """Return the maintenance rate that is half of the initial rate at a leverage: 1 / (2 x leverage), rounded up.

    Source: Hyperliquid, margin tiers.
    """
    return div_ceil(PPB, 2 * max_leverage)


def tier_of(notional: int, ends: list[int]) -> int:
    """Return the number of the tier that holds a notional; an end belongs to the tier that it ends."""
    tier = 0
    last = len(ends) - 1
    while tier < last and notional > ends[tier]:
        tier += 1
    return tier


def tiered_requirement(notional: int, rate: int, deduction: int, denominator: int) -> int:
    """Return (rate x notional - deduction) / denominator, rounded up, at least 0: a tier's requirement."""
    return max(0, div_ceil(notional * rate - deduction, denominator))


def size_linear_requirement(lots: int, notional: int, rate_ppb: int, slope_ppb: int, slope_lots: int) -> int:
    """Return (rate + slope x lots / slope_lots) x notional, rounded up. Source: Deribit, futures specifications."""
    return div_ceil(notional * (rate_ppb * slope_lots + slope_ppb * lots), PPB * slope_lots)


def risk_factor_requirement(
    size_lots: int,
    notional: int,
    bought: int,
    sold: int,
    long_ppb: int,
    short_ppb: int,
    slippage_ppb: int,
    slope_ppb: int,
    slope_lots: int,
) -> int:
    """Return the larger of the long and the short side's requirement, rounded up.

    The position's: notional x (slippage + slope x lots / slope_lots + factor of its side). Resting orders of a side
    (bought, sold: their notional at mark) add the side's factor, without slippage. Source: Vega, margin calculations.
    """
    if_long = bought * long_ppb * slope_lots
    if_short = sold * short_ppb * slope_lots
    if size_lots > 0:
        if_long += notional * ((slippage_ppb + long_ppb) * slope_lots + slope_ppb * size_lots)
    else:
        if_short += notional * ((slippage_ppb + short_ppb) * slope_lots - slope_ppb * size_lots)
    return div_ceil(max(if_long, if_short), PPB * slope_lots)


def open_interest_scaled_margin(notional: int, base_ppm: int, open_interest: int, lower: int, upper: int) -> int:
    """Return the initial margin by a rate that rises from the base to 100 % with the open interest, rounded up.

    rate = base + clamp((open interest - lower) / (upper - lower), 0, 1) x (1 - base); upper 0: the base.
    Source: dYdX v4, liquidity tiers.
    """
    span = upper - lower
    if upper == 0 or span <= 0:
        return div_ceil(notional * base_ppm, PPM)
    above = min(max(open_interest - lower, 0), span)
    return div_ceil(notional * (base_ppm * span + above * (PPM - base_ppm)), PPM * span)


def scaled_requirement(requirement: int, scale_ppm: int) -> int:
    """Return a multiple of a requirement, rounded down: a level of a ladder. Source: Vega, margin levels."""
    return div_floor(requirement * scale_ppm, PPM)


def worse_side(signed: int, bought: int, sold: int) -> int:
    """Return what a position could become: |signed + bought| or |signed - sold|, the larger; lots or money."""
    return max(abs(signed + bought), abs(signed - sold))


def netted(long_amount: int, short_amount: int) -> int:
    """Return |long - short| of amounts >= 0: what a pair is looked up by where its sides are netted. Source: HTX."""
    return abs(long_amount - short_amount)


def isolated_excess(balance: int, unrealized: int, kept: int) -> int:
    """Return what an isolated position's balance, less an unrealized loss, is above what has to stay; at least 0.

    Never more than the balance: an unrealized profit is not there to be taken out.
    """
    return max(0, min(balance, balance + min(0, unrealized) - kept))


def closing_fee(notional: int, fee_ppm: int) -> int:
    """Return what closing a notional costs, rounded up. Source: Bybit, OKX: maintenance covers the liquidation fee."""
    return div_ceil(notional * fee_ppm, PPM)
