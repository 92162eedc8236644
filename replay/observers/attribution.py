"""Which liquidation set off which, what each took out of the book, and who paid for it: a sink of event blocks.

A liquidation's cause is the engine's own word, `LiquidationStarted.triggered_by`, so that counts and chains agree with
every summary. Rules and limits: docs/crashes.md. Sums are unbounded integers in money units, lots and ticks.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from exchange.codec import decode_events_of
from exchange.events import EVENTS
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.risk.order_price import price_at_share
from exchange.units import div_nearest
from replay.observers.cascade_tree import tree_lines
from replay.sentences import Teller


class LiquidationRow(NamedTuple):
    """One liquidation, from 1 in the order in which they began. Money in money units.

    instrument, size_lots, side: of its largest position, "long", "short", or "none" where it had none any more.
    mark_ticks: when it began. bankruptcy_ticks: where that position alone would have used up the account's equity.
    ended_ns: 0 while it runs. sold_lots, average_ticks, depth_consumed, levels_consumed: of its orders in that
    instrument: sold or bought back in all, at which average (0: nothing), as taker out of the book, and prices that one
    of its orders took from, each order for itself. notional: of all its orders in all instruments. taken_lots,
    deleveraged_lots: what went to the fund or a backstop, or was closed against others. cause: the liquidation whose
    trades moved the price before this breach, 0 for the market itself. chain: 1 for those, else one more than the
    cause's. triggered: how many name this one as their cause. fund_paid: by the insurance fund; fund_received: left
    over, or fees measured at the bankruptcy price. shortfall: what the account lacked, whoever paid it. outcome: as in
    the summary, "running" where it had not ended.
    """

    number: int
    account: int
    instrument: int
    side: str
    size_lots: int
    started_ns: int
    ended_ns: int
    started_seq: int
    mark_ticks: int
    bankruptcy_ticks: int
    sold_lots: int
    average_ticks: int
    notional: int
    levels_consumed: int
    depth_consumed: int
    taken_lots: int
    deleveraged_lots: int
    cause: int
    chain: int
    triggered: int
    fund_paid: int
    fund_received: int
    shortfall: int
    outcome: str


class _Case:
    """What is known of one liquidation so far."""

    def __init__(self, event: Any, size_lots: int, bankruptcy_ticks: int, chain: int) -> None:
        """Begin it."""
        self.started = event
        self.size_lots = size_lots
        self.bankruptcy_ticks = bankruptcy_ticks
        self.chain = chain
        self.ended_ns = 0
        self.sold_lots = 0
        self.price_lots = 0
        self.notional = 0
        self.levels = 0
        self.depth_lots = 0
        self.taken_lots = 0
        self.deleveraged_lots = 0
        self.triggered = 0
        self.fund_paid = 0
        self.fund_received = 0
        self.shortfall = 0
        self.outcome = "running"
        self.last_level: tuple[int, int] = (0, 0)  # order id and price of its newest trade as taker

    def row(self) -> LiquidationRow:
        """Return it as a row."""
        event = self.started
        return LiquidationRow(
            number=event.liquidation_id,
            account=event.account,
            instrument=event.instrument,
            side="none" if self.size_lots == 0 else "long" if self.size_lots > 0 else "short",
            size_lots=self.size_lots,
            started_ns=event.ts_ns,
            ended_ns=self.ended_ns,
            started_seq=event.seq,
            mark_ticks=event.mark_ticks,
            bankruptcy_ticks=self.bankruptcy_ticks,
            sold_lots=self.sold_lots,
            average_ticks=div_nearest(self.price_lots, self.sold_lots) if self.sold_lots else 0,
            notional=self.notional,
            levels_consumed=self.levels,
            depth_consumed=self.depth_lots,
            taken_lots=self.taken_lots,
            deleveraged_lots=self.deleveraged_lots,
            cause=event.triggered_by,
            chain=self.chain,
            triggered=self.triggered,
            fund_paid=self.fund_paid,
            fund_received=self.fund_received,
            shortfall=self.shortfall,
            outcome=self.outcome,
        )


class Attribution:
    """Reads the events of a venue in order; hand it the open block, once, when the run is over."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        """Start before the first event."""
        self.stops = 0  # elected so far
        self.instruments = {fact.instrument_id: fact for fact in instruments}
        self._valuations = {number: Valuation(fact) for number, fact in self.instruments.items()}
        self._teller = Teller(instruments)
        self._sizes: dict[tuple[int, int], int] = {}  # by account and instrument
        self._cases: dict[int, _Case] = {}
        self._orders: dict[tuple[int, int], _Case] = {}  # of liquidations, by instrument and order id

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of event records."""
        for event in decode_events_of(block, first_seq, _WANTED):
            _HANDLERS[type(event).__name__](self, event)

    def rows(self) -> list[LiquidationRow]:
        """Return every liquidation, in the order in which they began."""
        return [case.row() for case in self._cases.values()]

    def tree_lines(self, rows: Sequence[LiquidationRow], most: int) -> list[str]:
        """Return which liquidation set off which, at most so many lines, the most notional first."""
        return tree_lines(rows, most, self._told)

    def _told(self, row: LiquidationRow) -> str:
        tell, number = self._teller, row.instrument
        size = f"{row.side} {tell.size(number, abs(row.size_lots))}" if row.size_lots else "no position"
        mark = f", mark {tell.price(number, row.mark_ticks)}" if row.mark_ticks else ""
        at = f" at {tell.price(number, row.average_ticks)}" if row.sold_lots else ""
        return f"#{row.number} account {row.account}, {size}{mark}: traded {tell.money(row.notional)}{at}"

    def _stop(self, event: Any) -> None:
        self.stops += 1

    # --- positions ---------------------------------------------------------------------------------------------

    def _opened(self, event: Any) -> None:
        self._sizes[event.account, event.instrument] = event.size_lots

    def _settled(self, event: Any) -> None:
        self._sizes[event.account, event.instrument] = 0

    # --- liquidations ------------------------------------------------------------------------------------------

    def _started(self, event: Any) -> None:
        size = self._sizes.get((event.account, event.instrument), 0)
        cause = self._cases.get(event.triggered_by)
        chain = 1
        if cause is not None:
            cause.triggered += 1
            chain = cause.chain + 1
        self._cases[event.liquidation_id] = _Case(event, size, self._bankruptcy(event, size), chain)

    def _bankruptcy(self, event: Any, size: int) -> int:
        """Return the price at which closing the leg takes all the equity; 0 where there is none."""
        fact = self.instruments.get(event.instrument)
        if fact is None or size == 0 or event.mark_ticks == 0:
            return 0
        valuation = self._valuations[event.instrument]
        value = valuation.value(size, event.mark_ticks)
        return price_at_share(valuation, size, value, event.equity, fact.min_price_ticks, fact.max_price_ticks)

    def _order(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None:
            self._orders[event.instrument, event.order_id] = case

    def _trade(self, event: Any) -> None:
        taker = self._orders.get((event.instrument, event.taker_order_id))
        if taker is not None:
            self._fill(taker, event)
            if event.instrument == taker.started.instrument:
                taker.depth_lots += event.qty_lots
                level = (event.taker_order_id, event.price_ticks)
                taker.levels += level != taker.last_level
                taker.last_level = level
        maker = self._orders.get((event.instrument, event.maker_order_id))
        if maker is not None:
            self._fill(maker, event)

    def _fill(self, case: _Case, event: Any) -> None:
        case.notional += self._valuations[event.instrument].notional(event.qty_lots, event.price_ticks)
        if event.instrument == case.started.instrument:
            case.sold_lots += event.qty_lots
            case.price_lots += event.qty_lots * event.price_ticks

    def _taken(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None and event.instrument == case.started.instrument:
            case.taken_lots += abs(event.size_lots)

    def _deleveraged(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None and event.instrument == case.started.instrument and event.account != case.started.account:
            case.deleveraged_lots += abs(event.size_lots)

    def _ended(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None:
            case.ended_ns = event.ts_ns
            case.outcome = event.outcome.name.lower()

    # --- money -------------------------------------------------------------------------------------------------

    def _fund(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None:
            case.fund_paid += event.amount
            case.shortfall += event.amount

    def _surplus(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None:
            case.fund_received += event.amount

    def _fee(self, event: Any) -> None:
        case = self._cases.get(event.liquidation_id)
        if case is not None:
            case.fund_received += max(0, event.charged)
            case.fund_paid += max(0, -event.charged)

    def _lacked(self, event: Any) -> None:
        """Count what others paid of a deficit, while the liquidation runs: what is forgiven later was paid before."""
        case = self._cases.get(event.liquidation_id)
        if case is not None and case.outcome == "running":
            case.shortfall += PAID[type(event).__name__](event)


# What each event brought towards a deficit, the fund's part apart.
PAID: Final[dict[str, Callable[[Any], int]]] = {
    "DebtBooked": lambda event: event.to_venue,
    "DeficitPaid": lambda event: event.amount,
    "LossDeferred": lambda event: event.amount,
    "LossSocialized": lambda event: min(event.charged, event.deficit),
    "LossWrittenOff": lambda event: event.amount,
    "VenueLossBooked": lambda event: event.amount,
}
_HANDLERS: Final[dict[str, Callable[[Attribution, Any], None]]] = {
    "AssetDeposited": Attribution._opened,
    "AssetWithdrawn": Attribution._opened,
    "DebtBooked": Attribution._lacked,
    "DeficitPaid": Attribution._lacked,
    "FundPaid": Attribution._fund,
    "LiquidationEnded": Attribution._ended,
    "LiquidationFeeCharged": Attribution._fee,
    "LiquidationOrderPlaced": Attribution._order,
    "LiquidationStarted": Attribution._started,
    "LossDeferred": Attribution._lacked,
    "LossSocialized": Attribution._lacked,
    "LossWrittenOff": Attribution._lacked,
    "PositionChanged": Attribution._opened,
    "PositionDeleveraged": Attribution._deleveraged,
    "PositionOpened": Attribution._opened,
    "PositionSettled": Attribution._settled,
    "PositionTakenOver": Attribution._taken,
    "PositionTransferred": Attribution._taken,
    "StopTriggered": Attribution._stop,
    "SurplusPaid": Attribution._surplus,
    "Trade": Attribution._trade,
    "VenueLossBooked": Attribution._lacked,
}
_WANTED: Final = frozenset(number for number, struct in EVENTS.items() if struct.__name__ in _HANDLERS)
