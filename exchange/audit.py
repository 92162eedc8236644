"""Whether a market agrees with itself: its book, and what the accounts think of their orders in it."""

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import BUY_LOTS, BUY_NOTIONAL, FIRST_SLOT, SELL_LOTS, SELL_NOTIONAL, Ledger
from exchange.book.iceberg import whole_open
from exchange.book.level_index import HEAD, RANK, LevelIndex
from exchange.book.order_pool import NEXT, OWNER, PRICE
from exchange.errors import InvariantError
from exchange.market import Market


def check_market(market: Market, ledger: Ledger, clearing: Clearing, has_clearing: bool) -> None:
    """Raise InvariantError where the book is crossed, or its totals or the accounts' reserves are wrong. O(orders)."""
    market.book.check()
    _check_not_crossed(market)
    if has_clearing:
        _check_reserves(market, ledger, clearing)


def _check_not_crossed(market: Market) -> None:
    """A bid may reach an ask only where both are the recorded market's: the recording may cross before an open."""
    bids, asks = market.book.bids, market.book.asks
    if bids.best == 0 or asks.best == 0:
        return
    best_bid = bids.levels[bids.best + RANK]
    best_ask = -asks.levels[asks.best + RANK]
    if best_bid < best_ask:
        return
    own_bid = _best_participant_price(market, bids)
    own_ask = _best_participant_price(market, asks)
    for bid, ask in ((own_bid, best_ask), (best_bid, own_ask)):
        if bid is not None and ask is not None and bid >= ask:
            raise InvariantError(f"instrument {market.instrument}: book crossed, bid {bid} >= ask {ask}")


def _best_participant_price(market: Market, side: LevelIndex) -> int | None:
    words = market.book.orders.words
    level = side.best
    while level != 0:
        order = side.levels[level + HEAD]
        while order != 0:
            if words[order + OWNER] != 0:
                return words[order + PRICE]
            order = words[order + NEXT]
        level = side.next_worse(level)
    return None


def _check_reserves(market: Market, ledger: Ledger, clearing: Clearing) -> None:
    bought = _open_by_slot(market, market.book.bids)
    sold = _open_by_slot(market, market.book.asks)
    slot: i64 = FIRST_SLOT
    while slot < ledger.slot_count:
        leg = market.leg(slot)
        expected = (*bought.get(slot, (0, 0)), *sold.get(slot, (0, 0)))
        found = (0, 0, 0, 0)
        if leg != 0:
            legs = ledger.legs
            found = (legs[leg + BUY_LOTS], legs[leg + BUY_NOTIONAL], legs[leg + SELL_LOTS], legs[leg + SELL_NOTIONAL])
        if found != expected:
            raise InvariantError(
                f"account {ledger.account_ids[slot]}: expected open lots and notional {expected}, found {found}"
            )
        slot += 1


def _open_by_slot(market: Market, side: LevelIndex) -> dict[int, tuple[int, int]]:
    """Return the open lots and notional of each account slot on one side."""
    words = market.book.orders.words
    totals: dict[int, tuple[int, int]] = {}
    level = side.best
    while level != 0:
        order = side.levels[level + HEAD]
        while order != 0:
            slot: int = words[order + OWNER] >> 32
            lots, notional = totals.get(slot, (0, 0))
            open_lots: int = whole_open(market.book, order)
            more = market.valuation.notional(open_lots, words[order + PRICE])
            totals[slot] = (lots + open_lots, notional + more)
            order = words[order + NEXT]
        level = side.next_worse(level)
    return totals
