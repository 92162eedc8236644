"""What an order does beyond trading: what it may do to a position, and which orders live and die with it.

Few orders have any of it. A market keeps their plans by order id while they are live (`LINKED_BIT` in their flags).
"""

from typing import final

from mypy_extensions import i64

from exchange.triggers.trail import Trail


@final
class Bracket:
    """The take-profit and the stop-loss of an entry order. Prices as in `BracketTerms`; 0 leaves a side out."""

    def __init__(self, take_profit: i64, take_profit_limit: i64, stop_loss: i64, stop_loss_limit: i64) -> None:
        """Begin without orders."""
        self.take_profit: i64 = take_profit
        self.take_profit_limit: i64 = take_profit_limit
        self.stop_loss: i64 = stop_loss
        self.stop_loss_limit: i64 = stop_loss_limit
        self.children: list[Plan] = []  # the newest pair: take-profit, stop-loss, of those there are


@final
class Plan:
    """Of one live order."""

    def __init__(self, order_id: i64, owner: i64, effect: i64) -> None:
        """Begin with an effect on the position (OrderEffect), and nothing else."""
        self.order_id: i64 = order_id
        self.owner: i64 = owner
        self.effect: i64 = effect
        self.side: i64 = 0  # of an order with an effect or a bracket, and of what a bracket brings
        self.entry: i64 = 0  # its turn among those that a position cuts; 0: it is none of them
        self.most_lots: i64 = 0  # what it has open at most, where a rule looks for the largest
        self.partner: Plan | None = None  # one of the two cancels the other
        self.bracket: Bracket | None = None
        self.brought_by: i64 = 0  # of a child of a bracket: the id of its entry
        self.trail: Trail | None = None
