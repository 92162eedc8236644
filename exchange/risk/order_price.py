"""The limit price of a liquidation order. Pure functions of integers; prices in ticks, money in minor units.

A long is sold at its limit or better, a short bought back. Every limit is rounded in favour of the liquidated account:
up for a sale, down for a purchase; so a close at the bankruptcy price never leaves a deficit.
"""

from exchange.margin.valuation import Valuation
from exchange.units import PPM, div_ceil, div_floor, mul_div


def price_at_share(valuation: Valuation, size: int, value: int, share: int, lowest: int, highest: int) -> int:
    """Return the price at which closing a leg uses up a share of equity: value(size, p) = value - share.

    value: what the leg is worth at mark. Held to the instrument's range of prices.
    """
    return min(max(valuation.price_for_value(size, value - share, highest), lowest), highest)


def spread_given_up(equity: int, maintenance: int, leg_maintenance: int, adjustment_ppm: int, spread_ppm: int) -> int:
    """Return the money that a leg's order may give up against mark: more as equity falls. Rounded down.

    clamp(adjustment x (1 - equity / maintenance), 0, 1) x spread x leg maintenance. Source: dYdX, GetFillablePrice.
    """
    if maintenance <= 0:
        return 0
    distress = min(max(adjustment_ppm * (maintenance - equity), 0), maintenance * PPM)
    return mul_div(distress, spread_ppm * leg_maintenance, maintenance * PPM * PPM)


def fillable_price(
    valuation: Valuation,
    size: int,
    value: int,
    equity: int,
    maintenance: int,
    leg_maintenance: int,
    adjustment_ppm: int,
    spread_ppm: int,
    lowest: int,
    highest: int,
) -> int:
    """Return the price between mark and beyond bankruptcy that the depth of the distress asks for. Source: dYdX."""
    spread = spread_given_up(equity, maintenance, leg_maintenance, adjustment_ppm, spread_ppm)
    return price_at_share(valuation, size, value, spread, lowest, highest)


def offset_price(price: int, offset_ppm: int, is_sale: bool, lowest: int, highest: int) -> int:
    """Return a price so much worse than a reference: below it for a sale, above it for a purchase."""
    width = div_floor(abs(price) * offset_ppm, PPM)
    return min(max(price - width if is_sale else price + width, lowest), highest)


def worse_price(bankruptcy: int, mark: int, is_sale: bool) -> int:
    """Return the worse of bankruptcy price and mark: the mark only where the account is insolvent already.

    Source: Injective, worst price of the liquidation's market order.
    """
    return min(bankruptcy, mark) if is_sale else max(bankruptcy, mark)


def needed_for_part(lots: int, closed: int, needed: int) -> int:
    """Return what `closed` of the lots must bring, where all of them must bring `needed` not to pass bankruptcy.

    Positive: to be received for a sale; negative: may be paid for a purchase. Rounded up, against the account.
    lots > 0. Source: dYdX, GetBankruptcyPriceInQuoteQuantums.
    """
    return div_ceil(needed * closed, lots)
