"""Random rules and commands of docs/semantics/orders.md and docs/semantics/triggers.md."""

from typing import Any

import msgspec

from exchange.commands import (
    BracketTerms,
    Command,
    LinkOrders,
    OrderTerms,
    PlaceOrder,
    PlaceTrailingStop,
    ReplaceOrder,
)
from exchange.enums import OrderEffect, OrderKind, Side, TimeInForce, TriggerSource
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.rules.orders import AllocationRules
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS, MAX_TS_NS
from tests.reference import random_commands as base
from tests.reference.random_commands import World
from tests.reference.random_source import Source, between, one_in, pick
from tests.reference.random_venues import CENTRE, lot_value

DAY_NS = 24 * 3600 * 10**9
PLAIN_TIMES = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
TIMES = (*PLAIN_TIMES, TimeInForce.DAY, TimeInForce.GTD)
SOURCES = tuple(TriggerSource)


def with_orders(rules: Rules, source: Source, start_ns: int, unit_ns: int) -> Rules:
    """Return the rules with conventions of special orders."""
    day_ends = pick(source, (-1, 0, start_ns + between(source, 0, 150) * unit_ns))
    orders = msgspec.structs.replace(
        rules.orders,
        iceberg_refresh=pick(source, ("when_gone", "below_min_display")),
        iceberg_amend_up=pick(source, ("lose_priority", "keep_priority")),
        market_to_limit=pick(source, ("any_price", "best_price")),
        day_ends_ns=day_ends if day_ends == -1 else day_ends % DAY_NS,
        stop_trigger_source=pick(source, ("last", "last", "mark", "index", "opposite_best")),
        trigger_when_side_empty=pick(source, ("wait", "fire")),
        reduce_only_excess=pick(source, ("cap", "cap", "reject")),
        reduce_only_cut=pick(source, ("newest", "oldest", "each")),
        close_position_after=pick(source, ("keep", "cancel")),
        oco_partial=pick(source, ("reduce", "cancel", "keep")),
    )
    return msgspec.structs.replace(rules, orders=orders)


def with_allocation(instrument: Instrument, source: Source) -> Instrument:
    """Return the instrument with a way to share lots, often the plain one."""
    if not one_in(source, 3):
        return instrument
    rules = AllocationRules(
        "pro_rata",
        top_order=one_in(source, 2),
        minimum_lots=pick(source, (0, 0, 1, 2, 5)),
        leftovers=pick(source, ("time", "one_lot", "largest")),
    )
    return msgspec.structs.replace(instrument, allocation=rules)


def kind_and_prices(world: World, source: Source, kinds: tuple[OrderKind, ...]) -> dict[str, Any]:
    """Return a kind with the prices that it needs, now and then with one that it must not have."""
    kind = pick(source, kinds)
    fields: dict[str, Any] = {"kind": kind}
    strange = "edges" in world.features and one_in(source, 40)
    if kind not in (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT) and not strange:
        fields["price_ticks"] = 0
    if OrderKind.STOP <= kind <= OrderKind.TAKE_PROFIT_LIMIT:
        fields["trigger_ticks"] = base.price_for(world, source)
    return fields


def place(world: World, source: Source, kinds: tuple[OrderKind, ...], times: tuple[TimeInForce, ...]) -> PlaceOrder:
    """Return an order of one of the kinds."""
    order: Any = base.place_limit(world, source)
    return msgspec.structs.replace(
        order,
        time_in_force=pick(source, times),
        post_only=one_in(source, 12),
        **kind_and_prices(world, source, kinds),
    )


LIMITS = (OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.STOP_LIMIT)
KINDS = (*OrderKind, OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.LIMIT)
TRIGGERS = (OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT)


def some_end(world: World, source: Source) -> int:
    """Return a time among those of the commands, now and then an edge."""
    if one_in(source, 12):
        return pick(source, (0, -1, MAX_TS_NS, MAX_TS_NS + 1))
    return base.START * world.unit_ns + between(source, -3, 180) * world.unit_ns


def terms_for(world: World, source: Source, order: PlaceOrder) -> OrderTerms:
    """Return terms for an order, mostly some that fit it."""
    display = pick(source, (0, 1, 1, 2, 3, 5))
    qty = max(1, min(order.qty_lots, MAX_QTY_LOTS))
    least = between(source, 1, min(qty, 8)) if one_in(source, 3) else 0
    budget = 0
    if order.time_in_force == TimeInForce.FOK or one_in(source, 20):
        lot = pick(source, world.instruments)
        worth = max(1, lot_value(lot.kind, lot.tick_value, lot.tick_value_divisor))
        budget = worth * qty * pick(source, (90, 99, 100, 101, 110)) // 100
    if one_in(source, 40):
        display, least = pick(source, ((-1, 0), (MAX_QTY_LOTS + 1, 0), (3, MAX_QTY_LOTS + 1)))
    return OrderTerms(
        ts_ns=0,
        instrument=order.instrument,
        account=order.account,
        order_id=order.order_id,
        display_lots=display,
        min_display_lots=between(source, 0, max(0, min(display, 6))) if not one_in(source, 30) else 7,
        min_qty_lots=least,
        expires_ns=some_end(world, source) if (order.time_in_force == TimeInForce.GTD) != one_in(source, 20) else 0,
        budget_quote=budget,
    )


def place_iceberg(world: World, source: Source) -> list[Command]:
    """Terms and an order that rests."""
    order = place(world, source, LIMITS, (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD))
    order = msgspec.structs.replace(order, qty_lots=order.qty_lots + pick(source, (0, 3, 10)))
    terms = msgspec.structs.replace(terms_for(world, source, order), min_qty_lots=0, display_lots=between(source, 1, 4))
    return [msgspec.structs.replace(terms, min_display_lots=between(source, 0, terms.display_lots)), order]


def place_with_terms(world: World, source: Source) -> list[Command]:
    """Terms and an order of any kind."""
    order = place(world, source, KINDS, TIMES)
    return [terms_for(world, source, order), order]


def place_timed(world: World, source: Source) -> list[Command]:
    """An order that a time ends."""
    order = place(world, source, KINDS, (TimeInForce.DAY, TimeInForce.GTD))
    if order.time_in_force == TimeInForce.DAY:
        return [order]
    terms = OrderTerms(
        ts_ns=0,
        instrument=order.instrument,
        account=order.account,
        order_id=order.order_id,
        expires_ns=some_end(world, source),
    )
    return [terms, order]


def lone_terms(world: World, source: Source) -> list[Command]:
    """Terms without an order."""
    order = place(world, source, KINDS, TIMES)
    return [bracket_for(world, source, order) if one_in(source, 2) else terms_for(world, source, order)]


def place_market_to_limit(world: World, source: Source) -> list[Command]:
    """A market order whose remainder rests."""
    return [place(world, source, (OrderKind.MARKET_TO_LIMIT,), (TimeInForce.GTC, *TIMES))]


def replace_order(world: World, source: Source) -> list[Command]:
    """A replacement of any id by anyone."""
    account = base.account_for(world, source)
    return [
        ReplaceOrder(
            ts_ns=0,
            instrument=base.instrument_id_for(world, source),
            account=account,
            order_id=base.order_id_for(account, source),
            new_order_id=base.order_id_for(account, source),
            qty_lots=0 if one_in(source, 12) else base.qty_for(world, source),
            price_ticks=base.price_for(world, source) if one_in(source, 2) else 0,
            trigger_ticks=base.price_for(world, source) if one_in(source, 5) else 0,
        )
    ]


def place_take_profit(world: World, source: Source) -> list[Command]:
    """A take-profit."""
    return [place(world, source, (OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT), PLAIN_TIMES)]


def place_watching(world: World, source: Source) -> list[Command]:
    """A trigger order that names its price; now and then another order that must not."""
    order = place(world, source, TRIGGERS if not one_in(source, 20) else KINDS, PLAIN_TIMES)
    return [msgspec.structs.replace(order, trigger_source=pick(source, SOURCES), post_only=False)]


def place_reducing(world: World, source: Source) -> list[Command]:
    """An order that only reduces."""
    order = place(world, source, (*KINDS, OrderKind.LIMIT), PLAIN_TIMES if one_in(source, 2) else (TimeInForce.GTC,))
    order = msgspec.structs.replace(order, effect=OrderEffect.REDUCE_ONLY, post_only=one_in(source, 10))
    if order.kind in TRIGGERS and one_in(source, 2):
        order = msgspec.structs.replace(order, trigger_source=pick(source, SOURCES))
    return [order] if not one_in(source, 10) else [terms_for(world, source, order), order]


def place_closing(world: World, source: Source) -> list[Command]:
    """An order that closes all there is."""
    order = place(world, source, (OrderKind.MARKET, *TRIGGERS, *TRIGGERS), PLAIN_TIMES)
    if one_in(source, 20):
        return [msgspec.structs.replace(order, effect=OrderEffect.CLOSE_POSITION, kind=pick(source, tuple(OrderKind)))]
    return [msgspec.structs.replace(order, effect=OrderEffect.CLOSE_POSITION, qty_lots=0, post_only=False)]


def place_trailing(world: World, source: Source) -> list[Command]:
    """A stop that follows a price."""
    order: Any = base.place_limit(world, source)
    is_ppm = one_in(source, 3)
    distance = pick(source, (5_000, 10_000, 25_000, 99_999)) if is_ppm else between(source, 1, 5)
    if "edges" in world.features and one_in(source, 20):
        distance = pick(source, (0, -1, 999_999, 1_000_000, MAX_PRICE_TICKS, MAX_PRICE_TICKS + 1))
    effect = pick(source, (OrderEffect.ANY, OrderEffect.ANY, OrderEffect.REDUCE_ONLY, OrderEffect.CLOSE_POSITION))
    return [
        PlaceTrailingStop(
            ts_ns=0,
            instrument=order.instrument,
            account=order.account,
            order_id=order.order_id,
            side=order.side,
            qty_lots=0 if (effect == OrderEffect.CLOSE_POSITION) != one_in(source, 30) else order.qty_lots,
            distance=distance,
            activation_ticks=base.price_for(world, source) if one_in(source, 3) else 0,
            step_ticks=pick(source, (0, 0, 1, 2, 3)),
            limit_offset_ticks=pick(source, (0, 0, 1, 3)),
            is_ppm=is_ppm,
            trigger_source=pick(source, (TriggerSource.VENUE, *SOURCES)),
            effect=effect,
        )
    ]


def link(world: World, source: Source) -> list[Command]:
    """A link of two ids, now and then after the orders for it."""
    account = base.account_for(world, source)
    ids = [10 * account + n for n in (pick(source, ((0, 1), (1, 2), (2, 0))))]
    if one_in(source, 12):
        ids = [base.order_id_for(account, source), base.order_id_for(account, source)]
    instrument = base.instrument_id_for(world, source)
    linked = LinkOrders(ts_ns=0, instrument=instrument, account=account, order_id=ids[0], other_order_id=ids[1])
    if one_in(source, 2):
        return [linked]
    orders = [place(world, source, KINDS, (TimeInForce.GTC,)) for _ in ids]
    return [
        *(
            msgspec.structs.replace(order, instrument=instrument, account=account, order_id=order_id)
            for order, order_id in zip(orders, ids, strict=True)
        ),
        linked,
    ]


def link_at_a_price(world: World, source: Source) -> list[Command]:
    """Linked orders of one size among others at one price, and one that takes there, often of the same account."""
    account, side = base.account_for(world, source), pick(source, tuple(Side))
    first = msgspec.structs.replace(place(world, source, (OrderKind.LIMIT,), (TimeInForce.GTC,)), post_only=False)
    first = msgspec.structs.replace(first, account=account, order_id=10 * account, side=side)
    second = msgspec.structs.replace(
        first, order_id=first.order_id + 1, qty_lots=first.qty_lots + between(source, 0, 2)
    )
    linked = LinkOrders(
        ts_ns=0,
        instrument=first.instrument,
        account=account,
        order_id=first.order_id,
        other_order_id=second.order_id,
    )
    other = base.account_for(world, source)
    between_them: list[Command] = [msgspec.structs.replace(first, account=other, order_id=10 * other + 3)]
    taker = account if one_in(source, 2) else base.account_for(world, source)
    taking = msgspec.structs.replace(
        first,
        account=taker,
        order_id=10 * taker + 2,
        side=Side.BUY if side == Side.SELL else Side.SELL,
        qty_lots=first.qty_lots + between(source, 0, 6),
    )
    return [first, *(between_them if one_in(source, 2) else []), second, linked, taking]


def bracket_for(world: World, source: Source, order: PlaceOrder) -> BracketTerms:
    """Return a bracket for an order, mostly one that can be."""
    away = 1 if order.side == Side.BUY else -1
    profit, loss = (CENTRE + away * between(source, 0, 6), CENTRE - away * between(source, 1, 6))
    if one_in(source, 12):
        profit, loss = base.price_for(world, source), base.price_for(world, source)
    profit, loss = pick(source, ((profit, loss), (profit, loss), (profit, loss), (0, loss), (profit, 0)))
    return BracketTerms(
        ts_ns=0,
        instrument=order.instrument,
        account=order.account,
        order_id=order.order_id,
        take_profit_ticks=profit,
        take_profit_limit_ticks=base.price_for(world, source) if one_in(source, 4) else 0,
        stop_loss_ticks=loss,
        stop_loss_limit_ticks=base.price_for(world, source) if one_in(source, 4) else 0,
    )


def place_bracketed(world: World, source: Source) -> list[Command]:
    """An entry with its bracket, now and then with other terms besides."""
    order = place(world, source, KINDS, TIMES if one_in(source, 3) else (TimeInForce.GTC,))
    if one_in(source, 30):
        order = msgspec.structs.replace(order, effect=OrderEffect.REDUCE_ONLY)
    terms: list[Command] = [terms_for(world, source, order)] if one_in(source, 5) else []
    return [bracket_for(world, source, order), *terms, order]


def focus(world: World, source: Source) -> None:
    """Let special orders be most of what is asked for; one venue in three is a bare one."""
    if one_in(source, 3):
        world.rules = msgspec.structs.replace(world.rules, clearing="none")
    else:
        world.rules = msgspec.structs.replace(world.rules, clearing="margin")
        if not one_in(source, 4):
            world.features = world.features | {"open", "population"}
    if not one_in(source, 3):
        world.features = world.features | {"ladder"}
    for name, weight, make in MENU:
        if name in world.features:
            world.menu.extend([make] * weight)


MENU = (
    ("iceberg", 6, place_iceberg),
    ("terms", 5, place_with_terms),
    ("timed", 4, place_timed),
    ("lone_terms", 1, lone_terms),
    ("market_to_limit", 3, place_market_to_limit),
    ("replace", 4, replace_order),
    ("take_profit", 4, place_take_profit),
    ("watching", 5, place_watching),
    ("reducing", 7, place_reducing),
    ("closing", 3, place_closing),
    ("trailing", 4, place_trailing),
    ("link", 4, link),
    ("link_at_a_price", 3, link_at_a_price),
    ("bracket", 4, place_bracketed),
)
NAMES = frozenset(name for name, _, _ in MENU)
