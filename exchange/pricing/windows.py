"""What has to be remembered for a price over time: trades in a window, a smoothed basis, an average over time.

Times are event time in ns and never go back. Everything is an integer; each class says how it rounds.
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.packed.columns import doubled, new_column
from exchange.pricing.marks import MICRO, ema_step, mean, trade_vwap

NO_SMOOTHING: Final = 0
EMA: Final = 1
MOVING_AVERAGE: Final = 2


@final
class TradeWindow:
    """The trades of the last `window_ns` that a mark may be made of, and the last of them.

    A trade at time t counts until t + window_ns, exclusive. With window_ns 0 only the last one is kept. O(1) amortised.
    """

    times: "vec[i64]"
    prices: "vec[i64]"
    lots: "vec[i64]"

    def __init__(self, window_ns: i64) -> None:
        """Start without a trade."""
        self.window_ns: i64 = window_ns
        self.has_last: bool = False
        self.last: i64 = 0
        self.last_ns: i64 = 0
        self.times = new_column(8)
        self.prices = new_column(8)
        self.lots = new_column(8)
        self.first: i64 = 0  # the oldest trade in the window
        self.end: i64 = 0
        self.value: int = 0  # sum of price x lots in the window
        self.total_lots: int = 0

    def note(self, ts_ns: i64, price: i64, lots: i64) -> None:
        """Take in a trade."""
        self.has_last = True
        self.last = price
        self.last_ns = ts_ns
        if self.window_ns == 0:
            return
        self.forget_before(ts_ns)
        if self.end == len(self.times):
            self._make_room()
        end = self.end
        self.times[end] = ts_ns
        self.prices[end] = price
        self.lots[end] = lots
        self.end = end + 1
        worth: int = price
        bought: int = lots
        self.value += worth * bought
        self.total_lots += bought

    def forget_before(self, now_ns: i64) -> None:
        """Drop the trades that are no longer in the window at a time."""
        oldest = now_ns - self.window_ns
        while self.first < self.end and self.times[self.first] <= oldest:
            worth: int = self.prices[self.first]
            bought: int = self.lots[self.first]
            self.value -= worth * bought
            self.total_lots -= bought
            self.first += 1

    def vwap(self, now_ns: i64) -> int | None:
        """Return the volume-weighted price of the window, rounded down; None where it holds no trade."""
        self.forget_before(now_ns)
        if self.total_lots == 0:
            return None
        return trade_vwap(self.value, self.total_lots)

    def _make_room(self) -> None:
        if self.first * 2 < self.end:
            self.times = doubled(self.times)
            self.prices = doubled(self.prices)
            self.lots = doubled(self.lots)
            return
        index: i64 = 0
        kept = self.end - self.first
        while index < kept:
            self.times[index] = self.times[self.first + index]
            self.prices[index] = self.prices[self.first + index]
            self.lots[index] = self.lots[self.first + index]
            index += 1
        self.first = 0
        self.end = kept


@final
class BasisAverage:
    """A smoothed difference of two prices, in millionths of a tick.

    none: the last sample. ema: `ema_step` over the time since the sample before; the first sample is the average.
    average: time-weighted over the last window_ns, each sample holding until the next one, so that how often one looks
    does not matter; rounded to nearest; the first sample alone while no time has passed. A sample at the time of the
    one before takes its place.
    """

    def __init__(self, smoothing: int, window_ns: int) -> None:
        """Start without a sample."""
        self.smoothing = smoothing
        self.window_ns = window_ns
        self.has_sample: bool = False
        self.sample: int = 0
        self.sample_ns: int = 0
        self.value: int = 0
        self.before: int = 0  # ema: the average before the newest sample
        self.elapsed_ns: int = 0  # ema: between the newest sample and the one before
        self.starts: list[int] = []  # average: since when each sample held, the oldest first ...
        self.samples: list[int] = []
        self.first: int = 0  # ... from this one on
        self.total: int = 0  # sum of sample x time from the first start to the newest sample

    def note(self, ts_ns: int, difference_ticks: int) -> None:
        """Take in a sample."""
        sample = difference_ticks * MICRO
        if self.smoothing == EMA:
            self._step(ts_ns, sample)
        elif self.smoothing == MOVING_AVERAGE:
            self._slide(ts_ns, sample)
        else:
            self.value = sample
        self.has_sample = True
        self.sample = sample
        self.sample_ns = ts_ns

    def _step(self, ts_ns: int, sample: int) -> None:
        if not self.has_sample:
            self.before = sample
        elif ts_ns != self.sample_ns:
            self.before = self.value
            self.elapsed_ns = ts_ns - self.sample_ns
        elif self.elapsed_ns == 0:
            self.before = sample
        self.value = ema_step(self.before, sample, self.elapsed_ns, self.window_ns)

    def _slide(self, ts_ns: int, sample: int) -> None:
        starts, samples = self.starts, self.samples
        newest = len(starts) - 1
        if newest < 0:
            starts.append(ts_ns)
            samples.append(sample)
        else:
            self.total += self.sample * (ts_ns - self.sample_ns)
            if starts[newest] == ts_ns:
                samples[newest] = sample
            elif sample != self.sample:
                starts.append(ts_ns)
                samples.append(sample)
        since = ts_ns - self.window_ns
        first = self.first
        while first + 1 < len(starts) and starts[first + 1] <= since:
            self.total -= samples[first] * (starts[first + 1] - starts[first])
            first += 1
        since = max(since, starts[first])
        outside = samples[first] * (since - starts[first])
        self.value = sample if since == ts_ns else mean(self.total - outside, ts_ns - since)
        if first > 64 and 2 * first > len(starts):
            self.starts = starts[first:]
            self.samples = samples[first:]
            first = 0
        self.first = first


@final
class TimeAverage:
    """The time-weighted average of a price that holds until the next one, between two times."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        """start_ns < end_ns."""
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.has_price: bool = False
        self.price: int = 0
        self.since_ns: int = 0
        self.covered_ns: int = 0
        self.total: int = 0  # sum of price x time

    def note(self, ts_ns: int, price: int) -> None:
        """Take in the price that holds from a time on."""
        self._run_to(ts_ns)
        self.has_price = True
        self.price = price
        self.since_ns = ts_ns

    def average(self) -> int | None:
        """Return the average up to the end, rounded to nearest, over the time that had a price; None where none had."""
        self._run_to(self.end_ns)
        if self.covered_ns == 0:
            return None
        return mean(self.total, self.covered_ns)

    def _run_to(self, ts_ns: int) -> None:
        if not self.has_price:
            return
        start = max(self.since_ns, self.start_ns)
        end = min(ts_ns, self.end_ns)
        if end > start:
            self.total += self.price * (end - start)
            self.covered_ns += end - start
        self.since_ns = max(self.since_ns, ts_ns)
