"""The public matching-engine challenge: the report text of the production engine has the published SHA-256."""

from pathlib import Path

import pytest

from benchmarks.challenge import (
    ACCOUNTS,
    MESSAGE,
    REPORT_SHA256,
    SCENARIOS,
    find_all,
    published_sha256,
    read_messages,
    report_lines,
    report_sha256,
    timed_run,
    to_commands,
)
from exchange.build import build_info
from exchange.errors import DataError

# SHA-256 of the reports of the first messages of the `normal` workload: few enough for the interpreted engine.
SLICE = 20_000
SLICE_SHA256 = "f45b8823bbc0c4a8fce81d7a0453da6afc719ad0b752f8d98c66d1709124a26f"


def run(records: bytes, has_clearing: bool) -> str:
    """Return the hash of the report."""
    return report_sha256(timed_run(records, has_clearing)[1])


def message(
    kind: int, sequence: int, order_id: int, side: int = 0, qty: int = 0, price: int = 0, ioc: int = 0
) -> bytes:
    """Return one challenge message."""
    return MESSAGE.pack(kind, side, ioc, 0, qty, sequence, order_id, price, 0)


@pytest.mark.parametrize("has_clearing", [False, True], ids=["bare", "clearing"])
def test_report_follows_the_published_rules(has_clearing):
    """Each kind of report comes out, and a modify's acknowledgement follows its trades."""
    messages = [
        message(0, 1, 1, side=1, qty=5, price=101),
        message(0, 2, 2, side=0, qty=3, price=99),
        message(2, 3, 2, qty=4, price=101),  # trades 4 of 5
        message(0, 4, 3, side=0, qty=7, price=101, ioc=1),  # takes 1, 6 dropped
        message(1, 5, 3),
        message(2, 6, 3, qty=1, price=100),
        message(0, 7, 1, side=0, qty=2, price=98),  # the id is free again
        message(2, 8, 1, qty=2, price=97),
        message(1, 9, 1),
    ]
    records = to_commands(b"".join(messages), ACCOUNTS if has_clearing else 1)
    assert list(report_lines(timed_run(records, has_clearing)[1])) == [
        "0,1,1,1,101,5",
        "0,2,0,2,99,3",
        "1,3,101,4,1,2",
        "3,3,0,2,101,4",
        "0,4,0,3,101,7",
        "1,4,101,1,1,3",
        "2,4,0,3,101",
        "4,5,3",
        "5,6,3",
        "0,7,0,1,98,2",
        "3,8,0,1,97,2",
        "2,9,0,1,97",
    ]


def test_file_that_is_no_workload_is_refused(tmp_path):
    """A wrong magic, version or length is an error that says what was expected."""
    path = tmp_path / "orders.bin"
    path.write_bytes(b"not a workload, but long enough")
    with pytest.raises(DataError, match="expected magic"):
        read_messages(path)


def test_published_hash_is_known_by_file_name():
    """The name that the generator's files were given tells scenario, seed and count."""
    for (scenario, orders), sha256 in REPORT_SHA256.items():
        assert published_sha256(Path(f"orders_{scenario}_s23_n{orders}.bin.zst")) == sha256
    assert published_sha256(Path("orders_static_s24_n100000.bin")) is None


@pytest.fixture(scope="session")
def workloads(shared) -> list[Path]:
    """Return the five workloads, or skip."""
    pytest.importorskip("zstandard", reason="zstandard is not installed")
    if not (shared / "challenge").is_dir():
        pytest.skip("../shared/challenge is absent")
    return find_all(shared / "challenge")


@pytest.mark.parametrize("has_clearing", [False, True], ids=["bare", "clearing"])
def test_slice_of_a_workload_gives_one_report(workloads, has_clearing):
    """The first messages of one workload give the same report whether or not the venue clears."""
    path = workloads[SCENARIOS.index("normal")]
    records = to_commands(read_messages(path)[: SLICE * MESSAGE.size], ACCOUNTS if has_clearing else 1)
    assert run(records, has_clearing) == SLICE_SHA256


@pytest.mark.compiled_only
@pytest.mark.parametrize("has_clearing", [False, True], ids=["bare", "clearing"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_workload_gives_the_published_report(workloads, scenario, has_clearing):
    """All 100,000 orders of a workload give the published SHA-256."""
    path = workloads[SCENARIOS.index(scenario)]
    records = to_commands(read_messages(path), ACCOUNTS if has_clearing else 1)
    assert run(records, has_clearing) == REPORT_SHA256[scenario, 100_000]


@pytest.mark.interpreted_only
def test_one_workload_gives_the_published_report_interpreted(workloads):
    """One workload of 100,000 orders gives the published SHA-256 without compiling, too."""
    path = workloads[SCENARIOS.index("flash-crash")]
    assert run(to_commands(read_messages(path)), False) == REPORT_SHA256["flash-crash", 100_000]
    assert build_info().compiled is False
