"""Units for people: what a price and a quantity of a market are counted in, as its facts and its symbol say."""

from typing import Final

from exchange.instrument import Instrument

_BETWEEN: Final = "/-_:"


def price_unit(fact: Instrument) -> str:
    """Return the currency of a market's prices; empty where an inverse contract's symbol does not say it."""
    if fact.kind != "inverse":
        return fact.currency
    rest = fact.symbol.removeprefix(fact.currency)
    return _word(rest.lstrip(_BETWEEN)) if rest != fact.symbol else ""


def quantity_unit(fact: Instrument) -> str:
    """Return what a quantity counts: the base asset where the symbol begins with it, else contracts or units."""
    if fact.kind == "inverse":
        return "contracts"
    base, found, _ = fact.symbol.partition(fact.currency)
    base = base.rstrip(_BETWEEN)
    return base if found and base else "units"


def _word(text: str) -> str:
    """Return the letters that a text begins with: USD of USD_PERP."""
    end = next((place for place, letter in enumerate(text) if not letter.isalpha()), len(text))
    return text[:end]
