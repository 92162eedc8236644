"""What happened in a crash and who paid, in a few lines: from the rows of liquidations and accounts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from exchange.instrument import Instrument
from replay.crash.metrics import METRICS, told
from replay.crash.observed import Observed
from replay.crash.run import CrashRun, Undone
from replay.flows.conductor import Outage
from replay.observers.attribution import LiquidationRow
from replay.observers.halts import halt_texts, span_text
from replay.observers.losses import Losses
from replay.observers.outcomes import AccountRow
from replay.percent import percent_change
from replay.sentences import Teller, time_text
from replay.summary import RunSummary

_CHAIN_TOLD: Final = 6
_GROUPS_TOLD: Final = 3
_EXTREMES_FROM: Final = 3  # accounts
_MARKETS_TOLD: Final = 3


class Said(NamedTuple):
    """A line and its subject."""

    subject: str
    text: str


def tell(found: CrashRun, seen: Observed) -> list[Said]:
    """Return what there is to say, in order: prices, what the venue did, who was liquidated, who paid, who gained."""
    teller = Teller(found.instruments)

    is_mixed = len({fact.currency for fact in found.instruments}) > 1

    def money(amount: int) -> str:
        text = told(METRICS["shortfall"], found.instruments[0], amount)
        return f"{text.rsplit(' ', 1)[0]} coins" if is_mixed else text  # Each market counts in its own.

    said: list[Said] = []
    if found.undone is not None:
        said += [Said("undone", text) for text in _undone(found.undone, found.instruments, teller, money)]
    said += [Said("market", text) for text in _prices(found.summary, found.instruments)]
    said += [Said("venue", text) for text in (*halt_texts(found.halts, found.instruments), *_outages(found.outages))]
    said += [Said("liquidated", text) for text in _liquidated(found, seen, teller, money)]
    said += [Said("paid", text) for text in _paid(found, seen, teller, money)]
    said += [Said("owed", text) for text in _owed(seen.accounts, money)]
    said += [Said("WARNING", text) for text in found.summary.warnings]  # What follows gives way where lines are short.
    said += [Said("gained", text) for text in _gained(seen, money)]
    return said


def _undone(
    undone: Undone, instruments: Sequence[Instrument], teller: Teller, money: Callable[[int], str]
) -> list[str]:
    """Return what a rollback took back; the rest of the story is of what stands."""
    lines = _prices(undone.summary, instruments)
    if undone.summary.liquidations:
        lines.append(_count(undone.summary.liquidations, "liquidation"))
        lines += _taken_over(undone.losses, teller, money)
    at, to = time_text(undone.rollback.at_ns), time_text(undone.rollback.to_ns)
    came = "came to the same digest" if undone.is_identical else "came to ANOTHER DIGEST"
    lines.append(f"rolled back on {at} to just before {to}; the replay up to there {came}")
    return lines


def _outages(outages: Iterable[Outage]) -> list[str]:
    return [
        f"requests were held back from {time_text(outage.from_ns)} for {span_text(outage.until_ns - outage.from_ns)}"
        for outage in outages
    ]


def _prices(summary: RunSummary, instruments: Sequence[Instrument]) -> list[str]:
    lines = []
    price = METRICS["low"]
    for market, fact in zip(summary.instruments[:_MARKETS_TOLD], instruments, strict=False):
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
    ended = [f"{count:,} {name.replace('_', ' ')}" for name, count in summary.outcomes.items()]
    if ended:
        lines.append(f"ended: {', '.join(ended)}")
    lines += _unfinished(found.losses, teller, money)
    return lines


def _unfinished(losses: Losses, teller: Teller, money: Callable[[int], str]) -> list[str]:
    """Return what the liquidations that have not ended still lack."""
    left = losses.unfinished
    if not left.liquidations:
        return []
    text = f"{left.liquidations:,} had NOT ended"
    if left.held:
        text += f": {_sizes(left.held, teller)} unsold"
    if left.below:
        text += f"; {_count(left.below, 'account')} together {money(left.negative_equity)} below zero at the last mark"
    return [text]


def _taken_over(losses: Losses, teller: Teller, money: Callable[[int], str]) -> list[str]:
    """Return what came of the positions that the fund or a backstop took over."""
    accounts = ", ".join(f"{account}" for account in losses.backstops)
    backstop = f"the backstop, account{'' if len(losses.backstops) == 1 else 's'} {accounts},"
    lines = []
    for who, over in (("the insurance fund", losses.fund), (backstop, losses.backstop)):
        if not over.lots:
            continue
        result = f"lost {money(over.loss)}" if over.loss > 0 else f"gained {money(-over.loss)}"
        text = f"{who} took over {_sizes(over.lots, teller)} and {result if over.loss else 'lost nothing'} on it"
        if over.worst > max(over.loss, 0):
            text += f" in the end, {money(over.worst)} at the worst mark"
        if over.held:
            text += "; it holds " + " and ".join(
                f"{teller.size(number, lots)} {teller.symbol(number)}" for number, lots in over.held.items()
            )
        if over.received:
            text += f"; {money(over.received)} of margin came with it"
        lines.append(text)
    return lines


def _sizes(lots: Mapping[int, int], teller: Teller) -> str:
    return " and ".join(f"{teller.size(number, size)} {teller.symbol(number)}" for number, size in lots.items())


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


def _paid(found: CrashRun, seen: Observed, teller: Teller, money: Callable[[int], str]) -> list[str]:
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
        payers = _payers(found.losses, seen, money)
        lines += [f"of that {payers[0]}", *payers[1:]] if payers else []
    elif not found.losses.unfinished.liquidations:
        took = found.losses.fund.lots or found.losses.backstop.lots
        lines.append("no account ended with a deficit" if took else "no deficit was left to pay")
    lines += _taken_over(found.losses, teller, money)
    deleveraged = [row for row in accounts if row.deleveraged_lots]
    if deleveraged:
        missed = found.losses.paid.get("deleveraged", 0)
        less = f", for {money(missed)} less than the mark" if missed else ""
        lines.append(f"{_count(len(deleveraged), 'account')} in profit were closed against the liquidated{less}")
    if summary.fund_start or summary.fund_end or summary.fund_deposited:
        put_in = f" and {money(summary.fund_deposited)} put in" if summary.fund_deposited else ""
        lines.append(f"insurance fund: {money(summary.fund_start)}{put_in}, then {money(summary.fund_end)}")
    return lines


def _payers(losses: Losses, seen: Observed, money: Callable[[int], str]) -> list[str]:
    """Return who paid the deficits, the fund first; what others paid by the accounts that were charged."""
    texts = []
    others = [row for row in seen.accounts if row.haircut]
    for payer, text in _PAYERS.items():
        amount = losses.paid.get(payer, 0)
        if payer == "profits" and others:
            most = max(others, key=lambda row: (row.haircut, -row.account))
            who = f"{_count(len(others), 'other')} paid {money(sum(row.haircut for row in others))}"
            texts.append(f"{who}, the most account {most.account}: {money(most.haircut)}")
        elif amount > 0:
            texts.append(text.format(money(amount)))
    return texts


_PAYERS: Final = {
    "fund": "the insurance fund paid {}",
    "owner": "other money of the liquidated paid {}",
    "fees": "the venue's fee income paid {}",
    "profits": "accounts in profit paid {}",
    "venue": "nobody paid {}: the venue's loss",
    "forgiven": "the venue forgave {}",
    "waiting": "{} wait for the end of the session",
    "debt": "the venue advanced {}",
}


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
