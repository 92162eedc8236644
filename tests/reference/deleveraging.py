"""Positions of the other side closed without the book (waterfall.md, section 1)."""

from dataclasses import dataclass, field

from exchange.enums import CancelReason, DeleveragingOrder, DeleveragingScore
from exchange.errors import InvariantError
from exchange.events import DeleveragingStarted, PositionDeleveraged
from exchange.rules import Rules
from exchange.units import random_below
from tests.reference.book import Book
from tests.reference.clearing import PPM, Account, Clearing, ceil_div, sign
from tests.reference.journal import Journal

PPB = 1_000_000_000
MOST = 2**61 - 1


@dataclass(eq=False)
class Place:
    """One position in a queue, as it was when the queue was built."""

    account: Account
    score: int
    lots: int
    rank: int = 0
    light: int = 0
    is_used: bool = False


@dataclass(eq=False)
class Queue:
    """One side of one instrument."""

    mark: int | None
    places: list[Place] = field(default_factory=list)


class Deleveraging:
    """Chooses who is closed, and closes them."""

    def __init__(self, rules: Rules, clearing: Clearing, books: dict[int, Book], journal: Journal) -> None:
        self.rules = rules.deleveraging
        self.score_kind = DeleveragingScore[self.rules.score.upper()]
        self.clearing = clearing
        self.books = books
        self.journal = journal
        self.queues: dict[tuple[int, int], Queue] = {}  # of this step, by instrument and sign of the positions
        self.walks = 0

    def start_step(self) -> None:
        """A command or a timed task begins."""
        self.queues.clear()

    # A position.

    def value(self, account: Account, instrument_id: int) -> int:
        """Return what a leg is worth at mark."""
        return self.clearing.leg_value(account, instrument_id)

    def share(self, account: Account, instrument_id: int) -> int:
        """Return the leg's share of its account's equity."""
        equity, total = self.clearing.equity(account), self.clearing.maintenance(account)
        part = self.clearing.leg_maintenance(account, instrument_id)
        return equity if total in (0, part) else equity * part // total

    def score(self, account: Account, instrument_id: int) -> int:
        """Return the score by the venue's rule."""
        leg = account.legs[instrument_id]
        v, c, share = self.value(account, instrument_id), leg.cost, self.share(account, instrument_id)
        p, equity, balance = v - c, self.clearing.equity(account), account.balance
        match self.score_kind:
            case DeleveragingScore.PROFIT_LEVERAGE if p > 0:
                return ppb(p * abs(v), max(1, abs(c)) * share)
            case DeleveragingScore.PROFIT_LEVERAGE:
                return 0 if share <= 0 else ppb(p * share, max(1, abs(c)) * max(1, abs(v)))
            case DeleveragingScore.PROFIT:
                return ppb(p, max(1, abs(c)))
            case DeleveragingScore.RETURN_LEVERAGE:
                return ppb(p * self.clearing.leverage(account, instrument_id), max(1, abs(c)))
            case DeleveragingScore.WALLET_RATIO:
                gain = max(0, equity - balance) * PPB // max(1, balance)
                return cut_off(gain * self.clearing.maintenance(account) // equity) if equity > 0 else 0
            case DeleveragingScore.VALUE_RATIO if v > 0:
                return ppb(v * v, c * equity)
            case DeleveragingScore.VALUE_RATIO:
                return ppb(-c * abs(v), -v * equity)
        return abs(leg.size)

    # The queue.

    def is_candidate(self, account: Account, instrument_id: int, direction: int) -> bool:
        """Whether a position may be closed at all."""
        size = self.clearing.leg(account, instrument_id).size
        if account.is_in_liquidation or sign(size) != direction or abs(size) < self.rules.min_lots:
            return False
        profit = self.value(account, instrument_id) - account.legs[instrument_id].cost
        if self.rules.candidates == "in_profit" and (instrument_id not in self.clearing.marks or profit <= 0):
            return False
        return not self.rules.refuse_negative or self.clearing.equity(account) >= 0

    def allows(self, account: Account, instrument_id: int, price: int) -> bool:
        """Whether a position's own bankruptcy price allows the price."""
        if not self.rules.overlap:
            return True
        size = account.legs[instrument_id].size
        at_price = self.clearing.value(instrument_id, size, price)
        return self.share(account, instrument_id) + at_price - self.value(account, instrument_id) >= 0

    def queue(self, instrument_id: int, direction: int) -> Queue:
        """Return the queue of this step, made anew where the mark is another."""
        mark = self.clearing.marks.get(instrument_id)
        queue = self.queues.get((instrument_id, direction))
        if queue is None or queue.mark != mark:
            queue = Queue(mark, self.build(instrument_id, direction))
            self.queues[instrument_id, direction] = queue
        return queue

    def build(self, instrument_id: int, direction: int) -> list[Place]:
        """Return the candidates in the order of the rule."""
        places = [
            Place(account, self.score(account, instrument_id), abs(account.legs[instrument_id].size))
            for _, account in sorted(self.clearing.participants.items())
            if self.is_candidate(account, instrument_id, direction)
        ]  # sorting is stable: ties stay by account id
        if self.rules.order in ("rank", "pro_rata"):
            places.sort(key=lambda place: -place.score)
        elif self.rules.order == "largest":
            places.sort(key=lambda place: -place.lots)
            del places[self.rules.largest :]
        total = sum(place.lots for place in places)
        ahead = 0
        for rank, place in enumerate(places, start=1):
            ahead += place.lots
            place.rank, place.light = rank, ceil_div(5 * ahead, total)
        return places

    # Who closes how much.

    def shares(self, queue: Queue, instrument_id: int, wanted: int, price: int) -> list[tuple[Place, int]]:
        """Return the places that are closed, and how many lots of each."""
        places = queue.places
        if self.rules.order == "random":
            start = random_below(self.rules.seed, self.walks, len(places)) if len(places) >= 2 else 0
            self.walks += 1
            places = places[start:] + places[:start]
        if self.rules.order == "rank":
            self.pass_by(places, instrument_id, wanted)
        usable = [place for place in places if self.is_usable(place, instrument_id, price)]
        held = [abs(place.account.legs[instrument_id].size) for place in usable]
        if self.rules.order in ("rank", "random"):
            lots = in_order(wanted, held)
        else:
            lots = pro_rata(wanted, held)
        return [(place, count) for place, count in zip(usable, lots, strict=True) if count > 0]

    def places_left(self, queue: Queue, instrument_id: int) -> int:
        """Return the places that are not used up; where size decides, those that are candidates still."""
        if self.rules.order in ("pro_rata", "largest"):
            return sum(self.is_candidate(place.account, instrument_id, self.direction) for place in queue.places)
        return sum(not place.is_used for place in queue.places)

    def pass_by(self, places: list[Place], instrument_id: int, wanted: int) -> None:
        """Use up the places that a walk by rank meets before the first that is a candidate still."""
        for place in places:
            if wanted <= 0 or self.is_candidate(place.account, instrument_id, self.direction):
                break
            place.is_used = True

    def is_usable(self, place: Place, instrument_id: int, price: int) -> bool:
        """Whether a place of the queue is still a candidate, and allows the price."""
        if place.is_used or not self.is_candidate(place.account, instrument_id, self.direction):
            return False
        return self.allows(place.account, instrument_id, price)

    def most_lots(self, account: Account, instrument_id: int, lots: int) -> int:
        """Return how many lots the rules let be closed at once."""
        ramp = self.rules.ramp_ppm
        size = abs(account.legs[instrument_id].size)
        lots = min(lots, size)
        share, n = self.share(account, instrument_id), abs(self.value(account, instrument_id))
        if ramp == 0 or share <= 0 or n == 0:
            return lots
        if share * PPM >= n * ramp:
            return 0
        return min(lots, ceil_div(size * (n * ramp - share * PPM), n * ramp))

    def prices(self, size: int, instrument_id: int, bankruptcy: int) -> tuple[int, int]:
        """Return the price of the liquidated, and that of the other side."""
        mark = self.clearing.marks.get(instrument_id)
        if mark is None or self.rules.price == "bankruptcy":
            return bankruptcy, bankruptcy
        if self.rules.price == "mark":
            return mark, mark
        distance = max(0, (mark - bankruptcy) * sign(size))
        return bankruptcy, bankruptcy + sign(size) * ceil_div(distance * self.rules.split_ppm, PPM)

    def run(self, account: Account, instrument_id: int, lots: int, bankruptcy: int, liquidation_id: int) -> int:
        """Close lots of a liquidated account against the other side; returns how many."""
        if self.clearing.spot.is_spot(instrument_id):
            return 0
        if self.rules.refuse_negative and self.clearing.equity(account) < 0:
            return 0
        size = account.legs[instrument_id].size
        wanted = self.most_lots(account, instrument_id, lots)  # even for 0 the queue is built and walked
        price, other_price = self.prices(size, instrument_id, bankruptcy)
        self.direction = -sign(size)
        queue = self.queue(instrument_id, self.direction)
        shares = self.shares(queue, instrument_id, wanted, other_price)
        left = self.places_left(queue, instrument_id)
        if not shares:
            return 0
        self.journal.write(
            DeleveragingStarted,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation_id,
            size_lots=sign(size) * wanted,
            price_ticks=price,
            mark_ticks=self.clearing.marks.get(instrument_id, 0),
            candidates=left,
            score=self.score_kind,
            order=DeleveragingOrder[self.rules.order.upper()],
        )
        before = self.open_interest(instrument_id)
        for place, count in shares:
            self.close(account, place, instrument_id, count, price, other_price, liquidation_id)
        closed = sum(count for _, count in shares)
        if self.open_interest(instrument_id) != before - 2 * closed:
            raise InvariantError(f"expected {closed} lots less on both sides")
        return closed

    def open_interest(self, instrument_id: int) -> int:
        """Return the lots of both sides."""
        accounts = (self.clearing.recorded_market, self.clearing.fund, *self.clearing.participants.values())
        return sum(abs(self.clearing.leg(account, instrument_id).size) for account in accounts)

    def close(
        self,
        account: Account,
        place: Place,
        instrument_id: int,
        lots: int,
        price: int,
        other_price: int,
        liquidation_id: int,
    ) -> None:
        """Close one position, whole or in part."""
        other, book, clearing = place.account, self.books[instrument_id], self.clearing
        if self.rules.cancel_orders:
            book.cancel_all(other.account_id, CancelReason.DELEVERAGED, liquidation_id)
        signed = sign(account.legs[instrument_id].size) * lots  # as the liquidated holds them
        value = sign(signed) * clearing.value(instrument_id, lots, price)
        other_value = sign(signed) * clearing.value(instrument_id, lots, other_price)
        realized = clearing.move_position(account, instrument_id, -signed, price)
        other_realized = clearing.move_position(other, instrument_id, signed, other_price)
        clearing.credit_fund(instrument_id, other_value - value)
        fee = ceil_div(abs(other_value) * self.rules.fee_ppm, PPM)
        other.balance -= fee
        clearing.fees += fee
        self.journal.write(
            PositionDeleveraged,
            instrument=instrument_id,
            account=other.account_id,
            liquidation_id=liquidation_id,
            size_lots=-signed,
            price_ticks=other_price,
            score_ppb=place.score,
            rank=place.rank,
            light=place.light,
        )
        clearing.write_position(account, instrument_id, realized, fee=0)
        clearing.write_position(other, instrument_id, other_realized, fee=fee)


def in_order(wanted: int, held: list[int]) -> list[int]:
    """Return the lots of each: whole, one after the other, the last in part."""
    lots = []
    for count in held:
        lots.append(min(count, wanted))
        wanted -= lots[-1]
    return lots


def pro_rata(wanted: int, held: list[int]) -> list[int]:
    """Return the lots of each in proportion; missing ones go to the largest remainders, ties to the earlier place."""
    if sum(held) <= wanted:
        return held
    lots = [wanted * count // sum(held) for count in held]
    by_remainder = sorted(range(len(held)), key=lambda place: -(wanted * held[place] % sum(held)))
    for place in by_remainder[: wanted - sum(lots)]:
        lots[place] += 1
    return lots


def ppb(numerator: int, denominator: int) -> int:
    """Return a fraction in ppb, rounded down, within the limits of a score."""
    return cut_off(numerator * PPB // denominator) if denominator > 0 else MOST


def cut_off(score: int) -> int:
    """Return a score within its limits."""
    return min(max(score, -MOST), MOST)
