"""Reduce-only orders: never more lots than the position they close has left for them.

They ask for no margin, and no other order needs less because of them. Rules: docs/semantics/triggers.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.ledger import BUY_LOTS, BUY_REDUCING, PAIR, SELL_LOTS, SELL_REDUCING, SIZE, Ledger
from exchange.accounts.pockets import Pockets
from exchange.book.iceberg import whole_open
from exchange.book.order_pool import FLAGS, LEVEL, PRICE, REDUCES_BIT, TRIGGER, is_waiting
from exchange.desks.matching import Matcher
from exchange.enums import BUY, SELL
from exchange.market import Market
from exchange.records import CANCEL_NOTHING_TO_REDUCE
from exchange.rules import OrderRules
from exchange.triggers.plan import Plan
from exchange.triggers.reducing import Reducing

_CUTS: Final = ("newest", "oldest", "each")
NEWEST: Final = 0
EACH: Final = 2


@final
class Reducers:
    """Knows what is left to reduce, and cuts what is too much."""

    def __init__(self, rules: OrderRules, ledger: Ledger, pockets: Pockets, matcher: Matcher) -> None:
        """Copy the rules; share the books of account and who takes orders out."""
        self.rejects_excess: bool = rules.reduce_only_excess == "reject"
        self.cancels_closing: bool = rules.close_position_after == "cancel"
        self.cut_rule: i64 = _CUTS.index(rules.reduce_only_cut)
        self.ledger = ledger
        self.pockets = pockets
        self.matcher = matcher

    def room(self, market: Market, slot: i64, side: i64) -> i64:
        """Return how much of a slot's position an order of a side could reduce, whatever else is there to do so.

        In hedge mode what other orders that rest would close is left out: a side of a pair may not be closed twice.
        """
        leg = market.leg(slot)
        if leg == 0:
            return 0
        legs = self.ledger.legs
        size = legs[leg + SIZE]
        if (size <= 0) if side != BUY else (size >= 0):
            return 0
        lots = size if size > 0 else -size
        if legs[leg + PAIR] != 0 and self.pockets.is_hedged(market, self.ledger.main_of(slot)):
            closing = legs[leg + BUY_LOTS] if side == BUY else legs[leg + SELL_LOTS]
            lots -= closing - self.resting(market, slot, side)
        return max(0, lots)

    def resting(self, market: Market, slot: i64, side: i64) -> i64:
        """Return how many lots a slot's reduce-only orders have open in the book, or queued for an auction."""
        leg = market.leg(slot)
        if leg == 0:
            return 0
        return self.ledger.legs[leg + BUY_REDUCING] if side == BUY else self.ledger.legs[leg + SELL_REDUCING]

    def capped(self, market: Market, slot: i64, side: i64, lots: i64, rests: bool, freed: i64) -> i64:
        """Return to how many lots an order that enters is cut; 0 where it may not enter.

        rests: it may wait in the book, so that others there count. freed: open in the order that it replaces.
        """
        room = self.room(market, slot, side)
        if rests and self.cut_rule != EACH:
            room -= self.resting(market, slot, side) - freed
        if lots > room and self.rejects_excess:
            return 0
        return max(0, min(lots, room))

    def rest(self, market: Market, plan: Plan, order: i64) -> None:
        """Let an order that has come to rest, or is queued, only reduce from now on."""
        words = market.book.orders.words
        price = words[order + PRICE] if words[order + LEVEL] != 0 else words[order + TRIGGER]  # as it reserved
        lots = whole_open(market.book, order)
        words[order + FLAGS] |= REDUCES_BIT
        self.matcher.clearing.let_reduce(market, plan.owner >> 32, plan.side, price, lots)
        self.join(market, plan)

    def join(self, market: Market, plan: Plan) -> None:
        """Let an order be cut from now on; it counts as the newest."""
        self.leave(market, plan)
        key = _key(plan)
        group = market.reducers.get(key)
        if group is None:
            group = Reducing()
            market.reducers[key] = group
            market.has_reducers = True
        market.reducer_entries += 1
        plan.entry = market.reducer_entries
        order = market.book.find(plan.order_id)
        if is_waiting(market.book.orders.words, order):
            group.waiting[market.reducer_entries] = plan
            return
        group.resting[market.reducer_entries] = plan
        if self.cut_rule == EACH:
            group.set_size(plan, whole_open(market.book, order))

    def grow(self, market: Market, plan: Plan, lots: i64) -> None:
        """Let an order have so many lots in its place."""
        if self.cut_rule == EACH and plan.entry != 0:
            market.reducers[_key(plan)].set_size(plan, lots)

    def leave(self, market: Market, plan: Plan) -> None:
        """Forget an order that is gone, if it was known."""
        if plan.entry == 0:
            return
        key = _key(plan)
        group = market.reducers[key]
        group.remove(plan)
        if group.is_empty():
            del market.reducers[key]
            market.has_reducers = len(market.reducers) > 0

    def cut_moved(self, market: Market) -> None:
        """Cut the orders of slots whose positions changed."""
        moved = market.moved_slots
        if len(moved) == 0:
            return
        market.moved_slots = []
        for slot in moved:
            self.cut(market, slot)

    def cut(self, market: Market, slot: i64) -> None:
        """Cut a slot's reduce-only orders to what its position leaves them."""
        for side in (BUY, SELL):
            key: int = 2 * slot + side
            group = market.reducers.get(key)
            if group is None:
                continue
            room = self.room(market, slot, side)
            if room == 0:
                self._cut_listed(market, slot, side, [*group.waiting.values(), *group.resting.values()])
            elif self.cut_rule == EACH:
                self._cut_listed(market, slot, side, self._too_large(market, group, room))
            else:
                self._cut_in_turn(market, slot, side, group)

    def _cut_in_turn(self, market: Market, slot: i64, side: i64, group: Reducing) -> None:
        """Cut those whose turn it is until together they offer no more than there is. O(log orders) for each."""
        entry: i64 = 0
        while self.resting(market, slot, side) > self.room(market, slot, side):
            plan = group.after(entry, self.cut_rule == NEWEST)
            if plan is None:
                return
            entry = plan.entry
            self._cut_one(market, slot, side, plan)

    def _too_large(self, market: Market, group: Reducing, room: i64) -> list[Plan]:
        """Return those that are each larger than what there is. Remembers what the others have."""
        found: list[Plan] = []
        for plan in group.larger_than(room):
            order = market.book.find(plan.order_id)
            if order == 0:
                continue  # it traded just now, and is taken off the list next
            lots = whole_open(market.book, order)
            if lots > room:
                found.append(plan)
            elif lots != plan.most_lots:
                group.set_size(plan, lots)
        return found

    def _cut_listed(self, market: Market, slot: i64, side: i64, plans: list[Plan]) -> None:
        turns = {plan.entry: plan for plan in plans}
        for entry in sorted(turns, reverse=self.cut_rule == NEWEST):
            if turns[entry].entry == entry:  # else its partner took it along
                self._cut_one(market, slot, side, turns[entry])

    def _cut_one(self, market: Market, slot: i64, side: i64, plan: Plan) -> None:
        order = market.book.find(plan.order_id)
        if order == 0:
            return  # it traded just now
        words = market.book.orders.words
        open_lots = whole_open(market.book, order)
        room = self.room(market, slot, side)
        if is_waiting(words, order):
            lots = open_lots if room == 0 else -1  # it goes with the position
        elif self.cut_rule == EACH:
            lots = open_lots - room
        else:
            lots = self.resting(market, slot, side) - room
        if lots >= open_lots:
            self.matcher.cuts += 1
            self.matcher.take_out(market, order, CANCEL_NOTHING_TO_REDUCE, 0)
        elif lots > 0:
            self.matcher.cuts += 1
            self.matcher.reduce(market, order, lots)


def _key(plan: Plan) -> int:
    key: int = 2 * (plan.owner >> 32) + plan.side
    return key
