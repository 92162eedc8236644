"""Conventions of the book."""

from typing import Literal

import msgspec

from exchange.units import MAX_PRICE_TICKS, MAX_QTY_LOTS, PPM
from exchange.validation import check_types, expect

Protection = Literal["none", "ticks", "ppm"]

_DAY_NS = 24 * 3600 * 10**9


class AllocationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an order trades with first among the resting orders at one price: a rule of the instrument.

    method: "price_time", the oldest first; "pro_rata", each in proportion to what it shows.
    The rest is of pro-rata. top_order: the order that made its price the best is filled first, in full.
    minimum_lots: smaller shares are not given. leftovers: who gets the lots that rounding down leaves: "time", the
        oldest, as many as it has; "one_lot", one to each, the oldest first, and round again; "largest", the order that
        shows most (the older of equals), as many as it has.
    """

    method: Literal["price_time", "pro_rata"] = "price_time"
    top_order: bool = False
    minimum_lots: int = 0
    leftovers: Literal["time", "one_lot", "largest"] = "time"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        check_types(self, "allocation")
        expect(0 <= self.minimum_lots <= MAX_QTY_LOTS, "allocation", "minimum_lots >= 0", self.minimum_lots)


class OrderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conventions of the book.

    amend_qty_down: what a smaller quantity at the same price does to the queue place.
    amend_below_filled: an amend to a total quantity that is filled already (AmendOrder.is_total_qty).
    market_remainder: what a market order could not trade is dropped, or rests as a limit at the last fill's price, or
        at its collar.
    market_protection: a collar for market orders, `protection_amount` ticks or ppm away from `protection_reference`
        (the opposite best when the order arrives, or the last trade; without a reference there is no collar).
        A ppm collar is rounded towards the reference.
    stop_protection_reference: the collar of an elected stop is measured as a market order's is, or from its trigger.
    post_only_cross: a post-only order that would take is refused, or repriced one tick behind the opposite best.
    self_trade: decided when the two orders of one account meet; never applied to the recorded market.
    stop_already_touched: a stop whose trigger the last trade has touched when it arrives is elected at once, or waits
        for the next trade.
    iceberg_refresh: an iceberg shows anew when its shown part is gone, or already when less than its `min_display_lots`
        is left of it; it goes to the back either way.
    iceberg_amend_up: an iceberg that gets more lots at the same price loses its place, or keeps it: its hidden part
        grows.
    iceberg_max_parts: in how many parts an iceberg may be shown, rounded up; it bounds the trades that one order can
        cause at one price.
    market_to_limit: such an order trades at any price and rests at its last fill's, or trades at the best price only
        and rests there.
    day_ends_ns: when DAY orders end, in nanoseconds after midnight UTC; -1: only when the market closes.
    stop_trigger_source: which price stops and take-profits watch that name none: the last trade's, the mark, the index,
        or the best price that the order could trade at.
    trigger_when_side_empty: what watches that best price waits while the side is empty, or a stop is elected.
    reduce_only_excess: a reduce-only order larger than the position is cut to it, or refused.
    reduce_only_cut: which resting reduce-only orders are cut when together they pass the position, the newest
        or the oldest first; or "each": none as long as each of them is no larger.
    close_position_after: pending orders that close the position stay when it is gone, for the next one, or are
        cancelled with it.
    oco_partial: what a fill of one of two linked orders takes from the other: as much, all of it, or nothing until the
        first is gone.
    """

    amend_qty_down: Literal["keep_priority", "lose_priority"] = "keep_priority"
    amend_below_filled: Literal["reject", "cancel"] = "reject"
    market_remainder: Literal["cancel", "limit_at_last_fill", "limit_at_collar"] = "cancel"
    market_protection: Protection = "none"
    protection_amount: int = 0
    protection_reference: Literal["best", "last"] = "best"
    stop_protection_reference: Literal["market", "trigger"] = "market"
    post_only_cross: Literal["reject", "reprice"] = "reject"
    self_trade: Literal["allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both"] = "cancel_taker"
    stop_already_touched: Literal["elect", "wait"] = "elect"
    iceberg_refresh: Literal["when_gone", "below_min_display"] = "when_gone"
    iceberg_amend_up: Literal["lose_priority", "keep_priority"] = "lose_priority"
    iceberg_max_parts: int = 10_000
    market_to_limit: Literal["any_price", "best_price"] = "any_price"
    day_ends_ns: int = 0
    stop_trigger_source: Literal["last", "mark", "index", "opposite_best"] = "last"
    trigger_when_side_empty: Literal["wait", "fire"] = "wait"
    reduce_only_excess: Literal["cap", "reject"] = "cap"
    reduce_only_cut: Literal["newest", "oldest", "each"] = "newest"
    close_position_after: Literal["keep", "cancel"] = "keep"
    oco_partial: Literal["reduce", "cancel", "keep"] = "reduce"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        check_types(self, "rules.orders")
        amount = self.protection_amount
        expect(0 <= amount <= MAX_PRICE_TICKS, "rules.orders", "protection_amount >= 0", amount)
        parts = self.iceberg_max_parts
        expect(1 <= parts <= MAX_QTY_LOTS, "rules.orders", "iceberg_max_parts >= 1", parts)
        is_time = -1 <= self.day_ends_ns < _DAY_NS
        expect(is_time, "rules.orders", f"day_ends_ns in -1..{_DAY_NS - 1}", self.day_ends_ns)
        if self.market_protection == "ppm":
            expect(amount < PPM, "rules.orders", "protection_amount < 1,000,000 ppm", amount)
