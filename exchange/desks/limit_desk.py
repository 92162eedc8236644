"""Requests of the operator that narrow what participants may do: a restricted account, a market that is not open."""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import LIMITED_BY_OPERATOR, Ledger
from exchange.desks.request_desk import NAMES_ACCOUNT, NAMES_MARKET, RequestDesk
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    MARKET_OPEN,
    MARKET_PAUSED,
    REJECT_INVALID_COMBINATION,
    RESTRICT_ACCOUNT,
    RESTRICT_ACCOUNT_IS_RESTRICTED,
    SET_MARKET_STATE,
    SET_MARKET_STATE_STATE,
    write_account_restricted,
    write_market_state_set,
    write_request_rejected,
)
from exchange.risk.disposal import Disposer


@final
class LimitDesk(RequestDesk):
    """Sets limits, and lifts them. Setting what is set already is no mistake, and is written again."""

    def __init__(self, log: EventLog, ledger: Ledger, clearing: Clearing, disposer: Disposer) -> None:
        """Share the books of account."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.disposer = disposer

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {RESTRICT_ACCOUNT: NAMES_ACCOUNT, SET_MARKET_STATE: NAMES_MARKET}

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's field and apply it."""
        if kind == RESTRICT_ACCOUNT:
            flag = read_i64_le(records, offset + RESTRICT_ACCOUNT_IS_RESTRICTED)
            if flag < 0 or flag > 1:
                write_request_rejected(self.log, 0, account, flag, kind, REJECT_INVALID_COMBINATION)
                return
            self.restrict(slot, account, flag)
        else:
            state = read_i64_le(records, offset + SET_MARKET_STATE_STATE)
            if state < MARKET_OPEN or state > MARKET_PAUSED:
                write_request_rejected(self.log, market.instrument, 0, state, kind, REJECT_INVALID_COMBINATION)
                return
            self.set_state(market, state)

    def restrict(self, slot: i64, account: i64, is_restricted: i64) -> None:
        """Allow an account only what reduces its positions, or lift that."""
        limits = self.ledger.limits
        if is_restricted != 0:
            limits[slot] = limits[slot] | LIMITED_BY_OPERATOR
            self.clearing.has_limits = True
        else:
            limits[slot] = limits[slot] & ~LIMITED_BY_OPERATOR
        write_account_restricted(self.log, account, is_restricted)

    def set_state(self, market: Market, state: i64) -> None:
        """Open a market, or narrow it. Liquidations that waited for it go on when it is no longer paused."""
        previous = market.state
        market.set_state(state)
        if state != MARKET_OPEN:
            self.clearing.has_limits = True
        write_market_state_set(self.log, market.instrument, state, previous)
        if previous == MARKET_PAUSED and state != MARKET_PAUSED:
            market.active_step = self.log.step
        self.disposer.note_state()
