"""Prices of liquidation and bankruptcy: by hand, and against what a venue does at the ticks around them."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exchange.commands import Deposit, OpenPosition, SetMarkPrice
from exchange.events import LiquidationOrderPlaced
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier, ScheduleRules
from exchange.margin.prices import (
    assisted_price,
    bankruptcy_price,
    bankruptcy_value,
    breaking_notional,
    gains_with_value,
    liquidation_price,
    price_in_ticks,
    price_of_notional,
    share_of_equity,
    value_before_fee,
)
from exchange.margin.schedule import MarginSchedule
from exchange.margin.valuation import Valuation
from exchange.units import PPB

LINEAR = Valuation(Instrument(instrument_id=1, symbol="L"))
INVERSE = Valuation(Instrument(instrument_id=1, symbol="I", kind="inverse", tick_value=10**9))


def schedule_liquidation_price(
    valuation: Valuation, schedule: MarginSchedule, size_lots: int, cost: int, balance: int, mark: int, leverage: int
) -> tuple[int, int]:
    """Return the mark at which equity = maintenance margin by a schedule, all tiers considered; a fraction in ticks.

    The engine never solves for a price: it looks at requirements at the mark of now. This is its inverse, made of what
    the package says of a schedule. With tiers that jump it is the price by the tier of the present mark.
    """
    if size_lots == 0:
        raise ValueError("expected a position, found size_lots=0")
    is_gaining = gains_with_value(valuation, size_lots)
    notional = valuation.notional(size_lots, mark)
    unit, rates, constants = schedule.pieces(size_lots, notional, abs(cost), leverage)
    best, best_unit = 0, 0
    for rate, constant in zip(rates, constants, strict=True):
        numerator, denominator = breaking_notional(is_gaining, cost - balance, rate, constant, unit)
        is_first = best_unit == 0
        # The first that a falling n (gaining) or a rising n (losing) meets: the greatest, or the least.
        if is_first or (numerator * best_unit > best * denominator) == is_gaining:
            best, best_unit = numerator, denominator
    return price_of_notional(valuation, abs(size_lots), best, best_unit)


def test_linear_prices_by_hand() -> None:
    """10 lots bought at 1,000 with 1,000 behind them: bankrupt at 900; with 5 % at mark liquidated at 900 / 0.95."""
    assert Fraction(*bankruptcy_price(LINEAR, 10, 10_000, 1_000, 0)) == 900
    assert Fraction(*liquidation_price(LINEAR, 10, 10_000, 1_000, PPB // 20, 0)) == Fraction(18_000, 19)
    assert Fraction(*liquidation_price(LINEAR, 10, 10_000, 1_000, 0, 500)) == 950  # 5 % at entry
    assert Fraction(*bankruptcy_price(LINEAR, -10, -10_000, 1_000, 0)) == 1_100
    assert Fraction(*liquidation_price(LINEAR, -10, -10_000, 1_000, PPB // 20, 0)) == Fraction(22_000, 21)
    assert Fraction(*bankruptcy_price(LINEAR, 10, 10_000, 1_000, 100_000)) == 1_000  # a tenth of the price is the fee


def test_inverse_prices_by_hand() -> None:
    """10 lots at 1,000 are worth 10 million; with a million behind them a long is bankrupt at 1,000 / 1.1."""
    assert Fraction(*bankruptcy_price(INVERSE, 10, -10_000_000, 1_000_000, 0)) == Fraction(10_000, 11)
    assert Fraction(*bankruptcy_price(INVERSE, -10, 10_000_000, 1_000_000, 0)) == Fraction(10_000, 9)


def test_roundings() -> None:
    """Up for a long, down for a short, to the step."""
    assert [price_in_ticks(10_001, 10, size) for size in (1, -1)] == [1_001, 1_000]
    assert [price_in_ticks(10_001, 10, size, 5) for size in (1, -1)] == [1_005, 1_000]
    assert price_in_ticks(1_000, 1, 1) == price_in_ticks(1_000, 1, -1) == 1_000


def test_what_has_no_price() -> None:
    """No position; an inverse one that no price hurts; a requirement that grows as fast as the value."""
    with pytest.raises(ValueError, match="expected a position"):
        liquidation_price(LINEAR, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="expected a notional > 0"):
        bankruptcy_price(INVERSE, -10, 10_000_000, 10_000_000, 0)
    with pytest.raises(ValueError, match="below 100 %"):
        breaking_notional(True, 0, PPB, 0, PPB)
    with pytest.raises(ValueError, match="expected a position"):
        schedule_liquidation_price(LINEAR, MarginSchedule(Instrument(instrument_id=1, symbol="X")), 0, 0, 0, 100, 1)
    assert price_of_notional(LINEAR, 1, -5, 1) == (-5, 1)  # a linear long with more than its value behind it


def test_shares_and_quotes() -> None:
    """A quarter of the maintenance takes a quarter of the equity, rounded down; the quote is rounded up."""
    assert [share_of_equity(101, 1, 4), share_of_equity(-101, 1, 4)] == [25, -26]
    assert [share_of_equity(101, 4, 4), share_of_equity(101, 0, 0)] == [101, 101]
    assert bankruptcy_value(10, -5, -500, 101, 1, 4) == 475
    assert bankruptcy_value(-10, 5, 500, 101, 1, 4) == -525
    for change in (0, 5, -11):
        with pytest.raises(ValueError, match="closes a part"):
            bankruptcy_value(10, change, 0, 0, 1, 4)
    with pytest.raises(ValueError, match="closes a part"):
        bankruptcy_value(0, -1, 0, 0, 1, 4)


def test_what_a_close_must_be_worth_before_its_fee() -> None:
    """1 % of 10,101 is 101.01; a purchase for 9,901 costs 99.01 on top. Rounded up."""
    assert value_before_fee(10_000, True, 10_000) == 10_102
    assert value_before_fee(-10_000, False, 10_000) == -9_900


def test_prices_of_the_order() -> None:
    """What the fund adds to a bankruptcy price."""
    assert Fraction(*assisted_price(-1, 8_080, 1, 10_000)) == Fraction("8160.8")
    assert Fraction(*assisted_price(1, 8_080, 1, 10_000)) == Fraction("7999.2")


SCHEDULES = (
    ScheduleRules(),
    ScheduleRules(base="entry"),
    ScheduleRules(base="worse"),
    ScheduleRules(floor=3_000),
    ScheduleRules(closing_fee_ppm=2_000),
)


@given(
    st.sampled_from(["linear", "inverse"]),
    st.sampled_from(SCHEDULES),
    st.integers(-300, 300),
    st.integers(2, 30),
)
@settings(max_examples=150)
def test_a_venue_liquidates_at_the_price(kind: str, rules: ScheduleRules, size: int, leverage: int) -> None:
    """A few ticks before the price of a schedule with tiers it leaves the account alone, a few behind it does not."""
    assume(size != 0)
    tiers = (MarginTier(10_000, 200_000), MarginTier(25_000, 1_000_000), MarginTier(100_000))
    tick_value = 1 if kind == "linear" else 10**8
    facts = {"kind": kind, "tick_value": tick_value, "margin_tiers": tiers, "margin": rules}
    instrument = Instrument(instrument_id=1, symbol="X", **facts)  # type: ignore[arg-type]
    valuation, schedule = Valuation(instrument), MarginSchedule(instrument)
    entry = 10_000
    cost = valuation.value(size, entry)
    balance = abs(cost) // leverage + 1
    assume(balance > schedule.position_maintenance(size, abs(cost), abs(cost), 1, 0, 0))
    try:
        numerator, denominator = schedule_liquidation_price(valuation, schedule, size, cost, balance, entry, 1)
    except ValueError:
        return
    price = numerator / denominator
    slack = 3 + abs(entry * entry // max(abs(cost), 1) // 100)  # ticks that three units of money are worth, roughly
    before, behind = (price + slack, price - slack) if size > 0 else (price - slack, price + slack)
    assume(1 < behind < 1 << 30 and (before < entry if size > 0 else before > entry))
    for mark, is_liquidated in ((round(before), False), (round(behind), True)):
        venue = Exchange([instrument])
        for command in (
            SetMarkPrice(0, 1, entry),
            Deposit(0, 1, balance),
            OpenPosition(0, 1, 1, size, entry),
        ):
            venue.apply(command)
        events = venue.apply(SetMarkPrice(0, 1, mark))
        assert any(isinstance(event, LiquidationOrderPlaced) for event in events) == is_liquidated


def test_which_positions_gain_with_value() -> None:
    """Linear longs and inverse shorts."""
    assert [gains_with_value(valuation, size) for valuation in (LINEAR, INVERSE) for size in (1, -1)] == [
        True,
        False,
        False,
        True,
    ]
