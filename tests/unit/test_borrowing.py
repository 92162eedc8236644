"""Who may borrow what: cash accounts, limits, levels, and what an asset backs."""

from typing import Any

import pytest

from exchange import Exchange
from exchange.clock import NEVER
from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    Deposit,
    DepositAsset,
    OpenPosition,
    SetInterestRate,
    SetMarkPrice,
    Withdraw,
    WithdrawAsset,
)
from exchange.enums import CancelReason, InterestKind, OrderKind, RejectReason
from exchange.events import InterestCharged, LiquidationOrderPlaced, LiquidationStarted, OrderAccepted, OrderCanceled
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import BorrowRules, LiquidationRules, RateTier, Rules, SocializationRules, SpotTerms
from tests.helpers import BUY, SELL, A, B, order, refusal, run_all

R = RejectReason
PERP = 3
OWNER, MAKER, POOR = 1, 2, 3
HOUR = 3_600 * 10**9


def spot_venue(
    borrow: dict[str, Any] | None = None, terms: dict[str, Any] | None = None, fee_ppm: int = 0, **more: Any
) -> Exchange:
    """BTC (A) and ETH (B) at 100 and a perpetual; the owner has 1,000, the maker plenty and asks 100 for BTC."""
    spot: dict[str, Any] = {"kind": "spot", "fees": FeeSchedule(taker_ppm=fee_ppm), "max_leverage": 10}
    spot["margin_tiers"] = (MarginTier(maintenance_ppm=100_000),)
    venue = Exchange(
        [
            Instrument(instrument_id=A, symbol="BTC", spot=SpotTerms(**(terms or {})), **spot),
            Instrument(instrument_id=B, symbol="ETH", spot=SpotTerms(may_borrow=False), **spot),
            Instrument(instrument_id=PERP, symbol="PERP", default_leverage=10),
        ],
        Rules(borrow=BorrowRules(**(borrow or {})), **more),
    )
    run_all(
        venue,
        *(SetMarkPrice(0, number, 100) for number in (A, B, PERP)),
        Deposit(0, OWNER, 1_000),
        Deposit(0, MAKER, 1_000_000),
        DepositAsset(0, A, MAKER, 1_000),
        DepositAsset(0, B, MAKER, 1_000),
        order(MAKER, 1, SELL, 500, 100),
    )
    return venue


def is_taken(venue: Exchange, command: Any) -> bool:
    """Whether an order was accepted."""
    return isinstance(run_all(venue, command)[0], OrderAccepted)


# --- cash accounts -----------------------------------------------------------------------------------------------


def test_a_cash_account_spends_what_it_has_and_no_more() -> None:
    """1,000 buy ten at 100; resting orders have spent their money already."""
    venue = spot_venue()
    assert refusal(venue, order(OWNER, 2, BUY, 11, 100)) == R.INSUFFICIENT_BALANCE
    run_all(venue, order(OWNER, 3, BUY, 8, 100), order(OWNER, 4, BUY, 2, 50))
    assert (venue.account(OWNER).cash, venue.account(OWNER).balance) == (200, 1_000)
    assert refusal(venue, order(OWNER, 5, BUY, 2, 51)) == R.INSUFFICIENT_BALANCE
    assert refusal(venue, AmendOrder(0, A, OWNER, 4, 2, 101)) == R.INSUFFICIENT_BALANCE
    assert refusal(venue, Withdraw(0, OWNER, 101)) == R.INSUFFICIENT_BALANCE
    run_all(venue, Withdraw(0, OWNER, 100), order(OWNER, 6, BUY, 1, 1, instrument=PERP))


def test_a_cash_account_sells_what_it_has_and_no_more() -> None:
    """Lots in resting sell orders are sold already; withdrawn lots are gone."""
    venue = spot_venue()
    assert refusal(venue, order(OWNER, 2, SELL, 1, 200)) == R.INSUFFICIENT_BALANCE
    run_all(venue, order(OWNER, 3, BUY, 10, 100), order(OWNER, 4, SELL, 6, 200))
    assert refusal(venue, order(OWNER, 5, SELL, 5, 200)) == R.INSUFFICIENT_BALANCE
    assert refusal(venue, AmendOrder(0, A, OWNER, 4, 11)) == R.INSUFFICIENT_BALANCE
    assert refusal(venue, WithdrawAsset(0, A, OWNER, 5)) == R.INSUFFICIENT_BALANCE
    run_all(venue, WithdrawAsset(0, A, OWNER, 4))
    assert refusal(venue, WithdrawAsset(0, A, OWNER, 1)) == R.INSUFFICIENT_BALANCE
    run_all(venue, CancelOrder(0, A, OWNER, 4), WithdrawAsset(0, A, OWNER, 6))
    assert venue.account(OWNER).positions() == []


def test_a_fee_has_to_be_there_too() -> None:
    """1 %: ten at 100 cost 1,010; nine cost 909."""
    venue = spot_venue(fee_ppm=10_000)
    assert refusal(venue, order(OWNER, 2, BUY, 10, 100)) == R.INSUFFICIENT_BALANCE
    run_all(venue, order(OWNER, 3, BUY, 9, 100))
    assert venue.account(OWNER).cash == 91


def test_a_market_order_costs_what_the_book_asks() -> None:
    """Five at 100 and the rest at 300, whatever the mark says; a stop is asked when it is elected."""
    venue = spot_venue()
    run_all(venue, CancelOrder(0, A, MAKER, 1), order(MAKER, 2, SELL, 5, 100), order(MAKER, 3, SELL, 50, 300))
    assert refusal(venue, order(OWNER, 4, BUY, 7)) == R.INSUFFICIENT_BALANCE  # 1,100; at mark it would be 700
    assert is_taken(venue, order(OWNER, 5, BUY, 2, kind=OrderKind.STOP, trigger_ticks=300))
    run_all(venue, order(OWNER, 6, BUY, 5), Deposit(0, POOR, 300))
    assert venue.account(OWNER).cash == 500
    events = run_all(venue, order(POOR, 7, BUY, 1))
    (refused,) = [event for event in events if isinstance(event, OrderCanceled)]
    assert (refused.order_id, refused.reason) == (5, CancelReason.STOP_REFUSED)


def test_who_only_holds_assets_requires_nothing() -> None:
    """Whatever they are worth as collateral: with no debt and no position nothing can be lost to others."""
    venue = spot_venue(terms={"collateral_weights": (RateTier(0),)})
    run_all(venue, order(OWNER, 2, BUY, 10, 100))
    view = venue.account(OWNER)
    assert (view.equity, view.maintenance, view.initial_margin, view.margin_level_ppm) == (1_000, 0, 1_000, None)
    events = run_all(venue, SetMarkPrice(0, A, 1))
    assert not any(isinstance(event, LiquidationStarted) for event in events)


# --- loans -------------------------------------------------------------------------------------------------------


def test_leverage_is_what_a_debt_allows() -> None:
    """3x: 1,000 of one's own carry 3,000 of assets."""
    venue = spot_venue({"may_borrow": True, "leverage": 3})
    assert refusal(venue, order(OWNER, 2, BUY, 31, 100)) == R.INSUFFICIENT_MARGIN
    run_all(venue, order(OWNER, 3, BUY, 20, 100), order(OWNER, 4, BUY, 10, 99))
    assert refusal(venue, order(OWNER, 5, BUY, 1, 100)) == R.INSUFFICIENT_MARGIN  # 2,090 / 2
    assert (venue.account(OWNER).debts, venue.account(OWNER).margin_level_ppm) == (1_000, 2_000_000)


def test_an_asset_is_borrowed_where_it_is_lent_has_a_price_and_the_limit_allows() -> None:
    """ETH is not lent; of BTC 5 lots are; BTC without a mark is nobody's to lend."""
    venue = spot_venue({"may_borrow": True}, {"limit_lots": 5})
    assert refusal(venue, order(OWNER, 2, SELL, 1, 100, instrument=B)) == R.NOT_BORROWABLE
    assert refusal(venue, order(OWNER, 2, SELL, 6, 200)) == R.BORROW_LIMIT
    run_all(venue, order(OWNER, 2, SELL, 5, 200))
    assert refusal(venue, order(OWNER, 3, SELL, 1, 200)) == R.BORROW_LIMIT
    unmarked = Exchange([Instrument(A, "BTC", kind="spot")], Rules(borrow=BorrowRules(may_borrow=True)))
    run_all(unmarked, Deposit(0, OWNER, 1_000))
    assert refusal(unmarked, order(OWNER, 1, SELL, 1, 100)) == R.NOT_BORROWABLE


def test_money_is_lent_up_to_the_limit() -> None:
    """400 beyond the owner's 1,000."""
    venue = spot_venue({"may_borrow": True, "leverage": 10, "limit": 400})
    assert refusal(venue, order(OWNER, 2, BUY, 15, 100)) == R.BORROW_LIMIT
    run_all(venue, order(OWNER, 2, BUY, 14, 100))


def test_margin_levels_stop_loans_and_withdrawals() -> None:
    """At 1.5 nothing more is lent; below 2 nothing leaves; without debts there is no level."""
    borrow = {"may_borrow": True, "leverage": 10, "borrow_above_ppm": 1_500_000, "withdraw_above_ppm": 2_000_000}
    venue = spot_venue(borrow)
    run_all(venue, order(OWNER, 2, BUY, 30, 100))  # asset 3,000, debt 2,000
    assert venue.account(OWNER).margin_level_ppm == 1_500_000
    assert refusal(venue, order(OWNER, 3, BUY, 1, 100)) == R.MARGIN_LEVEL_TOO_LOW
    assert refusal(venue, WithdrawAsset(0, A, OWNER, 1)) == R.MARGIN_LEVEL_TOO_LOW
    run_all(venue, Deposit(0, OWNER, 1), order(OWNER, 3, BUY, 1, 1))
    run_all(venue, Deposit(0, OWNER, 2_000), Withdraw(0, OWNER, 1))
    shorts = spot_venue(borrow)
    run_all(shorts, order(MAKER, 9, BUY, 9, 99), order(OWNER, 2, SELL, 9, 99))  # 1,891 against 900
    assert refusal(shorts, Withdraw(0, OWNER, 91)) == R.MARGIN_LEVEL_TOO_LOW
    run_all(shorts, Withdraw(0, OWNER, 90))


def test_only_ones_own_leaves_unless_loans_may() -> None:
    """A loan on collateral: 10 BTC worth 1,000 at 2x carry a debt of 500."""
    for withdraw, limit in (("own", 0), ("borrowed", 500)):
        venue = spot_venue({"may_borrow": True, "withdraw": withdraw}, {"collateral_weights": (RateTier(1_000_000),)})
        run_all(venue, DepositAsset(0, A, POOR, 10))
        reason = R.INSUFFICIENT_MARGIN if limit else R.INSUFFICIENT_BALANCE
        assert refusal(venue, Withdraw(0, POOR, limit + 1)) == reason
        if limit:
            run_all(venue, Withdraw(0, POOR, limit))
            assert (venue.account(POOR).cash, venue.account(POOR).equity) == (-500, 500)
            assert refusal(venue, WithdrawAsset(0, A, POOR, 1)) == R.INSUFFICIENT_MARGIN


def test_an_asset_is_lent_out_of_the_venue_too() -> None:
    """1,000 of money back a loan of assets at the instrument's leverage; deposited back, the debt is gone."""
    venue = spot_venue({"may_borrow": True, "withdraw": "borrowed"}, {"limit_lots": 8})
    assert refusal(venue, WithdrawAsset(0, A, OWNER, 9)) == R.BORROW_LIMIT
    assert refusal(venue, WithdrawAsset(0, B, OWNER, 1)) == R.NOT_BORROWABLE
    run_all(venue, WithdrawAsset(0, A, OWNER, 5))
    view = venue.account(OWNER)
    assert (view.cash, view.equity, view.debts, view.initial_margin) == (1_000, 500, 500, 500)
    assert refusal(venue, WithdrawAsset(0, A, OWNER, 1)) == R.INSUFFICIENT_MARGIN
    run_all(venue, SetMarkPrice(0, A, 80), DepositAsset(0, A, OWNER, 7))
    assert [(held.size_lots, held.value) for held in view.positions()] == [(2, 160)]
    assert (view.cash, view.debts) == (1_000, 0)


# --- collateral --------------------------------------------------------------------------------------------------


def test_an_asset_backs_a_perpetual_with_its_haircut() -> None:
    """20 BTC worth 2,000 at 80 % carry 1,600 of initial margin: 160 lots at 10x."""
    venue = spot_venue(terms={"collateral_weights": (RateTier(800_000),)})
    run_all(venue, DepositAsset(0, A, POOR, 20))
    assert refusal(venue, order(POOR, 2, BUY, 161, 100, instrument=PERP)) == R.INSUFFICIENT_MARGIN
    run_all(venue, order(MAKER, 3, SELL, 160, 100, instrument=PERP), order(POOR, 2, BUY, 160, 100, instrument=PERP))
    view = venue.account(POOR)
    assert (view.equity, view.initial_margin, view.maintenance) == (2_000, 2_000, 400 + 80)
    assert refusal(venue, WithdrawAsset(0, A, POOR, 1)) == R.INSUFFICIENT_MARGIN


def test_a_deposit_is_no_profit() -> None:
    """It comes in at mark: nothing is unrealized, and a socialized loss cannot take it."""
    venue = spot_venue()
    run_all(venue, DepositAsset(0, A, POOR, 10), SetMarkPrice(0, A, 150))
    (held,) = venue.account(POOR).positions()
    assert (held.cost, held.value, held.unrealized) == (1_000, 1_500, 500)
    assert venue.clearing.unrealized(venue.ledger.find(POOR)) == 0


def test_a_deposit_leaves_the_first_position_open() -> None:
    """A transfer is no trade: a position may still be given."""
    venue = spot_venue({"may_borrow": True, "leverage": 3})
    run_all(venue, DepositAsset(0, A, POOR, 10), OpenPosition(0, A, POOR, 5, 100))
    assert (venue.account(POOR).cash, venue.account(POOR).equity) == (-500, 1_000)


# --- liquidation -------------------------------------------------------------------------------------------------


def test_the_bankruptcy_price_uses_the_whole_equity_of_the_only_leg() -> None:
    """20 BTC bought with 1,000 of debt: worth the debt at 50."""
    venue = spot_venue({"may_borrow": True})
    run_all(venue, order(OWNER, 2, BUY, 20, 100))
    events = run_all(venue, SetMarkPrice(0, A, 54))
    (placed,) = [event for event in events if isinstance(event, LiquidationOrderPlaced)]
    assert (placed.qty_lots, placed.price_ticks) == (20, 50)


def test_two_assets_share_the_equity_by_value() -> None:
    """A debt of 1,000 against 10 BTC and 10 ETH: each bears what the debt requires by its part of the value."""
    venue = spot_venue({"may_borrow": True, "leverage": 10})
    run_all(
        venue,
        order(MAKER, 3, SELL, 10, 100, instrument=B),
        order(OWNER, 2, BUY, 10, 100),
        order(OWNER, 4, BUY, 10, 100, instrument=B),
    )
    run_all(venue, SetMarkPrice(0, A, 56))
    events = run_all(venue, SetMarkPrice(0, B, 53))
    placed = [event.price_ticks for event in events if isinstance(event, LiquidationOrderPlaced)]
    # 560 + 530 - 1,000 = 90 < 100: BTC bears 560/1,090 of it (51/100 of the 100 required: 45.9), ETH 48.
    assert placed == [56 - 4, 53 - 4]


def test_a_liquidated_account_pays_its_seconds_first() -> None:
    """What has accrued is charged before the rest is settled, so that no crumb of a debt is left behind."""
    venue = spot_venue(
        {"may_borrow": True, "clock": "seconds", "rate_ppb": 1_000_000},
        liquidation=LiquidationRules(order="market", surplus="trader"),
    )
    run_all(venue, order(OWNER, 2, BUY, 20, 100), order(MAKER, 3, BUY, 20, 54))
    events = run_all(venue, SetMarkPrice(HOUR // 2, A, 54))
    (charged,) = [event for event in events if isinstance(event, InterestCharged)]
    assert (charged.amount, charged.kind) == (1, InterestKind.REPAID)  # 1,000 x 0.1 % / 2, rounded up
    assert venue.account(OWNER).cash == 79
    assert venue.interest.loans == {}


# --- interest ----------------------------------------------------------------------------------------------------


def charges(venue: Exchange, *commands: Any) -> list[tuple[int, int, str]]:
    """The interest that commands bring: minute, amount and kind of each charge."""
    found: list[tuple[int, int, str]] = []
    for command in commands:
        for event in run_all(venue, command):
            if isinstance(event, InterestCharged):
                found.append((event.ts_ns // (HOUR // 60), event.amount, event.kind.name))
    return found


def at(hours: int, minutes: int) -> int:
    """A time of the first day."""
    return (hours * 60 + minutes) * (HOUR // 60)


BORROW_AND_REPAY = [order(OWNER, 2, BUY, 20, 100, ts=at(13, 20)), Deposit(at(14, 15), OWNER, 1_100)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"clock": "hours_touched"}, [(800, 100, "BORROWED"), (840, 110, "CLOCK")]),
        ({"clock": "hours_touched", "capitalize": False}, [(800, 100, "BORROWED"), (840, 100, "CLOCK")]),
        ({"clock": "hours_ended"}, [(840, 100, "CLOCK")]),
        ({"clock": "hours_touched", "charge_hours": 4}, [(800, 400, "BORROWED")]),
        ({"clock": "hours_touched", "rate_hours": 24}, [(800, 5, "BORROWED"), (840, 5, "CLOCK")]),
        ({"clock": "seconds"}, [(840, 67, "CLOCK"), (855, 27, "REPAID")]),
        ({"clock": "hours_ended", "open_fee_ppm": 200}, [(800, 1, "OPEN_FEE"), (840, 101, "CLOCK")]),
    ],
    ids=str,
)
def test_clocks(rules: dict[str, Any], expected: list[tuple[int, int, str]]) -> None:
    """1,000 borrowed from 13:20 to 14:15 at 10 % an hour. 40 minutes: 66.7; 15 minutes of 1,067: 26.7."""
    venue = spot_venue({"may_borrow": True, "rate_ppb": 100_000_000, **rules})
    assert charges(venue, *BORROW_AND_REPAY) == expected


def test_interest_apart_is_paid_first_and_bears_none() -> None:
    """Debt 1,000, interest 100 at once and 100 at 14:00; 150 come in and pay interest; 100 at 15:00, still on 1,000."""
    venue = spot_venue({"may_borrow": True, "rate_ppb": 100_000_000, "capitalize": False})
    assert charges(venue, BORROW_AND_REPAY[0], Deposit(at(14, 15), OWNER, 150), Deposit(at(15, 30), OWNER, 1)) == [
        (800, 100, "BORROWED"),
        (840, 100, "CLOCK"),
        (900, 100, "CLOCK"),
    ]
    assert venue.account(OWNER).cash == -1_149
    assert venue.fund.fees == 300


def test_interest_on_an_asset_is_of_its_value_at_mark() -> None:
    """5 lots owed, at 100 and then at 200: 1 % of 500 and of 1,000; a new rate counts from the next charge on."""
    venue = spot_venue({"may_borrow": True, "income": "fund"}, {"rate_ppb": 10_000_000})
    run_all(venue, order(MAKER, 8, BUY, 5, 99))
    found = charges(
        venue,
        order(OWNER, 2, SELL, 5, 99, ts=at(1, 10)),
        SetMarkPrice(at(1, 20), A, 200),
        SetInterestRate(at(2, 1), A, 20_000_000),
        Deposit(at(3, 0), OWNER, 1),
    )
    assert found == [(70, 5, "BORROWED"), (120, 10, "CLOCK"), (180, 20, "CLOCK")]
    assert venue.fund.balance == 35


def test_seconds_are_counted_at_the_rate_that_held() -> None:
    """Half an hour at 10 % and half an hour at 20 % of 1,000 of money and of 500 of BTC."""
    for side, lots, price, rated, expected in ((BUY, 20, 100, 0, 150), (SELL, 5, 99, A, 75)):
        venue = spot_venue({"may_borrow": True, "clock": "seconds"})
        found = charges(
            venue,
            order(MAKER, 8, BUY, 5, 99),
            SetInterestRate(0, rated, 100_000_000),
            order(OWNER, 2, side, lots, price, ts=at(1, 0)),
            SetInterestRate(at(1, 30), rated, 200_000_000),
            Deposit(at(2, 0), OWNER, 1),
        )
        assert found == [(120, expected, "CLOCK")]


def test_the_clock_stands_still_where_nobody_borrows() -> None:
    """The last loan paid, nothing is due."""
    venue = spot_venue({"may_borrow": True, "rate_ppb": 1})
    assert venue.clock.next_due_ns > 1 << 61
    run_all(venue, order(OWNER, 2, BUY, 11, 100))
    assert venue.clock.next_due_ns == HOUR
    run_all(venue, Deposit(1, OWNER, 5_000), Deposit(HOUR, OWNER, 1))
    assert venue.clock.next_due_ns > 1 << 61


def test_interest_of_a_loan_paid_back_names_what_it_was_on() -> None:
    """Three coins of 100 owed for half an hour: the principal is 300, not the 0 that is owed afterwards."""
    venue = spot_venue({"may_borrow": True, "withdraw": "borrowed", "clock": "seconds"}, {"rate_ppb": 100_000_000})
    run_all(venue, WithdrawAsset(0, A, OWNER, 3))
    events = run_all(venue, DepositAsset(HOUR // 2, A, OWNER, 3))
    (charged,) = [event for event in events if isinstance(event, InterestCharged)]
    assert (charged.principal, charged.amount, charged.kind) == (300, 15, InterestKind.REPAID)


def test_nothing_is_due_once_all_loans_are_paid_back() -> None:
    """A period's start does not make the venue settle, which would move marks that follow the time."""
    venue = spot_venue({"may_borrow": True, "withdraw": "borrowed"})
    run_all(venue, WithdrawAsset(0, A, OWNER, 3))
    assert venue.clock.next_due_ns == HOUR
    run_all(venue, DepositAsset(1, A, OWNER, 3))
    assert venue.clock.next_due_ns == NEVER


def test_a_loan_paid_back_inside_a_continued_event_is_charged_nothing_for_what_is_held() -> None:
    """The period's start comes before the event is settled: three coins were owed, now two are held."""
    venue = spot_venue({"may_borrow": True, "withdraw": "borrowed", "rate_ppb": 0}, {"rate_ppb": 100_000_000})
    run_all(venue, WithdrawAsset(0, A, OWNER, 3))
    run_all(venue, order(OWNER, 2, BUY, 5, 100, ts=1, is_continued=True))
    assert [event for event in run_all(venue, AdvanceTime(HOUR)) if isinstance(event, InterestCharged)] == []


def test_an_asset_that_leaves_realizes_nothing_for_a_session() -> None:
    """It was worth nothing when it came and 100 when it went: its owner is not charged for that as for a profit."""
    venue = spot_venue(socialization=SocializationRules(base="session_realized"))
    spare = Exchange(venue.instruments, venue.rules)
    run_all(spare, DepositAsset(0, A, OWNER, 1), SetMarkPrice(0, A, 100), WithdrawAsset(0, A, OWNER, 1))
    assert spare.ledger.session_slots == []
