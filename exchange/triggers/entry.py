"""Orders with a trigger source, a take-profit's direction, an effect on the position or a bracket: refused, or entered.

Rules: docs/semantics/triggers.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.book.order_pool import LINKED_BIT, TAKE_PROFIT_BIT, order_flags
from exchange.desks.matching import ACCOUNT_MASK, Matcher
from exchange.desks.order_desk import OrderDesk
from exchange.desks.terms_desk import Terms
from exchange.enums import (
    ANY,
    BY_VENUE,
    CLOSE_POSITION,
    GTC,
    LIMIT,
    PARTICIPANT,
    STOP,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
)
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    PLACE_ORDER,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_TERMS,
    REJECT_NONE,
    REJECT_NOTHING_TO_REDUCE,
    REJECT_POST_ONLY_WOULD_TAKE,
    TRANSFER_ORDER,
    write_order_accepted,
    write_order_rejected,
)
from exchange.triggers.brackets import is_sound
from exchange.triggers.links import Links
from exchange.triggers.plan import Bracket, Plan
from exchange.triggers.watches import Watches
from exchange.units import MAX_QTY_LOTS


@final
class TriggerDesk:
    """Enters such orders."""

    def __init__(
        self, log: EventLog, clearing: Clearing, has_clearing: bool, desk: OrderDesk, matcher: Matcher, links: Links
    ) -> None:
        """Share the log, the clearing and the desks."""
        self.log = log
        self.clearing = clearing
        self.has_clearing: bool = has_clearing
        self.desk = desk
        self.matcher = matcher
        self.links = links
        self.reducers = links.reducers
        self.watches: Watches = desk.watches

    def place(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        kind: i64,
        time_in_force: i64,
        post_only: i64,
        lots: i64,
        price: i64,
        trigger: i64,
        origin: i64,
        source: i64,
        effect: i64,
        terms: Terms | None,
    ) -> None:
        """Enter an order of a known account, or refuse it. kind: LIMIT .. TAKE_PROFIT_LIMIT; time in force .. FOK."""
        is_profit = kind == TAKE_PROFIT or kind == TAKE_PROFIT_LIMIT
        base = kind - TAKE_PROFIT + STOP if is_profit else kind
        is_pending = base >= STOP
        slot = owner >> 32
        reason = self._combination_refusal(market, side, kind, origin, source, effect, terms)
        wanted = lots
        if effect == CLOSE_POSITION:
            wanted = 1 if lots == 0 else 0  # 0 is refused below: it has no quantity of its own
        if reason == REJECT_NONE and effect != ANY and not is_pending and 0 < wanted <= MAX_QTY_LOTS:
            lots = self._capped(market, slot, side, base, time_in_force, wanted, effect)
            if lots > 0:
                wanted = lots
        reason = self.desk.place_refusal(
            market, owner, order_id, side, base, time_in_force, post_only, wanted, price, trigger, origin, reason
        )
        if reason == REJECT_NONE and effect != ANY and not is_pending and lots == 0:
            reason = REJECT_NOTHING_TO_REDUCE
        if reason == REJECT_NONE and post_only != 0:
            repriced = self.matcher.post_only_price(market, side, price)
            is_valid = market.min_price <= repriced <= market.max_price
            if repriced == price or (self.desk.reprices_post_only and is_valid):
                price = repriced
            else:
                reason = REJECT_POST_ONLY_WOULD_TAKE
        if reason == REJECT_NONE and effect != ANY:
            reason = self.matcher.reduce_refusal(market, owner, side, base, time_in_force, lots, price)
        elif reason == REJECT_NONE:
            reason = self.matcher.entry_refusal(market, owner, side, base, time_in_force, lots, price, origin)
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, owner & ACCOUNT_MASK, order_id, PLACE_ORDER, reason)
            return
        # From here on the command succeeds.
        has_terms = 0 if terms is None else 1
        write_order_accepted(
            self.log,
            market.instrument,
            owner & ACCOUNT_MASK,
            order_id,
            price,
            lots,
            trigger,
            side,
            kind,
            time_in_force,
            post_only,
            origin,
            source,
            effect,
            has_terms,
        )
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, slot, TRANSFER_ORDER)
        linked: i64 = 0
        if effect != ANY or terms is not None:
            plan = Plan(order_id, owner, effect)
            plan.side = side
            if terms is not None:
                plan.bracket = Bracket(
                    terms.take_profit, terms.take_profit_limit, terms.stop_loss, terms.stop_loss_limit
                )
            market.plans[order_id] = plan
            linked = LINKED_BIT
        if is_pending:
            flags = order_flags(side, base, time_in_force, 0) | self.watches.source_bits(source) | linked
            if is_profit:
                flags |= TAKE_PROFIT_BIT
            self.watches.add(market, market.book.enter(order_id, owner, flags, price, lots, 0, trigger))
            return
        self.matcher.enter(market, owner, order_id, side, base, time_in_force, post_only, lots, price, 0, origin)
        if linked != 0:
            self.links.entered(market, order_id)

    def _combination_refusal(
        self, market: Market, side: i64, kind: i64, origin: i64, source: i64, effect: i64, terms: Terms | None
    ) -> i64:
        """Return why an order cannot be of so many sorts at once, or 0."""
        is_stop = STOP <= kind <= TAKE_PROFIT_LIMIT
        if source != BY_VENUE and not is_stop:
            return REJECT_INVALID_COMBINATION
        if is_stop and self.watches.source_refusal(source) != REJECT_NONE:
            return REJECT_INVALID_COMBINATION
        if effect != ANY and (not self.has_clearing or market.is_spot or origin != PARTICIPANT):
            return REJECT_INVALID_COMBINATION
        if effect == CLOSE_POSITION and kind == LIMIT:
            return REJECT_INVALID_COMBINATION
        if terms is not None and (effect != ANY or origin != PARTICIPANT):
            return REJECT_INVALID_COMBINATION
        return REJECT_INVALID_TERMS if terms is not None and not is_sound(terms, side) else REJECT_NONE

    def _capped(
        self, market: Market, slot: i64, side: i64, kind: i64, time_in_force: i64, lots: i64, effect: i64
    ) -> i64:
        """Return how many lots of a reduce-only order that acts at once may enter."""
        if effect == CLOSE_POSITION:
            return self.reducers.room(market, slot, side)
        rests = kind == LIMIT and time_in_force == GTC
        return self.reducers.capped(market, slot, side, lots, rests, 0)
