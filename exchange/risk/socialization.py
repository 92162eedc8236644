"""Losses that other accounts pay: who they are, what their share is computed from, and out of what it is taken.

A payer is an account, or one of its legs, with the most that it can pay; nobody pays more than that. The recorded
market, the fund, and accounts in liquidation are never payers. Rules: docs/semantics/waterfall.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import COST, FIRST_SLOT, LIQUIDATING, MARKET, NEXT_LEG, SIZE, Ledger
from exchange.clock import NEVER, Clock, TimedTask
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    BASE_LENDERS,
    BASE_OPEN_INTEREST,
    BASE_ROUND_GAINS,
    BASE_SESSION_REALIZED,
    BASE_SESSION_TOTAL,
    BASE_UNREALIZED,
    write_haircut_charged,
    write_lender_cut,
    write_loss_socialized,
    write_profit_clawed_back,
    write_session_ended,
    write_venue_loss_booked,
)
from exchange.risk.fund import NO_MARKET, Fund
from exchange.risk.sharing import clawback_rate, lender_cuts, levy_or_share, open_interest_shares, share_collected
from exchange.rules import SocializationRules

_BASES: Final = ("unrealized", "round_gains", "session_realized", "session_total", "open_interest")


@final
class Payer:
    """One who may be charged: an account, or one leg of it."""

    def __init__(self, account: i64, slot: i64, leg: i64, weight: int, most: int) -> None:
        """weight: what the share is in proportion to. most: what it may pay. leg: 0 for the whole account."""
        self.account: i64 = account
        self.slot: i64 = slot
        self.leg: i64 = leg
        self.weight: int = weight
        self.most: int = most


@final
class Socializer(TimedTask):
    """Charges other accounts for losses: at once, or at the end of a session."""

    def __init__(
        self,
        rules: SocializationRules,
        has_session_step: bool,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        fund: Fund,
        clock: Clock,
    ) -> None:
        """Copy the rules; has_session_step: losses may be deferred to the session's end."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.fund = fund
        self.clock = clock
        self.base: i64 = _BASES.index(rules.base)
        self.is_one_instrument: bool = rules.scope == "instrument"
        self.levy_ppm: int = rules.levy_ppm
        self.remainder: str = rules.remainder
        self.session_ns: int = rules.session_ns
        self.session_offset_ns: int = rules.session_offset_ns
        self.carries: bool = rules.session_rest == "carry"
        is_session_base = self.base == BASE_SESSION_REALIZED or self.base == BASE_SESSION_TOTAL
        self.has_sessions: bool = has_session_step or is_session_base
        ledger.counts_sessions = self.has_sessions
        if self.has_sessions and self.session_ns > 0:
            clock.add(self)

    # --- at once -----------------------------------------------------------------------------------------------

    def socialize(
        self, base: i64, slot: i64, index: i64, liquidation: i64, deficit: int, haircuts: list[tuple[int, int]]
    ) -> int:
        """Share a deficit over other accounts and credit it; return what is left. O(accounts).

        base: the rule's, or BASE_LENDERS. index: the market of the liquidation, or -1. haircuts: slot and amount of
        each charge are added to it.
        """
        payers = self._payers(base, index)
        if len(payers) == 0:
            return deficit
        shares = self._shares(base, payers, deficit)
        charged = sum(shares)
        paid = min(charged, deficit)
        self.ledger.post(slot, paid)
        account = self.ledger.account_ids[slot]
        weight = sum([payer.weight for payer in payers])
        write_loss_socialized(self.log, account, liquidation, deficit, weight, charged, len(payers), base)
        if charged > paid:
            self.fund.receive(index, charged - paid)
        for payer, share in zip(payers, shares, strict=True):
            if share > 0:
                self._charge(payer, base, liquidation, share)
                haircuts.append((payer.slot, share))
        return deficit - paid

    # --- at the end of a session -------------------------------------------------------------------------------

    def defer(self, amount: int) -> None:
        """Take note that a loss waits for the end of the session; its account has been credited."""
        self.ledger.deferred += amount

    def end_session(self) -> None:
        """Have the profits of the session pay the losses that waited, and count profits from zero again.

        The base is the rule's if it is one of a session's, else what was realized in the session.
        """
        ledger = self.ledger
        deferred = ledger.deferred
        base = self.base if self.base == BASE_SESSION_TOTAL else BASE_SESSION_REALIZED
        payers: list[Payer] = []
        shares: list[int] = []
        if deferred > 0:
            payers = self._payers(base, NO_MARKET)
            if len(payers) > 0:
                shares = self._shares(base, payers, deferred)
        charged = sum(shares)
        weight = sum([payer.weight for payer in payers])
        rate = clawback_rate(charged, weight)
        write_session_ended(self.log, deferred, weight, charged, rate, len(payers), base)
        paid = min(charged, deferred)
        ledger.deferred -= paid
        if charged > paid:
            self.fund.receive(NO_MARKET, charged - paid)
        for payer, share in zip(payers, shares, strict=True):
            if share > 0:
                self._charge(payer, base, 0, share)
        if ledger.deferred > 0 and not self.carries:
            rest = ledger.deferred
            ledger.deferred = 0
            ledger.venue_loss += rest
            write_venue_loss_booked(self.log, 0, 0, rest, ledger.venue_loss)
        for counted in ledger.session_slots:
            ledger.session_profits[counted] = 0
        ledger.session_slots = []

    def run(self) -> None:
        """End the session that is over now; the next end is set when there is something to end."""
        self.due_ns = NEVER
        self.end_session()

    def observe(self) -> None:
        """After a settling: set the session's end when a profit was counted or a loss deferred."""
        is_waiting = len(self.ledger.session_slots) > 0 or self.ledger.deferred > 0
        if self.session_ns > 0 and self.due_ns == NEVER and is_waiting:
            since: int = self.log.ts_ns
            since -= self.session_offset_ns
            ends = (since // self.session_ns + 1) * self.session_ns + self.session_offset_ns
            if ends < NEVER:
                self.clock.set_due(self, ends)

    # --- who ---------------------------------------------------------------------------------------------------

    def _payers(self, base: i64, index: i64) -> list[Payer]:
        """Return who can be charged, by ascending account id, slot and instrument."""
        is_of_legs = base == BASE_ROUND_GAINS or base == BASE_OPEN_INTEREST
        is_of_legs = is_of_legs or (base == BASE_UNREALIZED and self.is_one_instrument)
        payers: list[Payer] = []
        slot: i64 = FIRST_SLOT
        while slot < self.ledger.slot_count:
            if self.ledger.states[slot] != LIQUIDATING and self.ledger.homes[slot] == slot:
                account = self.ledger.account_ids[slot]
                if is_of_legs:
                    self._add_legs(payers, base, index, account, slot)
                else:
                    most = self._account_base(base, slot)
                    if most > 0:
                        payers.append(Payer(account, slot, 0, most, most))
            slot += 1
        keys = [(payers[place].account, payers[place].slot, place) for place in range(len(payers))]
        keys.sort()
        return [payers[place] for _, _, place in keys]

    def _account_base(self, base: i64, slot: i64) -> int:
        """Return what an account's share is computed from, which is also the most that it pays."""
        ledger = self.ledger
        if base == BASE_UNREALIZED:
            return self.clearing.unrealized(slot) if ledger.first_legs[slot] != 0 else 0
        balance: int = ledger.balances[slot]
        equity = self.clearing.equity(slot)
        if base == BASE_LENDERS:  # the money that it keeps with the venue
            return min(balance, equity, self.clearing.assets.cash(slot))
        profit: int = ledger.session_profits[slot]
        if base == BASE_SESSION_REALIZED:
            return min(profit, balance, equity)
        # What assets gained is in the equity, but in no leg that can be charged.
        unrealized = self.clearing.unrealized(slot)
        return min(profit + unrealized, balance + unrealized, equity)

    def _add_legs(self, payers: list[Payer], base: i64, index: i64, account: i64, slot: i64) -> None:
        ledger, clearing = self.ledger, self.clearing
        needs_market = base == BASE_OPEN_INTEREST or self.is_one_instrument
        leg = ledger.first_legs[slot]
        while leg != 0:
            size: int = ledger.legs[leg + SIZE]
            market = clearing.markets[ledger.legs[leg + MARKET]]
            if size != 0 and not market.is_spot and (not needs_market or market.index == index):
                if base == BASE_OPEN_INTEREST:
                    payers.append(Payer(account, slot, leg, abs(size), max(0, clearing.equity(slot))))
                else:
                    gain = self._leg_gain(market, leg, base)
                    if gain > 0:
                        payers.append(Payer(account, slot, leg, gain, gain))
            leg = ledger.legs[leg + NEXT_LEG]

    def _leg_gain(self, market: Market, leg: i64, base: i64) -> int:
        """Return what a leg has gained: since it was bought, or by the change of its mark in this step."""
        legs = self.ledger.legs
        if base == BASE_UNREALIZED:
            cost: int = legs[leg + COST]
            return self.clearing.leg_value(leg) - cost
        if not market.has_mark or market.mark_step != self.log.step:
            return 0
        size: int = legs[leg + SIZE]
        return market.valuation.value(size, market.mark) - market.valuation.value(size, market.mark_before)

    # --- how much ----------------------------------------------------------------------------------------------

    def _shares(self, base: i64, payers: list[Payer], loss: int) -> list[int]:
        weights = [payer.weight for payer in payers]
        if base == BASE_OPEN_INTEREST:
            return open_interest_shares(loss, weights, [payer.most for payer in payers])
        if base == BASE_LENDERS:
            return lender_cuts(loss, weights)
        if base == BASE_ROUND_GAINS:
            gains = sum(weights)
            received = share_collected(gains - min(loss, gains), weights, self.remainder)
            return [gain - got for gain, got in zip(weights, received, strict=True)]
        return levy_or_share(loss, weights, self.levy_ppm, self.remainder)

    def _charge(self, payer: Payer, base: i64, liquidation: i64, share: int) -> None:
        """Take a share: out of a leg, out of the legs in profit, or out of the balance and then those."""
        if base == BASE_LENDERS:
            self.ledger.post(payer.slot, -share)
            balance: int = self.ledger.balances[payer.slot]
            write_lender_cut(self.log, payer.account, liquidation, share, payer.weight, balance)
        elif payer.leg != 0:
            self._charge_leg(payer.account, payer.leg, liquidation, share, payer.most)
        else:
            is_of_session = base == BASE_SESSION_REALIZED or base == BASE_SESSION_TOTAL
            # What an isolated position pays out of its balance would not lower its profit, which is counted elsewhere.
            if is_of_session and self.ledger.parents[payer.slot] == 0:
                share -= self._charge_balance(payer, liquidation, share)
            self._charge_legs(payer, liquidation, share)
        self.clearing.mark_dirty(payer.slot)

    def _charge_balance(self, payer: Payer, liquidation: i64, share: int) -> int:
        """Take a share out of a positive balance, as far as it goes, and off the session's profit; return how much."""
        ledger = self.ledger
        balance: int = ledger.balances[payer.slot]
        paid = min(share, max(0, balance))
        if paid > 0:
            ledger.post(payer.slot, -paid)
            ledger.count_profit(payer.slot, -paid)
            balance -= paid
            write_profit_clawed_back(self.log, payer.account, liquidation, paid, payer.most, balance)
        return paid

    def _charge_legs(self, payer: Payer, liquidation: i64, share: int) -> None:
        """Take a share out of an account's unrealized profit, position by position in ascending instrument id.

        The haircut raises the position's cost: a profit that has paid is not there to pay again.
        """
        legs = self.ledger.legs
        leg = self.ledger.first_legs[payer.slot]
        while leg != 0 and share > 0:
            cost: int = legs[leg + COST]
            profit = self.clearing.leg_value(leg) - cost
            # An asset's gain is nobody's debt.
            if profit > 0 and not self.clearing.markets[legs[leg + MARKET]].is_spot:
                paid = min(share, profit)
                share -= paid
                self._charge_leg(payer.account, leg, liquidation, paid, profit)
            leg = legs[leg + NEXT_LEG]

    def _charge_leg(self, account: i64, leg: i64, liquidation: i64, paid: int, profit: int) -> None:
        legs = self.ledger.legs
        cost: int = legs[leg + COST]
        legs[leg + COST] = cost + paid
        instrument = self.clearing.markets[legs[leg + MARKET]].instrument
        write_haircut_charged(self.log, instrument, account, liquidation, paid, profit, cost + paid)
