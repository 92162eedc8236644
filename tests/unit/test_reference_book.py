"""Worked examples for the twin's book: who trades with whom, at which price, and what happens to the rest."""

from typing import Any

from exchange.commands import AmendOrder, Command, ExecuteRecorded, MassCancel, PlaceOrder, ReduceOrder, ReportTrade
from exchange.enums import CancelReason, OrderKind, Origin, RejectReason, Side, TimeInForce
from exchange.events import (
    Event,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderRejected,
    RecordedClipped,
    StopTriggered,
    Trade,
)
from exchange.instrument import Instrument
from exchange.rules import OrderRules, Rules
from tests.reference.venue import ReferenceVenue

BUY, SELL = Side.BUY, Side.SELL


def venue(**rules: Any) -> ReferenceVenue:
    """Return a bare matching venue with one instrument."""
    return ReferenceVenue([Instrument(1, "X")], Rules(clearing="none", orders=OrderRules(**rules)))


def order(account: int, order_id: int, side: Side, qty: int, price: int, **more: Any) -> PlaceOrder:
    """Return a limit order, unless `more` says otherwise."""
    return PlaceOrder(0, 1, account, order_id, side, qty, price, **more)


def recorded(order_id: int, side: Side, qty: int, price: int) -> PlaceOrder:
    """Return an order of the recorded market."""
    return order(0, order_id, side, qty, price, origin=Origin.RECORDED)


def run(target: ReferenceVenue, *commands: Command) -> list[Event]:
    """Return the events of the last command."""
    events: list[Event] = []
    for command in commands:
        events = target.apply(command)
        target.check()
    return events


def trades(events: list[Event]) -> list[tuple[int, int, int]]:
    """Return maker order, price and quantity of every trade."""
    return [(e.maker_order_id, e.price_ticks, e.qty_lots) for e in events if isinstance(e, Trade)]


def cancels(events: list[Event]) -> list[tuple[int, int, CancelReason]]:
    """Return order, quantity and reason of every cancel."""
    return [(e.order_id, e.qty_lots, e.reason) for e in events if isinstance(e, OrderCanceled)]


def test_best_price_trades_first_then_the_oldest_at_the_makers_price() -> None:
    """A buy of 10 at 102 meets 4 at 101, then the older 5 at 102, then 1 of the younger 5."""
    events = run(
        venue(),
        order(1, 11, SELL, 5, 102),
        order(2, 12, SELL, 5, 102),
        order(3, 13, SELL, 4, 101),
        order(4, 14, BUY, 10, 102),
    )
    assert trades(events) == [(13, 101, 4), (11, 102, 5), (12, 102, 1)]


def test_self_trade_decrements_both_by_the_smaller_quantity() -> None:
    """Maker 3 and taker 5 lose 3: the maker is gone, the taker has 2 left, which trade with the next order."""
    target = venue(self_trade="decrement_both")
    events = run(target, order(1, 11, SELL, 3, 100), order(2, 12, SELL, 9, 101), order(1, 13, BUY, 5, 101))
    assert cancels(events) == [(11, 3, CancelReason.SELF_TRADE)]
    assert [(e.order_id, e.qty_lots) for e in events if isinstance(e, OrderAmended)] == [(13, 2)]
    assert trades(events) == [(12, 101, 2)]


def test_fill_or_kill_does_not_count_beyond_an_own_maker() -> None:
    """5 at 100, 5 own at 101, 5 at 102: cancel_taker would stop at the own ones, cancel_maker passes them."""
    for rule, filled in (("cancel_taker", 0), ("cancel_maker", 10), ("allow", 10)):
        events = run(
            venue(self_trade=rule),
            order(2, 11, SELL, 5, 100),
            order(1, 12, SELL, 5, 101),
            order(3, 13, SELL, 5, 102),
            order(1, 14, BUY, 10, 102, time_in_force=TimeInForce.FOK),
        )
        assert sum(qty for _, _, qty in trades(events)) == filled
        assert isinstance(events[0], OrderAccepted if filled else OrderRejected)


def test_collar_keeps_a_market_order_from_far_prices() -> None:
    """Best ask 100, 2 % above is 102: the order at 103 is out of reach, so the rest is cancelled for PROTECTION."""
    target = venue(market_protection="ppm", protection_amount=20_000)
    events = run(
        target,
        order(1, 11, SELL, 1, 100),
        order(1, 12, SELL, 1, 102),
        order(1, 13, SELL, 1, 103),
        order(2, 14, BUY, 5, 0, kind=OrderKind.MARKET),
    )
    assert trades(events) == [(11, 100, 1), (12, 102, 1)]
    assert cancels(events) == [(14, 3, CancelReason.PROTECTION)]


def test_market_remainder_rests_at_the_last_fill_where_the_rule_says_so() -> None:
    """2 of 5 trade, at 100 and 104; 3 rest as a bid at 104, where a sell finds them."""
    target = venue(market_remainder="limit_at_last_fill")
    run(
        target,
        order(1, 11, SELL, 1, 100),
        order(1, 12, SELL, 1, 104),
        order(2, 13, BUY, 5, 0, kind=OrderKind.MARKET),
    )
    assert trades(run(target, order(3, 14, SELL, 9, 90))) == [(13, 104, 3)]


def test_post_only_is_repriced_one_tick_behind_the_opposite_best() -> None:
    """A post-only buy at 105 would take the ask at 103, so it rests at 102."""
    target = venue(post_only_cross="reprice")
    events = run(target, order(1, 11, SELL, 1, 103), order(2, 12, BUY, 1, 105, post_only=True))
    assert isinstance(events[0], OrderAccepted)
    assert events[0].price_ticks == 102
    assert len(events) == 1


def test_amend_of_total_quantity_counts_what_is_filled() -> None:
    """Of 10 lots 4 are filled: a total of 7 leaves 3 open, a total of 4 is below or at what is filled."""
    target = venue()
    run(target, order(1, 11, BUY, 10, 100), order(2, 12, SELL, 4, 100))
    events = run(target, AmendOrder(0, 1, 1, 11, qty_lots=7, is_total_qty=True))
    assert [(e.qty_lots, e.kept_priority) for e in events if isinstance(e, OrderAmended)] == [(3, True)]
    events = run(target, AmendOrder(0, 1, 1, 11, qty_lots=4, is_total_qty=True))
    assert [e.reason for e in events if isinstance(e, OrderRejected)] == [RejectReason.BELOW_FILLED]


def test_recorded_execution_fills_participants_with_priority_first() -> None:
    """Bids: participant at 101, then at 100 participant, recorded 50, participant. A print of 10 at 100 of order 50.

    3 go to the better price, 3 to the participant ahead, 4 to the recorded order, nothing to the one behind it.
    """
    target = venue()
    events = run(
        target,
        order(1, 11, BUY, 3, 100),
        recorded(50, BUY, 8, 100),
        order(2, 12, BUY, 3, 100),
        order(3, 13, BUY, 3, 101),
        ExecuteRecorded(0, 1, order_id=50, side=BUY, price_ticks=100, qty_lots=10),
    )
    assert trades(events) == [(13, 101, 3), (11, 100, 3), (50, 100, 4)]


def test_recorded_messages_are_clipped_where_they_cannot_be_applied() -> None:
    """A reduce of 9 on 5 open lots takes 5 and clips 4; another one finds nothing and clips all 9."""
    target = venue()
    reduce = ReduceOrder(0, 1, 0, 50, qty_lots=9, origin=Origin.RECORDED)
    events = run(target, recorded(50, BUY, 5, 100), reduce)
    assert cancels(events) == [(50, 5, CancelReason.REDUCED_TO_ZERO)]
    assert [e.qty_lots for e in events if isinstance(e, RecordedClipped)] == [4]
    assert [e.qty_lots for e in run(target, reduce) if isinstance(e, RecordedClipped)] == [9]


def test_stops_are_elected_lowest_buy_trigger_first_and_cascade() -> None:
    """A trade at 100 touches the buy stop at 100 alone; its fill at 105 touches those at 103 and 104, 103 first."""
    target = venue()
    stop = {"kind": OrderKind.STOP}
    events = run(
        target,
        order(1, 11, SELL, 1, 105),
        order(2, 21, BUY, 1, 0, trigger_ticks=104, **stop),
        order(2, 22, BUY, 1, 0, trigger_ticks=103, **stop),
        order(2, 23, BUY, 1, 0, trigger_ticks=100, **stop),
        ReportTrade(0, 1, side=BUY, price_ticks=100, qty_lots=1),
    )
    assert [e.order_id for e in events if isinstance(e, StopTriggered)] == [23, 22, 21]


def test_a_stop_that_comes_touched_is_elected_or_waits() -> None:
    """Last trade 100, buy stop at 99: elected at once, or by the next trade at 99 or above."""
    for rule, elected in (("elect", [1, 0]), ("wait", [0, 1])):
        target = venue(stop_already_touched=rule)
        report = ReportTrade(0, 1, side=BUY, price_ticks=100, qty_lots=1)
        stop = order(1, 11, BUY, 1, 0, kind=OrderKind.STOP, trigger_ticks=99)
        found = [run(target, report, stop), run(target, report)]
        assert [sum(isinstance(e, StopTriggered) for e in events) for events in found] == elected


def test_mass_cancel_goes_in_order_of_entry() -> None:
    """An amend that loses priority enters anew, so the first order goes last."""
    target = venue()
    run(target, order(1, 11, BUY, 1, 90), order(1, 12, BUY, 1, 95), AmendOrder(0, 1, 1, 11, qty_lots=2))
    assert [order_id for order_id, _, _ in cancels(run(target, MassCancel(0, 0, 1)))] == [12, 11]
