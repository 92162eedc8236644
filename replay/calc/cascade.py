"""What would liquidate, in what order, at what price in this book: a population, a book, and a mark that jumps.

A real venue is given the book as recorded orders, the positions at their entry prices, and then the mark. What follows
is the venue's doing: liquidation orders trade in the book, in the venue's order, and where the last trade is the mark
they move it for the next account. Then time goes on, with a trade a second at the last price, until nobody is in
liquidation any more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.commands import Command, PlaceOrder, ReportTrade, SetMarkPrice
from exchange.enums import Origin, Side
from exchange.errors import ConfigError, DataError
from exchange.events import OrderRejected, RequestRejected
from exchange.units import Lots, Money, Ticks, div_floor
from replay.calc.liquidations import Liquidation, Liquidations
from replay.calc.market import Market, marked_by_hand, parse_rate
from replay.population import InjectedAccount, account_commands
from replay.sources.cells import Cell, parse_choice, parse_price, parse_quantity
from replay.sources.csv_rows import check_all_taken, csv_rows, take
from replay.sources.text import TextFile
from replay.wording import shown

BOOK_COLUMNS: Final = ("side", "price", "size")
MOST_SECONDS: Final = 1_000
_SECOND_NS: Final = 1_000_000_000
LEVELS: Final = 200  # of each side, where a book is given by its depth
_SIDES: Final = {"buy": Side.BUY, "bid": Side.BUY, "sell": Side.SELL, "ask": Side.SELL}


class Quote(NamedTuple):
    """One resting order of the book."""

    side: Side
    price_ticks: Ticks
    qty_lots: Lots


class CascadeFound(NamedTuple):
    """What a mark does to a population.

    seconds: that passed until nobody was in liquidation any more, at most MOST_SECONDS.
    refused: what the venue refused of the accounts and the book, in words. lowest, highest: prices at which liquidation
    orders traded, None where none did. mark_ticks: the mark after it all.
    """

    seconds: int
    accounts: int
    liquidations: list[Liquidation]
    refused: list[str]
    lowest: Ticks | None
    highest: Ticks | None
    mark_ticks: Ticks | None
    fund_start: Money
    fund_end: Money
    venue_loss: Money


def read_book(path: str | Path, market: Market) -> list[Quote]:
    """Return the orders of a CSV file with columns side, price and size, in its order. Raises DataError."""
    fact = market.instrument
    quotes: list[Quote] = []
    for line, cells in csv_rows(TextFile(path).lines(), BOOK_COLUMNS, Path(path)):

        def at(column: str, line: int = line) -> Cell:
            return Cell(path, line, column)

        side = parse_choice(take(cells, at("side")), _SIDES, at("side"))
        price = parse_price(take(cells, at("price")), fact.tick_size, at("price"))
        quotes.append(Quote(side, price, parse_quantity(take(cells, at("size")), fact.lot_size, at("size"))))
        check_all_taken(cells, "an order", Path(path), line)
    return quotes


def even_book(text: str, market: Market, middle: Ticks) -> list[Quote]:
    """Return a book of the same size at every step from a price: SIZE@STEP, such as 5@0.1% or 5@0.5.

    STEP is a share of the price, or a price. The best bid is at `middle`, the best ask a step above. Raises DataError.
    """
    size_text, _, step_text = text.partition("@")
    lots = market.lots(size_text.strip(), "--book: SIZE")
    if step_text.strip().endswith("%"):
        share = parse_rate(step_text, "--book: STEP")
        step = max(1, div_floor(middle * share.numerator, share.denominator)) if share > 0 else 0
    else:
        step = parse_price(step_text.strip(), market.instrument.tick_size, "--book: STEP")
    if step <= 0:
        raise DataError(f"--book: expected a step > 0, found {shown(step_text)}")
    fact = market.instrument
    bids = [Quote(Side.BUY, middle - level * step, lots) for level in range(LEVELS)]
    asks = [Quote(Side.SELL, middle + (level + 1) * step, lots) for level in range(LEVELS)]
    return [quote for quote in bids + asks if fact.min_price_ticks <= quote.price_ticks <= fact.max_price_ticks]


def what_liquidates(
    market: Market, accounts: Sequence[InjectedAccount], book: Sequence[Quote], price: Ticks
) -> CascadeFound:
    """Return what a mark at `price` makes of a population in a book.

    The mark jumps there: set from outside, or by a reported trade where the last trade is the mark; where it is the
    middle of the book, the book decides it, and `price` has to be that. Every other derived mark is set from outside.
    Raises ConfigError for a price that does not fit, and for accounts in other instruments.
    """
    fact = market.instrument
    if strange := [account for account in accounts if account.instrument != fact.instrument_id]:
        raise ConfigError(
            f"expected accounts in {fact.symbol} only, found account {strange[0].account} in another market"
        )
    if fact.mark_source not in ("last", "mid"):
        fact = marked_by_hand(fact)
    venue = Exchange([fact], market.rules)
    found = Liquidations()
    refused: list[str] = []
    prices: list[Ticks] = []
    fund_start = venue.fund.balance
    last_ns = max((account.ts_ns for account in accounts), default=0)

    def apply(command: Command) -> None:
        events = venue.apply(command)
        found.read(events)
        for event in events:
            if isinstance(event, RequestRejected | OrderRejected):
                refused.append(market.teller.sentence(event))

    for command in account_commands(accounts):
        apply(command)
    for number, quote in enumerate(book, start=1):
        # Continued, so that no mark, stop or liquidation comes of a book that is only half there.
        order = PlaceOrder(last_ns, fact.instrument_id, 0, number, quote.side, quote.qty_lots, quote.price_ticks)
        apply(_recorded(order))
    if fact.mark_source == "external":
        apply(SetMarkPrice(last_ns, fact.instrument_id, price))
    else:
        if fact.mark_source == "mid":
            _check_middle(market, book, price)
        apply(ReportTrade(last_ns, fact.instrument_id, Side.SELL, price, 1))
    seconds = 0
    while seconds < MOST_SECONDS and any(liquidation.outcome is None for liquidation in found.all):
        # What could not be sold is tried again after a trade: one a second, at the last price, which changes nothing.
        seconds += 1
        last = venue.book(fact.instrument_id).last_trade
        apply(
            ReportTrade(
                last_ns + seconds * _SECOND_NS, fact.instrument_id, Side.SELL, price if last is None else last, 1
            )
        )
    for liquidation in found.all:
        for fills in liquidation.fills.values():
            prices.append(fills.worst)
    return CascadeFound(
        seconds=seconds,
        accounts=len({account.account for account in accounts}),
        liquidations=found.all,
        refused=refused,
        lowest=min(prices, default=None),
        highest=max(prices, default=None),
        mark_ticks=venue.book(fact.instrument_id).mark_price,
        fund_start=fund_start,
        fund_end=venue.fund.balance,
        venue_loss=venue.fund.venue_loss,
    )


def _recorded(order: PlaceOrder) -> PlaceOrder:
    return PlaceOrder(
        order.ts_ns,
        order.instrument,
        order.account,
        order.order_id,
        order.side,
        order.qty_lots,
        order.price_ticks,
        origin=Origin.RECORDED,
        is_continued=True,
    )


def _check_middle(market: Market, book: Sequence[Quote], price: Ticks) -> None:
    bids = [quote.price_ticks for quote in book if quote.side == Side.BUY]
    asks = [quote.price_ticks for quote in book if quote.side == Side.SELL]
    if not bids or not asks:
        raise ConfigError("--book: expected bids and asks where the mark is the middle of the book, found one side")
    middle = (max(bids) + min(asks)) // 2
    if middle != price:
        expected = f"expected {market.price(middle)}, the middle of the book, which is this venue's mark"
        raise ConfigError(f"--price: {expected}, found {market.price(price)}")
