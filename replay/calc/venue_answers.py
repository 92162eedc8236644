"""Answers that a venue is run for: cascades, and what is owed in the end."""

import argparse
from pathlib import Path
from typing import Any

from exchange.enums import LiquidationOutcome
from exchange.units import div_floor
from replay.calc.answer import Answer, Row, Table
from replay.calc.cascade import even_book, read_book, what_liquidates
from replay.calc.liquidations import Liquidation
from replay.calc.market import Market
from replay.calc.owe import what_is_owed, without_fees
from replay.calc.plan import STEPS, Outcome, Plan
from replay.calc.position_answers import MOST_HOURS
from replay.calc.rules_told import header, liquidation_rules
from replay.explain import story_of
from replay.population import load_accounts
from replay.sources.cells import parse_integer


def cascade_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc cascade`."""
    price = market.ticks(given.price, "--price")
    accounts = load_accounts(given.accounts, [market.instrument], 0)
    is_even = "@" in given.book and not Path(given.book).exists()
    book = even_book(given.book, market, price) if is_even else read_book(given.book, market)
    found = what_liquidates(market, accounts, book, price)
    rows = [
        Row("liquidated", f"{len({item.account for item in found.liquidations}):,} of {found.accounts:,} accounts"),
        Row("mark afterwards", "none" if found.mark_ticks is None else market.price(found.mark_ticks)),
        Row("insurance fund", f"{market.money(found.fund_start)} -> {market.money(found.fund_end)}"),
    ]
    if found.lowest is not None and found.highest is not None:
        rows.insert(1, Row("worst prices", f"{market.price(found.lowest)} to {market.price(found.highest)}"))
    if found.venue_loss:
        rows.append(Row("venue's own loss", market.money(found.venue_loss)))
    if found.refused:
        rows.append(Row("refused", f"{len(found.refused):,}", f"first: {found.refused[0]}"))
    return Answer(
        title=f"{market.symbol} marked at {market.price(price)}, on {market.rules.name}",
        rows=tuple(rows),
        table=Table(
            ("#", "account", "equity", "maintenance", "traded", "average", "worst", "set off by", "ended", "paid by"),
            tuple(_liquidation_cells(market, item) for item in found.liquidations),
        ),
        how=(
            "A venue with these rules was given the book and the positions, and then the mark. A trade a second at the",
            f"last price let it try again what it could not sell; it took {found.seconds:,} s.",
        ),
        rules=liquidation_rules(market),
        data={
            **header(market, "cascade"),
            "price": market.price_text(price),
            "accounts": found.accounts,
            "liquidations": [_liquidation_data(market, item) for item in found.liquidations],
            "seconds": found.seconds,
            "mark": None if found.mark_ticks is None else market.price_text(found.mark_ticks),
            "fund_start": market.money_text(found.fund_start),
            "fund_end": market.money_text(found.fund_end),
            "venue_loss": market.money_text(found.venue_loss),
            "refused": found.refused,
        },
    )


def owe_answer(given: argparse.Namespace, market: Market) -> Answer:
    """Answer `cascade calc owe`."""
    if given.no_fees:
        market = without_fees(market)
    steps = parse_integer(given.steps, "--steps", 1, 100_000) if given.steps else STEPS
    hours = parse_integer(given.hours, "--hours", 1, MOST_HOURS) if given.hours else 0
    plan = Plan(
        product=given.product,
        is_long=given.side == "long",
        deposit=market.amount(given.deposit, "--deposit"),
        leverage=market.leverage(given.leverage, "--leverage"),
        entry=market.ticks(given.entry, "--entry"),
        exit=market.ticks(given.exit, "--exit"),
        stop=None if given.stop is None else market.ticks(given.stop, "--stop"),
        steps=1 if given.gap else steps,
        hours=hours,
        depth_lots=None if given.depth is None else market.lots(given.depth, "--depth"),
    )
    found = what_is_owed(market, plan)
    left = found.balance + found.taken_out
    side = "collateral" if plan.product == "loan" else given.side
    less = "" if found.size_lots in (found.wanted_lots, -found.wanted_lots) else ", the most that its margin allows"
    rows = [
        Row("position", f"{side} {market.size(found.size_lots)}", f"worth {market.money(found.notional)}{less}"),
        Row(
            "equity at the exit", "none: the position was gone" if found.equity is None else market.money(found.equity)
        ),
    ]
    if not found.liquidations:
        rows.append(Row("liquidated", "no"))
    for item in found.liquidations:
        rows.append(Row("liquidated", f"with the mark at {market.price(item.mark)}", _sold(market, item)))
    if found.taken_out:
        rows.insert(1, Row("taken out", market.money(found.taken_out), "the loan"))
    for name, amount in found.costs._asdict().items():
        if amount:
            rows.append(Row(name, market.money(amount), "paid on the way" if amount > 0 else "received on the way"))
    change = f"{'lost' if left < plan.deposit else 'gained'} {market.money(abs(left - plan.deposit))}"
    with_loan = ", with the money that was taken out" if found.taken_out else ""
    rows.append(Row("balance in the end", market.money(found.balance), f"{change}{with_loan}"))
    if found.is_open:
        rows.append(Row("still open", "the book did not take all of it"))
    rows += [Row("paid", market.money(amount), f"by {payer}") for payer, amount in found.paid.items()]
    rows.append(Row("owed", market.money(found.owed) if found.owed else "nothing", _why(market, found)))
    return Answer(
        title=f"{market.money(plan.deposit)} at {plan.leverage}x in {market.symbol}, {given.side} from "
        f"{market.price(plan.entry)} to {market.price(plan.exit)}{', in one gap' if plan.steps == 1 else ''}, on "
        f"{market.rules.name}",
        rows=tuple(rows),
        story=story_of(found.story),
        how=(
            "A venue with these rules ran it: one trader, a recorded market maker, and account 2 on the other side.",
            _way(plan),
        ),
        rules=liquidation_rules(market),
        data={
            **header(market, "owe"),
            "product": given.product,
            "side": given.side,
            "deposit": market.money_text(plan.deposit),
            "leverage": plan.leverage,
            "entry": market.price_text(plan.entry),
            "exit": market.price_text(plan.exit),
            "size": market.size_text(abs(found.size_lots)),
            "notional": market.money_text(found.notional),
            "equity_at_exit": None if found.equity is None else market.money_text(found.equity),
            "wanted_size": market.size_text(found.wanted_lots),
            "taken_out": market.money_text(found.taken_out),
            "balance": market.money_text(found.balance),
            "is_open": found.is_open,
            **{name: market.money_text(amount) for name, amount in found.costs._asdict().items()},
            "owed": market.money_text(found.owed),
            "paid": {payer: market.money_text(amount) for payer, amount in found.paid.items()},
            "fund_start": market.money_text(found.fund_start),
            "fund_end": market.money_text(found.fund_end),
            "liquidations": [_liquidation_data(market, item) for item in found.liquidations],
            "story": [line.text for line in found.story],
        },
    )


def _way(plan: Plan) -> str:
    took = f"within {plan.hours} hours" if plan.hours else f"within {plan.steps} seconds"
    return f"The price went in {plan.steps} steps {took}." if plan.steps > 1 else "The price jumped, and stayed."


def _why(market: Market, found: Outcome) -> str:
    """Return which rule says that money is owed, or is not."""
    steps = ", ".join(market.rules.waterfall) or "nothing"
    if found.owed:
        return f"by rule: waterfall = {steps}; debt.owes = {market.rules.debt.owes}"
    if not found.paid:
        return "the trader's own money was enough"
    has_debt = "debt" in market.rules.waterfall
    return f"by rule: waterfall = {steps}, {'whose steps before debt paid it all' if has_debt else 'which has no debt'}"


def _sold(market: Market, item: Liquidation) -> str:
    """Return what became of a liquidated position, in words."""
    parts = []
    for fills in item.fills.values():
        average = market.teller.price(market.instrument.instrument_id, div_floor(fills.price_lots, fills.lots))
        did = "sold" if fills.side.name == "SELL" else "bought back"
        parts.append(f"{did} {market.size(fills.lots)} at {average} on average, {market.price(fills.worst)} at worst")
    parts += [words.format(market.size(lots)) for words, _, lots in item.moved]
    return "; ".join(parts) or "nothing could be sold"


def _ended(item: Liquidation) -> str:
    return "" if item.outcome is None else LiquidationOutcome(item.outcome).name.lower().replace("_", " ")


def _liquidation_cells(market: Market, item: Liquidation) -> tuple[str, ...]:
    lots = sum(fills.lots for fills in item.fills.values())
    total = sum(fills.price_lots for fills in item.fills.values())
    worst = next((fills.worst for fills in item.fills.values()), None)
    side = next((fills.side.name.lower() for fills in item.fills.values()), "")
    return (
        str(item.number),
        str(item.account),
        market.money_text(item.equity),
        market.money_text(item.maintenance),
        f"{side} {market.size_text(lots)}" if lots else "nothing",
        market.price_text(div_floor(total, lots)) if lots else "",
        "" if worst is None else market.price_text(worst),
        f"#{item.triggered_by}" if item.triggered_by else "",
        _ended(item) or "waits",
        "; ".join(
            [f"{payer} {market.money_text(amount)}" for payer, amount in item.paid.items()]
            + [f"owed {market.money_text(item.owed)}"] * (item.owed > 0)
        ),
    )


def _liquidation_data(market: Market, item: Liquidation) -> dict[str, Any]:
    lots = sum(fills.lots for fills in item.fills.values())
    total = sum(fills.price_lots for fills in item.fills.values())
    worst = next((fills.worst for fills in item.fills.values()), None)
    return {
        "liquidation": item.number,
        "account": item.account,
        "mark": market.price_text(item.mark),
        "equity": market.money_text(item.equity),
        "maintenance": market.money_text(item.maintenance),
        "triggered_by": item.triggered_by,
        "traded": market.size_text(lots),
        "average_price_floor": market.price_text(div_floor(total, lots)) if lots else None,
        "worst_price": None if worst is None else market.price_text(worst),
        "moved": [words.format(market.size(size)) for words, _, size in item.moved],
        "outcome": _ended(item) or None,
        "paid": {payer: market.money_text(amount) for payer, amount in item.paid.items()},
        "owed": market.money_text(item.owed),
        "surplus_to_fund": market.money_text(item.surplus),
    }
