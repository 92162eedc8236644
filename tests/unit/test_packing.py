"""Packed records are the bytes that the codec writes."""

import pytest

from exchange.codec import encode_command
from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    Deposit,
    ExecuteRecorded,
    FundDeposit,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    SetFundingRate,
    SetLeverage,
    SetMarkPrice,
)
from exchange.enums import OrderKind, Origin, Side, SideFilter, TimeInForce
from replay import packing

PAIRS = [
    (PlaceOrder(5, 1, 7, 9, Side.BUY, 3, 100), packing.place_order(5, 1, 7, 9, 0, 3, 100)),
    (
        PlaceOrder(
            5, 65_535, 2**31 - 1, -9, Side.SELL, 3, -100, OrderKind.STOP_LIMIT, TimeInForce.FOK, True, -7,
            Origin.CORRECTION, True,
        ),
        packing.place_order(5, 65_535, 2**31 - 1, -9, 1, 3, -100, 3, 2, 1, -7, 2, 1),
    ),
    (CancelOrder(5, 1, 7, 9), packing.cancel_order(5, 1, 7, 9)),
    (CancelOrder(5, 1, 7, 9, Origin.RECORDED, True), packing.cancel_order(5, 1, 7, 9, 1, 1)),
    (AmendOrder(5, 1, 7, 9, 4), packing.amend_order(5, 1, 7, 9, 4)),
    (
        AmendOrder(5, 1, 7, 9, 4, 101, 99, True, Origin.CORRECTION, True),
        packing.amend_order(5, 1, 7, 9, 4, 101, 99, 1, 2, 1),
    ),
    (ReduceOrder(5, 1, 0, 9, 4, Origin.RECORDED, True), packing.reduce_order(5, 1, 0, 9, 4, 1, 1)),
    (ExecuteRecorded(5, 1, 9, Side.SELL, 101, 4, True), packing.execute_recorded(5, 1, 9, 1, 101, 4, 1)),
    (MassCancel(5, 0, 7), packing.mass_cancel(5, 0, 7)),
    (MassCancel(5, 3, 7, SideFilter.SELL), packing.mass_cancel(5, 3, 7, 1)),
    (SetMarkPrice(5, 1, 100), packing.set_mark_price(5, 1, 100)),
    (Deposit(5, 7, 100), packing.deposit(5, 7, 100)),
    (SetLeverage(5, 1, 7, 20), packing.set_leverage(5, 1, 7, 20)),
    (OpenPosition(5, 1, 7, -20, 100), packing.open_position(5, 1, 7, -20, 100)),
    (FundDeposit(5, 100), packing.fund_deposit(5, 100)),
    (FundDeposit(5, 100, 9), packing.fund_deposit(5, 100, 9)),
    (SetFundingRate(5, 1, -100), packing.set_funding_rate(5, 1, -100)),
    (AdvanceTime(5), packing.advance_time(5)),
]  # fmt: skip


@pytest.mark.parametrize(("command", "packed"), PAIRS, ids=lambda value: type(value).__name__)
def test_packed_record_is_the_encoded_command(command, packed):
    """What stands in a packed record is laid out by the one rule of exchange/layout.py."""
    assert packed == encode_command(command)
