"""The insurance fund: what it has for which instrument, what it may pay, and when it stops paying.

All its money is one balance (the ledger's fund slot). By the rule "per_instrument" each market has a part of its own:
what was put into it, and what the fund won and lost there; the rest of the balance is the shared part behind them.
Where a market is asked for, -1 is none: the shared part alone.
"""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.fund_money import credit_fund
from exchange.accounts.ledger import FUND_SLOT, Ledger
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    LIMIT_BALANCE,
    LIMIT_DRAWDOWN,
    LIMIT_MAX_CLAIM,
    LIMIT_WINDOW,
    write_fund_drawdown_changed,
    write_fund_paid,
)
from exchange.risk.sharing import NO_CAP, drawdown_ratio, drawdown_room, fund_claim, is_drawn_down
from exchange.rules import FundRules

NO_MARKET: Final = -1


@final
class WindowPeak:
    """The highest value of the last `length_ns`, from samples whose time never goes back. Amortized O(1) a sample."""

    def __init__(self, length_ns: int) -> None:
        """Start without a sample."""
        self.length_ns: int = length_ns
        self.samples: deque[tuple[int, int]] = deque()  # time and value; later ones are lower

    def add(self, ts_ns: int, value: int) -> int:
        """Take a sample and return the highest of the window, which is open at its old end."""
        samples = self.samples
        while samples and samples[-1][1] <= value:
            samples.pop()
        samples.append((ts_ns, value))
        while samples[0][0] <= ts_ns - self.length_ns:
            samples.popleft()
        return samples[0][1]


@final
class Fund:
    """Pays deficits, keeps surpluses."""

    def __init__(self, rules: FundRules, log: EventLog, ledger: Ledger, markets: list[Market]) -> None:
        """Copy the caps; share the ledger, which has the money."""
        self.log = log
        self.ledger = ledger
        self.markets = markets
        self.is_split: bool = rules.scope == "per_instrument"
        self.floor: int = rules.floor
        self.max_claim: int = rules.max_claim if rules.max_claim > 0 else NO_CAP
        self.window_cap: int = rules.window_cap
        self.window_ns: int = rules.window_ns
        self.window: int = -1  # number of the window that money was last paid in
        self.window_paid: int = 0
        self.trigger_ppm: int = rules.drawdown_trigger_ppm
        self.stop_ppm: int = rules.drawdown_stop_ppm
        self.watches: bool = rules.drawdown_trigger_ppm > 0
        self.is_running: list[bool] = [False] * len(markets)  # drawn down, so that it does not pay
        self.profit_peaks: list[WindowPeak] = [WindowPeak(rules.drawdown_window_ns) for _ in markets]
        self.pool_peaks: list[WindowPeak] = [WindowPeak(rules.drawdown_window_ns) for _ in markets]
        if self.is_split:
            for market in markets:
                market.fund_deposits = rules.opening

    # --- what it has -------------------------------------------------------------------------------------------

    def balance_of(self, index: i64) -> int:
        """Return the part of a market (by index), or the shared part for -1; where there is one fund, all of it."""
        balance: int = self.ledger.balances[FUND_SLOT]
        if not self.is_split:
            return balance
        if index != NO_MARKET:
            market = self.markets[index]
            return market.fund_deposits + market.fund_profit
        for market in self.markets:
            balance -= market.fund_deposits + market.fund_profit
        return balance

    def available(self, index: i64) -> int:
        """Return what may be paid for a market: what its part has above the floor, and the shared part behind it."""
        balance: int = self.ledger.balances[FUND_SLOT]
        if not self.is_split:
            return max(0, balance - self.floor)
        own = max(0, self.balance_of(index) - self.floor) if index != NO_MARKET else 0
        return min(own + max(0, self.balance_of(NO_MARKET)), max(0, balance))

    def payable(self, index: i64) -> int:
        """Return the most that a claim in a market would be paid now: by balance, caps and drawdown."""
        drawdown_left = NO_CAP
        if self.watches and index != NO_MARKET:
            change, most = self._drawdown(index)
            is_stopped = is_drawn_down(change, most, self.trigger_ppm, self.stop_ppm, self.is_running[index])
            drawdown_left = 0 if is_stopped else max(0, drawdown_room(change, most, self.trigger_ppm))
        available = self.available(index)
        return fund_claim(available, available, self.max_claim, self._window_left(), drawdown_left)

    # --- what it does ------------------------------------------------------------------------------------------

    def deposit(self, index: i64, amount: int) -> None:
        """Put money from outside into the part of a market."""
        self.ledger.post(FUND_SLOT, amount)
        self.ledger.fund_deposits += amount
        if index != NO_MARKET:
            self.markets[index].fund_deposits += amount

    def receive(self, index: i64, amount: int) -> None:
        """Put money that a market brought into its part."""
        if index != NO_MARKET:
            credit_fund(self.ledger, self.markets[index], amount)
        else:
            self.ledger.post(FUND_SLOT, amount)

    def pay(self, index: i64, liquidation: i64, wanted: int) -> int:
        """Take from the fund what it may pay of an amount in a market, and return it: a claim without its event."""
        available = self.available(index)
        window_left = self._window_left()
        claimed = fund_claim(wanted, available, self.max_claim, window_left, NO_CAP)
        drawdown_left = self._drawdown_left(index, liquidation, claimed)
        paid = fund_claim(wanted, available, self.max_claim, window_left, drawdown_left)
        if paid <= 0:
            return 0
        self.take(index, paid)
        self.window_paid += paid
        return paid

    def claim(self, index: i64, account: i64, liquidation: i64, deficit: int) -> int:
        """Take from the fund what it may pay of a deficit in a market, write it, and return it."""
        available = self.available(index)
        window_left = self._window_left()
        paid = self.pay(index, liquidation, deficit)
        if paid == 0:
            return 0
        limit: i64 = LIMIT_BALANCE
        if paid < min(deficit, available):
            limit = LIMIT_MAX_CLAIM if paid == self.max_claim else LIMIT_DRAWDOWN
            if paid == window_left:
                limit = LIMIT_WINDOW
        ledger = self.ledger
        instrument: i64 = 0
        if self.is_split and index != NO_MARKET:
            instrument = self.markets[index].instrument
        balance = ledger.balances[FUND_SLOT]
        write_fund_paid(self.log, account, liquidation, deficit, paid, balance, instrument, limit)
        return paid

    def take(self, index: i64, amount: int) -> None:
        """Take money out: from the part of a market down to its floor, then from the shared part."""
        if index != NO_MARKET:
            market = self.markets[index]
            own = min(amount, max(0, self.balance_of(index) - self.floor)) if self.is_split else amount
            market.fund_profit -= own
        self.ledger.post(FUND_SLOT, -amount)

    def declines(self, index: i64) -> bool:
        """Return whether a drawdown keeps the fund from paying for a market or taking over its positions."""
        if not self.watches or index == NO_MARKET:
            return False
        change, most = self._drawdown(index)
        return is_drawn_down(change, most, self.trigger_ppm, self.stop_ppm, self.is_running[index])

    # --- drawdown ----------------------------------------------------------------------------------------------

    def observe(self) -> None:
        """Sample every market's profit, and end drawdowns that are over. After a settling, where the rule is on."""
        index: i64 = 0
        while index < len(self.markets):
            change, most = self._drawdown(index)
            if self.is_running[index]:
                self._set_running(index, 0, change, most)
            index += 1

    def _drawdown(self, index: i64) -> tuple[int, int]:
        """Return a market's profit less its highest of the window, and the highest that the pool had."""
        now: int = self.log.ts_ns
        profit = self.markets[index].fund_profit
        most = self.profit_peaks[index].add(now, profit)
        return profit - most, self.pool_peaks[index].add(now, self.balance_of(index))

    def _drawdown_left(self, index: i64, liquidation: i64, wanted: int) -> int:
        """Return what the drawdown rule lets a claim have; a claim that passes the trigger starts it."""
        if not self.watches or index == NO_MARKET:
            return NO_CAP
        change, most = self._drawdown(index)
        if self.is_running[index]:
            self._set_running(index, liquidation, change, most)
            if self.is_running[index]:
                return 0
        self._set_running(index, liquidation, change - wanted, most)
        return max(0, drawdown_room(change, most, self.trigger_ppm)) if self.is_running[index] else NO_CAP

    def _set_running(self, index: i64, liquidation: i64, change: int, most: int) -> None:
        was_running = self.is_running[index]
        is_running = is_drawn_down(change, most, self.trigger_ppm, self.stop_ppm, was_running)
        if is_running == was_running:
            return
        self.is_running[index] = is_running
        instrument = self.markets[index].instrument
        ratio = drawdown_ratio(change, most)
        write_fund_drawdown_changed(self.log, instrument, liquidation, change, most, ratio, 1 if is_running else 0)

    def _window_left(self) -> int:
        if self.window_cap == 0:
            return NO_CAP
        window = self.log.ts_ns // self.window_ns
        if window != self.window:
            self.window = window
            self.window_paid = 0
        return self.window_cap - self.window_paid
