"""Prices and rates that changed, and what positions were paid for them."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import AccountId, Flag, InstrumentId, Word


class MarkPriceUpdated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The mark price has a new value."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


class IndexPriceUpdated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An outside price came in.

    price_ticks: the index after it. leg, leg_price_ticks: what came (leg 0: the index itself). legs_used: legs that the
    index was made of, 0 where they were too few and it stayed as it was. outliers: legs that the outlier rule changed.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    leg_price_ticks: Word
    leg: Word
    legs_used: Word
    outliers: Word


class FundingRateSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The rate of a funding payment is known.

    rate_ppb: of the notional, rounded to nearest. premium_ppb, interest_ppb: what it was made of. due_ns: when it is
    paid. is_external: it was given by SetFundingRate.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    rate_ppb: Word
    premium_ppb: Word
    interest_ppb: Word
    due_ns: Word
    is_external: Flag


class FundingPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One position received (amount > 0) or paid (amount < 0) funding. balance: of the account after it.

    Written for the recorded market (account 0) and the insurance fund (-1), too; not for an amount of 0.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    amount: Word
    size_lots: Word
    rate_ppb: Word
    balance: Word


class FundingSettled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A funding payment is complete.

    price_ticks: at which positions were valued. paid, received: the sums of both sides, >= 0. remainder: paid -
    received, which rounding left; the rules name who keeps it.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    rate_ppb: Word
    price_ticks: Word
    paid: Word
    received: Word
    remainder: Word


class PositionSettled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A position was closed at the delivery price. value: of the size there; realized: value - cost."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    value: Word
    realized: Word
    balance: Word


class InstrumentSettled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An instrument was settled for good; every later request about it is refused.

    open_interest_lots: the long sizes together. remainder: what rounding left, which the insurance fund keeps.
    is_commanded: by SettleInstrument, not at its expiry.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    open_interest_lots: Word
    remainder: Word
    positions: Word
    is_commanded: Flag


PriceEvent: TypeAlias = (
    MarkPriceUpdated
    | IndexPriceUpdated
    | FundingRateSet
    | FundingSettled
    | FundingPaid
    | InstrumentSettled
    | PositionSettled
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.MARK_PRICE_UPDATED: MarkPriceUpdated,
    EventType.INDEX_PRICE_UPDATED: IndexPriceUpdated,
    EventType.FUNDING_RATE_SET: FundingRateSet,
    EventType.FUNDING_SETTLED: FundingSettled,
    EventType.FUNDING_PAID: FundingPaid,
    EventType.INSTRUMENT_SETTLED: InstrumentSettled,
    EventType.POSITION_SETTLED: PositionSettled,
}
