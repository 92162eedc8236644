"""Liquidations and accounts as tables for a terminal, the largest first."""

from collections.abc import Sequence
from typing import Final

from exchange.instrument import Instrument
from replay.observers.attribution import LiquidationRow
from replay.observers.outcomes import AccountRow
from replay.sentences import Teller, time_text
from replay.text_table import table_lines

_LIQUIDATION_HEAD: Final = (
    "#", "cause", "chain", "led to", "account", "position", "began", "mark", "bankrupt", "average", "notional",
    "from book", "levels", "fund paid", "lacked", "outcome",
)  # fmt: skip
_ACCOUNT_HEAD: Final = (
    "account", "group", "deposited", "equity", "gained", "fees", "liquidated", "at", "haircut", "deleveraged",
    "covered", "owes",
)  # fmt: skip


def liquidation_table(rows: Sequence[LiquidationRow], instruments: Sequence[Instrument], most: int) -> list[str]:
    """Return the liquidations with the most notional, ties by number; what was left out is counted.

    led to: how many it set off directly. levels: prices that its orders took from. Money in the venue's currency.
    """
    tell = Teller(instruments)
    cells: list[tuple[str, ...]] = [_LIQUIDATION_HEAD]
    ordered = sorted(rows, key=lambda row: (-row.notional, row.number))
    days = {time_text(row.started_ns)[:10] for row in rows}
    for row in ordered[:most]:
        number = row.instrument
        symbol = f" {tell.symbol(number)}" if len(instruments) > 1 else ""
        cells.append(
            (
                f"{row.number}",
                f"#{row.cause}" if row.cause else "market",
                f"{row.chain}",
                f"{row.triggered}",
                f"{row.account}",
                f"{row.side} {tell.size(number, abs(row.size_lots))}{symbol}" if row.size_lots else "none",
                time_text(row.started_ns)[11 if len(days) == 1 else 5 :],
                tell.price(number, row.mark_ticks) if row.mark_ticks else "",
                tell.price(number, row.bankruptcy_ticks) if row.bankruptcy_ticks else "",
                tell.price(number, row.average_ticks) if row.sold_lots else "",
                _plain(row.notional, tell),
                tell.size(number, row.depth_consumed) if row.depth_consumed else "",
                f"{row.levels_consumed}",
                _plain(row.fund_paid, tell),
                _plain(row.shortfall, tell),
                row.outcome.replace("_", " "),
            )
        )
    lines = [f"liquidations by notional, money in {tell.currency}", *table_lines(cells, left=(5, 15))]
    return lines + _rest(len(rows), most, "--attribution")


def account_table(rows: Sequence[AccountRow], instruments: Sequence[Instrument], most: int) -> list[str]:
    """Return the accounts that gained or lost the most, ties by id; what was left out is counted."""
    tell = Teller(instruments)
    cells: list[tuple[str, ...]] = [_ACCOUNT_HEAD]
    for row in sorted(rows, key=lambda row: (-abs(row.gain), row.account))[:most]:
        price = ""
        if row.liquidation_lots:
            price = tell.price(row.liquidation_instrument, row.average_liquidation_ticks)
        cells.append(
            (
                f"{row.account}",
                row.group,
                tell.money(row.deposited).rsplit(" ", 1)[0],
                tell.money(row.equity_end).rsplit(" ", 1)[0],
                tell.money(row.gain).rsplit(" ", 1)[0],
                _plain(row.fees, tell),
                f"{row.liquidated}" if row.liquidated else "",
                price,
                _plain(row.haircut, tell),
                f"{row.deleveraged_lots:,} lots" if row.deleveraged_lots else "",
                _plain(row.covered, tell),
                _plain(row.debt, tell),
            )
        )
    lines = [f"accounts by what they gained or lost, money in {tell.currency}", *table_lines(cells, left=(1,))]
    return lines + _rest(len(rows), most, "--accounts")


def _plain(amount: int, tell: Teller) -> str:
    """Return money without its currency; nothing for zero."""
    return tell.money(amount).rsplit(" ", 1)[0] if amount else ""


def _rest(count: int, most: int, option: str) -> list[str]:
    return [f"  and {count - most:,} more: {option} {count}, or --json"] if count > most else []
