"""What the benchmarks share: the sink that keeps events, the size, and the digest that a workload must give.

CASCADE_BENCH=full measures; the default, tiny, only keeps the benchmarks alive. `python -m benchmarks.harness` prints
the digests of this engine, to be copied here when a change of the event stream is meant.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from exchange import Exchange
from exchange.codec import decode_commands
from exchange.commands import Command
from exchange.digest import EventDigest
from replay.tape import TapeReader
from replay.workloads import SIZES, WORKLOADS, Workload, build

# The digest of all events, those of the setup included: one for the compiled and the interpreted engine.
DIGESTS: Final = {
    ("add", "tiny"): "158fe2520f17215ec2727c47c2a14228aeb918fd2b0d687dc935bf2b2c7cbd31",
    ("cancel", "tiny"): "a23a159bc3ca2fa4801f2f98f17cb9e2c1e68dbea53b84ac861e9d69ae99e8e2",
    ("amend", "tiny"): "65d9843521fa62acae517d2ad6a8b319fe892d13786658208b26f903b46ea627",
    ("sweep", "tiny"): "f2c34b75cae0f4c4a65efe641f3f475a53e69811ffd13d856f60b053dbb1b43c",
    ("mass_cancel", "tiny"): "baf7c227f727cc322cdca08220cd0693fc75fb1730c72a7543dfdbb3b41824c8",
    ("apply", "tiny"): "4d7cc84e67783ca96694ce1466565d2b05249000846f65e0bd7702006a646c31",
    ("replay", "tiny"): "220e85d28f0519d6808ab15457ac1cec73870e2e875362abfa495b2d80e42193",
    ("replay_cleared", "tiny"): "e967a0a4653a2988cfbc44055d0432ed620bced21f4089396b643c88966f5af2",
    ("mark_tick", "tiny"): "b2c378be1ceeacf901301dd043a6489344167493d2411888240e2fcb09954230",
    ("cascade", "tiny"): "f9af8e9405892a335bbd56e83f34b3a18c02635833e7e45b481c6061ecc10a6f",
    ("add", "full"): "b8aab50f40331a46f67533639f0222bf3bbd82a2e961d0e559ef02c2ff17fec8",
    ("cancel", "full"): "ba4e6b3c1474d56573641be09d68956253263e3bf9f95f7127cef0e6b2b1fc4b",
    ("amend", "full"): "8861c1109e02ade8524d252e7ad05561eddb299e9e3db005592fc6de02ea5349",
    ("sweep", "full"): "a4df5fbf4a268673229632e97f9d5d8ba1bd6ea8878123555ec69a6b21e1696f",
    ("mass_cancel", "full"): "38b28fe61b9380a0e2dcd0bd828fe4bd59e0e71678bad9202328255482d8d3e5",
    ("apply", "full"): "f57053bf26d62aa7ac30b20c80c712f2c93ceb01ba919e6489847d74ab82e468",
    ("replay", "full"): "2d04646eb91bfe8d56959a6f4ffeb42d1f636961fa46fb5ff1e3d83616bcf2bb",
    ("replay_cleared", "full"): "f5667746453b7060c16e69a3fb57f51ce8545291d929c9135c920ca0654416c5",
    ("mark_tick", "full"): "55049ae88a2cc4c65ba4af6c6cba538190d7198a6133738539c75291f5233540",
    ("cascade", "full"): "b51cc2354f2dc6f556fb678d33d0ca3225e5db532f1c70177f2f94c82729e4e6",
}


class Blocks:
    """A sink that keeps every block of event records."""

    def __init__(self) -> None:
        """Start empty."""
        self.blocks: list[bytes] = []

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a full block."""
        self.blocks.append(block)

    def digest(self, open_block: bytes) -> str:
        """Return the digest of all events, the last of which are in the open block."""
        digest = EventDigest()
        first_seq = 1
        for block in self.blocks:
            digest.write(block, first_seq)
        return digest.read(open_block)


def bench_size() -> str:
    """Return the size that CASCADE_BENCH asks for."""
    size = os.environ.get("CASCADE_BENCH", "tiny")
    if size not in SIZES:
        raise ValueError(f"CASCADE_BENCH: expected one of {SIZES}, found {size!r}")
    return size


def open_venue(workload: Workload) -> tuple[Exchange, Blocks]:
    """Return a venue on which the workload's setup has run, and the sink that keeps its events from the first."""
    venue = Exchange([workload.instrument], workload.rules)
    sink = Blocks()
    venue.add_sink(sink)
    venue.run(workload.setup)
    return venue, sink


def run_records(venue: Exchange, records: bytes) -> None:
    """Run a batch."""
    venue.run(records)


def apply_each(venue: Exchange, commands: list[Command]) -> None:
    """Apply commands one by one, taking each one's events."""
    for command in commands:
        venue.apply(command)


def run_tape(venue: Exchange, path: Path) -> None:
    """Run a tape, block by block, checksums included."""
    for block in TapeReader(path).blocks():
        venue.run(block)


def as_records(workload: Workload) -> bytes:
    """Return the workload's commands as they are."""
    return workload.commands


def as_structs(workload: Workload) -> list[Command]:
    """Return the workload's commands as Structs."""
    return list(decode_commands(workload.commands))


def measure(
    benchmark: Any,
    name: str,
    run: Callable[[Exchange, Any], None] = run_records,
    prepare: Callable[[Workload], Any] = as_records,
) -> None:
    """Benchmark a workload by its name: each round on a venue of its own, opened untimed. Assert its digest.

    prepare: makes, untimed, what `run` is given.
    """
    size = bench_size()
    workload = build(name, size)
    given = prepare(workload)
    opened: list[tuple[Exchange, Blocks]] = []

    def setup() -> tuple[tuple[Exchange, Any], dict[str, Any]]:
        opened[:] = [open_venue(workload)]
        return (opened[0][0], given), {}

    benchmark.pedantic(run, setup=setup, rounds=1 if size == "tiny" else 7)
    venue, sink = opened[0]
    benchmark.extra_info["commands"] = workload.command_count
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["commands_per_second"] = round(workload.command_count / benchmark.stats.stats.min)
    venue.check()
    assert sink.digest(venue.open_block()) == DIGESTS[name, size]


def main() -> None:
    """Print the table of digests."""
    for size in SIZES:
        for name in WORKLOADS:
            workload = build(name, size)
            venue, sink = open_venue(workload)
            venue.run(workload.commands)
            print(f'    ("{name}", "{size}"): "{sink.digest(venue.open_block())}",', flush=True)


if __name__ == "__main__":
    main()
