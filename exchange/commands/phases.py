"""What the operator does about trading: its phase, its reference price, and who may not trade at all."""

from typing import TypeAlias

import msgspec

from exchange.commands.types import CommandType
from exchange.enums import Phase
from exchange.wire import AccountId, Flag, InstrumentId, Word


class SetPhase(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Begin a phase in an instrument, whatever a breaker had planned; it lasts until something else ends it."""

    ts_ns: Word
    instrument: InstrumentId
    phase: Phase


class SetKillSwitch(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cancel all orders of an account and take no more of it, or lift that again."""

    ts_ns: Word
    account: AccountId
    is_on: Flag = True


class SetReferencePrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give the price that bands and auctions refer to, such as the settlement of the day before."""

    ts_ns: Word
    instrument: InstrumentId
    price_ticks: Word


PhaseCommand: TypeAlias = SetPhase | SetKillSwitch | SetReferencePrice

COMMANDS: dict[CommandType, type[msgspec.Struct]] = {
    CommandType.SET_PHASE: SetPhase,
    CommandType.SET_KILL_SWITCH: SetKillSwitch,
    CommandType.SET_REFERENCE_PRICE: SetReferencePrice,
}
