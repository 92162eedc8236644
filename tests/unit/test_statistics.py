"""What a run came to: counted from the event blocks, and equal to what the decoded events say."""

from collections import Counter

import pytest

from exchange.codec import decode_events, encode_event
from exchange.commands import CommandType
from exchange.enums import LiquidationOutcome, RecordedKind, RejectReason, Side, SocializationBase
from exchange.errors import DataError
from exchange.events import (
    EVENTS,
    Event,
    FundDeposited,
    FundPaid,
    HaircutCharged,
    LenderCut,
    LiquidationEnded,
    LiquidationOrderPlaced,
    LiquidationStarted,
    LossSocialized,
    OrderRejected,
    ProfitClawedBack,
    RecordedClipped,
    RequestRejected,
    SessionEnded,
    SurplusPaid,
    Trade,
    TradeReported,
    VenueLossBooked,
)
from exchange.statistics import Statistics
from replay.demo import DemoSource
from replay.scenario import DEMO, open_scenario
from tests.helpers import LINEAR, OTHER, A, B


def counted(*events: Event) -> Statistics:
    """Return the statistics of some events."""
    statistics = Statistics([LINEAR, OTHER])
    statistics.write(b"".join(map(encode_event, events)), 1)
    return statistics


def trade(price: int, qty: int, instrument: int = A) -> Trade:
    return Trade(1, 1, 0, instrument, 1, 1, 2, price, qty, 2, Side.BUY)


def start(number: int, triggered_by: int = 0) -> LiquidationStarted:
    return LiquidationStarted(1, 1, 0, A, 1, number, 0, 1, 100, triggered_by)


def test_nothing_counted_before_the_first_event() -> None:
    """An empty block is no event."""
    statistics = counted()
    assert (statistics.event_count, statistics.trade_count, statistics.liquidation_count) == (0, 0, 0)
    assert statistics.prices[0].trades == 0


def test_refusals_are_counted_by_request_and_reason() -> None:
    """Most first; the number of the first command of each."""
    place, cancel = CommandType.PLACE_ORDER, CommandType.CANCEL_ORDER
    unknown, poor = RejectReason.UNKNOWN_ORDER, RejectReason.INSUFFICIENT_MARGIN
    statistics = counted(
        OrderRejected(1, 7, 0, A, 1, 1, cancel, unknown),
        OrderRejected(2, 8, 0, A, 1, 1, place, poor),
        OrderRejected(3, 9, 0, A, 1, 1, place, poor),
        RequestRejected(4, 10, 0, 0, 1, 5, CommandType.DEPOSIT, RejectReason.INVALID_AMOUNT),
    )
    assert set(statistics.refusals()) == {
        (place, poor, 2, 8),
        (cancel, unknown, 1, 7),
        (CommandType.DEPOSIT, RejectReason.INVALID_AMOUNT, 1, 10),
    }
    assert statistics.refusals()[0] == (place, poor, 2, 8)
    assert statistics.rejected_count == 4


def test_prices_are_kept_per_instrument() -> None:
    """First, low, high and last; reported trades move them and are counted apart. Prices may be negative."""
    statistics = counted(
        trade(10, 2), trade(-3, 5), trade(7, 1, B), TradeReported(1, 1, 0, A, 12, 4, Side.SELL), trade(11, 1)
    )
    linear, other = statistics.prices
    assert (linear.first_ticks, linear.low_ticks, linear.high_ticks, linear.last_ticks) == (10, -3, 12, 11)
    assert (linear.trades, linear.reported_trades, linear.volume_lots) == (3, 1, 12)
    assert (other.first_ticks, other.low_ticks, other.high_ticks, other.last_ticks) == (7, 7, 7, 7)
    assert statistics.trade_count == 4


def test_chain_is_as_long_as_causes_follow_each_other() -> None:
    """1 starts alone; 2 and 3 are of 1; 4 of 3: three in a chain, three triggered."""
    statistics = counted(start(1), start(2, 1), start(3, 1), start(4, 3), start(5_000))
    assert statistics.longest_chain == 3
    assert statistics.triggered_count == 3
    assert statistics.liquidation_count == 5


def test_sides_are_those_of_first_orders() -> None:
    """A long is liquidated by a sale; later attempts for the same position do not count again."""
    orders = [
        LiquidationOrderPlaced(1, 1, 0, A, 1, 1, -1, 0, 5, attempt, side, 1)  # type: ignore[arg-type]
        for attempt, side in ((1, Side.SELL), (2, Side.SELL), (1, Side.BUY))
    ]
    statistics = counted(*orders)
    assert (statistics.longs_liquidated, statistics.shorts_liquidated) == (1, 1)


def test_what_a_session_charges_is_socialized_too() -> None:
    """Whatever the base, and whether it was paid out of balances, out of profits, or by lenders."""
    statistics = counted(
        LossSocialized(1, 1, 0, 1, 1, 9, 9, 9, 2, SocializationBase.LENDERS),
        LenderCut(1, 1, 0, 1, 1, 5, 9, 9),
        LenderCut(1, 1, 0, 2, 1, 4, 9, 9),
        SessionEnded(1, 1, 0, 40, 50, 30, 600_000_000, 3, SocializationBase.SESSION_TOTAL),
        ProfitClawedBack(1, 1, 0, 1, 0, 10, 20, 5),
        HaircutCharged(1, 1, 0, 1, 1, 0, 20, 20, 0),
    )
    assert (statistics.socialized, statistics.most_payers, statistics.haircut_count) == (39, 3, 4)


def test_payers_are_summed() -> None:
    """Each step of the waterfall has its own sum, which may pass 64 bits."""
    huge = (1 << 62) - 1
    statistics = counted(
        FundDeposited(1, 1, 0, 9, 9),
        SurplusPaid(1, 1, 0, 1, 1, 3, 3),
        FundPaid(1, 1, 0, 1, 1, 7, 5, 0),
        *[LossSocialized(1, 1, 0, 1, 1, huge, huge, huge, payers) for payers in (2, 7, 1)],
        HaircutCharged(1, 1, 0, 1, 1, 1, 4, 4, 0),
        VenueLossBooked(1, 1, 0, 1, 1, 6, 6),
        LiquidationEnded(1, 1, 0, 1, 1, 0, LiquidationOutcome.VENUE_LOSS),
        RecordedClipped(1, 1, 0, A, 1, 1, RecordedKind.EXECUTE, 1),  # type: ignore[arg-type]
    )
    assert (statistics.fund_deposited, statistics.surplus_paid, statistics.fund_paid) == (9, 3, 5)
    assert (statistics.socialized, statistics.most_payers) == (3 * huge, 7)
    assert (statistics.haircut_count, statistics.venue_loss) == (1, 6)
    assert statistics.ended_as(LiquidationOutcome.VENUE_LOSS) == 1
    assert statistics.clipped_as(RecordedKind.EXECUTE) == 1


@pytest.mark.parametrize("block", [b"\x00" * 64, b"\x03\x01" + b"\x00" * 30, b"\xff\x01" + b"\x00" * 62])
def test_what_is_no_event_record_is_refused(block: bytes) -> None:
    """No units, a cut record, an unknown type."""
    with pytest.raises(DataError, match="expected an event record at byte 0"):
        Statistics([LINEAR]).write(block, 1)


def test_blocks_of_a_run_are_counted_as_their_events_decode() -> None:
    """Over several blocks of the demonstration, every type as often as the codec finds it."""
    blocks: list[tuple[bytes, int]] = []

    class Keep:
        def write(self, block: bytes, first_seq: int) -> None:
            blocks.append((block, first_seq))

    exchange = open_scenario(DEMO).open_exchange()
    statistics = Statistics(exchange.instruments)
    exchange.add_sink(Keep())
    for block in DemoSource().blocks():
        exchange.run(block)
    blocks.append((exchange.open_block(), exchange.open_block_first_seq()))
    types: Counter[str] = Counter()
    for found, first_seq in blocks:
        statistics.write(found, first_seq)
        types.update(type(event).__name__ for event in decode_events(found, first_seq))
    assert len(blocks) > 4
    assert statistics.event_count == exchange.seq
    for number, struct in EVENTS.items():
        assert statistics.counts_by_type[number] == types[struct.__name__]
