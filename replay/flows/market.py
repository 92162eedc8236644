"""A market of many traders who react to the book, as one flow: who acts when, with what behind them.

A closed loop: each trader sees the venue as the one before left it. Times and choices depend on the seed, the traders'
parameters and what they see, so that the same scenario gives the same commands, and its tape replays to the same
digest without them. The traders have accounts of their own with a deposit that margin never exhausts.
"""

from heapq import heapify, heapreplace
from typing import Final, NamedTuple, final

import msgspec

from exchange import Exchange
from exchange.commands import Command, Deposit, ReportTrade
from exchange.enums import Side
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.units import MAX_ACCOUNT, PPM, random_below
from replay.flows.setting import Number, Setting
from replay.flows.traders import Desk, Fundamental, MarketMaker, Momentum, Rule, SmallTrader, ticks_of

_IDS_OF_A_TRADER: Final = 1 << 20
_STREAM_OF_PARAMETERS: Final = 7_919
_MOST_TRADERS: Final = 10_000


class MakerGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Market makers with an inventory limit. every: the mean time between two turns of each; lots: at each level."""

    count: int
    every: str
    lots: int
    limit_lots: int
    levels: int = 5
    half_spread_ticks: int = 1
    step_ticks: int = 1
    skew_ticks: int = 2

    def rule(self, draw: "Draw") -> Rule:
        """Return the rule of one of them."""
        return MarketMaker(
            self.half_spread_ticks, self.step_ticks, self.levels, self.lots, self.limit_lots, self.skew_ticks
        )


class FundamentalGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fundamental traders. Each draws its own value within `spread_ppm` of the market's, and its own edge."""

    count: int
    every: str
    lots: int
    least_edge_ppm: int
    most_edge_ppm: int
    spread_ppm: int = 0

    def rule(self, draw: "Draw") -> Rule:
        """Return the rule of one of them."""
        value = draw.value_ticks
        spread, span = ticks_of(self.spread_ppm, value), self.most_edge_ppm - self.least_edge_ppm
        own = value - spread + draw.below(1, 2 * spread + 1)
        return Fundamental(own, ticks_of(self.least_edge_ppm + draw.below(2, span + 1), value), self.lots)


class MomentumGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Momentum traders."""

    count: int
    every: str
    lots: int
    limit_lots: int
    window: str
    threshold_ppm: int

    def rule(self, draw: "Draw") -> Rule:
        """Return the rule of one of them."""
        window_ns = draw.setting.duration_ns(self.window, "momentum: window")
        return Momentum(window_ns, self.threshold_ppm, self.lots, self.limit_lots)


class SmallGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Small traders without a view. lots: the mean of an order."""

    count: int
    every: str
    lots: int
    limit_lots: int = 1_000
    resting_ppm: int = 200_000
    near_ticks: int = 3

    def rule(self, draw: "Draw") -> Rule:
        """Return the rule of one of them."""
        return SmallTrader(self.lots, self.limit_lots, self.resting_ppm, self.near_ticks)


class Draw(NamedTuple):
    """What a group knows when it makes one of its traders."""

    setting: Setting
    value_ticks: int
    seed: int
    account: int

    def below(self, purpose: int, bound: int) -> int:
        """Return an integer in [0, bound) that depends on the seed, the account and the purpose."""
        return random_below(self.seed + _STREAM_OF_PARAMETERS * self.account, purpose, bound)


class TradersSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a market of traders.

    value: what the contract is worth to the fundamental traders, and where the market begins: with a reported trade,
    if there was none yet. deposit: of each trader.
    at, until: when they trade. leaves: at `until` their orders are taken away; else they stay where they are.
    seed: with that of the scenario.
    """

    value: Number
    first_account: int
    deposit: Number
    makers: tuple[MakerGroup, ...] = ()
    fundamental: tuple[FundamentalGroup, ...] = ()
    momentum: tuple[MomentumGroup, ...] = ()
    small: tuple[SmallGroup, ...] = ()
    instrument: str = ""
    at: str = ""
    until: str = ""
    leaves: bool = False
    seed: int = 0
    source: str = ""

    def open(self, setting: Setting) -> "Traders":
        """Return the market before its first turn. Raises ConfigError or DataError naming the parameter."""
        instrument = setting.instrument(self.instrument)
        value_ticks = setting.ticks(instrument, self.value, "value")
        start_ns = setting.time_ns(self.at, "at")
        seed = setting.seed + self.seed
        traders: list[_Trader] = []
        for name in ("makers", "fundamental", "momentum", "small"):
            groups: tuple[_Group, ...] = getattr(self, name)
            for group in groups:
                _check(group, name, setting)
                every_ns = setting.duration_ns(group.every, f"{name}: every")
                _expect(every_ns > 0, setting, f"{name}: every", "a duration above 0", group.every)
                for _ in range(group.count):
                    account = self.first_account + len(traders)
                    rule = group.rule(Draw(setting, value_ticks, seed, account))
                    # Ids of the flow from the second half of its range on, a block for each trader.
                    first_id = setting.new_order_id() + (len(traders) + 1) * _IDS_OF_A_TRADER
                    traders.append(_Trader(Desk(instrument, account, first_id, seed), rule, every_ns))
        _expect(0 < len(traders) <= _MOST_TRADERS, setting, "count", f"1..{_MOST_TRADERS} traders", len(traders))
        last = self.first_account + len(traders) - 1
        _expect(self.first_account >= 1 and last <= MAX_ACCOUNT, setting, "first_account", "valid accounts", last)
        deposit = setting.money(instrument, self.deposit, "deposit")
        until_ns = setting.time_ns(self.until, "until") if self.until else None
        _expect(until_ns is not None or not self.leaves, setting, "leaves", "a time in until beside it", self.leaves)
        return Traders(traders, instrument, value_ticks, deposit, start_ns, until_ns, leaves=self.leaves)


_Group = MakerGroup | FundamentalGroup | MomentumGroup | SmallGroup


class _Trader(NamedTuple):
    """Who trades, how, and how often."""

    desk: Desk
    rule: Rule
    every_ns: int


@final
class Traders:
    """The traders of a market, each with turns of its own; a flow."""

    is_reactive = True

    def __init__(
        self,
        traders: list[_Trader],
        instrument: Instrument,
        value_ticks: int,
        deposit: int,
        start_ns: int,
        until_ns: int | None,
        *,
        leaves: bool,
    ) -> None:
        """Draw the first turn of each."""
        self.instrument = instrument
        self._traders = traders
        self._value_ticks = value_ticks
        self._deposit = deposit
        self._start_ns = start_ns
        self._until_ns = until_ns
        self._is_open = False
        self._still_leaves = leaves
        self._turns = [
            (start_ns + trader.desk.draws.below(trader.every_ns), place) for place, trader in enumerate(traders)
        ]
        heapify(self._turns)

    def next_ts_ns(self) -> int | None:
        """Return the time of the next turn; ahead of the first the deposits are made."""
        if not self._is_open:
            return self._start_ns
        ts_ns = self._turns[0][0]
        if self._until_ns is None or ts_ns < self._until_ns:
            return ts_ns
        return self._until_ns if self._still_leaves else None

    def act(self, venue: Exchange) -> list[Command]:
        """Let the trader whose turn it is look and trade; its next turn is half to one and a half `every` later."""
        if not self._is_open:
            self._is_open = True
            start_ns, number = self._start_ns, self.instrument.instrument_id
            opening: list[Command] = [Deposit(start_ns, trader.desk.account, self._deposit) for trader in self._traders]
            if venue.book(number).last_trade is None:
                # Where the last trade is the mark, nobody could send a market order before the first one.
                opening.append(ReportTrade(start_ns, number, Side.BUY, self._value_ticks, 1))
            return opening
        ts_ns, place = self._turns[0]
        if self._until_ns is not None and ts_ns >= self._until_ns:
            self._still_leaves = False
            return [trader.desk.clear(self._until_ns) for trader in self._traders]
        desk, rule, every_ns = self._traders[place]
        heapreplace(self._turns, (ts_ns + every_ns // 2 + 1 + desk.draws.below(every_ns), place))
        return rule.orders(desk.see(venue, ts_ns, self._value_ticks), desk)


def _check(group: _Group, name: str, setting: Setting) -> None:
    """Raise ConfigError for a number that is no count, quantity or share."""
    for field in msgspec.structs.fields(type(group)):
        found = getattr(group, field.name)
        if isinstance(found, int):
            lowest = 1 if field.name in ("lots", "limit_lots", "levels") else 0
            _expect(found >= lowest, setting, f"{name}: {field.name}", f"at least {lowest}", found)
            _expect(not field.name.endswith("_ppm") or found <= PPM, setting, f"{name}: {field.name}", "<= 10^6", found)
    if isinstance(group, FundamentalGroup):
        is_range = group.least_edge_ppm <= group.most_edge_ppm
        _expect(is_range, setting, f"{name}: most_edge_ppm", "least_edge_ppm or more", group.most_edge_ppm)


def _expect(condition: bool, setting: Setting, key: str, expected: str, found: object) -> None:
    if not condition:
        raise ConfigError(f"{setting.where(key)}: expected {expected}, found {found}")
