"""Figures of one position: where it is liquidated and bankrupt, what margin it needs, how large or leveraged it may be.

Each figure is read off a venue of one account that runs the rules in question (`PositionTrial`); a price is found by
halving the range of prices, which works for any rules under which a worse price is worse. Everything is integers:
ticks, signed lots, money units. Opening fees are charged on a position that is sized, not on one that is looked at.
"""

from fractions import Fraction
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, SetLeverage, SetMarkPrice
from exchange.errors import ConfigError
from exchange.events import LiquidationStarted, OrderRejected, RequestRejected
from exchange.units import MAX_MONEY, MAX_QTY_LOTS, PPM, Lots, Money, Ticks, div_ceil, div_floor
from replay.calc.market import Market, marked_by_hand

_ACCOUNT: Final = 1


class PositionPrices(NamedTuple):
    """A position at its entry, and the prices that end it.

    liquidated_at: the first whole tick, going against the position, at which the venue liquidates it; None where no
    price does. bankrupt_at: the price at which nothing is left of `balance`, rounded so that closing there never leaves
    less; None where no price does. liquidated_at is the entry itself where the balance is too small from the start.
    """

    notional: Money
    balance: Money
    initial: Money
    maintenance: Money
    liquidated_at: Ticks | None
    bankrupt_at: Ticks | None


class MarginNeeded(NamedTuple):
    """What a position needs at a price: its notional, the margin to open it and the margin to keep it.

    Of coins, initial is the own money in them, notional / leverage.
    """

    notional: Money
    initial: Money
    maintenance: Money


class SizedPosition(NamedTuple):
    """The largest position whose loss at a stop stays within a risk. loss: fees of opening and closing included."""

    lots: Lots
    notional: Money
    loss: Money
    fees: Money


class LeverageFound(NamedTuple):
    """The highest leverage that survives a move: with it, and what happens; leverage 0 where not even 1x does."""

    leverage: int
    adverse: Ticks
    balance: Money
    liquidated_at: Ticks | None


class PositionTrial:
    """A venue on which one account holds one position at its entry price, with a balance behind it."""

    def __init__(self, market: Market, size_lots: Lots, entry: Ticks, leverage: int, balance: Money) -> None:
        """Prepare the question. size_lots: signed. Raises ConfigError where the venue refuses the position."""
        self.market = market
        fact = market.instrument
        self._opening: list[Command] = [
            Deposit(0, _ACCOUNT, balance),
            SetLeverage(0, fact.instrument_id, _ACCOUNT, leverage),
            OpenPosition(0, fact.instrument_id, _ACCOUNT, size_lots, entry),
        ]
        self.size_lots = size_lots
        self.entry = entry
        self.open_at(entry)

    def open_at(self, mark: Ticks) -> tuple[Exchange, bool]:
        """Return the venue with the position at a mark, and whether it was liquidated there."""
        fact = marked_by_hand(self.market.instrument)
        venue = Exchange([fact], self.market.rules)
        is_liquidated = False  # perhaps as soon as it is open: without a mark a position is worth its cost
        for command in (*self._opening, SetMarkPrice(0, fact.instrument_id, mark)):
            for event in venue.apply(command):
                if isinstance(event, RequestRejected | OrderRejected):
                    raise ConfigError(f"{self.market.rules.name}: {self.market.teller.sentence(event)}")
                is_liquidated |= isinstance(event, LiquidationStarted)
        return venue, is_liquidated

    def is_liquidated_at(self, mark: Ticks) -> bool:
        """Return whether the venue liquidates the position at a mark."""
        return self.open_at(mark)[1]

    def liquidated_at(self) -> Ticks | None:
        """Return the first mark against the position, from the entry on, at which it is liquidated, or None."""
        fact = self.market.instrument
        worst = fact.min_price_ticks if self.size_lots > 0 else fact.max_price_ticks
        if self.is_liquidated_at(self.entry):
            return self.entry
        if not self.is_liquidated_at(worst):
            return None
        safe, broken = self.entry, worst
        while abs(broken - safe) > 1:
            middle = (safe + broken) // 2
            if self.is_liquidated_at(middle):
                broken = middle
            else:
                safe = middle
        return broken


def margin_needed(market: Market, size_lots: Lots, price: Ticks, leverage: int) -> MarginNeeded:
    """Return what a position at a price needs, as the venue computes it. Raises ConfigError where it is refused."""
    notional = market.valuation.notional(size_lots, price)
    is_spot = market.instrument.kind == "spot"
    # More than enough, but for coins: what is not one's own there is borrowed, and margin is asked on that.
    behind = div_ceil(notional, leverage) if is_spot else min(10 * notional + 1_000_000, MAX_MONEY)
    venue, _ = PositionTrial(market, size_lots, price, leverage, max(behind, 1)).open_at(price)
    account = venue.account(_ACCOUNT)
    return MarginNeeded(notional, behind if is_spot else account.initial_margin, account.maintenance)


def position_prices(
    market: Market, size_lots: Lots, entry: Ticks, leverage: int, balance: Money | None = None
) -> PositionPrices:
    """Return the prices that end a position.

    balance: what stands behind it, which is the account's where margin is crossed; None: its initial margin alone,
    which is isolated margin. Raises ConfigError where the venue refuses the position.
    """
    needed = margin_needed(market, size_lots, entry, leverage)
    behind = needed.initial if balance is None else balance
    trial = PositionTrial(market, size_lots, entry, leverage, max(behind, 1))
    return PositionPrices(
        notional=needed.notional,
        balance=behind,
        initial=needed.initial,
        maintenance=needed.maintenance,
        liquidated_at=trial.liquidated_at(),
        bankrupt_at=bankruptcy_ticks(market, size_lots, entry, behind),
    )


def bankruptcy_ticks(market: Market, size_lots: Lots, entry: Ticks, balance: Money) -> Ticks | None:
    """Return the price at which a position has lost `balance`, or None where no price of the instrument does that."""
    fact, valuation = market.instrument, market.valuation
    left = valuation.value(size_lots, entry) - balance
    beyond = fact.max_price_ticks + 1
    ticks = valuation.price_for_value(size_lots, left, beyond)
    return ticks if fact.min_price_ticks <= ticks < beyond else None


def closing_loss(market: Market, size_lots: Lots, entry: Ticks, exit_ticks: Ticks) -> tuple[Money, Money]:
    """Return what opening at one price and closing at another costs, and the taker fees in it; negative is a profit."""
    valuation, taker = market.valuation, market.instrument.fees.taker_ppm
    opened, closed = valuation.value(size_lots, entry), valuation.value(size_lots, exit_ticks)
    fees = div_ceil(abs(opened) * taker, PPM) + div_ceil(abs(closed) * taker, PPM)
    return opened - closed + fees, fees


def size_for_risk(market: Market, is_long: bool, risk: Money, entry: Ticks, stop: Ticks) -> SizedPosition:
    """Return the most lots of which a stop that is filled at its price loses at most `risk`, taker fees included.

    0 lots where already one loses more. Raises ConfigError for a stop on the wrong side of the entry.
    """
    if (stop >= entry) == is_long or stop == entry:
        where = "below" if is_long else "above"
        expected = f"expected a stop {where} the entry of {market.price(entry)}"
        raise ConfigError(f"--stop: {expected}, found {market.price(stop)}")
    sign = 1 if is_long else -1
    least, too_many = 0, MAX_QTY_LOTS + 1
    while too_many - least > 1:
        middle = (least + too_many) // 2
        if closing_loss(market, sign * middle, entry, stop)[0] <= risk:
            least = middle
        else:
            too_many = middle
    loss, fees = closing_loss(market, sign * least, entry, stop)
    return SizedPosition(least, market.valuation.notional(least, entry), loss, fees)


def leverage_for_move(market: Market, size_lots: Lots, entry: Ticks, move: Fraction) -> LeverageFound:
    """Return the highest leverage at which a position, on its initial margin alone, survives a move against it.

    move: share of the entry price, rounded to the worse whole tick. Raises ConfigError where the venue refuses the
    position at any leverage.
    """
    distance = div_ceil(abs(entry) * move.numerator, move.denominator)
    adverse = entry - distance if size_lots > 0 else entry + distance
    fact = market.instrument
    adverse = min(max(adverse, fact.min_price_ticks), fact.max_price_ticks)

    def is_safe(leverage: int) -> bool:
        try:
            needed = margin_needed(market, size_lots, entry, leverage)
        except ConfigError:
            if leverage == 1:
                raise
            return False  # more than so large a position may have
        return not PositionTrial(market, size_lots, entry, leverage, max(needed.initial, 1)).is_liquidated_at(adverse)

    if not is_safe(1):
        return LeverageFound(0, adverse, margin_needed(market, size_lots, entry, 1).initial, entry)
    safe, unsafe = 1, fact.max_leverage + 1
    while unsafe - safe > 1:
        middle = div_floor(safe + unsafe, 2)
        if is_safe(middle):
            safe = middle
        else:
            unsafe = middle
    found = position_prices(market, size_lots, entry, safe)
    return LeverageFound(safe, adverse, found.balance, found.liquidated_at)
