"""A period that would run for ever is refused where the gap opens, by the field that states it."""

import msgspec
import pytest

from exchange.codec import encode_command
from exchange.commands import AdvanceTime, Deposit, OpenPosition, SetMarkPrice
from exchange.errors import BatchError, ConfigError
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.periods import MAX_STEPS
from exchange.rules import (
    DebtRules,
    DisposalRules,
    FundingRules,
    LiquidationRules,
    MarkRules,
    PacingRules,
    Rules,
    SocializationRules,
)
from tests.helpers import BUY, A, order, run_all, state_of

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
PLAIN = Instrument(instrument_id=A, symbol="A")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"funding": FundingRules(interval_ns=8)}, "instrument 1: funding.interval_ns"),
        ({"funding": FundingRules(interval_ns=HOUR, sample_ns=8)}, "instrument 1: funding.sample_ns"),
        (
            {"mark_source": "model", "mark": MarkRules(sources=("external",), every_ns=8)},
            "instrument 1: mark.every_ns",
        ),
    ],
)
def test_a_tiny_period_of_an_instrument_is_refused_in_a_long_gap(facts: dict[str, object], field: str) -> None:
    """Nothing has changed by the refused command, in a batch either; shorter gaps go on."""
    venue = Exchange([msgspec.structs.replace(PLAIN, **facts)])
    run_all(venue, AdvanceTime(HOUR), AdvanceTime(HOUR + 800))
    before = state_of(venue), venue.seq, venue.ts_ns
    with pytest.raises(ConfigError, match=field):
        venue.apply(AdvanceTime(2 * HOUR))
    with pytest.raises(BatchError, match=field):
        venue.run(encode_command(AdvanceTime(2 * HOUR)))
    assert (state_of(venue), venue.seq, venue.ts_ns) == before
    run_all(venue, AdvanceTime(HOUR + 1_600))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (LiquidationRules(remainder=(), pacing=PacingRules(interval_ns=8)), "pacing.interval_ns"),
        (
            LiquidationRules(
                remainder=(), pacing=PacingRules(interval_ns=8, window_ns=7, once_per_window=True), order="market"
            ),
            "pacing.window_ns",
        ),
        (LiquidationRules(remainder=(), order="limit", lifetime_ns=8), "liquidation.lifetime_ns"),
        (
            LiquidationRules(order="none", remainder=("fund",), disposal=DisposalRules(step_ns=8)),
            "liquidation.disposal.step_ns",
        ),
    ],
)
def test_a_tiny_period_of_a_liquidation_is_refused_in_a_long_gap(rules: LiquidationRules, field: str) -> None:
    """It is about a gap in which something is due: before anyone is liquidated, hours may pass."""
    venue = Exchange([PLAIN], Rules(liquidation=rules))
    run_all(venue, AdvanceTime(HOUR), SetMarkPrice(2 * HOUR, A, 100), Deposit(2 * HOUR, 1, 100))
    run_all(venue, OpenPosition(2 * HOUR, A, 1, 10, 100), SetMarkPrice(2 * HOUR, A, 80))
    with pytest.raises(ConfigError, match=field):
        venue.apply(AdvanceTime(3 * HOUR))
    run_all(venue, AdvanceTime(2 * HOUR + 100))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (
            Rules(waterfall=("debt",), debt=DebtRules(interest_ppb=1, interest_period_ns=SECOND)),
            "rules.debt.interest_period_ns",
        ),
        (
            Rules(waterfall=("session",), socialization=SocializationRules(session_ns=SECOND, session_rest="carry")),
            "rules.socialization.session_ns",
        ),
    ],
)
def test_a_debt_and_a_carried_loss_do_not_run_for_ever(rules: Rules, field: str) -> None:
    """What is owed, or waits, has something due every second: not for a year without a command in between."""
    rules = msgspec.structs.replace(rules, liquidation=LiquidationRules(order="market"))
    venue = Exchange([msgspec.structs.replace(PLAIN, default_leverage=10)], rules)
    run_all(venue, AdvanceTime(400 * 24 * HOUR), SetMarkPrice(400 * 24 * HOUR, A, 1000))  # nothing is due yet
    start = venue.ts_ns
    run_all(venue, Deposit(start, 8, 10_000), OpenPosition(start, A, 8, 100, 1_000))
    run_all(venue, Deposit(start, 9, 10_000_000), order(9, 1, BUY, 100, 700, ts=start), SetMarkPrice(start, A, 700))
    run_all(venue, AdvanceTime(start + 100 * SECOND))
    with pytest.raises(ConfigError, match=field):
        venue.apply(AdvanceTime(start + 365 * 24 * HOUR))


def test_a_million_steps_are_not_too_many() -> None:
    """The bound itself is allowed; the first gap is none."""
    venue = Exchange([msgspec.structs.replace(PLAIN, funding=FundingRules(interval_ns=HOUR))])
    run_all(venue, AdvanceTime(5 * HOUR), AdvanceTime(5 * HOUR))  # due at 5 h, then at 6 h
    with pytest.raises(ConfigError):
        venue.apply(AdvanceTime((6 + MAX_STEPS) * HOUR + 1))
