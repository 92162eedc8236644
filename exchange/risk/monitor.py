"""Who is below maintenance: the accounts that changed, and those whose mark left the band in which they are safe.

Every leg has a band of mark prices within which its account cannot breach whatever its other legs do inside theirs: the
account's slack, equity minus maintenance, is shared out over its legs, and a leg's band is where it loses no more than
its share. Only a mark that leaves a band has the account looked at exactly. Bands are computed with two units of money
to spare for rounding; where that leaves nothing, the band is the present mark alone. So the accounts found are exactly
those that a scan of all accounts would find, and a mark tick costs what it reaches. Where the venue uses more levels
than liquidation, `LevelBands` sets the bands instead, from the next level down to the next one up.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import (
    COST,
    FIRST_SLOT,
    LEG_ROW,
    LIMITED_BY_LEVEL,
    LIQUIDATING,
    MARKET,
    NEXT_LEG,
    NORMAL,
    OWNER_SLOT,
    PAIR,
    QUEUED,
    SCHEDULE,
    SIZE,
    Ledger,
)
from exchange.accounts.leg_margin import has_simple_range, leverage_of, moves_with_mark
from exchange.agenda import Agenda
from exchange.errors import InvariantError
from exchange.event_log import EventLog
from exchange.margin.schedule import UNBOUNDED
from exchange.market import Market
from exchange.packed.columns import doubled, new_column
from exchange.records import LEVEL_BACKSTOP, LEVEL_LIQUIDATION, LEVEL_RESTRICTED, write_level_crossed
from exchange.risk.level_bands import LevelBands
from exchange.risk.levels import cure, level_of, threshold
from exchange.rules import LevelRules
from exchange.units import div_floor

ROUNDING_SPARE: Final = 2  # money: value and maintenance are each off by less than one unit


@final
class Monitor:
    """Keeps the bands, and finds breaches."""

    level_of_slot: "vec[i64]"

    def __init__(
        self,
        rules: LevelRules,
        log: EventLog,
        agenda: Agenda,
        ledger: Ledger,
        clearing: Clearing,
        markets: list[Market],
    ) -> None:
        """Share the books of account; the bands stand in the markets' threshold heaps."""
        self.log = log
        self.agenda = agenda
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.has_levels: bool = rules != LevelRules()
        self.has_backstop: bool = rules.backstop_ppm > 0
        self.liquidation_ppm: int = rules.liquidation_ppm
        self.scales: list[int] = [rules.notice_ppm, rules.restriction_ppm, rules.liquidation_ppm, rules.backstop_ppm]
        self.is_equal_below: bool = rules.is_equal_liquidated
        self.level_bands = LevelBands(ledger, clearing, markets, self.scales, self.is_equal_below)
        self.level_of_slot = new_column(64)
        self.reviews_liquidated: bool = False  # the liquidator asks for accounts in liquidation that changed, too
        self.liquidated_dirty: list[int] = []

    def has_work(self) -> bool:
        """Return whether an account changed or a mark moved since breaches were last looked for."""
        return self.agenda.has_moved_mark or len(self.clearing.dirty) > 0

    def find_breaches(self) -> list[int]:
        """Return the slots newly below maintenance, the greatest shortfall first, then the lowest account id.

        They are QUEUED from now on, and have no bands until `release`. Other crossings of levels are written.
        """
        clearing = self.clearing
        if self.agenda.has_moved_mark:
            self.agenda.has_moved_mark = False
            for market in self.markets:
                if market.is_mark_moved:
                    market.is_mark_moved = False
                    self._collect_reached(market)
        if len(clearing.dirty) == 0:
            return []
        changed = clearing.dirty
        clearing.dirty = []
        found: list[tuple[int, int, int]] = []
        crossed: list[tuple[int, int, int]] = []
        for changed_slot in changed:
            slot: i64 = changed_slot
            clearing.is_dirty[slot] = 0
            state = self.ledger.states[slot]
            if state != NORMAL:
                if self.reviews_liquidated and state == LIQUIDATING:
                    self.liquidated_dirty.append(slot)
                continue
            if self.has_levels:
                slack = self._look(slot, crossed)
            else:
                slack = clearing.equity(slot) - clearing.maintenance(slot)
                if slack >= 0:
                    self._set_bands(slot, slack)
            if slack < 0:
                self.ledger.states[slot] = QUEUED
                self._clear_bands(slot)
                found.append((slack, self.ledger.account_ids[slot], slot))
        crossed.sort()
        for _, crossed_slot, level in crossed:
            self._cross(crossed_slot, level)
        found.sort()
        return [slot for _, _, slot in found]

    def is_below_maintenance(self, slot: i64) -> bool:
        """Return whether an account has to be liquidated: equity below maintenance, by the level's scale."""
        if self.has_levels:
            return self.clearing.equity(slot) < self.requirement(slot)
        return self.clearing.equity(slot) < self.clearing.maintenance(slot)

    def requirement(self, slot: i64) -> int:
        """Return the least equity that is not liquidated."""
        return threshold(self.clearing.maintenance(slot), self.liquidation_ppm, self.is_equal_below)

    def backstop_requirement(self, slot: i64) -> int:
        """Return the least equity that is not taken over."""
        return threshold(self.clearing.maintenance(slot), self.scales[LEVEL_BACKSTOP - 1], self.is_equal_below)

    def scaled(self, maintenance: int) -> int:
        """Return the part of the requirement that a leg's maintenance margin makes, rounded as the whole."""
        return threshold(maintenance, self.liquidation_ppm, False)

    def level(self, slot: i64) -> i64:
        """Return the level that an account was last seen at."""
        return self.level_of_slot[slot] if slot < len(self.level_of_slot) else 0

    def note_liquidated(self, slot: i64) -> i64:
        """Look at the level of an account in liquidation, write its crossing if there is one, and return it.

        It is at least LIQUIDATION as long as the liquidation runs.
        """
        if not self.has_levels:
            return LEVEL_LIQUIDATION
        level = self._present_level(slot)
        if level < LEVEL_LIQUIDATION:
            level = LEVEL_LIQUIDATION
        if level != self.level(slot):
            self._cross(slot, level)
        return level

    def release(self, slot: i64) -> None:
        """Watch an account again that was queued or in liquidation."""
        self.ledger.states[slot] = NORMAL
        self.clearing.mark_dirty(slot)
        self.clearing.touch(slot)

    # --- levels ------------------------------------------------------------------------------------------------

    def _present_level(self, slot: i64) -> i64:
        equity, maintenance = self.clearing.equity(slot), self.clearing.maintenance(slot)
        return level_of(equity, maintenance, self.scales, self.is_equal_below)

    def _look(self, slot: i64, crossed: list[tuple[int, int, int]]) -> int:
        """Set an account's bands if it is above liquidation, note its crossing, and return its slack."""
        equity, maintenance = self.clearing.equity(slot), self.clearing.maintenance(slot)
        level = level_of(equity, maintenance, self.scales, self.is_equal_below)
        if level < LEVEL_LIQUIDATION:
            self.level_bands.set_bands(slot, level, equity, maintenance)
            if level != self.level(slot):
                crossed.append((self.ledger.account_ids[slot], slot, level))
        return equity - threshold(maintenance, self.liquidation_ppm, self.is_equal_below)

    def _cross(self, slot: i64, level: i64) -> None:
        """Take an account to another level, and write it."""
        while slot >= len(self.level_of_slot):
            self.level_of_slot = doubled(self.level_of_slot)
        previous = self.level_of_slot[slot]
        self.level_of_slot[slot] = level
        limits = self.ledger.limits
        if level >= LEVEL_RESTRICTED:
            limits[slot] = limits[slot] | LIMITED_BY_LEVEL
            self.clearing.has_limits = True
        else:
            limits[slot] = limits[slot] & ~LIMITED_BY_LEVEL
        equity, maintenance = self.clearing.equity(slot), self.clearing.maintenance(slot)
        missing = cure(equity, maintenance, self.scales, self.is_equal_below)
        account = self.ledger.account_ids[slot]
        write_level_crossed(self.log, account, equity, maintenance, missing, level, previous)

    # --- bands -------------------------------------------------------------------------------------------------

    def _collect_reached(self, market: Market) -> None:
        while market.falling.is_reached(market.mark):
            self._mark_owner_dirty(market.falling.pop())
        while market.rising.is_reached(market.mark):
            self._mark_owner_dirty(market.rising.pop())

    def _mark_owner_dirty(self, leg_number: i64) -> None:
        self.clearing.mark_dirty(self.ledger.legs[leg_number * LEG_ROW + OWNER_SLOT])

    def _clear_bands(self, slot: i64) -> None:
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            market = self.markets[self.ledger.legs[leg + MARKET]]
            market.falling.remove(leg // LEG_ROW)
            market.rising.remove(leg // LEG_ROW)
            leg = self.ledger.legs[leg + NEXT_LEG]

    def _set_bands(self, slot: i64, slack: int) -> None:
        """Share an account's slack out over its legs, evenly; each leg's share is rounded down."""
        legs = self.ledger.legs
        positions: int = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if legs[leg + SIZE] != 0 or self._moves(leg):
                positions += 1
            leg = legs[leg + NEXT_LEG]
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            market = self.markets[legs[leg + MARKET]]
            number = leg // LEG_ROW
            size: int = legs[leg + SIZE]
            if size == 0 and not self._moves(leg):
                market.falling.remove(number)
                market.rising.remove(number)
            else:
                self._set_band(market, leg, number, size, div_floor(slack, positions))
            leg = legs[leg + NEXT_LEG]

    def _set_band(self, market: Market, leg: i64, number: i64, size: int, share: int) -> None:
        if not market.has_mark:
            # Any first mark has it looked at: 2**61 is above every price.
            market.falling.put(number, 1 << 61)
            market.rising.remove(number)
            return
        legs = self.ledger.legs
        if not market.schedules[legs[leg + SCHEDULE]].is_plain or legs[leg + PAIR] != 0 or size == 0:
            self._set_special_band(market, leg, number, size, share)
            return
        clearing = self.clearing
        valuation = market.valuation
        value = clearing.leg_value(leg)
        least_worth = value - clearing.leg_maintenance(leg) - share + ROUNDING_SPARE
        lots = abs(size)
        mark = market.mark
        waits_for_fall = size > 0
        gains_with_value = (size > 0) != valuation.is_inverse
        if market.is_spot and waits_for_fall:
            notional = market.haircut.least_amount(least_worth)
        elif gains_with_value:
            notional = market.schedules[legs[leg + SCHEDULE]].least_notional(least_worth)
        else:
            notional = market.schedules[legs[leg + SCHEDULE]].most_notional(least_worth)
        is_safe = market.min_price >= 1 and (notional > 0 or gains_with_value)
        if is_safe and notional <= 0:
            market.falling.remove(number)  # No price can hurt it.
            market.rising.remove(number)
            return
        if is_safe and waits_for_fall:
            lowest = valuation.lowest_price_with(lots, notional)
            if lowest <= mark:
                market.falling.put(number, lowest - 1)
                market.rising.remove(number)
                return
        elif is_safe:
            highest = valuation.highest_price_with(lots, notional)
            if highest >= mark:
                market.rising.put(number, min(highest + 1, 1 << 61))
                market.falling.remove(number)
                return
        market.falling.put(number, mark - 1)
        market.rising.put(number, mark + 1)

    def _moves(self, leg: i64) -> bool:
        """Return whether a leg without a position matters all the same: for its orders."""
        return self.clearing.counts_orders and moves_with_mark(
            self.ledger, self.markets[self.ledger.legs[leg + MARKET]], leg
        )

    def _set_special_band(self, market: Market, leg: i64, number: i64, size: int, share: int) -> None:
        """Set the band of a leg whose requirement is not by marginal tiers at mark: two-sided, never too wide.

        Where the requirement depends on orders or on the other side of a pair the band is the present mark alone.
        """
        mark = market.mark
        lowest: int = mark
        highest: int = mark
        has_lowest, has_highest = True, True
        hedge_margin = self.clearing.hedge_margin
        is_simple = size != 0 and market.min_price >= 1 and has_simple_range(self.ledger, market, leg, hedge_margin)
        if is_simple:
            legs = self.ledger.legs
            valuation = market.valuation
            value = self.clearing.leg_value(leg)
            excess = (
                value - self.clearing.leg_maintenance(leg) - share + ROUNDING_SPARE + 1
            )  # A closing fee is rounded, too.
            lots = abs(size)
            cost: int = legs[leg + COST]
            leverage = leverage_of(self.ledger, market, leg)
            schedule = market.schedules[legs[leg + SCHEDULE]]
            gains_with_value = (size > 0) != valuation.is_inverse
            least, most = schedule.safe_range(gains_with_value, excess, size, abs(value), abs(cost), leverage)
            has_least, has_most = least > 0, most != UNBOUNDED
            if most != 0 and (not has_most or least <= abs(value) <= most):
                has_lowest, has_highest = (has_most, has_least) if valuation.is_inverse else (has_least, has_most)
                if has_lowest:
                    lowest = valuation.lowest_price_with(lots, most if valuation.is_inverse else least)
                if has_highest:
                    highest = valuation.highest_price_with(lots, least if valuation.is_inverse else most)
                if (has_lowest and lowest > mark) or (has_highest and highest < mark):
                    lowest, highest = mark, mark
                    has_lowest, has_highest = True, True
        if has_lowest:
            market.falling.put(number, lowest - 1)
        else:
            market.falling.remove(number)
        if has_highest:
            market.rising.put(number, min(highest + 1, 1 << 61))
        else:
            market.rising.remove(number)

    def check(self) -> None:
        """Do nothing unless an account that should have been found was not: then raise InvariantError. O(accounts)."""
        slot: i64 = FIRST_SLOT
        while slot < self.ledger.slot_count:
            if self.ledger.homes[slot] != slot:
                slot += 1
                continue
            state = self.ledger.states[slot]
            if state == NORMAL and self.is_below_maintenance(slot):
                raise InvariantError(
                    f"account {self.ledger.account_ids[slot]} is below maintenance and not in liquidation"
                )
            if state == NORMAL and self.has_levels and self._present_level(slot) != self.level(slot):
                raise InvariantError(
                    f"account {self.ledger.account_ids[slot]} is at level {self._present_level(slot)}, "
                    f"found it noted at {self.level(slot)}"
                )
            if state != NORMAL and state != LIQUIDATING:
                raise InvariantError(f"account {self.ledger.account_ids[slot]} was queued and never liquidated")
            slot += 1
