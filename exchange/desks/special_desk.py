"""Orders that have more to them than the plain path knows: refused, or entered.

Kinds beyond stop-limit, days and dates, effects on the position, trigger sources, terms. What the plain path can do
is left to it. Rules: docs/semantics/orders.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.book.order_pool import LINKED_BIT, order_flags
from exchange.clock import first_multiple
from exchange.desks.order_checks import plain_time_in_force
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_request import OrderRequest
from exchange.desks.reach import ACCOUNT_MASK
from exchange.enums import (
    ANY,
    DAY,
    FOK,
    GTC,
    GTD,
    MARKET,
    MARKET_TO_LIMIT,
    PARTICIPANT,
    STOP,
    STOP_LIMIT,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
)
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    PLACE_ORDER,
    REJECT_INVALID_COMBINATION,
    REJECT_NONE,
    TRANSFER_ORDER,
    write_order_accepted,
    write_order_rejected,
)
from exchange.triggers.entry import TriggerDesk

_DAY_NS: Final = 24 * 3600 * 10**9


@final
class SpecialDesk:
    """Applies special orders."""

    def __init__(self, log: EventLog, desk: OrderDesk, triggers: TriggerDesk) -> None:
        """Share the log, the desk of plain orders, and what knows triggers and effects on positions."""
        self.log = log
        self.desk = desk
        self.matcher = desk.matcher
        self.clearing = desk.clearing
        self.day_ends_ns: i64 = desk.day_ends_ns
        self.triggers = triggers
        self.entries: i64 = 0  # special orders accepted so far

    def place(self, market: Market, request: OrderRequest) -> None:
        """Enter a special order, or refuse it."""
        is_plain = request.kind <= STOP_LIMIT and request.time_in_force <= FOK and request.effect == 0
        if is_plain and request.trigger_source == 0 and request.terms is None:
            self.desk.place(
                market,
                request.owner,
                request.order_id,
                request.side,
                request.kind,
                request.time_in_force,
                request.post_only,
                request.lots,
                request.price,
                request.trigger,
                request.origin,
            )
            return
        self.read_terms(request)
        reason = self.refusal(market, request)
        if reason != REJECT_NONE:
            account = request.owner & ACCOUNT_MASK
            write_order_rejected(self.log, market.instrument, account, request.order_id, PLACE_ORDER, reason)
            return
        # From here on the command succeeds.
        self.accept(market, request)

    def refusal(self, market: Market, request: OrderRequest) -> i64:
        """Return why a special order is refused, or 0: as a plain one of its sort would be, and for its terms.

        Settles the price of a post-only order that is repriced.
        """
        kind, time_in_force = plain_kind(request.kind), plain_time_in_force(request.time_in_force)
        # What no order can be is refused in its place among the checks, as a market order is that is post-only.
        is_sound = request.origin == PARTICIPANT and (request.kind != MARKET_TO_LIMIT or time_in_force == GTC)
        combination = self.triggers.combination_refusal(market, request) if is_sound else REJECT_INVALID_COMBINATION
        checked_lots = request.lots
        if request.effect != ANY:
            checked_lots = self.triggers.cap(market, request, kind, time_in_force, combination)
        checks = self.desk.checks
        reason = checks.refusal(
            market,
            request.owner,
            request.order_id,
            request.side,
            kind,
            time_in_force,
            request.post_only,
            checked_lots,
            request.price,
            request.trigger,
            request.origin,
            combination,
            request,
        )
        if reason == REJECT_NONE:
            request.price = checks.price
        return reason

    def accept(self, market: Market, request: OrderRequest) -> None:
        """Enter a special order that may be entered."""
        write_order_accepted(
            self.log,
            market.instrument,
            request.owner & ACCOUNT_MASK,
            request.order_id,
            request.price,
            request.lots,
            request.trigger,
            request.side,
            request.kind,
            request.time_in_force,
            request.post_only,
            request.origin,
            request.trigger_source,
            request.effect,
            0 if request.terms is None else 1,
        )
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, request.owner >> 32, TRANSFER_ORDER)
        self.entries += 1
        live = request.live
        live.entry = self.entries
        kind, time_in_force = plain_kind(request.kind), plain_time_in_force(request.time_in_force)
        has_plan = self.triggers.plan(market, request)
        if kind >= STOP:
            self._wait(market, request, kind, time_in_force, has_plan)
            return
        self.matcher.enter(
            market,
            request.owner,
            request.order_id,
            request.side,
            kind,
            time_in_force,
            request.post_only,
            request.lots,
            request.price,
            0,
            request.origin,
            live,
        )
        if has_plan:
            self.triggers.links.entered(market, request.order_id)

    def _wait(self, market: Market, request: OrderRequest, kind: i64, time_in_force: i64, has_plan: bool) -> None:
        """Let a stop wait for its trigger."""
        book = market.book
        flags = order_flags(request.side, kind, time_in_force, 0) | self.triggers.flags_of(request)
        if has_plan:
            flags |= LINKED_BIT
        order = book.enter(request.order_id, request.owner, flags, request.price, request.lots, 0, request.trigger)
        if request.live.lasts() or request.live.min_qty != 0 or request.live.budget != 0:
            book.attach(order, request.live)
        self.desk.watches.add(market, order)
        if has_plan:
            self.triggers.links.waits(market, request.order_id)

    # --- terms -------------------------------------------------------------------------------------------------

    def read_terms(self, request: OrderRequest) -> None:
        """Fill in what an order keeps of its terms and its time in force."""
        live, terms = request.live, request.terms
        if terms is not None:
            live.display = terms.display
            live.min_display = terms.min_display
            live.min_qty = terms.min_qty
            live.budget = terms.budget
            if request.time_in_force == GTD and terms.expires_ns != 0:
                live.expires_ns = terms.expires_ns
        if request.time_in_force == DAY:
            live.expires_ns = self._day_end()
        live.time_in_force = request.time_in_force if request.time_in_force >= DAY else 0
        live.is_market_to_limit = request.kind == MARKET_TO_LIMIT

    def _day_end(self) -> i64:
        """Return when a DAY order that is placed now ends, later than now; 0 where only the market's close ends it."""
        if self.day_ends_ns < 0:
            return 0
        return first_multiple(self.log.ts_ns + 1, _DAY_NS, self.day_ends_ns)


def plain_kind(kind: i64) -> i64:
    """Return what a kind of order is to the matcher and the checks of plain orders: limit or market, at once or not."""
    if kind == TAKE_PROFIT:
        return STOP
    if kind == TAKE_PROFIT_LIMIT:
        return STOP_LIMIT
    return MARKET if kind == MARKET_TO_LIMIT else kind
