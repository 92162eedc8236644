"""Funding of one market: samples of the premium, the rate that they make, and its payment by every position.

Rules: docs/semantics/pricing.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.fund_money import credit_fund
from exchange.accounts.ledger import FUND_SLOT, OWNER_SLOT, SIZE, Ledger
from exchange.clock import NEVER, TimedTask, first_multiple
from exchange.event_log import EventLog
from exchange.instrument import Instrument
from exchange.market import Market
from exchange.pricing.book_prices import book_mid, impact_ask, impact_bid
from exchange.pricing.funding import (
    average,
    bounded_rate,
    funding_amount,
    impact_premium,
    interest_of_time,
    interest_rate,
    lot_worth,
    premium,
    premium_rate,
    rounded_rate,
    scaled_rate,
    twap_rate,
)
from exchange.records import write_funding_paid, write_funding_rate_set, write_funding_settled
from exchange.units import PPB, div_floor

EXTERNAL: Final = 0
INTEREST: Final = 1
PREMIUM: Final = 2
TWAP_DIFFERENCE: Final = 3
_MODELS: Final = ("external", "interest", "premium", "twap_difference")

OF_MARK: Final = 0
OF_MID: Final = 1
OF_LAST: Final = 2
OF_IMPACT: Final = 3
_PREMIUMS: Final = ("mark", "mid", "last", "impact")


@final
class FundingTask(TimedTask):
    """Due at every sample and every payment; a sample is taken before the payment of the same time."""

    def __init__(self, log: EventLog, ledger: Ledger, clearing: Clearing, market: Market, facts: Instrument) -> None:
        """Copy the rules of the instrument's funding."""
        super().__init__()
        rules = facts.funding
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.market = market
        self.instrument = market.instrument
        self.feed = market.feed
        self.rules = rules
        self.model: int = _MODELS.index(rules.model)
        self.premium_of: int = _PREMIUMS.index(rules.premium_of)
        self.is_paid_later: bool = rules.timing == "next"
        self.is_linear_average: bool = rules.average == "linear"
        self.pays_at_index: bool = rules.price == "index"
        self.fund_keeps_remainder: bool = rules.remainder == "fund"
        self.interval_ns: i64 = rules.interval_ns
        self.sample_ns: i64 = rules.sample_ns
        self.offset_ns: i64 = rules.offset_ns
        self.next_sample_ns: i64 = NEVER
        self.next_payment_ns: i64 = NEVER
        self.samples: int = 0
        self.weight: int = 0  # sum of the samples' weights
        self.premiums: int = 0  # weighted sum, ppb
        self.internal: int = 0  # weighted sums, ticks
        self.external: int = 0
        # What `_make_rate` found.
        self.numerator: int = 0
        self.denominator: int = PPB
        self.price: int = 0
        self.premium_ppb: int = 0
        self.interest_ppb: int = 0

    def start(self, ts_ns: i64) -> None:
        """Be due at the first sample and the first payment from a time on."""
        self.next_payment_ns = first_multiple(ts_ns, self.interval_ns, self.offset_ns)
        if self.sample_ns > 0:
            self.next_sample_ns = first_multiple(ts_ns, self.sample_ns, self.offset_ns)
        self.feed.next_funding_ns = self.next_payment_ns
        self.due_ns = min(self.next_sample_ns, self.next_payment_ns)

    def run(self) -> None:
        """Take the sample and make the payment that are due."""
        now = self.due_ns
        if self.next_sample_ns == now:
            self._take_sample()
            self.next_sample_ns = now + self.sample_ns
        if self.next_payment_ns == now:
            if self.sample_ns == 0:
                self._take_sample()
            self.next_payment_ns = now + self.interval_ns
            self.feed.next_funding_ns = self.next_payment_ns
            self._settle(now)
            self.samples, self.weight, self.premiums, self.internal, self.external = 0, 0, 0, 0, 0
        self.due_ns = min(self.next_sample_ns, self.next_payment_ns)

    # --- the rate ----------------------------------------------------------------------------------------------

    def _take_sample(self) -> None:
        """Take in the premium over the index as it is now; none where a price is missing or the index is not > 0."""
        feed = self.feed
        if self.model < PREMIUM or not feed.has_index or feed.index <= 0:
            return
        index: int = feed.index
        weight = self.samples + 1 if self.is_linear_average else 1
        if self.premium_of == OF_IMPACT:
            bid = impact_bid(self.market, self.rules.impact_notional)
            ask = impact_ask(self.market, self.rules.impact_notional)
            if bid is None or ask is None:
                return
            self.premiums += weight * impact_premium(bid, ask, index)
        else:
            price = self._own_price()
            if price is None:
                return
            self.premiums += weight * premium(price, index)
            self.internal += weight * price
            self.external += weight * index
        self.samples += 1
        self.weight += weight

    def _own_price(self) -> int | None:
        market = self.market
        if self.premium_of == OF_MID:
            return book_mid(market)
        if self.premium_of == OF_LAST:
            return market.last if market.has_last else None
        return market.mark if market.has_mark else None

    def _make_rate(self) -> bool:
        """Make the rate of the samples; return False where there is none."""
        rules = self.rules
        self.premium_ppb = 0
        self.interest_ppb = interest_rate(rules.quote_interest_ppb, rules.base_interest_ppb, rules.interval_ns)
        if self.model == EXTERNAL or (self.model != INTEREST and self.weight == 0):
            return False
        if self.model == TWAP_DIFFERENCE:
            self.interest_ppb = interest_of_time(rules.annual_interest_ppb, rules.interval_ns)
            internal = div_floor(self.internal, self.weight)
            self.price = div_floor(self.external, self.weight)
            self.premium_ppb = premium(internal, self.price)
            self.numerator, self.denominator = twap_rate(
                internal,
                self.price,
                self.interest_ppb,
                rules.clamp_low_ppb,
                rules.clamp_high_ppb,
                rules.scaling_ppm,
                rules.floor_ppb,
                rules.cap_ppb,
            )
            return True
        rate = self.interest_ppb
        if self.model == PREMIUM:
            self.premium_ppb = average(self.premiums, self.weight)
            rate = premium_rate(self.premium_ppb, self.interest_ppb, rules.clamp_ppb)
        rate = bounded_rate(scaled_rate(rate, rules.scaling_ppm), rules.floor_ppb, rules.cap_ppb)
        self.numerator, self.denominator = rate, PPB
        return True

    # --- the payment -------------------------------------------------------------------------------------------

    def _settle(self, now: i64) -> None:
        """Pay the rate that is due, and make the one that is paid at the next time where the rule says so."""
        feed = self.feed
        if self.is_paid_later:
            if feed.has_rate:
                self.numerator, self.denominator = feed.rate_ppb, PPB
                if self._find_price():
                    self._pay()
            feed.is_rate_given = False
            feed.has_rate = self._make_rate()
            if feed.has_rate:
                self._announce(self.next_payment_ns)
            return
        if feed.is_rate_given:
            feed.is_rate_given = False
            self.numerator, self.denominator = feed.rate_ppb, PPB
            if self._find_price():
                self._pay()
        elif self._make_rate() and (self.model == TWAP_DIFFERENCE or self._find_price()):
            feed.has_rate = True
            self._announce(now)
            self._pay()

    def _find_price(self) -> bool:
        """Set the price at which positions are valued; return False where there is none."""
        if self.pays_at_index:
            self.price = self.feed.index
            return self.feed.has_index
        self.price = self.market.mark
        return self.market.has_mark

    def _announce(self, due_ns: i64) -> None:
        rate = rounded_rate(self.numerator, self.denominator)
        self.feed.rate_ppb = rate
        market = self.market
        write_funding_rate_set(self.log, market.instrument, rate, self.premium_ppb, self.interest_ppb, due_ns, 0)

    def _pay(self) -> None:
        """Have every leg of the market pay or receive, by slot. O(slots)."""
        market, ledger, clearing, log = self.market, self.ledger, self.clearing, self.log
        price = self.price
        rate: i64 = rounded_rate(self.numerator, self.denominator)
        # What one lot pays, as a fraction: the same for all.
        worth, unit = lot_worth(price, market.valuation)
        numerator, denominator = self.numerator, self.denominator * unit
        paid: int = 0
        received: int = 0
        slot: i64 = 0
        slots: i64 = min(len(market.leg_of_slot), ledger.slot_count)
        legs = ledger.legs
        leg_of_slot = market.leg_of_slot
        while slot < slots:
            leg = leg_of_slot[slot]
            slot += 1
            if leg == 0 or legs[leg + SIZE] == 0:
                continue
            size: int = legs[leg + SIZE]
            amount = funding_amount(size, abs(size) * worth, numerator, denominator)
            if amount == 0:
                continue
            if amount > 0:
                received += amount
            else:
                paid -= amount
            owner = legs[leg + OWNER_SLOT]
            if owner == FUND_SLOT:
                credit_fund(ledger, market, amount)
            else:
                ledger.post(owner, amount)
            clearing.mark_dirty(owner)
            write_funding_paid(
                log, market.instrument, ledger.account_ids[owner], amount, size, rate, ledger.balances[owner]
            )
        remainder = paid - received
        if self.fund_keeps_remainder:
            credit_fund(ledger, market, remainder)
        else:
            ledger.fees += remainder
        write_funding_settled(log, market.instrument, rate, price, paid, received, remainder)
