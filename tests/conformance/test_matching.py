"""Order-matching scenarios of other projects, each on a venue that follows its conventions."""

import json
from pathlib import Path

import pytest

from tests.conformance.run_matching import (
    DEFAULT_FOLDER,
    load_scenarios,
    main,
    run_scenario,
)

SHARED = Path(__file__).parents[3] / "shared" / "conformance" / "matching"
SCENARIOS = load_scenarios(DEFAULT_FOLDER)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_scenario_ends_as_its_source_says(scenario):
    """Trades, refusals, orders, books and pending stops are those of the scenario."""
    result = run_scenario(scenario)
    if result.missing:
        pytest.skip(f"needs {result.missing}")
    assert result.differences == []


def test_scenarios_here_are_those_handed_out():
    """The committed files are the ones that stand beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("../shared/conformance/matching is absent")
    for path in sorted(SHARED.glob("*.json")):
        assert (DEFAULT_FOLDER / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_wrong_expectation_fails_the_run(tmp_path, capsys):
    """The runner names a scenario whose expectation is not met, and exits with 1."""
    scenario = json.loads(json.dumps(next(item for item in SCENARIOS if item["id"] == "flash1/fifo_priority")))
    scenario["expect"]["trades"][0]["maker"] = "2"
    path = tmp_path / "wrong.json"
    path.write_text(
        json.dumps({"schema": "matching-conformance/1", "scenarios": [scenario]}),
        encoding="utf-8",
    )
    assert main([str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "passed": 0,
        "failed": ["flash1/fifo_priority"],
        "skipped": {},
    }


def test_what_the_venue_lacks_is_skipped_under_its_name(tmp_path, capsys):
    """A feature or a convention that no table knows counts as missing, and does not fail the run."""
    plain = next(item for item in SCENARIOS if item["id"] == "flash1/fifo_priority")
    scenarios = [
        {**plain, "id": "a", "requires": ["quantum_orders"]},
        {**plain, "id": "b", "conventions": {"stop_trigger": "opposite_best"}},
        {**plain, "id": "c", "ops": [*plain["ops"], {"op": "uncross"}]},
        {
            **plain,
            "id": "d",
            "ops": [{**plain["ops"][0], "display": 1}, *plain["ops"][1:]],
        },
        plain,
    ]
    path = tmp_path / "missing.json"
    path.write_text(
        json.dumps({"schema": "matching-conformance/1", "scenarios": scenarios}),
        encoding="utf-8",
    )
    assert main([str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "passed": 1,
        "failed": [],
        "skipped": {
            "auction": 1,
            "iceberg": 1,
            "quantum_orders": 1,
            "stop_trigger=opposite_best": 1,
        },
    }
