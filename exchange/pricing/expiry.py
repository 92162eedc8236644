"""The end of an instrument: orders cancelled, every position closed at the delivery price, the market closed for good.

Rules: docs/semantics/pricing.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.fund_money import credit_fund
from exchange.accounts.ledger import OWNER_SLOT, SIZE, Ledger
from exchange.agenda import Agenda
from exchange.book.level_index import HEAD, LevelIndex
from exchange.clock import NEVER, Clock, TimedTask
from exchange.desks.matching import Matcher
from exchange.enums import BUY, SELL
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.pricing.delivery import delivery_value
from exchange.records import CANCEL_INSTRUMENT_SETTLED, write_instrument_settled, write_position_settled


@final
class Deliverer:
    """Settles instruments."""

    def __init__(
        self, log: EventLog, agenda: Agenda, clock: Clock, ledger: Ledger, clearing: Clearing, matcher: Matcher
    ) -> None:
        """Share the venue's parts."""
        self.log = log
        self.agenda = agenda
        self.clock = clock
        self.ledger = ledger
        self.clearing = clearing
        self.matcher = matcher

    def settle(self, market: Market, price: i64, is_commanded: bool) -> None:
        """Close a market at a price. O(orders + slots)."""
        self._cancel_orders(market)
        ledger, clearing = self.ledger, self.clearing
        positions: i64 = 0
        total: int = 0  # of all values; rounded down each, so it is 0 or less
        longs: int = 0
        slot: i64 = 0
        slots: i64 = min(len(market.leg_of_slot), ledger.slot_count)
        while slot < slots:
            leg = market.leg_of_slot[slot]
            if leg != 0 and ledger.legs[leg + SIZE] != 0:
                size: int = ledger.legs[leg + SIZE]
                owner = ledger.legs[leg + OWNER_SLOT]
                value = delivery_value(size, price, market.valuation)
                realized = clearing.change_position(market, slot, -size, -value)
                clearing.mark_dirty(owner)
                positions += 1
                total += value
                longs += max(0, size)
                write_position_settled(
                    self.log,
                    market.instrument,
                    ledger.account_ids[owner],
                    size,
                    value,
                    realized,
                    ledger.balances[owner],
                )
            slot += 1
        credit_fund(ledger, market, -total)
        market.is_settled = True
        self.clock.stop_for(market.instrument)
        market.active_step = self.log.step  # liquidations that wait for this market have nothing to wait for
        self.agenda.settled.append(market.instrument)
        commanded = 1 if is_commanded else 0
        write_instrument_settled(self.log, market.instrument, price, longs, -total, positions, commanded)

    def _cancel_orders(self, market: Market) -> None:
        """Bids from the best, asks from the best, each price oldest first; of each price that stops watch the rising
        from the lowest trigger up, those without a trigger yet, the falling from the highest down; then market orders
        that wait for an auction, buys first.
        """
        self._cancel_side(market, market.book.bids)
        self._cancel_side(market, market.book.asks)
        watched = [watch.stops for watch in market.watches]
        watched.insert(0, market.book.stops)
        for stops in watched:
            while len(stops.rising) > 0:
                self.matcher.take_out(market, stops.next_rising(), CANCEL_INSTRUMENT_SETTLED, 0)
            while len(stops.asleep) > 0:
                self.matcher.take_out(market, next(iter(stops.asleep)), CANCEL_INSTRUMENT_SETTLED, 0)
            while len(stops.falling) > 0:
                self.matcher.take_out(market, stops.next_falling(), CANCEL_INSTRUMENT_SETTLED, 0)
        for side in (BUY, SELL):
            while market.book.queue.oldest(side) != 0:
                self.matcher.take_out(market, market.book.queue.oldest(side), CANCEL_INSTRUMENT_SETTLED, 0)

    def _cancel_side(self, market: Market, side: LevelIndex) -> None:
        while side.best != 0:
            self.matcher.take_out(market, side.levels[side.best + HEAD], CANCEL_INSTRUMENT_SETTLED, 0)


@final
class ExpiryTask(TimedTask):
    """Settles an instrument when it expires."""

    def __init__(self, deliverer: Deliverer, market: Market, facts: Instrument) -> None:
        """`facts` state an expiry."""
        super().__init__()
        self.deliverer = deliverer
        self.market = market
        self.instrument = market.instrument
        self.is_at_mark: bool = facts.settlement.price == "mark"
        self.due_ns = facts.expiry_ns

    def run(self) -> None:
        """Settle at the delivery price. Where no price ever came, look again after the next command's time."""
        price = self._delivery_price()
        if price is None:
            self.due_ns = self.deliverer.clock.until_ns + 1
            return
        self.due_ns = NEVER
        self.deliverer.settle(self.market, price, False)

    def _delivery_price(self) -> int | None:
        """Return the price that the rule names; where there is none: the mark, the index, the last trade."""
        market, feed = self.market, self.market.feed
        if not self.is_at_mark:
            average = None if feed.delivery is None else feed.delivery.average()
            if average is not None:
                return average
            if feed.has_index:
                return feed.index
        if market.has_mark:
            return market.mark
        if feed.has_index:
            return feed.index
        return market.last if market.has_last else None
