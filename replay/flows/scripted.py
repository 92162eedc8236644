"""Somebody who sells or buys by a script: one order of a stated worth, or a share of what others trade."""

from typing import Final, Literal, final

import msgspec

from exchange import Exchange
from exchange.commands import CancelOrder, Command, DepositAsset, PlaceOrder
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.units import MAX_QTY_LOTS, PPM, div_floor
from replay.flows.setting import Number, Setting
from replay.population import lots_of

_MOST_ORDERS: Final = 1_000_000


class SingleOrderSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of one order.

    quantity; or money: what its fills are worth in the book that it meets, rounded up to a whole lot; or `closes`:
    all of what the account holds. price: of a limit order; without it a market order. delivers: of a sale on a spot
    market, what it sells comes into the account just before, so that it owns no more than that in any book.
    """

    account: int
    side: Literal["buy", "sell"]
    at: str
    instrument: str = ""
    money: Number = ""
    quantity: Number = ""
    closes: bool = False
    price: Number = ""
    delivers: bool = False
    source: str = ""

    def open(self, setting: Setting) -> "SingleOrder":
        """Return the order before its time."""
        instrument = setting.instrument(self.instrument)
        given = [
            key for key, value in (("money", self.money), ("quantity", self.quantity), ("closes", self.closes)) if value
        ]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ConfigError(f"{setting.where('quantity')}: expected one of money, quantity, closes, found {found}")
        money = setting.money(instrument, self.money, "money") if self.money else 0
        lots = setting.lots(instrument, self.quantity, "quantity") if self.quantity else 0
        price = setting.ticks(instrument, self.price, "price") if self.price else 0
        side = Side.BUY if self.side == "buy" else Side.SELL
        if self.delivers and (instrument.kind != "spot" or side == Side.BUY or self.closes):
            where = setting.where("delivers")
            raise ConfigError(f"{where}: expected a sale of money or quantity on a spot market, found another order")
        at_ns = setting.time_ns(self.at, "at")
        return SingleOrder(setting, instrument, self.account, side, at_ns, money, lots, price, delivers=self.delivers)


@final
class SingleOrder:
    """One order."""

    is_reactive = True

    def __init__(
        self,
        setting: Setting,
        instrument: Instrument,
        account: int,
        side: Side,
        at_ns: int,
        money: int,
        lots: int,
        price_ticks: int,
        *,
        delivers: bool,
    ) -> None:
        """Wait for its time. money and lots 0: all that the account holds."""
        self._setting = setting
        self._instrument = instrument
        self._account = account
        self._side = side
        self._at_ns: int | None = at_ns
        self._money = money
        self._lots = lots
        self._price_ticks = price_ticks
        self._delivers = delivers

    def next_ts_ns(self) -> int | None:
        """Return its time."""
        return self._at_ns

    def act(self, venue: Exchange) -> list[Command]:
        """Send it."""
        ts_ns = self._at_ns
        assert ts_ns is not None
        self._at_ns = None
        number = self._instrument.instrument_id
        lots = self._lots
        if self._money > 0:
            lots = lots_for_money(venue, self._instrument, self._side, self._money)
        elif lots == 0:
            held = [position for position in venue.account(self._account).positions() if position.instrument == number]
            lots = sum(abs(position.size_lots) for position in held)
        kind = OrderKind.LIMIT if self._price_ticks > 0 else OrderKind.MARKET
        force = TimeInForce.GTC if self._price_ticks > 0 else TimeInForce.IOC
        orders: list[Command] = []
        if self._delivers and lots > 0:
            orders.append(DepositAsset(ts_ns, number, self._account, lots))
        while lots > 0:
            part = min(lots, MAX_QTY_LOTS)
            lots -= part
            order_id = self._setting.new_order_id()
            orders.append(
                PlaceOrder(ts_ns, number, self._account, order_id, self._side, part, self._price_ticks, kind, force)
            )
        return orders


def lots_for_money(venue: Exchange, instrument: Instrument, side: Side, money: int) -> int:
    """Return how many lots a market order trades to come to so much money in the book as it stands, rounded up.

    All lots of the book where they are worth less.
    """
    bids, asks = venue.book(instrument.instrument_id).depth()
    valuation = Valuation(instrument)
    total = 0
    for level in asks if side == Side.BUY else bids:
        worth = valuation.notional(level.qty_lots, level.price_ticks)
        if worth < money:
            total += level.qty_lots
            money -= worth
            continue
        lots = max(1, lots_of(money, instrument, level.price_ticks))
        return total + lots + (1 if valuation.notional(lots, level.price_ticks) < money else 0)
    return total


class ShareSellerSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of somebody who trades a share of what others trade, whatever the price and however long it takes.

    share_ppm: of the lots traded in the last `window`, its own among them. every: the time between two orders.
    quantity: in all. is_passive: its orders rest at the best price of its own side, and what has not traded when the
    next is due is taken away; else they are market orders. until: when it gives up, as nobody may trade with it.
    """

    account: int
    side: Literal["buy", "sell"]
    quantity: Number
    share_ppm: int
    every: str
    window: str
    at: str
    until: str
    instrument: str = ""
    is_passive: bool = False
    source: str = ""

    def open(self, setting: Setting) -> "ShareSeller":
        """Return the seller before the first order."""
        if not 0 < self.share_ppm <= PPM:
            raise ConfigError(f"{setting.where('share_ppm')}: expected 1..1,000,000, found {self.share_ppm}")
        every_ns, window_ns = setting.duration_ns(self.every, "every"), setting.duration_ns(self.window, "window")
        if min(every_ns, window_ns) <= 0:
            raise ConfigError(f"{setting.where('every')}: expected every and window above 0, found {self.every!r}")
        at_ns, until_ns = setting.time_ns(self.at, "at"), setting.time_ns(self.until, "until")
        if not 0 < until_ns - at_ns <= _MOST_ORDERS * every_ns:
            raise ConfigError(
                f"{setting.where('until')}: expected a time after at, of at most {_MOST_ORDERS:,} orders, "
                f"found {self.until!r}"
            )
        return ShareSeller(setting, self, setting.instrument(self.instrument), every_ns, window_ns)


@final
class ShareSeller:
    """Somebody who trades a share of the volume."""

    is_reactive = True

    def __init__(
        self, setting: Setting, spec: ShareSellerSpec, instrument: Instrument, every_ns: int, window_ns: int
    ) -> None:
        """Begin with all of the quantity left."""
        self._setting = setting
        self._spec = spec
        self._instrument = instrument
        self._side = Side.BUY if spec.side == "buy" else Side.SELL
        self._lots = setting.lots(instrument, spec.quantity, "quantity")
        self._is_done = False
        self._every_ns = every_ns
        self._window_ns = window_ns
        self._next_ns = setting.time_ns(spec.at, "at")
        self._until_ns = setting.time_ns(spec.until, "until")
        self._volumes: list[tuple[int, int]] = []  # (ns, lots traded in all until then)
        self._held_first: int | None = None
        self._order_id = 0

    def next_ts_ns(self) -> int | None:
        """Return when the next order is due."""
        is_over = self._is_done or self._next_ns >= self._until_ns
        return None if is_over else self._next_ns

    def act(self, venue: Exchange) -> list[Command]:
        """Take away what rests, and send the next order, as large as the volume allows."""
        ts_ns = self._next_ns
        self._next_ns += self._every_ns
        number, account = self._instrument.instrument_id, self._spec.account
        commands: list[Command] = []
        if self._order_id and venue.book(number).order(self._order_id) is not None:
            commands.append(CancelOrder(ts_ns, number, account, self._order_id))
        left = self._lots - self._traded(venue)
        self._is_done = left <= 0
        lots = min(left, self._share(ts_ns, venue), MAX_QTY_LOTS)
        if lots <= 0:
            return commands
        self._order_id = self._setting.new_order_id()
        if not self._spec.is_passive:
            commands.append(
                PlaceOrder(
                    ts_ns, number, account, self._order_id, self._side, lots, 0, OrderKind.MARKET, TimeInForce.IOC
                )
            )
            return commands
        book = venue.book(number)
        best = book.best_ask() if self._side == Side.SELL else book.best_bid()
        if best is not None:
            commands.append(PlaceOrder(ts_ns, number, account, self._order_id, self._side, lots, best[0]))
        return commands

    def _traded(self, venue: Exchange) -> int:
        """Return how many lots of it have traded."""
        positions = venue.account(self._spec.account).positions()
        held = sum(found.size_lots for found in positions if found.instrument == self._instrument.instrument_id)
        if self._held_first is None:
            self._held_first = held
        return abs(held - self._held_first)

    def _share(self, ts_ns: int, venue: Exchange) -> int:
        """Return its share of what was traded in the window, for the time until the next order; rounded down."""
        market = next(market for market in venue.markets if market.instrument == self._instrument.instrument_id)
        self._volumes.append((ts_ns, market.traded_lots))
        while len(self._volumes) > 1 and self._volumes[1][0] <= ts_ns - self._window_ns:
            self._volumes.pop(0)
        volume = market.traded_lots - self._volumes[0][1]
        return div_floor(volume * self._spec.share_ppm * self._every_ns, PPM * self._window_ns)
