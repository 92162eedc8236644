"""Marks and liquidations: the price of a mark that breaks nobody, and of one that breaks nearly everybody."""

from benchmarks.harness import measure


def test_mark_tick(benchmark):
    """Values of an external mark, with thousands of leveraged positions and no breach."""
    measure(benchmark, "mark_tick")


def test_cascade(benchmark):
    """One sale that sets off a cascade of liquidations, retries, takeovers and payments by the fund."""
    measure(benchmark, "cascade")
