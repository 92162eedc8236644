"""Requests of the operator about trading: phases, reference prices, kill switches."""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.pockets import Pockets
from exchange.desks.order_desk import OrderDesk
from exchange.desks.request_desk import ANY_VENUE, NAMES_ACCOUNT, NAMES_MARKET, OPENS_ACCOUNT, RequestDesk
from exchange.market import Market
from exchange.phases.guard import Guard
from exchange.records import (
    CANCEL_KILL_SWITCH,
    CAUSE_OPERATOR,
    PHASE_CLOSED,
    PHASE_CONTINUOUS,
    REJECT_INVALID_COMBINATION,
    REJECT_INVALID_PRICE,
    REJECT_NONE,
    REJECT_UNKNOWN_ACCOUNT,
    SET_KILL_SWITCH,
    SET_KILL_SWITCH_IS_ON,
    SET_PHASE,
    SET_PHASE_PHASE,
    SET_REFERENCE_PRICE,
    SET_REFERENCE_PRICE_PRICE_TICKS,
    write_kill_switch_set,
    write_reference_price_set,
    write_request_rejected,
)

BOTH_SIDES = 2


@final
class PhaseDesk(RequestDesk):
    """Applies them. Setting what is set already is no mistake, and is written again."""

    def __init__(self, guard: Guard, desk: OrderDesk, pockets: Pockets, markets: list[Market]) -> None:
        """Share the venue's parts."""
        super().__init__()
        self.guard = guard
        self.desk = desk
        self.log = desk.log
        self.pockets = pockets
        self.markets = markets

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            SET_PHASE: NAMES_MARKET | ANY_VENUE,
            SET_REFERENCE_PRICE: NAMES_MARKET | ANY_VENUE,
            SET_KILL_SWITCH: NAMES_ACCOUNT | OPENS_ACCOUNT | ANY_VENUE,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's field and apply it."""
        if kind == SET_PHASE:
            self.set_phase(market, read_i64_le(records, offset + SET_PHASE_PHASE))
        elif kind == SET_REFERENCE_PRICE:
            self.set_reference(market, read_i64_le(records, offset + SET_REFERENCE_PRICE_PRICE_TICKS))
        else:
            self.set_kill_switch(slot, account, read_i64_le(records, offset + SET_KILL_SWITCH_IS_ON))

    def set_phase(self, market: Market, phase: i64) -> None:
        """Begin a phase."""
        if phase < PHASE_CONTINUOUS or phase > PHASE_CLOSED:
            write_request_rejected(self.log, market.instrument, 0, phase, SET_PHASE, REJECT_INVALID_COMBINATION)
            return
        # From here on the command succeeds.
        self.guard.keepers[market.index].command(phase, CAUSE_OPERATOR)
        self.guard.turn_on()

    def set_reference(self, market: Market, price: i64) -> None:
        """Give the price that bands and auctions refer to."""
        if price < market.min_price or price > market.max_price:
            write_request_rejected(self.log, market.instrument, 0, price, SET_REFERENCE_PRICE, REJECT_INVALID_PRICE)
            return
        # From here on the command succeeds.
        bands = self.guard.keepers[market.index].bands
        bands.has_given = True
        bands.given = price
        write_reference_price_set(self.log, market.instrument, price)

    def set_kill_switch(self, slot: i64, account: i64, is_on: i64) -> None:
        """Shut an account out, or let it in again. The engine's own orders for it stay."""
        reason: i64 = REJECT_NONE
        if self.desk.has_clearing and slot == 0:
            reason = REJECT_UNKNOWN_ACCOUNT
        elif is_on < 0 or is_on > 1:
            reason = REJECT_INVALID_COMBINATION
        if reason != REJECT_NONE:
            write_request_rejected(self.log, 0, account, is_on, SET_KILL_SWITCH, reason)
            return
        # From here on the command succeeds.
        killed = self.guard.protector.killed
        if is_on == 0:
            killed.discard(account)
            write_kill_switch_set(self.log, account, 0)
            return
        killed.add(account)
        self.guard.turn_on()
        write_kill_switch_set(self.log, account, 1)
        if slot == 0:
            return
        for market in self.markets:
            home = self.pockets.home(market, slot)
            if not self.desk.is_liquidation_order(home << 32):
                self.desk.mass_cancel(market, home, BOTH_SIDES, CANCEL_KILL_SWITCH, 0)
