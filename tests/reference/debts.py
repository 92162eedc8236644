"""What accounts owe after a liquidation, to whom, and how it is repaid (waterfall.md, section 5)."""

from dataclasses import dataclass, field

from exchange.enums import INSURANCE_FUND
from exchange.events import DebtBooked, DebtRepaid, LossWrittenOff
from exchange.rules import Rules
from exchange.units import MAX_MONEY
from tests.reference.clearing import Account, Clearing, ceil_div, split_exact
from tests.reference.journal import Journal

PPB = 1_000_000_000
VENUE = 0


@dataclass(eq=False)
class Part:
    """What is owed to one creditor: an account, the fund (-1), or the venue (0)."""

    creditor: int
    amount: int


@dataclass(eq=False)
class Debt:
    """What one account owes."""

    account: Account
    liquidation_id: int = 0  # the newest
    cause: int = 0  # of that liquidation
    fund: Part = field(default_factory=lambda: Part(INSURANCE_FUND, 0))
    others: list[Part] = field(default_factory=list)  # in the order in which they were charged
    venue: Part = field(default_factory=lambda: Part(VENUE, 0))
    interest: Part = field(default_factory=lambda: Part(VENUE, 0))

    @property
    def owed(self) -> int:
        """Return everything, with interest."""
        return sum(part.amount for part in (self.fund, *self.others, self.venue, self.interest))


class Debts:
    """Every debt, in the order in which they were first booked."""

    def __init__(self, rules: Rules, clearing: Clearing, journal: Journal) -> None:
        self.rules = rules.debt
        self.clearing = clearing
        self.journal = journal
        self.by_account: dict[int, Debt] = {}
        self.due_ns: int | None = None

    def owes(self, account_id: int) -> bool:
        """Whether an account owes anything."""
        return account_id in self.by_account

    def book(
        self,
        account: Account,
        liquidation_id: int,
        cause: int,
        to_venue: int,
        to_fund: int,
        charged: list[tuple[int, int]],
    ) -> None:
        """Add to what an account owes; `charged`: accounts that paid, and how much."""
        amount = to_venue + to_fund + sum(paid for _, paid in charged)
        if amount == 0:
            return
        debt = self.by_account.setdefault(account.account_id, Debt(account))
        debt.liquidation_id, debt.cause = liquidation_id, cause
        debt.fund.amount += to_fund
        debt.venue.amount += to_venue
        debt.others.extend(Part(creditor, paid) for creditor, paid in charged)
        self.clearing.owed_to_venue += to_venue
        self.write_booking(debt, liquidation_id, amount, to_venue, to_fund)
        self.set_time()

    def write_booking(self, debt: Debt, liquidation_id: int, amount: int, to_venue: int, to_fund: int) -> None:
        """Write what came on top."""
        self.journal.write(
            DebtBooked,
            account=debt.account.account_id,
            liquidation_id=liquidation_id,
            amount=amount,
            owed=debt.owed,
            to_venue=to_venue,
            to_fund=to_fund,
        )

    # Interest.

    def set_time(self) -> None:
        """The next multiple of the period is when interest comes on top."""
        if self.rules.interest_ppb > 0 and self.by_account and self.due_ns is None:
            period = self.rules.interest_period_ns
            self.due_ns = (self.journal.ts_ns // period + 1) * period

    def charge_interest(self) -> None:
        """Interest on every debt."""
        self.due_ns = None
        for debt in self.by_account.values():
            amount = min(ceil_div(debt.owed * self.rules.interest_ppb, PPB), max(0, MAX_MONEY - debt.owed))
            debt.interest.amount += amount
            self.write_booking(debt, 0, amount, to_venue=amount, to_fund=0)
        self.set_time()

    # Repayment.

    def repay(self, account: Account, amount: int) -> None:
        """A deposit repays what it can of what the account owes."""
        debt = self.by_account.get(account.account_id)
        if debt is None:
            return
        left = min(amount, max(0, account.balance))
        if self.rules.recovery == "fund_first":
            rounds = [[debt.fund], debt.others, [debt.venue]]
        else:
            rounds = [[debt.fund, *debt.others, debt.venue]]
        for parts in (*rounds, [debt.interest]):
            owed = [part.amount for part in parts]
            total = min(left, sum(owed))
            shares = split_exact(total, owed) if total > 0 else [0] * len(parts)
            for part, share in zip(parts, shares, strict=True):
                self.pay_part(debt, part, share)
            left -= total
        if debt.owed == 0:
            del self.by_account[account.account_id]
            self.due_ns = self.due_ns if self.by_account else None

    def pay_part(self, debt: Debt, part: Part, amount: int) -> None:
        """Pay one creditor."""
        if amount == 0:
            return
        part.amount -= amount
        debt.account.balance -= amount
        if part is debt.interest:
            self.clearing.fees += amount
        elif part is debt.venue:
            self.clearing.owed_to_venue -= amount
        elif part is debt.fund:
            self.clearing.credit_fund(debt.cause, amount)
        else:
            self.clearing.participants[part.creditor].balance += amount
        self.journal.write(
            DebtRepaid,
            account=debt.account.account_id,
            liquidation_id=debt.liquidation_id,
            amount=amount,
            owed=debt.owed,
            balance=debt.account.balance,
            creditor=part.creditor,
            is_interest=part is debt.interest,
        )

    def forgive(self, account_id: int) -> None:
        """The operator forgives everything that an account owes."""
        debt = self.by_account.pop(account_id)
        self.clearing.owed_to_venue -= debt.venue.amount
        self.clearing.written_off += debt.venue.amount
        self.journal.write(
            LossWrittenOff,
            account=account_id,
            liquidation_id=debt.liquidation_id,
            amount=debt.owed,
            total=self.clearing.written_off,
        )
        self.due_ns = self.due_ns if self.by_account else None
