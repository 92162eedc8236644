"""The limit price of a liquidation order (docs/semantics/liquidation.md, section 5)."""

from exchange.rules import Rules
from tests.reference.clearing import PPM, Account, Clearing, ceil_div


def share(equity: int, part: int, whole: int) -> int:
    """Return the part of the equity, rounded down; all of it where there is no whole to have a part of."""
    if whole <= 0 or part == whole:
        return equity
    return equity * part // whole


def price_using_up(
    clearing: Clearing, account: Account, instrument_id: int, money: int, *, pays_fee: bool = True
) -> int:
    """Return the price at which closing the leg uses up so much money, against the account, within the range."""
    leg = clearing.leg(account, instrument_id)
    left = clearing.leg_value(account, instrument_id) - money
    fee_ppm = clearing.schedule(instrument_id, leg).closing_fee_ppm if pays_fee else 0
    is_worth_something = (leg.size > 0) == (clearing.instruments[instrument_id].kind != "inverse")
    left = ceil_div(left * PPM, PPM - fee_ppm if is_worth_something else PPM + fee_ppm)
    return clearing.price_of(instrument_id, leg.size, left)


def bankruptcy(clearing: Clearing, account: Account, instrument_id: int) -> int:
    """Return the price that uses up the leg's part of the equity by maintenance margin."""
    part = share(clearing.equity(account), clearing.leg_burden(account, instrument_id), clearing.maintenance(account))
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
        return price_using_up(clearing, account, instrument_id, 0, pays_fee=False)
    fallen = price.bankruptcy_adjustment_ppm * (maintenance - clearing.equity(account))
    held = min(max(fallen, 0), maintenance * PPM)
    given_up = held * price.spread_ppm * clearing.leg_burden(account, instrument_id) // (maintenance * PPM**2)
    return price_using_up(clearing, account, instrument_id, given_up, pays_fee=False)


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
        return improved(rules, clearing, account, instrument_id, at_bankruptcy)
    last = clearing.books[instrument_id].last_price
    reference = last if kind == "last" and last is not None else mark
    if kind != "bankruptcy_or_mark":
        return at_bankruptcy if reference is None else worse_than(rules, clearing, account, instrument_id, reference)
    if reference is None:
        return improved(rules, clearing, account, instrument_id, at_bankruptcy)
    choose = min if clearing.leg(account, instrument_id).size > 0 else max
    return improved(rules, clearing, account, instrument_id, choose(at_bankruptcy, reference))


def improved(rules: Rules, clearing: Clearing, account: Account, instrument_id: int, price: int) -> int:
    """Return a limit that the fund makes better for whoever takes the order, within the range."""
    ppm, instrument = rules.liquidation.price.fund_improvement_ppm, clearing.instruments[instrument_id]
    is_sale = clearing.leg(account, instrument_id).size > 0
    moved = ceil_div(price * (PPM - ppm), PPM) if is_sale else price * (PPM + ppm) // PPM
    return min(max(moved, instrument.min_price_ticks), instrument.max_price_ticks)
