"""The leverage that a tier allows is asked whether or not the account has traded in the market."""

from exchange import Exchange
from exchange.commands import Deposit, SetLeverage
from exchange.enums import RejectReason
from exchange.events import LeverageSet, RequestRejected
from exchange.instrument import Instrument, MarginTier
from exchange.rules import Rules

TIERS = (MarginTier(10_000, up_to=1_000, max_leverage=20), MarginTier(100_000, max_leverage=4))


def test_first_leverage_of_an_account_is_held_to_the_first_tier() -> None:
    """Before its first order an account is in the first tier: 21 is refused, 20 is not."""
    venue = Exchange([Instrument(instrument_id=1, symbol="A", margin_tiers=TIERS)], Rules())
    venue.apply(Deposit(ts_ns=1, account=1, amount=100))
    (refused,) = venue.apply(SetLeverage(ts_ns=2, instrument=1, account=1, leverage=21))
    assert isinstance(refused, RequestRejected)
    assert refused.reason == RejectReason.LEVERAGE_ABOVE_TIER
    (taken,) = venue.apply(SetLeverage(ts_ns=3, instrument=1, account=1, leverage=20))
    assert isinstance(taken, LeverageSet)
