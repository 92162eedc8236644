"""Auto-deleveraging, the pure part: who may be closed, in which order, how many lots each, at which price.

Integers only. A score is in parts per billion, so that scores of one rule compare; the quotient of an exact numerator
and an exact denominator is rounded down once, at the end, and cut off at MAX_SCORE either side.
"""

from typing import Final

from exchange.units import PPB, PPM, div_ceil, div_floor, random_below

MAX_SCORE: Final = (1 << 61) - 1
LIGHTS: Final = 5  # buckets of the queue that a trader is shown


# --- scores ---------------------------------------------------------------------------------------------------


def ratio_score(numerator: int, denominator: int) -> int:
    """Return numerator / denominator in ppb, rounded down; MAX_SCORE for a denominator that is not positive."""
    if denominator <= 0:
        return MAX_SCORE
    return max(-MAX_SCORE, min(MAX_SCORE, div_floor(numerator * PPB, denominator)))


def profit_score(size_lots: int, cost: int, value: int) -> int:
    """Return profit / |cost|: the position with the highest percentage gain first. Source: Bitfinex derivatives."""
    return ratio_score(value - cost, max(1, abs(cost)))


def profit_leverage_score(cost: int, value: int, leg_equity: int) -> int:
    """Return profit / |cost| x effective leverage where in profit, and / effective leverage where not.

    Effective leverage = |value| / the position's equity (value at mark - value at bankruptcy); a position in profit
    without equity goes first, a losing one without equity is 0. Sources: BitMEX "Auto-Deleveraging", ZUBR.
    """
    profit = value - cost
    paid = max(1, abs(cost))
    if profit > 0:
        return ratio_score(profit * abs(value), paid * leg_equity)
    if leg_equity <= 0:
        return 0
    return ratio_score(profit * leg_equity, paid * max(1, abs(value)))


def return_leverage_score(cost: int, value: int, leverage: int) -> int:
    """Return profit / |cost| x the leverage that the account chose. Source: Gate, since November 2022."""
    return ratio_score((value - cost) * leverage, max(1, abs(cost)))


def wallet_return(profit: int, balance: int) -> int:
    """Return max(0, profit) / max(1, balance), "1" one minor unit of money here. Source: Binance."""
    return ratio_score(max(0, profit), max(1, balance))


def wallet_ratio_score(profit: int, balance: int, maintenance: int) -> int:
    """Return `wallet_return` x maintenance / (balance + profit), 0 where that sum is not positive. Source: Binance."""
    equity = balance + profit
    if equity <= 0:
        return 0
    return min(MAX_SCORE, div_floor(wallet_return(profit, balance) * maintenance, equity))


def value_ratio_score(cost: int, value: int, equity: int) -> int:
    """Return mark / entry x notional / account value, mark and entry the other way round for what gains by a fall.

    Of a linear long that is value / cost x |value| / equity. An account without equity goes first. Source: Hyperliquid,
    whose page states the long's formula.
    """
    rises = value > 0
    numerator, denominator = (value, cost) if rises else (cost, value)
    if not rises:
        numerator, denominator = -numerator, -denominator
    if denominator <= 0:
        return MAX_SCORE
    return ratio_score(numerator * abs(value), denominator * equity)


# --- who ------------------------------------------------------------------------------------------------------


def can_close_at(value_at_mark: int, value_at_price: int, leg_equity: int) -> bool:
    """Return whether a position closed at a price leaves its share of equity at or above zero.

    That is whether the price lies within its bankruptcy price, so that the bankruptcy prices of the two sides overlap.
    Source: dYdX v4, which pairs a long and a short only where the long's is not above the short's.
    """
    return leg_equity + value_at_price - value_at_mark >= 0


def may_close_at_oracle(liquidated_equity: int, offsetting_equity: int) -> bool:
    """Return whether both sides may close at the oracle's price: neither has negative equity. Source: dYdX v4."""
    return liquidated_equity >= 0 and offsetting_equity >= 0


# --- in which order -------------------------------------------------------------------------------------------


def rank(accounts: list[int], scores: list[int]) -> list[int]:
    """Return the places of the candidates, the greatest score first, then the lowest account id."""
    keys = [(-scores[place], accounts[place], place) for place in range(len(accounts))]
    keys.sort()
    return [place for _, _, place in keys]


def first_place(count: int, seed: int, counter: int) -> int:
    """Return where a walk over `count` candidates begins, drawn at `counter` of a seeded stream. Source: dYdX v4."""
    return random_below(seed, counter, count) if count > 1 else 0


def largest(accounts: list[int], lots: list[int], count: int) -> list[int]:
    """Return the places of the `count` largest positions, ties by the lowest account id. Source: FTX, ten of them."""
    keys = [(-lots[place], accounts[place], place) for place in range(len(accounts))]
    keys.sort()
    return [place for _, _, place in keys[:count]]


def lights(lots: list[int]) -> list[int]:
    """Return the bucket of each position of a ranked queue: 1 the first fifth of all lots, 5 the last.

    ceil(lots up to and with this one x 5 / all lots). Source: BitMEX.
    """
    total = sum(lots)
    until = 0
    found: list[int] = []
    for part in lots:
        until += part
        found.append(div_ceil(until * LIGHTS, total) if total > 0 else LIGHTS)
    return found


# --- how many lots --------------------------------------------------------------------------------------------


def fill_in_order(wanted: int, lots: list[int]) -> list[int]:
    """Return the lots of each, the first closed whole before the second is touched; only the last may be in part."""
    found: list[int] = []
    for part in lots:
        taken = min(part, wanted)
        found.append(taken)
        wanted -= taken
    return found


def fill_pro_rata(wanted: int, lots: list[int]) -> list[int]:
    """Return the lots of each in proportion to its size, at most its size, together min(wanted, all lots).

    Rounded down; what is missing goes one lot each to the largest fractions, ties to the earlier place.
    """
    total = sum(lots)
    if total <= wanted:
        return list(lots)
    shares = [wanted * part // total for part in lots]
    missing = wanted - sum(shares)
    fractions = [(-(wanted * lots[place] % total), place) for place in range(len(lots))]
    fractions.sort()
    for _, place in fractions[:missing]:
        shares[place] += 1
    return shares


def ramp_lots(lots: int, equity: int, notional: int, full_at_ppm: int) -> int:
    """Return how much of a position is closed at once as its margin fraction falls from `full_at_ppm` to zero.

    lots x (1 - (equity / notional) / threshold), rounded up; all of it where equity is negative, nothing at or above
    the threshold. Source: FTX backstop, (1 - MF / ACMF) of the position a second.
    """
    if equity <= 0 or notional <= 0:
        return lots
    held = notional * full_at_ppm
    if equity * PPM >= held:
        return 0
    return div_ceil(lots * (held - equity * PPM), held)


# --- at which price -------------------------------------------------------------------------------------------


def split_price(bankruptcy_ticks: int, mark_ticks: int, split_ppm: int, is_long: bool) -> int:
    """Return the price of the other side: `split_ppm` of the way from the bankruptcy price of the liquidated to mark.

    is_long: of the liquidated. Rounded up for a liquidated long and down for a short, against the other side: the fund
    keeps the difference. Where mark is on the far side of the bankruptcy price there is none: the bankruptcy price.
    Source: FTX, two thirds of the zero price and one third of mark.
    """
    distance = mark_ticks - bankruptcy_ticks if is_long else bankruptcy_ticks - mark_ticks
    if distance <= 0:
        return bankruptcy_ticks
    step = div_ceil(distance * split_ppm, PPM)
    return bankruptcy_ticks + step if is_long else bankruptcy_ticks - step
