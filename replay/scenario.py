"""What a run is made of: a source, the rules and instruments of a venue, and accounts injected beside the source.

A venue file decides what its instruments are on the venue (margin, fees, mark price); the source decides in which
ticks and lots its numbers are. So both must agree on id, symbol, tick and lot of every instrument of the source.
"""

import struct
from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.codec import decode_events_of
from exchange.errors import ConfigError
from exchange.events import EventType, MarkPriceUpdated
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.demo import VENUE as DEMO_VENUE
from replay.demo import DemoSource
from replay.journal import journal_rules
from replay.player import play
from replay.population import InjectedAccount, PopulationSpec, account_commands, generate_accounts, load_accounts
from replay.schedule import blocks_of
from replay.sources import FORMATS, Source, format_of, open_source
from replay.sources.command_list import CommandList
from replay.sources.dbn import DbnSource
from replay.sources.json_lines import parse_header
from replay.sources.lobster import LobsterSource
from replay.sources.text import TextFile
from replay.tape import TapeReader
from replay.toml_file import convert_table, read_toml
from replay.venues import load_venue

DEMO: Final = "demo"  # the name of the generated demonstration where a file's could stand

_TEXT_FORMATS: Final = ("csv", "jsonl")
_MAX_ENTRIES: Final = 1 << 16
_ACCOUNTS: Final = struct.Struct("<4xi56x")  # of command records: the upper half of the header


class Scenario(NamedTuple):
    """Everything that decides a run's digest. sources: earlier ones come first at equal times."""

    sources: tuple[Source, ...]
    instruments: tuple[Instrument, ...]
    rules: Rules

    def open_exchange(self) -> Exchange:
        """Return a new venue for it."""
        return Exchange(self.instruments, self.rules, with_digest=True)


def open_input(
    path: str | Path,
    options: Mapping[str, Any] | None = None,
    *,
    format_name: str | None = None,
    venue: str | Path | None = None,
) -> Source:
    """Return the source in a file, or the demonstration by its name.

    A text file without a header takes its instruments from the venue. Errors as in `open_source`.
    """
    given = dict(options or {})
    if str(path) == DEMO and format_name is None:
        if unknown := [name for name in given if name != "seed"]:
            raise ConfigError(f"{DEMO}: expected no option but seed, found {unknown[0]!r}")
        return DemoSource(**{name: _integer(name, text) for name, text in given.items()})
    chosen = format_name or format_of(path)
    if venue is not None and chosen in _TEXT_FORMATS and "instruments" not in given and not _has_header(Path(path)):
        given["instruments"] = venue
    return open_source(path, given, format_name=chosen if chosen in FORMATS else format_name)


def open_scenario(
    path: str | Path,
    options: Mapping[str, Any] | None = None,
    *,
    format_name: str | None = None,
    venue: str | Path | None = None,
    accounts: str | Path | None = None,
    population: str | Path | None = None,
) -> Scenario:
    """Return what `cascade run` runs.

    venue: a TOML file or a preset; by default the rules that a journal was written under, else default rules.
    accounts: a file of positions. population: a TOML file with the fields of `PopulationSpec`; entries are spread over
    the marks of a first run without it. Raises ConfigError or DataError for what does not fit together, such as an
    account that the source has, too.
    """
    source = open_input(path, options, format_name=format_name, venue=venue)
    if venue is None and isinstance(source, DemoSource):
        venue = DEMO_VENUE
    rules, instruments = venue_of(source, venue)
    bare = Scenario((source,), instruments, rules)
    injected: list[InjectedAccount] = []
    named: list[str] = []
    if accounts is not None:
        injected += load_accounts(accounts, instruments, _first_ts_ns(source))
        named.append(f"{len(injected):,} accounts of {Path(accounts).name}")
    if population is not None:
        drawn = draw_population(convert_table(read_toml(population), PopulationSpec, population), bare)
        named.append(f"{len(drawn):,} drawn accounts of {Path(population).name}")
        if clash := {account.account for account in injected} & {account.account for account in drawn}:
            raise ConfigError(f"{population}: expected accounts of its own, found {min(clash)} as in {accounts}")
        injected += drawn
    if not named:
        return bare
    _expect_unused({account.account for account in injected}, source, accounts or population)
    return bare._replace(
        sources=(source, CommandList(account_commands(injected), instruments, " and ".join(named))),
    )


def _expect_unused(injected: set[int], source: Source, where: str | Path | None) -> None:
    """Raise ConfigError where a source has commands of an account that is injected: two would act as one.

    A vendor's recording names no accounts; other sources are read through once for it.
    """
    if isinstance(source, LobsterSource | DbnSource):
        return
    for block in blocks_of(source):
        if clash := injected & set(chain.from_iterable(_ACCOUNTS.iter_unpack(block))):
            raise ConfigError(f"{where}: expected accounts of its own, found {min(clash)} as in {source.description}")


def draw_population(spec: PopulationSpec, scenario: Scenario) -> list[InjectedAccount]:
    """Return accounts that enter at the marks of a run of the scenario as it is.

    Raises ConfigError for a scenario of several instruments, or one that never has a mark price.
    """
    if len(scenario.instruments) != 1:
        symbols = [instrument.symbol for instrument in scenario.instruments]
        raise ConfigError(f"population: expected a venue of one instrument to enter, found {symbols}")
    exchange = scenario.open_exchange()
    marks = _Marks()
    exchange.add_sink(marks)
    play(scenario.sources, exchange)
    marks.write(exchange.open_block(), exchange.open_block_first_seq())
    if not marks.entries:
        raise ConfigError("population: expected a source that moves the mark price, found one that never does")
    return generate_accounts(spec, scenario.instruments[0], marks.entries)


class _Marks:
    """A sink that keeps (ts_ns, price_ticks) of the mark; every second one is dropped each time it holds too many."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int]] = []
        self._stride = 1
        self._count = 0

    def write(self, block: bytes, first_seq: int) -> None:
        """Take the marks of a block."""
        for event in decode_events_of(block, first_seq, (EventType.MARK_PRICE_UPDATED,)):
            assert isinstance(event, MarkPriceUpdated)
            self._note(event)

    def _note(self, event: MarkPriceUpdated) -> None:
        self._count += 1
        if self._count % self._stride != 0:
            return
        self.entries.append((event.ts_ns, event.price_ticks))
        if len(self.entries) == _MAX_ENTRIES:
            self.entries = self.entries[1::2]
            self._stride *= 2


def venue_of(source: Source, venue: str | Path | None) -> tuple[Rules, tuple[Instrument, ...]]:
    """Return the rules and instruments under which a source runs."""
    if venue is None:
        journaled = journal_rules(source.header.metadata) if isinstance(source, TapeReader) else None
        return journaled or Rules(), source.instruments
    rules, instruments = load_venue(venue)
    if not instruments:
        return rules, source.instruments
    by_id = {instrument.instrument_id: instrument for instrument in instruments}
    for recorded in source.instruments:
        listed = by_id.get(recorded.instrument_id)
        wanted = _grid(recorded)
        if listed is None or _grid(listed) != wanted:
            found = ", ".join(str(_grid(instrument)) for instrument in instruments)
            raise ConfigError(f"{venue}: expected the instrument of the source, {wanted}, found {found}")
    return rules, instruments


class _Grid(NamedTuple):
    """What the numbers of a source mean."""

    instrument_id: int
    symbol: str
    tick_size: Decimal
    lot_size: Decimal

    def __str__(self) -> str:
        return f"{self.symbol} (instrument_id {self.instrument_id}, tick {self.tick_size}, lot {self.lot_size})"


def _grid(instrument: Instrument) -> _Grid:
    sizes = (Decimal(instrument.tick_size).normalize(), Decimal(instrument.lot_size).normalize())
    return _Grid(instrument.instrument_id, instrument.symbol, *sizes)


def _has_header(path: Path) -> bool:
    first = next((line for _, line in TextFile(path).lines()), "")
    return parse_header(first.removeprefix("#"), path, 1) is not None


def _first_ts_ns(source: Source) -> int | None:
    first = next(iter(source.commands()), None)
    return None if first is None else first.ts_ns


def _integer(name: str, text: Any) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{name}: expected an integer, found {text!r}") from None
