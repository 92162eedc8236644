"""The insurance fund: its parts, what it pays of a deficit, and when it stops (waterfall.md, section 3)."""

from dataclasses import dataclass, field

from exchange.enums import FundLimit
from exchange.errors import InvariantError
from exchange.events import FundDrawdownChanged, FundPaid
from exchange.rules import Rules
from tests.reference.clearing import PPM, Account, Clearing
from tests.reference.journal import Journal


@dataclass(eq=False)
class Drawdown:
    """Whether the fund has stopped paying for one instrument, and the samples of its window."""

    is_running: bool = False
    samples: list[tuple[int, int, int]] = field(default_factory=list)  # time, profit, money of the pool


class Fund:
    """What the fund pays. Its money is `clearing.fund.balance` and `clearing.fund_parts`."""

    def __init__(self, rules: Rules, clearing: Clearing, journal: Journal) -> None:
        self.rules = rules.fund
        self.clearing = clearing
        self.journal = journal
        self.paid: list[tuple[int, int]] = []  # time, amount
        self.drawdowns = {instrument_id: Drawdown() for instrument_id in clearing.instruments}

    @property
    def by_instrument(self) -> bool:
        """Whether every instrument has a part of its own."""
        return self.rules.scope == "per_instrument"

    # What there is.

    def above_floor(self, cause: int) -> int:
        """Return what the cause's own part can pay; 0 without a cause."""
        return max(0, self.clearing.fund_parts[cause] - self.rules.floor) if cause else 0

    def available(self, cause: int) -> int:
        """Return the most that the fund could pay for a cause."""
        balance = self.clearing.fund.balance
        if not self.by_instrument:
            return max(0, balance - self.rules.floor)
        return min(self.above_floor(cause) + max(0, self.clearing.shared_part()), max(0, balance))

    def left_in_window(self) -> int:
        """Return what the cap of the current window still allows."""
        window = self.journal.ts_ns // self.rules.window_ns
        used = sum(amount for ts_ns, amount in self.paid if ts_ns // self.rules.window_ns == window)
        return self.rules.window_cap - used

    # A claim.

    def pay(self, account: Account, liquidation_id: int, cause: int) -> int:
        """Pay what the fund can of an account's deficit; returns how much."""
        deficit = -account.balance
        amount, limit = self.claim(liquidation_id, cause, deficit)
        if amount == 0:
            return 0
        account.balance += amount
        self.journal.write(
            FundPaid,
            account=account.account_id,
            liquidation_id=liquidation_id,
            deficit=deficit,
            amount=amount,
            fund_balance=self.clearing.fund.balance,
            instrument=cause if self.by_instrument else 0,
            limit=limit,
        )
        return amount

    def claim(self, liquidation_id: int, cause: int, asked: int) -> tuple[int, FundLimit]:
        """Take out what may be claimed of what is asked; returns how much, and what limited it."""
        bounds = {FundLimit.BALANCE: min(asked, self.available(cause))}
        if self.rules.window_cap > 0:
            bounds[FundLimit.WINDOW] = self.left_in_window()
        if self.rules.max_claim > 0:
            bounds[FundLimit.MAX_CLAIM] = self.rules.max_claim
        wanted = min(bounds.values())
        amount = min(wanted, self.allowed_by_drawdown(cause, liquidation_id, wanted))
        if amount <= 0:
            return 0, FundLimit.BALANCE
        # A dict keeps its order: the first bound that was met is the one that is named.
        limit = next((limit for limit, bound in bounds.items() if bound == amount), FundLimit.DRAWDOWN)
        self.take_out(cause, amount)
        return amount, limit

    def take_out(self, cause: int, amount: int) -> None:
        """Lower the fund: the cause's part down to its floor, then the shared one. It never goes below its floor."""
        from_part = min(amount, self.above_floor(cause)) if self.by_instrument else amount
        if amount > self.available(cause):
            raise InvariantError(f"expected a claim of at most {self.available(cause)}, found {amount}")
        self.clearing.fund.balance -= amount
        if cause:
            self.clearing.fund_parts[cause] -= from_part
            self.clearing.fund_profits[cause] -= from_part
        self.paid.append((self.journal.ts_ns, amount))

    # Drawdown.

    def take_sample(self, instrument_id: int) -> tuple[int, int]:
        """Note how the fund stands in an instrument; returns its change and the most of the window."""
        now = self.journal.ts_ns
        profit = self.clearing.fund_profits[instrument_id]
        pool = self.clearing.fund_parts[instrument_id] if self.by_instrument else self.clearing.fund.balance
        drawdown = self.drawdowns[instrument_id]
        start = now - self.rules.drawdown_window_ns  # what is older will never count again
        drawdown.samples = [sample for sample in (*drawdown.samples, (now, profit, pool)) if sample[0] > start]
        change = profit - max(sample[1] for sample in drawdown.samples)
        return change, max(sample[2] for sample in drawdown.samples)

    def allowed_by_drawdown(self, cause: int, liquidation_id: int, claim: int) -> int:
        """Return the most of a claim that the drawdown lets the fund pay, and note where it stops or begins again."""
        trigger = self.rules.drawdown_trigger_ppm
        if trigger == 0 or cause == 0:
            return claim
        drawdown = self.drawdowns[cause]
        change, most = self.take_sample(cause)
        if drawdown.is_running and not self.is_over(change, most):
            return 0
        if drawdown.is_running:
            self.switch(cause, liquidation_id, change, most)
        if self.is_within(change - claim, most):
            return claim
        self.switch(cause, liquidation_id, change - claim, most)
        return max(0, most * trigger // PPM + change)

    def is_within(self, change: int, most: int) -> bool:
        """Whether a change starts no drawdown."""
        return most > 0 and -change * PPM <= most * self.rules.drawdown_trigger_ppm

    def is_over(self, change: int, most: int) -> bool:
        """Whether a drawdown that runs ends."""
        return most > 0 and -change * PPM < most * self.rules.drawdown_stop_ppm

    def switch(self, instrument_id: int, liquidation_id: int, change: int, most: int) -> None:
        """The fund stops paying for an instrument, or begins again."""
        drawdown = self.drawdowns[instrument_id]
        drawdown.is_running = not drawdown.is_running
        self.journal.write(
            FundDrawdownChanged,
            instrument=instrument_id,
            liquidation_id=liquidation_id,
            change=change,
            pool_most=most,
            ratio_ppm=change * PPM // most if most > 0 else -PPM,
            is_running=drawdown.is_running,
        )

    def may_take_over(self, instrument_id: int) -> bool:
        """Whether the remainder step "fund" is open for an instrument: a look only, nothing starts or stops."""
        if self.rules.drawdown_trigger_ppm == 0:
            return True
        change, most = self.take_sample(instrument_id)
        if self.drawdowns[instrument_id].is_running and not self.is_over(change, most):
            return False
        return self.is_within(change, most)

    def after_settling(self) -> None:
        """Look at every instrument."""
        if self.rules.drawdown_trigger_ppm == 0:
            return
        for instrument_id in sorted(self.drawdowns):
            change, most = self.take_sample(instrument_id)
            if self.drawdowns[instrument_id].is_running and self.is_over(change, most):
                self.switch(instrument_id, 0, change, most)
