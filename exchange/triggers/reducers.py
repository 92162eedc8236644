"""Reduce-only orders: never more lots than the position they close has left for them.

Known limit: a reduce-only order asks for no margin when it enters, but while it rests it counts like any other order
in what the others ask for. Rules: docs/semantics/triggers.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.ledger import BUY_LOTS, PAIR, SELL_LOTS, SIZE, Ledger
from exchange.accounts.pockets import Pockets
from exchange.book.iceberg import whole_open
from exchange.book.order_pool import FLAGS, SIDE_MASK, is_waiting
from exchange.desks.matching import Matcher
from exchange.enums import BUY, SELL
from exchange.market import Market
from exchange.records import CANCEL_NOTHING_TO_REDUCE
from exchange.rules import OrderRules
from exchange.triggers.plan import Plan

_CUTS: Final = ("newest", "oldest", "each")
NEWEST: Final = 0
OLDEST: Final = 1
EACH: Final = 2


@final
class Reducers:
    """Knows what is left to reduce, and cuts what is too much."""

    def __init__(self, rules: OrderRules, ledger: Ledger, pockets: Pockets, matcher: Matcher) -> None:
        """Copy the rules; share the books of account and who takes orders out."""
        self.rejects_excess: bool = rules.reduce_only_excess == "reject"
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
        plans = market.reducers.get(slot)
        total: i64 = 0
        if plans is None:
            return total
        words = market.book.orders.words
        for order_id in plans:
            order = market.book.find(order_id)
            if not is_waiting(words, order) and words[order + FLAGS] & SIDE_MASK == side:
                total += whole_open(market.book, order)
        return total

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

    def join(self, market: Market, plan: Plan) -> None:
        """Let an order be cut from now on; it counts as the newest."""
        self.leave(market, plan)
        slot = plan.owner >> 32
        plans = market.reducers.get(slot)
        if plans is None:
            plans = {}
            market.reducers[slot] = plans
        plans[plan.order_id] = plan
        market.has_reducers = True

    def leave(self, market: Market, plan: Plan) -> None:
        """Forget an order that is gone, if it was known."""
        slot = plan.owner >> 32
        plans = market.reducers.get(slot)
        if plans is None or plan.order_id not in plans:
            return
        del plans[plan.order_id]
        if len(plans) == 0:
            del market.reducers[slot]
            market.has_reducers = len(market.reducers) > 0

    def cut_moved(self, market: Market) -> None:
        """Cut the orders of slots whose positions changed."""
        moved = market.moved_slots
        if len(moved) == 0:
            return
        market.moved_slots = []
        for slot in moved:
            if slot in market.reducers:
                self.cut(market, slot)

    def cut(self, market: Market, slot: i64) -> None:
        """Cut a slot's reduce-only orders to what its position leaves them."""
        for side in (BUY, SELL):
            plans = market.reducers.get(slot)
            if plans is None:
                return
            room = self.room(market, slot, side)
            excess = self.resting(market, slot, side) - room
            ids = list(plans)
            if self.cut_rule == NEWEST:
                ids.reverse()
            for order_id in ids:
                self._cut_one(market, order_id, side, room, excess)
                if self.cut_rule != EACH:
                    excess = self.resting(market, slot, side) - room

    def _cut_one(self, market: Market, order_id: i64, side: i64, room: i64, excess: i64) -> None:
        order = market.book.find(order_id)
        if order == 0:
            return  # its partner took it along
        words = market.book.orders.words
        if words[order + FLAGS] & SIDE_MASK != side:
            return
        open_lots = whole_open(market.book, order)
        if is_waiting(words, order):
            lots = open_lots if room == 0 else 0  # of a bracket, waiting: it goes with the position
        elif self.cut_rule == EACH:
            lots = open_lots - room
        else:
            lots = excess
        if lots > 0:
            self.matcher.cuts += 1
        if lots >= open_lots:
            self.matcher.take_out(market, order, CANCEL_NOTHING_TO_REDUCE, 0)
        elif lots > 0:
            self.matcher.reduce(market, order, lots)
