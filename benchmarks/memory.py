"""How much memory the venue takes: resident bytes of this process, around something that it does.

    python -m benchmarks.memory [ORDERS]

prints one JSON object with the bytes that one resting order takes: the growth of this process when ORDERS orders have
entered an empty book, and at the most, while the columns doubled. It counts all that an order needs: row, id, and its
share of levels and owner lists.
"""

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.enums import SELL
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.packing import place_order

ROOT: Final = Path(__file__).parents[1]
LEVELS: Final = 1_000  # of each side
ACCOUNTS: Final = 1_000


def _status_bytes(field: str) -> int:
    """Return a size that Linux tells about this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"expected {field} in /proc/self/status, found none")


class Growth(NamedTuple):
    """How far resident memory rose, in bytes: at the most while something ran, and when it was done."""

    peak: int
    after: int


def growth_of(action: Callable[[], Any]) -> Growth:
    """Run something in a process that has done little else, and return how far its resident memory rose.

    The result of the action is kept until then. Where the system tells only the highest peak ever (anything but Linux),
    both numbers are how far that one rose.
    """
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    except OSError:
        before = _max_rss_bytes()
        kept = action()
        rise = _max_rss_bytes() - before
        del kept
        return Growth(rise, rise)
    before = _status_bytes("VmRSS")
    kept = action()
    grown = Growth(_status_bytes("VmHWM") - before, _status_bytes("VmRSS") - before)
    del kept
    return grown


def in_own_process(module: str, *arguments: str, given: bytes = b"") -> dict[str, Any]:
    """Return the JSON object that a module prints in a process of its own, given some bytes on its standard input."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, input=given, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    return {str(key): value for key, value in found.items()}


def _max_rss_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _resting_orders(count: int) -> bytes:
    records: list[bytes] = []
    for index in range(count):
        side = index & 1
        away = 1 + index // 2 % LEVELS
        price = 10_000 + away if side == SELL else 10_000 - away
        records.append(place_order(index, 1, index % ACCOUNTS + 1, index + 1, side, 10, price))
    return b"".join(records)


def measure(count: int) -> dict[str, Any]:
    """Return what resting orders take in this process, which should have done nothing else before."""
    records = _resting_orders(count)
    venue = Exchange([Instrument(1, "MEMORY")], Rules(clearing="none"))
    growth = growth_of(lambda: venue.run(records))
    if venue.book(1).live_order_count != count:
        raise RuntimeError(f"expected {count} live orders, found {venue.book(1).live_order_count}")
    return {
        "resting_orders": count,
        "bytes_per_resting_order": round(growth.after / count, 1),
        "peak_bytes_per_resting_order": round(growth.peak / count, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)))
