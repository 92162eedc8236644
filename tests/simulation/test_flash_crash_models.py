"""The published flash-crash models: how far a market falls against who is in it, over seeds. The sign, not the size."""

from pathlib import Path
from statistics import median_low

import msgspec
import pytest

from replay.flows.crash_model import E_MINI, Model, run_model, with_fundamental_turns, with_inventory_limit
from replay.player import play
from replay.scenario import open_scenario

SHORT = Model(ends=50)  # a shorter sale than the model's own, for the tests that always run
MINUTE_NS = 60_000_000_000


def amplitude(model: Model, seeds: range) -> int:
    """Return the median amplitude over seeds, as the paper takes the 50 % quantile."""
    return median_low(run_model(model, seed).amplitude_ppm for seed in seeds)


def with_share(model: Model, share_ppm: int) -> Model:
    """Return the model with another share of the seller."""
    return msgspec.structs.replace(model, share_ppm=share_ppm)


def test_a_larger_share_of_the_volume_makes_a_deeper_crash() -> None:
    """2 % against 36 %."""
    seeds = range(1, 3)
    assert amplitude(with_share(SHORT, 20_000), seeds) < amplitude(with_share(SHORT, 360_000), seeds)


def test_a_larger_inventory_limit_makes_a_shallower_crash() -> None:
    """50 contracts each against 1,600."""
    seeds = range(1, 3)
    assert amplitude(with_inventory_limit(SHORT, 50), seeds) > amplitude(with_inventory_limit(SHORT, 1_600), seeds)


def test_the_seed_is_all_there_is(tmp_path: Path) -> None:
    """Twice the same, another seed another market; the tape replays without the traders, to the same digest."""
    model = Model(ends=25)
    first = run_model(model, 1, out=tmp_path / "run")
    assert run_model(model, 1) == first != run_model(model, 2)
    replayed = open_scenario(tmp_path / "run" / "commands.tape")
    assert play(replayed.sources, replayed.open_exchange()).digest == first.digest


@pytest.mark.slow
def test_amplitude_against_share_is_monotone() -> None:
    """Gao et al. 2024, first condition, over seven seeds."""
    found = [amplitude(with_share(Model(), share), range(1, 8)) for share in (20_000, 45_000, 90_000, 180_000, 360_000)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.slow
def test_amplitude_against_inventory_limit_is_monotone() -> None:
    """Gao et al. 2024, second condition, over seven seeds."""
    found = [amplitude(with_inventory_limit(Model(), limit), range(1, 8)) for limit in (1_600, 800, 400, 200, 100, 50)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.slow
def test_amplitude_against_fundamental_turns_is_monotone() -> None:
    """Gao et al. 2024, third condition: the less often fundamental traders act, the deeper, over seven seeds."""
    found = [amplitude(with_fundamental_turns(Model(), every), range(1, 8)) for every in ("1 s", "3 s", "9 s")]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.slow
def test_sale_of_2010_takes_twenty_minutes() -> None:
    """75,000 contracts at 9 % of the previous minute: 20 +- 3 min, about 75,000 / 9 % = 833,333 traded meanwhile."""
    found = run_model(E_MINI, 1)
    assert found.sold_lots == 75_000
    assert 17 * MINUTE_NS <= found.sale_ns <= 23 * MINUTE_NS
    assert abs(found.volume_lots - 833_333) < 83_333
    assert found.amplitude_ppm > 10_000
