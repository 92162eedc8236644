"""Runs a scenario: its tables and the what-if into a venue and its flows, and the events into named numbers.

A run is a function of the scenario, the settings and the data folder: nothing else enters; two runs give one digest.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.errors import ConfigError
from exchange.exchange import EventSink
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.units import MAX_TS_NS
from replay.crash.format import Expected
from replay.crash.load import Loaded, load_crash
from replay.crash.metrics import METRICS, NUMBERS, Seen
from replay.crash.settings import Tables
from replay.crash.timeline import Rollback, Timeline, read_timeline
from replay.flows import open_flow
from replay.flows.conductor import Conductor, FixedFlow, Look, Outage, StreamFlow
from replay.flows.flow import Flow, GroupedFlow
from replay.flows.setting import Setting
from replay.observers.halts import Halt
from replay.observers.losses import Losses
from replay.observers.measures import Measurer, Scope
from replay.player import Progress, play
from replay.population import account_commands, read_accounts
from replay.sources import open_source
from replay.sources.cells import parse_time
from replay.summary import RunSummary
from replay.tape_format import record_ts_ns
from replay.toml_file import convert_table, read_toml
from replay.venues import Venue, check_venue, venue_path

SinkFactory = Callable[[Exchange], EventSink]

_OF_FLOW: Final = ("generator", "name", "source", "enabled", "recorded", "format", "option")
_OF_ACCOUNT: Final = ("name", "source")


class Undone(NamedTuple):
    """What a rollback undid: the run until then. is_identical: replaying the rest came to the digest of before."""

    rollback: Rollback
    summary: RunSummary
    losses: Losses
    is_identical: bool


class CrashRun(NamedTuple):
    """A run that has ended.

    values: of each query, None where there is no such number. charged_later: losses that the end of a session shared.
    sinks: what each of `extra_sinks` made for the venue that stands at the end, complete. exchange: that venue. groups:
    the name of the flow that first acted for each account, by account; "timeline" for those that no flow acted for.
    losses, halts: of that venue, who bore what and what stopped trading. undone: what a rollback undid. outages: when
    commands were held back.
    """

    loaded: Loaded
    rules: Rules
    instruments: tuple[Instrument, ...]
    summary: RunSummary
    values: tuple[int | None, ...]
    charged_later: int
    sinks: tuple[EventSink, ...]
    exchange: Exchange
    groups: Mapping[int, str]
    losses: Losses
    halts: Sequence[Halt]
    undone: Undone | None
    outages: Sequence[Outage]


class Query(NamedTuple):
    """A number that is asked of a run: `Expected` without what it should be."""

    metric: str
    instrument: str = ""
    account: int | None = None
    since: str = ""
    until: str = ""
    at: str = ""
    is_undone: bool = False


def query_of(expected: Expected) -> Query:
    """Return the number that an expectation is about."""
    found = expected
    return Query(found.metric, found.instrument, found.account, found.since, found.until, found.at, found.is_undone)


def run_crash(
    name: str, settings: Mapping[str, str], *, venue: str | None = None, data: str | None = None
) -> dict[str, int | str]:
    """Run a scenario and return every number that is about the whole run and no account, and the digest.

    For programs: arguments and result are plain values, which any process can be sent. Errors as in `run`.
    """
    loaded = load_crash(name)
    found = run(loaded, settings, [Query(metric) for metric in NUMBERS], venue=venue, data=data)
    values = {name: value for name, value in zip(NUMBERS, found.values, strict=True) if value is not None}
    return {**values, "digest": found.summary.digest}


def run(
    loaded: Loaded,
    settings: Mapping[str, Any],
    queries: Sequence[Query],
    *,
    venue: str | Path | None = None,
    data: str | Path | None = None,
    out: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    extra_sinks: Sequence[SinkFactory] = (),
    extra_looks: Sequence[Look] = (),
) -> CrashRun:
    """Run a scenario with a what-if and answer the queries.

    settings: as `replay.crash.settings` describes. venue: other rules than the scenario's. data: the folder of
    recordings. out: a new folder, as of `play`. extra_sinks: each makes an observer for a venue that has not run yet;
    after a rollback it is asked again, for the venue that goes on, whose events begin at the start. extra_looks: when
    else to look at the venue. Raises ConfigError or DataError for what does not fit together.
    """
    made = _set_up(loaded, settings, venue, data)
    found, exchange, timeline, groups = made.venue, made.exchange, made.timeline, made.groups
    end_ns = parse_time(loaded.crash.about.end, f"{loaded.path}: about.end")
    others: dict[int, str] = {}
    asked = _Asked(queries, found.instruments, loaded)
    conductor = Conductor(
        made.flows,
        exchange,
        loaded.name,
        operator=GroupedFlow(FixedFlow(timeline.commands), "timeline", others),
        outages=timeline.outages,
        looks=[*asked.looks, *extra_looks],
        end_ns=end_ns,
    )
    before: tuple[RunSummary, Losses] | None = None
    if timeline.rollback is not None:
        exchange, before = _rolled_back(timeline.rollback, exchange, conductor, asked, extra_sinks)
    measurer = asked.measurer(exchange)
    exchange.add_sink(measurer)
    sinks = _attached(exchange, extra_sinks)
    summary = play([conductor], exchange, out=out, progress=progress, should_stop=should_stop)
    _finish(exchange, sinks)
    asked.answer(measurer, exchange, is_undone=False)
    charged = measurer.tallies[Scope(exchange.instruments[0].instrument_id)].socialized - summary.socialized_loss
    return CrashRun(
        loaded,
        found.rules,
        exchange.instruments,
        summary,
        asked.values(),
        charged,
        sinks,
        exchange,
        {**others, **groups},
        measurer.losses.found(exchange),
        tuple(measurer.halts.found),
        _undone(timeline.rollback, before, asked),
        timeline.outages,
    )


def _undone(rollback: Rollback | None, before: tuple[RunSummary, Losses] | None, asked: "_Asked") -> Undone | None:
    if rollback is None or before is None:
        return None
    return Undone(rollback, *before, is_identical=asked.is_rollback_identical == 1)


def _attached(venue: Exchange, factories: Sequence[SinkFactory]) -> tuple[EventSink, ...]:
    """Make the observers of a venue, and have it write to them."""
    sinks = tuple(factory(venue) for factory in factories)
    for sink in sinks:
        venue.add_sink(sink)
    return sinks


def _finish(venue: Exchange, sinks: Sequence[EventSink]) -> None:
    """Hand over the events that stand in no full block."""
    for sink in sinks:
        sink.write(venue.open_block(), venue.open_block_first_seq())


def check_run(
    loaded: Loaded, settings: Mapping[str, Any], *, venue: str | Path | None = None, data: str | Path | None = None
) -> tuple[Instrument, ...]:
    """Return the instruments that `run` would have, without running.

    Raises what `run` would raise before its first command, for a setting that nothing has or that does not fit.
    """
    return _set_up(loaded, settings, venue, data).venue.instruments


class _SetUp(NamedTuple):
    """What a run begins with. groups: filled by the flows as they run: whom an account belongs to."""

    venue: Venue
    exchange: Exchange
    timeline: Timeline
    flows: list[Flow]
    groups: dict[int, str]


def _set_up(loaded: Loaded, settings: Mapping[str, Any], venue: str | Path | None, data: str | Path | None) -> _SetUp:
    tables = _tables(loaded, venue)
    tables.change(settings, "--set")
    found = convert_table(tables.venue, Venue, loaded.path, "venue")
    check_venue(found, loaded.path)
    exchange = Exchange(found.instruments, found.rules, with_digest=True)
    start_ns = parse_time(loaded.crash.about.start, f"{loaded.path}: about.start")
    timeline = read_timeline(tables.timeline_on(), found.instruments, loaded.path, _places(loaded, tables))
    groups: dict[int, str] = {}
    flows = _flows(loaded, tables, found.instruments, start_ns, timeline.outages, data, groups)
    return _SetUp(found, exchange, timeline, flows, groups)


class _Asked:
    """The queries of a run, and what is known of them."""

    def __init__(self, queries: Sequence[Query], instruments: Sequence[Instrument], loaded: Loaded) -> None:
        """Say when to look at the venue for them, and which parts of the run to count."""
        self.looks: list[Look] = []
        self.is_rollback_identical: int | None = None
        self._queries = queries
        self._answers: dict[int, int | None] = {}
        self._scopes: dict[int, Scope] = {}
        for number, query in enumerate(queries):
            metric = METRICS[query.metric]
            where = f"{loaded.path}: {query.metric}"
            instrument = _instrument(query.instrument, instruments, where)
            given = {"window": query.since + query.until, "at": query.at}
            for need, text in given.items():
                if text and need not in metric.needs:
                    raise ConfigError(f"{where}: expected a number that is asked for by time, found {query.metric!r}")
            if metric.look is not None:
                at_ns = parse_time(query.at, f"{where}: at") if query.at else MAX_TS_NS
                self.looks.append(Look(at_ns, self._looker(number, metric.look, instrument, query.account or 0)))
                continue
            since_ns = parse_time(query.since, f"{where}: since") if query.since else 0
            until_ns = parse_time(query.until, f"{where}: until") if query.until else MAX_TS_NS
            self._scopes[number] = Scope(instrument.instrument_id, since_ns, until_ns, query.account)

    def measurer(self, venue: Exchange) -> Measurer:
        """Return the sink that a venue which has not run needs."""
        whole = Scope(venue.instruments[0].instrument_id)
        return Measurer([whole, *self._scopes.values()], venue.instruments, venue.fund.balance)

    def answer(self, measurer: Measurer, venue: Exchange, *, is_undone: bool) -> None:
        """Read the numbers of a run that has ended, of those that are asked of it."""
        measurer.write(venue.open_block(), venue.open_block_first_seq())
        losses = measurer.losses.found(venue)
        for number, scope in self._scopes.items():
            read = METRICS[self._queries[number].metric].read
            if read is not None and self._queries[number].is_undone == is_undone:
                fund = (measurer.fund_start, venue.fund.balance)
                self._answers[number] = read(Seen(measurer.tallies[scope], *fund, self.is_rollback_identical, losses))

    def values(self) -> tuple[int | None, ...]:
        """Return the answers, in the order of the queries."""
        return tuple(self._answers.get(number) for number in range(len(self._queries)))

    def _looker(
        self, number: int, look: Callable[[Exchange, Instrument, int], int | None], instrument: Instrument, account: int
    ) -> Callable[[Exchange], None]:
        def take(venue: Exchange) -> None:
            self._answers[number] = look(venue, instrument, account)

        return take


class _Prefix:
    """A command sink that keeps the records from before a time."""

    def __init__(self, until_ns: int) -> None:
        """Begin with nothing."""
        self.records: list[bytes] = []
        self._until_ns = until_ns

    def write(self, record: bytes) -> None:
        """Keep a record, or not."""
        if record_ts_ns(record, 0) < self._until_ns:
            self.records.append(record)


def _rolled_back(
    rollback: Rollback, venue: Exchange, conductor: Conductor, asked: _Asked, factories: Sequence[SinkFactory]
) -> tuple[Exchange, tuple[RunSummary, Losses]]:
    """Run up to a rollback; return the venue that replays what it leaves standing and goes on, and what is undone.

    The replay has to come to the digest that the venue had at that point.
    """
    undone = asked.measurer(venue)
    venue.add_sink(undone)
    sinks = _attached(venue, factories)
    prefix = _Prefix(rollback.to_ns)
    venue.add_command_sink(prefix)
    digests: list[str] = []
    conductor.add_look(Look(rollback.to_ns - 1, lambda seen: digests.append(seen.digest())))
    conductor.until_ns = rollback.at_ns
    summary = play([conductor], venue)
    asked.answer(undone, venue, is_undone=True)
    _finish(venue, sinks)

    def compare(replayed: Exchange) -> None:
        asked.is_rollback_identical = int([replayed.digest()] == digests)

    again = Exchange(venue.instruments, venue.rules, with_digest=True)
    conductor.resume(again, b"".join(prefix.records), compare)
    return again, (summary, undone.losses.found(venue))


def _tables(loaded: Loaded, venue: str | Path | None) -> Tables:
    """Return the tables of the venue and of the scenario's flows, which a what-if may change."""
    crash = loaded.crash
    given = crash.venue
    path = loaded.folder / given.file if given.file else venue_path(given.preset)
    own = read_toml(path)
    tables = Tables(own, copy.deepcopy(list(crash.flow)), copy.deepcopy(list(crash.timeline)), crash.about.seed)
    _add_instruments(own, crash.instrument, loaded)
    tables.change(given.set, f"{loaded.path}: venue.set")
    if venue is not None:
        tables.venue = _other_rules(own, venue)
    return tables


def _add_instruments(venue: dict[str, Any], facts: Sequence[dict[str, Any]], loaded: Loaded) -> None:
    """Lay the scenario's facts over the venue's instruments of the same symbol; where none has it, over its first.

    The venue then has the instruments that the scenario names, or its own where it names none.
    """
    if not facts:
        return
    own: list[dict[str, Any]] = venue.get("instruments", [])
    by_symbol = {table.get("symbol"): table for table in own}
    found: list[dict[str, Any]] = []
    for position, table in enumerate(facts):
        if not isinstance(table.get("symbol"), str):
            raise ConfigError(f"{loaded.path}: instrument[{position}].symbol: expected a symbol, found none")
        base = by_symbol.get(table["symbol"], own[0] if own else {})
        laid = copy.deepcopy(base)
        _lay(laid, table)
        laid["instrument_id"] = table.get("instrument_id", position + 1)
        found.append(laid)
    venue["instruments"] = found


def _lay(base: dict[str, Any], table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _lay(base[key], value)
        else:
            base[key] = copy.deepcopy(value)


_CONTRACT: Final = (
    "instrument_id", "symbol", "kind", "tick_value", "tick_value_divisor", "tick_size", "lot_size", "money_unit",
    "currency", "min_price_ticks", "max_price_ticks", "expiry_ns",
)  # fmt: skip


def _other_rules(own: dict[str, Any], venue: str | Path) -> dict[str, Any]:
    """Return the rules of another venue over the scenario's contracts, with the money that its own fund had.

    What a contract is and where its outside prices come from stay the scenario's; margin, fees and all rules are the
    other venue's. Raises ConfigError where that one has no contract of the same kind and money.
    """
    other = read_toml(venue_path(venue))
    offered: list[dict[str, Any]] = other.get("instruments", [])
    kept: list[dict[str, Any]] = []
    for contract in own.get("instruments", []):
        kind, unit = contract.get("kind", "linear"), contract.get("money_unit", "1")
        same = [
            table for table in offered if (table.get("kind", "linear"), table.get("money_unit", "1")) == (kind, unit)
        ]
        if not same:
            found = ", ".join(
                f"{t.get('symbol')}: {t.get('kind', 'linear')} in {t.get('money_unit', '1')}" for t in offered
            )
            raise ConfigError(
                f"--venue {venue}: expected a market that is {kind} with money_unit {unit}, found {found or 'none'}"
            )
        laid = copy.deepcopy(same[0])
        laid |= {key: contract[key] for key in _CONTRACT if key in contract}
        for key in ("mark_source", "mark", "index"):
            laid.pop(key, None)
            if key in contract:
                laid[key] = contract[key]
        highest = int(laid.get("max_leverage", 100))
        laid["default_leverage"] = min(highest, int(laid.get("default_leverage", 1)))
        kept.append(laid)
    rules: dict[str, Any] = other.setdefault("rules", {})
    opening = own.get("rules", {}).get("fund", {}).get("opening")
    if opening is not None:
        rules.setdefault("fund", {})["opening"] = opening
    return {**other, "instruments": kept}


def _places(loaded: Loaded, tables: Tables) -> dict[str, int]:
    """Return the places that flows have, by name; the accounts, where there are any, come before all."""
    first = 1 if loaded.crash.account else 0
    return {row["name"]: first + place for place, row in enumerate(tables.flows_on()) if "name" in row}


def _flows(
    loaded: Loaded,
    tables: Tables,
    instruments: Sequence[Instrument],
    start_ns: int,
    outages: Sequence[Outage],
    data: str | Path | None,
    groups: dict[int, str],
) -> list[Flow]:
    """Return the flows, the accounts first; they note in `groups` whom they act for."""
    rows: list[tuple[str, dict[str, Any]]] = [
        (f"account[{position}]", {key: value for key, value in row.items() if key not in _OF_ACCOUNT})
        for position, row in enumerate(loaded.crash.account)
    ]
    flows: list[Flow] = []
    if rows:
        fixed = FixedFlow(account_commands(read_accounts(rows, loaded.path, instruments, start_ns)))
        flows.append(GroupedFlow(fixed, "accounts", groups))
    by_symbol = {instrument.symbol: instrument for instrument in instruments}
    for row in tables.flows_on():
        number = next(place for place, table in enumerate(tables.flows, start=1) if table is row)
        key_path = f"flow[{number - 1}]"
        if ("generator" in row) == ("recorded" in row):
            given = "both" if "recorded" in row else "neither"
            raise ConfigError(f"{loaded.path}: {key_path}: expected generator or recorded, found {given}")
        held = [(outage.from_ns, outage.until_ns) for outage in outages if len(flows) not in outage.passes]
        setting = Setting(
            by_symbol,
            path=loaded.path,
            key_path=key_path,
            number=number,
            seed=tables.seed,
            start_ns=start_ns,
            outages=held,
            data=None if data is None else Path(data),
        )
        if "recorded" in row:
            path = setting.recording(str(row["recorded"]), "recorded")
            source = open_source(path, row.get("option", {}), format_name=row.get("format"))
            flows.append(GroupedFlow(StreamFlow(iter(source.commands())), str(row.get("name", key_path)), groups))
            continue
        table = {key: value for key, value in row.items() if key not in _OF_FLOW}
        name = str(row.get("name", row["generator"]))
        flows.append(GroupedFlow(open_flow(row["generator"], table, setting), name, groups))
    return flows


def _instrument(symbol: str, instruments: Sequence[Instrument], where: str) -> Instrument:
    for instrument in instruments:
        if symbol in ("", instrument.symbol):
            return instrument
    raise ConfigError(f"{where}: expected one of {', '.join(fact.symbol for fact in instruments)}, found {symbol!r}")
