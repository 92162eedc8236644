"""What the operator of the venue does."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import MarketState
from exchange.wire import AccountId, Flag, InstrumentId, Word


class FundDeposit(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Put outside money into the insurance fund. amount: money, > 0."""

    ts_ns: Word
    amount: Word


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


OperatorCommand: TypeAlias = FundDeposit | RestrictAccount | SetMarketState

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.FUND_DEPOSIT: FundDeposit,
    CommandType.RESTRICT_ACCOUNT: RestrictAccount,
    CommandType.SET_MARKET_STATE: SetMarketState,
}
