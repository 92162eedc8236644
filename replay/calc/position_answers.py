"""Answers about one position: read what was asked, calculate, and say it."""

import argparse
from typing import Any, Final

from exchange.errors import ConfigError
from exchange.units import PPB, div_floor
from replay.calc.answer import Answer, Row
from replay.calc.hold import holding_cost
from replay.calc.market import Market, parse_rate
from replay.calc.position import leverage_for_move, margin_needed, position_prices, size_for_risk
from replay.calc.rules_told import header, margin_rules
from replay.sources.cells import parse_integer

MOST_HOURS: Final = 100_000
_PERIODS: Final = (("hour", 3_600_000_000_000), ("minute", 60_000_000_000), ("second", 1_000_000_000))


def liquidation_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc liquidation`."""
    sign, lots = _signed(given, market)
    entry, leverage = market.ticks(given.entry, "--entry"), market.leverage(given.leverage, "--leverage")
    stated = given.margin or given.balance
    name = "--margin" if given.margin else "--balance"
    behind = None if stated is None else market.amount(stated, name)
    found = position_prices(market, sign * lots, entry, leverage, behind)
    mode = "cross" if given.balance else "isolated"

    def told(ticks: int | None) -> str:
        return _at(market, None) if ticks is None else f"{market.price(ticks)}   {market.change(ticks, entry)}"

    return Answer(
        title=f"{_position(given.side, market, lots)} at {market.price(entry)} with {leverage}x, {mode} margin, on "
        f"{market.rules.name}",
        rows=(
            Row("notional", market.money(found.notional), "at the entry"),
            Row("balance behind it", market.money(found.balance)),
            Row("initial margin", market.money(found.initial), "at the entry"),
            Row("maintenance margin", market.money(found.maintenance), "at the entry; it follows the mark"),
            Row("liquidated at", told(found.liquidated_at)),
            Row("bankrupt at", told(found.bankrupt_at)),
        ),
        how=(
            "Liquidated at the first tick at which balance + size x (mark - entry) < maintenance margin at that mark."
            if market.instrument.kind == "linear"
            else "Liquidated at the first tick at which balance + size x (1/entry - 1/mark) < maintenance margin.",
            "Found by asking a venue with these rules, price by price; bankrupt where equity is 0, fees left out.",
        ),
        rules=margin_rules(market),
        data={
            **header(market, "liquidation"),
            "side": given.side,
            "size": market.size_text(lots),
            "entry": market.price_text(entry),
            "leverage": leverage,
            "margin_mode": mode,
            "notional": market.money_text(found.notional),
            "balance": market.money_text(found.balance),
            "initial_margin": market.money_text(found.initial),
            "maintenance_margin": market.money_text(found.maintenance),
            "liquidation_price": None if found.liquidated_at is None else market.price_text(found.liquidated_at),
            "bankruptcy_price": None if found.bankrupt_at is None else market.price_text(found.bankrupt_at),
        },
    )


def margin_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc margin`."""
    sign, lots = _signed(given, market)
    price, leverage = market.ticks(given.price, "--price"), market.leverage(given.leverage, "--leverage")
    found = margin_needed(market, sign * lots, price, leverage)
    return Answer(
        title=f"{_position(given.side, market, lots)} at {market.price(price)} with {leverage}x, on "
        f"{market.rules.name}",
        rows=(
            Row("notional", market.money(found.notional)),
            Row("initial margin", market.money(found.initial), "to open it"),
            Row("maintenance margin", market.money(found.maintenance), "to keep it; below it, it is liquidated"),
        ),
        how=("Initial: notional / leverage, or what the venue's schedule asks beyond it; both rounded up.",),
        rules=margin_rules(market),
        data={
            **header(market, "margin"),
            "side": given.side,
            "size": market.size_text(lots),
            "price": market.price_text(price),
            "leverage": leverage,
            "notional": market.money_text(found.notional),
            "initial_margin": market.money_text(found.initial),
            "maintenance_margin": market.money_text(found.maintenance),
        },
    )


def size_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc size`."""
    equity, share = market.amount(given.equity, "--equity"), parse_rate(given.risk, "--risk")
    if not 0 < share <= 1:
        raise ConfigError(f"--risk: expected a share above 0 and at most 100%, found {given.risk}")
    entry, stop = market.ticks(given.entry, "--entry"), market.ticks(given.stop, "--stop")
    leverage = market.leverage(given.leverage, "--leverage")
    risk = div_floor(equity * share.numerator, share.denominator)
    sign = 1 if given.side == "long" else -1
    found = size_for_risk(market, sign > 0, risk, entry, stop)
    rows = [
        Row("risk", market.money(risk), f"{given.risk} of {market.money(equity)}, rounded down"),
        Row("size", market.size(found.lots), "rounded down to whole lots" if found.lots else "one lot loses more"),
        Row("notional", market.money(found.notional)),
        Row("loss at the stop", market.money(found.loss), f"of which fees {market.money(found.fees)}"),
    ]
    data: dict[str, Any] = {
        **header(market, "size"),
        "side": given.side,
        "equity": market.money_text(equity),
        "risk": market.money_text(risk),
        "entry": market.price_text(entry),
        "stop": market.price_text(stop),
        "size": market.size_text(found.lots),
        "notional": market.money_text(found.notional),
        "loss": market.money_text(found.loss),
        "fees": market.money_text(found.fees),
    }
    if found.lots:
        prices = position_prices(market, sign * found.lots, entry, leverage, equity)
        rows.append(Row("initial margin", market.money(prices.initial), f"with {leverage}x"))
        if prices.initial > equity:
            rows[-1] = Row(rows[-1].label, rows[-1].text, f"with {leverage}x: MORE THAN THE EQUITY")
        alone = position_prices(market, sign * found.lots, entry, leverage).liquidated_at
        rows.append(Row("liquidated at", _at(market, prices.liquidated_at), "cross margin: the whole equity behind it"))
        rows.append(Row("", _at(market, alone), "isolated: its initial margin alone behind it"))
        data |= {
            "leverage": leverage,
            "initial_margin": market.money_text(prices.initial),
            "is_affordable": prices.initial <= equity,
            "liquidation_price": None if prices.liquidated_at is None else market.price_text(prices.liquidated_at),
            "isolated_liquidation_price": None if alone is None else market.price_text(alone),
        }
    fees = market.instrument.fees
    return Answer(
        title=f"A {given.side} in {market.symbol} from {market.price(entry)} with a stop at {market.price(stop)}, on "
        f"{market.rules.name}",
        rows=tuple(rows),
        how=("The most lots with size x |entry - stop| + taker fees of both orders <= risk.",),
        rules=(f"fees.taker_ppm = {fees.taker_ppm}", *margin_rules(market)),
        data=data,
    )


def leverage_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc leverage`."""
    sign, lots = _signed(given, market)
    entry, move = market.ticks(given.entry, "--entry"), parse_rate(given.move, "--move")
    if move <= 0:
        raise ConfigError(f"--move: expected a share above 0, found {given.move}")
    found = leverage_for_move(market, sign * lots, entry, move)
    return Answer(
        title=f"{_position(given.side, market, lots)} from {market.price(entry)} that has to survive {given.move} "
        f"against it, on {market.rules.name}",
        rows=(
            Row("has to survive", market.price(found.adverse)),
            Row("highest leverage", f"{found.leverage}x" if found.leverage else "none, not even 1x"),
            Row("margin behind it", market.money(found.balance), "the initial margin"),
            Row("liquidated at", _at(market, found.liquidated_at)),
        ),
        how=("The highest whole leverage whose initial margin alone keeps the position from liquidation there.",),
        rules=(f"max_leverage = {market.instrument.max_leverage}", *margin_rules(market)),
        data={
            **header(market, "leverage"),
            "side": given.side,
            "size": market.size_text(lots),
            "entry": market.price_text(entry),
            "adverse_price": market.price_text(found.adverse),
            "max_leverage": found.leverage,
            "initial_margin": market.money_text(found.balance),
            "liquidation_price": None if found.liquidated_at is None else market.price_text(found.liquidated_at),
        },
    )


def hold_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc hold`."""
    sign, lots = _signed(given, market)
    price, leverage = market.ticks(given.price, "--price"), market.leverage(given.leverage, "--leverage")
    hours = parse_integer(given.hours, "--hours", 1, MOST_HOURS)
    rate = None
    if given.funding_rate is not None:
        exact = parse_rate(given.funding_rate, "--funding-rate") * PPB
        if exact.denominator != 1 or abs(exact) > PPB:
            expected = "expected a share of at most 9 decimals, within 100%"
            raise ConfigError(f"--funding-rate: {expected}, found {given.funding_rate}")
        rate = exact.numerator
    found = holding_cost(market, sign * lots, price, leverage, hours, rate)
    total = found.interest + found.funding
    rules = market.rules.borrow
    fact = market.instrument
    return Answer(
        title=f"{_position(given.side, market, lots)} at {market.price(price)}, held for {hours} hours, on "
        f"{market.rules.name}",
        rows=(
            Row("notional", market.money(found.notional)),
            Row("interest", market.money(found.interest), "on what is borrowed"),
            Row("funding", market.money(found.funding), "paid" if found.funding >= 0 else "received"),
            Row(
                "in all",
                market.money(total),
                f"{market.change(found.notional + total, found.notional)} of the notional",
            ),
        ),
        how=("A venue with these rules held it while the price stood still; trading fees are left out.",),
        rules=(
            f"borrow: rate_ppb = {rules.rate_ppb} for {rules.rate_hours} hours, clock = {rules.clock}",
            f"funding: every {_period(fact.funding.interval_ns)}, model {fact.funding.model}"
            if fact.funding.interval_ns
            else "funding: none",
        ),
        data={
            **header(market, "hold"),
            "side": given.side,
            "size": market.size_text(lots),
            "price": market.price_text(price),
            "hours": hours,
            "notional": market.money_text(found.notional),
            "interest": market.money_text(found.interest),
            "funding": market.money_text(found.funding),
            "total": market.money_text(total),
        },
    )


def _signed(given: argparse.Namespace, market: Market) -> tuple[int, int]:
    return (1 if given.side == "long" else -1), market.lots(given.size, "--size")


def _period(length_ns: int) -> str:
    """Return a length of time in the largest unit that it is whole in."""
    for unit, unit_ns in _PERIODS:
        if length_ns % unit_ns == 0:
            count = length_ns // unit_ns
            return unit if count == 1 else f"{count:,} {unit}s"
    return f"{length_ns:,} ns"


def _at(market: Market, ticks: int | None) -> str:
    """Return a price, or the range in which there is none."""
    if ticks is not None:
        return market.price(ticks)
    fact = market.instrument
    return f"at no price from {market.price(fact.min_price_ticks)} to {market.price(fact.max_price_ticks)}"


def _position(side: str, market: Market, lots: int) -> str:
    return f"A {side} of {market.size(lots)}"
