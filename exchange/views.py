"""What a person or a strategy looks at: live views of books, accounts and the fund. They read; they change nothing.

Views make Python objects and cost accordingly; the engine never uses them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from exchange.accounts.ledger import (
    COST,
    FUND_SLOT,
    LIQUIDATING,
    MARKET,
    NEXT_LEG,
    RECORDED_SLOT,
    SIZE,
)
from exchange.book.level_index import HEAD, LOTS, ORDERS, RANK
from exchange.book.order_pool import (
    ASLEEP_BIT,
    FILLED,
    FLAGS,
    HIDDEN,
    ICEBERG_BIT,
    KIND_MASK,
    KIND_SHIFT,
    LEVEL,
    LINKED_BIT,
    NEXT,
    OPEN,
    ORDER_ID,
    OWNER,
    POST_ONLY_BIT,
    PRICE,
    SIDE_MASK,
    SOURCE_MASK,
    SOURCE_SHIFT,
    TAKE_PROFIT_BIT,
    TIF_MASK,
    TIF_SHIFT,
    TRIGGER,
    is_waiting,
)
from exchange.enums import (
    BY_LAST,
    BY_VENUE,
    INSURANCE_FUND,
    RECORDED_MARKET,
    OrderEffect,
    OrderKind,
    Phase,
    Side,
    TimeInForce,
    TriggerSource,
)
from exchange.errors import ConfigError
from exchange.units import MAX_ACCOUNT

if TYPE_CHECKING:
    from exchange.book.level_index import LevelIndex
    from exchange.exchange import Exchange
    from exchange.instrument import Instrument
    from exchange.market import Market
    from exchange.triggers.plan import Bracket
    from exchange.triggers.trail import Trail


class Level(NamedTuple):
    """Total of what the resting orders at one price show."""

    price_ticks: int
    qty_lots: int
    order_count: int


class LiveBracket(NamedTuple):
    """What an entry order brings as it fills. Prices as in `BracketTerms`; 0: that side is left out.

    order_ids: of the newest pair that it has brought, live or not: the take-profit's, then the stop-loss's.
    """

    take_profit_ticks: int
    take_profit_limit_ticks: int
    stop_loss_ticks: int
    stop_loss_limit_ticks: int
    order_ids: tuple[int, ...]


class LiveTrail(NamedTuple):
    """How a trailing stop follows its price, as in `PlaceTrailingStop`. Asleep: it has no trigger yet."""

    distance: int
    is_ppm: bool
    step_ticks: int
    limit_offset_ticks: int
    activation_ticks: int
    is_asleep: bool


class LiveOrder(NamedTuple):
    """A resting order or a pending stop, as it stands now.

    open_lots: all of it; hidden_lots: what of it an iceberg does not show; display_lots: what it shows at most, 0: all.
    expires_ns: 0 where no time ends it. effect: an order that had to close a position and rests is REDUCE_ONLY.
    trigger_source: the price that a pending stop or take-profit watches, also where the venue's rule says so; VENUE for
    other orders. linked_order_id: the order that is cancelled with it, 0: none. brought_by: the entry order whose
    bracket this is of, 0: none.
    """

    order_id: int
    account: int
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    post_only: bool
    price_ticks: int
    open_lots: int
    filled_lots: int
    trigger_ticks: int
    is_resting: bool
    hidden_lots: int = 0
    expires_ns: int = 0
    display_lots: int = 0
    effect: OrderEffect = OrderEffect.ANY
    trigger_source: TriggerSource = TriggerSource.VENUE
    linked_order_id: int = 0
    brought_by: int = 0
    bracket: LiveBracket | None = None
    trail: LiveTrail | None = None


class LevelChange(NamedTuple):
    """The new total at a price; zero lots when the level is gone."""

    side: Side
    price_ticks: int
    qty_lots: int


class Position(NamedTuple):
    """An account's position in one instrument. cost, value and unrealized are money; value is at mark."""

    instrument: int
    size_lots: int
    cost: int
    value: int
    unrealized: int
    maintenance: int


class Pocket(NamedTuple):
    """The margin of one isolated position, with nothing else behind it. added: by hand, less what was taken out."""

    instrument: int
    balance: int
    equity: int
    maintenance: int
    initial_margin: int
    added: int
    is_in_liquidation: bool


class BookView:
    """The book of one instrument: L1 (`best_bid`, `best_ask`), L2 (`depth`, `changes`) and L3 (`orders`, `stops`)."""

    def __init__(self, exchange: Exchange, instrument: Instrument) -> None:
        """Look at one instrument of a venue."""
        self._market: Market = exchange.markets[exchange.instruments.index(instrument)]
        self._deleverager = exchange.deleverager
        self.instrument = instrument
        self._seen: dict[tuple[Side, int], int] = {}

    def best_bid(self) -> tuple[int, int] | None:
        """Return (price, lots) of the best bid level, or None."""
        return next(((level.price_ticks, level.qty_lots) for level in self._levels(Side.BUY)), None)

    def best_ask(self) -> tuple[int, int] | None:
        """Return (price, lots) of the best ask level, or None."""
        return next(((level.price_ticks, level.qty_lots) for level in self._levels(Side.SELL)), None)

    def depth(self, count: int | None = None) -> tuple[list[Level], list[Level]]:
        """Return the best `count` levels (all when None) of bids and of asks, best first."""
        return self._depth(Side.BUY, count), self._depth(Side.SELL, count)

    def changes(self, count: int | None = None) -> list[LevelChange]:
        """Return what changed among the best `count` levels since this view's last call: bids first, best first.

        The first call returns the whole depth. Applying the changes in order to a copy of the depth keeps it equal.
        """
        now = {
            (side, level.price_ticks): level.qty_lots
            for side, levels in zip(Side, self.depth(count), strict=True)
            for level in levels
        }
        gone = [LevelChange(side, price, 0) for side, price in self._seen if (side, price) not in now]
        new = [
            LevelChange(side, price, lots)
            for (side, price), lots in now.items()
            if self._seen.get((side, price)) != lots
        ]
        self._seen = now
        return sorted(gone + new, key=lambda change: (change.side, change.price_ticks * (2 * change.side - 1)))

    def deleveraging_lights(self, side: Side) -> dict[int, int]:
        """Return who of one side (BUY: the longs) may be deleveraged, in the order of the venue's rules.

        By account id: 1 in the first fifth of all their lots to 5 in the last. O(accounts).
        """
        return dict(self._deleverager.queue_lights(self._market, side == Side.BUY))

    def orders(self, side: Side) -> Iterator[LiveOrder]:
        """Yield the resting orders of a side, best level first, oldest first. Not to be used across commands."""
        index = self._side(side)
        words = self._market.book.orders.words
        level = index.best
        while level != 0:
            order = index.levels[level + HEAD]
            while order != 0:
                yield self._live_order(order)
                order = words[order + NEXT]
            level = index.next_worse(level)

    def stops(self, side: Side) -> Iterator[LiveOrder]:
        """Yield the pending stops of a side: by watched price, those that wait for a rise first, nearest first."""
        book = self._market.book
        words = book.orders.words
        for index in [book.stops, *(watch.stops for watch in self._market.watches)]:
            for order in index.asleep:
                if words[order + FLAGS] & SIDE_MASK == side:
                    yield self._live_order(order)
            for queue in [*index.rising.values(), *reversed(index.falling.values())]:
                order = queue[0]
                while order != 0:
                    if words[order + FLAGS] & SIDE_MASK == side:
                        yield self._live_order(order)
                    order = words[order + NEXT]

    def order(self, order_id: int) -> LiveOrder | None:
        """Return a live order by its id, or None."""
        order = self._market.book.find(order_id)
        return self._live_order(order) if order != 0 else None

    @property
    def live_order_count(self) -> int:
        """How many orders are live, pending stops included."""
        return self._market.book.orders.count

    @property
    def phase(self) -> Phase:
        """How the instrument trades now."""
        return Phase(self._market.phase)

    def market_orders(self, side: Side) -> Iterator[LiveOrder]:
        """Yield the market orders of a side that wait for an auction, oldest first. Not to be used across commands."""
        order = self._market.book.queue.oldest(side)
        while order != 0:
            yield self._live_order(order)
            order = self._market.book.orders.words[order + NEXT]

    @property
    def last_trade(self) -> int | None:
        """Price of the last trade."""
        return self._market.last if self._market.has_last else None

    @property
    def mark_price(self) -> int | None:
        """The mark price."""
        return self._market.mark if self._market.has_mark else None

    def check(self) -> None:
        """Raise InvariantError where the book disagrees with itself."""
        self._market.book.check()

    def _side(self, side: Side) -> LevelIndex:
        return self._market.book.bids if side == Side.BUY else self._market.book.asks

    def _levels(self, side: Side) -> Iterator[Level]:
        index = self._side(side)
        level = index.best
        while level != 0:
            words = index.levels
            yield Level(words[level + RANK] * index.sign, words[level + LOTS], words[level + ORDERS])
            level = index.next_worse(level)

    def _depth(self, side: Side, count: int | None) -> list[Level]:
        levels: list[Level] = []
        for level in self._levels(side):
            if count is not None and len(levels) >= count:
                break
            levels.append(level)
        return levels

    def _live_order(self, order: int) -> LiveOrder:
        words = self._market.book.orders.words
        flags = words[order + FLAGS]
        terms = self._market.book.terms_of(order)
        time_in_force = flags >> TIF_SHIFT & TIF_MASK
        if terms is not None and terms.time_in_force != 0:
            time_in_force = terms.time_in_force
        hidden = words[order + HIDDEN] if flags & ICEBERG_BIT else 0
        kind = flags >> KIND_SHIFT & KIND_MASK
        waits = is_waiting(words, order)
        plan = self._market.plans.get(words[order + ORDER_ID]) if flags & LINKED_BIT else None
        partner = None if plan is None else plan.partner
        return LiveOrder(
            order_id=words[order + ORDER_ID],
            account=words[order + OWNER] & 0xFFFFFFFF,
            side=Side(flags & SIDE_MASK),
            kind=OrderKind(kind + (2 if flags & TAKE_PROFIT_BIT else 0)),
            time_in_force=TimeInForce(time_in_force),
            post_only=bool(flags & POST_ONLY_BIT),
            price_ticks=words[order + PRICE],
            open_lots=words[order + OPEN] + hidden,
            filled_lots=words[order + FILLED],
            trigger_ticks=words[order + TRIGGER] if kind != OrderKind.MARKET else 0,
            is_resting=words[order + LEVEL] != 0,
            hidden_lots=hidden,
            expires_ns=terms.expires_ns if terms is not None else 0,
            display_lots=terms.display if terms is not None else 0,
            effect=OrderEffect(plan.effect) if plan is not None else OrderEffect.ANY,
            trigger_source=TriggerSource((flags >> SOURCE_SHIFT & SOURCE_MASK) + BY_LAST if waits else BY_VENUE),
            linked_order_id=partner.order_id if partner is not None else 0,
            brought_by=plan.brought_by if plan is not None else 0,
            bracket=_live_bracket(plan.bracket) if plan is not None else None,
            trail=_live_trail(plan.trail, bool(flags & ASLEEP_BIT)) if plan is not None else None,
        )


def _live_bracket(bracket: Bracket | None) -> LiveBracket | None:
    if bracket is None:
        return None
    return LiveBracket(
        bracket.take_profit,
        bracket.take_profit_limit,
        bracket.stop_loss,
        bracket.stop_loss_limit,
        tuple(child.order_id for child in bracket.children),
    )


def _live_trail(trail: Trail | None, is_asleep: bool) -> LiveTrail | None:
    if trail is None:
        return None
    return LiveTrail(trail.distance, trail.is_ppm, trail.step, trail.limit_offset, trail.activation, is_asleep)


class AccountView:
    """One account's money and positions, at present marks.

    What is said of money leaves isolated positions out, which have their own: `pockets`. `positions` has them all.
    """

    def __init__(self, exchange: Exchange, account: int) -> None:
        """Look at one account; 0 is the recorded market, -1 the insurance fund."""
        self._exchange = exchange
        self.account = account
        if account in (RECORDED_MARKET, INSURANCE_FUND):
            self._slot = RECORDED_SLOT if account == RECORDED_MARKET else FUND_SLOT
            return
        self._slot = exchange.ledger.find(account) if account in range(1, MAX_ACCOUNT + 1) else 0
        if self._slot == 0:
            raise ConfigError(f"expected an account that has deposited, found {account!r}")

    @property
    def balance(self) -> int:
        """Deposits + realized profit - fees."""
        return self._exchange.ledger.balances[self._slot]

    @property
    def cash(self) -> int:
        """Money: the balance without what was paid for assets (legs of spot instruments). Negative: owed."""
        return self._exchange.clearing.assets.cash(self._slot)

    @property
    def debts(self) -> int:
        """Money owed, interest included, and the value at mark of assets owed."""
        return self._exchange.matcher.borrowing.debts(self._slot)

    @property
    def margin_level_ppm(self) -> int | None:
        """Assets / debts in parts per million, rounded down; None without debts."""
        return self._exchange.matcher.borrowing.margin_level(self._slot) if self.debts > 0 else None

    @property
    def equity(self) -> int:
        """Balance + unrealized profit."""
        return self._exchange.clearing.equity(self._slot)

    @property
    def maintenance(self) -> int:
        """Equity below this is liquidated."""
        return self._exchange.clearing.maintenance(self._slot)

    @property
    def initial_margin(self) -> int:
        """Equity needed to add risk, resting orders included."""
        return self._exchange.clearing.initial_margin(self._slot)

    @property
    def debt(self) -> int:
        """What it owes for a deficit, interest included; its next deposits repay it."""
        return self._exchange.ledger.debts[self._slot]

    @property
    def is_in_liquidation(self) -> bool:
        """Whether the engine is selling its position."""
        return self._exchange.ledger.states[self._slot] == LIQUIDATING

    def positions(self) -> list[Position]:
        """Return the positions, ascending by instrument, a long before a short; flat ones left out."""
        found = self._positions_of(self._slot)
        for _, pocket in self._pocket_slots():
            found += self._positions_of(pocket)
        return sorted(found, key=lambda held: held.instrument)

    def pockets(self) -> list[Pocket]:
        """Return the margin of each isolated position, ascending by instrument; those of flat ones, too."""
        ledger, clearing = self._exchange.ledger, self._exchange.clearing
        return [
            Pocket(
                market.instrument,
                ledger.balances[slot],
                clearing.equity(slot),
                clearing.maintenance(slot),
                clearing.initial_margin(slot),
                self._exchange.pockets.added.get(slot, 0),
                ledger.states[slot] == LIQUIDATING,
            )
            for market, slot in self._pocket_slots()
        ]

    def is_hedged(self, instrument: int) -> bool:
        """Return whether the account may hold a long and a short in an instrument at once."""
        index = self._exchange.gateway.market_of_instrument[instrument] - 1
        return self._exchange.pockets.is_hedged(self._exchange.markets[index], self._slot)

    def _pocket_slots(self) -> list[tuple[Market, int]]:
        if self._exchange.ledger.modes[self._slot] == 0:
            return []
        return [
            (market, market.pockets[self._slot]) for market in self._exchange.markets if self._slot in market.isolated
        ]

    def _positions_of(self, slot: int) -> list[Position]:
        ledger, clearing = self._exchange.ledger, self._exchange.clearing
        found: list[Position] = []
        leg = ledger.first_legs[slot]
        while leg != 0:
            size = ledger.legs[leg + SIZE]
            if size != 0:
                cost, value = ledger.legs[leg + COST], clearing.leg_value(leg)
                instrument = self._exchange.markets[ledger.legs[leg + MARKET]].instrument
                found.append(Position(instrument, size, cost, value, value - cost, clearing.leg_maintenance(leg)))
            leg = ledger.legs[leg + NEXT_LEG]
        return found


class FundView:
    """The insurance fund and the venue's other money."""

    def __init__(self, exchange: Exchange) -> None:
        """Look at the venue's own accounts."""
        self._exchange = exchange

    @property
    def balance(self) -> int:
        """Money in the insurance fund."""
        return self._exchange.ledger.balances[FUND_SLOT]

    @property
    def fees(self) -> int:
        """Trading fees collected, rebates deducted."""
        return self._exchange.ledger.fees

    @property
    def venue_loss(self) -> int:
        """Deficits that nobody paid."""
        return self._exchange.ledger.venue_loss

    @property
    def deferred(self) -> int:
        """Deficits that wait for the end of the session."""
        return self._exchange.ledger.deferred

    @property
    def debts(self) -> int:
        """What accounts owe the venue for their deficits, without interest."""
        return self._exchange.ledger.debt_outstanding

    @property
    def written_off(self) -> int:
        """Deficits and debts that the venue forgave."""
        return self._exchange.ledger.written_off

    def of(self, instrument: int) -> int:
        """Return the fund of one instrument; of all where the venue has one fund. Raises ConfigError for an unknown."""
        for market in self._exchange.markets:
            if market.instrument == instrument:
                return self._exchange.waterfall.fund.balance_of(market.index)
        raise ConfigError(f"expected an instrument of the venue, found {instrument}")

    def positions(self) -> list[Position]:
        """Return what the fund took over."""
        return AccountView(self._exchange, INSURANCE_FUND).positions()
