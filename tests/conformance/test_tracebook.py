"""Tracebook's differential suite, event by event against its reference: in this process and over its protocol."""

import sys
from pathlib import Path

import pytest

conformance = pytest.importorskip("tracebook.conformance", reason="tracebook-conformance is not installed")

from tracebook.core.order import OrderSide, OrderType, SelfTradePolicy  # noqa: E402 - needs the package above
from tracebook.events import MarketEvent  # noqa: E402

from tests.conformance.tracebook_adapter import CascadeAdapter  # noqa: E402

ROOT = Path(__file__).parents[2]
CASES = [
    "fifo-lifecycle",
    "order-instructions",
    "stp-cancel-resting",
    "stp-cancel-resting-deep",
    "stp-cancel-incoming",
    "multi-symbol",
    "tick-grid",
    "deep-cancellation",
    "pro-rata-allocation",
]


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The bundled suite, version 2."""
    return conformance.copy_bundled_conformance_suite(tmp_path_factory.mktemp("suite") / "v2", suite_version="v2")


def test_suite_has_no_case_that_is_not_run(suite):
    """Every case of the bundled suite is run here."""
    assert {case.name for case in suite.cases} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_bundled_case_agrees_with_the_reference(suite, name):
    """Outcomes, trades and the digest of all resting orders agree after every event."""
    case = next(case for case in suite.cases if case.name == name)
    report = conformance.run_conformance(case.load_events(), CascadeAdapter, case.config)
    assert report.divergence is None


def placed(order_id: int, side: OrderSide, price: float, qty: float, owner: int, kind: OrderType) -> MarketEvent:
    """An order as Tracebook's files write it."""
    return MarketEvent("new", "TEST", order_id, side, kind, price, qty, owner)


@pytest.mark.parametrize("policy", list(SelfTradePolicy))
def test_pro_rata_agrees_with_the_reference_under_each_self_trade_rule(policy):
    """Own orders are left out of the shares: cancelled first, or met when the others at their price are gone.

    Quantities are such that every share is a whole number of lots.
    """
    config = conformance.ConformanceConfig("pro_rata", 0.01, policy)
    resting = [(100.0, 4, 2), (100.0, 2, 3), (100.0, 2, 1), (100.0, 1, 2), (100.0, 1, 3), (101.0, 5, 1)]
    taking = [(OrderType.IOC, 4, 4), (OrderType.FOK, 2, 1), (OrderType.LIMIT, 14, 2)]
    events = [
        *(
            placed(number, OrderSide.SELL, price, qty, owner, OrderType.LIMIT)
            for number, (price, qty, owner) in enumerate(resting, 1)
        ),
        *(
            placed(number, OrderSide.BUY, 101.0, qty, owner, kind)
            for number, (kind, qty, owner) in enumerate(taking, 10)
        ),
    ]
    assert conformance.run_conformance(events, CascadeAdapter, config).divergence is None


def test_generated_campaign_qualifies():
    """Fixed cases, a generated campaign and complete coverage of the profile, in this process."""
    result = conformance.run_qualification(CascadeAdapter, "fifo-full-v1", seed=7, traces=5, events_per_trace=300)
    assert result.campaign.failure is None
    assert result.qualified


@pytest.mark.slow
def test_generated_campaign_qualifies_over_the_protocol():
    """The published qualification, with the venue as a process that speaks the protocol."""
    command = [sys.executable, "-m", "tests.conformance.tracebook_adapter"]
    factory = conformance.ExternalProcessAdapterFactory(command, timeout_seconds=60, cwd=ROOT)
    result = conformance.run_qualification(factory, "fifo-full-v1", seed=7, traces=50, events_per_trace=300)
    assert result.campaign.failure is None
    assert result.qualified
