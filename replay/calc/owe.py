"""What a leveraged trade that goes wrong leaves: equity, what was liquidated where, who paid, whether money is owed.

A real venue is opened under the rules in question, with one trader who puts a deposit in, opens a position with an
order, and closes it with another when the price has got to its end. A recorded market maker quotes around the price,
which goes there in even steps, or at once (a gap). Account 2 holds the other side, so that profits are there to be
shared or deleveraged where the rules say so.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from exchange import Exchange
from exchange.commands import (
    CancelOrder,
    Command,
    Deposit,
    OpenPosition,
    PlaceOrder,
    ReportTrade,
    SetLeverage,
    SetMarkPrice,
)
from exchange.enums import OrderKind, Origin, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.events import Event, OrderRejected, RequestRejected
from exchange.instrument import FeeSchedule, Instrument
from exchange.units import MAX_MONEY, MAX_QTY_LOTS, Lots, Money, Ticks, div_floor
from replay.calc.liquidations import Liquidation, Liquidations
from replay.calc.market import Market, marked_by_hand
from replay.explain import Explainer, Line

TRADER: Final = 1
OTHER_SIDE: Final = 2
STEPS: Final = 200
_SECOND_NS: Final = 1_000_000_000
_BOOK_LEVELS: Final = 50
_BOOK_STEP_PER_MILLE: Final = 1
_OPENING: Final = 1
_STOP: Final = 2
_CLOSING: Final = 3  # and those after it
_MOST_ROUNDS: Final = 1_000
_FIRST_QUOTE: Final = 10_000


class Plan(NamedTuple):
    """One trade: money units, ticks and lots. stop: trigger of a stop order that is placed with the position, or None.

    steps: of the price on its way; 1 is a gap. depth_lots: of each of the book's levels, a thousandth apart, once the
    position is open; None is a book that takes any size at the price.
    """

    is_long: bool
    deposit: Money
    leverage: int
    entry: Ticks
    exit: Ticks
    stop: Ticks | None = None
    steps: int = STEPS
    depth_lots: Lots | None = None


class Outcome(NamedTuple):
    """What it came to. equity: at the exit price, before the position was closed; None where it was gone by then.

    balance: in the end. owed: what the trader owes, by the venue's books, in the end. paid: who paid what of the losses
    beyond the trader's money.
    """

    size_lots: Lots
    notional: Money
    equity: Money | None
    balance: Money
    owed: Money
    fees: Money
    liquidations: list[Liquidation]
    paid: dict[str, Money]
    fund_start: Money
    fund_end: Money
    story: list[Line]


def without_fees(market: Market) -> Market:
    """Return a market that charges no trading fees, as textbooks have it."""
    return Market(market.rules, msgspec.structs.replace(market.instrument, fees=FeeSchedule()))


def affordable_lots(market: Market, plan: Plan) -> Lots:
    """Return the most lots whose notional at the entry is at most deposit x leverage. Raises ConfigError for none."""
    wanted = plan.deposit * plan.leverage
    least, too_many = 0, MAX_QTY_LOTS + 1
    while too_many - least > 1:
        middle = (least + too_many) // 2
        if market.valuation.notional(middle, plan.entry) <= wanted:
            least = middle
        else:
            too_many = middle
    if least == 0:
        raise ConfigError(
            f"--deposit: expected enough for the smallest size of {market.size(1)} at {plan.leverage}x, "
            f"found {market.money(plan.deposit)}"
        )
    return least


def what_is_owed(market: Market, plan: Plan) -> Outcome:
    """Run a plan. Raises ConfigError where the venue refuses the deposit, the leverage or the opening order."""
    return _Play(market, plan).run()


class _Play:
    """The venue of one plan."""

    def __init__(self, market: Market, plan: Plan) -> None:
        fact = market.instrument
        self.fact: Instrument = fact if fact.mark_source in ("last", "mid") else marked_by_hand(fact)
        self.market = market
        self.plan = plan
        self.venue = Exchange([self.fact], market.rules)
        self.found = Liquidations()
        self.explainer = Explainer(TRADER)
        self.venue.add_sink(self.explainer)
        self.ts_ns = 0
        self.live: list[int] = []
        self.next_quote = _FIRST_QUOTE
        self.lots = affordable_lots(market, plan)
        self.entry_side = Side.BUY if plan.is_long else Side.SELL
        self.exit_side = Side.SELL if plan.is_long else Side.BUY

    def run(self) -> Outcome:
        """Open, move the price, close, and look."""
        plan, venue = self.plan, self.venue
        fund_start = venue.fund.balance
        self._open()
        for step in range(1, plan.steps + 1):
            self.ts_ns = step * _SECOND_NS
            self._show(plan.entry + div_floor((plan.exit - plan.entry) * step, plan.steps))
        account = venue.account(TRADER)
        equity = account.equity if account.positions() else self._equity_of_liquidation()
        for order_id in range(_CLOSING, _CLOSING + _MOST_ROUNDS):
            if not account.positions() and not account.is_in_liquidation:
                break
            self._close(order_id)
            # Time goes on at the exit price: what liquidation orders could not sell is tried again after a trade.
            self.ts_ns += _SECOND_NS
            self._show(plan.exit)
        self.explainer.write(venue.open_block(), venue.open_block_first_seq())
        paid: dict[str, Money] = {}
        own = [liquidation for liquidation in self.found.all if liquidation.account == TRADER]
        for liquidation in own:
            for payer, amount in liquidation.paid.items():
                paid[payer] = paid.get(payer, 0) + amount
        return Outcome(
            size_lots=self.lots if plan.is_long else -self.lots,
            notional=self.market.valuation.notional(self.lots, plan.entry),
            equity=equity,
            balance=venue.account(TRADER).balance,
            owed=sum(liquidation.owed for liquidation in own),
            fees=venue.fund.fees,
            liquidations=own,
            paid=paid,
            fund_start=fund_start,
            fund_end=venue.fund.balance,
            story=self.explainer.lines(venue),
        )

    def _equity_of_liquidation(self) -> Money | None:
        """Return the equity with which a liquidation began that the exit price itself set off, else None."""
        own = [liquidation for liquidation in self.found.all if liquidation.account == TRADER]
        return own[-1].equity if own and own[-1].ts_ns == self.ts_ns else None

    def _close(self, order_id: int) -> None:
        """Send an order to close what is still held, unless the venue is at it."""
        account = self.venue.account(TRADER)
        held = sum(position.size_lots for position in account.positions())
        if held != 0 and not account.is_in_liquidation:
            number, side = self.fact.instrument_id, self.exit_side
            market = (OrderKind.MARKET, TimeInForce.IOC)
            self._apply(PlaceOrder(self.ts_ns, number, TRADER, order_id, side, abs(held), 0, *market))

    def _open(self) -> None:
        plan, number = self.plan, self.fact.instrument_id
        signed = -self.lots if plan.is_long else self.lots
        worst = max(self.market.valuation.notional(self.lots, price) for price in (plan.entry, plan.exit))
        ample = min(10 * worst + 1_000_000, MAX_MONEY // 2)
        self._require([Deposit(0, TRADER, plan.deposit), SetLeverage(0, number, TRADER, plan.leverage)])
        self._require([Deposit(0, OTHER_SIDE, ample), OpenPosition(0, number, OTHER_SIDE, signed, plan.entry)])
        self._show(plan.entry)
        order = PlaceOrder(
            0, number, TRADER, _OPENING, self.entry_side, self.lots, plan.entry, time_in_force=TimeInForce.IOC
        )
        self._require([order])
        if plan.stop is not None:
            stop = PlaceOrder(
                0,
                number,
                TRADER,
                _STOP,
                self.exit_side,
                self.lots,
                0,
                OrderKind.STOP,
                TimeInForce.IOC,
                trigger_ticks=plan.stop,
            )
            self._require([stop])

    def _show(self, price: Ticks) -> None:
        """Quote around a price, then let it be the mark and the last trade."""
        number = self.fact.instrument_id
        for order_id in self.live:
            if self.venue.book(number).order(order_id) is not None:
                self._apply(CancelOrder(self.ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True))
        self.live = []
        # The opening order is not what the depth is about: it finds all that it wants.
        is_thick = self.plan.depth_lots is None or self.ts_ns == 0
        levels, lots = (1, 8 * self.lots) if is_thick else (_BOOK_LEVELS, self.plan.depth_lots or 0)
        away = max(1, price * _BOOK_STEP_PER_MILLE // 1_000)
        for level in range(levels):
            for side, quote in ((Side.BUY, price - level * away), (Side.SELL, price + level * away)):
                if self.fact.min_price_ticks <= quote <= self.fact.max_price_ticks:
                    self._quote(side, min(lots, MAX_QTY_LOTS), quote)
        is_external = self.fact.mark_source == "external"
        self._apply(ReportTrade(self.ts_ns, number, Side.SELL, price, 1, is_continued=is_external))
        if is_external:
            self._apply(SetMarkPrice(self.ts_ns, number, price))

    def _quote(self, side: Side, lots: Lots, price: Ticks) -> None:
        self.live.append(self.next_quote)
        self._apply(
            PlaceOrder(
                self.ts_ns,
                self.fact.instrument_id,
                0,
                self.next_quote,
                side,
                lots,
                price,
                origin=Origin.RECORDED,
                is_continued=True,
            )
        )
        self.next_quote += 1

    def _apply(self, command: Command) -> list[Event]:
        events = self.venue.apply(command)
        self.found.read(events)
        return events

    def _require(self, commands: Sequence[Command]) -> None:
        for command in commands:
            for event in self._apply(command):
                if isinstance(event, RequestRejected | OrderRejected):
                    raise ConfigError(f"{self.market.rules.name}: {self.market.teller.sentence(event)}")
