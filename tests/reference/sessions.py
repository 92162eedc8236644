"""Sessions: losses wait for the end, whose profits pay them (waterfall.md, section 4)."""

from exchange.enums import LiquidationOutcome, SocializationBase
from exchange.events import LossDeferred, SessionEnded, VenueLossBooked
from exchange.rules import Rules
from tests.reference.clearing import Account, Clearing
from tests.reference.journal import Journal
from tests.reference.socialization import Socialization

PPB = 1_000_000_000


class Sessions:
    """The current session: losses that wait, and when it ends."""

    def __init__(self, rules: Rules, clearing: Clearing, sharing: Socialization, journal: Journal) -> None:
        self.rules = rules.socialization
        self.exist = "session" in rules.waterfall or self.rules.base.startswith("session_")
        self.base = SocializationBase.SESSION_REALIZED
        if self.rules.base == "session_total":
            self.base = SocializationBase.SESSION_TOTAL
        self.clearing = clearing
        self.sharing = sharing
        self.journal = journal
        self.due_ns: int | None = None

    def defer(self, account: Account, liquidation_id: int) -> LiquidationOutcome:
        """A whole deficit waits."""
        deficit = -account.balance
        account.balance = 0
        self.clearing.deferred += deficit
        self.journal.write(
            LossDeferred,
            account=account.account_id,
            liquidation_id=liquidation_id,
            amount=deficit,
            total=self.clearing.deferred,
        )
        return LiquidationOutcome.DEFERRED

    def after_settling(self) -> None:
        """Set the time of the session's end, if there is a reason for one."""
        if not self.exist or self.rules.session_ns == 0 or self.due_ns is not None:
            return
        has_profit = any(account.has_realized for account in self.clearing.participants.values())
        if has_profit or self.clearing.deferred > 0:
            since = self.journal.ts_ns - self.rules.session_offset_ns
            self.due_ns = (since // self.rules.session_ns + 1) * self.rules.session_ns + self.rules.session_offset_ns

    def end_in_time(self) -> None:
        """The time has come. (EndSession leaves the time as it is.)"""
        self.due_ns = None
        self.end()

    def end(self) -> None:
        """Charge the session's profits for what waits, and count from zero."""
        waiting = self.clearing.deferred
        payers = self.sharing.payers(self.base, 0) if waiting > 0 else []
        base = sum(payer.weight for payer in payers)
        shares = self.sharing.shares(self.base, payers, waiting) if payers else []
        charged = sum(shares)
        self.journal.write(
            SessionEnded,
            deferred=waiting,
            base=base,
            charged=charged,
            rate_ppb=min(PPB, charged * PPB // base) if base > 0 else 0,
            payers=len(payers),
            by=self.base,
        )
        self.clearing.deferred -= min(charged, waiting)
        self.clearing.credit_fund(0, charged - min(charged, waiting))
        self.sharing.charge(self.base, payers, shares, 0)
        if self.rules.session_rest == "venue" and self.clearing.deferred > 0:
            self.book_rest()
        for account in self.clearing.participants.values():
            account.session_profit = 0
            account.has_realized = False

    def book_rest(self) -> None:
        """What the session's profits did not pay is the venue's loss."""
        rest = self.clearing.deferred
        self.clearing.deferred = 0
        self.clearing.venue_loss += rest
        self.journal.write(VenueLossBooked, account=0, liquidation_id=0, amount=rest, total=self.clearing.venue_loss)
