"""Liquidations put together from events: who, at which equity, sold at which prices, how it ended and who paid.

Event types are known by name, and payments by their fields, so that a venue whose rules bring others is told, too.
"""

from collections.abc import Iterable
from typing import Any, Final

from exchange.enums import LiquidationOutcome, Side
from exchange.events import Event
from exchange.units import Lots, Money, Ticks

# What each event adds to the payments of a liquidation: who paid, in words, and the field with the money.
_PAYERS: Final = {
    "FundPaid": ("the insurance fund", "amount"),
    "LossSocialized": ("others, by sharing the loss", "charged"),
    "VenueLossBooked": ("nobody: the venue's own loss", "amount"),
    "LossDeferred": ("the profits of the session, at its end", "amount"),
    "LossWrittenOff": ("nobody: forgiven by the venue", "amount"),
}
_MOVED: Final = {
    "PositionTakenOver": "the insurance fund took {} over",
    "PositionTransferred": "{} was taken over",
    "PositionDeleveraged": "{} was closed against the other side",
}


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
    """One liquidation of one account. Amounts are money units; lots and prices by instrument."""

    def __init__(self, event: Any) -> None:
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

    def _note(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "LiquidationStarted":
            self.by_number[event.liquidation_id] = Liquidation(event)
            return
        if kind == "Trade":
            selling = self._orders.get((event.instrument, event.taker_order_id))
            if selling is not None:
                fills = selling.fills.setdefault(event.instrument, Fills())
                fills.add(event.side, event.price_ticks, event.qty_lots)
            return
        liquidation = self.by_number.get(getattr(event, "liquidation_id", 0))
        if liquidation is None:
            return
        if kind == "LiquidationOrderPlaced":
            self._orders[event.instrument, event.order_id] = liquidation
        elif kind in _PAYERS:
            payer, field = _PAYERS[kind]
            liquidation.pay(payer, getattr(event, field))
        elif kind == "DeficitPaid":
            liquidation.pay(event.source.name.lower().replace("_", " "), event.amount)
        elif kind == "DebtBooked" and not event.is_interest:
            amount = event.to_venue + event.to_fund + event.to_accounts
            liquidation.pay("the account, later: it owes it", amount)
            liquidation.owed += amount
        elif kind in _MOVED and (kind != "PositionDeleveraged" or event.account != liquidation.account):
            liquidation.moved.append((_MOVED[kind], event.instrument, event.size_lots))
        elif kind == "SurplusPaid":
            liquidation.surplus += event.amount
        elif kind == "LiquidationEnded":
            liquidation.outcome = event.outcome
            liquidation.balance = event.balance

    @property
    def all(self) -> list[Liquidation]:
        """Every liquidation, in the order in which they began."""
        return list(self.by_number.values())
