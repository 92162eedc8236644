"""AMZN's day of 2012-06-21 with 5,000 leveraged accounts in the recorded book: who is liquidated, and always the same.

The accounts are drawn, not recorded (`amzn/population.toml`), as are the rules of the venue (`amzn/venue.toml`).
"""

import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from exchange.codec import RECORD_BYTES, encode_command
from exchange.commands import CancelOrder, Command, PlaceOrder, ReduceOrder
from exchange.enums import Origin, Side
from exchange.events import Event, LiquidationStarted
from replay.player import play
from replay.scenario import Scenario, open_scenario
from replay.sources.lobster import LobsterSource
from replay.summary import RunSummary
from replay.tape import TapeReader
from tests.simulation.other_builds import ROOT, VERSIONS, interpreted_copy, python_of, run_json

HERE = Path(__file__).parent / "amzn"
NAME = "AMZN_2012-06-21_34200000_57600000_message_1.csv.gz"
DIGEST = "da965bc06dfa507b57807dc83d7f4a0fdd49ea8befd80b2513017ce684415dc2"


class Day(NamedTuple):
    """The day as it was run once, and its commands as a tape."""

    scenario: Scenario
    summary: RunSummary
    tape: Path


@pytest.fixture(scope="module")
def day(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Run the recorded messages and the accounts together, and journal them."""
    path = shared / "data" / "lobster-2012-06-21" / NAME
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    scenario = open_scenario(path, venue=HERE / "venue.toml", population=HERE / "population.toml")
    out = tmp_path_factory.mktemp("amzn") / "run"
    summary = play(scenario.sources, scenario.open_exchange(), out=out)
    return Day(scenario, summary, out / "commands.tape")


def test_hundreds_are_liquidated_on_both_sides(day: Day) -> None:
    """At least 500, longs and shorts, some by the trades of another; and the digest is the known one."""
    summary = day.summary
    assert summary.digest == DIGEST
    assert (summary.accounts, summary.rejected) == (5_000, 0)
    assert summary.liquidations >= 500
    assert (summary.liquidations, summary.triggered) == (1_268, 630)
    assert (summary.longs_liquidated, summary.shorts_liquidated) == (1_025, 243)


def test_entries_are_spread_over_the_day(day: Day) -> None:
    """Every half hour sees some, and both sides enter."""
    _, accounts = day.scenario.sources
    hours = Counter(command.ts_ns // (1_800 * 1_000_000_000) for command in accounts.commands())
    assert len(hours) == 13
    assert min(hours.values()) > 100


def test_corrections_are_counted_and_labelled(day: Day) -> None:
    """What the summary calls corrections are the commands of that origin on the tape; the rest is the recording's."""
    found: Counter[str] = Counter()
    names: dict[type[Command], str] = {PlaceOrder: "add", ReduceOrder: "reduce", CancelOrder: "cancel"}
    for command in TapeReader(day.tape).commands():
        if getattr(command, "origin", None) is Origin.CORRECTION:
            found[names[type(command)]] += 1
    assert dict(found) == day.summary.corrections == {"add": 5_114, "reduce": 1_728, "cancel": 8_109}


@pytest.mark.slow
def test_money_is_conserved_after_every_command(day: Day) -> None:
    """And every thousand commands the whole venue agrees with itself; stepping does not change the digest."""
    exchange = day.scenario.open_exchange()
    for block in TapeReader(day.tape).blocks():
        for at in range(0, len(block), RECORD_BYTES):
            exchange.run(block[at : at + RECORD_BYTES])
            exchange.ledger.conserved()
            if exchange.command_seq % 1_000 == 0:
                exchange.check()
    exchange.check()
    assert exchange.digest() == DIGEST


def test_book_follows_the_recorded_touch(day: Day) -> None:
    """After nearly every message best bid and ask stand where the recording shows them, though others trade there."""
    source, accounts = day.scenario.sources
    assert isinstance(source, LobsterSource)
    exchange = day.scenario.open_exchange()
    book = exchange.book("AMZN")
    injected = iter(sorted(accounts.commands(), key=lambda command: command.ts_ns))
    following = next(injected, None)
    same = messages = 0
    for step in source.steps():
        while following is not None and step.commands and following.ts_ns < step.commands[0].ts_ns:
            exchange.run(encode_command(following))
            following = next(injected, None)
        exchange.run(b"".join(map(encode_command, step.commands)))
        if step.message is None:
            continue
        messages += 1
        touch = [level and level[0] for level in (book.best_bid(), book.best_ask())]
        same += touch == [step.row[side][0][0] if step.row[side] else None for side in Side]
    assert messages == 57_515
    assert same == 56_599  # 98.4 %


def test_subscribers_do_not_change_the_day(day: Day) -> None:
    """They see each liquidation once."""
    exchange = day.scenario.open_exchange()
    started: list[Event] = []
    exchange.bus.subscribe(started.append, [LiquidationStarted])
    assert play([TapeReader(day.tape)], exchange).digest == DIGEST
    assert len(started) == day.summary.liquidations


def test_another_process_agrees(day: Day) -> None:
    """From the journal, which holds the rules, too."""
    assert run_json(sys.executable, ROOT, str(day.tape))["digest"] == DIGEST


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_agrees_interpreted(day: Day, version: str, tmp_path: Path) -> None:
    """On each Python that is there."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"no Python {version} with the run-time dependencies is here (CASCADE_PYTHONS names more)")
    assert run_json(python, interpreted_copy(tmp_path), str(day.tape))["digest"] == DIGEST
