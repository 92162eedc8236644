"""Runs folders of order-matching scenarios (schema `matching-conformance/1`) through the public API.

    python -m tests.conformance.run_matching [DIR] [--json] [--only TEXT]

The schema and its conventions stand in `matching/README.md`. Every scenario gets its own venue whose
rules are the conventions the scenario starts from: those defaults, not ours. It has no clearing, but where orders
depend on positions it has, and everybody is rich. A scenario that needs something that the
venue does not have, or does not have in this tool's tables, is skipped and counted under the first such thing. The last
line of the output is, with --json, one object: passed (count), failed (ids), skipped (missing feature: count). The exit
code is 1 when a scenario failed.

What is read off the venue: trades and refusals from its events; books, pending stops, open quantities and the last
price from its views. Positions are the given ones plus the fills of the trade events. The schema does not count a
fill-or-kill order that could not be filled as refused but as cancelled; the venue refuses it with FOK_CANNOT_FILL.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange.enums import Side
from tests.conformance.matching_needs import missing_feature
from tests.conformance.matching_run import Run

SCHEMA: Final = "matching-conformance/1"
DEFAULT_FOLDER: Final = Path(__file__).with_name("matching")


class Difference(NamedTuple):
    """One thing on which the venue and a scenario disagree."""

    what: str
    expected: Any
    found: Any


class Result(NamedTuple):
    """How a scenario went: skipped where `missing` names a feature, else passed unless there are differences."""

    scenario_id: str
    missing: str
    differences: list[Difference]


# --- comparing ---------------------------------------------------------------------------------------------------


def coalesced(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trades with neighbours of one operation, maker, taker and price added up."""
    result: list[dict[str, Any]] = []
    for trade in trades:
        key = [trade[name] for name in ("at", "maker", "taker", "price")]
        if result and [result[-1][name] for name in ("at", "maker", "taker", "price")] == key:
            result[-1]["qty"] += trade["qty"]
        else:
            result.append(dict(trade))
    return result


def filled_totals(trades: list[dict[str, Any]]) -> dict[str, int]:
    """Return what each order traded, whatever with whom."""
    totals: Counter[str] = Counter()
    for trade in trades:
        totals[trade["maker"]] += trade["qty"]
        totals[trade["taker"]] += trade["qty"]
    return dict(sorted(totals.items()))


COMPARABLE_TRADES: Final[dict[str, Callable[[list[dict[str, Any]]], Any]]] = {
    "exact": list,
    "coalesced": coalesced,
    "per_order": filled_totals,
}


def differences(scenario: dict[str, Any], run: Run) -> list[Difference]:
    """Return what a scenario expects and the venue did otherwise. What it states nothing about is not compared."""
    expect = scenario["expect"]
    found: list[Difference] = []

    def compare(what: str, expected: Any, actual: Any) -> None:
        if expected != actual:
            found.append(Difference(what, expected, actual))

    if "trades" in expect:
        comparable = COMPARABLE_TRADES[scenario.get("compare") or "exact"]
        compare("trades", comparable(expect["trades"]), comparable(run.trades))
    if "rejects" in expect:
        compare(
            "rejects",
            sorted({reject["at"] for reject in expect["rejects"]}),
            sorted(set(run.rejects)),
        )
    for name, state in (expect.get("orders") or {}).items():
        wanted = {key: value for key, value in state.items() if key in ("status", "filled", "open", "visible")}
        actual = run.order_state(name)
        compare(f"order {name}", wanted, {key: actual.get(key) for key in wanted})
    if "book" in expect:
        for side, key in ((Side.BUY, "bids"), (Side.SELL, "asks")):
            compare(key, expect["book"].get(key, []), run.levels(side))
    if "pending_stops" in expect:
        compare(
            "pending stops",
            sorted(expect["pending_stops"]),
            sorted(run.pending_stops()),
        )
    if "last_trade" in expect:
        compare("last trade", expect["last_trade"], run.book.last_trade)
    if "positions" in expect:
        wanted_positions = expect["positions"] or {}
        compare(
            "positions",
            wanted_positions,
            {owner: run.positions.get(owner, 0) for owner in wanted_positions},
        )
    return found


def run_scenario(scenario: dict[str, Any]) -> Result:
    """Run one scenario."""
    missing = missing_feature(scenario)
    if missing:
        return Result(scenario["id"], missing, [])
    try:
        run = Run(scenario)
        run.play()
        return Result(scenario["id"], "", differences(scenario, run))
    except Exception as error:  # noqa: BLE001 - one scenario that cannot be run must not hide the others
        return Result(scenario["id"], "", [Difference("run", "no exception", repr(error))])


# --- folders and the report --------------------------------------------------------------------------------------


def load_scenarios(folder: Path) -> list[dict[str, Any]]:
    """Return the scenarios of a folder's JSON files, or of one file. Raises ValueError for another schema."""
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"expected scenario files in {folder}, found none")
    scenarios: list[dict[str, Any]] = []
    for path in paths:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("schema") != SCHEMA:
            raise ValueError(f"{path}: expected schema {SCHEMA!r}, found {content.get('schema')!r}")
        scenarios += content["scenarios"]
    return scenarios


def summary(results: list[Result]) -> dict[str, Any]:
    """Return the counts, as --json prints them."""
    skipped = Counter(result.missing for result in results if result.missing)
    return {
        "passed": sum(not result.missing and not result.differences for result in results),
        "failed": [result.scenario_id for result in results if result.differences],
        "skipped": dict(sorted(skipped.items())),
    }


def report(results: list[Result]) -> str:
    """Return the failures and the counts, for people."""
    lines: list[str] = []
    for result in results:
        if result.differences:
            lines.append(f"FAILED {result.scenario_id}")
            for what, expected, found in result.differences:
                lines += [
                    f"  {what}",
                    f"    expected {expected}",
                    f"    found    {found}",
                ]
    counts = summary(results)
    lines.append(
        f"{counts['passed']} passed, {len(counts['failed'])} failed, {sum(counts['skipped'].values())} skipped"
    )
    lines += [f"  skipped for lack of {feature}: {count}" for feature, count in counts["skipped"].items()]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run a folder. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.run_matching",
        description=__doc__.split("\n")[0],
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="run the scenarios whose id contains TEXT",
    )
    options = parser.parse_args(arguments)
    scenarios = [scenario for scenario in load_scenarios(options.folder) if options.only in scenario["id"]]
    results = [run_scenario(scenario) for scenario in scenarios]
    text = json.dumps(summary(results)) if options.json else report(results)
    sys.stdout.write(text + "\n")
    return 1 if any(result.differences for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
