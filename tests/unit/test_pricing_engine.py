"""Marks, funding and delivery as the venue makes them; what the scenarios of tests/scenarios/pricing do not tell."""

from typing import Any

import pytest

from exchange.codec import encode_command
from exchange.commands import (
    AdvanceTime,
    Command,
    Deposit,
    FundDeposit,
    OpenPosition,
    ReportTrade,
    SetFundingRate,
    SetIndexPrice,
    SetMarkPrice,
    SettleInstrument,
    Withdraw,
)
from exchange.enums import LiquidationOutcome, RejectReason
from exchange.errors import ConfigError
from exchange.events import (
    FundingPaid,
    FundingRateSet,
    FundingSettled,
    InstrumentSettled,
    LiquidationEnded,
    LiquidationStarted,
    MarkPriceUpdated,
    OrderRejected,
    PositionSettled,
    RequestRejected,
    Trade,
    TradeReported,
)
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.rules import DisposalRules, FundingRules, IndexRules, LiquidationRules, MarkRules, Rules, SettlementRules
from tests.helpers import BUY, SELL, A, bare_venue, margin_venue, order, recorded, refusal, run_all

PPB = 1_000_000_000


def modelled(*sources: str, **rules: Any) -> Exchange:
    """A venue whose mark is made of these sources, with a rich account 1."""
    facts = {name: rules.pop(name) for name in ("funding", "index", "kind", "tick_value") if name in rules}
    venue = margin_venue(
        mark_source="model",
        mark=MarkRules(sources=sources, **rules),  # type: ignore[arg-type]
        default_leverage=10,
        **facts,
    )
    run_all(venue, Deposit(0, 1, 1 << 40), Deposit(0, 2, 1 << 40))
    return venue


def marks(venue: Exchange, *commands: Command) -> list[int | None]:
    """The mark that each command ends with."""
    found: list[int | None] = []
    for command in commands:
        run_all(venue, command)
        found.append(venue.book(A).mark_price)
    return found


# --- marks -------------------------------------------------------------------------------------------------------


def test_each_source_by_itself() -> None:
    """Best bid 98 x 5, best ask 103 x 5, 110 x 5 behind it; last trade 100; index 200; outside 300."""
    expected = {
        "last": 100,
        "best_bid": 98,
        "best_ask": 103,
        "mid": 100,  # 100.5
        "impact_mid": 102,  # 980 of money sells at 98, and buys 5 at 103 and 5 (4.2) at 110: 106.5, rounded up
        "trade_vwap": 101,  # (3 x 102 + 100) / 4
        "book_median": 100,
        "index": 200,
        "external": 300,
    }
    for source, price in expected.items():
        more = {"impact_mid": {"impact_notional": 980}, "trade_vwap": {"window_ns": 10}}.get(source, {})
        venue = modelled(source, **more)
        found = marks(
            venue,
            ReportTrade(1, A, BUY, 102, 3),
            ReportTrade(2, A, SELL, 100, 1),
            order(1, 1, BUY, 5, 98, ts=3),
            order(1, 2, BUY, 5, 98, ts=3),
            order(2, 3, SELL, 5, 103, ts=3),
            order(2, 4, SELL, 5, 110, ts=3),
            SetIndexPrice(4, A, 200),
            *([SetMarkPrice(4, A, 300)] if source == "external" else []),
        )
        assert found[-1] == price, source


def test_external_price_of_a_model_is_refused_where_it_is_no_source() -> None:
    """Otherwise it would be taken in and never count."""
    assert refusal(modelled("last"), SetMarkPrice(0, A, 5)) == RejectReason.INVALID_COMBINATION


@pytest.mark.parametrize(
    ("combiner", "expected"), [("weighted", 166), ("median", 200), ("weighted_median", 100), ("first", 300)]
)
def test_combiners(combiner: str, expected: int) -> None:
    """External 300 (weight 1), last 100 (3), index 200 (2): the weighted mean is 1,000 / 6."""
    venue = modelled("external", "last", "index", weights=(1, 3, 2), combiner=combiner)
    found = marks(venue, SetMarkPrice(0, A, 300), ReportTrade(0, A, BUY, 100, 1), SetIndexPrice(0, A, 200))
    assert found[-1] == expected


def test_fair_price_decays_until_the_payment() -> None:
    """10,000 x 3 per mille: 30 ticks at the start of the interval, 15 in its middle."""
    venue = modelled("fair_price", funding=FundingRules(interval_ns=1_000))
    run_all(venue, AdvanceTime(1_000), SetIndexPrice(1_000, A, 10_000))
    assert marks(venue, SetFundingRate(1_000, A, 3_000_000), AdvanceTime(1_500), AdvanceTime(1_999)) == [
        10_030,
        10_015,
        10_000,
    ]


def test_a_stale_source_is_left_out_and_without_any_the_mark_stays() -> None:
    """Exactly as old as allowed is still fresh."""
    venue = modelled("external", staleness_ns=(10,))
    run_all(venue, SetMarkPrice(0, A, 100), AdvanceTime(10), AdvanceTime(11))
    assert venue.book(A).mark_price == 100
    two = modelled("external", "index", weights=(1, 3), staleness_ns=(10, 0))
    found = marks(two, SetMarkPrice(5, A, 100), SetIndexPrice(5, A, 200), AdvanceTime(15), AdvanceTime(16))
    assert found == [100, 175, 175, 200]


def test_clamp_band_and_range() -> None:
    """The band of the index comes first, then the step, then the prices that the instrument allows."""
    venue = modelled("external", clamp_ppm=10_000)
    found = marks(venue, *(SetMarkPrice(step, A, 2_000 if step else 1_000) for step in range(3)))
    assert found == [1_000, 1_010, 1_020]
    banded = modelled("external", band_ppm=50_000)
    assert marks(banded, SetMarkPrice(0, A, 2_000), SetIndexPrice(0, A, 1_000), SetMarkPrice(1, A, 1)) == [
        2_000,
        1_050,
        950,
    ]


def test_a_period_holds_the_mark_until_it_is_over() -> None:
    """Updates are due at multiples of 100 ns, each at its own time, with the number of the next command."""
    venue = modelled("external", every_ns=100)
    assert marks(venue, SetMarkPrice(150, A, 7), SetMarkPrice(199, A, 8), SetMarkPrice(200, A, 9)) == [None, None, 8]
    events = venue.apply(AdvanceTime(450))
    assert [(event.ts_ns, event.price_ticks) for event in events if isinstance(event, MarkPriceUpdated)] == [(300, 9)]


def test_liquidations_do_not_move_the_volume_weighted_mark() -> None:
    """The trade of the liquidation at 50 does not count; nobody is said to have triggered anything."""
    rules = Rules(liquidation=LiquidationRules(order="market"))
    facts = {"default_leverage": 10, "margin_tiers": (MarginTier(maintenance_ppm=50_000),)}
    mark = MarkRules(sources=("trade_vwap",), window_ns=1_000, moved_by_liquidations=False)
    venue = Exchange([Instrument(A, "I", mark_source="model", mark=mark, **facts)], rules)  # type: ignore[arg-type]
    run_all(venue, Deposit(1, 1, 100), Deposit(1, 2, 10_000), FundDeposit(1, 10_000), ReportTrade(1, A, BUY, 100, 1))
    run_all(venue, OpenPosition(1, A, 1, 10, 100), order(2, 1, BUY, 10, 50, ts=1))
    events = run_all(venue, ReportTrade(1, A, SELL, 86, 1))  # (100 + 86) / 2 = 93
    assert any(isinstance(event, LiquidationStarted) for event in events)
    assert venue.book(A).mark_price == 93


def test_what_the_fund_works_off_does_not_move_the_mark() -> None:
    """It takes 10 lots over at mark and sells them at 50, which is as little of a trade as the liquidation itself."""
    rules = Rules(
        liquidation=LiquidationRules(order="none", remainder=("fund",), disposal=DisposalRules(step_ns=10)),
    )
    for is_moved in (True, False):
        instrument = Instrument(
            A, "I", default_leverage=10, mark_source="last", mark=MarkRules(moved_by_liquidations=is_moved)
        )
        venue = Exchange([instrument], rules)
        run_all(venue, Deposit(1, 1, 100), Deposit(1, 2, 10_000), FundDeposit(1, 10_000))
        run_all(venue, ReportTrade(1, A, BUY, 100, 1), OpenPosition(1, A, 1, 10, 100), order(2, 1, BUY, 10, 50, ts=1))
        run_all(venue, ReportTrade(1, A, SELL, 90, 1))
        events = run_all(venue, AdvanceTime(20))
        assert [event.price_ticks for event in events if isinstance(event, Trade)] == [50]
        assert venue.book(A).mark_price == (50 if is_moved else 90)


# --- the index ---------------------------------------------------------------------------------------------------


def test_too_few_legs_leave_the_index_as_it_is() -> None:
    """And the event says that none was used."""
    venue = modelled("index", index=IndexRules(weights=(1, 1, 1), min_legs=2, staleness_ns=10))
    found = []
    for ts_ns, leg in ((0, 1), (5, 2), (20, 3)):
        (event, *_) = run_all(venue, SetIndexPrice(ts_ns, A, 100 * leg, leg))
        found.append((event.price_ticks, event.legs_used))  # type: ignore[union-attr]
    assert found == [(0, 0), (150, 2), (150, 0)]


# --- funding -----------------------------------------------------------------------------------------------------


def funded(**rules: Any) -> Exchange:
    """Account 1 long 10 at 1,000, the recorded market short; mark 1,000, index 1,000; payments every 100 ns."""
    venue = margin_venue(default_leverage=10, funding=FundingRules(interval_ns=100, **rules))
    run_all(venue, SetMarkPrice(1, A, 1_000), SetIndexPrice(1, A, 1_000), Deposit(1, 1, 100_000))
    run_all(venue, FundDeposit(1, 1_000), OpenPosition(1, A, 1, 10, 1_000))
    return venue


def rate_at(venue: Exchange, ts_ns: int) -> list[int]:
    """The rates that are paid until a time."""
    events = run_all(venue, AdvanceTime(ts_ns))
    return [event.rate_ppb for event in events if isinstance(event, FundingSettled)]


def test_without_a_rate_nothing_is_paid() -> None:
    """An external rate is for one payment; a premium needs an index."""
    venue = funded()
    assert rate_at(venue, 100) == []
    run_all(venue, SetFundingRate(150, A, 5))
    assert rate_at(venue, 450) == [5]
    blind = margin_venue(funding=FundingRules(interval_ns=100, model="premium"))
    run_all(blind, SetMarkPrice(1, A, 1_000))
    assert run_all(blind, AdvanceTime(500)) == []


def test_payments_are_due_at_the_offset() -> None:
    """And the first only after the venue's first command, however late that is."""
    venue = margin_venue(default_leverage=10, funding=FundingRules(interval_ns=100, offset_ns=30, model="interest"))
    run_all(venue, SetMarkPrice(1_000_000_000_000_000_000, A, 1_000))
    events = run_all(venue, AdvanceTime(1_000_000_000_000_000_230))
    assert [event.ts_ns % 1_000 for event in events if isinstance(event, FundingSettled)] == [30, 130, 230]


def test_premium_is_averaged_over_the_samples() -> None:
    """Samples at 0 (none yet), 50 and 100: premiums of 1 % and 4 %."""
    commands = [SetMarkPrice(40, A, 1_010), SetMarkPrice(90, A, 1_040)]
    for average, expected in (("equal", 25_000_000), ("linear", 30_000_000)):
        venue = funded(model="premium", sample_ns=50, average=average)
        run_all(venue, *commands)
        assert rate_at(venue, 100) == [expected]
        assert rate_at(venue, 200) == [40_000_000]


def test_a_rate_that_is_paid_at_the_next_time() -> None:
    """What the first interval makes is known, and paid at the end of the second; one from outside takes its place."""
    venue = funded(model="premium", timing="next")
    run_all(venue, SetMarkPrice(40, A, 1_010))
    events = run_all(venue, AdvanceTime(100))
    assert [(event.rate_ppb, event.due_ns) for event in events if isinstance(event, FundingRateSet)] == [
        (10_000_000, 200)
    ]
    assert not any(isinstance(event, FundingSettled) for event in events)
    run_all(venue, SetMarkPrice(110, A, 1_020))
    assert rate_at(venue, 200) == [10_000_000]
    run_all(venue, SetFundingRate(210, A, -7))
    assert rate_at(venue, 300) == [-7]
    assert rate_at(venue, 400) == [20_000_000]


@pytest.mark.parametrize(("premium_of", "expected"), [("mid", -10_000_000), ("last", 30_000_000), ("impact", 0)])
def test_premiums_of_other_prices(premium_of: str, expected: int) -> None:
    """Bid 980, ask 1,000: mid 990; last trade 1,030; the index of 1,000 lies within the impact prices."""
    venue = funded(model="premium", premium_of=premium_of, impact_notional=980 if premium_of == "impact" else 0)
    run_all(
        venue,
        ReportTrade(2, A, BUY, 1_030, 1),
        recorded(1, BUY, 1, 980, ts=2),
        recorded(2, SELL, 1, 1_000, ts=2),
    )
    assert rate_at(venue, 100) == [expected]


def test_difference_of_averages_pays_per_unit() -> None:
    """Mark 990 under an index of 1,000 on average, scaled 2.5: 25 per unit to the long, whatever the mark is."""
    venue = funded(model="twap_difference", scaling_ppm=2_500_000)
    run_all(venue, SetMarkPrice(2, A, 990))
    events = run_all(venue, AdvanceTime(100))
    assert [(e.account, e.amount) for e in events if isinstance(e, FundingPaid)] == [(0, -250), (1, 250)]
    assert [(e.price_ticks, e.rate_ppb) for e in events if isinstance(e, FundingSettled)] == [(1_000, -25_000_000)]


def test_fund_pays_and_receives_on_what_it_took_over() -> None:
    """It took over 10 lots: at 1 % of 9,000 it pays 90, and the recorded market receives them."""
    mark = {"margin_tiers": (MarginTier(maintenance_ppm=50_000),), "default_leverage": 10}
    venue = margin_venue(
        Instrument(A, "I", funding=FundingRules(interval_ns=100), **mark),  # type: ignore[arg-type]
        rules=Rules(liquidation=LiquidationRules(order="market")),
    )
    run_all(venue, SetMarkPrice(1, A, 1_000), Deposit(1, 1, 1_000), FundDeposit(1, 5_000))
    run_all(venue, OpenPosition(1, A, 1, 10, 1_000), SetMarkPrice(1, A, 900), SetFundingRate(1, A, 10_000_000))
    assert venue.account(-1).positions()[0].size_lots == 10
    before = venue.fund.balance
    events = run_all(venue, AdvanceTime(100))
    assert [(e.account, e.amount) for e in events if isinstance(e, FundingPaid)] == [(0, 90), (-1, -90)]
    assert venue.fund.balance == before - 90


def test_remainder_goes_to_whom_the_rules_name() -> None:
    """Longs of 3 and 4 pay 0.7 each rounded up; the recorded market receives 1.4 rounded down."""
    for remainder in ("fund", "fees"):
        venue = funded(remainder=remainder)
        run_all(venue, Deposit(1, 2, 100_000), OpenPosition(1, A, 2, 3, 1_000), SetFundingRate(1, A, 50_000))
        fund, fees = venue.fund.balance, venue.fund.fees
        events = run_all(venue, AdvanceTime(100))
        # 10,000 x 0.005 % = 0.5 -> 1; 3,000 -> 0.15 -> 1; 13,000 -> 0.65 -> 0.
        assert [(e.paid, e.received, e.remainder) for e in events if isinstance(e, FundingSettled)] == [(2, 0, 2)]
        assert (venue.fund.balance - fund, venue.fund.fees - fees) == ((2, 0) if remainder == "fund" else (0, 2))


def test_funding_of_an_inverse_position_is_in_coin() -> None:
    """A long of 15,000 contracts at 750 is worth 20 coins, and pays 0.25 % of them: 0.05."""
    coin = 10**8
    venue = margin_venue(
        kind="inverse",
        tick_value=coin,
        default_leverage=10,
        funding=FundingRules(interval_ns=100),
        max_price_ticks=9_999,
    )
    run_all(venue, SetMarkPrice(1, A, 750), Deposit(1, 1, 100 * coin), OpenPosition(1, A, 1, 15_000, 750))
    run_all(venue, SetFundingRate(1, A, 2_500_000))
    events = run_all(venue, AdvanceTime(100))
    assert [e.amount for e in events if isinstance(e, FundingPaid)] == [coin // 20, -coin // 20]


def test_who_cannot_pay_is_liquidated_in_the_same_step() -> None:
    """A debit that takes equity below maintenance is a breach like any other, at the time of the payment."""
    venue = margin_venue(default_leverage=100, funding=FundingRules(interval_ns=100))
    run_all(venue, SetMarkPrice(1, A, 1_000), Deposit(1, 1, 100), OpenPosition(1, A, 1, 10, 1_000))
    run_all(venue, SetFundingRate(1, A, 6_000_000))  # 60 of 10,000: 40 are left under a maintenance of 50
    events = run_all(venue, AdvanceTime(777))
    (started,) = [event for event in events if isinstance(event, LiquidationStarted)]
    assert (started.ts_ns, started.equity, started.maintenance) == (100, 40, 50)


# --- time, and the end of an instrument ----------------------------------------------------------------------------


def test_time_passes_where_nobody_owns_anything() -> None:
    """AdvanceTime is for every venue; prices are not."""
    venue = bare_venue()
    assert venue.apply(AdvanceTime(5)) == []
    assert venue.ts_ns == 5
    for command in (SetIndexPrice(5, A, 1), SetFundingRate(5, A, 1), SettleInstrument(5, A, 1)):
        assert refusal(venue, command) == RejectReason.INVALID_COMBINATION


def test_a_liquidation_that_waits_ends_with_its_instrument() -> None:
    """Nobody bids; the delivery price of 995 leaves the account 100 - 50 = 50 of equity, which is a surplus."""
    venue = margin_venue(default_leverage=100)
    run_all(venue, SetMarkPrice(1, A, 1_000), Deposit(1, 1, 100), OpenPosition(1, A, 1, 10, 1_000))
    run_all(venue, SetMarkPrice(1, A, 991))
    assert venue.account(1).is_in_liquidation
    events = run_all(venue, SettleInstrument(2, A, 995))
    assert [type(event) for event in events[:3]] == [PositionSettled, PositionSettled, InstrumentSettled]
    (ended,) = [event for event in events if isinstance(event, LiquidationEnded)]
    assert ended.outcome == LiquidationOutcome.SURPLUS
    assert not venue.account(1).is_in_liquidation


def test_a_deficit_at_delivery_goes_to_the_waterfall() -> None:
    """An account without a position and with a negative balance is a breach."""
    venue = margin_venue(default_leverage=100)
    run_all(venue, SetMarkPrice(1, A, 1_000), Deposit(1, 1, 100), FundDeposit(1, 1_000))
    run_all(venue, OpenPosition(1, A, 1, 10, 1_000))
    events = run_all(venue, SettleInstrument(2, A, 900))
    (ended,) = [event for event in events if isinstance(event, LiquidationEnded)]
    assert ended.outcome == LiquidationOutcome.COVERED
    assert venue.fund.balance == 100


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([], None),
        ([ReportTrade(1, A, BUY, 90, 1)], 90),
        ([ReportTrade(1, A, BUY, 90, 1), SetIndexPrice(1, A, 91)], 91),
        ([SetIndexPrice(1, A, 91), SetMarkPrice(1, A, 92)], 92),
    ],
)
def test_delivery_price_at_mark_with_what_there_is(commands: list[Command], expected: int | None) -> None:
    """The mark, else the index, else the last trade; without any the operator has to settle."""
    venue = margin_venue(expiry_ns=100)
    run_all(venue, *commands)
    events = run_all(venue, AdvanceTime(200))
    found = [event.price_ticks for event in events if isinstance(event, InstrumentSettled)]
    assert found == ([] if expected is None else [expected])
    if expected is None:
        assert isinstance(run_all(venue, SettleInstrument(300, A, 5))[-1], InstrumentSettled)


def test_an_expiry_without_a_price_waits_for_the_first() -> None:
    """It is settled 1 ns after the command that brought the first price, whatever came between."""
    venue = margin_venue(expiry_ns=100)
    run_all(venue, AdvanceTime(50), AdvanceTime(200), AdvanceTime(300), SetIndexPrice(400, A, 90))
    assert run_all(venue, SetIndexPrice(400, A, 91)) != []
    events = run_all(venue, AdvanceTime(10_000))
    settled = next(event for event in events if isinstance(event, InstrumentSettled))
    assert (settled.ts_ns, settled.price_ticks, settled.is_commanded) == (401, 91, False)
    assert refusal(venue, SetIndexPrice(10_000, A, 92)) == RejectReason.MARKET_SETTLED


def test_settled_instrument_is_closed_to_everything() -> None:
    """Orders, prints, prices; and the others go on. Its funding and its mark stop."""
    other = Instrument(2, "OTHER")
    settled = Instrument(
        1,
        "SETTLED",
        expiry_ns=100,
        mark_source="model",
        mark=MarkRules(sources=("external",), every_ns=10),
        funding=FundingRules(interval_ns=50, model="interest"),
        settlement=SettlementRules(price="index"),
    )
    venue = margin_venue(settled, other)
    run_all(venue, Deposit(1, 1, 1_000), SetMarkPrice(1, 1, 10), SetIndexPrice(1, 1, 11), AdvanceTime(100))
    refused = RejectReason.MARKET_SETTLED
    assert refusal(venue, order(1, 5, BUY, 1, 10, ts=100)) == refused
    assert refusal(venue, recorded(5, BUY, 1, 10, ts=100)) == refused
    assert refusal(venue, ReportTrade(100, 1, BUY, 10, 1)) == refused
    assert run_all(venue, AdvanceTime(100_000)) == []
    assert isinstance(run_all(venue, ReportTrade(100_000, 2, BUY, 10, 1))[0], TradeReported)
    assert not isinstance(run_all(venue, Withdraw(100_000, 1, 1))[0], OrderRejected | RequestRejected)


def test_a_batch_gives_the_same_events_as_single_commands() -> None:
    """Whatever time sets off between them."""

    def opened() -> Exchange:
        return margin_venue(
            default_leverage=10,
            mark_source="model",
            mark=MarkRules(
                sources=("index_basis", "trade_vwap"), smoothing="ema", basis_window_ns=70, window_ns=90, every_ns=7
            ),
            funding=FundingRules(interval_ns=100, model="premium", sample_ns=9),
            expiry_ns=950,
            settlement=SettlementRules(price="index_twap", window_ns=100),
        )

    commands: list[Command] = [Deposit(0, 1, 10**6), Deposit(0, 2, 10**6)]
    for step in range(200):
        ts_ns = 5 * step
        commands.append(SetIndexPrice(ts_ns, A, 1_000 + step * 37 % 50))
        commands.append(order(1 + step % 2, step, BUY if step % 2 else SELL, 3, 1_000 + step * 53 % 40, ts=ts_ns))
    one, batch = opened(), opened()
    for command in commands:
        one.apply(command)
        one.check()
    batch.run(b"".join(encode_command(command) for command in commands))
    assert one.digest() == batch.digest()


def test_nothing_is_due_for_a_settled_instrument() -> None:
    """Its tasks do not make the venue settle, which would move the marks of others that follow the time."""
    falling = Instrument(
        1,
        "FALLING",
        mark_source="model",
        mark=MarkRules(sources=("fair_price",)),
        funding=FundingRules(interval_ns=1_000),
    )
    ending = Instrument(
        2,
        "ENDING",
        mark_source="model",
        mark=MarkRules(sources=("index",), every_ns=10),
        funding=FundingRules(interval_ns=15),
        expiry_ns=300,
    )
    venue = Exchange([falling, ending])
    run_all(venue, SetIndexPrice(1, 1, 10_000), SetFundingRate(1, 1, PPB // 10), SettleInstrument(1, 2, 10))
    events = venue.apply(AdvanceTime(500))
    assert events == [MarkPriceUpdated(5, 4, 500, 1, 10_500)]


# --- rules that could not be applied -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mark_source": "model"}, "mark.sources"),
        ({"mark_source": "model", "mark": MarkRules(sources=("fair_price",))}, "funding.interval_ns"),
        ({"expiry_ns": -1}, "expiry_ns"),
    ],
)
def test_instruments_that_make_no_sense_are_refused(fields: dict[str, Any], message: str) -> None:
    """The field is named."""
    with pytest.raises(ConfigError, match=message):
        Instrument(1, "I", **fields)


@pytest.mark.parametrize(
    ("struct", "fields", "message"),
    [
        (MarkRules, {"sources": ("last", "last")}, "repetition"),
        (MarkRules, {"sources": ("last",), "weights": (1, 2)}, "a weight for each"),
        (MarkRules, {"sources": ("last",), "weights": (0,)}, "above 0"),
        (MarkRules, {"sources": ("last",), "staleness_ns": (1, 2)}, "staleness_ns"),
        (MarkRules, {"sources": ("trade_vwap",)}, "window_ns"),
        (MarkRules, {"sources": ("impact_mid",)}, "impact_notional"),
        (MarkRules, {"smoothing": "ema"}, "basis_window_ns"),
        (MarkRules, {"clamp_ppm": -1}, "clamp_ppm"),
        (IndexRules, {"weights": (1,), "min_legs": 2}, "min_legs"),
        (FundingRules, {"interval_ns": 10, "offset_ns": 10}, "offset_ns"),
        (FundingRules, {"interval_ns": 10, "sample_ns": 11}, "sample_ns"),
        (FundingRules, {"premium_of": "impact"}, "impact_notional"),
        (FundingRules, {"model": "twap_difference", "timing": "next"}, "timing"),
        (FundingRules, {"floor_ppb": 2, "cap_ppb": 1}, "floor_ppb"),
        (SettlementRules, {"price": "index_twap"}, "window_ns"),
    ],
)
def test_rules_that_make_no_sense_are_refused(struct: type, fields: dict[str, Any], message: str) -> None:
    """Before a venue is opened."""
    with pytest.raises(ConfigError, match=message):
        struct(**fields)
