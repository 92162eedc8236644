"""What may be asked of the venue. Frozen Structs: the public face, and the table from which the records are generated.

Every command carries `ts_ns`, the time of the event (ns, UTC); time never goes back. Account 0 is the recorded market.
A command is stored as whole units of 64 bytes; `exchange/layout.py` has the offsets.
"""

from typing import TypeAlias

import msgspec

from exchange.commands import accounts, assets, margin, operations, orders, phases, prices, terms, triggers
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
from exchange.commands.phases import PhaseCommand, SetKillSwitch, SetPhase, SetReferencePrice
from exchange.commands.prices import (
    AdvanceTime,
    PriceCommand,
    SetFundingRate,
    SetIndexPrice,
    SetMarkPrice,
    SettleInstrument,
)
from exchange.commands.terms import BracketTerms, OrderTerms, TermsCommand
from exchange.commands.triggers import LinkOrders, PlaceTrailingStop, TriggerCommand
from exchange.commands.types import CommandType

Command: TypeAlias = (
    OrderCommand
    | TermsCommand
    | TriggerCommand
    | PriceCommand
    | AccountCommand
    | AssetCommand
    | OperatorCommand
    | MarginCommand
    | PhaseCommand
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
            **phases.COMMANDS,
            **terms.COMMANDS,
            **triggers.COMMANDS,
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
    "LinkOrders",
    "MassCancel",
    "OpenPosition",
    "OrderTerms",
    "PlaceOrder",
    "PlaceTrailingStop",
    "ReduceOrder",
    "ReplaceOrder",
    "ReportTrade",
    "RestrictAccount",
    "SetFundingRate",
    "SetIndexPrice",
    "SetInterestRate",
    "SetKillSwitch",
    "SetLeverage",
    "SetMarginMode",
    "SetMarginSchedule",
    "SetMarkPrice",
    "SetMarketState",
    "SetPhase",
    "SetPositionMode",
    "SetReferencePrice",
    "SettleInstrument",
    "TransferMargin",
    "Withdraw",
    "WithdrawAsset",
    "WriteOffDebt",
]
