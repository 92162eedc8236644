"""The whole venue, slowly: one command at a time, every account looked at every time (docs/semantics.md)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from exchange.commands import (
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Command,
    CommandType,
    Deposit,
    ExecuteRecorded,
    FundDeposit,
    LinkOrders,
    MassCancel,
    OpenPosition,
    OrderTerms,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReplaceOrder,
    ReportTrade,
    RestrictAccount,
    SetKillSwitch,
    SetLeverage,
    SetMarginSchedule,
    SetMarketState,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import RejectReason, Side
from exchange.errors import SequenceError
from exchange.events import (
    Deposited,
    Event,
    FundDeposited,
    LeverageSet,
    MarginScheduleSet,
    MarkPriceUpdated,
    PositionOpened,
    RequestRejected,
    Withdrawn,
)
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.units import MAX_EXPOSURE, MAX_MONEY, MAX_TS_NS
from tests.reference import checks, margins
from tests.reference.asset_desk import AssetDesk
from tests.reference.book import Book
from tests.reference.clearing import Account, Clearing, sign
from tests.reference.clock import Clock
from tests.reference.interest import Interest
from tests.reference.journal import Journal
from tests.reference.liquidation import Liquidator
from tests.reference.orders import OrderDesk
from tests.reference.phases import PhaseClock
from tests.reference.price_desk import PriceDesk
from tests.reference.trailing import move_all
from tests.reference.watches import Price

NONE = RejectReason.NONE


class ReferenceVenue:
    """Takes commands and gives the events that the engine must give."""

    def __init__(self, instruments: Sequence[Instrument], rules: Rules) -> None:
        self.journal = Journal()
        self.clock = Clock(self.journal)
        self.has_money = rules.clearing == "margin"
        self.books = {i.instrument_id: Book(i, rules.orders, self.journal) for i in instruments}
        self.clearing = Clearing(instruments, rules, self.books, self.journal)
        self.desk = OrderDesk(rules, self.books, self.clearing, self.journal)
        self.checks = self.desk.checks
        self.liquidator = Liquidator(rules, self.books, self.clearing, self.desk, self.journal)
        self.waterfall = self.liquidator.waterfall
        self.clock.before_task = self.start_step
        self.links = self.desk.links
        self.links.take_order_id = self.liquidator.take_order_id
        self.clock.workers.append((self.desk.ends, self.desk.end_orders))
        self.clock.workers.append((self.waterfall.tasks, self.waterfall.run_task))
        self.clock.workers.append((self.liquidator.disposal.tasks, self.liquidator.disposal.run_task))
        self.clock.workers.append((self.liquidator.tasks, self.liquidator.queue_due_turns))
        self.is_settled = False
        self.pricing = PriceDesk(self.books, self.clearing, self.checks, self.journal, self.clock, self.write_mark)
        self.desk.bands.index_of = self.pricing.index_price
        self.clock.starters.append(self.desk.phases.start)
        phase_clock = PhaseClock(self.desk.phases, self.desk.bands.limit_ends, self.desk.bands.end_limit_state)
        self.clock.workers.append((phase_clock.tasks, phase_clock.run_task))
        for instrument_id, book in self.books.items():
            book.watches.outside[Price.MARK] = partial(self.clearing.marks.get, instrument_id)
            book.watches.outside[Price.INDEX] = partial(self.index_of, instrument_id)
        self.interest = self.clearing.interest = Interest(self.clearing, self.clock, self.journal)
        self.assets = AssetDesk(self.clearing, self.checks, self.waterfall, self.interest, self.journal)
        self.new_marks: set[int] = set()  # instruments with a MarkPriceUpdated in this command
        self.handlers: dict[type, Callable[[Any], None]] = {
            PlaceOrder: self.desk.place,
            CancelOrder: self.desk.cancel,
            AmendOrder: self.desk.amend,
            ReduceOrder: self.desk.reduce,
            MassCancel: self.desk.mass_cancel,
            ReportTrade: self.desk.report_trade,
            ExecuteRecorded: self.desk.execute_recorded,
            OrderTerms: self.desk.terms.set_order_terms,
            BracketTerms: self.desk.terms.set_bracket_terms,
            ReplaceOrder: self.desk.replace,
            PlaceTrailingStop: self.desk.place_trailing,
            LinkOrders: self.desk.link,
            SetMarkPrice: self.set_mark_price,
            Deposit: self.deposit,
            Withdraw: self.withdraw,
            SetLeverage: self.set_leverage,
            OpenPosition: self.open_position,
            FundDeposit: self.fund_deposit,
            **self.waterfall.handlers,
            SetMarginSchedule: self.set_margin_schedule,
            RestrictAccount: self.desk.levels.restrict_account,
            SetMarketState: self.desk.levels.set_market_state,
            **self.pricing.handlers,
            **self.assets.handlers,
            **self.desk.phases.handlers,
            SetKillSwitch: self.desk.protections.set_kill_switch,
        }

    def apply(self, command: Command) -> list[Event]:
        """Run one command to completion and return its events. Raises SequenceError where time is not in order."""
        if not self.journal.ts_ns <= command.ts_ns <= MAX_TS_NS:
            raise SequenceError(f"expected ts_ns in {self.journal.ts_ns} .. {MAX_TS_NS}, found {command.ts_ns}")
        self.interest.start_command()
        self.journal.start_command(command.ts_ns)
        self.clock.run_due(command.ts_ns, self.settle)
        self.start_step()
        self.handlers[type(command)](command)
        self.is_settled = not getattr(command, "is_continued", False)
        if self.is_settled:
            self.settle()
        return self.journal.events

    def index_of(self, instrument_id: int) -> int | None:
        """Return an instrument's index price."""
        index = self.pricing.prices[instrument_id].index
        return None if index is None else index[0]

    def start_step(self) -> None:
        """A command or a timed task begins."""
        self.desk.bands.before_stops.clear()
        self.liquidator.last_seller.clear()  # a timed task is a step apart from its command
        self.waterfall.start_step()
        self.liquidator.deleveraging.start_step()

    # Settling (section 5).

    def settle(self) -> None:
        """Elect stops, move marks, liquidate, until nothing is left to do."""
        is_first_pass = True
        while True:
            self.run_stops()
            if not self.has_money:
                break
            self.update_marks()
            while self.run_stops():
                self.update_marks()
            self.interest.look()
            self.liquidator.queue_breaches()
            if is_first_pass:
                moved = self.desk.traded | self.new_marks | self.pricing.delivery.just_settled
                moved |= self.desk.levels.reopened
                self.liquidator.queue_retries(moved)
                self.pricing.delivery.just_settled.clear()
                is_first_pass = False
            if self.liquidator.queue:
                self.liquidator.run_first()
            elif self.clearing.fund.balance < 0:
                self.waterfall.pay_deficit(self.clearing.fund, 0, 0)
            else:
                break
        self.desk.traded.clear()
        self.new_marks.clear()
        self.desk.levels.reopened.clear()
        self.desk.bands.after_settling()
        if self.has_money:
            self.waterfall.after_settling()

    def run_stops(self) -> bool:
        """Elect touched orders one by one, instrument by instrument, until none is touched in any; whether any was."""
        self.desk.reducers.sweep_moved()
        books = [book for _, book in sorted(self.books.items())]
        has_elected, is_active = False, True
        while is_active:
            is_active = False
            for book in books:
                while True:
                    order = book.watches.next_order()
                    if order is not None:
                        self.desk.elect(book, order)
                        has_elected = is_active = True
                        continue
                    if not move_all(book):
                        break
        return has_elected

    def update_marks(self) -> None:
        """Bring marks that follow the book up to date."""
        for instrument_id, book in sorted(self.books.items()):
            price = None
            if instrument_id in self.clearing.settled:
                continue
            if book.instrument.mark_source == "model":
                self.pricing.update_model_mark(instrument_id)
            elif book.instrument.mark_source == "last":
                price = self.pricing.prices[instrument_id].last_price()
            elif book.instrument.mark_source == "mid":
                price = self.pricing.prices[instrument_id].mid()
            if price is not None and price != self.clearing.marks.get(instrument_id):
                self.write_mark(instrument_id, price)

    def write_mark(self, instrument_id: int, price: int) -> None:
        """Set a mark price and say so."""
        self.clearing.marks[instrument_id] = price
        self.waterfall.sharing.marks_before.setdefault(instrument_id, price)
        self.new_marks.add(instrument_id)
        self.journal.write(MarkPriceUpdated, instrument=instrument_id, price_ticks=price)

    # Commands about money (section 4).

    def set_mark_price(self, command: SetMarkPrice) -> None:
        """Set an external mark price."""
        reason = (
            self.checks.instrument(command.instrument)
            or self.check_has_money()
            or self.checks.price(command.instrument, command.price_ticks)
        )
        if not reason and self.pricing.take_outside_mark(command):
            return
        if not reason and self.books[command.instrument].instrument.mark_source != "external":
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_MARK_PRICE, command.instrument, 0, command.price_ticks, reason)
            return
        self.write_mark(command.instrument, command.price_ticks)

    def deposit(self, command: Deposit) -> None:
        """Put money into an account; the first deposit opens it."""
        account = self.clearing.participants.get(command.account, Account(command.account))
        reason = (
            (RejectReason.RESERVED_ACCOUNT if command.account < 1 else NONE)
            or self.check_has_money()
            or checks.amount(command.amount)
        )
        if not reason and max(account.balance, self.clearing.deposited) + command.amount > MAX_MONEY:
            reason = RejectReason.INVALID_AMOUNT
        if reason:
            self.reject(CommandType.DEPOSIT, 0, command.account, command.amount, reason)
            return
        self.clearing.participants[command.account] = account
        account.balance += command.amount
        self.clearing.deposited += command.amount
        self.journal.write(Deposited, account=command.account, amount=command.amount, balance=account.balance)
        self.waterfall.debts.repay(account, command.amount)

    def withdraw(self, command: Withdraw) -> None:
        """Take money out of an account."""
        reason = (
            self.checks.participant(command.account)
            or self.check_has_money()
            or self.checks.not_in_liquidation(command.account)
            or self.waterfall.check_withdrawals(command.account)
            or checks.amount(command.amount)
            or self.check_withdrawable(command)
        )
        if reason:
            self.reject(CommandType.WITHDRAW, 0, command.account, command.amount, reason)
            return
        account = self.clearing.participants[command.account]
        account.balance -= command.amount
        self.clearing.withdrawn += command.amount
        self.journal.write(Withdrawn, account=command.account, amount=command.amount, balance=account.balance)

    def check_withdrawable(self, command: Withdraw) -> RejectReason:
        """The balance has the amount, and what is left still covers the initial margin."""
        account = self.clearing.participants[command.account]
        if self.clearing.spot.is_in_use:
            return self.clearing.spot.check_withdraw(account, command.amount)
        if command.amount > account.balance:
            return RejectReason.INSUFFICIENT_BALANCE
        if self.clearing.equity(account) - command.amount < self.clearing.initial_margin(account):
            return RejectReason.INSUFFICIENT_MARGIN
        return NONE

    def set_leverage(self, command: SetLeverage) -> None:
        """Set an account's leverage in an instrument."""
        reason = (
            self.checks.instrument(command.instrument)
            or self.checks.participant(command.account)
            or self.check_has_money()
            or self.checks.not_in_liquidation(command.account)
        )
        if not reason and not 1 <= command.leverage <= self.books[command.instrument].instrument.max_leverage:
            reason = RejectReason.INVALID_LEVERAGE
        reason = reason or self.check_leverage_of_tier(command) or self.check_leverage_margin(command)
        if reason:
            self.reject(CommandType.SET_LEVERAGE, command.instrument, command.account, command.leverage, reason)
            return
        account = self.clearing.participants[command.account]
        account.leverage[command.instrument] = command.leverage
        self.journal.write(
            LeverageSet, instrument=command.instrument, account=command.account, leverage=command.leverage
        )

    def check_leverage_of_tier(self, command: SetLeverage) -> RejectReason:
        """The tier of what the account holds allows the leverage."""
        account, instrument_id = self.clearing.participants[command.account], command.instrument
        schedule = self.clearing.schedule(instrument_id, self.clearing.leg(account, instrument_id))
        instrument = self.clearing.instruments[instrument_id]
        held = self.clearing.held(account, instrument_id)
        most = margins.most_leverage(schedule, instrument, held)
        return RejectReason.LEVERAGE_ABOVE_TIER if 0 < most < command.leverage else NONE

    def set_margin_schedule(self, command: SetMarginSchedule) -> None:
        """Change a market's margin schedule, of all legs or only of those to come."""
        reason = self.checks.instrument(command.instrument) or self.check_has_money()
        if not reason and not 0 <= command.schedule <= len(self.books[command.instrument].instrument.margin_schedules):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_MARGIN_SCHEDULE, command.instrument, 0, command.schedule, reason)
            return
        self.clearing.schedules[command.instrument] = command.schedule
        changed = 0
        accounts = [self.clearing.recorded_market, self.clearing.fund, *self.clearing.participants.values()]
        for account in accounts if not command.is_for_new_only else []:
            leg = self.clearing.leg(account, command.instrument)
            if leg.size != 0 and leg.schedule != command.schedule:
                leg.schedule = command.schedule
                changed += account is not self.clearing.recorded_market
        self.journal.write(
            MarginScheduleSet,
            instrument=command.instrument,
            schedule=command.schedule,
            positions=changed,
            is_for_new_only=command.is_for_new_only,
        )

    def check_leverage_margin(self, command: SetLeverage) -> RejectReason:
        """The account can carry its leg at the new leverage."""
        account = self.clearing.participants[command.account]
        needed = self.clearing.leg_initial_margin(account, command.instrument, leverage=command.leverage)
        can_carry = self.clearing.can_carry(account, command.instrument, needed)
        return NONE if can_carry else RejectReason.INSUFFICIENT_MARGIN

    def open_position(self, command: OpenPosition) -> None:
        """Give an account a position by transfer from the recorded market."""
        instrument_id, size, price = command.instrument, command.size_lots, command.price_ticks
        reason = (
            self.checks.instrument(instrument_id)
            or self.checks.participant(command.account)
            or self.check_has_money()
            or self.checks.may_trade(command.account)
            or checks.quantity(abs(size))
            or self.checks.price(instrument_id, price)
        )
        if not reason and self.clearing.notional(instrument_id, size, price) > MAX_EXPOSURE:
            reason = RejectReason.NOTIONAL_TOO_LARGE
        if not reason:
            resting = [o for side in Side for o in self.books[instrument_id].resting_of(command.account, side)]
            reason = self.checks.exposure(instrument_id, command.account, sum(o.open_qty for o in resting) + abs(size))
        if not reason and self.clearing.has_traded(self.clearing.participants[command.account], instrument_id):
            reason = RejectReason.ALREADY_TRADED
        if reason:
            self.reject(CommandType.OPEN_POSITION, instrument_id, command.account, size, reason)
            return
        account = self.clearing.participants[command.account]
        value = sign(size) * self.clearing.value(instrument_id, abs(size), price)
        self.clearing.move_position(account, instrument_id, size, price)
        self.clearing.move_position(self.clearing.recorded_market, instrument_id, -size, price)
        self.journal.write(
            PositionOpened,
            instrument=instrument_id,
            account=command.account,
            size_lots=size,
            price_ticks=price,
            cost=value,
        )

    def fund_deposit(self, command: FundDeposit) -> None:
        """Put outside money into the insurance fund."""
        fund = self.clearing.fund
        instrument_id = command.instrument
        reason = NONE if instrument_id == 0 else self.checks.instrument(instrument_id)
        reason = reason or self.check_has_money() or checks.amount(command.amount)
        if not reason and fund.balance + command.amount > MAX_MONEY:
            reason = RejectReason.INVALID_AMOUNT
        if not reason and instrument_id != 0 and not self.waterfall.fund.by_instrument:
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.FUND_DEPOSIT, instrument_id, fund.account_id, command.amount, reason)
            return
        fund.balance += command.amount
        if instrument_id != 0:
            self.clearing.fund_parts[instrument_id] += command.amount
        self.clearing.fund_deposited += command.amount
        self.journal.write(FundDeposited, amount=command.amount, fund_balance=fund.balance, instrument=instrument_id)

    def check_has_money(self) -> RejectReason:
        """A bare matching venue has no money, positions or marks."""
        return NONE if self.has_money else RejectReason.INVALID_COMBINATION

    def reject(self, request: CommandType, instrument_id: int, account: int, amount: int, reason: RejectReason) -> None:
        """Refuse a command that is not about an order."""
        self.journal.write(
            RequestRejected,
            instrument=instrument_id,
            account=account,
            amount=amount,
            request=request,
            reason=reason,
        )

    def check(self) -> None:
        """Raise InvariantError where the venue's state disagrees with itself (section 6)."""
        for book in self.books.values():
            book.check()
        self.clearing.check()
        if self.has_money and self.is_settled:
            self.liquidator.check()
