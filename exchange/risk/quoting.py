"""At which price a liquidation order is sent, under the venue's rules."""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import NEXT_LEG, SCHEDULE, SIZE, Ledger
from exchange.margin.prices import (
    assisted_price,
    bankruptcy_value,
    gains_with_value,
    price_in_ticks,
    share_of_equity,
    value_before_fee,
)
from exchange.market import Market
from exchange.risk.order_price import fillable_price, offset_price, price_at_share, worse_price
from exchange.rules import PriceRules

_KINDS: Final = (
    "bankruptcy",
    "zero_equity",
    "whole_equity",
    "fillable",
    "mark",
    "last",
    "bankruptcy_or_mark",
)
BANKRUPTCY: Final = 0
ZERO_EQUITY: Final = 1
WHOLE_EQUITY: Final = 2
FILLABLE: Final = 3
AT_MARK: Final = 4
AT_LAST: Final = 5


@final
class OrderPricer:
    """Prices the orders of liquidated legs."""

    def __init__(self, rules: PriceRules, ledger: Ledger, clearing: Clearing) -> None:
        """Copy the rules."""
        self.ledger = ledger
        self.clearing = clearing
        self.kind: i64 = _KINDS.index(rules.kind)
        self.offset_ppm: int = rules.offset_ppm
        self.adjustment_ppm: int = rules.bankruptcy_adjustment_ppm
        self.spread_ppm: int = rules.spread_ppm
        self.improvement_ppm: int = rules.fund_improvement_ppm

    def price(self, market: Market, slot: i64, leg: i64) -> i64:
        """Return the limit of a leg's next order."""
        kind = self.kind
        if kind == BANKRUPTCY:
            return self._assisted(market, leg, self.bankruptcy_price(market, slot, leg))
        if kind == ZERO_EQUITY:
            return self._at_share(market, leg, self.notional_share(slot, leg))
        if kind == WHOLE_EQUITY:
            return self._at_share(market, leg, self.clearing.equity(slot))
        size: int = self.ledger.legs[leg + SIZE]
        if kind == FILLABLE:
            return fillable_price(
                market.valuation,
                size,
                self.clearing.leg_value(leg),
                self.clearing.equity(slot),
                self.clearing.maintenance(slot),
                self.clearing.leg_burden(leg),
                self.adjustment_ppm,
                self.spread_ppm,
                market.min_price,
                market.max_price,
            )
        if kind == AT_MARK or kind == AT_LAST:
            is_last = kind == AT_LAST and market.has_last
            reference: int = market.last if is_last else market.mark
            if not is_last and not market.has_mark:
                return self.bankruptcy_price(market, slot, leg)
            return offset_price(reference, self.offset_ppm, size > 0, market.min_price, market.max_price)
        bankruptcy = self.bankruptcy_price(market, slot, leg)
        worst: i64 = worse_price(bankruptcy, market.mark, size > 0) if market.has_mark else bankruptcy
        return self._assisted(market, leg, worst)

    def _assisted(self, market: Market, leg: i64, price: i64) -> i64:
        """Return a limit moved by what the fund lets the order pay beyond it."""
        if self.improvement_ppm == 0:
            return price
        size: int = self.ledger.legs[leg + SIZE]
        numerator, denominator = assisted_price(size, price, 1, self.improvement_ppm)
        return min(max(price_in_ticks(numerator, denominator, size), market.min_price), market.max_price)

    def bankruptcy_price(self, market: Market, slot: i64, leg: i64) -> i64:
        """Return the price at which closing a leg uses up its share of the account's equity."""
        clearing = self.clearing
        size: int = self.ledger.legs[leg + SIZE]
        value, equity = clearing.leg_value(leg), clearing.equity(slot)
        quote = bankruptcy_value(size, -size, -value, equity, clearing.leg_burden(leg), clearing.maintenance(slot))
        return self._at_quote(market, leg, quote)

    def zero_price(self, market: Market, slot: i64, leg: i64) -> i64:
        """Return the price at which closing a leg uses up its share of the equity by notional."""
        return self._at_share(market, leg, self.notional_share(slot, leg))

    def equity_share(self, slot: i64, leg: i64) -> int:
        """Return a leg's share of the account's equity, in proportion to maintenance margin, rounded down."""
        clearing = self.clearing
        return share_of_equity(clearing.equity(slot), clearing.leg_burden(leg), clearing.maintenance(slot))

    def notional_share(self, slot: i64, leg: i64) -> int:
        """Return a leg's share of the account's equity, in proportion to notional, rounded down."""
        total: int = 0
        other = self.ledger.first_legs[slot]
        while other != 0:
            if self.ledger.legs[other + SIZE] != 0:
                total += abs(self.clearing.leg_value(other))
            other = self.ledger.legs[other + NEXT_LEG]
        return share_of_equity(self.clearing.equity(slot), abs(self.clearing.leg_value(leg)), total)

    def _at_share(self, market: Market, leg: i64, share: int) -> i64:
        return self._at_quote(market, leg, self.clearing.leg_value(leg) - share)

    def _at_quote(self, market: Market, leg: i64, quote: int) -> i64:
        """Return the price at which closing a leg brings a quote, after its fee where the schedule counts one."""
        legs = self.ledger.legs
        size: int = legs[leg + SIZE]
        fee_ppm = market.schedules[legs[leg + SCHEDULE]].closing_fee_ppm
        if fee_ppm != 0:
            quote = value_before_fee(quote, gains_with_value(market.valuation, size), fee_ppm)
        return price_at_share(market.valuation, size, quote, 0, market.min_price, market.max_price)
