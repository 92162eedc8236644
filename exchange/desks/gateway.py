"""The way in: command records read, checked for soundness, and handed to the desk that knows what to do.

Refuses what can be refused without looking at a book or a balance: unknown instruments, reserved and unknown accounts.
"""

from typing import Final, final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from exchange.accounts.ledger import Ledger
from exchange.accounts.pockets import NET, SHORT, Pockets
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_request import OrderRequest
from exchange.desks.recorded_desk import RecordedDesk
from exchange.desks.replace_desk import ReplaceDesk
from exchange.desks.request_desk import (
    ANY_VENUE,
    MAY_NAME_MARKET,
    NAMES_ACCOUNT,
    NAMES_MARKET,
    OPENS_ACCOUNT,
    RequestDesk,
)
from exchange.desks.special_desk import SpecialDesk
from exchange.desks.terms_desk import TermsDesk
from exchange.enums import (
    CLOSE_POSITION,
    FOK,
    GTD,
    INSURANCE_FUND,
    MARKET_TO_LIMIT,
    OPPOSITE_BEST,
    PARTICIPANT,
    RECORDED_MARKET,
)
from exchange.errors import DataError, SequenceError
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.packed.columns import new_column
from exchange.records import (
    AMEND_ORDER,
    AMEND_ORDER_IS_CONTINUED_SHIFT,
    AMEND_ORDER_IS_TOTAL_QTY,
    AMEND_ORDER_ORDER_ID,
    AMEND_ORDER_ORIGIN_SHIFT,
    AMEND_ORDER_PRICE_TICKS,
    AMEND_ORDER_QTY_LOTS,
    AMEND_ORDER_TRIGGER_TICKS,
    CANCEL_MASS_CANCEL,
    CANCEL_ORDER,
    CANCEL_ORDER_IS_CONTINUED_SHIFT,
    CANCEL_ORDER_ORDER_ID,
    CANCEL_ORDER_ORIGIN,
    EXECUTE_RECORDED,
    EXECUTE_RECORDED_IS_CONTINUED_SHIFT,
    EXECUTE_RECORDED_ORDER_ID,
    EXECUTE_RECORDED_PRICE_TICKS,
    EXECUTE_RECORDED_QTY_LOTS,
    EXECUTE_RECORDED_SIDE,
    FUND_DEPOSIT,
    MASS_CANCEL,
    MASS_CANCEL_SIDE,
    PLACE_ORDER,
    PLACE_ORDER_EFFECT,
    PLACE_ORDER_IS_CONTINUED_SHIFT,
    PLACE_ORDER_KIND_SHIFT,
    PLACE_ORDER_ORDER_ID,
    PLACE_ORDER_ORIGIN_SHIFT,
    PLACE_ORDER_POSITION_SHIFT,
    PLACE_ORDER_POST_ONLY_SHIFT,
    PLACE_ORDER_PRICE_TICKS,
    PLACE_ORDER_QTY_LOTS,
    PLACE_ORDER_SIDE,
    PLACE_ORDER_TIME_IN_FORCE_SHIFT,
    PLACE_ORDER_TRIGGER_SOURCE_SHIFT,
    PLACE_ORDER_TRIGGER_TICKS,
    PLACE_TRAILING_STOP,
    PLACE_TRAILING_STOP_ACTIVATION_TICKS,
    PLACE_TRAILING_STOP_DISTANCE,
    PLACE_TRAILING_STOP_EFFECT_SHIFT,
    PLACE_TRAILING_STOP_IS_PPM_SHIFT,
    PLACE_TRAILING_STOP_LIMIT_OFFSET_TICKS_SHIFT,
    PLACE_TRAILING_STOP_ORDER_ID,
    PLACE_TRAILING_STOP_POSITION_SHIFT,
    PLACE_TRAILING_STOP_QTY_LOTS,
    PLACE_TRAILING_STOP_SIDE,
    PLACE_TRAILING_STOP_STEP_TICKS,
    PLACE_TRAILING_STOP_TRIGGER_SOURCE_SHIFT,
    REDUCE_ORDER,
    REDUCE_ORDER_IS_CONTINUED_SHIFT,
    REDUCE_ORDER_ORDER_ID,
    REDUCE_ORDER_ORIGIN,
    REDUCE_ORDER_QTY_LOTS,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_MARKET_SETTLED,
    REJECT_NONE,
    REJECT_RESERVED_ACCOUNT,
    REJECT_UNKNOWN_ACCOUNT,
    REJECT_UNKNOWN_INSTRUMENT,
    REJECT_WRONG_POSITION_SIDE,
    REPLACE_ORDER,
    REPLACE_ORDER_NEW_ORDER_ID,
    REPLACE_ORDER_ORDER_ID,
    REPLACE_ORDER_PRICE_TICKS,
    REPLACE_ORDER_QTY_LOTS,
    REPLACE_ORDER_TRIGGER_TICKS,
    REPORT_TRADE,
    REPORT_TRADE_IS_CONTINUED_SHIFT,
    REPORT_TRADE_PRICE_TICKS,
    REPORT_TRADE_QTY_LOTS,
    REPORT_TRADE_SIDE,
    write_order_rejected,
    write_request_rejected,
    write_trade_reported,
)
from exchange.settling import Settler
from exchange.triggers.trail import Trail
from exchange.triggers.trailing import TrailingDesk
from exchange.units import MAX_ACCOUNT, MAX_INSTRUMENT, MAX_QTY_LOTS, MAX_TS_NS

NO_OWNER: Final = -1
KINDS: Final = 256  # of commands that a header can tell apart
UNKNOWN: Final = -1

# Bits that the small fields of each order command may use; anything else is a record that nobody wrote on purpose.
_PLAIN_PLACE_BITS: Final = 0x03_0103_0103_0301  # of an order that is not special
_PLACE_BITS: Final = 0x0703_0103_0107_0701
_TRAILING_BITS: Final = 0x03_0703_0101
_ORIGIN_BITS: Final = 0x0103
_AMEND_BITS: Final = 0x01_0301
_SIDE_BITS: Final = 0x0101


@final
class Gateway:
    """Knows the records and who handles which command."""

    market_of_instrument: "vec[i64]"
    needs_of_kind: "vec[i64]"  # of requests: what they must name

    def __init__(
        self,
        settler: Settler,
        markets: list[Market],
        log: EventLog,
        ledger: Ledger,
        has_clearing: bool,
        desk: OrderDesk,
        special_desk: SpecialDesk,
        replace_desk: ReplaceDesk,
        terms_desk: TermsDesk,
        recorded_desk: RecordedDesk,
        pockets: Pockets,
        trailing: TrailingDesk,
        request_desks: list[RequestDesk],
    ) -> None:
        """`markets` stand by ascending instrument id."""
        self.settler = settler
        self.clock = settler.clock
        self.agenda = settler.agenda
        self.markets = markets
        self.log = log
        self.ledger = ledger
        self.has_clearing: bool = has_clearing
        self.desk = desk
        self.special_desk = special_desk
        self.replace_desk = replace_desk
        self.terms_desk = terms_desk
        self.recorded_desk = recorded_desk
        self.pockets = pockets
        self.trailing = trailing
        self.desk_of_kind: list[RequestDesk] = [RequestDesk()] * KINDS
        self.needs_of_kind = new_column(KINDS)
        kind: i64 = 0
        while kind < KINDS:
            self.needs_of_kind[kind] = UNKNOWN
            kind += 1
        order_kinds = (PLACE_ORDER, CANCEL_ORDER, AMEND_ORDER, REDUCE_ORDER, REPLACE_ORDER, MASS_CANCEL)
        for order_kind in (*order_kinds, PLACE_TRAILING_STOP):
            self.needs_of_kind[order_kind] = 0
        for print_kind in (REPORT_TRADE, EXECUTE_RECORDED):
            self.needs_of_kind[print_kind] = 0
        for request_desk in request_desks:
            for request, needs in request_desk.requests().items():
                self.desk_of_kind[request] = request_desk
                self.needs_of_kind[request] = needs
        self.recent_account: i64 = MAX_ACCOUNT + 1  # who asked last: orders of one account come in bursts
        self.recent_owner: i64 = 0
        self.is_owner_special: bool = False  # the newest order's account has a mode of its own in some instrument
        self.market_of_instrument = new_column(MAX_INSTRUMENT + 1)  # index + 1; 0: there is none
        for market in markets:
            self.market_of_instrument[market.instrument] = market.index + 1

    def dispatch(self, records: bytes, offset: i64) -> bool:
        """Apply the command at a byte offset; return whether it says that more of its event follow.

        Raises DataError for a record that no command has, SequenceError for time going back; nothing has changed then.
        """
        header = read_i64_le(records, offset)
        kind: i64 = header & 0xFF
        # Most commands are orders and cancels: for these the look into the table is spared.
        is_common: bool = kind == PLACE_ORDER or kind == CANCEL_ORDER
        if header & 0xFF00 != 0x0100 or (not is_common and self.needs_of_kind[kind] == UNKNOWN):
            raise DataError(f"expected a command record, found type {kind} of {(header >> 8) & 0xFF} units")
        ts_ns = read_i64_le(records, offset + 8)
        log = self.log
        if ts_ns < log.ts_ns or ts_ns > MAX_TS_NS:
            place = f"command seq {log.command_seq + 1}"
            raise SequenceError(f"expected ts_ns in {log.ts_ns}..{MAX_TS_NS}, found {ts_ns} ({place})")
        instrument: i64 = (header >> 16) & 0xFFFF
        account: i64 = header >> 32
        if kind == PLACE_ORDER:
            is_continued = self._place(records, offset, ts_ns, instrument, account)
        elif kind == CANCEL_ORDER:
            is_continued = self._cancel(records, offset, ts_ns, instrument, account)
        elif kind == AMEND_ORDER:
            is_continued = self._amend(records, offset, ts_ns, instrument, account)
        elif kind == REDUCE_ORDER:
            is_continued = self._reduce(records, offset, ts_ns, instrument, account)
        elif kind == EXECUTE_RECORDED:
            is_continued = self._execute_recorded(records, offset, ts_ns, instrument)
        elif kind == REPORT_TRADE:
            is_continued = self._report_trade(records, offset, ts_ns, instrument)
        else:
            is_continued = False
            self._apply_rare(records, offset, ts_ns, kind, instrument, account)
        return is_continued

    def _place(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + PLACE_ORDER_SIDE)
        side: i64 = flags & 0xFF
        kind: i64 = (flags >> PLACE_ORDER_KIND_SHIFT) & 0xFF
        time_in_force: i64 = (flags >> PLACE_ORDER_TIME_IN_FORCE_SHIFT) & 0xFF
        post_only: i64 = (flags >> PLACE_ORDER_POST_ONLY_SHIFT) & 0xFF
        origin: i64 = (flags >> PLACE_ORDER_ORIGIN_SHIFT) & 0xFF
        position: i64 = (flags >> PLACE_ORDER_POSITION_SHIFT) & 0xFF
        effect = read_i64_le(records, offset + PLACE_ORDER_EFFECT)
        is_special = flags & ~_PLAIN_PLACE_BITS != 0 or time_in_force > FOK or effect != 0
        if origin > 2 or position > 2 or (is_special and not _is_known(flags, effect)):
            raise DataError(f"PlaceOrder: expected known side, kind, time in force and flags, found {flags:#x}")
        if ts_ns >= self.clock.next_due_ns:
            self._let_time_pass(ts_ns)
        self.log.begin_command(ts_ns)
        order_id = read_i64_le(records, offset + PLACE_ORDER_ORDER_ID)
        owner = self._owner_of_order(PLACE_ORDER, instrument, account, origin, order_id)
        if owner != NO_OWNER and (position != NET or self.is_owner_special):
            owner = self._owner_of_side(instrument, account, order_id, owner, position, PLACE_ORDER)
        terms_desk = self.terms_desk
        if is_special or (terms_desk.waiting_count != 0 and terms_desk.is_waiting(account)):
            self._place_special(records, offset, flags, effect, owner, instrument, account, order_id)
        elif owner != NO_OWNER:
            self.desk.place(
                self.markets[self.market_of_instrument[instrument] - 1],
                owner,
                order_id,
                side,
                kind,
                time_in_force,
                post_only,
                read_i64_le(records, offset + PLACE_ORDER_QTY_LOTS),
                read_i64_le(records, offset + PLACE_ORDER_PRICE_TICKS),
                read_i64_le(records, offset + PLACE_ORDER_TRIGGER_TICKS),
                origin,
            )
        return flags >> PLACE_ORDER_IS_CONTINUED_SHIFT & 1 != 0

    def _place_special(
        self,
        records: bytes,
        offset: i64,
        flags: i64,
        effect: i64,
        owner: i64,
        instrument: i64,
        account: i64,
        order_id: i64,
    ) -> None:
        """Place an order that may have more to it than the plain path knows; its terms are used up in any case."""
        terms = self.terms_desk.take(account, instrument, order_id)
        if owner == NO_OWNER:
            return
        request = OrderRequest(owner, order_id)
        request.side = flags & 0xFF
        request.kind = (flags >> PLACE_ORDER_KIND_SHIFT) & 0xFF
        request.time_in_force = (flags >> PLACE_ORDER_TIME_IN_FORCE_SHIFT) & 0xFF
        request.post_only = (flags >> PLACE_ORDER_POST_ONLY_SHIFT) & 0xFF
        request.origin = (flags >> PLACE_ORDER_ORIGIN_SHIFT) & 0xFF
        request.trigger_source = (flags >> PLACE_ORDER_TRIGGER_SOURCE_SHIFT) & 0xFF
        request.effect = effect
        request.lots = read_i64_le(records, offset + PLACE_ORDER_QTY_LOTS)
        request.price = read_i64_le(records, offset + PLACE_ORDER_PRICE_TICKS)
        request.trigger = read_i64_le(records, offset + PLACE_ORDER_TRIGGER_TICKS)
        request.terms = terms
        self.special_desk.place(self.markets[self.market_of_instrument[instrument] - 1], request)

    def _cancel(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + CANCEL_ORDER_ORIGIN)
        origin: i64 = PARTICIPANT if flags == 0 else self._origin(flags, 0, _ORIGIN_BITS)
        if ts_ns >= self.clock.next_due_ns:
            self._let_time_pass(ts_ns)
        self.log.begin_command(ts_ns)
        order_id = read_i64_le(records, offset + CANCEL_ORDER_ORDER_ID)
        owner = self._owner_of_order(CANCEL_ORDER, instrument, account, origin, order_id)
        if owner != NO_OWNER:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            if origin == PARTICIPANT:
                self.desk.cancel(market, owner, order_id)
            else:
                self.recorded_desk.cancel(market, order_id, origin)
        return flags >> CANCEL_ORDER_IS_CONTINUED_SHIFT != 0

    def _reduce(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + REDUCE_ORDER_ORIGIN)
        origin: i64 = PARTICIPANT if flags == 0 else self._origin(flags, 0, _ORIGIN_BITS)
        self._begin(ts_ns)
        order_id = read_i64_le(records, offset + REDUCE_ORDER_ORDER_ID)
        lots = read_i64_le(records, offset + REDUCE_ORDER_QTY_LOTS)
        owner = self._owner_of_order(REDUCE_ORDER, instrument, account, origin, order_id)
        if owner != NO_OWNER:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            if origin == PARTICIPANT:
                self.desk.reduce(market, owner, order_id, lots)
            else:
                self.recorded_desk.reduce(market, order_id, lots, origin)
        return flags >> REDUCE_ORDER_IS_CONTINUED_SHIFT != 0

    def _amend(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + AMEND_ORDER_IS_TOTAL_QTY)
        origin = self._origin(flags, AMEND_ORDER_ORIGIN_SHIFT, _AMEND_BITS)
        self._begin(ts_ns)
        order_id = read_i64_le(records, offset + AMEND_ORDER_ORDER_ID)
        owner = self._owner_of_order(AMEND_ORDER, instrument, account, origin, order_id)
        if owner != NO_OWNER:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            lots = read_i64_le(records, offset + AMEND_ORDER_QTY_LOTS)
            price = read_i64_le(records, offset + AMEND_ORDER_PRICE_TICKS)
            trigger = read_i64_le(records, offset + AMEND_ORDER_TRIGGER_TICKS)
            is_total = flags & 1 != 0
            if origin == PARTICIPANT:
                self.desk.amend(market, owner, order_id, lots, price, trigger, is_total, origin)
            else:
                self.recorded_desk.amend(market, order_id, lots, price, trigger, is_total, origin)
        return flags >> AMEND_ORDER_IS_CONTINUED_SHIFT != 0

    def _execute_recorded(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64) -> bool:
        flags = read_i64_le(records, offset + EXECUTE_RECORDED_SIDE)
        if flags & ~_SIDE_BITS != 0:
            raise DataError(f"ExecuteRecorded: expected known side and flags, found {flags:#x}")
        self._begin(ts_ns)
        order_id = read_i64_le(records, offset + EXECUTE_RECORDED_ORDER_ID)
        price = read_i64_le(records, offset + EXECUTE_RECORDED_PRICE_TICKS)
        lots = read_i64_le(records, offset + EXECUTE_RECORDED_QTY_LOTS)
        reason = self._print_refusal(instrument, price, lots)
        if reason != REJECT_NONE:
            write_order_rejected(self.log, instrument, RECORDED_MARKET, order_id, EXECUTE_RECORDED, reason)
        else:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            self.recorded_desk.execute(market, order_id, flags & 1, price, lots)
        return flags >> EXECUTE_RECORDED_IS_CONTINUED_SHIFT != 0

    def _report_trade(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64) -> bool:
        flags = read_i64_le(records, offset + REPORT_TRADE_SIDE)
        if flags & ~_SIDE_BITS != 0:
            raise DataError(f"ReportTrade: expected known side and flags, found {flags:#x}")
        self._begin(ts_ns)
        price = read_i64_le(records, offset + REPORT_TRADE_PRICE_TICKS)
        lots = read_i64_le(records, offset + REPORT_TRADE_QTY_LOTS)
        reason = self._print_refusal(instrument, price, lots)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, RECORDED_MARKET, price, REPORT_TRADE, reason)
        else:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            market.note_trade(price, flags & 1, self.log.step)
            if market.watches_trades:
                market.feed.note_trade(ts_ns, price, lots, False)
            market.traded_lots += lots
            write_trade_reported(self.log, instrument, price, lots, flags & 1)
        return flags >> REPORT_TRADE_IS_CONTINUED_SHIFT != 0

    def _apply_rare(self, records: bytes, offset: i64, ts_ns: i64, kind: i64, instrument: i64, account: i64) -> None:
        """Apply a command that is not about one order."""
        if kind == MASS_CANCEL:
            self._mass_cancel(records, offset, ts_ns, instrument, account)
            return
        if kind == PLACE_TRAILING_STOP:
            self._place_trailing_stop(records, offset, ts_ns, instrument, account)
            return
        self._begin(ts_ns)
        if kind == REPLACE_ORDER:
            self._replace(records, offset, instrument, account)
            return
        if kind == FUND_DEPOSIT:
            account = INSURANCE_FUND
        needs: i64 = self.needs_of_kind[kind]
        self.recent_account = MAX_ACCOUNT + 1  # The request may change a mode, and with it who owns orders.
        reason = self._request_refusal(needs, instrument, account)
        if reason != REJECT_NONE:
            amount = read_i64_le(records, offset + 16)  # what is asked for: the first word after ts_ns
            write_request_rejected(self.log, instrument, account, amount, kind, reason)
            return
        slot = self.ledger.slots.find(account) if needs & NAMES_ACCOUNT != 0 else 0
        market = self.markets[max(self.market_of_instrument[instrument] - 1, 0)]  # unused where none is named
        self.desk_of_kind[kind].handle(kind, market, slot, account, records, offset)
        if self.agenda.settled:
            self._close_settled()

    def _replace(self, records: bytes, offset: i64, instrument: i64, account: i64) -> None:
        order_id = read_i64_le(records, offset + REPLACE_ORDER_ORDER_ID)
        new_id = read_i64_le(records, offset + REPLACE_ORDER_NEW_ORDER_ID)
        terms = self.terms_desk.take(account, instrument, new_id)
        owner = self._owner_of_order(REPLACE_ORDER, instrument, account, PARTICIPANT, order_id)
        if owner == NO_OWNER:
            return
        self.replace_desk.replace(
            self.markets[self.market_of_instrument[instrument] - 1],
            owner,
            order_id,
            new_id,
            read_i64_le(records, offset + REPLACE_ORDER_QTY_LOTS),
            read_i64_le(records, offset + REPLACE_ORDER_PRICE_TICKS),
            read_i64_le(records, offset + REPLACE_ORDER_TRIGGER_TICKS),
            terms,
        )

    def _mass_cancel(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> None:
        side = read_i64_le(records, offset + MASS_CANCEL_SIDE)
        if side < 0 or side > 2:
            raise DataError(f"MassCancel: expected side 0, 1 or 2, found {side}")
        self._begin(ts_ns)
        reason: i64 = REJECT_NONE
        if instrument != 0 and self.market_of_instrument[instrument] == 0:
            reason = self._why_no_market(instrument)
        elif account < 1:
            reason = REJECT_RESERVED_ACCOUNT
        slot = self.ledger.slots.find(account)
        if reason == REJECT_NONE and slot == 0:
            if self.has_clearing:
                reason = REJECT_UNKNOWN_ACCOUNT
            else:
                return  # An account that never traded has nothing to cancel.
        elif reason == REJECT_NONE and self.desk.clearing.charges_makers and self.desk.is_liquidation_order(slot << 32):
            reason = REJECT_ACCOUNT_IN_LIQUIDATION
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, account, 0, MASS_CANCEL, reason)
            return
        for market in self.markets:
            if instrument == 0 or market.instrument == instrument:
                self.desk.mass_cancel(market, self.pockets.home(market, slot), side, CANCEL_MASS_CANCEL, 0)

    def _place_trailing_stop(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> None:
        flags = read_i64_le(records, offset + PLACE_TRAILING_STOP_SIDE)
        position: i64 = (flags >> PLACE_TRAILING_STOP_POSITION_SHIFT) & 0xFF
        source: i64 = (flags >> PLACE_TRAILING_STOP_TRIGGER_SOURCE_SHIFT) & 0xFF
        effect: i64 = (flags >> PLACE_TRAILING_STOP_EFFECT_SHIFT) & 0xFF
        if flags & ~_TRAILING_BITS != 0 or position > SHORT or source > OPPOSITE_BEST or effect > CLOSE_POSITION:
            raise DataError(f"PlaceTrailingStop: expected known side and flags, found {flags:#x}")
        self._begin(ts_ns)
        order_id = read_i64_le(records, offset + PLACE_TRAILING_STOP_ORDER_ID)
        owner = self._owner_of_order(PLACE_TRAILING_STOP, instrument, account, PARTICIPANT, order_id)
        if owner != NO_OWNER and (position != NET or self.is_owner_special):
            owner = self._owner_of_side(instrument, account, order_id, owner, position, PLACE_TRAILING_STOP)
        if owner == NO_OWNER:
            return
        steps = read_i64_le(records, offset + PLACE_TRAILING_STOP_STEP_TICKS)
        trail = Trail(
            flags & 1,
            read_i64_le(records, offset + PLACE_TRAILING_STOP_DISTANCE),
            flags >> PLACE_TRAILING_STOP_IS_PPM_SHIFT & 1 != 0,
            steps & 0xFFFFFFFF,
            steps >> PLACE_TRAILING_STOP_LIMIT_OFFSET_TICKS_SHIFT & 0xFFFFFFFF,
            read_i64_le(records, offset + PLACE_TRAILING_STOP_ACTIVATION_TICKS),
        )
        lots = read_i64_le(records, offset + PLACE_TRAILING_STOP_QTY_LOTS)
        market = self.markets[self.market_of_instrument[instrument] - 1]
        self.trailing.place(market, owner, order_id, trail, lots, source, effect)

    def _owner_of_order(self, request: i64, instrument: i64, account: i64, origin: i64, order_id: i64) -> i64:
        """Return the owner word of an order command's account; or write the refusal and return NO_OWNER."""
        self.is_owner_special = False
        if self.market_of_instrument[instrument] == 0:
            reason: i64 = self._why_no_market(instrument)
        elif origin != PARTICIPANT:
            if account == RECORDED_MARKET:
                return 0
            reason = REJECT_RESERVED_ACCOUNT
        elif account == self.recent_account:
            return self.recent_owner
        elif account < 1:
            reason = REJECT_RESERVED_ACCOUNT
        else:
            slot = self.ledger.slots.find(account)
            if slot == 0 and not self.has_clearing:
                slot = self.ledger.open_account(account)
            if slot != 0 and self.ledger.modes[slot] != 0:
                self.is_owner_special = True
                market = self.markets[self.market_of_instrument[instrument] - 1]
                return self.pockets.home(market, slot) << 32 | account
            if slot != 0:
                self.recent_account = account
                self.recent_owner = slot << 32 | account
                return self.recent_owner
            reason = REJECT_UNKNOWN_ACCOUNT
        write_order_rejected(self.log, instrument, account, order_id, request, reason)
        return NO_OWNER

    def _owner_of_side(
        self, instrument: i64, account: i64, order_id: i64, owner: i64, position: i64, request: i64
    ) -> i64:
        """Return the owner word for a side of a hedged pair; or write the refusal of a side and return NO_OWNER."""
        market = self.markets[self.market_of_instrument[instrument] - 1]
        is_hedged = self.is_owner_special and self.pockets.is_hedged(market, self.ledger.slots.find(account))
        if is_hedged == (position == NET):
            reason: i64 = REJECT_WRONG_POSITION_SIDE
            write_order_rejected(self.log, instrument, account, order_id, request, reason)
            return NO_OWNER
        return market.aliases[owner >> 32] << 32 | account if position == SHORT else owner

    def _request_refusal(self, needs: i64, instrument: i64, account: i64) -> i64:
        """Return why a request is refused before its own checks, or 0."""
        may_be_none = needs & MAY_NAME_MARKET != 0 and instrument == 0
        names_market = needs & (NAMES_MARKET | MAY_NAME_MARKET) != 0 and not may_be_none
        if names_market and self.market_of_instrument[instrument] == 0:
            return self._why_no_market(instrument)
        names_account = needs & NAMES_ACCOUNT != 0
        if names_account and account < 1:
            return REJECT_RESERVED_ACCOUNT
        if not self.has_clearing and needs & ANY_VENUE == 0:
            return REJECT_INVALID_COMBINATION
        if names_account and needs & OPENS_ACCOUNT == 0 and self.ledger.slots.find(account) == 0:
            return REJECT_UNKNOWN_ACCOUNT
        return REJECT_NONE

    def _begin(self, ts_ns: i64) -> None:
        """Let time pass until a sound command's, with what is due by then, and begin the command."""
        if ts_ns >= self.clock.next_due_ns:
            self._let_time_pass(ts_ns)
        self.log.begin_command(ts_ns)

    def _let_time_pass(self, ts_ns: i64) -> None:
        """Run what is due until a time."""
        self.settler.run_due(ts_ns)
        if self.agenda.settled:
            self._close_settled()

    def _close_settled(self) -> None:
        """Be closed from now on to the instruments that were settled for good."""
        for instrument in self.agenda.settled:
            self.market_of_instrument[instrument] = 0
        self.agenda.settled = []

    def _why_no_market(self, instrument: i64) -> i64:
        """Return why an instrument cannot be named: it never was, or it was settled for good."""
        for market in self.markets:
            if market.instrument == instrument:
                return REJECT_MARKET_SETTLED
        return REJECT_UNKNOWN_INSTRUMENT

    def _print_refusal(self, instrument: i64, price: i64, lots: i64) -> i64:
        if self.market_of_instrument[instrument] == 0:
            return self._why_no_market(instrument)
        if lots < 1 or lots > MAX_QTY_LOTS:
            return REJECT_INVALID_QUANTITY
        market = self.markets[self.market_of_instrument[instrument] - 1]
        if price < market.min_price or price > market.max_price:
            return REJECT_INVALID_PRICE
        return REJECT_NONE

    def _origin(self, flags: i64, shift: i64, allowed: i64) -> i64:
        origin: i64 = (flags >> shift) & 0xFF
        if flags & ~allowed != 0 or origin > 2:
            raise DataError(f"expected a known origin and flags, found {flags:#x}")
        return origin


def _is_known(flags: i64, effect: i64) -> bool:
    """Return whether the small fields of a special PlaceOrder are numbers that mean something."""
    kind: i64 = (flags >> PLACE_ORDER_KIND_SHIFT) & 0xFF
    time_in_force: i64 = (flags >> PLACE_ORDER_TIME_IN_FORCE_SHIFT) & 0xFF
    source: i64 = (flags >> PLACE_ORDER_TRIGGER_SOURCE_SHIFT) & 0xFF
    is_small = flags & ~_PLACE_BITS == 0 and kind <= MARKET_TO_LIMIT and time_in_force <= GTD
    return is_small and source <= OPPOSITE_BEST and 0 <= effect <= CLOSE_POSITION
