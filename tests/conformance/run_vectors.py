"""Runs folders of conformance vectors: other people's margin, liquidation and waterfall numbers, to be reproduced.

    python -m tests.conformance.run_vectors [DIR] [--json] [--only TEXT]

The schema is told by the README beside the vectors (schema_version 1). A vector passes when every one of its cases
gives every expected output, exactly or within the tolerance that it states; `rejected: true` asks for a refusal
(ValueError or an error of the engine). What no adapter of `tests.conformance.vectors` supports is skipped, and counted
under its op. Any other exception fails the vector.

The counts are of vectors, not of cases. With --json the last line is one object: passed (count), failed (a list of
objects with id, case, key, expected and found, one per differing value), skipped (op: count), skipped_ids (id: reason),
counts ("vectors"). The exit code is 0 when nothing failed, 1 when something did, 2 when DIR could not be read.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange.errors import ExchangeError, InvariantError
from tests.conformance.vector_comparison import MISSING, Difference, Tolerance, differences, shown, tolerance_of
from tests.conformance.vectors import Adapter, Given, Sequence, Unsupported

SCHEMA_VERSION: Final = 1
DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "vectors"
AREAS: Final = ("pricing", "margin", "spot", "liquidation", "waterfall")
NO_ADAPTER: Final = "no adapter"


class Adapters(NamedTuple):
    """What answers each op, in the order in which it is asked."""

    single: Mapping[str, list[Adapter]]
    sequence: Mapping[str, list[Sequence]]


class Failure(NamedTuple):
    """One value of one case that is not what the vector expects."""

    vector_id: str
    case: str
    difference: Difference


class Result(NamedTuple):
    """How a vector went. It failed where there are failures, else it was skipped where `skipped` says why."""

    vector_id: str
    op: str
    skipped: str
    failures: list[Failure]


# --- vectors and adapters ----------------------------------------------------------------------------------------


def load_vectors(folder: Path) -> list[dict[str, Any]]:
    """Return the vectors of a folder's JSON files, or of one file. Raises ValueError where they cannot be read."""
    if not folder.exists():
        raise ValueError(f"{folder}: no such folder")
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"{folder}: expected vector files (*.json), found none")
    vectors: list[dict[str, Any]] = []
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: {error}") from None
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version != SCHEMA_VERSION:
            raise ValueError(f"{path}: expected schema_version {SCHEMA_VERSION}, found {version!r}")
        if not isinstance(content.get("vectors"), list):
            raise ValueError(f"{path}: expected a list named vectors")
        for position, vector in enumerate(content["vectors"]):
            _check_vector(vector, f"{path}: vectors[{position}]")
            vectors.append(vector)
    repeated = [name for name, count in Counter(vector["id"] for vector in vectors).items() if count > 1]
    if repeated:
        raise ValueError(f"{folder}: expected unique ids, found {repeated[0]!r} twice")
    return vectors


def _check_vector(vector: Any, where: str) -> None:
    if not isinstance(vector, dict) or not all(isinstance(vector.get(name), str) for name in ("id", "op")):
        raise ValueError(f"{where}: expected an object with id and op")
    cases = vector.get("cases") or []
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise ValueError(f"{where} ({vector['id']}): expected cases as a list of objects")
    for part in (vector, *cases):
        for name in ("given", "then"):
            if not isinstance(part.get(name) or {}, dict):
                raise ValueError(f"{where} ({vector['id']}): expected {name} as an object")
    try:
        tolerance_of(vector)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"{where} ({vector['id']}): {error}") from None


def load_adapters() -> Adapters:
    """Return the adapters of every area that has a module."""
    single: dict[str, list[Adapter]] = {}
    sequence: dict[str, list[Sequence]] = {}
    for area in AREAS:
        name = f"tests.conformance.vectors.{area}"
        if find_spec(name) is not None:
            module = import_module(name)
            for op, adapter in module.ADAPTERS.items():
                single.setdefault(op, []).append(adapter)
            for op, run in getattr(module, "SEQUENCES", {}).items():
                sequence.setdefault(op, []).append(run)
    return Adapters(single, sequence)


# --- running them ------------------------------------------------------------------------------------------------


def run_vector(vector: dict[str, Any], adapters: Adapters) -> Result:
    """Run one vector: all of its cases, of which each has to pass."""
    cases = vector.get("cases") or [{"case": "", "given": {}}]
    expectations = [case.get("then") or vector.get("then") or {} for case in cases]
    failures: list[Failure] = []
    skipped = ""
    outcomes = _outcomes(vector, cases, adapters)
    for position, case in enumerate(cases):
        outcome = outcomes[position] if position < len(outcomes) else {}
        if isinstance(outcome, Unsupported):
            skipped = skipped or str(outcome)
            continue
        for difference in compare(expectations[position], outcome, tolerance_of(vector)):
            failures.append(Failure(vector["id"], str(case.get("case", "")), difference))
    return Result(vector["id"], vector["op"], skipped, failures)


def _outcomes(vector: dict[str, Any], cases: list[dict[str, Any]], adapters: Adapters) -> list[Any]:
    """Return what came of each case: outputs, or the exception that took their place."""
    op, given = vector["op"], vector.get("given") or {}
    givens = [case.get("given") or {} for case in cases]
    if vector.get("sequence"):
        for run in adapters.sequence.get(op, []):
            try:
                return list(run(given, givens))
            except Unsupported:
                continue
            except Exception as error:  # noqa: BLE001 - one vector that cannot be run must not hide the others
                return [error] * len(cases)
    return [_ask(adapters.single.get(op, []), {**given, **case_given}) for case_given in givens]


def _ask(asked: list[Adapter], given: Given) -> Any:
    outcome: Any = Unsupported(NO_ADAPTER)
    for adapter in asked:
        try:
            return adapter(given)
        except Unsupported as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - a refusal, or one vector that cannot be run
            return error
    return outcome


def compare(then: dict[str, Any], outcome: Any, tolerance: Tolerance) -> list[Difference]:
    """Return how an outcome, which is outputs or an exception, differs from what is expected of it."""
    if not then:
        return [Difference("then", "expected outputs", MISSING)]  # Nothing to compare is no reason to pass.
    is_refused = is_refusal(outcome) or (isinstance(outcome, dict) and outcome.get("rejected") is True)
    if then.get("rejected") is True:
        return [] if is_refused else [Difference("rejected", True, outcome)]
    if isinstance(outcome, Exception):
        return [Difference("(run)", "no exception", outcome)]
    wanted = {name: value for name, value in then.items() if name != "rejected"}
    return list(differences(wanted, outcome, tolerance)) + [Difference("rejected", False, True)] * is_refused


def is_refusal(outcome: Any) -> bool:
    """Return whether this is how the engine refuses; InvariantError means that it is broken, which is no refusal."""
    return isinstance(outcome, ValueError | ExchangeError) and not isinstance(outcome, InvariantError)


# --- the report --------------------------------------------------------------------------------------------------


def summary(results: list[Result]) -> dict[str, Any]:
    """Return the counts, as --json prints them."""
    skipped = [result for result in results if result.skipped and not result.failures]
    return {
        "passed": sum(not result.skipped and not result.failures for result in results),
        "failed": [
            {
                "id": failure.vector_id,
                "case": failure.case,
                "key": failure.difference.key,
                "expected": shown(failure.difference.expected),
                "found": shown(failure.difference.found),
            }
            for result in results
            for failure in result.failures
        ],
        "skipped": dict(sorted(Counter(result.op for result in skipped).items())),
        "skipped_ids": {result.vector_id: result.skipped for result in skipped},
        "counts": "vectors",
    }


def report(results: list[Result]) -> str:
    """Return a line per vector, its differences below it, and the counts."""
    lines: list[str] = []
    for result in results:
        state = "FAILED" if result.failures else "skipped" if result.skipped else "passed"
        reason = f"  {result.skipped}" if state == "skipped" else ""
        lines.append(f"{state:<8}{result.vector_id:<12}{result.op}{reason}")
        for _, case, (key, expected, found) in result.failures:
            where = f"{case}: {key}" if case else key
            lines += [f"    {where}", f"      expected {shown(expected)}", f"      found    {shown(found)}"]
    counts = summary(results)
    failed = len({failure["id"] for failure in counts["failed"]})
    lines.append(f"{counts['passed']} vectors passed, {failed} failed, {sum(counts['skipped'].values())} skipped")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run a folder. Return the exit code."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.run_vectors",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default="", metavar="TEXT", help="run the vectors whose id or op contains TEXT")
    options = parser.parse_args(arguments)
    try:
        vectors = load_vectors(options.folder)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"run_vectors: {error}\n")
        return 2
    adapters = load_adapters()
    chosen = [vector for vector in vectors if options.only in vector["id"] or options.only in vector["op"]]
    results = [run_vector(vector, adapters) for vector in chosen]
    sys.stdout.write((json.dumps(summary(results)) if options.json else report(results)) + "\n")
    return 1 if any(result.failures for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
