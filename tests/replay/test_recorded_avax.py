"""AVAX on 2025-10-10: which price is the mark decides who dies. The recorded perpetual with a modelled book around it.

A 1x long of the inverse contract from 26.59 is bankrupt at 13.295. The perpetual's own trades fell to 6.02, Coinbase's
spot to 17.00. Real prices, a modelled book: what the liquidation gets for the position is the model's.
"""

from pathlib import Path
from typing import Final, Literal

import msgspec
import pytest

from exchange import Exchange, FundRules, Rules
from exchange.events import Event, LiquidationEnded, LiquidationStarted, OrderRejected, RequestRejected
from exchange.instrument import MarginTier
from replay.flows.trades_only import QuoteLevel, TradesOnlySource, TradesOnlySpec
from replay.player import play
from replay.population import InjectedAccount, account_commands
from replay.sources import Source
from replay.sources.cells import parse_time
from replay.sources.command_list import CommandList
from replay.sources.tardis import TardisSource

FOLDER: Final = "data/tardis-trades-2025-10-10"
SINCE, UNTIL = "2025-10-10T21:10:00Z", "2025-10-10T21:35:00Z"
ENTRY_TICKS: Final = 2_659
CONTRACTS: Final = 1_000  # of 10 USD
# Contracts on each side; a stand-in for a book that nobody recorded.
LEVELS = tuple(QuoteLevel(ppm, 2_000) for ppm in (2_000, 5_000, 10_000, 20_000, 40_000, 80_000))
SPEC = TradesOnlySpec(LEVELS, follow_ppm=2_000, refill_every_ns=5_000_000_000, refill_parts=2)


def replayed(shared: Path, mark_source: Literal["external", "last"]) -> tuple[Exchange, list[Event]]:
    """Run the worst 25 minutes with one account; return what was said of its liquidation."""
    perp_path = shared / FOLDER / "binance-delivery" / "binance-delivery_trades_2025-10-10_AVAXUSD_PERP.csv.gz"
    spot_path = shared / FOLDER / "coinbase" / "coinbase_trades_2025-10-10_AVAX-USD.csv.gz"
    if not (perp_path.is_file() and spot_path.is_file()):
        pytest.skip(f"{perp_path.name} or {spot_path.name} is absent")
    trades = TardisSource(perp_path, since=SINCE, until=UNTIL)
    instrument = msgspec.structs.replace(
        trades.instruments[0],
        min_price_ticks=100,
        mark_source=mark_source,
        margin_tiers=(MarginTier(maintenance_ppm=5_000),),
    )
    # What 1,000 contracts cost at 26.59 in AVAX, in 1e-8, rounded up: all of it is the account's own money.
    deposit = -(-CONTRACTS * 10 * 10**8 * 100 // ENTRY_TICKS)
    long = InjectedAccount(1, 1, CONTRACTS, ENTRY_TICKS, deposit, 1, parse_time(SINCE))
    sources: list[Source] = [
        TradesOnlySource(trades, SPEC),
        CommandList(account_commands([long]), (instrument,), "a 1x long"),
    ]
    if mark_source == "external":
        sources.append(TardisSource(spot_path, role="mark", tick_size="0.01", since=SINCE, until=UNTIL))
    venue = Exchange([instrument], Rules(fund=FundRules(opening=10**12)), with_digest=True)
    events: list[Event] = []
    venue.bus.subscribe(events.append, (LiquidationStarted, LiquidationEnded, OrderRejected, RequestRejected))
    summary = play(sources, venue)
    venue.check()
    assert summary.low == 602
    return venue, events


def test_survives_with_the_mark_from_spot(shared: Path) -> None:
    """The lowest mark is 17.00, above 13.295: nothing happens to the account."""
    venue, events = replayed(shared, "external")
    assert events == []
    assert [held.size_lots for held in venue.account(1).positions()] == [CONTRACTS]


def test_is_liquidated_with_the_mark_from_the_last_trade(shared: Path) -> None:
    """At the first trade at which equity is below the maintenance margin: before the bankruptcy price of 13.295."""
    venue, events = replayed(shared, "last")
    started, ended = events
    assert isinstance(started, LiquidationStarted)
    assert isinstance(ended, LiquidationEnded)
    assert started.account == 1
    assert venue.account(1).positions() == []
    # 2 N / entry - N / mark < 0.005 N / mark, so mark < 1.005 x 26.59 / 2 = 13.361, and not yet at 13.295.
    assert 1_329 < started.mark_ticks <= 1_336
