"""Several files of trades with instruments of one venue, as one flow."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange import Exchange, Rules
from exchange.codec import decode_commands
from exchange.commands import Command, ReportTrade
from exchange.units import random_below
from replay.player import Progress, play
from replay.schedule import PACKED_COMMANDS, blocks_of, merge
from replay.sources.tardis import HEADER, TardisSource

SYMBOLS = ("AAA-USD", "BBB-USD", "CCC-USD")
ROWS = 4_000


class Counted(TardisSource):
    """A source that says how many commands were asked of it."""

    taken = 0

    def commands(self) -> Iterator[Command]:
        """Yield the commands, counting."""
        self.taken = 0
        for command in super().commands():
            self.taken += 1
            yield command


@pytest.fixture
def files(tmp_path: Path) -> list[Counted]:
    """Three files of one venue; many of their times are equal."""
    sources = []
    for number, symbol in enumerate(SYMBOLS, start=1):
        times = sorted(1_760_054_400_000_000 + random_below(number, row, 3_000) for row in range(ROWS))
        rows = [f"x,{symbol},{us},{us},{row},buy,{10 + row % 7}.5,{row + 1}" for row, us in enumerate(times)]
        path = tmp_path / f"x_trades_{symbol}.csv"
        path.write_text("\n".join((HEADER, *rows)) + "\n")
        sources.append(Counted(path, instrument_id=number))
    return sources


def test_order_is_time_then_source_then_place(files: list[Counted]) -> None:
    """Equal times: the earlier file of the list first, and each file in its own order."""
    expected = sorted(
        (
            (command.ts_ns, place, number)
            for place, s in enumerate(files)
            for number, command in enumerate(s.commands())
        ),
    )
    found = []
    for run in merge([blocks_of(source) for source in files]):
        for offset, command in enumerate(decode_commands(run.records)):
            assert isinstance(command, ReportTrade)
            assert command.instrument == run.source + 1
            found.append((command.ts_ns, run.source, run.first_command + offset - 1))
    assert found == expected


def test_one_block_of_each_is_in_memory(files: list[Counted]) -> None:
    """However long the files are."""
    delivered = [0] * len(files)
    most = 0
    for run in merge([blocks_of(source) for source in files]):
        most = max(most, *(source.taken - count for source, count in zip(files, delivered, strict=True)))
        delivered[run.source] += run.record_count
    assert delivered == [ROWS] * len(files)
    assert most <= PACKED_COMMANDS


def test_a_run_reports_progress_of_all(files: list[Counted]) -> None:
    """Bytes of the three together, up to all of them; the venue has the last price of each."""
    venue = Exchange([source.instruments[0] for source in files], Rules(), with_digest=True)
    seen: list[Progress] = []
    summary = play(files, venue, progress=seen.append)
    assert [market.symbol for market in summary.instruments] == list(SYMBOLS)
    assert [market.reported_trades for market in summary.instruments] == [ROWS] * 3
    positions = [progress.position_bytes for progress in seen]
    assert positions == sorted(positions)
    assert positions[-1] == seen[-1].size_bytes == sum(source.size_bytes for source in files)
