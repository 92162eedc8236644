"""Orders that have more to them than the plain path knows: refused, or entered.

Kinds beyond stop-limit, days and dates, effects on the position, trigger sources, terms. What the plain path can do
is left to it. Rules: docs/semantics/orders.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.desks.matching import ACCOUNT_MASK
from exchange.desks.order_desk import OrderDesk
from exchange.desks.terms_desk import Terms
from exchange.enums import FOK, STOP_LIMIT
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import PLACE_ORDER, REJECT_INVALID_COMBINATION, write_order_rejected


@final
class OrderRequest:
    """A PlaceOrder that is not plain. Units as in the command."""

    def __init__(self, owner: i64, order_id: i64) -> None:
        """Ask for a limit order to buy; the rest is filled in."""
        self.owner: i64 = owner
        self.order_id: i64 = order_id
        self.side: i64 = 0
        self.kind: i64 = 0
        self.time_in_force: i64 = 0
        self.post_only: i64 = 0
        self.lots: i64 = 0
        self.price: i64 = 0
        self.trigger: i64 = 0
        self.origin: i64 = 0
        self.trigger_source: i64 = 0
        self.effect: i64 = 0
        self.terms: Terms | None = None


@final
class SpecialDesk:
    """Applies special orders."""

    def __init__(self, log: EventLog, desk: OrderDesk, has_clearing: bool) -> None:
        """Share the log and the desk of plain orders."""
        self.log = log
        self.desk = desk
        self.has_clearing: bool = has_clearing

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
        account = request.owner & ACCOUNT_MASK
        reason: i64 = REJECT_INVALID_COMBINATION
        write_order_rejected(self.log, market.instrument, account, request.order_id, PLACE_ORDER, reason)
