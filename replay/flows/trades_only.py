"""A book around recorded trades: the depth of replay for recordings that have nothing but trades.

Account 0, the recorded market, quotes around the last recorded price, and each recorded trade is a taker who meets a
quote at its own price. Injected accounts and their liquidations trade in that book; what they take from a quote is
gone, wherever the quote moves, until the quote is renewed. Rules, exactly: docs/semantics/replay.md.

The flow never looks at the venue: it is written in advance from the trades and the parameters, so it can be a tape.
That works because a quote is moved by an amend that states its total quantity, filled included: only the venue knows
how much of it is left. Known limit: injected accounts move the price between two recorded trades only.
"""

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Final, final

import msgspec

from exchange.codec import decode_commands, encode_command
from exchange.commands import Command
from exchange.enums import BUY, RECORDED, SELL
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.units import MAX_QTY_LOTS, MAX_TS_NS, PPM, div_ceil
from replay.packing import amend_order, cancel_order, execute_recorded, place_order, reduce_order
from replay.sources.cells import parse_time
from replay.sources.trades import HasTrades, Trade

FIRST_QUOTE_ID: Final = 1 << 62  # far from ids that injected accounts would choose
_TRADED_ID: Final = FIRST_QUOTE_ID - 1  # of the quote that a recorded trade meets; it lives for one trade
_BLOCK_RECORDS: Final = 1_024


class QuoteLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of the profile, on both sides: how far from the last recorded price, and how much is quoted there."""

    distance_ppm: int
    qty_lots: int


class Thickness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a time on, this part of the profile is quoted. time: ISO 8601 with Z or an offset."""

    time: str
    bid_ppm: int
    ask_ppm: int

    @property
    def ts_ns(self) -> int:
        """The time as ns since 1970."""
        return parse_time(self.time, "thickness: time")


class TradesOnlySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the depth model.

    levels: the profile, nearest first. follow_ppm: the quotes move when the price is further than this from where they
    stand. refill_every_ns: one of `refill_parts` equal parts of every level is renewed each time, in turn; 0: never.
    thickness: by time; the whole profile before the first.
    """

    levels: tuple[QuoteLevel, ...]
    follow_ppm: int = 500
    refill_every_ns: int = 1_000_000_000
    refill_parts: int = 4
    thickness: tuple[Thickness, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no book. Raises ConfigError naming the field."""
        _expect(len(self.levels) >= 1, "at least one of levels", self.levels)
        distances = [level.distance_ppm for level in self.levels]
        is_outwards = all(near < far for near, far in pairwise(distances))
        _expect(is_outwards, "levels by ascending distance_ppm", distances)
        _expect(distances[0] >= 0 and distances[-1] < PPM, f"distance_ppm in 0..{PPM - 1}", distances)
        _expect(1 <= self.refill_parts <= 1_000, "refill_parts in 1..1000", self.refill_parts)
        for level in self.levels:
            is_divisible = self.refill_parts <= level.qty_lots <= MAX_QTY_LOTS
            _expect(is_divisible, "qty_lots of at least one lot for each of refill_parts", level.qty_lots)
        _expect(0 <= self.follow_ppm < PPM, f"follow_ppm in 0..{PPM - 1}", self.follow_ppm)
        _expect(0 <= self.refill_every_ns <= MAX_TS_NS, "refill_every_ns >= 0", self.refill_every_ns)
        times = [step.ts_ns for step in self.thickness]
        _expect(times == sorted(set(times)), "thickness by ascending time", [step.time for step in self.thickness])
        for step in self.thickness:
            is_part = 0 <= step.bid_ppm <= 100 * PPM and 0 <= step.ask_ppm <= 100 * PPM
            _expect(is_part, f"bid_ppm and ask_ppm in 0..{100 * PPM}", step)


@final
class TradesOnlySource:
    """Recorded trades with the modelled book around them, a source like any other."""

    def __init__(self, trades: HasTrades, spec: TradesOnlySpec, instrument: Instrument | None = None) -> None:
        """Put a book around a file of trades. instrument: as the venue has it; by default as the file does."""
        self._trades = trades
        self._spec = spec
        self.instruments = trades.instruments if instrument is None else (instrument,)
        self.size_bytes = trades.size_bytes
        self.description = f"{trades.description}; in a modelled book of {len(spec.levels)} levels"

    @property
    def position_bytes(self) -> int:
        """Bytes read so far."""
        return self._trades.position_bytes

    def commands(self) -> Iterator[Command]:
        """Yield the commands. Each call starts over."""
        return chain.from_iterable(decode_commands(block) for block in self.blocks())

    def blocks(self) -> Iterator[bytes]:
        """Yield the records in blocks."""
        quotes = _Quotes(self._spec, self.instruments[0])
        block: list[bytes] = []
        for trade in self._trades.trades():
            for event in quotes.before(trade):
                block += event
                if len(block) >= _BLOCK_RECORDS:
                    yield b"".join(block)
                    block = []
            block += quotes.trade(trade)
        if block:
            yield b"".join(block)


@final
class _Quotes:
    """What account 0 quotes: a row per side, level and part. It knows what was quoted, never what is left of it."""

    def __init__(self, spec: TradesOnlySpec, instrument: Instrument) -> None:
        self._spec = spec
        self._instrument = instrument.instrument_id
        self._lowest = max(instrument.min_price_ticks, 1)
        self._highest = instrument.max_price_ticks
        parts = spec.refill_parts
        # By part, so that what is renewed together stands together: (id, side, level).
        self._rows = [
            [
                (FIRST_QUOTE_ID + (part * len(spec.levels) + level) * 2 + side, side, level)
                for level in range(len(spec.levels))
                for side in (BUY, SELL)
            ]
            for part in range(parts)
        ]
        self._totals: dict[int, int] = {}  # id -> lots quoted since it was placed, filled ones included
        self._prices: list[list[int]] = [[], []]  # side -> level -> price at which it stands
        self._reference = 0
        self._share_ppm = [PPM, PPM]  # side -> of the profile
        self._steps = [(step.ts_ns, step) for step in spec.thickness]
        self._next_refill_ns = 0
        self._next_part = 0

    def before(self, trade: Trade) -> Iterator[list[bytes]]:
        """Yield what falls due up to a trade, in time order: each a list of records that are one step of the venue."""
        if self._reference == 0:
            yield self._open(trade)
        while True:
            step_ns = self._steps[0][0] if self._steps else MAX_TS_NS + 1
            refill_ns = self._next_refill_ns if self._spec.refill_every_ns > 0 else MAX_TS_NS + 1
            if min(step_ns, refill_ns) > trade.ts_ns:
                return
            yield self._thicken(self._steps.pop(0)[1], step_ns) if step_ns <= refill_ns else self._refill(refill_ns)

    def trade(self, trade: Trade) -> list[bytes]:
        """Return the quotes' move and the trade: one step of the venue."""
        ts_ns, number, price = trade.ts_ns, self._instrument, trade.price_ticks
        records = self._follow(ts_ns, price)
        maker_side = 1 - trade.side
        # One lot more than is traded, so that the cancel finds something to cancel whoever fills the trade.
        quoted = min(trade.qty_lots + 1, MAX_QTY_LOTS)
        records.append(
            place_order(ts_ns, number, 0, _TRADED_ID, maker_side, quoted, price, origin=RECORDED, is_continued=1)
        )
        records.append(execute_recorded(ts_ns, number, _TRADED_ID, maker_side, price, trade.qty_lots, is_continued=1))
        records.append(cancel_order(ts_ns, number, 0, _TRADED_ID, origin=RECORDED))
        return records

    def _open(self, trade: Trade) -> list[bytes]:
        """Enter the whole profile; it is as thick as it is at that time."""
        while self._steps and self._steps[0][0] <= trade.ts_ns:
            step = self._steps.pop(0)[1]
            self._share_ppm = [step.bid_ppm, step.ask_ppm]
        self._next_refill_ns = trade.ts_ns + self._spec.refill_every_ns
        self._set_reference(trade.price_ticks)
        return self._ended(
            [
                record
                for part in range(self._spec.refill_parts)
                for quote in self._rows[part]
                for record in self._place(trade.ts_ns, part, *quote)
            ]
        )

    def _follow(self, ts_ns: int, price: int) -> list[bytes]:
        """Move every quote where the price has left them; what was taken from them stays taken."""
        away = abs(price - self._reference) * PPM > self._spec.follow_ppm * self._reference
        if not away and self._prices[BUY][0] < price < self._prices[SELL][0]:
            return []
        if price == self._reference:
            return []  # The nearest level stands at the price itself where the profile, or the grid, says so.
        old = [list(self._prices[BUY]), list(self._prices[SELL])]
        self._set_reference(price)
        records = []
        for rows in self._rows:
            for order_id, side, level in rows:
                new_price = self._prices[side][level]
                if order_id in self._totals and new_price != old[side][level]:
                    total = self._totals[order_id]
                    records.append(
                        amend_order(
                            ts_ns,
                            self._instrument,
                            0,
                            order_id,
                            total,
                            new_price,
                            is_total_qty=1,
                            origin=RECORDED,
                            is_continued=1,
                        )
                    )
        return records

    def _thicken(self, step: Thickness, ts_ns: int) -> list[bytes]:
        """Take off what the profile has less of from now on; what it has more of comes with the next renewals."""
        self._share_ppm = [step.bid_ppm, step.ask_ppm]
        records = []
        for part, rows in enumerate(self._rows):
            for order_id, side, level in rows:
                surplus = self._totals.get(order_id, 0) - self._wanted(side, level, part)
                if surplus > 0:
                    records.append(
                        reduce_order(ts_ns, self._instrument, 0, order_id, surplus, origin=RECORDED, is_continued=1)
                    )
                    self._totals[order_id] -= surplus
                    if self._totals[order_id] == 0:
                        del self._totals[order_id]
        return self._ended(records)

    def _refill(self, ts_ns: int) -> list[bytes]:
        """Renew one part of every level: cancel what is left of it, and quote it whole."""
        part = self._next_part
        self._next_part = (part + 1) % self._spec.refill_parts
        self._next_refill_ns = ts_ns + self._spec.refill_every_ns
        records = []
        for quote in self._rows[part]:
            if self._totals.pop(quote[0], 0) > 0:
                records.append(cancel_order(ts_ns, self._instrument, 0, quote[0], origin=RECORDED, is_continued=1))
            records += self._place(ts_ns, part, *quote)
        return self._ended(records)

    def _place(self, ts_ns: int, part: int, order_id: int, side: int, level: int) -> list[bytes]:
        lots = self._wanted(side, level, part)
        if lots == 0:
            return []
        self._totals[order_id] = lots
        price = self._prices[side][level]
        return [place_order(ts_ns, self._instrument, 0, order_id, side, lots, price, origin=RECORDED, is_continued=1)]

    def _wanted(self, side: int, level: int, part: int) -> int:
        """Return the lots of a part: an equal share of the level, of which the first parts have the remainder."""
        lots = self._spec.levels[level].qty_lots * self._share_ppm[side] // PPM
        parts = self._spec.refill_parts
        return min(lots // parts + (1 if part < lots % parts else 0), MAX_QTY_LOTS)

    def _set_reference(self, price: int) -> None:
        self._reference = price
        away = [max(1, div_ceil(price * level.distance_ppm, PPM)) for level in self._spec.levels]
        self._prices = [
            [max(self._lowest, price - ticks) for ticks in away],
            [min(self._highest, price + ticks) for ticks in away],
        ]

    def _ended(self, records: list[bytes]) -> list[bytes]:
        """Let the venue settle after the last of them: each was written as continued."""
        if records:
            records[-1] = _without_continuation(records[-1])
        return records


def _without_continuation(record: bytes) -> bytes:
    """Return the same command with is_continued off."""
    command = next(decode_commands(record))
    return encode_command(msgspec.structs.replace(command, is_continued=False))


def _expect(condition: bool, expected: str, found: object) -> None:
    if not condition:
        raise ConfigError(f"trades-only depth: expected {expected}, found {found}")
