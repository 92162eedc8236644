"""Coins do not expire, pay no funding and are not settled: only contracts are."""

import pytest

from exchange.commands import DepositAsset, SetMarkPrice, SettleInstrument
from exchange.enums import RejectReason
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.rules import FundingRules
from tests.helpers import A, margin_venue, refusal, run_all


@pytest.mark.parametrize("facts", [{"expiry_ns": 1}, {"funding": FundingRules(interval_ns=3_600)}])
def test_a_spot_instrument_has_no_expiry_and_no_funding(facts):
    """Refused where the instrument is made, with the name of both."""
    with pytest.raises(ConfigError, match="no expiry_ns and no funding"):
        Instrument(A, "SPOT", kind="spot", **facts)


def test_a_spot_instrument_is_not_settled():
    """It would take the coins and pay for them with money that nobody has."""
    venue = margin_venue(kind="spot")
    run_all(venue, SetMarkPrice(0, A, 100), DepositAsset(0, A, 7, 10))
    assert refusal(venue, SettleInstrument(0, A, 100)) == RejectReason.INVALID_COMBINATION
    venue.check()
