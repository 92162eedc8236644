"""Adapters of spot margin: most open a venue with one account and let it borrow, trade and be charged by commands."""

from fractions import Fraction
from typing import Any, Final

from exchange import Exchange
from exchange.commands import Command, Deposit, DepositAsset, OpenPosition, PlaceOrder, SetMarkPrice, Withdraw
from exchange.enums import Side
from exchange.events import InterestCharged, VenueLossBooked
from exchange.instrument import Instrument, MarginTier
from exchange.margin.collateral import RateSchedule, level_band
from exchange.risk.levels import LIQUIDATION_LEVEL, level_of, threshold
from exchange.rules import BorrowRules, LiquidationRules, RateTier, Rules, SpotTerms
from exchange.units import PPM
from tests.conformance.vectors import Adapter, Found, Given, Unsupported
from tests.conformance.vectors.amounts import Scaled, decimals, exact, integer, ppb, ppm, text

MARGIN, LENDER = 1, 2  # accounts
PLENTY: Final = 10**15
HOUR_NS: Final = 3_600 * 10**9


class Scene:
    """A venue with one asset and somebody who trades the other side of everything."""

    def __init__(self, scale: Scaled, terms: dict[str, Any], borrow: dict[str, Any], **rules: Any) -> None:
        """terms: of the instrument. borrow: rules of loans of money."""
        self.scale = scale
        instrument = Instrument(
            instrument_id=1, symbol="ASSET", kind="spot", tick_value=scale.tick_value, **{"max_leverage": 100, **terms}
        )
        self.venue = Exchange([instrument], Rules(borrow=BorrowRules(may_borrow=True, **borrow), **rules))
        self.events: list[Any] = []
        self.count = 0

    def run(self, *commands: Command) -> None:
        """Apply commands and keep their events."""
        for command in commands:
            self.events += self.venue.apply(command)
            self.venue.check()

    def mark(self, price: str, ts_ns: int = 0) -> None:
        """Set the mark."""
        self.run(SetMarkPrice(ts_ns, 1, self.scale.ticks(price)))

    def trade(self, side: Side, lots: int, price: str, ts_ns: int = 0) -> None:
        """Have the account trade with the lender at a price."""
        ticks = self.scale.ticks(price)
        if self.venue.ledger.find(LENDER) == 0:
            self.run(Deposit(ts_ns, LENDER, PLENTY), OpenPosition(ts_ns, 1, LENDER, 10**6, ticks))
        self.count += 2
        self.run(
            PlaceOrder(ts_ns, 1, LENDER, self.count, Side(1 - side), lots, ticks),
            PlaceOrder(ts_ns, 1, MARGIN, self.count + 1, side, lots, ticks),
        )

    def level(self) -> str:
        """Equity over the margin in use."""
        account = self.venue.account(MARGIN)
        return text(Fraction(account.equity * PPM // account.initial_margin, PPM))


def time_ns(clock: str) -> int:
    """Return a time of day in nanoseconds."""
    hours, minutes = map(int, clock.split(":"))
    return (hours * 60 + minutes) * 60 * 10**9


def margin_interest(given: Given) -> Found:
    """Borrow by buying with nothing but collateral, repay by a deposit; count what was charged."""
    hourly = "hourly_rate" in given
    rate = ppb(given["hourly_rate"] if hourly else given["daily_rate"])
    # Ten decimals: each charge is rounded up to the unit, and the tolerance is half of the eighth.
    scale = Scaled(0, 0, decimals([given["principal"]]) + 10)
    principal = scale.money(given["principal"])
    scene = Scene(
        scale,
        {"max_price_ticks": 10},
        {"rate_ppb": rate, "rate_hours": 1 if hourly else 24, "withdraw": "borrowed", "capitalize": False},
    )
    lots = 10 * integer(given["principal"])
    scene.mark("1")
    scene.run(DepositAsset(0, 1, MARGIN, lots))
    borrowed, repaid = time_ns(given["borrowed_at"]), time_ns(given["repaid_at"])
    scene.run(Withdraw(borrowed, MARGIN, principal))
    scene.run(Deposit(repaid, MARGIN, 2 * principal), Deposit(repaid + 5 * HOUR_NS, MARGIN, 1))
    charged = [event for event in scene.events if isinstance(event, InterestCharged)]
    return {"hours_charged": len(charged), "interest": scale.money_text(sum(event.amount for event in charged))}


def margin_level(given: Given) -> Found:
    """Sell what is borrowed, move the mark, and read the account."""
    position = given["position"]
    if position["side"] != "short":
        raise Unsupported("a short is what is described")
    scale = Scaled.of([position["entry_price"], given["price"]], [position["size"]], [given["balance"]])
    # Lots fine enough for the coins that are held as margin.
    scale = Scaled(scale.price_decimals, scale.size_decimals + 3, scale.money_decimals + 3)
    lots = scale.lots(position["size"])
    scene = Scene(scale, {"default_leverage": int(given["leverage"]), "margin_tiers": (MarginTier(0),)}, {})
    scene.mark(position["entry_price"])
    scene.run(Deposit(0, MARGIN, scale.money(given["balance"])))
    scene.trade(Side.SELL, lots, position["entry_price"])
    scene.mark(given["price"])
    account = scene.venue.account(MARGIN)
    (held,) = account.positions()
    used = account.initial_margin
    return {
        "used_margin": scale.money_text(used),
        "used_margin_coin": text(exact(scale.money_text(used)) / exact(given["price"])),
        "unrealised": scale.money_text(held.unrealized),
        "equity": scale.money_text(account.equity),
        "margin_level": scene.level(),
    }


def margin_call_price(given: Given) -> Found:
    """Ask at which price a position's loss leaves equity at so much of the margin in use."""
    position = given["position"]
    scale = Scaled.of([position["entry_price"]], [position["size"]], [given["trade_balance"], given["used_margin"]])
    scale = Scaled(scale.price_decimals, scale.size_decimals, scale.money_decimals + 2)
    market = Exchange([spot_instrument(scale, {})]).markets[0]
    used, balance = scale.money(given["used_margin"]), scale.money(given["trade_balance"])
    at_call = RateSchedule([ppm(given["call_level"])], [0]).required(used)
    size = scale.lots(position["size"]) * (1 if position["side"] == "long" else -1)
    cost = market.valuation.value(size, scale.ticks(position["entry_price"]))
    price = market.valuation.price_for_value(size, cost - (balance - at_call), market.max_price)
    return {
        "equity_at_call": scale.money_text(at_call),
        "loss_at_call": scale.money_text(balance - at_call),
        "call_price": scale.price_text(price),
    }


def debt_beyond_margin(given: Given) -> Found:
    """Own exactly the margin, lose more than it in one fall, and see what nobody paid."""
    cost, loss, leverage = integer(given["position_cost"]), -integer(given["pnl_on_close"]), int(given["leverage"])
    scene = Scene(
        Scaled(),
        {},
        {"leverage": leverage},
        liquidation=LiquidationRules(order="market"),
        waterfall=(),
    )
    lots = 1
    scene.mark(str(cost))
    scene.run(Deposit(0, MARGIN, cost // leverage))
    scene.trade(Side.BUY, lots, str(cost))
    used = scene.venue.account(MARGIN).initial_margin
    scene.run(PlaceOrder(0, 1, LENDER, 99, Side.BUY, lots, cost - loss))
    scene.mark(str(cost - loss))
    beyond = sum(event.amount for event in scene.events if isinstance(event, VenueLossBooked))
    return {
        "used_margin": str(used),
        "loss": str(used + beyond),
        "loss_beyond_used_margin": str(beyond),
        "negative_balance_possible": beyond > 0,
    }


def spot_instrument(scale: Scaled, facts: dict[str, Any]) -> Instrument:
    """An asset at this scale."""
    return Instrument(instrument_id=1, symbol="ASSET", kind="spot", tick_value=scale.tick_value, **facts)


def margin_state_ladder(given: Given) -> Found:
    """The band of a margin level; those for loans and withdrawals are the venue's own two bounds."""
    bands = given["bands"]
    bounds = [ppm(band["above"]) for band in bands if "above" in band]
    return {"state": bands[level_band(ppm(given["margin_level"]), bounds)]["state"]}


def settlement_levels(given: Given) -> Found:
    """Equity over maintenance, and the account's level where equal is liquidated too."""
    equity, maintenance = integer(given["net_equity"]), integer(given["maintenance_margin"])
    scales = [0, 0, ppm(given["liquidation_level"]), 0]
    return {
        "margin_level": text(Fraction(equity * PPM // maintenance, PPM)),
        "liquidate": level_of(equity, maintenance, scales, True) == LIQUIDATION_LEVEL,
    }


def margin_thresholds(given: Given) -> Found:
    """The maintenance margin of a position's value, and the level of the call above it."""
    scale = Scaled.of(money=[given["position_value"]], extra=1)
    tiers = (MarginTier(ppm(given["maintenance_margin_rate"])),)
    market = Exchange([spot_instrument(Scaled(), {"margin_tiers": tiers})]).markets[0]
    required = market.schedule.maintenance(scale.money(given["position_value"]))
    return {
        "liquidation_below": scale.money_text(threshold(required, ppm("1"), False)),
        "margin_call_below": scale.money_text(threshold(required, ppm(given["call_multiple"]), False)),
    }


def marginal_tiers_sum(given: Given) -> Found:
    """Owe each asset, and read what the account requires."""
    liabilities, tiers = given["liabilities"], given["tiers"]
    instruments = []
    commands: list[Command] = [Deposit(0, MARGIN, PLENTY)]
    for number, owed in enumerate(liabilities, 1):
        steps = tiers[owed["asset"]]
        ends = [0 if step["upto"] is None else integer(step["upto"], 4) for step in steps]
        initial = tuple(RateTier(ppm(step["im"]), end) for step, end in zip(steps, ends, strict=True))
        required = tuple(MarginTier(ppm(step["mm"]), end) for step, end in zip(steps, ends, strict=True))
        instruments.append(
            Instrument(
                instrument_id=number,
                symbol=owed["asset"],
                kind="spot",
                tick_value=10_000,
                default_leverage=100,
                margin_tiers=required,
                spot=SpotTerms(initial_tiers=initial),
            )
        )
        price = integer(owed["price"])
        commands += [SetMarkPrice(0, number, price), OpenPosition(0, number, MARGIN, -integer(owed["amount"]), price)]
    venue = Exchange(instruments, Rules(borrow=BorrowRules(may_borrow=True)))
    for command in commands:
        venue.apply(command)
    account = venue.account(MARGIN)
    return {"initial_margin": text(account.initial_margin, 4), "maintenance_margin": text(account.maintenance, 4)}


ADAPTERS: dict[str, Adapter] = {
    "debt_beyond_margin": debt_beyond_margin,
    "margin_call_price": margin_call_price,
    "margin_interest": margin_interest,
    "margin_level": margin_level,
    "margin_state_ladder": margin_state_ladder,
    "margin_thresholds": margin_thresholds,
    "marginal_tiers_sum": marginal_tiers_sum,
    "settlement_levels": settlement_levels,
}
