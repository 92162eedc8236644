"""Everything in one session: all order types, phases and breakers, expiries, liquidations now and then.

Random ids from a small pool mostly miss; here new orders get new ids, and what is asked about orders is mostly about
one that was entered before, so that what happens to orders goes deep.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from exchange.commands import (
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Command,
    LinkOrders,
    OrderTerms,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReplaceOrder,
)
from exchange.enums import Origin
from tests.reference import random_orders
from tests.reference.random_commands import World
from tests.reference.random_source import Source, one_in, pick

Make = Callable[[World, Source], Command | list[Command]]

OFTEN = {
    "ladder",
    "population",
    "limit",
    "market",
    "stop",
    "stop_limit",
    "immediate",
    "post_only",
    "recorded",
    "execute",
    "cancel",
    "reduce",
    "amend",
    "mass_cancel",
    "report",
    "mark",
    "advance",
    "deposit",
    "open",
    "breakers",
}
SELDOM = {
    "change_recorded",
    "continued",
    "edges",
    "strangers",
    "protections",
    "prices",
    "crash",
    "withdraw",
    "leverage",
    "market_state",
    "restrict",
    "correction",
}
RARE = {"losses", "crisis", "spot"}
FIRST_ID = 1_000  # of the new ids


def choose_features(source: Source) -> set[str]:
    """Return what a session has: all order types or most of them, phases, and some of the rest."""
    features = {name for name in sorted(OFTEN) if not one_in(source, 5)}
    features |= {name for name in sorted(SELDOM) if one_in(source, 4)}
    features |= {name for name in sorted(RARE) if one_in(source, 10)}
    has_all = one_in(source, 3)
    features |= {name for name in sorted(random_orders.NAMES) if has_all or not one_in(source, 3)}
    return features | {"phases", "fresh_ids"} | ({"wealth"} if not one_in(source, 4) else set())


def with_fresh_ids(world: World) -> None:
    """Let everything on the menu speak of orders that were entered."""
    world.menu = [partial(renamed, make) for make in world.menu]


def renamed(make: Make, world: World, source: Source) -> list[Command]:
    """Return what a part of the menu makes, with new ids, or with those of orders that may be live."""
    made = make(world, source)
    names: dict[int, int] = {}
    return [rename(world, source, command, names) for command in (made if isinstance(made, list) else [made])]


def rename(world: World, source: Source, command: Any, names: dict[int, int]) -> Command:
    """Give a command its ids. names: the new ids of what came with it."""
    replace = msgspec.structs.replace
    is_new = isinstance(command, PlaceOrder | PlaceTrailingStop | OrderTerms | BracketTerms)
    if is_new and getattr(command, "origin", Origin.PARTICIPANT) == Origin.PARTICIPANT:
        if isinstance(command, PlaceOrder) and "strangers" in world.features and one_in(source, 20):
            return replace(command, account=0, origin=pick(source, (Origin.RECORDED, Origin.CORRECTION)))
        new_id = names.setdefault(command.order_id, FIRST_ID + len(world.issued))
        if not isinstance(command, OrderTerms | BracketTerms):
            world.issued.append((command.instrument, command.account, new_id))
        return replace(command, order_id=new_id)
    if isinstance(command, LinkOrders) and names:
        return replace(
            command,
            order_id=names.get(command.order_id, command.order_id),
            other_order_id=names.get(command.other_order_id, command.other_order_id),
        )
    is_about = isinstance(command, CancelOrder | AmendOrder | ReduceOrder | ReplaceOrder | LinkOrders)
    if not is_about or getattr(command, "origin", Origin.PARTICIPANT) != Origin.PARTICIPANT or not world.issued:
        return command
    instrument, account, order_id = pick(source, world.issued[-12:])
    command = replace(command, instrument=instrument, account=account, order_id=order_id)
    if isinstance(command, LinkOrders):
        others = [n for i, a, n in world.issued[-48:] if (i, a) == (instrument, account)]
        return replace(command, other_order_id=pick(source, others))
    if isinstance(command, ReplaceOrder):
        new_id = order_id if one_in(source, 6) else FIRST_ID + len(world.issued)
        world.issued.append((instrument, account, new_id))
        return replace(command, new_order_id=new_id)
    return command
