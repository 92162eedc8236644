"""Money and debts of accounts that hold assets: what stands in the ledger, read as cash and loans.

A leg of a spot instrument holds its base asset: size in lots, negative when owed; cost is the money paid for it. So an
account's *cash* is its balance without what it paid for the assets it has: balance - costs of its spot legs. Buying or
selling moves cash by exactly the value traded, and the fee. Negative cash is money owed. Without spot instruments cash
is the balance. Nothing here depends on a mark price.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.ledger import (
    BUY_LOTS,
    BUY_NOTIONAL,
    COST,
    MARKET,
    NEXT_LEG,
    SELL_LOTS,
    SELL_NOTIONAL,
    SIZE,
    Ledger,
)
from exchange.enums import BUY
from exchange.margin.collateral import RateSchedule, debt_initial_margin, exposure_after, spot_initial_margin
from exchange.market import Market
from exchange.rules import BorrowRules
from exchange.units import PPM, div_ceil


@final
class Assets:
    """What accounts have and owe in money and in assets."""

    def __init__(self, ledger: Ledger, markets: list[Market], rules: BorrowRules) -> None:
        """Copy the rules of debts in money. In use where there is a spot instrument, or money is lent."""
        self.ledger = ledger
        self.markets = markets
        self.rules = rules
        self.is_used: bool = rules.may_borrow or any(market.is_spot for market in markets)
        self.leverage: int = rules.leverage
        required, initial = rules.maintenance_tiers, rules.initial_tiers
        self.maintenance = RateSchedule([tier.ppm for tier in required], [tier.up_to for tier in required])
        self.initial = RateSchedule([tier.ppm for tier in initial], [tier.up_to for tier in initial])

    def cash(self, slot: i64) -> int:
        """Return an account's money: its balance without what it paid for assets. Negative: owed."""
        legs = self.ledger.legs
        cash: int = self.ledger.balances[slot]
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if self.markets[legs[leg + MARKET]].is_spot:
                cost: int = legs[leg + COST]
                cash -= cost
            leg = legs[leg + NEXT_LEG]
        return cash

    def debt(self, slot: i64) -> int:
        """Return the money that an account owes."""
        return max(0, -self.cash(slot))

    def promised(self, slot: i64, with_fees: bool) -> int:
        """Return the money that an account's resting buy orders of assets will cost, the fees at the dearer rate."""
        legs = self.ledger.legs
        total: int = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            market = self.markets[legs[leg + MARKET]]
            if market.is_spot:
                buying: int = legs[leg + BUY_NOTIONAL]
                total += buying
                if with_fees:
                    total += self.most_fee(market, buying)
            leg = legs[leg + NEXT_LEG]
        return total

    def most_fee(self, market: Market, notional: int) -> int:
        """Return the higher fee of a trade, as maker or as taker; never a rebate."""
        return div_ceil(notional * max(market.maker_ppm, market.taker_ppm, 0), PPM)

    def owed_lots(self, market: Market, slot: i64, more_sold: int) -> int:
        """Return the lots that an account would owe with its resting sell orders filled, and so many more sold."""
        leg = market.leg(slot)
        if leg == 0:
            return more_sold
        size: int = self.ledger.legs[leg + SIZE]
        selling: int = self.ledger.legs[leg + SELL_LOTS]
        return max(0, selling + more_sold - size)

    def debt_maintenance(self, slot: i64) -> int:
        """Return the maintenance margin of the money that an account owes."""
        debt = self.debt(slot)
        return self.maintenance.required(debt) if debt > 0 else 0

    def debt_initial(self, slot: i64, more: int) -> int:
        """Return the initial margin of the money owed with resting buys filled, and so much more money spent."""
        debt = self.promised(slot, False) + more - self.cash(slot)
        return debt_initial_margin(debt, self.leverage, self.initial) if debt > 0 else 0

    def leg_initial(
        self, market: Market, leg: i64, size: int, value: int, leverage: int, side: i64, more_lots: int, more: int
    ) -> int:
        """Return the initial margin of a spot leg of so many lots and such a value, with one more order of a side.

        leg: whose resting orders count; 0 for none.
        """
        legs = self.ledger.legs
        buying: int = 0
        selling: int = 0
        bought: int = 0
        sold: int = 0
        if leg != 0:
            buying, selling = legs[leg + BUY_LOTS], legs[leg + SELL_LOTS]
            bought, sold = legs[leg + BUY_NOTIONAL], legs[leg + SELL_NOTIONAL]
        if side == BUY:
            buying += more_lots
            bought += more
        else:
            selling += more_lots
            sold += more
        held = exposure_after(size, abs(value), buying, bought)
        owed = exposure_after(-size, abs(value), selling, sold)
        return spot_initial_margin(held, owed, leverage, market.haircut, market.loan_initial)

    def is_exposed(self, slot: i64) -> bool:
        """Return whether prices can hurt an account: it owes something, or has a position that is not an asset."""
        legs = self.ledger.legs
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            size = legs[leg + SIZE]
            if size < 0 or (size != 0 and not self.markets[legs[leg + MARKET]].is_spot):
                return True
            leg = legs[leg + NEXT_LEG]
        return self.cash(slot) < 0
