"""Where runs happen: this process, a pool of processes on this machine, or a Dask cluster."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Final, NamedTuple, TypeVar

from exchange.errors import ConfigError
from replay.sweep.work import prepare_thread, prepare_worker
from replay.wording import shown

_RETRIES: Final = 5
_CONNECT_S: Final = 10

Result = TypeVar("Result")


class Pool(NamedTuple):
    """An executor, and how to have its workers leave what they are at."""

    executor: Executor
    stop: Callable[[], None]


class _Spawned(ProcessPoolExecutor):
    """A pool whose processes never hear SIGINT, also not before their initializer has run.

    They are started as runs are submitted, and a process begins with the signals blocked that its parent had blocked.
    """

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Submit with SIGINT blocked; one that comes meanwhile is delivered afterwards."""
        if not hasattr(signal, "pthread_sigmask"):
            return super().submit(fn, *args, **kwargs)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """Return how many cores this process may use."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@contextmanager
def local_pool(jobs: int) -> Iterator[Pool]:
    """Yield a pool of `jobs` processes; for one, a thread of this process.

    The processes are spawned, not forked: they share no lock and no file with this one, on any system. They ignore
    SIGINT and end with this process. A program that calls this from its main module guards it, as for any spawned
    pool: `if __name__ == "__main__":`.
    """
    executor: Executor
    if jobs == 1:
        flag = threading.Event()
        executor, stop = ThreadPoolExecutor(1, initializer=prepare_thread, initargs=(flag,)), flag.set
    else:
        context = get_context("spawn")
        event = context.Event()
        executor = _Spawned(jobs, mp_context=context, initializer=prepare_worker, initargs=(event,))
        stop = event.set
    try:
        yield Pool(executor, stop)
    except BaseException:
        stop()
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    executor.shutdown()


@contextmanager
def dask_pool(address: str) -> Iterator[Pool]:
    """Yield the executor of a Dask cluster. Raises ConfigError where the library is missing or nobody answers.

    A run whose worker is lost is given to another. Its workers need this program, the scenario's folder and the
    recordings under the same paths.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError("--dask: expected the library distributed (pip install cascade-exchange[dask])") from error
    client: Any = Client.__new__(Client)  # Held, as one that fails half-made would try to say goodbye to nobody.
    try:
        client.__init__(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        client.status = "closed"
        client._loop_runner.stop()
        raise ConfigError(f"--dask: expected the address of a Dask scheduler, found {shown(address)}") from error
    with client:
        executor: Executor = client.get_executor(retries=_RETRIES)
        yield Pool(executor, lambda: None)
