"""The engine gives exactly the events of the slow twin, whatever it is asked, one by one and in a batch.

CASCADE_EXAMPLES sets how many scenarios Hypothesis tries.
"""

import os

import pytest
from hypothesis import given, settings

from tests.reference.compare import first_difference, report, shortened
from tests.reference.scenarios import Scenario, scenarios, seeded_scenario

EXAMPLES = int(os.environ.get("CASCADE_EXAMPLES", max(150, settings.default.max_examples)))  # type: ignore[union-attr]


@settings(max_examples=EXAMPLES)
@given(scenarios())
def test_engine_gives_the_events_of_the_twin(scenario: Scenario) -> None:
    """Every event list is the same, both pass their checks, and a batch ends with the same digest."""
    assert first_difference(scenario) is None, report(*shortened(scenario))


@settings(max_examples=EXAMPLES)
@given(scenarios(has_phases=True))
def test_engine_gives_the_events_of_the_twin_when_trading_is_interrupted(scenario: Scenario) -> None:
    """The same with phases, breakers and protections in every scenario."""
    assert first_difference(scenario) is None, report(*shortened(scenario))


@settings(max_examples=EXAMPLES)
@given(scenarios(area="orders"))
def test_engine_gives_the_events_of_the_twin_for_special_orders(scenario: Scenario) -> None:
    """The same with special orders in the middle: icebergs, terms, triggers, links, brackets, reduce-only orders."""
    assert first_difference(scenario) is None, report(*shortened(scenario))


@settings(max_examples=EXAMPLES)
@given(scenarios(area="mixed"))
def test_engine_gives_the_events_of_the_twin_for_everything_mixed(scenario: Scenario) -> None:
    """All of it in one session: every order type and trigger, auctions, breakers, expiries, liquidations."""
    assert first_difference(scenario, every=8) is None, report(*shortened(scenario))


@pytest.mark.slow
def test_engine_gives_the_events_of_the_twin_on_seeded_runs() -> None:
    """Longer scenarios than Hypothesis makes; a failure is printed as its shortest prefix."""
    for seed in range(EXAMPLES):
        area = ("", "orders", "mixed")[seed % 3]
        scenario = seeded_scenario(seed, length=150, area=area, has_phases=seed % 2 == 1)
        assert first_difference(scenario) is None, f"seed {seed}: {report(*shortened(scenario))}"
