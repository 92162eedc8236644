"""Gao et al. 2024 (JASSS 27(2)8, arXiv 2208.13654): how far a market falls against who is in it, over seeds.

Their model is calibrated to the E-mini future of 2010-05-06; ours (`replay/flows/crash_model.py`) is calibrated to
nothing, so the sign of a relation can be compared and its size cannot. Amplitude: from the price before the sale down
to the low. Each point is run with several seeds; what is compared is the median, as the paper takes the 50 % quantile.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from itertools import pairwise
from statistics import median_low
from typing import Final, NamedTuple

import msgspec

from replay.flows.crash_model import Model, run_model, with_fundamental_turns, with_inventory_limit
from replay.paper.rows import Row
from replay.parquet import Cell, Column, Table, table_of

_PERCENT_PPM: Final = 10_000


class Relation(NamedTuple):
    """One condition that is varied. values: in the order in which the amplitude has to grow. what: they are, in words.

    step: what the paper finds when going from one value to the next.
    """

    name: str
    what: str
    step: str
    values: tuple[str, ...]


RELATIONS: Final = (
    Relation(
        "share", "seller's share of the volume (%)", "a larger share, a deeper fall", ("2", "4.5", "9", "18", "36")
    ),
    Relation(
        "limit",
        "inventory limit of each market maker (contracts)",
        "a smaller limit, a deeper fall",
        ("1600", "800", "400", "200", "100", "50"),
    ),
    Relation(
        "turns",
        "mean time between turns of a fundamental trader (s)",
        "rarer turns, a deeper fall",
        ("1", "3", "9"),
    ),
)


class Job(NamedTuple):
    """One run, as plain values. ends: of the run, in seconds."""

    relation: str
    value: str
    seed: int
    ends: int


class Fall(NamedTuple):
    """What came of it."""

    relation: str
    value: str
    seed: int
    amplitude_ppm: int
    sold_lots: int
    digest: str


def model_of(job: Job) -> Model:
    """Return the model of a run."""
    model = Model(ends=job.ends)
    match job.relation:
        case "share":
            return msgspec.structs.replace(model, share_ppm=int(Decimal(job.value) * _PERCENT_PPM))
        case "limit":
            return with_inventory_limit(model, int(job.value))
    return with_fundamental_turns(model, f"{job.value} s")


def run_job(job: Job) -> Fall:
    """Run one; the same in any process."""
    found = run_model(model_of(job), job.seed)
    return Fall(job.relation, job.value, job.seed, found.amplitude_ppm, found.sold_lots, found.digest)


def run_all(
    seeds: Sequence[int], executor: Executor, progress: Callable[[int, int], None] | None = None, ends: int = 90
) -> list[Fall]:
    """Run every value with every seed; return the falls in that order, whatever the executor."""
    jobs = [Job(one.name, value, seed, ends) for one in RELATIONS for value in one.values for seed in seeds]
    found: list[Fall] = []
    for fall in executor.map(run_job, jobs):
        found.append(fall)
        if progress is not None:
            progress(len(found), len(jobs))
    return found


def falls_table(falls: Iterable[Fall]) -> Table:
    """Return one row per run."""
    columns = (
        Column("relation", "text", "what is varied"),
        Column("value", "text", "percent, contracts or seconds"),
        Column("seed"),
        Column("amplitude_ppm", note="from before the sale down to the low, in ppm"),
        Column("sold_lots", note="what the seller sold"),
        Column("digest", "text", "of the run's events"),
    )
    rows: list[dict[str, Cell]] = [fall._asdict() for fall in falls]
    return table_of(columns, rows, {"kind": "synthetic, calibrated to nothing", "model": "replay/flows/crash_model.py"})


def amplitudes(falls: Sequence[Fall], relation: Relation) -> list[tuple[str, list[int]]]:
    """Return the values of a relation, each with its amplitudes in ppm, sorted."""
    return [
        (value, sorted(fall.amplitude_ppm for fall in falls if (fall.relation, fall.value) == (relation.name, value)))
        for value in relation.values
    ]


def relation_rows(falls: Sequence[Fall]) -> list[Row]:
    """Return, per relation, how many steps go the way the paper finds, of all; then the amplitudes as they are."""
    rows = []
    for relation in RELATIONS:
        found = amplitudes(falls, relation)
        medians = [median_low(amounts) for _, amounts in found]
        ups = sum(1 for before, after in pairwise(medians) if after > before)
        title = f"{relation.step}: steps"
        rows.append(Row(title, "section 5.2", Decimal(len(medians) - 1), Decimal(ups), "engine"))
        for value, amounts in found:
            middle, least, most = (Decimal(ppm) / _PERCENT_PPM for ppm in (median_low(amounts), *_ends(amounts)))
            text = f"{relation.what} {value}: {least:.2f} to {most:.2f}, median"
            rows.append(Row(text, f"{len(amounts)} seeds", None, middle, "beside", unit="%"))
    return rows


def _ends(amounts: Sequence[int]) -> tuple[int, int]:
    return amounts[0], amounts[-1]
