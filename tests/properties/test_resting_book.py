"""Icebergs, pro-rata and replaced orders against a book of plain lists: the same trades, the same queues.

The model knows limit orders of a bare venue with `self_trade = "allow"`, and how they rest, trade and are amended under
every rule of icebergs and allocation.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.commands import AmendOrder, CancelOrder, OrderTerms, ReduceOrder, ReplaceOrder
from exchange.enums import TimeInForce
from exchange.events import Trade
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import AllocationRules, OrderRules, Rules
from tests.helpers import BUY, SELL, A, order

ACCOUNT = 1


@dataclass
class Row:
    """One resting order."""

    order_id: int
    side: int
    price: int
    shown: int
    hidden: int
    display: int
    least: int
    is_top: bool = False


class Model:
    """Both sides in one list; a queue is who comes first in it."""

    def __init__(self, rules: OrderRules, allocation: AllocationRules) -> None:
        """An empty book."""
        self.rules = rules
        self.allocation = allocation
        self.rows: list[Row] = []
        self.trades: list[tuple[int, int, int, int]] = []

    def queue(self, side: int) -> list[Row]:
        """The orders of a side, best price first, oldest first."""
        return sorted((row for row in self.rows if row.side == side), key=lambda row: row.price * (2 * side - 1))

    def reachable(self, side: int, price: int) -> list[Row]:
        """The other side's orders that one could trade with, the first in turn first."""
        return [row for row in self.queue(1 - side) if (row.price <= price if side == 0 else row.price >= price)]

    def place(self, order_id: int, side: int, price: int, lots: int, display: int, least: int) -> None:
        """Trade, then rest."""
        while lots and (makers := self.reachable(side, price)):
            level = [row for row in makers if row.price == makers[0].price]
            if self.allocation.method == "price_time":
                shares = [min(lots, level[0].shown)]
            else:
                shares = self.shares(level, lots)
            for maker, share in zip(level, shares, strict=False):
                if share:
                    self.trades.append((maker.order_id, order_id, maker.price, share))
                    lots -= share
                    self.fill(maker, share)
        if lots:
            shown = min(display or lots, lots)
            self.rest(Row(order_id, side, price, shown, lots - shown, display, least))

    def rest(self, row: Row) -> None:
        """Go to the back; a price that is better than all makes the top order, alone."""
        side = [other for other in self.rows if other.side == row.side]
        row.is_top = all((row.price - other.price) * (1 - 2 * row.side) > 0 for other in side)
        if row.is_top:
            for other in side:
                other.is_top = False
        self.rows.append(row)

    def shares(self, level: list[Row], lots: int) -> list[int]:
        """What each of a level gets, with the leftovers to the oldest."""
        whole = sum(row.shown for row in level)
        if lots >= whole:
            return [row.shown for row in level]
        given = [0] * len(level)
        if self.allocation.top_order and level[0].is_top:
            given[0] = min(lots, level[0].shown)
            whole -= level[0].shown
        rest = lots - given[0]
        for at in range(1 if given[0] else 0, len(level)):
            given[at] = rest * level[at].shown // whole
        for at, row in enumerate(level):
            given[at] += min(lots - sum(given), row.shown - given[at])
        return given

    def fill(self, row: Row, lots: int) -> None:
        """Take lots off the shown part, and show anew where that is due."""
        row.shown -= lots
        if row.shown + row.hidden == 0:
            self.rows.remove(row)
            return
        least = row.least if self.rules.iceberg_refresh == "below_min_display" else 0
        if row.hidden and (row.shown == 0 or row.shown < least):
            more = min(row.display - row.shown, row.hidden)
            row.shown, row.hidden, row.is_top = row.shown + more, row.hidden - more, False
            self.rows.remove(row)
            self.rows.append(row)

    def cut(self, row: Row, lots: int) -> None:
        """Take lots off, the hidden ones first."""
        if lots >= row.shown + row.hidden:
            self.rows.remove(row)
            return
        hidden = min(lots, row.hidden)
        row.hidden -= hidden
        row.shown -= lots - hidden

    def amend(self, row: Row, lots: int, price: int) -> None:
        """Keep the place where the rules say so, else come anew."""
        change = lots - row.shown - row.hidden
        if price == row.price and change <= 0 and self.rules.amend_qty_down == "keep_priority":
            self.cut(row, -change)
        elif price == row.price and change > 0 and row.display and self.rules.iceberg_amend_up == "keep_priority":
            row.hidden += change
        else:
            self.rows.remove(row)
            self.place(row.order_id, row.side, price, lots, row.display, row.least)


STEP = st.tuples(
    st.sampled_from(["place"] * 6 + ["cancel", "reduce", "amend", "replace", "fok"]),
    st.integers(0, 1),
    st.integers(97, 102),
    st.integers(1, 12),
    st.integers(0, 4),  # display
    st.integers(0, 4),
    st.integers(0, 30),  # which live order
)
RULES = st.builds(
    OrderRules,
    self_trade=st.just("allow"),
    amend_qty_down=st.sampled_from(["keep_priority", "lose_priority"]),
    iceberg_refresh=st.sampled_from(["when_gone", "below_min_display"]),
    iceberg_amend_up=st.sampled_from(["keep_priority", "lose_priority"]),
)
ALLOCATIONS = st.builds(AllocationRules, method=st.sampled_from(["price_time", "pro_rata"]), top_order=st.booleans())


def run_both(venue: Exchange, model: Model, number: int, step: tuple[Any, ...]) -> list[Any]:
    """Do one step on the venue and on the model, and return the venue's events."""
    action, side, price, lots, display, least, pick = step
    rows = sorted(model.rows, key=lambda row: row.order_id)
    if action == "fok":
        enough = sum(row.shown + row.hidden for row in model.reachable(side, price)) >= lots
        if enough:
            model.place(number, side, price, lots, 0, 0)
        kind: dict[str, Any] = {"time_in_force": TimeInForce.FOK}
        return venue.apply(order(ACCOUNT, number, SELL if side else BUY, lots, price, **kind))
    if action == "place" or not rows:
        least = min(least, display)
        if display:
            venue.apply(OrderTerms(0, A, ACCOUNT, number, display, least))
        model.place(number, side, price, lots, display, least)
        return venue.apply(order(ACCOUNT, number, SELL if side else BUY, lots, price))
    row = rows[pick % len(rows)]
    if action == "cancel":
        model.rows.remove(row)
        return venue.apply(CancelOrder(0, A, ACCOUNT, row.order_id))
    if action == "reduce":
        model.cut(row, lots)
        return venue.apply(ReduceOrder(0, A, ACCOUNT, row.order_id, lots))
    new_price = price if pick % 2 else row.price
    if action == "amend":
        model.amend(row, lots, new_price)
        return venue.apply(AmendOrder(0, A, ACCOUNT, row.order_id, lots, new_price))
    model.rows.remove(row)
    model.place(number, row.side, new_price, lots, row.display, row.least)
    return venue.apply(ReplaceOrder(0, A, ACCOUNT, row.order_id, number, lots, new_price))


@given(RULES, ALLOCATIONS, st.lists(STEP, max_size=40))
@settings(max_examples=150, deadline=None)
def test_agrees_with_a_book_of_lists(
    rules: OrderRules, allocation: AllocationRules, steps: list[tuple[Any, ...]]
) -> None:
    """Every trade, and both queues with their shown and hidden lots after each command."""
    venue = Exchange([Instrument(A, "A", allocation=allocation)], Rules(clearing="none", orders=rules))
    model = Model(rules, allocation)
    for number, step in enumerate(steps, 1):
        model.trades.clear()
        events = run_both(venue, model, number, step)
        venue.check()
        trades = [event for event in events if isinstance(event, Trade)]
        told = [(event.maker_order_id, event.taker_order_id, event.price_ticks, event.qty_lots) for event in trades]
        assert told == model.trades
        for side in (BUY, SELL):
            found = [
                (live.order_id, live.price_ticks, live.open_lots - live.hidden_lots, live.hidden_lots)
                for live in venue.book(A).orders(side)
            ]
            assert found == [(row.order_id, row.price, row.shown, row.hidden) for row in model.queue(side)]
        shown = sum(level.qty_lots for side in venue.book(A).depth() for level in side)
        assert shown == sum(row.shown for row in model.rows)
