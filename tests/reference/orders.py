"""Commands about orders (sections 2 and 3), and what an elected stop does (section 5.1)."""

from dataclasses import replace

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    CommandType,
    ExecuteRecorded,
    MassCancel,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
)
from exchange.enums import (
    CancelReason,
    OrderKind,
    Origin,
    Phase,
    RecordedKind,
    RejectReason,
    Side,
    SideFilter,
    TimeInForce,
)
from exchange.errors import InvariantError
from exchange.events import (
    OrderAccepted,
    OrderRejected,
    RecordedClipped,
    RequestRejected,
    StopTriggered,
    TradeReported,
)
from exchange.rules import Rules
from tests.reference import checks
from tests.reference.auctions import Auctions
from tests.reference.bands import Bands
from tests.reference.book import Book, Fill, Order, other
from tests.reference.checks import Checks
from tests.reference.clearing import Clearing
from tests.reference.journal import Journal
from tests.reference.levels import Levels
from tests.reference.phases import Phases
from tests.reference.protections import Protections


class OrderDesk:
    """Refuses or applies order commands, lets orders trade, and books what they did."""

    def __init__(self, rules: Rules, books: dict[int, Book], clearing: Clearing, journal: Journal) -> None:
        self.rules = rules.orders
        self.has_money = rules.clearing == "margin"
        self.books = books
        self.clearing = clearing
        self.journal = journal
        self.checks = Checks(rules, books, clearing)
        self.levels = Levels(rules, books, clearing, journal)
        self.protections = Protections(rules, books, clearing, self.checks, journal)
        self.auctions = Auctions(clearing, journal, self.book_fill)
        self.phases = Phases(rules, books, clearing, self.checks, self.levels, self.auctions, journal)
        self.bands = Bands(books, clearing, self.auctions, self.phases, journal)
        self.last_seller: dict[int, int] = {}  # by instrument: the liquidation that traded there last in this command
        self.traded: set[int] = set()  # instruments with a trade or reported trade since the venue last settled

    # A new order.

    def place(self, command: PlaceOrder) -> None:
        """Enter an order."""
        instrument_id = command.instrument
        order = Order(
            order_id=command.order_id,
            account=command.account,
            side=command.side,
            kind=command.kind,
            time_in_force=command.time_in_force,
            price=command.price_ticks,
            trigger=command.trigger_ticks,
            open_qty=command.qty_lots,
            post_only=command.post_only,
            origin=command.origin,
        )
        reason = (
            self.checks.instrument(instrument_id)
            or self.checks.sender(command)
            or self.protections.check_request(command)
            or self.phases.check(command)
            or self.checks.may_trade(command.account)
            or self.checks.placed_numbers(command)
            or checks.combination(command)
            or self.checks.notional(instrument_id, order)
            or self.checks.position(instrument_id, order)
            or self.checks.room(command)
            or self.protections.check_order(self.books[instrument_id], order)
            or self.bands.check_new(self.books[instrument_id], order)
            or self.checks.has_mark(instrument_id, order)
            or self.reprice_post_only(instrument_id, order)
            or self.checks.post_only(instrument_id, order)
            or self.levels.check_order(instrument_id, order)
            or self.checks.fill_or_kill(instrument_id, order)
            or self.checks.margin(instrument_id, order)
        )
        if reason:
            self.reject(command, CommandType.PLACE_ORDER, reason)
            return
        self.journal.write(
            OrderAccepted,
            instrument=instrument_id,
            account=order.account,
            order_id=order.order_id,
            price_ticks=order.price,
            qty_lots=order.open_qty,
            trigger_ticks=order.trigger,
            side=order.side,
            kind=order.kind,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            origin=order.origin,
        )
        book = self.books[instrument_id]
        if order.is_stop:
            book.enter(order)
        else:
            self.work(book, order)

    def reprice_post_only(self, instrument_id: int, order: Order) -> RejectReason:
        """Where the rule says so, move a post-only order that would take to one tick behind the opposite best."""
        is_repriced = self.rules.post_only_cross == "reprice" and self.checks.post_only(instrument_id, order)
        best = self.books[instrument_id].best(other(order.side))
        if is_repriced and best is not None:
            price = best - 1 if order.side == Side.BUY else best + 1
            if self.checks.price(instrument_id, price):
                return RejectReason.POST_ONLY_WOULD_TAKE
            order.price = price
        return RejectReason.NONE

    def work(self, book: Book, order: Order) -> None:
        """Match an order that may act now, then rest or cancel what is left of it."""
        if book.phase != Phase.CONTINUOUS:
            self.rest_in_call(book, order)
            return
        last_fill, limit = None, book.limit_of(order)
        for fill in book.match(order, limit):
            self.book_fill(book, fill)
            last_fill = fill.price
        tripped = self.bands.trip(book, order, limit)
        if order.open_qty == 0:
            return
        if tripped:
            self.rest_after_trip(book, order, tripped, last_fill)
            return
        if order.time_in_force == TimeInForce.FOK:
            raise InvariantError(f"expected a fill-or-kill order to fill, found {order}")
        if order.kind == OrderKind.LIMIT:
            if order.time_in_force == TimeInForce.IOC:
                book.cancel(order, CancelReason.IOC_REMAINDER)
            else:
                book.enter(order)
            return
        may_rest = self.rules.market_remainder == "limit_at_last_fill" and order.time_in_force == TimeInForce.GTC
        if may_rest and last_fill is not None:
            order.kind = OrderKind.LIMIT
            order.price = last_fill
            book.enter(order)
        elif book.resting(other(order.side)):
            book.cancel(order, CancelReason.PROTECTION)
        else:
            book.cancel(order, CancelReason.MARKET_REMAINDER)

    def rest_in_call(self, book: Book, order: Order) -> None:
        """Let an order wait for the auction."""
        if order.kind == OrderKind.MARKET:
            self.phases.queue(book, order)
        else:
            book.enter(order)

    def rest_after_trip(self, book: Book, order: Order, action: str, last_fill: int | None) -> None:
        """What a breaker leaves of an order (phases.md, section 4)."""
        may_rest = self.rules.market_remainder == "limit_at_last_fill" and last_fill is not None
        if action not in ("auction", "halt"):
            book.cancel(order, CancelReason.PRICE_BAND)
        elif order.kind == OrderKind.LIMIT and order.time_in_force != TimeInForce.GTC:
            book.cancel(order, CancelReason.IOC_REMAINDER)
        elif order.kind == OrderKind.LIMIT:
            book.enter(order)
        elif order.time_in_force == TimeInForce.GTC and may_rest and last_fill is not None:
            order.kind, order.price = OrderKind.LIMIT, last_fill
            book.enter(order)
        elif order.time_in_force != TimeInForce.GTC or not self.phases.queues_market_orders(book.instrument_id):
            book.cancel(order, CancelReason.PROTECTION)
        else:
            self.phases.queue(book, order)

    def book_fill(self, book: Book, fill: Fill, rates: tuple[int, int] | None = None) -> None:
        """Tell the money side of a trade; rates: an auction's of maker and taker."""
        self.traded.add(book.instrument_id)
        if self.has_money:
            self.clearing.book_fill(book, fill, rates)
        if rates is not None:
            return
        for order in (fill.maker, fill.taker):
            if order.liquidation_id != 0:
                self.last_seller[book.instrument_id] = order.liquidation_id

    def elect(self, book: Book, order: Order) -> None:
        """A touched stop becomes a market or a limit order and acts at once."""
        self.journal.write(
            StopTriggered,
            instrument=book.instrument_id,
            account=order.account,
            order_id=order.order_id,
            trigger_ticks=order.trigger,
            last_ticks=book.last_price,
            qty_lots=order.open_qty,
            side=order.side,
        )
        book.remove(order)
        order.kind = OrderKind.MARKET if order.kind == OrderKind.STOP else OrderKind.LIMIT
        order.trigger = 0
        order.is_elected = True
        if book.last_price is not None:
            self.bands.before_stops.setdefault(book.instrument_id, book.last_price)
        reason = (
            self.checks.position(book.instrument_id, order)
            or self.checks.has_mark(book.instrument_id, order)
            or self.levels.check_order(book.instrument_id, order)
            or self.checks.fill_or_kill(book.instrument_id, order)
            or self.checks.margin(book.instrument_id, order)
        )
        if reason:
            book.cancel(order, CancelReason.STOP_REFUSED)
        else:
            self.work(book, order)
        order.is_elected = False

    # Changes to a live order.

    def cancel(self, command: CancelOrder) -> None:
        """Take out an order."""
        order = self.find(command, CommandType.CANCEL_ORDER, RecordedKind.CANCEL, 0)
        if order is not None:
            self.books[command.instrument].cancel(order, CancelReason.REQUESTED)

    def reduce(self, command: ReduceOrder) -> None:
        """Take some of an order's open quantity off."""
        order = self.find(command, CommandType.REDUCE_ORDER, RecordedKind.REDUCE, command.qty_lots)
        if order is None:
            return
        if reason := checks.quantity(command.qty_lots):
            self.reject(command, CommandType.REDUCE_ORDER, reason)
            return
        book = self.books[command.instrument]
        left = order.open_qty - command.qty_lots
        if left > 0:
            order.open_qty = left
            book.write_amended(order, kept_priority=True)
            return
        book.cancel(order, CancelReason.REDUCED_TO_ZERO)
        if left < 0 and command.origin != Origin.PARTICIPANT:
            self.clip(command.instrument, command.order_id, RecordedKind.REDUCE, -left, command.origin)

    def amend(self, command: AmendOrder) -> None:
        """Give an order a new price, quantity or trigger."""
        instrument_id = command.instrument
        order = self.find(command, CommandType.AMEND_ORDER, RecordedKind.AMEND, command.qty_lots)
        if order is None:
            return
        book = self.books[instrument_id]
        filled = order.filled if command.is_total_qty else 0
        changed = replace(
            order,
            open_qty=max(0, command.qty_lots - filled),
            price=command.price_ticks or order.price,
            trigger=command.trigger_ticks or order.trigger,
        )
        reason = (
            self.checks.amended_numbers(command, order)
            or self.checks.notional(instrument_id, changed)
            or self.checks.position(instrument_id, changed, replaced=order)
        )
        if not reason and command.qty_lots <= filled:
            if self.rules.amend_below_filled == "cancel":
                book.cancel(order, CancelReason.AMENDED_BELOW_FILLED)
                return
            reason = RejectReason.BELOW_FILLED
        reason = (
            reason
            or self.protections.check_order(book, changed)
            or self.bands.check_amended(book, changed)
            or self.checks.post_only(instrument_id, changed)
            or self.levels.check_order(instrument_id, changed, replaced=order)
            or self.checks.margin(instrument_id, changed, replaced=order)
        )
        if reason:
            self.reject(command, CommandType.AMEND_ORDER, reason)
            return
        if order.is_stop:
            keeps_place = changed.trigger == order.trigger and changed.open_qty <= order.open_qty
        else:
            is_smaller = changed.price == order.price and changed.open_qty <= order.open_qty
            keeps_place = is_smaller and self.rules.amend_qty_down == "keep_priority"
        book.write_amended(changed, kept_priority=keeps_place)
        if keeps_place:
            book.put_in_place_of(order, changed)
            return
        book.remove(order)
        if order.is_stop:
            book.enter(changed)
        else:
            self.work(book, changed)

    def mass_cancel(self, command: MassCancel) -> None:
        """Take out all orders of an account, in one instrument or in all."""
        is_everywhere = command.instrument == 0
        reason = RejectReason.NONE if is_everywhere else self.checks.instrument(command.instrument)
        reason = reason or self.checks.participant(command.account)
        if reason:
            self.write_request_rejected(command.instrument, command.account, 0, CommandType.MASS_CANCEL, reason)
            return
        for instrument_id, book in sorted(self.books.items()):
            if is_everywhere or command.instrument == instrument_id:
                for order in book.live_of(command.account):
                    if command.side == SideFilter.BOTH or int(command.side) == int(order.side):
                        book.cancel(order, CancelReason.MASS_CANCEL)

    # Recorded prints.

    def execute_recorded(self, command: ExecuteRecorded) -> None:
        """Replay a recorded execution of a recorded order: participants with priority over it fill first."""
        if reason := self.checks.printed_numbers(command):
            self.write_rejected(command.instrument, 0, command.order_id, CommandType.EXECUTE_RECORDED, reason)
            return
        book = self.books[command.instrument]
        if book.phase != Phase.CONTINUOUS:
            self.clip(command.instrument, command.order_id, RecordedKind.EXECUTE, command.qty_lots, Origin.RECORDED)
            return
        taker = Order(
            order_id=0,
            account=0,
            side=other(command.side),
            kind=OrderKind.LIMIT,
            time_in_force=TimeInForce.IOC,
            price=command.price_ticks,
            trigger=0,
            open_qty=command.qty_lots,
            origin=Origin.RECORDED,
        )
        makers = book.recorded_makers(command.order_id, command.side, command.price_ticks)
        for maker in makers:
            if taker.open_qty > 0:
                self.book_fill(book, book.trade(taker, maker))
        if taker.open_qty > 0:
            self.clip(command.instrument, command.order_id, RecordedKind.EXECUTE, taker.open_qty, Origin.RECORDED)

    def report_trade(self, command: ReportTrade) -> None:
        """Take note of a trade outside the book."""
        if reason := self.checks.printed_numbers(command):
            self.write_request_rejected(command.instrument, 0, command.price_ticks, CommandType.REPORT_TRADE, reason)
            return
        self.journal.write(
            TradeReported,
            instrument=command.instrument,
            price_ticks=command.price_ticks,
            qty_lots=command.qty_lots,
            side=command.side,
        )
        self.books[command.instrument].note_trade(command.price_ticks, command.side, command.qty_lots)
        self.traded.add(command.instrument)

    # Finding and refusing.

    def find(
        self,
        command: CancelOrder | ReduceOrder | AmendOrder,
        request: CommandType,
        kind: RecordedKind,
        clipped_qty: int,
    ) -> Order | None:
        """Return the sender's live order, or refuse; recorded flow is clipped where the order is not live."""
        reason = self.checks.instrument(command.instrument) or self.checks.sender(command)
        if isinstance(command, AmendOrder):
            reason = (
                reason
                or self.protections.check_request(command)
                or self.phases.check(command)
                or self.checks.may_trade(command.account)
            )
        else:
            reason = reason or self.protections.check_cancel(command)
        if reason:
            self.reject(command, request, reason)
            return None
        order = self.books[command.instrument].find(command.order_id)
        if order is not None and order.account != 0 and command.origin != Origin.PARTICIPANT:
            order = None  # a participant has the id: the recorded order of that id is not live
        if order is None:
            if command.origin == Origin.PARTICIPANT:
                self.reject(command, request, RejectReason.UNKNOWN_ORDER)
            else:
                self.clip(command.instrument, command.order_id, kind, clipped_qty, command.origin)
            return None
        if order.account != command.account:
            self.reject(command, request, RejectReason.NOT_ORDER_OWNER)
            return None
        return order

    def clip(self, instrument_id: int, order_id: int, kind: RecordedKind, qty: int, origin: Origin) -> None:
        """Say which part of a recorded message could not be applied."""
        self.journal.write(
            RecordedClipped, instrument=instrument_id, order_id=order_id, qty_lots=qty, kind=kind, origin=origin
        )

    def reject(self, command: checks.OrderCommand, request: CommandType, reason: RejectReason) -> None:
        """Refuse a command about an order."""
        self.write_rejected(command.instrument, command.account, command.order_id, request, reason)

    def write_rejected(
        self, instrument_id: int, account: int, order_id: int, request: CommandType, reason: RejectReason
    ) -> None:
        """Write the refusal."""
        self.journal.write(
            OrderRejected,
            instrument=instrument_id,
            account=account,
            order_id=order_id,
            request=request,
            reason=reason,
        )

    def write_request_rejected(
        self, instrument_id: int, account: int, amount: int, request: CommandType, reason: RejectReason
    ) -> None:
        """Write the refusal of a command that names no order."""
        self.journal.write(
            RequestRejected,
            instrument=instrument_id,
            account=account,
            amount=amount,
            request=request,
            reason=reason,
        )
