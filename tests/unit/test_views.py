"""What a person sees of a venue: levels, changes, orders, accounts, the fund."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.commands import (
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Deposit,
    FundDeposit,
    LinkOrders,
    OpenPosition,
    OrderTerms,
    PlaceTrailingStop,
    ReduceOrder,
    SetMarkPrice,
)
from exchange.enums import OrderEffect, OrderKind, Side, TimeInForce, TriggerSource
from exchange.errors import ConfigError, InvariantError
from exchange.exchange import Exchange
from exchange.views import Level, LevelChange, LiveBracket, LiveOrder, LiveTrail, Position
from tests.helpers import BUY, LINEAR, OTHER, SELL, A, B, bare_venue, live, margin_venue, order, run_all

STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 3), st.sampled_from(Side), st.integers(1, 9), st.integers(95, 105)),
    max_size=40,
)


def apply_steps(venue: Exchange, number: int, step: tuple[int, int, Side, int, int]) -> None:
    """One random command; many are refused."""
    action, account, side, qty, price = step
    target = number - qty
    if action <= 1:
        venue.apply(order(account, number, side, qty, price))
    elif action == 2:
        venue.apply(CancelOrder(0, A, account, target))
    elif action == 3:
        venue.apply(ReduceOrder(0, A, account, target, 2))
    else:
        venue.apply(AmendOrder(0, A, account, target, qty, price))


@given(STEPS, st.integers(1, 4))
@settings(max_examples=100)
def test_a_copy_kept_by_changes_stays_equal(steps: list[tuple[int, int, Side, int, int]], every: int) -> None:
    """Whole depth, looked at after every command or now and then; and a copy of the best three levels."""
    venue = bare_venue()
    whole, top = venue.book(A), venue.book(A)
    copy: dict[tuple[Side, int], int] = {}
    copy_of_top: dict[tuple[Side, int], int] = {}
    for number, step in enumerate(steps):
        apply_steps(venue, number, step)
        if number % every:
            continue
        for view, kept, count in ((whole, copy, None), (top, copy_of_top, 3)):
            for change in view.changes(count):
                if change.qty_lots == 0:
                    del kept[change.side, change.price_ticks]
                else:
                    kept[change.side, change.price_ticks] = change.qty_lots
            bids, asks = view.depth(count)
            assert kept == {(BUY, level.price_ticks): level.qty_lots for level in bids} | {
                (SELL, level.price_ticks): level.qty_lots for level in asks
            }
            assert view.changes(count) == []


@given(STEPS)
@settings(max_examples=100)
def test_levels_are_the_sums_of_the_orders(steps: list[tuple[int, int, Side, int, int]]) -> None:
    """L1 is the first of L2, and L2 is L3 added up, best first, oldest first."""
    venue = bare_venue()
    view = venue.book(A)
    for number, step in enumerate(steps):
        apply_steps(venue, number, step)
    for side, levels in zip(Side, view.depth(), strict=True):
        orders = list(view.orders(side))
        sums: dict[int, Level] = {}
        for resting in orders:
            _, lots, count = sums.get(resting.price_ticks, (0, 0, 0))
            sums[resting.price_ticks] = Level(resting.price_ticks, lots + resting.open_lots, count + 1)
            assert view.order(resting.order_id) == resting
            assert resting.side == side
        assert levels == list(sums.values()) == sorted(levels, reverse=side == BUY)
        best = view.best_bid() if side == BUY else view.best_ask()
        assert best == ((levels[0].price_ticks, levels[0].qty_lots) if levels else None)
    assert view.live_order_count == sum(len(list(view.orders(side))) for side in Side)
    view.check()


def test_changes_come_bids_first_and_best_first() -> None:
    """Both sides, gone levels among the others."""
    venue = bare_venue()
    view = venue.book(A)
    run_all(venue, *(order(1, price, BUY, 1, price) for price in (97, 99, 98)))
    run_all(venue, *(order(1, price, SELL, 2, price) for price in (103, 101, 102)))
    assert view.changes() == [
        *(LevelChange(BUY, price, 1) for price in (99, 98, 97)),
        *(LevelChange(SELL, price, 2) for price in (101, 102, 103)),
    ]
    run_all(venue, CancelOrder(0, A, 1, 98), order(2, 1, BUY, 1, 101), order(2, 2, BUY, 1, 96))
    assert view.changes() == [LevelChange(BUY, 98, 0), LevelChange(BUY, 96, 1), LevelChange(SELL, 101, 1)]
    # Another view of the same book has its own memory.
    assert len(venue.book(A).changes()) == 6


def test_an_empty_book() -> None:
    """Nothing is None or empty, not zero."""
    view = bare_venue().book(A)
    assert (view.best_bid(), view.best_ask(), view.last_trade, view.mark_price) == (None, None, None, None)
    assert (view.depth(), view.changes(), list(view.orders(BUY)), list(view.stops(SELL))) == (([], []), [], [], [])
    assert (view.order(1), view.live_order_count) == (None, 0)


def test_depth_stops_at_its_count() -> None:
    """0, 1, and more than there are."""
    venue = bare_venue()
    run_all(venue, *(order(1, price, BUY, 1, price) for price in (5, 7, 6)))
    view = venue.book(A)
    assert view.depth(0) == ([], [])
    assert view.depth(1) == ([Level(7, 1, 1)], [])
    assert view.depth(9) == ([Level(7, 1, 1), Level(6, 1, 1), Level(5, 1, 1)], [])


def test_live_orders_show_all_their_facts() -> None:
    """A post-only order half filled, and stops in the order in which they would be elected."""
    venue = bare_venue()
    run_all(venue, order(1, 1, BUY, 10, 100, post_only=True), order(2, 2, SELL, 4, 100))
    view = venue.book(A)
    gtc = TimeInForce.GTC
    assert view.order(1) == LiveOrder(1, 1, BUY, OrderKind.LIMIT, gtc, True, 100, 6, 4, 0, True)
    for number, trigger in ((10, 120), (11, 110), (12, 120), (13, 110)):
        run_all(venue, order(1, number, BUY, 5, kind=OrderKind.STOP, trigger_ticks=trigger))
        run_all(
            venue,
            order(2, number + 10, SELL, 5, 7, kind=OrderKind.STOP_LIMIT, trigger_ticks=200 - trigger)
            if number != 13
            else order(2, 23, SELL, 5, 7, kind=OrderKind.STOP_LIMIT, trigger_ticks=90, time_in_force=TimeInForce.IOC),
        )
    assert [stop.order_id for stop in view.stops(BUY)] == [11, 13, 10, 12]
    assert [stop.order_id for stop in view.stops(SELL)] == [21, 23, 20, 22]
    assert view.order(23) == LiveOrder(
        23,
        2,
        SELL,
        OrderKind.STOP_LIMIT,
        TimeInForce.IOC,
        False,
        7,
        5,
        0,
        90,
        False,
        trigger_source=TriggerSource.LAST,
    )
    assert [live.order_id for live in view.orders(SELL)] == []
    assert view.live_order_count == 9


def test_live_orders_show_what_they_do_beyond_trading() -> None:
    """An entry and the pair that it brought, a sleeping trailing stop, an iceberg that reduces, and its partner."""
    venue = margin_venue()
    run_all(venue, Deposit(0, 1, 10_000), Deposit(0, 2, 10_000), SetMarkPrice(0, A, 100))
    run_all(venue, BracketTerms(0, A, 1, 1, 120, 0, 90, 89), order(1, 1, BUY, 10, 100), order(2, 2, SELL, 6, 100))
    entry = live(venue, 1)
    assert entry.bracket is not None
    profit_id, loss_id = entry.bracket.order_ids
    assert entry.bracket == LiveBracket(120, 0, 90, 89, (profit_id, loss_id))
    assert (entry.effect, entry.brought_by, entry.trigger_source) == (OrderEffect.ANY, 0, TriggerSource.VENUE)
    profit, loss = live(venue, profit_id), live(venue, loss_id)
    assert (profit.brought_by, profit.linked_order_id, profit.effect) == (1, loss_id, OrderEffect.REDUCE_ONLY)
    assert (loss.brought_by, loss.linked_order_id, loss.trigger_source) == (1, profit_id, TriggerSource.LAST)
    run_all(
        venue,
        OrderTerms(0, A, 1, 3, display_lots=2),
        order(1, 3, SELL, 5, 130, effect=OrderEffect.REDUCE_ONLY),
        order(1, 4, SELL, 5, kind=OrderKind.STOP, trigger_ticks=80, trigger_source=TriggerSource.MARK),
        LinkOrders(0, A, 1, 3, 4),
        PlaceTrailingStop(0, A, 1, 5, SELL, 1, 10, 150, 2, 3, trigger_source=TriggerSource.INDEX),
    )
    iceberg, stop, trail = live(venue, 3), live(venue, 4), live(venue, 5)
    assert (iceberg.display_lots, iceberg.hidden_lots, iceberg.open_lots) == (2, 3, 5)
    assert (iceberg.effect, iceberg.linked_order_id) == (OrderEffect.REDUCE_ONLY, 4)
    assert (stop.linked_order_id, stop.trigger_source) == (3, TriggerSource.MARK)
    assert (trail.trigger_ticks, trail.trail) == (0, LiveTrail(10, False, 2, 3, 150, True))


def test_accounts_at_present_marks() -> None:
    """balance, equity, margins and positions, by hand."""
    venue = Exchange([OTHER, LINEAR])
    run_all(
        venue,
        SetMarkPrice(0, A, 100),
        Deposit(0, 1, 1_000),
        OpenPosition(0, B, 1, -5, 10),
        OpenPosition(0, A, 1, 3, 100),
        SetMarkPrice(0, A, 90),
        FundDeposit(0, 77),
    )
    view = venue.account(1)
    # A: 3 x 90 = 270 - 300 = -30; maintenance 10 % of 270. B has no mark: valued at its cost, 10 % of 50.
    assert view.positions() == [Position(A, 3, 300, 270, -30, 27), Position(B, -5, -50, -50, 0, 5)]
    assert (view.balance, view.equity, view.maintenance, view.initial_margin) == (1_000, 970, 32, 320)
    assert not view.is_in_liquidation
    mirror = venue.account(0)
    assert [(position.size_lots, position.cost) for position in mirror.positions()] == [(-3, -300), (5, 50)]
    assert (venue.fund.balance, venue.fund.fees, venue.fund.venue_loss, venue.fund.positions()) == (77, 0, 0, [])
    assert venue.account(-1).balance == 77
    assert venue.accounts() == [1]


def test_unknown_accounts_are_config_errors() -> None:
    """An account exists from its first deposit."""
    with pytest.raises(ConfigError, match="found 9"):
        margin_venue().account(9)


def test_check_of_a_view_finds_what_check_finds() -> None:
    """The book's own check."""
    venue = bare_venue()
    run_all(venue, order(1, 1, BUY, 1, 5))
    book = venue.markets[0].book
    book.ids.remove(1)
    with pytest.raises(InvariantError):
        venue.book(A).check()
