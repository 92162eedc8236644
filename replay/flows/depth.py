"""A static book: orders at stated prices that come back at a stated rate after they have been traded.

They belong to the recorded market (account 0), which needs no margin and never trades with itself.
"""

from typing import Final, Literal, final

import msgspec

from exchange import Exchange
from exchange.commands import CancelOrder, Command, PlaceOrder
from exchange.enums import Origin, Side
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.units import PPM, div_ceil, div_floor
from replay.flows.setting import Number, Setting
from replay.population import lots_of
from replay.sources.cells import parse_price

_MOST_LEVELS: Final = 20_000


class DepthBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Levels of one side, from `first` on in steps of `step` as far as `last`, both included where the steps reach it.

    money: at each level, worth at its price; or quantity: the same at each. last_money: at the last level; those
    between are on a line.
    """

    side: Literal["buy", "sell"]
    first: Number
    last: Number
    step: Number = 0
    money: Number = 0
    last_money: Number = 0
    quantity: Number = 0


class DepthSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a static book.

    thickness_ppm: of every level, so that a what-if may make the book thicker or thinner. refill_ppm: share of what a
    level lacks that comes back every `refill_every`, from `refill_from` on; 0: nothing does. at, until: when it stands.
    """

    bands: tuple[DepthBand, ...]
    instrument: str = ""
    thickness_ppm: int = PPM
    refill_ppm: int = 0
    refill_every: str = ""
    refill_from: str = ""
    at: str = ""
    until: str = ""

    def open(self, setting: Setting) -> "Depth":
        """Return the book before it stands."""
        instrument = setting.instrument(self.instrument)
        levels: list[DepthLevel] = []
        for number, band in enumerate(self.bands):
            levels += _levels(band, instrument, setting, f"bands[{number}]", self.thickness_ppm)
        if not 1 <= len(levels) <= _MOST_LEVELS:
            raise ConfigError(f"{setting.where('bands')}: expected 1..{_MOST_LEVELS:,} levels, found {len(levels):,}")
        if not 0 <= self.refill_ppm <= PPM:
            raise ConfigError(f"{setting.where('refill_ppm')}: expected 0..1,000,000, found {self.refill_ppm}")
        every_ns = setting.duration_ns(self.refill_every, "refill_every")
        if self.refill_ppm > 0 and every_ns == 0:
            raise ConfigError(f"{setting.where('refill_every')}: expected a duration beside refill_ppm, found none")
        at_ns = setting.time_ns(self.at, "at")
        until_ns = setting.time_ns(self.until, "until") if self.until else None
        refill_ns = max(at_ns + every_ns, setting.time_ns(self.refill_from, "refill_from"))
        return Depth(
            setting, instrument, levels, at_ns, until_ns, self.refill_ppm, refill_ns, every_ns if self.refill_ppm else 0
        )


class DepthLevel:
    """One level: what stands there when nobody has traded it, and the orders that are there now."""

    def __init__(self, side: Side, price_ticks: int, lots: int) -> None:
        """Begin without an order."""
        self.side = side
        self.price_ticks = price_ticks
        self.lots = lots
        self.order_ids: list[int] = []


def _levels(
    band: DepthBand, instrument: Instrument, setting: Setting, key: str, thickness_ppm: int
) -> list[DepthLevel]:
    first = setting.ticks(instrument, band.first, f"{key}.first")
    last = setting.ticks(instrument, band.last, f"{key}.last")
    step = max(1, parse_price(str(band.step), instrument.tick_size, setting.where(f"{key}.step")))
    if (str(band.money) == "0") == (str(band.quantity) == "0"):
        raise ConfigError(
            f"{setting.where(key)}: expected money or quantity, found {'neither' if not band.money else 'both'}"
        )
    side = Side.BUY if band.side == "buy" else Side.SELL
    prices = range(first, last - 1, -step) if last <= first else range(first, last + 1, step)
    nearest = setting.money(instrument, band.money, f"{key}.money") if band.money else 0
    farthest = setting.money(instrument, band.last_money, f"{key}.last_money") if band.last_money else nearest
    quantity = setting.lots(instrument, band.quantity, f"{key}.quantity") if band.quantity else 0
    levels: list[DepthLevel] = []
    for number, price in enumerate(prices):
        money = nearest + div_floor((farthest - nearest) * number, max(1, len(prices) - 1))
        lots = quantity or lots_of(money, instrument, price)
        thick = div_floor(lots * thickness_ppm, PPM)
        if thick > 0:
            levels.append(DepthLevel(side, price, thick))
    return levels


@final
class Depth:
    """A static book that refills."""

    def __init__(
        self,
        setting: Setting,
        instrument: Instrument,
        levels: list[DepthLevel],
        at_ns: int,
        until_ns: int | None,
        refill_ppm: int,
        refill_ns: int,
        every_ns: int,
    ) -> None:
        """Begin with an empty book. every_ns: between two refills, 0 for none."""
        self.is_reactive = every_ns > 0 or until_ns is not None
        self._setting = setting
        self._instrument = instrument
        self._levels = levels
        self._at_ns: int | None = at_ns
        self._until_ns = until_ns
        self._refill_ppm = refill_ppm
        self._refill_ns = refill_ns
        self._every_ns = every_ns

    def next_ts_ns(self) -> int | None:
        """Return when it is put up, refilled or taken away."""
        if self._at_ns is not None:
            return self._at_ns
        if self._every_ns == 0 or (self._until_ns is not None and self._refill_ns >= self._until_ns):
            return self._until_ns
        return self._refill_ns

    def act(self, venue: Exchange) -> list[Command]:
        """Put the book up, refill it, or take it away."""
        if self._at_ns is not None:
            ts_ns, self._at_ns = self._at_ns, None
            return _as_one([self._place(ts_ns, level, level.lots) for level in self._levels])
        if self._until_ns is not None and self.next_ts_ns() == self._until_ns:
            ts_ns, self._until_ns, self._every_ns = self._until_ns, None, 0
            return _as_one([cancel for level in self._levels for cancel in self._cancels(ts_ns, level, venue)])
        ts_ns = self._refill_ns
        self._refill_ns += self._every_ns
        return _as_one([order for level in self._levels for order in self._refills(ts_ns, level, venue)])

    def _refills(self, ts_ns: int, level: DepthLevel, venue: Exchange) -> list[Command]:
        book = venue.book(self._instrument.instrument_id)
        live = [(order_id, order) for order_id in level.order_ids if (order := book.order(order_id)) is not None]
        level.order_ids = [order_id for order_id, _ in live]
        lacks = level.lots - sum(order.open_lots for _, order in live)
        lots = div_ceil(lacks * self._refill_ppm, PPM)
        return [self._place(ts_ns, level, lots)] if lots > 0 else []

    def _cancels(self, ts_ns: int, level: DepthLevel, venue: Exchange) -> list[Command]:
        number = self._instrument.instrument_id
        book = venue.book(number)
        live = [order_id for order_id in level.order_ids if book.order(order_id) is not None]
        return [CancelOrder(ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True) for order_id in live]

    def _place(self, ts_ns: int, level: DepthLevel, lots: int) -> Command:
        order_id = self._setting.new_order_id()
        level.order_ids.append(order_id)
        number = self._instrument.instrument_id
        return PlaceOrder(
            ts_ns, number, 0, order_id, level.side, lots, level.price_ticks, origin=Origin.RECORDED, is_continued=True
        )


def _as_one(commands: list[Command]) -> list[Command]:
    """Let the venue settle after the last one only, so that nothing happens in a book that is half there."""
    if commands:
        commands[-1] = msgspec.structs.replace(commands[-1], is_continued=False)
    return commands
