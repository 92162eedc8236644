"""Requests about the assets of spot instruments, and what loans cost."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.wire import AccountId, InstrumentId, Word


class DepositAsset(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Bring the base asset of a spot instrument into an account; its first deposit opens it."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    qty_lots: Word


class WithdrawAsset(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take the base asset of a spot instrument out; more than is held is a loan, where the rules let loans leave."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    qty_lots: Word


class SetInterestRate(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Set the interest on loans of an instrument's base asset, or of money (instrument 0).

    rate_ppb: of the debt, per `rules.borrow.rate_hours`.
    """

    ts_ns: Word
    instrument: InstrumentId
    rate_ppb: Word


AssetCommand: TypeAlias = DepositAsset | WithdrawAsset | SetInterestRate

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.DEPOSIT_ASSET: DepositAsset,
    CommandType.WITHDRAW_ASSET: WithdrawAsset,
    CommandType.SET_INTEREST_RATE: SetInterestRate,
}
