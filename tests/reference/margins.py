"""What a position and its orders require by a margin schedule (docs/semantics/margin.md, section 1).

Everything is an exact fraction until the one rounding that the page names.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from exchange.instrument import Instrument, MarginTier, ScheduleRules

PPM = 1_000_000
PPB = 1_000_000_000
MOST = 2**56 - 1  # of what grows with the position: no more than it may be worth


@dataclass(slots=True)
class Held:
    """One leg as a schedule sees it: signed lots, its notional at mark and at entry, and the orders that count."""

    size: int
    notional: int
    entry: int
    leverage: int
    buy_lots: int = 0
    sell_lots: int = 0
    buy_notional: int = 0
    sell_notional: int = 0
    bought_at_mark: int = 0
    sold_at_mark: int = 0
    open_interest: int = 0


def tiers_of(schedule: ScheduleRules, instrument: Instrument) -> tuple[MarginTier, ...]:
    """Return the schedule's tiers, or the instrument's."""
    return schedule.tiers or instrument.margin_tiers


def tier_of(tiers: tuple[MarginTier, ...], notional: int) -> MarginTier:
    """Return the tier that holds a notional."""
    return next(tier for tier in tiers if tier.up_to == 0 or notional <= tier.up_to)


def maintenance_ppb(schedule: ScheduleRules, tier: MarginTier) -> int:
    """Return the maintenance rate of a tier."""
    if schedule.tier_rate == "half_of_initial":
        return ceil_div(PPB, 2 * tier.max_leverage)
    return tier.maintenance_ppm * 1_000


def by_tiers(
    schedule: ScheduleRules, tiers: tuple[MarginTier, ...], rates: list[int], notional: int, divisor: int, *, less: bool
) -> int:
    """Return what tiers require. `less`: their deductions count."""
    if schedule.tier_kind == "whole":
        place = tiers.index(tier_of(tiers, notional))
        total = notional * rates[place] - (tiers[place].deduction * PPB if less else 0)
    else:
        total, start = 0, 0
        for tier, rate in zip(tiers, rates, strict=True):
            end = notional if tier.up_to == 0 else min(notional, tier.up_to)
            total += max(0, end - start) * rate
            start = tier.up_to
    return max(0, ceil_div(total, PPB * divisor))


def ceil_div(a: int, b: int) -> int:
    """Return a / b rounded up."""
    return -(-a // b)


def base_of(schedule: ScheduleRules, held: Held) -> int:
    """Return the notional on which the schedule's rates are."""
    if schedule.base == "current":
        return held.notional
    return held.entry if schedule.base == "entry" else max(held.notional, held.entry)


def by_risk_factors(schedule: ScheduleRules, held: Held, bought: int, sold: int) -> int:
    """Return what the worse side requires, with so much bought and sold besides."""
    factors, base = schedule.risk_factor, base_of(schedule, held)
    slippage = factors.slippage_ppb + Fraction(factors.slippage_slope_ppb * abs(held.size), factors.slope_lots)
    long, short = Fraction(bought * factors.long_ppb), Fraction(sold * factors.short_ppb)
    if held.size > 0:
        long += base * (slippage + factors.long_ppb)
    if held.size < 0:
        short += base * (slippage + factors.short_ppb)
    return ceil(max(long, short) / PPB)


def maintenance(schedule: ScheduleRules, instrument: Instrument, held: Held) -> int:
    """Return the maintenance margin of a leg."""
    bought, sold = (held.bought_at_mark, held.sold_at_mark) if schedule.orders_in_maintenance else (0, 0)
    if held.size == 0 and bought == 0 and sold == 0:
        return 0
    base = base_of(schedule, held)
    if schedule.schedule == "tiers":
        tiers = tiers_of(schedule, instrument)
        rates = [maintenance_ppb(schedule, tier) for tier in tiers]
        divisor = held.leverage if schedule.rate_of == "used_margin" else 1
        required = by_tiers(schedule, tiers, rates, base, divisor, less=True)
    elif schedule.schedule == "size_linear":
        linear = schedule.size_linear
        rate = linear.maintenance_ppb + Fraction(linear.slope_ppb * abs(held.size), linear.slope_lots)
        required = min(MOST, ceil(base * rate / PPB))
    else:
        required = min(MOST, by_risk_factors(schedule, held, bought, sold))
    if held.size == 0:
        return required
    return max(required, schedule.floor) + ceil_div(held.notional * schedule.closing_fee_ppm, PPM)


def exposure(schedule: ScheduleRules, position: int, buys: int, sells: int) -> int:
    """Return what the position and its orders may come to."""
    if schedule.order_margin == "worse_side":
        return max(abs(position + buys), abs(position - sells))
    return abs(position) + (buys + sells if schedule.order_margin == "sum" else 0)


def exposed_notional(schedule: ScheduleRules, held: Held) -> int:
    """Return the exposure in money."""
    base = base_of(schedule, held)
    return exposure(schedule, base if held.size > 0 else -base, held.buy_notional, held.sell_notional)


def initial(schedule: ScheduleRules, instrument: Instrument, held: Held) -> int:
    """Return the initial margin of a leg: the largest of what applies."""
    exposed = exposed_notional(schedule, held)
    required = [ceil_div(exposed, held.leverage)]
    tiers = tiers_of(schedule, instrument)
    if any(tier.initial_ppm > 0 for tier in tiers):
        rates = [tier.initial_ppm * 1_000 for tier in tiers]
        required.append(by_tiers(schedule, tiers, rates, exposed, 1, less=False))
    if schedule.initial_ppm > 0:
        required.append(ceil(exposed * initial_rate(schedule, held.open_interest) / PPM))
    if schedule.schedule == "size_linear":
        linear = schedule.size_linear
        lots = exposure(schedule, held.size, held.buy_lots, held.sell_lots)
        rate = linear.initial_ppb + Fraction(linear.slope_ppb * lots, linear.slope_lots)
        required.append(min(MOST, ceil(exposed * rate / PPB)))
    if schedule.schedule == "risk_factor":
        is_counted = schedule.order_margin != "none"
        bought, sold = (held.bought_at_mark, held.sold_at_mark) if is_counted else (0, 0)
        factors = by_risk_factors(schedule, held, bought, sold)
        required.append(min(MOST, floor(Fraction(factors * schedule.risk_factor.initial_scale_ppm, PPM))))
    return max(required)


def initial_rate(schedule: ScheduleRules, open_interest: int) -> Fraction:
    """Return the rate of initial margin besides leverage, in ppm; it rises with the open interest."""
    lower, upper = schedule.open_interest_lower, schedule.open_interest_upper
    if upper == 0:
        return Fraction(schedule.initial_ppm)
    risen = min(max(Fraction(open_interest - lower, upper - lower), Fraction(0)), Fraction(1))
    return schedule.initial_ppm + risen * (PPM - schedule.initial_ppm)


def most_leverage(schedule: ScheduleRules, instrument: Instrument, held: Held) -> int:
    """Return the most leverage that the tier of the exposure allows, 0 for no limit."""
    return tier_of(tiers_of(schedule, instrument), exposed_notional(schedule, held)).max_leverage
