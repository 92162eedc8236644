"""Schedules beyond marginal tiers: what they require, by hand and against the range that bands stand on."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import Exchange
from exchange.commands import Deposit, OpenPosition, SetMarkPrice
from exchange.errors import ConfigError
from exchange.events import LiquidationStarted
from exchange.instrument import Instrument, MarginTier, ScheduleRules
from exchange.margin.requirements import (
    closing_fee,
    half_of_initial_ppb,
    isolated_excess,
    netted,
    open_interest_scaled_margin,
    risk_factor_requirement,
    scaled_requirement,
    size_linear_requirement,
    tier_deductions,
    tier_of,
    tiered_requirement,
    worse_side,
)
from exchange.margin.schedule import UNBOUNDED, MarginSchedule
from exchange.rules.margin import RiskFactors, SizeLinear
from exchange.units import MAX_EXPOSURE, MAX_MONEY, PPB
from tests.properties.test_margin_schedules import schedule as any_schedule

PLAIN = (MarginTier(maintenance_ppm=50_000),)


def schedule(rules: ScheduleRules, tiers: tuple[MarginTier, ...] = PLAIN) -> MarginSchedule:
    """The schedule of an instrument with these rules."""
    return MarginSchedule(Instrument(instrument_id=1, symbol="X", margin_tiers=tiers, margin=rules))


# --- one rule a function -----------------------------------------------------------------------------------------


def test_deductions_close_the_gaps() -> None:
    """0, then 1,000 x (10 - 4), then 5,000 x (50 - 10) on top."""
    assert tier_deductions([1_000, 5_000, 0], [4, 10, 50]) == [0, 6_000, 206_000]
    assert tier_deductions([0], [7]) == [0]


@pytest.mark.parametrize(("notional", "tier"), [(0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (1 << 60, 2)])
def test_an_end_belongs_to_the_tier_that_it_ends(notional: int, tier: int) -> None:
    """The last tier has no end."""
    assert tier_of(notional, [10, 20, 0]) == tier


def test_roundings_are_against_the_account() -> None:
    """Up; a multiple of a requirement down; nothing requires nothing."""
    assert tiered_requirement(1, 1, 0, PPB) == 1
    assert tiered_requirement(10, PPB // 2, 6 * PPB, PPB) == 0
    assert half_of_initial_ppb(40) == 12_500_000
    assert half_of_initial_ppb(3) == 166_666_667
    assert size_linear_requirement(3, 1_000, 10_000_000, 1_000_000, 2) == 12  # 1.15 % of 1,000
    assert scaled_requirement(4_879, 1_500_000) == 7_318
    assert closing_fee(1_001, 1_000) == 2
    assert [closing_fee(0, 1_000), netted(3, 5), netted(5, 3)] == [0, 2, 2]


def test_risk_factors_take_the_larger_side() -> None:
    """Orders count with their side's factor, without slippage; the position with both."""
    facts = {"long_ppb": 100_000_000, "short_ppb": 200_000_000, "slippage_ppb": 50_000_000}
    rest = {"slope_ppb": 0, "slope_lots": 1}

    def required(size: int, notional: int, bought: int, sold: int) -> int:
        return risk_factor_requirement(size, notional, bought, sold, **facts, **rest)

    assert required(1, 1_000, 0, 0) == 150
    assert required(-1, 1_000, 0, 0) == 250
    assert required(1, 1_000, 500, 0) == 200
    assert required(1, 1_000, 500, 2_000) == 400  # the sell orders alone
    assert required(0, 0, 100, 0) == 10
    assert risk_factor_requirement(4, 1_000, 0, 0, 0, 0, 0, 1_000_000, 2) == 2
    assert risk_factor_requirement(-4, 1_000, 0, 0, 0, 0, 0, 1_000_000, 2) == 2


@pytest.mark.parametrize(("interest", "margin"), [(0, 200), (1_000, 200), (1_500, 600), (2_000, 1_000), (9_000, 1_000)])
def test_open_interest_raises_the_rate_to_all(interest: int, margin: int) -> None:
    """From 20 % at 1,000 to 100 % at 2,000."""
    assert open_interest_scaled_margin(1_000, 200_000, interest, 1_000, 2_000) == margin
    assert open_interest_scaled_margin(1_000, 200_000, interest, 0, 0) == 200


@pytest.mark.parametrize(
    ("balance", "unrealized", "kept", "excess"),
    [(100, 0, 40, 60), (100, -30, 40, 30), (100, 50, 40, 60), (100, -70, 40, 0), (-5, 0, 0, 0), (100, 0, -9, 100)],
)
def test_excess_of_a_pocket(balance: int, unrealized: int, kept: int, excess: int) -> None:
    """A loss counts, a profit does not; never more than there is."""
    assert isolated_excess(balance, unrealized, kept) == excess


# --- schedules ---------------------------------------------------------------------------------------------------


def test_whole_tiers_jump_and_may_deduct() -> None:
    """1 % up to 1,000; above, 5 % of all of it less 30."""
    tiers = (MarginTier(maintenance_ppm=10_000, up_to=1_000), MarginTier(maintenance_ppm=50_000, deduction=30))
    whole = schedule(ScheduleRules(tier_kind="whole"), tiers)
    assert [whole.maintenance(notional) for notional in (0, 1_000, 1_001, 2_000)] == [0, 10, 21, 70]


def test_tiers_of_the_schedule_stand_before_those_of_the_instrument() -> None:
    """Those of the instrument serve a schedule that has none."""
    own = ScheduleRules(tiers=(MarginTier(maintenance_ppm=200_000),))
    assert schedule(own).maintenance(100) == 20
    assert schedule(ScheduleRules()).maintenance(100) == 5


def test_rates_of_the_used_margin() -> None:
    """12.5 % of notional / leverage."""
    rules = ScheduleRules(rate_of="used_margin")
    factor = schedule(rules, (MarginTier(maintenance_ppm=125_000),))
    assert factor.position_maintenance(1, 1_000, 1_000, 10, 0, 0) == 13  # 12.5
    assert factor.position_maintenance(1, 1_000, 1_000, 1, 0, 0) == 125


@pytest.mark.parametrize(("base", "requirement"), [("current", 50), ("entry", 40), ("worse", 50)])
def test_base(base: str, requirement: int) -> None:
    """5 % of 1,000 at mark, or of 800 at entry."""
    rules = ScheduleRules(base=base)  # type: ignore[arg-type]
    assert schedule(rules).position_maintenance(1, 1_000, 800, 1, 0, 0) == requirement
    assert schedule(rules).position_maintenance(-1, 600, 800, 1, 0, 0) == {"current": 30}.get(base, 40)


def test_floor_and_closing_fee() -> None:
    """The floor is for open positions; the fee comes on top, on the value at mark."""
    rules = ScheduleRules(floor=70, closing_fee_ppm=10_000)
    assert schedule(rules).position_maintenance(1, 1_000, 0, 1, 0, 0) == 80
    assert schedule(rules).position_maintenance(1, 2_000, 0, 1, 0, 0) == 120
    assert schedule(rules).position_maintenance(0, 0, 0, 1, 0, 0) == 0


def test_initial_margin_is_the_most_that_any_rule_asks() -> None:
    """Leverage, the tier's rate, a flat rate by open interest, the size, a multiple of maintenance."""
    tiers = (MarginTier(50_000, 1_000, 100_000), MarginTier(50_000, 0, 300_000))
    by_tier = schedule(ScheduleRules(), tiers)
    assert by_tier.initial(2_000, 0, 0, 2, 0, 0, 10, 0) == 400  # 100 + 300
    assert by_tier.initial(2_000, 0, 0, 2, 0, 0, 2, 0) == 1_000
    whole = schedule(ScheduleRules(tier_kind="whole"), tiers)
    assert whole.initial(2_000, 0, 0, 2, 0, 0, 10, 0) == 600
    scaled = schedule(ScheduleRules(initial_ppm=200_000, open_interest_lower=1_000, open_interest_upper=2_000))
    assert scaled.initial(1_000, 0, 0, 1, 0, 0, 10, 1_500) == 600
    linear = ScheduleRules(schedule="size_linear", size_linear=SizeLinear(0, 200_000_000, 10_000_000, 1))
    assert schedule(linear).initial(1_000, 0, 3_000, 10, 0, 30, 10, 0) == 800  # short 20 worth 2,000 at 20 % + 20 %
    risk = RiskFactors(long_ppb=100_000_000, initial_scale_ppm=1_200_000)
    by_risk = schedule(ScheduleRules(schedule="risk_factor", risk_factor=risk))
    assert by_risk.risk_initial(1, 1_000, 500, 0) == 180
    assert scaled.risk_initial(1, 1_000, 500, 0) == 0


@pytest.mark.parametrize(("order_margin", "exposure"), [("worse_side", 130), ("sum", 180), ("none", 100)])
def test_how_orders_count(order_margin: str, exposure: int) -> None:
    """Long 100, bids of 30, asks of 50."""
    rules = ScheduleRules(order_margin=order_margin)  # type: ignore[arg-type]
    assert schedule(rules).exposure(100, 30, 50) == exposure
    assert schedule(rules).initial(100, 30, 50, 1, 1, 1, 1, 0) == exposure
    assert worse_side(-100, 30, 50) == 150


def test_orders_that_do_not_count_do_not_count_by_risk_either() -> None:
    """Order margin 'none'."""
    risk = RiskFactors(long_ppb=100_000_000, initial_scale_ppm=1_000_000)
    rules = ScheduleRules(schedule="risk_factor", risk_factor=risk, order_margin="none")
    assert schedule(rules).risk_initial(0, 0, 500, 0) == 0


def test_leverage_of_a_tier() -> None:
    """0: the instrument's."""
    found = schedule(ScheduleRules(), (MarginTier(5_000, 1_000, max_leverage=50), MarginTier(5_000)))
    assert [found.max_leverage(1_000), found.max_leverage(1_001)] == [50, 0]


@given(st.integers(0, 1 << 30), st.booleans(), st.integers(-1_000_000, 1_000_000), st.integers(-300, 300))
@settings(max_examples=500)
def test_the_safe_range_is_safe(seed: int, gains: bool, excess: int, size: int) -> None:
    """value - requirement >= excess at every notional of the range, rounding aside: ends, tier ends, and in between."""
    random = Random(seed)
    if size == 0:
        size = 1
    tested = schedule(any_schedule(random))
    notional, entry, leverage = random.randint(1, 4_000_000), random.randint(1, 4_000_000), random.randint(1, 100)
    least, most = tested.safe_range(gains, excess, size, notional, entry, leverage)
    if (least, most) == (notional, notional):
        return
    top = most if most != UNBOUNDED else 8_000_000
    points = {least, top, notional, *(end + step for end in tested.ends for step in (-1, 0, 1))}
    points |= {random.randint(0, 8_000_000) for _ in range(20)}
    for n in sorted(points):
        if max(least, 0) <= n <= top:
            value = n if gains else -n
            required = tested.position_maintenance(size, n, entry, leverage, 0, 0)
            assert value - required + 3 > excess, n  # three roundings of less than one


@given(st.integers(0, 1 << 30))
def test_lines_bound_the_requirement(seed: int) -> None:
    """The greatest of the pieces is the requirement at the present notional, rounding aside, or more."""
    random = Random(seed)
    tested = schedule(any_schedule(random))
    size, leverage = random.choice([-1, 1]) * random.randint(1, 300), random.randint(1, 100)
    notional, entry = random.randint(1, 4_000_000), random.randint(1, 4_000_000)
    unit, rates, constants = tested.pieces(size, notional, entry, leverage)
    bound = max(Fraction(rate * notional + constant, unit) for rate, constant in zip(rates, constants, strict=True))
    assert tested.position_maintenance(size, notional, entry, leverage, 0, 0) < bound + 2


# --- what cannot be a schedule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"floor": -1}, "floor"),
        ({"floor": MAX_EXPOSURE + 1}, "floor"),
        ({"closing_fee_ppm": 500_000}, "closing_fee_ppm"),
        ({"initial_ppm": 1_000_001}, "initial_ppm"),
        ({"open_interest_lower": -1}, "open_interest_lower"),
        ({"open_interest_lower": 5, "open_interest_upper": 5}, "open_interest_upper"),
        ({"open_interest_upper": MAX_MONEY + 1}, "open_interest_upper"),
        ({"orders_in_maintenance": True}, "orders_in_maintenance"),
        ({"size_linear": SizeLinear(maintenance_ppb=PPB)}, "size_linear.maintenance_ppb"),
        ({"size_linear": SizeLinear(initial_ppb=PPB + 1)}, "size_linear.initial_ppb"),
        ({"size_linear": SizeLinear(slope_ppb=-1)}, "size_linear.slope_ppb"),
        ({"size_linear": SizeLinear(slope_lots=0)}, "size_linear.slope_lots"),
        ({"risk_factor": RiskFactors(long_ppb=100 * PPB + 1)}, "risk_factor.long_ppb"),
        ({"risk_factor": RiskFactors(short_ppb=-1)}, "risk_factor.short_ppb"),
        ({"risk_factor": RiskFactors(long_ppb=5, short_ppb=5, slippage_ppb=-1)}, "risk_factor.slippage_ppb"),
        ({"risk_factor": RiskFactors(slippage_slope_ppb=-1)}, "risk_factor.slippage_slope_ppb"),
        ({"risk_factor": RiskFactors(slope_lots=0)}, "risk_factor.slope_lots"),
        ({"risk_factor": RiskFactors(initial_scale_ppm=-1)}, "risk_factor.initial_scale_ppm"),
    ],
    ids=str,
)
def test_schedules_that_could_not_be_applied(facts: dict[str, object], said: str) -> None:
    """The message names the field."""
    with pytest.raises(ConfigError, match=f"expected {said}"):
        ScheduleRules(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tiers", "rules", "said"),
    [
        ((MarginTier(5, initial_ppm=-1),), {}, "initial_ppm"),
        ((MarginTier(5, 10, initial_ppm=9), MarginTier(5, initial_ppm=8)), {}, r"margin_tiers\[1\].initial_ppm"),
        ((MarginTier(5, max_leverage=-1),), {}, "max_leverage in"),
        ((MarginTier(5, max_leverage=1_001),), {}, "max_leverage in"),
        ((MarginTier(5, deduction=1),), {}, "deduction 0"),
        ((MarginTier(5, deduction=-1),), {"tier_kind": "whole"}, "deduction 0"),
        ((MarginTier(5),), {"tier_rate": "half_of_initial"}, "maintenance_ppm 0"),
        ((MarginTier(0),), {"tier_rate": "half_of_initial"}, "max_leverage where"),
        (
            (MarginTier(0, 10, max_leverage=5), MarginTier(0, max_leverage=6)),
            {"tier_rate": "half_of_initial"},
            "max_leverage not above",
        ),
    ],
    ids=str,
)
def test_tiers_that_do_not_fit_their_kind(tiers: tuple[MarginTier, ...], rules: dict[str, str], said: str) -> None:
    """Of the instrument's own schedule, and of an alternative."""
    with pytest.raises(ConfigError, match=said):
        schedule(ScheduleRules(**rules), tiers)  # type: ignore[arg-type]
    alternative = ScheduleRules(tiers=tiers, **rules)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"margin_schedules\[0\]"):
        Instrument(instrument_id=1, symbol="X", margin_schedules=(alternative,))


def test_an_instrument_has_at_most_100_schedules_and_a_spot_one_none() -> None:
    """What is bought and sold outright has haircuts instead."""
    with pytest.raises(ConfigError, match="at most 100"):
        Instrument(instrument_id=1, symbol="X", margin_schedules=(ScheduleRules(),) * 101)
    with pytest.raises(ConfigError, match="kind is spot"):
        Instrument(instrument_id=1, symbol="X", kind="spot", margin=ScheduleRules(floor=1))


@pytest.mark.parametrize(
    "rules",
    [
        ScheduleRules(schedule="size_linear", size_linear=SizeLinear(maintenance_ppb=1, slope_ppb=PPB, slope_lots=1)),
        ScheduleRules(
            schedule="risk_factor",
            risk_factor=RiskFactors(long_ppb=PPB, slippage_slope_ppb=PPB, slope_lots=1, initial_scale_ppm=2_000_000),
        ),
    ],
)
def test_a_steep_slope_asks_for_no_more_than_there_can_be(rules):
    """Millions of lots at a rate that grows by 100 % a lot: held to 2^56 - 1, so that a venue of 64 bits lives on."""
    schedule = MarginSchedule(Instrument(instrument_id=1, symbol="X", margin=rules))
    lots, notional = 1_000_000, 1 << 50
    assert schedule.position_maintenance(lots, notional, notional, 1, 0, 0) == MAX_EXPOSURE
    assert schedule.initial(notional, 0, 0, lots, 0, 0, 1, 0) <= MAX_EXPOSURE
    assert schedule.risk_initial(lots, notional, 0, 0) <= MAX_EXPOSURE
    venue = Exchange([Instrument(instrument_id=1, symbol="X", margin=rules, default_leverage=1)])
    events = []
    for command in (SetMarkPrice(0, 1, 1_000), Deposit(0, 1, 1 << 50), OpenPosition(0, 1, 1, 30 * lots, 1_000)):
        events += venue.apply(command)
    (started,) = [event for event in events if isinstance(event, LiquidationStarted)]
    assert started.maintenance == MAX_EXPOSURE
