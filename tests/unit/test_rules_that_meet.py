"""Rules of one area where they meet those of another: what the twin found."""

from exchange import Exchange
from exchange.clock import NEVER
from exchange.commands import (
    Deposit,
    OpenPosition,
    PlaceOrder,
    SetMarketState,
    SetMarkPrice,
    SettleInstrument,
    Withdraw,
)
from exchange.enums import MarketState, Origin
from exchange.events import DeleveragingStarted, LiquidationOrderPlaced, LossSocialized
from exchange.instrument import Instrument, MarginTier
from exchange.rules import (
    BorrowRules,
    DeleveragingRules,
    DisposalRules,
    LiquidationRules,
    PriceRules,
    RateTier,
    ReductionRules,
    Rules,
    SocializationRules,
    SpotTerms,
)
from tests.helpers import BUY, SELL, A, B, order, run_all

OWNER, VICTIM = 1, 2


def test_candidates_pro_rata_are_those_that_are_candidates_still() -> None:
    """The first liquidation closes 5 of 6 lots and all of the 1: the second finds one candidate, not two."""
    venue = Exchange(
        [Instrument(A, "A", margin_tiers=(MarginTier(0),))],
        Rules(
            liquidation=LiquidationRules(order="none", remainder=("deleverage",)),
            deleveraging=DeleveragingRules(order="pro_rata", score="profit"),
        ),
    )
    run_all(venue, *(Deposit(0, account, 1_000) for account in (3, 4)), Deposit(0, 1, 6), Deposit(0, 2, 6))
    for account, size, price in ((1, 6, 100), (2, 6, 100), (3, -6, 101), (4, -1, 100)):
        run_all(venue, OpenPosition(0, A, account, size, price))
    found = [event for event in run_all(venue, SetMarkPrice(0, A, 90)) if isinstance(event, DeleveragingStarted)]
    assert [(event.account, event.size_lots, event.candidates) for event in found] == [(1, 6, 2), (2, 6, 1)]


def test_a_session_does_not_charge_what_assets_gained() -> None:
    """500 were realized and 1,300 taken out against coins that rose: 200 are there to be charged, not the 300 asked."""
    venue = Exchange(
        [
            Instrument(A, "BTC", kind="spot", margin_tiers=(MarginTier(100_000),), spot=SpotTerms()),
            Instrument(B, "PERP", default_leverage=10),
        ],
        Rules(
            borrow=BorrowRules(may_borrow=True, withdraw="borrowed", leverage=10),
            liquidation=LiquidationRules(order="market", remainder=("fund",)),
            socialization=SocializationRules(base="session_total"),
            waterfall=("socialize",),
        ),
    )
    run_all(venue, SetMarkPrice(0, A, 100), SetMarkPrice(0, B, 100), Deposit(0, OWNER, 1_000), Deposit(0, VICTIM, 100))
    run_all(venue, OpenPosition(0, A, OWNER, 10, 100), OpenPosition(0, B, OWNER, 5, 100), SetMarkPrice(0, A, 300))
    run_all(
        venue, PlaceOrder(0, B, 0, 1, BUY, 5, 200, origin=Origin.RECORDED), order(OWNER, 2, SELL, 5, 200, instrument=B)
    )
    run_all(venue, Withdraw(0, OWNER, 1_300))
    assert (venue.account(OWNER).balance, venue.account(OWNER).equity) == (200, 2_200)
    events = run_all(venue, OpenPosition(0, B, VICTIM, -4, 100), SetMarkPrice(0, B, 200))
    (loss,) = [event for event in events if isinstance(event, LossSocialized)]
    assert (loss.deficit, loss.base, loss.charged) == (300, 200, 200)
    assert (venue.account(OWNER).balance, venue.fund.venue_loss) == (0, 100)


def spot_liquidation(liquidation: LiquidationRules, lots: int, deposit: int) -> LiquidationOrderPlaced:
    """Return the first order for coins at 100 with a haircut of 10 %, bought with money of which 5 % are required."""
    spot = Instrument(A, "BTC", kind="spot", spot=SpotTerms(collateral_weights=(RateTier(900_000),)))
    borrow = BorrowRules(may_borrow=True, maintenance_tiers=(RateTier(50_000),))
    venue = Exchange([spot], Rules(borrow=borrow, liquidation=liquidation))
    events = run_all(venue, Deposit(0, OWNER, deposit), OpenPosition(0, A, OWNER, lots, 100))
    return next(event for event in events if isinstance(event, LiquidationOrderPlaced))


def test_a_fillable_price_counts_the_leg_with_its_part_of_the_debt() -> None:
    """Maintenance is 20 + 10 and equity 1: a tenth of 29 is given up for the leg, which is all there is."""
    rules = LiquidationRules(order="ioc", price=PriceRules(kind="fillable"))
    assert spot_liquidation(rules, lots=2, deposit=1).price_ticks == 99


def test_lots_of_a_shortage_count_the_leg_with_its_part_of_the_debt() -> None:
    """450 are missing and closing everything frees 1,000 + 450: 32 of 100 lots, not 45."""
    rules = LiquidationRules(order="ioc", reduction=ReductionRules(kind="shortage"))
    assert spot_liquidation(rules, lots=100, deposit=1_000).qty_lots == 32


def test_nothing_is_disposed_of_in_a_paused_or_settled_market() -> None:
    """The fund took over and would sell later: nothing wakes while the market is paused, or once it is settled."""
    venue = Exchange(
        [Instrument(A, "A")],
        Rules(liquidation=LiquidationRules(order="market", remainder=("fund",), disposal=DisposalRules(step_ns=1_000))),
    )
    run_all(venue, Deposit(0, VICTIM, 10), SetMarkPrice(0, A, 100), OpenPosition(0, A, VICTIM, 1, 100))
    run_all(venue, SetMarkPrice(0, A, 80))
    assert (venue.account(-1).positions()[0].size_lots, venue.clock.next_due_ns) == (1, 1_000)
    run_all(venue, SetMarketState(0, A, MarketState.PAUSED))
    assert venue.clock.next_due_ns == NEVER
    run_all(venue, SetMarketState(500, A, MarketState.OPEN))
    assert venue.clock.next_due_ns == 1_000
    run_all(venue, SettleInstrument(500, A, 80))
    assert venue.clock.next_due_ns == NEVER
