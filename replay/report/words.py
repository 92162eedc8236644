"""A run in plain words and round numbers: the first thing that a reader of the page sees."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from replay.percent import percent_change

KINDS: Final = {
    "recorded": "the order flow is a recording; the accounts and the rules are ours",
    "closed form": "the numbers follow from few others by arithmetic; the order flow around them is made up",
    "calibrated synthetic": "the order flow is made up; numbers are given, fitted by choice of it, or predicted",
    "synthetic": "the order flow is generated from a seed; nothing here happened",
    "your data": "the order flow is from a file of yours",
}
_PAYER_SHORT: Final = {
    "fund": "Insurance fund",
    "owner": "The liquidated",
    "fees": "The venue",
    "deleveraged": "Other accounts",
    "profits": "Other accounts",
    "waiting": "Nobody yet",
    "debt": "The venue",
    "venue": "The venue",
    "forgiven": "The venue",
    "fund_positions": "Insurance fund",
    "backstop": "The backstop",
    "unfinished": "Nobody yet",
}
PAYER_NAMES: Final = {
    "fund": "the insurance fund",
    "owner": "other money of the liquidated",
    "fees": "the venue's fee income",
    "deleveraged": "deleveraged accounts",
    "profits": "accounts in profit",
    "waiting": "nobody yet",
    "debt": "the venue, which is owed it",
    "venue": "the venue",
    "forgiven": "the venue, which forgave the debts",
    "fund_positions": "the insurance fund, on positions that it took over",
    "backstop": "the backstop, on positions that it took over",
    "unfinished": "nobody yet, as liquidations had not ended",
}


class Tile(NamedTuple):
    """A headline number."""

    name: str
    value: str
    more: str


def tile_rows(runs: Sequence[Mapping[str, Any]]) -> list[list[Tile]]:
    """Return the headline numbers, each of every run; what is nothing in all of them is left out."""
    columns = [_tiles(run) for run in runs]
    return [
        [column.get(name, Tile(name, nothing, "")) for column in columns]
        for name, nothing in _TILES.items()
        if any(name in column for column in columns)
    ]


def tiles(run: Mapping[str, Any]) -> list[Tile]:
    """Return the headline numbers of one run: what fell, what the venue did, who was liquidated, who bore what."""
    return [row[0] for row in tile_rows([run])]


_TILES: Final = {
    "Price": "none",
    "Rolled back": "nothing",
    "The venue": "traded throughout",
    "Liquidations": "none",
    "Lost beyond their margins": "nothing",
    "Who bore it": "Nobody",
}


def _tiles(run: Mapping[str, Any]) -> dict[str, Tile]:
    found: list[Tile] = []
    if run["is_undone"]:
        found.append(Tile("Rolled back", "all of it", "the venue undid what this page shows"))
    if run["halts"]:
        found.append(Tile("The venue", _halt_name(run["halts"]), capital("; ".join(run["halts"]))))
    found += _liquidation_tiles(run)
    named = {tile.name: tile for tile in found}
    return {"Price": _price_tile(run["markets"][0]), **named} if run["markets"] else named


def _liquidation_tiles(run: Mapping[str, Any]) -> list[Tile]:
    if not run["liquidated"]:
        stops = run["stop_count"]["v"][-1] if run["stop_count"]["v"] else 0
        more = f"{_count(stops, 'stop order')} elected; " if stops else ""
        return [Tile("Liquidations", "none", f"{more}no position was closed by force")]
    longs, shorts = run["longs"], run["liquidated"] - run["longs"]
    ending = _unfinished_text(run)
    more = f"{longs:,} long, {shorts:,} short; {money(run, run['liquidated_size'])} of positions"
    total, shares = lost(run), ordered_shares(run)
    found = [
        Tile("Liquidations", f"{run['liquidated']:,}", f"{more}; {ending}" if ending else more),
        Tile("Lost beyond their margins", money(run, total) if total else "nothing", _lost_more(run)),
    ]
    if shares:
        names = list(dict.fromkeys(_PAYER_SHORT[bearer] for bearer, _ in shares))
        value = names[0] if len(names) == 1 else f"{names[0]}, {names[1].lower()}"
        bore = "; ".join(f"{PAYER_NAMES[bearer]}: {money(run, amount)}" for bearer, amount in shares)
        return [*found, Tile("Who bore it", value, bore)]
    if ending:
        return [*found, Tile("Who bore it", "Not known yet", ending)]
    adl = run["deleveraged_count"]["v"][-1] if run["deleveraged_count"]["v"] else 0
    bore = f"{_count(adl, 'account')} deleveraged at the mark" if adl else "no fund, no other account, not the venue"
    return [*found, Tile("Who bore it", "Nobody else", bore)]


def lead(run: Mapping[str, Any]) -> str:
    """Return the run in a few sentences."""
    told: list[str] = []
    if run["markets"]:
        market = run["markets"][0]
        first, low = price(market, market["first"]), price(market, market["low"])
        if market["low"] < market["first"]:
            mark = f", its mark to {price(market, market['mark_low'])}" if is_mark_lower(market) else ""
            told.append(f"{market['symbol']} fell from {first} to {low} ({fall(market)}){mark}.")
        else:
            high = price(market, market["high"])
            if market["high"] == market["first"]:
                told.append(f"{market['symbol']} stood at {first} throughout.")
            else:
                told.append(f"{market['symbol']} began at {first} and never traded lower; its high was {high}.")
    told += [f"{capital(text)}." for text in run["halts"]]
    if run["is_undone"]:
        told.append("The venue undid all of it.")
    if not run["liquidated"]:
        told.append("Nobody was liquidated.")
        return " ".join(told)
    accounts = run["liquidated_accounts"]
    told.append(
        f"{_count(run['liquidated'], 'liquidation')} of {_count(accounts, 'account')} closed positions worth "
        f"{money(run, run['liquidated_size'])}."
    )
    told += [f"{capital(text)}." for text in (_unfinished_text(run), *_taken_texts(run)) if text]
    shares = ordered_shares(run)
    if shares:
        names = [f"{PAYER_NAMES[bearer]} ({money(run, amount)})" for bearer, amount in shares]
        together = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        told.append(f"Beyond their margins {money(run, lost(run))} were lost; that was borne by {together}.")
    elif not run["losses"]["unfinished"]["liquidations"]:
        told.append("Their margins covered their losses.")
    return " ".join(told)


def ordered_shares(run: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return who bore what beyond the margins of the liquidated, the most first."""
    shares: Mapping[str, int] = run["losses"]["shares"]
    return sorted(shares.items(), key=lambda share: (-share[1], share[0]))


def lost(run: Mapping[str, Any]) -> int:
    """Return what was lost beyond the margins of the liquidated, in money units: the sum of what others bear."""
    return sum(run["losses"]["shares"].values())


def _taken_texts(run: Mapping[str, Any]) -> list[str]:
    """Return what came of the positions that the fund or a backstop took over."""
    told = []
    for who, over in (("the insurance fund", run["losses"]["fund"]), ("the backstop", run["losses"]["backstop"])):
        if not over["lots"]:
            continue
        result = f"lost {money(run, over['loss'])}" if over["loss"] > 0 else f"gained {money(run, -over['loss'])}"
        text = f"{who} took over {over['lots']} and {result if over['loss'] else 'lost nothing'} on it"
        if over["worst"] > max(over["loss"], 0):
            text += f" in the end, {money(run, over['worst'])} at the worst mark"
        if over["received"]:
            text += f"; {money(run, over['received'])} of margin came with it"
        told.append(text)
    return told


def _unfinished_text(run: Mapping[str, Any]) -> str:
    """Return what the liquidations that have not ended still lack; nothing where there are none."""
    left = run["losses"]["unfinished"]
    if not left["liquidations"]:
        return ""
    text = f"{left['liquidations']:,} had not ended"
    if left["held"]:
        text += f", {left['held']} unsold"
    if left["below"]:
        return f"{text}, {_count(left['below'], 'account')} {money(run, left['negative_equity'])} below zero"
    return text


def _lost_more(run: Mapping[str, Any]) -> str:
    """Return what is to be said of a loss, or of none."""
    told = _taken_texts(run)
    if told:
        return capital("; ".join(told))
    if lost(run):
        return "more than the liquidated had"
    return "as far as is known" if run["losses"]["unfinished"]["liquidations"] else "their margins covered every loss"


def _halt_name(halts: Sequence[str]) -> str:
    if any("settled" in text for text in halts):
        return "settled for good"
    return "stopped trading"


def money(run: Mapping[str, Any], amount: int) -> str:
    """Return an amount in round numbers with its currency."""
    return f"{rounded(amount * Decimal(run['money_unit']))} {run['currency']}".strip()


def rounded(value: Decimal) -> str:
    """Return a number to about four digits: 24,571; 1.230 million; 0.4512."""
    size = abs(value)
    for unit, word in ((10**12, " trillion"), (10**9, " billion"), (10**6, " million")):
        if size >= unit:
            return f"{value / unit:,.2f}{word}"
    if size >= 1_000:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:,.2f}"
    return f"{value.normalize():f}" if len(f"{value.normalize():f}") <= 8 else f"{value:.4g}"


def price(market: Mapping[str, Any], ticks: int) -> str:
    """Return a price with the decimals of its grid."""
    return f"{ticks * Decimal(market['tick_size']):,.{market['decimals']}f}"


def fall(market: Mapping[str, Any]) -> str:
    """Return how far the lowest price lay below the first, in percent."""
    return percent_change(market["first"], market["low"]).replace("-", "−")


def is_mark_lower(market: Mapping[str, Any]) -> bool:
    """Say whether the mark fell much lower than anybody traded."""
    return bool(20 * market["mark_low"] < 19 * market["low"])


def _price_tile(market: Mapping[str, Any]) -> Tile:
    path = f"{price(market, market['first'])} → {price(market, market['low'])}"
    if market["low"] < market["first"]:
        mark = f"; mark down to {price(market, market['mark_low'])}" if is_mark_lower(market) else ""
        return Tile(f"{market['symbol']} fell", fall(market), path + mark)
    if market["high"] == market["first"]:
        return Tile(market["symbol"], "unchanged", f"at {price(market, market['first'])}")
    path = f"{price(market, market['first'])} → {price(market, market['high'])}"
    return Tile(f"{market['symbol']} rose", percent_change(market["first"], market["high"]), path)


def capital(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[0].upper() + text[1:]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
