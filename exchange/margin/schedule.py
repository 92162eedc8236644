"""The margin schedule of one instrument, and its inverse: how far a notional may move and still meet the requirement.

The default is marginal tiers of the notional at mark. A tier's rate applies to the part of the notional inside the
tier. With the deduction of each tier, the sum of (upper rate - lower rate) x boundary, the requirement is rate x
notional - deduction of the tier that holds the notional, and because rates do not fall it is also the greatest of these
over all tiers. Deductions are kept in money x ppb, so that nothing is rounded before the last division.

Every other schedule is, as a function of the notional n at mark, at most the greatest of a few lines rate x n +
constant around the present n (`pieces`): a tier of the kind 'whole' is one line inside that tier, a requirement on the
entry value is a constant. So the range in which it is met has a closed form (`safe_range`); it may be narrower than the
true one and is never wider.
"""

from typing import Final, final

from exchange.instrument import Instrument
from exchange.margin.requirements import (
    closing_fee,
    half_of_initial_ppb,
    open_interest_scaled_margin,
    risk_factor_requirement,
    scaled_requirement,
    size_linear_requirement,
    tier_deductions,
    tier_of,
    tiered_requirement,
    worse_side,
)
from exchange.rules.margin import ScheduleRules
from exchange.units import MAX_EXPOSURE, PPB, PPM, div_ceil, div_floor

TIERS: Final = 0
SIZE_LINEAR: Final = 1
RISK_FACTOR: Final = 2
_KINDS: Final = ("tiers", "size_linear", "risk_factor")

CURRENT: Final = 0
ENTRY: Final = 1
WORSE: Final = 2
_BASES: Final = ("current", "entry", "worse")

WORSE_SIDE: Final = 0
SUM: Final = 1
NONE: Final = 2
_ORDER_MARGINS: Final = ("worse_side", "sum", "none")

UNBOUNDED: Final = -1  # the upper end of a range that has none


@final
class MarginSchedule:
    """One schedule of one instrument. Number 0 is `Instrument.margin`, the others are its `margin_schedules`."""

    def __init__(self, instrument: Instrument, number: int = 0) -> None:
        """Copy the rules; derive the deductions from rates and boundaries."""
        rules: ScheduleRules = instrument.margin if number == 0 else instrument.margin_schedules[number - 1]
        tiers = rules.tiers if len(rules.tiers) > 0 else instrument.margin_tiers
        self.kind: int = _KINDS.index(rules.schedule)
        self.base: int = _BASES.index(rules.base)
        self.order_margin: int = _ORDER_MARGINS.index(rules.order_margin)
        self.has_jumps: bool = rules.tier_kind == "whole"
        self.is_of_used_margin: bool = rules.rate_of == "used_margin" and self.kind == TIERS
        self.counts_orders: bool = rules.orders_in_maintenance
        self.closing_fee_ppm: int = rules.closing_fee_ppm
        self.floor: int = rules.floor
        self.initial_ppm: int = rules.initial_ppm
        self.open_interest_lower: int = rules.open_interest_lower
        self.open_interest_upper: int = rules.open_interest_upper

        self.ends: list[int] = []  # money, inclusive; 0 in the last tier
        self.rates: list[int] = []  # ppb
        self.initial_rates: list[int] = []  # ppb
        self.max_leverages: list[int] = []  # 0: the instrument's
        for tier in tiers:
            is_stated = rules.tier_rate == "stated"
            self.ends.append(tier.up_to)
            self.rates.append(tier.maintenance_ppm * 1_000 if is_stated else half_of_initial_ppb(tier.max_leverage))
            self.initial_rates.append(tier.initial_ppm * 1_000)
            self.max_leverages.append(tier.max_leverage)
        if self.has_jumps:
            self.deductions: list[int] = [tier.deduction * PPB for tier in tiers]  # money x ppb
            self.initial_deductions: list[int] = [0 for _ in tiers]
        else:
            self.deductions = tier_deductions(self.ends, self.rates)
            self.initial_deductions = tier_deductions(self.ends, self.initial_rates)

        linear, factors = rules.size_linear, rules.risk_factor
        is_linear = self.kind == SIZE_LINEAR
        self.long_ppb: int = linear.maintenance_ppb if is_linear else factors.long_ppb
        self.short_ppb: int = linear.maintenance_ppb if is_linear else factors.short_ppb
        self.slippage_ppb: int = 0 if is_linear else factors.slippage_ppb
        self.slope_ppb: int = linear.slope_ppb if is_linear else factors.slippage_slope_ppb
        self.slope_lots: int = linear.slope_lots if is_linear else factors.slope_lots
        self.linear_initial_ppb: int = linear.initial_ppb
        self.initial_scale_ppm: int = factors.initial_scale_ppm

        self.has_tier_leverage: bool = any(most > 0 for most in self.max_leverages)
        has_initial_tiers = any(rate > 0 for rate in self.initial_rates)
        self.has_initial_tiers: bool = has_initial_tiers
        is_default_kind = self.kind == TIERS and not self.has_jumps and not self.is_of_used_margin
        # Marginal tiers of the notional at mark and nothing else: the hot path.
        self.is_plain: bool = is_default_kind and self.base == CURRENT and self.floor == 0 and self.closing_fee_ppm == 0
        # Initial margin is the worse side's notional at mark / leverage and nothing else.
        self.is_initial_plain: bool = (
            self.kind == TIERS
            and self.base == CURRENT
            and self.order_margin == WORSE_SIDE
            and self.initial_ppm == 0
            and not has_initial_tiers
            and not self.has_tier_leverage
        )

    # --- maintenance -------------------------------------------------------------------------------------------

    def maintenance(self, notional: int) -> int:
        """Return the maintenance margin of a notional by the tiers, rounded up: against the account."""
        tier = 0
        last = len(self.ends) - 1
        while tier < last and notional > self.ends[tier]:
            tier += 1
        return max(0, div_ceil(notional * self.rates[tier] - self.deductions[tier], PPB))

    def position_maintenance(
        self, size_lots: int, notional: int, entry: int, leverage: int, bought: int, sold: int
    ) -> int:
        """Return the maintenance margin of a position with its orders, rounded up.

        notional: at mark; entry: |cost|; bought, sold: notional at mark of the resting orders that count, >= 0.
        """
        if size_lots == 0 and bought == 0 and sold == 0:
            return 0
        required = self._required(size_lots, self.based(notional, entry), leverage, bought, sold)
        if size_lots == 0:
            return required
        return max(required, self.floor) + closing_fee(notional, self.closing_fee_ppm)

    def based(self, notional: int, entry: int) -> int:
        """Return the notional that the schedule looks at: at mark, at entry, or the larger."""
        if self.base == CURRENT:
            return notional
        return entry if self.base == ENTRY else max(notional, entry)

    def _required(self, size_lots: int, notional: int, leverage: int, bought: int, sold: int) -> int:
        if self.kind == TIERS:
            tier = tier_of(notional, self.ends)
            return tiered_requirement(notional, self.rates[tier], self.deductions[tier], self._tier_unit(leverage))
        if self.kind == SIZE_LINEAR:
            required = size_linear_requirement(abs(size_lots), notional, self.long_ppb, self.slope_ppb, self.slope_lots)
            return min(required, MAX_EXPOSURE)
        required = risk_factor_requirement(
            size_lots,
            notional,
            bought,
            sold,
            self.long_ppb,
            self.short_ppb,
            self.slippage_ppb,
            self.slope_ppb,
            self.slope_lots,
        )
        return min(required, MAX_EXPOSURE)  # A steep slope would ask for more than there can be.

    def _tier_unit(self, leverage: int) -> int:
        return PPB * leverage if self.is_of_used_margin else PPB

    # --- initial -----------------------------------------------------------------------------------------------

    def initial(
        self,
        signed_notional: int,
        bought: int,
        sold: int,
        signed_lots: int,
        bought_lots: int,
        sold_lots: int,
        leverage: int,
        open_interest: int,
    ) -> int:
        """Return the initial margin of a position with its resting orders: the most that any of its rules asks.

        signed_notional: on the schedule's base, negative for a short. bought, sold: notional of the resting orders at
        their prices. open_interest: of the instrument at mark, money. The rules: exposure / leverage; the tiers'
        initial rates; `initial_ppm`, scaled by the open interest; a size_linear schedule's initial rate. Exposure is
        the worse side, the sum, or the position alone, by `order_margin`. A risk_factor schedule asks `risk_initial`,
        too.
        """
        exposure = self.exposure(signed_notional, bought, sold)
        required = div_ceil(exposure, leverage)
        if self.has_initial_tiers:
            tier = tier_of(exposure, self.ends)
            by_tier = tiered_requirement(exposure, self.initial_rates[tier], self.initial_deductions[tier], PPB)
            required = max(required, by_tier)
        if self.initial_ppm > 0:
            lower, upper = self.open_interest_lower, self.open_interest_upper
            by_rate = open_interest_scaled_margin(exposure, self.initial_ppm, open_interest, lower, upper)
            required = max(required, by_rate)
        if self.kind == SIZE_LINEAR:
            lots = self.exposure(signed_lots, bought_lots, sold_lots)
            by_size = size_linear_requirement(lots, exposure, self.linear_initial_ppb, self.slope_ppb, self.slope_lots)
            required = max(required, min(by_size, MAX_EXPOSURE))
        return required

    def risk_initial(self, size_lots: int, notional: int, bought: int, sold: int) -> int:
        """Return a risk_factor schedule's multiple of maintenance margin, orders included, asked at first; or 0.

        notional: on the schedule's base; bought, sold: notional of the resting orders at mark. Rounded down.
        """
        if self.kind != RISK_FACTOR or self.initial_scale_ppm == 0:
            return 0
        if self.order_margin == NONE:
            bought, sold = 0, 0
        required = self._required(size_lots, notional, 1, bought, sold)
        return min(scaled_requirement(required, self.initial_scale_ppm), MAX_EXPOSURE)

    def exposure(self, signed: int, bought: int, sold: int) -> int:
        """Return how much of a position with its orders counts, in lots or money."""
        if self.order_margin == WORSE_SIDE:
            return worse_side(signed, bought, sold)
        return abs(signed) + bought + sold if self.order_margin == SUM else abs(signed)

    def max_leverage(self, notional: int) -> int:
        """Return the most leverage that the tier of a notional allows; 0: the instrument's."""
        return self.max_leverages[tier_of(notional, self.ends)]

    # --- the inverse -------------------------------------------------------------------------------------------

    def least_notional(self, excess: int) -> int:
        """Return the least n with n - maintenance(n) >= excess before rounding; 0 if every n has. Marginal tiers."""
        least = 0
        for tier in range(len(self.rates)):
            needed = div_ceil(excess * PPB - self.deductions[tier], PPB - self.rates[tier])
            if needed > least:
                least = needed
        return least

    def most_notional(self, excess: int) -> int:
        """Return the greatest n with -n - maintenance(n) >= excess before rounding; negative if none has."""
        most = div_floor(self.deductions[0] - excess * PPB, PPB + self.rates[0])
        for tier in range(1, len(self.rates)):
            allowed = div_floor(self.deductions[tier] - excess * PPB, PPB + self.rates[tier])
            if allowed < most:
                most = allowed
        return most

    def pieces(self, size_lots: int, notional: int, entry: int, leverage: int) -> tuple[int, list[int], list[int]]:
        """Return (denominator, rates, constants): lines (rate x n + constant) / denominator whose greatest bounds the
        requirement of a position without orders from above, as its notional n at mark moves; equal to it at marginal
        tiers, size_linear and risk_factor, before rounding. With `has_jumps` only while n stays in its tier.
        """
        denominator = self._tier_unit(leverage) if self.kind == TIERS else PPB * self.slope_lots
        rates: list[int] = [0]
        constants: list[int] = [self.floor * denominator]
        if self.base != CURRENT:
            rates.append(0)
            constants.append(self._required(size_lots, entry, leverage, 0, 0) * denominator)
        fee = self.closing_fee_ppm * (denominator // PPM)
        if self.base == ENTRY:
            return denominator, [rate + fee for rate in rates], constants
        if self.kind != TIERS:
            side_ppb = self.long_ppb if size_lots > 0 else self.short_ppb
            rates.append((self.slippage_ppb + side_ppb) * self.slope_lots + self.slope_ppb * abs(size_lots))
            constants.append(0)
        elif self.has_jumps:
            tier = tier_of(notional, self.ends)
            rates.append(self.rates[tier])
            constants.append(-self.deductions[tier])
        else:
            for rate, deduction in zip(self.rates, self.deductions, strict=True):
                rates.append(rate)
                constants.append(-deduction)
        return denominator, [rate + fee for rate in rates], constants

    def safe_range(
        self, gains_with_value: bool, excess: int, size_lots: int, notional: int, entry: int, leverage: int
    ) -> tuple[int, int]:
        """Return notionals (least, most) around the present one in which value - requirement >= excess.

        Before rounding. gains_with_value: the position's value is n and not -n. most: UNBOUNDED if there is no upper
        end. A range that does not hold the present notional, or is empty, means that only the present one is known to
        be safe.
        """
        denominator, rates, constants = self.pieces(size_lots, notional, entry, leverage)
        least, most = 0, UNBOUNDED
        if self.has_jumps and self.base != ENTRY:
            tier = tier_of(notional, self.ends)
            least = self.ends[tier - 1] + 1 if tier > 0 else 0
            most = self.ends[tier] if self.ends[tier] > 0 else UNBOUNDED
        for rate, constant in zip(rates, constants, strict=True):
            needed = excess * denominator + constant
            if gains_with_value:
                if rate >= denominator:
                    return notional, notional
                least = max(least, div_ceil(needed, denominator - rate))
            else:
                allowed = div_floor(-needed, denominator + rate)
                most = allowed if most == UNBOUNDED else min(most, allowed)
                if most < 0:
                    return notional, notional
        return least, most


def initial_margin(signed_notional: int, buy_notional: int, sell_notional: int, leverage: int) -> int:
    """Return the initial margin of a leg: the position with the worse side of its resting orders, rounded up.

    signed_notional: the position's, negative for a short. buy_notional, sell_notional: of resting orders, >= 0.
    """
    return div_ceil(worse_side(signed_notional, buy_notional, sell_notional), leverage)
