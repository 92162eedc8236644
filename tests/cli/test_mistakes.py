"""The command line: one clear line for whatever a user gets wrong."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exchange.commands import Command, Deposit, PlaceOrder
from exchange.enums import Side
from exchange.units import MAX_ACCOUNT, MAX_INSTRUMENT, MAX_LEVERAGE, MAX_MONEY, MAX_PRICE_TICKS, MAX_QTY_LOTS
from replay.sources.json_lines import write_jsonl
from replay.tape import TapeWriter
from tests.cli.user import BTC, CSV, VENUE, Cascade, refused, summary_of


def write_tape(path: Path, count: int = 300) -> bytes:
    """Write a tape of several blocks and return its bytes."""
    with TapeWriter(path, [BTC], block_records=100) as tape:
        for number in range(count):
            tape.write(Deposit(number, 1 + number % 7, 1))
    return path.read_bytes()


def test_truncated_tape_is_refused_with_its_place(cascade: Cascade) -> None:
    """Block and byte; what precedes the damage is usable on request, with a warning."""
    data = write_tape(Path("a.tape"))
    Path("a.tape").write_bytes(data[: len(data) - 1_000])
    refused(cascade("run", "a.tape"), "a.tape: block 2 at byte ", "then the end of the file")
    code, out, err = cascade("run", "a.tape", "--option", "salvage=true", "--json")
    assert (code, json.loads(out)["commands"]) == (0, 200)
    assert "only what precedes the damage was used: a.tape: block 2 at byte " in err
    assert json.loads(out)["damage"].startswith("a.tape: block 2 at byte ")
    assert (
        "DAMAGED     only what precedes the damage was run: " in cascade("run", "a.tape", "--option", "salvage=true")[1]
    )


def test_corrupt_tape_is_refused_with_its_place(cascade: Cascade) -> None:
    """Block and byte; verify calls it a fault."""
    data = bytearray(write_tape(Path("a.tape")))
    data[len(data) // 2] ^= 1
    Path("a.tape").write_bytes(data)
    refused(cascade("run", "a.tape"), "a.tape: block 1 at byte ", "expected the block's checksum, found another one")
    refused(cascade("convert", "a.tape", "b.jsonl"), "block 1 at byte ")
    assert not Path("b.jsonl").exists()
    code, out, _ = cascade("verify", "a.tape")
    assert code == 1
    assert "NOT SOUND" in out


@pytest.mark.parametrize("place", [-1_000, 0])
def test_salvaged_tape_is_not_sound(cascade: Cascade, place: int) -> None:
    """Cut, or with a block that is another: what salvage passes over is a fault, found while opening or reading."""
    data = bytearray(write_tape(Path("a.tape")))
    data[len(data) // 2] ^= 1
    Path("a.tape").write_bytes(data[:place] if place else data)
    code, out, _ = cascade("verify", "a.tape", "--option", "salvage=true")
    assert code == 1
    assert "fault at the file: a.tape: block 1 at byte " in out
    assert "NOT SOUND" in out


def test_verify_runs_what_run_runs(cascade: Cascade) -> None:
    """The same venue is opened, and named; what does not fit it is refused."""
    code, out, _ = cascade("verify", "demo")
    assert code == 0
    assert "run on the venue demo_thin" in out
    code, out, _ = cascade("verify", "day.csv", "--venue", "venue.toml")
    assert (code, "run on the venue tested" in out) == (0, True)
    Path("other.toml").write_text(VENUE.replace('"BTC"', '"ETH"'))
    assert cascade("convert", "day.csv", "a.csv", "--venue", "venue.toml")[0] == 0
    refused(cascade("verify", "a.csv", "--venue", "other.toml"), "expected the instrument of the source, BTC")


def test_verify_of_another_schema_is_no_fault_of_the_file(cascade: Cascade) -> None:
    """Exit code 2: it is sound, and not a market by order."""
    dbn = pytest.importorskip("databento_dbn")
    metadata = dbn.Metadata(
        dataset="GLBX.MDP3",
        start=0,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema("mbp-10"),
        symbols=["ESH4"],
    )
    Path("x.mbp-10.dbn").write_bytes(bytes(metadata))
    refused(cascade("verify", "x.mbp-10.dbn"), "x.mbp-10.dbn: expected schema mbo, found mbp-10")


def test_refusals_are_explained(cascade: Cascade) -> None:
    """By request and reason, with the first command."""
    write_jsonl([Deposit(0, 5, 1_000), bid(), bid(), bid(), bid(account=9)], [TINY], "given.jsonl")
    summary = summary_of(cascade("run", "given.jsonl", "--json"))
    assert summary["refused_by_reason"] == {"PlaceOrder: DUPLICATE_ORDER_ID": 2, "PlaceOrder: UNKNOWN_ACCOUNT": 1}
    assert summary["first_refused"] == {"PlaceOrder: DUPLICATE_ORDER_ID": 3, "PlaceOrder: UNKNOWN_ACCOUNT": 5}
    story = cascade("run", "given.jsonl")[1]
    assert "refused     2 PlaceOrder: duplicate order id (first command 3)" in story
    assert "1 PlaceOrder: unknown account (command 5)" in story


def test_run_without_a_mark_is_warned_of(cascade: Cascade) -> None:
    """Nobody can be liquidated where no mark price ever comes, and that is said everywhere."""
    Path("venue.toml").write_text(VENUE.replace('"last"', '"external"'))
    Path("longs.csv").write_text("account,instrument,size,entry_price,deposit\n7,BTC,0.5,100.1,1000.00\n")
    arguments = ("run", "day.csv", "--venue", "venue.toml", "--accounts", "longs.csv")
    code, out, err = cascade(*arguments)
    assert code == 0
    assert "WARNING     BTC: positions are held and no mark price ever came (mark_source 'external')" in out
    assert err.startswith("cascade: warning: BTC: positions are held and no mark price ever came")
    assert summary_of(cascade(*arguments, "--json"))["warnings"][0].startswith("BTC: ")


def test_deeply_nested_json_is_a_mistake(cascade: Cascade) -> None:
    """One line, no traceback."""
    write_jsonl([], [BTC], "given.jsonl")
    with Path("given.jsonl").open("a") as file:
        file.write("[" * 100_000 + "\n")
    refused(cascade("run", "given.jsonl"), "given.jsonl", "nested too deeply")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("verify", "day.csv", "--venue", "venue.toml"), "cascade: interrupted\n"),
        (("convert", "day.csv", "a.tape", "--venue", "venue.toml"), "cascade: interrupted; nothing was written\n"),
    ],
)
def test_ctrl_c_says_what_was_written(
    cascade: Cascade, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], text: str
) -> None:
    """Only of what would have written something."""

    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("replay.commands.shared.open_scenario", interrupted)
    assert cascade(*arguments) == (130, "", text)


def test_corrupt_event_log_is_a_fault(cascade: Cascade) -> None:
    """Exit code 1 from verify, 2 from info."""
    assert cascade("run", "day.csv", "--venue", "venue.toml", "--out", "run")[0] == 0
    path = Path("run/events.log")
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(data)
    assert cascade("verify", str(path))[0] == 1
    refused(cascade("info", str(path)), "events.log: byte ")


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("PlaceOrder,3,BTC,5,1,buy,0.002,100.15,", ("day.csv:3: price", "100.15", "tick_size")),
        ("PlaceOrder,3,BTC,5,1,buy,0.0005,100.1,", ("day.csv:3: qty", "0.0005", "lot_size")),
        ("PlaceOrder,3,BTC,5,1,buy,-0.002,100.1,", ("day.csv:3: qty", "-0.002")),
        ("PlaceOrder,0,BTC,5,1,buy,0.002,100.1,", ("day.csv:3", "expected ts_ns >= 1, found 0")),
        ("PlaceOrder,3,ETH,5,1,buy,0.002,100.1,", ("day.csv:3: instrument", "'ETH'")),
        ("PlaceOrder,3,BTC,99999999999,1,buy,0.002,100.1,", ("day.csv:3: account", "99999999999")),
        ("PlaceOrder,3,BTC,5,1,buy,0.002,1e30,", ("day.csv:3: price", "1e30")),
        ("PlaceOrder,3,BTC,5,1,buy,1e30,100.1,", ("day.csv:3: qty", "1e30")),
        ("PlaceOrder,soon,BTC,5,1,buy,0.002,100.1,", ("day.csv:3: ts_ns", "soon")),
        ("PlaceOrder,99999999999999999999,BTC,5,1,buy,0.002,100.1,", ("day.csv:3: ts_ns",)),
        ("Nonsense,3,BTC,5,1,buy,0.002,100.1,", ("day.csv:3: type", "Nonsense")),
        ("Deposit,3,,5,,,,,1e40", ("day.csv:3: amount", "1e40")),
    ],
)
def test_bad_line_is_named(cascade: Cascade, line: str, texts: tuple[str, ...]) -> None:
    """File, line, column and value; nothing is left of the output."""
    lines = CSV.splitlines()
    Path("day.csv").write_text("\n".join([*lines[:2], line, ""]))
    refused(cascade("run", "day.csv", "--venue", "venue.toml", "--out", "run"), *texts)
    assert not Path("run").exists()


def test_bytes_that_are_no_text_are_named(cascade: Cascade) -> None:
    """File, line and byte."""
    Path("day.csv").write_bytes(CSV.encode() + b"\xff\xfe\n")
    refused(cascade("run", "day.csv", "--venue", "venue.toml"), "day.csv:6: expected UTF-8 text, found byte 0xff")


# Worth so little that the largest quantity at the largest price can still be paid for.
TINY = msgspec.structs.replace(BTC, tick_value_divisor=1 << 40, max_price_ticks=MAX_PRICE_TICKS)


def reasons(cascade: Cascade, *commands: Command) -> dict[str, int]:
    """Run commands and return how often each event type came; refusals are events and the exit code is 0."""
    write_jsonl(commands, [TINY], "given.jsonl")
    shutil.rmtree("out", ignore_errors=True)
    summary = summary_of(cascade("run", "given.jsonl", "--out", "out", "--check", "--json"))
    types = summary_of(cascade("info", "out/events.log", "--json"))["types"]
    assert summary["rejected"] == types.get("OrderRejected", 0) + types.get("RequestRejected", 0)
    return {str(name): int(count) for name, count in types.items()}


def bid(
    ts_ns: int = 0, account: int = 5, order_id: int = 1, qty: int = 1, price: int = 1, instrument: int = 1
) -> Command:
    return PlaceOrder(ts_ns, instrument, account, order_id, Side.BUY, qty, price)


def test_duplicate_order_id_is_a_refusal(cascade: Cascade) -> None:
    """A participant can cause it, so it is an event, and the run goes on."""
    counts = reasons(cascade, Deposit(0, 5, 1_000), bid(), bid(), bid(order_id=2))
    assert (counts["OrderAccepted"], counts["OrderRejected"]) == (2, 1)


def test_unknown_account_and_instrument_are_refusals(cascade: Cascade) -> None:
    """An account that has not deposited; an instrument that the source lists and the venue has not."""
    assert reasons(cascade, bid(account=9))["OrderRejected"] == 1
    assert reasons(cascade, Deposit(0, 5, 1_000), bid(instrument=2))["OrderRejected"] == 1
    Path("other.toml").write_text(VENUE.replace('"BTC"', '"ETH"'))
    refused(
        cascade("run", "given.jsonl", "--venue", "other.toml"),
        "other.toml: expected the instrument of the source, BTC",
        "found ETH",
    )


@pytest.mark.parametrize(
    ("at", "past"),
    [
        (bid(qty=MAX_QTY_LOTS), bid(qty=MAX_QTY_LOTS + 1)),
        (bid(price=MAX_PRICE_TICKS), bid(price=MAX_PRICE_TICKS + 1)),
        (bid(), bid(qty=-1)),
        (bid(), bid(qty=0)),
        (bid(), bid(price=0)),
        (bid(), bid(price=-1)),
    ],
)
def test_order_at_a_limit_is_taken_and_past_it_refused(cascade: Cascade, at: Command, past: Command) -> None:
    """By an event, never by a crash."""
    opened = Deposit(0, 5, MAX_MONEY)
    assert reasons(cascade, opened, at)["OrderAccepted"] == 1
    assert reasons(cascade, opened, past)["OrderRejected"] == 1


def test_account_and_money_at_their_limits(cascade: Cascade) -> None:
    """The largest deposit is taken; one more unit is refused."""
    assert reasons(cascade, Deposit(0, MAX_ACCOUNT, MAX_MONEY))["Deposited"] == 1
    assert reasons(cascade, Deposit(0, 5, MAX_MONEY + 1))["RequestRejected"] == 1
    assert reasons(cascade, Deposit(0, 5, MAX_MONEY), Deposit(0, 5, 1))["RequestRejected"] == 1
    assert reasons(cascade, Deposit(0, 0, 1))["RequestRejected"] == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("account", MAX_ACCOUNT + 1), ("order_id", 1 << 64), ("instrument", MAX_INSTRUMENT + 1), ("ts_ns", 1 << 63)],
)
def test_value_that_no_record_can_hold_is_named(cascade: Cascade, key: str, value: int) -> None:
    """File, line and value."""
    fields = {"ts_ns": 0, "instrument": 1, "account": 5, "order_id": 1, "side": 0, "qty_lots": 1, "price_ticks": 1}
    write_jsonl([], [BTC], "given.jsonl")
    with Path("given.jsonl").open("a") as file:
        file.write(json.dumps({"type": "PlaceOrder", **fields, key: value}) + "\n")
    refused(cascade("run", "given.jsonl"), "given.jsonl:2: ", str(value))


def test_time_past_its_limit_is_named(cascade: Cascade) -> None:
    """2**62 fits a record, and no venue."""
    write_jsonl([Deposit(1 << 62, 5, 1)], [BTC], "given.jsonl")
    refused(cascade("run", "given.jsonl"), "given.jsonl: command 1: expected ts_ns in 0..", f"found {1 << 62}")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("[rules", ("venue.toml: expected TOML, found",)),
        ("a = " + "[" * 100_000, ("venue.toml: expected TOML, found tables or lists nested too deeply",)),
        ("a = " + "9" * 5_000, ("venue.toml:1: expected an integer of at most 64 bits",)),
        (VENUE.replace("[rules]", "[rules]\nfee = 3"), ("venue.toml: rules.fee: ", "nearest: ")),
        (VENUE.replace("mark_source", "mark_sauce"), ("instruments[0].mark_sauce", "nearest: 'mark_source'")),
        (VENUE + f"max_leverage = {MAX_LEVERAGE + 1}\n", ("max_leverage in 1..1000",)),
        (VENUE.replace("instrument_id = 1", f"instrument_id = {MAX_INSTRUMENT + 1}"), ("instrument_id in 1..65535",)),
        (VENUE.replace('"0.1"', '"0"'), ("tick_size",)),
        (VENUE.replace('name = "tested"', "name = 5"), ("rules.name", "found 5")),
    ],
)
def test_unusable_venue_file_is_named(cascade: Cascade, text: str, texts: tuple[str, ...]) -> None:
    """Unreadable TOML, an unknown key with the nearest known one, a value out of range."""
    Path("venue.toml").write_text(text)
    refused(cascade("run", "day.csv", "--venue", "venue.toml"), *texts)


def test_venue_file_that_is_no_text_is_named(cascade: Cascade) -> None:
    """Bytes that are not UTF-8."""
    Path("venue.toml").write_bytes(b"\xff\xfe")
    refused(cascade("run", "day.csv", "--venue", "venue.toml"), "venue.toml: expected TOML")


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("run", "absent.csv", "--venue", "venue.toml"), ("absent.csv",)),
        (("run", "absent.tape"), ("absent.tape",)),
        (("run", "day.csv", "--venue", "absent.toml"), ("absent.toml",)),
        (("run", "day.csv", "--venue", "venue.toml", "--accounts", "absent.csv"), ("absent.csv",)),
        (("run", "day.csv", "--venue", "venue.toml", "--population", "absent.toml"), ("absent.toml",)),
        (("run", "day.csv", "--venue", "generic_liner"), ("generic_liner", "nearest: 'generic_linear'")),
        (("run", "day.csv"), ("day.csv: expected a header, or the option instruments",)),
        (("run", "day.xyz"), ("day.xyz: expected a name like",)),
        (("run", "."), ("expected a name like",)),
        (("run", "day.csv", "--venue", "venue.toml", "--until", "noon"), ("--until", "noon")),
        (("run", "day.csv", "--venue", "venue.toml", "--until", "events:few"), ("--until: events", "few")),
        (("run", "day.csv", "--venue", "venue.toml", "--until", "5"), ("5ns for nanoseconds or 5.0 for seconds",)),
        (("run", "day.csv", "--venue", "venue.toml", "--until", "9" * 5_000), ("--until", "5,000 characters")),
        (("run", "day.csv", "--venue", "venue.toml", "--until", "events:" + "9" * 70), ("--until: events",)),
        (("info", "--option", "foo=1"), ("info: expected --option and --format beside a file",)),
        (("run", "day.csv", "--venue", "venue.toml", "--out", "."), ("expected a folder that does not exist yet",)),
        (("run", "day.csv", "--option", "colour=red"), ("colour",)),
        (("run", "day.csv", "--option", "colour"), ("name=value", "colour")),
        (("run", "day.csv", "--format", "tape"), ("day.csv: byte 0: expected a tape",)),
        (("run", "demo", "--option", "seed=x"), ("seed", "'x'")),
        (("run", "demo", "--option", "speed=1"), ("seed", "'speed'")),
        (("convert", "day.csv", "day.dbn", "--venue", "venue.toml"), ("day.dbn: expected a result named",)),
        (("info", "absent.tape"), ("absent.tape",)),
        (("bench", "--rounds", "0"), ("--rounds",)),
    ],
)
def test_mistake_is_one_line(cascade: Cascade, arguments: tuple[str, ...], texts: tuple[str, ...]) -> None:
    """What was expected, what was found, no traceback, exit code 2."""
    refused(cascade(*arguments), *texts)


def test_verify_of_a_missing_file_is_no_fault_of_it(cascade: Cascade) -> None:
    """Exit code 2: there is nothing to be unsound."""
    refused(cascade("verify", "absent.tape"), "absent.tape")
