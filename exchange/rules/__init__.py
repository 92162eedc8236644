"""The venue's conventions: every choice on which respectable venues differ is a named field with a default."""

from exchange.rules.liquidation import LiquidationRules
from exchange.rules.margin import MarginRules, MarginTier, ScheduleRules
from exchange.rules.orders import OrderRules, Protection
from exchange.rules.pricing import FundingRules, IndexRules, MarkRules, SettlementRules
from exchange.rules.venue import Rules, load_rules
from exchange.rules.waterfall import DeleveragingRules, FundRules, WaterfallStep

__all__ = [
    "DeleveragingRules",
    "FundRules",
    "FundingRules",
    "IndexRules",
    "LiquidationRules",
    "MarginRules",
    "MarginTier",
    "MarkRules",
    "OrderRules",
    "Protection",
    "Rules",
    "ScheduleRules",
    "SettlementRules",
    "WaterfallStep",
    "load_rules",
]
