"""The story of a shock, as commands for one venue.

Everything is stated in dollars and put into the venue's own units. The market is made up: a recorded market maker
quotes a thin book around a path that falls, gaps and half recovers; every account holds one position from before the
fall. What liquidations trade goes into that book. Nothing is random but the population, which a seed draws.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from exchange.commands import (
    CancelOrder,
    Command,
    Deposit,
    EndSession,
    FundDeposit,
    OpenPosition,
    PlaceOrder,
    ReportTrade,
    SetIndexPrice,
    SetLeverage,
    SetMarkPrice,
    SettleInstrument,
)
from exchange.enums import Origin, Side
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.units import PPM, random_below
from exchange.validation import expect
from replay.shock.units import Units

SECOND: Final = 1_000_000_000
LADDER: Final = 20  # quoted levels of each side
STEP_PPM: Final = 1_000  # between two of them
_LEVERAGES: Final = (2, 3, 5, 10, 15, 20, 25, 40, 50)
_SHOWN_DIGITS: Final = 9
_MOST: Final = Decimal(10) ** 12


class Shock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens, in dollars and ppm.

    accounts, long_ppm: how many hold a position, and the share that is long. notional: of the largest position; the
    smallest has a tenth. fall_ppm, gap_ppm, recovery_ppm: the path falls in `steps` steps of a second, then gaps within
    one, then recovers in steps of a minute, each in ppm of the price before. depth: dollars at each of 20 levels, a
    tenth of a percent apart. fund: what the insurance fund has, whatever the venue's own had. backstop: what each
    backstop account has that the rules name.
    """

    seed: int = 1
    accounts: int = 400
    long_ppm: int = 500_000
    price: Decimal = Decimal(10_000)
    notional: Decimal = Decimal(100_000)
    fall_ppm: int = 200_000
    gap_ppm: int = 200_000
    recovery_ppm: int = 150_000
    steps: int = 60
    depth: Decimal = Decimal(25_000)
    fund: Decimal = Decimal(50_000)
    backstop: Decimal = Decimal(50_000)

    def __post_init__(self) -> None:
        """Refuse a shock that makes no market. Raises ConfigError naming the field."""
        expect(0 <= self.seed < 1 << 62, "shock", "seed in 0..2**62 - 1", self.seed)
        expect(1 <= self.accounts <= 1_000_000, "shock", "accounts in 1..1,000,000", self.accounts)
        expect(1 <= self.steps <= 100_000, "shock", "steps in 1..100,000", self.steps)
        for name in ("long_ppm", "recovery_ppm"):
            value = getattr(self, name)
            expect(0 <= value <= PPM, "shock", f"{name} in 0..1,000,000", value)
        for name in ("fall_ppm", "gap_ppm"):
            value = getattr(self, name)
            expect(0 <= value < PPM, "shock", f"{name} in 0..999,999", value)
        for name in ("price", "notional", "depth", "fund", "backstop"):
            value = getattr(self, name)
            expect(value.is_finite() and 0 < value <= _MOST, "shock", f"{name} above 0, at most 10**12", value)


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


def commands(shock: Shock, rules: Rules, instrument: Instrument) -> Iterator[Command]:
    """Yield the whole story for one instrument of a venue.

    At its end a dated future is settled at the last price, and a session ends where losses wait for that. Raises
    ConfigError where a backstop account of the rules is one of the population, or a price is none of the instrument's.
    """
    units = Units(instrument)
    number = instrument.instrument_id
    _expect_prices(shock, rules, units)
    yield FundDeposit(0, units.money(shock.fund, shock.price))
    for account in rules.liquidation.takeover.backstop_accounts:
        if account <= shock.accounts:
            raise ConfigError(f"{rules.name}: expected backstop accounts above {shock.accounts:,}, found {account}")
        yield Deposit(0, account, units.money(shock.backstop, shock.price))
    yield from _market(0, shock, units, shock.price, [])
    yield from _population(shock, units)
    live: list[int] = list(range(1, 2 * LADDER + 1))
    next_id = 2 * LADDER + 1
    ts_ns, price = 0, shock.price
    for second, price in path(shock):
        ts_ns = second * SECOND
        for order_id in live:
            yield CancelOrder(ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True)
        live = list(range(next_id, next_id + 2 * LADDER))
        next_id += 2 * LADDER
        yield from _market(ts_ns, shock, units, price, live)
    if instrument.expiry_ns > 0:
        yield SettleInstrument(ts_ns, number, units.ticks(price))
    if "session" in rules.waterfall:
        yield EndSession(ts_ns)


def _expect_prices(shock: Shock, rules: Rules, units: Units) -> None:
    """Raise ConfigError unless every price of the path is one that the instrument may have."""
    instrument = units.instrument
    least, most = max(1, instrument.min_price_ticks), instrument.max_price_ticks
    for _, price in path(shock):
        if not least <= units.ticks(price) <= most:
            lowest, highest = least * units.tick, most * units.tick
            raise ConfigError(
                f"shock: expected prices from {lowest:,f} to {highest:,f} of {instrument.symbol} at {rules.name}, "
                f"found {price:,.{_SHOWN_DIGITS}f}: choose another price, fall_ppm or gap_ppm"
            )


def _population(shock: Shock, units: Units) -> Iterator[Command]:
    instrument = units.instrument
    number = instrument.instrument_id
    entry = units.ticks(shock.price)
    for account in range(1, shock.accounts + 1):
        at = 4 * account
        is_long = random_below(shock.seed, at, PPM) < shock.long_ppm
        # The same draw for every venue: what it does not offer becomes the most that it does.
        wanted = _LEVERAGES[random_below(shock.seed, at + 1, len(_LEVERAGES))]
        leverage = min(wanted, instrument.max_leverage)
        dollars = shock.notional * (100 + random_below(shock.seed, at + 2, 901)) / 1_000
        lots = units.lots(dollars, shock.price)
        # A twentieth more than the initial margin, so that an opening fee or a haircut does not end it.
        money = units.money(dollars / leverage * Decimal("1.05"), shock.price) + 1
        yield Deposit(0, account, money)
        yield SetLeverage(0, number, account, leverage)
        yield OpenPosition(0, number, account, lots if is_long else -lots, entry)


def _market(ts_ns: int, shock: Shock, units: Units, price: Decimal, ids: Sequence[int]) -> Iterator[Command]:
    """Quote both sides anew, then show the price: as a trade, and as whatever else the mark is made of.

    Continued but for the last prices, so that nothing settles in a book that is only half there.
    """
    instrument = units.instrument
    number = instrument.instrument_id
    middle = units.ticks(price)
    ids = ids or range(1, 2 * LADDER + 1)
    away = max(1, middle * STEP_PPM // PPM)
    lots = units.lots(shock.depth, price)
    for level in range(LADDER):
        for side, sign, order_id in ((Side.BUY, -1, ids[2 * level]), (Side.SELL, 1, ids[2 * level + 1])):
            quote = max(instrument.min_price_ticks, middle + sign * (away * level + max(1, away // 2)))
            yield PlaceOrder(ts_ns, number, 0, order_id, side, lots, quote, origin=Origin.RECORDED, is_continued=True)
    shown = [*_index(ts_ns, instrument, middle), *_external(ts_ns, instrument, middle)]
    yield ReportTrade(ts_ns, number, Side.SELL, middle, 1, is_continued=bool(shown))
    yield from shown


def _index(ts_ns: int, instrument: Instrument, ticks: int) -> Iterator[Command]:
    """Yield the index where anything is made of one: every leg of it shows the same price."""
    has_index = instrument.mark_source == "model" or instrument.funding.interval_ns > 0 or instrument.expiry_ns > 0
    if has_index:
        for leg in range(1, len(instrument.index.weights) + 1) if instrument.index.weights else (0,):
            yield SetIndexPrice(ts_ns, instrument.instrument_id, ticks, leg)


def _external(ts_ns: int, instrument: Instrument, ticks: int) -> Iterator[Command]:
    if instrument.mark_source == "external" or "external" in instrument.mark.sources:
        yield SetMarkPrice(ts_ns, instrument.instrument_id, ticks)
