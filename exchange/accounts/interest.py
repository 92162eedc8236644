"""Loans and what they cost: who owes what since when, and the interest that is charged by the clock.

Whatever makes an account's cash or the size of a spot leg negative is a loan; nobody asks for one. When the venue
settles, the accounts that changed are looked at, and what they owe more than before was borrowed now. Only accounts
that owe something are visited by the clock. Rules: docs/semantics/spot.md.
"""

from collections.abc import Sequence
from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FUND_SLOT, MARKET, NEXT_LEG, SIZE, Ledger
from exchange.clock import NEVER, Clock, TimedTask
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.margin.interest import interest_accrued, interest_of_periods, open_fee, period_of, period_start
from exchange.market import Market
from exchange.records import (
    INTEREST_BORROWED,
    INTEREST_CLOCK,
    INTEREST_OPEN_FEE,
    INTEREST_REPAID,
    write_interest_charged,
    write_loan_changed,
)
from exchange.units import MAX_MONEY


@final
class Loan:
    """What one account owes of one thing, as last looked at."""

    def __init__(self, since_ns: i64) -> None:
        """Start with nothing owed."""
        self.debt: int = 0  # money with the interest owed, or lots
        self.interest_owed: int = 0  # money: the part of the debt that bears no interest
        self.since_ns: int = since_ns  # accrued until then
        self.accrued: int = 0  # money x ns x ppb, not charged yet


@final
class Price:
    """What loans of one thing cost."""

    def __init__(self, rate_ppb: int, fee_ppm: int) -> None:
        """rate_ppb: of the debt, per `rate_hours`. fee_ppm: of what is borrowed."""
        self.rate_ppb = rate_ppb
        self.fee_ppm = fee_ppm


@final
class Interest(TimedTask):
    """Keeps the loans, and charges for them."""

    def __init__(
        self, log: EventLog, ledger: Ledger, clearing: Clearing, clock: Clock, instruments: Sequence[Instrument]
    ) -> None:
        """Copy the rules and the opening rates. `instruments` stand by ascending id, as the markets do."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.assets = clearing.assets
        self.clock = clock
        self.is_used: bool = clearing.has_assets
        rules = clearing.assets.rules
        self.is_touched: bool = rules.clock == "hours_touched"
        self.is_exact: bool = rules.clock == "seconds"
        self.capitalizes: bool = rules.capitalize
        self.to_fund: bool = rules.income == "fund"
        self.rate_hours: int = rules.rate_hours
        self.charge_hours: int = rules.charge_hours
        self.money_price = Price(rules.rate_ppb, rules.open_fee_ppm)
        self.asset_prices: list[Price] = [Price(each.spot.rate_ppb, each.spot.open_fee_ppm) for each in instruments]
        self.loans: dict[int, Loan] = {}  # of an asset by leg, of money by minus the slot
        self.borrowers: dict[int, int] = {}  # slot: account id, of those who owe something
        clock.add(self)

    # --- what changed ------------------------------------------------------------------------------------------

    def note_changes(self) -> None:
        """Look at the accounts that changed: write what they owe now, and charge what they borrowed."""
        for changed in self.clearing.dirty:  # charging adds nobody: who is charged has changed
            self._note(changed)

    def close(self, slot: i64) -> None:
        """Charge what has accrued on an account's loans, before what it has left is settled."""
        if slot not in self.borrowers or not self.is_exact:
            return
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if leg in self.loans:
                self._accrue_asset(leg, self.loans[leg])
                self._charge_accrued(slot, leg, self.loans[leg], INTEREST_REPAID)
            leg = self.ledger.legs[leg + NEXT_LEG]
        if -slot in self.loans:
            loan = self.loans[-slot]
            self._accrue_money(loan)
            self._charge_accrued(slot, 0, loan, INTEREST_REPAID)

    def set_rate(self, market: Market | None, rate_ppb: int) -> None:
        """Let loans of an asset, or of money (None), cost this from now on. O(borrowers) by the clock of seconds."""
        if self.is_exact:
            for borrower in self.borrowers:
                slot: i64 = borrower
                leg: i64 = market.leg(slot) if market is not None else 0
                if market is None and -slot in self.loans:
                    self._accrue_money(self.loans[-slot])
                elif leg != 0 and leg in self.loans:
                    self._accrue_asset(leg, self.loans[leg])
        price = self.money_price if market is None else self.asset_prices[market.index]
        price.rate_ppb = rate_ppb

    def _note(self, slot: i64) -> None:
        owes = False
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if self.clearing.markets[self.ledger.legs[leg + MARKET]].is_spot:
                size: int = self.ledger.legs[leg + SIZE]
                if size < 0 or leg in self.loans:
                    self._note_asset(slot, leg, max(0, -size))
                    owes = owes or size < 0
            leg = self.ledger.legs[leg + NEXT_LEG]
        if self.assets.debt(slot) > 0 or -slot in self.loans:
            self._note_money(slot)
            owes = owes or -slot in self.loans
        if owes and slot not in self.borrowers:
            self.borrowers[slot] = self.ledger.account_ids[slot]
            if self.due_ns == NEVER:
                self.clock.set_due(self, self._next_period())
        elif not owes and slot in self.borrowers:
            del self.borrowers[slot]
            if len(self.borrowers) == 0:
                self.clock.set_due(self, NEVER)

    def _note_asset(self, slot: i64, leg: i64, lots: int) -> None:
        loan = self._loan(leg)
        if lots == loan.debt:
            return
        self._accrue_asset(leg, loan)
        market = self.clearing.markets[self.ledger.legs[leg + MARKET]]
        if lots > loan.debt:
            self._charge_borrowed(slot, leg, self._worth(leg, lots - loan.debt))
        if lots == 0:
            self._charge_accrued(slot, leg, loan, INTEREST_REPAID)
            del self.loans[leg]
        before, loan.debt = loan.debt, lots
        write_loan_changed(self.log, market.instrument, self.ledger.account_ids[slot], lots, before, 0)

    def _note_money(self, slot: i64) -> None:
        loan = self._loan(-slot)
        debt = self.assets.debt(slot)
        if debt == loan.debt:
            return
        self._accrue_money(loan)
        if debt > loan.debt:
            self._charge_borrowed(slot, 0, debt - loan.debt)
        else:
            loan.interest_owed = max(0, loan.interest_owed - (loan.debt - debt))  # it is paid first
            if debt == 0:
                self._charge_accrued(slot, 0, loan, INTEREST_REPAID)
        self._write_money(slot, loan)

    def _write_money(self, slot: i64, loan: Loan) -> None:
        """Write what an account owes of money after what it was charged; forget a loan that is paid."""
        before, loan.debt = loan.debt, self.assets.debt(slot)
        account = self.ledger.account_ids[slot]
        if loan.debt != before:
            write_loan_changed(self.log, 0, account, loan.debt, before, loan.interest_owed)
        if loan.debt == 0:
            del self.loans[-slot]

    def _loan(self, key: i64) -> Loan:
        if key not in self.loans:
            self.loans[key] = Loan(self.log.ts_ns)
        return self.loans[key]

    # --- the clock ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Charge every account that owes something for a period, by ascending account id."""
        order: list[tuple[int, int]] = sorted((account, slot) for slot, account in self.borrowers.items())
        for _, borrower in order:
            self._charge_period(borrower)
        self.due_ns = self._next_period() if len(self.borrowers) > 0 else NEVER

    def _charge_period(self, slot: i64) -> None:
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if leg in self.loans:
                loan = self.loans[leg]
                if self.is_exact:
                    self._accrue_asset(leg, loan)
                    self._charge_accrued(slot, leg, loan, INTEREST_CLOCK)
                elif self.ledger.legs[leg + SIZE] < 0:  # else a continued command has just paid it back
                    self._charge_hours(slot, leg, abs(self.clearing.leg_value(leg)), INTEREST_CLOCK)
            leg = self.ledger.legs[leg + NEXT_LEG]
        if -slot not in self.loans:
            return
        loan = self.loans[-slot]
        if self.is_exact:
            self._accrue_money(loan)
            self._charge_accrued(slot, 0, loan, INTEREST_CLOCK)
        else:
            self._charge_hours(slot, 0, self.assets.debt(slot) - loan.interest_owed, INTEREST_CLOCK)
        self._write_money(slot, loan)

    def _next_period(self) -> i64:
        return period_start(period_of(self.log.ts_ns, self.charge_hours) + 1, self.charge_hours)

    # --- charging ----------------------------------------------------------------------------------------------

    def _charge_borrowed(self, slot: i64, leg: i64, borrowed: int) -> None:
        """Charge for so much money, or so much of an asset's value, that was borrowed now."""
        price = self._price(leg)
        fee = open_fee(borrowed, price.fee_ppm)
        self._charge(slot, leg, borrowed, price.fee_ppm * 1_000, fee, INTEREST_OPEN_FEE)
        if self.is_touched:
            self._charge_hours(slot, leg, borrowed, INTEREST_BORROWED)

    def _charge_hours(self, slot: i64, leg: i64, principal: int, kind: i64) -> None:
        rate = self._price(leg).rate_ppb
        amount = interest_of_periods(max(0, principal), rate, self.rate_hours, self.charge_hours)
        self._charge(slot, leg, principal, rate, amount, kind)

    def _charge_accrued(self, slot: i64, leg: i64, loan: Loan, kind: i64) -> None:
        if loan.accrued == 0:
            return
        amount = interest_accrued(loan.accrued, self.rate_hours)
        loan.accrued = 0
        principal = loan.debt - loan.interest_owed if leg == 0 else self._worth(leg, loan.debt)
        self._charge(slot, leg, principal, self._price(leg).rate_ppb, amount, kind)

    def _charge(self, slot: i64, leg: i64, principal: int, rate_ppb: int, amount: int, kind: i64) -> None:
        """Take interest or a fee from a balance; what cash does not cover is owed."""
        before = self.assets.debt(slot)
        # At the limit of what may enter as money a debt stops growing, as those of liquidations do.
        amount = min(amount, max(0, MAX_MONEY - before))
        if amount == 0:
            return
        self.ledger.post(slot, -amount)
        if self.to_fund:
            self.ledger.post(FUND_SLOT, amount)
        else:
            self.ledger.fees += amount
        self.clearing.mark_dirty(slot)
        if leg == 0 and not self.capitalizes and kind != INTEREST_OPEN_FEE and -slot in self.loans:
            self.loans[-slot].interest_owed += self.assets.debt(slot) - before
        instrument = self.clearing.markets[self.ledger.legs[leg + MARKET]].instrument if leg != 0 else 0
        account, balance = self.ledger.account_ids[slot], self.ledger.balances[slot]
        write_interest_charged(self.log, instrument, account, principal, rate_ppb, amount, balance, kind)

    def _price(self, leg: i64) -> Price:
        return self.money_price if leg == 0 else self.asset_prices[self.ledger.legs[leg + MARKET]]

    def _worth(self, leg: i64, lots: int) -> int:
        """Return what lots of a leg's asset are worth at mark, 0 without one."""
        market = self.clearing.markets[self.ledger.legs[leg + MARKET]]
        return market.valuation.notional(lots, market.mark) if market.has_mark else 0

    def _accrue_money(self, loan: Loan) -> None:
        if self.is_exact:
            elapsed: int = self.log.ts_ns - loan.since_ns  # as an int: the product does not fit 64 bits
            loan.accrued += (loan.debt - loan.interest_owed) * elapsed * self.money_price.rate_ppb
            loan.since_ns = self.log.ts_ns

    def _accrue_asset(self, leg: i64, loan: Loan) -> None:
        """Add what a loan of an asset cost since it was last looked at, on its value at the present mark."""
        if self.is_exact:
            elapsed: int = self.log.ts_ns - loan.since_ns  # as an int: the product does not fit 64 bits
            loan.accrued += self._worth(leg, loan.debt) * elapsed * self._price(leg).rate_ppb
            loan.since_ns = self.log.ts_ns
