"""Prices and rates from outside, time that passes, and the operator's settlement of an instrument.

Rules: docs/semantics/pricing.md.
"""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.desks.request_desk import ANY_VENUE, NAMES_MARKET, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.pricing.expiry import Deliverer
from exchange.records import (
    ADVANCE_TIME,
    MARK_EXTERNAL,
    REJECT_INVALID_AMOUNT,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    SET_FUNDING_RATE,
    SET_FUNDING_RATE_RATE_PPB,
    SET_INDEX_PRICE,
    SET_INDEX_PRICE_LEG,
    SET_INDEX_PRICE_PRICE_TICKS,
    SET_MARK_PRICE,
    SET_MARK_PRICE_PRICE_TICKS,
    SETTLE_INSTRUMENT,
    SETTLE_INSTRUMENT_PRICE_TICKS,
    write_funding_rate_set,
    write_index_price_updated,
    write_mark_price_updated,
    write_request_rejected,
)
from exchange.units import PPB


@final
class PriceDesk(RequestDesk):
    """Takes in what the outside says of prices."""

    def __init__(self, log: EventLog, deliverer: Deliverer) -> None:
        """Share the log and what settles instruments."""
        super().__init__()
        self.log = log
        self.deliverer = deliverer

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            SET_MARK_PRICE: NAMES_MARKET,
            SET_INDEX_PRICE: NAMES_MARKET,
            SET_FUNDING_RATE: NAMES_MARKET,
            ADVANCE_TIME: ANY_VENUE,
            SETTLE_INSTRUMENT: NAMES_MARKET,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's fields and apply it."""
        if kind == SET_MARK_PRICE:
            self.set_mark(market, read_i64_le(records, offset + SET_MARK_PRICE_PRICE_TICKS))
        elif kind == SET_INDEX_PRICE:
            leg = read_i64_le(records, offset + SET_INDEX_PRICE_LEG)
            self.set_index(market, leg, read_i64_le(records, offset + SET_INDEX_PRICE_PRICE_TICKS))
        elif kind == SET_FUNDING_RATE:
            self.set_funding_rate(market, read_i64_le(records, offset + SET_FUNDING_RATE_RATE_PPB))
        elif kind == SETTLE_INSTRUMENT:
            self.settle_instrument(market, read_i64_le(records, offset + SETTLE_INSTRUMENT_PRICE_TICKS))
        # AdvanceTime: the time has passed already.

    def set_mark(self, market: Market, price: i64) -> None:
        """Take the next value of an external mark price series."""
        if price < market.min_price or price > market.max_price:
            self._refuse(market, price, SET_MARK_PRICE, REJECT_INVALID_PRICE)
        elif market.mark_source == MARK_EXTERNAL:
            market.set_mark(price, self.log.step)
            write_mark_price_updated(self.log, market.instrument, price)
        elif market.feed.takes_external:
            market.feed.note_external(self.log.ts_ns, price)  # the mark moves when the venue settles
        else:
            self._refuse(market, price, SET_MARK_PRICE, REJECT_INVALID_COMBINATION)

    def set_index(self, market: Market, leg: i64, price: i64) -> None:
        """Take the next value of an index, or of one of its legs."""
        feed = market.feed
        if price < market.min_price or price > market.max_price:
            self._refuse(market, price, SET_INDEX_PRICE, REJECT_INVALID_PRICE)
        elif not feed.knows_leg(leg):
            self._refuse(market, price, SET_INDEX_PRICE, REJECT_INVALID_COMBINATION)
        else:
            feed.note_index(self.log.ts_ns, leg, price)
            write_index_price_updated(
                self.log, market.instrument, feed.index, price, leg, feed.legs_used, feed.outliers
            )

    def set_funding_rate(self, market: Market, rate_ppb: i64) -> None:
        """Take the rate of the next funding payment."""
        feed = market.feed
        if rate_ppb < -PPB or rate_ppb > PPB:
            self._refuse(market, rate_ppb, SET_FUNDING_RATE, REJECT_INVALID_AMOUNT)
        elif feed.interval_ns == 0:
            self._refuse(market, rate_ppb, SET_FUNDING_RATE, REJECT_INVALID_COMBINATION)
        else:
            feed.has_rate = True
            feed.is_rate_given = True
            feed.rate_ppb = rate_ppb
            write_funding_rate_set(self.log, market.instrument, rate_ppb, 0, 0, feed.next_funding_ns, 1)

    def settle_instrument(self, market: Market, price: i64) -> None:
        """Settle an instrument for good."""
        if price < market.min_price or price > market.max_price:
            self._refuse(market, price, SETTLE_INSTRUMENT, REJECT_INVALID_PRICE)
        elif market.is_spot:
            self._refuse(market, price, SETTLE_INSTRUMENT, REJECT_INVALID_COMBINATION)  # Coins are not a contract.
        else:
            self.deliverer.settle(market, price, True)

    def _refuse(self, market: Market, amount: i64, request: i64, reason: i64) -> None:
        write_request_rejected(self.log, market.instrument, 0, amount, request, reason)
