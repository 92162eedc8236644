"""Leveraged accounts for a scenario: read from a file, or drawn from stated distributions; then as commands.

Each gets a deposit, a leverage and a position by transfer from the recorded market, at its own entry time, before it
trades. Known limit: a drawn population is synthetic, and its description must say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetLeverage, SetMarginMode
from exchange.enums import MarginMode, OrderKind, Side, TimeInForce
from exchange.errors import ConfigError, DataError
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.units import (
    MAX_ACCOUNT,
    MAX_LEVERAGE,
    MAX_MONEY,
    MAX_SIZE_LOTS,
    PPM,
    Lots,
    Money,
    Nanos,
    Ticks,
    div_ceil,
    div_floor,
    random_below,
)
from replay.sources.cells import Cell, parse_integer, parse_money, parse_price, parse_size, parse_time, parse_ts_ns
from replay.sources.csv_rows import check_all_taken, csv_rows, take
from replay.sources.text import TextFile
from replay.toml_file import read_toml
from replay.wording import shown

COLUMNS: Final = ("account", "instrument", "size", "entry_price", "deposit", "leverage", "time", "ts_ns")

_DRAWS_PER_ACCOUNT: Final = 8  # counters set aside for each account, so that one more draw moves no other account
_DRAW_SIDE: Final = 0
_DRAW_LEVERAGE: Final = 1
_DRAW_BRACKET: Final = 2
_DRAW_NOTIONAL: Final = 3
_DRAW_ENTRY: Final = 4
_DRAW_MODE: Final = 5
_DRAW_STOP: Final = 6
_DRAW_STOP_DISTANCE: Final = 7
_FIRST_STOP_ID: Final = 1 << 61  # + account: far from ids that a source or another account would choose
_FINE: Final = 1 << 32


class InjectedAccount(msgspec.Struct, frozen=True):
    """One position of one account, and what it was opened with.

    deposit: money put in just before; 0 where the account's other rows bring it. leverage: 0 keeps the instrument's.
    is_isolated: the position has margin of its own. stop_ticks: trigger of a stop order that closes it all; 0: none.
    """

    account: int
    instrument: int
    size_lots: Lots
    price_ticks: Ticks
    deposit: Money
    leverage: int
    ts_ns: Nanos
    is_isolated: bool = False
    stop_ticks: Ticks = 0


class Bracket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Notionals in money from `lowest` to `highest`, all as likely; `weight` against the other brackets."""

    lowest: Money
    highest: Money
    weight: int = 1


class PopulationSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a population is drawn.

    share_long_ppm: chance of each account to be long. leverages: (leverage, weight) pairs. notionals: by weight, too.
    spare_margin_ppm: deposit beyond the initial margin, in ppm of it. open_interest: money; accounts are drawn until
    their notionals come to it, at most `count` of them, the last one cut to fit; 0: `count` accounts, whatever it is.
    share_isolated_ppm: chance of each to have isolated margin. share_stop_ppm: chance to have a stop order for all of
    the position, whose trigger is stop_distances_ppm (lowest, highest) of the entry price against the position.
    """

    seed: int
    count: int
    leverages: tuple[tuple[int, int], ...]
    notionals: tuple[Bracket, ...]
    share_long_ppm: int = PPM // 2
    first_account: int = 1
    spare_margin_ppm: int = 0
    open_interest: Money = 0
    share_isolated_ppm: int = 0
    share_stop_ppm: int = 0
    stop_distances_ppm: tuple[int, int] = (20_000, 100_000)

    def __post_init__(self) -> None:
        """Refuse what could not be drawn. Raises ConfigError naming the field."""
        _expect(self.count >= 0, "count >= 0", self.count)
        _expect(0 <= self.share_long_ppm <= PPM, f"share_long_ppm in 0..{PPM}", self.share_long_ppm)
        _expect(self.spare_margin_ppm >= 0, "spare_margin_ppm >= 0", self.spare_margin_ppm)
        _expect(self.open_interest >= 0, "open_interest >= 0", self.open_interest)
        _expect(0 <= self.share_isolated_ppm <= PPM, f"share_isolated_ppm in 0..{PPM}", self.share_isolated_ppm)
        _expect(0 <= self.share_stop_ppm <= PPM, f"share_stop_ppm in 0..{PPM}", self.share_stop_ppm)
        nearest, farthest = self.stop_distances_ppm
        is_range = 0 < nearest <= farthest < PPM
        _expect(is_range, f"stop_distances_ppm as 0 < lowest <= highest < {PPM}", self.stop_distances_ppm)
        _expect(self.first_account >= 1, "first_account >= 1", self.first_account)
        _expect(self.first_account + self.count - 1 <= MAX_ACCOUNT, f"accounts up to {MAX_ACCOUNT}", self.count)
        _expect(
            all(1 <= leverage <= MAX_LEVERAGE for leverage, _ in self.leverages), "leverages in range", self.leverages
        )
        _expect_weights("leverages", [weight for _, weight in self.leverages])
        _expect_weights("notionals", [bracket.weight for bracket in self.notionals])
        for bracket in self.notionals:
            _expect(1 <= bracket.lowest <= bracket.highest <= MAX_MONEY, "1 <= lowest <= highest", bracket)


def load_accounts(
    path: str | Path, instruments: Sequence[Instrument], default_ts_ns: Nanos | None = None
) -> list[InjectedAccount]:
    """Return the accounts of a TOML file (`[[accounts]]`) or of a CSV file, by time, account and instrument.

    default_ts_ns: entry time of rows that give none; without it they must. Raises DataError naming file, line or table,
    column and value, and ConfigError for a file that is not TOML.
    """
    reader = _AccountReader(Path(path), instruments, default_ts_ns)
    if Path(path).suffix.lower() == ".toml":
        return reader.read(_toml_rows(Path(path)))
    return reader.read(csv_rows(TextFile(path).lines(), COLUMNS, Path(path)))


def read_accounts(
    tables: Iterable[tuple[str, Mapping[str, Any]]],
    path: Path,
    instruments: Sequence[Instrument],
    default_ts_ns: Nanos | None = None,
) -> list[InjectedAccount]:
    """Return the accounts of (name of the table, table) pairs of a TOML file. Errors as in `load_accounts`."""
    rows = [
        (name, {key: _toml_text(Cell(path, name, key), value) for key, value in table.items()})
        for name, table in tables
    ]
    return _AccountReader(path, instruments, default_ts_ns).read(rows)


def generate_accounts(
    spec: PopulationSpec, instrument: Instrument, entries: Sequence[tuple[Nanos, Ticks]]
) -> list[InjectedAccount]:
    """Return a population drawn by `spec`, by time and account. The same arguments give the same accounts.

    entries: (ts_ns, price_ticks) points of a recorded series; each account enters at one, all as likely, so that
    entries spread over the series. A notional is rounded down to whole lots, at least one; the deposit is the initial
    margin of what was opened, rounded up. Raises ConfigError for a leverage that the instrument does not allow, and
    where `count` accounts do not come to the open interest.
    """
    _expect(len(entries) > 0, "at least one (ts_ns, price_ticks) entry", len(entries))
    highest = max(leverage for leverage, _ in spec.leverages)
    _expect(highest <= instrument.max_leverage, f"leverages <= {instrument.max_leverage}", highest)
    lowest = min(price_ticks for _, price_ticks in entries)
    _expect(lowest >= 1, "entry prices >= 1 tick, so that a notional has a size", lowest)
    accounts = [_drawn(spec, instrument, entries, number) for number in range(spec.count)]
    if spec.open_interest > 0:
        accounts = _up_to_open_interest(accounts, spec, instrument)
    return sorted(accounts, key=_ORDER)


def account_commands(accounts: Iterable[InjectedAccount]) -> list[Command]:
    """Return the commands that open the positions, by time, then account.

    Per account: deposit, leverage, margin mode, position, stop order.
    """
    commands: list[Command] = []
    for opened in sorted(accounts, key=_ORDER):
        if opened.deposit > 0:
            commands.append(Deposit(opened.ts_ns, opened.account, opened.deposit))
        if opened.leverage > 0:
            commands.append(SetLeverage(opened.ts_ns, opened.instrument, opened.account, opened.leverage))
        if opened.is_isolated:
            commands.append(SetMarginMode(opened.ts_ns, opened.instrument, opened.account, MarginMode.ISOLATED))
        commands.append(
            OpenPosition(opened.ts_ns, opened.instrument, opened.account, opened.size_lots, opened.price_ticks)
        )
        if opened.stop_ticks > 0:
            commands.append(_stop(opened))
    return commands


def _stop(opened: InjectedAccount) -> PlaceOrder:
    """Return the order that closes a position when the price goes against it."""
    return PlaceOrder(
        opened.ts_ns,
        opened.instrument,
        opened.account,
        _FIRST_STOP_ID + opened.account,
        Side.SELL if opened.size_lots > 0 else Side.BUY,
        abs(opened.size_lots),
        kind=OrderKind.STOP,
        time_in_force=TimeInForce.IOC,
        trigger_ticks=opened.stop_ticks,
    )


_ORDER: Final = attrgetter("ts_ns", "account", "instrument")


# --- drawing -----------------------------------------------------------------------------------------------------


def _drawn(
    spec: PopulationSpec, instrument: Instrument, entries: Sequence[tuple[Nanos, Ticks]], number: int
) -> InjectedAccount:
    def draw(purpose: int, bound: int) -> int:
        return random_below(spec.seed, number * _DRAWS_PER_ACCOUNT + purpose, bound)

    ts_ns, price_ticks = entries[draw(_DRAW_ENTRY, len(entries))]
    is_long = draw(_DRAW_SIDE, PPM) < spec.share_long_ppm
    weights = [weight for _, weight in spec.leverages]
    leverage, _ = spec.leverages[_chosen(weights, draw(_DRAW_LEVERAGE, sum(weights)))]
    weights = [bracket.weight for bracket in spec.notionals]
    bracket = spec.notionals[_chosen(weights, draw(_DRAW_BRACKET, sum(weights)))]
    # In 2**32 steps, because a bracket may be wider than what the generator draws from without bias.
    span = bracket.highest - bracket.lowest
    wanted = bracket.lowest + div_floor(span * draw(_DRAW_NOTIONAL, _FINE), _FINE - 1)
    size_lots = min(max(lots_of(wanted, instrument, price_ticks), 1), MAX_SIZE_LOTS)
    nearest, farthest = spec.stop_distances_ppm
    distance_ppm = nearest + draw(_DRAW_STOP_DISTANCE, farthest - nearest + 1)
    away = max(1, div_floor(price_ticks * distance_ppm, PPM))
    has_stop = draw(_DRAW_STOP, PPM) < spec.share_stop_ppm
    trigger = max(price_ticks - away, instrument.min_price_ticks, 1) if is_long else price_ticks + away
    return InjectedAccount(
        account=spec.first_account + number,
        instrument=instrument.instrument_id,
        size_lots=size_lots if is_long else -size_lots,
        price_ticks=price_ticks,
        deposit=_deposit(spec, instrument, size_lots, price_ticks, leverage),
        leverage=leverage,
        ts_ns=ts_ns,
        is_isolated=draw(_DRAW_MODE, PPM) < spec.share_isolated_ppm,
        stop_ticks=min(trigger, instrument.max_price_ticks) if has_stop else 0,
    )


def _deposit(spec: PopulationSpec, instrument: Instrument, size_lots: Lots, price_ticks: Ticks, leverage: int) -> Money:
    margin = div_ceil(Valuation(instrument).notional(size_lots, price_ticks), leverage)
    return div_ceil(margin * (PPM + spec.spare_margin_ppm), PPM)


def _up_to_open_interest(
    accounts: list[InjectedAccount], spec: PopulationSpec, instrument: Instrument
) -> list[InjectedAccount]:
    """Return the first accounts whose notionals come to the open interest, but for less than one lot."""
    notional = Valuation(instrument).notional
    left = spec.open_interest
    kept: list[InjectedAccount] = []
    for account in accounts:
        worth = notional(account.size_lots, account.price_ticks)
        if worth < left:
            left -= worth
            kept.append(account)
            continue
        lots = lots_of(left, instrument, account.price_ticks)
        if lots > 0:
            deposit = _deposit(spec, instrument, lots, account.price_ticks, account.leverage)
            size_lots = lots if account.size_lots > 0 else -lots
            kept.append(msgspec.structs.replace(account, size_lots=size_lots, deposit=deposit))
        return kept
    enough = f"{spec.count} accounts that come to it"
    raise ConfigError(f"population: open_interest: expected {enough}, found {left} of it left: raise count")


def _chosen(weights: list[int], point: int) -> int:
    """Return the index of the weight into which `point`, in [0, sum of weights), falls."""
    for index, weight in enumerate(weights):
        if point < weight:
            return index
        point -= weight
    raise ValueError(f"expected a point below {sum(weights)}, found one {point} beyond it")


def lots_of(notional: Money, instrument: Instrument, price_ticks: Ticks) -> Lots:
    """Return the most lots whose notional at a price does not exceed `notional`."""
    if instrument.kind != "inverse":
        return div_floor(notional * instrument.tick_value_divisor, price_ticks * instrument.tick_value)
    return div_floor(notional * instrument.tick_value_divisor * price_ticks, instrument.tick_value)


def _expect_weights(name: str, weights: list[int]) -> None:
    is_usable = all(weight >= 0 for weight in weights) and 0 < sum(weights) <= _FINE
    _expect(is_usable, f"{name} with weights >= 0 and a sum in 1..2**32", weights)


def _expect(condition: bool, expected: str, found: object) -> None:
    if not condition:
        raise ConfigError(f"population: expected {expected}, found {found}")


# --- reading -----------------------------------------------------------------------------------------------------


def _toml_rows(path: Path) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield (name of the table, cells) of each `[[accounts]]` table; numbers may stand without quotes."""
    tables = read_toml(path)
    for key in tables:
        if key != "accounts":
            raise DataError(f"{path}: expected only [[accounts]] tables, found {shown(key)}")
    found = tables.get("accounts", [])
    if not (isinstance(found, list) and all(isinstance(table, dict) for table in found)):
        raise DataError(f"{path}: expected [[accounts]] tables, found {shown(found)}")
    for position, table in enumerate(found):
        name = f"accounts[{position}]"
        yield name, {key: _toml_text(Cell(path, name, key), value) for key, value in table.items()}


def _toml_text(cell: Cell, value: Any) -> str:
    if cell.column not in COLUMNS:
        raise DataError(f"{cell}: expected one of {', '.join(COLUMNS)}, found {shown(cell.column)}")
    if isinstance(value, bool) or not isinstance(value, str | int):
        # TOML's own times are cut to microseconds by the parser.
        raise DataError(f"{cell}: expected a number or text in quotes, found {value}")
    return str(value)


class _AccountReader:
    """Rows to accounts; remembers what must not occur twice."""

    def __init__(self, path: Path, instruments: Sequence[Instrument], default_ts_ns: Nanos | None) -> None:
        self._path = path
        self._default_ts_ns = default_ts_ns
        self._instruments_by_name: Mapping[str, Instrument] = {
            **{str(instrument.instrument_id): instrument for instrument in instruments},
            **{instrument.symbol: instrument for instrument in instruments},
        }

    def read(self, rows: Iterable[tuple[int | str, dict[str, str]]]) -> list[InjectedAccount]:
        accounts: list[InjectedAccount] = []
        lines: dict[tuple[int, int], int | str] = {}
        for line, cells in rows:
            opened = self._account(line, cells)
            key = (opened.account, opened.instrument)
            if key in lines:
                where = Cell(self._path, line, "account")
                raise DataError(
                    f"{where}: expected one position per account and instrument, "
                    f"found {opened.account} again after {lines[key]}"
                )
            lines[key] = line
            accounts.append(opened)
        self._check_funded(accounts, lines)
        return sorted(accounts, key=_ORDER)

    def _account(self, line: int | str, cells: dict[str, str]) -> InjectedAccount:
        def at(column: str) -> Cell:
            return Cell(self._path, line, column)

        account = parse_integer(take(cells, at("account")), at("account"), 1, MAX_ACCOUNT)
        symbol = take(cells, at("instrument"))
        instrument = self._instruments_by_name.get(symbol)
        if instrument is None:
            known = ", ".join(self._instruments_by_name)
            raise DataError(f"{at('instrument')}: expected one of {known}, found {shown(symbol)}")
        size_text = take(cells, at("size"))
        size_lots = parse_size(size_text, instrument.lot_size, at("size"))
        if size_lots == 0:
            raise DataError(f"{at('size')}: expected a position, found {shown(size_text)}")
        price_text = take(cells, at("entry_price"))
        price_ticks = parse_price(price_text, instrument.tick_size, at("entry_price"))
        if price_ticks < instrument.min_price_ticks:
            lowest = f"{instrument.min_price_ticks} ticks"
            raise DataError(f"{at('entry_price')}: expected at least {lowest}, found {shown(price_text)}")
        deposit_text = cells.pop("deposit", "0")
        deposit = parse_money(deposit_text, instrument.money_unit, at("deposit"))
        if deposit < 0:
            raise DataError(f"{at('deposit')}: expected a deposit >= 0, found {shown(deposit_text)}")
        leverage = 0
        if "leverage" in cells:
            leverage = parse_integer(cells.pop("leverage"), at("leverage"), 1, instrument.max_leverage)
        ts_ns = self._ts_ns(line, cells)
        check_all_taken(cells, "an account", self._path, line)
        return InjectedAccount(
            account=account,
            instrument=instrument.instrument_id,
            size_lots=size_lots,
            price_ticks=price_ticks,
            deposit=deposit,
            leverage=leverage,
            ts_ns=ts_ns,
        )

    def _ts_ns(self, line: int | str, cells: dict[str, str]) -> Nanos:
        if "time" in cells:
            return parse_time(cells.pop("time"), Cell(self._path, line, "time"))
        cell = Cell(self._path, line, "ts_ns")
        if "ts_ns" in cells or self._default_ts_ns is None:
            return parse_ts_ns(take(cells, cell), cell)
        return self._default_ts_ns

    def _check_funded(self, accounts: list[InjectedAccount], lines: Mapping[tuple[int, int], int | str]) -> None:
        """Raise DataError for an account whose first position has no deposit ahead of it: it would not be open yet."""
        funded: set[int] = set()
        for opened in sorted(accounts, key=_ORDER):
            if opened.deposit > 0:
                funded.add(opened.account)
            if opened.account not in funded:
                where = Cell(self._path, lines[opened.account, opened.instrument], "deposit")
                raise DataError(
                    f"{where}: expected a deposit before the first position of {opened.account}, found none"
                )
