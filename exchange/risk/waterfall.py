"""Who pays a deficit: the fund, then the profits of others, then the venue; in the order that the rules state.

Each step credits the bankrupt account with what it found, and writes how much, from whom and why.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import COST, FIRST_SLOT, FUND_SLOT, LIQUIDATING, MARKET, NEXT_LEG, Ledger
from exchange.event_log import EventLog
from exchange.records import (
    OUTCOME_COVERED,
    OUTCOME_SOCIALIZED,
    OUTCOME_VENUE_LOSS,
    write_fund_paid,
    write_haircut_charged,
    write_loss_socialized,
    write_venue_loss_booked,
)
from exchange.rules import Rules
from exchange.units import split_exact


@final
class Waterfall:
    """Pays deficits."""

    def __init__(self, rules: Rules, log: EventLog, ledger: Ledger, clearing: Clearing) -> None:
        """Copy the order of the payers and the fund's floor."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.fund_floor: int = rules.fund.floor
        self.steps: list[str] = list(rules.waterfall)

    def cover(self, slot: i64, liquidation: i64) -> i64:
        """Bring an account's negative balance to zero; return the outcome."""
        account = self.ledger.account_ids[slot]
        balance: int = self.ledger.balances[slot]
        deficit = -balance
        for step in self.steps:
            if step == "fund":
                deficit = self._ask_fund(slot, account, liquidation, deficit)
                if deficit == 0:
                    return OUTCOME_COVERED
            else:
                deficit = self._socialize(slot, account, liquidation, deficit)
                if deficit == 0:
                    return OUTCOME_SOCIALIZED
        self.ledger.post(slot, deficit)
        self.ledger.venue_loss += deficit
        write_venue_loss_booked(self.log, account, liquidation, deficit, self.ledger.venue_loss)
        return OUTCOME_VENUE_LOSS

    def _ask_fund(self, slot: i64, account: i64, liquidation: i64, deficit: int) -> int:
        """Have the fund pay what it can above its floor; return what is left."""
        fund: int = self.ledger.balances[FUND_SLOT]
        paid = min(deficit, max(0, fund - self.fund_floor))
        if paid > 0:
            self.ledger.post(FUND_SLOT, -paid)
            self.ledger.post(slot, paid)
            write_fund_paid(self.log, account, liquidation, deficit, paid, self.ledger.balances[FUND_SLOT])
        return deficit - paid

    def _socialize(self, slot: i64, account: i64, liquidation: i64, deficit: int) -> int:
        """Share a deficit over accounts in unrealized profit, in proportion to it; return what is left. O(accounts)."""
        payers: list[tuple[int, int, int]] = []  # account id, slot, profit
        base: int = 0
        other: i64 = FIRST_SLOT
        while other < self.ledger.slot_count:
            if self.ledger.states[other] != LIQUIDATING and self.ledger.first_legs[other] != 0:
                profit = self.clearing.unrealized(other)
                if profit > 0:
                    payers.append((self.ledger.account_ids[other], other, profit))
                    base += profit
            other += 1
        if base == 0:
            return deficit
        payers.sort()
        charged = min(deficit, base)
        shares = split_exact(charged, [profit for _, _, profit in payers])
        self.ledger.post(slot, charged)
        write_loss_socialized(self.log, account, liquidation, deficit, base, charged, len(payers))
        for (payer_account, payer, _), share in zip(payers, shares, strict=True):
            if share > 0:
                self._charge(payer, payer_account, liquidation, share)
        return deficit - charged

    def _charge(self, payer: i64, account: i64, liquidation: i64, share: int) -> None:
        """Take a share out of an account's unrealized profit, position by position in ascending instrument id.

        The haircut raises the position's cost: a profit that has paid is not there to pay again.
        """
        legs = self.ledger.legs
        leg = self.ledger.first_legs[payer]
        while leg != 0 and share > 0:
            cost: int = legs[leg + COST]
            profit = self.clearing.leg_value(leg) - cost
            is_claim = not self.clearing.markets[legs[leg + MARKET]].is_spot  # an asset's gain is nobody's debt
            if profit > 0 and is_claim:
                paid = min(share, profit)
                share -= paid
                legs[leg + COST] = cost + paid
                instrument = self.clearing.markets[legs[leg + MARKET]].instrument
                write_haircut_charged(self.log, instrument, account, liquidation, paid, profit, cost + paid)
            leg = legs[leg + NEXT_LEG]
        self.clearing.mark_dirty(payer)
