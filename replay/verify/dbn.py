"""The check of a DBN recording: its orders by the rules of the format, and the venue's book against them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, final

from exchange.enums import Side
from exchange.instrument import Instrument
from replay.sources.dbn import F_LAST, DbnSource
from replay.sources.level_book import BookSide
from replay.verify.findings import Findings, VerifyReport
from replay.verify.venue import RecordedVenue

if TYPE_CHECKING:
    from databento_dbn import MBOMsg


def verify_dbn(source: DbnSource) -> VerifyReport:
    """Check the orders by the rules of the format, and the venue's book against them after every event.

    A book may be crossed before the first trade (it is, before an auction), and never at the end of an event after it.
    """
    findings = Findings(source.description)
    counts = findings.counts
    venue = RecordedVenue(source.instruments[0], findings)
    model = _DbnModel(findings)
    records = source.records()
    last_crossed_ns = 0
    for step in source.steps():
        number = 0
        while number < step.record:
            number, record = next(records)
            model.read(number, record)
        where = f"record {step.record}"
        venue.apply(step.commands, where)
        counts["events"] += 1
        expected = model.best(source.tick_nanos)
        if (found := venue.best()) != expected:
            findings.add(where, f"expected the venue's best bid and ask to be {expected}, found {found}")
        bid, ask = expected
        if bid is not None and ask is not None and bid[0] > ask[0]:
            counts["events that leave a crossed book"] += 1
            last_crossed_ns = step.ts_ns
            if model.volume_lots > 0:
                findings.add(where, f"expected no crossed book after the first trade, found {bid} over {ask}")
    for side in Side:
        if venue.orders(side) != model.orders(side, source.tick_nanos):
            findings.add("the end", f"expected the orders of the recording on the {side.name} side of the venue's book")
    if last_crossed_ns > 0:
        findings.notes.append(f"last crossed at ts_ns {last_crossed_ns}")
    end = ", ".join(_price_and_lots(level, source.instruments[0]) for level in venue.best())
    findings.notes.append(f"best bid and ask at the end: {end}")
    counts["live orders at the end"] = venue.live_order_count
    for kind in (
        "unknown order",
        "order id already live",
        "restored",
        "unfinished events",
        "iceberg refresh",
        "fill without its maker",
    ):
        counts[f"source: {kind}"] = source.counts[kind]
    counts["recorded volume, lots"] = model.volume_lots
    venue.finish(model.volume_lots)
    return findings.report()


def _price_and_lots(level: tuple[int, int] | None, instrument: Instrument) -> str:
    if level is None:
        return "none"
    price_ticks, qty_lots = level
    return f"{Decimal(instrument.tick_size) * price_ticks} x {qty_lots}"


@final
class _DbnModel:
    """The recorded book by the rules of the format alone: A, C, M and R change it, T and F do not."""

    def __init__(self, findings: Findings) -> None:
        self.volume_lots = 0
        self._findings = findings
        self._sides = {"B": BookSide(Side.BUY), "A": BookSide(Side.SELL)}
        self._orders_by_id: dict[int, tuple[str, int, int]] = {}  # side, price in 1e-9, shown lots
        self._filled_lots_by_id: dict[int, int] = {}  # in the event at hand
        self._aggressor = 0

    def best(self, tick_nanos: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """Return best bid and ask as (price_ticks, qty_lots)."""
        bid, ask = (
            next(((price // tick_nanos, side.total_lots(price)) for price in side.prices()), None)
            for side in self._sides.values()
        )
        return bid, ask

    def orders(self, side: Side, tick_nanos: int) -> list[tuple[int, int, int]]:
        """Return (order_id, price_ticks, qty_lots) of a side, best price first, oldest first."""
        book = self._sides["B" if side is Side.BUY else "A"]
        return [
            (order_id, price // tick_nanos, lots)
            for price in book.prices()
            for order_id, lots in book.level(price).items()
        ]

    def read(self, number: int, record: MBOMsg) -> None:
        """Apply one record."""
        action, order = str(record.action), self._orders_by_id.get(record.order_id)
        self._findings.counts[f"records: {action}"] += 1
        if (action == "A") is not (order is None) and action in ("A", "C", "M"):
            expected = "a new order id" if action == "A" else "the id of a live order"
            self._findings.add(f"record {number}", f"expected {expected} in action {action}, found {record.order_id}")
        if action in ("A", "M"):
            self._set(record, order)
        elif action == "C" and order is not None:
            self._reduce(record.order_id, order, record.size)
        elif action == "R":
            for order_id, live in list(self._orders_by_id.items()):
                self._reduce(order_id, live, live[2])
        elif action == "T":
            self._aggressor = record.order_id
            self.volume_lots += record.size
        elif action == "F":
            self._note_fill(record, order)
        if record.flags & F_LAST:
            self._filled_lots_by_id.clear()

    def _reduce(self, order_id: int, order: tuple[str, int, int], lots: int) -> None:
        side, price, shown_lots = order
        taken_lots = min(lots, shown_lots)
        self._orders_by_id[order_id] = (side, price, shown_lots - taken_lots)
        if self._sides[side].take(order_id, price, taken_lots):
            del self._orders_by_id[order_id]

    def _set(self, record: MBOMsg, order: tuple[str, int, int] | None) -> None:
        """Enter an order or modify it: one that only shrinks keeps its place; what an iceberg shows anew does not."""
        if order is not None:
            side, price, shown_lots = order
            filled_lots = self._filled_lots_by_id.get(record.order_id, 0)
            is_kept = (side, price) == (str(record.side), record.price) and record.size <= shown_lots - filled_lots
            self._reduce(record.order_id, order, shown_lots - record.size if is_kept else shown_lots)
            if is_kept:
                return
        self._orders_by_id[record.order_id] = (str(record.side), record.price, record.size)
        self._sides[str(record.side)].add(record.order_id, record.price, record.size)

    def _note_fill(self, record: MBOMsg, order: tuple[str, int, int] | None) -> None:
        """Count whether a maker's fill is that of the oldest order at its price."""
        filled = self._filled_lots_by_id
        if order is not None and record.order_id != self._aggressor and order[:2] == (str(record.side), record.price):
            level = self._sides[order[0]].level(record.price)
            oldest = next((order_id for order_id, lots in level.items() if filled.get(order_id, 0) < lots), None)
            is_oldest = oldest == record.order_id
            self._findings.counts["fills of the oldest order" if is_oldest else "fills of another order"] += 1
        filled[record.order_id] = filled.get(record.order_id, 0) + record.size
