"""What the operator of the venue does: the fund, the end of a session, debts, and the withdrawal gate.

Rules: docs/semantics/waterfall.md.
"""

from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from exchange.accounts.ledger import FUND_SLOT, Ledger
from exchange.desks.request_desk import MAY_NAME_MARKET, NAMES_ACCOUNT, RequestDesk
from exchange.enums import INSURANCE_FUND, RECORDED_MARKET
from exchange.event_log import EventLog
from exchange.market import Market
from exchange.records import (
    END_SESSION,
    FUND_DEPOSIT,
    FUND_DEPOSIT_AMOUNT,
    GATE_WITHDRAWALS,
    GATE_WITHDRAWALS_UNTIL_NS,
    REJECT_INVALID_AMOUNT,
    REJECT_INVALID_COMBINATION,
    REJECT_NO_DEBT,
    WRITE_OFF_DEBT,
    write_fund_deposited,
    write_request_rejected,
)
from exchange.risk.fund import NO_MARKET
from exchange.risk.waterfall import Waterfall
from exchange.units import MAX_MONEY, MAX_TS_NS


@final
class OperationsDesk(RequestDesk):
    """Applies what the operator asks, or refuses it."""

    def __init__(self, log: EventLog, ledger: Ledger, waterfall: Waterfall) -> None:
        """Share the log, the books of account and the waterfall's parts."""
        super().__init__()
        self.log = log
        self.ledger = ledger
        self.waterfall = waterfall

    def requests(self) -> dict[int, int]:
        """Return what each of its requests must name."""
        return {
            FUND_DEPOSIT: MAY_NAME_MARKET,
            END_SESSION: 0,
            WRITE_OFF_DEBT: NAMES_ACCOUNT,
            GATE_WITHDRAWALS: 0,
        }

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Read a request's fields and apply it."""
        if kind == FUND_DEPOSIT:
            names_market = (read_i64_le(records, offset) >> 16) & 0xFFFF != 0
            self.fund_deposit(market, names_market, read_i64_le(records, offset + FUND_DEPOSIT_AMOUNT))
        elif kind == END_SESSION:
            self.end_session()
        elif kind == WRITE_OFF_DEBT:
            self.write_off_debt(slot, account)
        else:
            self.gate_withdrawals(read_i64_le(records, offset + GATE_WITHDRAWALS_UNTIL_NS))

    def fund_deposit(self, market: Market, names_market: bool, amount: i64) -> None:
        """Put outside money into the insurance fund, or into that of one instrument."""
        ledger = self.ledger
        instrument: i64 = market.instrument if names_market else 0
        fund: int = ledger.balances[FUND_SLOT]
        # Looked at alone first: compiled, int + i64 is added in 64 bits, and would wrap.
        is_too_much = amount > MAX_MONEY or fund + amount > MAX_MONEY or ledger.fund_deposits + amount > MAX_MONEY
        if amount < 1 or is_too_much:
            self._refuse(instrument, INSURANCE_FUND, amount, FUND_DEPOSIT, REJECT_INVALID_AMOUNT)
            return
        if names_market and not self.waterfall.fund.is_split:
            self._refuse(instrument, INSURANCE_FUND, amount, FUND_DEPOSIT, REJECT_INVALID_COMBINATION)
            return
        # From here on the command succeeds.
        self.waterfall.fund.deposit(market.index if names_market else NO_MARKET, amount)
        write_fund_deposited(self.log, amount, ledger.balances[FUND_SLOT], instrument)

    def end_session(self) -> None:
        """End the session, where the venue has sessions."""
        if not self.waterfall.socializer.has_sessions:
            self._refuse(0, RECORDED_MARKET, 0, END_SESSION, REJECT_INVALID_COMBINATION)
            return
        # From here on the command succeeds.
        self.waterfall.socializer.end_session()

    def write_off_debt(self, slot: i64, account: i64) -> None:
        """Forgive what an account owes."""
        if self.ledger.debts[slot] == 0:
            self._refuse(0, account, 0, WRITE_OFF_DEBT, REJECT_NO_DEBT)
            return
        # From here on the command succeeds.
        self.waterfall.debts.forgive(slot)

    def gate_withdrawals(self, until_ns: i64) -> None:
        """Let nobody withdraw before a time."""
        if until_ns < 0 or until_ns > MAX_TS_NS:
            self._refuse(0, RECORDED_MARKET, until_ns, GATE_WITHDRAWALS, REJECT_INVALID_AMOUNT)
            return
        # From here on the command succeeds.
        self.waterfall.gate.set_until(until_ns)

    def _refuse(self, instrument: i64, account: i64, amount: i64, request: i64, reason: i64) -> None:
        write_request_rejected(self.log, instrument, account, amount, request, reason)
