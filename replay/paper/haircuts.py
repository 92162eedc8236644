"""arXiv 2512.01112, section 2.4: who pays by a queue and pro rata; section 9: the shocks of 2025-10-10.

By the functions with which the engine ranks and divides, and pro rata also by a run of its waterfall: two losers are
closed in the book, the fund pays one half, and the winners the other.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

from exchange.commands import Command, Deposit, OpenPosition, SetMarkPrice
from exchange.enums import Side
from exchange.risk.deleveraging_rank import fill_in_order, fill_pro_rata, rank
from exchange.units import PPM
from replay.paper.columns import Columns
from replay.paper.rows import Kind, Row
from replay.paper.worked import HALF_DIGIT, LOTS, TICKS, UNITS, resting, run, venue_of
from replay.recorded_adl import MICRO, payers, read_shocks, read_users, taken_by_engine, taken_by_venue

_FOLDER: Final = "hyperliquid-adl-2025-10-10"
_SHOCKS: Final = f"{_FOLDER}/autodeleveraging-analysis/per_shock_metrics_queue.csv.gz"
_USERS: Final = f"{_FOLDER}/hypermultiassetedadl/adl_by_user_REALTIME.csv.gz"
_TOTALS: Final = f"{_FOLDER}/autodeleveraging-analysis/summary_totals.csv"
_CENT: Final = Decimal("0.01")
_WINNERS: Final = (10, 5, 1)
_LOSERS: Final = (3, 12)
_QUEUE: Final = (1, 0, 2)  # the paper's order (2, 1, 3), which it gives without the scores
_NUMERICAL: Final = "2.4, numerical example"
_DEPOSIT: Final = 1
_OLDER: Final = (
    "version 1 of the paper has an older reconstruction; the authors' published tables, which are what can be read, "
    "count only losers who were short of cash"
)


def haircut_rows() -> Sequence[Row]:
    """Return the rows of section 2.4; needs no recording."""
    return [*_two_winners(), *_queue_rows(), *_pro_rata_rows()]


def _two_winners() -> list[Row]:
    """Equities 10, 5, -5: all from the first of a queue, or as much from each of two equal positions."""
    where = "2.4, after equation (18)"
    whole = fill_in_order(5 * UNITS, [10 * UNITS, 5 * UNITS])
    halves = fill_pro_rata(5 * UNITS, [LOTS * UNITS, LOTS * UNITS])
    return [
        _row("haircuts (0.5, 0): first has left", where, "5", Fraction(10 * UNITS - whole[0], UNITS)),
        _row("haircuts (0.5, 0): second has left", where, "5", Fraction(5 * UNITS - whole[1], UNITS)),
        _row("haircuts (0.25, 0.5): first has left", where, "7.5", Fraction(10 * UNITS - halves[0], UNITS)),
        _row("haircuts (0.25, 0.5): second has left", where, "2.5", Fraction(5 * UNITS - halves[1], UNITS)),
    ]


def _queue_rows() -> list[Row]:
    """Equities (10, 5, 1, -3, -12), a queue that begins with the second, and severity 1/2, twice."""
    equities = [amount * UNITS for amount in _WINNERS]
    lacking = sum(_LOSERS) * UNITS
    left = _after_queue(equities, lacking // 2)
    rows = [
        _row(f"queue, severity 1/2: account {number} has left", _NUMERICAL, printed, Fraction(amount, UNITS))
        for number, printed, amount in zip((1, 2, 3), ("7.5", "0", "1"), left, strict=True)
    ]
    taken = sum(equities) - sum(left)
    rows.append(_row("the same: account 5 is left with", _NUMERICAL, "-4.5", Fraction(taken, UNITS) - _LOSERS[1]))
    second = UNITS * 15 // 4  # losers at -1.5 and -2.25
    half, whole = _after_queue(left, second // 2), _after_queue(left, second)
    why = "half of 3.75 is 1.875, which leaves 5.625; the paper's 3.75 is a severity of 1, the row below"
    rows.append(_row("second round, severity 1/2: account 1", _NUMERICAL, "3.75", Fraction(half[0], UNITS), miss=why))
    rows.append(_row("second round, severity 1: account 1", _NUMERICAL, "3.75", Fraction(whole[0], UNITS)))
    return rows


def _after_queue(equities: Sequence[int], budget: int) -> list[int]:
    """Return what winners have left when a budget is taken in the order of the queue."""
    scores = [len(_QUEUE) - _QUEUE.index(place) for place in range(len(equities))]
    order = rank(list(range(len(equities))), scores)
    paid = fill_in_order(budget, [equities[place] for place in order])
    left = list(equities)
    for place, part in zip(order, paid, strict=True):
        left[place] -= part
    return left


def _pro_rata_rows() -> list[Row]:
    """The same equities as profits on a venue whose fund has half of what the losers lack."""
    lacking = sum(_LOSERS)
    venue = venue_of(maintenance_ppm=1, max_leverage=100, order="market", fund=lacking * UNITS // 2)
    # From 1 to 2 a position gains its size; each loser has one more than it has lost to lose.
    sizes = [*_WINNERS, *(-loss - _DEPOSIT for loss in _LOSERS)]
    opening: list[Command] = [SetMarkPrice(1, 1, TICKS)]
    for account, size in enumerate(sizes, start=1):
        opening.append(Deposit(1, account, _DEPOSIT * UNITS))
        opening.append(OpenPosition(1, 1, account, size * LOTS, TICKS))
    run(venue, [*opening, *resting(Side.SELL, [(Fraction(2), 100 * LOTS)]), SetMarkPrice(2, 1, 2 * TICKS)])
    rows = []
    for account, equity in enumerate(_WINNERS, start=1):
        left = Fraction(venue.account(account).equity, UNITS) - _DEPOSIT
        printed = str(Decimal(equity * 17) / 32)
        rows.append(_row(f"pro rata, severity 1/2: account {account} has left", _NUMERICAL, printed, left))
    return rows


# --- section 9 ----------------------------------------------------------------------------------------------------


def shock_rows(data: Path) -> Sequence[Row]:
    """Return what the shocks' file says beside the text, and what the engine's rules take of the same shocks."""
    shocks = read_shocks(data / _SHOCKS)
    users = read_users(data / _USERS)
    venue, engine = taken_by_venue(shocks), taken_by_engine(shocks)
    lacking = sum(shock.deficit for shock in shocks)
    where = "section 9, H"
    rows = [
        _file("shocks", where, "1108", len(shocks)),
        _file("shocks with a deficit", where, "998", sum(1 for shock in shocks if shock.deficit > 0)),
        _money("deficits", where, "304500000", lacking),
        _money("taken by the queue", where, "704600000", venue.budget),
        _money("overshoot of the queue", where, "630500000", venue.overshoot),
        _money("left uncovered by the queue", where, "230300000", venue.residual),
    ]
    totals = Columns(data / _TOTALS)
    for name, column, amount in (
        ("overshoot of the queue", "total_overshoot", venue.overshoot),
        ("left uncovered by the queue", "total_residual", venue.residual),
    ):
        (printed,) = totals.numbers(column)
        rows.append(Row(name, "authors' totals", printed, _dollars(amount), "recomputed", _CENT, "USD"))
    for name, theirs, ours in (
        ("taken: the venue's, the engine's", venue.budget, engine.budget),
        ("overshoot: the venue's, the engine's", venue.overshoot, engine.overshoot),
        ("uncovered: the venue's, the engine's", venue.residual, engine.residual),
    ):
        rows.append(Row(name, "1,125 shocks", _dollars(theirs), _dollars(ours), "beside", unit="USD"))
    for paid in payers(users, lacking):
        share = Decimal(paid.largest_ppm) * 100 / PPM
        rows.append(
            Row(
                f"largest payer's share of it, by {paid.rule}",
                "19,337 users, one pool",
                None,
                share,
                "beside",
                unit="%",
            )
        )
    return rows


def _file(name: str, source: str, theirs: str, ours: int) -> Row:
    return Row(name, source, Decimal(theirs), Decimal(ours), "recomputed", miss=_OLDER)


def _money(name: str, source: str, theirs: str, ours: int) -> Row:
    return Row(name, source, Decimal(theirs), _dollars(ours), "recomputed", Decimal(50_000), "USD", _OLDER)


def _dollars(amount: int) -> Decimal:
    return Decimal(amount) / MICRO


def _row(name: str, source: str, theirs: str, ours: Fraction, kind: Kind = "engine", miss: str = "") -> Row:
    value = Decimal(ours.numerator) / Decimal(ours.denominator)
    return Row(name, source, Decimal(theirs), value, kind, HALF_DIGIT, "", miss)
