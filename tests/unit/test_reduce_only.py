"""Reduce-only orders: what the venue's own audit sees of them, and how many there may be."""

import random
from typing import Literal

import pytest

from exchange.accounts.ledger import BUY_REDUCING, SELL_LOTS, SELL_NOTIONAL, SELL_REDUCING, SIZE
from exchange.book.order_pool import HIDDEN
from exchange.commands import AmendOrder, CancelOrder, Deposit, LinkOrders, OpenPosition, OrderTerms, SetMarkPrice
from exchange.enums import CancelReason, OrderEffect, Side
from exchange.errors import InvariantError
from exchange.events import OrderAmended, OrderCanceled, OrderRejected
from exchange.exchange import Exchange
from exchange.rules import OrderRules
from tests.helpers import BUY, SELL, A, live, margin_venue, order, run_all

REDUCE_ONLY = OrderEffect.REDUCE_ONLY


def long_venue(lots: int, cut: Literal["newest", "oldest", "each"] = "newest") -> Exchange:
    """Account 2 is long so many lots at 100; account 1 has money."""
    venue = margin_venue(orders=OrderRules(reduce_only_cut=cut))
    run_all(
        venue, Deposit(0, 1, 10**9), Deposit(0, 2, 10**9), SetMarkPrice(0, A, 100), OpenPosition(0, A, 2, lots, 100)
    )
    return venue


def leg_of(venue: Exchange, account: int) -> int:
    """The handle of an account's leg."""
    return venue.markets[0].leg(venue.ledger.find(account))


def test_the_audit_adds_up_the_orders_of_an_account() -> None:
    """Each of two orders is smaller than the position, both together are not."""
    venue = long_venue(10)
    run_all(venue, order(2, 1, SELL, 6, 110, effect=REDUCE_ONLY), order(2, 2, SELL, 4, 111, effect=REDUCE_ONLY))
    venue.ledger.legs[leg_of(venue, 2) + SIZE] = 9
    with pytest.raises(InvariantError, match="at most its position of 9, found 10"):
        venue.check()


def test_the_audit_takes_each_order_by_itself_where_that_is_the_rule() -> None:
    """Two of 10 are right; one of 10 is not where 9 are held."""
    venue = long_venue(10, "each")
    run_all(venue, order(2, 1, SELL, 10, 110, effect=REDUCE_ONLY), order(2, 2, SELL, 10, 111, effect=REDUCE_ONLY))
    venue.ledger.legs[leg_of(venue, 2) + SIZE] = 9
    with pytest.raises(InvariantError, match="order 1: expected at most the position of 9, found 10"):
        venue.check()


def test_the_audit_counts_what_an_iceberg_hides() -> None:
    """2 are shown of 5: a hidden part that is too large is seen."""
    venue = long_venue(5)
    run_all(venue, OrderTerms(0, A, 2, 1, display_lots=2), order(2, 1, SELL, 5, 110, effect=REDUCE_ONLY))
    book = venue.markets[0].book
    book.orders.words[book.find(1) + HIDDEN] += 1
    book.hidden_lots += 1
    with pytest.raises(InvariantError, match="expected"):
        venue.check()


@pytest.mark.parametrize("word", [SELL_LOTS, BUY_REDUCING, SELL_REDUCING, SELL_NOTIONAL])
def test_the_audit_compares_the_sums(word: int) -> None:
    """What is kept of the orders beside them agrees with them."""
    venue = long_venue(5)
    run_all(venue, order(2, 1, SELL, 5, 110, effect=REDUCE_ONLY))
    leg = leg_of(venue, 2)
    venue.ledger.legs[leg + word] = venue.ledger.legs[leg + word] + 1
    with pytest.raises(InvariantError, match="expected"):
        venue.check()


@pytest.mark.parametrize("cut", ["newest", "oldest"])
def test_many_are_cut_in_their_turn(cut: Literal["newest", "oldest"]) -> None:
    """1,000 orders of one lot; 3 are bought and 4 sold otherwise: those 4 whose turn it is are cut, and no others."""
    venue = long_venue(1_000, cut)
    for number in range(1, 1_001):
        venue.apply(order(2, number, SELL, 1, 110 + number % 7, effect=REDUCE_ONLY))
    venue.apply(order(1, 5_000, BUY, 4, 100))
    events = venue.apply(order(2, 5_001, SELL, 4, 100))
    turns = [1_000, 999, 998, 997] if cut == "newest" else [1, 2, 3, 4]
    gone = [event for event in events if isinstance(event, OrderCanceled)]
    assert [event.order_id for event in gone] == turns
    assert {event.reason for event in gone} == {CancelReason.NOTHING_TO_REDUCE}
    events = venue.apply(order(1, 5_002, BUY, 3, 110))
    assert not [event for event in events if isinstance(event, OrderCanceled | OrderAmended)]
    venue.check()


def test_each_that_is_too_large_is_cut_in_order_of_entry() -> None:
    """Of 9, 3, 7 and 8 lots, with 6 left of the position: 6, 3, 6 and 6. One grew in its place."""
    venue = margin_venue(orders=OrderRules(reduce_only_cut="each", iceberg_amend_up="keep_priority"))
    run_all(venue, Deposit(0, 1, 10**9), Deposit(0, 2, 10**9), SetMarkPrice(0, A, 100), OpenPosition(0, A, 2, 10, 100))
    for number, lots in ((1, 9), (2, 3), (3, 7)):
        run_all(venue, order(2, number, SELL, lots, 110, effect=REDUCE_ONLY))
    run_all(venue, OrderTerms(0, A, 2, 4, display_lots=2), order(2, 4, SELL, 1, 110, effect=REDUCE_ONLY))
    run_all(venue, AmendOrder(0, A, 2, 4, 8, 110), order(1, 10, BUY, 4, 100))
    events = run_all(venue, order(2, 11, SELL, 4, 100))
    assert [(e.order_id, e.qty_lots) for e in events if isinstance(e, OrderAmended)] == [(1, 6), (3, 6), (4, 6)]
    assert [live(venue, number).open_lots for number in (1, 2, 3, 4)] == [6, 3, 6, 6]


@pytest.mark.parametrize("cut", ["newest", "oldest", "each"])
@pytest.mark.parametrize("seed", range(12))
def test_no_order_that_reduces_changes_what_others_ask_for(cut: Literal["newest", "oldest", "each"], seed: int) -> None:
    """The initial margin is the same with an account's reduce-only orders and when they have been cancelled."""
    source = random.Random(seed)
    venue = long_venue(20, cut)
    run_all(venue, OpenPosition(0, A, 1, -20, 100))
    for number in range(1, 120):
        account, side = source.choice((1, 2)), source.choice(list(Side))
        effect = source.choice((OrderEffect.ANY, REDUCE_ONLY))
        run_all(venue, order(account, number, side, source.randrange(1, 9), source.randrange(90, 111), effect=effect))
        if number % 10 == 0:
            run_all(venue, LinkOrders(0, A, account, source.randrange(1, number), number))
    for account in (1, 2):
        before = venue.account(account).initial_margin
        for number in range(1, 120):
            found = venue.book(A).order(number)
            is_reducing = found is not None and found.account == account and found.effect != OrderEffect.ANY
            if found is not None and is_reducing and found.linked_order_id == 0:
                run_all(venue, CancelOrder(0, A, account, number))
        assert venue.account(account).initial_margin == before


def test_a_far_order_that_reduces_gives_no_margin_away() -> None:
    """One lot offered at the highest price there is would have carried 21,000,000 lots bought at 100."""
    venue = margin_venue(max_leverage=10, default_leverage=10)
    run_all(venue, Deposit(0, 1, 1_000), SetMarkPrice(0, A, 100), OpenPosition(0, A, 1, 1, 100))
    highest = venue.book(A).instrument.max_price_ticks
    run_all(venue, order(1, 1, SELL, 1, highest, effect=REDUCE_ONLY))
    assert venue.account(1).initial_margin == 10
    assert isinstance(run_all(venue, order(1, 2, BUY, 100, 100))[0], OrderRejected)
    assert live(venue, 1).effect == REDUCE_ONLY
