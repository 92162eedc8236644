"""Every rule of liquidation at random over random venues: nothing breaks, money adds up, a batch is the same story."""

from random import Random
from typing import Any

import msgspec
import pytest

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import Command, RestrictAccount, SetMarketState
from exchange.enums import MarketState
from exchange.errors import SequenceError
from exchange.events import (
    DisposalOrderPlaced,
    LiquidationEnded,
    LiquidationFeeCharged,
    LiquidationOrderPlaced,
    LiquidationStarted,
    PositionDeleveraged,
    PositionTakenOver,
    PositionTransferred,
    Trade,
)
from exchange.rules import (
    DisposalRules,
    LevelRules,
    LiquidationRules,
    PacingRules,
    PriceRules,
    ReductionRules,
    TakeoverRules,
)
from tests.reference.scenarios import seeded_scenario

RUNS = 300
LENGTH = 120


@pytest.mark.slow
def test_any_rules_keep_money_and_orders_in_order() -> None:
    """In 300 runs: checks after every command; the liquidated trade with others only; one digest in a batch."""
    seen: dict[str, int] = {}
    for seed in range(RUNS):
        random = Random(seed)
        scenario = seeded_scenario(seed, LENGTH)
        rules = msgspec.structs.replace(
            scenario.rules, clearing="margin", levels=make_levels(random), liquidation=make_liquidation(random)
        )
        venue = Exchange(scenario.instruments, rules)
        applied: list[Command] = []
        for command in with_limits(random, scenario.commands, len(scenario.instruments)):
            try:
                events = venue.apply(command)
            except SequenceError:
                continue
            applied.append(command)
            venue.check()
            for event in events:
                name = type(event).__name__
                seen[name] = seen.get(name, 0) + 1
                if isinstance(event, Trade):
                    own = event.taker_order_id if event.taker_account == event.maker_account else 1
                    assert own >= 0 or event.maker_order_id >= 0, f"seed {seed}: {event}"
        again = Exchange(scenario.instruments, rules)
        again.run(b"".join(encode_command(command) for command in applied))
        assert again.digest() == venue.digest(), f"seed {seed}"
    for kind in (
        LiquidationStarted,
        LiquidationOrderPlaced,
        LiquidationEnded,
        LiquidationFeeCharged,
        PositionTakenOver,
        PositionTransferred,
        PositionDeleveraged,
        DisposalOrderPlaced,
    ):
        assert seen.get(kind.__name__, 0) > 0, f"expected {kind.__name__} among {seen}"


def with_limits(random: Random, commands: Any, instruments: int) -> list[Command]:
    """The commands, a nanosecond apart as the rules' intervals expect, with some of an operator's between them."""
    mixed: list[Command] = []
    for ts_ns, given in enumerate(commands):
        command = msgspec.structs.replace(given, ts_ns=ts_ns)
        mixed.append(command)
        if random.random() < 0.03:
            number = random.randint(1, instruments)
            mixed.append(SetMarketState(command.ts_ns, number, random.choice([*MarketState, MarketState.OPEN])))
        if random.random() < 0.03:
            mixed.append(RestrictAccount(command.ts_ns, random.randint(1, 6), random.random() < 0.5))
    return mixed


def make_levels(random: Random) -> LevelRules:
    """Levels that fall, or none."""
    return LevelRules(
        notice_ppm=random.choice([0, 0, 1_500_000]),
        restriction_ppm=random.choice([0, 0, 1_200_000]),
        liquidation_ppm=random.choice([1_000_000, 1_000_000, 900_000]),
        backstop_ppm=random.choice([0, 0, 666_667]),
        is_equal_liquidated=random.random() < 0.2,
    )


def make_liquidation(random: Random) -> LiquidationRules:
    """Every field at one of its values; those that do not go together are put right."""
    choice = random.choice
    order: Any = choice(["ioc_at_bankruptcy", "market", "ioc", "fok", "limit", "none"])
    fee: Any = "on_fills" if order == "limit" else choice(["on_fills", "capped_by_surplus"])
    is_capped = fee == "capped_by_surplus"
    kinds = ["whole", "whole", "tiers", "lowest_tier", "fraction", "fraction_first", "shortage", "ramp"]
    kind: Any = choice(kinds)
    steps = ["market", "fund", "backstop", "deleverage"]
    remainder: Any = tuple(random.sample(steps, random.randint(1 if order == "none" else 0, 4)))
    price: Any = choice(["bankruptcy", "zero_equity", "whole_equity", "fillable", "mark", "last", "bankruptcy_or_mark"])
    taken: Any = choice(["mark", "bankruptcy", "zero_equity"])
    queue_order: Any = choice(["shortfall", "account", "distance", "random"])
    surplus: Any = choice(["fund", "trader", "split"])
    takes: Any = choice(["position", "order"])
    interval = choice([0, 0, 1, 5, 1_000])
    return LiquidationRules(
        order=order,
        max_attempts=random.randint(1, 3),
        recheck=kind in ("shortage", "ramp") or random.random() < 0.7,
        lifetime_ns=choice([1, 7, 500]),
        remainder=remainder,
        remainder_takes=takes,
        surplus=surplus,
        surplus_fund_ppm=choice([0, 333_333, 1_000_000]),
        fee=fee,
        fee_most_ppm=choice([0, 0, 50_000]),
        fee_grace_ns=choice([0, 10]),
        fee_step_ns=choice([1, 5]),
        fee_step_ppm=choice([0, 100]),
        reduction=ReductionRules(
            kind=kind,
            tiers=random.randint(1, 2),
            fraction_ppm=choice([200_000, 1, 1_000_000]),
            threshold=choice([0, 10_000]),
            cooldown_ns=choice([0, 30]),
            buffer_ppm=choice([0, 20_000]),
            buffers_losses=random.random() < 0.5,
            ramp_initial_ppm=choice([0, 100_000]),
            ramp_ns=choice([0, 50]),
            ramp_step_ppm=choice([1, 100]),
            from_notional=choice([0, 0, 5_000]),
            min_notional=choice([0, 1_000]),
            max_notional=choice([0, 0, 3_000]),
            max_portion_ppm=choice([1_000_000, 500_000]),
            dust_notional=choice([0, 500]),
            book_share_ppm=choice([0, 0, 0, 500_000]),
            book_band_ppm=choice([0, 100_000, 1_000_000]),
            volume_share_ppm=choice([0, 0, 0, 200_000]),
        ),
        price=PriceRules(kind=price, offset_ppm=choice([0, 50_000]), spread_ppm=choice([0, 100_000])),
        pacing=PacingRules(
            interval_ns=interval,
            window_ns=choice([0, 20]),
            account_notional=choice([0, 0, 0, 20_000]),
            market_notional=choice([0, 0, 0, 50_000]),
            fund_loss=choice([0, 100]) if is_capped else 0,
            once_per_window=random.random() < 0.1,
            is_fund_guarded=is_capped and random.random() < 0.5,
            queue_order=queue_order,
            chance_ppm=choice([1_000_000, 1_000_000, 166_667]),
            seed=random.randint(0, 99),
        ),
        takeover=TakeoverRules(
            price=taken,
            mark_share_ppm=choice([0, 333_333]),
            fund_cap_ppm=choice([0, 0, 1_000_000]),
            backstop_accounts=(3, 1),
            backstop_cap_ppm=choice([0, 2_000_000]),
            backstop_takes_margin=random.random() < 0.5,
            declines_insolvent=random.random() < 0.5,
            is_proportional=random.random() < 0.5,
        ),
        disposal=DisposalRules(
            step_ns=choice([0, 3, 50]),
            fraction_ppm=choice([1_000_000, 300_000]),
            full_lots=choice([0, 5]),
            book_share_ppm=choice([1_000_000, 200_000]),
            slippage_ppm=choice([999_999, 50_000]),
            pays_fees=random.random() < 0.5,
        ),
    )
