"""Conventions of the loss waterfall: who pays a deficit, and in which order."""

from typing import Final, Literal

import msgspec

from exchange.units import MAX_FEE_PPM, MAX_MONEY, MAX_SIZE_LOTS, PPM
from exchange.validation import expect

WaterfallStep = Literal["fund", "socialize"]

# In the order of the enum of their name.
DELEVERAGING_SCORES: Final = (
    "profit_leverage",
    "profit",
    "return_leverage",
    "wallet_ratio",
    "value_ratio",
    "size",
)


class FundRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The insurance fund.

    opening: money in it at the start. floor: what it never pays below.
    """

    opening: int = 0
    floor: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        expect(0 <= self.opening <= MAX_MONEY, "rules.fund", "opening in 0..2**60 - 1", self.opening)
        expect(0 <= self.floor <= MAX_MONEY, "rules.fund", "floor in 0..2**60 - 1", self.floor)


class DeleveragingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Auto-deleveraging: positions of the other side closed without the book.

    candidates: positions of the other side "in_profit", or "any". overlap: only those whose own bankruptcy price allows
        the price. min_lots: smaller positions are left alone.
    order: "rank" by score; "pro_rata" to size over all; "random" walks the candidates by ascending id from one that
        `seed` draws; "largest" closes the `largest` biggest pro rata to size.
    score: "profit_leverage" (BitMEX), "profit" (Bitfinex), "return_leverage" (Gate), "wallet_ratio" (Binance),
        "value_ratio" (Hyperliquid), "size", or "custom:NAME", a function registered with the venue's policies.
    price: the "bankruptcy" price of the liquidated, "mark", or a "split": the other side `split_ppm` of the way from
        bankruptcy to mark, the difference to the fund.
    refuse_negative: not where one of the two has negative equity, as at a delisting.
    ramp_ppm: closes at once only as much as the margin fraction has fallen below this, all of it at zero; 0: all.
    cancel_orders: the open orders of who is closed, in that instrument. fee_ppm: of the notional, from the other
        side to the venue.
    """

    candidates: Literal["in_profit", "any"] = "in_profit"
    overlap: bool = False
    min_lots: int = 1
    order: Literal["rank", "pro_rata", "random", "largest"] = "rank"
    score: str = "profit_leverage"
    largest: int = 10
    seed: int = 0
    price: Literal["bankruptcy", "mark", "split"] = "bankruptcy"
    split_ppm: int = 333_333
    refuse_negative: bool = False
    ramp_ppm: int = 0
    cancel_orders: bool = True
    fee_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.deleveraging"
        is_known = self.score in DELEVERAGING_SCORES or self.score.startswith("custom:")
        expect(is_known, where, f"score out of {DELEVERAGING_SCORES} or custom:NAME", self.score)
        expect(1 <= self.min_lots <= MAX_SIZE_LOTS, where, "min_lots in 1..2**46 - 1", self.min_lots)
        expect(1 <= self.largest <= 1_000_000, where, "largest in 1..1,000,000", self.largest)
        expect(0 <= self.seed <= MAX_MONEY, where, "seed in 0..2**60 - 1", self.seed)
        expect(0 <= self.split_ppm <= PPM, where, "split_ppm in 0..1,000,000", self.split_ppm)
        expect(0 <= self.ramp_ppm <= PPM, where, "ramp_ppm in 0..1,000,000", self.ramp_ppm)
        expect(0 <= self.fee_ppm <= MAX_FEE_PPM, where, "fee_ppm in 0..1,000,000", self.fee_ppm)
