"""The recorded E-mini futures: the commands that they give, and the venue's book against the recording's own rules."""

import hashlib
from pathlib import Path

import pytest

from exchange.codec import encode_command
from replay.sources.dbn import DbnSource
from replay.verify import verify_dbn

pytest.importorskip("databento_dbn")

SNAPSHOT = "esh4-glbx-mdp3-20231224.mbo.dbn.zst"
SESSION = "esh4-glbx-mdp3-20231225.mbo.dbn.zst"


def recorded(shared: Path, name: str) -> DbnSource:
    """Return the source of a recorded file, or skip where it is absent."""
    path = shared / "data" / "databento-mbo-esh4-2023-12" / name
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    return DbnSource(path)


@pytest.mark.parametrize(
    ("name", "count", "digest"),
    [
        (SNAPSHOT, 8_725, "5fb0c389e8b5c7f41ec0ed29b5d52fde57cc62800f8ef6c6d85d4625f48994b8"),
        (SESSION, 59_642, "64320541d11712914e38119e37dc8749a6024f962b7db72fc74bdc63915f7509"),
    ],
)
def test_commands_are_the_known_ones(shared: Path, name: str, count: int, digest: str) -> None:
    """The SHA-256 of the command records; a change of the reader shows here first."""
    source = recorded(shared, name)
    records = [encode_command(command) for command in source.commands()]
    assert (len(records), hashlib.sha256(b"".join(records)).hexdigest()) == (count, digest)
    instrument = source.instruments[0]
    assert (instrument.symbol, instrument.tick_size, instrument.tick_value) == ("ESH4", "0.25", 1_250)


def test_snapshot_rebuilds_the_book(shared: Path) -> None:
    """One event, not crossed."""
    report = verify_dbn(recorded(shared, SNAPSHOT))
    assert report.faults == ()
    assert report.notes == ("best bid and ask at the end: 4799.00 x 16, 4799.50 x 23",)
    assert (report.counts["records: A"], report.counts["events"], report.counts["live orders at the end"]) == (
        8_725,
        1,
        8_725,
    )


def test_session_rebuilds_the_book(shared: Path) -> None:
    """After each of 47,023 events the venue has the recorded touch, and at the end every order in its place.

    The book is crossed before the open of 23:00 UTC, and never after its first instants. 44 of the 9,892 lots are the
    opening cross, which is reported; the others trade in the venue's book.
    """
    source = recorded(shared, SESSION)
    report = verify_dbn(source)
    assert report.faults == ()
    assert report.notes == (
        "last crossed at ts_ns 1703545200000068972",
        "best bid and ask at the end: 4810.00 x 22, 4810.25 x 28",
    )
    assert report.counts == {
        "records: A": 29_216,
        "records: C": 17_999,
        "records: M": 12_233,
        "records: T": 2_973,
        "records: F": 6_371,
        "commands": 59_642,
        "events": 47_023,
        "events that leave a crossed book": 891,
        "fills of the oldest order": 5_700,
        "fills of another order": 529,
        "live orders at the end": 11_217,
        "recorded volume, lots": 9_892,
        "source: unknown order": 0,
        "source: order id already live": 0,
        "source: restored": 0,
        "source: unfinished events": 0,
        "source: iceberg refresh": 27,
        "source: fill without its maker": 35,
    }
    assert (source.counts["executed lots"], source.counts["reported lots"]) == (9_848, 44)
