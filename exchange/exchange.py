"""The venue: commands in, events out. The only module that knows all the others.

A command runs to completion on one thread: the desks apply it, then the venue settles (stops, marks, breaches,
liquidations) until nothing is left to do, then handlers hear what happened. Rules: docs/semantics.md.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Protocol, final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from exchange.account_desk import AccountDesk
from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import Ledger
from exchange.agenda import Agenda
from exchange.audit import check_market
from exchange.book.level_index import RANK
from exchange.bus import EventBus
from exchange.codec import decode_events, encode_command
from exchange.columns import new_column
from exchange.commands import Command
from exchange.digest import EventDigest
from exchange.enums import INSURANCE_FUND, PARTICIPANT, RECORDED_MARKET
from exchange.errors import BatchError, ConfigError, DataError, HandlerError, SequenceError
from exchange.event_log import BLOCK_RECORDS, EventLog
from exchange.events import Event
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.order_desk import OrderDesk
from exchange.recorded_desk import RecordedDesk
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
    DEPOSIT,
    DEPOSIT_AMOUNT,
    EXECUTE_RECORDED,
    EXECUTE_RECORDED_IS_CONTINUED_SHIFT,
    EXECUTE_RECORDED_ORDER_ID,
    EXECUTE_RECORDED_PRICE_TICKS,
    EXECUTE_RECORDED_QTY_LOTS,
    EXECUTE_RECORDED_SIDE,
    FUND_DEPOSIT,
    FUND_DEPOSIT_AMOUNT,
    MARK_LAST,
    MARK_MID,
    MASS_CANCEL,
    MASS_CANCEL_SIDE,
    OPEN_POSITION,
    OPEN_POSITION_PRICE_TICKS,
    OPEN_POSITION_SIZE_LOTS,
    PLACE_ORDER,
    PLACE_ORDER_IS_CONTINUED_SHIFT,
    PLACE_ORDER_KIND_SHIFT,
    PLACE_ORDER_ORDER_ID,
    PLACE_ORDER_ORIGIN_SHIFT,
    PLACE_ORDER_POST_ONLY_SHIFT,
    PLACE_ORDER_PRICE_TICKS,
    PLACE_ORDER_QTY_LOTS,
    PLACE_ORDER_SIDE,
    PLACE_ORDER_TIME_IN_FORCE_SHIFT,
    PLACE_ORDER_TRIGGER_TICKS,
    REDUCE_ORDER,
    REDUCE_ORDER_IS_CONTINUED_SHIFT,
    REDUCE_ORDER_ORDER_ID,
    REDUCE_ORDER_ORIGIN,
    REDUCE_ORDER_QTY_LOTS,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_NONE,
    REJECT_RESERVED_ACCOUNT,
    REJECT_UNKNOWN_ACCOUNT,
    REJECT_UNKNOWN_INSTRUMENT,
    REPORT_TRADE,
    REPORT_TRADE_IS_CONTINUED_SHIFT,
    REPORT_TRADE_PRICE_TICKS,
    REPORT_TRADE_QTY_LOTS,
    REPORT_TRADE_SIDE,
    SET_LEVERAGE,
    SET_LEVERAGE_LEVERAGE,
    SET_MARK_PRICE,
    SET_MARK_PRICE_PRICE_TICKS,
    UNIT_BYTES,
    WITHDRAW,
    WITHDRAW_AMOUNT,
    write_mark_price_updated,
    write_order_rejected,
    write_request_rejected,
    write_trade_reported,
)
from exchange.risk.liquidation import Liquidator
from exchange.risk.monitor import Monitor
from exchange.rules import Rules
from exchange.units import MAX_INSTRUMENT, MAX_QTY_LOTS, MAX_TS_NS
from exchange.views import AccountView, BookView, FundView

NO_OWNER: Final = -1
DEFAULT_RULES: Final = Rules()

# Bits that the small fields of each order command may use; anything else is a record that nobody wrote on purpose.
_PLACE_BITS: Final = 0x0103_0103_0301
_ORIGIN_BITS: Final = 0x0103
_AMEND_BITS: Final = 0x01_0301
_SIDE_BITS: Final = 0x0101


class EventSink(Protocol):
    """Takes the event log block by block."""

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a full block of records, the first of which is event `first_seq`."""


class CommandSink(Protocol):
    """Takes every command that ran, in order: a journal."""

    def write(self, record: bytes) -> None:
        """Take one command record."""


@final
class Exchange:
    """One venue with its instruments and rules."""

    market_of_instrument: "vec[i64]"

    def __init__(
        self, instruments: Sequence[Instrument], rules: Rules = DEFAULT_RULES, with_digest: bool = False
    ) -> None:
        """Open the venue.

        with_digest: hash every event block from the start, for runs of more than 65,536 events.
        Raises ConfigError for no instrument, or two with one id or symbol.
        """
        facts = sorted(instruments, key=_instrument_id)
        if not facts:
            raise ConfigError("expected at least one instrument, found none")
        for earlier, later in pairwise(facts):
            if earlier.instrument_id == later.instrument_id:
                raise ConfigError(f"expected distinct instrument ids, found {later.instrument_id} twice")
        if len({fact.symbol for fact in facts}) != len(facts):
            raise ConfigError("expected distinct symbols, found one twice")
        self.instruments: tuple[Instrument, ...] = tuple(facts)
        self.rules: Rules = rules
        self.bus = EventBus()
        self.log = EventLog()
        self.agenda = Agenda()
        self.markets: list[Market] = []
        self.market_of_instrument = new_column(MAX_INSTRUMENT + 1)  # index + 1; 0: there is none
        for fact in facts:
            self.market_of_instrument[fact.instrument_id] = len(self.markets) + 1
            self.markets.append(Market(len(self.markets), fact, self.agenda))
        self.has_mid_marks: bool = any(fact.mark_source == "mid" for fact in facts)
        self.has_clearing: bool = rules.clearing == "margin"
        self.ledger = Ledger(rules.risk.fund_opening if self.has_clearing else 0)
        self.clearing = Clearing(self.ledger, self.log, self.markets)
        self.desk = OrderDesk(rules.orders, self.log, self.ledger, self.clearing, self.has_clearing)
        self.recorded_desk = RecordedDesk(self.log, self.desk)
        self.account_desk = AccountDesk(self.log, self.ledger, self.clearing)
        self.monitor = Monitor(self.agenda, self.ledger, self.clearing, self.markets)
        self.liquidator = Liquidator(
            rules.risk, self.log, self.ledger, self.clearing, self.markets, self.desk, self.monitor
        )
        self._digest: EventDigest | None = None
        self._sinks: list[EventSink] = []
        self._command_sinks: list[CommandSink] = []
        if with_digest:
            self._digest = EventDigest()
            self._sinks.append(self._digest)

    # --- the ways in -------------------------------------------------------------------------------------------

    def apply(self, command: Command) -> list[Event]:
        """Run one command and return its events.

        Raises SequenceError for time going back and DataError for a value that its field cannot hold: nothing has
        changed then. Raises HandlerError when a subscriber raised: the state is complete, and it holds the events.
        """
        record = encode_command(command)
        start = self.log.end
        first_seq = self.log.seq + 1
        self._run_one(record, 0)
        events = decode_events(self.log.bytes_from(start), first_seq)
        causes = self._finish_command(start, first_seq, record)
        if causes:
            raise HandlerError(events, causes)
        return events

    def run(self, records: bytes) -> int:
        """Run a buffer of command records; return how many. Makes no Python object per command or event.

        Raises BatchError for the first bad record, with its index: the commands before it stand, it changed nothing. A
        subscriber's exception is reported the same way after its command is complete.
        """
        offset: i64 = 0
        size: i64 = len(records)
        index: i64 = 0
        log = self.log
        listens = self.bus.wanted_types != 0 or len(self._command_sinks) > 0
        try:
            while offset < size:
                if size - offset < UNIT_BYTES:
                    raise DataError(f"expected a record of {UNIT_BYTES} bytes, found {size - offset}")
                if listens:
                    start = log.end
                    first_seq = log.seq + 1
                    self._run_one(records, offset)
                    causes = self._finish_command(start, first_seq, records[offset : offset + UNIT_BYTES])
                    if causes:
                        raise HandlerError([], causes)
                else:
                    self._run_one(records, offset)
                    if len(log.block_ends) > 0:
                        self._hand_over_blocks()
                offset += UNIT_BYTES
                index += 1
        except (DataError, SequenceError, HandlerError) as error:
            raise BatchError(index, error) from error
        return index

    def add_sink(self, sink: EventSink) -> None:
        """Have full blocks of event records handed to `sink`, from the next one on."""
        self._sinks.append(sink)

    def add_command_sink(self, sink: CommandSink) -> None:
        """Have every command record handed to `sink` after it ran, those that handlers submit included."""
        self._command_sinks.append(sink)

    # --- looking -----------------------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self.log.seq

    @property
    def command_seq(self) -> int:
        """Number of the newest command; 0 before the first."""
        return self.log.command_seq

    @property
    def ts_ns(self) -> int:
        """Time of the newest command."""
        return self.log.ts_ns

    def open_block(self) -> bytes:
        """Return the event records that no sink has been given yet."""
        return self.log.bytes_from(0)

    def open_block_first_seq(self) -> int:
        """Return the number of the first event in `open_block`."""
        return self.log.first_seq

    def digest(self) -> str:
        """Return the digest of all events so far, in hexadecimal.

        Raises ConfigError where blocks were dropped unhashed: ask for it with `with_digest` then.
        """
        digest = self._digest
        if digest is None:
            if self.log.first_seq != 1:
                raise ConfigError("expected Exchange(..., with_digest=True) for a run of more than 65,536 events")
            digest = EventDigest()
        return digest.read(self.open_block())

    def book(self, instrument: int | str) -> BookView:
        """Return a live view of an instrument's book, by id or symbol. Raises ConfigError for an unknown one."""
        for fact in self.instruments:
            if instrument == fact.instrument_id or instrument == fact.symbol:
                return BookView(self, fact)
        raise ConfigError(
            f"expected an instrument out of {[fact.symbol for fact in self.instruments]}, found {instrument!r}"
        )

    def account(self, account: int) -> AccountView:
        """Return a live view of an account. Raises ConfigError for one that does not exist."""
        return AccountView(self, account)

    def accounts(self) -> list[int]:
        """Return the participants' account ids, ascending."""
        slots: i64 = self.ledger.slot_count
        ids: list[int] = []
        slot: i64 = 2
        while slot < slots:
            ids.append(self.ledger.account_ids[slot])
            slot += 1
        return sorted(ids)

    @property
    def fund(self) -> FundView:
        """The insurance fund and the venue's other money."""
        return FundView(self)

    def check(self) -> None:
        """Raise InvariantError where the venue's state disagrees with itself. O(orders + accounts)."""
        for market in self.markets:
            check_market(market, self.ledger, self.clearing, self.has_clearing)
        self.ledger.conserved()
        if self.has_clearing and not self._is_unsettled():
            self.monitor.check()

    def _is_unsettled(self) -> bool:
        """Return whether the newest command was continued, so that the venue has not settled since."""
        return self.agenda.has_touched or self.monitor.has_work()

    # --- one command -------------------------------------------------------------------------------------------

    def _run_one(self, records: bytes, offset: i64) -> None:
        """Apply the command at a byte offset, and settle. A refused record has changed nothing."""
        header = read_i64_le(records, offset)
        kind: i64 = header & 0xFF
        if (header >> 8) & 0xFF != 1 or kind < PLACE_ORDER or kind > FUND_DEPOSIT:
            raise DataError(f"expected a command record, found type {kind} of {(header >> 8) & 0xFF} units")
        ts_ns = read_i64_le(records, offset + 8)
        if ts_ns < self.log.ts_ns or ts_ns > MAX_TS_NS:
            place = f"command seq {self.log.command_seq + 1}"
            raise SequenceError(f"expected ts_ns in {self.log.ts_ns}..{MAX_TS_NS}, found {ts_ns} ({place})")
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
        if not is_continued and (self.has_clearing or self.agenda.has_touched):
            self._settle()

    def _place(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + PLACE_ORDER_SIDE)
        side: i64 = flags & 0xFF
        kind: i64 = (flags >> PLACE_ORDER_KIND_SHIFT) & 0xFF
        time_in_force: i64 = (flags >> PLACE_ORDER_TIME_IN_FORCE_SHIFT) & 0xFF
        post_only: i64 = (flags >> PLACE_ORDER_POST_ONLY_SHIFT) & 0xFF
        origin: i64 = (flags >> PLACE_ORDER_ORIGIN_SHIFT) & 0xFF
        if flags & ~_PLACE_BITS != 0 or time_in_force > 2 or origin > 2:
            raise DataError(f"PlaceOrder: expected known side, kind, time in force and flags, found {flags:#x}")
        self.log.begin_command(ts_ns)
        order_id = read_i64_le(records, offset + PLACE_ORDER_ORDER_ID)
        owner = self._owner_of_order(PLACE_ORDER, instrument, account, origin, order_id)
        if owner != NO_OWNER:
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
        return flags >> PLACE_ORDER_IS_CONTINUED_SHIFT != 0

    def _cancel(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> bool:
        flags = read_i64_le(records, offset + CANCEL_ORDER_ORIGIN)
        origin = self._origin(flags, 0, _ORIGIN_BITS)
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
        origin = self._origin(flags, 0, _ORIGIN_BITS)
        self.log.begin_command(ts_ns)
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
        self.log.begin_command(ts_ns)
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
        self.log.begin_command(ts_ns)
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
        self.log.begin_command(ts_ns)
        price = read_i64_le(records, offset + REPORT_TRADE_PRICE_TICKS)
        lots = read_i64_le(records, offset + REPORT_TRADE_QTY_LOTS)
        reason = self._print_refusal(instrument, price, lots)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, RECORDED_MARKET, price, REPORT_TRADE, reason)
        else:
            market = self.markets[self.market_of_instrument[instrument] - 1]
            market.note_trade(price, flags & 1, self.log.command_seq)
            write_trade_reported(self.log, instrument, price, lots, flags & 1)
        return flags >> REPORT_TRADE_IS_CONTINUED_SHIFT != 0

    def _apply_rare(self, records: bytes, offset: i64, ts_ns: i64, kind: i64, instrument: i64, account: i64) -> None:
        """Apply a command that is not about one order."""
        if kind == MASS_CANCEL:
            self._mass_cancel(records, offset, ts_ns, instrument, account)
            return
        self.log.begin_command(ts_ns)
        if kind == FUND_DEPOSIT:
            account = INSURANCE_FUND
        amount = read_i64_le(records, offset + 16)  # amount, leverage, price or size: the first word after ts_ns
        reason = self._request_refusal(kind, instrument, account)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, account, amount, kind, reason)
            return
        slot = self.ledger.slots.find(account)
        market = self.markets[max(self.market_of_instrument[instrument] - 1, 0)]  # unused where none is named
        if kind == SET_MARK_PRICE:
            self.account_desk.set_mark(market, read_i64_le(records, offset + SET_MARK_PRICE_PRICE_TICKS))
        elif kind == DEPOSIT:
            self.account_desk.deposit(account, read_i64_le(records, offset + DEPOSIT_AMOUNT))
        elif kind == WITHDRAW:
            self.account_desk.withdraw(slot, read_i64_le(records, offset + WITHDRAW_AMOUNT))
        elif kind == SET_LEVERAGE:
            leverage = read_i64_le(records, offset + SET_LEVERAGE_LEVERAGE)
            self.account_desk.set_leverage(market, slot, leverage)
        elif kind == OPEN_POSITION:
            size = read_i64_le(records, offset + OPEN_POSITION_SIZE_LOTS)
            price = read_i64_le(records, offset + OPEN_POSITION_PRICE_TICKS)
            self.account_desk.open_position(market, slot, size, price)
        else:
            self.account_desk.fund_deposit(read_i64_le(records, offset + FUND_DEPOSIT_AMOUNT))

    def _mass_cancel(self, records: bytes, offset: i64, ts_ns: i64, instrument: i64, account: i64) -> None:
        side = read_i64_le(records, offset + MASS_CANCEL_SIDE)
        if side < 0 or side > 2:
            raise DataError(f"MassCancel: expected side 0, 1 or 2, found {side}")
        self.log.begin_command(ts_ns)
        reason: i64 = REJECT_NONE
        if instrument != 0 and self.market_of_instrument[instrument] == 0:
            reason = REJECT_UNKNOWN_INSTRUMENT
        elif account < 1:
            reason = REJECT_RESERVED_ACCOUNT
        slot = self.ledger.slots.find(account)
        if reason == REJECT_NONE and slot == 0:
            if self.has_clearing:
                reason = REJECT_UNKNOWN_ACCOUNT
            else:
                return  # An account that never traded has nothing to cancel.
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, account, 0, MASS_CANCEL, reason)
            return
        for market in self.markets:
            if instrument == 0 or market.instrument == instrument:
                self.desk.mass_cancel(market, slot, side, CANCEL_MASS_CANCEL, 0)

    def _owner_of_order(self, request: i64, instrument: i64, account: i64, origin: i64, order_id: i64) -> i64:
        """Return the owner word of an order command's account; or write the refusal and return NO_OWNER."""
        reason: i64 = REJECT_NONE
        if self.market_of_instrument[instrument] == 0:
            reason = REJECT_UNKNOWN_INSTRUMENT
        elif origin != PARTICIPANT:
            if account == RECORDED_MARKET:
                return 0
            reason = REJECT_RESERVED_ACCOUNT
        elif account < 1:
            reason = REJECT_RESERVED_ACCOUNT
        else:
            slot = self.ledger.slots.find(account)
            if slot != 0:
                return slot << 32 | account
            if not self.has_clearing:
                return self.ledger.open_account(account) << 32 | account
            reason = REJECT_UNKNOWN_ACCOUNT
        write_order_rejected(self.log, instrument, account, order_id, request, reason)
        return NO_OWNER

    def _request_refusal(self, kind: i64, instrument: i64, account: i64) -> i64:
        """Return why a request about money or marks is refused before its own checks, or 0."""
        names_market = kind == SET_MARK_PRICE or kind == SET_LEVERAGE or kind == OPEN_POSITION
        if names_market and self.market_of_instrument[instrument] == 0:
            return REJECT_UNKNOWN_INSTRUMENT
        names_account = kind != SET_MARK_PRICE and kind != FUND_DEPOSIT
        if names_account and account < 1:
            return REJECT_RESERVED_ACCOUNT
        if not self.has_clearing:
            return REJECT_INVALID_COMBINATION
        if names_account and kind != DEPOSIT and self.ledger.slots.find(account) == 0:
            return REJECT_UNKNOWN_ACCOUNT
        return REJECT_NONE

    def _print_refusal(self, instrument: i64, price: i64, lots: i64) -> i64:
        if self.market_of_instrument[instrument] == 0:
            return REJECT_UNKNOWN_INSTRUMENT
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

    # --- settling ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Elect stops, update marks and run liquidations until nothing is left to do."""
        self._elect_stops()
        if not self.has_clearing:
            return
        are_retries_due = True
        while True:
            self._update_marks()
            if self.monitor.has_work():
                for slot in self.monitor.find_breaches():
                    self.liquidator.queue_start(slot)
            if are_retries_due:
                are_retries_due = False
                self.liquidator.queue_retries()
            if not self.liquidator.run_next():
                break
            self._elect_stops()
        self.liquidator.settled_command = self.log.command_seq

    def _elect_stops(self) -> None:
        while self.agenda.has_touched:
            self.agenda.has_touched = False
            for market in self.markets:
                while self.desk.elect(market):
                    pass

    def _update_marks(self) -> None:
        if not self.agenda.has_traded and not self.has_mid_marks:
            return
        self.agenda.has_traded = False
        for market in self.markets:
            if market.mark_source == MARK_LAST:
                if market.has_last and (not market.has_mark or market.mark != market.last):
                    self._set_mark(market, market.last)
            elif market.mark_source == MARK_MID:
                bids, asks = market.book.bids, market.book.asks
                if bids.best != 0 and asks.best != 0:
                    middle = (bids.levels[bids.best + RANK] - asks.levels[asks.best + RANK]) >> 1
                    if not market.has_mark or market.mark != middle:
                        self._set_mark(market, middle)

    def _set_mark(self, market: Market, price: i64) -> None:
        market.set_mark(price, self.log.command_seq)
        write_mark_price_updated(self.log, market.instrument, price)

    # --- after a command ---------------------------------------------------------------------------------------

    def _finish_command(self, start: i64, first_seq: i64, record: bytes) -> list[Exception]:
        """Let sinks and handlers see a command, run what handlers submit, and return what handlers raised."""
        while True:
            for sink in self._command_sinks:
                sink.write(record)
            if self.bus.wanted_types != 0:
                self._call_handlers(start, first_seq)
            if len(self.log.block_ends) > 0:
                self._hand_over_blocks()
            submitted = self.bus.take_submitted(self.log.ts_ns)
            if submitted is None:
                causes = self.bus.causes
                self.bus.causes = []
                return causes
            record = submitted
            start = self.log.end
            first_seq = self.log.seq + 1
            self._run_one(record, 0)

    def _call_handlers(self, start: i64, first_seq: i64) -> None:
        wanted: int = self.bus.wanted_types
        words = self.log.words
        end = self.log.end
        at = start
        seq = first_seq
        while at < end:
            kind: int = words[at] & 0xFF
            size: i64 = ((words[at] >> 8) & 0xFF) * 8
            if wanted >> kind & 1:
                self.bus.deliver(self.log.bytes_between(at, at + size), seq)
            at += size
            seq += 1

    def _hand_over_blocks(self) -> None:
        first_seq = self.log.first_seq
        for block in self.log.take_blocks(len(self._sinks) > 0):
            for sink in self._sinks:
                sink.write(block, first_seq)
            first_seq += BLOCK_RECORDS


def _instrument_id(instrument: Instrument) -> int:
    return instrument.instrument_id
