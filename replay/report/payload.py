"""What the page draws, as plain values: integers in ticks, lots, money units, nanoseconds and steps, with their units.

Rules of thinning: `thin`, `cascade`, `grid`; the page tells them to its reader. Nothing here depends on when or where
it runs.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from replay.observers.attribution import LiquidationRow
from replay.observers.halts import halt_texts
from replay.observers.losses import Losses, TakenOver, Unfinished
from replay.report.cascade import NODES, Leaf, readable_tree
from replay.report.film import Film, Market
from replay.report.grid import depth_of
from replay.report.thin import COLUMNS, group_marks, keep_for_both
from replay.report.tracks import Track
from replay.report.units import price_unit, quantity_unit
from replay.sentences import Teller

_FEW_STEPS: Final = 100
_TIME_PARTS: Final = 100
_MARKETS: Final = 4


def run_payload(
    film: Film,
    rows: Sequence[LiquidationRow],
    *,
    label: str,
    name: str,
    what_if: Mapping[str, object],
    venue: str,
    digest: str,
    title: str = "",
    columns: int = COLUMNS,
    is_undone: bool = False,
) -> dict[str, Any]:
    """Return one run. label: what the page calls it, of several; name: what it is. title: of the what-if.

    columns: of `thin`'s rule. is_undone: a rollback undid it.
    """

    def kept(track: Track) -> dict[str, Any]:
        return _track(track, film.start_ns, columns)

    markets = sorted(film.markets.values(), key=lambda market: (-len(market.trades), market.fact.instrument_id))
    told = [market for market in markets if len(market.trades) + len(market.marks) > 0][:_MARKETS]
    return {
        "label": label,
        "name": name,
        "what_if": [[rule, str(value)] for rule, value in what_if.items()],
        "title": title,
        "venue": venue,
        "digest": digest,
        "is_undone": is_undone,
        "start_ns": str(film.start_ns),
        "span_ns": film.end_ns - film.start_ns,
        "steps": film.step,
        "prefer": "step" if is_sudden(film) else "time",
        "currency": markets[0].fact.currency,
        "money_unit": markets[0].fact.money_unit,
        "markets": [_market(market, film, kept) for market in told],
        "fund": kept(film.fund),
        "paid": {payer: kept(track) for payer, track in film.paid.items() if track},
        "losses": _losses(film),
        "halts": halt_texts(film.halts.found, [market.fact for market in film.markets.values()]),
        "haircuts": kept(film.haircuts),
        "haircut_count": film.haircut_count,
        "charged_accounts": len(film.charged_accounts),
        "deleveraged": kept(film.deleveraged_notional),
        "deleveraged_count": kept(film.deleveraged_count),
        "liquidation_count": kept(film.liquidations),
        "stop_count": kept(film.stops),
        **_liquidations(film, rows),
        "notes": [[note.step, note.ts_ns - film.start_ns, note.text] for note in film.notes],
        "notes_left_out": film.notes_left_out,
        "trade_count": film.trade_count,
    }


def _losses(film: Film) -> dict[str, Any]:
    """Return who bore what in the end, and what there is to say of it; sizes as decimal text with their symbols."""
    found = film.found or Losses({}, TakenOver(), TakenOver(), (), Unfinished())

    def taken(over: TakenOver) -> dict[str, Any]:
        return {"lots": _sizes(over.lots, film), "loss": over.loss, "worst": over.worst, "received": over.received}

    return {
        "shares": found.shares,
        "fund": taken(found.fund),
        "backstop": {**taken(found.backstop), "accounts": list(found.backstops)},
        "unfinished": {
            "liquidations": found.unfinished.liquidations,
            "below": found.unfinished.below,
            "negative_equity": found.unfinished.negative_equity,
            "held": _sizes(found.unfinished.held, film),
        },
    }


def _sizes(lots: Mapping[int, int], film: Film) -> str:
    teller = Teller(market.fact for market in film.markets.values())
    return " and ".join(f"{teller.size(number, size)} {teller.symbol(number)}" for number, size in lots.items())


def is_sudden(film: Film) -> bool:
    """Say whether a run is better watched step by step than by the clock.

    It is where it has few steps, or where more than half of its prices fall into one hundredth of its time.
    """
    if film.step < _FEW_STEPS:
        return True
    span = film.end_ns - film.start_ns + 1
    parts = [0] * _TIME_PARTS
    for market in film.markets.values():
        for track in (market.trades, market.marks):
            for ts_ns in track.times_ns:
                parts[min((ts_ns - film.start_ns) * _TIME_PARTS // span, _TIME_PARTS - 1)] += 1
    return 2 * max(parts) > sum(parts)


def _market(market: Market, film: Film, kept: Callable[[Track], dict[str, Any]]) -> dict[str, Any]:
    fact = market.fact
    known = [value for track in (market.trades, market.marks, market.indices) for value in track.values]
    traded = market.trades.values or market.marks.values
    low = min(traded)
    at = traded.index(low)
    source = market.trades or market.marks
    found: dict[str, Any] = {
        "symbol": fact.symbol,
        "tick_size": fact.tick_size,
        "lot_size": fact.lot_size,
        "price_unit": price_unit(fact),
        "lot_unit": quantity_unit(fact),
        "decimals": decimals(fact.tick_size),
        "first": traded[0],
        "low": low,
        "low_step": source.steps[at],
        "low_ns": source.times_ns[at] - film.start_ns,
        "high": max(traded),
        "last": traded[-1],
        "mark_low": min(market.marks.values, default=low),
        "volume_lots": market.volume_lots,
        "is_traded": len(market.trades) > 0,
        "trades": kept(market.trades),
        "marks": kept(market.marks),
        "indices": kept(market.indices),
    }
    if any(look.bid_ticks or look.ask_ticks for look in market.looks):
        found["depth"] = depth_of(
            market.looks,
            min(known),
            max(known),
            start_ns=film.start_ns,
            end_ns=film.end_ns,
            steps=film.step,
        )
    return found


def _track(track: Track, start_ns: int, columns: int) -> dict[str, Any]:
    """Return the points that are kept: steps and times as differences from the point before."""
    indices = keep_for_both(track.steps, track.times_ns, track.values, columns)
    steps = [track.steps[index] for index in indices]
    times_ns = [track.times_ns[index] - start_ns for index in indices]
    return {
        "s": _differences(steps),
        "t": _differences(times_ns),
        "v": [track.values[index] for index in indices],
        "of": len(track),
    }


def _differences(values: Sequence[int]) -> list[int]:
    return [value - before for before, value in zip([0, *values], values, strict=False)]


def _liquidations(film: Film, rows: Sequence[LiquidationRow]) -> dict[str, Any]:
    """Return the marks of the price chart, and the tree; both are by the worth of what was closed."""
    sizes = [_worth(row, film) for row in rows]
    steps = [film.starts.get(row.number, 0) for row in rows]
    groups = group_marks(sizes, key=lambda index: (rows[index].instrument, rows[index].side))
    symbols = {number: market.fact.symbol for number, market in film.markets.items()}
    marks = []
    for group in groups:
        row = rows[group.members[0]]
        members = [rows[index] for index in group.members]
        marks.append(
            {
                "number": row.number,
                "account": row.account,
                "count": len(members),
                "symbol": symbols[row.instrument],
                "side": row.side,
                "s": steps[group.members[0]],
                "t": row.started_ns - film.start_ns,
                "mark": row.mark_ticks,
                "average": row.average_ticks if len(members) == 1 else 0,
                "lots": sum(abs(member.size_lots) for member in members),
                "size": sum(sizes[index] for index in group.members),
                "shortfall": sum(member.shortfall for member in members),
                "cause": row.cause if len(members) == 1 else 0,
                "outcome": row.outcome if len({member.outcome for member in members}) == 1 else "several",
            }
        )
    by_number = {row.number: row for row in rows}
    most = NODES if any(row.cause for row in rows) else NODES // 2  # a tree without a chain says little
    nodes = readable_tree([Leaf(row.number, row.cause, size) for row, size in zip(rows, sizes, strict=True)], most)
    tree = []
    for node in nodes:
        row = by_number[abs(node.number)]
        tree.append(
            {
                **node._asdict(),
                "account": row.account,
                "side": row.side,
                "s": film.starts.get(row.number, 0),
                "t": row.started_ns - film.start_ns,
                "outcome": row.outcome,
            }
        )
    return {
        "liquidations": marks,
        "liquidated": len(rows),
        "liquidated_accounts": len({row.account for row in rows}),
        "longs": sum(row.side == "long" for row in rows),
        "liquidated_size": sum(sizes),
        "triggered": sum(row.cause != 0 for row in rows),
        "longest_chain": max((row.chain for row in rows), default=0),
        "tree": tree,
    }


def _worth(row: LiquidationRow, film: Film) -> int:
    """Return what a liquidation closed: lots at the mark, but not beyond where the account had nothing left.

    So that those who are found after a gap of the price are not small because the price is.
    """
    closed = min(row.sold_lots + row.taken_lots + row.deleveraged_lots, abs(row.size_lots))
    if closed == 0:
        return 0
    ticks = row.mark_ticks
    if row.bankruptcy_ticks > 0:
        ticks = max(ticks, row.bankruptcy_ticks) if row.size_lots > 0 else min(ticks, row.bankruptcy_ticks)
    return film.markets[row.instrument].valuation.notional(closed, ticks)


def decimals(step: str) -> int:
    """Return how many decimals a value on a grid has."""
    exponent = Decimal(step).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
