"""One shock, one population, any venue: what the same fall of a price does under different rules.

Everything is stated in dollars, and put into each venue's own units (ticks, lots, coins or dollars as money), so that a
linear, an inverse and a spot venue meet the same crowd. The market is made up: a recorded market maker quotes a thin
book around a path that falls, gaps and half recovers; every account holds one position from before the fall. What
liquidations trade goes into that book. Nothing is random but the population, which a seed draws.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

import msgspec

from exchange import Exchange
from exchange.codec import decode_events
from exchange.commands import (
    CancelOrder,
    Command,
    Deposit,
    FundDeposit,
    OpenPosition,
    PlaceOrder,
    ReportTrade,
    SetLeverage,
    SetMarkPrice,
)
from exchange.enums import Origin, Side
from exchange.errors import ConfigError
from exchange.events import (
    Event,
    FundPaid,
    HaircutCharged,
    LiquidationEnded,
    LiquidationStarted,
    Trade,
    VenueLossBooked,
)
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.units import PPM, random_below

SECOND: Final = 1_000_000_000
LADDER: Final = 20  # quoted levels of each side
STEP_PPM: Final = 1_000  # between two of them
_LEVERAGES: Final = (2, 3, 5, 10, 15, 20, 25, 40, 50)


class Shock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens, in dollars and ppm.

    accounts, long_ppm: how many hold a position, and the share that is long. notional: of the largest position; the
    smallest has a tenth. fall_ppm, gap_ppm, recovery_ppm: the path falls in `steps` steps of a second, then gaps within
    one, then recovers in steps of a minute, each in ppm of the price before. depth: dollars at each of 20 levels, a
    tenth of a percent apart. fund: what the insurance fund has, whatever the venue's own had.
    """

    seed: int = 1
    accounts: int = 400
    long_ppm: int = 700_000
    price: Decimal = Decimal(10_000)
    notional: Decimal = Decimal(100_000)
    fall_ppm: int = 200_000
    gap_ppm: int = 120_000
    recovery_ppm: int = 150_000
    steps: int = 60
    depth: Decimal = Decimal(25_000)
    fund: Decimal = Decimal(50_000)


class Outcome(NamedTuple):
    """What one venue made of it: counts, and money in dollars at the price of the moment."""

    venue: str
    liquidated: int
    lowest: Decimal
    fund_start: Decimal
    fund_paid: Decimal
    fund_end: Decimal
    deleveraged: int
    haircut: Decimal
    owed: Decimal
    forgiven: Decimal
    venue_loss: Decimal
    outcomes: dict[str, int]
    events: int
    digest: str


class Units:
    """Dollars and coins in the units of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        """Copy the facts that conversions depend on."""
        self.instrument = instrument
        self.is_inverse = instrument.kind == "inverse"
        self.tick = Decimal(instrument.tick_size)
        self.money_unit = Decimal(instrument.money_unit)
        self.lot_money = Decimal(instrument.tick_value) / instrument.tick_value_divisor

    def ticks(self, price: Decimal) -> int:
        """Return the price's whole ticks, rounded down."""
        return int((price / self.tick).to_integral_value(ROUND_FLOOR))

    def money(self, dollars: Decimal, price: Decimal) -> int:
        """Return dollars in the venue's money, rounded down: coins at `price` where it settles in coins."""
        worth = dollars / price if self.is_inverse else dollars
        return int((worth / self.money_unit).to_integral_value(ROUND_FLOOR))

    def dollars(self, money: int, price: Decimal) -> Decimal:
        """Return money of the venue in dollars."""
        worth = money * self.money_unit
        return worth * price if self.is_inverse else worth

    def lots(self, dollars: Decimal, price: Decimal) -> int:
        """Return how many lots, at least one, are worth so many dollars at a price, rounded down."""
        ticks = self.ticks(price)
        per_lot = self.lot_money / ticks if self.is_inverse else self.lot_money * ticks
        return max(1, int((self.money(dollars, price) / per_lot).to_integral_value(ROUND_FLOOR)))


def path(shock: Shock) -> list[tuple[int, Decimal]]:
    """Return the times (s) and prices of the market: the fall, the gap, the recovery."""
    price = shock.price
    found = [(1, price)]
    low = price * (PPM - shock.fall_ppm) / PPM
    for step in range(1, shock.steps + 1):
        found.append((1 + step, price + (low - price) * step / shock.steps))
    gapped = low * (PPM - shock.gap_ppm) / PPM
    now = found[-1][0] + 1
    found.append((now, gapped))
    high = gapped * (PPM + shock.recovery_ppm) / PPM
    for step in range(1, shock.steps + 1):
        found.append((now + 60 * step, gapped + (high - gapped) * step / shock.steps))
    return found


def commands(shock: Shock, instrument: Instrument) -> Iterator[Command]:
    """Yield the whole story for one venue's first instrument."""
    units = Units(instrument)
    number = instrument.instrument_id
    yield FundDeposit(0, units.money(shock.fund, shock.price))
    yield from _market(0, shock, units, shock.price, [])
    yield from _population(shock, units)
    live: list[int] = list(range(1, 2 * LADDER + 1))
    next_id = 2 * LADDER + 1
    for second, price in path(shock):
        ts_ns = second * SECOND
        for order_id in live:
            yield CancelOrder(ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True)
        live = list(range(next_id, next_id + 2 * LADDER))
        next_id += 2 * LADDER
        yield from _market(ts_ns, shock, units, price, live)


def _population(shock: Shock, units: Units) -> Iterator[Command]:
    instrument = units.instrument
    number = instrument.instrument_id
    leverages = [leverage for leverage in _LEVERAGES if leverage <= instrument.max_leverage]
    leverages = leverages or [instrument.max_leverage]
    entry = units.ticks(shock.price)
    for account in range(1, shock.accounts + 1):
        at = 4 * account
        is_long = random_below(shock.seed, at, PPM) < shock.long_ppm
        # The same draw for every venue: what it does not offer becomes the most that it does.
        wanted = _LEVERAGES[random_below(shock.seed, at + 1, len(_LEVERAGES))]
        leverage = min(wanted, leverages[-1])
        dollars = shock.notional * (100 + random_below(shock.seed, at + 2, 901)) / 1_000
        lots = units.lots(dollars, shock.price)
        # A twentieth more than the initial margin, so that an opening fee or a haircut does not end it.
        money = units.money(dollars / leverage * Decimal("1.05"), shock.price) + 1
        yield Deposit(0, account, money)
        yield SetLeverage(0, number, account, leverage)
        yield OpenPosition(0, number, account, lots if is_long else -lots, entry)


def _market(ts_ns: int, shock: Shock, units: Units, price: Decimal, ids: Sequence[int]) -> Iterator[Command]:
    """Quote both sides anew, then show the price: as external mark where it is one, as a trade where not."""
    instrument = units.instrument
    number = instrument.instrument_id
    middle = units.ticks(price)
    ids = ids or range(1, 2 * LADDER + 1)
    for level in range(LADDER):
        away = max(1, middle * STEP_PPM // PPM)
        lots = units.lots(shock.depth, price)
        for side, sign, order_id in ((Side.BUY, -1, ids[2 * level]), (Side.SELL, 1, ids[2 * level + 1])):
            quote = max(instrument.min_price_ticks, middle + sign * (away * level + max(1, away // 2)))
            yield PlaceOrder(ts_ns, number, 0, order_id, side, lots, quote, origin=Origin.RECORDED, is_continued=True)
    if instrument.mark_source == "external":
        yield ReportTrade(ts_ns, number, Side.SELL, middle, 1, is_continued=True)
        yield SetMarkPrice(ts_ns, number, middle)
    else:
        yield ReportTrade(ts_ns, number, Side.SELL, middle, 1)


class _Tally:
    """A sink that keeps what the table needs of the event log."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.count = 0

    def write(self, block: bytes, first_seq: int) -> None:
        for event in decode_events(block, first_seq):
            self.count += 1
            if isinstance(event, _KEPT):
                self.events.append(event)


_KEPT: Final = (Trade, LiquidationStarted, LiquidationEnded, FundPaid, HaircutCharged, VenueLossBooked)


def run_shock(rules: Rules, instruments: Iterable[Instrument], shock: Shock) -> Outcome:
    """Play the shock at a venue, on its first instrument. Raises ConfigError where it has none."""
    markets = tuple(instruments)
    if not markets:
        raise ConfigError(f"{rules.name}: expected at least one [[instruments]] table, found none")
    fund = msgspec.structs.replace(rules.fund, opening=0)
    venue = Exchange(markets, msgspec.structs.replace(rules, fund=fund), with_digest=True)
    tally = _Tally()
    venue.add_sink(tally)
    for command in commands(shock, markets[0]):
        venue.apply(command)
    venue.check()
    digest = venue.digest()
    tally.write(venue.open_block(), venue.open_block_first_seq())
    return _outcome(rules.name, venue, tally, shock, Units(markets[0]), digest)


def _outcome(name: str, venue: Exchange, tally: _Tally, shock: Shock, units: Units, digest: str) -> Outcome:
    last = path(shock)[-1][1]

    def total(kind: type, field: str) -> Decimal:
        return units.dollars(sum(getattr(event, field) for event in tally.events if isinstance(event, kind)), last)

    trades = [event.price_ticks for event in tally.events if isinstance(event, Trade)]
    ends = Counter(event.outcome.name for event in tally.events if isinstance(event, LiquidationEnded))
    return Outcome(
        venue=name,
        liquidated=len({event.account for event in tally.events if isinstance(event, LiquidationStarted)}),
        lowest=min(trades, default=units.ticks(last)) * units.tick,
        fund_start=shock.fund,
        fund_paid=total(FundPaid, "amount"),
        fund_end=units.dollars(venue.fund.balance, last),
        deleveraged=0,
        haircut=total(HaircutCharged, "amount"),
        owed=Decimal(0),
        forgiven=Decimal(0),
        venue_loss=total(VenueLossBooked, "amount"),
        outcomes=dict(sorted(ends.items())),
        events=tally.count,
        digest=digest,
    )
