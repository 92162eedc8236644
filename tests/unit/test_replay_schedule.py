"""Merging sources: by time, then by place in the list, whatever the blocks are cut into."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from exchange.codec import RECORD_BYTES, decode_commands, encode_command
from exchange.commands import Deposit
from replay.schedule import Run, merge, packed


def blocks(source: int, times: list[int], size: int) -> Iterator[bytes]:
    """Yield deposits at these times, whose account is the source and whose amount is the place, `size` to a block."""
    records = [encode_command(Deposit(ts_ns, source + 1, place)) for place, ts_ns in enumerate(times, start=1)]
    for at in range(0, len(records), size):
        yield b"".join(records[at : at + size])


def keys(runs: list[Run]) -> list[tuple[int, int, int]]:
    """Return (ts_ns, source, place in it) of every command."""
    found: list[tuple[int, int, int]] = []
    for run in runs:
        commands = list(decode_commands(run.records))
        assert len(commands) == run.record_count > 0
        for place, command in enumerate(commands, start=run.first_command):
            assert isinstance(command, Deposit)
            assert (command.account - 1, command.amount) == (run.source, place)
            found.append((command.ts_ns, run.source, place))
    return found


@given(
    st.lists(st.lists(st.integers(0, 6)).map(sorted), max_size=4),
    st.integers(1, 5),
)
def test_order_is_time_then_source_then_place(times: list[list[int]], size: int) -> None:
    """The order of a plain sort of everything."""
    sources = [blocks(source, of_source, size) for source, of_source in enumerate(times)]
    expected = sorted(
        (ts_ns, source, place)
        for source, of_source in enumerate(times)
        for place, ts_ns in enumerate(of_source, start=1)
    )
    assert keys(list(merge(sources))) == expected


def test_one_source_passes_in_whole_blocks() -> None:
    """A tape alone is not cut."""
    given_blocks = list(blocks(0, list(range(10)), 4))
    assert [run.records for run in merge([given_blocks])] == given_blocks


def test_one_block_of_each_source_is_read_ahead() -> None:
    """Memory is flat: a source is asked for its next block when the one before has gone out."""
    asked: list[int] = []

    def watched() -> Iterator[bytes]:
        for number, block in enumerate(blocks(0, list(range(100)), 10)):
            asked.append(number)
            yield block

    flow = merge([watched(), blocks(1, [55], 1)])
    next(flow)
    assert asked == [0]
    next(flow)
    assert asked == [0, 1]


def test_empty_blocks_and_sources_are_passed_over() -> None:
    """Nothing is yielded for nothing."""
    assert list(merge([])) == []
    assert list(merge([[], [b"", b""]])) == []
    assert keys(list(merge([[b"", *blocks(0, [1], 1), b""], []]))) == [(1, 0, 1)]


def test_packed_gives_the_records_of_the_commands() -> None:
    """In blocks of a thousand or so."""
    commands = [Deposit(ts_ns, 1, 1) for ts_ns in range(2_500)]
    found = list(packed(commands))
    assert [len(block) // RECORD_BYTES for block in found] == [1_024, 1_024, 452]
    assert b"".join(found) == b"".join(map(encode_command, commands))
