"""The deleveraging that Hyperliquid did on 2025-10-10, as others reconstructed it, beside what the engine's rules take.

Two tables are read: shocks (per_shock_metrics_queue.csv: one coin at one instant, what losers lacked and what winners
had in profit, from pluriholonomic/autodeleveraging-analysis, MIT) and users (adl_by_user_REALTIME.csv: everybody whose
positions were closed, from ConejoCapital/HyperMultiAssetedADL). Their numbers are floats as they were written; they
are read as decimals and added exactly, then stated in millionths of a dollar, each rounded to nearest.

Known limits: the shocks do not name their winners, and the users are summed over coins and instants. So how much is
taken is compared shock by shock, and from whom only over all users as one pool, which the venue never had.
"""

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final, NamedTuple

from exchange.errors import DataError
from exchange.risk.deleveraging_rank import (
    fill_in_order,
    fill_pro_rata,
    profit_leverage_score,
    profit_score,
    rank,
    value_ratio_score,
)
from exchange.units import PPM, div_floor
from replay.sources.cells import Cell, parse_decimal, parse_time
from replay.sources.csv_rows import csv_rows, take
from replay.sources.text import TextFile

MICRO: Final = 1_000_000  # millionths of a dollar in one

_SHOCK_COLUMNS: Final = (
    "coin",
    "cluster_id",
    "t_start",
    "t_end",
    "deficit_usd",
    "total_capacity_usd",
    "budget_queue_usd",
    "overshoot_queue_usd",
    "residual_queue_usd",
)
_USER_COLUMNS: Final = (
    "user",
    "adl_notional",
    "closed_pnl",
    "leverage_realtime",
    "pnl_percent",
    "account_value_realtime",
    "is_negative_equity",
    "num_adl_events",
)


class Shock(NamedTuple):
    """One coin at one instant, in millionths of a dollar.

    deficit: what the liquidated lacked. capacity: the winners' profits there. queue: what the venue's queue took of
    them. residual: what was left of the deficit. ts_ns: when it began.
    """

    coin: str
    deficit: int
    capacity: int
    queue: int
    residual: int
    ts_ns: int


class User(NamedTuple):
    """Somebody who was deleveraged, summed over coins: money in millionths of a dollar."""

    user: str
    notional: int
    profit: int
    equity: int
    events: int


class Taken(NamedTuple):
    """What a rule took of the winners in all shocks. overshoot: beyond the deficits; residual: short of them."""

    budget: int
    overshoot: int
    residual: int
    shocks_touched: int


class Payers(NamedTuple):
    """From whom a rule takes an amount. largest: the most that one pays; wiped_out: those who lose all their profit."""

    rule: str
    payers: int
    wiped_out: int
    largest: int
    largest_ppm: int


def read_shocks(path: str | Path) -> list[Shock]:
    """Return the shocks of a file. Raises DataError with file, line and column."""
    found = []
    for line, cells in csv_rows(TextFile(path).lines(), _SHOCK_COLUMNS, Path(path)):
        coin = take(cells, Cell(path, line, "coin"))
        deficit, capacity, queue, residual = (
            _micro(cells, Cell(path, line, f"{name}_usd"))
            for name in ("deficit", "total_capacity", "budget_queue", "residual_queue")
        )
        at = Cell(path, line, "t_start")
        ts_ns = parse_time(take(cells, at).replace(" ", "T", 1), at)
        shock = Shock(coin, deficit, capacity, queue, residual, ts_ns)
        _check_shock(shock, Cell(path, line, "residual_queue_usd"))
        found.append(shock)
    return found


def read_users(path: str | Path) -> list[User]:
    """Return the users of a file. Raises DataError with file, line and column."""
    found = []
    for line, cells in csv_rows(TextFile(path).lines(), _USER_COLUMNS, Path(path)):
        notional, profit, equity = (
            _micro(cells, Cell(path, line, name)) for name in ("adl_notional", "closed_pnl", "account_value_realtime")
        )
        events = parse_decimal(take(cells, Cell(path, line, "num_adl_events")), Cell(path, line, "num_adl_events"))
        found.append(User(take(cells, Cell(path, line, "user")), notional, profit, equity, int(events)))
    return found


def column_sum(path: str | Path, column: str, wanted: Callable[[str], bool] = lambda text: True) -> Decimal:
    """Return the exact sum of a column of any of the tables; blank cells and those not `wanted` are passed over."""
    lines = TextFile(path).lines()
    first = next(lines, (1, ""))[1]
    names = first.split(",")
    if column not in names:
        raise DataError(f"{path}:1: expected a column {column!r}, found {first[:200]!r}")
    total = Decimal(0)
    for number, line in lines:
        text = line.split(",")[names.index(column)]
        if text and wanted(text):
            total += parse_decimal(text, Cell(path, number, column))
    return total


def taken_by_venue(shocks: list[Shock]) -> Taken:
    """Return what the venue's queue took, as the table says."""
    overshoot = sum(max(0, shock.queue - shock.deficit) for shock in shocks)
    touched = sum(1 for shock in shocks if shock.queue > 0)
    return Taken(sum(shock.queue for shock in shocks), overshoot, sum(shock.residual for shock in shocks), touched)


def taken_by_engine(shocks: list[Shock]) -> Taken:
    """Return what the engine's rules take: what is lacking, as far as winners have it, in any order of the winners.

    A share of the winners' profit is a haircut here, which only money can be: the engine's `fill_in_order` over the one
    pool that a shock has. Its deleveraging closes whole positions at the bankruptcy price; it is not told by the table.
    """
    budgets = [fill_in_order(shock.deficit, [shock.capacity])[0] for shock in shocks]
    needed = sum(shock.deficit for shock in shocks)
    return Taken(sum(budgets), 0, needed - sum(budgets), sum(1 for budget in budgets if budget > 0))


def payers(users: list[User], amount: int) -> Iterator[Payers]:
    """Yield, for each rule of the engine, who pays an amount out of the recorded users' profits as one pool."""
    winners = [user for user in users if user.profit > 0]
    numbers = list(range(len(winners)))
    profits = [user.profit for user in winners]
    # A position whose paid value is what the closing was worth less its profit: all users as holders of one long.
    scores: dict[str, list[int]] = {
        "profit": [profit_score(1, user.notional - user.profit, user.notional) for user in winners],
        "profit_leverage": [
            profit_leverage_score(user.notional - user.profit, user.notional, user.equity) for user in winners
        ],
        "value_ratio": [value_ratio_score(user.notional - user.profit, user.notional, user.equity) for user in winners],
    }
    for rule, found in scores.items():
        order = rank(numbers, found)
        yield _payers(rule, fill_in_order(amount, [profits[place] for place in order]), [profits[p] for p in order])
    yield _payers("pro_rata", fill_pro_rata(amount, profits), profits)


def _payers(rule: str, paid: list[int], profits: list[int]) -> Payers:
    largest, total = max(paid, default=0), sum(paid)
    wiped_out = sum(1 for part, profit in zip(paid, profits, strict=True) if part == profit)
    share = div_floor(largest * PPM, total) if total > 0 else 0
    return Payers(rule, sum(1 for part in paid if part > 0), wiped_out, largest, share)


def _micro(cells: dict[str, str], cell: Cell) -> int:
    value = parse_decimal(take(cells, cell), cell)
    return int((value * MICRO).to_integral_value(ROUND_HALF_EVEN))


def _check_shock(shock: Shock, cell: Cell) -> None:
    """Raise DataError where the row disagrees with itself by more than its own rounding."""
    lacking = max(0, shock.deficit - shock.queue)
    if abs(lacking - shock.residual) > 2:
        raise DataError(f"{cell}: expected deficit - budget = {lacking} millionths, found {shock.residual}")
