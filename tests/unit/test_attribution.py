"""Attribution of liquidations: cases small enough to be computed by hand, and what holds whatever the case."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.commands import Deposit, FundDeposit, OpenPosition, ReportTrade, SetMarkPrice
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, Rules, SocializationRules
from exchange.statistics import Statistics
from replay.observers.attribution import Attribution, LiquidationRow
from replay.observers.cascade_tree import tree_lines
from replay.observers.outcomes import AccountRow, Outcomes, Sheet
from tests.helpers import BUY, SELL, A, order, recorded, run_all

TAKER = 99


class Watched:
    """A venue at 10x with a maintenance margin of 5 %, without fees, whose liquidations go to market at once."""

    def __init__(self, *, mark_source: str = "last", **rules: Any) -> None:
        """Attach the observers, and let 100 be the last trade."""
        fact = Instrument(
            instrument_id=A,
            symbol="X",
            default_leverage=10,
            margin_tiers=(MarginTier(maintenance_ppm=50_000),),
            mark_source=mark_source,  # type: ignore[arg-type]
        )
        rules.setdefault("liquidation", LiquidationRules(order="market"))
        self.venue = Exchange([fact], Rules(**rules))
        self.attribution = Attribution(self.venue.instruments)
        self.outcomes = Outcomes(self.venue.instruments, self.venue.fund.balance)
        self.statistics = Statistics(self.venue.instruments)
        self._orders = 0
        run_all(self.venue, Deposit(0, TAKER, 1_000_000), ReportTrade(0, A, BUY, 100, 1))
        if mark_source == "external":
            run_all(self.venue, SetMarkPrice(0, A, 100))

    def bid(self, price: int, lots: int) -> None:
        """Have the recorded market bid."""
        self._orders += 1
        run_all(self.venue, recorded(self._orders, BUY, lots, price))

    def long(self, account: int, deposit: int, lots: int = 10, entry: int = 100) -> None:
        """Give an account a position."""
        run_all(self.venue, Deposit(0, account, deposit), OpenPosition(0, A, account, lots, entry))

    def sell(self, lots: int) -> None:
        """Have somebody with much money sell at market."""
        self._orders += 1
        run_all(self.venue, order(TAKER, self._orders, SELL, lots))

    def finish(self) -> list[LiquidationRow]:
        """Hand the events over, and return the liquidations."""
        for sink in (self.attribution, self.outcomes, self.statistics):
            sink.write(self.venue.open_block(), self.venue.open_block_first_seq())
        return self.attribution.rows()

    def accounts(self) -> dict[int, AccountRow]:
        """Return the accounts, after `finish`."""
        return {row.account: row for row in self.outcomes.rows(self.venue, {1: "first"})}

    def sheet(self) -> Sheet:
        """Return where the money is, after `finish`."""
        return self.outcomes.sheet(self.venue)


# Ten lots bought at 100 with a deposit d breach below (1000 - d) / 9.5 and are bankrupt at 100 - d / 10.


@pytest.fixture
def chain() -> Watched:
    """Account 1 breaches at 98 and is sold at 94; that takes account 2, sold at 88.4; that takes 3, sold at 80."""
    case = Watched(fund=FundRules(opening=30), waterfall=("fund",))
    for account, deposit in ((1, 60), (2, 100), (3, 150), (4, 900)):
        case.long(account, deposit)
    for price, lots in ((98, 1), (94, 10), (89, 4), (88, 6), (80, 10)):
        case.bid(price, lots)
    case.sell(1)
    return case


def test_chain_of_three(chain: Watched) -> None:
    """Each is caused by the one before it; the first by the market."""
    rows = chain.finish()
    assert [(row.number, row.account, row.cause, row.chain, row.triggered) for row in rows] == [
        (1, 1, 0, 1, 1),
        (2, 2, 1, 2, 1),
        (3, 3, 2, 3, 0),
    ]
    assert [row.mark_ticks for row in rows] == [98, 94, 88]
    assert [row.bankruptcy_ticks for row in rows] == [94, 90, 85]
    assert [(row.side, row.size_lots) for row in rows] == [("long", 10)] * 3


def test_what_each_took_out_of_the_book(chain: Watched) -> None:
    """The second trades at two prices: 4 x 89 + 6 x 88 = 884."""
    rows = chain.finish()
    assert [row.sold_lots for row in rows] == [10, 10, 10]
    assert [row.depth_consumed for row in rows] == [10, 10, 10]
    assert [row.levels_consumed for row in rows] == [1, 2, 1]
    assert [row.notional for row in rows] == [940, 884, 800]
    assert [row.average_ticks for row in rows] == [94, 88, 80]


def test_who_paid(chain: Watched) -> None:
    """Account 2 lacks 900 - 884 = 16, account 3 lacks 850 - 800 = 50; the fund has 30, the venue loses the rest."""
    rows = chain.finish()
    assert [row.shortfall for row in rows] == [0, 16, 50]
    assert [row.fund_paid for row in rows] == [0, 16, 14]
    assert [row.outcome for row in rows] == ["even", "covered", "venue_loss"]
    sheet = chain.sheet()
    assert (sheet.fund, sheet.venue_loss, sheet.difference) == (-30, 36, 0)


def test_what_became_of_the_accounts(chain: Watched) -> None:
    """Who was bankrupt lost the deposit, and no more; who was not lost by the mark."""
    chain.finish()
    rows = chain.accounts()
    assert [rows[account].gain for account in (1, 2, 3, 4)] == [-60, -100, -150, -200]
    assert [rows[account].covered for account in (1, 2, 3, 4)] == [0, 16, 50, 0]
    assert rows[2].realized == 884 - 1_000
    assert (rows[2].liquidated, rows[2].liquidation_lots, rows[2].average_liquidation_ticks) == (1, 10, 88)
    assert (rows[4].unrealized, rows[4].liquidated) == (-200, 0)
    assert (rows[1].group, rows[2].group) == ("first", "")


def test_tree_of_the_chain(chain: Watched) -> None:
    """A single effect stands under an arrow; where there is no room, the rest is counted."""
    rows = chain.finish()
    assert [line.split(" account")[0] for line in chain.attribution.tree_lines(rows, 10)] == ["#1", "|-- #2", "`-> #3"]
    assert chain.attribution.tree_lines(rows, 10)[0].endswith("-> 2 more")
    assert chain.attribution.tree_lines(rows, 2)[1] == "... and 2 more liquidations"


def test_cause_is_what_traded_before_the_breach_was_found() -> None:
    """1 and 2 breach at once; the sale of 1 takes 3, and 2, sold before 3 begins, has no part in it."""
    case = Watched()
    for account, deposit in ((1, 55), (2, 60), (3, 100)):
        case.long(account, deposit)
    for price, lots in ((98, 1), (94, 20), (50, 10)):
        case.bid(price, lots)
    case.sell(1)
    assert [(row.account, row.cause) for row in case.finish()] == [(1, 0), (2, 0), (3, 1)]


def test_stops_that_a_liquidation_elects_count_as_its_trades() -> None:
    """The sale of 1 elects a stop, whose own sale takes 2."""
    case = Watched()
    case.long(1, 60)
    case.long(2, 100)
    for price, lots in ((98, 1), (95, 10), (92, 5), (60, 50)):
        case.bid(price, lots)
    run_all(case.venue, order(TAKER, 500, SELL, 10, kind=2, trigger_ticks=95))
    case.sell(1)
    rows = case.finish()
    assert [(row.account, row.cause) for row in rows] == [(1, 0), (2, 1)]
    assert case.attribution.stops == 1


def test_mark_from_outside_has_no_cause_within() -> None:
    """The trades of a liquidation do not move such a mark."""
    case = Watched(mark_source="external")
    for account, deposit in ((1, 60), (2, 100)):
        case.long(account, deposit)
    case.bid(80, 100)
    run_all(case.venue, SetMarkPrice(0, A, 98), SetMarkPrice(0, A, 93))
    assert [(row.account, row.cause, row.average_ticks) for row in case.finish()] == [(1, 0, 80), (2, 0, 80)]


def test_position_that_nobody_bids_for_is_taken_over() -> None:
    """By the fund, at mark."""
    case = Watched(mark_source="external", fund=FundRules(opening=1_000))
    case.long(1, 60)
    run_all(case.venue, SetMarkPrice(0, A, 95))
    (row,) = case.finish()
    assert (row.sold_lots, row.average_ticks, row.notional, row.taken_lots) == (0, 0, 0, 10)
    assert case.accounts()[1].taken_lots == 10
    assert case.sheet().difference == 0


def test_haircut_is_counted_for_who_pays() -> None:
    """A long of 10 lacks 10 x (94 - 70) = 240; a short of 10 from 100 has won 300 at the mark of 70 and pays it."""
    case = Watched(
        mark_source="external", waterfall=("socialize",), socialization=SocializationRules(base="unrealized")
    )
    case.long(1, 60)
    case.long(2, 1_000, lots=-10)
    case.bid(70, 10)
    run_all(case.venue, SetMarkPrice(0, A, 70))
    (row,) = case.finish()
    assert (row.shortfall, row.fund_paid) == (240, 0)
    rows = case.accounts()
    assert (rows[2].haircut, rows[2].gain) == (240, 300 - 240)
    assert (rows[1].covered, rows[1].gain) == (240, -60)
    assert case.sheet().difference == 0


def test_rows_without_a_liquidation() -> None:
    """Nothing to tell is no error."""
    case = Watched()
    assert case.finish() == []
    assert tree_lines([], 10, str) == []
    assert case.sheet().difference == 0


WATERFALLS = [("fund",), ("fund", "socialize"), ("socialize",), ("fund", "write_off"), ("fund", "debt")]


@settings(max_examples=60, deadline=None)
@given(
    deposits=st.lists(st.integers(50, 400), min_size=1, max_size=8),
    sides=st.lists(st.booleans(), min_size=8, max_size=8),
    bids=st.lists(st.tuples(st.integers(30, 98), st.integers(1, 15)), min_size=1, max_size=8),
    waterfall=st.sampled_from(WATERFALLS),
    fund=st.integers(0, 100),
    sold=st.integers(1, 12),
)
def test_what_always_holds(
    deposits: list[int],
    sides: list[bool],
    bids: list[tuple[int, int]],
    waterfall: Any,
    fund: int,
    sold: int,
) -> None:
    """Causes come before effects, counts agree with the statistics, and no money comes from nowhere."""
    case = Watched(fund=FundRules(opening=fund), waterfall=waterfall)
    for account, (deposit, is_long) in enumerate(zip(deposits, sides, strict=False), start=1):
        case.long(account, deposit, lots=10 if is_long else -10)
    for price, lots in bids:
        case.bid(price, lots)
    case.sell(sold)
    run_all(case.venue, FundDeposit(0, 7))
    rows = case.finish()
    by_number = {row.number: row for row in rows}
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == case.statistics.liquidation_count
    assert sum(row.triggered for row in rows) == case.statistics.triggered_count
    assert sum(row.triggered for row in rows) + sum(row.cause == 0 for row in rows) == len(rows)
    assert max((row.chain for row in rows), default=0) == case.statistics.longest_chain
    assert sum(row.fund_paid for row in rows) == case.statistics.fund_paid
    for row in rows:
        if row.cause:
            cause = by_number[row.cause]
            assert (cause.number, cause.started_seq, cause.chain) < (row.number, row.started_seq, row.chain)
    lines = case.attribution.tree_lines(rows, len(rows))
    assert len(lines) == len(rows)
    for found in case.accounts().values():
        assert found.gain == sum_of(found)
    assert case.sheet().difference == 0


def sum_of(row: AccountRow) -> int:
    """What an account gained, by where it came from."""
    won = row.realized + row.unrealized + row.funding + row.covered + row.transferred
    return won - row.fees - row.interest - row.liquidation_fees - row.surplus - row.charged
