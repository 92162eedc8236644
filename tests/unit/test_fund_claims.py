"""What liquidation orders and backstop accounts get from the fund is a claim: no more than a deficit would get."""

from typing import Any

import pytest

from exchange.commands import Deposit, FundDeposit, OpenPosition, SetMarkPrice
from exchange.events import FundPaid, LiquidationFeeCharged, LiquidationOrderPlaced, PositionTransferred, Trade
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, PacingRules, Rules, TakeoverRules
from tests.helpers import BUY, A, B, order, run_all

LOSER, BIDDER, TAKER = 1, 2, 3

# Caps that leave the fund's 1,000 fewer for instrument A, and what they leave.
CAPS: list[Any] = [
    ({}, 0, 50),
    ({"floor": 970}, 0, 30),
    ({"max_claim": 20}, 0, 20),
    ({"window_cap": 35}, 0, 35),
    ({"drawdown_trigger_ppm": 10_000}, 0, 10),
    ({"scope": "per_instrument"}, B, 0),
    ({"scope": "per_instrument"}, A, 50),
    ({"scope": "per_instrument", "floor": 960}, A, 40),
]


def venue_of(fund: dict[str, Any], named: int, **rules: Any) -> Exchange:
    """Account 1 holds 10 bought at 100 with 150, so that it is bankrupt at 85; the fund has 1,000."""
    instruments = [
        Instrument(
            instrument_id=number,
            symbol=f"I{number}",
            default_leverage=20,
            margin_tiers=(MarginTier(maintenance_ppm=100_000),),
        )
        for number in (A, B)
    ]
    venue = Exchange(instruments, Rules(fund=FundRules(**fund), **rules))
    run_all(
        venue,
        FundDeposit(0, 1_000, named),
        SetMarkPrice(0, A, 100),
        Deposit(0, LOSER, 150),
        Deposit(0, BIDDER, 10_000),
        Deposit(0, TAKER, 10_000),
        OpenPosition(0, A, LOSER, 10, 100),
    )
    return venue


def only(events: list[Any], kind: type) -> Any:
    """The one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


@pytest.mark.parametrize(("fund", "named", "paid"), CAPS)
def test_a_fill_below_bankruptcy_is_a_claim(fund: dict[str, Any], named: int, paid: int) -> None:
    """Sold at 80 it is 50 short; what the fund may not pay is the account's deficit."""
    liquidation = LiquidationRules(order="market", fee="capped_by_surplus")
    venue = venue_of(fund, named, liquidation=liquidation, waterfall=())
    events = run_all(venue, order(BIDDER, 1, BUY, 10, 80), SetMarkPrice(0, A, 93))
    charged = only(events, LiquidationFeeCharged)
    assert (charged.charged, charged.balance) == (-paid, paid - 50)
    assert (venue.fund.balance, venue.fund.venue_loss) == (1_000 - paid, 50 - paid)


@pytest.mark.parametrize(("fund", "named", "paid"), CAPS)
def test_a_guarded_order_fills_what_a_claim_would_pay(fund: dict[str, Any], named: int, paid: int) -> None:
    """Each lot costs the fund 5."""
    liquidation = LiquidationRules(
        order="market", fee="capped_by_surplus", pacing=PacingRules(is_fund_guarded=True), remainder=()
    )
    venue = venue_of(fund, named, liquidation=liquidation)
    events = run_all(venue, order(BIDDER, 1, BUY, 10, 80), SetMarkPrice(0, A, 93))
    assert sum(event.qty_lots for event in events if isinstance(event, Trade)) == paid // 5
    assert only(events, LiquidationOrderPlaced).qty_lots == 10


@pytest.mark.parametrize(("fund", "named", "paid"), CAPS)
def test_what_the_fund_adds_for_a_backstop_account_is_a_claim(fund: dict[str, Any], named: int, paid: int) -> None:
    """Bankrupt at 85, taken over with mark at 80: the taker pays mark, the fund the difference of 50."""
    takeover = TakeoverRules(price="bankruptcy", mark_share_ppm=1_000_000, backstop_accounts=(TAKER,))
    liquidation = LiquidationRules(order="none", remainder=("backstop",), takeover=takeover)
    venue = venue_of(fund, named, liquidation=liquidation, waterfall=())
    events = run_all(venue, SetMarkPrice(0, A, 80))
    transferred = only(events, PositionTransferred)
    assert (transferred.value, transferred.taker_value) == (850, 850 - paid)
    assert venue.fund.balance == 1_000 - paid


def test_claims_of_fills_use_the_window_of_deficits() -> None:
    """A window of 35: 35 for the fill, and nothing of the deficit that is left."""
    liquidation = LiquidationRules(order="market", fee="capped_by_surplus")
    venue = venue_of({"window_cap": 35}, 0, liquidation=liquidation, waterfall=("fund",))
    events = run_all(venue, order(BIDDER, 1, BUY, 10, 80), SetMarkPrice(0, A, 93))
    assert [event for event in events if isinstance(event, FundPaid)] == []
    assert (venue.fund.balance, venue.fund.venue_loss) == (965, 15)
