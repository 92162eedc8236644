"""How many lots the next liquidation order closes (docs/semantics/liquidation.md, section 4)."""

from dataclasses import dataclass

from exchange.enums import Side
from exchange.instrument import Instrument, ScheduleRules
from exchange.rules import Rules
from tests.reference import margins
from tests.reference.book import Book, other
from tests.reference.clearing import PPM, Account, Clearing, ceil_div
from tests.reference.levels import Levels


@dataclass
class LegInTurn:
    """What the turn of a leg knows about it, besides what can be computed."""

    account: Account
    instrument_id: int
    elapsed_ns: int  # since LiquidationStarted
    since_last_part_ns: int | None  # since its last order of less than the position, in any liquidation
    freed: int  # what cancels and orders of the liquidation took off its shortage
    traded_lots: int  # in the instrument since the leg's last order, or since the start
    is_held: bool  # it has had its one order of this window
    left: int | None  # notional that the caps of the pace leave it, None without caps


class Reduction:
    """Sizes orders. It looks and changes nothing."""

    def __init__(self, rules: Rules, clearing: Clearing, levels: Levels) -> None:
        self.rules = rules.liquidation.reduction
        self.is_fee_on_fills = rules.liquidation.fee == "on_fills"
        self.clearing = clearing
        self.levels = levels

    def lots(self, leg: LegInTurn) -> int:
        """Return the lots of the next order, before the pace."""
        size = abs(self.clearing.leg(leg.account, leg.instrument_id).size)
        notional = abs(self.clearing.leg_value(leg.account, leg.instrument_id))
        if notional == 0:
            return size
        if leg.is_held:
            return 0
        lots = size
        if notional >= self.rules.from_notional:
            if self.rules.kind != "whole":
                lots = self.lots_by_kind(leg, size, notional)
            if lots == 0:
                return 0
            lots = self.within_bounds(lots, size, notional)
            if (size - lots) * notional < self.rules.dust_notional * size:
                lots = size
        book, side = self.clearing.books[leg.instrument_id], self.side(leg)
        if self.rules.book_share_ppm > 0:
            lots = min(
                lots, ceil_div(self.rules.book_share_ppm * lots_in_band(book, side, self.rules.book_band_ppm), PPM)
            )
        if self.rules.volume_share_ppm > 0:
            lots = min(lots, self.rules.volume_share_ppm * leg.traded_lots // PPM)
        if leg.left is not None:
            lots = min(lots, size * leg.left // notional)
        return lots

    def side(self, leg: LegInTurn) -> Side:
        """Return the side of the order that closes the leg."""
        return Side.SELL if self.clearing.leg(leg.account, leg.instrument_id).size > 0 else Side.BUY

    def lots_by_kind(self, leg: LegInTurn, size: int, notional: int) -> int:
        """Return the lots by the kind of reduction."""
        kind = self.rules.kind
        if kind in ("tiers", "lowest_tier"):
            schedule = self.clearing.schedule(leg.instrument_id, self.clearing.leg(leg.account, leg.instrument_id))
            return self.lots_by_tier(schedule, self.clearing.instruments[leg.instrument_id], size, notional)
        if kind == "fraction":
            return ceil_div(size * self.rules.fraction_ppm, PPM)
        if kind == "fraction_first":
            is_cool = leg.since_last_part_ns is None or leg.since_last_part_ns >= self.rules.cooldown_ns
            if notional > self.rules.threshold and is_cool:
                return ceil_div(size * self.rules.fraction_ppm, PPM)
            return size
        shortage = self.shortage(leg.account)
        if kind == "ramp":
            shortage = self.ramped(leg, shortage)
        return self.lots_for(leg, shortage, size, notional)

    def lots_by_tier(self, schedule: ScheduleRules, instrument: Instrument, size: int, notional: int) -> int:
        """Return what brings the leg down by some tiers, or to the lowest."""
        tiers = margins.tiers_of(schedule, instrument)
        tier = next(place for place, t in enumerate(tiers) if t.up_to == 0 or notional <= t.up_to)
        down = max(tier, 1) if self.rules.kind == "lowest_tier" else self.rules.tiers
        if tier < down:
            return size
        return size - size * tiers[tier - down].up_to // notional

    def shortage(self, account: Account) -> int:
        """Return the money that is missing to the requirement and the buffer."""
        base = sum(abs(self.clearing.leg_value(account, i)) for i in account.legs)
        if self.rules.buffers_losses:
            base += max(0, -self.clearing.profit(account))
        wanted = self.levels.requirement(account) + ceil_div(self.rules.buffer_ppm * base, PPM)
        return max(0, wanted - self.clearing.equity(account))

    def ramped(self, leg: LegInTurn, shortage: int) -> int:
        """Return the part of the shortage that is due by now."""
        rules, step = self.rules, self.rules.ramp_step_ppm
        share = PPM
        if leg.elapsed_ns < rules.ramp_ns:
            grown = leg.elapsed_ns * PPM // (rules.ramp_ns * step) * step
            share = min(PPM, rules.ramp_initial_ppm + grown)
        due = share * (shortage + leg.freed) // PPM - leg.freed
        if due <= 0 or shortage == 0:
            return 0
        part = min(PPM, due * PPM // (shortage * step) * step)
        return shortage * part // PPM

    def lots_for(self, leg: LegInTurn, shortage: int, size: int, notional: int) -> int:
        """Return the lots whose closing frees a shortage."""
        if shortage == 0:
            return 0
        maintenance = self.clearing.leg_burden(leg.account, leg.instrument_id)
        fees = self.clearing.instruments[leg.instrument_id].fees
        fee_ppm = fees.taker_ppm + (fees.liquidation_ppm if self.is_fee_on_fills else 0)
        freed = (
            ceil_div(maintenance * self.levels.rules.liquidation_ppm, PPM)
            + notional * self.rules.buffer_ppm // PPM
            - ceil_div(notional * fee_ppm, PPM)
        )
        return size if freed <= shortage else ceil_div(size * shortage, freed)

    def within_bounds(self, lots: int, size: int, notional: int) -> int:
        """Hold lots to the bounds of one order; the least wins over the most."""
        most = notional * self.rules.max_portion_ppm // PPM
        if self.rules.max_notional > 0:
            most = min(most, self.rules.max_notional)
        least = min(size, ceil_div(size * self.rules.min_notional, notional))
        return min(size, max(min(lots, size * most // notional), least))


def band_limit(book: Book, side: Side, band_ppm: int) -> int | None:
    """Return the worst price within a band of the mid price (of the best price where one side is empty)."""
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    bests = [price for price in (bid, ask) if price is not None]
    if not bests:
        return None
    mid2 = bests[0] + bests[-1]
    if side == Side.SELL:
        return ceil_div(mid2 * PPM - abs(mid2) * band_ppm, 2 * PPM)
    return (mid2 * PPM + abs(mid2) * band_ppm) // (2 * PPM)


def lots_in_band(book: Book, side: Side, band_ppm: int) -> int:
    """Return the lots that an order of a side could meet within the band."""
    limit = band_limit(book, side, band_ppm)
    if limit is None:
        return 0
    makers = book.resting(other(side))
    return sum(m.shown for m in makers if (m.price <= limit if side == Side.BUY else m.price >= limit))
