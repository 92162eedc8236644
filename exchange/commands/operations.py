"""What the operator of the venue does."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import MarketState
from exchange.wire import AccountId, Flag, InstrumentId, Word


class FundDeposit(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Put outside money into the insurance fund, or into that of one instrument. amount: money, > 0."""

    ts_ns: Word
    amount: Word
    instrument: InstrumentId = 0


class EndSession(msgspec.Struct, frozen=True, gc=False, tag=True):
    """End a session: its profits pay the losses that were deferred, and are counted from zero again."""

    ts_ns: Word


class WriteOffDebt(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Forgive what an account owes."""

    ts_ns: Word
    account: AccountId


class GateWithdrawals(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let nobody withdraw before `until_ns`; a time that is not later than now opens the gate."""

    ts_ns: Word
    until_ns: Word


class RestrictAccount(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Allow an account only what reduces its positions, or lift that again."""

    ts_ns: Word
    account: AccountId
    is_restricted: Flag = True


class SetMarketState(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Open a market, allow only what reduces positions in it, or pause it."""

    ts_ns: Word
    instrument: InstrumentId
    state: MarketState


OperatorCommand: TypeAlias = (
    FundDeposit | RestrictAccount | SetMarketState | EndSession | WriteOffDebt | GateWithdrawals
)

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.FUND_DEPOSIT: FundDeposit,
    CommandType.RESTRICT_ACCOUNT: RestrictAccount,
    CommandType.SET_MARKET_STATE: SetMarketState,
    CommandType.END_SESSION: EndSession,
    CommandType.WRITE_OFF_DEBT: WriteOffDebt,
    CommandType.GATE_WITHDRAWALS: GateWithdrawals,
}
