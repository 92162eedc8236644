"""The command line: what it prints, and its exit codes."""

import json
import sys
from pathlib import Path

import pytest

from exchange.build import build_info
from replay.cli import main
from tests.cli.user import Cascade, refused, summary_of


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
        monkeypatch.setattr(
            "replay.commands.shared.build_info", lambda found=is_compiled: build_info()._replace(compiled=found)
        )
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
