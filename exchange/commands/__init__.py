"""What may be asked of the venue. Frozen Structs: the public face, and the table from which the records are generated.

Every command carries `ts_ns`, the time of the event (ns, UTC); time never goes back. Account 0 is the recorded market.
A command is stored as whole units of 64 bytes; `exchange/layout.py` has the offsets.
"""

from typing import TypeAlias

import msgspec

from exchange.commands import accounts, assets, margin, operations, orders, prices, terms
from exchange.commands.accounts import AccountCommand, Deposit, OpenPosition, SetLeverage, Withdraw
from exchange.commands.assets import AssetCommand, DepositAsset, SetInterestRate, WithdrawAsset
from exchange.commands.margin import (
    MarginCommand,
    SetMarginMode,
    SetMarginSchedule,
    SetPositionMode,
    TransferMargin,
)
from exchange.commands.operations import (
    EndSession,
    FundDeposit,
    GateWithdrawals,
    OperatorCommand,
    RestrictAccount,
    SetMarketState,
    WriteOffDebt,
)
from exchange.commands.orders import (
    AmendOrder,
    CancelOrder,
    ExecuteRecorded,
    MassCancel,
    OrderCommand,
    PlaceOrder,
    ReduceOrder,
    ReplaceOrder,
    ReportTrade,
)
from exchange.commands.prices import (
    AdvanceTime,
    PriceCommand,
    SetFundingRate,
    SetIndexPrice,
    SetMarkPrice,
    SettleInstrument,
)
from exchange.commands.terms import BracketTerms, OrderTerms, TermsCommand
from exchange.commands.types import CommandType

Command: TypeAlias = (
    OrderCommand | TermsCommand | PriceCommand | AccountCommand | AssetCommand | OperatorCommand | MarginCommand
)

COMMANDS: dict[CommandType, type[msgspec.Struct]] = dict(
    sorted(
        {
            **orders.COMMANDS,
            **prices.COMMANDS,
            **accounts.COMMANDS,
            **assets.COMMANDS,
            **operations.COMMANDS,
            **margin.COMMANDS,
            **terms.COMMANDS,
        }.items()
    )
)

__all__ = [
    "COMMANDS",
    "AdvanceTime",
    "AmendOrder",
    "BracketTerms",
    "CancelOrder",
    "Command",
    "CommandType",
    "Deposit",
    "DepositAsset",
    "EndSession",
    "ExecuteRecorded",
    "FundDeposit",
    "GateWithdrawals",
    "MassCancel",
    "OpenPosition",
    "OrderTerms",
    "PlaceOrder",
    "ReduceOrder",
    "ReplaceOrder",
    "ReportTrade",
    "RestrictAccount",
    "SetFundingRate",
    "SetIndexPrice",
    "SetInterestRate",
    "SetLeverage",
    "SetMarginMode",
    "SetMarginSchedule",
    "SetMarkPrice",
    "SetMarketState",
    "SetPositionMode",
    "SettleInstrument",
    "TransferMargin",
    "Withdraw",
    "WithdrawAsset",
    "WriteOffDebt",
]
