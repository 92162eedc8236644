"""`cascade calc`: the calculators on the command line."""

import argparse
from collections.abc import Callable
from typing import Any, Final

from replay.calc.answer import Answer
from replay.calc.market import SIDES, Market, open_market
from replay.calc.plan import STEPS
from replay.calc.position_answers import hold_answer, leverage_answer, liquidation_answer, margin_answer, size_answer
from replay.calc.venue_answers import cascade_answer, owe_answer
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

A longs.csv to begin with:
  account,instrument,size,entry_price,deposit,leverage
  1,THIN-PERP,1000,25,1600,10
  2,THIN-PERP,2000,25,3200,10
  3,THIN-PERP,500,25,2500,5
and a book.csv:
  side,price,size
  buy,23.4,300
  buy,23.1,500
"""

_OWE: Final = """\
examples:
  cascade calc owe --venue generic_linear --product perp --deposit 5000 --leverage 2 --entry 50000 --exit 25000
  cascade calc owe --venue my.toml --deposit 1000 --leverage 10 --entry 50000 --exit 40000 --gap
  cascade calc owe --venue my.toml --deposit 1000 --leverage 10 --entry 50000 --exit 40000 --stop 45000
  cascade calc owe --venue spot.toml --product spot --deposit 5000 --leverage 2 --entry 50000 --exit 25000 --hours 48
  cascade calc owe --venue spot.toml --product loan --deposit 50000 --leverage 2 --entry 50000 --exit 30000

Puts the deposit in, opens a position of deposit x leverage, lets the price go to the exit and closes it there, on a
real venue with these rules. spot: coins are bought with borrowed money, or borrowed coins are sold. loan: coins worth
the deposit are brought, and (leverage - 1) / leverage of that is taken out in money: a half at 2x.
The book takes any size at the price, unless --depth says how much stands at each level, a thousandth of the price
apart. With --gap the price is at the exit at once, and nothing trades on the way.
"""

_HOLD: Final = """\
examples:
  cascade calc hold --venue my.toml --side long --size 1 --price 50000 --hours 72 --funding-rate 0.01%
  cascade calc hold --venue spot.toml --side long --size 0.2 --price 50000 --leverage 2 --hours 48

What holding a position costs while the price does not move: funding at each payment of the market, interest on what is
borrowed by the venue's clock. It begins at the start of an hour.
"""

_PRODUCTS: Final = ("perp", "spot", "loan")


def add_calculators(parser: argparse.ArgumentParser) -> None:
    """Give `cascade calc` its subcommands; each sets `calculate`, which makes an Answer of what was given."""
    names = parser.add_subparsers(metavar="NAME", required=True)
    text = "liquidation and bankruptcy price of a position"
    liquidation = _calculator(names, "liquidation", liquidation_answer, text, _LIQUIDATION)
    _add_position(liquidation, "--entry", "price at which it was opened")
    behind = liquidation.add_mutually_exclusive_group()
    behind.add_argument("--margin", metavar="MONEY", help="isolated margin, where it is not the initial margin")
    behind.add_argument("--balance", metavar="MONEY", help="cross margin: the whole balance of the account")

    margin = _calculator(names, "margin", margin_answer, "margin that a position needs", _MARGIN)
    _add_position(margin, "--price", "price at which it is valued")

    size = _calculator(names, "size", size_answer, "size of a position for a risk and a stop", _SIZE)
    _add_side(size)
    size.add_argument("--equity", required=True, metavar="MONEY", help="what the account has")
    size.add_argument("--risk", required=True, metavar="SHARE", help="how much of it may be lost, such as 1%%")
    size.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    size.add_argument("--stop", required=True, metavar="PRICE", help="price at which it is closed at a loss")
    size.add_argument("--leverage", metavar="N", help="for the margin it needs; default: the instrument's")

    leverage = _calculator(names, "leverage", leverage_answer, "highest leverage that survives a move", _LEVERAGE)
    _add_side(leverage)
    leverage.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    leverage.add_argument("--size", required=True, metavar="SIZE", help="of the position; tiers depend on it")
    leverage.add_argument("--move", required=True, metavar="SHARE", help="against the position, such as 10%%")

    hold = _calculator(names, "hold", hold_answer, "cost of holding a position: funding and interest", _HOLD)
    _add_position(hold, "--price", "which does not move")
    hold.add_argument("--hours", required=True, metavar="N", help="how long, in whole hours")
    hold.add_argument("--funding-rate", metavar="SHARE", help="of each payment, such as 0.01%%; by default the rules'")

    cascade = _calculator(names, "cascade", cascade_answer, "what would liquidate at a price, in a book", _CASCADE)
    cascade.add_argument("--accounts", required=True, metavar="FILE", help="positions, as CSV or TOML")
    cascade.add_argument("--book", required=True, metavar="FILE_OR_SIZE@STEP", help="what stands in the book")
    cascade.add_argument("--price", required=True, metavar="PRICE", help="where the mark goes")

    owe = _calculator(names, "owe", owe_answer, "what a trade that goes wrong leaves, and who pays", _OWE)
    owe.add_argument("--product", choices=_PRODUCTS, default="perp", help="what is traded (default perp)")
    owe.add_argument("--side", choices=sorted(SIDES), default="long", help="default long")
    owe.add_argument("--deposit", required=True, metavar="MONEY", help="what the trader puts in")
    owe.add_argument("--leverage", metavar="N", help="position as a multiple of it; default: the instrument's")
    owe.add_argument("--entry", required=True, metavar="PRICE", help="price at which it is opened")
    owe.add_argument("--exit", required=True, metavar="PRICE", help="price at which it is closed, if it is still there")
    owe.add_argument("--stop", metavar="PRICE", help="trigger of a stop order that is placed with the position")
    owe.add_argument("--gap", action="store_true", help="the price jumps; nothing trades on the way")
    owe.add_argument("--steps", metavar="N", help=f"of the price on its way, where it does not gap (default {STEPS})")
    owe.add_argument("--hours", metavar="N", help="that the price takes; default: seconds, in which interest is small")
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
