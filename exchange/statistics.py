"""What a run came to: trades and prices, liquidations, and who paid for them, counted from the event blocks.

A sink like the digest: it reads words and makes no object per event. Hand it the open block, once, when the run is
over. Sums are unbounded integers. Known limit: it keeps one word per liquidation, to tell how long a chain is.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from exchange.enums import BUY
from exchange.errors import DataError
from exchange.instrument import Instrument
from exchange.packed.columns import doubled, new_column
from exchange.records import (
    EVENT_FUND_DEPOSITED,
    EVENT_FUND_DEPOSITED_AMOUNT,
    EVENT_FUND_PAID,
    EVENT_FUND_PAID_AMOUNT,
    EVENT_HAIRCUT_CHARGED,
    EVENT_LENDER_CUT,
    EVENT_LIQUIDATION_ENDED,
    EVENT_LIQUIDATION_ENDED_OUTCOME,
    EVENT_LIQUIDATION_ORDER_PLACED,
    EVENT_LIQUIDATION_ORDER_PLACED_ATTEMPT,
    EVENT_LIQUIDATION_ORDER_PLACED_SIDE_SHIFT,
    EVENT_LIQUIDATION_STARTED,
    EVENT_LIQUIDATION_STARTED_LIQUIDATION_ID,
    EVENT_LIQUIDATION_STARTED_TRIGGERED_BY,
    EVENT_LOSS_SOCIALIZED,
    EVENT_LOSS_SOCIALIZED_CHARGED,
    EVENT_LOSS_SOCIALIZED_PAYERS,
    EVENT_LOSS_SOCIALIZED_PAYERS_SHIFT,
    EVENT_ORDER_REJECTED,
    EVENT_ORDER_REJECTED_COMMAND_SEQ,
    EVENT_ORDER_REJECTED_REASON_SHIFT,
    EVENT_ORDER_REJECTED_REQUEST,
    EVENT_ORDER_REJECTED_REQUEST_SHIFT,
    EVENT_PROFIT_CLAWED_BACK,
    EVENT_RECORDED_CLIPPED,
    EVENT_RECORDED_CLIPPED_KIND,
    EVENT_REQUEST_REJECTED,
    EVENT_REQUEST_REJECTED_COMMAND_SEQ,
    EVENT_REQUEST_REJECTED_REASON_SHIFT,
    EVENT_REQUEST_REJECTED_REQUEST,
    EVENT_REQUEST_REJECTED_REQUEST_SHIFT,
    EVENT_SESSION_ENDED,
    EVENT_SESSION_ENDED_CHARGED,
    EVENT_SURPLUS_PAID,
    EVENT_SURPLUS_PAID_AMOUNT,
    EVENT_TRADE,
    EVENT_TRADE_PRICE_TICKS,
    EVENT_TRADE_QTY_LOTS,
    EVENT_TRADE_REPORTED,
    EVENT_TRADE_REPORTED_PRICE_TICKS,
    EVENT_TRADE_REPORTED_QTY_LOTS,
    EVENT_VENUE_LOSS_BOOKED,
    EVENT_VENUE_LOSS_BOOKED_AMOUNT,
)
from exchange.units import MAX_INSTRUMENT

_TYPES: Final = 128  # one more than the highest event number, and to spare
_KINDS: Final = 256


class Refusal(NamedTuple):
    """Commands of one CommandType that were refused for one RejectReason, and the number of the first of them."""

    request: int
    reason: int
    times: int
    first_command: int


@final
class PriceStatistics:
    """The trades of one instrument; those that were only reported move the prices, too. Prices are 0 before any."""

    def __init__(self, instrument: int) -> None:
        """Start before the first trade."""
        self.instrument = instrument
        self.trades: i64 = 0
        self.reported_trades: i64 = 0
        self.volume_lots: int = 0
        self.first_ticks: i64 = 0
        self.low_ticks: i64 = 0
        self.high_ticks: i64 = 0
        self.last_ticks: i64 = 0

    def note(self, price_ticks: i64, lots: int) -> None:
        """Count one trade, made or reported, that `trades` or `reported_trades` does not yet include."""
        if self.trades + self.reported_trades == 0:
            self.first_ticks = price_ticks
            self.low_ticks = price_ticks
            self.high_ticks = price_ticks
        elif price_ticks < self.low_ticks:
            self.low_ticks = price_ticks
        elif price_ticks > self.high_ticks:
            self.high_ticks = price_ticks
        self.last_ticks = price_ticks
        self.volume_lots += lots


@final
class Statistics:
    """A sink of event blocks that counts. Amounts are money units.

    longs_liquidated, shorts_liquidated: positions for which a first liquidation order was sent. triggered_count:
    liquidations that the trades of another one caused. longest_chain: most liquidations of which each caused the next;
    1 is one that caused no other. socialized: what other accounts were charged, at once or by a session. haircut_count:
    charges, of which an account may bear several. most_payers: accounts that shared one loss.
    """

    market_of_instrument: "vec[i64]"
    counts_by_type: "vec[i64]"
    ended_by_outcome: "vec[i64]"
    clipped_by_kind: "vec[i64]"
    refused_by_cause: "vec[i64]"
    first_refused_by_cause: "vec[i64]"
    chain_of_liquidation: "vec[i64]"

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        """Start before the first event of a venue with these instruments."""
        self.prices: list[PriceStatistics] = []
        self.market_of_instrument = new_column(MAX_INSTRUMENT + 1)  # index + 1
        for instrument in instruments:
            self.prices.append(PriceStatistics(instrument.instrument_id))
            self.market_of_instrument[instrument.instrument_id] = len(self.prices)
        self.counts_by_type = new_column(_TYPES)
        self.ended_by_outcome = new_column(_KINDS)
        self.clipped_by_kind = new_column(_KINDS)
        self.refused_by_cause = new_column(_TYPES * _KINDS)  # by request * _KINDS + reason
        self.first_refused_by_cause = new_column(_TYPES * _KINDS)
        self.chain_of_liquidation = new_column(1024)
        self.event_count: i64 = 0
        self.longest_chain: i64 = 0
        self.triggered_count: i64 = 0
        self.longs_liquidated: i64 = 0
        self.shorts_liquidated: i64 = 0
        self.fund_deposited: int = 0
        self.fund_paid: int = 0
        self.surplus_paid: int = 0
        self.socialized: int = 0
        self.most_payers: i64 = 0
        self.venue_loss: int = 0

    @property
    def trade_count(self) -> int:
        """How many trades were made; reported ones are not among them."""
        return self.counts_by_type[EVENT_TRADE]

    @property
    def liquidation_count(self) -> int:
        """How many liquidations were started; an account may be liquidated again."""
        return self.counts_by_type[EVENT_LIQUIDATION_STARTED]

    @property
    def haircut_count(self) -> int:
        """How many shares of socialized losses were charged."""
        counts = self.counts_by_type
        return counts[EVENT_HAIRCUT_CHARGED] + counts[EVENT_PROFIT_CLAWED_BACK] + counts[EVENT_LENDER_CUT]

    @property
    def rejected_count(self) -> int:
        """How many commands were refused."""
        return self.counts_by_type[EVENT_ORDER_REJECTED] + self.counts_by_type[EVENT_REQUEST_REJECTED]

    def refusals(self) -> list[Refusal]:
        """Return what was refused and why: most first, then by request and reason."""
        found: list[Refusal] = []
        for request in range(_TYPES):
            for reason in range(_KINDS):
                cause = request * _KINDS + reason
                count = self.refused_by_cause[cause]
                if count > 0:
                    found.append(Refusal(request, reason, count, self.first_refused_by_cause[cause]))
        return sorted(found, key=lambda refusal: (-refusal.times, refusal.request, refusal.reason))

    def ended_as(self, outcome: int) -> int:
        """Return how many liquidations ended with a LiquidationOutcome."""
        return self.ended_by_outcome[outcome]

    def clipped_as(self, kind: int) -> int:
        """Return how many recorded messages of a RecordedKind no longer applied in full."""
        return self.clipped_by_kind[kind]

    def write(self, block: bytes, first_seq: int) -> None:
        """Count the events of a block. Raises DataError where it does not hold event records."""
        offset: i64 = 0
        size: i64 = len(block)
        while offset < size:
            header = read_i64_le(block, offset)
            kind: i64 = header & 0xFF
            units: i64 = (header >> 8) & 0xFF
            if kind >= _TYPES or units < 1 or offset + 64 * units > size:
                raise DataError(f"expected an event record at byte {offset}, found type {kind} of {units} units")
            self.counts_by_type[kind] += 1
            self.event_count += 1
            if kind == EVENT_TRADE:
                prices = self.prices[self.market_of_instrument[(header >> 16) & 0xFFFF] - 1]
                lots = read_i64_le(block, offset + EVENT_TRADE_QTY_LOTS)
                prices.note(read_i64_le(block, offset + EVENT_TRADE_PRICE_TICKS), lots)
                prices.trades += 1
            elif kind == EVENT_TRADE_REPORTED:
                prices = self.prices[self.market_of_instrument[(header >> 16) & 0xFFFF] - 1]
                lots = read_i64_le(block, offset + EVENT_TRADE_REPORTED_QTY_LOTS)
                prices.note(read_i64_le(block, offset + EVENT_TRADE_REPORTED_PRICE_TICKS), lots)
                prices.reported_trades += 1
            elif kind == EVENT_RECORDED_CLIPPED:
                self.clipped_by_kind[read_i64_le(block, offset + EVENT_RECORDED_CLIPPED_KIND) & 0xFF] += 1
            elif kind == EVENT_ORDER_REJECTED:
                small = read_i64_le(block, offset + EVENT_ORDER_REJECTED_REQUEST)
                self._note_refusal(
                    (small >> EVENT_ORDER_REJECTED_REQUEST_SHIFT) & 0xFF,
                    (small >> EVENT_ORDER_REJECTED_REASON_SHIFT) & 0xFF,
                    read_i64_le(block, offset + EVENT_ORDER_REJECTED_COMMAND_SEQ),
                )
            elif kind == EVENT_REQUEST_REJECTED:
                small = read_i64_le(block, offset + EVENT_REQUEST_REJECTED_REQUEST)
                self._note_refusal(
                    (small >> EVENT_REQUEST_REJECTED_REQUEST_SHIFT) & 0xFF,
                    (small >> EVENT_REQUEST_REJECTED_REASON_SHIFT) & 0xFF,
                    read_i64_le(block, offset + EVENT_REQUEST_REJECTED_COMMAND_SEQ),
                )
            elif kind == EVENT_FUND_DEPOSITED:
                self.fund_deposited += _amount(block, offset + EVENT_FUND_DEPOSITED_AMOUNT)
            elif kind >= EVENT_LIQUIDATION_STARTED:
                self._note_liquidation(block, offset, kind)
            offset += 64 * units

    def _note_refusal(self, request: i64, reason: i64, command: i64) -> None:
        cause = (request % _TYPES) * _KINDS + reason
        if self.refused_by_cause[cause] == 0:
            self.first_refused_by_cause[cause] = command
        self.refused_by_cause[cause] += 1

    def _note_liquidation(self, block: bytes, offset: i64, kind: i64) -> None:
        """Count an event that belongs to a liquidation."""
        if kind == EVENT_LIQUIDATION_STARTED:
            self._note_start(block, offset)
        elif kind == EVENT_LIQUIDATION_ORDER_PLACED:
            small = read_i64_le(block, offset + EVENT_LIQUIDATION_ORDER_PLACED_ATTEMPT)
            if small & 0xFFFFFFFF == 1:
                if (small >> EVENT_LIQUIDATION_ORDER_PLACED_SIDE_SHIFT) & 0xFF == BUY:
                    self.shorts_liquidated += 1
                else:
                    self.longs_liquidated += 1
        elif kind == EVENT_LIQUIDATION_ENDED:
            self.ended_by_outcome[read_i64_le(block, offset + EVENT_LIQUIDATION_ENDED_OUTCOME) & 0xFF] += 1
        elif kind == EVENT_FUND_PAID:
            self.fund_paid += _amount(block, offset + EVENT_FUND_PAID_AMOUNT)
        elif kind == EVENT_SURPLUS_PAID:
            self.surplus_paid += _amount(block, offset + EVENT_SURPLUS_PAID_AMOUNT)
        elif kind == EVENT_LOSS_SOCIALIZED:
            self.socialized += _amount(block, offset + EVENT_LOSS_SOCIALIZED_CHARGED)
            small = read_i64_le(block, offset + EVENT_LOSS_SOCIALIZED_PAYERS)
            self._note_payers((small >> EVENT_LOSS_SOCIALIZED_PAYERS_SHIFT) & 0xFFFFFFFF)
        elif kind == EVENT_SESSION_ENDED:
            self.socialized += _amount(block, offset + EVENT_SESSION_ENDED_CHARGED)
            self._note_payers(read_i64_le(block, offset) >> 32)  # in the header, where others have their account
        elif kind == EVENT_VENUE_LOSS_BOOKED:
            self.venue_loss += _amount(block, offset + EVENT_VENUE_LOSS_BOOKED_AMOUNT)

    def _note_payers(self, payers: i64) -> None:
        """Take note of how many shared a loss."""
        if payers > self.most_payers:
            self.most_payers = payers

    def _note_start(self, block: bytes, offset: i64) -> None:
        number = read_i64_le(block, offset + EVENT_LIQUIDATION_STARTED_LIQUIDATION_ID)
        cause = read_i64_le(block, offset + EVENT_LIQUIDATION_STARTED_TRIGGERED_BY)
        while number >= len(self.chain_of_liquidation):
            self.chain_of_liquidation = doubled(self.chain_of_liquidation)
        length: i64 = 1
        if cause != 0:
            self.triggered_count += 1
            length = self.chain_of_liquidation[cause] + 1
        self.chain_of_liquidation[number] = length
        if length > self.longest_chain:
            self.longest_chain = length


def _amount(block: bytes, offset: i64) -> int:
    """Return a word as an unbounded integer: compiled, a sum with a 64-bit one would be of 64 bits, and wrap."""
    return read_i64_le(block, offset)
