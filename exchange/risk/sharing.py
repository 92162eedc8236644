"""Who pays how much of a loss: pure functions of integers, exact to the unit, with a stated holder of every remainder.

Nothing here knows an account: a list of weights goes in, a list of shares at the same places comes out.
"""

from typing import Final

from exchange.units import PPB, PPM, div_ceil, div_floor, split_exact

NO_CAP: Final = -1


def share_out(total: int, weights: list[int], remainder: str) -> list[int]:
    """Return shares of `total` in proportion to `weights`, each rounded down.

    remainder: who takes what rounding leaves. "last", "first": of the list; "largest": the greatest weight, the first
    of equals; each at most up to its weight, then its neighbour (the next largest). "venue": nobody, so that the shares
    fall short of `total` by less than their number. total >= 0 and at most the sum of the weights, where a share is not
    to exceed its weight; weights >= 0 with a positive sum, or ValueError. Sources: Vega (last), Crypto.com.
    """
    if remainder == "last":
        return split_exact(total, weights)
    if remainder == "venue":
        base = sum(weights)
        if base <= 0:
            raise ValueError(f"expected weights with a positive sum, found {base}")
        return [total * weight // base for weight in weights]
    places = list(range(len(weights)))
    places.reverse()
    if remainder == "largest":
        keys = [(weights[place], -place) for place in places]
        keys.sort()
        places = [-place for _, place in keys]
    shares_in_order = split_exact(total, [weights[place] for place in places])
    shares = [0] * len(weights)
    for place, share in zip(places, shares_in_order, strict=True):
        shares[place] = share
    return shares


def fund_claim(deficit: int, available: int, max_claim: int, window_left: int, drawdown_left: int) -> int:
    """Return what a fund pays of a deficit: no more than it has above its floor, nor than any cap; a cap of -1 is none.

    Sources: Drift (a cap per claim), Bybit (drawdown), Vega (all it has).
    """
    paid = min(deficit, max(0, available))
    for cap in (max_claim, window_left, drawdown_left):
        if cap >= 0 and cap < paid:
            paid = cap
    return paid


def share_collected(collected: int, wins: list[int], remainder: str) -> list[int]:
    """Return what each winner of a round receives of what was collected: all of it where it is enough.

    Else floor(win x collected / all wins), so that the haircut is rounded up; the remainder by rule. Source: Vega,
    where it goes to the last winner.
    """
    if collected >= sum(wins):
        return list(wins)
    return share_out(collected, wins, remainder)


def levy_or_share(shortfall: int, profits: list[int], levy_ppm: int, remainder: str) -> list[int]:
    """Return what each profit pays: a flat levy where that is more than the shortfall, else its share of the shortfall.

    The levy is rounded down, and what it brings beyond the shortfall is the fund's. A shortfall above all profits takes
    them whole. Source: Crypto.com, 1 %.
    """
    base = sum(profits)
    if base == 0:
        return [0] * len(profits)
    if levy_ppm > 0:
        levies = [profit * levy_ppm // PPM for profit in profits]
        if sum(levies) > shortfall:
            return levies
    return share_out(min(shortfall, base), profits, remainder)


def open_interest_rate(loss: int, open_lots: int) -> int:
    """Return what every open lot, long and short, pays of a loss: rounded up, so that it is covered. Source: Drift."""
    return div_ceil(loss, open_lots) if open_lots > 0 else 0


def open_interest_shares(loss: int, lots: list[int], limits: list[int]) -> list[int]:
    """Return what each open position pays: the rate times its lots, at most its limit."""
    rate = open_interest_rate(loss, sum(lots))
    return [min(rate * size, max(0, limit)) for size, limit in zip(lots, limits, strict=True)]


def clawback_rate(loss: int, profit: int) -> int:
    """Return the share of every net profit that pays a loss, in ppb: rounded down, at most all. Source: OKEx."""
    if profit <= 0:
        return 0
    return min(PPB, div_floor(loss * PPB, profit))


def lender_cut_rate(loss: int, pool: int) -> int:
    """Return the share of every lender's principal that is lost, in ppb: rounded up, at most all. Source: Drift."""
    if pool <= 0:
        return 0
    return min(PPB, div_ceil(loss * PPB, pool))


def lender_cut(principal: int, rate_ppb: int) -> int:
    """Return what one lender loses of a principal: rounded up, at most all."""
    return min(principal, div_ceil(principal * rate_ppb, PPB))


def lender_cuts(loss: int, principals: list[int]) -> list[int]:
    """Return what every lender loses of a loss, all by one rate; together that may be more than the loss."""
    rate = lender_cut_rate(loss, sum(principals))
    return [lender_cut(principal, rate) for principal in principals]


def is_gated(now_ns: int, seen_ns: int, length_ns: int) -> bool:
    """Return whether withdrawals are stopped: negative equity was seen less than a length ago. Source: dYdX v4."""
    return now_ns - seen_ns < length_ns


def drawdown_ratio(change: int, pool_most: int) -> int:
    """Return an instrument's profit below its highest in the window over the pool's highest, in ppm, rounded down."""
    if pool_most <= 0:
        return -PPM
    return div_floor(change * PPM, pool_most)


def drawdown_room(change: int, pool_most: int, trigger_ppm: int) -> int:
    """Return what the fund may still lose on an instrument until the trigger is reached; negative: what is beyond."""
    return pool_most * trigger_ppm // PPM + change


def is_drawn_down(change: int, pool_most: int, trigger_ppm: int, stop_ppm: int, is_running: bool) -> bool:
    """Return whether a fund's drawdown in one instrument has it stop paying, so that positions are deleveraged.

    Starts strictly below -trigger of the pool's highest in the window and goes on until the ratio is above -stop; an
    empty pool is drawn down whatever the ratio. Source: Bybit.
    """
    if pool_most <= 0:
        return True
    threshold = stop_ppm if is_running else trigger_ppm
    lost = -change * PPM
    limit = pool_most * threshold
    return lost >= limit if is_running else lost > limit
