"""What a shock made of one venue, counted from its events."""

from collections import Counter
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from exchange import Exchange
from exchange.codec import decode_events
from exchange.enums import INSURANCE_FUND, LiquidationOutcome
from exchange.events import (
    DebtBooked,
    DebtRepaid,
    Event,
    FundPaid,
    HaircutCharged,
    LenderCut,
    LiquidationEnded,
    LiquidationStarted,
    LossWrittenOff,
    OrderRejected,
    PositionDeleveraged,
    PositionTakenOver,
    PositionTransferred,
    ProfitClawedBack,
    RequestRejected,
    SurplusPaid,
    Trade,
    VenueLossBooked,
)
from replay.shock.story import Shock
from replay.shock.units import Units

_Kind = TypeVar("_Kind")
_KEPT: Final = (
    Trade,
    LiquidationStarted,
    LiquidationEnded,
    SurplusPaid,
    PositionTakenOver,
    PositionTransferred,
    PositionDeleveraged,
    FundPaid,
    HaircutCharged,
    LenderCut,
    ProfitClawedBack,
    DebtBooked,
    DebtRepaid,
    LossWrittenOff,
    VenueLossBooked,
    OrderRejected,
    RequestRejected,
)


class Outcome(NamedTuple):
    """Counts of accounts, and money in dollars; coins count at the price before the shock.

    refused: orders and requests of the story that the venue refused. unfinished: liquidations that had not ended.
    lowest: the lowest trade. fund_paid: deficits that the fund paid. fund_surplus: what liquidated accounts had left
    that the fund got. fund_end: its money. fund_unrealized: its gain on what it took over and still holds. taken_over:
    accounts whose positions the fund took, backstopped: a backstop account. deleveraged: accounts closed against them.
    haircut, haircut_accounts: profits that other accounts lost to a shared loss. owed, owing: debts at the end, and
    who has one. forgiven: written off. venue_loss: paid by nobody. kept: what liquidated accounts had left and kept.
    """

    venue: str
    accounts: int
    refused: int
    liquidated: int
    unfinished: int
    lowest: Decimal
    fund_start: Decimal
    fund_surplus: Decimal
    fund_paid: Decimal
    fund_end: Decimal
    fund_unrealized: Decimal
    taken_over: int
    backstopped: int
    deleveraged: int
    haircut_accounts: int
    haircut: Decimal
    owing: int
    owed: Decimal
    forgiven: Decimal
    venue_loss: Decimal
    kept: Decimal
    outcomes: dict[str, int]
    events: int
    digest: str


class Tally:
    """A sink that keeps what the table needs of the event log."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.kept: list[Event] = []
        self.count = 0

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of the event log."""
        for event in decode_events(block, first_seq):
            self.count += 1
            if isinstance(event, _KEPT):
                self.kept.append(event)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the events of one kind, in their order."""
        return [event for event in self.kept if isinstance(event, kind)]


def outcome_of(venue: Exchange, tally: Tally, units: Units, shock: Shock, digest: str) -> Outcome:
    """Return what came of it."""
    starts, ends = tally.of(LiquidationStarted), tally.of(LiquidationEnded)
    transfers = tally.of(PositionTransferred)
    to_fund = {event.account for event in transfers if event.taker == INSURANCE_FUND}
    to_fund |= {event.account for event in tally.of(PositionTakenOver)}
    haircuts: list[HaircutCharged | ProfitClawedBack | LenderCut] = list(tally.of(HaircutCharged))
    haircuts += tally.of(ProfitClawedBack)
    haircuts += tally.of(LenderCut)
    debts: dict[int, int] = {}
    for event in tally.kept:
        if isinstance(event, DebtBooked | DebtRepaid):
            debts[event.account] = event.owed

    def dollars(money: int) -> Decimal:
        return units.dollars(money, shock.price)

    return Outcome(
        venue=venue.rules.name,
        accounts=shock.accounts,
        refused=len(tally.of(OrderRejected)) + len(tally.of(RequestRejected)),
        liquidated=len({event.account for event in starts}),
        unfinished=len(starts) - len(ends),
        lowest=min((event.price_ticks for event in tally.of(Trade)), default=0) * units.tick,
        fund_start=dollars(units.money(shock.fund, shock.price)),
        fund_surplus=dollars(sum(event.amount for event in tally.of(SurplusPaid))),
        fund_paid=dollars(sum(event.amount for event in tally.of(FundPaid))),
        fund_end=dollars(venue.fund.balance),
        fund_unrealized=dollars(sum(position.unrealized for position in venue.fund.positions())),
        taken_over=len(to_fund),
        backstopped=len({event.account for event in transfers if event.taker != INSURANCE_FUND}),
        deleveraged=len({event.account for event in tally.of(PositionDeleveraged)}),
        haircut_accounts=len({event.account for event in haircuts}),
        haircut=dollars(sum(event.amount for event in haircuts)),
        owing=sum(1 for owed in debts.values() if owed > 0),
        owed=dollars(sum(debts.values())),
        forgiven=dollars(sum(event.amount for event in tally.of(LossWrittenOff))),
        venue_loss=dollars(venue.fund.venue_loss),
        kept=dollars(sum(max(0, event.balance) for event in ends if event.outcome == LiquidationOutcome.SURPLUS)),
        outcomes=dict(sorted(Counter(event.outcome.name.lower() for event in ends).items())),
        events=tally.count,
        digest=digest,
    )
