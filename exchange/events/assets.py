"""What happened to the assets and the loans of accounts. Instrument 0 is money."""

from typing import TypeAlias

import msgspec

from exchange.enums import InterestKind
from exchange.events.types import EventType
from exchange.wire import AccountId, InstrumentId, Word


class AssetDeposited(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An asset came into an account. value: at mark; it counts as deposited money and as the cost of the lots."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    qty_lots: Word
    value: Word
    size_lots: Word
    cost: Word
    balance: Word


class AssetWithdrawn(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An asset left an account. value: at mark."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    qty_lots: Word
    value: Word
    size_lots: Word
    cost: Word
    balance: Word


class LoanChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What an account owes of money or of an asset changed.

    debt: money, with the interest owed, or lots. debt_before: as the account's last LoanChanged said. interest_owed:
    the part of a debt of money that bears no interest.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    debt: Word
    debt_before: Word
    interest_owed: Word


class InterestCharged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A loan was charged interest, or the fee for taking it.

    principal: the money that was charged on; of an asset, its value at mark. rate_ppb: of interest per
    `rules.borrow.rate_hours`; of the open fee, of the principal. amount: rounded up, taken from the balance.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    principal: Word
    rate_ppb: Word
    amount: Word
    balance: Word
    kind: InterestKind


class InterestRateSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The interest on loans of an asset, or of money, changed."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    rate_ppb: Word


AssetEvent: TypeAlias = AssetDeposited | AssetWithdrawn | LoanChanged | InterestCharged | InterestRateSet

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.ASSET_DEPOSITED: AssetDeposited,
    EventType.ASSET_WITHDRAWN: AssetWithdrawn,
    EventType.LOAN_CHANGED: LoanChanged,
    EventType.INTEREST_CHARGED: InterestCharged,
    EventType.INTEREST_RATE_SET: InterestRateSet,
}
