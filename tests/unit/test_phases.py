"""Phases, breakers and protections: refusals in their order, rules that cannot be, and what nobody pays for."""

from typing import Any

import pytest

from exchange import Exchange
from exchange.codec import decode_events, encode_command
from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    DepositAsset,
    ExecuteRecorded,
    OpenPosition,
    ReduceOrder,
    SetKillSwitch,
    SetMarketState,
    SetMarkPrice,
    SetPhase,
    SetReferencePrice,
)
from exchange.enums import (
    Breaker,
    CancelReason,
    MarketState,
    OrderKind,
    Origin,
    Phase,
    PhaseCause,
    RecordedKind,
    RejectReason,
    TimeInForce,
)
from exchange.errors import ConfigError
from exchange.events import (
    BreakerTripped,
    IndicativePriceUpdated,
    LiquidationOrderPlaced,
    MarkPriceUpdated,
    OrderAccepted,
    OrderCanceled,
    OrderRejected,
    PhaseChanged,
    RecordedClipped,
    RequestRejected,
    Trade,
)
from exchange.instrument import Instrument
from exchange.rules import (
    BandRules,
    BreakerRules,
    DynamicBandRules,
    LimitRules,
    LiquidationRules,
    OrderRules,
    PhaseRules,
    PhaseTime,
    ProtectionRules,
    Rules,
    StopLogicRules,
)
from tests.helpers import BUY, SELL, A, bare_venue, margin_venue, order, recorded, run_all

R = RejectReason
SECOND = 10**9


def reason(events: list) -> RejectReason:
    """Why the last request was refused."""
    assert isinstance(events[0], OrderRejected | RequestRejected), events
    return events[0].reason


def play(venue: Exchange, *commands: Command) -> list[Any]:
    """Apply commands, check the venue after each, and return the events of the last, of whatever type."""
    return list(run_all(venue, *commands))


def kinds(events: list) -> list[type]:
    """The events' types."""
    return [type(event) for event in events]


# --- what a default venue is spared -----------------------------------------------------------------------------------


def test_nothing_is_asked_until_something_is_used():
    """One flag on the desk and one on the matcher: off by default, on with a phase, a kill switch or a rule."""
    venue = bare_venue()
    play(venue, order(1, 1, BUY, 1, 10), SetReferencePrice(0, A, 10))
    assert (venue.desk.has_guards, venue.matcher.has_guards) == (False, False)
    play(venue, SetKillSwitch(0, 9))
    assert (venue.desk.has_guards, venue.matcher.has_guards) == (True, True)
    assert bare_venue(breakers=BreakerRules(stop_logic=StopLogicRules(1))).desk.has_guards
    assert bare_venue(phases=PhaseRules(initial="halt")).desk.has_guards


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "expected"), [(Phase.CLOSED, R.MARKET_CLOSED), (Phase.HALT, R.MARKET_HALTED)], ids=str
)
def test_halted_and_closed_take_cancels_only(phase, expected):
    """Orders and amends are refused ahead of everything about them; cancels and reductions are not."""
    venue = bare_venue()
    play(venue, order(1, 1, BUY, 5, 10), SetPhase(0, A, phase))
    assert reason(play(venue, order(1, 2, BUY, 0, 10))) == expected
    assert reason(play(venue, order(1, 2, BUY, 1, kind=OrderKind.STOP, trigger_ticks=5))) == expected
    assert reason(play(venue, AmendOrder(0, A, 1, 99, 1))) == expected
    assert not isinstance(play(venue, ReduceOrder(0, A, 1, 1, 2))[0], OrderRejected)
    assert isinstance(play(venue, CancelOrder(0, A, 1, 1))[0], OrderCanceled)


@pytest.mark.parametrize("phase", [Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.REOPENING_AUCTION], ids=str)
def test_a_call_takes_what_can_wait(phase):
    """IOC, FOK and post-only are refused; limits, market orders and stops are not, unless the rules say so."""
    venue = bare_venue()
    play(venue, SetPhase(0, A, phase))
    for more in (
        {"time_in_force": TimeInForce.IOC},
        {"time_in_force": TimeInForce.FOK},
        {"post_only": True},
    ):
        assert reason(play(venue, order(1, 1, BUY, 1, 10, **more))) == R.NOT_IN_THIS_PHASE
    assert reason(play(venue, order(1, 1, BUY, 1, time_in_force=TimeInForce.IOC))) == R.NOT_IN_THIS_PHASE
    stop = order(1, 3, BUY, 1, kind=OrderKind.STOP, trigger_ticks=5, time_in_force=TimeInForce.IOC)
    for taken in (order(1, 1, BUY, 1, 10), order(1, 2, BUY, 1), stop):
        assert isinstance(play(venue, taken)[0], OrderAccepted)
    strict = bare_venue(phases=PhaseRules(auction_market_orders="refuse", auction_stops="refuse"))
    play(strict, SetPhase(0, A, phase))
    assert reason(play(strict, order(1, 2, BUY, 1))) == R.NOT_IN_THIS_PHASE
    assert reason(play(strict, stop)) == R.NOT_IN_THIS_PHASE


def test_a_queued_market_order_cannot_be_amended():
    """It has neither price nor place; who wants less of it reduces it."""
    venue = bare_venue()
    play(venue, SetPhase(0, A, Phase.PRE_OPEN), order(1, 1, BUY, 5))
    assert reason(play(venue, AmendOrder(0, A, 2, 1, 4))) == R.NOT_ORDER_OWNER
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 0))) == R.INVALID_QUANTITY
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 4))) == R.INVALID_COMBINATION
    live = next(venue.book(A).market_orders(BUY))
    assert (live.kind, live.open_lots, live.price_ticks, live.trigger_ticks) == (OrderKind.MARKET, 5, 0, 0)


def test_protections_come_before_the_phase_and_the_phase_before_the_order():
    """Kill switch, rate, phase; each alone is told by the refusals around it."""
    rules = Rules(clearing="none", protections=ProtectionRules(rate_limit=1))
    venue = Exchange([Instrument(A, "A", phases=PhaseRules(initial="closed"))], rules)
    assert reason(play(venue, order(1, 1, BUY, 0))) == R.MARKET_CLOSED
    assert reason(play(venue, order(1, 1, BUY, 0))) == R.TOO_MANY_REQUESTS
    play(venue, SetKillSwitch(0, 1))
    assert reason(play(venue, order(1, 1, BUY, 0))) == R.KILL_SWITCH_ON
    assert reason(play(venue, order(0, 1, BUY, 0))) == R.RESERVED_ACCOUNT
    # The other instruments, and the others' requests, are not touched by it.
    assert reason(play(venue, order(2, 1, BUY, 1, 5))) == R.MARKET_CLOSED


def test_sizes_and_prices_come_after_what_makes_an_order_sound():
    """BOOK_FULL and BELOW_FILLED come first; then size, collar, band; then mark, post-only, fill-or-kill, margin."""
    rules = Rules(protections=ProtectionRules(max_order_lots=5, collar_ticks=10))
    band = BreakerRules(static_band=BandRules(width_ticks=5))
    venue = margin_venue(Instrument(A, "A", breakers=band), rules=rules)
    play(venue, *[Deposit(0, account, 1_000) for account in (1, 2)], SetMarkPrice(0, A, 100))
    play(venue, order(1, 1, SELL, 3, 100), order(2, 2, BUY, 1, 100), SetReferencePrice(0, A, 100))
    assert reason(play(venue, order(2, 1, BUY, 6, 120))) == R.DUPLICATE_ORDER_ID
    assert reason(play(venue, order(2, 3, BUY, 6, 120))) == R.ORDER_TOO_LARGE
    assert reason(play(venue, order(2, 3, BUY, 5, 120))) == R.PRICE_OUTSIDE_COLLAR
    assert reason(play(venue, order(2, 3, BUY, 5, 106, post_only=True))) == R.PRICE_OUTSIDE_BAND
    assert reason(play(venue, order(2, 3, BUY, 5, 105, post_only=True))) == R.POST_ONLY_WOULD_TAKE
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 1, 80, 0, True))) == R.BELOW_FILLED
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 9, 80, 0, True))) == R.ORDER_TOO_LARGE
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 2, 80))) == R.PRICE_OUTSIDE_COLLAR
    assert reason(play(venue, AmendOrder(0, A, 1, 1, 2, 94))) == R.PRICE_OUTSIDE_BAND


def test_the_notional_of_an_order_counts_at_its_limit_or_at_mark():
    """A market order without a mark counts for nothing there; it is refused for want of a mark."""
    venue = margin_venue(rules=Rules(protections=ProtectionRules(max_order_notional=1_000)))
    play(venue, Deposit(0, 1, 10**6))
    assert reason(play(venue, order(1, 1, BUY, 11))) == R.NO_MARK_PRICE
    play(venue, SetMarkPrice(0, A, 100))
    assert reason(play(venue, order(1, 1, BUY, 11))) == R.ORDER_TOO_LARGE
    assert reason(play(venue, order(1, 1, BUY, 10, 101))) == R.ORDER_TOO_LARGE
    assert isinstance(play(venue, order(1, 1, BUY, 10, 100))[0], OrderAccepted)


def test_cancels_count_for_the_rate_where_the_rule_says_so():
    """Each interval starts anew; a mass cancel always passes."""
    rules = Rules(clearing="none", protections=ProtectionRules(rate_limit=2, rate_counts_cancels=True))
    venue = Exchange([Instrument(A, "A")], rules)
    play(venue, order(1, 1, BUY, 5, 5), ReduceOrder(0, A, 1, 1, 1))
    assert reason(play(venue, CancelOrder(SECOND - 1, A, 1, 1))) == R.TOO_MANY_REQUESTS
    assert reason(play(venue, ReduceOrder(SECOND - 1, A, 1, 99, 1))) == R.TOO_MANY_REQUESTS
    assert isinstance(play(venue, CancelOrder(SECOND, A, 1, 1))[0], OrderCanceled)


def test_requests_of_the_operator_are_refused_with_what_they_asked():
    """A phase that does not exist comes only in a record; a price out of range; an account that does not exist."""
    venue = margin_venue()
    record = bytearray(encode_command(SetPhase(0, A, Phase.CLOSED)))
    record[16] = 7
    venue.run(bytes(record))
    refused: Any
    (refused,) = decode_events(venue.open_block(), 1)
    assert (refused.reason, refused.amount) == (R.INVALID_COMBINATION, 7)
    assert reason(play(venue, SetReferencePrice(0, A, 0))) == R.INVALID_PRICE
    assert reason(play(venue, SetKillSwitch(0, 5))) == R.UNKNOWN_ACCOUNT


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: PhaseRules(timetable=(PhaseTime(2, "halt"), PhaseTime(1, "closed"))), "ascending"),
        (lambda: PhaseRules(timetable=(PhaseTime(5, "halt"),), period_ns=5), "at_ns in 0..4"),
        (lambda: BandRules(width_ticks=1, width_ppm=1), "not both"),
        (lambda: BandRules(width_ppm=1_000_000), "width_ppm"),
        (lambda: BandRules(auction_ns=-1), "auction_ns"),
        (lambda: BandRules(auction_ns=0), "at least a second"),
        (lambda: LimitRules(auction_ns=1), "at least a second"),
        (lambda: StopLogicRules(pause_ns=0), "at least a second"),
        (lambda: LimitRules(window_ns=-1), "window_ns"),
        (lambda: StopLogicRules(max_move_ticks=-1), "max_move_ticks"),
        (lambda: BreakerRules(most_extensions=-1), "most_extensions"),
        (lambda: ProtectionRules(collar_ticks=1, collar_ppm=1), "collar"),
        (lambda: ProtectionRules(rate_interval_ns=0), "rate_interval_ns"),
        (lambda: ProtectionRules(max_order_lots=-1), "max_order_lots"),
    ],
)
def test_rules_that_could_not_be_applied_are_refused(make, expected):
    """Each says which field, what was expected and what was found."""
    with pytest.raises(ConfigError, match=expected):
        make()


# --- what happens when ------------------------------------------------------------------------------------------------


def test_the_indicative_price_is_shown_after_the_last_of_an_event():
    """Continued commands show nothing; and what has not changed is not shown again."""
    venue = bare_venue()
    play(venue, SetPhase(0, A, Phase.OPENING_AUCTION), order(1, 1, BUY, 5, 10))
    assert kinds(play(venue, order(2, 2, SELL, 5, 10, is_continued=True))) == [OrderAccepted]
    assert kinds(play(venue, order(2, 3, SELL, 1, 11))) == [OrderAccepted, IndicativePriceUpdated]
    assert kinds(play(venue, order(2, 4, SELL, 1, 12))) == [OrderAccepted]
    assert kinds(play(venue, AdvanceTime(0))) == []
    shown = play(venue, CancelOrder(0, A, 1, 1))[-1]
    assert (shown.price_ticks, shown.qty_lots, shown.surplus_lots) == (0, 0, 0)


def test_recorded_executions_are_clipped_while_nothing_trades():
    """The recorded order stays as it is; recorded orders are taken in any phase, and may cross."""
    venue = bare_venue()
    play(venue, recorded(1, SELL, 5, 10), SetPhase(0, A, Phase.HALT))
    (clipped,) = play(venue, ExecuteRecorded(0, A, 1, SELL, 10, 5))
    assert isinstance(clipped, RecordedClipped)
    assert (clipped.kind, clipped.qty_lots) == (RecordedKind.EXECUTE, 5)
    assert kinds(play(venue, recorded(2, BUY, 5, 11))) == [OrderAccepted]
    # Crossed when trading goes on: it opens with an auction, even from a halt.
    events = play(venue, SetPhase(0, A, Phase.CONTINUOUS))
    assert [type(event).__name__ for event in events] == ["AuctionUncrossed", "Trade", "PhaseChanged"]


def test_a_mid_mark_waits_for_the_end_of_a_call():
    """A crossed book has no middle."""
    venue = margin_venue(Instrument(A, "A", mark_source="mid"))
    play(venue, recorded(1, BUY, 5, 90), recorded(2, SELL, 5, 110), recorded(4, SELL, 5, 130))
    play(venue, SetPhase(0, A, Phase.OPENING_AUCTION))
    assert not any(isinstance(event, MarkPriceUpdated) for event in play(venue, recorded(3, BUY, 5, 120)))
    events = play(venue, SetPhase(0, A, Phase.CONTINUOUS))
    assert [event.price_ticks for event in events if isinstance(event, MarkPriceUpdated)] == [110]


def test_the_state_and_the_phase_are_two_things():
    """A paused market goes through its phases, and its auction trades what is in the book; but takes no orders."""
    venue = margin_venue()
    play(venue, *[Deposit(0, account, 1_000) for account in (1, 2)], SetMarkPrice(0, A, 10))
    play(venue, SetPhase(0, A, Phase.OPENING_AUCTION), order(1, 1, BUY, 5, 10), order(2, 2, SELL, 5, 10))
    play(venue, SetMarketState(0, A, MarketState.PAUSED))
    assert reason(play(venue, order(1, 3, BUY, 5, 10))) == R.MARKET_PAUSED
    assert any(isinstance(event, Trade) for event in play(venue, SetPhase(0, A, Phase.CONTINUOUS)))
    assert reason(play(venue, order(1, 3, BUY, 5, 10))) == R.MARKET_PAUSED
    play(venue, SetMarketState(0, A, MarketState.OPEN), SetPhase(0, A, Phase.HALT))
    assert reason(play(venue, order(1, 3, BUY, 5, 10))) == R.MARKET_HALTED


def test_nobody_buys_coins_at_market_in_a_call():
    """What they would cost is not known; selling them is another thing."""
    venue = margin_venue(Instrument(A, "A", kind="spot"))
    play(venue, Deposit(0, 1, 1_000), DepositAsset(0, A, 1, 5), SetMarkPrice(0, A, 10))
    play(venue, SetPhase(0, A, Phase.OPENING_AUCTION))
    assert reason(play(venue, order(1, 1, BUY, 5))) == R.NOT_IN_THIS_PHASE
    assert isinstance(play(venue, order(1, 1, BUY, 5, 10))[0], OrderAccepted)


def test_a_liquidation_waits_for_the_phase_like_for_the_state():
    """It starts in a halt, and sends its order when trading goes on."""
    venue = margin_venue(rules=Rules(liquidation=LiquidationRules(order="market")))
    play(venue, Deposit(0, 1, 30), SetMarkPrice(0, A, 100), OpenPosition(0, A, 1, 1, 100), recorded(1, BUY, 9, 90))
    play(venue, SetPhase(0, A, Phase.HALT))
    events = play(venue, SetMarkPrice(0, A, 70))
    assert venue.account(1).is_in_liquidation
    assert not any(isinstance(event, LiquidationOrderPlaced) for event in events)
    play(venue, SetPhase(0, A, Phase.REOPENING_AUCTION))
    events = play(venue, SetPhase(0, A, Phase.CONTINUOUS))
    assert any(isinstance(event, LiquidationOrderPlaced) for event in events)


def test_a_market_liquidation_that_trips_a_breaker_waits_for_the_rest():
    """What the band keeps it from selling is neither taken over at once nor counted as a failure."""
    band = BreakerRules(static_band=BandRules(width_ticks=20, action="halt", halt_ns=SECOND, auction_ns=SECOND))
    facts = Instrument(A, "A", breakers=band)
    venue = margin_venue(facts, rules=Rules(liquidation=LiquidationRules(order="market")))
    play(venue, Deposit(0, 1, 300), SetMarkPrice(0, A, 100), OpenPosition(0, A, 1, 10, 100))
    play(venue, SetReferencePrice(0, A, 100), recorded(1, BUY, 4, 90), recorded(2, BUY, 9, 75))
    events = play(venue, SetMarkPrice(0, A, 70))
    tripped = next(event for event in events if isinstance(event, BreakerTripped))
    found = (tripped.breaker, tripped.reference_ticks, tripped.limit_ticks, tripped.price_ticks, tripped.account)
    assert found == (Breaker.STATIC_BAND, 100, 80, 75, 1)
    assert venue.account(1).positions()[0].size_lots == 6
    events = play(venue, AdvanceTime(2 * SECOND))
    phases = [(event.phase, event.cause) for event in events if isinstance(event, PhaseChanged)]
    assert phases == [
        (Phase.REOPENING_AUCTION, PhaseCause.BREAKER_OVER),
        (Phase.CONTINUOUS, PhaseCause.BREAKER_OVER),
    ]


def test_stop_logic_counts_from_where_the_cascade_began():
    """Each step anew: small moves, command after command, are no cascade."""
    venue = bare_venue(breakers=BreakerRules(stop_logic=StopLogicRules(5, SECOND)))
    play(venue, recorded(1, BUY, 1, 100), *[recorded(10 + away, BUY, 1, 100 - away) for away in range(1, 12)])
    for away in range(11):
        play(venue, order(1, 50 + away, SELL, 1, kind=OrderKind.STOP, trigger_ticks=100 - away))
    events = play(venue, order(2, 3, SELL, 1))
    tripped = [event for event in events if isinstance(event, BreakerTripped)]
    assert [(event.breaker, event.limit_ticks, event.price_ticks) for event in tripped] == [
        (Breaker.STOP_LOGIC, 95, 94)
    ]
    assert min(event.price_ticks for event in events if isinstance(event, Trade)) == 95
    assert venue.book(A).phase == Phase.REOPENING_AUCTION
    # A breaker's plan is dropped by the operator.
    play(venue, SetPhase(0, A, Phase.HALT))
    assert play(venue, AdvanceTime(10 * SECOND)) == []


def test_a_timetable_of_a_tiny_period_is_bounded():
    """Like any other period: a command that comes a million of them late is refused as a mistake of the rules."""
    phases = PhaseRules(timetable=(PhaseTime(0, "halt"), PhaseTime(5, "continuous")), period_ns=10)
    venue = bare_venue(phases=phases)
    play(venue, AdvanceTime(0), AdvanceTime(100))
    with pytest.raises(ConfigError, match=r"phases\.period_ns"):
        venue.apply(AdvanceTime(100 * SECOND))


def test_two_bands_the_tighter_one_counts():
    """Of equally tight ones the first; a refusal needs no trip."""
    rules = BreakerRules(
        static_band=BandRules(width_ticks=10, action="cancel"),
        dynamic_band=DynamicBandRules(width_ticks=10, action="cancel"),
    )
    venue = bare_venue(breakers=rules)
    play(venue, SetReferencePrice(0, A, 100), recorded(1, SELL, 1, 100), recorded(2, SELL, 1, 111))
    (_, _, tripped, canceled) = play(venue, order(1, 3, BUY, 2, 120))
    assert tripped.breaker == Breaker.STATIC_BAND
    assert canceled.reason == CancelReason.PRICE_BAND
    play(venue, SetReferencePrice(0, A, 105))
    (_, tripped, _) = play(venue, order(1, 4, BUY, 2, 120))
    assert (tripped.breaker, tripped.reference_ticks) == (Breaker.DYNAMIC_BAND, 100)


def test_a_market_remainder_that_rests_rests_after_a_trip_too():
    """`limit_at_last_fill` comes before the queue of the call."""
    breakers = BreakerRules(dynamic_band=DynamicBandRules(width_ticks=1, action="auction", auction_ns=SECOND))
    venue = Exchange(
        [Instrument(A, "A", breakers=breakers)],
        Rules(clearing="none", orders=OrderRules(market_remainder="limit_at_last_fill")),
    )
    play(venue, recorded(1, SELL, 1, 100), recorded(2, SELL, 9, 105), order(9, 9, BUY, 1, 100))
    play(venue, recorded(3, SELL, 1, 101), order(1, 4, BUY, 5))
    assert venue.book(A).phase == Phase.REOPENING_AUCTION
    assert [(live.order_id, live.price_ticks, live.open_lots) for live in venue.book(A).orders(BUY)] == [(4, 101, 4)]


def test_corrections_pass_where_participants_do_not():
    """Account 0 is what happened."""
    venue = bare_venue(breakers=BreakerRules(static_band=BandRules(width_ticks=1)))
    play(venue, SetReferencePrice(0, A, 100), order(1, 1, BUY, 1, 50))
    events = play(venue, order(0, 2, SELL, 1, 50, origin=Origin.CORRECTION))
    assert kinds(events) == [OrderAccepted, Trade]
