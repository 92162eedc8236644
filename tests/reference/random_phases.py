"""Random phases, breakers and protections, and the operator's commands about them."""

from typing import Any

import msgspec

from exchange.commands import Command, SetKillSwitch, SetPhase, SetReferencePrice
from exchange.enums import Phase
from exchange.instrument import Instrument
from exchange.rules import ProtectionRules, Rules
from exchange.rules.phases import (
    BandRules,
    BreakerRules,
    DynamicBandRules,
    LimitRules,
    PhaseRules,
    PhaseTime,
    StopLogicRules,
)
from exchange.units import MAX_PRICE_TICKS
from tests.reference.random_source import Source, between, one_in, pick
from tests.reference.random_venues import CENTRE, lot_value

SECOND = 1_000_000_000
UNITS = (400_000_000, 1_000_000_000, 70_000_000)  # ns between two commands, roughly
PHASES = ("continuous", "opening_auction", "reopening_auction", "closing_auction", "pre_open", "halt", "closed")


def with_phases(instrument: Instrument, source: Source, start_ns: int, unit_ns: int) -> Instrument:
    """Return the instrument with a timetable and auctions at random."""
    period_ns = pick(source, (0, 0, 30, 77)) * unit_ns
    latest = period_ns - 1 if period_ns > 0 else start_ns + 150 * unit_ns
    times = {min(latest, between(source, 0, 150) * unit_ns + (0 if period_ns > 0 else start_ns)) for _ in range(5)}
    rows = tuple(PhaseTime(at_ns, some_phase(source)) for at_ns in sorted(times))  # type: ignore[arg-type]
    rules = PhaseRules(
        initial=some_phase(source),  # type: ignore[arg-type]
        timetable=rows[: pick(source, (0, 0, 2, 5))],
        period_ns=period_ns,
        auction_price=pick(source, ("nearest_reference", "highest")),
        auction_fees=pick(source, ("maker", "taker", "split")),
        auction_market_orders=pick(source, ("queue", "queue", "queue", "refuse")),
        auction_stops=pick(source, ("wait", "wait", "wait", "refuse")),
    )
    return msgspec.structs.replace(instrument, phases=rules)


def some_phase(source: Source) -> str:
    """Return the name of a phase, often the one that trades."""
    return "continuous" if one_in(source, 2) else pick(source, PHASES)


def with_breakers(instrument: Instrument, source: Source, unit_ns: int) -> Instrument:
    """Return the instrument with breakers at random."""
    static, dynamic = make_band(source, unit_ns), make_band(source, unit_ns)
    rules = BreakerRules(
        static_band=BandRules(**static) if one_in(source, 2) else BandRules(),
        dynamic_band=DynamicBandRules(**dynamic) if one_in(source, 2) else DynamicBandRules(),
        limit_up_down=make_limits(source, unit_ns) if one_in(source, 4) else LimitRules(),
        stop_logic=StopLogicRules(between(source, 0, 3), call_time(source, unit_ns))
        if one_in(source, 2)
        else StopLogicRules(),
        extension_ns=pick(source, (0, 1, 2 * unit_ns, 3 * unit_ns)),
        extension_ppm=pick(source, (0, 0, 10_000, 50_000)),
        most_extensions=pick(source, (0, 1, 3)),
    )
    return msgspec.structs.replace(instrument, breakers=rules)


def call_time(source: Source, unit_ns: int) -> int:
    """Return how long a call takes: at least a second."""
    return max(SECOND, between(source, 1, 8) * unit_ns)


def make_band(source: Source, unit_ns: int) -> dict[str, Any]:
    """Return the fields of a band."""
    ticks = pick(source, (0, 1, 2, 4, 6))
    return {
        "width_ticks": ticks,
        "width_ppm": 0 if ticks else pick(source, (9_999, 20_000, 45_000)),
        "reference": pick(source, ("given", "last", "mark", "index")),
        "action": pick(source, ("refuse", "reprice", "cancel", "auction", "auction", "halt", "halt")),
        "auction_ns": call_time(source, unit_ns),
        "halt_ns": pick(source, (0, 1, 4 * unit_ns)),
    }


def make_limits(source: Source, unit_ns: int) -> LimitRules:
    """Return limit up, limit down."""
    return LimitRules(
        width_ppm=pick(source, (10_000, 25_000, 60_000)),
        window_ns=between(source, 0, 30) * unit_ns,
        update_ppm=pick(source, (0, 10_000, 30_000)),
        limit_state_ns=between(source, 0, 9) * unit_ns,
        halt_ns=between(source, 0, 5) * unit_ns,
        auction_ns=call_time(source, unit_ns),
    )


def with_protections(rules: Rules, instrument: Instrument, source: Source, unit_ns: int) -> Rules:
    """Return rules that protect accounts."""
    lot = max(1, lot_value(instrument.kind, instrument.tick_value, instrument.tick_value_divisor))
    ticks = pick(source, (0, 0, 1, 4))
    protections = ProtectionRules(
        max_order_lots=pick(source, (0, 0, 5, 20)),
        max_order_notional=pick(source, (0, 0, 3, 15)) * lot,
        collar_ticks=ticks,
        collar_ppm=0 if ticks else pick(source, (0, 0, 15_000, 40_000)),
        collar_reference=pick(source, ("last", "mark")),
        rate_limit=pick(source, (0, 0, 1, 2, 5)),
        rate_interval_ns=pick(source, (1, 3, 10, 41)) * unit_ns,
        rate_counts_cancels=one_in(source, 2),
    )
    return msgspec.structs.replace(rules, protections=protections)


# The commands.


def instrument_for(world: Any, source: Source) -> int:
    """Return an instrument's id, now and then one that does not exist."""
    if "strangers" in world.features and one_in(source, 40):
        return pick(source, (0, 2, 9))
    instrument: Instrument = pick(source, world.instruments)
    return instrument.instrument_id


def set_phase(world: Any, source: Source) -> Command:
    """The operator begins a phase."""
    phase = Phase[some_phase(source).upper()]
    return SetPhase(ts_ns=0, instrument=instrument_for(world, source), phase=phase)


def set_reference(world: Any, source: Source) -> Command:
    """The operator gives a reference price."""
    price = CENTRE + between(source, -4, 4)
    if "edges" in world.features and one_in(source, 20):
        price = pick(source, (0, -1, 1, MAX_PRICE_TICKS, MAX_PRICE_TICKS + 1))
    return SetReferencePrice(ts_ns=0, instrument=instrument_for(world, source), price_ticks=price)


def kill(world: Any, source: Source) -> Command:
    """An account is shut out, or let in again."""
    account = between(source, 1, world.accounts)
    if "strangers" in world.features and one_in(source, 20):
        account = pick(source, (0, -1, 99))
    return SetKillSwitch(ts_ns=0, account=account, is_on=not one_in(source, 3))
