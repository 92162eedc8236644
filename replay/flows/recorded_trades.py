"""Recorded trades with a modelled book around them, as a flow of a scenario; the book: `replay.flows.trades_only`."""

from typing import Any

import msgspec

from exchange.errors import ConfigError
from replay.flows.conductor import StreamFlow
from replay.flows.setting import Number, Setting
from replay.flows.trades_only import QuoteLevel, Thickness, TradesOnlySource, TradesOnlySpec
from replay.sources import open_source
from replay.sources.trades import HasTrades


class RecordedTradesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of recorded trades.

    file: in the folder of recordings. levels: (distance_ppm, quantity) on both sides, nearest first. since, until: of
    the trades. options: of the file's reader, but for the grid, which is the instrument's. thickness_ppm: of every
    level, so that a what-if may make the book thicker or thinner; thickness: the same by time. The rest:
    `TradesOnlySpec`.
    """

    file: str
    levels: tuple[tuple[int, Number], ...]
    instrument: str = ""
    format: str = ""
    since: str = ""
    until: str = ""
    options: dict[str, Any] = {}
    follow_ppm: int = 500
    refill_every: str = "1 s"
    refill_parts: int = 4
    thickness_ppm: int = 1_000_000
    thickness: tuple[Thickness, ...] = ()
    source: str = ""

    def open(self, setting: Setting) -> StreamFlow:
        """Return the flow before the first trade. Raises ConfigError or DataError naming the parameter or the file."""
        instrument = setting.instrument(self.instrument)
        path = setting.recording(self.file, "file")
        options: dict[str, Any] = {
            **self.options,
            "instrument_id": instrument.instrument_id,
            "tick_size": instrument.tick_size,
            "lot_size": instrument.lot_size,
        }
        options |= {key: value for key, value in (("since", self.since), ("until", self.until)) if value}
        trades = open_source(path, options, format_name=self.format or None)
        if not isinstance(trades, HasTrades):
            raise ConfigError(f"{setting.where('file')}: expected a file of trades, found {trades.description}")
        spec = TradesOnlySpec(
            levels=tuple(
                QuoteLevel(distance_ppm, setting.lots(instrument, quantity, "levels") * self.thickness_ppm // 1_000_000)
                for distance_ppm, quantity in self.levels
            ),
            follow_ppm=self.follow_ppm,
            refill_every_ns=setting.duration_ns(self.refill_every, "refill_every"),
            refill_parts=self.refill_parts,
            thickness=self.thickness,
        )
        return StreamFlow(iter(TradesOnlySource(trades, spec, instrument).commands()))
