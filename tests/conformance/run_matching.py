"""Runs folders of order-matching scenarios (schema `matching-conformance/1`) through the public API.

    python -m tests.conformance.run_matching [DIR] [--json] [--only TEXT]

The schema and its conventions stand in `matching/README.md`. Every scenario gets its own venue, without clearing, whose
rules are the conventions the scenario starts from: those defaults, not ours. A scenario that needs something that the
venue does not have, or does not have in this tool's tables, is skipped and counted under the first such thing. The last
line of the output is, with --json, one object: passed (count), failed (ids), skipped (missing feature: count). The exit
code is 1 when a scenario failed.

What is read off the venue: trades and refusals from its events; books, pending stops, open quantities and the last
price from its views. Positions are the given ones plus the fills of the trade events. The schema does not count a
fill-or-kill order that could not be filled as refused but as cancelled; the venue refuses it with FOK_CANNOT_FILL.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.commands import AmendOrder, CancelOrder, Command, MassCancel, PlaceOrder, SetPhase
from exchange.enums import OrderKind, Phase, RejectReason, Side, SideFilter, TimeInForce
from exchange.events import Event, OrderCanceled, OrderRejected, Trade
from exchange.instrument import Instrument
from exchange.rules import OrderRules, PhaseRules, Rules

SCHEMA: Final = "matching-conformance/1"
DEFAULT_FOLDER: Final = Path(__file__).with_name("matching")

# What a scenario may require. False is what the venue lacks; a name that is not listed counts as lacking, too.
FEATURES: Final = {
    "limit": True,
    "market": True,
    "market_to_limit": False,
    "stop": True,
    "stop_limit": True,
    "trigger_direction": False,  # a buy stop always watches for a rise, a sell stop for a fall
    "ioc": True,
    "fok": True,
    "fok_budget": False,
    "iceberg": False,
    "min_display": False,
    "post_only": True,
    "reduce_only": False,
    "amend": True,
    "amend_total_qty": True,
    "replace": True,  # a cancel and an order, as the schema defines it
    "cancel": True,
    "mass_cancel": True,
    "auction": True,
    "owner_check": True,
    "id_reuse": True,
}

# The values of a convention that the venue can follow, each with the order rules that make it do so.
CONVENTIONS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "stop_trigger": {"last_trade": {}},
    "stop_trigger_when_side_empty": {"wait": {}},
    "stop_order": {"trigger_price_then_time": {}},
    "amend_qty_down": {
        "keep_priority": {"amend_qty_down": "keep_priority"},
        "lose_priority": {"amend_qty_down": "lose_priority"},
    },
    "amend_qty_up": {"lose_priority": {}},
    "amend_price": {"lose_priority_and_match": {}},
    "amend_below_filled": {
        "cancel": {"amend_below_filled": "cancel"},
        "reject": {"amend_below_filled": "reject"},
    },
    "stp": {
        "none": {"self_trade": "allow"},
        "cancel_maker": {"self_trade": "cancel_maker"},
        "cancel_taker": {"self_trade": "cancel_taker"},
    },
    "allocation": {"fifo": {}},
    "auction_price": {"max_volume_then_min_surplus_then_max_price": {}},
}
# And with the phase rules.
PHASE_CONVENTIONS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "auction_price": {"max_volume_then_min_surplus_then_max_price": {"auction_price": "highest"}},
}

DEFAULT_CONVENTIONS: Final = {
    "stop_trigger": "last_trade",
    "stop_trigger_when_side_empty": "wait",
    "stop_order": "trigger_price_then_time",
    "amend_qty_down": "keep_priority",
    "amend_qty_up": "lose_priority",
    "amend_price": "lose_priority_and_match",
    "stp": "none",
    "allocation": "fifo",
}

# Not among the schema's conventions, but told by its scenarios: the remainder of a market order is dropped, a market
# order has no collar, a post-only order that would take is refused, a stop that is touched already is elected at once.
SCHEMA_RULES: Final = {
    "market_remainder": "cancel",
    "market_protection": "none",
    "post_only_cross": "reject",
    "stop_already_touched": "elect",
}

# The features that an operation uses by its form, whether or not the scenario lists them.
OP_FEATURES: Final = {
    "new": "limit",
    "cancel": "cancel",
    "mass_cancel": "mass_cancel",
    "amend": "amend",
    "replace": "replace",
    "auction_begin": "auction",
    "uncross": "auction",
}
FIELD_FEATURES: Final = {
    "display": "iceberg",
    "min_display": "min_display",
    "post_only": "post_only",
    "reduce_only": "reduce_only",
    "budget": "fok_budget",
    "total_qty": "amend_total_qty",
}
PLAIN_FIELDS: Final = {
    "new": {"op", "id", "side", "type", "qty", "price", "tif", "owner", "trigger"},
    "cancel": {"op", "id", "owner"},
    "mass_cancel": {"op", "owner", "side"},
    "amend": {"op", "id", "price", "open_qty", "owner"},
    "replace": {"op", "id", "new_id", "side", "price", "qty", "owner"},
}
COMPARE_MODES: Final = {"exact", "coalesced", "per_order"}

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
KINDS: Final = {
    "limit": OrderKind.LIMIT,
    "market": OrderKind.MARKET,
    "stop": OrderKind.STOP,
    "stop_limit": OrderKind.STOP_LIMIT,
}
TIMES_IN_FORCE: Final = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
}
NATURAL_DIRECTIONS: Final = {"buy": "up", "sell": "down"}
INSTRUMENT: Final = 1


class Difference(NamedTuple):
    """One thing on which the venue and a scenario disagree."""

    what: str
    expected: Any
    found: Any


class Result(NamedTuple):
    """How a scenario went: skipped where `missing` names a feature, else passed unless there are differences."""

    scenario_id: str
    missing: str
    differences: list[Difference]


# --- what a scenario needs ---------------------------------------------------------------------------------------


def missing_feature(scenario: dict[str, Any]) -> str:
    """Return the first thing a scenario needs that the venue lacks, or an empty string."""
    for feature in scenario.get("requires") or []:
        if not FEATURES.get(feature, False):
            return str(feature)
    for name, value in (scenario.get("conventions") or {}).items():
        if value not in CONVENTIONS.get(name, {}):
            return f"{name}={value}"
    for feature in used_features(scenario["ops"]):
        if not FEATURES.get(feature, False):
            return feature
    compare = scenario.get("compare") or "exact"
    return "" if compare in COMPARE_MODES else f"compare={compare}"


def used_features(ops: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what operations need by their form; a field that is not in the schema's tables is yielded by its name."""
    for op in ops:
        yield OP_FEATURES.get(op["op"], op["op"])
        for field, value in op.items():
            if field in FIELD_FEATURES:
                if value not in (None, False):
                    yield FIELD_FEATURES[field]
            elif field not in PLAIN_FIELDS.get(op["op"], {"op"}):
                yield field
        if op["op"] == "new":
            if op["type"] != "limit":
                yield op["type"]
            if op.get("tif") not in (None, "GTC"):
                yield op["tif"].lower()
            if (op.get("trigger") or {}).get("dir", NATURAL_DIRECTIONS[op["side"]]) != NATURAL_DIRECTIONS[op["side"]]:
                yield "trigger_direction"


def rules_of(scenario: dict[str, Any]) -> Rules:
    """Return the venue's rules under a scenario's conventions."""
    orders = dict(SCHEMA_RULES)
    for name, value in {
        **DEFAULT_CONVENTIONS,
        **(scenario.get("conventions") or {}),
    }.items():
        orders.update(CONVENTIONS[name][value])
    return Rules(name=scenario["id"], clearing="none", orders=OrderRules(**orders))  # type: ignore[arg-type]


def phases_of(scenario: dict[str, Any]) -> PhaseRules:
    """Return the instrument's phase rules under a scenario's conventions."""
    phases: dict[str, Any] = {}
    for name, value in (scenario.get("conventions") or {}).items():
        phases.update(PHASE_CONVENTIONS.get(name, {}).get(value, {}))
    return PhaseRules(**phases)


# --- running it --------------------------------------------------------------------------------------------------


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
        self.venue = Exchange([Instrument(INSTRUMENT, "TEST", phases=phases_of(scenario))], rules_of(scenario))
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

    def enter(self, op: dict[str, Any]) -> None:
        """Place an order. An order without an owner gets an account of its own."""
        self.place(op, self.account_of(op))

    def place(self, op: dict[str, Any], account: int) -> None:
        """Place the order that an operation describes, for an account."""
        kind = KINDS[op["type"]]
        is_priced = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
        is_stop = kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
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
        )
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
        """Cancel an order and enter another under the new id; nothing is entered where there was nothing to cancel."""
        if self.cancel(op):
            old = self.orders[op["id"]]
            side = op.get("side") or old.side.name.lower()
            place = {
                "id": op["new_id"],
                "side": side,
                "type": "limit",
                "qty": op["qty"],
                "price": op["price"],
            }
            self.place(place, old.account)

    def apply(self, command: Command, placed_name: str = "", placed: Entered | None = None) -> list[Event]:
        """Apply a command and take note of its events. placed: the order that it places, under placed_name."""
        orders = self.orders if placed is None else {**self.orders, placed_name: placed}
        events = self.venue.apply(command)
        for event in events:
            if isinstance(event, Trade):
                self.note_trade(event, orders)
            elif isinstance(event, OrderCanceled):
                orders[self.names[event.order_id]].is_canceled = True
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
            return 1_000_000 + self.anonymous_accounts
        account = self.owners.setdefault(owner, len(self.owners) + 1)
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
        """Return status, filled and open of the last order that was entered under an id."""
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
        return {"status": status, "filled": live.filled_lots, "open": live.open_lots}

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


# --- comparing ---------------------------------------------------------------------------------------------------


def coalesced(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trades with neighbours of one operation, maker, taker and price added up."""
    result: list[dict[str, Any]] = []
    for trade in trades:
        key = [trade[name] for name in ("at", "maker", "taker", "price")]
        if result and [result[-1][name] for name in ("at", "maker", "taker", "price")] == key:
            result[-1]["qty"] += trade["qty"]
        else:
            result.append(dict(trade))
    return result


def filled_totals(trades: list[dict[str, Any]]) -> dict[str, int]:
    """Return what each order traded, whatever with whom."""
    totals: Counter[str] = Counter()
    for trade in trades:
        totals[trade["maker"]] += trade["qty"]
        totals[trade["taker"]] += trade["qty"]
    return dict(sorted(totals.items()))


COMPARABLE_TRADES: Final[dict[str, Callable[[list[dict[str, Any]]], Any]]] = {
    "exact": list,
    "coalesced": coalesced,
    "per_order": filled_totals,
}


def differences(scenario: dict[str, Any], run: Run) -> list[Difference]:
    """Return what a scenario expects and the venue did otherwise. What it states nothing about is not compared."""
    expect = scenario["expect"]
    found: list[Difference] = []

    def compare(what: str, expected: Any, actual: Any) -> None:
        if expected != actual:
            found.append(Difference(what, expected, actual))

    if "trades" in expect:
        comparable = COMPARABLE_TRADES[scenario.get("compare") or "exact"]
        compare("trades", comparable(expect["trades"]), comparable(run.trades))
    if "rejects" in expect:
        compare(
            "rejects",
            sorted({reject["at"] for reject in expect["rejects"]}),
            sorted(set(run.rejects)),
        )
    for name, state in (expect.get("orders") or {}).items():
        wanted = {key: value for key, value in state.items() if key in ("status", "filled", "open")}
        actual = run.order_state(name)
        compare(f"order {name}", wanted, {key: actual.get(key) for key in wanted})
    if "book" in expect:
        for side, key in ((Side.BUY, "bids"), (Side.SELL, "asks")):
            compare(key, expect["book"].get(key, []), run.levels(side))
    if "pending_stops" in expect:
        compare(
            "pending stops",
            sorted(expect["pending_stops"]),
            sorted(run.pending_stops()),
        )
    if "last_trade" in expect:
        compare("last trade", expect["last_trade"], run.book.last_trade)
    if "positions" in expect:
        wanted_positions = expect["positions"] or {}
        compare(
            "positions",
            wanted_positions,
            {owner: run.positions.get(owner, 0) for owner in wanted_positions},
        )
    return found


def run_scenario(scenario: dict[str, Any]) -> Result:
    """Run one scenario."""
    missing = missing_feature(scenario)
    if missing:
        return Result(scenario["id"], missing, [])
    try:
        run = Run(scenario)
        run.play()
        return Result(scenario["id"], "", differences(scenario, run))
    except Exception as error:  # noqa: BLE001 - one scenario that cannot be run must not hide the others
        return Result(scenario["id"], "", [Difference("run", "no exception", repr(error))])


# --- folders and the report --------------------------------------------------------------------------------------


def load_scenarios(folder: Path) -> list[dict[str, Any]]:
    """Return the scenarios of a folder's JSON files, or of one file. Raises ValueError for another schema."""
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"expected scenario files in {folder}, found none")
    scenarios: list[dict[str, Any]] = []
    for path in paths:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("schema") != SCHEMA:
            raise ValueError(f"{path}: expected schema {SCHEMA!r}, found {content.get('schema')!r}")
        scenarios += content["scenarios"]
    return scenarios


def summary(results: list[Result]) -> dict[str, Any]:
    """Return the counts, as --json prints them."""
    skipped = Counter(result.missing for result in results if result.missing)
    return {
        "passed": sum(not result.missing and not result.differences for result in results),
        "failed": [result.scenario_id for result in results if result.differences],
        "skipped": dict(sorted(skipped.items())),
    }


def report(results: list[Result]) -> str:
    """Return the failures and the counts, for people."""
    lines: list[str] = []
    for result in results:
        if result.differences:
            lines.append(f"FAILED {result.scenario_id}")
            for what, expected, found in result.differences:
                lines += [
                    f"  {what}",
                    f"    expected {expected}",
                    f"    found    {found}",
                ]
    counts = summary(results)
    lines.append(
        f"{counts['passed']} passed, {len(counts['failed'])} failed, {sum(counts['skipped'].values())} skipped"
    )
    lines += [f"  skipped for lack of {feature}: {count}" for feature, count in counts["skipped"].items()]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run a folder. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.run_matching",
        description=__doc__.split("\n")[0],
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="run the scenarios whose id contains TEXT",
    )
    options = parser.parse_args(arguments)
    scenarios = [scenario for scenario in load_scenarios(options.folder) if options.only in scenario["id"]]
    results = [run_scenario(scenario) for scenario in scenarios]
    text = json.dumps(summary(results)) if options.json else report(results)
    sys.stdout.write(text + "\n")
    return 1 if any(result.differences for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
