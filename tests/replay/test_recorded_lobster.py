"""The recorded LOBSTER files: what they hold, the commands that they give, and the venue's book against every row."""

import hashlib
from pathlib import Path

import pytest

from exchange.codec import encode_command
from replay.sources.lobster import LobsterSource
from replay.verify import verify_lobster

AMZN = "AMZN_2012-06-21_34200000_57600000_message_1.csv.gz"
AAPL = "AAPL_2012-06-21_34200000_57600000_message_10.first998.csv.gz"


def recorded(shared: Path, name: str) -> LobsterSource:
    """Return the source of a recorded file, or skip where it is absent."""
    path = shared / "data" / "lobster-2012-06-21" / name
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    return LobsterSource(path)


@pytest.mark.parametrize(
    ("name", "tick_size", "count", "digest"),
    [
        (AMZN, "0.005", 73_828, "0dcfc58ab75105843bbab55104381ec76747f66ff85af72a660c16bf0fe1d042"),
        (AAPL, "0.01", 1_032, "44d0ae789c37720e1cba61b3d3f514a91959ddb0ddde1519a588ea190cdcaef4"),
    ],
)
def test_commands_are_the_known_ones(shared: Path, name: str, tick_size: str, count: int, digest: str) -> None:
    """The SHA-256 of the command records; a change of the reader shows here first."""
    source = recorded(shared, name)
    records = [encode_command(command) for command in source.commands()]
    assert source.instruments[0].tick_size == tick_size
    assert (len(records), hashlib.sha256(b"".join(records)).hexdigest()) == (count, digest)


def test_ten_levels_follow_every_row(shared: Path) -> None:
    """998 of 998 transitions agree in all 19,642 levels that are told, and so does the venue's book."""
    report = verify_lobster(recorded(shared, AAPL))
    assert report.faults == ()
    assert report.counts == {
        "commands": 1_032,
        "messages": 999,
        "transitions": 998,
        "levels compared": 19_642,
        "transitions told in full": 680,
        "transitions that empty a level": 318,
        "messages about orders not in the model": 9,
        "corrections: add": 11,
        "corrections: reduce": 0,
        "corrections: cancel": 3,
        "rows corrected": 14,
        "recorded volume, lots": 10_592,
    }


@pytest.mark.slow
def test_touch_of_a_whole_day_follows_every_row(shared: Path) -> None:
    """43,561 of 57,514 transitions are told in full, and agree; all others empty the touch."""
    report = verify_lobster(recorded(shared, AMZN))
    assert report.faults == ()
    assert report.counts == {
        "commands": 73_828,
        "messages": 57_515,
        "transitions": 57_514,
        "levels compared": 101_075,
        "transitions told in full": 43_561,
        "transitions that empty a level": 13_953,
        "messages about orders not in the model": 7_871,
        "corrections: add": 5_114,
        "corrections: reduce": 1_728,
        "corrections: cancel": 8_109,
        "rows corrected": 8_167,
        "recorded volume, lots": 810_755,
    }


def test_message_kinds_of_a_whole_day(shared: Path) -> None:
    """As the file's own description counts them."""
    source = recorded(shared, AMZN)
    assert sum(1 for _ in source.steps()) == 1 + 57_515
    kinds = {kind: source.counts[kind] for kind in ("new", "reduced", "deleted", "executed", "hidden execution")}
    assert kinds == {"new": 27_845, "reduced": 16, "deleted": 18_235, "executed": 8_974, "hidden execution": 2_445}
