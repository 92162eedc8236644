"""Who paid a deficit."""

from typing import TypeAlias

import msgspec

from exchange.enums import DeleveragingOrder, DeleveragingScore
from exchange.events.types import EventType
from exchange.wire import AccountId, Count, InstrumentId, Small, Word


class FundPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The insurance fund paid a deficit, or the part of it that it could."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    deficit: Word
    amount: Word
    fund_balance: Word


class LossSocialized(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the fund could not pay was shared over accounts in unrealized profit, in proportion to it.

    deficit: what had to be shared. base: the sum of those profits. charged: what they paid, at most the base.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    deficit: Word
    base: Word
    charged: Word
    payers: Word


class HaircutCharged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What one position pays of a socialized loss: it is added to the position's cost, so that its profit shrinks.

    profit: the position's unrealized profit before. cost: its cost after. An account with several positions in profit
    pays its share from them in ascending order of instrument.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    amount: Word
    profit: Word
    cost: Word


class VenueLossBooked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What nobody paid was booked as the venue's own loss."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    total: Word


class DeleveragingStarted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Lots of a liquidated account are closed against positions of the other side, without the book.

    size_lots: signed, as the account holds them. price_ticks: for the account. candidates: places left in the queue.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    size_lots: Word
    price_ticks: Word
    mark_ticks: Word
    candidates: Count
    score: DeleveragingScore
    order: DeleveragingOrder


class PositionDeleveraged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A position was closed, whole or in part, against a liquidation.

    size_lots: signed, those closed, as the account held them. price_ticks: what it was closed at. score_ppb: by the
    venue's rule. rank: place in the queue, from 1. light: which fifth of the queue's lots it ended in, from 1.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    size_lots: Word
    price_ticks: Word
    score_ppb: Word
    rank: Count
    light: Small


WaterfallEvent: TypeAlias = (
    FundPaid | LossSocialized | HaircutCharged | VenueLossBooked | DeleveragingStarted | PositionDeleveraged
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.FUND_PAID: FundPaid,
    EventType.LOSS_SOCIALIZED: LossSocialized,
    EventType.HAIRCUT_CHARGED: HaircutCharged,
    EventType.VENUE_LOSS_BOOKED: VenueLossBooked,
    EventType.DELEVERAGING_STARTED: DeleveragingStarted,
    EventType.POSITION_DELEVERAGED: PositionDeleveraged,
}
