"""What the operator of the venue does."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.wire import Word


class FundDeposit(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Put outside money into the insurance fund. amount: money, > 0."""

    ts_ns: Word
    amount: Word


OperatorCommand: TypeAlias = FundDeposit

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.FUND_DEPOSIT: FundDeposit,
}
