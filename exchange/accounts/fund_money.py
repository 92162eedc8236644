"""The one way in which the fund wins or loses money in a market: its balance and what it won there move together."""

from exchange.accounts.ledger import FUND_SLOT, Ledger
from exchange.market import Market


def credit_fund(ledger: Ledger, market: Market, amount: int) -> None:
    """Put money into the fund that it won in a market, or take (negative) what it lost there.

    What the fund's own positions win is counted where every position's profit is (Clearing.change_position).
    """
    ledger.post(FUND_SLOT, amount)
    market.fund_profit += amount
