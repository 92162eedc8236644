"""Worked examples for the twin's money: the numbers are computed by hand in the comments."""

from typing import Any

import pytest

from exchange.commands import (
    Command,
    Deposit,
    FundDeposit,
    OpenPosition,
    PlaceOrder,
    SetLeverage,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import LiquidationOutcome, Origin, RejectReason, Side
from exchange.errors import SequenceError
from exchange.events import (
    Event,
    FundPaid,
    HaircutCharged,
    LiquidationEnded,
    LiquidationOrderPlaced,
    LiquidationStarted,
    LossSocialized,
    OrderAccepted,
    OrderRejected,
    PositionChanged,
    PositionTakenOver,
    RequestRejected,
    VenueLossBooked,
)
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import load_rules
from tests.reference.clearing import nearest, split_exact
from tests.reference.venue import ReferenceVenue

BUY, SELL = Side.BUY, Side.SELL


def venue(instrument: Instrument | None = None, **rules: Any) -> ReferenceVenue:
    """Return a venue with one instrument: a lot is worth its price, 10 % maintenance, leverage 5."""
    tiers = (MarginTier(100_000),)
    instrument = instrument or Instrument(1, "X", default_leverage=5, margin_tiers=tiers)
    return ReferenceVenue([instrument], load_rules(rules))


def run(target: ReferenceVenue, *commands: Command) -> list[Event]:
    """Return the events of the last command."""
    events: list[Event] = []
    for command in commands:
        events = target.apply(command)
        target.check()
    return events


def order(account: int, order_id: int, side: Side, qty: int, price: int, **more: Any) -> PlaceOrder:
    """Return a limit order."""
    return PlaceOrder(0, 1, account, order_id, side, qty, price, **more)


def recorded(order_id: int, side: Side, qty: int, price: int) -> PlaceOrder:
    """Return an order of the recorded market."""
    return order(0, order_id, side, qty, price, origin=Origin.RECORDED)


def changes(events: list[Event], account: int) -> list[tuple[int, int, int, int, int]]:
    """Return size, cost, realized, fee and balance after every fill of an account."""
    return [
        (e.size_lots, e.cost, e.realized, e.fee, e.balance)
        for e in events
        if isinstance(e, PositionChanged) and e.account == account
    ]


def test_division_rounds_ties_to_even() -> None:
    """0.5 -> 0, 1.5 -> 2, 2.5 -> 2, -0.5 -> 0, -1.5 -> -2, 5/3 -> 2."""
    assert [nearest(n, 2) for n in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]
    assert nearest(5, 3) == 2


def test_shares_are_rounded_down_and_the_last_ones_filled_up() -> None:
    """10 over 3, 3, 5: 2.7, 2.7, 4.5 -> 2, 2, 4; of the missing 2 the last takes 1, its weight, then the second 1."""
    assert split_exact(10, [3, 3, 5]) == [2, 3, 5]


def test_a_position_grows_shrinks_and_flips() -> None:
    """Buy 3 at 100 and 1 at 110: cost 410. Sell 1 at 120: cost floor(410 x 3/4) = 307, realized 120 - 103 = 17.

    Sell 5 at 90: flips to -2 with cost -180; realized -180 - 307 + 450 = -37.
    """
    target = venue()
    run(target, Deposit(0, 1, 1_000), SetMarkPrice(0, 1, 100))
    run(target, recorded(1, SELL, 3, 100), recorded(2, SELL, 1, 110))
    assert changes(run(target, order(1, 11, BUY, 4, 110)), 1) == [(3, 300, 0, 0, 1_000), (4, 410, 0, 0, 1_000)]
    run(target, recorded(3, BUY, 1, 120), recorded(4, BUY, 5, 90))
    found = changes(run(target, order(1, 12, SELL, 6, 90)), 1)
    assert found == [(3, 307, 17, 0, 1_017), (-2, -180, -37, 0, 980)]


def test_an_inverse_position_is_worth_its_size_over_the_price() -> None:
    """Long 10 of 100,000 / price: at 100 cost -10,000; at 80 value -12,500, equity 20,000 - 2,500."""
    inverse = Instrument(1, "X", kind="inverse", tick_value=100_000)
    target = venue(inverse)
    run(target, Deposit(0, 1, 20_000), OpenPosition(0, 1, 1, size_lots=10, price_ticks=100), SetMarkPrice(0, 1, 80))
    account = target.clearing.participants[1]
    assert account.legs[1].cost == -10_000
    assert target.clearing.equity(account) == 17_500


def test_fees_are_rounded_up_for_both_sides() -> None:
    """333 x 1,000 ppm = 0.333 -> 1 for the taker; 333 x -5,000 ppm = -1.665 -> -1 for the maker: a rebate."""
    target = venue(Instrument(1, "X", default_leverage=5, fees=FeeSchedule(maker_ppm=-5_000, taker_ppm=6_000)))
    run(target, Deposit(0, 1, 1_000), Deposit(0, 2, 1_000), order(1, 11, SELL, 3, 111))
    events = run(target, order(2, 12, BUY, 3, 111))
    assert changes(events, 1) == [(-3, -333, 0, -1, 1_001)]
    assert changes(events, 2) == [(3, 333, 0, 2, 998)]  # 333 x 6,000 ppm = 1.998 -> 2


def test_initial_margin_counts_the_worse_side() -> None:
    """Equity 100, leverage 5, long 3 at mark 100. Buys of 2 at 100 need |300 + 200| / 5 = 100, all there is.

    Sells of 8 at 100 need |300 - 800| / 5 = 100, so no more than the buys do. At 101 they need 508 / 5, rounded up 102.
    """
    target = venue()
    run(target, Deposit(0, 1, 100), SetMarkPrice(0, 1, 100), OpenPosition(0, 1, 1, 3, 100))
    run(target, order(1, 11, BUY, 2, 100))
    assert isinstance(run(target, order(1, 12, SELL, 8, 101))[0], OrderRejected)
    assert isinstance(run(target, order(1, 12, SELL, 8, 100))[0], OrderAccepted)
    assert target.clearing.initial_margin(target.clearing.participants[1]) == 100


def test_an_order_beyond_equity_is_refused() -> None:
    """Equity 100, leverage 5: 5 lots at 100 need exactly 100, 6 need 120. Nothing may be withdrawn then."""
    target = venue()
    run(target, Deposit(0, 1, 100), SetMarkPrice(0, 1, 100))
    events = run(target, order(1, 11, BUY, 6, 100))
    assert [e.reason for e in events if isinstance(e, OrderRejected)] == [RejectReason.INSUFFICIENT_MARGIN]
    assert len(run(target, order(1, 11, BUY, 5, 100))) == 1
    events = run(target, Withdraw(0, 1, 1))
    assert [e.reason for e in events if isinstance(e, RequestRejected)] == [RejectReason.INSUFFICIENT_MARGIN]
    assert len(run(target, SetLeverage(0, 1, 1, 10), Withdraw(0, 1, 50))) == 1


def test_maintenance_adds_up_tiers_and_rounds_up_once() -> None:
    """Notional 1,001: 500 x 1 % + 500 x 2 % + 1 x 5 % = 15.05 -> 16."""
    tiers = (MarginTier(10_000, 500), MarginTier(20_000, 1_000), MarginTier(50_000))
    target = venue(Instrument(1, "X", margin_tiers=tiers))
    run(target, Deposit(0, 1, 2_000), OpenPosition(0, 1, 1, 1, 1_001))
    assert target.clearing.maintenance(target.clearing.participants[1]) == 16


def test_a_liquidation_sells_at_the_bankruptcy_price_or_waits() -> None:
    """Long 10 at 100 with 200. Maintenance is 10 % of 10 x mark. At mark 88: equity 80 < 88.

    Bankruptcy price: 10 p = 880 - 80, so 80. A bid of 4 at 85 fills: 4 x (85 - 100) = -60. 6 lots wait.
    """
    target = venue()
    run(target, Deposit(0, 1, 200), SetMarkPrice(0, 1, 100), OpenPosition(0, 1, 1, 10, 100), recorded(1, BUY, 4, 85))
    assert len(run(target, SetMarkPrice(0, 1, 89))) == 1  # equity 90, maintenance 89: exactly one above
    events = run(target, SetMarkPrice(0, 1, 88))
    started = next(e for e in events if isinstance(e, LiquidationStarted))
    assert (started.equity, started.maintenance, started.mark_ticks, started.triggered_by) == (80, 88, 88, 0)
    placed = next(e for e in events if isinstance(e, LiquidationOrderPlaced))
    assert (placed.order_id, placed.price_ticks, placed.qty_lots, placed.attempt) == (-1, 80, 10, 1)
    assert changes(events, 1) == [(6, 600, -60, 0, 140)]
    assert not any(isinstance(e, LiquidationEnded) for e in events)


def test_a_liquidation_is_cured_when_the_mark_comes_back() -> None:
    """At mark 88 nothing is bid, the leg waits; at mark 95 equity 150 >= 95, so the account is released."""
    target = venue()
    run(target, Deposit(0, 1, 200), SetMarkPrice(0, 1, 100), OpenPosition(0, 1, 1, 10, 100), SetMarkPrice(0, 1, 88))
    events = run(target, SetMarkPrice(0, 1, 95))
    assert [e.outcome for e in events if isinstance(e, LiquidationEnded)] == [LiquidationOutcome.CURED]


def test_the_waterfall_takes_fund_then_profits_then_the_venue() -> None:
    """Long 10 at 100 with 200, mark falls to 50: equity -300. Nobody bids, so the fund takes over at 50.

    The fund pays 100. Shorts of 1 and 2 at 100 are 50 and 100 up: 150 of the missing 200 are charged; 50 are lost.
    """
    target = venue(liquidation={"order": "market"})
    run(target, FundDeposit(0, 100), SetMarkPrice(0, 1, 100))
    for account, size in ((1, 10), (2, -1), (3, -2)):
        run(target, Deposit(0, account, 200), OpenPosition(0, 1, account, size, 100))
    events = run(target, SetMarkPrice(0, 1, 50))
    taken = next(e for e in events if isinstance(e, PositionTakenOver))
    assert (taken.size_lots, taken.price_ticks, taken.value) == (10, 50, 500)
    assert [(e.deficit, e.amount) for e in events if isinstance(e, FundPaid)] == [(300, 100)]
    shared = next(e for e in events if isinstance(e, LossSocialized))
    assert (shared.deficit, shared.base, shared.charged, shared.payers) == (200, 150, 150, 2)
    assert [(e.account, e.amount) for e in events if isinstance(e, HaircutCharged)] == [(2, 50), (3, 100)]
    assert [e.amount for e in events if isinstance(e, VenueLossBooked)] == [50]
    assert [e.outcome for e in events if isinstance(e, LiquidationEnded)] == [LiquidationOutcome.VENUE_LOSS]


def test_time_that_goes_back_changes_nothing() -> None:
    """The command has no number: the next one takes it."""
    target = venue()
    run(target, Deposit(5, 1, 100))
    with pytest.raises(SequenceError):
        target.apply(Deposit(4, 1, 100))
    assert run(target, Deposit(5, 1, 100))[0].command_seq == 2
