"""Conventions of the book."""

from typing import Literal

import msgspec

from exchange.units import MAX_PRICE_TICKS, PPM
from exchange.validation import expect

Protection = Literal["none", "ticks", "ppm"]


class OrderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conventions of the book.

    amend_qty_down: what a smaller quantity at the same price does to the queue place.
    amend_below_filled: an amend to a total quantity that is filled already (AmendOrder.is_total_qty).
    market_remainder: what a market order could not trade is dropped, or rests as a limit at the last fill's price.
    market_protection: a collar for market orders, `protection_amount` ticks or ppm away from `protection_reference`
        (the opposite best when the order arrives, or the last trade; without a reference there is no collar).
        A ppm collar is rounded towards the reference.
    post_only_cross: a post-only order that would take is refused, or repriced one tick behind the opposite best.
    self_trade: decided when the two orders of one account meet; never applied to the recorded market.
    stop_already_touched: a stop whose trigger the last trade has touched when it arrives is elected at once, or waits
        for the next trade.
    stop_trigger_source: which price stops and take-profits watch that name none: the last trade's, the mark, the index,
        or the best price that the order could trade at.
    trigger_when_side_empty: what watches that best price waits while the side is empty, or a stop is elected.
    reduce_only_excess: a reduce-only order larger than the position is cut to it, or refused.
    reduce_only_cut: which resting reduce-only orders are cut when together they pass the position, the newest
        or the oldest first; or "each": none as long as each of them is no larger.
    oco_partial: what a fill of one of two linked orders takes from the other: as much, all of it, or nothing until the
        first is gone.
    """

    amend_qty_down: Literal["keep_priority", "lose_priority"] = "keep_priority"
    amend_below_filled: Literal["reject", "cancel"] = "reject"
    market_remainder: Literal["cancel", "limit_at_last_fill"] = "cancel"
    market_protection: Protection = "none"
    protection_amount: int = 0
    protection_reference: Literal["best", "last"] = "best"
    post_only_cross: Literal["reject", "reprice"] = "reject"
    self_trade: Literal["allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both"] = "cancel_taker"
    stop_already_touched: Literal["elect", "wait"] = "elect"
    stop_trigger_source: Literal["last", "mark", "index", "opposite_best"] = "last"
    trigger_when_side_empty: Literal["wait", "fire"] = "wait"
    reduce_only_excess: Literal["cap", "reject"] = "cap"
    reduce_only_cut: Literal["newest", "oldest", "each"] = "newest"
    oco_partial: Literal["reduce", "cancel", "keep"] = "reduce"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        amount = self.protection_amount
        expect(0 <= amount <= MAX_PRICE_TICKS, "rules.orders", "protection_amount >= 0", amount)
        if self.market_protection == "ppm":
            expect(amount < PPM, "rules.orders", "protection_amount < 1,000,000 ppm", amount)
