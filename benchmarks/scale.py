"""What many accounts cost: mark ticks, memory, a funding payment and a cascade, by the number of accounts.

    python -m benchmarks.scale [ACCOUNTS ...] [--json]

Each number of accounts (1,000 to 1,000,000 unless told) has a process of its own, with one leveraged position each. A
quiet tick moves the mark and reaches nobody. A busy one follows trades of one account in a thousand, each of which has
its thresholds set anew. A funding payment moves the money of every account and has each looked at. Rates are the best
of several rounds. The cascade sells out 100,000 accounts.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.memory import growth_of, in_own_process
from exchange import Exchange
from exchange.build import build_info
from exchange.enums import BUY, IOC, SELL
from exchange.instrument import Instrument
from exchange.rules import FundingRules, Rules
from replay.packing import (
    advance_time,
    deposit,
    open_position,
    place_order,
    set_funding_rate,
    set_leverage,
    set_mark_price,
)
from replay.workloads import cascade, open_venue

COUNTS: Final = (1_000, 10_000, 100_000, 1_000_000)
MIDDLE: Final = 100_000
LEVERAGE: Final = 4
CHUNK: Final = 10_000  # accounts whose commands are in memory at a time
QUIET_TICKS: Final = 20_000
BUSY_TICKS: Final = 20
ROUNDS: Final = 7
PLENTY: Final = 1 << 50
CASCADE: Final = 100_000
FUNDING_NS: Final = 1 << 40  # far behind the ticks
FUNDING_PPB: Final = 10_000


def openings(accounts: int) -> Iterator[bytes]:
    """Yield the commands that give every account money and a position: half are long, of 1 to 99 lots."""
    for first in range(1, accounts + 1, CHUNK):
        records = []
        for account in range(first, min(first + CHUNK, accounts + 1)):
            lots = 1 + account * 7919 % 99
            # No two alike, so that thresholds are spread as they are in a market.
            records.append(deposit(0, account, lots * MIDDLE // LEVERAGE + account % 4_999))
            records.append(set_leverage(0, 1, account, LEVERAGE))
            records.append(open_position(0, 1, account, lots if account & 1 else -lots, MIDDLE))
        yield b"".join(records)


def busy_ticks(accounts: int, maker: int) -> bytes:
    """Return marks, each after trades of one account in a thousand, which change their positions by a lot."""
    trades = max(1, accounts // 1_000)
    records = []
    order_id = 0
    for tick in range(BUSY_TICKS):
        for number in range(trades):
            account = 1 + (tick * trades + number) * 7919 % accounts
            side = BUY if account & 1 else SELL
            order_id += 2
            records.append(place_order(QUIET_TICKS, 1, maker, order_id, SELL if side == BUY else BUY, 1, MIDDLE))
            records.append(place_order(QUIET_TICKS, 1, account, order_id + 1, side, 1, MIDDLE, time_in_force=IOC))
        records.append(set_mark_price(QUIET_TICKS, 1, MIDDLE + tick % 2))
    return b"".join(records)


def best_seconds(venue: Exchange, records: bytes) -> float:
    """Return the least time that one of several rounds over the same commands takes."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        venue.run(records)
        best = min(best, time.perf_counter() - began)
    return best


def measure(accounts: int) -> dict[str, Any]:
    """Return what so many accounts cost in this process, which should have done nothing else before."""
    funding = FundingRules(interval_ns=FUNDING_NS)
    venue = Exchange([Instrument(1, "SCALE", default_leverage=LEVERAGE, funding=funding)], Rules())

    def open_all() -> Exchange:
        venue.run(set_mark_price(0, 1, MIDDLE))
        for records in openings(accounts):
            venue.run(records)
        return venue

    growth = growth_of(open_all)
    maker = accounts + 1
    venue.run(deposit(0, maker, PLENTY))
    # The clock goes on from round to round, so that the same records can run again: they share one time.
    ticks = b"".join(set_mark_price(1, 1, MIDDLE + index * 7919 % 9_999 - 5_000) for index in range(QUIET_TICKS))
    quiet = best_seconds(venue, ticks) / QUIET_TICKS
    busy = _busy_seconds(venue, accounts, maker)
    return {
        "accounts": accounts,
        "megabytes": round(growth.after / 1e6, 1),
        "peak_megabytes": round(growth.peak / 1e6, 1),
        "quiet_ticks_per_second": round(1 / quiet),
        "microseconds_per_quiet_tick": round(quiet * 1e6, 3),
        "trades_between_busy_ticks": max(1, accounts // 1_000),
        "microseconds_per_busy_tick": round(busy * 1e6, 1),
        "seconds_per_funding_payment": round(_funding_seconds(venue), 3),
    }


def _busy_seconds(venue: Exchange, accounts: int, maker: int) -> float:
    records = busy_ticks(accounts, maker)
    began = time.perf_counter()
    venue.run(records)
    return (time.perf_counter() - began) / BUSY_TICKS


def _funding_seconds(venue: Exchange) -> float:
    """Return what one payment by every account takes, its events and the look at every account included."""
    venue.run(set_funding_rate(FUNDING_NS - 1, 1, FUNDING_PPB))
    seq = venue.seq
    began = time.perf_counter()
    venue.run(advance_time(FUNDING_NS))
    seconds = time.perf_counter() - began
    if venue.seq - seq < len(venue.accounts()) - 1:  # the maker may have no position
        raise AssertionError(f"expected an event per account, found {venue.seq - seq}")
    return seconds


def measure_cascade() -> dict[str, Any]:
    """Return what it takes to liquidate many accounts in one cascade."""
    workload = cascade("cascade", CASCADE)
    venue = open_venue(workload)
    began = time.perf_counter()
    venue.run(workload.commands)
    seconds = time.perf_counter() - began
    return {"liquidations": int(venue.liquidator.count), "seconds": round(seconds, 2)}


def main(arguments: list[str]) -> int:
    """Measure, each number of accounts in its own process, and print a table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("accounts", nargs="*", type=int, default=list(COUNTS), help="numbers of accounts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # this process, for one number
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(measure(given.accounts[0]) if given.accounts[0] else measure_cascade()))
        return 0
    rows = [in_own_process("benchmarks.scale", str(count), "--one") for count in given.accounts]
    sold = in_own_process("benchmarks.scale", "0", "--one")
    result = {"build": str(build_info()), "rows": rows, "cascade": sold}
    if given.json:
        print(json.dumps(result))
        return 0
    print(result["build"])
    print(f"{'accounts':>10} {'MB':>8} {'us/quiet tick':>14} {'us/busy tick':>13} {'trades':>7} {'s/funding':>10}")
    for row in rows:
        print(
            f"{row['accounts']:>10,} {row['megabytes']:>8} {row['microseconds_per_quiet_tick']:>14} "
            f"{row['microseconds_per_busy_tick']:>13} {row['trades_between_busy_ticks']:>7} "
            f"{row['seconds_per_funding_payment']:>10}"
        )
    print("{liquidations:,} liquidations in one cascade: {seconds} s".format(**sold))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
