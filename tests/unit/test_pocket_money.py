"""Money of isolated positions: it pays once, and goes back to its account when nothing needs it any more."""

import pytest

from exchange.commands import (
    AdvanceTime,
    Command,
    Deposit,
    OpenPosition,
    ReportTrade,
    SetMarginMode,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import MarginMode, OrderKind, TimeInForce
from exchange.errors import InvariantError
from exchange.exchange import Exchange
from exchange.rules import DebtRules, LiquidationRules, Rules, SocializationRules
from tests.helpers import BUY, SELL, A, margin_venue, order, run_all

HERO, BANKRUPT, MAKER, LATER = 7, 8, 9, 10
ISOLATED = SetMarginMode(0, A, HERO, MarginMode.ISOLATED)
CROSS = SetMarginMode(0, A, HERO, MarginMode.CROSS)


def venue(rules: Rules, *commands: Command) -> Exchange:
    """Mark 1,000, leverage 10, everybody with money."""
    opened = margin_venue(rules=rules, default_leverage=10)
    run_all(
        opened,
        *(Deposit(0, account, 10_000) for account in (BANKRUPT, LATER)),
        Deposit(0, HERO, 100_000),
        Deposit(0, MAKER, 1_000_000),
        SetMarkPrice(0, A, 1_000),
        *commands,
    )
    return opened


@pytest.mark.parametrize("leaves", [False, True])
def test_a_repayment_does_not_fall_into_an_empty_pocket(leaves: bool) -> None:
    """The isolated position that was charged is closed when the debt is repaid: its account gets the money."""
    rules = Rules(waterfall=("socialize", "debt"), debt=DebtRules(owes="all"))
    opened = venue(
        rules,
        ISOLATED,
        OpenPosition(0, A, HERO, -100, 1_000),
        OpenPosition(0, A, BANKRUPT, 100, 1_000),
        order(MAKER, 1, BUY, 100, 700),
        *(SetMarkPrice(0, A, price) for price in (700, 699, 698, 697, 696)),
        order(MAKER, 2, SELL, 100, 690),
        order(HERO, 3, BUY, 100, 690),
        *([CROSS] if leaves else []),
    )
    before = opened.account(HERO).balance
    run_all(opened, Deposit(0, BANKRUPT, 20_000))
    assert opened.account(HERO).balance == before + 20_000
    run_all(opened, Withdraw(0, HERO, before + 20_000))
    assert opened.account(HERO).balance == 0


def test_a_repayment_goes_to_a_pocket_in_use() -> None:
    """The position was charged, and gets it back."""
    rules = Rules(waterfall=("socialize", "debt"), debt=DebtRules(owes="all"))
    opened = venue(
        rules,
        ISOLATED,
        OpenPosition(0, A, HERO, -100, 1_000),
        OpenPosition(0, A, BANKRUPT, 100, 1_000),
        order(MAKER, 1, BUY, 100, 700),
        *(SetMarkPrice(0, A, price) for price in (700, 699, 698, 697, 696)),
    )
    before = opened.account(HERO).balance
    run_all(opened, Deposit(0, BANKRUPT, 20_000))
    assert opened.account(HERO).balance == before


@pytest.mark.parametrize("is_isolated", [False, True])
def test_a_profit_pays_once(is_isolated: bool) -> None:
    """Counted realized and unrealized, it is charged at the first loss; closed, it has nothing left for a second."""
    rules = Rules(
        waterfall=("socialize",),
        socialization=SocializationRules(base="session_total"),
        liquidation=LiquidationRules(order="market"),
    )
    opened = venue(
        rules,
        *([ISOLATED] if is_isolated else []),
        OpenPosition(0, A, HERO, -100, 1_000),
        OpenPosition(0, A, BANKRUPT, 100, 1_000),
        order(MAKER, 1, BUY, 100, 700),
        SetMarkPrice(0, A, 700),
        order(MAKER, 2, SELL, 100, 700),
        order(HERO, 3, BUY, 100, 700),
    )
    assert opened.account(HERO).balance == 110_000  # a profit of 30,000 paid 20,000
    run_all(
        opened,
        SetMarkPrice(0, A, 1_000),
        OpenPosition(0, A, LATER, 100, 1_000),
        order(MAKER, 4, BUY, 100, 700),
        SetMarkPrice(0, A, 700),
    )
    assert opened.account(HERO).balance == 100_000  # the rest of it


EMPTY_BOOK: dict[str, tuple[Command, ...]] = {
    "ioc": (order(HERO, 1, BUY, 50, 1_000, time_in_force=TimeInForce.IOC),),
    "market": (order(HERO, 1, BUY, 50),),
    "stop": (
        order(HERO, 1, BUY, 50, kind=OrderKind.STOP, trigger_ticks=1_000),
        ReportTrade(0, A, BUY, 1_000, 1),
    ),
}


@pytest.mark.parametrize("commands", EMPTY_BOOK.values(), ids=EMPTY_BOOK.keys())
def test_an_order_that_comes_to_nothing_gives_its_margin_back(commands: tuple[Command, ...]) -> None:
    """It neither rests nor fills."""
    opened = venue(Rules(), ISOLATED, *commands, AdvanceTime(5))
    assert opened.account(HERO).balance == 100_000


def test_a_check_finds_what_would_never_go_on() -> None:
    """Money in a pocket that nothing needs, a session's profit counted aside, a liquidation that waits for nothing."""
    rules = Rules(waterfall=("session",), liquidation=LiquidationRules(remainder=()))
    opened = venue(rules, ISOLATED, OpenPosition(0, A, BANKRUPT, 100, 1_000), SetMarkPrice(0, A, 800))
    ledger = opened.ledger
    pocket = opened.markets[0].pockets[ledger.find(HERO)]
    ledger.post(pocket, 5)
    with pytest.raises(InvariantError, match="no money in its idle pocket"):
        opened.pockets.check()
    ledger.post(pocket, -5)
    ledger.session_profits[pocket] = 5
    with pytest.raises(InvariantError, match="counted at its main slot"):
        opened.waterfall.check()
    ledger.session_profits[pocket] = 0
    opened.check()
    assert opened.account(BANKRUPT).is_in_liquidation
    opened.liquidator.waiting[0].clear()
    with pytest.raises(InvariantError, match="waits for its next turn"):
        opened.check()
