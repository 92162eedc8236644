"""Commands about orders (sections 2 and 3), and what an elected stop does (section 5.1)."""

from dataclasses import replace

import msgspec

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    CommandType,
    ExecuteRecorded,
    LinkOrders,
    MassCancel,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReplaceOrder,
    ReportTrade,
)
from exchange.enums import (
    CancelReason,
    OrderEffect,
    OrderKind,
    Origin,
    Phase,
    RecordedKind,
    RejectReason,
    Side,
    SideFilter,
    TimeInForce,
    TriggerSource,
)
from exchange.events import (
    OrderAccepted,
    OrderRejected,
    OrdersLinked,
    RecordedClipped,
    RequestRejected,
    StopTriggered,
    TradeReported,
    TrailingStopSet,
)
from exchange.rules import Rules
from exchange.units import MAX_PRICE_TICKS
from tests.reference import checks, icebergs
from tests.reference.auctions import Auctions
from tests.reference.bands import Bands
from tests.reference.book import Book, Fill, Order, other
from tests.reference.checks import Checks
from tests.reference.clearing import Clearing
from tests.reference.clock import Due, Rank
from tests.reference.journal import Journal
from tests.reference.levels import Levels
from tests.reference.linked import Bracket, Links, accepted_fields
from tests.reference.phases import Phases
from tests.reference.protections import Protections
from tests.reference.reducers import Reducers
from tests.reference.terms import (
    TermsDesk,
    check_budget,
    check_expiry,
    check_minimum,
    check_terms,
    end_of,
    plain_kind,
    plain_time,
)
from tests.reference.trailing import Trail, move_on_acceptance


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
        self.terms = TermsDesk(self.checks, self.protections, journal)
        self.reducers = Reducers(clearing, books)
        self.links = Links(self.reducers, has_money=self.has_money)
        self.links.is_spot = clearing.spot.is_spot
        self.links.next_accepted = self.next_accepted
        self.accepted = 0
        for book in books.values():
            book.links = self.links
        self.last_seller: dict[int, int] = {}  # by instrument: the liquidation that traded there last in this command
        self.traded: set[int] = set()  # instruments with a trade or reported trade since the venue last settled

    # A new order.

    def place(self, command: PlaceOrder) -> None:
        """Enter an order."""
        instrument_id = command.instrument
        waiting = self.terms.take(command.account, instrument_id, command.order_id)
        order = Order(
            order_id=command.order_id,
            account=command.account,
            side=command.side,
            kind=plain_kind(command.kind),
            time_in_force=plain_time(command.time_in_force),
            price=command.price_ticks,
            trigger=command.trigger_ticks,
            open_qty=command.qty_lots,
            post_only=command.post_only,
            origin=command.origin,
            asked_time=command.time_in_force,
            is_to_limit=command.kind == OrderKind.MARKET_TO_LIMIT,
            terms=waiting.terms,
            effect=command.effect,
            source=command.trigger_source,
            bracket=None if waiting.bracket is None else Bracket(waiting.bracket),
        )
        reason = (
            self.checks.instrument(instrument_id)
            or self.checks.sender(command)
            or self.check_request(instrument_id, order)
            or self.checks.may_trade(command.account)
            or self.check_new(instrument_id, order)
        )
        if reason:
            self.reject(command, CommandType.PLACE_ORDER, reason)
            return
        self.accept(instrument_id, order, has_terms=waiting.has_terms)

    def check_request(self, instrument_id: int, order: Order) -> RejectReason:
        """The account and the phase of the market let such an order be asked for."""
        return self.protections.check_request(order.account, order.origin) or self.phases.check_new(
            self.books[instrument_id], order
        )

    def check_new(self, instrument_id: int, order: Order) -> RejectReason:
        """Everything that may be wrong with a new order but its sender; settles its quantity and its price."""
        book, asked = self.books[instrument_id], order.open_qty
        is_asked_well = checks.quantity(asked) == RejectReason.NONE or order.effect == OrderEffect.CLOSE_POSITION
        is_cut = order.effect != OrderEffect.ANY and not order.is_stop and is_asked_well
        cut = self.reducers.cut_quantity(book, order) if is_cut else asked
        if is_cut:
            order.open_qty = cut or (1 if order.effect == OrderEffect.CLOSE_POSITION else asked)
        return (
            self.check_quantity(order, asked)
            or self.checks.placed_numbers(instrument_id, order)
            or self.checks.combination(instrument_id, order)
            or self.checks.notional(instrument_id, order)
            or self.checks.position(instrument_id, order)
            or self.checks.room(instrument_id, order)
            or check_terms(order)
            or check_expiry(order, self.journal.ts_ns)
            or (RejectReason.NOTHING_TO_REDUCE if is_cut and cut == 0 else RejectReason.NONE)
            or self.protections.check_order(book, order)
            or self.bands.check_new(book, order)
            or self.reprice_post_only(instrument_id, order)
            or self.checks.post_only(instrument_id, order)
            or self.check_acting(instrument_id, order)
        )

    def check_quantity(self, order: Order, asked: int) -> RejectReason:
        """A quantity in range; what closes a position is asked for with 0."""
        if order.effect == OrderEffect.CLOSE_POSITION and asked != 0:
            return RejectReason.INVALID_QUANTITY
        if order.effect == OrderEffect.CLOSE_POSITION and order.is_stop:
            return RejectReason.NONE
        return checks.quantity(order.open_qty)

    def check_acting(self, instrument_id: int, order: Order) -> RejectReason:
        """The last checks of an order that acts at once; what reduces a position needs no mark and no margin."""
        book, is_free = self.books[instrument_id], order.effect != OrderEffect.ANY
        order.rests_at = book.collar_price(order, book.limit_of(order))
        needs_no_mark = is_free and book.phase == Phase.CONTINUOUS  # else it is queued at the mark
        return (
            (RejectReason.NONE if needs_no_mark else self.checks.has_mark(instrument_id, order))
            or self.levels.check_order(instrument_id, order)
            or self.checks.fill_or_kill(instrument_id, order)
            or check_budget(book, order, self.checks)
            or check_minimum(book, order)
            or (RejectReason.NONE if is_free else self.checks.margin(instrument_id, order))
        )

    def accept(self, instrument_id: int, order: Order, *, has_terms: bool) -> None:
        """Enter an order that was checked."""
        book = self.books[instrument_id]
        order.accepted = self.next_accepted()
        order.expires_ns = end_of(order, self.rules, self.journal.ts_ns)
        self.journal.write(OrderAccepted, instrument=instrument_id, has_terms=has_terms, **accepted_fields(order))
        if order.is_stop:
            book.enter(order)
        else:
            self.work(book, order)

    def next_accepted(self) -> int:
        """Return the number of the next order that is accepted."""
        self.accepted += 1
        return self.accepted

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
        """Match an order that may act now, rest or cancel what is left of it, and do what follows from that."""
        filled_before = order.filled
        self.match_and_rest(book, order)
        book.links.after_taker(book, order, order.filled - filled_before)

    def match_and_rest(self, book: Book, order: Order) -> None:
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
        if order.kind == OrderKind.LIMIT:
            if order.time_in_force != TimeInForce.GTC:  # of a fill-or-kill order: what the makers lost meanwhile
                book.cancel(order, CancelReason.IOC_REMAINDER)
            else:
                book.enter(order)
            return
        may_rest = self.rules.market_remainder == "limit_at_last_fill" and order.time_in_force == TimeInForce.GTC
        if (may_rest or order.is_to_limit) and last_fill is not None:
            order.kind = OrderKind.LIMIT
            order.price = last_fill
            book.enter(order)
        elif (price := book.collar_price(order, limit)) is not None:
            order.kind = OrderKind.LIMIT
            order.price = price
            book.write_amended(order, kept_priority=False)
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
        may_rest = self.rules.market_remainder == "limit_at_last_fill" or order.is_to_limit
        if action not in ("auction", "halt"):
            book.cancel(order, CancelReason.PRICE_BAND)
        elif order.kind == OrderKind.LIMIT and order.time_in_force != TimeInForce.GTC:
            book.cancel(order, CancelReason.IOC_REMAINDER)
        elif order.kind == OrderKind.LIMIT:
            book.enter(order)
        elif order.time_in_force == TimeInForce.GTC and may_rest and last_fill is not None:
            order.kind, order.price = OrderKind.LIMIT, last_fill
            book.enter(order)
        elif (
            order.time_in_force != TimeInForce.GTC
            or not self.phases.queues_market_orders(book.instrument_id)
            or self.checks.has_mark(book.instrument_id, order)
        ):
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
        lots, own = order.open_qty, order.open_qty
        if order.effect != OrderEffect.ANY:
            room = self.reducers.room(book, order.account, order.side)
            lots = room if order.effect == OrderEffect.CLOSE_POSITION else min(lots, room)
        self.journal.write(
            StopTriggered,
            instrument=book.instrument_id,
            account=order.account,
            order_id=order.order_id,
            trigger_ticks=order.trigger,
            last_ticks=book.watches.shown_price(order.watches),
            qty_lots=lots,
            side=order.side,
            source=order.watches.source,
        )
        book.remove(order)
        order.kind = OrderKind.LIMIT if order.has_limit else OrderKind.MARKET
        order.elected_at, order.trigger = order.trigger, 0
        order.is_elected = True
        if book.last_price is not None:
            self.bands.before_stops.setdefault(book.instrument_id, book.last_price)
        order.open_qty = lots
        if order.effect != OrderEffect.ANY and lots == 0:
            order.open_qty = own
            book.cancel(order, CancelReason.NOTHING_TO_REDUCE)
            book.links.ended(book, order)
            return
        reason, asked = RejectReason.NONE, order.price
        if order.effect == OrderEffect.ANY:
            reason = self.checks.position(book.instrument_id, order)
        if reason or self.bands.check_new(book, order) or self.check_acting(book.instrument_id, order):
            order.price = asked
            book.cancel(order, CancelReason.STOP_REFUSED)
            book.links.ended(book, order)
        else:
            if order.price != asked:
                book.write_amended(order, kept_priority=False)
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
            icebergs.take_off(book, order, command.qty_lots)
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
        is_pending_close = order.is_stop and order.effect == OrderEffect.CLOSE_POSITION
        is_reducing = order.effect != OrderEffect.ANY and not order.is_stop and not order.is_queued
        if is_pending_close:
            is_asked_well = command.qty_lots == 0 and not command.is_total_qty
            reason = RejectReason.NONE if is_asked_well else RejectReason.INVALID_QUANTITY
            changed.open_qty = 0
        else:
            reason = checks.quantity(command.qty_lots)
        if not reason and is_reducing and changed.open_qty > 0:
            changed.open_qty = self.reducers.cut_quantity(book, changed, replaced=order)
            reason = RejectReason.NONE if changed.open_qty > 0 else RejectReason.NOTHING_TO_REDUCE
        reason = reason or self.checks.amended_numbers(command, order)
        if not is_reducing:
            reason = (
                reason
                or self.checks.notional(instrument_id, changed)
                or self.checks.position(instrument_id, changed, replaced=order)
            )
        if not reason and command.qty_lots <= filled and not is_pending_close:
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
        )
        if not is_reducing:
            reason = reason or self.checks.margin(instrument_id, changed, replaced=order)
        if reason:
            self.reject(command, CommandType.AMEND_ORDER, reason)
            return
        self.change(book, order, changed)

    def change(self, book: Book, order: Order, changed: Order) -> None:
        """Give an order what an amend says, in its place or at the back."""
        is_same_price, more = changed.price == order.price, changed.open_qty - order.open_qty
        if order.is_stop:
            keeps_place = changed.trigger == order.trigger and more <= 0
        elif order.display > 0 and more > 0:
            keeps_place = is_same_price and self.rules.iceberg_amend_up == "keep_priority"
        else:
            keeps_place = is_same_price and more <= 0 and self.rules.amend_qty_down == "keep_priority"
        order.price, order.trigger = changed.price, changed.trigger
        if keeps_place and not order.is_stop and more < 0:
            icebergs.take_off(book, order, -more)
            return
        order.open_qty = changed.open_qty
        if keeps_place:
            order.hidden += more if not order.is_stop else 0
            book.write_amended(order, kept_priority=True)
            if order.is_stop:
                book.watches.note(order)
            elif more > 0:
                icebergs.write_refreshed(book, order, kept_priority=True)
            return
        order.hidden = 0
        book.write_amended(order, kept_priority=False)
        book.remove(order)
        if order.is_stop:
            book.enter(order)
        else:
            self.work(book, order)

    def replace(self, command: ReplaceOrder) -> None:
        """Cancel an order and enter another, or do neither."""
        instrument_id = command.instrument
        waiting = self.terms.take(command.account, instrument_id, command.new_order_id)
        order = self.find(command, CommandType.REPLACE_ORDER, RecordedKind.AMEND, command.qty_lots)
        if order is None:
            return
        book, reason = self.books[instrument_id], RejectReason.NONE
        is_tied = order.link is not None or order.bracket is not None or (order.trail is not None and order.is_stop)
        if is_tied or order.is_queued:
            self.reject(command, CommandType.REPLACE_ORDER, RejectReason.INVALID_COMBINATION)
            return
        terms = order.terms
        if terms is not None and not order.is_stop:
            terms = msgspec.structs.replace(terms, min_qty_lots=0, budget_quote=0)
        if waiting.terms is not None:
            old_end = 0 if terms is None or order.asked_time != TimeInForce.GTD else terms.expires_ns
            terms = msgspec.structs.replace(waiting.terms, expires_ns=waiting.terms.expires_ns or old_end)
        new = replace(
            order,
            order_id=command.new_order_id,
            open_qty=command.qty_lots,
            price=command.price_ticks or order.price,
            trigger=command.trigger_ticks or order.trigger,
            filled=0,
            hidden=0,
            is_to_limit=False,
            source=book.watches.source_to_keep(order) if order.is_stop else TriggerSource.VENUE,
            terms=terms,
            bracket=None if waiting.bracket is None else Bracket(waiting.bracket),
            is_child=False,
        )
        place = next(place for place, live in enumerate(book.live) if live is order)
        book.live.pop(place)
        reason = self.phases.check_new(book, new) or self.check_new(instrument_id, new)
        book.live.insert(place, order)
        if reason:
            self.reject(command, CommandType.REPLACE_ORDER, reason)
            return
        book.cancel(order, CancelReason.REPLACED)
        self.accept(instrument_id, new, has_terms=waiting.has_terms)

    def place_trailing(self, command: PlaceTrailingStop) -> None:
        """Enter a stop that follows a price."""
        instrument_id = command.instrument
        order = Order(
            order_id=command.order_id,
            account=command.account,
            side=command.side,
            kind=OrderKind.STOP_LIMIT if command.limit_offset_ticks != 0 else OrderKind.STOP,
            time_in_force=TimeInForce.GTC,
            price=0,
            trigger=0,
            open_qty=command.qty_lots,
            effect=command.effect,
            source=command.trigger_source,
            trail=Trail(
                command.distance,
                command.is_ppm,
                max(1, command.step_ticks),
                command.activation_ticks,
                command.limit_offset_ticks,
            ),
        )
        reason = (
            self.checks.instrument(instrument_id)
            or self.checks.participant(command.account)
            or self.check_request(instrument_id, order)
            or self.checks.may_trade(command.account)
            or self.check_quantity(order, order.open_qty)
            or self.check_trail(command)
            or self.checks.combination(instrument_id, order)
            or self.checks.room(instrument_id, order)
            or self.protections.check_order(self.books[instrument_id], order)
        )
        if reason:
            self.reject(command, CommandType.PLACE_TRAILING_STOP, reason)
            return
        book, order.accepted = self.books[instrument_id], self.next_accepted()
        self.journal.write(OrderAccepted, instrument=instrument_id, **accepted_fields(order))
        self.journal.write(
            TrailingStopSet,
            instrument=instrument_id,
            account=order.account,
            order_id=order.order_id,
            distance=command.distance,
            activation_ticks=command.activation_ticks,
            step_ticks=max(1, command.step_ticks),
            limit_offset_ticks=command.limit_offset_ticks,
            is_ppm=command.is_ppm,
        )
        move_on_acceptance(book, order)
        book.enter(order)
        assert order.trail is not None
        order.trail.has_entered = True

    def check_trail(self, command: PlaceTrailingStop) -> RejectReason:
        """Distance, activation, step and offset are such that a trigger can be made of them."""
        most = 999_999 if command.is_ppm else MAX_PRICE_TICKS
        activation = command.activation_ticks
        means_none = activation == 0 and self.checks.price(command.instrument, 0)
        if not means_none and (activation == 0 or self.checks.price(command.instrument, activation)):
            return RejectReason.INVALID_TRIGGER
        is_valid = 1 <= command.distance <= most and command.step_ticks >= 0 and command.limit_offset_ticks >= 0
        return RejectReason.NONE if is_valid else RejectReason.INVALID_TRIGGER

    def link(self, command: LinkOrders) -> None:
        """Let two orders of an account cancel each other."""
        reason = (
            self.checks.instrument(command.instrument)
            or self.checks.participant(command.account)
            or self.protections.check_side_request(command.account)
            or self.checks.not_in_liquidation(command.account)
        )
        names = (RejectReason.UNKNOWN_INSTRUMENT, RejectReason.MARKET_SETTLED, RejectReason.RESERVED_ACCOUNT)
        if reason in names:
            self.write_request_rejected(
                command.instrument, command.account, command.order_id, CommandType.LINK_ORDERS, reason
            )
            return
        orders: list[Order] = []
        if not reason:
            book_of = self.books[command.instrument]
            found = [book_of.find(order_id) for order_id in (command.order_id, command.other_order_id)]
            orders = [order for order in found if order is not None]
            if len(orders) < 2:
                reason = RejectReason.UNKNOWN_ORDER
            elif any(order.account != command.account for order in orders):
                reason = RejectReason.NOT_ORDER_OWNER
            elif orders[0] is orders[1]:
                reason = RejectReason.INVALID_COMBINATION
            elif any(order.link is not None for order in orders):
                reason = RejectReason.ALREADY_LINKED
        if reason:
            self.reject(command, CommandType.LINK_ORDERS, reason)
            return
        self.links.link(*orders)
        self.journal.write(
            OrdersLinked,
            instrument=command.instrument,
            account=command.account,
            order_id=command.order_id,
            other_order_id=command.other_order_id,
        )

    # Ends by the clock.

    def ends(self) -> list[Due]:
        """Return when the next order ends."""
        times = [order.expires_ns for book in self.books.values() for order in book.live if order.expires_ns > 0]
        return [Due(min(times), Rank.ORDERS, 0)] if times else []

    def end_orders(self, due: Due) -> None:
        """Take out what ends now, in the order in which it was accepted."""
        ending = [
            (o.accepted, book, o) for book in self.books.values() for o in book.live if o.expires_ns == due.due_ns
        ]
        for _, book, order in sorted(ending, key=lambda item: item[0]):
            if book.is_live(order):
                book.cancel(order, CancelReason.EXPIRED)

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
                    is_meant = command.side == SideFilter.BOTH or int(command.side) == int(order.side)
                    if is_meant and book.is_live(order):
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
        for fill in book.execute(taker, command.order_id, command.side, command.price_ticks):
            self.book_fill(book, fill)
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
        command: CancelOrder | ReduceOrder | AmendOrder | ReplaceOrder,
        request: CommandType,
        kind: RecordedKind,
        clipped_qty: int,
    ) -> Order | None:
        """Return the sender's live order, or refuse; recorded flow is clipped where the order is not live."""
        reason = self.checks.instrument(command.instrument) or self.checks.sender(command)
        origin = getattr(command, "origin", Origin.PARTICIPANT)
        if isinstance(command, AmendOrder | ReplaceOrder):
            reason = (
                reason
                or self.protections.check_request(command.account, origin)
                or self.phases.check_amend(self.books[command.instrument], origin)
                or self.checks.may_trade(command.account)
            )
        else:
            reason = reason or self.protections.check_cancel(command)
        if reason:
            self.reject(command, request, reason)
            return None
        order = self.books[command.instrument].find(command.order_id)
        if order is not None and order.account != 0 and origin != Origin.PARTICIPANT:
            order = None  # a participant has the id: the recorded order of that id is not live
        if order is None:
            if origin == Origin.PARTICIPANT:
                self.reject(command, request, RejectReason.UNKNOWN_ORDER)
            else:
                self.clip(command.instrument, command.order_id, kind, clipped_qty, origin)
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
