"""What an order could trade at once, and for how much: looked at, not done. Rules: docs/semantics/orders.md."""

from typing import Final

from mypy_extensions import i64

from exchange.book.iceberg import whole_open
from exchange.book.level_index import HEAD, LOTS, RANK
from exchange.book.order_pool import FLAGS, HIDDEN, ICEBERG_BIT, NEXT, OPEN, OWNER
from exchange.enums import BUY
from exchange.market import Market

ACCOUNT_MASK: Final = 0xFFFFFFFF  # of an owner word

# What happens where two orders of one account meet, as `rules.orders.self_trade` names it.
SELF_TRADE: Final = ("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both")
ALLOW: Final = 0
CANCEL_TAKER: Final = 1
CANCEL_MAKER: Final = 2
DECREMENT_BOTH: Final = 4


def fillable(market: Market, self_trade: i64, owner: i64, side: i64, limit: i64, wanted: i64) -> i64:
    """Return how much of `wanted` lots could trade at once: at least `wanted` if all of it. O(what it counts).

    limit: the worst rank of the other side.
    """
    opposite = market.book.asks if side == BUY else market.book.bids
    words = market.book.orders.words
    total: i64 = 0
    level = opposite.best
    while level != 0 and total < wanted and opposite.levels[level + RANK] >= limit:
        if self_trade == ALLOW and market.book.hidden_lots == 0:
            total += opposite.levels[level + LOTS]
        else:
            hidden: i64 = 0  # traded after all that is shown at this price
            is_met = False
            maker = opposite.levels[level + HEAD]
            while maker != 0 and total < wanted:
                if self_trade == ALLOW or (words[maker + OWNER] ^ owner) & ACCOUNT_MASK != 0:
                    total += words[maker + OPEN]
                    if words[maker + FLAGS] & ICEBERG_BIT != 0:
                        hidden += words[maker + HIDDEN]
                elif self_trade != CANCEL_MAKER:
                    if not market.is_pro_rata:
                        return total
                    is_met = True
                maker = words[maker + NEXT]
            total += hidden
            if is_met:
                return total
        level = opposite.next_worse(level)
    return total


def cost_of(market: Market, owner: i64, side: i64, limit: i64, wanted: i64, counts_own: bool = False) -> int:
    """Return what an order would pay, or get, for what it can trade at once within a limit. O(what it counts).

    By resting order, hidden lots included. An account's own orders are passed by, unless it trades with them:
    whatever the self-trade rule, that costs a buyer no less.
    """
    opposite = market.book.asks if side == BUY else market.book.bids
    words = market.book.orders.words
    cost: int = 0
    level = opposite.best
    while level != 0 and wanted > 0 and opposite.levels[level + RANK] >= limit:
        price = opposite.levels[level + RANK] * opposite.sign
        maker = opposite.levels[level + HEAD]
        while maker != 0 and wanted > 0:
            if counts_own or (words[maker + OWNER] ^ owner) & ACCOUNT_MASK != 0:
                lots = min(wanted, whole_open(market.book, maker))
                cost += market.valuation.notional(lots, price)
                wanted -= lots
            maker = words[maker + NEXT]
        level = opposite.next_worse(level)
    return cost


def post_only_price(market: Market, side: i64, price: i64) -> i64:
    """Return the price at which a post-only order takes nothing: its own, or one tick behind the opposite best."""
    opposite = market.book.asks if side == BUY else market.book.bids
    if opposite.best == 0 or opposite.levels[opposite.best + RANK] < price * opposite.sign:
        return price
    return (opposite.levels[opposite.best + RANK] + 1) * opposite.sign
