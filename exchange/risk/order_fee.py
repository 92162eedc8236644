"""What the fund gets of a liquidation order's fills, or pays for them: its rate, its cap, and the guard of the fund.

By the rule "on_fills" the clearing charges the fee fill by fill at the rate that is set here; by "capped_by_surplus" it
is charged after the order, measured at the bankruptcy price. Rules: section 6 of docs/semantics/liquidation.md.
"""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import SIZE, Ledger
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import write_liquidation_fee_charged
from exchange.risk.budgets import Budgets
from exchange.risk.fund import Fund
from exchange.risk.guarded_fill import lots_affordable
from exchange.risk.leg_work import LegWork
from exchange.risk.order_price import needed_for_part
from exchange.risk.quoting import OrderPricer
from exchange.risk.reduction import ramped_fee_ppm
from exchange.risk.sharing import NO_CAP
from exchange.risk.surplus import fund_delta, uncapped_fee
from exchange.rules import LiquidationRules


@final
class OrderFees:
    """Fees of liquidation orders that do not rest, one order at a time: `begin`, then the fills, then `end`."""

    def __init__(
        self,
        rules: LiquidationRules,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        pricer: OrderPricer,
        budgets: Budgets,
        fund: Fund,
    ) -> None:
        """Copy the rules; tell the clearing who charges."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.pricer = pricer
        self.budgets = budgets
        self.fund = fund
        self.is_capped: bool = rules.fee == "capped_by_surplus"
        self.most_ppm: int = rules.fee_most_ppm
        self.grace_ns: int = rules.fee_grace_ns
        self.step_ns: int = rules.fee_step_ns
        self.step_ppm: int = rules.fee_step_ppm
        self.is_fund_guarded: bool = rules.pacing.is_fund_guarded
        self.is_guarded: bool = rules.pacing.is_fund_guarded or rules.pacing.fund_loss > 0
        self.fee_ppm: int = 0  # of the order under way ...
        self.held: int = 0  # ... the lots of its leg before it ...
        self.needed: int = 0  # ... and what they had to bring so as to use up their share of equity
        clearing.charges_on_fills = not self.is_capped

    def begin(self, work: LegWork, market: Market) -> None:
        """Set the rate of an order, and note what it is measured at."""
        clearing = self.clearing
        size: int = self.ledger.legs[work.leg + SIZE]
        self.held = abs(size)
        if self.is_capped:
            value = clearing.leg_value(work.leg)
            self.needed = value - self.pricer.equity_share(work.liquidation.slot, work.leg)
            clearing.liquidated_value = 0
        self.fee_ppm = self._rate(work, market)
        clearing.extra_fee_ppm = self.fee_ppm - market.liquidation_ppm

    def affordable(self, market: Market, is_sale: bool, is_market: bool, price: i64, lots: i64) -> i64:
        """Return how many lots of the order the fund can stand for."""
        if not self.is_guarded:
            return lots
        left = self.budgets.loss_left()
        if self.is_fund_guarded:
            able = self.fund.payable(market.index)
            left = able if left == NO_CAP else min(left, able)
        return lots_affordable(market, is_sale, is_market, price, lots, self.held, self.needed, self.fee_ppm, left)

    def end(self, work: LegWork, market: Market, filled: int) -> None:
        """Charge what the fills of an order leave to the fund, or cost it."""
        self.clearing.extra_fee_ppm = 0
        if self.is_capped and filled > 0:
            brought = -self.clearing.liquidated_value
            self._charge(work, market, filled, brought, needed_for_part(self.held, filled, self.needed))

    def _rate(self, work: LegWork, market: Market) -> int:
        """Return the liquidation fee of an order that is sent now."""
        if self.most_ppm == 0:
            return market.liquidation_ppm
        now: int = self.log.ts_ns
        elapsed = now - work.liquidation.started_ns
        base = market.liquidation_ppm
        most = max(base, self.most_ppm)
        return ramped_fee_ppm(elapsed, self.grace_ns, base, most, self.step_ns, self.step_ppm)

    def _charge(self, work: LegWork, market: Market, lots: int, brought: int, needed: int) -> None:
        """Let the fund take its fee of a surplus, or pay for a shortfall."""
        slot, number = work.liquidation.slot, work.liquidation.number
        delta = fund_delta(lots, brought, needed, self.fee_ppm)
        if delta < 0:
            # The fund pays what it may; the rest is the account's, and becomes its deficit.
            delta = -self.fund.pay(market.index, number, -delta)
            self.budgets.use_loss(-delta)
        else:
            self.fund.receive(market.index, delta)
        self.ledger.post(slot, -delta)
        self.clearing.mark_dirty(slot)
        write_liquidation_fee_charged(
            self.log,
            market.instrument,
            self.ledger.account_ids[slot],
            number,
            uncapped_fee(brought, self.fee_ppm),
            brought - needed,
            delta,
            self.ledger.balances[slot],
        )
