"""Random rules and commands about prices: marks of many sources, index legs, funding, expiry, time that passes."""

from typing import Any

import msgspec

from exchange.commands import AdvanceTime, Command, SetFundingRate, SetIndexPrice, SettleInstrument
from exchange.instrument import Instrument
from exchange.rules import FundingRules, IndexRules, MarkRules, SettlementRules
from exchange.units import MAX_PRICE_TICKS, PPB, PPM
from tests.reference.random_source import Source, between, one_in, pick
from tests.reference.random_venues import CENTRE, lot_value

UNITS = (1, 7, 1_000_000_000, 600_000_000_000)  # ns between two commands, roughly
SOURCES = (
    "last",
    "best_bid",
    "best_ask",
    "mid",
    "impact_mid",
    "trade_vwap",
    "book_median",
    "index",
    "index_basis",
    "fair_price",
    "external",
)


def with_prices(instrument: Instrument, source: Source, start_ns: int, unit_ns: int) -> Instrument:
    """Return the instrument with prices, funding and an expiry at random."""
    changed: dict[str, Any] = {}
    if not one_in(source, 4):
        changed["index"] = make_index(source, unit_ns)
    can_end = instrument.kind != "spot"  # nobody delivers an asset that everybody has
    if one_in(source, 2) and can_end:
        changed["funding"] = make_funding(instrument, source, unit_ns)
    if one_in(source, 3) and can_end:
        changed["expiry_ns"] = max(0, start_ns + between(source, -3, 160) * unit_ns)
        changed["settlement"] = SettlementRules(
            pick(source, ("mark", "index", "index_twap")), between(source, 1, 40) * unit_ns
        )
    instrument = msgspec.structs.replace(instrument, **changed)
    if one_in(source, 3):
        return msgspec.structs.replace(instrument, mark=MarkRules(moved_by_liquidations=one_in(source, 2)))
    return msgspec.structs.replace(instrument, mark_source="model", mark=make_mark(instrument, source, unit_ns))


def duration(source: Source, unit_ns: int, most: int) -> int:
    """Return a time of 1 .. `most` commands, now and then one that no command fits."""
    return between(source, 1, most) * unit_ns + (1 if one_in(source, 4) else 0)


def lot_money(instrument: Instrument) -> int:
    """Return what one lot is worth at the centre price."""
    return max(1, lot_value(instrument.kind, instrument.tick_value, instrument.tick_value_divisor))


def make_mark(instrument: Instrument, source: Source, unit_ns: int) -> MarkRules:
    """Return a mark model of one to five sources."""
    allowed = [name for name in SOURCES if name != "fair_price" or instrument.funding.interval_ns > 0]
    names: list[Any] = []
    for _ in range(pick(source, (1, 2, 3, 5))):
        name = pick(source, allowed)
        if name not in names:
            names.append(name)
    weights = [pick(source, (1, 0, 2, 3, 10)) for _ in names]
    if sum(weights) == 0 or one_in(source, 3):
        weights = []
    smoothing = pick(source, ("none", "ema", "average"))
    return MarkRules(
        sources=tuple(names),
        combiner=pick(source, ("weighted", "median", "weighted_median", "first")),
        weights=tuple(weights),
        staleness_ns=tuple(pick(source, (0, 1, 20)) * unit_ns for _ in names) if one_in(source, 2) else (),
        window_ns=duration(source, unit_ns, 30),
        impact_notional=lot_money(instrument) * between(source, 1, 20) // pick(source, (1, 3)) or 1,
        basis_of=pick(source, ("mid", "impact_mid", "last")),
        smoothing=smoothing,  # type: ignore[arg-type]
        basis_window_ns=duration(source, unit_ns, 30),
        clamp_ppm=pick(source, (0, 0, 5_000, 33_333, 200_000)),
        band_ppm=pick(source, (0, 0, 15_000, 77_777)),
        every_ns=duration(source, unit_ns, 12) if one_in(source, 3) else 0,
        moved_by_liquidations=not one_in(source, 3),
    )


def make_index(source: Source, unit_ns: int) -> IndexRules:
    """Return an index of up to five legs."""
    count = pick(source, (0, 1, 2, 3, 5))
    weights = [pick(source, (1, 0, 2, 5)) for _ in range(count)]
    if sum(weights) == 0:
        weights, count = [], 0
    return IndexRules(
        weights=tuple(weights),
        combiner=pick(source, ("weighted", "median", "weighted_median")),
        outlier=pick(source, ("keep", "drop", "clamp")),
        outlier_ppm=pick(source, (0, 15_000, 50_000)),
        staleness_ns=pick(source, (0, 5, 40)) * unit_ns,
        min_legs=between(source, 1, max(1, count)) if one_in(source, 2) else 1,
    )


def make_funding(instrument: Instrument, source: Source, unit_ns: int) -> FundingRules:
    """Return funding every some commands."""
    interval = duration(source, unit_ns, 40)
    model = pick(source, ("external", "interest", "premium", "premium", "twap_difference"))
    premium_of = pick(source, ("mark", "mid", "last", "impact"))
    bounds = pick(source, ((0, 0), (-3_000_000, 2_000_000), (0, 50_000_000), (-70_000_000, -5), (10, 10)))
    pulls = pick(source, ((0, 0), (-500_000, 500_000), (-20_000_000, 1_000_000), (5, 7)))
    return FundingRules(
        interval_ns=interval,
        offset_ns=pick(source, (0, interval - 1, interval // 2, interval // 3)),
        model=model,  # type: ignore[arg-type]
        timing="next" if model != "twap_difference" and one_in(source, 3) else "same",
        premium_of="mid" if model == "twap_difference" and premium_of == "impact" else premium_of,  # type: ignore[arg-type]
        impact_notional=lot_money(instrument) * between(source, 1, 20),
        sample_ns=min(interval, duration(source, unit_ns, 8)) if one_in(source, 2) else 0,
        average=pick(source, ("equal", "linear")),
        quote_interest_ppb=pick(source, (0, 600_000, PPB, -12_345_677)),
        base_interest_ppb=pick(source, (0, 300_000, -PPB)),
        annual_interest_ppb=pick(source, (0, 50_000_000, PPB, -PPB)),
        clamp_ppb=pick(source, (0, 500_000, 30_000_000)),
        clamp_low_ppb=pulls[0],
        clamp_high_ppb=pulls[1],
        scaling_ppm=pick(source, (PPM, 125_000, 0, 333_333, 20 * PPM)),
        floor_ppb=bounds[0],
        cap_ppb=bounds[1],
        price=pick(source, ("mark", "index")),
        remainder=pick(source, ("fund", "fees")),
    )


# The commands.


def instrument_for(world: Any, source: Source) -> int:
    """Return an instrument's id, now and then one that does not exist."""
    if "strangers" in world.features and one_in(source, 40):
        return pick(source, (0, 2, 9))
    instrument: Instrument = pick(source, world.instruments)
    return instrument.instrument_id


def outside_price(world: Any, source: Source) -> int:
    """Return a price near the centre, at times far from it or out of range."""
    if "edges" in world.features and one_in(source, 20):
        return pick(source, (0, -1, MAX_PRICE_TICKS, MAX_PRICE_TICKS + 1))
    if "crash" in world.features and one_in(source, 12):
        return pick(source, (60, 80, 130, 400, 10))
    return CENTRE + between(source, -5, 5)


def set_index(world: Any, source: Source) -> Command:
    """An index price, or one of a leg."""
    return SetIndexPrice(
        ts_ns=0,
        instrument=instrument_for(world, source),
        price_ticks=outside_price(world, source),
        leg=between(source, 0, pick(source, (3, 5, 6))),
    )


def set_plain_index(world: Any, source: Source) -> Command:
    """An index price for an instrument without legs, or one of the first leg."""
    instrument: Instrument = pick(source, world.instruments)
    leg = between(source, 1, len(instrument.index.weights)) if instrument.index.weights else 0
    return SetIndexPrice(
        ts_ns=0, instrument=instrument.instrument_id, price_ticks=outside_price(world, source), leg=leg
    )


def set_funding_rate(world: Any, source: Source) -> Command:
    """A funding rate from outside."""
    rate = pick(source, (100_000, -100_000, 0, 7_777_777, -33_333_333, 200_000_000))
    if "edges" in world.features and one_in(source, 10):
        rate = pick(source, (PPB, -PPB, PPB + 1, -PPB - 1))
    return SetFundingRate(ts_ns=0, instrument=instrument_for(world, source), rate_ppb=rate)


def advance(world: Any, source: Source) -> Command:
    """Time that passes; how much of it is up to whoever gives commands their times."""
    return AdvanceTime(ts_ns=0)


def settle_instrument(world: Any, source: Source) -> Command:
    """A market closed for good: rare, since nothing happens there afterwards."""
    if not one_in(source, 4):
        return advance(world, source)
    return SettleInstrument(ts_ns=0, instrument=instrument_for(world, source), price_ticks=outside_price(world, source))


MENU = (
    ("index_leg", 2, set_index),
    ("index", 5, set_plain_index),
    ("funding_rate", 2, set_funding_rate),
    ("advance", 3, advance),
    ("settle", 1, settle_instrument),
)
