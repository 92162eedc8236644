"""Maintenance margin by tiers, and its inverse: how far a notional may move before a requirement is no longer met.

A tier's rate applies to the part of the notional inside the tier. With the deduction of each tier, the sum of
(upper rate - lower rate) x boundary, the requirement is rate x notional - deduction of the tier that holds the
notional, and because rates do not fall it is also the greatest of these over all tiers. Deductions are kept in
money x ppm, so that nothing is rounded before the last division.
"""

from typing import final

from exchange.instrument import Instrument
from exchange.units import PPM, div_ceil, div_floor


@final
class MarginSchedule:
    """The maintenance tiers of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        """Derive the deductions from rates and boundaries."""
        self.ends: list[int] = []  # money, inclusive; 0 in the last tier
        self.rates: list[int] = []  # ppm
        self.deductions: list[int] = []  # money x ppm
        deduction, boundary, previous_rate = 0, 0, 0
        for tier in instrument.margin_tiers:
            deduction += (tier.maintenance_ppm - previous_rate) * boundary
            self.ends.append(tier.up_to)
            self.rates.append(tier.maintenance_ppm)
            self.deductions.append(deduction)
            boundary, previous_rate = tier.up_to, tier.maintenance_ppm

    def maintenance(self, notional: int) -> int:
        """Return the maintenance margin of a position's notional, rounded up: against the account."""
        tier = 0
        last = len(self.ends) - 1
        while tier < last and notional > self.ends[tier]:
            tier += 1
        return div_ceil(notional * self.rates[tier] - self.deductions[tier], PPM)

    def least_notional(self, excess: int) -> int:
        """Return the least n with n - maintenance(n) >= excess before rounding; 0 if every n has."""
        least = 0
        for tier in range(len(self.rates)):
            needed = div_ceil(excess * PPM - self.deductions[tier], PPM - self.rates[tier])
            if needed > least:
                least = needed
        return least

    def most_notional(self, excess: int) -> int:
        """Return the greatest n with -n - maintenance(n) >= excess before rounding; negative if there is none."""
        most = div_floor(self.deductions[0] - excess * PPM, PPM + self.rates[0])
        for tier in range(1, len(self.rates)):
            allowed = div_floor(self.deductions[tier] - excess * PPM, PPM + self.rates[tier])
            if allowed < most:
                most = allowed
        return most


def initial_margin(signed_notional: int, buy_notional: int, sell_notional: int, leverage: int) -> int:
    """Return the initial margin of a leg: the position with the worse side of its resting orders, rounded up.

    signed_notional: the position's, negative for a short. buy_notional, sell_notional: of resting orders, >= 0.
    """
    if_bought = abs(signed_notional + buy_notional)
    if_sold = abs(signed_notional - sell_notional)
    return div_ceil(max(if_sold, if_bought), leverage)
