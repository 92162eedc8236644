"""Adapters of the waterfall's vectors: auto-deleveraging, socialized loss, fund caps, the withdrawal gate.

Accounts that the vectors state by cash and size are put on a venue as they are: a position opened at any price with the
balance that leaves this cash, so that balance - cost = cash.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from exchange.accounts.ledger import COST, SIZE
from exchange.commands import Deposit, OpenPosition, SettleInstrument, Withdraw
from exchange.enums import RejectReason
from exchange.events import FundPaid, LossSocialized, RequestRejected
from exchange.exchange import Exchange
from exchange.instrument import Instrument, MarginTier
from exchange.margin.fees import trading_fee
from exchange.margin.prices import share_of_equity
from exchange.margin.valuation import Valuation
from exchange.market import Market
from exchange.risk.deleveraging_rank import (
    LIGHTS,
    fill_in_order,
    lights,
    profit_leverage_score,
    ramp_lots,
    rank,
    split_price,
    wallet_ratio_score,
    wallet_return,
)
from exchange.risk.sharing import (
    clawback_rate,
    drawdown_ratio,
    drawdown_room,
    fund_claim,
    is_drawn_down,
    is_gated,
    lender_cut_rate,
    levy_or_share,
    open_interest_rate,
    open_interest_shares,
    share_collected,
)
from exchange.rules import DebtRules, DeleveragingRules, FundRules, Rules, SocializationRules
from exchange.units import DEFAULT_MAX_PRICE_TICKS
from tests.conformance.vectors import Adapter, Found, Given, Unsupported
from tests.conformance.vectors.amounts import PPB, Scaled, exact, integer, ppb, ppm, text

LEVERAGE_DECIMALS = 6
NO_CAP = -1
ORACLE = "oracle_price"


def instrument(number: int, scale: Scaled, rate: Any) -> Instrument:
    """A linear market at a scale, with one maintenance rate."""
    tiers = (MarginTier(maintenance_ppm=ppm(rate)),)
    return Instrument(
        instrument_id=number,
        symbol=f"I{number}",
        tick_value=scale.tick_value,
        margin_tiers=tiers,
        default_leverage=100,
        max_leverage=1000,
    )


class Pair:
    """A venue with accounts as the vectors give them, marked, and not settled since: nobody is liquidated by itself."""

    def __init__(self, scale: Scaled, oracles: dict[int, str], rate: Any, rules: DeleveragingRules) -> None:
        """`oracles`: the mark price of each instrument, by number."""
        self.scale = scale
        self.venue = Exchange([instrument(number, scale, rate) for number in oracles], Rules(deleveraging=rules))
        self.oracles = {number: scale.ticks(price) for number, price in oracles.items()}

    def add(self, account: int, cash: Any, sizes: dict[int, Any]) -> None:
        """Give an account a cash balance and positions: long at a high price, short at one tick."""
        lots = {number: self.scale.lots(size) for number, size in sizes.items()}
        highest = DEFAULT_MAX_PRICE_TICKS // 2
        prices = {number: highest if size > 0 else 1 for number, size in lots.items()}
        values = {number: lots[number] * prices[number] * self.scale.tick_value for number in lots}
        self.venue.apply(Deposit(0, account, self.scale.money(cash) + sum(values.values())))
        for number, size in lots.items():
            if size != 0:
                self.venue.apply(OpenPosition(0, number, account, size, prices[number]))

    def mark(self) -> None:
        """Set the marks without settling."""
        for market in self.venue.markets:
            market.set_mark(self.oracles[market.instrument], 1)

    def slot(self, account: int) -> int:
        """Where an account stands in the ledger."""
        return self.venue.ledger.find(account)

    def leg(self, account: int) -> int:
        """An account's leg in the first market."""
        return self.market.leg(self.slot(account))

    @property
    def market(self) -> Market:
        """The first market."""
        return self.venue.markets[0]

    def size(self, account: int) -> str:
        """An account's size in the first market."""
        leg = self.leg(account)
        return self.scale.size_text(self.venue.ledger.legs[leg + SIZE] if leg else 0)

    def cash(self, account: int) -> str:
        """Balance less the costs of what is held: what the sources call cash or quote balance."""
        ledger, slot = self.venue.ledger, self.slot(account)
        costs = [ledger.legs[market.leg(slot) + COST] for market in self.venue.markets if market.leg(slot)]
        return self.scale.money_text(ledger.balances[slot] - sum(costs))

    def bankruptcy_price(self, account: int) -> int:
        """The price at which the account's share of equity in the first market is gone."""
        clearing, slot, leg = self.venue.clearing, self.slot(account), self.leg(account)
        share = share_of_equity(clearing.equity(slot), clearing.leg_maintenance(leg), clearing.maintenance(slot))
        size = self.venue.ledger.legs[leg + SIZE]
        return self.market.valuation.price_for_value(size, clearing.leg_value(leg) - share, self.market.max_price)


def sizes_of(party: Given) -> dict[int, Any]:
    """Positions by instrument number: BTC is 1, ETH is 2."""
    if "positions" in party:
        return {1: party["positions"].get("BTC", "0"), 2: party["positions"].get("ETH", "0")}
    return {1: party["size"]}


def pair_of(given: Given, rules: DeleveragingRules, others: Iterable[Given]) -> Pair:
    """A venue with the liquidated account as 1 and the others from 2 on."""
    party, rest = given["liquidated"], list(others)
    prices = given.get("oracle") or {"BTC": given[ORACLE]}
    sizes = [size for one in (party, *rest) for size in sizes_of(one).values()]
    cash = [one["cash"] for one in (party, *rest) if one["cash"] != "any"]
    scale = Scaled.of(prices=prices.values(), sizes=[*sizes, given.get("size", "1")], money=cash)
    numbers = {"BTC": 1, "ETH": 2}
    oracles = {numbers[name]: price for name, price in prices.items()}
    pair = Pair(scale, oracles, given.get("maintenance_margin_rate", "0.1"), rules)
    for account, one in enumerate((party, *rest), start=1):
        pair.add(account, one["cash"] if one["cash"] != "any" else "0", sizes_of(one))
    pair.mark()
    return pair


def deleverage_pair(given: Given) -> Found:
    """One counterparty, closed at the bankruptcy price of the liquidated."""
    rules = DeleveragingRules(candidates="any", overlap=True)
    pair = pair_of(given, rules, [given["offsetting"]])
    clearing, slot = pair.venue.clearing, pair.slot(1)
    found = {
        "equity_before": pair.scale.money_text(clearing.equity(slot)),
        "maintenance": {
            name: pair.scale.money_text(clearing.leg_maintenance(market.leg(slot)))
            for name, market in zip(("BTC", "ETH"), pair.venue.markets, strict=False)
            if market.leg(slot)
        },
    }
    price = pair.bankruptcy_price(1)
    lots = abs(pair.scale.lots(given.get("size", sizes_of(given["liquidated"])[1])))
    left = pair.venue.deleverager.offset(pair.market, slot, pair.leg(1), 1, lots, price)
    if left == lots:
        raise ValueError("the bankruptcy prices of the two do not overlap")
    pair.venue.ledger.conserved()
    return found | {
        "price": pair.scale.price_text(price),
        "liquidated_cash": pair.cash(1),
        "liquidated_size": pair.size(1),
        "offsetting_cash": pair.cash(2),
        "offsetting_size": pair.size(2),
    }


def deleverage_queue(given: Given) -> Found:
    """A walk over candidates, those of the same side and those that do not overlap passed by."""
    names = [candidate["id"] for candidate in given["candidates"]]
    pair = pair_of(given, DeleveragingRules(candidates="any", overlap=True, order="random"), given["candidates"])
    before = {account: exact(pair.size(account)) for account in range(2, 2 + len(names))}
    lots = abs(pair.scale.lots(given.get("size", given["liquidated"]["size"])))
    left = pair.venue.deleverager.offset(pair.market, pair.slot(1), pair.leg(1), 1, lots, pair.bankruptcy_price(1))
    pair.venue.ledger.conserved()
    closed = {name: abs(exact(pair.size(number)) - before[number]) for number, name in enumerate(names, start=2)}
    return {
        "fills": {name: text(lots) for name, lots in closed.items() if lots},
        "cash": {name: pair.cash(number) for number, name in enumerate(names, start=2) if closed[name]},
        "remaining": pair.scale.size_text(left),
    }


def deleverage_at_oracle(given: Given) -> Found:
    """Both close at the mark; not where one of them has negative equity."""
    pair = pair_of(
        given, DeleveragingRules(candidates="any", price="mark", refuse_negative=True), [given["offsetting"]]
    )
    lots = abs(pair.scale.lots(given["liquidated"]["size"]))
    if pair.venue.deleverager.offset(pair.market, pair.slot(1), pair.leg(1), 1, lots, pair.market.mark) == lots:
        raise ValueError("one of the two has negative equity")
    pair.venue.ledger.conserved()
    return {"liquidated_cash": pair.cash(1), "offsetting_cash": pair.cash(2)}


def adl_rank_and_execute(given: Given) -> Found:
    """A queue by given scores, closed from its head."""
    candidates = given["candidates"]
    scale = Scaled.of(sizes=[one["size"] for one in candidates] + [given["liquidated"]["size"]])
    scores = [integer(one["score"], 9) for one in candidates]
    places = rank([int(one["account"]) for one in candidates], scores)
    names = [candidates[place]["account"] for place in places]
    lots = [scale.lots(candidates[place]["size"]) for place in places]
    closed = fill_in_order(scale.lots(given["liquidated"]["size"]), lots)
    price = given["liquidated"]["bankruptcy_price"]
    rules = DeleveragingRules()
    if rules.price != "bankruptcy":
        raise Unsupported("closed at another price")
    touched = [(name, part, size) for name, part, size in zip(names, closed, lots, strict=True) if part]
    return {
        "order": names,
        "percentile": dict(zip(names, (light * 100 // LIGHTS for light in lights(lots)), strict=True)),
        "fills": [{"account": name, "size": scale.size_text(part), "price": price} for name, part, _ in touched],
        "left": {name: scale.size_text(size - part) for name, part, size in touched},
        "open_orders_of_affected_cancelled": rules.cancel_orders,
    }


def adl_rank(given: Given) -> Found:
    """Profit percentage x effective leverage; / it where there is no profit."""
    scores: dict[str, int] = {}
    for one in given["candidates"]:
        leverage = exact(one["effective_leverage"])
        cost = leverage.numerator * 10**LEVERAGE_DECIMALS
        value = cost + integer(cost * exact(one["pnl_pct"]))
        scores[one["account"]] = profit_leverage_score(cost, value, integer(value / leverage))
    names = list(scores)
    order = rank([int(name) for name in names], [scores[name] for name in names])
    return {
        "scores": {name: text(Fraction(score, PPB)) for name, score in scores.items()},
        "order": [names[place] for place in order],
    }


def adl_score_formula(given: Given) -> Found:
    """Profit over wallet x margin ratio."""
    if not {"unrealised_pnl", "wallet_balance", "margin_ratio"} <= given.keys():
        raise Unsupported("scores of accounts given by other facts")
    money = 8
    profit, wallet = integer(given["unrealised_pnl"], money), integer(given["wallet_balance"], money)
    maintenance = integer((profit + wallet) * exact(given["margin_ratio"]))
    unit = 10**money  # "max(1, wallet)" is one of the quote asset
    return {
        "pnl_pct": text(Fraction(wallet_return(profit, max(unit, wallet)), PPB)),
        "leverage_pnl": text(Fraction(wallet_ratio_score(profit, wallet, maintenance), PPB)),
    }


def adl_trigger_stop(given: Given) -> Found:
    """A fund's drawdown in one instrument, with hysteresis."""
    change, most = integer(given["symbol_pnl_minus_8h_max"], 2), integer(given["pool_8h_max_balance"], 2)
    trigger, stop = -ppm(given["trigger_ratio"]), -ppm(given["stop_ratio"])
    room = drawdown_room(change, most, trigger)
    return {
        "pnl_ratio": text(drawdown_ratio(change, most), 6),
        "adl": is_drawn_down(change, most, trigger, stop, bool(given.get("adl_running", False))),
        "borne_by_adl_to_hold_trigger": text(max(0, -room), 2),
    }


def backstop_price_split(given: Given) -> Found:
    """The other side at a third of the way to mark, and the part that is closed at once."""
    scale = Scaled.of(prices=["0.000001"], sizes=["0.000001"])
    position = given["position"]
    is_long = position["side"] == "long"
    lots = scale.lots(position["size"])
    size = lots if is_long else -lots
    valuation = Valuation(instrument(1, scale, "0.1"))
    mark = scale.ticks(given["mark_price"])
    value = valuation.value(size, mark)
    equity = integer(abs(value) * exact(given["margin_fraction"]))
    zero = valuation.price_for_value(size, value - equity, 1 << 62)
    return {
        "zero_price": scale.price_text(zero),
        "liquidated_price": scale.price_text(zero),
        "other_side_price": scale.price_text(split_price(zero, mark, DeleveragingRules().split_ppm, is_long)),
        "size_closed_this_second": scale.size_text(
            ramp_lots(lots, equity, abs(value), ppm(given["auto_close_margin_fraction"]))
        ),
    }


# --- socialized loss ---------------------------------------------------------------------------------------------


def socialize_mtm_round(given: Given) -> Found:
    """A mark-to-market round: losers pay what they have, the fund what it can, winners share what was collected."""
    winners = given["winners"]
    wins = [int(one["wins"]) for one in winners]
    fund = int(given.get("fund", "0"))
    found: Found = {}
    collected = int(given.get("collected", "0"))
    for one in given.get("losers", []):
        owes, has = int(one["owes"]), int(one["has"])
        own = min(owes, has)
        paid = fund_claim(owes - own, fund, NO_CAP, NO_CAP, NO_CAP)
        fund -= paid
        collected += own + paid
        found[f"{one['account']}_realised"] = text(-(own + paid))
    received = share_collected(collected, wins, "last")
    names = [one["account"] for one in winners]
    by_name = list(zip(names, wins, received, strict=True))
    return found | {
        "received": {name: text(got) for name, _, got in by_name},
        "haircut": {name: text(win - got) for name, win, got in by_name},
        "fund": text(fund),
    }


def fee_before_winners(given: Given) -> Found:
    """The fee of a forced close is taken first; the winner of the round gets what is left."""
    sold, bankrupt = given["fund_sells"], given["bankrupt"]
    scale = Scaled.of(prices=[sold["price"], given["mark_price"]], sizes=[sold["size"]], money=[bankrupt["deposit"]])
    valuation = Valuation(instrument(1, scale, "0.1"))
    lots, price = scale.lots(sold["size"]), scale.ticks(sold["price"])
    value = valuation.value(lots, price)
    gain = valuation.value(lots, scale.ticks(given["mark_price"])) - value
    fee = trading_fee(value, ppm(given["fee_rate"]))
    available = scale.money(bankrupt["deposit"]) - fee
    (received,) = share_collected(available, [gain], "last")
    return {
        "buyer_gain_owed": scale.money_text(gain),
        "fee_paid": scale.money_text(fee),
        "available": scale.money_text(available),
        "buyer_received": scale.money_text(received),
        "buyer_haircut": scale.money_text(gain - received),
    }


def socialize_session_profit(given: Given) -> Found:
    """A shortfall over the winners of a session, a flat levy first where there is one."""
    places = 8
    names = list(given["profits"])
    profits = [integer(given["profits"][name], places) for name in names]
    shortfall = integer(given["shortfall"], places)
    shares = levy_or_share(shortfall, profits, ppm(given.get("fixed_levy_rate", "0")), "last")
    return {
        "haircut": {name: text(share, places) for name, share in zip(names, shares, strict=True)},
        "net_profit": {name: text(p - s, places) for name, p, s in zip(names, profits, shares, strict=True)},
        "collected": text(sum(shares), places),
        "to_fund": text(max(0, sum(shares) - shortfall), places),
    }


def socialize_open_interest(given: Given) -> Found:
    """A loss over all open positions of both sides, rounded up per unit."""
    if "holders" not in given or "loss" not in given:
        raise Unsupported("open interest without its holders")
    loss = int(given["loss"])
    left: Found = {}
    for source in ("fund", "fee_pool"):
        has = int(given.get(source, "0"))
        paid = fund_claim(loss, has, NO_CAP, NO_CAP, NO_CAP)
        left[source] = text(has - paid)
        loss -= paid
    names = list(given["holders"])
    lots = [abs(int(given["holders"][name])) for name in names]
    shares = open_interest_shares(loss, lots, [loss] * len(lots))
    return left | {
        "bankrupt_quote_balance": text(min(0, sum(shares) - loss)),
        "per_unit": text(open_interest_rate(loss, sum(lots))),
        "haircut": {name: text(share) for name, share in zip(names, shares, strict=True)},
    }


def settlement(given: Given) -> Found:
    """The operator settles the market: what accounts are short the fund pays, then realized profits pro rata."""
    positions = given["positions"]
    scale = Scaled.of(prices=[one["entry_price"] for one in positions], sizes=[one["size"] for one in positions])
    scale = scale._replace(money_decimals=max(6, scale.money_decimals))
    rules = Rules(
        fund=FundRules(opening=scale.money(given["fund"])),
        socialization=SocializationRules(base="session_realized"),
        waterfall=("fund", "socialize", "lenders"),
    )
    venue = Exchange([instrument(1, scale, "0.1")], rules)
    numbers = {one["account"]: number for number, one in enumerate(positions, 1)}
    for one in positions:
        number, lots = numbers[one["account"]], scale.lots(one["size"])
        venue.apply(Deposit(0, number, scale.money(one["margin"])))
        venue.apply(
            OpenPosition(0, 1, number, lots if one["side"] == "long" else -lots, scale.ticks(one["entry_price"]))
        )
    events = venue.apply(SettleInstrument(0, 1, scale.ticks(given["settlement_price"])))
    paid = sum(event.amount for event in events if isinstance(event, FundPaid))
    (shared,) = [event for event in events if isinstance(event, LossSocialized)]
    return {
        "deficit": scale.money_text(shared.deficit + paid),
        "deficit_after_fund": scale.money_text(shared.deficit),
        "profit_haircut_rate": text(clawback_rate(shared.charged, shared.base), 9),
        "payout": {name: scale.money_text(venue.account(number).balance) for name, number in numbers.items()},
        "fund": scale.money_text(venue.fund.balance),
    }


def base_of(rate_of: Callable[[int, int], int], loss: int, rate: int) -> int:
    """The smallest base of which a loss takes at most a rate: the rule's own rate, tried out."""
    low, high = 0, 1
    while rate_of(loss, high) > rate:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rate_of(loss, middle) <= rate else (middle, high)
    return high


def socialize_lenders(given: Given) -> Found:
    """Every lender's principal cut by one rate: one with 10, one with the rest of the pool."""
    if "haircut_rate" not in given:
        raise Unsupported("collateral given for a liability at oracle prices, by a liquidator, without a book")
    places = 8
    loss, ten = integer(given["loss"], places), integer("10", places)
    pool = base_of(lender_cut_rate, loss, ppb(given["haircut_rate"]))
    rules = Rules(waterfall=("lenders", "debt"), debt=DebtRules(owes="all"))
    venue = Exchange([Instrument(instrument_id=1, symbol="LOAN", max_price_ticks=loss + 2)], rules)
    # The borrower has nothing, and loses what the vector says at the settlement.
    for command in (
        Deposit(0, 1, ten),
        Deposit(0, 2, pool - ten),
        Deposit(0, 3, 1),
        OpenPosition(0, 1, 3, 1, loss + 2),
        SettleInstrument(0, 1, 1),
    ):
        venue.apply(command)
    (refused,) = venue.apply(Withdraw(0, 3, 1))
    frozen = isinstance(refused, RequestRejected) and refused.reason == RejectReason.ACCOUNT_IN_DEBT
    lender = venue.account(1)
    receives = lender.balance
    venue.apply(Deposit(0, 3, integer("1", places)))
    is_returned = lender.balance > receives
    return {
        "implied_pool": text(pool, places),
        "lender_of_10_receives": text(receives, places),
        "borrowers": ("accounts frozen until they repay" if frozen else "accounts stay open")
        + ("; recovered money goes back to lenders" if is_returned else "; recovered money is the venue's"),
    }


def clawback(given: Given) -> Found:
    """One rate on every net profit of the week."""
    places = 4
    remaining, injected = integer(given["remaining_loss"], places), integer(given["fund_injection"], places)
    loss = injected + remaining
    if loss - fund_claim(loss, injected, NO_CAP, NO_CAP, NO_CAP) != remaining:
        raise Unsupported("the injection did not go into the loss")
    scale = Scaled.of(prices=[given["contract_value"]], sizes=[given["position_contracts"]])
    valuation = Valuation(instrument(1, scale, "0.1"))
    lots, price = scale.lots(given["position_contracts"]), scale.ticks(given["contract_value"])
    return {
        "notional": scale.money_text(valuation.notional(lots, price)),
        "implied_total_profit": text(base_of(clawback_rate, remaining, ppb(given["clawback_rate"])), places),
        "total_loss_before_injection_at_least": text(loss, places),
    }


# --- fund and gate -----------------------------------------------------------------------------------------------


def insurance_fund_delta_validity(given: Given) -> Found:
    """A claim is taken only whole: the fund never goes below its floor."""
    delta, balance = int(given["fund_delta"]), int(given["fund_balance"])
    owed = max(0, -delta)
    return {"match_allowed": fund_claim(owed, balance, NO_CAP, NO_CAP, NO_CAP) == owed}


def withdrawal_gate(given: Given) -> Found:
    """Closed for a number of blocks after negative equity was seen."""
    return {"allowed": not is_gated(given["block"], given["negative_equity_seen_at_block"], given["gate_blocks"])}


def _unsupported(reason: str) -> Callable[[Given], Found]:
    def refuse(given: Given) -> Found:
        raise Unsupported(reason)

    return refuse


ADAPTERS: dict[str, Adapter] = {
    "adl_rank_and_execute": adl_rank_and_execute,
    "adl_rank": adl_rank,
    "adl_score_formula": adl_score_formula,
    "adl_trigger_stop": adl_trigger_stop,
    "deleverage_pair": deleverage_pair,
    "deleverage_queue": deleverage_queue,
    "deleverage_at_oracle": deleverage_at_oracle,
    "backstop_price_split": backstop_price_split,
    "pool_pnl_adl": _unsupported("positions are held against a liquidity pool; here every position has a counterparty"),
    "socialize_mtm_round": socialize_mtm_round,
    "fee_before_winners": fee_before_winners,
    "socialize_session_profit": socialize_session_profit,
    "socialize_open_interest": socialize_open_interest,
    "settlement_profit_then_payout_haircut": settlement,
    "socialize_lenders": socialize_lenders,
    "clawback_rate": clawback,
    "insurance_fund_delta_validity": insurance_fund_delta_validity,
    "withdrawal_gate": withdrawal_gate,
}
