"""How much of a liquidation order the fund can afford: what its fills below the bankruptcy price may cost in all."""

from exchange.book.level_index import LOTS, RANK
from exchange.market import Market
from exchange.risk.order_price import needed_for_part
from exchange.risk.surplus import fund_delta, is_fund_able


def lots_affordable(
    market: Market,
    is_sale: bool,
    is_market: bool,
    limit: int,
    wanted: int,
    held: int,
    needed: int,
    fee_ppm: int,
    allowance: int,
) -> int:
    """Return how many of the wanted lots an order may fill: together they cost the fund at most the allowance.

    needed: what the whole position of `held` lots must bring not to cost the fund. Levels are taken from the best; of
    the first level that would cost too much, as many lots as can be afforded. allowance: money, negative for no cap.
    Source: dYdX, a match whose loss the fund could not cover is not made. O(levels taken).
    """
    if allowance < 0:
        return wanted
    side = market.book.bids if is_sale else market.book.asks
    sign: int = side.sign
    taken: int = 0
    brought: int = 0
    level = side.best
    while level != 0 and taken < wanted:
        rank: int = side.levels[level + RANK]
        if not is_market and rank < limit * sign:
            break
        there: int = side.levels[level + LOTS]
        more = min(there, wanted - taken)
        price = rank * sign
        if not _can_pay(market, is_sale, price, taken, brought, more, held, needed, fee_ppm, allowance):
            low: int = 0
            high = more
            while high - low > 1:
                middle = (low + high) // 2
                if _can_pay(market, is_sale, price, taken, brought, middle, held, needed, fee_ppm, allowance):
                    low = middle
                else:
                    high = middle
            return taken + low
        brought += _worth(market, is_sale, more, price)
        taken += more
        level = side.next_worse(level)
    return wanted


def _worth(market: Market, is_sale: bool, lots: int, price: int) -> int:
    value = market.valuation.value(lots, price)
    return value if is_sale else -value


def _can_pay(
    market: Market,
    is_sale: bool,
    price: int,
    taken: int,
    brought: int,
    more: int,
    held: int,
    needed: int,
    fee_ppm: int,
    allowance: int,
) -> bool:
    lots = taken + more
    value = brought + _worth(market, is_sale, more, price)
    delta = fund_delta(lots, value, needed_for_part(held, lots, needed), fee_ppm)
    return is_fund_able(allowance, 0, delta)
