"""Requests about margin: modes of an account in an instrument, isolated margin, and a change of schedule.

Rules: docs/semantics/margin.md.
"""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import LEG_ROW, LIQUIDATING, MARKET, OWNER_SLOT, RECORDED_SLOT, SCHEDULE, SIZE, Ledger
from exchange.accounts.pockets import Pockets
from exchange.desks.request_desk import NAMES_ACCOUNT, NAMES_MARKET, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    REJECT_ACCOUNT_IN_LIQUIDATION,
    REJECT_INSUFFICIENT_BALANCE,
    REJECT_INSUFFICIENT_MARGIN,
    REJECT_INVALID_AMOUNT,
    REJECT_INVALID_COMBINATION,
    REJECT_NONE,
    REJECT_ORDERS_OPEN,
    REJECT_POSITION_OPEN,
    REJECT_WRONG_MARGIN_MODE,
    SET_MARGIN_MODE,
    SET_MARGIN_MODE_MODE,
    SET_MARGIN_SCHEDULE,
    SET_MARGIN_SCHEDULE_IS_FOR_NEW_ONLY,
    SET_MARGIN_SCHEDULE_SCHEDULE,
    SET_POSITION_MODE,
    SET_POSITION_MODE_IS_HEDGE,
    TRANSFER_MARGIN,
    TRANSFER_MARGIN_AMOUNT,
    TRANSFER_REQUESTED,
    write_margin_mode_set,
    write_margin_schedule_set,
    write_position_mode_set,
    write_request_rejected,
)
from exchange.units import MAX_MONEY


@final
class MarginDesk(RequestDesk):
    """Applies what is asked about margin, or refuses it."""

    def __init__(self, log: EventLog, ledger: Ledger, clearing: Clearing, pockets: Pockets) -> None:
        """Share the log and the books of account."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.pockets = pockets

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            SET_MARGIN_MODE: NAMES_MARKET | NAMES_ACCOUNT,
            TRANSFER_MARGIN: NAMES_MARKET | NAMES_ACCOUNT,
            SET_POSITION_MODE: NAMES_MARKET | NAMES_ACCOUNT,
            SET_MARGIN_SCHEDULE: NAMES_MARKET,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's fields and apply it."""
        if kind == SET_MARGIN_MODE:
            self.set_margin_mode(market, slot, read_i64_le(records, offset + SET_MARGIN_MODE_MODE))
        elif kind == TRANSFER_MARGIN:
            self.transfer_margin(market, slot, read_i64_le(records, offset + TRANSFER_MARGIN_AMOUNT))
        elif kind == SET_POSITION_MODE:
            self.set_position_mode(market, slot, read_i64_le(records, offset + SET_POSITION_MODE_IS_HEDGE))
        else:
            schedule = read_i64_le(records, offset + SET_MARGIN_SCHEDULE_SCHEDULE)
            flag = read_i64_le(records, offset + SET_MARGIN_SCHEDULE_IS_FOR_NEW_ONLY)
            self.set_schedule(market, schedule, flag)

    def set_margin_mode(self, market: Market, slot: i64, mode: i64) -> None:
        """Give an account's position a pocket of its own (1), or none (0)."""
        account = self.ledger.account_ids[slot]
        reason = self._mode_refusal(market, slot, mode)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, market.instrument, account, mode, SET_MARGIN_MODE, reason)
            return
        # From here on the command succeeds.
        self.pockets.set_isolated(market, slot, mode == 1)
        write_margin_mode_set(self.log, market.instrument, account, mode)

    def set_position_mode(self, market: Market, slot: i64, is_hedge: i64) -> None:
        """Let an account hold a long and a short at once (1), or one position (0)."""
        account = self.ledger.account_ids[slot]
        reason = self._mode_refusal(market, slot, is_hedge)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, market.instrument, account, is_hedge, SET_POSITION_MODE, reason)
            return
        # From here on the command succeeds.
        self.pockets.set_hedged(market, slot, is_hedge == 1)
        write_position_mode_set(self.log, market.instrument, account, is_hedge)

    def _mode_refusal(self, market: Market, slot: i64, mode: i64) -> i64:
        if self.ledger.states[self.pockets.home(market, slot)] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        if mode < 0 or mode > 1 or market.is_spot:
            return REJECT_INVALID_COMBINATION
        if self.pockets.has_position(market, slot):
            return REJECT_POSITION_OPEN
        if self.pockets.has_orders(market, slot):
            return REJECT_ORDERS_OPEN
        return REJECT_NONE

    def transfer_margin(self, market: Market, slot: i64, amount: i64) -> None:
        """Add margin to an isolated position, or take some out of it."""
        account = self.ledger.account_ids[slot]
        reason = self._transfer_refusal(market, slot, amount)
        if reason != REJECT_NONE:
            write_request_rejected(self.log, market.instrument, account, amount, TRANSFER_MARGIN, reason)
            return
        # From here on the command succeeds.
        pocket = self.pockets.home(market, slot)
        self.clearing.move_margin(market, pocket, amount, TRANSFER_REQUESTED)
        self.pockets.note_added(pocket, amount)

    def _transfer_refusal(self, market: Market, slot: i64, amount: i64) -> i64:
        pocket = self.pockets.home(market, slot)
        if self.ledger.states[pocket] == LIQUIDATING:
            return REJECT_ACCOUNT_IN_LIQUIDATION
        if amount == 0 or amount > MAX_MONEY or amount < -MAX_MONEY:
            return REJECT_INVALID_AMOUNT
        if not self.pockets.is_isolated(market, slot):
            return REJECT_WRONG_MARGIN_MODE
        if amount > 0:
            if amount > self.ledger.balances[slot]:
                return REJECT_INSUFFICIENT_BALANCE
            return REJECT_NONE if amount <= self.clearing.available(slot) else REJECT_INSUFFICIENT_MARGIN
        taken: int = amount
        if -taken > self.ledger.balances[pocket]:
            return REJECT_INSUFFICIENT_BALANCE
        return REJECT_NONE if -taken <= self.pockets.removable(pocket) else REJECT_INSUFFICIENT_MARGIN

    def set_schedule(self, market: Market, number: i64, flag: i64) -> None:
        """Put an instrument under another schedule: all its positions, or only what is opened from now on."""
        if number < 0 or number >= len(market.schedules) or flag < 0 or flag > 1:
            reason: i64 = REJECT_INVALID_COMBINATION
            write_request_rejected(self.log, market.instrument, 0, number, SET_MARGIN_SCHEDULE, reason)
            return
        # From here on the command succeeds.
        market.schedule_number = number
        market.schedule = market.schedules[number]
        legs = self.ledger.legs
        positions: i64 = 0
        leg: i64 = LEG_ROW
        while leg < self.ledger.unused_leg:
            if legs[leg + MARKET] == market.index and (flag == 0 or legs[leg + SIZE] == 0):
                is_changed = legs[leg + SCHEDULE] != number
                legs[leg + SCHEDULE] = number
                if is_changed:
                    self.clearing.mark_dirty(legs[leg + OWNER_SLOT])
                if is_changed and legs[leg + SIZE] != 0 and legs[leg + OWNER_SLOT] != RECORDED_SLOT:
                    positions += 1
            leg += LEG_ROW
        write_margin_schedule_set(self.log, market.instrument, number, positions, flag)
