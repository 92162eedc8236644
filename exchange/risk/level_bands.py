"""Bands of mark prices within which an account keeps its level: neither the next one down nor back up.

For each leg, f(price) = value - scale x maintenance, in money x ppm, so that nothing is rounded before it is compared.
Equity x ppm - scale x (all maintenance) changes by the sum of the legs' changes in f. With the scale of the next level
down, an account may lose its slack, shared out evenly over its legs; with that of its own level, gain its gap. f rises
with the value of the position as long as scale x rate stays below 100 %, so an edge is found by search; where it does
not, and where a leg's requirement is not by marginal tiers at mark, the band is the present mark alone. Value and
maintenance are rounded to money: that much is spared.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import LEG_ROW, MARKET, NEXT_LEG, SCHEDULE, SIZE, Ledger
from exchange.accounts.leg_margin import is_plain_leg, moves_with_mark
from exchange.market import Market
from exchange.units import PPB, PPM, div_floor

ANY_MARK: Final = 1 << 61  # above every price


@final
class LevelBands:
    """Sets the bands of accounts above liquidation in the markets' threshold heaps."""

    def __init__(
        self, ledger: Ledger, clearing: Clearing, markets: list[Market], scales: list[int], is_equal_below: bool
    ) -> None:
        """scales: of notice, restriction, liquidation, backstop; 0 where not used."""
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.scales = scales
        self.is_equal_below: bool = is_equal_below

    def set_bands(self, slot: i64, level: i64, equity: int, maintenance: int) -> None:
        """Guard the next level down and, from below normal, the way back up. O(legs x log prices)."""
        legs = self.ledger.legs
        positions: int = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if legs[leg + SIZE] != 0 or self._moves(leg):
                positions += 1
            leg = legs[leg + NEXT_LEG]
        down = level
        while self.scales[down] == 0:
            down += 1
        down_scale = self.scales[down]
        up_scale = self.scales[level - 1] if level > 0 else 0
        equal = 1 if self.is_equal_below else 0
        may_lose: int = 0
        may_gain: int = 0
        if positions > 0:
            may_lose = div_floor(equity * PPM - down_scale * maintenance - equal, positions)
            may_gain = div_floor(up_scale * maintenance - equity * PPM - 1 + equal, positions)
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            market = self.markets[legs[leg + MARKET]]
            number = leg // LEG_ROW
            size: int = legs[leg + SIZE]
            if size == 0 and not self._moves(leg):
                market.falling.remove(number)
                market.rising.remove(number)
            elif not market.has_mark:
                market.falling.put(number, ANY_MARK)
                market.rising.remove(number)
            else:
                lowest, highest = self._band(market, leg, level, down_scale, up_scale, may_lose, may_gain)
                if lowest > market.min_price:
                    market.falling.put(number, lowest - 1)
                else:
                    market.falling.remove(number)
                if highest < market.max_price:
                    market.rising.put(number, highest + 1)
                else:
                    market.rising.remove(number)
            leg = legs[leg + NEXT_LEG]

    def _band(
        self, market: Market, leg: i64, level: i64, down_scale: int, up_scale: int, may_lose: int, may_gain: int
    ) -> tuple[int, int]:
        """Return the lowest and the highest mark of a leg's band."""
        mark: int = market.mark
        legs = self.ledger.legs
        if not is_plain_leg(self.ledger, market, leg) or legs[leg + SCHEDULE] != market.schedule_number:
            return mark, mark
        size: int = legs[leg + SIZE]
        scale = max(down_scale, up_scale)
        if scale * _top_rate(market, size) >= PPM * PPB:
            return mark, mark
        spare = PPM + 3 * scale
        losing, gaining = mark, mark
        if may_lose > spare:
            least = _surplus(market, size, mark, down_scale) - may_lose + spare
            losing = self._edge(market, size, down_scale, least, -1 if size > 0 else 1, True)
        if level == 0:
            gaining = market.max_price if size > 0 else market.min_price
        elif may_gain > spare:
            most = _surplus(market, size, mark, up_scale) + may_gain - spare
            gaining = self._edge(market, size, up_scale, most, 1 if size > 0 else -1, False)
        return (losing, gaining) if size > 0 else (gaining, losing)

    def _moves(self, leg: i64) -> bool:
        """Return whether a leg without a position matters all the same: for its orders."""
        return self.clearing.counts_orders and moves_with_mark(
            self.ledger, self.markets[self.ledger.legs[leg + MARKET]], leg
        )

    def _edge(self, market: Market, size: int, scale: int, bound: int, direction: int, is_least: bool) -> int:
        """Return the furthest price from mark in a direction at which f is still within a bound. O(log prices)."""
        mark: int = market.mark
        end: int = market.max_price if direction > 0 else market.min_price
        reach = abs(end - mark)
        safe: int = 0
        step: int = 1
        while step <= reach and self._holds(market, size, scale, bound, mark + direction * step, is_least):
            safe = step
            step *= 2
        unsafe = min(step, reach + 1)
        if unsafe == reach + 1 and safe < reach and self._holds(market, size, scale, bound, end, is_least):
            return end
        while unsafe - safe > 1:
            middle = (safe + unsafe) // 2
            if self._holds(market, size, scale, bound, mark + direction * middle, is_least):
                safe = middle
            else:
                unsafe = middle
        return mark + direction * safe

    def _holds(self, market: Market, size: int, scale: int, bound: int, price: int, is_least: bool) -> bool:
        surplus = _surplus(market, size, price, scale)
        return surplus >= bound if is_least else surplus <= bound


def _surplus(market: Market, size: int, price: int, scale: int) -> int:
    """Return value - scale x maintenance of a position at a price, in money x ppm."""
    value = market.valuation.value(size, price)
    if market.is_spot and size > 0:
        return value * PPM - scale * market.haircut.required(abs(value))
    return value * PPM - scale * market.schedule.maintenance(abs(value))


def _top_rate(market: Market, size: int) -> int:
    """Return the highest rate of a position's requirement, in ppb of its value."""
    if market.is_spot and size > 0:
        weights = market.haircut.rates
        return weights[len(weights) - 1] * (PPB // PPM) if len(weights) > 0 else 0
    rates = market.schedule.rates
    return rates[len(rates) - 1]
