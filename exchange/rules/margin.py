"""Conventions of margin: what a position and its orders require, and how accounts may separate it."""

from typing import Final, Literal

import msgspec

from exchange.units import MAX_EXPOSURE, MAX_LEVERAGE, MAX_MONEY, MAX_QTY_LOTS, PPB, PPM
from exchange.validation import check_types, expect

_MOST_SCALE_PPM: Final = 1_000 * PPM


class MarginTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rates of the part of a position's notional that lies above the previous tier's end.

    up_to: end of the tier in money, inclusive; 0 in the last tier, which has no end.
    maintenance_ppm: rate on that part (`tier_kind` marginal: rates must not fall from tier to tier, so that the
        requirement is convex) or on the whole notional (whole).
    initial_ppm: rate of the initial margin, 0: leverage alone decides. Read like the maintenance rate.
    max_leverage: the most leverage that a position of this notional may have; 0: the instrument's.
    deduction: money taken off rate x notional; only where `tier_kind` is whole.
    """

    maintenance_ppm: int
    up_to: int = 0
    initial_ppm: int = 0
    max_leverage: int = 0
    deduction: int = 0


class SizeLinear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates that grow with the size: (rate + slope x size) x notional. Rates in ppb of the notional.

    slope_ppb: added for every `slope_lots` lots of the position.
    """

    maintenance_ppb: int = 0
    initial_ppb: int = 0
    slope_ppb: int = 0
    slope_lots: int = 1


class RiskFactors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates by side with slippage: notional x (slippage + slope x size + factor of the side); in ppb of the notional.

    slippage_slope_ppb: added for every `slope_lots` lots. initial_scale_ppm: initial margin as a multiple of
    maintenance, rounded down; 0: none.
    """

    long_ppb: int = 0
    short_ppb: int = 0
    slippage_ppb: int = 0
    slippage_slope_ppb: int = 0
    slope_lots: int = 1
    initial_scale_ppm: int = 0


class ScheduleRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an instrument's margin follows from a position and its orders. Every requirement is rounded up.

    schedule: 'tiers', 'size_linear' or 'risk_factor': which of the parts below gives the maintenance margin.
    tiers: of this schedule; empty: the instrument's `margin_tiers`.
    tier_kind: 'marginal', each tier's rate on the part of the notional inside it; or 'whole', the tier's rate on the
        whole notional less the tier's own deduction, which may jump at a boundary.
    tier_rate: maintenance rates are 'stated'; or 'half_of_initial': 1 / (2 x max_leverage) of the tier, to the ppb, up.
    rate_of: tier rates are of the 'notional', or of the 'used_margin': notional / leverage of the account.
    base: the notional is the 'current' one at mark, the one at 'entry' (|cost|), or the 'worse', which is the larger.
    closing_fee_ppm: the fee of closing at mark, which the maintenance margin covers on top of the schedule; bankruptcy
        prices leave it to be paid.
    floor: the least maintenance margin of an open position, money.
    initial_ppm: a rate of initial margin besides leverage; 0: none. With open_interest_upper > 0 it rises to 100 % as
        the open interest at mark goes from open_interest_lower to open_interest_upper (money).
    order_margin: resting orders count for the 'worse_side', as if all bids or all asks were filled; as 'sum' on top of
        the position; or 'none'.
    orders_in_maintenance: resting orders of a risk_factor schedule count in the maintenance margin, in cross margin.
    """

    schedule: Literal["tiers", "size_linear", "risk_factor"] = "tiers"
    tiers: tuple[MarginTier, ...] = ()
    tier_kind: Literal["marginal", "whole"] = "marginal"
    tier_rate: Literal["stated", "half_of_initial"] = "stated"
    rate_of: Literal["notional", "used_margin"] = "notional"
    size_linear: SizeLinear = SizeLinear()
    risk_factor: RiskFactors = RiskFactors()
    base: Literal["current", "entry", "worse"] = "current"
    closing_fee_ppm: int = 0
    floor: int = 0
    initial_ppm: int = 0
    open_interest_lower: int = 0
    open_interest_upper: int = 0
    order_margin: Literal["worse_side", "sum", "none"] = "worse_side"
    orders_in_maintenance: bool = False

    def __post_init__(self) -> None:
        """Refuse a schedule that could not be applied; the instrument checks its tiers. Raises ConfigError."""
        where = "margin"
        check_types(self, where)
        linear, factors = self.size_linear, self.risk_factor
        rate = linear.maintenance_ppb
        expect(0 <= rate < PPB, where, "size_linear.maintenance_ppb in 0 .. below 100 %", rate)
        for name, rate in (
            ("risk_factor.long_ppb", factors.long_ppb),
            ("risk_factor.short_ppb", factors.short_ppb),
            ("risk_factor.slippage_ppb", factors.slippage_ppb),
        ):
            # A requirement above the notional is legal: Vega's own scenarios close whoever trades that way.
            expect(0 <= rate <= 100 * PPB, where, f"{name} in 0..{100 * PPB}", rate)
        for name, rate in (
            ("size_linear.initial_ppb", linear.initial_ppb),
            ("size_linear.slope_ppb", linear.slope_ppb),
            ("risk_factor.slippage_slope_ppb", factors.slippage_slope_ppb),
        ):
            expect(0 <= rate <= PPB, where, f"{name} in 0..{PPB}", rate)
        for name, lots in (
            ("size_linear.slope_lots", linear.slope_lots),
            ("risk_factor.slope_lots", factors.slope_lots),
        ):
            expect(1 <= lots <= MAX_QTY_LOTS, where, f"{name} >= 1", lots)
        scale = factors.initial_scale_ppm
        expect(0 <= scale <= _MOST_SCALE_PPM, where, "risk_factor.initial_scale_ppm in 0..10**9", scale)
        expect(0 <= self.closing_fee_ppm < PPM // 2, where, "closing_fee_ppm in 0..499,999", self.closing_fee_ppm)
        expect(0 <= self.floor <= MAX_EXPOSURE, where, "floor >= 0", self.floor)
        expect(0 <= self.initial_ppm <= PPM, where, "initial_ppm in 0..1,000,000", self.initial_ppm)
        lower, upper = self.open_interest_lower, self.open_interest_upper
        expect(0 <= lower <= MAX_MONEY, where, "open_interest_lower >= 0", lower)
        expect(upper == 0 or lower < upper <= MAX_MONEY, where, "open_interest_upper 0, or above the lower", upper)
        is_counted = self.schedule == "risk_factor" or not self.orders_in_maintenance
        expect(is_counted, where, "orders_in_maintenance only with schedule risk_factor", self.orders_in_maintenance)

    def check_tiers(self, tiers: tuple[MarginTier, ...], where: str) -> None:
        """Refuse tiers that do not ascend, have no end, or do not fit their kind. Raises ConfigError."""
        expect(len(tiers) > 0, where, "at least one margin tier", tiers)
        previous_end, previous_rate, previous_initial = 0, 0, 0
        is_whole, is_derived = self.tier_kind == "whole", self.tier_rate == "half_of_initial"
        for position, tier in enumerate(tiers):
            is_last = position == len(tiers) - 1
            named = f"margin_tiers[{position}]"
            rate, initial = tier.maintenance_ppm, tier.initial_ppm
            lowest = 0 if is_whole else previous_rate
            expect(lowest <= rate < PPM, where, f"{named} rate not below the last, < 100 %", rate)
            lowest = 0 if is_whole else previous_initial
            expect(lowest <= initial <= PPM, where, f"{named}.initial_ppm not below the last, <= 100 %", initial)
            expect(is_last == (tier.up_to == 0), where, f"{named}.up_to 0 in the last tier and only there", tier.up_to)
            is_above = is_last or previous_end < tier.up_to <= MAX_MONEY
            expect(is_above, where, f"{named}.up_to above the last", tier.up_to)
            most = tier.max_leverage
            expect(0 <= most <= MAX_LEVERAGE, where, f"{named}.max_leverage in 0..{MAX_LEVERAGE}", most)
            if is_derived:
                expect(rate == 0, where, f"{named}.maintenance_ppm 0 where tier_rate is half_of_initial", rate)
                expect(most > 0, where, f"{named}.max_leverage where tier_rate is half_of_initial", most)
                earlier = tiers[position - 1].max_leverage
                expect(
                    is_whole or position == 0 or most <= earlier,
                    where,
                    f"{named}.max_leverage not above the last",
                    most,
                )
            is_fitting = tier.deduction == 0 or (is_whole and 0 < tier.deduction <= MAX_MONEY)
            expect(is_fitting, where, f"{named}.deduction 0, or > 0 where tier_kind is whole", tier.deduction)
            previous_end, previous_rate, previous_initial = tier.up_to, rate, initial


class MarginRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How accounts may separate margin.

    isolated_return: what a pocket gives back when its orders or its position change: 'excess', what its balance less
        an unrealized loss is above its initial margin and the margin that was added by hand; or 'flat', nothing
        until it has neither position nor orders. Then everything goes back under either rule.
    hedge_margin: of a long and a short in one instrument: the 'sum' of both, the 'larger' one, or that of the 'net'.
    """

    isolated_return: Literal["excess", "flat"] = "excess"
    hedge_margin: Literal["sum", "larger", "net"] = "sum"
