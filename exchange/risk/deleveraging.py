"""Auto-deleveraging: a liquidated position closed against positions of the other side, without the book.

Both sides are filled at a price of the venue's rules, so open interest only ever falls. The recorded market, the fund
and accounts in liquidation are never candidates. A queue of candidates is built once per step (command or timed task),
instrument, side and mark, in O(accounts); its scores are those of that moment, its lots those of the moment of use.
Rules: docs/semantics/waterfall.md.
"""

from typing import Final, final

from mypy_extensions import i64

from exchange.accounts.clearing import Clearing
from exchange.accounts.fund_money import credit_fund
from exchange.accounts.ledger import COST, FILL_SLOT, FIRST_SLOT, LIQUIDATING, OWNER_SLOT, SIZE, Ledger
from exchange.desks.order_desk import OrderDesk
from exchange.errors import PolicyError
from exchange.event_log import EventLog
from exchange.margin.fees import trading_fee
from exchange.margin.prices import share_of_equity
from exchange.market import Market
from exchange.policies import Policies
from exchange.records import (
    CANCEL_DELEVERAGED,
    DELEVERAGE_BY_LARGEST,
    DELEVERAGE_BY_PRO_RATA,
    DELEVERAGE_BY_RANDOM,
    DELEVERAGE_BY_RANK,
    SCORE_CUSTOM,
    SCORE_PROFIT,
    SCORE_PROFIT_LEVERAGE,
    SCORE_RETURN_LEVERAGE,
    SCORE_SIZE,
    SCORE_VALUE_RATIO,
    write_deleveraging_started,
    write_position_deleveraged,
)
from exchange.risk.deleveraging_rank import (
    MAX_SCORE,
    can_close_at,
    fill_in_order,
    fill_pro_rata,
    first_place,
    largest,
    lights,
    may_close_at_oracle,
    profit_leverage_score,
    profit_score,
    ramp_lots,
    rank,
    return_leverage_score,
    split_price,
    value_ratio_score,
    wallet_ratio_score,
)
from exchange.rules import DeleveragingRules
from exchange.rules.waterfall import DELEVERAGING_SCORES

BOTH_SIDES: Final = 2
_ORDERS: Final = ("rank", "pro_rata", "random", "largest")


@final
class DeleveragingQueue:
    """Candidates of one side of a market, in the order in which they are closed."""

    def __init__(self) -> None:
        """Start empty."""
        self.slots: list[int] = []
        self.scores: list[int] = []
        self.lights: list[int] = []
        self.next: i64 = 0  # those before it are used up
        self.step: i64 = -1
        self.mark: i64 = 0


@final
class Deleverager:
    """Closes positions against each other."""

    def __init__(
        self,
        rules: DeleveragingRules,
        policies: Policies,
        log: EventLog,
        ledger: Ledger,
        clearing: Clearing,
        markets: list[Market],
        desk: OrderDesk,
    ) -> None:
        """Copy the rules; share the venue's parts. Raises ConfigError for a custom score that nobody registered."""
        self.log = log
        self.ledger = ledger
        self.clearing = clearing
        self.desk = desk
        self.order: i64 = _ORDERS.index(rules.order)
        is_custom = rules.score not in DELEVERAGING_SCORES
        self.score: i64 = SCORE_CUSTOM if is_custom else DELEVERAGING_SCORES.index(rules.score)
        self.custom_score = policies.deleveraging_score(rules.score) if is_custom else None
        self.score_name: str = rules.score
        self.takes_any: bool = rules.candidates == "any"
        self.needs_overlap: bool = rules.overlap
        self.min_lots: int = rules.min_lots
        self.largest: int = rules.largest
        self.seed: int = rules.seed
        self.is_at_mark: bool = rules.price == "mark"
        self.is_split: bool = rules.price == "split"
        self.split_ppm: int = rules.split_ppm
        self.refuses_negative: bool = rules.refuse_negative
        self.ramp_ppm: int = rules.ramp_ppm
        self.cancels_orders: bool = rules.cancel_orders
        self.fee_ppm: int = rules.fee_ppm
        self.draws: int = 0  # of the seeded stream so far
        # Of each market the longs, then the shorts.
        self.queues: list[DeleveragingQueue] = [DeleveragingQueue() for _ in range(2 * len(markets))]

    def offset(self, market: Market, slot: i64, leg: i64, liquidation: i64, lots: int, price: i64) -> int:
        """Close `lots` (> 0) of a leg against the other side; return how many no candidate was found for.

        slot: the one that the leg's fills run under. price: the leg's bankruptcy price; the rules may put mark, or a
        split, in its place. Nothing is written where nothing can be closed.
        """
        clearing = self.clearing
        if market.is_spot:
            return lots  # what is held there has no other side
        size: int = self.ledger.legs[leg + SIZE]
        wanted = min(lots, abs(size))
        is_long = size > 0
        owner = self.ledger.legs[leg + OWNER_SLOT]
        if self.refuses_negative and clearing.equity(owner) < 0:
            return lots
        if self.ramp_ppm != 0:
            share = self._leg_equity(leg)
            wanted = min(wanted, ramp_lots(abs(size), share, abs(clearing.leg_value(leg)), self.ramp_ppm))
        if self.is_at_mark and market.has_mark:
            price = market.mark
        other_price = price
        if self.is_split and market.has_mark:
            other_price = split_price(price, market.mark, self.split_ppm, is_long)
        queue = self._queue(market, not is_long)
        places, open_lots = self._usable(market, queue, not is_long, other_price, wanted)
        if wanted == 0 or len(places) == 0:
            return lots
        parts = self._parts(places, open_lots, wanted)
        write_deleveraging_started(
            self.log,
            market.instrument,
            self.ledger.account_ids[slot],
            liquidation,
            wanted if is_long else -wanted,
            price,
            market.mark,
            self._places_left(market, queue, not is_long),
            self.score,
            self.order,
        )
        closed = 0
        clearing.mark_dirty(owner)
        for place, part in parts:
            fill_slot = self.ledger.legs[leg + FILL_SLOT]
            self._close(market, fill_slot, queue, place, part if is_long else -part, price, other_price, liquidation)
            closed += part
        return lots - closed

    def _close(
        self,
        market: Market,
        slot: i64,
        queue: DeleveragingQueue,
        place: int,
        size: int,
        price: i64,
        other_price: i64,
        liquidation: i64,
    ) -> None:
        """Move `size` lots, as the liquidated account holds them, to the account at a place of the queue."""
        ledger, clearing = self.ledger, self.clearing
        other: i64 = queue.slots[place]
        owner = ledger.legs[market.leg(other) + OWNER_SLOT]
        account = ledger.account_ids[other]
        if self.cancels_orders:
            self.desk.mass_cancel(market, other, BOTH_SIDES, CANCEL_DELEVERAGED, liquidation)
        value = market.valuation.value(size, price)
        other_value = market.valuation.value(size, other_price)
        realized = clearing.change_position(market, slot, -size, -value)
        other_realized = clearing.change_position(market, other, size, other_value)
        credit_fund(ledger, market, other_value - value)  # >= 0: a split is never beyond the bankruptcy price.
        fee = trading_fee(abs(other_value), self.fee_ppm)
        ledger.fees += fee
        ledger.post(owner, -fee)
        clearing.mark_dirty(owner)
        write_position_deleveraged(
            self.log,
            market.instrument,
            account,
            liquidation,
            -size,
            other_price,
            queue.scores[place],
            place + 1,
            queue.lights[place],
        )
        clearing.write_position(market, slot, realized, 0)
        clearing.write_position(market, other, other_realized, fee)

    # --- the queue ---------------------------------------------------------------------------------------------

    def queue_lights(self, market: Market, is_long: bool) -> list[tuple[int, int]]:
        """Return account id and light (1 the first fifth to be closed) of one side now, in the order of the rules."""
        queue = self._built(market, is_long)
        return [(self.ledger.account_ids[slot], light) for slot, light in zip(queue.slots, queue.lights, strict=True)]

    def _queue(self, market: Market, is_long: bool) -> DeleveragingQueue:
        """Return the candidates of a side, built at most once per step and mark."""
        at = 2 * market.index + (0 if is_long else 1)
        queue = self.queues[at]
        if queue.step != self.log.step or queue.mark != market.mark:
            queue = self._built(market, is_long)
            self.queues[at] = queue
        return queue

    def _built(self, market: Market, is_long: bool) -> DeleveragingQueue:
        ledger = self.ledger
        slots: list[int] = []
        accounts: list[int] = []
        sizes: list[int] = []
        scores: list[int] = []
        slot: i64 = FIRST_SLOT
        while slot < ledger.slot_count:
            leg = market.leg(slot)
            if leg != 0 and self._is_candidate(leg, is_long):
                size: int = ledger.legs[leg + SIZE]
                slots.append(slot)
                accounts.append(ledger.account_ids[slot])
                sizes.append(abs(size))
                scores.append(self._score(leg))
            slot += 1
        if self.order == DELEVERAGE_BY_LARGEST:
            places = largest(accounts, sizes, self.largest)
        elif self.order == DELEVERAGE_BY_RANDOM:
            places = rank(accounts, [0] * len(accounts))  # by account: each walk draws where it begins
        else:
            places = rank(accounts, scores)
        queue = DeleveragingQueue()
        queue.slots = [slots[place] for place in places]
        queue.scores = [scores[place] for place in places]
        queue.lights = lights([sizes[place] for place in places])
        queue.step = self.log.step
        queue.mark = market.mark
        return queue

    def _is_candidate(self, leg: i64, is_long: bool) -> bool:
        """Return whether a position may be closed against a liquidation of the other side, whatever the price."""
        ledger = self.ledger
        slot = ledger.legs[leg + OWNER_SLOT]
        size: int = ledger.legs[leg + SIZE]
        if (size > 0) != is_long or abs(size) < self.min_lots or ledger.states[ledger.homes[slot]] == LIQUIDATING:
            return False
        cost: int = ledger.legs[leg + COST]
        if not self.takes_any and self.clearing.leg_value(leg) <= cost:
            return False
        return not self.refuses_negative or may_close_at_oracle(0, self.clearing.equity(slot))

    def _score(self, leg: i64) -> int:
        clearing = self.clearing
        slot = self.ledger.legs[leg + OWNER_SLOT]
        size: int = self.ledger.legs[leg + SIZE]
        cost: int = self.ledger.legs[leg + COST]
        value = clearing.leg_value(leg)
        if self.score == SCORE_SIZE:
            return abs(size)
        if self.score == SCORE_PROFIT:
            return profit_score(size, cost, value)
        if self.score == SCORE_PROFIT_LEVERAGE:
            return profit_leverage_score(cost, value, self._leg_equity(leg))
        if self.score == SCORE_RETURN_LEVERAGE:
            return return_leverage_score(cost, value, clearing.leverage(leg))
        balance: int = self.ledger.balances[self.ledger.homes[slot]]
        equity = clearing.equity(slot)
        if self.score == SCORE_VALUE_RATIO:
            return value_ratio_score(cost, value, equity)
        maintenance = clearing.maintenance(slot)
        custom = self.custom_score
        if custom is None:
            return wallet_ratio_score(equity - balance, balance, maintenance)
        share = self._leg_equity(leg)
        where = f"rules.deleveraging.score {self.score_name!r}"
        try:
            found: object = custom(size, cost, value, balance, equity, maintenance, share, clearing.leverage(leg))
        except Exception as error:  # it is a stranger's code
            raise PolicyError(f"{where}: expected an integer, found that it raised {error!r}", error) from error
        if not isinstance(found, int) or isinstance(found, bool):
            raise PolicyError(f"{where}: expected an integer, found {found!r}")
        return max(-MAX_SCORE, min(MAX_SCORE, found))

    def _leg_equity(self, leg: i64) -> int:
        clearing = self.clearing
        slot = self.ledger.legs[leg + OWNER_SLOT]
        return share_of_equity(clearing.equity(slot), clearing.leg_maintenance(leg), clearing.maintenance(slot))

    def _usable(
        self, market: Market, queue: DeleveragingQueue, is_long: bool, price: i64, wanted: int
    ) -> tuple[list[int], list[int]]:
        """Return the places of those that may still be closed, and their lots, as many as `wanted` needs.

        One that can no longer be is passed by; the used-up start of a queue is not looked at again.
        """
        if self.order == DELEVERAGE_BY_RANDOM:
            return self._drawn(market, queue, is_long, price, wanted)
        takes_all = self.order == DELEVERAGE_BY_PRO_RATA or self.order == DELEVERAGE_BY_LARGEST
        places: list[int] = []
        sizes: list[int] = []
        found = 0
        is_at_start = True
        place = queue.next
        count: i64 = len(queue.slots)
        while place < count and (takes_all or found < wanted):
            slot: i64 = queue.slots[place]
            leg = market.leg(slot)
            if not self._is_candidate(leg, is_long):
                if is_at_start:
                    queue.next = place + 1
            else:
                is_at_start = False
                if not self.needs_overlap or self._can_close(market, leg, price):
                    size: int = self.ledger.legs[leg + SIZE]
                    places.append(place)
                    sizes.append(abs(size))
                    found += abs(size)
            place += 1
        return places, sizes

    def _places_left(self, market: Market, queue: DeleveragingQueue, is_long: bool) -> int:
        """Return the places that are not used up; where everybody takes part, those that are candidates still."""
        if self.order == DELEVERAGE_BY_RANK or self.order == DELEVERAGE_BY_RANDOM:
            return len(queue.slots) - queue.next
        left = 0
        for slot in queue.slots:
            if self._is_candidate(market.leg(slot), is_long):
                left += 1
        return left

    def _drawn(
        self, market: Market, queue: DeleveragingQueue, is_long: bool, price: i64, wanted: int
    ) -> tuple[list[int], list[int]]:
        """Do as `_usable`, from a place that is drawn, once around."""
        count: i64 = len(queue.slots)
        place: i64 = first_place(count, self.seed, self.draws)
        self.draws += 1
        places: list[int] = []
        sizes: list[int] = []
        found = 0
        seen: i64 = 0
        while seen < count and found < wanted:
            slot: i64 = queue.slots[place]
            leg = market.leg(slot)
            is_usable = self._is_candidate(leg, is_long)
            if is_usable and (not self.needs_overlap or self._can_close(market, leg, price)):
                size: int = self.ledger.legs[leg + SIZE]
                places.append(place)
                sizes.append(abs(size))
                found += abs(size)
            seen += 1
            place = place + 1 if place + 1 < count else 0
        return places, sizes

    def _can_close(self, market: Market, leg: i64, price: i64) -> bool:
        size: int = self.ledger.legs[leg + SIZE]
        at_price = market.valuation.value(size, price)
        return can_close_at(self.clearing.leg_value(leg), at_price, self._leg_equity(leg))

    def _parts(self, places: list[int], sizes: list[int], wanted: int) -> list[tuple[int, int]]:
        """Return place and lots of each that is closed."""
        if self.order == DELEVERAGE_BY_RANK or self.order == DELEVERAGE_BY_RANDOM:
            parts = fill_in_order(wanted, sizes)
        else:
            parts = fill_pro_rata(wanted, sizes)
        return [(place, part) for place, part in zip(places, parts, strict=True) if part > 0]
