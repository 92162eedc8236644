"""What happened, in words: one sentence for an event, with amounts in the units of the venue's instruments.

A sentence is a template whose names are the event's fields; what a field's text looks like follows from its name
(`..._ticks` is a price, `..._lots` a size, `account` an account), and what is not known otherwise is money. Events
whose words depend on their numbers have a function. An event without a sentence of its own is told by its docstring and
all its fields, so that a new one is never left out.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

import msgspec

from exchange.enums import INSURANCE_FUND, RECORDED_MARKET, OrderKind, Side, TimeInForce
from exchange.instrument import Instrument

ACCOUNT_FIELDS: Final = frozenset({"account", "maker_account", "taker_account", "taker", "creditor"})
_PLACE_FIELDS: Final = frozenset({"seq", "command_seq", "ts_ns"})
_COUNT_FIELDS: Final = frozenset(
    {
        "attempt",
        "candidates",
        "leg",
        "legs_used",
        "leverage",
        "light",
        "liquidation_id",
        "maker_order_id",
        "distance",
        "order_id",
        "other_order_id",
        "stop_loss_order_id",
        "take_profit_order_id",
        "outliers",
        "payers",
        "positions",
        "rank",
        "schedule",
        "taker_order_id",
        "triggered_by",
    }
)
_NS_PER_S: Final = 1_000_000_000
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")

TEMPLATES: Final[dict[str, str]] = {
    # accounts
    "Deposited": "{account} deposited {amount}; its balance is {balance}",
    "Withdrawn": "{account} withdrew {amount}; its balance is {balance}",
    "LeverageSet": "{account} set its leverage in {instrument} to {leverage}x",
    "PositionOpened": "{account} was given a position of {size_lots} in {instrument} at {price_ticks}, worth {cost}",
    "PositionSettled": "the position of {account} in {instrument}, {size_lots}, was settled for {value}: "
    "profit {realized}, balance {balance}",
    # margin
    "MarginModeSet": "the margin of {account} in {instrument} is {mode} from now on",
    "PairNetted": "{qty_lots} long and {qty_lots} short of {account} in {instrument} were closed against each other at "
    "{price_ticks} (liquidation {liquidation_id})",
    "MarginScheduleSet": "the margin schedule of {instrument} changed; {positions} open positions came under it",
    # assets and loans
    "AssetDeposited": "{account} deposited {qty_lots} {instrument}, worth {value}; it holds {size_lots}",
    "AssetWithdrawn": "{account} withdrew {qty_lots} {instrument}, worth {value}; it holds {size_lots}",
    # orders
    "StopTriggered": "the price of {instrument} at {last_ticks} touched the stop of {account} at {trigger_ticks}: "
    "order {order_id} to {side} {qty_lots} is now live",
    "OrderRefreshed": "order {order_id} of {account}, to {side} {instrument} at {price_ticks}, shows {shown_lots} now "
    "and hides {hidden_lots}",
    "TrailingStopSet": "order {order_id} of {account} follows {instrument} at a distance of {distance}, from "
    "{activation_ticks} on (0: at once)",
    "StopTrailed": "{instrument} at {reference_ticks} moved the trailing stop of {account} to {trigger_ticks} (order "
    "{order_id})",
    "OrdersLinked": "orders {order_id} and {other_order_id} of {account} in {instrument} cancel each other from now on",
    "BracketAttached": "{qty_lots} of order {order_id} of {account} in {instrument} filled, and have a take-profit "
    "{take_profit_order_id} and a stop-loss {stop_loss_order_id} (0: none)",
    # phases and breakers
    "PhaseChanged": "{instrument} went from {previous} to {phase}: {cause}",
    "IndicativePriceUpdated": "the auction of {instrument} would trade {qty_lots} at {price_ticks}",
    "AuctionUncrossed": "the auction of {instrument} ended: {qty_lots} traded at {price_ticks}",
    "OrderTermsSet": "{account} has terms waiting for its order {order_id} in {instrument} (0: none): shows "
    "{display_lots}, anew below {min_display_lots}, at least {min_qty_lots} at once, until {expires_ns}",
    "OrderBudgetSet": "{account} has a budget of {budget_quote} for its order {order_id} in {instrument}",
    "BracketTermsSet": "{account} has a bracket waiting for its order {order_id} in {instrument} (0: none): takes "
    "profit at {take_profit_ticks} with limit {take_profit_limit_ticks}, stops losses at {stop_loss_ticks} with limit "
    "{stop_loss_limit_ticks}",
    # liquidation
    "PositionTakenOver": "nobody bid for the rest: the insurance fund took {size_lots} in {instrument} over from "
    "{account} at {price_ticks}, worth {value} (liquidation {liquidation_id})",
    "PositionTransferred": "{taker} took {size_lots} in {instrument} over from {account}: the account was credited "
    "{value}, the taker charged {taker_value} (liquidation {liquidation_id})",
    "BackstopMissing": "{taker}, a backstop account by the rules, was never opened, and took nothing of {account} in "
    "{instrument} (liquidation {liquidation_id})",
    "DisposalOrderPlaced": "to work off {size_lots} of {account} in {instrument}, an order for {qty_lots} at "
    "{price_ticks} went into the book, where {book_lots} stood (order {order_id})",
    "MarginTransferred": "{amount} that {account} had left went to {taker} with its position (liquidation "
    "{liquidation_id})",
    "SurplusPaid": "{amount} that {account} had left went to the insurance fund, which now has {fund_balance} "
    "(liquidation {liquidation_id})",
    "LiquidationFeeCharged": "liquidation fee of {account} in {instrument}: {charged}, out of {uncapped} on the fills "
    "and {surplus} above the bankruptcy price; balance {balance} (liquidation {liquidation_id})",
    # who pays
    "FundPaid": "the insurance fund paid {amount} of the {deficit} that {account} was short, and has {fund_balance} "
    "left (liquidation {liquidation_id})",
    "DeficitPaid": "{source} paid {amount} of the {deficit} that {account} was short, and has {left} left "
    "(liquidation {liquidation_id})",
    "LossSocialized": "{charged} of the {deficit} that {account} was short was shared by {payers} others, who had "
    "{base} to share it by (liquidation {liquidation_id})",
    "HaircutCharged": "{account} paid {amount} for liquidation {liquidation_id} out of its profit of {profit} in "
    "{instrument}",
    "LenderCut": "{account} paid {amount} for liquidation {liquidation_id}, by the {principal} that it kept with the "
    "venue; its balance is {balance}",
    "ProfitClawedBack": "{account} paid {amount} for liquidation {liquidation_id}, by its profit of {profit}; its "
    "balance is {balance}",
    "VenueLossBooked": "{amount} that {account} was short was paid by nobody: the venue's own loss, {total} by now "
    "(liquidation {liquidation_id})",
    "LossDeferred": "{amount} that {account} was short waits for the end of the session (liquidation {liquidation_id})",
    "WithdrawalsGated": "nobody withdraws before {until_ns}: {account} had an equity of {equity}",
    "LossWrittenOff": "the venue forgave {account} {amount}: nothing of it is owed (liquidation {liquidation_id})",
    "DeleveragingStarted": "{size_lots} of {account} in {instrument} are closed at {price_ticks} against positions of "
    "the other side, {candidates} in the queue (liquidation {liquidation_id})",
    "PositionDeleveraged": "{size_lots} of {account} in {instrument} were closed at {price_ticks}, against its will, "
    "as number {rank} in the queue for liquidation {liquidation_id}",
}


class Teller:
    """Says events of one venue in words."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        """Take the units of the venue's instruments; money is the first one's."""
        self.facts = {fact.instrument_id: fact for fact in instruments}
        first = next(iter(self.facts.values()))
        self.money_unit = Decimal(first.money_unit)
        self.currency = first.currency

    def sentence(self, event: msgspec.Struct) -> str:
        """Return what an event says, without its time."""
        kind = type(event).__name__
        by_function = _FUNCTIONS.get(kind)
        if by_function is not None:
            return by_function(self, event)
        template = TEMPLATES.get(kind)
        if template is None or not is_fitting(template, event):
            return self.by_fields(event)
        return template.format_map({name: self.field(event, name) for name in event.__struct_fields__})

    def by_fields(self, event: msgspec.Struct) -> str:
        """Return an event's name, its docstring's first sentence and its fields, for one that has no other words."""
        words = _CAPITAL.sub(" ", type(event).__name__).lower()
        meaning = (type(event).__doc__ or "").split(".")[0].split("\n")[0].strip()
        told = [name for name in event.__struct_fields__ if name not in _PLACE_FIELDS]
        fields = ", ".join(f"{label(name)} {self.field(event, name)}" for name in told)
        return f"{words} ({meaning}): {fields}" if meaning else f"{words}: {fields}"

    def field(self, event: msgspec.Struct, name: str) -> str:
        """Return the text of one field of an event."""
        value = getattr(event, name)
        instrument = getattr(event, "instrument", 0)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, IntEnum):
            return value.name.lower().replace("_", " ")
        if name in ACCOUNT_FIELDS:
            return who(value)
        if name == "instrument":
            return self.symbol(value)
        if name in _COUNT_FIELDS:
            return f"{value:,}"
        if name.endswith("_ticks"):
            return self.price(instrument, value)
        if name == "size_lots":
            return self.position(instrument, value)
        if name.endswith("_lots"):
            return self.size(instrument, value)
        if name.endswith("_ns"):
            return time_text(value)
        if name.endswith("_ppb"):
            return percent(value, 1_000_000_000)
        if name.endswith("_ppm"):
            return percent(value, 1_000_000)
        return self.money(value)

    def symbol(self, instrument: int) -> str:
        """Return the symbol of an instrument."""
        fact = self.facts.get(instrument)
        return self.currency if fact is None else fact.symbol

    def price(self, instrument: int, ticks: int) -> str:
        """Return a price as decimal text."""
        fact = self.facts.get(instrument)
        return f"{ticks:,} ticks" if fact is None else f"{ticks * Decimal(fact.tick_size):,f}"

    def is_priced_above_zero(self, instrument: int) -> bool:
        """Return whether a price of zero can only mean none."""
        fact = self.facts.get(instrument)
        return fact is None or fact.min_price_ticks > 0

    def size(self, instrument: int, lots: int) -> str:
        """Return a quantity as decimal text."""
        fact = self.facts.get(instrument)
        return f"{lots:,} lots" if fact is None else f"{lots * Decimal(fact.lot_size):,f}"

    def position(self, instrument: int, lots: int) -> str:
        """Return a signed size in words."""
        if lots == 0:
            return "nothing"
        return f"{'long' if lots > 0 else 'short'} {self.size(instrument, abs(lots))}"

    def money(self, amount: int) -> str:
        """Return money as decimal text with its currency."""
        return f"{amount * self.money_unit:,f} {self.currency}"


def is_written(kind: type[msgspec.Struct]) -> bool:
    """Return whether events of a kind have a sentence of their own, whose names are all fields of theirs."""
    name = kind.__name__
    return name in _FUNCTIONS or (name in TEMPLATES and is_fitting(TEMPLATES[name], kind))


def is_fitting(template: str, kind: Any) -> bool:
    """Return whether all names of a template are fields of an event, or of a kind of events."""
    return set(re.findall(r"{(\w+)}", template)) <= set(kind.__struct_fields__)


def who(account: int) -> str:
    """Return an account in words."""
    if account == RECORDED_MARKET:
        return "the recorded market"
    if account == INSURANCE_FUND:
        return "the insurance fund"
    return f"account {account}" if account > 0 else f"the venue's account {account}"


def label(name: str) -> str:
    """Return a field's name in words, without its unit."""
    return re.sub(r"_(ticks|lots|ns|ppm|ppb|id)$", "", name).replace("_", " ")


def percent(rate: int, denominator: int) -> str:
    """Return a rate as a percentage, exactly."""
    text = f"{Decimal(rate) * 100 / denominator:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def time_text(ts_ns: int) -> str:
    """Return ns since 1970 as an ISO time, with as many decimals as it needs: none, 3, 6 or 9."""
    seconds, rest = divmod(ts_ns, _NS_PER_S)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{rest:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z" if digits else f"{text}Z"


# --- sentences that depend on the numbers ------------------------------------------------------------------------


def _order_accepted(tell: Teller, event: Any) -> str:
    side = "buy" if event.side == Side.BUY else "sell"
    kind = OrderKind(event.kind).name.lower().replace("_", "-")
    at = f" at {tell.price(event.instrument, event.price_ticks)}" if event.price_ticks else ""
    if event.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT):
        at += f", to be sent when {tell.price(event.instrument, event.trigger_ticks)} trades"
    how = {
        TimeInForce.IOC: ", at once or not at all",
        TimeInForce.FOK: ", all of it or nothing",
        TimeInForce.DAY: ", for this session",
        TimeInForce.GTD: ", until its time",
    }
    qty = f"{tell.size(event.instrument, event.qty_lots)} {tell.symbol(event.instrument)}"
    only = ", post-only" if event.post_only else ""
    when = how.get(event.time_in_force, "") if event.kind != OrderKind.MARKET else ""
    return f"{who(event.account)} placed a {kind} order to {side} {qty}{at}{when}{only} (order {event.order_id})"


def _order_rejected(tell: Teller, event: Any) -> str:
    request, reason = _words(event.request), _words(event.reason)
    return (
        f"{who(event.account)} was refused a request to {request} in {tell.symbol(event.instrument)}: {reason} "
        f"(order {event.order_id})"
    )


def _request_rejected(tell: Teller, event: Any) -> str:
    about = f" in {tell.symbol(event.instrument)}" if event.instrument else ""
    return f"{who(event.account)} was refused a request to {_words(event.request)}{about}: {_words(event.reason)}"


def _order_canceled(tell: Teller, event: Any) -> str:
    qty = f"{tell.size(event.instrument, event.qty_lots)} {tell.symbol(event.instrument)}"
    at = f" at {tell.price(event.instrument, event.price_ticks)}" if event.price_ticks else ""
    for_liquidation = f", liquidation {event.liquidation_id}" if event.liquidation_id else ""
    side = "buy" if event.side == Side.BUY else "sell"
    return (
        f"order {event.order_id} of {who(event.account)} to {side} was cancelled with {qty}{at} left: "
        f"{_words(event.reason)}{for_liquidation}"
    )


def _order_amended(tell: Teller, event: Any) -> str:
    at = f" at {tell.price(event.instrument, event.price_ticks)}" if event.price_ticks else ""
    trigger = f", trigger {tell.price(event.instrument, event.trigger_ticks)}" if event.trigger_ticks else ""
    place = "keeping its place" if event.kept_priority else "at the back of the queue"
    qty = f"{tell.size(event.instrument, event.qty_lots)} {tell.symbol(event.instrument)}"
    return f"order {event.order_id} of {who(event.account)} is now for {qty}{at}{trigger}, {place}"


def _trade(tell: Teller, event: Any) -> str:
    did = "bought" if event.side == Side.BUY else "sold"
    to = "from" if event.side == Side.BUY else "to"
    qty = f"{tell.size(event.instrument, event.qty_lots)} {tell.symbol(event.instrument)}"
    return (
        f"{who(event.taker_account)} {did} {qty} at {tell.price(event.instrument, event.price_ticks)} "
        f"{to} {who(event.maker_account)} (order {event.taker_order_id} met order {event.maker_order_id})"
    )


def _position_changed(tell: Teller, event: Any) -> str:
    closing = f"; closing paid {tell.money(event.realized)}" if event.realized else ""
    fee = f"; fee {tell.money(event.fee)}" if event.fee > 0 else ""
    rebate = f"; rebate {tell.money(-event.fee)}" if event.fee < 0 else ""
    return (
        f"{who(event.account)} now holds {tell.position(event.instrument, event.size_lots)} in "
        f"{tell.symbol(event.instrument)}{closing}{fee}{rebate}; balance {tell.money(event.balance)}"
    )


def _level_crossed(tell: Teller, event: Any) -> str:
    words = (
        f"{who(event.account)} went from {tell.field(event, 'previous')} to {tell.field(event, 'level')}: equity "
        f"{tell.money(event.equity)} against a requirement of {tell.money(event.requirement)}"
    )
    return f"{words}; {tell.money(event.cure)} more would bring it back to normal" if event.cure > 0 else words


def _liquidation_started(tell: Teller, event: Any) -> str:
    at = ""
    if event.instrument and event.mark_ticks == 0 and tell.is_priced_above_zero(event.instrument):
        at = f"with no mark price of {tell.symbol(event.instrument)}, "
    elif event.instrument:
        at = f"with {tell.symbol(event.instrument)} marked at {tell.price(event.instrument, event.mark_ticks)}, "
    why = f", set off by the trades of liquidation {event.triggered_by}" if event.triggered_by else ""
    return (
        f"{at}the equity of {who(event.account)} is {tell.money(event.equity)}, below its maintenance margin of "
        f"{tell.money(event.maintenance)}: liquidation {event.liquidation_id} begins{why}"
    )


def _liquidation_order(tell: Teller, event: Any) -> str:
    side = "buy" if event.side == Side.BUY else "sell"
    qty = f"{tell.size(event.instrument, event.qty_lots)} {tell.symbol(event.instrument)}"
    at = f"at {tell.price(event.instrument, event.price_ticks)} or better" if event.price_ticks else "at any price"
    return (
        f"the venue orders to {side} {qty} for {who(event.account)} {at} (order {event.order_id}, attempt "
        f"{event.attempt} of liquidation {event.liquidation_id})"
    )


_OUTCOMES: Final = {
    "CURED": "it is above its maintenance margin again",
    "SURPLUS": "closed with money left",
    "EVEN": "closed with exactly nothing left",
    "COVERED": "closed short of money, and the fund or the venue paid all of it",
    "SOCIALIZED": "closed short of money, and others in profit paid what the fund could not",
    "VENUE_LOSS": "closed short of money, of which a part was paid by nobody",
    "DEFERRED": "closed short of money, which waits for the end of the session",
    "OWED": "closed short of money, which it owes",
    "WRITTEN_OFF": "closed short of money, which the venue forgave",
    "DELEVERAGED": "closed with nothing left, in part against positions of the other side",
}


def _liquidation_ended(tell: Teller, event: Any) -> str:
    outcome = _OUTCOMES.get(event.outcome.name, _words(event.outcome))
    return (
        f"liquidation {event.liquidation_id} of {who(event.account)} is over: {outcome}; balance "
        f"{tell.money(event.balance)}"
    )


def _funding_paid(tell: Teller, event: Any) -> str:
    did = "received" if event.amount > 0 else "paid"
    return (
        f"{who(event.account)} {did} {tell.money(abs(event.amount))} of funding on "
        f"{tell.position(event.instrument, event.size_lots)} in {tell.symbol(event.instrument)} at a rate of "
        f"{tell.field(event, 'rate_ppb')}; balance {tell.money(event.balance)}"
    )


def _debt_booked(tell: Teller, event: Any) -> str:
    what = f"what liquidation {event.liquidation_id} left unpaid" if event.liquidation_id else "interest on its debt"
    return f"{who(event.account)} owes {tell.money(event.amount)} more, {what}: {tell.money(event.owed)} in all"


def _debt_repaid(tell: Teller, event: Any) -> str:
    to = "the venue" if event.creditor == 0 else who(event.creditor)
    return (
        f"{who(event.account)} repaid {tell.money(event.amount)} to {to}; it owes {tell.money(event.owed)} still, and "
        f"has {tell.money(event.balance)}"
    )


def _loan_changed(tell: Teller, event: Any) -> str:
    def debt(amount: int) -> str:
        return (
            f"{tell.size(event.instrument, amount)} {tell.symbol(event.instrument)}"
            if event.instrument
            else tell.money(amount)
        )

    did = "borrowed" if event.debt > event.debt_before else "repaid"
    change = debt(abs(event.debt - event.debt_before))
    return f"{who(event.account)} {did} {change}: it owes {debt(event.debt)} on its loan"


def _interest_charged(tell: Teller, event: Any) -> str:
    return (
        f"{who(event.account)} was charged {tell.money(event.amount)} of interest on a loan of "
        f"{tell.money(event.principal)} ({tell.field(event, 'rate_ppb')}); balance {tell.money(event.balance)}"
    )


def _isolated_margin(tell: Teller, event: Any) -> str:
    to = "to" if event.amount > 0 else "back from"
    return (
        f"{who(event.account)} moved {tell.money(abs(event.amount))} {to} its isolated position in "
        f"{tell.symbol(event.instrument)}, which has {tell.money(event.pocket)} behind it now; the account has "
        f"{tell.money(event.balance)} beside it ({_words(event.reason)})"
    )


def _position_mode(tell: Teller, event: Any) -> str:
    may = "may hold a long and a short at once" if event.is_hedge else "holds one position"
    return f"{who(event.account)} {may} in {tell.symbol(event.instrument)} from now on"


def _account_restricted(tell: Teller, event: Any) -> str:
    return f"{who(event.account)} " + (
        "may only reduce its positions from now on, says the operator"
        if event.is_restricted
        else "may trade again without restriction"
    )


def _breaker_tripped(tell: Teller, event: Any) -> str:
    limit = (
        f"the limit of {tell.field(event, 'limit_ticks')} ({_words(event.breaker)} around "
        f"{tell.field(event, 'reference_ticks')})"
    )
    if event.account == 0:
        return f"{tell.symbol(event.instrument)} stood too long at {limit}"
    return (
        f"order {event.order_id} of {who(event.account)} in {tell.symbol(event.instrument)} reached {limit}: it would "
        f"have traded at {tell.field(event, 'price_ticks')} next"
    )


def _kill_switch(tell: Teller, event: Any) -> str:
    return f"{who(event.account)} " + (
        "was shut out: its orders are cancelled, and no more are taken" if event.is_on else "may send orders again"
    )


def _words(member: Any) -> str:
    return str(member.name).lower().replace("_", " ")


_FUNCTIONS: Final[dict[str, Callable[[Teller, Any], str]]] = {
    "OrderAccepted": _order_accepted,
    "OrderRejected": _order_rejected,
    "RequestRejected": _request_rejected,
    "OrderCanceled": _order_canceled,
    "OrderAmended": _order_amended,
    "Trade": _trade,
    "PositionChanged": _position_changed,
    "LevelCrossed": _level_crossed,
    "LiquidationStarted": _liquidation_started,
    "LiquidationOrderPlaced": _liquidation_order,
    "LiquidationEnded": _liquidation_ended,
    "FundingPaid": _funding_paid,
    "DebtBooked": _debt_booked,
    "DebtRepaid": _debt_repaid,
    "LoanChanged": _loan_changed,
    "InterestCharged": _interest_charged,
    "IsolatedMarginTransferred": _isolated_margin,
    "PositionModeSet": _position_mode,
    "AccountRestricted": _account_restricted,
    "BreakerTripped": _breaker_tripped,
    "KillSwitchSet": _kill_switch,
}
