"""What was done about accounts below maintenance."""

from typing import TypeAlias

import msgspec

from exchange.enums import AccountLevel, LiquidationOutcome, MarketState, OrderKind, Side
from exchange.events.types import EventType
from exchange.wire import AccountId, Count, Flag, InstrumentId, Word


class LiquidationStarted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's equity fell below its maintenance margin; its orders are cancelled and its position will be sold.

    instrument, mark_ticks: its largest position, and the mark there now. triggered_by: the liquidation whose trades
    were the last to move that price, in this command and before the breach was found; 0 if none.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    equity: Word
    maintenance: Word
    mark_ticks: Word
    triggered_by: Word


class LiquidationOrderPlaced(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The engine sends an order for a leg of a liquidated account. price_ticks: 0 for a market order."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    attempt: Count
    side: Side
    kind: OrderKind


class PositionTakenOver(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The fund took over at mark what the book had no bid for. size_lots: signed, as the account held it."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    size_lots: Word
    price_ticks: Word
    value: Word


class SurplusPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What a liquidated account had left went to the insurance fund."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    fund_balance: Word


class LiquidationEnded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A liquidation is over and the account may trade again. balance: what the account has now."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    balance: Word
    outcome: LiquidationOutcome


class LevelCrossed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account came to another level, down or up; written once per crossing.

    requirement: its maintenance margin, of which the levels are shares. cure: the money that brings it back to normal.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    equity: Word
    requirement: Word
    cure: Word
    level: AccountLevel
    previous: AccountLevel


class AccountRestricted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator allows an account only what reduces its positions, or lifted that again."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    is_restricted: Flag


class MarketStateSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator opened a market, or narrowed what participants may do in it."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    state: MarketState
    previous: MarketState


class LiquidationFeeCharged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the fund gets of a liquidation order's fills, or pays (negative), measured at the bankruptcy price.

    uncapped: the fee on the fills. surplus: what they brought above the bankruptcy price, negative below it.
    charged: the smaller of both; of a negative surplus what the fund pays as a claim. balance: the account's, after it.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    uncapped: Word
    surplus: Word
    charged: Word
    balance: Word


class PositionTransferred(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A taker took over a position, or a part of it, by other terms than the fund at mark.

    size_lots: signed, as the account held it. value: what the account got for it. taker_value: what the taker paid; the
    difference went to the fund, or came from it. taker: -1 the fund, else a backstop account.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    size_lots: Word
    value: Word
    taker_value: Word
    taker: AccountId


class MarginTransferred(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What a closed account had left went to the backstop account that took its position over."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    taker_balance: Word
    taker: AccountId


class DisposalOrderPlaced(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The fund sends an IOC order to work off what it took over. size_lots: its position before, signed.

    book_lots: what stood on the other side within the band when the order was sized.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    size_lots: Word
    book_lots: Word


class BackstopMissing(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A backstop account of the rules was asked to take a position over, and nobody ever opened it.

    account: the liquidated. taker: who is missing. Written once for each in a venue.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    liquidation_id: Word
    taker: AccountId


LiquidationEvent: TypeAlias = (
    LiquidationStarted
    | LiquidationOrderPlaced
    | PositionTakenOver
    | SurplusPaid
    | LiquidationEnded
    | LevelCrossed
    | AccountRestricted
    | MarketStateSet
    | LiquidationFeeCharged
    | PositionTransferred
    | MarginTransferred
    | DisposalOrderPlaced
    | BackstopMissing
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.LIQUIDATION_STARTED: LiquidationStarted,
    EventType.LIQUIDATION_ORDER_PLACED: LiquidationOrderPlaced,
    EventType.POSITION_TAKEN_OVER: PositionTakenOver,
    EventType.SURPLUS_PAID: SurplusPaid,
    EventType.LIQUIDATION_ENDED: LiquidationEnded,
    EventType.LEVEL_CROSSED: LevelCrossed,
    EventType.ACCOUNT_RESTRICTED: AccountRestricted,
    EventType.MARKET_STATE_SET: MarketStateSet,
    EventType.LIQUIDATION_FEE_CHARGED: LiquidationFeeCharged,
    EventType.POSITION_TRANSFERRED: PositionTransferred,
    EventType.DISPOSAL_ORDER_PLACED: DisposalOrderPlaced,
    EventType.MARGIN_TRANSFERRED: MarginTransferred,
    EventType.BACKSTOP_MISSING: BackstopMissing,
}
