"""The command line: what it prints, its exit codes, and one clear line for whatever a user gets wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exchange.build import build_info
from exchange.commands import Command, Deposit, PlaceOrder
from exchange.enums import Side
from exchange.instrument import Instrument
from exchange.units import MAX_ACCOUNT, MAX_INSTRUMENT, MAX_LEVERAGE, MAX_MONEY, MAX_PRICE_TICKS, MAX_QTY_LOTS
from replay.cli import main
from replay.sources.json_lines import write_jsonl
from replay.tape import TapeWriter

ROOT = Path(__file__).resolve().parents[2]
BTC = Instrument(instrument_id=1, symbol="BTC", tick_size="0.1", lot_size="0.001", money_unit="0.01")
VENUE = """
[rules]
name = "tested"

[[instruments]]
instrument_id = 1
symbol = "BTC"
tick_size = "0.1"
lot_size = "0.001"
money_unit = "0.01"
mark_source = "last"
"""
CSV = """\
type,ts_ns,instrument,account,order_id,side,qty,price,amount
Deposit,1,,5,,,,,1000.00
Deposit,2,,6,,,,,1000.00
PlaceOrder,3,BTC,5,1,buy,0.002,100.1,
PlaceOrder,4,BTC,6,2,sell,0.001,100.1,
"""

Cascade = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a venue file and a source."""
    monkeypatch.chdir(tmp_path)
    Path("venue.toml").write_text(VENUE)
    Path("day.csv").write_text(CSV)
    return tmp_path


@pytest.fixture
def cascade(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cascade:
    """Run the command line in this process; return exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as left:  # argparse
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, without_speed(err)

    return run


def without_speed(err: str) -> str:
    """Leave out the line that says that the engine runs interpreted, which these tests do as well."""
    return "".join(line for line in err.splitlines(keepends=True) if "the engine runs interpreted" not in line)


def refused(found: tuple[int, str, str], *texts: str, code: int = 2) -> None:
    """Require one line on stderr that says these things, nothing on stdout, and the exit code."""
    assert found[0] == code, found
    assert found[1] == ""
    assert found[2].startswith("cascade: ")
    assert found[2].count("\n") == 1, found[2]
    for text in texts:
        assert text in found[2], found[2]


def summary_of(found: tuple[int, str, str]) -> dict[str, Any]:
    """Return the JSON object in the last line."""
    assert found[0] == 0, found
    summary: dict[str, Any] = json.loads(found[1].splitlines()[-1])
    return summary


# --- what works --------------------------------------------------------------------------------------------------


def test_json_is_one_object_in_the_last_line(cascade: Cascade) -> None:
    """With at least these keys; prices in ticks."""
    summary = summary_of(cascade("run", "day.csv", "--venue", "venue.toml", "--json"))
    assert {
        key: summary[key]
        for key in ("commands", "trades", "liquidations", "fund_start", "fund_end", "socialized_loss", "low", "high")
    } == {
        "commands": 4,
        "trades": 1,
        "liquidations": 0,
        "fund_start": 0,
        "fund_end": 0,
        "socialized_loss": 0,
        "low": 1001,
        "high": 1001,
    }
    assert len(summary["digest"]) == 64
    assert summary["seconds"] >= 0
    assert summary["events"] > 4


def test_story_without_json(cascade: Cascade) -> None:
    """A few lines for a person, nothing on stderr that is no terminal."""
    code, out, err = cascade("run", "day.csv", "--venue", "venue.toml")
    assert (code, err) == (0, "")
    assert "BTC: first 100.1, low 100.1 (+0.0 %)" in out
    assert "digest" in out


def test_interpreted_engine_is_told_of(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line on stderr, with the way to compile it; none beside JSON, and none where it is compiled."""
    for is_compiled, options, expected in ((False, (), 1), (False, ("--json",), 0), (True, (), 0)):
        monkeypatch.setattr("replay.cli.build_info", lambda found=is_compiled: build_info()._replace(compiled=found))
        assert main(("run", "day.csv", "--venue", "venue.toml", *options)) == 0
        assert capsys.readouterr().err.count("the engine runs interpreted") == expected


def test_converted_files_run_to_the_same_digest(cascade: Cascade) -> None:
    """CSV, JSON lines and tapes hold the same commands; a tape written with a venue needs no other."""
    digests = {summary_of(cascade("run", "day.csv", "--venue", "venue.toml", "--json"))["digest"]}
    for name in ("a.jsonl", "b.tape", "c.csv"):
        assert cascade("convert", "day.csv", name, "--venue", "venue.toml")[0] == 0
        digests.add(summary_of(cascade("run", name, "--venue", "venue.toml", "--json"))["digest"])
    digests.add(summary_of(cascade("run", "b.tape", "--json"))["digest"])
    assert len(digests) == 1


def test_compressed_tape_runs_to_the_same_digest(cascade: Cascade) -> None:
    """Compression is of the file alone."""
    pytest.importorskip("zstandard")
    assert cascade("convert", "day.csv", "a.tape", "--venue", "venue.toml", "--compression", "zstd")[0] == 0
    assert "zstd" in cascade("info", "a.tape")[1]
    assert summary_of(cascade("run", "a.tape", "--json"))["commands"] == 4


def test_out_can_be_run_and_verified_again(cascade: Cascade, folder: Path) -> None:
    """The folder of a run: its commands give its digest, its log is sound."""
    first = summary_of(cascade("run", "day.csv", "--venue", "venue.toml", "--json", "--out", "runs/1"))
    again = summary_of(cascade("run", "runs/1/commands.tape", "--json"))
    assert again["digest"] == first["digest"] == json.loads(Path("runs/1/summary.json").read_text())["digest"]
    for name in ("events.log", "commands.tape"):
        code, out, _ = cascade("verify", f"runs/1/{name}")
        assert (code, out.splitlines()[-1]) == (0, "sound: no faults")
    refused(cascade("verify", "runs/1/events.log", "--venue", "venue.toml"), "expected no --venue beside an event log")
    assert first["digest"] in cascade("info", "runs/1/events.log")[1]
    assert "PlaceOrder" in cascade("info", "runs/1/commands.tape")[1]


def test_accounts_are_injected_at_the_start(cascade: Cascade) -> None:
    """Rows without a time enter with the first command."""
    Path("longs.csv").write_text("account,instrument,size,entry_price,deposit\n7,BTC,0.5,100.1,1000.00\n")
    summary = summary_of(
        cascade("run", "day.csv", "--venue", "venue.toml", "--accounts", "longs.csv", "--check", "--json")
    )
    assert (summary["commands"], summary["accounts"]) == (6, 3)


def test_injected_accounts_are_not_those_of_the_source(cascade: Cascade) -> None:
    """Two that act as one are a mistake: refused before anything runs, drawn ones as well."""
    Path("longs.csv").write_text("account,instrument,size,entry_price,deposit\n6,BTC,0.5,100.1,1000.00\n")
    Path("crowd.toml").write_text(
        "seed = 1\ncount = 3\nfirst_account = 4\n"
        "leverages = [[1, 1]]\nnotionals = [{ lowest = 1000, highest = 2000 }]\n"
    )
    run = ("run", "day.csv", "--venue", "venue.toml")
    refused(cascade(*run, "--accounts", "longs.csv"), "longs.csv: expected accounts of its own, found 6 as in day.csv")
    refused(cascade(*run, "--population", "crowd.toml"), "crowd.toml: expected accounts of its own, found 5 as in")


def test_a_venue_file_that_states_nothing_is_remarked_on(cascade: Cascade) -> None:
    """It runs, by default rules."""
    Path("empty.toml").write_text("")
    code, _, err = cascade("run", "demo", "--venue", "empty.toml", "--until", "events:10", "--json")
    assert (code, err.splitlines()) == (0, ["cascade: empty.toml: states nothing, so every rule is at its default"])


def test_population_enters_at_the_marks(cascade: Cascade) -> None:
    """Drawn from a seed over the marks of a first run."""
    Path("crowd.toml").write_text(
        "seed = 1\ncount = 20\nfirst_account = 100\n"
        "leverages = [[1, 1]]\nnotionals = [{ lowest = 1000, highest = 2000 }]\n"
    )
    arguments = ("run", "day.csv", "--venue", "venue.toml", "--population", "crowd.toml", "--json")
    summary = summary_of(cascade(*arguments))
    assert summary["accounts"] == 22
    assert summary == summary_of(cascade(*arguments)) | {"seconds": summary["seconds"]}


@pytest.mark.parametrize(
    ("until", "commands"),
    [("3ns", 2), ("0.000000004", 3), ("1970-01-01T00:00:00.000000004Z", 3), ("events:1", 1), ("events:0", 0)],
)
def test_until(cascade: Cascade, until: str, commands: int) -> None:
    """A time in ns or as text, or a number of events."""
    found = cascade("run", "day.csv", "--venue", "venue.toml", "--until", until, "--json")
    assert summary_of(found)["commands"] == commands


def test_info_says_what_is_installed(cascade: Cascade) -> None:
    """Versions, and whether the engine is compiled."""
    contents = summary_of(cascade("info", "--json"))
    assert contents["compiled"] in ("yes", "no")
    assert contents["python"] == ".".join(map(str, sys.version_info[:3]))
    assert "demo_thin" in contents["presets"]


def test_info_says_what_a_source_holds(cascade: Cascade) -> None:
    """Counts by type, first and last time, instruments."""
    contents = summary_of(cascade("info", "day.csv", "--option", "instruments=venue.toml", "--json"))
    assert contents["types"] == {"PlaceOrder": 2, "Deposit": 2}
    assert contents["first"] == "1970-01-01T00:00:00.000000001Z"
    assert "tick 0.1" in contents["instruments"][0]


def test_bench_prints_a_rate_for_every_workload(cascade: Cascade) -> None:
    """Tiny, so that it stays alive."""
    rates = summary_of(cascade("bench", "--size", "tiny", "--rounds", "1", "--json"))["commands_per_second"]
    assert {"add", "cancel", "amend", "sweep", "mass_cancel", "apply", "mark_tick", "cascade", "replay"} <= set(rates)


@pytest.mark.parametrize("command", [(), ("run",), ("convert",), ("verify",), ("info",), ("bench",)])
def test_help_teaches(cascade: Cascade, command: tuple[str, ...]) -> None:
    """Every command has its help; and every help has examples."""
    code, out, _ = cascade(*command, "--help")
    assert code == 0
    assert "examples:" in out


# --- what a user gets wrong --------------------------------------------------------------------------------------


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

    monkeypatch.setattr("replay.cli.open_scenario", interrupted)
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


# --- in a process of its own -------------------------------------------------------------------------------------


def process(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "replay", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - tests run on one thread
        **options,
    )


def hears_ctrl_c() -> None:
    """A job in the background is started with SIGINT ignored, and so would be the processes of its tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have ctrl-C heard in this process, however it was started."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_whole_outputs(folder: Path) -> None:
    """The run ends between two commands, with exit code 130; what it wrote is whole and runs to the same digest."""
    run = process("run", "demo", "--check", "--out", "run", "--json")  # --check makes it last half a minute
    for _ in range(2_000):
        if list(folder.glob(".run.*/.events.log.*")):
            break
        time.sleep(0.01)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])
    assert (run.returncode, summary["stopped"], err) == (130, "interrupt", "")
    assert sorted(path.name for path in folder.glob("*run*")) == ["run"]
    assert sorted(path.name for path in Path("run").iterdir()) == ["commands.tape", "events.log", "summary.json"]
    again = process("run", "run/commands.tape", "--json")
    out, _ = again.communicate(timeout=60)
    assert json.loads(out)["digest"] == summary["digest"]
    assert json.loads(out)["commands"] == summary["commands"] > 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_second_ctrl_c_removes_outputs(folder: Path, ctrl_c: None) -> None:
    """Who cannot wait gets nothing half-written."""
    from replay.interrupt import asks_to_stop

    with asks_to_stop() as should_stop:
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_folders_made_for_outputs_go_with_them(cascade: Cascade) -> None:
    """After an error nothing is left of the way to the folder, either; what was there before stays."""
    Path("old").mkdir()
    Path("day.csv").write_text(CSV + "Nonsense,9,BTC,5,1,buy,0.002,100.1,\n")
    assert cascade("run", "day.csv", "--venue", "venue.toml", "--out", "old/new/sub/run")[0] == 2
    assert not list(Path("old").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_sigterm_is_ctrl_c_and_an_ignored_signal_stays_so() -> None:
    """As under a supervisor, and under nohup."""
    from replay.interrupt import asks_to_stop, sigterm_interrupts

    with asks_to_stop() as should_stop:
        signal.raise_signal(signal.SIGTERM)
        assert should_stop()
    with sigterm_interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with asks_to_stop() as should_stop:
            signal.raise_signal(signal.SIGINT)
            assert not should_stop()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
def test_closed_streams_are_no_error(folder: Path, closed: str, code: int) -> None:
    """Nobody looks; the run goes on, and nothing lands in a file that took the stream's number."""
    command = f'"{sys.executable}" -m replay run day.csv --venue venue.toml --out run {closed}'
    found = subprocess.run(
        ["sh", "-c", command], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (found.returncode, "Traceback" in found.stderr) == (code, False), found.stderr
    verify = process("verify", "run/events.log")
    verify.communicate(timeout=60)
    assert verify.returncode == 0


def test_name_that_the_encoding_lacks_is_printed(folder: Path) -> None:
    """Escaped, where stdout is ASCII."""
    Path("día.csv").write_text(CSV)
    found = subprocess.run(
        [sys.executable, "-m", "replay", "run", "día.csv", "--venue", "venue.toml"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, without_speed(found.stderr)) == (0, "")
    assert "d\\xeda.csv" in found.stdout


def test_reader_that_leaves_is_no_error(folder: Path) -> None:
    """`cascade ... | head` ends quietly."""
    run = process("run", "demo")
    assert run.stdout is not None
    run.stdout.close()
    assert run.stderr is not None
    assert without_speed(run.stderr.read()) == ""
    assert run.wait(timeout=60) == 141
    run.stderr.close()


def test_ctrl_c_during_the_imports_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first tenth of a second is no traceback, either."""
    from replay.__main__ import main as entry

    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("replay.cli.main", interrupted)
    assert entry() == 130
    assert capsys.readouterr().err == "cascade: interrupted\n"


def test_module_and_script_are_one() -> None:
    """`python -m replay` is `cascade`."""
    run = process("--version")
    out, _ = run.communicate(timeout=60)
    assert out.startswith("cascade ")
