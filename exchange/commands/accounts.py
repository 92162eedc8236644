"""Requests about money, leverage and positions of one account."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.wire import AccountId, InstrumentId, Word


class Deposit(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Put money into an account; the first deposit opens it. amount: money, > 0."""

    ts_ns: Word
    account: AccountId
    amount: Word


class Withdraw(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take money out; refused where equity would fall below initial margin. amount: money, > 0."""

    ts_ns: Word
    account: AccountId
    amount: Word


class SetLeverage(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Set an account's leverage in an instrument: initial margin is notional / leverage."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    leverage: Word


class OpenPosition(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give an account a position at a price by transfer from the recorded market; the book is left alone.

    Only before the account's first trade in the instrument. size_lots: signed.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    price_ticks: Word


AccountCommand: TypeAlias = Deposit | Withdraw | SetLeverage | OpenPosition

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.DEPOSIT: Deposit,
    CommandType.WITHDRAW: Withdraw,
    CommandType.SET_LEVERAGE: SetLeverage,
    CommandType.OPEN_POSITION: OpenPosition,
}
