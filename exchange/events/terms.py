"""Terms that wait for their order."""

from typing import TypeAlias

import msgspec

from exchange.events.types import EventType
from exchange.wire import AccountId, InstrumentId, Word


class OrderTermsSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Terms wait for their order. OrderTerms that waited are gone, and a bracket that waited for another order.

    Whether they can be met is checked with the order. A budget among them follows as `OrderBudgetSet`; without that
    there is none.
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


class OrderBudgetSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The terms just set have a budget: what a fill-or-kill buy may cost, or a sale must bring in."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    budget_quote: Word


class BracketTermsSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A take-profit and a stop-loss wait for their order. A bracket that waited is gone, and terms of another order."""

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


TermsEvent: TypeAlias = OrderTermsSet | OrderBudgetSet | BracketTermsSet

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.ORDER_TERMS_SET: OrderTermsSet,
    EventType.ORDER_BUDGET_SET: OrderBudgetSet,
    EventType.BRACKET_TERMS_SET: BracketTermsSet,
}
