"""What a run came to, counted from its events in one pass: sums and extremes per part of the run that is asked about.

Everything is an integer in the units of the market. Sinks like the journal: nothing here changes a run.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from exchange.codec import decode_events_of
from exchange.enums import INSURANCE_FUND, Phase, PhaseCause, Side
from exchange.events import (
    EVENTS,
    AuctionUncrossed,
    DebtBooked,
    DeficitPaid,
    Deposited,
    Event,
    FundDeposited,
    FundPaid,
    HaircutCharged,
    IndexPriceUpdated,
    InstrumentSettled,
    LiquidationFeeCharged,
    LiquidationOrderPlaced,
    LiquidationStarted,
    LossDeferred,
    LossSocialized,
    LossWrittenOff,
    MarkPriceUpdated,
    OrderRejected,
    PhaseChanged,
    PositionChanged,
    PositionDeleveraged,
    PositionTakenOver,
    PositionTransferred,
    ProfitClawedBack,
    RequestRejected,
    SessionEnded,
    StopTriggered,
    SurplusPaid,
    Trade,
    TradeReported,
    VenueLossBooked,
    Withdrawn,
)
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.units import MAX_TS_NS
from replay.observers import halts, losses
from replay.observers.halts import Halts
from replay.observers.losses import LossBook


class Scope(NamedTuple):
    """What a number is about: a market, a part of the run (until_ns not included), and an account, if any."""

    instrument: int
    since_ns: int = 0
    until_ns: int = MAX_TS_NS
    account: int | None = None


class Steepest:
    """The largest fall within a stretch of time, from its highest price to a later one: (fall, of which price)."""

    def __init__(self, stretch_ns: int) -> None:
        """Begin without a price. stretch_ns: both ends belong to it."""
        self.fall = 0
        self.from_price = 1
        self._stretch_ns = stretch_ns
        self._highest: deque[tuple[int, int]] = deque()  # (ns, price), of falling price, none older than the stretch

    def note(self, price: int, ts_ns: int) -> None:
        """Take the next price. Falls are compared as shares of where they begin."""
        highest = self._highest
        while highest and highest[0][0] < ts_ns - self._stretch_ns:
            highest.popleft()
        while highest and highest[-1][1] <= price:
            highest.pop()
        highest.append((ts_ns, price))
        top = highest[0][1]
        if (top - price) * self.from_price > self.fall * top:
            self.fall, self.from_price = top - price, top


class Series:
    """First, lowest, highest and last of a price, and its steepest falls. None before the first."""

    def __init__(self) -> None:
        """Begin without a price."""
        self.second = Steepest(1_000_000_000)
        self.ten_seconds = Steepest(10_000_000_000)
        self.ever = Steepest(MAX_TS_NS)
        self.first: int | None = None
        self.low: int | None = None
        self.high: int | None = None
        self.last: int | None = None
        self.low_ns = 0

    def note(self, price: int, ts_ns: int) -> None:
        """Take the next price."""
        if self.first is None:
            self.first = price
        if self.low is None or price < self.low:
            self.low, self.low_ns = price, ts_ns
        if self.high is None or price > self.high:
            self.high = price
        self.last = price
        for steepest in (self.second, self.ten_seconds, self.ever):
            steepest.note(price, ts_ns)


class Tally:
    """The counts of one scope.

    forced_commands: commands in which a stop was elected or a liquidation order was sent. shortfall: what liquidated
    accounts lacked, whoever paid it. socialized: what others paid of it, at once or at the end of a session; base: the
    profits that this was a share of. fund_least: lowest balance of the fund; fund_drawdown: its largest fall from a
    highest balance. fund_marked_least: lowest gain at mark on what it had taken over. pauses: how often a breaker
    stopped trading; paused_ns, resumed_ns: of the first time; reopened_at: the price of the auction at its end.
    """

    def __init__(self, scope: Scope, instrument: Instrument) -> None:
        """Begin before the first event."""
        self.scope = scope
        self.trades = Series()
        self.marks = Series()
        self.indices = Series()
        self.trade_count = 0
        self.volume_lots = 0
        self.liquidations = 0
        self.liquidated: set[int] = set()
        self.longs_liquidated = 0
        self.shorts_liquidated = 0
        self.liquidated_lots = 0
        self.stops = 0
        self.forced_commands: set[int] = set()
        self.forced_first_ns = 0
        self.forced_last_ns = 0
        self.shortfall = 0
        self.fund_paid = 0
        self.fund_received = 0
        self.fund_deposited = 0
        self.fund_balance: int | None = None
        self.fund_most = 0
        self.fund_least: int | None = None
        self.fund_drawdown = 0
        self.fund_marked_least = 0
        self.taken_over_lots = 0
        self.backstop_lots = 0
        self.socialized = 0
        self.socialized_base = 0
        self.payers: set[int] = set()
        self.venue_loss = 0
        self.written_off = 0
        self.owed = 0
        self.deleveraged: set[int] = set()
        self.deleveraged_lots = 0
        self.refused = 0
        self.account_lots = 0
        self.account_price_lots = 0
        self.account_realized = 0
        self.account_deposited = 0
        self.account_withdrawn = 0
        self.account_taken_lots = 0
        self.settled_at: int | None = None
        self.pauses = 0
        self.paused_ns: int | None = None
        self.resumed_ns: int | None = None
        self.reopened_at: int | None = None
        self._valuation = Valuation(instrument)
        self._fund_size = 0
        self._fund_cost = 0

    def start_fund(self, balance: int) -> None:
        """Note what the fund has before the first event."""
        self.fund_most = balance
        self.fund_least = balance

    def take(self, event: Event) -> None:
        """Count an event whose time lies in the scope."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    # --- one kind of event each --------------------------------------------------------------------------------------

    def trade(self, event: Trade) -> None:
        """Count a match."""
        if event.instrument != self.scope.instrument:
            return
        self.trades.note(event.price_ticks, event.ts_ns)
        self.trade_count += 1
        self.volume_lots += event.qty_lots
        if self.scope.account in (event.maker_account, event.taker_account):
            self.account_lots += event.qty_lots
            self.account_price_lots += event.qty_lots * event.price_ticks

    def reported(self, event: TradeReported) -> None:
        """Note a price at which nobody here traded."""
        if event.instrument == self.scope.instrument:
            self.trades.note(event.price_ticks, event.ts_ns)

    def mark(self, event: MarkPriceUpdated) -> None:
        """Note a mark price."""
        if event.instrument == self.scope.instrument:
            self.marks.note(event.price_ticks, event.ts_ns)
            if self._fund_size != 0:
                gain = self._valuation.value(self._fund_size, event.price_ticks) - self._fund_cost
                self.fund_marked_least = min(self.fund_marked_least, gain)

    def index(self, event: IndexPriceUpdated) -> None:
        """Note an index price."""
        if event.instrument == self.scope.instrument and event.price_ticks > 0:
            self.indices.note(event.price_ticks, event.ts_ns)

    def settle(self, event: InstrumentSettled) -> None:
        """Note at which price the market was settled for good."""
        if event.instrument == self.scope.instrument:
            self.settled_at = event.price_ticks

    def phase(self, event: PhaseChanged) -> None:
        """Count a pause, and note when the first one ended."""
        if event.instrument != self.scope.instrument:
            return
        if event.cause == PhaseCause.BREAKER:
            self.pauses += 1
            self.paused_ns = event.ts_ns if self.paused_ns is None else self.paused_ns
        elif event.phase == Phase.CONTINUOUS and self.paused_ns is not None and self.resumed_ns is None:
            self.resumed_ns = event.ts_ns

    def uncross(self, event: AuctionUncrossed) -> None:
        """Note at which price trading went on after the first pause."""
        is_first = self.pauses == 1 and self.reopened_at is None
        if is_first and event.instrument == self.scope.instrument and event.qty_lots > 0:
            self.reopened_at = event.price_ticks

    def liquidation(self, event: LiquidationStarted) -> None:
        """Count a liquidation."""
        if self.scope.account in (None, event.account):
            self.liquidations += 1
            self.liquidated.add(event.account)

    def liquidation_order(self, event: LiquidationOrderPlaced) -> None:
        """Count the first order of each position, and its quantity."""
        self._force(event.command_seq, event.ts_ns)
        if event.attempt == 1:
            if event.instrument == self.scope.instrument:
                self.liquidated_lots += event.qty_lots
            if event.side == Side.SELL:
                self.longs_liquidated += 1
            else:
                self.shorts_liquidated += 1

    def stop(self, event: StopTriggered) -> None:
        """Count an elected stop."""
        if event.instrument == self.scope.instrument:
            self._force(event.command_seq, event.ts_ns)
            self.stops += 1

    def _force(self, command_seq: int, ts_ns: int) -> None:
        if not self.forced_commands:
            self.forced_first_ns = ts_ns
        self.forced_commands.add(command_seq)
        self.forced_last_ns = ts_ns

    def fund_pays(self, event: FundPaid) -> None:
        """Count what the fund paid."""
        self.shortfall += event.amount
        self.fund_paid += event.amount
        self._fund(event.fund_balance)

    def surplus(self, event: SurplusPaid) -> None:
        """Count what the fund received of a liquidated account."""
        self.fund_received += event.amount
        self._fund(event.fund_balance)

    def fund_deposit(self, event: FundDeposited) -> None:
        """Count outside money for the fund."""
        self.fund_deposited += event.amount
        self._fund(event.fund_balance)

    def fee(self, event: LiquidationFeeCharged) -> None:
        """Count what the fund received or lost on the fills of a liquidation."""
        self.fund_received += event.charged

    def _fund(self, balance: int) -> None:
        self.fund_balance = balance
        self.fund_most = max(self.fund_most, balance)
        self.fund_least = balance if self.fund_least is None else min(self.fund_least, balance)
        self.fund_drawdown = max(self.fund_drawdown, self.fund_most - balance)

    def position(self, event: PositionChanged) -> None:
        """Note the fund's position and balance, and what the account realized."""
        if event.account == INSURANCE_FUND:
            self._fund(event.balance)
            if event.instrument == self.scope.instrument:
                self._fund_size, self._fund_cost = event.size_lots, event.cost
        if event.account == self.scope.account and event.instrument == self.scope.instrument:
            self.account_realized += event.realized

    def taken_over(self, event: PositionTakenOver) -> None:
        """Count what the fund took over at mark."""
        self.taken_over_lots += abs(event.size_lots)
        self._fund_takes(event.instrument, event.size_lots, event.value)

    def transferred(self, event: PositionTransferred) -> None:
        """Count what the fund, or a backstop account, took over."""
        if event.taker == INSURANCE_FUND:
            self.taken_over_lots += abs(event.size_lots)
            self._fund_takes(event.instrument, event.size_lots, event.taker_value)
        else:
            self.backstop_lots += abs(event.size_lots)
        if self.scope.account in (event.taker, event.account):
            self.account_taken_lots += abs(event.size_lots)

    def _fund_takes(self, instrument: int, size_lots: int, value: int) -> None:
        if instrument == self.scope.instrument:
            self._fund_size += size_lots
            self._fund_cost += value

    def socialize(self, event: LossSocialized) -> None:
        """Count a loss that was shared at once."""
        self.shortfall += event.charged
        self.socialized += event.charged
        self.socialized_base += event.base

    def defer(self, event: LossDeferred) -> None:
        """Count a loss that waits for the end of the session."""
        self.shortfall += event.amount

    def session(self, event: SessionEnded) -> None:
        """Count a loss that a session's profits paid."""
        self.socialized += event.charged
        self.socialized_base += event.base if event.charged else 0

    def pays(self, event: HaircutCharged | ProfitClawedBack) -> None:
        """Note who shared a loss, or whether the account of the scope did."""
        if event.amount > 0 and self.scope.account in (None, event.account):
            self.payers.add(event.account)

    def lost(self, event: VenueLossBooked) -> None:
        """Count what nobody paid."""
        self.venue_loss += event.amount
        self.shortfall += event.amount

    def forgiven(self, event: LossWrittenOff) -> None:
        """Count what the venue forgave."""
        self.written_off += event.amount
        self.shortfall += event.amount

    def debt(self, event: DebtBooked) -> None:
        """Count what an account owes of its loss."""
        if event.liquidation_id != 0:
            self.owed += event.amount
            self.shortfall += event.to_venue

    def other_money(self, event: DeficitPaid) -> None:
        """Count other money of the venue or of the owner."""
        self.shortfall += event.amount

    def deleverage(self, event: PositionDeleveraged) -> None:
        """Count a position that was closed against a liquidation."""
        self.deleveraged.add(event.account)
        self.deleveraged_lots += abs(event.size_lots)

    def refuse(self, event: OrderRejected | RequestRejected) -> None:
        """Count a refusal, of the account where the scope names one."""
        if self.scope.account in (None, event.account):
            self.refused += 1

    def deposit(self, event: Deposited) -> None:
        """Count money that came into the account."""
        if event.account == self.scope.account:
            self.account_deposited += event.amount

    def withdraw(self, event: Withdrawn) -> None:
        """Count money that left the account."""
        if event.account == self.scope.account:
            self.account_withdrawn += event.amount


_HANDLERS: Final[dict[type[Any], Callable[[Tally, Any], None]]] = {
    Trade: Tally.trade,
    TradeReported: Tally.reported,
    MarkPriceUpdated: Tally.mark,
    IndexPriceUpdated: Tally.index,
    InstrumentSettled: Tally.settle,
    PhaseChanged: Tally.phase,
    AuctionUncrossed: Tally.uncross,
    LiquidationStarted: Tally.liquidation,
    LiquidationOrderPlaced: Tally.liquidation_order,
    StopTriggered: Tally.stop,
    FundPaid: Tally.fund_pays,
    SurplusPaid: Tally.surplus,
    FundDeposited: Tally.fund_deposit,
    LiquidationFeeCharged: Tally.fee,
    PositionChanged: Tally.position,
    PositionTakenOver: Tally.taken_over,
    PositionTransferred: Tally.transferred,
    LossSocialized: Tally.socialize,
    LossDeferred: Tally.defer,
    SessionEnded: Tally.session,
    HaircutCharged: Tally.pays,
    ProfitClawedBack: Tally.pays,
    VenueLossBooked: Tally.lost,
    LossWrittenOff: Tally.forgiven,
    DebtBooked: Tally.debt,
    DeficitPaid: Tally.other_money,
    PositionDeleveraged: Tally.deleverage,
    OrderRejected: Tally.refuse,
    RequestRejected: Tally.refuse,
    Deposited: Tally.deposit,
    Withdrawn: Tally.withdraw,
}
_WANTED: Final = losses.WANTED | halts.WANTED | {number for number, struct in EVENTS.items() if struct in _HANDLERS}


class Measurer:
    """A sink that keeps the tallies of some scopes, and who bore what and what stopped trading in all."""

    def __init__(self, scopes: Iterable[Scope], instruments: Iterable[Instrument], fund_balance: int) -> None:
        """Begin before the first event of a venue with so much in its fund."""
        facts = {instrument.instrument_id: instrument for instrument in instruments}
        self.tallies = {scope: Tally(scope, facts[scope.instrument]) for scope in scopes}
        self.fund_start = fund_balance
        self.losses = LossBook(list(facts.values()))
        self.halts = Halts()
        for tally in self.tallies.values():
            tally.start_fund(fund_balance)

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of the event log."""
        tallies = list(self.tallies.values())
        for event in decode_events_of(block, first_seq, _WANTED):
            self.losses.take(event)
            self.halts.take(event)
            for tally in tallies:
                if tally.scope.since_ns <= event.ts_ns < tally.scope.until_ns:
                    tally.take(event)
