"""The fixed facts of one market: how its prices and quantities become money, its fees and its margin tiers."""

from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import msgspec

from exchange.rules.margin import MarginTier, ScheduleRules
from exchange.rules.orders import AllocationRules
from exchange.rules.phases import BreakerRules, PhaseRules
from exchange.rules.pricing import FundingRules, IndexRules, MarkRules, SettlementRules, expect_mark_model
from exchange.rules.spot import SpotTerms
from exchange.units import (
    DEFAULT_MAX_PRICE_TICKS,
    MAX_FEE_PPM,
    MAX_INSTRUMENT,
    MAX_LEVERAGE,
    MAX_MONEY,
    MAX_PRICE_TICKS,
    MAX_TS_NS,
)
from exchange.validation import check_types, expect

__all__ = ["FeeSchedule", "Instrument", "MarginTier", "ScheduleRules"]

_MOST_DIGITS: Final = 40  # of a step in decimal text, and of its exponent
_MOST_SCHEDULES: Final = 100


class FeeSchedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Trading fees in ppm of the notional; a negative maker fee is a rebate. The venue keeps every remainder.

    liquidation_ppm is charged on top of the taker fee for fills of a liquidation order, and goes to the fund.
    """

    maker_ppm: int = 0
    taker_ppm: int = 0
    liquidation_ppm: int = 0


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One market.

    instrument_id: 1 .. 65,535, unique in the venue.
    kind: 'linear' (settled in the quote asset: a lot is worth price x tick value), 'inverse' (settled in the base
        asset: a lot is worth tick value / price) or 'spot' (the base asset itself, paid for in money; valued
        as linear).
    spot: terms of the base asset as collateral and as a loan; of kind 'spot' only.
    tick_value, tick_value_divisor: the fraction of money per tick and lot (linear), or money x ticks per lot (inverse).
    tick_size, lot_size, money_unit: decimal text, for people and for readers of decimal files; never used in sums.
    min_price_ticks: 1, or less where a market allows zero or negative prices; an inverse one never does.
    max_price_ticks: no order, trade or mark is above it. Positions are bounded by what they would be worth there (an
        inverse one: at min_price_ticks), so a tighter range allows larger positions.
    default_leverage: of an account that has not set its own. max_leverage: the most it may set.
    margin: how margin follows from a position and its orders; margin_tiers: the tiers of every schedule that has none.
    margin_schedules: what SetMarginSchedule may change to, numbered from 1; `margin` is number 0.
    mark_source: 'external', 'last', 'mid', or 'model': made of what `mark` names.
    allocation: which resting order at a price trades first.
    phases, breakers: when it trades how, and what interrupts it.
    expiry_ns: when a dated future is settled by the rule `settlement`; 0: it does not expire.
    """

    instrument_id: int
    symbol: str
    kind: Literal["linear", "inverse", "spot"] = "linear"
    tick_value: int = 1
    tick_value_divisor: int = 1
    tick_size: str = "1"
    lot_size: str = "1"
    money_unit: str = "1"
    currency: str = "USD"
    min_price_ticks: int = 1
    max_price_ticks: int = DEFAULT_MAX_PRICE_TICKS
    default_leverage: int = 1
    max_leverage: int = 100
    mark_source: Literal["external", "last", "mid", "model"] = "external"
    fees: FeeSchedule = FeeSchedule()
    margin_tiers: tuple[MarginTier, ...] = (MarginTier(maintenance_ppm=5_000),)
    margin: ScheduleRules = ScheduleRules()
    margin_schedules: tuple[ScheduleRules, ...] = ()
    mark: MarkRules = MarkRules()
    index: IndexRules = IndexRules()
    funding: FundingRules = FundingRules()
    expiry_ns: int = 0
    settlement: SettlementRules = SettlementRules()
    spot: SpotTerms = SpotTerms()
    allocation: AllocationRules = AllocationRules()
    phases: PhaseRules = PhaseRules()
    breakers: BreakerRules = BreakerRules()

    def __post_init__(self) -> None:
        """Refuse an instrument that could not be traded. Raises ConfigError naming the field."""
        where = f"instrument {self.symbol!r}"
        check_types(self, where)
        expect(
            1 <= self.instrument_id <= MAX_INSTRUMENT,
            where,
            f"instrument_id in 1..{MAX_INSTRUMENT}",
            self.instrument_id,
        )
        is_text = 0 < len(self.symbol) <= 64 and self.symbol.isprintable()
        expect(is_text, where, "symbol of 1..64 printable characters", self.symbol)
        expect(0 < self.tick_value <= MAX_MONEY, where, "tick_value > 0", self.tick_value)
        expect(0 < self.tick_value_divisor <= MAX_MONEY, where, "tick_value_divisor > 0", self.tick_value_divisor)
        expect(
            -MAX_PRICE_TICKS <= self.min_price_ticks <= MAX_PRICE_TICKS,
            where,
            "min_price_ticks in range",
            self.min_price_ticks,
        )
        has_range = self.min_price_ticks <= self.max_price_ticks <= MAX_PRICE_TICKS
        expect(has_range, where, f"max_price_ticks from min_price_ticks to {MAX_PRICE_TICKS}", self.max_price_ticks)
        expect(
            self.kind == "linear" or self.min_price_ticks >= 1,
            where,
            "min_price_ticks >= 1 when inverse or spot",
            self.min_price_ticks,
        )
        expect(1 <= self.max_leverage <= MAX_LEVERAGE, where, f"max_leverage in 1..{MAX_LEVERAGE}", self.max_leverage)
        expect(
            1 <= self.default_leverage <= self.max_leverage,
            where,
            "default_leverage in 1..max_leverage",
            self.default_leverage,
        )
        for name in ("tick_size", "lot_size", "money_unit"):
            text = getattr(self, name)
            expected = f"{name} as positive decimal text of at most {_MOST_DIGITS} digits"
            expect(_is_positive_decimal(text), where, expected, text[:80])
        for name in ("maker_ppm", "taker_ppm", "liquidation_ppm"):
            expect(
                -MAX_FEE_PPM <= getattr(self.fees, name) <= MAX_FEE_PPM,
                where,
                f"fees.{name} within 1,000,000",
                getattr(self.fees, name),
            )
        expect(
            self.fees.maker_ppm + self.fees.taker_ppm >= 0,
            where,
            "fees with maker_ppm + taker_ppm >= 0",
            self.fees.maker_ppm + self.fees.taker_ppm,
        )
        expect(self.fees.liquidation_ppm >= 0, where, "fees.liquidation_ppm >= 0", self.fees.liquidation_ppm)
        expect(
            len(self.margin_schedules) <= _MOST_SCHEDULES,
            where,
            "at most 100 margin_schedules",
            len(self.margin_schedules),
        )
        is_plain = self.margin == ScheduleRules() and len(self.margin_schedules) == 0
        expect(
            self.kind != "spot" or is_plain, where, "no margin and no margin_schedules where kind is spot", self.margin
        )
        is_contract = self.expiry_ns > 0 or self.funding.interval_ns > 0
        expect(
            self.kind != "spot" or not is_contract, where, "no expiry_ns and no funding where kind is spot", self.kind
        )
        for number, schedule in enumerate((self.margin, *self.margin_schedules)):
            named = where if number == 0 else f"{where} margin_schedules[{number - 1}]"
            schedule.check_tiers(schedule.tiers or self.margin_tiers, named)
        expect(0 <= self.expiry_ns <= MAX_TS_NS, where, "expiry_ns >= 0", self.expiry_ns)
        expect_mark_model(self.mark_source, self.mark, self.funding, where)


def _is_positive_decimal(text: str) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    # Bounded, because a limit of 64 bits in such steps is printed in full.
    return value.is_finite() and value > 0 and len(text) <= _MOST_DIGITS and abs(value.adjusted()) <= _MOST_DIGITS
