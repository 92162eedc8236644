"""Terms that wait for their order: what a PlaceOrder has no room for comes before it.

An account has the terms of at most one order waiting: OrderTerms and BracketTerms for it add up, and the newest of each
sort counts; terms for another order replace them. They are used up by the account's PlaceOrder of that id in that
instrument, accepted or refused. Rules: docs/semantics/orders.md.
"""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.desks.order_guard import OrderGuard
from exchange.desks.request_desk import ANY_VENUE, NAMES_ACCOUNT, NAMES_MARKET, OPENS_ACCOUNT, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.packed.id_table import IdTable
from exchange.records import (
    BRACKET_TERMS,
    BRACKET_TERMS_ORDER_ID,
    BRACKET_TERMS_STOP_LOSS_LIMIT_TICKS,
    BRACKET_TERMS_STOP_LOSS_TICKS,
    BRACKET_TERMS_TAKE_PROFIT_LIMIT_TICKS,
    BRACKET_TERMS_TAKE_PROFIT_TICKS,
    ORDER_TERMS,
    ORDER_TERMS_BUDGET_QUOTE,
    ORDER_TERMS_DISPLAY_LOTS,
    ORDER_TERMS_EXPIRES_NS,
    ORDER_TERMS_MIN_DISPLAY_LOTS,
    ORDER_TERMS_MIN_QTY_LOTS,
    ORDER_TERMS_ORDER_ID,
    REJECT_INVALID_TERMS,
    REJECT_NONE,
    REJECT_UNKNOWN_ACCOUNT,
    write_bracket_terms_set,
    write_order_budget_set,
    write_order_rejected,
    write_order_terms_set,
)
from exchange.units import MAX_MONEY, MAX_QTY_LOTS, MAX_TS_NS


@final
class Terms:
    """What one order has beyond its PlaceOrder. 0: nothing of the kind."""

    def __init__(self) -> None:
        """Ask for nothing."""
        self.display: i64 = 0
        self.min_display: i64 = 0
        self.min_qty: i64 = 0
        self.expires_ns: i64 = 0
        self.budget: i64 = 0
        self.take_profit: i64 = 0
        self.take_profit_limit: i64 = 0
        self.stop_loss: i64 = 0
        self.stop_loss_limit: i64 = 0

    def has_bracket(self) -> bool:
        """Return whether there is anything of a bracket, sound or not."""
        return (self.take_profit | self.take_profit_limit | self.stop_loss | self.stop_loss_limit) != 0


@final
class TermsDesk(RequestDesk):
    """Keeps the waiting terms of every account."""

    def __init__(self, log: EventLog, has_clearing: bool) -> None:
        """Start with none."""
        super().__init__()
        self.log = log
        self.has_clearing: bool = has_clearing
        self.guard = OrderGuard()
        self.waiting_count: i64 = 0  # of accounts
        self.accounts = IdTable()  # with terms that wait
        self.waiting: dict[int, tuple[int, int, Terms]] = {}  # account -> instrument, order id, terms

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        needs = NAMES_MARKET | NAMES_ACCOUNT | OPENS_ACCOUNT | ANY_VENUE
        return {ORDER_TERMS: needs, BRACKET_TERMS: needs}

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read terms and let them wait, or refuse them."""
        is_order = kind == ORDER_TERMS
        order_id = read_i64_le(records, offset + (ORDER_TERMS_ORDER_ID if is_order else BRACKET_TERMS_ORDER_ID))
        terms = self._terms_for(account, market.instrument, order_id)
        if is_order:
            is_sound = self._read_order(terms, records, offset)
        else:
            is_sound = self._read_bracket(terms, market, records, offset)
        reason: i64 = REJECT_NONE if is_sound else REJECT_INVALID_TERMS
        refused: i64 = REJECT_UNKNOWN_ACCOUNT if self.has_clearing and slot == 0 else self.guard.side_refusal(account)
        if refused != REJECT_NONE:
            reason = refused
        if reason != REJECT_NONE:
            write_order_rejected(self.log, market.instrument, account, order_id, kind, reason)
            return
        # From here on the command succeeds.
        if account not in self.waiting:
            self.accounts.put(account, 1)
        self.waiting[account] = (market.instrument, order_id, terms)
        self.waiting_count = len(self.waiting)
        if is_order:
            write_order_terms_set(
                self.log,
                market.instrument,
                account,
                order_id,
                terms.display,
                terms.min_display,
                terms.min_qty,
                terms.expires_ns,
            )
            if terms.budget != 0:
                write_order_budget_set(self.log, market.instrument, account, order_id, terms.budget)
        else:
            write_bracket_terms_set(
                self.log,
                market.instrument,
                account,
                order_id,
                terms.take_profit,
                terms.take_profit_limit,
                terms.stop_loss,
                terms.stop_loss_limit,
            )

    def is_waiting(self, account: i64) -> bool:
        """Return whether an account has terms waiting, for whatever order."""
        return self.accounts.find(account) != 0

    def take(self, account: i64, instrument: i64, order_id: i64) -> Terms | None:
        """Return and use up the terms that wait for an order, or None."""
        found = self.waiting.get(account)
        if found is None or found[0] != instrument or found[1] != order_id:
            return None
        del self.waiting[account]
        self.accounts.remove(account)
        self.waiting_count = len(self.waiting)
        return found[2]

    def _terms_for(self, account: i64, instrument: i64, order_id: i64) -> Terms:
        """Return new terms for an order, with what the account has waiting for the same one."""
        terms = Terms()
        found = self.waiting.get(account)
        if found is not None and found[0] == instrument and found[1] == order_id:
            old = found[2]
            terms.display = old.display
            terms.min_display = old.min_display
            terms.min_qty = old.min_qty
            terms.expires_ns = old.expires_ns
            terms.budget = old.budget
            terms.take_profit = old.take_profit
            terms.take_profit_limit = old.take_profit_limit
            terms.stop_loss = old.stop_loss
            terms.stop_loss_limit = old.stop_loss_limit
        return terms

    def _read_order(self, terms: Terms, records: bytes, offset: i64) -> bool:
        """Read OrderTerms; return whether every value can be one."""
        terms.display = read_i64_le(records, offset + ORDER_TERMS_DISPLAY_LOTS)
        terms.min_display = read_i64_le(records, offset + ORDER_TERMS_MIN_DISPLAY_LOTS)
        terms.min_qty = read_i64_le(records, offset + ORDER_TERMS_MIN_QTY_LOTS)
        terms.expires_ns = read_i64_le(records, offset + ORDER_TERMS_EXPIRES_NS)
        terms.budget = read_i64_le(records, offset + ORDER_TERMS_BUDGET_QUOTE)
        return (
            0 <= terms.display <= MAX_QTY_LOTS
            and 0 <= terms.min_display <= terms.display
            and 0 <= terms.min_qty <= MAX_QTY_LOTS
            and 0 <= terms.expires_ns <= MAX_TS_NS
            and 0 <= terms.budget <= MAX_MONEY
        )

    def _read_bracket(self, terms: Terms, market: Market, records: bytes, offset: i64) -> bool:
        """Read BracketTerms; return whether every value can be one."""
        terms.take_profit = read_i64_le(records, offset + BRACKET_TERMS_TAKE_PROFIT_TICKS)
        terms.take_profit_limit = read_i64_le(records, offset + BRACKET_TERMS_TAKE_PROFIT_LIMIT_TICKS)
        terms.stop_loss = read_i64_le(records, offset + BRACKET_TERMS_STOP_LOSS_TICKS)
        terms.stop_loss_limit = read_i64_le(records, offset + BRACKET_TERMS_STOP_LOSS_LIMIT_TICKS)
        if market.has_zero_price and terms.has_bracket() and (terms.take_profit == 0 or terms.stop_loss == 0):
            return False  # A trigger at 0 would be taken for none.
        return (
            _may_be_price(market, terms.take_profit)
            and _may_be_price(market, terms.take_profit_limit)
            and _may_be_price(market, terms.stop_loss)
            and _may_be_price(market, terms.stop_loss_limit)
        )


def _may_be_price(market: Market, price: i64) -> bool:
    """Return whether a price is one that orders may have, or 0 for none."""
    return price == 0 or market.min_price <= price <= market.max_price
