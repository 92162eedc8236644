"""A recorded flow of commands, without and with clearing."""

import pytest

from benchmarks.harness import measure


@pytest.mark.parametrize("name", ["replay", "replay_cleared"])
def test_replay(benchmark, name):
    """Quotes, cancels, amends and takers around a walking price, run from records."""
    measure(benchmark, name)
