"""Databento market by order: records to commands, event by event, and the errors that say where."""

import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from exchange.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ExecuteRecorded,
    PlaceOrder,
    ReduceOrder,
    ReportTrade,
)
from exchange.enums import Origin, Side
from exchange.errors import ConfigError, DataError, SequenceError
from replay.sources import Source, open_source
from replay.sources.dbn import DbnSource
from replay.verify import verify_file

dbn = pytest.importorskip("databento_dbn")
zstandard = pytest.importorskip("zstandard")

LAST = 128
SNAPSHOT = 32
BID = 19_200  # 4800.00 in ticks of 0.25
ASK = 19_204


def record(
    action: str, side: str, ticks: int, size: int, order_id: int, flags: int = 0, ts: int = 100, **more: int
) -> Any:
    """Return a record of instrument 7, unless told otherwise."""
    fields = {"publisher_id": 1, "instrument_id": 7, "ts_event": ts - 10, **more}
    return dbn.MBOMsg(
        order_id=order_id,
        price=fields.pop("price", ticks * 250_000_000),
        size=size,
        action=dbn.Action(action),
        side=dbn.Side(side),
        ts_recv=ts,
        flags=flags,
        **fields,
    )


def write_file(path: Path, records: list[Any], symbols: dict[str, int] | None = None, schema: str = "mbo") -> Path:
    """Write a DBN file and return its path."""
    found_symbols = symbols or {"ESH4": 7}
    interval = {"start_date": date(2023, 12, 25), "end_date": date(2023, 12, 26)}
    metadata = dbn.Metadata(
        dataset="GLBX.MDP3",
        start=0,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema(schema),
        symbols=list(found_symbols),
        mappings=[
            SimpleNamespace(raw_symbol=symbol, intervals=[SimpleNamespace(**interval, symbol=str(number))])
            for symbol, number in found_symbols.items()
        ],
    )
    path.write_bytes(bytes(metadata) + b"".join(bytes(one) for one in records))
    return path


def source_of(folder: Path, *records: Any) -> DbnSource:
    """Return the source of a file with these records."""
    return DbnSource(write_file(folder / "test.mbo.dbn", list(records)))


def events_of(source: DbnSource) -> list[list[Command]]:
    """Return the commands of each event."""
    return [list(step.commands) for step in source.steps()]


def placed(order_id: int, side: Side, ticks: int, qty_lots: int, ts: int = 100) -> PlaceOrder:
    """Return a recorded order's entry."""
    return PlaceOrder(ts, 1, 0, order_id, side, qty_lots, ticks, origin=Origin.RECORDED)


def event(*commands: Command) -> list[Command]:
    """Return the commands of one event: all but the last are continued."""
    return [msgspec.structs.replace(command, is_continued=True) for command in commands[:-1]] + [commands[-1]]


RESTING = record("A", "B", BID, 5, 1, LAST)


def test_add_cancel_and_modify_become_their_commands(tmp_path: Path) -> None:
    """A partial cancel and a smaller size reduce; a new price or a larger size amends; a whole cancel cancels."""
    source = source_of(
        tmp_path,
        RESTING,
        record("C", "B", BID, 1, 1, LAST, ts=101),
        record("M", "B", BID, 3, 1, LAST, ts=102),
        record("M", "B", BID, 8, 1, LAST, ts=103),
        record("M", "B", BID - 1, 8, 1, LAST, ts=104),
        record("M", "B", BID - 1, 8, 1, LAST, ts=105),
        record("N", "N", 0, 0, 0, LAST, ts=106),
        record("C", "B", BID - 1, 8, 1, LAST, ts=107),
    )
    assert events_of(source) == [
        [placed(1, Side.BUY, BID, 5)],
        [ReduceOrder(101, 1, 0, 1, 1, origin=Origin.RECORDED)],
        [ReduceOrder(102, 1, 0, 1, 1, origin=Origin.RECORDED)],
        [AmendOrder(103, 1, 0, 1, 8, BID, origin=Origin.RECORDED)],
        [AmendOrder(104, 1, 0, 1, 8, BID - 1, origin=Origin.RECORDED)],
        [],
        [],
        [CancelOrder(107, 1, 0, 1, origin=Origin.RECORDED)],
    ]
    assert [step.record for step in source.steps()] == list(range(1, 9))


def test_clear_cancels_every_order_in_order_of_entry(tmp_path: Path) -> None:
    """R empties the book."""
    source = source_of(
        tmp_path, RESTING, record("A", "A", ASK, 2, 2, LAST), record("R", "N", 0, 0, 0, LAST, price=2**63 - 1)
    )
    assert events_of(source)[2] == event(
        CancelOrder(100, 1, 0, 1, origin=Origin.RECORDED), CancelOrder(100, 1, 0, 2, origin=Origin.RECORDED)
    )


def test_fill_is_executed_and_its_cancel_takes_nothing_more(tmp_path: Path) -> None:
    """One event up to its LAST flag, at the time of its last record; the aggressor's rest is an add."""
    source = source_of(
        tmp_path,
        RESTING,
        record("A", "B", BID, 4, 2, LAST),
        record("T", "A", BID, 7, 9, ts=101),
        record("F", "B", BID, 5, 1, ts=101),
        record("F", "B", BID, 2, 2, ts=101),
        record("C", "B", BID, 5, 1, ts=103),
        record("M", "B", BID, 2, 2, ts=103),
        record("A", "A", BID, 3, 9, LAST, ts=103),
    )
    assert events_of(source)[2] == event(
        ExecuteRecorded(103, 1, 1, Side.BUY, BID, 5),
        ExecuteRecorded(103, 1, 2, Side.BUY, BID, 2),
        placed(9, Side.SELL, BID, 3, ts=103),
    )


def test_cancel_beyond_the_fill_takes_the_difference(tmp_path: Path) -> None:
    """F of 2 and C of all 5: the other 3 were cancelled."""
    source = source_of(
        tmp_path,
        RESTING,
        record("T", "A", BID, 2, 9),
        record("F", "B", BID, 2, 1),
        record("C", "B", BID, 5, 1, LAST),
    )
    assert events_of(source)[1] == event(
        ExecuteRecorded(100, 1, 1, Side.BUY, BID, 2), CancelOrder(100, 1, 0, 1, origin=Origin.RECORDED)
    )


def test_iceberg_is_refreshed_at_the_back(tmp_path: Path) -> None:
    """F of more than shown: the rest is entered again under the id, executed, and then what M shows."""
    source = source_of(
        tmp_path,
        RESTING,
        record("T", "A", BID, 12, 9),
        record("F", "B", BID, 12, 1),
        record("M", "B", BID, 4, 1, LAST),
    )
    assert events_of(source)[1] == event(
        ExecuteRecorded(100, 1, 1, Side.BUY, BID, 5),
        placed(1, Side.BUY, BID, 7),
        ExecuteRecorded(100, 1, 1, Side.BUY, BID, 7),
        placed(1, Side.BUY, BID, 4),
    )
    assert source.counts["iceberg refresh"] == 1
    assert source.counts["executed lots"] == 12


def test_fill_of_the_aggressor_is_left_to_its_cancel(tmp_path: Path) -> None:
    """A resting order amended into the market is named by T and F; the maker alone is executed."""
    source = source_of(
        tmp_path,
        RESTING,
        record("A", "A", ASK, 2, 2, LAST),
        record("T", "B", ASK, 2, 1),
        record("F", "B", ASK, 2, 1),
        record("F", "A", ASK, 2, 2),
        record("C", "B", BID, 5, 1),
        record("C", "A", ASK, 2, 2, LAST),
    )
    assert events_of(source)[2] == event(
        ExecuteRecorded(100, 1, 2, Side.SELL, ASK, 2), CancelOrder(100, 1, 0, 1, origin=Origin.RECORDED)
    )
    assert source.counts["fill of the aggressor"] == 1


def test_trade_beyond_its_makers_is_reported(tmp_path: Path) -> None:
    """The opening cross has fills without a side; a trade may have none at all."""
    source = source_of(
        tmp_path,
        record("A", "B", ASK, 5, 1, LAST),
        record("T", "N", BID, 5, 0),
        record("F", "N", BID, 5, 1),
        record("C", "B", ASK, 5, 1, LAST),
        record("T", "A", BID, 3, 9, LAST),
    )
    assert events_of(source)[1:] == [
        event(ReportTrade(100, 1, Side.BUY, BID, 5), CancelOrder(100, 1, 0, 1, origin=Origin.RECORDED)),
        [ReportTrade(100, 1, Side.SELL, BID, 3)],
    ]
    assert (source.counts["fill without its maker"], source.counts["reported lots"]) == (1, 8)


def test_fill_that_nothing_follows_is_put_back(tmp_path: Path) -> None:
    """T and F do not change the recorded book, so the source restores it at the end of the event, and says so."""
    source = source_of(tmp_path, RESTING, record("T", "A", BID, 2, 9), record("F", "B", BID, 2, 1, LAST))
    assert events_of(source)[1] == event(
        ExecuteRecorded(100, 1, 1, Side.BUY, BID, 2), AmendOrder(100, 1, 0, 1, 5, BID, origin=Origin.CORRECTION)
    )
    assert source.counts["restored"] == 1


def test_snapshot_is_an_event_of_its_own(tmp_path: Path) -> None:
    """Its last record need not be flagged LAST; the first live record starts a new event."""
    source = source_of(
        tmp_path,
        record("A", "B", BID, 5, 1, SNAPSHOT),
        record("A", "A", ASK, 5, 2, SNAPSHOT),
        record("C", "A", ASK, 5, 2, LAST, ts=200),
    )
    assert events_of(source) == [
        event(placed(1, Side.BUY, BID, 5), placed(2, Side.SELL, ASK, 5)),
        [CancelOrder(200, 1, 0, 2, origin=Origin.RECORDED)],
    ]


def test_unknown_and_repeated_ids_are_counted(tmp_path: Path) -> None:
    """An unknown C does nothing, an unknown M enters its order, and an A of a live id replaces it."""
    source = source_of(
        tmp_path,
        record("C", "B", BID, 1, 3, LAST),
        record("M", "B", BID, 2, 4, LAST),
        record("A", "A", ASK, 6, 4, LAST),
    )
    assert events_of(source) == [
        [],
        [placed(4, Side.BUY, BID, 2)],
        event(CancelOrder(100, 1, 0, 4, origin=Origin.RECORDED), placed(4, Side.SELL, ASK, 6)),
    ]
    assert (source.counts["unknown order"], source.counts["order id already live"]) == (2, 1)


def test_clock_may_be_the_time_of_the_event(tmp_path: Path) -> None:
    """ts_recv unless told otherwise."""
    path = write_file(tmp_path / "test.mbo.dbn", [RESTING])
    assert next(DbnSource(path, clock="ts_event").commands()).ts_ns == 90
    assert next(DbnSource(path).commands()).ts_ns == 100
    with pytest.raises(ConfigError, match="expected clock as one of"):
        DbnSource(path, clock="ts_out")  # type: ignore[arg-type]


def test_zstd_is_told_by_the_content(tmp_path: Path) -> None:
    """The commands of a compressed file are those of the plain one, whatever its name."""
    plain = write_file(tmp_path / "plain.dbn", [RESTING])
    packed = tmp_path / "packed.dbn"
    packed.write_bytes(zstandard.compress(plain.read_bytes()))
    source = open_source(packed)
    assert isinstance(source, Source)
    assert list(source.commands()) == list(DbnSource(plain).commands()) == list(source.commands())
    assert source.position_bytes == source.size_bytes == packed.stat().st_size


def test_tick_and_value_come_from_the_contract_the_data_or_the_caller(tmp_path: Path) -> None:
    """A known future, an unknown symbol whose prices show the tick, and options."""
    known = DbnSource(write_file(tmp_path / "a.dbn", [RESTING])).instruments[0]
    assert (known.symbol, known.tick_size, known.tick_value, known.tick_value_divisor) == ("ESH4", "0.25", 1_250, 1)
    path = write_file(tmp_path / "b.dbn", [RESTING, record("A", "A", 0, 1, 2, LAST, price=4_800_005_000_000)], {"X": 7})
    found = DbnSource(path)
    assert found.instruments[0].tick_size == "0.005"
    assert (found.instruments[0].tick_value, found.instruments[0].tick_value_divisor) == (1, 2)
    assert list(found.commands())[-1] == placed(2, Side.SELL, 960_001, 1)
    given = DbnSource(path, tick_size="0.001", point_value="50", instrument_id=3)
    assert (given.instruments[0].tick_value, given.instruments[0].instrument_id) == (5, 3)
    for bad in ("x", "0", "0.0000000001"):
        with pytest.raises(ConfigError, match=r"tick_size|tick_value"):
            DbnSource(path, tick_size=bad)
    with pytest.raises(ConfigError, match="expected tick_size, as the file has no order that shows it"):
        DbnSource(write_file(tmp_path / "c.dbn", [], {"X": 7}))


def test_one_instrument_of_several_is_read(tmp_path: Path) -> None:
    """A file with several needs `symbol`; records of the others are passed over."""
    other = record("A", "A", ASK, 1, 2, LAST, instrument_id=8)
    path = write_file(tmp_path / "test.dbn", [other, RESTING], {"ESH4": 7, "ESM4": 8})
    with pytest.raises(ConfigError, match="expected symbol to be one of the file's 2: ESH4, ESM4"):
        DbnSource(path)
    with pytest.raises(ConfigError, match="found 'ESZ4'"):
        DbnSource(path, symbol="ESZ4")
    assert list(DbnSource(path, symbol="ESH4").commands()) == [placed(1, Side.BUY, BID, 5)]
    assert list(DbnSource(path, symbol="ESM4").commands()) == [placed(2, Side.SELL, ASK, 1)]


BAD_RECORDS = [
    (record("A", "B", 0, 5, 2, LAST, price=4_800_100_000_000), "record 2: price: expected a positive multiple of 25"),
    (record("A", "N", BID, 5, 2, LAST), "record 2: expected side A or B and size >= 1, found N and 5"),
    (record("A", "B", BID, 0, 2, LAST), "record 2: expected side A or B and size >= 1, found B and 0"),
]


@pytest.mark.parametrize(("bad", "expected"), BAD_RECORDS)
def test_record_that_cannot_be_read_is_an_error_with_its_number(tmp_path: Path, bad: Any, expected: str) -> None:
    """Off-grid prices are never rounded."""
    source = source_of(tmp_path, RESTING, bad)
    with pytest.raises(DataError, match=expected):
        list(source.commands())


def test_time_that_goes_back_is_an_error(tmp_path: Path) -> None:
    """Time never goes back in a source."""
    source = source_of(tmp_path, RESTING, record("A", "A", ASK, 1, 2, LAST, ts=99))
    with pytest.raises(SequenceError, match=r"record 2: ts_recv: expected 100\.\.\d+, found 99"):
        list(source.commands())


def test_file_that_is_not_market_by_order_is_refused(tmp_path: Path) -> None:
    """Another schema, no DBN at all, and a record cut short."""
    with pytest.raises(DataError, match="expected schema mbo, found trades"):
        DbnSource(write_file(tmp_path / "a.dbn", [], schema="trades"))
    (tmp_path / "b.dbn").write_bytes(b"Time,Type,OrderId,Size,Price,Direction\n" * 9)
    with pytest.raises(DataError, match=r"b.dbn: after record 0: expected DBN"):
        DbnSource(tmp_path / "b.dbn")
    (tmp_path / "c.dbn").write_bytes(b"")
    with pytest.raises(DataError, match=r"c.dbn: after record 0: expected a whole record, found 0 bytes"):
        DbnSource(tmp_path / "c.dbn")
    cut = write_file(tmp_path / "d.dbn", [RESTING, RESTING])
    cut.write_bytes(cut.read_bytes()[:-3])
    with pytest.raises(DataError, match=r"after record 1: expected a whole record, found 53 bytes"):
        list(DbnSource(cut).commands())


def test_absent_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is an optional extra; the error says how to get it."""
    path = write_file(tmp_path / "test.dbn", [RESTING])
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    with pytest.raises(ConfigError, match=r"pip install 'cascade-exchange\[dbn\]'"):
        DbnSource(path)


@pytest.mark.parametrize("name", ["test_data.mbo.dbn", *(f"test_data.mbo.v{version}.dbn.zst" for version in (1, 2, 3))])
def test_every_version_of_the_format_is_read(shared: Path, name: str) -> None:
    """The codec's own samples: two cancels of orders that the file does not show entering."""
    path = shared / "data" / "small-format-samples" / "dbn" / name
    if not path.is_file():
        pytest.skip(f"{name} is absent")
    source = DbnSource(path)
    assert source.instruments[0].symbol == "ESH1"
    assert events_of(source) == [[], []]
    assert source.counts["unknown order"] == 2


def test_verify_finds_a_crossed_book_and_an_unknown_order(tmp_path: Path) -> None:
    """A book may be crossed before the first trade and not after it; a C names a live order."""
    crossed = [
        RESTING,
        record("A", "A", BID - 4, 1, 2, LAST),
        record("T", "A", BID, 1, 9, LAST),
        record("C", "A", BID, 1, 8, LAST),
    ]
    report = verify_file(write_file(tmp_path / "test.dbn", crossed))
    assert [(fault.where, fault.text) for fault in report.faults] == [
        ("record 3", "expected no crossed book after the first trade, found (19200, 5) over (19196, 1)"),
        ("record 4", "expected the id of a live order in action C, found 8"),
        ("record 4", "expected no crossed book after the first trade, found (19200, 5) over (19196, 1)"),
    ]
    assert report.counts["events that leave a crossed book"] == 3
    assert verify_file(write_file(tmp_path / "test.dbn", crossed[:2])).is_sound
