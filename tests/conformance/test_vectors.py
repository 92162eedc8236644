"""The conformance vectors run on the engine, and their runner says so when a number is wrong."""

import json
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec

import pytest

from exchange.errors import ConfigError, InvariantError
from tests.conformance.run_vectors import (
    AREAS,
    NO_ADAPTER,
    Adapters,
    is_refusal,
    load_adapters,
    load_vectors,
    main,
    run_vector,
)
from tests.conformance.vector_comparison import MISSING, Tolerance, differences, shown, tolerance_of
from tests.conformance.vectors import Unsupported
from tests.conformance.vectors.amounts import InexactError, Scaled, decimals, exact, integer, numbers_in, ppm, text

# Vectors that the venue is not asked to reproduce: automated pools, and bookkeeping of news.
EXEMPT = {
    "PART-02": "a liquidator of an automated pool takes the position over",
    "PART-07": "capacity from the skew of an automated pool",
    "SOC-11": "open interest against an automated pool, through a funding index",
    "SOC-14": "a liquidator of an automated pool settles profit for others",
    "FUND-07": "a liquidator of an automated pool settles profit for others",
    "SPOT-09": "an asset is given for a liability at oracle prices, without a book",
    "EVT-01": "totals of an event, from news",
    "EVT-04": "totals of an event, from news",
}

# Vectors that are skipped for another reason, each argued. A vector that is skipped and does not stand here has lost
# its adapter, which is a regression.
SKIPPED: dict[str, str] = {
    "ADL-12": "positions are held against a liquidity pool; here every position has a counterparty",
    "EVT-02": "totals of an event, from news; that only the last target is cut is what every ADL vector shows",
    "SPOT-10": "a fee rate of a liquidator who gives an asset for a liability at oracle prices, without a book",
    "STAGE-06": "a dynamic circuit breaker: bands refer to a price, not to the high or low of the last hour",
    "SOC-15": "collateral is given for a liability at oracle prices by a liquidator, without a book",
}

ADAPTERS = load_adapters()


def found_in(given):
    """Adapter of the made-up vectors: what it finds is what the vector gives it under `found`."""
    return given["found"]


def refuse(given):
    """Adapter that refuses as the engine does."""
    raise ConfigError("expected better")


def break_down(given):
    """Adapter with a mistake in it."""
    return 1 / given["zero"]


def unable(given):
    """Adapter that does not know the shape."""
    raise Unsupported("no such rule")


MADE_UP = Adapters(
    {"find": [found_in], "refuse": [refuse], "break": [break_down], "unable": [unable], "either": [unable, found_in]},
    {},
)


def vector(then, found, op="find", **more):
    """Return a made-up vector whose adapter finds `found`."""
    return {"id": "MADE-01", "op": op, "given": {"found": found, "zero": 0}, "then": then, **more}


def outcome(made_up, adapters=MADE_UP):
    """Return passed, skipped or the keys that differ."""
    result = run_vector(made_up, adapters)
    if result.failures:
        return [failure.difference.key for failure in result.failures]
    return f"skipped: {result.skipped}" if result.skipped else "passed"


def folder_of(tmp_path, *vectors):
    """Write a folder of vectors."""
    content = {"schema_version": 1, "category": "made_up", "vectors": list(vectors)}
    (tmp_path / "made_up.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


# --- the vectors -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(shared):
    """Run all vectors once."""
    folder = shared / "conformance" / "vectors"
    if not folder.is_dir():
        pytest.skip("../shared/conformance/vectors is absent")
    return [run_vector(found, ADAPTERS) for found in load_vectors(folder)]


def test_no_vector_fails(results):
    """Every number of every supported vector is the source's."""
    assert [failure for result in results for failure in result.failures] == []


def test_only_what_is_argued_is_skipped(results):
    """A vector without an adapter is exempt or stands in the table of skips; nothing in the tables passes unnoticed."""
    absent = [area for area in AREAS if find_spec(f"tests.conformance.vectors.{area}") is None]
    if absent:
        pytest.skip(f"expected adapters of every area, found none of {', '.join(absent)}")
    skipped = {result.vector_id: result.skipped for result in results if result.skipped}
    assert {name: reason for name, reason in skipped.items() if name not in EXEMPT | SKIPPED} == {}
    passed = {result.vector_id for result in results if not result.skipped}
    assert sorted(passed & SKIPPED.keys()) == []


# --- how a vector is judged --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "found", "expected"),
    [
        ({"price": "8.5"}, {"price": "8.50", "more": "1"}, "passed"),
        ({"price": "8.5"}, {"price": Fraction(17, 2)}, "passed"),
        ({"price": 20}, {"price": "20"}, "passed"),
        ({"price": "8.5"}, {"price": "8.51"}, ["price"]),
        ({"price": "8.5"}, {"price": "8.500000000000000000000000000001"}, ["price"]),
        ({"price": "8.5"}, {"price": 8.5}, ["price"]),
        ({"price": "8.5"}, {}, ["price"]),
        ({"price": "8.5"}, None, [""]),
        ({"price": None}, {"price": "0"}, ["price"]),
        ({"price": None}, {}, ["price"]),
        ({"price": None}, {"price": None}, "passed"),
        ({"closed": True}, {"closed": 1}, ["closed"]),
        ({"closed": 1}, {"closed": True}, ["closed"]),
        ({"closed": False}, {"closed": False}, "passed"),
        ({"stage": "adl"}, {"stage": "ADL"}, ["stage"]),
        ({"haircut": {"A": "1", "B": "2"}}, {"haircut": {"B": "2", "A": "1", "C": "9"}}, "passed"),
        ({"haircut": {"A": "1", "B": "2"}}, {"haircut": {"A": "1", "B": "3"}}, ["haircut.B"]),
        ({"fills": {}}, {"fills": {"A": "1"}}, ["fills"]),
        ({"fills": {}}, {"fills": {}}, "passed"),
        ({"order": ["2", "1"]}, {"order": ["1", "2"]}, ["order[0]", "order[1]"]),
        ({"order": ["2", "1"]}, {"order": ["2"]}, ["order"]),
        ({"trades": [{"qty": "5"}]}, {"trades": [{"qty": "6"}]}, ["trades[0].qty"]),
        ({}, {"price": "1"}, ["then"]),
    ],
)
def test_numbers_are_compared_exactly(then, found, expected):
    """Only expected keys count, in order where they are a list; a missing or a wrong one fails."""
    assert outcome(vector(then, found)) == expected


@pytest.mark.parametrize(
    ("tolerance", "found", "expected"),
    [
        ({"abs": "0.5"}, {"a": "10.5", "b": "9.5"}, "passed"),
        ({"abs": "0.5"}, {"a": "10.51", "b": "9.49"}, ["a", "b"]),
        ({"rel": "0.01"}, {"a": "10.1", "b": "9.9"}, "passed"),
        ({"rel": "0.01"}, {"a": "10.1001", "b": "10"}, ["a"]),
        ({"abs": "0.5", "applies_to": ["a"]}, {"a": "10.5", "b": "10.1"}, ["b"]),
        ({"abs": "0.5", "applies_to": ["a"], "other": "0.1"}, {"a": "10.5", "b": "10.1"}, "passed"),
        ({"abs": "0.5", "applies_to": ["a"], "other": "0.1"}, {"a": "10.5", "b": "10.2"}, ["b"]),
    ],
)
def test_a_tolerance_is_for_the_keys_it_names(tolerance, found, expected):
    """abs and rel hold for all keys or the named ones; the rest may differ by `other`, else not at all."""
    assert outcome(vector({"a": "10", "b": "10"}, found, tolerance=tolerance)) == expected


def test_a_tolerance_reaches_into_what_a_named_key_holds():
    """A name in applies_to is found at any depth, and in elements of a list."""
    tolerance = Tolerance(Fraction(1), applies_to=("rate", "sums"))
    expected = {"x": {"rate": "1", "size": "1"}, "sums": ["1", "1"]}
    found = {"x": {"rate": "2", "size": "2"}, "sums": ["2", "3"]}
    assert [difference.key for difference in differences(expected, found, tolerance)] == ["x.size", "sums[1]"]


def test_a_tolerance_outside_the_schema_is_refused():
    """A tolerance that would be overlooked must not pass for exactness, nor for generosity."""
    for stated in ({"absolute": "1"}, {"abs": "-1"}):
        with pytest.raises(ValueError):
            tolerance_of({"tolerance": stated})


def test_cases_are_laid_over_the_vector_and_all_count():
    """A case's `given` replaces whole keys, its `then` replaces the vector's; one wrong case fails the vector."""
    cases = [
        {"case": "its own then", "given": {"found": {"a": "2"}}, "then": {"a": "2"}},
        {"case": "the vector's", "given": {}},
        {"case": "wrong", "given": {"found": {"a": "4"}}, "then": {"a": "3"}},
    ]
    result = run_vector(vector({"a": "1"}, {"a": "1"}, cases=cases), MADE_UP)
    assert [(failure.case, *failure.difference) for failure in result.failures] == [("wrong", "a", "3", "4")]


def test_a_refusal_is_what_the_engine_raises():
    """`rejected` needs a refusal; a mistake in an adapter or a broken engine is none; an unasked one fails."""
    assert outcome(vector({"rejected": True}, {}, op="refuse")) == "passed"
    assert outcome(vector({"rejected": True}, {"rejected": True})) == "passed"
    assert outcome(vector({"rejected": True}, {"a": "1"})) == ["rejected"]
    assert outcome(vector({"rejected": True}, {}, op="break")) == ["rejected"]
    assert outcome(vector({"a": "1"}, {}, op="refuse")) == ["(run)"]
    assert not is_refusal(InvariantError("broken"))
    assert not is_refusal(InexactError("expected at most 2 decimals"))


def test_what_no_adapter_knows_is_skipped_not_passed():
    """An op without adapter, or one that knows another shape, is skipped; the next adapter of the op is asked."""
    assert outcome(vector({"a": "1"}, {}, op="nobody")) == f"skipped: {NO_ADAPTER}"
    assert outcome(vector({"a": "1"}, {}, op="unable")) == "skipped: no such rule"
    assert outcome(vector({"a": "1"}, {"a": "1"}, op="either")) == "passed"


def test_a_sequence_is_one_run():
    """The adapter of a sequence gets all cases, and owes outputs for each of them."""

    def add_up(given, steps):
        total, found = given["start"], []
        for step in steps:
            total += step["add"]
            found.append({"total": total} if total < 10 else ValueError("full"))
        return found

    adapters = Adapters({}, {"add": [add_up], "forget": [lambda given, steps: []]})
    cases = [
        {"case": "first", "given": {"add": 1}, "then": {"total": 3}},
        {"case": "second", "given": {"add": 4}, "then": {"total": 7}},
        {"case": "third", "given": {"add": 9}, "then": {"rejected": True}},
    ]
    made_up = {"id": "SEQ", "op": "add", "given": {"start": 2}, "sequence": True, "cases": cases}
    assert outcome(made_up, adapters) == "passed"
    assert outcome({**made_up, "given": {"start": 1}}, adapters) == ["total", "total"]
    assert outcome({**made_up, "op": "forget"}, adapters) == ["total", "total", "rejected"]


# --- the command -------------------------------------------------------------------------------------------------


def test_the_last_line_names_both_numbers(tmp_path, capsys, monkeypatch):
    """A wrong number exits with 1 and is told as expected and found; skips are counted by op."""
    monkeypatch.setattr("tests.conformance.run_vectors.load_adapters", lambda: MADE_UP)
    good = vector({"a": "1"}, {"a": "1"})
    wrong = {**vector({"a": "1", "b": "2"}, {"a": "1.5"}), "id": "MADE-02"}
    folder = folder_of(
        tmp_path, good, wrong, {**good, "id": "MADE-03", "op": "x"}, {**good, "id": "MADE-04", "op": "x"}
    )
    assert main([str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "passed": 1,
        "failed": [
            {"id": "MADE-02", "case": "", "key": "a", "expected": "1", "found": "1.5"},
            {"id": "MADE-02", "case": "", "key": "b", "expected": "2", "found": MISSING},
        ],
        "skipped": {"x": 2},
        "skipped_ids": {"MADE-03": NO_ADAPTER, "MADE-04": NO_ADAPTER},
        "counts": "vectors",
    }
    assert main([str(folder)]) == 1
    assert "expected 1\n      found    1.5" in capsys.readouterr().out
    assert main([str(folder), "--only", "MADE-01"]) == 0


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema_version": 2, "vectors": []}',
        '{"schema_version": 1, "vectors": {}}',
        '{"schema_version": 1, "vectors": [{"id": "A"}]}',
        '{"schema_version": 1, "vectors": [{"id": "A", "op": "o", "given": []}]}',
        '{"schema_version": 1, "vectors": [{"id": "A", "op": "o", "given": [1]}]}',
        '{"schema_version": 1, "vectors": [{"id": "A", "op": "o", "cases": [1]}]}',
        '{"schema_version": 1, "vectors": [{"id": "A", "op": "o", "tolerance": {"abs": "much"}}]}',
        '{"schema_version": 1, "vectors": [{"id": "A", "op": "o"}, {"id": "A", "op": "o"}]}',
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(content, tmp_path, capsys):
    """A folder that holds no vectors, or none of this schema, exits with 2 and one line that names the file."""
    (tmp_path / "bad.json").write_text(content, encoding="utf-8")
    is_harmless = content.endswith('"given": []}]}')  # an empty list is no given at all
    assert main([str(tmp_path), "--json"]) == (0 if is_harmless else 2)
    printed = capsys.readouterr()
    assert is_harmless or (printed.out == "" and printed.err.count("\n") == 1 and str(tmp_path) in printed.err)


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path, capsys):
    """Neither an absent folder nor an empty one passes for a run without failures."""
    for folder in (tmp_path, tmp_path / "absent"):
        assert main([str(folder)]) == 2
        assert str(folder) in capsys.readouterr().err


# --- amounts -----------------------------------------------------------------------------------------------------


def test_decimal_text_keeps_every_digit():
    """Text becomes an integer of the scale and comes back as it was, without a float between."""
    scaled = Scaled.of(prices=["9.41", "100"], sizes=["0.004"], money=["-4501.000001"], extra=2)
    assert scaled == Scaled(2, 3, 8)
    assert scaled.ticks("100") * scaled.lots("0.004") * scaled.tick_value == scaled.money("0.4")
    assert (scaled.price_text(941), scaled.size_text(-4)) == ("9.41", "-0.004")
    assert scaled.money_text(scaled.money("-4501.000001")) == "-4501.000001"
    assert (text(Fraction(1, 3)), text(-5, 3), text(1_000, 2), text(7)) == (
        "0.33333333333333333333...",
        "-0.005",
        "10",
        "7",
    )
    assert (decimals(["1.50", 3, "2"]), ppm("0.166667"), numbers_in({"a": ["1.5", {"b": 2}, None, "x"]})) == (
        1,
        166_667,
        [Fraction(3, 2), Fraction(2)],
    )


@pytest.mark.parametrize("value", [0.5, True, None, "", "x", "nan", "inf", "1e999", "1" * 500, Decimal("1e500")])
def test_what_is_no_exact_number_is_refused(value):
    """Floats least of all."""
    with pytest.raises(InexactError):
        exact(value)


def test_a_digit_too_many_is_refused_not_rounded():
    """A scale that is too small is a slip of the adapter."""
    with pytest.raises(InexactError):
        integer("0.125", 2)
    with pytest.raises(InexactError):
        decimals([Fraction(1, 3)])


def test_whatever_was_found_can_be_printed_as_json():
    """Fractions and exceptions among the outputs are told as text."""
    assert shown({"a": [Fraction(1, 2), ValueError("x")], 1: None}) == {"a": ["0.5", "ValueError('x')"], "1": None}
