"""How much memory the venue takes: resident bytes of this process, around something that it does.

    python -m benchmarks.memory [ORDERS]

prints one JSON object with the bytes that one resting order takes: the growth of a process of its own while ORDERS
orders enter an empty book. It counts all that an order needs: row, id, and its share of levels and owner lists.
"""

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from exchange import Exchange
from exchange.enums import SELL
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.packing import place_order

ROOT: Final = Path(__file__).parents[1]
LEVELS: Final = 1_000  # of each side
ACCOUNTS: Final = 1_000


def _status_bytes(field: str) -> int | None:
    """Return a size that Linux tells about this process, or None elsewhere."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None


def peak_growth_bytes(action: Callable[[], Any]) -> int:
    """Run something and return how far the process's resident memory rose above where it was, at the most.

    Where the system cannot forget an earlier peak (anything but Linux), growth below that peak does not show.
    """
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    except OSError:
        before = _max_rss_bytes()
        action()
        return _max_rss_bytes() - before
    now = _status_bytes("VmRSS") or 0
    action()
    return (_status_bytes("VmHWM") or 0) - now


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
    growth = peak_growth_bytes(lambda: venue.run(records))
    if venue.book(1).live_order_count != count:
        raise RuntimeError(f"expected {count} live orders, found {venue.book(1).live_order_count}")
    return {"resting_orders": count, "bytes": growth, "bytes_per_resting_order": round(growth / count, 1)}


def bytes_per_resting_order(count: int) -> float:
    """Return what a resting order takes, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", str(count)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["bytes_per_resting_order"])


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)))
