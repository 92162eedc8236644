"""What liquidations have used of the caps on their pace, in windows of time: per account, per market, of the fund."""

from typing import final

from mypy_extensions import i64

from exchange.event_log import EventLog
from exchange.market import Market
from exchange.risk.pacing import is_window_over, leg_budget
from exchange.risk.sharing import NO_CAP
from exchange.rules import PacingRules


@final
class Window:
    """What was used since a window began."""

    def __init__(self) -> None:
        """Begin before any window: the first use starts one."""
        self.start_ns: int = -1
        self.used: int = 0

    def left(self, cap: int, now_ns: int, window_ns: int) -> int:
        """Return what a use now would have left."""
        if self.start_ns < 0 or is_window_over(self.start_ns, now_ns, window_ns):
            return cap
        return leg_budget(False, cap, self.used)

    def use(self, amount: int, now_ns: int, window_ns: int) -> None:
        """Use some, beginning a new window where the last one is over."""
        if self.start_ns < 0 or is_window_over(self.start_ns, now_ns, window_ns):
            self.start_ns = now_ns
            self.used = 0
        self.used += amount


@final
class Budgets:
    """The windows of one venue."""

    def __init__(self, pacing: PacingRules, log: EventLog) -> None:
        """Copy the caps."""
        self.log = log
        self.window_ns: int = pacing.window_ns
        self.account_cap: int = pacing.account_notional
        self.market_cap: int = pacing.market_notional
        self.loss_cap: int = pacing.fund_loss
        self.once_per_window: bool = pacing.once_per_window
        self.has_caps: bool = self.account_cap > 0 or self.market_cap > 0 or self.once_per_window
        self.of_account: dict[int, Window] = {}
        self.of_market: dict[int, Window] = {}
        self.of_loss = Window()

    def notional_left(self, slot: i64, market: Market) -> int:
        """Return the notional that an account may be liquidated of in a market now; NO_CAP where there is none."""
        now: int = self.log.ts_ns
        left = NO_CAP
        if self.account_cap > 0:
            window = self.of_account.get(slot)
            left = self.account_cap if window is None else window.left(self.account_cap, now, self.window_ns)
        if self.market_cap > 0:
            window = self.of_market.get(market.index)
            in_market = self.market_cap if window is None else window.left(self.market_cap, now, self.window_ns)
            left = in_market if left < 0 else min(left, in_market)
        return left

    def use_notional(self, slot: i64, market: Market, notional: int) -> None:
        """Count what was liquidated."""
        now: int = self.log.ts_ns
        if self.account_cap > 0:
            if slot not in self.of_account:
                self.of_account[slot] = Window()
            self.of_account[slot].use(notional, now, self.window_ns)
        if self.market_cap > 0:
            if market.index not in self.of_market:
                self.of_market[market.index] = Window()
            self.of_market[market.index].use(notional, now, self.window_ns)

    def is_tried(self, sent_ns: int) -> bool:
        """Return whether a leg whose last order was sent then has to wait for the next window."""
        return self.once_per_window and sent_ns >= 0 and not is_window_over(sent_ns, self.log.ts_ns, self.window_ns)

    def reopens_ns(self, slot: i64, market: Market, sent_ns: int) -> int:
        """Return when the windows that hold an account or a market back end; 0 where none does."""
        latest = sent_ns + self.window_ns if self.is_tried(sent_ns) else 0
        for window in (self.of_account.get(slot), self.of_market.get(market.index)):
            if window is not None and window.start_ns >= 0:
                latest = max(latest, window.start_ns + self.window_ns)
        return latest

    def loss_left(self) -> int:
        """Return what liquidation fills may still cost the fund in this window; NO_CAP where there is no cap."""
        return self.of_loss.left(self.loss_cap, self.log.ts_ns, self.window_ns) if self.loss_cap > 0 else NO_CAP

    def use_loss(self, amount: int) -> None:
        """Count what fills cost the fund."""
        if self.loss_cap > 0:
            self.of_loss.use(amount, self.log.ts_ns, self.window_ns)
