"""What happened to trading itself: phases, auctions, breakers, and who was shut out."""

from typing import TypeAlias

import msgspec

from exchange.enums import Breaker, LimitState, Phase, PhaseCause, Side
from exchange.events.types import EventType
from exchange.wire import AccountId, Flag, InstrumentId, Word


class PhaseChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An instrument's phase began. until_ns: when a breaker will end it; 0: it has no end of its own."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    until_ns: Word
    phase: Phase
    previous: Phase
    cause: PhaseCause


class IndicativePriceUpdated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What an auction would do if it ended now. surplus_lots: left on the buy side at the price, negative: on the sell
    side. qty_lots 0: nothing would trade, and there is no price.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    qty_lots: Word
    surplus_lots: Word


class AuctionUncrossed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An auction ended; its trades follow. Fields as in IndicativePriceUpdated. reference_ticks: 0 without one.

    phase: the call that ended.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    qty_lots: Word
    surplus_lots: Word
    reference_ticks: Word
    phase: Phase
    has_reference: Flag


class BreakerTripped(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order would have traded beyond a limit, or the market stayed at it (order 0, account 0).

    price_ticks: at which it would have traded next. limit_ticks: the worst price allowed on its side.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    reference_ticks: Word
    limit_ticks: Word
    price_ticks: Word
    breaker: Breaker
    side: Side


class LimitStateChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The market came to stand at a limit, or left it. until_ns: when trading pauses if it stays; 0 if it left."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    reference_ticks: Word
    limit_ticks: Word
    until_ns: Word
    state: LimitState


class BandMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The limits of limit up, limit down follow the average trade."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    reference_ticks: Word
    lower_ticks: Word
    upper_ticks: Word


class KillSwitchSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account was shut out, or let in again; the cancels of its orders follow."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    is_on: Flag


class ReferencePriceSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator gave the price that bands and auctions refer to."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


PhaseEvent: TypeAlias = (
    PhaseChanged
    | IndicativePriceUpdated
    | AuctionUncrossed
    | BreakerTripped
    | LimitStateChanged
    | BandMoved
    | KillSwitchSet
    | ReferencePriceSet
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.PHASE_CHANGED: PhaseChanged,
    EventType.INDICATIVE_PRICE_UPDATED: IndicativePriceUpdated,
    EventType.AUCTION_UNCROSSED: AuctionUncrossed,
    EventType.BREAKER_TRIPPED: BreakerTripped,
    EventType.LIMIT_STATE_CHANGED: LimitStateChanged,
    EventType.BAND_MOVED: BandMoved,
    EventType.KILL_SWITCH_SET: KillSwitchSet,
    EventType.REFERENCE_PRICE_SET: ReferencePriceSet,
}
