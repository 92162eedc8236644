"""Recorded shocks at the engine: each by itself, and never more than it lacked."""

from pathlib import Path
from typing import Any, Final

import pytest

from exchange import Exchange, Instrument, Rules
from exchange.errors import ConfigError
from exchange.events import Event, LiquidationStarted, LossSocialized, VenueLossBooked
from exchange.instrument import MarginTier
from exchange.rules.liquidation import LiquidationRules
from exchange.rules.waterfall import SocializationRules
from replay.flows import open_flow
from replay.flows.conductor import Conductor
from replay.flows.setting import Setting
from replay.player import play

MONEY: Final = "deficit_usd,total_capacity_usd,budget_queue_usd,overshoot_queue_usd,residual_queue_usd"
COLUMNS: Final = f"coin,cluster_id,t_start,t_end,{MONEY}"
MICRO: Final = 1_000_000
SHOCK: Final = Instrument(
    1,
    "SHOCK",
    tick_size="0.000001",
    money_unit="0.000001",
    max_price_ticks=10**12,
    margin_tiers=(MarginTier(maintenance_ppm=0),),
)
HAIRCUTS: Final = Rules(
    waterfall=("socialize",),
    socialization=SocializationRules(base="unrealized"),
    liquidation=LiquidationRules(order="none", remainder=("fund",)),
)


def row(coin: str, second: int, deficit: str, capacity: str) -> str:
    """A shock in which the venue's queue took nothing."""
    at = f"2025-10-10 21:16:{second:02d}+00:00"
    return f"{coin},1,{at},{at},{deficit},{capacity},0.0,0.0,{deficit}"


def played(folder: Path, rows: list[str], instrument: Instrument = SHOCK) -> tuple[Exchange, list[Event]]:
    """Run the shocks of a file, and return the venue and who paid."""
    (folder / "shocks.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
    setting = Setting({"SHOCK": instrument}, path=folder / "x.toml", key_path="flow[0]", number=1, seed=1, start_ns=0)
    table: dict[str, Any] = {"file": "shocks.csv", "mark": "1", "winners": 4}
    venue = Exchange([instrument], HAIRCUTS)
    heard: list[Event] = []
    venue.bus.subscribe(heard.append, [LiquidationStarted, LossSocialized, VenueLossBooked])
    play([Conductor([open_flow("recorded_shocks", table, setting)], venue, "shocks")], venue)
    venue.check()
    return venue, heard


def test_haircuts_take_what_is_lacking_as_far_as_there_is_profit(tmp_path: Path) -> None:
    """10 of 100, and 20 of a deficit of 50; one without a deficit is passed over, and none sees another's winners."""
    rows = [row("A", 5, "50.0", "20.0"), row("B", 4, "10.0", "100.0"), row("C", 3, "0.0", "1000.0")]
    venue, heard = played(tmp_path, rows)
    charged = [event.charged for event in heard if isinstance(event, LossSocialized)]
    lost = [event.amount for event in heard if isinstance(event, VenueLossBooked)]
    assert len([event for event in heard if isinstance(event, LiquidationStarted)]) == 2
    assert charged[0] == 10 * MICRO
    assert 20 * MICRO - 4 * 20 < charged[1] <= 20 * MICRO + 4
    assert charged[1] + sum(lost) == 50 * MICRO
    assert all(not venue.account(account).positions() for account in range(1, 11))


def test_where_nobody_won_nobody_pays(tmp_path: Path) -> None:
    """The venue is left with all of it."""
    _, heard = played(tmp_path, [row("A", 5, "7.5", "0.0")])
    assert [event.amount for event in heard if isinstance(event, VenueLossBooked)] == [7_500_000]


def test_another_unit_of_money_is_refused(tmp_path: Path) -> None:
    """The files are in dollars, stated in millionths."""
    with pytest.raises(ConfigError, match=r"flow\[0\]\.instrument: expected a linear market of 0\.000001 a tick"):
        played(tmp_path, [row("A", 5, "1.0", "1.0")], Instrument(1, "SHOCK"))
