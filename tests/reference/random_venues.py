"""Random rules and instruments."""

from exchange.instrument import FeeSchedule, Instrument, MarginTier, ScheduleRules
from exchange.rules import FundRules, OrderRules, Rules
from tests.reference.random_liquidation import make_levels, make_liquidation
from tests.reference.random_margins import make_schedule
from tests.reference.random_source import Source, one_in, pick

CENTRE = 100  # the price around which everything happens, in ticks


def make_rules(source: Source) -> Rules:
    """Return rules with every field at one of its values."""
    protection = pick(source, ("none", "ticks", "ppm"))
    amounts = {"none": (0,), "ticks": (0, 1, 2, 5), "ppm": (0, 9_999, 10_000, 25_000)}[protection]
    return Rules(
        clearing="none" if one_in(source, 8) else "margin",
        orders=OrderRules(
            amend_qty_down=pick(source, ("keep_priority", "lose_priority")),
            amend_below_filled=pick(source, ("reject", "cancel")),
            market_remainder=pick(source, ("cancel", "limit_at_last_fill", "limit_at_collar")),
            market_protection=protection,  # type: ignore[arg-type]
            protection_amount=pick(source, amounts),
            protection_reference=pick(source, ("best", "last")),
            stop_protection_reference=pick(source, ("market", "trigger")),
            post_only_cross=pick(source, ("reject", "reprice")),
            self_trade=pick(source, ("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both")),
            stop_already_touched=pick(source, ("elect", "wait")),
        ),
        levels=make_levels(source),
        liquidation=make_liquidation(source),
        fund=FundRules(pick(source, (0, 50, 1_000, 100_000)), pick(source, (0, 40, 2_000))),
        waterfall=pick(source, (("fund", "socialize"), ("fund",), ("socialize", "fund"), ("socialize",), ())),
    )


def make_instrument(source: Source, instrument_id: int) -> Instrument:
    """Return an instrument whose lot is worth some hundreds or thousands of money at the centre price."""
    kind = pick(source, ("linear", "linear", "inverse"))
    if kind == "linear":
        tick_value, divisor = pick(source, ((1, 1), (3, 7), (10, 1), (100, 3)))
    else:
        tick_value, divisor = pick(source, ((100_000, 1), (99_999, 7), (12_345, 2)))
    lot_money = max(1, lot_value(kind, tick_value, divisor))
    tiers = pick(
        source,
        (
            (MarginTier(5_000),),
            (MarginTier(50_000),),
            (MarginTier(0),),
            (MarginTier(10_000, 3 * lot_money), MarginTier(33_333, 10 * lot_money), MarginTier(200_000)),
        ),
    )
    maker_ppm = pick(source, (0, 100, -250, 3_333))
    schedules = [make_schedule(source, lot_money) for _ in range(pick(source, (0, 0, 0, 1, 3)))]
    return Instrument(
        instrument_id=instrument_id,
        symbol=f"I{instrument_id}",
        kind=kind,  # type: ignore[arg-type]
        tick_value=tick_value,
        tick_value_divisor=divisor,
        min_price_ticks=pick(source, (1, 1, -50, 90)) if kind == "linear" else pick(source, (1, 90)),
        default_leverage=pick(source, (10, 1, 3, 25)),
        max_leverage=pick(source, (100, 25)),
        mark_source=pick(source, ("external", "last", "mid")),
        fees=FeeSchedule(
            maker_ppm=maker_ppm,
            taker_ppm=pick(source, (0, 500, 7_777, 60_000)) if maker_ppm >= 0 else pick(source, (250, 500)),
            liquidation_ppm=pick(source, (0, 5_000, 12_345)),
        ),
        margin_tiers=tiers,
        margin=schedules[0] if schedules else ScheduleRules(),
        margin_schedules=tuple(schedules[1:]),
    )


def lot_value(kind: str, tick_value: int, divisor: int) -> int:
    """Return what one lot is worth at the centre price, roughly."""
    return CENTRE * tick_value // divisor if kind == "linear" else tick_value // (divisor * CENTRE)
