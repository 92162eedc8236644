"""Rules that leave a step without anybody: what the venue does then."""

from exchange.commands import (
    AdvanceTime,
    Deposit,
    DepositAsset,
    OpenPosition,
    SetMarginMode,
    SetMarkPrice,
)
from exchange.enums import MarginMode
from exchange.events import DeficitPaid, LiquidationEnded, LiquidationOrderPlaced
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument
from exchange.rules import DisposalRules, LevelRules, LiquidationRules, Rules
from tests.helpers import BUY, SELL, A, B, margin_venue, order, run_all


def test_a_backstop_level_without_anybody_to_take_over_leaves_it_to_orders() -> None:
    """Below it a position is sold as before, since the rules name nobody else."""
    rules = Rules(
        levels=LevelRules(backstop_ppm=500_000),
        liquidation=LiquidationRules(order="market", remainder=("market",)),
    )
    venue = margin_venue(rules=rules, default_leverage=10)
    run_all(
        venue,
        Deposit(1, 8, 10_000),
        Deposit(1, 9, 10_000_000),
        SetMarkPrice(2, A, 1_000),
        OpenPosition(3, A, 8, 100, 1_000),
    )
    run_all(venue, SetMarkPrice(4, A, 901))
    run_all(venue, order(9, 1, BUY, 100, 890, ts=5))
    events = run_all(venue, SetMarkPrice(6, A, 901))
    assert [event.qty_lots for event in events if isinstance(event, LiquidationOrderPlaced)] == [100]
    assert any(isinstance(event, LiquidationEnded) for event in events)


def test_own_collateral_makes_no_loan() -> None:
    """The account has 10,000 beside its pocket, and paid 10,000 for coins: there is nothing to take."""
    perp = Instrument(instrument_id=A, symbol="PERP", default_leverage=10)
    spot = Instrument(instrument_id=B, symbol="BTC", kind="spot")
    rules = Rules(waterfall=("own_collateral", "fund"), liquidation=LiquidationRules(order="market"))
    venue = Exchange([perp, spot], rules)
    run_all(
        venue,
        Deposit(1, 7, 20_000),
        Deposit(1, 9, 1_000_000),
        DepositAsset(1, B, 9, 10),
        SetMarkPrice(1, A, 1_000),
        SetMarkPrice(1, B, 1_000),
        SetMarginMode(1, A, 7, MarginMode.ISOLATED),
        OpenPosition(1, A, 7, 100, 1_000),
        order(9, 1, SELL, 7, 1_000, ts=1, instrument=B),
        order(7, 2, BUY, 7, 1_000, ts=1, instrument=B),
        order(7, 4, BUY, 2, 900, ts=1, instrument=B),
        order(9, 3, BUY, 100, 850, ts=1),
    )
    events = run_all(venue, SetMarkPrice(2, A, 850))
    assert [event.amount for event in events if isinstance(event, DeficitPaid)] == [1_200]  # 10,000 - 7,000 - 1,800
    assert venue.clearing.assets.cash(venue.ledger.find(7)) == 1_800


def test_a_rebate_against_the_fund_is_a_cost_of_the_venue() -> None:
    """The fund pays no fee for working off what it took over; its maker is paid all the same."""
    rules = Rules(
        liquidation=LiquidationRules(order="none", remainder=("fund",), disposal=DisposalRules(step_ns=10**9))
    )
    venue = margin_venue(rules=rules, default_leverage=10, fees=FeeSchedule(maker_ppm=-50, taker_ppm=50))
    run_all(
        venue,
        Deposit(1, 8, 10_000),
        Deposit(1, 9, 10_000_000),
        SetMarkPrice(2, A, 1_000),
        OpenPosition(3, A, 8, 100, 1_000),
        SetMarkPrice(4, A, 902),
        order(9, 1, BUY, 100, 1_000, ts=5),
        AdvanceTime(10**10),
    )
    assert venue.fund.fees == -5
