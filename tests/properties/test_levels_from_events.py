"""The levels that the page rebuilds from events are the venue's own, whatever orders come."""

from random import Random

import pytest

from exchange.commands import Command, Deposit, SetMarkPrice
from exchange.exchange import Exchange
from replay.report.depth import Levels
from tests.properties.test_special_sessions import ACCOUNTS, commands_of, open_venue


@pytest.mark.parametrize("seed", range(40))
def test_levels_follow_every_special_order(seed: int) -> None:
    """150 steps of icebergs, stops, amends and replacements: after each command both books agree."""
    draw = Random(seed)
    venue = open_venue(draw)
    levels = {instrument: Levels() for instrument in (1, 2)}
    if venue.has_clearing:
        given: list[Command] = [*(Deposit(0, account, 2_000) for account in ACCOUNTS), SetMarkPrice(0, 1, 100)]
        for command in given:
            take(levels, venue, command)
    ts_ns = 0
    for number in range(1, 151):
        ts_ns += draw.choice([0, 0, 1, 5])
        for command in commands_of(draw, venue, ts_ns, number):
            take(levels, venue, command)
            for instrument, found in levels.items():
                bids, asks = venue.book(instrument).depth()
                where = f"seed {seed}, after {command}"
                assert found.bids == {level.price_ticks: level.qty_lots for level in bids}, where
                assert found.asks == {level.price_ticks: level.qty_lots for level in asks}, where


def take(levels: dict[int, Levels], venue: Exchange, command: Command) -> None:
    """Run a command, and show its events to the books that they are about."""
    for event in venue.apply(command):
        instrument = getattr(event, "instrument", 0)
        if instrument in levels:
            levels[instrument].take(event)
    for found in levels.values():
        found.settle()
