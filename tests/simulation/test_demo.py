"""The demonstration: it shows a cascade, an empty fund and a socialized loss, and always the same one."""

import pytest

from exchange.events import Event, FundPaid, LiquidationEnded, LiquidationStarted, LossSocialized
from replay.demo import DemoSource
from replay.player import play
from replay.scenario import DEMO, open_scenario

DEMO_DIGEST = "044bf5b948fe18677fc18413dd2b6b98e157e9e6f39f88116eda0d026d89e296"


def test_demo_shows_a_cascade() -> None:
    """Liquidations that cause others, both payers in turn, and a price that comes back part of the way."""
    scenario = open_scenario(DEMO)
    summary = play(scenario.sources, scenario.open_exchange())
    assert summary.digest == DEMO_DIGEST
    assert summary.liquidations > 1_000
    assert summary.triggered > 500
    assert (summary.fund_start, summary.fund_end) == (20_000_000, 0)
    assert summary.socialized_loss > 0
    assert summary.venue_loss == 0
    (market,) = summary.instruments
    assert market.low is not None
    assert market.last is not None
    assert market.first is not None
    assert market.low * 100 < market.first * 85
    assert market.low < market.last < market.first


def test_demo_is_the_same_with_a_listener() -> None:
    """Subscribers see what the summary counts, and change nothing."""
    scenario = open_scenario(DEMO)
    exchange = scenario.open_exchange()
    seen: list[Event] = []
    exchange.bus.subscribe(seen.append, [LiquidationStarted, LiquidationEnded, FundPaid, LossSocialized])
    summary = play(scenario.sources, exchange)
    assert summary.digest == DEMO_DIGEST
    started = {event.liquidation_id: event for event in seen if isinstance(event, LiquidationStarted)}
    assert len(started) == summary.liquidations
    caused = [event for event in started.values() if event.triggered_by != 0]
    assert len(caused) == summary.triggered
    for event in caused:
        assert started[event.triggered_by].seq < event.seq
    ended = [event.liquidation_id for event in seen if isinstance(event, LiquidationEnded)]
    assert sorted(ended) == sorted(started)
    assert sum(event.charged for event in seen if isinstance(event, LossSocialized)) == summary.socialized_loss
    assert min(event.fund_balance for event in seen if isinstance(event, FundPaid)) == 0


@pytest.mark.slow
def test_venue_agrees_with_itself_through_the_crash() -> None:
    """Money is conserved after every command, and everything else is checked after every block."""
    scenario = open_scenario(DEMO)
    exchange = scenario.open_exchange()
    for block in DemoSource().blocks():
        for at in range(0, len(block), 64):
            exchange.run(block[at : at + 64])
            exchange.ledger.conserved()
        exchange.check()
    assert exchange.digest() == DEMO_DIGEST


def test_another_seed_is_another_story() -> None:
    """And the same seed the same one."""
    first, second = (b"".join(DemoSource(seed).blocks()) for seed in (1, 1))
    assert first == second != b"".join(DemoSource(2).blocks())
