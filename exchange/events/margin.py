"""What happened to margin modes, isolated margin and margin schedules."""

from typing import TypeAlias

import msgspec

from exchange.enums import MarginMode, MarginTransferReason
from exchange.events.types import EventType
from exchange.wire import AccountId, Flag, InstrumentId, Word


class MarginModeSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's position in an instrument has a pocket of its own from now on, or no more."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    mode: MarginMode


class IsolatedMarginTransferred(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Money went from an account to the pocket of its isolated position; back where the amount is negative.

    balance: what the account has beside its pockets afterwards. pocket: what the pocket has.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    amount: Word
    balance: Word
    pocket: Word
    reason: MarginTransferReason


class PositionModeSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account may hold a long and a short in an instrument at once from now on, or no more."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    is_hedge: Flag


class MarginScheduleSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An instrument's margin schedule changed. positions: open ones that came under it at once."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    schedule: Word
    positions: Word
    is_for_new_only: Flag


class PairNetted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A liquidated account's long and short in one instrument were closed against each other, at mark, without fees.

    qty_lots: of each side. price_ticks: the mark; 0 where there was none, and the long one's cost was taken.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    qty_lots: Word
    price_ticks: Word
    value: Word


MarginEvent: TypeAlias = MarginModeSet | IsolatedMarginTransferred | PositionModeSet | MarginScheduleSet | PairNetted

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.MARGIN_MODE_SET: MarginModeSet,
    EventType.ISOLATED_MARGIN_TRANSFERRED: IsolatedMarginTransferred,
    EventType.POSITION_MODE_SET: PositionModeSet,
    EventType.MARGIN_SCHEDULE_SET: MarginScheduleSet,
    EventType.PAIR_NETTED: PairNetted,
}
