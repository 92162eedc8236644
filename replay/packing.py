"""Commands packed straight into records, for generators and converters that write millions of them.

Same bytes as `exchange.codec.encode_command`, a test says so; without a Struct per command. Values are taken as given:
the venue refuses what does not fit its limits, so a caller keeps account and instrument in their fields' widths.
"""

import struct
from typing import Final

from exchange.commands import CommandType
from exchange.records import (
    AMEND_ORDER_IS_CONTINUED_SHIFT,
    AMEND_ORDER_IS_TOTAL_QTY_SHIFT,
    AMEND_ORDER_ORIGIN_SHIFT,
    CANCEL_ORDER_IS_CONTINUED_SHIFT,
    CANCEL_ORDER_ORIGIN_SHIFT,
    EXECUTE_RECORDED_IS_CONTINUED_SHIFT,
    EXECUTE_RECORDED_SIDE_SHIFT,
    PLACE_ORDER_IS_CONTINUED_SHIFT,
    PLACE_ORDER_KIND_SHIFT,
    PLACE_ORDER_ORIGIN_SHIFT,
    PLACE_ORDER_POST_ONLY_SHIFT,
    PLACE_ORDER_SIDE_SHIFT,
    PLACE_ORDER_TIME_IN_FORCE_SHIFT,
    REDUCE_ORDER_IS_CONTINUED_SHIFT,
    REDUCE_ORDER_ORIGIN_SHIFT,
)

_WORDS: Final = struct.Struct("<8q")  # every command packed here fits one unit
_pack: Final = _WORDS.pack


def _header(command: CommandType) -> int:
    return int(command) | 1 << 8


_PLACE: Final = _header(CommandType.PLACE_ORDER)
_CANCEL: Final = _header(CommandType.CANCEL_ORDER)
_AMEND: Final = _header(CommandType.AMEND_ORDER)
_REDUCE: Final = _header(CommandType.REDUCE_ORDER)
_EXECUTE: Final = _header(CommandType.EXECUTE_RECORDED)
_MASS_CANCEL: Final = _header(CommandType.MASS_CANCEL)
_MARK: Final = _header(CommandType.SET_MARK_PRICE)
_DEPOSIT: Final = _header(CommandType.DEPOSIT)
_LEVERAGE: Final = _header(CommandType.SET_LEVERAGE)
_OPEN: Final = _header(CommandType.OPEN_POSITION)
_FUND: Final = _header(CommandType.FUND_DEPOSIT)
_FUNDING_RATE: Final = _header(CommandType.SET_FUNDING_RATE)
_ADVANCE: Final = _header(CommandType.ADVANCE_TIME)


def place_order(
    ts_ns: int,
    instrument: int,
    account: int,
    order_id: int,
    side: int,
    qty_lots: int,
    price_ticks: int,
    kind: int = 0,
    time_in_force: int = 0,
    post_only: int = 0,
    trigger_ticks: int = 0,
    origin: int = 0,
    is_continued: int = 0,
) -> bytes:
    """Return the record of a PlaceOrder."""
    small = (
        side << PLACE_ORDER_SIDE_SHIFT
        | kind << PLACE_ORDER_KIND_SHIFT
        | time_in_force << PLACE_ORDER_TIME_IN_FORCE_SHIFT
        | post_only << PLACE_ORDER_POST_ONLY_SHIFT
        | origin << PLACE_ORDER_ORIGIN_SHIFT
        | is_continued << PLACE_ORDER_IS_CONTINUED_SHIFT
    )
    head = _PLACE | instrument << 16 | account << 32
    return _pack(head, ts_ns, order_id, qty_lots, price_ticks, trigger_ticks, small, 0)


def cancel_order(
    ts_ns: int,
    instrument: int,
    account: int,
    order_id: int,
    origin: int = 0,
    is_continued: int = 0,
) -> bytes:
    """Return the record of a CancelOrder."""
    small = origin << CANCEL_ORDER_ORIGIN_SHIFT | is_continued << CANCEL_ORDER_IS_CONTINUED_SHIFT
    return _pack(_CANCEL | instrument << 16 | account << 32, ts_ns, order_id, small, 0, 0, 0, 0)


def amend_order(
    ts_ns: int,
    instrument: int,
    account: int,
    order_id: int,
    qty_lots: int,
    price_ticks: int = 0,
    trigger_ticks: int = 0,
    is_total_qty: int = 0,
    origin: int = 0,
    is_continued: int = 0,
) -> bytes:
    """Return the record of an AmendOrder."""
    small = (
        is_total_qty << AMEND_ORDER_IS_TOTAL_QTY_SHIFT
        | origin << AMEND_ORDER_ORIGIN_SHIFT
        | is_continued << AMEND_ORDER_IS_CONTINUED_SHIFT
    )
    head = _AMEND | instrument << 16 | account << 32
    return _pack(head, ts_ns, order_id, qty_lots, price_ticks, trigger_ticks, small, 0)


def reduce_order(
    ts_ns: int, instrument: int, account: int, order_id: int, qty_lots: int, origin: int = 0, is_continued: int = 0
) -> bytes:
    """Return the record of a ReduceOrder."""
    small = origin << REDUCE_ORDER_ORIGIN_SHIFT | is_continued << REDUCE_ORDER_IS_CONTINUED_SHIFT
    return _pack(_REDUCE | instrument << 16 | account << 32, ts_ns, order_id, qty_lots, small, 0, 0, 0)


def execute_recorded(
    ts_ns: int, instrument: int, order_id: int, side: int, price_ticks: int, qty_lots: int, is_continued: int = 0
) -> bytes:
    """Return the record of an ExecuteRecorded. side: of the resting order."""
    small = side << EXECUTE_RECORDED_SIDE_SHIFT | is_continued << EXECUTE_RECORDED_IS_CONTINUED_SHIFT
    return _pack(_EXECUTE | instrument << 16, ts_ns, order_id, price_ticks, qty_lots, small, 0, 0)


def mass_cancel(ts_ns: int, instrument: int, account: int, side: int = 2) -> bytes:
    """Return the record of a MassCancel."""
    return _pack(_MASS_CANCEL | instrument << 16 | account << 32, ts_ns, side, 0, 0, 0, 0, 0)


def set_mark_price(ts_ns: int, instrument: int, price_ticks: int) -> bytes:
    """Return the record of a SetMarkPrice."""
    return _pack(_MARK | instrument << 16, ts_ns, price_ticks, 0, 0, 0, 0, 0)


def deposit(ts_ns: int, account: int, amount: int) -> bytes:
    """Return the record of a Deposit."""
    return _pack(_DEPOSIT | account << 32, ts_ns, amount, 0, 0, 0, 0, 0)


def set_leverage(ts_ns: int, instrument: int, account: int, leverage: int) -> bytes:
    """Return the record of a SetLeverage."""
    return _pack(_LEVERAGE | instrument << 16 | account << 32, ts_ns, leverage, 0, 0, 0, 0, 0)


def open_position(ts_ns: int, instrument: int, account: int, size_lots: int, price_ticks: int) -> bytes:
    """Return the record of an OpenPosition."""
    return _pack(
        _OPEN | instrument << 16 | account << 32,
        ts_ns,
        size_lots,
        price_ticks,
        0,
        0,
        0,
        0,
    )


def fund_deposit(ts_ns: int, amount: int, instrument: int = 0) -> bytes:
    """Return the record of a FundDeposit."""
    return _pack(_FUND | instrument << 16, ts_ns, amount, 0, 0, 0, 0, 0)


def set_funding_rate(ts_ns: int, instrument: int, rate_ppb: int) -> bytes:
    """Return the record of a SetFundingRate."""
    return _pack(_FUNDING_RATE | instrument << 16, ts_ns, rate_ppb, 0, 0, 0, 0, 0)


def advance_time(ts_ns: int) -> bytes:
    """Return the record of an AdvanceTime."""
    return _pack(_ADVANCE, ts_ns, 0, 0, 0, 0, 0, 0)
