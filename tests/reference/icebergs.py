"""What an iceberg shows and what it hides (docs/semantics/orders.md, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.events import OrderRefreshed

if TYPE_CHECKING:
    from tests.reference.book import Book, Order


def show(book: Book, order: Order, *, kept_priority: bool) -> None:
    """Let an iceberg show as much as it may."""
    order.hidden = order.open_qty - min(order.display, order.open_qty)
    write_refreshed(book, order, kept_priority=kept_priority)


def after_fill(book: Book, order: Order) -> None:
    """Let an iceberg show anew, at the back, where too little is left of what it showed."""
    if order.hidden == 0:
        return
    least = 1
    if book.rules.iceberg_refresh == "below_min_display" and order.terms is not None:
        least = max(1, order.terms.min_display_lots)
    if order.shown < least:
        order.place = book.next_place()
        if book.top[order.side] is order:
            book.top[order.side] = None
        show(book, order, kept_priority=False)


def take_off(book: Book, order: Order, lots: int) -> None:
    """Take lots off an order that keeps its place, hidden ones first, and write what is left."""
    before = order.shown, order.hidden
    order.open_qty -= lots
    order.hidden -= min(lots, order.hidden)
    book.write_amended(order, kept_priority=True)
    is_shown = book.is_live(order) and not order.is_stop and not order.is_queued
    if order.display > 0 and is_shown and (order.shown, order.hidden) != before:
        write_refreshed(book, order, kept_priority=True)


def write_refreshed(book: Book, order: Order, *, kept_priority: bool) -> None:
    """Write what an iceberg shows and hides now."""
    book.journal.write(
        OrderRefreshed,
        instrument=book.instrument_id,
        account=order.account,
        order_id=order.order_id,
        price_ticks=order.price,
        shown_lots=order.shown,
        hidden_lots=order.hidden,
        side=order.side,
        kept_priority=kept_priority,
    )
