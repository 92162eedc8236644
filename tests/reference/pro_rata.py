"""Pro-rata: how a taker's lots are shared at one price (docs/semantics/orders.md, section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exchange.enums import CancelReason
from exchange.instrument import Instrument

if TYPE_CHECKING:
    from tests.reference.book import Book, Fill, Order


def trade_round(book: Book, taker: Order, level: list[Order]) -> Iterator[Fill]:
    """One round: shares of all others; where there are none, own orders meet the self-trade rule, oldest first."""
    own = [maker for maker in level if book.is_prevented(taker, maker)]
    others = [maker for maker in level if not book.is_prevented(taker, maker)]
    if book.rules.self_trade == "cancel_maker":
        for maker in own:
            if book.is_live(maker):
                book.cancel(maker, CancelReason.SELF_TRADE)
        own = []
        others = [maker for maker in others if book.is_live(maker)]
    for maker in own if not others else []:
        if taker.open_qty > 0 and book.is_live(maker):
            book.prevent_self_trade(taker, maker)
    top = book.top[level[0].side]
    is_first = book.instrument.allocation.top_order and bool(others) and others[0] is top
    given = shares(book.instrument, [maker.shown for maker in others], taker.open_qty, is_top_first=is_first)
    for maker, share in zip(others, given, strict=True):
        if share > 0 and book.is_live(maker):  # what it lost meanwhile it does not trade
            yield from book.fill(taker, maker, min(share, maker.shown))


def shares(instrument: Instrument, shown: list[int], lots: int, *, is_top_first: bool) -> list[int]:
    """Return how many lots each gets of so many, in the order of age."""
    rules = instrument.allocation
    if lots >= sum(shown):
        return list(shown)
    given = [0] * len(shown)
    left, total = lots, sum(shown)
    if is_top_first:
        given[0] = min(lots, shown[0])
        left, total = lots - given[0], total - shown[0]
    pool = left
    for place in range(1 if is_top_first else 0, len(shown)):
        share = pool * shown[place] // total
        if share >= rules.minimum_lots:
            given[place] = share
            left -= share
    order = list(range(len(shown)))
    if rules.leftovers == "largest":
        order.sort(key=lambda place: -shown[place])
    while left > 0:
        for place in order:
            most = 1 if rules.leftovers == "one_lot" else left
            more = min(most, left, shown[place] - given[place])
            given[place] += more
            left -= more
    return given
