"""Money: what positions are worth, what margin they need, what a fill does, and who pays a deficit.

Nothing is remembered that can be computed again: equity, margin and profits are sums over everything, every time.
Section numbers are those of docs/semantics.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from exchange.enums import INSURANCE_FUND, RECORDED_MARKET, OrderEffect, Side
from exchange.errors import InvariantError
from exchange.events import PositionChanged
from exchange.instrument import Instrument, ScheduleRules
from exchange.rules import Rules
from tests.reference import margins
from tests.reference.book import Book, Fill, Order
from tests.reference.journal import Journal
from tests.reference.spot import Spot

if TYPE_CHECKING:
    from tests.reference.interest import Interest

PPM = 1_000_000


@dataclass(eq=False)
class Leg:
    """One account's position in one instrument."""

    size: int = 0
    cost: int = 0
    schedule: int = 0  # number of the margin schedule that it is under while it has a size


@dataclass(eq=False)
class Account:
    """A participant, the recorded market or the insurance fund."""

    account_id: int
    balance: int = 0
    legs: dict[int, Leg] = field(default_factory=dict)  # by instrument; one exists from the first fill on
    leverage: dict[int, int] = field(default_factory=dict)
    is_in_liquidation: bool = False
    session_profit: int = 0  # realized since the session began
    has_realized: bool = False  # anything at all since then, or was charged


class Clearing:
    """Every account, every mark, and the venue's totals."""

    def __init__(
        self, instruments: Iterable[Instrument], rules: Rules, books: dict[int, Book], journal: Journal
    ) -> None:
        self.instruments = {instrument.instrument_id: instrument for instrument in instruments}
        self.rules = rules
        self.books = books
        self.journal = journal
        self.marks: dict[int, int] = {}
        self.schedules = dict.fromkeys(self.instruments, 0)  # number of each market's margin schedule
        every = [s for i in self.instruments.values() for s in (i.margin, *i.margin_schedules)]
        plain = {i for i, facts in self.instruments.items() if not facts.margin_schedules}
        self.plain = {i for i in plain if self.instruments[i].margin == ScheduleRules()}
        self.may_orders_count = any(schedule.orders_in_maintenance for schedule in every)
        self.settled: set[int] = set()  # instruments settled for good
        self.recorded_market = Account(RECORDED_MARKET)
        by_instrument = rules.fund.scope == "per_instrument"
        self.opening = rules.fund.opening * (len(self.instruments) if by_instrument else 1)
        self.fund = Account(INSURANCE_FUND, balance=self.opening)
        self.fund_parts = dict.fromkeys(self.instruments, rules.fund.opening if by_instrument else 0)
        self.fund_profits = dict.fromkeys(self.instruments, 0)  # what it won and lost there, deposits aside
        self.participants: dict[int, Account] = {}
        self.spot = Spot(self)
        self.interest: Interest  # set by the venue
        self.lots_brought_in: dict[int, int] = {}  # by spot instrument: deposited less withdrawn
        self.untraded: set[tuple[int, int]] = set()  # account and instrument: a leg that only deposits made
        self.deposited = 0
        self.withdrawn = 0
        self.fund_deposited = 0
        self.fees = 0
        self.moved: list[tuple[int, int]] = []  # account and instrument: positions changed otherwise than by a match
        self.venue_loss = 0
        self.deferred = 0  # losses that wait for the session's end
        self.owed_to_venue = 0
        self.written_off = 0

    def account(self, account_id: int) -> Account:
        """Return any account by its id."""
        if account_id == RECORDED_MARKET:
            return self.recorded_market
        return self.fund if account_id == INSURANCE_FUND else self.participants[account_id]

    # Worth and margin (section 4).

    def value(self, instrument_id: int, size: int, price: int) -> int:
        """Return what a size is worth at a price, to the nearest unit of money, ties to even."""
        instrument = self.instruments[instrument_id]
        if instrument.kind != "inverse":
            return nearest(size * price * instrument.tick_value, instrument.tick_value_divisor)
        return nearest(-size * instrument.tick_value, instrument.tick_value_divisor * price)

    def notional(self, instrument_id: int, qty: int, price: int) -> int:
        """Return the value without its sign."""
        return abs(self.value(instrument_id, qty, price))

    def leg(self, account: Account, instrument_id: int) -> Leg:
        """Return the leg, an empty one where the account never had any."""
        return account.legs.get(instrument_id) or Leg()

    def has_traded(self, account: Account, instrument_id: int) -> bool:
        """Whether an account ever had a position or a fill; a deposit of the asset is none."""
        return instrument_id in account.legs and (account.account_id, instrument_id) not in self.untraded

    def leg_value(self, account: Account, instrument_id: int) -> int:
        """Return the leg's value at mark; at its cost while there is no mark price."""
        leg = self.leg(account, instrument_id)
        if instrument_id not in self.marks:
            return leg.cost
        return self.value(instrument_id, leg.size, self.marks[instrument_id])

    def profit(self, account: Account) -> int:
        """Return the unrealized profit over all legs."""
        return sum(self.leg_value(account, i) - self.leg(account, i).cost for i in account.legs)

    def claim(self, account: Account) -> int:
        """Return the profit that may pay for others: not what assets gained."""
        legs = [i for i in account.legs if not self.spot.is_spot(i)]
        return sum(self.leg_value(account, i) - self.leg(account, i).cost for i in legs)

    def equity(self, account: Account) -> int:
        """Return balance plus unrealized profit."""
        return account.balance + self.profit(account)

    def schedule(self, instrument_id: int, leg: Leg | None = None) -> ScheduleRules:
        """Return the market's margin schedule, or the one under which a leg is."""
        number = self.schedules[instrument_id] if leg is None or leg.size == 0 else leg.schedule
        instrument = self.instruments[instrument_id]
        return (instrument.margin, *instrument.margin_schedules)[number]

    def held_alone(self, account: Account, instrument_id: int, leverage: int = 0) -> margins.Held:
        """Return a leg without its orders as margin schedules see it."""
        leg = self.leg(account, instrument_id)
        return margins.Held(
            size=leg.size,
            notional=abs(self.leg_value(account, instrument_id)),
            entry=abs(leg.cost),
            leverage=leverage or self.leverage(account, instrument_id),
        )

    def held(
        self,
        account: Account,
        instrument_id: int,
        adding: Order | None = None,
        leaving_out: Order | None = None,
        leverage: int = 0,
    ) -> margins.Held:
        """Return a leg with its orders as margin schedules see it, as it is or as it would be.

        Orders that only reduce are left out.
        """
        mark, held = self.marks.get(instrument_id), self.held_alone(account, instrument_id, leverage)
        held.open_interest = self.open_interest(instrument_id)
        live = self.books[instrument_id].live_of(account.account_id)
        orders = [o for o in live if not o.is_stop and o.effect == OrderEffect.ANY]
        for order in [o for o in orders if o is not leaving_out] + ([adding] if adding is not None else []):
            if order.side == Side.BUY:
                held.buy_lots += order.open_qty
                held.buy_notional += self.order_notional(instrument_id, order)
            else:
                held.sell_lots += order.open_qty
                held.sell_notional += self.order_notional(instrument_id, order)
        held.bought_at_mark, held.sold_at_mark = held.buy_notional, held.sell_notional
        if mark is not None:
            held.bought_at_mark = self.notional(instrument_id, held.buy_lots, mark)
            held.sold_at_mark = self.notional(instrument_id, held.sell_lots, mark)
        return held

    def open_interest(self, instrument_id: int) -> int:
        """Return what all long positions are worth at mark, 0 without one."""
        instrument = self.instruments[instrument_id]
        is_used = any(s.open_interest_upper > 0 for s in (instrument.margin, *instrument.margin_schedules))
        if instrument_id not in self.marks or not is_used:
            return 0
        accounts = [self.recorded_market, self.fund, *self.participants.values()]
        lots = sum(max(0, self.leg(account, instrument_id).size) for account in accounts)
        return self.notional(instrument_id, lots, self.marks[instrument_id])

    def leg_maintenance(self, account: Account, instrument_id: int) -> int:
        """Return the maintenance margin of one leg, by its own schedule."""
        if self.spot.is_spot(instrument_id):
            return self.spot.leg_maintenance(account, instrument_id)
        leg = self.leg(account, instrument_id)
        if leg.size == 0 and not self.may_orders_count:
            return 0
        if instrument_id in self.plain:
            return self.plain_maintenance(account, instrument_id)
        schedule = self.schedule(instrument_id, leg)
        held = self.held if schedule.orders_in_maintenance else self.held_alone
        return margins.maintenance(schedule, self.instruments[instrument_id], held(account, instrument_id))

    def plain_maintenance(self, account: Account, instrument_id: int) -> int:
        """Return the maintenance margin of one leg by section 4 of docs/semantics.md, where there are no schedules."""
        notional = abs(self.leg_value(account, instrument_id))
        total_ppm = start = 0
        for tier in self.instruments[instrument_id].margin_tiers:
            end = notional if tier.up_to == 0 else min(notional, tier.up_to)
            total_ppm += max(0, end - start) * tier.maintenance_ppm
            start = tier.up_to
        return ceil_div(total_ppm, PPM)

    def leg_burden(self, account: Account, instrument_id: int) -> int:
        """Return the maintenance margin of one leg with its part of that of a debt of money."""
        own = self.leg_maintenance(account, instrument_id)
        return own + (self.spot.attributed(account, instrument_id) if self.spot.is_in_use else 0)

    def maintenance(self, account: Account) -> int:
        """Return the maintenance margin over all legs."""
        if self.spot.is_in_use and not self.spot.is_exposed(account):
            return 0
        legs = sum(
            self.leg_maintenance(account, i) for i in (self.instruments if self.may_orders_count else account.legs)
        )
        return legs + (self.spot.money_maintenance(account) if self.spot.is_in_use else 0)

    def order_notional(self, instrument_id: int, order: Order) -> int:
        """Return the notional at which an order counts: at its limit, or at mark for a market order.

        One that may rest at its collar counts at that price, where that is more.
        """
        if order.is_queued:
            return self.notional(instrument_id, order.open_qty, order.mark_at_arrival)
        if not order.has_limit:
            at_mark = (
                self.notional(instrument_id, order.open_qty, self.marks[instrument_id])
                if instrument_id in self.marks
                else 0
            )
            at_rest = 0 if order.rests_at is None else self.notional(instrument_id, order.open_qty, order.rests_at)
            return max(at_mark, at_rest)
        return self.notional(instrument_id, order.open_qty, order.price)

    def leg_initial_margin(
        self,
        account: Account,
        instrument_id: int,
        adding: Order | None = None,
        leaving_out: Order | None = None,
        leverage: int = 0,
    ) -> int:
        """Return the initial margin of one leg, as it is or as it would be with another order or leverage."""
        if self.spot.is_spot(instrument_id):
            orders = self.spot.orders(account, instrument_id)
            return self.spot.leg_initial_margin(
                account, instrument_id, orders, leverage or self.leverage(account, instrument_id)
            )
        is_as_now = adding is None and leaving_out is None
        schedule = self.schedule(instrument_id, self.leg(account, instrument_id) if is_as_now else None)
        held = self.held(account, instrument_id, adding, leaving_out, leverage)
        return margins.initial(schedule, self.instruments[instrument_id], held)

    def leverage(self, account: Account, instrument_id: int) -> int:
        """Return the account's own leverage, or the instrument's."""
        return account.leverage.get(instrument_id, self.instruments[instrument_id].default_leverage)

    def initial_margin(self, account: Account) -> int:
        """Return the initial margin over all instruments."""
        legs = sum(self.leg_initial_margin(account, i) for i in self.instruments)
        return legs + (self.spot.money_initial_margin(account) if self.spot.is_in_use else 0)

    def can_carry(self, account: Account, instrument_id: int, leg_margin: int) -> bool:
        """Whether the leg may need `leg_margin`: if that is no more than now, or if equity covers the new total."""
        leg_margin_now = self.leg_initial_margin(account, instrument_id)
        total = self.initial_margin(account) - leg_margin_now + leg_margin
        return leg_margin <= leg_margin_now or total <= self.equity(account)

    # Fills (section 4, Fill).

    def move_position(
        self, account: Account, instrument_id: int, qty: int, price: int, value: int | None = None
    ) -> int:
        """Change a position by a signed quantity at a price; returns what closing paid, already in the balance.

        value: what is paid for it, where that is not what the price says.
        """
        leg = account.legs.setdefault(instrument_id, Leg())
        self.untraded.discard((account.account_id, instrument_id))
        self.moved.append((account.account_id, instrument_id))
        paid = sign(qty) * self.value(instrument_id, abs(qty), price) if value is None else value
        old, new = leg.size, leg.size + qty
        if new == 0:
            cost = 0
        elif old == 0 or sign(old) == sign(qty):
            cost = leg.cost + paid
        elif sign(new) == sign(old):
            cost = sign(leg.cost) * (abs(leg.cost) * abs(new) // abs(old))
        else:
            cost = sign(paid) * (abs(paid) * abs(new) // abs(qty))
        realized = cost - leg.cost - paid
        if abs(new) > abs(old) or sign(new) != sign(old):
            leg.schedule = self.schedules[instrument_id]
        leg.size, leg.cost = new, cost
        if account is self.fund:
            self.credit_fund(instrument_id, realized)
        else:
            account.balance += realized
            account.session_profit += realized
            account.has_realized = account.has_realized or realized != 0
        return realized

    def book_fill(self, book: Book, fill: Fill, rates: tuple[int, int] | None = None) -> None:
        """Book both halves of a trade: positions, fees, and the events, the maker's first. rates: maker's, taker's."""
        instrument_id = book.instrument_id
        fees = book.instrument.fees
        maker, taker = self.account(fill.maker.account), self.account(fill.taker.account)
        notional = self.notional(instrument_id, fill.qty, fill.price)
        maker_ppm, taker_ppm = rates or (fees.maker_ppm, fees.taker_ppm)
        for account, order, ppm in ((maker, fill.maker, maker_ppm), (taker, fill.taker, taker_ppm)):
            realized = 0
            if maker is not taker:
                signed = fill.qty if order.side == Side.BUY else -fill.qty
                realized = self.move_position(account, instrument_id, signed, fill.price)
                self.moved.pop()  # what follows from a match is looked at by itself
            if account is self.recorded_market:
                continue
            account.legs.setdefault(instrument_id, Leg())
            self.untraded.discard((account.account_id, instrument_id))
            if account is self.fund:
                venue_fee = ceil_div(notional * ppm, PPM) if self.rules.liquidation.disposal.pays_fees else 0
                self.credit_fund(instrument_id, -venue_fee)
                self.fees += venue_fee
                self.write_position(account, instrument_id, realized, venue_fee)
                continue
            venue_fee = ceil_div(notional * ppm, PPM)
            fund_fee = ceil_div(notional * order.fund_fee_ppm, PPM)
            account.balance -= venue_fee + fund_fee
            self.fees += venue_fee
            self.credit_fund(instrument_id, fund_fee)
            self.write_position(account, instrument_id, realized, venue_fee + fund_fee)

    def write_position(self, account: Account, instrument_id: int, realized: int, fee: int) -> None:
        """Write what the account has now."""
        leg = self.leg(account, instrument_id)
        self.journal.write(
            PositionChanged,
            instrument=instrument_id,
            account=account.account_id,
            size_lots=leg.size,
            cost=leg.cost,
            realized=realized,
            fee=fee,
            balance=account.balance,
        )

    # Liquidation (section 5).

    def price_of(self, instrument_id: int, size: int, target: int) -> int:
        """Return the price at which a size is worth `target`, rounded against the seller of it, within the limits."""
        instrument = self.instruments[instrument_id]
        per_lot = Fraction(instrument.tick_value, instrument.tick_value_divisor)
        if instrument.kind != "inverse":
            price = Fraction(target) / (size * per_lot)
        elif sign(target) == -sign(size):
            price = -size * per_lot / target
        else:
            price = Fraction(
                instrument.max_price_ticks
            )  # an inverse position keeps the sign of its value at every price
        rounded = ceil(price) if size > 0 else floor(price)
        return min(max(rounded, instrument.min_price_ticks), instrument.max_price_ticks)

    # The fund's money (waterfall.md, section 3).

    def credit_fund(self, instrument_id: int, amount: int) -> None:
        """Give the fund money that it won with an instrument (less than 0: lost), 0 for none."""
        self.fund.balance += amount
        if instrument_id != 0:
            self.fund_parts[instrument_id] += amount
            self.fund_profits[instrument_id] += amount

    def shared_part(self) -> int:
        """Return what of the fund belongs to no instrument."""
        return self.fund.balance - sum(self.fund_parts.values())

    def check(self) -> None:
        """Raise InvariantError where money or lots came from nowhere (section 6)."""
        accounts = [self.recorded_market, self.fund, *self.participants.values()]
        for instrument_id in self.instruments:
            sizes = sum(self.leg(account, instrument_id).size for account in accounts)
            brought_in = self.lots_brought_in.get(instrument_id, 0)
            if sizes != brought_in:
                raise InvariantError(f"expected sizes of {instrument_id} to sum to {brought_in}, found {sizes}")
        held = sum(account.balance for account in accounts) + self.fees
        costs = sum(leg.cost for account in accounts for leg in account.legs.values())
        put_in = self.deposited - self.withdrawn + self.fund_deposited + self.opening
        put_in += self.venue_loss + self.deferred + self.owed_to_venue + self.written_off
        if held - costs != put_in:
            raise InvariantError(f"expected balances, fees and costs of {put_in}, found {held} - {costs}")


def sign(number: int) -> int:
    """Return -1, 0 or 1."""
    return (number > 0) - (number < 0)


def ceil_div(numerator: int, denominator: int) -> int:
    """Return a fraction rounded up."""
    return -(-numerator // denominator)


def nearest(numerator: int, denominator: int) -> int:
    """Return the integer nearest to a fraction, the even one of two: what round(Fraction) does, without its cost."""
    quotient, remainder = divmod(numerator, denominator)
    if 2 * remainder > denominator or (2 * remainder == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient


def split_exact(total: int, weights: list[int]) -> list[int]:
    """Return shares of `total` in proportion to `weights`: all rounded down, then the last ones filled up first.

    No share exceeds its weight; total <= sum(weights).
    """
    shares = [total * weight // sum(weights) for weight in weights]
    for index in reversed(range(len(weights))):
        missing = total - sum(shares)
        shares[index] += min(missing, weights[index] - shares[index])
    return shares
