"""What `crash.toml` may hold. The tables that name a generator or a command are read by what they name."""

from typing import Any, Literal

import msgspec

from exchange.errors import ConfigError

Kind = Literal["recorded", "closed form", "calibrated synthetic"]
Basis = Literal["given", "fitted", "predicted"]
Number = str | int
Relation = Literal["=", "<", "<=", ">", ">=", "!="]


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened, in words.

    kind: "recorded": the flow is a recording; "closed form": the numbers follow from few others by arithmetic;
    "calibrated synthetic": the flow is made up so that some numbers come out, which are named "fitted".
    story: two paragraphs. start, end: of the run. seed: of everything that is drawn. notes: where the sources
    contradict each other, and what the scenario does not show.
    """

    title: str
    date: str
    kind: Kind
    story: str
    start: str
    end: str
    seed: int = 1
    notes: tuple[str, ...] = ()


class VenueTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules: those of a preset, or of a file in the scenario's folder, with changes by dotted names.

    set: such as "fund.opening" = 0; each says in a comment why it differs. why: the same in a sentence, for readers.
    """

    preset: str = ""
    file: str = ""
    set: dict[str, Any] = {}
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse none or two. Raises ConfigError."""
        if bool(self.preset) == bool(self.file):
            raise ConfigError(f"venue: expected preset or file, found {'both' if self.preset else 'neither'}")


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number that the run must reproduce.

    metric: of `cascade crash --help`, as price, money or quantity in decimal text. instrument: its symbol, where there
    are several. since, until: the part of the run that counts. account: whose. at: the time of a balance.
    value: what the source says; or of_variant: the same metric of another variant. relation: of ours to it.
    is_undone: asked of the run up to a rollback, which undid it.
    tolerance: in the metric's unit; tolerance_ppm: of the value. basis: "given": an input states it, or it
    follows from inputs by arithmetic alone; "fitted": inputs were chosen so that it comes out; "predicted": the engine
    decides it, by the rules and the book, and nothing was chosen for it. variant: of which run, the plain one where
    empty. note: why it may miss.
    """

    name: str
    metric: str
    source: str
    basis: Basis
    value: Number | None = None
    of_variant: str | None = None
    relation: Relation = "="
    tolerance: Number = "0"
    tolerance_ppm: int = 0
    variant: str = ""
    instrument: str = ""
    account: int | None = None
    since: str = ""
    until: str = ""
    at: str = ""
    is_undone: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a number that could not be checked. Raises ConfigError naming the field."""
        where = f"expected {self.name!r}"
        if (self.value is None) == (self.of_variant is None):
            raise ConfigError(
                f"{where}: expected value or of_variant, found {'neither' if self.value is None else 'both'}"
            )
        if self.tolerance_ppm < 0 or self.tolerance_ppm > 1_000_000:
            raise ConfigError(f"{where}: expected tolerance_ppm in 0..1,000,000, found {self.tolerance_ppm}")


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A what-if that ships with the scenario. set: as for `--set`."""

    title: str
    set: dict[str, Any] = {}


class Crash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `crash.toml` holds.

    sources: citation by key. instrument: tables of facts, added to the venue's instrument of that symbol, or new ones.
    account: positions as in `docs/formats.md`. flow: a generator's name and its parameters, or recorded = FILE.
    timeline: outside events: a command at a time, an outage, a rollback.
    """

    about: About
    sources: dict[str, str]
    venue: VenueTable
    expected: tuple[Expected, ...]
    instrument: tuple[dict[str, Any], ...] = ()
    account: tuple[dict[str, Any], ...] = ()
    flow: tuple[dict[str, Any], ...] = ()
    timeline: tuple[dict[str, Any], ...] = ()
    variant: dict[str, Variant] = {}
