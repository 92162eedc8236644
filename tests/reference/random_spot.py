"""Random rules and commands about spot instruments: assets as collateral, loans, interest."""

from typing import Any

import msgspec

from exchange.commands import Command, DepositAsset, SetInterestRate, WithdrawAsset
from exchange.instrument import FeeSchedule, Instrument, ScheduleRules
from exchange.rules import BorrowRules, RateTier, Rules, SpotTerms
from exchange.units import MAX_QTY_LOTS, PPB, PPM
from tests.reference.random_source import Source, between, one_in, pick
from tests.reference.random_venues import lot_value

HOUR_NS = 3_600_000_000_000
UNITS = (600_000_000_000, 1_234_567_890_123, HOUR_NS, 1)  # ns between two commands, roughly


def with_loans(rules: Rules, source: Source, lot_money: int) -> Rules:
    """Return rules with loans at random."""
    return msgspec.structs.replace(
        rules,
        borrow=BorrowRules(
            may_borrow=not one_in(source, 4),
            withdraw=pick(source, ("own", "borrowed")),
            leverage=pick(source, (2, 3, 5, 11)),
            maintenance_tiers=rising(source, lot_money, (50_000, 100_000, 250_000)),
            initial_tiers=pick(source, ((), rising(source, lot_money, (20_000, 100_000, 300_000)))),
            limit=pick(source, (0, 0, 5 * lot_money, 30 * lot_money)),
            borrow_above_ppm=pick(source, (0, 0, 1_200_000, 1_500_000)),
            withdraw_above_ppm=pick(source, (0, 0, 1_300_000, 2_000_000)),
            rate_ppb=rate_for(source),
            open_fee_ppm=pick(source, (0, 0, 200, 12_345)),
            rate_hours=pick(source, (1, 24, 8_760)),
            charge_hours=pick(source, (1, 1, 4, 24)),
            clock=pick(source, ("hours_touched", "hours_ended", "seconds")),
            capitalize=not one_in(source, 3),
            income=pick(source, ("fees", "fund")),
        ),
    )


def rising(source: Source, lot_money: int, rates: tuple[int, int, int]) -> tuple[RateTier, ...]:
    """Return one tier, or three."""
    if not one_in(source, 3):
        return (RateTier(pick(source, rates)),)
    return (RateTier(rates[0], 4 * lot_money), RateTier(rates[1], 12 * lot_money), RateTier(rates[2]))


def rate_for(source: Source) -> int:
    """Return an interest rate."""
    return pick(source, (0, 100_000, 3_333_333, 47_000_001))


def as_spot(instrument: Instrument, source: Source) -> Instrument:
    """Return the instrument as a market of an asset."""
    lot_money = max(1, lot_value("linear", instrument.tick_value, instrument.tick_value_divisor))
    changed: dict[str, Any] = {}
    if instrument.kind == "inverse":
        changed = {"tick_value": 10, "tick_value_divisor": 1, "fees": FeeSchedule()}
        lot_money = lot_value("linear", 10, 1)
    weights = pick(
        source,
        (
            (RateTier(PPM),),
            (RateTier(900_000),),
            (RateTier(950_000, 3 * lot_money), RateTier(700_000, 9 * lot_money), RateTier(0)),
        ),
    )
    return msgspec.structs.replace(
        instrument,
        kind="spot",
        margin=ScheduleRules(),
        margin_schedules=(),
        min_price_ticks=max(1, instrument.min_price_ticks),
        spot=SpotTerms(
            collateral_weights=weights,
            may_borrow=not one_in(source, 4),
            initial_tiers=pick(source, ((), rising(source, lot_money, (30_000, 110_000, 400_000)))),
            limit_lots=pick(source, (0, 0, 10, 30)),
            rate_ppb=rate_for(source),
            open_fee_ppm=pick(source, (0, 0, 300, 9_999)),
        ),
        **changed,
    )


# The commands.


def asset_for(world: Any, source: Source) -> int:
    """Return an instrument's id, a spot one's where there is one, now and then one that does not exist."""
    if "strangers" in world.features and one_in(source, 40):
        return pick(source, (0, 2, 9))
    spots = [i for i in world.instruments if i.kind == "spot"]
    instrument: Instrument = pick(source, spots if spots and not one_in(source, 20) else world.instruments)
    return instrument.instrument_id


def account_for(world: Any, source: Source) -> int:
    """Return a participant, now and then somebody else."""
    if "strangers" in world.features and one_in(source, 30):
        return pick(source, (0, -1, 99))
    return between(source, 1, world.accounts)


def qty_for(world: Any, source: Source) -> int:
    """Return a quantity, now and then at an edge."""
    if "edges" in world.features and one_in(source, 30):
        return pick(source, (0, -1, MAX_QTY_LOTS, MAX_QTY_LOTS + 1))
    return between(source, 1, pick(source, (3, 10, 40)))


def deposit_asset(world: Any, source: Source) -> Command:
    """An asset that comes in."""
    return DepositAsset(
        ts_ns=0,
        instrument=asset_for(world, source),
        account=account_for(world, source),
        qty_lots=qty_for(world, source),
    )


def withdraw_asset(world: Any, source: Source) -> Command:
    """An asset that leaves."""
    return WithdrawAsset(
        ts_ns=0,
        instrument=asset_for(world, source),
        account=account_for(world, source),
        qty_lots=qty_for(world, source),
    )


def set_rate(world: Any, source: Source) -> Command:
    """Another interest rate."""
    rate = rate_for(source)
    if "edges" in world.features and one_in(source, 10):
        rate = pick(source, (-1, PPB, PPB + 1))
    return SetInterestRate(ts_ns=0, instrument=0 if one_in(source, 2) else asset_for(world, source), rate_ppb=rate)


MENU = (
    ("deposit_asset", 4, deposit_asset),
    ("withdraw_asset", 3, withdraw_asset),
    ("interest_rate", 1, set_rate),
)
