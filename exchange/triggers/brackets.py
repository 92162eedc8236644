"""The take-profit and the stop-loss that an entry order brings as it fills. Rules: docs/semantics/triggers.md."""

from typing import final

from mypy_extensions import i64

from exchange.book.order_pool import LINKED_BIT, OPEN, OWNER, PRICE, TAKE_PROFIT_BIT, TRIGGER, is_waiting, order_flags
from exchange.desks.order_ids import OwnOrderIds
from exchange.desks.reach import ACCOUNT_MASK
from exchange.desks.terms_desk import Terms
from exchange.enums import ANY, BUY, BY_VENUE, GTC, PARTICIPANT, REDUCE_ONLY, STOP, STOP_LIMIT, TAKE_PROFIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import write_bracket_attached, write_order_accepted, write_order_amended
from exchange.triggers.plan import Bracket, Plan
from exchange.triggers.reducers import Reducers
from exchange.triggers.watches import Watches


def is_sound(terms: Terms, side: i64) -> bool:
    """Return whether a bracket can be of an order of a side: it takes profit beyond where it stops losses."""
    if terms.take_profit == 0 and terms.stop_loss == 0:
        return False
    has_stray_limit = (terms.take_profit == 0 and terms.take_profit_limit != 0) or (
        terms.stop_loss == 0 and terms.stop_loss_limit != 0
    )
    if has_stray_limit or terms.take_profit == 0 or terms.stop_loss == 0:
        return not has_stray_limit
    return terms.take_profit > terms.stop_loss if side == BUY else terms.take_profit < terms.stop_loss


@final
class Brackets:
    """Makes the orders of brackets."""

    def __init__(
        self, log: EventLog, has_clearing: bool, watches: Watches, reducers: Reducers, order_ids: OwnOrderIds
    ) -> None:
        """Share the log, what stops watch, and the ids of the venue's own orders."""
        self.log = log
        self.has_clearing: bool = has_clearing
        self.watches = watches
        self.reducers = reducers
        self.order_ids = order_ids

    def attach(self, market: Market, entry: Plan, bracket: Bracket, side: i64, lots: i64, taker_id: i64) -> None:
        """Let so many lots more of an entry order of a side have a take-profit and a stop-loss.

        taker_id: an id that is in no book, and not free: of the order that is being matched.
        """
        if self._are_waiting(market, bracket):
            for child in bracket.children:
                self._raise(market, child, lots)
            return
        profit_id = self._next_id(market, taker_id) if bracket.take_profit != 0 else 0
        loss_id = self._next_id(market, taker_id) if bracket.stop_loss != 0 else 0
        account = entry.owner & ACCOUNT_MASK
        write_bracket_attached(self.log, market.instrument, account, entry.order_id, profit_id, loss_id, lots)
        bracket.children = []
        if profit_id != 0:
            child = self._enter(
                market, entry, profit_id, 1 - side, True, lots, bracket.take_profit, bracket.take_profit_limit
            )
            bracket.children.append(child)
        if loss_id != 0:
            child = self._enter(
                market, entry, loss_id, 1 - side, False, lots, bracket.stop_loss, bracket.stop_loss_limit
            )
            bracket.children.append(child)
        if len(bracket.children) == 2:
            bracket.children[0].partner = bracket.children[1]
            bracket.children[1].partner = bracket.children[0]

    def _are_waiting(self, market: Market, bracket: Bracket) -> bool:
        """Return whether the newest pair is whole: both live, and their triggers not yet touched."""
        for child in bracket.children:
            order = market.book.find(child.order_id)
            is_same = order != 0 and market.plans.get(child.order_id) is child
            if not is_same or not is_waiting(market.book.orders.words, order):
                return False
        return len(bracket.children) > 0

    def _raise(self, market: Market, child: Plan, lots: i64) -> None:
        words = market.book.orders.words
        order = market.book.find(child.order_id)
        words[order + OPEN] += lots
        account = words[order + OWNER] & ACCOUNT_MASK
        write_order_amended(
            self.log,
            market.instrument,
            account,
            child.order_id,
            words[order + PRICE],
            words[order + OPEN],
            words[order + TRIGGER],
            child.side,
            1,
        )

    def _enter(
        self,
        market: Market,
        entry: Plan,
        order_id: i64,
        side: i64,
        is_profit: bool,
        lots: i64,
        trigger: i64,
        price: i64,
    ) -> Plan:
        base: i64 = STOP_LIMIT if price != 0 else STOP
        kind = base + TAKE_PROFIT - STOP if is_profit else base
        effect: i64 = REDUCE_ONLY if self.has_clearing and not market.is_spot else ANY
        account = entry.owner & ACCOUNT_MASK
        write_order_accepted(
            self.log,
            market.instrument,
            account,
            order_id,
            price,
            lots,
            trigger,
            side,
            kind,
            GTC,
            0,
            PARTICIPANT,
            BY_VENUE,
            effect,
            0,
        )
        flags = order_flags(side, base, GTC, 0) | self.watches.source_bits(BY_VENUE) | LINKED_BIT
        if is_profit:
            flags |= TAKE_PROFIT_BIT
        plan = Plan(order_id, entry.owner, effect)
        plan.side = side
        plan.brought_by = entry.order_id
        market.plans[order_id] = plan
        self.watches.add(market, market.book.enter(order_id, entry.owner, flags, price, lots, 0, trigger))
        if effect != ANY:
            self.reducers.join(market, plan)
        return plan

    def _next_id(self, market: Market, taker_id: i64) -> i64:
        order_id = self.order_ids.take(market)
        return order_id if order_id != taker_id else self.order_ids.take(market)
