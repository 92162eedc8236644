"""Every recorded file of trades of 2025-10-10, read in full: rows, lows and times as known from other readers."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from replay.sources import open_source
from replay.sources.cells import parse_price, parse_time
from replay.sources.tardis import TardisSource

CRASH = "tardis-trades-2025-10-10"
# Of the window in which crash_metrics.csv looks for the low.
WINDOW = (parse_time("2025-10-10T20:50:00Z"), parse_time("2025-10-10T22:00:00Z"))
# Quantities of these files need more decimals than lots can count; the lot is the finest that fits.
COARSE = {"coinbase_XLM-USD.csv.gz": "0.000001", "gemini_BONKUSD.csv.gz": "0.001", "gemini_PEPEUSD.csv.gz": "0.01"}


def recorded(shared: Path, *names: str) -> Path:
    """Return a recorded file, or skip where it is absent."""
    path = shared.joinpath("data", *names)
    if not path.exists():
        pytest.skip(f"{names[-1]} is absent")
    return path


def metrics(shared: Path) -> list[dict[str, str]]:
    """Return the rows of crash_metrics.csv."""
    with recorded(shared, CRASH, "crash_metrics.csv").open() as file:
        return list(csv.DictReader(file))


def utc_ns(text: str) -> int:
    """Return ns of a time like 2025-10-10 21:21:29.189000."""
    return parse_time(text.replace(" ", "T") + "Z")


def compared(shared: Path, row: dict[str, str]) -> None:
    """Read a file in full and compare it with its row."""
    venue, name = row["venue"], row["file"]
    venue_name, _, rest = name.partition("_")
    path = recorded(shared, CRASH, venue, f"{venue_name}_trades_2025-10-10_{rest}")
    options: dict[str, Any] = {"lot_size": COARSE[name], "round_quantities": True} if name in COARSE else {}
    source = open_source(path, options)
    assert isinstance(source, TardisSource)
    count = 0
    low: tuple[int, int] | None = None
    first = last = before = -1
    for trade in source.trades():
        count += 1
        first = trade.event_ts_ns if first < 0 else first
        last = trade.event_ts_ns
        if trade.event_ts_ns < WINDOW[0]:
            before = trade.price_ticks
        elif trade.event_ts_ns < WINDOW[1] and (low is None or trade.price_ticks < low[0]):
            low = (trade.price_ticks, trade.event_ts_ns)
    tick_size = source.instruments[0].tick_size
    assert count == int(row["rows"])
    assert (first, last) == (utc_ns(row["first"]), utc_ns(row["last"]))
    assert before == parse_price(row["px_2049"], tick_size)
    assert low == (parse_price(row["low"], tick_size), utc_ns(row["t_low"]))
    assert (source.corrections.total() > 0) == (name in COARSE)


def test_perpetual_and_spot_of_avax(shared: Path) -> None:
    """137,632 rows, low 6.02 at 21:21:29.189; 113,589 rows, low 17.00 at 21:21:03.243."""
    chosen = [row for row in metrics(shared) if "AVAX" in row["file"] and row["venue"] != "gemini"]
    assert [(row["rows"], row["low"]) for row in chosen] == [("137632", "6.02"), ("113589", "17.0")]
    for row in chosen:
        compared(shared, row)


@pytest.mark.slow
def test_every_file_of_the_crash(shared: Path) -> None:
    """All 42: rows, first and last time, price before 20:50, low and its time, exactly."""
    rows = metrics(shared)
    assert len(rows) == 42
    for row in rows:
        compared(shared, row)


def test_aggregate_trades_of_binance(shared: Path) -> None:
    """140,489 rows in microseconds, from 121,605.75 to 122,920.97."""
    source = open_source(recorded(shared, "binance-vision-2025-10", "BTCUSDC-aggTrades-2025-10-04.zip"))
    fact = source.instruments[0]
    assert (fact.symbol, fact.kind, fact.tick_size, fact.lot_size) == ("BTCUSDC", "linear", "0.01", "0.00001")
    prices = [command.price_ticks for command in source.commands()]  # type: ignore[union-attr]
    assert (len(prices), min(prices), max(prices)) == (140_489, 12_160_575, 12_292_097)
    first = next(iter(source.commands()))
    assert datetime.fromtimestamp(first.ts_ns // 10**9, UTC).isoformat() == "2025-10-04T00:00:00+00:00"
