"""Random venues and random commands, from one source of small integers: Hypothesis draws them, or a seed does.

Swarm testing: every scenario switches some features off, so that those left are combined in depth. Commands do not
depend on what happened before them; ids, prices and accounts come from small pools, so that they meet by accident, and
a failing list of commands can be shortened by leaving any of them out.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    ExecuteRecorded,
    FundDeposit,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
    RestrictAccount,
    SetLeverage,
    SetMarginSchedule,
    SetMarketState,
    SetMarkPrice,
    SetReferencePrice,
    Withdraw,
)
from exchange.enums import OrderKind, Origin, Side, SideFilter, TimeInForce
from exchange.instrument import Instrument, ScheduleRules
from exchange.rules import BreakerRules, Rules
from exchange.units import MAX_MONEY, MAX_QTY_LOTS
from tests.reference import (
    random_liquidation,
    random_mixed,
    random_orders,
    random_phases,
    random_pricing,
    random_spot,
    random_waterfall,
)
from tests.reference.random_commands import (
    START,
    World,
    account_for,
    instrument_id_for,
    is_continued_in,
    order_id_for,
    place_limit,
    price_for,
    qty_for,
    some_instrument,
)
from tests.reference.random_source import DrawnSource, SeededSource, Source, between, one_in, pick
from tests.reference.random_venues import CENTRE, lot_value, make_instrument, make_rules

RICH = MAX_MONEY // 10


# Those that are no commands: phases, breakers, protections; spot instruments; rules of prices; rules of who pays, and
# a crisis in which somebody has to; orders at the limits of money; recorded orders and leveraged positions to begin
# with; commands about recorded orders; is_continued; numbers out of range; ids that do not exist.
EXTRAS = (
    "phases",
    "breakers",
    "protections",
    "spot",
    "prices",
    "losses",
    "crisis",
    "rich",
    "ladder",
    "population",
    "change_recorded",
    "continued",
    "edges",
    "strangers",
)


class Scenario(msgspec.Struct, frozen=True):
    """A venue and what it is asked."""

    rules: Rules
    instruments: tuple[Instrument, ...]
    commands: tuple[Command, ...]


# The venue.


def make_world(source: Source, area: str = "", *, has_phases: bool = False) -> World:
    """Return a venue, and the menu of commands that this scenario allows.

    area: what is in the middle of it, "mixed" for everything; has_phases: phases or breakers, surely.
    """
    ids = pick(source, ((1,), (1, 2), (3, 7, 65_535)))
    names = [feature for feature, _, _ in MENU] + list(EXTRAS)
    world = World(
        rules=make_rules(source),
        instruments=tuple(make_instrument(source, instrument_id) for instrument_id in ids),
        accounts=between(source, 3, 8),
        features={name for name in names if source.below(4) != 3} - {"rich"},
    )
    if area == "orders":
        world.features = world.features - {"losses", "crisis"}
    if area == "mixed":
        world.features, has_phases = random_mixed.choose_features(source), True
    if "losses" in world.features:
        world.rules = random_waterfall.with_losses(world.rules, source)
        world.unit_ns = pick(source, (1, 400_000_000))
    is_interrupted = has_phases or one_in(source, 3)
    if is_interrupted and world.unit_ns == 1:
        world.unit_ns = pick(source, random_phases.UNITS)
    if area != "mixed" and is_interrupted and one_in(source, 3):
        world.rules = msgspec.structs.replace(world.rules, clearing="none")
        world.features = world.features - {"losses", "crisis", "spot", "edges", "open", "deposit", "withdraw", "mark"}
    if area == "" and one_in(source, 12):
        # One order of MAX_QTY_LOTS is worth less than MAX_EXPOSURE at the highest price, two are worth more.
        world.instruments = tuple(
            msgspec.structs.replace(
                i,
                kind="linear",
                tick_value=100,
                tick_value_divisor=1,
                max_price_ticks=400,
                margin=ScheduleRules(),
                margin_schedules=(),
            )
            for i in world.instruments
        )
        world.features = world.features - {"crash", "open", "population", "edges"} | {"rich"}
    elif {"losses", "crisis"} <= world.features and not one_in(source, 4):
        make_crisis(world, source)
    if "spot" in world.features and one_in(source, 3):
        if "losses" not in world.features:  # whose periods are seconds
            world.unit_ns = pick(source, random_spot.UNITS)
        lot = pick(source, world.instruments)
        world.rules = random_spot.with_loans(
            world.rules, source, max(1, lot_value(lot.kind, lot.tick_value, lot.tick_value_divisor))
        )
        world.instruments = tuple(i if one_in(source, 3) else random_spot.as_spot(i, source) for i in world.instruments)
    if "prices" in world.features and one_in(source, 2):
        world.unit_ns = world.unit_ns if world.unit_ns > 1 else pick(source, random_pricing.UNITS)
        world.instruments = tuple(
            random_pricing.with_prices(i, source, START * world.unit_ns, world.unit_ns) for i in world.instruments
        )
    if area != "" or (one_in(source, 3) and "rich" not in world.features):
        if area == "orders":
            random_orders.focus(world, source)
        start_ns = START * world.unit_ns
        world.rules = random_orders.with_orders(world.rules, source, start_ns, world.unit_ns)
        world.instruments = tuple(random_orders.with_allocation(i, source) for i in world.instruments)
    else:
        world.features = world.features - random_orders.NAMES
    world.rules = msgspec.structs.replace(
        world.rules, liquidation=random_liquidation.in_units(world.rules.liquidation, world.unit_ns)
    )
    for feature, weight, make in MENU:
        if feature in world.features:
            world.menu.extend([make] * weight)
    if is_interrupted:
        make_interruptions(world, source)
    world.menu = world.menu or [place_limit]
    if area == "mixed":
        world.menu.extend([amend] * 10 + [reduce] * 3 + [random_orders.link] * 10 + [random_orders.place_bracketed] * 8)
        world.menu.extend([random_orders.place_reducing] * 8)
        random_mixed.with_fresh_ids(world)
    return world


def make_interruptions(world: World, source: Source) -> None:
    """Let the operator, timetables and breakers interrupt trading, and protections refuse orders."""
    if not one_in(source, 4):
        orders = ((place_limit, 15), (place_market, 6), (place_stop, 5), (place_stop_limit, 2), (cancel, 4))
        for make, weight in orders:
            world.menu.extend([make] * weight)
        world.menu = [make for make in world.menu if make is not random_pricing.settle_instrument]
    if "phases" in world.features:
        world.instruments = tuple(
            i if one_in(source, 4) else random_phases.with_phases(i, source, START * world.unit_ns, world.unit_ns)
            for i in world.instruments
        )
        world.menu.extend([random_phases.set_phase] * pick(source, (3, 8)))
    if "breakers" in world.features:
        world.instruments = tuple(
            i if one_in(source, 4) else random_phases.with_breakers(i, source, world.unit_ns) for i in world.instruments
        )
    if {"phases", "breakers"} & world.features:
        world.menu.extend([random_phases.set_reference] * 3)
    if "protections" in world.features and one_in(source, 2):
        lot = pick(source, world.instruments)
        world.rules = random_phases.with_protections(world.rules, lot, source, world.unit_ns)
        world.menu.extend([random_phases.kill] * 2)


def make_crisis(world: World, source: Source) -> None:
    """Let prices jump under many leveraged positions, with money coming in now and then."""
    world.rules = msgspec.structs.replace(world.rules, clearing="margin")
    world.accounts = between(source, 5, 12)
    world.features = world.features - {"edges", "strangers", "continued"} | {"open", "population"}
    world.menu.extend([crash] * 20 + [deposit] * 10 + [place_limit] * 10 + [place_recorded] * 10 + [open_position] * 5)


# The commands; ts_ns is filled in afterwards.


def place_immediate(world: World, source: Source) -> Command:
    """A limit order that does not rest."""
    order = place_limit(world, source)
    return msgspec.structs.replace(order, time_in_force=pick(source, (TimeInForce.IOC, TimeInForce.FOK)))


def place_post_only(world: World, source: Source) -> Command:
    """A post-only order, now and then of a kind that cannot be."""
    order = msgspec.structs.replace(place_limit(world, source), post_only=True)
    if "edges" in world.features and one_in(source, 20):
        return msgspec.structs.replace(order, time_in_force=TimeInForce.IOC)
    return order


def place_market(world: World, source: Source) -> Command:
    """A market order, now and then with a price that it must not have."""
    order = place_limit(world, source)
    price = order.price_ticks if "edges" in world.features and one_in(source, 30) else 0  # type: ignore[union-attr]
    in_force = pick(source, (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
    return msgspec.structs.replace(order, kind=OrderKind.MARKET, price_ticks=price, time_in_force=in_force)


def place_stop(world: World, source: Source) -> Command:
    """A stop that becomes a market order."""
    return msgspec.structs.replace(
        place_market(world, source), kind=OrderKind.STOP, trigger_ticks=price_for(world, source)
    )


def place_stop_limit(world: World, source: Source) -> Command:
    """A stop that becomes a limit order."""
    in_force = pick(source, (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
    return msgspec.structs.replace(
        place_limit(world, source),
        kind=OrderKind.STOP_LIMIT,
        trigger_ticks=price_for(world, source),
        time_in_force=in_force,
    )


def target(world: World, source: Source) -> dict[str, Any]:
    """Return what names the order in a command about a live one."""
    account, origin = account_for(world, source), Origin.PARTICIPANT
    if "change_recorded" in world.features and one_in(source, 2):
        origin = pick(source, (Origin.RECORDED, Origin.RECORDED, Origin.CORRECTION))
        account = 1 if "strangers" in world.features and one_in(source, 30) else 0
    return {
        "instrument": instrument_id_for(world, source),
        "account": account,
        "order_id": order_id_for(account, source),
        "origin": origin,
        "is_continued": is_continued_in(world, source),
    }


def place_recorded(world: World, source: Source) -> Command:
    """An order of the recorded market."""
    order = place_limit(world, source)
    return msgspec.structs.replace(order, account=0, order_id=order_id_for(0, source), origin=Origin.RECORDED)


def place_correction(world: World, source: Source) -> Command:
    """An order that corrects the recorded market, now and then of a kind that cannot be."""
    order = msgspec.structs.replace(place_recorded(world, source), origin=Origin.CORRECTION)
    if "edges" in world.features and one_in(source, 10):
        return msgspec.structs.replace(order, time_in_force=TimeInForce.IOC)
    return order


def cancel(world: World, source: Source) -> Command:
    """A cancel of any id by anyone."""
    return CancelOrder(
        ts_ns=0,
        **target(world, source),
    )


def reduce(world: World, source: Source) -> Command:
    """A reduction of any id by anyone."""
    return ReduceOrder(
        ts_ns=0,
        qty_lots=qty_for(world, source),
        **target(world, source),
    )


def amend(world: World, source: Source) -> Command:
    """An amend of any id by anyone."""
    return AmendOrder(
        ts_ns=0,
        qty_lots=qty_for(world, source),
        price_ticks=price_for(world, source) if one_in(source, 2) else 0,
        trigger_ticks=price_for(world, source) if one_in(source, 4) else 0,
        is_total_qty=one_in(source, 3),
        **target(world, source),
    )


def mass_cancel(world: World, source: Source) -> Command:
    """A sweep of an account's orders."""
    return MassCancel(
        ts_ns=0,
        instrument=0 if one_in(source, 3) else instrument_id_for(world, source),
        account=account_for(world, source),
        side=pick(source, (SideFilter.BOTH, SideFilter.BUY, SideFilter.SELL)),
    )


def execute(world: World, source: Source) -> Command:
    """A recorded execution of any id."""
    return ExecuteRecorded(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        order_id=order_id_for(0, source),
        side=pick(source, (Side.BUY, Side.SELL)),
        price_ticks=price_for(world, source),
        qty_lots=qty_for(world, source),
        is_continued=is_continued_in(world, source),
    )


def report(world: World, source: Source) -> Command:
    """A recorded trade outside the book."""
    return ReportTrade(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        side=pick(source, (Side.BUY, Side.SELL)),
        price_ticks=price_for(world, source),
        qty_lots=qty_for(world, source),
        is_continued=is_continued_in(world, source),
    )


def mark(world: World, source: Source) -> Command:
    """A mark near the centre."""
    return SetMarkPrice(ts_ns=0, instrument=instrument_id_for(world, source), price_ticks=price_for(world, source))


def crash(world: World, source: Source) -> Command:
    """A mark, or a reported trade, far away from the centre."""
    price = pick(source, (95, 90, 80, 60, 30, 10, 1, 110, 130, 200, 1_000))
    instrument = some_instrument(world, source)
    if instrument.mark_source == "external":
        return SetMarkPrice(ts_ns=0, instrument=instrument.instrument_id, price_ticks=price)
    return ReportTrade(
        ts_ns=0, instrument=instrument.instrument_id, side=Side.SELL, price_ticks=price, qty_lots=between(source, 1, 5)
    )


def money_for(world: World, source: Source) -> int:
    """Return some lots' worth of money, or a part of one's, now and then an edge."""
    if "edges" in world.features and one_in(source, 30):
        return pick(source, (0, -1, MAX_MONEY + 1))
    instrument = some_instrument(world, source)
    lot = lot_value(instrument.kind, instrument.tick_value, instrument.tick_value_divisor)
    lot *= 20 if "wealth" in world.features else 1
    return max(1, lot * between(source, 1, 12) // pick(source, (1, 2, 10)))


def deposit(world: World, source: Source) -> Command:
    """A deposit."""
    return Deposit(ts_ns=0, account=account_for(world, source), amount=money_for(world, source))


def withdraw(world: World, source: Source) -> Command:
    """A withdrawal."""
    return Withdraw(ts_ns=0, account=account_for(world, source), amount=money_for(world, source))


def leverage(world: World, source: Source) -> Command:
    """A change of leverage."""
    return SetLeverage(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        account=account_for(world, source),
        leverage=pick(source, (1, 2, 5, 10, 25, 50, 100, 0, 101)),
    )


def open_position(world: World, source: Source) -> Command:
    """A position from nowhere; only one of moderate size, since no margin limits it."""
    size = between(source, 1, pick(source, (5, 40)))
    if "edges" in world.features and one_in(source, 20):
        size = pick(source, (0, MAX_QTY_LOTS + 1))
    return OpenPosition(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        account=account_for(world, source),
        size_lots=size if one_in(source, 2) else -size,
        price_ticks=CENTRE + between(source, -2, 2),
    )


def fund_deposit(world: World, source: Source) -> Command:
    """Money for the fund."""
    return FundDeposit(ts_ns=0, amount=money_for(world, source))


def margin_schedule(world: World, source: Source) -> Command:
    """A change of margin schedule, now and then to one that does not exist."""
    return SetMarginSchedule(
        ts_ns=0,
        instrument=instrument_id_for(world, source),
        schedule=pick(source, (0, 0, 1, 2, 3)),
        is_for_new_only=one_in(source, 2),
    )


def restrict(world: World, source: Source) -> Command:
    """The operator limits an account, or lifts that."""
    return RestrictAccount(ts_ns=0, account=account_for(world, source), is_restricted=one_in(source, 2))


def market_state(world: World, source: Source) -> Command:
    """The operator opens or narrows a market."""
    return SetMarketState(
        ts_ns=0, instrument=instrument_id_for(world, source), state=random_liquidation.some_state(source)
    )


MENU: tuple[tuple[str, int, Callable[[World, Source], Command | list[Command]]], ...] = (
    ("limit", 12, place_limit),
    ("immediate", 4, place_immediate),
    ("post_only", 3, place_post_only),
    ("market", 5, place_market),
    ("stop", 4, place_stop),
    ("stop_limit", 4, place_stop_limit),
    ("recorded", 8, place_recorded),
    ("correction", 2, place_correction),
    ("execute", 4, execute),
    ("cancel", 3, cancel),
    ("reduce", 3, reduce),
    ("amend", 6, amend),
    ("mass_cancel", 1, mass_cancel),
    ("report", 2, report),
    ("mark", 3, mark),
    ("crash", 4, crash),
    ("deposit", 3, deposit),
    ("withdraw", 2, withdraw),
    ("leverage", 2, leverage),
    ("open", 4, open_position),
    ("fund", 1, fund_deposit),
    *random_waterfall.MENU,
    ("restrict", 1, restrict),
    ("margin_schedule", 1, margin_schedule),
    ("market_state", 2, market_state),
    *random_pricing.MENU,
    *random_spot.MENU,
    *random_orders.MENU,
)


def opening(world: World, source: Source) -> list[Command]:
    """Return the commands that make a venue worth trading on: money, marks, a thin book, leveraged positions."""
    commands: list[Command] = []
    for account in range(1, world.accounts + 1):
        if "rich" in world.features:
            commands.append(Deposit(ts_ns=0, account=account, amount=RICH))
        elif not one_in(source, 40 if "fresh_ids" in world.features else 10):
            commands.append(Deposit(ts_ns=0, account=account, amount=money_for(world, source)))
    for instrument in world.instruments:
        if instrument.breakers != BreakerRules() and not one_in(source, 4):
            commands.append(SetReferencePrice(ts_ns=0, instrument=instrument.instrument_id, price_ticks=CENTRE))
        if instrument.mark_source == "external" and not one_in(source, 6):
            commands.append(SetMarkPrice(ts_ns=0, instrument=instrument.instrument_id, price_ticks=CENTRE))
        if "ladder" in world.features:
            for depth in range(between(source, 1, 5)):
                commands.append(rung(instrument, source, 2 * depth, Side.BUY, -1 - pick(source, (2, 1, 5)) * depth))
                commands.append(rung(instrument, source, 2 * depth + 1, Side.SELL, 1 + depth))
        if "population" in world.features:
            for account in range(1, world.accounts + 1):
                size = between(source, -6, 12)
                commands.append(
                    OpenPosition(
                        ts_ns=0,
                        instrument=instrument.instrument_id,
                        account=account,
                        size_lots=size,
                        price_ticks=CENTRE + between(source, -2, 2),
                    )
                )
    return commands


def rung(instrument: Instrument, source: Source, order_id: int, side: Side, offset: int) -> Command:
    """A small recorded order some ticks away from the centre."""
    return PlaceOrder(
        ts_ns=0,
        instrument=instrument.instrument_id,
        account=0,
        order_id=order_id,
        side=side,
        qty_lots=between(source, 1, 6),
        price_ticks=CENTRE + offset,
        origin=Origin.RECORDED,
    )


def timed(world: World, source: Source, commands: Sequence[Command]) -> tuple[Command, ...]:
    """Give every command its time; now and then one comes too early."""
    now, result = START * world.unit_ns, []
    for command in commands:
        ts_ns = now - 1 if "edges" in world.features and one_in(source, 100) else now + world.unit_ns * source.below(3)
        if isinstance(command, AdvanceTime):
            ts_ns += world.unit_ns * pick(source, (0, 3, 11, 40))
        now = max(now, ts_ns)
        result.append(msgspec.structs.replace(command, ts_ns=ts_ns))
    return tuple(result)


def flat(made: Sequence[Command | list[Command]]) -> list[Command]:
    """Return one list of commands; some come in company, such as terms with their order."""
    return [command for one in made for command in (one if isinstance(one, list) else [one])]


def seeded_scenario(seed: int, length: int, area: str = "", *, has_phases: bool = False) -> Scenario:
    """Return the scenario of a seed, with an area of rules in its middle; has_phases: trading is interrupted."""
    source = SeededSource(seed)
    world = make_world(source, area, has_phases=has_phases)
    commands = opening(world, source) + flat([pick(source, world.menu)(world, source) for _ in range(length)])
    return Scenario(world.rules, world.instruments, timed(world, source, commands))


@st.composite
def scenarios(draw: Callable[..., Any], length: int = 60, area: str = "", *, has_phases: bool = False) -> Scenario:
    """Return the Hypothesis strategy of scenarios of up to `length` commands after the opening."""
    source = DrawnSource(draw)
    world = make_world(source, area, has_phases=has_phases)

    @st.composite
    def command(draw_command: Callable[..., Any]) -> Command | list[Command]:
        inner = DrawnSource(draw_command)
        return pick(inner, world.menu)(world, inner)

    commands = opening(world, source) + flat(draw(st.lists(command(), max_size=length)))
    return Scenario(world.rules, world.instruments, timed(world, source, commands))
