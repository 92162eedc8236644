"""What all random commands are made of: a world, and its ids, prices, quantities and plain limit orders."""

from collections.abc import Callable
from dataclasses import dataclass, field

from exchange.commands import Command, PlaceOrder
from exchange.enums import Side
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS, MAX_TS_NS
from tests.reference.random_source import Source, between, one_in, pick
from tests.reference.random_venues import CENTRE

MAY_HIDE = {"iceberg", "terms", "lone_terms", "reducing", "bracket", "replace"}  # features that may bring icebergs
START = 1_000  # units of time before the first command


@dataclass
class World:
    """What a scenario takes place in."""

    rules: Rules
    instruments: tuple[Instrument, ...]
    accounts: int
    features: set[str]
    unit_ns: int = 1
    menu: list[Callable[["World", Source], Command | list[Command]]] = field(default_factory=list)
    issued: list[tuple[int, int, int]] = field(default_factory=list)  # instrument, account, id: see random_mixed


def some_instrument(world: World, source: Source) -> Instrument:
    """Return one of the instruments."""
    return pick(source, world.instruments)


def instrument_id_for(world: World, source: Source) -> int:
    """Return an instrument's id, now and then one that does not exist."""
    if "strangers" in world.features and one_in(source, 40):
        return pick(source, (0, 2, 9))
    return some_instrument(world, source).instrument_id


def account_for(world: World, source: Source) -> int:
    """Return a participant, now and then somebody else."""
    if "strangers" in world.features and one_in(source, 30):
        return pick(source, (0, -1, 99))
    return between(source, 1, world.accounts)


def order_id_for(account: int, source: Source) -> int:
    """Return one of a few ids that the account uses, now and then anybody's, also one that the venue would use."""
    if one_in(source, 8):
        return pick(source, (0, 11, 12, 21, 31, -1, -2))
    return 10 * account + between(source, 0, 2)


def qty_for(world: World, source: Source) -> int:
    """Return a quantity, now and then at an edge."""
    if "rich" in world.features and one_in(source, 3):
        return pick(source, (MAX_QTY_LOTS, MAX_QTY_LOTS // 2, MAX_QTY_LOTS // 3, MAX_QTY_LOTS // 5))
    if "edges" in world.features and one_in(source, 30):
        if world.features & MAY_HIDE:
            return pick(source, (0, -1, MAX_QTY_LOTS + 1))  # one that shows little of so much would trade forever
        return pick(source, (0, -1, MAX_QTY_LOTS, MAX_QTY_LOTS + 1, -MAX_TS_NS))
    return between(source, 1, pick(source, (3, 10, 40)))


def price_for(world: World, source: Source) -> int:
    """Return a price near the centre, now and then at an edge."""
    if "edges" in world.features and one_in(source, 30):
        return pick(source, (0, 1, -50, -51, 89, 90, MAX_PRICE_TICKS, MAX_PRICE_TICKS + 1))
    return CENTRE + pick(source, (0, -1, 1, -2, 2, -3, 3, -5, 5, -9, 9))


def is_continued_in(world: World, source: Source) -> bool:
    """Whether more of the same recorded event follows."""
    return "continued" in world.features and one_in(source, 4)


def place_limit(world: World, source: Source) -> Command:
    """A limit order of a participant."""
    account = account_for(world, source)
    return PlaceOrder(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        account=account,
        order_id=order_id_for(account, source),
        side=pick(source, (Side.BUY, Side.SELL)),
        qty_lots=qty_for(world, source),
        price_ticks=price_for(world, source),
        is_continued=is_continued_in(world, source),
    )
