"""The orders of a Databento recording, event by event, as commands.

All commands of an event carry one time, that of its last record, so that nothing can be merged into the middle of a
step. How the actions are read:

- A enters an order, R cancels all of them, N is passed over.
- C takes its size off the order, M sets price and size. A smaller size at the same price keeps the queue place; a new
  price or a larger size is an `AmendOrder`, which loses it.
- T and F do not change the recorded book; the C or M behind them does. An F whose price and side are those of its
  resting order is an `ExecuteRecorded`, and the C or M of that order then moves only what the execution has not.
- An F of more than the order shows is an iceberg's: the shown part is executed, and then the rest is entered under the
  same id at the back of the queue, where a refreshed iceberg goes, and executed there.
- An F of the aggressor itself (an order amended into the market) is not a maker's; its C or M alone moves it.
- What a T traded beyond such executions (the opening cross, whose fills have no side and not their order's price;
  implied and hidden orders) is one `ReportTrade`, so that executed and reported quantities add up to the T records'.
  A T without a side is reported as a BUY.

At the end of every event the recorded book is what A, C, M and R alone make of it; an execution that no C or M
followed is put back and counted (`restored`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, final

import msgspec

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ExecuteRecorded,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
)
from exchange.enums import RECORDED_MARKET, Origin, Side
from exchange.errors import DataError, SequenceError
from exchange.instrument import Instrument
from exchange.units import MAX_PRICE_TICKS, MAX_TS_NS
from replay.wording import shown

if TYPE_CHECKING:
    from databento_dbn import MBOMsg

Clock = Literal["ts_recv", "ts_event"]

_SIDES: Final = {"B": Side.BUY, "A": Side.SELL}


class DbnStep(NamedTuple):
    """One recorded event. record: the number of its last record in the file, the first being 1."""

    record: int
    ts_ns: int
    commands: tuple[Command, ...]


@final
class _Order:
    """A recorded order: `shown` by the A, C and M records; `live` in the venue, less by executions not yet followed."""

    __slots__ = ("live_lots", "order_id", "price_ticks", "shown_lots", "side")

    def __init__(self, order_id: int, side: Side, price_ticks: int, qty_lots: int) -> None:
        self.order_id = order_id
        self.side = side
        self.price_ticks = price_ticks
        self.shown_lots = qty_lots
        self.live_lots = qty_lots


@final
class DbnFlow:
    """The recorded book of one iteration, and the commands of the event at hand."""

    def __init__(self, path: Path, instrument: Instrument, tick_nanos: int) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._instrument = instrument.instrument_id
        self._min_price_ticks = instrument.min_price_ticks
        self._tick_nanos = tick_nanos
        self._orders_by_id: dict[int, _Order] = {}
        self._last_ts_ns = 0
        self._number = 0  # of the record at hand, for messages
        self._ts_ns = 0
        self._commands: list[Command] = []
        self._executed: dict[int, _Order] = {}  # in this event, by id
        self._trade: MBOMsg | None = None  # whose fills are being read
        self._untraded_lots = 0  # of that trade

    def step(self, event: list[tuple[int, MBOMsg]], clock: Clock) -> DbnStep:
        """Return the commands of one whole event."""
        self._number, last = event[-1]
        self._ts_ns = getattr(last, clock)
        if not self._last_ts_ns <= self._ts_ns <= MAX_TS_NS:
            raise SequenceError(self._where(f"{clock}: expected {self._last_ts_ns}..{MAX_TS_NS}, found {self._ts_ns}"))
        self._last_ts_ns = self._ts_ns
        self._commands = []
        self._executed = {}
        self.counts["events"] += 1
        for self._number, record in event:
            self._read(record)
        self._report_rest()
        self._restore()
        if self._commands:
            self._commands[-1] = msgspec.structs.replace(self._commands[-1], is_continued=False)
        return DbnStep(self._number, self._ts_ns, tuple(self._commands))

    def _read(self, record: MBOMsg) -> None:
        action = str(record.action)
        self.counts[f"action {action}"] += 1
        if action == "F":
            self._fill(record)
            return
        self._report_rest()
        if action == "A":
            self._add(record)
        elif action == "C":
            self._cancel(record)
        elif action == "M":
            self._modify(record)
        elif action == "T":
            self._trade, self._untraded_lots = record, record.size
        elif action == "R":
            self._clear()
        elif action != "N":
            raise DataError(self._where(f"action: expected one of A C M R T F N, found {shown(action)}"))

    def _add(self, record: MBOMsg) -> None:
        side = _SIDES.get(str(record.side))
        if side is None or record.size < 1:
            raise DataError(self._where(f"expected side A or B and size >= 1, found {record.side} and {record.size}"))
        former = self._orders_by_id.get(record.order_id)
        if former is not None:
            self.counts["order id already live"] += 1
            former.shown_lots = 0
            self._follow(former, Origin.RECORDED)
        order = _Order(record.order_id, side, self._ticks(record), record.size)
        self._orders_by_id[order.order_id] = order
        self._place(order, record.size, Origin.RECORDED)

    def _cancel(self, record: MBOMsg) -> None:
        order = self._orders_by_id.get(record.order_id)
        if order is None:
            self.counts["unknown order"] += 1
            return
        if record.size > order.shown_lots:
            self.counts["cancel of more than shown"] += 1
        order.shown_lots = max(0, order.shown_lots - record.size)
        self._follow(order, Origin.RECORDED)

    def _modify(self, record: MBOMsg) -> None:
        order = self._orders_by_id.get(record.order_id)
        if order is None or order.side != _SIDES.get(str(record.side)):
            self.counts["unknown order" if order is None else "modify to the other side"] += 1
            self._add(record)
            return
        price_ticks = self._ticks(record)
        is_moved = price_ticks != order.price_ticks
        order.price_ticks, order.shown_lots = price_ticks, record.size
        if is_moved and order.live_lots > 0 and record.size > 0:
            order.live_lots = record.size
            self._amend(order, Origin.RECORDED)
        else:
            self._follow(order, Origin.RECORDED)

    def _clear(self) -> None:
        for order in list(self._orders_by_id.values()):
            order.shown_lots = 0
            self._follow(order, Origin.RECORDED)

    def _fill(self, record: MBOMsg) -> None:
        """Execute the resting order that a fill names, where the fill is that of a maker."""
        if self._trade is not None and record.order_id == self._trade.order_id:
            self.counts["fill of the aggressor"] += 1
            return
        order = self._orders_by_id.get(record.order_id)
        is_makers = order is not None and _SIDES.get(str(record.side)) == order.side
        if order is None or not is_makers or self._ticks(record) != order.price_ticks:
            self.counts["fill without its maker"] += 1
            return
        self._executed[order.order_id] = order
        self._untraded_lots -= record.size
        self.counts["executed lots"] += record.size
        shown_lots = min(order.live_lots, record.size)
        hidden_lots = record.size - shown_lots
        if shown_lots > 0:
            self._execute(order, shown_lots)
        if hidden_lots > 0:
            self.counts["iceberg refresh"] += 1
            order.live_lots = hidden_lots
            self._place(order, hidden_lots, Origin.RECORDED)
            self._execute(order, hidden_lots)

    def _report_rest(self) -> None:
        """Report what the trade at hand did beyond the makers' fills that followed it."""
        trade = self._trade
        self._trade = None
        if trade is not None and self._untraded_lots > 0:
            self.counts["reported lots"] += self._untraded_lots
            side = _SIDES.get(str(trade.side), Side.BUY)
            price_ticks = self._ticks(trade)
            self._commands.append(
                ReportTrade(self._ts_ns, self._instrument, side, price_ticks, self._untraded_lots, is_continued=True)
            )

    def _restore(self) -> None:
        """Put back what was executed without a C or M, as the recorded book has not changed."""
        for order in self._executed.values():
            if order.live_lots != order.shown_lots:
                self.counts["restored"] += 1
                self._follow(order, Origin.CORRECTION)

    def _follow(self, order: _Order, origin: Origin) -> None:
        """Bring what the venue holds of an order to what the recording shows, at the same price."""
        surplus_lots = order.live_lots - order.shown_lots
        order.live_lots = order.shown_lots
        if order.shown_lots == 0:
            self._orders_by_id.pop(order.order_id, None)
        where = (self._ts_ns, self._instrument, RECORDED_MARKET, order.order_id)
        if surplus_lots > 0 and order.shown_lots == 0:
            self._commands.append(CancelOrder(*where, origin=origin, is_continued=True))
        elif surplus_lots > 0:
            self._commands.append(ReduceOrder(*where, surplus_lots, origin=origin, is_continued=True))
        elif surplus_lots < 0 and order.shown_lots + surplus_lots == 0:
            self._place(order, order.shown_lots, origin)
        elif surplus_lots < 0:
            self._amend(order, origin)

    def _place(self, order: _Order, qty_lots: int, origin: Origin) -> None:
        self._commands.append(
            PlaceOrder(
                self._ts_ns,
                self._instrument,
                RECORDED_MARKET,
                order.order_id,
                order.side,
                qty_lots,
                order.price_ticks,
                origin=origin,
                is_continued=True,
            )
        )

    def _amend(self, order: _Order, origin: Origin) -> None:
        self._commands.append(
            AmendOrder(
                self._ts_ns,
                self._instrument,
                RECORDED_MARKET,
                order.order_id,
                order.shown_lots,
                order.price_ticks,
                origin=origin,
                is_continued=True,
            )
        )

    def _execute(self, order: _Order, qty_lots: int) -> None:
        order.live_lots -= qty_lots
        self._commands.append(
            ExecuteRecorded(
                self._ts_ns,
                self._instrument,
                order.order_id,
                order.side,
                order.price_ticks,
                qty_lots,
                is_continued=True,
            )
        )

    def _ticks(self, record: MBOMsg) -> int:
        price_ticks, remainder = divmod(record.price, self._tick_nanos)
        if remainder != 0 or not self._min_price_ticks <= price_ticks <= MAX_PRICE_TICKS:
            raise DataError(
                self._where(f"price: expected a positive multiple of {self._tick_nanos}, found {record.price}")
            )
        return price_ticks

    def _where(self, message: str) -> str:
        return f"{self._path}: record {self._number}: {message}"
