"""Accounts drawn from stated distributions: leveraged positions, and stop orders that wait behind a holding."""

from typing import Final, Literal

import msgspec

from exchange.commands import Command, Deposit, DepositAsset, OpenPosition, PlaceOrder
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.margin.valuation import Valuation
from exchange.units import PPM, div_ceil, div_floor, random_below
from replay.flows.conductor import FixedFlow
from replay.flows.setting import Number, Setting
from replay.population import Bracket, PopulationSpec, account_commands, generate_accounts
from replay.sources.cells import parse_price

_DRAWS: Final = 4  # counters set aside for each account
_FINE: Final = 1 << 32
_ENTRIES: Final = 256  # entry prices between the first and the last


class CrowdSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of leveraged positions, drawn as `cascade run --population` draws them.

    leverages: (leverage, weight). notionals: (lowest, highest, weight) of a position's worth in money. entries: first
    and last entry price, all between as likely. deposit beyond the initial margin: spare_margin_ppm of it. seed: with
    that of the scenario.
    """

    count: int
    leverages: tuple[tuple[int, int], ...]
    notionals: tuple[tuple[Number, Number, int], ...]
    entries: tuple[Number, Number]
    first_account: int
    instrument: str = ""
    at: str = ""
    share_long_ppm: int = PPM
    spare_margin_ppm: int = 0
    seed: int = 0
    source: str = ""

    def open(self, setting: Setting) -> FixedFlow:
        """Return the accounts, which all open at one time."""
        setting.check_count(self.count)
        instrument = setting.instrument(self.instrument)
        brackets = tuple(
            Bracket(
                setting.money(instrument, lowest, "notionals"), setting.money(instrument, highest, "notionals"), weight
            )
            for lowest, highest, weight in self.notionals
        )
        spec = PopulationSpec(
            seed=setting.seed + self.seed,
            count=self.count,
            leverages=self.leverages,
            notionals=brackets,
            share_long_ppm=self.share_long_ppm,
            first_account=self.first_account,
            spare_margin_ppm=self.spare_margin_ppm,
        )
        first, last = (setting.ticks(instrument, price, "entries") for price in self.entries)
        at_ns = setting.time_ns(self.at, "at")
        entries = [(at_ns, first + div_floor((last - first) * step, _ENTRIES)) for step in range(_ENTRIES + 1)]
        return FixedFlow(account_commands(generate_accounts(spec, instrument, entries)))


class StopsSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of sell stops, or buy stops, each of an account of its own.

    triggers: first and last, all between as likely. quantities: (lowest, highest, weight). kind: "stop" becomes a
    market order, "stop_limit" a limit order `offset_ppm` beyond its trigger. Where the instrument is spot the account
    owns what it sells; elsewhere it has the position that the stop closes, from `entry` and with `margin`.
    """

    count: int
    triggers: tuple[Number, Number]
    quantities: tuple[tuple[Number, Number, int], ...]
    first_account: int
    instrument: str = ""
    side: Literal["buy", "sell"] = "sell"
    kind: Literal["stop", "stop_limit"] = "stop"
    offset_ppm: int = 0
    entry: Number = ""
    margin: Number = ""
    at: str = ""
    seed: int = 0
    source: str = ""

    def open(self, setting: Setting) -> FixedFlow:
        """Return the accounts and their orders, which all arrive at one time, in the order of the accounts."""
        setting.check_count(self.count)
        instrument = setting.instrument(self.instrument)
        number, at_ns = instrument.instrument_id, setting.time_ns(self.at, "at")
        seed = setting.seed + self.seed
        first, last = (setting.ticks(instrument, price, "triggers") for price in self.triggers)
        brackets = [
            (setting.lots(instrument, lowest, "quantities"), setting.lots(instrument, highest, "quantities"), weight)
            for lowest, highest, weight in self.quantities
        ]
        if not brackets or min(weight for _, _, weight in brackets) < 1 or not 0 <= self.offset_ppm < PPM:
            raise ConfigError(f"{setting.where('quantities')}: expected quantities with weights >= 1, found none")
        is_spot = instrument.kind == "spot"
        if not is_spot and not (self.entry and self.margin):
            raise ConfigError(f"{setting.where('entry')}: expected entry and margin where the market is not spot")
        entry = setting.ticks(instrument, self.entry, "entry") if self.entry else 0
        margin = setting.money(instrument, self.margin, "margin") if self.margin else 0
        sells = self.side == "sell"
        side = Side.SELL if sells else Side.BUY
        kind = OrderKind.STOP if self.kind == "stop" else OrderKind.STOP_LIMIT
        weights = sum(weight for _, _, weight in brackets)
        commands: list[Command] = []
        for index in range(self.count):
            account = self.first_account + index
            at = index * _DRAWS
            trigger = first + div_floor((last - first) * random_below(seed, at, _FINE), _FINE - 1)
            lots = _drawn_lots(brackets, random_below(seed, at + 1, weights), random_below(seed, at + 2, _FINE))
            away = div_ceil(trigger * self.offset_ppm, PPM)
            limit = 0 if kind == OrderKind.STOP else trigger - away if sells else trigger + away
            if is_spot:
                commands.append(DepositAsset(at_ns, number, account, lots))
            else:
                commands.append(Deposit(at_ns, account, margin))
                commands.append(OpenPosition(at_ns, number, account, lots if sells else -lots, entry))
            force = TimeInForce.IOC if kind == OrderKind.STOP else TimeInForce.GTC
            commands.append(
                PlaceOrder(
                    at_ns,
                    number,
                    account,
                    setting.new_order_id(),
                    side,
                    lots,
                    max(limit, 0),
                    kind,
                    force,
                    trigger_ticks=trigger,
                )
            )
        return FixedFlow(commands)


def _drawn_lots(brackets: list[tuple[int, int, int]], point: int, fine: int) -> int:
    """Return a quantity: the bracket into which `point` falls, then evenly inside it."""
    for lowest, highest, weight in brackets:
        if point < weight:
            return lowest + div_floor((highest - lowest) * fine, _FINE - 1)
        point -= weight
    raise ValueError(f"expected a point below the sum of the weights, found one {point} beyond it")


class LeverageLadderSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of one position for each leverage, so that who is liquidated tells the threshold.

    An account has the deposit of the leverage (its id) x leverage_step, rounded up, and no
    money beyond it; the leverage that margins are asked by stays the instrument's.
    """

    first_account: int
    count: int
    leverage_step: Number
    quantity: Number
    entry: Number
    instrument: str = ""
    side: Literal["buy", "sell"] = "buy"
    at: str = ""

    def open(self, setting: Setting) -> FixedFlow:
        """Return the accounts, which all open at one time."""
        setting.check_count(self.count)
        instrument = setting.instrument(self.instrument)
        step = parse_price(str(self.leverage_step), "0.001", setting.where("leverage_step"))
        if step < 1 or self.first_account < 1:
            raise ConfigError(f"{setting.where('leverage_step')}: expected a step and a first_account above 0")
        at_ns = setting.time_ns(self.at, "at")
        entry, lots = (
            setting.ticks(instrument, self.entry, "entry"),
            setting.lots(instrument, self.quantity, "quantity"),
        )
        notional = Valuation(instrument).notional(lots, entry)
        size = lots if self.side == "buy" else -lots
        commands: list[Command] = []
        for account in range(self.first_account, self.first_account + self.count):
            commands.append(Deposit(at_ns, account, div_ceil(notional * 1_000, account * step)))
            commands.append(OpenPosition(at_ns, instrument.instrument_id, account, size, entry))
        return FixedFlow(commands)
