"""A run in plain words and round numbers: the first thing that a reader of the page sees."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from replay.percent import percent_change

KINDS: Final = {
    "recorded": "The order flow is a recording; the accounts and the rules are ours.",
    "closed form": "The numbers follow from few others by arithmetic; the order flow around them is made up.",
    "calibrated synthetic": "The order flow is made up: the numbers called given were put in, those called fitted come "
    "out because it was chosen so, and those called predicted were not chosen.",
    "synthetic": "The order flow is generated from a seed; nothing here happened.",
    "your data": "The order flow is from a file of yours.",
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
}


class Tile(NamedTuple):
    """A headline number."""

    name: str
    value: str
    more: str


def tiles(run: Mapping[str, Any]) -> list[Tile]:
    """Return what fell, who was liquidated, what they could not pay, and who paid it."""
    found: list[Tile] = []
    if run["markets"]:
        found.append(_price_tile(run["markets"][0]))
    liquidated = run["liquidated"]
    longs, shorts = run["longs"], liquidated - run["longs"]
    sides = f"{longs:,} long, {shorts:,} short" if liquidated else "no position was closed by force"
    more = f"{sides}; {money(run, run['liquidated_size'])} of positions" if liquidated else sides
    found.append(Tile("Liquidations", f"{liquidated:,}", more))
    total = lost(run)
    found.append(
        Tile(
            "They could not pay",
            money(run, total) if total else "nothing",
            _why_nothing(run) if not total else "beyond their own margin",
        )
    )
    payers = sorted(((amount, payer) for payer, amount in paid(run).items() if amount > 0), reverse=True)
    if payers:
        shares = [f"{PAYER_NAMES[payer]}: {money(run, amount)}" for amount, payer in payers]
        names = list(dict.fromkeys(_PAYER_SHORT[payer] for _, payer in payers))
        value = names[0] if len(names) == 1 else f"{names[0]}, {names[1].lower()}"
        found.append(Tile("Who paid", value, "; ".join(shares)))
    else:
        adl = run["deleveraged_count"]["v"][-1] if run["deleveraged_count"]["v"] else 0
        more = f"{adl:,} accounts were deleveraged at the mark" if adl else "no fund, no other account, not the venue"
        found.append(Tile("Who paid", "Nobody else" if liquidated else "Nobody", more))
    return found


def lead(run: Mapping[str, Any]) -> str:
    """Return the run in two or three sentences."""
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
    total = lost(run)
    if not total:
        told.append("Their margins covered their losses.")
        return " ".join(told)
    shares = sorted(((amount, payer) for payer, amount in paid(run).items() if amount > 0), reverse=True)
    names = [f"{PAYER_NAMES[payer]} ({money(run, amount)})" for amount, payer in shares]
    together = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    told.append(f"They lost {money(run, total)} more than they had; that was borne by {together}.")
    return " ".join(told)


def paid(run: Mapping[str, Any]) -> dict[str, int]:
    """Return what each payer bore in the end."""
    return {payer: track["v"][-1] for payer, track in run["paid"].items() if track["v"]}


def lost(run: Mapping[str, Any]) -> int:
    """Return what the liquidated could not pay, in money units: the sum of what others bore."""
    return sum(paid(run).values())


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


def _why_nothing(run: Mapping[str, Any]) -> str:
    return "their margins covered every loss" if run["liquidated"] else "nobody was liquidated"


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
