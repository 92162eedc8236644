"""A sweep of 200 runs has one table: on one process, on a pool, on a Dask cluster; with workers killed midway.

Marked slow but for one short sweep per executor. A worker is killed with SIGKILL, as the kernel does where memory runs
out: nobody is told, and nothing of it is left.
"""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from replay.parquet import Table, write_table
from replay.sweep.plan import Plan, parse_axis, parse_seeds
from replay.sweep.pools import dask_pool, local_pool
from replay.sweep.run import sweep

PLAN = Plan("gdax-2017", (parse_axis("flow.book.thickness_ppm=500000:2000000:20"),), parse_seeds("1..10"))
SHORT = Plan("okex-2018", (parse_axis("timeline.injection.amount=0:3000:24"),))
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="the library distributed is absent (extra dask)"
)
posix_only = pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")


def on_one_process(plan: Plan) -> Table:
    """Run a plan here."""
    with local_pool(1) as pool:
        return sweep(plan, pool.executor)


def bytes_of(table: Table, folder: Path, name: str) -> str:
    """Write a table and return the digest of the file."""
    return sha256(write_table(table, folder / name).read_bytes()).hexdigest()


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two processes of Dask with one thread each, which a nanny starts again when they die."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
    ) as found:
        yield found


def on_dask(plan: Plan, cluster: Any, kill_at: int) -> tuple[Table, list[int]]:
    """Run a plan on a cluster, one of whose workers is killed when `kill_at` runs have ended; return whom."""
    from distributed import Client

    killed: list[int] = []
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        before = sorted(client.run(os.getpid).values())

    def kill(ended: int, count: int) -> None:
        if ended == kill_at and not killed:
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)

    with dask_pool(cluster.scheduler_address) as pool:
        return sweep(plan, pool.executor, progress=kill, stop=pool.stop), killed


@needs_dask
@posix_only
@pytest.mark.filterwarnings("default")  # the library's own
def test_dask_gives_the_table_of_one_process(cluster: Any, tmp_path: Path) -> None:
    """24 runs, a worker killed after the third."""
    table, killed = on_dask(SHORT, cluster, 3)
    assert len(killed) == 1
    assert bytes_of(table, tmp_path, "dask") == bytes_of(on_one_process(SHORT), tmp_path, "here")


@posix_only
def test_a_pool_whose_process_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """The pool is broken, and says so; what had ended is kept, and the next call has the table of one process."""

    def kill(ended: int, count: int) -> None:
        if ended == 3:
            os.kill(next(iter(pool.executor._processes)), signal.SIGKILL)  # type: ignore[attr-defined]

    with local_pool(2) as pool, pytest.raises(BrokenExecutor):
        sweep(SHORT, pool.executor, folder=tmp_path / "sweep", progress=kill, stop=pool.stop)
    kept = len(list((tmp_path / "sweep" / "runs").iterdir()))
    assert 3 <= kept < 24
    ended: list[int] = []
    with local_pool(2) as pool:
        table = sweep(SHORT, pool.executor, folder=tmp_path / "sweep", progress=lambda done, _: ended.append(done))
    assert ended[0] == kept
    assert bytes_of(table, tmp_path, "pool") == bytes_of(on_one_process(SHORT), tmp_path, "here")


@needs_dask
@posix_only
@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_200_runs_have_one_table(cluster: Any, tmp_path: Path) -> None:
    """One process, a pool of two, a cluster of two of whose workers one is killed after the sixtieth run."""
    here = on_one_process(PLAN)
    assert len(here.rows) == 200
    assert set(here.column("error")) == {None}
    assert len(set(here.column("digest"))) == 200
    with local_pool(2) as pool:
        on_pool = sweep(PLAN, pool.executor, stop=pool.stop)
    on_cluster, killed = on_dask(PLAN, cluster, 60)
    assert len(killed) == 1
    found = {bytes_of(table, tmp_path, str(place)) for place, table in enumerate((here, on_pool, on_cluster))}
    assert len(found) == 1
    assert here == on_pool == on_cluster
