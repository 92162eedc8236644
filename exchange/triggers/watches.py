"""Which price each stop watches: stops are put in their place here, and looked for when the venue settles.

A market without stops on other prices than the last trade's has no `Watch` and pays nothing for them.
Rules: docs/semantics/triggers.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.book.level_index import RANK
from exchange.book.order_pool import ASLEEP_BIT, FLAGS, SOURCE_SHIFT, TRIGGER
from exchange.book.stop_index import ASK_SERIES, INDEX_SERIES, LAST_SERIES, MARK_SERIES, is_rising, series_of
from exchange.enums import BY_INDEX, BY_LAST, BY_MARK, BY_VENUE
from exchange.market import Market
from exchange.records import REJECT_INVALID_COMBINATION, REJECT_NONE
from exchange.rules import OrderRules
from exchange.triggers.watch import Watch

_SOURCES: Final = ("last", "mark", "index", "opposite_best")


@final
class Watches:
    """Keeps the pending stops of every market."""

    def __init__(self, rules: OrderRules, has_clearing: bool) -> None:
        """Copy the rules."""
        self.default_source: i64 = 1 + _SOURCES.index(rules.stop_trigger_source)
        self.elects_touched: bool = rules.stop_already_touched == "elect"
        self.fires_empty: bool = rules.trigger_when_side_empty == "fire"
        self.has_clearing: bool = has_clearing

    def source_refusal(self, source: i64) -> i64:
        """Return why a stop may not watch a price (TriggerSource), or 0: a bare venue has neither mark nor index."""
        if source == BY_VENUE:
            source = self.default_source
        is_outside = source == BY_MARK or source == BY_INDEX
        return REJECT_INVALID_COMBINATION if is_outside and not self.has_clearing else REJECT_NONE

    def source_bits(self, source: i64) -> i64:
        """Return the flags of a stop that watches a price (TriggerSource)."""
        if source == BY_VENUE:
            source = self.default_source
        return source - BY_LAST << SOURCE_SHIFT

    def add(self, market: Market, order: i64) -> None:
        """Give a stop that has entered its book its place among those that wait for the same price."""
        series = series_of(market.book.orders.words[order + FLAGS])
        if series == LAST_SERIES:
            market.book.stops.add(order)
        else:
            self._watch(market, series).stops.add(order)
        self.look_again(market, order)

    def look_again(self, market: Market, order: i64) -> None:
        """Let a stop that came or was amended just now be elected in this settling where its price touches it."""
        words = market.book.orders.words
        if words[order + FLAGS] & ASLEEP_BIT != 0:
            return
        series = series_of(words[order + FLAGS])
        if series != LAST_SERIES:
            watch = self._watch(market, series)
            watch.stops.set_came_touched(order, self.elects_touched and watch.touches(order))
            return
        trigger = words[order + TRIGGER]
        stops = market.book.stops
        is_touched = False
        if self.elects_touched and market.has_last:
            is_touched = trigger <= market.last if is_rising(words[order + FLAGS]) else trigger >= market.last
        if is_touched or stops.has_come_touched:
            stops.set_came_touched(order, is_touched)
            market.agenda.has_touched = True

    def next_touched(self, market: Market) -> i64:
        """Return the next stop that a price other than the last trade's elects, by series; 0 for none."""
        for watch in market.watches:
            self._see(market, watch)
            order = watch.next_touched()
            if order != 0:
                return order
        return 0

    def price_of(self, market: Market, series: i64) -> i64:
        """Return a price as stops were elected by it: of a side that was empty, 0."""
        if series == LAST_SERIES:
            return market.last
        return self._watch(market, series).price

    def has_price(self, market: Market, series: i64) -> bool:
        """Return whether a price is there, as stops last saw it."""
        return market.has_last if series == LAST_SERIES else self._watch(market, series).is_there

    def _watch(self, market: Market, series: i64) -> Watch:
        """Return what watches a price, making it where there is none."""
        place: i64 = 0
        for watch in market.watches:
            if watch.series == series:
                return watch
            if watch.series < series:
                place += 1
        watch = Watch(series, market.book.orders)
        watch.fires_empty = self.fires_empty
        self._see(market, watch)
        watch.is_moved = False
        market.watches.insert(place, watch)
        market.book.other_stops[series] = watch.stops
        market.must_look = True
        market.agenda.has_watches = True
        return watch

    def _see(self, market: Market, watch: Watch) -> None:
        if watch.series == MARK_SERIES:
            watch.see(market.has_mark, market.mark)
        elif watch.series == INDEX_SERIES:
            watch.see(market.feed.has_index, market.feed.index)
        else:
            side = market.book.asks if watch.series == ASK_SERIES else market.book.bids
            price: i64 = side.levels[side.best + RANK] * side.sign if side.best != 0 else 0
            watch.see(side.best != 0, price)
