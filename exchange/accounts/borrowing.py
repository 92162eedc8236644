"""Who may borrow what: the refusals of orders and withdrawals that would spend or give away what is not there.

Asked before anything changes; the ledger then simply lets cash, or the size of a spot leg, become negative: that is the
loan. Order of the checks: docs/semantics/spot.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import MARKET, NEXT_LEG, SIZE
from exchange.enums import BUY
from exchange.margin.collateral import level_band, margin_level_ppm
from exchange.market import Market
from exchange.records import (
    REJECT_BORROW_LIMIT,
    REJECT_INSUFFICIENT_BALANCE,
    REJECT_INSUFFICIENT_MARGIN,
    REJECT_MARGIN_LEVEL_TOO_LOW,
    REJECT_NONE,
    REJECT_NOT_BORROWABLE,
)
from exchange.units import mul_div


@final
class Borrowing:
    """Decides on orders of spot instruments and on withdrawals."""

    def __init__(self, clearing: Clearing) -> None:
        """Share the clearing and what it knows of assets; copy the rules."""
        self.clearing = clearing
        self.ledger = clearing.ledger
        self.assets = clearing.assets
        rules = clearing.assets.rules
        self.may_borrow: bool = rules.may_borrow
        self.may_withdraw_loans: bool = rules.may_borrow and rules.withdraw == "borrowed"
        self.limit: int = rules.limit
        self.withdraw_above: int = rules.withdraw_above_ppm
        self.borrow_above: int = rules.borrow_above_ppm

    # --- what an account owes ----------------------------------------------------------------------------------

    def debts(self, slot: i64) -> int:
        """Return the money that an account owes and the value at mark of the assets that it owes."""
        total = self.assets.debt(slot)
        legs = self.ledger.legs
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if legs[leg + SIZE] < 0 and self.clearing.markets[legs[leg + MARKET]].is_spot:
                total += abs(self.clearing.leg_value(leg))
            leg = legs[leg + NEXT_LEG]
        return total

    def margin_level(self, slot: i64) -> int:
        """Return assets / debts in ppm."""
        return margin_level_ppm(self.clearing.equity(slot), self.debts(slot))

    # --- refusals ----------------------------------------------------------------------------------------------

    def order_refusal(self, market: Market, slot: i64, side: i64, more_lots: int, more: int) -> i64:
        """Return why an order of a spot instrument is refused, for so many more lots and so much more notional; or 0.

        Asked of what it adds to what the account would owe if all its orders of that side filled.
        """
        reason: i64 = REJECT_NONE
        if side == BUY:
            has_promised = self.assets.promised(slot, True)
            cash = self.assets.cash(slot)
            before = max(0, has_promised - cash)
            fee = self.assets.most_fee(market, more) if more > 0 else 0
            after = max(0, has_promised + more + fee - cash)
            if after > before:
                reason = self._money_refusal(slot, after)
        else:
            before = self.assets.owed_lots(market, slot, 0)
            after = self.assets.owed_lots(market, slot, more_lots)
            if after > before:
                reason = self._asset_refusal(market, slot, after)
        if reason != REJECT_NONE:
            return reason
        return self._margin_refusal(market, slot, side, more_lots, more)

    def withdrawal_refusal(self, slot: i64, amount: int) -> i64:
        """Return why money may not leave an account, or 0. More than its free cash is a loan."""
        clearing = self.clearing
        if not clearing.has_assets:
            balance: int = self.ledger.balances[slot]
            if amount > balance:
                return REJECT_INSUFFICIENT_BALANCE
            if clearing.equity(slot) - amount < clearing.initial_margin(slot):
                return REJECT_INSUFFICIENT_MARGIN
            return REJECT_NONE
        debt_after = self.assets.promised(slot, True) + amount - self.assets.cash(slot)
        if debt_after > 0:
            if not self.may_withdraw_loans:
                return REJECT_INSUFFICIENT_BALANCE
            reason = self._money_refusal(slot, debt_after)
            if reason != REJECT_NONE:
                return reason
        equity = clearing.equity(slot) - amount
        debts = self.debts(slot) + max(0, amount - max(0, self.assets.cash(slot)))
        if _is_level_too_low(equity, debts, self.withdraw_above):
            return REJECT_MARGIN_LEVEL_TOO_LOW
        required = clearing.initial_margin(slot) - self.assets.debt_initial(slot, 0)
        if equity < required + self.assets.debt_initial(slot, amount):
            return REJECT_INSUFFICIENT_MARGIN
        return REJECT_NONE

    def asset_withdrawal_refusal(self, market: Market, slot: i64, lots: int) -> i64:
        """Return why an asset may not leave an account, or 0. More than its free lots is a loan."""
        before = self.assets.owed_lots(market, slot, 0)
        after = self.assets.owed_lots(market, slot, lots)
        if after > before:
            if not self.may_withdraw_loans:
                return REJECT_INSUFFICIENT_BALANCE
            reason = self._asset_refusal(market, slot, after)
            if reason != REJECT_NONE:
                return reason
        clearing = self.clearing
        leg = market.leg(slot)
        size: int = 0
        required: int = 0
        worth: int = 0
        leverage: int = market.default_leverage
        if leg != 0:
            size = self.ledger.legs[leg + SIZE]
            leverage = clearing.leverage(leg)
            required = clearing.leg_initial_margin(leg, 0, 0, leverage)
            worth = clearing.leg_value(leg)
        left: int = 0
        if size != lots:
            # Without a mark, a leg is worth its cost: what is left has its part of it.
            left = (
                market.valuation.value(size - lots, market.mark)
                if market.has_mark
                else mul_div(worth, size - lots, size)
            )
        equity = clearing.equity(slot) - worth + left
        debts = self.debts(slot) - max(0, -worth) + max(0, -left)
        if _is_level_too_low(equity, debts, self.withdraw_above):
            return REJECT_MARGIN_LEVEL_TOO_LOW
        new = self.assets.leg_initial(market, leg, size - lots, left, leverage, BUY, 0, 0)
        if equity < clearing.initial_margin(slot) - required + new:
            return REJECT_INSUFFICIENT_MARGIN
        return REJECT_NONE

    # --- parts -------------------------------------------------------------------------------------------------

    def _money_refusal(self, slot: i64, debt: int) -> i64:
        """Return why an account may not come to owe so much money, or 0."""
        if not self.may_borrow:
            return REJECT_INSUFFICIENT_BALANCE
        if self.limit > 0 and debt > self.limit:
            return REJECT_BORROW_LIMIT
        return self._level_refusal(slot)

    def _asset_refusal(self, market: Market, slot: i64, lots: int) -> i64:
        """Return why an account may not come to owe so many lots, or 0."""
        if not self.may_borrow:
            return REJECT_INSUFFICIENT_BALANCE
        if not market.may_borrow or not market.has_mark:
            return REJECT_NOT_BORROWABLE
        if market.loan_limit > 0 and lots > market.loan_limit:
            return REJECT_BORROW_LIMIT
        return self._level_refusal(slot)

    def _level_refusal(self, slot: i64) -> i64:
        """Return whether an account's margin level, as it is, lets it borrow."""
        if self.borrow_above == 0:
            return REJECT_NONE
        if _is_level_too_low(self.clearing.equity(slot), self.debts(slot), self.borrow_above):
            return REJECT_MARGIN_LEVEL_TOO_LOW
        return REJECT_NONE

    def _margin_refusal(self, market: Market, slot: i64, side: i64, more_lots: int, more: int) -> i64:
        """Return INSUFFICIENT_MARGIN if the order raises the account's initial margin beyond its equity, or 0."""
        clearing = self.clearing
        leg = market.leg(slot)
        total = clearing.initial_margin(slot)
        before = self.assets.debt_initial(slot, 0)
        after = self.assets.debt_initial(slot, more if side == BUY else 0)
        if leg == 0:
            after += self.assets.leg_initial(market, 0, 0, 0, market.default_leverage, side, more_lots, more)
        else:
            size: int = self.ledger.legs[leg + SIZE]
            value = clearing.leg_value(leg)
            leverage = clearing.leverage(leg)
            before += self.assets.leg_initial(market, leg, size, value, leverage, side, 0, 0)
            after += self.assets.leg_initial(market, leg, size, value, leverage, side, more_lots, more)
        if after > before and total - before + after > clearing.equity(slot):
            return REJECT_INSUFFICIENT_MARGIN
        return REJECT_NONE


def _is_level_too_low(equity: int, debts: int, bound_ppm: int) -> bool:
    """Return whether a margin level is not above a bound; 0: there is none. Without debts there is no level."""
    return bound_ppm > 0 and debts > 0 and level_band(margin_level_ppm(equity, debts), [bound_ppm]) > 0
