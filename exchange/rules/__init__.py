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
from exchange.rules.phases import (
    BandRules,
    BreakerRules,
    DynamicBandRules,
    LimitRules,
    PhaseRules,
    PhaseTime,
    StopLogicRules,
)
from exchange.rules.pricing import FundingRules, IndexRules, MarkRules, SettlementRules
from exchange.rules.protections import ProtectionRules
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
    "BandRules",
    "BorrowRules",
    "BreakerRules",
    "DebtRules",
    "DeleveragingRules",
    "DisposalRules",
    "DynamicBandRules",
    "FundRules",
    "FundingRules",
    "GuardRules",
    "IndexRules",
    "LevelRules",
    "LimitRules",
    "LiquidationRules",
    "MarginRules",
    "MarginTier",
    "MarkRules",
    "OrderRules",
    "PacingRules",
    "PhaseRules",
    "PhaseTime",
    "PriceRules",
    "Protection",
    "ProtectionRules",
    "RateTier",
    "ReductionRules",
    "Rules",
    "ScheduleRules",
    "SettlementRules",
    "SocializationRules",
    "SpotTerms",
    "StopLogicRules",
    "TakeoverRules",
    "WaterfallStep",
    "load_rules",
]
