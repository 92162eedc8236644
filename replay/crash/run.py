"""Runs a scenario: its tables and the what-if into a venue and its flows, and the events into named numbers.

A run is a function of the scenario, the settings and the data folder: nothing else enters; two runs give one digest.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.crash.format import Expected
from replay.crash.load import Loaded, load_crash
from replay.crash.measures import Measurer, Scope
from replay.crash.metrics import METRICS, Seen
from replay.crash.settings import Tables
from replay.crash.timeline import read_timeline
from replay.flows import open_flow
from replay.flows.conductor import Conductor, FixedFlow, Look, StreamFlow
from replay.flows.flow import Flow
from replay.flows.setting import Setting
from replay.player import Progress, play
from replay.population import account_commands, read_accounts
from replay.sources import open_source
from replay.sources.cells import parse_time
from replay.summary import RunSummary
from replay.toml_file import convert_table, read_toml
from replay.venues import Venue, check_venue, venue_path

_OF_FLOW: Final = ("generator", "name", "source", "enabled", "recorded", "format", "option")
_OF_ACCOUNT: Final = ("name", "source")


class MissingRecordingError(DataError):
    """A scenario needs a recording that is not here."""


class CrashRun(NamedTuple):
    """A run that has ended. values: of each query, None where there is no such number."""

    loaded: Loaded
    rules: Rules
    instruments: tuple[Instrument, ...]
    summary: RunSummary
    values: tuple[int | None, ...]


class Query(NamedTuple):
    """A number that is asked of a run: `Expected` without what it should be."""

    metric: str
    instrument: str = ""
    account: int | None = None
    since: str = ""
    until: str = ""
    at: str = ""


def query_of(expected: Expected) -> Query:
    """Return the number that an expectation is about."""
    found = expected
    return Query(found.metric, found.instrument, found.account, found.since, found.until, found.at)


def run_crash(
    name: str, settings: Mapping[str, str], *, venue: str | None = None, data: str | None = None
) -> dict[str, int | str]:
    """Run a scenario and return every number that is about the whole run and no account, and the digest.

    What a sweep or a pool of processes calls: arguments and result are plain values. Errors as in `run`.
    """
    loaded = load_crash(name)
    names = [name for name, metric in METRICS.items() if not metric.needs & {"account", "at"}]
    found = run(loaded, settings, [Query(metric) for metric in names], venue=venue, data=data)
    values = {name: value for name, value in zip(names, found.values, strict=True) if value is not None}
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
) -> CrashRun:
    """Run a scenario with a what-if and answer the queries.

    settings: as `replay.crash.settings` describes. venue: other rules than the scenario's. data: the folder of
    recordings. out: a new folder, as of `play`. Raises ConfigError or DataError for what does not fit together.
    """
    tables = _tables(loaded, venue)
    tables.change(settings, "--set")
    found = convert_table(tables.venue, Venue, loaded.path, "venue")
    check_venue(found, loaded.path)
    exchange = Exchange(found.instruments, found.rules, with_digest=True)
    start_ns = parse_time(loaded.crash.about.start, f"{loaded.path}: about.start")
    end_ns = parse_time(loaded.crash.about.end, f"{loaded.path}: about.end") if loaded.crash.about.end else 0
    flows, places = _flows(loaded, tables, found.instruments, start_ns, data)
    timeline = read_timeline(tables.timeline_on(), found.instruments, loaded.path, places)
    if timeline.commands:
        flows.append(FixedFlow(timeline.commands))
    answers: dict[int, int | None] = {}
    looks, scopes = _asked(queries, found.instruments, loaded, end_ns, answers)
    measurer = Measurer(scopes.values(), found.instruments, exchange.fund.balance)
    exchange.add_sink(measurer)
    fund_start = exchange.fund.balance
    conductor = Conductor(flows, exchange, loaded.name, outages=timeline.outages, looks=looks, end_ns=end_ns)
    summary = play([conductor], exchange, out=out, progress=progress, should_stop=should_stop)
    measurer.write(exchange.open_block(), exchange.open_block_first_seq())
    for number, query in enumerate(queries):
        read = METRICS[query.metric].read
        if read is not None:
            tally = measurer.tallies[scopes[number]]
            answers[number] = read(Seen(tally, fund_start, exchange.fund.balance, None))
    values = tuple(answers.get(number) for number in range(len(queries)))
    return CrashRun(loaded, found.rules, exchange.instruments, summary, values)


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


def _flows(
    loaded: Loaded, tables: Tables, instruments: Sequence[Instrument], start_ns: int, data: str | Path | None
) -> tuple[list[Flow], dict[str, int]]:
    """Return the flows, the accounts first, and the places of those that have a name."""
    rows: list[tuple[str, dict[str, Any]]] = [
        (f"account[{position}]", {key: value for key, value in row.items() if key not in _OF_ACCOUNT})
        for position, row in enumerate(loaded.crash.account)
    ]
    accounts = read_accounts(rows, loaded.path, instruments, start_ns)
    flows: list[Flow] = [FixedFlow(account_commands(accounts))] if accounts else []
    places: dict[str, int] = {}
    by_symbol = {instrument.symbol: instrument for instrument in instruments}
    for position, row in enumerate(tables.flows):
        if not row.get("enabled", True):
            continue
        key_path = f"flow[{position}]"
        if "name" in row:
            places[row["name"]] = len(flows)
        table = {key: value for key, value in row.items() if key not in _OF_FLOW}
        if ("generator" in row) == ("recorded" in row):
            given = "both" if "recorded" in row else "neither"
            raise ConfigError(f"{loaded.path}: {key_path}: expected generator or recorded, found {given}")
        if "recorded" in row:
            flows.append(_recorded(row, loaded, key_path, instruments, data))
            continue
        setting = Setting(
            by_symbol, path=loaded.path, key_path=key_path, number=position + 1, seed=tables.seed, start_ns=start_ns
        )
        flows.append(open_flow(row["generator"], table, setting))
    return flows, places


def _recorded(
    row: dict[str, Any], loaded: Loaded, key_path: str, instruments: Sequence[Instrument], data: str | Path | None
) -> Flow:
    """Return the flow of a recording: a file of the scenario's folder, or one in the folder of recordings."""
    name = str(row["recorded"])
    path = loaded.folder / name
    if not path.exists():
        path = Path(data or ".") / name
        if data is None or not path.exists():
            found = "no --data" if data is None else f"none in {data}"
            raise MissingRecordingError(
                f"{loaded.path}: {key_path}.recorded: expected {name} in --data FOLDER, found {found}"
            )
    source = open_source(path, row.get("option", {}), format_name=row.get("format"))
    return StreamFlow(iter(source.commands()))


def _asked(
    queries: Sequence[Query],
    instruments: Sequence[Instrument],
    loaded: Loaded,
    end_ns: int,
    answers: dict[int, int | None],
) -> tuple[list[Look], dict[int, Scope]]:
    """Return when to look at the venue for the queries, and the parts of the run that they are about."""
    looks: list[Look] = []
    scopes: dict[int, Scope] = {}
    for number, query in enumerate(queries):
        metric = METRICS[query.metric]
        where = f"{loaded.path}: {query.metric}"
        instrument = _instrument(query.instrument, instruments, where)
        for key, text, need in (
            ("since", query.since, "window"),
            ("until", query.until, "window"),
            ("at", query.at, "at"),
        ):
            if text and need not in metric.needs:
                raise ConfigError(f"{where}: {key}: expected a number that is asked for so, found {query.metric!r}")
        if metric.look is not None:
            at_ns = parse_time(query.at, f"{where}: at") if query.at else 1 << 62
            looks.append(Look(at_ns, _looker(number, metric.look, instrument, query.account or 0, answers)))
            continue
        since_ns = parse_time(query.since, f"{where}: since") if query.since else 0
        until_ns = parse_time(query.until, f"{where}: until") if query.until else 1 << 62
        scopes[number] = Scope(instrument.instrument_id, since_ns, until_ns, query.account)
    return looks, scopes


def _looker(
    number: int,
    look: Callable[[Exchange, Instrument, int], int | None],
    instrument: Instrument,
    account: int,
    answers: dict[int, int | None],
) -> Callable[[Exchange], None]:
    def take(venue: Exchange) -> None:
        answers[number] = look(venue, instrument, account)

    return take


def _instrument(symbol: str, instruments: Sequence[Instrument], where: str) -> Instrument:
    for instrument in instruments:
        if symbol in ("", instrument.symbol):
            return instrument
    raise ConfigError(f"{where}: expected one of {', '.join(fact.symbol for fact in instruments)}, found {symbol!r}")
