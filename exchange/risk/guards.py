"""The withdrawal gate: while losses are open, nobody takes money out. Rules: docs/semantics/waterfall.md."""

from typing import final

from mypy_extensions import i64

from exchange.event_log import EventLog
from exchange.records import write_withdrawals_gated
from exchange.risk.sharing import is_gated
from exchange.rules import GuardRules


@final
class WithdrawalGate:
    """Closed for a time after an account was seen with negative equity, or by the operator."""

    def __init__(self, rules: GuardRules, log: EventLog) -> None:
        """Start open."""
        self.log = log
        self.length_ns: int = rules.withdrawal_gate_ns
        self.seen_ns: int = -1  # when negative equity was last seen; -1: never
        self.until_ns: int = 0  # by the operator

    def is_closed(self) -> bool:
        """Return whether nobody may withdraw now."""
        now: int = self.log.ts_ns
        return now < self.until_ns or (self.seen_ns >= 0 and is_gated(now, self.seen_ns, self.length_ns))

    def note_equity(self, account: i64, liquidation: i64, equity: int) -> None:
        """Close the gate if an account's equity is negative; written once for each time at which it is seen."""
        now: int = self.log.ts_ns
        if self.length_ns == 0 or equity >= 0 or self.seen_ns == now:
            return
        self.seen_ns = now
        write_withdrawals_gated(self.log, account, liquidation, equity, now + self.length_ns)

    def set_until(self, until_ns: int) -> None:
        """Close the gate until a time; one that is not later than now opens it, whatever was seen."""
        self.until_ns = until_ns
        now: int = self.log.ts_ns
        if until_ns <= now:
            self.seen_ns = -1
        write_withdrawals_gated(self.log, 0, 0, 0, until_ns)
