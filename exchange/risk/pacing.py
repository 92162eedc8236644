"""How fast liquidations go, and who goes first. Pure functions of integers."""

from exchange.errors import InvariantError
from exchange.units import PPM, random_below, random_bits


def is_window_over(start_ns: int, now_ns: int, window_ns: int) -> bool:
    """Return whether a window that began at `start_ns` has ended; all of it empties at once. 0: it lasts a moment."""
    return now_ns != start_ns if window_ns == 0 else now_ns - start_ns >= window_ns


def budget_left(cap: int, used: int) -> int:
    """Return what is left of a window's cap. Raises InvariantError where more was used. Source: dYdX, per block."""
    if used > cap:
        raise InvariantError(f"expected at most {cap} used in a window, found {used}")
    return cap - used


def leg_budget(is_tried: bool, cap: int, used: int) -> int:
    """Return what a cap leaves for one more order of a leg that sends one order in a window.

    Raises ValueError for a leg that was tried in this window; callers ask first. Source: dYdX.
    """
    if is_tried:
        raise ValueError("expected a leg that was not tried in this window")
    return budget_left(cap, used)


def is_drawn(seed: int, counter: int, chance_ppm: int) -> bool:
    """Return whether draw number `counter` of a stream comes out, with a probability in ppm."""
    return chance_ppm >= PPM or random_below(seed, counter, PPM) < chance_ppm


def distance_key(price: int, mark: int, notional: int) -> tuple[int, int]:
    """Return a sort key by which the order furthest from mark goes first, then the largest. Source: dYdX.

    The distance is |price - mark| / |mark| in units of 2^-64, rounded down.
    """
    return -((abs(price - mark) << 64) // max(abs(mark), 1)), -notional


def random_key(seed: int, counter: int) -> int:
    """Return a sort key without meaning."""
    return random_bits(seed, counter)
