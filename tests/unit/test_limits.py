"""Values at and past every limit of units.py: taken whole or refused whole, never wrapped and never half applied."""

from collections.abc import Callable
from typing import Any

import pytest

from exchange.codec import encode_command
from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    ExecuteRecorded,
    FundDeposit,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
    SetLeverage,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import OrderKind, Origin, RejectReason, Side
from exchange.errors import BatchError, DataError, SequenceError
from exchange.events import Deposited, OrderAccepted, OrderRejected, PositionChanged, PositionOpened, Trade
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument
from exchange.rules import OrderRules
from exchange.units import (
    DEFAULT_MAX_PRICE_TICKS,
    MAX_ACCOUNT,
    MAX_EXPOSURE,
    MAX_INSTRUMENT,
    MAX_LEVERAGE,
    MAX_MONEY,
    MAX_PRICE_TICKS,
    MAX_QTY_LOTS,
    MAX_SIZE_LOTS,
    MAX_STORED_MONEY,
    MAX_TS_NS,
)
from tests.helpers import BUY, SELL, A, bare_venue, live, margin_venue, order, recorded, refusal, run_all, state_of

I64_MAX, I64_MIN = (1 << 63) - 1, -(1 << 63)
HUGE = 1 << 45  # money enough for what these tests do


def funded(*accounts: int, money: int = HUGE, **facts: Any) -> Exchange:
    """A venue with a mark of 1 and so much money in each account."""
    venue = margin_venue(**facts)
    run_all(venue, SetMarkPrice(0, A, 1), *(Deposit(0, account, money) for account in accounts))
    return venue


# --- one field at its limit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qty", "is_taken"),
    [
        (I64_MIN, False),
        (-1, False),
        (0, False),
        (1, True),
        (MAX_QTY_LOTS, True),
        (MAX_QTY_LOTS + 1, False),
        (1 << 62, False),
        (I64_MAX, False),
    ],
)
def test_quantity_limits(qty: int, is_taken: bool) -> None:
    """A quantity is 1 .. MAX_QTY_LOTS for placing and amending; both are whole or refused."""
    venue = funded(1)
    if is_taken:
        # So many lots are only allowed where the highest price is low: 2**40 lots x 2**14 < 2**56.
        venue = funded(1, max_price_ticks=(1 << 14) - 1)
        assert isinstance(run_all(venue, order(1, 1, BUY, qty, 1))[0], OrderAccepted)
        run_all(venue, order(1, 2, BUY, 1, 1), AmendOrder(0, A, 1, 2, qty))
        assert live(venue, 2).open_lots == qty
        return
    assert refusal(venue, order(1, 1, BUY, qty, 1)) == RejectReason.INVALID_QUANTITY
    assert refusal(venue, ReportTrade(0, A, BUY, 1, qty)) == RejectReason.INVALID_QUANTITY
    assert refusal(venue, ExecuteRecorded(0, A, 1, BUY, 1, qty)) == RejectReason.INVALID_QUANTITY
    run_all(venue, order(1, 1, BUY, 5, 1))
    assert refusal(venue, AmendOrder(0, A, 1, 1, qty)) == RejectReason.INVALID_QUANTITY
    assert refusal(venue, AmendOrder(0, A, 1, 1, qty, is_total_qty=True)) == RejectReason.INVALID_QUANTITY
    assert refusal(venue, ReduceOrder(0, A, 1, 1, qty)) == RejectReason.INVALID_QUANTITY


@pytest.mark.parametrize("price", [I64_MIN, -MAX_PRICE_TICKS, -1, 0, DEFAULT_MAX_PRICE_TICKS + 1, 1 << 62, I64_MAX])
def test_prices_outside_the_range_are_refused(price: int) -> None:
    """A price of a market without negative prices is 1 .. max_price_ticks wherever one is given."""
    venue = funded(1)
    assert refusal(venue, order(1, 1, BUY, 1, price, kind=OrderKind.LIMIT)) == RejectReason.INVALID_PRICE
    assert refusal(venue, ReportTrade(0, A, BUY, price, 1)) == RejectReason.INVALID_PRICE
    assert refusal(venue, ExecuteRecorded(0, A, 1, BUY, price, 1)) == RejectReason.INVALID_PRICE
    assert refusal(venue, SetMarkPrice(0, A, price)) == RejectReason.INVALID_PRICE
    assert refusal(venue, OpenPosition(0, A, 1, 1, price)) == RejectReason.INVALID_PRICE
    stop = order(1, 1, BUY, 1, kind=OrderKind.STOP, trigger_ticks=price)
    assert refusal(venue, stop) == RejectReason.INVALID_TRIGGER
    run_all(venue, order(1, 1, BUY, 1, 1))
    if price != 0:  # 0 keeps the price that is
        assert refusal(venue, AmendOrder(0, A, 1, 1, 1, price)) == RejectReason.INVALID_PRICE


@pytest.mark.parametrize("lowest", [1, 0, -5, -MAX_PRICE_TICKS])
def test_prices_at_the_ends_of_the_range_trade(lowest: int) -> None:
    """The lowest price of the instrument and MAX_PRICE_TICKS are prices like any other."""
    for price in (lowest, MAX_PRICE_TICKS):
        venue = bare_venue(min_price_ticks=lowest, max_price_ticks=MAX_PRICE_TICKS)
        run_all(venue, order(1, 1, BUY, 2, price, kind=OrderKind.LIMIT))
        assert venue.book(A).best_bid() == (price, 2)
        trade = run_all(venue, order(2, 2, SELL, 1, price, kind=OrderKind.LIMIT))[1]
        assert isinstance(trade, Trade)
        assert (trade.price_ticks, venue.book(A).last_trade) == (price, price)
    venue = bare_venue(min_price_ticks=lowest, max_price_ticks=100)
    for price in (lowest - 1, 101):
        command = order(1, 1, BUY, 1, price, kind=OrderKind.LIMIT)
        assert refusal(venue, command) == RejectReason.INVALID_PRICE


@pytest.mark.parametrize("account", [MAX_ACCOUNT, MAX_ACCOUNT - 1, 1])
def test_account_ids_up_to_the_limit(account: int) -> None:
    """An account id fills its 31 bits."""
    venue = margin_venue()
    event = run_all(venue, Deposit(0, account, 1))[0]
    assert isinstance(event, Deposited)
    assert (event.account, venue.accounts()) == (account, [account])
    run_all(venue, SetMarkPrice(0, A, 1), order(account, 1, BUY, 1, 1))
    assert live(venue, 1).account == account


@pytest.mark.parametrize("account", [0, -1, -MAX_ACCOUNT - 1])
def test_accounts_of_the_venue_are_reserved(account: int) -> None:
    """Ids below 1 belong to the venue."""
    venue = funded(1)
    for command in (Deposit(0, account, 1), Withdraw(0, account, 1), SetLeverage(0, A, account, 1)):
        assert refusal(venue, command) == RejectReason.RESERVED_ACCOUNT
    assert refusal(venue, order(account, 1, BUY, 1, 1)) == RejectReason.RESERVED_ACCOUNT


@pytest.mark.parametrize(
    "command",
    [
        Deposit(0, MAX_ACCOUNT + 1, 1),
        Deposit(0, 1, I64_MAX + 1),
        Deposit(I64_MAX + 1, 1, 1),
        SetMarkPrice(0, MAX_INSTRUMENT + 1, 1),
        SetMarkPrice(0, -1, 1),
        order(1, 1 << 64, BUY, 1, 1),
        order(1, I64_MIN - 1, BUY, 1, 1),
        Deposit(0, 1, 1.0),  # type: ignore[arg-type]
        Deposit(0, 1, None),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_values_that_no_field_holds_are_data_errors(command: Command) -> None:
    """What does not fit its bits is refused before anything runs, and leaves no trace."""
    venue = funded(1)
    before = state_of(venue), venue.seq, venue.command_seq, venue.ts_ns
    with pytest.raises(DataError):
        venue.apply(command)
    assert (state_of(venue), venue.seq, venue.command_seq, venue.ts_ns) == before


@pytest.mark.parametrize("instrument", [0, 2, MAX_INSTRUMENT])
def test_instruments_that_are_not_there(instrument: int) -> None:
    """0 names no instrument, except in a mass cancel."""
    venue = funded(1)
    for command in (
        SetMarkPrice(0, instrument, 1),
        SetLeverage(0, instrument, 1, 1),
        OpenPosition(0, instrument, 1, 1, 1),
        ReportTrade(0, instrument, BUY, 1, 1),
        ExecuteRecorded(0, instrument, 1, BUY, 1, 1),
        CancelOrder(0, instrument, 1, 1),
        order(1, 1, BUY, 1, 1, instrument=instrument),
    ):
        assert refusal(venue, command) == RejectReason.UNKNOWN_INSTRUMENT


def test_the_last_instrument_id_works() -> None:
    """MAX_INSTRUMENT is an instrument like any other."""
    venue = Exchange([Instrument(instrument_id=MAX_INSTRUMENT, symbol="LAST")])
    run_all(venue, SetMarkPrice(0, MAX_INSTRUMENT, 7))
    assert venue.book("LAST").mark_price == 7


@pytest.mark.parametrize("is_batch", [False, True])
@pytest.mark.parametrize("ts_ns", [-1, I64_MIN, 99, MAX_TS_NS + 1, I64_MAX])
def test_time_going_back_or_past_its_limit_changes_nothing(ts_ns: int, is_batch: bool) -> None:
    """SequenceError for `apply`, and BatchError with the index for `run`."""
    venue = funded(1)
    venue.apply(Deposit(100, 1, 1))
    before = state_of(venue), venue.seq, venue.command_seq, venue.ts_ns
    if is_batch:
        with pytest.raises(BatchError, match="record 0") as caught:
            venue.run(encode_command(Deposit(ts_ns, 1, 1)))
        assert isinstance(caught.value.__cause__, SequenceError)
    else:
        with pytest.raises(SequenceError, match="found"):
            venue.apply(Deposit(ts_ns, 1, 1))
    assert (state_of(venue), venue.seq, venue.command_seq, venue.ts_ns) == before
    venue.apply(Deposit(100, 1, 1))  # the same time again is no step back


def test_the_last_nanosecond_works() -> None:
    """MAX_TS_NS is a time like any other."""
    venue = margin_venue()
    assert run_all(venue, Deposit(MAX_TS_NS, 1, 1))[0].ts_ns == MAX_TS_NS


@pytest.mark.parametrize("leverage", [I64_MIN, -1, 0, 101, MAX_LEVERAGE + 1, I64_MAX])
def test_leverage_outside_the_instruments_range_is_refused(leverage: int) -> None:
    """1 .. max_leverage."""
    assert refusal(funded(1), SetLeverage(0, A, 1, leverage)) == RejectReason.INVALID_LEVERAGE


def test_leverage_at_the_limit_divides_the_margin() -> None:
    """MAX_LEVERAGE is allowed where the instrument allows it."""
    venue = funded(1, max_leverage=MAX_LEVERAGE)
    run_all(venue, SetLeverage(0, A, 1, MAX_LEVERAGE), order(1, 1, BUY, 2_500, 1))
    assert venue.account(1).initial_margin == 3  # 2,500 / 1,000, rounded up


# --- money -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [I64_MIN, -1, 0, MAX_MONEY + 1, I64_MAX])
def test_amounts_outside_the_range_are_refused(amount: int) -> None:
    """Money asked for is 1 .. MAX_MONEY."""
    venue = funded(1)
    for command in (Deposit(0, 1, amount), Deposit(0, 9, amount), FundDeposit(0, amount), Withdraw(0, 1, amount)):
        assert refusal(venue, command) == RejectReason.INVALID_AMOUNT
    assert venue.accounts() == [1]


def test_deposits_stop_at_the_venues_total() -> None:
    """Neither one balance nor the sum of all deposits passes MAX_MONEY."""
    venue = margin_venue()
    run_all(venue, Deposit(0, 1, MAX_MONEY - 1))
    assert refusal(venue, Deposit(0, 1, 2)) == RejectReason.INVALID_AMOUNT
    assert refusal(venue, Deposit(0, 2, 2)) == RejectReason.INVALID_AMOUNT
    run_all(venue, Deposit(0, 2, 1))
    assert refusal(venue, Deposit(0, 2, 1)) == RejectReason.INVALID_AMOUNT
    # What was withdrawn does not make room: the total counts all that ever came in.
    run_all(venue, Withdraw(0, 1, MAX_MONEY - 1))
    assert refusal(venue, Deposit(0, 1, 1)) == RejectReason.INVALID_AMOUNT


def test_fund_deposits_stop_at_the_limit() -> None:
    """The same for the fund, its opening money included."""
    venue = margin_venue()
    run_all(venue, FundDeposit(0, MAX_MONEY))
    assert refusal(venue, FundDeposit(0, 1)) == RejectReason.INVALID_AMOUNT


# --- position, notional and cost ---------------------------------------------------------------------------------


def test_order_notional_at_the_limit() -> None:
    """An order is worth at most MAX_EXPOSURE at its price, and the account's lots as much at the worst price."""
    worst = (1 << 17) - 1
    venue = funded(1, money=MAX_MONEY, max_price_ticks=worst)
    lots = MAX_EXPOSURE // worst
    assert refusal(venue, order(1, 1, BUY, lots + 1, worst)) == RejectReason.NOTIONAL_TOO_LARGE
    assert refusal(venue, order(1, 1, BUY, lots + 1, worst - 1)) == RejectReason.POSITION_TOO_LARGE
    assert isinstance(run_all(venue, order(1, 1, BUY, lots, 1))[0], OrderAccepted)
    # The account's orders of both sides count together; stops count when they are elected.
    assert refusal(venue, order(1, 2, BUY, 1, 1)) == RejectReason.POSITION_TOO_LARGE
    assert refusal(venue, order(1, 2, SELL, 1, 9)) == RejectReason.POSITION_TOO_LARGE
    assert refusal(venue, order(1, 2, SELL, 1)) == RejectReason.POSITION_TOO_LARGE
    assert refusal(venue, OpenPosition(0, A, 1, 1, 1)) == RejectReason.POSITION_TOO_LARGE
    assert isinstance(run_all(venue, order(1, 3, SELL, 9, kind=OrderKind.STOP, trigger_ticks=1))[0], OrderAccepted)
    run_all(venue, AmendOrder(0, A, 1, 1, lots - 1), order(1, 2, BUY, 1, 1))


@pytest.mark.parametrize(
    ("facts", "most"),
    [
        ({"max_price_ticks": 1_000}, MAX_EXPOSURE // 1_000),
        ({"min_price_ticks": -3_000, "max_price_ticks": 1_000}, MAX_EXPOSURE // 3_000),
        ({"max_price_ticks": 1_000, "tick_value": 1 << 30}, MAX_EXPOSURE // (1_000 << 30)),
        ({"kind": "inverse", "tick_value": 1 << 30, "min_price_ticks": 4}, MAX_EXPOSURE * 4 // (1 << 30)),
    ],
    ids=str,
)
def test_the_worst_price_bounds_a_position(facts: dict[str, Any], most: int) -> None:
    """Where a lot is worth most: the highest price, or the lowest where it is further from 0, or inverse."""
    venue = funded(1, 2, money=1 << 58, max_leverage=1_000, default_leverage=1_000, **facts)
    run_all(venue, SetMarkPrice(0, A, 4))
    taken = min(most, MAX_QTY_LOTS)
    if most < MAX_QTY_LOTS:
        reason = refusal(venue, OpenPosition(0, A, 1, most + 1, 4))
        assert reason in (RejectReason.POSITION_TOO_LARGE, RejectReason.NOTIONAL_TOO_LARGE)
    assert isinstance(run_all(venue, OpenPosition(0, A, 1, taken, 4))[0], PositionOpened)
    assert isinstance(run_all(venue, OpenPosition(0, A, 2, -taken, 4))[0], PositionOpened)
    # Nothing that the market may do then makes an amount that does not fit.
    low, high = venue.instruments[0].min_price_ticks, venue.instruments[0].max_price_ticks
    for price in (high, low, high):
        run_all(venue, SetMarkPrice(1, A, price))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_position_stops_at_max_size(side: Side) -> None:
    """Size and open orders together stay at or below MAX_SIZE_LOTS = 64 x 2**40 - 1, where the price allows so many."""
    venue = funded(1, money=1 << 50, max_price_ticks=2)
    for number in range(63):
        run_all(venue, order(1, number, side, MAX_QTY_LOTS, 1))
    left = MAX_SIZE_LOTS - 63 * MAX_QTY_LOTS
    run_all(venue, order(1, 100, side, left - MAX_QTY_LOTS, 1), order(1, 101, side, MAX_QTY_LOTS, 1))
    assert refusal(venue, order(1, 102, side, 1, 1)) == RejectReason.POSITION_TOO_LARGE
    assert refusal(venue, AmendOrder(0, A, 1, 100, left - MAX_QTY_LOTS + 1)) == RejectReason.POSITION_TOO_LARGE
    # Filled, the orders become a position of exactly the limit.
    for number in range(65):
        run_all(venue, recorded(1_000 + number, Side(1 - side), MAX_QTY_LOTS, 1))
    (position,) = venue.account(1).positions()
    assert abs(position.size_lots) == MAX_SIZE_LOTS
    assert refusal(venue, order(1, 103, side, 1, 1)) == RejectReason.POSITION_TOO_LARGE


def test_level_totals_hold_many_full_orders() -> None:
    """A level adds quantities of MAX_QTY_LOTS without loss."""
    venue = bare_venue()
    for number in range(3_000):
        venue.apply(order(1, number, BUY, MAX_QTY_LOTS, 1))
    venue.check()
    assert venue.book(A).best_bid() == (1, 3_000 * MAX_QTY_LOTS)


def test_value_cost_and_fee_of_the_largest_fill() -> None:
    """One fill of MAX_EXPOSURE at the highest price: exact."""
    price = DEFAULT_MAX_PRICE_TICKS
    lots = MAX_EXPOSURE // price
    fees = FeeSchedule(maker_ppm=1, taker_ppm=1_000_000)
    venue = funded(1, 2, money=1 << 58, default_leverage=100, fees=fees)
    run_all(venue, SetMarkPrice(0, A, price), order(1, 1, BUY, lots, price))
    events = run_all(venue, order(2, 2, SELL, lots, price))
    changed = [event for event in events if isinstance(event, PositionChanged)]
    value = lots * price
    maker_fee = -(-value // 1_000_000)
    assert [(event.size_lots, event.cost, event.fee, event.balance) for event in changed] == [
        (lots, value, maker_fee, (1 << 58) - maker_fee),
        (-lots, -value, value, (1 << 58) - value),
    ]


def sell_huge_to_recorded(venue: Exchange) -> None:
    """A market order counts at mark, and would trade far above it with a recorded order, which nobody checks."""
    run_all(venue, recorded(1, SELL, MAX_QTY_LOTS, HIGHEST), order(1, 2, BUY, MAX_QTY_LOTS))
    run_all(venue, order(1, 3, BUY, MAX_EXPOSURE // HIGHEST))


def mark_far_above_a_short(venue: Exchange) -> None:
    """The equity that LiquidationStarted tells is as negative as it can get."""
    for lots in (MAX_QTY_LOTS, MAX_EXPOSURE // HIGHEST):
        run_all(venue, OpenPosition(0, A, 1, -lots, 1), SetMarkPrice(0, A, HIGHEST))


def sell_what_was_bought_for_nothing(venue: Exchange) -> None:
    """The realized profit of a sale at a recorded bid is as large as it can get."""
    for number, lots in enumerate((MAX_QTY_LOTS, MAX_EXPOSURE // HIGHEST)):
        run_all(
            venue,
            OpenPosition(0, A, 1, lots, 1),
            recorded(number, BUY, MAX_QTY_LOTS, HIGHEST),
            order(1, 10 + number, SELL, lots, 1),
        )


def open_many_positions(venue: Exchange) -> None:
    """Each is below the limit; their mirror image is the recorded market's cost."""
    run_all(venue, SetMarkPrice(0, A, HIGHEST))
    for account in range(1, 200):
        venue.apply(Deposit(0, account, 1 << 50))
        venue.apply(OpenPosition(0, A, account, MAX_EXPOSURE // HIGHEST, HIGHEST))
        venue.check()


def win_again_and_again(venue: Exchange) -> None:
    """An account that buys at 1 and sells at the highest price to the recording, as long as it is allowed to."""
    for number in range(200):
        lots = MAX_EXPOSURE // HIGHEST
        run_all(
            venue,
            recorded(10 * number, SELL, lots, 1),
            order(1, 10 * number + 1, BUY, lots, 1),
            recorded(10 * number + 2, BUY, lots, HIGHEST),
            order(1, 10 * number + 3, SELL, lots, HIGHEST),
            CancelOrder(0, A, 0, 10 * number, Origin.RECORDED),
            CancelOrder(0, A, 0, 10 * number + 2, Origin.RECORDED),
        )


def rest_a_market_remainder(venue: Exchange) -> None:
    """What a market order leaves rests at the last fill's price, which the checks of its size did foresee."""
    for number, lots in enumerate((MAX_QTY_LOTS, MAX_EXPOSURE // HIGHEST)):
        run_all(venue, recorded(number, SELL, 1, HIGHEST), order(1, 10 + number, BUY, lots))


HIGHEST = DEFAULT_MAX_PRICE_TICKS


@pytest.mark.parametrize(
    "story",
    [
        sell_huge_to_recorded,
        mark_far_above_a_short,
        sell_what_was_bought_for_nothing,
        open_many_positions,
        win_again_and_again,
        rest_a_market_remainder,
    ],
    ids=lambda story: story.__name__,
)
def test_no_amount_leaves_its_field(story: Callable[[Exchange], None]) -> None:
    """Whatever participants and recordings ask for ends in events, and every amount in them fits."""
    rules = OrderRules(market_remainder="limit_at_last_fill" if story is rest_a_market_remainder else "cancel")
    venue = margin_venue(orders=rules, default_leverage=100)
    accounts = (1, 2, 3, 4)
    run_all(venue, SetMarkPrice(0, A, 1), *(Deposit(0, account, 1 << 57) for account in accounts))
    story(venue)
    (event,) = venue.apply(Deposit(0, 9, 1))
    assert isinstance(event, Deposited)
    for account in (-1, 0, *accounts):
        view = venue.account(account)
        assert max(abs(view.balance), abs(view.initial_margin)) <= MAX_STORED_MONEY
        assert all(abs(position.cost) <= MAX_STORED_MONEY for position in view.positions())


def test_an_order_may_shrink_whatever_its_notional() -> None:
    """An amend that replaces lots by fewer cannot make a position too large."""
    venue = funded(1, money=MAX_MONEY)
    lots = MAX_EXPOSURE // HIGHEST
    run_all(venue, order(1, 1, BUY, lots, 1 << 20))
    assert refusal(venue, AmendOrder(0, A, 1, 1, lots + 1)) == RejectReason.POSITION_TOO_LARGE
    assert not isinstance(run_all(venue, AmendOrder(0, A, 1, 1, lots - 1))[0], OrderRejected)


def test_cost_accumulates_exactly_and_comes_back_to_zero() -> None:
    """Many partial fills and closings near the limit leave no unit behind."""
    price = HIGHEST - 5
    venue = funded(1, 2, money=1 << 58, default_leverage=100)
    lots = MAX_EXPOSURE // HIGHEST
    part = lots // 8
    run_all(venue, SetMarkPrice(0, A, price), order(1, 1, BUY, 7 * part, price))
    for number in range(7):
        run_all(venue, order(2, 10 + number, SELL, part, price))
    (position,) = venue.account(1).positions()
    assert position.cost == 7 * part * price
    run_all(venue, order(2, 30, BUY, part, price + 5))
    for number in range(7):
        run_all(venue, order(1, 40 + number, SELL, part, price), order(2, 50 + number, BUY, part, price + 5))
    run_all(venue, CancelOrder(0, A, 2, 56))
    assert venue.account(1).positions() == venue.account(2).positions() == []
    won = venue.account(1).balance - (1 << 58)
    assert won == (1 << 58) - venue.account(2).balance == 5 * 7 * part


def test_positions_of_opposite_sign_open_at_the_limit() -> None:
    """OpenPosition takes MAX_QTY_LOTS either way."""
    venue = funded(1, 2, money=1 << 50, max_price_ticks=1 << 14)
    for account, size in ((1, MAX_QTY_LOTS), (2, -MAX_QTY_LOTS)):
        event = run_all(venue, OpenPosition(0, A, account, size, 1))[0]
        assert isinstance(event, PositionOpened)
        assert (event.size_lots, event.cost) == (size, size)
        assert refusal(venue, OpenPosition(0, A, account, size, 1)) == RejectReason.ALREADY_TRADED
    for size in (0, MAX_QTY_LOTS + 1, -MAX_QTY_LOTS - 1, I64_MIN, I64_MAX):
        assert refusal(venue, OpenPosition(0, A, 1, size, 1)) == RejectReason.INVALID_QUANTITY


def test_order_ids_are_any_64_bit_pattern() -> None:
    """Zero, negative and unsigned ids are different ids, told back as the signed number of their bits."""
    venue = bare_venue()
    for order_id in (0, 1, -1, I64_MAX, I64_MIN, I64_MAX + 5):
        signed = order_id - (1 << 64) if order_id > I64_MAX else order_id
        event = run_all(venue, order(1, order_id, BUY, 1, 1))[0]
        assert isinstance(event, OrderAccepted)
        assert event.order_id == signed
        assert refusal(venue, PlaceOrder(0, A, 1, order_id, BUY, 1, 1)) == RejectReason.DUPLICATE_ORDER_ID
    assert venue.book(A).live_order_count == 6
