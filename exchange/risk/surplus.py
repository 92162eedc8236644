"""Fee and surplus of a liquidation: what the fund gets of a fill, or pays for it. Pure functions of integers."""

from exchange.units import PPM, div_ceil


def uncapped_fee(fill_value: int, fee_ppm: int) -> int:
    """Return the liquidation fee on a fill's value, either sign, rounded up."""
    return div_ceil(abs(fill_value) * fee_ppm, PPM)


def fund_delta(lots: int, fill_value: int, needed: int, fee_ppm: int) -> int:
    """Return what the fund gets of a fill, its fee but not more than the surplus; negative: what it pays.

    fill_value, needed: what the account receives for the lots, and had to receive to be left with its share
    of equity used up; negative for a purchase. Whatever is below bankruptcy the fund pays. lots > 0, else ValueError.
    Source: dYdX, GetLiquidationInsuranceFundDelta; with 1,000,000 ppm the fund keeps the whole surplus (BTCMEX).
    """
    if lots <= 0:
        raise ValueError(f"expected a fill of lots > 0, found {lots}")
    surplus = fill_value - needed
    return surplus if surplus <= 0 else min(uncapped_fee(fill_value, fee_ppm), surplus)


def is_fund_able(available: int, floor: int, delta: int) -> bool:
    """Return whether the fund can bear what a fill would cost it; what it gains, it always can.

    Source: dYdX, IsValidInsuranceFundDelta: a fill that the fund could not cover is not made.
    """
    return delta >= 0 or available + delta >= floor


def fund_share(balance: int, share_ppm: int) -> int:
    """Return the fund's part of what a closed account has left, rounded up."""
    return div_ceil(balance * share_ppm, PPM)
