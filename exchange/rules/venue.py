"""All conventions of one venue, and how they are read from plain values."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from exchange.errors import ConfigError
from exchange.rules.levels import LevelRules
from exchange.rules.liquidation import LiquidationRules
from exchange.rules.margin import MarginRules
from exchange.rules.orders import OrderRules
from exchange.rules.protections import ProtectionRules
from exchange.rules.spot import BorrowRules
from exchange.rules.waterfall import (
    TAKE_ALL,
    DebtRules,
    DeleveragingRules,
    FundRules,
    GuardRules,
    SocializationRules,
    WaterfallStep,
)
from exchange.validation import check_types, expect


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All conventions of one venue.

    clearing: 'margin' keeps balances, positions and the risk engine; 'none' is a bare matching venue, on which any
        account id may trade and nobody owns anything.
    waterfall: who pays a deficit, in order, nobody behind a step that takes all of it; what is left after the last is
        booked as the venue's loss.
    """

    name: str = "default"
    clearing: Literal["margin", "none"] = "margin"
    orders: OrderRules = OrderRules()
    protections: ProtectionRules = ProtectionRules()
    margin: MarginRules = MarginRules()
    levels: LevelRules = LevelRules()
    liquidation: LiquidationRules = LiquidationRules()
    borrow: BorrowRules = BorrowRules()
    fund: FundRules = FundRules()
    deleveraging: DeleveragingRules = DeleveragingRules()
    socialization: SocializationRules = SocializationRules()
    debt: DebtRules = DebtRules()
    guards: GuardRules = GuardRules()
    waterfall: tuple[WaterfallStep, ...] = ("fund", "socialize")

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        check_types(self, "rules")
        steps = self.waterfall
        expect(len(set(steps)) == len(steps), "rules", "waterfall without repetition", steps)
        takers = [step for step in steps[:-1] if step in TAKE_ALL]
        expect(not takers, "rules", "waterfall with nothing behind session, debt or write_off, which take all", steps)


def load_rules(mapping: Mapping[str, Any]) -> Rules:
    """Return the rules in a mapping of plain values, such as parsed TOML.

    Raises ConfigError for an unknown key, a wrong type or a value out of range, saying where.
    """
    try:
        return msgspec.convert(mapping, Rules)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        raise (cause if isinstance(cause, ConfigError) else ConfigError(f"rules: {error}")) from error
