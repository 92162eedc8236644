"""Who takes a position that no order could sell, and for how much (docs/semantics/liquidation.md, section 7)."""

from exchange.enums import RejectReason
from exchange.events import BackstopMissing, PositionTakenOver, PositionTransferred
from exchange.rules import Rules
from tests.reference import order_prices
from tests.reference.clearing import PPM, Account, Clearing, ceil_div, sign
from tests.reference.fund import Fund
from tests.reference.journal import Journal
from tests.reference.levels import Levels
from tests.reference.orders import OrderDesk


class Takeover:
    """Moves positions to the fund or to a backstop account, without the book."""

    def __init__(
        self, rules: Rules, clearing: Clearing, desk: OrderDesk, fund: Fund, levels: Levels, journal: Journal
    ) -> None:
        self.rules = rules
        self.fund = fund
        self.missing: set[int] = set()  # backstop accounts that were asked for, and do not exist
        self.takeover = rules.liquidation.takeover
        self.clearing = clearing
        self.desk = desk
        self.levels = levels
        self.journal = journal

    # Prices.

    def price(self, account: Account, instrument_id: int) -> int:
        """Return the price at which a position is taken over."""
        if self.takeover.price == "bankruptcy":
            return order_prices.bankruptcy(self.clearing, account, instrument_id)
        if self.takeover.price == "zero_equity":
            return order_prices.zero_equity(self.clearing, account, instrument_id)
        return self.clearing.marks.get(instrument_id, self.clearing.books[instrument_id].last_price or 0)

    def value_at_mark(self, account: Account, instrument_id: int, part: int) -> int:
        """Return what a part (signed) of a leg is worth at mark; its part of the cost without one, rounded to zero."""
        leg = self.clearing.leg(account, instrument_id)
        if part == leg.size:
            return self.clearing.leg_value(account, instrument_id)
        if instrument_id in self.clearing.marks:
            return self.clearing.value(instrument_id, part, self.clearing.marks[instrument_id])
        return sign(leg.cost) * (abs(leg.cost) * abs(part) // abs(leg.size))

    def value(self, account: Account, instrument_id: int, part: int, price: int) -> int:
        """Return what the account gets for a part."""
        if self.takeover.price == "mark":
            return self.value_at_mark(account, instrument_id, part)
        return self.clearing.value(instrument_id, part, price)

    # Capacity.

    def capacity(self, account: Account, taker: Account, instrument_id: int, lots: int, allowed: int) -> int:
        """Return how many of the lots a taker has room for, who may hold so much in the instrument."""
        direction = sign(self.clearing.leg(account, instrument_id).size)
        held = direction * self.clearing.leg(taker, instrument_id).size
        notional = abs(self.value_at_mark(account, instrument_id, direction * lots))
        if notional == 0:
            return lots
        return min(lots, max(allowed * lots // notional - held, -held, 0))

    def other_notional(self, taker: Account, instrument_id: int) -> int:
        """Return what the taker's positions in other instruments are worth."""
        return sum(abs(self.clearing.leg_value(taker, i)) for i in taker.legs if i != instrument_id)

    # Takers.

    def by_fund(self, account: Account, instrument_id: int, lots: int, liquidation_id: int) -> int:
        """The fund takes what its cap allows; returns how many lots."""
        fund = self.clearing.fund
        if self.takeover.fund_cap_ppm > 0:
            allowed = fund.balance * self.takeover.fund_cap_ppm // PPM - self.other_notional(fund, instrument_id)
            lots = self.capacity(account, fund, instrument_id, lots, max(0, allowed))
        if lots == 0:
            return 0
        part = sign(self.clearing.leg(account, instrument_id).size) * lots
        price = self.price(account, instrument_id)
        value = self.value(account, instrument_id, part, price)
        account_realized = self.clearing.move_position(account, instrument_id, -part, price, -value)
        fund_realized = self.clearing.move_position(fund, instrument_id, part, price, value)
        self.journal.write(
            PositionTakenOver,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation_id,
            size_lots=part,
            price_ticks=price,
            value=value,
        )
        self.clearing.write_position(account, instrument_id, account_realized, fee=0)
        self.clearing.write_position(fund, instrument_id, fund_realized, fee=0)
        return lots

    def by_backstop(
        self, account: Account, instrument_id: int, lots: int, liquidation_id: int, queued: list[Account]
    ) -> list[tuple[Account, int]]:
        """The backstop accounts take what they may, each in turn; returns who took how many lots."""
        taken: list[tuple[Account, int]] = []
        if self.takeover.declines_insolvent and self.clearing.equity(account) < 0:
            return taken
        if account.account_id in self.takeover.backstop_accounts:
            return taken
        for account_id in self.takeover.backstop_accounts:
            left = lots - sum(part for _, part in taken)
            taker = self.clearing.participants.get(account_id)
            if taker is None:
                self.note_missing(account, instrument_id, liquidation_id, account_id)
                continue
            if left == 0 or taker.is_in_liquidation or taker in queued:
                continue
            if self.clearing.equity(taker) <= 0:
                continue
            part = self.backstop_capacity(account, taker, instrument_id, left)
            if part > 0:
                self.transfer(account, taker, instrument_id, part, liquidation_id)
                taken.append((taker, part))
        return taken

    def note_missing(self, account: Account, instrument_id: int, liquidation_id: int, missing: int) -> None:
        """Write, once for each, that a backstop account of the rules does not exist."""
        if missing not in self.missing:
            self.missing.add(missing)
            self.journal.write(
                BackstopMissing,
                instrument=instrument_id,
                account=account.account_id,
                liquidation_id=liquidation_id,
                taker=missing,
            )

    def backstop_capacity(self, account: Account, taker: Account, instrument_id: int, lots: int) -> int:
        """Return how many lots a backstop account has room for."""
        equity = self.clearing.equity(taker)
        if self.takeover.backstop_cap_ppm > 0:
            allowed = equity * self.takeover.backstop_cap_ppm // PPM - self.other_notional(taker, instrument_id)
        else:
            own = self.clearing.leg_initial_margin(taker, instrument_id)
            allowed = (equity - self.clearing.initial_margin(taker) + own) * self.clearing.leverage(
                taker, instrument_id
            )
        part = self.capacity(account, taker, instrument_id, lots, allowed)
        resting = [o for o in self.clearing.books[instrument_id].live_of(taker.account_id) if not o.is_stop]
        more = sum(order.open_qty for order in resting) + part
        is_refused = self.desk.checks.exposure(instrument_id, taker.account_id, more) != RejectReason.NONE
        return 0 if is_refused else part

    def transfer(self, account: Account, taker: Account, instrument_id: int, lots: int, liquidation_id: int) -> None:
        """Move lots to a backstop account; the fund gets, or pays, the difference between what both are told."""
        part = sign(self.clearing.leg(account, instrument_id).size) * lots
        value = self.value(account, instrument_id, part, self.price(account, instrument_id))
        at_mark = self.value_at_mark(account, instrument_id, part)
        share = self.takeover.mark_share_ppm if instrument_id in self.clearing.marks else 0
        paid = value + ceil_div((at_mark - value) * share, PPM)
        if paid < value:
            claimed, _ = self.fund.claim(liquidation_id, instrument_id, value - paid)
            paid = value - claimed
        else:
            self.clearing.credit_fund(instrument_id, paid - value)
        account_realized = self.clearing.move_position(account, instrument_id, -part, 0, -value)
        taker_realized = self.clearing.move_position(taker, instrument_id, part, 0, paid)
        self.journal.write(
            PositionTransferred,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation_id,
            size_lots=part,
            value=value,
            taker_value=paid,
            taker=taker.account_id,
        )
        self.clearing.write_position(account, instrument_id, account_realized, fee=0)
        self.clearing.write_position(taker, instrument_id, taker_realized, fee=0)

    # Below the backstop level.

    def lots_below_backstop(self, account: Account, instrument_id: int) -> int:
        """Return the lots that are handed over from an account at the backstop level."""
        size = abs(self.clearing.leg(account, instrument_id).size)
        equity = self.clearing.equity(account)
        threshold = self.levels.threshold(account, self.rules.levels.backstop_ppm)
        if not self.takeover.is_proportional or equity <= 0 or threshold <= 0:
            return size
        return ceil_div(size * max(threshold - equity, 0), threshold)
