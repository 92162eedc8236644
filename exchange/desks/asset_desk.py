"""Requests about assets: brought in, taken out, and what borrowing costs. Rules: docs/semantics/spot.md."""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.borrowing import Borrowing
from exchange.accounts.clearing import Clearing
from exchange.accounts.interest import Interest
from exchange.accounts.ledger import COST, HAS_TRADED, LIQUIDATING, SIZE, Ledger
from exchange.desks.request_desk import MAY_NAME_MARKET, NAMES_ACCOUNT, NAMES_MARKET, OPENS_ACCOUNT, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    DEPOSIT_ASSET,
    DEPOSIT_ASSET_QTY_LOTS,
    REJECT_ACCOUNT_IN_DEBT,
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_INVALID_AMOUNT,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_QUANTITY,
    REJECT_NONE,
    REJECT_NOTIONAL_TOO_LARGE,
    REJECT_POSITION_TOO_LARGE,
    REJECT_WITHDRAWALS_GATED,
    SET_INTEREST_RATE,
    SET_INTEREST_RATE_RATE_PPB,
    WITHDRAW_ASSET,
    WITHDRAW_ASSET_QTY_LOTS,
    write_asset_deposited,
    write_asset_withdrawn,
    write_interest_rate_set,
    write_request_rejected,
)
from exchange.risk.guards import WithdrawalGate
from exchange.units import MAX_EXPOSURE, MAX_QTY_LOTS, PPB


@final
class AssetDesk(RequestDesk):
    """Applies what is asked of assets, or refuses it."""

    def __init__(
        self, log: EventLog, ledger: Ledger, clearing: Clearing, interest: Interest, gate: WithdrawalGate
    ) -> None:
        """Share the log, the books of account, the loans and the gate that closes on withdrawals."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.interest = interest
        self.gate = gate
        self.borrowing = Borrowing(clearing)

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            DEPOSIT_ASSET: NAMES_MARKET | NAMES_ACCOUNT | OPENS_ACCOUNT,
            WITHDRAW_ASSET: NAMES_MARKET | NAMES_ACCOUNT,
            SET_INTEREST_RATE: MAY_NAME_MARKET,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's fields and apply it."""
        if kind == DEPOSIT_ASSET:
            self.deposit(market, slot, account, read_i64_le(records, offset + DEPOSIT_ASSET_QTY_LOTS))
        elif kind == WITHDRAW_ASSET:
            self.withdraw(market, slot, account, read_i64_le(records, offset + WITHDRAW_ASSET_QTY_LOTS))
        else:
            is_money = (read_i64_le(records, offset) >> 16) & 0xFFFF == 0
            self.set_rate(market, is_money, read_i64_le(records, offset + SET_INTEREST_RATE_RATE_PPB))

    def deposit(self, market: Market, slot: i64, account: i64, lots: i64) -> None:
        """Bring lots of an asset into an account, opening it if it is new.

        They count as bought for what they are worth at mark, with money deposited for it: cash stays as it is.
        """
        reason = self._lots_refusal(market, slot, lots)
        if reason == REJECT_NONE:
            reason = self._size_refusal(market, slot, lots)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, market.instrument, account, lots, DEPOSIT_ASSET, reason)
            return
        # From here on the command succeeds.
        if slot == 0:
            slot = self.ledger.open_account(account)
        value = self._move(market, slot, lots)
        ledger = self.ledger
        leg = market.leg(slot)
        size, cost = ledger.legs[leg + SIZE], ledger.legs[leg + COST]
        write_asset_deposited(self.log, market.instrument, account, lots, value, size, cost, ledger.balances[slot])

    def withdraw(self, market: Market, slot: i64, account: i64, lots: i64) -> None:
        """Take lots of an asset out of an account, its own or, by rule, borrowed."""
        reason: i64 = REJECT_NONE
        if self.ledger.states[slot] == LIQUIDATING:
            reason = REJECT_ACCOUNT_IN_LIQUIDATION
        elif self.ledger.debts[slot] != 0:
            reason = REJECT_ACCOUNT_IN_DEBT
        elif self.gate.is_closed():
            reason = REJECT_WITHDRAWALS_GATED
        else:
            reason = self._lots_refusal(market, slot, lots)
        leg = market.leg(slot)
        if reason == REJECT_NONE and (leg == 0 or self.ledger.legs[leg + SIZE] < lots):
            reason = self._size_refusal(market, slot, lots)
        if reason == REJECT_NONE:
            reason = self.borrowing.asset_withdrawal_refusal(market, slot, lots)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, market.instrument, account, lots, WITHDRAW_ASSET, reason)
            return
        # From here on the command succeeds.
        taken: int = lots
        value = -self._move(market, slot, -taken)
        ledger = self.ledger
        leg = market.leg(slot)  # the loan may have made it
        size, cost = ledger.legs[leg + SIZE], ledger.legs[leg + COST]
        write_asset_withdrawn(self.log, market.instrument, account, lots, value, size, cost, ledger.balances[slot])

    def set_rate(self, market: Market, is_money: bool, rate_ppb: i64) -> None:
        """Set what loans of money or of an asset cost from now on."""
        instrument = 0 if is_money else market.instrument
        reason: i64 = REJECT_NONE
        if rate_ppb < 0 or rate_ppb > PPB:
            reason = REJECT_INVALID_AMOUNT
        elif not is_money and not market.is_spot:
            reason = REJECT_INVALID_COMBINATION
        if reason != REJECT_NONE:
            write_request_rejected(self.log, instrument, 0, rate_ppb, SET_INTEREST_RATE, reason)
            return
        # From here on the command succeeds.
        self.interest.set_rate(None if is_money else market, rate_ppb)
        write_interest_rate_set(self.log, instrument, rate_ppb)

    def _lots_refusal(self, market: Market, slot: i64, lots: i64) -> i64:
        # Not even a deposit: the liquidation has its list of legs to sell, and knows what there was of each.
        if slot != 0 and self.ledger.states[slot] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        if lots < 1 or lots > MAX_QTY_LOTS:
            return REJECT_INVALID_QUANTITY
        if not market.is_spot:
            return REJECT_INVALID_COMBINATION
        return REJECT_NONE

    def _size_refusal(self, market: Market, slot: i64, lots: i64) -> i64:
        """Return why so many more lots would let a position or its money grow past its limits, or 0."""
        notional = self._notional(market, lots)
        if slot != 0:
            return self.clearing.size_refusal(market, slot, lots, notional, 0)
        if notional > MAX_EXPOSURE:
            return REJECT_NOTIONAL_TOO_LARGE
        if market.valuation.notional(lots, market.worst_price) > MAX_EXPOSURE:
            return REJECT_POSITION_TOO_LARGE
        return REJECT_NONE

    def _notional(self, market: Market, lots: int) -> int:
        """Return what lots are worth at mark; nothing while there is no mark."""
        return market.valuation.notional(lots, market.mark) if market.has_mark else 0

    def _move(self, market: Market, slot: i64, lots: int) -> int:
        """Add signed lots to an account against the outside world, at mark; return their value, signed."""
        value = self._notional(market, abs(lots))
        if lots < 0:
            value = -value
        leg = self.clearing.leg_in(market, slot)
        has_traded, counts_sessions = self.ledger.legs[leg + HAS_TRADED], self.ledger.counts_sessions
        self.ledger.counts_sessions = False
        self.clearing.change_position(market, slot, lots, value)
        self.ledger.counts_sessions = counts_sessions
        self.ledger.legs[leg + HAS_TRADED] = has_traded  # a transfer is no trade, and no profit of a session
        self.ledger.post(slot, value)
        held = self.ledger.asset_lots
        held[market.index] = held.get(market.index, 0) + lots
        self.clearing.mark_dirty(slot)
        return value
