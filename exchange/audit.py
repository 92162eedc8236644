"""Whether a market agrees with itself: its book, and what the accounts think of their orders in it."""

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.ledger import (
    BUY_LOTS,
    BUY_NOTIONAL,
    BUY_REDUCING,
    FIRST_SLOT,
    SELL_LOTS,
    SELL_NOTIONAL,
    SELL_REDUCING,
    SIZE,
    Ledger,
)
from exchange.book.iceberg import whole_open
from exchange.book.level_index import HEAD, RANK, LevelIndex
from exchange.book.order_pool import (
    FLAGS,
    LINKED_BIT,
    NEXT,
    OPEN,
    OWNER,
    PRICE,
    REDUCES_BIT,
    SIDE_MASK,
    TRIGGER,
    is_waiting,
)
from exchange.enums import ANY, BUY, SELL
from exchange.errors import InvariantError
from exchange.market import Market


def check_market(
    market: Market, ledger: Ledger, clearing: Clearing, has_clearing: bool, are_cut_together: bool
) -> None:
    """Raise InvariantError where the book is crossed, or its totals or the accounts' reserves are wrong. O(orders).

    are_cut_together: all reduce-only orders of a side together may close no more than the position; else each of them.
    """
    market.book.check()
    _check_not_crossed(market)
    if has_clearing:
        _check_reserves(market, ledger, clearing)
    _check_plans(market)
    if has_clearing and len(market.moved_slots) == 0:
        _check_reducers(market, ledger, are_cut_together)
        _check_none_else_reduces(market, ledger)


def _check_plans(market: Market) -> None:
    """Orders that concern others are live and say so; partners name each other; what reduces is known to do so."""
    words = market.book.orders.words
    for order_id, plan in market.plans.items():
        order = market.book.find(order_id)
        if order == 0 or words[order + FLAGS] & LINKED_BIT == 0:
            raise InvariantError(f"order {order_id}: expected a live order that says that it is linked")
        other = plan.partner
        if other is not None and (other.partner is not plan or market.plans.get(other.order_id) is not other):
            raise InvariantError(f"orders {order_id} and {other.order_id} are linked one way only")
        waits = is_waiting(words, order)
        reduces = plan.effect != ANY and not waits
        if (words[order + FLAGS] & REDUCES_BIT != 0) != reduces:
            raise InvariantError(f"order {order_id}: expected a row that says that it only reduces: {reduces}")
        group = market.reducers.get(2 * (plan.owner >> 32) + (words[order + FLAGS] & SIDE_MASK))
        listed = None
        if group is not None:
            listed = group.waiting.get(plan.entry) if waits else group.resting.get(plan.entry)
        if (reduces or plan.entry != 0) and listed is not plan:
            raise InvariantError(f"order {order_id}: expected it among those that its position cuts")


def _check_reducers(market: Market, ledger: Ledger, are_cut_together: bool) -> None:
    """No position flips by orders that only reduce it: what they offer, icebergs whole, is no more than there is."""
    words = market.book.orders.words
    for key, group in market.reducers.items():
        slot: i64 = key >> 1
        side: i64 = key & SIDE_MASK
        leg = market.leg(slot)
        size: int = ledger.legs[leg + SIZE]
        most = max(0, size if side == SELL else -size)
        offered = 0
        for plan in group.resting.values():
            order = market.book.find(plan.order_id)
            if order == 0 or words[order + FLAGS] & REDUCES_BIT == 0 or words[order + FLAGS] & SIDE_MASK != side:
                raise InvariantError(f"order {plan.order_id}: expected a live order of its side that only reduces")
            open_lots: int = whole_open(market.book, order)
            offered += open_lots
            if open_lots > most:
                raise InvariantError(
                    f"order {plan.order_id}: expected at most the position of {size}, found {open_lots}"
                )
        if are_cut_together and offered > most:
            account = ledger.account_ids[slot]
            raise InvariantError(
                f"account {account}: expected reduce-only orders of at most its position of {size}, found {offered}"
            )
        counted: int = ledger.legs[leg + BUY_REDUCING] if side == BUY else ledger.legs[leg + SELL_REDUCING]
        if counted != offered:
            raise InvariantError(f"slot {slot}: expected {offered} lots of orders that only reduce, found {counted}")


def _check_none_else_reduces(market: Market, ledger: Ledger) -> None:
    """No leg counts lots of orders that only reduce where there are none."""
    slot: i64 = FIRST_SLOT
    while slot < ledger.slot_count:
        leg = market.leg(slot)
        if leg != 0:
            for side, counted in ((BUY, ledger.legs[leg + BUY_REDUCING]), (SELL, ledger.legs[leg + SELL_REDUCING])):
                if counted != 0 and 2 * slot + side not in market.reducers:
                    raise InvariantError(f"slot {slot}: expected no lots of orders that only reduce, found {counted}")
        slot += 1


def _check_not_crossed(market: Market) -> None:
    """A bid may reach an ask only where both are the recorded market's: the recording may cross before an open."""
    bids, asks = market.book.bids, market.book.asks
    if bids.best == 0 or asks.best == 0 or not market.is_continuous:
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
    bought = _open_by_slot(market, market.book.bids, BUY)
    sold = _open_by_slot(market, market.book.asks, SELL)
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


def _open_by_slot(market: Market, side: LevelIndex, queued: i64) -> dict[int, tuple[int, int]]:
    """Return the open lots and notional of each account slot on one side, market orders for an auction included."""
    words = market.book.orders.words
    totals: dict[int, tuple[int, int]] = {}
    level = side.best
    while level != 0:
        order = side.levels[level + HEAD]
        while order != 0:
            slot: int = words[order + OWNER] >> 32
            lots, notional = totals.get(slot, (0, 0))
            open_lots: int = whole_open(market.book, order)
            more = _reserved(market, order, open_lots, words[order + PRICE])
            totals[slot] = (lots + open_lots, notional + more)
            order = words[order + NEXT]
        level = side.next_worse(level)
    order = market.book.queue.oldest(queued)
    while order != 0:
        owner_slot: int = words[order + OWNER] >> 32
        lots, notional = totals.get(owner_slot, (0, 0))
        more = _reserved(market, order, words[order + OPEN], words[order + TRIGGER])
        totals[owner_slot] = (lots + words[order + OPEN], notional + more)
        order = words[order + NEXT]
    return totals


def _reserved(market: Market, order: i64, lots: int, price: int) -> int:
    """Return the notional for which an order's account needs margin: none for one that only reduces."""
    if market.book.orders.words[order + FLAGS] & REDUCES_BIT != 0:
        return 0
    return market.valuation.notional(lots, price)
