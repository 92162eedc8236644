"""How often a venue's rules have something done by the clock, and how long it may go without a command for that.

A period of some nanoseconds is sound among commands some nanoseconds apart, but would run for ever in the hour before
the next one. Rules alone cannot tell, so the gap is bounded where it opens. See docs/semantics/pricing.md, section 1.
"""

from collections.abc import Sequence
from typing import Final

from exchange.instrument import Instrument
from exchange.rules import BreakerRules, Rules

_HOUR_NS: Final = 3_600_000_000_000
MAX_STEPS: Final = 1_000_000  # of one period between two commands


def periods(instruments: Sequence[Instrument], rules: Rules) -> list[tuple[int, str]]:
    """Return every period that the rules use, with the field that states it."""
    found = []
    for instrument in instruments:
        where = f"instrument {instrument.instrument_id}: "
        if instrument.mark_source == "model":
            found.append((instrument.mark.every_ns, where + "mark.every_ns"))
        found.append((instrument.funding.interval_ns, where + "funding.interval_ns"))
        found.append((instrument.funding.sample_ns, where + "funding.sample_ns"))
    liquidation = rules.liquidation
    if liquidation.order == "limit":
        found.append((liquidation.lifetime_ns, "rules.liquidation.lifetime_ns"))
    found.append((liquidation.pacing.interval_ns, "rules.liquidation.pacing.interval_ns"))
    found.append((liquidation.pacing.window_ns, "rules.liquidation.pacing.window_ns"))
    found.append((liquidation.disposal.step_ns, "rules.liquidation.disposal.step_ns"))
    if "debt" in rules.waterfall and rules.debt.interest_ppb > 0:
        found.append((rules.debt.interest_period_ns, "rules.debt.interest_period_ns"))
    if "session" in rules.waterfall and rules.socialization.session_rest == "carry":
        found.append((rules.socialization.session_ns, "rules.socialization.session_ns"))
    if any(instrument.kind == "spot" for instrument in instruments):
        found.append((rules.borrow.charge_hours * _HOUR_NS, "rules.borrow.charge_hours"))
    return [(period_ns, field) for period_ns, field in found if period_ns > 0]


def phase_periods(instruments: Sequence[Instrument]) -> list[tuple[int, str]]:
    """Return the periods of timetables and breakers, which venues without clearing have, too."""
    found = []
    for instrument in instruments:
        where = f"instrument {instrument.instrument_id}: "
        if instrument.phases.timetable and instrument.phases.period_ns > 0:
            found.append((instrument.phases.period_ns, where + "phases.period_ns"))
        found += _calls(instrument.breakers, where + "breakers.")
    return found


def _calls(breakers: BreakerRules, where: str) -> list[tuple[int, str]]:
    """Return how long each breaker keeps the market from trading: what tripped it may trip it again after that."""
    found = []
    for name, band in (("static_band", breakers.static_band), ("dynamic_band", breakers.dynamic_band)):
        if (band.width_ticks > 0 or band.width_ppm > 0) and band.action in ("auction", "halt"):
            found.append((band.auction_ns, f"{where}{name}.auction_ns"))
    if breakers.limit_up_down.width_ppm > 0:
        found.append((breakers.limit_up_down.auction_ns, where + "limit_up_down.auction_ns"))
    if breakers.stop_logic.max_move_ticks > 0:
        found.append((breakers.stop_logic.pause_ns, where + "stop_logic.pause_ns"))
    return found
