"""What a shock made of one venue, counted from its events."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from exchange import Exchange
from exchange.codec import decode_events
from exchange.enums import INSURANCE_FUND, LiquidationOutcome
from exchange.events import (
    DebtBooked,
    DebtRepaid,
    Event,
    FundPaid,
    HaircutCharged,
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
        self.events: dict[type, list[Event]] = defaultdict(list)
        self.count = 0

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of the event log."""
        for event in decode_events(block, first_seq):
            self.count += 1
            if isinstance(event, _KEPT):
                self.events[type(event)].append(event)

    def sum(self, kind: type, field: str) -> int:
        """Return the sum of a field over all events of a kind."""
        return sum(getattr(event, field) for event in self.events[kind])

    def accounts(self, *kinds: type) -> int:
        """Return how many accounts events of these kinds name."""
        return len({event.account for kind in kinds for event in self.events[kind]})  # type: ignore[attr-defined]


def outcome_of(venue: Exchange, tally: Tally, units: Units, shock: Shock, digest: str) -> Outcome:
    """Return what came of it."""
    events = tally.events
    debts: dict[int, int] = {}
    for event in sorted([*events[DebtBooked], *events[DebtRepaid]], key=lambda event: event.seq):
        debts[event.account] = event.owed  # type: ignore[attr-defined]
    ends: Sequence[LiquidationEnded] = events[LiquidationEnded]  # type: ignore[assignment]
    transfers: Sequence[PositionTransferred] = events[PositionTransferred]  # type: ignore[assignment]
    to_fund = {event.account for event in transfers if event.taker == INSURANCE_FUND}
    to_fund |= {event.account for event in events[PositionTakenOver]}  # type: ignore[attr-defined]
    lowest = min((event.price_ticks for event in events[Trade]), default=0)  # type: ignore[attr-defined]

    def dollars(money: int) -> Decimal:
        return units.dollars(money, shock.price)

    return Outcome(
        venue=venue.rules.name,
        accounts=shock.accounts,
        refused=len(events[OrderRejected]) + len(events[RequestRejected]),
        liquidated=tally.accounts(LiquidationStarted),
        unfinished=len(events[LiquidationStarted]) - len(ends),
        lowest=lowest * units.tick,
        fund_start=dollars(units.money(shock.fund, shock.price)),
        fund_surplus=dollars(tally.sum(SurplusPaid, "amount")),
        fund_paid=dollars(tally.sum(FundPaid, "amount")),
        fund_end=dollars(venue.fund.balance),
        fund_unrealized=dollars(sum(position.unrealized for position in venue.fund.positions())),
        taken_over=len(to_fund),
        backstopped=len({event.account for event in transfers if event.taker != INSURANCE_FUND}),
        deleveraged=tally.accounts(PositionDeleveraged),
        haircut_accounts=tally.accounts(HaircutCharged, ProfitClawedBack),
        haircut=dollars(tally.sum(HaircutCharged, "amount") + tally.sum(ProfitClawedBack, "amount")),
        owing=sum(1 for owed in debts.values() if owed > 0),
        owed=dollars(sum(debts.values())),
        forgiven=dollars(tally.sum(LossWrittenOff, "amount")),
        venue_loss=dollars(venue.fund.venue_loss),
        kept=dollars(sum(max(0, end.balance) for end in ends if end.outcome == LiquidationOutcome.SURPLUS)),
        outcomes=dict(sorted(Counter(end.outcome.name.lower() for end in ends).items())),
        events=tally.count,
        digest=digest,
    )
