"""Cascade: an event-driven exchange matching and liquidation engine.

`Exchange.apply(command)` returns what happened; `Exchange.run(records)` does the same for a buffer of records.
"""

from exchange.build import refuse_stale_extensions

refuse_stale_extensions()

from exchange._version import __version__
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import FundRules, LiquidationRules, OrderRules, Rules, load_rules

__all__ = [
    "Exchange",
    "FeeSchedule",
    "FundRules",
    "Instrument",
    "LiquidationRules",
    "MarginTier",
    "OrderRules",
    "Rules",
    "__version__",
    "load_rules",
]
