"""Sessions of every special order among plain ones, with money: the venue agrees with itself after each command.

`check` compares reserves with the books, hidden lots and ends included; a batch of the same commands gives the same
events, and nothing ends before its time or lives beyond it.
"""

from random import Random
from typing import Any

import pytest

from exchange.codec import encode_command
from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    MassCancel,
    OrderTerms,
    PlaceOrder,
    ReduceOrder,
    ReplaceOrder,
    SetMarkPrice,
)
from exchange.enums import CancelReason, OrderKind, Side, SideFilter, TimeInForce
from exchange.events import OrderCanceled
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.rules import AllocationRules, OrderRules, Rules

ACCOUNTS = (1, 2, 3, 4)
RULES: dict[str, tuple[Any, ...]] = {
    "self_trade": ("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both"),
    "amend_qty_down": ("keep_priority", "lose_priority"),
    "market_remainder": ("cancel", "limit_at_last_fill", "limit_at_collar"),
    "market_protection": ("none", "ticks"),
    "protection_amount": (3,),
    "stop_protection_reference": ("market", "trigger"),
    "post_only_cross": ("reject", "reprice"),
    "stop_already_touched": ("elect", "wait"),
    "iceberg_refresh": ("when_gone", "below_min_display"),
    "iceberg_amend_up": ("lose_priority", "keep_priority"),
    "market_to_limit": ("any_price", "best_price"),
    "day_ends_ns": (0, 50, -1),
}
KINDS = (*[OrderKind.LIMIT] * 6, OrderKind.MARKET, OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_TO_LIMIT)


def open_venue(draw: Random) -> Exchange:
    """A venue under random rules; half of them share out by size."""
    orders: dict[str, Any] = {name: draw.choice(choices) for name, choices in RULES.items()}
    allocation = AllocationRules(
        draw.choice(["price_time", "pro_rata"]),
        draw.random() < 0.5,
        draw.choice([0, 2]),
        draw.choice(["time", "one_lot", "largest"]),
    )
    facts: dict[str, Any] = {"default_leverage": 10, "margin_tiers": (MarginTier(maintenance_ppm=20_000),)}
    instruments = [
        Instrument(1, "ONE", allocation=allocation, tick_value_divisor=draw.choice([1, 7]), **facts),
        Instrument(2, "TWO", mark_source="last", **facts),
    ]
    return Exchange(instruments, Rules(clearing=draw.choice(["margin", "none"]), orders=OrderRules(**orders)))


def commands_of(draw: Random, venue: Exchange, ts_ns: int, next_id: int) -> list[Command]:
    """An order with its terms, or something done to a live one."""
    instrument, account = draw.choice([1, 1, 1, 2]), draw.choice(ACCOUNTS)
    book = venue.book(instrument)
    live = [order for side in Side for order in (*book.orders(side), *book.stops(side))]
    lots, price = draw.randint(1, 12), draw.randint(95, 105)
    action = draw.random()
    if action < 0.35 and live:
        order = draw.choice(live)
        where = (ts_ns, instrument, order.account, order.order_id)
        changes: list[Command] = [
            CancelOrder(*where),
            ReduceOrder(*where, lots),
            AmendOrder(*where, lots, draw.choice([0, price]), is_total_qty=draw.random() < 0.3),
            ReplaceOrder(*where, next_id, lots, draw.choice([0, price])),
        ]
        return [draw.choice(changes)]
    if action < 0.4:
        return [MassCancel(ts_ns, draw.choice([0, instrument]), account, draw.choice(list(SideFilter)))]
    if action < 0.45:
        return [SetMarkPrice(ts_ns, 1, price)]
    kind = draw.choice(KINDS)
    time_in_force = draw.choice([*[TimeInForce.GTC] * 3, *TimeInForce])
    terms = OrderTerms(
        ts_ns,
        instrument,
        account,
        next_id,
        display_lots=draw.choice([0, 0, 2, 5]),
        min_qty_lots=draw.choice([0, 0, 0, 2]),
        expires_ns=ts_ns + draw.randint(0, 40) if time_in_force == TimeInForce.GTD else 0,
        budget_quote=draw.choice([0, 300, 900]) if time_in_force == TimeInForce.FOK else 0,
    )
    has_limit = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
    is_stop = kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
    place = PlaceOrder(
        ts_ns,
        instrument,
        account,
        next_id,
        draw.choice(list(Side)),
        lots,
        price if has_limit else 0,
        kind,
        time_in_force,
        kind == OrderKind.LIMIT and draw.random() < 0.1,
        draw.randint(95, 105) if is_stop else 0,
    )
    return [terms, place] if draw.random() < 0.7 else [place]


@pytest.mark.parametrize("seed", range(40))
def test_venue_agrees_with_itself(seed: int) -> None:
    """150 steps each; time passes now and then."""
    draw = Random(seed)
    venue = open_venue(draw)
    script: list[Command] = []
    if venue.has_clearing:
        script += [Deposit(0, account, draw.choice([150, 2_000])) for account in ACCOUNTS] + [SetMarkPrice(0, 1, 100)]
        for command in script:
            venue.apply(command)
    ts_ns = 0
    for number in range(1, 151):
        ts_ns += draw.choice([0, 0, 1, 5])
        for command in commands_of(draw, venue, ts_ns, number):
            script.append(command)
            before = {}
            for instrument in (1, 2):
                for side in Side:
                    book = venue.book(instrument)
                    for order in (*book.orders(side), *book.stops(side)):
                        before[instrument, order.order_id] = order
            for event in venue.apply(command):
                if isinstance(event, OrderCanceled) and event.reason == CancelReason.EXPIRED:
                    assert before[event.instrument, event.order_id].expires_ns == event.ts_ns <= ts_ns
            venue.check()
            for instrument in (1, 2):
                for order in (*venue.book(instrument).orders(Side.BUY), *venue.book(instrument).orders(Side.SELL)):
                    assert order.expires_ns == 0 or order.expires_ns > ts_ns
    again = Exchange(venue.instruments, venue.rules)
    again.run(b"".join(encode_command(command) for command in script))
    assert again.digest() == venue.digest()
