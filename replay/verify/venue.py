"""An exchange that only the recorded market trades on, compared with the recording after every step."""

from collections.abc import Iterable
from typing import final

from exchange.commands import Command
from exchange.enums import Side
from exchange.events import OrderRejected, RecordedClipped, Trade, TradeReported
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.sources.lobster_files import Row
from replay.verify.findings import Findings


@final
class RecordedVenue:
    """An exchange with one instrument and only the recorded market in it."""

    def __init__(self, instrument: Instrument, findings: Findings) -> None:
        self._exchange = Exchange((instrument,), Rules(clearing="none"))
        self._instrument = instrument.instrument_id
        self._findings = findings
        self._volume_lots = 0

    def apply(self, commands: Iterable[Command], where: str) -> None:
        """Apply commands; one that the venue refuses or clips is a fault, as nobody else has changed the book."""
        for command in commands:
            self._findings.counts["commands"] += 1
            for event in self._exchange.apply(command):
                if isinstance(event, Trade | TradeReported):
                    self._volume_lots += event.qty_lots
                elif isinstance(event, RecordedClipped | OrderRejected):
                    self._findings.add(where, f"expected {command} to apply in full, found {event}")

    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """Return best bid and ask as (price_ticks, qty_lots)."""
        book = self._exchange.book(self._instrument)
        return book.best_bid(), book.best_ask()

    def levels(self, count: int) -> Row:
        """Return the best levels of both sides as (price_ticks, qty_lots)."""
        bids, asks = self._exchange.book(self._instrument).depth(count)
        return tuple((level[0], level[1]) for level in bids), tuple((level[0], level[1]) for level in asks)

    def orders(self, side: Side) -> list[tuple[int, int, int]]:
        """Return (order_id, price_ticks, qty_lots) of a side, best price first, oldest first."""
        found = self._exchange.book(self._instrument).orders(side)
        return [(order.order_id, order.price_ticks, order.open_lots) for order in found]

    @property
    def live_order_count(self) -> int:
        """Return the number of live orders."""
        return self._exchange.book(self._instrument).live_order_count

    def finish(self, recorded_lots: int) -> None:
        """Check the venue's own state, and the volume that it traded or took note of. Raises InvariantError."""
        self._exchange.check()
        if self._volume_lots != recorded_lots:
            self._findings.add("the end", f"expected a volume of {recorded_lots} lots, found {self._volume_lots}")
