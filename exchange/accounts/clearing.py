"""What a trade means in money: positions, fees and margin of the accounts on both sides.

Sits between the order desk, which asks it before an order enters and tells it of every fill before the next match, and
the ledger, whose rows it changes. Remembers which accounts changed since the risk engine last looked.
"""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.accounts.assets import Assets
from exchange.accounts.fund_money import credit_fund
from exchange.accounts.ledger import (
    BUY_LOTS,
    BUY_NOTIONAL,
    BUY_REDUCING,
    COST,
    FILL_SLOT,
    FIRST_SLOT,
    FUND_SLOT,
    HAS_TRADED,
    LEVERAGE,
    LIQUIDATING,
    MARKET,
    NEXT_LEG,
    NORMAL,
    OWNER_SLOT,
    PAIR,
    RECORDED_SLOT,
    SCHEDULE,
    SELL_LOTS,
    SELL_NOTIONAL,
    SELL_REDUCING,
    SIZE,
    Ledger,
)
from exchange.accounts.leg_margin import (
    HEDGE_MARGINS,
    SUM,
    Added,
    exposure_of,
    first_initial_margin,
    has_special_schedule,
    initial_margin_of,
    leg_maintenance,
    leverage_of,
)
from exchange.book.order_pool import REDUCES_BIT
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
    REJECT_LEVERAGE_ABOVE_TIER,
    REJECT_MARKET_PAUSED,
    REJECT_MARKET_REDUCE_ONLY,
    REJECT_NONE,
    REJECT_NOTIONAL_TOO_LARGE,
    REJECT_POSITION_TOO_LARGE,
    write_isolated_margin_transferred,
    write_pair_netted,
    write_position_changed,
)
from exchange.rules import BorrowRules, MarginRules
from exchange.units import MAX_EXPOSURE, MAX_SIZE_LOTS, MAX_STORED_MONEY, mul_div


@final
class Clearing:
    """Margin of orders, settlement of fills."""

    is_dirty: "vec[i64]"

    def __init__(
        self,
        ledger: Ledger,
        log: EventLog,
        markets: list[Market],
        borrow_rules: BorrowRules | None = None,
        margin_rules: MarginRules | None = None,
    ) -> None:
        """`markets` stand by ascending instrument id; the recorded market has a leg in each from the start."""
        self.ledger = ledger
        self.log = log
        self.markets = markets
        self.assets = Assets(ledger, markets, borrow_rules or BorrowRules())
        self.has_assets: bool = self.assets.is_used
        self.dirty: list[int] = []  # slots that changed since the risk engine looked, in order
        self.is_dirty = new_column(64)
        hedge_margin = (margin_rules or MarginRules()).hedge_margin
        self.hedge_margin: int = HEDGE_MARGINS.index(hedge_margin)
        # A leg may be of a pair, or under another schedule than marginal tiers at mark with orders over leverage.
        self.has_special: bool = any(has_special_schedule(market) for market in markets)
        self.counts_orders: bool = any(schedule.counts_orders for market in markets for schedule in market.schedules)
        self.watches_orders: bool = self.counts_orders  # or there are pockets
        self.touched_pockets: list[int] = []  # pockets whose orders or position changed since the venue settled
        self.top_up: int = 0  # what the last margin check found missing in a pocket, for its main account to pay
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
            self.ledger.legs[leg + SCHEDULE] = market.schedule_number
            market.set_leg(slot, leg)
        return leg

    def mark_dirty(self, slot: i64) -> None:
        """Have the risk engine look at an account when the venue settles."""
        slot = self.ledger.homes[slot]
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
        if legs[leg + SIZE] == 0 and not self.counts_orders:
            return 0
        market = self.markets[legs[leg + MARKET]]
        if market.is_spot and legs[leg + SIZE] > 0:
            return market.haircut.required(abs(self.leg_value(leg)))
        if not self.has_special:
            return market.schedule.maintenance(abs(self.leg_value(leg)))
        schedule = market.schedules[legs[leg + SCHEDULE]]
        if schedule.is_plain and legs[leg + PAIR] == 0:
            return schedule.maintenance(abs(self.leg_value(leg)))
        return leg_maintenance(self.ledger, market, leg, self.hedge_margin)

    def leg_initial_margin(self, leg: i64, more_bought: int, more_sold: int, leverage: int) -> int:
        """Return the initial margin of a leg with so much more notional in resting orders of each side.

        Of a hedged pair that does not simply add up, the home's leg bears all of it, and the other none.
        """
        legs = self.ledger.legs
        market = self.markets[legs[leg + MARKET]]
        if self.has_special and not market.is_spot and self._is_special(market, leg):
            if legs[leg + FILL_SLOT] != legs[leg + OWNER_SLOT] and self.hedge_margin != SUM:
                return 0
            return self.requirement_of(market, leg, leverage, more_bought, more_sold)
        notional = abs(self.leg_value(leg))
        if legs[leg + SIZE] < 0:
            notional = -notional
        bought: int = legs[leg + BUY_NOTIONAL]
        sold: int = legs[leg + SELL_NOTIONAL]
        if market.is_spot:
            return self.assets.leg_initial(market, leg, legs[leg + SIZE], notional, leverage, BUY, 0, 0)
        return initial_margin(notional, bought + more_bought, sold + more_sold, leverage)

    def leverage(self, leg: i64) -> int:
        """Return the leverage that a leg's initial margin is computed with."""
        return leverage_of(self.ledger, self.markets[self.ledger.legs[leg + MARKET]], leg)

    def equity(self, slot: i64) -> int:
        """Return balance + value at mark - cost over all legs; of an alias, its home's."""
        slot = self.ledger.homes[slot]
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
        leg = self.ledger.first_legs[self.ledger.homes[slot]]
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
        slot = self.ledger.homes[slot]
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
        slot = self.ledger.homes[slot]
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
        balance: int = self.ledger.balances[self.ledger.homes[slot]]
        other_side: int = legs[market.leg(RECORDED_SLOT) + COST]
        if worth > MAX_EXPOSURE or abs(balance) > MAX_STORED_MONEY // 2 or abs(other_side) > MAX_STORED_MONEY - worth:
            return REJECT_POSITION_TOO_LARGE
        return REJECT_NONE

    def margin_refusal(self, market: Market, slot: i64, side: i64, more: int, lots: int) -> i64:
        """Return why `more` notional of `lots` on a side may not be added, or 0: leverage of the tier, or margin.

        Only what raises the requirement is refused. What a pocket lacks and its main account can pay is left in
        `top_up`: whoever accepts the order calls `pay_top_up`.
        """
        leg = market.leg(slot)
        home = self.ledger.homes[slot]
        before: int = 0
        if self.has_special and (not market.schedule.is_initial_plain or (leg != 0 and self._is_special(market, leg))):
            added = Added()
            if side == BUY:
                added.bought, added.bought_lots = more, lots
            else:
                added.sold, added.sold_lots = more, lots
            leverage: int = market.default_leverage
            if leg != 0:
                leverage = self.leverage(leg)
                before = self.requirement_of(market, leg, leverage)
            schedule = market.schedule
            if leg != 0:
                after = initial_margin_of(self.ledger, market, schedule, leg, self.hedge_margin, leverage, added)
            else:
                after = first_initial_margin(market, schedule, leverage, added)
            if after > before and schedule.has_tier_leverage:
                exposure = exposure_of(self.ledger, market, schedule, leg, added)
                most = schedule.max_leverage(exposure)
                if 0 < most < leverage:
                    return REJECT_LEVERAGE_ABOVE_TIER
        elif leg == 0:
            after = initial_margin(0, more, 0, market.default_leverage)
        else:
            leverage = self.leverage(leg)
            bought, sold = (more, 0) if side == BUY else (0, more)
            before = self.leg_initial_margin(leg, 0, 0, leverage)
            after = self.leg_initial_margin(leg, bought, sold, leverage)
        if after <= before:
            return REJECT_NONE
        missing = self.initial_margin(home) - before + after - self.equity(home)
        if missing > 0:
            main = self.ledger.parents[home]
            if main == 0 or missing > self.available(main):
                return REJECT_INSUFFICIENT_MARGIN
            self.top_up = missing
        return REJECT_NONE

    def leverage_refusal(self, market: Market, home: i64, leverage: int) -> i64:
        """Return why the position that a slot owns may not have another leverage, or 0: of its tier, or margin.

        Only what raises the requirement needs margin; what a pocket lacks is left in `top_up`.
        """
        leg = market.leg(home)
        if leg == 0:
            most = market.schedule.max_leverage(0) if market.schedule.has_tier_leverage else 0
            return REJECT_LEVERAGE_ABOVE_TIER if 0 < most < leverage else REJECT_NONE
        pair = self.ledger.legs[leg + PAIR]
        schedule = market.schedules[self.ledger.legs[leg + SCHEDULE]]
        if schedule.has_tier_leverage:
            most = schedule.max_leverage(exposure_of(self.ledger, market, schedule, leg, Added()))
            if pair != 0:
                of_pair = schedule.max_leverage(exposure_of(self.ledger, market, schedule, pair, Added()))
                most = min(most, of_pair) if most != 0 and of_pair != 0 else max(most, of_pair)
            if 0 < most < leverage:
                return REJECT_LEVERAGE_ABOVE_TIER
        legs = self.ledger.legs
        total = self.initial_margin(home)
        was = legs[leg + LEVERAGE]
        legs[leg + LEVERAGE] = leverage
        if pair != 0:
            legs[pair + LEVERAGE] = leverage
        after = self.initial_margin(home)
        legs[leg + LEVERAGE] = was
        if pair != 0:
            legs[pair + LEVERAGE] = was
        missing = after - self.equity(home)
        if after <= total or missing <= 0:
            return REJECT_NONE
        main = self.ledger.parents[home]
        if main == 0 or missing > self.available(main):
            return REJECT_INSUFFICIENT_MARGIN
        self.top_up = missing
        return REJECT_NONE

    def requirement_of(self, market: Market, leg: i64, leverage: int, more_bought: int = 0, more_sold: int = 0) -> int:
        """Return the initial margin of a leg, or of its whole pair where the pair does not simply add up.

        A leg counts under its own schedule, such a pair under the schedule of what is opened now.
        """
        schedule = market.schedules[self.ledger.legs[leg + SCHEDULE]]
        if self.ledger.legs[leg + PAIR] != 0 and self.hedge_margin != SUM:
            schedule = market.schedule
        added = Added()
        added.bought = more_bought
        added.sold = more_sold
        return initial_margin_of(self.ledger, market, schedule, leg, self.hedge_margin, leverage, added)

    def _is_special(self, market: Market, leg: i64) -> bool:
        """Return whether a leg is of a pair, or under a schedule that asks more than orders over leverage, or another
        than what is opened now.
        """
        legs = self.ledger.legs
        number = legs[leg + SCHEDULE]
        is_plain = number == market.schedule_number and market.schedule.is_initial_plain
        return legs[leg + PAIR] != 0 or not is_plain

    def set_leverage(self, market: Market, slot: i64, leverage: i64) -> None:
        """Set the leverage of a leg, adding one if there is none; 0 is the instrument's default."""
        leg = self.leg_in(market, slot)  # may move the column: look it up before the column is read
        self.ledger.legs[leg + LEVERAGE] = leverage

    def available(self, slot: i64) -> int:
        """Return what an account may give away: balance and equity above initial margin allow it; 0 in liquidation."""
        if self.ledger.states[slot] != NORMAL:
            return 0
        free: int = self.ledger.balances[slot]
        if self.has_assets:
            free = min(free, self.assets.cash(slot) - self.assets.promised(slot, True))  # More would be a loan.
        return max(0, min(free, self.equity(slot) - self.initial_margin(slot)))

    def pay_top_up(self, market: Market, slot: i64, reason: i64) -> None:
        """Move what the last margin check found missing from an account to its pocket."""
        missing = self.top_up
        self.top_up = 0
        pocket = self.ledger.homes[slot]
        self.move_margin(market, pocket, missing, reason)
        self.leg_in(market, slot)  # by which the pocket's market is known
        self.touch(pocket)  # What it is for may neither rest nor fill.

    def move_margin(self, market: Market, pocket: i64, amount: int, reason: i64) -> None:
        """Move money from an account to its pocket; back where the amount is negative."""
        ledger = self.ledger
        main = ledger.parents[pocket]
        ledger.post(main, -amount)
        ledger.post(pocket, amount)
        self.mark_dirty(main)
        self.mark_dirty(pocket)
        account = ledger.account_ids[main]
        write_isolated_margin_transferred(
            self.log, market.instrument, account, amount, ledger.balances[main], ledger.balances[pocket], reason
        )

    def touch(self, slot: i64) -> None:
        """Take note that orders or position of a slot changed where that may matter before the next mark."""
        home = self.ledger.homes[slot]
        if self.ledger.parents[home] != 0:
            self.touched_pockets.append(home)
        if self.counts_orders:
            self.mark_dirty(home)

    def limit_refusal(self, market: Market, slot: i64, side: i64, lots: int, freed_lots: int) -> i64:
        """Return why an account may not enter an order in a market in its state, or 0; what only reduces it often may.

        freed_lots: open in the order that this one replaces.
        """
        if market.state == MARKET_PAUSED:
            return REJECT_MARKET_PAUSED
        home = self.ledger.homes[slot]
        is_limited = self.ledger.limits[home] != 0 or self.ledger.limits[self.ledger.parents[home]] != 0
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

    def reserve(self, market: Market, slot: i64, side: i64, price: int, before: int, after: int, flags: i64) -> None:
        """Take note that the open quantity of a resting order with these flags went from `before` to `after` lots."""
        leg = self.leg_in(market, slot)
        legs = self.ledger.legs
        if flags & REDUCES_BIT != 0:
            self._reserve_reducing(leg, side, after - before)
            if self.watches_orders:
                self.touch(slot)
            return
        change = market.valuation.notional(after, price) - market.valuation.notional(before, price)
        if side == BUY:
            legs[leg + BUY_LOTS] += after - before
            legs[leg + BUY_NOTIONAL] += change
        else:
            legs[leg + SELL_LOTS] += after - before
            legs[leg + SELL_NOTIONAL] += change
        if self.watches_orders:
            self.touch(slot)

    def _reserve_reducing(self, leg: i64, side: i64, lots: int) -> None:
        """Take note of so many lots more of reduce-only orders, fewer where negative: they have no part in margin."""
        legs = self.ledger.legs
        if side == BUY:
            legs[leg + BUY_LOTS] += lots
            legs[leg + BUY_REDUCING] += lots
        else:
            legs[leg + SELL_LOTS] += lots
            legs[leg + SELL_REDUCING] += lots

    def let_reduce(self, market: Market, slot: i64, side: i64, price: int, lots: int) -> None:
        """Take an order that has just come to rest out of the margin: it may only reduce."""
        self.reserve(market, slot, side, price, lots, 0, 0)
        self.reserve(market, slot, side, price, 0, lots, REDUCES_BIT)

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
        is_maker_liquidated = self.charges_makers and self.ledger.states[self.ledger.homes[maker]] == LIQUIDATING
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
                credit_fund(self.ledger, market, penalty)
                fee += penalty
            self.ledger.post(slot, -fee)
            self.mark_dirty(slot)
        elif self.fund_pays_fees:
            fee = trading_fee(notional, fee_ppm)
            self.ledger.fees += fee
            credit_fund(self.ledger, market, -fee)
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
        is_shrinking = False
        if size == 0 or (size > 0) == (size_change > 0) or size_change == 0:
            new_cost = cost + value
            is_shrinking = size_change == 0
        elif new_size == 0:
            new_cost = 0
        elif (new_size > 0) == (size > 0):
            new_cost = mul_div(abs(cost), abs(new_size), abs(size))
            if cost < 0:
                new_cost = -new_cost
            is_shrinking = True
        else:
            new_cost = mul_div(abs(value), abs(new_size), abs(size_change))
            if value < 0:
                new_cost = -new_cost
        if not is_shrinking:
            legs[leg + SCHEDULE] = market.schedule_number  # What is opened or grows is under the schedule of now.
        if self.watches_orders:
            self.touch(slot)
        if market.tracks_open_interest:
            market.open_interest += max(new_size, 0) - max(size, 0)
        realized = new_cost - cost - value
        legs[leg + SIZE] = new_size
        legs[leg + COST] = new_cost
        if market.has_reducers and size_change != 0:
            market.moved_slots.append(slot)
            market.agenda.has_moved_slots = True
        if realized != 0:
            self.ledger.post(slot, realized)
            if slot == FUND_SLOT:
                market.fund_profit += realized
            elif self.ledger.counts_sessions and slot >= FIRST_SLOT:
                self.ledger.count_profit(self.ledger.main_of(slot), realized)
        return realized

    def net_pairs(self, slot: i64, liquidation: i64) -> bool:
        """Close both sides of a liquidated account's hedged pairs against each other; return whether there were any.

        At mark, without fees; without a mark for the cost of the long one's lots, rounded down.
        """
        legs = self.ledger.legs
        has_netted = False
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            pair = legs[leg + PAIR]
            size: int = legs[leg + SIZE]
            if pair != 0 and size > 0 and legs[pair + SIZE] < 0:
                has_netted = True
                self._net_pair(leg, pair, liquidation)
            leg = legs[leg + NEXT_LEG]
        return has_netted

    def _net_pair(self, leg: i64, pair: i64, liquidation: i64) -> None:
        legs = self.ledger.legs
        market = self.markets[legs[leg + MARKET]]
        size: int = legs[leg + SIZE]
        short: int = legs[pair + SIZE]
        lots = min(size, -short)
        price: i64 = market.mark if market.has_mark else 0
        cost: int = legs[leg + COST]
        value = market.valuation.value(lots, price) if market.has_mark else mul_div(cost, lots, size)
        account = self.ledger.account_ids[legs[leg + OWNER_SLOT]]
        write_pair_netted(self.log, market.instrument, account, liquidation, lots, price, value)
        long_slot, short_slot = legs[leg + FILL_SLOT], legs[pair + FILL_SLOT]
        realized = self.change_position(market, long_slot, -lots, -value)
        self.write_position(market, long_slot, realized, 0)
        realized = self.change_position(market, short_slot, lots, value)
        self.write_position(market, short_slot, realized, 0)

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
            ledger.balances[ledger.homes[slot]],
        )
