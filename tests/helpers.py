"""Short ways to say what the tests say often: a venue, an order, a refusal, and what must not change by it."""

from typing import Any

from exchange.codec import encode_command
from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetMarkPrice
from exchange.enums import OrderKind, Origin, RejectReason, Side, TimeInForce
from exchange.events import Event, OrderRejected, RequestRejected
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, OrderRules, Rules
from exchange.views import LiveOrder

BUY, SELL = Side.BUY, Side.SELL
A, B = 1, 2  # instruments

LINEAR = Instrument(instrument_id=A, symbol="LINEAR", margin_tiers=(MarginTier(maintenance_ppm=100_000),))
OTHER = Instrument(instrument_id=B, symbol="OTHER", margin_tiers=(MarginTier(maintenance_ppm=100_000),))


def margin_venue(
    *instruments: Instrument, orders: OrderRules | None = None, rules: Rules | None = None, **facts: Any
) -> Exchange:
    """A venue with money. `facts` are fields of its one instrument where none is given."""
    if not instruments:
        instruments = (Instrument(**{"instrument_id": A, "symbol": "LINEAR", **facts}),)
    return Exchange(instruments, rules or Rules(orders=orders or OrderRules()))


def bare_venue(orders: OrderRules | None = None, **facts: Any) -> Exchange:
    """A venue that only matches."""
    fields = {"instrument_id": A, "symbol": "BARE", **facts}
    return Exchange([Instrument(**fields)], Rules(clearing="none", orders=orders or OrderRules()))


def order(
    account: int, order_id: int, side: Side, qty: int, price: int = 0, ts: int = 0, instrument: int = A, **more: Any
) -> PlaceOrder:
    """A participant's order: a limit one where there is a price and nothing else is said."""
    if "kind" not in more and price == 0:
        more["kind"] = OrderKind.MARKET
    return PlaceOrder(ts, instrument, account, order_id, side, qty, price, **more)


def recorded(order_id: int, side: Side, qty: int, price: int, ts: int = 0, **more: Any) -> PlaceOrder:
    """An order of the recorded market."""
    return PlaceOrder(ts, A, 0, order_id, side, qty, price, origin=Origin.RECORDED, **more)


def run_all(exchange: Exchange, *commands: Command) -> list[Event]:
    """Apply commands, check the venue after each, and return the events of the last."""
    events: list[Event] = []
    for command in commands:
        events = exchange.apply(command)
        exchange.check()
    return events


def state_of(exchange: Exchange) -> object:
    """Everything that a participant can see of a venue, and that a refusal must leave as it is."""
    books = []
    for fact in exchange.instruments:
        book = exchange.book(fact.instrument_id)
        books.append(
            (
                [list(book.orders(side)) for side in Side],
                [list(book.stops(side)) for side in Side],
                book.depth(),
                book.last_trade,
                book.mark_price,
            )
        )
    accounts = []
    if exchange.has_clearing:
        for number in [-1, 0, *exchange.accounts()]:
            view = exchange.account(number)
            accounts.append((number, view.balance, view.initial_margin, view.is_in_liquidation, view.positions()))
    return books, accounts, exchange.fund.balance, exchange.fund.fees, exchange.fund.venue_loss


def refusal(exchange: Exchange, command: Command) -> RejectReason:
    """Apply a command that must be refused and change nothing, and return the reason."""
    before, seq = state_of(exchange), exchange.seq
    events = exchange.apply(command)
    exchange.check()
    assert len(events) == 1, events
    event = events[0]
    assert isinstance(event, OrderRejected | RequestRejected), event
    assert event.seq == seq + 1 == exchange.seq
    assert event.request.name.title().replace("_", "") == type(command).__name__
    assert state_of(exchange) == before
    return event.reason


def live(exchange: Exchange, order_id: int, instrument: int = A) -> LiveOrder:
    """Return a live order, which must be there."""
    found = exchange.book(instrument).order(order_id)
    assert found is not None
    return found


__all__ = [
    "BUY",
    "LINEAR",
    "OTHER",
    "SELL",
    "A",
    "B",
    "Deposit",
    "FeeSchedule",
    "FundRules",
    "Instrument",
    "LiquidationRules",
    "MarginTier",
    "OpenPosition",
    "OrderKind",
    "OrderRules",
    "RejectReason",
    "Rules",
    "SetMarkPrice",
    "TimeInForce",
    "bare_venue",
    "encode_command",
    "live",
    "margin_venue",
    "order",
    "recorded",
    "refusal",
    "run_all",
    "state_of",
]
