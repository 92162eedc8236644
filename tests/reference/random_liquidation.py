"""Random rules of levels and liquidation, and the operator's commands that limit accounts and markets.

Half of the venues have the default rules of a part: features are combined by twos and threes, not all at once.
"""

import msgspec

from exchange.enums import MarketState
from exchange.rules import (
    DisposalRules,
    LevelRules,
    LiquidationRules,
    PacingRules,
    PriceRules,
    ReductionRules,
    TakeoverRules,
)
from tests.reference.random_source import Source, between, one_in, pick

LEVELS = (
    LevelRules(),
    LevelRules(notice_ppm=1_250_000),
    LevelRules(notice_ppm=1_500_000, restriction_ppm=1_200_001),
    LevelRules(backstop_ppm=666_667),
    LevelRules(1_500_000, 1_250_000, 1_000_000, 500_000),
    LevelRules(2_000_000, 1_999_999, 800_000, 799_999),
    LevelRules(notice_ppm=3_000_000, liquidation_ppm=1_300_000),
)

KINDS = ("whole", "tiers", "lowest_tier", "fraction", "fraction_first", "shortage", "ramp")
ORDERS = ("ioc_at_bankruptcy", "market", "ioc", "fok", "none")
PRICES = ("bankruptcy", "zero_equity", "whole_equity", "fillable", "mark", "last", "bankruptcy_or_mark")
REMAINDERS = (
    ("market", "fund"),
    ("fund",),
    ("backstop", "fund"),
    ("market", "backstop"),
    ("market", "backstop", "fund"),
    ("backstop",),
    ("fund", "market"),
    ("market",),
    (),
)


def make_levels(source: Source) -> LevelRules:
    """Return levels, those of the default in half of the venues."""
    if one_in(source, 2):
        return LevelRules()
    levels = pick(source, LEVELS)
    return LevelRules(
        levels.notice_ppm, levels.restriction_ppm, levels.liquidation_ppm, levels.backstop_ppm, one_in(source, 3)
    )


def make_reduction(source: Source) -> ReductionRules:
    """Return how much an order closes."""
    if one_in(source, 2):
        return ReductionRules()
    return ReductionRules(
        kind=pick(source, KINDS),  # type: ignore[arg-type]
        tiers=pick(source, (1, 2)),
        fraction_ppm=pick(source, (500_000, 250_000, 333_333, 1)),
        threshold=pick(source, (0, 300, 3_000)),
        cooldown_ns=pick(source, (0, 3, 20)),
        buffer_ppm=pick(source, (0, 0, 10_000, 33_333)),
        buffers_losses=one_in(source, 3),
        ramp_initial_ppm=pick(source, (0, 200_000, 1_000_000)),
        ramp_ns=pick(source, (0, 10, 40)),
        ramp_step_ppm=pick(source, (1, 100_000, 333_333)),
        from_notional=pick(source, (0, 0, 500, 5_000)),
        min_notional=pick(source, (0, 0, 200, 2_000)),
        max_notional=pick(source, (0, 0, 400, 4_000)),
        max_portion_ppm=pick(source, (1_000_000, 1_000_000, 500_000, 123_456)),
        dust_notional=pick(source, (0, 0, 300, 3_000)),
        book_share_ppm=pick(source, (0, 0, 0, 500_000, 1_000_000)),
        book_band_ppm=pick(source, (0, 10_000, 50_000)),
        volume_share_ppm=pick(source, (0, 0, 0, 0, 500_000)),
    )


def make_price(source: Source) -> PriceRules:
    """Return how an order is priced."""
    return PriceRules(
        kind=pick(source, PRICES),  # type: ignore[arg-type]
        offset_ppm=pick(source, (0, 5_000, 20_000, 100_000)),
        bankruptcy_adjustment_ppm=pick(source, (1_000_000, 0, 1_500_000)),
        spread_ppm=pick(source, (100_000, 0, 1_000_000)),
        fund_improvement_ppm=pick(source, (0, 0, 0, 20_000)),
    )


def make_takeover(source: Source, accounts: tuple[int, ...]) -> TakeoverRules:
    """Return the terms of a takeover."""
    if one_in(source, 3):
        return TakeoverRules(backstop_accounts=accounts)
    return TakeoverRules(
        price=pick(source, ("mark", "bankruptcy", "zero_equity")),
        mark_share_ppm=pick(source, (0, 333_333, 1_000_000)),
        fund_cap_ppm=pick(source, (0, 0, 500_000, 3_000_000)),
        backstop_accounts=accounts,
        backstop_cap_ppm=pick(source, (0, 1_000_000, 5_000_000)),
        backstop_takes_margin=one_in(source, 2),
        declines_insolvent=one_in(source, 3),
        is_proportional=one_in(source, 3),
    )


def make_pacing(source: Source) -> PacingRules:
    """Return the pace."""
    if one_in(source, 2):
        return PacingRules()
    return PacingRules(
        interval_ns=pick(source, (0, 0, 2, 15)),
        window_ns=pick(source, (0, 3, 30)),
        account_notional=pick(source, (0, 0, 0, 700, 5_000)),
        market_notional=pick(source, (0, 0, 0, 1_000, 8_000)),
        once_per_window=one_in(source, 2),
        queue_order=pick(source, ("shortfall", "account", "random", "distance")),
        chance_ppm=pick(source, (1_000_000, 500_000)),
        seed=pick(source, (0, 7)),
    )


def make_disposal(source: Source) -> DisposalRules:
    """Return how the fund works off what it took over."""
    return DisposalRules(
        step_ns=pick(source, (0, 0, 2, 9)),
        fraction_ppm=pick(source, (1_000_000, 333_333, 1)),
        full_lots=pick(source, (0, 3)),
        book_share_ppm=pick(source, (1_000_000, 500_000, 1)),
        slippage_ppm=pick(source, (999_999, 0, 20_000)),
        pays_fees=one_in(source, 2),
    )


def make_liquidation(source: Source) -> LiquidationRules:
    """Return rules of liquidation."""
    if one_in(source, 3):
        return LiquidationRules(
            order=pick(source, ("ioc_at_bankruptcy", "ioc_at_bankruptcy", "market")),
            max_attempts=pick(source, (1, 2, 3)),
            recheck=pick(source, (True, False)),
            surplus=pick(source, ("fund", "trader")),
        )
    reduction = make_reduction(source)
    order, remainder = pick(source, ORDERS), pick(source, REMAINDERS)
    if order == "none" and not remainder:
        remainder = ("fund",)
    accounts = (
        pick(source, ((), (2,), (1, 3), (99, 3, 1))) if "backstop" not in remainder else pick(source, ((2,), (1, 3)))
    )
    return LiquidationRules(
        order=order,  # type: ignore[arg-type]
        max_attempts=between(source, 1, 3),
        recheck=reduction.kind in ("shortage", "ramp") or not one_in(source, 3),
        remainder=remainder,  # type: ignore[arg-type]
        remainder_takes=pick(source, ("position", "order")),
        surplus=pick(source, ("fund", "trader", "split")),
        surplus_fund_ppm=pick(source, (1_000_000, 500_000, 333_333, 0)),
        fee=pick(source, ("on_fills", "capped_by_surplus")),
        fee_most_ppm=pick(source, (0, 0, 50_000)),
        fee_grace_ns=pick(source, (0, 5)),
        fee_step_ns=pick(source, (1, 4)),
        fee_step_ppm=pick(source, (0, 1_000, 5_000)),
        reduction=reduction,
        price=make_price(source),
        pacing=make_pacing(source),
        takeover=make_takeover(source, accounts),
        disposal=make_disposal(source),
    )


def in_units(rules: LiquidationRules, unit_ns: int) -> LiquidationRules:
    """Return the same rules with every time in units of the scenario: no task runs millions of times in a gap."""
    reduction, pacing = rules.reduction, rules.pacing
    return msgspec.structs.replace(
        rules,
        fee_grace_ns=rules.fee_grace_ns * unit_ns,
        fee_step_ns=rules.fee_step_ns * unit_ns,
        reduction=msgspec.structs.replace(
            reduction, cooldown_ns=reduction.cooldown_ns * unit_ns, ramp_ns=reduction.ramp_ns * unit_ns
        ),
        disposal=msgspec.structs.replace(rules.disposal, step_ns=rules.disposal.step_ns * unit_ns),
        pacing=msgspec.structs.replace(
            pacing, interval_ns=pacing.interval_ns * unit_ns, window_ns=pacing.window_ns * unit_ns
        ),
    )


def some_state(source: Source) -> MarketState:
    """Return a market state, open half of the time."""
    return pick(source, (MarketState.OPEN, MarketState.OPEN, MarketState.REDUCE_ONLY, MarketState.PAUSED))
