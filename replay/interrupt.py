"""Ctrl-C and SIGTERM as a question that a run asks between two commands, so that what it leaves behind is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def asks_to_stop(*, is_prompt: bool = False) -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT or SIGTERM has come since; a second one raises KeyboardInterrupt.

    is_prompt: so does the first, until the function is called for the first time: before a run asks nobody hears.

    A signal that whoever started us had ignored stays ignored, as under `nohup`. Outside of the main thread signals are
    not ours to take: there the function always says no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came, is_asked = threading.Event(), threading.Event()
    if not is_prompt:
        is_asked.set()

    def note(number: int, frame: FrameType | None) -> None:
        if came.is_set() or not is_asked.is_set():
            raise KeyboardInterrupt
        came.set()

    def has_come() -> bool:
        is_asked.set()
        return came.is_set()

    with _handled_by(note):
        yield has_come


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Have SIGTERM raise KeyboardInterrupt, as SIGINT does, so that whatever is being written is removed."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number, found in before.items() if found != signal.SIG_IGN]
    try:
        for number in taken:
            signal.signal(number, handler)
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
