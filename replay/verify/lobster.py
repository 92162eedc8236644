"""The check of a LOBSTER recording: its rows against each other, and the venue's book against its rows."""

from exchange.enums import Side
from replay.sources.lobster import LobsterSource
from replay.sources.lobster_files import EXECUTED, HALT, NEW, Levels, LobsterMessage, Row
from replay.verify.findings import Findings, VerifyReport
from replay.verify.venue import RecordedVenue


def verify_lobster(source: LobsterSource) -> VerifyReport:
    """Check every row against the row before it, and the venue's book against every row.

    A transition is row k with message k + 1 applied, against row k + 1. Where a message empties a level of a side with
    as many levels as the file shows, what moves up from behind is untold; all other levels are compared.
    """
    findings = Findings(source.description)
    venue = RecordedVenue(source.instruments[0], findings)
    counts = findings.counts
    before: Row | None = None
    recorded_lots = 0
    for step in source.steps():
        if step.message is None:
            venue.apply(step.commands, "the initial book")
            continue
        where = f"line {step.message.line}"
        venue.apply(step.commands, where)
        if (found := venue.levels(source.levels)) != step.row:
            findings.add(where, f"expected the venue's book to be {step.row}, found {found}")
        counts["messages"] += 1
        if EXECUTED <= step.message.kind < HALT:
            recorded_lots += step.message.qty_lots
        if before is not None:
            counts["transitions"] += 1
            if _is_told_in_full(before, step.message, step.row, source.levels, findings):
                counts["transitions told in full"] += 1
            else:
                counts["transitions that empty a level"] += 1
        before = step.row
    counts["messages about orders not in the model"] = source.counts["unknown order"]
    for kind in ("add", "reduce", "cancel"):
        counts[f"corrections: {kind}"] = source.corrections[kind]
    counts["rows corrected"] = source.counts["rows corrected"]
    counts["recorded volume, lots"] = recorded_lots
    venue.finish(recorded_lots)
    return findings.report()


def _is_told_in_full(before: Row, message: LobsterMessage, after: Row, levels: int, findings: Findings) -> bool:
    """Compare one transition wherever the recording tells it, and return whether that is every level."""
    is_in_full = True
    for side in Side:
        expected: Levels | None = before[side]
        is_whole_side = len(before[side]) < levels
        if side is message.side and message.kind <= EXECUTED:
            expected = _moved(before[side], message, is_whole_side)
        if expected is None:
            findings.add(f"line {message.line}", f"expected lots to take from, found {message} after {before[side]}")
            continue
        shown = after[side] if is_whole_side else after[side][: len(expected)]
        if shown != expected[:levels]:
            findings.add(f"line {message.line}", f"expected the file to show {expected[:levels]}, found {shown}")
        findings.counts["levels compared"] += min(len(expected), levels)
        is_in_full = is_in_full and (is_whole_side or len(expected) >= levels)
    return is_in_full


def _moved(levels: Levels, message: LobsterMessage, is_whole_side: bool) -> Levels | None:
    """Return the levels after a message, as far as they are told, or None where it takes more than there is."""
    worse = -1 if message.side is Side.BUY else 1
    if not is_whole_side and (message.price_ticks - levels[-1][0]) * worse > 0:
        return levels  # It acts behind the last level shown.
    lots_by_price = dict(levels)
    added_lots = message.qty_lots if message.kind == NEW else -message.qty_lots
    lots = lots_by_price.get(message.price_ticks, 0) + added_lots
    lots_by_price[message.price_ticks] = lots
    if lots < 0:
        return None
    left = ((price_ticks, qty_lots) for price_ticks, qty_lots in lots_by_price.items() if qty_lots > 0)
    return tuple(sorted(left, reverse=message.side is Side.BUY))
