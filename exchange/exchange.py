"""The venue: commands in, events out. The only module that knows all the others.

A command runs to completion on one thread: the desks apply it, then the venue settles (stops, marks, breaches,
liquidations) until nothing is left to do, then handlers hear what happened. Rules: docs/semantics.md.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Protocol, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.interest import Interest
from exchange.accounts.ledger import Ledger
from exchange.accounts.pockets import Pockets
from exchange.agenda import Agenda
from exchange.audit import check_market
from exchange.bus import EventBus
from exchange.clock import Clock
from exchange.codec import decode_events, encode_command
from exchange.commands import Command
from exchange.desks.account_desk import AccountDesk
from exchange.desks.asset_desk import AssetDesk
from exchange.desks.gateway import Gateway
from exchange.desks.limit_desk import LimitDesk
from exchange.desks.margin_desk import MarginDesk
from exchange.desks.matching import Matcher
from exchange.desks.operations_desk import OperationsDesk
from exchange.desks.order_desk import OrderDesk
from exchange.desks.order_expiry import OrderExpiry
from exchange.desks.order_ids import OwnOrderIds
from exchange.desks.price_desk import PriceDesk
from exchange.desks.recorded_desk import RecordedDesk
from exchange.desks.replace_desk import ReplaceDesk
from exchange.desks.special_desk import SpecialDesk
from exchange.desks.stop_desk import StopDesk
from exchange.desks.terms_desk import TermsDesk
from exchange.digest import EventDigest
from exchange.errors import (
    BatchError,
    BrokenError,
    ConfigError,
    DataError,
    HandlerError,
    InvariantError,
    SequenceError,
    SinkError,
)
from exchange.event_log import BLOCK_RECORDS, EventLog
from exchange.events import Event
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.periods import MAX_STEPS, periods, phase_periods
from exchange.phases.auctioneer import Auctioneer
from exchange.phases.guard import Guard
from exchange.phases.keeper import PhaseKeeper
from exchange.phases.phase_desk import PhaseDesk
from exchange.phases.protector import Protector
from exchange.policies import Policies
from exchange.pricing.expiry import Deliverer, ExpiryTask
from exchange.pricing.funding_task import FundingTask
from exchange.pricing.mark_model import MarkModel, MarkTask
from exchange.records import MARK_MODEL, UNIT_BYTES
from exchange.risk.deleveraging import Deleverager
from exchange.risk.liquidation import Liquidator
from exchange.risk.monitor import Monitor
from exchange.risk.waterfall import Waterfall
from exchange.rules import Rules
from exchange.settling import Settler
from exchange.triggers.brackets import Brackets
from exchange.triggers.entry import TriggerDesk
from exchange.triggers.link_desk import LinkDesk
from exchange.triggers.links import Links
from exchange.triggers.reducers import EACH, Reducers
from exchange.triggers.trailing import TrailingDesk
from exchange.triggers.watches import Watches
from exchange.units import MAX_MONEY
from exchange.views import AccountView, BookView, FundView

DEFAULT_RULES: Final = Rules()


class EventSink(Protocol):
    """Takes the event log block by block. Where it raises, the venue refuses further commands: SinkError."""

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a full block of records, the first of which is event `first_seq`."""


class CommandSink(Protocol):
    """Takes every command that ran, in order: a journal. Where it raises, the venue refuses further ones: SinkError."""

    def write(self, record: bytes) -> None:
        """Take one command record."""


@final
class Exchange:
    """One venue with its instruments and rules.

    What is stable is documented below; the other attributes are the venue's parts, to be read by views and audits.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        rules: Rules = DEFAULT_RULES,
        with_digest: bool = False,
        policies: Policies | None = None,
    ) -> None:
        """Open the venue.

        with_digest: hash every event block from the start, for runs of more than 65,536 events.
        policies: functions from outside that the rules name as "custom:NAME".
        Raises ConfigError for no instrument, two with one id or symbol, or a policy that nobody registered.
        """
        for given in instruments:
            if not isinstance(given, Instrument):
                raise ConfigError(f"expected instruments, found {given!r}")
        if not isinstance(rules, Rules):
            raise ConfigError(f"expected Rules, found {rules!r}")
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
        self.bus = EventBus({fact.symbol: fact.instrument_id for fact in facts})
        self.log = EventLog()
        self.agenda = Agenda()
        self.markets: list[Market] = []
        for fact in facts:
            self.markets.append(Market(len(self.markets), fact, self.agenda))
        self.has_clearing: bool = rules.clearing == "margin"
        funds = len(facts) if rules.fund.scope == "per_instrument" else 1
        opening = funds * rules.fund.opening if self.has_clearing else 0
        if opening > MAX_MONEY:
            raise ConfigError(f"rules.fund.opening: expected at most 2**60 - 1 over all instruments, found {opening}")
        self.ledger = Ledger(opening)
        self.clearing = Clearing(self.ledger, self.log, self.markets, rules.borrow, rules.margin)
        self.pockets = Pockets(rules.margin, self.ledger, self.clearing, self.markets)
        self.matcher = Matcher(rules.orders, self.log, self.clearing, self.has_clearing)
        self.watches = Watches(rules.orders, self.has_clearing)
        self.order_ids = OwnOrderIds()
        reducers = Reducers(rules.orders, self.ledger, self.pockets, self.matcher)
        brackets = Brackets(self.log, self.has_clearing, self.watches, reducers, self.order_ids)
        self.links = Links(rules.orders, self.agenda, self.matcher, reducers, brackets)
        self.matcher.watcher = self.links
        self.desk = OrderDesk(
            rules.orders,
            self.log,
            self.ledger,
            self.clearing,
            self.has_clearing,
            self.matcher,
            self.pockets,
            self.watches,
            self.links,
        )
        triggers = TriggerDesk(self.has_clearing, self.watches, self.links)
        self.special_desk = SpecialDesk(self.log, self.desk, triggers)
        self.replace_desk = ReplaceDesk(self.log, self.desk, self.special_desk)
        self.terms_desk = TermsDesk(self.log, self.has_clearing)
        self.trailing = TrailingDesk(self.log, self.clearing, self.has_clearing, self.desk)
        self.stop_desk = StopDesk(
            self.log,
            self.clearing,
            self.has_clearing,
            self.matcher,
            self.pockets,
            self.watches,
            self.links,
            self.trailing,
        )
        self.recorded_desk = RecordedDesk(self.log, self.desk, self.matcher)
        self.clock = Clock()
        self.order_expiry = OrderExpiry(self.clock, self.markets, self.matcher)
        self.waterfall = Waterfall(rules, self.log, self.ledger, self.clearing, self.markets, self.clock)
        self.account_desk = AccountDesk(self.log, self.ledger, self.clearing, self.pockets, self.waterfall)
        self.margin_desk = MarginDesk(self.log, self.ledger, self.clearing, self.pockets)
        self.operations_desk = OperationsDesk(self.log, self.ledger, self.waterfall)
        self.monitor = Monitor(rules.levels, self.log, self.agenda, self.ledger, self.clearing, self.markets)
        self.deleverager = Deleverager(
            rules.deleveraging,
            policies if policies is not None else Policies(),
            self.log,
            self.ledger,
            self.clearing,
            self.markets,
            self.desk,
        )
        self.deliverer = Deliverer(self.log, self.agenda, self.clock, self.ledger, self.clearing, self.matcher)
        self.price_desk = PriceDesk(self.log, self.deliverer)
        self.mark_models = [MarkModel(self.log, market, fact) for market, fact in zip(self.markets, facts, strict=True)]
        for period_ns, field in phase_periods(facts):
            self.clock.limit_gaps(period_ns, field, MAX_STEPS)
        if self.has_clearing:
            self._schedule_prices()
        self.liquidator = Liquidator(
            rules,
            self.log,
            self.ledger,
            self.clearing,
            self.markets,
            self.desk,
            self.matcher,
            self.monitor,
            self.clock,
            self.deleverager,
            self.waterfall,
            self.order_ids,
        )
        self.limit_desk = LimitDesk(self.log, self.ledger, self.clearing, self.liquidator.disposer)
        self.interest = Interest(self.log, self.ledger, self.clearing, self.clock, self.instruments)
        self.liquidator.interest = self.interest
        auctioneer = Auctioneer(self.log, self.clearing, self.has_clearing, self.matcher)
        disposer = self.liquidator.disposer
        self.keepers = [
            PhaseKeeper(market, fact, self.log, self.agenda, self.clock, auctioneer, disposer, self.order_expiry)
            for market, fact in zip(self.markets, facts, strict=True)
        ]
        protector = Protector(rules.protections, self.matcher)
        self.guard = Guard(self.keepers, protector, self.desk, self.matcher, self.clearing, self.agenda)
        link_desk = LinkDesk(self.log, self.ledger, self.pockets, self.has_clearing)
        link_desk.guard = self.guard
        self.terms_desk.guard = self.guard
        self.settler = Settler(
            self.has_clearing,
            self.log,
            self.agenda,
            self.clock,
            self.markets,
            self.pockets,
            self.mark_models,
            self.stop_desk,
            self.monitor,
            self.liquidator,
            self.interest,
            self.guard,
        )
        self.gateway = Gateway(
            self.settler,
            self.markets,
            self.log,
            self.ledger,
            self.has_clearing,
            self.desk,
            self.special_desk,
            self.replace_desk,
            self.terms_desk,
            self.recorded_desk,
            self.pockets,
            self.trailing,
            [
                self.terms_desk,
                self.price_desk,
                self.account_desk,
                self.operations_desk,
                self.margin_desk,
                AssetDesk(self.log, self.ledger, self.clearing, self.interest, self.waterfall.gate),
                self.limit_desk,
                link_desk,
                PhaseDesk(self.guard, self.desk, self.pockets, self.markets),
            ],
        )
        self._is_delivering: bool = False  # handlers are being called
        self._is_writing: bool = False  # sinks are taking records
        self._broken_by: str = ""  # what stopped a command in its middle
        self._digest: EventDigest | None = None
        self._sinks: list[EventSink] = []
        self._command_sinks: list[CommandSink] = []
        if with_digest:
            self._digest = EventDigest()
            self._sinks.append(self._digest)

    def _schedule_prices(self) -> None:
        """Give the clock what is due by itself: marks, then funding, then expiries, each by ascending instrument."""
        for period_ns, field in periods(self.instruments, self.rules):
            self.clock.limit_gaps(period_ns, field, MAX_STEPS)
        for market, model in zip(self.markets, self.mark_models, strict=True):
            if market.mark_source == MARK_MODEL and model.every_ns > 0:
                self.clock.add(MarkTask(model))
        for market, fact in zip(self.markets, self.instruments, strict=True):
            if fact.funding.interval_ns > 0:
                self.clock.add(FundingTask(self.log, self.ledger, self.clearing, market, fact))
        for market, fact in zip(self.markets, self.instruments, strict=True):
            if fact.expiry_ns > 0:
                self.clock.add(ExpiryTask(self.deliverer, market, fact))

    # --- the ways in -------------------------------------------------------------------------------------------

    def apply(self, command: Command) -> list[Event]:
        """Run one command and return its events.

        Raises SequenceError for time going back, DataError for a value that its field cannot hold, ConfigError for a
        command that comes a million steps of one of the rules' periods late: nothing has changed then. Raises
        HandlerError when a subscriber raised: the state is complete, and it holds the events. Whatever else is raised
        (InvariantError, PolicyError) stopped the command in its middle: the venue takes no more then, BrokenError.
        """
        self._refuse_reentry()
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

        Raises BatchError for the first bad record, which has changed nothing, and for a subscriber that raised, after
        its command is complete; it says how many records ran. So it does where a record stopped in its middle, by an
        InvariantError or a policy from outside: the venue takes no more then, BrokenError.
        """
        self._refuse_reentry()
        offset: i64 = 0
        size: i64 = len(records)
        index: i64 = 0
        log = self.log
        gateway = self.gateway
        agenda = self.agenda
        settler = self.settler
        has_clearing = self.has_clearing
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
                    # The same as _run_one, one call less for each record.
                    is_continued = gateway.dispatch(records, offset)
                    if not is_continued and (has_clearing or agenda.has_touched or agenda.has_watches):
                        settler.settle()
                    if log.block_ends:
                        self._hand_over_blocks()
                offset += UNIT_BYTES
                index += 1
        except BaseException as error:
            if not listens and not self._is_writing:
                self._note_broken(error)
            is_told = isinstance(error, (ConfigError, DataError, SequenceError, HandlerError))
            if isinstance(error, Exception) and (is_told or self._broken_by):
                ran = index + 1 if isinstance(error, HandlerError) else index
                raise BatchError(index, ran, error) from error
            raise  # asked to stop, or a sink's
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
            if self.ledger.is_main(slot):
                ids.append(self.ledger.account_ids[slot])
            slot += 1
        return sorted(ids)

    @property
    def fund(self) -> FundView:
        """The insurance fund and the venue's other money."""
        return FundView(self)

    def check(self) -> None:
        """Raise InvariantError where the venue's state disagrees with itself. O(orders + accounts)."""
        if self._broken_by:
            raise InvariantError(f"expected a state after whole commands, found one that stopped in {self._broken_by}")
        for market in self.markets:
            check_market(market, self.ledger, self.clearing, self.has_clearing, self.links.reducers.cut_rule != EACH)
        self.ledger.conserved()
        self.waterfall.check()
        if self.has_clearing and not self.settler.is_unsettled():
            self.monitor.check()
            self.pockets.check()
            self.liquidator.check()

    # --- one command -------------------------------------------------------------------------------------------

    def _run_one(self, records: bytes, offset: i64) -> None:
        """Apply the command at a byte offset, and settle. A bad record has changed nothing."""
        try:
            is_continued = self.gateway.dispatch(records, offset)
            if not is_continued and (self.has_clearing or self.agenda.has_touched or self.agenda.has_watches):
                self.settler.settle()
        except BaseException as error:
            self._note_broken(error)
            raise

    def _note_broken(self, error: BaseException) -> None:
        """Take note that a command did not run to its end; what is wrong with a record is said before it begins."""
        if not isinstance(error, (ConfigError, DataError, SequenceError)):
            self._broken_by = f"command seq {self.log.command_seq}: {error!r}"

    # --- after a command ---------------------------------------------------------------------------------------

    def _finish_command(self, start: i64, first_seq: i64, record: bytes) -> list[Exception]:
        """Let sinks and handlers see a command, run what handlers submit, and return what handlers raised."""
        while True:
            self._is_writing = True  # stays set when a sink raises
            for sink in self._command_sinks:
                sink.write(record)
            self._is_writing = False
            if self.bus.wanted_types != 0:
                self._is_delivering = True
                try:
                    self._call_handlers(start, first_seq)
                finally:
                    self._is_delivering = False
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

    def _refuse_reentry(self) -> None:
        if self._broken_by:
            raise BrokenError(
                f"expected a venue whose commands ran to their end, found one that stopped in {self._broken_by}"
            )
        if self._is_delivering:
            raise SequenceError("expected a handler to submit commands by bus.submit, found a call of the exchange")
        if self._is_writing:
            raise SinkError(f"expected sinks that take every record, found one that failed by {self.log.command_seq}")

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
        self._is_writing = True
        first_seq = self.log.first_seq
        for block in self.log.take_blocks(len(self._sinks) > 0):
            for sink in self._sinks:
                sink.write(block, first_seq)
            first_seq += BLOCK_RECORDS
        self._is_writing = False


def _instrument_id(instrument: Instrument) -> int:
    return instrument.instrument_id
