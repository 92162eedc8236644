"""The level of an account, by equity and scaled maintenance margin. Pure functions of integers."""

from typing import Final

from exchange.units import PPM, div_ceil, div_floor

# The values of enums.AccountLevel.
NORMAL_LEVEL: Final = 0
NOTICE_LEVEL: Final = 1
RESTRICTED_LEVEL: Final = 2
LIQUIDATION_LEVEL: Final = 3
BACKSTOP_LEVEL: Final = 4


def threshold(maintenance: int, scale_ppm: int, is_equal_below: bool) -> int:
    """Return the least equity that is not below a level: maintenance x scale, rounded up, or one unit more than it.

    is_equal_below: equity exactly there counts as below, for an account that has a requirement. Nobody looks at
    the threshold of a level that is not used.
    """
    if is_equal_below and maintenance > 0:
        return div_floor(maintenance * scale_ppm, PPM) + 1
    return div_ceil(maintenance * scale_ppm, PPM)


def level_of(equity: int, maintenance: int, scales_ppm: list[int], is_equal_below: bool) -> int:
    """Return the lowest level whose threshold the equity is below; 0 is normal.

    scales_ppm: of notice, restriction, liquidation and backstop, 0 where not used. Source: DESIGN, section 6; HL, FTX.
    """
    level = len(scales_ppm)
    while level > 0:
        scale = scales_ppm[level - 1]
        if scale > 0 and equity < threshold(maintenance, scale, is_equal_below):
            return level
        level -= 1
    return level


def cure(equity: int, maintenance: int, scales_ppm: list[int], is_equal_below: bool) -> int:
    """Return the money that brings an account back to normal, 0 if it is."""
    needed = 0
    for scale in scales_ppm:
        if scale > 0:
            needed = max(needed, threshold(maintenance, scale, is_equal_below) - equity)
    return needed
