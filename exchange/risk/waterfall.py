"""Who pays a deficit: the steps of the venue's rules in their order; what is left after the last is the venue's loss.

Each step credits the bankrupt account with what it found, and writes how much, from whom and why. Rules:
docs/semantics/waterfall.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FUND_SLOT, Ledger
from exchange.clock import Clock
from exchange.enums import INSURANCE_FUND
from exchange.errors import InvariantError
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    BASE_LENDERS,
    OUTCOME_COVERED,
    OUTCOME_DEFERRED,
    OUTCOME_OWED,
    OUTCOME_SOCIALIZED,
    OUTCOME_VENUE_LOSS,
    OUTCOME_WRITTEN_OFF,
    SOURCE_FEE_POOL,
    SOURCE_OWN_COLLATERAL,
    write_deficit_paid,
    write_loss_deferred,
    write_loss_written_off,
    write_venue_loss_booked,
)
from exchange.risk.debt import Debts
from exchange.risk.fund import NO_MARKET, Fund
from exchange.risk.guards import WithdrawalGate
from exchange.risk.socialization import Socializer
from exchange.rules import Rules


@final
class Waterfall:
    """Pays deficits."""

    def __init__(
        self, rules: Rules, log: EventLog, ledger: Ledger, clearing: Clearing, markets: list[Market], clock: Clock
    ) -> None:
        """Copy the order of the payers; open the fund, the register of debts and the withdrawal gate."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.steps: list[str] = list(rules.waterfall)
        self.fund = Fund(rules.fund, log, ledger, markets)
        self.debts = Debts(rules.debt, log, ledger, clearing, self.fund, clock)
        has_session = "session" in self.steps
        self.socializer = Socializer(rules.socialization, has_session, log, ledger, clearing, self.fund, clock)
        self.gate = WithdrawalGate(rules.guards, log)
        self.causes: dict[int, int] = {}  # slot of a running liquidation: index of the market that set it off
        self.keeps_claims: bool = "debt" in self.steps and rules.debt.owes == "all"
        self.observes: bool = self.fund.watches or self.socializer.has_sessions

    def note_start(self, slot: i64, liquidation: i64, index: i64, equity: int) -> None:
        """Remember which market (by index, -1 for none) set a liquidation off, and look at its equity for the gate."""
        self.causes[slot] = index
        self.gate.note_equity(self.ledger.account_ids[slot], liquidation, equity)

    def forget(self, slot: i64) -> None:
        """Take note that a liquidation is over."""
        self.causes.pop(slot, NO_MARKET)

    def cause_of(self, slot: i64) -> int:
        """Return the index of the market that set a running liquidation off, or -1."""
        return self.causes.get(slot, NO_MARKET)

    def observe(self) -> None:
        """Look at what changes between claims; after a settling, where `observes` says so."""
        if self.fund.watches:
            self.fund.observe()
        if self.socializer.has_sessions:
            self.socializer.observe()

    def keep_surplus(self, slot: i64, amount: int) -> None:
        """Move money that a liquidation left to the fund, to the part of the market that set it off."""
        self.ledger.post(slot, -amount)
        self.fund.receive(self.cause_of(slot), amount)

    def cover(self, slot: i64, liquidation: i64) -> i64:
        """Bring an account's negative balance to zero; return the outcome: the step that paid the last of it."""
        ledger = self.ledger
        account = ledger.account_ids[slot]
        index: i64 = self.cause_of(slot)
        balance: int = ledger.balances[slot]
        self.gate.note_equity(account, liquidation, balance)
        deficit = -balance
        outcome: i64 = OUTCOME_VENUE_LOSS
        from_fund = 0
        advanced = 0  # by the venue, and owed to it
        haircuts: list[tuple[int, int]] = []
        for step in self.steps:
            if step == "fund":
                paid = self.fund.claim(index, account, liquidation, deficit)
                ledger.post(slot, paid)
                from_fund += paid
                deficit -= paid
                outcome = OUTCOME_COVERED
            elif step == "socialize":
                deficit = self.socializer.socialize(self.socializer.base, slot, index, liquidation, deficit, haircuts)
                outcome = OUTCOME_SOCIALIZED
            elif step == "lenders":
                deficit = self.socializer.socialize(BASE_LENDERS, slot, index, liquidation, deficit, haircuts)
                outcome = OUTCOME_SOCIALIZED
            elif step == "own_collateral":
                deficit = self._ask_owner(slot, account, liquidation, deficit)
                outcome = OUTCOME_COVERED
            elif step == "fee_pool":
                deficit = self._ask_fees(slot, account, liquidation, deficit)
                outcome = OUTCOME_COVERED
            elif step == "session":
                ledger.post(slot, deficit)
                self.socializer.defer(deficit)
                write_loss_deferred(self.log, account, liquidation, deficit, ledger.deferred)
                deficit = 0
                outcome = OUTCOME_DEFERRED
            elif step == "debt":
                ledger.post(slot, deficit)
                advanced = deficit
                deficit = 0
                outcome = OUTCOME_OWED
            elif step == "write_off":
                ledger.post(slot, deficit)
                ledger.written_off += deficit
                write_loss_written_off(self.log, account, liquidation, deficit, ledger.written_off)
                deficit = 0
                outcome = OUTCOME_WRITTEN_OFF
            if deficit == 0:
                break
        if deficit > 0:
            ledger.post(slot, deficit)
            ledger.venue_loss += deficit
            write_venue_loss_booked(self.log, account, liquidation, deficit, ledger.venue_loss)
            outcome = OUTCOME_VENUE_LOSS
        if not self.keeps_claims:
            from_fund = 0
            haircuts = []
        if advanced > 0 or from_fund > 0 or len(haircuts) > 0:
            self.debts.book(self._owner(slot), liquidation, index, advanced, from_fund, haircuts)
        return outcome

    def cover_fund(self) -> None:
        """Bring a fund that its own positions took below zero back to zero: who else pays, in the order of the steps.

        Own collateral, the fund and debt have no meaning here. The events name the fund's account and liquidation 0.
        """
        ledger = self.ledger
        balance: int = ledger.balances[FUND_SLOT]
        deficit = -balance
        for step in self.steps:
            if deficit == 0:
                return
            if step == "socialize":
                deficit = self.socializer.socialize(self.socializer.base, FUND_SLOT, NO_MARKET, 0, deficit, [])
            elif step == "lenders":
                deficit = self.socializer.socialize(BASE_LENDERS, FUND_SLOT, NO_MARKET, 0, deficit, [])
            elif step == "fee_pool":
                deficit = self._ask_fees(FUND_SLOT, INSURANCE_FUND, 0, deficit)
            elif step == "session":
                ledger.post(FUND_SLOT, deficit)
                self.socializer.defer(deficit)
                write_loss_deferred(self.log, INSURANCE_FUND, 0, deficit, ledger.deferred)
                return
            elif step == "write_off":
                ledger.post(FUND_SLOT, deficit)
                ledger.written_off += deficit
                write_loss_written_off(self.log, INSURANCE_FUND, 0, deficit, ledger.written_off)
                return
        if deficit > 0:
            ledger.post(FUND_SLOT, deficit)
            ledger.venue_loss += deficit
            write_venue_loss_booked(self.log, INSURANCE_FUND, 0, deficit, ledger.venue_loss)

    def check(self) -> None:
        """Raise InvariantError where the register of debts and the ledger disagree, or a session counts aside."""
        ledger = self.ledger
        registered, outstanding = self.debts.owed_to_venue(), ledger.debt_outstanding
        if registered != outstanding:
            raise InvariantError(f"expected debts of {outstanding} to the venue, found {registered} in the register")
        slot: i64 = 0
        while slot < ledger.slot_count:
            if ledger.session_profits[slot] != 0 and not ledger.is_main(slot):
                account = ledger.account_ids[slot]
                raise InvariantError(f"account {account}: expected profits counted at its main slot, found {slot}")
            slot += 1

    def _owner(self, slot: i64) -> i64:
        """Return the main slot of who owns a slot: who owes what an isolated position lost."""
        parent = self.ledger.parents[slot]
        return parent if parent != 0 else slot

    def _ask_owner(self, slot: i64, account: i64, liquidation: i64, deficit: int) -> int:
        """Have the main account of an isolated position's owner pay what it could withdraw; return what is left."""
        ledger = self.ledger
        parent = ledger.parents[slot]
        if parent == 0:
            return deficit
        free: int = ledger.balances[parent]
        if self.clearing.has_assets:
            assets = self.clearing.assets
            free = min(free, assets.cash(parent) - assets.promised(parent, True))  # more would be a loan
        spare = self.clearing.equity(parent) - self.clearing.initial_margin(parent)
        paid = max(0, min(deficit, free, spare))
        if paid > 0:
            ledger.post(parent, -paid)
            ledger.post(slot, paid)
            self.clearing.mark_dirty(parent)
            write_deficit_paid(
                self.log, account, liquidation, deficit, paid, ledger.balances[parent], SOURCE_OWN_COLLATERAL
            )
        return deficit - paid

    def _ask_fees(self, slot: i64, account: i64, liquidation: i64, deficit: int) -> int:
        """Have the fees that the venue has earned pay; return what is left."""
        ledger = self.ledger
        paid = min(deficit, max(0, ledger.fees))
        if paid > 0:
            ledger.fees -= paid
            ledger.post(slot, paid)
            write_deficit_paid(self.log, account, liquidation, deficit, paid, ledger.fees, SOURCE_FEE_POOL)
        return deficit - paid
