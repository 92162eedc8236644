"""A comparison for people: what each side came to, who stands better and worse, and which accounts the most.

Sides are called A, B, C and so on; A is what the others are compared with.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from string import ascii_uppercase
from typing import Final

from exchange.instrument import Instrument
from replay.crash.compare import Change, Difference, Reason, Side, difference
from replay.crash.load import Loaded
from replay.crash.metrics import METRICS, Metric, told
from replay.explain import story_of
from replay.observers.outcomes import AccountRow
from replay.report.words import rounded
from replay.sentences import Teller
from replay.text_table import table_lines

_TOTALS: Final = (
    "low", "last", "mark_low", "pauses", "settled_at", "stops", "liquidations", "liquidated_accounts", "unfinished",
    "negative_equity", "beyond_margins", "shortfall", "fund_start", "fund_deposited", "fund_received", "fund_paid",
    "fund_position_loss", "fund_end", "socialized", "payers", "deleveraged_accounts", "deleveraged",
    "deleveraged_missed", "taken_over", "backstopped", "backstop_loss", "backstop_received", "venue_loss",
    "written_off",
)  # fmt: skip
_REASONS_TOLD: Final = 3
_SHARE_TOLD: Final = 100  # what is less than one part in so many of a difference is no reason


def names_of(count: int) -> list[str]:
    """Return A, B, C and so on."""
    return list(ascii_uppercase[:count])


def comparison_text(loaded: Loaded, sides: Sequence[Side], most: int) -> str:
    """Return the whole comparison. most: accounts told of each side."""
    about = loaded.crash.about
    letters = names_of(len(sides))
    lines = [f"{about.title}, {about.date} ({about.kind})"]
    lines += [f"  {letter}  {side.spec.told}" for letter, side in zip(letters, sides, strict=True)]
    lines += ["", *table_lines(_totals(sides, letters))]
    tell = Teller(sides[0].instruments)
    for letter, side in zip(letters[1:], sides[1:], strict=True):
        found = difference(sides[0], side)
        lines += ["", f"accounts in {letter} against A, by what they gained less what they owe:"]
        lines += _sums(found, tell, letter)
        if found.changes:
            lines += ["", *table_lines(_groups(found, tell, letter))]
            lines += ["", *table_lines(_accounts(found.changes[:most], tell, letter), left=(1, 5))]
        if len(found.changes) > most:
            lines.append(f"  and {len(found.changes) - most:,} more: --most {len(found.changes)}, or --json")
    return "\n".join(lines)


def comparison_tables(sides: Sequence[Side], most: int) -> list[tuple[str, list[list[str]]]]:
    """Return the tables of a comparison, each with its title, the head first. most: accounts told of each side.

    Their money is in round numbers; the terminal and --json have every digit.
    """
    letters = names_of(len(sides))
    totals = [["number", *letters], *_totals(sides, letters, _told_round)[1:]]
    found = [("Side by side", totals)]
    tell = _RoundTeller(sides[0].instruments)
    for letter, side in zip(letters[1:], sides[1:], strict=True):
        against = difference(sides[0], side)
        if against.changes:
            found.append((f"Who stands better or worse in {letter} than in A", _groups(against, tell, letter)))
            first = against.changes[:most]
            who = {1: f"The account of {letter} that differs"}.get(
                len(first), f"The {len(first):,} accounts of {letter} that differ"
            )
            title = f"{who} from A, and why"
            if len(against.changes) > most:
                title = f"{who} most from A, of {len(against.changes):,}, and why"
            found.append((title, _accounts(first, tell, letter)))
    return found


def account_text(sides: Sequence[Side], account: int) -> str:
    """Return the story of one account on every side, and how it stands."""
    lines: list[str] = []
    for letter, side in zip(names_of(len(sides)), sides, strict=True):
        row = side.accounts.get(account)
        lines.append(
            f"{letter}  {side.spec.told}: account {account}" + (f", of {row.group}" if row and row.group else "")
        )
        lines += ["", story_of(list(side.story)) or "  there is no such account here", ""]
    here = sides[0].accounts.get(account)
    tell = Teller(sides[0].instruments)
    for letter, side in zip(names_of(len(sides))[1:], sides[1:], strict=True):
        changes = [change for change in difference(sides[0], side).changes if change.account == account]
        if changes:
            better = "better" if changes[0].worth > 0 else "worse"
            much = (
                f"{better} by {tell.money(abs(changes[0].worth))}"
                if changes[0].worth
                else "otherwise, at the same worth"
            )
            lines.append(f"{letter} against A: {much}: {reasons_text(changes[0], tell)}")
        elif here is not None and account in side.accounts:
            lines.append(f"{letter} against A: the same")
    return "\n".join(lines)


def reasons_text(change: Change, tell: Teller) -> str:
    """Return why an account stands otherwise: the first few reasons, and the sum of the others."""
    least = abs(change.worth) // _SHARE_TOLD
    shown = [reason for reason in change.reasons if reason.amount == 0 or abs(reason.amount) > least][:_REASONS_TOLD]
    texts = [_reason(reason, change, tell) for reason in shown]
    rest = [reason.amount for reason in change.reasons if reason not in shown]
    if sum(rest):
        texts.append(f"{_signed(sum(rest), tell)} by what is smaller")
    return "; ".join(texts)


# --- tables ------------------------------------------------------------------------------------------------------


def _totals(
    sides: Sequence[Side],
    letters: Sequence[str],
    told: Callable[[Metric, Instrument, int | None], str] = told,
) -> list[list[str]]:
    """Return what each side came to, in the words of `told`; what is zero or nothing everywhere is left out."""
    instrument = sides[0].instruments[0]
    rows = [["", *letters]]
    for name in _TOTALS:
        values = [side.values[name] for side in sides]
        if any(values) or (name == "fund_end" and any(side.values["fund_start"] for side in sides)):
            rows.append([METRICS[name].what, *(told(METRICS[name], instrument, value) for value in values)])
        if name == "fund_position_loss":
            rows += _fund_rest(sides)
        if name == "liquidated_accounts" and any(side.summary.triggered for side in sides):
            rows.append(["set off by another one", *(f"{side.summary.triggered:,}" for side in sides)])
            rows.append(["longest chain", *(f"{side.summary.longest_chain:,}" for side in sides)])
    debts = [sum(row.debt for row in side.accounts.values()) for side in sides]
    sums: list[tuple[str, Callable[[Side], int]]] = [
        ("owed by accounts at the end", lambda side: sum(row.debt for row in side.accounts.values())),
        ("all accounts gained", lambda side: side.sheet.accounts),
        ("the fund gained", lambda side: side.sheet.fund),
        ("the market around them gained", lambda side: side.sheet.market),
        ("trading fees", lambda side: side.sheet.fees),
    ]
    for what, read in sums if any(debts) else sums[1:]:
        amounts = [read(side) for side in sides]
        if any(amounts):
            rows.append([what, *(told(METRICS["shortfall"], instrument, amount) for amount in amounts)])
    return rows


def _fund_rest(sides: Sequence[Side]) -> list[list[str]]:
    """Return what is left to say so that the rows of the fund add up to what it has after."""
    rest: list[tuple[str, Callable[[Side], int]]] = [
        ("of that at the last mark only", lambda side: side.losses.fund.marked),
        ("other income of the fund", _other_income),
    ]
    rows = []
    for what, read in rest:
        amounts = [read(side) for side in sides]
        if any(amounts):
            instrument = sides[0].instruments[0]
            rows.append([what, *(told(METRICS["shortfall"], instrument, amount) for amount in amounts)])
    return rows


def _other_income(side: Side) -> int:
    """Return what the fund's balance gained otherwise: debts repaid, shares of fees and interest, rounding."""
    names = ("fund_start", "fund_deposited", "fund_received", "fund_end", "fund_paid")
    start, deposited, received, end, paid = (side.values[name] or 0 for name in names)
    return end - start - deposited - received + paid + side.losses.fund.realized


def _sums(found: Difference, tell: Teller, letter: str) -> list[str]:
    better = [change.worth for change in found.changes if change.worth > 0]
    worse = [-change.worth for change in found.changes if change.worth < 0]
    unmoved = len(found.changes) - len(better) - len(worse)
    well = f"{len(better):,} better off by {tell.money(sum(better))}"
    badly = f"{len(worse):,} worse off by {tell.money(sum(worse))}"
    lines = [f"  {well}, {badly}, {found.same + unmoved:,} the same"]
    if found.only_here or found.only_there:
        lines.append(f"  left out: {found.only_here:,} accounts that only A has, {found.only_there:,} only {letter}")
    return lines


def _groups(found: Difference, tell: Teller, letter: str) -> list[list[str]]:
    rows = [["group", "better", "worse", "together", "liquidated in A", f"in {letter}"]]
    by_group: dict[str, list[Change]] = {}
    for change in found.changes:
        by_group.setdefault(change.group or "others", []).append(change)
    for group, changes in sorted(by_group.items(), key=lambda item: -abs(sum(c.worth for c in item[1]))):
        rows.append(
            [
                group,
                f"{sum(change.worth > 0 for change in changes):,}",
                f"{sum(change.worth < 0 for change in changes):,}",
                _signed(sum(change.worth for change in changes), tell),
                f"{sum(change.here.liquidated > 0 for change in changes):,}",
                f"{sum(change.there.liquidated > 0 for change in changes):,}",
            ]
        )
    return rows


def _accounts(changes: Sequence[Change], tell: Teller, letter: str) -> list[list[str]]:
    rows = [["account", "group", "A", letter, "difference", "why"]]
    for change in changes:
        rows.append(
            [
                f"{change.account}",
                change.group,
                _signed(change.here.gain - change.here.debt, tell, is_short=True),
                _signed(change.there.gain - change.there.debt, tell, is_short=True),
                _signed(change.worth, tell),
                reasons_text(change, tell),
            ]
        )
    return rows


class _RoundTeller(Teller):
    """Says money in round numbers."""

    def money(self, amount: int) -> str:
        """Return an amount to about four digits, with its currency."""
        return f"{rounded(amount * self.money_unit)} {self.currency}"


def _told_round(metric: Metric, instrument: Instrument, value: int | None) -> str:
    """Return a number as `told` does, but money in round numbers."""
    if metric.unit != "money" or value is None:
        return told(metric, instrument, value)
    return f"{rounded(value * Decimal(instrument.money_unit))} {instrument.currency}"


# --- words -------------------------------------------------------------------------------------------------------


def _reason(reason: Reason, change: Change, tell: Teller) -> str:
    amount = tell.money(abs(reason.amount))
    here, there = change.here, change.there
    match reason.why:
        case "liquidated only here":
            return f"not liquidated, as in A {_end_text(here, tell)}"
        case "liquidated only there":
            return f"liquidated {_end_text(there, tell)}, not in A"
        case "liquidated elsewhere":
            return f"liquidated {_end_text(there, tell)}, in A {_end_text(here, tell)}"
        case "haircut":
            return f"pays {amount} {'less' if reason.amount > 0 else 'more'} for others"
        case "owes":
            return f"owes {amount} {'less' if reason.amount > 0 else 'more'}"
        case "covered":
            return f"others pay {amount} {'more' if reason.amount > 0 else 'less'} of its deficit"
        case "deleveraged":
            return f"deleveraged by {there.deleveraged_lots:,} lots, in A {here.deleveraged_lots:,}"
        case "costs":
            return f"{amount} {'less' if reason.amount > 0 else 'more'} in fees, funding, interest and what was kept"
    return f"{amount} {'more' if reason.amount > 0 else 'less'} by prices"


def _end_text(row: AccountRow, tell: Teller) -> str:
    """Return at what price an account's positions went, or who took them."""
    times = "" if row.liquidated == 1 else f"{row.liquidated:,} times, "
    if row.liquidation_lots:
        return f"{times}at {tell.price(row.liquidation_instrument, row.average_liquidation_ticks)}"
    return f"{times}taken over" if row.taken_lots else f"{times}without a trade"


def _signed(amount: int, tell: Teller, *, is_short: bool = False) -> str:
    text = tell.money(amount)
    text = text if amount <= 0 else f"+{text}"
    return text.rsplit(" ", 1)[0] if is_short else text
