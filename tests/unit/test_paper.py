"""Published tables that need no recording: every number is as printed, or differs for a reason that is said."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from replay.cli import main
from replay.paper.command import PAPERS
from replay.paper.gao import RELATIONS, Fall, Job, amplitudes, falls_table, relation_rows, run_all, run_job
from replay.paper.haircuts import haircut_rows
from replay.paper.plot import write_png
from replay.paper.rows import Row
from replay.paper.worked import worked_rows


def reaches(rows: Sequence[Row]) -> Counter[str]:
    """How many rows are as printed, explained, outside, beside."""
    return Counter(row.reach for row in rows)


def falls(rises: bool = True) -> list[Fall]:
    """Made-up falls of two seeds that grow, or shrink, along every relation."""
    found = []
    for relation in RELATIONS:
        values = list(enumerate(relation.values, start=1))
        for place, value in values:
            height = place if rises else len(values) - place
            found += [Fall(relation.name, value, seed, 10_000 * height + seed, 5, "d") for seed in (1, 2)]
    return found


def test_worked_examples_are_as_printed() -> None:
    """55 numbers of the five positions; one is a slip of the paper's own arithmetic, three stand beside."""
    rows = worked_rows()
    assert reaches(rows) == {"inside": 51, "explained": 1, "beside": 3}
    assert [row.name for row in rows if row.reach == "explained"] == ["liquidation price of E"]
    assert {row.kind for row in rows} == {"engine", "beside"}


def test_haircuts_are_as_printed() -> None:
    """By queue and pro rata; the paper's second round has another severity than it says."""
    rows = haircut_rows()
    assert reaches(rows) == {"inside": 12, "explained": 1}
    (odd,) = [row for row in rows if row.reach == "explained"]
    assert (odd.theirs, odd.ours) == (Decimal("3.75"), Decimal("5.625"))


def test_a_row_is_inside_up_to_its_tolerance() -> None:
    """A reason turns a miss into an explained one, and nothing else does."""
    row = Row("x", "y", Decimal("1.0"), Decimal("1.05"), "engine", Decimal("0.05"))
    assert row.reach == "inside"
    assert row._replace(ours=Decimal("1.06")).reach == "outside"
    assert row._replace(ours=Decimal("1.06"), miss="why").reach == "explained"
    assert row._replace(kind="beside").reach == row._replace(theirs=None).reach == "beside"


def test_relations_are_counted_by_step() -> None:
    """All steps up, and none."""
    up = [row for row in relation_rows(falls()) if row.kind == "engine"]
    down = [row for row in relation_rows(falls(rises=False)) if row.kind == "engine"]
    assert [int(row.theirs or 0) for row in up] == [int(row.ours) for row in up] == [4, 5, 2]
    assert [row.ours for row in down] == [0, 0, 0]
    assert {row.reach for row in up} == {"inside"}
    assert {row.reach for row in down} == {"outside"}
    assert amplitudes(falls(), RELATIONS[2]) == [
        ("1", [10_001, 10_002]),
        ("3", [20_001, 20_002]),
        ("9", [30_001, 30_002]),
    ]


def test_falls_do_not_depend_on_the_executor() -> None:
    """Two threads, and this one; a market of sixteen seconds, of which the sale has one."""
    with ThreadPoolExecutor(2) as two:
        first = run_all([1], two, ends=16)
    assert first[0] == run_job(Job("share", "2", 1, 16))
    assert first[-1] == run_job(Job("turns", "9", 1, 16))
    assert [fall[:3] for fall in first[:2]] == [("share", "2", 1), ("share", "4.5", 1)]
    assert len(first) == sum(len(relation.values) for relation in RELATIONS)
    assert falls_table(first).column("seed") == [1] * len(first)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="the library matplotlib is absent (extra lab)")
@pytest.mark.filterwarnings("default")  # the library's own
def test_picture(tmp_path: Path) -> None:
    """A PNG, the same bytes each time."""
    first, second = (write_png(falls(), tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
    assert first.startswith(b"\x89PNG")


# --- the command --------------------------------------------------------------------------------------------------


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Every paper with its citation."""
    assert main(["paper", "--list"]) == 0
    told = capsys.readouterr().out
    assert all(paper.name in told and paper.citation in told for paper in PAPERS)


@pytest.mark.parametrize("name", ["2512.01112", "arXiv:2512.01112v1", "arxiv 2512.01112"])
def test_command_without_recordings(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What needs them is left out, with the reason."""
    assert main(["paper", name, "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "left out: the numbers from hyperliquid-adl-2025-10-10" in told
    assert "63 as printed, 2 differ for a known reason, 0 outside, 3 beside" in told
    assert "109 / 99 / 1.1 is 1.00092" in told
    (path,) = (tmp_path / "out").iterdir()
    assert path.stem == "2512.01112"


def test_command_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object."""
    assert main(["paper", "2512.01112", "--data", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == 68
    assert found["rows"][0]["kind"] == "engine"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["2512.0112"], "expected one of 2512.01112, 2602.15182, gao-2024, found '2512.0112'"),
        ([], "found none"),
        (["2512.01112", "--png", "x.png"], "expected --png, --seeds and --jobs beside gao-2024 only"),
        (["gao-2024", "--seeds", "x"], "--seeds: expected such as 1..10"),
        (["gao-2024", "--jobs", "0"], "--jobs: expected a number of processes in 1..1,000, found 0"),
        (["2602.15182", "--data", "/nowhere"], "--data: expected a folder, found /nowhere"),
    ],
)
def test_what_a_user_gets_wrong(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main(["paper", *arguments]) == 2
    assert text in capsys.readouterr().err
