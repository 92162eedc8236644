"""Adapters of the liquidation vectors: order prices, reduction, pace, fee and surplus, takeover, disposal, levels."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from exchange import Exchange
from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetMarkPrice
from exchange.enums import OrderKind, RejectReason, Side
from exchange.errors import InvariantError
from exchange.events import (
    DisposalOrderPlaced,
    Event,
    LiquidationOrderPlaced,
    LiquidationStarted,
    OrderRejected,
    PositionChanged,
    PositionTransferred,
    SurplusPaid,
    Trade,
)
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.margin.prices import share_of_equity
from exchange.margin.schedule import MarginSchedule
from exchange.margin.valuation import Valuation
from exchange.risk.disposal_size import band_limit, disposal_lots, is_step_due, mid_twice
from exchange.risk.levels import BACKSTOP_LEVEL, level_of
from exchange.risk.order_price import fillable_price, needed_for_part, price_at_share, worse_price
from exchange.risk.pacing import budget_left, distance_key, leg_budget
from exchange.risk.reduction import (
    buffered_shortage,
    fraction_first,
    lots_to_cover,
    notional_bounds,
    ramped_fee_ppm,
    ramped_ppm,
    ramped_shortage,
)
from exchange.risk.surplus import fund_delta, is_fund_able
from exchange.risk.takeover import is_declined, lots_below_backstop, taker_value
from exchange.rules import (
    DisposalRules,
    FundRules,
    LiquidationRules,
    PacingRules,
    PriceRules,
    ReductionRules,
    Rules,
    TakeoverRules,
)
from tests.conformance.vectors import Found, Given, Unsupported
from tests.conformance.vectors.amounts import PPM, Scaled, exact, integer, ppm, text

SECOND = 10**9
FUND = -1
PARTY, OTHER, MAKER = 1, 2, 9
LOWEST, HIGHEST = 1, (1 << 40) - 1
LEVERAGE = 100
STAGES = ("normal", "notice", "no_new_orders", "market_liquidation", "backstop_takeover")


def instrument_of(scaled: Scaled, maintenance_ppm: int = 100_000, number: int = 1, **facts: Any) -> Instrument:
    """A linear instrument whose prices, lots and money carry the vector's decimals."""
    return Instrument(
        instrument_id=number,
        symbol=f"V{number}",
        tick_value=scaled.tick_value,
        default_leverage=LEVERAGE,
        max_leverage=LEVERAGE,
        **{"margin_tiers": (MarginTier(maintenance_ppm=maintenance_ppm),), **facts},
    )


class Run:
    """A venue, told what happens and asked what came of it."""

    def __init__(self, rules: LiquidationRules, *instruments: Instrument, fund: int = 0) -> None:
        self.venue = Exchange(instruments, Rules(liquidation=rules, fund=FundRules(opening=fund)))
        self.events: list[Event] = []

    def tell(self, *commands: Command) -> None:
        """Apply commands, each with its check."""
        for command in commands:
            self.events += self.venue.apply(command)
            self.venue.check()

    def all(self, kind: type[Any]) -> list[Any]:
        """Every event of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def realized(self, account: int) -> int:
        """What an account's position changes realized."""
        return sum(event.realized for event in self.all(PositionChanged) if event.account == account)

    def size(self, account: int) -> int:
        """What an account holds in the first instrument."""
        return sum(held.size_lots for held in self.venue.account(account).positions())

    def cash(self, account: int) -> int:
        """Balance less what the positions cost: the quote balance of the vectors."""
        view = self.venue.account(account)
        return view.balance - sum(held.cost for held in view.positions())


def resting(order_id: int, side: Side, qty: int, price: int, number: int = 1, account: int = MAKER) -> PlaceOrder:
    """An order of the maker's."""
    return PlaceOrder(0, number, account, order_id, side, qty, price, OrderKind.LIMIT)


# --- prices ------------------------------------------------------------------------------------------------------


def fillable(given: Given) -> Found:
    """FILL-01: a cross account. Money is finer than the prices, so that no spread is rounded away."""
    if given["contract"]["kind"] != "linear":
        raise Unsupported("another kind of contract than linear")
    held = {position["market"]: position["size"] for position in given["positions"]}
    scaled = Scaled.of(given["oracle"].values(), held.values(), [given["cash"]], extra=12)
    facts = {market: instrument_of(scaled, ppm(given["maintenance_margin_rate"][market])) for market in held}
    values = {m: Valuation(facts[m]).value(scaled.lots(held[m]), scaled.ticks(given["oracle"][m])) for m in held}
    maintenance = {m: MarginSchedule(facts[m]).maintenance(abs(values[m])) for m in held}
    market = given["close_market"]
    price = fillable_price(
        Valuation(facts[market]),
        scaled.lots(held[market]),
        values[market],
        scaled.money(given["cash"]) + sum(values.values()),
        sum(maintenance.values()),
        maintenance[market],
        ppm(given["bankruptcy_adjustment"]),
        ppm(given["spread_to_maintenance_ratio"]),
        LOWEST,
        HIGHEST,
    )
    return {"fillable_price": scaled.price_text(price)}


def worst_price(given: Given) -> Found:
    """BP-LIN-03: the worst price of the order that closes an isolated position at an oracle price."""
    if "oracle_price" not in given:
        raise Unsupported("liquidation and bankruptcy price of an isolated position")
    position = given["position"]
    entry, oracle = position["entry_price"], given["oracle_price"]
    scaled = Scaled.of([entry, oracle], [position["size"]], [position["margin"]], extra=6)
    size = scaled.lots(position["size"]) * (1 if position["side"] == "long" else -1)
    valuation = Valuation(instrument_of(scaled))
    value = valuation.value(size, scaled.ticks(oracle))
    equity = scaled.money(position["margin"]) + value - valuation.value(size, scaled.ticks(entry))
    bankruptcy = price_at_share(valuation, size, value, equity, LOWEST, HIGHEST)
    return {"worst_fill_price": scaled.price_text(worse_price(bankruptcy, scaled.ticks(oracle), size > 0))}


# --- reduction ---------------------------------------------------------------------------------------------------


def tier_step_down(given: Given) -> Found:
    """PART-06: one order at mark, down to the lowest tier; nobody trades, so another follows an interval later."""
    price = 10
    ends = [int(given["tier1_max"]) * price, (int(given["tier3_from"]) - 1) * price]
    top = ppm(given["maintenance_ratio_tier3"])
    tiers = (MarginTier(top // 4, ends[0]), MarginTier(top // 2, ends[1]), MarginTier(top))
    rules = LiquidationRules(
        order="ioc",
        price=PriceRules(kind="mark"),
        reduction=ReductionRules(kind="lowest_tier", from_notional=ends[1] + price),
        pacing=PacingRules(interval_ns=60 * SECOND),
    )
    run = Run(rules, instrument_of(Scaled(), margin_tiers=tiers))
    run.tell(
        SetMarkPrice(0, 1, price),
        Deposit(0, PARTY, 1),
        OpenPosition(0, 1, PARTY, int(given["position_contracts"]), price),
        PlaceOrder(0, 1, PARTY, 5, Side.BUY, 1, 1),
        SetMarkPrice(600 * SECOND, 1, price),
    )
    first, second = run.all(LiquidationOrderPlaced)[:2]
    is_at_market = first.kind == OrderKind.LIMIT and first.price_ticks == price
    refused = [event.reason for event in run.all(OrderRejected)]
    return {
        "contracts_to_close": str(first.qty_lots),
        "order_price": "slightly better than market" if is_at_market else str(first.price_ticks),
        "recheck_after_seconds": (second.ts_ns - first.ts_ns) // SECOND,
        "position_frozen": refused == [RejectReason.ACCOUNT_IN_LIQUIDATION],
    }


def time_ramp(given: Given, cases: list[Given]) -> list[Found | Exception]:
    """PART-04: a ramp in slots, on a grid of 0.01 %; the buffer counts on losses, too.

    The source asks 0.01 of margin for an open order beside its size; that is what its cancel frees on top.
    """
    user = given["user"]
    scaled = Scaled.of([given["oracle_price"]], [given["size_step"]], [user["deposit"]], extra=8)
    step, mark = scaled.lots(given["size_step"]), scaled.ticks(given["oracle_price"])
    rate, buffer = ppm(given["maintenance_margin_ratio"]), ppm(given["buffer"])
    fees = ppm(given["liquidator_fee"]) + ppm(given["fund_fee"])
    facts = instrument_of(scaled, rate)
    valuation, schedule = Valuation(facts), MarginSchedule(facts)
    lots, equity, loss = scaled.lots(user["position_size"]), scaled.money(user["deposit"]), 0

    def short(held: int) -> int:
        worth = valuation.value(held, mark)
        return buffered_shortage(equity, schedule.maintenance(worth), worth, loss, buffer)

    ordered = scaled.lots(user["open_buy_order_size"])
    freed = short(lots + ordered) - short(lots) + scaled.money("0.01")
    found: list[Found | Exception] = []
    for case in cases:
        before = short(lots)
        share = ramped_ppm(case["slot"] - 1, given["ramp_slots"], ppm(given["initial_pct"]), 100)
        allowed = ramped_shortage(before, freed, share, 100)
        if allowed > 0:
            worth = valuation.value(lots, mark)
            closed = lots_to_cover(lots, allowed, schedule.maintenance(worth) + worth * (buffer - fees) // PPM)
            closed = min(-(-closed // step) * step, scaled.lots(case["max_size"]))
            cost = valuation.value(closed, mark) * fees // PPM
            lots, equity, loss = lots - closed, equity - cost, loss + cost
        freed += before - short(lots)
        # The engine lets an account go that holds its requirement again, with or without the buffer.
        is_normal = equity >= schedule.maintenance(valuation.value(lots, mark))
        found.append(
            {
                "position_size": scaled.size_text(lots),
                "margin_freed": "0" if is_normal else scaled.money_text(freed),
                "status": "normal" if is_normal else "being liquidated",
            }
        )
    return found


def fee_ramp(given: Given) -> Found:
    """PART-05: slots for nanoseconds, and 0.0001 % for each."""
    fee = ramped_fee_ppm(given["slots"], given["grace_slots"], ppm(given["base_fee"]), ppm(given["max_fee"]), 1, 1)
    return {"fee": text(fee, 6)}


def cooldown(given: Given) -> Found:
    """PART-08: a fraction first, the whole while it cools down."""
    scaled = Scaled.of([given["mark_price"]], [given["position_size"]], [given["threshold_notional"]])
    lots = scaled.lots(given["position_size"])
    notional = Valuation(instrument_of(scaled)).notional(lots, scaled.ticks(given["mark_price"]))
    seconds = given["seconds_since_last_partial"]
    closed = fraction_first(
        lots,
        notional,
        scaled.money(given["threshold_notional"]),
        ppm(given["first_fraction"]),
        -1 if seconds is None else seconds * SECOND,
        given["cooldown_seconds"] * SECOND,
    )
    return {"order_size": scaled.size_text(closed)}


def notional_caps(given: Given) -> Found:
    """PART-14: money in units of 10^-6."""
    scaled = Scaled.of([given["oracle_price"]], [given["position_size"]])._replace(money_decimals=6)
    lots, mark = scaled.lots(given["position_size"]), scaled.ticks(given["oracle_price"])
    notional = Valuation(instrument_of(scaled)).notional(lots, mark)
    least, most = notional_bounds(notional, given["min_notional"], 0, ppm(given["max_portion"]))
    return {"min": least, "max": most}


def capped_end_to_end(given: Given) -> Found:
    """PART-16: one block, and so one order."""
    caps, held, maker = given["caps"], given["liquidated"], given["maker"]
    prices = [given["oracle_price"], maker["price"]]
    scaled = Scaled.of(prices, [held["size"], maker["size"], "0.01"], [held["cash"]], extra=2)
    rules = LiquidationRules(
        order="ioc",
        price=PriceRules(kind="fillable"),
        fee="capped_by_surplus",
        surplus="trader",
        reduction=ReductionRules(
            min_notional=scaled.money(caps.get("min_notional", "0")),
            max_portion_ppm=ppm(caps.get("max_portion", "1")),
        ),
        pacing=PacingRules(
            account_notional=scaled.money(caps.get("max_account_notional_per_block", "0")),
            once_per_window=True,
        ),
    )
    fees = FeeSchedule(liquidation_ppm=ppm(given["max_fee_rate"]))
    run = Run(rules, instrument_of(scaled, ppm(given["maintenance_margin_rate"]), fees=fees))
    mark, size, owned = scaled.ticks(given["oracle_price"]), scaled.lots(held["size"]), scaled.lots(maker["owner_size"])
    side = Side.BUY if maker["side"] == "buy" else Side.SELL
    worth = Valuation(run.venue.instruments[0]).value
    run.tell(
        SetMarkPrice(0, 1, mark),
        Deposit(0, MAKER, scaled.money(maker["owner_cash"]) + worth(owned, mark)),
        OpenPosition(0, 1, MAKER, owned, mark),
        resting(1, side, scaled.lots(maker["size"]), scaled.ticks(maker["price"])),
        Deposit(0, PARTY, scaled.money(held["cash"]) + worth(size, mark)),
        OpenPosition(0, 1, PARTY, size, mark),
    )
    return {
        "closed": scaled.size_text(sum(trade.qty_lots for trade in run.all(Trade))),
        "liquidated_cash": scaled.money_text(run.cash(PARTY)),
        "liquidated_size": scaled.size_text(run.size(PARTY)),
        "maker_cash": scaled.money_text(run.cash(MAKER)),
        "maker_size": scaled.size_text(run.size(MAKER)),
        "fund_delta": scaled.money_text(run.venue.fund.balance),
    }


# --- pace --------------------------------------------------------------------------------------------------------


def block_caps(given: Given) -> Found:
    """PART-15: what is left of the two caps of a block; no cap is one that nothing reaches."""

    def left(cap: int | None, budget: Callable[[int], int]) -> int | str:
        try:
            return "unlimited" if cap is None else budget(cap)
        except InvariantError:
            return "invariant violation"

    is_tried = given.get("same_market", False)
    notional, lost = given["already_liquidated_notional"], given["already_lost_insurance"]
    if is_tried:
        leg_budget(is_tried, HIGHEST, notional)
    return {
        "notional_left": left(given["max_notional"], lambda cap: leg_budget(is_tried, cap, notional)),
        "insurance_left": left(given["max_insurance_lost"], lambda cap: budget_left(cap, lost)),
    }


def priority(given: Given) -> Found:
    """PART-17: which order goes first."""
    orders = given["orders"]
    scaled = Scaled.of([given["oracle_price"], *(o["price"] for o in orders)], [o["size"] for o in orders])
    mark, valuation = scaled.ticks(given["oracle_price"]), Valuation(instrument_of(scaled))

    def key(order: Given) -> tuple[int, int]:
        price, lots = scaled.ticks(order["price"]), scaled.lots(order["size"])
        return distance_key(price, mark, valuation.notional(lots, mark))

    return {"first": min(orders, key=key)["id"]}


# --- fee and surplus ---------------------------------------------------------------------------------------------


def insurance_delta(given: Given) -> Found:
    """FUND-01 in full; FUND-02 gives the bankruptcy price, and the fund keeps everything above it."""
    if "bankruptcy_price" in given:
        position = given["position"]
        scaled = Scaled.of([given["fill_price"], given["bankruptcy_price"]], [position["size"]])
        lots = scaled.lots(position["size"])
        worth = Valuation(instrument_of(scaled)).value
        size = lots if position["side"] == "long" else -lots
        brought, needed = (worth(size, scaled.ticks(given[p])) for p in ("fill_price", "bankruptcy_price"))
        delta = fund_delta(lots, brought, needed, PPM)
        return {"fund_delta": scaled.money_text(delta), "trader_gets": scaled.money_text(brought - needed - delta)}
    prices = [given["oracle"]["BTC"], *([given["fill_price"]] if "fill_price" in given else [])]
    scaled = Scaled.of(prices, [given["size"], given.get("fill_size", "0")], [given["cash"]], extra=6)
    valuation = Valuation(instrument_of(scaled))
    lots = scaled.lots(given["size"])
    closed = scaled.lots(given["fill_size"]) if "fill_size" in given else lots
    sign = 1 if given["side"] == "long" else -1
    value = valuation.value(sign * lots, scaled.ticks(given["oracle"]["BTC"]))
    equity = scaled.money(given["cash"]) + value
    if "fill_quote" in given:
        brought = sign * scaled.money(given["fill_quote"])
    else:
        brought = valuation.value(sign * closed, scaled.ticks(given["fill_price"]))
    needed = needed_for_part(lots, closed, value - equity)
    delta = fund_delta(closed, brought, needed, ppm(given["max_fee_rate"]))
    bankruptcy = price_at_share(valuation, sign * lots, value, equity, LOWEST, HIGHEST)
    return {"bankruptcy_price": scaled.price_text(bankruptcy), "fund_delta": scaled.money_text(delta)}


def delta_validity(given: Given) -> Found:
    """FUND-08: the fund's floor is 0."""
    return {"match_allowed": is_fund_able(given["fund_balance"], 0, given["fund_delta"])}


# --- takeover and disposal ---------------------------------------------------------------------------------------


def remainder(given: Given) -> Found:
    """PART-09: a market order for each position, a backstop for what it left; bids as deep as was filled."""
    price = 100
    rules = LiquidationRules(
        order="market", remainder=("backstop",), takeover=TakeoverRules(backstop_accounts=(OTHER,), price="zero_equity")
    )
    positions = given["positions"]
    numbers = {position["market"]: number for number, position in enumerate(positions, 1)}
    run = Run(rules, *(instrument_of(Scaled(), number=number) for number in numbers.values()))
    notional = sum(int(position["size"]) for position in positions) * price
    run.tell(Deposit(0, OTHER, notional * 10), Deposit(0, MAKER, notional * 10), Deposit(0, PARTY, notional // 10))
    for position in positions:
        number = numbers[position["market"]]
        run.tell(SetMarkPrice(0, number, price), resting(1, Side.BUY, int(position["book_fill"]), price, number))
    for position in positions:
        run.tell(OpenPosition(0, numbers[position["market"]], PARTY, int(position["size"]), price))
    run.tell(SetMarkPrice(0, 1, price - 1))
    assigned = dict.fromkeys(numbers.values(), 0)
    for event in run.all(PositionTransferred):
        assigned[event.instrument] += event.size_lots
    return {"assigned": {market: str(assigned[number]) for market, number in numbers.items()}}


def disposal(given: Given, cases: list[Given]) -> list[Found | Exception]:
    """PART-12: the size of the next order, and whether one is due. What an automated pool offers is volume, too."""
    found: list[Found | Exception] = []
    for own in cases:
        case = {**given, **own}
        strategy = case["strategy"]
        step = strategy["step_seconds"]
        since = case.get("seconds_since_takeover", case.get("seconds_since_last_order", step))
        volume = int(case["book_volume_in_range"]) + int(case.get("amm_volume_in_range", "0"))
        lots = disposal_lots(
            int(case["network_position"]),
            ppm(strategy["fraction"]),
            int(strategy["full_disposal_size"]),
            volume,
            ppm(strategy["max_fraction_of_book"]),
        )
        is_due = is_step_due(since * SECOND, 0, step * SECOND, not case.get("in_auction", False))
        found.append({"order_size": str(lots) if is_due and lots > 0 else None})
    return found


def disposal_in_band(given: Given) -> Found:
    """PART-13: the fund takes over at its entry, the quotes appear, and a step passes."""
    if "network_entry" not in given:
        raise Unsupported("the size of an order alone")
    strategy = given["strategy"]
    scaled = Scaled(price_decimals=1, money_decimals=1)
    rules = LiquidationRules(
        order="none",
        remainder=("fund",),
        disposal=DisposalRules(
            step_ns=strategy["step_seconds"] * SECOND,
            fraction_ppm=ppm(strategy["fraction"]),
            full_lots=int(strategy["full_disposal_size"]),
            book_share_ppm=ppm(strategy["max_fraction_of_book"]),
            slippage_ppm=ppm(strategy["slippage_range"]),
        ),
    )
    run = Run(rules, instrument_of(scaled))
    entry, bid, ask = scaled.ticks(given["network_entry"]), scaled.ticks("126"), scaled.ticks("150")
    run.tell(
        SetMarkPrice(0, 1, entry),
        Deposit(0, MAKER, 1 << 40),
        Deposit(0, PARTY, 1),
        OpenPosition(0, 1, PARTY, scaled.lots(given["network_position"]), entry),
        resting(1, Side.BUY, scaled.lots("4"), bid),
        resting(2, Side.SELL, scaled.lots("4"), ask),
        SetMarkPrice(strategy["step_seconds"] * SECOND, 1, entry),
    )
    trades, (order,) = run.all(Trade), run.all(DisposalOrderPlaced)
    twice = mid_twice(bid, ask)
    lowest = band_limit(twice, ppm(strategy["slippage_range"]), is_sale=True)
    assert order.price_ticks == lowest, "the order itself stands at the end of the band"
    return {
        "mid": scaled.price_text(Fraction(twice, 2)),
        "lowest_allowed": scaled.price_text(lowest),
        "sold": scaled.size_text(sum(trade.qty_lots for trade in trades)),
        "price": scaled.price_text(trades[0].price_ticks),
        "realised": scaled.money_text(run.realized(FUND)),
    }


def takeover_and_disposal(given: Given) -> Found:
    """FUND-04: the party is taken over at mark with what it has left, and bought back from the book."""
    party, ask = given["party"], given["book"]["asks"][0]
    rules = LiquidationRules(
        order="none",
        remainder=("fund",),
        disposal=DisposalRules(step_ns=1, slippage_ppm=100_000, pays_fees=True),
    )
    fees = FeeSchedule(taker_ppm=ppm(given["liquidity_fee_rate"]))
    run = Run(rules, instrument_of(Scaled(), fees=fees), fund=int(given["insurance_pool"]))
    entry, size, mark = int(party["entry_price"]), int(party["position_size"]), int(given["mark_price"])
    run.tell(
        SetMarkPrice(0, 1, entry),
        Deposit(0, MAKER, 1 << 40),
        Deposit(0, PARTY, int(party["deposit"])),
        OpenPosition(0, 1, PARTY, size, entry),
        resting(1, Side.SELL, int(ask["size"]), int(ask["price"])),
        SetMarkPrice(0, 1, mark),
        SetMarkPrice(1, 1, mark),
    )
    (trade,) = run.all(Trade)
    (bought,) = [event for event in run.all(PositionChanged) if event.account == FUND and event.fee > 0]
    return {
        "mtm_paid": str(-run.realized(PARTY)),
        "confiscated": str(sum(event.amount for event in run.all(SurplusPaid))),
        "network_buy": {"price": str(trade.price_ticks), "size": str(trade.qty_lots)},
        "network_loss_vs_mark": str(-bought.realized),
        "network_fee": str(bought.fee),
        "insurance_pool": str(run.venue.fund.balance),
        "party_balance": str(run.venue.account(PARTY).balance),
    }


def network_profit(given: Given, cases: list[Given]) -> list[Found | Exception]:
    """FUND-05: takeovers at mark, one after the other, and a fund that keeps what it took over.

    The parties are told in the notes: a long of 1 at 200 with 100, a short of 2 at 100 with 20.
    """
    rules = LiquidationRules(order="none", remainder=("fund",))
    run = Run(rules, instrument_of(Scaled()), fund=int(given["insurance_pool"]))
    steps: list[list[Command]] = [
        [
            SetMarkPrice(0, 1, 200),
            Deposit(0, PARTY, 100),
            OpenPosition(0, 1, PARTY, 1, 200),
            SetMarkPrice(0, 1, 100),
        ],
        [Deposit(0, OTHER, 20), OpenPosition(0, 1, OTHER, -2, 100), SetMarkPrice(0, 1, 120)],
        [SetMarkPrice(0, 1, 60)],
    ]
    found: list[Found | Exception] = []
    for commands in steps[: len(cases)]:
        run.tell(*commands)
        fund = run.venue.account(FUND)
        unrealized = fund.equity - fund.balance
        found.append(
            {
                "network_position": str(run.size(FUND)),
                "realised": str(run.realized(FUND)),
                "unrealised": str(unrealized),
                "insurance_pool": str(fund.equity),
            }
        )
    return found


def price_split(given: Given) -> Found:
    """ADL-11: zero price by the margin fraction, what the other side pays, and how much is closed."""
    position = given["position"]
    fraction, required = exact(given["margin_fraction"]), exact(given["auto_close_margin_fraction"])
    scaled = Scaled.of([given["mark_price"]], [position["size"], "0.000001"], extra=6)
    lots, mark = scaled.lots(position["size"]), scaled.ticks(given["mark_price"])
    size = lots if position["side"] == "long" else -lots
    valuation = Valuation(instrument_of(scaled))
    value = valuation.value(size, mark)
    equity, requirement = integer(fraction * abs(value)), integer(required * abs(value))
    share = share_of_equity(equity, abs(value), abs(value))
    zero = price_at_share(valuation, size, value, share, LOWEST, HIGHEST)
    paid = taker_value(valuation.value(size, zero), value, PPM // 3)
    return {
        "zero_price": scaled.price_text(zero),
        "liquidated_price": scaled.price_text(zero),
        "other_side_price": scaled.price_text(Fraction(paid, size * scaled.tick_value)),
        "size_closed_this_second": scaled.size_text(lots_below_backstop(lots, equity, requirement)),
    }


# --- levels ------------------------------------------------------------------------------------------------------


def stage(given: Given) -> Found:
    """STAGE-01: levels in proportion to the maintenance fraction, taken of the notional at entry."""
    if given["notional_base"] != "entry":
        raise Unsupported("another base than the notional at entry")
    notional = int(given["position_notional_at_entry"])
    sign = 1 if given["side"] == "long" else -1
    equity = int(given["collateral"]) + sign * integer(exact(given["price_change"]) * notional)
    required = {name: ppm(given[f"{name}_margin_fraction"]) for name in ("initial", "maintenance", "auto_close")}
    scales = [0, *(required[name] * PPM // required["maintenance"] for name in required)]
    maintenance = MarginSchedule(instrument_of(Scaled(), required["maintenance"])).maintenance(notional)
    return {
        "equity": str(equity),
        "margin_fraction": text(Fraction(equity, notional)),
        "stage": stage_name(equity, maintenance, scales, {"fund": "insurance_pays"}),
    }


def takeover_ladder(given: Given) -> Found:
    """STAGE-04: a backstop below two thirds, that leaves accounts with negative equity to deleveraging."""
    scales = [0, 0, PPM, 666_667]
    equity = int(given["equity"])
    return {"stage": stage_name(equity, int(given["maintenance_margin"]), scales, {"deleverage": "adl"})}


def stage_name(equity: int, maintenance: int, scales: list[int], insolvent: dict[str, str]) -> str:
    """The level in the vector's words; below the backstop, who acts for an account of this equity."""
    level = level_of(equity, maintenance, scales, False)
    takers = [step for step in ("backstop", *insolvent) if step != "backstop" or not is_declined(equity, True)]
    taker = takers[0] if level == BACKSTOP_LEVEL else "backstop"
    return STAGES[level] if taker == "backstop" else insolvent[taker]


def closeout(given: Given) -> Found:
    """MARG-04: long 2 from 150, marked at 100, with what is left of the deposit."""
    mark = int(given["mark_price"])
    run = Run(
        LiquidationRules(order="none", remainder=("fund",)), instrument_of(Scaled(), ppm(given["risk_factor_long"]))
    )
    run.tell(
        SetMarkPrice(0, 1, 150),
        Deposit(0, PARTY, int(given["deposit"])),
        OpenPosition(0, 1, PARTY, 2, 150),
        SetMarkPrice(0, 1, mark),
    )
    return {
        "closed_out": len(run.all(LiquidationStarted)) > 0,
        "margin_account": run.venue.account(PARTY).equity,
    }


ADAPTERS: dict[str, Callable[[Given], Found]] = {
    "fillable_price": fillable,
    "liquidation_price_isolated": worst_price,
    "tier_step_down": tier_step_down,
    "liquidation_fee_ramp": fee_ramp,
    "fraction_then_cooldown": cooldown,
    "position_notional_caps": notional_caps,
    "capped_liquidation_end_to_end": capped_end_to_end,
    "per_block_caps": block_caps,
    "liquidation_order_priority": priority,
    "insurance_fund_delta": insurance_delta,
    "insurance_fund_delta_validity": delta_validity,
    "assignment_of_remainder": remainder,
    "network_disposal": disposal_in_band,
    "mtm_shortfall_and_takeover": takeover_and_disposal,
    "backstop_price_split": price_split,
    "stage_of_account": stage,
    "tier_takeover_ladder": takeover_ladder,
    "closeout_boundary": closeout,
}

SEQUENCES: dict[str, Callable[[Given, list[Given]], list[Found | Exception]]] = {
    "time_ramped_liquidation": time_ramp,
    "network_disposal": disposal,
    "network_position_pnl": network_profit,
}
