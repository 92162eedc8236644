"""When an instrument trades how: its phases, its auctions, and the breakers that interrupt it."""

from typing import Final, Literal

import msgspec

from exchange.units import MAX_PRICE_TICKS, MAX_TS_NS, PPM
from exchange.validation import check_types, expect

PhaseName = Literal[
    "continuous", "pre_open", "opening_auction", "halt", "reopening_auction", "closing_auction", "closed"
]
BandReference = Literal["given", "last", "mark", "index"]
BandAction = Literal["refuse", "reprice", "cancel", "auction", "halt"]

_WHERE: Final = "instrument"
# What trips a breaker may trip it again as soon as trading goes on, so that time has to pass between.
_LEAST_CALL_NS: Final = 1_000_000_000


def _expect_durations(rules: msgspec.Struct, where: str, names: tuple[str, ...]) -> None:
    for name in names:
        expect(0 <= getattr(rules, name) <= MAX_TS_NS, where, f"{name} >= 0", getattr(rules, name))


class PhaseTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a phase begins. at_ns: since 1970, or since the start of each period where the timetable has one."""

    at_ns: int
    phase: PhaseName


class PhaseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phases of one instrument, and how its auctions end.

    initial: the phase before the first change. timetable: in ascending order of time; `period_ns` repeats it (a day is
    86,400,000,000,000), 0: each time comes once.
    auction_price: of the prices with the most volume, and of these with the least surplus, the one nearest the
        reference, or the highest.
    auction_fees: both sides of an auction's trade pay the maker's fee, or the taker's, or ("split") the side with the
        surplus the taker's and the other the maker's.
    auction_market_orders: in a call, market orders are queued for the auction, or refused.
    auction_stops: in a call, stops are accepted and wait, or refused.
    """

    initial: PhaseName = "continuous"
    timetable: tuple[PhaseTime, ...] = ()
    period_ns: int = 0
    auction_price: Literal["nearest_reference", "highest"] = "nearest_reference"
    auction_fees: Literal["maker", "taker", "split"] = "maker"
    auction_market_orders: Literal["queue", "refuse"] = "queue"
    auction_stops: Literal["wait", "refuse"] = "wait"

    def __post_init__(self) -> None:
        """Refuse a timetable that could not be kept. Raises ConfigError naming the field."""
        where = f"{_WHERE} phases"
        check_types(self, where)
        expect(0 <= self.period_ns <= MAX_TS_NS, where, "period_ns >= 0", self.period_ns)
        latest = self.period_ns - 1 if self.period_ns > 0 else MAX_TS_NS
        times = [row.at_ns for row in self.timetable]
        expect(times == sorted(set(times)), where, "timetable in ascending order of at_ns", times)
        for at_ns in times:
            expect(0 <= at_ns <= latest, where, f"at_ns in 0..{latest}", at_ns)


class BandRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price band: no order pays more, or sells for less, than a width from a reference when it arrives.

    Recorded orders and auctions know no band. What rests beyond it, from a call or from before the band moved, stays,
    and may trade there with an order that gains by it; 'refuse' and 'reprice' let nothing else come to rest there.
    width_ticks, width_ppm: one of them; 0 and 0: no band. A width in ppm of the reference is rounded down.
    reference: 'given' (the newest of the last auction's price and SetReferencePrice), 'last' trade, 'mark' or 'index';
        as it stands when an order arrives. Without one there is no band.
    action: 'refuse' orders with a limit beyond the band, a stop-limit when it is elected; 'reprice' them to the band;
        'cancel' what is left of an order at the band; or stop trading: an 'auction', or a 'halt' and then an auction.
        'refuse' and 'reprice' also cancel what has no limit, and reaches the band.
    auction_ns, halt_ns: how long those take.
    """

    width_ticks: int = 0
    width_ppm: int = 0
    reference: BandReference = "given"
    action: BandAction = "refuse"
    auction_ns: int = 120_000_000_000
    halt_ns: int = 0

    def __post_init__(self) -> None:
        """Refuse a band that could not be applied. Raises ConfigError naming the field."""
        where = f"{_WHERE} breakers band"
        check_types(self, where)
        expect(0 <= self.width_ticks <= MAX_PRICE_TICKS, where, "width_ticks >= 0", self.width_ticks)
        expect(0 <= self.width_ppm < PPM, where, "width_ppm in 0..999,999", self.width_ppm)
        expect(
            self.width_ticks == 0 or self.width_ppm == 0, where, "width_ticks or width_ppm, not both", self.width_ppm
        )
        _expect_durations(self, where, ("auction_ns", "halt_ns"))
        expect(self.auction_ns >= _LEAST_CALL_NS, where, "auction_ns of at least a second", self.auction_ns)


class DynamicBandRules(BandRules, frozen=True, forbid_unknown_fields=True):
    """A band that follows the trades, unless its reference is another."""

    reference: BandReference = "last"


class LimitRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limit up, limit down: a band around the average trade, and a halt when the market stays at it.

    width_ppm: 0: none. window_ns: the reference is the mean price of the trades in so much time; it is replaced when
    the mean has moved by `update_ppm` of it. Before the first trade it is the given reference.
    limit_state_ns: how long the best bid may stand at the upper limit, or the best ask at the lower one.
    halt_ns, auction_ns: the pause after that, and the call at its end.
    Source: the plan to address extraordinary market volatility (US equities): 5 minutes, 1 %, 15 s, 5 minutes.
    """

    width_ppm: int = 0
    window_ns: int = 300_000_000_000
    update_ppm: int = 10_000
    limit_state_ns: int = 15_000_000_000
    halt_ns: int = 300_000_000_000
    auction_ns: int = 60_000_000_000

    def __post_init__(self) -> None:
        """Refuse limits that could not be applied. Raises ConfigError naming the field."""
        where = f"{_WHERE} breakers limit_up_down"
        check_types(self, where)
        expect(0 <= self.width_ppm < PPM, where, "width_ppm in 0..999,999", self.width_ppm)
        expect(0 <= self.update_ppm <= PPM, where, "update_ppm in 0..1,000,000", self.update_ppm)
        _expect_durations(self, where, ("window_ns", "limit_state_ns", "halt_ns", "auction_ns"))
        expect(self.auction_ns >= _LEAST_CALL_NS, where, "auction_ns of at least a second", self.auction_ns)


class StopLogicRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stop logic: a pause where elected stops would move the price too far.

    max_move_ticks: from the last trade before a cascade's first election; 0: no stop logic. pause_ns: of the call, in
    which orders may be entered, after which trading goes on at one price. Source: CME, 2010-05-06: 5 s.
    """

    max_move_ticks: int = 0
    pause_ns: int = 5_000_000_000

    def __post_init__(self) -> None:
        """Refuse a pause that could not be made. Raises ConfigError naming the field."""
        where = f"{_WHERE} breakers stop_logic"
        check_types(self, where)
        expect(0 <= self.max_move_ticks <= MAX_PRICE_TICKS, where, "max_move_ticks >= 0", self.max_move_ticks)
        _expect_durations(self, where, ("pause_ns",))
        expect(self.pause_ns >= _LEAST_CALL_NS, where, "pause_ns of at least a second", self.pause_ns)


class BreakerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What interrupts an instrument's trading.

    static_band, dynamic_band: two bands, which differ by what they refer to by default.
    extension_ns: by which an auction after a breaker is extended, at most `most_extensions` times, while its price
        would be further than `extension_ppm` from the reference of the breaker; 0: never.
    """

    static_band: BandRules = BandRules()
    dynamic_band: DynamicBandRules = DynamicBandRules()
    limit_up_down: LimitRules = LimitRules()
    stop_logic: StopLogicRules = StopLogicRules()
    extension_ns: int = 0
    extension_ppm: int = 0
    most_extensions: int = 0

    def __post_init__(self) -> None:
        """Refuse extensions that could not be made. Raises ConfigError naming the field."""
        where = f"{_WHERE} breakers"
        check_types(self, where)
        _expect_durations(self, where, ("extension_ns",))
        expect(0 <= self.extension_ppm <= PPM, where, "extension_ppm in 0..1,000,000", self.extension_ppm)
        expect(0 <= self.most_extensions <= PPM, where, "most_extensions >= 0", self.most_extensions)
