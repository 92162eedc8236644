"""The text of a scenario: settings, then commands, each followed by its events, indented, in plain words.

    rules orders.self_trade=cancel_maker        settings of exchange/rules.py; `clearing=none` is a bare venue
    instrument 1 kind=inverse tick_value=100    fields of Instrument; maintenance=ppm, leverage=, fees=m/t/liq;
                                                tiers=ppm:up_to:leverage,... and other=ppm, one more margin schedule
    place buy 10 @ 100 id 1 acct 7 ioc          no price: a market order; `stop 90`: a stop, with `@` a stop-limit
    place sell 5 profit 110 by-mark id 1 acct 7 a take-profit; also `by-last`, `by-index`, `by-best`, of stops, too
    place sell 5 @ 101 id 1 acct 7 reduce-only  also `close`, which has no quantity: `place sell close stop 90 ...`
    place sell 5 @ 101 id 9 recorded            of the recorded market, account 0; also `correction`
    terms show 2 least 1 min 3 until 99 budget 1000 id 1 acct 7     for the order that comes next: what an iceberg shows
                                                and when it shows anew, a minimum quantity, a GTD's time, a FOK's budget
    place buy 10 @ 100 id 1 acct 7 day          also `gtd`; `place buy 10 to-limit id 1 acct 7`
    replace 5 @ 99 id 1 as 2 acct 7             another order in the place of a live one; also `stop 90`
    trail sell 5 distance 10 id 1 acct 7        also `step 2 activation 120 offset 3 ppm`
    link id 1 other 2 acct 7                    one of the two cancels the other
    bracket profit 110 loss 90 id 3 acct 7      for the order 3 that comes; also `profit-limit`, `loss-limit`
    cancel id 1 acct 7                          also `reduce 2 id 1 acct 7`, `amend 5 @ 99 stop 90 total id 1 acct 7`
    mass-cancel buy acct 7
    wait 8h                                     time passes: ns, ms, s, min, h, d
    index 105 leg 2                             also `funding-rate -1000` in ppb, `settle 105`
    mark 105                                    also `deposit 50 acct 7`, `withdraw`, `leverage`, `fund 1000`
    open -10 @ 100 acct 7
    restrict acct 7                             only what reduces; `unrestrict acct 7` lifts it
    market paused                               also `reduce-only`, `open`
    phase halt                                  also `pre-open`, `opening-auction`, `continuous`, `closed` ...
    kill acct 7                                 the kill switch; `unkill acct 7` lifts it
    reference 100                               the price that bands and auctions refer to
    isolate acct 7                              a pocket for its position; also `cross`, and `margin -50 acct 7`
    hedge acct 7                                `one-way` ends that; `place buy 5 @ 90 long id 3 acct 7`, also `short`
    schedule 1 new                              another margin schedule, `new`: for what is opened from now on
    deposit-asset 5 acct 7                      lots of a spot instrument; also `withdraw-asset`
    interest 1,000 on 2                         rate in ppb on loans of an asset; on money without `on`
    time 13:20                                  no command: what follows happens at this time (also `time 2d 13:20:05`)
    report buy 3 @ 100                          a trade outside the book
    execute sell 5 @ 100 id 9                   a recorded execution of resting sell order 9
    end-session                                 also `write-off acct 7`, `gate 99` (no withdrawals before time 99)
    show acct 7                                 no command: prints what the account is worth
    show book                                   no command: prints the orders, best first

`on 2` names another instrument than the first; `continued` holds the settling back. Every command comes 1 ns after the
one before, the first at 1 ns; `wait` comes so much later; after a `time` all come at the time that it says. Lines that
start with # are comments: there stands the arithmetic that makes the events right.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from exchange.codec import encode_command
from exchange.commands import (
    AdvanceTime,
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Command,
    CommandType,
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
    InterestKind,
    MarginMode,
    MarketState,
    OrderEffect,
    OrderKind,
    Origin,
    Phase,
    PositionSide,
    Side,
    SideFilter,
    TimeInForce,
    TriggerSource,
)
from exchange.events import Event
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import load_rules

SIDES = ("buy", "sell", "long", "short")
BY = ("by-last", "by-mark", "by-index", "by-best")  # what stops and take-profits watch
PHASES = tuple(phase.name.lower().replace("_", "-") for phase in Phase)
STATES = ("open", "reduce-only", "paused")  # of a market
FLAGS = (
    *SIDES,
    *STATES,
    *PHASES,
    "ioc",
    "fok",
    "post-only",
    "recorded",
    "correction",
    "continued",
    "total",
    "all",
    "book",
    "new",
    "day",
    "gtd",
    "to-limit",
    "close",
    "ppm",
    *BY,
)
VALUES = (
    *("@", "id", "acct", "stop", "profit", "on", "leg", "distance", "step", "activation", "offset", "other", "loss"),
    *("profit-limit", "loss-limit", "show", "least", "min", "until", "budget", "as"),
)
TIMES_IN_FORCE = {
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "day": TimeInForce.DAY,
    "gtd": TimeInForce.GTD,
}
NANOSECONDS = {"ns": 1, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
NAME_LISTS = ("waterfall", "sources", "remainder")  # settings that are lists of names, and of numbers
NUMBER_LISTS = ("mark.weights", "mark.staleness_ns", "index.weights", "liquidation.takeover.backstop_accounts")


def words_of(line: str) -> tuple[str, dict[str, Any]]:
    """The verb of a line, and its flags and values; a bare number is under 'amount'."""
    verb, *rest = line.split()
    found: dict[str, Any] = {}
    words = iter(rest)
    for word in words:
        if word in FLAGS:
            found[word] = True
        elif word in VALUES:
            found[word] = int(next(words).replace(",", ""))
        else:
            found["amount"] = int(word.replace(",", ""))
    return verb, found


def duration_of(text: str) -> int:
    """The nanoseconds of a duration such as 8h."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(number) * NANOSECONDS[text[len(number) :]]


def command_of(line: str, ts_ns: int, first_instrument: int) -> Command:
    """Return the command that a line says."""
    if line.startswith("wait "):
        return AdvanceTime(ts_ns)
    verb, said = words_of(line)
    instrument, account = said.get("on", first_instrument), said.get("acct", 0)
    side = Side.SELL if "sell" in said else Side.BUY
    amount, price, trigger, order_id = (said.get(name, 0) for name in ("amount", "@", "stop", "id"))
    trigger = said.get("profit", trigger)
    origin = (
        Origin.RECORDED if "recorded" in said else Origin.CORRECTION if "correction" in said else Origin.PARTICIPANT
    )
    more: dict[str, Any] = {"origin": origin, "is_continued": "continued" in said}
    source = TriggerSource(next((BY.index(name) + 1 for name in BY if name in said), 0))
    effect = OrderEffect(1 if "reduce-only" in said else 2 if "close" in said else 0)
    position = PositionSide(1 if "long" in said else 2 if "short" in said else 0)
    if verb == "place":
        time_in_force = next((found for name, found in TIMES_IN_FORCE.items() if name in said), TimeInForce.GTC)
        base = 4 if "profit" in said else 2 if "stop" in said else 0
        kind = OrderKind(base + (("@" in said) == (base > 0)))
        kind = OrderKind.MARKET_TO_LIMIT if "to-limit" in said else kind
        return PlaceOrder(
            ts_ns,
            instrument,
            account,
            order_id,
            side,
            amount,
            price,
            kind,
            time_in_force,
            "post-only" in said,
            trigger,
            position=position,
            trigger_source=source,
            effect=effect,
            **more,
        )
    makers: dict[str, Callable[[], Command]] = {
        "trail": lambda: PlaceTrailingStop(
            ts_ns,
            instrument,
            account,
            order_id,
            side,
            amount,
            said["distance"],
            said.get("activation", 0),
            said.get("step", 0),
            said.get("offset", 0),
            "ppm" in said,
            position,
            source,
            effect,
        ),
        "link": lambda: LinkOrders(ts_ns, instrument, account, order_id, said["other"]),
        "bracket": lambda: BracketTerms(
            ts_ns,
            instrument,
            account,
            order_id,
            said.get("profit", 0),
            said.get("profit-limit", 0),
            said.get("loss", 0),
            said.get("loss-limit", 0),
        ),
        "cancel": lambda: CancelOrder(ts_ns, instrument, account, order_id, **more),
        "terms": lambda: OrderTerms(
            ts_ns,
            instrument,
            account,
            order_id,
            *(said.get(name, 0) for name in ("show", "least", "min", "until", "budget")),
        ),
        "replace": lambda: ReplaceOrder(
            ts_ns, instrument, account, order_id, said.get("as", 0), amount, price, trigger
        ),
        "reduce": lambda: ReduceOrder(ts_ns, instrument, account, order_id, amount, **more),
        "amend": lambda: AmendOrder(
            ts_ns, instrument, account, order_id, amount, price, trigger, "total" in said, **more
        ),
        "mass-cancel": lambda: MassCancel(
            ts_ns,
            0 if "all" in said else instrument,
            account,
            SideFilter.BUY if "buy" in said else SideFilter.SELL if "sell" in said else SideFilter.BOTH,
        ),
        "mark": lambda: SetMarkPrice(ts_ns, instrument, amount),
        "index": lambda: SetIndexPrice(ts_ns, instrument, amount, said.get("leg", 0)),
        "funding-rate": lambda: SetFundingRate(ts_ns, instrument, amount),
        "settle": lambda: SettleInstrument(ts_ns, instrument, amount),
        "report": lambda: ReportTrade(ts_ns, instrument, side, price, amount, "continued" in said),
        "execute": lambda: ExecuteRecorded(ts_ns, instrument, order_id, side, price, amount, "continued" in said),
        "deposit": lambda: Deposit(ts_ns, account, amount),
        "withdraw": lambda: Withdraw(ts_ns, account, amount),
        "leverage": lambda: SetLeverage(ts_ns, instrument, account, amount),
        "deposit-asset": lambda: DepositAsset(ts_ns, instrument, account, amount),
        "withdraw-asset": lambda: WithdrawAsset(ts_ns, instrument, account, amount),
        "interest": lambda: SetInterestRate(ts_ns, said.get("on", 0), amount),
        "open": lambda: OpenPosition(ts_ns, instrument, account, amount, price),
        "isolate": lambda: SetMarginMode(ts_ns, instrument, account, MarginMode.ISOLATED),
        "cross": lambda: SetMarginMode(ts_ns, instrument, account, MarginMode.CROSS),
        "margin": lambda: TransferMargin(ts_ns, instrument, account, amount),
        "hedge": lambda: SetPositionMode(ts_ns, instrument, account, True),
        "one-way": lambda: SetPositionMode(ts_ns, instrument, account, False),
        "schedule": lambda: SetMarginSchedule(ts_ns, instrument, amount, "new" in said),
        "fund": lambda: FundDeposit(ts_ns, amount, said.get("on", 0)),
        "end-session": lambda: EndSession(ts_ns),
        "write-off": lambda: WriteOffDebt(ts_ns, account),
        "gate": lambda: GateWithdrawals(ts_ns, amount),
        "restrict": lambda: RestrictAccount(ts_ns, account),
        "unrestrict": lambda: RestrictAccount(ts_ns, account, False),
        "market": lambda: SetMarketState(
            ts_ns, instrument, next(state for state, name in zip(MarketState, STATES, strict=True) if name in said)
        ),
        "phase": lambda: SetPhase(
            ts_ns, instrument, next(phase for phase, name in zip(Phase, PHASES, strict=True) if name in said)
        ),
        "kill": lambda: SetKillSwitch(ts_ns, account),
        "unkill": lambda: SetKillSwitch(ts_ns, account, False),
        "reference": lambda: SetReferencePrice(ts_ns, instrument, amount),
    }
    return makers[verb]()


def set_path(tree: dict[str, Any], path: str, text: str) -> None:
    """Put a setting such as risk.max_attempts=2 into nested dicts, as an integer, a flag, a list or a text."""
    *folders, name = path.split(".")
    for folder in folders:
        tree = tree.setdefault(folder, {})
    if name.endswith("_tiers"):
        tree[name] = [{"ppm": int(text)}]
    elif name in NAME_LISTS:
        tree[name] = [word for word in text.split(",") if word]
    elif path in NUMBER_LISTS:
        tree[name] = [int(word) for word in text.split(",") if word]
    else:
        is_number = text.lstrip("-").isdigit()
        tree[name] = int(text) if is_number else text == "true" if text in ("true", "false") else text


def time_of(line: str) -> int:
    """Return the nanoseconds of a time of day, hours:minutes or hours:minutes:seconds, on a day counted from 0."""
    *days, clock = line.split()[1:]
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    day = int(days[0].rstrip("d")) if days else 0
    return (((day * 24 + hours) * 60 + minutes) * 60 + seconds) * 10**9


def instrument_of(line: str) -> Instrument:
    """Return the instrument that a line says."""
    _, number, *settings = line.split()
    fields: dict[str, Any] = {"instrument_id": int(number), "symbol": f"I{number}"}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name == "maintenance":
            fields["margin_tiers"] = (MarginTier(maintenance_ppm=int(text)),)
        elif name == "tiers":
            parts = [[int(number) for number in part.split(":")] for part in text.split(",")]
            fields["margin_tiers"] = tuple(
                MarginTier(maintenance_ppm=rate, up_to=(*more, 0)[0], max_leverage=(*more, 0, 0)[1])
                for rate, *more in parts
            )
        elif name == "other":
            fields.setdefault("margin_schedules", []).append({"tiers": [{"maintenance_ppm": int(text)}]})
        elif name == "fees":
            maker, taker, liquidation = map(int, text.split("/"))
            fields["fees"] = FeeSchedule(maker_ppm=maker, taker_ppm=taker, liquidation_ppm=liquidation)
        elif name == "timetable":
            rows = [row.split(":") for row in text.split(",")]
            times = [{"at_ns": duration_of(after), "phase": phase} for after, phase in rows]
            fields.setdefault("phases", {})["timetable"] = times
        elif name == "weight":
            fields.setdefault("spot", {})["collateral_weights"] = [{"ppm": int(text)}]
        elif name == "leverage":
            fields["default_leverage"] = int(text)
        else:
            set_path(fields, name, text)
    return msgspec.convert(msgspec.to_builtins(fields), Instrument)


class Scenario:
    """A scenario while it is told: the venue is opened by the first line that is no setting."""

    def __init__(self) -> None:
        """Before the first line."""
        self.settings: dict[str, Any] = {}
        self.instruments: list[Instrument] = []
        self.venue: Exchange | None = None
        self.records: list[bytes] = []
        self.ts_ns = 0
        self.is_clock_told = False  # by a `time`: then commands no longer move it

    def open_venue(self) -> Exchange:
        """A venue with what was set."""
        return Exchange(self.instruments or [Instrument(instrument_id=1, symbol="I1")], load_rules(self.settings))

    def tell(self, line: str) -> list[str]:
        """Do what a line says and return what it prints."""
        if line.startswith("rules "):
            for setting in line.split()[1:]:
                path, _, text = setting.partition("=")
                set_path(self.settings, path, text)
            return []
        if line.startswith("instrument "):
            self.instruments.append(instrument_of(line))
            return []
        if line.startswith("time "):
            self.ts_ns = time_of(line)
            self.is_clock_told = True
            return []
        if self.venue is None:
            self.venue = self.open_venue()
        first = self.venue.instruments[0].instrument_id
        if line.startswith("show "):
            _, said = words_of(line)
            return (
                shown_account(self.venue, said["acct"])
                if "acct" in said
                else shown_book(self.venue, said.get("on", first))
            )
        if line.startswith("wait "):
            self.ts_ns += duration_of(line.split()[1])
        elif not self.is_clock_told:
            self.ts_ns += 1
        command = command_of(line, self.ts_ns, first)
        self.records.append(encode_command(command))
        events = self.venue.apply(command)
        self.venue.check()
        is_named = len(self.venue.instruments) > 1
        return [sentence(event, is_named) for event in events]


def told(text: str) -> str:
    """Return the text of a scenario with the events that really happen, its comments and commands as they are."""
    scenario = Scenario()
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            continue
        lines.append(line)
        if line and not line.startswith("#"):
            lines += [f"  {printed}" for printed in scenario.tell(line)]
    # The same commands in one batch are the same story.
    again = scenario.open_venue()
    again.run(b"".join(scenario.records))
    assert scenario.venue is not None
    assert again.digest() == scenario.venue.digest()
    return "\n".join(lines).rstrip("\n") + "\n"


# --- what is printed ---------------------------------------------------------------------------------------------


def plain(member: Any) -> str:
    """An enum member in words."""
    return str(member.name).lower().replace("_", " ")


def order_words(event: Any) -> Iterator[str]:
    """The facts of an accepted order, leaving out what goes without saying."""
    yield plain(event.side)
    yield f"{event.qty_lots}" if event.effect != OrderEffect.CLOSE_POSITION or event.qty_lots else "close"
    if event.kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT):
        yield f"@ {event.price_ticks}"
    if event.kind == OrderKind.MARKET_TO_LIMIT:
        yield "to-limit"
    elif event.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT):
        yield f"stop {event.trigger_ticks}"
    if event.kind in (OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT):
        yield f"profit {event.trigger_ticks}"
    if event.trigger_source != TriggerSource.VENUE:
        yield BY[event.trigger_source - 1]
    yield f"id {event.order_id} acct {event.account}"
    if event.time_in_force != TimeInForce.GTC:
        yield plain(event.time_in_force)
    if event.post_only:
        yield "post-only"
    if event.effect == OrderEffect.REDUCE_ONLY:
        yield "reduce-only"
    if event.origin != Origin.PARTICIPANT:
        yield plain(event.origin)


SENTENCES: dict[str, str] = {
    "OrderRejected": "refused {request} id {order_id} acct {account}: {reason}",
    "RequestRejected": "refused {request} of {amount} acct {account}: {reason}",
    "Trade": "trade {qty_lots} @ {price_ticks}: taker {taker_order_id} acct {taker_account} ({side}), "
    "maker {maker_order_id} acct {maker_account}",
    "OrderCanceled": "canceled {side} {qty_lots} @ {price_ticks} id {order_id} acct {account}: {reason}{liquidation}",
    "OrderAmended": "amended {side} {qty_lots} @ {price_ticks}{stop} id {order_id} acct {account}: {kept}",
    "OrderRefreshed": "shows {shown_lots}, hides {hidden_lots} @ {price_ticks} id {order_id} acct {account}: {kept}",
    "OrderTermsSet": "terms for id {order_id} acct {account}: show {display_lots} least {min_display_lots} min "
    "{min_qty_lots} until {expires_ns}",
    "OrderBudgetSet": "budget for id {order_id} acct {account}: {budget_quote}",
    "StopTriggered": "triggered {side} {qty_lots} stop {trigger_ticks} by {seen}{last_ticks} id {order_id} "
    "acct {account}",
    "TrailingStopSet": "trails id {order_id} acct {account}: distance {distance}{unit} step {step_ticks} "
    "activation {activation_ticks} offset {limit_offset_ticks}",
    "StopTrailed": "trailed id {order_id} acct {account}: stop {trigger_ticks} behind {reference_ticks}{limit_too}",
    "OrdersLinked": "linked id {order_id} and {other_order_id} acct {account}",
    "BracketTermsSet": "bracket waits for id {order_id} acct {account}: profit {take_profit_ticks} "
    "limit {take_profit_limit_ticks}, loss {stop_loss_ticks} limit {stop_loss_limit_ticks}",
    "BracketAttached": "bracket of {qty_lots} for id {order_id} acct {account}: profit {take_profit_order_id} "
    "loss {stop_loss_order_id}",
    "TradeReported": "reported {side} {qty_lots} @ {price_ticks}",
    "RecordedClipped": "clipped {kind} of {qty_lots} id {order_id}",
    "MarkPriceUpdated": "mark {price_ticks}",
    "IndexPriceUpdated": "index {price_ticks}{of_legs}",
    "FundingRateSet": "funding rate {rate_ppb} ppb, premium {premium_ppb}, interest {interest_ppb}, {given}due at "
    "{due_ns} ns",
    "FundingPaid": "funding {amount} acct {account}: size {size_lots} at {rate_ppb} ppb, balance {balance}",
    "FundingSettled": "funding settled at {price_ticks} and {rate_ppb} ppb: paid {paid}, received {received}, "
    "remainder {remainder}",
    "PositionSettled": "delivered {size_lots} acct {account}: value {value} realized {realized} balance {balance}",
    "InstrumentSettled": "settled for good at {price_ticks}{how}: {positions} positions, open interest "
    "{open_interest_lots}, remainder {remainder}",
    "Deposited": "deposited {amount} acct {account}: balance {balance}",
    "Withdrawn": "withdrew {amount} acct {account}: balance {balance}",
    "LeverageSet": "leverage {leverage} acct {account}",
    "PositionOpened": "opened {size_lots} @ {price_ticks} acct {account}: cost {cost}",
    "PositionChanged": "acct {account}: size {size_lots} cost {cost}, realized {realized} fee {fee} balance {balance}",
    "FundDeposited": "fund deposit {amount}: fund {fund_balance}",
    "AssetDeposited": "deposited {qty_lots} lots worth {value} acct {account}: size {size_lots} cost {cost} "
    "balance {balance}",
    "AssetWithdrawn": "withdrew {qty_lots} lots worth {value} acct {account}: size {size_lots} cost {cost} "
    "balance {balance}",
    "LoanChanged": "acct {account} has borrowed {debt} {owed}, before {debt_before}{apart}",
    "InterestCharged": "{charged_for} {amount} on {owed} worth {principal} of acct {account}: balance {balance}",
    "InterestRateSet": "interest on {owed} {rate_ppb} ppb",
    "LiquidationStarted": "liquidation {liquidation_id} of acct {account} starts: equity {equity} < "
    "maintenance {maintenance} at mark {mark_ticks}, triggered by {triggered_by}",
    "LiquidationOrderPlaced": "liquidation {liquidation_id} attempt {attempt}: {side} {qty_lots} {limit} id {order_id} "
    "acct {account}",
    "PositionTakenOver": "liquidation {liquidation_id}: fund takes {size_lots} @ {price_ticks} of acct {account}, "
    "value {value}",
    "SurplusPaid": "liquidation {liquidation_id}: surplus {amount} of acct {account} to the fund: fund {fund_balance}",
    "FundPaid": "liquidation {liquidation_id}: fund pays {amount} of deficit {deficit} of acct {account}: "
    "fund {fund_balance}",
    "LossSocialized": "liquidation {liquidation_id}: {charged} of deficit {deficit} of acct {account} socialized over "
    "{payers} with profits of {base}",
    "MarginModeSet": "acct {account}: {mode} margin",
    "IsolatedMarginTransferred": "acct {account}: margin {amount}, {reason}: balance {balance} pocket {pocket}",
    "PairNetted": "liquidation {liquidation_id}: acct {account} closes {qty_lots} long against {qty_lots} short @ "
    "{price_ticks}, value {value}",
    "PositionModeSet": "acct {account}: {hedge}",
    "MarginScheduleSet": "margin schedule {schedule}: {positions} positions come under it{newly}",
    "HaircutCharged": "liquidation {liquidation_id}: acct {account} pays {amount} of its profit {profit}: cost {cost}",
    "FundDrawdownChanged": "fund {running}: change {change} of {pool_most}, {ratio_ppm} ppm",
    "DeficitPaid": "liquidation {liquidation_id}: {source} pays {amount} of deficit {deficit} of acct {account}: "
    "left {left}",
    "LossDeferred": "liquidation {liquidation_id}: {amount} of acct {account} deferred to the session's end: "
    "total {total}",
    "SessionEnded": "session ends: {charged} of {deferred} charged to {payers} with {by} {base}, rate {rate_ppb} ppb",
    "LenderCut": "acct {account} pays {amount} of its {principal}: balance {balance}",
    "ProfitClawedBack": "acct {account} pays {amount} for its profit {profit}: balance {balance}",
    "DebtBooked": "liquidation {liquidation_id}: acct {account} owes {amount} more, {to_venue} to the venue "
    "{to_fund} to the fund: owed {debt_now}",
    "DebtRepaid": "liquidation {liquidation_id}: acct {account} repays {amount} to {creditor}{interest}: "
    "owed {debt_now} balance {balance}",
    "LossWrittenOff": "liquidation {liquidation_id}: {amount} of acct {account} written off: total {total}",
    "WithdrawalsGated": "no withdrawals before {until_ns}: acct {account} equity {equity}",
    "VenueLossBooked": "liquidation {liquidation_id}: venue loses {amount} for acct {account}: total {total}",
    "DeleveragingStarted": "liquidation {liquidation_id}: {size_lots} @ {price_ticks} of acct {account} deleveraged by "
    "{order} of {score} over {candidates}, mark {mark_ticks}",
    "PositionDeleveraged": "liquidation {liquidation_id}: acct {account} closes {size_lots} @ {price_ticks}, "
    "rank {rank} light {light} score {score_ppb}",
    "PhaseChanged": "phase {phase}, was {previous}, by {cause}{until}",
    "IndicativePriceUpdated": "would trade {qty_lots} @ {price_ticks}, surplus {surplus_lots}",
    "AuctionUncrossed": "{phase} ends: {qty_lots} @ {price_ticks}, surplus {surplus_lots}{reference}",
    "BreakerTripped": "{breaker} tripped at {limit_ticks} ({side}), reference {reference_ticks}, next {price_ticks}: "
    "id {order_id} acct {account}",
    "LimitStateChanged": "limit state {state} at {limit_ticks}, reference {reference_ticks}{until}",
    "BandMoved": "limits {lower_ticks} .. {upper_ticks} around {reference_ticks}",
    "KillSwitchSet": "kill switch of acct {account} {switch}",
    "ReferencePriceSet": "reference {price_ticks}",
    "LevelCrossed": "acct {account} goes from {previous} to {level}: equity {equity}, maintenance {requirement}, "
    "cured by {cure}",
    "AccountRestricted": "acct {account} {restricted}",
    "MarketStateSet": "market {state}, was {previous}",
    "LiquidationFeeCharged": "liquidation {liquidation_id}: fund gets {charged} of a fee of {uncapped} and a surplus "
    "of {surplus} of acct {account}: balance {balance}",
    "PositionTransferred": "liquidation {liquidation_id}: acct {taker} takes {size_lots} of acct {account}, pays "
    "{taker_value} for {value}",
    "MarginTransferred": "liquidation {liquidation_id}: margin {amount} of acct {account} to acct {taker}: "
    "balance {taker_balance}",
    "BackstopMissing": "liquidation {liquidation_id}: there is no backstop acct {taker} to take over from "
    "acct {account}",
    "DisposalOrderPlaced": "fund holds {size_lots}, sends {qty_lots} @ {price_ticks} id {order_id} "
    "for {book_lots} there",
    "LiquidationEnded": "liquidation {liquidation_id} of acct {account} ends, {outcome}: balance {balance}",
}


CHARGED_FOR = {
    InterestKind.BORROWED: "interest at once",
    InterestKind.CLOCK: "interest by the clock",
    InterestKind.REPAID: "interest until repaid",
    InterestKind.OPEN_FEE: "fee for borrowing",
}


def sentence(event: Event, is_named: bool) -> str:
    """An event in plain words, with its instrument where there are several."""
    kind = type(event).__name__
    fields: dict[str, Any] = msgspec.structs.asdict(event)
    instrument = fields.get("instrument", 0)
    suffix = f" on {instrument}" if is_named and instrument else ""
    if kind == "OrderAccepted":
        return f"accepted {' '.join(order_words(event))}{suffix}"
    values = {name: plain(value) if hasattr(value, "name") else value for name, value in fields.items()}
    if "request" in fields:
        values["request"] = plain(CommandType(fields["request"]))
    values["liquidation"] = f", liquidation {fields['liquidation_id']}" if fields.get("liquidation_id") else ""
    values["restricted"] = "may only reduce" if fields.get("is_restricted") else "may trade"
    values["hedge"] = "long and short" if fields.get("is_hedge") else "one position"
    values["newly"] = ", and what is opened from now on" if fields.get("is_for_new_only") else ""
    values["stop"] = f" stop {fields['trigger_ticks']}" if fields.get("trigger_ticks") else ""
    values["seen"] = f"{values['source']} " if fields.get("source") and "last_ticks" in fields else ""
    values["unit"] = " ppm" if fields.get("is_ppm") else ""
    values["limit_too"] = f" @ {fields['price_ticks']}" if fields.get("price_ticks") else ""
    values["running"] = "stops paying" if fields.get("is_running") else "pays again"
    values["debt_now"] = fields.get("owed", 0)
    values["interest"] = " as interest" if fields.get("is_interest") else ""
    of_legs = "leg {leg} at {leg_price_ticks}, {legs_used} legs used, {outliers} outliers"
    values["of_legs"] = f": {of_legs.format(**fields)}" if fields.get("leg") else ""
    values["given"] = "given from outside, " if fields.get("is_external") else ""
    values["how"] = " by the operator" if fields.get("is_commanded") else ""
    values["kept"] = "keeps its place" if fields.get("kept_priority") else "to the back"
    values["owed"] = "lots" if instrument else "money"
    values["apart"] = f", of it interest {fields['interest_owed']}" if fields.get("interest_owed") else ""
    values["until"] = f" until {fields['until_ns']} ns" if fields.get("until_ns") else ""
    values["switch"] = "on" if fields.get("is_on") else "off"
    values["reference"] = f", reference {fields['reference_ticks']}" if fields.get("has_reference") else ""
    if "rate_ppb" in fields and "kind" in fields:
        values["charged_for"] = CHARGED_FOR[fields["kind"]]
    values["limit"] = "at market" if fields.get("kind") == OrderKind.MARKET else f"@ {fields.get('price_ticks')}"
    return SENTENCES[kind].format(**values) + suffix


def shown_account(venue: Exchange, account: int) -> list[str]:
    """What an account is worth at present marks."""
    view = venue.account(account)
    state = ", in liquidation" if view.is_in_liquidation else ""
    money = f" cash {view.cash} debts {view.debts}" if venue.clearing.has_assets else ""
    margins = f"maintenance {view.maintenance} initial {view.initial_margin}"
    worth = f"balance {view.balance} equity {view.equity} {margins}{money}"
    positions = [
        f"acct {account}: size {held.size_lots} cost {held.cost} value {held.value} on {held.instrument}"
        for held in view.positions()
    ]
    pockets = [
        f"acct {account}: pocket {held.balance} equity {held.equity} maintenance {held.maintenance} "
        f"initial {held.initial_margin}{', in liquidation' if held.is_in_liquidation else ''} on {held.instrument}"
        for held in view.pockets()
    ]
    return [f"acct {account}: {worth}{state}", *positions, *pockets]


def shown_book(venue: Exchange, instrument: int) -> list[str]:
    """The resting orders, asks from the worst to the best, bids from the best; stops; orders for an auction."""
    book = venue.book(instrument)
    lines = [
        f"{plain(live.side)} {live.open_lots} @ {live.price_ticks} id {live.order_id} acct {live.account}"
        f"{f', hides {live.hidden_lots}' if live.hidden_lots else ''}"
        for live in [*reversed(list(book.orders(Side.SELL))), *book.orders(Side.BUY)]
    ]
    lines += [
        f"{plain(live.side)} {live.open_lots or 'close'} "
        f"{'stop' if live.kind < OrderKind.TAKE_PROFIT else 'profit'} {live.trigger_ticks} "
        f"id {live.order_id} acct {live.account}"
        for side in Side
        for live in book.stops(side)
    ]
    lines += [
        f"{plain(live.side)} {live.open_lots} at market id {live.order_id} acct {live.account}"
        for side in Side
        for live in book.market_orders(side)
    ]
    return lines or ["empty"]
