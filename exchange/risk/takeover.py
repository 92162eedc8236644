"""What a taker of a position pays, and how much it may take. Pure functions of integers."""

from exchange.units import PPM, div_ceil, div_floor


def taker_value(account_value: int, mark_value: int, mark_share_ppm: int) -> int:
    """Return what a taker pays for a position: so much of the way from the account's price to mark, rounded up.

    Signed as the position. What the taker pays above the account's value goes to the fund; below, the fund adds it.
    Source: FTX, two thirds of the zero price and a third of mark for the backstop's side.
    """
    return account_value + div_ceil((mark_value - account_value) * mark_share_ppm, PPM)


def lots_below_backstop(lots: int, equity: int, requirement: int) -> int:
    """Return how much of a position is taken over at a time: 1 - equity / requirement of it, rounded up.

    All of it where equity is negative. Source: FTX, size = (1 - MF / ACMF) x position.
    """
    if equity <= 0 or requirement <= 0:
        return lots
    return min(lots, div_ceil(lots * max(requirement - equity, 0), requirement))


def lots_within_capacity(taker_size: int, size: int, notional: int, allowed_notional: int) -> int:
    """Return how many lots of a position (signed size) a taker may take, so that its own is worth what is allowed.

    taker_size: what it holds of the instrument, signed; what reduces it is always allowed. notional: of the whole
    position at mark. allowed_notional: for this instrument, what other positions use taken off. Rounded down.
    Source: Binance, net notional of the fund's positions within its balance.
    """
    lots = abs(size)
    if notional <= 0:
        return lots
    most_held = max(0, div_floor(allowed_notional * lots, notional))
    held = taker_size if size > 0 else -taker_size  # in the direction of the position
    return min(lots, max(most_held - held, -held, 0))


def is_declined(equity: int, declines_insolvent: bool) -> bool:
    """Return whether a backstop passes an account of this equity by: it may decline insolvent ones.

    Source: Hyperliquid: a negative account goes to ADL, not to the vault.
    """
    return declines_insolvent and equity < 0
