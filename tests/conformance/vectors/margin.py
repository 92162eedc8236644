"""Margin: requirements of schedules, liquidation and bankruptcy prices, isolated positions, ladders.

Where a vector states a position, it is opened at a venue and the venue is asked: its margins are read from the account,
its liquidation price is the last mark at which the account is left alone (a search over marks, a fresh venue each), its
bankruptcy price is the limit of the order that the liquidation then sends. Tables without a position go to the
functions of `exchange.margin.requirements` that the schedules call.
"""

from fractions import Fraction
from typing import Any, Final, NamedTuple

from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetMarginMode, SetMarkPrice
from exchange.enums import MarginMode, OrderKind, Side
from exchange.events import (
    Event,
    IsolatedMarginTransferred,
    LiquidationEnded,
    LiquidationOrderPlaced,
    LiquidationStarted,
    OrderRejected,
    RequestRejected,
    SurplusPaid,
)
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument, MarginTier, ScheduleRules
from exchange.margin.prices import bankruptcy_value
from exchange.margin.requirements import (
    half_of_initial_ppb,
    netted,
    open_interest_scaled_margin,
    scaled_requirement,
    size_linear_requirement,
    tier_deductions,
)
from exchange.margin.schedule import MarginSchedule
from exchange.risk.levels import LIQUIDATION_LEVEL, level_of
from exchange.rules import LiquidationRules, PriceRules, Rules
from exchange.rules.margin import RiskFactors, SizeLinear
from exchange.units import MAX_LEVERAGE, PPM
from tests.conformance.vectors import Adapter, Found, Given, Sequence, Unsupported
from tests.conformance.vectors.amounts import Scaled, decimals, exact, integer, ppb, ppm, text

TRADER: Final = 1
DEFAULT: Final = Rules()
MONEY_DECIMALS: Final = 12  # of inverse amounts, which do not end
PRICE_DECIMALS: Final = 4


class Case(NamedTuple):
    """One position of one account at a venue of one instrument; integers in the scale of `unit`."""

    instrument: Instrument
    size: int
    entry: int
    balance: int
    price_decimals: int
    money_decimals: int

    def price_text(self, ticks: Fraction | int) -> str:
        """A price in ticks as decimal text."""
        return text(Fraction(ticks) * self.tick, self.price_decimals)

    @property
    def tick(self) -> int:
        """Steps of 10^-price_decimals in a tick."""
        return integer(self.instrument.tick_size, self.price_decimals)

    def money_text(self, units: int) -> str:
        """Money units as decimal text."""
        return text(units, self.money_decimals)


# --- a position at a venue ---------------------------------------------------------------------------------------


def case_of(given: Given, balance: str | None = None, tick: str | None = None) -> Case:
    """The position of a vector, with the money that stands behind it and the schedule that its keys describe."""
    contract, position = given["contract"], given["position"]
    is_inverse = contract["kind"] == "inverse"
    multiplier = exact(contract.get("contract_value" if is_inverse else "multiplier", 1))
    entry = exact(position["entry_price"] if "entry_price" in position else given.get("mark_price", "1"))
    contracts = exact(position.get("size", position.get("size_contracts", "0")))
    tick_size = exact(tick or Fraction(1, 10**PRICE_DECIMALS))
    lot_decimals = decimals([contracts])
    # A lot is 10^-lot_decimals contracts; inverse money has many decimals, linear money as many as a tick of a lot.
    money_decimals = MONEY_DECIMALS if is_inverse else PRICE_DECIMALS + lot_decimals + decimals([multiplier])
    per_lot = multiplier / 10**lot_decimals
    value = per_lot / tick_size if is_inverse else per_lot * tick_size
    value *= 10**money_decimals
    instrument = Instrument(
        instrument_id=1,
        symbol="V",
        kind=contract["kind"],
        tick_value=value.numerator,
        tick_value_divisor=value.denominator,
        tick_size=str(text(tick_size)),
        min_price_ticks=max(1, int(entry / tick_size) // 100) if is_inverse else 1,
        max_price_ticks=(1 << 31) - 1,
        default_leverage=MAX_LEVERAGE,
        max_leverage=MAX_LEVERAGE,
        fees=FeeSchedule(),
        margin_tiers=(MarginTier(maintenance_ppm=ppm(given.get("maintenance_margin_rate", "0"))),),
        margin=ScheduleRules(
            base="current" if is_on_current_value(given) else "entry",
            closing_fee_ppm=ppm(given.get("taker_fee", "0")),
            initial_ppm=ppm(given.get("initial_margin_rate", "0")),
        ),
    )
    if "leverage" in position:
        instrument = with_leverage(instrument, int(position["leverage"]))
    size = integer(contracts, lot_decimals)
    short = position.get("side") == "short"
    ticks = exact(entry) / tick_size
    if ticks.denominator != 1:
        raise Unsupported(f"an entry price off the tick: {entry}")
    money = integer(balance, money_decimals) if balance is not None else 0
    price_decimals = decimals([tick_size])
    return Case(instrument, -size if short else size, ticks.numerator, money, price_decimals, money_decimals)


def is_on_current_value(given: Given) -> bool:
    """Whether maintenance floats with the mark: stated, or implied by the form of the formula."""
    stated = given.get("maintenance_base")
    return stated == "current_value" or (stated is None and "margin" in given["position"])


def with_leverage(instrument: Instrument, leverage: int) -> Instrument:
    """The same instrument at another default leverage."""
    fields = {name: getattr(instrument, name) for name in instrument.__struct_fields__}
    return Instrument(**{**fields, "default_leverage": leverage})


def run(venue: Exchange, *commands: Command) -> list[Event]:
    """All events of some commands. A refusal is an error here."""
    events = [event for command in commands for event in venue.apply(command)]
    for event in events:
        if isinstance(event, OrderRejected | RequestRejected):
            raise ValueError(f"refused: {event.reason.name}")
    venue.check()
    return events


def opened(case: Case, mark: int | None = None, rules: Rules = DEFAULT) -> Exchange:
    """A venue with the position of a case, and the mark at entry unless another is given."""
    venue = Exchange([case.instrument], rules)
    commands: list[Command] = [SetMarkPrice(0, 1, case.entry)]
    if case.balance > 0:
        commands.append(Deposit(0, TRADER, case.balance))
    commands.append(OpenPosition(0, 1, TRADER, case.size, case.entry))
    run(venue, *commands)
    if mark is not None:
        run(venue, SetMarkPrice(0, 1, mark))
    return venue


def liquidation_order(case: Case, mark: int, rules: Rules = DEFAULT) -> LiquidationOrderPlaced | None:
    """The order that the engine sends when the mark moves from entry to `mark` in one step, or None."""
    venue = opened(case, rules=rules)
    events = run(venue, SetMarkPrice(0, 1, mark))
    return next((event for event in events if isinstance(event, LiquidationOrderPlaced)), None)


def liquidation_tick(case: Case) -> int:
    """The last mark at which the account is left alone."""
    step = step_of(case)
    safe = case.entry
    far = case.instrument.min_price_ticks if case.size > 0 else case.instrument.max_price_ticks
    if liquidation_order(case, far) is None:
        raise Unsupported("no price liquidates it")
    while abs(far - safe) > 1:
        middle = (safe + far) // 2
        if liquidation_order(case, middle) is None:
            safe = middle
        else:
            far = middle
    if far - safe != step:
        raise ArithmeticError(f"expected the search to end a tick apart, found {safe} and {far}")
    return safe


def bankruptcy_tick(case: Case) -> int:
    """The limit of the order that the liquidation sends at the first mark that starts it."""
    order = liquidation_order(case, liquidation_tick(case) + step_of(case))
    if order is None:
        raise ArithmeticError("expected a liquidation, found none")
    return order.price_ticks


def entry_margins(case: Case) -> tuple[int, int]:
    """Initial and maintenance margin when the position has just been opened."""
    view = opened(case._replace(balance=case.balance or 1 << 50)).account(TRADER)
    return view.initial_margin, view.maintenance


def bankruptcy_price_isolated(given: Given) -> Found:
    """An isolated position with its initial margin; the fund's help on the limit."""
    unfunded = case_of(given)
    initial, _ = entry_margins(unfunded)
    case = unfunded._replace(balance=initial)
    bankrupt = bankruptcy_tick(case)
    found: Found = {
        "initial_margin": case.money_text(initial),
        "liquidation_price": case.price_text(liquidation_tick(case)),
        "bankruptcy_price": case.price_text(bankrupt),
    }
    improvement = given.get("fund_price_improvement_fraction")
    if improvement is not None:
        price = PriceRules(fund_improvement_ppm=ppm(improvement))
        found["worst_fund_assisted_price"] = limit_text(case, price, liquidation_tick(case) + step_of(case))
    return found


def liquidation_price_isolated(given: Given) -> Found:
    """Liquidation and bankruptcy price, and the margins on the way, in the shapes that venues print."""
    position = given["position"]
    if "leverage" in position:
        initial, _ = entry_margins(case_of(given))
        case = case_of(given)._replace(balance=initial)
    else:
        case = case_of(given, given.get("wallet", given.get("margin_balance", position.get("margin"))))
    view = opened(case).account(TRADER)
    [held] = view.positions()
    lp = liquidation_tick(case)
    at_lp = opened(case, lp).account(TRADER)
    bankrupt = bankruptcy_tick(case)
    order = liquidation_order(case, lp + step_of(case))
    found: Found = {
        "entry_value": case.money_text(abs(held.value)),
        "position_value": case.money_text(abs(held.value)),
        "initial_margin": case.money_text(view.initial_margin),
        "maintenance_margin": case.money_text(view.maintenance),
        "maintenance_margin_at_entry": case.money_text(view.maintenance),
        "liquidation_price": case.price_text(lp),
        "liquidation_order_limit": case.price_text(bankrupt),
        "bankruptcy_price": case.price_text(bankrupt),
        "loss_at_liquidation": case.money_text(at_lp.balance - at_lp.equity),
        "borrowed": case.money_text(held.cost - view.balance),
        "order_type": "IOC limit" if order is not None and order.kind == OrderKind.LIMIT else "market",
    }
    if "margin_balance" in given:
        found["leftover_goes_to"] = leftover_goes_to(case, bankrupt)
    if "oracle_price" in given:
        oracle = exact(given["oracle_price"]) / exact(case.instrument.tick_size)
        price = PriceRules(kind="bankruptcy_or_mark")
        found["worst_fill_price"] = limit_text(case, price, integer(oracle))
    return found


def leftover_goes_to(case: Case, bankrupt: int) -> str:
    """Who has the equity that is left when the book pays better than the bankruptcy price, by the rule for it."""
    rules = Rules(liquidation=LiquidationRules(surplus="trader"))
    venue = Exchange([case.instrument], rules)
    side, better = (Side.BUY, bankrupt + 1) if case.size > 0 else (Side.SELL, bankrupt - 1)
    events = run(
        venue,
        SetMarkPrice(0, 1, case.entry),
        Deposit(0, TRADER, case.balance),
        Deposit(0, 2, 1 << 50),
        OpenPosition(0, 1, TRADER, case.size, case.entry),
        PlaceOrder(0, 1, 2, 1, side, abs(case.size), better),
        SetMarkPrice(0, 1, better),
    )
    return "trader" if not any(isinstance(event, SurplusPaid) for event in events) else "fund"


def limit_text(case: Case, price: PriceRules, mark: int) -> str:
    """The limit of the liquidation order at a mark, by another rule for its price."""
    order = liquidation_order(case, mark, Rules(liquidation=LiquidationRules(order="ioc", price=price)))
    if order is None:
        raise ArithmeticError("expected a liquidation, found none")
    return case.price_text(order.price_ticks)


def step_of(case: Case) -> int:
    """The tick that hurts."""
    return -1 if case.size > 0 else 1


def liquidation_price_cross(given: Given) -> Found:
    """The whole account behind one position; the fee of closing counts. The bankruptcy price is not on the tick."""
    on_tick = case_of(given, given["account_balance"], given["contract"]["tick"])
    fine = case_of(given, given["account_balance"])
    return {
        "liquidation_price": on_tick.price_text(liquidation_tick(on_tick)),
        "bankruptcy_price": fine.price_text(bankruptcy_tick(fine)),
    }


def liquidatable(given: Given) -> Found:
    """Collateral in the base token: the deposit bought it, so it is a second long that cost what was deposited."""
    position = given["position"]
    entry = exact(position["entry_price"])
    lots = exact(position["size_notional"]) / entry
    tokens = exact(position["collateral_tokens"])
    tiers = (MarginTier(maintenance_ppm=10_000),)  # Any rate above 0 tells the two cases apart.
    perp = Instrument(instrument_id=1, symbol="PERP", margin_tiers=tiers)
    token = Instrument(instrument_id=2, symbol="TOKEN", margin_tiers=(MarginTier(maintenance_ppm=0),))
    venue = Exchange([perp, token])
    run(
        venue,
        SetMarkPrice(0, 1, integer(entry)),
        SetMarkPrice(0, 2, integer(entry)),
        Deposit(0, TRADER, integer(tokens * entry)),
        OpenPosition(0, 2, TRADER, integer(tokens), integer(entry)),
        OpenPosition(0, 1, TRADER, integer(lots), integer(entry)),
    )
    mark = integer(given["oracle_price"])
    events = run(venue, SetMarkPrice(0, 2, mark), SetMarkPrice(0, 1, mark))
    return {"liquidatable": any(isinstance(event, LiquidationStarted) for event in events)}


def initial_margin(given: Given) -> Found:
    """At entry, by leverage."""
    initial, _ = entry_margins(case_of(given))
    return {"initial_margin": case_of(given).money_text(initial)}


def maintenance_margin(given: Given) -> Found:
    """On the value at mark."""
    if exact(given.get("maintenance_amount", "0")) != 0:
        raise Unsupported("a maintenance amount beside the rate")
    case = case_of({**given, "maintenance_base": "current_value"})
    view = opened(case._replace(balance=1 << 50)).account(TRADER)
    return {
        "notional": case.money_text(abs(view.positions()[0].value)),
        "maintenance_margin": case.money_text(view.maintenance),
    }


def position_margin(given: Given) -> Found:
    """By leverage, on the latest price."""
    case = case_of({**given, "position": {**given["position"], "entry_price": given["latest_price"]}})
    initial, _ = entry_margins(case)
    return {"position_margin": case.money_text(initial)}


# --- a part of a cross account -----------------------------------------------------------------------------------


def bankruptcy_quote_cross(given: Given) -> Found:
    """What a partial close must bring: the venue's liquidator asks the same function for the whole of a leg."""
    sizes = {held["market"]: held["size"] for held in given["positions"]}
    close = given["close"]
    delta = close["size_delta"]
    scale = Scaled.of(prices=given["oracle"].values(), sizes=[*sizes.values(), delta], money=[given["cash"]])
    markets = {}
    for market, price in given["oracle"].items():
        instrument = Instrument(
            instrument_id=1,
            symbol="V",
            tick_value=scale.tick_value,
            margin_tiers=(MarginTier(maintenance_ppm=ppm(given["maintenance_margin_rate"][market])),),
        )
        markets[market] = (instrument, scale.ticks(price))

    def value(market: str, lots: int) -> int:
        instrument, price = markets[market]
        return lots * price * instrument.tick_value

    def maintenance(market: str, lots: int) -> int:
        return MarginSchedule(markets[market][0]).maintenance(abs(value(market, lots)))

    held = {market: scale.lots(size) for market, size in sizes.items()}
    equity = scale.money(given["cash"]) + sum(value(market, lots) for market, lots in held.items())
    total = sum(maintenance(market, lots) for market, lots in held.items())
    market, change = close["market"], scale.lots(delta)
    size = held.get(market, 0)
    freed = maintenance(market, size) - maintenance(market, size + change)
    quote = bankruptcy_value(size, change, value(market, change), equity, freed, total)
    return {"bankruptcy_quote": scale.money_text(quote)}


# --- schedules ---------------------------------------------------------------------------------------------------


def tier_deductions_of(given: Given) -> Found:
    """From limits and rates."""
    tiers = given["tiers"]
    ends = [integer(tier["limit"]) for tier in tiers]
    found = tier_deductions(ends, [ppb(tier["maintenance_margin_rate"]) for tier in tiers])
    return {"deductions": [text(deduction, 9) for deduction in found]}


def marginal_tiers_sum(given: Given) -> Found:
    """Two liabilities, each by its asset's tiers: shorts of one lot per unit."""
    instruments: list[Instrument] = []
    commands: list[Command] = []
    for number, liability in enumerate(given["liabilities"], 1):
        tiers = tuple(
            MarginTier(
                maintenance_ppm=ppm(tier["mm"]),
                initial_ppm=ppm(tier["im"]),
                up_to=integer(tier["upto"], 1) if tier["upto"] is not None else 0,
            )
            for tier in given["tiers"][liability["asset"]]
        )
        instruments.append(
            Instrument(
                instrument_id=number,
                symbol=liability["asset"],
                tick_value=10,
                default_leverage=MAX_LEVERAGE,
                max_leverage=MAX_LEVERAGE,
                margin_tiers=tiers,
            )
        )
        price = integer(liability["price"])
        commands += [
            SetMarkPrice(0, number, price),
            OpenPosition(0, number, TRADER, -integer(liability["amount"]), price),
        ]
    venue = Exchange(instruments)
    run(venue, Deposit(0, TRADER, 1 << 50), *commands)
    view = venue.account(TRADER)
    return {"initial_margin": text(view.initial_margin, 1), "maintenance_margin": text(view.maintenance, 1)}


def maintenance_margin_tiered(given: Given) -> Found:
    """Rates from the most leverage of each tier."""
    tiers = given["tiers"]
    rates = [half_of_initial_ppb(int(tier["max_leverage"])) for tier in tiers]
    starts = [integer(tier["from"]) for tier in tiers]
    found: Found = {
        "maintenance_rates": [text(rate, 9) for rate in rates],
        "deductions": [text(deduction, 9) for deduction in tier_deductions([*starts[1:], 0], rates)],
    }
    if "position_value" in given:
        tiers_of_venue = tuple(
            MarginTier(maintenance_ppm=0, max_leverage=int(tier["max_leverage"]), up_to=end)
            for tier, end in zip(tiers, [*starts[1:], 0], strict=True)
        )
        instrument = Instrument(
            instrument_id=1,
            symbol="V",
            margin_tiers=tiers_of_venue,
            margin=ScheduleRules(tier_rate="half_of_initial"),
        )
        schedule = MarginSchedule(instrument)
        found["maintenance_margin"] = text(schedule.maintenance(integer(given["position_value"])))
    return found


def size_linear_margin(given: Given) -> Found:
    """Rates that grow with the size, of a linear position of whole lots."""
    size, places = integer(given["size"]), 3
    notional = integer(exact(given["size"]) * exact(given["price"]), places)
    slope = ppb(given["slope_per_unit"])
    found: Found = {}
    for key, name in (("base_im", "initial_margin"), ("base_mm", "maintenance_margin")):
        if key in given:
            found[name] = text(size_linear_requirement(size, notional, ppb(given[key]), slope, 1), places)
    return found


def oi_scaled_initial_margin(given: Given) -> Found:
    """Integer money; without open interest the base rate."""
    interest, lower, upper = (given.get(key, 0) for key in ("open_interest", "oi_lower", "oi_upper"))
    return {
        "initial_margin": open_interest_scaled_margin(given["notional"], ppm(given["base_im"]), interest, lower, upper)
    }


def net_position_tier(given: Given) -> Found:
    """Long and short of one expiry are netted, of several not."""
    net = {held["expiry"]: text(netted(integer(held["long"]), integer(held["short"]))) for held in given["positions"]}
    found: Found = {"net": net}
    if "adjustment_factor" in given:
        rules = ScheduleRules(rate_of="used_margin")
        market = Instrument(1, "NET", margin=rules, margin_tiers=(MarginTier(ppm(given["adjustment_factor"])),))
        notional = 10**12
        required = MarginSchedule(market).position_maintenance(1, notional, notional, int(given["leverage"]), 0, 0)
        found["maintenance_margin_ratio"] = text(Fraction(required, notional))
    return found


# --- ladders and isolated margin ---------------------------------------------------------------------------------


def risk_factor_instrument(given: Given, **more: Any) -> Instrument:
    """A market by risk factors and slippage."""
    rules = ScheduleRules(
        schedule="risk_factor",
        risk_factor=RiskFactors(
            long_ppb=ppb(given.get("risk_factor_long", "0")),
            short_ppb=ppb(given.get("risk_factor_short", "0")),
            slippage_ppb=ppb(given["linear_slippage"] if "linear_slippage" in given else given.get("slippage", "0")),
            initial_scale_ppm=ppm(given.get("scaling", {}).get("initial", given.get("initial_scaling", "0"))),
        ),
        initial_ppm=ppm(given.get("margin_factor", "0")),
        orders_in_maintenance=True,
    )
    leverage = {"default_leverage": MAX_LEVERAGE, "max_leverage": MAX_LEVERAGE}
    return Instrument(instrument_id=1, symbol="V", margin=rules, **{**leverage, **more})


def isolated_margin(given: Given) -> Found:
    """A position and an order in a pocket: what is moved into it, and what its maintenance counts."""
    venue = Exchange([risk_factor_instrument(given)])
    entry = integer(given["entry_price"])
    events = run(
        venue,
        SetMarkPrice(0, 1, integer(given["mark_price"])),
        Deposit(0, TRADER, integer(given["deposit"])),
        SetMarginMode(0, 1, TRADER, MarginMode.ISOLATED),
        OpenPosition(0, 1, TRADER, integer(given["position_size"]), entry),
        *(
            PlaceOrder(0, 1, TRADER, number, Side.SELL, integer(order["size"]), integer(order["price"]))
            for number, order in enumerate(given["sell_orders"], 1)
        ),
    )
    moved = [event.amount for event in events if isinstance(event, IsolatedMarginTransferred)]
    view = venue.account(TRADER)
    [pocket] = view.pockets()
    return {
        "maintenance": pocket.maintenance,
        "initial": scaled_requirement(pocket.maintenance, ppm(given["initial_scaling"])),
        "position_margin": moved[0],
        "order_margin": sum(moved[1:]),
        "general_account": view.balance,
    }


def margin_levels(given: Given) -> Found:
    """A resting order of an account without a position, and the multiples of its requirement."""
    if integer(given["position_size"]) != 0:
        raise Unsupported("a position beside the order")
    mark = integer(given["mark_price"])
    venue = Exchange([risk_factor_instrument(given)])
    run(
        venue,
        SetMarkPrice(0, 1, mark),
        Deposit(0, TRADER, 1 << 40),
        PlaceOrder(0, 1, TRADER, 1, Side.SELL, integer(given["sell_order_size"]), mark),
    )
    view = venue.account(TRADER)
    scales = {name: ppm(scale) for name, scale in given["scaling"].items()}
    found: Found = {name: scaled_requirement(view.maintenance, scale) for name, scale in scales.items()}
    found["maintenance"] = view.maintenance
    if found["initial"] != view.initial_margin:
        raise ArithmeticError(f"expected the venue to ask {found['initial']}, found {view.initial_margin}")
    return found


def closeout_boundary(given: Given) -> Found:
    """Long 2 at 150, then the mark at 100: the money that is left stands against the requirement."""
    rules = Rules(liquidation=LiquidationRules(order="market"))
    venue = Exchange([risk_factor_instrument(given)], rules)
    events = run(
        venue,
        SetMarkPrice(0, 1, 150),
        Deposit(0, TRADER, integer(given["deposit"])),
        OpenPosition(0, 1, TRADER, 2, 150),
        SetMarkPrice(0, 1, integer(given["mark_price"])),
    )
    return {
        "closed_out": any(isinstance(event, LiquidationEnded) for event in events),
        "margin_account": venue.account(TRADER).equity,
    }


def isolated_closeout(given: Given, cases: list[Given]) -> list[Found | Exception]:
    """One run of a pocket through the marks of the cases; nobody bids, so that the fund takes the position at mark."""
    entry, size = integer(given["entry_price"]), integer(given["position_size"])
    margin = integer(given["position_margin"])
    notional = abs(size) * entry
    factor = Fraction(margin, notional)
    instrument = risk_factor_instrument({**given, "margin_factor": text(factor)})
    venue = Exchange([instrument], Rules(liquidation=LiquidationRules(order="market")))
    run(
        venue,
        SetMarkPrice(0, 1, entry),
        Deposit(0, TRADER, margin + integer(given["general_account"])),
        SetMarginMode(0, 1, TRADER, MarginMode.ISOLATED),
        OpenPosition(0, 1, TRADER, size, entry),
    )
    found: list[Found | Exception] = []
    view = venue.account(TRADER)
    for case in cases:
        before = view.pockets()[0].equity
        mark = integer(case["mark_price"])
        events = run(venue, SetMarkPrice(0, 1, mark))
        started = next((event for event in events if isinstance(event, LiquidationStarted)), None)
        paid = next((event.amount for event in events if isinstance(event, SurplusPaid)), 0)
        [pocket] = view.pockets()
        equity = pocket.equity if started is None else started.equity
        found.append(
            {
                "mtm_paid": before - equity,
                "maintenance": pocket.maintenance if started is None else started.maintenance,
                "margin_account": pocket.equity,
                "general_account": view.balance,
                "closed_out": started is not None,
                "confiscated_to_insurance": paid,
            }
        )
    return found


def cross_margin_equity(given: Given) -> Found:
    """Positions at the entry prices that the vector's venue would have charged, then its oracle prices as marks.

    The entry price is an input here: half of the position's own skew over the skew scale above or below the oracle.
    """
    places = 6
    names = [held["market"] for held in given["positions"]]
    instruments: list[Instrument] = []
    commands: list[Command] = []
    for number, held in enumerate(given["positions"], 1):
        size, scale = integer(held["size"]), integer(held["skew_scale"])
        parameters = next(
            values for group, values in given["liquidation_params"].items() if held["market"] in group.split(",")
        )
        scalar = exact(parameters["maintenance_scalar"])
        slope = exact(parameters["initial_margin_fraction"]) / scale
        least = exact(parameters["minimum_initial_margin_ratio"])
        instruments.append(
            Instrument(
                instrument_id=number,
                symbol=held["market"],
                max_price_ticks=1 << 36,
                margin=ScheduleRules(
                    schedule="size_linear",
                    size_linear=SizeLinear(
                        maintenance_ppb=ppb(text(least * scalar)), slope_ppb=ppb(text(slope * scalar))
                    ),
                    closing_fee_ppm=0,
                ),
            )
        )
        entry = exact(held["oracle_at_entry"]) * (1 + Fraction(size, 2 * scale))
        commands += [
            SetMarkPrice(0, number, integer(held["oracle_at_entry"], places)),
            OpenPosition(0, number, TRADER, size, integer(entry, places)),
        ]
    venue = Exchange(instruments)
    run(venue, Deposit(0, TRADER, integer(given["collateral"], places)), *commands)
    # One step: marks that move one after the other would liquidate on the way.
    for name, price in given["oracle"].items():
        venue.markets[names.index(name)].set_mark(integer(price, places), 0)
    view = venue.account(TRADER)
    return {
        "pnl": {names[held.instrument - 1]: text(held.unrealized, places) for held in view.positions()},
        "available_margin": text(view.equity, places),
        "liquidatable": level_of(view.equity, view.maintenance, [0, 0, PPM, 0], False) == LIQUIDATION_LEVEL,
    }


ADAPTERS: dict[str, Adapter] = {
    "bankruptcy_price_isolated": bankruptcy_price_isolated,
    "liquidation_price_isolated": liquidation_price_isolated,
    "liquidation_price_cross": liquidation_price_cross,
    "liquidatable": liquidatable,
    "initial_margin": initial_margin,
    "maintenance_margin": maintenance_margin,
    "position_margin": position_margin,
    "bankruptcy_quote_cross": bankruptcy_quote_cross,
    "tier_deductions": tier_deductions_of,
    "marginal_tiers_sum": marginal_tiers_sum,
    "maintenance_margin_tiered": maintenance_margin_tiered,
    "size_linear_margin": size_linear_margin,
    "oi_scaled_initial_margin": oi_scaled_initial_margin,
    "net_position_tier": net_position_tier,
    "isolated_margin": isolated_margin,
    "margin_levels": margin_levels,
    "closeout_boundary": closeout_boundary,
    "cross_margin_equity": cross_margin_equity,
}
SEQUENCES: dict[str, Sequence] = {"isolated_closeout": isolated_closeout}
