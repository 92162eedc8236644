"""One instrument at the venue: its book, its last trade and mark, and where each account's leg in it stands."""

from typing import final

from librt.vecs import vec
from mypy_extensions import i64

from exchange.agenda import Agenda
from exchange.book.allocation import LEFTOVERS
from exchange.book.book import Book
from exchange.enums import MarkSource
from exchange.instrument import Instrument
from exchange.margin.collateral import RateSchedule, haircut_schedule
from exchange.margin.schedule import MarginSchedule
from exchange.margin.valuation import Valuation
from exchange.packed.columns import doubled, new_column
from exchange.packed.threshold_heap import ThresholdHeap
from exchange.pricing.price_feed import PriceFeed
from exchange.records import MARKET_OPEN, MARKET_PAUSED, PHASE_CONTINUOUS
from exchange.triggers.plan import Plan
from exchange.triggers.reducing import Reducing
from exchange.triggers.trail import TrailIndex
from exchange.triggers.watch import Watch


@final
class Market:
    """What changes in one instrument. `index` is its place in the venue, `instrument` its id."""

    leg_of_slot: "vec[i64]"

    def __init__(self, index: i64, facts: Instrument, agenda: Agenda) -> None:
        """Start with an empty book and no price."""
        self.agenda = agenda
        self.index: i64 = index
        self.instrument: i64 = facts.instrument_id
        self.book = Book()
        self.book.index = index
        self.is_pro_rata: bool = facts.allocation.method == "pro_rata"
        self.has_top_order: bool = self.is_pro_rata and facts.allocation.top_order
        self.least_share: int = facts.allocation.minimum_lots
        self.leftovers: int = LEFTOVERS.index(facts.allocation.leftovers)
        self.valuation = Valuation(facts)
        self.schedules: list[MarginSchedule] = []
        for number in range(1 + len(facts.margin_schedules)):
            self.schedules.append(MarginSchedule(facts, number))
        self.schedule: MarginSchedule = self.schedules[0]  # of what is opened now
        self.schedule_number: i64 = 0
        self.tracks_open_interest: bool = any(schedule.open_interest_upper > 0 for schedule in self.schedules)
        self.open_interest: int = 0  # sum of the long sizes, lots; kept where a schedule asks for it
        self.min_price: i64 = facts.min_price_ticks
        self.max_price: i64 = facts.max_price_ticks
        self.has_zero_price: bool = facts.min_price_ticks <= 0 <= facts.max_price_ticks
        # The price at which a size is worth most, whatever its sign: what bounds positions.
        is_low_worse = facts.kind == "inverse" or -facts.min_price_ticks > facts.max_price_ticks
        self.worst_price: i64 = facts.min_price_ticks if is_low_worse else facts.max_price_ticks
        self.is_spot: bool = facts.kind == "spot"
        weights = facts.spot.collateral_weights
        self.haircut: RateSchedule = haircut_schedule([t.ppm for t in weights], [t.up_to for t in weights])
        loans = facts.spot.initial_tiers
        self.loan_initial: RateSchedule = RateSchedule([t.ppm for t in loans], [t.up_to for t in loans])
        self.may_borrow: bool = facts.spot.may_borrow
        self.loan_limit: int = facts.spot.limit_lots
        self.maker_ppm: int = facts.fees.maker_ppm
        self.taker_ppm: int = facts.fees.taker_ppm
        self.liquidation_ppm: int = facts.fees.liquidation_ppm
        self.default_leverage: i64 = facts.default_leverage
        self.max_leverage: i64 = facts.max_leverage
        self.mark_source: i64 = int(MarkSource[facts.mark_source.upper()])

        self.feed = PriceFeed(facts)
        self.watches_trades: bool = self.feed.watches_trades or self.feed.averages_trades
        self.is_settled: bool = False  # for good: it expired, or the operator said so

        self.has_last: bool = False
        self.last: i64 = 0
        self.last_side: i64 = 0  # of the last trade's taker
        # Trades since the stops were last looked at touched low .. high.
        self.is_touched: bool = False
        self.low: i64 = 0
        self.high: i64 = 0
        self.must_look: bool = False  # there are watches or trailing stops
        self.trails: list[TrailIndex] = []  # trailing stops, by series
        self.watches: list[Watch] = []  # other prices that stops wait for, by series
        self.plans: dict[int, Plan] = {}  # of live orders with LINKED_BIT, by order id
        self.reducers: dict[int, Reducing] = {}  # 2 x slot + side -> reduce-only orders that its position cuts
        self.reducer_entries: int = 0  # of them, ever
        self.has_reducers: bool = False
        self.moved_slots: list[int] = []  # whose positions changed since they were last looked at for that
        self.has_mark: bool = False
        self.mark: i64 = 0
        self.is_mark_moved: bool = False  # since breaches were last looked for
        self.active_step: i64 = 0  # the newest step with a trade or a mark update
        self.mover: i64 = 0  # the liquidation whose order traded last ...
        self.mover_step: i64 = 0  # ... and in which step
        self.mark_before: i64 = 0  # the mark as it was when this step began ...
        self.mark_step: i64 = 0  # ... in which the mark last changed; where it had none, the new one
        self.fund_profit: int = 0  # what the fund won and lost here: fees, surpluses, positions, claims
        self.fund_deposits: int = 0  # what was put into the fund of this instrument
        self.state: i64 = MARKET_OPEN
        self.phase: i64 = PHASE_CONTINUOUS
        self.is_continuous: bool = True  # the phase lets orders match as they come ...
        self.can_trade: bool = True  # ... and the state does not make liquidations wait
        self.traded_lots: i64 = 0  # in all matches and reported trades

        # Modes of accounts that have one of their own here (`Ledger.modes` counts them), by main slot ...
        self.has_hedges: bool = False  # an account has been hedged here
        self.isolated: set[int] = set()
        self.hedged: set[int] = set()
        self.pockets: dict[int, int] = {}  # ... and the pocket, kept when the mode is left
        self.aliases: dict[int, int] = {}  # the alias for the short side, by the slot that owns the pair

        self.leg_of_slot = new_column(64)
        self.falling = ThresholdHeap(1)  # legs to look at when the mark falls to their threshold
        self.rising = ThresholdHeap(-1)

    def set_state(self, state: i64) -> None:
        """Take on what the operator allows here."""
        self.state = state
        self.can_trade = self.is_continuous and state != MARKET_PAUSED

    def set_phase(self, phase: i64) -> None:
        """Take on a phase."""
        self.phase = phase
        self.is_continuous = phase == PHASE_CONTINUOUS
        self.can_trade = self.is_continuous and self.state != MARKET_PAUSED

    def leg(self, slot: i64) -> i64:
        """Return an account's leg in this market, or 0."""
        if slot >= len(self.leg_of_slot):
            return 0
        return self.leg_of_slot[slot]

    def set_leg(self, slot: i64, leg: i64) -> None:
        """Remember an account's leg."""
        while slot >= len(self.leg_of_slot):
            self.leg_of_slot = doubled(self.leg_of_slot)
        self.leg_of_slot[slot] = leg

    def note_trade(self, price: i64, side: i64, step: i64) -> None:
        """Take a trade's price as the last one."""
        self.touch(price)
        self.agenda.has_traded = True
        self.has_last = True
        self.last = price
        self.last_side = side
        self.active_step = step

    def note_mover(self, liquidation: i64, step: i64) -> None:
        """Remember the liquidation that traded last."""
        self.mover = liquidation
        self.mover_step = step

    def touch(self, price: i64) -> None:
        """Let the stops see a price at the next settling."""
        if not self.is_touched:
            self.is_touched = True
            self.agenda.has_touched = True
            self.low = price
            self.high = price
        elif price < self.low:
            self.low = price
        elif price > self.high:
            self.high = price

    def set_mark(self, price: i64, step: i64) -> None:
        """Take a new mark price."""
        if self.mark_step != step:
            self.mark_before = self.mark if self.has_mark else price
            self.mark_step = step
        self.has_mark = True
        self.mark = price
        self.is_mark_moved = True
        self.agenda.has_moved_mark = True
        self.active_step = step
