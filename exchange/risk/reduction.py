"""How much of a position one liquidation order closes. Pure functions of integers; lots are unsigned.

A position's notional stands for what it is worth at mark. Where money becomes lots, what is closed is rounded up (so
that a shortage is covered) and what a cap allows is rounded down (so that it is kept).
"""

from exchange.margin.requirements import tier_of
from exchange.units import PPM, div_ceil, div_floor


def fraction_of(lots: int, fraction_ppm: int) -> int:
    """Return a fraction of a position, rounded up: at least one lot of any. Source: Deribit, per step."""
    return div_ceil(lots * fraction_ppm, PPM)


def lots_to_lower_tier(lots: int, notional: int, tier_ends: list[int], tiers: int) -> int:
    """Return what must be closed to stand `tiers` tiers lower; all of it from the lowest `tiers` tiers.

    What is kept is rounded down, so that it is inside the tier. Source: BitMEX, OKX (two tiers), Gate (one).
    """
    tier = tier_of(notional, tier_ends)
    if tier < tiers:
        return lots
    return lots - div_floor(lots * tier_ends[tier - tiers], notional)


def lots_to_lowest_tier(lots: int, notional: int, tier_ends: list[int]) -> int:
    """Return what must be closed to stand in the lowest tier; all of it from there. Source: OKEx 2019."""
    tier = tier_of(notional, tier_ends)
    return lots_to_lower_tier(lots, notional, tier_ends, max(tier, 1))


def fraction_first(
    lots: int, notional: int, threshold: int, fraction_ppm: int, since_partial_ns: int, cooldown_ns: int
) -> int:
    """Return a fraction above a notional, the whole otherwise and during the cooldown after such a fraction.

    since_partial_ns: since the last order of this kind, -1 if there was none. Source: Hyperliquid.
    """
    is_cooling = 0 <= since_partial_ns < cooldown_ns
    return fraction_of(lots, fraction_ppm) if notional > threshold and not is_cooling else lots


def buffered_shortage(equity: int, requirement: int, notional: int, loss: int, buffer_ppm: int) -> int:
    """Return how much equity an account lacks to hold its requirement and a buffer on top, 0 if nothing.

    The buffer is a share, rounded up, of the notional and of `loss` (an unrealized loss >= 0, where it counts).
    Source: Drift.
    """
    return max(0, requirement + div_ceil(buffer_ppm * (notional + loss), PPM) - equity)


def lots_to_cover(lots: int, shortage: int, freed_by_whole: int) -> int:
    """Return how much must be closed to cover a shortage, rounded up; all of it where that does not suffice.

    freed_by_whole: the requirement that closing all lots would free, less what closing them costs. With marginal rates
    a part frees at least its proportion, so that the result covers. Source: Drift, size = shortage / (p x (mr - fees)).
    """
    if freed_by_whole <= shortage:
        return lots
    return div_ceil(lots * shortage, freed_by_whole)


def ramped_ppm(elapsed_ns: int, ramp_ns: int, initial_ppm: int, step_ppm: int) -> int:
    """Return the share of a shortage that may be freed after so much time, on a grid of `step_ppm`, rounded down."""
    if elapsed_ns >= ramp_ns:
        return PPM
    grown = div_floor(elapsed_ns * PPM, ramp_ns * step_ppm) * step_ppm
    return min(PPM, initial_ppm + grown)


def ramped_shortage(shortage: int, freed: int, share_ppm: int, step_ppm: int) -> int:
    """Return the part of a shortage that may be freed now: so that at most a share of it all has been freed by then.

    freed: what this liquidation has freed already. The part is taken as a share of what is still short, on a grid of
    `step_ppm`, rounded down; so is the money. Source: Drift, calculate_max_pct_to_liquidate.
    """
    allowed = div_floor(share_ppm * (shortage + freed), PPM) - freed
    if allowed <= 0 or shortage <= 0:
        return 0
    part_ppm = min(PPM, div_floor(allowed * PPM, shortage * step_ppm) * step_ppm)
    return div_floor(shortage * part_ppm, PPM)


def ramped_fee_ppm(elapsed_ns: int, grace_ns: int, base_ppm: int, most_ppm: int, step_ns: int, step_ppm: int) -> int:
    """Return a fee that grows with time in distress: `step_ppm` for each `step_ns`, once the grace period is over.

    Counted from the start, not from the end of the grace; never above `most_ppm`. Source: Drift, get_liquidation_fee.
    """
    if elapsed_ns < grace_ns:
        return base_ppm
    return min(most_ppm, base_ppm + div_floor(elapsed_ns, step_ns) * step_ppm)


def notional_bounds(notional: int, min_notional: int, max_notional: int, max_portion_ppm: int) -> tuple[int, int]:
    """Return the least and the most notional of one order. max_notional: 0 is none. The least wins. Source: dYdX."""
    most = div_floor(notional * max_portion_ppm, PPM)
    if 0 < max_notional < most:
        most = max_notional
    return min_notional, max(most, min_notional)


def lots_within(lots: int, wanted: int, notional: int, least: int, most: int) -> int:
    """Return the wanted lots of a position brought between bounds of notional; never more than are held."""
    if notional <= 0:
        return wanted
    at_most = min(lots, div_floor(lots * most, notional))
    at_least = min(lots, div_ceil(lots * least, notional))
    return max(min(wanted, at_most), at_least)


def with_dust(lots: int, closed: int, notional: int, dust_notional: int) -> int:
    """Return what is closed, the rest of the position included where that would be worth less than dust."""
    left = lots - closed
    return lots if left * notional < dust_notional * lots else closed


def share_cap(volume_lots: int, share_ppm: int) -> int:
    """Return the lots that a share of a volume allows, rounded up. Source: Vega, max_fraction_of_book_side."""
    return div_ceil(volume_lots * share_ppm, PPM)


def volume_cap(traded_lots: int, share_ppm: int) -> int:
    """Return the lots that a share of what was traded meanwhile allows, rounded down: what is left over adds up."""
    return div_floor(traded_lots * share_ppm, PPM)
