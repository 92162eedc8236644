"""A market settled while accounts are short: the fund, then profits, then what everybody keeps with the venue."""

import pytest

from exchange.commands import Deposit, OpenPosition, SettleInstrument
from exchange.events import LenderCut, LossSocialized
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import FundRules, Rules, SocializationRules
from tests.helpers import A, run_all


@pytest.mark.parametrize(
    ("margins", "profits", "fund", "payouts", "loss", "left"),
    [
        ([20, 60, 20], [10, 30, -40], 0, [25, 75, 0], 0, 0),
        ([20, 60, 20], [10, 30, -40], 12, [28, 84, 0], 0, 0),
        # Profits of 10 pay 10 of 30; the other 20 come from 50 and 40 at one rate, rounded up each; the fund gets 1.
        ([50, 40, 1], [0, 10, -31], 0, [38, 31, 0], 0, 1),
        ([1, 1], [0, -6], 0, [0, 0], 4, 0),
        ([5, 5], [1, -1], 9, [6, 4], 0, 9),
    ],
)
def test_who_pays_at_an_emergency_settlement(
    margins: list[int], profits: list[int], fund: int, payouts: list[int], loss: int, left: int
) -> None:
    """Each account holds one lot bought so far from the settlement price as its profit says."""
    rules = Rules(
        fund=FundRules(opening=fund),
        socialization=SocializationRules(base="session_realized"),
        waterfall=("fund", "socialize", "lenders"),
    )
    venue = Exchange([Instrument(instrument_id=A, symbol="A")], rules)
    for account, (margin, profit) in enumerate(zip(margins, profits, strict=True), 1):
        run_all(venue, Deposit(0, account, margin), OpenPosition(0, A, account, 1, 100 - profit))
    run_all(venue, SettleInstrument(0, A, 100))
    found = [venue.account(account).balance for account in range(1, len(margins) + 1)]
    assert found == payouts
    assert (venue.fund.venue_loss, venue.fund.balance) == (loss, left)


def test_lenders_are_cut_by_one_rate_and_the_rest_is_the_funds() -> None:
    """10 short over 1, 20 and 9: a third, rounded up to 333,333,334 ppb, then each up: 1, 7 and 4."""
    venue = Exchange([Instrument(instrument_id=A, symbol="A")], Rules(waterfall=("lenders",)))
    for account, amount in ((1, 1), (2, 20), (3, 9), (4, 5)):
        run_all(venue, Deposit(0, account, amount))
    events = run_all(venue, OpenPosition(0, A, 4, 1, 100), SettleInstrument(0, A, 85))
    (shared,) = [event for event in events if isinstance(event, LossSocialized)]
    assert (shared.deficit, shared.base, shared.charged, shared.payers, shared.by.name) == (10, 30, 12, 3, "LENDERS")
    cuts = [
        (event.account, event.amount, event.principal, event.balance)
        for event in events
        if isinstance(event, LenderCut)
    ]
    assert cuts == [(1, 1, 1, 0), (2, 7, 20, 13), (3, 4, 9, 5)]
    assert (venue.fund.balance, venue.fund.venue_loss) == (2, 0)
