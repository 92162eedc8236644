"""The number of each command on the wire, by area; numbers are never used again."""

from enum import IntEnum


class CommandType(IntEnum):
    """The number of each command on the wire."""

    PLACE_ORDER = 1
    CANCEL_ORDER = 2
    AMEND_ORDER = 3
    REDUCE_ORDER = 4
    MASS_CANCEL = 5
    SET_MARK_PRICE = 6
    REPORT_TRADE = 7
    EXECUTE_RECORDED = 8
    DEPOSIT = 9
    WITHDRAW = 10
    SET_LEVERAGE = 11
    OPEN_POSITION = 12
    FUND_DEPOSIT = 13
    SET_INDEX_PRICE = 14
    SET_FUNDING_RATE = 15
    ADVANCE_TIME = 16
    SETTLE_INSTRUMENT = 17
    SET_MARGIN_MODE = 18
    TRANSFER_MARGIN = 19
    SET_POSITION_MODE = 20
    SET_MARGIN_SCHEDULE = 21
    DEPOSIT_ASSET = 23
    WITHDRAW_ASSET = 24
    SET_INTEREST_RATE = 25
    RESTRICT_ACCOUNT = 27
    SET_MARKET_STATE = 28
    END_SESSION = 29
    WRITE_OFF_DEBT = 30
    GATE_WITHDRAWALS = 31
    ORDER_TERMS = 32
    BRACKET_TERMS = 33
    REPLACE_ORDER = 36
