"""arXiv 2512.01112, the worked examples of sections 2.1 to 2.3 and of appendix A, on the venue.

Five positions, opened at a price of 1: A long 1 with collateral 2, B long 1 with 2/3, C short 4 with 8/3, D long 1 with
2/19, E short 1 with 10/99. Each figure is read off a venue on which they are opened by the market that the paper leaves
out. Prices in millionths, money in billionths, so that four printed digits are compared within half of the last.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from exchange import Exchange
from exchange.commands import (
    AdvanceTime,
    Command,
    Deposit,
    OpenPosition,
    PlaceOrder,
    SetFundingRate,
    SetIndexPrice,
    SetMarkPrice,
)
from exchange.enums import OrderKind, Side, TimeInForce
from exchange.errors import DataError
from exchange.events import Event, FundPaid, LiquidationStarted, OrderRejected, RequestRejected, Trade
from exchange.instrument import Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, Rules
from exchange.rules.liquidation import ReductionRules
from exchange.rules.pricing import FundingRules
from exchange.units import PPB
from replay.calc.market import Market
from replay.calc.position import position_prices
from replay.paper.rows import Kind, Row

HALF_DIGIT: Final = Decimal("0.00005")
TICKS: Final = 1_000_000  # in a price of 1
LOTS: Final = 100  # in a quantity of 1
UNITS: Final = 1_000_000_000  # in an amount of 1
_HOUR_NS: Final = 3_600_000_000_000
_DEALER: Final = 99  # rests the orders that positions are closed against
_STEPS: Final = 10  # levels that stand for a linear impact; their mean is that of the line
_POSITIONS: Final = {
    "A": (1, Fraction(2)),
    "B": (1, Fraction(2, 3)),
    "C": (-4, Fraction(8, 3)),
    "D": (1, Fraction(2, 19)),
    "E": (-1, Fraction(10, 99)),
}
_ACCOUNTS: Final = {name: number for number, name in enumerate(_POSITIONS, start=1)}
_FROM_MARK: Final = (
    "the paper takes the bankruptcy price from the mark of the moment, with the collateral of the opening: that is a "
    "position opened at that mark, and so it is run; as section 2.1 has it, opened at 1, it is the row below"
)


def worked_rows() -> Sequence[Row]:
    """Return the rows of all worked examples; needs no recording."""
    return [*_order_rows(), *_path_rows(), *_price_rows(), *_execution_rows(), *_shortfall_rows()]


# --- section 2.1 --------------------------------------------------------------------------------------------------


def _order_rows() -> list[Row]:
    """A market order for 5 that takes three levels."""
    venue = venue_of(max_leverage=100)
    levels = [(Fraction(1), 1), (Fraction(11, 10), 3), (Fraction(12, 10), 10)]
    run(
        venue,
        [
            SetMarkPrice(1, 1, TICKS),
            Deposit(1, 1, 100 * UNITS),
            *resting(Side.SELL, [(p, q * LOTS) for p, q in levels]),
        ],
    )
    trades = _trades(run(venue, [_market_order(1, Side.BUY, 5 * LOTS)]))
    return [_row("paid for 5 over three levels, each", "2.1, order book", "1.1", _average(trades))]


def _path_rows() -> list[Row]:
    """Two hours of funding and marks: open interest, payments, equity, leverage, and who falls below maintenance."""
    venue = venue_of(maintenance_ppm=1, order="limit")
    rows = []
    theirs_paid = (
        ("-0.4667", "-0.4667", "1.8667", "-0.4667", "0.4667"),
        ("-0.5720", "-0.5720", "2.2880", "-0.5720", "0.5720"),
    )
    theirs_equity = (
        ("1.9333", "0.6000", "2.9334", "0.0386", "0.1677"),
        ("1.2613", "-0.0720", "5.6214", "-0.6334", "0.8397"),
    )
    marks = (Fraction(14, 10), Fraction(13, 10))
    spots = (Fraction(15, 10), Fraction(125, 100))
    run(venue, _five())
    for hour in (1, 2):
        where, mark = f"2.1, t = {hour}", marks[hour - 1]
        before = {name: venue.account(number).balance for name, number in _ACCOUNTS.items()}
        _pass_hour(venue, hour, mark, spots[hour - 1])
        for name, printed in zip(_ACCOUNTS, theirs_paid[hour - 1], strict=True):
            paid = Fraction(venue.account(_ACCOUNTS[name]).balance - before[name], UNITS)
            rows.append(_row(f"funding of {name}", where, printed, paid))
        for name, printed in zip(_ACCOUNTS, theirs_equity[hour - 1], strict=True):
            # The paper adds figures that it has rounded to four digits before.
            tolerance = Decimal("0.0001")
            rows.append(_row(f"equity of {name}", where, printed, _equity(venue, name), tolerance=tolerance))
        if hour == 1:
            longs, shorts = _interest(venue, mark)
            rows.append(_row("open interest, long", where, "4.2", longs))
            rows.append(_row("open interest, short", where, "7.0", shorts))
    rows += _leverage_rows(venue, marks[1])
    return rows + _maintenance_rows(marks[0], spots[0])


def _leverage_rows(venue: Exchange, mark: Fraction) -> list[Row]:
    """The leverage masses at the end: notional over equity, of those above zero and of those below."""
    above = below = Fraction(0)
    for name, (size, _) in _POSITIONS.items():
        equity = _equity(venue, name)
        if equity > 0:
            above += abs(size) * mark / equity
        else:
            below += abs(size) * mark / -equity
    where = "2.1, leverage mass"
    tolerance = Decimal("0.01")  # the paper divides by an equity of three digits
    return [
        _row("of winners at t = 2", where, "3.504", above, tolerance=Decimal("0.0005")),
        _row("of losers at t = 2", where, "20.102", below, tolerance=tolerance),
    ]


def _maintenance_rows(mark: Fraction, spot: Fraction) -> list[Row]:
    """Who is liquidated by a maintenance margin of 10 % at t = 1: D, and nobody else."""
    venue = venue_of(maintenance_ppm=100_000, order="limit")
    run(venue, _five())
    events = _pass_hour(venue, 1, mark, spot)
    liquidated = {event.account for event in events if isinstance(event, LiquidationStarted)}
    return [
        _row("accounts liquidated at t = 1", "2.1, maintenance margin", "1", Fraction(len(liquidated))),
        _row("D among them", "2.1, maintenance margin", "1", Fraction(_ACCOUNTS["D"] in liquidated)),
    ]


def _five() -> list[Command]:
    """Return the commands that open the five positions at 1."""
    found: list[Command] = [SetMarkPrice(1, 1, TICKS), SetIndexPrice(1, 1, TICKS)]
    for name, (size, collateral) in _POSITIONS.items():
        found.append(Deposit(1, _ACCOUNTS[name], _units(collateral)))
        found.append(OpenPosition(1, 1, _ACCOUNTS[name], size * LOTS, TICKS))
    return found


def _pass_hour(venue: Exchange, hour: int, mark: Fraction, spot: Fraction) -> list[Event]:
    """Pay funding at the end of an hour, on values at the coming mark, and let mark come there.

    The paper's rate is longs / shorts - mark / spot, paid by shorts where it is positive; the venue's by longs. The
    value that it is paid on is given to the venue as its index, since mark moves with the payment in the paper.
    """
    longs, shorts = _interest(venue, Fraction(1))
    rate = longs / shorts - mark / spot
    time_ns = hour * _HOUR_NS
    return run(
        venue,
        [
            SetIndexPrice(time_ns - 1, 1, int(mark * TICKS)),
            SetFundingRate(time_ns - 1, 1, -round(rate * PPB)),
            AdvanceTime(time_ns),
            SetMarkPrice(time_ns, 1, int(mark * TICKS)),
        ],
    )


def _interest(venue: Exchange, price: Fraction) -> tuple[Fraction, Fraction]:
    """Return what the positions are worth at a price, long and short."""
    sizes = [held.size_lots for number in _ACCOUNTS.values() for held in venue.account(number).positions()]
    longs, shorts = (sum(max(0, sign * size) for size in sizes) for sign in (1, -1))
    return longs * price / LOTS, shorts * price / LOTS


def _equity(venue: Exchange, name: str) -> Fraction:
    return Fraction(venue.account(_ACCOUNTS[name]).equity, UNITS)


# --- appendix A.1, A.2 --------------------------------------------------------------------------------------------


def _price_rows() -> list[Row]:
    """Bankruptcy and liquidation prices, with a maintenance margin of 10 %."""
    market = Market(*_rules(maintenance_ppm=100_000))
    bankrupt = ("0", "0.3333", "1.6667", "0.8947", "1.1010")
    liquidated = ("0", "0.3704", "1.5152", "0.9942", "1.0010")
    rows = []
    for (name, (size, collateral)), first, second in zip(_POSITIONS.items(), bankrupt, liquidated, strict=True):
        found = position_prices(market, size * LOTS, TICKS, 1, _units(collateral))
        # No price down to zero: the paper writes 0.
        ours = [Fraction(price or 0, TICKS) for price in (found.bankrupt_at, found.liquidated_at)]
        rows.append(_row(f"bankruptcy price of {name}", "A.1", first, ours[0]))
        miss = "109 / 99 / 1.1 is 1.00092; the paper's formula does not give its figure" if name == "E" else ""
        rows.append(_row(f"liquidation price of {name}", "A.2", second, ours[1], miss=miss))
    return rows


# --- appendix A.3 -------------------------------------------------------------------------------------------------


def _execution_rows() -> list[Row]:
    """Slices sold or bought into a book whose price moves by 1 per contract; and where the position is bankrupt."""
    market = Market(*_rules(max_leverage=100))
    cases = (
        ("A", "1.30", "0.5", "1.05", "0"),
        ("B", "0.95", "0.2", "0.85", "0.2833"),
        ("C", "1.60", "2.0", "2.60", "2.2667"),
        ("D", "0.98", "0.4", "0.78", "0.8747"),
        ("E", "1.05", "0.4", "1.25", "1.151"),
    )
    rows = []
    for name, price, slice_, executed, bankrupt in cases:
        size, collateral = _POSITIONS[name]
        lots = int(Fraction(slice_) * LOTS)
        venue = venue_of(max_leverage=100)
        side = Side.SELL if size > 0 else Side.BUY
        book = linear_book(side, Fraction(price), lots)
        run(venue, [SetMarkPrice(1, 1, int(Fraction(price) * TICKS)), Deposit(1, 1, 100 * UNITS), *book])
        ours = _average(_trades(run(venue, [_market_order(1, side, lots)])))
        miss = ""
        if name == "C":
            miss = "1.60 + 2.0 / 2 is 2.60; the example's own other slices are run the same way"
        rows.append(_row(f"{name}: executed at", "A.3", executed, ours, miss=miss))
        found = position_prices(market, size * LOTS, int(Fraction(price) * TICKS), 1, _units(collateral))
        tolerance = Decimal("0.0005") if name == "E" else HALF_DIGIT
        ours = Fraction(found.bankrupt_at or 0, TICKS)
        rows.append(_row(f"{name}: bankrupt at, opened there", "A.3", bankrupt, ours, tolerance=tolerance))
    return rows


# --- appendix A.5 to A.7, section 2.3 -----------------------------------------------------------------------------


def _shortfall_rows() -> list[Row]:
    """What the fund pays where a position is closed beyond its bankruptcy price; and how much of it is closed."""
    rows = [*_strategy_rows()]
    cases = (
        ("D", "A.6: D, 0.4 at 0.78", "0.98", "0.4", "0.98", "0.0379"),
        ("D", "A.7: D, 0.2 at 0.84", "0.94", "0.2", "0.94", "0"),
        ("E", "A.7 and 2.3: E, 1 at 1.55", "1.05", "1", "1.05", "0.399"),
    )
    for name, where, opened, slice_, price, printed in cases:
        tolerance = HALF_DIGIT if printed != "0.399" else Decimal("0.0005")
        source = where.partition(":")[0]
        title = where.partition(": ")[2]
        ours = _shortfall(name, Fraction(opened), Fraction(slice_), Fraction(price))
        rows.append(_row(f"shortfall of {title}, opened at {opened}", source, printed, ours, tolerance=tolerance))
        ours = _shortfall(name, Fraction(1), Fraction(slice_), Fraction(price))
        rows.append(_row("the same, opened at 1", source, printed, ours, kind="beside", miss=_FROM_MARK))
    return rows


def _shortfall(name: str, opened: Fraction, slice_: Fraction, price: Fraction) -> Fraction:
    """Return what the fund pays for a slice that is a position of its own, closed by market order at a price's book."""
    size, collateral = _POSITIONS[name]
    sign = 1 if size > 0 else -1
    lots = int(slice_ * LOTS)
    side = Side.SELL if sign > 0 else Side.BUY
    venue = venue_of(maintenance_ppm=1, max_leverage=100, order="market", fund=10 * UNITS)
    deposit = _units(collateral * slice_ / abs(size))
    run(
        venue,
        [
            SetMarkPrice(1, 1, int(opened * TICKS)),
            Deposit(1, 1, deposit),
            OpenPosition(1, 1, 1, sign * lots, int(opened * TICKS)),
            *linear_book(side, price, lots),
        ],
    )
    worst = Fraction(1, 2) if sign > 0 else Fraction(2)  # a mark at which it is bankrupt, whatever the case
    events = run(venue, [SetMarkPrice(2, 1, int(worst * TICKS))])
    return Fraction(sum(event.amount for event in events if isinstance(event, FundPaid)), UNITS)


def _strategy_rows() -> list[Row]:
    """E at a mark of 5.5: what would restore its margin is more than it has, so that all is closed."""
    size, collateral = _POSITIONS["E"]
    opening: list[Command] = [
        SetMarkPrice(1, 1, TICKS),
        Deposit(1, 1, _units(collateral)),
        OpenPosition(1, 1, 1, size * LOTS, TICKS),
    ]
    mark = SetMarkPrice(2, 1, int(Fraction(55, 10) * TICKS))
    held = venue_of(order="limit")
    run(held, [*opening, mark])
    greedy = venue_of(maintenance_ppm=100_000, order="market", reduction=ReductionRules(kind="shortage"))
    run(greedy, [*opening, *resting(Side.SELL, [(Fraction(555, 100), 20 * LOTS)])])
    closed = sum(trade.qty_lots for trade in _trades(run(greedy, [mark])))
    equity = Fraction(held.account(1).equity, UNITS)
    return [
        _row("equity of E at 5.5", "A.5", "-4.399", equity, tolerance=Decimal("0.0005")),
        _row("of E closed, of 1", "A.5", "1", Fraction(closed, LOTS)),
    ]


# --- what they share ----------------------------------------------------------------------------------------------


def venue_of(*, fund: int = 0, **rules: Any) -> Exchange:
    """Return a venue of one market, without fees. rules: as `_rules`."""
    found, instrument = _rules(fund=fund, **rules)
    return Exchange([instrument], found)


def _rules(
    *,
    maintenance_ppm: int = 10_000,
    max_leverage: int = 10,
    order: Any = "none",
    fund: int = 0,
    reduction: ReductionRules | None = None,
) -> tuple[Rules, Instrument]:
    instrument = Instrument(
        1,
        "P",
        tick_size="0.000001",
        lot_size="0.01",
        money_unit="0.000000001",
        tick_value=UNITS // TICKS // LOTS,
        max_price_ticks=100 * TICKS,
        max_leverage=max_leverage,
        default_leverage=max_leverage,
        margin_tiers=(MarginTier(maintenance_ppm=maintenance_ppm),),
        funding=FundingRules(interval_ns=_HOUR_NS, price="index"),
    )
    lifetime = _HOUR_NS * 1_000 if order == "limit" else 0
    liquidation = LiquidationRules(order=order, lifetime_ns=lifetime, reduction=reduction or ReductionRules())
    return Rules(name="five positions", liquidation=liquidation, fund=FundRules(opening=fund)), instrument


def run(venue: Exchange, commands: Iterable[Command]) -> list[Event]:
    """Apply commands and return their events. Raises DataError for one that is refused."""
    found: list[Event] = []
    for command in commands:
        for event in venue.apply(command):
            if isinstance(event, RequestRejected | OrderRejected):
                raise DataError(f"worked example: expected {command} to be taken, found {event.reason.name}")
            found.append(event)
    return found


def linear_book(side: Side, price: Fraction, lots: int) -> list[Command]:
    """Return the orders against which a market order of `side` moves the price by 1 per contract."""
    sign = -1 if side == Side.SELL else 1
    step = Fraction(lots, LOTS * _STEPS)
    levels = [(price + sign * step * (2 * place + 1) / 2, lots // _STEPS) for place in range(_STEPS)]
    return resting(Side.BUY if side == Side.SELL else Side.SELL, levels)


def resting(side: Side, levels: Sequence[tuple[Fraction, int]]) -> list[Command]:
    """Return the orders of somebody with money enough, at (price, lots)."""
    found: list[Command] = [Deposit(1, _DEALER, 10_000 * UNITS)]
    for number, (price, lots) in enumerate(levels, start=1):
        found.append(PlaceOrder(1, 1, _DEALER, number, side, lots, int(price * TICKS)))
    return found


def _market_order(account: int, side: Side, lots: int) -> Command:
    return PlaceOrder(1, 1, account, 1_000, side, lots, kind=OrderKind.MARKET, time_in_force=TimeInForce.IOC)


def _trades(events: Iterable[Event]) -> list[Trade]:
    return [event for event in events if isinstance(event, Trade)]


def _average(trades: Sequence[Trade]) -> Fraction:
    lots = sum(trade.qty_lots for trade in trades)
    return Fraction(sum(trade.price_ticks * trade.qty_lots for trade in trades), lots * TICKS)


def _units(amount: Fraction) -> int:
    return round(amount * UNITS)


def _row(
    name: str,
    source: str,
    theirs: str,
    ours: Fraction,
    *,
    kind: Kind = "engine",
    tolerance: Decimal = HALF_DIGIT,
    miss: str = "",
) -> Row:
    value = Decimal(ours.numerator) / Decimal(ours.denominator)
    return Row(name, source, Decimal(theirs), value, kind, tolerance, "", miss)
