"""One order-matching scenario on a venue of its own: its operations as commands, and what is read off afterwards."""

from collections.abc import Callable
from typing import Any, Final

from exchange import Exchange
from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    MassCancel,
    OpenPosition,
    OrderTerms,
    PlaceOrder,
    ReplaceOrder,
    SetMarkPrice,
    SetPhase,
)
from exchange.enums import CancelReason, OrderEffect, OrderKind, Phase, RejectReason, Side, SideFilter, TimeInForce
from exchange.events import Event, OrderCanceled, OrderRejected, Trade
from exchange.instrument import Instrument
from tests.conformance.matching_needs import NATURAL_DIRECTIONS, allocation_of, needs_positions, phases_of, rules_of

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
KINDS: Final = {
    "limit": OrderKind.LIMIT,
    "market": OrderKind.MARKET,
    "market_to_limit": OrderKind.MARKET_TO_LIMIT,
    "stop": OrderKind.STOP,
    "stop_limit": OrderKind.STOP_LIMIT,
}
TIMES_IN_FORCE: Final = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
}
INSTRUMENT: Final = 1
WEALTH: Final = 10**15  # of each account where the venue keeps positions


class Entered:
    """What became of one order that was entered under a scenario's id."""

    def __init__(self, account: int, op: dict[str, Any]) -> None:
        """Start as the operation states it."""
        self.account = account
        self.side = SIDES[op["side"]]
        self.qty = op["qty"]
        self.filled = 0
        self.is_rejected = False
        self.is_canceled = False


class Run:
    """One scenario on a venue of its own."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        """Open the venue."""
        instrument = Instrument(INSTRUMENT, "TEST", allocation=allocation_of(scenario), phases=phases_of(scenario))
        self.venue = Exchange([instrument], rules_of(scenario))
        self.ops: list[dict[str, Any]] = scenario["ops"]
        self.at = 0
        self.names: dict[int, str] = {}  # by the venue's order id
        self.numbers: dict[str, int] = {}
        self.owners: dict[str, int] = {}  # account ids
        self.owner_names: dict[int, str] = {}
        self.anonymous_accounts = 0
        self.orders: dict[str, Entered] = {}
        self.trades: list[dict[str, Any]] = []
        self.rejects: list[int] = []
        self.positions = dict(scenario.get("initial_positions") or {})
        self.has_money = needs_positions(scenario)
        if self.has_money:
            self.give_positions()

    def play(self) -> None:
        """Run every operation, checking the venue against itself after each."""
        steps: dict[str, Callable[[dict[str, Any]], object]] = {
            "new": self.enter,
            "cancel": self.cancel,
            "mass_cancel": self.mass_cancel,
            "amend": self.amend,
            "replace": self.replace,
            "auction_begin": lambda op: self.apply(SetPhase(self.at, INSTRUMENT, Phase.OPENING_AUCTION)),
            "uncross": lambda op: self.apply(SetPhase(self.at, INSTRUMENT, Phase.CONTINUOUS)),
        }
        for at, op in enumerate(self.ops):
            self.at = at
            steps[op["op"]](op)
            self.venue.check()

    def give_positions(self) -> None:
        """Let everybody be rich, and hold what the scenario says, at a price that stays as it is."""
        self.venue.apply(SetMarkPrice(0, INSTRUMENT, 1))
        for owner, size in self.positions.items():
            account = self.account_of({"owner": owner})
            if size != 0:
                self.venue.apply(OpenPosition(0, INSTRUMENT, account, size, 1))

    def enter(self, op: dict[str, Any]) -> None:
        """Place an order. An order without an owner gets an account of its own."""
        self.place(op, self.account_of(op))

    def place(self, op: dict[str, Any], account: int) -> None:
        """Place the order that an operation describes, for an account."""
        kind = KINDS[op["type"]]
        if kind == OrderKind.LIMIT and op["price"] is None:  # what it may cost is all that limits it
            kind = OrderKind.MARKET
        is_priced = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
        is_stop = kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
        natural = NATURAL_DIRECTIONS[op["side"]]
        if is_stop and op["trigger"].get("dir", natural) != natural:
            kind = OrderKind(kind + OrderKind.TAKE_PROFIT - OrderKind.STOP)
        entered = Entered(account, op)
        command = PlaceOrder(
            self.at,
            INSTRUMENT,
            account,
            self.number(op["id"]),
            entered.side,
            op["qty"],
            op["price"] if is_priced else 0,
            kind,
            TIMES_IN_FORCE[op.get("tif") or "GTC"],
            bool(op.get("post_only")),
            op["trigger"]["price"] if is_stop else 0,
            effect=OrderEffect.REDUCE_ONLY if op.get("reduce_only") else OrderEffect.ANY,
        )
        terms = OrderTerms(
            self.at,
            INSTRUMENT,
            account,
            command.order_id,
            display_lots=op.get("display") or 0,
            min_display_lots=op.get("min_display") or 0,
            budget_quote=op.get("budget") or 0,
        )
        if terms.display_lots or terms.budget_quote:
            self.apply(terms)
        events = self.apply(command, op["id"], entered)
        refusal = next((event for event in events if isinstance(event, OrderRejected)), None)
        if refusal is None or refusal.reason != RejectReason.DUPLICATE_ORDER_ID:
            self.orders[op["id"]] = entered

    def cancel(self, op: dict[str, Any]) -> bool:
        """Cancel an order, for its owner where none is named. Return whether it was live."""
        command = CancelOrder(self.at, INSTRUMENT, self.account_for(op), self.number(op["id"]))
        return not any(isinstance(event, OrderRejected) for event in self.apply(command))

    def mass_cancel(self, op: dict[str, Any]) -> None:
        """Cancel the orders of one owner, or of everybody."""
        side = SideFilter[op["side"].upper()] if op.get("side") else SideFilter.BOTH
        accounts = [self.account_of(op)] if op.get("owner") else self.all_accounts()
        for account in accounts:
            self.apply(MassCancel(self.at, INSTRUMENT, account, side))

    def amend(self, op: dict[str, Any]) -> None:
        """Amend an order; an open quantity of nothing cancels it."""
        if "open_qty" in op and op["open_qty"] <= 0:
            self.cancel(op)
            return
        number = self.number(op["id"])
        live = self.book.order(number)
        is_total_qty = "total_qty" in op
        if is_total_qty:
            qty = op["total_qty"]
        elif "open_qty" in op:
            qty = op["open_qty"]
        else:
            qty = live.open_lots if live is not None else 1
        price = op.get("price") or 0
        self.apply(
            AmendOrder(
                self.at,
                INSTRUMENT,
                self.account_for(op),
                number,
                qty,
                price,
                0,
                is_total_qty,
            )
        )

    def replace(self, op: dict[str, Any]) -> None:
        """Replace an order by another under the new id; nothing is entered where there was nothing to replace."""
        account, number = self.account_for(op), self.number(op["id"])
        entered = Entered(account, {"side": "buy", **op}) if op["id"] not in self.orders else self.like(op)
        command = ReplaceOrder(self.at, INSTRUMENT, account, number, self.number(op["new_id"]), op["qty"], op["price"])
        events = self.apply(command, op["new_id"], entered)
        if not any(isinstance(event, OrderRejected) for event in events):
            self.orders[op["new_id"]] = entered

    def like(self, op: dict[str, Any]) -> Entered:
        """Return the order that replaces one, which has its account and its side."""
        old = self.orders[op["id"]]
        return Entered(old.account, {**op, "side": old.side.name.lower()})

    def apply(self, command: Command, placed_name: str = "", placed: Entered | None = None) -> list[Event]:
        """Apply a command and take note of its events. placed: the order that it places, under placed_name."""
        orders = self.orders if placed is None else {**self.orders, placed_name: placed}
        events = self.venue.apply(command)
        for event in events:
            if isinstance(event, Trade):
                self.note_trade(event, orders)
            elif isinstance(event, OrderCanceled):
                name = self.names[event.order_id]
                (self.orders if event.reason == CancelReason.REPLACED else orders)[name].is_canceled = True
            elif isinstance(event, OrderRejected):
                # The schema counts a fill-or-kill order that cannot be filled as cancelled.
                is_killed = event.reason == RejectReason.FOK_CANNOT_FILL
                if not is_killed:
                    self.rejects.append(self.at)
                if placed is not None:
                    placed.is_canceled = is_killed
                    placed.is_rejected = not is_killed
        return events

    def note_trade(self, event: Trade, orders: dict[str, Entered]) -> None:
        """Take note of a trade."""
        maker, taker = (
            self.names[event.maker_order_id],
            self.names[event.taker_order_id],
        )
        trade = {
            "at": self.at,
            "maker": maker,
            "taker": taker,
            "price": event.price_ticks,
            "qty": event.qty_lots,
        }
        self.trades.append(trade)
        signed_qty = event.qty_lots if event.side == Side.BUY else -event.qty_lots
        for name, account, qty in (
            (maker, event.maker_account, -signed_qty),
            (taker, event.taker_account, signed_qty),
        ):
            orders[name].filled += event.qty_lots
            if account in self.owner_names:
                owner = self.owner_names[account]
                self.positions[owner] = self.positions.get(owner, 0) + qty

    # --- names, numbers, accounts

    @property
    def book(self) -> Any:
        """The view of the one book."""
        return self.venue.book(INSTRUMENT)

    def number(self, name: str) -> int:
        """Return the venue's order id for a scenario's."""
        if name not in self.numbers:
            self.numbers[name] = len(self.numbers) + 1
            self.names[self.numbers[name]] = name
        return self.numbers[name]

    def account_of(self, op: dict[str, Any]) -> int:
        """Return the account of an operation's owner, or one of its own where it has none."""
        owner = op.get("owner")
        if owner is None:
            self.anonymous_accounts += 1
            if self.has_money:
                self.venue.apply(Deposit(self.at, 1_000_000 + self.anonymous_accounts, WEALTH))
            return 1_000_000 + self.anonymous_accounts
        if owner not in self.owners:
            self.owners[owner] = len(self.owners) + 1
            if self.has_money:
                self.venue.apply(Deposit(self.at, self.owners[owner], WEALTH))
        account = self.owners[owner]
        self.owner_names[account] = owner
        return account

    def account_for(self, op: dict[str, Any]) -> int:
        """Return the account that cancels or amends: the named owner's, else the order's own."""
        if op.get("owner") is None and op["id"] in self.orders:
            return self.orders[op["id"]].account
        return self.account_of(op)

    def all_accounts(self) -> list[int]:
        """Return every account that was given out."""
        return [
            *self.owners.values(),
            *(1_000_001 + index for index in range(self.anonymous_accounts)),
        ]

    # --- what was found

    def order_state(self, name: str) -> dict[str, Any]:
        """Return status, filled, open and visible of the last order that was entered under an id."""
        entered = self.orders.get(name)
        if entered is None:
            return {"status": "unknown"}
        live = self.book.order(self.number(name))
        if entered.is_rejected:
            return {"status": "rejected", "filled": entered.filled, "open": entered.qty}
        if live is None:
            status = "cancelled" if entered.is_canceled else "filled"
            return {"status": status, "filled": entered.filled, "open": 0}
        if name in self.pending_stops():
            status = "pending"
        else:
            status = "partial" if live.filled_lots > 0 else "open"
        visible = live.open_lots - live.hidden_lots
        return {"status": status, "filled": live.filled_lots, "open": live.open_lots, "visible": visible}

    def levels(self, side: Side) -> list[Any]:
        """Return one side of the book as the schema writes it: best level first, queue order."""
        levels: list[Any] = []
        for order in self.book.orders(side):
            if not levels or levels[-1][0] != order.price_ticks:
                levels.append([order.price_ticks, []])
            levels[-1][1].append([self.names[order.order_id], order.open_lots])
        return levels

    def pending_stops(self) -> list[str]:
        """Return the ids of the stops that wait for their trigger."""
        return [self.names[order.order_id] for side in Side for order in self.book.stops(side)]
