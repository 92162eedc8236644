"""The trader classes of the published flash-crash models, each one a rule from what it sees to the orders it sends.

Classes and their roles follow Kirilenko et al. 2017 (The Flash Crash), Paddrik et al. 2012 (IEEE CIFEr) and Gao et al.
2024 (JASSS 27(2)8): fundamental traders, market makers with an inventory limit, momentum traders, and small traders
without a view. The rules here are our own, the simplest in integers; nothing is calibrated to their data. Who sells a
share of the volume is `replay.flows.scripted.ShareSeller`.
"""

from typing import Final, NamedTuple, Protocol, final

from exchange import Exchange
from exchange.commands import Command, MassCancel, PlaceOrder
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.instrument import Instrument
from exchange.units import PPM, div_ceil, div_floor, random_below
from exchange.views import BookView

_FINE: Final = 1 << 32
_STREAM: Final = 0x9E3779B1  # apart, so that neighbouring accounts and seeds share no stream


@final
class Draws:
    """The random numbers of one trader: they depend on the seed and its account only, not on who acted in between."""

    def __init__(self, seed: int, account: int) -> None:
        """Start at the stream's beginning."""
        self._seed = seed + _STREAM * account
        self._counter = 0

    def below(self, bound: int) -> int:
        """Return an integer in [0, bound), of 32 bits of fineness where bound is larger than that."""
        self._counter += 1
        if bound <= _FINE:
            return random_below(self._seed, self._counter, bound)
        return bound * random_below(self._seed, self._counter, _FINE) >> 32


class Turn(NamedTuple):
    """What a trader sees when it acts. last_ticks: the last trade's price, or where the market began."""

    ts_ns: int
    book: BookView
    last_ticks: int
    size_lots: int

    def middle_ticks(self) -> int:
        """Return the middle of the best prices, rounded down; the last price where a side is empty."""
        bid, ask = self.book.best_bid(), self.book.best_ask()
        return self.last_ticks if bid is None or ask is None else (bid[0] + ask[0]) // 2


class Rule(Protocol):
    """How one trader trades."""

    def orders(self, turn: Turn, desk: "Desk") -> list[Command]:
        """Return what it sends."""


@final
class Desk:
    """One trader's way to the venue: account, order ids and random numbers of its own."""

    def __init__(self, instrument: Instrument, account: int, first_order_id: int, seed: int) -> None:
        """Open the desk."""
        self.account = account
        self.draws = Draws(seed, account)
        self._number = instrument.instrument_id
        self._lowest = max(instrument.min_price_ticks, 1)
        self._highest = instrument.max_price_ticks
        self._next_id = first_order_id

    def see(self, venue: Exchange, ts_ns: int, start_ticks: int) -> Turn:
        """Return what it sees now."""
        book = venue.book(self._number)
        last = book.last_trade
        held = venue.account(self.account).positions()
        size_lots = sum(position.size_lots for position in held if position.instrument == self._number)
        return Turn(ts_ns, book, start_ticks if last is None else last, size_lots)

    def clear(self, ts_ns: int) -> Command:
        """Take its orders out of the book."""
        return MassCancel(ts_ns, self._number, self.account)

    def limit(self, ts_ns: int, side: Side, lots: int, price_ticks: int) -> Command:
        """Return an order that rests where it does not trade; its price is kept within the instrument's range."""
        self._next_id += 1
        price = min(max(price_ticks, self._lowest), self._highest)
        return PlaceOrder(ts_ns, self._number, self.account, self._next_id, side, lots, price)

    def market(self, ts_ns: int, side: Side, lots: int) -> Command:
        """Return an order at any price."""
        self._next_id += 1
        kind, force = OrderKind.MARKET, TimeInForce.IOC
        return PlaceOrder(ts_ns, self._number, self.account, self._next_id, side, lots, 0, kind, force)


@final
class MarketMaker:
    """Quotes both sides around the middle, leans against its inventory, and never holds more than its limit.

    Its middle is `skew_ticks` lower at an inventory of +limit, higher at -limit. At the limit it quotes one side only.
    """

    def __init__(
        self, half_spread_ticks: int, step_ticks: int, levels: int, lots: int, limit_lots: int, skew_ticks: int
    ) -> None:
        """Keep the parameters."""
        self._half_spread_ticks = half_spread_ticks
        self._step_ticks = step_ticks
        self._levels = levels
        self._lots = lots
        self._limit_lots = limit_lots
        self._skew_ticks = skew_ticks

    def orders(self, turn: Turn, desk: Desk) -> list[Command]:
        """Renew all quotes."""
        lean = div_floor(2 * self._skew_ticks * turn.size_lots + self._limit_lots, 2 * self._limit_lots)
        middle = turn.middle_ticks() - lean
        sent = [desk.clear(turn.ts_ns)]
        room = {Side.BUY: self._limit_lots - turn.size_lots, Side.SELL: self._limit_lots + turn.size_lots}
        for level in range(self._levels):
            away = self._half_spread_ticks + level * self._step_ticks
            for side, price in ((Side.BUY, middle - away), (Side.SELL, middle + away)):
                lots = min(self._lots, room[side])
                if lots > 0:
                    room[side] -= lots
                    sent.append(desk.limit(turn.ts_ns, side, lots, price))
        return sent


@final
class Fundamental:
    """Knows what the contract is worth to it, buys at so much less and sells at so much more, and waits there."""

    def __init__(self, value_ticks: int, edge_ticks: int, lots: int) -> None:
        """Keep its own value and the edge that it asks for."""
        self._bid_ticks = value_ticks - edge_ticks
        self._ask_ticks = value_ticks + edge_ticks
        self._lots = lots

    def orders(self, turn: Turn, desk: Desk) -> list[Command]:
        """Renew its two orders; one that crosses the market trades at once, as far as its price and quantity go."""
        return [
            desk.clear(turn.ts_ns),
            desk.limit(turn.ts_ns, Side.BUY, self._lots, self._bid_ticks),
            desk.limit(turn.ts_ns, Side.SELL, self._lots, self._ask_ticks),
        ]


@final
class Momentum:
    """Buys after a rise and sells after a fall of at least so much within its window, up to a position."""

    def __init__(self, window_ns: int, threshold_ppm: int, lots: int, limit_lots: int) -> None:
        """Keep the parameters."""
        self._window_ns = window_ns
        self._threshold_ppm = threshold_ppm
        self._lots = lots
        self._limit_lots = limit_lots
        self._seen: list[tuple[int, int]] = []  # (ns, price) of its own turns within the window, oldest first

    def orders(self, turn: Turn, desk: Desk) -> list[Command]:
        """Follow the price, or stay."""
        self._seen.append((turn.ts_ns, turn.last_ticks))
        while self._seen[0][0] < turn.ts_ns - self._window_ns:
            self._seen.pop(0)
        first = self._seen[0][1]
        change = (turn.last_ticks - first) * PPM
        if abs(change) < self._threshold_ppm * first:
            return []
        side = Side.BUY if change > 0 else Side.SELL
        room = self._limit_lots - turn.size_lots if side == Side.BUY else self._limit_lots + turn.size_lots
        lots = min(self._lots, room)
        return [desk.market(turn.ts_ns, side, lots)] if lots > 0 else []


@final
class SmallTrader:
    """Has no view: a random side, market orders and now and then an order that waits behind the best price.

    One that holds more than `limit_lots` goes home: it trades towards zero.
    """

    def __init__(self, lots: int, limit_lots: int, resting_ppm: int, near_ticks: int) -> None:
        """Keep the parameters. lots: the mean of its orders. resting_ppm: how many of them rest."""
        self._lots = lots
        self._limit_lots = limit_lots
        self._resting_ppm = resting_ppm
        self._near_ticks = near_ticks

    def orders(self, turn: Turn, desk: Desk) -> list[Command]:
        """Trade."""
        side = Side(desk.draws.below(2))
        if abs(turn.size_lots) > self._limit_lots:
            side = Side.SELL if turn.size_lots > 0 else Side.BUY
        lots = 1 + desk.draws.below(2 * self._lots - 1)
        if desk.draws.below(PPM) >= self._resting_ppm:
            return [desk.market(turn.ts_ns, side, lots)]
        best = turn.book.best_bid() if side == Side.BUY else turn.book.best_ask()
        start = turn.last_ticks if best is None else best[0]
        away = desk.draws.below(self._near_ticks + 1)
        price = start - away if side == Side.BUY else start + away
        return [desk.clear(turn.ts_ns), desk.limit(turn.ts_ns, side, lots, price)]


def ticks_of(ppm: int, price_ticks: int) -> int:
    """Return parts per million of a price in whole ticks, rounded up."""
    return div_ceil(ppm * price_ticks, PPM)
