"""Sweeps: the grid, what is kept and found again, what is refused, and that one plan has one table."""

import argparse
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import ConfigError
from replay import parquet
from replay.cli import main
from replay.crash.metrics import NUMBERS
from replay.parquet import Column, Table, has_parquet, write_table
from replay.sweep.command import MORE, add_sweep, plan_of
from replay.sweep.plan import Axis, Plan, parse_axis, parse_seeds
from replay.sweep.pools import dask_pool, local_pool
from replay.sweep.run import SweepStoppedError, check_plan, sweep
from replay.sweep.work import Outcome, run_point

ROOT = Path(__file__).resolve().parents[2]
PLAN = Plan(
    "okex-2018",
    (Axis("timeline.injection.amount", ("0", "1000", "2500")), Axis("fund.opening", ("0", "1000000000"))),
)
GDAX = Plan("gdax-2017", (parse_axis("flow.book.thickness_ppm=500000:2000000:2"),), parse_seeds("1..3"))
needs_parquet = pytest.mark.skipif(not has_parquet(), reason="the library pyarrow is absent (extra lab)")


def run_here(plan: Plan, **more: Any) -> Table:
    """Run a plan in this process."""
    with local_pool(1) as pool:
        return sweep(plan, pool.executor, stop=pool.stop, **more)


class Counting(Executor):
    """Runs at once, in the order of submission, and counts; loses the first `lost` runs, and fails after `most`."""

    def __init__(self, lost: int = 0, most: int = 1_000_000) -> None:
        """Begin with none."""
        self.count = 0
        self._lost = lost
        self._most = most

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it, or lose it."""
        future: Future[Any] = Future()
        self.count += 1
        if self._lost > 0:
            self._lost -= 1
            future.set_exception(OSError("the worker has gone"))
        elif self.count > self._most:
            raise KeyboardInterrupt
        else:
            future.set_result(fn(*args, **kwargs))
        return future


class Shuffled(Executor):
    """Runs the last submitted first, all when the hundredth of a second has passed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pool = ThreadPoolExecutor(1)
        self._held: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hold it for a moment."""
        future: Future[Any] = Future()
        self._held.append((future, lambda: fn(*args, **kwargs)))
        self._pool.submit(self._run)
        return future

    def _run(self) -> None:
        time.sleep(0.01)
        while self._held:
            future, work = self._held.pop()
            future.set_result(work())


# --- the grid -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fund.opening=0,100000", ("0", "100000")),
        ("flow.book.thickness_ppm=500000:2000000:4", ("500000", "1000000", "1500000", "2000000")),
        ("a.b=1:2:2", ("1", "2")),
        ("a.b=2:1:3", ("2", "2", "1")),  # 1.5 is rounded up: nearest, halves towards more
        ("a.b=0.00:0.05:3", ("0.00", "0.03", "0.05")),
        ("a.b=-1.0:1:3", ("-1.0", "0.0", "1.0")),
        ("a.b=[1,2],[3]", ("[1,2]", "[3]")),
        ('a.b="x,y",z', ('"x,y"', "z")),
        ("a.at=2020-03-12T10:00:00Z", ("2020-03-12T10:00:00Z",)),
        ("timeline.injection=on,off", ("on", "off")),
    ],
)
def test_values_of_an_axis(text: str, values: tuple[str, ...]) -> None:
    """Lists, evenly spaced numbers, and texts with commas or colons of their own."""
    assert parse_axis(text).values == values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fund.opening", "expected NAME=A,B,C or NAME=FROM:TO:COUNT, found 'fund.opening'"),
        ("=1,2", "found '=1,2'"),
        ("a=", "found 'a='"),
        ("a=1,,2", "expected a value between the commas, found '1,,2'"),
        ("a=1:2:1", "expected FROM:TO:COUNT with a COUNT in 2..1,000,000, found 1"),
    ],
)
def test_an_axis_that_is_none(text: str, found: str) -> None:
    """One line, with what was found."""
    with pytest.raises(ConfigError, match="--over") as raised:
        parse_axis(text)
    assert found in str(raised.value)


def test_seeds() -> None:
    """Ranges and lists."""
    assert parse_seeds("1..4") == (1, 2, 3, 4)
    assert parse_seeds("7,1..2") == (7, 1, 2)
    for text in ("4..1", "a", "1..", "", "-1"):
        with pytest.raises(ConfigError, match="--seeds: expected"):
            parse_seeds(text)


def test_the_last_list_changes_fastest() -> None:
    """Venues, then axes in their order, then seeds."""
    plan = Plan("okex-2018", (Axis("a.x", ("1", "2")),), (5, 6), ("own", "okex_2018"))
    found = [(point.number, point.venue, dict(point.settings)) for point in plan.points()]
    assert found[:3] == [
        (1, "", {"a.x": "1", "seed": "5"}),
        (2, "", {"a.x": "1", "seed": "6"}),
        (3, "", {"a.x": "2", "seed": "5"}),
    ]
    assert [number for number, _, _ in found] == list(range(1, 9))
    assert found[-1] == (8, "okex_2018", {"a.x": "2", "seed": "6"})


@given(st.lists(st.integers(1, 4), max_size=4), st.integers(0, 3), st.integers(0, 2))
def test_a_grid_has_every_point_once_and_its_samples_every_value(lengths: list[int], seeds: int, venues: int) -> None:
    """Property of the product, whatever its shape."""
    axes = tuple(Axis(f"x{place}.y", tuple(map(str, range(length)))) for place, length in enumerate(lengths))
    plan = Plan("x", axes, tuple(range(seeds)), tuple(f"v{place}" for place in range(venues)))
    points = plan.points()
    assert len(points) == plan.count == len({(point.venue, point.settings) for point in points})
    sampled = {pair for point in plan.samples() for pair in point.settings if pair[0] != "seed"}
    assert sampled == {pair for point in points for pair in point.settings if pair[0] != "seed"}
    assert {point.venue for point in plan.samples()} == {point.venue for point in points}


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (lambda: Plan("x", (Axis("a", ("1",)), Axis("a", ("2",)))), "each name once, found 'a' twice"),
        (lambda: Plan("x", (Axis("a", ("1",)),), settings=(("a", "2"),)), "each name once, found 'a' twice"),
        (lambda: Plan("x", (Axis("seed", ("1",)),), (1,)), "each name once, found 'seed' twice"),
        (lambda: Plan("x", (Axis("a", ("1", "1")),)), "a: expected each value once, found '1' twice"),
        (lambda: Plan("x", seeds=(1, 1)), "--seeds: expected each value once, found 1 twice"),
        (lambda: Plan("x", seeds=tuple(range(1_001)), axes=(Axis("a", tuple(map(str, range(1_000)))),)), "1,001,000"),
    ],
)
def test_a_plan_that_is_none(plan: Callable[[], Plan], found: str) -> None:
    """Two of one name, of one value, or too many."""
    with pytest.raises(ConfigError, match="sweep: ") as raised:
        plan()
    assert found in str(raised.value)


# --- the table ----------------------------------------------------------------------------------------------------


def test_a_row_has_settings_numbers_and_digest() -> None:
    """The what-if of 2018: 3,730 BTC lacked, less what the fund has."""
    table = run_here(PLAN)
    assert [row[:3] for row in table.rows] == [
        (1, 0, 0),
        (2, 0, 1_000_000_000),
        (3, 1_000, 0),
        (4, 1_000, 1_000_000_000),
        (5, 2_500, 0),
        (6, 2_500, 1_000_000_000),
    ]
    assert table.names[3 : 3 + len(NUMBERS)] == NUMBERS
    assert table.column("shortfall") == [372_997_173_536] * 6
    assert table.column("fund_paid") == [0, 10**9, 10**11, 101 * 10**9, 250 * 10**9, 251 * 10**9]
    assert set(table.column("error")) == {None}
    assert len(set(table.column("digest"))) == 6
    assert dict(table.notes)["kind"] == "closed form"


def test_the_order_of_completion_changes_nothing() -> None:
    """Last first."""
    assert sweep(GDAX, Shuffled()) == sweep(GDAX, Counting()) == run_here(GDAX)


def test_two_processes_give_the_table_of_one() -> None:
    """A pool, spawned."""
    with local_pool(2) as pool:
        assert sweep(GDAX, pool.executor, stop=pool.stop) == run_here(GDAX)


@pytest.mark.parametrize("file_format", ["csv", pytest.param("parquet", marks=needs_parquet)])
def test_a_table_is_the_same_bytes_each_time(tmp_path: Path, file_format: str) -> None:
    """Also from another call."""
    files = [write_table(run_here(PLAN), tmp_path / name, file_format) for name in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].suffix == f".{file_format}"


@needs_parquet
def test_parquet_holds_the_table(tmp_path: Path) -> None:
    """Integers as integers, none as null, more than 64 bits as decimals; notes."""
    from pyarrow import parquet as files

    columns = (Column("a", note="lots"), Column("b", "text"), Column("wide"))
    rows = ((1, "x", 1 << 70), (None, None, -1), (-(1 << 63), "é", None))
    path = write_table(Table(columns, rows, (("kind", "closed form"),)), tmp_path / "t")
    read = files.read_table(path)
    assert [str(kind) for kind in read.schema.types] == ["int64", "string", "decimal128(38, 0)"]
    assert [tuple(row.values()) for row in read.to_pylist()] == list(rows)
    assert read.schema.metadata[b"kind"] == b"closed form"
    assert read.schema.field("a").metadata == {b"note": b"lots"}


def test_csv_where_pyarrow_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an error where Parquet was asked for."""
    monkeypatch.setattr(parquet, "has_parquet", lambda: False)
    path = write_table(run_here(PLAN), tmp_path / "table")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert path.name == "table.csv"
    assert [row["fund.opening"] for row in rows] == ["0", "1000000000"] * 3
    assert rows[0]["low"] == str(run_here(PLAN).column("low")[0])
    with pytest.raises(ConfigError, match="pyarrow"):
        write_table(run_here(PLAN), tmp_path / "table", "parquet")


# --- what is kept -------------------------------------------------------------------------------------------------


def test_a_second_call_goes_on(tmp_path: Path) -> None:
    """What had ended is not run again, and the table is the same as without the interruption."""
    with pytest.raises(KeyboardInterrupt):
        sweep(PLAN, Counting(most=4), folder=tmp_path / "sweep")
    stopped = iter([*[False] * 4, True])
    with pytest.raises(SweepStoppedError, match="interrupted after 0 of 6 runs"):
        sweep(PLAN, Counting(), folder=tmp_path / "sweep", should_stop=lambda: next(stopped))
    seen: list[tuple[int, int]] = []
    sweep(PLAN, Counting(), folder=tmp_path / "sweep", progress=lambda *now: seen.append(now))
    assert seen == [(done, 6) for done in range(7)]
    for name in ("0000002.json", "0000005.json"):
        (tmp_path / "sweep" / "runs" / name).unlink()
    (tmp_path / "sweep" / "runs" / "0000003.json").write_text('{"number": 3, "prog')
    again = Counting()
    assert sweep(PLAN, again, folder=tmp_path / "sweep") == run_here(PLAN)
    assert again.count == 3


def test_a_stop_keeps_what_has_ended(tmp_path: Path) -> None:
    """Asked to stop after two."""
    ended: list[int] = []
    with pytest.raises(SweepStoppedError) as raised, local_pool(1) as pool:
        sweep(
            GDAX,
            pool.executor,
            folder=tmp_path,
            progress=lambda done, count: ended.append(done),
            should_stop=lambda: len(ended) > 2,
            stop=pool.stop,
        )
    assert 2 <= raised.value.ended < 6
    assert len(list((tmp_path / "runs").iterdir())) == raised.value.ended
    again = Counting()
    assert sweep(GDAX, again, folder=tmp_path) == run_here(GDAX)
    assert again.count == 6 - raised.value.ended


def test_another_plan_is_refused(tmp_path: Path) -> None:
    """Naming what differs; and a folder of something else."""
    sweep(PLAN, Counting(), folder=tmp_path / "sweep")
    other = Plan("okex-2018", PLAN.axes, settings=(("seed", "3"),))
    with pytest.raises(ConfigError, match=r"expected the plan that began this sweep, found settings \{'seed': '3'\}"):
        sweep(other, Counting(), folder=tmp_path / "sweep")
    key = json.loads((tmp_path / "sweep" / "plan.json").read_text())
    (tmp_path / "sweep" / "plan.json").write_text(json.dumps({**key, "program": "0"}))
    with pytest.raises(ConfigError, match="another version of the program"):
        sweep(PLAN, Counting(), folder=tmp_path / "sweep")
    with pytest.raises(ConfigError, match="expected a new folder or one of a sweep, found 'sweep' in it"):
        sweep(PLAN, Counting(), folder=tmp_path)


def test_a_lost_run_is_run_again_three_times() -> None:
    """As when a worker of a cluster has gone; then its error is the caller's."""
    assert sweep(PLAN, Counting(lost=2)) == run_here(PLAN)
    with pytest.raises(OSError, match="the worker has gone"):
        sweep(PLAN, Counting(lost=1_000))


def test_workers_of_another_version_are_refused() -> None:
    """Their rows would not belong together."""

    class Other(Counting):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(Outcome(args[0].number, "another"))
            return future

    with pytest.raises(ConfigError, match="expected workers with this version of the program"):
        sweep(PLAN, Other())


# --- what fails ---------------------------------------------------------------------------------------------------


def test_a_value_that_fits_no_run_is_refused_before_any() -> None:
    """An unknown rule, and a value of the last place of an axis."""
    counting = Counting()
    for name, value in (("fund.opning", "0"), ("fund.opening", "-5"), ("flow.nothing.x", "1")):
        with pytest.raises(ConfigError, match=value if value == "-5" else name):
            sweep(Plan("okex-2018", (Axis(name, ("0", value)),)), counting)
    with pytest.raises(ConfigError, match="expected a market that is inverse"):
        sweep(Plan("okex-2018", venues=("own", "hyperliquid")), counting)
    assert counting.count == 0


def test_a_run_that_fails_is_a_row_with_its_reason(tmp_path: Path) -> None:
    """Only together do these two not fit; it is tried again by the next call."""
    plan = Plan(
        "okex-2018",
        (
            Axis("instrument.max_leverage", ("20", "30")),
            Axis("instrument.default_leverage", ("10", "25")),
        ),
    )
    table = sweep(plan, Counting(), folder=tmp_path)
    errors = table.column("error")
    assert [text is None for text in errors] == [True, False, True, True]
    assert "default_leverage" in str(errors[1])
    assert table.column("digest")[1] is None
    assert sorted(path.stem for path in (tmp_path / "runs").iterdir()) == ["0000001", "0000003", "0000004"]


def test_a_point_is_plain_values() -> None:
    """What a cluster sends."""
    import pickle

    point = PLAN.points()[0]
    outcome = run_point(point)
    assert pickle.loads(pickle.dumps(point)) == point
    assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_dask_that_is_not_there() -> None:
    """The library, or whoever should answer."""
    with pytest.raises(ConfigError, match="--dask: expected"), dask_pool("nonsense"):
        pass


@pytest.mark.skipif(find_spec("distributed") is None, reason="the library distributed is absent (extra dask)")
def test_a_dask_address_that_is_none_is_one_line() -> None:
    """And nothing more when the process ends: no client is left that says goodbye to nobody."""
    command = [sys.executable, "-m", "replay", "sweep", "okex-2018", "--seeds", "1", "--dask", "foo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected the address of a Dask scheduler, found 'foo'" in done.stderr
    assert "Traceback" not in done.stderr


def test_examples_of_the_help_are_plans_that_fit() -> None:
    """Each is read and tried as a sweep tries its values, before its first run."""
    examples = [line.split()[2:] for line in MORE.splitlines() if line.startswith("  cascade sweep")]
    assert len(examples) >= 4
    for words in examples:
        parser = argparse.ArgumentParser()
        add_sweep(parser)
        assert check_plan(plan_of(parser.parse_args(words)))


# --- the command --------------------------------------------------------------------------------------------------


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table on the terminal and one on disk; the kind of the crash is said."""
    out = tmp_path / "out"
    arguments = ["sweep", "okex-2018", "--over", "timeline.injection.amount=0,2500", "--jobs", "1", "--out", str(out)]
    assert main([*arguments, "--format", "csv"]) == 0
    told = capsys.readouterr().out
    assert "(closed form), 2 runs" in told
    assert "3,719.97173536 BTC" in told
    assert f"{out / 'table.csv'}: 2 rows" in told
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["failed"]) == (2, 0)
    assert main(["sweep", "okex-2018", "--jobs", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["payers"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["okex-2018", "--jobs", "0"], "--jobs: expected a number of processes in 1..1,000, found 0"),
        (["okex-2018", "--jobs", "2", "--dask", "x"], "expected --jobs or --dask, found both"),
        (["okex-2018", "--show", "nothing"], "--show: expected numbers such as low,fund_paid, found 'nothing'"),
        (["okex"], "nearest: 'okex-2018'"),
        (["okex-2018", "--over", "fund.opning=1,2"], "nearest: 'opening'"),
    ],
)
def test_what_a_user_gets_wrong(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main(["sweep", *arguments]) == 2
    assert text in capsys.readouterr().err


def is_running(group: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_ctrl_c_leaves_what_has_ended(tmp_path: Path) -> None:
    """The whole group hears it, as from a terminal: exit code 130, no traceback, no process left, and it goes on."""
    command = [sys.executable, "-m", "replay", "sweep", "gdax-2017", "--seeds", "1..5000", "--jobs", "2"]
    started = subprocess.Popen(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("runs/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, [line for line in err.splitlines() if "interpreted" not in line]) == (130, [])
    assert "of 5,000 runs; what ended is in" in out
    while is_running(started.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(started.pid)
    kept = list(tmp_path.glob("runs/*.json"))
    assert len(kept) >= 3
    assert not list(tmp_path.rglob("*.partial"))


def test_the_page_s_example_runs(tmp_path: Path) -> None:
    """As a file of the user's, whose main module is guarded."""
    page = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "mine.py").write_text(example)
    done = subprocess.run(
        [sys.executable, "mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.startswith("okex.")
    assert done.stdout.endswith(
        "[122997173536, 122997173536, 122997173536, 121997173536, 121997173536, 121997173536]\n"
    )
