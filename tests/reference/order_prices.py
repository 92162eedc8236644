"""The limit price of a liquidation order (docs/semantics/liquidation.md, section 5)."""

from exchange.rules import Rules
from tests.reference.clearing import PPM, Account, Clearing


def share(equity: int, part: int, whole: int) -> int:
    """Return the part of the equity, rounded down; all of it where there is no whole to have a part of."""
    if whole <= 0 or part == whole:
        return equity
    return equity * part // whole


def price_using_up(clearing: Clearing, account: Account, instrument_id: int, money: int) -> int:
    """Return the price at which closing the leg uses up so much money, against the account, within the range."""
    size = clearing.leg(account, instrument_id).size
    return clearing.price_of(instrument_id, size, clearing.leg_value(account, instrument_id) - money)


def bankruptcy(clearing: Clearing, account: Account, instrument_id: int) -> int:
    """Return the price that uses up the leg's part of the equity by maintenance margin."""
    part = share(
        clearing.equity(account), clearing.leg_maintenance(account, instrument_id), clearing.maintenance(account)
    )
    return price_using_up(clearing, account, instrument_id, part)


def zero_equity(clearing: Clearing, account: Account, instrument_id: int) -> int:
    """Return the price that uses up the leg's part of the equity by notional."""
    notionals = {i: abs(clearing.leg_value(account, i)) for i in account.legs}
    part = share(clearing.equity(account), notionals[instrument_id], sum(notionals.values()))
    return price_using_up(clearing, account, instrument_id, part)


def fillable(rules: Rules, clearing: Clearing, account: Account, instrument_id: int) -> int:
    """Return the price that gives up more, the further equity is below maintenance."""
    price = rules.liquidation.price
    maintenance = clearing.maintenance(account)
    if maintenance == 0:
        return price_using_up(clearing, account, instrument_id, 0)
    fallen = price.bankruptcy_adjustment_ppm * (maintenance - clearing.equity(account))
    held = min(max(fallen, 0), maintenance * PPM)
    given_up = held * price.spread_ppm * clearing.leg_maintenance(account, instrument_id) // (maintenance * PPM**2)
    return price_using_up(clearing, account, instrument_id, given_up)


def worse_than(rules: Rules, clearing: Clearing, account: Account, instrument_id: int, reference: int) -> int:
    """Return a price `offset_ppm` worse for the account than the reference, within the range."""
    offset = abs(reference) * rules.liquidation.price.offset_ppm // PPM
    instrument = clearing.instruments[instrument_id]
    price = reference - offset if clearing.leg(account, instrument_id).size > 0 else reference + offset
    return min(max(price, instrument.min_price_ticks), instrument.max_price_ticks)


def limit_price(rules: Rules, clearing: Clearing, account: Account, instrument_id: int) -> int:
    """Return the limit of the leg's next order."""
    kind = rules.liquidation.price.kind
    if rules.liquidation.order == "ioc_at_bankruptcy":
        kind = "bankruptcy"
    mark = clearing.marks.get(instrument_id)
    if kind == "zero_equity":
        return zero_equity(clearing, account, instrument_id)
    if kind == "whole_equity":
        return price_using_up(clearing, account, instrument_id, clearing.equity(account))
    if kind == "fillable":
        return fillable(rules, clearing, account, instrument_id)
    at_bankruptcy = bankruptcy(clearing, account, instrument_id)
    if kind == "bankruptcy":
        return at_bankruptcy
    last = clearing.books[instrument_id].last_price
    reference = last if kind == "last" and last is not None else mark
    if reference is None:
        return at_bankruptcy
    if kind != "bankruptcy_or_mark":
        return worse_than(rules, clearing, account, instrument_id, reference)
    choose = min if clearing.leg(account, instrument_id).size > 0 else max
    return choose(at_bankruptcy, reference)
