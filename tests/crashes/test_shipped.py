"""Every crash that ships reproduces what its sources say, twice to one digest, and says what it stands on."""

from pathlib import Path

import pytest

from exchange.build import build_info
from replay.crash.check import check_crash
from replay.crash.load import Loaded, crash_names, load_crash
from replay.crash.observed import OBSERVERS, observed
from replay.crash.run import CrashRun, Query, run, run_crash
from replay.crash.story import story_of_run, table_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SLOW = {"alts-2025-10-10", "bitmex-2020-03", "bitmex-index-2019", "emini-2010", "luna-2022"}  # interpreted


def names() -> list[object]:
    """The names, those that take seconds interpreted marked so."""
    slow = {"alts-2025-10-10", "emini-2010"} if build_info().compiled else SLOW
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in crash_names()]


def loaded_with_data(name: str) -> tuple[Loaded, Path | None]:
    """Return a crash and the recordings; skip where it needs one that is not here."""
    loaded = load_crash(name)
    if loaded.crash.about.kind == "recorded" and not SHARED.is_dir():
        pytest.skip(f"{name}: no recordings at {SHARED}")
    return loaded, SHARED if SHARED.is_dir() else None


@pytest.mark.parametrize("name", names())
def test_numbers_are_inside(name: str) -> None:
    """Each expected number, or the table that shows which is not."""
    loaded, data = loaded_with_data(name)
    checks = check_crash(loaded, data=data)
    assert all(check.is_inside for check in checks), "\n" + table_of(name, checks)


@pytest.mark.parametrize("name", crash_names())
def test_at_least_two_numbers_are_predicted(name: str) -> None:
    """A crash that only shows what it was fitted to says nothing."""
    expected = load_crash(name).crash.expected
    assert len([number for number in expected if number.basis == "predicted"]) >= 2


@pytest.mark.parametrize("name", crash_names())
def test_what_is_called_predicted_could_come_out_otherwise(name: str) -> None:
    """No bound that any small or large number meets, and no price that is read back from a recording."""
    loaded = load_crash(name).crash
    prices = {"first", "low", "high", "last", "low_time", "mark_low", "drawdown", "fall_in_1_s", "fall_in_10_s"}
    for number in loaded.expected:
        if number.basis != "predicted" or number.of_variant is not None:
            continue
        assert number.relation == "=" or (number.relation == ">" and number.value == 0), number.name
        assert loaded.about.kind != "recorded" or number.metric not in prices, number.name


@pytest.mark.parametrize(
    ("name", "setting", "moved", "kept"),
    [
        ("gdax-2017", {"flow.book.bands.2.first": "0.05", "flow.book.bands.2.last": "0.05"}, "low", "forced"),
        ("mtgox-2011", {"flow.first-after.quantity": "11"}, "volume", "rollback_is_identical"),
        ("okex-2018", {"timeline.injection.amount": "2600"}, "fund_paid", "payers"),
    ],
)
def test_given_numbers_follow_their_input(name: str, setting: dict[str, str], moved: str, kept: str) -> None:
    """And those that the engine decides stay."""
    plain, changed = run_crash(name, {}), run_crash(name, setting)
    assert plain[moved] != changed[moved]
    assert plain[kept] == changed[kept]


def test_seller_of_gdax_owns_what_it_sells() -> None:
    """And nothing else, however thick the book is."""
    for thickness in ("500000", "1000000", "3000000"):
        found = run(load_crash("gdax-2017"), {"flow.book.thickness_ppm": thickness}, [], extra_sinks=OBSERVERS)
        (seller,) = [row for row in observed(found).accounts if row.account == 1]
        assert seller.unrealized == 0
        assert found.summary.rejected == 0
        assert not found.exchange.account(1).positions()


def test_every_account_beyond_the_threshold_lost_everything() -> None:
    """2021-05-19: none of those who were liquidated is cured when the price comes back."""
    loaded, data = loaded_with_data("btc-2021-05-19")
    rows = observed(run(loaded, {}, [], data=data, extra_sinks=OBSERVERS)).accounts
    assert [row.equity_end for row in rows if row.liquidated] == [0] * 258


@pytest.mark.parametrize("name", crash_names())
def test_story_has_two_paragraphs_and_sources(name: str) -> None:
    """And every variant that a number names exists, with a title."""
    crash = load_crash(name).crash
    assert crash.about.story.strip().count("\n\n") == 1
    assert crash.sources
    assert all(variant.title for variant in crash.variant.values())


def check_rows(found: CrashRun) -> None:
    """No money comes from nowhere, and every count of liquidations is that of the summary and of the numbers."""
    seen, summary = observed(found), found.summary
    assert seen.sheet.difference == 0
    for row in seen.accounts:
        won = row.realized + row.unrealized + row.funding + row.covered + row.transferred
        paid = row.fees + row.interest + row.liquidation_fees + row.surplus + row.charged
        assert row.gain == won - paid, row
    rows = seen.liquidations
    assert len(rows) == summary.liquidations == sum(row.liquidated for row in seen.accounts)
    assert sum(row.triggered for row in rows) == summary.triggered
    assert max((row.chain for row in rows), default=0) == summary.longest_chain
    assert sum(row.fund_paid for row in rows) == summary.fund_paid
    assert found.values == (sum(row.shortfall for row in rows),)
    assert sum(row.liquidation_notional for row in seen.accounts) == sum(row.notional for row in rows)


@pytest.mark.parametrize("name", names())
def test_runs_are_told_in_twenty_lines_and_give_one_digest(name: str) -> None:
    """The kind is said plainly in the second of them."""
    loaded, data = loaded_with_data(name)
    found = run(loaded, {}, [Query("shortfall")], data=data, extra_sinks=OBSERVERS)
    again = run(loaded, {}, [], data=data)
    assert found.summary.digest == again.summary.digest
    check_rows(found)
    told = story_of_run(found, []).splitlines()
    assert len(told) <= 20
    assert told[1].split()[:2] == ["kind", *loaded.crash.about.kind.split()[:1]] or loaded.crash.about.kind in told[1]


@pytest.mark.parametrize("name", names())
def test_nothing_but_what_is_meant_is_refused_in_a_plain_run(name: str) -> None:
    """A scenario whose commands are refused does something else than it says."""
    loaded, data = loaded_with_data(name)
    meant = {
        "luna-2022": {"PlaceOrder: LEVERAGE_ABOVE_TIER": 1},
        "emini-2010": {"PlaceOrder: NOT_IN_THIS_PHASE": 241},  # Market orders in the pause.
    }
    assert run(loaded, {}, [], data=data).summary.refused_by_reason == meant.get(name, {})


def test_function_for_sweeps_takes_and_gives_plain_values() -> None:
    """So that a pool of processes can call it."""
    found = run_crash("okex-2018", {"timeline.injection": "off"})
    assert found["socialized"] == 371_997_173_536
    assert all(isinstance(value, int | str) for value in found.values())
    assert found["digest"] != run_crash("okex-2018", {})["digest"]


def test_seed_draws_another_crowd_and_no_other_low() -> None:
    """GDAX: the low is a matter of the sum of what is sold, not of who sells."""
    lows = {run_crash("gdax-2017", {"seed": str(seed)})["low"] for seed in (1, 2, 3)}
    assert lows == {10}


def test_a_pause_alone_raises_no_low() -> None:
    """GDAX under stop logic: where nobody comes while it lasts, the stops go on where they were interrupted."""
    variants = load_crash("gdax-2017").crash.variant
    lows = [run_crash("gdax-2017", variants[name].set)["low"] for name in ("stop-logic-alone", "stop-logic")]
    assert lows[0] == 10 < int(lows[1])


def test_a_pause_is_measured() -> None:
    """GDAX under stop logic: how often, when the first began, and how long it took."""
    found = run_crash("gdax-2017", load_crash("gdax-2017").crash.variant["stop-logic"].set)
    assert (found["pauses"], found["paused_at"]) == (2, 1_498_073_400_000_000_000)
    assert found["pause_time"] == 5_000_000_000
    assert run_crash("gdax-2017", {})["pauses"] == 0


def test_other_rules_for_the_same_crash() -> None:
    """OKEx's long at a venue that takes positions over instead of waiting: nobody else pays."""
    found = run_crash("okex-2018", {}, venue="bitmex_2020")
    assert found["socialized"] == 0
