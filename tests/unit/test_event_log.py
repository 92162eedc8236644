"""The log of events: seq without a gap, blocks of 65,536 records, and the digest over them recomputed by hand."""

from hashlib import blake2b

import pytest

from exchange.codec import decode_events, encode_command
from exchange.commands import Deposit
from exchange.digest import EventDigest
from exchange.errors import ConfigError
from exchange.event_log import BLOCK_RECORDS, EventLog
from exchange.exchange import Exchange
from exchange.records import write_deposited
from tests.helpers import LINEAR, margin_venue

RECORDS = BLOCK_RECORDS + 5


class Sink:
    """Keeps the blocks that it is given."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, bytes]] = []

    def write(self, block: bytes, first_seq: int) -> None:
        self.blocks.append((first_seq, block))


def deposits(count: int) -> bytes:
    """Commands with one event each; the amount is the number of the command."""
    return b"".join(encode_command(Deposit(number, 1, number)) for number in range(1, count + 1))


def chain(records: bytes) -> str:
    """The digest as its definition says: d0 = 32 zero bytes, dk = BLAKE2b-256(dk-1 + block k of 65,536 records)."""
    digest, size = bytes(32), 64 * BLOCK_RECORDS
    for start in range(0, len(records), size):
        digest = blake2b(digest + records[start : start + size], digest_size=32).digest()
    return digest.hex()


def test_blocks_end_on_records() -> None:
    """seq is the number of records; a block is closed when record 65,537 begins, and leaves whole."""
    log = EventLog()
    for number in range(BLOCK_RECORDS + 3):
        write_deposited(log, 1, number, 0)
        assert len(log.block_ends) == (number >= BLOCK_RECORDS)
    assert (log.seq, log.first_seq) == (BLOCK_RECORDS + 3, 1)
    assert list(log.block_ends) == [BLOCK_RECORDS * 8]
    (block,) = log.take_blocks(True)
    assert len(block) == BLOCK_RECORDS * 64
    assert (log.first_seq, log.block_ends) == (BLOCK_RECORDS + 1, [])
    left = decode_events(log.bytes_from(0), log.first_seq)
    assert [event.amount for event in left] == [BLOCK_RECORDS, BLOCK_RECORDS + 1, BLOCK_RECORDS + 2]
    write_deposited(log, 1, 0, 0)
    assert log.seq == BLOCK_RECORDS + 4


def test_taking_no_blocks_changes_nothing() -> None:
    """Asked between commands, with nothing full."""
    log = EventLog()
    write_deposited(log, 1, 42, 0)
    assert log.take_blocks(True) == []
    assert (log.end, log.seq, log.first_seq) == (8, 1, 1)
    assert [event.amount for event in decode_events(log.bytes_from(0), 1)] == [42]


@pytest.mark.parametrize("is_batch", [True, False])
def test_full_blocks_reach_the_sinks_and_the_rest_stays(is_batch: bool) -> None:
    """In order, once each; what is open can be read; the sum of both is every event."""
    venue, sink, second = Exchange([LINEAR], with_digest=True), Sink(), Sink()
    venue.add_sink(sink)
    venue.add_sink(second)
    records = deposits(RECORDS)
    if is_batch:
        assert venue.run(records) == RECORDS
    else:
        venue.run(records[: 64 * (BLOCK_RECORDS - 2)])
        for number in range(BLOCK_RECORDS - 1, RECORDS + 1):
            (event,) = venue.apply(Deposit(number, 1, number))
            assert event.seq == number
    assert sink.blocks == second.blocks
    ((first_seq, block),) = sink.blocks
    assert (first_seq, len(block), venue.open_block_first_seq()) == (1, 64 * BLOCK_RECORDS, BLOCK_RECORDS + 1)
    rest = decode_events(venue.open_block(), venue.open_block_first_seq())
    assert [event.seq for event in rest] == list(range(BLOCK_RECORDS + 1, RECORDS + 1))
    assert [event.ts_ns for event in rest] == [event.seq for event in rest]
    assert venue.seq == RECORDS
    assert venue.digest() == chain(block + venue.open_block())


def test_several_blocks_of_one_command_leave_together() -> None:
    """A mass cancel of 140,000 orders is one command, and more than two blocks."""
    from exchange.commands import MassCancel
    from tests.helpers import BUY, bare_venue, order

    venue, sink = bare_venue(), Sink()
    venue.add_sink(sink)
    count = 2 * BLOCK_RECORDS + 10
    template = bytearray(encode_command(order(1, 0, BUY, 1, 5)))
    parts = []
    for number in range(count):
        template[16:24] = number.to_bytes(8, "little")
        parts.append(bytes(template))
    venue.run(b"".join(parts))
    assert [first for first, _ in sink.blocks] == [1, BLOCK_RECORDS + 1]
    events = venue.apply(MassCancel(0, 1, 1))
    assert [event.seq for event in (events[0], events[-1])] == [count + 1, 2 * count]
    assert [first for first, _ in sink.blocks] == [1 + BLOCK_RECORDS * k for k in range(4)]
    assert venue.seq == 2 * count == venue.open_block_first_seq() - 1 + len(venue.open_block()) // 64


def test_digest_of_nothing_is_d0() -> None:
    """32 zero bytes; reading does not close the open block."""
    venue = margin_venue()
    assert venue.digest() == "00" * 32 == chain(b"")
    venue.apply(Deposit(0, 1, 1))
    assert venue.digest() == venue.digest() == blake2b(bytes(32) + venue.open_block(), digest_size=32).hexdigest()
    venue.apply(Deposit(0, 1, 1))
    assert venue.digest() == chain(venue.open_block())


def test_digest_at_the_end_of_a_block() -> None:
    """With nothing open it is the chained value itself, and the first record of the next block changes it."""
    venue, sink = Exchange([LINEAR], with_digest=True), Sink()
    venue.add_sink(sink)
    venue.run(deposits(BLOCK_RECORDS))
    assert (venue.open_block(), len(sink.blocks)) == (b"", 1)
    assert venue.digest() == chain(sink.blocks[0][1])


def test_digest_without_hashing_is_refused_after_the_first_block() -> None:
    """Blocks that nobody hashed are gone."""
    venue = Exchange([LINEAR])
    venue.run(deposits(BLOCK_RECORDS - 1))
    assert venue.digest() == chain(venue.open_block())
    venue.run(encode_command(Deposit(BLOCK_RECORDS, 1, 1)))
    with pytest.raises(ConfigError, match="with_digest"):
        venue.digest()


def test_the_digest_is_a_sink_by_itself() -> None:
    """write() chains; read() adds the open block."""
    digest = EventDigest()
    digest.write(b"one", 1)
    digest.write(b"two", 65_537)
    one = blake2b(bytes(32) + b"one", digest_size=32).digest()
    two = blake2b(one + b"two", digest_size=32).digest()
    assert digest.read(b"") == two.hex()
    assert digest.read(b"open") == blake2b(two + b"open", digest_size=32).hexdigest()
    assert digest.read(b"") == two.hex()


def test_one_bit_of_one_event_changes_the_digest() -> None:
    """Amounts, order and time all count."""
    found = set()
    for commands in (
        [Deposit(1, 1, 5), Deposit(1, 2, 5)],
        [Deposit(1, 2, 5), Deposit(1, 1, 5)],
        [Deposit(1, 1, 6), Deposit(1, 2, 5)],
        [Deposit(1, 1, 5), Deposit(2, 2, 5)],
        [Deposit(1, 1, 5)],
    ):
        venue = margin_venue()
        for command in commands:
            venue.apply(command)
        found.add(venue.digest())
    assert len(found) == 5
