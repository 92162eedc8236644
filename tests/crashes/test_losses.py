"""Who bore what: the same account of a run for the terminal, the page, a comparison and a sweep."""

from collections.abc import Mapping
from typing import Any

import pytest

from replay.cli import main
from replay.crash.load import load_crash
from replay.crash.observed import OBSERVERS, observed
from replay.crash.reporting import payload_of
from replay.crash.run import CrashRun, Query, run
from replay.crash.telling import tell
from replay.report.recorder import Recorder
from replay.report.words import lead, tiles

THIN = {"flow.book.thickness_ppm": "500000"}


def played(name: str, settings: Mapping[str, str] | None = None, *metrics: str) -> tuple[CrashRun, dict[str, Any]]:
    """Run a crash; return it, and what its page is drawn from."""
    recorder = Recorder()
    queries = [Query(metric) for metric in metrics]
    found = run(load_crash(name), settings or {}, queries, extra_sinks=[*OBSERVERS, recorder.attach])
    return found, payload_of(recorder, found.summary, settings or {})


def terminal(found: CrashRun) -> str:
    """Return what the terminal says, in one text."""
    return "\n".join(said.text for said in tell(found, observed(found)))


def test_what_a_vault_loses_on_what_it_took_over_is_a_loss() -> None:
    """It takes 160,234 ETH over and sells them for 3,999,378.14 USDC less; the margin that came with them is apart."""
    found, page = played("hyperliquid-eth-2025", None, "backstop_loss", "backstop_received", "fund_position_loss")
    assert found.values == (3_999_378_140_000, 1_915_148_660_000, 0)
    assert found.losses.shares == page["losses"]["shares"] == {"backstop": 3_999_378_140_000}
    assert "lost 3,999,378.14 USDC on it" in terminal(found)
    assert "4.00 million USDC" in lead(page)
    assert "Their margins covered" not in lead(page)
    assert [tile.value for tile in tiles(page) if tile.name == "Who bore it"] == ["The backstop"]


def test_how_far_a_vault_was_under_water_is_told() -> None:
    """It ends where it began, as the market is settled at the price of the takeover; until then it may lose it all."""
    found, page = played("jelly-2025")
    assert (found.losses.backstop.loss, found.losses.backstop.worst) == (0, 11_165_890_000_000)
    assert "11,165,890 USDC at the worst mark" in terminal(found)
    assert "11.17 million USDC at the worst mark" in lead(page)
    assert "settled for good" in lead(page)


def test_liquidations_without_a_bid_lack_what_their_accounts_are_below_zero() -> None:
    """With half of the book nobody bids for the last 150: nothing was paid, and nothing is over."""
    found, page = played("gdax-2017", THIN, "unfinished", "negative_equity", "shortfall")
    accounts = observed(found).accounts
    below = -sum(row.equity_end for row in accounts if row.equity_end < 0)
    assert found.values == (150, below, 0)
    assert below > 0
    assert found.losses.shares == page["losses"]["shares"] == {"unfinished": below}
    assert page["paid"]["unfinished"]["v"][-1] == below
    text = terminal(found)
    assert "150 had NOT ended" in text
    assert "no deficit was left" not in text
    assert "ended: ;" not in text
    assert "Their margins covered" not in lead(page)
    assert "150 had not ended" in lead(page)
    assert [tile.value for tile in tiles(page) if tile.name == "Who bore it"] == ["Nobody yet"]


def test_a_thinner_book_is_no_safer() -> None:
    """What nobody has paid yet counts: the sum of both does not fall to nothing."""
    lost = []
    for settings in (None, THIN):
        found, _ = played("gdax-2017", settings, "written_off", "negative_equity")
        lost.append(sum(value or 0 for value in found.values))
    assert lost[1] > 0.99 * lost[0]


@pytest.mark.parametrize("name", ["okex-2018", "gdax-2017", "hyperliquid-eth-2025", "jelly-2025", "crv-2022"])
def test_page_and_terminal_read_one_account(name: str) -> None:
    """The tracks of the chart end at what the account of the whole run says."""
    found, page = played(name)
    assert page["losses"]["shares"] == found.losses.shares
    ends = {bearer: track["v"][-1] for bearer, track in page["paid"].items() if track["v"] and track["v"][-1] > 0}
    assert ends == found.losses.shares


def test_a_rollback_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The fall to a cent was undone; the venue then opened where it had been."""
    found, page = played("mtgox-2011")
    assert found.undone is not None
    assert found.undone.is_identical
    assert main(["crash", "mtgox-2011"]) == 0
    story = capsys.readouterr().out
    assert "low 0.01 (-99.9 %)" in story
    assert "rolled back on 2011-06-26T02:00:00Z" in story
    assert "Rolled back" in [tile.name for tile in tiles(page)]


def test_nothing_lost_is_nothing_told() -> None:
    """No share, no sentence."""
    _, page = played("mtgox-2011")
    assert page["losses"]["shares"] == {}
