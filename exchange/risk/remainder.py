"""Who takes over what orders could not sell: the fund or a backstop account, at which price, within which capacity."""

from typing import final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import FILL_SLOT, FUND_SLOT, MARKET, NEXT_LEG, NORMAL, SIZE, Ledger
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import REJECT_NONE, write_backstop_missing, write_position_taken_over, write_position_transferred
from exchange.risk.disposal import Disposer
from exchange.risk.fund import Fund
from exchange.risk.leg_work import LegWork
from exchange.risk.quoting import OrderPricer
from exchange.risk.takeover import is_declined, lots_within_capacity, taker_value
from exchange.rules import Rules
from exchange.units import PPM, mul_div


@final
class Takeovers:
    """Moves positions from liquidated accounts to takers."""

    def __init__(
        self,
        rules: Rules,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        markets: list[Market],
        pricer: OrderPricer,
        disposer: Disposer,
        fund: Fund,
    ) -> None:
        """Copy the rules."""
        self.fund = fund
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.pricer = pricer
        self.disposer = disposer
        takeover = rules.liquidation.takeover
        self.is_at_mark: bool = takeover.price == "mark"
        self.is_at_bankruptcy: bool = takeover.price == "bankruptcy"
        self.mark_share_ppm: int = takeover.mark_share_ppm
        self.fund_cap_ppm: int = takeover.fund_cap_ppm
        self.backstop_accounts: list[int] = list(takeover.backstop_accounts)
        self.missing: list[int] = []  # backstop accounts that were asked for, and do not exist
        self.backstop_cap_ppm: int = takeover.backstop_cap_ppm
        self.declines_insolvent: bool = takeover.declines_insolvent

    def price(self, market: Market, slot: i64, leg: i64) -> i64:
        """Return the price that a liquidated account gets for a leg without the book."""
        if self.is_at_mark:
            return market.mark if market.has_mark else market.last
        if self.is_at_bankruptcy:
            return self.pricer.bankruptcy_price(market, slot, leg)
        return self.pricer.zero_price(market, slot, leg)

    def by_fund(self, market: Market, work: LegWork, lots: i64) -> i64:
        """Have the fund take over up to so many lots; return what is left of them."""
        slot, leg = work.liquidation.slot, work.leg
        taken: int = lots
        if self.fund_cap_ppm > 0:
            fund: int = self.ledger.balances[FUND_SLOT]
            allowed = mul_div(max(fund, 0), self.fund_cap_ppm, PPM) - self._other_notional(FUND_SLOT, market)
            taken = self._within(market, FUND_SLOT, leg, lots, allowed)
        if taken <= 0:
            return lots
        size = self._signed(leg, taken)
        price = self.price(market, slot, leg)
        value = self._value(market, leg, size, price)
        fill_slot = self.ledger.legs[leg + FILL_SLOT]
        realized = self.clearing.change_position(market, fill_slot, -size, -value)
        fund_realized = self.clearing.change_position(market, FUND_SLOT, size, value)
        if self.clearing.has_assets:
            self.clearing.mark_dirty(slot)  # it may owe less now
        account = self.ledger.account_ids[slot]
        write_position_taken_over(self.log, market.instrument, account, work.liquidation.number, size, price, value)
        self.clearing.write_position(market, fill_slot, realized, 0)
        self.clearing.write_position(market, FUND_SLOT, fund_realized, 0)
        self.disposer.note_taken(market)
        left: int = lots
        return left - taken

    def by_backstop(self, market: Market, work: LegWork, lots: i64) -> i64:
        """Have the backstop accounts take over up to so many lots, each in turn; return what is left of them."""
        slot = work.liquidation.slot
        if is_declined(self.clearing.equity(slot), self.declines_insolvent):
            return lots
        account: int = self.ledger.account_ids[slot]
        if account in self.backstop_accounts:
            return lots  # Two of them could hand one position to and fro for ever.
        left: int = lots
        for backstop in self.backstop_accounts:
            taker = self.ledger.find(backstop)
            if taker == 0:
                self._note_missing(market, work, backstop)
                continue
            if self.ledger.states[taker] != NORMAL:
                continue
            if left > 0 and self.clearing.equity(taker) > 0:
                left -= self._by_account(market, work, taker, left)
        return left

    def _note_missing(self, market: Market, work: LegWork, backstop: int) -> None:
        """Say, once for each, that nobody ever opened a backstop account of the rules."""
        if backstop not in self.missing:
            self.missing.append(backstop)
            account = self.ledger.account_ids[work.liquidation.slot]
            write_backstop_missing(self.log, market.instrument, account, work.liquidation.number, backstop)

    def _by_account(self, market: Market, work: LegWork, taker: i64, lots: int) -> int:
        """Have one account take over what it can; return how much that was."""
        clearing = self.clearing
        slot, leg = work.liquidation.slot, work.leg
        taker_leg = clearing.leg_in(market, taker)  # may move the column
        if self.backstop_cap_ppm > 0:
            allowed = mul_div(clearing.equity(taker), self.backstop_cap_ppm, PPM) - self._other_notional(taker, market)
        else:
            leverage = clearing.leverage(taker_leg)
            own = clearing.leg_initial_margin(taker_leg, 0, 0, leverage)
            allowed = (clearing.equity(taker) - clearing.initial_margin(taker) + own) * leverage
        taken = self._within(market, taker, leg, lots, allowed)
        size = self._signed(leg, taken)
        price = self.price(market, slot, leg)
        value = self._value(market, leg, size, price)
        if taken <= 0 or clearing.size_refusal(market, taker, taken, abs(value), 0) != REJECT_NONE:
            return 0
        paid = value
        if self.mark_share_ppm > 0 and market.has_mark:
            paid = taker_value(value, market.valuation.value(size, market.mark), self.mark_share_ppm)
            if paid < value:
                paid = value - self.fund.pay(market.index, work.liquidation.number, value - paid)
            else:
                self.fund.receive(market.index, paid - value)
        fill_slot = self.ledger.legs[leg + FILL_SLOT]
        realized = clearing.change_position(market, fill_slot, -size, -value)
        taker_realized = clearing.change_position(market, taker, size, paid)
        clearing.mark_dirty(slot)
        clearing.mark_dirty(taker)
        number = work.liquidation.number
        account, taker_account = self.ledger.account_ids[slot], self.ledger.account_ids[taker]
        write_position_transferred(self.log, market.instrument, account, number, size, value, paid, taker_account)
        clearing.write_position(market, fill_slot, realized, 0)
        clearing.write_position(market, taker, taker_realized, 0)
        work.liquidation.taker = taker
        return taken

    def _within(self, market: Market, taker: i64, leg: i64, lots: int, allowed: int) -> int:
        """Return how many of a leg's lots a taker may take within a notional for this market."""
        legs = self.ledger.legs
        taker_leg = market.leg(taker)
        held: int = legs[taker_leg + SIZE] if taker_leg != 0 else 0
        size = self._signed(leg, lots)
        return lots_within_capacity(held, size, abs(self._mark_value(market, leg, size)), max(allowed, 0))

    def _other_notional(self, slot: i64, market: Market) -> int:
        """Return what an account's positions in other markets are worth."""
        total: int = 0
        leg = self.ledger.first_legs[slot]
        while leg != 0:
            if self.ledger.legs[leg + SIZE] != 0 and self.ledger.legs[leg + MARKET] != market.index:
                total += abs(self.clearing.leg_value(leg))
            leg = self.ledger.legs[leg + NEXT_LEG]
        return total

    def _signed(self, leg: i64, lots: int) -> int:
        return lots if self.ledger.legs[leg + SIZE] > 0 else -lots

    def _value(self, market: Market, leg: i64, size: int, price: i64) -> int:
        """Return what the account gets for a part of a leg."""
        return self._mark_value(market, leg, size) if self.is_at_mark else market.valuation.value(size, price)

    def _mark_value(self, market: Market, leg: i64, size: int) -> int:
        """Return what a part of a leg is worth at mark; without one, its part of the cost, rounded towards zero."""
        whole: int = self.ledger.legs[leg + SIZE]
        value = self.clearing.leg_value(leg)
        if size == whole:
            return value
        if market.has_mark:
            return market.valuation.value(size, market.mark)
        part = mul_div(abs(value), abs(size), abs(whole))
        return part if value >= 0 else -part
