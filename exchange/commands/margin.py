"""Requests about margin: modes of an account in an instrument, isolated margin, and a change of schedule."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import MarginMode
from exchange.wire import AccountId, Flag, InstrumentId, Word


class SetMarginMode(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give an account's position in an instrument a pocket of its own, or none; only without position and orders."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    mode: MarginMode


class TransferMargin(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Add margin to an isolated position (amount > 0), or take some out of it (amount < 0)."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    amount: Word


class SetPositionMode(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let an account hold a long and a short in an instrument at once, or no more; only without position and orders."""

    ts_ns: Word
    instrument: InstrumentId
    account: AccountId
    is_hedge: Flag


class SetMarginSchedule(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Change an instrument's margin schedule: 0 is its `margin`, n its n-th of `margin_schedules`.

    is_for_new_only: positions that are open stay under theirs until they grow.
    """

    ts_ns: Word
    instrument: InstrumentId
    schedule: Word
    is_for_new_only: Flag = False


MarginCommand: TypeAlias = SetMarginMode | TransferMargin | SetPositionMode | SetMarginSchedule

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.SET_MARGIN_MODE: SetMarginMode,
    CommandType.TRANSFER_MARGIN: TransferMargin,
    CommandType.SET_POSITION_MODE: SetPositionMode,
    CommandType.SET_MARGIN_SCHEDULE: SetMarginSchedule,
}
