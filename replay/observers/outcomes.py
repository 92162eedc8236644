"""What became of every account, and of all money: a sink of event blocks, and the venue when the run is over.

Of each account: gain = equity + withdrawn - deposited, and where it came from. Of all: `Sheet`, which balances exactly.
Everything is an integer in money units; isolated positions count as their owner's.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.codec import decode_events_of
from exchange.enums import INSURANCE_FUND, RECORDED_MARKET, DeficitSource
from exchange.events import EVENTS
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from exchange.units import div_nearest
from replay.observers.attribution import PAID


class AccountRow(NamedTuple):
    """One account at the end. Money in money units; what it paid is positive.

    group: the flow that it came from. gain: equity_end + withdrawn - deposited, which is realized + unrealized -
    fees + funding - interest - liquidation_fees - surplus + covered - charged + transferred. unrealized: at the last
    marks. fees: of trading, and penalties. liquidation_fees: measured at the bankruptcy price. surplus: what was left
    in a liquidation and went to the fund. covered: of its deficits, paid by others. charged: what it paid of the losses
    of others out of its balance; haircut: that, and what came off the profit of its positions (which realized and
    unrealized have lost). transferred: money from other accounts, or to them (negative): debts repaid, margin.
    liquidated: how many times; liquidation_lots, average_liquidation_ticks: traded by its liquidation orders in
    liquidation_instrument, where most was; liquidation_notional: of all. taken_lots, deleveraged_lots: of its own
    positions what others took over, and what was closed against its will for somebody else's liquidation. debt: owed
    at the end, interest included. rejected: requests refused.
    """

    account: int
    group: str
    deposited: int
    withdrawn: int
    balance_end: int
    equity_end: int
    gain: int
    realized: int
    unrealized: int
    fees: int
    funding: int
    interest: int
    liquidation_fees: int
    surplus: int
    covered: int
    charged: int
    transferred: int
    haircut: int
    liquidated: int
    liquidation_instrument: int
    liquidation_lots: int
    average_liquidation_ticks: int
    liquidation_notional: int
    taken_lots: int
    deleveraged_lots: int
    debt: int
    rejected: int


class Sheet(NamedTuple):
    """Where all the money is, in money units; each is a gain of whom it names.

    accounts, market, fund: what participants, the recorded market and the insurance fund gained at the last marks.
    fees: trading fees kept by the venue. venue_loss, deferred, owed, written_off: deficits that the venue has paid:
    for good, until the session ends, as somebody's debt, as forgiven. valuation: what all positions together are worth:
    rounding, and what deposited assets have gained.
    """

    accounts: int
    market: int
    fund: int
    fees: int
    venue_loss: int
    deferred: int
    owed: int
    written_off: int
    valuation: int

    @property
    def difference(self) -> int:
        """Money that came from nowhere: 0, or the engine is wrong."""
        gains = self.accounts + self.market + self.fund + self.fees
        return gains - self.venue_loss - self.deferred - self.owed - self.written_off - self.valuation


class _Story:
    """The sums of one account."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.sums: Counter[str] = Counter()
        self.traded: dict[int, list[int]] = {}  # by liquidation orders: instrument: lots, price x lots, notional


class Outcomes:
    """Reads the events of a venue in order; hand it the open block, once, when the run is over."""

    def __init__(self, instruments: tuple[Instrument, ...], fund_start: int) -> None:
        """Start before the first event."""
        self._valuations = {fact.instrument_id: Valuation(fact) for fact in instruments}
        self._accounts: dict[int, _Story] = {}
        self._orders: dict[tuple[int, int], int] = {}  # of liquidations: whose, by instrument and order id
        self._running: set[int] = set()
        self._fund_given = fund_start
        self._assets = 0  # what deposited assets were worth, less those that left

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of event records."""
        for event in decode_events_of(block, first_seq, _WANTED):
            _HANDLERS[type(event).__name__](self, event)

    def rows(self, venue: Exchange, groups: Mapping[int, str] | None = None) -> list[AccountRow]:
        """Return every participant of the venue, by ascending id."""
        named = groups or {}
        return [self._row(venue, account, named.get(account, "")) for account in venue.accounts()]

    def sheet(self, venue: Exchange) -> Sheet:
        """Return where the money is."""
        worth = 0
        gains: dict[int, int] = {}
        for account in (INSURANCE_FUND, RECORDED_MARKET, *venue.accounts()):
            _, equity, value = _standing(venue, account)
            worth += value
            sums = self._of(account).sums
            gains[account] = equity + sums["withdrawn"] - sums["deposited"]
        fund, market = gains.pop(INSURANCE_FUND) - self._fund_given, gains.pop(RECORDED_MARKET)
        held = venue.fund
        return Sheet(
            accounts=sum(gains.values()),
            market=market,
            fund=fund,
            fees=held.fees,
            venue_loss=held.venue_loss,
            deferred=held.deferred,
            owed=held.debts,
            written_off=held.written_off,
            valuation=worth - self._assets,
        )

    def _row(self, venue: Exchange, account: int, group: str) -> AccountRow:
        story = self._of(account)
        sums = story.sums
        balance, equity, _ = _standing(venue, account)
        instrument, (lots, price_lots, _) = max(
            story.traded.items(), key=lambda item: (item[1][2], -item[0]), default=(0, [0, 0, 0])
        )
        return AccountRow(
            account=account,
            group=group,
            deposited=sums["deposited"],
            withdrawn=sums["withdrawn"],
            balance_end=balance,
            equity_end=equity,
            gain=equity + sums["withdrawn"] - sums["deposited"],
            realized=sums["realized"],
            unrealized=equity - balance,
            fees=sums["fees"],
            funding=sums["funding"],
            interest=sums["interest"],
            liquidation_fees=sums["liquidation_fees"],
            surplus=sums["surplus"],
            covered=sums["covered"],
            charged=sums["charged"],
            transferred=sums["transferred"],
            haircut=sums["haircut"] + sums["charged"],
            liquidated=sums["liquidated"],
            liquidation_instrument=instrument,
            liquidation_lots=lots,
            average_liquidation_ticks=div_nearest(price_lots, lots) if lots else 0,
            liquidation_notional=sum(notional for _, _, notional in story.traded.values()),
            taken_lots=sums["taken_lots"],
            deleveraged_lots=sums["deleveraged_lots"],
            debt=venue.account(account).debt,
            rejected=sums["rejected"],
        )

    def _of(self, account: int) -> _Story:
        story = self._accounts.get(account)
        if story is None:
            story = self._accounts[account] = _Story()
        return story

    def _add(self, account: int, name: str, amount: int) -> None:
        self._of(account).sums[name] += amount

    # --- one kind of event each --------------------------------------------------------------------------------

    def _deposited(self, event: Any) -> None:
        self._add(event.account, "deposited", event.amount)

    def _withdrawn(self, event: Any) -> None:
        self._add(event.account, "withdrawn", event.amount)

    def _fund_deposited(self, event: Any) -> None:
        self._fund_given += event.amount

    def _asset_deposited(self, event: Any) -> None:
        """Count it as the money that it was worth."""
        self._add(event.account, "deposited", event.value)
        self._assets += event.value

    def _asset_withdrawn(self, event: Any) -> None:
        self._add(event.account, "withdrawn", event.value)
        self._assets -= event.value

    def _position(self, event: Any) -> None:
        sums = self._of(event.account).sums
        sums["realized"] += event.realized
        sums["fees"] += event.fee

    def _settled(self, event: Any) -> None:
        self._add(event.account, "realized", event.realized)

    def _funding(self, event: Any) -> None:
        self._add(event.account, "funding", event.amount)

    def _interest(self, event: Any) -> None:
        self._add(event.account, "interest", event.amount)

    def _started(self, event: Any) -> None:
        self._running.add(event.liquidation_id)
        self._add(event.account, "liquidated", 1)

    def _ended(self, event: Any) -> None:
        self._running.discard(event.liquidation_id)

    def _order(self, event: Any) -> None:
        self._orders[event.instrument, event.order_id] = event.account

    def _trade(self, event: Any) -> None:
        for order_id in (event.taker_order_id, event.maker_order_id):
            account = self._orders.get((event.instrument, order_id))
            if account is not None:
                traded = self._of(account).traded.setdefault(event.instrument, [0, 0, 0])
                traded[0] += event.qty_lots
                traded[1] += event.qty_lots * event.price_ticks
                traded[2] += self._valuations[event.instrument].notional(event.qty_lots, event.price_ticks)

    def _taken(self, event: Any) -> None:
        self._add(event.account, "taken_lots", abs(event.size_lots))

    def _deleveraged(self, event: Any) -> None:
        self._add(event.account, "deleveraged_lots", abs(event.size_lots))

    def _fee(self, event: Any) -> None:
        self._add(event.account, "liquidation_fees", event.charged)

    def _surplus(self, event: Any) -> None:
        self._add(event.account, "surplus", event.amount)

    def _margin(self, event: Any) -> None:
        self._add(event.account, "transferred", -event.amount)
        self._add(event.taker, "transferred", event.amount)

    def _repaid(self, event: Any) -> None:
        self._add(event.account, "transferred", -event.amount)
        if event.creditor > 0:
            self._add(event.creditor, "transferred", event.amount)

    def _covered(self, event: Any) -> None:
        self._add(event.account, "covered", event.amount)

    def _paid(self, event: Any) -> None:
        """Count what brought an account in liquidation to zero; what is forgiven later moves no money."""
        if event.liquidation_id in self._running:
            self._add(event.account, "covered", PAID[type(event).__name__](event))

    def _deficit_paid(self, event: Any) -> None:
        if event.liquidation_id in self._running and event.source != DeficitSource.OWN_COLLATERAL:
            self._add(event.account, "covered", event.amount)

    def _haircut(self, event: Any) -> None:
        self._add(event.account, "haircut", event.amount)

    def _charged(self, event: Any) -> None:
        self._add(event.account, "charged", event.amount)

    def _rejected(self, event: Any) -> None:
        self._add(event.account, "rejected", 1)


def _standing(venue: Exchange, account: int) -> tuple[int, int, int]:
    """Return balance and equity, pockets included, and what the positions are worth at mark."""
    view = venue.account(account)
    balance, equity = view.balance, view.equity
    if account > 0:
        for pocket in view.pockets():
            balance += pocket.balance
            equity += pocket.equity
    return balance, equity, sum(held.value for held in view.positions())


_HANDLERS: Final[dict[str, Callable[[Outcomes, Any], None]]] = {
    "AssetDeposited": Outcomes._asset_deposited,
    "AssetWithdrawn": Outcomes._asset_withdrawn,
    "DebtBooked": Outcomes._paid,
    "DebtRepaid": Outcomes._repaid,
    "DeficitPaid": Outcomes._deficit_paid,
    "Deposited": Outcomes._deposited,
    "FundDeposited": Outcomes._fund_deposited,
    "FundPaid": Outcomes._covered,
    "FundingPaid": Outcomes._funding,
    "HaircutCharged": Outcomes._haircut,
    "InterestCharged": Outcomes._interest,
    "LenderCut": Outcomes._charged,
    "LiquidationEnded": Outcomes._ended,
    "LiquidationFeeCharged": Outcomes._fee,
    "LiquidationOrderPlaced": Outcomes._order,
    "LiquidationStarted": Outcomes._started,
    "LossDeferred": Outcomes._paid,
    "LossSocialized": Outcomes._paid,
    "LossWrittenOff": Outcomes._paid,
    "MarginTransferred": Outcomes._margin,
    "OrderRejected": Outcomes._rejected,
    "PositionChanged": Outcomes._position,
    "PositionDeleveraged": Outcomes._deleveraged,
    "PositionSettled": Outcomes._settled,
    "PositionTakenOver": Outcomes._taken,
    "PositionTransferred": Outcomes._taken,
    "ProfitClawedBack": Outcomes._charged,
    "RequestRejected": Outcomes._rejected,
    "SurplusPaid": Outcomes._surplus,
    "Trade": Outcomes._trade,
    "VenueLossBooked": Outcomes._paid,
    "Withdrawn": Outcomes._withdrawn,
}
_WANTED: Final = frozenset(number for number, struct in EVENTS.items() if struct.__name__ in _HANDLERS)
