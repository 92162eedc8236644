"""What all tests share: the folder of recorded data, the profiles of hypothesis, and which build is under test."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from exchange.build import build_info

ROOT = Path(__file__).resolve().parent.parent
BUILD = build_info()

# The gate must give the same answer twice: no random examples, no time limits. `--hypothesis-profile=search` looks
# further, with fresh examples each time.
_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("gate", derandomize=True, deadline=None, database=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile("gate")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are rewritten on request only."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/scenarios; then review the diff")


def pytest_report_header() -> str:
    """Say whether the compiled or the interpreted engine is under test."""
    return f"cascade: {BUILD}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what the engine under test cannot show."""
    absent, reason = (
        ("interpreted_only", "runs only where the engine is interpreted")
        if BUILD.compiled
        else ("compiled_only", "runs only where the engine is compiled")
    )
    for item in items:
        if item.get_closest_marker(absent) is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded data and reference files beside the checkout, or skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared, the folder of recorded data, is absent")
    return folder
