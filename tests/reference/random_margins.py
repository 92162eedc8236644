"""Random margin schedules."""

from exchange.instrument import MarginTier, ScheduleRules
from exchange.rules.margin import RiskFactors, SizeLinear
from tests.reference.random_source import Source, one_in, pick


def make_schedule(source: Source, lot_money: int) -> ScheduleRules:
    """Return a schedule, in a third of the cases the default one."""
    if one_in(source, 3):
        return ScheduleRules()
    lower, upper = pick(source, ((0, 0), (0, 0), (0, 20 * lot_money), (10 * lot_money, 50 * lot_money)))
    kind = pick(source, ("tiers", "tiers", "size_linear", "risk_factor"))
    tier_rate = pick(source, ("stated", "stated", "half_of_initial"))
    tier_kind = pick(source, ("marginal", "whole"))
    return ScheduleRules(
        schedule=kind,  # type: ignore[arg-type]
        tiers=make_tiers(source, lot_money, is_derived=tier_rate == "half_of_initial", is_whole=tier_kind == "whole"),
        tier_kind=tier_kind,  # type: ignore[arg-type]
        tier_rate=tier_rate,  # type: ignore[arg-type]
        rate_of=pick(source, ("notional", "notional", "used_margin")),
        size_linear=SizeLinear(
            maintenance_ppb=pick(source, (5_000_000, 0, 33_333_333)),
            initial_ppb=pick(source, (0, 10_000_000, 123_456_789)),
            slope_ppb=pick(source, (0, 1_000_001, 20_000_000)),
            slope_lots=pick(source, (1, 7)),
        ),
        risk_factor=RiskFactors(
            long_ppb=pick(source, (10_000_000, 0, 55_555_555)),
            short_ppb=pick(source, (10_000_000, 0, 44_444_444)),
            slippage_ppb=pick(source, (0, 5_000_000)),
            slippage_slope_ppb=pick(source, (0, 1_000_001)),
            slope_lots=pick(source, (1, 7)),
            initial_scale_ppm=pick(source, (0, 1_500_000, 3_000_000)),
        ),
        base=pick(source, ("current", "entry", "worse")),
        closing_fee_ppm=pick(source, (0, 0, 0, 500, 7_777)),
        floor=pick(source, (0, 0, lot_money // 3)),
        initial_ppm=pick(source, (0, 50_000, 333_333)),
        open_interest_lower=lower,
        open_interest_upper=upper,
        order_margin=pick(source, ("worse_side", "sum", "none")),
        orders_in_maintenance=kind == "risk_factor" and one_in(source, 3),
    )


def make_tiers(source: Source, lot_money: int, *, is_derived: bool, is_whole: bool) -> tuple[MarginTier, ...]:
    """Return tiers that fit the schedule."""
    if is_derived:
        return pick(
            source,
            (
                (MarginTier(0, max_leverage=50),),
                (MarginTier(0, 5 * lot_money, max_leverage=40), MarginTier(0, max_leverage=3)),
            ),
        )
    return pick(
        source,
        (
            (),
            (MarginTier(20_000, 4 * lot_money, 50_000, 20), MarginTier(100_000, 0, 250_000, 4)),
            (
                MarginTier(10_000, 3 * lot_money),
                MarginTier(50_000, 9 * lot_money, deduction=lot_money // 10 if is_whole else 0),
                MarginTier(150_000, deduction=lot_money if is_whole else 0),
            ),
        ),
    )
