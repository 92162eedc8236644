"""Databento market by order (schema `mbo`) in DBN files, versions 1 to 3, plain or zstd: one instrument as commands.

An event is the records of the instrument up to the one flagged LAST; a book snapshot is an event of its own. What the
records mean is the matter of `dbn_flow.py`. Known limits: one instrument per source; a zstd file that was cut between
two records looks like a shorter one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, get_args

from exchange.commands import Command
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from replay.sources.dbn_flow import Clock, DbnFlow, DbnStep
from replay.wording import os_errors_of, shown

if TYPE_CHECKING:
    from databento_dbn import MBOMsg

F_LAST: Final = 128
F_SNAPSHOT: Final = 32

_CHUNK_BYTES: Final = 1 << 18
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_PRICE_UNIT: Final = Fraction(1, 1_000_000_000)
_MONEY_UNIT: Final = "0.01"
# Tick size and value of one point, USD, of contracts whose symbols end in a delivery month and year.
_CONTRACTS: Final = {"ES": ("0.25", "50"), "MES": ("0.25", "5"), "NQ": ("0.25", "20"), "MNQ": ("0.25", "2")}
_FUTURE_SYMBOL: Final = re.compile(r"([A-Z0-9]{1,3}?)[FGHJKMNQUVXZ]\d{1,2}")


class DbnSource:
    """The recorded orders of one instrument of a DBN file.

    symbol: needed where the file holds several. tick_size, point_value: decimal text, the smallest price step and the
    money that one lot gains when the price rises by 1; by default those of a known contract, otherwise the greatest
    step that divides every price in the file (one more pass), and 1. clock: which recorded time orders the flow.
    counts: what the last iteration found, by kind.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        symbol: str | None = None,
        instrument_id: int = 1,
        tick_size: str | None = None,
        point_value: str | None = None,
        clock: Clock = "ts_recv",
    ) -> None:
        """Read the file's metadata, and its prices where the tick is not known.

        Raises ConfigError for an option that does not fit the file, DataError for a file that is not DBN of schema mbo.
        """
        self.path = Path(path)
        with os_errors_of(self.path):
            self.size_bytes = self.path.stat().st_size
        self.position_bytes = 0
        self.counts: Counter[str] = Counter()
        if clock not in get_args(Clock):
            raise ConfigError(f"{self.path}: expected clock as one of {get_args(Clock)}, found {clock!r}")
        self._clock: Clock = clock
        self._dbn = _databento_dbn(self.path)
        self._recorded_id, found_symbol = self._choose_instrument(symbol)
        instrument, how = self._instrument(found_symbol, instrument_id, tick_size, point_value)
        self.instruments = (instrument,)
        self.description = f"{self.path.name}: {found_symbol}, market by order (DBN), by {clock}; {how}"
        self.tick_nanos = _whole(Fraction(instrument.tick_size) / _PRICE_UNIT, "tick_size in steps of 1e-9", instrument)

    def commands(self) -> Iterator[Command]:
        """Yield the commands of all events. Raises DataError, or SequenceError where time goes back."""
        for step in self.steps():
            yield from step.commands

    def steps(self) -> Iterator[DbnStep]:
        """Yield the events, those that change nothing included, and count anew. Errors as in `commands`."""
        flow = DbnFlow(self.path, self.instruments[0], self.tick_nanos)
        self.counts = flow.counts
        event: list[tuple[int, MBOMsg]] = []
        for number, record in self.records():
            if event and (event[-1][1].flags ^ record.flags) & F_SNAPSHOT:
                yield flow.step(event, self._clock)
                event = []
            event.append((number, record))
            if record.flags & F_LAST:
                yield flow.step(event, self._clock)
                event = []
        if event:
            flow.counts["unfinished events"] += 1
            yield flow.step(event, self._clock)

    def records(self) -> Iterator[tuple[int, MBOMsg]]:
        """Yield the instrument's records as they stand, each with its number in the file, counted from 1."""
        mbo = self._dbn.RType.MBO
        for number, record in enumerate(self._decode()):
            # Number 0 is the metadata.
            if number > 0 and record.rtype == mbo and record.instrument_id == self._recorded_id:
                yield number, record

    def _decode(self) -> Iterator[Any]:
        """Yield the metadata, then every record of the file."""
        compression = self._dbn.Compression
        count = 0
        with os_errors_of(self.path):
            opened = self.path.open("rb")
        with opened as file:
            is_zstd = file.read(len(_ZSTD_MAGIC)) == _ZSTD_MAGIC
            decoder = self._dbn.DBNDecoder(compression=compression.ZSTD if is_zstd else compression.NONE)
            file.seek(0)
            while chunk := file.read(_CHUNK_BYTES):
                self.position_bytes = file.tell()
                try:
                    decoder.write(chunk)
                    decoded = decoder.decode()
                except self._dbn.DBNError as error:
                    raise DataError(f"{self.path}: after record {max(count - 1, 0)}: expected DBN: {error}") from error
                count += len(decoded)
                yield from decoded
        left_bytes = len(decoder.buffer())
        if count == 0 or left_bytes > 0:
            raise DataError(
                f"{self.path}: after record {max(count - 1, 0)}: expected a whole record, found {left_bytes} bytes"
            )

    def _choose_instrument(self, symbol: str | None) -> tuple[int, str]:
        """Return the file's number and symbol of the instrument to read."""
        metadata = next(self._decode())
        if metadata.schema != "mbo":
            raise DataError(f"{self.path}: expected schema mbo, found {metadata.schema}")
        ids_by_symbol = {
            raw_symbol: sorted({int(interval["symbol"]) for interval in intervals if interval["symbol"]})
            for raw_symbol, intervals in metadata.mappings.items()
        }
        listed = ", ".join(sorted(ids_by_symbol)[:10])
        if symbol is None and len(ids_by_symbol) != 1:
            raise ConfigError(f"{self.path}: expected symbol to be one of the file's {len(ids_by_symbol)}: {listed}")
        chosen = next(iter(ids_by_symbol)) if symbol is None else symbol
        ids = ids_by_symbol.get(chosen, [])
        if len(ids) != 1:
            raise ConfigError(
                f"{self.path}: expected a symbol with one instrument, found {shown(chosen)} with {ids}: {listed}"
            )
        return ids[0], chosen

    def _instrument(
        self, symbol: str, instrument_id: int, tick_size: str | None, point_value: str | None
    ) -> tuple[Instrument, str]:
        """Return the instrument and, for the description, where its tick size and value come from."""
        future = _FUTURE_SYMBOL.fullmatch(symbol)
        known_tick, known_value = _CONTRACTS.get(future[1], (None, "1")) if future else (None, "1")
        tick, how = tick_size or known_tick, "as given" if tick_size else "of the contract"
        if tick is None:
            tick, how = self._tick_in_data(), "the greatest step that divides every price"
        try:
            value = Fraction(tick) * Fraction(point_value or known_value) / Fraction(_MONEY_UNIT)
        except ValueError as error:
            raise ConfigError(f"{self.path}: tick_size and point_value: expected decimal text, {error}") from error
        instrument = Instrument(
            instrument_id=instrument_id,
            symbol=symbol,
            tick_value=value.numerator,
            tick_value_divisor=value.denominator,
            tick_size=tick,
            money_unit=_MONEY_UNIT,
        )
        return instrument, f"tick {tick} ({how}), {point_value or known_value} per point and lot, lot 1"

    def _tick_in_data(self) -> str:
        """Return, as decimal text, the greatest step that divides the price of every order in the file."""
        priced = (self._dbn.Action.ADD, self._dbn.Action.MODIFY)
        step = gcd(*(record.price for _, record in self.records() if record.action in priced))
        if step == 0:
            raise ConfigError(f"{self.path}: expected tick_size, as the file has no order that shows it")
        whole, nanos = divmod(step, 1_000_000_000)
        return f"{whole}.{nanos:09}".rstrip("0").rstrip(".")


def _whole(value: Fraction, expected: str, instrument: Instrument) -> int:
    if value.denominator != 1 or value <= 0:
        raise ConfigError(f"instrument {instrument.symbol!r}: expected {expected}, found {instrument.tick_size}")
    return value.numerator


def _databento_dbn(path: Path) -> ModuleType:
    try:
        import databento_dbn
    except ImportError as error:
        raise ConfigError(
            f"{path}: expected the optional library databento-dbn (pip install 'cascade-exchange[dbn]'), found none"
        ) from error
    return databento_dbn
