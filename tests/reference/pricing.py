"""Index and mark price of one instrument (docs/semantics/pricing.md, sections 3 and 4).

Every trade, index and sample is kept for ever, and every average is taken over the whole list.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from exchange.enums import Phase, Side
from exchange.instrument import Instrument
from tests.reference.book import Book
from tests.reference.journal import Journal

PPM = 1_000_000
PPB = 1_000_000_000

Timed = tuple[int, int]  # a price and its time


class Prices:
    """What one instrument's prices are made of; `mark` is written by the venue alone."""

    def __init__(self, book: Book, journal: Journal) -> None:
        self.book = book
        self.journal = journal
        self.instrument: Instrument = book.instrument
        self.index: Timed | None = None
        self.index_history: list[tuple[int, int]] = []  # (time, value), oldest first
        self.legs: dict[int, Timed] = {}
        self.outside: Timed | None = None  # the newest SetMarkPrice
        self.basis_samples: list[tuple[int, int]] = []  # (time, value), one a time
        self.averages: list[tuple[int, int]] = []  # the ema after each of them
        self.basis: int | None = None  # smoothed, as the last sample left it
        self.rate: int | None = None  # of the next funding payment, ppb, as fair_price takes it
        self.next_payment_ns = 0

    @property
    def now(self) -> int:
        """Return the time of the command or the task that runs."""
        return self.journal.ts_ns

    # Index (section 3).

    def accepts_leg(self, leg: int) -> bool:
        """Whether the index is made of such a leg."""
        weights = self.instrument.index.weights
        return 1 <= leg <= len(weights) if weights else leg == 0

    def take_index(self, leg: int, price: int) -> tuple[int, int]:
        """Take in an outside price and make the index anew; returns legs used and outliers."""
        rules = self.instrument.index
        self.legs[leg] = (price, self.now)
        if not rules.weights:
            self.set_index(price)
            return 1, 0
        used = [
            (price, rules.weights[leg - 1])
            for leg, (price, since) in sorted(self.legs.items())
            if rules.weights[leg - 1] > 0 and is_fresh(self.now, since, rules.staleness_ns)
        ]
        outliers = 0
        if rules.outlier != "keep" and used:
            middle = median([price for price, _ in used])
            far = [abs(price - middle) * PPM > abs(middle) * rules.outlier_ppm for price, _ in used]
            outliers = sum(far)
            if rules.outlier == "drop":
                used = [leg_used for leg_used, is_far in zip(used, far, strict=True) if not is_far]
            else:
                reach = abs(middle) * rules.outlier_ppm // PPM
                used = [(clamp(price, middle - reach, middle + reach), weight) for price, weight in used]
        if not used or len(used) < rules.min_legs:
            return 0, outliers
        self.set_index(combined(rules.combiner, used))
        return len(used), outliers

    def set_index(self, price: int) -> None:
        """The index has a new value, or the same one again."""
        self.index = (price, self.now)
        self.index_history.append((self.now, price))

    # Prices of the book.

    def mid(self) -> int | None:
        """Return the middle of the best bid and the best ask, rounded down."""
        return middle_of(self.best(Side.BUY), self.best(Side.SELL))

    def best(self, side: Side) -> int | None:
        """Return the best price of a side; a book that does not match has none."""
        return self.book.best(side) if self.book.phase == Phase.CONTINUOUS else None

    def trades(self) -> list[tuple[int, int, int]]:
        """Return time, price and quantity of the trades that may move the mark."""
        moves = self.instrument.mark.moved_by_liquidations
        return [trade[:3] for trade in self.book.trades if moves or not trade[3]]

    def last(self) -> Timed | None:
        """Return the last trade that may move the mark."""
        trades = self.trades()
        return (trades[-1][1], trades[-1][0]) if trades else None

    def last_price(self) -> int | None:
        """Return its price."""
        last = self.last()
        return last[0] if last else None

    def vwap(self) -> Timed | None:
        """Return the average price of the window's trades, and the time of the last of them."""
        inside = [trade for trade in self.trades() if trade[0] > self.now - self.instrument.mark.window_ns]
        if not inside:
            return None
        return sum(p * q for _, p, q in inside) // sum(q for _, _, q in inside), inside[-1][0]

    def book_median(self) -> int | None:
        """Return the median of best bid, best ask and last trade, of those there are."""
        if self.book.phase != Phase.CONTINUOUS:
            return None
        found = [self.best(Side.BUY), self.best(Side.SELL), self.last_price()]
        there = [price for price in found if price is not None]
        return median(there) if there else None

    def impact(self, side: Side, notional: int) -> int | None:
        """Return the average price at which `notional` of money trades against the orders of a side."""
        levels: dict[int, int] = {}
        if self.book.phase != Phase.CONTINUOUS:
            return None
        for order in self.book.resting(side):
            levels[order.price] = levels.get(order.price, 0) + order.shown
        left, taken = notional, []
        for price, lots in levels.items():
            if price <= 0:
                return None
            worth = self.notional(lots, price)
            if worth > left:
                taken.append((price, ceil(Fraction(left * lots, worth))))
                left = 0
            else:
                taken.append((price, lots))
                left -= worth
            if left == 0:
                break
        if left > 0:
            return None
        return (floor if side == Side.BUY else ceil)(self.average_price(taken))

    def average_price(self, taken: Sequence[tuple[int, int]]) -> Fraction:
        """Return the average price of some lots at some prices, in the instrument's own terms."""
        lots = sum(q for _, q in taken)
        if self.instrument.kind == "inverse":
            money = sum(self.notional(q, price) for price, q in taken)
            return Fraction(lots * self.instrument.tick_value, self.instrument.tick_value_divisor * money)
        return Fraction(sum(price * q for price, q in taken), lots)

    def notional(self, lots: int, price: int) -> int:
        """Return what lots are worth, to the nearest unit of money."""
        return abs(round(self.exact_value(lots, price)))

    def exact_value(self, lots: int, price: int) -> Fraction:
        """Return what lots are worth, not rounded."""
        per_lot = Fraction(self.instrument.tick_value, self.instrument.tick_value_divisor)
        return -lots * per_lot / price if self.instrument.kind == "inverse" else lots * price * per_lot

    def impact_mid(self, notional: int) -> int | None:
        """Return the middle of both impact prices, rounded down."""
        return middle_of(self.impact(Side.BUY, notional), self.impact(Side.SELL, notional))

    # Basis.

    def basis_price(self) -> int | None:
        """Return the price whose distance from the index is the basis."""
        rules = self.instrument.mark
        if rules.basis_of == "mid":
            return self.mid()
        return self.impact_mid(rules.impact_notional) if rules.basis_of == "impact_mid" else self.last_price()

    def sample_basis(self) -> None:
        """Take a sample of the basis, in 1 / PPM of a tick; one of the same time is replaced."""
        price = self.basis_price()
        if self.index is None or price is None:
            return
        sample = (price - self.index[0]) * PPM
        earlier = [index for index, (time, _) in enumerate(self.basis_samples) if time < self.now]
        self.basis_samples = [self.basis_samples[index] for index in earlier] + [(self.now, sample)]
        self.averages = [self.averages[index] for index in earlier]
        average = sample
        if self.averages:
            then, before = self.averages[-1]
            passed = self.now - then
            window = self.instrument.mark.basis_window_ns
            average = before + round(Fraction((sample - before) * passed, passed + window))
        self.averages.append((self.now, average))
        self.basis = self.smoothed_basis()

    def smoothed_basis(self) -> int:
        """Return what the samples so far make."""
        rules = self.instrument.mark
        if rules.smoothing == "ema":
            return self.averages[-1][1]
        if rules.smoothing == "average":
            average = time_average(self.basis_samples, self.now - rules.basis_window_ns, self.now)
            return self.basis_samples[-1][1] if average is None else round(average)
        return self.basis_samples[-1][1]

    # Mark (section 4).

    def source(self, name: str) -> Timed | None:
        """Return a source's price and its time, None where it is absent."""
        now, rules = self.now, self.instrument.mark
        if name == "last":
            return self.last()
        if name == "trade_vwap":
            return self.vwap()
        if name == "index":
            return self.index
        if name == "index_basis":
            if self.index is None or self.basis is None:
                return None
            return self.index[0] + round(Fraction(self.basis, PPM)), self.index[1]
        if name == "fair_price":
            return self.fair_price()
        if name == "external":
            return self.outside
        price = {
            "best_bid": lambda: self.best(Side.BUY),
            "best_ask": lambda: self.best(Side.SELL),
            "mid": self.mid,
            "impact_mid": lambda: self.impact_mid(rules.impact_notional),
            "book_median": self.book_median,
        }[name]()
        return None if price is None else (price, now)

    def fair_price(self) -> Timed | None:
        """Return the index with the funding rate for the time that is left until it is paid."""
        if self.index is None or self.rate is None:
            return None
        whole = PPB * self.instrument.funding.interval_ns
        left = max(0, self.next_payment_ns - self.now)
        return round(Fraction(self.index[0] * (whole + self.rate * left), whole)), self.index[1]

    def model_mark(self, mark: int | None) -> int | None:
        """Return the mark that the model makes, None where it makes none."""
        rules = self.instrument.mark
        self.sample_basis()
        weights = rules.weights or (1,) * len(rules.sources)
        staleness = rules.staleness_ns or (0,) * len(rules.sources)
        fresh = []
        for name, weight, limit in zip(rules.sources, weights, staleness, strict=True):
            found = self.source(name)
            if found is not None and is_fresh(self.now, found[1], limit):
                fresh.append((found[0], weight))
        if sum(weight for _, weight in fresh) == 0:
            return None
        price = combined(rules.combiner, fresh)
        if rules.band_ppm > 0 and self.index is not None:
            reach = abs(self.index[0]) * rules.band_ppm // PPM
            price = clamp(price, self.index[0] - reach, self.index[0] + reach)
        if rules.clamp_ppm > 0 and mark is not None:
            reach = max(1, abs(mark) * rules.clamp_ppm // PPM)
            price = clamp(price, mark - reach, mark + reach)
        return clamp(price, self.instrument.min_price_ticks, self.instrument.max_price_ticks)


# Sums over lists.


def is_fresh(now: int, since: int, staleness_ns: int) -> bool:
    """Whether something is not older than it may be; 0: it may be of any age."""
    return staleness_ns == 0 or now - since <= staleness_ns


def clamp(number: int, low: int, high: int) -> int:
    """Return the number, or the bound that it is beyond."""
    return min(max(number, low), high)


def middle_of(bid: int | None, ask: int | None) -> int | None:
    """Return the mean of two prices, rounded down, where both exist."""
    return None if bid is None or ask is None else (bid + ask) // 2


def median(prices: Sequence[int]) -> int:
    """Return the price in the middle; of an even number the mean of the two in the middle, rounded down."""
    ordered = sorted(prices)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2


def combined(combiner: str, weighted: Sequence[tuple[int, int]]) -> int:
    """Return one price out of several with their weights."""
    if combiner == "first":
        return weighted[0][0]
    if combiner == "median":
        return median([price for price, _ in weighted])
    total = sum(weight for _, weight in weighted)
    if combiner == "weighted":
        return sum(price * weight for price, weight in weighted) // total
    return min(
        price
        for price, _ in weighted
        if 2 * sum(weight for other_price, weight in weighted if other_price <= price) >= total
    )


def time_average(history: Sequence[tuple[int, int]], start: int, end: int) -> Fraction | None:
    """Return the average of a value over a time, each one holding until the next; None where it had none."""
    ends = [*(time for time, _ in history[1:]), end][: len(history)]
    covered, total = 0, 0
    for (since, value), until in zip(history, ends, strict=True):
        length = min(until, end) - max(since, start)
        if length > 0:
            covered += length
            total += value * length
    return Fraction(total, covered) if covered else None
