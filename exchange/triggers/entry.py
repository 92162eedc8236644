"""What a special order has to do with triggers, positions and brackets: its part of the checks, and what is kept of it.

Rules: docs/semantics/triggers.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.book.order_pool import TAKE_PROFIT_BIT
from exchange.desks.order_request import OrderRequest
from exchange.enums import (
    ANY,
    BY_VENUE,
    CLOSE_POSITION,
    GTC,
    LIMIT,
    MARKET_TO_LIMIT,
    PARTICIPANT,
    STOP,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
)
from exchange.market import Market
from exchange.records import (
    REJECT_INVALID_COMBINATION,
    REJECT_NONE,
)
from exchange.triggers.links import Links
from exchange.triggers.plan import Bracket, Plan
from exchange.triggers.watches import Watches
from exchange.units import MAX_QTY_LOTS


@final
class TriggerDesk:
    """Asked by the desk of special orders."""

    def __init__(self, has_clearing: bool, watches: Watches, links: Links) -> None:
        """Share what stops watch, and who is linked."""
        self.has_clearing: bool = has_clearing
        self.watches = watches
        self.links = links
        self.reducers = links.reducers

    def combination_refusal(self, market: Market, request: OrderRequest) -> i64:
        """Return why an order cannot be of so many sorts at once, or 0."""
        kind, effect, source = request.kind, request.effect, request.trigger_source
        is_stop = STOP <= kind <= TAKE_PROFIT_LIMIT
        if source != BY_VENUE and not is_stop:
            return REJECT_INVALID_COMBINATION
        if is_stop and self.watches.source_refusal(source) != REJECT_NONE:
            return REJECT_INVALID_COMBINATION
        if effect != ANY and (not self.has_clearing or market.is_spot or request.origin != PARTICIPANT):
            return REJECT_INVALID_COMBINATION
        if effect == CLOSE_POSITION and (kind == LIMIT or kind == MARKET_TO_LIMIT):
            return REJECT_INVALID_COMBINATION
        terms = request.terms
        has_bracket = terms is not None and terms.has_bracket()
        return REJECT_INVALID_COMBINATION if has_bracket and effect != ANY else REJECT_NONE

    def cap(self, market: Market, request: OrderRequest, kind: i64, time_in_force: i64, combination: i64) -> i64:
        """Cut an order that may only reduce to what it may enter with; return the quantity that is to be checked.

        kind, time_in_force: as the matcher knows them. An order that closes the position has no quantity of its own:
        0 is sound for it, and anything else is not.
        """
        wanted = request.lots
        if request.effect == CLOSE_POSITION:
            wanted = 1 if request.lots == 0 else 0
        if combination != REJECT_NONE or kind >= STOP or not 0 < wanted <= MAX_QTY_LOTS:
            return wanted
        slot = request.owner >> 32
        if request.effect == CLOSE_POSITION:
            request.lots = self.reducers.room(market, slot, request.side)
        else:
            rests = time_in_force == GTC and (kind == LIMIT or request.kind == MARKET_TO_LIMIT)
            request.lots = self.reducers.capped(market, slot, request.side, wanted, rests, 0)
        return request.lots if request.lots > 0 else wanted

    def plan(self, market: Market, request: OrderRequest) -> bool:
        """Keep what an accepted order does beyond trading; return whether there is anything."""
        terms = request.terms
        has_bracket = terms is not None and terms.has_bracket()
        if request.effect == ANY and not has_bracket:
            return False
        plan = Plan(request.order_id, request.owner, request.effect)
        plan.side = request.side
        if terms is not None and has_bracket:
            plan.bracket = Bracket(terms.take_profit, terms.take_profit_limit, terms.stop_loss, terms.stop_loss_limit)
        market.plans[request.order_id] = plan
        return True

    def flags_of(self, request: OrderRequest) -> i64:
        """Return what a stop's flags say of its trigger."""
        flags = self.watches.source_bits(request.trigger_source)
        if request.kind == TAKE_PROFIT or request.kind == TAKE_PROFIT_LIMIT:
            flags |= TAKE_PROFIT_BIT
        return flags
