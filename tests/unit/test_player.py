"""A run: order, stopping, checking, what it leaves on disk, and how a bad command is named."""

import json
from pathlib import Path

import pytest

from exchange import Exchange
from exchange.codec import encode_command
from exchange.commands import Command, Deposit, PlaceOrder
from exchange.enums import Side
from exchange.errors import BatchError, ConfigError, DataError, HandlerError, InvariantError, SequenceError
from exchange.events import Deposited, Event
from replay.journal import EventLogReader
from replay.player import Progress, play
from replay.sources.command_list import CommandList
from replay.tape import TapeReader
from tests.helpers import LINEAR, Rules


def listed(*commands: Command) -> CommandList:
    return CommandList(commands, [LINEAR], "a list")


def deposits(*times: int, account: int = 1) -> CommandList:
    return listed(*(Deposit(ts_ns, account, 1) for ts_ns in times))


def venue() -> Exchange:
    return Exchange([LINEAR], Rules(), with_digest=True)


def test_sources_are_merged_by_time_and_then_by_their_order() -> None:
    """At equal times the earlier source of the list comes first."""
    exchange = venue()
    seen: list[tuple[int, int]] = []

    def note(event: Event) -> None:
        assert isinstance(event, Deposited)
        seen.append((event.ts_ns, event.account))

    exchange.bus.subscribe(note)
    summary = play([deposits(1, 2, 2, 5, account=1), deposits(0, 2, 9, account=2)], exchange)
    assert seen == [(0, 2), (1, 1), (2, 1), (2, 1), (2, 2), (5, 1), (9, 2)]
    assert (summary.commands, summary.events, summary.stopped, summary.source) == (7, 7, "end", "a list; a list")


@pytest.mark.parametrize(("until_ns", "count"), [(0, 0), (3, 2), (4, 3), (99, 5)])
def test_until_a_time_leaves_out_what_is_at_it(until_ns: int, count: int) -> None:
    """Commands with ts_ns < until are run."""
    summary = play([deposits(1, 2, 3, 4, 5)], venue(), until_ns=until_ns)
    assert summary.commands == count
    assert summary.stopped == ("end" if count == 5 else "until")


@pytest.mark.parametrize(("until_events", "count"), [(0, 0), (3, 3), (99, 5)])
def test_until_a_number_of_events(until_events: int, count: int) -> None:
    """The run ends with the command that brings the last of them."""
    assert play([deposits(1, 2, 3, 4, 5)], venue(), until_events=until_events).events == count


def test_cutting_a_flow_does_not_change_its_digest(tmp_path: Path) -> None:
    """Stepped, checked, journaled or not: the same events."""
    times = range(20_000)
    plain = play([deposits(*times)], venue())
    assert play([deposits(*times)], venue(), check=True).digest == plain.digest
    assert play([deposits(*times)], venue(), out=tmp_path / "run").digest == plain.digest


def test_folder_holds_events_commands_and_summary(tmp_path: Path) -> None:
    """The tape gives the same digest again, and the log is sound and holds as many events."""
    folder = tmp_path / "deep" / "run"
    summary = play([deposits(*range(5_000))], venue(), out=folder)
    assert sorted(path.name for path in folder.iterdir()) == ["commands.tape", "events.log", "summary.json"]
    assert json.loads((folder / "summary.json").read_text())["digest"] == summary.digest
    log = EventLogReader(folder / "events.log")
    log.check()
    assert (log.footer.digest, log.footer.events, log.footer.commands) == (summary.digest, 5_000, 5_000)
    assert play([TapeReader(folder / "commands.tape")], venue()).digest == summary.digest


def test_journal_holds_what_handlers_submitted(tmp_path: Path) -> None:
    """A command from a handler is external: replayed from the journal without the handler, the digest is the same."""
    exchange = venue()

    def double(event: Event) -> None:
        if isinstance(event, Deposited) and event.account == 1:
            exchange.bus.submit(Deposit(0, 2, 7))

    exchange.bus.subscribe(double, [Deposited])
    summary = play([deposits(1, 2, 3)], exchange, out=tmp_path / "run")
    assert summary.commands == 6
    assert play([TapeReader(tmp_path / "run" / "commands.tape")], venue()).digest == summary.digest


def test_existing_folder_is_left_alone(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    with pytest.raises(ConfigError, match="expected a folder that does not exist yet"):
        play([deposits(1)], venue(), out=tmp_path)


def test_error_leaves_no_folder(tmp_path: Path) -> None:
    """Half a run is not left behind."""
    with pytest.raises(SequenceError):
        play([deposits(2, 1)], venue(), out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_bad_command_is_named_by_source_and_number() -> None:
    """Counted from 1 within its own source."""
    with pytest.raises(SequenceError, match=r"a list: command 3: expected ts_ns in 6..\d+, found 5"):
        play([deposits(1, 6, 5), deposits(2)], venue())

    class Broken(CommandList):
        def blocks(self) -> list[bytes]:
            return [encode_command(Deposit(1, 1, 1)), b"\xff" * 64]

    with pytest.raises(DataError, match="a list: command 2: expected a command record, found type 255"):
        play([Broken((), [LINEAR], "a list")], venue())


def test_handler_that_raises_ends_the_run() -> None:
    """Its exception is in the chain."""
    exchange = venue()

    def fail(event: Event) -> None:
        raise RuntimeError("no")

    exchange.bus.subscribe(fail)
    with pytest.raises(BatchError) as caught:
        play([deposits(1, 2)], exchange)
    assert isinstance(caught.value.__cause__, HandlerError)
    assert exchange.command_seq == 1


def test_failed_check_names_the_command() -> None:
    """The command after which the venue disagreed with itself."""
    exchange = venue()

    def steal(event: Event) -> None:
        if event.seq == 2:
            exchange.ledger.fees += 1

    exchange.bus.subscribe(steal)
    with pytest.raises(InvariantError, match="a list: after command 2: expected balances"):
        play([deposits(1, 2, 3)], exchange, check=True)


def test_stop_on_request_keeps_what_ran(tmp_path: Path) -> None:
    """An interrupted run is a whole one of fewer commands."""
    answers = iter([False, True])
    source = deposits(*range(30_000))
    summary = play([source], venue(), out=tmp_path / "run", should_stop=lambda: next(answers))
    assert summary.stopped == "interrupt"
    assert 0 < summary.commands < 30_000
    EventLogReader(tmp_path / "run" / "events.log").check()
    assert play([source], venue(), until_ns=summary.commands).digest == summary.digest


def test_used_venue_is_refused() -> None:
    """The summary would be of something else."""
    exchange = venue()
    exchange.apply(Deposit(0, 1, 1))
    with pytest.raises(ConfigError, match="expected a venue that has not run"):
        play([deposits(1)], exchange)


def test_progress_is_reported() -> None:
    """After every run of records."""
    seen: list[Progress] = []
    play([deposits(*range(3_000))], venue(), progress=seen.append)
    assert [now.commands for now in seen] == [1_024, 2_048, 3_000]


def test_refused_orders_are_counted() -> None:
    """A refusal is an event and not an error."""
    summary = play([listed(PlaceOrder(0, 1, 5, 1, Side.BUY, 1, 1))], venue())
    assert (summary.rejected, summary.low, summary.high) == (1, None, None)
