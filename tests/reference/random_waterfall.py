"""Random rules of who pays, and the commands that belong to them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from exchange.commands import Command, EndSession, FundDeposit, GateWithdrawals, WriteOffDebt
from exchange.rules import Rules
from exchange.rules.liquidation import RemainderStep
from exchange.rules.waterfall import (
    DELEVERAGING_SCORES,
    TAKE_ALL,
    DebtRules,
    DeleveragingRules,
    FundRules,
    GuardRules,
    SocializationRules,
)
from tests.reference.random_source import Source, between, one_in, pick

if TYPE_CHECKING:
    from tests.reference.random_commands import World

SECOND = 1_000_000_000
STEPS = ("fund", "socialize", "session", "debt", "write_off", "fee_pool", "own_collateral", "lenders")


def with_losses(rules: Rules, source: Source) -> Rules:
    """Return the same rules with every field about losses at one of its values."""
    return msgspec.structs.replace(
        rules,
        liquidation=msgspec.structs.replace(
            rules.liquidation, remainder=with_deleveraging(rules.liquidation.remainder, source)
        ),
        fund=make_fund(source),
        deleveraging=make_deleveraging(source),
        socialization=make_socialization(source),
        debt=DebtRules(
            owes=pick(source, ("rest", "all", "all")),
            freezes=pick(source, (True, False)),
            interest_ppb=pick(source, (0, 100_000, 999)),
            interest_period_ns=pick(source, (7 * SECOND, 600 * SECOND)),
            recovery=pick(source, ("fund_first", "pro_rata")),
        ),
        guards=GuardRules(pick(source, (0, 0, 1, 5 * SECOND))),
        waterfall=make_steps(source),
    )


def with_deleveraging(remainder: tuple[RemainderStep, ...], source: Source) -> tuple[RemainderStep, ...]:
    """Return the same steps, most often with "deleverage" at one of their places, or nothing else."""
    if one_in(source, 4):
        return remainder
    place = source.below(len(remainder) + 2)
    if place > len(remainder):
        return ("deleverage",)
    return (*remainder[:place], "deleverage", *remainder[place:])


def make_steps(source: Source) -> tuple[str, ...]:
    """Return an order of the steps, in which any may be missing."""
    left = [step for step in STEPS if not one_in(source, 3)]
    steps = []
    while left:
        steps.append(left.pop(source.below(len(left))))
    # What takes all that is left ends the list: the rules allow nothing behind it.
    last = [step for step in steps if step in TAKE_ALL]
    return tuple(step for step in steps if step not in last) + tuple(last[:1])


def make_fund(source: Source) -> FundRules:
    """Return rules of the fund."""
    trigger = pick(source, (0, 0, 1, 300_000, 900_000))
    return FundRules(
        opening=pick(source, (0, 50, 1_000, 100_000)),
        floor=pick(source, (0, 40, 2_000)),
        scope=pick(source, ("shared", "per_instrument")),
        max_claim=pick(source, (0, 0, 1, 100, 3_000)),
        window_cap=pick(source, (0, 0, 150, 5_000)),
        window_ns=pick(source, (3, 10 * SECOND)),
        drawdown_trigger_ppm=trigger,
        drawdown_stop_ppm=pick(source, (0, trigger // 2, trigger)),
        drawdown_window_ns=pick(source, (1, 5, 20 * SECOND)),
    )


def make_socialization(source: Source) -> SocializationRules:
    """Return rules of socialized losses."""
    session_ns = pick(source, (0, 0, SECOND, 5 * SECOND))
    return SocializationRules(
        base=pick(source, ("unrealized", "round_gains", "session_realized", "session_total", "open_interest")),
        scope=pick(source, ("venue", "instrument")),
        levy_ppm=pick(source, (0, 0, 100_000, 1_000_000)),
        remainder=pick(source, ("last", "first", "largest", "venue")),
        session_ns=session_ns,
        session_offset_ns=pick(source, (0, 1, SECOND // 2)) if session_ns else 0,
        session_rest=pick(source, ("venue", "carry")),
    )


def make_deleveraging(source: Source) -> DeleveragingRules:
    """Return rules of deleveraging."""
    return DeleveragingRules(
        candidates=pick(source, ("in_profit", "any")),
        overlap=pick(source, (False, True)),
        min_lots=pick(source, (1, 1, 4)),
        order=pick(source, ("rank", "pro_rata", "random", "largest")),
        score=pick(source, DELEVERAGING_SCORES),
        largest=pick(source, (1, 2, 10)),
        seed=pick(source, (0, 7)),
        price=pick(source, ("bankruptcy", "mark", "split")),
        split_ppm=pick(source, (0, 333_333, 1_000_000)),
        refuse_negative=pick(source, (False, True)),
        ramp_ppm=pick(source, (0, 0, 10_000, 100_000)),
        cancel_orders=pick(source, (True, False)),
        fee_ppm=pick(source, (0, 500, 12_345)),
    )


# The commands.


def end_session(world: "World", source: Source) -> Command:
    """The end of a session."""
    return EndSession(ts_ns=0)


def write_off(world: "World", source: Source) -> Command:
    """A debt forgiven, or none."""
    return WriteOffDebt(ts_ns=0, account=between(source, 0 if one_in(source, 10) else 1, world.accounts))


def gate(world: "World", source: Source) -> Command:
    """A gate that opens or closes about now."""
    return GateWithdrawals(ts_ns=0, until_ns=pick(source, (0, 1_005, 1_100, 20 * SECOND, -1, 2**62)))


def fund_for_one(world: "World", source: Source) -> Command:
    """Money for the fund of one instrument."""
    ids = (*(instrument.instrument_id for instrument in world.instruments), 9)
    return FundDeposit(ts_ns=0, amount=between(source, 1, 3_000), instrument=pick(source, ids))


MENU: tuple[tuple[str, int, Callable[["World", Source], Command]], ...] = (
    ("end_session", 1, end_session),
    ("write_off", 1, write_off),
    ("gate", 1, gate),
    ("fund_for_one", 1, fund_for_one),
)
