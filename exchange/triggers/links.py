"""Orders that concern each other: reduce-only orders, one-cancels-other, and (with `Brackets`) what an entry brings.

Hears of every fill and every end of an order with a plan. An order that is being matched is in no book: what its fills
do to others follows when it has been matched, all at once. Rules: docs/semantics/triggers.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.agenda import Agenda
from exchange.book.iceberg import whole_open
from exchange.book.order_pool import FILLED, FLAGS, LEVEL, LINKED_BIT, SIDE_MASK
from exchange.desks.matching import Matcher
from exchange.enums import ANY, CLOSE_POSITION, REDUCE_ONLY
from exchange.market import Market
from exchange.records import CANCEL_LINKED
from exchange.rules import OrderRules
from exchange.triggers.brackets import Brackets
from exchange.triggers.hooks import FillWatcher
from exchange.triggers.plan import Plan
from exchange.triggers.reducers import Reducers

_PARTIALS: Final = ("reduce", "cancel", "keep")
REDUCE: Final = 0
CANCEL: Final = 1
KEEP: Final = 2

NOTHING_LEFT: Final = -(1 << 61)  # in place of a quantity: a reduce-only order would be cut to nothing


@final
class Links(FillWatcher):
    """Does what a plan says when its order fills or ends."""

    def __init__(
        self, rules: OrderRules, agenda: Agenda, matcher: Matcher, reducers: Reducers, brackets: Brackets
    ) -> None:
        """Copy the rules; share who trades and takes out."""
        super().__init__()
        self.partial_rule: i64 = _PARTIALS.index(rules.oco_partial)
        self.agenda = agenda
        self.matcher = matcher
        self.reducers = reducers
        self.brackets = brackets

    # --- what is heard -----------------------------------------------------------------------------------------

    def after_fill(self, market: Market, flags: i64, order_id: i64, taker_id: i64, traded: i64) -> bool:
        """Hear of a fill of a resting order; return whether the book may have changed otherwise since."""
        cuts = self.matcher.cuts
        if flags & LINKED_BIT != 0:
            plan = market.plans[order_id]
            self._filled(market, plan, traded, taker_id)
            if plan.bracket is not None:  # its children may be the first that such moves concern
                self.reducers.cut(market, plan.owner >> 32)
        if market.has_reducers:
            self.reducers.cut_moved(market)
        else:
            market.moved_slots = []  # Nobody is left to be cut, and who comes later is not concerned.
        return self.matcher.cuts != cuts

    def after_last_fill(self, market: Market, plan: Plan, other_id: i64, traded: i64) -> None:
        """Hear of a fill of an order that was taken out since: it brings its bracket all the same."""
        if plan.bracket is not None:
            self.brackets.attach(market, plan, plan.bracket, plan.side, traded, other_id)
            self.reducers.cut(market, plan.owner >> 32)

    def taken_out(self, market: Market, order_id: i64) -> None:
        """Hear that an order was cancelled; its row is gone."""
        self._end(market, market.plans[order_id])

    def entered(self, market: Market, order_id: i64) -> None:
        """Hear that an order with a plan has been matched, as a taker: it rests, or is gone."""
        plan = market.plans[order_id]
        order = market.book.find(order_id)
        if order != 0:
            market.book.orders.words[order + FLAGS] |= LINKED_BIT
            if plan.effect != ANY:
                plan.effect = REDUCE_ONLY  # what closed a position has a quantity now
                self.reducers.rest(market, plan, order)
        self._filled(market, plan, self.matcher.taker_filled, 0)
        if plan.effect != ANY or plan.bracket is not None:
            self.reducers.cut(market, plan.owner >> 32)

    def elected(self, market: Market, order_id: i64) -> None:
        """Hear that a stop with a plan was elected: it follows no price any more."""
        self._stop_following(market, market.plans[order_id])

    def waits(self, market: Market, order_id: i64) -> None:
        """Hear that a stop with a plan waits from now on: by rule, one that closes the position goes with it."""
        plan = market.plans[order_id]
        if plan.effect == CLOSE_POSITION and self.reducers.cancels_closing:
            self.reducers.join(market, plan)

    def requeued(self, market: Market, order_id: i64) -> None:
        """Hear that an order went to the back without being matched."""
        plan = market.plans[order_id]
        if plan.entry != 0:
            self.reducers.join(market, plan)

    def cut_moved(self, markets: list[Market]) -> None:
        """Cut the reduce-only orders of positions that changed without a match, such as by a takeover."""
        self.agenda.has_moved_slots = False
        for market in markets:
            self.reducers.cut_moved(market)

    def growing(self, market: Market, order_id: i64, lots: i64) -> None:
        """Hear that a resting order gets more lots, so many in all, without losing its place."""
        self.reducers.grow(market, market.plans[order_id], lots)

    # --- amends ------------------------------------------------------------------------------------------------

    def closes_position(self, market: Market, order_id: i64) -> bool:
        """Return whether an order with a plan has no quantity of its own."""
        return market.plans[order_id].effect == CLOSE_POSITION

    def amended_lots(self, market: Market, order: i64, order_id: i64, lots: i64, is_total: bool) -> i64:
        """Return the quantity that an amend leaves an order with a plan: a reduce-only one that rests is cut."""
        words = market.book.orders.words
        plan = market.plans[order_id]
        if plan.effect == ANY or words[order + LEVEL] == 0:
            return lots
        side = words[order + FLAGS] & SIDE_MASK
        filled: i64 = words[order + FILLED] if is_total else 0
        if lots <= filled:
            return lots
        slot = plan.owner >> 32
        left = self.reducers.capped(market, slot, side, lots - filled, True, whole_open(market.book, order))
        return filled + left if left > 0 else NOTHING_LEFT

    def follows(self, market: Market, order_id: i64) -> bool:
        """Return whether an order with a plan is a trailing stop that was not elected yet."""
        return market.plans[order_id].trail is not None

    def partner_of(self, market: Market, order_id: i64) -> i64:
        """Return the live order that goes with an order with a plan, or 0."""
        other = market.plans[order_id].partner
        return 0 if other is None else market.book.find(other.order_id)

    def reduces(self, market: Market, order_id: i64) -> bool:
        """Return whether an order with a plan may only reduce."""
        return market.plans[order_id].effect != ANY

    # --- what follows ------------------------------------------------------------------------------------------

    def _filled(self, market: Market, plan: Plan, traded: i64, taker_id: i64) -> None:
        """Do what follows from a fill (0 lots: none) of an order that rests now, or is gone."""
        is_gone = market.book.find(plan.order_id) == 0
        other = plan.partner
        if is_gone:
            self._end(market, plan)
        elif other is not None and traded > 0:
            self._partner_filled(market, plan, other, traded)
        bracket = plan.bracket
        if bracket is not None and traded > 0:
            self.brackets.attach(market, plan, bracket, plan.side, traded, taker_id)

    def _partner_filled(self, market: Market, plan: Plan, other: Plan, traded: i64) -> None:
        """Take from the other order what a fill of one costs it; the first goes on alone where nothing is left."""
        order = market.book.find(other.order_id)
        if order == 0 or self.partial_rule == KEEP or (self.partial_rule == REDUCE and other.effect == CLOSE_POSITION):
            return
        self.matcher.cuts += 1
        if self.partial_rule == REDUCE and traded < whole_open(market.book, order):
            self.matcher.reduce(market, order, traded)
            return
        plan.partner = None
        other.partner = None
        self.matcher.take_out(market, order, CANCEL_LINKED, 0)

    def _stop_following(self, market: Market, plan: Plan) -> None:
        trail = plan.trail
        if trail is not None:
            plan.trail = None
            for index in market.trails:
                if index.series == trail.series:
                    index.remove(trail)

    def _end(self, market: Market, plan: Plan) -> None:
        """Forget the plan of an order that is gone; its partner goes with it."""
        del market.plans[plan.order_id]
        self.reducers.leave(market, plan)
        self._stop_following(market, plan)
        other = plan.partner
        if other is None:
            return
        plan.partner = None
        other.partner = None
        order = market.book.find(other.order_id)
        if order != 0:  # else it is being matched just now
            self.matcher.cuts += 1
            self.matcher.take_out(market, order, CANCEL_LINKED, 0)
