"""What happened to the money and the positions of accounts."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import RejectReason
from exchange.events.types import EventType
from exchange.wire import AccountId, InstrumentId, Word


class RequestRejected(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A request that is not about an order was refused and changed nothing. amount: money, leverage, price or size."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    amount: Word
    request: CommandType
    reason: RejectReason


class Deposited(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Money came into an account."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    amount: Word
    balance: Word


class Withdrawn(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Money left an account."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    amount: Word
    balance: Word


class LeverageSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's leverage in an instrument changed."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    leverage: Word


class PositionOpened(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account was given a position by transfer from the recorded market."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    price_ticks: Word
    cost: Word


class PositionChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One account's half of a trade: its position and balance afterwards, what closing paid, and the fee.

    Written for participants and the fund; not for the recorded market.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    cost: Word
    realized: Word
    fee: Word
    balance: Word


class FundDeposited(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Outside money came into the insurance fund, or into the fund of one instrument. fund_balance: of all together."""

    seq: int
    command_seq: Word
    ts_ns: Word
    amount: Word
    fund_balance: Word
    instrument: InstrumentId = 0


AccountEvent: TypeAlias = (
    RequestRejected | Deposited | Withdrawn | LeverageSet | PositionOpened | PositionChanged | FundDeposited
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.REQUEST_REJECTED: RequestRejected,
    EventType.DEPOSITED: Deposited,
    EventType.WITHDRAWN: Withdrawn,
    EventType.LEVERAGE_SET: LeverageSet,
    EventType.POSITION_OPENED: PositionOpened,
    EventType.POSITION_CHANGED: PositionChanged,
    EventType.FUND_DEPOSITED: FundDeposited,
}
