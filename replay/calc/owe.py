"""What a leveraged trade that goes wrong leaves: equity, what was liquidated where, who paid, whether money is owed.

A real venue is opened under the rules in question, with one trader who puts a deposit in, opens a position with an
order (or takes a loan on coins), and closes it with another when the price has got to its end. A recorded market maker
quotes around the price, which goes there in even steps, or at once (a gap). Account 2 holds the other side of a perp,
so that profits are there to be shared or deleveraged where the rules say so.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from exchange import Exchange
from exchange.commands import (
    CancelOrder,
    Command,
    Deposit,
    DepositAsset,
    OpenPosition,
    PlaceOrder,
    ReportTrade,
    SetFundingRate,
    SetIndexPrice,
    SetLeverage,
    SetMarkPrice,
    Withdraw,
)
from exchange.enums import OrderKind, Origin, RejectReason, Side, TimeInForce
from exchange.errors import ConfigError
from exchange.events import Event, OrderRejected, RequestRejected
from exchange.instrument import FeeSchedule, Instrument
from exchange.units import MAX_MONEY, MAX_QTY_LOTS, Lots, Money, Ticks, div_floor
from replay.calc.liquidations import Liquidations
from replay.calc.market import Market, marked_by_hand
from replay.calc.plan import Outcome, Plan, costs_of
from replay.explain import Explainer

TRADER: Final = 1
OTHER_SIDE: Final = 2
_SECOND_NS: Final = 1_000_000_000
_HOUR_NS: Final = 3_600 * _SECOND_NS
_BOOK_LEVELS: Final = 50
_BOOK_STEP_PER_MILLE: Final = 1
_OPENING: Final = 1
_STOP: Final = 2
_CLOSING: Final = 3  # and those after it
_MOST_ROUNDS: Final = 1_000
_FIRST_QUOTE: Final = 10_000
_LEAST_PART: Final = 2  # of the wanted size: a venue that allows less than a half of it refuses the plan
_FOR_MARGIN: Final = (RejectReason.INSUFFICIENT_MARGIN, RejectReason.INSUFFICIENT_BALANCE)


class RefusedError(ConfigError):
    """The venue refused a step of a plan. reason: the venue's."""

    def __init__(self, message: str, reason: RejectReason) -> None:
        """Keep the reason beside the words."""
        super().__init__(message)
        self.reason = reason


def without_fees(market: Market) -> Market:
    """Return a market that charges no trading fees, as textbooks have it."""
    return Market(market.rules, msgspec.structs.replace(market.instrument, fees=FeeSchedule()))


def what_is_owed(market: Market, plan: Plan) -> Outcome:
    """Run a plan.

    Where margin does not allow deposit x leverage, since fees come on top of it, the largest size is taken that it does
    allow, down to a half. Raises ConfigError where the venue refuses that, or the product does not fit its instrument.
    """
    is_spot = market.instrument.kind == "spot"
    if is_spot != (plan.product in ("spot", "loan")):
        fits = "spot or loan" if is_spot else "perp"
        expected = f"expected {fits} for {market.symbol}, which is {market.instrument.kind}"
        raise ConfigError(f"--product: {expected}, found {plan.product}")
    wanted = plan.lots if plan.lots is not None else affordable_lots(market, plan)
    try:
        return _Play(market, plan, wanted, wanted).run()
    except RefusedError as error:
        if plan.product == "loan" or plan.lots is not None or error.reason not in _FOR_MARGIN:
            raise
        allowed = _allowed_lots(market, plan, wanted)
        if allowed == 0:
            raise
    return _Play(market, plan, allowed, wanted).run()


def affordable_lots(market: Market, plan: Plan) -> Lots:
    """Return the most lots whose notional at the entry is at most deposit x leverage. Raises ConfigError for none.

    The coins of a loan are worth the deposit alone.
    """
    wanted = plan.deposit * (1 if plan.product == "loan" else plan.leverage)
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


def _allowed_lots(market: Market, plan: Plan, wanted: Lots) -> Lots:
    """Return the most lots that the venue lets the trader open, 0 where that is less than a half of what is wanted."""

    def is_allowed(lots: Lots) -> bool:
        try:
            _Play(market, plan, lots, wanted).open()
        except RefusedError:
            return False
        return True

    least, too_many = wanted // _LEAST_PART, wanted
    if least == 0 or not is_allowed(least):
        return 0
    while too_many - least > 1:
        middle = (least + too_many) // 2
        if is_allowed(middle):
            least = middle
        else:
            too_many = middle
    return least


class _Play:
    """The venue of one plan."""

    def __init__(self, market: Market, plan: Plan, lots: Lots, wanted: Lots) -> None:
        fact = market.instrument
        self.fact: Instrument = fact if fact.mark_source in ("last", "mid") else marked_by_hand(fact)
        if plan.funding_ppb is not None:
            funding = msgspec.structs.replace(fact.funding, model="external", timing="same")
            self.fact = msgspec.structs.replace(self.fact, funding=funding)
        self.market = market
        self.plan = plan
        self.lots = lots
        self.wanted = wanted
        self.taken_out: Money = 0
        self.venue = Exchange([self.fact], market.rules)
        self.events: list[Event] = []
        self.explainer = Explainer(TRADER)
        self.venue.add_sink(self.explainer)
        self.ts_ns = 0
        self.live: list[int] = []
        self.next_quote = _FIRST_QUOTE
        is_long = plan.is_long or plan.product == "loan"
        self.entry_side = Side.BUY if is_long else Side.SELL
        self.exit_side = Side.SELL if is_long else Side.BUY

    def run(self) -> Outcome:
        """Open, move the price, close, and look."""
        plan, venue = self.plan, self.venue
        fund_start = venue.fund.balance
        self.open()
        for step in range(1, plan.steps + 1):
            self.ts_ns = plan.hours * _HOUR_NS * step // plan.steps if plan.hours else step * _SECOND_NS
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
        found = Liquidations()
        found.read(self.events)
        own = [liquidation for liquidation in found.all if liquidation.account == TRADER]
        paid: dict[str, Money] = {}
        for liquidation in own:
            for payer, amount in liquidation.paid.items():
                paid[payer] = paid.get(payer, 0) + amount
        return Outcome(
            size_lots=self.lots if self.entry_side == Side.BUY else -self.lots,
            wanted_lots=self.wanted,
            notional=self.market.valuation.notional(self.lots, plan.entry),
            taken_out=self.taken_out,
            equity=equity,
            balance=account.balance,
            owed=sum(liquidation.owed for liquidation in own),
            costs=costs_of(self.events, TRADER),
            liquidations=own,
            paid=paid,
            fund_start=fund_start,
            fund_end=venue.fund.balance,
            is_open=bool(account.positions()),
            story=self.explainer.lines(venue),
        )

    def open(self) -> None:
        """Open the position, or take the loan. Raises RefusedError where the venue does not allow it."""
        if self.plan.product == "loan":
            self._borrow()
            return
        plan, number = self.plan, self.fact.instrument_id
        self._require([Deposit(0, TRADER, plan.deposit)])
        is_bought_on_credit = plan.product == "spot" and plan.is_long
        if not is_bought_on_credit:  # the venue's rules say how much money it lends
            self._require([SetLeverage(0, number, TRADER, plan.leverage)])
        if plan.product == "perp":
            signed = -self.lots if plan.is_long else self.lots
            worst = max(self.market.valuation.notional(self.lots, price) for price in (plan.entry, plan.exit))
            ample = min(10 * worst + 1_000_000, MAX_MONEY // 2)
            self._require([Deposit(0, OTHER_SIDE, ample), OpenPosition(0, number, OTHER_SIDE, signed, plan.entry)])
        self._show(plan.entry)
        side, at_once = self.entry_side, TimeInForce.IOC
        self._require([PlaceOrder(0, number, TRADER, _OPENING, side, self.lots, plan.entry, time_in_force=at_once)])
        self._place_stop()

    def _borrow(self) -> None:
        """Bring the coins, and take out the money that is lent on them."""
        plan, number = self.plan, self.fact.instrument_id
        self._show(plan.entry)
        self._require([DepositAsset(0, number, TRADER, self.lots)])
        worth = self.market.valuation.notional(self.lots, plan.entry)
        self.taken_out = div_floor(worth * (plan.leverage - 1), plan.leverage)
        if self.taken_out > 0:
            self._expect_lender()
            self._require([Withdraw(0, TRADER, self.taken_out)])
        self._place_stop()

    def _expect_lender(self) -> None:
        """Raise RefusedError where the rules lend no money that may be taken out."""
        borrow = self.market.rules.borrow
        if borrow.may_borrow and borrow.withdraw == "borrowed":
            return
        found = 'borrow.withdraw = "own"' if borrow.may_borrow else "borrow.may_borrow = false"
        message = (
            f"--product loan: expected a venue that lends money to take out, found {self.market.rules.name}, which "
            f"does not by its rule {found}; --product spot buys coins with what it lends"
        )
        raise RefusedError(message, RejectReason.INSUFFICIENT_BALANCE)

    def _place_stop(self) -> None:
        if self.plan.stop is not None:
            number, trigger = self.fact.instrument_id, self.plan.stop
            kind, at_once = OrderKind.STOP, TimeInForce.IOC
            stop = PlaceOrder(
                0, number, TRADER, _STOP, self.exit_side, self.lots, 0, kind, at_once, trigger_ticks=trigger
            )
            self._require([stop])

    def _equity_of_liquidation(self) -> Money | None:
        """Return the equity with which a liquidation began that the exit price itself set off, else None."""
        found = Liquidations()
        found.read(self.events)
        own = [liquidation for liquidation in found.all if liquidation.account == TRADER]
        return own[-1].equity if own and own[-1].ts_ns == self.ts_ns else None

    def _close(self, order_id: int) -> None:
        """Send an order to close what is still held, unless the venue is at it."""
        account = self.venue.account(TRADER)
        held = sum(position.size_lots for position in account.positions())
        if held != 0 and not account.is_in_liquidation:
            number, side = self.fact.instrument_id, self.exit_side
            market = (OrderKind.MARKET, TimeInForce.IOC)
            self._apply(PlaceOrder(self.ts_ns, number, TRADER, order_id, side, abs(held), 0, *market))

    def _show(self, price: Ticks) -> None:
        """Quote around a price, then let it be the mark and the last trade."""
        number = self.fact.instrument_id
        if self.plan.funding_ppb is not None:
            self._apply(SetFundingRate(self.ts_ns, number, self.plan.funding_ppb))
        if self.plan.hours > 0 and self.fact.funding.interval_ns > 0:
            # Funding is made of an index: here it agrees with the price.
            for leg in range(1, len(self.fact.index.weights) + 1) or (0,):
                self._apply(SetIndexPrice(self.ts_ns, number, price, leg))
        for order_id in self.live:
            if self.venue.book(number).order(order_id) is not None:
                self._apply(CancelOrder(self.ts_ns, number, 0, order_id, Origin.RECORDED, is_continued=True))
        self.live = []
        # The opening order is not what the depth is about: it finds all that it wants.
        is_thick = self.plan.depth_lots is None or self.ts_ns == 0
        levels, lots = (1, self._ample_lots(price)) if is_thick else (_BOOK_LEVELS, self.plan.depth_lots or 0)
        away = max(1, price * _BOOK_STEP_PER_MILLE // 1_000)
        for level in range(levels):
            for side, quote in ((Side.BUY, price - level * away), (Side.SELL, price + level * away)):
                if self.fact.min_price_ticks <= quote <= self.fact.max_price_ticks:
                    self._quote(side, min(lots, MAX_QTY_LOTS), quote)
        is_external = self.fact.mark_source == "external"
        self._apply(ReportTrade(self.ts_ns, number, Side.SELL, price, 1, is_continued=is_external))
        if is_external:
            self._apply(SetMarkPrice(self.ts_ns, number, price))

    def _ample_lots(self, price: Ticks) -> Lots:
        """Return a size that takes the position, and that the prices for an impact notional are found in."""
        lots = 8 * self.lots
        impact = max(self.fact.funding.impact_notional, self.fact.mark.impact_notional) if self.plan.hours else 0
        while lots < MAX_QTY_LOTS and self.market.valuation.notional(lots, price) <= impact:
            lots *= 2
        return lots

    def _quote(self, side: Side, lots: Lots, price: Ticks) -> None:
        number, order_id = self.fact.instrument_id, self.next_quote
        self.live.append(order_id)
        self.next_quote += 1
        origin = Origin.RECORDED
        self._apply(PlaceOrder(self.ts_ns, number, 0, order_id, side, lots, price, origin=origin, is_continued=True))

    def _apply(self, command: Command) -> list[Event]:
        events = self.venue.apply(command)
        self.events += events
        return events

    def _require(self, commands: Sequence[Command]) -> None:
        for command in commands:
            for event in self._apply(command):
                if isinstance(event, RequestRejected | OrderRejected):
                    message = f"{self.market.rules.name}: {self.market.teller.sentence(event)}"
                    raise RefusedError(message, event.reason)
