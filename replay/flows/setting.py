"""What a flow is opened with: the markets, its seed, and how its texts become integers."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from replay.sources.cells import parse_money, parse_price, parse_quantity, parse_time
from replay.wording import shown

Number = str | int
"""A number as TOML has it: one with a decimal point comes as text, so that none becomes a float."""

_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_DURATION: Final = re.compile(r"(\d{1,15}) ?(ns|us|ms|s|min|h|d)")
_IDS_OF_A_FLOW: Final = 1 << 40
_MOST_ACCOUNTS: Final = 1_000_000


def parse_duration(text: str, where: object) -> int:
    """Return ns of a text such as "250 ms" or "1 h 30 min". Raises DataError."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        units = ", ".join(_NANOSECONDS)
        raise DataError(f"{where}: expected a duration such as '250 ms' or '1 h 30 min' ({units}), found {shown(text)}")
    return sum(int(amount) * _NANOSECONDS[unit] for amount, unit in parts)


class MissingRecordingError(DataError):
    """A scenario needs a recording that is not here."""


class Setting:
    """The surroundings of one flow.

    number: its place among the flows, from 1, which gives it order ids of its own. outages: (from, until) in which what
    it sends is held back. data: the folder of recordings.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        *,
        path: Path,
        key_path: str,
        number: int,
        seed: int,
        start_ns: int,
        outages: Sequence[tuple[int, int]] = (),
        data: Path | None = None,
    ) -> None:
        """Keep what the flow may ask for."""
        self.instruments = instruments
        self.path = path
        self.key_path = key_path
        self.number = number
        self.seed = seed
        self.start_ns = start_ns
        self._outages = outages
        self._data = data
        self._ids = count(number * _IDS_OF_A_FLOW + 1)

    def where(self, key: str) -> str:
        """Name a key of the flow's table as errors do."""
        return f"{self.path}: {self.key_path}.{key}" if self.key_path else f"{self.path}: {key}"

    def recording(self, name: str, key: str) -> Path:
        """Return a file of the scenario's folder, or of the recordings. Raises MissingRecordingError for none."""
        for folder in (self.path.parent, self._data):
            if folder is not None and (folder / name).is_file():
                return folder / name
        found = "no --data" if self._data is None else f"none in {self._data}"
        raise MissingRecordingError(f"{self.where(key)}: expected {name} in --data FOLDER, found {found}")

    def is_held(self, ts_ns: int) -> bool:
        """Return whether what it sends at a time is held back."""
        return any(from_ns <= ts_ns < until_ns for from_ns, until_ns in self._outages)

    def new_order_id(self) -> int:
        """Return an order id that nobody else uses."""
        return next(self._ids)

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument of a symbol, the only one for an empty text. Raises ConfigError."""
        if not symbol and len(self.instruments) == 1:
            return next(iter(self.instruments.values()))
        found = self.instruments.get(symbol)
        if found is None:
            known = ", ".join(self.instruments)
            raise ConfigError(f"{self.where('instrument')}: expected one of {known}, found {shown(symbol)}")
        return found

    def ticks(self, instrument: Instrument, price: Number, key: str) -> int:
        """Return a price in ticks, at least the lowest of the instrument. Raises DataError naming the key."""
        found = parse_price(str(price), instrument.tick_size, self.where(key))
        if found < instrument.min_price_ticks:
            lowest = f"{instrument.min_price_ticks} ticks of {instrument.tick_size}"
            raise DataError(f"{self.where(key)}: expected a price of at least {lowest}, found {shown(price)}")
        return found

    def lots(self, instrument: Instrument, quantity: Number, key: str) -> int:
        """Return a quantity in lots. Raises DataError naming the key."""
        return parse_quantity(str(quantity), instrument.lot_size, self.where(key))

    def money(self, instrument: Instrument, amount: Number, key: str) -> int:
        """Return money in its minor units. Raises DataError naming the key."""
        return parse_money(str(amount), instrument.money_unit, self.where(key))

    def check_count(self, count: int) -> None:
        """Raise ConfigError for a number of accounts that is none, or too many to make before a run."""
        if not 0 <= count <= _MOST_ACCOUNTS:
            raise ConfigError(f"{self.where('count')}: expected 0..{_MOST_ACCOUNTS:,} accounts, found {count:,}")

    def time_ns(self, text: str, key: str) -> int:
        """Return ns since 1970 of a time; the start of the scenario for an empty text. Raises DataError."""
        return parse_time(text, self.where(key)) if text else self.start_ns

    def duration_ns(self, text: str, key: str) -> int:
        """Return ns of a duration, 0 for an empty text. Raises DataError naming the key."""
        return parse_duration(text, self.where(key)) if text else 0
