"""The film of a run: what its page shows, kept from the event log in one pass, in integers.

A step is something that the page shows: a trade, a new mark or index price, a stop that acts, a liquidation, a payment.
Quotes that come and go, and what each account pays of one loss, happen within a step. The page can show a run by the
clock or step by step; the second is the only way to watch a crash that took no time.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, final

from exchange import Exchange
from exchange.codec import decode_events_of
from exchange.enums import INSURANCE_FUND, MarketState, Phase
from exchange.events import (
    EVENTS,
    BreakerTripped,
    DeficitPaid,
    DeleveragingStarted,
    Event,
    FundDeposited,
    FundPaid,
    HaircutCharged,
    IndexPriceUpdated,
    InstrumentSettled,
    LenderCut,
    LiquidationStarted,
    LossDeferred,
    LossSocialized,
    LossWrittenOff,
    MarketStateSet,
    MarkPriceUpdated,
    PhaseChanged,
    PositionChanged,
    PositionDeleveraged,
    ProfitClawedBack,
    SessionEnded,
    StopTriggered,
    SurplusPaid,
    Trade,
    TradeReported,
    VenueLossBooked,
)
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from replay.observers.halts import HALT_EVENTS, Halts
from replay.observers.halts import WANTED as WANTED_OF_HALTS
from replay.observers.losses import (
    BACKSTOP,
    BEARERS,
    FUND_POSITIONS,
    LOSS_EVENTS,
    POSITION_EVENTS,
    UNFINISHED,
    LossBook,
    Losses,
)
from replay.observers.losses import WANTED as WANTED_OF_LOSSES
from replay.report.depth import BOOK_EVENTS, DepthGrid, Levels, Snapshot
from replay.report.tracks import Track

_NOTES: Final = 60  # of what the venue did to trading; a breaker that trips all the time would be a page of its own


class Note(NamedTuple):
    """Something that was done to trading itself, or to the fund, from outside."""

    step: int
    ts_ns: int
    text: str


@final
class Market:
    """What is kept of one instrument."""

    def __init__(self, fact: Instrument) -> None:
        """Begin without an event."""
        self.fact = fact
        self.valuation = Valuation(fact)
        self.trades = Track()
        self.marks = Track()
        self.indices = Track()
        self.volume_lots = 0
        self.levels = Levels()
        self.grid = DepthGrid(self.levels)
        self.looks: list[Snapshot] = []


@final
class Film:
    """A sink of event blocks that keeps what the page shows.

    paid: what each of `BEARERS` bears so far of what the margins of the liquidated did not, as `LossBook` has it.
    found: the same of the whole run, when it is over. haircuts, haircut_count: what accounts in profit were charged.
    starts: of each liquidation, by its number, the step. Known limits: `Track`'s, `DepthGrid`'s, 60 notes.
    """

    def __init__(self, instruments: Sequence[Instrument], fund_balance: int) -> None:
        """Begin before the first event of a venue."""
        self.markets = {fact.instrument_id: Market(fact) for fact in instruments}
        self.fund_start = fund_balance
        self.fund = Track()
        self.losses = LossBook(instruments)
        self.paid = {bearer: Track() for bearer in BEARERS}
        self.found: Losses | None = None
        self.haircuts = Track()
        self.haircut_count = 0
        self.deleveraged_notional = Track()
        self.deleveraged_count = Track()
        self.deleveraged_accounts: set[int] = set()
        self.charged_accounts: set[int] = set()
        self.liquidations = Track()
        self.stops = Track()
        self.starts: dict[int, int] = {}
        self.halts = Halts()
        self.notes: list[Note] = []
        self.notes_left_out = 0
        self.step = 0
        self.start_ns = 0
        self.end_ns = 0
        self.trade_count = 0
        self._has_begun = False

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of the event log."""
        for event in decode_events_of(block, first_seq, _WANTED):
            self._take(event)

    def end(self, exchange: Exchange) -> None:
        """Look at the books of a venue a last time; all its events have been taken."""
        self.end_ns = max(self.end_ns, exchange.ts_ns)
        self.fund.set(self.step, self.end_ns, exchange.fund.balance)
        self.found = self.losses.found(exchange)
        self._bears(UNFINISHED, self.end_ns, self.found.unfinished.negative_equity)
        for market in self.markets.values():
            market.looks = market.grid.end(self.step, self.end_ns)

    def _take(self, event: Event) -> None:
        kind = type(event)
        now = event.ts_ns
        if not self._has_begun:
            self._has_begun = True
            self.start_ns = now
            self.fund.note(0, now, self.fund_start)
        self.end_ns = now
        if kind in _STEPS:
            self.step += 1
        if kind in BOOK_EVENTS:
            market = self.markets[event.instrument]  # type: ignore[union-attr]
            market.grid.before(self.step, now)
            market.levels.take(event)
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event)
        if kind in LOSS_EVENTS:
            self.losses.take(event)
            self._note_losses(now, is_paid=kind not in POSITION_EVENTS)
        if kind in HALT_EVENTS:
            self.halts.take(event)

    # --- prices ------------------------------------------------------------------------------------------------------

    def _trade(self, event: Trade) -> None:
        market = self.markets[event.instrument]
        market.trades.note(self.step, event.ts_ns, event.price_ticks)
        market.volume_lots += event.qty_lots
        self.trade_count += 1

    def _reported(self, event: TradeReported) -> None:
        self.markets[event.instrument].trades.note(self.step, event.ts_ns, event.price_ticks)

    def _mark(self, event: MarkPriceUpdated) -> None:
        self.markets[event.instrument].marks.note(self.step, event.ts_ns, event.price_ticks)

    def _index(self, event: IndexPriceUpdated) -> None:
        if event.price_ticks > 0:
            self.markets[event.instrument].indices.note(self.step, event.ts_ns, event.price_ticks)

    # --- who was closed ----------------------------------------------------------------------------------------------

    def _liquidation(self, event: LiquidationStarted) -> None:
        self.starts[event.liquidation_id] = self.step
        self.liquidations.add(self.step, event.ts_ns, 1)

    def _stop(self, event: StopTriggered) -> None:
        self.stops.add(self.step, event.ts_ns, 1)

    def _deleveraged(self, event: PositionDeleveraged) -> None:
        valuation = self.markets[event.instrument].valuation
        value = valuation.value(event.size_lots, event.price_ticks)
        self.deleveraged_notional.add(self.step, event.ts_ns, abs(value))
        self.deleveraged_accounts.add(event.account)
        self.deleveraged_count.set(self.step, event.ts_ns, len(self.deleveraged_accounts))

    # --- who paid ----------------------------------------------------------------------------------------------------

    def _note_losses(self, now: int, *, is_paid: bool) -> None:
        """Note what changed in who bears what; a gain on what was taken over is no loss. is_paid: deficits, too."""
        for payer, amount in self.losses.paid.items() if is_paid else ():
            self._bears(payer, now, amount)
        if self.losses.has_takers:
            self._bears(FUND_POSITIONS, now, max(0, self.losses.fund_loss))
            self._bears(BACKSTOP, now, max(0, self.losses.backstop_loss))

    def _bears(self, bearer: str, now: int, amount: int) -> None:
        track = self.paid[bearer]
        if amount != track.last:
            track.set(self.step, now, amount)

    def _fund_paid(self, event: FundPaid) -> None:
        self.fund.set(self.step, event.ts_ns, event.fund_balance)

    def _fund_received(self, event: SurplusPaid | FundDeposited) -> None:
        self.fund.set(self.step, event.ts_ns, event.fund_balance)
        if isinstance(event, FundDeposited):
            self._note(event, "money from outside for the insurance fund")

    def _position(self, event: PositionChanged) -> None:
        if event.account == INSURANCE_FUND:
            self.fund.set(self.step, event.ts_ns, event.balance)

    def _charged(self, event: HaircutCharged | ProfitClawedBack | LenderCut) -> None:
        if event.amount > 0:
            self.haircuts.add(self.step, event.ts_ns, event.amount)
            self.haircut_count += 1
            self.charged_accounts.add(event.account)

    # --- what the venue did ------------------------------------------------------------------------------------------

    def _state(self, event: MarketStateSet) -> None:
        self._note(event, f"market {MarketState(event.state).name.lower().replace('_', ' ')}")

    def _phase(self, event: PhaseChanged) -> None:
        self._note(event, Phase(event.phase).name.lower().replace("_", " "))

    def _breaker(self, event: BreakerTripped) -> None:
        self._note(event, f"breaker: {event.breaker.name.lower().replace('_', ' ')}")

    def _settled(self, event: InstrumentSettled) -> None:
        self._note(event, "settled for good")

    def _note(self, event: Any, text: str) -> None:
        if len(self.markets) > 1 and hasattr(event, "instrument") and event.instrument in self.markets:
            text = f"{self.markets[event.instrument].fact.symbol}: {text}"
        if len(self.notes) < _NOTES:
            self.notes.append(Note(self.step, event.ts_ns, text))
        else:
            self.notes_left_out += 1


_HANDLERS: Final[dict[type[Any], Any]] = {
    Trade: Film._trade,
    TradeReported: Film._reported,
    MarkPriceUpdated: Film._mark,
    IndexPriceUpdated: Film._index,
    LiquidationStarted: Film._liquidation,
    StopTriggered: Film._stop,
    PositionDeleveraged: Film._deleveraged,
    FundPaid: Film._fund_paid,
    SurplusPaid: Film._fund_received,
    FundDeposited: Film._fund_received,
    PositionChanged: Film._position,
    HaircutCharged: Film._charged,
    ProfitClawedBack: Film._charged,
    LenderCut: Film._charged,
    MarketStateSet: Film._state,
    PhaseChanged: Film._phase,
    BreakerTripped: Film._breaker,
    InstrumentSettled: Film._settled,
}
_STEPS: Final = frozenset(
    {
        Trade, TradeReported, MarkPriceUpdated, IndexPriceUpdated, LiquidationStarted, StopTriggered,
        DeleveragingStarted, FundPaid, SurplusPaid, FundDeposited, DeficitPaid, LossSocialized, LossDeferred,
        SessionEnded, VenueLossBooked, LossWrittenOff, MarketStateSet, PhaseChanged, BreakerTripped, InstrumentSettled,
    }
)  # fmt: skip
_WANTED: Final = (
    WANTED_OF_LOSSES
    | WANTED_OF_HALTS
    | {number for number, struct in EVENTS.items() if struct in _HANDLERS or struct in BOOK_EVENTS}
)
