"""Orders that end by themselves: at their time, or when the day's session does. Rules: docs/semantics/orders.md."""

from typing import final

from exchange.book.live_terms import Expiries
from exchange.clock import Clock, TimedTask
from exchange.desks.matching import Matcher
from exchange.enums import DAY
from exchange.market import Market
from exchange.records import CANCEL_EXPIRED


@final
class OrderExpiry(TimedTask):
    """Cancels the orders whose time has come, by time and then in the order in which they were accepted."""

    def __init__(self, clock: Clock, markets: list[Market], matcher: Matcher) -> None:
        """Be told of the orders of all markets, and due when the first of them ends."""
        super().__init__()
        self.markets = markets
        self.matcher = matcher
        self.expiries = Expiries()
        self.expiries.clock = clock
        self.expiries.task = self
        for market in markets:
            market.book.expiries = self.expiries
        clock.add(self)

    def run(self) -> None:
        """Cancel what ends now."""
        now = self.due_ns
        while self.expiries.first_due() <= now:
            market_index, order = self.expiries.orders.peekitem(0)[1]
            self.matcher.take_out(self.markets[market_index], order, CANCEL_EXPIRED, 0)

    def expire_day(self, market: Market) -> None:
        """Cancel a market's DAY orders, resting and pending, in the order in which they were accepted."""
        terms = market.book.terms
        ending = sorted((live.entry, order) for order, live in terms.items() if live.time_in_force == DAY)
        for entry, order in ending:
            # One may have taken another along.
            if order in terms and terms[order].entry == entry:
                self.matcher.take_out(market, order, CANCEL_EXPIRED, 0)
