"""Who paid a deficit."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import AccountId, InstrumentId, Word


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


WaterfallEvent: TypeAlias = FundPaid | LossSocialized | HaircutCharged | VenueLossBooked

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.FUND_PAID: FundPaid,
    EventType.LOSS_SOCIALIZED: LossSocialized,
    EventType.HAIRCUT_CHARGED: HaircutCharged,
    EventType.VENUE_LOSS_BOOKED: VenueLossBooked,
}
