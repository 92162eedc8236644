"""Conventions of spot margin trading: what counts as collateral, who may borrow what, and what a loan costs."""

from typing import Final, Literal

import msgspec

from exchange.units import MAX_FEE_PPM, MAX_LEVERAGE, MAX_MONEY, MAX_SIZE_LOTS, PPB, PPM
from exchange.validation import check_types, expect

HOURS_OF_A_YEAR: Final = 8_784


class RateTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rate of the part of an amount of money that lies above the previous tier's end.

    up_to: end of the tier in money, inclusive; 0 in the last tier, which has no end.
    """

    ppm: int
    up_to: int = 0


class SpotTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the base asset of a spot instrument is worth as collateral, and the terms on which it is lent.

    A loan's maintenance rate is that of the instrument's margin tiers, on the value at mark.

    collateral_weights: part of the asset's value that counts, by tiers of that value; must not rise.
    may_borrow: whether the asset can be sold or withdrawn without being held, where the venue lends at all.
    initial_tiers: least initial margin of a loan, by tiers of its value; none: by leverage alone. Must not fall.
    limit_lots: most that one account may owe; 0: no limit.
    rate_ppb: interest of a loan's value per `rules.borrow.rate_hours`, until SetInterestRate changes it.
    open_fee_ppm: of the value of what is borrowed, once.
    """

    collateral_weights: tuple[RateTier, ...] = (RateTier(ppm=PPM),)
    may_borrow: bool = True
    initial_tiers: tuple[RateTier, ...] = ()
    limit_lots: int = 0
    rate_ppb: int = 0
    open_fee_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse terms that could not be applied. Raises ConfigError naming the field."""
        where = "spot"
        check_types(self, where)
        expect(len(self.collateral_weights) > 0, where, "at least one collateral weight", self.collateral_weights)
        check_rate_tiers(where, "collateral_weights", self.collateral_weights, -1)
        check_rate_tiers(where, "initial_tiers", self.initial_tiers, 1)
        expect(0 <= self.limit_lots <= MAX_SIZE_LOTS, where, "limit_lots in 0..2**46 - 1", self.limit_lots)
        check_price_of_a_loan(where, self.rate_ppb, self.open_fee_ppm)


class BorrowRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Loans of money, and what holds for loans of every asset.

    may_borrow: whether an account may spend money or sell assets that it does not have. If not, a spot account is a
        cash account.
    withdraw: 'own': only what an account owns leaves the venue; 'borrowed': loans too (a crypto-backed loan).
    leverage: assets over equity that borrowed money allows: initial margin of a debt is debt / (leverage - 1).
    maintenance_tiers: maintenance margin by tiers of the debt in money. Must not fall.
    initial_tiers: least initial margin by tiers of the debt; none: by leverage alone. Must not fall.
    limit: most money that one account may owe; 0: no limit.
    borrow_above_ppm: nothing more is lent to an account with debts whose margin level, assets / debts, is not above
        this; 0: no such limit.
    withdraw_above_ppm: nothing leaves an account with debts unless its margin level stays above this; 0: no limit.
    rate_ppb: interest on borrowed money per `rate_hours`, until SetInterestRate changes it.
    open_fee_ppm: of the money borrowed, once.
    rate_hours: the time that a rate is for: 1 hourly, 24 daily.
    charge_hours: interest is charged at every multiple of so many hours since 1970, UTC.
    clock: 'hours_touched': a period is charged in full when a loan is taken in it, and every period at its start;
        'hours_ended': every period at its end, on the debt of that moment; 'seconds': by the time that each debt
        stood, to the nanosecond, charged at the end of the period or when the debt is paid.
    capitalize: interest that is owed bears interest itself. If not, it stands beside the debt, bears none, and what an
        account receives pays it first.
    income: who receives interest and open fees.
    """

    may_borrow: bool = False
    withdraw: Literal["own", "borrowed"] = "own"
    leverage: int = 2
    maintenance_tiers: tuple[RateTier, ...] = (RateTier(ppm=100_000),)
    initial_tiers: tuple[RateTier, ...] = ()
    limit: int = 0
    borrow_above_ppm: int = 0
    withdraw_above_ppm: int = 0
    rate_ppb: int = 0
    open_fee_ppm: int = 0
    rate_hours: int = 1
    charge_hours: int = 1
    clock: Literal["hours_touched", "hours_ended", "seconds"] = "hours_touched"
    capitalize: bool = True
    income: Literal["fees", "fund"] = "fees"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.borrow"
        check_types(self, where)
        expect(2 <= self.leverage <= MAX_LEVERAGE, where, f"leverage in 2..{MAX_LEVERAGE}", self.leverage)
        expect(len(self.maintenance_tiers) > 0, where, "at least one maintenance tier", self.maintenance_tiers)
        check_rate_tiers(where, "maintenance_tiers", self.maintenance_tiers, 1)
        check_rate_tiers(where, "initial_tiers", self.initial_tiers, 1)
        expect(0 <= self.limit <= MAX_MONEY, where, "limit in 0..2**60 - 1", self.limit)
        for name in ("borrow_above_ppm", "withdraw_above_ppm"):
            level = getattr(self, name)
            expect(0 <= level <= 1_000 * PPM, where, f"{name} in 0..1,000,000,000", level)
        for name in ("rate_hours", "charge_hours"):
            hours = getattr(self, name)
            expect(1 <= hours <= HOURS_OF_A_YEAR, where, f"{name} in 1..8,784", hours)
        check_price_of_a_loan(where, self.rate_ppb, self.open_fee_ppm)


def check_rate_tiers(where: str, name: str, tiers: tuple[RateTier, ...], direction: int) -> None:
    """Refuse tiers whose ends do not rise, or whose rates go against `direction` (1: up, -1: down)."""
    previous_end, previous_rate = 0, 0 if direction > 0 else PPM
    for position, tier in enumerate(tiers):
        is_last = position == len(tiers) - 1
        named = f"{name}[{position}]"
        in_order = 0 <= tier.ppm <= PPM and (tier.ppm - previous_rate) * direction >= 0
        way = "not below the last" if direction > 0 else "not above the last"
        expect(in_order, where, f"{named}.ppm in 0..1,000,000, {way}", tier.ppm)
        expect(is_last == (tier.up_to == 0), where, f"{named}.up_to 0 in the last tier and only there", tier.up_to)
        expect(is_last or previous_end < tier.up_to <= MAX_MONEY, where, f"{named}.up_to above the last", tier.up_to)
        previous_end, previous_rate = tier.up_to, tier.ppm


def check_price_of_a_loan(where: str, rate_ppb: int, open_fee_ppm: int) -> None:
    """Refuse a negative rate or fee, or one above 100 %."""
    expect(0 <= rate_ppb <= PPB, where, "rate_ppb in 0..1,000,000,000", rate_ppb)
    expect(0 <= open_fee_ppm <= MAX_FEE_PPM, where, "open_fee_ppm in 0..1,000,000", open_fee_ppm)
