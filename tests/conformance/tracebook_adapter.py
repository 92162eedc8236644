"""Cascade behind Tracebook's conformance protocol: newline-delimited JSON on standard input and output.

    tracebook-conformance qualify --profile fifo-full-v1 -- python -m tests.conformance.tracebook_adapter

The protocol, its data types and the digest of a book are Tracebook's own (`tracebook.conformance`); all matching is the
venue's. This module translates:

- Decimals to integers. A price is snapped to the tick grid here, by Tracebook's rule (nearest tick, a tie to the even
  one); the venue itself has no off-grid prices. A lot is 1 / 64,000,000: quantities of up to six decimals and
  halves of halves down to 2**-12 are exact, and anything else is refused as INVALID_ORDER.
- Symbols to instruments, in the order in which they appear; SYMBOLS of them are opened in advance.
- Owners to accounts. Tracebook's anonymous owner never meets itself, so each of its orders gets an account of its own.
- `clear` to a mass cancel per account; `replace` to an amend, which always loses the queue place here.
- Pro-rata allocation to the instruments' rule. Tracebook shares out fractions of its units: exact as long as they are
  whole lots; where they are not, the lots that rounding leaves go to the oldest.
- A fill-or-kill order that cannot be filled was applied, in Tracebook's words; the venue refuses it.
"""

import sys
from fractions import Fraction
from typing import Final

from tracebook.conformance.model import (
    BookSnapshot,
    BookState,
    ConformanceConfig,
    ConformanceError,
    EngineMetadata,
    Observation,
    Outcome,
    RestingOrder,
    TradeFill,
    canonical_decimal,
)
from tracebook.conformance.protocol import serve_stdio
from tracebook.core.order import NO_OWNER, OrderSide, OrderType, SelfTradePolicy
from tracebook.core.price_level import infer_price_decimals
from tracebook.events import MarketEvent

from exchange import Exchange
from exchange._version import __version__
from exchange.commands import AmendOrder, CancelOrder, Command, MassCancel, PlaceOrder, ReduceOrder
from exchange.enums import OrderKind, RejectReason, Side, TimeInForce
from exchange.events import Event, OrderRejected, Trade
from exchange.instrument import Instrument
from exchange.rules import AllocationRules, OrderRules, Rules

SYMBOLS: Final = 64
LOTS_PER_UNIT: Final = 64_000_000
FIRST_ANONYMOUS_ACCOUNT: Final = 1_000_000_000

SIDES: Final = {OrderSide.BUY: Side.BUY, OrderSide.SELL: Side.SELL}
KINDS: Final = {
    OrderType.LIMIT: (OrderKind.LIMIT, TimeInForce.GTC),
    OrderType.IOC: (OrderKind.LIMIT, TimeInForce.IOC),
    OrderType.FOK: (OrderKind.LIMIT, TimeInForce.FOK),
    OrderType.MARKET: (OrderKind.MARKET, TimeInForce.GTC),
}
ALLOCATIONS: Final = {"fifo": AllocationRules(), "pro_rata": AllocationRules(method="pro_rata")}
SELF_TRADE: Final = {
    SelfTradePolicy.NONE: "allow",
    SelfTradePolicy.CANCEL_RESTING: "cancel_maker",
    SelfTradePolicy.CANCEL_INCOMING: "cancel_taker",
}


class RefusedError(Exception):
    """An event that Tracebook rejects; `code` is its reason."""

    def __init__(self, code: str) -> None:
        """Keep the reason."""
        super().__init__(code)
        self.code = code


class CascadeAdapter:
    """One venue, as the protocol wants to see it."""

    def __init__(self, config: ConformanceConfig) -> None:
        """Open the venue."""
        self.metadata = EngineMetadata("cascade", __version__, "Python")
        self.config = config
        self.price_decimals = infer_price_decimals(config.tick_size)
        orders = OrderRules(amend_qty_down="lose_priority", self_trade=SELF_TRADE[config.self_trade_policy])  # type: ignore[arg-type]
        self.venue = Exchange(
            [
                Instrument(number, f"SYMBOL-{number}", allocation=ALLOCATIONS[config.matching_algorithm])
                for number in range(1, SYMBOLS + 1)
            ],
            Rules(name="tracebook", clearing="none", orders=orders),
        )
        self.instruments: dict[str, int] = {}
        self.accounts: dict[int, int] = {}
        self.owners: dict[int, int] = {}  # by account
        self.anonymous_orders = 0
        self.index = 0

    def apply(self, event: MarketEvent, index: int) -> Observation:
        """Apply one event and say what came of it."""
        self.index = index
        trades: tuple[TradeFill, ...] = ()
        try:
            trades = self._fills(event.symbol, self._apply(event))
            outcome = Outcome("applied")
        except RefusedError as refusal:
            outcome = Outcome("rejected", refusal.code, str(refusal))
        state = self.snapshot()
        return Observation(index, outcome, trades, state.digest(), state.order_count)

    def snapshot(self) -> BookState:
        """Return the resting orders of every symbol, in the order in which they would trade."""
        return BookState(
            tuple(
                BookSnapshot(symbol, self._resting(instrument, Side.BUY), self._resting(instrument, Side.SELL))
                for symbol, instrument in sorted(self.instruments.items())
            )
        )

    def close(self) -> None:
        """Check the venue against itself."""
        self.venue.check()

    def _apply(self, event: MarketEvent) -> list[Event]:
        instrument = self._instrument(event)
        if event.op == "clear":
            return self._clear(instrument)
        order_id = event.order_id or 0
        live = self.venue.book(instrument).order(order_id) if instrument else None
        if event.op == "new":
            if live is not None:
                raise RefusedError("DUPLICATE_ORDER_ID")
            return self._place(event, instrument, order_id)
        if live is None:
            raise RefusedError("ORDER_NOT_ACTIVE")
        if event.op == "cancel":
            return self._send(CancelOrder(self.index, instrument, live.account, order_id))
        if event.op == "reduce":
            qty = self._lots(event.quantity, "INVALID_ORDER")
            if qty > live.open_lots:  # the venue would take what there is
                raise RefusedError("INVALID_ORDER")
            return self._send(ReduceOrder(self.index, instrument, live.account, order_id, qty))
        price = live.price_ticks if event.price is None else self._ticks(event.price, "INVALID_REPLACEMENT")
        qty = live.open_lots if event.quantity is None else self._lots(event.quantity, "INVALID_REPLACEMENT")
        return self._send(AmendOrder(self.index, instrument, live.account, order_id, qty, price))

    def _place(self, event: MarketEvent, instrument: int, order_id: int) -> list[Event]:
        assert event.side is not None
        kind, time_in_force = KINDS[event.order_type]
        qty = self._lots(event.quantity, "INVALID_ORDER")
        price = 0 if kind == OrderKind.MARKET else self._ticks(event.price, "INVALID_ORDER")
        account = self._account(event.owner)
        side = SIDES[event.side]
        return self._send(PlaceOrder(self.index, instrument, account, order_id, side, qty, price, kind, time_in_force))

    def _clear(self, instrument: int) -> list[Event]:
        book = self.venue.book(instrument)
        accounts = {order.account for side in Side for order in book.orders(side)}
        for account in sorted(accounts):
            self._send(MassCancel(self.index, instrument, account))
        return []

    def _send(self, command: Command) -> list[Event]:
        events = self.venue.apply(command)
        for event in events:
            if isinstance(event, OrderRejected) and event.reason != RejectReason.FOK_CANNOT_FILL:
                raise RefusedError("INVALID_REPLACEMENT" if isinstance(command, AmendOrder) else "INVALID_ORDER")
        return events

    def _instrument(self, event: MarketEvent) -> int:
        """Return the instrument of a symbol, opening one for an order or a clear; 0 for an unknown one."""
        if event.symbol not in self.instruments and event.op in ("new", "clear"):
            if len(self.instruments) == SYMBOLS:
                raise ConformanceError(f"expected at most {SYMBOLS} symbols, found another: {event.symbol!r}")
            self.instruments[event.symbol] = len(self.instruments) + 1
        return self.instruments.get(event.symbol, 0)

    def _account(self, owner: int) -> int:
        if owner == NO_OWNER:
            self.anonymous_orders += 1
            account = FIRST_ANONYMOUS_ACCOUNT + self.anonymous_orders
        else:
            account = self.accounts.setdefault(owner, len(self.accounts) + 1)
        self.owners[account] = owner
        return account

    def _ticks(self, price: float | None, code: str) -> int:
        if price is None or price <= 0:
            raise RefusedError(code)
        ticks = round(price / self.config.tick_size)
        if ticks <= 0:
            raise RefusedError(code)
        return ticks

    def _lots(self, quantity: float | None, code: str) -> int:
        if quantity is None or quantity <= 0:
            raise RefusedError(code)
        lots = Fraction(str(quantity)) * LOTS_PER_UNIT
        if lots.denominator != 1:
            raise RefusedError(code)
        return lots.numerator

    def _price_text(self, ticks: int) -> str:
        return canonical_decimal(round(ticks * self.config.tick_size, self.price_decimals))

    def _quantity_text(self, lots: int) -> str:
        # Exact: the lot divides 10**12, so that twelve decimals hold any number of lots.
        units, rest = divmod(lots, LOTS_PER_UNIT)
        text = f"{units}.{rest * (10**12 // LOTS_PER_UNIT):012d}"
        return canonical_decimal(text, self.config.quantity_decimal_places)

    def _fills(self, symbol: str, events: list[Event]) -> tuple[TradeFill, ...]:
        return tuple(
            TradeFill(
                symbol,
                event.taker_order_id if event.side == Side.BUY else event.maker_order_id,
                event.maker_order_id if event.side == Side.BUY else event.taker_order_id,
                self._price_text(event.price_ticks),
                self._quantity_text(event.qty_lots),
            )
            for event in events
            if isinstance(event, Trade)
        )

    def _resting(self, instrument: int, side: Side) -> tuple[RestingOrder, ...]:
        return tuple(
            RestingOrder(
                order.order_id,
                self._price_text(order.price_ticks),
                self._quantity_text(order.open_lots),
                self.owners[order.account],
            )
            for order in self.venue.book(instrument).orders(side)
        )


if __name__ == "__main__":
    sys.exit(serve_stdio(CascadeAdapter))
