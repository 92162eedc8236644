"""Every reason of every request, and which one is given where two apply: the earlier one in RejectReason.

Each request has a command that is sound but for one thing, and a list of single faults: the fields to change, and the
reason. Every two faults that touch different fields are then committed together. All of them meet one venue, `scene`,
which no refusal may change.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import msgspec
import pytest

from exchange.commands import (
    COMMANDS,
    AdvanceTime,
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Command,
    Deposit,
    DepositAsset,
    EndSession,
    ExecuteRecorded,
    FundDeposit,
    GateWithdrawals,
    LinkOrders,
    MassCancel,
    OpenPosition,
    OrderTerms,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReplaceOrder,
    ReportTrade,
    RestrictAccount,
    SetFundingRate,
    SetIndexPrice,
    SetInterestRate,
    SetKillSwitch,
    SetLeverage,
    SetMarginMode,
    SetMarginSchedule,
    SetMarketState,
    SetMarkPrice,
    SetPhase,
    SetPositionMode,
    SetReferencePrice,
    SettleInstrument,
    TransferMargin,
    Withdraw,
    WithdrawAsset,
    WriteOffDebt,
)
from exchange.enums import (
    MarginMode,
    MarketState,
    OrderEffect,
    OrderKind,
    Origin,
    Phase,
    PositionSide,
    RejectReason,
    TimeInForce,
    TriggerSource,
)
from exchange.events import LiquidationStarted, OrderAccepted, OrderRejected, RequestRejected
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier, ScheduleRules
from exchange.rules import FundingRules, OrderRules, Rules, SocializationRules
from exchange.units import DEFAULT_MAX_PRICE_TICKS, MAX_EXPOSURE, MAX_MONEY, MAX_QTY_LOTS
from tests.helpers import BUY, SELL, A, bare_venue, margin_venue, order, refusal, run_all

UNMARKED, MARKED_BY_LAST, PAUSED, NARROW, FUNDED, SETTLED, SPOT, TIERED = 2, 3, 4, 5, 6, 7, 8, 11  # instruments
NOWHERE = 9
SUNK = 10  # where an account lost more than it had
RICH, POOR, SINKING, MAKER, HEAVY, TIGHT, BARRED, DEBTOR, NOBODY = 1, 2, 3, 4, 5, 6, 7, 8, 9  # accounts
APART, HEDGED = 10, 11
RESTING, POST_ONLY, OF_HEAVY, OF_POOR, OF_BARRED = 77, 78, 79, 80, 81  # orders
R = RejectReason
CHECKED = list(R)  # in the order of declaration, which is not that of the numbers
MOST_LOTS = MAX_EXPOSURE // DEFAULT_MAX_PRICE_TICKS - 1  # with the one lot of OF_HEAVY, worth MAX_EXPOSURE at worst


def scene(orders: OrderRules | None = None) -> Exchange:
    """Leverage 100, maintenance 0.5 %, mark 100, and an account for every trouble."""
    facts = {"default_leverage": 100}
    venue = margin_venue(
        Instrument(instrument_id=A, symbol="A", **facts),  # type: ignore[arg-type]
        Instrument(instrument_id=UNMARKED, symbol="UNMARKED", **facts),  # type: ignore[arg-type]
        Instrument(instrument_id=MARKED_BY_LAST, symbol="LAST", mark_source="last"),
        # Up to 1,000 at leverage 100, above at 10; and a second schedule.
        Instrument(
            instrument_id=TIERED,
            symbol="TIERED",
            default_leverage=100,
            margin_tiers=(
                MarginTier(maintenance_ppm=5_000, up_to=1_000),
                MarginTier(maintenance_ppm=5_000, max_leverage=10),
            ),
            margin_schedules=(ScheduleRules(),),
        ),
        Instrument(instrument_id=FUNDED, symbol="FUNDED", funding=FundingRules(interval_ns=1 << 61)),
        Instrument(instrument_id=SETTLED, symbol="SETTLED", **facts),  # type: ignore[arg-type]
        Instrument(instrument_id=PAUSED, symbol="PAUSED"),
        Instrument(instrument_id=NARROW, symbol="NARROW"),
        Instrument(instrument_id=SPOT, symbol="SPOT", kind="spot"),
        Instrument(instrument_id=SUNK, symbol="SUNK", **facts),  # type: ignore[arg-type]
        rules=Rules(
            orders=orders or OrderRules(), waterfall=("debt",), socialization=SocializationRules(base="session_total")
        ),
    )
    # Bought at 102 with 1, sold at last for 100 by a market order: the account owes the other 1.
    run_all(
        venue,
        SetMarkPrice(0, SUNK, 100),
        Deposit(0, MAKER, 1 << 54),
        order(MAKER, 4, BUY, 1, 100, instrument=SUNK),
        Deposit(0, DEBTOR, 1),
        OpenPosition(0, SUNK, DEBTOR, 1, 102),
        *[SetMarkPrice(0, SUNK, 100)] * 3,
    )
    assert venue.ledger.debt_outstanding == 1
    run_all(
        venue,
        SetMarkPrice(0, A, 100),
        SettleInstrument(0, SETTLED, 100),
        Deposit(0, RICH, 1 << 55),
        SetMarkPrice(0, SPOT, 100),
        DepositAsset(0, SPOT, RICH, 10),
        Deposit(0, MAKER, 1 << 54),
        Deposit(0, HEAVY, 1 << 57),
        Deposit(0, POOR, 1),
        Deposit(0, SINKING, 4),
        Deposit(0, TIGHT, 150),
        order(MAKER, 1, SELL, 100, 100),
        order(RICH, RESTING, BUY, 10, 50),
        order(MAKER, 2, SELL, 4, 50),  # RESTING is filled to 4
        order(RICH, POST_ONLY, BUY, 10, 60, post_only=True),
        order(HEAVY, 3, SELL, MOST_LOTS, 200),  # as much as it may hold
        order(HEAVY, OF_HEAVY, BUY, 1, 50),
        order(POOR, OF_POOR, BUY, 1, 1),
        *(order(MAKER, 1, SELL, 100, 100, instrument=instrument) for instrument in (PAUSED, NARROW)),
        SetMarketState(0, PAUSED, MarketState.PAUSED),
        SetMarketState(0, NARROW, MarketState.REDUCE_ONLY),
        Deposit(0, BARRED, 1 << 20),
        order(BARRED, OF_BARRED, BUY, 10, 50),
        RestrictAccount(0, BARRED),
        OpenPosition(0, A, TIGHT, 100, 100),  # initial margin 100, maintenance 50
        SetMarkPrice(0, TIERED, 100),
        order(MAKER, 4, SELL, 1, 100, instrument=TIERED),
        Deposit(0, APART, 200),
        SetMarginMode(0, A, APART, MarginMode.ISOLATED),
        OpenPosition(0, A, APART, 10, 100),  # its pocket has 10
        TransferMargin(0, A, APART, 30),
        SetMarginMode(0, UNMARKED, APART, MarginMode.ISOLATED),
        OpenPosition(0, TIERED, APART, 11, 100),
        SetLeverage(0, TIERED, APART, 10),  # all but 50 of its 160 are bound by the 110 that this needs
        Deposit(0, HEDGED, 1_000),
        SetPositionMode(0, A, HEDGED, True),
        OpenPosition(0, A, HEDGED, 3, 100),
    )
    # Equity 4 under a maintenance of 5; nobody bids at its bankruptcy price of 100, so that it stays in liquidation.
    events = run_all(venue, OpenPosition(0, A, SINKING, 10, 100))
    assert any(isinstance(event, LiquidationStarted) for event in events)
    assert venue.account(SINKING).is_in_liquidation
    return venue


class Fault(NamedTuple):
    """One thing wrong with a command."""

    reason: RejectReason
    fields: dict[str, Any]


GOOD: dict[type[msgspec.Struct], Command] = {
    PlaceOrder: order(RICH, 500, BUY, 1, 50),
    CancelOrder: CancelOrder(0, A, RICH, RESTING),
    ReduceOrder: ReduceOrder(0, A, RICH, RESTING, 1),
    AmendOrder: AmendOrder(0, A, RICH, RESTING, 6),
    ReplaceOrder: ReplaceOrder(0, A, RICH, RESTING, 500, 6),
    MassCancel: MassCancel(0, A, RICH),
    OrderTerms: OrderTerms(0, A, RICH, 501, display_lots=2),
    BracketTerms: BracketTerms(0, A, RICH, 501, stop_loss_ticks=40),
    PlaceTrailingStop: PlaceTrailingStop(0, A, RICH, 500, SELL, 1, 10),
    LinkOrders: LinkOrders(0, A, RICH, RESTING, POST_ONLY),
    SetMarkPrice: SetMarkPrice(0, A, 100),
    ReportTrade: ReportTrade(0, A, BUY, 100, 1),
    ExecuteRecorded: ExecuteRecorded(0, A, 1, SELL, 100, 1),
    Deposit: Deposit(0, RICH, 1),
    Withdraw: Withdraw(0, TIGHT, 1),
    SetLeverage: SetLeverage(0, A, TIGHT, 90),
    OpenPosition: OpenPosition(0, A, RICH, 1, 100),
    FundDeposit: FundDeposit(0, 1),
    EndSession: EndSession(0),
    WriteOffDebt: WriteOffDebt(0, DEBTOR),
    GateWithdrawals: GateWithdrawals(0, 1),
    SetMarginMode: SetMarginMode(0, TIERED, RICH, MarginMode.ISOLATED),
    TransferMargin: TransferMargin(0, A, APART, 1),
    SetPositionMode: SetPositionMode(0, TIERED, RICH, True),
    SetMarginSchedule: SetMarginSchedule(0, TIERED, 1),
    SetIndexPrice: SetIndexPrice(0, A, 100),
    SetFundingRate: SetFundingRate(0, FUNDED, 1),
    AdvanceTime: AdvanceTime(0),
    SettleInstrument: SettleInstrument(0, UNMARKED, 100),
    RestrictAccount: RestrictAccount(0, RICH),
    SetMarketState: SetMarketState(0, A, MarketState.OPEN),
    DepositAsset: DepositAsset(0, SPOT, RICH, 1),
    WithdrawAsset: WithdrawAsset(0, SPOT, RICH, 1),
    SetInterestRate: SetInterestRate(0, SPOT, 1),
    SetPhase: SetPhase(0, A, Phase.CONTINUOUS),
    SetKillSwitch: SetKillSwitch(0, RICH, False),
    SetReferencePrice: SetReferencePrice(0, A, 100),
}

INSTRUMENT = Fault(R.UNKNOWN_INSTRUMENT, {"instrument": NOWHERE})
GONE = Fault(R.MARKET_SETTLED, {"instrument": SETTLED})
RESERVED = Fault(R.RESERVED_ACCOUNT, {"account": 0})
UNKNOWN = Fault(R.UNKNOWN_ACCOUNT, {"account": NOBODY})
LIQUIDATED = Fault(R.ACCOUNT_IN_LIQUIDATION, {"account": SINKING})
OWING = Fault(R.ACCOUNT_IN_DEBT, {"account": DEBTOR})
QUANTITY = Fault(R.INVALID_QUANTITY, {"qty_lots": 0})
PRICE = Fault(R.INVALID_PRICE, {"price_ticks": -1})
TRIGGER = Fault(R.INVALID_TRIGGER, {"trigger_ticks": 5})
HUGE = {"qty_lots": MAX_QTY_LOTS, "price_ticks": DEFAULT_MAX_PRICE_TICKS}

FAULTS: dict[type[msgspec.Struct], list[Fault]] = {
    PlaceOrder: [
        INSTRUMENT,
        GONE,
        RESERVED,
        Fault(R.RESERVED_ACCOUNT, {"origin": Origin.RECORDED}),
        UNKNOWN,
        Fault(R.WRONG_POSITION_SIDE, {"position": PositionSide.SHORT}),
        LIQUIDATED,
        OWING,
        QUANTITY,
        PRICE,
        TRIGGER,
        Fault(R.INVALID_COMBINATION, {"post_only": True, "time_in_force": TimeInForce.IOC}),
        Fault(R.INVALID_COMBINATION, {"trigger_source": TriggerSource.MARK}),
        Fault(R.NOTIONAL_TOO_LARGE, HUGE),
        Fault(R.POSITION_TOO_LARGE, {"account": HEAVY, "instrument": A}),
        Fault(
            R.NOTHING_TO_CLOSE,
            {"account": HEDGED, "instrument": A, "side": SELL, "qty_lots": 4, "position": PositionSide.LONG},
        ),
        Fault(R.DUPLICATE_ORDER_ID, {"order_id": RESTING, "instrument": A}),
        Fault(R.INVALID_EXPIRY, {"time_in_force": TimeInForce.GTD}),
        Fault(R.NOTHING_TO_REDUCE, {"effect": OrderEffect.REDUCE_ONLY, "side": BUY}),
        Fault(
            R.NO_MARK_PRICE, {"instrument": UNMARKED, "kind": OrderKind.MARKET, "price_ticks": 0, "post_only": False}
        ),
        Fault(R.POST_ONLY_WOULD_TAKE, {"price_ticks": 100, "post_only": True, "time_in_force": TimeInForce.GTC}),
        Fault(R.MARKET_PAUSED, {"instrument": PAUSED}),
        Fault(R.MARKET_REDUCE_ONLY, {"instrument": NARROW}),
        Fault(R.ACCOUNT_RESTRICTED, {"account": BARRED}),
        Fault(R.FOK_CANNOT_FILL, {"time_in_force": TimeInForce.FOK, "qty_lots": 5}),
        Fault(R.LEVERAGE_ABOVE_TIER, {"instrument": TIERED, "qty_lots": 21}),
        Fault(R.INSUFFICIENT_MARGIN, {"account": POOR, "qty_lots": 5}),
    ],
    CancelOrder: [
        INSTRUMENT,
        GONE,
        RESERVED,
        Fault(R.RESERVED_ACCOUNT, {"origin": Origin.CORRECTION}),
        UNKNOWN,
        Fault(R.UNKNOWN_ORDER, {"order_id": 999}),
        Fault(R.NOT_ORDER_OWNER, {"account": MAKER, "order_id": RESTING}),
    ],
    ReduceOrder: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        Fault(R.UNKNOWN_ORDER, {"order_id": 999}),
        Fault(R.NOT_ORDER_OWNER, {"account": MAKER, "order_id": RESTING}),
        QUANTITY,
    ],
    AmendOrder: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        OWING,
        Fault(R.UNKNOWN_ORDER, {"order_id": 999}),
        Fault(R.NOT_ORDER_OWNER, {"account": MAKER, "order_id": RESTING}),
        QUANTITY,
        PRICE,
        TRIGGER,
        Fault(R.NOTIONAL_TOO_LARGE, HUGE),
        Fault(R.POSITION_TOO_LARGE, {"account": HEAVY, "order_id": OF_HEAVY, "qty_lots": 1 << 20}),
        Fault(R.BELOW_FILLED, {"account": RICH, "order_id": RESTING, "qty_lots": 4, "is_total_qty": True}),
        Fault(R.POST_ONLY_WOULD_TAKE, {"account": RICH, "order_id": POST_ONLY, "price_ticks": 100}),
        Fault(R.ACCOUNT_RESTRICTED, {"account": BARRED, "order_id": OF_BARRED, "price_ticks": 51}),
        Fault(R.INSUFFICIENT_MARGIN, {"account": POOR, "order_id": OF_POOR, "qty_lots": 101}),
    ],
    ReplaceOrder: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        OWING,
        Fault(R.UNKNOWN_ORDER, {"order_id": 999}),
        Fault(R.NOT_ORDER_OWNER, {"account": MAKER, "order_id": RESTING}),
        QUANTITY,
        PRICE,
        TRIGGER,
        Fault(R.NOTIONAL_TOO_LARGE, HUGE),
        Fault(R.POSITION_TOO_LARGE, {"account": HEAVY, "order_id": OF_HEAVY, "qty_lots": 1 << 20}),
        Fault(R.DUPLICATE_ORDER_ID, {"new_order_id": 3}),
        Fault(R.POST_ONLY_WOULD_TAKE, {"account": RICH, "order_id": POST_ONLY, "price_ticks": 100}),
        Fault(R.ACCOUNT_RESTRICTED, {"account": BARRED, "order_id": OF_BARRED, "price_ticks": 51}),
        Fault(R.INSUFFICIENT_MARGIN, {"account": POOR, "order_id": OF_POOR, "qty_lots": 101}),
    ],
    MassCancel: [INSTRUMENT, GONE, RESERVED, UNKNOWN],
    OrderTerms: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        Fault(R.INVALID_TERMS, {"display_lots": -1}),
        Fault(R.INVALID_TERMS, {"min_display_lots": 3}),
        Fault(R.INVALID_TERMS, {"min_qty_lots": MAX_QTY_LOTS + 1}),
        Fault(R.INVALID_TERMS, {"expires_ns": -1}),
        Fault(R.INVALID_TERMS, {"budget_quote": -1}),
    ],
    BracketTerms: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        Fault(R.INVALID_TERMS, {"take_profit_ticks": -1}),
        Fault(R.INVALID_TERMS, {"stop_loss_limit_ticks": -1}),
    ],
    PlaceTrailingStop: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        Fault(R.WRONG_POSITION_SIDE, {"position": PositionSide.SHORT}),
        LIQUIDATED,
        OWING,
        QUANTITY,
        Fault(R.INVALID_TRIGGER, {"activation_ticks": -1}),
        Fault(R.INVALID_TRIGGER, {"distance": 0}),
        Fault(R.INVALID_TRIGGER, {"is_ppm": True, "distance": 1_000_000}),
        Fault(R.INVALID_TRIGGER, {"step_ticks": -1}),
        Fault(R.INVALID_TRIGGER, {"limit_offset_ticks": -1}),
        Fault(R.INVALID_COMBINATION, {"effect": OrderEffect.REDUCE_ONLY, "instrument": SPOT}),
        Fault(R.DUPLICATE_ORDER_ID, {"order_id": RESTING, "instrument": A}),
    ],
    LinkOrders: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        Fault(R.UNKNOWN_ORDER, {"order_id": 999}),
        Fault(R.UNKNOWN_ORDER, {"other_order_id": 999}),
        Fault(R.NOT_ORDER_OWNER, {"account": MAKER}),
        Fault(R.INVALID_COMBINATION, {"other_order_id": RESTING, "order_id": RESTING}),
    ],
    SetMarkPrice: [INSTRUMENT, GONE, PRICE, Fault(R.INVALID_COMBINATION, {"instrument": MARKED_BY_LAST})],
    ReportTrade: [INSTRUMENT, GONE, QUANTITY, PRICE],
    ExecuteRecorded: [INSTRUMENT, GONE, QUANTITY, PRICE],
    Deposit: [RESERVED, Fault(R.INVALID_AMOUNT, {"amount": 0}), Fault(R.INVALID_AMOUNT, {"amount": MAX_MONEY})],
    Withdraw: [
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        OWING,
        Fault(R.INVALID_AMOUNT, {"amount": 0}),
        Fault(R.INSUFFICIENT_BALANCE, {"amount": 151}),
        Fault(R.INSUFFICIENT_MARGIN, {"amount": 51, "account": TIGHT}),
    ],
    SetLeverage: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        Fault(R.INVALID_LEVERAGE, {"leverage": 101}),
        Fault(R.LEVERAGE_ABOVE_TIER, {"leverage": 11, "account": APART, "instrument": TIERED}),
        Fault(R.INSUFFICIENT_MARGIN, {"leverage": 66, "account": TIGHT}),  # ceil(10,000 / 66) = 152 > 150
    ],
    OpenPosition: [
        INSTRUMENT,
        GONE,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        OWING,
        Fault(R.INVALID_QUANTITY, {"size_lots": 0}),
        PRICE,
        Fault(R.NOTIONAL_TOO_LARGE, {"size_lots": -MAX_QTY_LOTS, "price_ticks": DEFAULT_MAX_PRICE_TICKS}),
        Fault(R.POSITION_TOO_LARGE, {"account": HEAVY, "instrument": A}),
        Fault(R.ALREADY_TRADED, {"account": RICH, "instrument": A}),
    ],
    FundDeposit: [
        INSTRUMENT,
        Fault(R.INVALID_AMOUNT, {"amount": 0}),
        Fault(R.INVALID_COMBINATION, {"instrument": A}),  # a fund of its own, which this venue's instruments have not
    ],
    EndSession: [],
    WriteOffDebt: [RESERVED, UNKNOWN, Fault(R.NO_DEBT, {"account": RICH})],
    GateWithdrawals: [Fault(R.INVALID_AMOUNT, {"until_ns": -1})],
    SetMarginMode: [
        INSTRUMENT,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        Fault(R.INVALID_COMBINATION, {"instrument": SPOT}),
        Fault(R.POSITION_OPEN, {"instrument": A, "account": TIGHT}),
        Fault(R.ORDERS_OPEN, {"instrument": A, "account": POOR}),
    ],
    SetPositionMode: [
        INSTRUMENT,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        Fault(R.INVALID_COMBINATION, {"instrument": SPOT}),
        Fault(R.POSITION_OPEN, {"instrument": A, "account": HEDGED}),
        Fault(R.ORDERS_OPEN, {"instrument": A, "account": POOR}),
    ],
    TransferMargin: [
        INSTRUMENT,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        Fault(R.INVALID_AMOUNT, {"amount": 0}),
        Fault(R.INVALID_AMOUNT, {"amount": MAX_MONEY + 1}),
        Fault(R.WRONG_MARGIN_MODE, {"account": TIGHT}),
        Fault(R.INSUFFICIENT_BALANCE, {"amount": 161}),
        Fault(R.INSUFFICIENT_BALANCE, {"amount": -41}),
        Fault(R.INSUFFICIENT_MARGIN, {"amount": 51}),
        Fault(R.INSUFFICIENT_MARGIN, {"amount": -31}),
    ],
    SetMarginSchedule: [
        INSTRUMENT,
        Fault(R.INVALID_COMBINATION, {"schedule": 2}),
        Fault(R.INVALID_COMBINATION, {"schedule": -1}),
    ],
    SetIndexPrice: [INSTRUMENT, GONE, PRICE, Fault(R.INVALID_COMBINATION, {"leg": 1})],
    SetFundingRate: [
        INSTRUMENT,
        GONE,
        Fault(R.INVALID_AMOUNT, {"rate_ppb": 1_000_000_001}),
        Fault(R.INVALID_COMBINATION, {"instrument": A}),
    ],
    AdvanceTime: [],
    SettleInstrument: [INSTRUMENT, GONE, PRICE],
    RestrictAccount: [RESERVED, UNKNOWN],
    SetMarketState: [INSTRUMENT],
    DepositAsset: [
        INSTRUMENT,
        RESERVED,
        LIQUIDATED,
        QUANTITY,
        Fault(R.INVALID_COMBINATION, {"instrument": A}),
        Fault(R.POSITION_TOO_LARGE, {"qty_lots": MAX_QTY_LOTS, "instrument": SPOT}),
    ],
    WithdrawAsset: [
        INSTRUMENT,
        RESERVED,
        UNKNOWN,
        LIQUIDATED,
        OWING,
        QUANTITY,
        Fault(R.INVALID_COMBINATION, {"instrument": A}),
        Fault(R.POSITION_TOO_LARGE, {"qty_lots": MAX_QTY_LOTS, "instrument": SPOT}),
        Fault(R.INSUFFICIENT_BALANCE, {"account": POOR}),
    ],
    SetInterestRate: [
        INSTRUMENT,
        Fault(R.INVALID_AMOUNT, {"rate_ppb": -1}),
        Fault(R.INVALID_COMBINATION, {"instrument": A}),
    ],
    SetPhase: [INSTRUMENT, GONE],
    SetKillSwitch: [RESERVED, UNKNOWN],
    SetReferencePrice: [INSTRUMENT, GONE, PRICE],
}

# Reasons of rules that this scene does not have, with tests of their own.
# test_borrowing, _waterfall, _phases, _protections, _special_orders, scenarios/triggers/one_cancels_other
ELSEWHERE = {
    *(R.MIN_QTY_CANNOT_FILL, R.NOT_BORROWABLE, R.BORROW_LIMIT, R.MARGIN_LEVEL_TOO_LOW, R.WITHDRAWALS_GATED),
    *(R.MARKET_CLOSED, R.MARKET_HALTED, R.NOT_IN_THIS_PHASE, R.PRICE_OUTSIDE_BAND, R.ALREADY_LINKED),
    *(R.KILL_SWITCH_ON, R.TOO_MANY_REQUESTS, R.ORDER_TOO_LARGE, R.PRICE_OUTSIDE_COLLAR, R.TOO_MANY_PARTS),
}


def singles() -> Iterator[tuple[type[msgspec.Struct], Fault]]:
    """Every fault of every request."""
    for struct, faults in FAULTS.items():
        for fault in faults:
            yield struct, fault


def pairs() -> Iterator[tuple[type[msgspec.Struct], Fault, Fault]]:
    """Every two faults of a request that do not want one field to hold two values."""
    for struct, faults in FAULTS.items():
        for one, two in combinations(faults, 2):
            if one.reason != two.reason and all(
                two.fields.get(name, value) == value for name, value in one.fields.items()
            ):
                yield struct, one, two


def faulty(struct: type[msgspec.Struct], *faults: Fault) -> Command:
    """The sound command with these faults."""
    fields = {name: value for fault in faults for name, value in fault.fields.items()}
    return msgspec.structs.replace(GOOD[struct], **fields)


@pytest.fixture(scope="module")
def venue() -> Exchange:
    """One venue for all: refusals leave it as it is, which `refusal` checks every time."""
    return scene()


def name(value: object) -> str:
    """A readable id of a case."""
    return value.__name__ if isinstance(value, type) else value.reason.name if isinstance(value, Fault) else str(value)


def test_every_request_has_its_row() -> None:
    """A new command brings its refusals here."""
    assert set(GOOD) == set(FAULTS) == set(COMMANDS.values())


@pytest.mark.parametrize("struct", GOOD, ids=name)
def test_the_sound_command_is_taken(struct: type[msgspec.Struct]) -> None:
    """So each fault below is the only one. (OpenPosition: the account must not have traded yet.)"""
    command = GOOD[struct]
    if struct is OpenPosition:
        command = msgspec.structs.replace(command, account=POOR)
    events = run_all(scene(), command)
    assert not any(isinstance(event, OrderRejected | RequestRejected) for event in events)


@pytest.mark.parametrize(("struct", "fault"), list(singles()), ids=name)
def test_each_fault_has_its_reason(venue: Exchange, struct: type[msgspec.Struct], fault: Fault) -> None:
    """One event, and nothing else changes."""
    sound = msgspec.structs.replace(GOOD[struct], account=POOR) if struct is OpenPosition else GOOD[struct]
    command = msgspec.structs.replace(sound, **fault.fields)
    assert refusal(venue, command) == fault.reason


@pytest.mark.parametrize(("struct", "one", "two"), list(pairs()), ids=name)
def test_of_two_faults_the_earlier_reason_is_given(
    venue: Exchange, struct: type[msgspec.Struct], one: Fault, two: Fault
) -> None:
    """Reasons are declared in the order in which they are checked."""
    assert CHECKED.index(one.reason) < CHECKED.index(two.reason), "the table stands in the order of declaration"
    assert refusal(venue, faulty(struct, one, two)) == one.reason


def test_every_reason_occurs() -> None:
    """BOOK_FULL has its own tests below, other rules theirs; NONE is no reason."""
    assert {fault.reason for _, fault in singles()} == set(RejectReason) - {R.NONE, R.BOOK_FULL} - ELSEWHERE


@pytest.mark.interpreted_only
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, R.BOOK_FULL),
        ({"order_id": RESTING}, R.DUPLICATE_ORDER_ID),
        ({"qty_lots": 0}, R.INVALID_QUANTITY),
        ({"price_ticks": 100, "post_only": True}, R.BOOK_FULL),
        ({"time_in_force": TimeInForce.FOK}, R.BOOK_FULL),
        ({"account": POOR, "qty_lots": 5}, R.BOOK_FULL),
        ({"kind": OrderKind.STOP, "price_ticks": 0, "trigger_ticks": 500}, R.BOOK_FULL),
    ],
)
def test_a_full_book(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], reason: RejectReason) -> None:
    """The most live orders, patched down (compiled, the number is a literal); a cancel makes room again."""
    venue = scene()
    monkeypatch.setattr("exchange.desks.order_checks.MAX_LIVE_ORDERS", venue.book(A).live_order_count)
    monkeypatch.setattr("exchange.desks.order_desk.MAX_LIVE_ORDERS", venue.book(A).live_order_count)
    command = msgspec.structs.replace(GOOD[PlaceOrder], **fields)
    assert refusal(venue, command) == reason
    assert isinstance(run_all(venue, order(RICH, 501, BUY, 1, 50, instrument=UNMARKED))[0], OrderAccepted)
    if not fields:
        run_all(venue, CancelOrder(0, A, RICH, RESTING))
        assert isinstance(run_all(venue, command)[0], OrderAccepted)


COMBINATIONS = [
    ({"effect": OrderEffect.CLOSE_POSITION, "qty_lots": 0}, True),  # a limit order closes nothing
    ({"trigger_source": TriggerSource.LAST}, True),
    ({"effect": OrderEffect.REDUCE_ONLY, "instrument": SPOT}, True),
    ({"post_only": True, "kind": OrderKind.MARKET, "price_ticks": 0}, True),
    ({"post_only": True, "kind": OrderKind.STOP, "price_ticks": 0, "trigger_ticks": 200}, True),
    ({"post_only": True, "kind": OrderKind.STOP_LIMIT, "trigger_ticks": 200}, True),
    ({"post_only": True, "time_in_force": TimeInForce.FOK}, True),
    *(
        ({"origin": origin, "account": 0, **more}, is_refused)
        for origin in (Origin.RECORDED, Origin.CORRECTION)
        for more, is_refused in (
            ({"kind": OrderKind.MARKET, "price_ticks": 0}, True),
            ({"time_in_force": TimeInForce.IOC}, True),
            ({"time_in_force": TimeInForce.FOK}, True),
            ({"post_only": True}, True),
            ({"kind": OrderKind.STOP, "price_ticks": 0, "trigger_ticks": 200}, True),
            ({}, False),
        )
    ),
]


@pytest.mark.parametrize(("fields", "is_refused"), COMBINATIONS, ids=str)
def test_combinations(fields: dict[str, Any], is_refused: bool) -> None:
    """Post-only is for a participant's LIMIT GTC; recorded orders are LIMIT GTC."""
    command = msgspec.structs.replace(GOOD[PlaceOrder], **fields)
    if is_refused:
        assert refusal(scene(), command) == R.INVALID_COMBINATION
    else:
        assert isinstance(run_all(scene(), command)[0], OrderAccepted)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": OrderKind.MARKET, "price_ticks": 1}, R.INVALID_PRICE),
        ({"kind": OrderKind.STOP, "price_ticks": 1, "trigger_ticks": 200}, R.INVALID_PRICE),
        ({"kind": OrderKind.STOP_LIMIT, "price_ticks": 0, "trigger_ticks": 200}, R.INVALID_PRICE),
        ({"kind": OrderKind.STOP, "price_ticks": 0, "trigger_ticks": 0}, R.INVALID_TRIGGER),
        ({"kind": OrderKind.STOP_LIMIT, "trigger_ticks": 0}, R.INVALID_TRIGGER),
        ({"kind": OrderKind.MARKET, "price_ticks": 0, "trigger_ticks": 1}, R.INVALID_TRIGGER),
    ],
    ids=str,
)
def test_prices_and_triggers_by_kind(venue: Exchange, fields: dict[str, Any], reason: RejectReason) -> None:
    """A price where there is a limit, a trigger where there is a stop, and 0 elsewhere."""
    assert refusal(venue, msgspec.structs.replace(GOOD[PlaceOrder], **fields)) == reason


def test_stops_are_amended_by_their_own_rules() -> None:
    """A STOP has no price to change; a resting order has no trigger."""
    venue = scene()
    run_all(
        venue,
        order(RICH, 90, BUY, 5, kind=OrderKind.STOP, trigger_ticks=200),
        order(RICH, 91, BUY, 5, 210, kind=OrderKind.STOP_LIMIT, trigger_ticks=200),
    )
    assert refusal(venue, AmendOrder(0, A, RICH, 90, 5, 100)) == R.INVALID_PRICE
    assert refusal(venue, AmendOrder(0, A, RICH, 90, 5, 0, -1)) == R.INVALID_TRIGGER
    assert refusal(venue, AmendOrder(0, A, RICH, RESTING, 5, 0, 100)) == R.INVALID_TRIGGER
    run_all(venue, AmendOrder(0, A, RICH, 91, 4, 220, 230))
    assert [(stop.price_ticks, stop.trigger_ticks) for stop in venue.book(A).stops(BUY)] == [(0, 200), (220, 230)]


@pytest.mark.parametrize(
    "command",
    [
        GOOD[struct]
        for struct in (
            SetMarkPrice,
            Deposit,
            Withdraw,
            SetLeverage,
            OpenPosition,
            FundDeposit,
            EndSession,
            WriteOffDebt,
            GateWithdrawals,
        )
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_bare_venue_knows_no_money(command: Command) -> None:
    """INVALID_COMBINATION; a wrong instrument or account comes before it."""
    venue = bare_venue()
    assert refusal(venue, command) == R.INVALID_COMBINATION
    if hasattr(command, "account"):
        assert refusal(venue, msgspec.structs.replace(command, account=0)) == R.RESERVED_ACCOUNT
    if hasattr(command, "instrument"):
        assert refusal(venue, msgspec.structs.replace(command, instrument=NOWHERE)) == R.UNKNOWN_INSTRUMENT


def test_a_bare_venue_refuses_orders_for_their_own_faults() -> None:
    """Without money, a participant needs no account, no mark and no margin."""
    venue = bare_venue()
    assert isinstance(run_all(venue, order(NOBODY, 1, BUY, MAX_QTY_LOTS, DEFAULT_MAX_PRICE_TICKS))[0], OrderAccepted)
    assert refusal(venue, order(0, 2, BUY, 1, 5)) == R.RESERVED_ACCOUNT
    assert refusal(venue, order(8, 1, BUY, 1, 5)) == R.DUPLICATE_ORDER_ID
    assert refusal(venue, CancelOrder(0, A, 8, 1)) == R.NOT_ORDER_OWNER
    assert refusal(venue, order(8, 3, BUY, 1, 5, time_in_force=TimeInForce.FOK)) == R.FOK_CANNOT_FILL
    assert run_all(venue, MassCancel(0, 0, 77)) == []


def test_an_amend_below_filled_may_cancel() -> None:
    """`amend_below_filled = cancel` turns that one refusal into a cancellation; the earlier ones stay."""
    venue = scene(OrderRules(amend_below_filled="cancel"))
    command = AmendOrder(0, A, RICH, RESTING, 4, is_total_qty=True)
    assert refusal(venue, msgspec.structs.replace(command, price_ticks=-1)) == R.INVALID_PRICE
    (event,) = run_all(venue, command)
    assert (type(event).__name__, venue.book(A).order(RESTING)) == ("OrderCanceled", None)


def test_what_a_refusal_tells() -> None:
    """Orders: id and kind of request. Other requests: the amount, leverage, price or size that was asked for."""
    venue = scene()
    (event,) = venue.apply(CancelOrder(0, A, RICH, 999))
    assert isinstance(event, OrderRejected)
    assert (event.instrument, event.account, event.order_id) == (A, RICH, 999)
    told = []
    for command in (
        Deposit(0, RICH, -5),
        Withdraw(0, RICH, -6),
        SetLeverage(0, A, RICH, 999),
        SetMarkPrice(0, A, -7),
        ReportTrade(0, A, BUY, -8, 1),
        OpenPosition(0, A, RICH, -9, 50),
        FundDeposit(0, -10),
        MassCancel(0, A, NOBODY),
    ):
        (event,) = venue.apply(command)
        assert isinstance(event, RequestRejected)
        told.append((event.instrument, event.account, event.amount))
    assert told == [
        (0, RICH, -5),
        (0, RICH, -6),
        (A, RICH, 999),
        (A, 0, -7),
        (A, 0, -8),
        (A, RICH, -9),
        (0, -1, -10),
        (A, NOBODY, 0),
    ]
