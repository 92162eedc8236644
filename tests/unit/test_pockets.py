"""Isolated and hedged accounts where they meet other rules: who owns an order, stops, restrictions, debts, prices."""

from typing import Any

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    MassCancel,
    OpenPosition,
    ReduceOrder,
    RestrictAccount,
    SetLeverage,
    SetMarginMode,
    SetMarginSchedule,
    SetMarkPrice,
    SetPositionMode,
    TransferMargin,
)
from exchange.enums import CancelReason, MarginMode, OrderKind, PositionSide, RejectReason, Side
from exchange.events import IsolatedMarginTransferred, OrderAmended, OrderCanceled, PairNetted, PositionChanged, Trade
from exchange.exchange import Exchange
from exchange.instrument import MarginTier, ScheduleRules
from exchange.rules import FundRules, LiquidationRules, PriceRules, Rules
from tests.helpers import BUY, SELL, A, margin_venue, order, refusal, run_all

HERO, OTHER = 1, 2
LONG, SHORT = PositionSide.LONG, PositionSide.SHORT


def venue(*commands: Command, rules: Rules | None = None, **facts: Any) -> Exchange:
    """Leverage 10, maintenance 5 %, mark 1,000; two accounts with 10,000."""
    facts = {"default_leverage": 10, "margin_tiers": (MarginTier(maintenance_ppm=50_000),), **facts}
    opened = margin_venue(rules=rules, **facts)
    run_all(opened, SetMarkPrice(0, A, 1_000), Deposit(0, HERO, 10_000), Deposit(0, OTHER, 10_000), *commands)
    return opened


def hedged(*commands: Command, **facts: Any) -> Exchange:
    """The hero may hold both sides."""
    return venue(SetPositionMode(0, A, HERO, True), *commands, **facts)


def isolated(*commands: Command, **facts: Any) -> Exchange:
    """The hero's position has a pocket."""
    return venue(SetMarginMode(0, A, HERO, MarginMode.ISOLATED), *commands, **facts)


def test_orders_of_both_sides_are_the_accounts() -> None:
    """Cancel, reduce and amend find them whatever side they are for; others may not touch them."""
    opened = hedged(
        order(HERO, 1, BUY, 5, 900, position=LONG),
        order(HERO, 2, SELL, 5, 1_100, position=SHORT),
    )
    assert refusal(opened, CancelOrder(0, A, OTHER, 2)) == RejectReason.NOT_ORDER_OWNER
    assert refusal(opened, ReduceOrder(0, A, OTHER, 2, 1)) == RejectReason.NOT_ORDER_OWNER
    assert refusal(opened, AmendOrder(0, A, OTHER, 2, 1)) == RejectReason.NOT_ORDER_OWNER
    assert isinstance(run_all(opened, AmendOrder(0, A, HERO, 2, 4, 1_101))[0], OrderAmended)
    assert isinstance(run_all(opened, ReduceOrder(0, A, HERO, 2, 1))[0], OrderAmended)
    canceled = run_all(opened, MassCancel(0, 0, HERO))
    assert [(event.order_id, event.qty_lots) for event in canceled if isinstance(event, OrderCanceled)] == [
        (1, 5),
        (2, 3),
    ]
    assert opened.account(HERO).initial_margin == 0


def test_a_stop_that_would_close_too_much_is_refused_when_it_is_elected() -> None:
    """Nothing is asked of it before: the position may come later."""
    opened = hedged(
        OpenPosition(0, A, HERO, 5, 1_000),
        order(HERO, 1, SELL, 6, 0, kind=OrderKind.STOP, trigger_ticks=950, position=LONG),
        order(HERO, 2, SELL, 5, 0, kind=OrderKind.STOP, trigger_ticks=940, position=LONG),
        order(OTHER, 3, BUY, 10, 940),
        order(OTHER, 4, BUY, 1, 950),
    )
    events = run_all(opened, Deposit(0, 3, 1_000), order(3, 5, SELL, 1, 950))
    refused = [event for event in events if isinstance(event, OrderCanceled)]
    assert [(event.order_id, event.reason) for event in refused] == [(1, CancelReason.STOP_REFUSED)]
    events = run_all(opened, order(3, 6, SELL, 1, 940))
    assert [event.maker_order_id for event in events if isinstance(event, Trade)] == [3, 3]
    assert opened.account(HERO).positions() == []


def test_an_elected_stop_brings_its_margin_into_the_pocket() -> None:
    """When it is elected, not before."""
    opened = isolated(order(HERO, 1, BUY, 10, 1_010, kind=OrderKind.STOP_LIMIT, trigger_ticks=1_005))
    assert opened.account(HERO).pockets()[0].balance == 0
    events = run_all(opened, order(OTHER, 2, SELL, 1, 1_005), Deposit(0, 3, 1_000), order(3, 3, BUY, 1, 1_005))
    moved = [event.amount for event in events if isinstance(event, IsolatedMarginTransferred)]
    assert moved == [1_010]


def test_a_restricted_account_is_so_in_its_pockets() -> None:
    """And in both sides of a pair."""
    opened = isolated(RestrictAccount(0, HERO))
    assert refusal(opened, order(HERO, 1, BUY, 1, 900)) == RejectReason.ACCOUNT_RESTRICTED
    opened = hedged(RestrictAccount(0, HERO))
    assert refusal(opened, order(HERO, 1, SELL, 1, 1_100, position=SHORT)) == RejectReason.ACCOUNT_RESTRICTED


def test_who_owes_may_not_trade_in_a_pocket() -> None:
    """What a pocket lost beyond its money is owed by the account, whose other money stays where it is."""
    rules = Rules(waterfall=("debt",), liquidation=LiquidationRules(order="market"))
    opened = isolated(OpenPosition(0, A, HERO, 10, 1_000), SetMarkPrice(0, A, 500), rules=rules)
    view = opened.account(HERO)
    assert (view.pockets()[0].balance, view.balance, view.debt) == (0, 9_000, 4_000)
    assert refusal(opened, order(HERO, 1, BUY, 1, 400)) == RejectReason.ACCOUNT_IN_DEBT


def test_leverage_goes_along_with_a_mode() -> None:
    """Into the pocket, to the short side, and back."""
    opened = venue(
        SetLeverage(0, A, HERO, 5),
        SetMarginMode(0, A, HERO, MarginMode.ISOLATED),
        SetPositionMode(0, A, HERO, True),
        order(HERO, 1, SELL, 5, 1_000, position=SHORT),
    )
    assert opened.account(HERO).pockets()[0].initial_margin == 1_000
    run_all(opened, MassCancel(0, A, HERO), SetLeverage(0, A, HERO, 2), SetMarginMode(0, A, HERO, MarginMode.CROSS))
    run_all(opened, order(HERO, 2, BUY, 2, 1_000, position=LONG))
    assert opened.account(HERO).initial_margin == 1_000
    run_all(opened, MassCancel(0, A, HERO), SetPositionMode(0, A, HERO, False), order(HERO, 3, BUY, 2, 1_000))
    assert opened.account(HERO).initial_margin == 1_000


def test_setting_a_mode_again_changes_nothing() -> None:
    """It is no mistake; money in a pocket that is used again was not forgotten."""
    opened = isolated(SetMarginMode(0, A, HERO, MarginMode.ISOLATED), TransferMargin(0, A, HERO, 100))
    run_all(opened, SetMarginMode(0, A, HERO, MarginMode.CROSS), SetMarginMode(0, A, HERO, MarginMode.CROSS))
    assert sum(opened.ledger.balances[slot] for slot in range(2, opened.ledger.slot_count)) == 20_000
    run_all(opened, SetPositionMode(0, A, HERO, False), SetPositionMode(0, A, HERO, True))
    run_all(opened, SetPositionMode(0, A, HERO, True))
    assert opened.account(HERO).is_hedged(A)
    assert opened.accounts() == [HERO, OTHER]


def test_a_pocket_is_emptied_when_its_mode_is_left() -> None:
    """Margin that was added before any order goes back to the account."""
    opened = isolated(TransferMargin(0, A, HERO, 100))
    run_all(opened, SetMarginMode(0, A, HERO, MarginMode.CROSS))
    assert opened.account(HERO).balance == 10_000


def test_a_pair_is_closed_before_anything_is_sold() -> None:
    """The rest of the long goes into the book, at the long leg."""
    opened = hedged(
        OpenPosition(0, A, HERO, 100, 1_000),
        OpenPosition(0, A, HERO, -40, 1_000),
        order(OTHER, 1, BUY, 60, 850),
    )
    events = run_all(opened, SetMarkPrice(0, A, 870))
    assert [(event.qty_lots, event.price_ticks) for event in events if isinstance(event, PairNetted)] == [(40, 870)]
    sizes = [event.size_lots for event in events if isinstance(event, PositionChanged) and event.account == HERO]
    assert sizes == [60, 0, 0]


def test_the_fund_improves_the_price() -> None:
    """1 % beyond bankruptcy: the order fills at 894 where it would have stood at 900; the fund pays the difference."""
    price = PriceRules(fund_improvement_ppm=10_000)
    rules = Rules(fund=FundRules(opening=1_000), liquidation=LiquidationRules(order="ioc", price=price))
    opened = isolated(
        OpenPosition(0, A, HERO, 10, 1_000), order(OTHER, 1, BUY, 10, 894), SetMarkPrice(0, A, 940), rules=rules
    )
    assert opened.fund.balance == 940
    assert opened.account(HERO).balance == 9_000


def test_a_closing_fee_is_left_by_the_bankruptcy_price() -> None:
    """Long 10 at 1,000 with 1,000: bankrupt at 900 before the fee, at 910 with 1 % of it (9,000 / 0.99, up)."""
    for fee_ppm, limit in ((0, 900), (10_000, 910)):
        opened = isolated(
            OpenPosition(0, A, HERO, 10, 1_000),
            order(OTHER, 1, BUY, 10, limit),
            margin=ScheduleRules(closing_fee_ppm=fee_ppm),
        )
        events = run_all(opened, SetMarkPrice(0, A, 950))
        if fee_ppm == 0:
            assert not any(isinstance(event, Trade) for event in events)
            events = run_all(opened, SetMarkPrice(0, A, 940))
        assert [event.price_ticks for event in events if isinstance(event, Trade)] == [limit]


def test_a_schedule_for_new_positions_counts_for_orders() -> None:
    """An order is asked for what its position would then require."""
    opened = venue(
        OpenPosition(0, A, HERO, 10, 1_000),
        SetMarginSchedule(0, A, 1, True),
        margin_schedules=(ScheduleRules(initial_ppm=600_000),),
    )
    assert opened.account(HERO).initial_margin == 1_000
    assert refusal(opened, order(HERO, 1, BUY, 7, 1_000)) == RejectReason.INSUFFICIENT_MARGIN  # 60 % of 17,000
    run_all(opened, order(HERO, 1, BUY, 6, 1_000), order(OTHER, 2, SELL, 6, 1_000))
    assert opened.account(HERO).initial_margin == 9_600


def test_hedge_sides_have_a_side() -> None:
    """The long is closed by selling, the short by buying."""
    opened = hedged()
    for side, position in ((Side.SELL, LONG), (Side.BUY, SHORT)):
        assert refusal(opened, order(HERO, 1, side, 1, 1_000, position=position)) == RejectReason.NOTHING_TO_CLOSE
