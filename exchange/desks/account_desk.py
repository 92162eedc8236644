"""Requests about money: deposits, withdrawals, leverage and injected positions.

Rules: docs/semantics.md, section 4.
"""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.borrowing import Borrowing
from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import HAS_TRADED, LIQUIDATING, RECORDED_SLOT, Ledger
from exchange.accounts.pockets import Pockets
from exchange.desks.request_desk import NAMES_ACCOUNT, NAMES_MARKET, OPENS_ACCOUNT, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    DEPOSIT,
    DEPOSIT_AMOUNT,
    OPEN_POSITION,
    OPEN_POSITION_PRICE_TICKS,
    OPEN_POSITION_SIZE_LOTS,
    REJECT_ACCOUNT_IN_DEBT,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_ALREADY_TRADED,
    REJECT_INVALID_AMOUNT,
    REJECT_INVALID_LEVERAGE,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_NONE,
    REJECT_WITHDRAWALS_GATED,
    SET_LEVERAGE,
    SET_LEVERAGE_LEVERAGE,
    TRANSFER_LEVERAGE,
    TRANSFER_POSITION,
    WITHDRAW,
    WITHDRAW_AMOUNT,
    write_deposited,
    write_leverage_set,
    write_position_opened,
    write_request_rejected,
    write_withdrawn,
)
from exchange.risk.waterfall import Waterfall
from exchange.units import MAX_MONEY, MAX_QTY_LOTS


@final
class AccountDesk(RequestDesk):
    """Applies what is asked of accounts, or refuses it."""

    def __init__(
        self, log: EventLog, ledger: Ledger, clearing: Clearing, pockets: Pockets, waterfall: Waterfall
    ) -> None:
        """Share the log and the books of account, the pockets, the register of debts and the withdrawal gate."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.pockets = pockets
        self.waterfall = waterfall
        self.borrowing = Borrowing(clearing)

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            DEPOSIT: NAMES_ACCOUNT | OPENS_ACCOUNT,
            WITHDRAW: NAMES_ACCOUNT,
            SET_LEVERAGE: NAMES_MARKET | NAMES_ACCOUNT,
            OPEN_POSITION: NAMES_MARKET | NAMES_ACCOUNT,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's fields and apply it."""
        if kind == DEPOSIT:
            self.deposit(account, read_i64_le(records, offset + DEPOSIT_AMOUNT))
        elif kind == WITHDRAW:
            self.withdraw(slot, read_i64_le(records, offset + WITHDRAW_AMOUNT))
        elif kind == SET_LEVERAGE:
            self.set_leverage(market, slot, read_i64_le(records, offset + SET_LEVERAGE_LEVERAGE))
        else:
            size = read_i64_le(records, offset + OPEN_POSITION_SIZE_LOTS)
            self.open_position(market, slot, size, read_i64_le(records, offset + OPEN_POSITION_PRICE_TICKS))

    def deposit(self, account: i64, amount: i64) -> None:
        """Put money into an account, opening it if it is new."""
        ledger = self.ledger
        slot = ledger.find(account)
        balance: int = ledger.balances[slot] if slot != 0 else 0
        # Looked at alone first: compiled, int + i64 is added in 64 bits, and would wrap.
        if amount < 1 or amount > MAX_MONEY or balance + amount > MAX_MONEY or ledger.deposits + amount > MAX_MONEY:
            write_request_rejected(self.log, 0, account, amount, DEPOSIT, REJECT_INVALID_AMOUNT)
            return
        # From here on the command succeeds.
        if slot == 0:
            slot = ledger.open_account(account)
        ledger.post(slot, amount)
        ledger.deposits += amount
        self.clearing.mark_dirty(slot)
        write_deposited(self.log, account, amount, ledger.balances[slot])
        if ledger.debts[slot] != 0:
            self.waterfall.debts.repay(slot, amount)

    def withdraw(self, slot: i64, amount: i64) -> None:
        """Take money out of an account, its own or, by rule, borrowed; its initial margin must stay covered."""
        ledger = self.ledger
        account = ledger.account_ids[slot]
        reason: i64 = REJECT_NONE
        if ledger.states[slot] == LIQUIDATING:
            reason = REJECT_ACCOUNT_IN_LIQUIDATION
        elif ledger.debts[slot] != 0:
            reason = REJECT_ACCOUNT_IN_DEBT
        elif self.waterfall.gate.is_closed():
            reason = REJECT_WITHDRAWALS_GATED
        elif amount < 1 or amount > MAX_MONEY:
            reason = REJECT_INVALID_AMOUNT
        else:
            reason = self.borrowing.withdrawal_refusal(slot, amount)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, 0, account, amount, WITHDRAW, reason)
            return
        # From here on the command succeeds.
        ledger.post(slot, -amount)
        ledger.withdrawals += amount
        self.clearing.mark_dirty(slot)
        write_withdrawn(self.log, account, amount, ledger.balances[slot])

    def set_leverage(self, market: Market, slot: i64, leverage: i64) -> None:
        """Set the leverage of an account in an instrument."""
        ledger = self.ledger
        account = ledger.account_ids[slot]
        if ledger.states[self.pockets.home(market, slot)] == LIQUIDATING:
            self._refuse(market, account, leverage, SET_LEVERAGE, REJECT_ACCOUNT_IN_LIQUIDATION)
            return
        if leverage < 1 or leverage > market.max_leverage:
            self._refuse(market, account, leverage, SET_LEVERAGE, REJECT_INVALID_LEVERAGE)
            return
        home = self.pockets.home(market, slot)
        reason = self.clearing.leverage_refusal(market, home, leverage)
        if reason != REJECT_NONE:
            self._refuse(market, account, leverage, SET_LEVERAGE, reason)
            return
        # From here on the command succeeds.
        self.clearing.set_leverage(market, home, leverage)
        short_side = self.pockets.short_side(market, slot)
        if short_side != 0:
            self.clearing.set_leverage(market, short_side, leverage)
        self.clearing.mark_dirty(home)
        write_leverage_set(self.log, market.instrument, account, leverage)
        if self.clearing.top_up != 0:
            self.clearing.pay_top_up(market, home, TRANSFER_LEVERAGE)

    def open_position(self, market: Market, slot: i64, size: i64, price: i64) -> None:
        """Give an account a position by transfer from the recorded market; the long or short one in hedge mode."""
        ledger = self.ledger
        account = ledger.account_ids[slot]
        home = self.pockets.home(market, slot)
        short_side = self.pockets.short_side(market, slot)
        slot = short_side if short_side != 0 and size < 0 else home
        reason: i64 = REJECT_NONE
        if ledger.states[home] == LIQUIDATING:
            reason = REJECT_ACCOUNT_IN_LIQUIDATION
        elif ledger.frozen_count != 0 and ledger.debts[ledger.main_of(home)] != 0:
            reason = REJECT_ACCOUNT_IN_DEBT
        elif size == 0 or size > MAX_QTY_LOTS or size < -MAX_QTY_LOTS:
            reason = REJECT_INVALID_QUANTITY
        elif price < market.min_price or price > market.max_price:
            reason = REJECT_INVALID_PRICE
        else:
            lots: int = size if size > 0 else -size
            reason = self.clearing.size_refusal(market, slot, lots, market.valuation.notional(lots, price), 0)
            leg = market.leg(slot)
            if reason == REJECT_NONE and leg != 0 and ledger.legs[leg + HAS_TRADED] != 0:
                reason = REJECT_ALREADY_TRADED
        if reason != REJECT_NONE:
            self._refuse(market, account, size, OPEN_POSITION, reason)
            return
        # From here on the command succeeds.
        value = market.valuation.value(size, price)
        bought: int = size
        self.clearing.change_position(market, RECORDED_SLOT, -bought, -value)
        self.clearing.change_position(market, slot, bought, value)
        self.clearing.mark_dirty(home)
        write_position_opened(self.log, market.instrument, account, size, price, value)
        if ledger.parents[home] != 0:
            self._fund_opened(market, home)

    def _fund_opened(self, market: Market, pocket: i64) -> None:
        """Move the margin of a position that was opened into its pocket, as far as the account has it."""
        lacking = self.clearing.initial_margin(pocket) - self.clearing.equity(pocket)
        amount = min(lacking, self.clearing.available(self.ledger.parents[pocket]))
        if amount > 0:
            self.clearing.move_margin(market, pocket, amount, TRANSFER_POSITION)

    def _refuse(self, market: Market, account: i64, amount: i64, request: i64, reason: i64) -> None:
        write_request_rejected(self.log, market.instrument, account, amount, request, reason)
