"""`cascade calc`: the calculators on the command line."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from exchange.enums import LiquidationOutcome
from exchange.errors import ConfigError
from exchange.units import div_floor
from replay.calc.answer import Answer, Row, Table
from replay.calc.cascade import even_book, read_book, what_liquidates
from replay.calc.liquidations import Liquidation
from replay.calc.market import SIDES, Market, open_market, parse_rate
from replay.calc.owe import STEPS, Outcome, Plan, what_is_owed, without_fees
from replay.calc.position import leverage_for_move, margin_needed, position_prices, size_for_risk
from replay.explain import story_of
from replay.population import load_accounts
from replay.sources.cells import parse_integer
from replay.venues import preset_names

SUMMARY: Final = "liquidation prices, margin, sizes, cascades and debts, by a venue's rules"
MORE: Final = """\
examples:
  cascade calc liquidation --venue generic_linear --side long --entry 50000 --size 1 --leverage 10
  cascade calc size --venue generic_linear --side long --equity 10000 --risk 1% --entry 50000 --stop 49000
  cascade calc owe --venue generic_linear --product perp --deposit 5000 --leverage 2 --entry 50000 --exit 25000
  cascade calc cascade --venue demo_thin --accounts longs.csv --book 200@0.1% --price 23.5

`cascade calc NAME --help` explains each, with an example. Amounts are exact decimals; nothing is rounded unless it says
so. A share is written 1% or 0.01. --json prints one object with the same figures as decimal text.
"""

_LIQUIDATION: Final = """\
example:
  cascade calc liquidation --venue generic_linear --side long --entry 50000 --size 1 --leverage 10

A long of 1 BTC at 50,000 with 10x has 5,000 behind it. The venue liquidates it at the first mark at which equity (the
5,000 and what the position has won or lost) is below the maintenance margin, and nothing is left at the bankruptcy
price. With --balance the whole account stands behind the position (cross margin) instead of its initial margin alone
(isolated margin).
"""

_MARGIN: Final = """\
example:
  cascade calc margin --venue generic_linear --side short --price 50000 --size 2 --leverage 20

The initial margin is what opening it takes, the maintenance margin what keeping it takes. Large positions need more:
their maintenance rate rises by tiers.
"""

_SIZE: Final = """\
example:
  cascade calc size --venue generic_linear --side long --equity 10000 --risk 1% --entry 50000 --stop 49000

The largest position that loses at most 1 % of 10,000 if it is stopped at 49,000, taker fees both ways included. A stop
order is filled where the book trades, so that a gap loses more: `cascade calc owe --stop` shows it.
"""

_LEVERAGE: Final = """\
example:
  cascade calc leverage --venue generic_linear --side long --entry 50000 --size 1 --move 10%

The highest leverage at which the position, on its initial margin alone, is not liquidated by a move of 10 % against it.
"""

_CASCADE: Final = """\
examples:
  cascade calc cascade --venue demo_thin --accounts longs.csv --book 200@0.1% --price 23.5
  cascade calc cascade --venue my.toml --accounts longs.csv --book book.csv --price 23.5

What would liquidate if the mark were 23.5, in what order, and at what prices in this book. --accounts: positions as for
`cascade run` (account,instrument,size,entry_price,deposit,leverage). --book: a CSV file with the columns side (buy or
sell), price and size, or SIZE@STEP for a book of that size at each step from the price on, STEP a price or a share.
A real venue runs it: where the last trade is the mark, each liquidation moves the mark for the next.
"""

_OWE: Final = """\
examples:
  cascade calc owe --venue generic_linear --product perp --deposit 5000 --leverage 2 --entry 50000 --exit 25000
  cascade calc owe --venue my.toml --deposit 1000 --leverage 10 --entry 50000 --exit 40000 --gap
  cascade calc owe --venue my.toml --deposit 1000 --leverage 10 --entry 50000 --exit 40000 --stop 45000

Puts the deposit in, opens a position of deposit x leverage, lets the price go to the exit and closes it there, on a
real venue with these rules. The book takes any size at the price, unless --depth says how much stands at each level, a
thousandth of the price apart. With --gap the price is at the exit at once, and nothing trades on the way.
"""

_PRODUCTS: Final = ("perp", "spot", "loan")


def add_calculators(parser: argparse.ArgumentParser) -> None:
    """Give `cascade calc` its subcommands; each sets `calculate`, which makes an Answer of what was given."""
    names = parser.add_subparsers(metavar="NAME", required=True)
    text = "liquidation and bankruptcy price of a position"
    liquidation = _calculator(names, "liquidation", _liquidation, text, _LIQUIDATION)
    _add_position(liquidation, "--entry", "price at which it was opened")
    behind = liquidation.add_mutually_exclusive_group()
    behind.add_argument("--margin", metavar="MONEY", help="isolated margin, where it is not the initial margin")
    behind.add_argument("--balance", metavar="MONEY", help="cross margin: the whole balance of the account")

    margin = _calculator(names, "margin", _margin, "margin that a position needs", _MARGIN)
    _add_position(margin, "--price", "price at which it is valued")

    size = _calculator(names, "size", _size, "size of a position for a risk and a stop", _SIZE)
    _add_side(size)
    size.add_argument("--equity", required=True, metavar="MONEY", help="what the account has")
    size.add_argument("--risk", required=True, metavar="SHARE", help="how much of it may be lost, such as 1%%")
    size.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    size.add_argument("--stop", required=True, metavar="PRICE", help="price at which it is closed at a loss")
    size.add_argument("--leverage", metavar="N", help="for the margin it needs; default: the instrument's")

    leverage = _calculator(names, "leverage", _leverage, "highest leverage that survives a move", _LEVERAGE)
    _add_side(leverage)
    leverage.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    leverage.add_argument("--size", required=True, metavar="SIZE", help="of the position; tiers depend on it")
    leverage.add_argument("--move", required=True, metavar="SHARE", help="against the position, such as 10%%")

    cascade = _calculator(names, "cascade", _cascade, "what would liquidate at a price, in a book", _CASCADE)
    cascade.add_argument("--accounts", required=True, metavar="FILE", help="positions, as CSV or TOML")
    cascade.add_argument("--book", required=True, metavar="FILE_OR_SIZE@STEP", help="what stands in the book")
    cascade.add_argument("--price", required=True, metavar="PRICE", help="where the mark goes")

    owe = _calculator(names, "owe", _owe, "what a trade that goes wrong leaves, and who pays", _OWE)
    owe.add_argument("--product", choices=_PRODUCTS, default="perp", help="what is traded (default perp)")
    owe.add_argument("--side", choices=sorted(SIDES), default="long", help="default long")
    owe.add_argument("--deposit", required=True, metavar="MONEY", help="what the trader puts in")
    owe.add_argument("--leverage", metavar="N", help="position as a multiple of it; default: the instrument's")
    owe.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    owe.add_argument("--exit", required=True, metavar="PRICE", help="price at which it is closed, if it is still there")
    owe.add_argument("--stop", metavar="PRICE", help="trigger of a stop order that is placed with the position")
    owe.add_argument("--gap", action="store_true", help="the price jumps; nothing trades on the way")
    owe.add_argument("--steps", metavar="N", help=f"of the price on its way, where it does not gap (default {STEPS})")
    owe.add_argument("--depth", metavar="SIZE", help="of each level of the book; default: any size at the price")
    owe.add_argument("--no-fees", action="store_true", help="leave trading fees out, as textbooks do")


def calculate(given: argparse.Namespace) -> str:
    """Return what is to be printed."""
    answer: Answer = given.calculate(given, open_market(given.venue, given.instrument))
    return answer.json() if given.json else answer.text()


def _calculator(
    names: Any, name: str, act: Callable[[argparse.Namespace, Market], Answer], summary: str, more: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = names.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    presets = ", ".join(preset_names())
    parser.add_argument("--venue", required=True, metavar="FILE_OR_NAME", help=f"rules as TOML, or one of: {presets}")
    parser.add_argument("--instrument", metavar="SYMBOL", help="which of its markets, where it has several")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(calculate=act)
    return parser


def _add_side(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--side", required=True, choices=sorted(SIDES), help="of the position")


def _add_position(parser: argparse.ArgumentParser, price: str, meaning: str) -> None:
    _add_side(parser)
    parser.add_argument(price, required=True, metavar="PRICE", help=meaning)
    parser.add_argument("--size", required=True, metavar="SIZE", help="of the position, in units of the instrument")
    parser.add_argument("--leverage", metavar="N", help="default: the instrument's")


# --- the calculators ---------------------------------------------------------------------------------------------


def _liquidation(given: argparse.Namespace, market: Market) -> Answer:
    sign, lots = _signed(given, market)
    entry, leverage = market.ticks(given.entry, "--entry"), market.leverage(given.leverage, "--leverage")
    stated = given.margin or given.balance
    name = "--margin" if given.margin else "--balance"
    behind = None if stated is None else market.amount(stated, name)
    found = position_prices(market, sign * lots, entry, leverage, behind)
    mode = "cross" if given.balance else "isolated"

    def told(ticks: int | None) -> str:
        return "at no price" if ticks is None else f"{market.price(ticks)}   {market.change(ticks, entry)}"

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
        rules=_margin_rules(market),
        data={
            **_header(given, market, "liquidation"),
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


def _margin(given: argparse.Namespace, market: Market) -> Answer:
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
        rules=_margin_rules(market),
        data={
            **_header(given, market, "margin"),
            "side": given.side,
            "size": market.size_text(lots),
            "price": market.price_text(price),
            "leverage": leverage,
            "notional": market.money_text(found.notional),
            "initial_margin": market.money_text(found.initial),
            "maintenance_margin": market.money_text(found.maintenance),
        },
    )


def _size(given: argparse.Namespace, market: Market) -> Answer:
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
        **_header(given, market, "size"),
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
        at = "at no price" if prices.liquidated_at is None else market.price(prices.liquidated_at)
        rows.append(Row("liquidated at", at, "with the whole equity behind it"))
        data |= {
            "leverage": leverage,
            "initial_margin": market.money_text(prices.initial),
            "is_affordable": prices.initial <= equity,
            "liquidation_price": None if prices.liquidated_at is None else market.price_text(prices.liquidated_at),
        }
    fees = market.instrument.fees
    return Answer(
        title=f"A {given.side} in {market.symbol} from {market.price(entry)} with a stop at {market.price(stop)}, on "
        f"{market.rules.name}",
        rows=tuple(rows),
        how=("The most lots with size x |entry - stop| + taker fees of both orders <= risk.",),
        rules=(f"fees.taker_ppm = {fees.taker_ppm}", *_margin_rules(market)),
        data=data,
    )


def _leverage(given: argparse.Namespace, market: Market) -> Answer:
    sign, lots = _signed(given, market)
    entry, move = market.ticks(given.entry, "--entry"), parse_rate(given.move, "--move")
    if move <= 0:
        raise ConfigError(f"--move: expected a share above 0, found {given.move}")
    found = leverage_for_move(market, sign * lots, entry, move)
    at = "at no price" if found.liquidated_at is None else market.price(found.liquidated_at)
    return Answer(
        title=f"{_position(given.side, market, lots)} from {market.price(entry)} that has to survive {given.move} "
        f"against it, on {market.rules.name}",
        rows=(
            Row("has to survive", market.price(found.adverse)),
            Row("highest leverage", f"{found.leverage}x" if found.leverage else "none, not even 1x"),
            Row("margin behind it", market.money(found.balance), "the initial margin"),
            Row("liquidated at", at),
        ),
        how=("The highest whole leverage whose initial margin alone keeps the position from liquidation there.",),
        rules=(f"max_leverage = {market.instrument.max_leverage}", *_margin_rules(market)),
        data={
            **_header(given, market, "leverage"),
            "side": given.side,
            "size": market.size_text(lots),
            "entry": market.price_text(entry),
            "adverse_price": market.price_text(found.adverse),
            "max_leverage": found.leverage,
            "initial_margin": market.money_text(found.balance),
            "liquidation_price": None if found.liquidated_at is None else market.price_text(found.liquidated_at),
        },
    )


def _cascade(given: argparse.Namespace, market: Market) -> Answer:
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
        how=("A venue with these rules was given the book and the positions, and then the mark.",),
        rules=_liquidation_rules(market),
        data={
            **_header(given, market, "cascade"),
            "price": market.price_text(price),
            "accounts": found.accounts,
            "liquidations": [_liquidation_data(market, item) for item in found.liquidations],
            "mark": None if found.mark_ticks is None else market.price_text(found.mark_ticks),
            "fund_start": market.money_text(found.fund_start),
            "fund_end": market.money_text(found.fund_end),
            "venue_loss": market.money_text(found.venue_loss),
            "refused": found.refused,
        },
    )


def _owe(given: argparse.Namespace, market: Market) -> Answer:
    if given.product != "perp":
        raise ConfigError(f"--product: expected perp, found {given.product}, which is not there yet")
    if given.no_fees:
        market = without_fees(market)
    steps = parse_integer(given.steps, "--steps", 1, 100_000) if given.steps else STEPS
    plan = Plan(
        is_long=given.side == "long",
        deposit=market.amount(given.deposit, "--deposit"),
        leverage=market.leverage(given.leverage, "--leverage"),
        entry=market.ticks(given.entry, "--entry"),
        exit=market.ticks(given.exit, "--exit"),
        stop=None if given.stop is None else market.ticks(given.stop, "--stop"),
        steps=1 if given.gap else steps,
        depth_lots=None if given.depth is None else market.lots(given.depth, "--depth"),
    )
    found = what_is_owed(market, plan)
    lost = plan.deposit - found.balance
    rows = [
        Row("position", f"{given.side} {market.size(found.size_lots)}", f"worth {market.money(found.notional)}"),
        Row(
            "equity at the exit", "none: the position was gone" if found.equity is None else market.money(found.equity)
        ),
    ]
    if not found.liquidations:
        rows.append(Row("liquidated", "no"))
    for item in found.liquidations:
        rows.append(Row("liquidated", f"with the mark at {market.price(item.mark)}", _sold(market, item)))
    rows.append(Row("balance in the end", market.money(found.balance), f"lost {market.money(lost)} of the deposit"))
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
            f"The price went in {plan.steps} steps of a second."
            if plan.steps > 1
            else "The price went there at once, and stayed.",
        ),
        rules=_liquidation_rules(market),
        data={
            **_header(given, market, "owe"),
            "product": given.product,
            "side": given.side,
            "deposit": market.money_text(plan.deposit),
            "leverage": plan.leverage,
            "entry": market.price_text(plan.entry),
            "exit": market.price_text(plan.exit),
            "size": market.size_text(abs(found.size_lots)),
            "notional": market.money_text(found.notional),
            "equity_at_exit": None if found.equity is None else market.money_text(found.equity),
            "balance": market.money_text(found.balance),
            "owed": market.money_text(found.owed),
            "paid": {payer: market.money_text(amount) for payer, amount in found.paid.items()},
            "fund_start": market.money_text(found.fund_start),
            "fund_end": market.money_text(found.fund_end),
            "liquidations": [_liquidation_data(market, item) for item in found.liquidations],
            "story": [line.text for line in found.story],
        },
    )


# --- what they share ---------------------------------------------------------------------------------------------


def _signed(given: argparse.Namespace, market: Market) -> tuple[int, int]:
    return (1 if given.side == "long" else -1), market.lots(given.size, "--size")


def _position(side: str, market: Market, lots: int) -> str:
    return f"A {side} of {market.size(lots)}"


def _header(given: argparse.Namespace, market: Market, name: str) -> dict[str, Any]:
    return {"calculator": name, "venue": market.rules.name, "instrument": market.symbol}


def _margin_rules(market: Market) -> tuple[str, ...]:
    """Return the rules that maintenance follows from, as the venue file has them."""
    fact = market.instrument
    told = []
    previous = 0
    for tier in fact.margin_tiers:
        span = f"above {market.money(previous)}" if previous else "from 0"
        upper = f" up to {market.money(tier.up_to)}" if tier.up_to else ""
        told.append(f"margin_tiers: maintenance_ppm = {tier.maintenance_ppm} of the notional {span}{upper}")
        previous = tier.up_to
    return tuple(told)


def _liquidation_rules(market: Market) -> tuple[str, ...]:
    rules = market.rules
    return (
        f"liquidation.order = {rules.liquidation.order}, surplus = {rules.liquidation.surplus}",
        f"waterfall = {', '.join(rules.waterfall) or 'nothing'}: who pays what an account cannot, in this order",
        f"fund.opening = {market.money(rules.fund.opening)}, mark_source = {market.instrument.mark_source}",
    )


def _sold(market: Market, item: Liquidation) -> str:
    """Return what became of a liquidated position, in words."""
    parts = []
    for fills in item.fills.values():
        average = market.teller.price(market.instrument.instrument_id, div_floor(fills.price_lots, fills.lots))
        did = "sold" if fills.side.name == "SELL" else "bought back"
        parts.append(f"{did} {market.size(fills.lots)} at {average} on average, {market.price(fills.worst)} at worst")
    parts += [words.format(market.size(lots)) for words, _, lots in item.moved]
    return "; ".join(parts) or "nothing could be sold"


def _why(market: Market, found: Outcome) -> str:
    """Return which rule says that money is owed, or is not."""
    steps = ", ".join(market.rules.waterfall) or "nothing"
    if found.owed:
        return f"by rule: the waterfall ({steps}) books debt"
    if not found.paid:
        return "the trader's own money was enough"
    return f"by rule: the waterfall ({steps}) has others pay what the deposit could not"


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
        "; ".join(f"{payer} {market.money_text(amount)}" for payer, amount in item.paid.items()),
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
