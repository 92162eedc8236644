"""Workloads for measuring are the same bytes every time, and are accepted by the venue."""

import pytest

from exchange import Exchange
from exchange.codec import decode_events
from exchange.enums import RejectReason
from exchange.events import LiquidationStarted, OrderRejected, RequestRejected
from replay.workloads import SIZES, WORKLOADS, Workload, build, open_venue

# Cancels and amends of orders that were filled meanwhile are part of the mixed flows; so are early market orders.
EXPECTED_REFUSALS = {
    "apply": {RejectReason.UNKNOWN_ORDER},
    "replay": {RejectReason.UNKNOWN_ORDER},
    "replay_cleared": {RejectReason.UNKNOWN_ORDER, RejectReason.NO_MARK_PRICE},
}


def events_of(workload: Workload) -> tuple[Exchange, list]:
    """Return the venue and all its events, of the setup and of the commands."""
    venue = open_venue(workload)
    venue.run(workload.commands)
    return venue, decode_events(venue.open_block(), 1)


@pytest.mark.parametrize("name", WORKLOADS)
def test_workload_is_the_same_every_time(name):
    """A workload depends on its name and size alone, and says how many commands it has."""
    workload = build(name, "tiny")
    assert workload == build(name, "tiny")
    assert workload.name == name
    assert len(workload.commands) == 64 * workload.command_count


@pytest.mark.parametrize("name", WORKLOADS)
def test_workload_is_accepted(name):
    """Nothing is refused but what a flow refuses by its nature, and the venue agrees with itself."""
    venue, events = events_of(build(name, "tiny"))
    refusals = {event.reason for event in events if isinstance(event, OrderRejected | RequestRejected)}
    assert refusals == EXPECTED_REFUSALS.get(name, set())
    venue.check()


def test_only_the_cascade_liquidates():
    """Mark ticks breach nobody; the cascade breaches most accounts."""
    started = {
        name: sum(isinstance(event, LiquidationStarted) for event in events_of(build(name, "tiny"))[1])
        for name in WORKLOADS
    }
    assert {name for name, count in started.items() if count} == {"cascade"}
    assert started["cascade"] > 150


def test_unknown_name_or_size_is_a_key_error():
    """There is no default."""
    assert set(SIZES) == {"tiny", "full"}
    with pytest.raises(KeyError):
        build("nothing", "tiny")
    with pytest.raises(KeyError):
        build("add", "huge")
