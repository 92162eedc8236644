"""The venue's conventions: every choice on which respectable venues differ is a named field with a default."""

from exchange.rules.levels import LevelRules
from exchange.rules.liquidation import (
    DisposalRules,
    LiquidationRules,
    PacingRules,
    PriceRules,
    ReductionRules,
    TakeoverRules,
)
from exchange.rules.margin import MarginRules, MarginTier, ScheduleRules
from exchange.rules.orders import AllocationRules, OrderRules, Protection
from exchange.rules.pricing import FundingRules, IndexRules, MarkRules, SettlementRules
from exchange.rules.spot import BorrowRules, RateTier, SpotTerms
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
    "AllocationRules",
    "BorrowRules",
    "DebtRules",
    "DeleveragingRules",
    "DisposalRules",
    "FundRules",
    "FundingRules",
    "GuardRules",
    "IndexRules",
    "LevelRules",
    "LiquidationRules",
    "MarginRules",
    "MarginTier",
    "MarkRules",
    "OrderRules",
    "PacingRules",
    "PriceRules",
    "Protection",
    "RateTier",
    "ReductionRules",
    "Rules",
    "ScheduleRules",
    "SettlementRules",
    "SocializationRules",
    "SpotTerms",
    "TakeoverRules",
    "WaterfallStep",
    "load_rules",
]
