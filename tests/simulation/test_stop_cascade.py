"""Big cascades: one order that elects 100,000 stops, and one mark tick that liquidates 10,000 accounts.

Both run in one command, to the end, with nothing on the call stack growing; twice, with the same digest. The rates are
told with `pytest -rP`. On one core of a shared virtual machine: 0.42 s and 0.07 s (compiled) for the stops, 0.15 s and
0.02 s for the first tick of the liquidations.
"""

import sys
from collections import Counter
from collections.abc import Callable
from time import perf_counter

import pytest

from exchange.codec import encode_command
from exchange.commands import Deposit, OpenPosition, ReportTrade, SetMarkPrice
from exchange.enums import OrderKind
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, Rules
from tests.helpers import BUY, SELL, A, bare_venue, order, recorded

STOPS = 100_000
ACCOUNTS = 10_000
TRADE, CANCELED, TRIGGERED, STARTED, ENDED, TAKEN_OVER = 3, 4, 6, 17, 25, 19  # EventType


class Counting:
    """An event sink that counts the events of each type."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def write(self, block: bytes, first_seq: int) -> None:
        self.counts.update(block[::64])


def counts_of(venue: Exchange, sink: Counting) -> Counter[int]:
    """The events of each type so far."""
    return sink.counts + Counter(venue.open_block()[::64])


def timed(venue: Exchange, record: bytes) -> float:
    """Run one command and return its seconds."""
    began = perf_counter()
    venue.run(record)
    return perf_counter() - began


def stop_ladder(trigger_of: Callable[[int], int]) -> tuple[Exchange, Counting]:
    """A bare venue with 100,000 buy stops of one lot, and asks for half of them at prices that climb."""
    bare, sink = bare_venue(), Counting()
    venue = Exchange(bare.instruments, bare.rules, with_digest=True)
    venue.add_sink(sink)
    records = [encode_command(order(1, 1, SELL, 1, 1_000))]
    records += [
        encode_command(order(2, 10 + number, BUY, 1, kind=OrderKind.STOP, trigger_ticks=trigger_of(number)))
        for number in range(STOPS)
    ]
    # Ten lots at each price from 1,001 on: every tenth stop moves the price one tick up, to the next triggers.
    records += [
        encode_command(order(1, 10 + STOPS + number, SELL, 10, 1_001 + number)) for number in range(STOPS // 20)
    ]
    venue.run(b"".join(records))
    return venue, sink


@pytest.mark.slow
@pytest.mark.parametrize(
    "trigger_of",
    [lambda number: 1_000, lambda number: 1_000 + number // 40],
    ids=["one trigger", "a ladder of triggers"],
)
def test_one_market_order_elects_a_hundred_thousand_stops(
    trigger_of: Callable[[int], int], record_property: Callable[[str, object], None]
) -> None:
    """All of them, in one command: half trade, half find nothing left, and the book is empty of stops."""
    digests = set()
    for _ in range(2):
        venue, sink = stop_ladder(trigger_of)
        before = counts_of(venue, sink)
        seconds = timed(venue, encode_command(order(3, 5, BUY, 1)))
        found = counts_of(venue, sink) - before
        assert found[TRIGGERED] == STOPS
        # The market order trades with the first ask; then 50,000 lots are there for 100,000 stops.
        assert (found[TRADE], found[CANCELED]) == (1 + STOPS // 2, STOPS // 2)
        assert venue.book(A).live_order_count == 0
        assert venue.book(A).last_trade == 1_000 + STOPS // 20
        venue.check()
        digests.add(venue.digest())
        record_property("seconds", round(seconds, 2))
        sys.stdout.write(f"{STOPS:,} stops in {seconds:.2f} s: {STOPS / seconds:,.0f} a second\n")
    assert len(digests) == 1


def crowd(mark_source: str, fund: int) -> tuple[Exchange, Counting]:
    """10,000 longs at leverage 10 or so, all opened at 1,000, and bids for a third of their size, at falling prices."""
    facts = Instrument(
        instrument_id=A,
        symbol="CROWD",
        default_leverage=10,
        mark_source=mark_source,  # type: ignore[arg-type]
        margin_tiers=(MarginTier(maintenance_ppm=50_000),),
    )
    sink = Counting()
    venue = Exchange(
        [facts], Rules(fund=FundRules(opening=fund), liquidation=LiquidationRules(max_attempts=1)), with_digest=True
    )
    venue.add_sink(sink)
    records = [encode_command(recorded(1, SELL, 1, 1_000)), encode_command(recorded(2, BUY, 1, 1))]
    if mark_source == "external":
        records.append(encode_command(SetMarkPrice(0, A, 1_000)))
    for account in range(1, ACCOUNTS + 1):
        records.append(encode_command(Deposit(0, account, 900 + account % 200)))
        records.append(encode_command(OpenPosition(0, A, account, 10, 1_000)))
    for number in range(ACCOUNTS // 3):
        records.append(encode_command(recorded(10 + number, BUY, 10, 980 - number // 20)))
    venue.run(b"".join(records))
    venue.check()
    return venue, sink


@pytest.mark.slow
def test_ten_thousand_accounts_are_liquidated_in_one_mark_tick(record_property: Callable[[str, object], None]) -> None:
    """Every account breaches, is sold as far as there are bids, or waits; the next tick finishes the rest."""
    digests = set()
    for _ in range(2):
        venue, sink = crowd("external", fund=10**12)
        before = counts_of(venue, sink)
        # Equity at 940: 900 + 199 - 600 at most = 499 > 470 for some; at 930: at most 399 < 465: all of them.
        seconds = timed(venue, encode_command(SetMarkPrice(1, A, 930)))
        found = counts_of(venue, sink) - before
        assert found[STARTED] == ACCOUNTS
        sold = found[ENDED]
        assert 0 < sold < ACCOUNTS
        venue.check()
        # One attempt was allowed: at the next tick what is left goes to market, and then to the fund.
        second = timed(venue, encode_command(SetMarkPrice(2, A, 929)))
        found = counts_of(venue, sink) - before
        assert found[ENDED] == ACCOUNTS
        assert found[TAKEN_OVER] > 0
        venue.check()
        assert all(venue.account(account).positions() == [] for account in (1, 2, ACCOUNTS))
        digests.add(venue.digest())
        record_property("seconds", (round(seconds, 3), round(second, 3)))
        sys.stdout.write(
            f"{ACCOUNTS:,} liquidations: first tick {seconds:.3f} s ({sold:,} sold), second tick {second:.3f} s\n"
        )
    assert len(digests) == 1


@pytest.mark.slow
def test_a_cascade_of_ten_thousand_runs_through_the_book(record_property: Callable[[str, object], None]) -> None:
    """Marked by the last trade: each sale moves the mark, which breaches the next; one reported trade starts it all."""
    digests = set()
    for _ in range(2):
        venue, sink = crowd("last", fund=10**12)
        venue.run(encode_command(ReportTrade(0, A, SELL, 1_000, 1)))
        before = counts_of(venue, sink)
        seconds = timed(venue, encode_command(ReportTrade(1, A, SELL, 955, 1)))
        found = counts_of(venue, sink) - before
        assert found[STARTED] > ACCOUNTS // 10
        venue.check()
        digests.add(venue.digest())
        record_property("seconds", round(seconds, 3))
        sys.stdout.write(f"{found[STARTED]:,} liquidations, {found[TRADE]:,} trades in {seconds:.3f} s\n")
    assert len(digests) == 1
