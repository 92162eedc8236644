"""Liquidations put together from events: who, at which equity, sold at which prices, how it ended and who paid."""

from collections.abc import Iterable

from exchange.enums import LiquidationOutcome, Side
from exchange.events import (
    DebtBooked,
    DeficitPaid,
    Event,
    FundPaid,
    LiquidationEnded,
    LiquidationOrderPlaced,
    LiquidationStarted,
    LossDeferred,
    LossSocialized,
    LossWrittenOff,
    PositionDeleveraged,
    PositionTakenOver,
    PositionTransferred,
    SurplusPaid,
    Trade,
    VenueLossBooked,
)
from exchange.units import Lots, Money, Ticks
from replay.sentences import who


class Fills:
    """What a liquidation's orders traded in one instrument."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.side = Side.SELL
        self.lots: Lots = 0
        self.price_lots = 0  # sum of price x lots
        self.worst: Ticks = 0

    def add(self, side: Side, price_ticks: Ticks, lots: Lots) -> None:
        """Count one trade."""
        is_worse = price_ticks < self.worst if side == Side.SELL else price_ticks > self.worst
        if self.lots == 0 or is_worse:
            self.worst = price_ticks
        self.side = side
        self.lots += lots
        self.price_lots += price_ticks * lots


class Liquidation:
    """One liquidation of one account. Amounts are money units; lots and prices by instrument.

    paid: who paid what of its deficit. owed: what the account owes of it, by the venue's books.
    """

    def __init__(self, event: LiquidationStarted) -> None:
        """Begin it."""
        self.number: int = event.liquidation_id
        self.account: int = event.account
        self.instrument: int = event.instrument
        self.ts_ns: int = event.ts_ns
        self.mark: Ticks = event.mark_ticks
        self.equity: Money = event.equity
        self.maintenance: Money = event.maintenance
        self.triggered_by: int = event.triggered_by
        self.fills: dict[int, Fills] = {}
        self.moved: list[tuple[str, int, Lots]] = []  # in words with a place for the size, instrument, signed lots
        self.paid: dict[str, Money] = {}
        self.owed: Money = 0
        self.surplus: Money = 0
        self.outcome: LiquidationOutcome | None = None
        self.balance: Money = 0

    def pay(self, payer: str, amount: Money) -> None:
        """Count what somebody paid of its deficit."""
        if amount:
            self.paid[payer] = self.paid.get(payer, 0) + amount


class Liquidations:
    """Reads events in order, and keeps each liquidation by its number."""

    def __init__(self) -> None:
        """Start before the first event."""
        self.by_number: dict[int, Liquidation] = {}
        self._orders: dict[tuple[int, int], Liquidation] = {}  # live, by instrument and order id

    def read(self, events: Iterable[Event]) -> None:
        """Take note of events."""
        for event in events:
            self._note(event)

    def _note(self, event: Event) -> None:
        if isinstance(event, LiquidationStarted):
            self.by_number[event.liquidation_id] = Liquidation(event)
        elif isinstance(event, Trade):
            selling = self._orders.get((event.instrument, event.taker_order_id))
            if selling is not None:
                fills = selling.fills.setdefault(event.instrument, Fills())
                fills.add(event.side, event.price_ticks, event.qty_lots)
        else:
            liquidation = self.by_number.get(getattr(event, "liquidation_id", 0))
            if liquidation is not None:
                self._note_payment(liquidation, event)
                self._note_step(liquidation, event)

    def _note_step(self, liquidation: Liquidation, event: Event) -> None:
        """Take note of what became of the position."""
        if isinstance(event, LiquidationOrderPlaced):
            self._orders[event.instrument, event.order_id] = liquidation
        elif isinstance(event, PositionTakenOver):
            liquidation.moved.append(("the insurance fund took {} over", event.instrument, event.size_lots))
        elif isinstance(event, PositionTransferred):
            liquidation.moved.append((f"{who(event.taker)} took {{}} over", event.instrument, event.size_lots))
        elif isinstance(event, PositionDeleveraged) and event.account != liquidation.account:
            by = f"{{}} of {who(event.account)} was closed against it"
            liquidation.moved.append((by, event.instrument, event.size_lots))
        elif isinstance(event, LiquidationEnded):
            liquidation.outcome = event.outcome
            liquidation.balance = event.balance

    def _note_payment(self, liquidation: Liquidation, event: Event) -> None:
        """Take note of who paid, or kept, what."""
        if isinstance(event, FundPaid):
            liquidation.pay("the insurance fund", event.amount)
        elif isinstance(event, DeficitPaid):
            liquidation.pay(f"the {event.source.name.lower().replace('_', ' ')}", event.amount)
        elif isinstance(event, LossSocialized):
            liquidation.pay("others, by sharing the loss", event.charged)
        elif isinstance(event, LossDeferred):
            liquidation.pay("the profits of the session, at its end", event.amount)
        elif isinstance(event, LossWrittenOff):
            liquidation.pay("nobody: forgiven by the venue", event.amount)
        elif isinstance(event, VenueLossBooked):
            liquidation.pay("nobody: the venue's own loss", event.amount)
        elif isinstance(event, DebtBooked):
            liquidation.owed += event.amount
        elif isinstance(event, SurplusPaid):
            liquidation.surplus += event.amount

    @property
    def all(self) -> list[Liquidation]:
        """Every liquidation, in the order in which they began."""
        return list(self.by_number.values())
