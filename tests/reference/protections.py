"""Protections of accounts: kill switch, rate limit, size limits, collar (docs/semantics/protections.md)."""

from exchange.commands import CancelOrder, CommandType, ReduceOrder, SetKillSwitch
from exchange.enums import CancelReason, OrderKind, Origin, RejectReason, Side
from exchange.events import KillSwitchSet, RequestRejected
from exchange.rules import Rules
from tests.reference.book import Book, Order
from tests.reference.checks import Checks
from tests.reference.clearing import PPM, Clearing
from tests.reference.journal import Journal

NONE = RejectReason.NONE


class Protections:
    """Who is shut out, and how many requests everyone made in which interval."""

    def __init__(
        self, rules: Rules, books: dict[int, Book], clearing: Clearing, checks: Checks, journal: Journal
    ) -> None:
        self.rules = rules.protections
        self.books = books
        self.clearing = clearing
        self.checks = checks
        self.journal = journal
        self.shut_out: set[int] = set()
        self.requests: list[tuple[int, int]] = []  # account and interval of every one that counts

    def set_kill_switch(self, command: SetKillSwitch) -> None:
        """Shut an account out and cancel its orders, or let it in again."""
        reason = self.checks.participant(command.account)
        if not reason and command.is_on not in (0, 1):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.journal.write(
                RequestRejected,
                instrument=0,
                account=command.account,
                amount=int(command.is_on),
                request=CommandType.SET_KILL_SWITCH,
                reason=reason,
            )
            return
        self.journal.write(KillSwitchSet, account=command.account, is_on=command.is_on)
        if not command.is_on:
            self.shut_out.discard(command.account)
            return
        self.shut_out.add(command.account)
        for _, book in sorted(self.books.items()):
            for order in book.live_of(command.account):
                if order.liquidation_id == 0 and book.is_live(order):
                    book.cancel(order, CancelReason.KILL_SWITCH)

    def check_request(self, account: int, origin: Origin) -> RejectReason:
        """The account may send orders, and has not sent too many."""
        if origin != Origin.PARTICIPANT:
            return NONE
        return RejectReason.KILL_SWITCH_ON if account in self.shut_out else self.count(account)

    def check_side_request(self, account: int) -> RejectReason:
        """The account may leave terms and link orders; that counts where cancels do."""
        if account in self.shut_out:
            return RejectReason.KILL_SWITCH_ON
        return self.count(account) if self.rules.rate_counts_cancels else NONE

    def check_cancel(self, command: CancelOrder | ReduceOrder) -> RejectReason:
        """The same for a cancel, where it counts."""
        if command.origin != Origin.PARTICIPANT or not self.rules.rate_counts_cancels:
            return NONE
        return self.count(command.account)

    def count(self, account: int) -> RejectReason:
        """Refuse a request too many, or count it."""
        request = account, self.journal.ts_ns // self.rules.rate_interval_ns
        if self.rules.rate_limit == 0:
            return NONE
        if self.requests.count(request) >= self.rules.rate_limit:
            return RejectReason.TOO_MANY_REQUESTS
        self.requests.append(request)
        return NONE

    def check_order(self, book: Book, order: Order) -> RejectReason:
        """The order is not too large, and its price no mistake."""
        if order.account < 1:
            return NONE
        if 0 < self.rules.max_order_lots < order.open_qty:
            return RejectReason.ORDER_TOO_LARGE
        mark = self.clearing.marks.get(book.instrument_id)
        sleeps = order.trail is not None and order.is_stop and not order.trail.is_awake
        price = order.price if order.has_limit and not sleeps else mark
        notional = 0 if price is None else self.clearing.notional(book.instrument_id, order.open_qty, price)
        if 0 < self.rules.max_order_notional < notional:
            return RejectReason.ORDER_TOO_LARGE
        return self.check_collar(book, order, mark)

    def check_collar(self, book: Book, order: Order, mark: int | None) -> RejectReason:
        """A limit price is not far beyond its reference."""
        reference = book.last_price if self.rules.collar_reference == "last" else mark
        has_collar = self.rules.collar_ticks > 0 or self.rules.collar_ppm > 0
        if order.kind != OrderKind.LIMIT or not has_collar or reference is None:
            return NONE
        width = self.rules.collar_ticks or abs(reference) * self.rules.collar_ppm // PPM
        beyond = order.price - reference if order.side == Side.BUY else reference - order.price
        return RejectReason.PRICE_OUTSIDE_COLLAR if beyond > width else NONE
