"""What a PlaceOrder has no room for: it comes before the order, and waits for it."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.wire import AccountId, InstrumentId, Word


class OrderTerms(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Terms of the order that the account will place under `order_id` in this instrument.

    An account's newest terms wait, and are used up by that PlaceOrder, accepted or refused; 0 leaves a term out.
    display_lots: what an iceberg shows at a time. min_display_lots: it shows anew when less than that is left of the
    shown part, where the rules say so. min_qty_lots: traded at once, or nothing is. expires_ns: of a GTD order.
    budget_quote: what a fill-or-kill order may cost at most (a buy) or must bring in at least (a sell), minor units.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    display_lots: Word = 0
    min_display_lots: Word = 0
    min_qty_lots: Word = 0
    expires_ns: Word = 0
    budget_quote: Word = 0


class BracketTerms(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A take-profit and a stop-loss for the order that the account will place under `order_id` in this instrument.

    They wait for it as `OrderTerms` do. A trigger of 0 leaves that side out; a limit of 0 makes it a market order.
    """

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    take_profit_ticks: Word = 0
    take_profit_limit_ticks: Word = 0
    stop_loss_ticks: Word = 0
    stop_loss_limit_ticks: Word = 0


TermsCommand: TypeAlias = OrderTerms | BracketTerms

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.ORDER_TERMS: OrderTerms,
    CommandType.BRACKET_TERMS: BracketTerms,
}
