"""Prices that come from outside along stated points, and quotes around them.

Between two points a price lies on the straight line, rounded down to a tick.
"""

from typing import Final, Literal, final

import msgspec

from exchange import Exchange
from exchange.commands import CancelOrder, Command, PlaceOrder, ReportTrade, SetIndexPrice, SetMarkPrice
from exchange.enums import Origin, Side
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.units import MAX_TS_NS, PPM, div_ceil, div_floor
from replay.flows.setting import Number, Setting
from replay.population import lots_of
from replay.sources.cells import Cell, parse_integer, parse_price
from replay.sources.csv_rows import csv_rows, take
from replay.sources.text import TextFile

_MOST_STEPS: Final = 1_000_000


class Points:
    """A series of (ns, value) with the values between them."""

    def __init__(self, points: list[tuple[int, int]]) -> None:
        """Keep points by rising time, at least one."""
        self.points = points
        self._at = 0

    def value(self, ts_ns: int) -> int:
        """Return the value at a time not before that of the last call; the first or last one outside of the series."""
        points = self.points
        while self._at + 1 < len(points) and points[self._at + 1][0] <= ts_ns:
            self._at += 1
        begun, value = points[self._at]
        if ts_ns <= begun or self._at + 1 == len(points):
            return value
        ends, last = points[self._at + 1]
        return value + div_floor((last - value) * (ts_ns - begun), ends - begun)


class PathSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of an outside price.

    points: (time, price) pairs. every: the time between two values; without it only the points themselves are sent.
    shows: what the price is: "mark", "index", or "trade", which is reported and traded by nobody. leg: of the index.
    qty: of each reported trade.
    """

    points: tuple[tuple[str, Number], ...]
    shows: tuple[Literal["mark", "index", "trade"], ...]
    instrument: str = ""
    every: str = ""
    leg: int = 0
    qty: Number = ""
    source: str = ""

    def open(self, setting: Setting) -> "Path":
        """Return the path before its first value."""
        instrument = setting.instrument(self.instrument)
        lots = setting.lots(instrument, self.qty, "qty") if self.qty else 1
        times = _times(setting, [text for text, _ in self.points], self.every)
        return Path(instrument, _price_points(setting, instrument, self.points), times, self.shows, self.leg, lots)


class SeriesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a recorded price: a CSV file with a header, one price per row.

    file: in the scenario's folder, or in that of recordings. time_column: of milliseconds since 1970. The rest as of a
    path.
    """

    file: str
    shows: tuple[Literal["mark", "index", "trade"], ...]
    instrument: str = ""
    time_column: str = "timestamp_ms"
    price_column: str = "price"
    leg: int = 0

    def open(self, setting: Setting) -> "Path":
        """Return the path before its first value. Raises DataError naming file, line and column."""
        instrument = setting.instrument(self.instrument)
        path = setting.recording(self.file, "file")
        columns = (self.time_column, self.price_column)
        points: list[tuple[int, int]] = []
        for line, cells in csv_rows(TextFile(path).lines(), columns, path):
            time, price = Cell(path, line, self.time_column), Cell(path, line, self.price_column)
            ts_ns = parse_integer(take(cells, time), time, 0, MAX_TS_NS // 1_000_000) * 1_000_000
            points.append((ts_ns, parse_price(take(cells, price), instrument.tick_size, price)))
        found = _rising(setting, "file", points)
        return Path(instrument, found, [ts_ns for ts_ns, _ in points], self.shows, self.leg, 1)


@final
class Path:
    """An outside price."""

    is_reactive = False

    def __init__(
        self, instrument: Instrument, points: Points, times: list[int], shows: tuple[str, ...], leg: int, lots: int
    ) -> None:
        """Begin before the first time."""
        self._number = instrument.instrument_id
        self._points = points
        self._times = times
        self._shows = shows
        self._leg = leg
        self._lots = lots
        self._at = 0
        self._before = 0

    def next_ts_ns(self) -> int | None:
        """Return the time of the next value."""
        return self._times[self._at] if self._at < len(self._times) else None

    def act(self, venue: Exchange) -> list[Command]:
        """Return the value, as everything that it is."""
        ts_ns = self._times[self._at]
        self._at += 1
        price = self._points.value(ts_ns)
        commands: list[Command] = []
        for shown in self._shows:
            if shown == "trade":
                side = Side.SELL if price < self._before else Side.BUY
                commands.append(ReportTrade(ts_ns, self._number, side, price, self._lots))
            elif shown == "index":
                commands.append(SetIndexPrice(ts_ns, self._number, price, self._leg))
            else:
                commands.append(SetMarkPrice(ts_ns, self._number, price))
        self._before = price
        return commands


class QuotesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of quotes around a price.

    points: (time, price) pairs of the price that the makers see. every: the time between two quotes. levels: on each
    side. spread_ppm: between the best two. spacing_ppm: between two levels. money: (time, amount) pairs: worth of each
    level at a time, on a line between them. thickness_ppm: of all of them. bid_ppm: of a bid level, against an ask.
    """

    points: tuple[tuple[str, Number], ...]
    money: tuple[tuple[str, Number], ...]
    every: str
    instrument: str = ""
    levels: int = 10
    spread_ppm: int = 200
    spacing_ppm: int = 1_000
    thickness_ppm: int = PPM
    bid_ppm: int = PPM
    source: str = ""

    def open(self, setting: Setting) -> "Quotes":
        """Return the makers before their first quotes."""
        instrument = setting.instrument(self.instrument)
        for key, value, lowest, highest in (
            ("levels", self.levels, 1, 1_000),
            ("spread_ppm", self.spread_ppm, 0, PPM),
            ("spacing_ppm", self.spacing_ppm, 1, PPM),
            ("thickness_ppm", self.thickness_ppm, 1, 1_000 * PPM),
            ("bid_ppm", self.bid_ppm, 0, 1_000 * PPM),
        ):
            if not lowest <= value <= highest:
                raise ConfigError(f"{setting.where(key)}: expected {lowest}..{highest}, found {value}")
        prices = _price_points(setting, instrument, self.points)
        amounts = [
            (setting.time_ns(text, "money"), setting.money(instrument, amount, "money")) for text, amount in self.money
        ]
        times = _times(setting, [text for text, _ in self.points], self.every)
        return Quotes(setting, instrument, self, prices, _rising(setting, "money", amounts), times)


@final
class Quotes:
    """Makers that take their quotes away and put new ones up, as one."""

    is_reactive = True

    def __init__(
        self,
        setting: Setting,
        instrument: Instrument,
        spec: QuotesSpec,
        prices: Points,
        money: Points,
        times: list[int],
    ) -> None:
        """Begin without a quote."""
        self._setting = setting
        self._instrument = instrument
        self._spec = spec
        self._prices = prices
        self._money = money
        self._times = times
        self._at = 0
        self._live: list[int] = []
        self._is_unseen = False

    def next_ts_ns(self) -> int | None:
        """Return when they quote anew."""
        return self._times[self._at] if self._at < len(self._times) else None

    def act(self, venue: Exchange) -> list[Command]:
        """Take away what is left of the quotes, and quote."""
        ts_ns = self._times[self._at]
        self._at += 1
        number = self._instrument.instrument_id
        book = venue.book(number)
        commands: list[Command] = [
            CancelOrder(ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True)
            for order_id in self._live
            if self._is_unseen or book.order(order_id) is not None
        ]
        self._is_unseen = self._setting.is_held(ts_ns)  # What is placed now will be in the book only later.
        self._live = []
        price = self._prices.value(ts_ns)
        money = div_floor(self._money.value(ts_ns) * self._spec.thickness_ppm, PPM)
        half = max(1, div_ceil(price * self._spec.spread_ppm, 2 * PPM))
        spacing = max(1, div_floor(price * self._spec.spacing_ppm, PPM))
        for level in range(self._spec.levels):
            for side, sign, share in ((Side.BUY, -1, self._spec.bid_ppm), (Side.SELL, 1, PPM)):
                quoted = price + sign * (half + level * spacing)
                if not self._instrument.min_price_ticks <= quoted <= self._instrument.max_price_ticks:
                    continue
                lots = lots_of(div_floor(money * share, PPM), self._instrument, quoted)
                if lots > 0:
                    self._live.append(self._setting.new_order_id())
                    commands.append(
                        PlaceOrder(
                            ts_ns,
                            number,
                            0,
                            self._live[-1],
                            side,
                            lots,
                            quoted,
                            origin=Origin.RECORDED,
                            is_continued=True,
                        )
                    )
        if commands:
            commands[-1] = msgspec.structs.replace(commands[-1], is_continued=False)
        return commands


def _price_points(setting: Setting, instrument: Instrument, points: tuple[tuple[str, Number], ...]) -> Points:
    pairs = [(setting.time_ns(text, "points"), setting.ticks(instrument, price, "points")) for text, price in points]
    return _rising(setting, "points", pairs)


def _rising(setting: Setting, key: str, pairs: list[tuple[int, int]]) -> Points:
    times = [ts_ns for ts_ns, _ in pairs]
    if not pairs or times != sorted(set(times)):
        raise ConfigError(f"{setting.where(key)}: expected at least one point, and times that rise")
    return Points(pairs)


def _times(setting: Setting, texts: list[str], every: str) -> list[int]:
    """Return the times of the points and, with `every`, those between at multiples of it after the first."""
    times = [setting.time_ns(text, "points") for text in texts]
    step = setting.duration_ns(every, "every")
    if step == 0 or not times:
        return times
    count = (times[-1] - times[0]) // step
    if count > _MOST_STEPS:
        raise ConfigError(f"{setting.where('every')}: expected at most {_MOST_STEPS:,} steps, found {count:,}")
    return sorted({*times, *range(times[0], times[-1], step)})
