"""Commands as Structs, one by one: what a simulation pays that wants every command's events as objects."""

from benchmarks.harness import apply_each, as_structs, measure


def test_apply(benchmark):
    """A mixed flow through `Exchange.apply`."""
    measure(benchmark, "apply", apply_each, as_structs)
