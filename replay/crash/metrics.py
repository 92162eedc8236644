"""The named numbers of a run: what each is, in which unit, and how it is read from the tallies or from the venue."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, Protocol

from exchange import Exchange
from exchange.instrument import Instrument
from exchange.units import PPM, div_floor, div_nearest
from replay.observers.losses import Losses
from replay.observers.measures import Series, Steepest, Tally
from replay.sources.cells import format_count

Unit = Literal["price", "money", "quantity", "count", "ppm", "ns"]
Need = Literal["account", "at", "window"]


class Seen(NamedTuple):
    """What a number is read from. fund_start, fund_end: balances. rollback: 1 where a rollback gave the same digest.

    losses: of the whole run, whatever part the tally is of.
    """

    tally: Tally
    fund_start: int
    fund_end: int
    rollback: int | None
    losses: Losses


class Steps(Protocol):
    """What one unit of each kind is worth: an Instrument, or the same four texts from a table."""

    @property
    def tick_size(self) -> str:
        """Of a price."""

    @property
    def lot_size(self) -> str:
        """Of a quantity."""

    @property
    def money_unit(self) -> str:
        """Of money."""

    @property
    def currency(self) -> str:
        """Whose money it is."""


class Metric(NamedTuple):
    """One named number.

    needs: "account": it is about one; "at": it may be asked for at a time; "window": for a part of the run. read: from
    the tallies of a run, or look: from the venue at a time. None: there is no such number, as of a price never seen.
    """

    unit: Unit
    what: str
    needs: frozenset[Need]
    read: Callable[[Seen], int | None] | None = None
    look: Callable[[Exchange, Instrument, int], int | None] | None = None


def _of_trades(name: str) -> Callable[[Seen], int | None]:
    return lambda seen: getattr(seen.tally.trades, name)


def _of_marks(name: str) -> Callable[[Seen], int | None]:
    return lambda seen: getattr(seen.tally.marks, name)


def _of_indices(name: str) -> Callable[[Seen], int | None]:
    return lambda seen: getattr(seen.tally.indices, name)


def _fall(series: Series) -> int | None:
    """Return how far the price fell from its first to its lowest, in ppm, rounded to nearest."""
    if series.first is None or series.low is None or series.first <= 0:
        return None
    return div_nearest((series.first - series.low) * PPM, series.first)


def _steepest(found: Steepest) -> int:
    """Return a fall in ppm of where it began, rounded to nearest."""
    return div_nearest(found.fall * PPM, found.from_price)


def _change(series: Series) -> int | None:
    """Return the change from the first to the last price, in ppm, rounded to nearest."""
    if series.first is None or series.last is None or series.first <= 0:
        return None
    return div_nearest((series.last - series.first) * PPM, series.first)


def _average_price(seen: Seen) -> int | None:
    lots = seen.tally.account_lots
    return None if lots == 0 else div_nearest(seen.tally.account_price_lots, lots)


def _socialized_rate(seen: Seen) -> int | None:
    base = seen.tally.socialized_base
    return None if base == 0 else div_nearest(seen.tally.socialized * PPM, base)


def _pause_time(seen: Seen) -> int | None:
    paused_ns, resumed_ns = seen.tally.paused_ns, seen.tally.resumed_ns
    return None if paused_ns is None or resumed_ns is None else resumed_ns - paused_ns


def _balance(venue: Exchange, instrument: Instrument, account: int) -> int:
    return venue.account(account).balance


def _equity(venue: Exchange, instrument: Instrument, account: int) -> int:
    return venue.account(account).equity


def _size(venue: Exchange, instrument: Instrument, account: int) -> int:
    number = instrument.instrument_id
    return sum(held.size_lots for held in venue.account(account).positions() if held.instrument == number)


def _unrealized(venue: Exchange, instrument: Instrument, account: int) -> int:
    number = instrument.instrument_id
    return sum(held.unrealized for held in venue.account(account).positions() if held.instrument == number)


def _depth(venue: Exchange, instrument: Instrument, account: int) -> int:
    bids, _ = venue.book(instrument.instrument_id).depth()
    return sum(level.qty_lots for level in bids)


_A_TIME_NS: Final = 10**17  # more than three years: no duration, but a time since 1970

_ALL: Final[frozenset[Need]] = frozenset({"window"})
_ONE: Final[frozenset[Need]] = frozenset({"account", "window"})
_LOOK: Final[frozenset[Need]] = frozenset({"account", "at"})
_NONE: Final[frozenset[Need]] = frozenset()

METRICS: Final[dict[str, Metric]] = {
    "first": Metric("price", "first trade", _ALL, _of_trades("first")),
    "low": Metric("price", "lowest trade", _ALL, _of_trades("low")),
    "high": Metric("price", "highest trade", _ALL, _of_trades("high")),
    "last": Metric("price", "last trade", _ALL, _of_trades("last")),
    "fall": Metric("ppm", "from the first to the lowest trade", _ALL, lambda seen: _fall(seen.tally.trades)),
    "drawdown": Metric(
        "ppm", "largest fall of trades from a highest", _ALL, lambda seen: _steepest(seen.tally.trades.ever)
    ),
    "fall_in_1_s": Metric(
        "ppm", "largest fall of trades within a second", _ALL, lambda seen: _steepest(seen.tally.trades.second)
    ),
    "fall_in_10_s": Metric(
        "ppm", "largest fall of trades within ten seconds", _ALL, lambda seen: _steepest(seen.tally.trades.ten_seconds)
    ),
    "change": Metric("ppm", "from the first to the last trade", _ALL, lambda seen: _change(seen.tally.trades)),
    "low_time": Metric("ns", "when the lowest trade was", _ALL, lambda seen: seen.tally.trades.low_ns or None),
    "trades": Metric("count", "trades", _ALL, lambda seen: seen.tally.trade_count),
    "volume": Metric("quantity", "traded quantity", _ALL, lambda seen: seen.tally.volume_lots),
    "mark_low": Metric("price", "lowest mark price", _ALL, _of_marks("low")),
    "mark_last": Metric("price", "last mark price", _ALL, _of_marks("last")),
    "index_first": Metric("price", "first index price", _ALL, _of_indices("first")),
    "index_low": Metric("price", "lowest index price", _ALL, _of_indices("low")),
    "index_fall": Metric("ppm", "from the first to the lowest index", _ALL, lambda seen: _fall(seen.tally.indices)),
    "settled_at": Metric("price", "settlement price", _ALL, lambda seen: seen.tally.settled_at),
    "pauses": Metric("count", "times a breaker stopped trading", _ALL, lambda seen: seen.tally.pauses),
    "paused_at": Metric("ns", "when the first of these pauses began", _ALL, lambda seen: seen.tally.paused_ns),
    "pause_time": Metric("ns", "how long it took", _ALL, _pause_time),
    "reopened_at": Metric("price", "price of the auction at its end", _ALL, lambda seen: seen.tally.reopened_at),
    "liquidations": Metric("count", "liquidations started", _ALL, lambda seen: seen.tally.liquidations),
    "liquidated_accounts": Metric("count", "accounts liquidated", _ALL, lambda seen: len(seen.tally.liquidated)),
    "longs_liquidated": Metric("count", "long positions sold", _ALL, lambda seen: seen.tally.longs_liquidated),
    "shorts_liquidated": Metric("count", "short positions bought", _ALL, lambda seen: seen.tally.shorts_liquidated),
    "liquidated": Metric(
        "quantity", "first orders of liquidated positions", _ALL, lambda seen: seen.tally.liquidated_lots
    ),
    "least_liquidated": Metric(
        "count", "lowest id of an account liquidated", _ALL, lambda seen: min(seen.tally.liquidated, default=None)
    ),
    "stops": Metric("count", "stop orders elected", _ALL, lambda seen: seen.tally.stops),
    "forced": Metric(
        "count",
        "stop orders elected and positions liquidated",
        _ALL,
        lambda seen: seen.tally.stops + seen.tally.longs_liquidated + seen.tally.shorts_liquidated,
    ),
    "bursts": Metric(
        "count", "commands in which stops or liquidations traded", _ALL, lambda seen: len(seen.tally.forced_commands)
    ),
    "burst_time": Metric(
        "ns",
        "from the first to the last of them",
        _ALL,
        lambda seen: seen.tally.forced_last_ns - seen.tally.forced_first_ns,
    ),
    "shortfall": Metric("money", "what liquidated accounts lacked", _ALL, lambda seen: seen.tally.shortfall),
    "fund_start": Metric("money", "insurance fund before", _NONE, lambda seen: seen.fund_start),
    "fund_end": Metric("money", "insurance fund after", _NONE, lambda seen: seen.fund_end),
    "fund_change": Metric(
        "money",
        "what it gained, deposits left out",
        _NONE,
        lambda seen: seen.fund_end - seen.fund_start - seen.tally.fund_deposited,
    ),
    "fund_least": Metric("money", "its lowest balance", _NONE, lambda seen: seen.tally.fund_least),
    "fund_drawdown": Metric("money", "its largest fall", _NONE, lambda seen: seen.tally.fund_drawdown),
    "fund_marked_loss": Metric(
        "money", "largest loss at mark on what it held", _NONE, lambda seen: -seen.tally.fund_marked_least
    ),
    "fund_paid": Metric("money", "what it paid of deficits", _ALL, lambda seen: seen.tally.fund_paid),
    "fund_received": Metric("money", "what liquidations left it", _ALL, lambda seen: seen.tally.fund_received),
    "fund_deposited": Metric("money", "put into it from outside", _ALL, lambda seen: seen.tally.fund_deposited),
    "fund_position_loss": Metric(
        "money", "what the fund lost on what it took over", _NONE, lambda seen: seen.losses.fund.loss
    ),
    "backstop_loss": Metric(
        "money", "what a backstop lost on what it took over", _NONE, lambda seen: seen.losses.backstop.loss
    ),
    "backstop_received": Metric(
        "money", "margin that came to it with that", _NONE, lambda seen: seen.losses.backstop.received
    ),
    "deleveraged_missed": Metric(
        "money",
        "what they would have got more at the mark",
        _NONE,
        lambda seen: seen.losses.paid.get("deleveraged", 0),
    ),
    "beyond_margins": Metric(
        "money", "lost beyond margins, whoever bears it", _NONE, lambda seen: sum(seen.losses.shares.values())
    ),
    "unfinished": Metric(
        "count", "liquidations that had not ended", _NONE, lambda seen: seen.losses.unfinished.liquidations
    ),
    "negative_equity": Metric(
        "money",
        "what their accounts are below zero, at the last mark",
        _NONE,
        lambda seen: seen.losses.unfinished.negative_equity,
    ),
    "taken_over": Metric("quantity", "taken over by the fund", _ALL, lambda seen: seen.tally.taken_over_lots),
    "backstopped": Metric("quantity", "taken over by a backstop", _ALL, lambda seen: seen.tally.backstop_lots),
    "deleveraged_accounts": Metric("count", "accounts deleveraged", _ALL, lambda seen: len(seen.tally.deleveraged)),
    "deleveraged": Metric("quantity", "deleveraged quantity", _ALL, lambda seen: seen.tally.deleveraged_lots),
    "socialized": Metric("money", "what others paid of losses", _ALL, lambda seen: seen.tally.socialized),
    "socialized_rate": Metric("ppm", "their share of the profits", _ALL, _socialized_rate),
    "payers": Metric("count", "accounts that paid for others", _ALL, lambda seen: len(seen.tally.payers)),
    "venue_loss": Metric("money", "what nobody paid", _ALL, lambda seen: seen.tally.venue_loss),
    "written_off": Metric("money", "what the venue forgave", _ALL, lambda seen: seen.tally.written_off),
    "refused": Metric("count", "commands refused", _ALL, lambda seen: seen.tally.refused),
    "rollback_is_identical": Metric(
        "count", "1: replaying up to a rollback gives the same digest", _NONE, lambda seen: seen.rollback
    ),
    "account_refused": Metric("count", "commands of an account refused", _ONE, lambda seen: seen.tally.refused),
    "account_liquidations": Metric("count", "liquidations of an account", _ONE, lambda seen: seen.tally.liquidations),
    "account_pays": Metric("count", "1: an account paid for others", _ONE, lambda seen: len(seen.tally.payers)),
    "account_average": Metric("price", "average price of an account's trades", _ONE, _average_price),
    "account_traded": Metric("quantity", "what an account traded", _ONE, lambda seen: seen.tally.account_lots),
    "account_taken": Metric(
        "quantity", "positions moved to or from it", _ONE, lambda seen: seen.tally.account_taken_lots
    ),
    "account_realized": Metric("money", "what closing paid it", _ONE, lambda seen: seen.tally.account_realized),
    "account_gain": Metric(
        "money",
        "withdrawn less deposited",
        _ONE,
        lambda seen: seen.tally.account_withdrawn - seen.tally.account_deposited,
    ),
    "balance": Metric("money", "balance of an account", _LOOK, look=_balance),
    "equity": Metric("money", "balance and unrealized profit of an account", _LOOK, look=_equity),
    "unrealized": Metric("money", "unrealized profit of an account", _LOOK, look=_unrealized),
    "size": Metric("quantity", "position of an account", _LOOK, look=_size),
    "bid_depth": Metric("quantity", "all bids", frozenset({"at"}), look=_depth),
}
# Those about a whole run: no account and no time has to be named.
NUMBERS: Final = tuple(name for name, metric in METRICS.items() if not metric.needs & _LOOK)


def step_of(metric: Metric, instrument: Steps) -> str:
    """Return the decimal text of one unit of a number, such as a tick."""
    match metric.unit:
        case "price":
            return instrument.tick_size
        case "money":
            return instrument.money_unit
        case "quantity":
            return instrument.lot_size
    return "1"


def told(metric: Metric, instrument: Steps, value: int | None) -> str:
    """Return a number for people, with its unit where the name does not say it."""
    if value is None:
        return "none"
    match metric.unit:
        case "ppm":
            return f"{'-' if value < 0 else ''}{abs(value) // 10_000}.{abs(value) % 10_000:04d} %"
        case "ns":
            if value < _A_TIME_NS:
                return f"{div_floor(value, 1_000_000):,} ms"
            second = datetime.fromtimestamp(div_floor(value, 1_000_000_000), UTC)
            return f"{second:%Y-%m-%dT%H:%M:%S}.{value % 1_000_000_000 // 1_000_000:03d}Z"
        case "count":
            return f"{value:,}"
    text = format_count(value, step_of(metric, instrument))
    whole, point, rest = text.partition(".")
    grouped = f"{int(whole):,}" if whole.lstrip("-") != "0" else whole
    rest = rest if metric.unit == "price" else rest.rstrip("0")
    return f"{grouped}{point if rest else ''}{rest}" + (f" {instrument.currency}" if metric.unit == "money" else "")
