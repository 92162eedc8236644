"""Event logs: what a run wrote comes back, and damage anywhere is found."""

from pathlib import Path

import pytest

from exchange import Exchange
from exchange.commands import Deposit
from exchange.errors import DataError
from replay.journal import EventLogReader, EventLogWriter
from tests.helpers import LINEAR, Rules

EVENTS = 70_000  # more than a block


def write_log(path: Path, count: int = EVENTS) -> Exchange:
    """Write the log of so many deposits, and return the venue."""
    exchange = Exchange([LINEAR], Rules(name="logged"), with_digest=True)
    with EventLogWriter(path, exchange.instruments, exchange.rules, "made by a test") as log:
        exchange.add_sink(log)
        records = b"".join(exchange_record(number) for number in range(1, count + 1))
        exchange.run(records)
        log.finish(
            exchange.open_block(),
            exchange.open_block_first_seq(),
            exchange.seq,
            exchange.command_seq,
            exchange.digest(),
        )
    return exchange


def exchange_record(number: int) -> bytes:
    from exchange.codec import encode_command

    return encode_command(Deposit(number, 1 + number % 9, number))


@pytest.mark.parametrize("count", [0, 1, 65_536, EVENTS])
def test_log_comes_back(tmp_path: Path, count: int) -> None:
    """Header, footer, every event with its number, and a digest that holds."""
    exchange = write_log(tmp_path / "a.log", count)
    log = EventLogReader(tmp_path / "a.log")
    log.check()
    assert log.header.rules.name == "logged"
    assert log.header.source == "made by a test"
    assert (log.footer.events, log.footer.commands, log.footer.digest) == (count, count, exchange.digest())
    assert [event.seq for event in log.events()] == list(range(1, count + 1))


def test_log_without_finish_leaves_nothing(tmp_path: Path) -> None:
    """A log that was not finished is a mistake, and an error leaves no file."""
    with pytest.raises(ValueError, match="expected finish"), EventLogWriter(tmp_path / "a.log", [LINEAR], Rules()):
        pass
    with pytest.raises(KeyboardInterrupt), EventLogWriter(tmp_path / "a.log", [LINEAR], Rules()):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_every_cut_is_found(tmp_path: Path) -> None:
    """A log that was cut anywhere has no footer."""
    write_log(tmp_path / "a.log", 20)
    data = (tmp_path / "a.log").read_bytes()
    cut = tmp_path / "cut.log"
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        with pytest.raises(DataError, match=r"cut\.log: byte"):
            EventLogReader(cut)


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    """Every byte is under a checksum."""
    write_log(tmp_path / "a.log", 5)
    data = bytearray((tmp_path / "a.log").read_bytes())
    flipped = tmp_path / "flipped.log"
    for at in range(len(data)):
        data[at] ^= 0x10
        flipped.write_bytes(data)
        data[at] ^= 0x10
        with pytest.raises(DataError, match=r"flipped\.log: byte"):
            EventLogReader(flipped).check()


def test_another_file_is_no_event_log(tmp_path: Path) -> None:
    """The first bytes tell."""
    (tmp_path / "a.log").write_text("hello")
    with pytest.raises(DataError, match=r"byte 0: expected an event log, found a file that starts with b'hello'"):
        EventLogReader(tmp_path / "a.log")
