"""arXiv 2602.15182, tables 1 and 2: the deleveraging of 2025-10-10 in rounds, against what was needed.

Recomputed from the authors' published tables per round and per round and coin (MIT), by the formulas of the paper; and
beside it what the venue here takes of the same winners: each of the 728 gaps between bankruptcy price and mark is run
as a liquidation that the book does not fill, so that the engine deleverages at the bankruptcy price.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, SetMarkPrice
from exchange.errors import DataError
from exchange.instrument import Instrument, MarginTier
from exchange.rules import LiquidationRules, Rules
from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS
from replay.paper.columns import Columns
from replay.paper.rows import Row
from replay.recorded_adl import column_sum

FOLDER: Final = "hyperliquid-adl-2025-10-10"
_WAVES: Final = f"{FOLDER}/autodeleveraging-analysis/policy_per_wave_metrics.csv"
_GAPS: Final = f"{FOLDER}/autodeleveraging-analysis/two_pass_wave_coin_gap_per_contract_h0.csv"
_HORIZONS: Final = f"{FOLDER}/autodeleveraging-analysis/eval_horizon_sweep_gap_ms=5000.csv"
_SHOCKS: Final = f"{FOLDER}/autodeleveraging-analysis/per_shock_metrics_queue.csv.gz"
_USERS: Final = f"{FOLDER}/hypermultiassetedadl/adl_by_user_REALTIME.csv.gz"
_NONE: Final = Decimal(0)
_CENT: Final = Decimal("0.01")
_TENTH: Final = Decimal(50_000)  # half of the last digit of "$15.1M"
_GAP_MS: Final = 5_000
_MINMAX: Final = "fixed_point_ilp_integer"
_TABLE_2: Final = (
    ("production queue", "prod", "53782490.53", "11077031.68", "64859522.21"),
    ("integer pro-rata", "contract_pr", "3020120.65", "384064.35", "3404185.00"),
    ("vector mirror descent", "vector", "1793022.03", "2620345.57", "4413367.61"),
    ("min-max ILP", _MINMAX, "106205.81", "0.00", "106205.81"),
    ("continuous pro-rata", "pr", "0.00", "2732437.29", "2732437.29"),
)
_MONEY_DIGITS: Final = 6  # millionths of a dollar


class Gap(NamedTuple):
    """What one coin lacked in one round: contracts, and per contract the way from mark to where nobody would lose."""

    wave: str
    coin: str
    contracts: Decimal
    per_contract: Decimal
    needed: Decimal


def table_rows(data: Path) -> Sequence[Row]:
    """Return the rows of both tables from the files under a folder of recordings. Raises DataError as the readers."""
    gaps = read_gaps(data / _GAPS)
    needed = sum((gap.needed for gap in gaps), _NONE)
    waves = Columns(data / _WAVES)
    taken = sum(waves.numbers("budget_prod"), _NONE)
    deficit = sum(waves.numbers("deficit_usd"), _NONE)
    overshoots = Columns(data / _HORIZONS).numbers("total_overshoot_prod_minus_needed_usd")
    above = sum((max(_NONE, gap) for gap in waves.numbers("overshoot_prod")), _NONE)
    once = _deficit_of_each_loser_once(waves)
    one = "table 1"
    rows = [
        Row(
            "liquidated in the window",
            one,
            Decimal(2103111431),
            column_sum(data / _USERS, "adl_notional"),
            "recomputed",
            Decimal("0.5"),
            "USD",
        ),
        Row("rounds", one, Decimal(16), Decimal(_rounds(data / _SHOCKS, gaps, waves)), "recomputed"),
        Row("what losers lacked, over rounds", one, Decimal(100_100_000), deficit, "recomputed", _TENTH, "USD"),
        Row("the same, the largest loser counted once", one, Decimal(100_100_000), once, "beside", unit="USD"),
        Row("needed: gaps x contracts of 728 coins", one, Decimal(15_100_000), needed, "recomputed", _TENTH, "USD"),
        Row("taken by the venue", one, Decimal(60_100_000), taken, "recomputed", _TENTH, "USD"),
        Row(
            "taken less needed", one, Decimal("45028665.72"), taken - needed, "recomputed", _CENT, "USD",
        ),
        Row(
            "sum of [taken - needed]+", "section 5", Decimal(45_000_000), above, "recomputed", _TENTH, "USD",
            "the text's formula has the positive part of each round; the number printed is the net of all rounds",
        ),
        Row("least over horizons", one, Decimal(45_000_000), min(overshoots), "recomputed", _TENTH, "USD"),
        Row("most over horizons", one, Decimal(51_700_000), max(overshoots), "recomputed", _TENTH, "USD"),
    ]  # fmt: skip
    engine = engine_taken(gaps)
    rows += _policy_rows(waves)
    rows.append(
        Row("taken by the engine at bankruptcy prices", one, Decimal(15_100_000), engine, "engine", _TENTH, "USD")
    )
    rows.append(Row("the engine's taken less needed", one, taken - needed, engine - needed, "beside", unit="USD"))
    return rows


def _policy_rows(waves: Columns) -> list[Row]:
    """Return table 2: how far each policy is from what was needed, and how far its largest burden is from the least.

    Tracking: sum of |taken - needed|. Fairness: sum of needed x |largest share - that of the min-max program|; the
    caption's "gap" is an absolute one, as two of the five rows only come out that way.
    """
    rows = []
    for title, column, *printed in _TABLE_2:
        budgets, shares = waves.numbers(f"budget_{column}"), waves.numbers(f"max_pct_{column}")
        needed, least = waves.numbers("budget_needed"), waves.numbers(f"max_pct_{_MINMAX}")
        tracking = sum((abs(a - b) for a, b in zip(budgets, needed, strict=True)), _NONE)
        fairness = sum((n * abs(a - b) for n, a, b in zip(needed, shares, least, strict=True)), _NONE)
        ours = (tracking, fairness, tracking + fairness)
        for what, theirs, found in zip(("tracking", "fairness", "total"), printed, ours, strict=True):
            rows.append(Row(f"{title}: {what}", "table 2", Decimal(theirs), found, "recomputed", _CENT, "USD"))
    return rows


def engine_taken(gaps: Sequence[Gap]) -> Decimal:
    """Return what the venue's deleveraging takes from the winners of all gaps, in dollars. One venue per round."""
    found = _NONE
    for wave in sorted({gap.wave for gap in gaps}):
        markets = [_Market.of(gap, number) for number, gap in enumerate(_open(gaps, wave), start=1)]
        liquidation = LiquidationRules(order="none", remainder=("deleverage", "fund"))
        venue = Exchange([market.instrument for market in markets], Rules(name="gaps", liquidation=liquidation))
        for market in markets:
            for command in market.opening():
                venue.apply(command)
        for market in markets:
            found += market.taken(venue)
    return found


def _open(gaps: Sequence[Gap], wave: str) -> list[Gap]:
    """Return the gaps of a round that lack something."""
    return [gap for gap in gaps if gap.wave == wave and gap.per_contract > 0 and gap.contracts > 0]


class _Market(NamedTuple):
    """One gap as a market: a long whose bankruptcy price is the gap above mark, an empty book, and one winner.

    Mark falls from four times the gap to the gap; the long was paid for down to twice the gap. In as many digits as
    prices and lots of the engine hold. deposit: of either. profit: of the winner at the last mark, if nobody took any.
    """

    instrument: Instrument
    gap_ticks: int
    lots: int
    deposit: int
    profit: int

    @staticmethod
    def of(gap: Gap, number: int) -> "_Market":
        """Return the market of a gap."""
        tick_digits = _digits(4 * gap.per_contract, MAX_PRICE_TICKS)
        # At most 18 more than money has, so that the divisor is a number of 60 bits.
        lot_digits = min(_digits(gap.contracts, MAX_QTY_LOTS // 2), 18 + _MONEY_DIGITS - tick_digits)
        gap_ticks = int(gap.per_contract.scaleb(tick_digits).to_integral_value())
        lots = int(gap.contracts.scaleb(lot_digits).to_integral_value())
        divisor_digits = tick_digits + lot_digits - _MONEY_DIGITS
        instrument = Instrument(
            number,
            gap.coin,
            tick_size=f"{Decimal(1).scaleb(-tick_digits):f}",
            lot_size=f"{Decimal(1).scaleb(-lot_digits):f}",
            money_unit=f"{Decimal(1).scaleb(-_MONEY_DIGITS):f}",
            tick_value_divisor=10**divisor_digits,
            max_price_ticks=MAX_PRICE_TICKS,
            max_leverage=2,
            default_leverage=2,
            margin_tiers=(MarginTier(maintenance_ppm=1),),
        )
        value = Decimal(gap_ticks * lots).scaleb(-divisor_digits)
        deposit, profit = (int((times * value).to_integral_value()) for times in (2, 3))
        return _Market(instrument, gap_ticks, lots, deposit, profit)

    def opening(self) -> list[Command]:
        """Return the commands that open both positions. Accounts: the odd ones lose, the even ones win."""
        number, before = self.instrument.instrument_id, 4 * self.gap_ticks
        loser, winner = 2 * number - 1, 2 * number
        return [
            SetMarkPrice(1, number, before),
            Deposit(1, loser, self.deposit),
            Deposit(1, winner, self.deposit),
            OpenPosition(1, number, loser, self.lots, before),
            OpenPosition(1, number, winner, -self.lots, before),
        ]

    def taken(self, venue: Exchange) -> Decimal:
        """Let mark fall; return what the winner has less than without deleveraging. Raises DataError for none."""
        number = self.instrument.instrument_id
        venue.apply(SetMarkPrice(2, number, self.gap_ticks))
        winner = venue.account(2 * number)
        if winner.positions():
            raise DataError(f"{self.instrument.symbol}: expected a position that is deleveraged, found it open")
        return Decimal(self.deposit + self.profit - winner.equity).scaleb(-_MONEY_DIGITS)


def _digits(value: Decimal, most: int) -> int:
    """Return the most decimals, up to 15, with which a value stays below a limit."""
    return next(digits for digits in range(15, -1, -1) if value.scaleb(digits) < most or digits == 0)


def _deficit_of_each_loser_once(waves: Columns) -> Decimal:
    """Return the sum of deficits with the largest single loss, which recurs in most rounds, counted once."""
    losses = waves.numbers("max_loss_usd")
    largest = max(losses)
    repeated = sum(1 for loss in losses if loss == largest)
    return sum(waves.numbers("deficit_usd"), _NONE) - (repeated - 1) * largest


def _rounds(shocks: Path, gaps: Sequence[Gap], waves: Columns) -> int:
    """Return how many rounds needed something, of those that the shocks make with 5 s between any two.

    Counted are rounds with a gap that begin, by number and time, as the tables per round have it.
    """
    begins: list[int] = []
    last = -_GAP_MS - 1
    found = Columns(shocks)
    starts, ends = (map(_milliseconds, found.texts(name)) for name in ("t_start", "t_end"))
    for start, end in sorted(zip(starts, ends, strict=True)):
        if start - last > _GAP_MS:
            begins.append(start)
        last = max(last, end)
    named = dict(zip(map(int, waves.texts("wave")), map(_milliseconds, waves.texts("t_start")), strict=True))
    needing = {int(gap.wave) for gap in gaps if gap.needed > 0}
    return sum(1 for number in needing if number <= len(begins) and begins[number - 1] == named.get(number))


def _milliseconds(text: str) -> int:
    since = datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return since // timedelta(milliseconds=1)


def read_gaps(path: Path) -> list[Gap]:
    """Return the gaps of a file. Raises DataError with file, line and column."""
    found = Columns(path)
    numbers = (found.numbers(name) for name in ("qty_contracts", "gap_per_contract_usd", "gap_usd_x_qty"))
    return [Gap(*row) for row in zip(found.texts("wave"), found.texts("coin"), *numbers, strict=True)]
