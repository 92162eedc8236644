"""Order-matching scenarios of other projects, each on a venue that follows its conventions."""

import json

import pytest

from exchange import Exchange
from exchange.commands import PlaceOrder
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.events import Trade
from exchange.instrument import Instrument
from exchange.rules import Rules
from tests.conformance.run_matching import (
    DEFAULT_FOLDER,
    load_scenarios,
    main,
    run_scenario,
)

SCENARIOS = load_scenarios(DEFAULT_FOLDER)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_scenario_ends_as_its_source_says(scenario):
    """Trades, refusals, orders, books and pending stops are those of the scenario."""
    result = run_scenario(scenario)
    if result.missing:
        pytest.skip(f"needs {result.missing}")
    assert result.differences == []


def test_five_thousand_orders_at_one_price_trade_in_their_order():
    """The invariant of flash1 that is too long for a file: 5,000 asks of one lot, swept by one IOC, trade by age."""
    venue = Exchange([Instrument(1, "TEST")], Rules(clearing="none"))
    count = 5_000
    for order_id in range(1, count + 1):
        venue.apply(PlaceOrder(0, 1, 1, order_id, Side.SELL, 1, 100))
    sweep = PlaceOrder(0, 1, 2, count + 1, Side.BUY, count, 100, OrderKind.LIMIT, TimeInForce.IOC)
    trades = [event for event in venue.apply(sweep) if isinstance(event, Trade)]
    assert [(trade.maker_order_id, trade.qty_lots) for trade in trades] == [(index, 1) for index in range(1, count + 1)]
    assert venue.book(1).live_order_count == 0


def test_scenarios_here_are_those_handed_out(shared):
    """The committed files are the ones that stand beside the repository."""
    folder = shared / "conformance" / "matching"
    if not folder.is_dir():
        pytest.skip("../shared/conformance/matching is absent")
    for path in sorted(folder.glob("*.json")):
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
        {**plain, "id": "b", "conventions": {"stop_trigger": "guess"}},
        {**plain, "id": "c", "ops": [*plain["ops"], {"op": "snapshot"}]},
        {
            **plain,
            "id": "d",
            "ops": [{**plain["ops"][0], "midpoint": 1}, *plain["ops"][1:]],
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
            "snapshot": 1,
            "midpoint": 1,
            "quantum_orders": 1,
            "stop_trigger=guess": 1,
        },
    }
