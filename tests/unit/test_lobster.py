"""LOBSTER: rows to commands, stand-ins and corrections, and the errors that say where."""

import gzip
from pathlib import Path

import msgspec
import pytest

from exchange.commands import CancelOrder, Command, ExecuteRecorded, PlaceOrder, ReduceOrder, ReportTrade
from exchange.enums import Origin, Side
from exchange.errors import ConfigError, DataError, SequenceError
from replay.sources import Source, open_source
from replay.sources.level_book import BookSide
from replay.sources.lobster import LobsterSource
from replay.verify import verify_file

STEM = "TEST_2012-06-21_34200000_57600000"
MIDNIGHT_NS = 1_340_251_200_000_000_000  # 2012-06-21 in New York, UTC-4
OPEN_NS = MIDNIGHT_NS + 34_200_000_000_000
STAND_IN = 2**62

MESSAGE_HEADER = "Time,Type,OrderId,Size,Price,Direction"
BOOK_HEADER = "BestAsk,BestAskVolume,BestBid,BestBidVolume"
NO_BID = "-9999999999,0"


def write_files(folder: Path, rows: list[tuple[str, str]], headers: tuple[str, str] | None = None) -> Path:
    """Write a message file and its orderbook file, and return the path of the first."""
    both = [*([headers] if headers else []), *rows]
    (folder / f"{STEM}_orderbook_1.csv").write_text("\n".join(book for _, book in both))
    path = folder / f"{STEM}_message_1.csv"
    path.write_text("\n".join(message for message, _ in both))
    return path


def steps_of(folder: Path, *rows: tuple[str, str]) -> list[list[Command]]:
    """Return the commands of the initial book and of each message."""
    return [list(step.commands) for step in LobsterSource(write_files(folder, list(rows))).steps()]


def continued(command: Command) -> Command:
    """Return the command as one that others of its message follow."""
    return msgspec.structs.replace(command, is_continued=True)


def is_correction(command: Command) -> bool:
    """Return whether the source added the command to follow the recorded book."""
    return getattr(command, "origin", None) is Origin.CORRECTION


def stand_in(number: int, side: Side, qty_lots: int, price_ticks: int, origin: Origin) -> PlaceOrder:
    """Return the order that the source enters in place of ones it does not know."""
    return PlaceOrder(OPEN_NS, 1, 0, STAND_IN + number, side, qty_lots, price_ticks, origin=origin)


NEW_BID = ("34200,1,11,20,2238100,1", "2239500,100,2238100,20")
ASK = "2239500,100,"


def test_first_row_with_its_message_undone_is_the_initial_book(tmp_path: Path) -> None:
    """Stand-ins make the book before the first message, which is then applied like any other."""
    initial, first = steps_of(tmp_path, ("34200,1,11,20,2238100,1", "2239500,100,2238100,70"))
    assert initial == [
        continued(stand_in(1, Side.BUY, 50, 22_381, Origin.RECORDED)),
        stand_in(2, Side.SELL, 100, 22_395, Origin.RECORDED),
    ]
    assert first == [PlaceOrder(OPEN_NS, 1, 0, 11, Side.BUY, 20, 22_381, origin=Origin.RECORDED)]


def test_first_message_that_takes_away_is_undone_by_adding(tmp_path: Path) -> None:
    """An execution in the first row had something to execute."""
    initial, first = steps_of(tmp_path, ("34200,4,11,20,2238100,1", ASK + NO_BID))
    assert initial[0] == continued(stand_in(1, Side.BUY, 20, 22_381, Origin.RECORDED))
    assert first == [ExecuteRecorded(OPEN_NS, 1, STAND_IN + 1, Side.BUY, 22_381, 20)]


def test_each_message_type_becomes_its_command(tmp_path: Path) -> None:
    """New, reduced, executed and deleted orders; a hidden execution and a cross, whose taker is on the other side."""
    steps = steps_of(
        tmp_path,
        NEW_BID,
        ("34200.000000001,5,0,7,2239000,-1", ASK + "2238100,20"),
        ("34200.000000001,2,11,5,2238100,1", ASK + "2238100,15"),
        ("34200.5,4,11,5,2238100,1", ASK + "2238100,10"),
        ("34200.5,6,-1,300,2239200,1", ASK + "2238100,10"),
        ("34200.75,3,11,10,2238100,1", ASK + NO_BID),
    )
    assert steps[2:] == [
        [ReportTrade(OPEN_NS + 1, 1, Side.BUY, 22_390, 7)],
        [ReduceOrder(OPEN_NS + 1, 1, 0, 11, 5, origin=Origin.RECORDED)],
        [ExecuteRecorded(OPEN_NS + 500_000_000, 1, 11, Side.BUY, 22_381, 5)],
        [ReportTrade(OPEN_NS + 500_000_000, 1, Side.SELL, 22_392, 300)],
        [CancelOrder(OPEN_NS + 750_000_000, 1, 0, 11, origin=Origin.RECORDED)],
    ]


def test_halt_and_empty_cross_are_counted_and_passed_over(tmp_path: Path) -> None:
    """They have no command: the venue has no phases, and nothing was traded."""
    rows = [
        NEW_BID,
        ("34200,7,0,0,-1,-1", NEW_BID[1]),
        ("34200,7,0,0,1,-1", NEW_BID[1]),
        ("34200,6,-1,0,2239200,1", NEW_BID[1]),
    ]
    source = LobsterSource(write_files(tmp_path, rows))
    assert [len(step.commands) for step in source.steps()] == [1, 1, 0, 0, 0]
    assert (source.counts["halt"], source.counts["cross"]) == (2, 1)


def test_message_about_an_unknown_order_takes_from_stand_ins_first(tmp_path: Path) -> None:
    """Its lots are in the stand-in at that price; a known order there is touched only for what is missing."""
    path = write_files(
        tmp_path,
        [
            ("34200,1,11,20,2238100,1", ASK + "2238100,50"),
            ("34200,4,99,25,2238100,1", ASK + "2238100,25"),
            ("34200,3,98,10,2238100,1", ASK + "2238100,15"),
        ],
    )
    source = LobsterSource(path)
    steps = [list(step.commands) for step in source.steps()]
    assert steps[2] == [ExecuteRecorded(OPEN_NS, 1, STAND_IN + 1, Side.BUY, 22_381, 25)]
    assert steps[3] == [
        continued(CancelOrder(OPEN_NS, 1, 0, STAND_IN + 1, origin=Origin.RECORDED)),
        ReduceOrder(OPEN_NS, 1, 0, 11, 5, origin=Origin.RECORDED),
    ]
    assert source.counts["unknown order"] == 2
    assert not source.corrections


def test_touch_that_differs_is_corrected_and_counted(tmp_path: Path) -> None:
    """What is missing is added; what is too much leaves the newest stand-in first, then the newest order."""
    path = write_files(
        tmp_path,
        [
            NEW_BID,
            ("34200,5,0,1,2239000,1", ASK + "2238100,50"),  # 30 more than known
            ("34200,1,12,10,2238100,1", ASK + "2238100,35"),  # of 60, 25 less
            ("34200,5,0,1,2239000,1", ASK + "2238100,15"),  # the stand-in's last 5, the newest order, 5 of the oldest
            ("34200,5,0,1,2239000,1", ASK + "2238000,10"),  # the touch is gone, and another one shown
        ],
    )
    source = LobsterSource(path)
    steps = [list(step.commands) for step in source.steps()]
    corrections = [[command for command in commands if is_correction(command)] for commands in steps]
    assert corrections[2:] == [
        [stand_in(2, Side.BUY, 30, 22_381, Origin.CORRECTION)],
        [ReduceOrder(OPEN_NS, 1, 0, STAND_IN + 2, 25, origin=Origin.CORRECTION)],
        [
            continued(CancelOrder(OPEN_NS, 1, 0, STAND_IN + 2, origin=Origin.CORRECTION)),
            continued(CancelOrder(OPEN_NS, 1, 0, 12, origin=Origin.CORRECTION)),
            ReduceOrder(OPEN_NS, 1, 0, 11, 5, origin=Origin.CORRECTION),
        ],
        [
            continued(CancelOrder(OPEN_NS, 1, 0, 11, origin=Origin.CORRECTION)),
            stand_in(3, Side.BUY, 10, 22_380, Origin.CORRECTION),
        ],
    ]
    assert source.corrections == {"add": 2, "reduce": 2, "cancel": 3}
    assert source.counts["rows corrected"] == 4


def test_level_that_is_no_longer_shown_stays_as_last_seen(tmp_path: Path) -> None:
    """A better bid hides the one behind it; when the better one goes, no correction is needed."""
    path = write_files(
        tmp_path,
        [
            NEW_BID,
            ("34200,1,12,5,2238200,1", ASK + "2238200,5"),
            ("34200,3,12,5,2238200,1", ASK + "2238100,20"),
        ],
    )
    source = LobsterSource(path)
    assert [type(command).__name__ for command in source.commands()][-1] == "CancelOrder"
    assert not source.corrections


def test_side_shown_in_part_leaves_no_order_behind(tmp_path: Path) -> None:
    """Fewer levels than columns: the recording tells the whole side, and what it does not show is cancelled."""
    path = write_files(
        tmp_path,
        [
            NEW_BID,
            ("34200,1,12,5,2238200,1", ASK + "2238200,5"),
            ("34200,3,12,5,2238200,1", ASK + NO_BID),
        ],
    )
    *_, last = LobsterSource(path).steps()
    assert last.commands[-1] == CancelOrder(OPEN_NS, 1, 0, 11, origin=Origin.CORRECTION)


def test_execution_without_an_order_is_reported(tmp_path: Path) -> None:
    """The trade is not lost where the model has nothing left at the price."""
    *_, last = steps_of(tmp_path, NEW_BID, ("34200,4,9,30,2238100,1", ASK + NO_BID))
    assert last == [
        continued(ExecuteRecorded(OPEN_NS, 1, 11, Side.BUY, 22_381, 20)),
        ReportTrade(OPEN_NS, 1, Side.SELL, 22_381, 10),
    ]


def test_order_id_that_appears_again_replaces_the_live_one(tmp_path: Path) -> None:
    """A level-1 file drops what happens behind the touch; ids are unique in the venue all the same."""
    *_, last = steps_of(tmp_path, NEW_BID, ("34200,1,11,5,2238200,1", ASK + "2238200,5"))
    assert last == [
        continued(CancelOrder(OPEN_NS, 1, 0, 11, origin=Origin.RECORDED)),
        PlaceOrder(OPEN_NS, 1, 0, 11, Side.BUY, 5, 22_382, origin=Origin.RECORDED),
    ]


def test_headers_and_compression_change_nothing(tmp_path: Path) -> None:
    """Both header variants, and gzip, give the commands of the plain files."""
    plain = list(LobsterSource(write_files(tmp_path, [NEW_BID])).commands())
    for name in ("headed", "packed"):
        (tmp_path / name).mkdir()
    headed = write_files(tmp_path / "headed", [NEW_BID], (MESSAGE_HEADER, BOOK_HEADER))
    assert list(LobsterSource(headed).commands()) == plain
    for file in (headed, headed.with_name(headed.name.replace("message", "orderbook"))):
        (tmp_path / "packed" / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    packed = LobsterSource(tmp_path / "packed" / f"{headed.name}.gz")
    assert list(packed.commands()) == plain
    assert packed.position_bytes == packed.size_bytes > 0


def test_tick_is_a_cent_or_the_part_of_it_that_the_prices_need(tmp_path: Path) -> None:
    """A hidden execution at half a cent makes the tick half a cent; the value of a tick follows."""
    cent = LobsterSource(write_files(tmp_path, [NEW_BID])).instruments[0]
    assert (cent.symbol, cent.tick_size, cent.tick_value, cent.money_unit) == ("TEST", "0.01", 100, "0.0001")
    path = write_files(tmp_path, [NEW_BID, ("34200,5,0,1,2238550,1", NEW_BID[1])])
    source = LobsterSource(path)
    assert (source.instruments[0].tick_size, source.instruments[0].tick_value) == ("0.005", 50)
    assert list(source.commands())[-1] == ReportTrade(OPEN_NS, 1, Side.SELL, 44_771, 1)
    with pytest.raises(
        DataError, match=r"message_1.csv:2: Price: expected a positive multiple of 100, found '2238550'"
    ):
        list(LobsterSource(path, units_per_tick=100).commands())


def test_iterating_again_starts_over(tmp_path: Path) -> None:
    """Commands, counts and corrections are those of one pass; the source fits the protocol and its table."""
    source = open_source(write_files(tmp_path, [NEW_BID, ("34200,5,0,1,2239000,1", ASK + "2238100,50")]))
    assert isinstance(source, LobsterSource)
    assert isinstance(source, Source)
    first, counts, corrections = list(source.commands()), source.counts, source.corrections
    assert list(source.commands()) == first
    assert (source.counts, source.corrections) == (counts, corrections)


def test_names_that_do_not_tell_are_refused_unless_passed(tmp_path: Path) -> None:
    """Day and symbol come from the name or from the options, and so does the second file."""
    path = write_files(tmp_path, [NEW_BID])
    other = path.rename(tmp_path / "messages.csv")
    book = tmp_path / f"{STEM}_orderbook_1.csv"
    with pytest.raises(ConfigError, match="expected a name SYMBOL_YYYY-MM-DD"):
        LobsterSource(other)
    with pytest.raises(ConfigError, match=r"orderbook file as orderbooks.csv, or book_path"):
        LobsterSource(other, day="2012-06-21", symbol="X")
    with pytest.raises(ConfigError, match="expected day as YYYY-MM-DD, found '21 June'"):
        LobsterSource(other, book, day="21 June", symbol="X")
    source = LobsterSource(other, book, day="2012-12-21", symbol="X")
    assert source.instruments[0].symbol == "X"
    assert next(source.commands()).ts_ns == 1_356_066_000_000_000_000 + 34_200_000_000_000  # winter time, UTC-5


BAD_ROWS = [
    ("34200,8,11,20,2238100,1", NEW_BID[1], r"message_1.csv:2: Type: expected an integer in 1..7, found '8'"),
    ("34200,1,11,-20,2238100,1", NEW_BID[1], r"message_1.csv:2: Size: expected an integer in 1..\d+, found '-20'"),
    ("34200,1,11,20,x,1", NEW_BID[1], r"message_1.csv:2: Price: expected an integer in 0..\d+, found 'x'"),
    ("34200,1,11,20,2238101,1", NEW_BID[1], r"message_1.csv:2: Price: expected a positive multiple of 100"),
    ("34200,1,11,20,2238100,0", NEW_BID[1], r"message_1.csv:2: Direction: expected 1 or -1, found '0'"),
    ("34200,1,4611686018427387904,20,2238100,1", NEW_BID[1], r"message_1.csv:2: OrderId: expected an integer in 0.."),
    ("86400,1,11,20,2238100,1", NEW_BID[1], r"message_1.csv:2: Time: expected seconds after midnight below 86400"),
    ("34200.0000000001,1,11,20,2238100,1", NEW_BID[1], r"message_1.csv:2: Time: expected a multiple of 0.000000001"),
    ("34200,1,11,20,2238100", NEW_BID[1], r"message_1.csv:2: expected 6 columns, found 5"),
    ("34200,1,11,20,2238100,1", "2239500,100,2238100", r"orderbook_1.csv:2: expected 4 columns, found 3"),
    (
        "34200,1,11,20,2238100,1",
        "2239500,100,2238150,20",
        r"orderbook_1.csv:2: BidPrice1: expected a positive multiple",
    ),
    ("34200,1,11,20,2238100,1", "2239500,0,2238100,20", r"orderbook_1.csv:2: AskSize1: expected an integer in 1.."),
]


@pytest.mark.parametrize(("message", "book", "expected"), BAD_ROWS)
def test_row_that_cannot_be_read_is_an_error_that_says_where(
    tmp_path: Path, message: str, book: str, expected: str
) -> None:
    """File, line, column, what was expected and what was found."""
    path = write_files(tmp_path, [NEW_BID, (message, book)])
    with pytest.raises(DataError, match=expected):
        list(LobsterSource(path, units_per_tick=100).commands())


def test_time_that_goes_back_is_an_error(tmp_path: Path) -> None:
    """Time never goes back in a source."""
    path = write_files(tmp_path, [NEW_BID, ("34199.9,5,0,1,2239000,1", NEW_BID[1])])
    with pytest.raises(SequenceError, match=r"message_1.csv:2: Time: expected ts_ns >= 1340285400000000000, found"):
        LobsterSource(path)


def test_files_of_different_length_are_an_error(tmp_path: Path) -> None:
    """Row k of one file belongs to row k of the other, so both have as many."""
    path = write_files(tmp_path, [NEW_BID, NEW_BID])
    path.write_text(NEW_BID[0] + "\n")
    with pytest.raises(DataError, match=r"message_1.csv: expected as many rows as .*orderbook_1.csv has, .* after 1"):
        LobsterSource(path)


def test_levels_out_of_order_are_an_error(tmp_path: Path) -> None:
    """Each level is worse than the one before it."""
    path = write_files(tmp_path, [("34200,5,0,1,2239000,1", "2239500,1,2238100,2,2239400,1,2238000,2")])
    with pytest.raises(DataError, match=r"AskPrice2: expected a price worse than the level before it, found '2239400'"):
        LobsterSource(path)


def test_unknown_header_is_an_error(tmp_path: Path) -> None:
    """Columns in another order must not be read as these."""
    path = write_files(tmp_path, [NEW_BID], ("Type,Time,OrderId,Size,Price,Direction", BOOK_HEADER))
    with pytest.raises(DataError, match=r"message_1.csv:1: expected the header Time,Type"):
        LobsterSource(path)
    path = write_files(tmp_path, [NEW_BID], (MESSAGE_HEADER, "BidPrice,BidSize,AskPrice,AskSize"))
    with pytest.raises(DataError, match=r"orderbook_1.csv:1: expected ask, size, bid, size per level"):
        LobsterSource(path)


def test_verify_finds_a_row_that_contradicts_the_one_before(tmp_path: Path) -> None:
    """The source corrects the book, so the venue follows; the recording is reported as unsound with its line."""
    sound = verify_file(write_files(tmp_path, [NEW_BID, ("34200,4,11,5,2238100,1", ASK + "2238100,15")]))
    assert sound.is_sound
    assert (sound.counts["transitions"], sound.counts["levels compared"]) == (1, 2)
    report = verify_file(write_files(tmp_path, [NEW_BID, ("34200,4,11,5,2238100,1", ASK + "2238100,16")]))
    assert [(fault.where, fault.text) for fault in report.faults] == [
        ("line 2", "expected the file to show ((22381, 15),), found ((22381, 16),)")
    ]
    assert report.text().endswith("NOT SOUND: 1 fault(s)")


def test_verify_accepts_a_first_message_that_empties_a_level(tmp_path: Path) -> None:
    """The book before it has one level more than the file shows."""
    rows = [("34200,4,11,20,2238100,1", ASK + "2238000,5"), ("34200,3,12,5,2238000,1", ASK + NO_BID)]
    assert verify_file(write_files(tmp_path, rows)).is_sound


def test_verify_finds_lots_taken_from_nothing(tmp_path: Path) -> None:
    """A message may not take more than the level before it shows."""
    report = verify_file(write_files(tmp_path, [NEW_BID, ("34200,4,11,25,2238100,1", ASK + NO_BID)]))
    assert [fault.where for fault in report.faults] == ["line 2"]
    assert "expected lots to take from" in report.faults[0].text


def test_book_side_keeps_levels_best_first_and_orders_oldest_first() -> None:
    """Bids fall, asks rise; a level goes with its last order."""
    bids, asks = BookSide(Side.BUY), BookSide(Side.SELL)
    for side in (bids, asks):
        for order_id, price in ((1, 10), (2, 12), (3, 11), (4, 12)):
            side.add(order_id, price, 5)
    assert (list(bids.prices()), list(asks.prices())) == ([12, 11, 10], [10, 11, 12])
    assert (list(bids.prices(11)), list(asks.prices(11))) == ([12, 11], [10, 11])
    assert not bids.take(2, 12, 4)
    assert (list(bids.level(12).items()), bids.total_lots(12)) == ([(2, 1), (4, 5)], 6)
    assert bids.take(3, 11, 5)
    assert (list(bids.prices()), bids.level(11), bids.total_lots(11)) == ([12, 10], {}, 0)
