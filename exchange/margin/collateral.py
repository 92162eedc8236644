"""What assets are worth as collateral and what debts require: pure functions of integers.

An account's *debts* are the money that it owes and the value at mark of the assets that it owes; its *assets* are what
it has beside, so that equity = assets - debts. Interest that is owed is part of the debts.
"""

from typing import Final, final

from exchange.units import PPM, div_ceil, div_floor

NO_DEBT: Final = 1 << 61  # the margin level of an account that owes nothing
NO_AMOUNT: Final = (1 << 100) ** 2


@final
class RateSchedule:
    """A requirement that is a sum over tiers of an amount of money; rates in ppm, 0 .. 100 %, that do not fall.

    As in `MarginSchedule`, the sum is the greatest of rate x amount - deduction over all tiers. Without tiers nothing
    is required.
    """

    def __init__(self, rates: list[int], ends: list[int]) -> None:
        """rates: ppm of each tier. ends: its end in money, inclusive; of the last, 0."""
        self.rates: list[int] = rates
        self.ends: list[int] = ends
        self.deductions: list[int] = []  # money x ppm
        deduction, boundary, previous_rate = 0, 0, 0
        for rate, end in zip(rates, ends, strict=True):
            deduction += (rate - previous_rate) * boundary
            self.deductions.append(deduction)
            boundary, previous_rate = end, rate

    def required(self, amount: int) -> int:
        """Return the requirement of an amount of money >= 0, rounded up: against the account."""
        most: int = 0
        for rate, deduction in zip(self.rates, self.deductions, strict=True):
            required = amount * rate - deduction
            if required > most:
                most = required
        return div_ceil(most, PPM)

    def least_amount(self, excess: int) -> int:
        """Return the least amount a with a - required(a) >= excess before rounding; 0 if every one has.

        2**200 where none has: with a tier of 100 % what is left of an amount stops to grow.
        """
        least: int = 0
        for rate, deduction in zip(self.rates, self.deductions, strict=True):
            if rate < PPM:
                needed = div_ceil(excess * PPM - deduction, PPM - rate)
            else:
                needed = 0 if deduction >= excess * PPM else NO_AMOUNT
            if needed > least:
                least = needed
        if len(self.rates) == 0:
            least = max(0, excess)
        return least


def haircut_schedule(weights: list[int], ends: list[int]) -> RateSchedule:
    """Return the requirement on collateral of which only a part counts: value x (1 - weight), by tiers.

    Rounded up, so that what counts is rounded down.
    """
    return RateSchedule([PPM - weight for weight in weights], ends)


def debt_initial_margin(debt: int, leverage: int, tiers: RateSchedule) -> int:
    """Return the initial margin of borrowed money, rounded up: assets may be `leverage` times equity, no more.

    equity >= debt / (leverage - 1) says the same as equity + debt <= leverage x equity. The tiers may ask for more.
    Source: Binance Cross Margin (an initial rate of 11.12 % is 1 / (10 - 1)); the textbook's "2x": own money doubled.
    """
    return max(div_ceil(debt, leverage - 1), tiers.required(debt))


def short_initial_margin(value: int, leverage: int, tiers: RateSchedule) -> int:
    """Return the initial margin of an asset that is owed, rounded up: its value over leverage, or what tiers ask for.

    It grows with the price: the margin is held in the coin. Source: Kraken, margin trading examples (SPOT-03).
    """
    return max(div_ceil(value, leverage), tiers.required(value))


def exposure_after(held_lots: int, held_value: int, lots: int, notional: int) -> int:
    """Return what orders of one side would leave a leg worth on that side, if all of them filled.

    held_lots: what the leg has on that side, negative where it has the other. held_value: its worth, >= 0. lots,
    notional: of the orders. Orders that first use up the other side count with the lots beyond it, at their average
    price, rounded up: selling what one has, at whatever price, is no debt.
    """
    if held_lots >= 0:
        return held_value + notional
    beyond = held_lots + lots
    return div_ceil(notional * beyond, lots) if beyond > 0 else 0


def spot_initial_margin(held: int, owed: int, leverage: int, haircut: RateSchedule, tiers: RateSchedule) -> int:
    """Return the initial margin of a spot leg: the worse of what it may hold and what it may owe, >= 0, with orders."""
    return max(haircut.required(held), short_initial_margin(owed, leverage, tiers))


def margin_level_ppm(equity: int, debts: int) -> int:
    """Return the margin level, assets / debts with assets = equity + debts, in ppm, rounded down; NO_DEBT without.

    Source: Binance, total assets / (liabilities + interest).
    """
    if debts <= 0:
        return NO_DEBT
    return div_floor((equity + debts) * PPM, debts)


def level_band(level_ppm: int, above_ppm: list[int]) -> int:
    """Return the band that a margin level is in: the place of the first bound that it is above, or their number.

    above_ppm: bounds from the highest to the lowest; equal to a bound is not above it.
    Source: Binance cross margin; 1.1 itself is liquidated (SPOT-07).
    """
    band = 0
    for bound in above_ppm:
        if level_ppm > bound:
            return band
        band += 1
    return band


def attributed(required: int, part: int, whole: int) -> int:
    """Return the share of a requirement on money that goes with a leg, by notional, rounded down; 0 without any."""
    if whole <= 0:
        return 0
    return div_floor(required * part, whole)
