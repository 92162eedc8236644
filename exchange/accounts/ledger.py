"""Who has what: accounts, balances, positions, and the venue's own money. Money is moved here, never made.

Owns: the account slots (0 the recorded market, 1 the insurance fund, participants from 2), their balances and states,
and a *leg* for each (account, instrument) that ever held a position, an order or a leverage. Knows no book, writes no
event.

Two kinds of slots belong to a participant's main slot: a *pocket* holds one isolated position with its own balance
(`parents` names the main slot), an *alias* is the name under which the short side of a hedged pair trades, and has
nothing of its own (`homes` names the slot that its leg and its money belong to).

Conservation, which `conserved` states: balances + fees - costs = deposits - withdrawals + opening + what was paid to
the bankrupt and is not collected: venue loss + deferred + debts of the venue + written off; sizes of an instrument sum
to the lots deposited - withdrawn (0 but for spot instruments).
"""

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.enums import INSURANCE_FUND, RECORDED_MARKET
from exchange.errors import InvariantError
from exchange.packed.columns import doubled, new_column
from exchange.packed.id_table import IdTable
from exchange.units import MAX_STORED_MONEY

RECORDED_SLOT: Final = 0
FUND_SLOT: Final = 1
FIRST_SLOT: Final = 2  # of participants

NORMAL: Final = 0
QUEUED: Final = 1  # found below maintenance, its liquidation not yet started
LIQUIDATING: Final = 2

# Why an account may only reduce: bits of `limits`.
LIMITED_BY_LEVEL: Final = 1
LIMITED_BY_OPERATOR: Final = 2

LEG_ROW: Final = 16
OWNER_SLOT: Final = 0
MARKET: Final = 1  # index of its market in the venue; markets stand by ascending instrument id
SIZE: Final = 2  # lots, signed
COST: Final = 3  # money paid for the size, signed
BUY_LOTS: Final = 4  # open in resting orders
SELL_LOTS: Final = 5
BUY_NOTIONAL: Final = 6  # of those that ask for margin: all but reduce-only ones
SELL_NOTIONAL: Final = 7
LEVERAGE: Final = 8  # 0: the instrument's default
NEXT_LEG: Final = 9  # of the same account, by ascending instrument id
HAS_TRADED: Final = 10
SCHEDULE: Final = 11  # number of the margin schedule that it is under
FILL_SLOT: Final = 12  # under which its orders and fills run: the owner's, or an alias for the short side of a pair
PAIR: Final = 13  # the other side's leg of a hedged pair, 0: none
BUY_REDUCING: Final = 14  # of BUY_LOTS, those of reduce-only orders, which have no part in BUY_NOTIONAL
SELL_REDUCING: Final = 15


@final
class Ledger:
    """Accounts by slot and legs by handle (the first index of a row; 0 is 'none')."""

    account_ids: "vec[i64]"
    balances: "vec[i64]"
    states: "vec[i64]"
    liquidations: "vec[i64]"
    limits: "vec[i64]"
    first_legs: "vec[i64]"
    parents: "vec[i64]"
    homes: "vec[i64]"
    modes: "vec[i64]"
    legs: "vec[i64]"
    debts: "vec[i64]"
    session_profits: "vec[i64]"

    def __init__(self, fund_opening: int) -> None:
        """Open the venue's own accounts, the fund with its opening money."""
        self.slots = IdTable()
        self.slot_count: i64 = FIRST_SLOT
        self.account_ids = new_column(64)
        self.account_ids[RECORDED_SLOT] = RECORDED_MARKET
        self.account_ids[FUND_SLOT] = INSURANCE_FUND
        self.balances = new_column(64)
        self.balances[FUND_SLOT] = fund_opening
        self.states = new_column(64)
        self.liquidations = new_column(64)  # id of the running liquidation
        self.limits = new_column(64)  # why an account may only reduce
        self.first_legs = new_column(64)
        self.parents = new_column(64)  # of a pocket: the main slot; else 0
        self.debts = new_column(64)  # all that an account owes, to whomever, interest included
        self.session_profits = new_column(64)  # realized since the session began
        self.homes = new_column(64)  # who owns the money: the slot itself, or an alias's home
        self.homes[FUND_SLOT] = FUND_SLOT
        self.modes = new_column(64)  # in how many instruments a main slot is isolated or hedged
        self.legs = new_column(64 * LEG_ROW)
        self.unused_leg: i64 = LEG_ROW
        self.fund_opening: int = fund_opening
        self.fees: int = 0
        self.deposits: int = 0  # participants'
        self.fund_deposits: int = 0
        self.withdrawals: int = 0
        self.venue_loss: int = 0
        self.deferred: int = 0  # paid to the bankrupt, and waiting for the profits of the session
        self.debt_outstanding: int = 0  # paid to the bankrupt by the venue, and owed to it
        self.written_off: int = 0
        self.frozen_count: i64 = 0  # accounts that owe and may place no orders
        self.counts_sessions: bool = False
        self.session_slots: list[int] = []  # with a profit or loss of the session that is not counted as zero again
        self.asset_lots: dict[int, int] = {}  # by market: lots deposited - withdrawn; none where there are no assets

    def find(self, account: i64) -> i64:
        """Return a participant's slot, or 0."""
        return self.slots.find(account)

    def open_account(self, account: i64) -> i64:
        """Give a participant who has none a slot and return it."""
        slot = self._add_slot(account)
        self.homes[slot] = slot
        self.slots.put(account, slot)
        return slot

    def open_pocket(self, main: i64) -> i64:
        """Give an account a slot for one isolated position and return it."""
        slot = self._add_slot(self.account_ids[main])
        self.homes[slot] = slot
        self.parents[slot] = main
        return slot

    def open_alias(self, home: i64) -> i64:
        """Give a slot a second name, for the short side of a hedged pair, and return it."""
        slot = self._add_slot(self.account_ids[home])
        self.homes[slot] = home
        return slot

    def is_main(self, slot: i64) -> bool:
        """Return whether a slot is a participant's own, and no pocket or alias."""
        return slot >= FIRST_SLOT and self.parents[slot] == 0 and self.homes[slot] == slot

    def main_of(self, slot: i64) -> i64:
        """Return the main slot of the participant that a slot belongs to."""
        home = self.homes[slot]
        parent = self.parents[home]
        return parent if parent != 0 else home

    def is_idle(self, slot: i64) -> bool:
        """Return whether a slot that owns legs has neither a position nor resting orders. O(legs)."""
        legs = self.legs
        leg = self.first_legs[slot]
        while leg != 0:
            if legs[leg + SIZE] != 0 or legs[leg + BUY_LOTS] != 0 or legs[leg + SELL_LOTS] != 0:
                return False
            leg = legs[leg + NEXT_LEG]
        return True

    def _add_slot(self, account: i64) -> i64:
        slot = self.slot_count
        if slot == len(self.account_ids):
            self.account_ids = doubled(self.account_ids)
            self.balances = doubled(self.balances)
            self.states = doubled(self.states)
            self.liquidations = doubled(self.liquidations)
            self.limits = doubled(self.limits)
            self.first_legs = doubled(self.first_legs)
            self.parents = doubled(self.parents)
            self.debts = doubled(self.debts)
            self.session_profits = doubled(self.session_profits)
            self.homes = doubled(self.homes)
            self.modes = doubled(self.modes)
        self.slot_count = slot + 1
        self.account_ids[slot] = account
        return slot

    def post(self, slot: i64, amount: int) -> None:
        """Add money (signed) to a balance, an alias's home's. Raises InvariantError where it would not fit."""
        slot = self.homes[slot]
        balance: int = self.balances[slot]
        balance += amount
        if not -MAX_STORED_MONEY <= balance <= MAX_STORED_MONEY:
            raise InvariantError(f"balance of account {self.account_ids[slot]} would pass 2**62: {balance}")
        self.balances[slot] = balance

    def count_profit(self, slot: i64, amount: int) -> None:
        """Count a realized profit (signed) for the session."""
        profit: int = self.session_profits[slot]
        if profit == 0:
            self.session_slots.append(slot)
        self.session_profits[slot] = profit + amount

    def add_leg(self, fill_slot: i64, market: i64) -> i64:
        """Give an account a leg in a market (by index: ascending instrument id), in its place among its legs.

        An alias's leg belongs to its home and stands behind the home's own.
        """
        slot = self.homes[fill_slot]
        leg = self.unused_leg
        if leg == len(self.legs):
            self.legs = doubled(self.legs)
        self.unused_leg = leg + LEG_ROW
        legs = self.legs
        legs[leg + OWNER_SLOT] = slot
        legs[leg + MARKET] = market
        legs[leg + FILL_SLOT] = fill_slot
        next_market = market + 1 if fill_slot != slot else market
        before: i64 = 0
        after = self.first_legs[slot]
        while after != 0 and legs[after + MARKET] < next_market:
            before = after
            after = legs[after + NEXT_LEG]
        legs[leg + NEXT_LEG] = after
        if before == 0:
            self.first_legs[slot] = leg
        else:
            legs[before + NEXT_LEG] = leg
        return leg

    def conserved(self) -> None:
        """Raise InvariantError unless money and sizes add up. O(accounts + legs)."""
        balances: int = 0
        slot: i64 = 0
        while slot < self.slot_count:
            # Held as an int first: compiled, int += i64 is added in 64 bits.
            balance: int = self.balances[slot]
            balances += balance
            slot += 1
        costs: int = 0
        sizes: dict[int, int] = {}
        leg: i64 = LEG_ROW
        while leg < self.unused_leg:
            cost: int = self.legs[leg + COST]
            size: int = self.legs[leg + SIZE]
            market: int = self.legs[leg + MARKET]
            costs += cost
            sizes[market] = sizes.get(market, 0) + size
            leg += LEG_ROW
        have = balances + self.fees - costs
        given = self.deposits + self.fund_deposits + self.fund_opening - self.withdrawals + self.venue_loss
        given += self.deferred + self.debt_outstanding + self.written_off
        if have != given:
            raise InvariantError(
                f"expected balances + fees - costs = deposits + fund deposits + opening - withdrawals + "
                f"venue loss + deferred + debts + written off, "
                f"found {balances} + {self.fees} - {costs} = {have} against {given}"
            )
        for market, total in sizes.items():
            held = self.asset_lots.get(market, 0)
            if total != held:
                raise InvariantError(f"expected the sizes of market {market} to sum to {held}, found {total}")
