"""A recorded flow of commands, without and with clearing, from memory and from a tape."""

import pytest

from benchmarks.harness import measure, run_tape
from replay.tape import TapeWriter


@pytest.mark.parametrize("name", ["replay", "replay_cleared"])
def test_replay(benchmark, name):
    """Quotes, cancels, amends and takers around a walking price, run from records."""
    measure(benchmark, name)


def test_replay_from_tape(benchmark, tmp_path):
    """The same flow without clearing, read from a tape."""

    def write_tape(workload):
        path = tmp_path / "flow.tape"
        with TapeWriter(path, [workload.instrument]) as tape:
            tape.write_records(workload.commands)
        return path

    measure(benchmark, "replay", run_tape, write_tape)
