"""Compare engine and twin on seeded scenarios: `python -m tests.reference.fuzz --runs 1000 --seed 0`.

Run number n uses the seed `seed + n`; a failure names it, prints the shortest failing prefix without the commands it
does not need, and ends the program with status 1.
"""

import argparse
import sys
import time

from tests.reference.compare import first_difference, report, shortened
from tests.reference.scenarios import seeded_scenario


def main(arguments: list[str] | None = None) -> int:
    """Run as many scenarios as asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="scenarios to run")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first one")
    parser.add_argument("--length", type=int, default=120, help="commands of each, after its opening")
    parser.add_argument("--minutes", type=float, default=0, help="stop after this time, 0 for no limit")
    parser.add_argument("--failures", type=int, default=1, help="stop after this many failures")
    parser.add_argument("--phases", action="store_true", help="phases, breakers and protections in every scenario")
    parser.add_argument("--area", choices=("", "orders", "mixed"), default="", help="put one area in the middle")
    parser.add_argument("--checked", type=int, default=1, help="let both check themselves after every so many commands")
    chosen = parser.parse_args(arguments)
    started, failures, runs = time.monotonic(), 0, 0
    for seed in range(chosen.seed, chosen.seed + chosen.runs):
        if chosen.minutes and time.monotonic() - started > 60 * chosen.minutes:
            break
        runs += 1
        scenario = seeded_scenario(seed, chosen.length, chosen.area, has_phases=chosen.phases)
        if first_difference(scenario, every=chosen.checked) is None:
            continue
        failures += 1
        sys.stdout.write(
            f"seed {seed}, length {chosen.length}, area {chosen.area!r}: {report(*shortened(scenario))}\n\n"
        )
        if failures >= chosen.failures:
            break
    sys.stdout.write(f"{runs} runs, {failures} failures, {time.monotonic() - started:.0f} s\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
