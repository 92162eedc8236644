"""Workloads for measuring the venue: what it is opened with, what has happened before, and what is measured.

Pure generation from a fixed seed: the same bytes on every machine. `build(name, size)` gives one; `open_venue` runs its
setup. Who measures feeds `commands` to the venue and may compare the digest of all events with a known one. The state
is that of a working market: tens of thousands of orders around a price, thousands of accounts with leverage.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.enums import BUY, IOC, LIMIT, MARKET, SELL
from exchange.instrument import FeeSchedule, Instrument
from exchange.rules import FundRules, OrderRules, Rules
from exchange.units import random_bits
from replay.packing import (
    amend_order,
    cancel_order,
    deposit,
    mass_cancel,
    open_position,
    place_order,
    set_leverage,
    set_mark_price,
)

SEED: Final = 20_100_506
SIZES: Final = ("tiny", "full")

INSTRUMENT: Final = 1
MIDDLE_TICKS: Final = 100_000
ACCOUNTS: Final = 1_000  # of those who quote
PLENTY: Final = 1 << 50  # a balance that no workload exhausts


class Workload(NamedTuple):
    """One thing to measure. setup, commands: command records. command_count: how many there are in `commands`."""

    name: str
    instrument: Instrument
    rules: Rules
    setup: bytes
    commands: bytes
    command_count: int


class Draws:
    """A stream of random bits that only the seed and the stream's number decide."""

    def __init__(self, stream: int) -> None:
        """Start at the stream's beginning."""
        self._seed = SEED + stream
        self._counter = 0

    def bits(self) -> int:
        """Return the next 64 bits."""
        self._counter += 1
        return random_bits(self._seed, self._counter)


BARE_RULES: Final = Rules("bench", "none", OrderRules(self_trade="allow"))
MARGIN_RULES: Final = Rules(name="bench-margin", fund=FundRules(opening=PLENTY))
BARE_INSTRUMENT: Final = Instrument(INSTRUMENT, "BENCH")
FEES: Final = FeeSchedule(maker_ppm=100, taker_ppm=400, liquidation_ppm=2_000)
MARKED_INSTRUMENT: Final = Instrument(INSTRUMENT, "BENCH", default_leverage=10, fees=FEES)
LAST_INSTRUMENT: Final = Instrument(INSTRUMENT, "BENCH", default_leverage=10, fees=FEES, mark_source="last")


def build(name: str, size: str) -> Workload:
    """Return a workload by its name and one of SIZES. Raises KeyError for another name or size."""
    make, counts = WORKLOADS[name]
    return make(name, counts[size])


def open_venue(workload: Workload) -> Exchange:
    """Return a venue on which the workload's setup has run."""
    venue = Exchange([workload.instrument], workload.rules)
    venue.run(workload.setup)
    return venue


# --- a book ------------------------------------------------------------------------------------------------------


def _distance(bits: int) -> int:
    """Return how far from the middle a quote stands: 20 ticks, and each further 20 half as often."""
    octave = 0
    while octave < 12 and bits >> octave & 1:
        octave += 1
    return 1 + octave * 20 + (bits >> 16) % 20


def _quote(draws: Draws, ts_ns: int, order_id: int, middle: int = MIDDLE_TICKS) -> bytes:
    """Return a limit order beside the middle, of one account out of ACCOUNTS, which `_account` finds again."""
    bits = draws.bits()
    side = bits & 1
    away = _distance(bits >> 1)
    price = middle - away if side == BUY else middle + away
    return place_order(ts_ns, INSTRUMENT, _account(order_id), order_id, side, 1 + (bits >> 32) % 100, price)


def _account(order_id: int) -> int:
    return order_id * 7_919 % ACCOUNTS + 1


def _quotes(draws: Draws, first_id: int, count: int) -> list[bytes]:
    return [_quote(draws, order_id, order_id) for order_id in range(first_id, first_id + count)]


def _shuffled(draws: Draws, values: list[int]) -> list[int]:
    shuffled = list(values)
    for index in range(len(shuffled) - 1, 0, -1):
        other = draws.bits() % (index + 1)
        shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
    return shuffled


def _bare(name: str, setup: list[bytes], commands: list[bytes]) -> Workload:
    return Workload(name, BARE_INSTRUMENT, BARE_RULES, b"".join(setup), b"".join(commands), len(commands))


# --- the workloads -----------------------------------------------------------------------------------------------


def adds(name: str, count: int) -> Workload:
    """Limit orders that rest, entering a book that has a quarter as many."""
    draws = Draws(1)
    before = count // 4
    return _bare(name, _quotes(draws, 1, before), _quotes(draws, before + 1, count))


def cancels(name: str, count: int) -> Workload:
    """Four out of five resting orders cancelled one by one, in random order."""
    draws = Draws(2)
    resting = count * 5 // 4
    ids = _shuffled(draws, list(range(1, resting + 1)))[:count]
    commands = [
        cancel_order(resting + index, INSTRUMENT, _account(order_id), order_id) for index, order_id in enumerate(ids)
    ]
    return _bare(name, _quotes(draws, 1, resting), commands)


def amends(name: str, count: int) -> Workload:
    """Every resting order amended once, in random order: half shrink in place, half move away by a few ticks."""
    draws = Draws(3)
    setup: list[bytes] = []
    commands: list[bytes] = []
    sides: dict[int, int] = {}
    for order_id in range(1, count + 1):
        bits = draws.bits()
        side = sides[order_id] = bits & 1
        away = _distance(bits >> 1)
        price = MIDDLE_TICKS - away if side == BUY else MIDDLE_TICKS + away
        setup.append(place_order(order_id, INSTRUMENT, _account(order_id), order_id, side, 100, price))
    for index, order_id in enumerate(_shuffled(draws, list(sides))):
        bits = draws.bits()
        away = 1 + bits % 60 if bits & 1 << 32 else 0
        price = 0 if away == 0 else MIDDLE_TICKS - away if sides[order_id] == BUY else MIDDLE_TICKS + away
        qty = 1 + (bits >> 40) % 99
        commands.append(amend_order(count + index, INSTRUMENT, _account(order_id), order_id, qty, price))
    return _bare(name, setup, commands)


def deep_sweeps(name: str, count: int) -> Workload:
    """Takers that each trade with a hundred resting orders on ten levels, until the side is gone."""
    per_level, levels_per_sweep, lots = 10, 10, 10
    levels = count * levels_per_sweep
    setup = [
        place_order(index, INSTRUMENT, _account(index), index, SELL, lots, MIDDLE_TICKS + index % levels)
        for index in range(1, levels * per_level + 1)
    ]
    swept = per_level * levels_per_sweep * lots
    taker_id = len(setup) + 1
    commands = [
        place_order(taker_id, INSTRUMENT, 1, taker_id + index, BUY, swept, MIDDLE_TICKS + levels, time_in_force=IOC)
        for index in range(count)
    ]
    return _bare(name, setup, commands)


def mass_cancels(name: str, count: int) -> Workload:
    """Accounts with a thousand orders each, spread over the book, that cancel all of them at once."""
    draws = Draws(4)
    setup: list[bytes] = []
    for order_id in range(1, count * 1_000 + 1):
        bits = draws.bits()
        side = bits & 1
        away = _distance(bits >> 1)
        price = MIDDLE_TICKS - away if side == BUY else MIDDLE_TICKS + away
        setup.append(place_order(order_id, INSTRUMENT, order_id % count + 1, order_id, side, 10, price))
    commands = [mass_cancel(len(setup) + account, INSTRUMENT, account) for account in range(1, count + 1)]
    return _bare(name, setup, commands)


def mixed_flow(name: str, count: int) -> Workload:
    """The life of a book around a walking middle: 47 % quotes, 40 % cancels, 7 % amends, 6 % takers."""
    setup, commands = _mixed(Draws(5), count)
    return _bare(name, setup, commands)


def cleared_flow(name: str, count: int) -> Workload:
    """The same flow between accounts with margin, marked at the last trade."""
    setup, commands = _mixed(Draws(5), count)
    funding = [deposit(0, account, PLENTY // ACCOUNTS) for account in range(1, ACCOUNTS + 1)]
    return Workload(name, LAST_INSTRUMENT, MARGIN_RULES, b"".join(funding + setup), b"".join(commands), len(commands))


def _mixed(draws: Draws, count: int) -> tuple[list[bytes], list[bytes]]:
    resting = max(200, count // 10)
    setup = _quotes(draws, 1, resting)
    live = list(range(1, resting + 1))
    next_id = resting + 1
    middle = MIDDLE_TICKS
    commands: list[bytes] = []
    for ts_ns in range(resting + 1, resting + 1 + count):
        bits = draws.bits()
        roll = bits % 100
        if roll < 47 or len(live) < 100:
            commands.append(_quote(draws, ts_ns, next_id, middle))
            live.append(next_id)
            next_id += 1
        elif roll < 94:
            # Orders that were filled meanwhile are asked about, too, and refused: so it is on a venue.
            index = (bits >> 8) % len(live)
            order_id = live[index]
            if roll < 87:
                live[index] = live[-1]
                live.pop()
                commands.append(cancel_order(ts_ns, INSTRUMENT, _account(order_id), order_id))
            else:
                qty = 1 + (bits >> 40) % 50
                commands.append(amend_order(ts_ns, INSTRUMENT, _account(order_id), order_id, qty))
        else:
            side = bits >> 8 & 1
            kind = LIMIT if roll < 99 else MARKET
            price = 0 if kind == MARKET else middle + 10 if side == BUY else middle - 10
            qty = 1 + (bits >> 16) % 150
            account = _account(next_id)
            commands.append(place_order(ts_ns, INSTRUMENT, account, next_id, side, qty, price, kind, IOC))
            next_id += 1
            middle += 1 if side == BUY else -1
    return setup, commands


def mark_ticks(name: str, count: int) -> Workload:
    """Values of an external mark price that walks, with a leveraged position per account, none of which is breached."""
    draws = Draws(6)
    setup = _positions(draws, min(10 * count, 20_000), range(4, 6))
    price = MIDDLE_TICKS
    commands: list[bytes] = []
    for ts_ns in range(1, count + 1):
        price = min(max(price + draws.bits() % 101 - 50, MIDDLE_TICKS - 5_000), MIDDLE_TICKS + 5_000)
        commands.append(set_mark_price(ts_ns, INSTRUMENT, price))
    return Workload(name, MARKED_INSTRUMENT, MARGIN_RULES, b"".join(setup), b"".join(commands), count)


def cascade(name: str, count: int) -> Workload:
    """One sale that breaks the most leveraged of `count` longs; what is sold for them breaks the next.

    A few small sales follow, each of which lets the waiting remainders try again, up to the market order and the fund.
    The bids hold a little less than the longs could sell, so that the fund takes over the rest.
    """
    draws = Draws(7)
    levels = 200
    step = MIDDLE_TICKS // 5 // levels
    lots = max(4, count * 50 * 8 // 10 // levels)
    maker, seller = count + 1, count + 2
    setup = [deposit(0, maker, PLENTY), deposit(0, seller, PLENTY)]
    setup.append(place_order(0, INSTRUMENT, maker, 1, BUY, 1, MIDDLE_TICKS))
    setup.append(place_order(0, INSTRUMENT, seller, 2, SELL, 1, MIDDLE_TICKS))  # the first mark
    setup += _positions(draws, count, range(5, 51), has_mark=False, are_long=True)
    for level in range(1, levels + 1):
        price = MIDDLE_TICKS - level * step
        for part in range(4):
            setup.append(place_order(0, INSTRUMENT, maker, 10 * level + part, BUY, lots // 4, price))
    sales = [lots * levels * 8 // 100, 1, 1, 1, 1]
    commands = [
        place_order(ts_ns, INSTRUMENT, seller, 10_000 + ts_ns, SELL, qty, 1, time_in_force=IOC)
        for ts_ns, qty in enumerate(sales, 1)
    ]
    return Workload(name, LAST_INSTRUMENT, MARGIN_RULES, b"".join(setup), b"".join(commands), len(commands))


def _positions(
    draws: Draws, count: int, leverages: range, has_mark: bool = True, are_long: bool = False
) -> list[bytes]:
    """Return the commands that give accounts 1 .. count 1 to 99 lots each, with money for their leverage."""
    commands: list[bytes] = []
    for account in range(1, count + 1):
        bits = draws.bits()
        size = 1 + (bits >> 8) % 99
        leverage = leverages[(bits >> 32) % len(leverages)]
        commands.append(deposit(0, account, size * MIDDLE_TICKS // leverage))
        commands.append(set_leverage(0, INSTRUMENT, account, leverage))
        signed = size if are_long or bits & 1 else -size
        commands.append(open_position(0, INSTRUMENT, account, signed, MIDDLE_TICKS))
    if has_mark:
        commands.append(set_mark_price(0, INSTRUMENT, MIDDLE_TICKS))
    return commands


WORKLOADS: Final[dict[str, tuple[Callable[[str, int], Workload], dict[str, int]]]] = {
    "add": (adds, {"tiny": 2_000, "full": 200_000}),
    "cancel": (cancels, {"tiny": 2_000, "full": 200_000}),
    "amend": (amends, {"tiny": 2_000, "full": 200_000}),
    "sweep": (deep_sweeps, {"tiny": 10, "full": 1_000}),
    "mass_cancel": (mass_cancels, {"tiny": 5, "full": 200}),
    "apply": (mixed_flow, {"tiny": 1_000, "full": 50_000}),
    "replay": (mixed_flow, {"tiny": 2_000, "full": 500_000}),
    "replay_cleared": (cleared_flow, {"tiny": 2_000, "full": 500_000}),
    "mark_tick": (mark_ticks, {"tiny": 100, "full": 200_000}),
    "cascade": (cascade, {"tiny": 200, "full": 20_000}),
}
