"""Ctrl-C as a question that a run asks between two commands, so that what it leaves behind is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def asks_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT has come since; a second one raises KeyboardInterrupt as usual.

    Outside of the main thread signals are not ours to take: there the function always says no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if came.is_set():
            raise KeyboardInterrupt
        came.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGINT, before)
