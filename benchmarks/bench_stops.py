"""One market order that elects a million stops, in event-time order: at one trigger, and at a million triggers.

Every stop buys one lot a tick higher than the one before, so that each is touched by the trade of the one before it (at
a million triggers) or all by the first trade (at one). `python -m benchmarks.bench_stops` prints the rates; so does
CASCADE_BENCH=full. The test keeps it alive with a thousand.
"""

import sys
from time import perf_counter

import pytest

from benchmarks.harness import bench_size
from exchange import Exchange
from exchange.enums import BUY, MARKET, SELL, STOP
from exchange.instrument import Instrument
from exchange.rules import OrderRules, Rules
from replay.packing import place_order

COUNTS = {"tiny": 1_000, "full": 1_000_000}
FIRST_TICKS = 1_000
TRADE, TRIGGERED = 3, 6  # EventType


class Election:
    """A venue before the order that sets it all off."""

    def __init__(self, count: int, has_ladder: bool) -> None:
        """Enter asks of a lot at each price from the first up, and the stops."""
        self.count = count
        self.order_ids: list[int] = []  # of triggered stops, as they come
        self.trades = 0
        self.venue = Exchange(
            [Instrument(1, "STOPS", max_price_ticks=1 << 31)], Rules("stops", "none", OrderRules(self_trade="allow"))
        )
        self.venue.add_sink(self)
        for start in range(0, count, 50_000):
            numbers = range(start, min(count, start + 50_000))
            asks = [place_order(0, 1, 1, 1 + number, SELL, 1, FIRST_TICKS + number) for number in numbers]
            stops = [
                place_order(
                    0, 1, 2, 1 + count + number, BUY, 1, 0, STOP, trigger_ticks=FIRST_TICKS + number * has_ladder
                )
                for number in numbers
            ]
            self.venue.run(b"".join(asks + stops))
        self.venue.run(place_order(0, 1, 1, 1 + 2 * count, SELL, 1, FIRST_TICKS + count))

    def write(self, block: bytes, first_seq: int) -> None:
        """Take note of trades and triggered stops."""
        self.trades += block[::64].count(TRADE)
        words = memoryview(block).cast("q")
        self.order_ids += [words[at + 3] for at in range(0, len(words), 8) if words[at] & 0xFF == TRIGGERED]

    def run(self) -> float:
        """Send the market order; return the seconds it took."""
        began = perf_counter()
        self.venue.run(place_order(1, 1, 3, 2 + 2 * self.count, BUY, 1, 0, MARKET))
        seconds = perf_counter() - began
        self.write(self.venue.open_block(), 0)
        return seconds

    def check(self) -> None:
        """Raise AssertionError unless every stop was elected and traded, one after the other."""
        assert self.order_ids == list(range(1 + self.count, 1 + 2 * self.count))
        assert self.trades == 1 + self.count
        assert self.venue.book(1).live_order_count == 0
        assert self.venue.book(1).last_trade == FIRST_TICKS + self.count


@pytest.mark.parametrize("has_ladder", [False, True], ids=["one trigger", "a trigger each"])
def test_stops(has_ladder: bool) -> None:
    """One order, and then all the stops, in the order of trigger and arrival."""
    election = Election(COUNTS[bench_size()], has_ladder)
    tell(election, election.run(), has_ladder)
    election.check()


def tell(election: Election, seconds: float, has_ladder: bool) -> None:
    """Print the rate."""
    where = "a trigger each" if has_ladder else "one trigger"
    rate = election.count / seconds
    sys.stdout.write(f"{election.count:,} stops, {where}: {seconds:.2f} s, {rate:,.0f} a second\n")


def main() -> None:
    """Measure both."""
    for has_ladder in (False, True):
        election = Election(COUNTS["full"], has_ladder)
        tell(election, election.run(), has_ladder)
        election.check()


if __name__ == "__main__":
    main()
