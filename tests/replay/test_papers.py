"""Published tables from held files: every number is as printed, or differs for a reason that is said."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from replay.paper.haircuts import shock_rows
from replay.paper.waves import table_rows


@pytest.fixture
def data(shared: Path) -> Path:
    """The folder of recordings, or skip where those of 2025-10-10 are absent."""
    if not (shared / "data" / "hyperliquid-adl-2025-10-10").is_dir():
        pytest.skip("hyperliquid-adl-2025-10-10 is absent")
    return shared / "data"


def test_tables_of_arxiv_2602_15182(data: Path) -> None:
    """Tables 1 and 2 whole; only the text's [ ]+ is another number than the one it prints."""
    rows = table_rows(data)
    assert Counter(row.reach for row in rows) == {"inside": 24, "explained": 1, "beside": 2}
    assert sum(1 for row in rows if row.source == "table 2") == 15
    (odd,) = [row for row in rows if row.reach == "explained"]
    assert odd.name == "sum of [taken - needed]+"


def test_engine_takes_what_was_needed(data: Path) -> None:
    """719 gaps run as liquidations that the book does not fill: deleveraged at the bankruptcy price, to the cent."""
    found = {row.name: row for row in table_rows(data)}
    needed = found["needed: gaps x contracts of 728 coins"].ours
    assert abs(found["taken by the engine at bankruptcy prices"].ours - needed) < Decimal("0.01")
    assert found["taken by the venue"].ours > 3 * needed


def test_shocks_of_arxiv_2512_01112(data: Path) -> None:
    """The authors' own totals to the cent; the text has an older reconstruction."""
    rows = shock_rows(data)
    assert Counter(row.reach for row in rows) == {"inside": 2, "explained": 6, "beside": 7}
    assert {row.source for row in rows if row.reach == "inside"} == {"authors' totals"}
