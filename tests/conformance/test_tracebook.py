"""Tracebook's differential suite, event by event against its reference: in this process and over its protocol."""

import sys
from pathlib import Path

import pytest

conformance = pytest.importorskip("tracebook.conformance", reason="tracebook-conformance is not installed")

from tests.conformance.tracebook_adapter import CascadeAdapter  # noqa: E402 - needs the package above

ROOT = Path(__file__).parents[2]
LACKING = {"pro-rata-allocation"}  # the venue allocates by time
CASES = [
    "fifo-lifecycle",
    "order-instructions",
    "stp-cancel-resting",
    "stp-cancel-resting-deep",
    "stp-cancel-incoming",
    "multi-symbol",
    "tick-grid",
    "deep-cancellation",
]


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The bundled suite, version 2."""
    return conformance.copy_bundled_conformance_suite(tmp_path_factory.mktemp("suite") / "v2", suite_version="v2")


def test_suite_has_no_case_that_is_not_run(suite):
    """Every case of the bundled suite is run here, but for those that need what the venue lacks."""
    assert {case.name for case in suite.cases} == LACKING | set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_bundled_case_agrees_with_the_reference(suite, name):
    """Outcomes, trades and the digest of all resting orders agree after every event."""
    case = next(case for case in suite.cases if case.name == name)
    report = conformance.run_conformance(case.load_events(), CascadeAdapter, case.config)
    assert report.divergence is None


def test_pro_rata_is_refused_rather_than_done_wrong(suite):
    """Under an allocation that the venue does not have, every event is refused, by a reason that says so."""
    case = next(case for case in suite.cases if case.name in LACKING)
    adapter = CascadeAdapter(case.config)
    for index, event in enumerate(case.load_events(), 1):
        assert adapter.apply(event, index).outcome.reason == "UNSUPPORTED_ALLOCATION"


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
