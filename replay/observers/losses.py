"""Who bore what of a run: the one account of it that the terminal, the page, a comparison and a sweep read.

A loss beyond an account's margin shows up in one of three places: in a deficit that somebody pays, in a position that
the insurance fund or a backstop account took over and cannot sell for what it was worth then, or in a liquidation that
has not ended. Whoever looks at deficits alone calls a venue safe whose vault lost everything, or whose book had no bid.
Everything is an integer in money units; losses are positive, gains negative.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.enums import INSURANCE_FUND, DeficitSource
from exchange.events import (
    EVENTS,
    DebtBooked,
    DeficitPaid,
    DeleveragingStarted,
    Event,
    FundingPaid,
    FundPaid,
    LiquidationEnded,
    LiquidationStarted,
    LossDeferred,
    LossSocialized,
    LossWrittenOff,
    MarginTransferred,
    MarkPriceUpdated,
    PositionChanged,
    PositionDeleveraged,
    PositionSettled,
    PositionTakenOver,
    PositionTransferred,
    SessionEnded,
    VenueLossBooked,
)
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation

PAYERS: Final = ("fund", "owner", "fees", "deleveraged", "profits", "waiting", "debt", "venue", "forgiven")
FUND_POSITIONS: Final = "fund_positions"
BACKSTOP: Final = "backstop"
UNFINISHED: Final = "unfinished"
BEARERS: Final = (*PAYERS, FUND_POSITIONS, BACKSTOP, UNFINISHED)


class TakenOver(NamedTuple):
    """What the fund, or the backstop accounts together, took over, and what came of it.

    lots: by instrument, both sides added up. realized, marked: lost by closing, fees and funding included, and at the
    last mark on what is still held. worst: the most that these two came to at any mark. received: what the closed
    accounts had left, which came with their positions. held: lots by instrument at the end, signed.
    """

    lots: Mapping[int, int] = {}
    realized: int = 0
    marked: int = 0
    worst: int = 0
    received: int = 0
    held: Mapping[int, int] = {}

    @property
    def loss(self) -> int:
        """All that was lost on these positions."""
        return self.realized + self.marked


class Unfinished(NamedTuple):
    """Liquidations that have not ended. negative_equity: what their accounts are below zero at the last mark.

    below: how many accounts are. held: lots that they still hold, by instrument, both sides added up.
    """

    liquidations: int = 0
    accounts: int = 0
    below: int = 0
    negative_equity: int = 0
    held: Mapping[int, int] = {}


class Losses(NamedTuple):
    """Who bore what. paid: of the deficits of the liquidated, by who paid, without zeros.

    "deleveraged" is what accounts would have got at the mark more than they did. backstops: who took over.
    """

    paid: Mapping[str, int]
    fund: TakenOver
    backstop: TakenOver
    backstops: Sequence[int]
    unfinished: Unfinished

    @property
    def shares(self) -> dict[str, int]:
        """All that was lost beyond the margins of the liquidated, by who bears it, of `BEARERS`; without zeros."""
        found = {payer: amount for payer, amount in self.paid.items() if amount > 0}
        positions = {FUND_POSITIONS: self.fund.loss, BACKSTOP: self.backstop.loss}
        found |= {bearer: loss for bearer, loss in positions.items() if loss > 0}
        if self.unfinished.negative_equity:
            found[UNFINISHED] = self.unfinished.negative_equity
        return found


class _Holding:
    """A position: lots, and what they cost."""

    __slots__ = ("cost", "size_lots")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.size_lots = 0
        self.cost = 0


class _Book:
    """What those who take positions over have realized, and took."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lots: dict[int, int] = {}
        self.realized = 0
        self.base = 0  # what the accounts had gained at mark on their own positions when they first took one over
        self.received = 0
        self.worst = 0

    def take(self, instrument: int, size_lots: int) -> None:
        """Count what was taken over."""
        self.lots[instrument] = self.lots.get(instrument, 0) + abs(size_lots)


class LossBook:
    """Takes the events of a venue in order, one by one: those of `WANTED`."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        """Begin before the first event."""
        self.paid = dict.fromkeys(PAYERS, 0)
        self._valuations = {fact.instrument_id: Valuation(fact) for fact in instruments}
        self._marks: dict[int, int] = {}
        self._holdings: dict[tuple[int, int], _Holding] = {}  # by account and instrument, of everybody
        self._fund = _Book()
        self._backstop = _Book()
        self._backstops: list[int] = []
        self._running: dict[int, int] = {}  # liquidations: whose
        self._deleveraging_marks: dict[tuple[int, int], int] = {}

    def take(self, event: Event) -> None:
        """Count an event; one that says nothing about losses is passed over."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    @property
    def has_takers(self) -> bool:
        """Whether anybody has taken a position over."""
        return bool(self._fund.lots or self._backstop.lots)

    @property
    def fund_loss(self) -> int:
        """What the fund has lost so far on what it took over, at the marks of now."""
        return -self._fund.realized - self._marked([INSURANCE_FUND])

    @property
    def backstop_loss(self) -> int:
        """The same of the backstop accounts."""
        return self._backstop.base - self._backstop.realized - self._marked(self._backstops)

    def found(self, venue: Exchange) -> Losses:
        """Return who bore what, when every event of a venue has been taken."""
        return Losses(
            {payer: amount for payer, amount in self.paid.items() if amount},
            self._taken(self._fund, [INSURANCE_FUND]),
            self._taken(self._backstop, self._backstops),
            tuple(self._backstops),
            self.unfinished(venue),
        )

    def unfinished(self, venue: Exchange) -> Unfinished:
        """Return what the liquidations that run still lack. Isolated positions count each for itself."""
        accounts = sorted(set(self._running.values()))
        below = lacking = 0
        held: dict[int, int] = {}
        for account in accounts:
            if account < 0:
                continue
            view = venue.account(account)
            equities = [view.equity, *(pocket.equity for pocket in view.pockets())]
            missing = -sum(min(0, equity) for equity in equities)
            lacking += missing
            below += missing > 0
            for position in view.positions():
                if position.size_lots:
                    held[position.instrument] = held.get(position.instrument, 0) + abs(position.size_lots)
        return Unfinished(len(self._running), len(accounts), below, lacking, held)

    def _taken(self, book: _Book, accounts: Sequence[int]) -> TakenOver:
        held: dict[int, int] = {}
        if book.lots:
            for (account, instrument), holding in self._holdings.items():
                if account in accounts and holding.size_lots:
                    held[instrument] = held.get(instrument, 0) + holding.size_lots
        marked = self._marked(accounts) - book.base
        loss = -book.realized - marked
        return TakenOver(book.lots, -book.realized, -marked, max(book.worst, loss), book.received, held)

    def _marked(self, accounts: Sequence[int]) -> int:
        """Return what accounts have gained at mark on what they hold."""
        total = 0
        for account in accounts:
            for instrument, valuation in self._valuations.items():
                holding = self._holdings.get((account, instrument))
                mark = self._marks.get(instrument)
                if holding is not None and holding.size_lots and mark is not None:
                    total += valuation.value(holding.size_lots, mark) - holding.cost
        return total

    # --- positions -----------------------------------------------------------------------------------------------

    def _mark(self, event: MarkPriceUpdated) -> None:
        self._marks[event.instrument] = event.price_ticks
        if self._fund.lots:
            self._fund.worst = max(self._fund.worst, self.fund_loss)
        if self._backstop.lots:
            self._backstop.worst = max(self._backstop.worst, self.backstop_loss)

    def _position(self, event: PositionChanged) -> None:
        holding = self._holdings.get((event.account, event.instrument))
        if holding is None:
            holding = self._holdings[event.account, event.instrument] = _Holding()
        holding.size_lots, holding.cost = event.size_lots, event.cost
        self._earned(event.account, event.realized - event.fee)

    def _settled(self, event: PositionSettled) -> None:
        self._holdings.pop((event.account, event.instrument), None)
        self._earned(event.account, event.realized)

    def _funding(self, event: FundingPaid) -> None:
        self._earned(event.account, event.amount)

    def _earned(self, account: int, amount: int) -> None:
        """Count what somebody's positions brought; of a backstop account from when it first took one over."""
        if account == INSURANCE_FUND:
            self._fund.realized += amount
        elif account in self._backstops:
            self._backstop.realized += amount

    def _by_fund(self, event: PositionTakenOver) -> None:
        self._fund.take(event.instrument, event.size_lots)

    def _by_taker(self, event: PositionTransferred) -> None:
        if event.taker == INSURANCE_FUND:
            self._fund.take(event.instrument, event.size_lots)
            return
        if event.taker not in self._backstops:
            self._backstop.base += self._marked([event.taker])
            self._backstops.append(event.taker)
        self._backstop.take(event.instrument, event.size_lots)
        self._fund.realized += event.taker_value - event.value  # The fund paid the difference, or kept it.

    def _margin(self, event: MarginTransferred) -> None:
        self._backstop.received += event.amount

    # --- liquidations --------------------------------------------------------------------------------------------

    def _started(self, event: LiquidationStarted) -> None:
        self._running[event.liquidation_id] = event.account

    def _ended(self, event: LiquidationEnded) -> None:
        self._running.pop(event.liquidation_id, None)

    def _deleveraging(self, event: DeleveragingStarted) -> None:
        self._deleveraging_marks[event.liquidation_id, event.instrument] = event.mark_ticks

    def _deleveraged(self, event: PositionDeleveraged) -> None:
        valuation = self._valuations[event.instrument]
        mark = self._deleveraging_marks.get((event.liquidation_id, event.instrument), event.price_ticks)
        missed = valuation.value(event.size_lots, mark) - valuation.value(event.size_lots, event.price_ticks)
        self.paid["deleveraged"] += max(missed, 0)

    # --- deficits ------------------------------------------------------------------------------------------------

    def _fund_paid(self, event: FundPaid) -> None:
        self.paid["fund"] += event.amount

    def _other_money(self, event: DeficitPaid) -> None:
        self.paid["owner" if event.source == DeficitSource.OWN_COLLATERAL else "fees"] += event.amount

    def _socialized(self, event: LossSocialized) -> None:
        self.paid["profits"] += min(event.charged, event.deficit)

    def _deferred(self, event: LossDeferred) -> None:
        self.paid["waiting"] += event.amount

    def _session(self, event: SessionEnded) -> None:
        paid = min(event.charged, event.deferred)
        self.paid["waiting"] -= paid
        self.paid["profits"] += paid

    def _debt(self, event: DebtBooked) -> None:
        if event.liquidation_id != 0:
            self.paid["debt"] += event.to_venue

    def _venue_loss(self, event: VenueLossBooked) -> None:
        self.paid["venue"] += event.amount

    def _forgiven(self, event: LossWrittenOff) -> None:
        if event.liquidation_id not in self._running:  # The venue had paid it, and was owed it until now.
            self.paid["debt"] -= min(event.amount, self.paid["debt"])
        self.paid["forgiven"] += event.amount


_HANDLERS: Final[dict[type[Any], Callable[[LossBook, Any], None]]] = {
    DebtBooked: LossBook._debt,
    DeficitPaid: LossBook._other_money,
    DeleveragingStarted: LossBook._deleveraging,
    FundPaid: LossBook._fund_paid,
    FundingPaid: LossBook._funding,
    LiquidationEnded: LossBook._ended,
    LiquidationStarted: LossBook._started,
    LossDeferred: LossBook._deferred,
    LossSocialized: LossBook._socialized,
    LossWrittenOff: LossBook._forgiven,
    MarginTransferred: LossBook._margin,
    MarkPriceUpdated: LossBook._mark,
    PositionChanged: LossBook._position,
    PositionDeleveraged: LossBook._deleveraged,
    PositionSettled: LossBook._settled,
    PositionTakenOver: LossBook._by_fund,
    PositionTransferred: LossBook._by_taker,
    SessionEnded: LossBook._session,
    VenueLossBooked: LossBook._venue_loss,
}
LOSS_EVENTS: Final = frozenset(_HANDLERS)
POSITION_EVENTS: Final = frozenset({FundingPaid, MarkPriceUpdated, PositionChanged, PositionSettled})  # no payment
WANTED: Final = frozenset(number for number, struct in EVENTS.items() if struct in LOSS_EVENTS)
