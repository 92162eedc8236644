"""Hyperliquid's deleveraging of 2025-10-10: the files' own sums, and the engine's rules on the recorded shocks."""

from decimal import Decimal
from pathlib import Path

import pytest

from replay.recorded_adl import (
    MICRO,
    column_sum,
    payers,
    read_shocks,
    read_users,
    taken_by_engine,
    taken_by_venue,
)

FOLDER = "data/hyperliquid-adl-2025-10-10"
CENT = Decimal("0.01")


@pytest.fixture
def folder(shared: Path) -> Path:
    """The recorded tables, or skip where they are absent."""
    path = shared / FOLDER
    if not path.is_dir():
        pytest.skip(f"{path.name} is absent")
    return path


def test_three_tables_tell_one_total(folder: Path) -> None:
    """2,103,111,430.86 USD in 34,983 closings of 19,337 users, by user, by coin and by ticker."""
    multi = folder / "hypermultiassetedadl"
    by_user, by_coin = multi / "adl_by_user_REALTIME.csv.gz", multi / "adl_by_coin_REALTIME.csv"
    by_ticker = multi / "adl_net_volume_full_12min.csv"
    for path, column in ((by_user, "adl_notional"), (by_coin, "adl_notional"), (by_ticker, "net_notional_usd")):
        assert abs(column_sum(path, column) - Decimal("2103111430.86")) <= CENT
    for path, column in ((by_user, "num_adl_events"), (by_coin, "num_events"), (by_ticker, "num_adl_events")):
        assert column_sum(path, column) == 34_983
    assert abs(column_sum(by_user, "closed_pnl") - Decimal("834295749.29")) <= CENT
    users = read_users(by_user)
    assert (len(users), sum(user.events for user in users)) == (19_337, 34_983)
    assert abs(sum(user.notional for user in users) - 2_103_111_430_860_000) <= 20_000


@pytest.mark.parametrize(
    ("policy", "theirs"),
    [
        ("prod", "53782490.53"),
        ("contract_pr", "3020120.65"),
        ("vector", "1793022.03"),
        ("fixed_point_ilp_integer", "106205.81"),
    ],
)
def test_table_2_of_arxiv_2602_15182(folder: Path, policy: str, theirs: str) -> None:
    """The sum of |overshoot| over 16 waves, to the cent."""
    waves = folder / "autodeleveraging-analysis" / "policy_per_wave_metrics.csv"
    column = f"overshoot_{policy}"
    total = column_sum(waves, column) - 2 * column_sum(waves, column, lambda text: text.startswith("-"))
    assert abs(total - Decimal(theirs)) <= CENT


def test_table_1_of_arxiv_2602_15182(folder: Path) -> None:
    """Needed, taken and their net difference; the text's [H - B]+ is another number, the sum of the positive ones."""
    waves = folder / "autodeleveraging-analysis" / "two_pass_equity_delta_by_wave_h0.csv"
    gap = "overshoot_prod_minus_needed_usd"
    assert abs(column_sum(waves, "budget_needed_usd") - Decimal("15079669.61")) <= CENT
    assert abs(column_sum(waves, "budget_prod_usd") - Decimal("60108335.33")) <= CENT
    assert abs(column_sum(waves, gap) - Decimal("45028665.72")) <= CENT
    assert abs(column_sum(waves, gap, lambda text: not text.startswith("-")) - Decimal("49405578.12")) <= CENT


def test_engine_takes_what_is_lacking_and_no_more(folder: Path) -> None:
    """1,125 shocks, 170 of them with a deficit, 23.19 m in all: the venue's queue took 660 m, the engine takes 7.7 m.

    The venue left 16.7 m uncovered, as some queues stopped before their winners had nothing left; the engine 15.5 m,
    which is what no winner of those shocks had.
    """
    shocks = read_shocks(folder / "autodeleveraging-analysis" / "per_shock_metrics_queue.csv.gz")
    assert (len(shocks), sum(1 for shock in shocks if shock.deficit > 0)) == (1_125, 170)
    assert sum(shock.deficit for shock in shocks) // (MICRO // 100) == 2_319_110_448
    venue, engine = taken_by_venue(shocks), taken_by_engine(shocks)
    assert [round(amount / 10_000) for amount in (venue.budget, venue.overshoot, venue.residual)] == [
        66_005_350_415,
        65_355_266_351,
        1_669_026_385,
    ]
    assert engine.budget == sum(min(shock.deficit, shock.capacity) for shock in shocks)
    assert engine.budget + engine.residual == sum(shock.deficit for shock in shocks)
    assert engine.overshoot == 0 < venue.overshoot
    assert engine.residual < venue.residual
    assert engine.budget * 80 < venue.budget
    assert engine.shocks_touched < venue.shocks_touched


def test_rules_of_the_engine_differ_in_who_pays(folder: Path) -> None:
    """What is lacking, out of all recorded winners as one pool: a queue takes all from few, pro rata some from all."""
    users = read_users(folder / "hypermultiassetedadl" / "adl_by_user_REALTIME.csv.gz")
    shocks = read_shocks(folder / "autodeleveraging-analysis" / "per_shock_metrics_queue.csv.gz")
    amount = sum(shock.deficit for shock in shocks)
    found = {paid.rule: paid for paid in payers(users, amount)}
    winners = sum(1 for user in users if user.profit > 0)
    assert found["pro_rata"].payers == winners > 19_000
    assert found["pro_rata"].wiped_out == 0
    for rule in ("profit", "profit_leverage", "value_ratio"):
        assert found[rule].payers - found[rule].wiped_out <= 1
        assert found[rule].payers < winners
    assert {rule: paid.payers for rule, paid in found.items()} == {
        "profit": 436,
        "profit_leverage": 532,
        "value_ratio": 989,
        "pro_rata": 19_230,
    }
    assert found["pro_rata"].largest == min(paid.largest for paid in found.values())
