"""Spot instruments: what assets are worth as collateral, what debts ask for, what may be borrowed.

Section numbers are those of docs/semantics/spot.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from exchange.enums import OrderKind, RejectReason, Side
from exchange.rules import RateTier
from tests.reference.book import Order

if TYPE_CHECKING:
    from tests.reference.clearing import Account, Clearing

PPM = 1_000_000
NONE = RejectReason.NONE


class Spot:
    """Looks at accounts that hold or owe assets; changes nothing."""

    def __init__(self, clearing: Clearing) -> None:
        self.clearing = clearing
        self.rules = clearing.rules.borrow
        self.instruments = [i for i in sorted(clearing.instruments) if clearing.instruments[i].kind == "spot"]
        self.is_in_use = bool(self.instruments) or self.rules.may_borrow

    def is_spot(self, instrument_id: int) -> bool:
        """Whether the instrument's base asset is what an account holds."""
        return instrument_id in self.instruments

    # What an account has (section 1).

    def cash(self, account: Account) -> int:
        """Return the money that an account holds, negative where it owes."""
        return account.balance - sum(self.clearing.leg(account, i).cost for i in self.instruments)

    def debt_of_money(self, account: Account) -> int:
        """Return what an account owes of money."""
        return max(0, -self.cash(account))

    def debts(self, account: Account) -> int:
        """Return everything that an account owes, in money at mark."""
        shorts = [i for i in self.instruments if self.clearing.leg(account, i).size < 0]
        return self.debt_of_money(account) + sum(abs(self.clearing.leg_value(account, i)) for i in shorts)

    def is_level_above(self, account: Account, least_ppm: int) -> bool:
        """Whether an account has no debts, or a margin level above the least; 0 asks for nothing."""
        debts = self.debts(account)
        if least_ppm == 0 or debts == 0:
            return True
        return (self.clearing.equity(account) + debts) * PPM // debts > least_ppm

    # Requirements (section 2).

    def haircut(self, instrument_id: int, value: int) -> int:
        """Return the part of a holding's value that does not count."""
        weights = self.clearing.instruments[instrument_id].spot.collateral_weights
        return required([RateTier(PPM - tier.ppm, tier.up_to) for tier in weights], value)

    def leg_maintenance(self, account: Account, instrument_id: int) -> int:
        """Return the maintenance margin of one spot leg."""
        value = abs(self.clearing.leg_value(account, instrument_id))
        if self.clearing.leg(account, instrument_id).size >= 0:
            return self.haircut(instrument_id, value)
        tiers = self.clearing.instruments[instrument_id].margin_tiers
        return required([RateTier(tier.maintenance_ppm, tier.up_to) for tier in tiers], value)

    def money_maintenance(self, account: Account) -> int:
        """Return the maintenance margin of the debt of money."""
        return required(self.rules.maintenance_tiers, self.debt_of_money(account))

    def is_exposed(self, account: Account) -> bool:
        """Whether an account has more than holdings."""
        if self.cash(account) < 0:
            return True
        return any(leg.size < 0 if self.is_spot(i) else leg.size != 0 for i, leg in account.legs.items())

    def attributed(self, account: Account, instrument_id: int) -> int:
        """Return a leg's part of the maintenance margin of the debt of money."""
        values = {i: abs(self.clearing.leg_value(account, i)) for i in account.legs}
        total = sum(values.values())
        return self.money_maintenance(account) * values[instrument_id] // total if total else 0

    def leg_initial_margin(
        self,
        account: Account,
        instrument_id: int,
        orders: Sequence[tuple[Side, int, int]],
        leverage: int,
    ) -> int:
        """Return the initial margin of a spot leg with orders of (side, lots, notional)."""
        size = self.clearing.leg(account, instrument_id).size
        value = self.clearing.leg_value(account, instrument_id)
        buy_lots, buys = totals(orders, Side.BUY)
        sell_lots, sells = totals(orders, Side.SELL)
        if size >= 0:
            held = value + buys
        else:
            held = ceil(Fraction(buys * (buy_lots + size), buy_lots)) if buy_lots + size > 0 else 0
        if size <= 0:
            owed = abs(value) + sells
        else:
            owed = ceil(Fraction(sells * (sell_lots - size), sell_lots)) if sell_lots - size > 0 else 0
        return max(
            self.haircut(instrument_id, held),
            ceil(Fraction(owed, leverage)),
            required(self.clearing.instruments[instrument_id].spot.initial_tiers, owed),
        )

    def money_initial_margin(self, account: Account, more_buys: int = 0) -> int:
        """Return the initial margin of the money that an account owes or would owe if all its buys filled."""
        buys = sum(totals(self.orders(account, i), Side.BUY)[1] for i in self.instruments) + more_buys
        debt = buys - self.cash(account)
        if debt <= 0:
            return 0
        return max(
            ceil(Fraction(debt, self.rules.leverage - 1)),
            required(self.rules.initial_tiers, debt),
        )

    def orders(
        self, account: Account, instrument_id: int, leaving_out: Order | None = None
    ) -> list[tuple[Side, int, int]]:
        """Return side, lots and notional of an account's resting orders."""
        book = self.clearing.books[instrument_id]
        return [
            (side, o.open_qty, self.clearing.notional(instrument_id, o.open_qty, o.price))
            for side in Side
            for o in book.resting_of(account.account_id, side)
            if o is not leaving_out
        ]

    # Orders (section 3).

    def fee_ppm(self, instrument_id: int) -> int:
        """Return the highest fee that a fill may cost."""
        fees = self.clearing.instruments[instrument_id].fees
        return max(fees.maker_ppm, fees.taker_ppm, 0)

    def promised(self, account: Account) -> int:
        """Return what an account's resting buys would cost with their fees."""
        total = 0
        for instrument_id in self.instruments:
            buys = totals(self.orders(account, instrument_id), Side.BUY)[1]
            total += buys + self.fee(instrument_id, buys)
        return total

    def fee(self, instrument_id: int, notional: int) -> int:
        """Return the fee that a notional may cost at most."""
        return ceil(Fraction(max(0, notional) * self.fee_ppm(instrument_id), PPM))

    def order_notional(self, instrument_id: int, order: Order) -> int:
        """Return what an order counts with: a market buy with no less than it would pay."""
        counted = self.clearing.order_notional(instrument_id, order)
        if order.kind == OrderKind.MARKET and order.side == Side.BUY:
            book = self.clearing.books[instrument_id]
            left, paid = order.open_qty, 0
            for maker in book.within(order.side, book.limit_of(order)):
                if maker.account != order.account:
                    taken = min(left, maker.open_qty)
                    left -= taken
                    paid += self.clearing.notional(instrument_id, taken, maker.price)
            counted = max(counted, paid)
        return counted

    def check_order(self, account: Account, instrument_id: int, order: Order, replaced: Order | None) -> RejectReason:
        """The account has, or may borrow, what the order gives away."""
        notional = self.order_notional(instrument_id, order)
        old_notional, old_lots = 0, 0
        if replaced is not None:
            old_notional = self.clearing.notional(instrument_id, replaced.open_qty, replaced.price)
            old_lots = replaced.open_qty
        if order.side == Side.BUY:
            reason = self.check_buy(account, instrument_id, notional - old_notional)
        else:
            reason = self.check_sell(account, instrument_id, order.open_qty - old_lots)
        return reason or self.check_margin(account, instrument_id, order, notional, replaced, old_notional)

    def check_buy(self, account: Account, instrument_id: int, more: int) -> RejectReason:
        """Money, of its own or borrowed."""
        promised, cash = self.promised(account), self.cash(account)
        before = max(0, promised - cash)
        after = max(0, promised + more + self.fee(instrument_id, more) - cash)
        return self.check_debt_of_money(account, after) if after > before else NONE

    def check_debt_of_money(self, account: Account, debt: int) -> RejectReason:
        """The venue lends so much."""
        if not self.rules.may_borrow:
            return RejectReason.INSUFFICIENT_BALANCE
        if 0 < self.rules.limit < debt:
            return RejectReason.BORROW_LIMIT
        return self.check_level(account)

    def check_level(self, account: Account) -> RejectReason:
        """Nothing more is lent below a margin level."""
        is_above = self.is_level_above(account, self.rules.borrow_above_ppm)
        return NONE if is_above else RejectReason.MARGIN_LEVEL_TOO_LOW

    def owed_if_sold(self, account: Account, instrument_id: int, more: int = 0) -> int:
        """Return the lots that an account would owe if all its sells filled."""
        lots = totals(self.orders(account, instrument_id), Side.SELL)[0]
        return max(0, lots + more - self.clearing.leg(account, instrument_id).size)

    def check_sell(self, account: Account, instrument_id: int, more: int) -> RejectReason:
        """The asset, of its own or borrowed."""
        after = self.owed_if_sold(account, instrument_id, more)
        if after <= self.owed_if_sold(account, instrument_id):
            return NONE
        terms = self.clearing.instruments[instrument_id].spot
        if not self.rules.may_borrow:
            return RejectReason.INSUFFICIENT_BALANCE
        if not terms.may_borrow or instrument_id not in self.clearing.marks:
            return RejectReason.NOT_BORROWABLE
        if 0 < terms.limit_lots < after:
            return RejectReason.BORROW_LIMIT
        return self.check_level(account)

    def check_margin(
        self,
        account: Account,
        instrument_id: int,
        order: Order,
        notional: int,
        replaced: Order | None,
        old_notional: int,
    ) -> RejectReason:
        """The account can carry the order, if leg and money together need more margin than without it."""
        orders = [*self.orders(account, instrument_id, replaced), (order.side, order.open_qty, notional)]
        more_buys = notional - old_notional if order.side == Side.BUY else 0
        leverage = self.clearing.leverage(account, instrument_id)
        leg = self.leg_initial_margin(account, instrument_id, orders, leverage)
        after = leg + self.money_initial_margin(account, more_buys)
        before = self.clearing.leg_initial_margin(account, instrument_id) + self.money_initial_margin(account)
        total = self.clearing.initial_margin(account) - before + after
        if after > before and total > self.clearing.equity(account):
            return RejectReason.INSUFFICIENT_MARGIN
        return NONE

    # Taking out (section 4).

    def check_withdraw(self, account: Account, amount: int) -> RejectReason:
        """Money leaves: of its own, or borrowed where the rules let it."""
        debt = self.promised(account) + amount - self.cash(account)
        if debt > 0:
            reason = NONE if self.rules.withdraw == "borrowed" else RejectReason.INSUFFICIENT_BALANCE
            if reason := reason or self.check_debt_of_money(account, debt):
                return reason
        with self.as_if(account):
            account.balance -= amount
            return self.check_what_is_left(account)

    def check_withdraw_asset(self, account: Account, instrument_id: int, qty: int) -> RejectReason:
        """An asset leaves: of its own, or borrowed where the rules let it."""
        if self.owed_if_sold(account, instrument_id, qty) > self.owed_if_sold(account, instrument_id):
            if self.rules.withdraw == "own":
                return RejectReason.INSUFFICIENT_BALANCE
            if reason := self.check_sell(account, instrument_id, qty):
                return reason
        with self.as_if(account):
            self.move_asset(account, instrument_id, -qty)
            return self.check_what_is_left(account)

    def check_what_is_left(self, account: Account) -> RejectReason:
        """Margin level and initial margin of an account that something has left."""
        if not self.is_level_above(account, self.rules.withdraw_above_ppm):
            return RejectReason.MARGIN_LEVEL_TOO_LOW
        if self.clearing.equity(account) < self.clearing.initial_margin(account):
            return RejectReason.INSUFFICIENT_MARGIN
        return NONE

    @contextmanager
    def as_if(self, account: Account) -> Iterator[None]:
        """Try something on an account, and take it back."""
        balance, legs, untraded = account.balance, account.legs, self.clearing.untraded
        account.legs = {i: replace(leg) for i, leg in legs.items()}
        self.clearing.untraded = set(untraded)
        yield
        account.balance, account.legs, self.clearing.untraded = balance, legs, untraded

    def worth(self, instrument_id: int, qty: int) -> int:
        """Return what an asset is worth at mark, 0 without one."""
        mark = self.clearing.marks.get(instrument_id)
        return 0 if mark is None else self.clearing.value(instrument_id, qty, mark)

    def move_asset(self, account: Account, instrument_id: int, qty: int) -> int:
        """Bring an asset in, or take some out (qty < 0), without a profit, cash or a trade; returns its worth."""
        has_traded = self.clearing.has_traded(account, instrument_id)
        session = account.session_profit, account.has_realized
        value = self.worth(instrument_id, abs(qty))
        paid = value if qty > 0 else -value
        self.clearing.move_position(account, instrument_id, qty, 0, paid)
        account.balance += paid
        account.session_profit, account.has_realized = session
        if not has_traded:
            self.clearing.untraded.add((account.account_id, instrument_id))
        return value


def required(tiers: Sequence[RateTier], amount: int) -> int:
    """Return the sum over tiers of the part of an amount in the tier at its rate, rounded up; 0 without tiers."""
    total, start = 0, 0
    for tier in tiers:
        end = amount if tier.up_to == 0 else min(amount, tier.up_to)
        total += max(0, end - start) * tier.ppm
        start = tier.up_to
    return ceil(Fraction(total, PPM))


def totals(orders: Sequence[tuple[Side, int, int]], side: Side) -> tuple[int, int]:
    """Return lots and notional of the orders of a side."""
    return sum(lots for s, lots, _ in orders if s == side), sum(notional for s, _, notional in orders if s == side)
