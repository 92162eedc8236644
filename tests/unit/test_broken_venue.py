"""A command that an exception stops in its middle: what is said, and that the venue goes no further."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from exchange.codec import encode_command
from exchange.commands import Command, Deposit, OpenPosition, SetMarkPrice
from exchange.errors import BatchError, BrokenError, InvariantError, PolicyError, SequenceError
from exchange.exchange import Exchange
from exchange.policies import Policies
from exchange.rules import DeleveragingRules, LiquidationRules, Rules
from tests.helpers import LINEAR, A

STORY: tuple[Command, ...] = (
    Deposit(1, 8, 20_000),
    Deposit(1, 7, 20_000),
    SetMarkPrice(2, A, 1000),
    OpenPosition(3, A, 8, 100, 1000),
    OpenPosition(3, A, 7, -100, 1000),
    SetMarkPrice(4, A, 850),
    SetMarkPrice(5, A, 840),
)


def venue_with(score: Any) -> Exchange:
    """A venue that deleverages by a score from outside."""
    rules = Rules(
        deleveraging=DeleveragingRules(score="custom:mine"),
        liquidation=LiquidationRules(order="none", remainder=("deleverage",)),
    )
    return Exchange([msgspec.structs.replace(LINEAR, default_leverage=10)], rules, policies=Policies({"mine": score}))


def fail(*_: int) -> int:
    """A policy with a fault."""
    raise ZeroDivisionError("by zero")


SCORES: tuple[Callable[..., Any], ...] = (fail, lambda *_: None, lambda *_: 1.5, lambda *_: True, lambda *_: "7")


@pytest.mark.parametrize("score", SCORES)
def test_a_policy_that_fails_stops_the_venue(score: Callable[..., Any]) -> None:
    """The error names the policy; every later command is refused, and the state is not called sound."""
    venue = venue_with(score)
    for command in STORY[:5]:
        venue.apply(command)
    with pytest.raises(PolicyError, match="custom:mine"):
        venue.apply(STORY[5])
    for attempt in (lambda: venue.apply(STORY[6]), lambda: venue.run(encode_command(STORY[6]))):
        with pytest.raises(BrokenError, match="command seq 6"):
            attempt()
    with pytest.raises(InvariantError, match="command seq 6"):
        venue.check()


def test_a_batch_says_which_record_stopped() -> None:
    """Also with a subscriber, which takes another way through."""
    for listens in (False, True):
        venue = venue_with(fail)
        if listens:
            venue.bus.subscribe(lambda event: None)
        with pytest.raises(BatchError, match="custom:mine") as caught:
            venue.run(b"".join(encode_command(command) for command in STORY))
        assert (caught.value.index, caught.value.ran) == (5, 5)
        assert isinstance(caught.value.__cause__, PolicyError)
        with pytest.raises(BrokenError):
            venue.apply(STORY[6])


def test_a_bad_record_does_not_break_the_venue() -> None:
    """It is found before anything changes."""
    venue = venue_with(lambda *_: 1)
    venue.apply(STORY[0])
    with pytest.raises(SequenceError):
        venue.apply(Deposit(0, 8, 1))
    venue.apply(Deposit(1, 8, 1))
    venue.check()


def test_a_score_out_of_range_is_cut_off() -> None:
    """As the page says."""
    venue = venue_with(lambda *_: 10**40)
    for command in STORY:
        venue.apply(command)
    venue.check()
