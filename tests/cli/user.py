"""What the tests of the command line share: a venue file, a source, and what is required of an answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange.instrument import Instrument

ROOT = Path(__file__).resolve().parents[2]
BTC = Instrument(instrument_id=1, symbol="BTC", tick_size="0.1", lot_size="0.001", money_unit="0.01")
VENUE = """
[rules]
name = "tested"

[[instruments]]
instrument_id = 1
symbol = "BTC"
tick_size = "0.1"
lot_size = "0.001"
money_unit = "0.01"
mark_source = "last"
"""
CSV = """\
type,ts_ns,instrument,account,order_id,side,qty,price,amount
Deposit,1,,5,,,,,1000.00
Deposit,2,,6,,,,,1000.00
PlaceOrder,3,BTC,5,1,buy,0.002,100.1,
PlaceOrder,4,BTC,6,2,sell,0.001,100.1,
"""

Cascade = Callable[..., tuple[int, str, str]]


def without_speed(err: str) -> str:
    """Leave out the line that says that the engine runs interpreted, which these tests do as well."""
    return "".join(line for line in err.splitlines(keepends=True) if "the engine runs interpreted" not in line)


def refused(found: tuple[int, str, str], *texts: str, code: int = 2) -> None:
    """Require one line on stderr that says these things, nothing on stdout, and the exit code."""
    assert found[0] == code, found
    assert found[1] == ""
    assert found[2].startswith("cascade: ")
    assert found[2].count("\n") == 1, found[2]
    for text in texts:
        assert text in found[2], found[2]


def summary_of(found: tuple[int, str, str]) -> dict[str, Any]:
    """Return the JSON object in the last line."""
    assert found[0] == 0, found
    summary: dict[str, Any] = json.loads(found[1].splitlines()[-1])
    return summary
