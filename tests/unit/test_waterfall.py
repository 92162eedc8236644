"""The loss waterfall through the venue's public face: what each rule moves, refuses and keeps true."""

from random import Random
from typing import Any

import pytest

from exchange.commands import (
    CancelOrder,
    Deposit,
    EndSession,
    FundDeposit,
    GateWithdrawals,
    MassCancel,
    OpenPosition,
    PlaceOrder,
    SetMarkPrice,
    Withdraw,
    WriteOffDebt,
)
from exchange.enums import LiquidationOutcome, RejectReason, Side
from exchange.errors import ConfigError
from exchange.events import (
    DeleveragingStarted,
    FundPaid,
    HaircutCharged,
    LiquidationEnded,
    LossSocialized,
    PositionDeleveraged,
    ProfitClawedBack,
)
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.policies import Policies
from exchange.rules import (
    DebtRules,
    DeleveragingRules,
    FundRules,
    GuardRules,
    LiquidationRules,
    Rules,
    SocializationRules,
)
from exchange.rules.waterfall import DELEVERAGING_SCORES, TAKE_ALL
from tests.helpers import BUY, SELL, A, B, order, refusal, run_all

R = RejectReason
TEN_TIMES: dict[str, Any] = {"default_leverage": 10, "margin_tiers": (MarginTier(maintenance_ppm=50_000),)}
LOSER, BIDDER, WINNER, OTHER = 1, 2, 3, 4


def venue_of(policies: Policies | None = None, **rules: Any) -> Exchange:
    """Two markets at 10x; liquidations go to market at once."""
    instruments = [Instrument(instrument_id=number, symbol=f"I{number}", **TEN_TIMES) for number in (A, B)]
    liquidation = rules.pop("liquidation", LiquidationRules(order="market"))
    return Exchange(instruments, Rules(liquidation=liquidation, **rules), policies=policies)


def crash(venue: Exchange, *before: Any) -> list[Any]:
    """Account 1 holds 10 bought at 100 with 100; the bid is at 60, and mark falls there: it is 300 short."""
    run_all(
        venue,
        SetMarkPrice(0, A, 100),
        Deposit(0, LOSER, 100),
        Deposit(0, BIDDER, 10_000),
        OpenPosition(0, A, LOSER, 10, 100),
        *before,
        order(BIDDER, 1, BUY, 10, 60),
    )
    return run_all(venue, SetMarkPrice(0, A, 60))


def outcome(events: list[Any]) -> LiquidationOutcome:
    """How the one liquidation ended."""
    (ended,) = [event for event in events if isinstance(event, LiquidationEnded)]
    return ended.outcome


@pytest.mark.parametrize(
    ("waterfall", "ended"),
    [
        (("write_off",), LiquidationOutcome.WRITTEN_OFF),
        (("debt",), LiquidationOutcome.OWED),
        (("session",), LiquidationOutcome.DEFERRED),
        (("fund",), LiquidationOutcome.COVERED),
        (("fee_pool", "own_collateral"), LiquidationOutcome.VENUE_LOSS),
        ((), LiquidationOutcome.VENUE_LOSS),
    ],
)
def test_the_last_step_that_paid_names_the_outcome(waterfall: Any, ended: LiquidationOutcome) -> None:
    """300 short, under each step alone."""
    venue = venue_of(waterfall=waterfall, fund=FundRules(opening=1_000))
    assert outcome(crash(venue)) == ended
    fund = venue.fund
    amounts = (fund.written_off, fund.debts, fund.deferred, 1_000 - fund.balance, fund.venue_loss)
    assert sorted(amounts) == [0, 0, 0, 0, 300]


def test_an_account_in_debt_neither_trades_nor_withdraws() -> None:
    """Placing, amending, opening and withdrawing are refused; cancelling and depositing are not."""
    venue = venue_of(waterfall=("debt",))
    crash(venue)
    assert venue.account(LOSER).debt == 300
    assert refusal(venue, order(LOSER, 5, BUY, 1, 50)) == R.ACCOUNT_IN_DEBT
    assert refusal(venue, OpenPosition(0, B, LOSER, 1, 50)) == R.ACCOUNT_IN_DEBT
    assert refusal(venue, Withdraw(0, LOSER, 1)) == R.ACCOUNT_IN_DEBT
    assert run_all(venue, MassCancel(0, 0, LOSER)) == []
    assert refusal(venue, CancelOrder(0, A, LOSER, 999)) == R.UNKNOWN_ORDER
    run_all(venue, Deposit(0, LOSER, 350))
    assert (venue.account(LOSER).debt, venue.account(LOSER).balance, venue.fund.debts) == (0, 50, 0)
    run_all(venue, order(LOSER, 5, BUY, 1, 50), Withdraw(0, LOSER, 10))


def test_debt_that_does_not_freeze() -> None:
    """It may trade with what it has, and still not withdraw."""
    venue = venue_of(waterfall=("debt",), debt=DebtRules(freezes=False))
    crash(venue)
    run_all(venue, order(BIDDER, 9, SELL, 1, 70))
    assert refusal(venue, order(LOSER, 5, BUY, 1, 50)) == R.INSUFFICIENT_MARGIN
    assert refusal(venue, Withdraw(0, LOSER, 1)) == R.ACCOUNT_IN_DEBT


def test_debts_of_two_liquidations_add_up() -> None:
    """The second is booked on the first; forgiving takes both."""
    venue = venue_of(waterfall=("debt",), debt=DebtRules(freezes=False))
    crash(venue)
    run_all(
        venue,
        SetMarkPrice(0, B, 100),
        Deposit(0, LOSER, 400),
        OpenPosition(0, B, LOSER, 10, 100),
        order(BIDDER, 2, BUY, 10, 60, instrument=B),
        SetMarkPrice(0, B, 60),
    )
    assert venue.account(LOSER).debt == 300
    assert refusal(venue, WriteOffDebt(0, BIDDER)) == R.NO_DEBT
    run_all(venue, WriteOffDebt(0, LOSER))
    assert (venue.account(LOSER).debt, venue.fund.debts, venue.fund.written_off) == (0, 0, 300)


def test_the_gate_of_withdrawals() -> None:
    """Closed for a time for everybody, whatever else would be wrong with the amount."""
    venue = venue_of(guards=GuardRules(withdrawal_gate_ns=50))
    crash(venue)
    assert refusal(venue, Withdraw(49, BIDDER, 1)) == R.WITHDRAWALS_GATED
    assert refusal(venue, Withdraw(49, BIDDER, 0)) == R.WITHDRAWALS_GATED
    run_all(venue, Withdraw(50, BIDDER, 1), GateWithdrawals(50, 60))
    assert refusal(venue, Withdraw(59, BIDDER, 1)) == R.WITHDRAWALS_GATED
    run_all(venue, GateWithdrawals(59, 0), Withdraw(59, BIDDER, 1))


def test_only_a_venue_with_sessions_ends_them() -> None:
    """Refused where no rule knows of sessions."""
    assert refusal(venue_of(), EndSession(0)) == R.INVALID_COMBINATION
    run_all(venue_of(waterfall=("session",)), EndSession(0))
    run_all(venue_of(socialization=SocializationRules(base="session_total")), EndSession(0))


@pytest.mark.parametrize(("rest", "loss", "deferred"), [("venue", 300, 0), ("carry", 0, 300)])
def test_a_session_without_profits(rest: Any, loss: int, deferred: int) -> None:
    """What waits is the venue's loss, or waits on."""
    venue = venue_of(waterfall=("session",), socialization=SocializationRules(session_rest=rest))
    crash(venue)
    run_all(venue, EndSession(0))
    assert (venue.fund.venue_loss, venue.fund.deferred) == (loss, deferred)


def test_realized_and_unrealized_profit_of_a_session() -> None:
    """Both pay, the balance first; a profit that has paid does not pay again."""
    venue = venue_of(waterfall=("socialize",), socialization=SocializationRules(base="session_total"))
    events = crash(venue, Deposit(0, WINNER, 100), OpenPosition(0, A, WINNER, -5, 100))
    assert outcome(events) == LiquidationOutcome.VENUE_LOSS  # 200 of 300
    (clawed,) = [event for event in events if isinstance(event, ProfitClawedBack)]
    (cut,) = [event for event in events if isinstance(event, HaircutCharged)]
    assert (clawed.amount, clawed.profit, cut.amount, cut.profit) == (100, 200, 100, 200)
    assert venue.account(WINNER).equity == 100


def test_haircuts_in_one_instrument_only() -> None:
    """A profit elsewhere pays only where the scope is the venue."""
    for scope, payers in (("venue", 1), ("instrument", 0)):
        rules = SocializationRules(scope=scope)  # type: ignore[arg-type]
        venue = venue_of(waterfall=("socialize",), socialization=rules)
        before = [SetMarkPrice(0, B, 100), Deposit(0, WINNER, 1_000), OpenPosition(0, B, WINNER, 5, 20)]
        assert sum(isinstance(event, LossSocialized) for event in crash(venue, *before)) == payers


def test_a_fund_of_each_instrument() -> None:
    """Its own money first, then the shared fund's; another instrument's is never touched."""
    venue = venue_of(waterfall=("fund",), fund=FundRules(opening=100, scope="per_instrument"))
    run_all(venue, FundDeposit(0, 50), FundDeposit(0, 10, A))
    (paid,) = [event for event in crash(venue) if isinstance(event, FundPaid)]
    assert (paid.amount, paid.instrument) == (160, A)
    assert (venue.fund.of(A), venue.fund.of(B), venue.fund.balance) == (0, 100, 100)
    with pytest.raises(ConfigError):
        venue.fund.of(9)
    assert refusal(venue_of(), FundDeposit(0, 10, A)) == R.INVALID_COMBINATION


def by_size_of_cost(size: int, cost: int, *_: int) -> int:
    """A score from outside: the cheapest first."""
    return -abs(cost)


def test_a_score_from_outside() -> None:
    """Named by the rules, registered by the user; an unknown name is refused at the start."""
    rules = DeleveragingRules(score="custom:cheapest", candidates="any")
    liquidation = LiquidationRules(order="market", remainder=("deleverage",))
    venue = venue_of(Policies({"cheapest": by_size_of_cost}), deleveraging=rules, liquidation=liquidation)
    run_all(
        venue,
        SetMarkPrice(0, A, 100),
        Deposit(0, LOSER, 100),
        Deposit(0, WINNER, 1_000),
        Deposit(0, OTHER, 1_000),
        OpenPosition(0, A, LOSER, 10, 100),
        OpenPosition(0, A, WINNER, -9, 100),
        OpenPosition(0, A, OTHER, -8, 100),
    )
    assert venue.book(A).deleveraging_lights(Side.SELL) == {OTHER: 3, WINNER: 5}
    events = run_all(venue, SetMarkPrice(0, A, 92))
    (started,) = [event for event in events if isinstance(event, DeleveragingStarted)]
    closed = [(event.account, event.size_lots) for event in events if isinstance(event, PositionDeleveraged)]
    assert (started.size_lots, started.candidates, closed) == (10, 2, [(OTHER, -8), (WINNER, -2)])
    assert outcome(events) == LiquidationOutcome.DELEVERAGED
    with pytest.raises(ConfigError, match="cheapest"):
        venue_of(deleveraging=rules)


def test_what_cannot_be_deleveraged_is_left() -> None:
    """Nobody in profit on the other side: the next step gets it; and nothing is written of it."""
    liquidation = LiquidationRules(order="market", remainder=("deleverage", "fund"))
    venue = venue_of(liquidation=liquidation)
    events = run_all(
        venue,
        SetMarkPrice(0, A, 100),
        Deposit(0, LOSER, 100),
        Deposit(0, WINNER, 1_000),
        OpenPosition(0, A, LOSER, 10, 100),
        OpenPosition(0, A, WINNER, -9, 90),
        SetMarkPrice(0, A, 92),
    )
    assert not any(isinstance(event, DeleveragingStarted) for event in events)
    assert [position.size_lots for position in venue.fund.positions()] == [10]


@pytest.mark.parametrize(
    "rules",
    [
        lambda: FundRules(drawdown_trigger_ppm=1, drawdown_stop_ppm=2),
        lambda: FundRules(window_ns=0),
        lambda: DeleveragingRules(score="luck"),
        lambda: DeleveragingRules(min_lots=0),
        lambda: SocializationRules(session_ns=5),
        lambda: SocializationRules(session_ns=10**9, session_offset_ns=10**9),
        lambda: DebtRules(interest_period_ns=1),
        lambda: GuardRules(withdrawal_gate_ns=-1),
        lambda: Rules(waterfall=("fund", "fund")),
    ],
)
def test_rules_that_could_not_be_applied(rules: Any) -> None:
    """Refused where they are made."""
    with pytest.raises(ConfigError):
        rules()


def random_rules(random: Random) -> Rules:
    """Some waterfall out of all."""
    steps = ["own_collateral", "fee_pool", "fund", "socialize"]
    random.shuffle(steps)
    last = random.choice([(), *[(step,) for step in TAKE_ALL]])
    remainder = random.sample(["deleverage", "fund"], random.randrange(1, 3))
    choose = random.choice
    return Rules(
        waterfall=(*steps[: random.randrange(0, 5)], *last),  # type: ignore[arg-type]
        liquidation=LiquidationRules(order="market", remainder=tuple(remainder)),  # type: ignore[arg-type]
        fund=FundRules(
            opening=choose([0, 500]),
            floor=choose([0, 50]),
            scope=choose(["shared", "per_instrument"]),
            max_claim=choose([0, 70]),
            window_cap=choose([0, 90]),
            drawdown_trigger_ppm=choose([0, 300_000]),
        ),
        deleveraging=DeleveragingRules(
            candidates=choose(["in_profit", "any"]),
            overlap=choose([True, False]),
            order=choose(["rank", "pro_rata", "random", "largest"]),
            score=choose(DELEVERAGING_SCORES),
            price=choose(["bankruptcy", "mark", "split"]),
            ramp_ppm=choose([0, 40_000]),
            largest=2,
            fee_ppm=choose([0, 500]),
        ),
        socialization=SocializationRules(
            base=choose(["unrealized", "round_gains", "session_realized", "session_total", "open_interest"]),
            scope=choose(["venue", "instrument"]),
            levy_ppm=choose([0, 100_000]),
            remainder=choose(["last", "first", "largest", "venue"]),
            session_ns=choose([0, 1_000_000_000]),
            session_rest=choose(["venue", "carry"]),
        ),
        debt=DebtRules(
            owes=choose(["rest", "all"]),
            freezes=choose([True, False]),
            interest_ppb=choose([0, 10_000_000]),
            interest_period_ns=1_000_000_000,
            recovery=choose(["fund_first", "pro_rata"]),
        ),
        guards=GuardRules(withdrawal_gate_ns=choose([0, 10**9])),
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_is_always_true(seed: int) -> None:
    """Random rules, accounts and shocks.

    Money is conserved, deleveraging makes no open interest, no haircut is above its base, nobody ends a liquidation
    below zero, and the same commands give the same events.
    """
    random = Random(seed)
    rules = random_rules(random)
    instruments = [Instrument(instrument_id=number, symbol=f"I{number}", **TEN_TIMES) for number in (A, B)]
    venues = [Exchange(instruments, rules) for _ in range(2)]
    venue = venues[0]
    ts = 0
    commands: list[Any] = [SetMarkPrice(0, A, 100), SetMarkPrice(0, B, 100)]
    commands += [Deposit(0, account, random.randrange(50, 3_000)) for account in range(1, 9)]
    for account in range(1, 9):
        number = random.choice([A, B])
        size = random.choice([-1, 1]) * random.randrange(1, 12)
        commands.append(OpenPosition(0, number, account, size, random.randrange(95, 106)))
    for step in range(60):
        ts += random.choice([0, 1, 400_000_000])
        account, number = random.randrange(1, 9), random.choice([A, B])
        commands.append(
            random.choice(
                [
                    SetMarkPrice(ts, number, random.randrange(40, 180)),
                    Deposit(ts, account, random.randrange(1, 300)),
                    Withdraw(ts, account, random.randrange(1, 300)),
                    PlaceOrder(ts, number, account, step + 1, random.choice(list(Side)), 3, random.randrange(60, 140)),
                    FundDeposit(ts, 20),
                    EndSession(ts),
                    WriteOffDebt(ts, account),
                ]
            )
        )
    for command in commands:
        sizes = {market.instrument: open_interest(venue, market.instrument) for market in venue.markets}
        events = venue.apply(command)
        venue.check()
        venues[1].apply(command)
        for event in events:
            if isinstance(event, HaircutCharged | ProfitClawedBack):
                assert 0 < event.amount <= event.profit
            elif isinstance(event, LiquidationEnded):
                assert event.balance >= 0
            elif isinstance(event, FundPaid):
                assert event.fund_balance >= 0
            elif isinstance(event, LossSocialized) and event.deficit < event.charged:
                assert rules.socialization.levy_ppm or rules.socialization.base == "open_interest"
        if any(isinstance(event, PositionDeleveraged) for event in events) and not has_trades(events):
            for number, before in sizes.items():
                assert open_interest(venue, number) <= before
    assert venues[0].digest() == venues[1].digest()


def open_interest(venue: Exchange, instrument: int) -> int:
    """Sum of the long sizes of everybody, the recorded market and the fund too."""
    views = [venue.account(account) for account in (*venue.accounts(), 0, -1)]
    held = [position for view in views for position in view.positions() if position.instrument == instrument]
    return sum(max(0, position.size_lots) for position in held)


def has_trades(events: list[Any]) -> bool:
    """Whether the book, too, made positions in this command."""
    return any(type(event).__name__ in ("Trade", "PositionTakenOver") for event in events)
