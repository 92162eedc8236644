"""What the fund loses on what it took over, and what stops trading, from the events of small venues."""

from exchange import Exchange
from exchange.commands import (
    Command,
    Deposit,
    FundDeposit,
    OpenPosition,
    SetMarketState,
    SetMarkPrice,
    SettleInstrument,
)
from exchange.enums import MarketState
from exchange.exchange import EventSink
from exchange.instrument import Instrument, MarginTier
from exchange.rules import LiquidationRules, Rules
from replay.observers.halts import Halt, halt_texts, span_text
from replay.observers.measures import Measurer
from tests.helpers import A, run_all

TEN_TIMES = Instrument(
    instrument_id=A, symbol="PERP", default_leverage=10, margin_tiers=(MarginTier(maintenance_ppm=50_000),)
)
LONG = 1


def watched(*remainder: str) -> tuple[Exchange, Measurer]:
    """A venue whose liquidations go to market at once, and what counts its events."""
    rules = Rules(liquidation=LiquidationRules(order="market", remainder=remainder))  # type: ignore[arg-type]
    venue = Exchange([TEN_TIMES], rules)
    measurer = Measurer([], venue.instruments, venue.fund.balance)
    venue.add_sink(measurer)
    return venue, measurer


def finish(venue: Exchange, sink: EventSink) -> None:
    """Hand over the events that stand in no full block."""
    sink.write(venue.open_block(), venue.open_block_first_seq())


def taken_over(*more: Command) -> tuple[Exchange, Measurer]:
    """The fund takes 10 over at a mark of 92, as nobody bids; then something else happens."""
    venue, measurer = watched("fund")
    commands: list[Command] = [
        SetMarkPrice(0, A, 100),
        FundDeposit(0, 10_000),
        Deposit(0, LONG, 100),
        OpenPosition(0, A, LONG, 10, 100),
        SetMarkPrice(0, A, 92),
        *more,
    ]
    run_all(venue, *commands)
    finish(venue, measurer)
    return venue, measurer


def test_a_position_of_the_fund_counts_at_the_last_mark() -> None:
    """10 taken over at 92: at 80 they are 120 less; at 90 again only 20, and 120 was the most."""
    venue, measurer = taken_over(SetMarkPrice(1, A, 80), SetMarkPrice(2, A, 90))
    over = measurer.losses.found(venue).fund
    assert (over.lots, over.held) == ({A: 10}, {A: 10})
    assert (over.realized, over.marked, over.loss, over.worst) == (0, 20, 20, 120)
    assert venue.fund.positions()[0].unrealized == -20


def test_a_gain_on_what_was_taken_over_is_no_loss() -> None:
    """At 95 the fund is 30 ahead: nobody bears that."""
    venue, measurer = taken_over(SetMarkPrice(1, A, 95))
    found = measurer.losses.found(venue)
    assert found.fund.loss == -30
    assert found.shares == {}


def test_settlement_ends_a_position_of_the_fund() -> None:
    """At 70 it has lost 220 for good; the settlement is told with its price."""
    venue, measurer = taken_over(SettleInstrument(1, A, 70))
    over = measurer.losses.found(venue).fund
    assert (over.realized, over.marked, over.held) == (220, 0, {})
    assert venue.fund.balance == 10_000 + 20 - 220  # with what the account had left
    assert halt_texts(measurer.halts.found, venue.instruments) == [
        "PERP was settled for good at 70, 1970-01-01T00:00:00.000000001Z"
    ]


def test_a_liquidation_that_finds_no_bid_lacks_what_its_account_is_below_zero() -> None:
    """At 80 its equity is 100 - 200; nobody has paid that; 10 are unsold."""
    venue, measurer = watched()
    run_all(
        venue,
        SetMarkPrice(0, A, 100),
        Deposit(0, LONG, 100),
        OpenPosition(0, A, LONG, 10, 100),
        SetMarkPrice(0, A, 80),
    )
    finish(venue, measurer)
    found = measurer.losses.found(venue)
    left = found.unfinished
    assert (left.liquidations, left.below, left.negative_equity, left.held) == (1, 1, 100, {A: 10})
    assert found.shares == {"unfinished": 100}


def test_a_pause_is_told_with_its_length() -> None:
    """From the operator's word to the next; one that does not end says so."""
    venue, measurer = watched()
    paused, opened = MarketState.PAUSED, MarketState.OPEN
    run_all(
        venue,
        SetMarketState(10**9, A, paused),
        SetMarketState(61 * 10**9, A, opened),
        SetMarketState(90 * 10**9, A, MarketState.REDUCE_ONLY),
    )
    finish(venue, measurer)
    assert [halt.until_ns for halt in measurer.halts.found] == [61 * 10**9, 0]
    assert halt_texts(measurer.halts.found, venue.instruments) == [
        "PERP was paused from 1970-01-01T00:00:01Z for 60 s",
        "PERP was reduce only from 1970-01-01T00:01:30Z, to the end",
    ]


def test_many_halts_are_counted() -> None:
    """Three are told; how many there were, too."""
    halts = [Halt("breaker", A, number, number + 5_000_000_000, 100) for number in range(9)]
    texts = halt_texts(halts, [TEN_TIMES])
    assert len(texts) == 4
    assert texts[0].endswith("for 5 s; it opened again at 100")
    assert texts[-1] == "trading stopped 9 times in all"


def test_spans_are_told_in_their_own_unit() -> None:
    """Rounded to a tenth."""
    texts = [
        span_text(span) for span in (5_000_000, 5_000_000_000, 24 * 60 * 10**9, 12 * 3_600 * 10**9, 156 * 3_600 * 10**9)
    ]
    assert texts == ["5 ms", "5 s", "24 min", "12 h", "6.5 d"]
