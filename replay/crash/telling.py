"""What happened in a crash and who paid, in a few lines: from the rows of liquidations and accounts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from exchange.instrument import Instrument
from replay.crash.attribution import LiquidationRow
from replay.crash.metrics import METRICS, told
from replay.crash.observed import Observed
from replay.crash.outcomes import AccountRow
from replay.crash.run import CrashRun
from replay.percent import percent_change
from replay.sentences import Teller

_CHAIN_TOLD: Final = 6
_GROUPS_TOLD: Final = 3
_EXTREMES_FROM: Final = 3  # accounts
_MARKETS_TOLD: Final = 3


class Said(NamedTuple):
    """A line and its subject."""

    subject: str
    text: str


def tell(found: CrashRun, seen: Observed) -> list[Said]:
    """Return what there is to say, in order: prices, who was liquidated, who paid, who gained, what went wrong."""
    teller = Teller(found.instruments)

    is_mixed = len({fact.currency for fact in found.instruments}) > 1

    def money(amount: int) -> str:
        text = told(METRICS["shortfall"], found.instruments[0], amount)
        return f"{text.rsplit(' ', 1)[0]} coins" if is_mixed else text  # Each market counts in its own.

    said = [Said("market", text) for text in _prices(found)]
    said += [Said("liquidated", text) for text in _liquidated(found, seen, teller, money)]
    said += [Said("paid", text) for text in _paid(found, seen, money)]
    said += [Said("owed", text) for text in _owed(seen.accounts, money)]
    said += [Said("gained", text) for text in _gained(seen, money)]
    said += [Said("WARNING", text) for text in found.summary.warnings]
    return said


def _prices(found: CrashRun) -> list[str]:
    lines = []
    price = METRICS["low"]
    for market, fact in zip(found.summary.instruments[:_MARKETS_TOLD], found.instruments, strict=False):
        if market.first is None:
            lines.append(f"{market.symbol}: no trade")
            continue
        parts = [f"{market.symbol} {told(price, fact, market.first)}"]
        for name, ticks in (("low", market.low), ("high", market.high), ("last", market.last)):
            if ticks is not None and (name == "last" or ticks != market.first):
                parts.append(f"{name} {told(price, fact, ticks)}{_change(ticks, market.first)}")
        lines.append(", ".join(parts))
    return lines


def _liquidated(found: CrashRun, seen: Observed, teller: Teller, money: Callable[[int], str]) -> list[str]:
    rows, summary = seen.liquidations, found.summary
    if not rows:
        stops = f"; {_count(seen.attribution.stops, 'stop order')} elected" if seen.attribution.stops else ""
        return [f"nobody, of {_count(summary.accounts, 'account')}{stops}"] if summary.accounts else []
    accounts = {row.account for row in rows}
    sides = [(side, sum(row.side == side for row in rows)) for side in ("long", "short")]
    kinds = " and ".join(_count(count, side) for side, count in sides if count)
    again = f", {len(rows):,} times" if len(rows) > len(accounts) else ""
    lines = [f"{len(accounts):,} of {_count(summary.accounts, 'account')}{again}: {kinds or 'no position left'}"]
    lines[0] += _range(rows, teller)
    if seen.attribution.stops:
        lines.append(f"{_count(seen.attribution.stops, 'stop order')} elected")
    if len(rows) > 1:
        lines.append(_causes(rows, summary.triggered, found.instruments))
    lines.append(f"the largest: {_largest(rows, teller)}")
    outcomes = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.outcomes.items())
    running = sum(row.outcome == "running" for row in rows)
    lines.append(f"ended: {outcomes}" + (f"; {running:,} had not" if running else ""))
    return lines


def _range(rows: Sequence[LiquidationRow], teller: Teller) -> str:
    """Return between which marks liquidations began, where all were in one market."""
    marked = [row for row in rows if row.mark_ticks]
    if not marked or len({row.instrument for row in marked}) > 1:
        return ""
    number = marked[0].instrument
    first, least = marked[0].mark_ticks, min(row.mark_ticks for row in marked)
    most = max(row.mark_ticks for row in marked)
    if least == most:
        return f", at a mark of {teller.price(number, first)}"
    return f", at marks from {teller.price(number, most)} to {teller.price(number, least)}"


def _causes(rows: Sequence[LiquidationRow], triggered: int, instruments: Sequence[Instrument]) -> str:
    if triggered == 0:
        is_given = all(fact.mark_source == "external" for fact in instruments)
        why = ": the mark is given from outside" if is_given else ""
        return f"none was set off by the trades of another one{why}"
    by_number = {row.number: row for row in rows}
    longest = max(rows, key=lambda row: (row.chain, -row.number))
    chain = [longest]
    while chain[-1].cause:
        chain.append(by_number[chain[-1].cause])
    numbers = [f"#{row.number}" for row in reversed(chain)]
    if len(numbers) > _CHAIN_TOLD:
        numbers[_CHAIN_TOLD - 2 : -1] = ["..."]
    return f"{triggered:,} set off by the trades of another one; longest chain {longest.chain:,}: {' > '.join(numbers)}"


def _largest(rows: Sequence[LiquidationRow], teller: Teller) -> str:
    row = max(rows, key=lambda row: (row.notional, row.taken_lots + row.deleveraged_lots, -row.number))
    number = row.instrument
    size = f"{row.side} {teller.size(number, abs(row.size_lots))} {teller.symbol(number)}"
    ways = []
    if row.sold_lots:
        lots = "" if row.sold_lots == abs(row.size_lots) else f"{teller.size(number, row.sold_lots)} "
        ways.append(f"{lots}{'sold' if row.side == 'long' else 'bought'} at {teller.price(number, row.average_ticks)}")
    if row.taken_lots:
        ways.append(f"{teller.size(number, row.taken_lots)} taken over")
    if row.deleveraged_lots:
        ways.append(f"{teller.size(number, row.deleveraged_lots)} closed against others")
    bankrupt = f" (bankrupt at {teller.price(number, row.bankruptcy_ticks)})" if row.bankruptcy_ticks else ""
    mark = f", mark {teller.price(number, row.mark_ticks)}" if row.mark_ticks else ""
    return f"account {row.account}, {size}{mark}: {', '.join(ways) or 'nothing traded'}{bankrupt}"


def _paid(found: CrashRun, seen: Observed, money: Callable[[int], str]) -> list[str]:
    """Return who paid what the liquidated lacked, and what the fund came to."""
    rows, summary, accounts = seen.liquidations, found.summary, seen.accounts
    if not rows:
        return []
    lacking = [row for row in rows if row.shortfall]
    lines = []
    if lacking:
        worst = max(lacking, key=lambda row: (row.shortfall, -row.number))
        most = "" if len(lacking) == 1 else f", the most account {worst.account}: {money(worst.shortfall)}"
        total = sum(row.shortfall for row in lacking)
        lines.append(f"{money(total)} were lacking in {_count(len(lacking), 'liquidation')}{most}")
        payers = _payers(found, seen, money)
        lines += [f"of that {payers[0]}", *payers[1:]] if payers else []
    else:
        lines.append("no deficit was left to pay")
    deleveraged = [row for row in accounts if row.deleveraged_lots]
    if deleveraged:
        lines.append(f"{_count(len(deleveraged), 'account')} in profit were closed against the liquidated")
    if summary.fund_start or summary.fund_end or summary.fund_deposited:
        put_in = f" and {money(summary.fund_deposited)} put in" if summary.fund_deposited else ""
        lines.append(f"insurance fund: {money(summary.fund_start)}{put_in}, then {money(summary.fund_end)}")
    if summary.fund_positions:
        lots = ", ".join(f"{size:,} lots {symbol}" for symbol, size in summary.fund_positions.items())
        lines.append(f"the fund holds what found no bid: {lots}")
    return lines


def _payers(found: CrashRun, seen: Observed, money: Callable[[int], str]) -> list[str]:
    summary, sheet = found.summary, seen.sheet
    texts = []
    if summary.fund_paid:
        texts.append(f"the insurance fund paid {money(summary.fund_paid)}")
    others = [row for row in seen.accounts if row.haircut]
    if others:
        most = max(others, key=lambda row: (row.haircut, -row.account))
        who = f"{_count(len(others), 'other')} paid {money(sum(row.haircut for row in others))}"
        texts.append(f"{who}, the most account {most.account}: {money(most.haircut)}")
    for amount, text in (
        (sheet.venue_loss, "nobody paid {}: the venue's loss"),
        (sheet.written_off, "the venue forgave {}"),
        (sheet.deferred, "{} wait for the end of the session"),
        (sheet.owed, "the venue advanced {}"),
    ):
        if amount:
            texts.append(text.format(money(amount)))
    return texts


def _owed(accounts: Iterable[AccountRow], money: Callable[[int], str]) -> list[str]:
    owing = [row for row in accounts if row.debt]
    if not owing:
        return []
    most = max(owing, key=lambda row: (row.debt, -row.account))
    total = money(sum(row.debt for row in owing))
    verb = "owes" if len(owing) == 1 else "owe"
    return [f"{_count(len(owing), 'account')} {verb} {total}, the most account {most.account}: {money(most.debt)}"]


def _gained(seen: Observed, money: Callable[[int], str]) -> list[str]:
    """Return what each group gained or lost at the last marks, the largest first; the rest is the market around."""
    sums: dict[str, int] = {}
    for row in seen.accounts:
        sums[row.group or "others"] = sums.get(row.group or "others", 0) + row.gain
    ordered = sorted(((group, gain) for group, gain in sums.items() if gain), key=lambda item: (-abs(item[1]), item[0]))
    told_of = [f"{group} {_signed(gain, money)}" for group, gain in ordered[:_GROUPS_TOLD]]
    rest = sum(gain for _, gain in ordered[_GROUPS_TOLD:])
    if len(ordered) > _GROUPS_TOLD:
        told_of.append(f"{len(ordered) - _GROUPS_TOLD:,} more {_signed(rest, money)}")
    if seen.sheet.fund:
        told_of.append(f"the fund {_signed(seen.sheet.fund, money)}")
    return ["; ".join(told_of), *_extremes(seen.accounts, money)] if told_of else []


def _extremes(accounts: Sequence[AccountRow], money: Callable[[int], str]) -> list[str]:
    """Return who lost and who gained the most, where there are several to choose from."""
    if len(accounts) < _EXTREMES_FROM:
        return []
    worst = min(accounts, key=lambda row: (row.gain, row.account))
    best = max(accounts, key=lambda row: (row.gain, -row.account))
    texts = [f"account {row.account} ({row.group or 'others'}) {_signed(row.gain, money)}" for row in (worst, best)]
    return [f"worst off {texts[0]}; best off {texts[1]}"]


def _signed(amount: int, money: Callable[[int], str]) -> str:
    return money(amount) if amount <= 0 else f"+{money(amount)}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _change(ticks: int, from_ticks: int) -> str:
    """Return by how much a price has changed, in parentheses; nothing where percents mean nothing."""
    return f" ({percent_change(from_ticks, ticks)})" if from_ticks > 0 else ""
