"""What happened. Frozen Structs: the public face of the event records, and the table they are generated from.

`seq` counts the events of a venue from 1 without a gap; it is an event's place in the log and is not stored in its
record. `command_seq` is the command that caused it, counted from 1. `liquidation_id` names the liquidation that an
event belongs to, 0 for none. Money is in minor units of the settlement asset.
"""

from enum import IntEnum
from typing import TypeAlias

import msgspec

from exchange.commands import CommandType
from exchange.enums import (
    CancelReason,
    LiquidationOutcome,
    OrderKind,
    Origin,
    RecordedKind,
    RejectReason,
    Side,
    TimeInForce,
)
from exchange.wire import AccountId, Count, Flag, InstrumentId, Word


class EventType(IntEnum):
    """The number of each event on the wire."""

    ORDER_ACCEPTED = 1
    ORDER_REJECTED = 2
    TRADE = 3
    ORDER_CANCELED = 4
    ORDER_AMENDED = 5
    STOP_TRIGGERED = 6
    TRADE_REPORTED = 7
    RECORDED_CLIPPED = 8
    MARK_PRICE_UPDATED = 9
    REQUEST_REJECTED = 10
    DEPOSITED = 11
    WITHDRAWN = 12
    LEVERAGE_SET = 13
    POSITION_OPENED = 14
    POSITION_CHANGED = 15
    FUND_DEPOSITED = 16
    LIQUIDATION_STARTED = 17
    LIQUIDATION_ORDER_PLACED = 18
    POSITION_TAKEN_OVER = 19
    SURPLUS_PAID = 20
    FUND_PAID = 21
    LOSS_SOCIALIZED = 22
    HAIRCUT_CHARGED = 23
    VENUE_LOSS_BOOKED = 24
    LIQUIDATION_ENDED = 25


class OrderAccepted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order was entered. A trade, a rest or a cancel of the remainder follows from it."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    trigger_ticks: Word
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    post_only: Flag
    origin: Origin


class OrderRejected(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A request about an order was refused and changed nothing. request: the command's type."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    request: CommandType
    reason: RejectReason


class Trade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One match, at the maker's price. side: the taker's."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    maker_account: AccountId
    maker_order_id: Word
    taker_order_id: Word
    price_ticks: Word
    qty_lots: Word
    taker_account: AccountId
    side: Side


class OrderCanceled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order, or what was left of it, was taken out. qty_lots: the quantity that will now not trade."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    liquidation_id: Word
    side: Side
    reason: CancelReason


class OrderAmended(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An order has a new price, open quantity or trigger. Without kept_priority it went to the back, and may trade."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    price_ticks: Word
    qty_lots: Word
    trigger_ticks: Word
    side: Side
    kept_priority: Flag


class StopTriggered(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A stop was elected because a trade touched its trigger; it acts at once, as market or limit order."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    order_id: Word
    trigger_ticks: Word
    last_ticks: Word
    qty_lots: Word
    side: Side


class TradeReported(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded trade outside the visible book was taken note of."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word
    qty_lots: Word
    side: Side


class RecordedClipped(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recorded message could be applied only in part, or not at all. qty_lots: the part that could not."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    order_id: Word
    qty_lots: Word
    kind: RecordedKind
    origin: Origin


class MarkPriceUpdated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The mark price has a new value."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


class RequestRejected(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A request that is not about an order was refused and changed nothing. amount: money, leverage, price or size."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    amount: Word
    request: CommandType
    reason: RejectReason


class Deposited(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Money came into an account."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    amount: Word
    balance: Word


class Withdrawn(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Money left an account."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    amount: Word
    balance: Word


class LeverageSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's leverage in an instrument changed."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    leverage: Word


class PositionOpened(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account was given a position by transfer from the recorded market."""

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    price_ticks: Word
    cost: Word


class PositionChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One account's half of a trade: its position and balance afterwards, what closing paid, and the fee.

    Written for participants and the fund; not for the recorded market.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    size_lots: Word
    cost: Word
    realized: Word
    fee: Word
    balance: Word


class FundDeposited(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Outside money came into the insurance fund."""

    seq: int
    command_seq: Word
    ts_ns: Word
    amount: Word
    fund_balance: Word


class LiquidationStarted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account's equity fell below its maintenance margin; its orders are cancelled and its position will be sold.

    instrument, mark_ticks: the mark that showed it. triggered_by: the liquidation whose trades moved the price in the
    command that led here, 0 if none.
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


class LiquidationEnded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A liquidation is over and the account may trade again. balance: what the account has now."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    balance: Word
    outcome: LiquidationOutcome


Event: TypeAlias = (
    OrderAccepted
    | OrderRejected
    | Trade
    | OrderCanceled
    | OrderAmended
    | StopTriggered
    | TradeReported
    | RecordedClipped
    | MarkPriceUpdated
    | RequestRejected
    | Deposited
    | Withdrawn
    | LeverageSet
    | PositionOpened
    | PositionChanged
    | FundDeposited
    | LiquidationStarted
    | LiquidationOrderPlaced
    | PositionTakenOver
    | SurplusPaid
    | FundPaid
    | LossSocialized
    | HaircutCharged
    | VenueLossBooked
    | LiquidationEnded
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.ORDER_ACCEPTED: OrderAccepted,
    EventType.ORDER_REJECTED: OrderRejected,
    EventType.TRADE: Trade,
    EventType.ORDER_CANCELED: OrderCanceled,
    EventType.ORDER_AMENDED: OrderAmended,
    EventType.STOP_TRIGGERED: StopTriggered,
    EventType.TRADE_REPORTED: TradeReported,
    EventType.RECORDED_CLIPPED: RecordedClipped,
    EventType.MARK_PRICE_UPDATED: MarkPriceUpdated,
    EventType.REQUEST_REJECTED: RequestRejected,
    EventType.DEPOSITED: Deposited,
    EventType.WITHDRAWN: Withdrawn,
    EventType.LEVERAGE_SET: LeverageSet,
    EventType.POSITION_OPENED: PositionOpened,
    EventType.POSITION_CHANGED: PositionChanged,
    EventType.FUND_DEPOSITED: FundDeposited,
    EventType.LIQUIDATION_STARTED: LiquidationStarted,
    EventType.LIQUIDATION_ORDER_PLACED: LiquidationOrderPlaced,
    EventType.POSITION_TAKEN_OVER: PositionTakenOver,
    EventType.SURPLUS_PAID: SurplusPaid,
    EventType.FUND_PAID: FundPaid,
    EventType.LOSS_SOCIALIZED: LossSocialized,
    EventType.HAIRCUT_CHARGED: HaircutCharged,
    EventType.VENUE_LOSS_BOOKED: VenueLossBooked,
    EventType.LIQUIDATION_ENDED: LiquidationEnded,
}
