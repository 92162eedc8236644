"""Isolated margin and hedge mode: which slot stands for an account in a market, and what goes in and out of a pocket.

A *pocket* is a slot with a balance of its own for one isolated position; its orders, fills and liquidation concern
nothing else of its account. An *alias* is the slot under which the short side of a hedged pair trades: its leg and its
money are its home's. Both stay with the account when the mode is left, and are used again when it comes back.

Conservation: `Clearing.move_margin` posts both sides. Known limit: in isolated hedge mode both sides share one pocket.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import (
    BUY_LOTS,
    LEVERAGE,
    MARKET,
    NORMAL,
    PAIR,
    SELL_LOTS,
    SIZE,
    Ledger,
)
from exchange.enums import BUY, SELL
from exchange.errors import InvariantError
from exchange.margin.requirements import isolated_excess
from exchange.market import Market
from exchange.records import REJECT_NONE, REJECT_NOTHING_TO_CLOSE, TRANSFER_RETURNED
from exchange.rules import MarginRules

NET: Final = 0  # PositionSide
LONG: Final = 1
SHORT: Final = 2


@final
class Pockets:
    """Knows the modes of every account."""

    def __init__(self, rules: MarginRules, ledger: Ledger, clearing: Clearing, markets: list[Market]) -> None:
        """Copy the rules; share the books of account."""
        self.ledger = ledger
        self.clearing = clearing
        self.markets = markets
        self.returns_excess: bool = rules.isolated_return == "excess"
        self.added: dict[int, int] = {}  # by pocket: margin added by hand, less what was taken out

    # --- which slot --------------------------------------------------------------------------------------------

    def home(self, market: Market, main: i64) -> i64:
        """Return the slot that owns an account's position in a market: its pocket there, or its main slot."""
        if self.ledger.modes[main] == 0 or main not in market.isolated:
            return main
        return market.pockets[main]

    def short_side(self, market: Market, main: i64) -> i64:
        """Return the alias for an account's short side in a market; 0 in one-way mode."""
        if self.ledger.modes[main] == 0 or main not in market.hedged:
            return 0
        return market.aliases[self.home(market, main)]

    def is_isolated(self, market: Market, main: i64) -> bool:
        """Return whether an account's position in a market has a pocket of its own."""
        return main in market.isolated

    def is_hedged(self, market: Market, main: i64) -> bool:
        """Return whether an account may hold a long and a short in a market at once."""
        return main in market.hedged

    # --- modes -------------------------------------------------------------------------------------------------

    def set_isolated(self, market: Market, main: i64, is_isolated: bool) -> None:
        """Change the margin mode of an account without position and orders in a market."""
        if is_isolated == self.is_isolated(market, main):
            return
        if is_isolated:
            market.isolated.add(main)
            if main not in market.pockets:
                market.pockets[main] = self.ledger.open_pocket(main)
            self.clearing.watches_orders = True
            self._carry_leverage(market, main, market.pockets[main])
        else:
            self._empty(market, market.pockets[main])
            market.isolated.remove(main)
            self._carry_leverage(market, market.pockets[main], main)
        self.ledger.modes[main] += 1 if is_isolated else -1
        if self.is_hedged(market, main):
            self._pair(market, main)

    def set_hedged(self, market: Market, main: i64, is_hedged: bool) -> None:
        """Change the position mode of an account without position and orders in a market."""
        if is_hedged == self.is_hedged(market, main):
            return
        if is_hedged:
            market.hedged.add(main)
            market.has_hedges = True
            self.ledger.modes[main] += 1
            self._pair(market, main)
        else:
            market.hedged.remove(main)
            self.ledger.modes[main] -= 1

    def _pair(self, market: Market, main: i64) -> None:
        """Give an account's position in a market an alias for its short side, and pair the two legs."""
        home = self.home(market, main)
        if home not in market.aliases:
            market.aliases[home] = self.ledger.open_alias(home)
        long_leg = self.clearing.leg_in(market, home)
        short_leg = self.clearing.leg_in(market, market.aliases[home])
        legs = self.ledger.legs
        self.clearing.has_special = True
        legs[long_leg + PAIR] = short_leg
        legs[short_leg + PAIR] = long_leg
        self._carry_leverage(market, home, market.aliases[home])

    def _carry_leverage(self, market: Market, old: i64, new: i64) -> None:
        """Let a leverage that was set go with the account into another mode."""
        old_leg = market.leg(old)
        if old_leg != 0:
            self.clearing.set_leverage(market, new, self.ledger.legs[old_leg + LEVERAGE])

    # --- what is held ------------------------------------------------------------------------------------------

    def has_position(self, market: Market, main: i64) -> bool:
        """Return whether an account has a position in a market, in its present modes."""
        legs = self.ledger.legs
        leg = market.leg(self.home(market, main))
        short_leg = market.leg(self.short_side(market, main))
        return (leg != 0 and legs[leg + SIZE] != 0) or (
            self.is_hedged(market, main) and short_leg != 0 and legs[short_leg + SIZE] != 0
        )

    def has_orders(self, market: Market, main: i64) -> bool:
        """Return whether an account has live orders in a market, stops included."""
        short_side = self.short_side(market, main)
        return market.book.oldest_of(self.home(market, main)) != 0 or (
            short_side != 0 and market.book.oldest_of(short_side) != 0
        )

    def closing_refusal(self, market: Market, slot: i64, side: i64, lots: int, freed_lots: int) -> i64:
        """Return NOTHING_TO_CLOSE where an order of a hedged side would close more than is held, or 0.

        What resting orders would close already counts as closed, but for `freed_lots` of the order that is replaced.
        """
        is_short = self.ledger.homes[slot] != slot
        leg = market.leg(slot)
        if leg == 0 or self.ledger.legs[leg + PAIR] == 0 or side != (BUY if is_short else SELL):
            return REJECT_NONE
        if not self.is_hedged(market, self.ledger.main_of(slot)):
            return REJECT_NONE
        legs = self.ledger.legs
        size: int = legs[leg + SIZE]
        closing: int = legs[leg + BUY_LOTS] if is_short else legs[leg + SELL_LOTS]
        return REJECT_NOTHING_TO_CLOSE if lots > abs(size) - closing + freed_lots else REJECT_NONE

    # --- what goes back ----------------------------------------------------------------------------------------

    def return_excess(self) -> None:
        """Give back what pockets that changed since the last settling need no more, by account, then by instrument.

        Flat and without resting orders: the whole balance, where positive. Otherwise, by rule: what balance + min(0,
        unrealized profit) is above the initial margin and the margin added by hand. Pockets in liquidation wait.
        """
        touched = self.clearing.touched_pockets
        self.clearing.touched_pockets = []
        found: list[tuple[int, int, int]] = []
        for pocket in set(touched):
            leg = self.ledger.first_legs[pocket]
            if leg != 0 and self.ledger.states[pocket] == NORMAL:
                found.append((self.ledger.account_ids[pocket], self.ledger.legs[leg + MARKET], pocket))
        found.sort()
        for _, market_index, slot in found:
            pocket_slot: i64 = slot
            amount = self._excess(pocket_slot)
            if amount > 0:
                self.clearing.move_margin(self.markets[market_index], pocket_slot, -amount, TRANSFER_RETURNED)

    def _excess(self, pocket: i64) -> int:
        balance: int = self.ledger.balances[pocket]
        if self.ledger.is_idle(pocket):
            self.added[pocket] = 0
            return balance
        if not self.returns_excess:
            return 0
        kept = self.clearing.initial_margin(pocket) + self.added.get(pocket, 0)
        return isolated_excess(balance, self.clearing.unrealized(pocket), kept)

    def _empty(self, market: Market, pocket: i64) -> None:
        """Give back what a pocket has that is not used any more."""
        self.added[pocket] = 0
        balance: int = self.ledger.balances[pocket]
        if balance != 0:
            self.clearing.move_margin(market, pocket, -balance, TRANSFER_RETURNED)

    def check(self) -> None:
        """Raise InvariantError where a pocket that is not in use has money. O(accounts).

        A pocket of a mode that was left has none; one without position and orders no more than was added by hand.
        """
        ledger = self.ledger
        for market in self.markets:
            for main, pocket in market.pockets.items():
                balance: int = ledger.balances[pocket]
                if balance == 0 or ledger.states[pocket] != NORMAL or not ledger.is_idle(pocket):
                    continue
                if not self.is_isolated(market, main) or balance > self.added.get(pocket, 0):
                    raise InvariantError(
                        f"account {ledger.account_ids[main]}: expected no money in its idle pocket of instrument "
                        f"{market.instrument}, found {balance}"
                    )

    def note_added(self, pocket: i64, amount: int) -> None:
        """Remember margin that was added by hand, or taken out (negative)."""
        self.added[pocket] = max(0, self.added.get(pocket, 0) + amount)

    def removable(self, pocket: i64) -> int:
        """Return what may be taken out of a pocket by hand: unrealized profit does not count, initial margin stays."""
        balance: int = self.ledger.balances[pocket]
        required = self.clearing.initial_margin(pocket)
        return isolated_excess(balance, self.clearing.unrealized(pocket), required)
