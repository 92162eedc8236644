"""What the fill or the end of an order does to others: links, brackets, cuts (docs/semantics/triggers.md, 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exchange.commands import BracketTerms
from exchange.enums import CancelReason, OrderEffect, OrderKind, Side, TimeInForce
from exchange.events import BracketAttached, OrderAccepted
from tests.reference import icebergs
from tests.reference.book import Book, Order, other
from tests.reference.reducers import Reducers


@dataclass(eq=False)
class Bracket:
    """Of an entry order: what its children will be, and the newest pair of them."""

    terms: BracketTerms
    pair: list[Order] = field(default_factory=list)


class Links:
    """Acts on other orders when one has filled or has ended."""

    def __init__(self, reducers: Reducers, *, has_money: bool) -> None:
        self.reducers = reducers
        self.has_money = has_money
        self.is_spot: Callable[[int], bool] = lambda _: False
        self.busy_id = 0  # of the order that a maker was met by
        self.take_order_id: Callable[[Book], int]  # set by the venue
        self.next_accepted: Callable[[], int]

    def link(self, one: Order, another: Order) -> None:
        """Let one take out the other."""
        one.link, another.link = another, one

    def unlink(self, order: Order) -> Order | None:
        """Let both go on alone; returns the other one."""
        partner, order.link = order.link, None
        if partner is not None:
            partner.link = None
        return partner

    def ended(self, book: Book, order: Order) -> None:
        """An order of the book is gone: so is the one that it was linked to, unless that is being matched."""
        partner = self.unlink(order)
        if partner is not None and book.is_live(partner):
            self.reducers.cuts += 1
            book.cancel(partner, CancelReason.LINKED)

    def filled(self, book: Book, order: Order, qty: int) -> None:
        """An order filled in part: what that takes from the other."""
        partner, rule = order.link, book.rules.oco_partial
        if partner is None or rule == "keep" or not book.is_live(partner):
            return
        if rule == "reduce" and partner.is_stop and partner.effect == OrderEffect.CLOSE_POSITION:
            return
        self.reducers.cuts += 1
        if rule == "cancel" or partner.open_qty <= qty:
            self.unlink(order)
            book.cancel(partner, CancelReason.LINKED)
        else:
            icebergs.take_off(book, partner, qty)

    def follow(self, book: Book, order: Order, qty: int) -> None:
        """Do what follows from an order's fills: its link, then its bracket."""
        if not book.is_live(order):
            self.ended(book, order)
        elif qty > 0:
            self.filled(book, order, qty)
        if order.bracket is not None and qty > 0:
            self.attach(book, order, order.bracket, qty)

    def after_fill(self, book: Book, maker: Order, taker: Order, qty: int) -> None:
        """A maker filled: its link, its bracket, then cuts of both legs."""
        self.busy_id = taker.order_id
        self.follow(book, maker, qty)
        self.busy_id = 0
        if maker.bracket is not None:
            self.reducers.sweep(book, maker.account)
        if maker.account != taker.account:
            self.reducers.sweep(book, maker.account)
            self.reducers.sweep(book, taker.account)

    def after_taker(self, book: Book, taker: Order, qty: int) -> None:
        """An order has been matched by so many lots, and rests or is gone."""
        self.follow(book, taker, qty)
        if taker.effect != OrderEffect.ANY or taker.bracket is not None:
            self.reducers.sweep(book, taker.account)

    # Brackets.

    def attach(self, book: Book, entry: Order, bracket: Bracket, qty: int) -> None:
        """Give the newest pair more lots, or make a new one."""
        if bracket.pair and all(book.is_live(child) and child.is_stop for child in bracket.pair):
            for child in bracket.pair:
                child.open_qty += qty
                book.write_amended(child, kept_priority=True)
            return
        terms = bracket.terms
        sides = (
            (True, terms.take_profit_ticks, terms.take_profit_limit_ticks),
            (False, terms.stop_loss_ticks, terms.stop_loss_limit_ticks),
        )
        children = [self.make_child(book, entry, qty, *side) if side[1] != 0 else None for side in sides]
        bracket.pair = [child for child in children if child is not None]
        book.journal.write(
            BracketAttached,
            instrument=book.instrument_id,
            account=entry.account,
            order_id=entry.order_id,
            take_profit_order_id=0 if children[0] is None else children[0].order_id,
            stop_loss_order_id=0 if children[1] is None else children[1].order_id,
            qty_lots=qty,
        )
        if len(bracket.pair) == 2:
            self.link(*bracket.pair)
        for child in bracket.pair:
            child.accepted = self.next_accepted()
            book.journal.write(OrderAccepted, instrument=book.instrument_id, **accepted_fields(child))
            book.enter(child)

    def next_order_id(self, book: Book) -> int:
        """Return the next of the venue's own ids that is free: that of an order that is being matched is not."""
        order_id = self.take_order_id(book)
        return order_id if order_id != self.busy_id else self.take_order_id(book)

    def make_child(self, book: Book, entry: Order, qty: int, is_take_profit: bool, trigger: int, limit: int) -> Order:
        """Return a child of an entry."""
        if is_take_profit:
            kind = OrderKind.TAKE_PROFIT_LIMIT if limit else OrderKind.TAKE_PROFIT
        else:
            kind = OrderKind.STOP_LIMIT if limit else OrderKind.STOP
        reduces = self.has_money and not self.is_spot(book.instrument_id)
        return Order(
            order_id=self.next_order_id(book),
            account=entry.account,
            side=other(entry.side),
            kind=kind,
            time_in_force=TimeInForce.GTC,
            price=limit,
            trigger=trigger,
            open_qty=qty,
            effect=OrderEffect.REDUCE_ONLY if reduces else OrderEffect.ANY,
            is_child=True,
        )


def accepted_fields(order: Order) -> dict[str, object]:
    """Return what OrderAccepted says of an order."""
    return {
        "account": order.account,
        "order_id": order.order_id,
        "price_ticks": order.price,
        "qty_lots": order.open_qty,
        "trigger_ticks": order.trigger,
        "side": order.side,
        "kind": OrderKind.MARKET_TO_LIMIT if order.is_to_limit else order.kind,
        "time_in_force": order.asked_time if order.asked_time != TimeInForce.GTC else order.time_in_force,
        "post_only": order.post_only,
        "origin": order.origin,
        "trigger_source": order.source,
        "effect": order.effect,
    }


def bracket_is_possible(terms: BracketTerms, side: Side) -> bool:
    """Whether a bracket has a trigger, no limit without one, and its triggers on the right sides of each other."""
    profit, loss = terms.take_profit_ticks, terms.stop_loss_ticks
    if profit == 0 and loss == 0:
        return False
    if (profit == 0 and terms.take_profit_limit_ticks != 0) or (loss == 0 and terms.stop_loss_limit_ticks != 0):
        return False
    return profit == 0 or loss == 0 or (profit > loss if side == Side.BUY else profit < loss)
