"""Rounds of pro-rata in which orders are cut, end, or bring others: who trades what, and that it stays cheap."""

from exchange.commands import BracketTerms, LinkOrders, MassCancel, OrderTerms
from exchange.enums import CancelReason, SideFilter
from exchange.events import Event, OrderCanceled, Trade
from exchange.exchange import Exchange
from exchange.rules import AllocationRules, OrderRules
from tests.helpers import BUY, SELL, A, bare_venue, order, run_all


def shared(rules: OrderRules | None = None) -> Exchange:
    """A bare venue of one pro-rata instrument."""
    allocation = AllocationRules("pro_rata")
    return bare_venue(rules if rules is not None else OrderRules(), allocation=allocation)


def traded(events: list[Event]) -> list[tuple[int, int]]:
    """Makers and lots."""
    return [(event.maker_order_id, event.qty_lots) for event in events if isinstance(event, Trade)]


def link(venue: Exchange, account: int, one: int, other: int) -> None:
    """Link two orders of an account."""
    run_all(venue, LinkOrders(venue.ts_ns, A, account, one, other))


def test_linked_makers_trade_once_each() -> None:
    """Each fill cuts an order elsewhere; the shares stand nevertheless, and the level is looked at once."""
    venue, makers = shared(), 60
    for account in range(1, makers + 1):
        run_all(venue, order(account, account, SELL, 10, 100), order(account, 1_000 + account, SELL, 50, 200))
        link(venue, account, account, 1_000 + account)
    events = run_all(venue, order(99, 5_000, BUY, 300, 100))
    assert traded(events) == [(account, 5) for account in range(1, makers + 1)]


def test_an_order_cut_below_its_share_trades_what_it_shows() -> None:
    """Two linked orders of 10, and 18 lots for 30: 6 each. The first fill leaves the second 4; 2 go round again."""
    venue = shared()
    run_all(venue, order(1, 1, SELL, 10, 100), order(1, 2, SELL, 10, 100), order(2, 3, SELL, 10, 100))
    link(venue, 1, 1, 2)
    events = run_all(venue, order(9, 9, BUY, 18, 100))
    # After 6, 4 and 6: order 2 is done and took the 4 that were left of order 1 along, so order 3 has the last 2.
    assert traded(events) == [(1, 6), (2, 4), (3, 6), (3, 2)]
    assert [(e.order_id, CancelReason(e.reason)) for e in events if isinstance(e, OrderCanceled)] == [
        (1, CancelReason.LINKED)
    ]
    venue.check()


def test_an_order_that_is_gone_has_no_share() -> None:
    """`cancel`: the first fill takes the second order out, and what it would have had goes round again."""
    venue = shared(OrderRules(oco_partial="cancel"))
    run_all(venue, order(1, 1, SELL, 10, 100), order(1, 2, SELL, 10, 100), order(2, 3, SELL, 10, 100))
    link(venue, 1, 1, 2)
    events = run_all(venue, order(9, 9, BUY, 15, 100))
    # 5 each of 15; then 5 for the 5 + 5 that are left: 2 and 2, and the oldest gets 1 more.
    assert traded(events) == [(1, 5), (3, 5), (1, 3), (3, 2)]
    venue.check()


def test_rows_that_are_made_in_a_round_do_no_harm() -> None:
    """The children of a bracket take the freed row of an order, or move all rows to a larger column."""
    venue = shared()
    run_all(venue, BracketTerms(0, A, 1, 1, take_profit_ticks=80, stop_loss_ticks=120))
    run_all(venue, order(1, 1, SELL, 10, 100), order(2, 2, SELL, 10, 100), order(3, 3, SELL, 10, 100))
    for n in range(1_020):
        venue.apply(order(4, 10 + n, BUY, 1, 50))
    pool = venue.markets[0].book.orders
    words = len(pool.words)
    events = run_all(venue, order(9, 9, BUY, 15, 100))
    assert traded(events) == [(1, 5), (2, 5), (3, 5)]
    assert len(pool.words) == 2 * words
    assert traded(run_all(venue, order(9, 8, BUY, 15, 100))) == [(1, 5), (2, 5), (3, 5)]
    venue.check()


def test_own_orders_that_are_linked_are_met_once() -> None:
    """Both orders lose what the smaller has; the partner of the one that is gone is not there to be met."""
    for taken, left in ((4, 1), (10, 7)):
        venue = shared(OrderRules(self_trade="decrement_both"))
        run_all(venue, order(1, 1, SELL, 3, 100), order(1, 2, SELL, 3, 100))
        link(venue, 1, 1, 2)
        run_all(venue, order(1, 3, BUY, taken, 100))
        assert [(live.order_id, live.open_lots) for live in venue.book(A).orders(BUY)] == [(3, left)]
        venue.check()


def test_a_mass_cancel_of_one_side_walks_once() -> None:
    """Linked orders behind many of the other side: in the order of entry, each with its partner."""
    venue = shared()
    run_all(venue, *(order(1, n, SELL, 1, 200) for n in range(1, 50)))
    run_all(venue, *(order(1, 100 + n, BUY, 1, 50) for n in range(8)))
    for n in range(0, 8, 2):
        link(venue, 1, 100 + n, 101 + n)
    events = run_all(venue, MassCancel(venue.ts_ns, A, 1, SideFilter.BUY))
    assert [event.order_id for event in events if isinstance(event, OrderCanceled)] == [100 + n for n in range(8)]
    venue.check()


def test_terms_of_one_account_concern_no_other() -> None:
    """Only the account whose terms wait is asked for them."""
    venue = shared()
    run_all(venue, OrderTerms(0, A, 7, 1, display_lots=2))
    assert venue.terms_desk.is_waiting(7)
    assert not venue.terms_desk.is_waiting(8)
    run_all(venue, OrderTerms(0, A, 7, 2, display_lots=2), order(7, 2, BUY, 5, 100))
    assert not venue.terms_desk.is_waiting(7)
