"""Conventions of the levels that an account passes on its way down: notice, restriction, liquidation, backstop."""

import msgspec

from exchange.units import PPM
from exchange.validation import check_types, expect

MAX_LEVEL_PPM = 100 * PPM


class LevelRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The levels, each a share of the maintenance margin in ppm: an account is at a level when equity is below.

    notice_ppm: a margin call, such as 1_250_000; restriction_ppm: no new risk; liquidation_ppm: the positions are sold;
        backstop_ppm: they are taken over without an order, such as 666_667 for two thirds, where the remainder rules
        name somebody to do it. 0: the level is not used (liquidation always is).
    is_equal_liquidated: equity exactly at a threshold counts as below it, for an account that has any requirement.
    """

    notice_ppm: int = 0
    restriction_ppm: int = 0
    liquidation_ppm: int = PPM
    backstop_ppm: int = 0
    is_equal_liquidated: bool = False

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.levels"
        check_types(self, where)
        for name in ("notice_ppm", "restriction_ppm", "backstop_ppm"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_LEVEL_PPM, where, f"{name} in 0..100,000,000", value)
        liquidation = self.liquidation_ppm
        expect(0 < liquidation <= MAX_LEVEL_PPM, where, "liquidation_ppm in 1..100,000,000", liquidation)
        used = [ppm for ppm in (self.notice_ppm, self.restriction_ppm, liquidation, self.backstop_ppm) if ppm > 0]
        expect(used == sorted(set(used), reverse=True), where, "levels that fall from notice to backstop", used)
