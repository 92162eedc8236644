"""What is used of the caps on the pace (docs/semantics/liquidation.md, section 4, windows)."""

from dataclasses import dataclass

from exchange.rules import PacingRules
from tests.reference.clearing import Account
from tests.reference.journal import Journal


@dataclass(eq=False)
class Window:
    """What was used since a window began."""

    start_ns: int
    used: int = 0


class Windows:
    """The windows of accounts and markets; one begins with the first use when none runs."""

    def __init__(self, rules: PacingRules, journal: Journal) -> None:
        self.rules = rules
        self.journal = journal
        self.by_account: dict[int, Window] = {}
        self.by_instrument: dict[int, Window] = {}

    @property
    def are_used(self) -> bool:
        """Whether the venue has caps."""
        return self.rules.account_notional > 0 or self.rules.market_notional > 0

    def is_over(self, window: Window) -> bool:
        """Whether a use now begins a new window."""
        now = self.journal.ts_ns
        return now != window.start_ns if self.rules.window_ns == 0 else now >= window.start_ns + self.rules.window_ns

    def of(self, account: Account, instrument_id: int) -> list[Window]:
        """Return the newest window of the account and that of the market, where they have one."""
        found = (self.by_account.get(account.account_id), self.by_instrument.get(instrument_id))
        return [window for window in found if window is not None]

    def left(self, account: Account, instrument_id: int) -> int | None:
        """Return the notional that the caps leave, None without caps."""
        bounds = []
        for cap, window in (
            (self.rules.account_notional, self.by_account.get(account.account_id)),
            (self.rules.market_notional, self.by_instrument.get(instrument_id)),
        ):
            if cap > 0:
                bounds.append(cap if window is None or self.is_over(window) else cap - window.used)
        return min(bounds, default=None)

    def use(self, account: Account, instrument_id: int, notional: int) -> None:
        """Count lots that are sent or handed over."""
        if self.rules.account_notional > 0:
            self.add(self.by_account, account.account_id, notional)
        if self.rules.market_notional > 0:
            self.add(self.by_instrument, instrument_id, notional)

    def add(self, windows: dict[int, Window], key: int, notional: int) -> None:
        """Count in one window, a new one where none runs."""
        if key not in windows or self.is_over(windows[key]):
            windows[key] = Window(self.journal.ts_ns)
        windows[key].used += notional
