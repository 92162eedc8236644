"""Loans as they are written, and what they are charged (docs/semantics/spot.md, section 5). Instrument 0 is money."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from exchange.enums import InterestKind
from exchange.events import (
    AssetDeposited,
    AssetWithdrawn,
    DebtRepaid,
    Deposited,
    FundingPaid,
    FundPaid,
    HaircutCharged,
    InterestCharged,
    LenderCut,
    LiquidationEnded,
    LiquidationStarted,
    LoanChanged,
    PositionChanged,
    PositionOpened,
    PositionSettled,
    PositionTakenOver,
    ProfitClawedBack,
    Withdrawn,
)
from exchange.units import MAX_MONEY
from tests.reference.clearing import Account, Clearing
from tests.reference.clock import Clock, Due, Rank, first_due
from tests.reference.journal import Journal

PPM = 1_000_000
PPB = 1_000_000_000
HOUR_NS = 3_600_000_000_000
MONEY = 0

CHANGES = (
    AssetDeposited,
    AssetWithdrawn,
    DebtRepaid,
    Deposited,
    FundPaid,
    FundingPaid,
    HaircutCharged,
    LenderCut,
    InterestCharged,
    LiquidationEnded,
    LiquidationStarted,
    PositionChanged,
    PositionOpened,
    PositionSettled,
    PositionTakenOver,
    ProfitClawedBack,
    Withdrawn,
)


@dataclass(eq=False)
class Loan:
    """What an account owes of one thing, as LoanChanged said last: lots, or money with the interest owed."""

    debt: int = 0
    interest_owed: int = 0
    accrued: int = 0  # money x ppb x nanoseconds, by the clock of seconds
    summed_ns: int = 0  # until when


class Interest:
    """Every loan of every account, and the rates."""

    def __init__(self, clearing: Clearing, clock: Clock, journal: Journal) -> None:
        self.clearing = clearing
        self.spot = clearing.spot
        self.rules = clearing.rules.borrow
        self.next_ns: int | None = None
        self.journal = journal
        self.rates = {i: clearing.instruments[i].spot.rate_ppb for i in self.spot.instruments}
        self.rates[MONEY] = self.rules.rate_ppb
        self.loans: dict[tuple[int, int], Loan] = {}  # by account and instrument
        self.looked = 0  # events of the current command that were looked at
        self.changed: list[int] = []  # accounts, in the order in which they first changed
        if self.spot.is_in_use:
            clock.workers.append((self.tasks, self.run_task))

    def loan(self, account: Account, instrument_id: int) -> Loan:
        """Return the loan, an empty one where there never was any."""
        return self.loans.setdefault((account.account_id, instrument_id), Loan())

    # Amounts.

    def interest(self, amount: int, instrument_id: int) -> int:
        """Return the interest of one period."""
        per_period = Fraction(self.rates[instrument_id] * self.rules.charge_hours, PPB * self.rules.rate_hours)
        return ceil(amount * per_period)

    def worth(self, instrument_id: int, amount: int) -> int:
        """Return what an amount of an asset is worth at mark, 0 without; money is itself."""
        return amount if instrument_id == MONEY else abs(self.spot.worth(instrument_id, amount))

    def open_fee_ppm(self, instrument_id: int) -> int:
        """Return the fee for borrowing."""
        rules = self.rules if instrument_id == MONEY else self.clearing.instruments[instrument_id].spot
        return rules.open_fee_ppm

    def charge(self, account: Account, instrument_id: int, principal: int, amount: int, kind: InterestKind) -> None:
        """Take a charge from the balance."""
        before = self.spot.debt_of_money(account)
        amount = min(amount, max(0, MAX_MONEY - before))
        if amount == 0:
            return
        account.balance -= amount
        if self.rules.income == "fund":
            self.clearing.fund.balance += amount
        else:
            self.clearing.fees += amount
        is_fee = kind == InterestKind.OPEN_FEE
        if instrument_id == MONEY and not is_fee and not self.rules.capitalize:
            self.loan(account, MONEY).interest_owed += self.spot.debt_of_money(account) - before
        self.journal.write(
            InterestCharged,
            instrument=instrument_id,
            account=account.account_id,
            principal=principal,
            rate_ppb=self.open_fee_ppm(instrument_id) * 1_000 if is_fee else self.rates[instrument_id],
            amount=amount,
            balance=account.balance,
            kind=kind,
        )

    def debt(self, account: Account, instrument_id: int) -> int:
        """Return what the account owes now."""
        if instrument_id == MONEY:
            return self.spot.debt_of_money(account)
        return max(0, -self.clearing.leg(account, instrument_id).size)

    # Looking.

    def note_changes(self) -> None:
        """Remember who changed, in order, by what was written."""
        for event in self.journal.events[self.looked :]:
            if not isinstance(event, CHANGES):
                continue
            named = [event.account, event.creditor] if isinstance(event, DebtRepaid) else [event.account]
            self.changed += [account for account in named if account >= 1 and account not in self.changed]
        self.looked = len(self.journal.events)

    def start_command(self) -> None:
        """The events of the last command are about to be forgotten."""
        self.note_changes()
        self.looked = 0

    def look(self) -> None:
        """Step 2a of settling: write the debts that changed, and charge what is new."""
        if not self.spot.is_in_use:
            return
        self.note_changes()
        for account_id in self.changed:
            account = self.clearing.participants[account_id]
            for instrument_id in self.spot.instruments:
                if instrument_id in account.legs:
                    self.look_at(account, instrument_id)
            self.look_at(account, MONEY)
        self.looked = len(self.journal.events)  # what looking itself charged is no change
        if self.changed:
            self.changed = []
            self.find_next()

    def look_at(self, account: Account, instrument_id: int) -> None:
        """One loan."""
        loan = self.loan(account, instrument_id)
        debt, before = self.debt(account, instrument_id), loan.debt
        if debt == before:
            return
        self.accrue(loan, instrument_id)
        if debt > before:
            self.charge_new(account, instrument_id, self.worth(instrument_id, debt - before))
        else:
            loan.interest_owed -= min(loan.interest_owed, before - debt)
            if debt == 0:
                self.charge_accrued(account, instrument_id, InterestKind.REPAID)
        self.write(account, instrument_id)

    def charge_new(self, account: Account, instrument_id: int, principal: int) -> None:
        """What is borrowed costs a fee, and by one clock the period's interest."""
        fee = ceil(Fraction(principal * self.open_fee_ppm(instrument_id), PPM))
        self.charge(account, instrument_id, principal, fee, InterestKind.OPEN_FEE)
        if self.rules.clock == "hours_touched":
            amount = self.interest(principal, instrument_id)
            self.charge(account, instrument_id, principal, amount, InterestKind.BORROWED)

    def write(self, account: Account, instrument_id: int) -> None:
        """Say what is owed, if that is something else than before."""
        loan = self.loan(account, instrument_id)
        debt = self.debt(account, instrument_id)
        if debt == loan.debt:
            return
        self.journal.write(
            LoanChanged,
            instrument=instrument_id,
            account=account.account_id,
            debt=debt,
            debt_before=loan.debt,
            interest_owed=loan.interest_owed,
        )
        loan.debt = debt

    # By the second.

    def accrue(self, loan: Loan, instrument_id: int) -> None:
        """Sum a loan's interest up to now, on what it was."""
        principal = self.worth(instrument_id, loan.debt - loan.interest_owed)
        loan.accrued += principal * self.rates[instrument_id] * (self.journal.ts_ns - loan.summed_ns)
        loan.summed_ns = self.journal.ts_ns

    def charge_accrued(self, account: Account, instrument_id: int, kind: InterestKind) -> None:
        """Charge what has been summed."""
        loan = self.loan(account, instrument_id)
        principal = self.worth(instrument_id, loan.debt - loan.interest_owed)
        amount = ceil(Fraction(loan.accrued, PPB * self.rules.rate_hours * HOUR_NS))
        loan.accrued = 0
        if self.rules.clock == "seconds":
            self.charge(account, instrument_id, principal, amount, kind)

    def charge_finished(self, account: Account) -> None:
        """A liquidation has sold everything: what was summed is charged before the balance is looked at."""
        if not self.spot.is_in_use or self.rules.clock != "seconds":
            return
        for instrument_id in [*self.spot.instruments, MONEY]:
            self.accrue(self.loan(account, instrument_id), instrument_id)
            self.charge_accrued(account, instrument_id, InterestKind.REPAID)

    def set_rate(self, instrument_id: int, rate_ppb: int) -> None:
        """From now on a loan costs something else."""
        for (_, of_instrument), loan in self.loans.items():
            if of_instrument == instrument_id:
                self.accrue(loan, instrument_id)
        self.rates[instrument_id] = rate_ppb

    # By the clock.

    def tasks(self) -> list[Due]:
        """Return the next period's start, while anybody owes."""
        return [] if self.next_ns is None else [Due(self.next_ns, Rank.INTEREST, 0)]

    def find_next(self) -> None:
        """Be due at the next period's start if anybody owes, at none if nobody does."""
        if not any(loan.debt > 0 for loan in self.loans.values()):
            self.next_ns = None
        elif self.next_ns is None:
            self.next_ns = first_due(0, self.rules.charge_hours * HOUR_NS, self.journal.ts_ns + 1)

    def run_task(self, task: Due) -> None:
        """A period begins: every loan is charged."""
        for _, account in sorted(self.clearing.participants.items()):
            for instrument_id in [*self.spot.instruments, MONEY]:
                self.charge_period(account, instrument_id)
            if self.loan(account, MONEY).debt > 0:
                self.write(account, MONEY)
        self.next_ns = None
        self.find_next()

    def charge_period(self, account: Account, instrument_id: int) -> None:
        """One loan at the start of a period."""
        loan = self.loan(account, instrument_id)
        if loan.debt == 0:
            return
        if self.rules.clock == "seconds":
            self.accrue(loan, instrument_id)
            self.charge_accrued(account, instrument_id, InterestKind.CLOCK)
            return
        debt = self.debt(account, instrument_id)
        principal = max(0, debt - loan.interest_owed)
        if instrument_id != MONEY and debt > 0:
            principal = abs(self.clearing.leg_value(account, instrument_id))
        self.charge(account, instrument_id, principal, self.interest(principal, instrument_id), InterestKind.CLOCK)
