"""The venue's conventions: every choice on which respectable venues differ is a named field with a default."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from exchange.errors import ConfigError
from exchange.units import MAX_MONEY, MAX_PRICE_TICKS, PPM
from exchange.validation import check_types, expect

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


class RiskRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conventions of liquidation and of the loss waterfall.

    liquidation_order: an IOC at the leg's bankruptcy price, or a market order at once.
    max_attempts: IOC orders sent for a leg before the remainder goes as a market order; what that leaves unfilled is
        taken over by the fund at mark.
    recheck: an account that is back at or above maintenance before a retry is released.
    surplus: who keeps the equity left when the position is closed.
    fund_opening: money in the insurance fund at the start. fund_floor: what it never pays below.
    waterfall: who pays a deficit, in order; what is left is booked as the venue's loss.
    """

    liquidation_order: Literal["ioc_at_bankruptcy", "market"] = "ioc_at_bankruptcy"
    max_attempts: int = 3
    recheck: bool = True
    surplus: Literal["fund", "trader"] = "fund"
    fund_opening: int = 0
    fund_floor: int = 0
    waterfall: tuple[Literal["fund", "socialize"], ...] = ("fund", "socialize")


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All conventions of one venue.

    clearing: 'margin' keeps balances, positions and the risk engine; 'none' is a bare matching venue, on which any
        account id may trade and nobody owns anything.
    """

    name: str = "default"
    clearing: Literal["margin", "none"] = "margin"
    orders: OrderRules = OrderRules()
    risk: RiskRules = RiskRules()

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        check_types(self, "rules")
        orders, risk = self.orders, self.risk
        expect(
            0 <= orders.protection_amount <= MAX_PRICE_TICKS,
            "rules",
            "orders.protection_amount >= 0",
            orders.protection_amount,
        )
        if orders.market_protection == "ppm":
            expect(
                orders.protection_amount < PPM,
                "rules",
                "orders.protection_amount < 1,000,000 ppm",
                orders.protection_amount,
            )
        expect(1 <= risk.max_attempts <= 1_000_000, "rules", "risk.max_attempts in 1..1,000,000", risk.max_attempts)
        expect(0 <= risk.fund_opening <= MAX_MONEY, "rules", "risk.fund_opening in 0..2**60 - 1", risk.fund_opening)
        expect(0 <= risk.fund_floor <= MAX_MONEY, "rules", "risk.fund_floor in 0..2**60 - 1", risk.fund_floor)
        expect(
            len(set(risk.waterfall)) == len(risk.waterfall),
            "rules",
            "risk.waterfall without repetition",
            risk.waterfall,
        )


def load_rules(mapping: Mapping[str, Any]) -> Rules:
    """Return the rules in a mapping of plain values, such as parsed TOML.

    Raises ConfigError for an unknown key, a wrong type or a value out of range, saying where.
    """
    try:
        return msgspec.convert(mapping, Rules)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        raise (cause if isinstance(cause, ConfigError) else ConfigError(f"rules: {error}")) from error
