"""One leveraged trade or loan from beginning to end, and what it comes to: what `owe` and `hold` ask and answer."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from exchange.events import Event, FundingPaid, InterestCharged, PositionChanged
from exchange.units import Lots, Money, Ticks
from replay.calc.liquidations import Liquidation
from replay.explain import Line

Product = Literal["perp", "spot", "loan"]

STEPS: Final = 200


class Plan(NamedTuple):
    """One trade: money units, ticks and lots.

    product: 'perp' (or future); 'spot', bought or sold with borrowed money or coins; 'loan', money on coins worth
    `deposit`, of which (leverage - 1) / leverage is taken out. stop: trigger of a stop order that is placed with the
    position, or None. steps: of the price on its way; 1 is a gap. hours: that the way takes; 0: a second a step.
    depth_lots: of each of the book's levels, a thousandth apart, once the position is open; None is a book that takes
    any size at the price. lots: of the position, where it is not deposit x leverage; None. funding_ppb: of each funding
    payment, where the rules do not make it; None.
    """

    product: Product
    is_long: bool
    deposit: Money
    leverage: int
    entry: Ticks
    exit: Ticks
    stop: Ticks | None = None
    steps: int = STEPS
    hours: int = 0
    depth_lots: Lots | None = None
    lots: Lots | None = None
    funding_ppb: int | None = None


class Costs(NamedTuple):
    """What a trader paid on the way; a negative amount was received."""

    fees: Money
    interest: Money
    funding: Money


class Outcome(NamedTuple):
    """What it came to.

    size_lots: signed; wanted_lots: what deposit x leverage comes to, of which the venue may have allowed less.
    taken_out: money of a loan. equity: at the exit price, before the position was closed; None where it was gone by
    then. balance: in the end. owed: what the trader owes, by the venue's books, of what liquidations left unpaid; paid:
    who paid what of that. is_open: the book did not take all of the position in the end.
    """

    size_lots: Lots
    wanted_lots: Lots
    notional: Money
    taken_out: Money
    equity: Money | None
    balance: Money
    owed: Money
    costs: Costs
    liquidations: list[Liquidation]
    paid: dict[str, Money]
    fund_start: Money
    fund_end: Money
    is_open: bool
    story: list[Line]


def costs_of(events: Iterable[Event], account: int) -> Costs:
    """Return the fees, the interest and the funding that an account paid."""
    fees = interest = funding = 0
    for event in events:
        if getattr(event, "account", None) != account:
            continue
        if isinstance(event, PositionChanged):
            fees += event.fee
        elif isinstance(event, InterestCharged):
            interest += event.amount
        elif isinstance(event, FundingPaid):
            funding -= event.amount
    return Costs(fees, interest, funding)
