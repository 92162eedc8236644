"""What a trade means in money: positions, fees and margin of the accounts on both sides.

Sits between the order desk, which asks it before an order enters and tells it of every fill before the next match, and
the ledger, whose rows it changes. Remembers which accounts changed since the risk engine last looked.
"""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.accounts.assets import Assets
from exchange.accounts.ledger import (
    BUY_LOTS,
    BUY_NOTIONAL,
    COST,
    FIRST_SLOT,
    FUND_SLOT,
    HAS_TRADED,
    LEVERAGE,
    LIQUIDATING,
    MARKET,
    NEXT_LEG,
    OWNER_SLOT,
    RECORDED_SLOT,
    SELL_LOTS,
    SELL_NOTIONAL,
    SIZE,
    Ledger,
)
from exchange.enums import BUY
from exchange.event_log import EventLog
from exchange.margin.collateral import attributed
from exchange.margin.fees import trading_fee
from exchange.margin.schedule import initial_margin
from exchange.market import Market
from exchange.packed.columns import doubled, new_column
from exchange.records import (
    MARKET_OPEN,
    MARKET_PAUSED,
    MARKET_REDUCE_ONLY,
    REJECT_ACCOUNT_RESTRICTED,
    REJECT_INSUFFICIENT_MARGIN,
    REJECT_MARKET_PAUSED,
    REJECT_MARKET_REDUCE_ONLY,
    REJECT_NONE,
    REJECT_NOTIONAL_TOO_LARGE,
    REJECT_POSITION_TOO_LARGE,
    write_position_changed,
)
from exchange.rules import BorrowRules
from exchange.units import MAX_EXPOSURE, MAX_SIZE_LOTS, MAX_STORED_MONEY, mul_div


@final
class Clearing:
    """Margin of orders, settlement of fills."""

    is_dirty: "vec[i64]"

    def __init__(
        self, ledger: Ledger, log: EventLog, markets: list[Market], borrow_rules: BorrowRules | None = None
    ) -> None:
        """`markets` stand by ascending instrument id; the recorded market has a leg in each from the start."""
        self.ledger = ledger
        self.log = log
        self.markets = markets
        self.assets = Assets(ledger, markets, borrow_rules or BorrowRules())
        self.has_assets: bool = self.assets.is_used
        self.dirty: list[int] = []  # slots that changed since the risk engine looked, in order
        self.is_dirty = new_column(64)
        self.has_limits: bool = False  # an account or a market was limited at some time
        self.charges_on_fills: bool = True  # liquidation orders pay their fee fill by fill
        self.extra_fee_ppm: int = 0  # of the liquidation order that is matched, on top of its instrument's
        self.charges_makers: bool = False  # liquidation orders rest
        self.liquidated_value: int = 0  # what liquidation orders that took have bought for, sales negative
        self.fund_pays_fees: bool = False
        for market in markets:
            self.leg_in(market, RECORDED_SLOT)

    def leg_in(self, market: Market, slot: i64) -> i64:
        """Return an account's leg in a market, adding one if it has none."""
        leg = market.leg(slot)
        if leg == 0:
            leg = self.ledger.add_leg(slot, market.index)
            market.set_leg(slot, leg)
        return leg

    def mark_dirty(self, slot: i64) -> None:
        """Have the risk engine look at an account when the venue settles."""
        while slot >= len(self.is_dirty):
            self.is_dirty = doubled(self.is_dirty)
        if self.is_dirty[slot] == 0 and slot >= FIRST_SLOT:
            self.is_dirty[slot] = 1
            self.dirty.append(slot)

    # --- what an account is worth ------------------------------------------------------------------------------

    def leg_value(self, leg: i64) -> int:
        """Return the money a leg's size is worth at mark; its cost while there is no mark."""
        legs = self.ledger.legs
        size: int = legs[leg + SIZE]
        if size == 0:
            return 0
        market = self.markets[legs[leg + MARKET]]
        if not market.has_mark:
            return legs[leg + COST]
        return market.valuation.value(size, market.mark)

    def leg_maintenance(self, leg: i64) -> int:
        """Return the maintenance margin of a leg."""
        legs = self.ledger.legs
        if legs[leg + SIZE] == 0:
            return 0
        market = self.markets[legs[leg + MARKET]]
        if market.is_spot and legs[leg + SIZE] > 0:
            return market.haircut.required(abs(self.leg_value(leg)))
        return market.schedule.maintenance(abs(self.leg_value(leg)))

    def leg_initial_margin(self, leg: i64, more_bought: int, more_sold: int, leverage: int) -> int:
        """Return the initial margin of a leg with so much more notional in resting orders of each side."""
        legs = self.ledger.legs
        notional = abs(self.leg_value(leg))
        if legs[leg + SIZE] < 0:
            notional = -notional
        bought: int = legs[leg + BUY_NOTIONAL]
        sold: int = legs[leg + SELL_NOTIONAL]
        market = self.markets[legs[leg + MARKET]]
        if market.is_spot:
            return self.assets.leg_initial(market, leg, legs[leg + SIZE], notional, leverage, BUY, 0, 0)
        return initial_margin(notional, bought + more_bought, sold + more_sold, leverage)

    def leverage(self, leg: i64) -> int:
        """Return the leverage that a leg's initial margin is computed with."""
        chosen = self.ledger.legs[leg + LEVERAGE]
        return chosen if chosen != 0 else self.markets[self.ledger.legs[leg + MARKET]].default_leverage

    def equity(self, slot: i64) -> int:
        """Return balance + value at mark - cost over all legs."""
        total: int = self.ledger.balances[slot]
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            cost: int = self.ledger.legs[leg + COST]
            total += self.leg_value(leg) - cost
            leg = self.ledger.legs[leg + NEXT_LEG]
        return total

    def unrealized(self, slot: i64) -> int:
        """Return value at mark - cost over all legs but those of assets: what others owe the account, or it them."""
        total: int = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if not self.markets[self.ledger.legs[leg + MARKET]].is_spot:
                cost: int = self.ledger.legs[leg + COST]
                total += self.leg_value(leg) - cost
            leg = self.ledger.legs[leg + NEXT_LEG]
        return total

    def leg_burden(self, leg: i64) -> int:
        """Return a leg's maintenance with its part, by notional, of what the account's debt of money requires."""
        own = self.leg_maintenance(leg)
        if not self.has_assets:
            return own
        slot = self.ledger.legs[leg + OWNER_SLOT]
        required = self.assets.debt_maintenance(slot)
        if required == 0:
            return own
        whole: int = 0
        other = self.ledger.first_legs[slot]
        while other != 0:
            whole += abs(self.leg_value(other))
            other = self.ledger.legs[other + NEXT_LEG]
        return own + attributed(required, abs(self.leg_value(leg)), whole)

    def maintenance(self, slot: i64) -> int:
        """Return the maintenance margin of all legs, and of money that is owed; 0 for one who only holds assets."""
        total: int = 0
        if self.has_assets:
            if not self.assets.is_exposed(slot):
                return 0
            total = self.assets.debt_maintenance(slot)
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            total += self.leg_maintenance(leg)
            leg = self.ledger.legs[leg + NEXT_LEG]
        return total

    def initial_margin(self, slot: i64) -> int:
        """Return the initial margin of all legs and of money that is owed, resting orders included."""
        total: int = self.assets.debt_initial(slot, 0) if self.has_assets else 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            total += self.leg_initial_margin(leg, 0, 0, self.leverage(leg))
            leg = self.ledger.legs[leg + NEXT_LEG]
        return total

    # --- orders ------------------------------------------------------------------------------------------------

    def size_refusal(self, market: Market, slot: i64, lots: int, notional: int, freed_lots: int) -> i64:
        """Return why so many more lots would let a position or its money grow past its limits, or 0.

        notional: what the lots are worth at their own price. freed_lots: open in the order that these replace.
        """
        if notional > MAX_EXPOSURE:
            return REJECT_NOTIONAL_TOO_LARGE
        legs = self.ledger.legs
        leg = market.leg(slot)
        held = lots - freed_lots
        if leg != 0:
            size: int = legs[leg + SIZE]
            held += abs(size) + legs[leg + BUY_LOTS] + legs[leg + SELL_LOTS]
        if held > MAX_SIZE_LOTS:
            return REJECT_POSITION_TOO_LARGE
        worth = market.valuation.notional(held, market.worst_price)
        balance: int = self.ledger.balances[slot]
        other_side: int = legs[market.leg(RECORDED_SLOT) + COST]
        if worth > MAX_EXPOSURE or abs(balance) > MAX_STORED_MONEY // 2 or abs(other_side) > MAX_STORED_MONEY - worth:
            return REJECT_POSITION_TOO_LARGE
        return REJECT_NONE

    def margin_refusal(self, market: Market, slot: i64, side: i64, more: int) -> i64:
        """Return INSUFFICIENT_MARGIN if `more` notional on a side raises the requirement beyond equity, else 0."""
        leg = market.leg(slot)
        before: int = 0
        if leg == 0:
            after = initial_margin(0, more, 0, market.default_leverage)
        else:
            leverage = self.leverage(leg)
            bought, sold = (more, 0) if side == BUY else (0, more)
            before = self.leg_initial_margin(leg, 0, 0, leverage)
            after = self.leg_initial_margin(leg, bought, sold, leverage)
        if after <= before:
            return REJECT_NONE
        if self.initial_margin(slot) - before + after > self.equity(slot):
            return REJECT_INSUFFICIENT_MARGIN
        return REJECT_NONE

    def limit_refusal(self, market: Market, slot: i64, side: i64, lots: int, freed_lots: int) -> i64:
        """Return why an account may not enter an order in a market in its state, or 0; what only reduces it often may.

        freed_lots: open in the order that this one replaces.
        """
        if market.state == MARKET_PAUSED:
            return REJECT_MARKET_PAUSED
        is_limited = self.ledger.limits[slot] != 0
        if not is_limited and market.state == MARKET_OPEN:
            return REJECT_NONE
        leg = market.leg(slot)
        if leg != 0:
            legs = self.ledger.legs
            size: int = legs[leg + SIZE]
            is_opposite = size > 0 if side != BUY else size < 0
            resting: int = legs[leg + BUY_LOTS] if side == BUY else legs[leg + SELL_LOTS]
            if is_opposite and resting - freed_lots + lots <= abs(size):
                return REJECT_NONE
        return REJECT_MARKET_REDUCE_ONLY if market.state == MARKET_REDUCE_ONLY else REJECT_ACCOUNT_RESTRICTED

    def reserve(self, market: Market, slot: i64, side: i64, price: int, before: int, after: int) -> None:
        """Take note that a resting order's open quantity went from `before` to `after` lots."""
        leg = self.leg_in(market, slot)
        legs = self.ledger.legs
        change = market.valuation.notional(after, price) - market.valuation.notional(before, price)
        if side == BUY:
            legs[leg + BUY_LOTS] += after - before
            legs[leg + BUY_NOTIONAL] += change
        else:
            legs[leg + SELL_LOTS] += after - before
            legs[leg + SELL_NOTIONAL] += change

    # --- fills -------------------------------------------------------------------------------------------------

    def settle(
        self, market: Market, maker: i64, taker: i64, taker_side: i64, price: i64, lots: i64, is_liquidation: bool
    ) -> None:
        """Book one match of two account slots: the value is computed once, so the trade is zero-sum to the unit."""
        if maker == taker and maker == RECORDED_SLOT:
            return
        value = market.valuation.value(lots, price)
        notional = abs(value)
        bought: int = lots
        if taker_side != BUY:
            bought = -bought
            value = -value
        if maker == taker:
            bought, value = 0, 0
        if is_liquidation:
            self.liquidated_value += value
        is_maker_liquidated = self.charges_makers and self.ledger.states[maker] == LIQUIDATING
        self._settle_half(market, maker, -bought, -value, notional, market.maker_ppm, is_maker_liquidated)
        self._settle_half(market, taker, bought, value, notional, market.taker_ppm, is_liquidation)

    def _settle_half(
        self,
        market: Market,
        slot: i64,
        size_change: int,
        value: int,
        notional: int,
        fee_ppm: int,
        is_liquidation: bool,
    ) -> None:
        realized = self.change_position(market, slot, size_change, value)
        if slot == RECORDED_SLOT:
            return
        fee: int = 0
        if slot >= FIRST_SLOT:
            fee = trading_fee(notional, fee_ppm)
            self.ledger.fees += fee
            if is_liquidation and self.charges_on_fills:
                penalty = trading_fee(notional, market.liquidation_ppm + self.extra_fee_ppm)
                self.ledger.post(FUND_SLOT, penalty)
                market.fund_profit += penalty
                fee += penalty
            self.ledger.post(slot, -fee)
            self.mark_dirty(slot)
        elif self.fund_pays_fees:
            fee = trading_fee(notional, fee_ppm)
            self.ledger.fees += fee
            self.ledger.post(slot, -fee)
            market.fund_profit -= fee
        self.write_position(market, slot, realized, fee)

    def change_position(self, market: Market, slot: i64, size_change: int, value: int) -> int:
        """Add signed lots bought for `value` to a position; return the realized profit, which goes to the balance.

        Costs are divided in proportion to lots; the remainder goes to the realized profit of the same account.
        """
        leg = self.leg_in(market, slot)
        legs = self.ledger.legs
        legs[leg + HAS_TRADED] = 1
        size: int = legs[leg + SIZE]
        cost: int = legs[leg + COST]
        new_size = size + size_change
        if size == 0 or (size > 0) == (size_change > 0) or size_change == 0:
            new_cost = cost + value
        elif new_size == 0:
            new_cost = 0
        elif (new_size > 0) == (size > 0):
            new_cost = mul_div(abs(cost), abs(new_size), abs(size))
            if cost < 0:
                new_cost = -new_cost
        else:
            new_cost = mul_div(abs(value), abs(new_size), abs(size_change))
            if value < 0:
                new_cost = -new_cost
        realized = new_cost - cost - value
        legs[leg + SIZE] = new_size
        legs[leg + COST] = new_cost
        if realized != 0:
            self.ledger.post(slot, realized)
            if slot == FUND_SLOT:
                market.fund_profit += realized
            elif self.ledger.counts_sessions and slot >= FIRST_SLOT:
                self.ledger.count_profit(slot, realized)
        return realized

    def write_position(self, market: Market, slot: i64, realized: int, fee: int) -> None:
        """Write the event of a position that changed."""
        ledger = self.ledger
        leg = market.leg(slot)
        write_position_changed(
            self.log,
            market.instrument,
            ledger.account_ids[slot],
            ledger.legs[leg + SIZE],
            ledger.legs[leg + COST],
            realized,
            fee,
            ledger.balances[slot],
        )
