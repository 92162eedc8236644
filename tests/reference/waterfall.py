"""Who pays the deficit of an account without positions, step by step (waterfall.md, sections 2 and 6)."""

from collections.abc import Callable
from typing import Any

from exchange.commands import CommandType, EndSession, GateWithdrawals, WriteOffDebt
from exchange.enums import DeficitSource, LiquidationOutcome, RejectReason
from exchange.events import DeficitPaid, LossWrittenOff, RequestRejected, VenueLossBooked, WithdrawalsGated
from exchange.rules import Rules
from exchange.units import MAX_TS_NS
from tests.reference.checks import Checks
from tests.reference.clearing import Account, Clearing
from tests.reference.clock import Due, Rank
from tests.reference.debts import Debts
from tests.reference.fund import Fund
from tests.reference.journal import Journal
from tests.reference.sessions import Sessions
from tests.reference.socialization import Socialization

NONE = RejectReason.NONE


class Waterfall:
    """The steps that pay a deficit, what the operator can do about losses, and the guards."""

    def __init__(self, rules: Rules, clearing: Clearing, checks: Checks, journal: Journal) -> None:
        self.rules = rules
        self.clearing = clearing
        self.checks = checks
        self.journal = journal
        self.fund = Fund(rules, clearing, journal)
        self.sharing = Socialization(rules, clearing, journal)
        self.sessions = Sessions(rules, clearing, self.sharing, journal)
        self.debts = Debts(rules, clearing, journal)
        checks.debts = self.debts
        self.seen_ns: int | None = None  # when negative equity was last seen
        self.gated_until_ns = 0  # by the operator
        self.handlers: dict[type, Callable[[Any], None]] = {
            EndSession: self.end_session,
            WriteOffDebt: self.write_off_debt,
            GateWithdrawals: self.gate_withdrawals,
        }

    # A deficit (section 2).

    def pay_deficit(self, account: Account, liquidation_id: int, cause: int) -> LiquidationOutcome:
        """Bring a negative balance to zero; returns who paid the last part of it."""
        outcome, advanced, by_fund = LiquidationOutcome.VENUE_LOSS, 0, 0
        charged: list[tuple[int, int]] = []
        steps = self.rules.waterfall
        if account is not self.clearing.fund:
            self.see_negative(account, liquidation_id, account.balance)
        else:  # its own positions took it below zero
            steps = tuple(step for step in steps if step not in ("own_collateral", "fund", "debt"))
        for step in steps:
            if step == "fee_pool":
                outcome = self.pay_from_fees(account, liquidation_id)
            elif step == "fund":
                by_fund = self.fund.pay(account, liquidation_id, cause)
                outcome = LiquidationOutcome.COVERED
            elif step == "socialize":
                charged += self.sharing.pay(account, liquidation_id, cause)
                outcome = LiquidationOutcome.SOCIALIZED
            elif step == "lenders":
                charged += self.sharing.cut_lenders(account, liquidation_id, cause)
                outcome = LiquidationOutcome.SOCIALIZED
            elif step == "session":
                outcome = self.sessions.defer(account, liquidation_id)
            elif step == "debt":
                advanced, account.balance = -account.balance, 0
                outcome = LiquidationOutcome.OWED
            elif step == "write_off":
                outcome = self.forgive(account, liquidation_id)
            if account.balance >= 0:  # above where the fund's own deficit was charged and a levy brought more
                break
        if account.balance < 0:
            outcome = self.book_loss(account, liquidation_id)
        if "debt" in steps:
            owes_all = self.rules.debt.owes == "all"
            self.debts.book(
                account, liquidation_id, cause, advanced, by_fund if owes_all else 0, charged if owes_all else []
            )
        return outcome

    def pay_from_fees(self, account: Account, liquidation_id: int) -> LiquidationOutcome:
        """The venue's fees pay."""
        deficit = -account.balance
        amount = min(deficit, self.clearing.fees)
        if amount > 0:
            self.clearing.fees -= amount
            account.balance += amount
            self.journal.write(
                DeficitPaid,
                account=account.account_id,
                liquidation_id=liquidation_id,
                deficit=deficit,
                amount=amount,
                left=self.clearing.fees,
                source=DeficitSource.FEE_POOL,
            )
        return LiquidationOutcome.COVERED

    def forgive(self, account: Account, liquidation_id: int) -> LiquidationOutcome:
        """The venue forgives the whole rest."""
        deficit, account.balance = -account.balance, 0
        self.clearing.written_off += deficit
        self.journal.write(
            LossWrittenOff,
            account=account.account_id,
            liquidation_id=liquidation_id,
            amount=deficit,
            total=self.clearing.written_off,
        )
        return LiquidationOutcome.WRITTEN_OFF

    def book_loss(self, account: Account, liquidation_id: int) -> LiquidationOutcome:
        """Nobody paid the rest."""
        rest, account.balance = -account.balance, 0
        self.clearing.venue_loss += rest
        self.journal.write(
            VenueLossBooked,
            account=account.account_id,
            liquidation_id=liquidation_id,
            amount=rest,
            total=self.clearing.venue_loss,
        )
        return LiquidationOutcome.VENUE_LOSS

    # Time.

    def start_step(self) -> None:
        """A command or a timed task begins."""
        self.sharing.marks_before = dict(self.clearing.marks)

    def after_settling(self) -> None:
        """What is looked at when nothing is left to settle."""
        self.sessions.after_settling()
        self.fund.after_settling()

    def tasks(self) -> list[Due]:
        """Return when interest comes on top, and when the session ends."""
        times = ((Rank.DEBTS, self.debts.due_ns), (Rank.SESSION, self.sessions.due_ns))
        return [Due(due_ns, rank, 0) for rank, due_ns in times if due_ns is not None]

    def run_task(self, task: Due) -> None:
        """Do what is due."""
        if task.rank == Rank.DEBTS:
            self.debts.charge_interest()
        else:
            self.sessions.end_in_time()

    # Guards (section 6).

    def see_negative(self, account: Account, liquidation_id: int, equity: int) -> None:
        """Gate withdrawals where an account's equity is negative."""
        gate_ns, now = self.rules.guards.withdrawal_gate_ns, self.journal.ts_ns
        if gate_ns == 0 or equity >= 0 or self.seen_ns == now:
            return
        self.seen_ns = now
        self.write_gate(account.account_id, liquidation_id, equity, now + gate_ns)

    def write_gate(self, account_id: int, liquidation_id: int, equity: int, until_ns: int) -> None:
        """Write until when nobody withdraws."""
        self.journal.write(
            WithdrawalsGated, account=account_id, liquidation_id=liquidation_id, equity=equity, until_ns=until_ns
        )

    def check_withdrawals(self, account_id: int) -> RejectReason:
        """Whether the account owes, or withdrawals are gated."""
        if self.debts.owes(account_id):
            return RejectReason.ACCOUNT_IN_DEBT
        now, gate_ns = self.journal.ts_ns, self.rules.guards.withdrawal_gate_ns
        is_seen = self.seen_ns is not None and now - self.seen_ns < gate_ns
        return RejectReason.WITHDRAWALS_GATED if is_seen or now < self.gated_until_ns else NONE

    # Commands.

    def end_session(self, _: EndSession) -> None:
        """End a session at once."""
        if not self.sessions.exist or not self.checks.has_money:
            self.reject(CommandType.END_SESSION, 0, 0, RejectReason.INVALID_COMBINATION)
            return
        self.sessions.end()

    def write_off_debt(self, command: WriteOffDebt) -> None:
        """Forgive what an account owes."""
        reason = self.checks.participant(command.account)
        if not reason and not self.checks.has_money:
            reason = RejectReason.INVALID_COMBINATION
        if not reason and not self.debts.owes(command.account):
            reason = RejectReason.NO_DEBT
        if reason:
            self.reject(CommandType.WRITE_OFF_DEBT, command.account, 0, reason)
            return
        self.debts.forgive(command.account)

    def gate_withdrawals(self, command: GateWithdrawals) -> None:
        """The operator opens or closes the gate."""
        reason = NONE if self.checks.has_money else RejectReason.INVALID_COMBINATION
        if not reason and not 0 <= command.until_ns <= MAX_TS_NS:
            reason = RejectReason.INVALID_AMOUNT
        if reason:
            self.reject(CommandType.GATE_WITHDRAWALS, 0, command.until_ns, reason)
            return
        self.gated_until_ns = command.until_ns
        if command.until_ns <= self.journal.ts_ns:
            self.seen_ns = None
        self.write_gate(0, 0, 0, command.until_ns)

    def reject(self, request: CommandType, account_id: int, amount: int, reason: RejectReason) -> None:
        """Refuse a command."""
        self.journal.write(
            RequestRejected, instrument=0, account=account_id, amount=amount, request=request, reason=reason
        )
