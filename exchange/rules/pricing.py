"""Conventions of one market's prices: its mark, its index, its funding and its settlement for good."""

from typing import Literal

import msgspec

from exchange.units import MAX_MONEY, MAX_TS_NS, PPM
from exchange.validation import check_types, expect

PriceSource = Literal[
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
]
Combiner = Literal["weighted", "median", "weighted_median", "first"]

MAX_WEIGHT = 1_000_000_000
MAX_PPB = 1_000_000_000
MAX_LEGS = 64


class MarkRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the mark price is made where `mark_source` is 'model'; `moved_by_liquidations` counts for 'last', too.

    sources: 'last' trade; 'best_bid', 'best_ask', 'mid' of the book; 'impact_mid': mid of the average prices at which
        `impact_notional` trades on either side; 'trade_vwap' of the trades of `window_ns`; 'book_median': of best bid,
        best ask and last; 'index'; 'index_basis': index + smoothed (`basis_of` - index); 'fair_price': index x (1 +
        funding rate x time left / interval); 'external': SetMarkPrice.
    combiner: weighted mean, median or weighted median of the sources that are fresh, or the 'first' of them.
    weights: of the sources, in their order; none: all 1.
    staleness_ns: of the sources, in their order: one older than that is left out; 0 or none: never stale.
    smoothing: of the basis: 'ema' of time constant `basis_window_ns`, the 'average' over that time, or 'none'.
    clamp_ppm: most that the mark moves by one update, of the mark before; 0: no limit.
    band_ppm: most that the mark lies off the index, of the index; 0: no limit.
    every_ns: the mark is updated at multiples of it only; 0: whenever the venue settles.
    moved_by_liquidations: whether the trades of liquidation orders, and of the fund that works off what it took over,
        count for 'last' and 'trade_vwap'.
    """

    sources: tuple[PriceSource, ...] = ()
    combiner: Combiner = "weighted"
    weights: tuple[int, ...] = ()
    staleness_ns: tuple[int, ...] = ()
    window_ns: int = 0
    impact_notional: int = 0
    basis_of: Literal["mid", "impact_mid", "last"] = "mid"
    smoothing: Literal["none", "ema", "average"] = "none"
    basis_window_ns: int = 0
    clamp_ppm: int = 0
    band_ppm: int = 0
    every_ns: int = 0
    moved_by_liquidations: bool = True

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "instrument.mark"
        check_types(self, where)
        count = len(self.sources)
        expect(len(set(self.sources)) == count, where, "sources without repetition", self.sources)
        _expect_weights(self.weights, count, where)
        expect(len(self.staleness_ns) in (0, count), where, "a staleness_ns per source, or none", self.staleness_ns)
        for staleness in self.staleness_ns:
            expect(0 <= staleness <= MAX_TS_NS, where, "staleness_ns >= 0", staleness)
        for name in ("window_ns", "basis_window_ns", "every_ns"):
            expect(0 <= getattr(self, name) <= MAX_TS_NS, where, f"{name} >= 0", getattr(self, name))
        expect("trade_vwap" not in self.sources or self.window_ns > 0, where, "window_ns > 0 for trade_vwap", 0)
        expect(0 <= self.impact_notional <= MAX_MONEY, where, "impact_notional >= 0", self.impact_notional)
        uses_impact = "impact_mid" in self.sources or ("index_basis" in self.sources and self.basis_of == "impact_mid")
        expect(not uses_impact or self.impact_notional > 0, where, "impact_notional > 0 for impact_mid", 0)
        expect(
            self.smoothing == "none" or self.basis_window_ns > 0, where, "basis_window_ns > 0 where it is smoothed", 0
        )
        expect(0 <= self.clamp_ppm <= PPM, where, "clamp_ppm in 0..1,000,000", self.clamp_ppm)
        expect(0 <= self.band_ppm <= PPM, where, "band_ppm in 0..1,000,000", self.band_ppm)


class IndexRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the index is made of SetIndexPrice.

    weights: of legs 1, 2, ...; none: the index is what SetIndexPrice says for leg 0.
    outlier: what becomes of a leg further than `outlier_ppm` from the median of the fresh ones: 'keep', 'drop' or
        'clamp'.
    staleness_ns: a leg older than that is left out; 0: never. min_legs: fewer than that leave the index as it is.
    """

    weights: tuple[int, ...] = ()
    combiner: Literal["weighted", "median", "weighted_median"] = "weighted"
    outlier: Literal["keep", "drop", "clamp"] = "keep"
    outlier_ppm: int = 0
    staleness_ns: int = 0
    min_legs: int = 1

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "instrument.index"
        check_types(self, where)
        expect(len(self.weights) <= MAX_LEGS, where, f"at most {MAX_LEGS} weights", len(self.weights))
        _expect_weights(self.weights, len(self.weights), where)
        expect(0 <= self.outlier_ppm <= PPM, where, "outlier_ppm in 0..1,000,000", self.outlier_ppm)
        expect(0 <= self.staleness_ns <= MAX_TS_NS, where, "staleness_ns >= 0", self.staleness_ns)
        expect(1 <= self.min_legs <= max(1, len(self.weights)), where, "min_legs in 1..legs", self.min_legs)


class FundingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What longs and shorts pay each other, and when. Rates are ppb of the notional for one payment.

    interval_ns: payments are due at offset_ns + multiples of it; 0: there is no funding.
    model: 'external': the rate of SetFundingRate, nothing where none came; 'interest': (quote - base) x interval / day;
        'premium': premium + clamp(interest - premium, +-clamp_ppb); 'twap_difference': average of `premium_of` -
        average index + clamp((1 + annual interest x interval) x average index - average of `premium_of`,
        clamp_low_ppb x average index, clamp_high_ppb x average index), per unit.
    timing: 'same': the rate that an interval's samples make is paid at its end; 'next': at the end of the next one.
    premium_of: 'mark', 'mid', 'last', or 'impact': the form with impact bid and ask of `impact_notional`.
    sample_ns: samples are taken at offset_ns + multiples of it; 0: one, at the payment.
    average: of the samples: 'equal', or 'linear': the n-th counts n times.
    quote_interest_ppb, base_interest_ppb: per day. annual_interest_ppb: of 'twap_difference'.
    scaling_ppm: factor on the rate before floor_ppb and cap_ppb, which 0 and 0 leave out.
    price: positions are paid on their value at the 'mark', the 'index', or (twap_difference) its average index always.
    remainder: who keeps what rounding leaves: the insurance 'fund' or the venue's 'fees'.
    """

    interval_ns: int = 0
    offset_ns: int = 0
    model: Literal["external", "interest", "premium", "twap_difference"] = "external"
    timing: Literal["same", "next"] = "same"
    premium_of: Literal["mark", "mid", "last", "impact"] = "mark"
    impact_notional: int = 0
    sample_ns: int = 0
    average: Literal["equal", "linear"] = "equal"
    quote_interest_ppb: int = 0
    base_interest_ppb: int = 0
    annual_interest_ppb: int = 0
    clamp_ppb: int = 0
    clamp_low_ppb: int = 0
    clamp_high_ppb: int = 0
    scaling_ppm: int = PPM
    floor_ppb: int = 0
    cap_ppb: int = 0
    price: Literal["mark", "index"] = "mark"
    remainder: Literal["fund", "fees"] = "fund"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "instrument.funding"
        check_types(self, where)
        expect(0 <= self.interval_ns <= MAX_TS_NS, where, "interval_ns >= 0", self.interval_ns)
        expect(0 <= self.offset_ns <= max(0, self.interval_ns - 1), where, "offset_ns below interval", self.offset_ns)
        expect(0 <= self.sample_ns <= self.interval_ns, where, "sample_ns in 0..interval_ns", self.sample_ns)
        expect(0 <= self.impact_notional <= MAX_MONEY, where, "impact_notional >= 0", self.impact_notional)
        needs_impact = self.premium_of == "impact"
        expect(not needs_impact or self.impact_notional > 0, where, "impact_notional > 0 for impact", 0)
        expect(
            not needs_impact or self.model != "twap_difference", where, "premium_of mark, mid or last", self.premium_of
        )
        expect(self.model != "twap_difference" or self.timing == "same", where, "timing 'same'", self.timing)
        for name in ("quote_interest_ppb", "base_interest_ppb", "annual_interest_ppb"):
            expect(abs(getattr(self, name)) <= MAX_PPB, where, f"{name} within 1e9", getattr(self, name))
        expect(0 <= self.clamp_ppb <= MAX_PPB, where, "clamp_ppb in 0..1e9", self.clamp_ppb)
        expect(
            -MAX_PPB <= self.clamp_low_ppb <= self.clamp_high_ppb <= MAX_PPB,
            where,
            "clamp_low_ppb <= clamp_high_ppb within 1e9",
            self.clamp_low_ppb,
        )
        expect(
            -MAX_PPB <= self.floor_ppb <= self.cap_ppb <= MAX_PPB,
            where,
            "floor_ppb <= cap_ppb within 1e9",
            self.floor_ppb,
        )
        expect(0 <= self.scaling_ppm <= 1_000 * PPM, where, "scaling_ppm in 0..1e9", self.scaling_ppm)


class SettlementRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At what price an instrument that expires is settled.

    price: the 'mark', the 'index', or the 'index_twap': its average over the last window_ns.
    """

    price: Literal["mark", "index", "index_twap"] = "mark"
    window_ns: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "instrument.settlement"
        check_types(self, where)
        expect(0 <= self.window_ns <= MAX_TS_NS, where, "window_ns >= 0", self.window_ns)
        expect(self.price != "index_twap" or self.window_ns > 0, where, "window_ns > 0 for index_twap", self.window_ns)


def expect_mark_model(mark_source: str, mark: MarkRules, funding: FundingRules, where: str) -> None:
    """Refuse a mark model without what it is made of. Raises ConfigError."""
    expect(mark_source != "model" or len(mark.sources) > 0, where, "mark.sources for mark_source 'model'", mark.sources)
    expect("fair_price" not in mark.sources or funding.interval_ns > 0, where, "funding.interval_ns for fair_price", 0)


def _expect_weights(weights: tuple[int, ...], count: int, where: str) -> None:
    expect(len(weights) in (0, count), where, "a weight for each, or none", weights)
    for weight in weights:
        expect(0 <= weight <= MAX_WEIGHT, where, "weights of 0..1,000,000,000", weight)
    expect(not weights or sum(weights) > 0, where, "a weight above 0", weights)
