"""Terms that wait for their order."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import AccountId, InstrumentId, Word


class OrderTermsSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Terms wait for their order; those that the account had waiting before are gone.

    Whether they can be met is checked with the order.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    display_lots: Word
    min_display_lots: Word
    min_qty_lots: Word
    expires_ns: Word


class BracketTermsSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A take-profit and a stop-loss wait for their order; those that the account had waiting before are gone."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    take_profit_ticks: Word
    take_profit_limit_ticks: Word
    stop_loss_ticks: Word
    stop_loss_limit_ticks: Word


TermsEvent: TypeAlias = OrderTermsSet | BracketTermsSet

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.ORDER_TERMS_SET: OrderTermsSet,
    EventType.BRACKET_TERMS_SET: BracketTermsSet,
}
