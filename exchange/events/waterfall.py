"""Who paid a deficit."""

from typing import TypeAlias

import msgspec

from exchange.enums import DeficitSource, DeleveragingOrder, DeleveragingScore, FundLimit, SocializationBase
from exchange.events.types import EventType
from exchange.wire import AccountId, Count, Flag, InstrumentId, Small, Word


class FundPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The insurance fund paid a deficit, or the part of it that it could.

    instrument: the one whose fund paid, 0 where there is one for all. fund_balance: of all together. limit: what kept
    it from paying more.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    deficit: Word
    amount: Word
    fund_balance: Word
    instrument: InstrumentId = 0
    limit: FundLimit = FundLimit.BALANCE


class LossSocialized(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the steps before could not pay was shared over other accounts.

    by: in proportion to what. deficit: what had to be shared. base: the sum of the profits, or the open lots. charged:
    what they paid, at most the base; where a levy or a rounded-up rate brought more than the deficit, the fund has the
    rest. payers: positions or accounts that could be charged.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    deficit: Word
    base: Word
    charged: Word
    payers: Count
    by: SocializationBase = SocializationBase.UNREALIZED


class HaircutCharged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What one position pays of a socialized loss: it is added to the position's cost, so that its profit shrinks.

    profit: the position's unrealized profit before, or its gain of the round, or what its account could pay. cost: its
    cost after. An account with several positions in profit pays its share from them in ascending order of instrument.
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


class FundDrawdownChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The fund stops paying for an instrument because it lost too much on it, or pays again.

    change: its profit on the instrument less the highest of the window, with the claim that was refused. pool_most: the
    highest that the fund had in the window. ratio_ppm: the one over the other.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    instrument: InstrumentId
    liquidation_id: Word
    change: Word
    pool_most: Word
    ratio_ppm: Word
    is_running: Flag


class DeficitPaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Other money than the fund's paid a deficit, or a part of it.

    left: what the payer has after: the balance of the owner's main account, or the venue's fees.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    deficit: Word
    amount: Word
    left: Word
    source: DeficitSource


class LossDeferred(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A loss waits for the end of the session, whose profits will pay it. total: of all that wait."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    total: Word


class SessionEnded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A session is over: its profits paid the losses that waited, and profits are counted from zero again.

    deferred: what waited. base: the profits that could pay. charged: what they paid; beyond `deferred` it goes to the
    fund. rate_ppb: charged / base, rounded down. payers: accounts with such a profit.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    deferred: Word
    base: Word
    charged: Word
    rate_ppb: Word
    payers: Count
    by: SocializationBase


class ProfitClawedBack(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What one account pays of a socialized loss out of its balance.

    liquidation_id: 0 at the end of a session. profit: what its share was computed from.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    profit: Word
    balance: Word


class LenderCut(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What one account pays of a loss out of the money that it keeps with the venue.

    principal: that money, which its share was computed from. balance: the account's, after it.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    principal: Word
    balance: Word


class DebtBooked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An account owes the venue, or those who paid for it. owed: all that it owes now, interest included.

    amount: what comes on top. to_venue, to_fund: parts of it, the rest is owed to accounts. liquidation_id: 0 for
    interest.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    owed: Word
    to_venue: Word
    to_fund: Word


class DebtRepaid(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A deposit repaid debt, or a part of it, to one of those it is owed to.

    creditor: an account, -1 the fund, 0 the venue. owed: what is left of all debt. balance: of who repays.
    """

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    owed: Word
    balance: Word
    creditor: Count
    is_interest: Flag


class LossWrittenOff(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue forgave what an account lost or owed. total: of all that it has forgiven."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    amount: Word
    total: Word


class WithdrawalsGated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Nobody withdraws before `until_ns`. account 0: the operator said so; else it was seen with negative equity."""

    seq: int
    command_seq: Word
    ts_ns: Word
    account: AccountId
    liquidation_id: Word
    equity: Word
    until_ns: Word


WaterfallEvent: TypeAlias = (
    FundPaid
    | LossSocialized
    | HaircutCharged
    | VenueLossBooked
    | DeleveragingStarted
    | PositionDeleveraged
    | FundDrawdownChanged
    | DeficitPaid
    | LossDeferred
    | SessionEnded
    | ProfitClawedBack
    | LenderCut
    | DebtBooked
    | DebtRepaid
    | LossWrittenOff
    | WithdrawalsGated
)

EVENTS: dict[EventType, type[msgspec.Struct]] = {
    EventType.FUND_PAID: FundPaid,
    EventType.LOSS_SOCIALIZED: LossSocialized,
    EventType.HAIRCUT_CHARGED: HaircutCharged,
    EventType.VENUE_LOSS_BOOKED: VenueLossBooked,
    EventType.DELEVERAGING_STARTED: DeleveragingStarted,
    EventType.POSITION_DELEVERAGED: PositionDeleveraged,
    EventType.FUND_DRAWDOWN_CHANGED: FundDrawdownChanged,
    EventType.DEFICIT_PAID: DeficitPaid,
    EventType.LOSS_DEFERRED: LossDeferred,
    EventType.SESSION_ENDED: SessionEnded,
    EventType.PROFIT_CLAWED_BACK: ProfitClawedBack,
    EventType.LENDER_CUT: LenderCut,
    EventType.DEBT_BOOKED: DebtBooked,
    EventType.DEBT_REPAID: DebtRepaid,
    EventType.LOSS_WRITTEN_OFF: LossWrittenOff,
    EventType.WITHDRAWALS_GATED: WithdrawalsGated,
}
