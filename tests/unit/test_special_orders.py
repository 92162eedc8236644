"""Special orders where the golden scenarios do not look: refusals, orders of accounts with money, other rules."""

from typing import Any

import msgspec
import pytest

from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    Command,
    Deposit,
    ExecuteRecorded,
    MassCancel,
    OpenPosition,
    OrderTerms,
    ReduceOrder,
    ReplaceOrder,
    SetMarginMode,
    SetMarkPrice,
)
from exchange.enums import CancelReason, MarginMode, OrderKind, Origin, RejectReason, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.events import Event, OrderAccepted, OrderCanceled, OrderRefreshed, OrderRejected, Trade
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import AllocationRules, OrderRules, Rules
from exchange.views import Level
from tests.helpers import BUY, SELL, A, B, bare_venue, live, margin_venue, order, recorded, refusal, run_all

R = RejectReason
GTD, DAY, IOC, FOK = TimeInForce.GTD, TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
STOP = {"kind": OrderKind.STOP, "price_ticks": 0, "trigger_ticks": 500}
DAY_NS = 24 * 3600 * 10**9


def placed(venue: Exchange, terms: dict[str, int], order_id: int = 1, account: int = 1, **fields: Any) -> list[Event]:
    """Place a buy of 10 at 100 with terms, or what the fields say."""
    run_all(venue, OrderTerms(venue.ts_ns, A, account, order_id, **terms))
    command = msgspec.structs.replace(order(account, order_id, BUY, 10, 100, venue.ts_ns), **fields)
    return run_all(venue, command)


def refused_with(venue: Exchange, terms: dict[str, int], **fields: Any) -> RejectReason:
    """Place an order that must be refused, and return why; the account's terms are used up by it."""
    (event,) = placed(venue, terms, **fields)
    assert isinstance(event, OrderRejected)
    assert venue.terms_desk.waiting_count == 0
    return event.reason


def canceled(events: list[Event]) -> list[tuple[int, CancelReason]]:
    """Which orders were cancelled, and why."""
    return [(event.order_id, CancelReason(event.reason)) for event in events if isinstance(event, OrderCanceled)]


def traded(events: list[Event]) -> list[tuple[int, int]]:
    """Makers and lots."""
    return [(event.maker_order_id, event.qty_lots) for event in events if isinstance(event, Trade)]


@pytest.mark.parametrize(
    ("terms", "fields", "reason"),
    [
        ({"display_lots": 2}, {"time_in_force": IOC}, R.INVALID_TERMS),
        ({"display_lots": 2}, {"time_in_force": FOK}, R.INVALID_TERMS),
        ({"display_lots": 2}, {"kind": OrderKind.MARKET, "price_ticks": 0}, R.INVALID_TERMS),
        ({"display_lots": 2}, STOP, R.INVALID_TERMS),
        ({"min_qty_lots": 11}, {}, R.INVALID_TERMS),
        ({"min_qty_lots": 1}, {"post_only": True}, R.INVALID_TERMS),
        ({"min_qty_lots": 1}, {}, R.MIN_QTY_CANNOT_FILL),
        ({"budget_quote": 1}, {}, R.INVALID_TERMS),
        ({"budget_quote": 1}, {"time_in_force": IOC}, R.INVALID_TERMS),
        ({"expires_ns": 9}, {}, R.INVALID_TERMS),
        ({"expires_ns": 9}, {"time_in_force": DAY}, R.INVALID_TERMS),
        ({}, {"time_in_force": GTD}, R.INVALID_EXPIRY),
        ({"expires_ns": 5}, {"time_in_force": GTD}, R.INVALID_EXPIRY),
        ({"display_lots": 2}, {"qty_lots": 0}, R.INVALID_QUANTITY),
        (
            {"display_lots": 2, "expires_ns": 5},
            {"time_in_force": GTD, "post_only": True, "qty_lots": 0},
            R.INVALID_QUANTITY,
        ),
        ({}, {"kind": OrderKind.MARKET_TO_LIMIT}, R.INVALID_PRICE),
        ({}, {"kind": OrderKind.MARKET_TO_LIMIT, "price_ticks": 0, "time_in_force": IOC}, R.INVALID_COMBINATION),
        ({}, {"kind": OrderKind.MARKET_TO_LIMIT, "price_ticks": 0, "post_only": True}, R.INVALID_COMBINATION),
    ],
    ids=str,
)
def test_terms_that_an_order_may_not_have(terms: dict[str, int], fields: dict[str, Any], reason: RejectReason) -> None:
    """INVALID_TERMS comes after the checks of plain orders, before those of what the order would do."""
    venue = bare_venue()
    run_all(venue, AdvanceTime(5))
    assert refused_with(venue, terms, **fields) == reason


@pytest.mark.parametrize(("lots", "is_refused"), [(9, False), (10, True)])
def test_an_iceberg_has_so_many_parts_at_most(lots: int, is_refused: bool) -> None:
    """On entry, and when it grows; smaller it may always get. Three parts of three lots are allowed here."""
    venue = bare_venue(OrderRules(iceberg_max_parts=3))
    first = placed(venue, {"display_lots": 3}, qty_lots=lots)[0]
    assert isinstance(first, OrderRejected if is_refused else OrderAccepted)
    assert getattr(first, "reason", R.TOO_MANY_PARTS) == R.TOO_MANY_PARTS
    venue = bare_venue(OrderRules(iceberg_max_parts=3))
    placed(venue, {"display_lots": 3}, qty_lots=4)
    amend = AmendOrder(2, instrument=A, account=1, order_id=1, qty_lots=lots)
    if is_refused:
        assert refusal(venue, amend) == R.TOO_MANY_PARTS
    else:
        run_all(venue, amend)
    run_all(venue, msgspec.structs.replace(amend, qty_lots=2))
    assert live(venue, 1).open_lots == 2


def test_a_waiting_stop_with_a_display_grows_no_further_either() -> None:
    """It would show nothing now, but later."""
    venue = bare_venue(OrderRules(iceberg_max_parts=3))
    placed(venue, {"display_lots": 3}, **(STOP | {"kind": OrderKind.STOP_LIMIT, "price_ticks": 90, "qty_lots": 9}))
    assert refusal(venue, AmendOrder(2, instrument=A, account=1, order_id=1, qty_lots=10)) == R.TOO_MANY_PARTS


def test_the_recorded_market_places_plain_orders_only() -> None:
    """A day order of it is as wrong as an immediate one."""
    command = recorded(1, BUY, 1, 100, time_in_force=DAY)
    assert refusal(bare_venue(), command) == R.INVALID_COMBINATION
    assert refusal(bare_venue(), msgspec.structs.replace(command, qty_lots=0)) == R.INVALID_QUANTITY


def test_depth_shows_what_is_shown() -> None:
    """The view of the order has it all."""
    venue = bare_venue()
    placed(venue, {"display_lots": 3})
    run_all(venue, order(2, 2, BUY, 1, 100))
    assert venue.book(A).depth() == ([Level(100, 4, 2)], [])
    resting = live(venue, 1)
    assert (resting.open_lots, resting.hidden_lots, resting.time_in_force) == (10, 7, TimeInForce.GTC)


def test_the_times_in_force_are_seen() -> None:
    """Of resting orders and pending stops, with when they end."""
    venue = bare_venue()
    placed(venue, {"expires_ns": 7}, time_in_force=GTD)
    run_all(venue, order(1, 2, BUY, 1, time_in_force=DAY, kind=OrderKind.STOP, trigger_ticks=500))
    assert (live(venue, 1).time_in_force, live(venue, 1).expires_ns) == (GTD, 7)
    assert (live(venue, 2).time_in_force, live(venue, 2).expires_ns) == (DAY, DAY_NS)


def test_orders_that_end_together_end_in_the_order_of_acceptance() -> None:
    """Over instruments; an amend that loses the place in the queue changes nothing in that."""
    venue = Exchange([Instrument(A, "A"), Instrument(B, "B")], Rules(clearing="none"))
    for number, instrument in enumerate((B, A, B, A), 1):
        run_all(venue, order(1, number, BUY, number, 100, instrument=instrument, time_in_force=DAY))
    run_all(venue, AmendOrder(1, B, 1, 1, 9, 99))
    events = run_all(venue, AdvanceTime(DAY_NS))
    assert canceled(events) == [(number, CancelReason.EXPIRED) for number in (1, 2, 3, 4)]
    assert {event.ts_ns for event in events} == {DAY_NS}


def test_a_time_that_nobody_waits_for_is_none() -> None:
    """The clock forgets the end of an order that is gone."""
    venue = bare_venue()
    placed(venue, {"expires_ns": 7}, time_in_force=GTD)
    assert venue.clock.next_due_ns == 7
    run_all(venue, MassCancel(1, A, 1))
    assert venue.clock.next_due_ns > DAY_NS


def test_the_close_of_the_day_ends_day_orders() -> None:
    """With `day_ends_ns` = -1 nothing else does."""
    venue = bare_venue(OrderRules(day_ends_ns=-1))
    run_all(
        venue,
        order(1, 1, BUY, 1, 100, time_in_force=DAY),
        order(1, 2, BUY, 1, 100),
        order(2, 3, SELL, 1, kind=OrderKind.STOP, trigger_ticks=50, time_in_force=DAY),
        AdvanceTime(10 * DAY_NS),
    )
    assert venue.book(A).live_order_count == 3
    venue.order_expiry.expire_day(venue.markets[0])
    venue.check()
    assert venue.book(A).live_order_count == 1


def test_an_amend_keeps_the_end_and_the_display() -> None:
    """Through a trade, too, when the order is entered anew."""
    venue = bare_venue()
    placed(venue, {"display_lots": 2, "expires_ns": 99}, time_in_force=GTD)
    run_all(venue, order(2, 2, SELL, 3, 105), AmendOrder(0, A, 1, 1, 8, 105))
    resting = live(venue, 1)
    assert (resting.open_lots, resting.hidden_lots, resting.filled_lots, resting.expires_ns) == (5, 3, 3, 99)
    assert canceled(run_all(venue, AdvanceTime(99))) == [(1, CancelReason.EXPIRED)]


def test_an_elected_stop_keeps_its_terms() -> None:
    """It becomes an iceberg, and ends when it was to end."""
    venue = bare_venue()
    placed(
        venue, {"display_lots": 2, "expires_ns": 99}, time_in_force=GTD, kind=OrderKind.STOP_LIMIT, trigger_ticks=101
    )
    events = run_all(venue, order(2, 2, BUY, 1, 101), order(3, 3, SELL, 1, 101))
    assert [(event.shown_lots, event.hidden_lots) for event in events if isinstance(event, OrderRefreshed)] == [(2, 8)]
    assert canceled(run_all(venue, AdvanceTime(99))) == [(1, CancelReason.EXPIRED)]


def test_hidden_lots_behind_an_own_order_do_not_count_for_a_fill_or_kill() -> None:
    """With cancel_taker the own order is met before what is hidden at the same price."""
    venue = bare_venue(OrderRules(self_trade="cancel_taker"))
    placed(venue, {"display_lots": 3})
    run_all(venue, order(2, 2, BUY, 1, 100))
    assert refusal(venue, order(2, 3, SELL, 4, 100, time_in_force=FOK)) == R.FOK_CANNOT_FILL
    assert traded(run_all(venue, order(2, 4, SELL, 3, 100, time_in_force=FOK))) == [(1, 3)]
    assert traded(run_all(venue, order(3, 5, SELL, 8, 100, time_in_force=FOK))) == [(2, 1), (1, 3), (1, 3), (1, 1)]


@pytest.mark.parametrize(
    ("taken", "left"), [(4, (6, 3)), (9, (1, 0)), (10, None), (12, None)], ids=["shown", "most", "all", "more"]
)
def test_a_self_trade_that_cuts_both_counts_hidden_lots(taken: int, left: tuple[int, int] | None) -> None:
    """decrement_both: the smaller open quantity, hidden part and all, comes off both; the place is kept."""
    venue = bare_venue(OrderRules(self_trade="decrement_both"))
    placed(venue, {"display_lots": 3})
    run_all(venue, order(1, 2, SELL, taken, 100))
    found = venue.book(A).order(1)
    assert (None if found is None else (found.open_lots, found.hidden_lots)) == left
    assert (venue.book(A).order(2) is not None) == (taken > 10)


def test_a_recorded_execution_passes_by_what_is_hidden_at_its_price() -> None:
    """At a better price icebergs trade to the end; at its own, what is shown ahead of the named order."""
    venue = bare_venue()
    placed(venue, {"display_lots": 2}, 1, 1, qty_lots=5, price_ticks=101)
    placed(venue, {"display_lots": 2}, 2, 2, qty_lots=5, price_ticks=100)
    run_all(venue, recorded(9, BUY, 50, 100))
    events = run_all(venue, ExecuteRecorded(0, A, 9, Side.BUY, 100, 10))
    assert traded(events) == [(1, 2), (1, 2), (1, 1), (2, 2), (9, 3)]
    assert (live(venue, 2).open_lots, live(venue, 9).open_lots) == (3, 47)


def test_reduced_below_what_is_shown() -> None:
    """The hidden part goes first, then what is shown; nothing left is a cancel of the whole."""
    venue = bare_venue()
    placed(venue, {"display_lots": 3})
    run_all(venue, ReduceOrder(0, A, 1, 1, 8))
    assert (live(venue, 1).open_lots, live(venue, 1).hidden_lots) == (2, 0)
    events = run_all(venue, ReduceOrder(0, A, 1, 1, 2))
    assert canceled(events) == [(1, CancelReason.REDUCED_TO_ZERO)]


def money_venue(**fields: Any) -> Exchange:
    """Leverage 10, a mark of 100, and account 1 with 100 of money."""
    venue = margin_venue(default_leverage=10, **fields)
    run_all(venue, Deposit(0, 1, 100), Deposit(0, 2, 10_000), SetMarkPrice(0, A, 100))
    return venue


def test_an_iceberg_is_reserved_for_as_a_whole() -> None:
    """Fills and amends of the shown part change the reserve of all of it: `check` compares them."""
    venue = money_venue(tick_value=1, tick_value_divisor=3)
    commands: list[Command] = [
        OrderTerms(0, A, 1, 1, display_lots=2),
        order(1, 1, BUY, 10, 100),
        order(2, 2, SELL, 3, 100),
        AmendOrder(0, A, 1, 1, 6),
        AmendOrder(0, A, 1, 1, 9, 99),
        ReduceOrder(0, A, 1, 1, 1),
        order(2, 3, SELL, 3, 99),
        ReplaceOrder(0, A, 1, 1, 4, 2, 98),
    ]
    run_all(venue, *commands)
    assert (live(venue, 4).open_lots, live(venue, 4).hidden_lots) == (2, 0)


def test_a_refused_replacement_moves_no_margin() -> None:
    """Not even what a pocket could give back: it is looked at when something of it changed."""
    venue = margin_venue(default_leverage=10)
    run_all(
        venue,
        Deposit(0, 1, 1_000),
        Deposit(0, 2, 10_000),
        SetMarkPrice(0, A, 100),
        SetMarginMode(0, A, 1, MarginMode.ISOLATED),
        OpenPosition(0, A, 1, 10, 100),
        order(1, 1, BUY, 10, 100),
        order(2, 2, SELL, 5, 110),
        SetMarkPrice(0, A, 90),
    )
    assert refusal(venue, ReplaceOrder(0, A, 1, 1, 9, 1_000_000, 100)) == R.INSUFFICIENT_MARGIN
    assert refusal(venue, ReplaceOrder(0, A, 1, 1, 2, 10, 100)) == R.DUPLICATE_ORDER_ID
    before = venue.account(1).pockets()
    events = run_all(venue, ReplaceOrder(0, A, 1, 1, 9, 20, 100))
    assert [type(event).__name__ for event in events] == [
        "OrderCanceled",
        "OrderAccepted",
        "IsolatedMarginTransferred",
    ]
    assert venue.account(1).pockets() != before


@pytest.mark.interpreted_only
def test_a_replacement_takes_the_room_of_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full book does not keep it out."""
    venue = bare_venue()
    run_all(venue, order(1, 1, BUY, 1, 100))
    monkeypatch.setattr("exchange.desks.order_checks.MAX_LIVE_ORDERS", 1)
    monkeypatch.setattr("exchange.desks.order_desk.MAX_LIVE_ORDERS", 1)
    for new_id in (2, 2):
        old = next(venue.book(A).orders(BUY)).order_id
        assert isinstance(run_all(venue, ReplaceOrder(0, A, 1, old, new_id, 2))[1], OrderAccepted)


def test_a_replaced_gtd_order_keeps_its_end() -> None:
    """Unless terms for the new one say another; a day order's day is that of the replacement."""
    venue = bare_venue()
    placed(venue, {"display_lots": 2, "expires_ns": 50}, time_in_force=GTD)
    run_all(venue, ReplaceOrder(0, A, 1, 1, 2, 5))
    assert (live(venue, 2).expires_ns, live(venue, 2).hidden_lots) == (50, 3)
    run_all(venue, OrderTerms(0, A, 1, 3, display_lots=1), ReplaceOrder(0, A, 1, 2, 3, 5))
    assert (live(venue, 3).expires_ns, live(venue, 3).hidden_lots) == (50, 4)
    run_all(venue, OrderTerms(0, A, 1, 4, expires_ns=60), ReplaceOrder(0, A, 1, 3, 4, 5))
    assert (live(venue, 4).expires_ns, live(venue, 4).hidden_lots) == (60, 0)
    run_all(venue, order(1, 9, BUY, 1, 90, 10, time_in_force=DAY), ReplaceOrder(20, A, 1, 9, 10, 1))
    assert (live(venue, 10).time_in_force, live(venue, 10).expires_ns) == (DAY, DAY_NS)


def test_the_top_order_is_filled_first() -> None:
    """The order that made the price the best: 4 of 6; the rest is shared, 2 over 4 and 4."""
    venue = bare_venue(allocation=AllocationRules(method="pro_rata", top_order=True))
    run_all(venue, order(1, 1, SELL, 4, 100), order(2, 2, SELL, 4, 100), order(3, 3, SELL, 4, 100))
    assert traded(run_all(venue, order(9, 9, BUY, 6, 100))) == [(1, 4), (2, 1), (3, 1)]
    # Nobody made the price the best again: 3 over 3 and 3, and the odd lot to the older.
    assert traded(run_all(venue, order(9, 10, BUY, 3, 100))) == [(2, 2), (3, 1)]


def test_a_better_price_takes_the_top_away() -> None:
    """For good: it does not come back when the better order is gone."""
    venue = bare_venue(allocation=AllocationRules(method="pro_rata", top_order=True))
    run_all(venue, order(1, 1, SELL, 4, 100), order(2, 2, SELL, 4, 100), order(3, 3, SELL, 1, 99))
    assert traded(run_all(venue, order(9, 9, BUY, 5, 100))) == [(3, 1), (1, 2), (2, 2)]


def test_a_recorded_taker_shares_among_participants_only() -> None:
    """Recorded orders at the same price are passed by."""
    venue = bare_venue(allocation=AllocationRules(method="pro_rata"))
    run_all(venue, recorded(1, SELL, 90, 100), order(1, 2, SELL, 6, 100), order(2, 3, SELL, 3, 100))
    assert traded(run_all(venue, recorded(4, BUY, 6, 100))) == [(2, 4), (3, 2)]
    assert traded(run_all(venue, recorded(5, BUY, 6, 101))) == [(2, 2), (3, 1)]


@pytest.mark.parametrize(
    ("rules", "trades"),
    [("allow", [(1, 2), (2, 2)]), ("cancel_taker", [(2, 4)]), ("cancel_both", [(2, 4)]), ("decrement_both", [(2, 4)])],
)
def test_pro_rata_meets_own_orders_last(rules: Any, trades: list[tuple[int, int]]) -> None:
    """Others at the price first; then the self-trade rule."""
    venue = bare_venue(OrderRules(self_trade=rules), allocation=AllocationRules(method="pro_rata"))
    run_all(venue, order(1, 1, SELL, 4, 100), order(2, 2, SELL, 4, 100))
    assert traded(run_all(venue, order(1, 3, BUY, 4, 100))) == trades
    events = run_all(venue, order(1, 4, BUY, 2, 100))
    assert bool(canceled(events)) == (rules != "allow")


def test_rules_that_could_not_be_applied() -> None:
    """They are refused with the field's name."""
    with pytest.raises(ConfigError, match="day_ends_ns"):
        OrderRules(day_ends_ns=DAY_NS)
    with pytest.raises(ConfigError, match="minimum_lots"):
        AllocationRules(minimum_lots=-1)


def test_a_correction_is_no_special_order() -> None:
    """Origin and account are checked as for plain orders."""
    command = order(0, 1, BUY, 1, 100, time_in_force=DAY, origin=Origin.CORRECTION)
    assert refusal(bare_venue(), command) == R.INVALID_COMBINATION
