"""The venue's conventions: every choice on which respectable venues differ is a named field with a default."""

from exchange.rules.liquidation import LiquidationRules
from exchange.rules.orders import OrderRules, Protection
from exchange.rules.spot import BorrowRules, RateTier, SpotTerms
from exchange.rules.venue import Rules, load_rules
from exchange.rules.waterfall import DeleveragingRules, FundRules, WaterfallStep

__all__ = [
    "BorrowRules",
    "DeleveragingRules",
    "FundRules",
    "LiquidationRules",
    "OrderRules",
    "Protection",
    "RateTier",
    "Rules",
    "SpotTerms",
    "WaterfallStep",
    "load_rules",
]
