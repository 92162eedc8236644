"""What one market knows of prices besides its book: the trades its mark may be made of, outside prices, its index and
the rate of its funding.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.instrument import Instrument
from exchange.pricing.index import combined_price, without_outliers
from exchange.pricing.windows import TimeAverage, TradeWindow

_OUTLIERS: Final = ("keep", "drop", "clamp")
_COMBINERS: Final = ("weighted", "median", "weighted_median")


@final
class PriceFeed:
    """Prices that came in, and when."""

    def __init__(self, facts: Instrument) -> None:
        """Start without a price."""
        is_model = facts.mark_source == "model"
        needs_window = is_model and "trade_vwap" in facts.mark.sources
        self.counts_liquidations: bool = facts.mark.moved_by_liquidations
        # Whether trades have to be told apart or kept: a market without need for it is spared the call.
        self.watches_trades: bool = is_model or (facts.mark_source == "last" and not self.counts_liquidations)
        self.trades = TradeWindow(facts.mark.window_ns if needs_window else 0)
        limits = facts.breakers.limit_up_down
        self.averages_trades: bool = limits.width_ppm > 0
        self.averaged = TradeWindow(limits.window_ns)  # each trade as one lot: their mean price
        self.takes_external: bool = facts.mark_source == "external" or (is_model and "external" in facts.mark.sources)
        self.has_external: bool = False
        self.external: i64 = 0
        self.external_ns: i64 = 0

        self.has_index: bool = False
        self.index: i64 = 0
        self.index_ns: i64 = 0
        self.weights: list[int] = list(facts.index.weights)
        self.leg_prices: list[int] = [0] * len(self.weights)
        self.leg_times: list[int] = [-1] * len(self.weights)  # -1: it never came
        self.combiner = _COMBINERS.index(facts.index.combiner)
        self.outlier_rule = _OUTLIERS.index(facts.index.outlier)
        self.outlier_ppm = facts.index.outlier_ppm
        self.staleness_ns = facts.index.staleness_ns
        self.min_legs = facts.index.min_legs
        self.legs_used = 0  # by the newest index
        self.outliers = 0
        self.delivery: TimeAverage | None = None
        if facts.expiry_ns > 0 and facts.settlement.price == "index_twap":
            self.delivery = TimeAverage(max(0, facts.expiry_ns - facts.settlement.window_ns), facts.expiry_ns)

        self.has_rate: bool = False
        self.rate_ppb: int = 0  # of the next funding where it is known ahead, else of the last
        self.is_rate_given: bool = False  # by SetFundingRate, for the next payment
        self.interval_ns: int = facts.funding.interval_ns
        self.next_funding_ns: int = 0

    def note_trade(self, ts_ns: i64, price: i64, lots: i64, is_liquidation: bool) -> None:
        """Take in a trade, unless the mark is not to be moved by it."""
        if self.averages_trades:
            self.averaged.note(ts_ns, price, 1)
        if self.counts_liquidations or not is_liquidation:
            self.trades.note(ts_ns, price, lots)

    def note_external(self, ts_ns: i64, price: i64) -> None:
        """Take in the next value of the external series."""
        self.has_external = True
        self.external = price
        self.external_ns = ts_ns

    def knows_leg(self, leg: i64) -> bool:
        """Return whether the index is made of such a leg; 0 is the index itself where it has none."""
        count = len(self.weights)
        return 1 <= leg <= count if count > 0 else leg == 0

    def note_index(self, ts_ns: i64, leg: i64, price: i64) -> None:
        """Take in the index, or one of its legs; too few fresh legs leave the index as it is."""
        self.legs_used = 1
        self.outliers = 0
        if leg == 0:
            self._set_index(ts_ns, price)
            return
        self.leg_prices[leg - 1] = price
        self.leg_times[leg - 1] = ts_ns
        prices: list[int] = []
        weights: list[int] = []
        for place, came_ns in enumerate(self.leg_times):
            is_fresh = came_ns >= 0 and (self.staleness_ns == 0 or ts_ns - came_ns <= self.staleness_ns)
            if is_fresh and self.weights[place] > 0:
                prices.append(self.leg_prices[place])
                weights.append(self.weights[place])
        prices, weights, self.outliers = without_outliers(prices, weights, self.outlier_rule, self.outlier_ppm)
        self.legs_used = len(prices)
        if self.legs_used == 0 or self.legs_used < self.min_legs:
            self.legs_used = 0
            return
        self._set_index(ts_ns, combined_price(prices, weights, self.combiner))

    def _set_index(self, ts_ns: i64, price: i64) -> None:
        self.has_index = True
        self.index = price
        self.index_ns = ts_ns
        delivery = self.delivery
        if delivery is not None:
            delivery.note(ts_ns, price)
