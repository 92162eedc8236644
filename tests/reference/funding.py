"""Funding of one instrument: samples, the rate that they make, the payment (docs/semantics/pricing.md, section 5)."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from exchange.enums import Side
from exchange.events import FundingPaid, FundingRateSet, FundingSettled
from tests.reference.clearing import Clearing
from tests.reference.journal import Journal
from tests.reference.pricing import PPB, PPM, Prices

DAY_NS = 86_400 * 10**9
YEAR_NS = 365 * DAY_NS


@dataclass(frozen=True)
class Sample:
    """One look at the premium: of what there is a price `price`, the index then, and how much it counts."""

    premium: int
    price: int
    index: int
    weight: int


@dataclass(frozen=True)
class Rate:
    """A funding rate in ppb, and at which price positions are paid where that is not the mark's or the index's."""

    ppb: Fraction
    premium: int = 0
    interest: int = 0
    price: int | None = None


class Funding:
    """One instrument's funding. `due` runs the task; `next_payment_ns` is kept by the venue's timers."""

    def __init__(self, prices: Prices, clearing: Clearing, journal: Journal) -> None:
        self.prices = prices
        self.clearing = clearing
        self.journal = journal
        self.instrument = prices.instrument
        self.rules = prices.instrument.funding
        self.samples: list[Sample] = []
        self.known: Rate | None = None  # what the next payment pays, where that is known: given, or made for it

    # Samples.

    def take_sample(self) -> None:
        """Look at the premium, where all prices that it needs are there."""
        if self.rules.model not in ("premium", "twap_difference") or self.prices.index is None:
            return
        index = self.prices.index[0]
        if index <= 0:
            return
        weight = len(self.samples) + 1 if self.rules.average == "linear" else 1
        if self.rules.premium_of == "impact":
            bid = self.prices.impact(Side.BUY, self.rules.impact_notional)
            ask = self.prices.impact(Side.SELL, self.rules.impact_notional)
            if bid is not None and ask is not None:
                distance = max(0, bid - index) - max(0, index - ask)
                self.samples.append(Sample(round(Fraction(distance * PPB, index)), 0, index, weight))
            return
        price = self.sampled_price()
        if price is not None:
            self.samples.append(Sample(round(Fraction((price - index) * PPB, index)), price, index, weight))

    def sampled_price(self) -> int | None:
        """Return the price that is held against the index."""
        if self.rules.premium_of == "mark":
            return self.clearing.marks.get(self.instrument.instrument_id)
        return self.prices.mid() if self.rules.premium_of == "mid" else self.prices.book.last_price

    # The rate.

    def made_rate(self) -> Rate | None:
        """Return the rate that the rules and the samples make."""
        if self.rules.model == "external":
            return None
        interest = round(
            Fraction((self.rules.quote_interest_ppb - self.rules.base_interest_ppb) * self.rules.interval_ns, DAY_NS)
        )
        if self.rules.model == "interest":
            return Rate(self.bounded(self.scaled(interest)), 0, interest)
        if not self.samples:
            return None
        if self.rules.model == "twap_difference":
            return self.twap_rate()
        total = sum(sample.weight for sample in self.samples)
        premium = round(Fraction(sum(s.premium * s.weight for s in self.samples), total))
        pull = min(max(interest - premium, -self.rules.clamp_ppb), self.rules.clamp_ppb)
        return Rate(self.bounded(self.scaled(premium + pull)), premium, interest)

    def twap_rate(self) -> Rate:
        """Return the rate that the difference of two averages makes: a fraction."""
        rules = self.rules
        total = sum(sample.weight for sample in self.samples)
        price = sum(s.price * s.weight for s in self.samples) // total
        index = sum(s.index * s.weight for s in self.samples) // total
        interest = round(Fraction(rules.annual_interest_ppb * rules.interval_ns, YEAR_NS))
        pull = (1 + Fraction(interest, PPB)) * index - price
        pull = max(pull, Fraction(rules.clamp_low_ppb * index, PPB))
        pull = min(pull, Fraction(rules.clamp_high_ppb * index, PPB))
        payment = (price - index + pull) * Fraction(rules.scaling_ppm, PPM)
        premium = round(Fraction((price - index) * PPB, index))
        return Rate(self.bounded(payment / index * PPB), premium, interest, index)

    def scaled(self, rate: int) -> Fraction:
        """Return the rate times `scaling_ppm`, to the nearest."""
        return Fraction(round(Fraction(rate * self.rules.scaling_ppm, PPM)))

    def bounded(self, rate: Fraction) -> Fraction:
        """Return the rate within its floor and its cap; both 0 are none."""
        if self.rules.floor_ppb == 0 and self.rules.cap_ppb == 0:
            return rate
        return min(max(rate, Fraction(self.rules.floor_ppb)), Fraction(self.rules.cap_ppb))

    # The payment.

    def give_rate(self, rate_ppb: int) -> None:
        """SetFundingRate: the next payment pays this."""
        self.know(Rate(Fraction(rate_ppb)))
        self.write_rate(Rate(Fraction(rate_ppb)), self.prices.next_payment_ns, is_external=True)

    def know(self, rate: Rate | None) -> None:
        """Remember what the next payment pays."""
        self.known = rate
        if rate is not None or self.rules.timing == "next":
            self.prices.rate = None if rate is None else round(rate.ppb)

    def pay_due(self) -> None:
        """One payment: pay what is known or what the samples make, and make the next one's rate."""
        if self.rules.sample_ns == 0:
            self.take_sample()
        made = self.made_rate()
        next_ns = self.prices.now + self.rules.interval_ns
        if self.rules.timing == "next":
            if self.known is not None:
                self.pay(self.known)
            self.know(made)
            if made is not None:
                self.write_rate(made, next_ns)
        else:
            rate = self.known or made
            if rate is not None and self.price_for(rate) is not None:
                if self.known is None:
                    self.prices.rate = round(rate.ppb)
                    self.write_rate(rate, self.prices.now)
                self.pay(rate)
            self.known = None
        self.samples = []

    def price_for(self, rate: Rate) -> int | None:
        """Return the price at which positions are paid."""
        if rate.price is not None:
            return rate.price
        if self.rules.price == "mark":
            return self.clearing.marks.get(self.instrument.instrument_id)
        return None if self.prices.index is None else self.prices.index[0]

    def pay(self, rate: Rate) -> None:
        """Everyone with a position pays or receives; what rounding leaves goes where the rule says."""
        price = self.price_for(rate)
        if price is None:
            return
        clearing, instrument_id = self.clearing, self.instrument.instrument_id
        per_lot = abs(self.prices.exact_value(1, price)) * abs(rate.ppb) / PPB
        paid = received = 0
        for account in (clearing.recorded_market, clearing.fund, *clearing.participants.values()):
            size = clearing.leg(account, instrument_id).size
            if size == 0:
                continue
            pays = (size > 0) == (rate.ppb > 0)
            amount = -ceil(abs(size) * per_lot) if pays else floor(abs(size) * per_lot)
            paid += max(0, -amount)
            received += max(0, amount)
            if amount == 0:
                continue
            if account is clearing.fund:
                clearing.credit_fund(instrument_id, amount)
            else:
                account.balance += amount
            self.journal.write(
                FundingPaid,
                instrument=instrument_id,
                account=account.account_id,
                amount=amount,
                size_lots=size,
                rate_ppb=round(rate.ppb),
                balance=account.balance,
            )
        if self.rules.remainder == "fund":
            clearing.credit_fund(instrument_id, paid - received)
        else:
            clearing.fees += paid - received
        self.journal.write(
            FundingSettled,
            instrument=instrument_id,
            rate_ppb=round(rate.ppb),
            price_ticks=price,
            paid=paid,
            received=received,
            remainder=paid - received,
        )

    def write_rate(self, rate: Rate, due_ns: int, *, is_external: bool = False) -> None:
        """Say which rate is paid, and when."""
        self.journal.write(
            FundingRateSet,
            instrument=self.instrument.instrument_id,
            rate_ppb=round(rate.ppb),
            premium_ppb=rate.premium,
            interest_ppb=rate.interest,
            due_ns=due_ns,
            is_external=is_external,
        )
