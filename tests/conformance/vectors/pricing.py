"""Marks, funding and what follows from them."""

from fractions import Fraction
from typing import Any

from exchange import Exchange
from exchange.commands import AdvanceTime, Command, Deposit, OpenPosition, PlaceOrder, ReportTrade
from exchange.enums import Phase, Side
from exchange.events import PhaseChanged, PositionTakenOver, Trade
from exchange.instrument import Instrument, ScheduleRules
from exchange.margin.valuation import Valuation
from exchange.pricing.funding import (
    DAY_NS,
    funding_amount,
    interest_of_time,
    interest_rate,
    lot_worth,
    premium_rate,
    twap_rate,
)
from exchange.pricing.index import WEIGHTED, combined_price
from exchange.pricing.marks import MICRO, fair_price, median, with_basis
from exchange.pricing.windows import TradeWindow
from exchange.rules import BandRules, BreakerRules, FundRules, LiquidationRules, MarkRules, Rules
from exchange.rules.liquidation import DisposalRules
from exchange.rules.margin import RiskFactors
from exchange.units import PPB
from tests.conformance.vectors import Adapter, Found, Given
from tests.conformance.vectors.amounts import Scaled, decimals, exact, integer, ppb, ppm

HOUR_NS = DAY_NS // 24
COIN_DECIMALS = 8
FUND, PARTY, OTHER, MAKER = -1, 3, 2, 9  # accounts


def mark_from_trades(given: Given) -> Found:
    """The volume-weighted price of the trades in a window."""
    trades = given["trades"]
    scale = Scaled.of([trade["price"] for trade in trades], [trade["size"] for trade in trades])
    window = TradeWindow(integer(given["update_period_seconds"], 9))
    for trade in trades:
        window.note(1, scale.ticks(trade["price"]), scale.lots(trade["size"]))
    price = window.vwap(2)
    return {"mark_price": None if price is None else scale.price_text(price)}


def composite_mark(given: Given) -> Found:
    """The weighted mean of the sources that are fresh."""
    weights = given["weights"]
    fresh = [source for source in weights if given[source] is not None]
    scale = Scaled.of(prices=[given[source] for source in fresh])
    places = decimals(weights.values())
    price = combined_price(
        [scale.ticks(given[source]) for source in fresh],
        [integer(weights[source], places) for source in fresh],
        WEIGHTED,
    )
    return {"mark_price": scale.price_text(price)}


def median_mark(given: Given) -> Found:
    """The components of a median: index plus basis, and the median of bid, ask and last."""
    names = ("oracle", "best_bid", "best_ask", "last")
    scale = Scaled.of(prices=[given[name] for name in names])
    basis = integer(exact(given["ema_basis_150s"]) * MICRO, scale.price_decimals)
    return {
        "oracle_plus_basis": scale.price_text(with_basis(scale.ticks(given["oracle"]), basis)),
        "book_component": scale.price_text(median([scale.ticks(given[name]) for name in names[1:]])),
    }


def fair_price_mark(given: Given) -> Found:
    """The index with the funding that is left."""
    scale = Scaled.of(prices=[given["index"]])
    left, interval = (integer(exact(given[name]) * HOUR_NS) for name in ("hours_to_funding", "interval_hours"))
    price = fair_price(scale.ticks(given["index"]), ppb(given["funding_rate"]), left, interval)
    return {"mark_price": scale.price_text(price)}


def _rate_of_twaps(given: Given) -> tuple[int, int, Scaled]:
    """The rate of the difference of two averages, as a fraction, and the scale of their ticks."""
    external = given["external_twap"]
    low, high = (exact(given["clamp"][name]) if "clamp" in given else Fraction(0) for name in ("lower", "upper"))
    # Where only a clamp is given it is said not to bind: so does it in the middle of what it allows.
    internal = given["internal_twap"] if "internal_twap" in given else exact(external) * (1 - (low + high) / 2)
    scale = Scaled.of(prices=[internal, external])
    annual = ppb(given.get("interest_rate", 0))
    elapsed = integer(exact(given.get("delta_t_years", 0)) * 365 * DAY_NS)
    numerator, denominator = twap_rate(
        scale.ticks(internal),
        scale.ticks(external),
        interest_of_time(annual, elapsed),
        ppb(low),
        ppb(high),
        ppm(given.get("scaling", 1)),
        ppb(given.get("lower_bound", 0)),
        ppb(given.get("upper_bound", 0)),
    )
    return numerator, denominator, scale


def funding_rate_modifiers(given: Given) -> Found:
    """Scaling and bounds."""
    numerator, denominator, _ = _rate_of_twaps(given)
    rate = Fraction(numerator, denominator)
    return {"rate": rate, "payment_per_unit": rate * exact(given["external_twap"])}


def funding_payment(given: Given) -> Found:
    """What each position pays (below 0) or receives; or what a position of a given value pays."""
    if "positions" in given:
        numerator, denominator, scale = _rate_of_twaps(given)
        per_unit = integer(given["margin_unit_per_quote"])
        valuation = _linear(per_unit)
        price = scale.ticks(given["external_twap"])
        transfers: dict[str, Any] = {}
        for name, text in given["positions"].items():
            size = integer(text)
            transfers[name] = str(_amount(size, price, valuation, numerator, denominator))
        return {"transfers": transfers}
    rate = _interest_only(given)
    value = integer(given["mark_value"], COIN_DECIMALS)
    amount = funding_amount(1 if given["side"] == "long" else -1, value, rate, PPB)
    return {"rate": Fraction(rate, PPB), "paid": Fraction(-amount, 10**COIN_DECIMALS)}


def fund_position_funding(given: Given) -> Found:
    """The insurance fund pays and receives like any other."""
    numerator, denominator, scale = _rate_of_twaps(given)
    size = integer(given["fund_position"])
    rate = Fraction(numerator, denominator)
    amount = _amount(size, scale.ticks(given["external_twap"]), _linear(1), numerator, denominator)
    return {
        "rate": rate,
        "payment_per_unit": rate * exact(given["external_twap"]),
        "fund": integer(given["fund"]) + amount,
    }


def pnl_and_funding(given: Given) -> Found:
    """An inverse position through one funding time."""
    position, funding = given["position"], given["funding"]
    contract = integer(given["contract"]["contract_value"]) * 10**COIN_DECIMALS
    valuation = Valuation(Instrument(1, "INVERSE", kind="inverse", tick_value=contract))
    size = integer(position["size_contracts"]) * (1 if position["side"] == "long" else -1)
    entry, exit_price = integer(position["entry_price"]), integer(given["exit_price"])
    rate = _interest_only(funding)
    amount = _amount(size, integer(funding["mark_at_funding"]), valuation, rate, PPB)
    pnl = valuation.value(size, exit_price) - valuation.value(size, entry)
    coin = 10**COIN_DECIMALS
    return {
        "entry_value": Fraction(valuation.notional(size, entry), coin),
        "funding_rate": Fraction(rate, PPB),
        "funding_paid": Fraction(-amount, coin),
        "pnl": Fraction(pnl, coin),
        "net": Fraction(pnl + amount, coin),
    }


def _interest_only(given: Given) -> int:
    interest = interest_rate(
        ppb(given["quote_rate_per_day"]), ppb(given["base_rate_per_day"]), DAY_NS // given["intervals_per_day"]
    )
    return premium_rate(ppb(given["premium"]), interest, PPB)


def _amount(size: int, price: int, valuation: Valuation, numerator: int, denominator: int) -> int:
    worth, unit = lot_worth(price, valuation)
    return funding_amount(size, abs(size) * worth, numerator, denominator * unit)


def _linear(tick_value: int) -> Valuation:
    return Valuation(Instrument(1, "LINEAR", tick_value=tick_value))


def mark_not_moved_by_closeout(given: Given) -> Found:
    """MARK-05: two accounts are taken over at mark, one after the other, and sold into the book far below it."""
    factor, slippage, mark = ppb(given["risk_factor"]), ppb(given["linear_slippage"]), int(given["mark_price"])
    schedule = ScheduleRules(
        schedule="risk_factor",
        risk_factor=RiskFactors(long_ppb=factor, short_ppb=factor, slippage_ppb=slippage),
        order_margin="none",
    )
    instrument = Instrument(
        1,
        "V1",
        mark_source="last",
        mark=MarkRules(moved_by_liquidations=False),
        margin=schedule,
        default_leverage=100,
    )
    rules = Rules(
        liquidation=LiquidationRules(order="none", remainder=("fund",), disposal=DisposalRules(step_ns=1)),
        # The network has no money of its own: what it loses on the way is lent to it by this fund, and stays in it.
        fund=FundRules(opening=1 << 40),
    )
    venue = Exchange([instrument], rules)
    names = {FUND: "network", OTHER: "trader2", PARTY: "trader3", MAKER: "auxiliary2"}
    third, second = given["trader3"], given["trader2"]
    deposits = {PARTY: int(third["deposit"]), OTHER: int(second["deposit"]), MAKER: 1 << 40}
    commands: list[Command] = [Deposit(0, account, amount) for account, amount in deposits.items()]
    commands.append(ReportTrade(0, 1, Side.BUY, mark, 1))
    owners = {"trader2": OTHER, "auxiliary2": MAKER, None: MAKER}
    for order_id, row in enumerate(given["book"], 1):
        owner = owners[row.get("owner")]
        commands.append(PlaceOrder(0, 1, owner, order_id, Side.BUY, int(row["size"]), int(row["price"])))
    commands.append(OpenPosition(0, 1, PARTY, int(third["position"]), int(third["entry"])))
    commands += [AdvanceTime(ts_ns) for ts_ns in range(1, 4)]
    trades: list[dict[str, str]] = []
    for command in commands:
        for event in venue.apply(command):
            if isinstance(event, PositionTakenOver):
                buyer, seller = "network", names[event.account]
                price, size = event.price_ticks, event.size_lots
            elif isinstance(event, Trade):
                buyer, seller = names[event.maker_account], names[event.taker_account]
                price, size = event.price_ticks, event.qty_lots
            else:
                continue
            trades.append({"buyer": buyer, "seller": seller, "price": str(price), "size": str(size)})
        venue.check()  # with it that the total of all balances is unchanged
    book = venue.book(1)
    return {
        "trades": trades,
        "mark_price_after": str(book.mark_price),
        "realised": {
            names[account]: str(venue.account(account).balance - deposits[account]) for account in (PARTY, OTHER)
        },
        "remaining_book": [{"side": "buy", "price": str(level[0]), "size": str(level[1])} for level in book.depth()[0]],
        "total_balance_unchanged": True,
    }


def price_band_auction(given: Given) -> Found:
    """An order that would trade outside the band of the mark, and the auction that it starts instead."""
    mark = integer(given["mark_price"])
    upper, lower = integer(given["band"]["upper"]), integer(given["band"]["lower"])
    seconds = integer(given["auction_seconds"])
    band = BandRules(
        width_ticks=min(upper - mark, mark - lower), reference="mark", action="auction", auction_ns=seconds * 10**9
    )
    instrument = Instrument(1, "BAND", mark_source="last", breakers=BreakerRules(static_band=band))
    venue = Exchange([instrument])
    for account in (MAKER, PARTY):
        venue.apply(Deposit(0, account, 1 << 40))
    venue.apply(ReportTrade(0, 1, Side.BUY, mark, 1))
    for number, ask in enumerate(given["resting_asks"], start=1):
        venue.apply(PlaceOrder(0, 1, MAKER, number, Side.SELL, integer(ask["size"]), integer(ask["price"])))
    incoming = given["incoming"]
    side = Side[incoming["side"].upper()]
    events = venue.apply(PlaceOrder(0, 1, PARTY, 99, side, integer(incoming["size"]), integer(incoming["price"])))
    phases = [event.phase for event in events if isinstance(event, PhaseChanged)]
    found: Found = {
        "mode_after_order": "auction" if phases == [Phase.REOPENING_AUCTION] else "continuous",
        "mark_price_during_auction": venue.book(1).mark_price,
    }
    events = venue.apply(AdvanceTime((seconds + 1) * 10**9))
    phases += [event.phase for event in events if isinstance(event, PhaseChanged)]
    found["mode_after"] = "continuous" if phases[-1:] in ([], [Phase.CONTINUOUS]) else "auction"
    found["mark_price_after"] = venue.book(1).mark_price
    return found


ADAPTERS: dict[str, Adapter] = {
    "price_band_auction": price_band_auction,
    "mark_not_moved_by_closeout": mark_not_moved_by_closeout,
    "mark_from_trades": mark_from_trades,
    "composite_mark": composite_mark,
    "median_mark": median_mark,
    "fair_price_mark": fair_price_mark,
    "funding_rate_modifiers": funding_rate_modifiers,
    "funding_payment": funding_payment,
    "fund_position_funding": fund_position_funding,
    "pnl_and_funding": pnl_and_funding,
}
