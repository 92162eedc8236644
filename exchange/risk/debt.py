"""The register of debts: what accounts owe for their deficits, to whom, and how deposits repay it.

A debt has parts: what the venue advanced, which is an asset of its books (`Ledger.debt_outstanding`), and, by rule,
what the fund and other accounts paid, which they get back out of repayments. Interest is owed, and the venue's income
when it is paid. Rules: docs/semantics/waterfall.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FIRST_SLOT, Ledger
from exchange.clock import NEVER, Clock, TimedTask
from exchange.enums import INSURANCE_FUND
from exchange.event_log import EventLog
from exchange.records import write_debt_booked, write_debt_repaid, write_loss_written_off
from exchange.risk.fund import Fund
from exchange.rules import DebtRules
from exchange.units import MAX_MONEY, PPB, div_ceil, split_exact

VENUE: Final = 0  # as a creditor


@final
class Debt:
    """What one account owes, by creditor."""

    def __init__(self, slot: i64) -> None:
        """Start with nothing."""
        self.slot: i64 = slot
        self.liquidation: i64 = 0  # the newest one it is owed for
        self.market: i64 = -1  # whose fund paid
        self.venue: int = 0
        self.fund: int = 0
        self.accounts: list[tuple[int, int]] = []  # slot and what it is owed, in the order in which they paid
        self.interest: int = 0

    def owed(self) -> int:
        """Return all that is owed."""
        return self.venue + self.fund + self.interest + sum([amount for _, amount in self.accounts])


def repayment(amount: int, fund: int, accounts: list[int], venue: int, is_pro_rata: bool) -> tuple[int, list[int], int]:
    """Return what the fund, each account and the venue get of a repayment, at most what they are owed.

    "fund_first": the fund, then the accounts pro rata (remainder to the last), then the venue. "pro_rata": all of them
    in proportion to what they are owed, each rounded down, the remainder to the last, which is the venue.
    """
    amount = min(amount, fund + sum(accounts) + venue)
    if amount == 0:
        return 0, [0] * len(accounts), 0
    if is_pro_rata:
        shares = split_exact(amount, [fund, *accounts, venue])
        return shares[0], shares[1:-1], shares[-1]
    to_fund = min(amount, fund)
    amount -= to_fund
    to_accounts = min(amount, sum(accounts))
    parts = split_exact(to_accounts, accounts) if to_accounts > 0 else [0] * len(accounts)
    return to_fund, parts, amount - to_accounts


def interest_on(owed: int, rate_ppb: int) -> int:
    """Return one period's interest, rounded up: against who owes."""
    return div_ceil(owed * rate_ppb, PPB)


@final
class Debts(TimedTask):
    """Books debts, has deposits repay them, and accrues interest at multiples of its period."""

    def __init__(
        self, rules: DebtRules, log: EventLog, ledger: Ledger, clearing: Clearing, fund: Fund, clock: Clock
    ) -> None:
        """Copy the rules; nothing is owed, and no interest due."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.fund = fund
        self.clock = clock
        self.owes_all: bool = rules.owes == "all"
        self.freezes: bool = rules.freezes
        self.interest_ppb: int = rules.interest_ppb
        self.period_ns: int = rules.interest_period_ns
        self.is_pro_rata: bool = rules.recovery == "pro_rata"
        self.by_slot: dict[int, Debt] = {}
        if self.interest_ppb > 0:
            clock.add(self)

    def book(
        self,
        slot: i64,
        liquidation: i64,
        market: i64,
        venue: int,
        fund: int,
        haircuts: list[tuple[int, int]],
    ) -> None:
        """Have an account owe what the venue, the fund and other accounts (slot, amount) paid for it."""
        ledger = self.ledger
        debt = self.by_slot.get(slot)
        if debt is None:
            debt = Debt(slot)
            self.by_slot[slot] = debt
            if self.freezes:
                ledger.frozen_count += 1
        debt.liquidation = liquidation
        debt.market = market
        debt.venue += venue
        debt.fund += fund
        debt.accounts.extend(haircuts)
        ledger.debt_outstanding += venue
        owed = debt.owed()
        ledger.debts[slot] = owed
        amount = venue + fund + sum([paid for _, paid in haircuts])
        write_debt_booked(self.log, ledger.account_ids[slot], liquidation, amount, owed, venue, fund)
        if self.interest_ppb > 0 and self.due_ns == NEVER:
            now: int = self.log.ts_ns
            self.clock.set_due(self, (now // self.period_ns + 1) * self.period_ns)

    def repay(self, slot: i64, amount: int) -> None:
        """Repay debt out of money that came into an account: principal first, then interest."""
        debt = self.by_slot.get(slot)
        if debt is None:
            return
        balance: int = self.ledger.balances[slot]
        left = min(amount, max(0, balance))
        claims = [claim for _, claim in debt.accounts]
        to_fund, parts, to_venue = repayment(left, debt.fund, claims, debt.venue, self.is_pro_rata)
        if to_fund > 0:
            self.ledger.post(slot, -to_fund)
            self.fund.receive(debt.market, to_fund)
            debt.fund -= to_fund
            self._write_repaid(debt, INSURANCE_FUND, to_fund, False)
        for place, part in enumerate(parts):
            if part > 0:
                payer, claim = debt.accounts[place]
                debt.accounts[place] = (payer, claim - part)
                receiver = self._receiver(payer)
                self.ledger.post(slot, -part)
                self.ledger.post(receiver, part)
                self.clearing.mark_dirty(receiver)
                self._write_repaid(debt, self.ledger.account_ids[payer], part, False)
        debt.accounts = [(payer, claim) for payer, claim in debt.accounts if claim > 0]
        if to_venue > 0:
            self.ledger.post(slot, -to_venue)
            self.ledger.debt_outstanding -= to_venue
            debt.venue -= to_venue
            self._write_repaid(debt, VENUE, to_venue, False)
        left -= to_fund + sum(parts) + to_venue
        interest = min(left, debt.interest)
        if interest > 0:
            self.ledger.post(slot, -interest)
            self.ledger.fees += interest
            debt.interest -= interest
            self._write_repaid(debt, VENUE, interest, True)
        self._close_if_paid(debt)

    def forgive(self, slot: i64) -> None:
        """Forgive all that an account owes: what the venue advanced is written off, the rest is claimed no longer."""
        debt = self.by_slot[slot]
        ledger = self.ledger
        owed = debt.owed()
        ledger.debt_outstanding -= debt.venue
        ledger.written_off += debt.venue
        debt.venue, debt.fund, debt.interest, debt.accounts = 0, 0, 0, []
        self._close_if_paid(debt)
        write_loss_written_off(self.log, ledger.account_ids[slot], debt.liquidation, owed, ledger.written_off)

    def run(self) -> None:
        """Accrue one period's interest on every debt, in the order in which they were first booked."""
        for debt in self.by_slot.values():
            # At the limit of what may enter as money a debt stops growing: no deposit could repay more.
            room = max(0, MAX_MONEY - debt.owed())
            interest = min(room, interest_on(debt.owed(), self.interest_ppb))
            debt.interest += interest
            owed = debt.owed()
            self.ledger.debts[debt.slot] = owed
            account = self.ledger.account_ids[debt.slot]
            write_debt_booked(self.log, account, 0, interest, owed, interest, 0)
        self.due_ns = NEVER if len(self.by_slot) == 0 else self.due_ns + self.period_ns

    def owed_to_venue(self) -> int:
        """Return what is owed to the venue by all, without interest: what the ledger must say is outstanding."""
        return sum([debt.venue for debt in self.by_slot.values()])

    def _receiver(self, payer: i64) -> i64:
        """Return who gets what a payer is repaid: a pocket while it is in use, else the account that it belongs to."""
        return self.ledger.main_of(payer) if self.ledger.is_idle(payer) else payer

    def _write_repaid(self, debt: Debt, creditor: i64, amount: int, is_interest: bool) -> None:
        ledger = self.ledger
        owed = debt.owed()
        ledger.debts[debt.slot] = owed
        write_debt_repaid(
            self.log,
            ledger.account_ids[debt.slot],
            debt.liquidation,
            amount,
            owed,
            ledger.balances[debt.slot],
            creditor,
            1 if is_interest else 0,
        )

    def _close_if_paid(self, debt: Debt) -> None:
        owed = debt.owed()
        self.ledger.debts[debt.slot] = owed
        if owed > 0 or debt.slot < FIRST_SLOT:
            return
        del self.by_slot[debt.slot]
        if self.freezes:
            self.ledger.frozen_count -= 1
        if len(self.by_slot) == 0 and self.interest_ppb > 0:
            self.clock.set_due(self, NEVER)
