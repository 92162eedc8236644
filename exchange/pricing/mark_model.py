"""The mark price of one market where it is made of several sources. Rules: docs/semantics/pricing.md."""

from typing import Final, final

from mypy_extensions import i64

from exchange.clock import TimedTask, first_multiple
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.pricing.book_prices import best_ask, best_bid, book_mid, impact_mid
from exchange.pricing.index import combined_price
from exchange.pricing.marks import clamp_step, clamp_to_band, fair_price, median, with_basis
from exchange.pricing.windows import EMA, MOVING_AVERAGE, NO_SMOOTHING, BasisAverage
from exchange.records import write_mark_price_updated

LAST: Final = 0
BEST_BID: Final = 1
BEST_ASK: Final = 2
MID: Final = 3
IMPACT_MID: Final = 4
TRADE_VWAP: Final = 5
BOOK_MEDIAN: Final = 6
INDEX: Final = 7
INDEX_BASIS: Final = 8
FAIR_PRICE: Final = 9
EXTERNAL: Final = 10
_SOURCES: Final = (
    "last",
    "best_bid",
    "best_ask",
    "mid",
    "impact_mid",
    "trade_vwap",
    "book_median",
    "index",
    "index_basis",
    "fair_price",
    "external",
)
_COMBINERS: Final = ("weighted", "median", "weighted_median", "first")
_SMOOTHINGS: Final = {"none": NO_SMOOTHING, "ema": EMA, "average": MOVING_AVERAGE}


@final
class MarkModel:
    """Reads the sources, leaves out the stale ones, and combines the others."""

    def __init__(self, log: EventLog, market: Market, facts: Instrument) -> None:
        """Copy the rules of the instrument's mark."""
        rules = facts.mark
        self.log = log
        self.market = market
        self.feed = market.feed
        self.sources: list[int] = [_SOURCES.index(name) for name in rules.sources]
        count = len(self.sources)
        self.weights: list[int] = list(rules.weights) if rules.weights else [1] * count
        self.staleness: list[int] = list(rules.staleness_ns) if rules.staleness_ns else [0] * count
        self.combiner = _COMBINERS.index(rules.combiner)
        self.impact_notional = rules.impact_notional
        self.basis_of: int = _SOURCES.index(rules.basis_of)
        self.basis = BasisAverage(_SMOOTHINGS[rules.smoothing], rules.basis_window_ns)
        self.clamp_ppm = rules.clamp_ppm
        self.band_ppm = rules.band_ppm
        self.every_ns: i64 = rules.every_ns
        self.read_ns: int = 0  # when the source read last came to be
        self.price: int = 0

    def update(self) -> None:
        """Make the mark anew; where it changed, say so."""
        market = self.market
        if market.is_settled or not self.evaluate(self.log.ts_ns):
            return
        if not market.has_mark or market.mark != self.price:
            market.set_mark(self.price, self.log.step)
            write_mark_price_updated(self.log, market.instrument, market.mark)

    def evaluate(self, ts_ns: i64) -> bool:
        """Set `price` to what the fresh sources make at a time; return False where none is."""
        prices: list[int] = []
        weights: list[int] = []
        weight_total = 0
        for place, source in enumerate(self.sources):
            found = self._read(source, ts_ns)
            staleness = self.staleness[place]
            if found is not None and (staleness == 0 or ts_ns - self.read_ns <= staleness):
                prices.append(found)
                weights.append(self.weights[place])
                weight_total += self.weights[place]
        if weight_total == 0:
            return False
        market = self.market
        price = combined_price(prices, weights, self.combiner)
        if self.band_ppm > 0 and self.feed.has_index:
            price = clamp_to_band(self.feed.index, price, self.band_ppm)
        if self.clamp_ppm > 0 and market.has_mark:
            price = clamp_step(market.mark, price, self.clamp_ppm)
        lowest: int = market.min_price
        highest: int = market.max_price
        self.price = min(max(price, lowest), highest)
        return True

    def _read(self, source: int, ts_ns: i64) -> int | None:
        """Return a source's price and set `read_ns`; None where it has none."""
        feed = self.feed
        self.read_ns = ts_ns
        if source == LAST:
            self.read_ns = feed.trades.last_ns
            return feed.trades.last if feed.trades.has_last else None
        if source == TRADE_VWAP:
            self.read_ns = feed.trades.last_ns
            return feed.trades.vwap(ts_ns)
        if source == EXTERNAL:
            self.read_ns = feed.external_ns
            return feed.external if feed.has_external else None
        if source >= INDEX:
            return self._read_index(source, ts_ns)
        if source == BEST_BID:
            return best_bid(self.market)
        if source == BEST_ASK:
            return best_ask(self.market)
        if source == MID:
            return book_mid(self.market)
        if source == IMPACT_MID:
            return impact_mid(self.market, self.impact_notional)
        return self._book_median()

    def _read_index(self, source: int, ts_ns: i64) -> int | None:
        feed = self.feed
        if not feed.has_index:
            return None
        index: int = feed.index
        if source == FAIR_PRICE:
            self.read_ns = feed.index_ns
            if not feed.has_rate:
                return None
            left = max(0, feed.next_funding_ns - ts_ns)
            return fair_price(index, feed.rate_ppb, left, feed.interval_ns)
        if source == INDEX_BASIS:
            other = self._read(self.basis_of, ts_ns)
            if other is not None:
                self.basis.note(ts_ns, other - index)
            self.read_ns = feed.index_ns
            return with_basis(index, self.basis.value) if self.basis.has_sample else None
        self.read_ns = feed.index_ns
        return index

    def _book_median(self) -> int | None:
        """Return the median of best bid, best ask and last, of those there are; None while the book does not match."""
        if not self.market.is_continuous:
            return None
        prices: list[int] = []
        for source in (BEST_BID, BEST_ASK, LAST):
            found = self._read(source, self.log.ts_ns)
            if found is not None:
                prices.append(found)
        self.read_ns = self.log.ts_ns
        return median(prices) if prices else None


@final
class MarkTask(TimedTask):
    """Updates a mark at the multiples of its period."""

    def __init__(self, model: MarkModel) -> None:
        """`model` states a period."""
        super().__init__()
        self.model = model
        self.instrument = model.market.instrument

    def start(self, ts_ns: i64) -> None:
        """Be due at the first multiple from a time on."""
        self.due_ns = first_multiple(ts_ns, self.model.every_ns, 0)

    def run(self) -> None:
        """Update the mark."""
        self.model.update()
        self.due_ns += self.model.every_ns
