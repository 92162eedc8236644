"""Terms that wait for their order, and what they ask (docs/semantics/orders.md, sections 1 to 3)."""

from collections.abc import Callable
from dataclasses import dataclass

from exchange.commands import BracketTerms, CommandType, OrderTerms
from exchange.enums import OrderKind, RejectReason, Side, TimeInForce
from exchange.events import BracketTermsSet, OrderBudgetSet, OrderRejected, OrderTermsSet, RequestRejected
from exchange.rules import OrderRules
from exchange.units import MAX_MONEY, MAX_QTY_LOTS, MAX_TS_NS
from tests.reference.book import Book, Order
from tests.reference.checks import Checks
from tests.reference.journal import Journal
from tests.reference.linked import bracket_is_possible
from tests.reference.protections import Protections

NONE = RejectReason.NONE
DAY_NS = 24 * 3600 * 10**9


@dataclass
class Waiting:
    """What waits for an account's next order."""

    instrument_id: int
    order_id: int
    terms: OrderTerms | None = None
    bracket: BracketTerms | None = None
    has_terms: bool = False


class TermsDesk:
    """Takes terms, and gives them to the order that they were meant for."""

    def __init__(self, checks: Checks, protections: Protections, journal: Journal) -> None:
        self.checks = checks
        self.protections = protections
        self.journal = journal
        self.waiting: dict[int, Waiting] = {}  # by account

    def set_order_terms(self, command: OrderTerms) -> None:
        """Let terms wait."""
        display, least = command.display_lots, command.min_display_lots
        is_valid = (
            0 <= display <= MAX_QTY_LOTS
            and 0 <= least <= display
            and 0 <= command.min_qty_lots <= MAX_QTY_LOTS
            and 0 <= command.expires_ns <= MAX_TS_NS
            and 0 <= command.budget_quote <= MAX_MONEY
        )
        if not self.is_refused(command, CommandType.ORDER_TERMS, lambda: is_valid):
            waiting = self.waits(command)
            waiting.terms, waiting.has_terms = command, True
            self.journal.write(
                OrderTermsSet,
                instrument=command.instrument,
                account=command.account,
                order_id=command.order_id,
                display_lots=display,
                min_display_lots=least,
                min_qty_lots=command.min_qty_lots,
                expires_ns=command.expires_ns,
            )
            if command.budget_quote != 0:
                self.journal.write(
                    OrderBudgetSet,
                    instrument=command.instrument,
                    account=command.account,
                    order_id=command.order_id,
                    budget_quote=command.budget_quote,
                )

    def set_bracket_terms(self, command: BracketTerms) -> None:
        """Let a bracket wait."""
        prices = {
            "take_profit_ticks": command.take_profit_ticks,
            "take_profit_limit_ticks": command.take_profit_limit_ticks,
            "stop_loss_ticks": command.stop_loss_ticks,
            "stop_loss_limit_ticks": command.stop_loss_limit_ticks,
        }

        def is_valid() -> bool:
            triggers = (command.take_profit_ticks, command.stop_loss_ticks)
            if any(prices.values()) and 0 in triggers and not self.checks.price(command.instrument, 0):
                return False  # 0 is a price there, and would be taken for none
            return all(p == 0 or not self.checks.price(command.instrument, p) for p in prices.values())

        if not self.is_refused(command, CommandType.BRACKET_TERMS, is_valid):
            waiting = self.waits(command)
            waiting.bracket, waiting.has_terms = command if any(prices.values()) else None, True
            self.journal.write(
                BracketTermsSet,
                instrument=command.instrument,
                account=command.account,
                order_id=command.order_id,
                **prices,
            )

    def is_refused(
        self, command: OrderTerms | BracketTerms, request: CommandType, is_valid: Callable[[], bool]
    ) -> bool:
        """Refuse terms that no order could have."""
        reason = (
            self.checks.instrument(command.instrument)
            or self.checks.participant(command.account)
            or self.protections.check_side_request(command.account)
        )
        reason = reason or (NONE if is_valid() else RejectReason.INVALID_TERMS)
        fields = {"instrument": command.instrument, "account": command.account, "request": request, "reason": reason}
        names = (RejectReason.UNKNOWN_INSTRUMENT, RejectReason.MARKET_SETTLED, RejectReason.RESERVED_ACCOUNT)
        if reason in names:
            self.journal.write(RequestRejected, amount=command.order_id, **fields)
        elif reason:
            self.journal.write(OrderRejected, order_id=command.order_id, **fields)
        return reason != NONE

    def waits(self, command: OrderTerms | BracketTerms) -> Waiting:
        """Return what waits for that order; what waited for another one is forgotten."""
        found = self.waiting.get(command.account)
        if found is None or (found.instrument_id, found.order_id) != (command.instrument, command.order_id):
            found = self.waiting[command.account] = Waiting(command.instrument, command.order_id)
        return found

    def take(self, account: int, instrument_id: int, order_id: int) -> Waiting:
        """Use up what waits for an order."""
        found = self.waiting.get(account)
        if found is not None and (found.instrument_id, found.order_id) == (instrument_id, order_id):
            return self.waiting.pop(account)
        return Waiting(instrument_id, order_id)


def check_terms(order: Order) -> RejectReason:
    """Its terms are such that an order of its kind can have them."""
    is_immediate = order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    is_valid = (
        (order.display == 0 or not (is_immediate or not (order.has_limit or order.is_to_limit)))
        and (order.min_qty == 0 or (order.min_qty <= max(1, order.open_qty) and not order.post_only))
        and (order.budget == 0 or order.time_in_force == TimeInForce.FOK)
        and (order.terms is None or order.terms.expires_ns == 0 or order.asked_time == TimeInForce.GTD)
        and (order.bracket is None or bracket_is_possible(order.bracket.terms, order.side))
    )
    return NONE if is_valid else RejectReason.INVALID_TERMS


def check_expiry(order: Order, ts_ns: int) -> RejectReason:
    """A time that ends it is still to come."""
    if order.asked_time != TimeInForce.GTD or (order.terms is not None and order.terms.expires_ns > ts_ns):
        return NONE
    return RejectReason.INVALID_EXPIRY


def end_of(order: Order, rules: OrderRules, ts_ns: int) -> int:
    """Return the time that ends an order, 0 for none."""
    if order.asked_time == TimeInForce.GTD and order.terms is not None:
        return order.terms.expires_ns
    if order.asked_time != TimeInForce.DAY or rules.day_ends_ns == -1:
        return 0
    return rules.day_ends_ns + ((ts_ns - rules.day_ends_ns) // DAY_NS + 1) * DAY_NS


def check_budget(book: Book, order: Order, checks: Checks) -> RejectReason:
    """A fill-or-kill order that acts now costs no more, or brings in no less, than its budget."""
    if order.budget == 0 or order.is_stop:
        return NONE
    left, cost = order.open_qty, 0
    for maker in book.allowed(book.within(order.side, book.limit_of(order)), book.stop_of(order)):
        if maker.account == order.account and book.rules.self_trade != "allow":
            continue
        lots = min(left, maker.open_qty)
        left -= lots
        cost += checks.clearing.notional(book.instrument_id, lots, maker.price)
    is_met = cost <= order.budget if order.side == Side.BUY else cost >= order.budget
    return NONE if is_met else RejectReason.FOK_CANNOT_FILL


def check_minimum(book: Book, order: Order) -> RejectReason:
    """As much as the order asks for could trade at once."""
    if order.min_qty == 0 or order.is_stop:
        return NONE
    is_met = book.fillable(order) >= min(order.min_qty, order.open_qty)
    return NONE if is_met else RejectReason.MIN_QTY_CANNOT_FILL


def plain_kind(kind: OrderKind) -> OrderKind:
    """Return the kind as which an order acts."""
    return OrderKind.MARKET if kind == OrderKind.MARKET_TO_LIMIT else kind


def plain_time(asked: TimeInForce) -> TimeInForce:
    """Return the time in force as which an order acts."""
    return TimeInForce.GTC if asked in (TimeInForce.DAY, TimeInForce.GTD) else asked
