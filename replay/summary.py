"""What a run came to: one object for programs, the same as a short story for people."""

from decimal import Decimal
from typing import Final

import msgspec

from exchange import Exchange
from exchange.build import build_info
from exchange.commands import COMMANDS, CommandType
from exchange.enums import LiquidationOutcome, RecordedKind, RejectReason
from exchange.instrument import Instrument
from exchange.statistics import PriceStatistics, Statistics
from replay.percent import percent_change

_REFUSALS_TOLD: Final = 3


class InstrumentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The trades of one instrument. Prices in ticks, None before the first trade; reported trades move them, too."""

    instrument: int
    symbol: str
    tick_size: str
    lot_size: str
    trades: int
    reported_trades: int
    volume_lots: int
    first: int | None
    low: int | None
    high: int | None
    last: int | None


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in numbers: money in units of `money_unit`, prices in ticks.

    low, high: of the instrument with the lowest id, as in `instruments`. triggered: liquidations caused by another's
    trades. longest_chain: most liquidations of which each caused the next. stopped: why it ended: 'end' of the data,
    'until', or 'interrupt'. corrections: commands that a source added to follow the book that it
    shows, by kind; clipped: recorded messages that no longer applied in full, as injected orders changed the book.
    refused_by_reason: refused commands by `Request: REASON`, most first, of which first_refused names the number of the
    first command. damage: of a salvaged tape, what ended the reading early. warnings: what makes the figures mean less
    than they seem to. seconds: wall time of the run, reading included.
    """

    source: str
    venue: str
    commands: int
    events: int
    trades: int
    rejected: int
    refused_by_reason: dict[str, int]
    first_refused: dict[str, int]
    accounts: int
    liquidations: int
    longs_liquidated: int
    shorts_liquidated: int
    triggered: int
    longest_chain: int
    outcomes: dict[str, int]
    fund_start: int
    fund_end: int
    fund_deposited: int
    fund_paid: int
    surplus_paid: int
    fund_positions: dict[str, int]
    socialized_loss: int
    haircuts: int
    most_payers: int
    venue_loss: int
    low: int | None
    high: int | None
    corrections: dict[str, int]
    clipped: dict[str, int]
    instruments: tuple[InstrumentSummary, ...]
    currency: str
    money_unit: str
    digest: str
    seconds: float
    compiled: bool
    stopped: str
    damage: str | None
    warnings: tuple[str, ...]

    def json(self) -> str:
        """Return one JSON object on one line."""
        return msgspec.json.encode(self).decode()


def summarize(
    exchange: Exchange,
    statistics: Statistics,
    source: str,
    corrections: dict[str, int],
    fund_start: int,
    seconds: float,
    stopped: str,
    damage: str | None = None,
) -> RunSummary:
    """Return the summary of a run that has ended."""
    refusals = {
        f"{COMMANDS[CommandType(r.request)].__name__}: {RejectReason(r.reason).name}": r for r in statistics.refusals()
    }
    markets = tuple(_market(fact, prices) for fact, prices in zip(exchange.instruments, statistics.prices, strict=True))
    symbols = {fact.instrument_id: fact.symbol for fact in exchange.instruments}
    return RunSummary(
        source=source,
        venue=exchange.rules.name,
        commands=exchange.command_seq,
        events=exchange.seq,
        trades=statistics.trade_count,
        rejected=statistics.rejected_count,
        refused_by_reason={name: refusal.times for name, refusal in refusals.items()},
        first_refused={name: refusal.first_command for name, refusal in refusals.items()},
        accounts=len(exchange.accounts()),
        liquidations=statistics.liquidation_count,
        longs_liquidated=statistics.longs_liquidated,
        shorts_liquidated=statistics.shorts_liquidated,
        triggered=statistics.triggered_count,
        longest_chain=statistics.longest_chain,
        outcomes={
            outcome.name.lower(): count for outcome in LiquidationOutcome if (count := statistics.ended_as(outcome))
        },
        fund_start=fund_start,
        fund_end=exchange.fund.balance,
        fund_deposited=statistics.fund_deposited,
        fund_paid=statistics.fund_paid,
        surplus_paid=statistics.surplus_paid,
        fund_positions={symbols[held.instrument]: held.size_lots for held in exchange.fund.positions()},
        socialized_loss=statistics.socialized,
        haircuts=statistics.haircut_count,
        most_payers=statistics.most_payers,
        venue_loss=statistics.venue_loss,
        low=markets[0].low,
        high=markets[0].high,
        corrections=corrections,
        clipped={kind.name.lower(): count for kind in RecordedKind if (count := statistics.clipped_as(kind))},
        instruments=markets,
        currency=exchange.instruments[0].currency,
        money_unit=exchange.instruments[0].money_unit,
        digest=exchange.digest(),
        seconds=round(seconds, 6),
        compiled=build_info().compiled,
        stopped=stopped,
        damage=damage,
        warnings=_warnings(exchange) if stopped == "end" else (),  # a run cut short may not have come to its marks
    )


def _warnings(exchange: Exchange) -> tuple[str, ...]:
    """Name the instruments whose accounts nothing could liquidate, as no mark price ever came."""
    unmarked = [fact for fact in exchange.instruments if exchange.book(fact.instrument_id).mark_price is None]
    if not unmarked or exchange.rules.clearing == "none":
        return ()
    held = {
        position.instrument for account in exchange.accounts() for position in exchange.account(account).positions()
    }
    others, any_of = {"last": "'mid'", "mid": "'last'"}, "'last' or 'mid'"
    return tuple(
        f"{fact.symbol}: positions are held and no mark price ever came (mark_source {fact.mark_source!r}), so nobody "
        "could be liquidated: let the source set marks, or choose mark_source "
        f"{others.get(fact.mark_source, any_of)} in the venue file"
        for fact in unmarked
        if fact.instrument_id in held
    )


def _market(fact: Instrument, prices: PriceStatistics) -> InstrumentSummary:
    has_traded = prices.trades + prices.reported_trades > 0
    return InstrumentSummary(
        instrument=fact.instrument_id,
        symbol=fact.symbol,
        tick_size=fact.tick_size,
        lot_size=fact.lot_size,
        trades=prices.trades,
        reported_trades=prices.reported_trades,
        volume_lots=prices.volume_lots,
        first=prices.first_ticks if has_traded else None,
        low=prices.low_ticks if has_traded else None,
        high=prices.high_ticks if has_traded else None,
        last=prices.last_ticks if has_traded else None,
    )


def story(summary: RunSummary) -> str:
    """Return the run in a few lines for a person."""
    lines = [summary.source, ""]
    lines += [_told("market", _prices(market)) for market in summary.instruments]
    lines += [_told("liquidated", text) for text in _liquidations(summary)]
    lines += [_told("paid", text) for text in _payers(summary)]
    if summary.corrections:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in summary.corrections.items())
        lines.append(_told("corrected", f"where the recording shows what its messages do not tell: {counts}"))
    if summary.clipped:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in summary.clipped.items())
        lines.append(_told("clipped", f"recorded messages that no longer applied in full: {counts}"))
    lines += [_told("refused", text) for text in _refusals(summary)]
    lines += [_told("WARNING", text) for text in summary.warnings]
    if summary.damage is not None:
        lines.append(_told("DAMAGED", f"only what precedes the damage was run: {summary.damage}"))
    engine = "compiled" if summary.compiled else "interpreted"
    rate = summary.commands / summary.seconds if summary.seconds > 0 else 0
    refused = f", {summary.rejected:,} refused" if summary.rejected else ""
    lines += [
        _told("run", f"{summary.commands:,} commands{refused}, {summary.events:,} events, {summary.trades:,} trades"),
        _told("", f"{summary.seconds:.2f} s, {rate:,.0f} commands/s, {engine}"),
        _told("digest", summary.digest),
    ]
    if summary.stopped == "interrupt":
        lines.append(_told("", "INTERRUPTED: the figures are those of the commands that ran"))
    return "\n".join(_without_repeats(lines))


def _prices(market: InstrumentSummary) -> str:
    if market.first is None or market.low is None or market.high is None or market.last is None:
        return f"{market.symbol}: no trade"
    first, low, high, last = (
        _decimal(ticks, market.tick_size) for ticks in (market.first, market.low, market.high, market.last)
    )
    low_change, last_change = _change(market.low, market.first), _change(market.last, market.first)
    return f"{market.symbol}: first {first}, low {low}{low_change}, high {high}, last {last}{last_change}"


def _liquidations(summary: RunSummary) -> list[str]:
    if summary.liquidations == 0:
        return [f"nobody, of {_accounts(summary)}"] if summary.accounts else []
    sides = f"{summary.longs_liquidated:,} longs, {summary.shorts_liquidated:,} shorts"
    outcomes = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.outcomes.items())
    return [
        f"{summary.liquidations:,} liquidations among {_accounts(summary)}: {sides}",
        f"{summary.triggered:,} of them caused by another one's trades; longest chain {summary.longest_chain:,}",
        f"ended: {outcomes}",
    ]


def _accounts(summary: RunSummary) -> str:
    return "1 account" if summary.accounts == 1 else f"{summary.accounts:,} accounts"


def _refusals(summary: RunSummary) -> list[str]:
    """Return the most frequent reasons, and where to look for each."""
    told = []
    for name, count in list(summary.refused_by_reason.items())[:_REFUSALS_TOLD]:
        request, _, reason = name.partition(": ")
        where = (
            f"command {summary.first_refused[name]:,}"
            if count == 1
            else f"first command {summary.first_refused[name]:,}"
        )
        told.append(f"{count:,} {request}: {reason.lower().replace('_', ' ')} ({where})")
    if others := len(summary.refused_by_reason) - len(told):
        told.append(f"and {others:,} more kind{'' if others == 1 else 's'} of refusal")
    return told


def held_by_fund(summary: RunSummary) -> str:
    """Return what the fund holds at the end, as quantities."""
    steps = {market.symbol: Decimal(market.lot_size) for market in summary.instruments}
    return ", ".join(f"{size * steps[symbol]:,f} {symbol}" for symbol, size in summary.fund_positions.items())


def _payers(summary: RunSummary) -> list[str]:
    if summary.liquidations == 0:
        return []

    def money(amount: int) -> str:
        return f"{_decimal(amount, summary.money_unit)} {summary.currency}"

    earned = summary.fund_end - summary.fund_start + summary.fund_paid - summary.surplus_paid - summary.fund_deposited
    texts = [
        f"insurance fund {money(summary.fund_start)} -> {money(summary.fund_end)}: paid {money(summary.fund_paid)},",
        f"  received {money(summary.surplus_paid)} left over in liquidations and {money(earned)} from fees and trading",
    ]
    if summary.fund_positions:
        held = held_by_fund(summary)
        texts.append(f"  and holds what found no bid: {held}")
    if summary.socialized_loss:
        shared = f"{summary.haircuts:,} haircuts on up to {summary.most_payers:,} accounts in profit"
        texts.append(f"socialized loss {money(summary.socialized_loss)}: {shared}")
    else:
        texts.append("no socialized loss")
    if summary.venue_loss:
        texts.append(f"the venue lost {money(summary.venue_loss)} that nobody else could pay")
    return texts


def _told(subject: str, text: str) -> str:
    return f"  {subject:<12}{text}"


def _without_repeats(lines: list[str]) -> list[str]:
    """Name each subject once, where several lines are about it."""
    told: list[str] = []
    last = ""
    for line in lines:
        subject = line[:14]
        told.append(" " * 14 + line[14:] if subject == last and line[14:] else line)
        last = subject if subject.strip() else last
    return told


def _decimal(count: int, step: str) -> str:
    return f"{count * Decimal(step):,f}"


def _change(ticks: int, from_ticks: int) -> str:
    if from_ticks <= 0:
        return ""
    return f" ({percent_change(from_ticks, ticks)})"
