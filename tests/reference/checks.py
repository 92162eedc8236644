"""Why a request is refused: one function per reason, in the order of RejectReason (section 2 and 4).

NONE is falsy, so that `a or b or c` reads as the list of checks in their order and gives the first reason found.
"""

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    ExecuteRecorded,
    LinkOrders,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReplaceOrder,
    ReportTrade,
)
from exchange.enums import OrderEffect, OrderKind, Origin, RejectReason, Side, TimeInForce, TriggerSource
from exchange.rules import Rules
from exchange.units import (
    MAX_EXPOSURE,
    MAX_LIVE_ORDERS,
    MAX_MONEY,
    MAX_QTY_LOTS,
    MAX_SIZE_LOTS,
    MAX_STORED_MONEY,
)
from tests.reference import margins
from tests.reference.book import Book, Order
from tests.reference.clearing import Account, Clearing
from tests.reference.debts import Debts
from tests.reference.watches import Price

NONE = RejectReason.NONE
OrderCommand = PlaceOrder | CancelOrder | AmendOrder | ReduceOrder | ReplaceOrder | PlaceTrailingStop | LinkOrders


class Checks:
    """Looks at books and accounts and changes neither."""

    def __init__(self, rules: Rules, books: dict[int, Book], clearing: Clearing) -> None:
        self.rules = rules.orders
        self.has_money = rules.clearing == "margin"
        self.books = books
        self.clearing = clearing
        self.freezes = rules.debt.freezes
        self.debts: Debts | None = None

    # Who and where.

    def instrument(self, instrument_id: int) -> RejectReason:
        """The instrument exists, and was not settled for good."""
        if instrument_id in self.clearing.settled:
            return RejectReason.MARKET_SETTLED
        return NONE if instrument_id in self.books else RejectReason.UNKNOWN_INSTRUMENT

    def participant(self, account_id: int) -> RejectReason:
        """The account is a participant's, and exists where accounts do."""
        if account_id < 1:
            return RejectReason.RESERVED_ACCOUNT
        if self.has_money and account_id not in self.clearing.participants:
            return RejectReason.UNKNOWN_ACCOUNT
        return NONE

    def sender(self, command: OrderCommand) -> RejectReason:
        """Account 0 sends recorded flow and corrections, participants send everything else."""
        if getattr(command, "origin", Origin.PARTICIPANT) == Origin.PARTICIPANT:
            return self.participant(command.account)
        return NONE if command.account == 0 else RejectReason.RESERVED_ACCOUNT

    def not_in_liquidation(self, account_id: int) -> RejectReason:
        """The account is not being liquidated."""
        account = self.clearing.participants.get(account_id)
        if account is not None and account.is_in_liquidation:
            return RejectReason.ACCOUNT_IN_LIQUIDATION
        return NONE

    def may_trade(self, account_id: int) -> RejectReason:
        """The account is neither being liquidated nor frozen by a debt."""
        is_frozen = self.freezes and self.debts is not None and self.debts.owes(account_id)
        return self.not_in_liquidation(account_id) or (RejectReason.ACCOUNT_IN_DEBT if is_frozen else NONE)

    # Numbers.

    def price(self, instrument_id: int, price: int) -> RejectReason:
        """The price lies within the instrument's range."""
        instrument = self.books[instrument_id].instrument
        is_in_range = instrument.min_price_ticks <= price <= instrument.max_price_ticks
        return NONE if is_in_range else RejectReason.INVALID_PRICE

    def trigger(self, instrument_id: int, trigger: int) -> RejectReason:
        """The trigger lies within the instrument's range of prices."""
        return RejectReason.INVALID_TRIGGER if self.price(instrument_id, trigger) else NONE

    def placed_numbers(self, instrument_id: int, order: Order) -> RejectReason:
        """Price and trigger of a new order; what its kind does not use must be 0."""
        if order.has_limit:
            if reason := self.price(instrument_id, order.price):
                return reason
        elif order.price != 0:
            return RejectReason.INVALID_PRICE
        if order.is_stop:
            return self.trigger(instrument_id, order.trigger)
        return RejectReason.INVALID_TRIGGER if order.trigger != 0 else NONE

    def amended_numbers(self, command: AmendOrder, order: Order) -> RejectReason:
        """Price and trigger of an amend; 0 keeps, and what the order does not use must be 0."""
        if order.is_queued:
            return RejectReason.INVALID_COMBINATION
        if command.price_ticks != 0:
            if (order.trail is not None and order.is_stop) or order.kind in (OrderKind.STOP, OrderKind.TAKE_PROFIT):
                return RejectReason.INVALID_PRICE
            if reason := self.price(command.instrument, command.price_ticks):
                return reason
        if command.trigger_ticks != 0:
            if not order.is_stop or order.trail is not None:
                return RejectReason.INVALID_TRIGGER
            return self.trigger(command.instrument, command.trigger_ticks)
        return NONE

    def printed_numbers(self, command: ReportTrade | ExecuteRecorded) -> RejectReason:
        """Instrument, quantity and price of a recorded print."""
        return (
            self.instrument(command.instrument)
            or quantity(command.qty_lots)
            or self.price(command.instrument, command.price_ticks)
        )

    def room(self, instrument_id: int, order: Order) -> RejectReason:
        """The id is free among live orders, and one more order fits."""
        book = self.books[instrument_id]
        if book.find(order.order_id) is not None:
            return RejectReason.DUPLICATE_ORDER_ID
        return RejectReason.BOOK_FULL if len(book.live) >= MAX_LIVE_ORDERS else NONE

    def combination(self, instrument_id: int, order: Order) -> RejectReason:
        """Post-only and recorded orders rest, so they must be limit orders; a recorded one is as plain as can be."""
        is_resting_limit = order.kind == OrderKind.LIMIT and order.time_in_force == TimeInForce.GTC
        is_participant = order.origin == Origin.PARTICIPANT
        is_special = (
            order.asked_time != order.time_in_force
            or order.effect != OrderEffect.ANY
            or order.source != TriggerSource.VENUE
        )
        is_possible = (
            not (order.post_only and not (is_resting_limit and is_participant))
            and not (not is_participant and (is_special or not is_resting_limit))
            and not (order.is_to_limit and order.time_in_force != TimeInForce.GTC)
            and self.can_watch(instrument_id, order)
            and self.can_have_effect(instrument_id, order)
        )
        return NONE if is_possible else RejectReason.INVALID_COMBINATION

    def can_watch(self, instrument_id: int, order: Order) -> bool:
        """Only trigger orders watch a price, and only one that there is."""
        if not order.is_stop:
            return order.source == TriggerSource.VENUE
        watched = self.books[instrument_id].watches.price_of(order.source, order.side)
        return self.has_money or watched not in (Price.MARK, Price.INDEX)

    def can_have_effect(self, instrument_id: int, order: Order) -> bool:
        """Orders have effects where there are positions; what closes all of one has no limit to rest at."""
        if order.effect == OrderEffect.ANY:
            return True
        is_at_rest = order.kind == OrderKind.LIMIT or order.is_to_limit
        return (
            self.has_money
            and not self.clearing.spot.is_spot(instrument_id)
            and order.origin == Origin.PARTICIPANT
            and not (order.effect == OrderEffect.CLOSE_POSITION and is_at_rest)
            and order.bracket is None
        )

    # Size and risk: for participants where there is money; for stops not before they are elected.

    def is_margined(self, order: Order) -> bool:
        """Whether money limits this order."""
        return self.has_money and order.account >= 1

    def notional(self, instrument_id: int, order: Order) -> RejectReason:
        """The order is worth no more than money can be, at its limit or, a market order, at mark."""
        if not self.is_margined(order) or order.is_stop:
            return NONE
        is_too_large = self.clearing.order_notional(instrument_id, order) > MAX_EXPOSURE
        return RejectReason.NOTIONAL_TOO_LARGE if is_too_large else NONE

    def position(self, instrument_id: int, order: Order, replaced: Order | None = None) -> RejectReason:
        """The position with all that rests stays in range, at any price that the instrument allows."""
        if not self.is_margined(order) or order.is_stop:
            return NONE
        book = self.books[instrument_id]
        resting = [o for side in Side for o in book.resting_of(order.account, side) if o is not replaced]
        return self.exposure(instrument_id, order.account, sum(o.open_qty for o in resting) + order.open_qty)

    def exposure(self, instrument_id: int, account_id: int, more: int) -> RejectReason:
        """What the account holds and `more` lots are worth no more than the limit at the worst price."""
        return self.exposure_of(self.clearing.participants[account_id], instrument_id, more)

    def order_exposure(self, account: Account, instrument_id: int, qty: int) -> RejectReason:
        """The same for what an account holds with its resting orders and `qty` lots more."""
        resting = [o for side in Side for o in self.books[instrument_id].resting_of(account.account_id, side)]
        return self.exposure_of(account, instrument_id, sum(o.open_qty for o in resting) + qty)

    def exposure_of(self, account: Account, instrument_id: int, more: int) -> RejectReason:
        """The same for an account that may not be there yet."""
        instrument = self.books[instrument_id].instrument
        lots = abs(self.clearing.leg(account, instrument_id).size) + more
        if lots > MAX_SIZE_LOTS:
            return RejectReason.POSITION_TOO_LARGE
        prices = [price for price in (instrument.min_price_ticks, instrument.max_price_ticks) if price != 0]
        worth = max(self.clearing.notional(instrument_id, lots, price) for price in prices)
        mirror = abs(self.clearing.leg(self.clearing.recorded_market, instrument_id).cost)
        is_too_large = (
            worth > MAX_EXPOSURE or abs(account.balance) > MAX_STORED_MONEY // 2 or mirror + worth > MAX_STORED_MONEY
        )
        return RejectReason.POSITION_TOO_LARGE if is_too_large else NONE

    def has_mark(self, instrument_id: int, order: Order) -> RejectReason:
        """A market order is margined at mark, so there must be one."""
        if self.is_margined(order) and order.kind == OrderKind.MARKET and instrument_id not in self.clearing.marks:
            return RejectReason.NO_MARK_PRICE
        return NONE

    def fill_or_kill(self, instrument_id: int, order: Order) -> RejectReason:
        """A fill-or-kill order that acts now can fill whole."""
        if order.time_in_force != TimeInForce.FOK or order.is_stop:
            return NONE
        fillable = self.books[instrument_id].fillable(order)
        return NONE if fillable >= order.open_qty else RejectReason.FOK_CANNOT_FILL

    def post_only(self, instrument_id: int, order: Order) -> RejectReason:
        """A post-only order would not take."""
        if order.post_only and self.books[instrument_id].within(order.side, order.price):
            return RejectReason.POST_ONLY_WOULD_TAKE
        return NONE

    def margin(self, instrument_id: int, order: Order, replaced: Order | None = None) -> RejectReason:
        """The account can carry the order, if it needs more margin than without it."""
        if not self.is_margined(order) or order.is_stop:
            return NONE
        account = self.clearing.participants[order.account]
        if self.clearing.spot.is_spot(instrument_id):
            return self.clearing.spot.check_order(account, instrument_id, order, replaced)
        if self.is_leverage_above_tier(instrument_id, order, replaced):
            return RejectReason.LEVERAGE_ABOVE_TIER
        needed = self.clearing.leg_initial_margin(account, instrument_id, adding=order, leaving_out=replaced)
        can_carry = self.clearing.can_carry(account, instrument_id, needed)
        return NONE if can_carry else RejectReason.INSUFFICIENT_MARGIN

    def is_leverage_above_tier(self, instrument_id: int, order: Order, replaced: Order | None) -> bool:
        """Whether an order that raises the margin brings the leg to a tier that allows less leverage."""
        account = self.clearing.participants[order.account]
        schedule, instrument = self.clearing.schedule(instrument_id), self.clearing.instruments[instrument_id]
        held = self.clearing.held(account, instrument_id, adding=order, leaving_out=replaced)
        most = margins.most_leverage(schedule, instrument, held)
        needed = margins.initial(schedule, instrument, held)
        return 0 < most < held.leverage and needed > self.clearing.leg_initial_margin(account, instrument_id)


def quantity(qty: int) -> RejectReason:
    """A quantity of lots in range."""
    return NONE if 1 <= qty <= MAX_QTY_LOTS else RejectReason.INVALID_QUANTITY


def amount(money: int) -> RejectReason:
    """An amount of money in range."""
    return NONE if 1 <= money <= MAX_MONEY else RejectReason.INVALID_AMOUNT
