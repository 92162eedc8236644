"""Commands about assets and the price of loans (docs/semantics/spot.md, section 4)."""

from collections.abc import Callable
from typing import Any

from exchange.commands import CommandType, DepositAsset, SetInterestRate, WithdrawAsset
from exchange.enums import RejectReason
from exchange.events import AssetDeposited, AssetWithdrawn, InterestRateSet, RequestRejected
from exchange.units import MAX_EXPOSURE
from tests.reference import checks
from tests.reference.checks import Checks
from tests.reference.clearing import Account, Clearing
from tests.reference.interest import MONEY, PPB, Interest
from tests.reference.journal import Journal
from tests.reference.waterfall import Waterfall

NONE = RejectReason.NONE


class AssetDesk:
    """Brings assets in and out, and sets rates."""

    def __init__(
        self, clearing: Clearing, checks: Checks, waterfall: Waterfall, interest: Interest, journal: Journal
    ) -> None:
        self.clearing = clearing
        self.spot = clearing.spot
        self.checks = checks
        self.waterfall = waterfall
        self.interest = interest
        self.journal = journal
        self.handlers: dict[type, Callable[[Any], None]] = {
            DepositAsset: self.deposit,
            WithdrawAsset: self.withdraw,
            SetInterestRate: self.set_rate,
        }

    def deposit(self, command: DepositAsset) -> None:
        """An asset comes in; the first deposit opens the account."""
        instrument_id = command.instrument
        account = self.clearing.participants.get(command.account, Account(command.account))
        reason = (
            self.checks.instrument(instrument_id)
            or (RejectReason.RESERVED_ACCOUNT if command.account < 1 else NONE)
            or self.check_has_money()
            or self.checks.not_in_liquidation(command.account)
            or checks.quantity(command.qty_lots)
            or self.check_is_spot(instrument_id)
            or self.check_size(account, instrument_id, command.qty_lots)
        )
        if reason:
            self.reject(CommandType.DEPOSIT_ASSET, command, command.qty_lots, reason)
            return
        self.clearing.participants[command.account] = account
        value = self.bring_in(account, instrument_id, command.qty_lots)
        self.write(AssetDeposited, account, command, value)

    def withdraw(self, command: WithdrawAsset) -> None:
        """An asset leaves."""
        instrument_id = command.instrument
        reason = (
            self.checks.instrument(instrument_id)
            or self.checks.participant(command.account)
            or self.check_has_money()
            or self.checks.not_in_liquidation(command.account)
            or self.waterfall.check_withdrawals(command.account)
            or checks.quantity(command.qty_lots)
            or self.check_is_spot(instrument_id)
            or self.check_withdrawable(command)
        )
        if reason:
            self.reject(CommandType.WITHDRAW_ASSET, command, command.qty_lots, reason)
            return
        account = self.clearing.participants[command.account]
        value = self.bring_in(account, instrument_id, -command.qty_lots)
        self.write(AssetWithdrawn, account, command, value)

    def bring_in(self, account: Account, instrument_id: int, qty: int) -> int:
        """Add an asset, or take some out, and count it."""
        counted = self.clearing.lots_brought_in
        counted[instrument_id] = counted.get(instrument_id, 0) + qty
        return self.spot.move_asset(account, instrument_id, qty)

    def check_withdrawable(self, command: WithdrawAsset) -> RejectReason:
        """The size stays in range, and the account has the asset or may borrow it."""
        account = self.clearing.participants[command.account]
        reason = NONE
        if command.qty_lots > self.clearing.leg(account, command.instrument).size:
            reason = self.check_size(account, command.instrument, command.qty_lots)
        return reason or self.spot.check_withdraw_asset(account, command.instrument, command.qty_lots)

    def check_size(self, account: Account, instrument_id: int, qty: int) -> RejectReason:
        """Notional and position, as of an order."""
        if abs(self.spot.worth(instrument_id, qty)) > MAX_EXPOSURE:
            return RejectReason.NOTIONAL_TOO_LARGE
        return self.checks.order_exposure(account, instrument_id, qty)

    def set_rate(self, command: SetInterestRate) -> None:
        """What loans of an asset, or of money, cost from now on."""
        instrument_id = command.instrument
        reason = NONE if instrument_id == MONEY else self.checks.instrument(instrument_id)
        reason = reason or self.check_has_money()
        if not reason and not 0 <= command.rate_ppb <= PPB:
            reason = RejectReason.INVALID_AMOUNT
        if not reason and instrument_id != MONEY:
            reason = self.check_is_spot(instrument_id)
        if reason:
            self.reject(CommandType.SET_INTEREST_RATE, command, command.rate_ppb, reason)
            return
        self.interest.set_rate(instrument_id, command.rate_ppb)
        self.journal.write(InterestRateSet, instrument=instrument_id, rate_ppb=command.rate_ppb)

    def check_has_money(self) -> RejectReason:
        """A bare matching venue has no assets."""
        return NONE if self.checks.has_money else RejectReason.INVALID_COMBINATION

    def check_is_spot(self, instrument_id: int) -> RejectReason:
        """The instrument has a base asset."""
        return NONE if self.spot.is_spot(instrument_id) else RejectReason.INVALID_COMBINATION

    def write(self, event: Callable[..., Any], account: Account, command: Any, value: int) -> None:
        """Say what came or went, and what is there now."""
        leg = self.clearing.leg(account, command.instrument)
        self.journal.write(
            event,
            instrument=command.instrument,
            account=account.account_id,
            qty_lots=command.qty_lots,
            value=value,
            size_lots=leg.size,
            cost=leg.cost,
            balance=account.balance,
        )

    def reject(self, request: CommandType, command: Any, amount: int, reason: RejectReason) -> None:
        """Refuse."""
        self.journal.write(
            RequestRejected,
            instrument=command.instrument,
            account=getattr(command, "account", 0),
            amount=amount,
            request=request,
            reason=reason,
        )
