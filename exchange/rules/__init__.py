"""The venue's conventions: every choice on which respectable venues differ is a named field with a default."""

from exchange.rules.liquidation import LiquidationRules
from exchange.rules.orders import OrderRules, Protection
from exchange.rules.venue import Rules, load_rules
from exchange.rules.waterfall import (
    DebtRules,
    DeleveragingRules,
    FundRules,
    GuardRules,
    SocializationRules,
    WaterfallStep,
)

__all__ = [
    "DebtRules",
    "DeleveragingRules",
    "FundRules",
    "GuardRules",
    "LiquidationRules",
    "OrderRules",
    "Protection",
    "Rules",
    "SocializationRules",
    "WaterfallStep",
    "load_rules",
]
