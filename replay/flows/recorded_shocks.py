"""The recorded shocks of a deleveraging, one after the other at a venue: a loser each, and winners who may have to pay.

A shock says what its losers lacked and what its winners had in profit (`replay.recorded_adl`), in money. Here one loser
is opened that lacks so much at the mark, and winners of the other side whose profits come to so much; the venue does
what its rules say; then whoever still holds a position closes it at the mark, and the next shock finds none of them.

Known limits: the table does not name the winners, so how the profits are spread over them is drawn. Winners have
nothing but their profit. All shocks are in one market with one mark. Prices are whole ticks: a winner's profit is short
of its part by less than one unit of money per lot.
"""

from collections import deque
from typing import Final, final

import msgspec

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetMarkPrice
from exchange.enums import OrderKind, Origin, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.units import div_ceil, div_floor, random_below
from replay.flows.setting import Number, Setting
from replay.recorded_adl import Shock, read_shocks

_LEAST_LOTS: Final = 20
_MOST_PER_LOT: Final = 10**11  # far below the highest price in ticks
_HEAVIEST: Final = 100


class RecordedShocksSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of recorded shocks.

    file: in the folder of recordings. mark: of the market, all the time. winners: of each shock; together they hold
    twice what the loser does. seed: with that of the scenario. The market is linear, a tick of a lot is worth 0.000001.
    """

    file: str
    mark: Number
    winners: int = 10
    first_account: int = 1
    instrument: str = ""
    seed: int = 0
    source: str = ""

    def open(self, setting: Setting) -> "RecordedShocks":
        """Return the flow before the first shock. Raises ConfigError or DataError naming parameter or file."""
        instrument = setting.instrument(self.instrument)
        unit = (instrument.kind, instrument.tick_value, instrument.tick_value_divisor, instrument.money_unit)
        if unit != ("linear", 1, 1, "0.000001"):
            raise ConfigError(
                f"{setting.where('instrument')}: expected a linear market of 0.000001 a tick, found {unit}"
            )
        if not 1 <= self.winners <= 1_000 or self.first_account < 1:
            raise ConfigError(f"{setting.where('winners')}: expected 1..1000 winners from account 1 on")
        shocks = sorted(read_shocks(setting.recording(self.file, "file")), key=lambda shock: shock.ts_ns)
        mark = setting.ticks(instrument, self.mark, "mark")
        return RecordedShocks(setting, instrument, self, [shock for shock in shocks if shock.deficit > 0], mark)


@final
class RecordedShocks:
    """The shocks in which anything was lacking, in the order of their times, then of the file."""

    is_reactive = True

    def __init__(
        self, setting: Setting, instrument: Instrument, spec: RecordedShocksSpec, shocks: list[Shock], mark: int
    ) -> None:
        """Begin before the first."""
        self._setting = setting
        self._number = instrument.instrument_id
        self._shocks = deque(shocks)
        self._mark = mark
        self._winners = spec.winners
        self._seed = setting.seed + spec.seed
        self._next_account = spec.first_account
        self._is_marked = False
        self._open: list[int] = []  # accounts of the shock that has just happened

    def next_ts_ns(self) -> int | None:
        """Return the time of the next shock; positions are closed at the time of the shock they were in."""
        return self._shocks[0].ts_ns if self._shocks else None

    def act(self, venue: Exchange) -> list[Command]:
        """Let a shock happen, or close what it has left."""
        shock = self._shocks[0]
        if self._open:
            closing = self._closed(shock.ts_ns, venue)
            self._shocks.popleft()
            return closing
        commands: list[Command] = []
        if not self._is_marked:
            self._is_marked = True
            commands.append(SetMarkPrice(shock.ts_ns, self._number, self._mark))
        return [*commands, *self._happens(shock)]

    def _happens(self, shock: Shock) -> list[Command]:
        """Open the winners, short, then the loser, long: it is in deficit as soon as it stands there."""
        ts_ns, number = shock.ts_ns, self._number
        lots = _LEAST_LOTS * (1 + max(shock.capacity, shock.deficit) // (_LEAST_LOTS * _MOST_PER_LOT))
        commands: list[Command] = []
        for part in self._parts(shock.capacity):
            if part >= lots:
                account = self._new_account()
                commands.append(Deposit(ts_ns, account, 1))  # Nothing but their profit; but nobody is there without.
                commands.append(OpenPosition(ts_ns, number, account, -lots, self._mark + div_floor(part, lots)))
        held = lots * div_ceil(self._winners, 2)
        per_lot = div_ceil(2 * shock.deficit, held)  # It has lost twice the deficit: the other half was its margin.
        loser = self._new_account()
        commands.append(Deposit(ts_ns, loser, held * per_lot - shock.deficit))
        commands.append(OpenPosition(ts_ns, number, loser, held, self._mark + per_lot))
        return commands

    def _parts(self, capacity: int) -> list[int]:
        """Return the profits of the winners, which come to the capacity."""
        account = self._next_account
        weights = [1 + random_below(self._seed, account + place, _HEAVIEST) for place in range(self._winners)]
        parts = [div_floor(capacity * weight, sum(weights)) for weight in weights]
        parts[0] += capacity - sum(parts)
        return parts

    def _new_account(self) -> int:
        self._open.append(self._next_account)
        self._next_account += 1
        return self._open[-1]

    def _closed(self, ts_ns: int, venue: Exchange) -> list[Command]:
        """Let the recorded market sell to all who are still short, at the mark."""
        held = [(account, venue.account(account).positions()) for account in self._open]
        self._open = []
        short = [(account, -found[0].size_lots) for account, found in held if found and found[0].size_lots < 0]
        if not short:
            return []
        number, new_id = self._number, self._setting.new_order_id
        total = sum(lots for _, lots in short)
        commands: list[Command] = [
            PlaceOrder(ts_ns, number, 0, new_id(), Side.SELL, total, self._mark, origin=Origin.RECORDED)
        ]
        kind, force = OrderKind.MARKET, TimeInForce.IOC
        commands += [
            PlaceOrder(ts_ns, number, account, new_id(), Side.BUY, lots, 0, kind, force) for account, lots in short
        ]
        return commands
