"""The number of each event on the wire, by area; numbers are never used again."""

from enum import IntEnum


class EventType(IntEnum):
    """The number of each event on the wire."""

    ORDER_ACCEPTED = 1
    ORDER_REJECTED = 2
    TRADE = 3
    ORDER_CANCELED = 4
    ORDER_AMENDED = 5
    STOP_TRIGGERED = 6
    TRADE_REPORTED = 7
    RECORDED_CLIPPED = 8
    MARK_PRICE_UPDATED = 9
    REQUEST_REJECTED = 10
    DEPOSITED = 11
    WITHDRAWN = 12
    LEVERAGE_SET = 13
    POSITION_OPENED = 14
    POSITION_CHANGED = 15
    FUND_DEPOSITED = 16
    LIQUIDATION_STARTED = 17
    LIQUIDATION_ORDER_PLACED = 18
    POSITION_TAKEN_OVER = 19
    SURPLUS_PAID = 20
    FUND_PAID = 21
    LOSS_SOCIALIZED = 22
    HAIRCUT_CHARGED = 23
    VENUE_LOSS_BOOKED = 24
    LIQUIDATION_ENDED = 25
