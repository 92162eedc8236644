"""Requests to link two orders. Rules: docs/semantics/triggers.md."""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.ledger import LIQUIDATING, Ledger
from exchange.accounts.pockets import Pockets
from exchange.book.order_pool import FLAGS, LINKED_BIT, OWNER
from exchange.desks.order_guard import OrderGuard
from exchange.desks.reach import ACCOUNT_MASK
from exchange.desks.request_desk import ANY_VENUE, NAMES_ACCOUNT, NAMES_MARKET, OPENS_ACCOUNT, RequestDesk
from exchange.enums import ANY
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    LINK_ORDERS,
    LINK_ORDERS_ORDER_ID,
    LINK_ORDERS_OTHER_ORDER_ID,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_ALREADY_LINKED,
    REJECT_INVALID_COMBINATION,
    REJECT_NONE,
    REJECT_NOT_ORDER_OWNER,
    REJECT_UNKNOWN_ACCOUNT,
    REJECT_UNKNOWN_ORDER,
    write_order_rejected,
    write_orders_linked,
)
from exchange.triggers.plan import Plan


@final
class LinkDesk(RequestDesk):
    """Lets one order cancel another."""

    def __init__(self, log: EventLog, ledger: Ledger, pockets: Pockets, has_clearing: bool) -> None:
        """Share the log, who is in liquidation and whose orders are whose."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.pockets = pockets
        self.has_clearing: bool = has_clearing
        self.guard = OrderGuard()

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {LINK_ORDERS: NAMES_MARKET | NAMES_ACCOUNT | OPENS_ACCOUNT | ANY_VENUE}

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Link two live orders, or refuse."""
        order_id = read_i64_le(records, offset + LINK_ORDERS_ORDER_ID)
        other_id = read_i64_le(records, offset + LINK_ORDERS_OTHER_ORDER_ID)
        reason = self._refusal(market, slot, account, order_id, other_id)
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, account, order_id, kind, reason)
            return
        # From here on the command succeeds.
        one = self._plan(market, order_id)
        other = self._plan(market, other_id)
        one.partner = other
        other.partner = one
        write_orders_linked(self.log, market.instrument, account, order_id, other_id)

    def _refusal(self, market: Market, slot: i64, account: i64, order_id: i64, other_id: i64) -> i64:
        if self.has_clearing and slot == 0:
            return REJECT_UNKNOWN_ACCOUNT
        reason = self.guard.side_refusal(account)
        if reason != REJECT_NONE:
            return reason
        if self.has_clearing and self.ledger.states[self.pockets.home(market, slot)] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        book = market.book
        order, other = book.find(order_id), book.find(other_id)
        if order == 0 or other == 0:
            return REJECT_UNKNOWN_ORDER
        words = book.orders.words
        if words[order + OWNER] & ACCOUNT_MASK != account or words[other + OWNER] & ACCOUNT_MASK != account:
            return REJECT_NOT_ORDER_OWNER
        if order == other:
            return REJECT_INVALID_COMBINATION
        for order_of in (order_id, other_id):
            plan = market.plans.get(order_of)
            if plan is not None and plan.partner is not None:
                return REJECT_ALREADY_LINKED
        return REJECT_NONE

    def _plan(self, market: Market, order_id: i64) -> Plan:
        """Return the plan of a live order, giving it one where it has none."""
        plan = market.plans.get(order_id)
        if plan is None:
            words = market.book.orders.words
            order = market.book.find(order_id)
            plan = Plan(order_id, words[order + OWNER], ANY)
            market.plans[order_id] = plan
            words[order + FLAGS] |= LINKED_BIT
        return plan
