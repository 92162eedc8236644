"""An instrument settled for good (docs/semantics/pricing.md, section 6)."""

from math import floor

from exchange.enums import CancelReason, Side
from exchange.events import InstrumentSettled, PositionSettled
from tests.reference.book import Book, Order
from tests.reference.clearing import Clearing
from tests.reference.journal import Journal
from tests.reference.pricing import Prices, time_average
from tests.reference.watches import Price


class Delivery:
    """Closes a market: no orders, no positions, no prices from then on."""

    def __init__(self, clearing: Clearing, journal: Journal) -> None:
        self.clearing = clearing
        self.journal = journal
        self.just_settled: set[int] = set()  # since the venue last settled

    def delivery_price(self, prices: Prices) -> int | None:
        """Return the price at which an instrument that expires now is settled, None where there is none at all."""
        rules = prices.instrument.settlement
        mark = self.clearing.marks.get(prices.instrument.instrument_id)
        index = None if prices.index is None else prices.index[0]
        last = prices.book.last_price
        if rules.price == "index_twap":
            average = time_average(prices.index_history, prices.now - rules.window_ns, prices.now)
            if average is not None:
                return round(average)
        candidates = (mark, index, last) if rules.price == "mark" else (index, mark, last)
        return next((price for price in candidates if price is not None), None)

    def settle(self, prices: Prices, price: int, *, is_commanded: bool) -> None:
        """Cancel every order, close every position at the price, and give the fund what rounding left."""
        book, instrument_id = prices.book, prices.instrument.instrument_id
        for order in orders_to_cancel(book):
            if book.is_live(order):
                book.cancel(order, CancelReason.INSTRUMENT_SETTLED)
        clearing = self.clearing
        values, longs = [], 0
        for account in (clearing.recorded_market, clearing.fund, *clearing.participants.values()):
            size = clearing.leg(account, instrument_id).size
            if size == 0:
                continue
            value = floor(prices.exact_value(size, price))
            realized = clearing.move_position(account, instrument_id, -size, price, -value)
            values.append(value)
            longs += max(0, size)
            self.journal.write(
                PositionSettled,
                instrument=instrument_id,
                account=account.account_id,
                size_lots=size,
                value=value,
                realized=realized,
                balance=account.balance,
            )
        remainder = -sum(values)
        clearing.credit_fund(instrument_id, remainder)
        clearing.settled.add(instrument_id)
        self.just_settled.add(instrument_id)
        self.journal.write(
            InstrumentSettled,
            instrument=instrument_id,
            price_ticks=price,
            open_interest_lots=longs,
            remainder=remainder,
            positions=len(values),
            is_commanded=is_commanded,
        )


def orders_to_cancel(book: Book) -> list[Order]:
    """Return every live order: bids, asks, then stops, each from the one that trades first, then queued ones."""
    stops: list[Order] = []
    for price in Price:
        watching = [order for order in book.live if order.is_stop and order.watches == price]
        asleep = [order for order in watching if order.trail is not None and not order.trail.is_awake]
        awake = sorted((o for o in watching if o not in asleep), key=lambda order: order.place)
        stops += sorted((o for o in awake if o.is_rising), key=lambda order: order.trigger)
        stops += sorted(asleep, key=lambda order: order.accepted)
        stops += sorted((o for o in awake if not o.is_rising), key=lambda order: -order.trigger)
    queued = book.queued(Side.BUY) + book.queued(Side.SELL)
    return book.resting(Side.BUY) + book.resting(Side.SELL) + stops + queued
