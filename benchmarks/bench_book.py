"""The book alone, on a venue without clearing: entering, leaving, amending, sweeping, cancelling by the thousand."""

import pytest

from benchmarks.harness import measure


@pytest.mark.parametrize("name", ["add", "cancel", "amend", "sweep", "mass_cancel"])
def test_book(benchmark, name):
    """Batches of one kind of command."""
    measure(benchmark, name)
